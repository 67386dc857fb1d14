//! Which pairs are worth an annotator's time.
//!
//! A pool of pairs larger than what is asked for is drawn, each pair gets a score from the members of an ensemble of
//! reward models, and the highest are asked. All scores read `differences`, `[Q, M]`: for each of Q pairs and M members
//! how much more return the member gives the first segment than the second, in units in which
//! `P(first better) = 1 / (1 + exp(-difference))`.
//!
//! - [`disagreement`]: the variance over members (Christiano et al., 2017, section 2.2.4) of what each predicts.
//! - [`information_gain`]: the mutual information between the answer and the member that is right,
//!   `H(mean p) - mean H(p)` (Houlsby et al., 2011; Biyik and Sadigh, 2018, for comparisons). Unlike disagreement it is
//!   low where every member says that annotators will toss a coin.

#[cfg(test)]
mod tests;

use crate::probability::first_is_better;

/// How questions are chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QueryChoice {
    /// The first that are drawn.
    Random,
    /// Those that members disagree about most.
    Disagreement {
        /// What the variance is taken of.
        of: Prediction,
        /// Pairs that are drawn for each that is asked, at least 1: 10 in Christiano et al. (2017), 2 in `imitation`.
        oversampling: f64,
    },
    /// Those whose answers say most about which member is right.
    InformationGain {
        /// Pairs that are drawn for each that is asked, at least 1.
        oversampling: f64,
    },
}

/// What of a member's prediction the variance is taken of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prediction {
    /// The difference of returns, which knows no limit.
    Logit,
    /// The probability that the first is better.
    Probability,
    /// Which is better: 1 for the first, 0 for the second, a half for both alike.
    Label,
}

impl QueryChoice {
    /// How many pairs are drawn to ask `n`.
    #[must_use]
    pub fn n_candidates(self, n: usize) -> usize {
        match self {
            QueryChoice::Random => n,
            QueryChoice::Disagreement { oversampling, .. }
            | QueryChoice::InformationGain { oversampling } => {
                n.max((n as f64 * oversampling).round() as usize)
            }
        }
    }

    /// The places, in rising order, of the `n` candidates that are asked. Members say that annotators err at the rate
    /// that goes with `noise_floor`; see [`information_gain`].
    ///
    /// # Panics
    /// If there are no members, fewer candidates than are to be asked, or rows that are not whole.
    #[must_use]
    pub fn choose(
        self,
        differences: &[f64],
        n_members: usize,
        n: usize,
        noise_floor: f64,
    ) -> Vec<usize> {
        assert!(n_members > 0, "at least one member");
        let n_candidates = differences.len() / n_members;
        assert!(
            n <= n_candidates,
            "{n} questions of {n_candidates} candidates"
        );
        let scores = match self {
            QueryChoice::Random => return (0..n).collect(),
            QueryChoice::Disagreement { of, .. } => {
                disagreement(differences, n_members, of, noise_floor)
            }
            QueryChoice::InformationGain { .. } => {
                information_gain(differences, n_members, noise_floor)
            }
        };
        highest(&scores, n)
    }
}

/// `[Q]`, the variance over members of what each predicts of a pair, the members being the whole population.
/// `differences` is `[Q, M]`; for probabilities see [`information_gain`] on `noise_floor`.
///
/// # Panics
/// If there are no members or rows are not whole.
#[must_use]
pub fn disagreement(
    differences: &[f64],
    n_members: usize,
    of: Prediction,
    noise_floor: f64,
) -> Vec<f64> {
    rows(differences, n_members)
        .map(|row| {
            let predicted = row.iter().map(|difference| match of {
                Prediction::Logit => *difference,
                Prediction::Probability => first_is_better(*difference, noise_floor),
                Prediction::Label => match difference.total_cmp(&0.0) {
                    _ if *difference == 0.0 => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                    _ => 1.0,
                },
            });
            variance(predicted)
        })
        .collect()
}

/// `[Q]`, in nats: the mutual information between the answer to a question and the member that is right, all members
/// being equally likely to be. `differences` is `[Q, M]`. An annotator answers at random with probability `noise_floor`,
/// and else as the member that is right says.
///
/// # Panics
/// If there are no members or rows are not whole.
#[must_use]
pub fn information_gain(differences: &[f64], n_members: usize, noise_floor: f64) -> Vec<f64> {
    rows(differences, n_members)
        .map(|row| {
            let n = row.len() as f64;
            let (mut mean, mut entropy) = (0.0, 0.0);
            for difference in row {
                let probability = first_is_better(*difference, noise_floor);
                mean += probability / n;
                entropy += binary_entropy(probability) / n;
            }
            // Rounding may leave a little below 0 where all members agree.
            (binary_entropy(mean) - entropy).max(0.0)
        })
        .collect()
}

/// The places of the `n` highest scores, in rising order of place; among equals the earlier.
fn highest(scores: &[f64], n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    // The sort is stable, so that equals stay in order.
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    order.truncate(n);
    order.sort_unstable();
    order
}

fn rows(differences: &[f64], n_members: usize) -> std::slice::ChunksExact<'_, f64> {
    assert!(n_members > 0, "at least one member");
    assert!(
        differences.len().is_multiple_of(n_members),
        "{} differences are not whole rows of {n_members} members",
        differences.len()
    );
    differences.chunks_exact(n_members)
}

fn variance(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let n = values.len() as f64;
    let mean = values.clone().sum::<f64>() / n;
    values.map(|value| (value - mean).powi(2)).sum::<f64>() / n
}

fn binary_entropy(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    part(p) + part(1.0 - p)
}
