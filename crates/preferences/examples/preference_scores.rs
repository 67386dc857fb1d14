//! How well policies do that were trained on 700 comparisons, beside policies trained on the true reward.
//!
//! `preference_scores [TASK...]` with the tasks cart-pole, pendulum and hopper; all of them unless some are named. The annotator
//! is an oracle that sums the environment's own reward over a segment, for which scores are returns of that reward. Preset
//! `default` of the loop and the reward model throughout; the optimiser's settings are the task's. Prints one JSON object.

use std::sync::Arc;
use std::time::Instant;

use feedback::{AnnotatorConfig, SimulatedAnnotators};
use mdp::{Environment, Seed, Segment};
use nn::Pool;
use preferences::{Config, Trainer};
use rl::{
    Actor, Learner as _, NetworkPolicy, Play, PreferenceReport, TrainEvent, VectorEnvironment,
    Vectorized, evaluate, n_side_by_side, ppo,
};
use serde_json::{Value, json};

const SEEDS: u64 = 5;
const N_EVALUATED: usize = 100;
const N_THREADS: usize = 2;

/// A task, and the optimiser that it is known to be learned with.
struct Task {
    name: &'static str,
    optimizer: fn() -> ppo::Config,
    rules: fn() -> Box<dyn VectorEnvironment>,
}

const TASKS: &[Task] = &[
    Task {
        name: "cart-pole",
        optimizer: || preset("rl-zoo-cartpole"),
        rules: || vectorized(envs::CartPole.with_time_limit()),
    },
    Task {
        name: "pendulum",
        optimizer: || preset("rl-zoo-pendulum"),
        rules: || vectorized(envs::Pendulum::default().with_time_limit()),
    },
    Task {
        name: "hopper",
        optimizer: hopper_optimizer,
        rules: || {
            let hopper = envs::Hopper::new(envs::HopperTask::Run, envs::HopperReward::HandWritten);
            vectorized(hopper.with_time_limit())
        },
    },
];

fn preset(name: &str) -> ppo::Config {
    ppo::Config::preset(name).expect("a preset")
}

fn hopper_optimizer() -> ppo::Config {
    ppo::Config {
        steps: 1_000_000,
        n_environments: 16,
        n_steps: 256,
        minibatch: 256,
        epochs: 6,
        learning_rate: nn::Schedule::LinearToZero(6e-4),
        normalize_observations: true,
        ..preset("sb3")
    }
}

fn vectorized<E: Environment + 'static>(environment: E) -> Box<dyn VectorEnvironment> {
    Box::new(Vectorized::new(Arc::new(environment), 1, Seed(0)))
}

/// Mean return over the evaluation's episodes, actions drawn as in training.
fn score(policy: &NetworkPolicy, rules: &dyn VectorEnvironment, pool: &Pool) -> f64 {
    let mut actor = Actor::new(policy, Play::Sampled, n_side_by_side(N_EVALUATED));
    let outcomes = evaluate(&mut actor, rules, N_EVALUATED, Seed(1_000_000), pool);
    let returns = outcomes.iter().map(|outcome| outcome.reward);
    returns.sum::<f64>() / N_EVALUATED as f64
}

fn train_on_reward(task: &Task, seed: u64, pool: &Arc<Pool>) -> NetworkPolicy {
    let optimizer = (task.optimizer)();
    let environment = (task.rules)().fresh(optimizer.n_environments, Seed(seed));
    let trained = ppo::train(
        optimizer,
        environment,
        Seed(seed),
        Arc::clone(pool),
        &mut |_: &TrainEvent| {},
    );
    trained.expect("sound settings")
}

/// The trainer at its beginning.
fn trainer(task: &Task, seed: u64, pool: &Arc<Pool>) -> Trainer {
    let optimizer = (task.optimizer)();
    let environment = (task.rules)().fresh(optimizer.n_environments, Seed(seed));
    let judge = |segment: &Segment| segment.rewards.iter().sum::<f64>();
    let annotators =
        SimulatedAnnotators::one(Arc::new(judge), AnnotatorConfig::default(), Seed(seed));
    let trainer = Trainer::new(
        Config::preset("default").expect("a preset"),
        optimizer,
        Box::new(annotators.expect("sound settings")),
        environment,
        Seed(seed),
        Arc::clone(pool),
    );
    trainer.expect("sound settings")
}

fn measure(task: &Task, seed: u64, pool: &Arc<Pool>) -> Value {
    let rules = (task.rules)();
    let began = Instant::now();
    let on_reward = train_on_reward(task, seed, pool);
    let reward_seconds = began.elapsed().as_secs_f64();
    let mut trainer = trainer(task, seed, pool);
    let random = score(trainer.network(), rules.as_ref(), pool);
    let began = Instant::now();
    let steps = (task.optimizer)().steps;
    let mut last: Option<PreferenceReport> = None;
    let observe = &mut |event: &TrainEvent| {
        let TrainEvent::Iteration(iteration) = event;
        last.clone_from(&iteration.preferences);
    };
    rl::train_to(&mut trainer, steps, observe).expect("it does not diverge");
    let seconds = began.elapsed().as_secs_f64();
    let last = last.expect("a round was reported");
    let of_reward = score(&on_reward, rules.as_ref(), pool);
    let of_preferences = score(trainer.network(), rules.as_ref(), pool);
    json!({
        "task": task.name,
        "seed": seed,
        "steps": trainer.n_steps(),
        "comparisons": last.n_asked,
        "random": random,
        "on_reward": of_reward,
        "on_preferences": of_preferences,
        "score": (of_preferences - random) / (of_reward - random),
        "loss": last.loss,
        "accuracy": last.accuracy,
        "validation_loss": last.validation_loss,
        "validation_accuracy": last.validation_accuracy,
        "reward_seconds": reward_seconds,
        "seconds": seconds,
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let pool = Arc::new(Pool::new(N_THREADS));
    let names: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |task: &&Task| names.is_empty() || names.iter().any(|name| name == task.name);
    let mut runs = vec![];
    for task in TASKS.iter().filter(is_asked) {
        for seed in 0..SEEDS {
            runs.push(measure(task, seed, &pool));
        }
    }
    let printed = json!({
        "seeds": SEEDS,
        "threads": N_THREADS,
        "evaluation_episodes": N_EVALUATED,
        "comparisons": Config::preset("default").expect("a preset").n_comparisons,
        "runs": runs,
    });
    println!("{printed}");
}
