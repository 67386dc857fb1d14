//! Finite Markov decision processes as plain data.

mod builder;
mod enumerable;
mod parameters;
mod restricted;
mod solve;
mod tabulate;

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::{End, Environment, Rng, Space, Step, categorical};

pub use builder::{MdpError, TabularMdpBuilder};
pub use enumerable::{Enumerable, GridMap, Outcome, Place, check_outcomes};
pub use parameters::{ParameterTables, RewardParameters, tabulate_parameters};
pub use restricted::Restricted;
pub use solve::{
    AverageSolution, BellmanOperator, Change, Evaluation, FiniteHorizon, Gain, SoftHorizon,
    SoftSolution, Solution, SolveError, Stop, average_reward, boltzmann_rational, deterministic,
    evaluate_finite, evaluate_policy, finite_horizon, occupancy, occupancy_finite,
    optimal_average_reward, policy_iteration, policy_return, soft_optimal_path,
    soft_value_iteration, soft_value_iteration_finite, uniform_policy, value_iteration,
};
pub use tabulate::{NamedReward, TabulateError, Tabulated, tabulate};

/// A discount factor in `[0, 1]`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Discount(f64);

impl Discount {
    /// Checks that the factor lies in `[0, 1]`.
    #[must_use]
    pub fn new(factor: f64) -> Option<Discount> {
        (0.0..=1.0).contains(&factor).then_some(Discount(factor))
    }

    /// The factor.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// One way in which a state and an action may go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transition {
    /// Probability, from 0 to 1.
    pub probability: f64,
    /// State that follows.
    pub next_state: usize,
    /// Reward on the way.
    pub reward: f64,
    /// Whether the environment terminates there.
    pub terminates: bool,
}

/// A finite Markov decision process as plain data, its transitions stored sparsely.
///
/// The transitions of a state and an action stand side by side, rows in the order `state * n_actions + action`. A
/// *table of rewards* has one value for each stored transition; an *expected reward* is `[S, A]`, flat in the order of
/// the rows. The MDP holds one table of rewards; others go beside it, so that two rewards share the same dynamics.
///
/// Nothing is earned after a transition that terminates. A terminal state still has a number, and rows that lead back
/// to it, pay nothing and terminate.
#[derive(Clone, Debug, PartialEq)]
pub struct TabularMdp {
    n_states: usize,
    n_actions: usize,
    /// Where each row begins, and where the last ends: `[S A + 1]`.
    offsets: Vec<usize>,
    probabilities: Vec<f64>,
    next_states: Vec<u32>,
    rewards: Vec<f64>,
    terminates: Vec<bool>,
    start: Vec<f64>,
    discount: Discount,
}

impl TabularMdp {
    /// Checks and holds the tables: `transitions[s * n_actions + a]`, `start[s]`.
    ///
    /// # Errors
    /// The first table entry that is not possible.
    pub fn new(
        n_actions: usize,
        transitions: Vec<Vec<Transition>>,
        start: Vec<f64>,
        discount: Discount,
    ) -> Result<TabularMdp, MdpError> {
        let mut builder = TabularMdp::builder(start.len(), n_actions);
        for row in &transitions {
            for transition in row {
                builder.push(*transition);
            }
            builder.end_row();
        }
        builder.build(start, discount)
    }

    /// Begins an MDP that is given row by row, for those too large for [`TabularMdp::new`].
    #[must_use]
    pub fn builder(n_states: usize, n_actions: usize) -> TabularMdpBuilder {
        TabularMdpBuilder::new(n_states, n_actions)
    }

    /// Number of states.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.n_states
    }

    /// Number of actions.
    #[must_use]
    pub fn n_actions(&self) -> usize {
        self.n_actions
    }

    /// Number of stored transitions.
    #[must_use]
    pub fn n_transitions(&self) -> usize {
        self.next_states.len()
    }

    /// The discount factor.
    #[must_use]
    pub fn discount(&self) -> Discount {
        self.discount
    }

    /// Probability of starting in each state.
    #[must_use]
    pub fn start(&self) -> &[f64] {
        &self.start
    }

    /// Which stored transitions belong to `state` and `action`.
    #[must_use]
    pub fn row(&self, state: usize, action: usize) -> Range<usize> {
        let row = state * self.n_actions + action;
        self.offsets[row]..self.offsets[row + 1]
    }

    /// Where the row of each state and action begins among the stored transitions, and where the last ends: `[S A + 1]`.
    #[must_use]
    pub fn offsets(&self) -> &[usize] {
        &self.offsets
    }

    /// The ways in which `state` and `action` may go on.
    pub fn transitions(
        &self,
        state: usize,
        action: usize,
    ) -> impl ExactSizeIterator<Item = Transition> + '_ {
        self.row(state, action)
            .map(|stored| self.transition(stored))
    }

    /// A stored transition.
    #[must_use]
    pub fn transition(&self, stored: usize) -> Transition {
        Transition {
            probability: self.probabilities[stored],
            next_state: self.next_states[stored] as usize,
            reward: self.rewards[stored],
            terminates: self.terminates[stored],
        }
    }

    /// Probability of each stored transition.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// State that follows each stored transition.
    #[must_use]
    pub fn next_states(&self) -> &[u32] {
        &self.next_states
    }

    /// Reward of each stored transition.
    #[must_use]
    pub fn rewards(&self) -> &[f64] {
        &self.rewards
    }

    /// Whether each stored transition terminates.
    #[must_use]
    pub fn terminates(&self) -> &[bool] {
        &self.terminates
    }

    /// Expected reward, `[S, A]`, of a table of rewards: `r(s, a) = Σ p(s'|s, a) R(s, a, s')`.
    ///
    /// # Panics
    /// If the table has not one value for each stored transition.
    #[must_use]
    pub fn expected(&self, rewards: &[f64]) -> Vec<f64> {
        assert_eq!(
            rewards.len(),
            self.n_transitions(),
            "a table of rewards has one value a stored transition"
        );
        self.offsets
            .windows(2)
            .map(|row| {
                let row = row[0]..row[1];
                let terms = self.probabilities[row.clone()].iter().zip(&rewards[row]);
                terms
                    .map(|(probability, reward)| probability * reward)
                    .sum()
            })
            .collect()
    }

    /// Expected reward, `[S, A]`, of its own rewards.
    #[must_use]
    pub fn expected_rewards(&self) -> Vec<f64> {
        self.expected(&self.rewards)
    }

    /// The same dynamics under another table of rewards.
    ///
    /// # Errors
    /// If the table has not one finite value for each stored transition.
    pub fn with_rewards(&self, rewards: Vec<f64>) -> Result<TabularMdp, MdpError> {
        if rewards.len() != self.n_transitions() {
            return Err(MdpError::Length {
                what: "the table of rewards",
                found: rewards.len(),
                expected: self.n_transitions(),
            });
        }
        let mdp = TabularMdp {
            rewards,
            ..self.clone()
        };
        match mdp.rewards.iter().position(|reward| !reward.is_finite()) {
            Some(stored) => Err(mdp.impossible(stored)),
            None => Ok(mdp),
        }
    }

    /// The same dynamics and rewards under another discount.
    #[must_use]
    pub fn with_discount(&self, discount: Discount) -> TabularMdp {
        TabularMdp {
            discount,
            ..self.clone()
        }
    }

    /// Which states can be acted in after the start, by some policy: `[S]`. Terminal states are not among them.
    #[must_use]
    pub fn reachable(&self) -> Vec<bool> {
        let mut reached: Vec<bool> = self.start.iter().map(|p| *p > 0.0).collect();
        let mut open: Vec<usize> = (0..self.n_states).filter(|s| reached[*s]).collect();
        while let Some(state) = open.pop() {
            let all = self.row(state, 0).start..self.row(state, self.n_actions - 1).end;
            for stored in all {
                let next_state = self.next_states[stored] as usize;
                let goes_on = self.probabilities[stored] > 0.0 && !self.terminates[stored];
                if goes_on && !reached[next_state] {
                    reached[next_state] = true;
                    open.push(next_state);
                }
            }
        }
        reached
    }

    fn impossible(&self, stored: usize) -> MdpError {
        let row = self.offsets.partition_point(|offset| *offset <= stored) - 1;
        MdpError::Transition {
            state: row / self.n_actions,
            action: row % self.n_actions,
            transition: self.transition(stored),
        }
    }
}

impl Environment for TabularMdp {
    type State = usize;
    type Observation = usize;
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> usize {
        categorical(&self.start, rng)
    }

    fn observe(&self, state: &usize, _rng: &mut Rng) -> usize {
        *state
    }

    fn step(&self, state: &mut usize, action: &usize, rng: &mut Rng) -> Step {
        let row = self.row(*state, *action);
        let mut remaining = crate::uniform(rng);
        let stored = row
            .clone()
            .find(|stored| {
                remaining -= self.probabilities[*stored];
                remaining < 0.0
            })
            .unwrap_or(row.end - 1);
        *state = self.next_states[stored] as usize;
        Step {
            end: self.terminates[stored].then_some(End::Terminated),
            ..Step::of_reward(self.rewards[stored])
        }
    }

    fn observation_space(&self) -> Space {
        Space::Discrete { n: self.n_states }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: self.n_actions }
    }
}
