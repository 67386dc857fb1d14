//! One `.npy` array: the header of versions 1 to 3, then numbers, flags or text. Never a pickle.

use std::io::Read;

use crate::error::shortened;

/// NumPy's own limit on a header is 10,000 bytes.
const MOST_HEADER: usize = 1 << 16;
/// The longest text, in characters.
const LONGEST_TEXT: usize = 1 << 12;
/// Bytes taken from a stream at once.
const CHUNK: usize = 1 << 16;

/// What the header of an array says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArrayHeader {
    /// NumPy's word for the type of an item: `<f8`.
    pub type_word: String,
    /// Whether the first index is the fastest, and not the last.
    pub is_fortran: bool,
    /// Length of each axis; none for a single item.
    pub shape: Vec<usize>,
    /// Bytes before the items: magic, length and dictionary.
    pub n_bytes: u64,
}

impl ArrayHeader {
    /// Reads the header at the start of an array.
    ///
    /// # Errors
    /// If the array is cut off, is of an unknown version, or has another header than NumPy writes: what is wrong, and
    /// the way out.
    pub fn read(content: &mut impl Read) -> Result<ArrayHeader, String> {
        let (dictionary, n_bytes) = dictionary(content)?;
        let mut header = ArrayHeader::parse(&dictionary)?;
        header.n_bytes = n_bytes;
        Ok(header)
    }

    /// The literal of a Python dictionary, as NumPy writes it: `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
    fn parse(text: &str) -> Result<ArrayHeader, String> {
        ArrayHeader::keys(text.trim()).ok_or_else(|| {
            format!(
                "the header {} is not one that NumPy writes for a plain array; save arrays of numbers, flags or text",
                quoted(text.trim())
            )
        })
    }

    fn keys(text: &str) -> Option<ArrayHeader> {
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
        (rest.trim_end() == "}").then_some(ArrayHeader {
            type_word: descr?,
            is_fortran: fortran_order?,
            shape: shape?,
            n_bytes: 0,
        })
    }

    /// How many items the shape holds; none where they are more than can be counted.
    #[must_use]
    pub fn n_items(&self) -> Option<usize> {
        let mut lengths = self.shape.iter();
        lengths.try_fold(1_usize, |product, length| product.checked_mul(*length))
    }

    /// That header and items together take `size` bytes.
    ///
    /// # Errors
    /// If they do not: what is wrong, and the way out.
    pub fn check_size(&self, item: Item, size: u64) -> Result<(), String> {
        let n_bytes = self
            .n_items()
            .and_then(|n| (n as u64).checked_mul(item.n_bytes() as u64));
        if n_bytes.and_then(|n| n.checked_add(self.n_bytes)) == Some(size) {
            return Ok(());
        }
        Err(format!(
            "the shape {} of {} does not fit the {size} bytes that are there; write the file again",
            shape_text(&self.shape),
            quoted(&self.type_word)
        ))
    }

    /// How one item is stored.
    ///
    /// # Errors
    /// If it is no number, flag or text, Python objects above all: what is wrong, and the way out.
    pub fn item(&self) -> Result<Item, String> {
        let refused = || {
            format!(
                "the values are of NumPy's type {}; convert them with .astype(float), .astype(int), .astype(bool) or .astype(str)",
                quoted(&self.type_word)
            )
        };
        let mut characters = self.type_word.chars();
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
            ('f', 4 | 8) => NumberKind::Float,
            ('i', 1 | 2 | 4 | 8) => NumberKind::Signed,
            ('u', 1 | 2 | 4 | 8) => NumberKind::Unsigned,
            ('b', 1) => NumberKind::Flag,
            ('U', 0..=LONGEST_TEXT) => {
                return Ok(Item::Text {
                    n_characters: size,
                    is_big_endian: big,
                });
            }
            _ => return Err(refused()),
        };
        Ok(Item::Number(NumberItem {
            kind,
            n_bytes: size,
            is_big_endian: big,
        }))
    }
}

/// A shape as Python writes it: `(3, 4)`.
#[must_use]
pub fn shape_text(shape: &[usize]) -> String {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    match lengths.as_slice() {
        [only] => format!("({only},)"),
        _ => format!("({})", lengths.join(", ")),
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", shortened(text))
}

/// The dictionary of the header, and how long magic, length and dictionary are together.
fn dictionary(content: &mut impl Read) -> Result<(String, u64), String> {
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

/// A word in quotation marks of either kind, and what follows.
fn quoted_word(text: &str) -> Option<(&str, &str)> {
    let mark = text.chars().next().filter(|mark| "'\"".contains(*mark))?;
    text[1..].split_once(mark)
}

/// How one item is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A number or a flag.
    Number(NumberItem),
    /// Text of up to so many characters, four bytes each.
    Text {
        /// Characters, the unused among them.
        n_characters: usize,
        /// Whether the most significant byte comes first.
        is_big_endian: bool,
    },
}

impl Item {
    /// Bytes of an item.
    #[must_use]
    pub fn n_bytes(self) -> usize {
        match self {
            Item::Number(number) => number.n_bytes,
            Item::Text { n_characters, .. } => 4 * n_characters,
        }
    }
}

/// What the bytes of a number mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
    /// IEEE 754.
    Float,
    /// Two's complement.
    Signed,
    /// Not negative.
    Unsigned,
    /// True or false.
    Flag,
}

/// How a number is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberItem {
    /// What its bytes mean.
    pub kind: NumberKind,
    /// Bytes, at most eight.
    pub n_bytes: usize,
    /// Whether the most significant byte comes first.
    pub is_big_endian: bool,
}

impl NumberItem {
    /// The number that these bytes, at most eight, hold.
    fn decode(self, bytes: &[u8]) -> f64 {
        let mut little = [0; 8];
        little[..bytes.len()].copy_from_slice(bytes);
        if self.is_big_endian {
            little[..bytes.len()].reverse();
        }
        let word = u64::from_le_bytes(little);
        match self.kind {
            NumberKind::Float if self.n_bytes == 4 => f64::from(f32::from_bits(word as u32)),
            NumberKind::Float => f64::from_bits(word),
            NumberKind::Signed => {
                let unused = 64 - 8 * self.n_bytes as u32;
                ((word << unused) as i64 >> unused) as f64
            }
            NumberKind::Unsigned => word as f64,
            NumberKind::Flag => f64::from(u8::from(word != 0)),
        }
    }
}

/// Reads `n` numbers, flags as 0 and 1, and hands them on one by one. Nothing is allocated but a buffer.
///
/// # Errors
/// If the stream ends before, or cannot be unpacked: what is wrong, and the way out.
pub fn read_numbers(
    content: &mut impl Read,
    n: usize,
    item: NumberItem,
    mut each: impl FnMut(f64),
) -> Result<(), String> {
    in_chunks(content, n, item.n_bytes, |bytes| {
        // The form that is met most is decided on once, outside of the loop.
        match (item.kind, item.n_bytes, item.is_big_endian) {
            (NumberKind::Float, 4, false) => {
                for bytes in bytes.chunks_exact(4) {
                    each(f64::from(f32::from_le_bytes([
                        bytes[0], bytes[1], bytes[2], bytes[3],
                    ])));
                }
            }
            _ => bytes
                .chunks_exact(item.n_bytes)
                .for_each(|bytes| each(item.decode(bytes))),
        }
        Ok(())
    })
}

/// Reads `n` texts: four bytes a character, filled up with zeros. Memory grows with what arrives.
///
/// # Errors
/// If the stream ends before, or holds what is no character: what is wrong, and the way out.
pub fn read_texts(
    content: &mut impl Read,
    n: usize,
    n_characters: usize,
    is_big_endian: bool,
) -> Result<Vec<Box<str>>, String> {
    if n_characters == 0 {
        return Ok(vec![Box::from(""); n]);
    }
    let mut texts = vec![];
    in_chunks(content, n, 4 * n_characters, |bytes| {
        for text in bytes.chunks_exact(4 * n_characters) {
            let characters: Option<String> = text
                .chunks_exact(4)
                .map(|bytes| {
                    let bytes = [bytes[0], bytes[1], bytes[2], bytes[3]];
                    let code = match is_big_endian {
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

/// The header of an array of numbers with its last index fastest, as NumPy writes it: filled up to whole 64 bytes.
pub(crate) fn write_header(type_word: &str, shape: &[usize]) -> Vec<u8> {
    let shape = shape_text(shape);
    let mut dictionary =
        format!("{{'descr': '{type_word}', 'fortran_order': False, 'shape': {shape}, }}");
    let unfilled = 10 + dictionary.len() + 1;
    dictionary.extend(std::iter::repeat_n(
        ' ',
        unfilled.next_multiple_of(64) - unfilled,
    ));
    dictionary.push('\n');
    let mut header = b"\x93NUMPY\x01\x00".to_vec();
    header.extend((dictionary.len() as u16).to_le_bytes());
    header.extend(dictionary.as_bytes());
    header
}
