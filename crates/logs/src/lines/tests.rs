//! Line endings, the byte-order mark, and the bound.

use std::io::Read;
use std::path::Path;

use super::{LONGEST_LINE, Lines};

#[test]
fn lines_with_their_numbers_and_endings() {
    let mut lines = Lines::new(Path::new("x"), &b"\xef\xbb\xbfa\r\n\nb"[..]);
    let mut found = Vec::new();
    while let Some(line) = lines.next().expect("text") {
        found.push((line.number, line.text.to_owned(), line.terminated));
    }
    let expected = [(1, "a", true), (2, "", true), (3, "b", false)];
    assert_eq!(
        found,
        expected.map(|(n, text, end)| (n, text.to_owned(), end))
    );
}

#[test]
fn an_endless_line_is_refused_at_the_bound() {
    let endless = std::io::BufReader::new(std::io::repeat(b'a').take(1 << 40));
    let mut lines = Lines::new(Path::new("x"), endless);
    let error = lines.next().expect_err("too long");
    assert!(
        error.to_string().contains(&LONGEST_LINE.to_string()),
        "{error}"
    );
}
