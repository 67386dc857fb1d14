//! DAgger (Ross, Gordon and Bagnell, 2011): clone the expert where the learner goes.
//!
//! In round i = 0, 1, … the environments are played by a mixture of the expert, with probability β_i a step, and the
//! learner; the expert says what it would have done at every step, whoever acted; all that was ever labelled is cloned,
//! as in [`crate::behavioral_cloning`]. So the learner is trained on what it will see itself, and the error of a step
//! costs T over an episode of T steps where that of plain cloning may cost T².
//!
//! # Details
//! A round begins new episodes and plays until it has enough of them and enough steps; episodes under way are then
//! played to their ends, so that short ones are not preferred. Labels are the expert's at every step, β_0 = 1 lets the
//! expert play the first round alone. The learner acts by drawing from its distribution. Learning goes on from the
//! policy and the optimiser of the round before, for some epochs over the aggregate. The learning rate follows the share
//! of the environment steps that are taken.
//!
//! # Resuming
//! A saved training holds the aggregate and every random stream of its own, and resumes between rounds to the same bits,
//! if the expert's answers depend on the situation, its stream and its own memory of the episode alone.
//!
//! Logged quantities: `reward_return`, `intent_return` and `episode_length` of the mixture's episodes, `expert_share`
//! (β), `policy_loss` and `entropy` of the last epoch; see [`rl::Iteration`].

use std::sync::Arc;
use std::time::Instant;

use mdp::{Rng, Seed, Trajectories, uniform};
use nn::Pool;
use rl::{
    Actor, Arrays, BatchPolicy as _, Error, Iteration, Learner, NetworkPolicy, Observer, Play,
    Profile, StepBatch, TrainEvent, TrainedPolicy, VectorEnvironment, train_to,
};

mod config;
mod expert;
#[cfg(test)]
mod tests;

pub use config::{Beta, Config, PRESETS};
pub use expert::{Expert, ScriptedExpert, Situations, StateExpert};

use crate::behavioral_cloning::{Cloner, Samples, check_demonstrations};

/// Trains a policy for `config.steps` steps, each of which the expert labels.
///
/// # Errors
/// If a setting is impossible, the actions fit no head, the demonstrations are of another environment, or the weights
/// diverge.
pub fn train(
    config: Config,
    expert: Box<dyn Expert>,
    demonstrations: Option<&Trajectories>,
    environment: Box<dyn VectorEnvironment>,
    seed: Seed,
    pool: Arc<Pool>,
    observer: &mut dyn Observer,
) -> Result<NetworkPolicy, Error> {
    let n_steps = config.steps;
    let mut trainer = Trainer::new(config, expert, demonstrations, environment, seed, pool)?;
    train_to(&mut trainer, n_steps, observer)?;
    Ok(trainer.cloner.policy().clone())
}

/// A training in progress.
pub struct Trainer {
    config: Config,
    expert: Box<dyn Expert>,
    environment: Box<dyn VectorEnvironment>,
    pool: Arc<Pool>,
    cloner: Cloner,
    n_steps: u64,
    n_rounds: u64,
    streams: Streams,
    profile: Profile,
}

/// A random stream an environment for each thing that is drawn.
struct Streams {
    learner: Vec<Rng>,
    expert: Vec<Rng>,
    who_acts: Vec<Rng>,
}

impl Streams {
    fn new(seed: Seed, n: usize) -> Streams {
        let streams = |label| (0..n as u64).map(|i| seed.stream(label, i)).collect();
        Streams {
            learner: streams("actions"),
            expert: streams("expert"),
            who_acts: streams("who-acts"),
        }
    }
}

impl Trainer {
    /// Prepares a training. `demonstrations`, if any, are in the aggregate from the start.
    ///
    /// # Errors
    /// If a setting is impossible, the actions fit no head, or the demonstrations are of another environment.
    pub fn new(
        config: Config,
        expert: Box<dyn Expert>,
        demonstrations: Option<&Trajectories>,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Trainer, Error> {
        config.check()?;
        let n = environment.n_environments();
        let space = environment.action_space();
        let shared = Arc::clone(&pool);
        let mut cloner = Cloner::new(
            &config.cloning,
            environment.n_features(),
            &space,
            seed,
            shared,
        )?;
        if let Some(demonstrations) = demonstrations {
            check_demonstrations(demonstrations, environment.as_ref())?;
            cloner.add(&Samples::of(demonstrations));
        }
        Ok(Trainer {
            config,
            expert,
            environment,
            pool,
            cloner,
            n_steps: 0,
            n_rounds: 0,
            streams: Streams::new(seed, n),
            profile: Profile::default(),
        })
    }

    /// Plays a round, labelled; the learner acts where the expert does not.
    fn collect(&mut self, beta: f64) -> Collected {
        let n = self.environment.n_environments();
        let n_features = self.environment.n_features();
        let width = self.environment.action_space().n_values();
        let mut collected = Collected::new(n, Samples::new(n_features, width));
        let mut batch = StepBatch::for_environment(self.environment.as_ref());
        let mut actor = Actor::new(self.cloner.policy(), Play::Sampled, n);
        let (mut labels, mut actions) = (vec![0.0; n * width], vec![0.0; n * width]);
        let mut states = Vec::new();
        self.environment.begin(&mut batch.observations);
        (0..n).for_each(|index| self.expert.begin(index));
        while collected.is_playing.contains(&true) {
            states.clear();
            (0..n).for_each(|index| self.environment.state(index, &mut states));
            let situations = Situations::new(&batch.observations, &states, n);
            self.expert.label(
                situations,
                &mut self.streams.expert,
                &mut labels,
                &self.pool,
            );
            actor.act(
                &batch.observations,
                &mut self.streams.learner,
                &mut actions,
                &self.pool,
            );
            let choices = actions.chunks_exact_mut(width);
            for ((rng, action), label) in self
                .streams
                .who_acts
                .iter_mut()
                .zip(choices)
                .zip(labels.chunks_exact(width))
            {
                if uniform(rng) < beta {
                    action.copy_from_slice(label);
                }
            }
            collected.push_labels(&batch.observations, &labels);
            self.environment.step(&actions, &mut batch, &self.pool);
            collected.push_outcomes(&batch, &self.config);
            for index in (0..n).filter(|index| batch.ended[*index]) {
                self.expert.begin(index);
                actor.begin_episode(index);
            }
            self.environment.renew(&mut batch);
        }
        collected
    }

    /// The epochs of a round; the log of the last one.
    fn learn(&mut self, iteration: &mut Iteration) -> Result<(), Error> {
        let progress = self.progress();
        for _ in 0..self.config.cloning.epochs {
            let sums = self.cloner.epoch(progress..progress)?;
            iteration.policy_loss = Some(sums.loss());
            iteration.entropy = Some(sums.entropy());
        }
        iteration.learning_rate = self.config.cloning.learning_rate.at(progress) as f32;
        Ok(())
    }

    fn progress(&self) -> f64 {
        (self.n_steps as f64 / self.config.steps as f64).min(1.0)
    }
}

/// What a round gave.
struct Collected {
    samples: Samples,
    is_playing: Vec<bool>,
    sums: Vec<Sums>,
    ended: Vec<Sums>,
    has_intent: bool,
}

/// An episode so far.
#[derive(Clone, Copy, Default)]
struct Sums {
    reward: f64,
    intent: f64,
    n_steps: u32,
}

impl Collected {
    fn new(n: usize, samples: Samples) -> Collected {
        Collected {
            samples,
            is_playing: vec![true; n],
            sums: vec![Sums::default(); n],
            ended: vec![],
            has_intent: false,
        }
    }

    /// Keeps what the expert says of the environments that still count.
    fn push_labels(&mut self, observations: &[f32], labels: &[f32]) {
        let n = self.is_playing.len();
        let (n_features, width) = (observations.len() / n, labels.len() / n);
        for index in (0..n).filter(|index| self.is_playing[*index]) {
            self.samples.push(
                &observations[index * n_features..][..n_features],
                &labels[index * width..][..width],
            );
        }
    }

    /// Counts the steps, and lets environments whose episodes ended stop once there is enough.
    fn push_outcomes(&mut self, batch: &StepBatch, config: &Config) {
        self.has_intent = batch.has_intent;
        for index in 0..self.is_playing.len() {
            if !self.is_playing[index] {
                continue;
            }
            let sums = &mut self.sums[index];
            sums.reward += batch.rewards[index];
            sums.intent += batch.intents[index];
            sums.n_steps += 1;
            if batch.ended[index] {
                self.ended.push(std::mem::take(sums));
                let is_enough = self.ended.len() >= config.min_episodes
                    && self.samples.len() >= config.min_steps;
                self.is_playing[index] = !is_enough;
            }
        }
    }

    fn report(&self, iteration: &mut Iteration) {
        let n = self.ended.len() as f64;
        let mean = |of: fn(&Sums) -> f64| Some(self.ended.iter().map(of).sum::<f64>() / n);
        iteration.reward_return = mean(|sums| sums.reward);
        iteration.intent_return = mean(|sums| sums.intent).filter(|_| self.has_intent);
        iteration.episode_length = mean(|sums| f64::from(sums.n_steps));
    }
}

impl Learner for Trainer {
    fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// One round.
    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let beta = self.config.beta.at(self.n_rounds);
        let began = Instant::now();
        let collected = self.collect(beta);
        let labelled = Instant::now();
        let mut iteration = Iteration {
            expert_share: Some(beta),
            ..Iteration::default()
        };
        collected.report(&mut iteration);
        self.cloner.add(&collected.samples);
        self.learn(&mut iteration)?;
        self.n_steps += collected.samples.len() as u64;
        self.n_rounds += 1;
        self.profile.collect += (labelled - began).as_secs_f64();
        self.profile.update += labelled.elapsed().as_secs_f64();
        iteration.n_steps = self.n_steps;
        observer.on_event(&TrainEvent::Iteration(iteration));
        Ok(())
    }

    fn policy(&self) -> Box<dyn TrainedPolicy> {
        Box::new(self.cloner.policy().clone())
    }

    fn environment(&self) -> &dyn VectorEnvironment {
        self.environment.as_ref()
    }

    fn profile(&self) -> Profile {
        self.profile
    }

    fn save(&self) -> Vec<u8> {
        let mut arrays = Arrays::default();
        arrays.put_u64("n_steps", [self.n_steps, self.n_rounds]);
        arrays.put_f32("samples.observations", self.cloner.samples().observations());
        arrays.put_f32("samples.actions", self.cloner.samples().actions());
        self.cloner.save(&mut arrays);
        arrays.put_rngs("actions", &self.streams.learner);
        arrays.put_rngs("expert", &self.streams.expert);
        arrays.put_rngs("who_acts", &self.streams.who_acts);
        arrays.put_f64("profile", [self.profile.collect, self.profile.update]);
        arrays.put_environment(&self.environment.save());
        arrays.to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut arrays = Arrays::from_bytes(bytes)?;
        let n = self.environment.n_environments();
        let counts = arrays.take_u64_of("n_steps", 2)?;
        let observations = arrays.take_f32("samples.observations")?;
        let actions = arrays.take_f32("samples.actions")?;
        let n_features = self.environment.n_features();
        let space = self.environment.action_space();
        if observations.len() * space.n_values() != actions.len() * n_features
            || !actions.len().is_multiple_of(space.n_values())
            || !actions
                .chunks_exact(space.n_values())
                .all(|action| space.contains(action))
        {
            return Err(Error::Saved(
                "the samples are of other environments".to_owned(),
            ));
        }
        let streams = Streams {
            learner: arrays.take_rngs_of("actions", n)?,
            expert: arrays.take_rngs_of("expert", n)?,
            who_acts: arrays.take_rngs_of("who_acts", n)?,
        };
        let profile = arrays.take_f64_of("profile", 2)?;
        self.environment.restore(&arrays.take_environment()?)?;
        let mut samples = Samples::new(n_features, space.n_values());
        samples.push(&observations, &actions);
        self.cloner.set_samples(samples);
        self.cloner.restore(&mut arrays)?;
        self.streams = streams;
        self.profile = Profile {
            collect: profile[0],
            update: profile[1],
        };
        (self.n_steps, self.n_rounds) = (counts[0], counts[1]);
        Ok(())
    }
}
