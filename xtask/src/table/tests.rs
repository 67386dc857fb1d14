//! Tests of the two forms of a table.

use serde_json::json;

use super::*;

fn table() -> Table {
    let mut table = Table::new("runs", &["seed", "verdict", "return"]);
    table.row([json!(0), json!("aligned"), json!(500.0)]);
    table.row([json!(10), json!("gamed"), Value::Null]);
    table
}

#[test]
fn text_is_aligned() {
    let expected = "\
runs
  seed  verdict  return
     0  aligned   500.0
    10  gamed         -
";
    assert_eq!(table().text(), expected);
}

#[test]
fn json_has_an_object_a_row() {
    let expected = json!([
        { "seed": 0, "verdict": "aligned", "return": 500.0 },
        { "seed": 10, "verdict": "gamed", "return": null },
    ]);
    assert_eq!(table().json(), expected);
}

#[test]
fn fractions_keep_four_significant_digits() {
    let cases = [
        (0.0, "0"),
        (1.0, "1.000"),
        (-73.54321, "-73.54"),
        (153_421.7, "153422"),
        (0.000_437_1, "0.0004371"),
        (1e-9, "1.000e-9"),
    ];
    for (value, expected) in cases {
        assert_eq!(significant(value), expected);
    }
}

#[test]
fn a_long_list_is_cut_in_text_alone() {
    let mut table = Table::new("seeds", &["missed"]);
    let seeds: Vec<u64> = (0..22).collect();
    table.row([json!(seeds)]);
    assert!(
        table.text().ends_with("18 19 and 2 more\n"),
        "{}",
        table.text()
    );
    assert_eq!(table.json()[0]["missed"], json!(seeds));
}
