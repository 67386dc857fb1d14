//! Simplifications (Skalse et al., 2022): rewards that forget differences of the intent and turn none round.

#[cfg(test)]
mod tests;

use mdp::TabularMdp;

use crate::hackability::{DeterministicReturns, StochasticVerdict, deterministic_returns};
use crate::{CheckError, StochasticHackability};

/// Whether a reward simplifies the intent over a set of policies: it never prefers what delivers less, pays alike what
/// delivers alike, and pays alike some two policies that do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simplification {
    /// It does. These two policies deliver differently and are paid alike.
    Simplifies {
        /// Delivers less.
        less: usize,
        /// Delivers more.
        more: usize,
    },
    /// It does not, because it forgets nothing: it orders the policies as the intent does.
    SameOrder,
    /// It does not, because it prefers what delivers less: the pair is hackable.
    TurnsRound {
        /// Delivers less and is paid more.
        less: usize,
        /// Delivers more and is paid less.
        more: usize,
    },
    /// It does not, because it tells apart what delivers alike.
    Splits {
        /// Is paid less.
        less: usize,
        /// Is paid more.
        more: usize,
    },
}

/// Whether the reward simplifies the intent over policies given by their returns under the reward and the intent. Returns
/// under one of the two are alike if they are joined by steps of at most `tolerance`, as a share of the range of the
/// policies given; policies with a NaN are left out. In `O(n log n)` steps.
///
/// Of several reasons against it, that it turns policies round comes first.
#[must_use]
pub fn simplification(returns: &[[f64; 2]], tolerance: f64) -> Simplification {
    let ranked = ranked(returns, tolerance);
    let mut order: Vec<usize> = (0..ranked.len()).collect();
    order.sort_by_key(|place| (ranked[*place].intent, ranked[*place].reward));
    let (mut splits, mut merges) = (None, None);
    for pair in order.windows(2) {
        let [less, more] = [ranked[pair[0]], ranked[pair[1]]];
        let (less_index, more_index) = (less.policy, more.policy);
        if less.intent == more.intent && less.reward < more.reward {
            splits = splits.or(Some((less_index, more_index)));
        } else if less.intent < more.intent && less.reward > more.reward {
            return Simplification::TurnsRound {
                less: less_index,
                more: more_index,
            };
        } else if less.intent < more.intent && less.reward == more.reward {
            merges = merges.or(Some((less_index, more_index)));
        }
    }
    verdict(splits, merges)
}

/// The same by comparing every two policies, in `O(n²)` steps: what [`simplification`] is tested against.
#[must_use]
pub fn simplification_by_comparison(returns: &[[f64; 2]], tolerance: f64) -> Simplification {
    let ranked = ranked(returns, tolerance);
    let (mut turns, mut splits, mut merges) = (None, None, None);
    for less in &ranked {
        for more in &ranked {
            let pair = Some((less.policy, more.policy));
            if less.intent < more.intent && less.reward > more.reward {
                turns = turns.or(pair);
            }
            if less.intent == more.intent && less.reward < more.reward {
                splits = splits.or(pair);
            }
            if less.intent < more.intent && less.reward == more.reward {
                merges = merges.or(pair);
            }
        }
    }
    match turns {
        Some((less, more)) => Simplification::TurnsRound { less, more },
        None => verdict(splits, merges),
    }
}

/// Whether the reward simplifies the intent over all deterministic policies of an MDP, with the policies that the answer
/// speaks of by number; nothing where there are more than `limit`. Both rewards are expected, `[S, A]`.
///
/// # Errors
/// If a table does not fit.
pub fn deterministic_simplification(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    tolerance: f64,
    limit: usize,
) -> Result<Option<(Simplification, DeterministicReturns)>, CheckError> {
    let all = deterministic_returns(mdp, [reward, intent], limit)?;
    Ok(all.map(|all| (simplification(&all.returns, tolerance), all)))
}

/// Whether the reward simplifies the intent over all stochastic policies: only a reward that pays all policies alike does,
/// where the intent does not. Any other unhackable reward is equivalent and forgets nothing (theorem 1).
#[must_use]
pub fn stochastic_simplification(hackability: &StochasticHackability) -> bool {
    matches!(
        hackability.verdict,
        StochasticVerdict::Trivial {
            reward: true,
            intent: false
        }
    )
}

fn verdict(splits: Option<(usize, usize)>, merges: Option<(usize, usize)>) -> Simplification {
    match (splits, merges) {
        (Some((less, more)), _) => Simplification::Splits { less, more },
        (None, Some((less, more))) => Simplification::Simplifies { less, more },
        (None, None) => Simplification::SameOrder,
    }
}

/// A policy's place in the order of both returns, equal where they are alike.
#[derive(Clone, Copy, Debug)]
struct Ranked {
    policy: usize,
    reward: usize,
    intent: usize,
}

fn ranked(returns: &[[f64; 2]], tolerance: f64) -> Vec<Ranked> {
    let kept: Vec<usize> = (0..returns.len())
        .filter(|index| returns[*index].iter().all(|value| !value.is_nan()))
        .collect();
    let ranks = |axis: usize| {
        let values: Vec<f64> = kept.iter().map(|index| returns[*index][axis]).collect();
        ranks(&values, tolerance)
    };
    let (by_reward, by_intent) = (ranks(0), ranks(1));
    let pairs = by_reward.iter().zip(&by_intent);
    kept.iter()
        .zip(pairs)
        .map(|(policy, (reward, intent))| Ranked {
            policy: *policy,
            reward: *reward,
            intent: *intent,
        })
        .collect()
}

/// The place of each value among them all.
fn ranks(values: &[f64], tolerance: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0; values.len()];
    let (Some(first), Some(last)) = (order.first(), order.last()) else {
        return ranks;
    };
    let step = tolerance * (values[*last] - values[*first]);
    for pair in order.windows(2) {
        let is_higher = values[pair[1]] - values[pair[0]] > step;
        ranks[pair[1]] = ranks[pair[0]] + usize::from(is_higher);
    }
    ranks
}
