//! Moves of particles that leave the posterior as it is.

use envs::GoalProblem;
use mdp::{categorical, uniform};

use super::agent::Plan;
use super::filter::{GoalFilter, next_plan};

/// Probability of planning again where the hypothesis has left what was seen, and where it has not.
const REPLAN: (f64, f64) = (0.9, 0.1);
/// Probability of planning again from the plan that left what was seen; the others share the rest.
const CULPRIT: f64 = 0.9;

/// A history of plans in place of the end of another, and the log-probability of proposing it.
struct Proposed {
    plans: Vec<Plan>,
    log_proposal: f64,
}

impl<P: GoalProblem> GoalFilter<'_, P> {
    /// Moves every particle a few times.
    pub(super) fn move_particles(&mut self) {
        for place in 0..self.particles.len() {
            for _ in 0..self.config.n_moves {
                let moved = if uniform(&mut self.rng) < self.config.goal_move {
                    self.goal_move(place)
                } else {
                    self.replan_move(place)
                };
                self.n_accepted += usize::from(moved);
            }
        }
    }

    /// Draws the goal again, nearer ones first, with a whole history; whether that was accepted.
    fn goal_move(&mut self, place: usize) -> bool {
        let Some((first, last)) = self.seen.first().copied().zip(self.seen.last().copied()) else {
            return false;
        };
        let estimates =
            (0..self.log_prior.len()).map(|goal| self.planner.space.estimate(last, goal));
        let weights: Vec<f64> = estimates
            .map(|left| (-self.config.goal_proposal * left).exp())
            .collect();
        let sum: f64 = weights.iter().sum();
        if sum <= 0.0 {
            return false;
        }
        let shares: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let goal = categorical(&shares, &mut self.rng);
        let from = self.particles[place]
            .plans
            .first()
            .map_or((0, first), |plan| (0, plan.path[0]));
        let proposed = self.propose(goal, from);
        let old = &self.particles[place];
        let old_goal = old.goal;
        let ratio = self.log_target(goal, &proposed.plans) - self.log_target(old.goal, &old.plans);
        let plans = std::mem::take(&mut self.particles[place].plans);
        let backward = self.log_proposal(old_goal, &plans);
        self.particles[place].plans = plans;
        let ratio =
            ratio + backward + shares[old_goal].ln() - proposed.log_proposal - shares[goal].ln();
        let accepts = uniform(&mut self.rng).ln() < ratio;
        if accepts {
            let particle = &mut self.particles[place];
            particle.goal = goal;
            particle.plans = proposed.plans;
        }
        accepts
    }

    /// Plans again from one of the plans on; whether that was accepted.
    fn replan_move(&mut self, place: usize) -> bool {
        let goal = self.particles[place].goal;
        let old = std::mem::take(&mut self.particles[place].plans);
        let moved = self.replanned(goal, &old);
        let accepts = moved.is_some();
        self.particles[place].plans = moved.unwrap_or(old);
        accepts
    }

    /// The history that takes the place of another, if it is accepted.
    fn replanned(&mut self, goal: usize, old: &[Plan]) -> Option<Vec<Plan>> {
        let left = self.leaves(old);
        if old.is_empty() || uniform(&mut self.rng) >= replan_share(left) {
            return None;
        }
        let shares = plan_shares(old, left);
        let first = categorical(&shares, &mut self.rng);
        let from = (old[first].begins, old[first].path[0]);
        let proposed = self.propose(goal, from);
        let backward = self.log_proposal(goal, &old[first..]);
        let ratio = self.log_target(goal, &proposed.plans) - self.log_target(goal, &old[first..]);
        let mut plans = old[..first].to_vec();
        plans.extend(proposed.plans);
        let new_left = self.leaves(&plans);
        let choice_backward =
            replan_share(new_left).ln() + plan_shares(&plans, new_left)[first].ln();
        let choice_forward = replan_share(left).ln() + shares[first].ln();
        let ratio = ratio + backward - proposed.log_proposal + choice_backward - choice_forward;
        (uniform(&mut self.rng).ln() < ratio).then_some(plans)
    }

    /// The first time at which a history is not in the state that was seen; none where it always is.
    fn leaves(&self, plans: &[Plan]) -> Option<usize> {
        let mut times = self.seen.iter().enumerate();
        times
            .find(|(time, seen)| {
                let after = plans.partition_point(|plan| plan.begins <= *time);
                after > 0 && plans[after - 1].state_at(*time) != **seen
            })
            .map(|(time, _)| time)
    }

    /// Draws plans up to the last observation, each leaning to what was seen from its beginning on.
    fn propose(&mut self, goal: usize, from: (usize, u32)) -> Proposed {
        let now = self.seen.len() - 1;
        let mut proposed = Proposed {
            plans: vec![],
            log_proposal: 0.0,
        };
        while let Some(from) = next_plan(&proposed.plans, from, now) {
            let seen = &self.seen[from.0..];
            let (plan, log_proposal) = self.planner.draw(goal, from, seen, &mut self.rng);
            proposed.plans.push(plan);
            proposed.log_proposal += log_proposal;
        }
        proposed
    }

    /// The log-probability with which [`GoalFilter::propose`] draws given plans.
    fn log_proposal(&mut self, goal: usize, plans: &[Plan]) -> f64 {
        let each = plans.iter().map(|plan| {
            let seen = &self.seen[plan.begins..];
            self.planner.log_proposal(goal, plan, seen)
        });
        each.sum()
    }

    /// The log-probability of a goal, of plans, and of all that was seen while they lasted.
    fn log_target(&self, goal: usize, plans: &[Plan]) -> f64 {
        let Some(first) = plans.first() else {
            return self.log_prior[goal];
        };
        let space = &self.planner.space;
        let model: f64 = plans.iter().map(|plan| plan.log_model).sum();
        let mut plan = 0;
        let times = first.begins + 1..self.seen.len();
        let seen: f64 = times
            .map(|time| {
                while plan + 1 < plans.len() && plans[plan + 1].begins <= time {
                    plan += 1;
                }
                let state = space.state(plans[plan].state_at(time));
                let seen = space.state(self.seen[time]);
                space.problem().observation_log_probability(state, seen)
            })
            .sum();
        self.log_prior[goal] + model + seen
    }
}

fn replan_share(left: Option<usize>) -> f64 {
    if left.is_some() { REPLAN.0 } else { REPLAN.1 }
}

/// Probability of planning again from each plan.
fn plan_shares(plans: &[Plan], left: Option<usize>) -> Vec<f64> {
    let n = plans.len();
    if n == 1 {
        return vec![1.0];
    }
    // The plan that made the first step away; the last one, where there was none.
    let culprit = match left {
        Some(time) => plans.partition_point(|plan| plan.begins < time).max(1) - 1,
        None => n - 1,
    };
    let other = (1.0 - CULPRIT) / (n - 1) as f64;
    (0..n)
        .map(|plan| if plan == culprit { CULPRIT } else { other })
        .collect()
}
