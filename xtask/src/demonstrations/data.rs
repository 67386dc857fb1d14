//! Demonstrations as data: how fast they are read and written, through whose hands they go unchanged, and what is said
//! of broken files.

mod page;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::exact::bad_files::{Checker, report};
use crate::peers;
use crate::process;
use crate::record::Record;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "data",
    title: "demonstrations as data",
    target: "10 million transitions in fixed-width columns: read at 500 MB/s, written at 200 MB/s of raw values, page cache; Minari and `imitation` files round-trip through the libraries themselves; 40 broken files each give one clear message",
    measure,
};

const TRANSITIONS: u64 = 10_000_000;
/// Bytes of raw values a second.
const LEAST_READ: f64 = 500e6;
const LEAST_WRITTEN: f64 = 200e6;

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    speed(context, record)?;
    round_trips(context, record)?;
    let target = ["--package", "rewardlab", "--bin", "rewardlab"];
    let binary = context.workspace.build(&target)?;
    broken_files(context, &binary, record)?;
    page::measure(context, &binary, record)
}

fn example(context: &Context<'_>, name: &str) -> Result<PathBuf> {
    context
        .workspace
        .build(&["--package", "demonstrations", "--example", name])
}

fn speed(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let mut command = Command::new(example(context, "speed")?);
    command
        .args(["--transitions", &TRANSITIONS.to_string(), "--folder"])
        .arg(&context.scratch);
    let printed = process::json(&mut command)?.json;
    record.size("transitions", TRANSITIONS);
    record.note(
        "raw values are observation, action and reward; written is from the first episode to the file in its place, the sync to the disk \
         included; streamed is episode by episode, each held against its spaces; held is all episodes in memory; the copies are of as many bytes \
         in pieces of 1 MiB, the sync included where it is written",
    );
    let mut table = Table::new(
        "MB of raw values a second",
        &[
            "shape",
            "raw_MB",
            "file_MB",
            "written",
            "streamed",
            "held",
            "copied_to_disk",
            "copied_from_cache",
            "memcpy",
        ],
    );
    let shapes = printed["shapes"].as_array().context("no `shapes`")?;
    for shape in shapes {
        let number = |key: &str| shape[key].as_f64().with_context(|| format!("no {key}"));
        let raw = number("raw_bytes")?;
        let (written, streamed, held) = (
            raw / number("write_seconds")?,
            raw / number("stream_seconds")?,
            raw / number("read_seconds")?,
        );
        let copies = [
            number("memory_to_page_cache_bytes_per_second")?,
            number("page_cache_to_memory_bytes_per_second")?,
            number("memory_to_memory_bytes_per_second")?,
        ];
        let mut row = vec![shape["shape"].clone()];
        let numbers = [raw, number("file_bytes")?, written, streamed, held].into_iter();
        row.extend(
            numbers
                .chain(copies)
                .map(|bytes| json!((bytes / 1e6).round())),
        );
        table.row(row);
        let name = shape["shape"].as_str().context("no name")?;
        let rate = |speed: f64| format!("{:.0} MB/s", speed / 1e6);
        record.check(
            format!("{name}: written at 200 MB/s"),
            format!(
                "{}, {:.0}% of copying to the disk",
                rate(written),
                100.0 * written / copies[0]
            ),
            LEAST_WRITTEN <= written,
        );
        record.check(
            format!("{name}: read at 500 MB/s"),
            format!(
                "{} episode by episode, {:.0}% of copying from the cache; {} into memory",
                rate(streamed),
                100.0 * streamed / copies[1],
                rate(held)
            ),
            LEAST_READ <= streamed,
        );
        let all = shape["transitions_read"].as_u64() == Some(TRANSITIONS);
        record.check(
            format!("{name}: all transitions are read again"),
            shape["transitions_read"].to_string(),
            all,
        );
    }
    record.table(table);
    Ok(())
}

fn round_trips(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = example(context, "round_trips")?;
    let folder = context.scratch.join("round-trips");
    let (binary, folder) = (binary.display().to_string(), folder.display().to_string());
    let name = "what Minari and imitation write and read is the same to the last bit";
    let printed = match peers::script(context.workspace, "round_trips.py", &[&binary, &folder]) {
        Ok(printed) => printed,
        Err(error) => {
            record.check(name, format!("skipped: {error:#}"), false);
            return Ok(());
        }
    };
    record.note(format!("round trips: {}", peers::versions(&printed)));
    let cases = printed["cases"].as_array().context("no `cases`")?;
    let mut table = Table::new("round trips", &["way", "format", "case", "difference"]);
    for case in cases {
        table.row(["way", "format", "case", "difference"].map(|key| case[key].clone()));
    }
    record.table(table);
    let n_same = cases
        .iter()
        .filter(|case| case["difference"].is_null())
        .count();
    record.check(
        name,
        format!("{n_same} of {} ways", cases.len()),
        !cases.is_empty() && n_same == cases.len(),
    );
    Ok(())
}

fn broken_files(context: &Context<'_>, binary: &Path, record: &mut Record) -> Result<()> {
    let mut refusals = vec![];
    for name in ["broken_files", "broken_foreign_files"] {
        let folder = context.scratch.join(name);
        let written = process::json(Command::new(example(context, name)?).arg(&folder))?.json;
        let line = "demos convert \"$1\" converted.parquet";
        let checker = Checker::new(
            binary.to_owned(),
            folder,
            context.scratch.clone(),
            line,
            record,
        );
        let files: &Vec<Value> = written["files"]
            .as_array()
            .context("no files were written")?;
        for file in files {
            refusals.push(checker.check(file)?);
        }
    }
    record.size("broken files", refusals.len());
    report(&refusals, record);
    Ok(())
}
