//! A grid of experts: every kind of bias at a few strengths.

use super::{Bias, Expert, Foresight};

/// Delays after which hyperbolic experts of the grid are rational.
const MAX_DELAY: usize = 20;

/// Every kind of bias at a few strengths, each at each of the inverse temperatures: what an inference may suppose of an
/// expert of whom nothing is known.
///
/// Strengths are those between which choices differ on small gridworlds; a kind is listed from the weakest to the
/// strongest. Anti-rational and indifferent experts are not in it: they explain anything, so whoever means them adds them.
#[must_use]
pub fn expert_grid(inverse_temperatures: &[f64]) -> Vec<Expert> {
    let hyperbolic = |foresight| {
        [0.5, 2.0].map(|rate| Bias::Hyperbolic {
            rate,
            max_delay: MAX_DELAY,
            foresight,
        })
    };
    let mut biases = vec![Bias::Rational];
    biases.extend([0.8, 0.5].map(|discount| Bias::Myopic { discount }));
    biases.extend([5, 3].map(|depth| Bias::Bounded { depth }));
    biases.extend(hyperbolic(Foresight::Naive));
    biases.extend(hyperbolic(Foresight::Sophisticated));
    biases.extend([2.0, 6.0].map(|power| Bias::Confidence { power }));
    biases.extend([0.5, 0.2].map(|power| Bias::Confidence { power }));
    let each = biases.iter();
    each.flat_map(|bias| {
        let noisy = inverse_temperatures.iter();
        noisy.map(|beta| Expert::noisy(*bias, *beta))
    })
    .collect()
}
