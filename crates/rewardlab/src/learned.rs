//! Learned rewards: from their files, in place of an environment's own, as tables of a finite MDP, and inferred from
//! demonstrations before a run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use imitation::{
    Entropy, Features, FeaturesOf, Horizon, LinearReward, MaximumEntropyConfig,
    maximum_entropy_irl, visits,
};
use mdp::{Discount, End, Space, TabularMdp, Tabulated, Trajectories};
use nn::Pool;
use rl::{LearnedReward, RewardScratch, RewardTable, Transitions};

use crate::Error;
use crate::experiment::{RewardInference, RewardOf};
use crate::registry::{RewardedTask, Tabulation, Task};
use crate::run::read_bytes;

/// The largest file of a reward that is read.
const MOST_BYTES: u64 = 1 << 30;
/// The most states that are listed for a reward.
const MOST_STATES: usize = 200_000;
/// The most numbers that features of states and actions may take.
const MOST_FEATURES: usize = 50_000_000;

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
    let of = |state: usize| &features[state * n_features..][..n_features];
    let mut values = vec![0.0; mdp.n_transitions()];
    let mut scratch = RewardScratch::default();
    let pool = Pool::new(1);
    for state in (0..mdp.n_states()).filter(|state| acts[*state]) {
        let row = mdp.row(state, 0).start..mdp.row(state, mdp.n_actions() - 1).end;
        let (mut actions, mut next_observations) = (vec![], vec![]);
        for action in 0..mdp.n_actions() {
            for transition in mdp.transitions(state, action) {
                actions.extend(action_value(&space, action));
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

/// The action of a number, in the order in which environments are tabulated.
fn action_value(space: &Space, mut number: usize) -> Vec<f32> {
    match space {
        Space::MultiDiscrete { sizes } => {
            let mut value = vec![0.0; sizes.len()];
            for (choice, size) in value.iter_mut().zip(sizes).rev() {
                *choice = (number % size) as f32;
                number /= size;
            }
            value
        }
        _ => vec![number as f32],
    }
}

/// Infers the reward of a task from demonstrations with recorded states.
///
/// The reward is linear, `r(s, a) = w(s, a)`, or where it pays for arrivals `r(s, a) = Σ p(s'|s, a) w(s')`. A normal prior
/// of precision 0.01 keeps w finite: at 0 where nothing is known.
///
/// # Errors
/// If the states cannot be listed, the demonstrations do not record them, or the values do not exist.
pub(crate) fn infer(
    method: RewardInference,
    task: &dyn Task,
    demonstrations: &Trajectories,
) -> Result<LearnedReward, Error> {
    let cannot = |problem: String| Error::Environment(format!("reward.infer: {problem}"));
    let tables = listed(task, Discount::new(1.0).expect("it lies from 0 to 1"));
    let tables = tables.ok_or_else(|| {
        cannot("the states of this environment cannot be listed; use an environment that `rewardlab check` checks exactly".into())
    })??;
    let steps = state_actions(&tables, task, demonstrations).map_err(cannot)?;
    let horizon = steps.iter().map(Vec::len).max().unwrap_or(0);
    check_ends(demonstrations, horizon).map_err(cannot)?;
    let features = match method.of {
        RewardOf::Arrivals => arrivals(&tables.mdp),
        RewardOf::StateActions => each_state_and_action(&tables.mdp),
    };
    let features = features.map_err(cannot)?;
    let mut reward = LinearReward::new(features);
    let config = MaximumEntropyConfig {
        entropy: Entropy::Causal,
        precision: 0.01,
        ..MaximumEntropyConfig::causal(Horizon::Finite(horizon))
    };
    let expert = visits(&tables.mdp, &steps).map_err(|error| cannot(error.to_string()))?;
    let found = maximum_entropy_irl(&tables.mdp, &expert, &mut reward, &config)
        .map_err(|error| cannot(error.to_string()))?;
    let table = RewardTable::new((&tables).into(), found.rewards, RewardInference::NAME)?;
    Ok(LearnedReward::Table(table))
}

/// Visits are compared over the longest demonstration: one that was cut sooner would seem to have ended.
fn check_ends(demonstrations: &Trajectories, horizon: usize) -> Result<(), String> {
    let is_cut = |number: &usize| {
        let ended = demonstrations.episode(*number).end == Some(End::Terminated);
        !ended && demonstrations.length(*number) < horizon
    };
    match (0..demonstrations.n_episodes()).find(is_cut) {
        None => Ok(()),
        Some(number) => Err(format!(
            "demonstration {number} was cut after {} steps, while others go on for {horizon}; give demonstrations that end, or are equally long, or fit them with `rewardlab infer`",
            demonstrations.length(number)
        )),
    }
}

/// One feature a state and action.
fn each_state_and_action(mdp: &TabularMdp) -> Result<Features, String> {
    check_size(mdp, mdp.n_states().saturating_mul(mdp.n_actions()))?;
    Ok(Features::each_state_and_action(
        mdp.n_states(),
        mdp.n_actions(),
    ))
}

fn check_size(mdp: &TabularMdp, n_features: usize) -> Result<(), String> {
    let n_rows = mdp.n_states().saturating_mul(mdp.n_actions());
    if n_rows.saturating_mul(n_features) > MOST_FEATURES {
        return Err(format!(
            "{} states and {} actions are too many for a reward of this kind",
            mdp.n_states(),
            mdp.n_actions()
        ));
    }
    Ok(())
}

/// One feature a state: the probability of arriving there.
fn arrivals(mdp: &TabularMdp) -> Result<Features, String> {
    let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
    check_size(mdp, n_states)?;
    let mut values = vec![0.0; n_states * n_actions * n_states];
    for state in 0..n_states {
        for action in 0..n_actions {
            let row = &mut values[(state * n_actions + action) * n_states..][..n_states];
            for transition in mdp.transitions(state, action) {
                row[transition.next_state] += transition.probability;
            }
        }
    }
    Ok(Features::new(
        FeaturesOf::StatesAndActions,
        n_states,
        n_actions,
        values,
    ))
}

/// The states and actions of each demonstration, by number.
fn state_actions(
    tables: &Tabulated,
    task: &dyn Task,
    demonstrations: &Trajectories,
) -> Result<Vec<Vec<(usize, usize)>>, String> {
    let bits =
        |numbers: &[f64]| -> Vec<u64> { numbers.iter().map(|x| (x + 0.0).to_bits()).collect() };
    let width = tables.states.first().map_or(0, Vec::len);
    let n_recorded = demonstrations.n_state_values();
    // The step count of a time limit stands behind the numbers.
    if !(width..=width + 1).contains(&n_recorded) {
        return Err(match n_recorded {
            0 => "the demonstrations record no states; record them with `rewardlab demos record`"
                .into(),
            n => format!(
                "the demonstrations record {n} numbers a state, the environment's have {width}"
            ),
        });
    }
    let known: BTreeMap<Vec<u64>, usize> = (tables.states.iter().enumerate())
        .map(|(state, numbers)| (bits(numbers), state))
        .collect();
    let space = task.action_space();
    let n_values = space.n_values();
    let mut all = vec![];
    for (number, episode) in demonstrations.episodes().enumerate() {
        let mut steps = vec![];
        let states = episode.states.chunks_exact(n_recorded);
        for (step, (numbers, action)) in states
            .zip(episode.actions.chunks_exact(n_values))
            .enumerate()
        {
            let state = known.get(&bits(&numbers[..width])).ok_or_else(|| {
                format!("state {:?} of step {step} of demonstration {number} is none of the environment's", &numbers[..width])
            })?;
            steps.push((*state, action_number(&space, action)));
        }
        all.push(steps);
    }
    Ok(all)
}

/// The number of an action, the other way round of [`action_value`].
pub(crate) fn action_number(space: &Space, value: &[f32]) -> usize {
    match space {
        Space::MultiDiscrete { sizes } => sizes
            .iter()
            .zip(value)
            .fold(0, |number, (size, choice)| number * size + *choice as usize),
        _ => value.first().map_or(0, |choice| *choice as usize),
    }
}
