//! What the scripted pilots of CoastRunners earn, in points and in what was meant, over 1,000 races a course.
//!
//! `cargo run --release -p envs --example coast_runners_scores`

use envs::{CoastPilot, CoastReward, CoastRunners, Course};
use mdp::{Environment, Episode, Policy, Seed, TimeLimit};

const N_EPISODES: u64 = 1000;

fn main() {
    println!("course       pilot      score           intent          finished  steps  damage");
    for course in Course::ALL {
        let race = CoastRunners::new(course, CoastReward::Score);
        for name in CoastPilot::NAMES {
            let pilot = race.pilot(name).expect("a pilot of that name");
            print_row(&race, course, name, &pilot);
        }
        let bounds = race.return_bounds(CoastRunners::TIME_LIMIT);
        println!("{course:12} bounds     score {:?}, intent {:?}", bounds.reward, bounds.intent);
    }
}

fn print_row(race: &CoastRunners, course: Course, name: &str, pilot: &CoastPilot) {
    let limited = TimeLimit::new(race.clone(), CoastRunners::TIME_LIMIT);
    let (mut scores, mut intents) = (vec![], vec![]);
    let (mut n_finished, mut n_steps, mut damage) = (0, 0, 0.0);
    for index in 0..N_EPISODES {
        let mut episode = Episode::new(&limited, Seed(0).stream("race", index));
        let (mut score, mut intent) = (0.0, 0.0);
        while episode.end().is_none() {
            let observation = episode.observation();
            let action = pilot.act(&observation, episode.rng());
            let step = episode.step(&action).expect("the race is on");
            score += step.reward;
            intent += step.intent.expect("the intent of a race is known");
            n_steps += 1;
        }
        n_finished += u32::from(limited.is_success(episode.state()) == Some(true));
        damage += episode.state().state.damage();
        scores.push(score);
        intents.push(intent);
    }
    let n = N_EPISODES as f64;
    println!(
        "{:12} {name:8} {} {} {:7.1}%  {:5.1}  {:6.3}",
        course.name(),
        mean_and_spread(&scores),
        mean_and_spread(&intents),
        100.0 * f64::from(n_finished) / n,
        f64::from(n_steps) / n,
        damage / n,
    );
}

fn mean_and_spread(values: &[f64]) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    format!("{mean:8.2} ±{:5.2}", variance.sqrt())
}
