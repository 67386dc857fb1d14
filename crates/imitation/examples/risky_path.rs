//! Why the entropy must be causal: a gamble looks good to whoever could choose how it ends.
//!
//! On seals' RiskyPath an expert takes the safe way to a goal, past a gamble that leads there sooner or to ruin. A reward
//! for the goal and for ruin is fitted to what the expert visits, under causal and under trajectory entropy. Prints one
//! JSON object.

use envs::RiskyPath;
use imitation::{
    Entropy, Features, FeaturesOf, Horizon, LinearReward, MaximumEntropyConfig, RewardModel as _,
    maximum_entropy_irl, soft_policy,
};
use mdp::{Discount, Tabulated, evaluate_finite, finite_horizon, occupancy_finite, tabulate};
use serde_json::{Value, json};

const SAFE: usize = 0;
const N_STEPS: usize = RiskyPath::TIME_LIMIT as usize;

/// What a policy, `[T, S, A]`, does first, and what that is worth under the true reward.
fn describe(task: &Tabulated, rewards: &[f64], policy: &[f64]) -> Value {
    let start = task
        .mdp
        .start()
        .iter()
        .position(|p| *p == 1.0)
        .expect("one start");
    json!({
        "probability_of_safe": policy[start * task.mdp.n_actions() + SAFE],
        "true_return": evaluate_finite(&task.mdp, rewards, policy)[start],
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let undiscounted = Discount::new(1.0).expect("a discount");
    let task = tabulate(&RiskyPath::new(), undiscounted, 100).expect("four states");
    let (n_states, n_actions) = (task.mdp.n_states(), task.mdp.n_actions());
    let rewards = task.mdp.expected_rewards();
    let expert = finite_horizon(&task.mdp, &rewards, N_STEPS).policy;
    let expert = mdp::deterministic(&expert, n_actions);
    let visits = occupancy_finite(&task.mdp, &expert);
    // What the true reward is made of: one feature where it pays and one where it costs.
    let features: Vec<f64> = (0..n_states)
        .flat_map(|state| {
            let reward = rewards[state * n_actions];
            [
                f64::from(u8::from(reward > 0.0)),
                f64::from(u8::from(reward < 0.0)),
            ]
        })
        .collect();
    let features = Features::new(FeaturesOf::States, 2, n_actions, features);
    let fitted = [
        ("causal", Entropy::Causal),
        ("trajectory", Entropy::Trajectory),
    ]
    .map(|(name, entropy)| {
        let config = MaximumEntropyConfig {
            entropy,
            ..MaximumEntropyConfig::causal(Horizon::Finite(N_STEPS))
        };
        let mut reward = LinearReward::new(features.clone());
        let found =
            maximum_entropy_irl(&task.mdp, &visits, &mut reward, &config).expect("a sound problem");
        let planned = soft_policy(&task.mdp, &rewards, Horizon::Finite(N_STEPS), entropy)
            .expect("a sound problem");
        json!({
            "entropy": name,
            "goal_and_ruin_weights": reward.parameters(),
            "fitted": describe(&task, &rewards, &found.policy),
            "under_the_true_reward": describe(&task, &rewards, &planned),
        })
    });
    println!(
        "{}",
        json!({"horizon": N_STEPS, "expert": describe(&task, &rewards, &expert), "versions": fitted})
    );
}
