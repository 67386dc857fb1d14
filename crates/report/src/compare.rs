//! Several runs side by side, as plain data.

use crate::{Curves, Estimate, Word};

/// One of the runs compared.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparedRun {
    /// What it is called; unique among the runs.
    pub name: String,
    /// Its verdict.
    pub word: Word,
    /// Its course.
    pub curves: Curves,
    /// The pressure at which proxy and intent parted.
    pub onset: Option<f64>,
    /// Seconds of training, where known.
    pub training_seconds: Option<f64>,
}

impl ComparedRun {
    /// Final proxy and intent return.
    pub(crate) fn last(&self) -> (Option<Estimate>, Option<Estimate>) {
        let last = self.curves.points.last();
        (
            last.map(|point| point.proxy),
            last.and_then(|point| point.intent),
        )
    }
}

/// A setting in which the runs differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Its dotted name: `optimizer.learning_rate`.
    pub key: String,
    /// Its value in each run, in order; absent where a run does not have it.
    pub values: Vec<Option<String>>,
}

/// Several runs and what sets them apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What is compared.
    pub title: String,
    /// The runs, in the order named.
    pub runs: Vec<ComparedRun>,
    /// Where their configurations differ.
    pub differences: Vec<Difference>,
    /// The command that makes the comparison again.
    pub command: String,
}
