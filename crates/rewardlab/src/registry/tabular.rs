//! Tabular environments: those of Gymnasium, those of seals, and rooms for shaping.

use super::EnvironmentEntry;

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![]
}
