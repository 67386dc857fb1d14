//! CSV and JSON Lines from elsewhere: rows of numbers, mapped by the names of their fields.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::error::{Error, Field, Place, Role, shortened};
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
    /// Pressure holds the file's own count until the files are merged.
    rows: Vec<(Record, f64)>,
    has_spread: bool,
    notes: Vec<String>,
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
            rows: Vec::new(),
            has_spread: false,
            notes: Vec::new(),
        }
    }

    fn proxy_name(&self) -> &str {
        self.mapping.proxy.as_deref().unwrap_or("proxy")
    }

    fn intent_name(&self) -> &str {
        self.mapping.intent.as_deref().unwrap_or("intent")
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
        let header = loop {
            match lines.next()? {
                None => return Err(empty(path)),
                Some(line) if line.text.trim().is_empty() => {}
                Some(line) => break line.text.to_owned(),
            }
        };
        let separator = separator_of(&header);
        let mut names = Vec::new();
        crate::separated::split(&header, separator, &mut names).map_err(|problem| {
            malformed_at(
                path,
                1,
                problem,
                "quote a whole field, and double quotes inside it",
            )
        })?;
        check_header(path, &names)?;
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
            let row = match parse_object(line.text) {
                Ok(row) => row,
                Err(_) if !terminated => {
                    self.note_cut(path, number);
                    break;
                }
                Err((problem, mend)) => return Err(malformed_at(path, number, problem, mend)),
            };
            names.gather(&row);
            let value = |name: &str| {
                number_at(&row, name)
                    .map_err(|(problem, mend)| malformed_at(path, number, problem, mend))
            };
            let proxy = value(self.proxy_name())?;
            if proxy.is_none() {
                continue;
            }
            let intent = value(self.intent_name())?;
            let own = match &mut own {
                Some(own) => own,
                None => {
                    let axis = self.settle_axis(path, &names.list(), Field::Key)?;
                    own.insert(OwnPressure::new(axis))
                }
            };
            let axis = match own.name() {
                None => None,
                Some(name) => Some(value(name)?.ok_or_else(|| {
                    malformed_at(
                        path,
                        number,
                        format!("the key {:?} is missing", shortened(name)),
                        "write it in every row that has the proxy",
                    )
                })?),
            };
            any_proxy = true;
            any_intent |= intent.is_some();
            self.has_spread |= row.contains_key("spread");
            let cells = Cells {
                proxy,
                intent,
                axis,
            };
            self.push(path, number, own, &cells)?;
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

/// The dotted paths of the keys that hold numbers, in order and bounded.
#[derive(Default)]
struct Names {
    seen: BTreeSet<String>,
}

impl Names {
    const MOST: usize = 1000;
    const DEEPEST: usize = 8;

    fn list(&self) -> Vec<String> {
        self.seen.iter().cloned().collect()
    }

    fn gather(&mut self, row: &Map<String, Value>) {
        self.gather_under("", row, 0);
    }

    fn gather_under(&mut self, prefix: &str, row: &Map<String, Value>, depth: usize) {
        for (key, value) in row {
            if self.seen.len() == Self::MOST {
                return;
            }
            let name = format!("{prefix}{key}");
            match value {
                Value::Number(_) => {
                    self.seen.insert(name);
                }
                Value::Object(inner) if depth < Self::DEEPEST => {
                    self.gather_under(&format!("{name}."), inner, depth + 1);
                }
                _ => {}
            }
        }
    }
}

/// A JSON object, or what is wrong with the line and how to mend it.
pub(crate) fn parse_object(text: &str) -> Result<Map<String, Value>, (String, &'static str)> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(row)) => Ok(row),
        Ok(other) => Err((
            format!("{} is not a JSON object", shortened(&other.to_string())),
            "write one object a line",
        )),
        Err(error) => {
            let mend = if text.contains("NaN") || text.contains("Infinity") {
                "JSON has no NaN or Infinity: write null, or leave the key out"
            } else if error.is_eof() {
                "write each object on one line of its own (jq -c does it)"
            } else {
                "write one JSON object a line"
            };
            Err((format!("not JSON: {error}"), mend))
        }
    }
}

/// The finite number under a key or dotted path; `None` where it is absent or null.
fn number_at(row: &Map<String, Value>, name: &str) -> Result<Option<f64>, (String, &'static str)> {
    match lookup(row, name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64().filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err((
                format!(
                    "the key {:?} holds {}, not a finite number",
                    shortened(name),
                    shortened(&value.to_string())
                ),
                "write a number, or null where there is none",
            )),
        },
    }
}

fn lookup<'v>(row: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    if let Some(value) = row.get(name) {
        return Some(value);
    }
    name.match_indices('.').find_map(|(dot, _)| {
        let inner = row.get(&name[..dot])?.as_object()?;
        lookup(inner, &name[dot + 1..])
    })
}

fn check_header(path: &Path, names: &[String]) -> Result<(), Error> {
    if names.iter().all(|name| name.parse::<f64>().is_ok()) {
        return Err(malformed_at(
            path,
            1,
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
                1,
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
