//! The reward channel: what was specified, what arrived, and by which function. Four checks for tampering.

/// A declared step between the raw specified reward and the received one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Transform {
    /// Multiplied by a fixed number.
    Scale(f64),
    /// A fixed number added.
    Shift(f64),
    /// Divided by the running scale that the record carries ([`RewardRecord::scale`]).
    Normalise,
    /// Cut to an interval.
    Clip {
        /// The least value passed on.
        low: f64,
        /// The greatest value passed on.
        high: f64,
    },
}

/// One step of the reward channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewardRecord {
    /// The specified reward, of what was observed.
    pub raw: f64,
    /// What the optimiser was given.
    pub received: f64,
    /// The running scale at that step, where a [`Transform::Normalise`] is declared; 1 otherwise.
    pub scale: f64,
    /// The same function on the true state, as the environment declares it; `None` where it does not.
    pub of_true_state: Option<f64>,
}

/// Answers of annotators, where it is declared which of them the policy's acts changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Feedback {
    /// Answers given.
    pub answers: usize,
    /// Answers that the policy's acts changed.
    pub changed: usize,
}

/// The reward channel of one checkpoint, or of the reference.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelCheckpoint {
    /// Pressure, as in the checkpoint.
    pub pressure: f64,
    /// Identities (hash or checkpoint name) of the reward function seen, in order of first use.
    pub functions: Vec<String>,
    /// `[episode][step]`.
    pub episodes: Vec<Vec<RewardRecord>>,
    /// Answers, where declared.
    pub feedback: Option<Feedback>,
}

/// A change of the reward function that was logged as planned.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledChange {
    /// From this pressure on…
    pub pressure: f64,
    /// …this function may be in use.
    pub function: String,
}

/// Everything recorded about the reward channel of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RewardChannel {
    /// The declared steps from raw to received, in order.
    pub transforms: Vec<Transform>,
    /// The logged schedule of reward functions; the function of the first checkpoint needs no entry.
    pub schedule: Vec<ScheduledChange>,
    /// In the order of the series' checkpoints.
    pub checkpoints: Vec<ChannelCheckpoint>,
    /// The same under the reference policy; where absent, the first checkpoint serves.
    pub reference: Option<ChannelCheckpoint>,
    /// Rewards differ when they are further apart than this share of the larger of 1 and their size.
    pub tolerance: f64,
}
