//! The values, visits and return of one policy, by solving its linear equations.

use super::chain::Chain;
use super::components::Components;
use super::krylov::greatest;
use super::{Evaluation, SolveError, Stop, assert_table};
use crate::tabular::TabularMdp;

/// Values of a stochastic policy, `[S, A]`, under the expected reward `rewards`, `[S, A]`: the solution of
/// `V = r + γ P V`.
///
/// The equations are solved component by component of the policy's chain, those that lead nowhere first: small
/// components directly, to a few roundings, large ones by BiCGSTAB with an incomplete factorisation until the residual
/// is one of rounding (1e-14 of the greatest number in the equations). At discount 1 a state from which the policy goes
/// round for ever without being paid is worth 0.
///
/// # Errors
/// If at discount 1 the policy may go round for ever and be paid, with a state where it does.
pub fn evaluate_policy(
    mdp: &TabularMdp,
    rewards: &[f64],
    policy: &[f64],
) -> Result<Evaluation, SolveError> {
    assert_table(mdp, "an expected reward", rewards);
    assert_table(mdp, "a policy", policy);
    let paid = under(policy, rewards, mdp.n_actions());
    evaluate_paid(mdp, &Chain::new(mdp, policy), paid)
}

/// The values of a chain in which each state pays `paid`, `[S]`.
pub(super) fn evaluate_paid(
    mdp: &TabularMdp,
    chain: &Chain,
    paid: Vec<f64>,
) -> Result<Evaluation, SolveError> {
    let components = chain.components();
    let closed = chain.closed(&components);
    let mut endless = (0..components.len())
        .filter(|component| closed[*component])
        .flat_map(|component| components.states(component));
    if let Some(state) = endless.find(|state| paid[**state as usize] != 0.0) {
        return Err(SolveError::NeverEnds {
            state: *state as usize,
        });
    }
    let solved = chain.solve(&paid, &components, &closed);
    let longest = if mdp.discount().get() < 1.0 {
        1.0 / (1.0 - mdp.discount().get())
    } else {
        longest_stay(chain, &components, &closed)
    };
    Ok(Evaluation {
        error: solved.residual * longest,
        values: solved.x,
        residual: solved.residual,
        iterations: solved.progress.iterations,
        stop: Stop::of(solved.progress.converged),
    })
}

/// An upper bound of the mean time to the end from any state, which is the norm of the inverse of the equations: its
/// entries are not negative. Where `τ - P τ >= 1 - ε` everywhere, the inverse is at most `τ / (1 - ε)`.
fn longest_stay(chain: &Chain, components: &Components, closed: &[bool]) -> f64 {
    let mut ones = vec![1.0; chain.n_states()];
    for component in (0..components.len()).filter(|component| closed[*component]) {
        for state in components.states(component) {
            ones[*state as usize] = 0.0;
        }
    }
    let times = chain.solve(&ones, components, closed);
    if times.residual < 1.0 {
        greatest(&times.x) / (1.0 - times.residual)
    } else {
        f64::INFINITY
    }
}

/// Expected discounted visits of each state and action, `[S, A]`: `η(s, a) = Σ_t γ^t P(s_t = s, a_t = a)`, so that a
/// policy's return under an expected reward r is `Σ η r`. The transposed equations of [`evaluate_policy`].
///
/// # Errors
/// If at discount 1 the policy may go round for ever after the start, with a state where it does.
pub fn occupancy(mdp: &TabularMdp, policy: &[f64]) -> Result<Vec<f64>, SolveError> {
    assert_table(mdp, "a policy", policy);
    let chain = Chain::new(mdp, policy);
    let components = chain.components();
    let closed = chain.closed(&components);
    let reached = chain.reached(mdp.start());
    for component in (0..components.len()).filter(|component| closed[*component]) {
        let state = components.states(component)[0] as usize;
        if reached[state] {
            return Err(SolveError::NeverEnds { state });
        }
    }
    let visits = chain.visits(mdp.start(), &components, &closed).x;
    let each = policy.iter().enumerate();
    Ok(each
        .map(|(row, chosen)| visits[row / mdp.n_actions()] * chosen)
        .collect())
}

/// The return of a policy from the start: `Σ_s start(s) V(s)`.
///
/// # Errors
/// If at discount 1 the policy may go round for ever and be paid, in a state that it reaches from the start.
pub fn policy_return(mdp: &TabularMdp, rewards: &[f64], policy: &[f64]) -> Result<f64, SolveError> {
    assert_table(mdp, "an expected reward", rewards);
    assert_table(mdp, "a policy", policy);
    let chain = Chain::new(mdp, policy);
    let reached = chain.reached(mdp.start());
    let mut paid = under(policy, rewards, mdp.n_actions());
    for (paid, reached) in paid.iter_mut().zip(reached) {
        // What is never visited cannot make the return infinite.
        *paid = if reached { *paid } else { 0.0 };
    }
    let values = evaluate_paid(mdp, &chain, paid)?.values;
    Ok(values.iter().zip(mdp.start()).map(|(v, p)| v * p).sum())
}

/// The policy that takes all actions alike, `[S, A]`.
#[must_use]
pub fn uniform_policy(mdp: &TabularMdp) -> Vec<f64> {
    vec![1.0 / mdp.n_actions() as f64; mdp.n_states() * mdp.n_actions()]
}

/// A deterministic policy as probabilities, `[S, A]`.
///
/// # Panics
/// If an action is not below `n_actions`.
#[must_use]
pub fn deterministic(actions: &[usize], n_actions: usize) -> Vec<f64> {
    let mut policy = vec![0.0; actions.len() * n_actions];
    for (state, action) in actions.iter().enumerate() {
        assert!(
            *action < n_actions,
            "action {action} of {n_actions} in state {state}"
        );
        policy[state * n_actions + action] = 1.0;
    }
    policy
}

/// `Σ_a π(a|s) r(s, a)`, `[S]`.
pub(super) fn under(policy: &[f64], rewards: &[f64], n_actions: usize) -> Vec<f64> {
    let rows = policy.chunks(n_actions).zip(rewards.chunks(n_actions));
    rows.map(|(policy, rewards)| policy.iter().zip(rewards).map(|(p, r)| p * r).sum())
        .collect()
}
