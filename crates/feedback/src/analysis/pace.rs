//! How long answers take, and whether they get worse with time.

use super::answers::Answers;
use super::reference::Reference;
use super::statistics::{holm, normal_cdf, normal_quantile, proportion_interval, quantile};
use super::{AnalysisSettings, Estimate};

/// How long an annotator takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pace {
    /// Position among the annotators; none where answers are not signed.
    pub annotator: Option<usize>,
    /// Answers with a time.
    pub n: usize,
    /// Seconds: the median, between the quartiles.
    pub seconds: Estimate,
    /// Share of answers faster than [`AnalysisSettings::too_fast_seconds`].
    pub too_fast: Estimate,
}

pub(super) fn pace(answers: &Answers<'_>, settings: &AnalysisSettings) -> Vec<Pace> {
    let rows = answers.comparisons.rows();
    let mut names: Vec<Option<usize>> = rows
        .iter()
        .filter(|row| row.seconds.is_some())
        .map(|row| row.annotator)
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|annotator| {
            let own = rows.iter().filter(|row| row.annotator == annotator);
            let mut seconds: Vec<f64> = own.filter_map(|row| row.seconds).collect();
            seconds.sort_by(f64::total_cmp);
            let n = seconds.len() as u64;
            let fast = seconds
                .iter()
                .filter(|s| **s < settings.too_fast_seconds)
                .count() as u64;
            let (low, high) = proportion_interval(fast, n, settings.confidence);
            Pace {
                annotator,
                n: seconds.len(),
                seconds: Estimate {
                    value: quantile(&seconds, 0.5),
                    low: quantile(&seconds, 0.25),
                    high: quantile(&seconds, 0.75),
                },
                too_fast: Estimate {
                    value: fast as f64 / n as f64,
                    low,
                    high,
                },
            }
        })
        .collect()
}

/// How an annotator's agreement with everything else changes from its first to its last answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Drift {
    /// Position among the annotators.
    pub annotator: usize,
    /// Answers with a time on which others bear.
    pub n: usize,
    /// Change of the rate of agreement from the first to the last, by a straight line, what is expected of each pair taken
    /// off.
    pub change: Estimate,
    /// One-sided p-value of a fall, adjusted for all annotators after Holm.
    pub p_value: f64,
    /// The smallest fall that would have been found four times of five, before the adjustment.
    pub smallest_effect: f64,
}

/// None where answers are not signed, have no times, or nothing else bears on them.
pub(super) fn drift(
    answers: &Answers<'_>,
    reference: &Reference,
    settings: &AnalysisSettings,
) -> Option<Vec<Drift>> {
    const LEAST: usize = 20;
    let mut drifts = Vec::new();
    for annotator in 0..answers.n_annotators() {
        let mut own: Vec<(i64, f64)> = answers
            .answers
            .iter()
            .zip(&reference.low_is_better)
            .filter(|(answer, _)| answer.annotator == Some(annotator))
            .filter_map(|(answer, low_is_better)| {
                let p = (*low_is_better)?;
                let agreement = p.max(1.0 - p);
                let agrees = answer.low_wins()? == (p > 0.5);
                let at = answers.comparisons.rows()[answer.row].at?;
                Some((at, f64::from(u8::from(agrees)) - agreement))
            })
            .collect();
        own.sort_by_key(|(at, _)| *at);
        if own.len() >= LEAST {
            drifts.push(trend(annotator, &own, settings));
        }
    }
    let adjusted = holm(&drifts.iter().map(|d| d.p_value).collect::<Vec<_>>());
    for (drift, p_value) in drifts.iter_mut().zip(adjusted) {
        drift.p_value = p_value;
    }
    (!drifts.is_empty()).then_some(drifts)
}

/// The slope of residuals over their order, by least squares.
fn trend(annotator: usize, own: &[(i64, f64)], settings: &AnalysisSettings) -> Drift {
    let n = own.len() as f64;
    let mean = own.iter().map(|(_, r)| r).sum::<f64>() / n;
    let variance = own.iter().map(|(_, r)| (r - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let (mut products, mut squares) = (0.0, 0.0);
    for (order, (_, residual)) in own.iter().enumerate() {
        let x = order as f64 / (n - 1.0) - 0.5;
        products += x * residual;
        squares += x * x;
    }
    let slope = products / squares;
    let error = (variance.max(1e-12) / squares).sqrt();
    let z = normal_quantile(0.5 + 0.5 * settings.confidence);
    Drift {
        annotator,
        n: own.len(),
        change: Estimate {
            value: slope,
            low: slope - z * error,
            high: slope + z * error,
        },
        p_value: normal_cdf(slope / error),
        smallest_effect: error * (normal_quantile(1.0 - settings.level) + normal_quantile(0.8)),
    }
}
