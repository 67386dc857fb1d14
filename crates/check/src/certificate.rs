//! Laidlaw's certificate: what a correlation under a reference policy promises about a policy that visits other places.
//!
//! Laidlaw, Singhal and Dragan (2024). Where reward and intent correlate under the reference policy, a policy that earns
//! more reward without going far from the reference, in the chi-squared divergence of visits, cannot lose much of the
//! intent. Everything in the bound but the policy's visits is measured on the reference policy, so it can be had from
//! logs with a few labels as well as from an MDP.

#[cfg(test)]
mod tests;

use mdp::{TabularMdp, occupancy};

use crate::CheckError;
use crate::error::{check_policy, check_table};

/// Visits of a policy that come to less than this in all, in places where the reference never comes, are rounding.
const ROUNDING: f64 = 1e-13;

/// Why a certificate bounds nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBound {
    /// The reward is the same wherever the reference comes.
    ConstantReward,
    /// The intent is the same wherever the reference comes.
    ConstantIntent,
    /// Reward and intent do not correlate, or negatively: dividing by the correlation would turn the inequality round.
    NotCorrelated,
    /// The policy comes where the reference never does, so nothing was measured there.
    LeavesReference,
}

/// What is promised about one policy. Means are per step: returns times `1 - discount`.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Correlation r of reward and intent under the reference's visits; 0 where either is constant.
    pub correlation: f64,
    /// Standard deviation of the reward under the reference's visits.
    pub reward_deviation: f64,
    /// Standard deviation of the intent under the reference's visits.
    pub intent_deviation: f64,
    /// `χ²(μ_π ‖ μ_ref) = Σ μ_π² / μ_ref - 1`; infinite where the policy comes and the reference never does.
    pub chi_squared: f64,
    /// How much more reward a step the policy earns than the reference.
    pub reward_gain: f64,
    /// How much more intent a step it delivers: what the bound is about.
    pub intent_gain: f64,
    /// `λ = σ_reward √(1 - r²)`: how much reward a step a unit of `√χ²` may be worth for nothing. It is the deviation of
    /// what the reward has beside its multiple of the intent, and measured as that, for `1 - r²` of a rounded r is
    /// lost where r is near 1.
    pub penalty: f64,
    /// The least that `intent_gain` can be, given the other numbers.
    pub bound: Result<f64, NoBound>,
}

impl Certificate {
    /// The regularised objective less its value at the reference: `reward_gain - λ √χ²`. The bound has its sign.
    #[must_use]
    pub fn objective(&self) -> f64 {
        self.reward_gain - cost(self.penalty, self.chi_squared)
    }

    /// How far in χ² a policy with this gain may go and still be certain not to lose any of the intent, if a bound
    /// exists at all.
    #[must_use]
    pub fn safe_chi_squared(&self) -> f64 {
        if self.reward_gain <= 0.0 {
            0.0
        } else {
            (self.reward_gain / self.penalty).powi(2)
        }
    }

    /// Whether the policy hacks the reward in the sense of Laidlaw et al.: it earns more than the reference and delivers
    /// less.
    #[must_use]
    pub fn hacks(&self) -> bool {
        self.reward_gain > 0.0 && self.intent_gain < 0.0
    }
}

/// `λ √χ²`, with 0 times infinity being 0: the reward is then the intent, but for scale, wherever both are known.
fn cost(penalty: f64, chi_squared: f64) -> f64 {
    if penalty == 0.0 {
        0.0
    } else {
        penalty * chi_squared.sqrt()
    }
}

/// The certificate of a policy against a reference policy, `[S, A]` each, for expected rewards, `[S, A]`.
///
/// An episode that has ended counts as one more place that pays nothing, so that visits sum to one.
///
/// # Errors
/// If a table or a policy does not fit, or the discount is 1, where visits have no distribution.
pub fn certificate(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    reference: &[f64],
    policy: &[f64],
) -> Result<Certificate, CheckError> {
    check_table(mdp, "the reward", reward)?;
    check_table(mdp, "the intent", intent)?;
    let reference = visits_of(mdp, "the reference policy", reference)?;
    let policy = visits(mdp, policy)?;
    let with_end = |table: &[f64]| table.iter().copied().chain([0.0]).collect::<Vec<f64>>();
    certificate_of_visits(&reference, &policy, &with_end(reward), &with_end(intent))
}

/// The distribution of a policy's visits, `[S A + 1]`: `(1 - γ) η(s, a)`, and last the weight of having ended,
/// `γ Σ η(s, a) P(ends | s, a)`.
///
/// # Errors
/// If the policy does not fit, or the discount is 1.
pub fn visits(mdp: &TabularMdp, policy: &[f64]) -> Result<Vec<f64>, CheckError> {
    visits_of(mdp, "the policy", policy)
}

/// The same of a policy that a message calls `what`.
pub(crate) fn visits_of(
    mdp: &TabularMdp,
    what: &'static str,
    policy: &[f64],
) -> Result<Vec<f64>, CheckError> {
    check_policy(mdp, what, policy)?;
    let discount = mdp.discount().get();
    if discount == 1.0 {
        return Err(CheckError::Undiscounted);
    }
    let mut visits = occupancy(mdp, policy)?;
    let mut ended = 0.0;
    for (row, visit) in visits.iter_mut().enumerate() {
        let (state, action) = (row / mdp.n_actions(), row % mdp.n_actions());
        let ends = mdp.transitions(state, action).filter(|t| t.terminates);
        ended += discount * *visit * ends.map(|t| t.probability).sum::<f64>();
        *visit *= 1.0 - discount;
    }
    visits.push(ended);
    Ok(visits)
}

/// The same from two distributions over any places, and the rewards there.
///
/// From logs, the places are samples of the reference's visits, each with weight `1/n`, and the policy's weights are the
/// ratios of visits over n.
///
/// With p the reward and i the intent about their means under the reference, `β = E_ref[p i] / E_ref[i²]` and
/// `e = p - β i`, which has mean 0: `E_π p = β E_π i + E_π e`, and by Cauchy and Schwarz
/// `E_π e = E_ref[(μ_π/μ_ref - 1) e] <= √(E_ref[e²] χ²)`. So `E_π i >= (E_π p - λ √χ²) / β` with `λ² = E_ref[e²]`, if β is
/// above 0. With r the correlation, `β = r σ_reward / σ_intent` and `λ = σ_reward √(1 - r²)`. None of this asks that β
/// be exact: whatever it is, the bound holds with the λ of its own e.
///
/// # Errors
/// If the lengths differ, a number is not finite, or weights are not distributions.
pub fn certificate_of_visits(
    reference: &[f64],
    policy: &[f64],
    reward: &[f64],
    intent: &[f64],
) -> Result<Certificate, CheckError> {
    check_distribution("the reference's visits", reference, reference.len())?;
    check_distribution("the policy's visits", policy, reference.len())?;
    check_values("the reward", reward, reference.len())?;
    check_values("the intent", intent, reference.len())?;
    let (by_reward, by_intent) = (
        Centred::of(reference, reward),
        Centred::of(reference, intent),
    );
    let (correlation, slope) = if by_reward.is_constant() || by_intent.is_constant() {
        (0.0, 0.0)
    } else {
        regression(reference, &by_reward, &by_intent)
    };
    let aside: Vec<f64> = by_reward
        .values
        .iter()
        .zip(&by_intent.values)
        .map(|(reward, intent)| reward - slope * intent)
        .collect();
    let penalty = Centred::of(reference, &aside).deviation;
    let chi_squared = chi_squared(reference, policy);
    let reward_gain = mean(policy, &by_reward.values);
    let bound = if by_reward.is_constant() {
        Err(NoBound::ConstantReward)
    } else if by_intent.is_constant() {
        Err(NoBound::ConstantIntent)
    } else if slope <= 0.0 {
        Err(NoBound::NotCorrelated)
    } else if chi_squared.is_infinite() {
        Err(NoBound::LeavesReference)
    } else {
        Ok((reward_gain - cost(penalty, chi_squared)) / slope)
    };
    Ok(Certificate {
        correlation,
        reward_deviation: by_reward.deviation,
        intent_deviation: by_intent.deviation,
        chi_squared,
        reward_gain,
        intent_gain: mean(policy, &by_intent.values),
        penalty,
        bound,
    })
}

/// The correlation, and the slope β of the reward over the intent.
fn regression(weights: &[f64], reward: &Centred, intent: &Centred) -> (f64, f64) {
    // In units of the deviations, so that no product of small numbers vanishes.
    let in_units = |of: &Centred| -> Vec<f64> {
        let values = of.values.iter();
        values.map(|value| value / of.deviation).collect()
    };
    let (first, second) = (in_units(reward), in_units(intent));
    let products: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a * b).collect();
    let squares: Vec<f64> = second.iter().map(|b| b * b).collect();
    let slope = mean(weights, &products) / mean(weights, &squares);
    (
        slope.clamp(-1.0, 1.0),
        slope * (reward.deviation / intent.deviation),
    )
}

/// `Σ μ_π² / μ_ref - 1`, summed as `Σ (μ_π - μ_ref)² / μ_ref`, which loses nothing where the two are close.
#[must_use]
pub fn chi_squared(reference: &[f64], policy: &[f64]) -> f64 {
    let (mut total, mut outside) = (0.0, 0.0);
    for (reference, policy) in reference.iter().zip(policy) {
        if *reference > 0.0 {
            total += (policy - reference).powi(2) / reference;
        } else {
            outside += policy;
        }
    }
    if outside > ROUNDING {
        f64::INFINITY
    } else {
        total
    }
}

/// Values about their mean under some weights.
struct Centred {
    values: Vec<f64>,
    deviation: f64,
    /// The largest of the values as they were given, where there is any weight.
    largest: f64,
}

impl Centred {
    /// In two passes: the mean is corrected by what is left of it, so that an offset common to all values costs nothing.
    fn of(weights: &[f64], values: &[f64]) -> Centred {
        let total: f64 = weights.iter().sum();
        let first = mean(weights, values) / total;
        let near: Vec<f64> = values.iter().map(|value| value - first).collect();
        let rest = mean(weights, &near) / total;
        let centred: Vec<f64> = near.iter().map(|value| value - rest).collect();
        let visited = weights.iter().zip(values);
        let visited = visited.filter(|(weight, _)| **weight > 0.0);
        Centred {
            deviation: deviation(weights, &centred),
            largest: visited.fold(0.0, |most, (_, value)| f64::max(most, value.abs())),
            values: centred,
        }
    }

    fn is_constant(&self) -> bool {
        self.deviation <= 1e-14 * self.largest
    }
}

fn mean(weights: &[f64], values: &[f64]) -> f64 {
    let weighted = weights.iter().zip(values);
    weighted.map(|(weight, value)| weight * value).sum()
}

/// The root of the mean square of values about their mean.
fn deviation(weights: &[f64], centred: &[f64]) -> f64 {
    let weighted = weights.iter().zip(centred);
    weighted
        .map(|(weight, value)| weight * value.powi(2))
        .sum::<f64>()
        .sqrt()
}

fn check_values(what: &'static str, values: &[f64], expected: usize) -> Result<(), CheckError> {
    if values.len() != expected {
        return Err(CheckError::Length {
            what,
            found: values.len(),
            expected,
        });
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(CheckError::NotFinite {
            what,
            index,
            value: values[index],
        }),
        None => Ok(()),
    }
}

/// Checks that numbers are finite, at least 0 and sum to 1.
pub(crate) fn check_distribution(
    what: &'static str,
    weights: &[f64],
    expected: usize,
) -> Result<(), CheckError> {
    check_values(what, weights, expected)?;
    let total: f64 = weights.iter().sum();
    if weights.iter().any(|weight| *weight < 0.0) || (total - 1.0).abs() > 1e-9 {
        return Err(CheckError::Distribution { what, total });
    }
    Ok(())
}
