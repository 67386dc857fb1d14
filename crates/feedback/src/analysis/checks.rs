//! The checks: what was found, in words, or why it could not have been.

use super::answers::Answers;
use super::poisoning::NoScan;
use super::statistics::{normal_quantile, visible_share};
use super::{
    Analysis, AnalysisSettings, AnnotatorEstimate, Estimate, FeedbackCheck, FeedbackStatus,
    PoisonKind, PoisonScan, Share,
};

/// A check before it has its name.
struct Made {
    status: FeedbackStatus,
    smallest_effect: Option<f64>,
    note: String,
}

fn not_measurable(note: impl Into<String>) -> Made {
    Made {
        status: FeedbackStatus::NotMeasurable,
        smallest_effect: None,
        note: note.into(),
    }
}

fn status(fails: bool) -> FeedbackStatus {
    if fails {
        FeedbackStatus::Fail
    } else {
        FeedbackStatus::Pass
    }
}

/// All checks, in the order in which they are shown.
pub(super) fn checks(
    answers: &Answers<'_>,
    analysis: &Analysis,
    no_scan: Option<NoScan>,
    settings: &AnalysisSettings,
) -> Vec<FeedbackCheck> {
    let of = Checks {
        answers,
        analysis,
        settings,
    };
    [
        ("agreement", "alpha", of.agreement()),
        ("reliability", "share of answers", of.reliability()),
        ("position-bias", "share of answers", of.position_bias()),
        ("length-bias", "share of answers", of.length_bias()),
        ("duplicates", "answers", of.duplicates()),
        ("contradictions", "pairs", of.contradictions()),
        ("cycles", "share of triples", of.cycles()),
        ("speed", "share of answers", of.speed()),
        ("drift", "rate of agreement", of.drift()),
        ("poisoning", "answers", of.poisoning(no_scan)),
    ]
    .into_iter()
    .map(|(name, unit, made)| FeedbackCheck {
        name,
        status: made.status,
        smallest_effect: made.smallest_effect,
        unit,
        note: made.note,
    })
    .collect()
}

struct Checks<'a> {
    answers: &'a Answers<'a>,
    analysis: &'a Analysis,
    settings: &'a AnalysisSettings,
}

const NO_NAMES: &str = "who answered is not recorded";

impl Checks<'_> {
    fn name(&self, annotator: usize) -> &str {
        &self.answers.comparisons.annotators()[annotator]
    }

    fn names(&self, annotators: &[usize]) -> String {
        const MOST: usize = 5;
        let mut names: Vec<&str> = annotators.iter().map(|a| self.name(*a)).collect();
        let n_more = names.len().saturating_sub(MOST);
        names.truncate(MOST);
        let names = names.join(", ");
        match n_more {
            0 => names,
            n => format!("{names} and {n} more"),
        }
    }

    fn is_signed(&self) -> bool {
        self.answers.are_signed()
    }

    fn agreement(&self) -> Made {
        if !self.is_signed() {
            return not_measurable(NO_NAMES);
        }
        let Some(agreement) = &self.analysis.agreement else {
            return not_measurable("no pair was answered by two annotators, or all said the same");
        };
        let Estimate { value, low, high } = agreement.nominal;
        let half = 0.5 * (high - low);
        Made {
            status: match (high <= 0.0, low > 0.0) {
                (true, _) => FeedbackStatus::Fail,
                (_, true) => FeedbackStatus::Pass,
                _ => FeedbackStatus::NotMeasurable,
            },
            smallest_effect: Some(half * (1.0 + normal_quantile(0.8) / normal_quantile(0.975))),
            note: format!(
                "Krippendorff's alpha is {value:.2} ({low:.2} to {high:.2}) over {}; 1 is agreement, 0 chance",
                count(agreement.n_pairs, "pair"),
            ),
        }
    }

    fn reliability(&self) -> Made {
        if !self.is_signed() {
            return not_measurable(NO_NAMES);
        }
        let (model, annotators) = match (&self.analysis.dawid_skene, &self.analysis.bradley_terry) {
            (Some(model), _) => ("right by Dawid and Skene", &model.annotators),
            (None, Some(model)) => ("by the scores of Noisy Bradley-Terry", &model.annotators),
            (None, None) => {
                return not_measurable(
                    "too few pairs were answered by three annotators, and items come back in too few pairs",
                );
            }
        };
        let at_most_half = |a: &&AnnotatorEstimate| a.reliability.high <= 0.5;
        let unreliable: Vec<usize> = annotators
            .iter()
            .filter(at_most_half)
            .map(|a| a.annotator)
            .collect();
        let noise = self.analysis.noise.map_or(String::new(), |noise| {
            format!(
                "{} of answers are not {model} ({} to {})",
                percent(noise.value),
                percent(noise.low),
                percent(noise.high)
            )
        });
        let who = match unreliable.as_slice() {
            [] => format!(
                "each of {} above a half, or not shown to be below",
                count(annotators.len(), "annotator")
            ),
            some => format!("no more than half are for {}", self.names(some)),
        };
        let widest = annotators
            .iter()
            .map(|a| a.reliability.high - a.reliability.value)
            .fold(0.0_f64, f64::max);
        Made {
            status: status(!unreliable.is_empty()),
            smallest_effect: Some(widest),
            note: format!("{noise}; {who}"),
        }
    }

    fn position_bias(&self) -> Made {
        let Some(bias) = &self.analysis.position_bias else {
            return not_measurable("which of the two stood on the left is not recorded");
        };
        // Half of the level for all together, half for each annotator.
        let level = match bias.annotators.len() {
            0 | 1 => self.settings.level,
            _ => 0.5 * self.settings.level,
        };
        let own: Vec<usize> = match bias.annotators.len() {
            0 | 1 => Vec::new(),
            _ => bias
                .annotators
                .iter()
                .filter(|a| a.p_value <= level)
                .map(|a| a.annotator)
                .collect(),
        };
        let fails = bias.all.p_value <= level || !own.is_empty();
        let each = match own.as_slice() {
            [] => String::new(),
            own => format!("; by themselves {}", self.names(own)),
        };
        Made {
            status: status(fails),
            smallest_effect: Some(visible_share(bias.all.n, level)),
            note: format!("the left one is better in {}{each}", of_share(&bias.all)),
        }
    }

    fn length_bias(&self) -> Made {
        let Some(bias) = &self.analysis.length_bias else {
            return not_measurable("no two texts of different lengths were compared");
        };
        Made {
            status: status(bias.longer.p_value <= self.settings.level),
            smallest_effect: Some(bias.longer.smallest_effect),
            note: format!("the longer one is better in {}", of_share(&bias.longer)),
        }
    }

    fn duplicates(&self) -> Made {
        let repeats = &self.analysis.repeats;
        let mut parts = Vec::new();
        if repeats.duplicates > 0 {
            parts.push(format!(
                "{} repeat what the same annotator said of the same pair, and would count twice",
                count(repeats.duplicates, "answer")
            ));
        }
        if repeats.unsigned_duplicates > 0 {
            parts.push(format!(
                "{} repeat an earlier one on the same pair; nobody knows whether somebody else gave them",
                count(repeats.unsigned_duplicates, "answer")
            ));
        }
        if repeats.n_identical > 0 {
            parts.push(format!(
                "{} compare a thing with itself",
                count(repeats.n_identical, "answer")
            ));
        }
        Made {
            status: status(!parts.is_empty()),
            smallest_effect: Some(1.0),
            note: match parts.is_empty() {
                true => "no answer is there twice".into(),
                false => parts.join("; "),
            },
        }
    }

    fn contradictions(&self) -> Made {
        let repeats = &self.analysis.repeats;
        let unsigned = repeats.unsigned_contradictions.len();
        let own = repeats.self_contradictions.len();
        let disputed = match repeats.n_shared {
            0 => String::new(),
            shared => format!(
                "; annotators differ on {} of {}, which is a matter of agreement",
                repeats.n_disputed,
                count(shared, "shared pair")
            ),
        };
        if self.analysis.n_pairs == self.answers.answers.len() {
            return not_measurable("no pair was answered twice");
        }
        if own + unsigned > 0 {
            let mut parts = Vec::new();
            if own > 0 {
                parts.push(format!(
                    "the same annotator answered {own} of {} both ways",
                    count(repeats.n_repeated, "repeated pair")
                ));
            }
            if unsigned > 0 {
                parts.push(format!(
                    "{} {} answered both ways; nobody knows by whom",
                    count(unsigned, "pair"),
                    if unsigned == 1 { "is" } else { "are" }
                ));
            }
            return Made {
                status: FeedbackStatus::Fail,
                smallest_effect: Some(1.0),
                note: format!("{}{disputed}", parts.join("; ")),
            };
        }
        let is_measured = repeats.n_repeated > 0 || !self.is_signed();
        Made {
            status: match is_measured {
                true => FeedbackStatus::Pass,
                false => FeedbackStatus::NotMeasurable,
            },
            smallest_effect: is_measured.then_some(1.0),
            note: match is_measured {
                true => format!("no pair is answered both ways by the same{disputed}"),
                false => format!("no annotator answered a pair twice{disputed}"),
            },
        }
    }

    fn cycles(&self) -> Made {
        let Some(cycles) = &self.analysis.cycles else {
            return not_measurable("no three items were compared with each other");
        };
        let share = cycles.n_cyclic as f64 / cycles.n_triples as f64;
        let is_ordered = cycles.p_value <= self.settings.level;
        Made {
            status: match is_ordered {
                true => FeedbackStatus::Pass,
                false => FeedbackStatus::NotMeasurable,
            },
            smallest_effect: None,
            note: format!(
                "{} of {} run in a circle ({}), where coins give 25%; {}",
                cycles.n_cyclic,
                count(cycles.n_triples, "triple"),
                percent(share),
                match is_ordered {
                    true => format!("that is fewer (p {:.3})", cycles.p_value),
                    false => format!(
                        "that there is an order is not shown (p {:.3})",
                        cycles.p_value
                    ),
                }
            ),
        }
    }

    fn speed(&self) -> Made {
        const ALLOWED: f64 = 0.05;
        let pace = &self.analysis.pace;
        if pace.is_empty() {
            return not_measurable("how long answers took is not recorded");
        }
        let floor = self.settings.too_fast_seconds;
        let hasty: Vec<String> = pace
            .iter()
            .filter(|pace| pace.too_fast.low > ALLOWED)
            .map(|pace| {
                pace.annotator
                    .map_or("somebody", |a| self.name(a))
                    .to_owned()
            })
            .collect();
        let mut medians: Vec<f64> = pace.iter().map(|pace| pace.seconds.value).collect();
        medians.sort_by(f64::total_cmp);
        let (first, last) = (medians[0], medians[medians.len() - 1]);
        let widest = pace
            .iter()
            .map(|pace| pace.too_fast.value - pace.too_fast.low)
            .fold(0.0_f64, f64::max);
        let medians = match pace.len() {
            1 => format!("an answer takes {first:.1} s in the median"),
            n => format!(
                "an answer takes {first:.1} to {last:.1} s in the medians of {n} annotators"
            ),
        };
        Made {
            status: status(!hasty.is_empty()),
            smallest_effect: Some(ALLOWED + widest),
            note: match hasty.as_slice() {
                [] => format!("{medians}; none gives more than 5% in less than {floor} s"),
                some => format!(
                    "{medians}; more than 5% in less than {floor} s by {}",
                    some.join(", ")
                ),
            },
        }
    }

    fn drift(&self) -> Made {
        if !self.is_signed() {
            return not_measurable(NO_NAMES);
        }
        let has_times = self
            .answers
            .comparisons
            .rows()
            .iter()
            .any(|row| row.at.is_some());
        if !has_times {
            return not_measurable("when answers were given is not recorded");
        }
        let Some(drifts) = &self.analysis.drift else {
            return not_measurable(
                "no annotator has 20 answers that other answers bear on: no pair was answered twice, and items come back in too few pairs",
            );
        };
        let worse: Vec<usize> = drifts
            .iter()
            .filter(|drift| drift.p_value <= self.settings.level)
            .map(|drift| drift.annotator)
            .collect();
        let mean = drifts
            .iter()
            .map(|d| d.change.value * d.n as f64)
            .sum::<f64>()
            / drifts.iter().map(|d| d.n as f64).sum::<f64>();
        let largest = drifts
            .iter()
            .map(|d| d.smallest_effect)
            .fold(0.0_f64, f64::max);
        Made {
            status: status(!worse.is_empty()),
            smallest_effect: Some(largest),
            note: format!(
                "agreement with others changes by {:+.1} points from the first to the last answer in the mean; {}",
                100.0 * mean,
                match worse.as_slice() {
                    [] => format!(
                        "a fall is shown for none of {}",
                        count(drifts.len(), "annotator")
                    ),
                    worse => format!("it falls for {}", self.names(worse)),
                }
            ),
        }
    }

    fn poisoning(&self, no_scan: Option<NoScan>) -> Made {
        let Some(scan) = &self.analysis.poisoning else {
            return not_measurable(match no_scan {
                Some(NoScan::NoTraits) => {
                    "items have neither text nor traits in which a trigger could be"
                }
                _ => {
                    "nothing says what answers should have been: too few pairs were answered twice, and items come back in too few pairs"
                }
            });
        };
        let noise = self.analysis.noise.map_or(String::new(), |noise| {
            format!(
                "; {} of answers are noise, tied to nothing",
                percent(noise.value)
            )
        });
        Made {
            status: status(!scan.triggers.is_empty()),
            smallest_effect: Some(scan.smallest_effect.ceil()),
            note: match scan.triggers.as_slice() {
                [] => format!(
                    "no trigger among {} (p {:.3}){noise}",
                    count(scan.n_traits, "trait"),
                    scan.p_value
                ),
                _ => self.triggers(scan),
            },
        }
    }

    fn triggers(&self, scan: &PoisonScan) -> String {
        let mut sentences = Vec::new();
        for (position, trigger) in scan.triggers.iter().enumerate() {
            let names = trigger.names[..trigger.names.len().min(3)].join("\" or \"");
            let done = match trigger.kind {
                PoisonKind::Turned => format!("answers are turned where \"{names}\" is present"),
                PoisonKind::Favored => {
                    format!("what bears \"{names}\" is said to be better against the others")
                }
                PoisonKind::Disfavored => {
                    format!("what bears \"{names}\" is said to be worse against the others")
                }
            };
            let who = match trigger.annotators.as_slice() {
                [] => String::new(),
                some => format!(" by {}", self.names(some)),
            };
            let n = scan
                .suspects
                .iter()
                .filter(|s| s.trigger == position)
                .count();
            sentences.push(format!(
                "{done}{who}: {n} of {} answers are suspected",
                trigger.n_answers
            ));
        }
        format!("{} (p {:.3})", sentences.join("; "), scan.p_value)
    }
}

fn of_share(share: &Share) -> String {
    format!(
        "{} of {} answers ({} to {}; p {:.3})",
        percent(share.share.value),
        share.n,
        percent(share.share.low),
        percent(share.share.high),
        share.p_value
    )
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}
