//! Each table against Gymnasium's, and what every environment promises.

use std::collections::BTreeMap;

use mdp::{Discount, Enumerable, Environment, Seed, Space, Trajectory, check_environment};
use mdp::{TimeLimit, Transition, check_outcomes, policy_iteration, tabulate};

use super::fixture::Fixture;
use super::{
    CliffPolicy, CliffWalking, FrozenLake, FrozenLakeSettings, LakeMap, Taxi, TaxiDriver,
    TaxiSettings, TaxiState,
};

macro_rules! fixture {
    ($name:literal) => {
        Fixture::read(include_str!(concat!("fixtures/", $name, ".txt")))
    };
}

/// Bit for bit, in Gymnasium's order.
fn check_table<I: Iterator<Item = Transition>>(
    recorded: &Fixture,
    start: Vec<(f64, usize)>,
    row: impl Fn(usize, usize) -> I,
) {
    for state in 0..recorded.n_states {
        for action in 0..recorded.n_actions {
            let found: Vec<Transition> = row(state, action).collect();
            assert_eq!(
                found,
                recorded.row(state, action),
                "state {state}, action {action}"
            );
        }
    }
    let mut found = vec![0.0; recorded.n_states];
    for (probability, state) in start {
        found[state] += probability;
    }
    assert_eq!(found, recorded.start);
}

fn check_promises(environment: &(impl Enumerable + Clone), n_steps: u32) {
    check_environment(
        &TimeLimit::new(environment.clone(), n_steps),
        3_000,
        Seed(1),
    )
    .unwrap();
    check_outcomes(environment, 100, Seed(2)).unwrap();
}

fn lake(map: LakeMap) -> FrozenLakeSettings {
    FrozenLakeSettings::gymnasium(map)
}

#[test]
fn lakes_have_gymnasiums_tables() {
    let dry = |map| FrozenLakeSettings {
        slippery: false,
        ..lake(map)
    };
    let set = FrozenLakeSettings {
        success_rate: 0.7,
        reward_schedule: [10.0, -5.0, -0.1],
        ..lake(LakeMap::Small)
    };
    for (settings, recorded) in [
        (lake(LakeMap::Small), fixture!("frozen_lake_4x4")),
        (lake(LakeMap::Large), fixture!("frozen_lake_8x8")),
        (dry(LakeMap::Small), fixture!("frozen_lake_4x4_dry")),
        (dry(LakeMap::Large), fixture!("frozen_lake_8x8_dry")),
        (set, fixture!("frozen_lake_4x4_set")),
    ] {
        let lake = FrozenLake::new(settings);
        check_table(&recorded, lake.initial_states(), |s, a| {
            lake.transitions(s, a)
        });
        check_promises(&lake, settings.map.time_limit());
    }
}

#[test]
fn cliffs_have_gymnasiums_tables() {
    for (cliff, recorded) in [
        (CliffWalking::dry(), fixture!("cliff_walking")),
        (CliffWalking::slippery(), fixture!("cliff_walking_slippery")),
    ] {
        check_table(&recorded, cliff.initial_states(), |s, a| {
            cliff.transitions(s, a)
        });
        check_promises(&cliff, 500);
    }
}

fn taxi(rain: Option<f64>, fickleness: Option<f64>) -> Taxi {
    Taxi::new(TaxiSettings { rain, fickleness })
}

#[test]
fn taxis_have_gymnasiums_tables() {
    for (taxi, recorded) in [
        (taxi(None, None), fixture!("taxi")),
        (taxi(Some(0.8), None), fixture!("taxi_rainy")),
        (taxi(Some(0.55), None), fixture!("taxi_rainy_set")),
    ] {
        let start = taxi.initial_states().into_iter();
        let start = start.map(|(probability, state)| (probability, state.number));
        check_table(&recorded, start.collect(), |s, a| taxi.transitions(s, a));
        check_promises(&taxi, Taxi::TIME_LIMIT);
    }
}

/// Probability of each number, reward and end.
type Ways = BTreeMap<(usize, i64, bool), f64>;

fn add(ways: &mut Ways, weight: f64, row: &[Transition]) {
    for way in row {
        let key = (way.next_state, way.reward as i64, way.terminates);
        *ways.entry(key).or_default() += weight * way.probability;
    }
}

/// Gymnasium draws beforehand whether the passenger will be fickle: its step with and its step without, mixed.
#[test]
fn fickle_passengers_do_what_gymnasiums_do() {
    for (taxi, calm, fickle) in [
        (
            taxi(None, Some(0.3)),
            fixture!("taxi"),
            fixture!("taxi_fickle"),
        ),
        (
            taxi(Some(0.8), Some(0.3)),
            fixture!("taxi_rainy"),
            fixture!("taxi_rainy_fickle"),
        ),
    ] {
        let mut n_decisions = 0;
        for number in 0..500 {
            for action in 0..6 {
                let (calm, fickle) = (calm.row(number, action), fickle.row(number, action));
                let mut expected = Ways::new();
                add(&mut expected, 0.7, calm);
                add(&mut expected, 0.3, fickle);
                let mut found = Ways::new();
                let state = TaxiState {
                    number,
                    undecided: true,
                };
                for outcome in taxi.outcomes(&state, &action) {
                    let key = (
                        outcome.next_state.number,
                        outcome.step.reward as i64,
                        outcome.step.is_last(),
                    );
                    *found.entry(key).or_default() += outcome.probability;
                    n_decisions += usize::from(!outcome.next_state.undecided);
                }
                assert!(expected.keys().eq(found.keys()), "{number}, {action}");
                for (found, expected) in found.values().zip(expected.values()) {
                    assert!((found - expected).abs() < 1e-15, "{number}, {action}");
                }
                let decided = TaxiState {
                    number,
                    undecided: false,
                };
                let mut after = Ways::new();
                for outcome in taxi.outcomes(&decided, &action) {
                    assert!(!outcome.next_state.undecided);
                    let key = (
                        outcome.next_state.number,
                        outcome.step.reward as i64,
                        outcome.step.is_last(),
                    );
                    *after.entry(key).or_default() += outcome.probability;
                }
                let mut expected = Ways::new();
                add(&mut expected, 1.0, calm);
                assert_eq!(after, expected);
            }
        }
        assert!(n_decisions > 0);
        check_promises(&taxi, Taxi::TIME_LIMIT);
    }
}

/// The values of the literature: 0.74 and 0.91 within the step limits are Gymnasium's `reward_threshold` comments,
/// 13 steps along the edge Sutton and Barto's.
#[test]
fn optimal_values_are_the_known_ones() {
    let value = |environment: &dyn Fn() -> mdp::Tabulated| {
        let tabulated = environment();
        let mdp = &tabulated.mdp;
        let solution = policy_iteration(mdp, &mdp.expected_rewards(), None).unwrap();
        let start = mdp.start().iter().zip(&solution.values);
        start.map(|(p, v)| p * v).sum::<f64>()
    };
    let undiscounted = Discount::new(1.0).unwrap();
    let limited = |map: LakeMap| {
        let lake = TimeLimit::new(FrozenLake::new(lake(map)), map.time_limit());
        tabulate(&lake, undiscounted, 20_000).unwrap()
    };
    let small = value(&|| limited(LakeMap::Small));
    assert!((small - 0.74).abs() < 0.005, "{small}");
    let large = value(&|| limited(LakeMap::Large));
    assert!((large - 0.91).abs() < 0.005, "{large}");
    let cliff = value(&|| {
        let discount = Discount::new(0.999_999_9).unwrap();
        tabulate(&CliffWalking::dry(), discount, 100).unwrap()
    });
    assert!((cliff + 13.0).abs() < 1e-4, "{cliff}");
}

#[test]
fn states_are_those_that_can_be_reached() {
    let discount = Discount::new(0.9).unwrap();
    let cliff = tabulate(&CliffWalking::dry(), discount, 100).unwrap();
    assert_eq!(cliff.mdp.n_states(), 38, "37 and the goal");
    // "This gives a total of 404 reachable discrete states."
    let dry = tabulate(&taxi(None, None), discount, 1_000).unwrap();
    assert_eq!(dry.mdp.n_states(), 404);
    let map = dry.map.unwrap();
    for place in dry.places.iter().flatten() {
        assert_ne!(map.rows[place.row].as_bytes()[place.column], b'#');
    }
}

#[test]
fn scripts_do_what_they_say() {
    let driver = taxi(None, None);
    for episode in 0..100 {
        let rng = Seed(episode).stream("episode", 0);
        let ride = Trajectory::record(&driver, &TaxiDriver, 200, rng);
        assert!(ride.reward_return() > 0.0, "{}", ride.reward_return());
    }
    for (policy, steps) in [(CliffPolicy::Edge, 13.0), (CliffPolicy::Careful, 15.0)] {
        let rng = Seed(0).stream("episode", 0);
        let walk = Trajectory::record(&CliffWalking::dry(), &policy, 100, rng);
        assert_eq!(walk.reward_return(), -steps);
    }
}

/// Every state has a picture, and a number that no state has draws nothing.
#[test]
fn pictures_are_drawn() {
    fn check<E: Environment>(environment: &E, state: E::State) {
        assert!(environment.scene().is_some());
        assert!(!environment.draw(&state).is_empty());
    }
    check(&FrozenLake::new(lake(LakeMap::Large)), 63);
    check(&CliffWalking::dry(), 47);
    check(
        &taxi(None, None),
        TaxiState {
            number: 499,
            undecided: false,
        },
    );
    assert!(CliffWalking::dry().draw(&10_000).is_empty());
    assert_eq!(
        taxi(None, None).observation_space(),
        Space::Discrete { n: 500 }
    );
}
