//! Random MDPs for tests and examples; no part of the library.

use mdp::{Discount, Rng, TabularMdp, Transition, index, uniform, uniform_in};

/// How an episode of a drawn MDP may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Discount below 1; some transitions may terminate.
    Discounted,
    /// Discount 1; from every state some action leads towards the end, others may go round for ever.
    Sometimes,
    /// Discount 1; every action may terminate, so that every policy ends.
    Always,
}

/// An MDP of the given numbers of states and actions with up to four successors a row. In every third one some states
/// cannot be reached; the last state is terminal where episodes may end.
pub(crate) fn draw_mdp(n_states: usize, n_actions: usize, ends: Ends, rng: &mut Rng) -> TabularMdp {
    let discount = match ends {
        Ends::Discounted => uniform_in(0.5, 0.99, rng),
        Ends::Sometimes | Ends::Always => 1.0,
    };
    let ending = ends != Ends::Discounted || uniform(rng) < 0.5;
    let terminal = n_states - 1;
    let n_open = if ending { terminal } else { n_states };
    let n_reached = if index(3, rng) == 0 {
        1 + index(n_open, rng)
    } else {
        n_open
    };
    let mut rows = vec![];
    for state in 0..n_states {
        for action in 0..n_actions {
            if ending && state == terminal {
                rows.push(vec![transition(1.0, terminal, 0.0, true)]);
                continue;
            }
            // What can be reached leads nowhere else; what cannot may lead anywhere.
            let bound = if state < n_reached { n_reached } else { n_open };
            let mut row: Vec<Transition> = (0..=index(4, rng))
                .map(|_| {
                    transition(
                        uniform_in(0.05, 1.0, rng),
                        index(bound, rng),
                        normal_reward(rng),
                        false,
                    )
                })
                .collect();
            let must_end =
                ends == Ends::Always || (ends == Ends::Sometimes && action == 0 && state == 0);
            if must_end || (ending && uniform(rng) < 0.2) {
                row.push(transition(
                    uniform_in(0.05, 0.5, rng),
                    terminal,
                    normal_reward(rng),
                    true,
                ));
            }
            if ends == Ends::Sometimes && action == 0 && state > 0 {
                row.push(transition(0.5, state - 1, normal_reward(rng), false));
            }
            let sum: f64 = row.iter().map(|t| t.probability).sum();
            row.iter_mut().for_each(|t| t.probability /= sum);
            rows.push(row);
        }
    }
    let mut start = vec![0.0; n_states];
    start[0] = 0.5;
    start[index(n_reached, rng)] += 0.5;
    // The first reached state leads to the others, so that they are reached in fact.
    link(&mut rows, n_reached, n_actions);
    TabularMdp::new(
        n_actions,
        rows,
        start,
        Discount::new(discount).expect("at most 1"),
    )
    .expect("a drawn MDP is possible")
}

/// Leads every reached state but the last to the one after it with its last action.
fn link(rows: &mut [Vec<Transition>], n_reached: usize, n_actions: usize) {
    for state in 0..n_reached.saturating_sub(1) {
        let row = &mut rows[state * n_actions + n_actions - 1];
        row.iter_mut().for_each(|t| t.probability *= 0.75);
        row.push(transition(0.25, state + 1, 0.0, false));
    }
}

fn transition(probability: f64, next_state: usize, reward: f64, terminates: bool) -> Transition {
    Transition {
        probability,
        next_state,
        reward,
        terminates,
    }
}

fn normal_reward(rng: &mut Rng) -> f64 {
    mdp::normal(rng)
}

/// As many standard normals.
pub(crate) fn normals(n: usize, rng: &mut Rng) -> Vec<f64> {
    (0..n).map(|_| mdp::normal(rng)).collect()
}

/// A table of rewards made of `rewards` by a positive scale, a random potential that is zero at the end, and a random
/// redistribution among the successors of each state and action.
pub(crate) fn disguise(mdp: &TabularMdp, rewards: &[f64], size: f64, rng: &mut Rng) -> Vec<f64> {
    let scale = f64::powf(10.0, uniform_in(-2.0, 2.0, rng));
    let potential: Vec<f64> = normals(mdp.n_states(), rng)
        .iter()
        .map(|x| size * x)
        .collect();
    let noise: Vec<f64> = normals(mdp.n_transitions(), rng)
        .iter()
        .map(|x| size * x)
        .collect();
    let mean = mdp.expected(&noise);
    let mut disguised = vec![0.0; rewards.len()];
    for (row, mean) in mean.iter().enumerate() {
        let (state, action) = (row / mdp.n_actions(), row % mdp.n_actions());
        for stored in mdp.row(state, action) {
            disguised[stored] = scale * rewards[stored]
                + shaped(mdp, stored, state, &potential)
                + (noise[stored] - mean);
        }
    }
    disguised
}

/// What shaping by `potential` adds to a stored transition out of `state`.
pub(crate) fn shaped(mdp: &TabularMdp, stored: usize, state: usize, potential: &[f64]) -> f64 {
    let t = mdp.transition(stored);
    let after = if t.terminates {
        0.0
    } else {
        potential[t.next_state]
    };
    mdp.discount().get() * after - potential[state]
}
