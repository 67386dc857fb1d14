//! Hackability over all stochastic policies: the closed form, and the policies that prove it.

use mdp::{TabularMdp, occupancy};

use super::strongest::strongest;
use super::{Extremes, HackablePair, Ranges, policy_of, uniform, verified};
use crate::gap::Plane;
use crate::{CheckError, Flow, Projection};

/// Where the closed form says yes, and where it says no.
///
/// `‖P r2 - α P r1‖ / ‖P r2‖` is zero just for unhackable pairs, but computed it is never quite zero. Rewards made
/// equivalent by construction come out below 1e-12, so what lies between the two bands was either written down with
/// few digits or is hackable by amounts that no training would notice: it is given back undecided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bands {
    /// Below this relative residual the pair is unhackable.
    pub unhackable: f64,
    /// From this relative residual on it is hackable.
    pub hackable: f64,
    /// Below this share `‖P r‖ / ‖r‖` a reward is trivial: it pays all policies alike.
    pub trivial: f64,
    /// How near the strongest pair the witness has to come, as a share of it.
    pub precision: f64,
}

impl Bands {
    /// Unhackable below 1e-9, hackable from 1e-7 on, trivial below 1e-10; a witness within 1% of the strongest.
    pub const STANDARD: Bands = Bands {
        unhackable: 1e-9,
        hackable: 1e-7,
        trivial: 1e-10,
        precision: 0.01,
    };
}

/// What the closed form says, and what proves it.
#[derive(Clone, Debug, PartialEq)]
pub enum StochasticVerdict {
    /// Unhackable: the two rewards order all policies alike; up to shaping and redistribution, the intent is the reward
    /// times this scale.
    Equivalent {
        /// The scale α, above 0.
        scale: f64,
    },
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
    /// Angle between `P r1` and `P r2`, in radians; 0 where either is trivial.
    pub angle: f64,
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
    Plane::new(mdp, reward, intent)?;
    let flow = Flow::new(mdp);
    let components = [flow.project(reward), flow.project(intent)];
    let [first, second] = &components;
    stochastic_hackability_of(mdp, reward, intent, [first, second], bands)
}

/// The same for rewards whose projections are known.
///
/// # Errors
/// As [`stochastic_hackability`].
pub fn stochastic_hackability_of(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    components: [&Projection; 2],
    bands: Bands,
) -> Result<StochasticHackability, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let [p1, p2] = components.map(|projection| projection.component.as_slice());
    let (norm1, norm2) = (norm(p1), norm(p2));
    let reachable = mdp.reachable();
    let is_trivial = |component: f64, rewards: &[f64]| {
        let rows = rewards.chunks(mdp.n_actions()).zip(&reachable);
        let reached = rows.filter(|(_, reachable)| **reachable);
        let size = norm(
            &reached
                .flat_map(|(row, _)| row.iter().copied())
                .collect::<Vec<_>>(),
        );
        component <= bands.trivial * size
    };
    let (trivial1, trivial2) = (is_trivial(norm1, reward), is_trivial(norm2, intent));
    if trivial1 || trivial2 {
        return Ok(StochasticHackability {
            verdict: StochasticVerdict::Trivial {
                reward: trivial1,
                intent: trivial2,
            },
            residual: 0.0,
            angle: 0.0,
        });
    }
    let scale = f64::max(dot(p1, p2) / (norm1 * norm1), 0.0);
    let left: Vec<f64> = p2.iter().zip(p1).map(|(b, a)| b - scale * a).collect();
    let residual = norm(&left) / norm2;
    let verdict = if residual < bands.unhackable {
        StochasticVerdict::Equivalent { scale }
    } else if residual < bands.hackable {
        StochasticVerdict::Undecided
    } else {
        hackable(mdp, &plane, [p1, p2], bands)?
    };
    Ok(StochasticHackability {
        verdict,
        residual,
        angle: angle(p1, p2),
    })
}

/// The angle between two vectors, in radians; accurate for small ones too (Kahan, 2006).
pub(crate) fn angle(a: &[f64], b: &[f64]) -> f64 {
    let (norm_a, norm_b) = (norm(a), norm(b));
    let pairs = || a.iter().zip(b).map(|(a, b)| (a / norm_a, b / norm_b));
    let apart = pairs().map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    let along = pairs().map(|(a, b)| (a + b).powi(2)).sum::<f64>().sqrt();
    2.0 * apart.atan2(along)
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// The strongest pair that planning finds or, where its policies differ by no more than rounding, the pair on either side
/// of the uniform policy.
fn hackable(
    mdp: &TabularMdp,
    plane: &Plane<'_>,
    components: [&[f64]; 2],
    bands: Bands,
) -> Result<StochasticVerdict, CheckError> {
    let extremes = Extremes::of(plane)?;
    let ranges = extremes.ranges();
    let strongest = strongest(mdp, plane, extremes, bands.precision, LEAST)?;
    let pair = match strongest.pair {
        Some(pair) => Some(pair),
        None => beside_uniform(mdp, plane, &ranges, components)?,
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
    components: [&[f64]; 2],
) -> Result<Option<HackablePair>, CheckError> {
    let visits = occupancy(mdp, &uniform(mdp))?;
    let [p1, p2] = components;
    let (norm1, norm2) = (norm(p1), norm(p2));
    let along: Vec<f64> = p1
        .iter()
        .zip(p2)
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
