//! The table of the issue on demonstrations, as far as it is measured: one module a row.

mod backward;
mod biased_experts;
mod cirl;
mod covariate_shift;
mod data;
mod goal_inference;
mod imitation_scores;
mod mce_irl;
mod procedure_cloning;
mod risky_path;
mod survival_bias;

use crate::evidence::Row;

/// The rows in the order of the issue.
pub(crate) const ROWS: &[Row] = &[
    mce_irl::ROW,
    risky_path::ROW,
    imitation_scores::ROW,
    survival_bias::ROW,
    procedure_cloning::ROW,
    covariate_shift::ROW,
    backward::ROW,
    goal_inference::ROW,
    biased_experts::ROW,
    cirl::ROW,
    data::ROW,
];
