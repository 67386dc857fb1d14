//! The AI Safety Gridworlds.

use super::EnvironmentEntry;

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![]
}
