//! Parquet: our own way to keep demonstrations, and what a run records.
//!
//! A row a situation: row t of an episode holds the state and observation before step t, and the action, reward and
//! intent of step t. The last row of an episode holds its true final observation; its action, reward and intent are
//! null, and so an episode needs neither a length nor padding. `docs/demonstrations.md` lists the columns.
//!
//! Numbers are stored plainly, a column each, and nothing is packed but observations of more than [`WIDEST`] numbers,
//! such as images, which make one column of fixed-width bytes.

mod flat;
mod layout;
mod nested;
mod nested_write;
mod pages;
mod read;
mod stream;
mod thrift;
mod write;

#[cfg(test)]
mod tests;

pub use flat::{Cell, FlatTable};
pub(crate) use nested::{NestedColumn, NestedFile};
pub(crate) use nested_write::write_nested;
pub(crate) use read::open;
pub use read::{Recorder, open_recording};
pub(crate) use write::create;

/// The key under which the footer holds what the file says of itself.
const ABOUT: &str = "rewardlab";
/// The most numbers of an observation that get a column each.
const WIDEST: usize = 256;

const EPISODE: &str = "episode";
const STEP: &str = "step";
const OBSERVATION: &str = "observation";
const REWARD: &str = "reward";
/// What a run calls the reward that the optimiser was given.
const RECEIVED_REWARD: &str = "received_reward";
const INTENT: &str = "intent";
const END: &str = "end";
const SUCCESS: &str = "success";
const PLAYER: &str = "player";
const CHECKPOINT: &str = "checkpoint";

const TERMINATED: &str = "terminated";
const TRUNCATED: &str = "truncated";
