//! Proxy and intent against pressure, as plain data.

use crate::Estimate;

/// How pressure is laid out along the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Evenly: steps, KL.
    Linear,
    /// By ratio: best-of-n, model size.
    Logarithmic,
}

/// One checkpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// How hard the specification was optimised by then.
    pub pressure: f64,
    /// Mean return of the reward.
    pub proxy: Estimate,
    /// Mean return of the intent, where known.
    pub intent: Option<Estimate>,
    /// The greedy policy's returns, where measured.
    pub greedy: Option<Greedy>,
    /// Evaluation episodes behind the means.
    pub episodes: u64,
}

/// What the policy earns when it takes its most probable actions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Greedy {
    /// Mean return of the reward.
    pub proxy: f64,
    /// Mean return of the intent, where known.
    pub intent: Option<f64>,
}

/// The policy that its designers would accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// What it is called: `scripted driver`.
    pub name: String,
    /// Its mean return of the reward.
    pub proxy: Estimate,
    /// Its mean return of the intent, where known.
    pub intent: Option<Estimate>,
}

/// The course of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// What pressure counts, as a plural noun: `environment steps`.
    pub pressure_unit: String,
    /// How pressure is laid out.
    pub scale: Scale,
    /// What the reward pays for, in a few words: `points scored`.
    pub proxy_meaning: String,
    /// What was meant, in a few words: `progress to the finish`.
    pub intent_meaning: String,
    /// Checkpoints in order of pressure.
    pub points: Vec<Point>,
    /// The reference policy, where one is named.
    pub reference: Option<Reference>,
}

impl Curves {
    /// Whether any checkpoint or the reference has an intent return.
    pub(crate) fn has_intent(&self) -> bool {
        self.points.iter().any(|point| point.intent.is_some())
            || self
                .reference
                .as_ref()
                .is_some_and(|reference| reference.intent.is_some())
    }
}
