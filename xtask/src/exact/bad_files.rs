//! Broken MDP files are refused with one message each.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "bad-files",
    title: "broken MDP files are refused with one message each",
    target: "40 broken MDP files (rows that do not sum to one, NaN, wrong shapes, truncated, huge sizes): one clear message each, exit status 2, no panic, memory bounded",
    measure,
};

/// How many files the target asks for.
const FILES: usize = 40;
/// Memory that the command may use, in KiB: address space under `ulimit -v`, and resident where it can be measured.
const ADDRESS_SPACE: u64 = 1 << 20;
const RESIDENT: u64 = 512 << 10;
/// Measures the peak of resident memory, where it is installed.
const TIME: &str = "/usr/bin/time";
/// Longer than any message that can be read at one look.
const LONGEST_MESSAGE: usize = 2_500;

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let example =
        context
            .workspace
            .build(&["--package", "rewardlab", "--example", "broken_mdp_files"])?;
    let binary = context
        .workspace
        .build(&["--package", "rewardlab", "--bin", "rewardlab"])?;
    let folder = context.scratch.join("files");
    let written = process::json(Command::new(example).arg(&folder))?.json;
    let files = written["files"]
        .as_array()
        .context("no files were written")?;
    record.size("files", files.len());
    record.note(format!(
        "each file is given to `rewardlab check FILE --report report.html` in a folder of its own, under `ulimit -v` of {ADDRESS_SPACE} KiB; \
         a message must name the file and hold the words that belong to its own mistake"
    ));
    let line = "check \"$1\" --report report.html";
    let checker = Checker::new(binary, folder, context.scratch.clone(), line, record);
    let refusals: Result<Vec<Refusal>> = files.iter().map(|file| checker.check(file)).collect();
    report(&refusals?, record);
    Ok(())
}

/// Gives files to a command.
pub(crate) struct Checker {
    binary: PathBuf,
    folder: PathBuf,
    scratch: PathBuf,
    /// What the shell gives to the binary; the file is `$1`.
    line: &'static str,
    measures_memory: bool,
}

/// What the command did with a file.
pub(crate) struct Refusal {
    file: String,
    bytes: u64,
    broken: String,
    /// Words that the message must contain.
    says: String,
    message: String,
    status: Option<i32>,
    printed: usize,
    /// Files that it left behind.
    left: usize,
    untouched: bool,
    peak: Option<u64>,
    wall: Duration,
}

impl Checker {
    /// A checker of the files in a folder, each command in an empty folder under `scratch`.
    pub(crate) fn new(
        binary: PathBuf,
        folder: PathBuf,
        scratch: PathBuf,
        line: &'static str,
        record: &mut Record,
    ) -> Checker {
        let measures_memory = Path::new(TIME).exists();
        if !measures_memory {
            record.note(format!(
                "{TIME} is not installed: only `ulimit -v` bounds the memory"
            ));
        }
        Checker {
            binary,
            folder,
            scratch,
            line,
            measures_memory,
        }
    }

    /// What the command does with a listed file.
    pub(crate) fn check(&self, listed: &Value) -> Result<Refusal> {
        let text = |key: &str| listed[key].as_str().unwrap_or_default().to_owned();
        let file = text("file");
        let place = self.scratch.join("checks").join(&file);
        fs::create_dir_all(&place)?;
        let path = self.folder.join(&file);
        let before =
            content(&path).with_context(|| format!("{} was not written", path.display()))?;
        let memory = self.scratch.join("memory");
        let began = Instant::now();
        let output = self.command(&path, &memory).current_dir(&place).output()?;
        let wall = began.elapsed();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(
            !error.contains("ulimit"),
            "memory could not be limited: {error}"
        );
        Ok(Refusal {
            bytes: before.len() as u64,
            broken: text("broken"),
            says: text("says"),
            message: error
                .replace(&path.display().to_string(), &file)
                .trim_end()
                .to_owned(),
            status: output.status.code(),
            printed: output.stdout.len(),
            left: fs::read_dir(&place)?.count(),
            untouched: content(&path).is_ok_and(|after| after == before),
            peak: self.measures_memory.then(|| peak(&memory)).transpose()?,
            wall,
            file,
        })
    }

    /// The command under its limit, with the memory that it takes written to a file.
    fn command(&self, path: &Path, memory: &Path) -> Command {
        let mut command = Command::new("sh");
        let measured = if self.measures_memory {
            format!("{TIME} -f %M -o \"$2\"")
        } else {
            String::new()
        };
        command
            .arg("-c")
            .arg(format!(
                "ulimit -v {ADDRESS_SPACE} && exec {measured} \"$0\" {}",
                self.line
            ))
            .arg(&self.binary)
            .arg(path)
            .arg(memory);
        command
    }
}

/// The bytes of a file, or of all files in a folder one after the other.
fn content(path: &Path) -> std::io::Result<Vec<u8>> {
    if !path.is_dir() {
        return fs::read(path);
    }
    let entries: std::io::Result<Vec<PathBuf>> =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect();
    let mut entries = entries?;
    entries.sort();
    let contents: std::io::Result<Vec<Vec<u8>>> =
        entries.iter().map(|entry| content(entry)).collect();
    Ok(contents?.concat())
}

/// The last line of what `time` wrote; a line about the exit status stands before it.
fn peak(memory: &Path) -> Result<u64> {
    let text = fs::read_to_string(memory)?;
    let last = text.lines().last().unwrap_or_default();
    last.trim()
        .parse()
        .with_context(|| format!("{TIME} wrote {text:?}"))
}

impl Refusal {
    /// One message that begins with the word error, names the file, and is about its own mistake.
    fn is_clear(&self) -> bool {
        // The file, then the place in it, which may be a file in a folder.
        let named = self.message.strip_prefix(&format!("error: {}", self.file));
        named.is_some_and(|rest| rest.starts_with([':', ',', '/']))
            && self.message.matches("error: ").count() == 1
            && self.message.contains(&self.says)
            && self.message.len() <= LONGEST_MESSAGE
    }

    fn panicked(&self) -> bool {
        ["panicked", "RUST_BACKTRACE", "memory allocation"]
            .iter()
            .any(|word| self.message.contains(word))
    }
}

/// Prints every refusal, and what holds of them all.
pub(crate) fn report(refusals: &[Refusal], record: &mut Record) {
    let columns = [
        "file",
        "bytes",
        "broken",
        "exit_status",
        "peak_kib",
        "seconds",
        "message",
    ];
    let mut table = Table::new("files", &columns);
    for refusal in refusals {
        let shown: Vec<&str> = refusal.message.lines().map(str::trim).collect();
        table.row([
            json!(refusal.file),
            json!(refusal.bytes),
            json!(refusal.broken),
            json!(refusal.status),
            json!(refusal.peak),
            json!(refusal.wall.as_secs_f64()),
            json!(shown.join(" | ")),
        ]);
    }
    record.table(table);
    let all = |name: &str, holds: &dyn Fn(&Refusal) -> bool, record: &mut Record| {
        let failing: Vec<&str> = refusals
            .iter()
            .filter(|refusal| !holds(refusal))
            .map(|refusal| refusal.file.as_str())
            .collect();
        let measured = match failing.as_slice() {
            [] => format!("{} of {}", refusals.len(), refusals.len()),
            failing => format!("not {}", failing.join(", ")),
        };
        record.check(name, measured, failing.is_empty());
    };
    record.check(
        format!("at least {FILES} broken files"),
        format!("{}", refusals.len()),
        refusals.len() >= FILES,
    );
    all("one clear message each", &Refusal::is_clear, record);
    all(
        "exit status 2",
        &|refusal| refusal.status == Some(2),
        record,
    );
    all(
        "no panic, no failed allocation",
        &|refusal| !refusal.panicked(),
        record,
    );
    all(
        "nothing printed on standard output",
        &|refusal| refusal.printed == 0,
        record,
    );
    all(
        "nothing written, the file untouched",
        &|refusal| refusal.left == 0 && refusal.untouched,
        record,
    );
    if let Some(most) = refusals.iter().filter_map(|refusal| refusal.peak).max() {
        record.check(
            format!("peak resident memory at most {} MiB", RESIDENT >> 10),
            format!("{:.0} MiB", most as f64 / 1024.0),
            most <= RESIDENT,
        );
    }
}
