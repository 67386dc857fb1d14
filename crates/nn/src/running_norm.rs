//! Observations brought to mean 0 and variance 1 by what has been seen so far.

#[cfg(test)]
mod tests;

use crate::error::Error;

/// How far from zero normalised numbers may lie, as in Stable-Baselines3 and the Gymnasium wrappers.
const LIMIT: f32 = 10.0;

/// Added to variances before the root is taken.
const LEAST_VARIANCE: f64 = 1e-8;

/// The count that mean 0 and variance 1 have before anything was seen, as in the peers: it keeps the first batch from
/// being divided by zero.
const FIRST_COUNT: f64 = 1e-4;

/// Mean and variance of each feature of the rows seen so far, and the normalisation by them.
///
/// Batches are merged by the parallel form of Welford's method (Chan, Golub and LeVeque, 1979), in `f64`. A policy
/// under evaluation should not learn from it: take [`RunningNorm::frozen`] then.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningNorm {
    count: f64,
    variance: Vec<f64>,
    /// Holds the means; and follows the variances.
    current: Normalization,
}

/// A fixed shift and scale for each feature, and a limit: `clamp((x - mean) / sqrt(variance + 1e-8), ±10)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    mean: Vec<f64>,
    inverse_deviation: Vec<f64>,
}

impl RunningNorm {
    /// Mean 0 and variance 1, about to be forgotten.
    ///
    /// # Panics
    ///
    /// If there are no features.
    #[must_use]
    pub fn new(n_features: usize) -> RunningNorm {
        assert!(n_features > 0, "at least one feature to normalise");
        RunningNorm {
            count: FIRST_COUNT,
            variance: vec![1.0; n_features],
            current: Normalization {
                mean: vec![0.0; n_features],
                inverse_deviation: vec![inverse_deviation(1.0); n_features],
            },
        }
    }

    /// Features in a row.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.variance.len()
    }

    /// The mean of each feature so far.
    #[must_use]
    pub fn mean(&self) -> &[f64] {
        &self.current.mean
    }

    /// The variance of each feature so far, divided by the count.
    #[must_use]
    pub fn variance(&self) -> &[f64] {
        &self.variance
    }

    /// Learns from `rows`, `[any, n_features]`. The bits depend on how rows are grouped into batches.
    ///
    /// # Panics
    ///
    /// If `rows` does not hold whole rows.
    pub fn update(&mut self, rows: &[f32]) {
        let n_features = self.n_features();
        assert!(rows.len().is_multiple_of(n_features), "whole rows");
        if rows.is_empty() {
            return;
        }
        let n_rows = (rows.len() / n_features) as f64;
        let total = self.count + n_rows;
        for feature in 0..n_features {
            let values = || rows[feature..].iter().step_by(n_features);
            let batch_mean = values().map(|value| f64::from(*value)).sum::<f64>() / n_rows;
            let square = |value: &f32| (f64::from(*value) - batch_mean).powi(2);
            let batch_squares: f64 = values().map(square).sum();
            let (mean, variance) = (&mut self.current.mean[feature], &mut self.variance[feature]);
            let difference = batch_mean - *mean;
            let between = difference * difference * (self.count * n_rows / total);
            *mean += difference * (n_rows / total);
            *variance = (*variance * self.count + batch_squares + between) / total;
            self.current.inverse_deviation[feature] = inverse_deviation(*variance);
        }
        self.count = total;
    }

    /// Normalises `rows`, `[any, n_features]`, into `out`.
    ///
    /// # Panics
    ///
    /// If `rows` does not hold whole rows or `out` has another length.
    pub fn normalize(&self, rows: &[f32], out: &mut [f32]) {
        self.current.normalize(rows, out);
    }

    /// Normalises `rows`, `[any, n_features]`.
    ///
    /// # Panics
    ///
    /// If `rows` does not hold whole rows.
    pub fn normalize_in_place(&self, rows: &mut [f32]) {
        self.current.normalize_in_place(rows);
    }

    /// The normalisation by what is known so far, which will not change.
    #[must_use]
    pub fn frozen(&self) -> Normalization {
        self.current.clone()
    }

    /// All that is known, for checkpoints: the count, the means, the variances.
    #[must_use]
    pub fn state(&self) -> Vec<f64> {
        [&[self.count], self.mean(), self.variance()].concat()
    }

    /// Goes on from a state that [`RunningNorm::state`] gave.
    ///
    /// # Errors
    ///
    /// If the state is not of so many features, or a number is not finite, the count not positive, a variance negative.
    pub fn from_state(n_features: usize, state: &[f64]) -> Result<RunningNorm, Error> {
        let refuse = |problem: String| Err(Error::Normalization(problem));
        if n_features == 0 || state.len().checked_sub(1) != n_features.checked_mul(2) {
            return refuse(format!(
                "there are {} numbers for {n_features} features",
                state.len()
            ));
        }
        let (count, moments) = (state[0], &state[1..]);
        if !count.is_finite() || count <= 0.0 {
            return refuse(format!("the count is {count}"));
        }
        let (mean, variance) = moments.split_at(n_features);
        if let Some(feature) = mean.iter().position(|mean| !mean.is_finite()) {
            return refuse(format!("feature {feature} has mean {}", mean[feature]));
        }
        let is_possible = |variance: &f64| variance.is_finite() && *variance >= 0.0;
        if let Some(feature) = variance.iter().position(|variance| !is_possible(variance)) {
            return refuse(format!(
                "feature {feature} has variance {}",
                variance[feature]
            ));
        }
        Ok(RunningNorm {
            count,
            variance: variance.to_vec(),
            current: Normalization {
                mean: mean.to_vec(),
                inverse_deviation: variance.iter().copied().map(inverse_deviation).collect(),
            },
        })
    }
}

fn inverse_deviation(variance: f64) -> f64 {
    1.0 / (variance + LEAST_VARIANCE).sqrt()
}

impl Normalization {
    /// Normalises `rows`, `[any, n_features]`, into `out`.
    ///
    /// # Panics
    ///
    /// If `rows` does not hold whole rows or `out` has another length.
    pub fn normalize(&self, rows: &[f32], out: &mut [f32]) {
        assert_eq!(rows.len(), out.len(), "a result for every number");
        out.copy_from_slice(rows);
        self.normalize_in_place(out);
    }

    /// Normalises `rows`, `[any, n_features]`.
    ///
    /// # Panics
    ///
    /// If `rows` does not hold whole rows.
    pub fn normalize_in_place(&self, rows: &mut [f32]) {
        let n_features = self.mean.len();
        assert!(rows.len().is_multiple_of(n_features), "whole rows");
        for row in rows.chunks_exact_mut(n_features) {
            for ((value, mean), scale) in
                row.iter_mut().zip(&self.mean).zip(&self.inverse_deviation)
            {
                let scaled = ((f64::from(*value) - mean) * scale) as f32;
                *value = scaled.clamp(-LIMIT, LIMIT);
            }
        }
    }
}
