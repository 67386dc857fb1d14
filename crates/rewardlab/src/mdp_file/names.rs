//! States and actions: how many there are, what they are called, and which one is meant.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::error::{MdpFileError, Problems, quoted};
use super::node::{Node, whole};
use crate::settings::nearest;

/// The most states that are read.
pub(super) const MOST_STATES: usize = 1 << 21;
/// The most pairs of a state and an action that are read.
pub(super) const MOST_PAIRS: usize = 1 << 22;

/// The states or the actions.
#[derive(Debug)]
pub(super) struct Names {
    /// "state" or "action".
    kind: &'static str,
    n: usize,
    /// Empty where only their number is known.
    names: Vec<String>,
    /// The number of each name; nothing where several have it.
    numbers: BTreeMap<Box<str>, Option<usize>>,
    /// How often the name that may have been meant is still looked for.
    guesses: Cell<usize>,
}

impl Names {
    /// From a count or a list of names; nothing, and its problems, where it is neither.
    pub(super) fn parse(kind: &'static str, node: Node, problems: &mut Problems) -> Option<Names> {
        let place = format!("{kind}s");
        if let Some(n) = node.count() {
            return problems.take(&place, Names::counted(kind, n));
        }
        let nodes = match node {
            Node::List(nodes) if !nodes.is_empty() => nodes,
            other => {
                problems.add(
                    &place,
                    format_args!(
                        "{} is neither a count nor a list of names; write one of the two",
                        other.kind()
                    ),
                );
                return None;
            }
        };
        let n_before = problems.n();
        let mut names = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.into_iter().enumerate() {
            match node {
                Node::Text(name) if !name.chars().any(char::is_control) => {
                    names.push(String::from(name));
                }
                other => problems.add(
                    format_args!("{place}[{index}]"),
                    format_args!(
                        "{} is no name; write a text in quotation marks, on one line",
                        other.kind()
                    ),
                ),
            }
        }
        if problems.n() > n_before {
            return None;
        }
        let counted = problems.take(&place, Names::counted(kind, names.len()))?;
        let mut numbers = BTreeMap::new();
        for (number, name) in names.iter().enumerate() {
            numbers
                .entry(name.as_str().into())
                .and_modify(|number| *number = None)
                .or_insert(Some(number));
        }
        Some(Names {
            names,
            numbers,
            ..counted
        })
    }

    /// So many, without names.
    pub(super) fn counted(kind: &'static str, n: usize) -> Result<Names, String> {
        let most = if kind == "state" {
            MOST_STATES
        } else {
            MOST_PAIRS
        };
        if n == 0 || n > most {
            return Err(format!(
                "there are {n} {kind}s; there must be at least one, and at most {most} are read"
            ));
        }
        Ok(Names {
            kind,
            n,
            names: vec![],
            numbers: BTreeMap::new(),
            guesses: Cell::new(MdpFileError::SHOWN),
        })
    }

    /// How many.
    pub(super) fn n(&self) -> usize {
        self.n
    }

    /// What to call each.
    pub(super) fn labels(&self) -> Vec<String> {
        (0..self.n).map(|number| self.label(number)).collect()
    }

    /// What to call one.
    pub(super) fn label(&self, number: usize) -> String {
        match self.names.get(number) {
            Some(name) => name.clone(),
            None => format!("{} {number}", self.kind),
        }
    }

    /// One of them in a message: its number, and its name where it has one.
    pub(super) fn shown(&self, number: usize) -> String {
        match self.names.get(number) {
            Some(name) => format!("{} {number} ({})", self.kind, quoted(name)),
            None => format!("{} {number}", self.kind),
        }
    }

    /// The one of a number or a name.
    pub(super) fn find(&self, node: &Node) -> Result<usize, String> {
        match node {
            Node::Number(number) => self.number(*number),
            Node::Text(name) => self.named(name),
            other => Err(format!(
                "{} is no {}; write its number or its name",
                other.kind(),
                self.kind
            )),
        }
    }

    /// The one of a number.
    pub(super) fn number(&self, number: f64) -> Result<usize, String> {
        match whole(number) {
            Some(found) if found < self.n => Ok(found),
            _ => Err(format!(
                "there is no {} {number}; they are counted from 0 to {}",
                self.kind,
                self.n - 1
            )),
        }
    }

    /// The one of a name.
    pub(super) fn named(&self, name: &str) -> Result<usize, String> {
        let kind = self.kind;
        match self.numbers.get(name) {
            Some(Some(number)) => Ok(*number),
            Some(None) => Err(format!(
                "several {kind}s are called {}; give the number of the one that is meant",
                quoted(name)
            )),
            None if self.names.is_empty() => Err(format!(
                "there is no {kind} {}, as the {kind}s have no names; give numbers, or list the names under \"{kind}s\"",
                quoted(name)
            )),
            None => Err(match self.meant(name) {
                Some(meant) => format!(
                    "there is no {kind} {}; did you mean {}?",
                    quoted(name),
                    quoted(meant)
                ),
                None => format!(
                    "there is no {kind} {}; \"{kind}s\" lists the names",
                    quoted(name)
                ),
            }),
        }
    }

    /// The name that may have been meant. Distances are only taken between short words, few of them and a few times, as
    /// files may hold long words, and many.
    fn meant(&self, name: &str) -> Option<&str> {
        const LONGEST: usize = 64;
        const MOST: usize = 1000;
        let guesses = self.guesses.get().checked_sub(1)?;
        self.guesses.set(guesses);
        let short = self.names.iter().filter(|name| name.len() <= LONGEST);
        (name.len() <= LONGEST)
            .then(|| guess(name, short.take(MOST).map(String::as_str)))
            .flatten()
    }
}

/// The states and the actions, as far as the file says readably what they are.
#[derive(Clone, Copy)]
pub(super) struct Known<'n> {
    pub(super) states: Option<&'n Names>,
    pub(super) actions: Option<&'n Names>,
}

/// The number of a state or an action; 0 where they are not known, so that everything beside it is still checked. The
/// file then has a problem already, and nothing that was found is used.
pub(super) fn find(names: Option<&Names>, node: &Node) -> Result<usize, String> {
    names.map_or(Ok(0), |names| names.find(node))
}

/// The key or the name that may have been meant by a word; shorter words are near to anything.
pub(super) fn guess<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    const SHORTEST: usize = 3;
    (word.chars().count() >= SHORTEST)
        .then(|| nearest(word, candidates))
        .flatten()
}

/// Something that can be printed in a sentence.
pub(super) fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.chars().any(char::is_control)
}
