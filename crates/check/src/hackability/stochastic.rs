//! Hackability over all stochastic policies: the closed form, and the policies that prove it.

use mdp::{TabularMdp, occupancy, uniform_policy};

use super::strongest::strongest;
use super::{Extremes, HackablePair, Ranges, policy_of, verified};
use crate::flow::norm;
use crate::gap::Plane;
use crate::{CheckError, Equivalence, Flow, Relation, equivalence};

/// Where the closed form says yes, and where it says no.
///
/// `‖P r2 - α P r1‖ / ‖P r2‖` is zero just for unhackable pairs, but computed it is never quite zero. Up to the
/// [tolerance](Equivalence::tolerance) of equivalence, 1e-9 unless rounding reaches further, the pair is unhackable.
/// Rewards made equivalent by construction come out below 1e-12, so what lies little above was either written down with
/// few digits or is hackable by amounts that no training would notice: it is given back undecided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands {
    /// From this many times the tolerance of equivalence on the pair is hackable; between the two it is undecided.
    pub hackable: f64,
    /// How near the strongest pair the witness has to come, as a share of it.
    pub precision: f64,
}

impl Bands {
    /// Hackable from 100 times the tolerance on; a witness within 1% of the strongest.
    pub const STANDARD: Bands = Bands {
        hackable: 100.0,
        precision: 0.01,
    };
}

/// What the closed form says, and what proves it.
#[derive(Clone, Debug, PartialEq)]
pub enum StochasticVerdict {
    /// Unhackable: the two rewards order all policies alike.
    Equivalent,
    /// Unhackable, because one of them pays all policies alike.
    Trivial {
        /// Whether the reward does.
        reward: bool,
        /// Whether the intent does.
        intent: bool,
    },
    /// Hackable.
    Hackable {
        /// Two policies that show it; absent where the closed form is sure but no pair of policies differs by more than
        /// rounding.
        pair: Option<HackablePair>,
        /// No pair has a larger amount.
        bound: f64,
    },
    /// The residual lies between the bands.
    Undecided,
}

/// Whether a pair of rewards is hackable over all stochastic policies.
#[derive(Clone, Debug, PartialEq)]
pub struct StochasticHackability {
    /// The verdict.
    pub verdict: StochasticVerdict,
    /// `‖P r2 - α P r1‖ / ‖P r2‖` for the best α of at least 0; 0 where either is trivial.
    pub residual: f64,
    /// Angle between `P r1` and `P r2`, in radians; absent where either is trivial.
    pub angle: Option<f64>,
}

/// Whether two expected rewards, `[S, A]` each, are hackable over all stochastic policies: they are unless
/// `P r2 = α P r1` for some α of at least 0, or either is trivial (theorem 1 of Skalse et al., 2022, in the closed form
/// of the [flow matrix](Flow)).
///
/// # Errors
/// If a table does not fit or, at discount 1, if a policy on the way need never end.
pub fn stochastic_hackability(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    bands: Bands,
) -> Result<StochasticHackability, CheckError> {
    let compared = equivalence(mdp, reward, intent)?;
    stochastic_hackability_of(mdp, reward, intent, &compared, bands)
}

/// The same for a reward and an intent that have been compared, in either order.
///
/// # Errors
/// As [`stochastic_hackability`].
pub fn stochastic_hackability_of(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    compared: &Equivalence,
    bands: Bands,
) -> Result<StochasticHackability, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let angle = match compared.angle {
        Some(angle) if compared.tolerance < ALL_ROUNDING => angle,
        _ => return Ok(trivial(mdp, reward, intent)),
    };
    let residual = if compared.scale > 0.0 {
        compared.relative_residual
    } else {
        1.0
    };
    let verdict = if compared.relation == Relation::Equivalent {
        StochasticVerdict::Equivalent
    } else if residual < bands.hackable * compared.tolerance {
        StochasticVerdict::Undecided
    } else {
        hackable(mdp, &plane, [reward, intent], bands)?
    };
    Ok(StochasticHackability {
        verdict,
        residual,
        angle: Some(angle),
    })
}

/// From this tolerance on a component is as good as rounding: it comes to less than 1e-10 of its reward.
const ALL_ROUNDING: f64 = 1e-3;
/// The share of a reward that its component comes to below which it is trivial.
const TRIVIAL: f64 = 1e-10;

/// One of the two, or both, pay all policies alike.
fn trivial(mdp: &TabularMdp, reward: &[f64], intent: &[f64]) -> StochasticHackability {
    let flow = Flow::new(mdp);
    let share = |rewards: &[f64]| {
        let projection = flow.project(rewards);
        let shaping = norm(&flow.shaping(&projection.potential));
        let component = norm(&projection.component);
        // The two parts are orthogonal.
        component / component.hypot(shaping).max(f64::MIN_POSITIVE)
    };
    let [by_reward, by_intent] = [reward, intent].map(share);
    StochasticHackability {
        verdict: StochasticVerdict::Trivial {
            reward: by_reward <= TRIVIAL,
            intent: by_intent <= TRIVIAL,
        },
        residual: 0.0,
        angle: None,
    }
}

/// The strongest pair that planning finds or, where its policies differ by no more than rounding, the pair on either side
/// of the uniform policy.
fn hackable(
    mdp: &TabularMdp,
    plane: &Plane<'_>,
    rewards: [&[f64]; 2],
    bands: Bands,
) -> Result<StochasticVerdict, CheckError> {
    let extremes = Extremes::of(plane)?;
    let ranges = extremes.ranges();
    let strongest = strongest(mdp, plane, extremes, bands.precision, LEAST)?;
    let pair = match strongest.pair {
        Some(pair) => Some(pair),
        None => beside_uniform(mdp, plane, &ranges, rewards)?,
    };
    Ok(StochasticVerdict::Hackable {
        pair,
        bound: strongest.bound,
    })
}

/// Amounts of no more than this are rounding.
pub(super) const LEAST: f64 = 1e-11;

/// Two policies as far to either side of the uniform one as there is room, along `d = P r1/‖P r1‖ - P r2/‖P r2‖`.
///
/// Every state and action in reach has visits to give under the uniform policy, `Aᵀ d = 0` keeps the flow balanced, and
/// `r1 · d = ‖P r1‖ (1 - cos θ) > 0 > ‖P r2‖ (cos θ - 1) = r2 · d`.
pub(super) fn beside_uniform(
    mdp: &TabularMdp,
    plane: &Plane<'_>,
    ranges: &Ranges,
    rewards: [&[f64]; 2],
) -> Result<Option<HackablePair>, CheckError> {
    let visits = occupancy(mdp, &uniform_policy(mdp))?;
    let flow = Flow::new(mdp);
    let [p1, p2] = rewards.map(|rewards| flow.project(rewards).component);
    let (norm1, norm2) = (norm(&p1), norm(&p2));
    let along: Vec<f64> = p1
        .iter()
        .zip(&p2)
        .map(|(a, b)| a / norm1 - b / norm2)
        .collect();
    let room = visits
        .iter()
        .zip(&along)
        .filter(|(_, along)| **along != 0.0)
        .map(|(visits, along)| visits / along.abs())
        .fold(f64::INFINITY, f64::min);
    let beside = |side: f64| {
        let moved = visits.iter().zip(&along);
        let moved: Vec<f64> = moved
            .map(|(visits, along)| f64::max(visits + side * room * along, 0.0))
            .collect();
        policy_of(&moved, mdp.n_actions())
    };
    verified(plane, ranges, [beside(-1.0), beside(1.0)], LEAST)
}
