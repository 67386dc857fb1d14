//! Parts of episodes, as people and reward models judge them.

/// A part of one episode that can be looked at on its own. All arrays hold `T` steps.
///
/// A segment never runs over the end of an episode; where the episode ends within the length that was asked for, the
/// segment is shorter, and its last successor is the true final state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segment {
    /// Features of an observation, F.
    pub n_features: usize,
    /// Values of an action, A.
    pub n_action_values: usize,
    /// Numbers of a state, S; 0 where none were recorded.
    pub n_state_values: usize,
    /// `[T, F]`, features of the observations acted on.
    pub observations: Vec<f32>,
    /// `[T, A]`, values of the action space.
    pub actions: Vec<f32>,
    /// `[T, F]`, features of the true successors.
    pub next_observations: Vec<f32>,
    /// `[T]`, whether the environment terminated with the step.
    pub terminated: Vec<bool>,
    /// `[T]`, what the environment paid.
    pub rewards: Vec<f64>,
    /// `[T]`, what the designer meant; none where nobody has said.
    pub intents: Option<Vec<f64>>,
    /// `[T + 1, S]`, the states, the one after the last step included.
    pub states: Vec<f64>,
}

impl Segment {
    /// Number of steps, T.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.terminated.len()
    }

    /// The states in order, T + 1 of them; empty where none were recorded.
    pub fn states(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.states.chunks_exact(self.n_state_values.max(1))
    }
}
