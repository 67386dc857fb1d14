//! The screens keep their promises, and the way through them is as long and as narrow as the page says.

use mdp::{
    Environment, Episode, Policy, Seed, StateVector, TimeLimit, Trajectory, check_environment,
};

use super::features::seen;
use super::state::Move;
use super::world::{ITEMS, MAP, N_COLUMNS, SKULLS, START, TREASURE, skull_of, tile};
use super::{ALL_SKULLS, MontezumaScreens, Motion, ScreensPolicy, ScreensState};

fn screens() -> TimeLimit<MontezumaScreens> {
    TimeLimit::new(MontezumaScreens::default(), MontezumaScreens::TIME_LIMIT)
}

fn play(policy: ScreensPolicy, seed: u64) -> Trajectory {
    let environment = screens();
    let mut rng = Seed(seed).stream("policy", 0);
    let act = |observation: &_, _: &mut _| policy.act(observation, &mut rng);
    record(&environment, seed, act)
}

fn record(
    environment: &TimeLimit<MontezumaScreens>,
    seed: u64,
    mut act: impl FnMut(&<MontezumaScreens as Environment>::Observation, &mut usize) -> usize,
) -> Trajectory {
    let mut episode = Episode::new(environment, Seed(seed).stream("episode", 0));
    let mut trajectory = Trajectory::default();
    let mut n_steps = 0;
    while episode.end().is_none() {
        let observation = episode.observation();
        let mut state = vec![];
        episode.state().state.write(&mut state);
        let action = act(&observation, &mut n_steps);
        n_steps += 1;
        trajectory.observations.push(observation.to_vec());
        trajectory.states.push(state);
        trajectory.actions.push(vec![action as f32]);
        trajectory.steps.push(episode.step(&action).unwrap());
    }
    trajectory
}

fn is_solved(trajectory: &Trajectory) -> bool {
    let last = trajectory.steps.last().unwrap();
    last.intent == Some(1.0)
}

#[test]
fn the_screens_keep_their_promises() {
    check_environment(&screens(), 3_000, Seed(0)).unwrap();
}

#[test]
fn the_plan_is_what_the_constants_say() {
    let at = |(column, row): (usize, usize)| MAP[row].as_bytes()[column] as char;
    assert!(MAP.iter().all(|row| row.len() == N_COLUMNS));
    assert_eq!(ITEMS.map(at), ['K', 'J', 'J']);
    assert_eq!((at(START), at(TREASURE)), ('S', 'T'));
    for (number, skull) in SKULLS.iter().enumerate() {
        let own = skull_of(super::world::screen((skull.high, skull.row)));
        assert_eq!(own, Some(number), "a skull stays in its screen, alone");
        for column in skull.low - 1..=skull.high + 1 {
            assert_ne!(tile(column, skull.row), super::world::Tile::Ground);
            assert_eq!(tile(column, skull.row + 1), super::world::Tile::Ground);
        }
    }
}

#[test]
fn a_jump_goes_four_cells_and_over_what_is_on_the_ground() {
    let mut state = ScreensState {
        column: 16,
        row: 4,
        ..ScreensState::beginning([0; 5])
    };
    let mut way = vec![];
    for action in [Move::JumpLeft, Move::Right, Move::Up, Move::Wait] {
        state.advance(action, &ALL_SKULLS);
        way.push(state.cell());
    }
    assert_eq!(way, [(15, 3), (14, 3), (13, 3), (12, 4)]);
    assert_eq!(state.motion, Motion::Falling { rows: 0 }, "into the pit");
    while state.motion != Motion::Standing {
        state.advance(Move::Wait, &ALL_SKULLS);
    }
    assert!(state.dead, "the pit is deadly");
}

/// The skull of the first screen goes from column 5 to column 8 and back in 12 steps.
#[test]
fn skulls_kill_whom_they_meet_and_whom_they_pass_through() {
    let check = |column: usize, phase: usize, action: Move, dies: bool| {
        let mut phases = [0; 5];
        phases[0] = phase;
        let mut state = ScreensState {
            column,
            row: 4,
            ..ScreensState::beginning(phases)
        };
        state.advance(action, &ALL_SKULLS);
        assert_eq!(state.dead, dies, "{column} {phase} {action:?}");
    };
    // At phase 1 it moves from 5 to 6.
    check(6, 1, Move::Wait, true);
    check(6, 0, Move::Wait, false);
    check(6, 1, Move::Left, true);
    check(6, 1, Move::JumpLeft, false);
    check(7, 1, Move::Left, true);
    check(7, 0, Move::Left, false);
}

#[test]
fn what_is_seen_is_the_state_but_for_other_skulls() {
    let trajectory = play(ScreensPolicy::Intended, 0);
    for (observation, numbers) in trajectory.observations.iter().zip(&trajectory.states) {
        let state = ScreensState::read(numbers).unwrap();
        let mut again = vec![];
        state.write(&mut again);
        assert_eq!(numbers, &again);
        let seen = seen(observation.as_slice().try_into().unwrap());
        let mut expected = state;
        let here = skull_of(super::world::screen(state.cell()));
        for (skull, phase) in expected.phases.iter_mut().enumerate() {
            if Some(skull) != here {
                *phase = 0;
            }
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn states_that_cannot_be_are_refused() {
    let mut good = vec![];
    ScreensState::beginning([0; 5]).write(&mut good);
    assert!(ScreensState::read(&good).is_ok());
    let refuse = |index: usize, value: f64| {
        let mut numbers = good.clone();
        numbers[index] = value;
        assert!(ScreensState::read(&numbers).is_err(), "{index} {value}");
    };
    refuse(0, 0.0);
    refuse(0, 60.0);
    refuse(1, -1.0);
    refuse(2, 20.0);
    refuse(3, 7.0);
    refuse(4, 0.5);
    refuse(8, 16.0);
    refuse(13, f64::NAN);
    assert!(ScreensState::read(&good[1..]).is_err());
}

#[test]
fn the_expert_takes_everything_the_dawdler_less_and_later_and_chance_nothing() {
    let solved = |policy: ScreensPolicy| {
        let played = (0..20).map(|seed| play(policy, seed));
        played.filter(is_solved).collect::<Vec<_>>()
    };
    let (intended, dawdler) = (
        solved(ScreensPolicy::Intended),
        solved(ScreensPolicy::Dawdler),
    );
    assert!(intended.len() >= 14, "{}", intended.len());
    assert!(dawdler.len() >= 10, "{}", dawdler.len());
    let pay =
        |trajectory: &Trajectory| -> f64 { trajectory.steps.iter().map(|step| step.reward).sum() };
    assert!(intended.iter().all(|trajectory| pay(trajectory) == 18.0));
    let mean = |of: &[Trajectory], what: &dyn Fn(&Trajectory) -> f64| {
        of.iter().map(what).sum::<f64>() / of.len() as f64
    };
    assert!(mean(&dawdler, &pay) < 17.0);
    let length = |trajectory: &Trajectory| trajectory.steps.len() as f64;
    assert!(mean(&intended, &length) >= 200.0);
    assert!(mean(&dawdler, &length) >= 1.2 * mean(&intended, &length));
    let paid = (0..20).map(|seed| pay(&play(ScreensPolicy::Random, seed)));
    assert_eq!(paid.sum::<f64>(), 0.0);
}

#[test]
fn a_game_played_back_blindly_fails() {
    let demonstration = (0..)
        .map(|seed| play(ScreensPolicy::Intended, seed))
        .find(is_solved)
        .unwrap();
    let actions: Vec<usize> = demonstration
        .actions
        .iter()
        .map(|a| a[0] as usize)
        .collect();
    let n_solved = (100..150)
        .filter(|seed| {
            let blind = |_: &_, step: &mut usize| actions.get(*step).copied().unwrap_or(0);
            is_solved(&record(&screens(), *seed, blind))
        })
        .count();
    assert!(n_solved * 5 < 50, "{n_solved} of 50");
}
