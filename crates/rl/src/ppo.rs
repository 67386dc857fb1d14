//! Proximal policy optimisation (Schulman et al., 2017).
//!
//! Maximises, over minibatches of what the policy itself collected,
//!
//! `E[min(ρ A, clip(ρ, 1-ε, 1+ε) A)] - c_v E[(G - V)²] + c_e E[H(π)]`, `ρ = π(a|s) / π_old(a|s)`,
//!
//! with advantages A from generalised advantage estimation and `G = A + V_old`.
//!
//! # Details
//! The details that decide whether it learns (Huang et al., "The 37 implementation details of PPO", 2022), as they stand here:
//! vectorised environments; orthogonal initialisation with gains √2, 0.01 (policy) and 1 (value), zero biases;
//! Adam with ε = 1e-5; learning-rate and clip schedules; GAE; a shuffle an epoch; advantages normalised a minibatch;
//! clipped surrogate; optional value clipping; one loss with entropy; one gradient-norm limit over all parameters;
//! separate or shared trunks. For continuous actions: state-independent log-std or generalised state-dependent
//! exploration; actions clipped to their bounds for the environment but not in the log-probability; observations
//! normalised and clipped to ±10; rewards scaled by the running deviation of the discounted return and clipped to ±10.
//! A truncated episode is bootstrapped from its true successor; no reward is ever written over.
//!
//! # In phases
//! A learner whose reward is itself learned, as in adversarial imitation, drives a round by hand:
//! [`Trainer::collect_round`], then whatever it makes of the [`Round`], then [`Trainer::learn_from`] with its rewards.
//! What the environment paid is still reported, and is not what is learned from.
//!
//! Logged quantities: see [`crate::Iteration`].

use std::sync::Arc;
use std::time::Instant;

use mdp::{Rng, Rollout, Seed, index, returns};
use nn::{Adam, HeadInputs, Pool, Workspace, clip_gradient_norm};

use crate::checkpoint::Arrays;
use crate::event::EpisodeSums;
use crate::head::Noise;
use crate::learner::train_to;
use crate::normalize::RewardScale;
use crate::{
    Error, Iteration, Learner, NetworkPolicy, Observer, Profile, StepBatch, TrainEvent,
    TrainedPolicy, VectorEnvironment,
};

mod config;
#[cfg(test)]
mod tests;

pub use config::{Config, Exploration, Initialization, PRESETS, Trunk};

/// Trains a policy for `config.steps` environment steps.
///
/// # Errors
/// If a setting is impossible, the actions fit no head, or the weights diverge.
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
    Ok(trainer.policy)
}

/// A training in progress.
pub struct Trainer {
    config: Config,
    environment: Box<dyn VectorEnvironment>,
    pool: Arc<Pool>,
    policy: NetworkPolicy,
    adam: Adam,
    gradient: Vec<f32>,
    workspace: Workspace,
    shuffle: Rng,
    action_rngs: Vec<Rng>,
    noise: Noise,
    n_steps: u64,
    reward_scale: Option<RewardScale>,
    episodes: EpisodeSums,
    /// `[N, F]`, raw observations that the next actions are chosen from.
    observations: Vec<f32>,
    buffers: Buffers,
    /// What others than the policy read of the steps; kept for rounds in phases alone.
    raw: Option<RawSteps>,
    profile: Profile,
}

/// What was collected in a round, for whoever gives rewards to it. Rows are `[T, N]`, time-major.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// `[T N, F]`, features of the observations acted on, not normalised.
    pub observations: &'a [f32],
    /// `[T N, A]`, the actions as the environment took them: continuous ones clipped to their bounds.
    pub actions: &'a [f32],
    /// `[T N]`, log-probabilities of the actions as they were drawn, before clipping.
    pub log_probs: &'a [f32],
    /// `[T N, F]`, features of the true successors, not normalised.
    pub next_observations: &'a [f32],
    /// `[T N]`, what the environment paid.
    pub rewards: &'a [f64],
    /// `[T N]`, whether the environment terminated with this step.
    pub terminated: &'a [bool],
    /// `[T N]`, whether the episode ended with this step, in either way.
    pub ended: &'a [bool],
    /// `[T N]`, what the designer meant; none where the environment does not say.
    pub intents: Option<&'a [f64]>,
    /// `[T N, S]`, the numbers of the states acted in; empty unless [`Trainer::record_states`] was called.
    pub states: &'a [f64],
    /// `[T N, S]`, the numbers of the states that truly followed; empty as `states` is.
    pub next_states: &'a [f64],
}

/// Observations, played actions, true successors and the environment's rewards of a rollout, none of them normalised.
#[derive(Default)]
struct RawSteps {
    observations: Vec<f32>,
    actions: Vec<f32>,
    next_observations: Vec<f32>,
    rewards: Vec<f64>,
    intents: Vec<f64>,
    has_intent: bool,
    with_states: bool,
    states: Vec<f64>,
    next_states: Vec<f64>,
}

/// Memory that is made once and used in every round.
struct Buffers {
    rollout: Rollout,
    batch: StepBatch,
    outputs: Vec<f32>,
    latent: Vec<f32>,
    entropies: Vec<f32>,
    played: Vec<f32>,
    advantages: Vec<f32>,
    targets: Vec<f32>,
    normalized: Vec<f32>,
    order: Vec<u32>,
    boundary: Boundary,
}

/// Truncated steps whose successors need a value of their own.
#[derive(Default)]
struct Boundary {
    rows: Vec<usize>,
    observations: Vec<f32>,
    outputs: Vec<f32>,
}

impl Trainer {
    /// Prepares a training: networks drawn, environments begun.
    ///
    /// # Errors
    /// If a setting is impossible or the actions fit no head.
    pub fn new(
        config: Config,
        mut environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Trainer, Error> {
        config.check()?;
        let n = environment.n_environments();
        let n_features = environment.n_features();
        let head = config.head(&environment.action_space())?;
        let model = config.model(n_features, &head, &mut seed.stream("weights", 0));
        let mut policy = NetworkPolicy::new(model, head, n_features, config.normalize_observations);
        let mut observations = vec![0.0; n * n_features];
        environment.begin(&mut observations);
        policy.observe(&observations);
        let n_parameters = policy.model.parameters().len();
        Ok(Trainer {
            adam: Adam::new(n_parameters, config.adam()),
            gradient: vec![0.0; n_parameters],
            workspace: Workspace::new(),
            shuffle: seed.stream("shuffle", 0),
            action_rngs: (0..n as u64).map(|i| seed.stream("actions", i)).collect(),
            noise: Noise::new(&policy.head, n),
            n_steps: 0,
            reward_scale: config
                .normalize_rewards
                .then(|| RewardScale::new(n, f64::from(config.discount))),
            episodes: EpisodeSums::new(n),
            buffers: Buffers::new(&config, environment.as_ref(), &policy),
            observations,
            environment,
            policy,
            pool,
            config,
            raw: None,
            profile: Profile::default(),
        })
    }

    /// Prepares a training whose rewards are given round by round; see the module's documentation.
    ///
    /// # Errors
    /// As [`Trainer::new`]; and if the configuration scales the environment's rewards, which nobody learns from here.
    pub fn in_phases(
        config: Config,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Trainer, Error> {
        if config.normalize_rewards {
            return Err(Error::Setting {
                key: "normalize_rewards",
                value: "true".to_owned(),
                allowed: "the rewards are learned and have a normalisation of their own; set it to false",
            });
        }
        let mut trainer = Trainer::new(config, environment, seed, pool)?;
        trainer.raw = Some(RawSteps::default());
        Ok(trainer)
    }

    /// Has the states of every step kept beside what was observed, from the next round on.
    ///
    /// # Panics
    /// If the training was not made by [`Trainer::in_phases`].
    pub fn record_states(&mut self) {
        let raw = self.raw.as_mut().expect("a training in phases");
        raw.with_states = true;
    }

    /// The first phase of a round: fills the rollout with the policy's own steps.
    ///
    /// # Panics
    /// If the training was not made by [`Trainer::in_phases`].
    pub fn collect_round(&mut self) -> Round<'_> {
        assert!(self.raw.is_some(), "a training in phases");
        let began = Instant::now();
        self.collect();
        self.profile.collect += began.elapsed().as_secs_f64();
        self.round()
    }

    /// What the last [`Trainer::collect_round`] gave.
    ///
    /// # Panics
    /// If the training was not made by [`Trainer::in_phases`].
    #[must_use]
    pub fn round(&self) -> Round<'_> {
        let raw = self.raw.as_ref().expect("a training in phases");
        let rollout = &self.buffers.rollout;
        Round {
            observations: &raw.observations,
            actions: &raw.actions,
            log_probs: &rollout.log_probs,
            next_observations: &raw.next_observations,
            rewards: &raw.rewards,
            terminated: &rollout.terminated,
            ended: &rollout.ended,
            intents: raw.has_intent.then_some(&raw.intents),
            states: &raw.states,
            next_states: &raw.next_states,
        }
    }

    /// Ends a round without learning from it, as before anybody has said what is to be rewarded; reports its episodes.
    pub fn pass_over(&mut self) -> Iteration {
        let mut iteration = Iteration {
            n_steps: self.n_steps,
            ..Iteration::default()
        };
        self.episodes.report(&mut iteration);
        iteration
    }

    /// The last phase of a round: learns from the steps with these rewards, `[T N]`, as the optimiser shall have them.
    ///
    /// A terminated step is worth its reward alone, so rewards that depend on what comes after the end must already hold it.
    ///
    /// # Errors
    /// If the weights diverge.
    ///
    /// # Panics
    /// If the training was not made by [`Trainer::in_phases`], or the rewards are not as many as the steps.
    pub fn learn_from(&mut self, rewards: &[f32]) -> Result<Iteration, Error> {
        assert!(self.raw.is_some(), "a training in phases");
        assert_eq!(rewards.len(), self.buffers.rollout.len(), "a reward a step");
        let began = Instant::now();
        let n_before = self.n_steps - rewards.len() as u64;
        self.buffers.rollout.rewards.copy_from_slice(rewards);
        self.estimate_advantages();
        let iteration = self.learn_round(n_before)?;
        self.profile.update += began.elapsed().as_secs_f64();
        Ok(iteration)
    }

    /// The policy as it is now, without copying it.
    #[must_use]
    pub fn current_policy(&self) -> &NetworkPolicy {
        &self.policy
    }

    /// The value of one raw observation, as the network has it now.
    #[must_use]
    pub fn value(&mut self, observation: &[f32]) -> f32 {
        let mut normalized = vec![0.0; observation.len()];
        self.policy.normalize(observation, &mut normalized);
        let mut outputs = vec![0.0; self.policy.model.n_outputs()];
        self.policy
            .model
            .forward(&normalized, &mut outputs, &mut self.workspace, &self.pool);
        outputs[outputs.len() - 1]
    }

    /// Fills the rollout with the policy's own steps.
    fn collect(&mut self) {
        let n = self.environment.n_environments();
        self.buffers.boundary.clear();
        if let Some(raw) = &mut self.raw {
            raw.clear();
        }
        for t in 0..self.config.n_steps {
            self.noise
                .resample_if_due(t, &self.policy, &mut self.action_rngs);
            self.act(t);
            if let Some(raw) = &mut self.raw {
                raw.push_states(self.environment.as_ref());
            }
            self.environment
                .step(&self.buffers.played, &mut self.buffers.batch, &self.pool);
            self.episodes.push(&self.buffers.batch);
            self.store(t);
            if let Some(raw) = &mut self.raw {
                raw.push(&self.observations, &self.buffers);
                raw.push_next_states(self.environment.as_ref());
            }
            self.environment.renew(&mut self.buffers.batch);
            self.observations
                .copy_from_slice(&self.buffers.batch.observations);
            self.policy.observe(&self.observations);
            self.buffers.boundary.normalize_from(t * n, &self.policy);
        }
        self.n_steps += (n * self.config.n_steps) as u64;
        self.value_successors();
    }

    /// Chooses the actions of step `t` and keeps what learning needs of them.
    fn act(&mut self, t: usize) {
        let Buffers {
            rollout,
            outputs,
            latent,
            played,
            entropies,
            ..
        } = &mut self.buffers;
        let (n, n_outputs) = (rollout.n_environments, self.policy.model.n_outputs());
        let (n_features, n_values) = (rollout.n_features, rollout.n_action_values);
        let rows = t * n..(t + 1) * n;
        let observations =
            &mut rollout.observations[rows.start * n_features..rows.end * n_features];
        self.policy.normalize(&self.observations, observations);
        self.policy.model.forward_with_latent(
            observations,
            outputs,
            latent,
            &mut self.workspace,
            &self.pool,
        );
        let actions = &mut rollout.actions[rows.start * n_values..rows.end * n_values];
        let inputs = self.policy.head_inputs(outputs, latent);
        self.policy
            .head
            .sample(&inputs, &self.noise, &mut self.action_rngs, actions);
        let log_probs = &mut rollout.log_probs[rows.clone()];
        self.policy
            .head
            .distribution()
            .evaluate(&inputs, actions, log_probs, entropies);
        for (value, row) in rollout.values[rows]
            .iter_mut()
            .zip(outputs.chunks_exact(n_outputs))
        {
            *value = row[n_outputs - 1];
        }
        played.copy_from_slice(actions);
        self.policy.head.clip(played);
    }

    /// Keeps the outcome of step `t`, rewards as the optimiser receives them.
    fn store(&mut self, t: usize) {
        let Buffers {
            rollout,
            batch,
            boundary,
            ..
        } = &mut self.buffers;
        let n = rollout.n_environments;
        let rows = t * n..(t + 1) * n;
        let received = &mut rollout.rewards[rows.clone()];
        match &mut self.reward_scale {
            Some(scale) => scale.transform(&batch.rewards, &batch.ended, received),
            // Rewards of a training in phases come later, from whoever drives it.
            None if self.raw.is_some() => {}
            None => {
                for (to, from) in received.iter_mut().zip(&batch.rewards) {
                    *to = *from as f32;
                }
            }
        }
        rollout.terminated[rows.clone()].copy_from_slice(&batch.terminated);
        rollout.ended[rows.clone()].copy_from_slice(&batch.ended);
        for i in (0..n).filter(|i| batch.ended[*i] && !batch.terminated[*i]) {
            boundary.push(
                rows.start + i,
                &batch.observations[i * rollout.n_features..][..rollout.n_features],
            );
        }
    }

    /// Writes the value of the true successor beside each step: the next row's value, but for the last row and for truncations.
    fn value_successors(&mut self) {
        let Buffers {
            rollout,
            outputs,
            latent,
            normalized,
            boundary,
            ..
        } = &mut self.buffers;
        let (n, n_outputs) = (rollout.n_environments, self.policy.model.n_outputs());
        let last = rollout.len() - n;
        rollout.next_values[..last].copy_from_slice(&rollout.values[n..]);
        self.policy.normalize(&self.observations, normalized);
        self.policy.model.forward_with_latent(
            normalized,
            outputs,
            latent,
            &mut self.workspace,
            &self.pool,
        );
        for i in 0..n {
            rollout.next_values[last + i] = outputs[(i + 1) * n_outputs - 1];
        }
        boundary
            .outputs
            .resize(boundary.rows.len() * n_outputs, 0.0);
        self.policy.model.forward(
            &boundary.observations,
            &mut boundary.outputs,
            &mut self.workspace,
            &self.pool,
        );
        for (k, row) in boundary.rows.iter().enumerate() {
            rollout.next_values[*row] = boundary.outputs[(k + 1) * n_outputs - 1];
        }
    }

    /// Advantages and value targets of the rollout.
    fn estimate_advantages(&mut self) {
        let Buffers {
            rollout,
            advantages,
            targets,
            ..
        } = &mut self.buffers;
        let transitions = returns::Transitions {
            n_environments: rollout.n_environments,
            rewards: &rollout.rewards,
            values: &rollout.values,
            next_values: &rollout.next_values,
            terminated: &rollout.terminated,
            ended: &rollout.ended,
        };
        returns::gae(
            transitions,
            self.config.discount,
            self.config.lambda,
            advantages,
        );
        for ((target, advantage), value) in targets
            .iter_mut()
            .zip(advantages.iter())
            .zip(&rollout.values)
        {
            *target = advantage + value;
        }
    }

    /// Learns from a rollout that began at step `n_before` and has its advantages, and reports the round.
    fn learn_round(&mut self, n_before: u64) -> Result<Iteration, Error> {
        let progress = (n_before as f64 / self.config.steps as f64).min(1.0);
        let mut iteration = self.learn(progress)?.report();
        iteration.n_steps = self.n_steps;
        iteration.learning_rate = self.config.learning_rate.at(progress) as f32;
        iteration.explained_variance =
            explained_variance(&self.buffers.targets, &self.buffers.rollout.values);
        self.episodes.report(&mut iteration);
        Ok(iteration)
    }

    /// The epochs over the rollout. Stops early where the KL passes 1.5 times its target.
    fn learn(&mut self, progress: f64) -> Result<LossSums, Error> {
        let learning_rate = self.config.learning_rate.at(progress);
        let clip = self.config.clip.at(progress) as f32;
        let mut sums = LossSums::default();
        'epochs: for _ in 0..self.config.epochs {
            shuffle(&mut self.buffers.order, &mut self.shuffle);
            for start in (0..self.buffers.order.len()).step_by(self.config.minibatch) {
                let end = self.buffers.order.len().min(start + self.config.minibatch);
                let minibatch = self.gradient_of(start..end, clip);
                sums.add(&minibatch);
                let kl = minibatch.approximate_kl / minibatch.n;
                if self
                    .config
                    .target_kl
                    .is_some_and(|target| kl > 1.5 * f64::from(target))
                {
                    break 'epochs;
                }
                let norm = clip_gradient_norm(&mut self.gradient, self.config.max_gradient_norm);
                if !norm.is_finite() {
                    return Err(Error::Diverged {
                        n_steps: self.n_steps,
                        what: "the gradient norm",
                        value: norm,
                    });
                }
                self.adam.step(
                    self.policy.model.parameters_mut(),
                    &self.gradient,
                    learning_rate,
                );
            }
        }
        Ok(sums)
    }

    /// Writes the gradient of the loss over `order[minibatch]` to `self.gradient`.
    fn gradient_of(&mut self, minibatch: std::ops::Range<usize>, clip: f32) -> LossSums {
        let rows = &self.buffers.order[minibatch];
        let loss = Loss {
            distribution: self.policy.head.distribution(),
            free: self.policy.model.free(),
            rollout: &self.buffers.rollout,
            advantages: &self.buffers.advantages,
            targets: &self.buffers.targets,
            standard: if self.config.normalize_advantages {
                Standard::of(rows, &self.buffers.advantages)
            } else {
                Standard::IDENTITY
            },
            clip,
            value_clip: self.config.value_clip,
            value_coefficient: self.config.value_coefficient,
            entropy_coefficient: self.config.entropy_coefficient,
            weight: 1.0 / rows.len() as f32,
        };
        self.policy.model.gradient(
            &self.buffers.rollout.observations,
            rows,
            &|mut tile: nn::Tile<'_>, sums: &mut LossSums| loss.tile(&mut tile, sums),
            &mut self.gradient,
            &mut self.workspace,
            &self.pool,
        )
    }
}

impl Learner for Trainer {
    fn n_steps(&self) -> u64 {
        self.n_steps
    }

    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let n_before = self.n_steps;
        let began = Instant::now();
        self.collect();
        self.estimate_advantages();
        let collected = Instant::now();
        let iteration = self.learn_round(n_before)?;
        self.profile.collect += (collected - began).as_secs_f64();
        self.profile.update += collected.elapsed().as_secs_f64();
        observer.on_event(&TrainEvent::Iteration(iteration));
        Ok(())
    }

    fn policy(&self) -> Box<dyn TrainedPolicy> {
        Box::new(self.policy.clone())
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
        arrays.put_f32("parameters", self.policy.model.parameters());
        arrays.put_adam(&self.adam);
        arrays.put_rngs("shuffle", std::slice::from_ref(&self.shuffle));
        arrays.put_rngs("actions", &self.action_rngs);
        arrays.put_f32("observations", self.observations.as_slice());
        self.episodes.save(&mut arrays);
        let order: Vec<u64> = self
            .buffers
            .order
            .iter()
            .map(|row| u64::from(*row))
            .collect();
        arrays.put_u64("order", order);
        arrays.put_f64("profile", [self.profile.collect, self.profile.update]);
        self.policy.save_normalization(&mut arrays);
        if let Some(scale) = &self.reward_scale {
            arrays.put_f64("reward_scale", scale.state());
        }
        arrays.put_environment(&self.environment.save());
        arrays.to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut arrays = Arrays::from_bytes(bytes)?;
        let n = self.environment.n_environments();
        let n_parameters = self.gradient.len();
        let n_steps = arrays.take_u64_of("n_steps", 1)?[0];
        let parameters = arrays.take_f32_of("parameters", n_parameters)?;
        let adam = arrays.take_adam(self.adam.config, n_parameters)?;
        let shuffle = arrays.take_rngs_of("shuffle", 1)?;
        let action_rngs = arrays.take_rngs_of("actions", n)?;
        let observations = arrays.take_f32_of("observations", self.observations.len())?;
        let episodes = EpisodeSums::restore(&mut arrays, n)?;
        let order = arrays.take_u32_of("order", self.buffers.order.len())?;
        if order.iter().any(|row| *row as usize >= order.len()) {
            return Err(Error::Saved(
                "`order` names rows that do not exist".to_owned(),
            ));
        }
        let profile = arrays.take_f64_of("profile", 2)?;
        self.policy.restore_normalization(&mut arrays)?;
        if let Some(scale) = &mut self.reward_scale {
            scale.restore(&arrays.take_f64("reward_scale")?)?;
        }
        self.environment.restore(&arrays.take_environment()?)?;
        self.policy
            .model
            .parameters_mut()
            .copy_from_slice(&parameters);
        self.adam = adam;
        self.shuffle = shuffle.into_iter().next().expect("one stream");
        self.action_rngs = action_rngs;
        self.observations = observations;
        self.episodes = episodes;
        self.buffers.order = order;
        self.profile = Profile {
            collect: profile[0],
            update: profile[1],
        };
        self.n_steps = n_steps;
        Ok(())
    }
}

/// What the loss of one minibatch is made of; `[T, N]` slices are indexed by row.
struct Loss<'a> {
    distribution: &'a nn::Head,
    free: &'a [f32],
    rollout: &'a Rollout,
    advantages: &'a [f32],
    targets: &'a [f32],
    standard: Standard,
    clip: f32,
    value_clip: Option<f32>,
    value_coefficient: f32,
    entropy_coefficient: f32,
    /// 1 over the size of the minibatch: the loss is a mean.
    weight: f32,
}

/// Numbers that a loss keeps on the stack for the actions of some rows.
const SCRATCH: usize = 256;

/// Rows that the loss works on together.
const ROWS: usize = 64;

impl Loss<'_> {
    fn tile(&self, tile: &mut nn::Tile<'_>, sums: &mut LossSums) {
        let n = tile.rows.len();
        let (n_outputs, n_latents) = (tile.outputs.len() / n, tile.latent.len() / n);
        let rows_at_once = (SCRATCH / self.rollout.n_action_values).min(ROWS);
        for start in (0..n).step_by(rows_at_once) {
            let end = n.min(start + rows_at_once);
            let inputs = HeadInputs {
                outputs: &tile.outputs[start * n_outputs..end * n_outputs],
                stride: n_outputs,
                latent: &tile.latent[start * n_latents..end * n_latents],
                free: self.free,
            };
            let d_outputs = &mut tile.d_outputs[start * n_outputs..end * n_outputs];
            self.rows(
                &tile.rows[start..end],
                &inputs,
                d_outputs,
                tile.d_free,
                sums,
            );
        }
    }

    fn rows(
        &self,
        rows: &[u32],
        inputs: &HeadInputs<'_>,
        d_outputs: &mut [f32],
        d_free: &mut [f32],
        sums: &mut LossSums,
    ) {
        let (n, width) = (rows.len(), self.rollout.n_action_values);
        let mut actions = [0.0; SCRATCH];
        for (action, row) in actions.chunks_exact_mut(width).zip(rows) {
            action.copy_from_slice(&self.rollout.actions[*row as usize * width..][..width]);
        }
        let actions = &actions[..n * width];
        let (mut log_probs, mut entropies) = ([0.0; ROWS], [0.0; ROWS]);
        self.distribution
            .evaluate(inputs, actions, &mut log_probs[..n], &mut entropies[..n]);
        let log_ratios = {
            for (log_prob, row) in log_probs.iter_mut().zip(rows) {
                *log_prob -= self.rollout.log_probs[*row as usize];
            }
            log_probs
        };
        let mut ratios = log_ratios;
        nn::exp(&mut ratios[..n]);
        let mut d_log_probs = [0.0; ROWS];
        let d_entropies = [-self.entropy_coefficient * self.weight; ROWS];
        for (k, row) in rows.iter().enumerate() {
            let row = *row as usize;
            d_log_probs[k] = self.d_surrogate(row, log_ratios[k], ratios[k], sums);
            let value = (k + 1) * inputs.stride - 1;
            let (squared_error, d_error) = self.value_error(row, inputs.outputs[value]);
            d_outputs[value] = self.value_coefficient * self.weight * d_error;
            sums.value_loss += f64::from(squared_error);
            sums.entropy += f64::from(entropies[k]);
        }
        let (d_log_probs, d_entropies) = (&d_log_probs[..n], &d_entropies[..n]);
        self.distribution
            .backward(inputs, actions, d_log_probs, d_entropies, d_outputs, d_free);
    }

    /// The derivative of the clipped surrogate loss of one row with respect to its log-probability.
    fn d_surrogate(&self, row: usize, log_ratio: f32, ratio: f32, sums: &mut LossSums) -> f32 {
        let advantage = self.standard.apply(self.advantages[row]);
        let plain = ratio * advantage;
        let clipped = ratio.clamp(1.0 - self.clip, 1.0 + self.clip) * advantage;
        sums.policy_loss -= f64::from(plain.min(clipped));
        sums.approximate_kl += f64::from(ratio - 1.0 - log_ratio);
        sums.n_clipped += f64::from(u8::from((ratio - 1.0).abs() > self.clip));
        sums.n += 1.0;
        // Nothing where the clipped branch is the lesser: it does not move with the policy.
        if plain <= clipped {
            -plain * self.weight
        } else {
            0.0
        }
    }

    /// The squared error of a value and its derivative; with clipping the greater of the plain and the clipped error.
    fn value_error(&self, row: usize, value: f32) -> (f32, f32) {
        let error = value - self.targets[row];
        let plain = (error * error, 2.0 * error);
        let Some(limit) = self.value_clip else {
            return plain;
        };
        let old = self.rollout.values[row];
        let moved = (value - old).clamp(-limit, limit);
        let clipped_error = old + moved - self.targets[row];
        if clipped_error * clipped_error <= plain.0 {
            return plain;
        }
        // The clipped value moves with the value only inside its limits.
        let slope = if (value - old).abs() < limit {
            2.0 * clipped_error
        } else {
            0.0
        };
        (clipped_error * clipped_error, slope)
    }
}

/// A shift and a scale that make the advantages of a minibatch mean 0 and deviation 1.
#[derive(Clone, Copy)]
struct Standard {
    mean: f32,
    scale: f32,
}

impl Standard {
    const IDENTITY: Standard = Standard {
        mean: 0.0,
        scale: 1.0,
    };

    /// Deviation with n - 1, and 1e-8 against division by nothing.
    fn of(rows: &[u32], advantages: &[f32]) -> Standard {
        if rows.len() < 2 {
            return Standard::IDENTITY;
        }
        let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
        for row in rows {
            let advantage = f64::from(advantages[*row as usize]);
            sum += advantage;
            squares += advantage * advantage;
        }
        let n = rows.len() as f64;
        let mean = sum / n;
        let variance = ((squares - n * mean * mean) / (n - 1.0)).max(0.0);
        Standard {
            mean: mean as f32,
            scale: (1.0 / (variance.sqrt() + 1e-8)) as f32,
        }
    }

    fn apply(self, advantage: f32) -> f32 {
        (advantage - self.mean) * self.scale
    }
}

/// Sums over samples, for the log.
#[derive(Clone, Copy, Debug, Default)]
struct LossSums {
    n: f64,
    policy_loss: f64,
    value_loss: f64,
    entropy: f64,
    approximate_kl: f64,
    n_clipped: f64,
}

impl nn::Statistics for LossSums {
    fn merge(&mut self, later: LossSums) {
        self.add(&later);
    }
}

impl LossSums {
    fn add(&mut self, other: &LossSums) {
        self.n += other.n;
        self.policy_loss += other.policy_loss;
        self.value_loss += other.value_loss;
        self.entropy += other.entropy;
        self.approximate_kl += other.approximate_kl;
        self.n_clipped += other.n_clipped;
    }

    fn report(&self) -> Iteration {
        Iteration {
            policy_loss: Some(self.policy_loss / self.n),
            value_loss: Some(self.value_loss / self.n),
            entropy: Some(self.entropy / self.n),
            approximate_kl: Some(self.approximate_kl / self.n),
            clip_fraction: Some(self.n_clipped / self.n),
            ..Iteration::default()
        }
    }
}

impl Buffers {
    fn new(
        config: &Config,
        environment: &dyn VectorEnvironment,
        policy: &NetworkPolicy,
    ) -> Buffers {
        let n = environment.n_environments();
        let n_features = environment.n_features();
        let n_values = environment.action_space().n_values();
        let rollout = Rollout::new(config.n_steps, n, n_features, n_values);
        Buffers {
            batch: StepBatch::for_environment(environment),
            outputs: vec![0.0; n * policy.model.n_outputs()],
            latent: vec![0.0; n * policy.model.n_latents()],
            entropies: vec![0.0; n],
            played: vec![0.0; n * n_values],
            advantages: vec![0.0; rollout.len()],
            targets: vec![0.0; rollout.len()],
            normalized: vec![0.0; n * n_features],
            order: (0..rollout.len() as u32).collect(),
            boundary: Boundary::default(),
            rollout,
        }
    }
}

impl RawSteps {
    fn clear(&mut self) {
        self.observations.clear();
        self.actions.clear();
        self.next_observations.clear();
        self.rewards.clear();
        self.intents.clear();
        self.states.clear();
        self.next_states.clear();
    }

    /// Keeps one step of every environment: what was acted on, and what the buffers hold of what came of it.
    fn push(&mut self, observations: &[f32], buffers: &Buffers) {
        self.observations.extend_from_slice(observations);
        self.actions.extend_from_slice(&buffers.played);
        self.next_observations
            .extend_from_slice(&buffers.batch.observations);
        self.rewards.extend_from_slice(&buffers.batch.rewards);
        self.intents.extend_from_slice(&buffers.batch.intents);
        self.has_intent = buffers.batch.has_intent;
    }

    /// Keeps the states that the next step is taken in, where they are wanted.
    fn push_states(&mut self, environment: &dyn VectorEnvironment) {
        if self.with_states {
            for index in 0..environment.n_environments() {
                environment.state(index, &mut self.states);
            }
        }
    }

    /// Keeps the states that the last step led to, where they are wanted, before new episodes begin.
    fn push_next_states(&mut self, environment: &dyn VectorEnvironment) {
        if self.with_states {
            for index in 0..environment.n_environments() {
                environment.state(index, &mut self.next_states);
            }
        }
    }
}

impl Boundary {
    fn clear(&mut self) {
        self.rows.clear();
        self.observations.clear();
    }

    fn push(&mut self, row: usize, observation: &[f32]) {
        self.rows.push(row);
        self.observations.extend_from_slice(observation);
    }

    /// Normalises the observations of the rows from `first_row` on, which are still raw.
    fn normalize_from(&mut self, first_row: usize, policy: &NetworkPolicy) {
        let n_done = self.rows.partition_point(|row| *row < first_row);
        if n_done < self.rows.len() {
            let n_features = self.observations.len() / self.rows.len();
            policy.normalize_in_place(&mut self.observations[n_done * n_features..]);
        }
    }
}

/// Fisher-Yates.
fn shuffle(order: &mut [u32], rng: &mut Rng) {
    for i in (1..order.len()).rev() {
        order.swap(i, index(i + 1, rng));
    }
}

/// `1 - Var(target - value) / Var(target)`; absent where the targets do not vary.
fn explained_variance(targets: &[f32], values: &[f32]) -> Option<f64> {
    let variance = |numbers: &dyn Fn(usize) -> f64| {
        let n = targets.len() as f64;
        let mean = (0..targets.len()).map(numbers).sum::<f64>() / n;
        (0..targets.len())
            .map(|i| (numbers(i) - mean).powi(2))
            .sum::<f64>()
            / n
    };
    let of_targets = variance(&|i| f64::from(targets[i]));
    let of_errors = variance(&|i| f64::from(targets[i]) - f64::from(values[i]));
    (of_targets > 0.0).then(|| 1.0 - of_errors / of_targets)
}
