//! The update rule of cloning: epochs of minibatches over what an expert did.

use std::ops::Range;
use std::sync::Arc;

use mdp::{Rng, Seed, Space, Trajectories, index};
use nn::{Adam, AdamConfig, Pool, Workspace, clip_gradient_norm, gradient_norm};
use rl::{ActionTile, Arrays, Error, NetworkPolicy};

use super::Config;

/// What was seen and what was done there, one row a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    n_features: usize,
    n_action_values: usize,
    /// `[N, F]`, features, not normalised.
    observations: Vec<f32>,
    /// `[N, A]`.
    actions: Vec<f32>,
}

impl Samples {
    /// No samples yet, of observations with `n_features` and actions of `n_action_values` numbers.
    #[must_use]
    pub fn new(n_features: usize, n_action_values: usize) -> Samples {
        Samples {
            n_features,
            n_action_values,
            observations: vec![],
            actions: vec![],
        }
    }

    /// Room for samples of the same kind as the steps of `trajectories`.
    #[must_use]
    pub fn empty(trajectories: &Trajectories) -> Samples {
        Samples::new(
            rl::n_features(trajectories.observation_space()),
            trajectories.action_space().n_values(),
        )
    }

    /// Every step of every episode.
    #[must_use]
    pub fn of(trajectories: &Trajectories) -> Samples {
        let episodes: Vec<usize> = (0..trajectories.n_episodes()).collect();
        Samples::of_episodes(trajectories, &episodes)
    }

    /// Every step of some episodes.
    ///
    /// # Panics
    /// If there is no such episode.
    #[must_use]
    pub fn of_episodes(trajectories: &Trajectories, episodes: &[usize]) -> Samples {
        let mut samples = Samples::empty(trajectories);
        let space = trajectories.observation_space();
        for index in episodes {
            let episode = trajectories.episode(*index);
            let n_steps = episode.n_steps(samples.n_action_values);
            // The last observation is of the final state, where nothing was done.
            let acted_on = &episode.observations[..n_steps * space.n_values()];
            let first = samples.observations.len();
            let length = first + n_steps * samples.n_features;
            samples.observations.resize(length, 0.0);
            rl::write_features(space, acted_on, &mut samples.observations[first..]);
            samples.actions.extend_from_slice(episode.actions);
        }
        samples
    }

    /// Adds what was seen, features `[N, F]`, and what was done there, `[N, A]`.
    ///
    /// # Panics
    /// If the lengths do not agree.
    pub fn push(&mut self, observations: &[f32], actions: &[f32]) {
        assert_eq!(
            observations.len() * self.n_action_values,
            actions.len() * self.n_features,
            "an action for every observation"
        );
        self.observations.extend_from_slice(observations);
        self.actions.extend_from_slice(actions);
    }

    /// Number of samples, N.
    #[must_use]
    pub fn len(&self) -> usize {
        self.actions.len() / self.n_action_values
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// `[N, F]`, features, not normalised.
    #[must_use]
    pub fn observations(&self) -> &[f32] {
        &self.observations
    }

    /// `[N, A]`.
    #[must_use]
    pub fn actions(&self) -> &[f32] {
        &self.actions
    }
}

/// A policy, what it learns from, and the state of its optimiser.
pub(crate) struct Cloner {
    config: Config,
    policy: NetworkPolicy,
    adam: Adam,
    gradient: Vec<f32>,
    workspace: Workspace,
    shuffle: Rng,
    samples: Samples,
    /// `[N, F]`, the observations as the network sees them.
    normalized: Vec<f32>,
    order: Vec<u32>,
    pool: Arc<Pool>,
}

/// Sums over samples, for the log.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    n: f64,
    n_minibatches: f64,
    log_prob: f64,
    entropy: f64,
    /// Over minibatches.
    penalty: f64,
    entropy_weight: f64,
}

impl nn::Statistics for Sums {
    fn merge(&mut self, later: Sums) {
        self.n += later.n;
        self.n_minibatches += later.n_minibatches;
        self.log_prob += later.log_prob;
        self.entropy += later.entropy;
        self.penalty += later.penalty;
    }
}

impl Sums {
    /// Mean of the whole loss.
    pub(crate) fn loss(&self) -> f64 {
        -self.log_prob / self.n - self.entropy_weight * self.entropy()
            + self.penalty / self.n_minibatches
    }

    /// Mean entropy of the policy, nats.
    pub(crate) fn entropy(&self) -> f64 {
        self.entropy / self.n
    }
}

impl Cloner {
    /// A fresh policy that has nothing to learn from yet.
    ///
    /// # Errors
    /// If the actions fit no head.
    pub(crate) fn new(
        config: &Config,
        n_features: usize,
        actions: &Space,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Cloner, Error> {
        let mut rng = seed.stream("weights", 0);
        let policy = NetworkPolicy::with_shape(&config.shape(), n_features, actions, &mut rng)?;
        let n_parameters = policy.n_parameters();
        Ok(Cloner {
            adam: Adam::new(n_parameters, AdamConfig::adam(config.adam_epsilon)),
            gradient: vec![0.0; n_parameters],
            workspace: Workspace::new(),
            shuffle: seed.stream("shuffle", 0),
            samples: Samples::new(n_features, actions.n_values()),
            normalized: vec![],
            order: vec![],
            config: config.clone(),
            policy,
            pool,
        })
    }

    /// The policy as it is now.
    pub(crate) fn policy(&self) -> &NetworkPolicy {
        &self.policy
    }

    /// How many samples there are to learn from.
    pub(crate) fn n_samples(&self) -> usize {
        self.samples.len()
    }

    /// Adds samples to what is learned from; where the policy normalises, it takes them into account.
    pub(crate) fn add(&mut self, samples: &Samples) {
        self.policy.observe(&samples.observations);
        self.samples.push(&samples.observations, &samples.actions);
        self.prepare();
    }

    /// Makes what the updates read of the samples.
    fn prepare(&mut self) {
        let n = u32::try_from(self.samples.len()).expect("fewer samples than 2^32");
        self.normalized.resize(self.samples.observations.len(), 0.0);
        self.policy
            .normalize(&self.samples.observations, &mut self.normalized);
        self.order = (0..n).collect();
    }

    /// One pass over the samples while training goes from one progress to another, both in `[0, 1]`.
    ///
    /// # Errors
    /// If the weights diverge.
    pub(crate) fn epoch(&mut self, progress: Range<f64>) -> Result<Sums, Error> {
        let n = self.samples.len();
        self.shuffle_order();
        let mut sums = Sums::default();
        for start in (0..n).step_by(self.config.minibatch) {
            let share = start as f64 / n as f64;
            let now = progress.start + share * (progress.end - progress.start);
            let end = n.min(start + self.config.minibatch);
            self.update(start..end, self.config.learning_rate.at(now), &mut sums)?;
        }
        sums.entropy_weight = f64::from(self.config.entropy_weight);
        Ok(sums)
    }

    /// Fisher and Yates, from the natural order, so that an epoch depends on the random stream alone.
    fn shuffle_order(&mut self) {
        for (i, row) in self.order.iter_mut().enumerate() {
            *row = i as u32;
        }
        for i in (1..self.order.len()).rev() {
            self.order.swap(i, index(i + 1, &mut self.shuffle));
        }
    }

    /// One step of Adam on the samples `order[minibatch]`.
    fn update(
        &mut self,
        minibatch: Range<usize>,
        learning_rate: f64,
        sums: &mut Sums,
    ) -> Result<(), Error> {
        let rows = &self.order[minibatch];
        let weight = 1.0 / rows.len() as f32;
        let entropy_weight = self.config.entropy_weight;
        let loss = |tile: ActionTile<'_>, sums: &mut Sums| {
            tile.d_log_probs.fill(-weight);
            tile.d_entropies.fill(-entropy_weight * weight);
            sums.n += tile.rows.len() as f64;
            sums.log_prob += tile.log_probs.iter().copied().map(f64::from).sum::<f64>();
            sums.entropy += tile.entropies.iter().copied().map(f64::from).sum::<f64>();
        };
        let mut of_minibatch = self.policy.gradient(
            &self.normalized,
            &self.samples.actions,
            rows,
            &loss,
            &mut self.gradient,
            &mut self.workspace,
            &self.pool,
        );
        of_minibatch.penalty = self.penalize();
        of_minibatch.n_minibatches = 1.0;
        nn::Statistics::merge(sums, of_minibatch);
        self.step(learning_rate)
    }

    /// Adds the gradient of `w_2 ½ Σ θ²`; returns its value.
    fn penalize(&mut self) -> f64 {
        let l2_weight = self.config.l2_weight;
        if l2_weight == 0.0 {
            return 0.0;
        }
        let parameters = self.policy.parameters();
        for (slope, parameter) in self.gradient.iter_mut().zip(parameters) {
            *slope += l2_weight * parameter;
        }
        0.5 * f64::from(l2_weight) * f64::from(gradient_norm(parameters)).powi(2)
    }

    fn step(&mut self, learning_rate: f64) -> Result<(), Error> {
        let limit = self.config.max_gradient_norm.unwrap_or(f32::INFINITY);
        let norm = clip_gradient_norm(&mut self.gradient, limit);
        if !norm.is_finite() {
            return Err(Error::Diverged {
                n_steps: self.adam.n_steps,
                what: "the gradient norm",
                value: norm,
            });
        }
        let parameters = self.policy.parameters_mut();
        self.adam.step(parameters, &self.gradient, learning_rate);
        if let Some(least) = self.config.least_log_std {
            let first = parameters.len() - self.policy.n_free();
            for log_std in &mut self.policy.parameters_mut()[first..] {
                *log_std = log_std.max(least);
            }
        }
        Ok(())
    }

    /// `-E[log π]` of other samples.
    pub(crate) fn loss_of(&self, samples: &Samples) -> f64 {
        let n = samples.len();
        let (mut log_probs, mut entropies) = (vec![0.0; n], vec![0.0; n]);
        self.policy.evaluate(
            &samples.observations,
            &samples.actions,
            &mut log_probs,
            &mut entropies,
            &self.pool,
        );
        -log_probs.into_iter().map(f64::from).sum::<f64>() / n as f64
    }

    /// Everything but the samples.
    pub(crate) fn save(&self, arrays: &mut Arrays) {
        arrays.put_f32("parameters", self.policy.parameters());
        arrays.put_adam(&self.adam);
        arrays.put_rngs("shuffle", std::slice::from_ref(&self.shuffle));
        self.policy.save_normalization(arrays);
    }

    /// Goes back to what [`Cloner::save`] put there, on the samples that it has.
    ///
    /// # Errors
    /// If something is missing or of another policy.
    pub(crate) fn restore(&mut self, arrays: &mut Arrays) -> Result<(), Error> {
        let n_parameters = self.policy.n_parameters();
        let parameters = arrays.take_f32_of("parameters", n_parameters)?;
        let adam = arrays.take_adam(self.adam.config, n_parameters)?;
        let shuffle = arrays.take_rngs_of("shuffle", 1)?;
        self.policy.restore_normalization(arrays)?;
        self.policy.parameters_mut().copy_from_slice(&parameters);
        self.adam = adam;
        self.shuffle = shuffle.into_iter().next().expect("one stream");
        self.prepare();
        Ok(())
    }

    /// The samples, for checkpoints of learners that gather them.
    pub(crate) fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Replaces the samples, for those checkpoints; what the policy knows of their mean and deviation stays.
    pub(crate) fn set_samples(&mut self, samples: Samples) {
        self.samples = samples;
        self.prepare();
    }
}
