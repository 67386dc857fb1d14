//! Goodhart's law along a path of ever harder optimisation, and where to stop (Karwowski et al., 2023).
//!
//! As a policy is optimised harder for a reward, its occupancy moves. Every intent whose component lies within some angle
//! of the reward's is served by a move that climbs steeply enough; the first move that does not is where an intent within
//! that angle may begin to fall.

#[cfg(test)]
mod tests;

use std::f64::consts::{FRAC_PI_2, PI};

use mdp::{TabularMdp, boltzmann_rational, occupancy, policy_iteration, soft_optimal_path};

use crate::error::{check_policy, check_table};
use crate::flow::{dot, norm};
use crate::{CheckError, Flow, ReturnRange, Returns, equivalence, return_range};

/// A move shorter than this share of the visits is none.
const STILL: f64 = 1e-12;
/// The error allowed to soft values along a path, as a share of the largest reward.
const SOFT_TOLERANCE: f64 = 1e-10;
/// Iterations allowed to each point of a path.
const SOFT_ITERATIONS: usize = 10_000;

/// The kinds of optimisation paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// Maximum-causal-entropy policies: soft-optimal at each temperature. At none of it they are as free as can be, which
    /// where episodes end means going on for long.
    SoftOptimal,
    /// Boltzmann-rational policies: `π(a|s) ∝ exp(β Q*(s, a))`, from the uniform one on.
    BoltzmannRational,
}

/// The inverse temperature of a pressure λ in `(0, 1)`: `-1 / log λ`, from 0 without pressure to infinite under all of it.
#[must_use]
pub fn inverse_temperature(pressure: f64) -> f64 {
    -pressure.ln().recip()
}

/// The policies, `[S, A]` each, of a path of inverse temperatures under an expected reward, `[S, A]`, in units of its
/// largest value, so that a path does not depend on the reward's scale.
///
/// # Errors
/// If the table does not fit or, at discount 1, if the optimal policy earns without bound.
///
/// # Panics
/// If an inverse temperature is not above 0 and finite.
pub fn optimisation_path(
    mdp: &TabularMdp,
    reward: &[f64],
    kind: PathKind,
    inverse_temperatures: &[f64],
) -> Result<Vec<Vec<f64>>, CheckError> {
    check_table(mdp, "the reward", reward)?;
    let largest = reward.iter().fold(0.0, |most: f64, r| most.max(r.abs()));
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let scaled: Vec<f64> = reward.iter().map(|r| r / scale).collect();
    Ok(match kind {
        PathKind::SoftOptimal => soft_optimal_path(
            mdp,
            &scaled,
            inverse_temperatures,
            SOFT_TOLERANCE,
            SOFT_ITERATIONS,
        )
        .iter()
        .map(mdp::SoftSolution::policy)
        .collect(),
        PathKind::BoltzmannRational => {
            let q_values = policy_iteration(mdp, &scaled, None)?.q_values;
            let at = |inverse: &f64| boltzmann_rational(&q_values, mdp.n_actions(), *inverse);
            inverse_temperatures.iter().map(at).collect()
        }
    })
}

/// A move from one policy of a path to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathStep {
    /// How much the reward's return rises.
    pub gain: f64,
    /// How far the occupancy moves, in the Euclidean norm over states and actions.
    pub distance: f64,
    /// `gain / (distance ‖P r‖)`: the cosine of the angle between the move and the reward; 1 where nothing moves, 0 where
    /// the reward pays all policies alike.
    pub steepness: f64,
    /// Whether every intent within the angle rises, or nothing moves.
    pub is_safe: bool,
}

/// A path, and how far along it all intents within an angle rise.
#[derive(Clone, Debug, PartialEq)]
pub struct SafeStopping {
    /// One for each policy but the first.
    pub steps: Vec<PathStep>,
    /// The last policy before the first move that is not safe.
    pub stop: usize,
}

/// Where to stop along a path of occupancies, `[S, A]` each, when the intent's component is known to lie within `angle`
/// radians of the reward's, `component`, `[S, A]`.
///
/// A move Δ has `Aᵀ Δ = 0`, so `Δ · r = Δ · P r` for every reward. With φ the angle between Δ and the reward's component,
/// the least rise among intents within θ of it is that of the one turned away from Δ: `‖Δ‖ ‖P r0‖ cos(φ + θ)`, which is
/// above 0 just if `cos φ > sin θ`: `gain / distance > sin θ ‖P r‖`. From θ of a right angle on no move is safe.
///
/// # Errors
/// If an occupancy has another length than the component.
pub fn safe_stopping(
    component: &[f64],
    occupancies: &[Vec<f64>],
    angle: f64,
) -> Result<SafeStopping, CheckError> {
    for occupancy in occupancies {
        if occupancy.len() != component.len() {
            return Err(CheckError::Length {
                what: "an occupancy",
                found: occupancy.len(),
                expected: component.len(),
            });
        }
    }
    let size = norm(component);
    let steps: Vec<PathStep> = occupancies
        .windows(2)
        .map(|pair| {
            let delta = difference(&pair[1], &pair[0]);
            let (gain, distance) = (dot(&delta, component), norm(&delta));
            let is_still = distance <= STILL * norm(&pair[0]);
            let steepness = match (is_still, size > 0.0) {
                (true, _) => 1.0,
                (false, true) => gain / (distance * size),
                (false, false) => 0.0,
            };
            PathStep {
                gain,
                distance,
                steepness,
                is_safe: is_still || (angle < FRAC_PI_2 && steepness > angle.sin()),
            }
        })
        .collect();
    let stop = steps.iter().take_while(|step| step.is_safe).count();
    Ok(SafeStopping { steps, stop })
}

/// Of all intents whose component lies within `angle` radians of `component`, `[S, A]`, the one that a move of
/// occupancies, `[S, A]`, serves least: a vector of unit length, its own component, turned from the reward's towards the
/// way back as far as it may be. Where the move is straight along it, the reward's own or, at an angle of π, its opposite.
#[must_use]
pub fn least_served(component: &[f64], step: &[f64], angle: f64) -> Vec<f64> {
    let size = norm(component);
    let along: Vec<f64> = component.iter().map(|value| value / size).collect();
    let shared = dot(step, &along);
    let aside: Vec<f64> = step
        .iter()
        .zip(&along)
        .map(|(step, along)| shared * along - step)
        .collect();
    let aside_size = norm(&aside);
    if aside_size <= STILL * norm(step) {
        // No side to turn to: all that is left is to turn right round.
        let turned = if angle < PI { 1.0 } else { -1.0 };
        return along.iter().map(|value| turned * value).collect();
    }
    let to_the_way_back = PI - aside_size.atan2(shared);
    let (sine, cosine) = f64::min(angle, to_the_way_back).sin_cos();
    let pairs = along.iter().zip(&aside);
    pairs
        .map(|(along, aside)| cosine * along + sine * aside / aside_size)
        .collect()
}

/// What happens to the intent along a path of optimisation for the reward.
#[derive(Clone, Debug, PartialEq)]
pub struct GoodhartCurve {
    /// Returns by policy.
    pub returns: Vec<Returns>,
    /// The lowest and the highest return of any policy under the intent.
    pub intent_range: ReturnRange,
    /// The policy that delivers most of the intent.
    pub peak: usize,
    /// The normalised drop height: the last policy's intent less the peak's, as a share of the range. Below 0 where
    /// optimising to the end loses some: Goodhart's law.
    pub drop_height: f64,
    /// Angle between the components of reward and intent, in radians; absent where either pays all policies alike.
    pub angle: Option<f64>,
    /// Where to stop for the angle that was given, or else for the true one.
    pub stopping: SafeStopping,
}

/// Follows a path of policies, `[S, A]` each, under an expected reward and an intent, `[S, A]` each. The stopping rule is
/// told `angle_given`, in radians, or else the true one.
///
/// # Errors
/// If a table or a policy does not fit or, at discount 1, if a policy need never end.
pub fn goodhart_curve(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    policies: &[Vec<f64>],
    angle_given: Option<f64>,
) -> Result<GoodhartCurve, CheckError> {
    check_table(mdp, "the reward", reward)?;
    check_table(mdp, "the intent", intent)?;
    let mut occupancies = Vec::with_capacity(policies.len());
    for policy in policies {
        check_policy(mdp, "a policy of the path", policy)?;
        occupancies.push(occupancy(mdp, policy)?);
    }
    let component = Flow::new(mdp).project(reward).component;
    let angle = equivalence(mdp, reward, intent)?.angle;
    let told = angle_given.or(angle).unwrap_or(FRAC_PI_2);
    let returns: Vec<Returns> = occupancies
        .iter()
        .map(|visits| Returns {
            reward: dot(visits, reward),
            intent: dot(visits, intent),
        })
        .collect();
    let intent_range = return_range(mdp, intent)?;
    let delivered: Vec<f64> = returns.iter().map(|returns| returns.intent).collect();
    let (peak, drop) = drop_from_peak(&delivered);
    Ok(GoodhartCurve {
        returns,
        intent_range,
        peak,
        drop_height: intent_range.share(drop),
        angle,
        stopping: safe_stopping(&component, &occupancies, told)?,
    })
}

/// Index of the highest value, the first of several, and the last value less it.
fn drop_from_peak(values: &[f64]) -> (usize, f64) {
    let mut peak = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[peak] {
            peak = index;
        }
    }
    let drop = values.last().map_or(0.0, |last| last - values[peak]);
    (peak, drop)
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
