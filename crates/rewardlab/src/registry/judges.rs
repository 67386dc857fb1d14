//! Those who judge segments for simulated annotators, by environment and name.

use envs::Cameras;
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
const OWN: &[(&str, JudgeEntry)] = &[
    (
        "hopper",
        JudgeEntry {
            name: "backflip",
            about: "sees where the robot is 15 times a second: turns backwards, falls, and whether it ends upright",
            make: |_| by_states(envs::backflip_score),
        },
    ),
    (
        "walker",
        JudgeEntry {
            name: "one-leg",
            about: "sees where the robot is 15 times a second: the way made while only one foot touches the ground",
            make: |_| by_states(envs::one_leg_score),
        },
    ),
    (
        "grasp",
        JudgeEntry {
            name: "pictures",
            about: "sees what the cameras show: how much it looks as if the hand grasped the ball and lifted it",
            make: |values| {
                let two = values.text("cameras") == Some("two");
                let cameras = if two { Cameras::Two } else { Cameras::One };
                Box::new(move |segment: &Segment| {
                    envs::grasp_approval(&segment.states, segment.n_state_values, cameras)
                })
            },
        },
    ),
];

/// One who scores the numbers of states, so many a state.
fn by_states(score: fn(&[f64], usize) -> f64) -> Box<dyn Judge> {
    Box::new(move |segment: &Segment| score(&segment.states, segment.n_state_values))
}

/// Who can judge segments of an environment, the oracles first.
pub fn judges(environment: &str) -> impl Iterator<Item = &'static JudgeEntry> {
    let own = OWN.iter().filter(move |(name, _)| *name == environment);
    ORACLES.iter().chain(own.map(|(_, entry)| entry))
}
