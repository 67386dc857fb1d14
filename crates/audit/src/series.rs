//! What a run left for the audit: returns by checkpoint, the reference, and what was declared about them.

use crate::{Error, RewardChannel};

/// The least and the greatest return that an episode can have, declared by whoever knows the environment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    /// Bounds from `low` to `high`.
    ///
    /// # Errors
    ///
    /// When one is not finite, or `low` is not below `high`.
    pub fn new(low: f64, high: f64) -> Result<Self, Error> {
        if low.is_finite() && high.is_finite() && low < high {
            Ok(Self { low, high })
        } else {
            Err(Error::EmptyBounds { low, high })
        }
    }

    /// The least return possible.
    #[must_use]
    pub fn low(self) -> f64 {
        self.low
    }

    /// The greatest return possible.
    #[must_use]
    pub fn high(self) -> f64 {
        self.high
    }

    /// The distance between the two.
    #[must_use]
    pub fn range(self) -> f64 {
        self.high - self.low
    }

    /// The same with `amount`, not negative, more room at each end.
    pub(crate) fn widened(self, amount: f64) -> Self {
        Self {
            low: self.low - amount,
            high: self.high + amount,
        }
    }
}

/// One policy of a run, seen through evaluation episodes; or one window of a training log.
///
/// Episodes are fresh and independent given the policy. All lists are aligned by episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checkpoint {
    /// How hard the specification had been optimised: steps, KL from the reference policy, n of best-of-n.
    pub pressure: f64,
    /// The return of each episode by the specified reward.
    pub proxy: Vec<f64>,
    /// The return of each episode by the intent: empty where nobody has said, otherwise one entry per episode,
    /// `None` for an episode that nobody has judged.
    pub intent: Vec<Option<f64>>,
    /// The return of each named component of the reward, `[episode][component]`: empty where not recorded.
    pub components: Vec<Vec<f64>>,
}

impl Checkpoint {
    /// A checkpoint of which only the proxy is known.
    #[must_use]
    pub fn new(pressure: f64, proxy: Vec<f64>) -> Self {
        Self {
            pressure,
            proxy,
            ..Self::default()
        }
    }

    /// The same with the intent of every episode.
    #[must_use]
    pub fn with_intent(self, intent: Vec<f64>) -> Self {
        Self {
            intent: intent.into_iter().map(Some).collect(),
            ..self
        }
    }

    /// The number of evaluation episodes.
    #[must_use]
    pub fn episodes(&self) -> usize {
        self.proxy.len()
    }

    /// The episodes whose intent is known.
    #[must_use]
    pub fn labelled(&self) -> usize {
        self.intent.iter().flatten().count()
    }
}

/// A policy that the designers would accept.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// What it is called in sentences: `scripted driver`, `model before RL`.
    pub name: String,
    /// Its episodes; the pressure is not read.
    pub checkpoint: Checkpoint,
}

/// What the means in the statements are means of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Fresh evaluation episodes of one fixed policy: the policy's return.
    #[default]
    Evaluation,
    /// Episodes of a window of a training log, in which the policy moved: the mean of the window.
    TrainingWindow,
}

/// A run as the audit sees it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// In order of pressure, the first one first.
    pub checkpoints: Vec<Checkpoint>,
    /// The reference policy; where none is named, the first checkpoint serves.
    pub reference: Option<Reference>,
    /// Bounds of the proxy return, declared, never read off the data.
    pub proxy_bounds: Option<Bounds>,
    /// Bounds of the intent return, declared, never read off the data.
    pub intent_bounds: Option<Bounds>,
    /// The names of [`Checkpoint::components`], in order.
    pub component_names: Vec<String>,
    /// Records of the reward channel, by which tampering is seen.
    pub channel: Option<RewardChannel>,
    /// What the means are means of.
    pub target: Target,
}
