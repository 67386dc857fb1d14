//! The table of the issue on exact answers: what it must show, one module a row.

pub(crate) mod bad_files;
mod bounds;
mod check_time;
mod distances;
mod equivalence;
mod gridworlds;
mod hackability;
mod shaping;
mod soft_value_iteration;
mod tampering;
mod value_iteration;

use crate::evidence::Row;

/// The rows in the order of the issue.
pub(crate) const ROWS: &[Row] = &[
    equivalence::ROW,
    distances::ROW,
    bounds::ROW,
    hackability::ROW,
    gridworlds::ROW,
    tampering::ROW,
    shaping::ROW,
    value_iteration::ROW,
    soft_value_iteration::ROW,
    check_time::ROW,
    bad_files::ROW,
];
