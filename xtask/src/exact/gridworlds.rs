//! The AI Safety Gridworlds: what is optimal for the reward, and what that is worth.

use anyhow::{Result, bail};

use crate::evidence::{Context, Row};
use crate::record::Record;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "gridworlds",
    title: "the AI Safety Gridworlds: what is optimal for the reward, and what that is worth",
    target: "the seven specification problems: optimal policy under the observed reward against the one under hidden performance, the failure that the paper describes in exact form; the robustness ones by their own measure (shift: training-optimal policy on the test maps; whisky: Q-learning against SARSA with exploration; island: water entries while learning; friend or foe: the estimator of the agent's habits in the state)",
    measure,
};

fn measure(_context: &Context<'_>, _record: &mut Record) -> Result<()> {
    bail!("this row is not measured yet")
}
