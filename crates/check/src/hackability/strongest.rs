//! The two policies that disagree most about two rewards, over all stochastic policies, by planning.

use mdp::{Stop, TabularMdp};

use super::{Extremes, HackablePair, Ranges, verified};
use crate::CheckError;
use crate::gap::{Corner, Mixture, Plane, Returns};

/// Most MDPs that are solved.
const MAX_SOLVED: usize = 200;

/// The pair of policies with the greatest smaller share of gain and loss.
#[derive(Clone, Debug, PartialEq)]
pub struct StrongestPair {
    /// The pair, if some two policies disagree by more than the tolerance.
    pub pair: Option<HackablePair>,
    /// No two policies disagree by more than this, as a share of the ranges.
    pub bound: f64,
    /// MDPs solved, beside the four that give the ranges.
    pub iterations: usize,
    /// Whether the pair is within the precision of the bound.
    pub stop: Stop,
}

/// The pair of stochastic policies that maximises the smaller of the reward's gain and the intent's loss, as shares of
/// their ranges, to within `precision` of the best, as a share of the best; pairs of at most `least` are none.
///
/// The greatest `min(Δx, Δz)` over pairs of points of a polygon is the least, over w in `[0, 1]`, of the polygon's width
/// in the direction `(w, 1 - w)`, which is convex and piecewise linear in w; each width takes two optimal policies.
///
/// # Errors
/// If a table does not fit or, at discount 1, if a policy on the way need never end.
pub fn strongest_pair(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    precision: f64,
    least: f64,
) -> Result<StrongestPair, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let extremes = Extremes::of(&plane)?;
    strongest(mdp, &plane, extremes, precision, least)
}

/// The furthest policies in one direction and against it.
#[derive(Clone, Debug)]
struct Width {
    /// Against it, and in it.
    ends: [Corner; 2],
    /// Rise of the reward and fall of the intent from the first to the second, as shares.
    rise: f64,
    fall: f64,
}

/// The strongest pair between the extremes of both returns.
pub(super) fn strongest(
    mdp: &TabularMdp,
    plane: &Plane<'_>,
    extremes: Extremes,
    precision: f64,
    least: f64,
) -> Result<StrongestPair, CheckError> {
    let ranges = extremes.ranges();
    if ranges.are_flat() {
        return Ok(StrongestPair {
            pair: None,
            bound: 0.0,
            iterations: 0,
            stop: Stop::Converged,
        });
    }
    let search = Search {
        mdp,
        plane,
        ranges,
        precision,
        least,
    };
    let [bad, good] = extremes.by_intent;
    search.run(ranges.width([good, bad]), ranges.width(extremes.by_reward))
}

impl Ranges {
    fn width(&self, ends: [Corner; 2]) -> Width {
        let [before, after] = &ends;
        let rise = after.returns.reward - before.returns.reward;
        let fall = before.returns.intent - after.returns.intent;
        Width {
            rise: self.reward.share(rise),
            fall: self.intent.share(fall),
            ends,
        }
    }
}

#[derive(Debug)]
struct Search<'a> {
    mdp: &'a TabularMdp,
    plane: &'a Plane<'a>,
    ranges: Ranges,
    precision: f64,
    least: f64,
}

impl Search<'_> {
    /// Cutting planes. A pair of corners is the line `w rise + (1 - w) fall` under the width; of the two given, the
    /// first falls with w and the second rises. Where they cross, rise and fall of their mixture are equal: the pair that
    /// is mixed so is the best so far, and the width in that direction bounds all pairs.
    fn run(&self, mut falling: Width, mut rising: Width) -> Result<StrongestPair, CheckError> {
        let (mut bound, mut iterations) = (1.0, 0);
        let mut stop = Stop::BudgetSpent;
        while stop == Stop::BudgetSpent && iterations < MAX_SOLVED {
            let (weight, reached) = crossing(&falling, &rising);
            let found = self.furthest(weight, &falling, &rising)?;
            iterations += 2;
            bound = f64::min(bound, weight * found.rise + (1.0 - weight) * found.fall);
            if bound <= f64::max(self.least, reached + self.precision * reached.abs()) {
                stop = Stop::Converged;
            } else if found.rise < found.fall {
                falling = found;
            } else {
                rising = found;
            }
        }
        Ok(StrongestPair {
            pair: self.pair(&falling, &rising)?,
            bound,
            iterations,
            stop,
        })
    }

    /// The furthest policies in the direction that weighs the reward's share by `weight`.
    fn furthest(&self, weight: f64, falling: &Width, rising: &Width) -> Result<Width, CheckError> {
        let near = if weight < 0.5 { falling } else { rising };
        let end = |sign: f64, near: &Corner| {
            let shares = Returns {
                reward: sign * weight,
                intent: sign * (weight - 1.0),
            };
            self.ranges.furthest(self.plane, shares, near)
        };
        let before = end(-1.0, &near.ends[0])?;
        let after = end(1.0, &near.ends[1])?;
        Ok(self.ranges.width([before, after]))
    }

    /// The pair at the crossing, evaluated.
    fn pair(&self, falling: &Width, rising: &Width) -> Result<Option<HackablePair>, CheckError> {
        let (left, right) = (falling.fall - falling.rise, rising.rise - rising.fall);
        let share = if left + right > 0.0 {
            left / (left + right)
        } else {
            0.0
        };
        let mixed = |end: usize| -> Result<Vec<f64>, CheckError> {
            let corners = [falling.ends[end].clone(), rising.ends[end].clone()];
            Ok(Mixture::new(corners, share).witness(self.mdp)?.policy)
        };
        let policies = [mixed(0)?, mixed(1)?];
        verified(self.plane, &self.ranges, policies, self.least)
    }
}

/// Where the lines of the two pairs cross: the weight of the reward and the height.
fn crossing(falling: &Width, rising: &Width) -> (f64, f64) {
    let (left, right) = (falling.fall - falling.rise, rising.rise - rising.fall);
    let weight = if left + right > 0.0 {
        ((falling.fall - rising.fall) / (left + right)).clamp(0.0, 1.0)
    } else {
        0.5
    };
    (
        weight,
        weight * falling.rise + (1.0 - weight) * falling.fall,
    )
}
