//! The one inner loop of convolutions: sums of several products of matrices, compiled for each instruction set.
//!
//! Maps lie channels last within a border of zeros, so the numbers that a kernel sees of one of its rows, all columns and
//! channels, are neighbours in memory. A k by k convolution of a line of cells is then a sum of k products whose factors
//! overlap: nothing is gathered, and the sums stay in registers from the bias to the ReLU. The gradient of the weights
//! and that of the inputs are sums of products of the same form.

#![expect(
    unsafe_code,
    reason = "calls functions that are compiled for an instruction set which was found on this CPU, through pointers \
              whose ranges are checked before"
)]
#![expect(
    clippy::needless_range_loop,
    reason = "rows and columns of a block are plainest as indices"
)]

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use super::vector::{self, LANES, Vector};

/// Columns of one panel of packed weights: two vectors.
pub(crate) const PANEL: usize = 2 * LANES;

/// Where the matrices of a sum of products lie: `C[line][rows, columns] = Σ over parts of A[line, part][rows, depth]
/// B[line, part][depth, columns]`, with a start and an end. All distances are in floats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Products {
    /// How many matrices C there are, one after the other.
    pub(crate) lines: usize,
    pub(crate) rows: usize,
    /// A multiple of 16.
    pub(crate) columns: usize,
    /// How many products are summed into each C.
    pub(crate) parts: usize,
    pub(crate) depth: usize,
    pub(crate) a: Steps,
    /// Its rows are the depth.
    pub(crate) b: Steps,
    /// Distance between panels of [`PANEL`] columns of B.
    pub(crate) b_panel: usize,
    pub(crate) c_line: usize,
    pub(crate) c_row: usize,
}

/// The distances within one factor.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) line: usize,
    pub(crate) part: usize,
    /// From one row of A to the next; unused for B, whose columns are neighbours.
    pub(crate) row: usize,
    pub(crate) depth: usize,
}

/// What the sums begin with, and what happens to them at the end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fusion<'a> {
    /// They begin with the bias of their column.
    Bias(&'a [f32]),
    /// The same, and end at no less than zero.
    BiasRelu(&'a [f32]),
    /// They begin with what C holds.
    Accumulate,
    /// They are dropped where this map, which lies as C does, is not above zero.
    Gate(&'a [f32]),
}

/// The pointers beside the distances.
struct Job {
    p: Products,
    a: *const f32,
    b: *const f32,
    c: *mut f32,
    extra: *const f32,
}

/// The beginning and the end of the sums, as types, so that they stay in registers.
trait Ends {
    /// The beginning of the sums at `column` of the row that starts at `offset` of C.
    unsafe fn start<V: Vector>(job: &Job, offset: usize, column: usize) -> V;
    /// What is stored there.
    unsafe fn finish<V: Vector>(job: &Job, offset: usize, column: usize, sum: V) -> V;
}

struct Bias;
struct BiasRelu;
struct Accumulate;
struct Gate;

impl Ends for Bias {
    #[inline(always)]
    unsafe fn start<V: Vector>(job: &Job, _: usize, column: usize) -> V {
        unsafe { V::load(job.extra.add(column)) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(_: &Job, _: usize, _: usize, sum: V) -> V {
        sum
    }
}

impl Ends for BiasRelu {
    #[inline(always)]
    unsafe fn start<V: Vector>(job: &Job, _: usize, column: usize) -> V {
        unsafe { V::load(job.extra.add(column)) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(_: &Job, _: usize, _: usize, sum: V) -> V {
        unsafe { V::splat(0.0).max(sum) }
    }
}

impl Ends for Accumulate {
    #[inline(always)]
    unsafe fn start<V: Vector>(job: &Job, offset: usize, column: usize) -> V {
        unsafe { V::load(job.c.add(offset + column)) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(_: &Job, _: usize, _: usize, sum: V) -> V {
        sum
    }
}

impl Ends for Gate {
    #[inline(always)]
    unsafe fn start<V: Vector>(_: &Job, _: usize, _: usize) -> V {
        unsafe { V::splat(0.0) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(job: &Job, offset: usize, column: usize, sum: V) -> V {
        unsafe { sum.where_positive(V::load(job.extra.add(offset + column))) }
    }
}

/// Everything, panel by panel: the weights of one stay in the cache while all lines pass by. `ROWS` by `COLUMNS` vectors
/// of C stay in registers, or `TALL` by one where only one is left.
#[inline(always)]
unsafe fn products<
    V: Vector,
    E: Ends,
    const ROWS: usize,
    const COLUMNS: usize,
    const TALL: usize,
>(
    job: &Job,
) {
    let p = &job.p;
    let mut column = 0;
    while column < p.columns {
        let end = p.columns.min(column + PANEL);
        let mut at = column;
        unsafe {
            while end - at >= COLUMNS * LANES {
                let b = job.b.add(column / PANEL * p.b_panel + at % PANEL);
                lines::<V, E, ROWS, COLUMNS>(job, b, at);
                at += COLUMNS * LANES;
            }
            while at < end {
                let b = job.b.add(column / PANEL * p.b_panel + at % PANEL);
                lines::<V, E, TALL, 1>(job, b, at);
                at += LANES;
            }
        }
        column = end;
    }
}

/// All lines and rows of `COLUMNS` vectors.
#[inline(always)]
unsafe fn lines<V: Vector, E: Ends, const ROWS: usize, const COLUMNS: usize>(
    job: &Job,
    b: *const f32,
    column: usize,
) {
    let p = &job.p;
    for line in 0..p.lines {
        let mut row = 0;
        unsafe {
            let b = b.add(line * p.b.line);
            while p.rows - row >= ROWS {
                block::<V, E, ROWS, COLUMNS>(job, b, line, row, column);
                row += ROWS;
            }
            if ROWS > 8 && p.rows - row >= 8 {
                block::<V, E, 8, COLUMNS>(job, b, line, row, column);
                row += 8;
            }
            if ROWS > 4 && p.rows - row >= 4 {
                block::<V, E, 4, COLUMNS>(job, b, line, row, column);
                row += 4;
            }
            if ROWS > 2 && p.rows - row >= 2 {
                block::<V, E, 2, COLUMNS>(job, b, line, row, column);
                row += 2;
            }
            while row < p.rows {
                block::<V, E, 1, COLUMNS>(job, b, line, row, column);
                row += 1;
            }
        }
    }
}

/// One block of C, in registers from start to end.
#[inline(always)]
unsafe fn block<V: Vector, E: Ends, const ROWS: usize, const COLUMNS: usize>(
    job: &Job,
    b: *const f32,
    line: usize,
    row: usize,
    column: usize,
) {
    let p = &job.p;
    unsafe {
        let offset = |r: usize| line * p.c_line + (row + r) * p.c_row;
        let mut sums = [[V::splat(0.0); COLUMNS]; ROWS];
        for r in 0..ROWS {
            for c in 0..COLUMNS {
                sums[r][c] = E::start(job, offset(r), column + c * LANES);
            }
        }
        let a = job.a.add(line * p.a.line + row * p.a.row);
        for part in 0..p.parts {
            let mut a = a.add(part * p.a.part);
            let mut b = b.add(part * p.b.part);
            for _ in 0..p.depth {
                let mut factors = [V::splat(0.0); COLUMNS];
                for c in 0..COLUMNS {
                    factors[c] = V::load(b.add(c * LANES));
                }
                for r in 0..ROWS {
                    let broadcast = V::splat(*a.add(r * p.a.row));
                    for c in 0..COLUMNS {
                        sums[r][c] = broadcast.mul_add(factors[c], sums[r][c]);
                    }
                }
                a = a.wrapping_add(p.a.depth);
                b = b.wrapping_add(p.b.depth);
            }
        }
        for r in 0..ROWS {
            for c in 0..COLUMNS {
                let column = column + c * LANES;
                E::finish(job, offset(r), column, sums[r][c]).store(job.c.add(offset(r) + column));
            }
        }
    }
}

/// The loop for each way to begin and end, on one instruction set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConvolutionKernels {
    #[cfg(test)]
    pub(crate) name: &'static str,
    bias: unsafe fn(&Job),
    bias_relu: unsafe fn(&Job),
    accumulate: unsafe fn(&Job),
    gate: unsafe fn(&Job),
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.p.fmt(f)
    }
}

/// Compiles the loop with an instruction set enabled.
macro_rules! instruction_set {
    ($module:ident, $name:literal, $vector:ty, $rows:literal, $columns:literal, $tall:literal $(, $feature:literal)?) => {
        mod $module {
            use super::{Accumulate, Bias, BiasRelu, ConvolutionKernels, Gate, Job, products, vector};

            $(#[target_feature(enable = $feature)])?
            unsafe fn bias(job: &Job) {
                unsafe { products::<$vector, Bias, $rows, $columns, $tall>(job) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn bias_relu(job: &Job) {
                unsafe { products::<$vector, BiasRelu, $rows, $columns, $tall>(job) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn accumulate(job: &Job) {
                unsafe { products::<$vector, Accumulate, $rows, $columns, $tall>(job) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn gate(job: &Job) {
                unsafe { products::<$vector, Gate, $rows, $columns, $tall>(job) }
            }

            pub(super) static KERNELS: ConvolutionKernels = ConvolutionKernels {
                #[cfg(test)]
                name: $name,
                bias,
                bias_relu,
                accumulate,
                gate,
            };
        }
    };
}

#[cfg(target_arch = "x86_64")]
instruction_set!(avx512, "avx512f", vector::Avx512, 8, 2, 16, "avx512f");
#[cfg(target_arch = "x86_64")]
instruction_set!(avx2, "avx2+fma", vector::Avx2, 6, 1, 6, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instruction_set!(sse2, "sse2", vector::Sse2, 2, 1, 2);
#[cfg(any(test, not(target_arch = "x86_64")))]
instruction_set!(portable, "portable", vector::Portable, 4, 1, 4);

/// The loops of the best instruction set of this CPU.
pub(crate) fn convolution_kernels() -> &'static ConvolutionKernels {
    static BEST: OnceLock<&'static ConvolutionKernels> = OnceLock::new();
    BEST.get_or_init(|| available()[0])
}

/// The loops that this CPU can run, best first.
pub(crate) fn available() -> Vec<&'static ConvolutionKernels> {
    let candidates = [
        #[cfg(target_arch = "x86_64")]
        (is_x86_feature_detected!("avx512f"), &avx512::KERNELS),
        #[cfg(target_arch = "x86_64")]
        (
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            &avx2::KERNELS,
        ),
        #[cfg(target_arch = "x86_64")]
        (true, &sse2::KERNELS),
        #[cfg(any(test, not(target_arch = "x86_64")))]
        (true, &portable::KERNELS),
    ];
    let runs = |(runs, kernels): (bool, &'static ConvolutionKernels)| runs.then_some(kernels);
    candidates.into_iter().filter_map(runs).collect()
}

impl ConvolutionKernels {
    /// See [`Products`].
    ///
    /// # Panics
    ///
    /// If a matrix does not lie within its slice, or the columns are not a multiple of 16.
    pub(crate) fn multiply(
        &self,
        p: &Products,
        a: &[f32],
        b: &[f32],
        c: &mut [f32],
        fusion: Fusion<'_>,
    ) {
        if p.lines == 0 || p.rows == 0 || p.columns == 0 {
            return;
        }
        assert!(p.columns.is_multiple_of(LANES), "columns are padded");
        let n_panels = p.columns.div_ceil(PANEL);
        assert!(n_panels == 1 || PANEL <= p.b_panel, "panels do not overlap");
        let last = |n: usize, step: usize| (n - 1) * step;
        let last_c = last(p.lines, p.c_line) + last(p.rows, p.c_row) + p.columns;
        assert!(last_c <= c.len(), "too little room for the results");
        if 0 < p.parts && 0 < p.depth {
            let last_a = last(p.lines, p.a.line)
                + last(p.parts, p.a.part)
                + last(p.rows, p.a.row)
                + last(p.depth, p.a.depth);
            assert!(last_a < a.len(), "too few numbers in a");
            let last_b = last(p.lines, p.b.line)
                + last(p.parts, p.b.part)
                + last(p.depth, p.b.depth)
                + last(n_panels, p.b_panel)
                + (p.columns - last(n_panels, PANEL));
            assert!(last_b <= b.len(), "too few numbers in b");
        }
        let (kernel, extra, n_extra) = match fusion {
            Fusion::Bias(bias) => (self.bias, bias, p.columns),
            Fusion::BiasRelu(bias) => (self.bias_relu, bias, p.columns),
            Fusion::Accumulate => (self.accumulate, &[][..], 0),
            Fusion::Gate(map) => (self.gate, map, last_c),
        };
        assert!(n_extra <= extra.len(), "too few numbers beside the results");
        let job = Job {
            p: *p,
            a: a.as_ptr(),
            b: b.as_ptr(),
            c: c.as_mut_ptr(),
            extra: extra.as_ptr(),
        };
        // SAFETY: the CPU has the instruction set, and the assertions bound every index.
        unsafe { kernel(&job) }
    }
}
