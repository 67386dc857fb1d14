//! Each task against the tables of seals itself, and what every environment promises.

use std::collections::BTreeMap;

use mdp::{
    Discount, Enumerable, Seed, TimeLimit, Transition, check_environment, check_outcomes,
    deterministic, policy_iteration, policy_return, tabulate,
};

use super::{
    Branching, CliffWorld, CliffWorldSize, EarlyTermination, InitialShift, NoisyObservations,
    RandomTransitions, RiskyPath,
};
use crate::toy_text::fixture::Fixture;

macro_rules! fixture {
    ($name:literal) => {
        Fixture::read(include_str!(concat!("fixtures/", $name, ".txt")))
    };
}

/// Probability by successor, reward and end; a matrix holds one entry for each successor.
fn merged(row: impl Iterator<Item = Transition>) -> BTreeMap<(usize, u64, bool), f64> {
    let mut merged = BTreeMap::new();
    for way in row.filter(|way| way.probability > 0.0) {
        let key = (way.next_state, way.reward.to_bits(), way.terminates);
        *merged.entry(key).or_insert(0.0) += way.probability;
    }
    merged
}

/// Compares the tables, probabilities to within `tolerance`, and checks the promises.
fn check<E>(environment: &E, n_steps: u32, recorded: &Fixture, tolerance: f64)
where
    E: Enumerable<State = usize, Action = usize> + crate::toy_text::table::Tabled + Clone,
{
    for state in 0..recorded.n_states {
        for action in 0..recorded.n_actions {
            let row = environment.table().row(state, action).iter();
            let found = merged(row.map(|entry| entry.transition));
            let expected = merged(recorded.row(state, action).iter().copied());
            assert!(found.keys().eq(expected.keys()), "{found:?} {expected:?}");
            for (found, expected) in found.values().zip(expected.values()) {
                assert!((found - expected).abs() <= tolerance, "{found} {expected}");
            }
        }
    }
    let mut start = vec![0.0; recorded.n_states];
    for (probability, state) in environment.initial_states() {
        start[state] += probability;
    }
    assert_eq!(start, recorded.start);
    check_promises(environment, n_steps);
}

fn check_promises(environment: &(impl Enumerable + Clone), n_steps: u32) {
    check_environment(
        &TimeLimit::new(environment.clone(), n_steps),
        1_000,
        Seed(1),
    )
    .unwrap();
    check_outcomes(environment, 100, Seed(2)).unwrap();
}

#[test]
fn tasks_have_the_published_tables() {
    check(
        &RiskyPath::new(),
        RiskyPath::TIME_LIMIT,
        &fixture!("risky_path"),
        0.0,
    );
    check(
        &Branching::default(),
        Branching::TIME_LIMIT,
        &fixture!("branching"),
        0.0,
    );
    check(&Branching::new(3, 4), 5, &fixture!("branching_3x4"), 0.0);
    for (task, recorded) in [
        (
            EarlyTermination::positive(),
            fixture!("early_termination_positive"),
        ),
        (
            EarlyTermination::negative(),
            fixture!("early_termination_negative"),
        ),
    ] {
        check(&task, EarlyTermination::TIME_LIMIT, &recorded, 0.0);
    }
    check(
        &InitialShift::train(),
        InitialShift::TIME_LIMIT,
        &fixture!("initial_shift"),
        0.0,
    );
    for (size, recorded) in [
        (CliffWorldSize::Small, fixture!("cliff_world_7x4")),
        (CliffWorldSize::Medium, fixture!("cliff_world_15x6")),
    ] {
        check(&CliffWorld::new(size), size.time_limit(), &recorded, 0.0);
    }
    // Published in 32 bits, normalised here.
    let random = RandomTransitions::published();
    let recorded = fixture!("random_transitions");
    check(&random, RandomTransitions::TIME_LIMIT, &recorded, 1e-7);
}

#[test]
fn the_others_keep_their_promises() {
    check_promises(&NoisyObservations, NoisyObservations::TIME_LIMIT);
    check_promises(&InitialShift::test(), InitialShift::TIME_LIMIT);
    check_promises(&CliffWorld::new(CliffWorldSize::Large), 110);
    check_promises(&RandomTransitions::drawn(40, 4, 5, Seed(7)), 20);
}

/// The undiscounted optimal return within the step limit.
fn best(environment: impl Enumerable, n_steps: u32) -> f64 {
    let discount = Discount::new(1.0).unwrap();
    let limited = TimeLimit::new(environment, n_steps);
    let mdp = tabulate(&limited, discount, 10_000).unwrap().mdp;
    let rewards = mdp.expected_rewards();
    let solution = policy_iteration(&mdp, &rewards, None).unwrap();
    let policy = deterministic(&solution.policy, mdp.n_actions());
    policy_return(&mdp, &rewards, &policy).unwrap()
}

/// What the tasks are about, in figures that can be worked out by hand.
#[test]
fn the_best_returns_are_those_of_the_tasks() {
    let check = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
    // Two steps to the goal and three in it; the gamble costs 198 on average.
    check(best(RiskyPath::new(), 5), 3.0);
    check(best(Branching::default(), 11), 1.0);
    check(best(EarlyTermination::positive(), 10), 10.0);
    check(best(EarlyTermination::negative(), 10), -2.0);
    // A step is paid for the state that it leaves.
    check(best(InitialShift::train(), 3), 2.0);
    check(best(InitialShift::test(), 3), 2.0);
    // Two moves to the centre at the soonest are four from a corner.
    check(best(NoisyObservations, 15), 11.0);
}

#[test]
fn drawn_tasks_follow_the_recipe() {
    let task = RandomTransitions::drawn(30, 3, 4, Seed(1));
    let mut sizes = [0; 5];
    for state in 0..30 {
        for action in 0..3 {
            let row: Vec<Transition> = task.transitions(state, action).collect();
            let sum: f64 = row.iter().map(|way| way.probability).sum();
            assert!((sum - 1.0).abs() < 1e-12);
            assert!(
                row.windows(2)
                    .all(|pair| pair[0].next_state < pair[1].next_state)
            );
            sizes[row.len()] += 1;
        }
    }
    assert_eq!(sizes[0], 0);
    assert!(sizes[1..].iter().all(|n| *n > 8), "{sizes:?}");
    let same = RandomTransitions::drawn(30, 3, 4, Seed(1));
    let other = RandomTransitions::drawn(30, 3, 4, Seed(2));
    let first = |task: &RandomTransitions| task.transitions(0, 0).collect::<Vec<_>>();
    assert_eq!(first(&task), first(&same));
    assert_ne!(first(&task), first(&other));
}
