//! From one demonstration: `montezuma-screens`, where random play finds nothing in ten million steps.
//!
//! ```text
//! cargo run --release -p imitation --example backward -- demonstrations
//! cargo run --release -p imitation --example backward -- random --steps 10000000
//! cargo run --release -p imitation --example backward -- backward --seed 0
//! cargo run --release -p imitation --example backward -- backward --demonstration dawdler
//! cargo run --release -p imitation --example backward -- ppo --seed 0
//! ```
//!
//! `demonstrations` records one episode of each scripted policy that gets the treasure after at least 200 steps, and plays
//! its actions back blindly in fresh episodes. `random` draws every action with the same probability and counts what is
//! paid. `backward` learns from one of the demonstrations, `ppo` with the same network, settings and steps from the
//! beginning of the game; both play fresh episodes at last. Options: `--seed`, `--steps`, `--threads`, `--episodes`,
//! `--demonstration intended|dawdler`, `--preset`. Prints one JSON object.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use envs::{MontezumaScreens, ScreensPolicy};
use imitation::backward::{self, Config, Demonstration};
use mdp::{Environment as _, Episode, Seed, TimeLimit, Trajectories, Trajectory, index};
use nn::Pool;
use rl::{
    Iteration, Learner, Play, TrainEvent, TrainedPolicy, VectorEnvironment, Vectorized, evaluate,
    n_side_by_side, ppo,
};
use serde_json::{Value, json};

/// Steps that a demonstration has at least.
const LONG: usize = 200;
/// Lines of the learning curve, at most.
const CURVE: u64 = 60;

/// What is asked for.
struct Options {
    mode: String,
    demonstration: ScreensPolicy,
    preset: String,
    seed: u64,
    steps: Option<u64>,
    threads: usize,
    episodes: usize,
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse(std::env::args().skip(1))?;
    let printed = match options.mode.as_str() {
        "demonstrations" => demonstrations(&options),
        "random" => random(&options),
        "backward" => learn_backward(&options)?,
        "ppo" => learn_from_the_beginning(&options)?,
        other => {
            return Err(
                format!("`{other}` is none of demonstrations, random, backward and ppo").into(),
            );
        }
    };
    println!("{printed}");
    Ok(())
}

impl Options {
    fn parse(arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
        let mut options = Options {
            mode: "backward".to_owned(),
            demonstration: ScreensPolicy::Intended,
            preset: "small".to_owned(),
            seed: 0,
            steps: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            episodes: 200,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            if !argument.starts_with("--") {
                options.mode = argument;
                continue;
            }
            let value = arguments
                .next()
                .ok_or_else(|| format!("`{argument}` wants a value"))?;
            match argument.as_str() {
                "--seed" => options.seed = value.parse()?,
                "--steps" => options.steps = Some(value.parse()?),
                "--threads" => options.threads = value.parse()?,
                "--episodes" => options.episodes = value.parse()?,
                "--demonstration" => options.demonstration = value.parse()?,
                "--preset" => options.preset = value,
                _ => return Err(format!("`{argument}` is not known").into()),
            }
        }
        Ok(options)
    }

    fn config(&self) -> Result<Config, Box<dyn Error>> {
        let named = Config::named(&self.preset);
        let mut config = named.ok_or_else(|| format!("no preset is called `{}`", self.preset))?;
        config.steps = self.steps.unwrap_or(config.steps);
        Ok(config)
    }
}

fn screens() -> TimeLimit<MontezumaScreens> {
    TimeLimit::new(MontezumaScreens::default(), MontezumaScreens::TIME_LIMIT)
}

/// The first episode of a policy, by seed, that gets the treasure and is long enough.
fn record(policy: ScreensPolicy) -> (u64, Trajectory) {
    let environment = screens();
    (0..)
        .map(|seed| {
            let rng = Seed(seed).stream("demonstration", 0);
            (seed, Trajectory::record(&environment, &policy, 10_000, rng))
        })
        .find(|(_, episode)| episode.intent_return() == Some(1.0) && LONG <= episode.steps.len())
        .expect("the policy gets there")
}

fn demonstration(policy: ScreensPolicy) -> Result<Demonstration, Box<dyn Error>> {
    let environment = screens();
    let (_, episode) = record(policy);
    let mut trajectories =
        Trajectories::new(environment.observation_space(), environment.action_space());
    trajectories.push_trajectory(&episode)?;
    Ok(Demonstration::of(&trajectories, 0)?)
}

fn demonstrations(options: &Options) -> Value {
    let of = |policy: ScreensPolicy| {
        let (seed, episode) = record(policy);
        let solved: usize = (0..options.episodes as u64)
            .map(|seed| usize::from(play_back(&episode, seed)))
            .sum();
        json!({
            "policy": policy.name(),
            "seed": seed,
            "steps": episode.steps.len(),
            "return": episode.reward_return(),
            "played_back_solved": solved,
            "episodes": options.episodes,
        })
    };
    json!([of(ScreensPolicy::Intended), of(ScreensPolicy::Dawdler)])
}

/// Whether the actions of an episode get the treasure in a fresh one.
fn play_back(recorded: &Trajectory, seed: u64) -> bool {
    let environment = screens();
    let mut episode = Episode::new(&environment, Seed(seed).stream("play back", 0));
    let mut actions = recorded.actions.iter();
    while episode.end().is_none() {
        let action = actions.next().map_or(0, |action| action[0] as usize);
        episode.step(&action).expect("it has not ended");
    }
    environment.is_success(episode.state()) == Some(true)
}

fn random(options: &Options) -> Value {
    let n_steps = options.steps.unwrap_or(10_000_000);
    let environment = screens();
    let n_actions = 7;
    let mut episode = Episode::new(&environment, Seed(options.seed).stream("random", 0));
    let (mut n_episodes, mut n_paid, mut paid) = (0_u64, 0_u64, 0.0);
    for _ in 0..n_steps {
        let action = index(n_actions, episode.rng());
        let step = episode.step(&action).expect("it has not ended");
        n_paid += u64::from(step.reward != 0.0);
        paid += step.reward;
        if episode.end().is_some() {
            n_episodes += 1;
            let rng = Seed(options.seed).stream("random", n_episodes);
            episode = Episode::new(&environment, rng);
        }
    }
    json!({"steps": n_steps, "episodes": n_episodes, "steps_that_paid": n_paid, "paid": paid})
}

fn environments(n: usize, seed: Seed) -> Box<dyn VectorEnvironment> {
    Box::new(Vectorized::new(Arc::new(screens()), n, seed))
}

fn learn_backward(options: &Options) -> Result<Value, Box<dyn Error>> {
    let config = options.config()?;
    let shown = demonstration(options.demonstration)?;
    let (n_shown, score) = (shown.n_steps(), shown.score());
    let seed = Seed(options.seed);
    let environment = environments(config.n_environments, seed.child("environment", 0));
    let steps = config.steps;
    let settings = format!("{config:?}");
    let pool = Arc::new(Pool::new(options.threads));
    let mut trainer = backward::Trainer::new(config, shown, environment, seed, Arc::clone(&pool))?;
    let trained = train(&mut trainer, steps, &pool, options.episodes)?;
    Ok(json!({
        "method": "backward",
        "preset": options.preset,
        "seed": options.seed,
        "threads": options.threads,
        "demonstration": {
            "policy": options.demonstration.name(),
            "steps": n_shown,
            "return": score,
        },
        "settings": settings,
        "trained": trained,
    }))
}

fn learn_from_the_beginning(options: &Options) -> Result<Value, Box<dyn Error>> {
    let config = same_settings(&options.config()?);
    let seed = Seed(options.seed);
    let environment = environments(config.n_environments, seed.child("environment", 0));
    let steps = config.steps;
    let settings = format!("{config:?}");
    let pool = Arc::new(Pool::new(options.threads));
    let mut trainer = ppo::Trainer::new(config, environment, seed, Arc::clone(&pool))?;
    let trained = train(&mut trainer, steps, &pool, options.episodes)?;
    Ok(json!({
        "method": "ppo",
        "seed": options.seed,
        "threads": options.threads,
        "settings": settings,
        "trained": trained,
    }))
}

/// PPO's settings as the backward algorithm has them.
fn same_settings(config: &Config) -> ppo::Config {
    let plain = ppo::Config::preset("wide-batch").expect("a preset");
    ppo::Config {
        steps: config.steps,
        n_environments: config.n_environments,
        n_steps: config.n_steps,
        minibatch: config.minibatch_environments * config.n_steps,
        epochs: config.epochs,
        discount: config.discount,
        lambda: config.lambda,
        learning_rate: config.learning_rate,
        clip: nn::Schedule::Constant(f64::from(config.clip)),
        value_clip: None,
        entropy_coefficient: config.entropy_coefficient.at(0.0) as f32,
        value_coefficient: 0.5 * config.value_coefficient,
        max_gradient_norm: config.max_gradient_norm.unwrap_or(0.5),
        adam_epsilon: config.adam_epsilon,
        target_kl: None,
        normalize_advantages: true,
        normalize_observations: config.normalize_observations,
        normalize_rewards: false,
        hidden: vec![64, 64],
        ..plain
    }
}

/// Trains, and plays fresh episodes with what was learned.
fn train(
    learner: &mut dyn Learner,
    steps: u64,
    pool: &Pool,
    n_episodes: usize,
) -> Result<Value, Box<dyn Error>> {
    let began = Instant::now();
    let mut curve = vec![];
    let mut next = 0;
    while learner.n_steps() < steps {
        learner.iterate(&mut |event: &TrainEvent| {
            let TrainEvent::Iteration(iteration) = event;
            if next <= iteration.n_steps {
                curve.push(point(iteration));
                next += steps / CURVE;
            }
        })?;
    }
    let seconds = began.elapsed().as_secs_f64();
    let policy = learner.policy();
    let environment = learner.environment();
    let played = |play| played(policy.as_ref(), environment, play, n_episodes, pool);
    Ok(json!({
        "steps": learner.n_steps(),
        "seconds": seconds,
        "sampled": played(Play::Sampled),
        "greedy": played(Play::Greedy),
        "curve": curve,
    }))
}

fn point(iteration: &Iteration) -> Value {
    json!({
        "steps": iteration.n_steps,
        "start_point": iteration.start_point,
        "matched_share": iteration.matched_share,
        "return": iteration.reward_return,
    })
}

/// Fresh episodes, from the beginning of the game, with random streams that training never reads.
fn played(
    policy: &dyn TrainedPolicy,
    rules: &dyn VectorEnvironment,
    play: Play,
    n_episodes: usize,
    pool: &Pool,
) -> Value {
    let mut actor = policy.actor(play, n_side_by_side(n_episodes));
    let seed = Seed(1_000_003);
    let outcomes = evaluate(actor.as_mut(), rules, n_episodes, seed, pool);
    let n = n_episodes as f64;
    let n_solved = outcomes
        .iter()
        .filter(|outcome| outcome.success == Some(true));
    json!({
        "episodes": n_episodes,
        "solved": n_solved.count(),
        "mean_return": outcomes.iter().map(|outcome| outcome.reward).sum::<f64>() / n,
        "mean_steps": outcomes.iter().map(|outcome| f64::from(outcome.n_steps)).sum::<f64>() / n,
    })
}
