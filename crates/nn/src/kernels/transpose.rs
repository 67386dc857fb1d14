//! Matrices turned over.

#![expect(
    unsafe_code,
    reason = "blocks are read and written through pointers after their ranges were checked"
)]

/// Numbers along the sides of a block that fits into registers on every architecture.
const SIDE: usize = 4;

/// Writes the columns of `from`, `[any, from_width]`, as the rows of `to`, `[any, to_width]`: as many as both have, and
/// zeros in what the rows of `to` have more.
pub(crate) fn transpose(from: &[f32], from_width: usize, to: &mut [f32], to_width: usize) {
    let n_rows = (from.len() / from_width).min(to_width);
    let n_columns = from_width.min(to.len() / to_width);
    let (block_rows, block_columns) = (n_rows - n_rows % SIDE, n_columns - n_columns % SIDE);
    for column in (0..block_columns).step_by(SIDE) {
        for row in (0..block_rows).step_by(SIDE) {
            // SAFETY: `row + SIDE` rows of `from_width >= column + SIDE` numbers are in `from`, and `column + SIDE` rows
            // of `to_width >= row + SIDE` numbers in `to`.
            unsafe {
                let from = from.as_ptr().add(row * from_width + column);
                let to = to.as_mut_ptr().add(column * to_width + row);
                transpose_block(from, from_width, to, to_width);
            }
        }
    }
    for column in 0..n_columns {
        let first = if column < block_columns {
            block_rows
        } else {
            0
        };
        for row in first..n_rows {
            to[column * to_width + row] = from[row * from_width + column];
        }
        to[column * to_width + n_rows..][..to_width - n_rows].fill(0.0);
    }
}

/// A block of four rows of four, the rows `from_width` and `to_width` apart.
///
/// # Safety
///
/// The rows of both blocks are valid.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn transpose_block(from: *const f32, from_width: usize, to: *mut f32, to_width: usize) {
    use std::arch::x86_64::{_MM_TRANSPOSE4_PS, _mm_loadu_ps, _mm_storeu_ps};
    // SAFETY: SSE is part of x86-64; the ranges are the caller's promise.
    unsafe {
        let mut a = _mm_loadu_ps(from);
        let mut b = _mm_loadu_ps(from.add(from_width));
        let mut c = _mm_loadu_ps(from.add(2 * from_width));
        let mut d = _mm_loadu_ps(from.add(3 * from_width));
        _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
        _mm_storeu_ps(to, a);
        _mm_storeu_ps(to.add(to_width), b);
        _mm_storeu_ps(to.add(2 * to_width), c);
        _mm_storeu_ps(to.add(3 * to_width), d);
    }
}

/// A block of four rows of four, the rows `from_width` and `to_width` apart.
///
/// # Safety
///
/// The rows of both blocks are valid.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
unsafe fn transpose_block(from: *const f32, from_width: usize, to: *mut f32, to_width: usize) {
    // SAFETY: the ranges are the caller's promise.
    unsafe {
        let line = |i: usize| {
            from.add(i * from_width)
                .cast::<[f32; SIDE]>()
                .read_unaligned()
        };
        let lines: [[f32; SIDE]; SIDE] = std::array::from_fn(line);
        let turned: [[f32; SIDE]; SIDE] = std::array::from_fn(|j| lines.map(|line| line[j]));
        for (j, turned) in turned.into_iter().enumerate() {
            let to = to.add(j * to_width).cast::<[f32; SIDE]>();
            to.write_unaligned(turned);
        }
    }
}
