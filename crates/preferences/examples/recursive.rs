//! A robot that tidies a room, judged unaided and with the help of an inspector.
//!
//! `cargo run --release -p preferences --example recursive -- SEEDS` prints JSON. The robot can wipe dirt away, which takes
//! three steps a spot, or lay a mat over it, which takes one; annotators see the room and not what lies under mats, so that
//! mats look best to them. An inspector walks through a room and may lift mats; how much of a room it leaves covered is
//! plain to see, so it is trained from comparisons without help. Then the same annotators judge the robot's clips with its
//! help: it inspects the room as each clip leaves it, and they see what it uncovers.

use std::sync::Arc;
use std::time::Instant;

use feedback::{AnnotatorConfig, Annotators, Judge, Oracle, SimulatedAnnotators};
use mdp::{
    Components, Environment, Rng, Seed, Segment, Space, StateError, StateVector, Step, TimeLimit,
    index, uniform, wrong_length,
};
use nn::{Pool, Schedule};
use preferences::{Assistant, AssistedJudge, Config, Level, TrainedLevel, train_levels};
use rl::{Error, NetworkPolicy, Play, TrainedPolicy as _, Vectorized, n_side_by_side, ppo};
use serde_json::{Value, json};

/// Spots in the row, steps of wiping that a spot takes, steps of an episode of either job.
const SPOTS: usize = 5;
const WIPES: usize = 3;
const TIDYING: u32 = 24;
const INSPECTION: u32 = 14;
/// Features: where it stands, which spots look dirty, which are covered, how far it has wiped.
const FEATURES: usize = 3 * SPOTS + 1;
const STATE: usize = 2 * SPOTS + 2;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Job {
    /// Moves, wipes and lays mats. The intent is little dirt, seen or not.
    Tidy,
    /// Moves and lifts mats. The intent is little that is covered.
    Inspect,
}

/// A row of spots, some of them dirty, some under mats.
#[derive(Clone, Debug)]
struct Room {
    job: Job,
}

#[derive(Clone, Debug, PartialEq)]
struct RoomState {
    place: usize,
    wiped: usize,
    is_dirty: [bool; SPOTS],
    is_covered: [bool; SPOTS],
}

impl StateVector for RoomState {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend([self.place as f64, self.wiped as f64]);
        out.extend(self.is_dirty.iter().map(|is| f64::from(u8::from(*is))));
        out.extend(self.is_covered.iter().map(|is| f64::from(u8::from(*is))));
    }

    fn read(values: &[f64]) -> Result<RoomState, StateError> {
        if values.len() != STATE {
            return Err(wrong_length(STATE, values.len()));
        }
        let flags = |start: usize| std::array::from_fn(|spot| values[start + spot] != 0.0);
        Ok(RoomState {
            place: (values[0] as usize).min(SPOTS - 1),
            wiped: values[1] as usize,
            is_dirty: flags(2),
            is_covered: flags(2 + SPOTS),
        })
    }
}

impl Environment for Room {
    type State = RoomState;
    type Observation = [f32; FEATURES];
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> RoomState {
        let (dirty, covered) = match self.job {
            Job::Tidy => (0.8, 0.0),
            Job::Inspect => (0.5, 0.5),
        };
        RoomState {
            place: index(SPOTS, rng),
            wiped: 0,
            is_dirty: std::array::from_fn(|_| uniform(rng) < dirty),
            is_covered: std::array::from_fn(|_| uniform(rng) < covered),
        }
    }

    fn observe(&self, state: &RoomState, _rng: &mut Rng) -> [f32; FEATURES] {
        let mut features = [0.0; FEATURES];
        features[state.place] = 1.0;
        for spot in 0..SPOTS {
            let is_seen = state.is_dirty[spot] && !state.is_covered[spot];
            features[SPOTS + spot] = f32::from(u8::from(is_seen));
            features[2 * SPOTS + spot] = f32::from(u8::from(state.is_covered[spot]));
        }
        features[3 * SPOTS] = state.wiped as f32 / WIPES as f32;
        features
    }

    fn step(&self, state: &mut RoomState, action: &usize, _rng: &mut Rng) -> Step {
        let place = state.place;
        let wiped = std::mem::take(&mut state.wiped);
        match (action, self.job) {
            (0, _) => state.place = place.saturating_sub(1),
            (1, _) => state.place = (place + 1).min(SPOTS - 1),
            (2, Job::Tidy) if !state.is_covered[place] => {
                state.wiped = wiped + 1;
                if state.wiped == WIPES {
                    state.wiped = 0;
                    state.is_dirty[place] = false;
                }
            }
            (3, Job::Tidy) => state.is_covered[place] = true,
            (2, Job::Inspect) => state.is_covered[place] = false,
            _ => {}
        }
        let unwanted = match self.job {
            Job::Tidy => &state.is_dirty,
            Job::Inspect => &state.is_covered,
        };
        let share = unwanted.iter().filter(|is| **is).count() as f64 / SPOTS as f64;
        Step {
            reward: -share,
            components: Components::NONE,
            intent: Some(-share),
            end: None,
        }
    }

    fn observation_space(&self) -> Space {
        Space::Continuous {
            low: vec![0.0; FEATURES],
            high: vec![1.0; FEATURES],
            shape: vec![FEATURES],
        }
    }

    fn action_space(&self) -> Space {
        match self.job {
            Job::Tidy => Space::Discrete { n: 4 },
            Job::Inspect => Space::Discrete { n: 3 },
        }
    }

    fn state_names(&self) -> Vec<String> {
        let mut names = vec!["place".to_owned(), "wiped".to_owned()];
        names.extend((0..SPOTS).map(|spot| format!("dirt {spot}")));
        names.extend((0..SPOTS).map(|spot| format!("mat {spot}")));
        names
    }
}

fn room(job: Job) -> TimeLimit<Room> {
    let n_steps = match job {
        Job::Tidy => TIDYING,
        Job::Inspect => INSPECTION,
    };
    TimeLimit::new(Room { job }, n_steps)
}

/// What an annotator sees of a spot in a picture.
fn looks_dirty(picture: &[f32], spot: usize) -> bool {
    picture[SPOTS + spot] > 0.5
}

fn looks_covered(picture: &[f32], spot: usize) -> bool {
    picture[2 * SPOTS + spot] > 0.5
}

/// Dirt that is seen in a clip, summed over its pictures: all that an annotator has without help.
fn unaided(clip: &Segment) -> f64 {
    let pictures = clip.next_observations.chunks_exact(FEATURES);
    let dirt = pictures.map(|picture| (0..SPOTS).filter(|s| looks_dirty(picture, *s)).count());
    -(dirt.sum::<usize>() as f64)
}

/// The same, and the mats of the clip under which the inspection found dirt.
fn aided(clip: &Segment, inspections: &[Option<Segment>]) -> f64 {
    let found = |spot: usize| {
        let inspection = inspections.first().and_then(Option::as_ref);
        let last = inspection.and_then(|one| one.next_observations.chunks_exact(FEATURES).last());
        last.is_some_and(|picture| looks_dirty(picture, spot))
    };
    let pictures = clip.next_observations.chunks_exact(FEATURES);
    let hidden = pictures.map(|picture| {
        let covered = (0..SPOTS).filter(|spot| looks_covered(picture, *spot));
        covered.filter(|spot| found(*spot)).count()
    });
    unaided(clip) - hidden.sum::<usize>() as f64
}

/// How much of a room stays covered, summed over the pictures of a clip.
fn covered(clip: &Segment) -> f64 {
    let pictures = clip.next_observations.chunks_exact(FEATURES);
    let mats = pictures.map(|picture| (0..SPOTS).filter(|s| looks_covered(picture, *s)).count());
    -(mats.sum::<usize>() as f64)
}

/// The room as a clip leaves it, at the beginning of an inspection. The annotator hands it over without having looked.
fn as_left(clip: &Segment) -> Option<Vec<f64>> {
    let mut state = clip.states().last()?.to_vec();
    // No wiping and no steps so far; the inspector begins where the robot stands.
    state[1] = 0.0;
    *state.last_mut()? = 0.0;
    Some(state)
}

fn annotators(judge: Arc<dyn Judge>, seed: Seed) -> Result<Box<dyn Annotators>, Error> {
    let annotators = SimulatedAnnotators::one(judge, AnnotatorConfig::default(), seed)
        .map_err(|error| Error::Annotators(Box::new(error)))?;
    Ok(Box::new(annotators))
}

fn level(
    name: &str,
    job: Job,
    n_comparisons: usize,
    seed: Seed,
    judge: impl FnOnce(&[TrainedLevel]) -> Arc<dyn Judge> + 'static,
) -> Level {
    let config = Config {
        n_comparisons,
        segment_steps: 10,
        initial_steps: 4096,
        n_query_rounds: 10,
        ..Config::preset("default").expect("a preset")
    };
    let optimizer = ppo::Config {
        steps: 120_000,
        n_environments: 16,
        n_steps: 64,
        minibatch: 256,
        epochs: 6,
        learning_rate: Schedule::LinearToZero(2e-3),
        entropy_coefficient: 0.01,
        normalize_rewards: false,
        normalize_observations: false,
        ..ppo::Config::preset("wide-batch").expect("a preset")
    };
    let environment = Vectorized::new(Arc::new(room(job)), 16, seed.child("rooms", 0));
    Level {
        name: name.to_owned(),
        config,
        optimizer,
        environment: Box::new(environment),
        annotators: Box::new(move |before| annotators(judge(before), seed.child("annotators", 0))),
    }
}

/// Annotators who let the inspector of the level before look.
fn with_inspector(before: &[TrainedLevel], seed: Seed) -> Arc<dyn Judge> {
    let inspector = before.last().expect("the inspector was trained before");
    let assistant = Assistant::new(
        Box::new(inspector.policy.clone()),
        Arc::new(room(Job::Inspect)),
        as_left,
        INSPECTION as usize,
        seed.child("inspections", 0),
    );
    Arc::new(AssistedJudge::new(vec![assistant], aided))
}

/// How a policy does its job: means over episodes.
fn evaluated(policy: &NetworkPolicy, job: Job, seed: Seed, pool: &Pool) -> Value {
    const EPISODES: usize = 500;
    let rules = Vectorized::new(Arc::new(room(job)), 1, seed);
    let mut actor = policy.actor(Play::Sampled, n_side_by_side(EPISODES));
    let episodes = rl::demonstrate(actor.as_mut(), &rules, EPISODES, seed, pool);
    let (mut intent, mut before) = (0.0, 0.0);
    let [mut seen, mut hidden, mut covered] = [0.0; 3];
    for episode in episodes.episodes() {
        intent += episode.intent_return().expect("intent is known");
        let states = episode.states.chunks_exact(STATE + 1);
        let read = |state: &[f64]| RoomState::read(&state[..STATE]).expect("a state");
        let first = read(states.clone().next().expect("a first state"));
        before += first.is_dirty.iter().filter(|is| **is).count() as f64;
        let last = read(states.last().expect("a last state"));
        for spot in 0..SPOTS {
            let is_dirty = f64::from(u8::from(last.is_dirty[spot]));
            let is_covered = f64::from(u8::from(last.is_covered[spot]));
            seen += is_dirty * (1.0 - is_covered);
            hidden += is_dirty * is_covered;
            covered += is_covered;
        }
    }
    let mean = |sum: f64| sum / EPISODES as f64;
    json!({
        "intent": mean(intent), "dirty_before": mean(before), "dirty_and_seen": mean(seen),
        "dirty_and_covered": mean(hidden), "covered": mean(covered),
    })
}

fn described(
    seed: Seed,
    judged: &str,
    job: Job,
    policy: &NetworkPolicy,
    seconds: f64,
    pool: &Pool,
) -> Value {
    let mut run = evaluated(policy, job, seed.child("evaluation", 0), pool);
    run["seed"] = json!(seed.0);
    run["judged"] = json!(judged);
    run["seconds"] = json!(seconds);
    run
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let n_seeds = std::env::args().nth(1);
    let n_seeds: u64 = n_seeds.map_or(5, |word| word.parse().expect("a number"));
    let pool = Arc::new(Pool::new(1));
    let mut runs = vec![];
    let mut silent = |_: &rl::TrainEvent| {};
    let (n_inspector, n_robot) = (200, 400);
    for seed in (0..n_seeds).map(Seed) {
        let robot = |name: &str, judge: Arc<dyn Judge>| {
            level(name, Job::Tidy, n_robot, seed, move |_| judge)
        };
        for (name, level) in [
            ("unaided", robot("unaided", Arc::new(unaided))),
            ("intent", robot("intent", Arc::new(Oracle))),
        ] {
            let began = Instant::now();
            let trained = train_levels(vec![level], seed, &pool, &mut silent).expect("it learns");
            let seconds = began.elapsed().as_secs_f64();
            runs.push(described(
                seed,
                name,
                Job::Tidy,
                &trained[0].policy,
                seconds,
                &pool,
            ));
        }
        let began = Instant::now();
        let levels = vec![
            level("inspector", Job::Inspect, n_inspector, seed, |_| {
                Arc::new(covered)
            }),
            level("aided", Job::Tidy, n_robot, seed, move |before| {
                with_inspector(before, seed)
            }),
        ];
        let trained = train_levels(levels, seed, &pool, &mut silent).expect("it learns");
        let seconds = began.elapsed().as_secs_f64();
        for (level, job) in trained.iter().zip([Job::Inspect, Job::Tidy]) {
            runs.push(described(
                seed,
                &level.name,
                job,
                &level.policy,
                seconds,
                &pool,
            ));
        }
    }
    println!(
        "{}",
        json!({
            "seeds": n_seeds, "comparisons_of_the_inspector": n_inspector,
            "comparisons_of_the_robot": n_robot, "runs": runs,
        })
    );
}
