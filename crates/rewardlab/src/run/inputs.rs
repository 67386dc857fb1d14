//! What a run begins from beside its settings: demonstrations, and a learned reward. Copies go into the run's folder, so
//! that it can be resumed and looked at wherever the files went.

use std::path::{Path, PathBuf};

use demonstrations::{About, Demonstrations, Limits};
use mdp::{Seed, Trajectories};
use rl::LearnedReward;

use super::folder::RunFolder;
use crate::Error;
use crate::demonstrated;
use crate::experiment::{DemonstrationChoice, Demonstrator, Experiment, InputFile};
use crate::learned;
use crate::optimizer::Needs;
use crate::registry::Task;

/// The learned reward in the run's folder.
const REWARD: &str = "reward.safetensors";
/// The demonstrations in the run's folder.
const DEMONSTRATIONS: &str = "demonstrations.parquet";
/// Steps after which a demonstration is given up.
const MOST_STEPS: usize = 100_000;

/// What a run begins from.
pub(super) struct Inputs {
    /// The environment, paid by the learned reward where there is one.
    pub(super) task: Box<dyn Task>,
    /// Demonstrations, where the experiment has any.
    pub(super) demonstrations: Option<Trajectories>,
    reward: Option<LearnedReward>,
    /// Demonstrations that came from a file and are copied.
    from_file: Option<Demonstrations>,
}

impl Inputs {
    /// Reads, records and infers what the experiment asks for. Nothing is written.
    ///
    /// # Errors
    /// If a file cannot be read or does not fit the environment.
    pub(super) fn of(experiment: &Experiment) -> Result<Inputs, Error> {
        let own = experiment.own_task()?;
        let mut from_file = None;
        let demonstrations = match &experiment.demonstrations {
            None => None,
            Some(choice) => {
                let seed = Seed(experiment.seed).child("demonstrations", 0);
                let (trajectories, read) = demonstrated(experiment, choice, own.as_ref(), seed)?;
                from_file = read;
                let infers = (experiment.reward.as_ref())
                    .is_some_and(|reward| reward.infer.is_some() && reward.file.is_none());
                if infers || experiment.optimizer.algorithm.needs() == Needs::Demonstrations {
                    check_steps(choice, &trajectories)?;
                }
                Some(trajectories)
            }
        };
        let Some(choice) = &experiment.reward else {
            return Ok(Inputs {
                task: own,
                demonstrations,
                reward: None,
                from_file,
            });
        };
        let (task, reward) = match (&choice.file, choice.infer, &demonstrations) {
            (Some(file), ..) => (
                learned::paid_by(own, &file.path)?,
                learned::read(&file.path)?,
            ),
            (None, Some(method), Some(demonstrations)) => {
                let reward = learned::infer(method, own.as_ref(), demonstrations)?;
                (learned::paid(own, reward.clone())?, reward)
            }
            _ => unreachable!("a checked experiment has a file, or demonstrations to infer from"),
        };
        Ok(Inputs {
            task,
            demonstrations,
            reward: Some(reward),
            from_file,
        })
    }

    /// The experiment as it stands in the run's folder, its files beside it.
    pub(super) fn relocated(&self, experiment: &Experiment) -> Experiment {
        let beside = |name: &str| InputFile {
            written: name.to_owned(),
            path: PathBuf::from(name),
        };
        let mut experiment = experiment.clone();
        if let Some(reward) = &mut experiment.reward {
            reward.file = Some(beside(REWARD));
        }
        if let Some(choice) = &mut experiment.demonstrations
            && let Demonstrator::File { file, .. } = &mut choice.demonstrator
        {
            *file = beside(DEMONSTRATIONS);
        }
        experiment
    }

    /// Writes the copies.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub(super) fn write(&self, folder: &RunFolder) -> Result<(), Error> {
        if let Some(reward) = &self.reward {
            folder.write(REWARD, &reward.to_bytes())?;
        }
        if let Some(read) = &self.from_file {
            let path = folder.file(DEMONSTRATIONS);
            demonstrations::write(&path, demonstrations::Format::Parquet, read)?;
        }
        Ok(())
    }
}

/// The demonstrations, and the same with what their file said, where they came from one.
fn demonstrated(
    experiment: &Experiment,
    choice: &DemonstrationChoice,
    task: &dyn Task,
    seed: Seed,
) -> Result<(Trajectories, Option<Demonstrations>), Error> {
    let most = usize::try_from(choice.episodes).expect("the range was checked");
    match &choice.demonstrator {
        Demonstrator::File { file, .. } => {
            let mut read = demonstrations::read(&file.path, &Limits::GENEROUS)?;
            let name = experiment.environment.name;
            demonstrated::check_recorded_in(&read.about, name)
                .map_err(|problem| Error::file(&file.path, problem))?;
            check_fits(&file.path, &read.about, task)?;
            read.trajectories = in_spaces_of(task, &file.path, &read.trajectories, most)?;
            read.successes.truncate(read.trajectories.n_episodes());
            Ok((read.trajectories.clone(), Some(read)))
        }
        Demonstrator::Policy { policy, with } => {
            let task = experiment.demonstrated_task(with)?;
            let mut trajectories = Trajectories::new(task.observation_space(), task.action_space());
            for number in 0..most {
                let rng = seed.stream("demonstration", number as u64);
                let episode = task.play(policy, MOST_STEPS, rng);
                let episode =
                    episode.expect("a checked experiment names a policy of the environment");
                trajectories
                    .push_trajectory(&episode.trajectory)
                    .map_err(|error| {
                        Error::Environment(format!(
                            "demonstration {number} of the policy \"{policy}\": {error}"
                        ))
                    })?;
            }
            Ok((trajectories, None))
        }
    }
}

/// The first `most` demonstrations of a file as values of the environment's spaces: files of some formats know no bounds.
fn in_spaces_of(
    task: &dyn Task,
    path: &Path,
    read: &Trajectories,
    most: usize,
) -> Result<Trajectories, Error> {
    let mut own = Trajectories::new(task.observation_space(), task.action_space());
    for (number, episode) in read.episodes().take(most).enumerate() {
        own.push(episode)
            .map_err(|error| Error::file(path, format!("demonstration {number}: {error}")))?;
    }
    Ok(own)
}

/// Whoever learns from demonstrations needs a step at least.
fn check_steps(choice: &DemonstrationChoice, trajectories: &Trajectories) -> Result<(), Error> {
    if trajectories.n_steps() > 0 {
        return Ok(());
    }
    if choice.episodes == 0 {
        return Err(Error::Environment(
            "demonstrations.episodes = 0 leaves no step to learn from; set it to 1 or more".into(),
        ));
    }
    let problem = "there is no step to learn from; record some demonstrations";
    Err(match &choice.demonstrator {
        Demonstrator::File { file, .. } => Error::file(&file.path, problem),
        Demonstrator::Policy { policy, .. } => Error::Environment(format!(
            "demonstrations of the policy \"{policy}\": {problem}"
        )),
    })
}

/// Whether demonstrations are of this environment's observations and actions.
fn check_fits(path: &Path, about: &About, task: &dyn Task) -> Result<(), Error> {
    let pairs = [
        (
            "observations",
            &about.observation_space,
            task.observation_space(),
        ),
        ("actions", &about.action_space, task.action_space()),
    ];
    for (what, theirs, ours) in pairs {
        let is_same =
            theirs.n_values() == ours.n_values() && theirs.n_choices() == ours.n_choices();
        if !is_same {
            return Err(Error::file(
                path,
                format!(
                    "its {what} are {theirs}, the environment's are {ours}; name demonstrations of this environment"
                ),
            ));
        }
    }
    Ok(())
}
