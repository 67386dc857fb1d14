//! Reads one `.npy` array: the header of versions 1 to 3, then numbers, flags or text. Never a pickle.

use std::io::Read;

use super::error::quoted;
use super::node::{Array, MOST_VALUES, NODE_COST, Node, shape_text};

/// The longest array file: all numbers that may be held, and a header.
pub(super) const MOST_BYTES: u64 = (MOST_VALUES as u64) * 8 + MOST_HEADER as u64 + 16;
/// NumPy's own limit on a header is 10,000 bytes.
const MOST_HEADER: usize = 1 << 16;
/// The most texts in one array.
const MOST_TEXTS: usize = 1 << 20;
/// The longest text, in characters.
const LONGEST_TEXT: usize = 1 << 12;
/// The most axes; an MDP needs three.
const MOST_AXES: usize = 4;
/// Bytes taken from a stream at once.
const CHUNK: usize = 1 << 16;

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
    let (header, header_length) = header(content)?;
    let header = Header::parse(&header)?;
    let n_values = header.n_values()?;
    let item = header.item()?;
    let n_bytes = (n_values as u64).checked_mul(item.size() as u64);
    if n_bytes.and_then(|n| n.checked_add(header_length)) != Some(size) {
        return Err(format!(
            "the shape {} of {} does not fit the {size} bytes that are there; write the file again",
            shape_text(&header.shape),
            quoted(&header.descr)
        ));
    }
    match item {
        Item::Text { length, big } => {
            let cost = NODE_COST + length / 2;
            budget.spend(n_values.saturating_mul(cost))?;
            let texts = texts(content, n_values, length, big)?;
            Ok(nested(in_c_order(texts, &header), &header.shape))
        }
        Item::Number(number) => {
            budget.spend(n_values)?;
            let values = numbers(content, n_values, number)?;
            let mut values = in_c_order(values, &header);
            match (header.shape.is_empty(), number.kind) {
                (true, Kind::Flag) => Ok(Node::Flag(values.remove(0) != 0.0)),
                (true, _) => Ok(Node::Number(values.remove(0))),
                (false, kind) => Ok(Node::Array(Box::new(Array {
                    shape: header.shape,
                    values,
                    is_flags: kind == Kind::Flag,
                }))),
            }
        }
    }
}

/// The dictionary of the header, and how long magic, length and dictionary are together.
fn header(content: &mut impl Read) -> Result<(String, u64), String> {
    const CUT: &str = "the array is cut off or damaged; write the file again";
    let mut magic = [0; 8];
    content.read_exact(&mut magic).map_err(|_| CUT)?;
    if magic[..6] != *b"\x93NUMPY" {
        return Err("this is no .npy array; write the file with np.savez".to_owned());
    }
    let (length, length_bytes) = match magic[6] {
        1 => {
            let mut length = [0; 2];
            content.read_exact(&mut length).map_err(|_| CUT)?;
            (usize::from(u16::from_le_bytes(length)), 2)
        }
        2 | 3 => {
            let mut length = [0; 4];
            content.read_exact(&mut length).map_err(|_| CUT)?;
            (u32::from_le_bytes(length) as usize, 4)
        }
        version => {
            return Err(format!(
                "this is version {version} of the .npy format; versions 1 to 3 are read"
            ));
        }
    };
    if length > MOST_HEADER {
        return Err(format!(
            "the header claims {length} bytes, at most {MOST_HEADER} are read; write the file again"
        ));
    }
    let mut dictionary = vec![0; length];
    content.read_exact(&mut dictionary).map_err(|_| CUT)?;
    let dictionary = String::from_utf8(dictionary)
        .map_err(|_| "the header is no text; write the file again".to_owned())?;
    Ok((dictionary, 8 + length_bytes + length as u64))
}

/// What the header says.
#[derive(Debug, Default)]
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// The literal of a Python dictionary, as NumPy writes it: `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
    fn parse(text: &str) -> Result<Header, String> {
        Header::keys(text.trim()).ok_or_else(|| {
            format!(
                "the header {} is not one that NumPy writes for a plain array; save arrays of numbers, flags or text",
                quoted(text.trim())
            )
        })
    }

    fn keys(text: &str) -> Option<Header> {
        let mut rest = text.strip_prefix('{')?.trim_start();
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        while !rest.starts_with('}') {
            let (key, after) = quoted_word(rest)?;
            rest = after.trim_start().strip_prefix(':')?.trim_start();
            match key {
                "descr" => {
                    let (word, after) = quoted_word(rest)?;
                    descr = Some(word.to_owned());
                    rest = after;
                }
                "fortran_order" => {
                    let word = ["True", "False"]
                        .into_iter()
                        .find(|word| rest.starts_with(word))?;
                    fortran_order = Some(word == "True");
                    rest = &rest[word.len()..];
                }
                "shape" => {
                    let (inside, after) = rest.strip_prefix('(')?.split_once(')')?;
                    let lengths = inside.split(',').map(str::trim);
                    let lengths = lengths.filter(|length| !length.is_empty());
                    let lengths: Result<Vec<usize>, _> = lengths
                        .map(|length| length.trim_end_matches('L').parse())
                        .collect();
                    shape = Some(lengths.ok()?);
                    rest = after;
                }
                _ => return None,
            }
            rest = rest.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        }
        (rest.trim_end() == "}").then_some(Header {
            descr: descr?,
            fortran_order: fortran_order?,
            shape: shape?,
        })
    }

    fn n_values(&self) -> Result<usize, String> {
        let product = self
            .shape
            .iter()
            .try_fold(1_usize, |product, length| product.checked_mul(*length));
        match product {
            Some(0) => Err(format!(
                "the shape {} holds nothing; leave the array out, or fill it",
                shape_text(&self.shape)
            )),
            Some(n) if n <= MOST_VALUES && self.shape.len() <= MOST_AXES => Ok(n),
            _ => Err(format!(
                "the shape {} is too large; at most {MOST_AXES} axes and {MOST_VALUES} numbers are read, write a large MDP sparsely",
                shape_text(&self.shape)
            )),
        }
    }

    /// How one item is stored.
    fn item(&self) -> Result<Item, String> {
        let refused = || {
            format!(
                "the values are of NumPy's type {}; convert them with .astype(float), .astype(int), .astype(bool) or .astype(str)",
                quoted(&self.descr)
            )
        };
        let mut characters = self.descr.chars();
        let big = match characters.next() {
            Some('<' | '|') => false,
            Some('>') => true,
            Some('=') => cfg!(target_endian = "big"),
            _ => return Err(refused()),
        };
        let letter = characters.next().ok_or_else(refused)?;
        if letter == 'O' {
            return Err(
                "the values are Python objects, and reading a pickle would run code; convert them with .astype(float) or .astype(str)"
                    .to_owned(),
            );
        }
        let size: usize = characters.as_str().parse().map_err(|_| refused())?;
        let kind = match (letter, size) {
            ('f', 4 | 8) => Kind::Float,
            ('i', 1 | 2 | 4 | 8) => Kind::Signed,
            ('u', 1 | 2 | 4 | 8) => Kind::Unsigned,
            ('b', 1) => Kind::Flag,
            ('U', 0..=LONGEST_TEXT) => return self.text_item(size, big),
            _ => return Err(refused()),
        };
        Ok(Item::Number(NumberItem { kind, size, big }))
    }

    fn text_item(&self, length: usize, big: bool) -> Result<Item, String> {
        let n_texts = self.n_values()?;
        if n_texts > MOST_TEXTS {
            return Err(format!(
                "there are {n_texts} texts; at most {MOST_TEXTS} are read, give a count instead of names"
            ));
        }
        Ok(Item::Text { length, big })
    }
}

/// A word in quotation marks of either kind, and what follows.
fn quoted_word(text: &str) -> Option<(&str, &str)> {
    let mark = text.chars().next().filter(|mark| "'\"".contains(*mark))?;
    text[1..].split_once(mark)
}

/// How one item is stored.
enum Item {
    Number(NumberItem),
    Text { length: usize, big: bool },
}

impl Item {
    fn size(&self) -> usize {
        match self {
            Item::Number(number) => number.size,
            Item::Text { length, .. } => 4 * length,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
    Flag,
}

#[derive(Clone, Copy)]
struct NumberItem {
    kind: Kind,
    size: usize,
    big: bool,
}

impl NumberItem {
    /// The number that these bytes, at most eight, hold.
    fn decode(self, bytes: &[u8]) -> f64 {
        let mut little = [0; 8];
        little[..bytes.len()].copy_from_slice(bytes);
        if self.big {
            little[..bytes.len()].reverse();
        }
        let word = u64::from_le_bytes(little);
        match self.kind {
            Kind::Float if self.size == 4 => f64::from(f32::from_bits(word as u32)),
            Kind::Float => f64::from_bits(word),
            Kind::Signed => {
                let unused = 64 - 8 * self.size as u32;
                ((word << unused) as i64 >> unused) as f64
            }
            Kind::Unsigned => word as f64,
            Kind::Flag => f64::from(u8::from(word != 0)),
        }
    }
}

/// The numbers of a stream. Memory grows with what arrives, not with what was promised.
fn numbers(content: &mut impl Read, n: usize, item: NumberItem) -> Result<Vec<f64>, String> {
    let mut values = vec![];
    in_chunks(content, n, item.size, |bytes| {
        values.extend(
            bytes
                .chunks_exact(item.size)
                .map(|item_bytes| item.decode(item_bytes)),
        );
        Ok(())
    })?;
    Ok(values)
}

/// The texts of a stream: four bytes a character, filled up with zeros.
fn texts(
    content: &mut impl Read,
    n: usize,
    length: usize,
    big: bool,
) -> Result<Vec<Box<str>>, String> {
    if length == 0 {
        return Ok(vec![Box::from(""); n]);
    }
    let mut texts = vec![];
    in_chunks(content, n, 4 * length, |bytes| {
        for text in bytes.chunks_exact(4 * length) {
            let characters: Option<String> = text
                .chunks_exact(4)
                .map(|bytes| {
                    let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
                    let code = match big {
                        true => u32::from_be_bytes(bytes),
                        false => u32::from_le_bytes(bytes),
                    };
                    char::from_u32(code)
                })
                .collect();
            let characters =
                characters.ok_or("a text holds what is no character; write the file again")?;
            texts.push(characters.trim_end_matches('\0').into());
        }
        Ok(())
    })?;
    Ok(texts)
}

/// Hands on the bytes of `n` items, some thousand items at a time.
fn in_chunks(
    content: &mut impl Read,
    n: usize,
    size: usize,
    mut each: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let per_chunk = (CHUNK / size).max(1);
    let mut buffer = vec![0; per_chunk.min(n) * size];
    let mut left = n;
    while left > 0 {
        let taken = left.min(per_chunk);
        let bytes = &mut buffer[..taken * size];
        content
            .read_exact(bytes)
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::UnexpectedEof => {
                    "the array is cut off; write the file again".to_owned()
                }
                _ => format!("the array cannot be unpacked ({error}); write the file again"),
            })?;
        each(bytes)?;
        left -= taken;
    }
    Ok(())
}

/// The items with the last index fastest, whichever order the file has.
fn in_c_order<T: Clone>(items: Vec<T>, header: &Header) -> Vec<T> {
    if !header.fortran_order || header.shape.len() < 2 || items.is_empty() {
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
