//! PPO on CartPole at the settings of rl-baselines3-zoo, without files or reports: how fast is the loop alone?
//!
//! Arguments: number of seeds (3), number of threads (2). Prints one line a seed.

use std::sync::Arc;
use std::time::Instant;

use mdp::Seed;
use nn::Pool;
use rl::{Actor, Learner as _, Play, TrainEvent, Vectorized, evaluate, n_side_by_side, ppo};

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<usize>());
    let n_seeds = arguments.next().and_then(Result::ok).unwrap_or(3);
    let n_threads = arguments.next().and_then(Result::ok).unwrap_or(2);
    let pool = Arc::new(Pool::new(n_threads));
    for seed in 0..n_seeds as u64 {
        let config = ppo::Config::preset("rl-zoo-cartpole").expect("the preset exists");
        let environment = Arc::new(envs::CartPole.with_time_limit());
        let environments = Vectorized::new(environment, config.n_environments, Seed(seed));
        let steps = config.steps;
        let mut trainer = ppo::Trainer::new(
            config,
            Box::new(environments),
            Seed(seed),
            Arc::clone(&pool),
        )
        .expect("sound settings");
        let began = Instant::now();
        while trainer.n_steps() < steps {
            trainer
                .iterate(&mut |_: &TrainEvent| ())
                .expect("it does not diverge");
        }
        let seconds = began.elapsed().as_secs_f64();
        let policy = trainer.policy();
        let mut actor = Actor::new(&policy, Play::Greedy, n_side_by_side(100));
        let outcomes = evaluate(
            &mut actor,
            trainer.environment(),
            100,
            Seed(seed).child("greedy", 0),
            &pool,
        );
        let mean =
            outcomes.iter().map(|outcome| outcome.reward).sum::<f64>() / outcomes.len() as f64;
        let profile = trainer.profile();
        println!(
            "seed {seed}: greedy return {mean:.1}; {:.0} steps/s; collect {:.3} s, update {:.3} s",
            steps as f64 / seconds,
            profile.collect,
            profile.update
        );
    }
}
