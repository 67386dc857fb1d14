//! The leaves of a space: arrays of numbers of one type.

use mdp::Space;
use serde_json::{Value, json};

use super::json_text::number;
use super::{MOST_VALUES, Step, shown};

/// A type of numbers, as NumPy names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dtype {
    Int8,
    Int16,
    Int32,
    Int64,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float16,
    Float32,
    Float64,
}

impl Dtype {
    const ALL: [(Dtype, &'static str); 11] = [
        (Dtype::Int8, "int8"),
        (Dtype::Int16, "int16"),
        (Dtype::Int32, "int32"),
        (Dtype::Int64, "int64"),
        (Dtype::Uint8, "uint8"),
        (Dtype::Uint16, "uint16"),
        (Dtype::Uint32, "uint32"),
        (Dtype::Uint64, "uint64"),
        (Dtype::Float16, "float16"),
        (Dtype::Float32, "float32"),
        (Dtype::Float64, "float64"),
    ];

    /// NumPy's name.
    pub(crate) fn name(self) -> &'static str {
        Dtype::ALL
            .iter()
            .find(|(dtype, _)| *dtype == self)
            .map_or("", |(_, name)| name)
    }

    /// The type that NumPy calls by this name.
    pub(crate) fn named(name: &str) -> Option<Dtype> {
        Dtype::ALL
            .iter()
            .find(|(_, own)| *own == name)
            .map(|(dtype, _)| *dtype)
    }

    fn parse(json: &Value) -> Result<Dtype, String> {
        let names = || Dtype::ALL.map(|(_, name)| name).join(", ");
        json.as_str().and_then(Dtype::named).ok_or_else(|| {
            format!(
                "a space of numbers of type {}, where {} are read",
                shown(json),
                names()
            )
        })
    }

    /// Whether it is a type of whole numbers.
    pub(crate) fn is_whole(self) -> bool {
        !matches!(self, Dtype::Float16 | Dtype::Float32 | Dtype::Float64)
    }

    /// Least and greatest number of a type of whole numbers; without bounds for others.
    pub(crate) fn range(self) -> (f64, f64) {
        match self {
            Dtype::Int8 => (f64::from(i8::MIN), f64::from(i8::MAX)),
            Dtype::Int16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
            Dtype::Int32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            Dtype::Int64 => (i64::MIN as f64, i64::MAX as f64),
            Dtype::Uint8 => (0.0, f64::from(u8::MAX)),
            Dtype::Uint16 => (0.0, f64::from(u16::MAX)),
            Dtype::Uint32 => (0.0, f64::from(u32::MAX)),
            Dtype::Uint64 => (0.0, u64::MAX as f64),
            Dtype::Float16 | Dtype::Float32 | Dtype::Float64 => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// Bytes of one number.
    pub(crate) fn size(self) -> usize {
        match self {
            Dtype::Int8 | Dtype::Uint8 => 1,
            Dtype::Int16 | Dtype::Uint16 | Dtype::Float16 => 2,
            Dtype::Int32 | Dtype::Uint32 | Dtype::Float32 => 4,
            Dtype::Int64 | Dtype::Uint64 | Dtype::Float64 => 8,
        }
    }

    /// Adds a number in little-endian bytes; fails where a type of whole numbers does not have it.
    ///
    /// Numbers of 16 bits are widened by [`Dtype::written`] before.
    pub(crate) fn encode(self, value: f32, bytes: &mut Vec<u8>) -> Result<(), String> {
        let exact = f64::from(value);
        let (least, greatest) = self.range();
        if self.is_whole() && (value.fract() != 0.0 || exact < least || greatest < exact) {
            return Err(format!("{value} is no number of type {}", self.name()));
        }
        match self {
            Dtype::Int8 => bytes.extend((value as i8).to_le_bytes()),
            Dtype::Int16 => bytes.extend((value as i16).to_le_bytes()),
            Dtype::Int32 => bytes.extend((value as i32).to_le_bytes()),
            Dtype::Int64 => bytes.extend((value as i64).to_le_bytes()),
            Dtype::Uint8 => bytes.push(value as u8),
            Dtype::Uint16 => bytes.extend((value as u16).to_le_bytes()),
            Dtype::Uint32 => bytes.extend((value as u32).to_le_bytes()),
            Dtype::Uint64 => bytes.extend((value as u64).to_le_bytes()),
            Dtype::Float16 | Dtype::Float32 => bytes.extend(value.to_le_bytes()),
            Dtype::Float64 => bytes.extend(exact.to_le_bytes()),
        }
        Ok(())
    }

    /// The type that is written for it: numbers of 16 bits become wider, for our own have 32.
    pub(crate) fn written(self) -> Dtype {
        match self {
            Dtype::Float16 => Dtype::Float32,
            dtype => dtype,
        }
    }
}

/// Which of Gymnasium's spaces a leaf is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Discrete,
    MultiDiscrete,
    MultiBinary,
    Box,
}

/// An array of numbers of one type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leaf {
    kind: Kind,
    /// The type of its numbers.
    pub(crate) dtype: Dtype,
    /// The extents of its array; none for a single choice.
    pub(crate) shape: Vec<usize>,
    /// Ours.
    pub(crate) space: Space,
}

/// A leaf and its place.
#[derive(Clone, Debug)]
pub(crate) struct Part<'t> {
    /// Steps that lead to it.
    pub(crate) names: Vec<Step<'t>>,
    /// Its first number in the flat value.
    pub(crate) start: usize,
    /// The leaf.
    pub(crate) leaf: &'t Leaf,
}

impl Leaf {
    /// Numbers of a value.
    pub(crate) fn n_values(&self) -> usize {
        self.space.n_values()
    }

    /// Whether Minari takes it for images, which it compresses with JPEG unless told otherwise.
    pub(crate) fn is_image(&self) -> bool {
        let Space::Continuous { low, high, .. } = &self.space else {
            return false;
        };
        matches!(self.shape[..], [height, width] | [height, width, _] if 32 <= height && 32 <= width)
            && self.dtype == Dtype::Uint8
            && low.iter().all(|low| *low == 0.0)
            && high.iter().all(|high| *high == 255.0)
    }

    pub(super) fn parse(kind: &str, json: &Value) -> Result<Leaf, String> {
        match kind {
            "Discrete" => discrete(json),
            "MultiDiscrete" => multi_discrete(json),
            "MultiBinary" => multi_binary(json),
            "Box" => of_box(json),
            kind => Err(format!(
                "a space of type `{kind}`, where Box, Discrete, MultiDiscrete, MultiBinary, Dict and Tuple are read"
            )),
        }
    }

    /// The leaf that Gymnasium has for one of our spaces that is no tuple.
    ///
    /// Two or more axes of numbers from 0 to 255 are taken for an image of whole numbers, others for numbers of 32 bits.
    pub(super) fn of(space: &Space) -> Leaf {
        let (kind, dtype) = match space {
            Space::Discrete { .. } => (Kind::Discrete, Dtype::Int64),
            Space::MultiDiscrete { .. } => (Kind::MultiDiscrete, Dtype::Int64),
            Space::Continuous { low, high, shape } => {
                let of_bytes =
                    low.iter().all(|low| *low == 0.0) && high.iter().all(|high| *high == 255.0);
                let is_image = 2 <= shape.len() && of_bytes;
                (
                    Kind::Box,
                    if is_image {
                        Dtype::Uint8
                    } else {
                        Dtype::Float32
                    },
                )
            }
            Space::Tuple(_) => unreachable!("a tuple is no leaf"),
        };
        Leaf {
            kind,
            dtype,
            shape: space.shape(),
            space: space.clone(),
        }
    }

    pub(super) fn json(&self) -> Value {
        let dtype = self.dtype.written().name();
        match (&self.space, self.kind) {
            (Space::Discrete { n }, _) => {
                json!({ "type": "Discrete", "dtype": "int64", "start": 0, "n": n })
            }
            (Space::MultiDiscrete { sizes }, Kind::MultiBinary) => {
                json!({ "type": "MultiBinary", "n": sizes.len() })
            }
            (Space::MultiDiscrete { sizes }, _) => json!({
                "type": "MultiDiscrete", "dtype": dtype, "nvec": sizes, "start": vec![0; sizes.len()],
            }),
            (Space::Continuous { low, high, .. }, _) => json!({
                "type": "Box",
                "dtype": dtype,
                "shape": self.shape,
                "low": nested(low, &self.shape),
                "high": nested(high, &self.shape),
            }),
            (Space::Tuple(_), _) => unreachable!("a tuple is no leaf"),
        }
    }
}

fn discrete(json: &Value) -> Result<Leaf, String> {
    let n = count(&json["n"])?;
    if json["start"] != json!(0) {
        return Err(format!(
            "a Discrete space that starts at {}, where choices are numbered from 0",
            shown(&json["start"])
        ));
    }
    if MOST_CHOICES < n {
        return Err(format!(
            "a Discrete space of {n} choices, at most {MOST_CHOICES} are read"
        ));
    }
    let space = Space::Discrete { n };
    Ok(Leaf {
        kind: Kind::Discrete,
        dtype: Dtype::Int64,
        shape: vec![],
        space,
    })
}

/// Beyond this, choices that follow each other cannot be told apart in 32 bits.
const MOST_CHOICES: usize = 1 << 24;

fn multi_discrete(json: &Value) -> Result<Leaf, String> {
    let sizes = json["nvec"].as_array().filter(|sizes| !sizes.is_empty());
    let sizes = sizes.ok_or("a MultiDiscrete space without a list of sizes")?;
    let sizes: Vec<usize> = sizes.iter().map(count).collect::<Result<_, _>>()?;
    let starts_at_0 = match &json["start"] {
        Value::Null => true,
        Value::Array(starts) => starts.iter().all(|start| *start == json!(0)),
        _ => false,
    };
    if !starts_at_0 || sizes.iter().any(|n| MOST_CHOICES < *n) {
        return Err(format!(
            "a MultiDiscrete space of sizes {} that starts at {}, where choices are numbered from 0 to at most {MOST_CHOICES}",
            shown(&json["nvec"]),
            shown(&json["start"])
        ));
    }
    let shape = vec![sizes.len()];
    let dtype = Dtype::parse(&json["dtype"])?;
    Ok(Leaf {
        kind: Kind::MultiDiscrete,
        dtype,
        shape,
        space: Space::MultiDiscrete { sizes },
    })
}

fn multi_binary(json: &Value) -> Result<Leaf, String> {
    let n = count(&json["n"]).map_err(|_| {
        format!(
            "a MultiBinary space of shape {}, where one axis is read",
            shown(&json["n"])
        )
    })?;
    if MOST_VALUES < n {
        return Err(format!(
            "a MultiBinary space of {n} numbers, at most {MOST_VALUES} are read"
        ));
    }
    let space = Space::MultiDiscrete { sizes: vec![2; n] };
    Ok(Leaf {
        kind: Kind::MultiBinary,
        dtype: Dtype::Int8,
        shape: vec![n],
        space,
    })
}

fn of_box(json: &Value) -> Result<Leaf, String> {
    let dtype = Dtype::parse(&json["dtype"])?;
    let shape = json["shape"].as_array().ok_or("a Box without a shape")?;
    let shape: Vec<usize> = shape.iter().map(count).collect::<Result<_, _>>()?;
    let n = shape
        .iter()
        .try_fold(1_usize, |n, extent| n.checked_mul(*extent));
    let Some(n) = n.filter(|n| *n <= MOST_VALUES) else {
        return Err(format!(
            "a Box of shape {shape:?}, at most {MOST_VALUES} numbers are read"
        ));
    };
    let (mut low, mut high) = (vec![], vec![]);
    flatten(&json["low"], &shape, &mut low)?;
    flatten(&json["high"], &shape, &mut high)?;
    if low.len() != n || high.len() != n || low.iter().zip(&high).any(|(low, high)| high < low) {
        return Err(format!("a Box of shape {shape:?} whose bounds do not fit"));
    }
    let space = Space::Continuous {
        low,
        high,
        shape: shape.clone(),
    };
    Ok(Leaf {
        kind: Kind::Box,
        dtype,
        shape,
        space,
    })
}

/// A positive whole number.
fn count(json: &Value) -> Result<usize, String> {
    let n = json.as_u64().and_then(|n| usize::try_from(n).ok());
    n.filter(|n| 0 < *n)
        .ok_or_else(|| format!("{}, where a positive whole number is expected", shown(json)))
}

/// Adds the numbers of nested lists of this shape.
fn flatten(json: &Value, shape: &[usize], flat: &mut Vec<f32>) -> Result<(), String> {
    let Some((extent, inner)) = shape.split_first() else {
        let bound = number(json)
            .ok_or_else(|| format!("the bound {}, where a number is expected", shown(json)))?;
        flat.push(bound as f32);
        return Ok(());
    };
    match json.as_array() {
        Some(list) if list.len() == *extent => {
            list.iter().try_for_each(|json| flatten(json, inner, flat))
        }
        _ => Err(format!(
            "bounds {} that do not have the shape of their Box",
            shown(json)
        )),
    }
}

/// Nested lists of this shape; bounds that JSON has no word for are texts, which the caller takes out of quotes.
fn nested(flat: &[f32], shape: &[usize]) -> Value {
    match shape.split_first() {
        None => match flat[0] {
            bound if bound.is_finite() => json!(bound),
            bound if 0.0 < bound => json!("Infinity"),
            _ => json!("-Infinity"),
        },
        Some((_, inner)) => {
            let each = inner.iter().product();
            flat.chunks_exact(each)
                .map(|flat| nested(flat, inner))
                .collect()
        }
    }
}
