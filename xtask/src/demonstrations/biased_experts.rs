//! The bias of an expert, recovered where it can be.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "biased-experts",
    title: "the bias of an expert, recovered where it can be",
    target: "bias recovered where identifiable, reported as not identifiable where theory says so, on generated experts of each kind",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
