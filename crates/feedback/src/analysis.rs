//! What comparisons say about those who gave them.

mod agreement;
mod answers;
mod bradley_terry;
mod checks;
mod consistency;
mod dawid_skene;
mod pace;
mod planted;
mod poisoning;
mod position;
mod reference;
mod statistics;
mod traits;

#[cfg(test)]
mod tests;

use mdp::Seed;

pub use self::agreement::{Agreement, Metric, krippendorff_alpha};
use self::answers::Answers;
pub use self::bradley_terry::NoisyBradleyTerry;
pub use self::consistency::{Cycles, Repeats};
pub use self::dawid_skene::DawidSkene;
pub use self::pace::{Drift, Pace};
pub use self::planted::{
    Design, PlantedPlan, PlantedPoison, PlantedSet, planted_annotators, planted_trait,
};
pub use self::poisoning::{PoisonKind, PoisonScan, PoisonTrigger, Suspect};
pub use self::position::{AnnotatorShare, LengthBias, PositionBias, Share};
use crate::Comparisons;

/// How comparisons are analysed.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisSettings {
    /// Of each interval.
    pub confidence: f64,
    /// The chance, at most, that a check fails where there is nothing: each check by itself, for all annotators and traits
    /// in it.
    pub level: f64,
    /// Samples drawn with replacement for each interval.
    pub resamples: usize,
    /// Rearrangements for each test by rearranging.
    pub permutations: usize,
    /// Answers given in less time than this, in seconds, are made without looking.
    pub too_fast_seconds: f64,
}

impl Default for AnalysisSettings {
    fn default() -> AnalysisSettings {
        AnalysisSettings {
            confidence: 0.95,
            level: 0.05,
            resamples: 400,
            permutations: 399,
            too_fast_seconds: 0.5,
        }
    }
}

/// A number with the ends of its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What a model says of one annotator.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotatorEstimate {
    /// Position among the annotators.
    pub annotator: usize,
    /// Answers that the estimate rests on.
    pub n_answers: usize,
    /// In [0, 1], as the model defines it.
    pub reliability: Estimate,
    /// Lean to the left, in [-1/2, 1/2], as the model defines it; none where sides are not recorded.
    pub position_bias: Option<Estimate>,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedbackStatus {
    /// It could have failed and did not.
    Pass,
    /// It failed.
    Fail,
    /// It could not have failed, or not passed, on what was there.
    NotMeasurable,
}

impl FeedbackStatus {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            FeedbackStatus::Pass => "pass",
            FeedbackStatus::Fail => "fail",
            FeedbackStatus::NotMeasurable => "not-measurable",
        }
    }
}

/// One check, with the smallest effect that it could have seen.
#[derive(Clone, Debug, PartialEq)]
pub struct FeedbackCheck {
    /// `agreement`, `reliability`, …: listed in `docs/methods/annotators.md`.
    pub name: &'static str,
    /// How it came out.
    pub status: FeedbackStatus,
    /// The smallest effect that it could have seen, in the unit that `unit` names; none where that is not known.
    pub smallest_effect: Option<f64>,
    /// The unit of the smallest effect.
    pub unit: &'static str,
    /// What was found, in a sentence or two.
    pub note: String,
}

/// Everything that is said about comparisons.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Answers on record.
    pub n_answers: usize,
    /// Of those, that say nothing: cannot tell, skip.
    pub n_silent: usize,
    /// Different items.
    pub n_items: usize,
    /// Different pairs.
    pub n_pairs: usize,
    /// Annotators known by name.
    pub n_annotators: usize,
    /// Agreement between annotators.
    pub agreement: Option<Agreement>,
    /// The model of Dawid and Skene.
    pub dawid_skene: Option<DawidSkene>,
    /// Noisy Bradley-Terry.
    pub bradley_terry: Option<NoisyBradleyTerry>,
    /// The share of answers that are wrong, by Dawid and Skene; where they cannot say, the share made without looking, by
    /// Noisy Bradley-Terry.
    pub noise: Option<Estimate>,
    /// Whether the side decides.
    pub position_bias: Option<PositionBias>,
    /// Whether the length of texts decides.
    pub length_bias: Option<LengthBias>,
    /// Answers given twice or both ways.
    pub repeats: Repeats,
    /// Orders that run in circles.
    pub cycles: Option<Cycles>,
    /// How long answers take, by annotator.
    pub pace: Vec<Pace>,
    /// Whether annotators get worse.
    pub drift: Option<Vec<Drift>>,
    /// Whether answers are turned where something is present.
    pub poisoning: Option<PoisonScan>,
    /// Every check.
    pub checks: Vec<FeedbackCheck>,
}

impl Analysis {
    /// The check of that name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&FeedbackCheck> {
        self.checks.iter().find(|check| check.name == name)
    }

    /// `fail` where a check failed, else `pass` where one could have, else `not-measurable`.
    #[must_use]
    pub fn status(&self) -> FeedbackStatus {
        let any = |status| self.checks.iter().any(|check| check.status == status);
        [FeedbackStatus::Fail, FeedbackStatus::Pass]
            .into_iter()
            .find(|status| any(*status))
            .unwrap_or(FeedbackStatus::NotMeasurable)
    }
}

/// Analyses comparisons: what can be measured on what was recorded, and for the rest why not.
///
/// ```
/// use feedback::{AnalysisSettings, Comparison, Comparisons, FeedbackStatus, Item, Preference, analyze};
///
/// let mut comparisons = Comparisons::new();
/// let (first, second) = (comparisons.item(Item::of_text("Yes.")), comparisons.item(Item::of_text("Yes, certainly.")));
/// let answer = Comparison { first, second, preference: Preference::Second, annotator: None, left: None, at: None, seconds: None };
/// comparisons.push(answer);
/// let analysis = analyze(&comparisons, &AnalysisSettings::default(), mdp::Seed(0));
/// // Nobody knows what stood on the left.
/// let position = analysis.check("position-bias").expect("always made");
/// assert_eq!(position.status, FeedbackStatus::NotMeasurable);
/// ```
#[must_use]
pub fn analyze(comparisons: &Comparisons, settings: &AnalysisSettings, seed: Seed) -> Analysis {
    let answers = Answers::new(comparisons);
    let dawid_skene = dawid_skene::dawid_skene(&answers, settings, seed);
    let bradley_terry = bradley_terry::noisy_bradley_terry(&answers, settings);
    let reference = reference::reference(&answers, dawid_skene.as_ref());
    let scanned = poisoning::scan(&answers, &reference, settings, seed);
    let no_scan = scanned.as_ref().err().copied();
    let mut analysis = Analysis {
        n_answers: comparisons.rows().len(),
        n_silent: answers.n_silent,
        n_items: comparisons.items().len(),
        n_pairs: answers.pairs.len(),
        n_annotators: comparisons.annotators().len(),
        agreement: agreement::agreement(&answers, settings, seed),
        noise: noise(dawid_skene.as_ref(), bradley_terry.as_ref()),
        dawid_skene,
        bradley_terry,
        position_bias: position::position_bias(&answers, settings, seed),
        length_bias: position::length_bias(&answers, settings, seed),
        repeats: consistency::repeats(&answers),
        cycles: consistency::cycles(&answers, settings, seed),
        pace: pace::pace(&answers, settings),
        drift: pace::drift(&answers, &reference, settings),
        poisoning: scanned.ok(),
        checks: Vec::new(),
    };
    analysis.checks = checks::checks(&answers, &analysis, no_scan, settings);
    analysis
}

/// One minus the mean reliability over answers, annotators taken as independent.
fn noise(
    dawid_skene: Option<&DawidSkene>,
    bradley_terry: Option<&NoisyBradleyTerry>,
) -> Option<Estimate> {
    let annotators = match (dawid_skene, bradley_terry) {
        (Some(model), _) => &model.annotators,
        (None, Some(model)) => &model.annotators,
        (None, None) => return None,
    };
    let total: f64 = annotators.iter().map(|a| a.n_answers as f64).sum();
    let (mut value, mut below, mut above) = (0.0, 0.0, 0.0);
    for annotator in annotators {
        let share = annotator.n_answers as f64 / total;
        let reliability = annotator.reliability;
        value += share * (1.0 - reliability.value);
        below += (share * (reliability.high - reliability.value)).powi(2);
        above += (share * (reliability.value - reliability.low)).powi(2);
    }
    Some(Estimate {
        value,
        low: (value - below.sqrt()).max(0.0),
        high: (value + above.sqrt()).min(1.0),
    })
}
