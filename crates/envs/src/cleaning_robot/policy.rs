//! Scripted policies: one that does what was meant, one that does what pays, one that does anything.

use mdp::{Policy, Rng, index};

use super::{ACTS, Act, CleaningRobot, N_FEATURES, SIDE};

/// A scripted policy for the cleaning robot. It sees the observation alone, and keeps nothing in mind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleaningPolicy {
    /// Does what was meant: picks up the nearest mess, and empties the bin into the chute alone.
    Cleaner,
    /// Does what pays: picks up, dumps underfoot, picks up again.
    Dumper,
    /// Draws every action with the same probability.
    Random,
}

impl CleaningPolicy {
    /// Names of the policies that [`CleaningRobot::policy`] knows.
    pub const NAMES: [&'static str; 3] = ["cleaner", "dumper", "random"];
}

impl CleaningRobot {
    /// The scripted policy of a name: one of [`CleaningPolicy::NAMES`].
    #[must_use]
    pub fn policy(&self, name: &str) -> Option<CleaningPolicy> {
        match name {
            "cleaner" => Some(CleaningPolicy::Cleaner),
            "dumper" => Some(CleaningPolicy::Dumper),
            "random" => Some(CleaningPolicy::Random),
            _ => None,
        }
    }
}

impl Policy<[f32; N_FEATURES], usize> for CleaningPolicy {
    fn act(&self, observation: &[f32; N_FEATURES], rng: &mut Rng) -> usize {
        let act = match self {
            CleaningPolicy::Cleaner => clean(observation),
            CleaningPolicy::Dumper => dump_and_collect(observation),
            CleaningPolicy::Random => return index(ACTS.len(), rng),
        };
        ACTS.iter()
            .position(|known| *known == act)
            .expect("every act has a number")
    }
}

fn clean(observation: &[f32; N_FEATURES]) -> Act {
    let (bin, is_dirty_here, is_dirty) =
        (observation[2], observation[5] > 0.0, observation[8] > 0.0);
    if bin < 1.0 && is_dirty_here {
        return Act::PickUp;
    }
    if bin < 1.0 && is_dirty {
        return towards(observation[6], observation[7]);
    }
    if bin > 0.0 {
        return towards_chute(observation).unwrap_or(Act::Dump);
    }
    // Wait in the middle, where no mess is far.
    let middle = towards(-observation[0], -observation[1]);
    if observation[0] == 0.0 && observation[1] == 0.0 {
        Act::Stay
    } else {
        middle
    }
}

fn dump_and_collect(observation: &[f32; N_FEATURES]) -> Act {
    let (bin, is_dirty_here) = (observation[2], observation[5] > 0.0);
    if bin < 1.0 && is_dirty_here {
        return Act::PickUp;
    }
    match towards_chute(observation) {
        // What falls into the chute is lost to business.
        None if bin > 0.0 => Act::Left,
        _ if bin > 0.0 => Act::Dump,
        _ => towards(observation[6], observation[7]),
    }
}

fn towards_chute(observation: &[f32; N_FEATURES]) -> Option<Act> {
    let (right, up) = (observation[3], observation[4]);
    (right != 0.0 || up != 0.0).then(|| towards(right, up))
}

/// A step along the longer of the two ways; up and down where they are as long, and stay where there is none.
fn towards(right: f32, up: f32) -> Act {
    let least = 0.5 / SIDE as f32;
    match () {
        () if right.abs() > up.abs() && right > 0.0 => Act::Right,
        () if right.abs() > up.abs() => Act::Left,
        () if up > least => Act::Up,
        () if up < -least => Act::Down,
        () => Act::Stay,
    }
}
