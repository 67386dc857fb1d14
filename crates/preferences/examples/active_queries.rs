//! Questions chosen by disagreement, by information gain and at random, at several numbers of questions.
//!
//! `cargo run --release -p preferences --example active_queries -- SEEDS` prints JSON, a training a row. Pendulum is a
//! control task in which any two segments differ. On CartPole every step pays 1, so that two whole segments are equally
//! good and only those that end early teach anything: which questions are asked can matter.

use std::sync::Arc;
use std::time::Instant;

use feedback::{AnnotatorConfig, Oracle, SimulatedAnnotators};
use mdp::{Environment, Seed};
use nn::Pool;
use preferences::{Config, Prediction, QueryChoice, Trainer};
use rl::{
    Actor, Learner as _, NetworkPolicy, Play, TrainEvent, VectorEnvironment, Vectorized, evaluate,
    n_side_by_side, ppo,
};
use serde_json::{Value, json};

const COUNTS: [usize; 3] = [100, 300, 900];
const EPISODES: usize = 100;
/// Pairs that are drawn for each that is asked.
const OVERSAMPLING: f64 = 10.0;
/// Share of answers that are made without looking.
const MISTAKES: f64 = 0.1;

const CHOICES: [(&str, QueryChoice); 3] = [
    ("random", QueryChoice::Random),
    (
        "disagreement",
        QueryChoice::Disagreement {
            of: Prediction::Probability,
            oversampling: OVERSAMPLING,
        },
    ),
    (
        "information-gain",
        QueryChoice::InformationGain {
            oversampling: OVERSAMPLING,
        },
    ),
];

/// A task, and the optimiser that it is known to be learned with.
struct Task {
    name: &'static str,
    optimizer: &'static str,
    steps: u64,
    rules: fn() -> Box<dyn VectorEnvironment>,
}

const TASKS: [Task; 2] = [
    Task {
        name: "cart-pole",
        optimizer: "rl-zoo-cartpole",
        steps: 60_000,
        rules: || vectorized(envs::CartPole.with_time_limit()),
    },
    Task {
        name: "pendulum",
        optimizer: "rl-zoo-pendulum",
        steps: 80_000,
        rules: || vectorized(envs::Pendulum::default().with_time_limit()),
    },
];

fn vectorized<E: Environment + 'static>(environment: E) -> Box<dyn VectorEnvironment> {
    Box::new(Vectorized::new(Arc::new(environment), 1, Seed(0)))
}

fn intent(policy: &NetworkPolicy, rules: &dyn VectorEnvironment, pool: &Pool) -> f64 {
    let mut actor = Actor::new(policy, Play::Sampled, n_side_by_side(EPISODES));
    let outcomes = evaluate(&mut actor, rules, EPISODES, Seed(1_000_000), pool);
    let intents = outcomes
        .iter()
        .map(|outcome| outcome.intent.expect("intent is known"));
    intents.sum::<f64>() / EPISODES as f64
}

fn trained(
    task: &Task,
    choice: (&str, QueryChoice),
    count: usize,
    seed: u64,
    pool: &Arc<Pool>,
) -> Value {
    let rules = (task.rules)();
    let mut optimizer = ppo::Config::preset(task.optimizer).expect("a preset");
    optimizer.steps = task.steps;
    let config = Config {
        n_comparisons: count,
        query_choice: choice.1,
        ..Config::preset("default").expect("a preset")
    };
    let noisy = AnnotatorConfig {
        mistakes: MISTAKES,
        ..AnnotatorConfig::default()
    };
    let annotators = SimulatedAnnotators::one(Arc::new(Oracle), noisy, Seed(seed));
    let environment = rules.fresh(optimizer.n_environments, Seed(seed));
    let began = Instant::now();
    let mut trainer = Trainer::new(
        config,
        optimizer,
        Box::new(annotators.expect("possible settings")),
        environment,
        Seed(seed),
        Arc::clone(pool),
    )
    .expect("possible settings");
    let untrained = intent(trainer.network(), rules.as_ref(), pool);
    let mut last = None;
    while trainer.n_steps() < task.steps {
        let observe = &mut |event: &TrainEvent| {
            let TrainEvent::Iteration(iteration) = event;
            last.clone_from(&iteration.preferences);
        };
        trainer.iterate(observe).expect("weights stay finite");
    }
    let last = last.expect("a round was reported");
    json!({
        "task": task.name, "choice": choice.0, "comparisons": count, "seed": seed, "asked": last.n_asked,
        "untrained": untrained, "intent": intent(trainer.network(), rules.as_ref(), pool),
        "accuracy": last.accuracy, "validation_accuracy": last.validation_accuracy,
        "intent_agreement": last.intent_agreement, "seconds": began.elapsed().as_secs_f64(),
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let n_seeds = std::env::args().nth(1);
    let n_seeds: u64 = n_seeds.map_or(5, |word| word.parse().expect("a number"));
    let mut jobs = vec![];
    for task in &TASKS {
        for count in COUNTS {
            for choice in CHOICES {
                jobs.extend((0..n_seeds).map(|seed| (task, choice, count, seed)));
            }
        }
    }
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Every training is a thread's own from beginning to end, so that their number changes nothing.
    let mut runs: Vec<(usize, Value)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_threads)
            .map(|thread| {
                let own = jobs.iter().enumerate().skip(thread).step_by(n_threads);
                scope.spawn(move || {
                    let pool = Arc::new(Pool::new(1));
                    own.map(|(place, (task, choice, count, seed))| {
                        (place, trained(task, *choice, *count, *seed, &pool))
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("a worker does not panic"))
            .collect()
    });
    runs.sort_by_key(|(place, _)| *place);
    let steps: Vec<Value> = TASKS
        .iter()
        .map(|task| json!([task.name, task.steps]))
        .collect();
    println!(
        "{}",
        json!({
            "seeds": n_seeds, "comparisons": COUNTS, "episodes": EPISODES, "oversampling": OVERSAMPLING,
            "mistakes": MISTAKES, "steps": steps,
            "runs": runs.into_iter().map(|(_, run)| run).collect::<Vec<Value>>(),
        })
    );
}
