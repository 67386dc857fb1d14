//! The few statistics that evidence needs: means, Welch's test and interval, the rank test of Mann and Whitney.

/// The mean of a non-empty sample.
pub(crate) fn mean(sample: &[f64]) -> f64 {
    assert!(!sample.is_empty(), "the mean of no numbers");
    sample.iter().sum::<f64>() / sample.len() as f64
}

/// The middle of a non-empty sample; of an even number the mean of the middle two.
pub(crate) fn median(sample: &[f64]) -> f64 {
    assert!(!sample.is_empty(), "the median of no numbers");
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[middle]
    } else {
        (sorted[middle - 1] + sorted[middle]) / 2.0
    }
}

/// The unbiased variance of a sample of at least two.
fn variance(sample: &[f64]) -> f64 {
    assert!(sample.len() >= 2, "the variance of fewer than two numbers");
    let center = mean(sample);
    sample
        .iter()
        .map(|value| (value - center).powi(2))
        .sum::<f64>()
        / (sample.len() - 1) as f64
}

/// The mean of a sample of at least two, and half the width of its 95% interval by Student's t.
pub(crate) fn interval(sample: &[f64]) -> (f64, f64) {
    let n = sample.len() as f64;
    let half = student_quantile(0.975, n - 1.0) * (variance(sample) / n).sqrt();
    (mean(sample), half)
}

/// The difference of two means under unequal variances (Welch 1947).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Welch {
    /// Mean of ours less mean of theirs.
    pub(crate) difference: f64,
    /// Standard error of the difference.
    pub(crate) standard_error: f64,
    /// Degrees of freedom after Welch and Satterthwaite.
    pub(crate) degrees: f64,
}

impl Welch {
    /// Compares two samples of at least two numbers each.
    pub(crate) fn new(ours: &[f64], theirs: &[f64]) -> Self {
        let shares = [
            variance(ours) / ours.len() as f64,
            variance(theirs) / theirs.len() as f64,
        ];
        let sum = shares[0] + shares[1];
        let denominator = shares[0].powi(2) / (ours.len() - 1) as f64
            + shares[1].powi(2) / (theirs.len() - 1) as f64;
        let degrees = if denominator > 0.0 {
            sum.powi(2) / denominator
        } else {
            (ours.len() + theirs.len() - 2) as f64
        };
        Self {
            difference: mean(ours) - mean(theirs),
            standard_error: sum.sqrt(),
            degrees,
        }
    }

    /// The probability of a difference this low or lower if the two means were equal.
    pub(crate) fn probability_below(&self) -> f64 {
        if self.standard_error == 0.0 {
            return if self.difference < 0.0 { 0.0 } else { 1.0 };
        }
        student_cdf(self.difference / self.standard_error, self.degrees)
    }

    /// The two-sided 95% interval of the difference.
    pub(crate) fn interval(&self) -> (f64, f64) {
        let half = student_quantile(0.975, self.degrees) * self.standard_error;
        (self.difference - half, self.difference + half)
    }

    /// The smallest deficit that the one-sided 2.5% test would have found in four of five repetitions.
    pub(crate) fn detectable(&self) -> f64 {
        (student_quantile(0.975, self.degrees) + student_quantile(0.8, self.degrees))
            * self.standard_error
    }
}

/// One-sided p value of Mann and Whitney's rank test against "ours are lower": the normal approximation with
/// corrections for ties and continuity, 1 where all values are equal.
pub(crate) fn mann_whitney_below(ours: &[f64], theirs: &[f64]) -> f64 {
    let (count_ours, count_theirs) = (ours.len() as f64, theirs.len() as f64);
    let pairs = ours
        .iter()
        .flat_map(|our| theirs.iter().map(move |their| (our, their)));
    let wins: f64 = pairs
        .map(|(our, their)| {
            if our > their {
                1.0
            } else if our == their {
                0.5
            } else {
                0.0
            }
        })
        .sum();
    let total = count_ours + count_theirs;
    let ties = tie_term(ours, theirs) / (total * (total - 1.0));
    let variance = count_ours * count_theirs / 12.0 * (total + 1.0 - ties);
    if variance <= 0.0 {
        return 1.0;
    }
    let center = count_ours * count_theirs / 2.0;
    normal_cdf((wins - center + 0.5) / variance.sqrt())
}

/// The sum of t^3 - t over groups of t equal values.
fn tie_term(ours: &[f64], theirs: &[f64]) -> f64 {
    let mut values = [ours, theirs].concat();
    values.sort_by(f64::total_cmp);
    values
        .chunk_by(|left, right| left == right)
        .map(|group| (group.len() as f64).powi(3) - group.len() as f64)
        .sum()
}

fn normal_cdf(z: f64) -> f64 {
    // A t distribution with this many degrees differs from the normal by less than 1e-6.
    student_cdf(z, 1e6)
}

/// The distribution function of Student's t.
pub(crate) fn student_cdf(t: f64, degrees: f64) -> f64 {
    let tail = 0.5 * incomplete_beta(degrees / (degrees + t * t), degrees / 2.0, 0.5);
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// The quantile of Student's t, by bisection of the distribution function.
pub(crate) fn student_quantile(probability: f64, degrees: f64) -> f64 {
    let (mut low, mut high) = (-1e3, 1e3);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if student_cdf(middle, degrees) < probability {
            low = middle
        } else {
            high = middle
        }
    }
    (low + high) / 2.0
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (Numerical Recipes 6.4).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || 1.0 <= x {
        return x.clamp(0.0, 1.0);
    }
    let front =
        (log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

/// Lentz's evaluation of the continued fraction; converges in a few dozen terms in the range it is used in.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + coefficient * d);
            c = away_from_zero(1.0 + coefficient / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-14 {
            break;
        }
    }
    fraction
}

/// The logarithm of the gamma function for positive arguments (Lanczos, g = 7, n = 9).
fn log_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let terms = COEFFICIENTS
        .iter()
        .enumerate()
        .map(|(index, coefficient)| coefficient / (x + index as f64 + 1.0));
    let series = 0.999_999_999_999_809_9 + terms.sum::<f64>();
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + series.ln()
}

#[cfg(test)]
mod tests;
