//! How cloned error grows with the horizon, and DAgger's.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "covariate-shift",
    title: "how cloned error grows with the horizon, and DAgger's",
    target: "in `driving` cloned error grows with the horizon faster than DAgger's: curve in the report",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
