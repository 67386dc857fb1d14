//! What is done to rewards before the optimiser receives them.

use rl::{Arrays, Error};

use super::config::RewardNormalization;

/// The share of the past that a round leaves in the running moments. Rewards move as the discriminator learns, so the
/// moments forget: after ten rounds a third is left.
const DECAY: f64 = 0.9;

/// Deviations below this are those of a constant reward, which no scale makes larger.
const LEAST_DEVIATION: f64 = 1e-6;

/// `received = (reward - offset) / scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Transform {
    pub(crate) offset: f64,
    pub(crate) scale: f64,
}

/// Running mean and mean square of the rewards, rounds long past forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RunningMoments {
    /// Sum of the weights of the rounds so far.
    weight: f64,
    mean: f64,
    /// Mean of the squares about the mean.
    variance: f64,
}

impl RunningMoments {
    /// Takes note of the rewards of a round.
    pub(crate) fn push(&mut self, rewards: &[f32]) {
        let n = rewards.len() as f64;
        let mean = rewards.iter().map(|r| f64::from(*r)).sum::<f64>() / n;
        let squares = rewards.iter().map(|r| (f64::from(*r) - mean).powi(2));
        let variance = squares.sum::<f64>() / n;
        let old = DECAY * self.weight;
        let total = old + 1.0;
        let apart = mean - self.mean;
        self.variance =
            (old * self.variance + variance) / total + old * apart * apart / (total * total);
        self.mean += apart / total;
        self.weight = total;
    }

    /// The transform of the next round. `absorbing` is what the absorbing state pays, where there is one.
    pub(crate) fn transform(
        &self,
        normalization: RewardNormalization,
        absorbing: Option<f32>,
    ) -> Transform {
        let offset = f64::from(absorbing.unwrap_or(0.0));
        let scale = self.variance.sqrt();
        let scale = if scale < LEAST_DEVIATION { 1.0 } else { scale };
        match normalization {
            RewardNormalization::None => Transform { offset, scale: 1.0 },
            RewardNormalization::Scale => Transform { offset, scale },
            RewardNormalization::Standardize => Transform {
                offset: self.mean,
                scale,
            },
        }
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        let numbers = [self.weight, self.mean, self.variance];
        arrays.put_f64("reward_moments", numbers);
    }

    pub(crate) fn restore(arrays: &mut Arrays) -> Result<RunningMoments, Error> {
        let numbers = arrays.take_f64_of("reward_moments", 3)?;
        let [weight, mean, variance] = numbers[..] else {
            unreachable!("three numbers were asked for");
        };
        let are_moments = numbers.iter().all(|x| x.is_finite()) && 0.0 <= weight && 0.0 <= variance;
        if !are_moments {
            return Err(Error::Saved(format!(
                "`reward_moments` are {numbers:?}, a weight, a mean and a variance were expected"
            )));
        }
        Ok(RunningMoments {
            weight,
            mean,
            variance,
        })
    }
}

impl Transform {
    pub(crate) fn apply(self, rewards: &mut [f32]) {
        for reward in rewards {
            *reward = ((f64::from(*reward) - self.offset) / self.scale) as f32;
        }
    }
}
