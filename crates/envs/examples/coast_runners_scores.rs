//! What the scripted pilots of CoastRunners earn, in points and in what was meant, over 1,000 races a course.
//!
//! `cargo run --release -p envs --example coast_runners_scores`

#![expect(clippy::print_stdout, reason = "an example shows its result")]

mod common;

use common::{N_EPISODES, interval, mean_and_deviation, play};
use envs::{CoastPilot, CoastReward, CoastRunners, Course};
use mdp::{Environment, TimeLimit};

fn main() {
    println!("| course | pilot | score | intent | finished | steps |");
    println!("| --- | --- | --- | --- | --- | --- |");
    for course in Course::ALL {
        let race = CoastRunners::new(course, CoastReward::Score);
        let limited = TimeLimit::new(race.clone(), CoastRunners::TIME_LIMIT);
        for name in CoastPilot::NAMES {
            let tally = play(&limited, &race.pilot(name).expect("a pilot of that name"));
            println!(
                "| {course} | {name} | {} | {} | {:.1}% | {:.0} |",
                mean_and_deviation(&tally.rewards),
                mean_and_deviation(&tally.intents),
                100.0 * f64::from(tally.n_successes) / N_EPISODES as f64,
                f64::from(tally.n_steps) / N_EPISODES as f64,
            );
        }
        let bounds = limited.return_bounds(CoastRunners::TIME_LIMIT);
        println!(
            "| {course} | declared bounds | {} | {} | | |",
            interval(bounds.reward),
            interval(bounds.intent),
        );
    }
}
