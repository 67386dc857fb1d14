//! Finite Markov decision processes, and their exact answers.

use crate::{End, Environment, Rng, Space, Step, categorical};

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
    /// Probability, positive.
    pub probability: f64,
    /// State that follows.
    pub next_state: usize,
    /// Reward on the way.
    pub reward: f64,
    /// Whether the environment terminates there.
    pub terminates: bool,
}

/// A finite Markov decision process as plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct TabularMdp {
    n_states: usize,
    n_actions: usize,
    /// Transitions of state `s` and action `a` at `s * n_actions + a`.
    transitions: Vec<Vec<Transition>>,
    start: Vec<f64>,
    discount: Discount,
}

/// A finite MDP that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MdpError {
    /// Tables of the wrong length.
    #[error("{what} has {found} entries, expected {expected}")]
    Length {
        /// Which table.
        what: &'static str,
        /// Its length.
        found: usize,
        /// What it should be.
        expected: usize,
    },
    /// Probabilities that are negative, not finite, or do not sum to 1.
    #[error("the probabilities of {place} sum to {sum}; they must be positive and sum to 1")]
    Probabilities {
        /// Which ones.
        place: String,
        /// Their sum.
        sum: f64,
    },
    /// A successor that does not exist, or a reward that is not finite.
    #[error("state {state}, action {action}: transition {transition:?} is not possible")]
    Transition {
        /// State.
        state: usize,
        /// Action.
        action: usize,
        /// What was given.
        transition: Transition,
    },
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
        let n_states = start.len();
        if transitions.len() != n_states * n_actions {
            return Err(MdpError::Length {
                what: "the transition table",
                found: transitions.len(),
                expected: n_states * n_actions,
            });
        }
        check_probabilities(start.iter().copied(), || "the start".to_owned())?;
        for (row, outcomes) in transitions.iter().enumerate() {
            let (state, action) = (row / n_actions, row % n_actions);
            check_probabilities(outcomes.iter().map(|t| t.probability), || {
                format!("state {state}, action {action}")
            })?;
            if let Some(wrong) = outcomes
                .iter()
                .find(|t| t.next_state >= n_states || !t.reward.is_finite())
            {
                return Err(MdpError::Transition {
                    state,
                    action,
                    transition: *wrong,
                });
            }
        }
        Ok(TabularMdp {
            n_states,
            n_actions,
            transitions,
            start,
            discount,
        })
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

    /// The ways in which `state` and `action` may go on.
    #[must_use]
    pub fn transitions(&self, state: usize, action: usize) -> &[Transition] {
        &self.transitions[state * self.n_actions + action]
    }

    /// `Σ p (r + γ V(s'))` over the transitions of `state` and `action`.
    fn backup(&self, state: usize, action: usize, values: &[f64]) -> f64 {
        self.transitions(state, action)
            .iter()
            .map(|t| {
                let after = if t.terminates {
                    0.0
                } else {
                    values[t.next_state]
                };
                t.probability * (t.reward + self.discount.0 * after)
            })
            .sum()
    }
}

fn check_probabilities(
    probabilities: impl Iterator<Item = f64>,
    place: impl Fn() -> String,
) -> Result<(), MdpError> {
    let (mut sum, mut possible) = (0.0, true);
    for probability in probabilities {
        possible &= probability >= 0.0;
        sum += probability;
    }
    if possible && (sum - 1.0).abs() <= 1e-9 {
        return Ok(());
    }
    Err(MdpError::Probabilities {
        place: place(),
        sum,
    })
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
        let outcomes = self.transitions(*state, *action);
        let mut remaining = crate::uniform(rng);
        let outcome = outcomes
            .iter()
            .find(|t| {
                remaining -= t.probability;
                remaining < 0.0
            })
            .unwrap_or(&outcomes[outcomes.len() - 1]);
        *state = outcome.next_state;
        Step {
            end: outcome.terminates.then_some(End::Terminated),
            ..Step::of_reward(outcome.reward)
        }
    }

    fn observation_space(&self) -> Space {
        Space::Discrete { n: self.n_states }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: self.n_actions }
    }
}

/// Why an iterative method stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The residual fell below the tolerance.
    Converged,
    /// The budget of iterations was spent first.
    BudgetSpent,
}

/// The exact answer to a finite MDP.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// Value of each state.
    pub values: Vec<f64>,
    /// `[S, A]`, value of each action.
    pub q_values: Vec<f64>,
    /// The first best action of each state.
    pub policy: Vec<usize>,
    /// Sweeps made.
    pub iterations: usize,
    /// Greatest change of a value in the last sweep.
    pub residual: f64,
    /// Why it stopped.
    pub stop: Stop,
}

/// Value iteration (Sutton and Barto, 2018, section 4.4) until no value changes by more than `tolerance`, at most `max_iterations` sweeps.
#[must_use]
pub fn value_iteration(mdp: &TabularMdp, tolerance: f64, max_iterations: usize) -> Solution {
    let mut values = vec![0.0; mdp.n_states];
    let mut q_values = vec![0.0; mdp.n_states * mdp.n_actions];
    let (mut iterations, mut residual) = (0, f64::INFINITY);
    while residual > tolerance && iterations < max_iterations {
        residual = 0.0;
        for state in 0..mdp.n_states {
            let row = &mut q_values[state * mdp.n_actions..][..mdp.n_actions];
            for (action, q_value) in row.iter_mut().enumerate() {
                *q_value = mdp.backup(state, action, &values);
            }
            let best = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            residual = f64::max(residual, (best - values[state]).abs());
            values[state] = best;
        }
        iterations += 1;
    }
    let policy = q_values.chunks(mdp.n_actions).map(first_best).collect();
    Solution {
        values,
        q_values,
        policy,
        iterations,
        residual,
        stop: if residual <= tolerance {
            Stop::Converged
        } else {
            Stop::BudgetSpent
        },
    }
}

/// Values of a stochastic policy, `policy[s * n_actions + a]`, by sweeps until no value changes by more than `tolerance`.
#[must_use]
pub fn evaluate_policy(
    mdp: &TabularMdp,
    policy: &[f64],
    tolerance: f64,
    max_iterations: usize,
) -> Vec<f64> {
    assert_eq!(
        policy.len(),
        mdp.n_states * mdp.n_actions,
        "one probability a state and action"
    );
    let mut values = vec![0.0; mdp.n_states];
    for _ in 0..max_iterations {
        let mut residual = 0.0_f64;
        for state in 0..mdp.n_states {
            let value = (0..mdp.n_actions)
                .map(|action| {
                    policy[state * mdp.n_actions + action] * mdp.backup(state, action, &values)
                })
                .sum::<f64>();
            residual = residual.max((value - values[state]).abs());
            values[state] = value;
        }
        if residual <= tolerance {
            break;
        }
    }
    values
}

fn first_best(row: &[f64]) -> usize {
    let mut best = 0;
    for (action, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = action;
        }
    }
    best
}
