//! Tests of the hackability gap: against a linear programme, against a list of all policies, and where the answer is
//! known.

use mdp::{Discount, Seed, TabularMdp, Transition, deterministic, policy_return};

use super::*;
use crate::deterministic_returns;
use crate::draw::{Ends, draw_mdp, normals};
use crate::programme::least_intent;

/// A random MDP and two random expected rewards on it.
fn drawn(seed: u64) -> (TabularMdp, Vec<f64>, Vec<f64>) {
    let rng = &mut Seed(seed).stream("gap", 0);
    let ends = [Ends::Discounted, Ends::Always][seed as usize % 2];
    let n_states = 2 + mdp::index(7, rng);
    let mdp = draw_mdp(n_states, 2 + mdp::index(3, rng), ends, rng);
    let n_rows = mdp.n_states() * mdp.n_actions();
    let (reward, intent) = (normals(n_rows, rng), normals(n_rows, rng));
    // Every fifth pair agrees but for a little, so that the optimal policies lie close together.
    let blended = intent.iter().zip(&reward).map(|(a, b)| 0.1 * a + b);
    let intent = if seed.is_multiple_of(5) {
        blended.collect()
    } else {
        intent
    };
    (mdp, reward, intent)
}

fn scale(gap: &Gap) -> f64 {
    1.0 + gap.intent_range.width()
}

/// What holds of every gap.
fn check(mdp: &TabularMdp, reward: &[f64], intent: &[f64], gap: &Gap) {
    let size = scale(gap);
    for witness in [&gap.worst, &gap.reference] {
        let evaluated = [reward, intent]
            .map(|table| policy_return(mdp, table, &witness.policy).expect("it ends"));
        let claimed = [witness.returns.reward, witness.returns.intent];
        for (evaluated, claimed) in evaluated.iter().zip(claimed) {
            assert!(
                (evaluated - claimed).abs() < 1e-8 * size,
                "{evaluated} {claimed}"
            );
        }
    }
    assert!(gap.worst.returns.reward >= gap.asked - 1e-8 * size);
    assert!(gap.duality_gap() >= -1e-9 * size, "{gap:?}");
    assert!(gap.duality_gap() <= 1e-8 * size, "{gap:?}");
    assert_eq!(gap.stop, Stop::Converged);
    assert!(gap.multiplier >= 0.0);
}

#[test]
fn the_gap_is_what_a_linear_programme_finds() {
    for seed in 0..300 {
        let (mdp, reward, intent) = drawn(seed);
        let gap = gap(
            &mdp,
            &reward,
            &intent,
            Reference::IntentOptimal,
            GapSettings::EXACT,
        )
        .expect("it has an answer");
        check(&mdp, &reward, &intent, &gap);
        let asked = gap.asked - 1e-9;
        let programme = least_intent(&mdp, &reward, &intent, asked).expect("it has an answer");
        assert!(
            (programme - gap.worst.returns.intent).abs() < 1e-6 * scale(&gap),
            "seed {seed}: {programme} {gap:?}"
        );
    }
}

#[test]
fn the_gap_lies_on_the_polygon_of_all_deterministic_policies() {
    for seed in 0..100 {
        let (mdp, reward, intent) = drawn(seed);
        let Some(all) = deterministic_returns(&mdp, [&reward, &intent], 3000).expect("tables fit")
        else {
            continue;
        };
        let uniform = vec![1.0 / mdp.n_actions() as f64; reward.len()];
        let settings = GapSettings {
            epsilon: 0.01,
            ..GapSettings::EXACT
        };
        let Ok(gap) = gap(
            &mdp,
            &reward,
            &intent,
            Reference::Policy(&uniform),
            settings,
        ) else {
            continue;
        };
        check(&mdp, &reward, &intent, &gap);
        let expected = lowest_at(&all.returns, gap.asked);
        assert!(
            (expected - gap.worst.returns.intent).abs() < 1e-8 * scale(&gap),
            "seed {seed}: {expected} {gap:?}"
        );
    }
}

/// The least second coordinate of any mixture of two points whose first coordinate is at least `asked`.
fn lowest_at(points: &[[f64; 2]], asked: f64) -> f64 {
    let mut lowest = f64::INFINITY;
    for above in points.iter().filter(|point| point[0] >= asked) {
        lowest = lowest.min(above[1]);
        for below in points.iter().filter(|point| point[0] < asked) {
            let weight = (asked - below[0]) / (above[0] - below[0]);
            lowest = lowest.min(below[1] + weight * (above[1] - below[1]));
        }
    }
    lowest
}

#[test]
fn a_reward_that_is_the_intent_leaves_no_gap_and_its_opposite_leaves_all() {
    for seed in 0..20 {
        let (mdp, _, intent) = drawn(seed);
        let opposite: Vec<f64> = intent.iter().map(|value| -value).collect();
        let against = |reward: &[f64]| {
            gap(
                &mdp,
                reward,
                &intent,
                Reference::IntentOptimal,
                GapSettings::EXACT,
            )
            .expect("it has an answer")
        };
        assert!(against(&intent).loss().abs() < 1e-8);
        assert!((against(&opposite).loss_share() - 1.0).abs() < 1e-9);
        let constant = vec![0.0; intent.len()];
        assert!((against(&constant).loss_share() - 1.0).abs() < 1e-9);
    }
}

#[test]
fn units_do_not_matter() {
    for seed in 0..40 {
        let (mdp, reward, intent) = drawn(seed);
        let in_units = |of_reward: f64, of_intent: f64| {
            let reward: Vec<f64> = reward.iter().map(|value| of_reward * value).collect();
            let intent: Vec<f64> = intent.iter().map(|value| of_intent * value).collect();
            let uniform = vec![1.0 / mdp.n_actions() as f64; reward.len()];
            let reference = Reference::Policy(&uniform);
            gap(&mdp, &reward, &intent, reference, GapSettings::EXACT).expect("it has an answer")
        };
        let plain = in_units(1.0, 1.0);
        for (of_reward, of_intent) in [(1e-9, 1e9), (1e9, 1e-9), (1e-6, 1e-6)] {
            let scaled = in_units(of_reward, of_intent);
            let difference = scaled.loss_share() - plain.loss_share();
            assert!(difference.abs() < 1e-8, "seed {seed}: {difference}");
            assert_eq!(scaled.stop, Stop::Converged);
        }
    }
}

/// One decision, at discount 0.5, then the end.
fn bandit(n_actions: usize) -> TabularMdp {
    let ends = Transition {
        probability: 1.0,
        next_state: 0,
        reward: 0.0,
        terminates: true,
    };
    let discount = Discount::new(0.5).expect("it is one");
    TabularMdp::new(n_actions, vec![vec![ends]; n_actions], vec![1.0], discount).expect("possible")
}

#[test]
fn the_worst_optimal_policy_takes_the_worst_of_the_tied_actions() {
    let reward = [1.0, 1.0, 0.9, 0.0];
    let intent = [0.5, -0.5, -1.0, 1.0];
    let worst = |tolerance: f64| {
        worst_among_optimal(&bandit(4), &reward, &intent, tolerance).expect("it has an answer")
    };
    let exact = worst(0.0);
    assert_eq!(exact.worst.returns.intent, -0.5);
    assert_eq!(exact.reference.returns.intent, 0.5);
    assert_eq!(
        exact.intent_range,
        ReturnRange {
            lowest: -1.0,
            highest: 1.0
        }
    );
    assert_eq!(exact.loss_share(), 0.5);
    assert_eq!(exact.regret_share(), 0.75);
    // Halfway between the worst of the tied actions and the one that is paid 0.1 less.
    assert!((worst(0.05).worst.returns.intent + 0.75).abs() < 1e-12);
    assert!((worst(0.1).worst.returns.intent + 1.0).abs() < 1e-12);
}

#[test]
fn a_mixture_visits_as_its_policy_does() {
    let mut n_mixed = 0;
    for seed in 0..50 {
        let (mdp, reward, intent) = drawn(seed);
        let uniform = vec![1.0 / mdp.n_actions() as f64; reward.len()];
        let gap = gap(
            &mdp,
            &reward,
            &intent,
            Reference::Policy(&uniform),
            GapSettings::EXACT,
        )
        .expect("it has an answer");
        let visits = |policy: &[usize]| {
            mdp::occupancy(&mdp, &deterministic(policy, mdp.n_actions())).expect("it ends")
        };
        let [first, second] =
            [&gap.mixture.policies[0], &gap.mixture.policies[1]].map(|p| visits(p));
        let mixed = mdp::occupancy(&mdp, &gap.worst.policy).expect("it ends");
        n_mixed += usize::from(0.0 < gap.mixture.weight && gap.mixture.weight < 1.0);
        for ((first, second), mixed) in first.iter().zip(&second).zip(&mixed) {
            let expected = (1.0 - gap.mixture.weight) * first + gap.mixture.weight * second;
            assert!((expected - mixed).abs() < 1e-8, "seed {seed}");
        }
    }
    assert!(n_mixed > 20, "only {n_mixed} were mixtures");
}

#[test]
fn the_range_is_that_of_all_policies() {
    for seed in 0..30 {
        let (mdp, reward, intent) = drawn(seed);
        let Some(all) = deterministic_returns(&mdp, [&reward, &intent], 3000).expect("tables fit")
        else {
            continue;
        };
        let range = return_range(&mdp, &reward).expect("it has one");
        let of = |pick: fn(f64, f64) -> f64| all.returns.iter().map(|r| r[0]).reduce(pick);
        assert!((range.lowest - of(f64::min).expect("some")).abs() < 1e-8);
        assert!((range.highest - of(f64::max).expect("some")).abs() < 1e-8);
    }
}

#[test]
fn at_discount_1_policies_that_never_end_take_no_part() {
    // Wait (0) or leave (1); nothing is paid for waiting, so waiting for ever would deliver least.
    let stay = |terminates| Transition {
        probability: 1.0,
        next_state: 0,
        reward: 0.0,
        terminates,
    };
    let (rows, start) = (vec![vec![stay(false)], vec![stay(true)]], vec![1.0]);
    let waiting = |discount| {
        let discount = Discount::new(discount).expect("it is one");
        TabularMdp::new(2, rows.clone(), start.clone(), discount).expect("possible")
    };
    let worst = |mdp: &TabularMdp| {
        let best = Reference::IntentOptimal;
        let gap = gap(mdp, &[0.0; 2], &[0.0, 1.0], best, GapSettings::EXACT);
        gap.expect("it has an answer").worst.returns.intent
    };
    assert_eq!(worst(&waiting(1.0)), 1.0);
    assert_eq!(worst(&waiting(0.999)), 0.0);
    let programme = least_intent(&waiting(1.0), &[0.0; 2], &[0.0, 1.0], 0.0);
    assert!((programme.expect("it has an answer") - 1.0).abs() < 1e-9);
}

#[test]
fn what_cannot_be_answered_says_why() {
    let (mdp, tables) = (bandit(2), [0.0, 1.0]);
    let ask = |reward: &[f64], reference: Reference<'_>, epsilon: f64| {
        let settings = GapSettings {
            epsilon,
            ..GapSettings::EXACT
        };
        let error = gap(&mdp, reward, &tables, reference, settings).expect_err("it has no answer");
        error.to_string()
    };
    let best = Reference::IntentOptimal;
    assert!(ask(&[0.0], best, 0.0).contains("the reward has 1 values where the MDP has 2"));
    assert!(ask(&[0.0, f64::NAN], best, 0.0).contains("NaN at index 1"));
    assert!(ask(&tables, best, 0.5).contains("no policy has a return of 1.5"));
    let halves = Reference::Policy(&[0.5, 0.4]);
    assert!(ask(&tables, halves, 0.0).contains("state 0 probabilities that sum to 0.9"));
}

/// From each state to itself (0) or to the next (1), round a ring or, at discount 1, on to the end by either.
fn ring(n_states: usize, discount: f64) -> TabularMdp {
    let mut rows = vec![];
    for state in 0..n_states {
        for action in 0..2 {
            let next = (state + 1) % n_states;
            rows.push(vec![Transition {
                probability: 1.0,
                next_state: if discount < 1.0 && action == 0 {
                    state
                } else {
                    next
                },
                reward: 0.0,
                terminates: discount == 1.0 && next == 0,
            }]);
        }
    }
    let mut start = vec![0.0; n_states];
    start[0] = 1.0;
    TabularMdp::new(2, rows, start, Discount::new(discount).expect("it is one")).expect("possible")
}

#[test]
fn small_differences_count_beside_what_each_step_pays() {
    // One table is small enough to be factored, one is not, and at discount 1 nothing is taken out.
    for (n_states, discount, cost) in [
        (10, 0.999, 1e-6),
        (10, 0.9999, 1e-6),
        (150, 0.999, 1e-6),
        (1000, 1.0, 1e-7),
    ] {
        let mdp = ring(n_states, discount);
        let reward = [1.0, 1.0 - cost].repeat(n_states);
        let best = Reference::IntentOptimal;
        let same = gap(&mdp, &reward, &reward, best, GapSettings::EXACT).expect("it has an answer");
        assert!(same.loss_share().abs() < 1e-3, "{n_states}: {same:?}");
        let staying = mdp::deterministic(&vec![0; n_states], 2);
        let least = policy_return(&mdp, &reward, &staying).expect("it ends");
        let scale = least.abs();
        assert!((same.worst.returns.reward - least).abs() < 1e-9 * scale);
        // An intent that is served by what costs a little: all of it is lost.
        let intent = [0.0, 1.0].repeat(n_states);
        let worst = worst_among_optimal(&mdp, &reward, &intent, 0.0).expect("it has an answer");
        let going = mdp::deterministic(&vec![1; n_states], 2);
        let most = policy_return(&mdp, &intent, &going).expect("it ends");
        assert!(worst.worst.returns.intent.abs() < 1e-3 * most, "{worst:?}");
    }
}

#[test]
fn a_large_potential_turns_no_verdict() {
    let mdp = {
        let mut rows = vec![];
        for state in 0..4 {
            for (next_state, terminates) in [(usize::min(state + 1, 3), state == 3), (state, false)]
            {
                rows.push(vec![Transition {
                    probability: 1.0,
                    next_state,
                    reward: 0.0,
                    terminates,
                }]);
            }
        }
        let start = vec![1.0, 0.0, 0.0, 0.0];
        TabularMdp::new(2, rows, start, Discount::new(0.9).expect("below 1")).expect("possible")
    };
    let intent = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    for size in [1.0, 1e5, 1e9] {
        let potential = [0.3, 0.9, -0.4, 0.7].map(|phi| size * phi);
        let shaping = crate::Flow::new(&mdp).shaping(&potential);
        let added = |by: f64| -> Vec<f64> {
            let pairs = shaping.iter().zip(intent);
            pairs
                .map(|(shaping, intent)| shaping + by * intent)
                .collect()
        };
        let loss = |reward: &[f64]| {
            let worst = worst_among_optimal(&mdp, reward, &intent, 0.0).expect("it has an answer");
            assert!((worst.worst.returns.reward + potential[0]).abs() < 1.0 + 1e-9 * size);
            worst.loss_share()
        };
        assert!(loss(&added(1.0)).abs() < 1e-4, "{size}");
        let against = crate::worst_regret(&mdp, &added(-1.0), &intent).expect("it has an answer");
        assert!((against.share() - 1.0).abs() < 1e-4, "{size}");
        let range = return_range(&mdp, &added(1.0)).expect("it has one");
        assert!(
            (range.width() - 0.729).abs() < 1e-6 * f64::max(1.0, 1e-9 * size),
            "{size}"
        );
    }
}

/// A choice between two ends, and a state that nothing leads to, where one can stay for ever.
fn with_unreachable(discount: f64) -> TabularMdp {
    let go = |next_state, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: 0.0,
            terminates,
        }]
    };
    let rows = vec![go(0, true), go(0, true), go(1, false), go(1, false)];
    let discount = Discount::new(discount).expect("it is one");
    TabularMdp::new(2, rows, vec![1.0, 0.0], discount).expect("possible")
}

#[test]
fn what_cannot_be_reached_decides_nothing() {
    for discount in [0.9, 1.0] {
        let mdp = with_unreachable(discount);
        for far in [-1.0, 1.0, 1e14] {
            let reward = [1.0, 0.0, far, -far];
            let range = return_range(&mdp, &reward).expect("it has one");
            let misses = range.lowest.abs().max((range.highest - 1.0).abs());
            assert!(misses < 1e-12, "{far}: {range:?}");
            let intent = [0.0, 1.0, 0.0, far];
            let worst = worst_among_optimal(&mdp, &reward, &intent, 0.0).expect("it has an answer");
            let best = Reference::IntentOptimal;
            let gap = gap(&mdp, &reward, &intent, best, GapSettings::EXACT);
            // All that is optimal for the reward delivers nothing; what the reference is paid, it is itself.
            assert!((worst.worst.returns.intent).abs() < 1e-12, "{worst:?}");
            assert!((gap.expect("it has an answer").loss_share() - 1.0).abs() < 1e-12);
        }
    }
}
