//! Observations and actions as flat numbers, the form that networks and recorded rollouts use.

use crate::Space;

/// An observation that a network can read.
pub trait Observation: Clone + Send {
    /// How many features an observation of `space` has.
    fn n_features(space: &Space) -> usize;

    /// Writes the features to `out`, whose length is [`Observation::n_features`].
    fn write_features(&self, out: &mut [f32]);

    /// The observation as a flat value of its [`Space`].
    fn to_value(&self) -> Vec<f32>;
}

impl<const N: usize> Observation for [f32; N] {
    fn n_features(_space: &Space) -> usize {
        N
    }

    #[inline]
    fn write_features(&self, out: &mut [f32]) {
        out.copy_from_slice(self);
    }

    fn to_value(&self) -> Vec<f32> {
        self.to_vec()
    }
}

/// A discrete observation is a one-hot row of features.
impl Observation for usize {
    fn n_features(space: &Space) -> usize {
        match space {
            Space::Discrete { n } => *n,
            other => panic!("an observation number needs a discrete space, not {other:?}"),
        }
    }

    fn write_features(&self, out: &mut [f32]) {
        out.fill(0.0);
        out[*self] = 1.0;
    }

    fn to_value(&self) -> Vec<f32> {
        vec![*self as f32]
    }
}

/// An observation whose number of features is settled when the environment is made.
impl Observation for Vec<f32> {
    fn n_features(space: &Space) -> usize {
        space.n_values()
    }

    fn write_features(&self, out: &mut [f32]) {
        out.copy_from_slice(self);
    }

    fn to_value(&self) -> Vec<f32> {
        self.clone()
    }
}

/// An action as flat numbers. Choices are exact in an `f32` up to 2^24.
pub trait Action: Clone + Send {
    /// Reads an action from a value that its space contains.
    fn from_value(value: &[f32]) -> Self;

    /// The action as a flat value of its [`Space`].
    fn to_value(&self) -> Vec<f32>;
}

impl Action for usize {
    #[inline]
    fn from_value(value: &[f32]) -> Self {
        value[0] as usize
    }

    fn to_value(&self) -> Vec<f32> {
        vec![*self as f32]
    }
}

impl<const N: usize> Action for [f32; N] {
    #[inline]
    fn from_value(value: &[f32]) -> Self {
        value
            .try_into()
            .expect("an action has as many numbers as its space")
    }

    fn to_value(&self) -> Vec<f32> {
        self.to_vec()
    }
}

impl<const N: usize> Action for [usize; N] {
    #[inline]
    fn from_value(value: &[f32]) -> Self {
        assert_eq!(value.len(), N, "an action has as many numbers as its space");
        std::array::from_fn(|factor| value[factor] as usize)
    }

    fn to_value(&self) -> Vec<f32> {
        self.iter().map(|choice| *choice as f32).collect()
    }
}
