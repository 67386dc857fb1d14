//! How far chains of samples can be trusted.

/// Whether chains have met, and how many independent samples they are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagnostic {
    /// Split R-hat: the spread over all chains beside that within half chains; 1 where they have met, NaN where nothing
    /// ever moved.
    pub r_hat: f64,
    /// Effective sample size of all chains together; NaN where nothing ever moved.
    pub effective_samples: f64,
}

impl Diagnostic {
    pub(super) const NONE: Diagnostic = Diagnostic {
        r_hat: f64::NAN,
        effective_samples: f64::NAN,
    };
}

/// Split R-hat (Gelman et al., 2013, section 11.4), and the effective sample size by Geyer's (1992) initial monotone
/// sequence over the chains' mean autocorrelations, as in Stan.
///
/// # Panics
/// If there are no chains, or not of one length of at least 4.
#[must_use]
pub fn diagnostic(chains: &[Vec<f64>]) -> Diagnostic {
    let n = chains.first().map_or(0, Vec::len);
    assert!(
        n >= 4 && chains.iter().all(|chain| chain.len() == n),
        "chains of one length of at least 4"
    );
    let half = n / 2;
    let halves: Vec<&[f64]> = chains
        .iter()
        .flat_map(|chain| [&chain[..half], &chain[n - half..]])
        .collect();
    let n = half as f64;
    let means: Vec<f64> = halves.iter().map(|half| mean(half)).collect();
    let within = mean(
        &halves
            .iter()
            .zip(&means)
            .map(|(half, mean)| covariance(half, *mean, 0) * n / (n - 1.0))
            .collect::<Vec<_>>(),
    );
    let grand = mean(&means);
    let m = means.len() as f64;
    let between = means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>() / (m - 1.0);
    let total = (n - 1.0) / n * within + between;
    if total == 0.0 {
        return Diagnostic::NONE;
    }
    let correlation = |lag: usize| {
        let each = halves.iter().zip(&means);
        let covariances: Vec<f64> = each
            .map(|(half, mean)| covariance(half, *mean, lag) * n / (n - 1.0))
            .collect();
        1.0 - (within - mean(&covariances)) / total
    };
    // Pairs of autocorrelations, while they are positive, and none greater than the one before.
    let (mut sum, mut before) = (0.0, f64::INFINITY);
    for lag in (0..half.saturating_sub(1)).step_by(2) {
        let pair = (correlation(lag) + correlation(lag + 1)).min(before);
        if pair <= 0.0 {
            break;
        }
        sum += pair;
        before = pair;
    }
    let samples = m * n;
    // Never more than n log10 n, where samples repel each other.
    let time = (2.0 * sum - 1.0).max(1.0 / samples.log10());
    Diagnostic {
        r_hat: (total / within).sqrt(),
        effective_samples: samples / time,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Autocovariance at a lag, divided by the whole length.
fn covariance(values: &[f64], mean: f64, lag: usize) -> f64 {
    let pairs = values.iter().zip(&values[lag..]);
    pairs.map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / values.len() as f64
}
