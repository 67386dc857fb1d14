//! Steps per second of each environment on one core, actions drawn beforehand, episodes begun anew.
//!
//! `cargo run --release -p envs --example envs_speed`

#![expect(clippy::print_stdout, reason = "printing is what the example is for")]

use std::hint::black_box;
use std::time::Instant;

use envs::{
    Acrobot, CartPole, CleaningReward, CleaningRobot, CoastReward, CoastRunners, Course,
    MountainCar, MountainCarContinuous, NailFactory, Pendulum,
};
use mdp::{Action, Environment, Seed, TimeLimit};

const N_STEPS: usize = 2_000_000;
const N_ROUNDS: usize = 5;

fn main() {
    println!("environment               million steps per second, best and median of {N_ROUNDS}");
    measure("cart-pole", &CartPole.with_time_limit());
    measure("mountain-car", &MountainCar.with_time_limit());
    measure(
        "mountain-car-continuous",
        &MountainCarContinuous.with_time_limit(),
    );
    measure("acrobot", &Acrobot::default().with_time_limit());
    measure("pendulum", &Pendulum::default().with_time_limit());
    measure("nail-factory", &NailFactory::default());
    let boats = CoastRunners::new(Course::default(), CoastReward::Score);
    measure(
        "coast-runners",
        &TimeLimit::new(boats, CoastRunners::TIME_LIMIT),
    );
    let robot = CleaningRobot::new(CleaningReward::Pay);
    measure(
        "cleaning-robot",
        &TimeLimit::new(robot, CleaningRobot::TIME_LIMIT),
    );
}

fn measure<E: Environment>(name: &str, environment: &E) {
    let mut rng = Seed(0).stream("actions", 0);
    let space = environment.action_space();
    let actions: Vec<E::Action> = (0..4096)
        .map(|_| E::Action::from_value(&space.sample(&mut rng)))
        .collect();
    let mut rates: Vec<f64> = (0..N_ROUNDS)
        .map(|_| N_STEPS as f64 / seconds(environment, &actions) / 1e6)
        .collect();
    rates.sort_by(f64::total_cmp);
    println!(
        "{name:24} {:8.2} {:8.2}",
        rates[N_ROUNDS - 1],
        rates[N_ROUNDS / 2]
    );
}

fn seconds<E: Environment>(environment: &E, actions: &[E::Action]) -> f64 {
    let mut rng = Seed(0).stream("steps", 0);
    let mut state = environment.initial_state(&mut rng);
    let began = Instant::now();
    for action in actions.iter().cycle().take(N_STEPS) {
        let step = environment.step(&mut state, action, &mut rng);
        if black_box(step).is_last() {
            state = environment.initial_state(&mut rng);
        }
        black_box(environment.observe(&state, &mut rng));
    }
    began.elapsed().as_secs_f64()
}
