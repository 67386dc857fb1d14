//! `monitor.csv` of Stable-Baselines3, one or several parallel ones that make one run.
//!
//! A file opens with `#{"t_start": …, "env_id": …}`, then a header `r,l,t` with any further
//! columns that the wrapper was asked to keep, then a row an episode: return, length, seconds since
//! `t_start`. Parallel environments write a file each. As in `load_results` of the library, rows
//! are merged by `t_start + t`. A resumed run appends rows whose `t` starts again at zero, which
//! `load_results` shuffles among the older ones; here every such part follows the one before.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Field, Place, Role, shortened};
use crate::lines::{Lines, malformed_at};
use crate::log::{Format, Log, MOST_RECORDS, Mapping, Record, RecordKind, too_many};
use crate::separated::{Separated, finite, ragged};

/// An episode before the merge.
struct Episode {
    /// How often the file had been appended to before.
    part: u32,
    /// Absolute seconds.
    ended_at: f64,
    length: f64,
    record: Record,
}

/// Gathers the files of a run.
pub(crate) struct MonitorReader<'m> {
    mapping: &'m Mapping,
    episodes: Vec<Episode>,
    files: Vec<PathBuf>,
    environment: Option<(PathBuf, String)>,
    has_intent: Option<(PathBuf, bool)>,
    notes: Vec<String>,
}

/// Where the columns stand.
struct Columns {
    proxy: usize,
    length: usize,
    time: usize,
    intent: Option<usize>,
}

impl<'m> MonitorReader<'m> {
    pub(crate) fn new(mapping: &'m Mapping) -> Self {
        Self {
            mapping,
            episodes: Vec::new(),
            files: Vec::new(),
            environment: None,
            has_intent: None,
            notes: Vec::new(),
        }
    }

    pub(crate) fn read<R: BufRead>(&mut self, path: &Path, reader: R) -> Result<(), Error> {
        if let Some(name) = self
            .mapping
            .pressure
            .as_ref()
            .or(self.mapping.length.as_ref())
            && name != "l"
        {
            let problem = format!(
                "the pressure of a monitor file is the running sum of its column l, not {:?}",
                shortened(name)
            );
            return Err(malformed_at(path, 2, problem, "leave --pressure out"));
        }
        let mut lines = Lines::new(path, reader);
        let t_start = self.read_header(&mut lines)?;
        let mut table = Separated::new(lines, ',');
        let mut names = Vec::new();
        if !table.next(&mut names)? {
            return Err(malformed_at(
                path,
                2,
                "the header r,l,t is missing".to_owned(),
                "give the file as Stable-Baselines3 wrote it",
            ));
        }
        let columns = self.columns(path, &table, &names)?;
        let before = self.episodes.len();
        self.read_rows(path, &mut table, &names, &columns, t_start)?;
        if self.episodes.len() == before {
            self.notes
                .push(format!("{} holds no finished episode.", path.display()));
        }
        self.files.push(path.to_owned());
        Ok(())
    }

    fn read_header<R: BufRead>(&mut self, lines: &mut Lines<R>) -> Result<f64, Error> {
        const MEND: &str = "give the file as Stable-Baselines3 wrote it";
        let first = lines.next()?.map(|line| line.text.to_owned());
        let json = first.as_deref().and_then(|text| text.strip_prefix('#'));
        let Some(Value::Object(header)) = json.and_then(|json| serde_json::from_str(json).ok())
        else {
            let text = shortened(first.as_deref().unwrap_or_default());
            return Err(lines.malformed(format!("{text:?} is not #{{json}}"), MEND));
        };
        let t_start = match header.get("t_start") {
            None => 0.0,
            Some(value) => value.as_f64().filter(|t| t.is_finite()).ok_or_else(|| {
                let text = shortened(&value.to_string());
                lines.malformed(format!("t_start is {text}, not a number"), MEND)
            })?,
        };
        if let Some(Value::String(name)) = header.get("env_id") {
            self.same_environment(lines.path(), name)?;
        }
        Ok(t_start)
    }

    fn same_environment(&mut self, path: &Path, name: &str) -> Result<(), Error> {
        match &self.environment {
            None => self.environment = Some((path.to_owned(), name.to_owned())),
            Some((first, other)) if other != name => {
                return Err(Error::Mixed {
                    first: first.clone(),
                    second: path.to_owned(),
                    problem: format!(
                        "their environments are {:?} and {:?}",
                        shortened(other),
                        shortened(name)
                    ),
                    mend: "audit one run at a time",
                });
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn columns<R: BufRead>(
        &mut self,
        path: &Path,
        table: &Separated<R>,
        names: &[String],
    ) -> Result<Columns, Error> {
        let find = |name: &str| names.iter().position(|other| other == name);
        for required in ["r", "l", "t"] {
            if find(required).is_none() {
                return Err(table.malformed(
                    format!(
                        "the header {:?} lacks the column {required}",
                        shortened(&names.join(","))
                    ),
                    "a monitor file has the columns r,l,t; remove its first line to have it read as CSV",
                ));
            }
        }
        let missing = |role: Role, asked: &str| Error::Missing {
            path: path.to_owned(),
            role,
            field: Field::Column,
            asked: Some(asked.to_owned()),
            available: names.to_vec(),
        };
        let proxy = self.mapping.proxy.as_deref().unwrap_or("r");
        let intent = match &self.mapping.intent {
            Some(name) => Some(find(name).ok_or_else(|| missing(Role::Intent, name))?),
            None => find("intent"),
        };
        match &self.has_intent {
            None => self.has_intent = Some((path.to_owned(), intent.is_some())),
            Some((first, had)) if *had != intent.is_some() => {
                return Err(Error::Mixed {
                    first: first.clone(),
                    second: path.to_owned(),
                    problem: "only one of them has a column for the intent".to_owned(),
                    mend: "give the files of one run",
                });
            }
            Some(_) => {}
        }
        Ok(Columns {
            proxy: find(proxy).ok_or_else(|| missing(Role::Proxy, proxy))?,
            length: find("l").unwrap_or_default(),
            time: find("t").unwrap_or_default(),
            intent,
        })
    }

    fn read_rows<R: BufRead>(
        &mut self,
        path: &Path,
        table: &mut Separated<R>,
        names: &[String],
        columns: &Columns,
        t_start: f64,
    ) -> Result<(), Error> {
        let mut fields = Vec::new();
        let mut part = 0;
        let mut latest = 0.0_f64;
        while table.next(&mut fields)? {
            if !table.terminated() {
                self.notes.push(format!(
                    "{}, line {}: the last row has no line ending, as when its writer is killed, \
                     and is left out.",
                    path.display(),
                    table.line()
                ));
                break;
            }
            if fields.len() != names.len() {
                return Err(ragged(table, fields.len(), names.len()));
            }
            let number = |column: usize| {
                finite(&fields[column], &names[column])
                    .map_err(|(problem, mend)| table.malformed(problem, mend))
            };
            let length = checked_length(number(columns.length)?)
                .map_err(|problem| table.malformed(problem, "remove the row"))?;
            let time = number(columns.time)?;
            if time < latest {
                part += 1;
            }
            latest = time;
            if self.episodes.len() == MOST_RECORDS {
                return Err(too_many(path, Place::Line(table.line())));
            }
            self.episodes.push(Episode {
                part,
                ended_at: t_start + time,
                length,
                record: Record {
                    pressure: 0.0,
                    proxy: number(columns.proxy)?,
                    intent: columns.intent.map(number).transpose()?,
                },
            });
        }
        if part > 0 {
            self.notes.push(format!(
                "{}: time starts again {part} times, as when a run is resumed; the parts follow \
                 one another.",
                path.display()
            ));
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Log, Error> {
        if self.episodes.is_empty() {
            return Err(Error::Malformed {
                path: self.files.first().cloned().unwrap_or_default(),
                place: Place::Whole,
                problem: "no episode has finished".to_owned(),
                mend: "wait until the run has ended some".to_owned(),
            });
        }
        // The sort is stable: rows of equal time keep the order of the files.
        self.episodes
            .sort_by(|a, b| a.part.cmp(&b.part).then(a.ended_at.total_cmp(&b.ended_at)));
        let mut pressure = 0.0;
        let records = self
            .episodes
            .into_iter()
            .map(|episode| {
                pressure += episode.length;
                Record {
                    pressure,
                    ..episode.record
                }
            })
            .collect();
        let has_intent = self.has_intent.is_some_and(|(_, has)| has);
        let name = |given: &Option<String>, usual: &str| given.clone().unwrap_or(usual.to_owned());
        Ok(Log {
            format: Format::Monitor,
            kind: RecordKind::Episode,
            files: self.files,
            environment: self.environment.map(|(_, name)| name),
            proxy_name: name(&self.mapping.proxy, "r"),
            intent_name: has_intent.then(|| name(&self.mapping.intent, "intent")),
            pressure_name: "environment steps (running sum of l)".to_owned(),
            pressure_start: 0.0,
            records,
            notes: self.notes,
            step_log: None,
        })
    }
}

/// An episode's length: a positive whole number of steps.
pub(crate) fn checked_length(length: f64) -> Result<f64, String> {
    const LONGEST: f64 = 1e12;
    if (1.0..=LONGEST).contains(&length) && length.fract() == 0.0 {
        Ok(length)
    } else {
        Err(format!(
            "an episode's length is {length}, not a whole number from 1 to {LONGEST}"
        ))
    }
}
