//! What is done to rewards before the optimiser receives them.

#[cfg(test)]
mod tests;

use rl::{Arrays, Error};

use super::config::RewardNormalization;

/// The share of the past that a round leaves in the running moments. Rewards move as the discriminator learns, so the
/// moments forget: after ten rounds a third is left.
const DECAY: f64 = 0.9;

/// Sizes below this are those of a reward that says nothing, which no scale makes larger.
const LEAST_SIZE: f64 = 1e-6;

/// `received = (reward - offset) / scale`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Transform {
    pub(crate) offset: f64,
    pub(crate) scale: f64,
}

/// What is taken off rewards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Origin {
    /// Nothing: an end is worth nothing.
    Zero,
    /// Their running mean, which moves no policy as long as no episode was ever seen to end.
    Mean,
    /// What the absorbing state pays.
    Absorbing(f32),
}

/// What is known of the size of rewards, rounds long past forgotten.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RewardSize {
    normalization: RewardNormalization,
    discount: f64,
    /// Discounted sum of the rewards so far of the episode of each environment, the offset taken off.
    sums: Vec<f64>,
    /// Sum of the weights of the rounds so far.
    weight: f64,
    /// Mean of the rewards.
    mean: f64,
    /// Mean of their squares about it.
    variance: f64,
    /// Mean square of the discounted sums.
    mean_square: f64,
}

impl RewardSize {
    /// For `n` environments.
    pub(crate) fn new(normalization: RewardNormalization, discount: f64, n: usize) -> RewardSize {
        RewardSize {
            normalization,
            discount,
            sums: vec![0.0; n],
            weight: 0.0,
            mean: 0.0,
            variance: 0.0,
            mean_square: 0.0,
        }
    }

    /// Takes note of the rewards of a round, `[T, N]`, and gives the transform that they are received through.
    pub(crate) fn transform(
        &mut self,
        rewards: &[f32],
        ended: &[bool],
        origin: Origin,
    ) -> Transform {
        let n = rewards.len() as f64;
        // About the first one, so that the mean of a constant is that constant exactly.
        let first = f64::from(rewards[0]);
        let mean = first + rewards.iter().map(|r| f64::from(*r) - first).sum::<f64>() / n;
        let squares = rewards.iter().map(|r| (f64::from(*r) - mean).powi(2));
        let variance = squares.sum::<f64>() / n;
        let old = DECAY * self.weight;
        let total = old + 1.0;
        let apart = mean - self.mean;
        self.variance =
            (old * self.variance + variance) / total + old * apart * apart / (total * total);
        self.mean += apart / total;
        let offset = match origin {
            Origin::Zero => 0.0,
            Origin::Mean => self.mean,
            Origin::Absorbing(reward) => f64::from(reward),
        };
        let mean_square = self.push_sums(rewards, ended, offset) / n;
        self.mean_square += (mean_square - self.mean_square) / total;
        self.weight = total;
        let at_least = |size: f64| if size < LEAST_SIZE { 1.0 } else { size };
        match self.normalization {
            RewardNormalization::None => Transform { offset, scale: 1.0 },
            RewardNormalization::Scale => Transform {
                offset,
                scale: at_least(self.mean_square.sqrt()),
            },
            RewardNormalization::Standardize => Transform {
                offset: self.mean,
                scale: at_least(self.variance.sqrt()),
            },
        }
    }

    /// Goes on with the discounted sums, and gives the sum of their squares over the round.
    fn push_sums(&mut self, rewards: &[f32], ended: &[bool], offset: f64) -> f64 {
        let n = self.sums.len();
        let mut squares = 0.0;
        for (rewards, ended) in rewards.chunks_exact(n).zip(ended.chunks_exact(n)) {
            for ((sum, reward), ended) in self.sums.iter_mut().zip(rewards).zip(ended) {
                *sum = *sum * self.discount + f64::from(*reward) - offset;
                squares += *sum * *sum;
                if *ended {
                    *sum = 0.0;
                }
            }
        }
        squares
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        let numbers = [self.weight, self.mean, self.variance, self.mean_square];
        arrays.put_f64("reward_size", [&numbers[..], &self.sums].concat());
    }

    /// What [`RewardSize::save`] put there, of as many environments.
    pub(crate) fn restored(&self, arrays: &mut Arrays) -> Result<RewardSize, Error> {
        let numbers = arrays.take_f64_of("reward_size", 4 + self.sums.len())?;
        let ([weight, mean, variance, mean_square], sums) = numbers
            .split_first_chunk::<4>()
            .expect("as many numbers as were asked for");
        let is_finite = numbers.iter().all(|x| x.is_finite());
        if !is_finite || [weight, variance, mean_square].iter().any(|x| **x < 0.0) {
            return Err(Error::Saved(
                "`reward_size` holds numbers that are no weights, means and squares".to_owned(),
            ));
        }
        Ok(RewardSize {
            weight: *weight,
            mean: *mean,
            variance: *variance,
            mean_square: *mean_square,
            sums: sums.to_vec(),
            ..self.clone()
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
