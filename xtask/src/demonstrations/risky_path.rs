//! Causal against trajectory entropy on the risky path.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "risky-path",
    title: "causal against trajectory entropy on the risky path",
    target: "causal-entropy IRL prefers the safe path; the trajectory-entropy version does not: both shown",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
