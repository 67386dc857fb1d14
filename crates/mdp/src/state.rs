//! States as numbers, so that they can be saved, restored, hashed, recorded and compared.

use thiserror::Error;

use crate::random::{fnv1a, split_mix};

/// A list of numbers is not a state of this environment.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}; the state was saved by another environment or another version of it")]
pub struct StateError(pub String);

/// A state that can be written as a list of numbers and read back exactly.
///
/// Counts and flags are exact in an `f64` up to 2^53. One numeric form serves checkpoints, recorded
/// trajectories, hashes and the search for loops.
///
/// # Design
/// Not `serde`: the numeric form is what the recorded trajectories and the audit need, and a second
/// form would have to be kept equal to it.
pub trait StateVector: Sized {
    /// Appends the state to `out`, always the same number of values for one environment.
    fn write(&self, out: &mut Vec<f64>);

    /// Reads a state that [`StateVector::write`] wrote.
    ///
    /// # Errors
    /// If the numbers are too few, too many, or not possible.
    fn read(values: &[f64]) -> Result<Self, StateError>;

    /// A hash of the state: equal states have equal hashes, on every machine.
    fn hash(&self) -> u64 {
        let mut values = Vec::new();
        self.write(&mut values);
        values.iter().fold(0x51_7CC1, |hash, value| {
            // -0.0 and 0.0 are one state.
            split_mix(hash ^ fnv1a(&(value + 0.0).to_bits().to_le_bytes()))
        })
    }
}

impl<const N: usize> StateVector for [f64; N] {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend_from_slice(self);
    }

    fn read(values: &[f64]) -> Result<Self, StateError> {
        values.try_into().map_err(|_| wrong_length(N, values.len()))
    }
}

impl StateVector for usize {
    fn write(&self, out: &mut Vec<f64>) {
        out.push(*self as f64);
    }

    fn read(values: &[f64]) -> Result<Self, StateError> {
        match values {
            [value] if value.fract() == 0.0 && *value >= 0.0 => Ok(*value as usize),
            [value] => Err(StateError(format!("{value} is no state number"))),
            _ => Err(wrong_length(1, values.len())),
        }
    }
}

/// The error for a list of the wrong length.
#[must_use]
pub fn wrong_length(expected: usize, found: usize) -> StateError {
    StateError(format!("a state has {expected} numbers, not {found}"))
}
