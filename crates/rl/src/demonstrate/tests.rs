//! Tests of recording demonstrations.

use std::sync::Arc;

use envs::{CartPole, CliffWalking};
use mdp::{End, Environment, Rng, Seed, TimeLimit};
use nn::Pool;

use crate::{BatchPolicy, VectorEnvironment, Vectorized, demonstrate, evaluate};

/// Draws from the first two actions.
struct Coin;

impl BatchPolicy for Coin {
    fn act(&mut self, _: &[f32], rngs: &mut [Rng], actions: &mut [f32], _: &Pool) {
        for (rng, action) in rngs.iter_mut().zip(actions) {
            *action = mdp::index(2, rng) as f32;
        }
    }
}

fn vectorized<E: Environment + 'static>(environment: E) -> Vectorized<E> {
    Vectorized::new(Arc::new(environment), 3, Seed(0))
}

#[test]
fn demonstrations_are_the_episodes_that_an_evaluation_sees() {
    let rules = vectorized(CartPole.with_time_limit());
    // More episodes than environments, so that some play several.
    let (n, seed, pool) = (150, Seed(4), Pool::new(1));
    let demonstrations = demonstrate(&mut Coin, &rules, n, seed, &pool);
    let outcomes = evaluate(&mut Coin, &rules, n, seed, &pool);
    assert_eq!(demonstrations.n_episodes(), n);
    for (index, outcome) in outcomes.iter().enumerate() {
        let episode = demonstrations.episode(index);
        assert_eq!(episode.reward_return(), Some(outcome.reward));
        assert_eq!(episode.intent_return(), outcome.intent);
        assert_eq!(demonstrations.length(index), outcome.n_steps as usize);
        assert_eq!(episode.end, Some(outcome.end));
    }
}

#[test]
fn recorded_states_and_observations_belong_together() {
    let rules = vectorized(CartPole.with_time_limit());
    let demonstrations = demonstrate(&mut Coin, &rules, 70, Seed(0), &Pool::new(2));
    let width = demonstrations.n_state_values();
    for index in 0..demonstrations.n_episodes() {
        let episode = demonstrations.episode(index);
        let rows = episode.observations.chunks_exact(4);
        assert_eq!(episode.states.len() / width, rows.len());
        for (observation, state) in rows.zip(episode.states.chunks_exact(width)) {
            let seen: Vec<f32> = state[..4].iter().map(|number| *number as f32).collect();
            assert_eq!(observation, seen);
        }
        let last = &episode.states[episode.states.len() - width..];
        assert_eq!(
            last[4] as usize,
            demonstrations.length(index),
            "the final state"
        );
    }
}

#[test]
fn discrete_observations_are_recorded_as_their_numbers() {
    let rules = vectorized(TimeLimit::new(CliffWalking::dry(), 20));
    let demonstrations = demonstrate(&mut Coin, &rules, 5, Seed(0), &Pool::new(1));
    assert_eq!(
        *demonstrations.observation_space(),
        rules.observation_space()
    );
    for index in 0..5 {
        let episode = demonstrations.episode(index);
        assert_eq!(episode.end, Some(End::Truncated));
        let seen: Vec<f64> = episode
            .observations
            .iter()
            .copied()
            .map(f64::from)
            .collect();
        let width = demonstrations.n_state_values();
        let states: Vec<f64> = episode.states.chunks_exact(width).map(|s| s[0]).collect();
        assert_eq!(seen, states);
    }
}
