//! Gymnasium's toy text: FrozenLake-v1, Taxi-v4 and CliffWalking-v1, their transition tables equal entry by entry.
//!
//! States, actions and rewards have the numbers that Gymnasium gives them, and the entries of a row its order. The
//! intent of each is the reward that Gymnasium pays unless it is told otherwise.

mod cliff_walking;
mod frozen_lake;
pub(crate) mod picture;
pub(crate) mod table;
pub(crate) mod taxi;

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;

pub use cliff_walking::{CliffPolicy, CliffWalking};
pub use frozen_lake::{FrozenLake, FrozenLakeSettings, LakeMap};
pub use taxi::{Taxi, TaxiDriver, TaxiSettings, TaxiState};
