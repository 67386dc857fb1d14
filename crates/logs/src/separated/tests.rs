//! Records with quotes, of every separator.

use std::path::Path;

use super::{Separated, finite, separator_of};
use crate::lines::Lines;

fn check(text: &str, separator: char, expected: &[(u64, &[&str])]) {
    let lines = Lines::new(Path::new("x.csv"), text.as_bytes());
    let mut table = Separated::new(lines, separator);
    let mut fields = Vec::new();
    let mut found: Vec<(u64, Vec<String>)> = Vec::new();
    while table.next(&mut fields).expect(text) {
        found.push((table.line(), fields.clone()));
    }
    let expected: Vec<(u64, Vec<String>)> = expected
        .iter()
        .map(|(line, row)| (*line, row.iter().map(|&field| field.to_owned()).collect()))
        .collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn records_and_their_lines() {
    check("a,b\nc,d\n", ',', &[(1, &["a", "b"]), (2, &["c", "d"])]);
    check("a,,\n", ',', &[(1, &["a", "", ""])]);
    check(" a , b \n", ',', &[(1, &["a", "b"])]);
    check("\n\na\n \nb", ',', &[(3, &["a"]), (5, &["b"])]);
    check("\"a,b\",c\n", ',', &[(1, &["a,b", "c"])]);
    check("\"a\"\"b\", \"c\"\n", ',', &[(1, &["a\"b", "c"])]);
    check(
        "\"a\nb\",c\nd,e\n",
        ',',
        &[(1, &["a\nb", "c"]), (3, &["d", "e"])],
    );
    check("a;b,c\n", ';', &[(1, &["a", "b,c"])]);
    check("a\tb\r\n", '\t', &[(1, &["a", "b"])]);
}

#[test]
fn the_separator_that_occurs_most_is_taken_and_a_comma_where_none_does() {
    for (header, expected) in [
        ("a,b;c,d", ','),
        ("a;b;c,d", ';'),
        ("a\tb", '\t'),
        ("a", ','),
    ] {
        assert_eq!(separator_of(header), expected, "{header:?}");
    }
}

#[test]
fn numbers_are_finite_or_refused() {
    for (text, expected) in [("1", 1.0), ("-2.5e-3", -0.0025), ("+7", 7.0), (".5", 0.5)] {
        assert_eq!(finite(text, "x"), Ok(expected));
    }
    for text in [
        "",
        "nan",
        "inf",
        "-Infinity",
        "1,5",
        "1 2",
        "0x10",
        "true",
        "1e400",
    ] {
        assert!(finite(text, "x").is_err(), "{text:?}");
    }
}
