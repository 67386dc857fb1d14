//! The programmes against a case solved by hand, and against membership of the feasible set.

use mdp::{Discount, Seed, Stop, TabularMdp, Transition, policy_iteration, uniform};

use super::*;
use crate::experts::{Bias, Expert, demonstrate};
use crate::reward_model::{Features, FeaturesOf, LinearReward};
use crate::{FeasibleRewards, RewardModel as _};

fn to(next_state: usize) -> Vec<Transition> {
    vec![Transition {
        probability: 1.0,
        next_state,
        reward: 0.0,
        terminates: false,
    }]
}

/// Two states; action 0 goes to the first, action 1 to the second.
fn pair() -> TabularMdp {
    let rows = vec![to(0), to(1), to(0), to(1)];
    TabularMdp::new(2, rows, vec![0.5; 2], Discount::new(0.5).unwrap()).unwrap()
}

#[test]
fn two_states_by_hand() {
    // Always to the second. V2 = 2 R2 and V1 = R1 + R2, so each margin is V2 - V1 = R2 - R1, and the objective is
    // 2 (R2 - R1) - λ (|R1| + |R2|): both at their bounds for λ < 2, nothing for λ > 2.
    for (penalty, expected, objective) in [
        (0.0, [-3.0, 3.0], 12.0),
        (1.5, [-3.0, 3.0], 3.0),
        (2.5, [0.0, 0.0], 0.0),
    ] {
        let found = linear_programme_irl(&pair(), &[1, 1], 3.0, penalty).unwrap();
        let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-7);
        assert!(near(&found.state_rewards, &expected), "{found:?}");
        assert!((found.objective - objective).abs() < 1e-7);
        let margin = expected[1] - expected[0];
        assert!(near(&found.margins, &[margin, margin]));
        assert_eq!(found.rewards[..2], [found.state_rewards[0]; 2]);
    }
}

/// Eight states, three actions, three outcomes each.
fn drawn(seed: u64) -> (TabularMdp, Vec<f64>) {
    let rng = &mut Seed(seed).stream("random MDP for programmes", 0);
    let mut rows = vec![];
    for _ in 0..24 {
        let weights: Vec<f64> = (0..3).map(|_| uniform(rng) + 0.05).collect();
        let sum: f64 = weights.iter().sum();
        let outcome = |w: &f64| Transition {
            probability: w / sum,
            next_state: mdp::index(8, rng),
            reward: 0.0,
            terminates: false,
        };
        rows.push(weights.iter().map(outcome).collect());
    }
    let rewards: Vec<f64> = (0..8).map(|_| uniform(rng)).collect();
    let rewards = rewards.iter().flat_map(|r| [*r; 3]).collect();
    let discount = Discount::new(0.9).unwrap();
    (
        TabularMdp::new(3, rows, vec![0.125; 8], discount).unwrap(),
        rewards,
    )
}

#[test]
fn what_is_found_makes_the_expert_optimal() {
    for seed in 0..8 {
        let (mdp, rewards) = drawn(seed);
        let policy = policy_iteration(&mdp, &rewards, None).unwrap().policy;
        let found = linear_programme_irl(&mdp, &policy, 1.0, 0.5).unwrap();
        let set = FeasibleRewards::of_policy(&mdp, &mdp::deterministic(&policy, 3)).unwrap();
        let membership = set.contains(&found.rewards).unwrap();
        assert!(membership.loss < 1e-7, "seed {seed}: {membership:?}");
        assert!(found.state_rewards.iter().all(|r| r.abs() <= 1.0 + 1e-9));
        assert!(
            found.margins.iter().sum::<f64>() > 0.0,
            "seed {seed}: no null reward"
        );
    }
}

#[test]
fn demonstrations_of_the_best_are_the_best_for_what_is_found() {
    for seed in 0..4 {
        let (mdp, rewards) = drawn(seed);
        let policy = Expert::sure(Bias::Rational).policy(&mdp, &rewards).unwrap();
        let rng = &mut Seed(seed).stream("shown to the programme", 0);
        let shown = demonstrate(&mdp, &policy, 400, 100, rng);
        let mut reward = LinearReward::new(Features::each_state(8, 3));
        let found = sampled_linear_programme_irl(&mdp, &mut reward, &shown, 100).unwrap();
        assert_eq!(found.stop, Stop::Converged);
        assert_eq!(found.rewards, reward.rewards());
        // 400 demonstrations leave features uncertain by about a twentieth of their spread.
        assert!(found.margin.abs() < 1.0, "seed {seed}: {}", found.margin);
        let best = policy_iteration(&mdp, &found.rewards, None).unwrap().policy;
        let regret = crate::identification::regret(&mdp, &found.rewards, &rewards).unwrap();
        assert!(regret < 0.35, "seed {seed}: regret {regret} of {best:?}");
    }
}

#[test]
fn features_that_are_all_alike_tell_nothing() {
    let (mdp, rewards) = drawn(0);
    let policy = Expert::sure(Bias::Rational).policy(&mdp, &rewards).unwrap();
    let rng = &mut Seed(0).stream("nothing", 0);
    let shown = demonstrate(&mdp, &policy, 5, 200, rng);
    let features = Features::new(FeaturesOf::States, 1, 3, vec![1.0; 8]);
    let found =
        sampled_linear_programme_irl(&mdp, &mut LinearReward::new(features), &shown, 10).unwrap();
    assert!(found.margin.abs() < 1e-6);
}

#[test]
fn what_does_not_fit_is_told() {
    let told = |policy: &[usize], bound| {
        let error = linear_programme_irl(&pair(), policy, bound, 0.0).unwrap_err();
        error.to_string()
    };
    assert!(told(&[1], 1.0).starts_with("there are 1 values, expected 2"));
    assert!(told(&[1, 7], 1.0).contains("action 7"));
    assert!(told(&[1, 1], 0.0).starts_with("the bound of rewards is 0"));
}
