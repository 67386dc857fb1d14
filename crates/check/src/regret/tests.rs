//! The worst regret beside its linear programme, the bounds above it, and both at their edges.

use mdp::{Rng, Seed, Stop, TabularMdp, index, policy_return, uniform};
use proptest::prelude::*;

use super::{WorstRegret, range_distance, regret_bounds, worst_regret};
use crate::draw::{Ends, disguise, draw_mdp, normals};
use crate::flow::norm;
use crate::programme::{Programme, Term};
use crate::return_range;

fn drawn(rng: &mut Rng) -> TabularMdp {
    let ends = [Ends::Discounted, Ends::Always][index(2, rng)];
    draw_mdp(2 + index(6, rng), 2 + index(2, rng), ends, rng)
}

/// A table near the MDP's own rewards, far from it or turned around.
fn other(mdp: &TabularMdp, rng: &mut Rng) -> Vec<f64> {
    let near = f64::powf(10.0, -3.0 * uniform(rng)) * if uniform(rng) < 0.2 { -1.0 } else { 1.0 };
    let noise = normals(mdp.n_transitions(), rng);
    mdp.rewards()
        .iter()
        .zip(&noise)
        .map(|(r, n)| r + n / near)
        .collect()
}

fn by_programme(mdp: &TabularMdp, reward: &[f64], intent: &[f64]) -> f64 {
    let minus: Vec<f64> = intent.iter().map(|value| -value).collect();
    let mut programme = Programme::new(mdp);
    let from = programme.policy(intent).unwrap();
    let to = programme.policy(&minus).unwrap();
    let terms = [
        Term::Return(to, reward, 1.0),
        Term::Return(from, reward, -1.0),
    ];
    programme.at_least(&terms, 0.0).unwrap();
    programme.solve().unwrap().objective
}

/// That the two policies do what is said of them.
fn check_witnesses(mdp: &TabularMdp, reward: &[f64], intent: &[f64], found: &WorstRegret) {
    let scale = 1e-8 * (1.0 + norm(reward) + norm(intent)) / (1.0 - mdp.discount().get()).max(0.02);
    let of = |rewards: &[f64], policy: &[f64]| policy_return(mdp, rewards, policy).unwrap();
    assert!(of(reward, &found.to.policy) >= of(reward, &found.from.policy) - scale);
    let loss = of(intent, &found.from.policy) - of(intent, &found.to.policy);
    assert!((loss - found.loss()).abs() <= scale);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_dual_is_the_programme(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("regret", 0);
        let mdp = drawn(&mut rng);
        let (reward, intent) = (mdp.expected(&other(&mdp, &mut rng)), mdp.expected_rewards());
        let found = worst_regret(&mdp, &reward, &intent).unwrap();
        let width = found.intent_range.width();
        prop_assert_eq!(found.stop, Stop::Converged);
        prop_assert!(found.duality_gap().abs() <= 1e-9 * width);
        let slow = by_programme(&mdp, &reward, &intent);
        prop_assert!((found.loss() - slow).abs() <= 1e-7 * width, "{} beside {slow}", found.loss());
        check_witnesses(&mdp, &reward, &intent, &found);
    }

    #[test]
    fn every_bound_holds_and_the_range_is_within_2(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("bounds", 0);
        let mdp = drawn(&mut rng);
        let policy = vec![1.0 / mdp.n_actions() as f64; mdp.n_states() * mdp.n_actions()];
        let second = other(&mdp, &mut rng);
        let share = worst_regret(&mdp, &mdp.expected(&second), &mdp.expected_rewards()).unwrap().share();
        let bounds = regret_bounds(&mdp, &policy, &second, mdp.rewards()).unwrap();
        prop_assert!(bounds.range.distance <= share + 1e-9);
        for bound in [bounds.range, bounds.flow, bounds.value, bounds.value_potential] {
            prop_assert!(share <= bound.sharpest + 1e-9, "{bound:?} under {share}");
            prop_assert!(bound.sharpest <= bound.intent_constant * bound.distance + 1e-9);
            if let Some(for_all) = bound.bound() {
                prop_assert!(bound.intent_constant <= bound.constant.unwrap() + 1e-9);
                prop_assert!(share <= for_all + 1e-9);
            }
        }
    }

    #[test]
    fn equivalent_rewards_lose_nothing_and_opposite_ones_everything(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("ends", 0);
        let mdp = drawn(&mut rng);
        let second = disguise(&mdp, mdp.rewards(), 1.0, &mut rng);
        let (intent, reward) = (mdp.expected_rewards(), mdp.expected(&second));
        let minus: Vec<f64> = reward.iter().map(|r| -r).collect();
        let share = |reward: &[f64]| worst_regret(&mdp, reward, &intent).unwrap().share();
        prop_assert!(share(&reward).abs() < 1e-7);
        prop_assert!((share(&minus) - 1.0).abs() < 1e-9);
        prop_assert!((share(&vec![0.0; intent.len()]) - 1.0).abs() < 1e-9);
        let shaping = crate::Flow::new(&mdp).shaping(&normals(mdp.n_states(), &mut rng));
        prop_assert!((share(&shaping) - 1.0).abs() < 1e-9);
        prop_assert!(range_distance(&mdp, &reward, &intent).unwrap() < 1e-9);
        prop_assert!((range_distance(&mdp, &minus, &intent).unwrap() - 1.0).abs() < 1e-9);
        let half = range_distance(&mdp, &vec![0.0; intent.len()], &intent).unwrap();
        prop_assert!((half - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_range_distance_takes_no_detour(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("triangle", 0);
        let mdp = drawn(&mut rng);
        let n = mdp.n_states() * mdp.n_actions();
        let rewards: Vec<Vec<f64>> = (0..3).map(|_| normals(n, &mut rng)).collect();
        let d = |a: usize, b: usize| range_distance(&mdp, &rewards[a], &rewards[b]).unwrap();
        prop_assert!(d(0, 2) <= d(0, 1) + d(1, 2) + 1e-9);
        prop_assert!((d(0, 1) - d(1, 0)).abs() < 1e-9);
    }

    #[test]
    fn no_pair_of_policies_is_further_apart_than_the_diameter(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("diameter", 0);
        let mdp = drawn(&mut rng);
        let policy = vec![1.0 / mdp.n_actions() as f64; mdp.n_states() * mdp.n_actions()];
        let bounds = regret_bounds(&mdp, &policy, mdp.rewards(), mdp.rewards()).unwrap();
        let mut visits = || {
            let actions: Vec<usize> = (0..mdp.n_states()).map(|_| index(mdp.n_actions(), &mut rng)).collect();
            mdp::occupancy(&mdp, &mdp::deterministic(&actions, mdp.n_actions())).unwrap()
        };
        for _ in 0..8 {
            let difference: Vec<f64> = visits().iter().zip(&visits()).map(|(a, b)| a - b).collect();
            prop_assert!(norm(&difference) <= bounds.diameter + 1e-9);
        }
        // A ball of occupancies: every unit reward has a range of at least twice the radius.
        let component = crate::Flow::new(&mdp).project(&normals(policy.len(), &mut rng)).component;
        let width = return_range(&mdp, &component).unwrap().width();
        prop_assert!(2.0 * bounds.radius * norm(&component) <= width + 1e-9);
    }
}
