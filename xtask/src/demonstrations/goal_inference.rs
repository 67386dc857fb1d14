//! Goals inferred online from bounded planners.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "goal-inference",
    title: "goals inferred online from bounded planners",
    target: "the paper's problems rebuilt (Taxi 3 goals, doors-keys-gems 3, block words 5), 100 traces a domain, experts from a planner other than the inferring one, matched and mismatched: top-1 in the third quarter at least 0.92, 0.74 and 0.91 (the better of SIPS and Bayesian IRL there); earlier quarters beside our own exact Bayesian IRL; time per observation",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
