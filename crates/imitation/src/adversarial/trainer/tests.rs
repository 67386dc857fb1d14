//! Rounds of adversarial imitation in a task whose end is worth what it is taken for.

use mdp::{End, EpisodeView, TimeLimit};
use rl::{LearnedReward, RewardScratch, Transitions, Vectorized};

use super::*;
use crate::adversarial::{GradientPenalty, SignBias};

type Method = fn(Ends, RewardForm, u64, usize) -> AdversarialTrainer;
const METHODS: [Method; 2] = [gail_trainer, airl_trainer];

/// States 0 and 1 to and fro, and from 1 with action 1 the end.
fn environment(n: usize, seed: u64) -> Box<dyn VectorEnvironment> {
    let task = TimeLimit::new(
        envs::EarlyTermination::positive(),
        envs::EarlyTermination::TIME_LIMIT,
    );
    Box::new(Vectorized::new(Arc::new(task), n, Seed(seed)))
}

/// Four episodes of who lives on, or of who ends at once.
fn demonstrations(ends: bool) -> Trajectories {
    let rules = environment(1, 0);
    let mut all = Trajectories::new(rules.observation_space(), rules.action_space());
    for _ in 0..4 {
        let (observations, actions, end) = if ends {
            (vec![0.0, 1.0, 2.0], vec![0.0, 1.0], End::Terminated)
        } else {
            let states = (0..=10).map(|t| (t % 2) as f32).collect();
            (states, vec![0.0; 10], End::Truncated)
        };
        let episode = EpisodeView {
            observations: &observations,
            actions: &actions,
            rewards: None,
            intents: None,
            states: &[],
            end: Some(end),
        };
        all.push(episode).unwrap();
    }
    all
}

fn generator() -> ppo::Config {
    ppo::Config {
        steps: 20_000,
        n_environments: 20,
        n_steps: 10,
        minibatch: 50,
        epochs: 4,
        hidden: vec![16],
        learning_rate: nn::Schedule::LinearToZero(5e-3),
        entropy_coefficient: 0.01,
        ..ppo::Config::preset("sb3").unwrap()
    }
}

fn discriminator() -> DiscriminatorConfig {
    DiscriminatorConfig {
        hidden: vec![12, 8],
        activation: nn::Activation::Tanh,
        learning_rate: 5e-3,
        n_updates: 3,
        batch: 60,
        buffer_rounds: 3,
        normalize_observations: true,
        penalty: Some(GradientPenalty {
            weight: 1.0,
            target: 1.0,
        }),
    }
}

fn gail_config(ends: Ends, reward: RewardForm) -> gail::Config {
    gail::Config {
        generator: generator(),
        discriminator: discriminator(),
        reward,
        ends,
        normalization: RewardNormalization::Scale,
    }
}

fn gail_trainer(ends: Ends, reward: RewardForm, seed: u64, n_threads: usize) -> AdversarialTrainer {
    let (config, pool) = (gail_config(ends, reward), Arc::new(Pool::new(n_threads)));
    let shown = demonstrations(true);
    AdversarialTrainer::gail(
        config,
        Some(&shown),
        environment(20, seed),
        Seed(seed),
        pool,
    )
    .unwrap()
}

fn airl_trainer(ends: Ends, reward: RewardForm, seed: u64, n_threads: usize) -> AdversarialTrainer {
    let config = airl::Config {
        generator: generator(),
        discriminator: discriminator(),
        potential_hidden: vec![6],
        state_only: false,
        reward: Reward::OfLogit(reward),
        ends,
        normalization: RewardNormalization::Scale,
    };
    let (shown, pool) = (demonstrations(true), Arc::new(Pool::new(n_threads)));
    AdversarialTrainer::airl(
        config,
        Some(&shown),
        environment(20, seed),
        Seed(seed),
        pool,
    )
    .unwrap()
}

/// The reports of `n` rounds, and the mean length of the episodes of the last one.
fn iterate(trainer: &mut AdversarialTrainer, n: usize) -> (Vec<DiscriminatorReport>, f64) {
    let (mut reports, mut length) = (vec![], 0.0);
    for _ in 0..n {
        trainer
            .iterate(&mut |event: &TrainEvent| {
                let TrainEvent::Iteration(iteration) = event;
                reports.push(iteration.discriminator.clone().unwrap());
                length = iteration.episode_length.unwrap_or(length);
            })
            .unwrap();
    }
    (reports, length)
}

#[test]
fn a_restored_training_goes_on_to_the_same_bits_on_any_number_of_threads() {
    for method in METHODS {
        for ends in [Ends::Absorbing, Ends::Worthless] {
            let mut whole = method(ends, RewardForm::Logit, 5, 1);
            iterate(&mut whole, 9);
            let mut first = method(ends, RewardForm::Logit, 5, 3);
            iterate(&mut first, 4);
            // Another seed, and some way already gone: all of it must be overwritten.
            let mut second = method(ends, RewardForm::Logit, 6, 2);
            iterate(&mut second, 2);
            second.restore(&first.save()).unwrap();
            let (reports, _) = iterate(&mut second, 5);
            assert_eq!(reports.len(), 5);
            let bits = |trainer: &AdversarialTrainer| {
                let mut saved = Arrays::from_bytes(&trainer.save()).unwrap();
                // Seconds differ from run to run; nothing else may.
                saved.take_f64("seconds").unwrap();
                let generator = saved.take_bytes("generator").unwrap();
                let mut generator = Arrays::from_bytes(&generator).unwrap();
                generator.take_f64("profile").unwrap();
                (saved, generator)
            };
            assert_eq!(bits(&whole), bits(&second));
            assert_eq!(whole.n_steps(), second.n_steps());
        }
    }
}

#[test]
fn a_damaged_or_foreign_state_is_refused() {
    let mut trainer = gail_trainer(Ends::Absorbing, RewardForm::Softplus, 0, 1);
    iterate(&mut trainer, 3);
    let saved = trainer.save();
    let mut foreign = airl_trainer(Ends::Absorbing, RewardForm::Logit, 0, 1);
    assert!(foreign.restore(&saved).is_err());
    assert!(trainer.restore(&saved[..saved.len() - 9]).is_err());
    type Damage = fn(&mut Arrays);
    let damages: [Damage; 4] = [
        |arrays| arrays.put_f32("buffer.0.actions", vec![7.0; 1]),
        |arrays| arrays.put_u64("buffer.rounds", [9]),
        |arrays| arrays.put_u64("generator", [1_000, 0]),
        |arrays| arrays.put_f64("reward_size", [-1.0; 24]),
    ];
    for damage in damages {
        let mut arrays = Arrays::from_bytes(&saved).unwrap();
        damage(&mut arrays);
        assert!(trainer.restore(&arrays.to_bytes()).is_err());
    }
    let mut arrays = Arrays::from_bytes(&saved).unwrap();
    let mut actions = arrays.take_f32("buffer.0.actions").unwrap();
    actions[0] = 2.0;
    arrays.put_f32("buffer.0.actions", actions);
    let message = trainer.restore(&arrays.to_bytes()).unwrap_err().to_string();
    assert!(message.contains("buffer.0.actions"), "{message}");
    trainer.restore(&saved).unwrap();
}

#[test]
fn without_demonstrations_the_sign_alone_decides_and_with_absorbing_states_nothing_does() {
    let lengths = |reward, ends| {
        let config = gail_config(ends, reward);
        let pool = Arc::new(Pool::new(1));
        let mut trainer =
            AdversarialTrainer::gail(config, None, environment(20, 1), Seed(1), pool).unwrap();
        let (reports, length) = iterate(&mut trainer, 40);
        (trainer.work.rewards.clone(), reports, length)
    };
    for (form, expected) in [
        (RewardForm::Softplus, 9.0..=10.0),
        (RewardForm::Probability, 9.0..=10.0),
        (RewardForm::LogD, 2.0..=2.3),
    ] {
        let (_, reports, length) = lengths(form, Ends::Worthless);
        assert!(expected.contains(&length), "{form:?} {length}");
        let last = reports.last().unwrap();
        let (positive, negative) = match form.bias(Ends::Worthless) {
            SignBias::Survival => (1.0, 0.0),
            _ => (0.0, 1.0),
        };
        assert_eq!(
            (last.positive_share, last.negative_share),
            (positive, negative)
        );
        assert_eq!(last.absorbing_reward, None);
        let (received, reports, _) = lengths(form, Ends::Absorbing);
        assert!(received.iter().all(|reward| *reward == 0.0), "{form:?}");
        let last = reports.last().unwrap();
        assert_eq!(last.absorbing_reward, Some(last.reward_mean));
    }
}

#[test]
fn with_absorbing_states_both_signs_learn_to_end_and_to_live_on() {
    for (ends, expected) in [(true, 2.0..=2.5), (false, 8.5..=10.0)] {
        for form in [RewardForm::Softplus, RewardForm::LogD] {
            let shown = demonstrations(ends);
            let config = gail_config(Ends::Absorbing, form);
            let pool = Arc::new(Pool::new(2));
            let mut trainer =
                AdversarialTrainer::gail(config, Some(&shown), environment(20, 2), Seed(2), pool)
                    .unwrap();
            let (_, length) = iterate(&mut trainer, 100);
            assert!(expected.contains(&length), "{ends} {form:?} {length}");
        }
    }
}

#[test]
fn what_is_received_is_the_declared_transform_of_what_the_discriminator_says() {
    for method in METHODS {
        for ends in [Ends::Absorbing, Ends::Worthless] {
            let mut trainer = method(ends, RewardForm::Logit, 3, 1);
            let (reports, _) = iterate(&mut trainer, 6);
            let report = reports.last().unwrap();
            let expected = report.absorbing_reward.unwrap_or(0.0);
            assert_eq!(report.reward_offset, expected);
            assert_eq!(report.absorbing_reward.is_some(), ends == Ends::Absorbing);
            let received = trainer.work.rewards.iter().map(|r| f64::from(*r));
            let mean = received.sum::<f64>() / trainer.work.rewards.len() as f64;
            let back = mean * report.reward_scale + report.reward_offset;
            assert!((back - report.reward_mean).abs() < 1e-5, "{report:?}");
        }
    }
}

#[test]
fn the_reward_in_a_file_is_that_of_the_discriminator() {
    let transitions = Transitions {
        observations: &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0],
        actions: &[0.0, 1.0, 0.0],
        next_observations: &[0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0],
        terminated: &[false, true, false],
        states: &[],
    };
    for (method, form, ends) in [
        (METHODS[0], RewardForm::Softplus, Ends::Worthless),
        (METHODS[0], RewardForm::LogD, Ends::Absorbing),
        (METHODS[0], RewardForm::Logit, Ends::Absorbing),
        (METHODS[1], RewardForm::Logit, Ends::Absorbing),
        (METHODS[1], RewardForm::Logit, Ends::Worthless),
    ] {
        let mut trainer = method(ends, form, 4, 1);
        iterate(&mut trainer, 5);
        let bytes = trainer.reward_network().unwrap().to_bytes();
        let read = LearnedReward::from_bytes(&bytes).unwrap();
        let mut found = [0.0; 3];
        let pool = Pool::new(1);
        read.rewards(
            &transitions,
            &mut found,
            &mut RewardScratch::default(),
            &pool,
        );

        let mut rows = Rows::new(3, 1);
        rows.observations.extend(transitions.observations);
        rows.actions.extend(transitions.actions);
        rows.next_observations.extend(transitions.next_observations);
        rows.kinds.extend([Kind::Inner, Kind::Final, Kind::Inner]);
        if ends == Ends::Absorbing {
            rows.push_absorbing();
        }
        let (mut batch, mut judgement) = (Batch::default(), Judgement::default());
        trainer.encoding.encode(&rows, &mut batch);
        trainer
            .discriminator
            .judge(&batch, &mut judgement, &trainer.pool);
        let of = |base: f32| match form {
            RewardForm::Logit if ends == Ends::Absorbing => base - judgement.base[3],
            form => form.of(base),
        };
        for (found, base) in found.iter().zip(&judgement.base) {
            assert!(
                (found - f64::from(of(*base))).abs() < 1e-5,
                "{form:?} {ends:?}"
            );
        }
        assert!((found[0] - found[1]).abs() > 1e-4, "{found:?}");
    }
    let trainer = gail_trainer(Ends::Worthless, RewardForm::Probability, 0, 1);
    assert!(trainer.reward_network().is_err());
}

#[test]
fn settings_and_demonstrations_that_do_not_fit_are_refused() {
    let new = |config: gail::Config, shown: &Trajectories| {
        let pool = Arc::new(Pool::new(1));
        AdversarialTrainer::gail(config, Some(shown), environment(20, 0), Seed(0), pool)
            .err()
            .map(|error| error.to_string())
    };
    let config = || gail_config(Ends::Absorbing, RewardForm::Softplus);
    let good = demonstrations(true);
    assert_eq!(new(config(), &good), None);
    let none = good.select(&[]);
    assert!(new(config(), &none).unwrap().contains("empty"));
    let other = Trajectories::new(Space::Discrete { n: 4 }, Space::Discrete { n: 2 });
    assert!(new(config(), &other).unwrap().contains("demonstrations"));
    let standardized = gail::Config {
        normalization: RewardNormalization::Standardize,
        ..config()
    };
    assert!(new(standardized, &good).unwrap().contains("standardize"));
    let mut empty = config();
    empty.discriminator.batch = 0;
    assert!(new(empty, &good).unwrap().contains("discriminator.batch"));
    let mut endless = config();
    endless.discriminator.learning_rate = f64::NAN;
    assert!(new(endless, &good).unwrap().contains("learning_rate"));
}

#[test]
fn presets_are_sound_and_forms_agree_on_what_is_better() {
    for preset in gail::PRESETS {
        (preset.config)().check().unwrap();
    }
    for preset in airl::PRESETS {
        (preset.config)().check().unwrap();
    }
    for form in RewardForm::ALL {
        let values: Vec<f32> = (-40..=40).map(|l| form.of(0.25 * l as f32)).collect();
        assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{form:?}");
        match form.bias(Ends::Worthless) {
            SignBias::Survival => assert!(values.iter().all(|value| *value > 0.0)),
            SignBias::Termination => assert!(values.iter().all(|value| *value < 0.0)),
            bias => assert_eq!(bias, SignBias::Mixed),
        }
        assert_eq!(form.bias(Ends::Absorbing), SignBias::Absent);
    }
}
