//! Tests of hackability: every fast answer against a slow and obvious one.

use mdp::{Discount, Rng, Seed, TabularMdp, Transition, deterministic, policy_return};
use proptest::prelude::*;

use super::*;
use crate::draw::{Ends, disguise, draw_mdp, normals};
use crate::gap::Returns;
use crate::programme::strongest_disagreement;

/// A small random MDP of each kind by turns.
fn drawn(seed: u64, rng: &mut Rng) -> TabularMdp {
    let ends = [Ends::Discounted, Ends::Always][seed as usize % 2];
    draw_mdp(2 + mdp::index(5, rng), 2 + mdp::index(2, rng), ends, rng)
}

fn rows(mdp: &TabularMdp) -> usize {
    mdp.n_states() * mdp.n_actions()
}

fn ranges(mdp: &TabularMdp, reward: &[f64], intent: &[f64]) -> Ranges {
    let plane = Plane::new(mdp, reward, intent).expect("the tables fit");
    Extremes::of(&plane).expect("they end").ranges()
}

/// Evaluates both policies of a pair again and checks that it is one.
fn check_pair(mdp: &TabularMdp, reward: &[f64], intent: &[f64], pair: &HackablePair) {
    let returns = |policy: &[f64]| {
        let [reward, intent] =
            [reward, intent].map(|table| policy_return(mdp, table, policy).expect("it ends"));
        Returns { reward, intent }
    };
    let (before, after) = (returns(&pair.before.policy), returns(&pair.after.policy));
    assert!(before.reward < after.reward, "{pair:?}");
    assert!(before.intent > after.intent, "{pair:?}");
    assert!(pair.amount > 0.0 && pair.gained() > 0.0 && pair.lost() > 0.0);
}

proptest! {
    #[test]
    fn the_sweep_finds_the_pair_that_comparison_finds(
        // Few different values, so that many are equal.
        points in proptest::collection::vec((0_i32..12, 0_i32..12, 0_u8..8), 0..40),
        fine in proptest::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64), 0..40),
    ) {
        let coarse = points.iter().map(|(x, y, endless)| {
            if *endless == 0 { [f64::NAN; 2] } else { [f64::from(*x), f64::from(*y)] }
        });
        for points in [coarse.collect::<Vec<_>>(), fine.iter().map(|(x, y)| [*x, *y]).collect()] {
            let (swept, compared) = (widest_pair(&points), widest_pair_by_comparison(&points));
            prop_assert_eq!(
                swept.map(|pair| pair.amount),
                compared.map(|pair| pair.amount)
            );
            for pair in swept.iter().chain(&compared) {
                let (a, b) = (points[pair.before], points[pair.after]);
                prop_assert_eq!(pair.amount, f64::min(b[0] - a[0], a[1] - b[1]));
            }
        }
    }
}

#[test]
fn all_deterministic_policies_are_listed_with_the_returns_that_evaluation_finds() {
    let mut n_endless = 0;
    for seed in 0..60 {
        let rng = &mut Seed(seed).stream("list", 0);
        let ends = [Ends::Discounted, Ends::Always, Ends::Sometimes][seed as usize % 3];
        let mdp = draw_mdp(2 + mdp::index(4, rng), 2 + mdp::index(2, rng), ends, rng);
        let rewards = [normals(rows(&mdp), rng), normals(rows(&mdp), rng)];
        let all = deterministic_returns(&mdp, [&rewards[0], &rewards[1]], 2000)
            .expect("the tables fit")
            .expect("there are few");
        n_endless += all.n_endless;
        let mut seen = std::collections::BTreeSet::new();
        for (index, returns) in all.returns.iter().enumerate() {
            let policy = all.policy(index);
            let stochastic = deterministic(&policy, mdp.n_actions());
            assert!(seen.insert(policy), "a policy is listed twice");
            for (table, listed) in rewards.iter().zip(returns) {
                match reached_return(&mdp, table, &stochastic) {
                    Some(evaluated) => {
                        let size = 1.0 + evaluated.abs();
                        assert!((evaluated - listed).abs() < 1e-9 * size, "seed {seed}");
                    }
                    None => assert!(listed.is_nan(), "seed {seed}"),
                }
            }
        }
        let reached = mdp.reachable().iter().filter(|reached| **reached).count();
        let expected = (mdp.n_actions() as f64).powi(i32::try_from(reached).expect("few"));
        assert_eq!(all.returns.len() as f64, expected);
    }
    assert!(n_endless > 0, "no policy went round for ever");
}

/// The return of a policy where states that it does not come to do not matter: they are made to end at once.
fn reached_return(mdp: &TabularMdp, rewards: &[f64], policy: &[f64]) -> Option<f64> {
    let mut comes: Vec<bool> = mdp.start().iter().map(|p| *p > 0.0).collect();
    for _ in 0..mdp.n_states() {
        for (row, probability) in policy.iter().enumerate() {
            let (state, action) = (row / mdp.n_actions(), row % mdp.n_actions());
            if comes[state] && *probability > 0.0 {
                for t in mdp.transitions(state, action) {
                    comes[t.next_state] |= t.probability > 0.0 && !t.terminates;
                }
            }
        }
    }
    let table: Vec<Vec<Transition>> = (0..rewards.len())
        .map(|row| {
            let (state, action) = (row / mdp.n_actions(), row % mdp.n_actions());
            let transitions = mdp.transitions(state, action);
            transitions
                .map(|t| Transition {
                    terminates: t.terminates || !comes[state],
                    ..t
                })
                .collect()
        })
        .collect();
    let cut = TabularMdp::new(mdp.n_actions(), table, mdp.start().to_vec(), mdp.discount())
        .expect("still possible");
    let visits = mdp::occupancy(&cut, policy).ok()?;
    Some(
        visits
            .iter()
            .zip(rewards)
            .map(|(visits, reward)| visits * reward)
            .sum(),
    )
}

#[test]
fn actions_that_lead_and_pay_alike_count_once() {
    let ends = |reward| {
        vec![Transition {
            probability: 1.0,
            next_state: 0,
            reward,
            terminates: true,
        }]
    };
    let discount = Discount::new(0.9).expect("it is one");
    let mdp = TabularMdp::new(3, vec![ends(0.0); 3], vec![1.0], discount).expect("possible");
    let all = deterministic_returns(&mdp, [&[1.0, 1.0, 1.0], &[2.0, 2.0, 3.0]], 2)
        .expect("the tables fit")
        .expect("there are two");
    assert_eq!(all.returns, [[1.0, 2.0], [1.0, 3.0]]);
    assert_eq!((all.policy(0), all.policy(1)), (vec![0], vec![2]));
    let none = deterministic_returns(&mdp, [&[1.0, 2.0, 3.0], &[2.0, 2.0, 3.0]], 2);
    assert_eq!(none.expect("the tables fit"), None);
}

/// Pairs of every kind on one MDP: independent, equivalent, opposite, trivial, nearly equivalent.
fn pairs(mdp: &TabularMdp, seed: u64, rng: &mut Rng) -> [Vec<f64>; 2] {
    let table = normals(mdp.n_transitions(), rng);
    let reward = mdp.expected(&table);
    let intent = match seed % 6 {
        0 | 1 => normals(rows(mdp), rng),
        2 => mdp.expected(&disguise(mdp, &table, 3.0, rng)),
        3 => reward.iter().map(|value| -2.0 * value).collect(),
        4 => mdp.expected(&disguise(mdp, &vec![0.0; table.len()], 1.0, rng)),
        _ => {
            let noise = normals(rows(mdp), rng);
            reward
                .iter()
                .zip(noise)
                .map(|(r, n)| r + 0.01 * n)
                .collect()
        }
    };
    [reward, intent]
}

#[test]
fn the_closed_form_says_what_a_linear_programme_says() {
    let mut n_hackable = 0;
    for seed in 0..180 {
        let rng = &mut Seed(seed).stream("closed form", 0);
        let mdp = drawn(seed, rng);
        let [reward, intent] = pairs(&mdp, seed, rng);
        let ranges = ranges(&mdp, &reward, &intent);
        let (amount, policies) =
            strongest_disagreement(&mdp, &reward, &intent).expect("it has an answer");
        let size = f64::min(ranges.reward.width(), ranges.intent.width());
        let found = stochastic_hackability(&mdp, &reward, &intent, Bands::STANDARD)
            .expect("it has an answer");
        match &found.verdict {
            StochasticVerdict::Hackable { pair, bound } => {
                n_hackable += 1;
                assert!(
                    amount > 1e-7 * size,
                    "seed {seed}: {amount} of {size} {found:?}"
                );
                let pair = pair.as_ref().expect("a pair that differs");
                check_pair(&mdp, &reward, &intent, pair);
                assert!(
                    pair.amount <= *bound + 1e-8 && pair.amount >= 0.98 * bound,
                    "seed {seed}"
                );
                let plane = Plane::new(&mdp, &reward, &intent).expect("the tables fit");
                verified(&plane, &ranges, policies, 0.0)
                    .expect("they end")
                    .expect("the programme's policies are a pair too");
            }
            StochasticVerdict::Equivalent | StochasticVerdict::Trivial { .. } => {
                assert!(amount < 1e-6, "seed {seed}: {amount} {found:?}");
            }
            StochasticVerdict::Undecided => panic!("seed {seed}: {found:?}"),
        }
    }
    assert!(60 < n_hackable && n_hackable < 150, "{n_hackable}");
}

#[test]
fn the_strongest_pair_is_as_strong_as_a_linear_programme_finds() {
    for seed in 0..60 {
        let rng = &mut Seed(seed).stream("strongest", 0);
        let mdp = drawn(seed, rng);
        let [reward, intent] = pairs(&mdp, seed, rng);
        let ranges = ranges(&mdp, &reward, &intent);
        if ranges.reward.is_flat() || ranges.intent.is_flat() {
            continue;
        }
        let share = |table: &[f64], width: f64| table.iter().map(|r| r / width).collect::<Vec<_>>();
        let (amount, _) = strongest_disagreement(
            &mdp,
            &share(&reward, ranges.reward.width()),
            &share(&intent, ranges.intent.width()),
        )
        .expect("it has an answer");
        let found = strongest_pair(&mdp, &reward, &intent, 1e-9, 1e-9).expect("it has an answer");
        assert!(
            (found.bound - amount).abs() < 1e-7,
            "seed {seed}: {amount} {found:?}"
        );
        if let Some(pair) = &found.pair {
            check_pair(&mdp, &reward, &intent, pair);
            assert!(
                (pair.amount - amount).abs() < 1e-7,
                "seed {seed}: {amount} {found:?}"
            );
        } else {
            assert!(amount < 1e-7, "seed {seed}: {amount} {found:?}");
        }
    }
}

#[test]
fn policies_beside_the_uniform_one_disagree_about_hackable_rewards() {
    for seed in 0..30 {
        let rng = &mut Seed(seed).stream("beside", 0);
        let mdp = drawn(seed, rng);
        let [reward, intent] = [normals(rows(&mdp), rng), normals(rows(&mdp), rng)];
        // With two policies alone, two rewards may well agree about them.
        if mdp.reachable().iter().filter(|reached| **reached).count() < 2 {
            continue;
        }
        let plane = Plane::new(&mdp, &reward, &intent).expect("the tables fit");
        let ranges = ranges(&mdp, &reward, &intent);
        let pair = stochastic::beside_uniform(&mdp, &plane, &ranges, [&reward, &intent])
            .expect("they end")
            .expect("they disagree");
        check_pair(&mdp, &reward, &intent, &pair);
    }
}

#[test]
fn listing_and_comparing_agree_and_what_is_hackable_so_is_hackable_by_stochastic_policies() {
    let (mut n_hackable, mut n_unhackable) = (0, 0);
    for seed in 0..120 {
        let rng = &mut Seed(seed).stream("deterministic", 0);
        let mdp = drawn(seed, rng);
        let [reward, intent] = pairs(&mdp, seed, rng);
        let settings = DeterministicSettings::STANDARD;
        let found = deterministic_hackability(&mdp, &reward, &intent, settings).expect("few");
        let all = deterministic_returns(&mdp, [&reward, &intent], 100_000)
            .expect("the tables fit")
            .expect("few");
        let ranges = ranges(&mdp, &reward, &intent);
        let points: Vec<[f64; 2]> = all.returns.iter().map(|r| ranges.point(*r)).collect();
        let compared = widest_pair_by_comparison(&points).map_or(0.0, |pair| pair.amount);
        match &found.verdict {
            DeterministicVerdict::Hackable(pair) => {
                n_hackable += 1;
                check_pair(&mdp, &reward, &intent, pair);
                assert!((pair.amount - compared).abs() < 1e-9, "seed {seed}");
                let stochastic = stochastic_hackability(&mdp, &reward, &intent, Bands::STANDARD)
                    .expect("it has an answer");
                assert!(
                    matches!(stochastic.verdict, StochasticVerdict::Hackable { .. }),
                    "seed {seed}: {stochastic:?}"
                );
            }
            DeterministicVerdict::Unhackable => {
                n_unhackable += 1;
                assert!(compared <= 1e-9, "seed {seed}: {compared}");
            }
            other => panic!("seed {seed}: {other:?}"),
        }
    }
    assert!(
        n_hackable > 40 && n_unhackable > 30,
        "{n_hackable} {n_unhackable}"
    );
}

/// One decision among three actions, then the end. Every deterministic policy that is paid more delivers more, but the
/// middle action delivers less than a mixture of the others that is paid less.
pub(crate) fn mixtures_alone() -> (TabularMdp, [f64; 3], [f64; 3]) {
    let ends = vec![Transition {
        probability: 1.0,
        next_state: 0,
        reward: 0.0,
        terminates: true,
    }];
    let discount = Discount::new(0.9).expect("it is one");
    let mdp = TabularMdp::new(3, vec![ends; 3], vec![1.0], discount).expect("possible");
    (mdp, [0.0, 1.0, 2.0], [0.0, 0.2, 2.0])
}

#[test]
fn hackable_by_stochastic_policies_need_not_be_hackable_by_deterministic_ones() {
    let (mdp, reward, intent) = mixtures_alone();
    let settings = DeterministicSettings::STANDARD;
    let by_deterministic =
        deterministic_hackability(&mdp, &reward, &intent, settings).expect("few");
    assert_eq!(by_deterministic.verdict, DeterministicVerdict::Unhackable);
    let by_all = stochastic_hackability(&mdp, &reward, &intent, Bands::STANDARD).expect("small");
    let StochasticVerdict::Hackable { pair, .. } = by_all.verdict else {
        panic!("{by_all:?}");
    };
    check_pair(&mdp, &reward, &intent, &pair.expect("a pair"));
}

#[test]
fn a_search_finds_pairs_where_there_are_and_none_where_there_are_none() {
    let (mut n_found, mut n_hackable) = (0, 0);
    for seed in 0..120 {
        let rng = &mut Seed(seed).stream("search", 0);
        let mdp = drawn(seed, rng);
        let [reward, intent] = pairs(&mdp, seed, rng);
        let listed = DeterministicSettings::STANDARD;
        let searched = DeterministicSettings {
            max_policies: 0,
            ..listed
        };
        let listed = deterministic_hackability(&mdp, &reward, &intent, listed).expect("few");
        let searched = deterministic_hackability(&mdp, &reward, &intent, searched).expect("few");
        assert_eq!(listed.n_policies, searched.n_policies);
        n_hackable += u32::from(listed.pair().is_some());
        match &searched.verdict {
            DeterministicVerdict::WitnessFound(pair) => {
                n_found += 1;
                check_pair(&mdp, &reward, &intent, pair);
                assert!(pair.amount <= listed.pair().expect("hackable").amount + 1e-9);
            }
            verdict => assert_eq!(verdict, &DeterministicVerdict::NotDecided),
        }
    }
    assert!(
        n_found * 10 >= n_hackable * 9,
        "found {n_found} of {n_hackable}"
    );
}

#[test]
fn at_discount_1_the_policies_that_end_are_compared_whatever_the_others_earn() {
    let (mut n_hackable, mut n_unbounded) = (0, 0);
    for seed in 0..60 {
        let rng = &mut Seed(seed).stream("endless", 0);
        let mdp = draw_mdp(2 + mdp::index(4, rng), 2, Ends::Sometimes, rng);
        let [reward, intent] = [normals(rows(&mdp), rng), normals(rows(&mdp), rng)];
        n_unbounded += u32::from(crate::return_range(&mdp, &reward).is_err());
        let settings = DeterministicSettings::STANDARD;
        let found = deterministic_hackability(&mdp, &reward, &intent, settings).expect("few");
        let listed = deterministic_returns(&mdp, [&reward, &intent], 1000)
            .expect("the tables fit")
            .expect("few");
        assert_eq!(found.n_endless, listed.n_endless);
        let compared = widest_pair_by_comparison(&listed.returns);
        assert_eq!(found.pair().is_some(), compared.is_some(), "seed {seed}");
        if let Some(pair) = found.pair() {
            n_hackable += 1;
            check_pair(&mdp, &reward, &intent, pair);
        }
    }
    assert!(
        n_hackable > 10 && n_unbounded > 5,
        "{n_hackable} {n_unbounded}"
    );
}
