//! States as numbers, part by part.

use mdp::{StateError, wrong_length};

use super::board::Cell;

/// A part of a state that is written as a fixed number of numbers.
pub(super) trait Part: Sized {
    fn write(&self, out: &mut Vec<f64>);
    fn read(numbers: &mut Numbers<'_>) -> Result<Self, StateError>;
}

/// The numbers of a state that are still to be read.
#[derive(Debug)]
pub(super) struct Numbers<'v> {
    all: &'v [f64],
    n_read: usize,
}

impl<'v> Numbers<'v> {
    pub(super) fn new(all: &'v [f64]) -> Numbers<'v> {
        Numbers { all, n_read: 0 }
    }

    pub(super) fn next(&mut self) -> Result<f64, StateError> {
        let number = self.all.get(self.n_read).copied();
        self.n_read += 1;
        number.ok_or_else(|| wrong_length(self.n_read, self.all.len()))
    }

    /// The next number, a whole one from 0 to `most`.
    pub(super) fn whole(&mut self, most: u32) -> Result<u32, StateError> {
        let number = self.next()?;
        if number.fract() == 0.0 && (0.0..=f64::from(most)).contains(&number) {
            return Ok(number as u32);
        }
        Err(StateError(format!(
            "{number} is no whole number from 0 to {most}"
        )))
    }

    /// Nothing is left.
    pub(super) fn finish(&self) -> Result<(), StateError> {
        if self.n_read == self.all.len() {
            return Ok(());
        }
        Err(wrong_length(self.n_read, self.all.len()))
    }
}

/// Column, then row. No board is as large as 32 by 32.
impl Part for Cell {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend([f64::from(self.column), f64::from(self.row)]);
    }

    fn read(numbers: &mut Numbers<'_>) -> Result<Cell, StateError> {
        let (column, row) = (numbers.whole(31)?, numbers.whole(31)?);
        Ok(Cell::new(column as u8, row as u8))
    }
}

impl Part for bool {
    fn write(&self, out: &mut Vec<f64>) {
        out.push(f64::from(u8::from(*self)));
    }

    fn read(numbers: &mut Numbers<'_>) -> Result<bool, StateError> {
        Ok(numbers.whole(1)? == 1)
    }
}

impl Part for u8 {
    fn write(&self, out: &mut Vec<f64>) {
        out.push(f64::from(*self));
    }

    fn read(numbers: &mut Numbers<'_>) -> Result<u8, StateError> {
        Ok(numbers.whole(u32::from(u8::MAX))? as u8)
    }
}

impl<T: Part + Copy + Default, const N: usize> Part for [T; N] {
    fn write(&self, out: &mut Vec<f64>) {
        self.iter().for_each(|part| part.write(out));
    }

    fn read(numbers: &mut Numbers<'_>) -> Result<[T; N], StateError> {
        let mut parts = [T::default(); N];
        for part in &mut parts {
            *part = T::read(numbers)?;
        }
        Ok(parts)
    }
}

/// Writes a state as its fields, one after the other.
macro_rules! state_vector {
    ($state:ident { $($field:ident),* }) => {
        impl mdp::StateVector for $state {
            fn write(&self, out: &mut Vec<f64>) {
                $($crate::gridworlds::numbers::Part::write(&self.$field, out);)*
            }

            fn read(values: &[f64]) -> Result<$state, mdp::StateError> {
                let mut numbers = $crate::gridworlds::numbers::Numbers::new(values);
                let state = $state {
                    $($field: $crate::gridworlds::numbers::Part::read(&mut numbers)?,)*
                };
                numbers.finish()?;
                Ok(state)
            }
        }
    };
}
pub(super) use state_vector;
