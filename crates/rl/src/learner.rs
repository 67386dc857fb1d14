//! What every algorithm offers to whoever runs it.

use crate::{Error, LearnedReward, Observer, TrainedPolicy, VectorEnvironment};

/// Where the time of a training went, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Profile {
    /// Acting and stepping environments.
    pub collect: f64,
    /// Learning from what was collected.
    pub update: f64,
}

/// Answers of people that a training cannot go on without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Questions answered so far.
    pub n_answered: usize,
    /// Questions that must be answered before it goes on.
    pub n_needed: usize,
}

/// A training in progress.
pub trait Learner {
    /// Environment steps taken so far; for those that take none, transitions learned from.
    fn n_steps(&self) -> u64;

    /// What it waits for at present, having looked for news; none where [`Learner::iterate`] can go on. While it waits,
    /// `iterate` does nothing, so that whoever runs it decides how to spend the time.
    ///
    /// # Errors
    /// If nobody can be reached who could say.
    fn poll(&mut self) -> Result<Option<Waiting>, Error> {
        Ok(None)
    }

    /// One round of collecting and learning.
    ///
    /// # Errors
    /// If the weights diverge.
    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error>;

    /// The policy as it is now.
    fn policy(&self) -> Box<dyn TrainedPolicy>;

    /// The reward that it learned beside the policy, as it is now; none where it learns no reward.
    fn learned_reward(&self) -> Option<LearnedReward> {
        None
    }

    /// The environments that it trains in; fresh ones of the same rules serve evaluation.
    fn environment(&self) -> &dyn VectorEnvironment;

    /// Where the time went so far.
    fn profile(&self) -> Profile;

    /// Everything that it needs to go on to the same bits.
    fn save(&self) -> Vec<u8>;

    /// Goes back to a saved state.
    ///
    /// # Errors
    /// If the bytes are damaged or belong to another training.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

/// A named group of settings and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Preset<C> {
    /// Name in experiments.
    pub name: &'static str,
    /// Source.
    pub source: &'static str,
    /// The settings.
    pub config: fn() -> C,
}

/// The settings of the preset of that name.
#[must_use]
pub fn settings_named<C>(presets: &[Preset<C>], name: &str) -> Option<C> {
    let preset = presets.iter().find(|preset| preset.name == name)?;
    Some((preset.config)())
}

/// Iterates until `n_steps` steps are taken.
///
/// # Errors
/// If the weights diverge.
pub fn train_to(
    learner: &mut dyn Learner,
    n_steps: u64,
    observer: &mut dyn Observer,
) -> Result<(), Error> {
    while learner.n_steps() < n_steps {
        learner.iterate(observer)?;
    }
    Ok(())
}
