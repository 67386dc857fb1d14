//! The hopper: what every environment promises, what counts as a backflip, and what the judge of clips sees.

use std::f64::consts::PI;

use mdp::{Environment as _, Episode, Seed, StateVector as _, check_environment, uniform_in};

use super::{Coordinates, Hopper, HopperReward, HopperState, HopperTask, J, backflip_score};

fn every_hopper() -> impl Iterator<Item = Hopper> {
    HopperTask::ALL.into_iter().flat_map(|task| {
        HopperReward::ALL
            .into_iter()
            .map(move |reward| Hopper::new(task, reward))
    })
}

#[test]
fn it_keeps_what_every_environment_promises() {
    for hopper in every_hopper() {
        check_environment(&hopper.with_time_limit(), 700, Seed(0)).unwrap();
    }
}

#[test]
fn a_state_saved_in_the_middle_goes_on_to_the_same_bits() {
    let hopper = Hopper::new(HopperTask::Backflip, HopperReward::None);
    let mut rng = Seed(2).stream("actions", 0);
    let mut state = hopper.initial_state(&mut rng);
    for _ in 0..50 {
        let mut numbers = vec![];
        state.write(&mut numbers);
        let mut restored = HopperState::read(&numbers).unwrap();
        for _ in 0..7 {
            let action = [0; J].map(|_| uniform_in(-1.0, 1.0, &mut rng) as f32);
            let steps = [&mut state, &mut restored]
                .map(|state| hopper.step(state, &action, &mut rng.clone()));
            assert_eq!(steps[0], steps[1]);
            assert_eq!(state, restored);
        }
    }
}

#[test]
fn it_begins_on_its_foot() {
    let hopper = Hopper::new(HopperTask::Run, HopperReward::HandWritten);
    for seed in 0..20 {
        let mut episode = Episode::new(&hopper, Seed(seed).stream("episode", 0));
        let step = episode.step(&[0.0; J]).unwrap();
        assert_eq!(step.components.as_slice()[1], 1.0);
        assert!(!episode.state().has_fallen);
    }
}

#[test]
fn without_torque_it_falls_and_stays_down() {
    let hopper = Hopper::new(HopperTask::Backflip, HopperReward::None);
    let mut episode = Episode::new(&hopper, Seed(0).stream("episode", 0));
    let landed: f64 = (0..600)
        .map(|_| episode.step(&[0.0; J]).unwrap().intent.unwrap())
        .sum();
    let state = episode.state();
    assert!(state.has_fallen && state.at.root[1] < 0.5, "{state:?}");
    assert_eq!(landed, 0.0);
}

/// A state in which the robot stands straight on its foot, or floats, its torso turned.
fn posed(turns: f64, lift: f64) -> Coordinates<J> {
    let hopper = Hopper::new(HopperTask::Backflip, HopperReward::None);
    let mut at = hopper.robot.standing();
    at.root[2] = turns * 2.0 * PI;
    at.root[1] += lift - hopper.robot.frames(&at).lowest();
    at
}

/// What is landed in a series of poses, given as turns backwards and metres of lift.
fn landed(poses: &[(f64, f64)]) -> f64 {
    let hopper = Hopper::new(HopperTask::Backflip, HopperReward::None);
    let mut state = HopperState {
        at: posed(0.0, 0.0),
        turns: 0.0,
        has_fallen: false,
        n_landed: 0.0,
    };
    let judged = poses.iter().map(|(turns, lift)| {
        state.at = posed(*turns, *lift);
        hopper.judge(&mut state, 0.0)
    });
    judged.sum()
}

#[test]
fn a_backflip_is_a_whole_turn_backwards_landed_upright_with_no_fall_in_between() {
    let air = 0.3;
    let check =
        |poses: &[(f64, f64)], expected: f64| assert_eq!(landed(poses), expected, "{poses:?}");
    check(&[(0.0, 0.0)], 0.0);
    check(&[(0.5, air), (1.0, 0.0)], 1.0);
    check(&[(0.5, air), (0.95, 0.0), (1.02, 0.0), (0.98, 0.0)], 1.0);
    // Over a second time, and two turns in one jump.
    check(&[(1.0, 0.0), (1.5, air), (2.0, 0.0)], 2.0);
    check(&[(1.0, air), (2.0, 0.0)], 2.0);
    // Not yet down, or not yet round.
    check(&[(0.5, air), (1.0, air)], 0.0);
    check(&[(0.5, air), (0.8, 0.0)], 0.0);
    // Rolled over on the ground, and stood up.
    check(&[(0.5, 0.0), (1.0, 0.0)], 0.0);
    // Fell, stood up without a turn, and turned then.
    check(&[(0.4, 0.0), (0.0, 0.0), (0.5, air), (1.0, 0.0)], 1.0);
    // Forwards, and only undone.
    check(&[(-0.5, air), (-1.0, 0.0)], 0.0);
    check(&[(-1.0, 0.0), (-0.5, air), (0.0, 0.0)], 1.0);
}

/// A clip of poses a sixtieth of a second apart, with rubbish where the judge may not look.
fn clip(n_frames: usize, pose: impl Fn(f64) -> (f64, f64)) -> (Vec<f64>, usize) {
    let mut states = vec![];
    let mut n_values = 0;
    for number in 0..n_frames {
        let (turns, lift) = pose(number as f64 / (n_frames - 1) as f64);
        let before = states.len();
        let at = posed(turns, lift);
        states.extend(at.root.iter().chain(&at.joints));
        states.extend([1e9, -1e9, f64::NAN, 3.0, 1e-9, 7.0, 5.0, 1.0, 99.0, 12.0]);
        n_values = states.len() - before;
    }
    (states, n_values)
}

#[test]
fn the_judge_sees_turns_falls_and_how_it_ends() {
    let check = |pose: &dyn Fn(f64) -> (f64, f64), expected: f64| {
        let (states, n_values) = clip(91, pose);
        let score = backflip_score(&states, n_values);
        assert!((score - expected).abs() < 1e-6, "{score} {expected}");
    };
    let hop = |t: f64| 2.0 * t * (1.0 - t);
    check(&|_| (0.0, 0.0), 0.25);
    check(&|t| (t, hop(t)), 1.25);
    check(&|t| (0.75 * t, 0.1 + hop(t)), 0.75);
    check(&|t| (-t, hop(t)), -0.75);
    // On the ground on its head from the second frame on, of 24.
    check(
        &|t| if t == 0.0 { (0.0, 0.0) } else { (0.4, 0.0) },
        0.4 - 23.0 / 24.0,
    );
    // Two turns, and it lies at the end.
    check(&|t| (2.4 * t, hop(t)), 2.4 - 1.0 / 24.0);
}

#[test]
fn the_judge_looks_at_frames_alone() {
    let hop = |t: f64| (t, 2.0 * t * (1.0 - t));
    let (states, n_values) = clip(91, hop);
    let mut others = states.clone();
    for (number, state) in others.chunks_mut(n_values).enumerate() {
        if number % 4 != 0 && number != 90 {
            state[..6].fill(0.3);
        }
    }
    assert_eq!(
        backflip_score(&states, n_values),
        backflip_score(&others, n_values)
    );
    assert_eq!(backflip_score(&[], n_values), 0.0);
}

#[test]
fn states_that_are_none_are_refused() {
    let check = |place: usize, value: f64, expected: &str| {
        let mut numbers = vec![0.0; HopperState::N_VALUES];
        numbers[place] = value;
        let error = HopperState::read(&numbers).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(2, f64::INFINITY, "inf is no place");
    check(12, 0.5, "0.5 turns with 0 landed are no count");
    check(13, 0.5, "0.5 does not say whether it fell");
    check(14, -1.0, "0 turns with -1 landed are no count");
    assert!(HopperState::read(&[0.0; 14]).is_err());
}
