//! Linear programmes over the occupancies of policies, for small MDPs: the slow, plain statement of what the other
//! modules find by planning.
//!
//! The occupancies of all policies are a polytope, `η >= 0` and `-Aᵀ η = start` with the flow matrix A, and a return is
//! linear in them. Every question about returns that is linear in them can be asked as it stands and given to a
//! general solver, which knows nothing of policies. Built with the feature `programme` alone, which the tests and the
//! evidence turn on, so that the command compiles no solver.

#[cfg(test)]
mod tests;

use mdp::TabularMdp;
use microlp::{
    ComparisonOp, LinearExpr, OptimizationDirection, Problem, Solution, SolveOptions, SolveOutcome,
    Variable,
};

use crate::CheckError;
use crate::error::check_table;

/// How far a constraint may be from holding.
const FEASIBILITY: f64 = 1e-9;

/// A linear programme that maximises over the occupancies of policies and over further numbers.
#[derive(Clone, Debug)]
pub struct Programme<'a> {
    mdp: &'a TabularMdp,
    reachable: Vec<bool>,
    problem: Problem,
    n_policies: usize,
    n_numbers: usize,
    /// `[policies]` of `[S, A]`, absent where unreachable.
    occupancies: Vec<Vec<Option<Variable>>>,
    numbers: Vec<Variable>,
}

/// One of the policies of a programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyOf(usize);

/// One of the further numbers of a programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberOf(usize);

/// A term of a constraint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term<'a> {
    /// The return of a policy under an expected reward, `[S, A]`, times a factor.
    Return(PolicyOf, &'a [f64], f64),
    /// A number times a factor.
    Number(NumberOf, f64),
}

/// The answer to a [`Programme`].
#[derive(Clone, Debug)]
pub struct Answer {
    /// The greatest value of the objective.
    pub objective: f64,
    n_actions: usize,
    occupancies: Vec<Vec<f64>>,
    numbers: Vec<f64>,
}

impl<'a> Programme<'a> {
    /// A programme without policies.
    #[must_use]
    pub fn new(mdp: &'a TabularMdp) -> Programme<'a> {
        Programme {
            mdp,
            reachable: mdp.reachable(),
            problem: Problem::new(OptimizationDirection::Maximize),
            n_policies: 0,
            n_numbers: 0,
            occupancies: Vec::new(),
            numbers: Vec::new(),
        }
    }

    /// Adds a policy, whose return under `objective`, `[S, A]`, is added to what is maximised.
    ///
    /// # Errors
    /// If the table does not fit.
    pub fn policy(&mut self, objective: &[f64]) -> Result<PolicyOf, CheckError> {
        check_table(self.mdp, "the objective", objective)?;
        let n_actions = self.mdp.n_actions();
        let variables: Vec<Option<Variable>> = objective
            .iter()
            .enumerate()
            .map(|(row, value)| {
                self.reachable[row / n_actions]
                    .then(|| self.problem.add_var(*value, (0.0, f64::INFINITY)))
            })
            .collect();
        let mut balances = vec![Vec::new(); self.mdp.n_states()];
        for (row, variable) in variables.iter().enumerate() {
            let Some(variable) = variable else { continue };
            let (state, action) = (row / n_actions, row % n_actions);
            let mut terms = vec![(state, 1.0)];
            for t in self
                .mdp
                .transitions(state, action)
                .filter(|t| !t.terminates)
            {
                terms.push((t.next_state, -self.mdp.discount().get() * t.probability));
            }
            terms.sort_by_key(|(state, _)| *state);
            for (state, coefficient) in merged(&terms) {
                balances[state].push((*variable, coefficient));
            }
        }
        for (state, balance) in balances.iter().enumerate() {
            if self.reachable[state] {
                let expression = LinearExpr::from(balance);
                let start = self.mdp.start()[state];
                self.problem
                    .add_constraint(expression, ComparisonOp::Eq, start);
            }
        }
        self.occupancies.push(variables);
        self.n_policies += 1;
        Ok(PolicyOf(self.n_policies - 1))
    }

    /// Adds a number of any sign, which is added to what is maximised `objective` times.
    pub fn number(&mut self, objective: f64) -> NumberOf {
        let range = (f64::NEG_INFINITY, f64::INFINITY);
        self.numbers.push(self.problem.add_var(objective, range));
        self.n_numbers += 1;
        NumberOf(self.n_numbers - 1)
    }

    /// Asks that the sum of the terms be at least `bound`.
    ///
    /// # Errors
    /// If a table does not fit.
    pub fn at_least(&mut self, terms: &[Term<'_>], bound: f64) -> Result<(), CheckError> {
        let mut coefficients = Vec::new();
        for term in terms {
            match term {
                Term::Return(policy, rewards, factor) => {
                    check_table(self.mdp, "a constraint", rewards)?;
                    let variables = &self.occupancies[policy.0];
                    let pairs = variables.iter().zip(*rewards);
                    coefficients.extend(pairs.filter_map(|(variable, reward)| {
                        variable.map(|variable| (variable.idx(), variable, factor * reward))
                    }));
                }
                Term::Number(number, factor) => {
                    let variable = self.numbers[number.0];
                    coefficients.push((variable.idx(), variable, *factor));
                }
            }
        }
        coefficients.sort_by_key(|(index, _, _)| *index);
        let mut expression = LinearExpr::empty();
        for same in coefficients.chunk_by(|a, b| a.0 == b.0) {
            let coefficient: f64 = same.iter().map(|(_, _, coefficient)| coefficient).sum();
            expression.add(same[0].1, coefficient);
        }
        self.problem
            .add_constraint(expression, ComparisonOp::Ge, bound);
        Ok(())
    }

    /// Solves the programme.
    ///
    /// # Errors
    /// If nothing satisfies the constraints, the objective has no limit, or the solver gives up.
    pub fn solve(&self) -> Result<Answer, CheckError> {
        let mut options = SolveOptions::default();
        options.tolerances.feasibility = FEASIBILITY;
        let failed = |reason: String| CheckError::Programme { reason };
        match self.problem.solve_with(options) {
            Ok(SolveOutcome::Solution(solution)) => Ok(self.answer(&solution)),
            Ok(_) => Err(failed("the solver was interrupted".to_owned())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    fn answer(&self, solution: &Solution) -> Answer {
        let value = |variable: &Option<Variable>| {
            variable.map_or(0.0, |variable| solution.var_value(variable).max(0.0))
        };
        let occupancy = |variables: &Vec<Option<Variable>>| variables.iter().map(value).collect();
        Answer {
            objective: solution.objective(),
            n_actions: self.mdp.n_actions(),
            occupancies: self.occupancies.iter().map(occupancy).collect(),
            numbers: self
                .numbers
                .iter()
                .map(|n| solution.var_value(*n))
                .collect(),
        }
    }
}

impl Answer {
    /// `[S, A]`, the occupancy of a policy.
    #[must_use]
    pub fn occupancy(&self, policy: PolicyOf) -> &[f64] {
        &self.occupancies[policy.0]
    }

    /// `[S, A]`, the policy with that occupancy; all actions alike in states that it does not visit.
    #[must_use]
    pub fn policy(&self, policy: PolicyOf) -> Vec<f64> {
        crate::hackability::policy_of(self.occupancy(policy), self.n_actions)
    }

    /// The value of a number.
    #[must_use]
    pub fn number(&self, number: NumberOf) -> f64 {
        self.numbers[number.0]
    }
}

/// Sums up the coefficients of the same state; the terms are sorted by state.
fn merged(terms: &[(usize, f64)]) -> impl Iterator<Item = (usize, f64)> + '_ {
    terms
        .chunk_by(|a, b| a.0 == b.0)
        .map(|same| (same[0].0, same.iter().map(|(_, c)| c).sum()))
}

/// The least return under `intent` of any policy whose return under `reward` is at least `asked`: the programme that
/// [`gap`](crate::gap()) solves by planning.
///
/// # Errors
/// If a table does not fit or no policy is paid what is asked.
pub fn least_intent(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    asked: f64,
) -> Result<f64, CheckError> {
    let objective: Vec<f64> = intent.iter().map(|value| -value).collect();
    let mut programme = Programme::new(mdp);
    let policy = programme.policy(&objective)?;
    programme.at_least(&[Term::Return(policy, reward, 1.0)], asked)?;
    Ok(-programme.solve()?.objective)
}

/// The greatest t such that two policies a and b exist with `J1(b) - J1(a) >= t` and `J2(a) - J2(b) >= t`, and the two,
/// `[S, A]` each: the programme that [`stochastic_hackability`](crate::stochastic_hackability) answers in closed form.
/// Zero just where the pair of rewards is unhackable.
///
/// # Errors
/// If a table does not fit.
pub fn strongest_disagreement(
    mdp: &TabularMdp,
    first: &[f64],
    second: &[f64],
) -> Result<(f64, [Vec<f64>; 2]), CheckError> {
    let nothing = vec![0.0; first.len()];
    let mut programme = Programme::new(mdp);
    let (a, b) = (programme.policy(&nothing)?, programme.policy(&nothing)?);
    let amount = programme.number(1.0);
    let rises = [
        Term::Return(b, first, 1.0),
        Term::Return(a, first, -1.0),
        Term::Number(amount, -1.0),
    ];
    let falls = [
        Term::Return(a, second, 1.0),
        Term::Return(b, second, -1.0),
        Term::Number(amount, -1.0),
    ];
    programme.at_least(&rises, 0.0)?;
    programme.at_least(&falls, 0.0)?;
    let answer = programme.solve()?;
    Ok((answer.number(amount), [answer.policy(a), answer.policy(b)]))
}
