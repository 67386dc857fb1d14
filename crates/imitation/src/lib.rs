//! What do demonstrations say to do, or to want?
//!
//! Inverse reinforcement learning on finite MDPs: [`maximum_entropy_irl`] fits a reward, linear in features
//! ([`LinearReward`]) or a network ([`NetworkReward`]), under which the demonstrations are most likely.

mod adversarial;
pub mod backward;
mod bayesian;
pub mod behavioral_cloning;
mod causal_likelihood;
mod cirl;
mod covariate_shift;
pub mod dagger;
mod error;
mod experts;
mod goal_inference;
mod identification;
#[cfg(feature = "programme")]
pub mod linear_programme;
mod maximum_entropy;
mod minimize;
mod policy_walk;
pub mod procedure_cloning;
mod reward_model;
mod soft;
mod teaching;
mod transfer;
mod vector;

pub use adversarial::{
    AdversarialTrainer, DiscriminatorConfig, Ends, GradientPenalty, RewardForm,
    RewardNormalization, SignBias, airl, gail,
};
pub use bayesian::{Hypotheses, Posterior, Task, credible_set};
pub use causal_likelihood::{LikeliestReward, LikelihoodConfig, likeliest_reward};
pub use cirl::{
    CirlGame, CirlGameError, CirlSolution, ExactConfig, Joint, PointConfig, solve_by_points,
    solve_exactly, value_by_decision_rules,
};
pub use covariate_shift::{
    Along, CovariateShift, Estimate, Measured, ShiftConfig, covariate_shift, growth_exponent,
};
pub use error::Error;
pub use experts::{Bias, Expert, Foresight, Plan, demonstrate, expert_grid, plan};
pub use goal_inference::{
    ExactGoals, ExactPosterior, GoalError, GoalFilter, GoalFilterConfig, GoalTrace,
    NegativeBinomial, PlanningAgent, Rationality, RealTimeExpert, TraceEnd, optimal_trace,
};
pub use identification::{
    Evidence, Explanation, FeasibleRewards, Information, Membership, SetDimension, evidence,
    explanations, information, shaped_explanation,
};
pub use maximum_entropy::{
    Horizon, InferredReward, MaximumEntropyConfig, maximum_entropy_irl, visits,
};
pub use policy_walk::{
    Diagnostic, GREATEST_R_HAT, PolicyWalk, PolicyWalkConfig, WeightPrior, diagnostic, policy_walk,
};
pub use reward_model::{Features, FeaturesOf, LinearReward, NetworkReward, RewardModel};
pub use soft::{Entropy, soft_policy};
pub use teaching::{Demonstration, Lesson};
pub use transfer::{Transfer, tabular_clone, transfer};
