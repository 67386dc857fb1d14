//! Hackability (Skalse et al., 2022): whether two policies exist of which one is paid more and delivers less.
//!
//! A pair of rewards is hackable over a set of policies if some two policies a and b of it have `J1(a) < J1(b)` and
//! `J2(a) > J2(b)`. Over all stochastic policies there is a closed form; over deterministic ones they are enumerated as
//! long as there are few enough, and searched otherwise. Every answer that says "hackable" comes with the two policies,
//! whose returns have been evaluated.

mod deterministic;
mod enumerate;
mod pairs;
mod search;
mod stochastic;
mod strongest;

#[cfg(test)]
mod tests;

use crate::CheckError;
use crate::gap::{
    Corner, INTENT_DOWN, INTENT_UP, Plane, REWARD_DOWN, REWARD_UP, ReturnRange, Returns, Witness,
};

pub use deterministic::{
    DeterministicHackability, DeterministicSettings, DeterministicVerdict,
    deterministic_hackability,
};
pub use enumerate::{DeterministicReturns, deterministic_returns};
pub use pairs::{WidestPair, widest_pair, widest_pair_by_comparison};
pub use stochastic::{
    Bands, StochasticHackability, StochasticVerdict, stochastic_hackability,
    stochastic_hackability_of,
};
pub use strongest::{StrongestPair, strongest_pair};

/// Two policies that show a pair of rewards to be hackable: from the first to the second the reward rises and the intent
/// falls.
#[derive(Clone, Debug, PartialEq)]
pub struct HackablePair {
    /// Is paid less and delivers more.
    pub before: Witness,
    /// Is paid more and delivers less.
    pub after: Witness,
    /// What is gained and what is lost, each as a share of the range of its return over all policies: the smaller.
    pub amount: f64,
}

impl HackablePair {
    /// How much more the second policy is paid; above 0.
    #[must_use]
    pub fn gained(&self) -> f64 {
        self.after.returns.reward - self.before.returns.reward
    }

    /// How much less of the intent it delivers; above 0.
    #[must_use]
    pub fn lost(&self) -> f64 {
        self.before.returns.intent - self.after.returns.intent
    }
}

/// The ranges of both returns, by which amounts are measured.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ranges {
    reward: ReturnRange,
    intent: ReturnRange,
}

/// A policy at each end of both ranges.
#[derive(Clone, Debug)]
struct Extremes {
    /// Least and most paid.
    by_reward: [Corner; 2],
    /// Delivers least and most.
    by_intent: [Corner; 2],
    /// The plane's: returns with it say whether their differences are rounding.
    shift: Returns,
}

impl Extremes {
    fn of(plane: &Plane<'_>) -> Result<Extremes, CheckError> {
        let poor = plane.furthest(REWARD_DOWN, None)?;
        let rich = plane.furthest(REWARD_UP, Some(&poor.policy))?;
        let bad = plane.furthest(INTENT_DOWN, Some(&rich.policy))?;
        let good = plane.furthest(INTENT_UP, Some(&bad.policy))?;
        Ok(Extremes {
            by_reward: [poor, rich],
            by_intent: [bad, good],
            shift: plane.shift(),
        })
    }

    fn ranges(&self) -> Ranges {
        let [lowest, highest] = &self.by_reward;
        let [worst, best] = &self.by_intent;
        Ranges {
            reward: ReturnRange {
                lowest: lowest.returns.reward,
                highest: highest.returns.reward,
            }
            .plus(self.shift.reward),
            intent: ReturnRange {
                lowest: worst.returns.intent,
                highest: best.returns.intent,
            }
            .plus(self.shift.intent),
        }
    }
}

impl Ranges {
    /// The optimal policy in a direction of shares: so much of the reward's range and so much of the intent's.
    fn furthest(
        &self,
        plane: &Plane<'_>,
        shares: Returns,
        near: &Corner,
    ) -> Result<Corner, CheckError> {
        let scale = plane.scale();
        let reward = shares.reward * scale.reward / self.reward.width();
        let intent = shares.intent * scale.intent / self.intent.width();
        let total = reward.abs() + intent.abs();
        let direction = Returns {
            reward: reward / total,
            intent: intent / total,
        };
        plane.furthest(direction, Some(&near.policy))
    }

    /// Returns as shares of the ranges, from an arbitrary origin.
    fn point(&self, returns: [f64; 2]) -> [f64; 2] {
        [self.reward.share(returns[0]), self.intent.share(returns[1])]
    }

    fn are_flat(&self) -> bool {
        self.reward.is_flat() || self.intent.is_flat()
    }

    /// The smaller of the reward's gain and the intent's loss, as shares.
    fn amount(&self, before: &Witness, after: &Witness) -> f64 {
        let gained = after.returns.reward - before.returns.reward;
        let lost = before.returns.intent - after.returns.intent;
        f64::min(self.reward.share(gained), self.intent.share(lost))
    }
}

/// The pair of two policies, `[S, A]` each, if evaluating them shows the reward to rise and the intent to fall by more
/// than `least`, as a share.
fn verified(
    plane: &Plane<'_>,
    ranges: &Ranges,
    policies: [Vec<f64>; 2],
    least: f64,
) -> Result<Option<HackablePair>, CheckError> {
    let witness = |policy: Vec<f64>| -> Result<Witness, CheckError> {
        let returns = plane.returns(&policy)?;
        Ok(Witness { policy, returns })
    };
    let [before, after] = policies;
    let (before, after) = (witness(before)?, witness(after)?);
    let amount = ranges.amount(&before, &after);
    Ok((amount > least).then(|| HackablePair {
        before: before.plus(plane.shift()),
        after: after.plus(plane.shift()),
        amount,
    }))
}

/// `[S, A]`, the policy that an occupancy, `[S, A]`, belongs to; all actions alike in states that it does not visit.
#[must_use]
pub fn policy_of(occupancy: &[f64], n_actions: usize) -> Vec<f64> {
    let mut policy = Vec::with_capacity(occupancy.len());
    for row in occupancy.chunks(n_actions) {
        let total: f64 = row.iter().sum();
        if total > 0.0 {
            policy.extend(row.iter().map(|visits| visits / total));
        } else {
            policy.extend(std::iter::repeat_n(1.0 / n_actions as f64, n_actions));
        }
    }
    policy
}
