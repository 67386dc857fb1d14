//! Tests of DAgger.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use envs::CartPole;
use mdp::{Environment as _, Seed, TimeLimit};
use nn::Pool;
use rl::{
    Arrays, Iteration, Learner as _, Play, TrainEvent, VectorEnvironment, Vectorized, evaluate,
};

use super::*;
use crate::behavioral_cloning;

/// Pushes towards the side to which the pole falls, and back from the ends of the track; reads the true state.
fn balance(state: &[f64]) -> Vec<f32> {
    let [position, velocity, angle, turning] = [state[0], state[1], state[2], state[3]];
    let falls = angle + 0.3 * turning + 0.02 * position + 0.04 * velocity;
    vec![f32::from(falls > 0.0)]
}

fn expert() -> Box<dyn Expert> {
    Box::new(StateExpert(|_: &[f32], state: &[f64], _: &mut mdp::Rng| {
        balance(state)
    }))
}

fn rules() -> TimeLimit<CartPole> {
    TimeLimit::new(CartPole, 100)
}

fn environments(n: usize) -> Box<dyn VectorEnvironment> {
    Box::new(Vectorized::new(Arc::new(rules()), n, Seed(7)))
}

fn small() -> Config {
    let preset = Config::preset("default").unwrap();
    Config {
        steps: 2_000,
        n_environments: 3,
        min_episodes: 4,
        min_steps: 250,
        beta: Beta::Exponential { decay: 0.5 },
        cloning: behavioral_cloning::Config {
            epochs: 3,
            hidden: vec![16],
            ..preset.cloning
        },
    }
}

fn trainer(config: Config, n_threads: usize) -> Trainer {
    let environment = environments(config.n_environments);
    let pool = Arc::new(Pool::new(n_threads));
    Trainer::new(config, expert(), None, environment, Seed(0), pool).unwrap()
}

fn rounds(trainer: &mut Trainer, n: usize) -> Vec<Iteration> {
    let mut seen = Vec::new();
    for _ in 0..n {
        let mut observer = |event: &TrainEvent| {
            let TrainEvent::Iteration(iteration) = event;
            seen.push(iteration.clone());
        };
        trainer.iterate(&mut observer).unwrap();
    }
    seen
}

#[test]
fn a_learner_that_clones_where_it_goes_balances_the_pole() {
    let pool = Arc::new(Pool::new(1));
    let policy = train(
        Config {
            steps: 5_000,
            ..small()
        },
        expert(),
        None,
        environments(3),
        Seed(1),
        Arc::clone(&pool),
        &mut |_: &TrainEvent| (),
    )
    .unwrap();
    let mut actor = Actor::new(&policy, Play::Greedy, 10);
    let outcomes = evaluate(&mut actor, environments(1).as_ref(), 10, Seed(3), &pool);
    let mean = outcomes.iter().map(|outcome| outcome.reward).sum::<f64>() / 10.0;
    assert!(mean > 95.0, "{mean}");
}

#[test]
fn every_label_is_the_experts_whoever_acted() {
    let mut trainer = trainer(small(), 1);
    rounds(&mut trainer, 3);
    let samples = trainer.cloner.samples();
    assert_eq!(samples.len() as u64, trainer.n_steps());
    for (observation, label) in samples
        .observations()
        .chunks_exact(4)
        .zip(samples.actions())
    {
        let state: Vec<f64> = observation.iter().copied().map(f64::from).collect();
        // Not where rounding to 32 bits could turn the sign.
        let falls = state[2] + 0.3 * state[3] + 0.02 * state[0] + 0.04 * state[1];
        if falls.abs() > 1e-6 {
            assert_eq!(*label, balance(&state)[0]);
        }
    }
}

#[test]
fn a_round_has_enough_episodes_and_enough_steps_and_plays_them_to_their_ends() {
    let mut of_many = trainer(small(), 1);
    let first = &rounds(&mut of_many, 1)[0];
    // The expert plays alone and never falls: four episodes of 100 steps at least, whole ones.
    assert_eq!(first.expert_share, Some(1.0));
    assert_eq!(first.episode_length, Some(100.0));
    assert_eq!(first.reward_return, Some(100.0));
    assert!(
        first.n_steps >= 400 && first.n_steps.is_multiple_of(100),
        "{}",
        first.n_steps
    );
    let few = Config {
        min_episodes: 1,
        min_steps: 1,
        n_environments: 1,
        ..small()
    };
    let mut of_few = trainer(few, 1);
    assert_eq!(rounds(&mut of_few, 1)[0].n_steps, 100);
}

#[test]
fn the_share_of_the_expert_falls_as_it_is_told_to() {
    let check = |beta: Beta, expected: [f64; 4]| {
        for (round, expected) in [0, 1, 2, 15].into_iter().zip(expected) {
            assert!((beta.at(round) - expected).abs() < 1e-12);
        }
    };
    check(
        Beta::Linear { rounds: 15 },
        [1.0, 14.0 / 15.0, 13.0 / 15.0, 0.0],
    );
    check(
        Beta::Exponential { decay: 0.7 },
        [1.0, 0.7, 0.49, 0.7_f64.powi(15)],
    );
}

#[test]
fn the_expert_is_asked_about_the_steps_that_it_does_not_take() {
    // An expert who pushes left, in an environment that the learner has to itself after the first round.
    let left = StateExpert(|_: &[f32], _: &[f64], _: &mut mdp::Rng| vec![0.0]);
    let config = Config {
        beta: Beta::Linear { rounds: 1 },
        cloning: behavioral_cloning::Config {
            learning_rate: nn::Schedule::Constant(0.0),
            ..small().cloning
        },
        ..small()
    };
    let environment = environments(3);
    let pool = Arc::new(Pool::new(1));
    let mut trainer =
        Trainer::new(config, Box::new(left), None, environment, Seed(0), pool).unwrap();
    let seen = rounds(&mut trainer, 2);
    // Pushing left alone the pole falls within 11 steps; a policy that has learned nothing lasts longer.
    assert!(seen[0].episode_length.unwrap() < 11.5);
    assert!(seen[1].episode_length.unwrap() > 15.0);
    assert!(
        trainer
            .cloner
            .samples()
            .actions()
            .iter()
            .all(|label| *label == 0.0)
    );
}

#[test]
fn training_goes_on_to_the_same_bits_on_any_number_of_threads() {
    let mut whole = trainer(small(), 2);
    rounds(&mut whole, 4);
    let mut first = trainer(small(), 1);
    rounds(&mut first, 2);
    let saved = first.save();
    let mut second = trainer(small(), 1);
    second.restore(&saved).unwrap();
    assert_eq!(second.save(), saved);
    rounds(&mut second, 2);
    assert_eq!(second.n_steps(), whole.n_steps());
    assert_eq!(second.policy().to_bytes(), whole.policy().to_bytes());
    let without_time = |trainer: &Trainer| {
        let mut arrays = Arrays::from_bytes(&trainer.save()).unwrap();
        arrays.take_f64("profile").unwrap();
        arrays
    };
    assert_eq!(without_time(&second), without_time(&whole));
}

#[test]
fn a_saved_training_of_another_environment_is_refused() {
    let saved = trainer(small(), 1).save();
    let acrobot = Arc::new(envs::Acrobot::default().with_time_limit());
    let environment = Box::new(Vectorized::new(acrobot, 3, Seed(0)));
    let pool = Arc::new(Pool::new(1));
    let mut other = Trainer::new(small(), expert(), None, environment, Seed(0), pool).unwrap();
    assert!(other.restore(&saved).is_err());
    assert!(
        trainer(small(), 1)
            .restore(&saved[..saved.len() / 2])
            .is_err()
    );
}

#[test]
fn demonstrations_are_in_the_aggregate_from_the_start() {
    let environment = environments(2);
    let pool = Arc::new(Pool::new(1));
    let mut actor = ScriptedPolicy::default();
    let recorded = rl::demonstrate(&mut actor, environment.as_ref(), 2, Seed(0), &pool);
    let trainer = Trainer::new(
        small(),
        expert(),
        Some(&recorded),
        environment,
        Seed(0),
        pool,
    )
    .unwrap();
    assert_eq!(*trainer.cloner.samples(), Samples::of(&recorded));
    assert_eq!(trainer.n_steps(), 0, "nobody was asked yet");
}

/// Balances by what it sees, and counts the episodes that it is told of.
#[derive(Default)]
struct ScriptedPolicy {
    n_begun: Arc<AtomicUsize>,
}

impl rl::BatchPolicy for ScriptedPolicy {
    fn act(&mut self, observations: &[f32], _: &mut [Rng], actions: &mut [f32], _: &Pool) {
        for (row, action) in observations.chunks_exact(4).zip(actions) {
            let state: Vec<f64> = row.iter().copied().map(f64::from).collect();
            *action = balance(&state)[0];
        }
    }

    fn begin_episode(&mut self, _: usize) {
        self.n_begun.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn an_expert_with_a_memory_hears_of_every_episode() {
    let n_begun = Arc::new(AtomicUsize::new(0));
    let expert = ScriptedPolicy {
        n_begun: Arc::clone(&n_begun),
    };
    let environment = environments(1);
    let pool = Arc::new(Pool::new(1));
    let config = Config {
        n_environments: 1,
        ..small()
    };
    let mut trainer =
        Trainer::new(config, Box::new(expert), None, environment, Seed(0), pool).unwrap();
    let n_steps = rounds(&mut trainer, 1)[0].n_steps as usize;
    // Episodes of 100 steps, the beginning of the round, and the one that begins after the last step.
    assert_eq!(n_begun.load(Ordering::Relaxed), n_steps / 100 + 1);
}

#[test]
fn scripted_policies_see_the_true_state_as_the_environment_shows_it() {
    let rules = Arc::new(rules());
    let policy = |seen: &[f32; 4], _: &mut mdp::Rng| usize::from(seen[2] > 0.0);
    let mut scripted = ScriptedExpert::new(Arc::clone(&rules), policy);
    let mut rng = Seed(0).stream("state", 0);
    let mut states = Vec::new();
    let mut expected = Vec::new();
    for _ in 0..20 {
        let state = rules.initial_state(&mut rng);
        mdp::StateVector::write(&state, &mut states);
        expected.push(f32::from(state.state[2] > 0.0));
    }
    let mut actions = vec![9.0; 20];
    let mut rngs: Vec<_> = (0..20).map(|i| Seed(1).stream("expert", i)).collect();
    // What the learner sees is something else.
    let situations = Situations::new(&[0.0; 80], &states, 20);
    scripted.label(situations, &mut rngs, &mut actions, &Pool::new(1));
    assert_eq!(actions, expected);
}

#[test]
fn impossible_settings_are_refused_and_presets_are_sound() {
    let refuse = |config: Config, expected: &str| {
        let error = config.check().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    refuse(
        Config {
            min_steps: 0,
            ..small()
        },
        "min_steps is 0",
    );
    let beta = |beta| Config { beta, ..small() };
    refuse(beta(Beta::Linear { rounds: 0 }), "beta rounds is 0");
    refuse(beta(Beta::Exponential { decay: 1.5 }), "beta decay is 1.5");
    let mut validated = small();
    validated.cloning.validation = Some(behavioral_cloning::Validation {
        share: 0.5,
        patience: 1,
    });
    refuse(validated, "every round brings new data");
    for preset in PRESETS {
        let config = Config::preset(preset.name).unwrap();
        assert!(config.check().is_ok() && !preset.source.is_empty());
    }
}
