//! How probable an answer is, given what segments are worth.

/// `P(first better) = ε / 2 + (1 - ε) / (1 + exp(-Δ))`: Bradley and Terry's model of a difference Δ of returns, and with
/// probability ε, the noise floor, a coin (Christiano et al., 2017, section 2.2.3).
#[must_use]
pub(crate) fn first_is_better(difference: f64, noise_floor: f64) -> f64 {
    noise_floor / 2.0 + (1.0 - noise_floor) * sigmoid(difference)
}

/// `1 / (1 + exp(-x))`, without overflow on either side.
#[must_use]
pub(crate) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// `ln(1 / (1 + exp(-x)))`, exact far below 0.
#[must_use]
pub(crate) fn log_sigmoid(x: f64) -> f64 {
    x.min(0.0) - (-x.abs()).exp().ln_1p()
}
