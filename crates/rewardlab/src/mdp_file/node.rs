//! What both kinds of file hold before it is understood: numbers, texts, flags, lists, objects and arrays.

use std::fmt;

pub(super) use demonstrations::numpy::shape_text;

use super::error::quoted;

/// The most numbers that one file may hold, 256 MiB of them in memory. A text, a list or an object counts for
/// [`NODE_COST`] numbers.
pub(super) const MOST_VALUES: usize = 1 << 25;

/// What a value that is no plain number counts for.
pub(super) const NODE_COST: usize = 4;

/// A value of a file.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// JSON's `null`.
    Null,
    /// True or false.
    Flag(bool),
    /// One number.
    Number(f64),
    /// One text.
    Text(Box<str>),
    /// A list of nothing but numbers, of JSON.
    Numbers(Vec<f64>),
    /// A list of anything else.
    List(Vec<Node>),
    /// Keys with their values, in the order of the file.
    Object(Vec<(Box<str>, Node)>),
    /// An array of NumPy.
    Array(Box<Array>),
}

/// Numbers with a shape, the last index fastest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Array {
    /// Length of each axis.
    pub(super) shape: Vec<usize>,
    /// All values.
    pub(super) values: Vec<f64>,
    /// Whether the values are flags, held as 0 and 1.
    pub(super) is_flags: bool,
}

impl Array {
    /// Where a value stands, as one would type it.
    pub(super) fn place(&self, position: usize) -> Indices {
        let mut indices = vec![0; self.shape.len()];
        let mut rest = position;
        for (index, length) in indices.iter_mut().zip(&self.shape).rev() {
            *index = rest % length;
            rest /= length;
        }
        Indices(indices)
    }
}

/// `[2][0][5]`.
#[derive(Debug)]
pub(super) struct Indices(Vec<usize>);

impl fmt::Display for Indices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|index| write!(f, "[{index}]"))
    }
}

impl Node {
    /// What it is, in a message.
    pub(super) fn kind(&self) -> String {
        match self {
            Node::Null => "null".to_owned(),
            Node::Flag(flag) => format!("{flag}"),
            Node::Number(number) => format!("{number}"),
            Node::Text(text) => quoted(text),
            Node::Numbers(numbers) => format!("a list of {} numbers", numbers.len()),
            Node::List(nodes) => format!("a list of {}", nodes.len()),
            Node::Object(_) => "an object".to_owned(),
            Node::Array(array) => format!("an array of shape {}", shape_text(&array.shape)),
        }
    }

    /// A whole number from 0, exactly.
    pub(super) fn count(&self) -> Option<usize> {
        match self {
            Node::Number(number) => whole(*number),
            _ => None,
        }
    }

    /// Its length as a list, where it is one.
    pub(super) fn length(&self) -> Option<usize> {
        match self {
            Node::Numbers(numbers) => Some(numbers.len()),
            Node::List(nodes) => Some(nodes.len()),
            Node::Array(array) => array.shape.first().copied(),
            _ => None,
        }
    }

    /// The items of a list, in whatever form it is held; arrays along their first axis. Nothing for what is no list.
    pub(super) fn into_items(self) -> Option<Vec<Node>> {
        match self {
            Node::Numbers(numbers) => Some(numbers.into_iter().map(Node::Number).collect()),
            Node::List(nodes) => Some(nodes),
            Node::Array(array) if !array.shape.is_empty() => Some(array_items(*array)),
            _ => None,
        }
    }

    /// All numbers of nested lists, with their shape; nothing where they have none, after telling each thing that is
    /// wrong, and where within.
    pub(super) fn into_array(self, mut wrong: impl FnMut(Indices, String)) -> Option<Array> {
        match self {
            Node::Array(array) => return Some(*array),
            Node::Numbers(values) => {
                return Some(Array {
                    shape: vec![values.len()],
                    values,
                    is_flags: false,
                });
            }
            _ => {}
        }
        let mut shape = vec![];
        let mut inner = &self;
        while let Some(length) = inner.length() {
            shape.push(length);
            match inner {
                Node::List(nodes) if !nodes.is_empty() => inner = &nodes[0],
                _ => break,
            }
        }
        let mut flat = Flattened {
            is_flags: matches!(inner, Node::Flag(_)),
            values: vec![],
            is_sound: true,
            wrong: &mut wrong,
        };
        flat.gather(self, &shape, &mut vec![]);
        flat.is_sound.then_some(Array {
            shape,
            values: flat.values,
            is_flags: flat.is_flags,
        })
    }
}

struct Flattened<'w> {
    is_flags: bool,
    values: Vec<f64>,
    is_sound: bool,
    wrong: &'w mut dyn FnMut(Indices, String),
}

impl Flattened<'_> {
    fn gather(&mut self, node: Node, shape: &[usize], place: &mut Vec<usize>) {
        let Some((length, inner)) = shape.split_first() else {
            match node {
                Node::Number(number) if !self.is_flags => self.values.push(number),
                Node::Flag(flag) if self.is_flags => self.values.push(f64::from(u8::from(flag))),
                other => {
                    let wanted = if self.is_flags {
                        "true or false"
                    } else {
                        "a number"
                    };
                    self.report(place, &other, wanted);
                }
            }
            return;
        };
        if node.length() != Some(*length) {
            return self.report(place, &node, &format!("a list of {length}"));
        }
        match node {
            Node::Numbers(numbers) if inner.is_empty() && !self.is_flags => {
                self.values.extend(numbers);
            }
            node => {
                for (index, item) in node
                    .into_items()
                    .unwrap_or_default()
                    .into_iter()
                    .enumerate()
                {
                    place.push(index);
                    self.gather(item, inner, place);
                    place.pop();
                }
            }
        }
    }

    fn report(&mut self, place: &[usize], found: &Node, wanted: &str) {
        self.is_sound = false;
        (self.wrong)(
            Indices(place.to_vec()),
            format!("{} stands where {wanted} is expected", found.kind()),
        );
    }
}

fn array_items(array: Array) -> Vec<Node> {
    let inner = array.shape[1..].to_vec();
    if inner.is_empty() {
        let item = |value: f64| match array.is_flags {
            true => Node::Flag(value != 0.0),
            false => Node::Number(value),
        };
        return array.values.into_iter().map(item).collect();
    }
    let size: usize = inner.iter().product();
    (0..array.shape[0])
        .map(|index| {
            Node::Array(Box::new(Array {
                shape: inner.clone(),
                values: array.values[index * size..][..size].to_vec(),
                is_flags: array.is_flags,
            }))
        })
        .collect()
}

/// A whole number from 0 that a float holds exactly.
pub(super) fn whole(number: f64) -> Option<usize> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..LARGEST).contains(&number)).then_some(number as usize)
}
