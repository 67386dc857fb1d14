//! Somebody who plans a little, acts on it, and plans again.

use envs::GoalProblem;
use mdp::{Rng, uniform};

use super::log_sum_exp;
use super::search::{Choice, Question, Search};
use super::space::Space;

/// How many failures come before the `r`-th success, where each trial fails with probability `q`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NegativeBinomial {
    /// Successes r, positive.
    pub r: f64,
    /// Probability q of a failure, at least 0 and less than 1.
    pub q: f64,
}

impl NegativeBinomial {
    /// The mean, `r q / (1 - q)`.
    #[must_use]
    pub fn mean(self) -> f64 {
        self.r * self.q / (1.0 - self.q)
    }

    /// Log-probability of `n` failures, `C(n + r - 1, n) (1 - q)^r q^n`.
    #[must_use]
    pub fn log_prob(self, n: u32) -> f64 {
        let ways: f64 = (0..n)
            .map(|k| ((f64::from(k) + self.r) / f64::from(k + 1)).ln())
            .sum();
        let failures = if n == 0 {
            0.0
        } else {
            f64::from(n) * self.q.ln()
        };
        ways + self.r * (1.0 - self.q).ln() + failures
    }

    /// Draws a number of failures.
    pub fn draw(self, rng: &mut Rng) -> u32 {
        let mut left = uniform(rng);
        let mut probability = (1.0 - self.q).powf(self.r);
        let mut n = 0;
        // Beyond this the tail is smaller than the rounding of what is left.
        while probability <= left && n < 1_000_000 {
            left -= probability;
            probability *= (f64::from(n) + self.r) / f64::from(n + 1) * self.q;
            n += 1;
            if probability < 1e-18 && f64::from(n) > self.mean() {
                break;
            }
        }
        n
    }
}

/// An agent that plans by a noisy best-first search with a random budget, follows the plan to its end, and plans again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanningAgent {
    /// Expansions of one search.
    pub budget: NegativeBinomial,
    /// Noise γ with which the search chooses what to expand, in steps; positive.
    pub search_noise: f64,
}

impl PlanningAgent {
    /// The agent of the published experiments: `r = 2`, `q = 0.95`, `γ = 0.1`.
    pub const PUBLISHED: PlanningAgent = PlanningAgent {
        budget: NegativeBinomial { r: 2.0, q: 0.95 },
        search_noise: 0.1,
    };
}

/// One partial plan: what one search found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// Time of the first state of `path`.
    pub(super) begins: usize,
    /// States from there on, at least one; where `is_last`, the agent stays in the last of them.
    pub(super) path: Vec<u32>,
    /// Whether no plan follows: the goal is reached, or the search found it out of reach.
    pub(super) is_last: bool,
    budget: u32,
    /// Expansions of the search, none where there was none.
    nodes: Vec<u32>,
    /// Log-probability of budget and expansions under the model.
    pub(super) log_model: f64,
}

impl Plan {
    /// Time of the last state of the path, after which another plan is needed.
    pub(super) fn ends(&self) -> usize {
        self.begins + self.path.len() - 1
    }

    pub(super) fn state_at(&self, time: usize) -> u32 {
        self.path[(time - self.begins).min(self.path.len() - 1)]
    }
}

/// Draws plans and says how probable they were.
#[derive(Debug)]
pub(super) struct Planner<'p, P: GoalProblem> {
    pub(super) space: Space<'p, P>,
    pub(super) agent: PlanningAgent,
    search: Search,
}

/// Weight of the model in the proposal of budgets; the rest is geometric, about as long as what was seen.
const MODEL_SHARE: f64 = 0.5;
/// Observations, the first included, that say nothing about the length of a plan.
const FEW: usize = 2;

impl<'p, P: GoalProblem> Planner<'p, P> {
    pub(super) fn new(problem: &'p P, agent: PlanningAgent) -> Planner<'p, P> {
        Planner {
            space: Space::new(problem),
            agent,
            search: Search::default(),
        }
    }

    /// Draws the plan that begins in a state at a time, and its log-probability under the proposal, which leans to what
    /// was `seen` from then on; the model itself where that is empty.
    pub(super) fn draw(
        &mut self,
        goal: usize,
        (begins, start): (usize, u32),
        seen: &[u32],
        rng: &mut Rng,
    ) -> (Plan, f64) {
        if self.space.is_reached(start, goal) {
            return (self.no_plan(begins, start), 0.0);
        }
        let budget = if seen.len() <= FEW || uniform(rng) < MODEL_SHARE {
            self.agent.budget.draw(rng)
        } else {
            geometric(seen.len()).draw(rng)
        };
        let question = self.question(goal, start, budget, seen);
        let found = self
            .search
            .run(&mut self.space, question, Choice::Draw(rng));
        let log_budget = self.agent.budget.log_prob(budget);
        let plan = Plan {
            begins,
            is_last: found.path.is_empty(),
            path: match found.path.len() {
                0 => vec![start],
                // Nothing was found to do: the agent waits a step.
                1 => vec![start, start],
                _ => found.path,
            },
            budget,
            nodes: found.nodes,
            log_model: log_budget + found.log_model,
        };
        (plan, self.log_budget(budget, seen) + found.log_proposal)
    }

    /// The log-probability of a plan under the proposal that leans to what was `seen` from its beginning on.
    pub(super) fn log_proposal(&mut self, goal: usize, plan: &Plan, seen: &[u32]) -> f64 {
        if plan.nodes.is_empty() {
            return 0.0;
        }
        if seen.is_empty() {
            return plan.log_model;
        }
        let question = self.question(goal, plan.path[0], plan.budget, seen);
        let found = self
            .search
            .run(&mut self.space, question, Choice::Repeat(&plan.nodes));
        self.log_budget(plan.budget, seen) + found.log_proposal
    }

    fn no_plan(&self, begins: usize, start: u32) -> Plan {
        Plan {
            begins,
            path: vec![start],
            is_last: true,
            budget: 0,
            nodes: vec![],
            log_model: 0.0,
        }
    }

    fn question<'s>(&self, goal: usize, start: u32, budget: u32, seen: &'s [u32]) -> Question<'s> {
        Question {
            start,
            goal,
            budget,
            noise: self.agent.search_noise,
            seen,
        }
    }

    /// Log-probability of a budget under the proposal.
    fn log_budget(&self, budget: u32, seen: &[u32]) -> f64 {
        let model = self.agent.budget.log_prob(budget);
        if seen.len() <= FEW {
            return model;
        }
        let led = geometric(seen.len()).log_prob(budget);
        log_sum_exp([MODEL_SHARE.ln() + model, (1.0 - MODEL_SHARE).ln() + led].into_iter())
    }
}

/// A geometric distribution of the given mean.
fn geometric(mean: usize) -> NegativeBinomial {
    let mean = mean as f64;
    NegativeBinomial {
        r: 1.0,
        q: mean / (mean + 1.0),
    }
}
