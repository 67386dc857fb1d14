//! Tests of when a row passes and of what its record says.

use anyhow::anyhow;

use super::*;

fn record() -> Record {
    let workspace = Workspace::locate().expect("the tests run in the checkout");
    Record::begin(&workspace, "foundation", "example", "at least 3")
        .expect("the checkout is a git repository")
}

fn ended(mut record: Record, result: Result<()>) -> Record {
    record.end(result, Duration::from_millis(1_500));
    record
}

#[test]
fn a_row_passes_only_if_it_ran_and_everything_checked_held() {
    assert_eq!(
        ended(record(), Ok(())).outcome(),
        Outcome::Failed,
        "nothing was checked"
    );

    let mut holds = record();
    holds.check("value", "4", true);
    assert_eq!(ended(holds, Ok(())).outcome(), Outcome::Passed);

    let mut mixed = record();
    mixed.check("value", "4", true);
    mixed.check("other", "2", false);
    assert_eq!(ended(mixed, Ok(())).outcome(), Outcome::Failed);

    let mut broken = record();
    broken.check("value", "4", true);
    assert_eq!(
        ended(broken, Err(anyhow!("no compiler"))).outcome(),
        Outcome::CouldNotRun
    );
}

#[test]
fn the_text_names_everything_that_a_reader_needs() {
    let mut record = record();
    record.seeds(10);
    record.size("steps", 100_000);
    record.note("a note");
    let mut table = Table::new("runs", &["seed"]);
    table.row([json!(0)]);
    record.table(table);
    record.check("speed is at least 3", "4", true);
    let record = ended(record, Ok(()));
    let text = record.text();
    for part in [
        "evidence foundation example",
        "cargo xtask evidence foundation example",
        "0 to 9 (10, none dropped)",
        "steps 100000",
        "a note",
        "cores",
        "rustc",
        &record.commit.id,
        "1.5 s",
        "runs\n  seed\n     0\n",
        "PASS  speed is at least 3: 4",
        "PASS  foundation example",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
}

#[test]
fn the_json_holds_the_raw_values_and_the_error() {
    let mut record = record();
    record.seeds(2);
    let mut table = Table::new("runs", &["seed"]);
    table.row([json!(7)]);
    record.table(table);
    let json = ended(record, Err(anyhow!("no compiler"))).json();
    assert_eq!(json["seeds"], json!([0, 1]));
    assert_eq!(json["values"]["runs"], json!([{ "seed": 7 }]));
    assert_eq!(json["outcome"], "could-not-run");
    assert_eq!(json["error"], "no compiler");
}
