//! A run that is killed at any moment and resumed ends with the weights it would have had, bit for bit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::json;

use crate::evidence::{Context, Row};
use crate::random::Draws;
use crate::record::Record;
use crate::run::{Rewardlab, Run};
use crate::table::Table;

/// Kills for each experiment.
const KILLS: u64 = 20;
/// Experiments that between them resume everything there is to resume: an environment of our own, normalisation,
/// noise that is kept between steps, and a replay buffer.
const EXPERIMENTS: [(&str, &[&str]); 4] = [
    ("coast-runners", &["optimizer.steps=1e6"]),
    ("ppo-acrobot", &["optimizer.steps=2e5"]),
    ("ppo-pendulum", &[]),
    ("dqn-cartpole", &[]),
];

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "kills",
    title: "killed runs resume to the same bits",
    target: "kill -9 at 20 random moments, then resume: same final weights, bit for bit",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    record.seeds(1);
    record.size("kills an experiment", KILLS);
    record.size(
        "experiments",
        EXPERIMENTS
            .map(|(name, settings)| [&[name], settings].concat().join(" "))
            .join(", "),
    );
    record.size("threads", context.threads);
    record.note("each kill is of a run of its own, at a moment uniform over the time that the undisturbed run took; moments are drawn from seed 0");
    record.note("a run that was killed before it had made its folder left nothing to resume and is started again");
    let rewardlab = Rewardlab::build(context)?;
    for (experiment, settings) in EXPERIMENTS {
        let trials = Trials::begin(
            &rewardlab,
            experiment,
            settings,
            context.scratch.join(experiment),
        )?;
        trials.judge(record)?;
    }
    Ok(())
}

/// The undisturbed run of one experiment and what is needed to disturb it.
struct Trials<'a> {
    rewardlab: &'a Rewardlab,
    experiment: &'a str,
    settings: &'a [&'a str],
    scratch: PathBuf,
    weights: Vec<u8>,
    seconds: f64,
}

impl<'a> Trials<'a> {
    fn begin(
        rewardlab: &'a Rewardlab,
        experiment: &'a str,
        settings: &'a [&'a str],
        scratch: PathBuf,
    ) -> Result<Trials<'a>> {
        let started = Instant::now();
        let run = rewardlab.run(experiment, 0, settings, &scratch.join("undisturbed"))?;
        let seconds = started.elapsed().as_secs_f64();
        Ok(Self {
            rewardlab,
            experiment,
            settings,
            scratch,
            weights: weights(&run)?,
            seconds,
        })
    }

    fn judge(&self, record: &mut Record) -> Result<()> {
        let mut moments = Draws::new(0);
        let mut table = Table::new(
            format!(
                "{}: undisturbed {:.2} s, weights {:016x}",
                self.experiment,
                self.seconds,
                fnv1a(&self.weights)
            ),
            &[
                "kill",
                "after_seconds",
                "left",
                "weights_after_resuming",
                "same",
            ],
        );
        let (mut same, mut resumed) = (0, 0);
        for kill in 0..KILLS {
            let killed = self.killed_run(kill, &mut moments)?;
            let finished = match &killed.folder {
                Some(folder) => self.rewardlab.resume(folder).with_context(|| {
                    format!("resuming {} after {:.2} s", self.experiment, killed.seconds)
                })?,
                None => self
                    .rewardlab
                    .run(self.experiment, 0, self.settings, &self.out(kill))?,
            };
            let bytes = weights(&finished)?;
            same += u64::from(bytes == self.weights);
            resumed += u64::from(killed.folder.is_some());
            table.row([
                json!(kill),
                json!(killed.seconds),
                json!(killed.left()),
                json!(format!("{:016x}", fnv1a(&bytes))),
                json!(bytes == self.weights),
            ]);
            fs::remove_dir_all(self.out(kill)).context("could not remove a finished trial")?;
        }
        record.table(table);
        record.check(
            format!("{}: same final weights, bit for bit", self.experiment),
            format!("{same} of {KILLS}"),
            same == KILLS,
        );
        record.check(
            format!("{}: most kills left something to resume", self.experiment),
            format!("{resumed} of {KILLS}"),
            KILLS < 2 * resumed,
        );
        Ok(())
    }

    /// A run killed at a random moment before its end; a moment that came too late is drawn again.
    fn killed_run(&self, kill: u64, moments: &mut Draws) -> Result<Killed> {
        const ATTEMPTS: usize = 20;
        for _ in 0..ATTEMPTS {
            let seconds = moments.uniform() * self.seconds;
            let out = self.out(kill);
            let mut command = self
                .rewardlab
                .run_command(self.experiment, 0, self.settings, &out);
            if kill_after(&mut command, seconds)? {
                return Ok(Killed {
                    seconds,
                    folder: run_folder(&out),
                });
            }
            fs::remove_dir_all(&out)
                .context("could not remove a run that ended before its kill")?;
        }
        bail!(
            "{ATTEMPTS} runs of {} in a row ended before their kill",
            self.experiment
        )
    }

    fn out(&self, kill: u64) -> PathBuf {
        self.scratch.join(format!("kill-{kill}"))
    }
}

/// What a kill left.
struct Killed {
    seconds: f64,
    folder: Option<PathBuf>,
}

impl Killed {
    fn left(&self) -> String {
        let Some(folder) = &self.folder else {
            return "nothing".to_owned();
        };
        let entries = fs::read_dir(folder.join("checkpoints"))
            .into_iter()
            .flatten();
        let count = entries
            .filter(|entry| {
                entry.as_ref().is_ok_and(|entry| {
                    entry
                        .path()
                        .extension()
                        .is_some_and(|end| end == "safetensors")
                })
            })
            .count();
        format!("{count} checkpoints")
    }
}

/// Starts the command and kills it with SIGKILL; false if it ended by itself before.
fn kill_after(command: &mut Command, seconds: f64) -> Result<bool> {
    let mut child: Child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("could not start a run")?;
    std::thread::sleep(Duration::from_secs_f64(seconds));
    if let Some(status) = child.try_wait()? {
        ensure!(status.success(), "a run ended by itself with {status}");
        return Ok(false);
    }
    child.kill().context("could not kill a run")?;
    Ok(!child.wait()?.success())
}

/// The folder of the one run under `out`: the one that holds the resolved experiment.
fn run_folder(out: &Path) -> Option<PathBuf> {
    if out.join("experiment.toml").exists() {
        return Some(out.to_path_buf());
    }
    let folders = fs::read_dir(out)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()));
    folders
        .filter(|path| path.is_dir())
        .find_map(|path| run_folder(&path))
}

fn weights(run: &Run) -> Result<Vec<u8>> {
    let path = run.final_weights();
    fs::read(&path).with_context(|| format!("could not read {}", path.display()))
}

/// A fingerprint to print beside the byte-by-byte comparison (Fowler, Noll and Vo, 64 bits).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
