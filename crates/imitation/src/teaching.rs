//! Showing what one wants: as an expert does it, or as a teacher does.
//!
//! A person demonstrates once, a robot infers a reward from it by maximum entropy and then acts alone. An expert earns
//! the most that it can while it is watched. In the game that both play (see [`solve_exactly`](crate::solve_exactly))
//! that is not the best response to a robot which learns so: it pays to give up something now to be understood better,
//! as by visiting two good places where one would do (Hadfield-Menell, Dragan, Abbeel and Russell, 2016, section 4).
//! Their approximate best response is the trajectory τ that maximises
//!
//! ```text
//! θ · φ(τ) - η ‖φ_θ - φ(τ)‖²
//! ```
//!
//! with the sums of features φ(τ), those φ_θ that the robot's model expects of somebody who wants θ, and a weight η
//! ([`Lesson::by_teacher`]). How much to give up depends on how the robot learns and on what it will do with what it
//! learned; who knows both picks, from lessons of several weights and the expert's own, the one after which both phases
//! together earn most ([`Lesson::best_response`]).

#[cfg(test)]
mod tests;

use mdp::{TabularMdp, finite_horizon};

use crate::soft::{Entropy, soft_policy};
use crate::vector::{add_scaled, dot, squared_distance};
use crate::{Error, Horizon};

/// Trajectories that the search for a lesson holds at once.
const BEAM: usize = 500;

/// What is demonstrated: who acts where, and what features are seen there.
#[derive(Clone, Debug)]
pub struct Lesson<'m> {
    /// The dynamics, without chance.
    pub mdp: &'m TabularMdp,
    /// `[S, K]`, features of each state.
    pub features: &'m [f64],
    /// The state in which a demonstration begins.
    pub start: usize,
    /// Steps of a demonstration.
    pub n_steps: usize,
}

/// A demonstration: the states and the actions taken there, in order.
pub type Demonstration = Vec<(usize, usize)>;

impl Lesson<'_> {
    /// Numbers in a row of features.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.features.len() / self.mdp.n_states()
    }

    /// The reward of somebody with this preference, `[K]`, for each state and action: `θ · φ(s)`.
    #[must_use]
    pub fn rewards(&self, preference: &[f64]) -> Vec<f64> {
        let of = |row: &[f64]| dot(row, preference);
        let states = self.features.chunks(self.n_features()).map(of);
        states
            .flat_map(|reward| std::iter::repeat_n(reward, self.mdp.n_actions()))
            .collect()
    }

    /// The sum of features over a demonstration, `[K]`.
    #[must_use]
    pub fn sum_of(&self, demonstration: &[(usize, usize)]) -> Vec<f64> {
        let mut sum = vec![0.0; self.n_features()];
        for (state, _) in demonstration {
            add_scaled(&mut sum, 1.0, self.row(*state));
        }
        sum
    }

    /// What an expert shows: the demonstration that earns most.
    #[must_use]
    pub fn by_expert(&self, preference: &[f64]) -> Demonstration {
        let rewards = self.rewards(preference);
        let best = finite_horizon(self.mdp, &rewards, self.n_steps).policy;
        let mut state = self.start;
        (0..self.n_steps)
            .map(|time| {
                let action = best[time * self.mdp.n_states() + state];
                let step = (state, action);
                state = self.next(state, action);
                step
            })
            .collect()
    }

    /// What a teacher shows: near the demonstration of greatest `θ · φ(τ) - η ‖φ_θ - φ(τ)‖²`, found by a search that
    /// keeps the most promising beginnings, the expert's demonstration among the candidates.
    ///
    /// # Errors
    /// If the robot's model of the person has no answer.
    pub fn by_teacher(&self, preference: &[f64], eta: f64) -> Result<Demonstration, Error> {
        let expected = self.expected_sums(preference)?;
        let total = expected.last().map_or(&[][..], Vec::as_slice);
        let worth = |sum: &[f64], expected: &[f64]| {
            dot(sum, preference) - eta * squared_distance(sum, expected)
        };
        let mut beam = vec![Beginning {
            steps: vec![],
            state: self.start,
            sum: vec![0.0; self.n_features()],
            worth: 0.0,
        }];
        for expected in &expected {
            let longer = beam.iter().flat_map(|beginning| {
                let longer = |action| self.extend(beginning, action, |sum| worth(sum, expected));
                (0..self.mdp.n_actions()).map(longer).collect::<Vec<_>>()
            });
            beam = most_promising(longer.collect());
        }
        let found = beam
            .into_iter()
            .next()
            .map(|beginning| beginning.steps)
            .unwrap_or_default();
        let expert = self.by_expert(preference);
        let worth = |demonstration: &Demonstration| worth(&self.sum_of(demonstration), total);
        Ok(if worth(&expert) > worth(&found) {
            expert
        } else {
            found
        })
    }

    /// The best response among the expert's demonstration and the lessons of several weights: the one for which what is
    /// earned while showing, plus what the robot will earn by what it inferred (`deployment`), is greatest.
    ///
    /// # Errors
    /// If the robot's model of the person, or `deployment`, has no answer.
    pub fn best_response(
        &self,
        preference: &[f64],
        etas: &[f64],
        mut deployment: impl FnMut(&Demonstration) -> Result<f64, Error>,
    ) -> Result<Demonstration, Error> {
        let mut best = self.by_expert(preference);
        let mut earned = dot(&self.sum_of(&best), preference) + deployment(&best)?;
        for eta in etas {
            let candidate = self.by_teacher(preference, *eta)?;
            let now = dot(&self.sum_of(&candidate), preference) + deployment(&candidate)?;
            if now > earned {
                (best, earned) = (candidate, now);
            }
        }
        Ok(best)
    }

    /// The sums of features after each step that the robot's model expects of somebody with this preference: `[T]` of
    /// `[K]`.
    fn expected_sums(&self, preference: &[f64]) -> Result<Vec<Vec<f64>>, Error> {
        let (n_states, n_actions) = (self.mdp.n_states(), self.mdp.n_actions());
        let rewards = self.rewards(preference);
        let horizon = Horizon::Finite(self.n_steps);
        let policy = soft_policy(self.mdp, &rewards, horizon, Entropy::Causal)?;
        let mut present = vec![0.0; n_states];
        present[self.start] = 1.0;
        let mut sum = vec![0.0; self.n_features()];
        let mut sums = Vec::with_capacity(self.n_steps);
        for chosen in policy.chunks(n_states * n_actions) {
            let mut later = vec![0.0; n_states];
            for (state, mass) in present.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
                add_scaled(&mut sum, *mass, self.row(state));
                for action in 0..n_actions {
                    later[self.next(state, action)] += mass * chosen[state * n_actions + action];
                }
            }
            present = later;
            sums.push(sum.clone());
        }
        Ok(sums)
    }

    fn extend(
        &self,
        beginning: &Beginning,
        action: usize,
        worth: impl Fn(&[f64]) -> f64,
    ) -> Beginning {
        let mut steps = beginning.steps.clone();
        steps.push((beginning.state, action));
        let mut sum = beginning.sum.clone();
        add_scaled(&mut sum, 1.0, self.row(beginning.state));
        Beginning {
            worth: worth(&sum),
            state: self.next(beginning.state, action),
            steps,
            sum,
        }
    }

    fn row(&self, state: usize) -> &[f64] {
        &self.features[state * self.n_features()..][..self.n_features()]
    }

    fn next(&self, state: usize, action: usize) -> usize {
        let stored = self.mdp.row(state, action).start;
        self.mdp.next_states()[stored] as usize
    }
}

/// The beginning of a demonstration.
#[derive(Clone)]
struct Beginning {
    steps: Demonstration,
    /// The state after its steps.
    state: usize,
    sum: Vec<f64>,
    worth: f64,
}

/// The most promising beginnings, best first; of those that end in the same state with the same sums the first.
fn most_promising(mut beginnings: Vec<Beginning>) -> Vec<Beginning> {
    beginnings.sort_by(|a, b| b.worth.total_cmp(&a.worth));
    let mut kept: Vec<Beginning> = vec![];
    for beginning in beginnings {
        // Equals stand side by side, because they promise the same.
        let is_new = kept
            .iter()
            .rev()
            .take_while(|other| (other.worth - beginning.worth).abs() <= 1e-12)
            .all(|other| {
                other.state != beginning.state
                    || squared_distance(&other.sum, &beginning.sum) > 1e-18
            });
        if is_new {
            kept.push(beginning);
        }
        if kept.len() == BEAM {
            break;
        }
    }
    kept
}
