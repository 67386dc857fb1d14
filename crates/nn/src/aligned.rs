//! Floats that begin at a cache line.

#![expect(
    unsafe_code,
    reason = "a vector of whole lines is viewed as a slice of floats, and the other way round never"
)]

use crate::kernels::{LANES, padded};

/// One cache line, and one vector of the widest instruction set: a load that straddled two would cost twice.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// A growable buffer of floats that begins at a cache line; its length is rounded up to whole lines.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligned(Vec<Line>);

impl Aligned {
    /// Grows to at least `len` floats, the new ones zero; never shrinks.
    pub(crate) fn grow(&mut self, len: usize) {
        let n_lines = padded(len) / LANES;
        if self.0.len() < n_lines {
            self.0.resize(n_lines, Line([0.0; LANES]));
        }
    }

    pub(crate) fn as_slice(&self) -> &[f32] {
        // SAFETY: a `Line` is exactly its 16 floats (size and alignment are both 64), so n lines are 16 n floats.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * LANES) }
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [f32] {
        // SAFETY: as above, and the borrow is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * LANES) }
    }
}
