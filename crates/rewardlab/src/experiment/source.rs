//! Where settings come from: a TOML file and `--set` arguments, flattened to dotted keys that know their place.

use std::collections::BTreeMap;
use std::fmt;

use toml_edit::{Item, Value};

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A file, with line and column counted from 1.
    File {
        /// The file's name as it was given.
        file: String,
        /// The line.
        line: usize,
        /// The column, in characters.
        column: usize,
    },
    /// A `--set` argument, quoted.
    Argument(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Place::Argument(argument) => write!(f, "--set {argument}"),
        }
    }
}

/// Something wrong with an experiment: where, what, and what is allowed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) value: Value,
    pub(super) place: Place,
}

/// Everything written about one experiment, by dotted key: `optimizer.steps`.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The file's name as it was given.
    pub(super) file: String,
    pub(super) entries: BTreeMap<String, Entry>,
    /// Where each section's header stands.
    pub(super) sections: BTreeMap<String, Place>,
    pub(super) problems: Vec<Problem>,
}

impl Source {
    /// Reads TOML; what cannot be read becomes a problem.
    pub(super) fn parse(file: &str, text: &str) -> Source {
        let mut source = Source {
            file: file.to_owned(),
            entries: BTreeMap::new(),
            sections: BTreeMap::new(),
            problems: vec![],
        };
        match toml_edit::Document::parse(text) {
            Ok(document) => {
                let places = Places { file, text };
                for (key, item) in document.iter() {
                    let span = document.as_table().key(key).and_then(|key| key.span());
                    source.add(&places, key.to_owned(), item, span);
                }
            }
            Err(error) => {
                let place = Places { file, text }.at(error.span().map_or(0, |span| span.start));
                let message = error.message().trim().replace('\n', "; ");
                source.problems.push(Problem {
                    place,
                    message: format!("not TOML: {message}"),
                });
            }
        }
        source
    }

    fn add(
        &mut self,
        places: &Places<'_>,
        key: String,
        item: &Item,
        key_span: Option<std::ops::Range<usize>>,
    ) {
        let place = places.at(key_span
            .or_else(|| item.span())
            .map_or(0, |span| span.start));
        if let Some(table) = item.as_table_like() {
            for (child, child_item) in table.iter() {
                let span = table.key(child).and_then(|key| key.span());
                self.add(places, format!("{key}.{child}"), child_item, span);
            }
            self.sections.insert(key, place);
        } else if let Some(value) = item.as_value() {
            let value = value.clone();
            self.entries.insert(key, Entry { value, place });
        } else {
            self.problems.push(Problem {
                place,
                message: format!(
                    "{key} is a list of tables, which no experiment has; write [{key}] once"
                ),
            });
        }
    }

    /// Lays `key=value` arguments over the file, the last one winning.
    pub(super) fn set(&mut self, arguments: &[String]) {
        for argument in arguments {
            let place = Place::Argument(argument.clone());
            let parts = argument.split_once('=');
            let Some((key, value)) = parts.map(|(key, value)| (key.trim(), value.trim())) else {
                self.problems.push(Problem {
                    place,
                    message: "has no \"=\"; write section.key=value, as in optimizer.steps=2e6"
                        .into(),
                });
                continue;
            };
            let value = value
                .parse::<Value>()
                .unwrap_or_else(|_| Value::from(value.to_owned()));
            self.entries.insert(key.to_owned(), Entry { value, place });
        }
    }

    /// Where a whole section is to be mended: its header, or the head of the file.
    pub(super) fn section_place(&self, section: &str) -> Place {
        self.sections.get(section).cloned().unwrap_or(Place::File {
            file: self.file.clone(),
            line: 1,
            column: 1,
        })
    }

    pub(super) fn problem(&mut self, place: Place, message: String) {
        self.problems.push(Problem { place, message });
    }
}

struct Places<'a> {
    file: &'a str,
    text: &'a str,
}

impl Places<'_> {
    fn at(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place::File {
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}
