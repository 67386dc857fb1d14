//! Cooperative inverse reinforcement learning: a person who knows what is wanted and a robot that does not, for one
//! reward that both are paid (Hadfield-Menell, Dragan, Abbeel and Russell, 2016, arXiv 1606.03137).
//!
//! Both see the state, act at the same time and see what the other did. Only the person knows the preference θ, drawn
//! once from a prior. The robot therefore learns from everything that the person does, and the person, who knows that,
//! acts so as to be understood: an optimal pair of policies is the solution of one POMDP, whose hidden state is θ
//! (theorem 1 of the paper).
//!
//! The person's action may depend on θ, which makes the POMDP's actions as many as the functions from θ to actions.
//! Malik, Palaniappan, Fisac, Hadfield-Menell, Russell and Dragan (2018, arXiv 1806.03820) take the person out: given
//! what the robot will do after each action of the person, one that knows θ simply picks the best. A conditional plan of
//! the robot is an action and a plan for each pair of what the person did and the state that followed, and is worth
//!
//! ```text
//! α(s, θ) = max_{a_H} [ R_θ(s, a_H, a_R) + γ Σ_{s'} T(s' | s, a_H, a_R) α_{ν(a_H, s')}(s', θ) ]
//! ```
//!
//! [`solve_exactly`] enumerates these plans backwards from the end and keeps those that no other dominates;
//! [`solve_by_points`] keeps one plan for each of a set of beliefs.

mod exact;
mod game;
mod points;

#[cfg(test)]
mod tests;

pub use exact::{ExactConfig, solve_exactly, value_by_decision_rules};
pub use game::{CirlGame, CirlGameError, Joint};
pub use points::{PointConfig, solve_by_points};

/// What a pair of policies that cooperate is worth: a set of vectors over preferences for each state.
#[derive(Clone, Debug, PartialEq)]
pub struct CirlSolution {
    /// `[S]` of vectors `[Θ]`: the value of each kept plan of the robot, under each preference, with the person's best
    /// answers to it.
    pub vectors: Vec<Vec<Vec<f64>>>,
    /// Steps to go.
    pub horizon: usize,
}

impl CirlSolution {
    /// The value of a state under a belief over preferences, `[Θ]`: that of the best plan.
    ///
    /// # Panics
    /// If the state does not exist.
    #[must_use]
    pub fn value(&self, state: usize, belief: &[f64]) -> f64 {
        best(&self.vectors[state], belief).1
    }

    /// Plans that were kept, over all states.
    #[must_use]
    pub fn n_plans(&self) -> usize {
        self.vectors.iter().map(Vec::len).sum()
    }
}

/// The first of the vectors that is worth most under a belief, and what it is worth.
fn best(vectors: &[Vec<f64>], belief: &[f64]) -> (usize, f64) {
    let worth = |vector: &Vec<f64>| vector.iter().zip(belief).map(|(v, b)| v * b).sum::<f64>();
    let mut found = (0, f64::NEG_INFINITY);
    for (position, vector) in vectors.iter().enumerate() {
        let value = worth(vector);
        if value > found.1 {
            found = (position, value);
        }
    }
    found
}
