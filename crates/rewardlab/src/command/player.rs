//! Who plays an episode: a scripted policy, chance, or a policy that was trained.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use mdp::{Rng, Seed, Space};
use nn::Pool;
use rl::{Play, TrainedPolicy};

use crate::policy_file;
use crate::registry::{EnvironmentEntry, RecordedEpisode, Task};
use crate::run;

/// The largest checkpoint that is read.
const MOST_BYTES: u64 = 1 << 30;

/// Whoever `--policy` names.
pub(super) enum Player {
    /// A scripted policy of the environment.
    Scripted(String),
    /// Actions drawn from their space.
    Random(Space),
    /// A checkpoint.
    Trained(Box<dyn TrainedPolicy>, Play),
}

impl Player {
    /// The player of that name: a scripted policy, `random`, a checkpoint, or the folder of a run.
    pub(super) fn named(
        policy: &str,
        play: Play,
        entry: &EnvironmentEntry,
        task: &dyn Task,
    ) -> Result<Player> {
        if entry.policies.iter().any(|(name, _)| *name == policy) {
            return Ok(Player::Scripted(policy.to_owned()));
        }
        if policy == "random" {
            return Ok(Player::Random(task.action_space()));
        }
        let path = checkpoint(policy, entry)?;
        let bytes = run::read_bytes(&path, MOST_BYTES, "read the checkpoint")?;
        let in_file = || path.display().to_string();
        let policy = policy_file::read(&bytes).with_context(in_file)?;
        policy
            .check_fits(task.vectorized(1, Seed(0)).as_ref())
            .with_context(in_file)?;
        Ok(Player::Trained(policy, play))
    }

    /// Plays one episode.
    pub(super) fn play(
        &self,
        task: &dyn Task,
        max_steps: usize,
        rng: Rng,
    ) -> Result<RecordedEpisode> {
        match self {
            Player::Scripted(name) => task
                .play(name, max_steps, rng)
                .context("the registry names a policy that the environment lacks"),
            Player::Random(space) => {
                let mut next = |_: usize, _: &[f32], rng: &mut Rng| Some(space.sample(rng));
                Ok(task.play_with(&mut next, max_steps, rng))
            }
            Player::Trained(policy, play) => {
                let mut actor = policy.actor(*play, 1);
                let pool = Pool::new(1);
                let n_values = task.action_space().n_values();
                let mut next = |_: usize, features: &[f32], rng: &mut Rng| {
                    let mut action = vec![0.0; n_values];
                    actor.act(features, std::slice::from_mut(rng), &mut action, &pool);
                    Some(action)
                };
                Ok(task.play_with(&mut next, max_steps, rng))
            }
        }
    }
}

/// The file that `--policy` names.
fn checkpoint(policy: &str, entry: &EnvironmentEntry) -> Result<PathBuf> {
    let path = Path::new(policy);
    if path.join("experiment.toml").is_file() {
        return Ok(path.join(run::FINAL_POLICY));
    }
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let mut known: Vec<&str> = entry.policies.iter().map(|(name, _)| *name).collect();
    if !known.contains(&"random") {
        known.push("random");
    }
    bail!(
        "there is no policy \"{policy}\": {} has {}, and no checkpoint or run of that path is there",
        entry.name,
        known.join(", ")
    )
}
