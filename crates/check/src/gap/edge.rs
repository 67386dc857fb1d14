//! The edge of the polygon of returns on which the worst policy lies.

use mdp::Stop;

use super::{Corner, Mixture, Plane, Returns};
use crate::CheckError;

/// A corner that lies above a chord by no more than this share of its returns lies on it.
const ON_CHORD: f64 = 1e-12;

/// The two corners of an edge, the multiplier there and how it was found.
#[derive(Debug)]
pub(super) struct Edge {
    /// Paid less than was asked, or just that; and the corner that is paid at least that.
    pub(super) ends: [Corner; 2],
    /// Rise of the intent for each unit of the reward along it.
    pub(super) multiplier: f64,
    /// The dual's value: the intent of the lowest point that is paid what was asked, or less.
    pub(super) bound: f64,
    /// MDPs solved.
    pub(super) iterations: usize,
    /// Whether it is an edge, or the best chord when the budget was spent.
    pub(super) stop: Stop,
}

impl Edge {
    /// One corner is the answer.
    pub(super) fn at(corner: Corner) -> Edge {
        Edge {
            bound: corner.returns.intent,
            ends: [corner.clone(), corner],
            multiplier: 0.0,
            iterations: 0,
            stop: Stop::Converged,
        }
    }

    /// Kelley's cutting planes in one dimension, between a corner that is paid less than `asked` and one that is paid
    /// more.
    ///
    /// The dual `g(λ) = min_π J_intent(π) - λ (J_reward(π) - c)` is concave and piecewise linear, and each policy is one
    /// of its lines. The two lines that enclose the maximum cross at the slope of the chord between their corners; the
    /// policy that is optimal there either lies on the chord, which is then an edge of the polygon, or takes the place of
    /// one of the two.
    pub(super) fn between(
        plane: &Plane<'_>,
        below: Corner,
        above: Corner,
        asked: f64,
        max_iterations: usize,
    ) -> Result<Edge, CheckError> {
        let mut chord = Chord { below, above };
        let mut iterations = 0;
        loop {
            let slope = chord.slope();
            let found = plane.furthest(beneath(plane, slope), Some(chord.near(asked)))?;
            iterations += 1;
            let is_edge = chord.has(&found, plane);
            if is_edge || iterations >= max_iterations {
                let depth = f64::max(depth(slope, &found), chord.depth());
                return Ok(Edge {
                    ends: [chord.below, chord.above],
                    multiplier: slope,
                    bound: slope * asked - depth,
                    iterations,
                    stop: if is_edge {
                        Stop::Converged
                    } else {
                        Stop::BudgetSpent
                    },
                });
            }
            if found.returns.reward < asked {
                chord.below = found;
            } else {
                chord.above = found;
            }
        }
    }

    /// The point of the edge that is paid exactly what was asked.
    pub(super) fn mixture(&self, asked: f64) -> Mixture {
        let [below, above] = &self.ends;
        let run = above.returns.reward - below.returns.reward;
        let weight = if run > 0.0 {
            ((asked - below.returns.reward) / run).clamp(0.0, 1.0)
        } else {
            1.0
        };
        Mixture::new([below.clone(), above.clone()], weight)
    }
}

/// Two corners on either side of what was asked.
#[derive(Debug)]
struct Chord {
    below: Corner,
    above: Corner,
}

impl Chord {
    /// Rise of the intent for each unit of the reward.
    fn slope(&self) -> f64 {
        let run = self.above.returns.reward - self.below.returns.reward;
        let rise = self.above.returns.intent - self.below.returns.intent;
        f64::max(rise / run, 0.0)
    }

    /// How far down it lies, beneath lines of its slope through the origin.
    fn depth(&self) -> f64 {
        f64::max(
            depth(self.slope(), &self.below),
            depth(self.slope(), &self.above),
        )
    }

    /// Whether the corner that lies furthest beneath it lies on it.
    fn has(&self, found: &Corner, plane: &Plane<'_>) -> bool {
        let slope = self.slope();
        let size = slope * found.returns.reward.abs() + found.returns.intent.abs();
        let is_known = found.policy == self.below.policy || found.policy == self.above.policy;
        let gain = depth(slope, found) - self.depth();
        is_known || gain <= ON_CHORD * (size + plane.scale().intent)
    }

    /// The policy of the end that is paid more nearly what was asked.
    fn near(&self, asked: f64) -> &[usize] {
        if asked - self.below.returns.reward < self.above.returns.reward - asked {
            &self.below.policy
        } else {
            &self.above.policy
        }
    }
}

fn depth(slope: f64, corner: &Corner) -> f64 {
    slope * corner.returns.reward - corner.returns.intent
}

/// The direction straight down from a line of this slope.
fn beneath(plane: &Plane<'_>, slope: f64) -> Returns {
    let scale = plane.scale();
    let slope = slope * scale.reward / scale.intent;
    Returns {
        reward: slope / (1.0 + slope),
        intent: -1.0 / (1.0 + slope),
    }
}
