//! The reward channel: what lies between the world and the number that an optimiser is given.

/// The reward channel of one step, taken apart.
///
/// A reward is a function of what is *observed*; its number goes through a *register* to the optimiser; and the
/// function itself may be replaced, or learned from people's *answers*. Where acts can reach any of these, the number
/// that arrives ([`crate::Step::reward`]) is not enough to judge it by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChannelStep {
    /// The specified reward: what the function makes of what was observed, before any register.
    pub raw: f64,
    /// The same function of the true state, in place of what was observed of it; absent where nobody can say.
    pub of_true_state: Option<f64>,
    /// The function that was used, by its number among [`crate::Environment::reward_functions`].
    pub function: u32,
    /// Answers of people that were given in this step, for a reward that is learned from them.
    pub answers: u32,
    /// Those among them that the policy's acts changed.
    pub changed_answers: u32,
}
