//! CSV and JSON Lines from elsewhere: rows of numbers, mapped by the names of their fields.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Error, Field, Place, Role, shortened};
use crate::json::{Names, lookup, numbers_at, parse_object};
use crate::lines::{Lines, malformed_at};
use crate::log::{
    Format, Log, MOST_RECORDS, Mapping, Record, RecordKind, keep_with_intent, names_a_mean,
    too_many,
};
use crate::monitor::checked_length;
use crate::separated::{Separated, finite, ragged, separator_of};

/// What the pressure of a row is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Axis {
    /// A field that never falls.
    Pressure(String),
    /// The running sum of a field.
    Length(String),
    /// The number of rows.
    Rows,
}

/// Gathers the files of a run.
pub(crate) struct TableReader<'m> {
    mapping: &'m Mapping,
    format: Format,
    files: Vec<PathBuf>,
    axis: Option<Axis>,
    /// Of a JSON Lines file, once a row has the proxy.
    keys: Option<Keys>,
    /// Pressure holds the file's own count until the files are merged.
    rows: Vec<(Record, f64)>,
    has_spread: bool,
    notes: Vec<String>,
}

/// The keys that proxy and intent are read from.
#[derive(Debug, Clone)]
struct Keys {
    proxy: String,
    intent: String,
}

/// The numbers of one row under the names that matter.
#[derive(Default)]
struct Cells {
    proxy: Option<f64>,
    intent: Option<f64>,
    axis: Option<f64>,
}

impl<'m> TableReader<'m> {
    pub(crate) fn new(mapping: &'m Mapping, format: Format) -> Self {
        Self {
            mapping,
            format,
            files: Vec::new(),
            axis: None,
            keys: None,
            rows: Vec::new(),
            has_spread: false,
            notes: Vec::new(),
        }
    }

    fn proxy_name(&self) -> &str {
        let settled = self.keys.as_ref().map(|keys| keys.proxy.as_str());
        settled.or(self.mapping.proxy.as_deref()).unwrap_or("proxy")
    }

    fn intent_name(&self) -> &str {
        let settled = self.keys.as_ref().map(|keys| keys.intent.as_str());
        settled
            .or(self.mapping.intent.as_deref())
            .unwrap_or("intent")
    }

    /// Decides the axis by the first file's names; later files must have the same.
    fn settle_axis(&mut self, path: &Path, names: &[String], field: Field) -> Result<Axis, Error> {
        let has = |name: &str| names.iter().any(|other| other == name);
        let missing = |role: Role, asked: &str| Error::Missing {
            path: path.to_owned(),
            role,
            field,
            asked: Some(asked.to_owned()),
            available: names.to_vec(),
        };
        let axis = match (&self.mapping.pressure, &self.mapping.length) {
            (Some(name), _) if has(name) => Axis::Pressure(name.clone()),
            (Some(name), _) => return Err(missing(Role::Pressure, name)),
            (None, Some(name)) if has(name) => Axis::Length(name.clone()),
            (None, Some(name)) => return Err(missing(Role::Length, name)),
            (None, None) if has("pressure") => Axis::Pressure("pressure".to_owned()),
            (None, None) => Axis::Rows,
        };
        if let Some(first) = &self.axis
            && *first != axis
        {
            return Err(Error::Mixed {
                first: self.files[0].clone(),
                second: path.to_owned(),
                problem: "their pressures are read from different fields".to_owned(),
                mend: "name the field with --pressure, or audit one file at a time",
            });
        }
        self.axis = Some(axis.clone());
        Ok(axis)
    }

    pub(crate) fn read_csv<R: BufRead>(&mut self, path: &Path, reader: R) -> Result<(), Error> {
        let mut lines = Lines::new(path, reader);
        let (line, header) = loop {
            match lines.next()? {
                None => return Err(empty(path)),
                Some(line) if line.text.trim().is_empty() => {}
                Some(line) => break (line.number, line.text.to_owned()),
            }
        };
        let separator = separator_of(&header);
        let mut names = Vec::new();
        crate::separated::split(&header, separator, &mut names).map_err(|problem| {
            malformed_at(
                path,
                line,
                problem,
                "quote a whole field, and double quotes inside it",
            )
        })?;
        check_header(path, line, &names)?;
        let find = |name: &str| names.iter().position(|other| other == name);
        let proxy = find(self.proxy_name()).ok_or_else(|| Error::Missing {
            path: path.to_owned(),
            role: Role::Proxy,
            field: Field::Column,
            asked: self.mapping.proxy.clone(),
            available: names.clone(),
        })?;
        let intent = find(self.intent_name());
        if intent.is_none() && self.mapping.intent.is_some() {
            return Err(Error::Missing {
                path: path.to_owned(),
                role: Role::Intent,
                field: Field::Column,
                asked: self.mapping.intent.clone(),
                available: names.clone(),
            });
        }
        let axis = self.settle_axis(path, &names, Field::Column)?;
        let axis_column = match &axis {
            Axis::Pressure(name) | Axis::Length(name) => find(name),
            Axis::Rows => None,
        };
        self.has_spread |= find("spread").is_some();
        let mut own = OwnPressure::new(axis);
        let mut table = Separated::new(lines, separator);
        let mut fields = Vec::new();
        while table.next(&mut fields)? {
            if fields.len() != names.len() {
                if !table.terminated() && fields.len() < names.len() {
                    self.note_cut(path, table.line());
                    break;
                }
                return Err(ragged(&table, fields.len(), names.len()));
            }
            let number = |column: usize| {
                finite(&fields[column], &names[column])
                    .map_err(|(problem, mend)| table.malformed(problem, mend))
            };
            let absent = |column: usize| fields[column].is_empty();
            let cells = Cells {
                proxy: (!absent(proxy)).then(|| number(proxy)).transpose()?,
                intent: intent
                    .filter(|&column| !absent(column))
                    .map(number)
                    .transpose()?,
                axis: axis_column.map(number).transpose()?,
            };
            self.push(path, table.line(), &mut own, &cells)?;
        }
        self.files.push(path.to_owned());
        Ok(())
    }

    pub(crate) fn read_json<R: BufRead>(&mut self, path: &Path, reader: R) -> Result<(), Error> {
        let mut lines = Lines::new(path, reader);
        let mut names = Names::default();
        let mut own: Option<OwnPressure> = None;
        let (mut any_proxy, mut any_intent) = (false, false);
        while let Some(line) = lines.next()? {
            if line.text.trim().is_empty() {
                continue;
            }
            let (number, terminated) = (line.number, line.terminated);
            let at_line = |(problem, mend)| malformed_at(path, number, problem, mend);
            let row = match parse_object(line.text) {
                Ok(row) => row,
                Err(_) if !terminated => {
                    self.note_cut(path, number);
                    break;
                }
                Err(problem) => return Err(at_line(problem)),
            };
            names.gather(&row);
            let keys = self.json_keys(&row);
            let Some(proxies) = numbers_at(&row, &keys.proxy).map_err(at_line)? else {
                continue;
            };
            let intents = numbers_at(&row, &keys.intent).map_err(at_line)?;
            any_proxy = true;
            any_intent |= intents.is_some();
            self.has_spread |= says_spread(&row, &keys.proxy);
            let own = match &mut own {
                Some(own) => own,
                None => {
                    let axis = self.settle_axis(path, &names.list(), Field::Key)?;
                    own.insert(OwnPressure::new(axis))
                }
            };
            let axis = axis_of_row(&row, own, proxies.len()).map_err(at_line)?;
            if let Some(intents) = &intents
                && intents.len() != proxies.len()
            {
                return Err(at_line((
                    format!(
                        "{:?} holds {} numbers where {:?} holds {}",
                        shortened(&keys.intent),
                        intents.len(),
                        shortened(&keys.proxy),
                        proxies.len()
                    ),
                    "write one of each an episode, in the same order",
                )));
            }
            for (index, proxy) in proxies.into_iter().enumerate() {
                let cells = Cells {
                    proxy: Some(proxy),
                    intent: intents.as_ref().map(|intents| intents[index]),
                    axis,
                };
                self.push(path, number, own, &cells)?;
            }
            self.keys.get_or_insert(keys);
        }
        let missing = |role: Role, asked: &Option<String>| Error::Missing {
            path: path.to_owned(),
            role,
            field: Field::Key,
            asked: asked.clone(),
            available: names.list(),
        };
        if !any_proxy {
            return Err(missing(Role::Proxy, &self.mapping.proxy));
        }
        if !any_intent && self.mapping.intent.is_some() {
            return Err(missing(Role::Intent, &self.mapping.intent));
        }
        self.files.push(path.to_owned());
        Ok(())
    }

    /// The keys of proxy and intent: those asked for, or, in rows that list their episodes as
    /// rewardlab's own `metrics.jsonl` does, the lists, or the plain words.
    fn json_keys(&self, row: &Map<String, Value>) -> Keys {
        if let Some(keys) = &self.keys {
            return keys.clone();
        }
        let lists_episodes = matches!(lookup(row, "episodes.proxy"), Some(Value::Array(_)));
        let usual = |name: &str| {
            if lists_episodes && self.mapping.proxy.is_none() {
                format!("episodes.{name}")
            } else {
                name.to_owned()
            }
        };
        Keys {
            proxy: self.mapping.proxy.clone().unwrap_or_else(|| usual("proxy")),
            intent: self
                .mapping
                .intent
                .clone()
                .unwrap_or_else(|| usual("intent")),
        }
    }

    fn note_cut(&mut self, path: &Path, line: u64) {
        self.notes.push(format!(
            "{}, line {line}: the last row is cut off, as when its writer is killed, and is left out.",
            path.display()
        ));
    }

    fn push(
        &mut self,
        path: &Path,
        line: u64,
        own: &mut OwnPressure,
        cells: &Cells,
    ) -> Result<(), Error> {
        let step = own
            .advance(cells.axis)
            .map_err(|(problem, mend)| malformed_at(path, line, problem, mend))?;
        let Some(proxy) = cells.proxy else {
            return Ok(());
        };
        if self.rows.len() == MOST_RECORDS {
            return Err(too_many(path, Place::Line(line)));
        }
        let record = Record {
            pressure: own.total,
            proxy,
            intent: cells.intent,
        };
        self.rows.push((record, step));
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Log, Error> {
        let axis = self.axis.clone().unwrap_or(Axis::Rows);
        if self.files.len() > 1 && !matches!(axis, Axis::Pressure(_)) {
            self.notes.push(
                "The files are merged as if their environments ran side by side at one speed."
                    .to_owned(),
            );
        }
        self.rows
            .sort_by(|(a, _), (b, _)| a.pressure.total_cmp(&b.pressure));
        let mut records: Vec<Record> = self.rows.iter().map(|(record, _)| *record).collect();
        if !matches!(axis, Axis::Pressure(_)) {
            let mut total = 0.0;
            for (record, (_, step)) in records.iter_mut().zip(&self.rows) {
                total += step;
                record.pressure = total;
            }
        }
        keep_with_intent(&mut records, &mut self.notes);
        let Some(first) = records.first() else {
            return Err(Error::Malformed {
                path: self.files.first().cloned().unwrap_or_default(),
                place: Place::Whole,
                problem: "there are no rows below the header".to_owned(),
                mend: "give a log with at least one record".to_owned(),
            });
        };
        let pressure_start = match axis {
            Axis::Pressure(_) => first.pressure,
            Axis::Length(_) | Axis::Rows => 0.0,
        };
        let pressure_name = match &axis {
            Axis::Pressure(name) => shortened(name),
            Axis::Length(name) => format!("running sum of {}", shortened(name)),
            Axis::Rows => {
                self.notes.push(
                    "No pressure is named, so every record counts as one unit of it; name a field \
                     of environment steps with --pressure, or of episode lengths with --length."
                        .to_owned(),
                );
                "records".to_owned()
            }
        };
        let has_intent = first.intent.is_some();
        let means = self.has_spread || names_a_mean(self.proxy_name());
        Ok(Log {
            format: self.format,
            kind: if means {
                RecordKind::Mean
            } else {
                RecordKind::Episode
            },
            environment: None,
            proxy_name: self.proxy_name().to_owned(),
            intent_name: has_intent.then(|| self.intent_name().to_owned()),
            pressure_name,
            pressure_start,
            records,
            files: self.files,
            notes: self.notes,
            step_log: None,
        })
    }
}

/// Whether a row of means says how returns spread, or over how many episodes the means are.
fn says_spread(row: &Map<String, Value>, proxy: &str) -> bool {
    let is_list = matches!(lookup(row, proxy), Some(Value::Array(_)));
    let named = ["spread", "n_episodes"]
        .iter()
        .any(|key| row.contains_key(*key));
    let of_proxy = ["_deviation", "_std", "_stderr"]
        .iter()
        .any(|ending| lookup(row, &format!("{proxy}{ending}")).is_some());
    !is_list && (named || of_proxy)
}

/// The number on the axis of a row; `None` where rows are counted.
fn axis_of_row(
    row: &Map<String, Value>,
    own: &OwnPressure,
    n_episodes: usize,
) -> Result<Option<f64>, (String, &'static str)> {
    let Some(name) = own.name() else {
        return Ok(None);
    };
    let shown = shortened(name);
    match numbers_at(row, name)?.as_deref() {
        Some([number]) if n_episodes == 1 || matches!(own.axis, Axis::Pressure(_)) => {
            Ok(Some(*number))
        }
        None => Err((
            format!("the key {shown:?} is missing"),
            "write it in every row that has the proxy",
        )),
        Some(_) => Err((
            format!(
                "the key {shown:?} does not give one number for the {n_episodes} episodes of the row"
            ),
            "name a number that never falls with --pressure",
        )),
    }
}

/// The pressure within one file.
struct OwnPressure {
    axis: Axis,
    total: f64,
    started: bool,
}

impl OwnPressure {
    fn new(axis: Axis) -> Self {
        Self {
            axis,
            total: 0.0,
            started: false,
        }
    }

    fn name(&self) -> Option<&str> {
        match &self.axis {
            Axis::Pressure(name) | Axis::Length(name) => Some(name),
            Axis::Rows => None,
        }
    }

    /// Moves on by one row and returns by how much.
    fn advance(&mut self, value: Option<f64>) -> Result<f64, (String, &'static str)> {
        let step = match (&self.axis, value) {
            (Axis::Pressure(name), Some(value)) => {
                if self.started && value < self.total {
                    let problem = format!(
                        "the pressure {:?} falls from {} to {value}",
                        shortened(name),
                        self.total
                    );
                    return Err((
                        problem,
                        "a resumed run wrote these rows again: remove the older ones; if the \
                         column holds episode lengths, name it with --length instead",
                    ));
                }
                value - if self.started { self.total } else { value }
            }
            (Axis::Length(_), Some(value)) => {
                checked_length(value).map_err(|problem| (problem, "remove the row"))?
            }
            (Axis::Rows, _) | (_, None) => 1.0,
        };
        match (&self.axis, value) {
            (Axis::Pressure(_), Some(value)) => self.total = value,
            _ => self.total += step,
        }
        self.started = true;
        Ok(step)
    }
}

fn check_header(path: &Path, line: u64, names: &[String]) -> Result<(), Error> {
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err(malformed_at(
            path,
            line,
            format!(
                "the first line {:?} is no header",
                shortened(&names.join(","))
            ),
            "put the names of the columns in the first line",
        ));
    }
    let mut seen = BTreeSet::new();
    for name in names {
        if !name.is_empty() && !seen.insert(name) {
            return Err(malformed_at(
                path,
                line,
                format!("the header names the column {:?} twice", shortened(name)),
                "rename one of them",
            ));
        }
    }
    Ok(())
}

pub(crate) fn empty(path: &Path) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        place: Place::Whole,
        problem: "the file is empty".to_owned(),
        mend: "wait until the run has written to it, or name another".to_owned(),
    }
}
