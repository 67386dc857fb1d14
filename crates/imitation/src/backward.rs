//! The backward algorithm: learning from one demonstration by beginning near its end (Salimans and Chen, 2018).
//!
//! Where a reward is far away, exploring for it takes time exponential in the distance. A demonstration shows where it
//! is, and an environment that can restore its state lets episodes begin there: first a step before the end, from where
//! the reward is a step away, then ever earlier, each time as soon as the part that follows is played well enough. What
//! is maximised is the reward and nothing else, by PPO, so the policy does not copy the demonstration's mistakes, may end
//! above it, and copes with chance that the demonstration did not meet.
//!
//! # Details
//! As in the authors' program (`openai/atari-reset`), each a setting of [`Config`]:
//! - The start points of the workers are spread over a window. It moves back to the first point `p` such that the
//!   success shares of the points up to `p` sum to a fifth of the window's width; where there is no such point, it moves
//!   forward by a fixed number of steps. A success is an episode whose score, the demonstration's up to the start
//!   included, reaches that of the whole demonstration. Each point's share is that of its last round with an episode.
//! - A share of the episodes begins at a point drawn between the worker's own and the end.
//! - An episode is cut, as if it had died, when its score is less than what the demonstration had some steps earlier.
//! - Once it has the demonstration's score it goes on for `exp(7 U)` steps, so that more can be found than was shown.
//! - For a time after the start the logits are halved, in acting and in learning.
//! - Networks with a memory see the steps before the start played back first, masked from the loss; and each round's
//!   sequences begin some steps earlier than what is learned from, masked too.
//! - PPO with clipped values, advantages normalised over the round, rewards clipped to their signs, and an L2 penalty.
//!
//! It differs from that program in these ways:
//! - A start at step 0 is a beginning of the environment's own, drawn as ever: what is learned at last must not depend on
//!   how the demonstration happened to begin.
//! - Steps before a start are played back state by state, each restored as it was recorded. The program replays actions,
//!   which leads elsewhere where actions stick.
//! - The cut after the extra steps is a truncation, bootstrapped from its successor. The program drops the advantage there.
//! - The loss is a mean over the rows that count. The program divides by all rows.
//! - Death is the environment's to declare: an episode that terminates is over.
//!
//! Logged quantities: see [`rl::Iteration`]; returns are scores that include the demonstration's up to the start.

use std::sync::Arc;
use std::time::Instant;

use mdp::{Rng, Seed, Space, index, returns};
use nn::{Adam, Head, HeadInputs, Pool, RunningNorm, clip_gradient_norm};
use rl::{
    Arrays, Error, Iteration, Learner, Observer, Profile, StepBatch, TrainEvent, TrainedPolicy,
    VectorEnvironment, train_to,
};

mod config;
mod curriculum;
mod demonstration;
mod loss;
mod network;
mod recurrent;
#[cfg(test)]
mod tests;

pub use config::{Config, CurriculumConfig, NetworkShape, PRESETS};
pub use demonstration::Demonstration;
pub use recurrent::RecurrentPolicy;

use curriculum::{Attempt, Curriculum, Standing, Worker, restore_workers, save_workers};
use loss::{Loss, LossSums, flatten};
use network::{Network, bounds};

/// Trains a policy for `config.steps` environment steps.
///
/// # Errors
/// If a setting is impossible, the demonstration does not belong to the environment, the actions fit no head, or the
/// weights diverge.
pub fn train(
    config: Config,
    demonstration: Demonstration,
    environment: Box<dyn VectorEnvironment>,
    seed: Seed,
    pool: Arc<Pool>,
    observer: &mut dyn Observer,
) -> Result<Box<dyn TrainedPolicy>, Error> {
    let n_steps = config.steps;
    let mut trainer = Trainer::new(config, demonstration, environment, seed, pool)?;
    train_to(&mut trainer, n_steps, observer)?;
    Ok(trainer.policy())
}

/// A training in progress.
pub struct Trainer {
    config: Config,
    demonstration: Demonstration,
    environment: Box<dyn VectorEnvironment>,
    pool: Arc<Pool>,
    network: Network,
    head: Head,
    normalization: Option<RunningNorm>,
    adam: Adam,
    gradient: Vec<f32>,
    shuffle: Rng,
    action_rngs: Vec<Rng>,
    start_rngs: Vec<Rng>,
    n_steps: u64,
    curriculum: Curriculum,
    workers: Vec<Worker>,
    /// Episodes that ended since the window was last looked at, and steps since then.
    attempts: Vec<Attempt>,
    since_shift: usize,
    /// `[N, F]`, raw observations that the next actions are chosen from.
    observations: Vec<f32>,
    /// `[N, M]`, the network's memory before it sees them.
    memory: Vec<f32>,
    batch: StepBatch,
    buffers: Buffers,
    profile: Profile,
}

/// A round: rows of `burn_in + n_steps` steps by N environments, time-major. Those of the burn-in are the last of the
/// round before.
#[derive(Clone, Debug, Default, PartialEq)]
struct Buffers {
    n_environments: usize,
    /// Whether they hold a round, whose last rows are the next one's burn-in.
    has_round: bool,
    n_burn_in_rows: usize,
    /// `[rows, F]`, as the network sees them.
    inputs: Vec<f32>,
    /// `[rows]`, whether the network forgets before it sees the row.
    forgets: Vec<bool>,
    /// `[N, M]`, the memory before the first row.
    memory: Vec<f32>,
    /// `[rows, A]`.
    actions: Vec<f32>,
    log_probs: Vec<f32>,
    values: Vec<f32>,
    next_values: Vec<f32>,
    rewards: Vec<f32>,
    terminated: Vec<bool>,
    ended: Vec<bool>,
    /// Whether the logits were divided by the temperature.
    is_near: Vec<bool>,
    /// Whether the row is learned from: it is the policy's own, and none of the burn-in.
    counts: Vec<bool>,
    /// `[N, M]` after each round, the memory at the row with which the next round's burn-in begins.
    next_memory: Vec<f32>,
    advantages: Vec<f32>,
    targets: Vec<f32>,
}

/// What a round's episodes came to.
#[derive(Clone, Copy, Debug, Default)]
struct Scores {
    n: f64,
    score: f64,
    length: f64,
    succeeded: f64,
}

impl Trainer {
    /// Prepares a training: networks drawn, episodes begun near the end of the demonstration.
    ///
    /// # Errors
    /// If a setting is impossible, the demonstration does not belong to the environment, or the actions fit no head.
    pub fn new(
        config: Config,
        demonstration: Demonstration,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Trainer, Error> {
        config.check()?;
        demonstration.check_fits(environment.as_ref())?;
        let n = environment.n_environments();
        let head = head_for(&environment.action_space())?;
        let n_features = environment.n_features();
        let network = Network::new(
            &config.network,
            n_features,
            &head,
            &mut seed.stream("weights", 0),
        );
        let n_parameters = network.parameters().len();
        let streams = |name| (0..n as u64).map(|i| seed.stream(name, i)).collect();
        let mut trainer = Trainer {
            curriculum: Curriculum::new(&config.curriculum, n, &demonstration),
            adam: Adam::new(n_parameters, config.adam()),
            gradient: vec![0.0; n_parameters],
            shuffle: seed.stream("shuffle", 0),
            action_rngs: streams("actions"),
            start_rngs: streams("starts"),
            n_steps: 0,
            workers: vec![Worker::default(); n],
            attempts: vec![],
            since_shift: 0,
            observations: vec![0.0; n * n_features],
            memory: vec![0.0; n * network.n_memory()],
            batch: StepBatch::for_environment(environment.as_ref()),
            buffers: Buffers::new(&config, n, n_features, &head, network.n_memory()),
            normalization: config
                .normalize_observations
                .then(|| RunningNorm::new(n_features)),
            profile: Profile::default(),
            config,
            demonstration,
            environment,
            pool,
            network,
            head,
        };
        trainer.begin();
        Ok(trainer)
    }

    /// The step of the demonstration at which the latest episodes begin.
    #[must_use]
    pub fn start_point(&self) -> usize {
        self.curriculum.latest()
    }

    fn begin(&mut self) {
        self.environment.begin(&mut self.observations);
        let mut placed = vec![];
        for index in 0..self.workers.len() {
            self.begin_episode(index, &mut placed);
        }
        self.place(&placed);
        self.observe();
    }

    /// Draws a worker's next beginning. Unless that is one of the environment's own, it is noted in `placed`.
    fn begin_episode(&mut self, index: usize, placed: &mut Vec<(usize, usize)>) {
        let worker = self.curriculum.begin(
            index,
            &self.config.curriculum,
            &self.demonstration,
            &mut self.start_rngs[index],
        );
        self.batch.ended[index] = worker.start == 0;
        if worker.start > 0 {
            placed.push((index, worker.step));
        }
        self.workers[index] = worker;
    }

    /// Puts environments into states of the demonstration; their random streams go on.
    fn place(&mut self, placed: &[(usize, usize)]) {
        if placed.is_empty() {
            return;
        }
        let mut saved = self.environment.save();
        let n_features = self.demonstration.n_features;
        for (index, step) in placed {
            saved.states[*index].clone_from(&self.demonstration.states[*step]);
            let seen = &self.demonstration.features[step * n_features..][..n_features];
            self.observations[index * n_features..][..n_features].copy_from_slice(seen);
        }
        self.environment
            .restore(&saved)
            .expect("the demonstration's states were accepted when the training began");
    }

    fn observe(&mut self) {
        if let Some(norm) = &mut self.normalization {
            norm.update(&self.observations);
        }
    }

    /// Fills the round with the policy's own steps.
    fn collect(&mut self) -> Scores {
        let mut scores = Scores::default();
        self.buffers.keep_burn_in();
        let burn_in = self.config.burn_in;
        for t in burn_in..burn_in + self.config.n_steps {
            if t == self.config.n_steps {
                self.buffers.next_memory.copy_from_slice(&self.memory);
            }
            self.act(t);
            let mut batch = std::mem::take(&mut self.batch);
            let played = self.played(t);
            self.environment.step(&played, &mut batch, &self.pool);
            self.batch = batch;
            self.finish_step(t, &mut scores);
        }
        if burn_in == 0 {
            self.buffers.next_memory.copy_from_slice(&self.memory);
        }
        self.n_steps += (self.workers.len() * self.config.n_steps) as u64;
        self.value_successors();
        scores
    }

    /// Chooses the actions of step `t` and keeps what learning needs of them.
    fn act(&mut self, t: usize) {
        let n = self.workers.len();
        let (stride, width) = (self.network.n_outputs(), self.head.action_width());
        let rows = t * n..(t + 1) * n;
        let n_features = self.demonstration.n_features;
        let inputs = &mut self.buffers.inputs[rows.start * n_features..rows.end * n_features];
        normalize(self.normalization.as_ref(), &self.observations, inputs);
        let mut outputs = vec![0.0; n * stride];
        self.network
            .step(inputs, &mut self.memory, &mut outputs, &self.pool);
        let near = self.config.curriculum.near_start;
        for (is_near, worker) in self.buffers.is_near[rows.clone()]
            .iter_mut()
            .zip(&self.workers)
        {
            *is_near = worker.step < worker.start + near;
        }
        let is_near = &self.buffers.is_near[rows.clone()];
        let temperature = self.config.curriculum.temperature;
        flatten(
            &self.head,
            temperature,
            |k| is_near[k],
            &mut outputs,
            stride,
        );
        let inputs = HeadInputs {
            outputs: &outputs,
            stride,
            latent: &[],
            free: self.network.free(),
        };
        let actions = &mut self.buffers.actions[rows.start * width..rows.end * width];
        for (k, action) in actions.chunks_exact_mut(width).enumerate() {
            let worker = &self.workers[k];
            self.head
                .sample(&inputs, k, &[], action, &mut self.action_rngs[k]);
            if worker.is_prior() {
                let shown = &self.demonstration.actions[worker.step * width..][..width];
                action.copy_from_slice(shown);
            }
        }
        let mut entropies = vec![0.0; n];
        let log_probs = &mut self.buffers.log_probs[rows.clone()];
        self.head
            .evaluate(&inputs, actions, log_probs, &mut entropies);
        for (value, row) in self.buffers.values[rows]
            .iter_mut()
            .zip(outputs.chunks_exact(stride))
        {
            *value = row[stride - 1];
        }
    }

    /// The actions of step `t` as the environment takes them: continuous ones within their bounds.
    fn played(&self, t: usize) -> Vec<f32> {
        let width = self.workers.len() * self.head.action_width();
        let mut played = self.buffers.actions[t * width..(t + 1) * width].to_vec();
        let bounds = bounds(&self.environment.action_space());
        for action in played.chunks_exact_mut(self.head.action_width()) {
            for (value, (low, high)) in action.iter_mut().zip(&bounds) {
                *value = value.clamp(*low, *high);
            }
        }
        played
    }

    /// Keeps the outcome of step `t`, and begins new episodes where the old ones ended or were cut.
    fn finish_step(&mut self, t: usize, scores: &mut Scores) {
        let n = self.workers.len();
        let (mut placed, mut truncated, mut over) = (vec![], vec![], vec![]);
        for index in 0..n {
            let row = t * n + index;
            let is_prior = self.workers[index].is_prior();
            self.buffers.counts[row] = !is_prior;
            if is_prior {
                self.play_back(index, row, &mut placed);
                continue;
            }
            let reward = self.batch.rewards[index];
            let worker = &mut self.workers[index];
            let standing = worker.push(reward, &self.demonstration, &self.config.curriculum);
            let is_over = self.batch.ended[index];
            let ended = is_over || standing != Standing::Going;
            let lags = !is_over && standing == Standing::Lagging;
            let terminated = self.batch.terminated[index] || lags;
            self.buffers.rewards[row] = match self.config.clip_rewards {
                true if reward != 0.0 => reward.signum() as f32,
                _ => reward as f32,
            };
            self.buffers.terminated[row] = terminated;
            self.buffers.ended[row] = ended;
            if ended && !terminated {
                truncated.push(index);
            }
            if ended {
                over.push(index);
            }
        }
        self.value_truncated(t, &truncated);
        self.observations.copy_from_slice(&self.batch.observations);
        for index in over {
            scores.push(&self.workers[index], &self.demonstration);
            self.attempts.push(Attempt {
                start: self.workers[index].start,
                succeeded: self.workers[index].has_succeeded(&self.demonstration),
            });
            self.begin_episode(index, &mut placed);
            let n_memory = self.network.n_memory();
            self.memory[index * n_memory..][..n_memory].fill(0.0);
        }
        self.renew();
        self.place(&placed);
        self.observe();
        self.buffers.note_forgetting(t);
    }

    /// Begins the environment's own episodes where the batch says so.
    fn renew(&mut self) {
        if !self.batch.ended.contains(&true) {
            return;
        }
        let mut batch = std::mem::take(&mut self.batch);
        self.environment.renew(&mut batch);
        let n_features = self.demonstration.n_features;
        for index in (0..batch.ended.len()).filter(|index| batch.ended[*index]) {
            let seen = &batch.observations[index * n_features..][..n_features];
            self.observations[index * n_features..][..n_features].copy_from_slice(seen);
        }
        self.batch = batch;
    }

    /// A step before the start: what the environment did is set aside, and the demonstration's next state put in its place.
    fn play_back(&mut self, index: usize, row: usize, placed: &mut Vec<(usize, usize)>) {
        let worker = &mut self.workers[index];
        worker.step += 1;
        worker.score = self.demonstration.scores[worker.step];
        self.buffers.rewards[row] = 0.0;
        self.buffers.terminated[row] = false;
        self.buffers.ended[row] = false;
        self.batch.ended[index] = false;
        placed.push((index, worker.step));
    }

    /// Writes the value of the true successor of episodes that were truncated in step `t`.
    fn value_truncated(&mut self, t: usize, truncated: &[usize]) {
        let n = self.workers.len();
        let values = self.values_of(&self.batch.observations, truncated);
        for (index, value) in truncated.iter().zip(values) {
            self.buffers.next_values[t * n + index] = value;
        }
    }

    /// Values of some environments' raw observations `[N, F]`, with the memory that they have; it stays as it is.
    fn values_of(&self, observations: &[f32], indices: &[usize]) -> Vec<f32> {
        let (n_features, n_memory) = (self.demonstration.n_features, self.network.n_memory());
        let rows = |of: &[f32], width: usize| -> Vec<f32> {
            let row = |index: &usize| &of[index * width..(index + 1) * width];
            indices.iter().flat_map(row).copied().collect()
        };
        let raw = rows(observations, n_features);
        let mut inputs = raw.clone();
        normalize(self.normalization.as_ref(), &raw, &mut inputs);
        let mut memory = rows(&self.memory, n_memory);
        let stride = self.network.n_outputs();
        let mut outputs = vec![0.0; indices.len() * stride];
        self.network
            .step(&inputs, &mut memory, &mut outputs, &self.pool);
        let value = |row: &[f32]| row[stride - 1];
        outputs.chunks_exact(stride).map(value).collect()
    }

    /// Writes the value of the true successor beside each step: the next row's value, but for the last row, and for
    /// truncations, which have theirs already.
    fn value_successors(&mut self) {
        let n = self.workers.len();
        let all: Vec<usize> = (0..n).collect();
        let last = self.values_of(&self.observations, &all);
        let buffers = &mut self.buffers;
        let n_rows = buffers.values.len();
        for row in buffers.n_burn_in_rows..n_rows {
            if buffers.ended[row] && !buffers.terminated[row] {
                continue;
            }
            buffers.next_values[row] = match row + n < n_rows {
                true => buffers.values[row + n],
                false => last[row + n - n_rows],
            };
        }
    }

    /// The epochs over the round.
    fn learn(&mut self, learning_rate: f64, entropy_coefficient: f32) -> Result<LossSums, Error> {
        self.buffers
            .estimate_advantages(self.config.discount, self.config.lambda);
        let mut order = self.network.order(&self.buffers);
        let minibatch = self.network.minibatch(&self.config);
        let mut sums = LossSums::default();
        for _ in 0..self.config.epochs {
            shuffle(&mut order, &mut self.shuffle);
            for part in order.chunks(minibatch) {
                let of_part = self.gradient_of(part, entropy_coefficient);
                nn::Statistics::merge(&mut sums, of_part);
                self.descend(learning_rate)?;
            }
        }
        Ok(sums)
    }

    /// Writes the gradient of the loss over a part of the round to `self.gradient`.
    fn gradient_of(&mut self, part: &[u32], entropy_coefficient: f32) -> LossSums {
        let n_rows = self.network.n_counting(&self.buffers, part);
        let loss = Loss {
            head: &self.head,
            free: self.network.free(),
            buffers: &self.buffers,
            clip: self.config.clip,
            clip_values: self.config.clip_values,
            value_coefficient: self.config.value_coefficient,
            entropy_coefficient,
            temperature: self.config.curriculum.temperature,
            weight: 1.0 / n_rows.max(1) as f32,
        };
        let gradient = &mut self.gradient;
        let sums = self
            .network
            .gradient(&self.buffers, part, &loss, gradient, &self.pool);
        if self.config.l2_coefficient > 0.0 {
            for (slope, parameter) in gradient.iter_mut().zip(self.network.parameters()) {
                *slope += self.config.l2_coefficient * parameter;
            }
        }
        sums
    }

    fn descend(&mut self, learning_rate: f64) -> Result<(), Error> {
        let limit = self.config.max_gradient_norm.unwrap_or(f32::INFINITY);
        let norm = clip_gradient_norm(&mut self.gradient, limit);
        if !norm.is_finite() {
            return Err(Error::Diverged {
                n_steps: self.n_steps,
                what: "the gradient norm",
                value: norm,
            });
        }
        let parameters = self.network.parameters_mut();
        self.adam.step(parameters, &self.gradient, learning_rate);
        Ok(())
    }

    fn shift_window(&mut self) {
        self.since_shift += self.config.n_steps;
        if self.since_shift >= self.config.curriculum.moves_every {
            self.curriculum
                .shift(&self.attempts, &self.config.curriculum);
            self.attempts.clear();
            self.since_shift = 0;
        }
    }
}

impl Learner for Trainer {
    fn n_steps(&self) -> u64 {
        self.n_steps
    }

    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let progress = self.n_steps as f64 / self.config.steps.max(1) as f64;
        let learning_rate = self.config.learning_rate.at(progress);
        let entropy_coefficient = self.config.entropy_coefficient.at(progress) as f32;
        let began = Instant::now();
        let scores = self.collect();
        self.profile.collect += began.elapsed().as_secs_f64();
        let began = Instant::now();
        let sums = self.learn(learning_rate, entropy_coefficient)?;
        self.profile.update += began.elapsed().as_secs_f64();
        let mut iteration = Iteration {
            n_steps: self.n_steps,
            learning_rate: learning_rate as f32,
            start_point: Some(self.curriculum.latest() as u64),
            ..Iteration::default()
        };
        self.shift_window();
        scores.report(&mut iteration);
        sums.report(&mut iteration);
        observer.on_event(&TrainEvent::Iteration(iteration));
        Ok(())
    }

    fn policy(&self) -> Box<dyn TrainedPolicy> {
        let space = self.environment.action_space();
        self.network
            .policy(&self.head, &space, self.normalization.clone())
    }

    fn environment(&self) -> &dyn VectorEnvironment {
        self.environment.as_ref()
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn save(&self) -> Vec<u8> {
        let mut arrays = Arrays::default();
        arrays.put_u64("n_steps", [self.n_steps, self.since_shift as u64]);
        arrays.put_f32("parameters", self.network.parameters());
        arrays.put_adam(&self.adam);
        arrays.put_rngs("shuffle", std::slice::from_ref(&self.shuffle));
        arrays.put_rngs("actions", &self.action_rngs);
        arrays.put_rngs("starts", &self.start_rngs);
        arrays.put_f32("observations", self.observations.as_slice());
        arrays.put_f32("memory", self.memory.as_slice());
        arrays.put_f64("profile", [self.profile.collect, self.profile.update]);
        if let Some(norm) = &self.normalization {
            arrays.put_f64("normalization", norm.state());
        }
        let attempts: Vec<u64> = self
            .attempts
            .iter()
            .map(|attempt| 2 * attempt.start as u64 + u64::from(attempt.succeeded))
            .collect();
        arrays.put_u64("attempts", attempts);
        save_workers(&self.workers, &mut arrays);
        self.curriculum.save(&mut arrays);
        self.buffers.save(&mut arrays);
        arrays.put_environment(&self.environment.save());
        arrays.to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut arrays = Arrays::from_bytes(bytes)?;
        let (n, n_parameters) = (self.workers.len(), self.gradient.len());
        let counts = arrays.take_u64_of("n_steps", 2)?;
        let parameters = arrays.take_f32_of("parameters", n_parameters)?;
        let adam = arrays.take_adam(self.adam.config, n_parameters)?;
        let shuffle = arrays.take_rngs_of("shuffle", 1)?;
        let action_rngs = arrays.take_rngs_of("actions", n)?;
        let start_rngs = arrays.take_rngs_of("starts", n)?;
        let observations = arrays.take_f32_of("observations", self.observations.len())?;
        let memory = arrays.take_f32_of("memory", self.memory.len())?;
        let profile = arrays.take_f64_of("profile", 2)?;
        let normalization = match &self.normalization {
            Some(norm) => {
                let state = arrays.take_f64("normalization")?;
                Some(RunningNorm::from_state(norm.n_features(), &state)?)
            }
            None => None,
        };
        let attempts = self.attempts_of(&arrays.take_u64("attempts")?)?;
        let workers = restore_workers(&mut arrays, n, &self.demonstration)?;
        let mut curriculum = self.curriculum.clone();
        curriculum.restore(&mut arrays)?;
        let mut buffers = self.buffers.clone();
        buffers.restore(&mut arrays)?;
        self.environment.restore(&arrays.take_environment()?)?;
        self.network.parameters_mut().copy_from_slice(&parameters);
        self.n_steps = counts[0];
        self.since_shift = counts[1] as usize;
        self.adam = adam;
        self.shuffle = shuffle.into_iter().next().expect("one stream");
        self.action_rngs = action_rngs;
        self.start_rngs = start_rngs;
        self.observations = observations;
        self.memory = memory;
        self.profile = Profile {
            collect: profile[0],
            update: profile[1],
        };
        self.normalization = normalization;
        self.attempts = attempts;
        self.workers = workers;
        self.curriculum = curriculum;
        self.buffers = buffers;
        Ok(())
    }
}

impl Trainer {
    fn attempts_of(&self, saved: &[u64]) -> Result<Vec<Attempt>, Error> {
        let attempts: Vec<Attempt> = saved
            .iter()
            .map(|number| Attempt {
                start: (number / 2) as usize,
                succeeded: number % 2 == 1,
            })
            .collect();
        let n_steps = self.demonstration.n_steps();
        if attempts.iter().any(|attempt| attempt.start >= n_steps) {
            let what = "`attempts` holds a start beyond the demonstration";
            return Err(Error::Saved(what.to_owned()));
        }
        Ok(attempts)
    }
}

impl Buffers {
    fn new(config: &Config, n: usize, n_features: usize, head: &Head, n_memory: usize) -> Buffers {
        let n_rows = n * (config.burn_in + config.n_steps);
        let n_burn_in_rows = n * config.burn_in;
        let numbers = || vec![0.0; n_rows];
        let mut forgets = vec![false; n_rows];
        // Before the first round there is nothing to remember.
        forgets[n_burn_in_rows..n_burn_in_rows + n].fill(true);
        Buffers {
            n_environments: n,
            has_round: false,
            n_burn_in_rows,
            inputs: vec![0.0; n_rows * n_features],
            forgets,
            memory: vec![0.0; n * n_memory],
            next_memory: vec![0.0; n * n_memory],
            actions: vec![0.0; n_rows * head.action_width()],
            log_probs: numbers(),
            values: numbers(),
            next_values: numbers(),
            rewards: numbers(),
            terminated: vec![false; n_rows],
            ended: vec![false; n_rows],
            is_near: vec![false; n_rows],
            counts: vec![false; n_rows],
            advantages: numbers(),
            targets: numbers(),
        }
    }

    /// Moves the last rows of the round before to the front. What of them is learned from, or looked at beside the
    /// inputs, belongs to that round alone.
    fn keep_burn_in(&mut self) {
        let (n_rows, kept) = (self.values.len(), self.n_burn_in_rows);
        let from = n_rows - kept;
        let width = self.inputs.len() / n_rows;
        self.inputs.copy_within(from * width.., 0);
        if self.has_round {
            self.forgets.copy_within(from.., 0);
            self.memory.copy_from_slice(&self.next_memory);
            self.forgets[kept..kept + self.n_environments]
                .copy_from_slice(&self.ended[n_rows - self.n_environments..]);
        }
        self.has_round = true;
        self.counts[..kept].fill(false);
        let width = self.actions.len() / n_rows;
        self.actions.copy_within(from * width.., 0);
    }

    /// What ended in step `t` is forgotten before the next.
    fn note_forgetting(&mut self, t: usize) {
        let n = self.n_environments;
        let next = (t + 1) * n;
        if next < self.forgets.len() {
            self.forgets[next..next + n].copy_from_slice(&self.ended[next - n..next]);
        }
    }

    /// Advantages, normalised over the rows that count, and value targets.
    fn estimate_advantages(&mut self, discount: f32, lambda: f32) {
        let rows = self.n_burn_in_rows..;
        let transitions = returns::Transitions {
            n_environments: self.n_environments,
            rewards: &self.rewards[rows.clone()],
            values: &self.values[rows.clone()],
            next_values: &self.next_values[rows.clone()],
            terminated: &self.terminated[rows.clone()],
            ended: &self.ended[rows.clone()],
        };
        let advantages = &mut self.advantages[rows];
        returns::gae(transitions, discount, lambda, advantages);
        for (row, target) in self.targets.iter_mut().enumerate() {
            *target = self.advantages[row] + self.values[row];
        }
        let (mut n, mut sum, mut squares) = (0.0_f64, 0.0, 0.0);
        for (advantage, _) in (self.advantages.iter().zip(&self.counts)).filter(|row| *row.1) {
            let advantage = f64::from(*advantage);
            n += 1.0;
            sum += advantage;
            squares += advantage * advantage;
        }
        let mean = sum / n.max(1.0);
        let deviation = (squares / n.max(1.0) - mean * mean).max(0.0).sqrt();
        for advantage in &mut self.advantages {
            *advantage = ((f64::from(*advantage) - mean) / (deviation + 1e-7)) as f32;
        }
    }

    /// What the next round's burn-in needs.
    fn save(&self, arrays: &mut Arrays) {
        let flags = |flags: &[bool]| -> Vec<u64> { flags.iter().map(|f| u64::from(*f)).collect() };
        arrays.put_f32("round.inputs", self.inputs.as_slice());
        arrays.put_u64("round.forgets", flags(&self.forgets));
        arrays.put_u64("round.ended", flags(&self.ended));
        arrays.put_u64("round.is_there", flags(&[self.has_round]));
        arrays.put_f32("round.actions", self.actions.as_slice());
        arrays.put_f32("round.memory", self.next_memory.as_slice());
    }

    fn restore(&mut self, arrays: &mut Arrays) -> Result<(), Error> {
        let n_rows = self.values.len();
        self.inputs = arrays.take_f32_of("round.inputs", self.inputs.len())?;
        for (name, flags) in [
            ("round.forgets", &mut self.forgets),
            ("round.ended", &mut self.ended),
        ] {
            let saved = arrays.take_u64_of(name, n_rows)?;
            *flags = saved.iter().map(|flag| *flag != 0).collect();
        }
        self.has_round = arrays.take_u64_of("round.is_there", 1)?[0] != 0;
        self.actions = arrays.take_f32_of("round.actions", self.actions.len())?;
        self.next_memory = arrays.take_f32_of("round.memory", self.next_memory.len())?;
        Ok(())
    }
}

impl Scores {
    fn push(&mut self, worker: &Worker, demonstration: &Demonstration) {
        self.n += 1.0;
        self.score += worker.score;
        self.length += (worker.step - worker.start) as f64;
        self.succeeded += f64::from(u8::from(worker.has_succeeded(demonstration)));
    }

    fn report(&self, iteration: &mut Iteration) {
        if self.n > 0.0 {
            iteration.reward_return = Some(self.score / self.n);
            iteration.episode_length = Some(self.length / self.n);
            iteration.matched_share = Some(self.succeeded / self.n);
        }
    }
}

/// The plain distribution over a space.
fn head_for(space: &Space) -> Result<Head, Error> {
    match space {
        Space::Discrete { n } => Ok(Head::Categorical { n_actions: *n }),
        Space::MultiDiscrete { sizes } => Ok(Head::MultiDiscrete {
            sizes: sizes.clone(),
        }),
        Space::Continuous { low, .. } => Ok(Head::Gaussian {
            n_actions: low.len(),
        }),
        Space::Tuple(_) => Err(Error::ActionSpace {
            algorithm: "the backward algorithm",
            space: space.to_string(),
        }),
    }
}

fn normalize(norm: Option<&RunningNorm>, raw: &[f32], out: &mut [f32]) {
    match norm {
        Some(norm) => norm.normalize(raw, out),
        None => out.copy_from_slice(raw),
    }
}

/// Fisher-Yates.
fn shuffle(order: &mut [u32], rng: &mut Rng) {
    for i in (1..order.len()).rev() {
        order.swap(i, index(i + 1, rng));
    }
}
