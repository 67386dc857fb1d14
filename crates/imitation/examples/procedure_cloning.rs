//! Procedure cloning on mazes that it never saw, and cloning of actions and of the last board beside it, on the same
//! demonstrations and for the same time.
//!
//! ```text
//! cargo run --release -p imitation --example procedure_cloning -- --seeds 1 --mazes 5 --steps 2000
//! ```
//!
//! For each seed the expert plays 4 episodes in each training maze of that seed; each method learns from them, and is then
//! put once into each of 200 test mazes, which come from another seed and another random stream and are the same for all.
//! Solved means that the goal was reached within 100 steps. Methods that say actions get the gradient steps that take
//! half as long again as procedure cloning did, each by the time that a step takes when nothing else runs.
//!
//! Prints one JSON object; `published` holds the seconds of each of 20 gradient steps of the published network. Without
//! `--steps` the presets decide; without `--mazes`, 5 (as published) and 100 training mazes.

#![expect(
    clippy::print_stdout,
    reason = "a program whose result is what it prints"
)]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use envs::{MazePolicy, MazeSet, MazeSettings, MazeState, Mazes, search_from_goal};
use imitation::procedure_cloning::{Config, MapPolicy, Method, Trainer, train};
use mdp::{Environment, EpisodeView, Policy as _, Rng, Seed, Trajectories};
use nn::{Pool, Schedule};
use rl::{BatchPolicy as _, Learner as _, Play, Vectorized};
use serde_json::{Value, json};

const N_TEST_MAZES: usize = 200;
/// No training reads this seed, nor the stream of test mazes.
const TEST_SEED: u64 = 1_000_000;
/// Episodes that the expert plays in each training maze, as published.
const N_EPISODES: usize = 4;

struct Arguments {
    n_seeds: u64,
    mazes: Vec<usize>,
    /// Gradient steps of procedure cloning instead of the preset's.
    steps: Option<u64>,
    learning_rate: Option<f64>,
    methods: Vec<Method>,
    /// Gradient steps of the published network that are timed.
    n_timed: u64,
    n_threads: usize,
}

fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            complain(&message);
            return ExitCode::from(2);
        }
    };
    let pool = Arc::new(Pool::new(arguments.n_threads));
    let test = Mazes::new(&MazeSettings {
        n_mazes: N_TEST_MAZES,
        set: MazeSet::Test,
        ..MazeSettings::published(TEST_SEED)
    });
    let mut runs = vec![];
    for n_mazes in &arguments.mazes {
        for seed in 0..arguments.n_seeds {
            runs.extend(compare(*n_mazes, seed, &arguments, &test, &pool));
        }
    }
    let report = json!({
        "seeds": arguments.n_seeds,
        "threads": arguments.n_threads,
        "size": test.size(),
        "test_mazes": N_TEST_MAZES,
        "episodes_per_maze": N_EPISODES,
        "random": solved_by_script(MazePolicy::Random, &test),
        "expert": solved_by_script(MazePolicy::Expert, &test),
        "small": describe(&Config::preset("small").expect("a preset")),
        "small_cloning": describe(&Config::preset("small-cloning").expect("a preset")),
        "runs": runs,
        "published": published(arguments.n_timed, &pool),
    });
    println!("{report}");
    ExitCode::SUCCESS
}

#[expect(
    clippy::print_stderr,
    reason = "progress and messages to whoever called the program"
)]
fn complain(message: &str) {
    eprintln!("{message}");
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        n_seeds: 5,
        mazes: vec![5, 100],
        steps: None,
        learning_rate: None,
        methods: Method::ALL.to_vec(),
        n_timed: 20,
        n_threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    while let Some(flag) = words.next() {
        let value = words
            .next()
            .ok_or_else(|| format!("{flag} needs a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("{flag} {value}: no number"))
        };
        let list = || value.split(',').map(str::to_owned).collect::<Vec<_>>();
        match flag.as_str() {
            "--seeds" => arguments.n_seeds = number()?,
            "--steps" => arguments.steps = Some(number()?),
            "--timed" => arguments.n_timed = number()?.max(1),
            "--threads" => arguments.n_threads = number()? as usize,
            "--learning-rate" => {
                let rate = value.parse().map_err(|_| format!("{value} is no number"))?;
                arguments.learning_rate = Some(rate);
            }
            "--mazes" => {
                let counts = list().into_iter().map(|count| count.parse());
                let counts: Result<Vec<usize>, _> = counts.collect();
                arguments.mazes = counts.map_err(|_| format!("{value}: no list of numbers"))?;
            }
            "--methods" => {
                let methods = list().into_iter().map(|method| method.parse::<Method>());
                let methods: Result<Vec<_>, _> = methods.collect();
                arguments.methods = methods.map_err(|error| error.to_string())?;
            }
            _ => {
                return Err(format!(
                    "{flag} is not understood; say --seeds, --mazes, --steps, --learning-rate, --methods, --timed or --threads"
                ));
            }
        }
    }
    Ok(arguments)
}

/// Settings as they are printed.
fn describe(config: &Config) -> Value {
    json!({
        "hidden": config.hidden,
        "dense": config.dense,
        "kernel": config.kernel,
        "minibatch": config.minibatch,
        "steps": config.steps,
        "learning_rate": format!("{:?}", config.learning_rate),
    })
}

/// The expert's episodes in each maze.
fn demonstrations(mazes: &Mazes, seed: u64) -> Trajectories {
    let mut trajectories = Trajectories::new(mazes.observation_space(), mazes.action_space());
    for maze in 0..mazes.mazes().len() {
        for episode in 0..N_EPISODES {
            let number = (maze * N_EPISODES + episode) as u64;
            let mut rng = Seed(seed).stream("demonstration", number);
            let mut state = mazes.begin(maze, &mut rng);
            let mut observations = mazes.observe(&state, &mut rng);
            let (mut actions, mut end) = (vec![], None);
            while end.is_none() {
                let seen = observations
                    [observations.len() - mazes.observation_space().n_values()..]
                    .to_vec();
                let action = MazePolicy::Expert.act(&seen, &mut rng);
                end = mazes.step(&mut state, &action, &mut rng).end;
                actions.push(action as f32);
                observations.extend(mazes.observe(&state, &mut rng));
            }
            let view = EpisodeView {
                observations: &observations,
                actions: &actions,
                rewards: None,
                intents: None,
                states: &[],
                end,
            };
            trajectories
                .push(view)
                .expect("an episode of this environment");
        }
    }
    trajectories
}

/// What the methods of a comparison share.
struct Comparison<'c> {
    training: Mazes,
    demonstrations: Trajectories,
    seed: u64,
    test: &'c Mazes,
    pool: &'c Arc<Pool>,
}

/// What a training left.
struct Fitted {
    policy: MapPolicy,
    n_samples: usize,
    steps: u64,
    loss: f64,
    seconds: f64,
    /// Seconds of a gradient step in the round in which they took least: what other programs on the machine take does
    /// not count.
    least_per_step: f64,
}

/// All methods on one set of demonstrations.
fn compare(
    n_mazes: usize,
    seed: u64,
    arguments: &Arguments,
    test: &Mazes,
    pool: &Arc<Pool>,
) -> Vec<Value> {
    let training = Mazes::new(&MazeSettings {
        n_mazes,
        ..MazeSettings::published(seed)
    });
    let is_learned_from = |maze| training.mazes().contains(maze);
    assert!(
        !test.mazes().iter().any(is_learned_from),
        "no test maze is learned from"
    );
    let comparison = Comparison {
        demonstrations: demonstrations(&training, seed),
        training,
        seed,
        test,
        pool,
    };
    let mut procedure: Option<f64> = None;
    let mut runs = vec![];
    for method in &arguments.methods {
        let mut config = config(*method, arguments);
        if let Some(seconds) = procedure.filter(|_| !says_boards(*method)) {
            config.steps = comparison.steps_of(seconds, &config);
        }
        let fitted = comparison.fit(config);
        if *method == Method::Procedure {
            procedure = Some(fitted.least_seconds());
        }
        let run = comparison.judge(&fitted);
        complain(&run.to_string());
        runs.push(run);
    }
    runs
}

impl Fitted {
    /// How long the training takes on a machine of its own.
    fn least_seconds(&self) -> f64 {
        self.least_per_step * self.steps as f64
    }
}

impl Comparison<'_> {
    fn fit(&self, config: Config) -> Fitted {
        let environment = Vectorized::new(Arc::new(self.training.clone()), 1, Seed(self.seed));
        let (minibatch, steps) = (config.minibatch as f64, config.steps);
        let mut trainer = Trainer::new(
            config,
            &self.demonstrations,
            &search_from_goal,
            Box::new(environment),
            Seed(self.seed),
            Arc::clone(self.pool),
        )
        .expect("settings that fit");
        let (mut loss, mut least_per_step) = (f64::NAN, f64::INFINITY);
        let mut observer = |event: &rl::TrainEvent| {
            let rl::TrainEvent::Iteration(iteration) = event;
            loss = iteration.policy_loss.unwrap_or(f64::NAN);
        };
        while trainer.n_steps() < trainer.n_planned() {
            let before = (trainer.n_steps() as f64, trainer.profile().update);
            trainer
                .iterate(&mut observer)
                .expect("the weights stay finite");
            let n_steps = (trainer.n_steps() as f64 - before.0) / minibatch;
            let per_step = (trainer.profile().update - before.1) / n_steps;
            least_per_step = least_per_step.min(per_step);
        }
        let bytes = trainer.policy().to_bytes();
        Fitted {
            policy: MapPolicy::from_bytes(&bytes).expect("its own bytes"),
            n_samples: trainer.n_samples(),
            steps,
            loss,
            seconds: trainer.profile().update,
            least_per_step,
        }
    }

    /// How many gradient steps take as long, by a pilot; half as many more, so that nobody gets less time.
    fn steps_of(&self, seconds: f64, config: &Config) -> u64 {
        let pilot = Config {
            steps: 400,
            round: 20,
            ..config.clone()
        };
        (1.5 * seconds / self.fit(pilot).least_per_step).ceil() as u64
    }

    /// What a policy does in mazes that it never saw, and in those that it learned from.
    fn judge(&self, fitted: &Fitted) -> Value {
        let policy = &fitted.policy;
        let method = policy.method();
        let began = Instant::now();
        let (solved, agrees) = solve(policy, Play::Sampled, self.test, self.pool);
        let solving = began.elapsed().as_secs_f64();
        // A procedure is run in one way.
        let greedily = match says_boards(method) {
            true => solved,
            false => solve(policy, Play::Greedy, self.test, self.pool).0,
        };
        json!({
            "training_mazes": self.training.mazes().len(),
            "seed": self.seed,
            "method": method.name(),
            "parameters": policy.n_parameters(),
            "demonstrated_steps": self.demonstrations.n_steps(),
            "samples": fitted.n_samples,
            "steps": fitted.steps,
            "seconds": fitted.seconds,
            "least_seconds": fitted.least_seconds(),
            "loss": fitted.loss,
            "solved": solved,
            "agrees_with_expert": agrees,
            "solved_greedily": greedily,
            "solved_in_training_mazes": solve(policy, Play::Sampled, &self.training, self.pool).0,
            "seconds_to_solve": solving,
        })
    }
}

fn says_boards(method: Method) -> bool {
    matches!(method, Method::Procedure | Method::FinalBoard)
}

fn config(method: Method, arguments: &Arguments) -> Config {
    let preset = if says_boards(method) {
        "small"
    } else {
        "small-cloning"
    };
    let preset = Config::preset(preset).expect("a preset");
    Config {
        method,
        steps: arguments.steps.unwrap_or(preset.steps),
        learning_rate: arguments
            .learning_rate
            .map_or(preset.learning_rate, Schedule::LinearToZero),
        ..preset
    }
}

/// An episode that is still going on.
struct Playing {
    state: MazeState,
    rng: Rng,
}

/// Share of mazes that are solved in one episode each, and share of all steps in which the action leads as near to the
/// goal as the expert's.
fn solve(policy: &MapPolicy, play: Play, mazes: &Mazes, pool: &Pool) -> (f64, f64) {
    let n = mazes.mazes().len();
    let mut playing: Vec<Playing> = (0..n)
        .map(|maze| {
            let mut rng = Seed(TEST_SEED).stream("episode", maze as u64);
            Playing {
                state: mazes.begin(maze, &mut rng),
                rng,
            }
        })
        .collect();
    let (mut n_solved, mut n_steps, mut n_agreed) = (0, 0, 0);
    for _ in 0..Mazes::TIME_LIMIT {
        let mut actor = policy.actor(play, playing.len());
        let mut rngs: Vec<Rng> = playing.iter().map(|episode| episode.rng.clone()).collect();
        let observations: Vec<Vec<f32>> = playing
            .iter_mut()
            .map(|episode| mazes.observe(&episode.state, &mut episode.rng))
            .collect();
        let mut actions = vec![0.0; playing.len()];
        actor.act(&observations.concat(), &mut rngs, &mut actions, pool);
        for (i, episode) in playing.iter_mut().enumerate() {
            episode.rng = rngs[i].clone();
            let left = search_from_goal(&observations[i]).len();
            mazes.step(&mut episode.state, &(actions[i] as usize), &mut episode.rng);
            let next = mazes.observe(&episode.state, &mut episode.rng);
            n_steps += 1;
            let solved = mazes.is_success(&episode.state) == Some(true);
            n_agreed += usize::from(solved || search_from_goal(&next).len() < left);
        }
        playing.retain(|episode| mazes.is_success(&episode.state) == Some(false));
        n_solved = n - playing.len();
        if playing.is_empty() {
            break;
        }
    }
    (
        n_solved as f64 / n as f64,
        n_agreed as f64 / f64::from(n_steps),
    )
}

/// Share of mazes that a scripted policy solves.
fn solved_by_script(policy: MazePolicy, mazes: &Mazes) -> f64 {
    let n = mazes.mazes().len();
    let solved = (0..n).filter(|maze| {
        let mut rng = Seed(TEST_SEED).stream("episode", *maze as u64);
        let mut state = mazes.begin(*maze, &mut rng);
        for _ in 0..Mazes::TIME_LIMIT {
            let observation = mazes.observe(&state, &mut rng);
            let action = policy.act(&observation, &mut rng);
            if mazes.step(&mut state, &action, &mut rng).is_last() {
                return true;
            }
        }
        false
    });
    solved.count() as f64 / n as f64
}

/// Gradient steps of the published network, each timed.
fn published(n_timed: u64, pool: &Arc<Pool>) -> Value {
    let config = Config {
        steps: n_timed,
        round: 1,
        ..Config::preset("published").expect("a preset")
    };
    let training = Mazes::new(&MazeSettings::published(0));
    let (mut seconds, mut losses, mut last) = (vec![], vec![], Instant::now());
    let mut observer = |event: &rl::TrainEvent| {
        let rl::TrainEvent::Iteration(iteration) = event;
        losses.push(iteration.policy_loss);
        seconds.push(last.elapsed().as_secs_f64());
        last = Instant::now();
    };
    let demonstrations = demonstrations(&training, 0);
    let described = describe(&config);
    let policy = train(
        config,
        &demonstrations,
        &search_from_goal,
        Seed(0),
        Arc::clone(pool),
        &mut observer,
    )
    .expect("settings that fit");
    json!({
        "config": described,
        "parameters": policy.n_parameters(),
        // The first holds the making of the network and its memory.
        "seconds": seconds,
        "losses": losses,
    })
}
