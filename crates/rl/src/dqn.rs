//! Deep Q-learning (Mnih et al., 2015): the deterministic, value-based side.
//!
//! Fits `Q(s, a)` to `r + γ max_a' Q⁻(s', a')` with a Huber loss over replayed transitions, where Q⁻ is a copy of the
//! network that follows at intervals; nothing follows where the environment terminated, and a truncated episode
//! is bootstrapped from its true successor.
//!
//! # Details
//! Exploration falls in a straight line over a fraction of the training; gradients are clipped by norm; Adam with
//! ε = 1e-8; weights begin as in PyTorch. Options: double (van Hasselt et al., 2016: the online network chooses the
//! next action), n-step targets, prioritised replay (Schaul et al., 2016). As in Stable-Baselines3 the target is
//! copied every so many environment steps, so a burst of gradient steps sees one target.

use std::sync::Arc;
use std::time::Instant;

use mdp::{Rng, Seed, Space, index, uniform};
use nn::{
    Activation, Adam, AdamConfig, Initialization, MlpShape, Model, Pool, Schedule, Workspace,
    clip_gradient_norm,
};

use crate::checkpoint::Arrays;
use crate::event::EpisodeSums;
use crate::head::{Head, greatest};
use crate::learner::{settings_named, train_to};
use crate::replay::{ReplayBuffer, Sample};
use crate::{
    Error, Iteration, Learner, NetworkPolicy, Observer, Preset, Profile, StepBatch, TrainEvent,
    TrainedPolicy, VectorEnvironment,
};

/// Settings of DQN. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Environment steps in all.
    pub steps: u64,
    /// Environments side by side.
    pub n_environments: usize,
    /// Transitions kept.
    pub buffer_size: usize,
    /// Steps of random actions before learning begins.
    pub learning_starts: u64,
    /// Transitions a gradient step.
    pub batch: usize,
    /// Environment steps between bursts of gradient steps.
    pub train_every: usize,
    /// Gradient steps a burst.
    pub gradient_steps: usize,
    /// Environment steps between copies to the target network.
    pub target_every: u64,
    /// Fraction of the training over which exploration falls.
    pub exploration_fraction: f64,
    /// Probability of a random action at the start.
    pub exploration_initial: f64,
    /// Probability of a random action from then on.
    pub exploration_final: f64,
    /// Discount factor γ.
    pub discount: f32,
    /// Learning rate over the training.
    pub learning_rate: Schedule,
    /// Limit on the norm of the gradient.
    pub max_gradient_norm: f32,
    /// Whether the online network chooses the next action of a target.
    pub double: bool,
    /// Steps that a target looks ahead before it bootstraps.
    pub n_step: usize,
    /// Exponents of prioritised replay; none for uniform draws.
    pub prioritized: Option<Prioritized>,
    /// Widths of the hidden layers, ReLU between.
    pub hidden: Vec<usize>,
}

/// Exponents of prioritised replay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prioritized {
    /// α of the priorities.
    pub alpha: f64,
    /// β of the weights at the start; 1 at the end.
    pub beta: f64,
}

/// All presets.
pub const PRESETS: &[Preset<Config>] = &[
    Preset {
        name: "sb3",
        source: "Stable-Baselines3 2.9, defaults of DQN",
        config: sb3,
    },
    Preset {
        name: "rl-zoo-cartpole",
        source: "rl-baselines3-zoo, hyperparams/dqn.yml, CartPole-v1",
        config: rl_zoo_cartpole,
    },
];

fn sb3() -> Config {
    Config {
        steps: 100_000,
        n_environments: 1,
        buffer_size: 1_000_000,
        learning_starts: 100,
        batch: 32,
        train_every: 4,
        gradient_steps: 1,
        target_every: 10_000,
        exploration_fraction: 0.1,
        exploration_initial: 1.0,
        exploration_final: 0.05,
        discount: 0.99,
        learning_rate: Schedule::Constant(1e-4),
        max_gradient_norm: 10.0,
        double: false,
        n_step: 1,
        prioritized: None,
        hidden: vec![64, 64],
    }
}

fn rl_zoo_cartpole() -> Config {
    Config {
        steps: 50_000,
        buffer_size: 100_000,
        learning_starts: 1_000,
        batch: 64,
        train_every: 256,
        gradient_steps: 128,
        target_every: 10,
        exploration_fraction: 0.16,
        exploration_final: 0.04,
        learning_rate: Schedule::Constant(2.3e-3),
        hidden: vec![256, 256],
        ..sb3()
    }
}

impl Config {
    /// The preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Config> {
        settings_named(PRESETS, name)
    }

    fn check(&self) -> Result<(), Error> {
        let counts = [
            ("n_environments", self.n_environments),
            ("buffer_size", self.buffer_size),
            ("batch", self.batch),
            ("train_every", self.train_every),
            ("n_step", self.n_step),
        ];
        for (key, value) in counts {
            if value == 0 {
                return Err(Error::Setting {
                    key,
                    value: "0".to_owned(),
                    allowed: "it must be at least 1",
                });
            }
        }
        let shares = [
            ("exploration_fraction", self.exploration_fraction),
            ("exploration_initial", self.exploration_initial),
            ("exploration_final", self.exploration_final),
            ("discount", f64::from(self.discount)),
        ];
        for (key, value) in shares {
            if !(0.0..=1.0).contains(&value) {
                return Err(Error::Setting {
                    key,
                    value: value.to_string(),
                    allowed: "it must lie in 0..=1",
                });
            }
        }
        Ok(())
    }

    /// Probability of a random action after `n_steps` steps.
    fn exploration(&self, n_steps: u64) -> f64 {
        let progress = n_steps as f64 / self.steps as f64;
        let fallen = (progress / self.exploration_fraction.max(f64::MIN_POSITIVE)).min(1.0);
        self.exploration_initial + fallen * (self.exploration_final - self.exploration_initial)
    }
}

/// Trains a policy for `config.steps` environment steps.
///
/// # Errors
/// If a setting is impossible, the actions are not one choice, or the weights diverge.
pub fn train(
    config: Config,
    environment: Box<dyn VectorEnvironment>,
    seed: Seed,
    pool: Arc<Pool>,
    observer: &mut dyn Observer,
) -> Result<NetworkPolicy, Error> {
    let n_steps = config.steps;
    let mut trainer = Trainer::new(config, environment, seed, pool)?;
    train_to(&mut trainer, n_steps, observer)?;
    Ok(trainer.network())
}

/// A training in progress.
pub struct Trainer {
    config: Config,
    environment: Box<dyn VectorEnvironment>,
    pool: Arc<Pool>,
    online: NetworkPolicy,
    target: Model,
    adam: Adam,
    gradient: Vec<f32>,
    workspace: Workspace,
    replay: ReplayBuffer,
    draws: Rng,
    action_rngs: Vec<Rng>,
    n_steps: u64,
    episodes: EpisodeSums,
    observations: Vec<f32>,
    batch: StepBatch,
    actions: Vec<f32>,
    outputs: Vec<f32>,
    learning: Learning,
    profile: Profile,
}

/// Memory of one gradient step.
#[derive(Default)]
struct Learning {
    sample: Sample,
    rows: Vec<u32>,
    next_values: Vec<f32>,
    chooser: Vec<f32>,
    targets: Vec<f32>,
}

impl Trainer {
    /// The policy as it is now: the online network, exploring as training does at this step.
    #[must_use]
    pub fn network(&self) -> NetworkPolicy {
        let mut policy = self.online.clone();
        policy.head = Head::Values {
            n_actions: self.n_actions(),
            exploration: self.config.exploration(self.n_steps),
        };
        policy
    }

    /// Prepares a training: network drawn, environments begun.
    ///
    /// # Errors
    /// If a setting is impossible or the actions are not one choice.
    pub fn new(
        config: Config,
        mut environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Trainer, Error> {
        config.check()?;
        let Space::Discrete { n: n_actions } = environment.action_space() else {
            return Err(Error::ActionSpace {
                algorithm: "dqn",
                space: environment.action_space().to_string(),
            });
        };
        let (n, n_features) = (environment.n_environments(), environment.n_features());
        let shape = MlpShape {
            inputs: n_features,
            hidden: config.hidden.clone(),
            outputs: n_actions,
            activation: Activation::Relu,
        };
        let model = Model::new(
            &[(shape, Initialization::PyTorchDefault)],
            &[],
            &mut seed.stream("weights", 0),
        );
        let head = Head::Values {
            n_actions,
            exploration: config.exploration_initial,
        };
        let mut observations = vec![0.0; n * n_features];
        environment.begin(&mut observations);
        let n_parameters = model.parameters().len();
        Ok(Trainer {
            target: model.clone(),
            online: NetworkPolicy::new(model, head, n_features, false),
            adam: Adam::new(n_parameters, AdamConfig::adam(1e-8)),
            gradient: vec![0.0; n_parameters],
            workspace: Workspace::new(),
            replay: ReplayBuffer::new(
                config.buffer_size,
                n,
                n_features,
                config.prioritized.is_some(),
            ),
            draws: seed.stream("replay", 0),
            action_rngs: (0..n as u64).map(|i| seed.stream("actions", i)).collect(),
            n_steps: 0,
            episodes: EpisodeSums::new(n),
            batch: StepBatch::for_environment(environment.as_ref()),
            actions: vec![0.0; n],
            outputs: vec![0.0; n * n_actions],
            learning: Learning::default(),
            observations,
            environment,
            pool,
            config,
            profile: Profile::default(),
        })
    }

    fn n_actions(&self) -> usize {
        self.online.model.n_outputs()
    }

    /// One step of every environment.
    fn collect(&mut self) {
        self.act();
        self.environment
            .step(&self.actions, &mut self.batch, &self.pool);
        self.replay
            .push(&self.observations, &self.actions, &self.batch);
        self.episodes.push(&self.batch);
        self.environment.renew(&mut self.batch);
        self.observations.copy_from_slice(&self.batch.observations);
        let before = self.n_steps;
        self.n_steps += self.action_rngs.len() as u64;
        let every = self.config.target_every.max(1);
        if before / every != self.n_steps / every {
            self.target
                .parameters_mut()
                .copy_from_slice(self.online.model.parameters());
        }
    }

    fn act(&mut self) {
        let n_actions = self.n_actions();
        let exploration = if self.n_steps < self.config.learning_starts {
            1.0
        } else {
            self.config.exploration(self.n_steps)
        };
        self.online.head = Head::Values {
            n_actions,
            exploration,
        };
        self.online.model.forward(
            &self.observations,
            &mut self.outputs,
            &mut self.workspace,
            &self.pool,
        );
        for (i, rng) in self.action_rngs.iter_mut().enumerate() {
            let choice = if uniform(rng) < exploration {
                index(n_actions, rng)
            } else {
                greatest(&self.outputs[i * n_actions..][..n_actions])
            };
            self.actions[i] = choice as f32;
        }
    }

    /// One gradient step; the sum of the losses, or nothing if too little was collected.
    fn learn(&mut self, progress: f64) -> Result<Option<f64>, Error> {
        let beta = self
            .config
            .prioritized
            .map_or(0.0, |p| p.beta + (1.0 - p.beta) * progress);
        let sample = &mut self.learning.sample;
        if !self.replay.sample(
            self.config.batch,
            self.config.n_step,
            self.config.discount,
            beta,
            sample,
            &mut self.draws,
        ) {
            return Ok(None);
        }
        self.aim();
        let errors = self.gradient();
        let norm = clip_gradient_norm(&mut self.gradient, self.config.max_gradient_norm);
        if !norm.is_finite() {
            return Err(Error::Diverged {
                n_steps: self.n_steps,
                what: "the gradient norm",
                value: norm,
            });
        }
        let learning_rate = self.config.learning_rate.at(progress);
        self.adam.step(
            self.online.model.parameters_mut(),
            &self.gradient,
            learning_rate,
        );
        if let Some(prioritized) = self.config.prioritized {
            self.replay.prioritize(
                &self.learning.sample.rows,
                &errors.errors,
                prioritized.alpha,
            );
        }
        Ok(Some(errors.loss))
    }

    /// Writes the gradient of the loss over the sample to `self.gradient`.
    fn gradient(&mut self) -> Errors {
        let Learning {
            sample,
            rows,
            targets,
            ..
        } = &self.learning;
        let n_actions = self.online.model.n_outputs();
        let keep_errors = self.config.prioritized.is_some();
        let weight = 1.0 / rows.len() as f32;
        let loss = |tile: nn::Tile<'_>, sums: &mut Errors| {
            for (k, row) in tile.rows.iter().enumerate() {
                let row = *row as usize;
                let at = k * n_actions + sample.actions[row] as usize;
                let error = tile.outputs[at] - targets[row];
                let scale = weight * sample.weights[row];
                let (value, slope) = huber(error);
                tile.d_outputs[at] = scale * slope;
                sums.loss += f64::from(scale * value);
                if keep_errors {
                    sums.errors.push(error);
                }
            }
        };
        self.online.model.gradient(
            &sample.observations,
            rows,
            &loss,
            &mut self.gradient,
            &mut self.workspace,
            &self.pool,
        )
    }

    /// Writes the targets of the sample.
    fn aim(&mut self) {
        let n_actions = self.online.model.n_outputs();
        let Learning {
            sample,
            rows,
            next_values,
            chooser,
            targets,
        } = &mut self.learning;
        let n = sample.actions.len();
        rows.clear();
        rows.extend(0..n as u32);
        next_values.resize(n * n_actions, 0.0);
        self.target.forward(
            &sample.next_observations,
            next_values,
            &mut self.workspace,
            &self.pool,
        );
        if self.config.double {
            chooser.resize(n * n_actions, 0.0);
            self.online.model.forward(
                &sample.next_observations,
                chooser,
                &mut self.workspace,
                &self.pool,
            );
        }
        targets.clear();
        for i in 0..n {
            let values = &next_values[i * n_actions..][..n_actions];
            let choices = if self.config.double {
                &chooser[i * n_actions..][..n_actions]
            } else {
                values
            };
            let after = values[greatest(choices)];
            // A discount of 0 says that the environment terminated; the product would keep an infinite value.
            let discounted = if sample.discounts[i] == 0.0 {
                0.0
            } else {
                sample.discounts[i] * after
            };
            targets.push(sample.rewards[i] + discounted);
        }
    }
}

/// The Huber loss with δ = 1 and its derivative, which is at most 1 in size.
fn huber(error: f32) -> (f32, f32) {
    let size = error.abs();
    let value = if size < 1.0 {
        0.5 * error * error
    } else {
        size - 0.5
    };
    (value, error.clamp(-1.0, 1.0))
}

/// Losses, and the errors of the batch in order where replay is prioritised.
#[derive(Default)]
struct Errors {
    loss: f64,
    errors: Vec<f32>,
}

impl nn::Statistics for Errors {
    fn merge(&mut self, later: Errors) {
        self.loss += later.loss;
        self.errors.extend(later.errors);
    }
}

impl Learner for Trainer {
    fn n_steps(&self) -> u64 {
        self.n_steps
    }

    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let began = Instant::now();
        let n = self.action_rngs.len();
        for _ in 0..self.config.train_every.div_ceil(n) {
            self.collect();
        }
        let collected = Instant::now();
        let progress = (self.n_steps as f64 / self.config.steps as f64).min(1.0);
        let (mut loss, mut n_learned) = (0.0, 0);
        if self.n_steps > self.config.learning_starts {
            for _ in 0..self.config.gradient_steps {
                if let Some(value) = self.learn(progress)? {
                    loss += value;
                    n_learned += 1;
                }
            }
        }
        self.profile.collect += (collected - began).as_secs_f64();
        self.profile.update += collected.elapsed().as_secs_f64();
        let mut iteration = Iteration {
            n_steps: self.n_steps,
            learning_rate: self.config.learning_rate.at(progress) as f32,
            value_loss: (n_learned > 0).then(|| loss / f64::from(n_learned)),
            exploration: Some(self.config.exploration(self.n_steps)),
            ..Iteration::default()
        };
        self.episodes.report(&mut iteration);
        observer.on_event(&TrainEvent::Iteration(iteration));
        Ok(())
    }

    fn policy(&self) -> Box<dyn TrainedPolicy> {
        Box::new(self.network())
    }

    fn environment(&self) -> &dyn VectorEnvironment {
        self.environment.as_ref()
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn save(&self) -> Vec<u8> {
        let mut arrays = Arrays::default();
        arrays.put_u64("n_steps", [self.n_steps]);
        arrays.put_f32("parameters", self.online.model.parameters());
        arrays.put_f32("target", self.target.parameters());
        arrays.put_adam(&self.adam);
        arrays.put_rngs("replay.draws", std::slice::from_ref(&self.draws));
        arrays.put_rngs("actions", &self.action_rngs);
        arrays.put_f32("observations", self.observations.as_slice());
        arrays.put_f64("profile", [self.profile.collect, self.profile.update]);
        self.episodes.save(&mut arrays);
        self.replay.save(&mut arrays);
        arrays.put_environment(&self.environment.save());
        arrays.to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut arrays = Arrays::from_bytes(bytes)?;
        let n = self.action_rngs.len();
        let n_parameters = self.gradient.len();
        let n_steps = arrays.take_u64_of("n_steps", 1)?[0];
        let parameters = arrays.take_f32_of("parameters", n_parameters)?;
        let target = arrays.take_f32_of("target", n_parameters)?;
        let adam = arrays.take_adam(self.adam.config, n_parameters)?;
        let draws = arrays.take_rngs_of("replay.draws", 1)?;
        let actions = arrays.take_rngs_of("actions", n)?;
        let observations = arrays.take_f32_of("observations", self.observations.len())?;
        let profile = arrays.take_f64_of("profile", 2)?;
        let episodes = EpisodeSums::restore(&mut arrays, n)?;
        self.replay.restore(&mut arrays)?;
        self.environment.restore(&arrays.take_environment()?)?;
        self.online
            .model
            .parameters_mut()
            .copy_from_slice(&parameters);
        self.target.parameters_mut().copy_from_slice(&target);
        self.adam = adam;
        self.draws = draws.into_iter().next().expect("one stream");
        self.action_rngs = actions;
        self.observations = observations;
        self.episodes = episodes;
        self.profile = Profile {
            collect: profile[0],
            update: profile[1],
        };
        self.n_steps = n_steps;
        Ok(())
    }
}
