//! What do comparisons say to want?

mod fragments;
mod probability;
mod query_choice;
mod schedule;

pub use fragments::{Beginning, Collected, RecentSteps};
pub use query_choice::{Prediction, QueryChoice, disagreement, information_gain};
pub use schedule::{QuerySchedule, apportion, comparisons_per_round};
