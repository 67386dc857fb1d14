//! A small reader of HTML: enough to see that every tag is closed and what is inside scripts.

/// Elements that have no end.
const VOID: [&str; 6] = ["meta", "link", "input", "br", "img", "hr"];

/// One start tag.
#[derive(Debug)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) attributes: String,
    /// The raw text of a script or style.
    pub(crate) raw: String,
}

/// Every start tag in order.
///
/// # Errors
/// The first end tag that does not fit, or the first element left open.
pub(crate) fn tags(document: &str) -> Result<Vec<Tag>, String> {
    let mut tags = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = document
        .strip_prefix("<!DOCTYPE html>")
        .ok_or("no doctype")?;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let end = tag_end(rest).ok_or_else(|| format!("a tag without end: {:.60}", rest))?;
        let inside = &rest[..end];
        rest = &rest[end + 1..];
        if let Some(name) = inside.strip_prefix('/') {
            let expected = open.pop();
            if expected.as_deref() != Some(name) {
                return Err(format!("</{name}> closes {expected:?}"));
            }
            continue;
        }
        let (name, attributes) = inside.split_once(' ').unwrap_or((inside, ""));
        if !name.chars().all(|letter| letter.is_ascii_alphanumeric()) || name.is_empty() {
            return Err(format!("not a tag: <{inside:.60}>"));
        }
        let mut raw = String::new();
        if name == "script" || name == "style" {
            let close = rest
                .find(&format!("</{name}>"))
                .ok_or("raw text without end")?;
            raw = rest[..close].to_owned();
            rest = &rest[close + name.len() + 3..];
        } else if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
        tags.push(Tag {
            name: name.to_owned(),
            attributes: attributes.to_owned(),
            raw,
        });
    }
    if open.is_empty() {
        Ok(tags)
    } else {
        Err(format!("left open: {open:?}"))
    }
}

/// Where a tag ends, quoted attribute values passed over.
fn tag_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(index, letter)| {
        quoted ^= letter == '"';
        (letter == '>' && !quoted).then_some(index)
    })
}
