//! Exact answers about finite MDPs.

use super::TabularMdp;

/// Why an iterative method stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The residual fell below the tolerance.
    Converged,
    /// The budget of iterations was spent first.
    BudgetSpent,
}

/// A question about a finite MDP that has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// At discount 1, a policy under which an episode may go on for ever and keep being paid.
    #[error(
        "at discount 1 the policy may never end an episode from state {state}, so its value is not finite; choose a discount below 1, or a time limit"
    )]
    NeverEnds {
        /// A state from which it may never end.
        state: usize,
    },
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

/// The values of one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Value of each state.
    pub values: Vec<f64>,
    /// Greatest violation of the Bellman equation.
    pub residual: f64,
    /// Iterations made; 0 where the equations were solved directly.
    pub iterations: usize,
    /// Why it stopped.
    pub stop: Stop,
}

/// `r(s, a) + γ Σ p V(s')` over the transitions of `state` and `action` that do not terminate.
fn backup(mdp: &TabularMdp, rewards: &[f64], state: usize, action: usize, values: &[f64]) -> f64 {
    let after: f64 = mdp
        .transitions(state, action)
        .filter(|t| !t.terminates)
        .map(|t| t.probability * values[t.next_state])
        .sum();
    rewards[state * mdp.n_actions() + action] + mdp.discount().get() * after
}

fn assert_table(mdp: &TabularMdp, what: &str, table: &[f64]) {
    assert_eq!(
        table.len(),
        mdp.n_states() * mdp.n_actions(),
        "{what} has one value a state and action"
    );
}

/// Value iteration (Sutton and Barto, 2018, section 4.4) under the expected reward `rewards`, `[S, A]`, until no value
/// changes by more than `tolerance`, at most `max_iterations` sweeps.
#[must_use]
pub fn value_iteration(
    mdp: &TabularMdp,
    rewards: &[f64],
    tolerance: f64,
    max_iterations: usize,
) -> Solution {
    assert_table(mdp, "an expected reward", rewards);
    let mut values = vec![0.0; mdp.n_states()];
    let mut q_values = vec![0.0; rewards.len()];
    let (mut iterations, mut residual) = (0, f64::INFINITY);
    while residual > tolerance && iterations < max_iterations {
        residual = 0.0;
        for state in 0..mdp.n_states() {
            let row = &mut q_values[state * mdp.n_actions()..][..mdp.n_actions()];
            for (action, q_value) in row.iter_mut().enumerate() {
                *q_value = backup(mdp, rewards, state, action, &values);
            }
            let best = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            residual = f64::max(residual, (best - values[state]).abs());
            values[state] = best;
        }
        iterations += 1;
    }
    Solution {
        policy: q_values.chunks(mdp.n_actions()).map(first_best).collect(),
        values,
        q_values,
        iterations,
        residual,
        stop: if residual <= tolerance {
            Stop::Converged
        } else {
            Stop::BudgetSpent
        },
    }
}

/// Policy iteration (Howard, 1960) under the expected reward `rewards`, `[S, A]`, from the policy `first`, or from the
/// first action everywhere: the policy and its values are exact.
///
/// # Errors
/// If a policy on the way never ends at discount 1.
pub fn policy_iteration(
    mdp: &TabularMdp,
    rewards: &[f64],
    first: Option<&[usize]>,
) -> Result<Solution, SolveError> {
    assert_table(mdp, "an expected reward", rewards);
    let n_actions = mdp.n_actions();
    let mut policy = first.map_or_else(|| vec![0; mdp.n_states()], <[usize]>::to_vec);
    let mut iterations = 0;
    loop {
        let evaluation = evaluate_policy(mdp, rewards, &deterministic(&policy, n_actions))?;
        let mut q_values = vec![0.0; rewards.len()];
        for (row, q_value) in q_values.iter_mut().enumerate() {
            *q_value = backup(
                mdp,
                rewards,
                row / n_actions,
                row % n_actions,
                &evaluation.values,
            );
        }
        iterations += 1;
        let mut changed = false;
        for (chosen, row) in policy.iter_mut().zip(q_values.chunks(n_actions)) {
            let best = first_best(row);
            // Only a gain beyond rounding, so that ties cannot make it go round for ever.
            if row[best] > row[*chosen] + 1e-10 * (1.0 + row[*chosen].abs()) {
                *chosen = best;
                changed = true;
            }
        }
        if !changed {
            return Ok(Solution {
                values: evaluation.values,
                q_values,
                policy,
                iterations,
                residual: evaluation.residual,
                stop: Stop::Converged,
            });
        }
    }
}

/// Values of a stochastic policy, `[S, A]`, under the expected reward `rewards`, `[S, A]`.
///
/// # Errors
/// If the policy never ends at discount 1.
pub fn evaluate_policy(
    mdp: &TabularMdp,
    rewards: &[f64],
    policy: &[f64],
) -> Result<Evaluation, SolveError> {
    assert_table(mdp, "an expected reward", rewards);
    assert_table(mdp, "a policy", policy);
    let n_states = mdp.n_states();
    let paid: Vec<f64> = (0..n_states)
        .map(|state| {
            let row = state * mdp.n_actions()..(state + 1) * mdp.n_actions();
            policy[row.clone()]
                .iter()
                .zip(&rewards[row])
                .map(|(p, r)| p * r)
                .sum()
        })
        .collect();
    let mut matrix = system(mdp, policy);
    let mut values = paid;
    let lost = lost_states(mdp, policy);
    for (state, is_lost) in lost.iter().enumerate() {
        if *is_lost {
            if values[state] != 0.0 {
                return Err(SolveError::NeverEnds { state });
            }
            matrix[state * n_states..][..n_states].fill(0.0);
            matrix[state * n_states + state] = 1.0;
        }
    }
    eliminate(&mut matrix, &mut values);
    let residual = 0.0;
    Ok(Evaluation {
        values,
        residual,
        iterations: 0,
        stop: Stop::Converged,
    })
}

/// Expected discounted visits of each state and action, `[S, A]`: `η(s, a) = Σ_t γ^t P(s_t = s, a_t = a)`. A policy's
/// return under an expected reward r is `Σ η r`.
///
/// # Errors
/// If the policy never ends at discount 1.
pub fn occupancy(mdp: &TabularMdp, policy: &[f64]) -> Result<Vec<f64>, SolveError> {
    assert_table(mdp, "a policy", policy);
    let n_states = mdp.n_states();
    if let Some(state) = lost_states(mdp, policy).iter().position(|lost| *lost) {
        return Err(SolveError::NeverEnds { state });
    }
    let matrix = system(mdp, policy);
    let mut transposed = vec![0.0; matrix.len()];
    for row in 0..n_states {
        for column in 0..n_states {
            transposed[column * n_states + row] = matrix[row * n_states + column];
        }
    }
    let mut visits = mdp.start().to_vec();
    eliminate(&mut transposed, &mut visits);
    let each = policy.iter().enumerate();
    Ok(each
        .map(|(row, p)| visits[row / mdp.n_actions()] * p)
        .collect())
}

/// The return of a policy from the start: `Σ_s start(s) V(s)`.
///
/// # Errors
/// If the policy never ends at discount 1.
pub fn policy_return(mdp: &TabularMdp, rewards: &[f64], policy: &[f64]) -> Result<f64, SolveError> {
    let values = evaluate_policy(mdp, rewards, policy)?.values;
    Ok(values.iter().zip(mdp.start()).map(|(v, p)| v * p).sum())
}

/// A deterministic policy as probabilities, `[S, A]`.
#[must_use]
pub fn deterministic(actions: &[usize], n_actions: usize) -> Vec<f64> {
    let mut policy = vec![0.0; actions.len() * n_actions];
    for (state, action) in actions.iter().enumerate() {
        policy[state * n_actions + action] = 1.0;
    }
    policy
}

/// `I - γ P` under the policy, dense.
fn system(mdp: &TabularMdp, policy: &[f64]) -> Vec<f64> {
    let n_states = mdp.n_states();
    let mut matrix = vec![0.0; n_states * n_states];
    for state in 0..n_states {
        matrix[state * n_states + state] = 1.0;
        for action in 0..mdp.n_actions() {
            let chosen = policy[state * mdp.n_actions() + action];
            for t in mdp.transitions(state, action).filter(|t| !t.terminates) {
                matrix[state * n_states + t.next_state] -=
                    mdp.discount().get() * chosen * t.probability;
            }
        }
    }
    matrix
}

/// At discount 1, the states from which the policy cannot end an episode; elsewhere none.
fn lost_states(mdp: &TabularMdp, policy: &[f64]) -> Vec<bool> {
    let n_states = mdp.n_states();
    if mdp.discount().get() < 1.0 {
        return vec![false; n_states];
    }
    let mut lost = vec![true; n_states];
    let mut changed = true;
    while changed {
        changed = false;
        for state in 0..n_states {
            let saved = lost[state]
                && (0..mdp.n_actions()).any(|action| {
                    policy[state * mdp.n_actions() + action] > 0.0
                        && mdp
                            .transitions(state, action)
                            .any(|t| t.probability > 0.0 && (t.terminates || !lost[t.next_state]))
                });
            if saved {
                lost[state] = false;
                changed = true;
            }
        }
    }
    lost
}

/// Gaussian elimination with partial pivoting; the answer replaces the right-hand side.
fn eliminate(matrix: &mut [f64], right: &mut [f64]) {
    let n = right.len();
    for column in 0..n {
        let pivot = (column..n)
            .max_by(|a, b| {
                matrix[a * n + column]
                    .abs()
                    .total_cmp(&matrix[b * n + column].abs())
            })
            .expect("there is a row left");
        if pivot != column {
            for k in column..n {
                matrix.swap(pivot * n + k, column * n + k);
            }
            right.swap(pivot, column);
        }
        let (above, below) = matrix.split_at_mut((column + 1) * n);
        let pivot_row = &above[column * n..];
        for (row, values) in below.chunks_mut(n).enumerate() {
            let factor = values[column] / pivot_row[column];
            if factor != 0.0 {
                for k in column..n {
                    values[k] -= factor * pivot_row[k];
                }
                right[column + 1 + row] -= factor * right[column];
            }
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|k| matrix[row * n + k] * right[k]).sum();
        right[row] = (right[row] - known) / matrix[row * n + row];
    }
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
