//! What an environment, a reward, a policy and a trajectory are; and, for finite ones, the exact answers.
//!
//! The other crates speak this vocabulary. Nothing in here knows a network, a file or a clock.

mod channel;
mod checker;
mod environment;
mod policy;
mod random;
pub mod returns;
mod scene;
mod segment;
mod space;
mod state;
mod step;
mod tabular;
mod trajectories;
mod trajectory;
mod value;

#[cfg(test)]
mod tests;

pub use channel::ChannelStep;
pub use checker::{EnvironmentFault, check_environment};
pub use environment::{
    Environment, Episode, EpisodeOver, LimitedState, ReturnBounds, RewardFn, TimeLimit, WithReward,
    bounds_per_step,
};
pub use policy::{Policy, StochasticPolicy};
pub use random::{
    Rng, RngState, Seed, categorical, index, normal, restore_rng, save_rng, uniform, uniform_in,
};
pub use scene::{Ink, Scene, Shape, rectangle};
pub use segment::Segment;
pub use space::Space;
pub use state::{StateError, StateVector, wrong_length};
pub use step::{Components, End, MAX_COMPONENTS, Step};
pub use tabular::{
    AverageSolution, BellmanOperator, Change, Discount, Enumerable, Evaluation, FiniteHorizon,
    Gain, GridMap, MdpError, NamedReward, Outcome, ParameterTables, Place, Restricted,
    RewardParameters, SoftHorizon, SoftSolution, Solution, SolveError, Stop, TabularMdp,
    TabularMdpBuilder, TabulateError, Tabulated, Transition, average_reward, boltzmann_rational,
    check_outcomes, deterministic, evaluate_finite, evaluate_policy, finite_horizon, occupancy,
    occupancy_finite, optimal_average_reward, policy_iteration, policy_return, soft_optimal_path,
    soft_value_iteration, soft_value_iteration_finite, tabulate, tabulate_parameters,
    uniform_policy, value_iteration,
};
pub use trajectories::{EpisodeView, Trajectories, TrajectoryError};
pub use trajectory::{Rollout, Trajectory};
pub use value::{Action, Observation};
