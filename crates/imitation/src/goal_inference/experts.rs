//! Somebody to watch: an expert on a shortest way, and one who looks ahead a little and learns from dead ends.

use envs::GoalProblem;
use mdp::{Rng, Seed, index, normal, uniform};

use super::agent::NegativeBinomial;
use super::exact::ExactGoals;
use super::space::Space;

/// What somebody was seen to do.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalTrace<S> {
    /// The goal that was pursued.
    pub goal: usize,
    /// States, one more than steps.
    pub states: Vec<S>,
    /// How it ended.
    pub end: TraceEnd,
}

/// How an expert's trace ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceEnd {
    /// In the goal.
    Reached,
    /// The expert saw that there is no way left.
    Stuck,
    /// After as many steps as were allowed.
    Unfinished,
}

/// An expert on a shortest way to a goal, drawn evenly among the next steps that lie on one; none where there is no way.
#[must_use]
pub fn optimal_trace<P: GoalProblem>(
    goals: &ExactGoals<'_, P>,
    goal: usize,
    seed: Seed,
) -> Option<GoalTrace<P::State>> {
    let mut rng = seed.stream("optimal expert", 0);
    let mut states = vec![goals.problem().start()];
    let mut successors = vec![];
    while let Some(left) = goals
        .steps_left(&states[states.len() - 1], goal)
        .filter(|left| *left > 0)
    {
        successors.clear();
        goals
            .problem()
            .successors(&states[states.len() - 1], &mut successors);
        successors.retain(|(_, next)| goals.steps_left(next, goal) == Some(left - 1));
        states.push(successors[index(successors.len(), &mut rng)].1);
    }
    let end = TraceEnd::Reached;
    let is_there = goals.problem().is_reached(&states[states.len() - 1], goal);
    is_there.then_some(GoalTrace { goal, states, end })
}

/// A real-time planner: local search space learning real-time A* (Koenig and Sun, 2009), with misjudged distances.
///
/// From where it stands it expands the best nodes by A*, as many as its budget of the moment allows, raises its estimates
/// for all of them to what it found, goes all the way to the best node on the frontier, and looks again. Each estimate is
/// misjudged once by a normal error. It never expands at random, goes to the best node rather than the last, and learns
/// from place to place, all of which a [`PlanningAgent`](super::PlanningAgent) does not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RealTimeExpert {
    /// Expansions of one look ahead; one more is always made.
    pub budget: NegativeBinomial,
    /// Standard deviation by which it misjudges the steps left from a state.
    pub misjudgement: f64,
}

impl RealTimeExpert {
    /// Plays until the goal is reached, no way is left, or `max_steps` steps are taken.
    pub fn trace<P: GoalProblem>(
        &self,
        problem: &P,
        goal: usize,
        max_steps: usize,
        seed: Seed,
    ) -> GoalTrace<P::State> {
        let mut look = Look {
            space: Space::new(problem),
            goal,
            misjudgement: self.misjudgement,
            estimates: vec![],
            costs: vec![],
            parents: vec![],
            rng: seed.stream("real-time expert", 0),
        };
        let mut at = look.space.number(problem.start());
        let mut path = vec![at];
        let mut end = TraceEnd::Unfinished;
        while path.len() <= max_steps {
            if look.space.is_reached(at, goal) {
                end = TraceEnd::Reached;
                break;
            }
            let budget = self.budget.draw(&mut look.rng) + 1;
            let Some(ahead) = look.ahead(at, budget) else {
                end = TraceEnd::Stuck;
                break;
            };
            path.extend(ahead);
            at = path[path.len() - 1];
        }
        path.truncate(max_steps + 1);
        if look.space.is_reached(path[path.len() - 1], goal) {
            end = TraceEnd::Reached;
        }
        let states = path.iter().map(|number| *look.space.state(*number));
        GoalTrace {
            goal,
            states: states.collect(),
            end,
        }
    }
}

/// A node on the frontier or expanded: its number, cost and whether it was expanded.
#[derive(Clone, Copy, Debug)]
struct Node {
    number: u32,
    is_open: bool,
}

struct Look<'p, P: GoalProblem> {
    space: Space<'p, P>,
    goal: usize,
    misjudgement: f64,
    /// What the expert now takes for the steps left from each state; NaN where it has not thought about it.
    estimates: Vec<f64>,
    /// Steps from where it stands, infinite where this look has not been.
    costs: Vec<f64>,
    parents: Vec<u32>,
    rng: Rng,
}

impl<P: GoalProblem> Look<'_, P> {
    fn estimate(&mut self, number: u32) -> f64 {
        let at = number as usize;
        if self.estimates.len() <= at {
            self.estimates.resize(at + 1, f64::NAN);
        }
        if self.estimates[at].is_nan() {
            let error = self.misjudgement * normal(&mut self.rng);
            let estimate = self.space.estimate(number, self.goal);
            let is_reached = self.space.is_reached(number, self.goal);
            self.estimates[at] = if is_reached {
                0.0
            } else {
                (estimate + error).max(0.5)
            };
        }
        self.estimates[at]
    }

    /// Looks ahead from a state, learns, and gives the states to go through; none where no way is left.
    fn ahead(&mut self, start: u32, budget: u32) -> Option<Vec<u32>> {
        self.costs.clear();
        self.parents.clear();
        let mut nodes = vec![];
        self.reach(start, u32::MAX, 0.0, &mut nodes);
        let mut n_expanded = 0;
        let target = loop {
            let best = self.best_open(&nodes)?;
            let number = nodes[best].number;
            if n_expanded == budget || self.space.is_reached(number, self.goal) {
                break number;
            }
            n_expanded += 1;
            nodes[best].is_open = false;
            let cost = self.costs[number as usize] + 1.0;
            for place in self.space.successors(number) {
                self.reach(self.space.edge(place), number, cost, &mut nodes);
            }
        };
        self.learn(&nodes);
        let mut path = vec![];
        let mut at = target;
        while at != start {
            path.push(at);
            at = self.parents[at as usize];
        }
        path.reverse();
        Some(path)
    }

    fn reach(&mut self, number: u32, parent: u32, cost: f64, nodes: &mut Vec<Node>) {
        let n = self.space.len();
        if self.costs.len() < n {
            self.costs.resize(n, f64::INFINITY);
            self.parents.resize(n, u32::MAX);
        }
        let at = number as usize;
        if cost >= self.costs[at] || self.estimate(number) == f64::INFINITY {
            return;
        }
        let is_new = self.costs[at] == f64::INFINITY;
        self.costs[at] = cost;
        self.parents[at] = parent;
        if is_new {
            nodes.push(Node {
                number,
                is_open: true,
            });
        } else if let Some(node) = nodes.iter_mut().find(|node| node.number == number) {
            node.is_open = true;
        }
    }

    /// The open node of the least cost and estimate, ties drawn evenly.
    fn best_open(&mut self, nodes: &[Node]) -> Option<usize> {
        let (mut best, mut least, mut n_ties) = (None, f64::INFINITY, 0.0);
        for (place, node) in nodes.iter().enumerate().filter(|(_, node)| node.is_open) {
            let total = self.costs[node.number as usize] + self.estimate(node.number);
            if total < least {
                (best, least, n_ties) = (Some(place), total, 1.0);
            } else if total == least {
                n_ties += 1.0;
                if uniform(&mut self.rng) * n_ties < 1.0 {
                    best = Some(place);
                }
            }
        }
        best
    }

    /// Raises the estimates of expanded nodes to the best way to the frontier, nearest first.
    fn learn(&mut self, nodes: &[Node]) {
        let closed: Vec<u32> = nodes
            .iter()
            .filter(|node| !node.is_open)
            .map(|node| node.number)
            .collect();
        for number in &closed {
            self.estimates[*number as usize] = f64::INFINITY;
        }
        // Values settle after as many rounds as the longest way has steps.
        let mut changes = true;
        while changes {
            changes = false;
            for number in &closed {
                let mut best = f64::INFINITY;
                for place in self.space.successors(*number) {
                    let next = self.space.edge(place);
                    best = best.min(self.estimate(next) + 1.0);
                }
                if best < self.estimates[*number as usize] {
                    self.estimates[*number as usize] = best;
                    changes = true;
                }
            }
        }
    }
}
