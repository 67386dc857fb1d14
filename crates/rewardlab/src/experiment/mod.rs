//! Experiments: TOML files, checked whole, and resolved until nothing is left to a default.

mod annotator;
mod read;
mod shipped;
mod source;
mod write;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use shipped::{ShippedExperiment, shipped};
pub use source::{Place, Problem};

use crate::Error;
use crate::demonstrated::RewardOf;
use crate::optimizer::Algorithm;
use crate::registry;
use crate::settings::{Setting, Value, nearest};
use source::Source;

/// Values by key, each checked against its [`Setting`], in the order of the table of settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values {
    values: Vec<(&'static str, Value)>,
}

impl Values {
    /// Sets a value.
    pub fn insert(&mut self, key: &'static str, value: Value) {
        match self.values.iter_mut().find(|(known, _)| *known == key) {
            Some((_, old)) => *old = value,
            None => self.values.push((key, value)),
        }
    }

    /// Leaves only the keys that `is_kept` says.
    pub fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.values.retain(|(key, _)| is_kept(key));
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.values
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// All values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.values.iter().map(|(key, value)| (*key, value))
    }

    /// A whole number.
    ///
    /// # Panics
    /// If the key's setting is none, which only our own tables can cause.
    #[must_use]
    pub fn count(&self, key: &str) -> u64 {
        self.expect(key, Value::as_count)
    }

    /// A number.
    ///
    /// # Panics
    /// If the key's setting is none.
    #[must_use]
    pub fn number(&self, key: &str) -> f64 {
        self.expect(key, Value::as_number)
    }

    /// A flag.
    ///
    /// # Panics
    /// If the key's setting is none.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.expect(key, Value::as_flag)
    }

    /// A text, where there is one.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Value::as_text)
    }

    fn expect<T>(&self, key: &str, read: fn(&Value) -> Option<T>) -> T {
        self.get(key)
            .and_then(read)
            .unwrap_or_else(|| panic!("the table of settings has no {key} of this kind"))
    }
}

/// An environment and its settings.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentChoice {
    /// Its name in the registry.
    pub name: &'static str,
    /// Its settings, all of them.
    pub settings: Values,
}

/// A file that an experiment reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// The path as it stands in the experiment.
    pub written: String,
    /// Where the file is.
    pub path: PathBuf,
}

/// How a reward is inferred from demonstrations: by maximum causal entropy (Ziebart, Bagnell and Dey, 2010).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RewardInference {
    /// What it may pay for.
    pub of: RewardOf,
}

impl RewardInference {
    /// The method's name in experiments.
    pub const NAME: &'static str = "maximum-causal-entropy";
}

/// A learned reward that is paid in place of the environment's own: one of the two is there at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardChoice {
    /// Its file; where the reward is inferred, the file that holds what was inferred.
    pub file: Option<InputFile>,
    /// How it is inferred, where it is.
    pub infer: Option<RewardInference>,
}

/// Who demonstrates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demonstrator {
    /// Whoever was recorded in a file.
    File {
        /// The file.
        file: InputFile,
        /// The scripted policy that can be asked beside it, where one is named.
        expert: Option<String>,
    },
    /// A scripted policy of the environment.
    Policy {
        /// Its name.
        policy: String,
        /// Settings of the environment that are others while it demonstrates, as `key=value`.
        with: Vec<String>,
    },
}

/// Demonstrations that an experiment learns from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemonstrationChoice {
    /// Who demonstrates.
    pub demonstrator: Demonstrator,
    /// Episodes that are demonstrated, or the most that are read.
    pub episodes: u64,
}

impl DemonstrationChoice {
    /// The scripted policy that can be asked.
    #[must_use]
    pub fn expert(&self) -> Option<&str> {
        match &self.demonstrator {
            Demonstrator::File { expert, .. } => expert.as_deref(),
            Demonstrator::Policy { policy, .. } => Some(policy),
        }
    }
}

/// Who compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotatorKind {
    /// Simulated annotators.
    Simulated,
    /// People, on a page in the browser.
    Human,
}

impl AnnotatorKind {
    /// The names of both.
    pub const NAMES: &'static [&'static str] = &["simulated", "human"];

    /// Its name in experiments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AnnotatorKind::Simulated => "simulated",
            AnnotatorKind::Human => "human",
        }
    }

    fn named(name: &str) -> AnnotatorKind {
        match name {
            "human" => AnnotatorKind::Human,
            _ => AnnotatorKind::Simulated,
        }
    }
}

/// Who compares, and with which errors.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotatorChoice {
    /// People or simulated ones.
    pub kind: AnnotatorKind,
    /// What a simulated annotator goes by.
    pub judge: String,
    /// What looks good to it, where that counts.
    pub appearance_judge: Option<String>,
    /// What people are told.
    pub instructions: Option<String>,
    /// Where answers are kept, where that is not the run's folder.
    pub store: Option<String>,
    /// The named, cited preset that the errors began from.
    pub preset: &'static str,
    /// Every error of [`feedback::AnnotatorConfig`] that an experiment can set.
    pub settings: Values,
}

impl AnnotatorChoice {
    /// The judge where none is named: whoever knows the intent.
    pub const ORACLE: &'static str = "intent";
}

/// An algorithm and its hyperparameters.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerChoice {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The named, cited preset that the hyperparameters began from.
    pub preset: &'static str,
    /// Every hyperparameter.
    pub settings: Values,
}

/// Which reward reports and verdicts call the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// What the environment pays, by itself or by a reward that was learned before.
    Environment,
    /// What the reward that is learned beside the policy pays, as it is at the end, for every policy of the run.
    Learned,
}

impl Proxy {
    /// The names of both.
    pub const NAMES: &'static [&'static str] = &["environment", "learned"];

    /// Its name in experiments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Proxy::Environment => "environment",
            Proxy::Learned => "learned",
        }
    }
}

/// What is recorded for the audit, and how strict it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AuditPlan {
    /// Policies that are evaluated and kept, the untrained one included.
    pub checkpoints: u64,
    /// Evaluation episodes a checkpoint.
    pub episodes: u64,
    /// The chance, at most, that a statement is wrong.
    pub error_rate: f64,
    /// How much counts, as a share of the spread.
    pub margin: f64,
    /// Which reward is the proxy.
    pub proxy: Proxy,
}

/// Who wrote a resolved experiment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenBy {
    /// Version of rewardlab.
    pub version: Option<String>,
    /// Vector instructions on which the numbers were made.
    pub instruction_set: Option<String>,
}

/// A checked experiment, complete: nothing in it is left to a default.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// What it shows, in a sentence; may be empty.
    pub description: String,
    /// The environment, which carries the reward and the intent.
    pub environment: EnvironmentChoice,
    /// The learned reward that is paid in place of the environment's own, where there is one.
    pub reward: Option<RewardChoice>,
    /// Demonstrations that are learned from, where there are any.
    pub demonstrations: Option<DemonstrationChoice>,
    /// Who compares, where somebody is asked.
    pub annotator: Option<AnnotatorChoice>,
    /// The optimiser.
    pub optimizer: OptimizerChoice,
    /// The scripted policy that its designers would accept.
    pub reference: Option<String>,
    /// The audit.
    pub audit: AuditPlan,
    /// Greedy episodes of the final policy.
    pub greedy_episodes: u64,
    /// Greedy episodes beside each checkpoint.
    pub greedy_episodes_per_checkpoint: u64,
    /// Episodes of the reference policy.
    pub reference_episodes: u64,
    /// The seed from which every random stream is derived.
    pub seed: u64,
    /// Who wrote the file, where it is a resolved experiment.
    pub written_by: WrittenBy,
}

impl Experiment {
    /// Loads an experiment by the name of one that is shipped, or by the path of a TOML file, with
    /// `section.key=value` overrides on top.
    ///
    /// # Errors
    /// [`Error::UnknownExperiment`], [`Error::Io`], or [`Error::Experiment`] with every problem at once.
    pub fn load(name_or_path: &str, overrides: &[String]) -> Result<Experiment, Error> {
        let path = Path::new(name_or_path);
        let is_path = name_or_path.contains(['/', '\\'])
            || path
                .extension()
                .is_some_and(|extension| extension == "toml");
        if is_path {
            let text = std::fs::read_to_string(path).map_err(|source| Error::Io {
                path: path.to_owned(),
                doing: "read the experiment",
                source,
            })?;
            let stem = path
                .file_stem()
                .map_or("experiment".into(), |stem| stem.to_string_lossy());
            return Experiment::parse(&stem, name_or_path, &text, overrides);
        }
        match shipped()
            .iter()
            .find(|experiment| experiment.name == name_or_path)
        {
            Some(experiment) => experiment.parse(overrides),
            None => Err(Error::UnknownExperiment {
                name: name_or_path.to_owned(),
                nearest: nearest(
                    name_or_path,
                    shipped().iter().map(|experiment| experiment.name),
                ),
            }),
        }
    }

    /// Checks the text of an experiment. `file` is what messages call it.
    ///
    /// # Errors
    /// [`Error::Experiment`] with every problem at once, in the order of the file.
    pub fn parse(
        name: &str,
        file: &str,
        text: &str,
        overrides: &[String],
    ) -> Result<Experiment, Error> {
        let mut source = Source::parse(file, text);
        let readable = source.problems.is_empty();
        source.set(overrides);
        let experiment = if readable {
            read::read(&mut source, name)
        } else {
            None
        };
        let mut problems = source.problems;
        problems.sort();
        problems.dedup();
        match experiment {
            Some(experiment) if problems.is_empty() => Ok(experiment),
            _ => Err(Error::Experiment(problems)),
        }
    }

    /// The environment, ready to be played, paid by the learned reward where the experiment names the file of one.
    ///
    /// # Errors
    /// If the file cannot be read or does not fit the environment.
    pub fn task(&self) -> Result<Box<dyn registry::Task>, Error> {
        let task = self.own_task()?;
        match self.reward.as_ref().and_then(|reward| reward.file.as_ref()) {
            Some(file) => crate::learned::paid_by(task, &file.path),
            None => Ok(task),
        }
    }

    /// The environment in which a scripted policy demonstrates: the experiment's own, some settings being others.
    ///
    /// # Errors
    /// If the settings do not fit together.
    pub(crate) fn demonstrated_task(
        &self,
        with: &[String],
    ) -> Result<Box<dyn registry::Task>, Error> {
        let own = self.environment.settings.iter();
        let own = own.map(|(key, value)| format!("environment.{key}={}", value.to_toml()));
        let others = with.iter().map(|set| format!("environment.{set}"));
        let set: Vec<String> = own.chain(others).collect();
        let (entry, values) = environment_with(self.environment.name, &set)?;
        entry.make(&values).map_err(Error::Environment)
    }

    /// The environment with its own reward, ready to be played.
    ///
    /// # Errors
    /// If the settings do not fit together; [`Experiment::load`] has checked that they do.
    pub fn own_task(&self) -> Result<Box<dyn registry::Task>, Error> {
        registry::find(self.environment.name)
            .expect("a checked experiment names a registered environment")
            .make(&self.environment.settings)
            .map_err(Error::Environment)
    }
}

/// An environment by name, its settings overridden by `environment.key=value` arguments.
///
/// # Errors
/// [`Error::Experiment`] with every problem at once.
pub(crate) fn environment_with(
    name: &str,
    overrides: &[String],
) -> Result<(&'static registry::EnvironmentEntry, Values), Error> {
    let Some(entry) = registry::find(name) else {
        return Err(Error::UnknownEnvironment {
            name: name.to_owned(),
            nearest: nearest(name, registry::entries().iter().map(|entry| entry.name)),
        });
    };
    let mut source = Source::parse(name, "");
    source.set(overrides);
    let values = read::environment_settings(&mut source, entry);
    if source.problems.is_empty() {
        Ok((entry, values))
    } else {
        Err(Error::Experiment(source.problems))
    }
}

/// The keys of a section that every experiment has, for documents: `audit`, `evaluation`, `run`, or the empty name for keys outside sections.
#[must_use]
pub fn common_settings(section: &str) -> &'static [Setting] {
    match section {
        "" => read::TOP,
        "reward" => read::REWARD,
        "demonstrations" => read::DEMONSTRATIONS,
        "annotator" => annotator::documented(),
        "audit" => read::AUDIT,
        "evaluation" => read::EVALUATION,
        "run" => read::RUN,
        _ => &[],
    }
}
