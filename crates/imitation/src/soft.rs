//! The soft-optimal policy under a reward, in the two senses of maximum entropy.

use mdp::{
    TabularMdp, occupancy, occupancy_finite, soft_value_iteration, soft_value_iteration_finite,
};

use crate::Error;
use crate::maximum_entropy::Horizon;

/// Values are certain to within this of the soft-optimal ones, without a horizon.
const TOLERANCE: f64 = 1e-10;
/// Improvements of the policy, without a horizon; a handful is usual.
const MAX_IMPROVEMENTS: usize = 1_000;
/// Backups of the trajectory entropy, which has no Newton's method here.
const MAX_BACKUPS: usize = 100_000;

/// Which entropy a soft-optimal agent adds to its return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entropy {
    /// That of its choices, given what it knew when it made them (Ziebart, Bagnell and Dey, 2010).
    Causal,
    /// That of whole trajectories, chance included, as if the agent could choose how chance falls out (Ziebart et al.,
    /// 2008).
    Trajectory,
}

/// A soft-optimal policy and what comes of it.
#[derive(Debug)]
pub(crate) struct Soft {
    /// `[S]`, soft value of each state at the start.
    values: Vec<f64>,
    /// `[S, A]`, or `[T, S, A]` for a finite horizon.
    pub(crate) policy: Vec<f64>,
    /// `[S, A]`, expected discounted visits of the policy.
    pub(crate) visits: Vec<f64>,
    /// `[S, A]`, the derivative of [`Soft::start_value`] by the reward: the visits themselves under causal entropy, and
    /// those of the trajectories that the agent takes to be likely under trajectory entropy.
    pub(crate) believed_visits: Vec<f64>,
}

impl Soft {
    /// Expected soft value of an episode's start.
    pub(crate) fn start_value(&self, mdp: &TabularMdp) -> f64 {
        self.values
            .iter()
            .zip(mdp.start())
            .map(|(v, p)| v * p)
            .sum()
    }
}

/// The soft-optimal policy under an expected reward, `[S, A]`, at temperature 1: `[S, A]`, or `[T, S, A]` for a finite
/// horizon.
///
/// # Errors
/// If a policy without a horizon never ends at discount 1.
pub fn soft_policy(
    mdp: &TabularMdp,
    rewards: &[f64],
    horizon: Horizon,
    entropy: Entropy,
) -> Result<Vec<f64>, Error> {
    Ok(soft_optimal(mdp, rewards, horizon, entropy)?.policy)
}

/// The soft-optimal policy under an expected reward, `[S, A]`, at temperature 1, and what comes of it.
pub(crate) fn soft_optimal(
    mdp: &TabularMdp,
    rewards: &[f64],
    horizon: Horizon,
    entropy: Entropy,
) -> Result<Soft, Error> {
    match (entropy, horizon) {
        (Entropy::Causal, Horizon::Finite(n_steps)) => {
            let soft = soft_value_iteration_finite(mdp, rewards, 1.0, n_steps);
            let visits = occupancy_finite(mdp, &soft.policy);
            Ok(Soft {
                values: soft.values[..mdp.n_states()].to_vec(),
                policy: soft.policy,
                believed_visits: visits.clone(),
                visits,
            })
        }
        (Entropy::Causal, Horizon::Infinite) => {
            let soft = soft_value_iteration(mdp, rewards, 1.0, TOLERANCE, MAX_IMPROVEMENTS);
            let policy = soft.policy();
            let visits = occupancy(mdp, &policy)?;
            Ok(Soft {
                values: soft.values,
                policy,
                believed_visits: visits.clone(),
                visits,
            })
        }
        (Entropy::Trajectory, Horizon::Finite(n_steps)) => {
            Ok(Hopes::new(mdp, rewards).over(n_steps))
        }
        (Entropy::Trajectory, Horizon::Infinite) => Hopes::new(mdp, rewards).without_end(),
    }
}

/// Planning as if the agent could choose how chance falls out, at a price of `-log p` for each outcome.
struct Hopes<'m> {
    mdp: &'m TabularMdp,
    rewards: &'m [f64],
}

/// One backup of every state.
struct Backup {
    /// `[S]`.
    values: Vec<f64>,
    /// `[S, A]`.
    policy: Vec<f64>,
    /// Probability of each stored transition as the agent takes it to be, likely outcomes tilted towards good ones.
    tilted: Vec<f64>,
}

impl<'m> Hopes<'m> {
    fn new(mdp: &'m TabularMdp, rewards: &'m [f64]) -> Hopes<'m> {
        Hopes { mdp, rewards }
    }

    /// `Q = r + log Σ p exp(γ V)`, `V = log Σ_a exp Q`.
    fn backup(&self, later: &[f64]) -> Backup {
        let mdp = self.mdp;
        let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
        let mut tilted = vec![0.0; mdp.n_transitions()];
        let mut policy = vec![0.0; n_states * n_actions];
        let mut values = vec![0.0; n_states];
        for state in 0..n_states {
            for action in 0..n_actions {
                let row = mdp.row(state, action);
                let logs = row.clone().map(|stored| {
                    let t = mdp.transition(stored);
                    let after = if t.terminates {
                        0.0
                    } else {
                        mdp.discount().get() * later[t.next_state]
                    };
                    t.probability.ln() + after
                });
                for (tilted, log) in tilted[row.clone()].iter_mut().zip(logs) {
                    *tilted = log;
                }
                let own = state * n_actions + action;
                policy[own] = self.rewards[own] + normalize(&mut tilted[row]);
            }
            values[state] = normalize(&mut policy[state * n_actions..][..n_actions]);
        }
        Backup {
            values,
            policy,
            tilted,
        }
    }

    fn over(&self, n_steps: usize) -> Soft {
        let mut backups: Vec<Backup> = Vec::with_capacity(n_steps);
        let end = vec![0.0; self.mdp.n_states()];
        for _ in 0..n_steps {
            let later = backups.last().map_or(&end, |later| &later.values);
            let backup = self.backup(later);
            backups.push(backup);
        }
        backups.reverse();
        let policy: Vec<f64> = backups
            .iter()
            .flat_map(|b| b.policy.iter().copied())
            .collect();
        Soft {
            values: backups.first().map_or(end, |first| first.values.clone()),
            visits: occupancy_finite(self.mdp, &policy),
            believed_visits: self.believed(&backups),
            policy,
        }
    }

    /// Discounted visits under the tilted dynamics.
    fn believed(&self, backups: &[Backup]) -> Vec<f64> {
        let mdp = self.mdp;
        let n_actions = mdp.n_actions();
        let mut visits = vec![0.0; self.rewards.len()];
        let mut present = mdp.start().to_vec();
        for backup in backups {
            let mut next = vec![0.0; present.len()];
            for (row, chosen) in backup.policy.iter().enumerate() {
                let mass = present[row / n_actions] * chosen;
                visits[row] += mass;
                for stored in mdp.row(row / n_actions, row % n_actions) {
                    let t = mdp.transition(stored);
                    if !t.terminates {
                        next[t.next_state] += mdp.discount().get() * mass * backup.tilted[stored];
                    }
                }
            }
            present = next;
        }
        visits
    }

    fn without_end(&self) -> Result<Soft, Error> {
        let mut values = vec![0.0; self.mdp.n_states()];
        for _ in 0..MAX_BACKUPS {
            let backup = self.backup(&values);
            let change = values
                .iter()
                .zip(&backup.values)
                .map(|(a, b)| (a - b).abs());
            let change = change.fold(0.0, f64::max);
            values.clone_from(&backup.values);
            if change <= TOLERANCE {
                break;
            }
        }
        let backup = self.backup(&values);
        let mut tilted = mdp::TabularMdp::builder(self.mdp.n_states(), self.mdp.n_actions());
        for row in 0..self.rewards.len() {
            let (state, action) = (row / self.mdp.n_actions(), row % self.mdp.n_actions());
            for stored in self.mdp.row(state, action) {
                tilted.push(mdp::Transition {
                    probability: backup.tilted[stored],
                    ..self.mdp.transition(stored)
                });
            }
            tilted.end_row();
        }
        let tilted = tilted.build(self.mdp.start().to_vec(), self.mdp.discount());
        let tilted = tilted.expect("tilted probabilities are probabilities");
        Ok(Soft {
            values,
            visits: occupancy(self.mdp, &backup.policy)?,
            believed_visits: occupancy(&tilted, &backup.policy)?,
            policy: backup.policy,
        })
    }
}

/// Turns logarithms of weights into probabilities and gives the logarithm of the weights' sum.
fn normalize(logs: &mut [f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for log in logs.iter_mut() {
        *log = (*log - most).exp();
        sum += *log;
    }
    logs.iter_mut().for_each(|weight| *weight /= sum);
    most + sum.ln()
}
