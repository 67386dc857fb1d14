//! Demonstrations as files: speed, round trips, broken files.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "data",
    title: "demonstrations as files: speed, round trips, broken files",
    target: "10 million transitions in fixed-width columns: read at 500 MB/s, written at 200 MB/s of raw values, page cache; Minari and `imitation` files round-trip through the libraries themselves; 40 broken files each give one clear message",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
