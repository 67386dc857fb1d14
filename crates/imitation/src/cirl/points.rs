//! Point-based value iteration (Pineau, Gordon and Thrun, 2003) with the modified Bellman update.

use mdp::{Seed, categorical, uniform};

use super::exact::{undominated, wanted};
use super::game::{CirlGame, Joint};
use super::{CirlSolution, best};

/// How plans are found for a set of beliefs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PointConfig {
    /// Steps to go.
    pub horizon: usize,
    /// Beliefs of each state, at most: the prior, the certainties, and others drawn at random.
    pub n_beliefs: usize,
    /// Rules from preferences to the person's actions that a backup begins from, at most; if there are fewer in all, each
    /// is tried.
    pub n_rules: usize,
}

/// One plan for each belief of a set. Its value is one that the pair can have: a lower bound of the optimum, tight where
/// beliefs are dense.
///
/// A backup at a belief alternates between the two halves of a cooperation, the person's best answers to the robot's
/// plan and the robot's best plan for those answers, from several rules; each half can only gain.
#[must_use]
pub fn solve_by_points(game: &CirlGame, config: PointConfig, seed: Seed) -> CirlSolution {
    let beliefs = beliefs(game, config.n_beliefs, seed);
    let rules = rules(game, config.n_rules, seed);
    let mut vectors = vec![vec![vec![0.0; game.n_preferences()]]; game.n_states()];
    for _ in 0..config.horizon {
        let of_state = |state| {
            let plans = beliefs
                .iter()
                .map(|belief| backup(game, state, belief, &vectors, &rules));
            undominated(plans.collect())
        };
        vectors = (0..game.n_states()).map(of_state).collect();
    }
    CirlSolution {
        vectors,
        horizon: config.horizon,
    }
}

/// The prior, the certainties, what is left of the prior when some preferences are ruled out, and random ones.
fn beliefs(game: &CirlGame, n_beliefs: usize, seed: Seed) -> Vec<Vec<f64>> {
    let n = game.n_preferences();
    let mut rng = seed.stream("beliefs", 0);
    let mut beliefs = vec![game.prior().to_vec()];
    for certain in 0..n {
        beliefs.push(
            (0..n)
                .map(|preference| f64::from(u8::from(preference == certain)))
                .collect(),
        );
    }
    while beliefs.len() < n_beliefs {
        // Half of them are the prior conditioned on a random set: what is believed after an action that tells sets apart.
        let weights: Vec<f64> = if beliefs.len().is_multiple_of(2) {
            let conditioned = game
                .prior()
                .iter()
                .map(|p| if uniform(&mut rng) < 0.5 { *p } else { 0.0 });
            conditioned.collect()
        } else {
            (0..n).map(|_| -(1.0 - uniform(&mut rng)).ln()).collect()
        };
        let sum: f64 = weights.iter().sum();
        if sum > 0.0 {
            beliefs.push(weights.iter().map(|weight| weight / sum).collect());
        }
    }
    beliefs
}

/// Rules from preferences to the person's actions: all of them, or some at random.
fn rules(game: &CirlGame, n_rules: usize, seed: Seed) -> Vec<Vec<usize>> {
    let (n_human, n) = (game.n_human(), game.n_preferences());
    match n_human.checked_pow(n as u32).filter(|all| *all <= n_rules) {
        Some(all) => (0..all)
            .map(|rule| {
                (0..n)
                    .map(|preference| rule / n_human.pow(preference as u32) % n_human)
                    .collect()
            })
            .collect(),
        None => {
            let mut rng = seed.stream("rules", 0);
            let alike = vec![1.0 / n_human as f64; n_human];
            let mut rule = || (0..n).map(|_| categorical(&alike, &mut rng)).collect();
            (0..n_rules).map(|_| rule()).collect()
        }
    }
}

fn backup(
    game: &CirlGame,
    state: usize,
    belief: &[f64],
    later: &[Vec<Vec<f64>>],
    rules: &[Vec<usize>],
) -> Vec<f64> {
    let mut plans = vec![];
    for robot in 0..game.n_robot() {
        for rule in rules {
            plans.push(cooperate(game, (state, robot), belief, later, rule.clone()));
        }
    }
    let position = best(&plans, belief).0;
    plans.swap_remove(position)
}

/// Alternates from a rule of the person until neither half gains.
fn cooperate(
    game: &CirlGame,
    (state, robot): (usize, usize),
    belief: &[f64],
    later: &[Vec<Vec<f64>>],
    mut rule: Vec<usize>,
) -> Vec<f64> {
    let mut value = f64::NEG_INFINITY;
    loop {
        // `[A_H]` of `[Θ]`: the robot's best continuation for those who act so.
        let after: Vec<Vec<f64>> = (0..game.n_human())
            .map(|human| {
                let joint = Joint {
                    state,
                    human,
                    robot,
                };
                let posterior = posterior(game, &rule, human, belief);
                follow(game, joint, &posterior, later)
            })
            .collect();
        let answers = |preference: usize| {
            let worth: Vec<f64> = after.iter().map(|vector| vector[preference]).collect();
            (0..worth.len()).fold(0, |best, human| {
                if worth[human] > worth[best] {
                    human
                } else {
                    best
                }
            })
        };
        rule = (0..game.n_preferences()).map(answers).collect();
        let plan: Vec<f64> = rule
            .iter()
            .enumerate()
            .map(|(preference, human)| after[*human][preference])
            .collect();
        let now: f64 = plan.iter().zip(belief).map(|(v, b)| v * b).sum();
        if now <= value + 1e-12 * (1.0 + value.abs()) {
            return plan;
        }
        value = now;
    }
}

/// The belief that fits an action under a rule, not normalised; an action that no preference takes tells nothing.
fn posterior(game: &CirlGame, rule: &[usize], human: usize, belief: &[f64]) -> Vec<f64> {
    let fitting = rule
        .iter()
        .zip(belief)
        .map(|(acts, b)| if *acts == human { *b } else { 0.0 });
    let posterior: Vec<f64> = fitting.collect();
    if posterior.iter().sum::<f64>() > 0.0 {
        posterior
    } else {
        debug_assert_eq!(belief.len(), game.n_preferences());
        belief.to_vec()
    }
}

/// `R + γ Σ T α` with the plan in each next state that a belief wants most.
fn follow(game: &CirlGame, joint: Joint, belief: &[f64], later: &[Vec<Vec<f64>>]) -> Vec<f64> {
    let mut vector: Vec<f64> = (0..game.n_preferences())
        .map(|preference| game.reward(joint, preference))
        .collect();
    for (next_state, probability) in game.next_states(joint) {
        let plan = wanted(&later[*next_state], belief);
        let weight = game.discount() * probability;
        vector
            .iter_mut()
            .zip(plan)
            .for_each(|(v, p)| *v += weight * p);
    }
    vector
}
