//! Observations brought to mean 0 and variance 1 by what has been seen so far.

use crate::error::Error;

/// How far from zero normalised numbers may lie, as in Stable-Baselines3 and the Gymnasium wrappers.
pub const NORMALISED_LIMIT: f32 = 10.0;

/// Added to variances before the root is taken.
const LEAST_VARIANCE: f64 = 1e-8;

/// The count that mean 0 and variance 1 have before anything was seen, as in the peers: it keeps the first batch from
/// being divided by zero.
const FIRST_COUNT: f64 = 1e-4;

/// Mean and variance of each feature of the rows seen so far.
///
/// Batches are merged by the parallel form of Welford's method (Chan, Golub and LeVeque, 1979), in `f64`. For
/// evaluation take [`RunningNorm::normalisation`] and clone it: a value that does not learn.
#[derive(Clone, Debug, PartialEq)]
pub struct RunningNorm {
    moments: Moments,
    normalisation: Normalisation,
}

/// What a [`RunningNorm`] knows, for checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Rows seen, and a little for the start.
    pub count: f64,
    /// The mean of each feature.
    pub mean: Vec<f64>,
    /// The variance of each feature, divided by the count.
    pub variance: Vec<f64>,
}

/// A fixed shift and scale for each feature, and a limit: `clamp((x - mean) / sqrt(variance + 1e-8), ±10)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalisation {
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
        RunningNorm::from_moments(Moments {
            count: FIRST_COUNT,
            mean: vec![0.0; n_features],
            variance: vec![1.0; n_features],
        })
        .expect("at least one feature to normalise")
    }

    /// Goes on from moments that were saved.
    ///
    /// # Errors
    ///
    /// If there are no features, there are not as many variances as means, or a number is not finite, the count not
    /// positive, or a variance negative.
    pub fn from_moments(moments: Moments) -> Result<RunningNorm, Error> {
        let (n_means, n_variances) = (moments.mean.len(), moments.variance.len());
        if n_means == 0 || n_means != n_variances {
            return Err(Error::Normalisation(format!(
                "there are {n_means} means and {n_variances} variances"
            )));
        }
        if !moments.count.is_finite() || moments.count <= 0.0 {
            return Err(Error::Normalisation(format!(
                "the count is {}",
                moments.count
            )));
        }
        let is_bad = |(mean, variance): (&f64, &f64)| {
            !mean.is_finite() || !variance.is_finite() || *variance < 0.0
        };
        if let Some(feature) = moments.mean.iter().zip(&moments.variance).position(is_bad) {
            let (mean, variance) = (moments.mean[feature], moments.variance[feature]);
            return Err(Error::Normalisation(format!(
                "feature {feature} has mean {mean} and variance {variance}"
            )));
        }
        let normalisation = Normalisation {
            mean: moments.mean.clone(),
            inverse_deviation: moments
                .variance
                .iter()
                .copied()
                .map(inverse_deviation)
                .collect(),
        };
        Ok(RunningNorm {
            moments,
            normalisation,
        })
    }

    /// What is known so far.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The normalisation by what is known so far.
    #[must_use]
    pub fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    /// Learns from `rows`, `[any, n_features]`. The bits depend on how rows are grouped into batches.
    ///
    /// # Panics
    ///
    /// If `rows` does not hold whole rows.
    pub fn update(&mut self, rows: &[f32]) {
        let Moments {
            count,
            mean,
            variance,
        } = &mut self.moments;
        let n_features = mean.len();
        assert!(rows.len().is_multiple_of(n_features), "whole rows");
        let n_rows = (rows.len() / n_features) as f64;
        if rows.is_empty() {
            return;
        }
        let total = *count + n_rows;
        for feature in 0..n_features {
            let values = || {
                rows[feature..]
                    .iter()
                    .step_by(n_features)
                    .map(|value| f64::from(*value))
            };
            let batch_mean = values().sum::<f64>() / n_rows;
            let batch_squares: f64 = values().map(|value| (value - batch_mean).powi(2)).sum();
            let difference = batch_mean - mean[feature];
            let squares = variance[feature] * *count
                + batch_squares
                + difference * difference * (*count * n_rows / total);
            mean[feature] += difference * (n_rows / total);
            variance[feature] = squares / total;
            self.normalisation.mean[feature] = mean[feature];
            self.normalisation.inverse_deviation[feature] = inverse_deviation(variance[feature]);
        }
        *count = total;
    }
}

fn inverse_deviation(variance: f64) -> f64 {
    1.0 / (variance + LEAST_VARIANCE).sqrt()
}

impl Normalisation {
    /// Features in a row.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.mean.len()
    }

    /// Normalises `rows`, `[any, n_features]`, in place.
    ///
    /// # Panics
    ///
    /// If `rows` does not hold whole rows.
    pub fn apply(&self, rows: &mut [f32]) {
        assert!(rows.len().is_multiple_of(self.n_features()), "whole rows");
        for row in rows.chunks_exact_mut(self.n_features()) {
            for ((value, mean), scale) in
                row.iter_mut().zip(&self.mean).zip(&self.inverse_deviation)
            {
                *value = normalise(f64::from(*value), *mean, *scale);
            }
        }
    }

    /// Normalises `rows`, `[any, n_features]`, into `normalised`.
    ///
    /// # Panics
    ///
    /// If `rows` does not hold whole rows or `normalised` has another length.
    pub fn apply_into(&self, rows: &[f32], normalised: &mut [f32]) {
        assert_eq!(rows.len(), normalised.len(), "a result for every number");
        normalised.copy_from_slice(rows);
        self.apply(normalised);
    }
}

fn normalise(value: f64, mean: f64, inverse_deviation: f64) -> f32 {
    let scaled = ((value - mean) * inverse_deviation) as f32;
    scaled.clamp(-NORMALISED_LIMIT, NORMALISED_LIMIT)
}
