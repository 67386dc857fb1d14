//! Spaces as Gymnasium has them, in the JSON of Minari, and how their values become flat ones.
//!
//! A `Dict` or `Tuple` is a tree whose leaves are arrays. The flat value of [`mdp::Space`] holds the leaves one after
//! the other: those of a `Dict` in the order of its keys by code point, as `gymnasium.spaces.flatten` does, those of a
//! `Tuple` in order, and each array row-major.

use mdp::Space;
use serde_json::{Map, Value, json};

use crate::error::shortened;

mod json_text;
mod leaf;

pub(crate) use json_text::parse;
pub(crate) use leaf::{Dtype, Leaf, Part};

/// The most numbers in a value of a space.
const MOST_VALUES: usize = 1 << 24;

/// A space as Gymnasium has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    /// An array or a number.
    Leaf(Leaf),
    /// Named spaces, in the order of their names.
    Dict(Vec<(String, Tree)>),
    /// Numbered spaces.
    Tuple(Vec<Tree>),
}

impl Tree {
    /// The space that some JSON describes.
    pub(crate) fn parse(json: &Value) -> Result<Tree, String> {
        let kind = json["type"].as_str().ok_or("a space without a type")?;
        let subspaces = &json["subspaces"];
        match kind {
            "Dict" => {
                let subspaces = subspaces
                    .as_object()
                    .ok_or("a Dict whose subspaces have no names")?;
                let parts = subspaces
                    .iter()
                    .map(|(name, space)| Ok((name.clone(), Tree::parse(space)?)));
                let mut parts: Vec<_> = parts.collect::<Result<_, String>>()?;
                parts.sort_by(|(a, _), (b, _)| a.cmp(b));
                Tree::Dict(parts).checked()
            }
            "Tuple" => {
                let subspaces = subspaces
                    .as_array()
                    .ok_or("a Tuple whose subspaces are no list")?;
                let parts = subspaces.iter().map(Tree::parse);
                Tree::Tuple(parts.collect::<Result<_, String>>()?).checked()
            }
            _ => Leaf::parse(kind, json).map(Tree::Leaf),
        }
    }

    fn checked(self) -> Result<Tree, String> {
        match self.parts().iter().map(|part| part.leaf.n_values()).sum() {
            0 => Err("a space without a single number".to_owned()),
            n if MOST_VALUES < n => Err(format!(
                "a space of {n} numbers, at most {MOST_VALUES} are read"
            )),
            _ => Ok(self),
        }
    }

    /// The space that Gymnasium has for one of ours.
    pub(crate) fn of(space: &Space) -> Tree {
        match space {
            Space::Tuple(parts) => Tree::Tuple(parts.iter().map(Tree::of).collect()),
            space => Tree::Leaf(Leaf::of(space)),
        }
    }

    /// Our space: what Gymnasium names is numbered, in order.
    pub(crate) fn space(&self) -> Space {
        match self {
            Tree::Leaf(leaf) => leaf.space.clone(),
            Tree::Dict(parts) => Space::Tuple(parts.iter().map(|(_, part)| part.space()).collect()),
            Tree::Tuple(parts) => Space::Tuple(parts.iter().map(Tree::space).collect()),
        }
    }

    /// As Minari writes it.
    pub(crate) fn json(&self) -> Value {
        match self {
            Tree::Leaf(leaf) => leaf.json(),
            Tree::Dict(parts) => {
                let parts: Map<String, Value> = parts
                    .iter()
                    .map(|(name, part)| (name.clone(), part.json()))
                    .collect();
                json!({ "type": "Dict", "subspaces": parts })
            }
            Tree::Tuple(parts) => {
                let parts: Vec<Value> = parts.iter().map(Tree::json).collect();
                json!({ "type": "Tuple", "subspaces": parts })
            }
        }
    }

    /// The leaves, where each lies in a flat value, and under which names it is kept.
    pub(crate) fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = vec![];
        self.collect(&mut vec![], &mut parts);
        parts
    }

    fn collect<'t>(&'t self, names: &mut Vec<Step<'t>>, parts: &mut Vec<Part<'t>>) {
        let mut below = |name, tree: &'t Tree| {
            names.push(name);
            tree.collect(names, parts);
            names.pop();
        };
        match self {
            Tree::Leaf(leaf) => {
                let start = parts
                    .last()
                    .map_or(0, |part: &Part<'_>| part.start + part.leaf.n_values());
                parts.push(Part {
                    names: names.clone(),
                    start,
                    leaf,
                });
            }
            Tree::Dict(named) => named
                .iter()
                .for_each(|(name, tree)| below(Step::Name(name), tree)),
            Tree::Tuple(numbered) => {
                numbered
                    .iter()
                    .enumerate()
                    .for_each(|(index, tree)| below(Step::Index(index), tree));
            }
        }
    }
}

/// A step from a space to a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'t> {
    /// Into a `Dict`.
    Name(&'t str),
    /// Into a `Tuple`.
    Index(usize),
}

/// A value of JSON, short enough for a message.
fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

#[cfg(test)]
mod tests;
