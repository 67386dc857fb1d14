//! Truncation is not termination: the value of a task that never ends, seen through a time limit.
//!
//! An environment pays 1 at every step and never ends; a time limit cuts episodes after 8 steps. With discount 0.98 the
//! value of its only state is 1 / (1 - 0.98) = 50, which a value network learns only if truncated steps are
//! bootstrapped. Beside it stands the same environment which says that it terminates after 8 steps: the negative control.
//! The observation is constant, so neither can tell how much time is left. Prints one JSON object.

use std::sync::Arc;

use mdp::{End, Environment, Rng, Seed, Space, Step, TimeLimit};
use nn::{Pool, Schedule};
use rl::{Learner as _, TrainEvent, Vectorized, ppo};

/// Pays 1 for ever.
struct Constant {
    /// Steps after which it says that it terminated; none for never.
    terminates_after: Option<usize>,
}

impl Environment for Constant {
    type State = usize;
    type Observation = [f32; 1];
    type Action = usize;

    fn initial_state(&self, _rng: &mut Rng) -> usize {
        0
    }

    fn observe(&self, _state: &usize, _rng: &mut Rng) -> [f32; 1] {
        [1.0]
    }

    fn step(&self, state: &mut usize, _action: &usize, _rng: &mut Rng) -> Step {
        *state += 1;
        Step {
            end: (self.terminates_after == Some(*state)).then_some(End::Terminated),
            ..Step::of_reward(1.0)
        }
    }

    fn observation_space(&self) -> Space {
        Space::continuous(0.0, 1.0, 1)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 2 }
    }
}

const DISCOUNT: f32 = 0.98;
const TIME_LIMIT: u32 = 8;

/// The value that PPO learns for the only state.
fn learned_value(terminates_after: Option<usize>, seed: u64) -> f32 {
    let environment = TimeLimit::new(Constant { terminates_after }, TIME_LIMIT);
    let config = ppo::Config {
        steps: 100_000,
        n_environments: 8,
        n_steps: 32,
        minibatch: 256,
        epochs: 10,
        discount: DISCOUNT,
        learning_rate: Schedule::LinearToZero(1e-2),
        ..ppo::Config::preset("sb3").expect("the preset exists")
    };
    let seed = Seed(seed);
    let environments = Vectorized::new(Arc::new(environment), config.n_environments, seed);
    let pool = Arc::new(Pool::new(1));
    let steps = config.steps;
    let mut trainer =
        ppo::Trainer::new(config, Box::new(environments), seed, pool).expect("sound settings");
    while trainer.n_steps() < steps {
        trainer
            .iterate(&mut |_: &TrainEvent| ())
            .expect("it does not diverge");
    }
    trainer.value(&[1.0])
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let n_seeds = 5;
    let values = |terminates_after| -> Vec<f32> {
        (0..n_seeds)
            .map(|seed| learned_value(terminates_after, seed))
            .collect()
    };
    let bootstrapped = values(None);
    let control = values(Some(TIME_LIMIT as usize));
    println!(
        "{{\"discount\": {DISCOUNT}, \"time_limit\": {TIME_LIMIT}, \"exact\": 50.0, \"value\": {bootstrapped:?}, \
         \"value_without_bootstrapping\": {control:?}}}"
    );
}
