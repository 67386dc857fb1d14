//! What a user of the crate sees: real logs, hostile ones, and random bytes.

mod event_file;
mod fuzz;
mod hostile;
mod real;
mod step_log;
mod tables;
mod verdicts;

use std::fs;
use std::path::{Path, PathBuf};

use logs::{Error, Log, Mapping};

/// A folder of files that vanishes with the value.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, content) in files {
            let path = folder.path().join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).expect("a folder for the file");
            }
            fs::write(path, content).expect("a written file");
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn paths(&self, names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(|name| self.path().join(name)).collect()
    }
}

fn mapping(proxy: &str, intent: &str, pressure: &str) -> Mapping {
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    Mapping {
        proxy: named(proxy),
        intent: named(intent),
        pressure: named(pressure),
        length: None,
    }
}

/// Reads one file of this name and content.
fn read_one(name: &str, content: &[u8], mapping: &Mapping) -> Result<Log, Error> {
    let folder = Folder::new(&[(name, content)]);
    logs::read(&folder.paths(&[name]), mapping)
}

fn proxies(log: &Log) -> Vec<f64> {
    log.records().iter().map(|record| record.proxy).collect()
}

fn intents(log: &Log) -> Vec<Option<f64>> {
    log.records().iter().map(|record| record.intent).collect()
}

fn pressures(log: &Log) -> Vec<f64> {
    log.records().iter().map(|record| record.pressure).collect()
}

fn notes(log: &Log) -> String {
    log.notes().join("\n")
}
