//! What a verdict rests on, as plain data.

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It could have found something, and found nothing.
    Pass,
    /// It found something.
    Fail,
    /// It could not have found anything with what was recorded.
    NotMeasurable,
}

impl Outcome {
    /// The word as it stands in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::NotMeasurable => "not-measurable",
        }
    }
}

/// The smallest effect that a check could have seen.
#[derive(Clone, Debug, PartialEq)]
pub struct SmallestEffect {
    /// How much.
    pub amount: f64,
    /// Of what: `intent return`, `% of steps`.
    pub unit: String,
}

/// One check.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What it is called: `intent falls while proxy rises`.
    pub name: String,
    /// How it came out.
    pub outcome: Outcome,
    /// What it saw, in a sentence.
    pub finding: String,
    /// The smallest effect it could have seen, where that can be said.
    pub smallest_effect: Option<SmallestEffect>,
}

/// One named term of the reward, and what it did for the gain.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its mean return at the last checkpoint less that at the first.
    pub gain: f64,
    /// Its part of the whole gain: 1 is all of it; negative where it fell as the reward rose.
    pub share: f64,
}

/// States that come round again.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    /// Steps until the same state comes back.
    pub period: f64,
    /// Where, in words.
    pub place: String,
    /// The share of time spent in it, 0 to 1.
    pub share_of_time: f64,
    /// The same under the reference policy, where measured.
    pub reference_share_of_time: Option<f64>,
    /// The share of the reward earned in it, where measured.
    pub share_of_reward: Option<f64>,
}
