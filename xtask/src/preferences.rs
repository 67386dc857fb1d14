//! The table of the issue on preferences, as far as it is measured: one module a row.

mod active_queries;
mod annotators;
mod grasp;
mod label_page;
mod over_optimization;
mod physics;
mod scores;
mod security;

use crate::evidence::Row;

/// The rows in the order of the issue.
pub(crate) const ROWS: &[Row] = &[
    scores::ROW,
    grasp::ROW,
    over_optimization::ROW,
    active_queries::ROW,
    annotators::ROW,
    label_page::ROW,
    security::ROW,
    physics::ROW,
];
