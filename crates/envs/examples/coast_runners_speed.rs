//! Steps of CoastRunners a second on one core: observing, drawing an action and stepping 64 boats by turns.
//!
//! `cargo run --release -p envs --example coast_runners_speed`

#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::hint::black_box;
use std::time::Instant;

use envs::{CoastReward, CoastRunners, Course};
use mdp::{Environment, Seed, TimeLimit, index};

const N_BOATS: usize = 64;
const N_ROUNDS: usize = 50_000;

fn main() {
    let mut rng = Seed(0).stream("speed", 0);
    // Chosen beforehand: drawing them would take as long as the step.
    let actions: Vec<usize> = (0..4096).map(|_| index(5, &mut rng)).collect();
    for course in Course::ALL {
        let race = CoastRunners::new(course, CoastReward::Score);
        let race = TimeLimit::new(race, CoastRunners::TIME_LIMIT);
        let mut boats: Vec<_> = (0..N_BOATS).map(|_| race.initial_state(&mut rng)).collect();
        let begin = Instant::now();
        for round in 0..N_ROUNDS {
            for (number, boat) in boats.iter_mut().enumerate() {
                black_box(race.observe(boat, &mut rng));
                let action = actions[(round * N_BOATS + number * 7) % actions.len()];
                if black_box(race.step(boat, &action, &mut rng)).is_last() {
                    *boat = race.initial_state(&mut rng);
                }
            }
        }
        let seconds = begin.elapsed().as_secs_f64();
        let n_steps = (N_BOATS * N_ROUNDS) as f64;
        println!(
            "{course:12} {:5.0} ns a step, {:.2} million steps a second",
            1e9 * seconds / n_steps,
            n_steps / seconds / 1e6,
        );
    }
}
