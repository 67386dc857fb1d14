//! The window moves as published, chances are resumed to the same bits, and what chance cannot find is learned.

use std::sync::Arc;

use mdp::{
    End, Environment, Rng, Seed, Space, Step, Trajectories, Trajectory, restore_rng, save_rng,
};
use nn::{Activation, Pool};
use rl::{
    Iteration, Learner, Play, TrainEvent, TrainedPolicy, VectorEnvironment, Vectorized, evaluate,
    n_side_by_side,
};

use super::config::CurriculumConfig;
use super::curriculum::{Attempt, Curriculum, Standing, Worker};
use super::{Config, Demonstration, NetworkShape, PRESETS, RecurrentPolicy, Trainer};

/// A lock with a wheel a step: the right one of four actions leads on, any other ends the episode. The last step pays 1.
/// Where it slips, a step leads nowhere.
struct Lock {
    n_wheels: usize,
    slips: f64,
}

impl Lock {
    fn right_action(wheel: usize) -> usize {
        (wheel * 7 + 3) % 4
    }
}

impl Environment for Lock {
    type State = usize;
    type Observation = Vec<f32>;
    type Action = usize;

    fn initial_state(&self, _: &mut Rng) -> usize {
        0
    }

    fn observe(&self, state: &usize, _: &mut Rng) -> Vec<f32> {
        let mut seen = vec![0.0; self.n_wheels + 1];
        seen[(*state).min(self.n_wheels)] = 1.0;
        seen
    }

    fn step(&self, state: &mut usize, action: &usize, rng: &mut Rng) -> Step {
        let slips = mdp::uniform(rng) < self.slips;
        let right = *action == Lock::right_action(*state);
        *state += usize::from(right && !slips);
        let open = *state == self.n_wheels;
        Step {
            intent: Some(f64::from(u8::from(open))),
            end: (open || !right).then_some(End::Terminated),
            ..Step::of_reward(f64::from(u8::from(open)))
        }
    }

    fn observation_space(&self) -> Space {
        Space::continuous(0.0, 1.0, self.n_wheels + 1)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 4 }
    }

    fn is_success(&self, state: &usize) -> Option<bool> {
        Some(*state == self.n_wheels)
    }
}

fn lock() -> Lock {
    Lock {
        n_wheels: 24,
        slips: 0.1,
    }
}

fn demonstration_of(lock: &Lock) -> Demonstration {
    let expert = |state: &Vec<f32>| {
        let wheel = state.iter().position(|seen| *seen > 0.5).unwrap();
        Lock::right_action(wheel)
    };
    struct Expert<F>(F);
    impl<F: Fn(&Vec<f32>) -> usize> mdp::Policy<Vec<f32>, usize> for Expert<F> {
        fn act(&self, observation: &Vec<f32>, _: &mut Rng) -> usize {
            self.0(observation)
        }
    }
    let rng = Seed(5).stream("demonstration", 0);
    let trajectory = Trajectory::record(lock, &Expert(expert), 1000, rng);
    let mut trajectories = Trajectories::new(lock.observation_space(), lock.action_space());
    trajectories.push_trajectory(&trajectory).unwrap();
    Demonstration::of(&trajectories, 0).unwrap()
}

fn config() -> Config {
    Config {
        n_environments: 16,
        n_steps: 16,
        minibatch_environments: 4,
        normalize_observations: true,
        learning_rate: nn::Schedule::Constant(3e-3),
        network: NetworkShape::FeedForward {
            hidden: vec![16],
            activation: Activation::Tanh,
        },
        curriculum: CurriculumConfig {
            window: 8,
            moves_every: 16,
            retreat: 4,
            near_start: 2,
            temperature: 2.0,
            ..Config::named("small").unwrap().curriculum
        },
        ..Config::named("small").unwrap()
    }
}

fn trainer_of(config: &Config, seed: u64, n_threads: usize) -> Trainer {
    let rules = Arc::new(lock());
    let environment = Vectorized::new(Arc::clone(&rules), config.n_environments, Seed(seed));
    let pool = Arc::new(Pool::new(n_threads));
    let demonstration = demonstration_of(&rules);
    Trainer::new(
        config.clone(),
        demonstration,
        Box::new(environment),
        Seed(seed),
        pool,
    )
    .unwrap()
}

fn iterate(trainer: &mut Trainer, n: usize) -> Iteration {
    let mut last = Iteration::default();
    for _ in 0..n {
        trainer
            .iterate(&mut |event: &TrainEvent| {
                let TrainEvent::Iteration(iteration) = event;
                last = iteration.clone();
            })
            .unwrap();
    }
    last
}

fn n_solved(policy: &dyn TrainedPolicy, rules: &dyn VectorEnvironment) -> usize {
    let mut actor = policy.actor(Play::Greedy, n_side_by_side(40));
    let outcomes = evaluate(actor.as_mut(), rules, 40, Seed(9), &Pool::new(1));
    let solved = outcomes
        .iter()
        .filter(|outcome| outcome.success == Some(true));
    solved.count()
}

/// The configurations that every promise is held against.
fn configs() -> Vec<Config> {
    let plain = config();
    let recurrent = Config {
        burn_in: 6,
        network: NetworkShape::Recurrent {
            encoder: 16,
            activation: Activation::Tanh,
            units: 12,
        },
        curriculum: CurriculumConfig {
            prior_steps: 3,
            ..plain.curriculum.clone()
        },
        ..config()
    };
    vec![plain, recurrent]
}

#[test]
fn what_chance_cannot_find_is_learned_from_one_demonstration() {
    for config in configs() {
        let mut trainer = trainer_of(&config, 0, 2);
        assert_eq!(trainer.start_point(), trainer.demonstration.n_steps() - 1);
        let first = iterate(&mut trainer, 1);
        assert_eq!(
            n_solved(trainer.policy().as_ref(), trainer.environment()),
            0
        );
        assert!(first.matched_share.is_some());
        let mut n_rounds = 1;
        while n_rounds < 400 && n_solved(trainer.policy().as_ref(), trainer.environment()) < 40 {
            iterate(&mut trainer, 10);
            n_rounds += 10;
        }
        assert!(n_rounds < 400, "{n_rounds} at {}", trainer.start_point());
        assert!(trainer.start_point() < 10);
    }
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    for config in configs() {
        let train = |seed, n_threads| {
            let mut trainer = trainer_of(&config, seed, n_threads);
            iterate(&mut trainer, 12);
            trainer.policy().to_bytes()
        };
        let one = train(1, 1);
        assert_eq!(one, train(1, 2));
        assert_eq!(one, train(1, 3));
        assert_ne!(one, train(2, 1));
    }
}

#[test]
fn a_restored_training_goes_on_to_the_same_bits() {
    for config in configs() {
        for n_before in [1, 7] {
            let mut whole = trainer_of(&config, 4, 1);
            iterate(&mut whole, n_before);
            let saved = whole.save();
            iterate(&mut whole, 9);
            let mut second = trainer_of(&config, 99, 2);
            iterate(&mut second, 2);
            second.restore(&saved).unwrap();
            iterate(&mut second, 9);
            assert_eq!(whole.policy().to_bytes(), second.policy().to_bytes());
            assert_eq!(whole.n_steps(), second.n_steps());
            assert_eq!(whole.start_point(), second.start_point());
        }
    }
}

#[test]
fn a_damaged_or_foreign_state_is_refused_and_changes_nothing() {
    let mut trainer = trainer_of(&config(), 0, 1);
    iterate(&mut trainer, 3);
    let saved = trainer.save();
    let mut cases: Vec<Vec<u8>> = vec![vec![], b"no safetensors".to_vec()];
    cases.extend([8, 100, saved.len() / 2, saved.len() - 1].map(|n| saved[..n].to_vec()));
    let other = Config {
        n_environments: 8,
        ..config()
    };
    cases.push(trainer_of(&other, 0, 1).save());
    for (case, bytes) in cases.iter().enumerate() {
        assert!(trainer.restore(bytes).is_err(), "case {case}");
        let without_clock = |bytes: &[u8]| {
            let mut arrays = rl::Arrays::from_bytes(bytes).unwrap();
            arrays.put_f64("profile", [0.0, 0.0]);
            arrays.to_bytes()
        };
        assert_eq!(
            without_clock(&trainer.save()),
            without_clock(&saved),
            "case {case}"
        );
    }
}

fn curriculum_config() -> CurriculumConfig {
    CurriculumConfig {
        window: 10,
        success_share: 0.2,
        retreat: 3,
        sampled_share: 0.0,
        allowed_lag: 5,
        extra_exponent: 0.0,
        prior_steps: 4,
        ..Config::named("published").unwrap().curriculum
    }
}

/// 40 steps that pay 2 in step 20 and 1 in the last.
fn long_demonstration() -> Demonstration {
    let mut rewards = vec![0.0; 40];
    (rewards[19], rewards[39]) = (2.0, 1.0);
    let mut scores = vec![0.0];
    for reward in &rewards {
        scores.push(scores[scores.len() - 1] + reward);
    }
    Demonstration {
        states: (0..41).map(|step| vec![f64::from(step)]).collect(),
        features: vec![0.0; 41],
        n_features: 1,
        actions: vec![0.0; 40],
        n_action_values: 1,
        rewards,
        scores,
    }
}

#[test]
fn the_window_moves_back_to_where_a_fifth_succeeds_and_forward_where_none_does() {
    let (config, demonstration) = (curriculum_config(), long_demonstration());
    let mut rng = Seed(0).stream("starts", 0);
    let mut curriculum = Curriculum::new(&config, 20, &demonstration);
    let starts = |curriculum: &Curriculum, rng: &mut Rng| -> Vec<usize> {
        let start = |worker| curriculum.begin(worker, &config, &demonstration, rng).start;
        (0..20).map(start).collect()
    };
    // Two workers a point, from the last step back.
    let expected: Vec<usize> = (0..20).map(|worker| 39 - worker / 2).collect();
    assert_eq!(starts(&curriculum, &mut rng), expected);
    let attempt = |start, succeeded| Attempt { start, succeeded };
    // Points 30 to 33 sum to 0.5 + 1 + 0.5 = 2 of 10 at 33.
    let attempts = [
        attempt(31, true),
        attempt(31, false),
        attempt(32, true),
        attempt(33, true),
        attempt(33, false),
        attempt(36, true),
    ];
    curriculum.shift(&attempts, &config);
    assert_eq!(curriculum.latest(), 33);
    assert_eq!(starts(&curriculum, &mut rng)[19], 24);
    // What is not tried again keeps its share; what fails now loses it, and the sum is reached at 36 only.
    curriculum.shift(&[attempt(32, false)], &config);
    assert_eq!(curriculum.latest(), 36);
    let failures: Vec<Attempt> = (30..40).map(|start| attempt(start, false)).collect();
    curriculum.shift(&failures, &config);
    assert_eq!(curriculum.latest(), 39, "three forward");
    curriculum.shift(&failures, &config);
    assert_eq!(curriculum.latest(), 39, "never beyond where it began");
    let successes: Vec<Attempt> = (0..10).map(|start| attempt(start, true)).collect();
    curriculum.shift(&successes, &config);
    assert_eq!(curriculum.latest(), 1);
    assert_eq!(starts(&curriculum, &mut rng)[4..], [0; 16]);
}

#[test]
fn a_share_of_episodes_begins_anywhere_later_and_prior_steps_come_before() {
    let (mut config, demonstration) = (curriculum_config(), long_demonstration());
    config.sampled_share = 0.5;
    let mut curriculum = Curriculum::new(&config, 10, &demonstration);
    let successes: Vec<Attempt> = (18..21)
        .map(|start| Attempt {
            start,
            succeeded: true,
        })
        .collect();
    curriculum.shift(&successes, &config);
    assert_eq!(curriculum.latest(), 19);
    let mut rng = Seed(1).stream("starts", 0);
    let workers: Vec<Worker> = (0..2000)
        .map(|_| curriculum.begin(0, &config, &demonstration, &mut rng))
        .collect();
    let n_own = workers.iter().filter(|worker| worker.start == 19).count();
    assert!((950..1110).contains(&n_own), "{n_own}");
    for worker in &workers {
        assert!((19..40).contains(&worker.start));
        assert_eq!(worker.step, worker.start - 4);
        assert_eq!(worker.score, if worker.step < 20 { 0.0 } else { 2.0 });
        assert!(worker.is_prior());
        assert_eq!(worker.extra, 1);
    }
}

#[test]
fn episodes_are_cut_where_they_lag_and_some_time_after_they_have_it_all() {
    let (config, demonstration) = (curriculum_config(), long_demonstration());
    let at = |step: usize, score: f64, extra: u64| Worker {
        start: step,
        step,
        score,
        extra,
    };
    let check = |mut worker: Worker, rewards: &[f64], expected: &[Standing]| {
        let standings: Vec<Standing> = rewards
            .iter()
            .map(|reward| worker.push(*reward, &demonstration, &config))
            .collect();
        assert_eq!(standings, expected);
    };
    use Standing::{Finished, Going, Lagging};
    // The demonstration has 2 after 20 steps, so an episode must have them after 25.
    check(at(23, 0.0, 1), &[0.0, 0.0], &[Going, Lagging]);
    check(at(23, 0.0, 1), &[0.0, 2.0], &[Going, Going]);
    check(at(3, 0.0, 1), &[0.0], &[Going]);
    check(at(38, 2.0, 3), &[1.0, 0.0, 0.0], &[Going, Going, Finished]);
    check(at(38, 2.0, 1), &[0.5, 0.5], &[Going, Finished]);
    // After its end the demonstration's whole score is expected.
    check(at(44, 2.0, 1), &[0.0], &[Lagging]);
}

#[test]
fn settings_and_demonstrations_that_cannot_be_are_refused() {
    for preset in &PRESETS {
        assert!((preset.config)().check().is_ok(), "{}", preset.name);
    }
    let refuse = |change: fn(&mut Config), expected: &str| {
        let mut config = config();
        change(&mut config);
        let error = config.check().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refuse(|config| config.epochs = 0, "epochs is 0");
    refuse(|config| config.discount = 1.5, "discount is 1.5");
    refuse(|config| config.clip = f32::NAN, "clip is NaN");
    refuse(|config| config.curriculum.window = 0, "curriculum.window");
    refuse(|config| config.curriculum.temperature = 0.0, "temperature");
    refuse(
        |config| config.l2_coefficient = -1.0,
        "l2_coefficient is -1",
    );
    let rules = lock();
    let empty = Trajectories::new(rules.observation_space(), rules.action_space());
    assert!(Demonstration::of(&empty, 0).is_err());
    let other = Arc::new(Lock {
        n_wheels: 7,
        slips: 0.0,
    });
    let environment = Vectorized::new(other, 16, Seed(0));
    let error = Trainer::new(
        config(),
        demonstration_of(&rules),
        Box::new(environment),
        Seed(0),
        Arc::new(Pool::new(1)),
    )
    .err()
    .unwrap()
    .to_string();
    assert!(error.contains("25 features"), "{error}");
}

/// The loss of a part of the round, from what is logged of it.
fn loss_of(trainer: &mut Trainer, part: &[u32], entropy_coefficient: f32) -> f64 {
    let mut iteration = Iteration::default();
    let sums = trainer.gradient_of(part, entropy_coefficient);
    sums.report(&mut iteration);
    let half = 0.5 * f64::from(trainer.config.value_coefficient);
    iteration.policy_loss.unwrap() + half * iteration.value_loss.unwrap()
        - f64::from(entropy_coefficient) * iteration.entropy.unwrap()
}

/// Through the temperature near starts, the rows that do not count, and the memory.
#[test]
fn the_gradient_is_that_of_the_loss() {
    for config in configs() {
        let mut trainer = trainer_of(&config, 0, 2);
        iterate(&mut trainer, 3);
        trainer.collect();
        trainer.buffers.estimate_advantages(0.99, 0.9);
        assert!(trainer.buffers.is_near.contains(&true));
        let order = trainer.network.order(&trainer.buffers);
        let part = &order[..order.len() / 2];
        loss_of(&mut trainer, part, 0.05);
        let exact = trainer.gradient.clone();
        for index in (0..exact.len()).step_by(exact.len() / 60) {
            let (before, step) = (trainer.network.parameters()[index], 5e-3);
            let mut at = |value: f32| {
                trainer.network.parameters_mut()[index] = value;
                loss_of(&mut trainer, part, 0.05)
            };
            let slope = (at(before + step) - at(before - step)) / (2.0 * f64::from(step));
            at(before);
            let error = (slope - f64::from(exact[index])).abs();
            assert!(
                error < 1e-3 + 2e-2 * slope.abs(),
                "{index}: {slope} {}",
                exact[index]
            );
        }
    }
}

#[test]
fn a_policy_with_a_memory_comes_back_from_its_bytes_and_acts_alike() {
    let mut trainer = trainer_of(&configs()[1], 0, 1);
    iterate(&mut trainer, 20);
    let policy = trainer.policy();
    let bytes = policy.to_bytes();
    let again = RecurrentPolicy::from_bytes(&bytes).unwrap();
    assert_eq!(again.to_bytes(), bytes);
    assert!(again.check_fits(trainer.environment()).is_ok());
    for play in [Play::Sampled, Play::Greedy] {
        let played = |policy: &dyn TrainedPolicy| {
            let mut actor = policy.actor(play, n_side_by_side(30));
            evaluate(
                actor.as_mut(),
                trainer.environment(),
                30,
                Seed(2),
                &Pool::new(1),
            )
        };
        assert_eq!(played(policy.as_ref()), played(&again));
    }
    for length in [0, 10, bytes.len() / 2, bytes.len() - 1] {
        assert!(RecurrentPolicy::from_bytes(&bytes[..length]).is_err());
    }
    let plain = trainer_of(&config(), 0, 1).policy().to_bytes();
    assert!(RecurrentPolicy::from_bytes(&plain).is_err());
    let damage = |name: &str, numbers: &[u64]| {
        let mut arrays = rl::Arrays::from_bytes(&bytes).unwrap();
        arrays.put_u64(name, numbers);
        assert!(
            RecurrentPolicy::from_bytes(&arrays.to_bytes()).is_err(),
            "{name}"
        );
    };
    damage("recurrent.shape", &[25, 16, 12, 5, 7]);
    damage("recurrent.shape", &[25, 16, u64::MAX, 5, 0]);
    damage("recurrent.head", &[0, 3]);
    damage("recurrent.head", &[9]);
}

#[test]
fn random_streams_of_environments_go_on_where_states_are_put_in() {
    let mut trainer = trainer_of(&config(), 3, 1);
    let before = trainer.environment.save();
    trainer.place(&[(2, 5)]);
    let after = trainer.environment.save();
    assert_eq!(before.rngs, after.rngs);
    assert_eq!(after.states[2], trainer.demonstration.states[5]);
    assert_eq!(before.states[3], after.states[3]);
    let same = restore_rng(&before.rngs[2]);
    assert_eq!(save_rng(&same), before.rngs[2]);
}
