//! Noisy Bradley-Terry: scores of items, and of each annotator how often it looks and to which side it leans when not.

use super::answers::Answers;
use super::statistics::{logit, normal_quantile, sigmoid};
use super::{AnalysisSettings, AnnotatorEstimate, Estimate};

/// What the model says.
#[derive(Clone, Debug, PartialEq)]
pub struct NoisyBradleyTerry {
    /// Each annotator: the share of answers that follow the scores, and the probability less 1/2 that one of the others is
    /// for the left.
    pub annotators: Vec<AnnotatorEstimate>,
    /// The scores of the items, by position; 0 for those in no answer.
    pub scores: Vec<f64>,
    /// The spread of scores that their prior was found to have.
    pub score_deviation: f64,
    /// Answers that it was fitted to.
    pub n_answers: usize,
    /// Steps until nothing moved by 1e-4.
    pub iterations: usize,
    /// Whether it came to rest within 300 steps.
    pub has_converged: bool,
}

/// One answer: the items on the left and on the right, who, and whether it was for the left.
struct Row {
    left: usize,
    right: usize,
    annotator: usize,
    for_left: bool,
    /// Posterior variance of the difference of scores.
    variance: f64,
    /// Information about the difference, reliability and lean: the upper triangle of a symmetric matrix.
    information: [f64; 6],
}

/// P(left) = r σ(s_left - s_right) + (1 - r) q: the model of Chen et al. (2013, "Pairwise ranking aggregation in a
/// crowdsourced setting") with the lean of crowd-kit's `NoisyBradleyTerry`. The log odds of q have one pseudo-answer on
/// either side, those of r a tenth of one; scores are normal around 0 with a deviation that is estimated too.
///
/// Scores are averaged over, not only maximised: with about ten answers an item the most likely scores fit the noise, and
/// annotators would look more reliable than they are. The posterior of each score is taken as normal with the inverse of
/// its own information as variance (as in mean-field variational inference), the expectation over a difference of two by
/// five nodes of Gauss and Hermite, and all means are moved together by Fisher scoring. Intervals are symmetric in log
/// odds, from the inverse of the information, the scores and their scale marginalised.
///
/// Without recorded sides q is 1/2.
pub(super) fn noisy_bradley_terry(
    answers: &Answers<'_>,
    settings: &AnalysisSettings,
) -> Option<NoisyBradleyTerry> {
    if !answers.are_signed() {
        return None;
    }
    let has_sides = answers.answers.iter().all(|a| a.low_is_left.is_some());
    let mut rows = rows(answers);
    let n_items = answers.comparisons.items().len();
    let mut appearances = vec![0_usize; n_items];
    for row in &rows {
        appearances[row.left] += 1;
        appearances[row.right] += 1;
    }
    let n_met = appearances.iter().filter(|n| **n > 0).count();
    // Below about four appearances an item the scores say nothing about who is right.
    if n_met < 3 || 2 * rows.len() < 4 * n_met {
        return None;
    }
    let mut model = Model::new(n_items, answers.n_annotators(), has_sides);
    let (iterations, has_converged) = model.fit(&mut rows, &appearances);
    let z = normal_quantile(0.5 + 0.5 * settings.confidence);
    let mut n_answers = vec![0; answers.n_annotators()];
    for row in &rows {
        n_answers[row.annotator] += 1;
    }
    let annotators = (0..answers.n_annotators())
        .filter(|&annotator| n_answers[annotator] > 0)
        .map(|annotator| AnnotatorEstimate {
            annotator,
            n_answers: n_answers[annotator],
            reliability: model.interval(&rows, model.reliability_at(annotator), z),
            position_bias: has_sides.then(|| {
                let lean = model.interval(&rows, model.lean_at(annotator), z);
                Estimate {
                    value: lean.value - 0.5,
                    low: lean.low - 0.5,
                    high: lean.high - 0.5,
                }
            }),
        })
        .collect();
    Some(NoisyBradleyTerry {
        annotators,
        scores: model.values[..n_items].to_vec(),
        score_deviation: model.prior_variance.sqrt(),
        n_answers: rows.len(),
        iterations,
        has_converged,
    })
}

fn rows(answers: &Answers<'_>) -> Vec<Row> {
    answers
        .answers
        .iter()
        .filter_map(|answer| {
            let (low, high) = answers.pairs[answer.pair];
            let low_is_left = answer.low_is_left.unwrap_or(true);
            let (left, right) = if low_is_left {
                (low, high)
            } else {
                (high, low)
            };
            Some(Row {
                left,
                right,
                annotator: answer.annotator?,
                for_left: answer.low_wins()? == low_is_left,
                variance: 1.0,
                information: [0.0; 6],
            })
        })
        .collect()
}

/// Nodes and weights of Gauss and Hermite for a standard normal.
const NODES: [(f64, f64); 5] = [
    (-2.856_970_013_872_805_6, 0.011_257_411_327_720_691),
    (-1.355_626_179_974_266, 0.222_075_922_005_612_64),
    (0.0, 0.533_333_333_333_333_3),
    (1.355_626_179_974_266, 0.222_075_922_005_612_64),
    (2.856_970_013_872_805_6, 0.011_257_411_327_720_691),
];

/// What the prior of scores adds to the information.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Prior {
    /// All of it.
    Whole,
    /// Nothing about the common scale: its spread was estimated from the same answers, and would count twice.
    ScaleIsFree,
}

/// Scores, then log odds of reliability, then of lean, in one vector.
struct Model {
    values: Vec<f64>,
    n_items: usize,
    n_annotators: usize,
    has_sides: bool,
    prior_variance: f64,
}

impl Model {
    fn new(n_items: usize, n_annotators: usize, has_sides: bool) -> Model {
        let mut values = vec![0.0; n_items + 2 * n_annotators];
        values[n_items..n_items + n_annotators].fill(logit(0.8));
        Model {
            values,
            n_items,
            n_annotators,
            has_sides,
            prior_variance: 1.0,
        }
    }

    fn reliability_at(&self, annotator: usize) -> usize {
        self.n_items + annotator
    }

    fn lean_at(&self, annotator: usize) -> usize {
        self.n_items + self.n_annotators + annotator
    }

    /// A whole one on either side drew reliabilities to a half by 0.03 in sets of 2,000 answers by twelve annotators; the
    /// lean of who always looks is known from nothing else.
    fn pseudo_answers(&self, at: usize) -> f64 {
        match at < self.n_items + self.n_annotators {
            true => 0.1,
            false => 1.0,
        }
    }

    /// The places of the difference's two scores, of reliability and of lean.
    fn places(&self, row: &Row) -> [usize; 4] {
        [
            row.left,
            row.right,
            self.reliability_at(row.annotator),
            self.lean_at(row.annotator),
        ]
    }

    fn fit(&mut self, rows: &mut [Row], appearances: &[usize]) -> (usize, bool) {
        const MOST: usize = 2000;
        let n_met = appearances.iter().filter(|n| **n > 0).count() as f64;
        for iteration in 1..=MOST {
            let gradient = self.gradient(rows);
            // Inexact steps suffice: the next begins where this one ends.
            let step = self.solve(rows, &gradient, Prior::Whole, 1e-6);
            // Far steps of reliabilities overshoot while scores are still small.
            let longest = step.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
            let scale = (1.0 / longest.max(1e-12)).min(1.0);
            for (value, step) in self.values.iter_mut().zip(&step) {
                *value += scale * step;
            }
            let diagonal = self.diagonal(rows);
            for row in rows.iter_mut() {
                row.variance = 1.0 / diagonal[row.left] + 1.0 / diagonal[row.right];
            }
            let squares: f64 = (0..self.n_items)
                .filter(|&item| appearances[item] > 0)
                .map(|item| self.values[item].powi(2) + 1.0 / diagonal[item])
                .sum();
            let next = (squares / n_met).clamp(1e-3, 1e3);
            let moved = longest.max((next - self.prior_variance).abs() / self.prior_variance);
            self.prior_variance = next;
            if moved < 1e-4 {
                return (iteration, true);
            }
        }
        (MOST, false)
    }

    /// The gradient of the expected log-likelihood with priors; leaves each row's information with it.
    fn gradient(&self, rows: &mut [Row]) -> Vec<f64> {
        let mut gradient = vec![0.0; self.values.len()];
        for row in rows.iter_mut() {
            let [left, right, at_r, at_q] = self.places(row);
            let mean = self.values[left] - self.values[right];
            let (r, q) = (sigmoid(self.values[at_r]), sigmoid(self.values[at_q]));
            let mut slope = [0.0; 3];
            row.information = [0.0; 6];
            for (node, weight) in NODES {
                let chosen = sigmoid(mean + node * row.variance.sqrt());
                let p = (r * chosen + (1.0 - r) * q).clamp(1e-9, 1.0 - 1e-9);
                let along = [
                    r * chosen * (1.0 - chosen),
                    r * (1.0 - r) * (chosen - q),
                    if self.has_sides {
                        (1.0 - r) * q * (1.0 - q)
                    } else {
                        0.0
                    },
                ];
                let residual = if row.for_left {
                    1.0 / p
                } else {
                    -1.0 / (1.0 - p)
                };
                let precision = weight / (p * (1.0 - p));
                let mut entry = 0;
                for a in 0..3 {
                    slope[a] += weight * residual * along[a];
                    for b in a..3 {
                        row.information[entry] += precision * along[a] * along[b];
                        entry += 1;
                    }
                }
            }
            gradient[left] += slope[0];
            gradient[right] -= slope[0];
            gradient[at_r] += slope[1];
            gradient[at_q] += slope[2];
        }
        for (at, (slope, value)) in gradient.iter_mut().zip(&self.values).enumerate() {
            *slope += match at < self.n_items {
                true => -value / self.prior_variance,
                // Pseudo-answers on either side: w (ln p + ln(1 - p)).
                false => self.pseudo_answers(at) * (1.0 - 2.0 * sigmoid(*value)),
            };
        }
        gradient
    }

    fn prior_precision(&self, at: usize) -> f64 {
        match at < self.n_items {
            true => 1.0 / self.prior_variance,
            false => {
                let p = sigmoid(self.values[at]);
                2.0 * self.pseudo_answers(at) * p * (1.0 - p)
            }
        }
    }

    fn diagonal(&self, rows: &[Row]) -> Vec<f64> {
        let mut diagonal: Vec<f64> = (0..self.values.len())
            .map(|at| self.prior_precision(at))
            .collect();
        for row in rows {
            let [left, right, at_r, at_q] = self.places(row);
            diagonal[left] += row.information[0];
            diagonal[right] += row.information[0];
            diagonal[at_r] += row.information[3];
            diagonal[at_q] += row.information[5];
        }
        diagonal
    }

    /// Information times a vector.
    fn times(&self, rows: &[Row], vector: &[f64], prior: Prior) -> Vec<f64> {
        let mut product: Vec<f64> = vector
            .iter()
            .enumerate()
            .map(|(at, value)| self.prior_precision(at) * value)
            .collect();
        if prior == Prior::ScaleIsFree {
            let scores = &self.values[..self.n_items];
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let share = dot(scores, vector) / dot(scores, scores).max(1e-12) / self.prior_variance;
            for (product, score) in product.iter_mut().zip(scores) {
                *product -= share * score;
            }
        }
        for row in rows {
            let [left, right, at_r, at_q] = self.places(row);
            let [dd, dr, dq, rr, rq, qq] = row.information;
            let (d, r, q) = (vector[left] - vector[right], vector[at_r], vector[at_q]);
            let along = dd * d + dr * r + dq * q;
            product[left] += along;
            product[right] -= along;
            product[at_r] += dr * d + rr * r + rq * q;
            product[at_q] += dq * d + rq * r + qq * q;
        }
        product
    }

    /// Solves information x = target by conjugate gradients with the diagonal as preconditioner, until the squared
    /// residual is `within` of the target's.
    fn solve(&self, rows: &[Row], target: &[f64], prior: Prior, within: f64) -> Vec<f64> {
        let diagonal = self.diagonal(rows);
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let scaled = |residual: &[f64]| -> Vec<f64> {
            residual.iter().zip(&diagonal).map(|(r, d)| r / d).collect()
        };
        let mut solution = vec![0.0; target.len()];
        let mut residual = target.to_vec();
        let mut near = scaled(&residual);
        let mut direction = near.clone();
        let mut size = dot(&residual, &near);
        let small = within * size;
        for _ in 0..500 {
            if size <= small {
                break;
            }
            let product = self.times(rows, &direction, prior);
            let length = size / dot(&direction, &product);
            for at in 0..target.len() {
                solution[at] += length * direction[at];
                residual[at] -= length * product[at];
            }
            near = scaled(&residual);
            let next = dot(&residual, &near);
            for (direction, near) in direction.iter_mut().zip(&near) {
                *direction = near + next / size * *direction;
            }
            size = next;
        }
        solution
    }

    /// The value at a place of log odds as a probability, with its interval.
    fn interval(&self, rows: &[Row], at: usize, z: f64) -> Estimate {
        let mut unit = vec![0.0; self.values.len()];
        unit[at] = 1.0;
        let deviation = self.solve(rows, &unit, Prior::ScaleIsFree, 1e-18)[at]
            .max(0.0)
            .sqrt();
        let center = self.values[at];
        Estimate {
            value: sigmoid(center),
            low: sigmoid(center - z * deviation),
            high: sigmoid(center + z * deviation),
        }
    }
}
