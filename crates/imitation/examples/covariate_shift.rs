//! Covariate shift in `driving`: how the error of a cloned driver, and of one trained by DAgger with as many labels of the
//! same expert, grows with the horizon.
//!
//! Arguments: number of seeds (10), labels (100000), episodes evaluated (200), steps of the longest horizon (800).
//! Prints one line of JSON.

use std::sync::Arc;
use std::time::Instant;

use envs::{Driver, Driving};
use imitation::dagger::{self, ScriptedExpert};
use imitation::{Along, Measured, ShiftConfig, behavioral_cloning, covariate_shift};
use mdp::{Seed, TimeLimit, Trajectories, Trajectory};
use nn::Pool;
use rl::{NetworkPolicy, Play, TrainEvent, VectorEnvironment, Vectorized};

/// Steps of an episode that make one point of a curve.
const CURVE_STEP: usize = 25;

type Rules = Arc<TimeLimit<Driving>>;

/// Whole episodes of the expert until there are `n_labels` steps.
fn demonstrate(rules: &Rules, n_labels: usize, seed: Seed) -> Trajectories {
    let environments = Vectorized::new(Arc::clone(rules), 1, seed);
    let mut demonstrations = Trajectories::new(
        environments.observation_space(),
        environments.action_space(),
    );
    for episode in 0.. {
        if demonstrations.n_steps() >= n_labels {
            break;
        }
        let rng = seed.stream("demonstration", episode);
        let n_left = n_labels - demonstrations.n_steps();
        let trajectory = Trajectory::record(rules.as_ref(), &Driver::EXPERT, n_left, rng);
        demonstrations
            .push_trajectory(&trajectory)
            .expect("the environment keeps to its spaces");
    }
    demonstrations
}

fn cloned(rules: &Rules, n_labels: usize, seed: Seed, pool: &Arc<Pool>) -> (NetworkPolicy, usize) {
    let demonstrations = demonstrate(rules, n_labels, seed);
    let config = behavioral_cloning::Config::preset("default").expect("a preset");
    let policy = behavioral_cloning::train(
        config,
        &demonstrations,
        seed,
        Arc::clone(pool),
        &mut |_: &TrainEvent| (),
    );
    (
        policy.expect("it does not diverge"),
        demonstrations.n_steps(),
    )
}

fn by_dagger(
    rules: &Rules,
    n_labels: usize,
    seed: Seed,
    pool: &Arc<Pool>,
) -> (NetworkPolicy, usize) {
    let config = dagger::Config {
        steps: n_labels as u64,
        ..dagger::Config::preset("default").expect("a preset")
    };
    let n = config.n_environments;
    let mut labelled = 0;
    let mut observer = |event: &TrainEvent| {
        let TrainEvent::Iteration(iteration) = event;
        labelled = iteration.n_steps as usize;
    };
    let policy = dagger::train(
        config,
        Box::new(ScriptedExpert::new(Arc::clone(rules), Driver::EXPERT)),
        None,
        Box::new(Vectorized::new(Arc::clone(rules), n, seed)),
        seed,
        Arc::clone(pool),
        &mut observer,
    );
    (policy.expect("it does not diverge"), labelled)
}

fn described(measured: &Measured) -> serde_json::Value {
    let (error, intent) = (&measured.error, &measured.intent);
    serde_json::json!({
        "error": error.mean, "error_interval": error.interval(),
        "intent": intent.mean, "intent_interval": intent.interval(),
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| {
        let word = arguments.next();
        word.map_or(default, |word| word.parse().expect("a number"))
    };
    let (n_seeds, asked, n_episodes, n_steps) =
        (number(10), number(100_000), number(200), number(800));
    let pool = Arc::new(Pool::new(1));
    let training: Rules = Arc::new(TimeLimit::new(Driving::default(), Driving::TIME_LIMIT));
    let evaluation: Rules = Arc::new(TimeLimit::new(Driving::default(), n_steps as u32));
    let horizons: Vec<usize> = (0..)
        .map(|k| 50 << k)
        .take_while(|t| *t <= n_steps)
        .collect();
    let mut runs = vec![];
    for seed in (0..n_seeds as u64).map(Seed) {
        // DAgger first: its last round may pass the labels asked for, and cloning then gets as many.
        let mut n_labels = asked;
        for method in ["dagger", "bc"] {
            let began = Instant::now();
            let (policy, labelled) = match method {
                "bc" => cloned(&training, n_labels, seed, &pool),
                _ => by_dagger(&training, n_labels, seed, &pool),
            };
            n_labels = labelled;
            let seconds = began.elapsed().as_secs_f64();
            let rules = Vectorized::new(Arc::clone(&evaluation), 1, seed);
            let mut expert = ScriptedExpert::new(Arc::clone(&evaluation), Driver::EXPERT);
            let shift = covariate_shift(
                &policy,
                &mut expert,
                &rules,
                ShiftConfig {
                    n_episodes,
                    n_steps,
                    play: Play::Greedy,
                },
                seed.child("evaluation", 0),
                &pool,
            );
            let at = |along, horizon: usize| described(&shift.up_to(along, horizon));
            runs.push(serde_json::json!({
                    "method": method, "seed": seed.0, "labels": labelled, "seconds": seconds,
                    "own": horizons.iter().map(|t| at(Along::Own, *t)).collect::<Vec<_>>(),
                    "expert": horizons.iter().map(|t| at(Along::Expert, *t)).collect::<Vec<_>>(),
                    "own_exponent": shift.growth(Along::Own, &horizons),
                    "expert_exponent": shift.growth(Along::Expert, &horizons),
                    "curve": shift.curve(Along::Own, CURVE_STEP).iter().map(described).collect::<Vec<_>>(),
                    "expert_curve":
                        shift.curve(Along::Expert, CURVE_STEP).iter().map(described).collect::<Vec<_>>(),
                }));
        }
    }
    println!(
        "{}",
        serde_json::json!({
            "labels": asked, "episodes": n_episodes, "steps": n_steps, "horizons": horizons,
            "curve_step": CURVE_STEP, "runs": runs,
        })
    );
}
