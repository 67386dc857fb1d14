//! How a policy is pushed against a reward.
//!
//! Environments are stepped as one batch ([`Vectorized`]); an algorithm is a module with its settings, its update rule
//! and its loop ([`ppo`], [`dqn`], [`q_learning`], [`sarsa`]); typed events go to an [`Observer`]. Nothing in here
//! prints, reads a file or knows where the reward came from.

mod checkpoint;
mod demonstrate;
pub mod dqn;
mod error;
mod evaluate;
mod event;
mod features;
mod head;
mod learned_reward;
mod learner;
mod likelihood;
mod normalize;
mod policy;
pub mod ppo;
mod replay;
mod tabular;
mod trained;
mod vector;

#[cfg(test)]
mod tests;

pub use checkpoint::Arrays;
pub use demonstrate::demonstrate;
pub use error::Error;
pub use evaluate::{EpisodeOutcome, MAX_SIDE_BY_SIDE, Recording, evaluate, n_side_by_side, record};
pub use event::{DiscriminatorReport, Iteration, Observer, PreferenceReport, TrainEvent};
pub use features::{n_features, write_features};
pub use learned_reward::{
    ActionInputs, LearnedReward, MdpNames, RewardInputs, RewardNetwork, RewardOutput,
    RewardScratch, RewardTable, Rewarded, Transitions,
};
pub use learner::{Learner, Preset, Profile, Waiting, settings_named, train_to};
pub use likelihood::ActionTile;
pub use policy::{Actor, BatchPolicy, NetworkPolicy, Play, PolicyShape};
pub use replay::{ReplayBuffer, Sample};
pub use tabular::{
    QTable, TabularConfig, q_learning, q_learning_exploring, sarsa, sarsa_exploring,
};
pub use trained::TrainedPolicy;
pub use vector::{StepBatch, VectorEnvironment, VectorState, Vectorized};
