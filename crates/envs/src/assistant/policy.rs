//! Scripted assistants.

use mdp::{Policy, Rng, index};

use super::{ASK, BRING, N_THINGS, WATCH};

/// A scripted assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssistantPolicy {
    /// Asks until it is 90% sure, then brings what is wanted: the reference.
    Asker,
    /// Watches until it is 90% sure.
    Watcher,
    /// Brings what is likeliest at once.
    Guesser,
    /// Draws every action with the same probability.
    Random,
}

/// How sure one should be.
const SURE: f32 = 0.9;

impl AssistantPolicy {
    /// All of them.
    pub const ALL: [AssistantPolicy; 4] = [
        AssistantPolicy::Asker,
        AssistantPolicy::Watcher,
        AssistantPolicy::Guesser,
        AssistantPolicy::Random,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AssistantPolicy::Asker => "asker",
            AssistantPolicy::Watcher => "watcher",
            AssistantPolicy::Guesser => "guesser",
            AssistantPolicy::Random => "random",
        }
    }
}

impl Policy<[f32; N_THINGS], usize> for AssistantPolicy {
    fn act(&self, belief: &[f32; N_THINGS], rng: &mut Rng) -> usize {
        let likeliest = (1..N_THINGS).fold(0, |best, thing| {
            if belief[thing] > belief[best] {
                thing
            } else {
                best
            }
        });
        let is_sure = belief[likeliest] >= SURE;
        match self {
            AssistantPolicy::Asker if !is_sure => ASK,
            AssistantPolicy::Watcher if !is_sure => WATCH,
            AssistantPolicy::Random => index(BRING + N_THINGS, rng),
            _ => BRING + likeliest,
        }
    }
}
