//! Quantilizers (Taylor, 2016): take from the best share of what a trusted base would have done, and no further.
//!
//! A q-quantilizer draws from the base distribution conditioned on its best q of probability by the reward. Whatever
//! costs the reward does not see, none can become more than 1/q times as large as under the base.

#[cfg(test)]
mod tests;

use mdp::{TabularMdp, policy_iteration};

use crate::CheckError;
use crate::certificate::{Certificate, certificate_of_visits, check_distribution, visits_of};
use crate::error::{check_policy, check_table};

/// The best share of a base distribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantilized {
    /// Probability of each option.
    pub probabilities: Vec<f64>,
    /// The share of the base that is kept, above 0 and at most 1.
    pub share: f64,
    /// KL divergence from the base, in nats: `-log q`, less where options at the edge are kept in part.
    pub kl: f64,
    /// Chi-squared divergence from the base: `1/q - 1`, less where options at the edge are kept in part.
    pub chi_squared: f64,
}

impl Quantilized {
    /// The mean of something over the options.
    #[must_use]
    pub fn mean(&self, values: &[f64]) -> f64 {
        assert_eq!(
            values.len(),
            self.probabilities.len(),
            "one value an option"
        );
        let weighted = self.probabilities.iter().zip(values);
        weighted.map(|(p, value)| p * value).sum()
    }

    /// The most that a cost of at least 0 can come to, given what it comes to under the base: `E_base[cost] / q`.
    #[must_use]
    pub fn cost_bound(&self, base_cost: f64) -> f64 {
        base_cost / self.share
    }

    /// The most that the KL divergence can be: `-log q`.
    #[must_use]
    pub fn kl_bound(&self) -> f64 {
        -self.share.ln()
    }

    /// The most that the chi-squared divergence can be: `1/q - 1`.
    #[must_use]
    pub fn chi_squared_bound(&self) -> f64 {
        self.share.recip() - 1.0
    }
}

/// The best `share` of the base distribution by `values`: options in falling order of value until their probability
/// comes to the share, scaled up to one. Options with the value at the edge are all kept in the same part, so that the
/// order of the options does not matter.
///
/// Each option keeps at most its base probability over q, so costs grow at most by 1/q; with `p = base/q` on what is kept,
/// `Σ p log(p / base) = -log q` and `Σ p²/base - 1 = 1/q - 1`.
///
/// # Errors
/// If the lengths differ, a value is not finite, the base is no distribution, or the share is not above 0 and at most 1.
pub fn quantilize(base: &[f64], values: &[f64], share: f64) -> Result<Quantilized, CheckError> {
    check_distribution("the base", base, values.len())?;
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(CheckError::NotFinite {
            what: "the values",
            index,
            value: values[index],
        });
    }
    if !(share > 0.0 && share <= 1.0) {
        return Err(CheckError::Share { share });
    }
    let mut order: Vec<usize> = (0..base.len()).filter(|index| base[*index] > 0.0).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let mut probabilities = vec![0.0; base.len()];
    let mut left = share;
    for tied in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let mass: f64 = tied.iter().map(|index| base[*index]).sum();
        let kept = f64::min(left / mass, 1.0);
        for index in tied {
            probabilities[*index] = kept * base[*index];
        }
        left -= kept * mass;
        if left <= 0.0 {
            break;
        }
    }
    let total: f64 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|p| *p /= total);
    let (kl, chi_squared) = divergences(base, &probabilities);
    Ok(Quantilized {
        probabilities,
        share,
        kl,
        chi_squared,
    })
}

/// KL and chi-squared divergence of `probabilities` from `base`.
fn divergences(base: &[f64], probabilities: &[f64]) -> (f64, f64) {
    let kept = base.iter().zip(probabilities).filter(|(_, p)| **p > 0.0);
    let (mut kl, mut square) = (0.0, 0.0);
    for (base, p) in kept {
        kl += p * (p / base).ln();
        square += p * p / base;
    }
    (f64::max(kl, 0.0), f64::max(square - 1.0, 0.0))
}

/// A quantilizer over whole policies: one is drawn at the start of each episode.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantilizedPolicies {
    /// The distribution over the policies.
    pub choice: Quantilized,
    /// Laidlaw's certificate of the quantilizer against its base. The divergence of visits is at most that of the choice,
    /// and so at most `1/q - 1`.
    pub certificate: Certificate,
}

/// Quantilizes over policies, `[S, A]` each, drawn with the probabilities of `base`, by their returns under the reward,
/// and certifies the result. Both rewards are expected, `[S, A]`.
///
/// # Errors
/// If a table, a policy or the base does not fit, or the discount is 1.
pub fn quantilize_policies(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    policies: &[Vec<f64>],
    base: &[f64],
    share: f64,
) -> Result<QuantilizedPolicies, CheckError> {
    check_table(mdp, "the reward", reward)?;
    check_table(mdp, "the intent", intent)?;
    let mut by_policy = Vec::with_capacity(policies.len());
    for policy in policies {
        by_policy.push(visits_of(mdp, "a policy", policy)?);
    }
    let returns: Vec<f64> = by_policy
        .iter()
        .map(|visits| visits.iter().zip(reward).map(|(v, r)| v * r).sum())
        .collect();
    let choice = quantilize(base, &returns, share)?;
    let mixed = |weights: &[f64]| {
        let mut mixed = vec![0.0; reward.len() + 1];
        for (weight, visits) in weights.iter().zip(&by_policy) {
            for (sum, visit) in mixed.iter_mut().zip(visits) {
                *sum += weight * visit;
            }
        }
        mixed
    };
    let with_end = |table: &[f64]| table.iter().copied().chain([0.0]).collect::<Vec<f64>>();
    let certificate = certificate_of_visits(
        &mixed(base),
        &mixed(&choice.probabilities),
        &with_end(reward),
        &with_end(intent),
    )?;
    Ok(QuantilizedPolicies {
        choice,
        certificate,
    })
}

/// The policy, `[S, A]`, that quantilizes in every state over the actions of a base policy, `[S, A]`, by `q_values`,
/// `[S, A]`. What holds of one choice compounds over an episode: over T choices costs can grow by `q^-T`.
///
/// # Errors
/// If the base is no policy, a value is not finite, or the share is not above 0 and at most 1.
pub fn quantilize_actions(
    mdp: &TabularMdp,
    base: &[f64],
    q_values: &[f64],
    share: f64,
) -> Result<Vec<f64>, CheckError> {
    check_policy(mdp, "the base policy", base)?;
    check_table(mdp, "the values of the actions", q_values)?;
    let rows = base
        .chunks(mdp.n_actions())
        .zip(q_values.chunks(mdp.n_actions()));
    let mut policy = Vec::with_capacity(base.len());
    for (base, values) in rows {
        policy.extend(quantilize(base, values, share)?.probabilities);
    }
    Ok(policy)
}

/// The same by the optimal values of the actions under an expected reward, `[S, A]`.
///
/// # Errors
/// As [`quantilize_actions`] and, at discount 1, if the optimal policy earns without bound.
pub fn quantilized_policy(
    mdp: &TabularMdp,
    reward: &[f64],
    base: &[f64],
    share: f64,
) -> Result<Vec<f64>, CheckError> {
    check_table(mdp, "the reward", reward)?;
    let q_values = policy_iteration(mdp, reward, None)?.q_values;
    quantilize_actions(mdp, base, &q_values, share)
}
