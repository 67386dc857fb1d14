//! Files are read as they were written, and damage is told.

use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use mdp::{Ink, Scene, Shape};

use super::*;
use crate::{Clip, Preference, Scale};

fn text(text: &str) -> RecordItem {
    RecordItem {
        text: Some(text.to_owned()),
        ..RecordItem::default()
    }
}

fn comparison(first: RecordItem, second: RecordItem) -> Record {
    Record {
        question: None,
        kind: Kind::Comparison,
        prompt: String::new(),
        items: vec![first, second],
        reply: None,
        annotator: None,
        shown: None,
        at: None,
        seconds: None,
    }
}

fn clip() -> Clip {
    let circle = |x| Shape::Circle {
        center: [x, 0.1],
        radius: 1.0 / 3.0,
        ink: Ink::Agent,
    };
    Clip {
        scene: Scene {
            low: [-1.0, 0.0],
            high: [1.0, 2.0],
            background: vec![
                Shape::Line {
                    points: vec![[-1.0, 0.0], [1.0, 0.0]],
                    width: 0.05,
                    ink: Ink::Ground,
                },
                Shape::Text {
                    at: [0.0, 1.5],
                    text: "\"<b>\u{0}é".to_owned(),
                    size: 0.2,
                    ink: Ink::Text,
                },
            ],
        },
        frames: vec![
            vec![circle(0.1)],
            vec![mdp::rectangle([0.0; 2], [1e-300; 2], Ink::Bad)],
        ],
        seconds_per_frame: 1.0 / 15.0,
        description: "a dot turns into a square".to_owned(),
    }
}

/// One of everything that can be said.
fn everything() -> Vec<Record> {
    let named = |id: &str| RecordItem {
        id: Some(id.to_owned()),
        traits: vec!["a trait".to_owned(), "b".to_owned()],
        ..RecordItem::default()
    };
    let drawn = RecordItem {
        id: Some("drawn".to_owned()),
        clip: Some(clip()),
        ..RecordItem::default()
    };
    let mut records: Vec<Record> = Preference::ALL
        .into_iter()
        .zip(1..)
        .map(|(preference, number)| Record {
            question: Some(number),
            reply: Some(Reply::Preference(preference)),
            annotator: Some("Ännchen \"A\"".to_owned()),
            shown: Some(vec![1, 0]),
            at: Some(-1 + i64::from(number == 2) * i64::MAX),
            seconds: Some(0.1 + 0.2),
            prompt: "Which is better?\nSay so.".to_owned(),
            ..comparison(text("one\u{2028}\n\"{}\""), named("two"))
        })
        .collect();
    records.push(comparison(drawn.clone(), text("")));
    for step in [None, Some(0.5)] {
        let kind = Kind::Rating(Scale {
            low: -1.0,
            high: 2.0,
            step,
        });
        records.push(Record {
            kind,
            items: vec![named("three")],
            reply: Some(Reply::Rating(1.5)),
            ..comparison(text(""), text(""))
        });
    }
    records.push(Record {
        kind: Kind::Critique,
        items: vec![text("four")],
        reply: Some(Reply::Critique("it\tpretends".to_owned())),
        ..comparison(text(""), text(""))
    });
    records.push(Record {
        kind: Kind::Best,
        items: vec![text("five"), drawn, named("six")],
        reply: Some(Reply::Best(2)),
        shown: Some(vec![2, 0, 1]),
        ..comparison(text(""), text(""))
    });
    records
}

fn read(path: &Path) -> Result<Vec<Record>, Error> {
    let mut reader = open_records(path)?;
    let mut records = vec![];
    while let Some(record) = reader.next_record()? {
        records.push(record);
    }
    Ok(records)
}

fn write(path: &Path, format: AnswerFormat, records: &[Record]) -> Result<(), Error> {
    let mut writer = create_records(path, format)?;
    records.iter().try_for_each(|record| writer.push(record))?;
    writer.finish()
}

fn in_folder<T>(name: &str, work: impl FnOnce(PathBuf) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    work(folder.path().join(name))
}

#[test]
fn gives_back_what_was_written() {
    for (name, format) in [
        ("a.jsonl", AnswerFormat::JsonLines),
        ("a.jsonl.gz", AnswerFormat::JsonLines),
        ("a.parquet", AnswerFormat::Parquet),
    ] {
        for records in [everything(), vec![]] {
            in_folder(name, |path| {
                write(&path, format, &records).unwrap();
                assert_eq!(read(&path).unwrap(), records, "{name}");
            });
        }
    }
}

#[test]
fn keeps_more_than_a_group_of_rows() {
    let long = "x".repeat(20_000);
    let records: Vec<Record> = (0..2_000)
        .map(|number| Record {
            question: Some(number),
            ..comparison(text(&format!("{number}{long}")), text("b"))
        })
        .collect();
    in_folder("a.parquet", |path| {
        write(&path, AnswerFormat::Parquet, &records).unwrap();
        assert!(read(&path).unwrap() == records);
    });
}

#[test]
fn leaves_nothing_where_writing_was_given_up() {
    in_folder("a.jsonl", |path| {
        let mut writer = create_records(&path, AnswerFormat::JsonLines).unwrap();
        writer.push(&everything()[0]).unwrap();
        drop(writer);
        assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 0);
    });
}

#[test]
fn passes_on_what_was_chosen_and_rejected() {
    let preferred = |preference| Record {
        reply: Some(Reply::Preference(preference)),
        ..comparison(text("a"), text("b"))
    };
    let records = Preference::ALL.map(preferred);
    in_folder("a.jsonl", |path| {
        write(&path, AnswerFormat::ChosenRejected, &records).unwrap();
        expect![[r#"
            {"chosen":"a","rejected":"b"}
            {"chosen":"b","rejected":"a"}
        "#]]
        .assert_eq(&std::fs::read_to_string(&path).unwrap());
        let expected = [
            preferred(Preference::First),
            Record {
                reply: Some(Reply::Preference(Preference::First)),
                ..comparison(text("b"), text("a"))
            },
        ];
        assert_eq!(read(&path).unwrap(), expected);
    });
    in_folder("b.jsonl", |path| {
        let error = write(&path, AnswerFormat::ChosenRejected, &everything()).unwrap_err();
        assert!(
            error.to_string().contains("items that are no texts"),
            "{error}"
        );
    });
}

#[test]
fn holds_comparisons_for_analysis() {
    in_folder("a.jsonl", |path| {
        write(&path, AnswerFormat::JsonLines, &everything()).unwrap();
        let comparisons = Comparisons::read(path.to_str().unwrap()).unwrap();
        assert_eq!(comparisons.rows().len(), Preference::ALL.len());
        assert_eq!(comparisons.items().len(), 2);
        assert_eq!(comparisons.annotators(), ["Ännchen \"A\""]);
        let row = comparisons.rows()[1];
        assert_eq!(row.preference, Preference::Second);
        assert_eq!(row.left, Some(Which::Second));
        assert_eq!(comparisons.items()[row.second].traits, ["a trait", "b"]);
    });
}

fn check_fault(line: &str, expected: Expect) {
    in_folder("bad.jsonl", |path| {
        let good = r#"{"first_id":"a","second_id":"b","answer":"first"}"#;
        std::fs::write(&path, format!("{good}\n\n{line}\n")).unwrap();
        let error = read(&path).unwrap_err().to_string();
        let folder = format!("{}/", path.parent().unwrap().display());
        expected.assert_eq(&error.replace(&folder, ""));
    });
}

#[test]
fn tells_the_line_the_fault_and_the_mend() {
    check_fault(
        "{",
        expect![
            "bad.jsonl, line 3: this is no JSON (EOF while parsing an object, column 1); write a JSON object a line"
        ],
    );
    check_fault(
        "[1]",
        expect!["bad.jsonl, line 3: this is JSON, but no object; write a JSON object a line"],
    );
    check_fault(
        r#"{"chosen":"a"}"#,
        expect!["bad.jsonl, line 3: rejected is missing; give both texts, chosen and rejected"],
    );
    check_fault(
        r#"{"chosen":["a"],"rejected":"b"}"#,
        expect![[r#"bad.jsonl, line 3: chosen is ["a"]; write a text, or leave it out"#]],
    );
    check_fault(
        r#"{"first_id":"a","answer":"first"}"#,
        expect!["bad.jsonl, line 3: an item has no id, no text and no clip; give it one of them"],
    );
    check_fault(
        r#"{"first_id":"a","second_id":"b","answer":"frist"}"#,
        expect![[
            r#"bad.jsonl, line 3: answer "frist" is unknown; use first, second, equal, cannot-tell, skip, rating, best or critique"#
        ]],
    );
    check_fault(
        r#"{"first_id":"a","second_id":"b","anotator":"x"}"#,
        expect![[
            r#"bad.jsonl, line 3: "anotator" is no column of a comparison; leave it out; columns are question, kind, prompt, first_id, first_text, first_traits, first_clip, second_id, second_text, second_traits, second_clip, item_id, item_text, item_traits, item_clip, items, low, high, step, answer, rating, best, words, annotator, left, shown, at, seconds"#
        ]],
    );
    check_fault(
        r#"{"first_id":"a","second_id":"b","question":-1}"#,
        expect!["bad.jsonl, line 3: question is -1; write a count, or leave it out"],
    );
    check_fault(
        r#"{"first_id":"a","second_id":"b","at":1.5}"#,
        expect!["bad.jsonl, line 3: at is 1.5; write a whole number, or leave it out"],
    );
    check_fault(
        r#"{"first_id":"a","second_id":"b","seconds":-1}"#,
        expect![
            "bad.jsonl, line 3: an answer that took -1 seconds; give a number from 0 up, or none"
        ],
    );
    check_fault(
        r#"{"first_id":"a","second_id":"b","left":"right"}"#,
        expect![[r#"bad.jsonl, line 3: left is "right"; use first or second"#]],
    );
    check_fault(
        r#"{"first_id":"a\u001b[2J","second_id":"b"}"#,
        expect![[
            r#"bad.jsonl, line 3: an item "a\u{1b}[2J" has control characters in its name; leave them out"#
        ]],
    );
    check_fault(
        r#"{"first_text":"a\u0000","second_id":"b"}"#,
        expect!["bad.jsonl, line 3: a text with the character 0; leave it out"],
    );
    check_fault(
        r#"{"first_clip":{"frames":[]},"second_id":"b"}"#,
        expect!["bad.jsonl, line 3: first_clip makes no sense; see docs/feedback.md"],
    );
    check_fault(
        r#"{"kind":"rating","item_id":"a","rating":3}"#,
        expect!["bad.jsonl, line 3: low is missing; give the scale of a rating, low and high"],
    );
    check_fault(
        r#"{"kind":"rating","item_id":"a","low":0,"high":1,"rating":3}"#,
        expect!["bad.jsonl, line 3: a rating of 3; the scale goes from 0 to 1"],
    );
    check_fault(
        r#"{"kind":"best","items":[{"id":"a"},{"id":"b"}],"best":2}"#,
        expect!["bad.jsonl, line 3: item 2 as the best of 2; count items from 0"],
    );
    check_fault(
        r#"{"kind":"best","items":[{"id":"a"}],"best":0}"#,
        expect!["bad.jsonl, line 3: a best of 1 items; give 2 to 64"],
    );
    check_fault(
        r#"{"kind":"critique","item_id":"a","words":" "}"#,
        expect!["bad.jsonl, line 3: a critique without words; write some, or skip"],
    );
    check_fault(
        r#"{"kind":"poem","item_id":"a"}"#,
        expect![[
            r#"bad.jsonl, line 3: kind "poem" is unknown; use comparison, rating, best or critique"#
        ]],
    );
}

#[test]
fn refuses_a_line_that_does_not_end() {
    in_folder("bad.jsonl", |path| {
        std::fs::write(&path, vec![b'['; (1 << 24) + 2]).unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(
            error.contains("line 1: the line has more than 16777216 bytes"),
            "{error}"
        );
    });
}

#[test]
fn survives_damage_anywhere() {
    for (name, format) in [
        ("a.jsonl.gz", AnswerFormat::JsonLines),
        ("a.parquet", AnswerFormat::Parquet),
    ] {
        in_folder(name, |path| {
            write(&path, format, &everything()).unwrap();
            let whole = std::fs::read(&path).unwrap();
            // All bytes were tried once; a part of them keeps the test short.
            for index in (0..whole.len()).step_by(whole.len() / 150) {
                let mut damaged = whole.clone();
                damaged[index] ^= 0x55;
                std::fs::write(&path, &damaged).unwrap();
                // Whether it is told depends on the byte; that it neither panics nor asks for memory does not.
                let _ = read(&path);
                std::fs::write(&path, &whole[..index]).unwrap();
                let is_told = read(&path).is_err();
                assert!(is_told || index == 0, "{name} cut at {index}");
            }
        });
    }
}
