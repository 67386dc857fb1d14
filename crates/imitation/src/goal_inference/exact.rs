//! Bayes' rule over goals where all states can be listed and the agent is Boltzmann-rational.

use std::collections::VecDeque;

use envs::GoalProblem;

use super::space::Numbers;
use super::{GoalError, log_prior, log_sum_exp};

const OUT_OF_REACH: u16 = u16::MAX;

/// The steps that are left to each goal from every state that can be reached.
#[derive(Debug)]
pub struct ExactGoals<'p, P: GoalProblem> {
    problem: &'p P,
    numbers: Numbers<P::State>,
    /// For each state the place of its first successor among `edges`; `[S + 1]`.
    offsets: Vec<u32>,
    edges: Vec<u32>,
    /// For each goal the steps left from each state, [`OUT_OF_REACH`] where there is no way.
    left: Vec<Vec<u16>>,
}

/// How a Boltzmann-rational agent values what it may do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rationality {
    /// By the steps that would be left: `P(a | s) ∝ exp(-β (1 + d(s')))`, where no more than `most` steps count.
    Steps {
        /// Inverse temperature β.
        inverse_temperature: f64,
        /// Steps that a state from which the goal is out of reach counts for.
        most: f64,
    },
    /// By the discounted reward of 1 for the goal: `P(a | s) ∝ exp(β γ^d(s'))`, 0 where it is out of reach.
    Discounted {
        /// Inverse temperature β.
        inverse_temperature: f64,
        /// Discount γ.
        discount: f64,
    },
}

impl Rationality {
    /// By steps with inverse temperature 1, at most 100 of them, the horizon of the published baseline.
    pub const STEPS: Rationality = Rationality::Steps {
        inverse_temperature: 1.0,
        most: 100.0,
    };
    /// The published baseline's discount of 0.9 and inverse temperature of 1.
    pub const PUBLISHED: Rationality = Rationality::Discounted {
        inverse_temperature: 1.0,
        discount: 0.9,
    };

    /// The logarithm of the weight of a step after which `left` steps are left.
    fn log_weight(self, left: Option<u16>) -> f64 {
        match (self, left.map(f64::from)) {
            (
                Rationality::Steps {
                    inverse_temperature,
                    most,
                },
                left,
            ) => -inverse_temperature * left.map_or(most, |left| left.min(most)),
            (
                Rationality::Discounted {
                    inverse_temperature,
                    discount,
                },
                Some(left),
            ) => inverse_temperature * discount.powf(left),
            (Rationality::Discounted { .. }, None) => 0.0,
        }
    }
}

impl<'p, P: GoalProblem> ExactGoals<'p, P> {
    /// Lists all states that can be reached, and the steps left from each.
    ///
    /// # Errors
    /// If there are more than `max_states`.
    pub fn new(problem: &'p P, max_states: usize) -> Result<ExactGoals<'p, P>, GoalError> {
        let mut numbers = Numbers::default();
        numbers.insert(problem.start(), 0);
        let mut states = vec![problem.start()];
        let (mut offsets, mut edges, mut successors) = (vec![0], vec![], vec![]);
        while offsets.len() <= states.len() {
            successors.clear();
            problem.successors(&states[offsets.len() - 1], &mut successors);
            for (_, next) in &successors {
                let number = *numbers.entry(*next).or_insert_with(|| {
                    states.push(*next);
                    (states.len() - 1) as u32
                });
                edges.push(number);
            }
            offsets.push(edges.len() as u32);
            if states.len() > max_states {
                return Err(GoalError::TooManyStates { most: max_states });
            }
        }
        let before = Before::new(&offsets, &edges);
        let left = (0..problem.n_goals()).map(|goal| {
            let reached = states.iter().map(|state| problem.is_reached(state, goal));
            before.steps_left(reached)
        });
        Ok(ExactGoals {
            left: left.collect(),
            problem,
            numbers,
            offsets,
            edges,
        })
    }

    /// How many states can be reached.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The problem.
    #[must_use]
    pub fn problem(&self) -> &'p P {
        self.problem
    }

    /// The steps left from a state to a goal; none where there is no way, or no such state.
    #[must_use]
    pub fn steps_left(&self, state: &P::State, goal: usize) -> Option<u16> {
        let number = *self.numbers.get(state)?;
        self.left_of(number, goal)
    }

    fn left_of(&self, number: u32, goal: usize) -> Option<u16> {
        let left = self.left[goal][number as usize];
        (left != OUT_OF_REACH).then_some(left)
    }

    /// Begins to infer the goal of a Boltzmann-rational agent.
    ///
    /// # Errors
    /// If `prior` is not a weight for each goal.
    pub fn posterior(
        &self,
        prior: &[f64],
        rationality: Rationality,
    ) -> Result<ExactPosterior<'_, 'p, P>, GoalError> {
        Ok(ExactPosterior {
            log_weights: log_prior(prior, self.problem.n_goals())?,
            goals: self,
            rationality,
            last: None,
            n_observations: 0,
        })
    }
}

/// The edges of a graph the other way round.
struct Before {
    offsets: Vec<u32>,
    edges: Vec<u32>,
}

impl Before {
    fn new(offsets: &[u32], edges: &[u32]) -> Before {
        let n_states = offsets.len() - 1;
        let mut before = Before {
            offsets: vec![0; n_states + 1],
            edges: vec![0; edges.len()],
        };
        for next in edges {
            before.offsets[*next as usize + 1] += 1;
        }
        for state in 0..n_states {
            before.offsets[state + 1] += before.offsets[state];
        }
        let mut places = before.offsets.clone();
        for state in 0..n_states {
            for next in &edges[offsets[state] as usize..offsets[state + 1] as usize] {
                let place = &mut places[*next as usize];
                before.edges[*place as usize] = state as u32;
                *place += 1;
            }
        }
        before
    }

    /// Steps from each state to the nearest that is reached.
    fn steps_left(&self, reached: impl Iterator<Item = bool>) -> Vec<u16> {
        let mut left: Vec<u16> = reached
            .map(|reached| if reached { 0 } else { OUT_OF_REACH })
            .collect();
        let goals = (0..left.len()).filter(|state| left[*state] == 0);
        let mut queue: VecDeque<usize> = goals.collect();
        while let Some(state) = queue.pop_front() {
            let row = self.offsets[state] as usize..self.offsets[state + 1] as usize;
            for previous in &self.edges[row] {
                let previous = *previous as usize;
                if left[previous] == OUT_OF_REACH {
                    left[previous] = (left[state] + 1).min(OUT_OF_REACH - 1);
                    queue.push_back(previous);
                }
            }
        }
        left
    }
}

/// The posterior over the goals of a Boltzmann-rational agent, step by step.
#[derive(Debug)]
pub struct ExactPosterior<'e, 'p, P: GoalProblem> {
    goals: &'e ExactGoals<'p, P>,
    rationality: Rationality,
    log_weights: Vec<f64>,
    last: Option<u32>,
    n_observations: usize,
}

impl<P: GoalProblem> ExactPosterior<'_, '_, P> {
    /// Takes in the next state, the first being the start, and gives the posterior over goals.
    ///
    /// # Errors
    /// If no action leads there from the state before.
    pub fn observe(&mut self, seen: &P::State) -> Result<Vec<f64>, GoalError> {
        let goals = self.goals;
        let number = goals.numbers.get(seen).copied();
        let row = match self.last {
            None => 0..0,
            Some(last) => {
                goals.offsets[last as usize] as usize..goals.offsets[last as usize + 1] as usize
            }
        };
        let successors = &goals.edges[row];
        let is_possible = match self.last {
            None => number.is_some(),
            Some(_) => number.is_some_and(|number| successors.contains(&number)),
        };
        if !is_possible {
            return Err(self.no_such_step(seen));
        }
        if self.last.is_some() {
            for (goal, log_weight) in self.log_weights.iter_mut().enumerate() {
                let log = |next: &u32| self.rationality.log_weight(goals.left_of(*next, goal));
                let all = log_sum_exp(successors.iter().map(log));
                let taken = successors.iter().filter(|next| Some(**next) == number);
                *log_weight += log_sum_exp(taken.map(log)) - all;
            }
        }
        self.last = number;
        self.n_observations += 1;
        let all = log_sum_exp(self.log_weights.iter().copied());
        Ok(self
            .log_weights
            .iter()
            .map(|log| (log - all).exp())
            .collect())
    }

    fn no_such_step(&self, seen: &P::State) -> GoalError {
        let problem = self.goals.problem;
        let from = self.last.and_then(|last| {
            let mut states = self.goals.numbers.iter();
            states
                .find(|(_, number)| **number == last)
                .map(|(state, _)| problem.label(state))
        });
        GoalError::NoSuchStep {
            observation: self.n_observations,
            from: from.unwrap_or_else(|| "the start".to_owned()),
            to: problem.label(seen),
        }
    }
}
