//! Learned rewards pay what they say, in files and in environments, and refuse what they cannot read.

use std::sync::Arc;

use envs::{CartPole, FrozenLake, FrozenLakeSettings};
use mdp::{Discount, Environment, Seed, Space, TimeLimit, tabulate};
use nn::{Activation, Initialization, MlpShape, Model, Pool, RunningNorm};

use super::*;
use crate::{StepBatch, VectorEnvironment, Vectorized};

fn everything(n_features: usize, n_actions: usize) -> RewardInputs {
    RewardInputs {
        n_features,
        actions: ActionInputs::Choices(vec![n_actions]),
        observation: true,
        action: true,
        next_observation: true,
        terminated: true,
    }
}

fn network(inputs: RewardInputs, n_outputs: usize, output: RewardOutput) -> RewardNetwork {
    let shape = MlpShape {
        inputs: inputs.n_inputs(),
        hidden: vec![8],
        outputs: n_outputs,
        activation: Activation::Tanh,
    };
    let mut rng = Seed(3).stream("weights", 0);
    let model = Model::new(&[(shape, Initialization::PyTorchDefault)], &[], &mut rng);
    let mut norm = RunningNorm::new(inputs.n_inputs());
    let rows: Vec<f32> = (0..inputs.n_inputs() * 5).map(|i| (i % 7) as f32).collect();
    norm.update(&rows);
    RewardNetwork::new(model, Some(norm), inputs, output, "test").unwrap()
}

fn cart_poles(n: usize) -> Box<dyn VectorEnvironment> {
    Box::new(Vectorized::new(
        Arc::new(CartPole.with_time_limit()),
        n,
        Seed(5),
    ))
}

#[test]
fn inputs_stand_in_the_stated_order() {
    let inputs = everything(2, 3);
    let mut row = vec![9.0; inputs.n_inputs()];
    inputs.write(
        &Transitions {
            observations: &[0.1, 0.2],
            actions: &[2.0],
            next_observations: &[0.3, 0.4],
            terminated: &[true],
            states: &[],
        },
        &mut row,
    );
    assert_eq!(row, [0.1, 0.2, 0.0, 0.0, 1.0, 0.3, 0.4, 1.0]);
}

#[test]
fn outputs_have_the_signs_of_their_forms() {
    for x in [-800.0, -2.0, 0.0, 1.5, 800.0] {
        let d: f64 = 1.0 / (1.0 + f64::exp(-x));
        assert!(RewardOutput::Softplus.of(x) >= 0.0 && RewardOutput::LogSigmoid.of(x) <= 0.0);
        if x.abs() < 10.0 {
            assert!((RewardOutput::Softplus.of(x) + (1.0 - d).ln()).abs() < 1e-12);
            assert!((RewardOutput::LogSigmoid.of(x) - d.ln()).abs() < 1e-12);
        }
    }
}

#[test]
fn a_file_gives_back_the_same_rewards() {
    for output in [
        RewardOutput::Identity,
        RewardOutput::Softplus,
        RewardOutput::LogSigmoid,
    ] {
        let reward = LearnedReward::Network(network(everything(2, 3), 2, output));
        let bytes = reward.to_bytes();
        let read = LearnedReward::from_bytes(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        let transitions = Transitions {
            observations: &[0.1, 0.2, 0.3, 0.4],
            actions: &[2.0, 0.0],
            next_observations: &[0.3, 0.4, 0.5, 0.6],
            terminated: &[true, false],
            states: &[],
        };
        let (mut first, mut second) = ([0.0; 2], [0.0; 2]);
        let pool = Pool::new(1);
        let mut scratch = RewardScratch::default();
        reward.rewards(&transitions, &mut first, &mut scratch, &pool);
        read.rewards(&transitions, &mut second, &mut scratch, &pool);
        assert_eq!(first, second);
        assert_ne!(first[0], first[1]);
    }
}

/// Plays `n_steps` of random actions and gives all rewards and the batch after each.
fn play(
    environment: &mut dyn VectorEnvironment,
    actions: &[f32],
    n_steps: usize,
) -> Vec<StepBatch> {
    let mut batch = StepBatch::for_environment(environment);
    let n = environment.n_environments();
    let mut batches = vec![];
    for t in 0..n_steps {
        environment.step(&actions[t * n..][..n], &mut batch, &Pool::new(1));
        batches.push(batch.clone());
        environment.renew(&mut batch);
    }
    batches
}

fn choices(n_choices: usize, n: usize) -> Vec<f32> {
    let space = Space::Discrete { n: n_choices };
    let mut rng = Seed(8).stream("actions", 0);
    (0..n).flat_map(|_| space.sample(&mut rng)).collect()
}

#[test]
fn a_network_is_paid_for_the_true_transitions() {
    let (n, n_steps) = (3, 60);
    let reward = Arc::new(LearnedReward::Network(network(
        everything(4, 2),
        1,
        RewardOutput::Identity,
    )));
    let mut rewarded = Rewarded::new(cart_poles(n), Arc::clone(&reward)).unwrap();
    let mut plain = cart_poles(n);
    let mut observations = vec![0.0; n * 4];
    plain.begin(&mut observations);
    rewarded.begin(&mut observations);
    let actions = choices(2, n * n_steps);
    let paid = play(&mut rewarded, &actions, n_steps);
    let mut batch = StepBatch::for_environment(plain.as_ref());
    let mut n_ended = 0;
    for (t, paid) in paid.iter().enumerate() {
        let actions = &actions[t * n..][..n];
        plain.step(actions, &mut batch, &Pool::new(1));
        let mut expected = vec![0.0; n];
        reward.rewards(
            &Transitions {
                observations: &observations,
                actions,
                next_observations: &batch.observations,
                terminated: &batch.terminated,
                states: &[],
            },
            &mut expected,
            &mut RewardScratch::default(),
            &Pool::new(1),
        );
        assert_eq!(paid.rewards, expected);
        assert_eq!(
            (&paid.observations, &paid.ended, &paid.intents),
            (&batch.observations, &batch.ended, &batch.intents)
        );
        n_ended += batch.ended.iter().filter(|ended| **ended).count();
        plain.renew(&mut batch);
        observations.copy_from_slice(&batch.observations);
    }
    assert!(
        n_ended > 0,
        "an episode must end for the test to say something"
    );
}

#[test]
fn a_saved_state_goes_on_to_the_same_rewards() {
    let reward = Arc::new(LearnedReward::Network(network(
        everything(4, 2),
        1,
        RewardOutput::Identity,
    )));
    let mut first = Rewarded::new(cart_poles(2), Arc::clone(&reward)).unwrap();
    first.begin(&mut [0.0; 8]);
    let actions = choices(2, 80);
    play(&mut first, &actions[..40], 20);
    let saved = first.save();
    let mut second = Rewarded::new(cart_poles(2), reward).unwrap();
    second.restore(&saved).unwrap();
    assert_eq!(
        play(&mut first, &actions[40..], 20),
        play(&mut second, &actions[40..], 20)
    );
    let mut damaged = saved.clone();
    damaged.states[1].truncate(2);
    assert!(second.restore(&damaged).is_err());
}

fn lake() -> (FrozenLake, mdp::Tabulated) {
    let lake = FrozenLake::new(FrozenLakeSettings::gymnasium(envs::LakeMap::Small));
    let tables = tabulate(&lake, Discount::new(0.99).unwrap(), 1000).unwrap();
    (lake, tables)
}

#[test]
fn a_table_pays_by_state_and_action_under_a_time_limit_too() {
    let (lake, tables) = lake();
    let n_actions = tables.mdp.n_actions();
    let rewards: Vec<f64> = (0..tables.mdp.n_states() * n_actions)
        .map(|i| i as f64)
        .collect();
    let table = RewardTable::new((&tables).into(), rewards.clone(), "test").unwrap();
    let table = RewardTable::from_bytes(&table.to_bytes()).unwrap();
    assert_eq!(
        table.of((&tables).into(), &tables.mdp.reachable()).unwrap(),
        rewards
    );
    let reward = Arc::new(LearnedReward::Table(table));
    let environment = Vectorized::new(Arc::new(TimeLimit::new(lake, 9)), 2, Seed(1));
    let mut rewarded = Rewarded::new(Box::new(environment), reward).unwrap();
    let mut observations = vec![0.0; 2 * rewarded.n_features()];
    rewarded.begin(&mut observations);
    let actions = choices(n_actions, 40);
    let mut batch = StepBatch::for_environment(&rewarded);
    for t in 0..20 {
        let mut expected = vec![];
        for index in 0..2 {
            let mut state = vec![];
            rewarded.state(index, &mut state);
            let row = tables
                .states
                .iter()
                .position(|known| *known == state[..state.len() - 1]);
            expected.push(rewards[row.unwrap() * n_actions + actions[t * 2 + index] as usize]);
        }
        rewarded.step(&actions[t * 2..][..2], &mut batch, &Pool::new(1));
        assert_eq!(batch.rewards, expected);
        rewarded.renew(&mut batch);
    }
}

#[test]
fn a_table_refuses_states_that_it_lacks() {
    let (_, tables) = lake();
    let n = tables.mdp.n_states() * tables.mdp.n_actions();
    let table = RewardTable::new((&tables).into(), vec![0.0; n], "test").unwrap();
    let mut other = tables.clone();
    other.states[3] = vec![1e6; other.states[3].len()];
    let message = table
        .of((&other).into(), &vec![true; other.states.len()])
        .unwrap_err()
        .to_string();
    let label = &other.state_labels[3];
    assert!(
        message.contains(&format!("it has none for {label}")),
        "{message}"
    );
    other.states = vec![];
    assert!(
        table
            .of((&other).into(), &vec![true; other.state_labels.len()])
            .is_ok(),
        "found by labels"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let reward = |inputs| LearnedReward::Network(network(inputs, 1, RewardOutput::Identity));
    let fits = |reward: &LearnedReward| {
        reward
            .check_fits(4, &Space::Discrete { n: 2 }, 5)
            .map_err(|error| error.to_string())
    };
    assert_eq!(fits(&reward(everything(4, 2))), Ok(()));
    let message = fits(&reward(everything(5, 2))).unwrap_err();
    assert!(
        message.contains("it reads 5 features of an observation, the environment gives 4"),
        "{message}"
    );
    let message = fits(&reward(everything(4, 3))).unwrap_err();
    assert!(
        message.contains("it reads actions that are choices 3, the environment takes choices 2"),
        "{message}"
    );
    let (lake, tables) = lake();
    let n = tables.mdp.n_states() * tables.mdp.n_actions();
    let table = RewardTable::new((&tables).into(), vec![0.0; n], "test").unwrap();
    assert!(
        LearnedReward::Table(table.clone())
            .check_fits(16, &lake.action_space(), 9)
            .is_err()
    );
    assert!(RewardTable::new((&tables).into(), vec![f64::NAN; n], "test").is_err());
    assert!(RewardTable::new((&tables).into(), vec![0.0; n - 1], "test").is_err());
}

#[test]
fn damaged_bytes_are_errors() {
    let (_, tables) = lake();
    let n = tables.mdp.n_states() * tables.mdp.n_actions();
    let table = RewardTable::new((&tables).into(), vec![0.5; n], "test").unwrap();
    let files = [
        LearnedReward::Table(table).to_bytes(),
        LearnedReward::Network(network(everything(2, 3), 1, RewardOutput::Identity)).to_bytes(),
    ];
    for bytes in files {
        for length in (0..bytes.len()).step_by(7) {
            assert!(LearnedReward::from_bytes(&bytes[..length]).is_err());
        }
        for at in 0..bytes.len().min(900) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x15;
            let _ = LearnedReward::from_bytes(&damaged);
        }
    }
    let policy = nn::save(
        &Model::zeros(
            &[MlpShape {
                inputs: 2,
                hidden: vec![],
                outputs: 1,
                activation: Activation::Tanh,
            }],
            0,
        ),
        None,
        &[("head".to_owned(), "values 2".to_owned())],
    );
    let message = LearnedReward::from_bytes(&policy).unwrap_err().to_string();
    assert!(
        message.contains("the network is a policy, and no reward"),
        "{message}"
    );
}
