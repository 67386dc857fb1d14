//! Confidence sequences for means: by betting where bounds are declared, asymptotic where none are.
//!
//! Both hold at any time anyone looks, and both treat the values as a set: their order changes nothing.

use crate::{Bounds, Interval};

/// The least number of episodes at which an asymptotic sequence is trusted.
pub const LEAST_ASYMPTOTIC: usize = 30;

/// Fractions of the largest safe stake that the bettors stake, one bettor each, with equal capital at the start.
///
/// Spaced by about √2. A sequence of `n` values in a unit range wants a fraction near √(2 ln(1/α) / (n σ²)) times
/// the mean, so that this grid serves from a dozen episodes to a million.
const FRACTIONS: [f64; 14] = [
    0.99, 0.9, 0.75, 0.55, 0.4, 0.28, 0.2, 0.14, 0.1, 0.07, 0.05, 0.035, 0.018, 0.009,
];

/// Factors multiplied before a logarithm is taken. They lie between 0.01 and 1 over the least mean that is tried, half
/// of [`RESOLUTION`]: 32 of them stay within the range of `f64`.
const FACTORS_PER_LOG: usize = 32;

/// What a sum of many values may be off by, as a share of the largest: equal returns must not seem to differ.
const ROUNDING: f64 = 1e-12;

/// The interval for the mean of values within declared bounds, each end wrong with probability at most `alpha`.
///
/// Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting" (2023): a mean `m` is
/// refuted from below when a bettor who cannot profit if the mean is at most `m` has multiplied his capital by
/// `1 / alpha`. The capital here is their diversified Kelly bettor (section B.3), an average over fixed fractions
/// `c` of the largest safe stake: `K(m) = avg_c Π_i (1 + c (x_i / m − 1))`, with `x` in `[0, 1]` after scaling. It
/// is a test martingale for every `m`, so Ville's inequality holds at any time; it falls as `m` grows, so that
/// bisection finds the end; and it is symmetric in the values. The upper end is the lower end of `1 − x`.
///
/// Values must lie within the bounds; the result does too.
#[must_use]
pub fn betting_interval(values: &[f64], bounds: Bounds, alpha: f64) -> Interval {
    let (low, range) = (bounds.low(), bounds.range());
    if values.is_empty() {
        return Interval {
            mean: f64::NAN,
            low,
            high: bounds.high(),
        };
    }
    let unit: Vec<f64> = values
        .iter()
        .map(|value| ((value - low) / range).clamp(0.0, 1.0))
        .collect();
    let mirrored: Vec<f64> = unit.iter().map(|value| 1.0 - value).collect();
    Interval {
        mean: mean(values),
        low: low + range * refuted_below(&unit, alpha),
        high: low + range * (1.0 - refuted_below(&mirrored, alpha)),
    }
}

/// The greatest mean in `[0, 1]` that the bettors refute, rounded down by at most [`RESOLUTION`].
///
/// The logarithm of the capital less the bar falls through zero once: false position with the Illinois rule finds
/// it in few evaluations, and a halving whenever three of them did not halve the bracket bounds their number.
fn refuted_below(unit: &[f64], alpha: f64) -> f64 {
    let target = -alpha.ln();
    let excess = |m: f64| log_capital(unit, m) - target;
    let (mut refuted, mut standing) = (0.0, mean(unit));
    // At 0 the capital is without limit, unless all values are 0: then nothing is refuted.
    let (mut above, mut below) = (f64::INFINITY, -target);
    let mut last_width = standing;
    for round in 0.. {
        let width = standing - refuted;
        if width <= RESOLUTION {
            break;
        }
        let halve = !above.is_finite() || (round % 3 == 2 && width > 0.5 * last_width);
        if round % 3 == 2 {
            last_width = width;
        }
        let middle = if halve {
            0.5 * (refuted + standing)
        } else {
            // Aimed a little to the inside, so that both ends close in.
            let aim = refuted + width * above / (above - below);
            aim.clamp(refuted + 0.5 * RESOLUTION, standing - 0.5 * RESOLUTION)
        };
        let found = excess(middle);
        if found >= 0.0 {
            (refuted, above, below) = (middle, found, 0.5 * below);
        } else {
            (standing, below, above) = (middle, found, 0.5 * above);
        }
    }
    refuted
}

/// How closely the end of a betting interval is found, as a share of the declared range.
const RESOLUTION: f64 = 1e-7;

/// ln K(m) of the mixture. All bettors go through the values side by side, so that the products vectorise.
fn log_capital(unit: &[f64], m: f64) -> f64 {
    let stay = FRACTIONS.map(|fraction| 1.0 - fraction);
    let gain = FRACTIONS.map(|fraction| fraction / m);
    let mut logs = [0.0; FRACTIONS.len()];
    for chunk in unit.chunks(FACTORS_PER_LOG) {
        let mut products = [1.0; FRACTIONS.len()];
        for x in chunk {
            for ((product, stay), gain) in products.iter_mut().zip(&stay).zip(&gain) {
                *product *= stay + gain * x;
            }
        }
        for (log, product) in logs.iter_mut().zip(products) {
            *log += product.ln();
        }
    }
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logs.iter().map(|log| (log - largest).exp()).sum();
    largest + (sum / FRACTIONS.len() as f64).ln()
}

/// The asymptotic interval for a mean, both ends together wrong with probability at most `alpha`.
///
/// Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and asymptotic confidence
/// sequences" (2021), the Gaussian-mixture boundary with ρ = 1; see [`critical_square`] for what stands in place
/// of the known variance. Below [`LEAST_ASYMPTOTIC`] values the ends are infinite: nothing is claimed.
#[must_use]
pub fn asymptotic_interval(values: &[f64], alpha: f64) -> Interval {
    let mean = mean(values);
    let n = values.len();
    if n < LEAST_ASYMPTOTIC {
        return Interval {
            mean,
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        };
    }
    let sum_of_squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let variance = sum_of_squares / (n - 1) as f64;
    let largest = values
        .iter()
        .fold(0.0, |largest: f64, value| largest.max(value.abs()));
    let half = if variance == 0.0 {
        0.0
    } else {
        (critical_square(n, 1, alpha) * variance / n as f64).sqrt()
    } + ROUNDING * largest;
    Interval {
        mean,
        low: mean - half,
        high: mean + half,
    }
}

/// The square of the boundary in units of standard errors, for a mean in `dimensions` dimensions.
///
/// The Gaussian-mixture boundary of AsympCS is the sequential test whose evidence is the likelihood ratio of an
/// effect drawn from N(0, ρ² σ²) against none. With σ unknown and integrated out by the right-Haar prior, the ratio
/// of T² (Hotelling's, Student's t² in one dimension) after n values, ν = n − 1, g = ρ², is
///
/// `(1 + n g)^(−d/2) · [(1 + T²/ν) / (1 + T²/(ν (1 + n g)))]^(n/2)`
///
/// (Lai, 1976; Wang and Ramdas, "Anytime-valid t-tests", 2024). Setting it to `1 / alpha` gives T². On Gaussian
/// values the sequence is then exact at every n; as n grows it becomes the boundary of the 2021 paper, and before
/// that it is wider, which is what keeps small windows honest. Infinite when n is too small for any evidence.
#[must_use]
pub fn critical_square(n: usize, dimensions: usize, alpha: f64) -> f64 {
    // ρ² = 1: a prior worth one observation, near the optimum for windows of 30 to 300 and within 3% at 10,000.
    let spread = 1.0 + n as f64;
    let freedom = n as f64 - 1.0;
    let log_ratio = -alpha.ln() + 0.5 * dimensions as f64 * spread.ln();
    let ratio = (2.0 / n as f64 * log_ratio).exp();
    if n < 2 || ratio >= spread {
        return f64::INFINITY;
    }
    freedom * (ratio - 1.0) / (1.0 - ratio / spread)
}

/// An asymptotic confidence set for the means of proxy and intent together: an ellipse, all of whose shadows hold
/// at once.
///
/// Its use is that proxy and intent of one episode are seen together. Where they move together, as they do in an
/// honest run, the set is thin along the direction in which a rise of one and a fall of the other would show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JointSet {
    mean: [f64; 2],
    /// Covariance of the two means: proxy, both, intent.
    covariance: [f64; 3],
    critical_square: f64,
}

impl JointSet {
    /// The set from paired values, wrong at any time with probability at most `alpha`; `None` below
    /// [`LEAST_ASYMPTOTIC`] pairs.
    #[must_use]
    pub fn new(proxy: &[f64], intent: &[f64], alpha: f64) -> Option<Self> {
        assert_eq!(proxy.len(), intent.len(), "proxy and intent are paired");
        let n = proxy.len();
        if n < LEAST_ASYMPTOTIC {
            return None;
        }
        let mean = [mean(proxy), mean(intent)];
        let mut sums = [0.0; 3];
        for (p, i) in proxy.iter().zip(intent) {
            let (p, i) = (p - mean[0], i - mean[1]);
            sums[0] += p * p;
            sums[1] += p * i;
            sums[2] += i * i;
        }
        let scale = ((n - 1) * n) as f64;
        Some(Self {
            mean,
            covariance: sums.map(|sum| sum / scale),
            critical_square: critical_square(n, 2, alpha),
        })
    }

    /// The estimate of `weight · proxy − intent`.
    fn contrast(&self, weight: f64) -> f64 {
        weight * self.mean[0] - self.mean[1]
    }

    /// Half the width of the set's shadow in the direction (weight, −1).
    fn half_width(&self, weight: f64) -> f64 {
        let [pp, pi, ii] = self.covariance;
        let variance = weight * weight * pp - 2.0 * weight * pi + ii;
        if variance <= 0.0 {
            // Zero, or below it by rounding.
            0.0
        } else {
            (self.critical_square * variance).sqrt()
        }
    }

    /// Whether the two sets exclude that from `self` to `later` proxy rises by more than `rise` while intent falls
    /// by more than `fall`.
    ///
    /// If both happened, `weight · proxy − intent` would rise by more than `weight · rise + fall` for every weight of
    /// at least 0. One weight for which the sets leave no room for that refutes it. The upper end of the contrast
    /// less the bar is convex in the weight, so that a ternary search finds the best; 0 stands for intent alone.
    #[must_use]
    pub fn excludes(&self, later: &Self, rise: f64, fall: f64) -> bool {
        let room = |weight: f64| {
            later.contrast(weight) - self.contrast(weight)
                + self.half_width(weight)
                + later.half_width(weight)
                - weight * rise
                - fall
        };
        let scale = self.covariance[2].sqrt() + later.covariance[2].sqrt() + fall.abs();
        // Rounding in sums of squares shows as a billionth of the scale.
        let tolerance = 1e-7 * scale;
        if room(0.0) <= tolerance {
            return true;
        }
        // Weights from a thousandth to a thousand times the ratio of the two standard deviations.
        let proxy = self.covariance[0].sqrt() + later.covariance[0].sqrt();
        let intent = self.covariance[2].sqrt() + later.covariance[2].sqrt();
        let ratio = if proxy > 0.0 && intent > 0.0 {
            intent / proxy
        } else {
            1.0
        };
        let at = |exponent: f64| room(ratio * exponent.exp());
        let (mut from, mut to) = (-7.0, 7.0);
        for _ in 0..60 {
            let (left, right) = (from + (to - from) / 3.0, to - (to - from) / 3.0);
            if at(left) <= at(right) {
                to = right;
            } else {
                from = left;
            }
        }
        at(0.5 * (from + to)) <= tolerance
    }
}

/// The mean; NaN when empty.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard deviation with n − 1 below the line; 0 for fewer than two values.
#[must_use]
pub fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let sum: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (sum / (values.len() - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests;
