//! Tests of cooperative inverse reinforcement learning.

use mdp::{Rng, Seed, index, uniform};

use super::*;

fn random_game(n_preferences: usize, is_sure: bool, seed: u64) -> CirlGame {
    let mut rng = Seed(seed).stream("game", 0);
    let mut chance = Seed(seed).stream("chance", 0);
    let prior: Vec<f64> = (0..n_preferences)
        .map(|_| 0.2 + uniform(&mut rng))
        .collect();
    let sum: f64 = prior.iter().sum();
    let next = |_: Joint| {
        let (one, two) = (index(3, &mut chance), index(3, &mut chance));
        if is_sure {
            vec![(one, 1.0)]
        } else {
            vec![(one, 0.7), (two, 0.3)]
        }
    };
    CirlGame::new(
        (3, 2, 2),
        next,
        |_, _| 2.0 * uniform(&mut rng) - 1.0,
        prior.iter().map(|p| p / sum).collect(),
        0.9,
    )
    .unwrap()
}

fn random_belief(n: usize, rng: &mut Rng) -> Vec<f64> {
    let weights: Vec<f64> = (0..n).map(|_| uniform(rng)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / sum).collect()
}

#[test]
fn the_modified_update_agrees_with_the_definition() {
    for (n_preferences, is_sure) in [(2, true), (2, false), (3, true)] {
        for seed in 0..4 {
            let game = random_game(n_preferences, is_sure, seed);
            let config = ExactConfig {
                horizon: 3,
                max_plans: 20_000,
            };
            let solution = solve_exactly(&game, config).unwrap();
            let mut rng = Seed(seed).stream("beliefs", 0);
            for state in 0..game.n_states() {
                let belief = random_belief(n_preferences, &mut rng);
                let slow = value_by_decision_rules(&game, state, &belief, 3);
                let fast = solution.value(state, &belief);
                assert!((fast - slow).abs() < 1e-9, "{fast} against {slow}");
            }
        }
    }
}

#[test]
fn points_come_near_and_never_promise_more() {
    for seed in 0..6 {
        let game = random_game(3, true, seed);
        let exact = solve_exactly(
            &game,
            ExactConfig {
                horizon: 3,
                max_plans: 20_000,
            },
        )
        .unwrap();
        let config = PointConfig {
            horizon: 3,
            n_beliefs: 40,
            n_rules: 8,
        };
        let points = solve_by_points(&game, config, Seed(seed));
        for state in 0..game.n_states() {
            let (near, best) = (
                points.value(state, game.prior()),
                exact.value(state, game.prior()),
            );
            assert!(near <= best + 1e-9, "{near} promises more than {best}");
            assert!(
                near >= best - 0.01 * best.abs().max(1.0),
                "{near} against {best}"
            );
        }
    }
}

/// Two preferences of two things; the person may point, at a price, and the robot may fetch or wait.
#[test]
fn a_robot_that_does_not_know_waits_to_be_told() {
    let game = CirlGame::new(
        (2, 3, 3),
        |joint| vec![(if joint.robot == 2 { 0 } else { 1 }, 1.0)],
        |joint, preference| {
            let pointing = if joint.human < 2 { -0.1 } else { 0.0 };
            let fetched = match (joint.state, joint.robot) {
                (0, 2) | (1, _) => 0.0,
                (_, thing) if thing == preference => 1.0,
                _ => -1.0,
            };
            pointing + fetched
        },
        vec![0.5, 0.5],
        0.9,
    )
    .unwrap();
    let config = ExactConfig {
        horizon: 2,
        max_plans: 10_000,
    };
    let solution = solve_exactly(&game, config).unwrap();
    // One preference points, the other keeps still, and both have said which they are: 0.9 later, less half a price.
    assert!((solution.value(0, &[0.5, 0.5]) - 0.85).abs() < 1e-12);
    // Whoever knows fetches at once.
    assert!((solution.value(0, &[1.0, 0.0]) - 1.0).abs() < 1e-12);
    assert_eq!(
        solve_exactly(
            &game,
            ExactConfig {
                max_plans: 1,
                ..config
            }
        ),
        None
    );
}

#[test]
fn impossible_games_are_refused() {
    let game = |next: usize, p: f64, reward: f64, discount: f64| {
        let error = CirlGame::new(
            (1, 1, 1),
            |_| vec![(next, p)],
            |_, _| reward,
            vec![1.0],
            discount,
        );
        error.unwrap_err().to_string()
    };
    assert!(game(1, 1.0, 0.0, 0.9).starts_with("state 0, actions 0 and 0: 1 is not possible"));
    assert!(game(0, 0.5, 0.0, 0.9).contains("sum to 0.5"));
    assert!(game(0, 1.0, f64::NAN, 0.9).contains("rewards are finite"));
    assert!(game(0, 1.0, 0.0, 1.5).contains("from 0 to 1"));
}

/// Bringing the right one of two things is worth 1, the wrong one -1, and there is no time to watch: a question that costs
/// less than 1 is asked, and no other.
#[test]
fn a_robot_asks_where_the_answer_is_worth_its_cost() {
    let bring = CirlGame::new(
        (2, 2, 2),
        |_| vec![(1, 1.0)],
        |joint, preference| match (joint.state, joint.robot == preference) {
            (0, true) => 1.0,
            (0, false) => -1.0,
            _ => 0.0,
        },
        vec![0.5, 0.5],
        1.0,
    )
    .unwrap();
    let worth = |game: &CirlGame, belief: &[f64]| {
        let config = ExactConfig {
            horizon: 2,
            max_plans: 10_000,
        };
        let value = solve_exactly(game, config).unwrap().value(0, belief);
        assert!((value - value_by_decision_rules(game, 0, belief, 2)).abs() < 1e-12);
        value
    };
    assert!(worth(&bring, &[0.5, 0.5]).abs() < 1e-12, "a guess");
    for cost in [0.1, 0.7, 1.3] {
        let asking = bring.with_question(cost).unwrap();
        let expected = f64::max(0.0, 1.0 - cost);
        assert!((worth(&asking, &[0.5, 0.5]) - expected).abs() < 1e-12);
        // Whoever is nearly sure has less to learn: a guess is worth 0.8 here.
        let expected = f64::max(0.8, 1.0 - cost);
        assert!((worth(&asking, &[0.9, 0.1]) - expected).abs() < 1e-12);
    }
    assert!(bring.with_question(f64::NAN).is_err());
}
