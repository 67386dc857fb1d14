//! What an environment, a reward, a policy and a trajectory are; and, for finite ones, the exact answers.
//!
//! The other crates speak this vocabulary. Nothing in here knows a network, a file or a clock.

mod checker;
mod environment;
mod policy;
mod random;
pub mod returns;
mod scene;
mod space;
mod state;
mod step;
mod tabular;
mod trajectory;
mod value;

#[cfg(test)]
mod tests;

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
pub use space::Space;
pub use state::{StateError, StateVector, wrong_length};
pub use step::{Components, End, MAX_COMPONENTS, Step};
pub use tabular::{
    Discount, Enumerable, Evaluation, GridMap, MdpError, NamedReward, Outcome, Place, Solution,
    SolveError, Stop, TabularMdp, TabularMdpBuilder, TabulateError, Tabulated, Transition,
    check_outcomes, deterministic, evaluate_policy, occupancy, policy_iteration, policy_return,
    tabulate, value_iteration,
};
pub use trajectory::{Rollout, Trajectory};
pub use value::{Action, Observation};
