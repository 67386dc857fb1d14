//! The walker: what every environment promises, what counts, and what the judge of clips sees.

use mdp::{Environment as _, Episode, Seed, StateVector as _, check_environment, uniform_in};

use super::{J, LINKS, Walker, WalkerReward, WalkerState, one_leg_score};

#[test]
fn it_keeps_what_every_environment_promises() {
    for reward in WalkerReward::ALL {
        check_environment(&Walker::new(reward).with_time_limit(), 700, Seed(0)).unwrap();
    }
}

#[test]
fn a_state_saved_in_the_middle_goes_on_to_the_same_bits() {
    let walker = Walker::new(WalkerReward::None);
    let mut rng = Seed(2).stream("actions", 0);
    let mut state = walker.initial_state(&mut rng);
    for _ in 0..40 {
        let mut numbers = vec![];
        state.write(&mut numbers);
        let mut restored = WalkerState::read(&numbers).unwrap();
        for _ in 0..7 {
            let action = [0; J].map(|_| uniform_in(-1.0, 1.0, &mut rng) as f32);
            let steps = [&mut state, &mut restored]
                .map(|state| walker.step(state, &action, &mut rng.clone()));
            assert_eq!(steps[0], steps[1]);
            assert_eq!(state, restored);
        }
    }
}

#[test]
fn it_begins_on_one_foot_and_what_comes_after_a_touch_does_not_count() {
    let walker = Walker::new(WalkerReward::None);
    for seed in 0..20 {
        let mut episode = Episode::new(&walker, Seed(seed).stream("episode", 0));
        let first = episode.step(&[0.0; J]).unwrap();
        assert!(!episode.state().has_touched());
        let moved = episode.state().distance();
        assert!((first.intent.unwrap() - moved).abs() < 1e-12);
        // Left to itself it falls.
        for _ in 0..300 {
            episode.step(&[0.0; J]).unwrap();
        }
        assert!(episode.state().has_touched());
        assert_eq!(episode.step(&[1.0; J]).unwrap().intent, Some(0.0));
    }
}

/// A clip in which the robot slides ahead by `speed` metres a second, standing on the one foot, or on both from a share
/// of the clip on, with rubbish where the judge may not look.
fn clip(n_states: usize, speed: f64, both_after: f64) -> (Vec<f64>, usize) {
    let walker = Walker::new(WalkerReward::None);
    let mut states = vec![];
    for number in 0..n_states {
        let mut at = walker.robot.standing();
        if (number as f64) < both_after * n_states as f64 {
            at.joints[3..].copy_from_slice(&super::LIFTED);
        }
        at.root[0] = speed * number as f64 / 60.0;
        states.extend(at.root.iter().chain(&at.joints));
        states.extend([f64::NAN, 1e9, -1e9, 7.0]);
    }
    (states, 3 + J + 4)
}

#[test]
fn the_judge_sees_the_way_and_what_touches() {
    let check = |speed: f64, both_after: f64, expected: f64| {
        let (states, n_values) = clip(89, speed, both_after);
        let score = one_leg_score(&states, n_values);
        assert!((score - expected).abs() < 1e-6, "{score} {expected}");
    };
    let seconds = 88.0 / 60.0;
    check(0.0, 1.0, 0.0);
    check(1.0, 1.0, seconds);
    check(-1.0, 1.0, -seconds);
    check(1.0, 0.0, -1.0);
    // Frames 0 to 11 of 23 on one leg, 44 steps apart in all.
    check(1.0, 0.5, 44.0 / 60.0 - 11.0 / 23.0);
    assert_eq!(one_leg_score(&[], 13), 0.0);
}

#[test]
fn states_that_are_none_are_refused() {
    let mut numbers = vec![0.0; WalkerState::N_VALUES];
    *numbers.last_mut().unwrap() = 2.0;
    let error = WalkerState::read(&numbers).unwrap_err().to_string();
    assert!(error.starts_with("2 does not say what touched"), "{error}");
    assert!(WalkerState::read(&numbers[1..]).is_err());
    assert_eq!(LINKS.len(), J + 1);
}
