//! Scaling of rewards by the running deviation of the discounted return.

use crate::Error;

/// The greatest scaled reward, in size (Huang et al., 2022, detail 9 for continuous actions).
const CLIP: f64 = 10.0;
const EPSILON: f64 = 1e-8;

/// Divides rewards by the running standard deviation of the discounted return, as `VecNormalize` of
/// Stable-Baselines3 does: the mean is kept, so the sign of a reward never changes.
///
/// What the optimiser receives is another number than the specified reward; both are recorded apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RewardScale {
    discount: f64,
    returns: Vec<f64>,
    mean: f64,
    variance: f64,
    count: f64,
}

impl RewardScale {
    pub(crate) fn new(n: usize, discount: f64) -> RewardScale {
        RewardScale {
            discount,
            returns: vec![0.0; n],
            mean: 0.0,
            variance: 1.0,
            count: 1e-4,
        }
    }

    /// Writes the received rewards of one step of every environment.
    pub(crate) fn transform(&mut self, rewards: &[f64], ended: &[bool], received: &mut [f32]) {
        for (sum, reward) in self.returns.iter_mut().zip(rewards) {
            *sum = *sum * self.discount + reward;
        }
        self.update();
        let scale = 1.0 / (self.variance + EPSILON).sqrt();
        for (to, reward) in received.iter_mut().zip(rewards) {
            *to = (reward * scale).clamp(-CLIP, CLIP) as f32;
        }
        for (sum, ended) in self.returns.iter_mut().zip(ended) {
            if *ended {
                *sum = 0.0;
            }
        }
    }

    /// Chan et al.'s parallel update with the present returns.
    fn update(&mut self) {
        let n = self.returns.len() as f64;
        let mean = self.returns.iter().sum::<f64>() / n;
        let variance = self.returns.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        let total = self.count + n;
        let shift = mean - self.mean;
        let squares =
            self.variance * self.count + variance * n + shift * shift * self.count * n / total;
        self.mean += shift * n / total;
        self.variance = squares / total;
        self.count = total;
    }

    pub(crate) fn state(&self) -> Vec<f64> {
        let mut state = vec![self.mean, self.variance, self.count];
        state.extend_from_slice(&self.returns);
        state
    }

    pub(crate) fn restore(&mut self, state: &[f64]) -> Result<(), Error> {
        let [mean, variance, count, returns @ ..] = state else {
            return Err(Error::Saved("the reward scale is cut short".to_owned()));
        };
        if returns.len() != self.returns.len() {
            return Err(Error::Saved(
                "the reward scale is of other environments".to_owned(),
            ));
        }
        (self.mean, self.variance, self.count) = (*mean, *variance, *count);
        self.returns.copy_from_slice(returns);
        Ok(())
    }
}
