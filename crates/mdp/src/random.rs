//! Seeds, named random streams, and the two distributions that everything draws from.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// The one random generator of the project: portable, seedable, and small enough to keep one in every environment.
pub type Rng = ChaCha8Rng;

/// A seed from which independent random streams are derived by name.
///
/// Adding a consumer under a new name shifts no other stream, so that results stay comparable when code grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The generator of the stream `label`, `index`: the same for the same three values on every machine.
    #[must_use]
    pub fn stream(self, label: &str, index: u64) -> Rng {
        let mut state = fnv1a(label.as_bytes()) ^ split_mix(self.0).rotate_left(17);
        state = split_mix(state ^ split_mix(index.wrapping_add(0xA076_1D64_78BD_642F)));
        let mut key = [0_u8; 32];
        for chunk in key.chunks_exact_mut(8) {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            chunk.copy_from_slice(&split_mix(state).to_le_bytes());
        }
        Rng::from_seed(key)
    }

    /// A seed of its own for the part `label`, `index`, for parts that derive streams themselves.
    #[must_use]
    pub fn child(self, label: &str, index: u64) -> Seed {
        Seed(self.stream(label, index).random())
    }
}

/// Uniform in `[0, 1)` with 53 random bits.
#[inline]
pub fn uniform(rng: &mut Rng) -> f64 {
    rng.random::<f64>()
}

/// Uniform in `[low, high)`.
#[inline]
pub fn uniform_in(low: f64, high: f64, rng: &mut Rng) -> f64 {
    low + (high - low) * uniform(rng)
}

/// Uniform in `0..n`; `n` is at least 1.
#[inline]
pub fn index(n: usize, rng: &mut Rng) -> usize {
    assert!(n >= 1, "an index is drawn from at least one item");
    rng.random_range(0..n)
}

/// Standard normal.
#[inline]
pub fn normal(rng: &mut Rng) -> f64 {
    rng.sample(rand_distr::StandardNormal)
}

/// Draws an index with the given probabilities (not negative, summing to 1 up to rounding).
pub fn categorical(probabilities: &[f64], rng: &mut Rng) -> usize {
    let mut remaining = uniform(rng);
    for (index, probability) in probabilities.iter().enumerate() {
        if remaining < *probability {
            return index;
        }
        remaining -= probability;
    }
    // Rounding left a sliver: it belongs to the last index that can occur.
    probabilities
        .iter()
        .rposition(|probability| *probability > 0.0)
        .unwrap_or(0)
}

/// The state of a generator as numbers, for checkpoints: 4 words of key, the stream, 2 words of position.
pub type RngState = [u64; 7];

/// Where a generator stands; [`restore_rng`] continues it with the same numbers.
#[must_use]
pub fn save_rng(rng: &Rng) -> RngState {
    let seed = rng.get_seed();
    let mut words = [0; 7];
    for (word, bytes) in words.iter_mut().zip(seed.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().expect("chunks of 8 bytes"));
    }
    let position = rng.get_word_pos();
    words[4] = rng.get_stream();
    words[5] = position as u64;
    words[6] = (position >> 64) as u64;
    words
}

/// The generator that [`save_rng`] saw.
#[must_use]
pub fn restore_rng(state: &RngState) -> Rng {
    let mut seed = [0_u8; 32];
    for (bytes, word) in seed.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    let mut rng = Rng::from_seed(seed);
    rng.set_stream(state[4]);
    rng.set_word_pos(u128::from(state[5]) | u128::from(state[6] & 0xF) << 64);
    rng
}

/// 64-bit FNV-1a, for stream names and state hashes: short inputs, no adversary.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) fn split_mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
