//! What can go wrong when a policy is pushed.

use thiserror::Error;

/// An error of this crate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting that no training can begin with.
    #[error("{key} is {value}; {allowed}")]
    Setting {
        /// Name of the setting.
        key: &'static str,
        /// What it was.
        value: String,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The action space fits no head of this algorithm.
    #[error("{algorithm} cannot act in {space}; choose an algorithm that can, as ppo")]
    ActionSpace {
        /// The algorithm.
        algorithm: &'static str,
        /// The space.
        space: String,
    },
    /// The weights stopped being numbers.
    #[error(
        "training diverged at step {n_steps}: {what} is {value}; lower the learning rate or the gradient-norm limit"
    )]
    Diverged {
        /// Environment steps taken.
        n_steps: u64,
        /// Which number.
        what: &'static str,
        /// Its value.
        value: f32,
    },
    /// A saved state that does not belong to this training.
    #[error("the saved state does not fit: {0}; use it with the experiment that wrote it")]
    Saved(String),
    /// A learned reward that cannot be read, or cannot be paid here.
    #[error(
        "the learned reward does not fit: {0}; use it with the environment that it was learned in"
    )]
    Reward(String),
    /// Those who answer could not be asked, or their answers not be read.
    #[error("the annotators cannot be reached")]
    Annotators(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A network could not be read or written.
    #[error(transparent)]
    Network(#[from] nn::Error),
}
