//! Unit vectors, and half the length of their difference.

use crate::flow::norm;

/// A vector shorter than this share of what it was made of is rounding.
const ROUNDING: f64 = 1e-13;

/// A canonical reward as a unit vector, or nothing where it is zero but for rounding.
#[derive(Clone, Debug)]
pub(crate) struct Direction(Option<Vec<f64>>);

impl Direction {
    /// The direction of `values`, which count as zero below rounding of `scale`, the largest number that they were
    /// computed from.
    pub(crate) fn new(mut values: Vec<f64>, scale: f64) -> Direction {
        let largest = values
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        if largest <= ROUNDING * scale {
            return Direction(None);
        }
        // Scaled before squares are taken, so that none overflows or vanishes.
        values.iter_mut().for_each(|value| *value /= largest);
        let length = norm(&values);
        values.iter_mut().for_each(|value| *value /= length);
        Direction(Some(values))
    }

    /// The direction of `values` less their mean, each weighted by a probability.
    pub(crate) fn centred(mut values: Vec<f64>, weights: &[f64], scale: f64) -> Direction {
        let total: f64 = weights.iter().sum();
        let mean = values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total;
        for (value, weight) in values.iter_mut().zip(weights) {
            *value = (*value - mean) * weight.sqrt();
        }
        let heaviest = weights
            .iter()
            .fold(0.0_f64, |most, weight| most.max(*weight));
        Direction::new(values, scale * heaviest.sqrt())
    }

    /// The unit vector, unless there is none.
    pub(crate) fn vector(&self) -> Option<&[f64]> {
        self.0.as_deref()
    }
}

/// Half the length of the difference; `apart` where one of the two is zero, 0 where both are.
pub(crate) fn half_distance(first: &Direction, second: &Direction, apart: f64) -> f64 {
    match (first.vector(), second.vector()) {
        (Some(first), Some(second)) => {
            let squares = first.iter().zip(second).map(|(a, b)| (a - b) * (a - b));
            0.5 * squares.sum::<f64>().sqrt()
        }
        (None, None) => 0.0,
        _ => apart,
    }
}
