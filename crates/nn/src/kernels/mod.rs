//! The inner loops, compiled for each instruction set and chosen once at run time.
//!
//! Everything is a product of a small row-major matrix with another: `C = A B`, with the lanes of the vectors along
//! the rows of B and C. A is read one number at a time, so that it may be transposed for free. The order in which a
//! cell of the result is summed does not depend on how the result is cut into blocks.

#![expect(
    unsafe_code,
    reason = "calls functions that are compiled for an instruction set which was found on this CPU"
)]

pub(crate) mod convolution;
mod generic;
pub(crate) mod gru;
#[cfg(test)]
mod tests;
mod transpose;
mod vector;

use std::sync::OnceLock;

use crate::shape::Activation;

pub(crate) use transpose::transpose;
pub(crate) use vector::LANES;

/// `n` rounded up to whole vectors.
pub(crate) const fn padded(n: usize) -> usize {
    n.div_ceil(LANES) * LANES
}

/// `C[rows, columns] = A[rows, depth] B[depth, columns]`, with a start and an end that [`generic::Ends`] names;
/// `columns` is a multiple of 16.
struct Product {
    rows: usize,
    columns: usize,
    depth: usize,
    a: *const f32,
    a_row: usize,
    a_depth: usize,
    b: *const f32,
    b_depth: usize,
    c: *mut f32,
    c_row: usize,
    /// What the start or the end reads.
    extra: *const f32,
}

/// `C[rows, columns] = bias + A[rows, depth] Bᵀ`, for few columns: B is stored `[columns, depth]`; `depth` is a
/// multiple of 16.
struct DotProducts {
    rows: usize,
    columns: usize,
    depth: usize,
    a: *const f32,
    a_row: usize,
    b: *const f32,
    b_row: usize,
    bias: *const f32,
    c: *mut f32,
    c_row: usize,
}

/// The numbers of one step of Adam that are the same for every parameter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdamStep {
    pub(crate) beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) epsilon: f32,
    /// The learning rate divided by the bias correction of the first moment.
    pub(crate) step_size: f32,
    /// One over the square root of the bias correction of the second moment.
    pub(crate) inverse_root_correction: f32,
    /// What decoupled weight decay multiplies the parameters with.
    pub(crate) decay: f32,
}

/// A matrix that is read: its numbers and the distances between neighbours along its two axes.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// Step, parameters, gradient, first and second moment.
type AdamKernel = unsafe fn(&AdamStep, &mut [f32], &[f32], &mut [f32], &mut [f32]);

impl<'a> View<'a> {
    /// A row-major matrix with rows `width` apart.
    pub(crate) fn rows(data: &'a [f32], width: usize) -> View<'a> {
        View {
            data,
            row: width,
            column: 1,
        }
    }

    /// Its transpose.
    pub(crate) fn columns(data: &'a [f32], width: usize) -> View<'a> {
        View {
            data,
            row: 1,
            column: width,
        }
    }
}

/// The kernels of one instruction set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernels {
    name: &'static str,
    affine: unsafe fn(&Product),
    affine_relu: unsafe fn(&Product),
    accumulate: unsafe fn(&Product),
    through_tanh: unsafe fn(&Product),
    through_relu: unsafe fn(&Product),
    dot_products: unsafe fn(&DotProducts),
    tanh: unsafe fn(*mut f32, usize),
    exp: unsafe fn(*mut f32, usize),
    ln: unsafe fn(*mut f32, usize),
    sum_rows: unsafe fn(*const f32, usize, usize, *mut f32, usize),
    add: unsafe fn(*mut f32, *const f32, usize),
    sum_of_squares: unsafe fn(&[f32]) -> f32,
    adam: AdamKernel,
}

/// Compiles the generic code with an instruction set enabled and collects it in a table.
macro_rules! instruction_set {
    ($module:ident, $name:literal, $vector:ty, $rows:literal, $columns:literal, $tall:literal $(, $feature:literal)?) => {
        mod $module {
            use super::{AdamStep, DotProducts, Kernels, Product, generic, vector};

            $(#[target_feature(enable = $feature)])?
            unsafe fn affine(p: &Product) {
                unsafe { generic::product::<$vector, generic::Affine, $rows, $columns, $tall>(p) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn affine_relu(p: &Product) {
                unsafe { generic::product::<$vector, generic::AffineRelu, $rows, $columns, $tall>(p) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn accumulate(p: &Product) {
                unsafe { generic::product::<$vector, generic::Accumulate, $rows, $columns, $tall>(p) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn through_tanh(p: &Product) {
                unsafe { generic::product::<$vector, generic::ThroughTanh, $rows, $columns, $tall>(p) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn through_relu(p: &Product) {
                unsafe { generic::product::<$vector, generic::ThroughRelu, $rows, $columns, $tall>(p) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn dot_products(d: &DotProducts) {
                unsafe { generic::dot_products::<$vector>(d) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn tanh(values: *mut f32, n: usize) {
                unsafe { generic::tanh::<$vector>(values, n) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn exp(values: *mut f32, n: usize) {
                unsafe { generic::exp::<$vector>(values, n) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn ln(values: *mut f32, n: usize) {
                unsafe { generic::ln::<$vector>(values, n) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn sum_rows(
                values: *const f32,
                rows: usize,
                stride: usize,
                sums: *mut f32,
                columns: usize,
            ) {
                unsafe { generic::sum_rows::<$vector>(values, rows, stride, sums, columns) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn add(sums: *mut f32, values: *const f32, n: usize) {
                unsafe { generic::add::<$vector>(sums, values, n) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn sum_of_squares(values: &[f32]) -> f32 {
                unsafe { generic::sum_of_squares::<$vector>(values) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn adam(
                step: &AdamStep,
                parameters: &mut [f32],
                gradient: &[f32],
                first: &mut [f32],
                second: &mut [f32],
            ) {
                unsafe { generic::adam::<$vector>(step, parameters, gradient, first, second) }
            }

            pub(super) static KERNELS: Kernels = Kernels {
                name: $name,
                affine,
                affine_relu,
                accumulate,
                through_tanh,
                through_relu,
                dot_products,
                tanh,
                exp,
                ln,
                sum_rows,
                add,
                sum_of_squares,
                adam,
            };
        }
    };
}

// The blocks: as many sums as leave registers for the factors, and at least eight registers of them, because a fused
// multiply-add takes four cycles and two of them start in each.
#[cfg(target_arch = "x86_64")]
instruction_set!(avx512, "avx512f", vector::Avx512, 4, 4, 8, "avx512f");
#[cfg(target_arch = "x86_64")]
instruction_set!(avx2, "avx2+fma", vector::Avx2, 6, 1, 6, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instruction_set!(sse2, "sse2", vector::Sse2, 2, 1, 2);
#[cfg(any(test, not(target_arch = "x86_64")))]
instruction_set!(portable, "portable", vector::Portable, 4, 1, 4);

/// The kernels of the best instruction set of this CPU.
pub(crate) fn kernels() -> &'static Kernels {
    static BEST: OnceLock<&'static Kernels> = OnceLock::new();
    BEST.get_or_init(|| available()[0])
}

/// The kernels that this CPU can run, for tests of passes on each.
#[cfg(test)]
pub(crate) fn available_sets() -> Vec<&'static Kernels> {
    available()
}

/// The kernels that this CPU can run, best first.
fn available() -> Vec<&'static Kernels> {
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
    let runs = |(runs, kernels): (bool, &'static Kernels)| runs.then_some(kernels);
    candidates.into_iter().filter_map(runs).collect()
}

/// The instruction set that the networks of this process use: `avx512f`, `avx2+fma`, `sse2` or `portable`.
///
/// Results have the same bits for any number of threads on one instruction set. `avx512f` and `avx2+fma` agree with
/// each other; `sse2`, which cannot fuse a multiplication with an addition, rounds differently.
#[must_use]
pub fn instruction_set() -> &'static str {
    kernels().name
}

/// The arguments between which [`exp`] is exact; beyond them it is constant, so that its result is always normal.
const EXP_LOWEST: f32 = -87.336_54;
const EXP_HIGHEST: f32 = 88.02;

/// Replaces each value by its hyperbolic tangent, with an absolute error below 5e-7; NaN stays NaN.
pub fn tanh(values: &mut [f32]) {
    kernels().tanh(values);
}

/// Replaces each value by its exponential, with a relative error below 2e-7; NaN stays NaN.
///
/// Below -87.3 and above 88 it stays at what it is there (1.2e-38 and 1.7e38), so that no result is zero or infinite.
pub fn exp(values: &mut [f32]) {
    kernels().exp(values);
}

#[cfg(test)]
impl Kernels {
    /// Whether multiplications and additions are rounded once.
    pub(crate) fn is_fused(&self) -> bool {
        self.name.contains("avx") || cfg!(target_arch = "aarch64")
    }
}

impl Kernels {
    /// `c = activation(bias + a b)`: `a` is `[rows, depth]`, `b` `[depth, columns]` and `c` `[rows, columns]`, the latter
    /// two row-major without gaps; `bias` is `[columns]`.
    pub(crate) fn affine(
        &self,
        activation: Option<Activation>,
        rows: usize,
        a: View<'_>,
        b: &[f32],
        bias: &[f32],
        c: &mut [f32],
    ) {
        assert_eq!(c.len(), rows * bias.len(), "as many biases as columns");
        let kernel = match activation {
            Some(Activation::Relu) => self.affine_relu,
            Some(Activation::Tanh) | None => self.affine,
        };
        // SAFETY: the CPU has the instruction set; one row of `extra` is read, and it is as long as a row of c.
        unsafe { multiply(kernel, rows, a, b, bias.as_ptr(), c) }
        if activation == Some(Activation::Tanh) {
            self.tanh(c);
        }
    }

    /// `c += a b`, shapes as in [`Kernels::affine`].
    pub(crate) fn accumulate(&self, rows: usize, a: View<'_>, b: &[f32], c: &mut [f32]) {
        // SAFETY: the CPU has the instruction set; no `extra` is read.
        unsafe { multiply(self.accumulate, rows, a, b, std::ptr::null(), c) }
    }

    /// `c = (a b) slope`, elementwise, where `slope` is the activation's at the place where it gave `output`, which has
    /// the shape of `c`: the chain rule through a layer. Shapes as in [`Kernels::affine`].
    pub(crate) fn through(
        &self,
        activation: Activation,
        rows: usize,
        a: View<'_>,
        b: &[f32],
        output: &[f32],
        c: &mut [f32],
    ) {
        assert!(c.len() <= output.len(), "an output for every result");
        let kernel = match activation {
            Activation::Tanh => self.through_tanh,
            Activation::Relu => self.through_relu,
        };
        // SAFETY: the CPU has the instruction set; as many numbers of `extra` are read as c has.
        unsafe { multiply(kernel, rows, a, b, output.as_ptr(), c) }
    }

    /// `c[row, j] = bias[j] + a[row] · b[j]`: `a` is `[rows, depth]` and `b` `[columns, depth]`, both without gaps; the
    /// rows of `c` are `c_row` apart.
    pub(crate) fn dot_products(
        &self,
        rows: usize,
        a: &[f32],
        b: &[f32],
        bias: &[f32],
        c: &mut [f32],
        c_row: usize,
    ) {
        let columns = bias.len();
        if rows == 0 || columns == 0 {
            return;
        }
        let depth = b.len() / columns;
        assert!(depth.is_multiple_of(LANES), "depth is padded");
        assert!(rows * depth <= a.len(), "too few numbers in a");
        assert!((rows - 1) * c_row + columns <= c.len(), "too few results");
        let dots = DotProducts {
            rows,
            columns,
            depth,
            a: a.as_ptr(),
            a_row: depth,
            b: b.as_ptr(),
            b_row: depth,
            bias: bias.as_ptr(),
            c: c.as_mut_ptr(),
            c_row,
        };
        // SAFETY: the CPU has the instruction set, and the assertions bound every index.
        unsafe { (self.dot_products)(&dots) }
    }

    /// Replaces values by their hyperbolic tangents.
    pub(crate) fn tanh(&self, values: &mut [f32]) {
        self.elementwise(self.tanh, values);
    }

    /// Replaces values by their exponentials; see [`exp`].
    pub(crate) fn exp(&self, values: &mut [f32]) {
        self.elementwise(self.exp, values);
    }

    /// Replaces values, positive and normal, by their natural logarithms.
    pub(crate) fn ln(&self, values: &mut [f32]) {
        self.elementwise(self.ln, values);
    }

    /// The last values go through a padded vector, so that every value sees the same arithmetic.
    fn elementwise(&self, function: unsafe fn(*mut f32, usize), values: &mut [f32]) {
        let whole = values.len() - values.len() % LANES;
        // SAFETY: the CPU has the instruction set, and whole vectors fit.
        unsafe { function(values.as_mut_ptr(), whole) }
        let rest = &mut values[whole..];
        if !rest.is_empty() {
            let mut padded = [1.0; LANES];
            padded[..rest.len()].copy_from_slice(rest);
            // SAFETY: the CPU has the instruction set, and one vector fits.
            unsafe { function(padded.as_mut_ptr(), LANES) }
            rest.copy_from_slice(&padded[..rest.len()]);
        }
    }

    /// Adds the rows of `values`, `[rows, sums.len()]`, to `sums`, whose length is a multiple of 16.
    pub(crate) fn sum_rows(&self, rows: usize, values: &[f32], sums: &mut [f32]) {
        let columns = sums.len();
        assert!(
            columns.is_multiple_of(LANES) && rows * columns <= values.len(),
            "rows"
        );
        // SAFETY: the CPU has the instruction set, and the assertion bounds every index.
        unsafe { (self.sum_rows)(values.as_ptr(), rows, columns, sums.as_mut_ptr(), columns) }
    }

    /// `sums += values`, elementwise; the length is a multiple of 16.
    pub(crate) fn add(&self, sums: &mut [f32], values: &[f32]) {
        assert!(
            sums.len() == values.len() && sums.len().is_multiple_of(LANES),
            "lengths"
        );
        // SAFETY: the CPU has the instruction set, and whole vectors fit both slices.
        unsafe { (self.add)(sums.as_mut_ptr(), values.as_ptr(), sums.len()) }
    }

    /// The sum of the squares, in an order that depends on the length alone.
    pub(crate) fn sum_of_squares(&self, values: &[f32]) -> f32 {
        // SAFETY: the CPU has the instruction set.
        unsafe { (self.sum_of_squares)(values) }
    }

    /// One step of Adam; all slices have one length.
    pub(crate) fn adam(
        &self,
        step: &AdamStep,
        parameters: &mut [f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        let n = parameters.len();
        assert!(
            gradient.len() == n && first.len() == n && second.len() == n,
            "as many gradients and moments as parameters"
        );
        // SAFETY: the CPU has the instruction set, and the lengths agree.
        unsafe { (self.adam)(step, parameters, gradient, first, second) }
    }
}

/// Calls a kernel after checking what it reads and writes, but for `extra`. `c` is `[rows, columns]`.
///
/// # Safety
///
/// The CPU has the kernel's instruction set, and `extra` holds what the kernel reads of it.
unsafe fn multiply(
    kernel: unsafe fn(&Product),
    rows: usize,
    a: View<'_>,
    b: &[f32],
    extra: *const f32,
    c: &mut [f32],
) {
    if c.is_empty() {
        return;
    }
    let columns = c.len() / rows;
    assert!(columns.is_multiple_of(LANES), "columns are padded");
    assert_eq!(c.len(), rows * columns, "whole rows of results");
    let depth = b.len() / columns;
    assert_eq!(b.len(), depth * columns, "whole rows of factors");
    if let Some(last) = depth.checked_sub(1) {
        let last = (rows - 1) * a.row + last * a.column;
        assert!(last < a.data.len(), "too few numbers in a");
    }
    let product = Product {
        rows,
        columns,
        depth,
        a: a.data.as_ptr(),
        a_row: a.row,
        a_depth: a.column,
        b: b.as_ptr(),
        b_depth: columns,
        c: c.as_mut_ptr(),
        c_row: columns,
        extra,
    };
    // SAFETY: the assertions bound every index; the rest is the caller's promise.
    unsafe { kernel(&product) }
}
