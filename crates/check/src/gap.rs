//! The hackability gap: how little of the intent a policy can deliver while its reward is no worse than a reference's.
//!
//! A linear programme over occupancies: the least `J_intent` subject to `J_reward >= c`. Its dual has one variable, and
//! each value of the dual is an ordinary MDP, so it is solved by [planning](mdp::policy_iteration) in a few mixed
//! rewards; the answer is exact, and a mixture of at most two deterministic policies.
//!
//! At discount 1 all of this is about the policies under which every episode ends: the others have no occupancy, and
//! do not mix. A time limit, or a discount below 1, makes all policies count.

mod edge;
mod mixture;
mod plane;

#[cfg(test)]
mod tests;

use mdp::{Stop, TabularMdp};

use crate::CheckError;
use crate::error::{check_policy, check_table};

use edge::Edge;
pub use mixture::Mixture;
pub use plane::Returns;
use plane::SAME;
pub(crate) use plane::{Corner, Plane};

/// What is asked for counts as all that there is when it is nearer to it than this, as a share of the return: less than
/// [`SAME`], or a request a little below the most would be taken for the most where returns are large beside their range.
const ROUNDING: f64 = 1e-12;

/// The policy that a gap is taken against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference<'a> {
    /// An optimal policy of the intent; among several, one that the reward pays most.
    IntentOptimal,
    /// This policy, `[S, A]`.
    Policy(&'a [f64]),
}

/// Settings of [`gap`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GapSettings {
    /// How much more than the reference's return the reward must pay, in returns; below 0 to allow less.
    pub epsilon: f64,
    /// Most MDPs to solve on the way.
    pub max_iterations: usize,
}

impl GapSettings {
    /// At least the reference's return itself; 200 MDPs, where a few dozen are usual.
    pub const EXACT: GapSettings = GapSettings {
        epsilon: 0.0,
        max_iterations: 200,
    };
}

/// A policy that shows something, with its returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// `[S, A]`, probabilities of actions.
    pub policy: Vec<f64>,
    /// Its returns from the start.
    pub returns: Returns,
}

impl Witness {
    /// The same with a shift added to its returns.
    pub(crate) fn plus(self, shift: Returns) -> Witness {
        Witness {
            returns: self.returns.plus(shift),
            ..self
        }
    }
}

/// The lowest and the highest return of any policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReturnRange {
    /// The lowest.
    pub lowest: f64,
    /// The highest.
    pub highest: f64,
}

impl ReturnRange {
    /// Both with a shift added.
    #[must_use]
    pub(crate) fn plus(self, shift: f64) -> ReturnRange {
        ReturnRange {
            lowest: self.lowest + shift,
            highest: self.highest + shift,
        }
    }

    /// How far apart they are.
    #[must_use]
    pub fn width(self) -> f64 {
        self.highest - self.lowest
    }

    /// Whether all policies have the same return, but for rounding.
    #[must_use]
    pub fn is_flat(self) -> bool {
        self.width() <= 1e-10 * f64::max(self.highest.abs(), self.lowest.abs())
    }

    /// A difference of returns as a share of the range; 0 where all policies have the same return.
    #[must_use]
    pub fn share(self, difference: f64) -> f64 {
        if self.is_flat() {
            0.0
        } else {
            difference / self.width()
        }
    }
}

/// The worst that a policy can do for the intent while the reward is content with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// The worst policy for the intent among those that are paid at least [`Gap::asked`].
    pub worst: Witness,
    /// The same as a mixture of two deterministic policies.
    pub mixture: Mixture,
    /// The policy that it is held against.
    pub reference: Witness,
    /// The return under the reward that was asked for.
    pub asked: f64,
    /// The lowest and the highest return of any policy under the intent.
    pub intent_range: ReturnRange,
    /// Lagrange multiplier: how much more of the intent the worst policy delivers for each further unit of the reward
    /// that is asked for; 0 where more than was asked costs nothing, or more cannot be asked.
    pub multiplier: f64,
    /// The dual's value: no policy that is paid what was asked delivers less of the intent.
    pub bound: f64,
    /// MDPs solved for the dual.
    pub iterations: usize,
    /// Why it stopped.
    pub stop: Stop,
}

impl Gap {
    /// How much less of the intent the worst policy delivers than the reference: in returns. Never negative unless
    /// `epsilon` is above 0.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.reference.returns.intent - self.worst.returns.intent
    }

    /// [`Gap::loss`] as a share of the intent's range.
    #[must_use]
    pub fn loss_share(&self) -> f64 {
        self.intent_range.share(self.loss())
    }

    /// How much less of the intent the worst policy delivers than the best policy there is, as a share of the range.
    #[must_use]
    pub fn regret_share(&self) -> f64 {
        let regret = self.intent_range.highest - self.worst.returns.intent;
        self.intent_range.share(regret)
    }

    /// How far the answer may be from exact: primal less dual, in returns of the intent.
    #[must_use]
    pub fn duality_gap(&self) -> f64 {
        self.worst.returns.intent - self.bound
    }
}

/// The worst policy for the intent among those whose return under the reward is at least the reference's plus epsilon.
///
/// `reward` and `intent` are expected rewards, `[S, A]`.
///
/// # Errors
/// If a table does not fit, if no policy is paid what is asked for, or, at discount 1, if a policy on the way need never
/// end.
pub fn gap(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    reference: Reference<'_>,
    settings: GapSettings,
) -> Result<Gap, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let best = plane.furthest_then(INTENT_UP, REWARD_UP, None)?;
    let reference = reference.witness(mdp, &plane, &best)?;
    let asked = reference.returns.reward + settings.epsilon;
    let most = plane.furthest_then(REWARD_UP, INTENT_DOWN, Some(&best.policy))?;
    let least = plane.furthest_then(INTENT_DOWN, REWARD_UP, Some(&most.policy))?;
    search(
        mdp,
        &plane,
        [&best, &most, &least],
        reference,
        asked,
        settings,
    )
}

/// The worst policy for the intent among those that are optimal for the reward, or short of it by at most `tolerance`,
/// in returns: what the designer may get from a perfect optimiser with bad luck. Its reference is what they may get with
/// good luck: the best policy for the intent among those optimal for the reward.
///
/// # Errors
/// As [`gap`].
pub fn worst_among_optimal(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    tolerance: f64,
) -> Result<Gap, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let best = plane.furthest(INTENT_UP, None)?;
    let lucky = plane.furthest_then(REWARD_UP, INTENT_UP, Some(&best.policy))?;
    let most = plane.furthest_then(REWARD_UP, INTENT_DOWN, Some(&lucky.policy))?;
    let least = plane.furthest_then(INTENT_DOWN, REWARD_UP, Some(&most.policy))?;
    let reference = of_corner(mdp, &lucky);
    let asked = reference.returns.reward - tolerance;
    search(
        mdp,
        &plane,
        [&best, &most, &least],
        reference,
        asked,
        GapSettings::EXACT,
    )
}

/// The [`gap`], and [`worst_among_optimal`] for several tolerances, sharing the plans that they have in common.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gaps {
    /// The lowest and the highest return of any policy under the reward.
    pub(crate) reward_range: ReturnRange,
    /// An optimal policy of the intent; among several, one that the reward pays most.
    pub(crate) best: Witness,
    /// The gap against the reference.
    pub(crate) gap: Gap,
    /// The worst policies for the intent, by tolerance.
    pub(crate) worst: Vec<Gap>,
}

/// The gap, and the worst policies within each share of the reward's range of optimal.
pub(crate) fn gaps(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    reference: Reference<'_>,
    shares: &[f64],
) -> Result<Gaps, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let best = plane.furthest_then(INTENT_UP, REWARD_UP, None)?;
    let lucky = plane.furthest_then(REWARD_UP, INTENT_UP, Some(&best.policy))?;
    let most = plane.furthest_then(REWARD_UP, INTENT_DOWN, Some(&lucky.policy))?;
    let least = plane.furthest_then(INTENT_DOWN, REWARD_UP, Some(&most.policy))?;
    let lowest = plane.furthest(REWARD_DOWN, Some(&least.policy))?;
    let reward_range = ReturnRange {
        lowest: lowest.returns.reward,
        highest: most.returns.reward,
    };
    let reference = reference.witness(mdp, &plane, &best)?;
    let lucky = of_corner(mdp, &lucky);
    let corners = [&best, &most, &least];
    let worst = shares.iter().map(|share| {
        let asked = lucky.returns.reward - share * reward_range.width();
        search(
            mdp,
            &plane,
            corners,
            lucky.clone(),
            asked,
            GapSettings::EXACT,
        )
    });
    Ok(Gaps {
        reward_range: reward_range.plus(plane.shift().reward),
        best: of_corner(mdp, &best).plus(plane.shift()),
        worst: worst.collect::<Result<_, _>>()?,
        gap: {
            let asked = reference.returns.reward;
            search(mdp, &plane, corners, reference, asked, GapSettings::EXACT)?
        },
    })
}

impl Reference<'_> {
    /// The policy with its returns less the plane's shift, given an optimal policy of the intent.
    fn witness(
        self,
        mdp: &TabularMdp,
        plane: &Plane<'_>,
        best: &Corner,
    ) -> Result<Witness, CheckError> {
        match self {
            Reference::IntentOptimal => Ok(of_corner(mdp, best)),
            Reference::Policy(policy) => {
                check_policy(mdp, "the reference policy", policy)?;
                Ok(Witness {
                    policy: policy.to_vec(),
                    returns: plane.returns(policy)?,
                })
            }
        }
    }
}

/// The lowest and the highest return of any policy under an expected reward, `[S, A]`.
///
/// # Errors
/// If the table does not fit or, at discount 1, if a policy on the way need never end.
pub fn return_range(mdp: &TabularMdp, rewards: &[f64]) -> Result<ReturnRange, CheckError> {
    check_table(mdp, "the reward", rewards)?;
    range_on(&Plane::new(mdp, rewards, rewards)?)
}

/// The range of returns under the reward of a plane.
pub(crate) fn range_on(plane: &Plane<'_>) -> Result<ReturnRange, CheckError> {
    let highest = plane.furthest(REWARD_UP, None)?;
    let lowest = plane.furthest(REWARD_DOWN, Some(&highest.policy))?;
    let range = ReturnRange {
        lowest: lowest.returns.reward,
        highest: highest.returns.reward,
    };
    Ok(range.plus(plane.shift().reward))
}

pub(crate) const REWARD_UP: Returns = Returns {
    reward: 1.0,
    intent: 0.0,
};
pub(crate) const REWARD_DOWN: Returns = Returns {
    reward: -1.0,
    intent: 0.0,
};
pub(crate) const INTENT_UP: Returns = Returns {
    reward: 0.0,
    intent: 1.0,
};
pub(crate) const INTENT_DOWN: Returns = Returns {
    reward: 0.0,
    intent: -1.0,
};

/// A corner as a policy, its returns less the plane's shift still.
fn of_corner(mdp: &TabularMdp, corner: &Corner) -> Witness {
    Witness {
        policy: mdp::deterministic(&corner.policy, mdp.n_actions()),
        returns: corner.returns,
    }
}

/// The worst policy that is paid what was asked, between corners: the best for the intent, the best for the reward and
/// then worst for the intent, the worst for the intent and then best for the reward. All that it is given is less the
/// plane's shift.
fn search(
    mdp: &TabularMdp,
    plane: &Plane<'_>,
    [best, most, least]: [&Corner; 3],
    reference: Witness,
    asked: f64,
    settings: GapSettings,
) -> Result<Gap, CheckError> {
    let size = plane.scale().reward + most.returns.reward.abs();
    let slack = SAME * size;
    if most.returns.reward < asked - slack {
        return Err(CheckError::OutOfReach {
            asked: asked + plane.shift().reward,
            most: most.returns.reward + plane.shift().reward,
        });
    }
    let intent_range = ReturnRange {
        lowest: least.returns.intent,
        highest: best.returns.intent,
    };
    let edge = if least.returns.reward >= asked {
        Edge::at(least.clone())
    } else if most.returns.reward <= asked + ROUNDING * size {
        Edge::at(most.clone())
    } else {
        Edge::between(
            plane,
            least.clone(),
            most.clone(),
            asked,
            settings.max_iterations,
        )?
    };
    let mixture = edge.mixture(asked);
    let shift = plane.shift();
    Ok(Gap {
        worst: mixture.witness(mdp)?.plus(shift),
        mixture: mixture.plus(shift),
        reference: reference.plus(shift),
        asked: asked + shift.reward,
        intent_range: intent_range.plus(shift.intent),
        multiplier: edge.multiplier,
        bound: edge.bound + shift.intent,
        iterations: edge.iterations,
        stop: edge.stop,
    })
}
