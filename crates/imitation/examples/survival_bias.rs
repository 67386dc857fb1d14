//! What GAIL's reward forms do where nothing was demonstrated: the discriminator says `D = 1/2` of everything, and what
//! the policy does then is the sign's doing.
//!
//! In CartPole the way to live on is hard and an end comes by itself; in Acrobot an end is what is wanted; in
//! the seals task either is one choice away. Prints one JSON object.

use std::sync::Arc;
use std::time::Instant;

use imitation::{AdversarialTrainer, Ends, RewardForm, gail};
use mdp::{Environment, Seed, TimeLimit};
use nn::Pool;
use rl::{
    Actor, Learner as _, Play, TrainEvent, VectorEnvironment, Vectorized, evaluate, n_side_by_side,
};
use serde_json::{Value, json};

const SEEDS: u64 = 5;
const STEPS: u64 = 100_000;
const N_EVALUATED: usize = 100;

const TASKS: [&str; 3] = ["cart-pole", "early-termination", "acrobot"];

fn rules(task: &str) -> Box<dyn VectorEnvironment> {
    fn vectorized<E: Environment + 'static>(environment: E) -> Box<dyn VectorEnvironment> {
        Box::new(Vectorized::new(Arc::new(environment), 1, Seed(0)))
    }
    match task {
        "cart-pole" => vectorized(envs::CartPole.with_time_limit()),
        "early-termination" => vectorized(TimeLimit::new(
            envs::EarlyTermination::positive(),
            envs::EarlyTermination::TIME_LIMIT,
        )),
        _ => vectorized(envs::Acrobot::default().with_time_limit()),
    }
}

fn ends_name(ends: Ends) -> &'static str {
    match ends {
        Ends::Worthless => "worthless",
        Ends::Absorbing => "absorbing",
    }
}

/// Mean length of the episodes of the policy that comes of nothing, and what was reported of the last round.
fn measure(task: &str, form: RewardForm, ends: Ends, seed: u64, pool: &Arc<Pool>) -> Value {
    let mut config = gail::Config::preset("default").expect("a preset");
    config.generator.steps = STEPS;
    config.reward = form;
    config.ends = ends;
    let rules = rules(task);
    let environment = rules.fresh(config.generator.n_environments, Seed(seed));
    let began = Instant::now();
    let trainer = AdversarialTrainer::gail(config, None, environment, Seed(seed), Arc::clone(pool));
    let mut trainer = trainer.expect("sound settings");
    let mean_length = |trainer: &AdversarialTrainer| {
        let mut actor = Actor::new(
            trainer.network(),
            Play::Sampled,
            n_side_by_side(N_EVALUATED),
        );
        let outcomes = evaluate(
            &mut actor,
            rules.as_ref(),
            N_EVALUATED,
            Seed(1_000_000),
            pool,
        );
        outcomes
            .iter()
            .map(|outcome| f64::from(outcome.n_steps))
            .sum::<f64>()
            / N_EVALUATED as f64
    };
    let untrained = mean_length(&trainer);
    let mut last = None;
    while trainer.n_steps() < STEPS {
        let observe = &mut |event: &TrainEvent| {
            let TrainEvent::Iteration(iteration) = event;
            last.clone_from(&iteration.discriminator);
        };
        trainer.iterate(observe).expect("it does not diverge");
    }
    let report = last.expect("a round was reported");
    json!({
        "task": task,
        "reward": form.name(),
        "ends": ends_name(ends),
        "bias": format!("{:?}", form.bias(ends)).to_lowercase(),
        "seed": seed,
        "untrained_length": untrained,
        "length": mean_length(&trainer),
        "mean_reward": report.reward_mean,
        "positive_share": report.positive_share,
        "negative_share": report.negative_share,
        "received_mean": (report.reward_mean - report.reward_offset) / report.reward_scale,
        "seconds": began.elapsed().as_secs_f64(),
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let pool = Arc::new(Pool::new(1));
    let mut runs = vec![];
    for task in TASKS {
        for form in [RewardForm::Softplus, RewardForm::LogD] {
            for ends in [Ends::Worthless, Ends::Absorbing] {
                for seed in 0..SEEDS {
                    runs.push(measure(task, form, ends, seed, &pool));
                }
            }
        }
    }
    let printed = json!({
        "seeds": SEEDS,
        "steps": STEPS,
        "evaluation_episodes": N_EVALUATED,
        "runs": runs,
    });
    println!("{printed}");
}
