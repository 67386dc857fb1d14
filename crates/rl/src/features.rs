//! Observations as features: what networks read of values of the observation space.

use mdp::Space;

/// Features that an observation of `space` has: one for each choice of a discrete one, else as many as it has numbers.
#[must_use]
pub fn n_features(space: &Space) -> usize {
    space.n_choices().unwrap_or_else(|| space.n_values())
}

/// Writes the features `[N, F]` of observations `[N, n_values]`, as vectorised environments do: a discrete observation
/// is a one-hot row, any other stays as it is.
///
/// # Panics
/// If the lengths do not agree, or a discrete observation is not one of its choices.
pub fn write_features(space: &Space, observations: &[f32], features: &mut [f32]) {
    let Some(n) = space.n_choices() else {
        features.copy_from_slice(observations);
        return;
    };
    assert_eq!(
        features.len(),
        observations.len() * n,
        "a feature for every choice of every observation"
    );
    features.fill(0.0);
    for (row, choice) in features.chunks_exact_mut(n).zip(observations) {
        row[*choice as usize] = 1.0;
    }
}
