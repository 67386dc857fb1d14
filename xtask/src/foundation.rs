//! The table of the foundation issue: what it must show, one module a row.

mod audit_error;
mod cartpole;
mod first_run;
mod foreign_logs;
mod infinite_horizon;
mod kills;
mod nn_speed;
mod throughput;
mod verdicts;
mod zoo;

use crate::evidence::Row;

/// The rows in the order of the issue.
pub(crate) const ROWS: &[Row] = &[
    first_run::ROW,
    verdicts::ROW,
    cartpole::ROW,
    zoo::ROW,
    infinite_horizon::ROW,
    nn_speed::ROW,
    throughput::ROW,
    audit_error::ROW,
    foreign_logs::ROW,
    kills::ROW,
];
