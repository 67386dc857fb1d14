//! Best-first search that expands at random, with the probability of all that it drew.

use envs::GoalProblem;
use mdp::{Rng, uniform};

use super::space::Space;

const NONE: u32 = u32::MAX;
/// The greatest probability with which a guided search takes a node for having been seen, or for being beyond those that
/// were. It is the share of the budget that is needed for it: led more often, a search would have a history that the model
/// hardly ever draws.
const MOST_GUIDANCE: f64 = 0.95;
/// Sums of weights between which they lose nothing.
const SOUND: (f64, f64) = (1e-200, 1e200);

/// What a search is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'g> {
    pub(super) start: u32,
    pub(super) goal: usize,
    /// Expansions, the one at which the search stops included.
    pub(super) budget: u32,
    /// Noise γ of the search, in steps.
    pub(super) noise: f64,
    /// States that were seen from the start on, which the proposal leans to; empty where it is the model itself.
    pub(super) seen: &'g [u32],
}

/// Where expansions come from.
#[derive(Debug)]
pub(super) enum Choice<'c> {
    /// Drawn from the proposal.
    Draw(&'c mut Rng),
    /// As another search drew them.
    Repeat(&'c [u32]),
}

/// What a search found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// Nodes in the order in which they were taken off the frontier.
    pub(super) nodes: Vec<u32>,
    /// States from the start to the last node; empty where the frontier ran out, as nothing is left to look for.
    pub(super) path: Vec<u32>,
    /// Log-probability of the nodes under the model.
    pub(super) log_model: f64,
    /// The same under the proposal.
    pub(super) log_proposal: f64,
}

/// What a search remembers, kept between searches.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The search in which the other fields of a state were last written.
    written: Vec<u32>,
    n_searches: u32,
    costs: Vec<f64>,
    parents: Vec<u32>,
    /// Place on the frontier.
    places: Vec<u32>,
    /// Whether the way to it leads through the last state that was seen.
    is_beyond: Vec<bool>,
    frontier: Vec<(u32, f64)>,
    /// `exp((base - f) / γ)` for each place of the frontier.
    weights: Vec<f64>,
    base: f64,
}

impl Search {
    /// Answers a question.
    pub(super) fn run<P: GoalProblem>(
        &mut self,
        space: &mut Space<'_, P>,
        question: Question<'_>,
        mut choice: Choice<'_>,
    ) -> Found {
        self.begin(space.len());
        self.base = space.estimate(question.start, question.goal);
        let mut found = Found {
            nodes: vec![],
            path: vec![],
            log_model: 0.0,
            log_proposal: 0.0,
        };
        self.reach(space, question, question.start, NONE, 0.0);
        let mut n_seen = 0;
        let mut count: u32 = 1;
        while !self.frontier.is_empty() {
            let place = self.take(question, n_seen, count, &mut choice, &mut found);
            let (node, _) = self.frontier.swap_remove(place);
            self.weights.swap_remove(place);
            self.places[node as usize] = NONE;
            if let Some((moved, _)) = self.frontier.get(place) {
                self.places[*moved as usize] = place as u32;
            }
            found.nodes.push(node);
            if question.seen.get(n_seen) == Some(&node) {
                n_seen += 1;
                if n_seen == question.seen.len() {
                    self.is_beyond[node as usize] = true;
                }
            }
            if count >= question.budget || space.is_reached(node, question.goal) {
                found.path = self.path_to(node);
                return found;
            }
            count += 1;
            let cost = self.costs[node as usize] + 1.0;
            for place in space.successors(node) {
                self.reach(space, question, space.edge(place), node, cost);
            }
        }
        found
    }

    fn begin(&mut self, n_states: usize) {
        self.frontier.clear();
        self.weights.clear();
        if self.n_searches == u32::MAX {
            self.written.fill(0);
            self.n_searches = 0;
        }
        self.n_searches += 1;
        self.grow(n_states);
    }

    fn grow(&mut self, n_states: usize) {
        if self.written.len() < n_states {
            self.written.resize(n_states, 0);
            self.costs.resize(n_states, f64::INFINITY);
            self.parents.resize(n_states, NONE);
            self.places.resize(n_states, NONE);
            self.is_beyond.resize(n_states, false);
        }
    }

    /// Puts a node on the frontier, or lowers its cost there.
    fn reach<P: GoalProblem>(
        &mut self,
        space: &Space<'_, P>,
        question: Question<'_>,
        node: u32,
        parent: u32,
        cost: f64,
    ) {
        let at = node as usize;
        self.grow(space.len());
        let is_new = self.written[at] != self.n_searches;
        if !is_new && cost >= self.costs[at] {
            return;
        }
        let estimate = space.estimate(node, question.goal);
        if estimate == f64::INFINITY {
            return;
        }
        if is_new {
            self.written[at] = self.n_searches;
            self.places[at] = NONE;
        }
        self.costs[at] = cost;
        self.parents[at] = parent;
        self.is_beyond[at] = parent != NONE && self.is_beyond[parent as usize];
        let entry = (node, cost + estimate);
        let weight = ((self.base - entry.1) / question.noise).exp();
        if self.places[at] == NONE {
            self.places[at] = self.frontier.len() as u32;
            self.frontier.push(entry);
            self.weights.push(weight);
        } else {
            self.frontier[self.places[at] as usize] = entry;
            self.weights[self.places[at] as usize] = weight;
        }
    }

    /// Chooses a place on the frontier, and adds its log-probabilities.
    fn take(
        &mut self,
        question: Question<'_>,
        n_seen: usize,
        count: u32,
        choice: &mut Choice<'_>,
        found: &mut Found,
    ) -> usize {
        let sum = self.sum(question.noise);
        let guide = self.guide(question, n_seen, count);
        let place = match choice {
            Choice::Draw(rng) => {
                let place = match &guide {
                    Some(guide) if uniform(rng) < guide.share => {
                        self.draw(guide.sum, rng, |node| guide.is_on(node, &self.is_beyond))
                    }
                    _ => self.draw(sum, rng, |_| true),
                };
                place.unwrap_or(self.frontier.len() - 1)
            }
            Choice::Repeat(nodes) => self.places[nodes[found.nodes.len()] as usize] as usize,
        };
        // A weight that is too small for the sum still has a logarithm.
        let log_weight = (self.base - self.frontier[place].1) / question.noise;
        let log_model = log_weight - sum.ln();
        found.log_model += log_model;
        found.log_proposal += match guide {
            None => log_model,
            Some(guide) => {
                let model = (1.0 - guide.share).ln() + log_model;
                if guide.is_on(self.frontier[place].0, &self.is_beyond) {
                    let guided = guide.share.ln() + log_weight - guide.sum.ln();
                    super::log_sum_exp([model, guided].into_iter())
                } else {
                    model
                }
            }
        };
        place
    }

    /// The sum of all weights, after they were taken relative to another base where they had grown too large or too small.
    fn sum(&mut self, noise: f64) -> f64 {
        let sum: f64 = self.weights.iter().sum();
        if SOUND.0 <= sum && sum <= SOUND.1 {
            return sum;
        }
        let least = self
            .frontier
            .iter()
            .fold(f64::INFINITY, |least, (_, f)| least.min(*f));
        self.base = least;
        for (weight, (_, f)) in self.weights.iter_mut().zip(&self.frontier) {
            *weight = ((least - f) / noise).exp();
        }
        self.weights.iter().sum()
    }

    /// Draws a place by weight among the nodes that count, whose weights sum to `sum`.
    fn draw(&self, sum: f64, rng: &mut Rng, counts: impl Fn(u32) -> bool) -> Option<usize> {
        let mut left = sum * uniform(rng);
        let mut last = None;
        for (place, ((node, _), weight)) in self.frontier.iter().zip(&self.weights).enumerate() {
            if *weight > 0.0 && counts(*node) {
                last = Some(place);
                if left < *weight {
                    break;
                }
                left -= weight;
            }
        }
        last
    }

    /// Which nodes the proposal leans to now.
    fn guide(&self, question: Question<'_>, n_seen: usize, count: u32) -> Option<Guide> {
        if question.seen.first() != Some(&question.start) {
            return None;
        }
        let left = f64::from(question.budget.saturating_sub(count)) + 1.0;
        if let Some(next) = question.seen.get(n_seen) {
            let at = *next as usize;
            let is_open = self.written.get(at) == Some(&self.n_searches) && self.places[at] != NONE;
            let weight = is_open.then(|| self.weights[self.places[at] as usize]);
            let share = (question.seen.len() - n_seen) as f64 / left;
            return weight.filter(|weight| *weight > 0.0).map(|sum| Guide {
                node: Some(*next),
                share: share.min(MOST_GUIDANCE),
                sum,
            });
        }
        let open = self.frontier.iter().zip(&self.weights);
        let beyond = open.filter(|((node, _), _)| self.is_beyond[*node as usize]);
        let sum: f64 = beyond.map(|(_, weight)| weight).sum();
        (0.0 < sum).then_some(Guide {
            node: None,
            share: (1.0 / left).min(MOST_GUIDANCE),
            sum,
        })
    }

    fn path_to(&self, node: u32) -> Vec<u32> {
        let mut path = vec![node];
        let mut at = node;
        while self.parents[at as usize] != NONE {
            at = self.parents[at as usize];
            path.push(at);
        }
        path.reverse();
        path
    }
}

/// The nodes that a proposal leans to: one that was seen, or those beyond the last that was.
#[derive(Clone, Copy, Debug)]
struct Guide {
    node: Option<u32>,
    /// Probability of taking one of them rather than any.
    share: f64,
    /// Sum of their weights.
    sum: f64,
}

impl Guide {
    fn is_on(&self, node: u32, is_beyond: &[bool]) -> bool {
        match self.node {
            Some(seen) => seen == node,
            None => is_beyond[node as usize],
        }
    }
}
