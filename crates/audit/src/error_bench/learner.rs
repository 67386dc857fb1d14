//! Two optimisers small enough to run thousands of times: REINFORCE and evolution strategies.

use mdp::{Rng, index, normal, uniform, uniform_in};

use super::Family;
use super::problem::{Episode, Problem};

/// Which way a policy is improved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Williams (1992), with the returns of a batch standardised.
    Reinforce,
    /// Salimans et al. (2017): antithetic perturbations of the logits, standardised.
    Evolution,
}

/// Episodes in one update.
const BATCH: usize = 24;

/// Standard deviation of the perturbations of evolution strategies.
const PERTURBATION: f64 = 0.3;

/// How a run is trained.
#[derive(Clone, Debug)]
pub(crate) struct Learner {
    rule: Rule,
    step_size: f64,
    updates_per_checkpoint: usize,
    /// Updates before the first checkpoint is kept.
    updates_before: usize,
    /// −1 goes the wrong way.
    direction: f64,
}

impl Learner {
    pub(crate) fn draw(family: Family, rng: &mut Rng) -> Self {
        Self {
            rule: if uniform(rng) < 0.5 {
                Rule::Reinforce
            } else {
                Rule::Evolution
            },
            step_size: uniform_in(0.15, 0.6, rng),
            updates_per_checkpoint: 5 + index(10, rng),
            updates_before: if family == Family::Converged { 300 } else { 0 },
            direction: if family == Family::Falling { -1.0 } else { 1.0 },
        }
    }

    /// One that trains long, for the reference policy.
    pub(crate) fn for_reference() -> Self {
        Self {
            rule: Rule::Reinforce,
            step_size: 0.4,
            updates_per_checkpoint: 0,
            updates_before: 100,
            direction: 1.0,
        }
    }

    /// The policies of a run against the specified reward: the first one, and one after each round of updates.
    pub(crate) fn run(
        &self,
        problem: &Problem,
        checkpoints: usize,
        rng: &mut Rng,
    ) -> Vec<Vec<f64>> {
        let mut policy = problem.first_policy(rng);
        let paid = |episode: &Episode| episode.proxy;
        self.train(problem, &mut policy, &paid, rng);
        let mut policies = vec![policy.clone()];
        while policies.len() < checkpoints {
            for _ in 0..self.updates_per_checkpoint {
                self.update(problem, &mut policy, &paid, rng);
            }
            policies.push(policy.clone());
        }
        policies
    }

    /// The updates before the first checkpoint.
    pub(crate) fn train(
        &self,
        problem: &Problem,
        policy: &mut [f64],
        paid: &dyn Fn(&Episode) -> f64,
        rng: &mut Rng,
    ) {
        for _ in 0..self.updates_before {
            self.update(problem, policy, paid, rng);
        }
    }

    fn update(
        &self,
        problem: &Problem,
        policy: &mut [f64],
        paid: &dyn Fn(&Episode) -> f64,
        rng: &mut Rng,
    ) {
        let gradient = match self.rule {
            Rule::Reinforce => reinforce(problem, policy, paid, rng),
            Rule::Evolution => evolution(problem, policy, paid, rng),
        };
        for (logit, slope) in policy.iter_mut().zip(gradient) {
            // Logits beyond ±8 are as good as certain; keeping them there keeps a run able to move.
            *logit = (*logit + self.direction * self.step_size * slope).clamp(-8.0, 8.0);
        }
    }
}

fn reinforce(
    problem: &Problem,
    policy: &[f64],
    paid: &dyn Fn(&Episode) -> f64,
    rng: &mut Rng,
) -> Vec<f64> {
    let episodes: Vec<Episode> = (0..BATCH).map(|_| problem.episode(policy, rng)).collect();
    let mut returns: Vec<f64> = episodes.iter().map(paid).collect();
    standardise(&mut returns);
    let mut gradient = vec![0.0; policy.len()];
    for (episode, advantage) in episodes.iter().zip(returns) {
        for (slope, score) in gradient.iter_mut().zip(&episode.score) {
            *slope += advantage * score / BATCH as f64;
        }
    }
    gradient
}

fn evolution(
    problem: &Problem,
    policy: &[f64],
    paid: &dyn Fn(&Episode) -> f64,
    rng: &mut Rng,
) -> Vec<f64> {
    let mut differences = Vec::new();
    let mut directions = Vec::new();
    for _ in 0..BATCH / 2 {
        let direction: Vec<f64> = policy.iter().map(|_| normal(rng)).collect();
        let mut at = |sign: f64| {
            let moved: Vec<f64> = policy
                .iter()
                .zip(&direction)
                .map(|(logit, move_by)| logit + sign * PERTURBATION * move_by)
                .collect();
            paid(&problem.episode(&moved, rng))
        };
        differences.push(at(1.0) - at(-1.0));
        directions.push(direction);
    }
    let size = differences.iter().map(|d| d * d).sum::<f64>() / differences.len() as f64;
    let scale = if size > 0.0 {
        size.sqrt() * differences.len() as f64
    } else {
        1.0
    };
    let mut gradient = vec![0.0; policy.len()];
    for (difference, direction) in differences.iter().zip(&directions) {
        for (slope, move_by) in gradient.iter_mut().zip(direction) {
            *slope += difference * move_by / scale;
        }
    }
    gradient
}

/// To mean 0 and, where they differ, standard deviation 1.
fn standardise(values: &mut [f64]) {
    let mean = crate::sequences::mean(values);
    let deviation = crate::sequences::deviation(values);
    for value in values {
        *value = (*value - mean) / if deviation > 0.0 { deviation } else { 1.0 };
    }
}
