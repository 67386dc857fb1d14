//! PPO on a classic task at the settings of rl-baselines3-zoo, without files or reports: how good, and how fast is the
//! loop alone?
//!
//! Arguments: the task (cart-pole, acrobot, pendulum, mountain-car-continuous), number of seeds (3), number of threads (2).
//! Prints one line a seed.

use std::sync::Arc;
use std::time::Instant;

use mdp::{Environment, Seed};
use nn::Pool;
use rl::{
    Learner as _, Play, TrainEvent, VectorEnvironment, Vectorized, evaluate, n_side_by_side, ppo,
};

/// The preset of a task and environments for it.
fn task(name: &str, seed: Seed) -> Option<(ppo::Config, Box<dyn VectorEnvironment>)> {
    fn vectorized<E: Environment + 'static>(
        environment: E,
        n: usize,
        seed: Seed,
    ) -> Box<dyn VectorEnvironment> {
        Box::new(Vectorized::new(Arc::new(environment), n, seed))
    }
    let preset = match name {
        "cart-pole" => "rl-zoo-cartpole",
        "mountain-car-continuous" => "rl-zoo-mountaincar-continuous",
        "acrobot" => "rl-zoo-acrobot",
        "pendulum" => "rl-zoo-pendulum",
        _ => return None,
    };
    let config = ppo::Config::preset(preset)?;
    let n = config.n_environments;
    let environments = match name {
        "cart-pole" => vectorized(envs::CartPole.with_time_limit(), n, seed),
        "acrobot" => vectorized(envs::Acrobot::default().with_time_limit(), n, seed),
        "pendulum" => vectorized(envs::Pendulum::default().with_time_limit(), n, seed),
        _ => vectorized(envs::MountainCarContinuous.with_time_limit(), n, seed),
    };
    Some((config, environments))
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "cart-pole".to_owned());
    let mut number = |default: usize| {
        arguments
            .next()
            .and_then(|word| word.parse().ok())
            .unwrap_or(default)
    };
    let (n_seeds, n_threads) = (number(3), number(2));
    let pool = Arc::new(Pool::new(n_threads));
    for seed in (0..n_seeds as u64).map(Seed) {
        let Some((config, environments)) = task(&name, seed) else {
            println!("no task is called {name}");
            return;
        };
        let steps = config.steps;
        let mut trainer = ppo::Trainer::new(config, environments, seed, Arc::clone(&pool))
            .expect("sound settings");
        let began = Instant::now();
        while trainer.n_steps() < steps {
            trainer
                .iterate(&mut |_: &TrainEvent| ())
                .expect("it does not diverge");
        }
        let seconds = began.elapsed().as_secs_f64();
        let policy = trainer.policy();
        let mut actor = policy.actor(Play::Greedy, n_side_by_side(100));
        let outcomes = evaluate(
            actor.as_mut(),
            trainer.environment(),
            100,
            seed.child("greedy", 0),
            &pool,
        );
        let mean =
            outcomes.iter().map(|outcome| outcome.reward).sum::<f64>() / outcomes.len() as f64;
        let profile = trainer.profile();
        println!(
            "seed {}: greedy return {mean:.1}; {:.0} steps/s; collect {:.3} s, update {:.3} s",
            seed.0,
            steps as f64 / seconds,
            profile.collect,
            profile.update
        );
    }
}
