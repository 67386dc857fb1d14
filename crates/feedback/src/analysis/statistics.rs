//! The distributions that the analysis needs, and intervals from them.

/// Standard normal distribution function.
pub(super) fn normal_cdf(z: f64) -> f64 {
    // The upper tail of the normal is half the upper tail of gamma(1/2) at z²/2.
    let half_tail = 0.5 * upper_gamma_half(z * z / 2.0);
    if z < 0.0 { half_tail } else { 1.0 - half_tail }
}

/// erfc(√x): series of erf for small arguments, continued fraction (Lentz) for large ones.
fn upper_gamma_half(x: f64) -> f64 {
    let root_pi = std::f64::consts::PI.sqrt();
    if x < 1.5 {
        let (mut term, mut sum) = (1.0, 1.0);
        for n in 1..200 {
            term *= x / (n as f64 + 0.5);
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        return 1.0 - 2.0 * x.sqrt() * (-x).exp() * sum / root_pi;
    }
    let (mut b, mut c) = (x + 0.5, 1e300);
    let mut d = 1.0 / b;
    let mut h = d;
    for n in 1..300 {
        let a = -(n as f64) * (n as f64 - 0.5);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        let factor = c * d;
        h *= factor;
        if (factor - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (-x).exp() * x.sqrt() * h / root_pi
}

/// The z below which a standard normal falls with probability `p` in (0, 1), by bisection.
pub(super) fn normal_quantile(p: f64) -> f64 {
    assert!(0.0 < p && p < 1.0, "no quantile at {p}");
    bisect(-40.0, 40.0, |z| normal_cdf(z) < p)
}

/// The point at which `is_below` turns from true to false.
fn bisect(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// ln Γ(x) for x > 0: Stirling's series behind the recurrence.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut shift) = (x, 0.0);
    while x < 15.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let inverse = 1.0 / (x * x);
    let series = 1.0 / 12.0 - inverse * (1.0 / 360.0 - inverse * (1.0 / 1260.0 - inverse / 1680.0));
    shift + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series / x
}

/// Regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    let tiny = 1e-300;
    let (mut c, mut d) = (1.0, 1.0 - (a + b) * x / (a + 1.0));
    d = 1.0 / if d.abs() < tiny { tiny } else { d };
    let mut h = d;
    for m in 1..1_000 {
        let m = f64::from(m);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 + numerator * d;
            d = 1.0 / if d.abs() < tiny { tiny } else { d };
            c = 1.0 + numerator / c;
            if c.abs() < tiny {
                c = tiny;
            }
            h *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (front * h / a).clamp(0.0, 1.0)
}

/// P(X <= k) of a binomial.
pub(super) fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    1.0 - incomplete_beta(p, k as f64 + 1.0, (n - k) as f64)
}

/// Two-sided mid-p value of `k` of `n` under probability 1/2: twice the lesser tail, half of what was seen counted.
pub(super) fn half_mid_p(k: u64, n: u64) -> f64 {
    if n == 0 {
        return 1.0;
    }
    let at_most = binomial_cdf(k, n, 0.5);
    let below = match k {
        0 => 0.0,
        k => binomial_cdf(k - 1, n, 0.5),
    };
    let lower = 0.5 * (below + at_most);
    (2.0 * lower.min(1.0 - lower)).min(1.0)
}

/// The exact two-sided interval of Clopper and Pearson (1934) for a proportion.
pub(super) fn proportion_interval(k: u64, n: u64, confidence: f64) -> (f64, f64) {
    let tail = 0.5 * (1.0 - confidence);
    let (k, n) = (k as f64, n as f64);
    let low = match k {
        0.0 => 0.0,
        k => bisect(0.0, 1.0, |p| incomplete_beta(p, k, n - k + 1.0) < tail),
    };
    let high = match k {
        k if k >= n => 1.0,
        k => bisect(0.0, 1.0, |p| {
            incomplete_beta(p, k + 1.0, n - k) < 1.0 - tail
        }),
    };
    (low, high)
}

/// The smallest difference from 1/2 that a two-sided binomial test of `n` at `level` finds four times of five.
pub(super) fn visible_share(n: usize, level: f64) -> f64 {
    let reach = normal_quantile(1.0 - level / 2.0) + normal_quantile(0.8);
    (0.5 * reach / (n.max(1) as f64).sqrt()).min(0.5)
}

/// Holm's adjustment (1979) of p-values of one family.
pub(super) fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        least = least
            .max(p_values[index] * (p_values.len() - rank) as f64)
            .min(1.0);
        adjusted[index] = least;
    }
    adjusted
}

/// The `p` quantile of numbers in order, between the nearest two.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    assert!(!sorted.is_empty(), "a quantile of no numbers");
    let at = p * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}

/// The logistic function.
pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Its inverse.
pub(super) fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}
