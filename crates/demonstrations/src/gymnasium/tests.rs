//! Spaces there and back, and the JSON of Python.

use serde_json::json;

use super::{Step, Tree, parse};
use crate::samples;

#[test]
fn the_words_that_json_does_not_have_are_read_outside_of_texts() {
    let text =
        r#"{"low": [-Infinity, Infinity, NaN, 1], "Infinity": "\" NaN \\", "ö": "-Infinity"}"#;
    let expected = json!({ "low": ["-Infinity", "Infinity", "NaN", 1], "Infinity": "\" NaN \\", "ö": "-Infinity" });
    assert_eq!(parse(text).unwrap(), expected);
    for broken in ["", "{", "[1, ", "\"\\", "Infinit", "[NaN"] {
        assert!(parse(broken).is_err(), "{broken}");
    }
}

#[test]
fn a_space_is_the_same_after_it_was_said_in_json() {
    for (observation, action) in samples::spaces() {
        for space in [observation, action] {
            let tree = Tree::of(&space);
            assert_eq!(tree.space(), space);
            let again = Tree::parse(&parse(&tree.json().to_string()).unwrap()).unwrap();
            assert_eq!(again, tree);
        }
    }
}

#[test]
fn parts_stand_in_the_order_of_names_by_code_point() {
    let discrete = |n| json!({ "type": "Discrete", "n": n, "start": 0 });
    let inner =
        json!({ "type": "Tuple", "subspaces": [discrete(2), { "type": "MultiBinary", "n": 3 }] });
    let named =
        json!({ "type": "Dict", "subspaces": { "b": discrete(4), "Z": inner, "a": discrete(3) } });
    let tree = Tree::parse(&named).unwrap();
    let parts: Vec<_> = tree
        .parts()
        .into_iter()
        .map(|part| (part.names, part.start))
        .collect();
    let expected = [
        (vec![Step::Name("Z"), Step::Index(0)], 0),
        (vec![Step::Name("Z"), Step::Index(1)], 1),
        (vec![Step::Name("a")], 4),
        (vec![Step::Name("b")], 5),
    ];
    assert_eq!(parts, expected);
}

#[test]
fn what_a_space_of_ours_cannot_say_is_refused() {
    let check = |space: serde_json::Value, says: &str| {
        let error = Tree::parse(&space).unwrap_err();
        assert!(error.contains(says), "{error}");
    };
    let flat = |shape: &[u64]| json!({ "type": "Box", "dtype": "float32", "shape": shape, "low": 0, "high": 1 });
    check(
        json!({ "type": "Discrete", "n": 3, "start": 1 }),
        "starts at 1",
    );
    check(
        json!({ "type": "Discrete", "n": 0, "start": 0 }),
        "a positive whole number",
    );
    check(
        json!({ "type": "MultiDiscrete", "dtype": "int64", "nvec": [[2, 2]], "start": [[0, 0]] }),
        "a positive whole number",
    );
    check(
        json!({ "type": "MultiBinary", "n": [2, 2] }),
        "one axis is read",
    );
    check(json!({ "type": "Graph" }), "a space of type `Graph`");
    check(
        json!({ "type": "Tuple", "subspaces": [] }),
        "without a single number",
    );
    check(flat(&[1 << 40, 1 << 40]), "numbers are read");
    check(flat(&[2]), "do not have the shape");
}
