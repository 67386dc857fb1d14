//! Spaces inferred from all trajectories, where nobody says which they are.

use mdp::Space;

use super::rows::{Nested, Rows};
use crate::gymnasium::Dtype;
use crate::pieces::Number;
use crate::{Error, Place};

/// Choices that are inferred at most; whole numbers beyond are taken for a box.
const MOST_CHOICES: f64 = 4096.0;
/// Numbers that are decoded at once.
const BLOCK: usize = 1 << 12;

/// What the trajectories so far have shown of a column.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Extents of one observation or action, and the type of its numbers.
    first: Option<(Vec<u64>, Number)>,
    /// The greatest of each number, where all are whole and not negative.
    greatest: Vec<f64>,
    has_others: bool,
}

/// Infers the spaces of observations and actions, and the types of their numbers.
pub(super) fn spaces(mut rows: Rows, most: u64) -> Result<[(Space, Dtype); 2], Error> {
    let mut seen = [Seen::default(), Seen::default()];
    let mut last = None;
    let mut n_rows = 0;
    while let Some(mut row) = rows.next_row()? {
        for (seen, name) in seen.iter_mut().zip(["obs", "acts"]) {
            let nested = row.nested(name, most)?;
            seen.add(&nested).map_err(|problem| {
                let place = Place::Part(format!("column `{name}`, trajectory {n_rows}"));
                let mend = "all trajectories of a dataset are of one environment";
                Error::malformed(row.path, place, problem, mend)
            })?;
        }
        last = Some(row.path.to_owned());
        n_rows += 1;
    }
    let [observations, actions] = seen.map(|seen| seen.space());
    match observations.zip(actions) {
        Some((observations, actions)) => Ok([observations, actions]),
        None => {
            let problem =
                "there is no trajectory with a step, from which its spaces could be known";
            let path = last.unwrap_or_default();
            Err(Error::malformed(&path, Place::Whole, problem, super::MEND))
        }
    }
}

impl Seen {
    fn add(&mut self, nested: &Nested) -> Result<(), String> {
        let Some((n, shape)) = nested.shape.split_first() else {
            return Err("it holds numbers, lists of them are expected".to_owned());
        };
        if *n == 0 {
            return Ok(());
        }
        let (first, number) = self
            .first
            .get_or_insert_with(|| (shape.to_vec(), nested.number));
        if first != shape || *number != nested.number {
            return Err(format!(
                "its rows have the extents {shape:?}, those of the first trajectory {first:?}"
            ));
        }
        if number.is_float() {
            return Ok(());
        }
        let width = shape.iter().product::<u64>().max(1) as usize;
        self.greatest.resize(width, 0.0);
        for (block, bytes) in nested.bytes.chunks(BLOCK * number.size()).enumerate() {
            for (index, value) in number.decode(bytes).into_iter().enumerate() {
                let greatest = &mut self.greatest[(block * BLOCK + index) % width];
                *greatest = greatest.max(value);
                self.has_others |= value < 0.0;
            }
        }
        Ok(())
    }

    fn space(self) -> Option<(Space, Dtype)> {
        let (shape, number) = self.first?;
        let shape: Vec<usize> = shape.iter().map(|extent| *extent as usize).collect();
        let n = shape.iter().product();
        let bounded = |low, high| Space::Continuous {
            low: vec![low; n],
            high: vec![high; n],
            shape: shape.clone(),
        };
        let dtype = dtype(number);
        let are_choices = !self.has_others
            && self
                .greatest
                .iter()
                .all(|greatest| *greatest < MOST_CHOICES);
        let sizes = || self.greatest.iter().map(|greatest| *greatest as usize + 1);
        let space = match shape.len() {
            _ if number.is_float() => bounded(f32::NEG_INFINITY, f32::INFINITY),
            1.. if dtype == Dtype::Uint8 => bounded(0.0, 255.0),
            0 if are_choices => Space::Discrete { n: sizes().next()? },
            1 if are_choices => Space::MultiDiscrete {
                sizes: sizes().collect(),
            },
            _ => bounded(f32::NEG_INFINITY, f32::INFINITY),
        };
        Some((space, dtype))
    }
}

fn dtype(number: Number) -> Dtype {
    match number {
        Number::Float { bytes: 8, .. } => Dtype::Float64,
        Number::Float { .. } => Dtype::Float32,
        Number::Whole {
            bytes: 1,
            signed: true,
            ..
        } => Dtype::Int8,
        Number::Whole {
            bytes: 2,
            signed: true,
            ..
        } => Dtype::Int16,
        Number::Whole {
            bytes: 4,
            signed: true,
            ..
        } => Dtype::Int32,
        Number::Whole { signed: true, .. } => Dtype::Int64,
        Number::Whole { bytes: 1, .. } => Dtype::Uint8,
        Number::Whole { bytes: 2, .. } => Dtype::Uint16,
        Number::Whole { bytes: 4, .. } => Dtype::Uint32,
        Number::Whole { .. } => Dtype::Uint64,
    }
}
