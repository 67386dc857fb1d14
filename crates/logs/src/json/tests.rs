//! Dotted paths.

use super::{Names, lookup, numbers_at, parse_object};

#[test]
fn an_exact_key_comes_before_a_path() {
    let row = parse_object(r#"{"a.b": 1, "a": {"b": 2, "c.d": {"e": 3}}, "f": [4, 5], "g": null}"#);
    let row = row.expect("an object");
    let number = |name: &str| numbers_at(&row, name).expect("numbers");
    assert_eq!(number("a.b"), Some(vec![1.0]));
    assert_eq!(number("a.c.d.e"), Some(vec![3.0]));
    assert_eq!(number("f"), Some(vec![4.0, 5.0]));
    assert_eq!(
        (number("g"), number("h"), number("a.x")),
        (None, None, None)
    );
    assert!(numbers_at(&row, "a").is_err());
    assert_eq!(lookup(&row, "."), None);
}

#[test]
fn names_are_paths_to_numbers() {
    let row = parse_object(r#"{"a": {"b": 2, "c": "x"}, "d": 1, "e": [1], "f": []}"#);
    let mut names = Names::default();
    names.gather(&row.expect("an object"));
    assert_eq!(names.list(), ["a.b", "d", "e"]);
}
