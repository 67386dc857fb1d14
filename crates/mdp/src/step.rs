//! What one step of an environment gives back.

/// How an episode ended. If both hold at once, it is `Terminated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The environment itself is over: nothing more can be earned, the value of the last state is 0.
    Terminated,
    /// Somebody stopped watching, as a time limit does: the value of the last state is what it always was.
    Truncated,
}

/// The most named terms that a reward can have.
pub const MAX_COMPONENTS: usize = 8;

/// The named terms of one reward, in the order of the environment's `component_names`.
///
/// Held inline so that a step allocates nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Components {
    values: [f64; MAX_COMPONENTS],
    len: u8,
}

impl Components {
    /// No terms: for rewards that are one piece.
    pub const NONE: Components = Components {
        values: [0.0; MAX_COMPONENTS],
        len: 0,
    };

    /// The given terms.
    ///
    /// # Panics
    /// If there are more than [`MAX_COMPONENTS`].
    #[inline]
    #[must_use]
    pub fn new<const N: usize>(terms: [f64; N]) -> Components {
        const { assert!(N <= MAX_COMPONENTS, "too many reward components") };
        let mut values = [0.0; MAX_COMPONENTS];
        values[..N].copy_from_slice(&terms);
        Components {
            values,
            len: N as u8,
        }
    }

    /// The given terms, where their number is known only at run time.
    ///
    /// # Panics
    /// If there are more than [`MAX_COMPONENTS`].
    #[must_use]
    pub fn from_slice(terms: &[f64]) -> Components {
        assert!(terms.len() <= MAX_COMPONENTS, "too many reward components");
        let mut components = Components::NONE;
        components.values[..terms.len()].copy_from_slice(terms);
        components.len = terms.len() as u8;
        components
    }

    /// The terms as a slice.
    #[inline]
    #[must_use]
    pub fn as_slice(&self) -> &[f64] {
        &self.values[..usize::from(self.len)]
    }
}

/// The outcome of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// What the optimiser is given.
    pub reward: f64,
    /// The named terms of the reward; they sum to it where the environment names any.
    pub components: Components,
    /// What the designer meant. Absent where nobody has said; never assumed equal to the reward.
    pub intent: Option<f64>,
    /// Whether, and how, the episode ended with this step.
    pub end: Option<End>,
}

impl Step {
    /// A step in the middle of an episode whose reward is one piece and whose intent nobody has said.
    #[inline]
    #[must_use]
    pub fn of_reward(reward: f64) -> Step {
        Step {
            reward,
            components: Components::NONE,
            intent: None,
            end: None,
        }
    }

    /// Whether the episode ended with this step.
    #[inline]
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.end.is_some()
    }

    /// Whether the value of the state reached still counts: false only when the environment terminated.
    #[inline]
    #[must_use]
    pub fn bootstraps(&self) -> bool {
        self.end != Some(End::Terminated)
    }
}
