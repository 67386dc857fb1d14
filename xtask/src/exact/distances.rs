//! EPIC, DARD and STARC are zero, one and triangular where theory says so.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::table::Table;

/// What counts as zero.
const ZERO: f64 = 1e-12;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "distances",
    title: "EPIC, DARD and STARC are zero, one and triangular where theory says so",
    target: "EPIC, DARD, VAL-STARC zero to 1e-12 where theory says so, EPIC exactly 1 for negation, not invariant to redistribution; triangle inequality by property test",
    measure,
};

const COLUMNS: [&str; 9] = [
    "distance",
    "settings",
    "largest_of_equivalent",
    "largest_of_opposite_less_1",
    "median_redistributed",
    "largest_redistributed",
    "triangles",
    "triangles_broken",
    "closest_triangle",
];

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "check", "--example", "distances"])?;
    let printed = process::json(&mut Command::new(binary))?.json;
    record.seeds(
        printed["seeds"]
            .as_u64()
            .context("distances printed no `seeds`")?,
    );
    record.size("states", "2 to 8");
    record.size("actions", "2 to 4");
    record.note("each seed gives an MDP, discounted but for every fifth, and a reward at every state, action and next state");
    record.note("equivalent: 3 times the reward, shaped; opposite: -1/2 times the reward, shaped; redistributed: the same in expectation over the successors of each state and action");
    record.note("triangles are of three independent rewards, each side against the other two; a side may exceed them by rounding, 1e-12; `closest_triangle` is the most by which one does, negative if none");
    record.note("the property tests `no_detour_is_shorter` and `the_range_distance_takes_no_detour` in crates/check try the triangle inequality on random seeds with every `cargo test`");
    let rows = printed["distances"]
        .as_array()
        .context("distances printed no `distances`")?;
    let mut table = Table::new(
        "distances between rewards whose relation is known",
        &COLUMNS,
    );
    for row in rows {
        table.row(COLUMNS.map(|column| row[column].clone()));
    }
    record.table(table);
    for row in rows {
        judge(record, row)?;
    }
    Ok(())
}

fn judge(record: &mut Record, row: &Value) -> Result<()> {
    let name = row["distance"]
        .as_str()
        .context("a distance without a name")?;
    let number = |key: &str| {
        row[key]
            .as_f64()
            .with_context(|| format!("{name} has no `{key}`"))
    };
    let equivalent = number("largest_of_equivalent")?;
    record.check(
        format!("{name} is 0 between rewards that differ by shaping and scale"),
        format!("{equivalent:e} at most"),
        equivalent <= ZERO,
    );
    let off = number("largest_of_opposite_less_1")?;
    record.check(
        format!("{name} is 1 between a reward and its negation, shaped and scaled"),
        format!("{off:e} off at most"),
        off <= ZERO,
    );
    let (median, largest) = (
        number("median_redistributed")?,
        number("largest_redistributed")?,
    );
    if row["sees_redistribution"] == true {
        record.check(
            format!("{name} is not invariant to redistribution, as theory says"),
            format!("median {median:.3}, largest {largest:.3}"),
            median > 0.01,
        );
    } else {
        record.check(
            format!("{name} is 0 between rewards that differ by redistribution"),
            format!("{largest:e} at most"),
            largest <= ZERO,
        );
    }
    record.check(
        format!("{name} breaks no triangle"),
        format!("{} of {}", row["triangles_broken"], row["triangles"]),
        row["triangles_broken"] == json!(0),
    );
    Ok(())
}
