//! From the paths that were named to files of one known format.

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::error::{Error, Place, shortened};
use crate::json::parse_object;
use crate::lines::unreadable;
use crate::log::Format;
use crate::step_log::is_step_log;
use crate::table::empty;
use crate::tensorboard::frames_a_record;

/// The most entries of a folder that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// Files of one format that make one run.
#[derive(Debug)]
pub(crate) struct Sources {
    pub(crate) format: Format,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) notes: Vec<String>,
}

/// Finds the files behind `paths` and checks that they are of one format.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Sources, Error> {
    let mut notes = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path).map_err(|source| unreadable(path, source))?;
        if metadata.is_dir() {
            files.extend(files_of_folder(path, &mut notes)?);
        } else if metadata.is_file() {
            files.push(path.clone());
        } else {
            return Err(whole(
                path,
                "it is no regular file",
                "copy it into a file first",
            ));
        }
    }
    let mut found: Option<(PathBuf, Format)> = None;
    let mut seen: Vec<PathBuf> = Vec::new();
    for file in &files {
        let real = fs::canonicalize(file).map_err(|source| unreadable(file, source))?;
        if seen.contains(&real) {
            return Err(whole(file, "it is named twice", "name each file once"));
        }
        seen.push(real);
        let format = recognise(file)?;
        match &found {
            None => found = Some((file.clone(), format)),
            Some((first, other)) if *other != format => {
                return Err(Error::Mixed {
                    first: first.clone(),
                    second: file.clone(),
                    problem: format!("one is {}, the other {}", other.name(), format.name()),
                    mend: "name files of one format only",
                });
            }
            Some(_) => {}
        }
    }
    let (_, format) = found.ok_or(Error::NoPath)?;
    Ok(Sources {
        format,
        files,
        notes,
    })
}

/// The log in a folder: monitor files before a step log, metrics and event files.
fn files_of_folder(folder: &Path, notes: &mut Vec<String>) -> Result<Vec<PathBuf>, Error> {
    let mut names = Vec::new();
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| unreadable(folder, source))? {
        let entry = entry.map_err(|source| unreadable(folder, source))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            folders.push(name);
        } else {
            names.push((name, entry.path()));
        }
        if names.len() + folders.len() > MOST_ENTRIES {
            let problem = format!("the folder has more than {MOST_ENTRIES} entries");
            return Err(whole(folder, &problem, "name the files of the log"));
        }
    }
    names.sort();
    folders.sort();
    let kinds: [fn(&str) -> bool; 5] = [
        |name| name == "monitor.csv" || name.ends_with(".monitor.csv"),
        |name| name == "steps.jsonl" || name.ends_with(".steps.jsonl"),
        |name| name == "metrics.jsonl",
        |name| name.contains("tfevents"),
        |name| name.ends_with(".csv") || name.ends_with(".jsonl"),
    ];
    for (rank, kind) in kinds.iter().enumerate() {
        let (chosen, others): (Vec<_>, Vec<_>) = names.iter().partition(|(name, _)| kind(name));
        if chosen.is_empty() {
            continue;
        }
        let is_log = |name: &str| kinds[rank + 1..].iter().any(|kind| kind(name));
        let left: Vec<String> = others
            .iter()
            .filter(|(name, _)| is_log(name))
            .map(|(name, _)| shortened(name))
            .collect();
        if !left.is_empty() {
            notes.push(format!(
                "{}: {} files of one kind are read; left out: {}.",
                folder.display(),
                chosen.len(),
                listed(&left)
            ));
        }
        return Ok(chosen.into_iter().map(|(_, path)| path.clone()).collect());
    }
    let inside = if folders.is_empty() {
        "name a file".to_owned()
    } else {
        format!("name a file, or one of its folders: {}", listed(&folders))
    };
    Err(whole(
        folder,
        "the folder holds no monitor.csv, steps.jsonl, metrics.jsonl, tfevents, .csv or .jsonl file",
        &inside,
    ))
}

fn listed(names: &[String]) -> String {
    let mut text = names
        .iter()
        .take(Error::SHOWN)
        .map(|name| shortened(name))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > Error::SHOWN {
        text.push_str(&format!(" and {} more", names.len() - Error::SHOWN));
    }
    text
}

/// First bytes of files that are often mistaken for logs, what they are, and the mend.
const FOREIGN: [(&[u8], &str, &str); 9] = [
    (
        b"\x1f\x8b",
        "compressed with gzip",
        "unpack it with gunzip first",
    ),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed with zstd",
        "unpack it with unzstd first",
    ),
    (
        b"PK\x03\x04",
        "a zip archive",
        "unpack it and name the log inside",
    ),
    (
        b"PAR1",
        "a Parquet file",
        "write it as CSV (pandas: to_csv) first",
    ),
    (b"\x89HDF", "an HDF5 file", "write it as CSV first"),
    (
        b"\x93NUMPY",
        "a NumPy array",
        "write it as CSV with a header first",
    ),
    (
        b"\x80",
        "a pickle, which could run code, or no text at all",
        "write it as CSV or JSON Lines",
    ),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
];

/// Tells the format by the first bytes.
fn recognise(path: &Path) -> Result<Format, Error> {
    let mut start = Vec::new();
    open(path)?
        .take(1 << 16)
        .read_to_end(&mut start)
        .map_err(|source| unreadable(path, source))?;
    if start.is_empty() {
        return Err(empty(path));
    }
    let name = path.to_string_lossy();
    if frames_a_record(&start) || name.contains("tfevents") {
        return Ok(Format::TensorBoard);
    }
    for (magic, what, mend) in FOREIGN {
        if start.starts_with(magic) {
            return Err(whole(path, &format!("it is {what}"), mend));
        }
    }
    if start.contains(&0) {
        return Err(whole(
            path,
            "it is binary and no TensorBoard event file",
            "name a CSV, JSON Lines or event file",
        ));
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start);
    let text = text.trim_ascii_start();
    match text.first() {
        None => Err(empty(path)),
        Some(b'#') => Ok(Format::Monitor),
        Some(b'{') => Ok(json_format(text)),
        Some(b'[') => Err(whole(
            path,
            "it is one JSON list",
            "write one object a line (jq -c '.[]' does it)",
        )),
        Some(_) => Ok(Format::Csv),
    }
}

fn json_format(text: &[u8]) -> Format {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or(text);
    let row = std::str::from_utf8(line)
        .ok()
        .and_then(|line| parse_object(line.trim()).ok());
    match row {
        Some(row) if is_step_log(&row) => Format::StepLog,
        _ => Format::JsonLines,
    }
}

pub(crate) fn open(path: &Path) -> Result<BufReader<File>, Error> {
    File::open(path)
        .map(|file| BufReader::with_capacity(1 << 16, file))
        .map_err(|source| unreadable(path, source))
}

pub(crate) fn whole(path: &Path, problem: &str, mend: &str) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        place: Place::Whole,
        problem: problem.to_owned(),
        mend: mend.to_owned(),
    }
}
