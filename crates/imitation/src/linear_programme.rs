//! The first inverse reinforcement learning: linear programmes (Ng and Russell, 2000).
//!
//! Of all rewards that make the expert's actions optimal ([`FeasibleRewards`](crate::FeasibleRewards)), one is chosen by
//! taste: that under which a single deviation costs the most, and which is simple. With the whole policy π known
//! ([`linear_programme_irl`]), rewards of states R and their values V = R + γ P_π V,
//!
//! ```text
//! maximise    Σ_s min_{a ≠ π(s)} (P_π(s) - P_a(s)) V  -  λ Σ_s |R(s)|
//! subject to  (P_π(s) - P_a(s)) V >= 0,   |R(s)| <= bound
//! ```
//!
//! (their section 3.2); the values are variables of the programme, so that it is as sparse as the MDP and nothing is
//! inverted. From demonstrations ([`sampled_linear_programme_irl`]) a reward linear in features φ is sought with which
//! the expert earns more than each of a growing list of policies, each the best for the reward before:
//!
//! ```text
//! maximise    Σ_i p(θ · (μ_E - μ_i)),   p(x) = min(x, 2 x),   |θ_k| <= 1
//! ```
//!
//! with expected features μ (their section 5). Candidates' features are exact, where the paper estimates them from
//! samples, and over as many steps as each demonstration has; the expert's are those of the demonstrations.
//!
//! # What is chosen, and what is not
//! The choice is a convention. With λ = 0 and no more the programme is content with many rewards, and shaping is as
//! invisible to it as to all others; a greater λ makes states pay nothing until none does. Where an expert's actions tie,
//! the margin is 0 whatever is chosen, and the answer may be the null reward.
//!
//! Built with the feature `programme`, for the solver.

mod sampled;
mod states;

#[cfg(test)]
mod tests;

use microlp::{Problem, Solution, SolveOptions, SolveOutcome};

use crate::Error;

pub use sampled::{SampledProgramme, sampled_linear_programme_irl};
pub use states::{StateProgramme, linear_programme_irl};

/// How far a constraint may be from holding.
const FEASIBILITY: f64 = 1e-9;

fn solve(problem: &Problem) -> Result<Solution, Error> {
    let mut options = SolveOptions::default();
    options.tolerances.feasibility = FEASIBILITY;
    let failed = |reason: String| Error::Programme { reason };
    match problem.solve_with(options) {
        Ok(SolveOutcome::Solution(solution)) => Ok(solution),
        Ok(_) => Err(failed("it was interrupted".to_owned())),
        Err(error) => Err(failed(error.to_string())),
    }
}
