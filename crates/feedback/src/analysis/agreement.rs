//! Krippendorff's alpha: agreement beyond chance, with answers missing.

use mdp::{Seed, index};

use super::answers::{Answers, Said};
use super::{AnalysisSettings, Estimate, statistics};

/// How far apart two values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Different or not.
    Nominal,
    /// By the number of values between them.
    Ordinal,
}

/// Krippendorff's alpha of values `0..n_values`, one list a unit, missing ones left out: 1 - D_o / D_e with the observed
/// and the expected disagreement (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability"). Units with fewer
/// than two values do not count. None where all values are the same or no unit has two.
///
/// # Panics
/// If a value is `n_values` or above.
#[must_use]
pub fn krippendorff_alpha(units: &[Vec<usize>], n_values: usize, metric: Metric) -> Option<f64> {
    let tables: Vec<Vec<f64>> = units.iter().map(|unit| counts(unit, n_values)).collect();
    alpha(tables.iter().map(Vec::as_slice), n_values, metric, |n| n)
}

fn counts(unit: &[usize], n_values: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n_values];
    for value in unit {
        counts[*value] += 1.0;
    }
    counts
}

/// Alpha from counts of values by unit; `expect` may change the totals that the expected disagreement is taken from.
fn alpha<'u>(
    units: impl Iterator<Item = &'u [f64]>,
    n_values: usize,
    metric: Metric,
    expect: impl Fn(Vec<f64>) -> Vec<f64>,
) -> Option<f64> {
    let mut coincidences = vec![0.0; n_values * n_values];
    let mut totals = vec![0.0; n_values];
    for unit in units {
        let size: f64 = unit.iter().sum();
        if size < 2.0 {
            continue;
        }
        for (c, n_c) in unit.iter().enumerate() {
            totals[c] += n_c;
            for (k, n_k) in unit.iter().enumerate() {
                let others = if c == k { n_k - 1.0 } else { *n_k };
                coincidences[c * n_values + k] += n_c * others / (size - 1.0);
            }
        }
    }
    let totals = expect(totals);
    let n: f64 = totals.iter().sum();
    let (mut observed, mut expected) = (0.0, 0.0);
    for c in 0..n_values {
        for k in 0..n_values {
            let apart = distance(c, k, &totals, metric);
            observed += coincidences[c * n_values + k] * apart;
            expected += totals[c] * totals[k] * apart;
        }
    }
    (expected > 0.0).then(|| 1.0 - (n - 1.0) * observed / expected)
}

fn distance(c: usize, k: usize, totals: &[f64], metric: Metric) -> f64 {
    if c == k {
        return 0.0;
    }
    match metric {
        Metric::Nominal => 1.0,
        Metric::Ordinal => {
            let between: f64 = totals[c.min(k)..=c.max(k)].iter().sum();
            (between - (totals[c] + totals[k]) / 2.0).powi(2)
        }
    }
}

/// Agreement between annotators.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Pairs that at least two annotators answered.
    pub n_pairs: usize,
    /// Answers about them.
    pub n_answers: usize,
    /// Alpha of first, equal, second as names.
    pub nominal: Estimate,
    /// Alpha of first, equal, second in this order.
    pub ordinal: Estimate,
}

/// Alpha over the pairs that at least two annotators answered, its interval by drawing pairs with replacement. Which of
/// two is called the first is no property of a pair; hence chance is taken as even between the two.
pub(super) fn agreement(
    answers: &Answers<'_>,
    settings: &AnalysisSettings,
    seed: Seed,
) -> Option<Agreement> {
    if !answers.are_signed() {
        return None;
    }
    let units: Vec<[f64; 3]> = answers
        .of_pair
        .iter()
        .map(|of_pair| unit(answers, of_pair))
        .filter(|unit| unit.iter().sum::<f64>() >= 2.0)
        .collect();
    let even = |mut totals: Vec<f64>| {
        let half = (totals[0] + totals[2]) / 2.0;
        (totals[0], totals[2]) = (half, half);
        totals
    };
    let of = |metric| -> Option<Estimate> {
        let value = alpha(units.iter().map(|u| u.as_slice()), 3, metric, even)?;
        let mut rng = seed.stream("agreement", 0);
        let mut drawn: Vec<f64> = (0..settings.resamples)
            .filter_map(|_| {
                let sample = (0..units.len()).map(|_| units[index(units.len(), &mut rng)]);
                let sample: Vec<[f64; 3]> = sample.collect();
                alpha(sample.iter().map(|u| u.as_slice()), 3, metric, even)
            })
            .collect();
        drawn.sort_by(f64::total_cmp);
        let tail = 0.5 * (1.0 - settings.confidence);
        Some(Estimate {
            value,
            low: statistics::quantile(&drawn, tail),
            high: statistics::quantile(&drawn, 1.0 - tail),
        })
    };
    Some(Agreement {
        n_pairs: units.len(),
        n_answers: units.iter().flatten().sum::<f64>() as usize,
        nominal: of(Metric::Nominal)?,
        ordinal: of(Metric::Ordinal)?,
    })
}

/// How often each was said about a pair, by the last answer of each annotator.
fn unit(answers: &Answers<'_>, of_pair: &[usize]) -> [f64; 3] {
    let mut counts = [0.0; 3];
    for (position, &at) in of_pair.iter().enumerate() {
        let answer = answers.answers[at];
        let is_repeated = of_pair[position + 1..]
            .iter()
            .any(|&later| answers.answers[later].annotator == answer.annotator);
        if !is_repeated {
            counts[match answer.said {
                Said::Low => 0,
                Said::Equal => 1,
                Said::High => 2,
            }] += 1.0;
        }
    }
    counts
}
