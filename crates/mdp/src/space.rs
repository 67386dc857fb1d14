//! Spaces: which observations and which actions are possible.

use std::fmt;

use crate::{Rng, index, normal, uniform_in};

/// A set of possible values, as plain data. It owns no random generator.
///
/// A value is a flat slice of numbers in every case: the index of a discrete choice, one index per
/// factor, the numbers of a box in row-major order, or the parts of a tuple one after the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Space {
    /// One of `n` choices, numbered from 0.
    Discrete {
        /// Number of choices, at least 1.
        n: usize,
    },
    /// One choice per factor.
    MultiDiscrete {
        /// Number of choices of each factor.
        sizes: Vec<usize>,
    },
    /// A box of real numbers.
    Continuous {
        /// Least value of each number; may be negative infinity.
        low: Vec<f32>,
        /// Greatest value of each number; may be infinity.
        high: Vec<f32>,
        /// Extents whose product is the number of values.
        shape: Vec<usize>,
    },
    /// Several spaces at once.
    Tuple(Vec<Space>),
}

impl Space {
    /// A box of one dimension with the same bounds for each of `n` numbers.
    #[must_use]
    pub fn continuous(low: f32, high: f32, n: usize) -> Space {
        Space::Continuous {
            low: vec![low; n],
            high: vec![high; n],
            shape: vec![n],
        }
    }

    /// A box of one dimension with bounds of its own for each number.
    ///
    /// # Panics
    /// If the two slices differ in length.
    #[must_use]
    pub fn bounded(low: &[f32], high: &[f32]) -> Space {
        assert_eq!(low.len(), high.len(), "as many lower as upper bounds");
        Space::Continuous {
            low: low.to_vec(),
            high: high.to_vec(),
            shape: vec![low.len()],
        }
    }

    /// How many numbers a value of this space has.
    #[must_use]
    pub fn n_values(&self) -> usize {
        match self {
            Space::Discrete { .. } => 1,
            Space::MultiDiscrete { sizes } => sizes.len(),
            Space::Continuous { low, .. } => low.len(),
            Space::Tuple(parts) => parts.iter().map(Space::n_values).sum(),
        }
    }

    /// Number of choices, where the space is one discrete choice.
    #[must_use]
    pub fn n_choices(&self) -> Option<usize> {
        match self {
            Space::Discrete { n } => Some(*n),
            _ => None,
        }
    }

    /// The extents of a value: empty for one discrete choice.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        match self {
            Space::Discrete { .. } => vec![],
            Space::MultiDiscrete { sizes } => vec![sizes.len()],
            Space::Continuous { shape, .. } => shape.clone(),
            Space::Tuple(_) => vec![self.n_values()],
        }
    }

    /// Whether `value` (flat, see [`Space`]) belongs to the space. A wrong length or a NaN does not.
    #[must_use]
    pub fn contains(&self, value: &[f32]) -> bool {
        if value.len() != self.n_values() {
            return false;
        }
        match self {
            Space::Discrete { n } => is_choice(value[0], *n),
            Space::MultiDiscrete { sizes } => value
                .iter()
                .zip(sizes)
                .all(|(choice, n)| is_choice(*choice, *n)),
            Space::Continuous { low, high, .. } => value
                .iter()
                .zip(low.iter().zip(high))
                .all(|(x, (low, high))| low <= x && x <= high),
            Space::Tuple(parts) => {
                let mut start = 0;
                parts.iter().all(|part| {
                    let end = start + part.n_values();
                    let inside = part.contains(&value[start..end]);
                    start = end;
                    inside
                })
            }
        }
    }

    /// Every value, in order, where they can be counted: the last factor of several changes fastest.
    #[must_use]
    pub fn values(&self) -> Option<Vec<Vec<f32>>> {
        match self {
            Space::Discrete { n } => Some((0..*n).map(|choice| vec![choice as f32]).collect()),
            Space::MultiDiscrete { sizes } => {
                let mut values = vec![vec![]];
                for size in sizes {
                    let longer =
                        |value: &Vec<f32>, choice| [value.as_slice(), &[choice as f32]].concat();
                    values = values
                        .iter()
                        .flat_map(|value| (0..*size).map(move |choice| longer(value, choice)))
                        .collect();
                }
                Some(values)
            }
            Space::Continuous { .. } | Space::Tuple(_) => None,
        }
    }

    /// The place of a value among [`Space::values`]; none where it is no value of the space, or they cannot be counted.
    #[must_use]
    pub fn number_of(&self, value: &[f32]) -> Option<usize> {
        if !self.contains(value) {
            return None;
        }
        match self {
            Space::Discrete { .. } => Some(value[0] as usize),
            Space::MultiDiscrete { sizes } => {
                let choices = sizes.iter().zip(value);
                Some(choices.fold(0, |number, (size, choice)| number * size + *choice as usize))
            }
            Space::Continuous { .. } | Space::Tuple(_) => None,
        }
    }

    /// A random value: uniform where bounded, otherwise normal or exponential from the finite bound, as in Gymnasium.
    #[must_use]
    pub fn sample(&self, rng: &mut Rng) -> Vec<f32> {
        match self {
            Space::Discrete { n } => vec![index(*n, rng) as f32],
            Space::MultiDiscrete { sizes } => sizes.iter().map(|n| index(*n, rng) as f32).collect(),
            Space::Continuous { low, high, .. } => low
                .iter()
                .zip(high)
                .map(|(low, high)| sample_between(*low, *high, rng))
                .collect(),
            Space::Tuple(parts) => parts.iter().flat_map(|part| part.sample(rng)).collect(),
        }
    }
}

/// In words, for messages: `one of 5 choices`.
impl fmt::Display for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Space::Discrete { n } => write!(f, "one of {n} choices"),
            Space::MultiDiscrete { sizes } => write!(f, "{} choices at once", sizes.len()),
            Space::Continuous { low, .. } if low.len() == 1 => write!(f, "one continuous number"),
            Space::Continuous { low, .. } => write!(f, "{} continuous numbers", low.len()),
            Space::Tuple(parts) => write!(f, "{} parts at once", parts.len()),
        }
    }
}

fn is_choice(value: f32, n: usize) -> bool {
    value.fract() == 0.0 && 0.0 <= value && (value as usize) < n
}

fn sample_between(low: f32, high: f32, rng: &mut Rng) -> f32 {
    match (low.is_finite(), high.is_finite()) {
        (true, true) => uniform_in(f64::from(low), f64::from(high), rng) as f32,
        (true, false) => low - (1.0 - crate::uniform(rng)).ln() as f32,
        (false, true) => high + (1.0 - crate::uniform(rng)).ln() as f32,
        (false, false) => normal(rng) as f32,
    }
}
