//! Playing episodes that nobody learns from.

use mdp::{Components, End, Scene, Seed, Shape, Step, Trajectory};
use nn::Pool;

use crate::policy::Stage;
use crate::{BatchPolicy, VectorEnvironment};

/// What became of one episode.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeOutcome {
    /// Undiscounted return of the reward.
    pub reward: f64,
    /// Undiscounted return of the intent, where it is known.
    pub intent: Option<f64>,
    /// Undiscounted return of each reward component.
    pub components: Vec<f64>,
    /// Steps it took.
    pub n_steps: u32,
    /// How it ended.
    pub end: End,
    /// Whether the task was done as meant, where that is a yes or no.
    pub success: Option<bool>,
}

/// Environments played side by side in an evaluation, at most.
pub const MAX_SIDE_BY_SIDE: usize = 64;

/// Plays `n_episodes` fresh, independent episodes to their ends.
///
/// Every environment plays a number of episodes fixed beforehand: taking the first to finish would prefer short ones.
/// `policy` is made for the number of environments that [`n_side_by_side`] gives.
pub fn evaluate(
    policy: &mut dyn BatchPolicy,
    rules: &dyn VectorEnvironment,
    n_episodes: usize,
    seed: Seed,
    pool: &Pool,
) -> Vec<EpisodeOutcome> {
    let n = n_side_by_side(n_episodes);
    let mut stage = Stage::new(rules, n, seed);
    let n_components = rules.component_names().len();
    let mut sums = vec![Sums::new(n_components); n];
    // Environment i plays episodes i, i + n, i + 2n, …
    let mut outcomes: Vec<Option<EpisodeOutcome>> = vec![None; n_episodes];
    let mut next: Vec<usize> = (0..n).collect();
    let mut n_playing = n;
    while n_playing > 0 {
        stage.step(policy, pool);
        for i in 0..n {
            if next[i] >= n_episodes {
                continue;
            }
            sums[i].push(&stage.batch, i, n_components);
            if stage.batch.ended[i] {
                let success = stage.environment.is_success(i);
                outcomes[next[i]] = Some(sums[i].outcome(&stage.batch, i, success));
                sums[i] = Sums::new(n_components);
                next[i] += n;
                n_playing -= usize::from(next[i] >= n_episodes);
            }
        }
        for i in (0..n).filter(|i| stage.batch.ended[*i]) {
            policy.begin_episode(i);
        }
        stage.renew();
    }
    outcomes
        .into_iter()
        .map(|outcome| outcome.expect("every episode was played"))
        .collect()
}

/// How many environments play `n_episodes` side by side.
#[must_use]
pub fn n_side_by_side(n_episodes: usize) -> usize {
    n_episodes.clamp(1, MAX_SIDE_BY_SIDE)
}

#[derive(Clone)]
struct Sums {
    reward: f64,
    intent: f64,
    components: Vec<f64>,
    n_steps: u32,
}

impl Sums {
    fn new(n_components: usize) -> Sums {
        Sums {
            reward: 0.0,
            intent: 0.0,
            components: vec![0.0; n_components],
            n_steps: 0,
        }
    }

    fn push(&mut self, batch: &crate::StepBatch, i: usize, n_components: usize) {
        self.reward += batch.rewards[i];
        self.intent += batch.intents[i];
        self.n_steps += 1;
        let terms = &batch.components[i * n_components..][..n_components];
        for (sum, term) in self.components.iter_mut().zip(terms) {
            *sum += term;
        }
    }

    fn outcome(&self, batch: &crate::StepBatch, i: usize, success: Option<bool>) -> EpisodeOutcome {
        EpisodeOutcome {
            reward: self.reward,
            intent: batch.has_intent.then_some(self.intent),
            components: self.components.clone(),
            n_steps: self.n_steps,
            end: end_of(batch, i).expect("the episode ended"),
            success,
        }
    }
}

pub(crate) fn end_of(batch: &crate::StepBatch, i: usize) -> Option<End> {
    match (batch.ended[i], batch.terminated[i]) {
        (false, _) => None,
        (true, true) => Some(End::Terminated),
        (true, false) => Some(End::Truncated),
    }
}

/// One episode with everything that an audit or a picture needs.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Observations are features here, as the network reads them before normalising.
    pub trajectory: Trajectory,
    /// What never moves, where the environment can be drawn.
    pub scene: Option<Scene>,
    /// One picture a state; empty where the environment cannot be drawn.
    pub frames: Vec<Vec<Shape>>,
    /// Whether the task was done as meant.
    pub success: Option<bool>,
}

/// Plays and records one episode. `policy` is made for one environment.
pub fn record(
    policy: &mut dyn BatchPolicy,
    rules: &dyn VectorEnvironment,
    max_steps: usize,
    seed: Seed,
    pool: &Pool,
) -> Recording {
    let mut stage = Stage::new(rules, 1, seed);
    let mut recording = Recording {
        trajectory: Trajectory::default(),
        scene: rules.scene(),
        frames: vec![],
        success: None,
    };
    let observation = stage.observations.clone();
    recording.push_situation(&stage, observation);
    while recording.trajectory.end().is_none() && recording.trajectory.steps.len() < max_steps {
        stage.step(policy, pool);
        recording.trajectory.actions.push(stage.actions.clone());
        recording.trajectory.steps.push(step_of(&stage.batch));
        let observation = stage.batch.observations.clone();
        recording.push_situation(&stage, observation);
        stage
            .observations
            .copy_from_slice(&stage.batch.observations);
    }
    recording.success = recording
        .trajectory
        .end()
        .and_then(|_| stage.environment.is_success(0));
    recording
}

impl Recording {
    fn push_situation(&mut self, stage: &Stage, observation: Vec<f32>) {
        let mut state = Vec::new();
        stage.environment.state(0, &mut state);
        self.trajectory.observations.push(observation);
        self.trajectory.states.push(state);
        if self.scene.is_some() {
            self.frames.push(stage.environment.draw(0));
        }
    }
}

fn step_of(batch: &crate::StepBatch) -> Step {
    Step {
        reward: batch.rewards[0],
        components: Components::from_slice(&batch.components),
        intent: batch.has_intent.then(|| batch.intents[0]),
        end: end_of(batch, 0),
    }
}
