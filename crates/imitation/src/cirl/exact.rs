//! Exact answers: by the modified Bellman update, and by the definition that it replaces.

use super::game::{CirlGame, Joint};
use super::{CirlSolution, best};

/// How exact plans are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExactConfig {
    /// Steps to go.
    pub horizon: usize,
    /// Most plans that are held at once; beyond it the search gives up.
    pub max_plans: usize,
}

/// The plans of the robot that some belief may want, by the modified Bellman update (Malik et al., 2018, equation 2).
///
/// None if more than [`ExactConfig::max_plans`] would have to be held: their number grows doubly exponentially with the
/// horizon in the worst case.
#[must_use]
pub fn solve_exactly(game: &CirlGame, config: ExactConfig) -> Option<CirlSolution> {
    let mut vectors = vec![vec![vec![0.0; game.n_preferences()]]; game.n_states()];
    for _ in 0..config.horizon {
        let mut kept = 0;
        let mut earlier = Vec::with_capacity(vectors.len());
        for state in 0..game.n_states() {
            let plans = backup(game, state, &vectors, config.max_plans)?;
            kept += plans.len();
            if kept > config.max_plans {
                return None;
            }
            earlier.push(plans);
        }
        vectors = earlier;
    }
    Some(CirlSolution {
        vectors,
        horizon: config.horizon,
    })
}

/// The undominated plans of one state with one step more to go.
fn backup(
    game: &CirlGame,
    state: usize,
    later: &[Vec<Vec<f64>>],
    max_plans: usize,
) -> Option<Vec<Vec<f64>>> {
    let mut plans = vec![];
    for robot in 0..game.n_robot() {
        // For each action of the person a plan is chosen afresh, and the person takes the best under each preference.
        let mut of_robot: Vec<Vec<f64>> = vec![vec![f64::NEG_INFINITY; game.n_preferences()]];
        for human in 0..game.n_human() {
            let joint = Joint {
                state,
                human,
                robot,
            };
            let continuations = continuations(game, joint, later, max_plans)?;
            let combined = of_robot.iter().flat_map(|plan| {
                let greater =
                    |other: &Vec<f64>| plan.iter().zip(other).map(|(a, b)| a.max(*b)).collect();
                continuations.iter().map(greater).collect::<Vec<Vec<f64>>>()
            });
            of_robot = undominated(bounded(combined, max_plans)?);
        }
        plans.extend(of_robot);
    }
    let plans = undominated(plans);
    Some(match game.n_preferences() {
        2 => upper_envelope(plans),
        _ => plans,
    })
}

/// What follows one pair of actions: `R + γ Σ T α`, one vector for each choice of a plan in each next state.
pub(super) fn continuations(
    game: &CirlGame,
    joint: Joint,
    later: &[Vec<Vec<f64>>],
    max_plans: usize,
) -> Option<Vec<Vec<f64>>> {
    let rewards = (0..game.n_preferences()).map(|preference| game.reward(joint, preference));
    let mut sums = vec![rewards.collect::<Vec<f64>>()];
    for (next_state, probability) in game.next_states(joint) {
        let weight = game.discount() * probability;
        let longer = sums.iter().flat_map(|sum| {
            let add = |plan: &Vec<f64>| sum.iter().zip(plan).map(|(s, v)| s + weight * v).collect();
            later[*next_state]
                .iter()
                .map(add)
                .collect::<Vec<Vec<f64>>>()
        });
        sums = undominated(bounded(longer, max_plans)?);
    }
    Some(sums)
}

fn bounded(plans: impl Iterator<Item = Vec<f64>>, max_plans: usize) -> Option<Vec<Vec<f64>>> {
    let plans: Vec<Vec<f64>> = plans.take(max_plans + 1).collect();
    (plans.len() <= max_plans).then_some(plans)
}

/// The vectors that no other is at least as great as everywhere; of equal ones the first.
///
/// This may be done before the person's maximum is taken, since greater vectors stay greater through it. Taking away
/// what a mixture of others dominates may not: a maximum does not keep mixtures.
pub(super) fn undominated(mut vectors: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    // Whatever dominates has at least the same sum, so it comes first.
    vectors.sort_by(|a, b| b.iter().sum::<f64>().total_cmp(&a.iter().sum::<f64>()));
    let mut kept: Vec<Vec<f64>> = vec![];
    for vector in vectors {
        let below = |other: &Vec<f64>| other.iter().zip(&vector).all(|(o, v)| o >= v);
        if !kept.iter().any(below) {
            kept.push(vector);
        }
    }
    kept
}

/// Of undominated vectors over two preferences, those that some belief wants: the upper envelope of lines.
fn upper_envelope(mut vectors: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    vectors.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut kept: Vec<Vec<f64>> = vec![];
    for vector in vectors {
        while let [.., before, last] = kept.as_slice() {
            // The last lies on or below the line through its neighbours.
            let cross = (last[0] - before[0]) * (vector[1] - before[1])
                - (last[1] - before[1]) * (vector[0] - before[0]);
            if cross < 0.0 {
                break;
            }
            kept.pop();
        }
        kept.push(vector);
    }
    kept
}

/// The value of a state and a belief by the definition: the coordinator of both chooses the robot's action and a rule
/// from preferences to the person's actions, and updates the belief by which rule's preferences fit what was done.
///
/// Exponential in everything, and obvious: it is here to check the others.
#[must_use]
pub fn value_by_decision_rules(
    game: &CirlGame,
    state: usize,
    belief: &[f64],
    horizon: usize,
) -> f64 {
    if horizon == 0 {
        return 0.0;
    }
    let n_rules = game.n_human().pow(game.n_preferences() as u32);
    let mut greatest = f64::NEG_INFINITY;
    for robot in 0..game.n_robot() {
        for rule in 0..n_rules {
            let acts =
                |preference: usize| rule / game.n_human().pow(preference as u32) % game.n_human();
            let mut value = 0.0;
            for human in 0..game.n_human() {
                let joint = Joint {
                    state,
                    human,
                    robot,
                };
                let fitting = |(preference, b): (usize, &f64)| {
                    if acts(preference) == human { *b } else { 0.0 }
                };
                let joint_belief: Vec<f64> = belief.iter().enumerate().map(fitting).collect();
                value += step_value(game, joint, &joint_belief, horizon);
            }
            greatest = greatest.max(value);
        }
    }
    greatest
}

/// Expected value of a joint action over a belief that need not sum to 1.
fn step_value(game: &CirlGame, joint: Joint, belief: &[f64], horizon: usize) -> f64 {
    let mass: f64 = belief.iter().sum();
    if mass <= 0.0 {
        return 0.0;
    }
    let paid: f64 = belief
        .iter()
        .enumerate()
        .map(|(preference, b)| b * game.reward(joint, preference))
        .sum();
    let after: f64 = game
        .next_states(joint)
        .iter()
        .map(|(next_state, p)| p * value_by_decision_rules(game, *next_state, belief, horizon - 1))
        .sum();
    paid + game.discount() * after
}

/// The plan of `vectors` that a belief wants most.
pub(super) fn wanted<'v>(vectors: &'v [Vec<f64>], belief: &[f64]) -> &'v [f64] {
    &vectors[best(vectors, belief).0]
}
