//! The label server under many annotators and under kill -9: what was acknowledged is there, once.

mod annotator;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use crate::browser::free_port;
use crate::evidence::{Context, Row};
use crate::postgres;
use crate::process;
use crate::record::Record;
use crate::table::Table;

use annotator::{Acknowledged, Annotator};

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "label-page",
    title: "many annotators at once on a server that is killed",
    target: "20 annotators at once answering 10,000 comparisons by script: none lost, none doubled, with kill -9 of the server 10 times in \
             between; the same with PostgreSQL",
    measure,
};

const ANNOTATORS: usize = 20;
const COMPARISONS: usize = 10_000;
const KILLS: usize = 10;
/// How long everything may take on one database.
const PATIENCE: Duration = Duration::from_secs(3600);

/// What is run.
struct Programs {
    rewardlab: PathBuf,
    label_store: PathBuf,
}

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let build = |target: &[&str]| {
        let features = ["--features", "feedback/postgres"];
        context.workspace.build(&[target, &features].concat())
    };
    let programs = Programs {
        rewardlab: build(&["--package", "rewardlab", "--bin", "rewardlab"])?,
        label_store: context.workspace.build(&[
            "--package",
            "feedback",
            "--example",
            "label_store",
            "--features",
            "postgres",
        ])?,
    };
    record.size("annotators", ANNOTATORS);
    record.size("comparisons", COMPARISONS);
    record.size("kills", KILLS);
    record.note(
        "each annotator has a token and a connection of their own, asks for a question, answers it, and sends what was not acknowledged again \
         until it is; the server runs with its default limits on requests and is killed with SIGKILL each time another eleventh of the answers \
         is acknowledged; lost is an acknowledged answer that is not in the store as it was given, doubled a question with more than one",
    );
    let file = context.scratch.join("store.sqlite").display().to_string();
    let mut table = Table::new(
        "answers",
        &[
            "database",
            "acknowledged",
            "kept",
            "lost",
            "doubled",
            "kills",
            "sent_again",
            "seconds",
            "answers_a_second",
        ],
    );
    let outcome = on_database(&programs, context, "SQLite", &file)?;
    outcome.add(record, &mut table);
    let postgres = postgres::Server::start()?;
    let outcome = on_database(&programs, context, "PostgreSQL", &postgres.address())?;
    outcome.add(record, &mut table);
    record.table(table);
    Ok(())
}

/// What became of the answers in one database.
struct Outcome {
    database: &'static str,
    n_acknowledged: usize,
    n_kept: usize,
    n_lost: usize,
    n_doubled: usize,
    n_kills: usize,
    n_sent_again: usize,
    seconds: f64,
}

impl Outcome {
    fn add(&self, record: &mut Record, table: &mut Table) {
        table.row([
            json!(self.database),
            json!(self.n_acknowledged),
            json!(self.n_kept),
            json!(self.n_lost),
            json!(self.n_doubled),
            json!(self.n_kills),
            json!(self.n_sent_again),
            json!(self.seconds),
            json!(self.n_kept as f64 / self.seconds),
        ]);
        record.check(
            format!("{}: none lost, none doubled", self.database),
            format!(
                "{} acknowledged, {} kept, {} lost, {} doubled, {} kills",
                self.n_acknowledged, self.n_kept, self.n_lost, self.n_doubled, self.n_kills
            ),
            self.n_lost == 0
                && self.n_doubled == 0
                && self.n_kept == COMPARISONS
                && self.n_acknowledged == COMPARISONS
                && self.n_kills == KILLS,
        );
    }
}

fn on_database(
    programs: &Programs,
    context: &Context<'_>,
    database: &'static str,
    place: &str,
) -> Result<Outcome> {
    let mut make = Command::new(&programs.label_store);
    make.args(["make", place, "texts", &COMPARISONS.to_string()]);
    process::json(&mut make)?;
    let folder = context.scratch.join(database);
    std::fs::create_dir_all(&folder)?;
    let tokens = make_tokens(programs, &folder.join("annotators.txt"))?;
    let port = free_port()?;
    let mut server = Server::start(programs, place, &folder, port)?;
    let n_acknowledged = AtomicUsize::new(0);
    let is_over = AtomicBool::new(false);
    let began = Instant::now();
    let (answers, n_kills) = thread::scope(|scope| -> Result<_> {
        let annotators: Vec<_> = tokens
            .into_iter()
            .enumerate()
            .map(|(index, token)| {
                let (n_acknowledged, is_over) = (&n_acknowledged, &is_over);
                scope
                    .spawn(move || Annotator::new(port, token, index).work(n_acknowledged, is_over))
            })
            .collect();
        let killed = kill_in_between(&mut server, &n_acknowledged, began);
        if killed.is_err() {
            is_over.store(true, Ordering::Relaxed);
        }
        let answers = annotators
            .into_iter()
            .map(|annotator| match annotator.join() {
                Ok(answers) => answers,
                Err(_) => bail!("an annotator panicked"),
            });
        let answers = answers.collect::<Result<Vec<_>>>();
        Ok((answers?, killed?))
    })?;
    let seconds = began.elapsed().as_secs_f64();
    drop(server);
    let tally = process::json(Command::new(&programs.label_store).args(["tally", place]))?.json;
    let n_sent_again = answers.iter().map(|answers| answers.n_sent_again).sum();
    let acknowledged: Vec<Acknowledged> = answers
        .into_iter()
        .flat_map(|answers| answers.acknowledged)
        .collect();
    let (n_kept, n_lost, n_doubled) = compare(&acknowledged, &tally)?;
    Ok(Outcome {
        database,
        n_acknowledged: acknowledged.len(),
        n_kept,
        n_lost,
        n_doubled,
        n_kills,
        n_sent_again,
        seconds,
    })
}

/// Kills the server each time another part of the answers is acknowledged, and waits until all are.
fn kill_in_between(
    server: &mut Server<'_>,
    n_acknowledged: &AtomicUsize,
    began: Instant,
) -> Result<usize> {
    let mut n_kills = 0;
    loop {
        let n = n_acknowledged.load(Ordering::Relaxed);
        if n_kills < KILLS && n >= (n_kills + 1) * COMPARISONS / (KILLS + 1) {
            server.kill()?;
            server.begin()?;
            n_kills += 1;
        }
        if n >= COMPARISONS {
            return Ok(n_kills);
        }
        if began.elapsed() > PATIENCE {
            bail!("{n} answers after {} seconds", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Kept, lost and doubled answers.
fn compare(acknowledged: &[Acknowledged], tally: &Value) -> Result<(usize, usize, usize)> {
    let kept = tally["answers"].as_array().context("no `answers`")?;
    let mut by_question: BTreeMap<u64, Vec<(&str, &str)>> = BTreeMap::new();
    for answer in kept.iter().filter(|answer| answer["stands"] == true) {
        let question = answer["question"].as_u64().context("no `question`")?;
        let text = |key: &str| answer[key].as_str().with_context(|| format!("no `{key}`"));
        by_question
            .entry(question)
            .or_default()
            .push((text("annotator")?, text("said")?));
    }
    let is_kept = |answer: &&Acknowledged| {
        let found = by_question.get(&answer.question);
        found
            .is_some_and(|found| found.contains(&(answer.annotator.as_str(), answer.said.as_str())))
    };
    let n_there = acknowledged.iter().filter(is_kept).count();
    let n_kept = by_question.values().map(Vec::len).sum();
    let n_doubled = by_question
        .values()
        .filter(|answers| answers.len() > 1)
        .count();
    Ok((n_kept, acknowledged.len() - n_there, n_doubled))
}

fn make_tokens(programs: &Programs, file: &Path) -> Result<Vec<String>> {
    let mut command = Command::new(&programs.rewardlab);
    command.args(["label", "tokens", "--json"]).arg(file);
    command.args((0..ANNOTATORS).map(|index| format!("annotator-{index}")));
    let printed = process::json(&mut command)?.json;
    let tokens = printed["tokens"].as_array().context("no `tokens`")?;
    let token = |made: &Value| Some(made["token"].as_str()?.to_owned());
    tokens
        .iter()
        .map(|made| token(made).context("no `token`"))
        .collect()
}

/// The label server as a program of its own.
struct Server<'a> {
    programs: &'a Programs,
    place: &'a str,
    folder: &'a Path,
    port: u16,
    child: Option<Child>,
}

impl<'a> Server<'a> {
    fn start(
        programs: &'a Programs,
        place: &'a str,
        folder: &'a Path,
        port: u16,
    ) -> Result<Server<'a>> {
        let mut server = Server {
            programs,
            place,
            folder,
            port,
            child: None,
        };
        server.begin()?;
        Ok(server)
    }

    fn begin(&mut self) -> Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("server.log"))?;
        let child = Command::new(&self.programs.rewardlab)
            .args([
                "label",
                self.place,
                "--listen",
                &format!("127.0.0.1:{}", self.port),
                "--annotators",
            ])
            .arg(self.folder.join("annotators.txt"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        self.child = Some(child);
        Ok(())
    }

    /// Ends it as kill -9 does.
    fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.kill();
    }
}
