//! Reads JSON into nodes: bounded in memory and depth, duplicate keys found.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::error::{Problems, quoted};
use super::node::{MOST_VALUES, NODE_COST, Node};

/// The longest JSON file that is read.
pub(super) const MOST_BYTES: usize = 64 << 20;

/// Reads one JSON value; a problem for each key that occurs twice, one for the place where the text stops being JSON.
pub(super) fn parse(bytes: &[u8], problems: &mut Problems) -> Option<Node> {
    // Some editors begin a file with this mark; it means nothing.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            problems.add(
                format_args!("byte {}", error.valid_up_to()),
                "this is not UTF-8; save the file as UTF-8 text, or as .npz",
            );
            return None;
        }
    };
    if text.trim().is_empty() {
        problems.add(
            "",
            "the file is empty; docs/mdp-files.md shows what it holds",
        );
        return None;
    }
    let reading = Reading {
        budget: Cell::new(MOST_VALUES),
        problems: RefCell::new(problems),
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = NodeSeed {
        reading: &reading,
        path: &Path::Root,
    };
    let node = seed
        .deserialize(&mut deserializer)
        .and_then(|node| deserializer.end().map(|()| node));
    match node {
        Ok(node) => Some(node),
        Err(error) => {
            let place = format!("line {}, column {}", error.line(), error.column());
            problems.add(place, explained(&error, text));
            None
        }
    }
}

/// What the parser says, with the way out.
fn explained(error: &serde_json::Error, text: &str) -> String {
    let said = error.to_string();
    let reason = said.split(" at line ").next().unwrap_or(&said).to_owned();
    let is_number_word = || {
        let line = text.lines().nth(error.line().saturating_sub(1));
        let from = |line: &str, column: usize| {
            let bytes = &line.as_bytes()[column.min(line.len())..];
            [&b"NaN"[..], b"Infinity", b"-Infinity", b"nan", b"inf"]
                .iter()
                .any(|word| bytes.starts_with(word))
        };
        line.is_some_and(|line| {
            let column = error.column();
            (column.saturating_sub(2)..=column).any(|column| from(line, column))
        })
    };
    if reason.starts_with(TOO_MUCH) {
        return reason;
    }
    if error.is_eof() {
        return format!("{reason}; the file is cut off, write it again");
    }
    if reason.contains("recursion limit") {
        return "lists and objects are nested too deeply; an MDP needs four levels at most"
            .to_owned();
    }
    if is_number_word() {
        return "JSON has no NaN or Infinity; every number of an MDP is finite".to_owned();
    }
    if reason.contains("number out of range") {
        return format!("{reason}; every number of an MDP is finite");
    }
    format!("this is not JSON ({reason}); mend it there, or write the file with a JSON library")
}

const TOO_MUCH: &str = "the file holds too many values";

struct Reading<'p> {
    budget: Cell<usize>,
    problems: RefCell<&'p mut Problems>,
}

impl Reading<'_> {
    fn spend<E: serde::de::Error>(&self, cost: usize) -> Result<(), E> {
        match self.budget.get().checked_sub(cost) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(E::custom(format_args!(
                "{TOO_MUCH}, at most {MOST_VALUES} numbers are read; write a large MDP sparsely, as .npz"
            ))),
        }
    }
}

/// Where in the document, from the innermost outwards.
enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Key(Path::Root, key) => f.write_str(key),
            Path::Key(outer, key) => write!(f, "{outer}.{key}"),
            Path::Index(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}

#[derive(Clone, Copy)]
struct NodeSeed<'a, 'p> {
    reading: &'a Reading<'p>,
    path: &'a Path<'a>,
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_, '_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Node, E> {
        self.reading.spend(NODE_COST)?;
        Ok(Node::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Node, E> {
        self.reading.spend(NODE_COST)?;
        Ok(Node::Flag(flag))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Node, E> {
        self.reading.spend(1)?;
        Ok(Node::Number(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Node, E> {
        self.visit_f64(number as f64)
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Node, E> {
        self.visit_f64(number as f64)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Node, E> {
        self.reading.spend(NODE_COST + text.len() / 8)?;
        Ok(Node::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        self.reading.spend(NODE_COST)?;
        let mut numbers: Vec<f64> = vec![];
        let mut nodes: Vec<Node> = vec![];
        let mut index = 0;
        loop {
            let seed = NodeSeed {
                reading: self.reading,
                path: &Path::Index(self.path, index),
            };
            let Some(node) = items.next_element_seed(seed)? else {
                break;
            };
            index += 1;
            match node {
                Node::Number(number) if nodes.is_empty() => numbers.push(number),
                node => {
                    self.reading.spend(NODE_COST * (1 + numbers.len()))?;
                    nodes.extend(numbers.drain(..).map(Node::Number));
                    nodes.push(node);
                }
            }
        }
        Ok(match nodes.is_empty() && !numbers.is_empty() {
            true => Node::Numbers(numbers),
            false => Node::List(nodes),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        self.reading.spend(NODE_COST)?;
        let mut object: Vec<(Box<str>, Node)> = vec![];
        let mut seen: BTreeSet<Box<str>> = BTreeSet::new();
        while let Some(key) = entries.next_key::<Box<str>>()? {
            if key.len() > LONGEST_KEY {
                return Err(A::Error::custom("a key is longer than any that an MDP has"));
            }
            self.reading.spend(3 * NODE_COST)?;
            let seed = NodeSeed {
                reading: self.reading,
                path: &Path::Key(self.path, &key),
            };
            let node = entries.next_value_seed(seed)?;
            if seen.insert(key.clone()) {
                object.push((key, node));
                continue;
            }
            let place = self.path.to_string();
            let problem = format!("the key {} occurs twice; keep one of them", quoted(&key));
            self.reading.problems.borrow_mut().add(place, problem);
        }
        Ok(Node::Object(object))
    }
}

/// Longer than any name that is worth showing.
const LONGEST_KEY: usize = 1000;
