//! What do comparisons say to want?
//!
//! A policy acts, segments of what it did are [drawn](RecentSteps) and [chosen](QueryChoice), annotators
//! ([`feedback::Annotators`]) say which of two they prefer, a [`RewardEnsemble`] learns from what they said, and the policy
//! from its rewards: [`Trainer`] is that loop, a [`rl::Learner`].

mod best_of_k;
mod bradley_terry;
mod config;
mod ensemble;
mod fragments;
mod judgement;
mod probability;
mod query_choice;
mod ratings;
mod recursive;
mod regularization;
mod schedule;
mod trainer;

pub use best_of_k::SimulatedChooser;
pub use config::{Config, PRESETS, Reads};
pub use ensemble::{EnsembleConfig, FitReport, OutputNormalization, RewardEnsemble, Sampling};
pub use fragments::{Beginning, Collected, RecentSteps};
pub use judgement::{EncodedSegments, Judgement, Judgements, Label, LossSettings};
pub use query_choice::{Prediction, QueryChoice, disagreement, information_gain};
pub use ratings::{RaterConfig, SimulatedRater};
pub use recursive::{Assistant, AssistedJudge, Level, MakeAnnotators, TrainedLevel, train_levels};
pub use regularization::{
    OccupancyOptimum, OccupancyRatio, OccupancyRegularization, Penalties, Regularization,
    Regularizer, chi_squared_of_visits, kl_optimum, occupancy_optimum,
};
pub use schedule::{QuerySchedule, apportion, comparisons_per_round};
pub use trainer::{Trainer, train};
