//! The problems are the published ones, keep their promises, and their heuristics say what they should.

use std::collections::BTreeSet;

use mdp::{
    Environment as _, Seed, StateVector as _, TimeLimit, Trajectory, check_environment,
    check_outcomes, index,
};
use proptest::prelude::*;

use super::{BlockWords, CourierTaxi, DoorsKeysGems, GoalExpert, GoalProblem, Pursuit};

fn taxi(name: &str) -> CourierTaxi {
    CourierTaxi::new(name).unwrap()
}

fn gems(name: &str) -> DoorsKeysGems {
    DoorsKeysGems::published(name).unwrap()
}

fn words(name: &str) -> BlockWords {
    BlockWords::published(name).unwrap()
}

fn keeps_promises(problem: impl GoalProblem + Clone) {
    for goal in 0..problem.n_goals() {
        let pursuit = Pursuit::new(problem.clone(), goal).unwrap();
        check_environment(&TimeLimit::new(pursuit.clone(), 60), 600, Seed(0)).unwrap();
        check_outcomes(&pursuit, 100, Seed(1)).unwrap();
    }
    let n_goals = problem.n_goals();
    assert!(Pursuit::new(problem, n_goals).is_none());
}

#[test]
fn every_problem_keeps_its_promises() {
    for name in CourierTaxi::PROBLEMS {
        keeps_promises(taxi(name));
    }
    for name in DoorsKeysGems::PROBLEMS {
        keeps_promises(gems(name));
    }
    for name in BlockWords::PROBLEMS {
        keeps_promises(words(name));
    }
}

/// Steps of the shortest way to a goal.
fn length(problem: &(impl GoalProblem + Clone), goal: usize) -> usize {
    let pursuit = Pursuit::new(problem.clone(), goal).unwrap();
    let expert = GoalExpert::new(pursuit.clone());
    let played = Trajectory::record(&pursuit, &expert, 1_000, Seed(0).stream("play", 0));
    played.steps.len()
}

/// Steps of the shortest way to each of three goals.
fn lengths(problem: impl GoalProblem + Clone) -> [usize; 3] {
    [0, 1, 2].map(|goal| length(&problem, goal))
}

/// The lengths of the published optimal plans, domain by domain.
#[test]
fn shortest_ways_are_as_long_as_the_published_plans() {
    let taxi = CourierTaxi::PROBLEMS.map(|name| lengths(taxi(name)));
    let published = [[12, 8, 11], [16, 16, 13], [10, 14, 13], [14, 12, 14]];
    assert_eq!(taxi, published);
    let gems = DoorsKeysGems::PROBLEMS.map(|name| lengths(gems(name)));
    let published = [
        [14, 23, 32],
        [29, 28, 35],
        [13, 3, 41],
        [10, 25, 32],
        [22, 42, 43],
    ];
    assert_eq!(gems, published);
    // The other block words have as many states, some 700,000, and are left to the example on goal inference.
    assert_eq!(length(&words("2"), 1), 6);
}

/// A walk of some steps among actions that can be taken.
fn walk<P: GoalProblem>(problem: &P, n_steps: usize, seed: u64) -> Vec<P::State> {
    let mut rng = Seed(seed).stream("walk", 0);
    let mut states = vec![problem.start()];
    let mut successors = vec![];
    for _ in 0..n_steps {
        successors.clear();
        problem.successors(&states[states.len() - 1], &mut successors);
        states.push(successors[index(successors.len(), &mut rng)].1);
    }
    states
}

fn states_hold_together<P: GoalProblem>(problem: &P, seed: u64) {
    let (mut numbers, mut estimates) = (vec![], vec![]);
    for state in walk(problem, 60, seed) {
        numbers.clear();
        state.write(&mut numbers);
        assert_eq!(P::State::read(&numbers).unwrap(), state);
        estimates.clear();
        problem.estimates(&state, &mut estimates);
        for (goal, estimate) in estimates.iter().enumerate() {
            assert_eq!(problem.is_reached(&state, goal), *estimate == 0.0);
        }
        assert_eq!(problem.observation_log_probability(&state, &state), 0.0);
        let mut successors = vec![];
        problem.successors(&state, &mut successors);
        assert!(successors.is_sorted_by_key(|(action, _)| *action));
        for (_, next) in successors {
            assert!(problem.observation_log_probability(&state, &next) < -2.0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn states_estimates_and_observations_hold_together(seed in 0_u64..1_000) {
        for name in CourierTaxi::PROBLEMS { states_hold_together(&taxi(name), seed); }
        for name in DoorsKeysGems::PROBLEMS { states_hold_together(&gems(name), seed); }
        for name in BlockWords::PROBLEMS { states_hold_together(&words(name), seed); }
    }

    /// Any action in a hand's turn can be taken back in the next.
    #[test]
    fn what_is_lifted_can_be_put_back(seed in 0_u64..1_000) {
        let problem = words("1");
        for pair in walk(&problem, 40, seed).windows(2) {
            let mut back = vec![];
            problem.successors(&pair[1], &mut back);
            prop_assert!(back.iter().any(|(_, state)| *state == pair[0]));
        }
    }
}

#[test]
fn words_are_estimated_by_h_add() {
    let problem = words("0");
    let mut estimates = vec![];
    problem.estimates(&problem.start(), &mut estimates);
    // WADE: w on a costs 1 to lift w, 1 to clear a and 1 to stack; a on d 1 to clear a, 1 and 1; d on e 1 and 1.
    assert_eq!(estimates[4], 3.0 + 3.0 + 2.0);
    // ROPE: r on o costs 1 and 1; o on p 1, 1 to clear p and 1; p on e 1 to clear p, 1 and 1.
    assert_eq!(estimates[2], 2.0 + 3.0 + 3.0);
    assert_eq!(problem.label(&problem.start()), "dac e o rp w");
}

#[test]
fn keys_open_one_door_each() {
    let problem = DoorsKeysGems::new(&["skD1", "..D2"]).unwrap();
    let pursuit = Pursuit::new(problem, 0).unwrap();
    let mut rng = Seed(0).stream("play", 0);
    let mut state = pursuit.initial_state(&mut rng);
    let names = pursuit.action_names();
    let mut play = |name: &str| {
        let action = names.iter().position(|other| *other == name).unwrap();
        pursuit.step(&mut state, &action, &mut rng);
        pursuit.problem().label(&state)
    };
    assert_eq!(
        play("unlock right"),
        "column 0, row 0, 0 keys, 2 doors locked"
    );
    play("right");
    assert_eq!(play("pickup"), "column 1, row 0, 1 keys, 2 doors locked");
    assert_eq!(play("right"), "column 1, row 0, 1 keys, 2 doors locked");
    assert_eq!(
        play("unlock right"),
        "column 1, row 0, 0 keys, 1 doors locked"
    );
    play("down");
    assert_eq!(
        play("unlock right"),
        "column 1, row 1, 0 keys, 1 doors locked"
    );
}

#[test]
fn maps_that_cannot_be_used_say_why() {
    let cases: [(&[&str], &str); 5] = [
        (&["s1", "."], "one length"),
        (&["s1?"], "`?` has no meaning"),
        (&["ss1"], "not 2 starts"),
        (&["s2"], "each number stands once"),
        (&["s1kkkkkkkk"], "not 9; leave some out"),
    ];
    for (rows, expected) in cases {
        let message = DoorsKeysGems::new(rows).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    assert!(
        CourierTaxi::new("pink")
            .unwrap_err()
            .to_string()
            .contains("choose one of red")
    );
}

#[test]
fn goals_differ() {
    let names = |problem: &dyn Fn(usize) -> String, n: usize| -> BTreeSet<String> {
        (0..n).map(problem).collect()
    };
    let problem = words("2");
    assert_eq!(names(&|goal| problem.goal_name(goal), 5).len(), 5);
    let problem = taxi("green");
    assert_eq!(
        names(&|goal| problem.goal_name(goal), 3),
        ["red", "yellow", "blue"].map(str::to_owned).into()
    );
}
