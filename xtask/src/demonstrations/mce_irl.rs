//! Reward inference by maximum causal entropy, and its speed beside imitation.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "mce-irl",
    title: "reward inference by maximum causal entropy, and its speed beside imitation",
    target: "recovered state-action occupancies within 1e-3 of the expert's in the supremum norm, and the policy on visited states, for discounts 0.9, 0.99 and 1 (0 with state-action rewards), linear and network rewards; at least 30 times faster than `imitation` on the same MDP in one run",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
