//! Planning by the current reward function: in each state the future is valued by the function in force there.
//!
//! The reward function's parameters Θ are part of the state, and acts may change them. An agent that maximises the
//! rewards it will receive changes them to its liking. One that optimises its *current* reward function values, at
//! time k, every future by Θ_k (Everitt, Hutter, Kumar and Krakovna, 2021, section 4): with `R(Θ; s, a, s')` the
//! function with given parameters,
//!
//! ```text
//! U_k = E[ Σ_{t ≥ k} γ^(t-k) R(Θ_k; s_t, a_t, s_{t+1}) ]
//! ```
//!
//! Since Θ_k differs from state to state the agent is not of one mind over time, and there are two ways to foresee
//! what comes after the next act:
//!
//! - *ignoring* that later selves will value by other parameters: the plan is the optimal one for the fixed Θ_k, and
//!   its first act is taken. `π(s) ∈ argmax_a Q*_Θ(s)(s, a)`, where Q*_θ solves the MDP with the reward of θ.
//!   Parameters do not enter Q*_θ but as states that are passed through, so that nothing is gained by changing or by
//!   keeping them.
//! - *considering* it: `π(s) ∈ argmax_a Σ p(s'|s, a) [R(Θ(s); s, a, s') + γ V^π_Θ(s)(s')]`, where V^π_θ is what the
//!   later selves' own choices earn of the reward of θ. Later selves with other wishes are worth preventing: such an
//!   agent has a reason to keep its reward function as it is, against its owner too.

use mdp::{ParameterTables, TabularMdp};

use super::optimum::Optimum;
use super::{check_transitions, fewest};
use crate::CheckError;

/// How a planner by the current reward function foresees what it will do later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FutureSelves {
    /// As if later selves valued by the parameters of now (ignoring the inconsistency over time).
    Ignored,
    /// As they will: each by the parameters of its own state (considering it).
    Considered,
}

/// The policy, an action a state, of a planner by the current reward function. Among equal acts, one that does not
/// tamper (`tampering`, `[S, A]`) is preferred, then the first.
///
/// Where later selves are considered, states are solved after those that follow them, so every act must lead on: an
/// environment that ends by itself with its step in the state, or one under a time limit.
///
/// # Errors
/// If a table does not fit, a policy has no finite return, or later selves are considered in an MDP that can come back
/// to a state.
pub fn current_reward_policy(
    mdp: &TabularMdp,
    parameters: &ParameterTables,
    tampering: &[bool],
    selves: FutureSelves,
) -> Result<Vec<usize>, CheckError> {
    for rewards in &parameters.rewards {
        check_transitions(mdp, "the reward of some parameters", rewards)?;
    }
    for (what, found, expected) in [
        (
            "the table of parameters",
            parameters.of_state.len(),
            mdp.n_states(),
        ),
        (
            "the table of tampering actions",
            tampering.len(),
            mdp.n_states() * mdp.n_actions(),
        ),
    ] {
        if found != expected {
            return Err(CheckError::Length {
                what,
                found,
                expected,
            });
        }
    }
    match selves {
        FutureSelves::Ignored => ignoring(mdp, parameters, tampering),
        FutureSelves::Considered => considering(mdp, parameters, tampering),
    }
}

fn ignoring(
    mdp: &TabularMdp,
    parameters: &ParameterTables,
    tampering: &[bool],
) -> Result<Vec<usize>, CheckError> {
    let mut policy = vec![0; mdp.n_states()];
    for (number, rewards) in parameters.rewards.iter().enumerate() {
        let mut optimum = Optimum::among_all_but(mdp, &vec![false; tampering.len()])?;
        optimum.keep_best(&mdp.expected(rewards))?;
        optimum.keep_best(&fewest(tampering))?;
        let planned = optimum.policy();
        for (state, of_state) in parameters.of_state.iter().enumerate() {
            if *of_state == number {
                policy[state] = planned[state];
            }
        }
    }
    Ok(policy)
}

fn considering(
    mdp: &TabularMdp,
    parameters: &ParameterTables,
    tampering: &[bool],
) -> Result<Vec<usize>, CheckError> {
    let n_actions = mdp.n_actions();
    let expected: Vec<Vec<f64>> = parameters.rewards.iter().map(|r| mdp.expected(r)).collect();
    // Of each function, the most that it pays or charges in what can be reached: acts are equal within its unit alone.
    let reachable = mdp.reachable();
    let reached = (0..reachable.len()).filter(|state| reachable[*state]);
    let rows: Vec<usize> = reached
        .flat_map(|state| state * n_actions..(state + 1) * n_actions)
        .collect();
    let largest: Vec<f64> = expected
        .iter()
        .map(|paid| {
            rows.iter()
                .fold(0.0, |most, row| f64::max(most, paid[*row].abs()))
        })
        .collect();
    let mut values = vec![vec![0.0; mdp.n_states()]; expected.len()];
    let mut policy = vec![0; mdp.n_states()];
    for state in followers_first(mdp)? {
        let worth = |number: usize, action: usize, values: &[Vec<f64>]| {
            let after = mdp.transitions(state, action).filter(|way| !way.terminates);
            let after: f64 = after
                .map(|way| way.probability * values[number][way.next_state])
                .sum();
            expected[number][state * n_actions + action] + mdp.discount().get() * after
        };
        let own = parameters.of_state[state];
        let worths: Vec<f64> = (0..n_actions)
            .map(|action| worth(own, action, &values))
            .collect();
        let best = worths.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let is_best = |action: &usize| worths[*action] >= best - super::SAME * largest[own];
        let tampers = |action: &usize| tampering[state * n_actions + action];
        policy[state] = (0..n_actions)
            .filter(is_best)
            .min_by_key(tampers)
            .expect("some action is best");
        for number in 0..values.len() {
            values[number][state] = worth(number, policy[state], &values);
        }
    }
    Ok(policy)
}

/// The states that can be acted in, each after all those that can follow it.
fn followers_first(mdp: &TabularMdp) -> Result<Vec<usize>, CheckError> {
    let reachable = mdp.reachable();
    let followers = |state: usize| {
        let actions = (0..mdp.n_actions()).flat_map(move |action| mdp.transitions(state, action));
        actions.filter(|way| !way.terminates && way.probability > 0.0)
    };
    let mut n_before = vec![0_usize; mdp.n_states()];
    let acted_in = || (0..mdp.n_states()).filter(|state| reachable[*state]);
    for way in acted_in().flat_map(followers) {
        n_before[way.next_state] += 1;
    }
    let mut open: Vec<usize> = acted_in().filter(|state| n_before[*state] == 0).collect();
    let mut order = vec![];
    while let Some(state) = open.pop() {
        order.push(state);
        for way in followers(state) {
            n_before[way.next_state] -= 1;
            if n_before[way.next_state] == 0 {
                open.push(way.next_state);
            }
        }
    }
    if let Some(state) = acted_in().find(|state| n_before[*state] > 0) {
        return Err(CheckError::ComesBack { state });
    }
    order.reverse();
    Ok(order)
}
