//! Who answers, and where are the answers kept?
//!
//! Whoever is asked ([`Annotators`]) is given [`Question`]s of two [`Segment`](mdp::Segment)s and answers each with a
//! [`Preference`]: at once where annotators are simulated, after a while where people answer in a browser.

mod answer;
mod ask;
mod comparisons;
mod error;
mod simulated;

pub use answer::{Answered, Preference};
pub use ask::{Annotators, Judge, Question};
pub use comparisons::{Comparison, Comparisons, Item, Which};
pub use error::Error;
pub use simulated::{
    Annotator, AnnotatorConfig, AnnotatorSetting, Oracle, PRESETS, Poisoning, SimulatedAnnotators,
    SimulatedAnswer, Trigger, pool,
};
