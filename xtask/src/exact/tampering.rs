//! Remedies against tampering, by environment and by value.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "tampering",
    title: "remedies against tampering, by environment and by value",
    target: "a table of remedy against environment, by value: current-reward-function optimisation (cures register and function), rewards on belief or history (sensor), counterfactual reward (feedback, recommender), with the cells in which a remedy fails",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
