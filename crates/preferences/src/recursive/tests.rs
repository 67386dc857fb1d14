//! Levels of assistance on a task small enough to know the answer.

use envs::{CartPole, RandomTransitions};
use feedback::{AnnotatorConfig, Oracle, SimulatedAnnotators};
use mdp::{Episode, TimeLimit};
use rl::Vectorized;

use super::*;
use crate::PRESETS;

type Pole = TimeLimit<CartPole>;

fn pole() -> Arc<Pole> {
    Arc::new(TimeLimit::new(CartPole, 500))
}

fn untrained(seed: u64) -> NetworkPolicy {
    let environment: Box<dyn VectorEnvironment> = Box::new(Vectorized::new(pole(), 1, Seed(0)));
    let config = ppo::Config::preset("rl-zoo-cartpole").unwrap();
    let pool = Arc::new(Pool::new(1));
    let trainer = ppo::Trainer::new(config, environment, Seed(seed), pool).unwrap();
    trainer.current_policy().clone()
}

/// A segment that ends in a state of the pole.
fn ended_in(state: &[f64]) -> Segment {
    Segment {
        n_state_values: state.len(),
        states: state.to_vec(),
        ..Segment::default()
    }
}

fn assistant(n_steps: usize) -> Assistant {
    let question = |segment: &Segment| {
        let state = segment.states().last()?.to_vec();
        (state.iter().all(|number| *number >= -1.0)).then_some(state)
    };
    Assistant::new(Box::new(untrained(0)), pole(), question, n_steps, Seed(0))
}

/// Everything that an assistant says it did, done again by hand.
#[test]
fn an_assistant_plays_from_the_state_in_question_by_the_rules() {
    let environment = pole();
    let episode = Episode::new(environment.as_ref(), Seed(4).stream("episode", 0));
    let mut asked = vec![];
    episode.state().write(&mut asked);
    let answer = assistant(400).answer(&ended_in(&asked)).unwrap();
    let n = answer.n_steps();
    assert_eq!(answer.states().next(), Some(asked.as_slice()));
    assert_eq!(answer.states().len(), n + 1);
    let mut state = <Pole as Environment>::State::read(&asked).unwrap();
    let mut rng = Seed(9).stream("unused", 0);
    for step in 0..n {
        let mut features = [0.0; 4];
        environment
            .observe(&state, &mut rng)
            .write_features(&mut features);
        assert_eq!(answer.observations[4 * step..][..4], features);
        let action = usize::from_value(&answer.actions[step..=step]);
        let taken = environment.step(&mut state, &action, &mut rng);
        environment
            .observe(&state, &mut rng)
            .write_features(&mut features);
        assert_eq!(answer.next_observations[4 * step..][..4], features);
        assert_eq!(answer.rewards[step], taken.reward);
        assert_eq!(taken.end.is_some(), step + 1 == n, "it plays to the end");
    }
    assert!(
        answer.terminated[n - 1],
        "an untrained policy drops the pole"
    );
    assert_eq!(assistant(3).answer(&ended_in(&asked)).unwrap().n_steps(), 3);
}

#[test]
fn a_segment_may_raise_no_question_and_judging_twice_is_judging_once() {
    let asked = ended_in(&[0.0, 0.0, 0.02, 0.0, 0.0]);
    let judge = AssistedJudge::new(vec![assistant(100), assistant(2)], |_, answers| {
        let steps = answers
            .iter()
            .flatten()
            .map(|answer| answer.n_steps() as f64);
        steps.sum::<f64>()
    });
    let score = judge.score(&asked);
    assert!((4.0..102.0).contains(&score), "{score}");
    assert_eq!(judge.score(&asked), score);
    assert_eq!(judge.score(&ended_in(&[0.0, 0.0, -2.0, 0.0, 0.0])), 0.0);
    assert_eq!(judge.score(&ended_in(&[0.0])), 0.0, "no state of the pole");
}

fn level(name: &str, expected_before: usize) -> Level {
    let environment = TimeLimit::new(RandomTransitions::published(), 20);
    let preset = PRESETS.iter().find(|preset| preset.name == "default");
    let config = Config {
        n_comparisons: 20,
        n_query_rounds: 2,
        initial_steps: 128,
        recent_steps: 256,
        segment_steps: 5,
        initial_epochs: 2,
        ..(preset.unwrap().config)()
    };
    let optimizer = ppo::Config {
        steps: 512,
        n_environments: 4,
        n_steps: 32,
        minibatch: 64,
        normalize_rewards: false,
        ..ppo::Config::preset("wide-batch").unwrap()
    };
    Level {
        name: name.to_owned(),
        config,
        optimizer,
        environment: Box::new(Vectorized::new(Arc::new(environment), 4, Seed(0))),
        annotators: Box::new(move |before| {
            assert_eq!(before.len(), expected_before);
            let oracle = Arc::new(Oracle);
            let annotators =
                SimulatedAnnotators::one(oracle, AnnotatorConfig::default(), Seed(0)).unwrap();
            Ok(Box::new(annotators))
        }),
    }
}

#[test]
fn levels_are_trained_in_order_each_knowing_those_before_it() {
    let pool = Arc::new(Pool::new(1));
    let train = || {
        let levels = vec![level("first", 0), level("second", 1)];
        train_levels(levels, Seed(0), &pool, &mut |_: &rl::TrainEvent| {}).unwrap()
    };
    let (once, again) = (train(), train());
    let names: Vec<&str> = once.iter().map(|level| level.name.as_str()).collect();
    assert_eq!(names, ["first", "second"]);
    for (a, b) in once.iter().zip(&again) {
        assert_eq!(a.policy.to_bytes(), b.policy.to_bytes());
        assert_eq!(a.reward.to_bytes(), b.reward.to_bytes());
    }
    assert_ne!(once[0].policy.to_bytes(), once[1].policy.to_bytes());
}
