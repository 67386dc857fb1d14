//! Constants that turn a distance between rewards into a bound on what can be lost.

use mdp::{TabularMdp, occupancy, uniform_policy};

use crate::distance::{Canonicalizer, Direction, canonical, half_distance};
use crate::flow::{dot, norm};
use crate::gap::{Plane, range_on, return_range};
use crate::{CheckError, Flow};

/// A distance and what it promises about [`worst_regret`](crate::worst_regret())'s share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegretBound {
    /// The distance, from 0 to 1.
    pub distance: f64,
    /// No more than this times the distance is lost, for any pair of rewards on this MDP; absent where no constant can
    /// hold for all.
    pub constant: Option<f64>,
    /// The same for this intent and any reward.
    pub intent_constant: f64,
    /// What is promised for this pair at its sharpest: the intent's constant, and the sine of the angle for twice its
    /// half's sine; at most 1.
    pub sharpest: f64,
}

impl RegretBound {
    /// The promise for any pair: constant times distance.
    #[must_use]
    pub fn bound(&self) -> Option<f64> {
        self.constant.map(|constant| constant * self.distance)
    }
}

/// What each distance between two rewards promises about [`worst_regret`](crate::worst_regret())'s share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RegretBounds {
    /// Of [`range_distance`]: the constant is 2 in every MDP, and at least the distance itself is lost.
    pub range: RegretBound,
    /// Of [`starc`](crate::starc()) with [`Canonicalizer::Flow`].
    pub flow: RegretBound,
    /// Of [`starc`](crate::starc()) with [`Canonicalizer::Value`].
    pub value: RegretBound,
    /// Of [`starc`](crate::starc()) with [`Canonicalizer::ValuePotential`], which has no constant for all intents:
    /// redistribution that no policy feels can make up any part of a reward.
    pub value_potential: RegretBound,
    /// At least the largest Euclidean distance between the occupancies of two policies.
    pub diameter: f64,
    /// At most the radius of the largest ball of occupancies.
    pub radius: f64,
}

/// The distances of a reward from an intent, two tables with one value a stored transition, with what each promises.
/// `policy`, `[S, A]`, is that of the value canonicalizers.
///
/// The constants cost two MDPs, an evaluation and two least squares for each state and action. For many states there are
/// [`range_distance`], whose constant costs nothing, and [`worst_regret`](crate::worst_regret()) itself.
///
/// # Errors
/// If a table does not fit or, at discount 1, if a policy on the way need never end.
pub fn regret_bounds(
    mdp: &TabularMdp,
    policy: &[f64],
    reward: &[f64],
    intent: &[f64],
) -> Result<RegretBounds, CheckError> {
    let flow = Flow::new(mdp);
    let (expected_reward, expected_intent) = (mdp.expected(reward), mdp.expected(intent));
    let size = Size {
        diameter: diameter(mdp, &flow)?,
        radius: radius(mdp, &flow)?,
        width: return_range(mdp, &expected_intent)?.width(),
    };
    let of = |canonicalizer, stretch: Option<f64>| -> Result<RegretBound, CheckError> {
        let reward = canonical(mdp, &flow, canonicalizer, reward)?;
        let intent = canonical(mdp, &flow, canonicalizer, intent)?;
        Ok(size.bound(stretch, reward, intent))
    };
    let distance = range_distance(mdp, &expected_reward, &expected_intent)?;
    Ok(RegretBounds {
        range: RegretBound {
            distance,
            constant: Some(2.0),
            intent_constant: 2.0,
            sharpest: f64::min(2.0 * distance, 1.0),
        },
        flow: of(Canonicalizer::Flow, Some(1.0))?,
        value: of(
            Canonicalizer::Value(policy),
            Some(stretch(mdp, &flow, policy)?),
        )?,
        value_potential: of(Canonicalizer::ValuePotential(policy), None)?,
        diameter: size.diameter,
        radius: size.radius,
    })
}

/// The STARC distance whose norm is the range of returns: half the range of `r₁ / range(r₁) - r₂ / range(r₂)`, from 0 to
/// 1; expected rewards, `[S, A]`. It is at most the worst-case regret's share, and at least half of it, in every MDP.
///
/// # Errors
/// If a table does not fit or, at discount 1, if a policy on the way need never end.
pub fn range_distance(mdp: &TabularMdp, first: &[f64], second: &[f64]) -> Result<f64, CheckError> {
    let flow = Flow::new(mdp);
    let first = unit_range(mdp, &flow, first)?;
    let second = unit_range(mdp, &flow, second)?;
    let difference: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a - b).collect();
    Ok(0.5 * range_as_it_is(mdp, &difference)?)
}

/// The component of a reward, scaled to a range of 1; zero where the reward is trivial.
fn unit_range(mdp: &TabularMdp, flow: &Flow, rewards: &[f64]) -> Result<Vec<f64>, CheckError> {
    crate::error::check_table(mdp, "the reward", rewards)?;
    let projection = flow.project(rewards);
    let mut component = projection.component;
    let width = range_as_it_is(mdp, &component)?;
    // What cannot be reached is no part of either side.
    let shaping = norm(&flow.shaping(&projection.potential));
    let is_trivial = norm(&component) <= 1e-13 * shaping;
    let factor = if is_trivial || width == 0.0 {
        0.0
    } else {
        1.0 / width
    };
    component.iter_mut().for_each(|value| *value *= factor);
    Ok(component)
}

/// The range of returns under a reward that has no large potential to take out.
fn range_as_it_is(mdp: &TabularMdp, rewards: &[f64]) -> Result<f64, CheckError> {
    Ok(range_on(&Plane::as_they_are(mdp, rewards, rewards)?)?.width())
}

/// How large the polytope of occupancies is, and how far returns of the intent reach.
struct Size {
    diameter: f64,
    radius: f64,
    width: f64,
}

impl Size {
    /// The bound of a canonical form and the largest number in it; `stretch` is the most by which it is longer than the
    /// component of the same reward.
    fn bound(
        &self,
        stretch: Option<f64>,
        (reward, reward_scale): (Vec<f64>, f64),
        (intent, intent_scale): (Vec<f64>, f64),
    ) -> RegretBound {
        let length = norm(&intent);
        let reward = Direction::new(reward, reward_scale);
        let intent = Direction::new(intent, intent_scale);
        let distance = half_distance(&reward, &intent, 0.5);
        // Up to a right angle the nearest multiple of the reward's direction lies at the sine of the angle from the
        // intent's; beyond it, or without a direction, at 1.
        let is_obtuse = 1.0 < 2.0 * distance * distance;
        let sine = if is_obtuse || reward.vector().is_none() {
            1.0
        } else {
            2.0 * distance * (1.0 - distance * distance).sqrt()
        };
        let own = if self.width > 0.0 {
            self.diameter * length / self.width
        } else {
            0.0
        };
        RegretBound {
            distance,
            constant: stretch.map(|stretch| self.diameter * stretch / self.radius),
            intent_constant: 2.0 * own,
            sharpest: if intent.vector().is_none() {
                0.0
            } else {
                f64::min(own * sine, 1.0)
            },
        }
    }
}

/// At least the most by which a value canonicalizer's form is longer than the component of the same reward: the
/// Frobenius norm of the map from one to the other.
fn stretch(mdp: &TabularMdp, flow: &Flow, policy: &[f64]) -> Result<f64, CheckError> {
    let mut squares = 0.0;
    let mut axis = vec![0.0; mdp.n_states() * mdp.n_actions()];
    for row in reachable_rows(mdp, flow) {
        axis[row] = 1.0;
        let component = flow.project(&axis).component;
        axis[row] = 0.0;
        let values = mdp::evaluate_policy(mdp, &component, policy)?.values;
        let shaping = flow.shaping(&values);
        // The component and any shaping are orthogonal.
        squares += dot(&component, &component) + dot(&shaping, &shaping);
    }
    Ok(squares.sqrt())
}

fn reachable_rows(mdp: &TabularMdp, flow: &Flow) -> impl Iterator<Item = usize> {
    let n_actions = mdp.n_actions();
    let states = flow.states().to_vec();
    states
        .into_iter()
        .flat_map(move |state| state * n_actions..(state + 1) * n_actions)
}

/// At least the largest distance between two occupancies: each coordinate differs by at most the range of its returns.
fn diameter(mdp: &TabularMdp, flow: &Flow) -> Result<f64, CheckError> {
    let mut squares = 0.0;
    let mut axis = vec![0.0; mdp.n_states() * mdp.n_actions()];
    for row in reachable_rows(mdp, flow) {
        axis[row] = 1.0;
        squares += range_as_it_is(mdp, &axis)?.powi(2);
        axis[row] = 0.0;
    }
    Ok(squares.sqrt())
}

/// At most the radius of the largest ball of occupancies: the one around the policy that takes all actions alike
/// touches the nearest face, along that coordinate's component.
fn radius(mdp: &TabularMdp, flow: &Flow) -> Result<f64, CheckError> {
    let n_rows = mdp.n_states() * mdp.n_actions();
    let visits = occupancy(mdp, &uniform_policy(mdp))?;
    let mut radius = f64::INFINITY;
    let mut axis = vec![0.0; n_rows];
    for row in reachable_rows(mdp, flow) {
        axis[row] = 1.0;
        let along = norm(&flow.project(&axis).component);
        axis[row] = 0.0;
        radius = f64::min(radius, visits[row] / along);
    }
    Ok(radius)
}
