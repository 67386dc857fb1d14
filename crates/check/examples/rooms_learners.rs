//! What Q-learning makes of Montezuma's rooms under their three rewards: what its greedy policy earns of the intent, exactly.
//!
//! Prints one line a reward and number of steps.

use envs::{MontezumaRooms, RoomsReward};
use mdp::{Discount, Seed, deterministic, policy_return, tabulate};
use rl::{TabularConfig, q_learning};

const DISCOUNT: f64 = 0.99;
const STEPS: [u64; 2] = [100_000, 3_000_000];

/// The intent's return, at the discount, of the greedy policy that is learned with seed 0.
fn learned(reward: RoomsReward, n_steps: u64) -> f64 {
    let discount = Discount::new(DISCOUNT).expect("a discount");
    let tables = tabulate(&MontezumaRooms { reward }, discount, 10_000).expect("1,620 states");
    let config = TabularConfig {
        n_steps,
        discount: DISCOUNT,
        exploration: 0.05,
        step_size_exponent: 0.51,
        max_episode_steps: MontezumaRooms::TIME_LIMIT as usize,
    };
    let table = q_learning(&tables.mdp, &config, Seed(0));
    let greedy: Vec<usize> = (0..tables.mdp.n_states())
        .map(|state| table.greedy(state))
        .collect();
    let intent = tables
        .mdp
        .expected(tables.reward("intent").expect("the rooms have one"));
    let policy = deterministic(&greedy, tables.mdp.n_actions());
    policy_return(&tables.mdp, &intent, &policy).expect("the discount is below 1")
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    for n_steps in STEPS {
        for name in RoomsReward::NAMES {
            let reward = RoomsReward::named(name, DISCOUNT).expect("one of its names");
            let earned = learned(reward, n_steps);
            println!("{name:<9}  {n_steps:>7} steps  intent {earned:.3}");
        }
    }
}
