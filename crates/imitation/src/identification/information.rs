//! Which directions of a linear reward demonstrations see.

use mdp::{TabularMdp, evaluate_policy};

use super::symmetric::eigen;
use crate::Error;
use crate::experts::continued;

/// Eigenvalues below this share of the greatest are rounding.
const ROUNDING: f64 = 1e-10;

/// Fisher's information of demonstrations about the weights of a linear reward, in its eigenvectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Information {
    /// `[K]`, the greatest first: nats that a demonstration says, to the second order, about a step of length 2^(1/2) in
    /// the direction of each eigenvector.
    pub values: Vec<f64>,
    /// `[K, K]`, a row an eigenvector, of length 1.
    pub vectors: Vec<f64>,
    /// How many directions are seen at all; the others are hidden by shaping, by what features share, or because nobody
    /// went where they matter.
    pub n_identified: usize,
}

impl Information {
    /// The directions that no number of such demonstrations sees, each `[K]` and of length 1.
    pub fn hidden(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        let n = self.values.len();
        self.vectors.chunks(n.max(1)).skip(self.n_identified)
    }

    /// Standard errors of the weights, `[K]`, after `n_demonstrations`, by the Cramér-Rao bound; infinite for a weight on
    /// which a hidden direction leans.
    #[must_use]
    pub fn standard_errors(&self, n_demonstrations: f64) -> Vec<f64> {
        let n = self.values.len();
        let weights = 0..n;
        weights
            .map(|weight| {
                let component = |direction: usize| self.vectors[direction * n + weight];
                let is_hidden = (self.n_identified..n).any(|d| component(d).abs() > 1e-6);
                if is_hidden {
                    return f64::INFINITY;
                }
                let seen = 0..self.n_identified;
                let variance: f64 = seen.map(|d| component(d).powi(2) / self.values[d]).sum();
                (variance / n_demonstrations).sqrt()
            })
            .collect()
    }
}

/// Fisher's information about the weights of `features`, `[S, A, K]`, of a soft-optimal expert at temperature 1 whose
/// policy is `policy`, `[S, A]`, from demonstrations that visit states as `visits`, `[S]`, says:
///
/// ```text
/// Σ_s d(s) Cov_{a ~ π(.|s)} ∂Q(s, a)/∂θ,   ∂Q(s, a)/∂θ = φ(s, a) + γ Σ p(s'|s, a) Σ_a' π(a'|s') ∂Q(s', a')/∂θ
/// ```
///
/// A direction without information changes no choice where anybody went, to the first order: for a reward that may be
/// anything these are the potentials, and what lies out of the way.
///
/// # Errors
/// If tables do not fit, or at discount 1 the policy goes round for ever past a feature.
pub fn information(
    mdp: &TabularMdp,
    features: &[f64],
    n_features: usize,
    policy: &[f64],
    visits: &[f64],
) -> Result<Information, Error> {
    let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
    let n_rows = n_states * n_actions;
    for (found, expected) in [
        (features.len(), n_rows * n_features),
        (policy.len(), n_rows),
        (visits.len(), n_states),
    ] {
        if found != expected {
            return Err(Error::Reward { found, expected });
        }
    }
    // `[K, S, A]`, derivatives of what the values of actions are above their mean.
    let mut gradients = Vec::with_capacity(n_features * n_rows);
    for feature in 0..n_features {
        let rewards: Vec<f64> = (0..n_rows)
            .map(|row| features[row * n_features + feature])
            .collect();
        let values = evaluate_policy(mdp, &rewards, policy)?.values;
        let later = continued(mdp, &values);
        let rows = rewards.iter().zip(&later).enumerate();
        gradients.extend(rows.map(|(row, (r, later))| r + later - values[row / n_actions]));
    }
    let mut matrix = vec![0.0; n_features * n_features];
    for row in (0..n_rows).filter(|row| visits[row / n_actions] * policy[*row] > 0.0) {
        let weight = visits[row / n_actions] * policy[row];
        for i in 0..n_features {
            let left = weight * gradients[i * n_rows + row];
            for j in 0..=i {
                matrix[i * n_features + j] += left * gradients[j * n_rows + row];
            }
        }
    }
    for i in 0..n_features {
        for j in 0..i {
            matrix[j * n_features + i] = matrix[i * n_features + j];
        }
    }
    let (values, vectors) = eigen(matrix, n_features);
    let least = ROUNDING * values.first().copied().unwrap_or(0.0);
    Ok(Information {
        n_identified: values.iter().filter(|value| **value > least).count(),
        values,
        vectors,
    })
}
