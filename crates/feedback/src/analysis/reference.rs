//! What an answer should have been, by everything but the answer itself.

use super::answers::Answers;
use super::dawid_skene::DawidSkene;
use super::statistics::{logit, sigmoid};

/// What others say about each answer's pair.
pub(super) struct Reference {
    /// For each answer that names a better one, the probability that the lower item is better; none where nothing else
    /// bears on it.
    pub(super) low_is_better: Vec<Option<f64>>,
    /// Whether items come back in other pairs often enough for scores of items to help.
    pub(super) has_scores: bool,
}

/// Two sources: the votes of others on the same pair, weighed by their log odds of being right, and scores of items
/// fitted to the other pairs (five folds of pairs, each predicted from the other four). A logistic regression of the
/// answers on both, without intercept, makes them one calibrated probability.
pub(super) fn reference(answers: &Answers<'_>, reliabilities: Option<&DawidSkene>) -> Reference {
    let weights = weights(answers, reliabilities);
    let scores = cross_fitted(answers);
    let features: Vec<Option<[f64; 2]>> = answers
        .answers
        .iter()
        .enumerate()
        .map(|(at, answer)| {
            let vote = votes(answers, at, &weights);
            let score = scores.as_ref().map(|scores| scores[answer.pair]);
            (vote.is_some() || score.is_some()).then(|| [vote.unwrap_or(0.0), score.unwrap_or(0.0)])
        })
        .collect();
    let coefficients = logistic(answers, &features);
    let low_is_better = features
        .iter()
        .zip(&answers.answers)
        .map(|(feature, answer)| {
            answer.low_wins()?;
            let [vote, score] = (*feature)?;
            Some(sigmoid(coefficients[0] * vote + coefficients[1] * score).clamp(0.02, 0.98))
        })
        .collect();
    Reference {
        low_is_better,
        has_scores: scores.is_some(),
    }
}

fn weights(answers: &Answers<'_>, reliabilities: Option<&DawidSkene>) -> Vec<f64> {
    let mut weights = vec![1.0; answers.n_annotators()];
    for estimate in reliabilities.iter().flat_map(|model| &model.annotators) {
        weights[estimate.annotator] = logit(estimate.reliability.value.clamp(0.05, 0.95));
    }
    weights
}

/// The votes of the others on the pair of an answer: everyone else's where answers are signed, all other answers where
/// they are not.
fn votes(answers: &Answers<'_>, at: usize, weights: &[f64]) -> Option<f64> {
    let answer = answers.answers[at];
    let mut sum = None;
    for &other in &answers.of_pair[answer.pair] {
        let vote = answers.answers[other];
        let is_own =
            other == at || (vote.annotator.is_some() && vote.annotator == answer.annotator);
        if let (false, Some(low_wins)) = (is_own, vote.low_wins()) {
            let weight = vote.annotator.map_or(1.0, |annotator| weights[annotator]);
            *sum.get_or_insert(0.0) += if low_wins { weight } else { -weight };
        }
    }
    sum
}

const FOLDS: usize = 5;

/// For each pair the difference of scores of its items, fitted without the pair; none where items have fewer than four
/// pairs each in the mean.
fn cross_fitted(answers: &Answers<'_>) -> Option<Vec<f64>> {
    let n_items = answers.comparisons.items().len();
    let mut is_met = vec![false; n_items];
    for (low, high) in &answers.pairs {
        (is_met[*low], is_met[*high]) = (true, true);
    }
    let n_met = is_met.iter().filter(|met| **met).count();
    if n_met < 3 || 2 * answers.pairs.len() < 4 * n_met {
        return None;
    }
    let mut differences = vec![0.0; answers.pairs.len()];
    for fold in 0..FOLDS {
        let scores = bradley_terry(answers, n_items, |pair| pair % FOLDS != fold);
        for pair in (fold..answers.pairs.len()).step_by(FOLDS) {
            let (low, high) = answers.pairs[pair];
            differences[pair] = scores[low] - scores[high];
        }
    }
    Some(differences)
}

/// Scores with a standard normal prior, by steps of Newton along each score at half length.
fn bradley_terry(
    answers: &Answers<'_>,
    n_items: usize,
    is_used: impl Fn(usize) -> bool,
) -> Vec<f64> {
    let mut scores = vec![0.0_f64; n_items];
    let used: Vec<(usize, usize, f64)> = answers
        .answers
        .iter()
        .filter(|answer| is_used(answer.pair))
        .filter_map(|answer| {
            let (low, high) = answers.pairs[answer.pair];
            Some((low, high, f64::from(u8::from(answer.low_wins()?))))
        })
        .collect();
    for _ in 0..50 {
        let mut slope: Vec<f64> = scores.iter().map(|score| -score).collect();
        let mut curvature = vec![1.0; n_items];
        for (low, high, low_wins) in &used {
            let p = sigmoid(scores[*low] - scores[*high]);
            slope[*low] += low_wins - p;
            slope[*high] -= low_wins - p;
            curvature[*low] += p * (1.0 - p);
            curvature[*high] += p * (1.0 - p);
        }
        let mut moved = 0.0_f64;
        for ((score, slope), curvature) in scores.iter_mut().zip(slope).zip(curvature) {
            let step = 0.5 * slope / curvature;
            *score += step;
            moved = moved.max(step.abs());
        }
        if moved < 1e-4 {
            break;
        }
    }
    scores
}

/// Two coefficients of a logistic regression through the origin, by Newton with a weak pull to 0.
fn logistic(answers: &Answers<'_>, features: &[Option<[f64; 2]>]) -> [f64; 2] {
    let mut coefficients = [0.0; 2];
    for _ in 0..30 {
        let mut slope = [-1e-2 * coefficients[0], -1e-2 * coefficients[1]];
        let (mut aa, mut ab, mut bb) = (1e-2, 0.0, 1e-2);
        for (answer, feature) in answers.answers.iter().zip(features) {
            let (Some(low_wins), Some([a, b])) = (answer.low_wins(), *feature) else {
                continue;
            };
            let p = sigmoid(coefficients[0] * a + coefficients[1] * b);
            let residual = f64::from(u8::from(low_wins)) - p;
            slope[0] += residual * a;
            slope[1] += residual * b;
            let weight = p * (1.0 - p);
            aa += weight * a * a;
            ab += weight * a * b;
            bb += weight * b * b;
        }
        let determinant = aa * bb - ab * ab;
        let step = [
            (bb * slope[0] - ab * slope[1]) / determinant,
            (aa * slope[1] - ab * slope[0]) / determinant,
        ];
        let longest = step[0].abs().max(step[1].abs());
        let scale = (1.0 / longest.max(1e-12)).min(1.0);
        coefficients = [
            coefficients[0] + scale * step[0],
            coefficients[1] + scale * step[1],
        ];
        if longest < 1e-9 {
            break;
        }
    }
    coefficients
}
