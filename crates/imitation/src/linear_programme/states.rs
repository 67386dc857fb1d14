//! A reward of states from a whole policy.

use mdp::TabularMdp;
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, Variable};

use super::solve;
use crate::Error;

/// A reward of states that makes a policy optimal.
#[derive(Clone, Debug, PartialEq)]
pub struct StateProgramme {
    /// `[S]`, paid for acting in a state.
    pub state_rewards: Vec<f64>,
    /// The same for each action, `[S, A]`.
    pub rewards: Vec<f64>,
    /// `[S]`, by how much the policy's action leads to more than the next best there: 0 where they tie.
    pub margins: Vec<f64>,
    /// What was maximised: the sum of the margins less λ times that of the rewards' sizes.
    pub objective: f64,
}

/// The reward of states under which leaving `policy`, `[S]`, for one step costs most, less `penalty` (λ) times the sizes
/// of rewards, none above `bound`.
///
/// # Errors
/// If the policy does not fit the MDP, the bound is not above 0 or the penalty below 0, or the solver gives up, as where
/// at discount 1 the policy never ends.
pub fn linear_programme_irl(
    mdp: &TabularMdp,
    policy: &[usize],
    bound: f64,
    penalty: f64,
) -> Result<StateProgramme, Error> {
    let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
    if policy.len() != n_states {
        return Err(Error::Potential {
            found: policy.len(),
            expected: n_states,
        });
    }
    if let Some(state) = policy.iter().position(|action| *action >= n_actions) {
        return Err(Error::Step {
            demonstration: 0,
            step: state,
            state,
            action: policy[state],
            n_states,
            n_actions,
        });
    }
    for (setting, value, is_right) in [
        ("bound of rewards", bound, bound > 0.0 && bound.is_finite()),
        (
            "penalty of rewards",
            penalty,
            penalty >= 0.0 && penalty.is_finite(),
        ),
    ] {
        if !is_right {
            return Err(Error::Expert {
                setting,
                value,
                allowed: "finite, a bound above 0 and a penalty at least 0",
            });
        }
    }
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let free = (f64::NEG_INFINITY, f64::INFINITY);
    // A reward is the difference of two parts of which it is best that one is 0.
    let parts: Vec<[Variable; 2]> = (0..n_states)
        .map(|_| [0; 2].map(|_| problem.add_var(-penalty, (0.0, bound))))
        .collect();
    let values: Vec<Variable> = (0..n_states).map(|_| problem.add_var(0.0, free)).collect();
    let margins: Vec<Variable> = (0..n_states)
        .map(|_| problem.add_var(1.0, (0.0, f64::INFINITY)))
        .collect();
    for state in 0..n_states {
        let [gain, cost] = parts[state];
        let mut terms = successors(mdp, state, policy[state], mdp.discount().get());
        terms.push((state, -1.0));
        let mut expression = summed(&mut terms, &values);
        expression.add(gain, 1.0);
        expression.add(cost, -1.0);
        problem.add_constraint(expression, ComparisonOp::Eq, 0.0);
        let mut is_bounded = false;
        for action in (0..n_actions).filter(|action| *action != policy[state]) {
            let mut terms = successors(mdp, state, policy[state], 1.0);
            terms.extend(successors(mdp, state, action, -1.0));
            let mut expression = summed(&mut terms, &values);
            expression.add(margins[state], -1.0);
            problem.add_constraint(expression, ComparisonOp::Ge, 0.0);
            is_bounded = true;
        }
        if !is_bounded {
            let alone = [(margins[state], 1.0)];
            problem.add_constraint(alone, ComparisonOp::Le, 0.0);
        }
    }
    let solution = solve(&problem)?;
    let state_rewards: Vec<f64> = parts
        .iter()
        .map(|[gain, cost]| solution.var_value(*gain) - solution.var_value(*cost))
        .collect();
    Ok(StateProgramme {
        rewards: state_rewards
            .iter()
            .flat_map(|reward| std::iter::repeat_n(*reward, n_actions))
            .collect(),
        state_rewards,
        margins: margins.iter().map(|m| solution.var_value(*m)).collect(),
        objective: solution.objective(),
    })
}

/// Where a state and an action lead, with probabilities times a factor.
fn successors(mdp: &TabularMdp, state: usize, action: usize, factor: f64) -> Vec<(usize, f64)> {
    let alive = mdp.transitions(state, action).filter(|t| !t.terminates);
    alive
        .map(|t| (t.next_state, factor * t.probability))
        .collect()
}

/// A sum with one term a variable.
fn summed(terms: &mut [(usize, f64)], variables: &[Variable]) -> LinearExpr {
    terms.sort_by_key(|(state, _)| *state);
    let mut expression = LinearExpr::empty();
    for same in terms.chunk_by(|a, b| a.0 == b.0) {
        let coefficient: f64 = same.iter().map(|(_, c)| c).sum();
        // What cancels up to rounding would only make the programme harder.
        if coefficient.abs() > 1e-12 {
            expression.add(variables[same[0].0], coefficient);
        }
    }
    expression
}
