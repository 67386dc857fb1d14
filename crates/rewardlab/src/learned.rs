//! Learned rewards: from their files, in place of an environment's own, as tables of a finite MDP, and inferred from
//! demonstrations before a run.

use std::path::Path;
use std::sync::Arc;

use imitation::{LikelihoodConfig, LinearReward, likeliest_reward};
use mdp::{Discount, TabularMdp, Tabulated, Trajectories};
use nn::Pool;
use rl::{LearnedReward, RewardScratch, RewardTable, Transitions};

use crate::Error;
use crate::demonstrated;
use crate::experiment::RewardInference;
use crate::registry::{RewardedTask, Tabulation, Task};
use crate::run::read_bytes;

/// The largest file of a reward that is read.
const MOST_BYTES: u64 = 1 << 30;
/// The most states that are listed for a reward.
const MOST_STATES: usize = 200_000;

/// The learned reward in a file.
///
/// # Errors
/// If it cannot be read or is none.
pub(crate) fn read(path: &Path) -> Result<LearnedReward, Error> {
    let bytes = read_bytes(path, MOST_BYTES, "read the learned reward")?;
    LearnedReward::from_bytes(&bytes).map_err(|error| {
        let way = "name a file that `rewardlab infer --out` or a run wrote";
        Error::file(path, format!("is no learned reward: {error}; {way}"))
    })
}

/// The task with the learned reward of a file in place of its own.
///
/// # Errors
/// If the file cannot be read or does not fit the task.
pub(crate) fn paid_by(task: Box<dyn Task>, path: &Path) -> Result<Box<dyn Task>, Error> {
    let reward = read(path)?;
    if let LearnedReward::Table(table) = &reward {
        let tables = listed(
            task.as_ref(),
            Discount::new(1.0).expect("it lies from 0 to 1"),
        );
        let tables = tables.ok_or_else(|| {
            Error::file(
                path,
                "is a table of states, and the states of this environment cannot be listed; use it where it was learned",
            )
        })??;
        table
            .of((&tables).into(), &tables.mdp.reachable())
            .map_err(|error| Error::file(path, error.to_string()))?;
    }
    paid(task, reward).map_err(|error| Error::file(path, error.to_string()))
}

/// The task with a learned reward in place of its own.
///
/// # Errors
/// If the reward does not fit the task.
pub(crate) fn paid(task: Box<dyn Task>, reward: LearnedReward) -> Result<Box<dyn Task>, rl::Error> {
    Ok(Box::new(RewardedTask::new(task, Arc::new(reward))?))
}

/// The task's states without their time limit, where they can be listed.
fn listed(task: &dyn Task, discount: Discount) -> Option<Result<Tabulated, Error>> {
    let tabulation = Tabulation {
        discount,
        horizon: None,
        limit: MOST_STATES,
    };
    let tables = task.tabulate(&tabulation)?;
    Some(tables.map_err(|error| Error::Environment(error.to_string())))
}

/// A learned reward as a table of rewards of a finite MDP, one value a stored transition. `task` is the environment that
/// was listed, none where the MDP came from a file; `has_horizon` says whether its states count steps.
///
/// # Errors
/// If the reward does not fit, in words.
pub(crate) fn values(
    reward: &LearnedReward,
    tables: &Tabulated,
    task: Option<&dyn Task>,
    has_horizon: bool,
) -> Result<Vec<f64>, String> {
    let acts = tables.mdp.reachable();
    match (reward, task) {
        (LearnedReward::Table(table), _) => {
            let rewards = table.of(tables.into(), &acts).map_err(|error| error.to_string())?;
            Ok(spread(&tables.mdp, &rewards))
        }
        (LearnedReward::Network(_), None) => Err(
            "it reads what an environment shows, and an MDP from a file shows nothing; check it on an environment by name".into(),
        ),
        (LearnedReward::Network(_), Some(task)) => network_values(reward, tables, task, has_horizon, &acts),
    }
}

/// The reward of each state and action at each of its transitions.
fn spread(mdp: &TabularMdp, rewards: &[f64]) -> Vec<f64> {
    let mut values = vec![0.0; mdp.n_transitions()];
    for (row, reward) in rewards.iter().enumerate() {
        values[mdp.offsets()[row]..mdp.offsets()[row + 1]].fill(*reward);
    }
    values
}

fn network_values(
    reward: &LearnedReward,
    tables: &Tabulated,
    task: &dyn Task,
    has_horizon: bool,
    acts: &[bool],
) -> Result<Vec<f64>, String> {
    let mdp = &tables.mdp;
    let space = task.action_space();
    let n_features = rl::n_features(&task.observation_space());
    let n_numbers = tables.states.first().map_or(0, Vec::len) + usize::from(!has_horizon);
    reward
        .check_fits(n_features, &space, n_numbers)
        .map_err(|error| error.to_string())?;
    let mut features = Vec::with_capacity(mdp.n_states() * n_features);
    for (state, numbers) in tables.states.iter().enumerate() {
        // Without a horizon the states do not count steps; what is seen is that of the first.
        let mut numbers = numbers.clone();
        numbers.extend((!has_horizon).then_some(0.0));
        features.extend(task.features(&numbers).ok_or_else(|| {
            let label = &tables.state_labels[state];
            format!("what is observed in {label} is drawn at random, so that the reward has no one value there")
        })?);
    }
    let action_values = space
        .values()
        .expect("the actions of a listed MDP can be counted");
    let of = |state: usize| &features[state * n_features..][..n_features];
    let mut values = vec![0.0; mdp.n_transitions()];
    let mut scratch = RewardScratch::default();
    let pool = Pool::new(1);
    for state in (0..mdp.n_states()).filter(|state| acts[*state]) {
        let row = mdp.row(state, 0).start..mdp.row(state, mdp.n_actions() - 1).end;
        let (mut actions, mut next_observations) = (vec![], vec![]);
        for (action, value) in action_values.iter().enumerate() {
            for transition in mdp.transitions(state, action) {
                actions.extend_from_slice(value);
                next_observations.extend_from_slice(of(transition.next_state));
            }
        }
        let transitions = Transitions {
            observations: &of(state).repeat(row.len()),
            actions: &actions,
            next_observations: &next_observations,
            terminated: &mdp.terminates()[row.clone()],
            states: &[],
        };
        reward.rewards(&transitions, &mut values[row], &mut scratch, &pool);
    }
    Ok(values)
}

/// The discount at which a reward is inferred, as `rewardlab infer` takes it unasked.
const DISCOUNT: f64 = 0.99;
/// The precision of the prior, as `rewardlab infer` takes it unasked.
const PRECISION: f64 = 0.01;

/// Infers the reward of a task: the one under which the choices in the demonstrations are likeliest, for an expert who is
/// soft-optimal at discount 0.99. A normal prior keeps it at 0 where nothing is known.
///
/// # Errors
/// If the states cannot be listed, or the demonstrations cannot have been made in them.
pub(crate) fn infer(
    method: RewardInference,
    task: &dyn Task,
    demonstrations: &Trajectories,
) -> Result<LearnedReward, Error> {
    let cannot = |problem: String| Error::Environment(format!("reward.infer: {problem}"));
    let tables = listed(task, Discount::new(DISCOUNT).expect("it lies from 0 to 1"));
    let tables = tables.ok_or_else(|| {
        cannot("the states of this environment cannot be listed; use an environment that `rewardlab check` checks exactly".into())
    })??;
    let (steps, _) =
        demonstrated::steps(&tables, &task.action_space(), demonstrations).map_err(cannot)?;
    let (features, _) = method.of.features(&tables.mdp).map_err(cannot)?;
    let mut reward = LinearReward::new(features);
    let config = LikelihoodConfig::with_precision(PRECISION);
    let found = likeliest_reward(&tables.mdp, &steps, &mut reward, &config)
        .map_err(|error| cannot(error.to_string()))?;
    let table = RewardTable::new((&tables).into(), found.rewards, RewardInference::NAME)?;
    Ok(LearnedReward::Table(table))
}
