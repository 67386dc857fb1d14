//! Tests of behavioural cloning.

use std::sync::Arc;

use mdp::{EpisodeView, Rng, Seed, Space, Trajectories, normal, uniform_in};
use nn::{Pool, Schedule};
use rl::{Iteration, Learner as _, NetworkPolicy, TrainEvent, VectorEnvironment, Vectorized};

use super::*;

/// Episodes of lengths 1 to 7 with two numbers seen, and what an expert does at them.
fn demonstrations(
    actions: &Space,
    n_episodes: usize,
    expert: impl Fn(&[f32], &mut Rng) -> Vec<f32>,
) -> Trajectories {
    let mut trajectories = Trajectories::new(Space::continuous(-9.0, 9.0, 2), actions.clone());
    let mut rng = Seed(5).stream("demonstrations", 0);
    for episode in 0..n_episodes {
        let n_steps = 1 + episode % 7;
        let observations: Vec<f32> = (0..2 * (n_steps + 1))
            .map(|_| uniform_in(-1.0, 1.0, &mut rng) as f32)
            .collect();
        let acted_on = observations.chunks_exact(2).take(n_steps);
        let done: Vec<f32> = acted_on.flat_map(|row| expert(row, &mut rng)).collect();
        let episode = EpisodeView {
            observations: &observations,
            actions: &done,
            rewards: None,
            intents: None,
            states: &[],
            end: None,
        };
        trajectories.push(episode).unwrap();
    }
    trajectories
}

/// Acts by signs: choices that a network must find exactly.
fn by_signs(n_episodes: usize) -> Trajectories {
    demonstrations(&Space::Discrete { n: 3 }, n_episodes, |row, _| {
        let choice = match (row[0] > 0.0, row[1] > 0.0) {
            (true, true) => 0.0,
            (true, false) => 1.0,
            _ => 2.0,
        };
        vec![choice]
    })
}

fn small() -> Config {
    Config {
        epochs: 4,
        minibatch: 16,
        hidden: vec![16],
        entropy_weight: 0.01,
        l2_weight: 1e-3,
        ..Config::preset("default").unwrap()
    }
}

fn clone_of(config: Config, demonstrations: &Trajectories) -> NetworkPolicy {
    let pool = Arc::new(Pool::new(1));
    train(
        config,
        demonstrations,
        Seed(0),
        pool,
        &mut |_: &TrainEvent| (),
    )
    .unwrap()
}

fn iterations(cloning: &mut Cloning, n: usize) -> Vec<Iteration> {
    let mut seen = Vec::new();
    for _ in 0..n {
        let mut observer = |event: &TrainEvent| {
            let TrainEvent::Iteration(iteration) = event;
            seen.push(iteration.clone());
        };
        cloning.iterate(&mut observer).unwrap();
    }
    seen
}

fn cloning(config: Config, demonstrations: &Trajectories, n_threads: usize) -> Cloning {
    let pool = Arc::new(Pool::new(n_threads));
    Cloning::new(config, demonstrations, Seed(0), pool).unwrap()
}

/// Log-probabilities of samples under a policy.
fn log_probs(policy: &NetworkPolicy, samples: &Samples) -> (Vec<f32>, Vec<f32>) {
    let (mut log_probs, mut entropies) = (vec![0.0; samples.len()], vec![0.0; samples.len()]);
    policy.evaluate(
        samples.observations(),
        samples.actions(),
        &mut log_probs,
        &mut entropies,
        &Pool::new(1),
    );
    (log_probs, entropies)
}

#[test]
fn choices_are_cloned() {
    let config = Config {
        epochs: 60,
        ..Config::preset("default").unwrap()
    };
    let policy = clone_of(config, &by_signs(400));
    let (likely, _) = log_probs(&policy, &Samples::of(&by_signs(500)));
    let n_right = likely.iter().filter(|p| **p > 0.5_f32.ln()).count();
    assert!(
        n_right as f64 > 0.97 * likely.len() as f64,
        "{n_right} of {}",
        likely.len()
    );
}

#[test]
fn continuous_actions_are_cloned_with_their_spread() {
    let space = Space::continuous(-9.0, 9.0, 2);
    let expert = |row: &[f32], rng: &mut Rng| {
        vec![
            2.0 * row[0] + 0.3 * normal(rng) as f32,
            -row[1] + 0.05 * normal(rng) as f32,
        ]
    };
    let policy = clone_of(
        Config {
            epochs: 60,
            ..Config::preset("default").unwrap()
        },
        &demonstrations(&space, 800, expert),
    );
    let deviations = &policy.parameters()[policy.n_parameters() - policy.n_free()..];
    for (log_std, truth) in deviations.iter().zip([0.3_f32, 0.05]) {
        assert!(
            (log_std - truth.ln()).abs() < 0.2,
            "{log_std} and {}",
            truth.ln()
        );
    }
}

#[test]
fn the_deviation_of_a_certain_expert_stays_above_its_floor() {
    let space = Space::continuous(-9.0, 9.0, 1);
    let certain = demonstrations(&space, 300, |_, _| vec![0.5]);
    let policy = clone_of(
        Config {
            least_log_std: Some(-1.0),
            ..small()
        },
        &certain,
    );
    assert!(policy.parameters()[policy.n_parameters() - 1] >= -1.0);
}

#[test]
fn the_loss_is_what_the_documents_say() {
    let demonstrations = by_signs(50);
    // Nothing moves, so that the loss of every minibatch is that of the first policy.
    let config = Config {
        learning_rate: Schedule::Constant(0.0),
        minibatch: 1,
        ..small()
    };
    let mut cloning = cloning(config, &demonstrations, 1);
    let reported = &iterations(&mut cloning, 1)[0];
    let policy = cloning.policy();
    let (likely, entropies) = log_probs(&policy, &Samples::of(&demonstrations));
    let mean = |numbers: &[f32]| {
        numbers.iter().copied().map(f64::from).sum::<f64>() / numbers.len() as f64
    };
    let squares: f64 = policy
        .parameters()
        .iter()
        .map(|p| f64::from(*p).powi(2))
        .sum();
    let loss = -mean(&likely) - 0.01 * mean(&entropies) + 1e-3 * 0.5 * squares;
    assert!((reported.policy_loss.unwrap() - loss).abs() < 1e-5);
    assert!((reported.entropy.unwrap() - mean(&entropies)).abs() < 1e-5);
    assert_eq!(reported.n_steps, demonstrations.n_steps() as u64);
}

#[test]
fn a_step_goes_against_the_gradient_of_the_whole_loss() {
    let demonstrations = by_signs(50);
    let config = Config {
        minibatch: usize::MAX,
        epochs: 300,
        l2_weight: 10.0,
        learning_rate: Schedule::Constant(1e-2),
        ..small()
    };
    let before = cloning(config.clone(), &demonstrations, 1).policy();
    let after = clone_of(config, &demonstrations);
    let size = |policy: &NetworkPolicy| -> f32 { policy.parameters().iter().map(|p| p * p).sum() };
    assert!(
        size(&after) < 0.01 * size(&before),
        "a heavy weight shrinks all"
    );
}

#[test]
fn training_goes_on_to_the_same_bits_on_any_number_of_threads() {
    let demonstrations = by_signs(60);
    let validated = Config {
        validation: Some(Validation {
            share: 0.2,
            patience: 2,
        }),
        ..small()
    };
    for config in [small(), validated] {
        let mut whole = cloning(config.clone(), &demonstrations, 2);
        iterations(&mut whole, 4);
        let mut first = cloning(config.clone(), &demonstrations, 1);
        iterations(&mut first, 2);
        let saved = first.save().to_bytes();
        let mut second = cloning(config, &demonstrations, 1);
        second.restore(Arrays::from_bytes(&saved).unwrap()).unwrap();
        assert_eq!(second.save().to_bytes(), saved);
        iterations(&mut second, 2);
        assert_eq!(
            second.policy().to_bytes(),
            whole.policy().to_bytes(),
            "resumed"
        );
        assert_eq!(second.n_seen, whole.n_seen);
    }
}

#[test]
fn learning_stops_at_the_policy_that_held_back_episodes_are_most_likely_under() {
    // The labels are noise: whatever is learned of them is wrong of others.
    let noise = demonstrations(&Space::Discrete { n: 3 }, 60, |_, rng| {
        vec![mdp::index(3, rng) as f32]
    });
    let config = Config {
        epochs: 200,
        validation: Some(Validation {
            share: 0.3,
            patience: 3,
        }),
        ..small()
    };
    let mut cloning = cloning(config, &noise, 1);
    let seen = iterations(&mut cloning, 200);
    let losses: Vec<f64> = seen.iter().filter_map(|i| i.validation_loss).collect();
    assert!(losses.len() < 200, "it stopped after {}", losses.len());
    assert!(seen.last().unwrap().policy_loss.is_none());
    let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(
        losses[losses.len() - 4],
        least,
        "three epochs after the best"
    );
    let (likely, _) = log_probs(&cloning.policy(), &cloning.held_back);
    let of_policy = -likely.iter().copied().map(f64::from).sum::<f64>() / likely.len() as f64;
    assert!((of_policy - least).abs() < 1e-6);
    assert_eq!(cloning.n_seen, cloning.n_planned());
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let refuse = |config: Config, demonstrations: &Trajectories, expected: &str| {
        let pool = Arc::new(Pool::new(1));
        let error = Cloning::new(config, demonstrations, Seed(0), pool)
            .err()
            .unwrap();
        assert!(error.to_string().contains(expected), "{error}");
    };
    refuse(
        small(),
        &by_signs(0),
        "demonstrations is a record without a step",
    );
    let validated = |share, patience| Config {
        validation: Some(Validation { share, patience }),
        ..small()
    };
    refuse(validated(0.5, 1), &by_signs(1), "give more episodes");
    refuse(validated(1.5, 1), &by_signs(9), "validation share is 1.5");
    refuse(validated(0.5, 0), &by_signs(9), "patience is 0");
    refuse(
        Config {
            learning_rate: Schedule::Constant(f64::NAN),
            ..small()
        },
        &by_signs(9),
        "learning_rate is NaN",
    );
    let hidden = vec![8, 0];
    refuse(Config { hidden, ..small() }, &by_signs(9), "hidden is 0");
}

#[test]
fn demonstrations_of_another_environment_are_refused() {
    let cart_pole: Box<dyn VectorEnvironment> = Box::new(Vectorized::new(
        Arc::new(envs::CartPole.with_time_limit()),
        1,
        Seed(0),
    ));
    let pool = Arc::new(Pool::new(1));
    let error = Trainer::new(small(), &by_signs(3), cart_pole, Seed(0), pool)
        .err()
        .unwrap();
    assert!(error.to_string().contains("2 features"), "{error}");
}

#[test]
fn a_trainer_counts_what_it_passes_over_and_keeps_its_environment() {
    let acrobot = Arc::new(envs::Acrobot::default().with_time_limit());
    let environment = Box::new(Vectorized::new(acrobot, 2, Seed(0)));
    let mut recorder = rl::Actor::owning(
        NetworkPolicy::with_shape(
            &small().shape(),
            6,
            &environment.action_space(),
            &mut Seed(1).stream("weights", 0),
        )
        .unwrap(),
        rl::Play::Sampled,
        1,
    );
    let recorded = rl::demonstrate(
        &mut recorder,
        environment.as_ref(),
        1,
        Seed(2),
        &Pool::new(1),
    );
    let n_steps = recorded.n_steps() as u64;
    let pool = Arc::new(Pool::new(1));
    let mut trainer = Trainer::new(small(), &recorded, environment, Seed(0), pool).unwrap();
    assert_eq!(trainer.n_planned(), 4 * n_steps);
    trainer.iterate(&mut |_: &TrainEvent| ()).unwrap();
    assert_eq!(trainer.n_steps(), n_steps);
    assert_eq!(trainer.environment().n_environments(), 2);
    let saved = trainer.save();
    trainer.iterate(&mut |_: &TrainEvent| ()).unwrap();
    trainer.restore(&saved).unwrap();
    assert_eq!(trainer.save(), saved);
}

#[test]
fn every_preset_is_sound_and_cites_its_source() {
    for preset in PRESETS {
        let config = Config::preset(preset.name).unwrap();
        assert!(config.check().is_ok() && !preset.source.is_empty());
    }
}
