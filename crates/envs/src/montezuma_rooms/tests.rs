//! The rooms keep their promises, the three rewards do what the page says, exactly.

use mdp::{
    Discount, Enumerable, Environment, Seed, StateVector, TimeLimit, Trajectory, check_environment,
    check_outcomes, deterministic, evaluate_policy, policy_iteration, tabulate,
};
use proptest::prelude::*;

use super::rooms::{DOOR, HOOK, N_CELLS, cell_number, cells, distance_to_go, longest};
use super::{MontezumaRooms, N_FEATURES, N_PHASES, RoomsPolicy, RoomsReward, RoomsState};

const GAMMA: f64 = 0.99;

fn rooms(name: &str) -> MontezumaRooms {
    MontezumaRooms {
        reward: RoomsReward::named(name, GAMMA).unwrap(),
    }
}

fn discount() -> Discount {
    Discount::new(GAMMA).unwrap()
}

fn limited(name: &str) -> TimeLimit<MontezumaRooms> {
    TimeLimit::new(rooms(name), MontezumaRooms::TIME_LIMIT)
}

#[test]
fn the_rooms_keep_their_promises() {
    for name in RoomsReward::NAMES {
        check_environment(&limited(name), 3_000, Seed(0)).unwrap();
        check_outcomes(&rooms(name), 300, Seed(1)).unwrap();
    }
}

#[test]
fn the_plan_is_what_the_constants_say() {
    assert_eq!(cells().count(), N_CELLS);
    assert_eq!(cell_number(DOOR), Some(0));
    assert_eq!(distance_to_go((1, 1), true), 1);
    // 13 to the ladder, 5 down, 11 to the left, 3 up, 2 to the hook, a grasp, and all of it back to the door.
    assert_eq!(distance_to_go((1, 1), false), 34 + 1 + 35);
    assert_eq!(distance_to_go((1, 1), false), longest());
    assert_eq!(distance_to_go(HOOK, true), 35);
}

/// Some 1,600 states: every cell that can be stood on, with and without the key, at each phase of the skull.
#[test]
fn the_states_can_be_counted() {
    let tabulated = tabulate(&rooms("potential"), discount(), 10_000).unwrap();
    let n_alive = tabulated
        .mdp
        .reachable()
        .iter()
        .filter(|alive| **alive)
        .count();
    assert!((1_300..1_700).contains(&n_alive), "{n_alive}");
    let names: Vec<&str> = tabulated
        .rewards
        .iter()
        .map(|reward| reward.name.as_str())
        .collect();
    assert_eq!(names, ["reward", "intent", "reward.door", "reward.shaping"]);
    let map = tabulated.map.unwrap();
    for place in tabulated.places.iter().flatten() {
        assert_ne!(map.rows[place.row].as_bytes()[place.column], b'#');
    }
}

/// The start's value and the value of each state and action of the policy that a reward makes best.
fn solve(name: &str) -> (mdp::Tabulated, mdp::Solution) {
    let tabulated = tabulate(&rooms(name), discount(), 10_000).unwrap();
    let rewards = tabulated.mdp.expected_rewards();
    let solution = policy_iteration(&tabulated.mdp, &rewards, None).unwrap();
    (tabulated, solution)
}

/// Ng, Harada and Russell (1999): `Q*` under the potential is `Q* - Φ`, so the same actions are best everywhere.
#[test]
fn the_potential_moves_values_by_itself_and_keeps_the_best_actions() {
    let (sparse, plain) = solve("sparse");
    let (shaped, solution) = solve("potential");
    assert_eq!(sparse.states, shaped.states);
    let environment = rooms("potential");
    for (state, numbers) in sparse.states.iter().enumerate() {
        if !sparse.mdp.reachable()[state] {
            continue;
        }
        let potential = environment.potential(&RoomsState::read(numbers).unwrap());
        for action in 0..5 {
            let at = state * 5 + action;
            let moved = plain.q_values[at] - potential;
            assert!((solution.q_values[at] - moved).abs() < 1e-9, "{numbers:?}");
        }
    }
}

/// The best policy for the naive bonus never leaves, and earns several times what leaving does.
#[test]
fn the_bonus_is_best_farmed() {
    let (tabulated, solution) = solve("bonus");
    let mdp = &tabulated.mdp;
    let intent = mdp.expected(tabulated.reward("intent").unwrap());
    let farming = deterministic(&solution.policy, mdp.n_actions());
    let start =
        |values: &[f64]| -> f64 { mdp.start().iter().zip(values).map(|(p, v)| p * v).sum() };
    let meant = start(&evaluate_policy(mdp, &intent, &farming).unwrap().values);
    assert_eq!(meant, 0.0);
    let (_, leaving) = solve("sparse");
    let leaving = deterministic(&leaving.policy, mdp.n_actions());
    let paid = start(
        &evaluate_policy(mdp, &mdp.expected_rewards(), &leaving)
            .unwrap()
            .values,
    );
    assert!(start(&solution.values) > 3.0 * paid, "{paid}");
}

fn play(name: &str, policy: RoomsPolicy, episode: u64) -> Trajectory {
    let rng = Seed(episode).stream("episode", 0);
    Trajectory::record(&limited(name), &policy, usize::MAX, rng)
}

#[test]
fn scripts_do_what_they_say() {
    for episode in 0..40 {
        let out = play("bonus", RoomsPolicy::Intended, episode);
        assert_eq!(out.intent_return(), Some(1.0));
        assert!(out.steps.len() < 120, "{}", out.steps.len());
        // The door, the key, and twice the six rungs of both ladders.
        assert!(out.reward_return() >= 1.0 + 0.5 + 1.2 - 1e-9);
        for (policy, least) in [(RoomsPolicy::Farmer, 25.0), (RoomsPolicy::Climber, 18.0)] {
            let farmed = play("bonus", policy, episode);
            assert_eq!(farmed.intent_return(), Some(0.0));
            assert_eq!(farmed.steps.len(), 200);
            assert!(farmed.reward_return() > least, "{}", farmed.reward_return());
        }
    }
}

/// The shortest way is the shortest: the exact solver finds no shorter one from any beginning.
#[test]
fn the_intended_way_is_optimal() {
    let (tabulated, solution) = solve("sparse");
    for (state, probability) in tabulated.mdp.start().iter().enumerate() {
        if *probability == 0.0 {
            continue;
        }
        let environment = rooms("sparse");
        let mut at = RoomsState::read(&tabulated.states[state]).unwrap();
        let mut rng = Seed(0).stream("unused", 0);
        let mut n_steps = 0;
        loop {
            let seen = environment.observe(&at, &mut rng);
            let action = mdp::Policy::act(&RoomsPolicy::Intended, &seen, &mut rng);
            let step = environment.step(&mut at, &action, &mut rng);
            n_steps += 1;
            if step.is_last() {
                break;
            }
        }
        let value = GAMMA.powi(n_steps - 1);
        assert!((solution.values[state] - value).abs() < 1e-9, "{n_steps}");
    }
}

#[test]
fn the_skull_kills_and_locked_doors_stay_shut() {
    let mut rng = Seed(0).stream("unused", 0);
    let environment = rooms("potential");
    let beside = RoomsState {
        column: 6,
        row: 6,
        has_key: false,
        phase: 3,
        dead: false,
    };
    assert_eq!(beside.skull_column(), 5);
    for (action, column) in [(0, 5), (1, 7), (4, 6)] {
        // To the left they pass through each other; staying, the skull comes; to the right one is safe.
        let mut state = beside;
        let step = environment.step(&mut state, &action, &mut rng);
        assert_eq!(state.column, column);
        assert_eq!(state.dead, action != 1);
        assert_eq!(step.is_last(), action != 1);
        if state.dead {
            assert_eq!(step.reward, -environment.potential(&beside));
        }
    }
    for has_key in [false, true] {
        let mut state = RoomsState {
            column: 1,
            row: 1,
            has_key,
            phase: 0,
            dead: false,
        };
        let step = environment.step(&mut state, &0, &mut rng);
        assert_eq!(step.intent, Some(f64::from(u8::from(has_key))));
        assert_eq!(environment.is_success(&state), Some(has_key));
    }
}

#[test]
fn unknown_rewards_are_named() {
    let error = RoomsReward::named("dense", GAMMA).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reward \"dense\" is not known; choose one of sparse, bonus, potential"
    );
}

proptest! {
    /// The undiscounted sum of a shaping telescopes under its own discount: no way round gains anything.
    #[test]
    fn shaping_telescopes(seed: u64, actions in prop::collection::vec(0_usize..5, 1..200)) {
        let environment = rooms("potential");
        let mut rng = Seed(seed).stream("episode", 0);
        let mut state = environment.initial_state(&mut rng);
        let first = environment.potential(&state);
        let (mut sum, mut weight) = (0.0, 1.0);
        for action in actions {
            let step = environment.step(&mut state, &action, &mut rng);
            sum += weight * step.components.as_slice()[1];
            weight *= GAMMA;
            if step.is_last() {
                break;
            }
        }
        prop_assert!((sum - (weight * environment.potential(&state) - first)).abs() < 1e-9);
    }

    /// Observations tell situations apart.
    #[test]
    fn observations_name_the_state(cell in 0..N_CELLS, has_key: bool, phase in 0..N_PHASES) {
        let (column, row) = cells().nth(cell).unwrap();
        let state = RoomsState { column, row, has_key, phase, dead: false };
        let mut rng = Seed(0).stream("unused", 0);
        let seen = rooms("sparse").observe(&state, &mut rng);
        prop_assert_eq!(seen.len(), N_FEATURES);
        prop_assert_eq!(seen.iter().sum::<f32>(), if has_key { 3.0 } else { 2.0 });
        prop_assert!(!rooms("sparse").draw(&state).is_empty());
        prop_assert!(rooms("sparse").place(&state).is_some());
    }
}
