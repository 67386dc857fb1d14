//! Turns one `.npy` array of an MDP into a node: numbers, flags or text.

use std::io::Read;

use demonstrations::numpy::{ArrayHeader, Item, NumberKind, read_numbers, read_texts};

use super::node::{Array, MOST_VALUES, NODE_COST, Node, shape_text};

/// The longest array file: all numbers that may be held, and a header.
pub(super) const MOST_BYTES: u64 = (MOST_VALUES as u64) * 8 + (1 << 16) + 16;
/// The most texts in one array.
const MOST_TEXTS: usize = 1 << 20;
/// The most axes; an MDP needs three.
const MOST_AXES: usize = 4;

/// How many numbers the arrays of one file may still hold.
#[derive(Debug)]
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Budget {
        Budget(MOST_VALUES)
    }
}

impl Budget {
    fn spend(&mut self, n_values: usize) -> Result<(), String> {
        match self.0.checked_sub(n_values) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => Err(format!(
                "with this array the file holds more than {MOST_VALUES} numbers, the most that are read; write a large MDP sparsely"
            )),
        }
    }
}

/// Reads an array that is `size` bytes long with its header.
pub(super) fn read(
    content: &mut impl Read,
    size: u64,
    budget: &mut Budget,
) -> Result<Node, String> {
    let header = ArrayHeader::read(content)?;
    let n_values = n_values(&header)?;
    let item = header.item()?;
    match item {
        Item::Text {
            n_characters,
            is_big_endian,
        } => {
            if n_values > MOST_TEXTS {
                return Err(format!(
                    "there are {n_values} texts; at most {MOST_TEXTS} are read, give a count instead of names"
                ));
            }
            header.check_size(item, size)?;
            let cost = NODE_COST + n_characters / 2;
            budget.spend(n_values.saturating_mul(cost))?;
            let texts = read_texts(content, n_values, n_characters, is_big_endian)?;
            Ok(nested(in_c_order(texts, &header), &header.shape))
        }
        Item::Number(number) => {
            header.check_size(item, size)?;
            budget.spend(n_values)?;
            // Memory grows with what arrives, not with what was promised.
            let mut values = vec![];
            read_numbers(content, n_values, number, |value| values.push(value))?;
            let mut values = in_c_order(values, &header);
            match (header.shape.is_empty(), number.kind) {
                (true, NumberKind::Flag) => Ok(Node::Flag(values.remove(0) != 0.0)),
                (true, _) => Ok(Node::Number(values.remove(0))),
                (false, kind) => Ok(Node::Array(Box::new(Array {
                    shape: header.shape,
                    values,
                    is_flags: kind == NumberKind::Flag,
                }))),
            }
        }
    }
}

fn n_values(header: &ArrayHeader) -> Result<usize, String> {
    match header.n_items() {
        Some(0) => Err(format!(
            "the shape {} holds nothing; leave the array out, or fill it",
            shape_text(&header.shape)
        )),
        Some(n) if n <= MOST_VALUES && header.shape.len() <= MOST_AXES => Ok(n),
        _ => Err(format!(
            "the shape {} is too large; at most {MOST_AXES} axes and {MOST_VALUES} numbers are read, write a large MDP sparsely",
            shape_text(&header.shape)
        )),
    }
}

/// The items with the last index fastest, whichever order the file has.
fn in_c_order<T: Clone>(items: Vec<T>, header: &ArrayHeader) -> Vec<T> {
    if !header.is_fortran || header.shape.len() < 2 || items.is_empty() {
        return items;
    }
    let mut strides = vec![1; header.shape.len()];
    for axis in 1..strides.len() {
        strides[axis] = strides[axis - 1] * header.shape[axis - 1];
    }
    let mut indices = vec![0; header.shape.len()];
    let mut ordered = Vec::with_capacity(items.len());
    for _ in 0..items.len() {
        let position: usize = indices
            .iter()
            .zip(&strides)
            .map(|(i, stride)| i * stride)
            .sum();
        ordered.push(items[position].clone());
        for axis in (0..indices.len()).rev() {
            indices[axis] += 1;
            if indices[axis] < header.shape[axis] {
                break;
            }
            indices[axis] = 0;
        }
    }
    ordered
}

/// Texts as nested lists of a shape.
fn nested(texts: Vec<Box<str>>, shape: &[usize]) -> Node {
    let mut nodes: Vec<Node> = texts.into_iter().map(Node::Text).collect();
    if shape.is_empty() {
        return nodes.remove(0);
    }
    for (axis, length) in shape.iter().enumerate().skip(1).rev() {
        let n_lists: usize = shape[..axis].iter().product();
        let mut rest = nodes.into_iter();
        nodes = (0..n_lists)
            .map(|_| Node::List(rest.by_ref().take(*length).collect()))
            .collect();
    }
    Node::List(nodes)
}
