//! What a comparison says of the returns of two segments (Bradley and Terry, 1952).
//!
//! `P(first better) = ε/2 + (1 - ε) / (1 + exp(-(R₁ - R₂)))`, R being the sum of the rewards of a segment and ε the share
//! of answers that are given at random: 0.1 in Christiano et al. (2017), section 2.2.3, 0 in the library `imitation`.

#[cfg(test)]
mod tests;

/// The cross-entropy of an answer and its derivative with respect to the difference of returns, `R₁ - R₂`. `target` is the
/// share of the judgement that the first has.
pub(crate) fn cross_entropy(difference: f64, target: f64, noise_floor: f64) -> (f64, f64) {
    let first = sigmoid(difference);
    if noise_floor == 0.0 {
        let softplus = difference.max(0.0) + (-difference.abs()).exp().ln_1p();
        return (softplus - target * difference, first - target);
    }
    let second = sigmoid(-difference);
    let (half, rest) = (noise_floor / 2.0, 1.0 - noise_floor);
    let (p_first, p_second) = (half + rest * first, half + rest * second);
    let loss = -target * p_first.ln() - (1.0 - target) * p_second.ln();
    let slope = (1.0 - target) / p_second - target / p_first;
    (loss, rest * first * second * slope)
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
