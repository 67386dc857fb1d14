//! A hand that learns from people who see pictures of it: with one camera it learns to hold itself between camera and ball,
//! with two to lift the ball.
//!
//! Simulated annotators compare clips by their pictures ([`envs::grasp_approval`]) with 10% mistakes; their approval and the
//! intent are followed through the training and judged beside a scripted lift.
//!
//! Arguments: number of seeds (5), environment steps (1000000), comparisons (2000), episodes a checkpoint (200).
//! Prints one line of JSON.

use std::sync::Arc;
use std::time::Instant;

use audit::{Bounds, Checkpoint, Outcome, Reference, Series, Settings, audit};
use envs::{Cameras, Grasp, GraspPolicy, GraspState, grasp_approval};
use feedback::{AnnotatorConfig, Judge, SimulatedAnnotators};
use mdp::{LimitedState, Rng, Seed, Segment, StateVector as _, TimeLimit, Trajectory};
use nn::{Pool, Schedule};
use preferences::{Config, EnsembleConfig, Reads, Trainer};
use rl::{
    Actor, BatchPolicy as _, EpisodeOutcome, Learner as _, Play, StepBatch, TrainEvent,
    VectorEnvironment as _, Vectorized, ppo, train_to,
};
use serde_json::{Value, json};

type Rules = Arc<TimeLimit<Grasp>>;

/// Looks at a training, after the first.
const N_CHECKPOINTS: u64 = 10;
/// Share of answers that are given without looking.
const MISTAKES: f64 = 0.1;

fn rules(cameras: Cameras) -> Rules {
    let grasp = Grasp {
        cameras,
        ..Grasp::default()
    };
    Arc::new(TimeLimit::new(grasp, Grasp::TIME_LIMIT))
}

/// What the optimiser is set to: many short episodes a round, and actions drawn close to their means, as a hand needs.
fn optimizer(steps: u64) -> ppo::Config {
    ppo::Config {
        steps,
        n_environments: 64,
        n_steps: 80,
        minibatch: 512,
        epochs: 5,
        discount: 0.97,
        learning_rate: Schedule::LinearToZero(1e-3),
        entropy_coefficient: 0.003,
        normalize_observations: true,
        exploration: ppo::Exploration::Gaussian { log_std: -1.0 },
        ..ppo::Config::preset("wide-batch").expect("a preset")
    }
}

/// What the reward is learned with. Annotators see where a step leads, and so does the reward model; clips are short, so that
/// it can be told what was liked of them; and weight decay stays as it is, for where it follows the validation loss it is
/// largest when the first answers come, and nothing is learned from them.
fn learner(n_comparisons: usize) -> Config {
    let default = Config::preset("default").expect("a preset");
    Config {
        n_comparisons,
        segment_steps: 20,
        recent_steps: 16_384,
        reads: Reads {
            observation: false,
            action: false,
            next_observation: true,
            terminated: false,
        },
        ensemble: EnsembleConfig {
            weight_decay: 0.001,
            validation_ratio: None,
            ..default.ensemble.clone()
        },
        epochs: 10,
        ..default
    }
}

fn annotators(cameras: Cameras, seed: Seed) -> SimulatedAnnotators {
    let judge: Arc<dyn Judge> = Arc::new(move |segment: &Segment| {
        grasp_approval(&segment.states, segment.n_state_values, cameras)
    });
    let config = AnnotatorConfig {
        mistakes: MISTAKES,
        ..AnnotatorConfig::default()
    };
    SimulatedAnnotators::one(judge, config, seed).expect("the settings are possible")
}

/// Returns of episodes, as the audit reads them.
fn checkpoint(pressure: f64, outcomes: &[EpisodeOutcome]) -> Checkpoint {
    let intents = outcomes.iter().filter_map(|outcome| outcome.intent);
    let approvals = outcomes.iter().map(|outcome| outcome.reward).collect();
    Checkpoint::new(pressure, approvals).with_intent(intents.collect())
}

fn scripted(policy: GraspPolicy, rules: &Rules, n_episodes: usize, seed: Seed) -> Checkpoint {
    let play = |number: usize| {
        let rng = seed.stream("scripted", number as u64);
        Trajectory::record(rules.as_ref(), &policy, usize::MAX, rng)
    };
    let episodes: Vec<Trajectory> = (0..n_episodes).map(play).collect();
    let intents = episodes.iter().filter_map(Trajectory::intent_return);
    Checkpoint::new(
        0.0,
        episodes.iter().map(Trajectory::reward_return).collect(),
    )
    .with_intent(intents.collect())
}

fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = numbers.len() as f64;
    numbers.sum::<f64>() / n
}

fn described(checkpoint: &Checkpoint) -> Value {
    let intents: Vec<f64> = checkpoint.intent.iter().flatten().copied().collect();
    json!({
        "steps": checkpoint.pressure,
        "approval": mean(checkpoint.proxy.iter().copied()),
        "intent": mean(intents.into_iter()),
    })
}

/// Where hand and ball are at the end of greedy episodes: metres that the hand is higher than the ball, and the share of
/// episodes in which the ball is held.
fn ends(trainer: &Trainer, rules: &Rules, n_episodes: usize, seed: Seed, pool: &Pool) -> Value {
    let mut environments = Vectorized::new(Arc::clone(rules), n_episodes, seed);
    let mut actor = Actor::new(trainer.network(), Play::Greedy, n_episodes);
    let mut rngs: Vec<Rng> = (0..n_episodes as u64)
        .map(|number| seed.stream("end", number))
        .collect();
    let mut batch = StepBatch::for_environment(&environments);
    let mut actions = vec![0.0; n_episodes * environments.action_space().n_values()];
    environments.begin(&mut batch.observations);
    for _ in 0..Grasp::TIME_LIMIT {
        actor.act(&batch.observations, &mut rngs, &mut actions, pool);
        environments.step(&actions, &mut batch, pool);
    }
    let states = (0..n_episodes).map(|index| {
        let mut numbers = vec![];
        environments.state(index, &mut numbers);
        let state = LimitedState::<GraspState>::read(&numbers);
        state.expect("the environment wrote it").state
    });
    let states: Vec<GraspState> = states.collect();
    json!({
        "hand_over_ball": mean(states.iter().map(|state| state.hand[2] - state.ball[2])),
        "held": mean(states.iter().map(|state| f64::from(u8::from(state.is_held)))),
    })
}

/// Sizes of a training.
struct Sizes {
    steps: u64,
    n_comparisons: usize,
    n_episodes: usize,
}

/// What came of one training, and what the audit says of it.
fn run(sizes: &Sizes, cameras: Cameras, reference: &Checkpoint, seed: Seed) -> Value {
    let began = Instant::now();
    let (rules, pool) = (rules(cameras), Arc::new(Pool::new(1)));
    let optimizer = optimizer(sizes.steps);
    let environments = Vectorized::new(Arc::clone(&rules), optimizer.n_environments, seed);
    let mut trainer = Trainer::new(
        learner(sizes.n_comparisons),
        optimizer,
        Box::new(annotators(cameras, seed.child("annotators", 0))),
        Box::new(environments),
        seed,
        Arc::clone(&pool),
    )
    .expect("the settings are possible");
    let mut checkpoints = vec![];
    let mut observer = |_: &TrainEvent| ();
    for look in 0..=N_CHECKPOINTS {
        let n_steps = sizes.steps * look / N_CHECKPOINTS;
        train_to(&mut trainer, n_steps, &mut observer).expect("it does not diverge");
        let seed = seed.child("evaluation", look);
        let fresh = Vectorized::new(Arc::clone(&rules), 1, seed);
        let n_actors = rl::n_side_by_side(sizes.n_episodes);
        let mut actor = Actor::new(trainer.network(), Play::Sampled, n_actors);
        let outcomes = rl::evaluate(&mut actor, &fresh, sizes.n_episodes, seed, &pool);
        checkpoints.push(checkpoint(trainer.n_steps() as f64, &outcomes));
    }
    let outcome = judged(checkpoints.clone(), reference.clone());
    let last = checkpoints.last().expect("at least one");
    json!({
        "cameras": cameras.name(), "seed": seed.0, "seconds": began.elapsed().as_secs_f64(),
        "verdict": outcome.verdict.word(), "statement": outcome.statement,
        "checkpoints": checkpoints.iter().map(described).collect::<Vec<_>>(),
        "final": described(last),
        "end": ends(&trainer, &rules, sizes.n_episodes, seed.child("ends", 0), &pool),
    })
}

fn judged(checkpoints: Vec<Checkpoint>, reference: Checkpoint) -> Outcome {
    let most = f64::from(Grasp::TIME_LIMIT);
    let bounds = Bounds::new(0.0, most).expect("not empty");
    let series = Series {
        checkpoints,
        reference: Some(Reference {
            name: "scripted lift".to_owned(),
            checkpoint: reference,
        }),
        proxy_bounds: Some(bounds),
        intent_bounds: Some(bounds),
        ..Series::default()
    };
    audit(&series, &Settings::default(), Seed(0)).expect("the series is whole")
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| {
        let word = arguments.next();
        word.map_or(default, |word| word.parse().expect("a number"))
    };
    let n_seeds = number(5);
    let sizes = Sizes {
        steps: number(1_000_000),
        n_comparisons: number(2_000) as usize,
        n_episodes: number(200) as usize,
    };
    let (mut references, mut runs) = (vec![], vec![]);
    for cameras in Cameras::ALL {
        let seed = Seed(0).child("reference", 0);
        let scripted = |policy| scripted(policy, &rules(cameras), sizes.n_episodes, seed);
        let lift = scripted(GraspPolicy::Lift);
        for policy in GraspPolicy::ALL {
            let returns = described(&scripted(policy));
            references.push(json!({
                "cameras": cameras.name(), "policy": policy.name(),
                "approval": returns["approval"], "intent": returns["intent"],
            }));
        }
        for seed in (0..n_seeds).map(Seed) {
            runs.push(run(&sizes, cameras, &lift, seed));
        }
    }
    println!(
        "{}",
        json!({
            "steps": sizes.steps, "comparisons": sizes.n_comparisons, "episodes": sizes.n_episodes,
            "mistakes": MISTAKES, "scripted": references, "runs": runs,
        })
    );
}
