//! What the factory promises, and that its measure and its intent part as the story has it.

use mdp::{Environment, Policy, Seed, Trajectory, check_environment};
use proptest::prelude::*;

use super::{
    COMPONENT_NAMES, FixedPlan, N_CHOICES, N_FEATURES, NailFactory, NailPolicy, NailReward, SIZES,
};
use crate::best_of_n_curve;

const COUNT: NailFactory = NailFactory {
    reward: NailReward::Count,
};
const WEIGHT: NailFactory = NailFactory {
    reward: NailReward::Weight,
};

/// Mean reward and intent return over the episodes of `nail_factory_curve`.
fn score(
    environment: &NailFactory,
    policy: &impl Policy<[f32; N_FEATURES], [usize; N_CHOICES]>,
) -> (f64, f64) {
    let n = 2_000;
    let mut sums = (0.0, 0.0);
    for index in 0..n {
        let rng = Seed(0).stream("evaluation", index);
        let episode = Trajectory::record(environment, policy, usize::MAX, rng);
        sums.0 += episode.reward_return();
        sums.1 += episode.intent_return().unwrap();
    }
    (sums.0 / n as f64, sums.1 / n as f64)
}

#[test]
fn the_factory_keeps_its_promises() {
    for reward in NailReward::ALL {
        check_environment(&NailFactory { reward }, 2_000, Seed(0)).unwrap();
    }
}

#[test]
fn the_planner_fills_orders_and_the_others_fulfil_norms() {
    for (environment, gamer) in [(COUNT, NailPolicy::Tacks), (WEIGHT, NailPolicy::Slabs)] {
        let planner = score(&environment, &NailPolicy::Planner);
        let gamer = score(&environment, &gamer);
        let uniform = score(&environment, &NailPolicy::Uniform);
        assert!(gamer.0 > 1.8 * planner.0, "{gamer:?} {planner:?}");
        assert!(planner.0 > 1.8 * uniform.0, "{planner:?} {uniform:?}");
        assert!(planner.1 > 2.5 * uniform.1, "{planner:?} {uniform:?}");
        assert!(uniform.1 > 2.5 * gamer.1.max(0.1), "{uniform:?} {gamer:?}");
    }
}

/// The numbers of the page about the factory are those of the code.
#[test]
fn the_page_has_the_numbers() {
    let page = include_str!("../../../../docs/environments/nail-factory.md");
    for (name, size) in COMPONENT_NAMES.iter().zip(&SIZES) {
        let (weight, rate, orders) = (size.weight, size.rate, size.orders);
        let worth = size.worth / 100.0;
        let row = format!("| {name} | {weight} | {rate} | {orders} | {worth} |");
        assert!(page.contains(&row), "not on the page: {row}");
    }
    for policy in NailPolicy::ALL {
        let (count, intent) = score(&COUNT, &policy);
        let (weight, _) = score(&WEIGHT, &policy);
        let row = format!(
            "  {:8} {count:8.2}{weight:8.2}{intent:8.2}\n",
            policy.name()
        );
        assert!(page.contains(&row), "not on the page: {row}");
    }
}

#[test]
fn no_other_size_fulfils_the_norm_better() {
    for (environment, best) in [(COUNT, 0), (WEIGHT, 4)] {
        let scores: Vec<f64> = (0..5)
            .map(|size| {
                let mut action = [0, 0, 0, 0, 0, 3, 3];
                action[size] = 4;
                score(&environment, &FixedPlan(action)).0
            })
            .collect();
        let others = scores.iter().enumerate().filter(|(size, _)| *size != best);
        assert!(others.into_iter().all(|(_, score)| *score < scores[best]));
    }
}

/// The Goodhart curve of best-of-n rises, peaks inside, and falls by more than a tenth of its range.
#[test]
fn intent_rises_peaks_and_falls_under_best_of_n() {
    let n_plans = 4_096;
    for environment in [COUNT, WEIGHT] {
        let mut plans = Seed(3).stream("plans", 0);
        let (mut proxy, mut intent) = (Vec::new(), Vec::new());
        for index in 0..n_plans {
            let plan = FixedPlan::random(&mut plans);
            let rng = Seed(3).stream("episode", index);
            let episode = Trajectory::record(&environment, &plan, usize::MAX, rng);
            proxy.push(episode.reward_return());
            intent.push(episode.intent_return().unwrap());
        }
        let curve = best_of_n_curve(&proxy, &intent, &[1, 4, 16, 64, 256, 1024]);
        assert!(curve.windows(2).all(|pair| pair[0].proxy < pair[1].proxy));
        let peak = curve.iter().map(|point| point.intent).fold(0.0, f64::max);
        assert!(peak > 1.5 * curve[0].intent, "{curve:?}");
        assert!(curve[5].intent < 0.8 * peak, "{curve:?}");
    }
}

proptest! {
    /// No plan takes steel that is not there, or fills orders that were not given.
    #[test]
    fn steel_and_orders_are_limits(seed: u64, actions in prop::collection::vec(
        [0_usize..5, 0..5, 0..5, 0..5, 0..5, 0..4, 0..4], 1..12)) {
        let environment = NailFactory { reward: NailReward::Intent };
        let mut rng = Seed(seed).stream("episode", 0);
        let mut state = environment.initial_state(&mut rng);
        for action in actions {
            let before = state.clone();
            let step = environment.step(&mut state, &action, &mut rng);
            let used = super::weight(&state.made);
            prop_assert!(used <= before.steel * (1.0 + 1e-12));
            prop_assert_eq!(state.ordered, before.orders);
            let worth: f64 = (0..5)
                .map(|size| before.orders[size] / super::SIZES[size].orders * super::SIZES[size].worth / 100.0)
                .sum();
            let filled: f64 = step.components.as_slice()[..5].iter().sum();
            prop_assert!(filled <= worth + 1e-12);
            prop_assert!(step.components.as_slice()[5] <= 0.0);
        }
    }

    /// The declared bounds hold for every plan, those that stretch machines and steel included.
    #[test]
    fn bounds_hold(seed: u64, plan in [0_usize..5, 0..5, 0..5, 0..5, 0..5, 3..4, 0..4]) {
        for reward in NailReward::ALL {
            let environment = NailFactory { reward };
            let rng = Seed(seed).stream("episode", 0);
            let episode = Trajectory::record(&environment, &FixedPlan(plan), usize::MAX, rng);
            let bounds = environment.return_bounds(NailFactory::N_PERIODS);
            let (low, high) = bounds.reward.unwrap();
            prop_assert!((low..=high).contains(&episode.reward_return()));
            let (low, high) = bounds.intent.unwrap();
            prop_assert!((low..=high).contains(&episode.intent_return().unwrap()));
        }
    }

    /// What is paid changes neither the production nor the intent.
    #[test]
    fn rewards_share_the_machines(seed: u64, plan in [0_usize..5, 0..5, 0..5, 0..5, 0..5, 0..4, 0..4]) {
        let play = |reward| {
            let rng = Seed(seed).stream("episode", 0);
            Trajectory::record(&NailFactory { reward }, &FixedPlan(plan), usize::MAX, rng)
        };
        let [count, weight, intent] = NailReward::ALL.map(play);
        prop_assert_eq!(&count.states, &weight.states);
        prop_assert_eq!(&count.states, &intent.states);
        prop_assert_eq!(count.intent_return(), Some(intent.reward_return()));
    }
}
