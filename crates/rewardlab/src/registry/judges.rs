//! Those who judge segments for simulated annotators, by environment and name.

use feedback::{Judge, Oracle};
use mdp::Segment;

use crate::experiment::Values;

/// Someone who can say how good a segment looks.
pub struct JudgeEntry {
    /// Its name.
    pub name: &'static str,
    /// What it goes by, in a sentence without a full stop.
    pub about: &'static str,
    make: fn(&Values) -> Box<dyn Judge>,
}

impl JudgeEntry {
    /// The judge of an environment under its settings.
    #[must_use]
    pub fn make(&self, environment: &Values) -> Box<dyn Judge> {
        (self.make)(environment)
    }
}

/// Those who know the truth of any environment.
const ORACLES: &[JudgeEntry] = &[
    JudgeEntry {
        name: "intent",
        about: "knows what was meant: the sum of the intent",
        make: |_| Box::new(Oracle),
    },
    JudgeEntry {
        name: "reward",
        about: "goes by the environment's own reward, which the policy never sees",
        make: |_| Box::new(|segment: &Segment| segment.rewards.iter().sum::<f64>()),
    },
];

/// Those of one environment, who see less than everything.
const OWN: &[(&str, JudgeEntry)] = &[];

/// Who can judge segments of an environment, the oracles first.
pub fn judges(environment: &str) -> impl Iterator<Item = &'static JudgeEntry> {
    let own = OWN.iter().filter(move |(name, _)| *name == environment);
    ORACLES.iter().chain(own.map(|(_, entry)| entry))
}
