//! Tests of measuring covariate shift.

use std::sync::Arc;

use envs::CartPole;
use mdp::{Rng, Seed, Space, TimeLimit};
use nn::{Activation, Initialization, Pool};
use rl::{NetworkPolicy, Play, PolicyShape, Vectorized};

use super::*;
use crate::dagger::StateExpert;

fn rules() -> Vectorized<TimeLimit<CartPole>> {
    Vectorized::new(Arc::new(TimeLimit::new(CartPole, 60)), 1, Seed(0))
}

/// A linear policy of CartPole's four numbers that always takes one action.
fn always(action: usize) -> NetworkPolicy {
    let shape = PolicyShape {
        hidden: vec![],
        activation: Activation::Tanh,
        initialization: Initialization::Zero,
        log_std: 0.0,
        normalize_observations: false,
    };
    let space = Space::Discrete { n: 2 };
    let mut rng = Seed(0).stream("weights", 0);
    let mut policy = NetworkPolicy::with_shape(&shape, 4, &space, &mut rng).unwrap();
    // The biases come last.
    let n = policy.n_parameters();
    policy.parameters_mut()[n - 2 + action] = 5.0;
    policy
}

/// Balances the pole by the true state.
fn balancing() -> Box<dyn Expert> {
    Box::new(StateExpert(|_: &[f32], state: &[f64], _: &mut Rng| {
        let falls = state[2] + 0.3 * state[3] + 0.02 * state[0] + 0.04 * state[1];
        vec![f32::from(falls > 0.0)]
    }))
}

fn config(n_episodes: usize) -> ShiftConfig {
    ShiftConfig {
        n_episodes,
        n_steps: 60,
        play: Play::Greedy,
    }
}

#[test]
fn a_learner_that_does_what_the_expert_does_is_never_wrong() {
    let mut expert = StateExpert(|_: &[f32], _: &[f64], _: &mut Rng| vec![1.0]);
    let pool = Pool::new(1);
    let shift = covariate_shift(
        &always(1),
        &mut expert,
        &rules(),
        config(10),
        Seed(0),
        &pool,
    );
    for along in [Along::Own, Along::Expert] {
        assert_eq!(shift.up_to(along, 60).error.mean, 0.0);
        assert_eq!(shift.growth(along, &[10, 20, 40]), None);
    }
    // Both do the same from the same beginnings.
    assert_eq!(
        shift.up_to(Along::Own, 60).intent,
        shift.up_to(Along::Expert, 60).intent
    );
}

#[test]
fn a_learner_that_is_always_wrong_errs_once_a_step() {
    let mut expert = StateExpert(|_: &[f32], _: &[f64], _: &mut Rng| vec![0.0]);
    let pool = Pool::new(1);
    let shift = covariate_shift(
        &always(1),
        &mut expert,
        &rules(),
        config(70),
        Seed(0),
        &pool,
    );
    let measured = shift.up_to(Along::Own, 5);
    assert_eq!((measured.error.n, measured.error.mean), (70, 5.0));
    assert_eq!(measured.error.interval(), (5.0, 5.0));
    assert!((shift.growth(Along::Own, &[1, 2, 4, 8]).unwrap() - 1.0).abs() < 1e-12);
    // Pushing one way alone lasts ten steps or so: what comes after is of fewer episodes, then of none.
    assert_eq!(shift.between(Along::Own, 0..5).error.n, 70);
    assert_eq!(shift.between(Along::Own, 40..50).error, Estimate::default());
    let steps = shift.up_to(Along::Own, 60).intent.mean;
    assert!((8.0..12.0).contains(&steps), "{steps}");
}

#[test]
fn own_and_expert_trajectories_are_told_apart() {
    let pool = Pool::new(1);
    let shift = covariate_shift(
        &always(1),
        balancing().as_mut(),
        &rules(),
        config(20),
        Seed(0),
        &pool,
    );
    // The expert balances for all of its steps and pushes either way half of the time.
    assert_eq!(shift.up_to(Along::Expert, 60).intent.mean, 60.0);
    let on_experts = shift.between(Along::Expert, 0..60).error.mean;
    assert!((0.4..0.6).contains(&on_experts), "{on_experts}");
    // Where the learner goes, the pole falls to the left, and pushing right is what is wrong.
    let on_own = shift.between(Along::Own, 5..60).error.mean;
    assert!(on_own > 0.9, "{on_own}");
    assert_eq!(shift.curve(Along::Expert, 25).len(), 3);
}

#[test]
fn the_same_seed_gives_the_same_numbers_on_any_number_of_threads() {
    let measure = |n_threads| {
        covariate_shift(
            &always(0),
            balancing().as_mut(),
            &rules(),
            ShiftConfig {
                play: Play::Sampled,
                ..config(100)
            },
            Seed(4),
            &Pool::new(n_threads),
        )
    };
    assert_eq!(measure(1), measure(2));
}

#[test]
fn exponents_and_estimates_are_what_they_say() {
    let power = |x: f64| (x, 3.0 * x.powf(1.7));
    let pairs = [1.0, 2.0, 5.0, 9.0].map(power);
    assert!((growth_exponent(pairs).unwrap() - 1.7).abs() < 1e-12);
    assert_eq!(growth_exponent([(1.0, 2.0)]), None);
    assert_eq!(growth_exponent([(1.0, 0.0), (2.0, 1.0)]), None);
    let estimate = Estimate::of(&[1.0, 2.0, 3.0, 6.0]);
    assert_eq!((estimate.n, estimate.mean), (4, 3.0));
    let variance: f64 = (4.0 + 1.0 + 0.0 + 9.0) / 3.0;
    assert!((estimate.standard_error - (variance / 4.0).sqrt()).abs() < 1e-12);
    assert_eq!(Estimate::of(&[]), Estimate::default());
}

#[test]
fn actions_differ_by_choices_or_by_shares_of_their_range() {
    let choices = Space::MultiDiscrete { sizes: vec![3, 3] };
    assert_eq!(difference(&choices, &[1.0, 2.0], &[1.0, 0.0]), 0.5);
    let bounded = Space::bounded(&[-1.0, 0.0], &[1.0, 4.0]);
    assert_eq!(difference(&bounded, &[0.5, 3.0], &[-0.5, 1.0]), 0.25);
    let unbounded = Space::continuous(f32::NEG_INFINITY, f32::INFINITY, 1);
    assert_eq!(difference(&unbounded, &[3.0], &[1.0]), 4.0);
}
