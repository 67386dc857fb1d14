//! What the scripted policies of the cleaning robot earn, in pay and in what was meant, over 1,000 episodes.
//!
//! `cargo run --release -p envs --example cleaning_robot_scores`

#![expect(clippy::print_stdout, reason = "an example shows its result")]

mod common;

use common::{interval, mean_and_deviation, play};
use envs::{CleaningPolicy, CleaningReward, CleaningRobot};
use mdp::{Environment, TimeLimit};

fn main() {
    println!("| policy | pay | intent |");
    println!("| --- | --- | --- |");
    let robot = CleaningRobot::new(CleaningReward::Pay);
    let limited = TimeLimit::new(robot, CleaningRobot::TIME_LIMIT);
    for name in CleaningPolicy::NAMES {
        let tally = play(
            &limited,
            &robot.policy(name).expect("a policy of that name"),
        );
        println!(
            "| {name} | {} | {} |",
            mean_and_deviation(&tally.rewards),
            mean_and_deviation(&tally.intents),
        );
    }
    let bounds = limited.return_bounds(CleaningRobot::TIME_LIMIT);
    println!(
        "| declared bounds | {} | {} |",
        interval(bounds.reward),
        interval(bounds.intent),
    );
}
