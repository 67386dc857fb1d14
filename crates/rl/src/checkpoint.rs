//! Everything that a training needs to go on, as named arrays in one safetensors file.

use std::collections::BTreeMap;

use nn::{Adam, AdamConfig};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::{Error, VectorState};

/// Named arrays of numbers: what a [`Learner`](crate::Learner) saves. The bytes are a safetensors file: nothing in it
/// can run.
///
/// Taking an array removes it. Every `take` is an error where the name is missing, holds numbers of another kind, or
/// another number of them than asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrays {
    arrays: BTreeMap<String, Array>,
}

#[derive(Clone, Debug, PartialEq)]
enum Array {
    F32(Vec<f32>),
    F64(Vec<f64>),
    U64(Vec<u64>),
}

macro_rules! access {
    ($put:ident, $take:ident, $kind:ident, $number:ty) => {
        /// Puts an array under a name.
        pub fn $put(&mut self, name: &str, values: impl Into<Vec<$number>>) {
            self.arrays
                .insert(name.to_owned(), Array::$kind(values.into()));
        }

        /// Takes the array of that name.
        ///
        /// # Errors
        /// If it is missing or holds numbers of another kind.
        pub fn $take(&mut self, name: &str) -> Result<Vec<$number>, Error> {
            match self.arrays.remove(name) {
                Some(Array::$kind(values)) => Ok(values),
                Some(_) => Err(Error::Saved(format!(
                    "`{name}` holds numbers of another kind"
                ))),
                None => Err(Error::Saved(format!("`{name}` is missing"))),
            }
        }
    };
}

impl Arrays {
    access!(put_f32, take_f32, F32, f32);
    access!(put_f64, take_f64, F64, f64);
    access!(put_u64, take_u64, U64, u64);

    /// Takes an array of a known length.
    ///
    /// # Errors
    /// If it is missing, of another kind or of another length.
    pub fn take_f32_of(&mut self, name: &str, length: usize) -> Result<Vec<f32>, Error> {
        let values = self.take_f32(name)?;
        check_length(name, values.len(), length)?;
        Ok(values)
    }

    /// Takes an array of a known length.
    ///
    /// # Errors
    /// If it is missing, of another kind or of another length.
    pub fn take_f64_of(&mut self, name: &str, length: usize) -> Result<Vec<f64>, Error> {
        let values = self.take_f64(name)?;
        check_length(name, values.len(), length)?;
        Ok(values)
    }

    /// Takes an array of a known length.
    ///
    /// # Errors
    /// If it is missing, of another kind or of another length.
    pub fn take_u64_of(&mut self, name: &str, length: usize) -> Result<Vec<u64>, Error> {
        let values = self.take_u64(name)?;
        check_length(name, values.len(), length)?;
        Ok(values)
    }

    /// Puts bytes, such as those that a part of the training saved by itself.
    pub fn put_bytes(&mut self, name: &str, bytes: &[u8]) {
        let words = bytes.chunks(8).map(|chunk| {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(word)
        });
        let numbers: Vec<u64> = [bytes.len() as u64].into_iter().chain(words).collect();
        self.put_u64(name, numbers);
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// If they are missing or cut short.
    pub fn take_bytes(&mut self, name: &str) -> Result<Vec<u8>, Error> {
        let numbers = self.take_u64(name)?;
        let words = numbers.get(1..).unwrap_or_default();
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let length = numbers.first().copied().unwrap_or(u64::MAX);
        if length.div_ceil(8) != words.len() as u64 {
            return Err(Error::Saved(format!("`{name}` is cut short")));
        }
        bytes.truncate(length as usize);
        Ok(bytes)
    }

    /// Puts the states and random streams of environments.
    pub fn put_environment(&mut self, state: &VectorState) {
        let lengths: Vec<u64> = state
            .states
            .iter()
            .map(|state| state.len() as u64)
            .collect();
        self.put_u64("environment.lengths", lengths);
        self.put_f64("environment.states", state.states.concat());
        self.put_u64("environment.rngs", state.rngs.concat());
    }

    /// Takes the states and random streams of environments.
    ///
    /// # Errors
    /// If they are missing or do not fit together.
    pub fn take_environment(&mut self) -> Result<VectorState, Error> {
        let lengths = self.take_u64("environment.lengths")?;
        let numbers = self.take_f64("environment.states")?;
        let words = self.take_u64_of(
            "environment.rngs",
            lengths.len() * size_of::<mdp::RngState>() / size_of::<u64>(),
        )?;
        let rngs = words.as_chunks().0.to_vec();
        let total = lengths
            .iter()
            .try_fold(0_u64, |sum, length| sum.checked_add(*length));
        if total != Some(numbers.len() as u64) {
            return Err(Error::Saved(
                "the environment states do not have their lengths".to_owned(),
            ));
        }
        let mut rest = numbers.as_slice();
        let states = lengths
            .iter()
            .map(|length| {
                let (state, after) = rest.split_at(*length as usize);
                rest = after;
                state.to_vec()
            })
            .collect();
        Ok(VectorState { states, rngs })
    }

    /// Puts the state of an optimiser.
    pub fn put_adam(&mut self, adam: &Adam) {
        self.put_u64("adam.n_steps", [adam.n_steps]);
        self.put_f32("adam.first_moment", adam.first_moment.as_slice());
        self.put_f32("adam.second_moment", adam.second_moment.as_slice());
    }

    /// Takes the state of an optimiser of `n_parameters` parameters.
    ///
    /// # Errors
    /// If it is missing or of another number of parameters.
    pub fn take_adam(&mut self, config: AdamConfig, n_parameters: usize) -> Result<Adam, Error> {
        Ok(Adam {
            config,
            n_steps: self.take_u64_of("adam.n_steps", 1)?[0],
            first_moment: self.take_f32_of("adam.first_moment", n_parameters)?,
            second_moment: self.take_f32_of("adam.second_moment", n_parameters)?,
        })
    }

    /// Puts random streams.
    pub fn put_rngs(&mut self, name: &str, rngs: &[mdp::Rng]) {
        let words: Vec<u64> = rngs.iter().flat_map(mdp::save_rng).collect();
        self.put_u64(name, words);
    }

    /// Takes random streams of a known number.
    ///
    /// # Errors
    /// If they are missing or another number.
    pub fn take_rngs_of(&mut self, name: &str, n: usize) -> Result<Vec<mdp::Rng>, Error> {
        let words = self.take_u64_of(name, n * size_of::<mdp::RngState>() / size_of::<u64>())?;
        Ok(words.as_chunks().0.iter().map(mdp::restore_rng).collect())
    }

    /// Takes small counts of a known number, saved as `u64`.
    ///
    /// # Errors
    /// If they are missing, another number, or too great.
    pub fn take_u32_of(&mut self, name: &str, length: usize) -> Result<Vec<u32>, Error> {
        self.take_u64_of(name, length)?
            .iter()
            .map(|count| {
                u32::try_from(*count).map_err(|_| Error::Saved(format!("`{name}` holds {count}")))
            })
            .collect()
    }

    /// The arrays as a safetensors file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let bytes: Vec<(&String, Dtype, usize, Vec<u8>)> = self
            .arrays
            .iter()
            .map(|(name, array)| {
                let (kind, length, bytes) = array.to_bytes();
                (name, kind, length, bytes)
            })
            .collect();
        let views = bytes.iter().map(|(name, kind, length, bytes)| {
            let view = TensorView::new(*kind, vec![*length], bytes);
            (
                name.as_str(),
                view.expect("the bytes have the declared length"),
            )
        });
        safetensors::serialize(views, None).expect("names and lengths are consistent")
    }

    /// Reads what [`Arrays::to_bytes`] wrote.
    ///
    /// # Errors
    /// If the bytes are no safetensors file, or hold numbers of kinds that are not saved here.
    pub fn from_bytes(bytes: &[u8]) -> Result<Arrays, Error> {
        let tensors =
            SafeTensors::deserialize(bytes).map_err(|error| Error::Saved(error.to_string()))?;
        let mut arrays = BTreeMap::new();
        for (name, view) in tensors.iter() {
            let array = Array::from_bytes(view.dtype(), view.data()).ok_or_else(|| {
                Error::Saved(format!("`{name}` holds numbers of an unknown kind"))
            })?;
            arrays.insert(name.to_owned(), array);
        }
        Ok(Arrays { arrays })
    }
}

impl Array {
    fn to_bytes(&self) -> (Dtype, usize, Vec<u8>) {
        match self {
            Array::F32(v) => (
                Dtype::F32,
                v.len(),
                v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            Array::F64(v) => (
                Dtype::F64,
                v.len(),
                v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
            Array::U64(v) => (
                Dtype::U64,
                v.len(),
                v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ),
        }
    }

    fn from_bytes(kind: Dtype, bytes: &[u8]) -> Option<Array> {
        Some(match kind {
            Dtype::F32 => Array::F32(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| f32::from_le_bytes(*b))
                    .collect(),
            ),
            Dtype::F64 => Array::F64(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| f64::from_le_bytes(*b))
                    .collect(),
            ),
            Dtype::U64 => Array::U64(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| u64::from_le_bytes(*b))
                    .collect(),
            ),
            _ => return None,
        })
    }
}

fn check_length(name: &str, found: usize, expected: usize) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Saved(format!(
        "`{name}` has {found} numbers, expected {expected}"
    )))
}
