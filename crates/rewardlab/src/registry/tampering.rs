//! Environments in which the reward channel itself can be influenced.

use super::EnvironmentEntry;

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![]
}
