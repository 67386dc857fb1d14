//! The plane of two returns: every policy of an MDP is a point in it, and all of them fill a convex polygon.
//!
//! An occupancy of a stochastic policy is a mixture of occupancies of deterministic ones, and a return is linear in the
//! occupancy. So the points (return under the reward, return under the intent) of all policies are a convex polygon
//! whose corners are deterministic policies, and the corner that lies furthest in a direction is an optimal policy of
//! one MDP: the same dynamics under the rewards added up in that direction.

use mdp::{
    Solution, TabularMdp, deterministic, evaluate_policy, occupancy, policy_iteration,
    policy_return, uniform_policy,
};

use crate::error::check_table;
use crate::flow::{add, dot, norm};
use crate::{CheckError, Flow};

/// How far an action's value may lie below the best and still count as optimal: as a share of the largest reward and
/// the state's value together, each less its potential. One action's worth: a policy of such actions may lose it in
/// each step, so what it loses in all is checked against [`SAME`], and fewer ties are taken where that is more.
const TIES: [f64; 2] = [1e-9, 1e-11];
/// Returns that differ by less than this share of their scale are the same.
pub(super) const SAME: f64 = 1e-9;
/// A component below this share of its reward is rounding.
const TRIVIAL: f64 = 1e-13;

/// The returns of one policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Returns {
    /// Return under the reward.
    pub reward: f64,
    /// Return under the intent.
    pub intent: f64,
}

impl Returns {
    /// Both with a shift added.
    #[must_use]
    pub(crate) fn plus(self, shift: Returns) -> Returns {
        Returns {
            reward: self.reward + shift.reward,
            intent: self.intent + shift.intent,
        }
    }
}

/// A deterministic policy and its returns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Corner {
    /// Action of each state.
    pub(crate) policy: Vec<usize>,
    /// Its returns, less [`Plane::shift`].
    pub(crate) returns: Returns,
}

/// Two rewards on the same dynamics.
///
/// Below discount 1 it holds of each reward what is left once a potential is taken out. A potential
/// adds the same to the return of every policy, so the polygon is only shifted; but what is added in each step, or a
/// large potential, would otherwise drown the differences that decide. All returns here are less that shift. At discount
/// 1 a potential would pay policies that never end, and the rewards are taken as they are.
#[derive(Debug)]
pub(crate) struct Plane<'a> {
    mdp: &'a TabularMdp,
    /// `[S, A]` each, zero where unreachable: nothing there may decide anything.
    reward: Vec<f64>,
    intent: Vec<f64>,
    shift: Returns,
    /// The largest size of a reward and of an intent where a policy may come: what a direction is scaled by.
    scale: Returns,
}

impl<'a> Plane<'a> {
    /// Checks the tables, `[S, A]` each.
    pub(crate) fn new(
        mdp: &'a TabularMdp,
        reward: &[f64],
        intent: &[f64],
    ) -> Result<Plane<'a>, CheckError> {
        check_table(mdp, "the reward", reward)?;
        check_table(mdp, "the intent", intent)?;
        if mdp.discount().get() >= 1.0 {
            return Plane::as_they_are(mdp, reward, intent);
        }
        let flow = Flow::new(mdp);
        let (bare_reward, by_reward) = bare(mdp, &flow, reward)?;
        let (bare_intent, by_intent) = if reward == intent {
            (bare_reward.clone(), by_reward)
        } else {
            bare(mdp, &flow, intent)?
        };
        let shift = Returns {
            reward: by_reward,
            intent: by_intent,
        };
        Ok(Plane::of(mdp, bare_reward, bare_intent, shift))
    }

    /// The same with the potentials left in: for rewards known to have no large ones.
    pub(crate) fn as_they_are(
        mdp: &'a TabularMdp,
        reward: &[f64],
        intent: &[f64],
    ) -> Result<Plane<'a>, CheckError> {
        check_table(mdp, "the reward", reward)?;
        check_table(mdp, "the intent", intent)?;
        let no_shift = Returns {
            reward: 0.0,
            intent: 0.0,
        };
        Ok(Plane::of(
            mdp,
            reached(mdp, reward),
            reached(mdp, intent),
            no_shift,
        ))
    }

    fn of(mdp: &'a TabularMdp, reward: Vec<f64>, intent: Vec<f64>, shift: Returns) -> Plane<'a> {
        let scale = Returns {
            reward: largest(&reward),
            intent: largest(&intent),
        };
        Plane {
            mdp,
            reward,
            intent,
            shift,
            scale,
        }
    }

    /// What the potentials that were taken out add to the returns of every policy.
    pub(crate) fn shift(&self) -> Returns {
        self.shift
    }

    /// The largest size of a reward and of an intent, each less its potential; 1 where all of them are 0.
    pub(crate) fn scale(&self) -> Returns {
        self.scale
    }

    /// A corner that lies furthest in a direction, given in units of [`Plane::scale`].
    pub(crate) fn furthest(
        &self,
        direction: Returns,
        near: Option<&[usize]>,
    ) -> Result<Corner, CheckError> {
        let solution = policy_iteration(self.mdp, &self.combined(direction), near)?;
        self.corner(solution.policy)
    }

    /// The corner that lies furthest in the first direction and, among those that do, furthest in the second.
    pub(crate) fn furthest_then(
        &self,
        first: Returns,
        second: Returns,
        near: Option<&[usize]>,
    ) -> Result<Corner, CheckError> {
        let solution = policy_iteration(self.mdp, &self.combined(first), near)?;
        let mut untied = None;
        for tie in TIES {
            let Some(cut) = self.cut_all_but_ties(&solution, tie) else {
                break;
            };
            let tied = self.furthest_among(&cut, second, &solution.policy)?;
            let most = match &untied {
                Some(untied) => untied,
                None => untied.insert(self.corner(solution.policy.clone())?),
            };
            let most = self.along(first, most);
            if self.along(first, &tied) >= most - 0.5 * SAME * (1.0 + most.abs()) {
                return Ok(tied);
            }
        }
        untied.map_or_else(|| self.corner(solution.policy), Ok)
    }

    /// `[S, A]`, the actions that are neither optimal nor tied with one that is; none where only the policy is left.
    fn cut_all_but_ties(&self, solution: &Solution, tie: f64) -> Option<Vec<bool>> {
        let n_actions = self.mdp.n_actions();
        let mut cut = vec![false; self.reward.len()];
        let mut is_tied = false;
        for (state, row) in solution.q_values.chunks(n_actions).enumerate() {
            let value = solution.values[state];
            for (action, q_value) in row.iter().enumerate() {
                let is_chosen = action == solution.policy[state];
                let is_kept = is_chosen || *q_value >= value - tie * (1.0 + value.abs());
                cut[state * n_actions + action] = !is_kept;
                is_tied |= is_kept && !is_chosen;
            }
        }
        is_tied.then_some(cut)
    }

    /// How far a corner lies in a direction.
    fn along(&self, direction: Returns, corner: &Corner) -> f64 {
        direction.reward * corner.returns.reward / self.scale.reward
            + direction.intent * corner.returns.intent / self.scale.intent
    }

    /// The corner that lies furthest in a direction while some actions are cut.
    fn furthest_among(
        &self,
        cut: &[bool],
        direction: Returns,
        near: &[usize],
    ) -> Result<Corner, CheckError> {
        let restricted = self.mdp.cut(cut).expect("one action is kept in each state");
        let best = restricted.policy_iteration(&self.combined(direction), Some(near))?;
        self.corner(best.policy)
    }

    /// A deterministic policy with its returns: below discount 1 both from one solution for its visits, since this is
    /// asked for each corner.
    pub(crate) fn corner(&self, policy: Vec<usize>) -> Result<Corner, CheckError> {
        let stochastic = deterministic(&policy, self.mdp.n_actions());
        let returns = if self.mdp.discount().get() < 1.0 {
            let visits = occupancy(self.mdp, &stochastic)?;
            Returns {
                reward: dot(&visits, &self.reward),
                intent: dot(&visits, &self.intent),
            }
        } else {
            self.returns(&stochastic)?
        };
        Ok(Corner { policy, returns })
    }

    /// The returns of a policy, `[S, A]`, less [`Plane::shift`].
    pub(crate) fn returns(&self, policy: &[f64]) -> Result<Returns, CheckError> {
        Ok(Returns {
            reward: policy_return(self.mdp, &self.reward, policy)?,
            intent: policy_return(self.mdp, &self.intent, policy)?,
        })
    }

    /// The rewards added up in a direction.
    fn combined(&self, direction: Returns) -> Vec<f64> {
        let (by_reward, by_intent) = (
            direction.reward / self.scale.reward,
            direction.intent / self.scale.intent,
        );
        let pairs = self.reward.iter().zip(&self.intent);
        pairs
            .map(|(reward, intent)| by_reward * reward + by_intent * intent)
            .collect()
    }
}

/// What is left of a reward once a potential Φ is taken out, zero where unreachable, and what that adds to every return:
/// `-Σ start Φ`.
///
/// Any potential will do. Where the flow matrix is factored it is the one that leaves least. In larger MDPs, where least
/// squares may be slow, it is the uniform policy's values with their sign turned: what is left are its advantages.
fn bare(mdp: &TabularMdp, flow: &Flow, rewards: &[f64]) -> Result<(Vec<f64>, f64), CheckError> {
    let (mut component, potential) = if flow.is_factored() {
        let projection = flow.project(rewards);
        (projection.component, projection.potential)
    } else {
        advantages(mdp, flow, rewards)?
    };
    let shaping = flow.shaping(&potential);
    if norm(&component) <= TRIVIAL * norm(&shaping) {
        component.fill(0.0);
    }
    Ok((component, -dot(mdp.start(), &potential)))
}

/// The advantages of the uniform policy, zero where unreachable, and its values with their sign turned. Evaluated twice:
/// the second time takes away what rounding left.
fn advantages(
    mdp: &TabularMdp,
    flow: &Flow,
    rewards: &[f64],
) -> Result<(Vec<f64>, Vec<f64>), CheckError> {
    let uniform = uniform_policy(mdp);
    let mut left = reached(mdp, rewards);
    let mut potential = vec![0.0; mdp.n_states()];
    for _ in 0..2 {
        let mut values = evaluate_policy(mdp, &left, &uniform)?.values;
        add(&mut left, 1.0, &flow.shaping(&values));
        values.iter_mut().for_each(|value| *value = -*value);
        add(&mut potential, 1.0, &values);
    }
    Ok((left, potential))
}

/// The values, `[S, A]`, of states that can be reached among zeros for the others.
fn reached(mdp: &TabularMdp, values: &[f64]) -> Vec<f64> {
    let mut reached = values.to_vec();
    let rows = reached.chunks_mut(mdp.n_actions()).zip(mdp.reachable());
    rows.filter(|(_, reachable)| !reachable)
        .for_each(|(row, _)| row.fill(0.0));
    reached
}

fn largest(rewards: &[f64]) -> f64 {
    let sizes = rewards.iter().map(|reward| reward.abs());
    match sizes.fold(0.0, f64::max) {
        0.0 => 1.0,
        largest => largest,
    }
}
