//! Value iteration whose answer is certain to within a tolerance.

use super::bounds::Bounds;
use super::held::Held;
use super::operator::{BellmanOperator, Change};
use super::{Solution, Stop};
use crate::tabular::TabularMdp;

/// Sweeps with the actions held, at most, after each sweep over all actions.
const HELD: usize = 50;
/// Sweeps over all actions, at most, between two looks at the bounds.
const ROUNDS: usize = 8;
/// How much smaller than in that sweep the changes become before the actions are looked at again.
const HELD_GAIN: f64 = 0.03;

/// Value iteration under the expected reward `rewards`, `[S, A]`, until every value is certain to within `tolerance`, or
/// for at most `max_iterations` sweeps.
///
/// A sweep over all actions works in place (Gauss and Seidel), forwards and backwards in turn, each state's loop onto
/// itself solved for. After each, sweeps hold the actions (modified policy iteration: Puterman and Shin, 1978) and go
/// through the states in the order in which values flow, each state after its likeliest successor, so that one sweep
/// carries a value down a whole path. When all has settled, and now and then before, a plain sweep gives the bounds of
/// MacQueen (1966) on the optimal values, rounding included, and the values are moved to their middle where that gains
/// something. So `error` is a bound that was proved, not a difference of sweeps. Where rounding is coarser than
/// `tolerance` it stops once nothing else changes.
///
/// At discount 1 a sweep proves nothing: `tolerance` is held against the greatest change and `error` is infinite. Values
/// begin at 0 there, and a loop that pays nothing ties with what it leads to; [`policy_iteration`](crate::policy_iteration)
/// gives a policy that ends.
///
/// # Panics
/// If `rewards` has not one value a state and action.
#[must_use]
pub fn value_iteration(
    mdp: &TabularMdp,
    rewards: &[f64],
    tolerance: f64,
    max_iterations: usize,
) -> Solution {
    let operator = BellmanOperator::without_self_loops(mdp, rewards);
    let discount = mdp.discount().get();
    let mut sweeps = Sweeps::new(&operator, least_value(rewards, mdp), max_iterations);
    // A thirtieth would be certain to be enough. The bounds often hold sooner, and to look costs one sweep.
    let mut goal = if discount < 1.0 {
        30.0 * tolerance * (1.0 - discount)
    } else {
        tolerance
    };
    loop {
        let has_settled = sweeps.settle(goal);
        // Sweeps in place leave some states further on than others; a first plain one evens that out.
        if sweeps.iterations + 1 < max_iterations {
            sweeps.plain();
        }
        let (change, rounding) = sweeps.plain();
        let bounds = Bounds::between(mdp, change, operator.least_mass(), rounding);
        let is_enough = bounds.reached(tolerance) || change.size() <= 2.0 * rounding;
        if is_enough || sweeps.is_spent() {
            return sweeps.solution(mdp, rewards, bounds, Stop::of(is_enough));
        }
        // What all values have in common is what sweeps are slowest to settle, and the bounds may know it already.
        bounds.centre(&mut sweeps.values);
        if has_settled {
            goal = (goal / 3.0).min(change.size() / 3.0);
        }
    }
}

/// What every state is worth at least, to begin with: the worst of the best rewards for ever. Values then rise to the
/// optimal ones, and states far from all that is worth having are right from the first.
fn least_value(rewards: &[f64], mdp: &TabularMdp) -> f64 {
    let discount = mdp.discount().get();
    let best = |row: &[f64]| row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let worst = rewards
        .chunks(mdp.n_actions())
        .map(best)
        .fold(f64::INFINITY, f64::min);
    if discount < 1.0 && worst < 0.0 {
        worst / (1.0 - discount)
    } else {
        0.0
    }
}

/// Values that are swept in place.
struct Sweeps<'a> {
    operator: &'a BellmanOperator,
    values: Vec<f64>,
    actions: Vec<u32>,
    /// Where each state most likely goes by its action, itself where nowhere.
    likeliest: Vec<u32>,
    held: Held,
    forwards: bool,
    iterations: usize,
    max_iterations: usize,
}

impl Sweeps<'_> {
    fn new(operator: &BellmanOperator, first: f64, max_iterations: usize) -> Sweeps<'_> {
        Sweeps {
            operator,
            values: vec![first; operator.n_states()],
            actions: vec![0; operator.n_states()],
            likeliest: vec![0; operator.n_states()],
            held: Held::new(operator.n_states()),
            forwards: true,
            iterations: 0,
            max_iterations,
        }
    }

    fn is_spent(&self) -> bool {
        self.iterations >= self.max_iterations
    }

    /// Sweeps until one over all actions changes no value by more than `goal` and rounding, or it is time for a look, or
    /// one sweep is left; whether the first.
    fn settle(&mut self, goal: f64) -> bool {
        for _ in 0..ROUNDS {
            if self.iterations + 1 >= self.max_iterations {
                return false;
            }
            let change = self.over_all_actions();
            self.hold((HELD_GAIN * change).max(HELD_GAIN * goal));
            if change <= goal + self.operator.rounding(&self.values) {
                return true;
            }
        }
        false
    }

    /// One sweep in place over all actions, in the direction that is next; the greatest change.
    fn over_all_actions(&mut self) -> f64 {
        let n_states = self.values.len();
        let mut greatest = 0.0_f64;
        for step in 0..n_states {
            let state = if self.forwards {
                step
            } else {
                n_states - 1 - step
            };
            let (action, value) = self.operator.best(state, &self.values);
            self.actions[state] = action as u32;
            let likeliest = self.operator.row(state, action).likeliest();
            self.likeliest[state] = likeliest.unwrap_or(state as u32);
            greatest = greatest.max((value - self.values[state]).abs());
            self.values[state] = value;
        }
        self.forwards = !self.forwards;
        self.iterations += 1;
        greatest
    }

    /// Sweeps with the actions held, until one changes no value by more than `goal`.
    fn hold(&mut self, goal: f64) {
        self.held
            .take(self.operator, &self.actions, &self.likeliest, &self.values);
        for _ in 0..HELD {
            if self.iterations + 1 >= self.max_iterations {
                break;
            }
            self.iterations += 1;
            if self.held.sweep() <= goal {
                break;
            }
        }
        self.held.give(&mut self.values);
    }

    /// One sweep that is not in place: what it changed, and what rounding may have.
    fn plain(&mut self) -> (Change, f64) {
        let mut after = vec![0.0; self.values.len()];
        let change = self.operator.sweep(&self.values, &mut after, 1);
        self.values = after;
        self.iterations += 1;
        (change, self.operator.rounding(&self.values))
    }

    /// Moves the values to the middle of their bounds, and makes one more backup by the MDP itself.
    fn solution(
        mut self,
        mdp: &TabularMdp,
        rewards: &[f64],
        bounds: Bounds,
        stop: Stop,
    ) -> Solution {
        bounds.centre(&mut self.values);
        let before = self.values;
        let q_values = backups(mdp, rewards, &before);
        let rows = || q_values.chunks(mdp.n_actions());
        let values: Vec<f64> = rows().map(|row| row[first_within(row, 0.0)]).collect();
        let change = Change::of(&before, &values);
        let rounding = 2.0 * self.operator.rounding(&values);
        let passed_on = mdp.discount().get() * bounds.error() + rounding;
        let slack = if mdp.discount().get() < 1.0 {
            2.0 * rounding
        } else {
            0.0
        };
        Solution {
            policy: rows().map(|row| first_within(row, slack)).collect(),
            error: Bounds::new(mdp, change, rounding)
                .error_before_centring()
                .min(passed_on),
            q_values,
            values,
            iterations: self.iterations,
            residual: change.size(),
            stop,
        }
    }
}

/// `r + γ Σ p V` of every state and action, `[S, A]`, read from the MDP itself.
pub(super) fn backups(mdp: &TabularMdp, rewards: &[f64], values: &[f64]) -> Vec<f64> {
    let backup = |(row, reward): (usize, &f64)| {
        let (state, action) = (row / mdp.n_actions(), row % mdp.n_actions());
        let after: f64 = mdp
            .transitions(state, action)
            .filter(|t| !t.terminates)
            .map(|t| t.probability * values[t.next_state])
            .sum();
        reward + mdp.discount().get() * after
    };
    rewards.iter().enumerate().map(backup).collect()
}

/// The first action whose value is within `slack` of the best.
pub(super) fn first_within(row: &[f64], slack: f64) -> usize {
    let best = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    row.iter()
        .position(|value| *value >= best - slack)
        .unwrap_or(0)
}
