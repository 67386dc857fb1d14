//! What optimising one reward may cost under another, and what a distance promises about it.
//!
//! The derivations are in `docs/methods/regret-bounds.md`.

mod bounds;

#[cfg(test)]
mod tests;

use mdp::{Stop, TabularMdp};

use crate::flow::norm;
use crate::gap::{Corner, INTENT_DOWN, INTENT_UP, Plane, REWARD_DOWN, REWARD_UP};
use crate::{CheckError, Flow, Mixture, ReturnRange, Returns, Witness};

pub use bounds::{RegretBound, RegretBounds, range_distance, regret_bounds};

/// MDPs solved before the search is given up; a few dozen are usual.
const MAX_ITERATIONS: usize = 200;

/// The most intent that can be lost by going from one policy to another that the reward pays no less.
#[derive(Clone, Debug, PartialEq)]
pub struct WorstRegret {
    /// The policy that is left.
    pub from: Witness,
    /// The policy that is taken up: the reward pays it at least as much.
    pub to: Witness,
    /// The lowest and the highest return of any policy under the intent.
    pub intent_range: ReturnRange,
    /// The multiple t of the reward for which the range of returns of `intent - t reward` is least.
    pub multiplier: f64,
    /// That range: no pair of policies loses more.
    pub bound: f64,
    /// Pairs of MDPs solved for it.
    pub iterations: usize,
    /// Why it stopped.
    pub stop: Stop,
}

impl WorstRegret {
    /// What is lost, in returns of the intent.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.from.returns.intent - self.to.returns.intent
    }

    /// The same as a share of the intent's range, from 0 to 1; 0 where the intent is indifferent.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.intent_range.share(self.loss())
    }

    /// How far the answer may be from exact: dual less primal, in returns of the intent.
    #[must_use]
    pub fn duality_gap(&self) -> f64 {
        self.bound - self.loss()
    }
}

/// The worst-case regret of expected rewards, `[S, A]`: the greatest `J_intent(a) - J_intent(b)` over all policies a and
/// b with `J_reward(b) >= J_reward(a)`.
///
/// A linear programme over pairs of occupancies. Its dual has one variable t, and for each t it is the range of returns
/// of `intent - t reward`, two ordinary MDPs; the answer is exact, and both policies are mixtures of at most two
/// deterministic ones.
///
/// # Errors
/// If a table does not fit or, at discount 1, if a policy on the way need never end.
pub fn worst_regret(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
) -> Result<WorstRegret, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let top = Pair {
        from: plane.furthest_then(INTENT_UP, REWARD_DOWN, None)?,
        to: plane.furthest_then(INTENT_DOWN, REWARD_UP, None)?,
    };
    let intent_range = ReturnRange {
        lowest: top.to.returns.intent,
        highest: top.from.returns.intent,
    };
    let edge = if top.run() <= 0.0 || is_trivial(mdp, reward) {
        Edge::at(top)
    } else {
        let low = Pair {
            from: plane.furthest_then(REWARD_DOWN, INTENT_UP, Some(&top.to.policy))?,
            to: plane.furthest_then(REWARD_UP, INTENT_DOWN, Some(&top.from.policy))?,
        };
        Edge::across(&plane, low, top)?
    };
    let (from, to) = edge.witnesses(mdp)?;
    let shift = plane.shift();
    Ok(WorstRegret {
        from: from.plus(shift),
        to: to.plus(shift),
        intent_range: intent_range.plus(shift.intent),
        multiplier: edge.multiplier,
        bound: edge.bound,
        iterations: edge.iterations,
        stop: edge.stop,
    })
}

/// Whether a reward is indifferent between all policies, so that differences of its returns are rounding.
fn is_trivial(mdp: &TabularMdp, rewards: &[f64]) -> bool {
    let flow = Flow::new(mdp);
    let projection = flow.project(rewards);
    let shaping = flow.shaping(&projection.potential);
    norm(&projection.component) <= 1e-13 * norm(&shaping)
}

/// Two deterministic policies: a corner of the polygon of differences of returns.
#[derive(Clone, Debug)]
struct Pair {
    from: Corner,
    to: Corner,
}

impl Pair {
    /// How much more the reward pays the policy that is left.
    fn run(&self) -> f64 {
        self.from.returns.reward - self.to.returns.reward
    }

    /// How much more it delivers of the intent.
    fn rise(&self) -> f64 {
        self.from.returns.intent - self.to.returns.intent
    }
}

/// The two corners of the polygon of differences whose edge crosses the axis where the reward pays both alike.
struct Edge {
    ends: [Pair; 2],
    multiplier: f64,
    bound: f64,
    iterations: usize,
    stop: Stop,
}

impl Edge {
    /// One corner is the answer.
    fn at(pair: Pair) -> Edge {
        Edge {
            bound: pair.rise(),
            ends: [pair.clone(), pair],
            multiplier: 0.0,
            iterations: 0,
            stop: Stop::Converged,
        }
    }

    /// Kelley's cutting planes in one dimension, as in [`gap`](crate::gap()): the corner furthest across the chord of
    /// two corners takes the place of one of them until the chord is an edge.
    fn across(plane: &Plane<'_>, mut low: Pair, mut high: Pair) -> Result<Edge, CheckError> {
        let scale = plane.scale();
        let mut iterations = 0;
        loop {
            let multiplier = f64::max((high.rise() - low.rise()) / (high.run() - low.run()), 0.0);
            let slope = multiplier * scale.reward / scale.intent;
            let up = Returns {
                reward: -slope / (1.0 + slope),
                intent: 1.0 / (1.0 + slope),
            };
            let down = Returns {
                reward: -up.reward,
                intent: -up.intent,
            };
            let found = Pair {
                from: plane.furthest(up, Some(&high.from.policy))?,
                to: plane.furthest(down, Some(&high.to.policy))?,
            };
            iterations += 1;
            let height = |pair: &Pair| pair.rise() - multiplier * pair.run();
            let chord = f64::max(height(&low), height(&high));
            let size = multiplier * found.run().abs() + found.rise().abs();
            let is_edge = height(&found) - chord <= 1e-12 * (size + scale.intent);
            if is_edge || iterations >= MAX_ITERATIONS {
                return Ok(Edge {
                    bound: f64::max(height(&found), chord),
                    ends: [low, high],
                    multiplier,
                    iterations,
                    stop: if is_edge {
                        Stop::Converged
                    } else {
                        Stop::BudgetSpent
                    },
                });
            }
            if found.run() <= 0.0 {
                low = found;
            } else {
                high = found;
            }
        }
    }

    /// The point of the edge on the axis, as two mixtures with the same weight.
    fn witnesses(&self, mdp: &TabularMdp) -> Result<(Witness, Witness), CheckError> {
        let [low, high] = self.ends.clone();
        let run = high.run() - low.run();
        let weight = if run > 0.0 {
            (-low.run() / run).clamp(0.0, 1.0)
        } else {
            1.0
        };
        let from = Mixture::new([low.from, high.from], weight).witness(mdp)?;
        let to = Mixture::new([low.to, high.to], weight).witness(mdp)?;
        Ok((from, to))
    }
}
