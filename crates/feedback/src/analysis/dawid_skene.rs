//! The model of Dawid and Skene (1979): how often each annotator is right, from answers that others gave, too.

use mdp::{Rng, Seed, index};

use super::answers::Answers;
use super::statistics::{logit, normal_quantile, sigmoid};
use super::{AnalysisSettings, AnnotatorEstimate, Estimate};

/// What the model says.
#[derive(Clone, Debug, PartialEq)]
pub struct DawidSkene {
    /// Each annotator with at least one answer on a pair that others answered, too: the probability of saying which is
    /// better, given that one is; and the probability of saying the left one less 1/2, averaged over the two cases.
    pub annotators: Vec<AnnotatorEstimate>,
    /// Answers that it was fitted to.
    pub n_answers: usize,
    /// Steps of expectation and maximisation until nothing moved by 1e-8.
    pub iterations: usize,
    /// Whether it came to rest within 1,000 steps.
    pub has_converged: bool,
}

/// One vote: who, for the lower item or not, and whether that one stood on the left.
#[derive(Clone, Copy)]
struct Vote {
    annotator: usize,
    for_low: bool,
    low_is_left: bool,
}

impl Vote {
    fn says_left(self) -> bool {
        self.for_low == self.low_is_left
    }
}

/// P(says left | left is better) and P(says left | right is better) of each annotator.
type Parameters = Vec<[f64; 2]>;

/// Fits the model to the pairs that at least two annotators answered, equal answers left out. With sides recorded each
/// annotator has two numbers, of which reliability and position bias are half the difference plus 1/2 and half the sum
/// less 1/2; without, one.
///
/// The prior of the better one is even, each number has a pseudo-answer on either side, and annotators begin at 0.8, so
/// that of the two mirror images of the likelihood the one is found in which annotators are right more often than not.
///
/// # Limits
/// The model takes pairs to be equally hard and errors to be independent given the pair. Where some pairs are hard,
/// errors come together, and what is estimated is agreement with the others rather than rightness; annotators who are
/// wrong together look right. Three annotators a pair are needed for reliabilities to be told apart: of two who differ
/// either may be wrong.
pub(super) fn dawid_skene(
    answers: &Answers<'_>,
    settings: &AnalysisSettings,
    seed: Seed,
) -> Option<DawidSkene> {
    if !answers.are_signed() {
        return None;
    }
    let has_sides = answers.answers.iter().all(|a| a.low_is_left.is_some());
    let units: Vec<Vec<Vote>> = answers
        .of_pair
        .iter()
        .map(|of_pair| votes(answers, of_pair))
        .filter(|votes| {
            votes
                .iter()
                .any(|vote| vote.annotator != votes[0].annotator)
        })
        .collect();
    if units.len() < 10 || !units.iter().any(|votes| votes.len() >= 3) {
        return None;
    }
    let whole: Vec<usize> = (0..units.len()).collect();
    let n = answers.n_annotators();
    let start = vec![[0.8, 0.2]; n];
    let fitted = fit(&units, &whole, start, has_sides, 1_000);
    let mut counts = vec![0; n];
    for vote in units.iter().flatten() {
        counts[vote.annotator] += 1;
    }
    let draws = bootstrap(&units, &fitted.parameters, has_sides, settings, seed);
    let z = normal_quantile(0.5 + 0.5 * settings.confidence);
    let annotators = (0..n)
        .filter(|&annotator| counts[annotator] > 0)
        .map(|annotator| {
            let value = fitted.parameters[annotator];
            let drawn: Vec<[f64; 2]> = draws.iter().map(|draw| draw[annotator]).collect();
            AnnotatorEstimate {
                annotator,
                n_answers: counts[annotator],
                reliability: on_logit(reliability(value), drawn.iter().map(|d| reliability(*d)), z),
                position_bias: has_sides.then(|| {
                    let deviation = deviation(drawn.iter().map(|d| bias(*d)));
                    let value = bias(value);
                    Estimate {
                        value,
                        low: value - z * deviation,
                        high: value + z * deviation,
                    }
                }),
            }
        })
        .collect();
    Some(DawidSkene {
        annotators,
        n_answers: counts.iter().sum(),
        iterations: fitted.iterations,
        has_converged: fitted.has_converged,
    })
}

fn votes(answers: &Answers<'_>, of_pair: &[usize]) -> Vec<Vote> {
    of_pair
        .iter()
        .filter_map(|&at| {
            let answer = answers.answers[at];
            Some(Vote {
                annotator: answer.annotator?,
                for_low: answer.low_wins()?,
                low_is_left: answer.low_is_left.unwrap_or(true),
            })
        })
        .collect()
}

fn reliability([left, wrongly_left]: [f64; 2]) -> f64 {
    0.5 * (1.0 + left - wrongly_left)
}

fn bias([left, wrongly_left]: [f64; 2]) -> f64 {
    0.5 * (left + wrongly_left - 1.0)
}

/// A value with an interval that is symmetric in log odds, from the spread of draws there.
fn on_logit(value: f64, draws: impl Iterator<Item = f64>, z: f64) -> Estimate {
    let of = |p: f64| logit(p.clamp(1e-6, 1.0 - 1e-6));
    let (center, spread) = (of(value), deviation(draws.map(of)));
    Estimate {
        value,
        low: sigmoid(center - z * spread),
        high: sigmoid(center + z * spread),
    }
}

fn deviation(draws: impl Iterator<Item = f64>) -> f64 {
    let draws: Vec<f64> = draws.collect();
    let n = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / n;
    (draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}

/// Fits to pairs drawn with replacement, from the estimate on.
fn bootstrap(
    units: &[Vec<Vote>],
    start: &Parameters,
    has_sides: bool,
    settings: &AnalysisSettings,
    seed: Seed,
) -> Vec<Parameters> {
    let mut rng: Rng = seed.stream("dawid-skene", 0);
    (0..settings.resamples)
        .map(|_| {
            let drawn: Vec<usize> = (0..units.len())
                .map(|_| index(units.len(), &mut rng))
                .collect();
            fit(units, &drawn, start.clone(), has_sides, 200).parameters
        })
        .collect()
}

struct Fitted {
    parameters: Parameters,
    iterations: usize,
    has_converged: bool,
}

/// Expectation and maximisation over the units named in `drawn`.
fn fit(
    units: &[Vec<Vote>],
    drawn: &[usize],
    start: Parameters,
    has_sides: bool,
    most: usize,
) -> Fitted {
    let mut parameters = start;
    for iteration in 1..=most {
        // Expected answers: of each annotator, by whether the left is better, how often left was said and in all.
        let mut said_left = vec![[1.0, 1.0]; parameters.len()];
        let mut total = vec![[2.0, 2.0]; parameters.len()];
        // What saying right and saying left add to the log odds of the left one.
        let weights: Vec<[f64; 2]> = parameters
            .iter()
            .map(|[left, wrongly]| [((1.0 - left) / (1.0 - wrongly)).ln(), (left / wrongly).ln()])
            .collect();
        for &unit in drawn {
            let mut log_odds = 0.0;
            for vote in &units[unit] {
                let for_left = weights[vote.annotator][usize::from(vote.says_left())];
                log_odds += if vote.low_is_left {
                    for_left
                } else {
                    -for_left
                };
            }
            let low_is_better = sigmoid(log_odds);
            for vote in &units[unit] {
                let left_is_better = match vote.low_is_left {
                    true => low_is_better,
                    false => 1.0 - low_is_better,
                };
                let says_left = f64::from(u8::from(vote.says_left()));
                let (said, all) = (&mut said_left[vote.annotator], &mut total[vote.annotator]);
                said[0] += left_is_better * says_left;
                said[1] += (1.0 - left_is_better) * says_left;
                all[0] += left_is_better;
                all[1] += 1.0 - left_is_better;
            }
        }
        let mut moved = 0.0_f64;
        for (annotator, value) in parameters.iter_mut().enumerate() {
            let (said, all) = (said_left[annotator], total[annotator]);
            let next = match has_sides {
                true => [said[0] / all[0], said[1] / all[1]],
                false => {
                    let right = (said[0] + all[1] - said[1]) / (all[0] + all[1]);
                    [right, 1.0 - right]
                }
            };
            moved = moved.max((next[0] - value[0]).abs().max((next[1] - value[1]).abs()));
            *value = next;
        }
        if moved < 1e-8 {
            return Fitted {
                parameters,
                iterations: iteration,
                has_converged: true,
            };
        }
    }
    Fitted {
        parameters,
        iterations: most,
        has_converged: false,
    }
}
