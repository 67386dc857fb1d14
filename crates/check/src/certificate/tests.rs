//! Tests of Laidlaw's certificate.

use mdp::{Discount, Rng, Seed, TabularMdp, Transition, policy_return};
use proptest::prelude::*;

use super::*;
use crate::draw::{Ends, draw_mdp, normals};

/// A random policy, `[S, A]`, that takes every action.
fn random_policy(mdp: &TabularMdp, rng: &mut Rng) -> Vec<f64> {
    let mut policy: Vec<f64> = (0..mdp.n_states() * mdp.n_actions())
        .map(|_| mdp::uniform_in(0.01, 1.0, rng).powi(3))
        .collect();
    for row in policy.chunks_mut(mdp.n_actions()) {
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= total);
    }
    policy
}

#[test]
fn no_policy_delivers_less_than_its_certificate_promises() {
    let (mut n_bounded, mut tightest) = (0, f64::INFINITY);
    for seed in 0..600 {
        let rng = &mut Seed(seed).stream("certificate", 0);
        let mdp = draw_mdp(
            2 + mdp::index(8, rng),
            2 + mdp::index(3, rng),
            Ends::Discounted,
            rng,
        );
        let reward = normals(mdp.n_states() * mdp.n_actions(), rng);
        let blend = mdp::uniform_in(0.0, 1.0, rng);
        let noise = normals(reward.len(), rng);
        let intent: Vec<f64> = reward
            .iter()
            .zip(noise)
            .map(|(r, n)| r + blend * n)
            .collect();
        let reference = random_policy(&mdp, rng);
        let policy = random_policy(&mdp, rng);
        let found = certificate(&mdp, &reward, &intent, &reference, &policy).expect("it fits");
        let step = 1.0 - mdp.discount().get();
        let mean = |table: &[f64], policy: &[f64]| {
            step * policy_return(&mdp, table, policy).expect("discounted")
        };
        let gain = |table: &[f64]| mean(table, &policy) - mean(table, &reference);
        assert!(
            (found.reward_gain - gain(&reward)).abs() < 1e-10,
            "seed {seed}"
        );
        assert!(
            (found.intent_gain - gain(&intent)).abs() < 1e-10,
            "seed {seed}"
        );
        if let Ok(bound) = found.bound {
            n_bounded += 1;
            tightest = f64::min(tightest, found.intent_gain - bound);
            assert!(bound <= found.intent_gain + 1e-10, "seed {seed}: {found:?}");
            assert_eq!(bound > 0.0, found.objective() > 0.0);
            assert_eq!(
                found.chi_squared < found.safe_chi_squared(),
                found.objective() > 0.0,
                "seed {seed}: {found:?}"
            );
        }
    }
    assert!(n_bounded > 300, "{n_bounded} had a bound");
    assert!(
        tightest < 0.1,
        "the bound never came nearer than {tightest}"
    );
}

proptest! {
    /// Whatever the weights and the values, offline too.
    #[test]
    fn the_bound_holds_for_any_distributions(
        rows in proptest::collection::vec((0.01..1.0_f64, 0.0..1.0_f64, -2.0..2.0_f64, -2.0..2.0_f64), 2..12),
    ) {
        let column = |pick: fn(&(f64, f64, f64, f64)) -> f64| rows.iter().map(pick).collect::<Vec<f64>>();
        let share = |weights: Vec<f64>| {
            let total: f64 = weights.iter().sum();
            weights.iter().map(|weight| weight / total).collect::<Vec<f64>>()
        };
        let (reference, policy) = (share(column(|row| row.0)), column(|row| row.1 + 1e-6));
        let policy = share(policy);
        let found = certificate_of_visits(&reference, &policy, &column(|row| row.2), &column(|row| row.3)).expect("they fit");
        if let Ok(bound) = found.bound {
            prop_assert!(bound <= found.intent_gain + 1e-9 * (1.0 + bound.abs()), "{:?}", found);
        }
        let chi_squared: f64 = policy.iter().zip(&reference).map(|(p, r)| p * p / r).sum::<f64>() - 1.0;
        prop_assert!((found.chi_squared - chi_squared).abs() < 1e-9 * (1.0 + chi_squared));
    }
}

/// Intents and rewards that correlate all but perfectly: what the reward has beside the intent is seen in one place
/// alone, where the reference hardly comes and the policy often.
#[test]
fn the_bound_holds_where_the_correlation_rounds_to_1() {
    let (mut rounded, mut n_bounded) = (0, 0);
    for seed in 0..5_000 {
        let rng = &mut Seed(seed).stream("near 1", 0);
        let share = |mut weights: Vec<f64>| {
            let total: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|weight| *weight /= total);
            weights
        };
        let uniforms = |rng: &mut Rng| (0..4).map(|_| mdp::uniform(rng)).collect::<Vec<f64>>();
        let mut reference: Vec<f64> = uniforms(rng).iter().map(|w| w + 1e-3).collect();
        reference[0] = 1e-9;
        let (reference, policy) = (share(reference), share(uniforms(rng)));
        let intent = uniforms(rng);
        let size = f64::powf(10.0, mdp::uniform_in(-10.0, -7.0, rng));
        let scale = f64::powf(10.0, mdp::uniform_in(-9.0, 9.0, rng));
        let mut reward = intent.clone();
        reward[0] += size * 1e4 * mdp::uniform(rng);
        for value in &mut reward[1..] {
            *value += size * mdp::uniform_in(-0.5, 0.5, rng);
        }
        reward.iter_mut().for_each(|value| *value *= scale);
        let found = certificate_of_visits(&reference, &policy, &reward, &intent).expect("they fit");
        rounded += usize::from(found.correlation == 1.0);
        let bound = found.bound.expect("they correlate");
        n_bounded += usize::from(bound < found.intent_gain);
        assert!(bound <= found.intent_gain + 1e-12, "seed {seed}: {found:?}");
    }
    assert!(rounded > 500, "{rounded} correlations were 1");
    assert!(n_bounded > 4_900, "{n_bounded} lay below the gain");
}

/// The same, worked out by hand: beside the intent the reward pays 1e-5 where the reference comes with 1e-8.
#[test]
fn the_penalty_is_what_the_reward_has_beside_the_intent() {
    let reference = [1e-8, 0.5 - 1e-8, 0.5];
    let found = certificate_of_visits(
        &reference,
        &[0.5, 0.25, 0.25],
        &[1e-5, 1.0, 0.0],
        &[0.0, 1.0, 0.0],
    )
    .expect("they fit");
    // The deviation of 1e-5 times an indicator of weight 1e-8, all but uncorrelated with the intent.
    assert!((found.penalty - 1e-9).abs() < 1e-15, "{found:?}");
    let bound = found.bound.expect("they correlate");
    assert!(bound <= found.intent_gain, "{found:?}");
    assert!(
        found.intent_gain - bound < 1e-5,
        "the bound is off by little: {found:?}"
    );
}

#[test]
fn an_offset_and_a_scale_change_nothing() {
    let (reference, policy) = ([0.5, 0.3, 0.2], [0.1, 0.3, 0.6]);
    let (reward, intent) = ([1.0, 2.0, 4.0], [1.0, 1.5, 4.0]);
    let plain = certificate_of_visits(&reference, &policy, &reward, &intent).expect("they fit");
    let plain = plain.bound.expect("they correlate");
    for (scale, offset) in [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e9), (1e-9, -1e-3)] {
        let moved = reward.map(|value| scale * value + offset);
        let found = certificate_of_visits(&reference, &policy, &moved, &intent).expect("they fit");
        // Where the offset rounds the values themselves, no more is known of them.
        let known = 1e-15 * (1.0 + offset.abs() / scale);
        let bound = found.bound.expect("they correlate");
        assert!(
            (bound - plain).abs() <= 20.0 * known,
            "{scale} {offset}: {bound} {plain}"
        );
    }
}

#[test]
fn the_bound_is_reached_by_the_policy_that_moves_along_what_the_reward_alone_sees() {
    // Reward p and intent ρ have mean 0 and deviation 1 under the reference, correlation r; e is what p has beside r ρ.
    let reference = [0.25; 4];
    let intent = [1.0, 1.0, -1.0, -1.0];
    let aside = [1.0, -1.0, 1.0, -1.0];
    let r = 0.6_f64;
    let reward: Vec<f64> = intent
        .iter()
        .zip(aside)
        .map(|(intent, aside)| r * intent + (1.0 - r * r).sqrt() * aside)
        .collect();
    let policy: Vec<f64> = aside
        .iter()
        .map(|aside| 0.25 * (1.0 + 0.5 * aside))
        .collect();
    let found = certificate_of_visits(&reference, &policy, &reward, &intent).expect("they fit");
    assert!((found.correlation - r).abs() < 1e-12);
    assert!((found.chi_squared - 0.25).abs() < 1e-12);
    assert!((found.penalty - 0.8).abs() < 1e-12);
    assert!((found.reward_gain - 0.4).abs() < 1e-12);
    assert!(found.intent_gain.abs() < 1e-12);
    assert!((found.bound.expect("they correlate") - found.intent_gain).abs() < 1e-12);
}

#[test]
fn where_nothing_is_promised_it_says_why() {
    let halves = [0.5, 0.5];
    let bound = |reference: &[f64], policy: &[f64], reward: &[f64], intent: &[f64]| {
        certificate_of_visits(reference, policy, reward, intent)
            .expect("they fit")
            .bound
    };
    let (up, down) = ([0.0, 1.0], [1.0, 0.0]);
    assert_eq!(
        bound(&halves, &up, &[3.0, 3.0], &up),
        Err(NoBound::ConstantReward)
    );
    assert_eq!(
        bound(&halves, &up, &up, &[0.1, 0.1]),
        Err(NoBound::ConstantIntent)
    );
    assert_eq!(bound(&halves, &up, &up, &down), Err(NoBound::NotCorrelated));
    let thirds = [0.0, 0.4, 0.6];
    let rows = [5.0, 0.0, 1.0];
    assert_eq!(
        bound(&thirds, &[0.5, 0.5, 0.0], &rows, &rows),
        Err(NoBound::LeavesReference)
    );
    assert!(bound(&thirds, &[0.0, 0.5, 0.5], &rows, &rows).is_ok());
    // Equal rewards correlate perfectly, and the bound is the gain itself.
    let found = certificate_of_visits(&halves, &[0.25, 0.75], &up, &up).expect("they fit");
    assert!((found.bound.expect("they correlate") - 0.25).abs() < 1e-12);
}

#[test]
fn the_end_of_episodes_is_a_place_that_pays_nothing() {
    // Action 0 ends, action 1 stays, both paid 1 a step: ending costs what would have been paid later.
    let row = |terminates| {
        vec![Transition {
            probability: 1.0,
            next_state: 0,
            reward: 1.0,
            terminates,
        }]
    };
    let discount = Discount::new(0.5).expect("it is one");
    let mdp =
        TabularMdp::new(2, vec![row(true), row(false)], vec![1.0], discount).expect("possible");
    let ending = visits(&mdp, &[1.0, 0.0]).expect("discounted");
    assert_eq!(ending, [0.5, 0.0, 0.5]);
    let mixed = visits(&mdp, &[0.5, 0.5]).expect("discounted");
    assert!((mixed.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let found = certificate(&mdp, &[1.0; 2], &[1.0; 2], &[0.5, 0.5], &[0.0, 1.0]).expect("fits");
    assert!((found.reward_gain - mixed[2]).abs() < 1e-12);
    let undiscounted = mdp.with_discount(Discount::new(1.0).expect("it is one"));
    let error = visits(&undiscounted, &[1.0, 0.0]).expect_err("undiscounted");
    assert!(
        error.to_string().contains("choose a discount below 1"),
        "{error}"
    );
}
