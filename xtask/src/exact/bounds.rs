//! Worst-case regret beside the bounds that the distances and Laidlaw's certificate give.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "bounds",
    title: "worst-case regret beside the bounds that the distances and Laidlaw's certificate give",
    target: "on 2,000 random draws the worst-case regret, found by linear programme (max J1(a) - J1(b) subject to J2(b) at least J2(a), over the range of J1), lies under an upper constant that is derived in the documentation and computed per MDP; the median of bound over regret is printed, so that an empty bound shows; Laidlaw's inequality never violated",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
