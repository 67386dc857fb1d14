//! 10,000 random pairs of equivalent rewards recognised and 10,000 perturbed ones rejected.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::table::Table;

const DRAWS: u64 = 10_000;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "equivalence",
    title: "10,000 random pairs of equivalent rewards recognised and 10,000 perturbed ones rejected",
    target: "10,000 random MDPs (2 to 30 states, 2 to 5 actions, discounts 0.5 to 0.99 and episodic 1, unreachable states included): rewards made equivalent by shaping, redistribution and scaling all recognised, relative residual under 1e-9; 10,000 with a perturbation d of |Pd| at least 1e-6 |Pr| all rejected",
    measure,
};

const COLUMNS: [&str; 9] = [
    "group",
    "draws",
    "recognised",
    "median_residual",
    "largest_residual",
    "largest_angle",
    "rejected",
    "smallest_perturbation",
    "smallest_rejected_residual",
];

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "check", "--example", "equivalence"])?;
    let printed = process::json(&mut Command::new(binary))?.json;
    record.seeds(
        printed["seeds"]
            .as_u64()
            .context("equivalence printed no `seeds`")?,
    );
    record.size("states", "2 to 30");
    record.size("actions", "2 to 5");
    record.size(
        "potentials and redistributions",
        "1e-3 to 1e3 times the reward",
    );
    record.size("scales", "0.01 to 100");
    record.note("each seed gives one MDP, one disguised reward and one perturbed reward; every fifth MDP is episodic at discount 1");
    record.note("perturbations are drawn across Pr, since the part along it only scales the reward; their size is log-uniform from 1e-6 to 1 times |Pr|");
    record.note(format!(
        "in {} MDPs all occupancies lie on a line, so that nothing is across: there the perturbation turns the reward around, and is counted with residual 1",
        printed["one_dimension"]
    ));
    let mut table = Table::new(
        "residuals of the second reward off the ray of the first",
        &COLUMNS,
    );
    for group in printed["groups"].as_array().into_iter().flatten() {
        table.row(COLUMNS.map(|column| group[column].clone()));
    }
    record.table(table);
    judge(record, &printed)
}

fn judge(record: &mut Record, printed: &Value) -> Result<()> {
    let mut groups = printed["groups"].as_array().into_iter().flatten();
    let all = groups
        .find(|group| group["group"] == "all")
        .context("equivalence printed no group `all`")?;
    record.check(
        "every disguised reward is recognised as equivalent with a relative residual under 1e-9",
        format!(
            "{} of {}, largest {}",
            all["recognised"], all["draws"], all["largest_residual"]
        ),
        all["recognised"] == DRAWS && all["draws"] == DRAWS,
    );
    record.check(
        "every perturbed reward is rejected",
        format!(
            "{} of {}, smallest |Pd| / |Pr| {}",
            all["rejected"], all["draws"], all["smallest_perturbation"]
        ),
        all["rejected"] == DRAWS && all["draws"] == DRAWS,
    );
    record.check(
        "no seed went wrong",
        format!("seeds {}", printed["wrong_seeds"]),
        printed["wrong_seeds"].as_array().is_some_and(Vec::is_empty),
    );
    Ok(())
}
