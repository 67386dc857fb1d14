//! The library and the command, driven as their users drive them, on settings that take moments.

mod check;
mod command;
mod documents;
mod imitation;
mod infer;
mod library;
mod mdp_files;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Overrides that make an experiment end in moments.
const TINY: [&str; 6] = [
    "optimizer.steps=4096",
    "audit.checkpoints=5",
    "audit.episodes=30",
    "evaluation.greedy_episodes=5",
    "evaluation.greedy_episodes_per_checkpoint=2",
    "evaluation.reference_episodes=30",
];

fn tiny(more: &[&str]) -> Vec<String> {
    TINY.iter()
        .chain(more)
        .map(|argument| (*argument).to_owned())
        .collect()
}

/// The command in a folder of its own.
struct Lab {
    folder: TempDir,
}

impl Lab {
    fn new() -> Lab {
        Lab {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rewardlab"));
        command.current_dir(self.path()).args(arguments);
        command
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs an experiment under tiny settings and gives its object.
    fn run(&self, experiment: &str, arguments: &[&str]) -> Value {
        let mut command = self.command(&["run", experiment, "--json", "--threads", "2"]);
        for argument in TINY {
            command.args(["--set", argument]);
        }
        let output = command.args(arguments).output().unwrap();
        object(&output, 0)
    }

    /// The folders of runs that are there.
    fn runs(&self) -> Vec<PathBuf> {
        let list = |path: &Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(path).into_iter().flatten();
            // A folder whose name begins with a dot is not yet a run.
            let is_shown =
                |entry: &std::fs::DirEntry| !entry.file_name().to_string_lossy().starts_with('.');
            entries
                .map(Result::unwrap)
                .filter(is_shown)
                .map(|entry| entry.path())
                .collect()
        };
        list(&self.path().join("runs"))
            .iter()
            .flat_map(|folder| list(folder))
            .collect()
    }
}

/// The one object on standard output of a call with this exit status.
#[track_caller]
fn object(output: &Output, status: i32) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    let text = std::str::from_utf8(&output.stdout).unwrap();
    assert_eq!(
        text.lines().count(),
        1,
        "one object and nothing else: {text}"
    );
    serde_json::from_str(text).unwrap()
}

/// What standard error says of a call that was refused, which leaves standard output empty.
#[track_caller]
fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Checks that a value has just the fields of a schema, written as JSON with a type's name for each value:
/// `number`, `text`, `flag`, `any`; `?` before it allows null; a list holds the schema of its items.
#[track_caller]
fn check_schema(value: &Value, schema: &Value, place: &str) {
    match schema {
        Value::Object(fields) => {
            let object = value
                .as_object()
                .unwrap_or_else(|| panic!("{place} is no object: {value}"));
            let found: Vec<&String> = object.keys().collect();
            let expected: Vec<&String> = fields.keys().collect();
            assert_eq!(found, expected, "fields of {place}");
            for (key, schema) in fields {
                check_schema(&object[key], schema, &format!("{place}.{key}"));
            }
        }
        Value::Array(items) => {
            let array = value
                .as_array()
                .unwrap_or_else(|| panic!("{place} is no list: {value}"));
            for (index, item) in array.iter().enumerate() {
                check_schema(item, &items[0], &format!("{place}[{index}]"));
            }
        }
        Value::String(kind) => {
            let (kind, may_be_null) = match kind.strip_prefix('?') {
                Some(kind) => (kind, true),
                None => (kind.as_str(), false),
            };
            let fits = match kind {
                "number" => value.is_number(),
                "text" => value.is_string(),
                "flag" => value.is_boolean(),
                "object" => value.is_object(),
                "list" => value.is_array(),
                _ => panic!("{kind} is no kind of value"),
            };
            assert!(
                fits || may_be_null && value.is_null(),
                "{place} is {value}, not {kind}"
            );
        }
        other => panic!("{other} is no schema"),
    }
}
