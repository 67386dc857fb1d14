//! The table of the issue on preferences, as far as it is measured: one module a row.

mod annotators;
mod label_page;
mod physics;
mod security;

use crate::evidence::Row;

/// The rows in the order of the issue.
pub(crate) const ROWS: &[Row] = &[
    annotators::ROW,
    label_page::ROW,
    security::ROW,
    physics::ROW,
];
