//! The run itself: train, evaluate at evenly spaced pressures, and leave a folder that can be resumed at any moment.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mdp::Seed;
use nn::Pool;
use rl::{
    DiscriminatorReport, Iteration, Learner, Play, PreferenceReport, TrainEvent, TrainedPolicy,
};

use super::annotators::Desk;
use super::evaluate::{Played, play_network, play_script};
use super::folder::RunFolder;
use super::inputs::Inputs;
use super::metrics::{CheckpointMetrics, Returns, read_metrics};
use super::state::{self, RunState};
use super::trajectories::{ColumnNames, EpisodeGroup, Player, read_trajectories};
use super::{FinalReturns, RunEvent, RunObserver, Timing, read_bytes, tensorboard, trajectories};
use crate::Error;
use crate::experiment::{Experiment, Proxy};
use crate::optimizer::{self, Training};
use crate::policy_file;
use crate::registry::Task;

/// The largest file of a policy that is read.
const MOST_POLICY_BYTES: u64 = 1 << 30;
/// How often it is asked whether people have answered, where training waits for them.
const POLLED_EVERY: Duration = Duration::from_millis(200);
/// Bytes of recorded episodes, before compression, that a run may leave.
const RECORDING_BYTES: usize = 45_000_000;

pub(super) const METRICS: &str = "metrics.jsonl";
/// The same under the reward that was learned, where that is the proxy.
const LEARNED_METRICS: &str = "metrics-learned.jsonl";
pub(super) const TRAJECTORIES: &str = "trajectories.parquet";
pub(crate) const FINAL_POLICY: &str = "checkpoints/final.safetensors";
/// The reward that was learned beside the policy, where one was.
pub(super) const LEARNED_REWARD: &str = "learned-reward.safetensors";
const TENSORBOARD: &str = "events.out.tfevents.0.rewardlab";

/// A run in progress.
pub(super) struct Run<'r> {
    experiment: &'r Experiment,
    task: &'r dyn Task,
    folder: &'r RunFolder,
    desk: Option<&'r Desk>,
    pool: Arc<Pool>,
    learner: Box<dyn Learner>,
    /// Steps of the training in all.
    n_steps: u64,
    names: ColumnNames,
    seed: Seed,
    checkpoints: Vec<CheckpointMetrics>,
    timing: Timing,
    metrics_bytes: u64,
    tensorboard_bytes: u64,
    /// Scalars of the iterations since the last checkpoint, as TensorBoard records.
    pending: Vec<u8>,
    /// What people were last told of the reward model.
    told: PreferenceReport,
}

/// What training left, in memory.
pub(super) struct Trained {
    pub(super) checkpoints: Vec<CheckpointMetrics>,
    pub(super) finals: FinalReturns,
    pub(super) timing: Timing,
}

/// The training of an experiment, its environments begun.
pub(super) fn training_of(
    experiment: &Experiment,
    inputs: &Inputs,
    desk: Option<&Arc<Desk>>,
    pool: &Arc<Pool>,
) -> Result<Training, Error> {
    let demonstrations = experiment.demonstrations.as_ref();
    let annotators = desk.map(|desk| move || desk.annotators(experiment));
    let situation = optimizer::Situation {
        task: inputs.task.as_ref(),
        demonstrations: inputs.demonstrations.as_ref(),
        expert: demonstrations.and_then(|choice| choice.expert()),
        annotators: annotators.as_ref().map(|make| make as _),
        seed: Seed(experiment.seed),
        pool: Arc::clone(pool),
    };
    optimizer::training(&experiment.optimizer, &situation)
}

/// What the columns of recorded episodes are called.
pub(super) fn column_names(task: &dyn Task, n_features: usize) -> ColumnNames {
    // Columns are easier to name without blanks.
    let mut states: Vec<String> = task
        .state_names()
        .iter()
        .map(|name| name.replace(' ', "_"))
        .collect();
    if states.is_empty() {
        let mut numbers = vec![];
        task.vectorized(1, Seed(0)).state(0, &mut numbers);
        states = (0..numbers.len()).map(|index| index.to_string()).collect();
    }
    ColumnNames {
        states,
        n_observation: n_features,
        n_action: task.action_space().n_values(),
        components: task
            .component_names()
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        has_channel: !task.reward_functions().is_empty(),
    }
}

impl<'r> Run<'r> {
    /// Begins a run, or takes it up where its folder stands.
    pub(super) fn begin(
        experiment: &'r Experiment,
        task: &'r dyn Task,
        folder: &'r RunFolder,
        desk: Option<&'r Desk>,
        training: Training,
        pool: Arc<Pool>,
    ) -> Result<Run<'r>, Error> {
        let Training {
            mut learner,
            n_steps,
        } = training;
        let names = column_names(task, learner.environment().n_features());
        let state = RunState::read(&folder.file(state::FILE))?;
        let (mut checkpoints, mut timing) = (vec![], Timing::default());
        let (mut metrics_bytes, mut tensorboard_bytes) = (0, 0);
        if let Some(state) = &state {
            learner.restore(&state.learner)?;
            timing.training_seconds = state.training_seconds;
            timing.evaluation_seconds = state.evaluation_seconds;
            metrics_bytes = state.metrics_bytes;
            tensorboard_bytes = state.tensorboard_bytes;
        }
        // Whatever was written after the state belongs to work that will be done again.
        folder.trim(METRICS, metrics_bytes)?;
        folder.trim(TENSORBOARD, tensorboard_bytes)?;
        if let Some(state) = &state {
            checkpoints = read_metrics(&folder.file(METRICS), &names.components)?;
            if checkpoints.len() != state.n_checkpoints as usize {
                let problem = format!(
                    "holds {} checkpoints where the run had recorded {}; begin the run anew",
                    checkpoints.len(),
                    state.n_checkpoints
                );
                return Err(Error::file(folder.file(METRICS), problem));
            }
        }
        Ok(Run {
            experiment,
            task,
            folder,
            desk,
            pool,
            learner,
            n_steps,
            names,
            seed: Seed(experiment.seed),
            checkpoints,
            timing,
            metrics_bytes,
            tensorboard_bytes,
            pending: vec![],
            told: PreferenceReport::default(),
        })
    }

    /// Trains to the end and evaluates what came out.
    pub(super) fn finish(mut self, observer: &mut dyn RunObserver) -> Result<Trained, Error> {
        let steps = self.n_steps;
        observer.on_event(&RunEvent::Begun {
            folder: self.folder.path(),
            steps,
            n_steps: self.learner.n_steps(),
            checkpoints: &self.checkpoints,
        });
        if self.checkpoints.is_empty() {
            self.checkpoint(observer)?;
        }
        while self.learner.n_steps() < steps {
            let before = self.learner.n_steps();
            let is_news = self.iterate(observer)?;
            let n_intervals = self.experiment.audit.checkpoints - 1;
            let interval =
                |n_steps: u64| u128::from(n_steps) * u128::from(n_intervals) / u128::from(steps);
            if interval(self.learner.n_steps()) > interval(before)
                || self.learner.n_steps() >= steps
            {
                self.checkpoint(observer)?;
            } else if is_news {
                self.save()?;
            }
        }
        if let Some(desk) = self.desk {
            desk.close()?;
        }
        let finals = self.finals(observer)?;
        self.timing.profile = self.learner.profile();
        self.timing.n_steps = self.learner.n_steps();
        Ok(Trained {
            checkpoints: self.checkpoints,
            finals,
            timing: self.timing,
        })
    }

    /// A round of training; whether people were asked something in it, or what they answered was learned from, which
    /// is to be saved.
    fn iterate(&mut self, observer: &mut dyn RunObserver) -> Result<bool, Error> {
        self.wait(observer)?;
        let pending = &mut self.pending;
        let mut told = None;
        let began = Instant::now();
        self.learner.iterate(&mut |event: &TrainEvent| {
            let TrainEvent::Iteration(iteration) = event;
            pending.extend(iteration_record(iteration));
            told.clone_from(&iteration.preferences);
            observer.on_event(&RunEvent::Iteration(iteration));
        })?;
        self.timing.training_seconds += began.elapsed().as_secs_f64();
        match (self.desk, told) {
            (Some(desk), Some(report)) if desk.asks_people() => self.tell(desk, report),
            _ => Ok(false),
        }
    }

    /// Waits until people have answered what the training cannot go on without.
    fn wait(&mut self, observer: &mut dyn RunObserver) -> Result<(), Error> {
        let Some(desk) = self.desk.filter(|desk| desk.asks_people()) else {
            return Ok(());
        };
        let mut last = None;
        while let Some(waiting) = self.learner.poll()? {
            if last != Some(waiting) {
                let note = format!(
                    "training waits: {} of {} answers are there",
                    waiting.n_answered, waiting.n_needed
                );
                desk.tell(&self.told, self.learner.n_steps(), &note)?;
                observer.on_event(&RunEvent::Waiting(waiting));
                last = Some(waiting);
            }
            std::thread::sleep(POLLED_EVERY);
        }
        Ok(())
    }

    /// Tells people how far the training is, where that is news.
    fn tell(&mut self, desk: &Desk, report: PreferenceReport) -> Result<bool, Error> {
        let is_news = report.n_asked != self.told.n_asked
            || report.n_learned_from != self.told.n_learned_from;
        self.told = report;
        if is_news {
            desk.tell(&self.told, self.learner.n_steps(), "")?;
        }
        Ok(is_news)
    }

    /// Makes the run resumable from here.
    fn save(&mut self) -> Result<(), Error> {
        if !self.pending.is_empty() && self.tensorboard_bytes > 0 {
            let records = std::mem::take(&mut self.pending);
            self.tensorboard_bytes = self.folder.append(TENSORBOARD, &records)?;
        }
        let state = RunState {
            n_checkpoints: self.checkpoints.len() as u32,
            training_seconds: self.timing.training_seconds,
            evaluation_seconds: self.timing.evaluation_seconds,
            metrics_bytes: self.metrics_bytes,
            tensorboard_bytes: self.tensorboard_bytes,
            learner: self.learner.save(),
        };
        self.folder.write(state::FILE, &state.to_bytes())
    }

    /// Evaluates the policy as it is and makes the run resumable from here.
    fn checkpoint(&mut self, observer: &mut dyn RunObserver) -> Result<(), Error> {
        let began = Instant::now();
        let number = self.checkpoints.len() as u32;
        let policy = self.learner.policy();
        let pressure = self.learner.n_steps();
        let (sampled, metrics) = self.evaluate(self.task, policy.as_ref(), number, pressure)?;
        self.folder
            .write(&checkpoint_file(number), &policy.to_bytes())?;
        let is_shown = number == 0 || pressure >= self.n_steps;
        self.write_part(&metrics, sampled, is_shown)?;
        self.metrics_bytes = self
            .folder
            .append(METRICS, metrics.to_line(&self.names.components).as_bytes())?;
        self.append_tensorboard(&metrics)?;
        observer.on_event(&RunEvent::Checkpoint(&metrics));
        self.checkpoints.push(metrics);
        self.timing.evaluation_seconds += began.elapsed().as_secs_f64();
        self.save()
    }

    /// Plays the evaluation episodes of a checkpoint's policy.
    fn evaluate(
        &self,
        task: &dyn Task,
        policy: &dyn TrainedPolicy,
        number: u32,
        pressure: u64,
    ) -> Result<(Played, CheckpointMetrics), Error> {
        let play = |play, label, n_episodes: u64| {
            let seed = self.seed.child(label, u64::from(number));
            let n_episodes = usize::try_from(n_episodes).expect("the range was checked");
            play_network(task, policy, play, n_episodes, seed, &self.pool)
        };
        let sampled = play(Play::Sampled, "evaluation", self.experiment.audit.episodes);
        let greedy = play(
            Play::Greedy,
            "greedy evaluation",
            self.experiment.greedy_episodes_per_checkpoint,
        );
        let metrics = CheckpointMetrics {
            checkpoint: number,
            pressure,
            sampled: Returns::of(&sampled.outcomes)?,
            greedy: Returns::of(&greedy.outcomes)?,
        };
        Ok((sampled, metrics))
    }

    /// Plays the evaluation episodes of every checkpoint again, paid by the reward as it was learned in the end, so that
    /// one proxy measures all policies. What the environment paid stays in its own file.
    fn evaluate_again(&mut self, task: &dyn Task) -> Result<(), Error> {
        self.names = column_names(task, self.learner.environment().n_features());
        let (mut lines, mut checkpoints) = (String::new(), vec![]);
        for before in &self.checkpoints {
            let number = before.checkpoint;
            let file = self.folder.file(&checkpoint_file(number));
            let bytes = read_bytes(&file, MOST_POLICY_BYTES, "read the checkpoint")?;
            let policy =
                policy_file::read(&bytes).map_err(|error| Error::file(&file, error.to_string()))?;
            let (sampled, metrics) =
                self.evaluate(task, policy.as_ref(), number, before.pressure)?;
            let is_shown = number == 0 || before.pressure >= self.n_steps;
            self.write_part(&metrics, sampled, is_shown)?;
            lines.push_str(&metrics.to_line(&self.names.components));
            checkpoints.push(metrics);
        }
        self.folder.write(LEARNED_METRICS, lines.as_bytes())?;
        self.checkpoints = checkpoints;
        Ok(())
    }

    fn append_tensorboard(&mut self, metrics: &CheckpointMetrics) -> Result<(), Error> {
        let mut records = vec![];
        if self.tensorboard_bytes == 0 {
            records.extend(tensorboard::header(wall_time()));
        }
        records.append(&mut self.pending);
        let mut scalars = vec![("evaluation/proxy", metrics.sampled.proxy_mean())];
        scalars.extend(
            metrics
                .sampled
                .intent_mean()
                .map(|mean| ("evaluation/intent", mean)),
        );
        scalars.push(("evaluation/greedy_proxy", metrics.greedy.proxy_mean()));
        scalars.extend(
            metrics
                .greedy
                .intent_mean()
                .map(|mean| ("evaluation/greedy_intent", mean)),
        );
        records.extend(tensorboard::scalars(
            wall_time(),
            metrics.pressure,
            &scalars,
        ));
        self.tensorboard_bytes = self.folder.append(TENSORBOARD, &records)?;
        Ok(())
    }

    /// The recorded episodes of one checkpoint, kept apart until the run ends.
    fn write_part(
        &self,
        metrics: &CheckpointMetrics,
        played: Played,
        is_shown: bool,
    ) -> Result<(), Error> {
        let group = EpisodeGroup {
            player: Player::Sampled,
            checkpoint: Some(metrics.checkpoint),
            pressure: metrics.pressure as f64,
            episodes: played.within(&self.names, self.recording_budget(is_shown)),
        };
        self.write_episodes(&part_file(metrics.checkpoint), vec![group])
    }

    /// Half the bytes are for the policies that a report shows, the first, the last (twice) and the reference; the
    /// other half for all between.
    fn recording_budget(&self, is_shown: bool) -> usize {
        if is_shown {
            RECORDING_BYTES / 2 / 4
        } else {
            RECORDING_BYTES / 2 / self.experiment.audit.checkpoints as usize
        }
    }

    fn write_episodes(&self, name: &str, mut groups: Vec<EpisodeGroup>) -> Result<(), Error> {
        groups.retain(|group| !group.episodes.is_empty());
        self.folder.write_with(name, |file| {
            trajectories::write(file, &self.names, groups).map_err(std::io::Error::other)
        })
    }

    /// The final policy's greedy episodes, the reference's episodes, and the files that hold them.
    fn finals(&mut self, observer: &mut dyn RunObserver) -> Result<FinalReturns, Error> {
        observer.on_event(&RunEvent::Evaluating);
        let began = Instant::now();
        let learned = self.learner.learned_reward();
        let judged = match (&learned, self.experiment.audit.proxy) {
            (Some(reward), Proxy::Learned) => Some(crate::learned::paid(
                self.experiment.task()?,
                reward.clone(),
            )?),
            _ => None,
        };
        if let Some(task) = &judged {
            self.evaluate_again(task.as_ref())?;
        }
        let task = judged.as_deref().unwrap_or(self.task);
        let policy = self.learner.policy();
        let bytes = policy.to_bytes();
        let n_episodes =
            usize::try_from(self.experiment.greedy_episodes).expect("the range was checked");
        let seed = self.seed.child("final evaluation", 0);
        let greedy = play_network(
            task,
            policy.as_ref(),
            Play::Greedy,
            n_episodes,
            seed,
            &self.pool,
        );
        let mut finals = FinalReturns {
            greedy: Returns::of(&greedy.outcomes)?,
            reference: None,
        };
        let last = self
            .checkpoints
            .last()
            .expect("the untrained policy is a checkpoint");
        let mut groups = vec![EpisodeGroup {
            player: Player::Greedy,
            checkpoint: Some(last.checkpoint),
            pressure: last.pressure as f64,
            episodes: greedy.within(&self.names, self.recording_budget(true)),
        }];
        if let Some(name) = &self.experiment.reference {
            let n_episodes =
                usize::try_from(self.experiment.reference_episodes).expect("the range was checked");
            let seed = self.seed.child("reference evaluation", 0);
            let played = play_script(task, name, n_episodes, seed, &self.pool)?;
            finals.reference = Some((name.clone(), Returns::of(&played.outcomes)?));
            groups.push(EpisodeGroup {
                player: Player::Reference,
                checkpoint: None,
                pressure: 0.0,
                episodes: played.within(&self.names, self.recording_budget(true)),
            });
        }
        let mut all = self.read_parts()?;
        all.append(&mut groups);
        self.write_episodes(TRAJECTORIES, all)?;
        self.folder.write(
            super::FINALS,
            finals.to_json(&self.names.components).as_bytes(),
        )?;
        self.folder.write(FINAL_POLICY, &bytes)?;
        if let Some(reward) = learned {
            self.folder.write(LEARNED_REWARD, &reward.to_bytes())?;
        }
        for number in 0..self.checkpoints.len() as u32 {
            self.folder.remove(&part_file(number));
        }
        self.timing.evaluation_seconds += began.elapsed().as_secs_f64();
        Ok(finals)
    }

    fn read_parts(&self) -> Result<Vec<EpisodeGroup>, Error> {
        let mut groups = vec![];
        for number in 0..self.checkpoints.len() as u32 {
            let path = self.folder.file(&part_file(number));
            if path.exists() {
                groups.append(&mut read_trajectories(&path)?.1);
            } else {
                // A kill between the last file and the verdict had removed the parts already.
                return Ok(self.read_whole()?.unwrap_or(groups));
            }
        }
        Ok(groups)
    }

    fn read_whole(&self) -> Result<Option<Vec<EpisodeGroup>>, Error> {
        let path = self.folder.file(TRAJECTORIES);
        if !path.exists() {
            return Ok(None);
        }
        let (_, mut groups) = read_trajectories(&path)?;
        groups.retain(|group| group.player == Player::Sampled);
        Ok(Some(groups))
    }
}

/// The file of the checkpoints' returns, the proxy being one or the other.
pub(super) fn metrics_file(proxy: Proxy) -> &'static str {
    match proxy {
        Proxy::Environment => METRICS,
        Proxy::Learned => LEARNED_METRICS,
    }
}

/// The file of a checkpoint's policy, in the run's folder.
pub(super) fn checkpoint_file(number: u32) -> String {
    format!("checkpoints/{number:04}.safetensors")
}

fn part_file(number: u32) -> String {
    format!("checkpoints/{number:04}.episodes.parquet")
}

/// Whether a run has been finished: its verdict is the last file that it writes.
pub(super) fn is_finished(folder: &Path) -> bool {
    folder.join(super::VERDICT).is_file()
}

fn iteration_record(iteration: &Iteration) -> Vec<u8> {
    let optional = [
        ("training/reward_return", iteration.reward_return),
        ("training/intent_return", iteration.intent_return),
        ("training/episode_length", iteration.episode_length),
        ("training/policy_loss", iteration.policy_loss),
        ("training/value_loss", iteration.value_loss),
        ("training/entropy", iteration.entropy),
        ("training/approximate_kl", iteration.approximate_kl),
        ("training/clip_fraction", iteration.clip_fraction),
        ("training/explained_variance", iteration.explained_variance),
        ("training/exploration", iteration.exploration),
        ("training/validation_loss", iteration.validation_loss),
        ("training/expert_share", iteration.expert_share),
        (
            "training/start_point",
            iteration.start_point.map(|step| step as f64),
        ),
        ("training/matched_share", iteration.matched_share),
    ];
    let mut scalars: Vec<(&str, f64)> = optional
        .into_iter()
        .filter_map(|(tag, value)| Some((tag, value?)))
        .collect();
    scalars.push(("training/learning_rate", f64::from(iteration.learning_rate)));
    if let Some(report) = &iteration.discriminator {
        scalars.extend(discriminator_scalars(report));
    }
    if let Some(report) = &iteration.preferences {
        scalars.extend(preference_scalars(report));
    }
    tensorboard::scalars(wall_time(), iteration.n_steps, &scalars)
}

/// What a discriminator says, and what the policy is paid by it.
fn discriminator_scalars(report: &DiscriminatorReport) -> Vec<(&'static str, f64)> {
    let mut scalars = vec![
        ("discriminator/loss", report.loss),
        (
            "discriminator/accuracy_on_expert",
            report.accuracy_on_expert,
        ),
        (
            "discriminator/accuracy_on_policy",
            report.accuracy_on_policy,
        ),
        ("discriminator/logit_gap", report.logit_gap),
        ("discriminator/entropy", report.entropy),
        ("learned_reward/mean", report.reward_mean),
        ("learned_reward/positive_share", report.positive_share),
        ("learned_reward/negative_share", report.negative_share),
        ("learned_reward/offset", report.reward_offset),
        ("learned_reward/scale", report.reward_scale),
    ];
    scalars.extend(
        report
            .penalty
            .map(|penalty| ("discriminator/penalty", penalty)),
    );
    let absorbing = report.absorbing_reward;
    scalars.extend(absorbing.map(|reward| ("learned_reward/absorbing", reward)));
    scalars
}

/// What was asked and answered, and what the reward model makes of it.
fn preference_scalars(report: &PreferenceReport) -> Vec<(&'static str, f64)> {
    let optional = [
        ("preferences/loss", report.loss),
        ("preferences/accuracy", report.accuracy),
        ("preferences/validation_loss", report.validation_loss),
        (
            "preferences/validation_accuracy",
            report.validation_accuracy,
        ),
        ("preferences/foretold", report.foretold),
        ("preferences/intent_agreement", report.intent_agreement),
        ("preferences/disagreement", report.disagreement),
        ("preferences/weight_decay", report.weight_decay),
    ];
    let mut scalars = vec![
        ("preferences/asked", report.n_asked as f64),
        ("preferences/answered", report.n_answered as f64),
        ("preferences/learned_from", report.n_learned_from as f64),
        ("learned_reward/mean", report.reward_mean),
    ];
    scalars.extend(
        optional
            .into_iter()
            .filter_map(|(tag, value)| Some((tag, value?))),
    );
    scalars
}

fn wall_time() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
