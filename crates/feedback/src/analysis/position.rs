//! Whether the side decides, and whether the length does.

use mdp::{Seed, index};

use super::answers::Answers;
use super::statistics::{half_mid_p, holm, proportion_interval, quantile, visible_share};
use super::{AnalysisSettings, Estimate};

/// How often one kind of answer was given where it could have been, beside an even chance.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Answers that count.
    pub n: usize,
    /// Those for the left, or for the longer.
    pub n_for: usize,
    /// The share, with an interval from pairs drawn with replacement.
    pub share: Estimate,
    /// Two-sided mid-p value of the binomial test of 1/2.
    pub p_value: f64,
    /// The smallest difference from 1/2 that would have been found four times of five.
    pub smallest_effect: f64,
}

/// How often each annotator says the left one.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotatorShare {
    /// Position among the annotators.
    pub annotator: usize,
    /// Answers that name a better one.
    pub n: usize,
    /// The share for the left, with the interval of Clopper and Pearson.
    pub share: Estimate,
    /// Two-sided mid-p value, adjusted for all annotators after Holm.
    pub p_value: f64,
}

/// Position bias, measured on answers that name a better one and whose sides are recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionBias {
    /// All annotators together.
    pub all: Share,
    /// Each by itself, where answers are signed.
    pub annotators: Vec<AnnotatorShare>,
}

pub(super) fn position_bias(
    answers: &Answers<'_>,
    settings: &AnalysisSettings,
    seed: Seed,
) -> Option<PositionBias> {
    let cases: Vec<Case> = answers
        .answers
        .iter()
        .filter_map(|answer| {
            Some(Case {
                pair: answer.pair,
                annotator: answer.annotator,
                is_for: answer.low_wins()? == answer.low_is_left?,
            })
        })
        .collect();
    let all = share(&cases, settings, seed.stream("position", 0))?;
    let mut annotators: Vec<AnnotatorShare> = Vec::new();
    for annotator in 0..answers.n_annotators() {
        let own = cases
            .iter()
            .filter(|case| case.annotator == Some(annotator));
        let (n, k) = own.fold((0, 0), |(n, k), case| (n + 1, k + u64::from(case.is_for)));
        if n > 0 {
            let (low, high) = proportion_interval(k, n, settings.confidence);
            annotators.push(AnnotatorShare {
                annotator,
                n: n as usize,
                share: Estimate {
                    value: k as f64 / n as f64,
                    low,
                    high,
                },
                p_value: half_mid_p(k, n),
            });
        }
    }
    let adjusted = holm(&annotators.iter().map(|a| a.p_value).collect::<Vec<_>>());
    for (annotator, p_value) in annotators.iter_mut().zip(adjusted) {
        annotator.p_value = p_value;
    }
    Some(PositionBias { all, annotators })
}

/// Length bias of texts, measured on answers that name a better one of two texts of different lengths.
#[derive(Clone, Debug, PartialEq)]
pub struct LengthBias {
    /// How often the longer was said to be better.
    pub longer: Share,
    /// The same by how much longer it is: thirds of the answers by the difference of lengths, smallest first, each with
    /// its range of differences in characters.
    pub by_difference: Vec<((usize, usize), Share)>,
}

pub(super) fn length_bias(
    answers: &Answers<'_>,
    settings: &AnalysisSettings,
    seed: Seed,
) -> Option<LengthBias> {
    let lengths: Vec<Option<usize>> = answers
        .comparisons
        .items()
        .iter()
        .map(|item| Some(item.text.as_ref()?.chars().count()))
        .collect();
    let mut cases: Vec<(usize, Case)> = answers
        .answers
        .iter()
        .filter_map(|answer| {
            let (low, high) = answers.pairs[answer.pair];
            let (low, high) = (lengths[low]?, lengths[high]?);
            let case = Case {
                pair: answer.pair,
                annotator: answer.annotator,
                is_for: answer.low_wins()? == (low > high),
            };
            (low != high).then_some((low.abs_diff(high), case))
        })
        .collect();
    cases.sort_by_key(|(difference, case)| (*difference, case.pair));
    let of = |part: &[(usize, Case)], stream: u64| {
        let part: Vec<Case> = part.iter().map(|(_, case)| *case).collect();
        share(&part, settings, seed.stream("length", stream))
    };
    let longer = of(&cases, 0)?;
    let third = cases.len().div_ceil(3).max(1);
    let by_difference = cases
        .chunks(third)
        .zip(1..)
        .filter_map(|(part, stream)| Some(((part[0].0, part[part.len() - 1].0), of(part, stream)?)))
        .collect();
    Some(LengthBias {
        longer,
        by_difference,
    })
}

#[derive(Clone, Copy)]
struct Case {
    pair: usize,
    annotator: Option<usize>,
    is_for: bool,
}

/// The share of cases that are for, its interval by drawing whole pairs with replacement.
fn share(cases: &[Case], settings: &AnalysisSettings, mut rng: mdp::Rng) -> Option<Share> {
    if cases.is_empty() {
        return None;
    }
    let mut order: Vec<&Case> = cases.iter().collect();
    order.sort_by_key(|case| case.pair);
    let clusters: Vec<(u32, u32)> = order
        .chunk_by(|a, b| a.pair == b.pair)
        .map(|own| {
            let n_for = own.iter().filter(|case| case.is_for).count();
            (own.len() as u32, n_for as u32)
        })
        .collect();
    let mut drawn: Vec<f64> = (0..settings.resamples)
        .map(|_| {
            let (mut n, mut k) = (0_u64, 0_u64);
            for _ in 0..clusters.len() {
                let cluster = clusters[index(clusters.len(), &mut rng)];
                n += u64::from(cluster.0);
                k += u64::from(cluster.1);
            }
            k as f64 / n as f64
        })
        .collect();
    drawn.sort_by(f64::total_cmp);
    let tail = 0.5 * (1.0 - settings.confidence);
    let n_for = cases.iter().filter(|case| case.is_for).count();
    Some(Share {
        n: cases.len(),
        n_for,
        share: Estimate {
            value: n_for as f64 / cases.len() as f64,
            low: quantile(&drawn, tail),
            high: quantile(&drawn, 1.0 - tail),
        },
        p_value: half_mid_p(n_for as u64, cases.len() as u64),
        smallest_effect: visible_share(cases.len(), settings.level),
    })
}
