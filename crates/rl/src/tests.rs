//! Tests of the algorithms.

use std::sync::Arc;

use mdp::{
    Components, Discount, End, Environment, Rng, Seed, Space, StateVector, Step, TabularMdp,
    TimeLimit, Transition, evaluate_policy, index, uniform, value_iteration,
};
use nn::{Pool, Schedule};

use crate::ppo::{Exploration, Trunk};
use crate::replay::{ReplayBuffer, Sample};
use crate::*;

/// A point on a line, pushed left or right, paid for being near 0; it tires at random.
struct Line {
    continuous: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Push(f32);

impl mdp::Action for Push {
    fn from_value(value: &[f32]) -> Push {
        Push(value[0])
    }

    fn to_value(&self) -> Vec<f32> {
        vec![self.0]
    }
}

impl Environment for Line {
    type State = [f64; 2];
    type Observation = [f32; 2];
    type Action = Push;

    fn initial_state(&self, rng: &mut Rng) -> [f64; 2] {
        [mdp::uniform_in(-1.0, 1.0, rng), 0.0]
    }

    fn observe(&self, state: &[f64; 2], _rng: &mut Rng) -> [f32; 2] {
        [state[0] as f32, state[1] as f32]
    }

    fn step(&self, state: &mut [f64; 2], action: &Push, rng: &mut Rng) -> Step {
        let push = if self.continuous {
            f64::from(action.0)
        } else {
            f64::from(action.0) - 1.0
        };
        state[0] += 0.3 * push + 0.05 * mdp::normal(rng);
        state[1] += 0.01;
        let near = 1.0 - state[0].abs().min(1.0);
        Step {
            reward: near,
            components: Components::new([near]),
            intent: Some(-state[0].abs()),
            end: (uniform(rng) < 0.02).then_some(End::Terminated),
        }
    }

    fn observation_space(&self) -> Space {
        Space::continuous(f32::NEG_INFINITY, f32::INFINITY, 2)
    }

    fn action_space(&self) -> Space {
        if self.continuous {
            Space::continuous(-1.0, 1.0, 1)
        } else {
            Space::Discrete { n: 3 }
        }
    }

    fn component_names(&self) -> &'static [&'static str] {
        &["near"]
    }
}

fn line(continuous: bool, n: usize, seed: Seed) -> Box<dyn VectorEnvironment> {
    let environment = TimeLimit::new(Line { continuous }, 30);
    Box::new(Vectorized::new(Arc::new(environment), n, seed))
}

/// A small PPO with everything switched on that has state to be saved.
fn small_ppo() -> ppo::Config {
    ppo::Config {
        steps: 20_000,
        n_environments: 20,
        n_steps: 16,
        minibatch: 100,
        epochs: 3,
        hidden: vec![16, 16],
        normalize_observations: true,
        normalize_rewards: true,
        entropy_coefficient: 0.01,
        value_clip: Some(0.2),
        learning_rate: Schedule::LinearToZero(3e-3),
        ..ppo::Config::preset("sb3").unwrap()
    }
}

fn small_dqn() -> dqn::Config {
    dqn::Config {
        steps: 20_000,
        n_environments: 2,
        buffer_size: 2_000,
        learning_rate: Schedule::Constant(1e-3),
        target_every: 200,
        exploration_fraction: 0.3,
        learning_starts: 100,
        batch: 32,
        train_every: 16,
        gradient_steps: 4,
        double: true,
        n_step: 3,
        prioritized: Some(dqn::Prioritized {
            alpha: 0.6,
            beta: 0.4,
        }),
        hidden: vec![32],
        ..dqn::Config::preset("sb3").unwrap()
    }
}

fn learner(name: &str, seed: u64, n_threads: usize) -> Box<dyn Learner> {
    let (seed, pool) = (Seed(seed), Arc::new(Pool::new(n_threads)));
    let ppo_with = |config: ppo::Config, continuous| -> Box<dyn Learner> {
        let environment = line(continuous, config.n_environments, seed);
        Box::new(ppo::Trainer::new(config, environment, seed, Arc::clone(&pool)).unwrap())
    };
    match name {
        "ppo" => ppo_with(small_ppo(), false),
        "ppo-shared" => ppo_with(
            ppo::Config {
                trunk: Trunk::Shared,
                ..small_ppo()
            },
            false,
        ),
        "ppo-gaussian" => ppo_with(small_ppo(), true),
        "ppo-state-dependent" => {
            let exploration = Exploration::StateDependent {
                log_std: -1.0,
                resample_every: Some(4),
            };
            ppo_with(
                ppo::Config {
                    exploration,
                    ..small_ppo()
                },
                true,
            )
        }
        "dqn" => {
            let config = small_dqn();
            let environment = line(false, config.n_environments, seed);
            Box::new(dqn::Trainer::new(config, environment, seed, pool).unwrap())
        }
        other => panic!("no learner is called {other}"),
    }
}

const LEARNERS: [&str; 5] = [
    "ppo",
    "ppo-shared",
    "ppo-gaussian",
    "ppo-state-dependent",
    "dqn",
];

fn iterate(learner: &mut dyn Learner, n: usize) {
    for _ in 0..n {
        learner.iterate(&mut |_: &TrainEvent| ()).unwrap();
    }
}

fn bits(policy: &dyn TrainedPolicy) -> Vec<u8> {
    policy.to_bytes()
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    for name in LEARNERS {
        let train = |seed, n_threads| {
            let mut learner = learner(name, seed, n_threads);
            iterate(learner.as_mut(), 12);
            bits(learner.policy().as_ref())
        };
        let one = train(1, 1);
        assert_eq!(one, train(1, 2), "{name} on two threads");
        assert_eq!(one, train(1, 3), "{name} on three threads");
        assert_ne!(one, train(2, 1), "{name} with another seed");
    }
}

#[test]
fn a_restored_training_goes_on_to_the_same_bits() {
    for name in LEARNERS {
        let mut whole = learner(name, 5, 1);
        iterate(whole.as_mut(), 15);
        let mut first = learner(name, 5, 1);
        iterate(first.as_mut(), 7);
        let saved = first.save();
        // Another seed, and some way already gone: all of it must be overwritten.
        let mut second = learner(name, 6, 2);
        iterate(second.as_mut(), 2);
        second.restore(&saved).unwrap();
        iterate(second.as_mut(), 8);
        assert_eq!(
            bits(whole.policy().as_ref()),
            bits(second.policy().as_ref()),
            "{name}"
        );
        assert_eq!(whole.n_steps(), second.n_steps());
        // Seconds differ from run to run; nothing else may.
        let without_clock = |learner: &dyn Learner| {
            let mut arrays = crate::checkpoint::Arrays::from_bytes(&learner.save()).unwrap();
            arrays.take_f64("profile").unwrap();
            arrays
        };
        assert_eq!(
            without_clock(whole.as_ref()),
            without_clock(second.as_ref()),
            "{name}"
        );
    }
}

#[test]
fn a_damaged_or_foreign_state_is_refused_and_changes_nothing() {
    let mut trainer = learner("ppo", 1, 1);
    iterate(trainer.as_mut(), 2);
    let saved = trainer.save();
    let mut cases: Vec<Vec<u8>> = vec![vec![], b"hello".to_vec(), learner("dqn", 1, 1).save()];
    cases.extend([8, 100, saved.len() / 2, saved.len() - 1].map(|length| saved[..length].to_vec()));
    cases.push(learner("ppo-shared", 1, 1).save());
    for (case, bytes) in cases.iter().enumerate() {
        let before = bits(trainer.policy().as_ref());
        assert!(trainer.restore(bytes).is_err(), "case {case}");
        assert_eq!(before, bits(trainer.policy().as_ref()), "case {case}");
    }
}

#[test]
fn a_policy_comes_back_from_its_bytes_and_acts_alike() {
    for name in LEARNERS {
        let mut learner = learner(name, 3, 1);
        iterate(learner.as_mut(), 5);
        let policy = learner.policy();
        let again = NetworkPolicy::from_bytes(&policy.to_bytes()).unwrap();
        assert_eq!(policy.to_bytes(), again.to_bytes(), "{name}");
        let pool = Pool::new(1);
        for play in [Play::Sampled, Play::Greedy] {
            let play_with = |policy: &dyn TrainedPolicy| {
                let mut actor = policy.actor(play, n_side_by_side(10));
                evaluate(actor.as_mut(), learner.environment(), 10, Seed(9), &pool)
            };
            assert_eq!(play_with(policy.as_ref()), play_with(&again), "{name}");
        }
        assert!(again.check_fits(learner.environment()).is_ok());
    }
    let policy = learner("ppo", 1, 1).policy();
    assert!(policy.check_fits(line(true, 1, Seed(0)).as_ref()).is_err());
    assert!(NetworkPolicy::from_bytes(b"no policy").is_err());
}

#[test]
fn every_learner_gets_better() {
    for name in LEARNERS {
        let mut learner = learner(name, 0, 2);
        let pool = Pool::new(2);
        let mean = |policy: &dyn TrainedPolicy, rules: &dyn VectorEnvironment| {
            let mut actor = policy.actor(Play::Greedy, n_side_by_side(64));
            let outcomes = evaluate(actor.as_mut(), rules, 64, Seed(1), &pool);
            // Episodes end at random: the pay a step is what a policy can change.
            let paid: f64 = outcomes.iter().map(|outcome| outcome.reward).sum();
            paid / outcomes
                .iter()
                .map(|outcome| f64::from(outcome.n_steps))
                .sum::<f64>()
        };
        let before = mean(learner.policy().as_ref(), learner.environment());
        while learner.n_steps() < 20_000 {
            iterate(learner.as_mut(), 1);
        }
        let after = mean(learner.policy().as_ref(), learner.environment());
        assert!(
            after > 0.8 && after > before + 0.05,
            "{name}: from {before} to {after} a step"
        );
    }
}

#[test]
fn events_carry_finite_numbers_and_the_episodes_that_ended() {
    for name in LEARNERS {
        let mut learner = learner(name, 0, 1);
        let mut seen = Vec::new();
        let mut observer = |event: &TrainEvent| {
            let TrainEvent::Iteration(iteration) = event;
            seen.push(iteration.clone());
        };
        for _ in 0..10 {
            learner.iterate(&mut observer).unwrap();
        }
        assert_eq!(seen.len(), 10);
        assert!(
            seen.windows(2)
                .all(|pair| pair[0].n_steps < pair[1].n_steps)
        );
        assert!(
            seen.iter()
                .any(|iteration| iteration.intent_return.is_some_and(f64::is_finite))
        );
        let losses: Vec<f64> = seen
            .iter()
            .filter_map(|iteration| iteration.value_loss)
            .collect();
        assert!(
            !losses.is_empty() && losses.iter().all(|loss| loss.is_finite()),
            "{name}"
        );
    }
}

/// Ends after a number of steps drawn at the start; pays 1 a step.
struct RandomLength;

impl Environment for RandomLength {
    type State = [f64; 1];
    type Observation = [f32; 1];
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> [f64; 1] {
        [if uniform(rng) < 0.5 { 1.0 } else { 99.0 }]
    }

    fn observe(&self, state: &[f64; 1], _rng: &mut Rng) -> [f32; 1] {
        [state[0] as f32]
    }

    fn step(&self, state: &mut [f64; 1], _action: &usize, _rng: &mut Rng) -> Step {
        state[0] -= 1.0;
        Step {
            end: (state[0] <= 0.0).then_some(End::Terminated),
            ..Step::of_reward(1.0)
        }
    }

    fn observation_space(&self) -> Space {
        Space::continuous(0.0, 100.0, 1)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 2 }
    }

    fn is_success(&self, state: &[f64; 1]) -> Option<bool> {
        Some(state[0] <= 0.0)
    }
}

/// Always the first action.
struct First;

impl BatchPolicy for First {
    fn act(&mut self, _observations: &[f32], _rngs: &mut [Rng], actions: &mut [f32], _pool: &Pool) {
        actions.fill(0.0);
    }
}

#[test]
fn evaluation_does_not_prefer_short_episodes() {
    let rules = Vectorized::new(Arc::new(RandomLength), 1, Seed(0));
    let outcomes = evaluate(&mut First, &rules, 4_000, Seed(0), &Pool::new(2));
    let mean = outcomes.iter().map(|outcome| outcome.reward).sum::<f64>() / 4_000.0;
    // Half of the episodes take 1 step, half 99: mean 50, deviation 49, four standard errors 3.1.
    assert!((mean - 50.0).abs() < 3.1, "{mean}");
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.success == Some(true) && outcome.intent.is_none())
    );
}

#[test]
fn a_recording_holds_the_true_final_state() {
    let rules = line(false, 1, Seed(0));
    let recording = record(&mut First, rules.as_ref(), 1_000, Seed(4), &Pool::new(1));
    let trajectory = &recording.trajectory;
    assert_eq!(trajectory.states.len(), trajectory.steps.len() + 1);
    let last = trajectory.states.last().unwrap();
    let paid = 1.0 - last[0].abs().min(1.0);
    assert_eq!(trajectory.steps.last().unwrap().reward, paid);
    assert!(trajectory.end().is_some());
}

#[test]
fn environments_are_saved_and_restored() {
    let mut environments = line(false, 37, Seed(0));
    let pool = Pool::new(2);
    let mut batch = StepBatch::for_environment(environments.as_ref());
    let actions: Vec<f32> = (0..37).map(|i| (i % 3) as f32).collect();
    let play = |environments: &mut dyn VectorEnvironment, batch: &mut StepBatch, n: usize| {
        for _ in 0..n {
            environments.step(&actions, batch, &pool);
            environments.renew(batch);
        }
    };
    play(environments.as_mut(), &mut batch, 40);
    let saved = environments.save();
    play(environments.as_mut(), &mut batch, 40);
    let expected = batch.clone();
    environments.restore(&saved).unwrap();
    play(environments.as_mut(), &mut batch, 40);
    assert_eq!(batch, expected);
    assert!(line(false, 3, Seed(0)).restore(&saved).is_err());
}

/// A random MDP whose episodes end by themselves.
fn random_mdp(seed: u64) -> TabularMdp {
    let (n_states, n_actions) = (6, 3);
    let mut rng = Seed(seed).stream("mdp", 0);
    let transitions = (0..n_states * n_actions)
        .map(|_| {
            let (first, second) = (index(n_states, &mut rng), index(n_states, &mut rng));
            let p = 0.2 + 0.6 * uniform(&mut rng);
            let mut outcome = |probability, next_state| Transition {
                probability,
                next_state,
                reward: uniform(&mut rng) - 0.3,
                terminates: next_state == 0,
            };
            vec![outcome(p, first), outcome(1.0 - p, second)]
        })
        .collect();
    TabularMdp::new(
        n_actions,
        transitions,
        vec![1.0 / 6.0; 6],
        Discount::new(0.9).unwrap(),
    )
    .unwrap()
}

fn tabular_config() -> TabularConfig {
    TabularConfig {
        n_steps: 600_000,
        discount: 0.9,
        exploration: 0.5,
        step_size_exponent: 0.6,
        max_episode_steps: 50,
    }
}

#[test]
fn q_learning_approaches_the_exact_values() {
    for seed in 0..3 {
        let mdp = random_mdp(seed);
        let exact = value_iteration(&mdp, &mdp.expected_rewards(), 1e-10, 10_000);
        let config = TabularConfig {
            n_steps: 2_000_000,
            ..tabular_config()
        };
        let table = q_learning(&mdp, &config, Seed(seed));
        for ((value, exact), visits) in table.values.iter().zip(&exact.q_values).zip(&table.visits)
        {
            // What is left is the noise of the last targets, whose deviation is about 1: √(step size / 2) each.
            let tolerance = 0.02 + 4.0 * (0.5 * (*visits as f64).powf(-0.6)).sqrt();
            assert!(
                (value - exact).abs() < tolerance,
                "{value} against {exact} after {visits} visits"
            );
        }
    }
}

#[test]
fn sarsa_approaches_the_exact_values_of_its_own_exploring_policy() {
    let config = TabularConfig {
        n_steps: 2_000_000,
        ..tabular_config()
    };
    let mdp = random_mdp(1);
    let same = |_| config.exploration;
    check_sarsa(&mdp, &sarsa(&mdp, &config, Seed(0)), same);
    // In some states it explores more than in others.
    let differing = |state: usize| if state.is_multiple_of(2) { 0.9 } else { 0.3 };
    let table = sarsa_exploring(&mdp, &config, |_, state| differing(state), Seed(0));
    check_sarsa(&mdp, &table, differing);
}

fn check_sarsa(mdp: &TabularMdp, table: &QTable, exploration: impl Fn(usize) -> f64) {
    let n_actions = mdp.n_actions();
    let mut policy: Vec<f64> = (0..table.values.len())
        .map(|row| exploration(row / n_actions) / n_actions as f64)
        .collect();
    for state in 0..mdp.n_states() {
        policy[state * n_actions + table.greedy(state)] += 1.0 - exploration(state);
    }
    let exact = evaluate_policy(mdp, &mdp.expected_rewards(), &policy)
        .unwrap()
        .values;
    for (state, exact) in exact.iter().enumerate() {
        let mixed: f64 = (0..n_actions)
            .map(|action| policy[state * n_actions + action] * table.row(state)[action])
            .sum();
        assert!(
            (mixed - exact).abs() < 0.08,
            "state {state}: {mixed} against {exact}"
        );
    }
}

#[test]
fn tabular_methods_bootstrap_where_an_episode_is_only_left() {
    // One state that pays 1 for ever: its value is 1 / (1 - 0.9) = 10 although every episode is left after 3 steps.
    let stay = vec![Transition {
        probability: 1.0,
        next_state: 0,
        reward: 1.0,
        terminates: false,
    }];
    let mdp = TabularMdp::new(1, vec![stay], vec![1.0], Discount::new(0.9).unwrap()).unwrap();
    let limited = TimeLimit::new(mdp, 3);
    let config = TabularConfig {
        n_steps: 200_000,
        ..tabular_config()
    };
    for table in [
        q_learning(&limited, &config, Seed(0)),
        sarsa(&limited, &config, Seed(0)),
    ] {
        assert!((table.values[0] - 10.0).abs() < 0.1, "{}", table.values[0]);
    }
}

/// A replay buffer with one environment: step t sees t, pays t, and ends as told.
fn replay(
    n: usize,
    capacity: usize,
    end: impl Fn(usize) -> Option<End>,
    prioritized: bool,
) -> ReplayBuffer {
    let mut buffer = ReplayBuffer::new(capacity, 1, 1, prioritized);
    for t in 0..n {
        let mut batch = StepBatch::new(1, 1, 0);
        batch.observations[0] = t as f32 + 1.0;
        batch.rewards[0] = t as f64;
        batch.terminated[0] = end(t) == Some(End::Terminated);
        batch.ended[0] = end(t).is_some();
        buffer.push(&[t as f32], &[(t % 2) as f32], &batch);
    }
    buffer
}

#[test]
fn n_step_transitions_stop_at_ends_and_at_the_newest_step() {
    let ends = |t| match t {
        4 => Some(End::Terminated),
        8 => Some(End::Truncated),
        _ => None,
    };
    // Steps 3 to 12 are held: three have been overwritten.
    let buffer = replay(13, 10, ends, false);
    let mut sample = Sample::default();
    let mut rng = Seed(0).stream("r", 0);
    assert!(buffer.sample(10, 3, 0.5, 0.0, &mut sample, &mut rng));
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        buffer.sample(10, 3, 0.5, 0.0, &mut sample, &mut rng);
        for i in 0..10 {
            let t = sample.observations[i];
            seen.insert(t as usize);
            let (reward, next, discount) = match t as usize {
                3 => (3.0 + 2.0, 5.0, 0.0),
                4 => (4.0, 5.0, 0.0),
                7 => (7.0 + 4.0, 9.0, 0.25),
                8 => (8.0, 9.0, 0.5),
                11 => (11.0 + 6.0, 13.0, 0.25),
                12 => (12.0, 13.0, 0.5),
                _ => (t + 0.5 * (t + 1.0) + 0.25 * (t + 2.0), t + 3.0, 0.125),
            };
            assert_eq!(
                (
                    sample.rewards[i],
                    sample.next_observations[i],
                    sample.discounts[i]
                ),
                (reward, next, discount),
                "step {t}"
            );
        }
    }
    assert_eq!(seen, (3..13).collect());
    assert!(
        !buffer.sample(11, 3, 0.5, 0.0, &mut sample, &mut rng),
        "only 10 are held"
    );
}

#[test]
fn prioritised_replay_draws_in_proportion_and_weighs_against_it() {
    let mut buffer = replay(4, 4, |_| None, true);
    buffer.prioritize(&[0, 1, 2, 3], &[1.0, 2.0, 3.0, 4.0], 1.0);
    let mut counts = [0.0; 4];
    let mut sample = Sample::default();
    let mut rng = Seed(0).stream("r", 0);
    for _ in 0..5_000 {
        buffer.sample(4, 1, 0.9, 1.0, &mut sample, &mut rng);
        for (row, weight) in sample.rows.iter().zip(&sample.weights) {
            counts[*row] += 1.0;
            let least = sample.rows.iter().min().unwrap();
            let expected = (*least as f32 + 1.0) / (*row as f32 + 1.0);
            assert!((weight - expected).abs() < 1e-4);
        }
    }
    for (row, count) in counts.iter().enumerate() {
        let share = count / 20_000.0;
        assert!(
            (share - (row as f64 + 1.0) / 10.0).abs() < 0.01,
            "row {row}: {share}"
        );
    }
}

#[test]
fn impossible_settings_are_refused_with_their_name() {
    let check = |config: ppo::Config, expected: &str| {
        let environment = line(false, 2, Seed(0));
        let error = ppo::Trainer::new(config, environment, Seed(0), Arc::new(Pool::new(1)))
            .err()
            .unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    };
    check(
        ppo::Config {
            epochs: 0,
            ..small_ppo()
        },
        "epochs is 0",
    );
    check(
        ppo::Config {
            discount: 1.5,
            ..small_ppo()
        },
        "discount is 1.5",
    );
    check(
        ppo::Config {
            learning_rate: Schedule::Constant(f64::NAN),
            ..small_ppo()
        },
        "learning_rate is NaN",
    );
    let continuous = line(true, 1, Seed(0));
    let refused = dqn::Trainer::new(small_dqn(), continuous, Seed(0), Arc::new(Pool::new(1)))
        .err()
        .unwrap();
    assert!(
        refused
            .to_string()
            .contains("dqn cannot act in one continuous number"),
        "{refused}"
    );
}

#[test]
fn every_preset_is_sound_and_cites_its_source() {
    for preset in ppo::PRESETS {
        assert!(
            (preset.config)().check().is_ok() && !preset.source.is_empty(),
            "{}",
            preset.name
        );
    }
    for preset in dqn::PRESETS {
        assert!(dqn::Config::preset(preset.name).is_some() && !preset.source.is_empty());
    }
}

#[test]
fn a_state_is_what_the_environment_says_it_is() {
    let environments = line(false, 20, Seed(0));
    let mut numbers = Vec::new();
    environments.state(17, &mut numbers);
    assert_eq!(numbers, environments.save().states[17]);
    assert!(<[f64; 2]>::read(&numbers[..2]).is_ok());
}

#[test]
fn rounds_in_phases_are_rounds_whose_rewards_are_given() {
    let config = ppo::Config {
        normalize_rewards: false,
        ..small_ppo()
    };
    let pool = Arc::new(Pool::new(2));
    let environment = || line(false, config.n_environments, Seed(3));
    let whole = ppo::Trainer::new(config.clone(), environment(), Seed(3), Arc::clone(&pool));
    let phases = ppo::Trainer::in_phases(config.clone(), environment(), Seed(3), pool);
    let (mut whole, mut phases, mut opposite) = (
        whole.unwrap(),
        phases.unwrap(),
        ppo::Trainer::in_phases(
            config.clone(),
            environment(),
            Seed(3),
            Arc::new(Pool::new(1)),
        )
        .unwrap(),
    );
    for _ in 0..3 {
        let mut reported = None;
        whole
            .iterate(&mut |event: &TrainEvent| {
                let TrainEvent::Iteration(iteration) = event;
                reported = Some(iteration.clone());
            })
            .unwrap();
        let round = phases.collect_round();
        let paid: Vec<f32> = round.rewards.iter().map(|reward| *reward as f32).collect();
        let next = round.next_observations.chunks_exact(2);
        for (row, (ended, next)) in round.ended.iter().zip(next).enumerate().skip(20) {
            // What was observed next is what is acted on a step later, unless a new episode began.
            let before = row - 20;
            let acted_on = &round.observations[2 * row..][..2];
            let observed = &round.next_observations[2 * before..][..2];
            assert_eq!(round.ended[before], acted_on != observed);
            assert!(*ended || next[1] > acted_on[1]);
        }
        let iteration = phases.learn_from(&paid).unwrap();
        assert_eq!(Some(iteration), reported);
        opposite.collect_round();
        let negated: Vec<f32> = paid.iter().map(|reward| -reward).collect();
        opposite.learn_from(&negated).unwrap();
    }
    assert_eq!(
        bits(whole.policy().as_ref()),
        bits(phases.policy().as_ref())
    );
    assert_ne!(
        bits(whole.policy().as_ref()),
        bits(opposite.policy().as_ref())
    );
    let scaled =
        ppo::Trainer::in_phases(small_ppo(), environment(), Seed(3), Arc::new(Pool::new(1)));
    assert!(scaled.is_err());
}
