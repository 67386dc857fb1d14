//! JSON as Python writes it: with the words `Infinity`, `-Infinity` and `NaN`, which JSON does not have.

use serde_json::Value;

const WORDS: [&str; 3] = ["-Infinity", "Infinity", "NaN"];

/// Reads JSON; the three words become texts.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(&quoted(text))
}

/// Puts the words in quotes wherever they stand outside of a text.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_text = false;
    while let Some(character) = rest.chars().next() {
        let word = WORDS
            .iter()
            .find(|word| !in_text && rest.starts_with(**word));
        let n = match (word, character) {
            (Some(word), _) => {
                quoted.push('"');
                quoted.push_str(word);
                quoted.push('"');
                rest = &rest[word.len()..];
                continue;
            }
            // A backslash takes the character that follows with it.
            (None, '\\') if in_text => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            (None, '"') => {
                in_text = !in_text;
                1
            }
            (None, character) => character.len_utf8(),
        };
        quoted.push_str(&rest[..n]);
        rest = &rest[n..];
    }
    quoted
}

/// A number, or one of the words.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(word) if word == "Infinity" => Some(f64::INFINITY),
        Value::String(word) if word == "-Infinity" => Some(f64::NEG_INFINITY),
        value => value.as_f64(),
    }
}
