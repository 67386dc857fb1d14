//! Behavioural cloning (Pomerleau, 1988): do what the expert did, as a matter of likelihood.
//!
//! Minimises, over minibatches of what was demonstrated,
//!
//! `-E[log π(a|o)] - w_e E[H(π(·|o))] + w_2 ½ Σ θ²`.
//!
//! # Details
//! Every step of every episode is one sample; the order of episodes and their rewards do not count. Discrete actions
//! go through a softmax, several choices through several, continuous ones are normal with a deviation for each number
//! that is learned and does not depend on the observation. It has a floor where the settings say so: the likelihood of
//! a deterministic expert has no maximum. Samples are shuffled once an epoch; the last minibatch of an epoch is what is
//! left, its loss a mean like the others'. Observations are normalised by the mean and deviation of the demonstrations
//! where the settings say so. With a [`Validation`] whole episodes are held back, and the policy is the one under which
//! they were most likely.
//!
//! Its weakness is that nothing tells it what to do where the expert never was: see [`crate::covariate_shift`] for how
//! far that goes, and [`crate::dagger`] for the remedy.
//!
//! Logged quantities: `policy_loss` (all of the above), `entropy`, `validation_loss` (`-E[log π]` of what was held
//! back), see [`rl::Iteration`].

use std::sync::Arc;
use std::time::Instant;

use mdp::{Seed, Trajectories};
use nn::Pool;
use rl::{
    Arrays, Error, Iteration, Learner, NetworkPolicy, Observer, Profile, TrainEvent, TrainedPolicy,
    VectorEnvironment,
};

mod cloner;
mod config;
#[cfg(test)]
mod tests;

pub(crate) use cloner::Cloner;
pub use cloner::Samples;
pub use config::{Config, PRESETS, Validation};

pub(crate) use config::setting;

/// Clones the policy that `demonstrations` are of. No environment is needed, and none is stepped.
///
/// # Errors
/// If a setting is impossible, there is nothing to learn from, the actions fit no head, or the weights diverge.
pub fn train(
    config: Config,
    demonstrations: &Trajectories,
    seed: Seed,
    pool: Arc<Pool>,
    observer: &mut dyn Observer,
) -> Result<NetworkPolicy, Error> {
    let mut cloning = Cloning::new(config, demonstrations, seed, pool)?;
    while cloning.n_seen < cloning.n_planned() {
        cloning.iterate(observer)?;
    }
    Ok(cloning.policy())
}

/// A training in progress, with environments for whoever evaluates it.
///
/// [`Learner::n_steps`] counts the transitions that were passed over, [`Trainer::n_planned`] of them in all. Once the
/// validation loss has called a halt, further rounds pass over the data and learn nothing.
pub struct Trainer {
    cloning: Cloning,
    environment: Box<dyn VectorEnvironment>,
}

impl Trainer {
    /// Prepares a training. The environments are not stepped; fresh ones of the same rules serve evaluation.
    ///
    /// # Errors
    /// If a setting is impossible, there is nothing to learn from, the actions fit no head, or the demonstrations are of
    /// another environment.
    pub fn new(
        config: Config,
        demonstrations: &Trajectories,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Trainer, Error> {
        check_demonstrations(demonstrations, environment.as_ref())?;
        Ok(Trainer {
            cloning: Cloning::new(config, demonstrations, seed, pool)?,
            environment,
        })
    }

    /// Transitions that the training passes over in all: the epochs times the samples that are learned from.
    #[must_use]
    pub fn n_planned(&self) -> u64 {
        self.cloning.n_planned()
    }
}

/// Refuses demonstrations that are not of these environments.
///
/// # Errors
/// If observations or actions are of other spaces.
pub(crate) fn check_demonstrations(
    demonstrations: &Trajectories,
    environment: &dyn VectorEnvironment,
) -> Result<(), Error> {
    let n_features = rl::n_features(demonstrations.observation_space());
    if n_features != environment.n_features() {
        return Err(setting(
            "demonstrations",
            format!("a record of {n_features} features an observation"),
            "they must be of the environment that is learned in",
        ));
    }
    if *demonstrations.action_space() != environment.action_space() {
        return Err(setting(
            "demonstrations",
            format!("a record of {} an action", demonstrations.action_space()),
            "they must be of the environment that is learned in",
        ));
    }
    Ok(())
}

/// What is learned from, how far it went, and the best policy so far where there is a validation.
struct Cloning {
    cloner: Cloner,
    config: Config,
    held_back: Samples,
    best: Option<Best>,
    n_seen: u64,
    profile: Profile,
}

/// The parameters under which what was held back was most likely.
#[derive(Clone)]
struct Best {
    loss: f64,
    parameters: Vec<f32>,
    /// Epochs since.
    age: usize,
}

impl Cloning {
    fn new(
        config: Config,
        demonstrations: &Trajectories,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Cloning, Error> {
        config.check()?;
        let n_features = rl::n_features(demonstrations.observation_space());
        let space = demonstrations.action_space();
        let (learned, held_back) = match &config.validation {
            None => (Samples::of(demonstrations), Samples::empty(demonstrations)),
            Some(validation) => split(demonstrations, validation, seed)?,
        };
        if learned.is_empty() {
            return Err(setting(
                "demonstrations",
                "a record without a step",
                "give at least one episode with at least one step",
            ));
        }
        let mut cloner = Cloner::new(&config, n_features, space, seed, pool)?;
        cloner.add(&learned);
        Ok(Cloning {
            cloner,
            config,
            held_back,
            best: None,
            n_seen: 0,
            profile: Profile::default(),
        })
    }

    fn n_planned(&self) -> u64 {
        (self.config.epochs * self.cloner.n_samples()) as u64
    }

    fn has_stopped(&self) -> bool {
        match (&self.config.validation, &self.best) {
            (Some(validation), Some(best)) => best.age >= validation.patience,
            _ => false,
        }
    }

    /// One epoch.
    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let n_planned = self.n_planned() as f64;
        let at = |n_seen: u64| (n_seen as f64 / n_planned).min(1.0);
        let n_after = self.n_seen + self.cloner.n_samples() as u64;
        let mut iteration = Iteration::default();
        if !self.has_stopped() {
            let began = Instant::now();
            let sums = self.cloner.epoch(at(self.n_seen)..at(n_after))?;
            iteration.policy_loss = Some(sums.loss());
            iteration.entropy = Some(sums.entropy());
            iteration.validation_loss = self.validate();
            self.profile.update += began.elapsed().as_secs_f64();
        }
        iteration.learning_rate = self.config.learning_rate.at(at(self.n_seen)) as f32;
        self.n_seen = n_after;
        iteration.n_steps = self.n_seen;
        observer.on_event(&TrainEvent::Iteration(iteration));
        Ok(())
    }

    /// The loss of what was held back; keeps the parameters where it is the least so far.
    fn validate(&mut self) -> Option<f64> {
        if self.held_back.is_empty() {
            return None;
        }
        let loss = self.cloner.loss_of(&self.held_back);
        match &mut self.best {
            Some(best) if best.loss <= loss => best.age += 1,
            best => {
                *best = Some(Best {
                    loss,
                    parameters: self.cloner.policy().parameters().to_vec(),
                    age: 0,
                });
            }
        }
        Some(loss)
    }

    fn policy(&self) -> NetworkPolicy {
        let mut policy = self.cloner.policy().clone();
        if let Some(best) = &self.best {
            policy.parameters_mut().copy_from_slice(&best.parameters);
        }
        policy
    }

    fn save(&self) -> Arrays {
        let mut arrays = Arrays::default();
        arrays.put_u64("n_steps", [self.n_seen]);
        self.cloner.save(&mut arrays);
        let best = self.best.as_slice();
        let parameters: Vec<f32> = best.iter().flat_map(|b| b.parameters.clone()).collect();
        arrays.put_f32("best.parameters", parameters);
        let losses: Vec<f64> = best.iter().map(|best| best.loss).collect();
        arrays.put_f64("best.loss", losses);
        let ages: Vec<u64> = best.iter().map(|best| best.age as u64).collect();
        arrays.put_u64("best.age", ages);
        arrays.put_f64("profile", [self.profile.collect, self.profile.update]);
        arrays
    }

    fn restore(&mut self, mut arrays: Arrays) -> Result<(), Error> {
        let n_seen = arrays.take_u64_of("n_steps", 1)?[0];
        let losses = arrays.take_f64("best.loss")?;
        let n_best = losses.len().min(1);
        let n_parameters = self.cloner.policy().n_parameters();
        let parameters = arrays.take_f32_of("best.parameters", n_best * n_parameters)?;
        let ages = arrays.take_u64_of("best.age", n_best)?;
        let profile = arrays.take_f64_of("profile", 2)?;
        self.cloner.restore(&mut arrays)?;
        self.best = losses.first().map(|loss| Best {
            loss: *loss,
            parameters,
            age: ages[0] as usize,
        });
        self.profile = Profile {
            collect: profile[0],
            update: profile[1],
        };
        self.n_seen = n_seen;
        Ok(())
    }
}

/// Whole episodes to learn from and to hold back, drawn by the seed.
fn split(
    demonstrations: &Trajectories,
    validation: &Validation,
    seed: Seed,
) -> Result<(Samples, Samples), Error> {
    let n = demonstrations.n_episodes();
    let n_held_back = ((n as f64 * validation.share).round() as usize).max(1);
    if n_held_back >= n {
        return Err(setting(
            "validation",
            format!("{} of {n} episodes", validation.share),
            "give more episodes, or no validation: some must be left to learn from",
        ));
    }
    let mut episodes: Vec<usize> = (0..n).collect();
    let mut rng = seed.stream("validation", 0);
    for i in (1..n).rev() {
        episodes.swap(i, mdp::index(i + 1, &mut rng));
    }
    let (held_back, learned) = episodes.split_at_mut(n_held_back);
    held_back.sort_unstable();
    learned.sort_unstable();
    Ok((
        Samples::of_episodes(demonstrations, learned),
        Samples::of_episodes(demonstrations, held_back),
    ))
}

impl Learner for Trainer {
    fn n_steps(&self) -> u64 {
        self.cloning.n_seen
    }

    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        self.cloning.iterate(observer)
    }

    fn policy(&self) -> Box<dyn TrainedPolicy> {
        Box::new(self.cloning.policy())
    }

    fn environment(&self) -> &dyn VectorEnvironment {
        self.environment.as_ref()
    }

    fn profile(&self) -> Profile {
        self.cloning.profile
    }

    fn save(&self) -> Vec<u8> {
        self.cloning.save().to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.cloning.restore(Arrays::from_bytes(bytes)?)
    }
}
