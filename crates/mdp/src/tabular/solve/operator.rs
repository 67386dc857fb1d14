//! Bellman's operator in the form that sweeps read: discounted weights, successors and expected rewards, nothing else.

use std::ops::Range;

use super::assert_table;
use super::krylov::greatest;
use crate::tabular::TabularMdp;

/// Rows of so many transitions are summed in four parts.
const LONG: usize = 16;

/// `Σ weight * values[next]` in four parts, which do not wait for each other's additions.
#[inline(never)]
fn long_sum(weights: &[f64], next_states: &[u32], values: &[f64]) -> f64 {
    let (weight_groups, next_groups) = (weights.chunks_exact(4), next_states.chunks_exact(4));
    let rest = weight_groups
        .remainder()
        .iter()
        .zip(next_groups.remainder());
    let rest: f64 = rest
        .map(|(weight, next)| weight * values[*next as usize])
        .sum();
    let mut parts = [0.0; 4];
    for (weights, next_states) in weight_groups.zip(next_groups) {
        for (place, part) in parts.iter_mut().enumerate() {
            *part += weights[place] * values[next_states[place] as usize];
        }
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3]) + rest
}

/// The optimality operator `(T V)(s) = max_a r(s, a) + γ Σ p(s'|s, a) V(s')` of an MDP under one expected reward.
///
/// It holds a copy of the transitions, rows in the order `state * n_actions + action`: `γ p` and the successor of each
/// that does not terminate. A sweep reads this copy once from front to back, so the memory's bandwidth bounds its speed.
#[derive(Clone, Debug)]
pub struct BellmanOperator {
    n_actions: usize,
    offsets: Vec<usize>,
    weights: Vec<f64>,
    next_states: Vec<u32>,
    rewards: Vec<f64>,
    /// Transitions of the longest row, and the greatest reward in size.
    longest: usize,
    greatest_reward: f64,
}

/// The discounted probabilities, successors and expected reward of a state and an action.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) weights: &'a [f64],
    pub(super) next_states: &'a [u32],
    pub(super) reward: f64,
}

impl Row<'_> {
    /// Where it most likely leads, if anywhere.
    pub(super) fn likeliest(self) -> Option<u32> {
        let mut most = 0.0;
        let mut likeliest = None;
        for (weight, next) in self.weights.iter().zip(self.next_states) {
            if *weight > most {
                (most, likeliest) = (*weight, Some(*next));
            }
        }
        likeliest
    }
}

/// Least and greatest difference that a sweep made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The least `T V - V`.
    pub least: f64,
    /// The greatest `T V - V`.
    pub greatest: f64,
}

impl Change {
    /// The one that holds for nothing yet.
    pub(super) const NONE: Change = Change {
        least: f64::INFINITY,
        greatest: f64::NEG_INFINITY,
    };

    /// The greatest of both in size.
    #[must_use]
    pub fn size(self) -> f64 {
        self.least.abs().max(self.greatest.abs())
    }

    pub(super) fn and(self, other: Change) -> Change {
        Change {
            least: self.least.min(other.least),
            greatest: self.greatest.max(other.greatest),
        }
    }

    /// From one vector of values to another.
    pub(super) fn of(before: &[f64], after: &[f64]) -> Change {
        before
            .iter()
            .zip(after)
            .map(|(before, after)| after - before)
            .fold(Change::NONE, |change, difference| Change {
                least: change.least.min(difference),
                greatest: change.greatest.max(difference),
            })
    }
}

impl BellmanOperator {
    /// Of the expected reward `rewards`, `[S, A]`.
    #[must_use]
    pub fn new(mdp: &TabularMdp, rewards: &[f64]) -> BellmanOperator {
        BellmanOperator::copied(mdp, rewards, false)
    }

    /// The operator whose fixed point is the same, in which no state leads to itself: with `c = γ p(s|s, a)`, the
    /// row is divided by `1 - c`. Where a state may be held for long its sweeps get on faster.
    pub(super) fn without_self_loops(mdp: &TabularMdp, rewards: &[f64]) -> BellmanOperator {
        BellmanOperator::copied(mdp, rewards, true)
    }

    fn copied(mdp: &TabularMdp, rewards: &[f64], unloop: bool) -> BellmanOperator {
        assert_table(mdp, "an expected reward", rewards);
        let discount = mdp.discount().get();
        let mut operator = BellmanOperator {
            n_actions: mdp.n_actions(),
            offsets: Vec::with_capacity(rewards.len() + 1),
            weights: Vec::with_capacity(mdp.n_transitions()),
            next_states: Vec::with_capacity(mdp.n_transitions()),
            rewards: Vec::with_capacity(rewards.len()),
            longest: 0,
            greatest_reward: 0.0,
        };
        operator.offsets.push(0);
        for (row, reward) in rewards.iter().enumerate() {
            let (state, action) = (row / mdp.n_actions(), row % mdp.n_actions());
            let goes_on = || mdp.transitions(state, action).filter(|t| !t.terminates);
            let to_itself = goes_on().filter(|t| t.next_state == state);
            let held: f64 = to_itself.map(|t| discount * t.probability).sum();
            // A row that is never left has no other form; at discount 1 its value may not be finite.
            let unloop = unloop && held < 1.0;
            let scale = if unloop { 1.0 / (1.0 - held) } else { 1.0 };
            for t in goes_on().filter(|t| !(unloop && t.next_state == state)) {
                operator.weights.push(scale * discount * t.probability);
                operator.next_states.push(t.next_state as u32);
            }
            operator.rewards.push(scale * reward);
            let begin = operator.offsets[row];
            operator.longest = operator.longest.max(operator.weights.len() - begin);
            operator.offsets.push(operator.weights.len());
        }
        operator.greatest_reward = greatest(&operator.rewards);
        operator
    }

    /// Number of states.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.rewards.len() / self.n_actions
    }

    /// Number of actions.
    #[must_use]
    pub fn n_actions(&self) -> usize {
        self.n_actions
    }

    /// Bytes that a plain sweep cannot do without: the copied transitions, offsets and rewards and the old values read
    /// once, the new values written once.
    #[must_use]
    pub fn bytes_a_sweep(&self) -> usize {
        size_of_val(&self.offsets[..])
            + size_of_val(&self.weights[..])
            + size_of_val(&self.next_states[..])
            + size_of_val(&self.rewards[..])
            + 2 * self.n_states() * size_of::<f64>()
    }

    /// One plain sweep, `out = T values`, both `[S]`, all actions, on up to `n_threads` threads: the same bits for any
    /// number.
    ///
    /// # Panics
    /// If one of the two has not one value a state.
    pub fn sweep(&self, values: &[f64], out: &mut [f64], n_threads: usize) -> Change {
        assert_eq!(
            values.len(),
            self.n_states(),
            "values have one entry a state"
        );
        assert_eq!(out.len(), self.n_states(), "values have one entry a state");
        let mut parts = Vec::new();
        let mut rest = out;
        for states in self.shares(n_threads) {
            let (part, after) = rest.split_at_mut(states.len());
            parts.push((states, part));
            rest = after;
        }
        std::thread::scope(|scope| {
            let first = (!parts.is_empty()).then(|| parts.remove(0));
            let others: Vec<_> = parts
                .into_iter()
                .map(|(states, part)| scope.spawn(move || self.sweep_part(values, states, part)))
                .collect();
            let change = first.map_or(Change::NONE, |(states, part)| {
                self.sweep_part(values, states, part)
            });
            others.into_iter().fold(change, |change, other| {
                change.and(other.join().expect("a sweep does not panic"))
            })
        })
    }

    /// The states cut into parts of about as many transitions.
    fn shares(&self, n_threads: usize) -> Vec<Range<usize>> {
        let n_parts = n_threads.clamp(1, self.n_states());
        let cut = |part: usize| {
            let goal = self.weights.len() / n_parts * part;
            let row = self.offsets.partition_point(|offset| *offset < goal);
            if part == n_parts {
                self.n_states()
            } else {
                row / self.n_actions
            }
        };
        (0..n_parts).map(|part| cut(part)..cut(part + 1)).collect()
    }

    fn sweep_part(&self, values: &[f64], states: Range<usize>, out: &mut [f64]) -> Change {
        let before = &values[states.clone()];
        for (state, out) in states.zip(&mut *out) {
            // Without the action, which of two values is greater needs no branch, and a branch would be guessed at random.
            let first = state * self.n_actions;
            *out = (first..first + self.n_actions).fold(f64::NEG_INFINITY, |best, row| {
                let value = self.q_value(row, values);
                if value > best { value } else { best }
            });
        }
        Change::of(before, out)
    }

    /// The first best action of a state and its value.
    #[inline]
    pub(super) fn best(&self, state: usize, values: &[f64]) -> (usize, f64) {
        let mut best = (0, f64::NEG_INFINITY);
        let first = state * self.n_actions;
        for action in 0..self.n_actions {
            let value = self.q_value(first + action, values);
            if value > best.1 {
                best = (action, value);
            }
        }
        best
    }

    /// `r + γ Σ p V` of the row of a state and an action.
    #[inline]
    pub(super) fn q_value(&self, row: usize, values: &[f64]) -> f64 {
        let row_entries = self.offsets[row]..self.offsets[row + 1];
        let weights = &self.weights[row_entries.clone()];
        let next_states = &self.next_states[row_entries];
        let mut sum = self.rewards[row];
        if weights.len() >= LONG {
            return sum + long_sum(weights, next_states, values);
        }
        for (weight, next) in weights.iter().zip(next_states) {
            sum += weight * values[*next as usize];
        }
        sum
    }

    /// What is held about a state and an action.
    pub(super) fn row(&self, state: usize, action: usize) -> Row<'_> {
        let row = state * self.n_actions + action;
        let entries = self.offsets[row]..self.offsets[row + 1];
        Row {
            weights: &self.weights[entries.clone()],
            next_states: &self.next_states[entries],
            reward: self.rewards[row],
        }
    }

    /// The values of all actions, `[S, A]`.
    pub(super) fn q_values(&self, values: &[f64]) -> Vec<f64> {
        (0..self.rewards.len())
            .map(|row| self.q_value(row, values))
            .collect()
    }

    /// The least that a row passes on of a constant.
    pub(super) fn least_mass(&self) -> f64 {
        self.offsets
            .windows(2)
            .map(|row| self.weights[row[0]..row[1]].iter().sum())
            .fold(1.0, f64::min)
    }

    /// The most rounding that one backup of `values` may have brought in: `(n + 2)` roundings of `|r| + γ Σ p |V|`.
    pub(super) fn rounding(&self, values: &[f64]) -> f64 {
        (self.longest + 2) as f64 * f64::EPSILON * (self.greatest_reward + greatest(values))
    }
}
