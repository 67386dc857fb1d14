//! The best of several segments.
//!
//! One look at k segments says as much as k - 1 comparisons with the chosen one, though not independent ones: the choice
//! is the first place of a Plackett-Luce ranking, `P(i) = ε / k + (1 - ε) exp(R_i) / Σ_j exp(R_j)`, R being the returns
//! that a reward model gives them and ε the share of choices taken to be made at random. For two it is the Bradley-Terry
//! model of a comparison. It trains the same models as comparisons do ([`Label::Best`]).

#[cfg(test)]
mod tests;

use std::sync::Arc;

use feedback::{Error, Judge};
use mdp::{Seed, Segment, categorical, index, uniform};

use crate::Label;

/// Loss of a choice; its derivatives with respect to the returns, `[k]`, are written to `d_returns`.
pub(crate) fn choice_loss(
    returns: &[f64],
    chosen: usize,
    noise_floor: f64,
    d_returns: &mut [f64],
) -> f64 {
    let shares = softmax(returns);
    let k = returns.len() as f64;
    let share = shares[chosen];
    let probability = noise_floor / k + (1.0 - noise_floor) * share;
    // d P / d R_j = (1 - ε) p_chosen ([j = chosen] - p_j); without a floor the share cancels and cannot underflow.
    let factor = match noise_floor {
        0.0 => 1.0,
        _ => (1.0 - noise_floor) * share / probability,
    };
    for (index, (d, p)) in d_returns.iter_mut().zip(&shares).enumerate() {
        *d = factor * (p - f64::from(u8::from(index == chosen)));
    }
    if noise_floor == 0.0 {
        let greatest = returns.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = returns.iter().map(|r| (r - greatest).exp()).sum();
        return sum.ln() + greatest - returns[chosen];
    }
    -probability.ln()
}

/// `exp(R_i) / Σ_j exp(R_j)`.
pub(crate) fn softmax(returns: &[f64]) -> Vec<f64> {
    let greatest = returns.iter().copied().fold(f64::MIN, f64::max);
    let weights: Vec<f64> = returns.iter().map(|r| (r - greatest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

/// Whoever chooses the best of several, simulated: a judge, a temperature and mistakes.
///
/// Chance comes from the seed and the number of the question alone, so that the same questions get the same answers in
/// whatever portions they are asked.
#[derive(Clone)]
pub struct SimulatedChooser {
    judge: Arc<dyn Judge>,
    temperature: f64,
    mistakes: f64,
    seed: Seed,
}

impl SimulatedChooser {
    /// A chooser who takes each with probability proportional to `exp(score / temperature)`, at temperature 0 the best
    /// (the first of several), and at the rate `mistakes` any.
    ///
    /// # Errors
    /// If the temperature is negative or the rate is none.
    pub fn new(
        judge: Arc<dyn Judge>,
        temperature: f64,
        mistakes: f64,
        seed: Seed,
    ) -> Result<SimulatedChooser, Error> {
        if !(temperature.is_finite() && 0.0 <= temperature) {
            return Err(Error::Setting {
                key: "temperature",
                value: temperature.to_string(),
                allowed: "a number from 0",
            });
        }
        if !(0.0..=1.0).contains(&mistakes) {
            return Err(Error::Setting {
                key: "mistakes",
                value: mistakes.to_string(),
                allowed: "a rate between 0 and 1",
            });
        }
        Ok(SimulatedChooser {
            judge,
            temperature,
            mistakes,
            seed,
        })
    }

    /// The best of some segments.
    ///
    /// # Errors
    /// If the judge has no score for one of them, or there are not 2 to 65,535.
    pub fn best(&self, question: u64, segments: &[&Segment]) -> Result<Label, Error> {
        let n = u16::try_from(segments.len()).ok().filter(|n| 2 <= *n);
        let of = n.ok_or_else(|| Error::Setting {
            key: "segments",
            value: segments.len().to_string(),
            allowed: "2 to 65535 to choose from",
        })?;
        let scores: Vec<f64> = segments.iter().map(|one| self.judge.score(one)).collect();
        if scores.iter().any(|score| score.is_nan()) {
            return Err(Error::NoScore {
                question,
                annotator: "simulated chooser".to_owned(),
            });
        }
        let mut rng = self.seed.stream("simulated chooser", question);
        let chosen = if uniform(&mut rng) < self.mistakes {
            index(scores.len(), &mut rng)
        } else if self.temperature == 0.0 {
            let best = scores.iter().copied().fold(f64::MIN, f64::max);
            let first = scores.iter().position(|score| *score == best);
            first.expect("one of them is the greatest")
        } else {
            let scaled: Vec<f64> = scores.iter().map(|s| s / self.temperature).collect();
            categorical(&softmax(&scaled), &mut rng)
        };
        Ok(Label::Best {
            chosen: chosen as u16,
            of,
        })
    }
}
