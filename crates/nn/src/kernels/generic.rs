//! The arithmetic, written once over [`Vector`]; `kernels` compiles it for each instruction set.

#![expect(
    clippy::needless_range_loop,
    reason = "rows and columns of a block are plainest as indices"
)]
#![expect(
    unsafe_code,
    reason = "the inner loops read and write through pointers whose ranges `kernels` has checked"
)]

use super::vector::{LANES, Vector};
use super::{AdamStep, DotProducts, EXP_HIGHEST, EXP_LOWEST, Product};

/// What the sums of a product begin with, and what happens to them before they are stored. A type of its own for each
/// kind, so that the sums stay in registers: choosing at run time cost as much as a product of depth eight.
pub(super) trait Ends {
    /// The beginning of the sums at `column` of the row that starts at `offset` of the result.
    unsafe fn start<V: Vector>(p: &Product, offset: usize, column: usize) -> V;
    /// What is stored there.
    unsafe fn finish<V: Vector>(p: &Product, offset: usize, column: usize, sum: V) -> V;
}

/// `extra + A B`, `extra` being one row.
pub(super) struct Affine;
/// `max(0, extra + A B)`.
pub(super) struct AffineRelu;
/// `C + A B`.
pub(super) struct Accumulate;
/// `(A B) (1 - extra²)`, `extra` being of the shape of C.
pub(super) struct ThroughTanh;
/// `A B` where `extra > 0`, else 0.
pub(super) struct ThroughRelu;

impl Ends for Affine {
    #[inline(always)]
    unsafe fn start<V: Vector>(p: &Product, _: usize, column: usize) -> V {
        unsafe { V::load(p.extra.add(column)) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(_: &Product, _: usize, _: usize, sum: V) -> V {
        sum
    }
}

impl Ends for AffineRelu {
    #[inline(always)]
    unsafe fn start<V: Vector>(p: &Product, _: usize, column: usize) -> V {
        unsafe { V::load(p.extra.add(column)) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(_: &Product, _: usize, _: usize, sum: V) -> V {
        unsafe { V::splat(0.0).max(sum) }
    }
}

impl Ends for Accumulate {
    #[inline(always)]
    unsafe fn start<V: Vector>(p: &Product, offset: usize, column: usize) -> V {
        unsafe { V::load(p.c.add(offset + column)) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(_: &Product, _: usize, _: usize, sum: V) -> V {
        sum
    }
}

impl Ends for ThroughTanh {
    #[inline(always)]
    unsafe fn start<V: Vector>(_: &Product, _: usize, _: usize) -> V {
        unsafe { V::splat(0.0) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(p: &Product, offset: usize, column: usize, sum: V) -> V {
        unsafe {
            let output = V::load(p.extra.add(offset + column));
            sum.mul(V::splat(1.0).sub(output.mul(output)))
        }
    }
}

impl Ends for ThroughRelu {
    #[inline(always)]
    unsafe fn start<V: Vector>(_: &Product, _: usize, _: usize) -> V {
        unsafe { V::splat(0.0) }
    }
    #[inline(always)]
    unsafe fn finish<V: Vector>(p: &Product, offset: usize, column: usize, sum: V) -> V {
        unsafe { sum.where_positive(V::load(p.extra.add(offset + column))) }
    }
}

/// See [`Product`]. `ROWS` by `COLUMNS` vectors of the result stay in registers; where less than `COLUMNS` are left,
/// `TALL` rows by one vector do.
#[inline(always)]
pub(super) unsafe fn product<
    V: Vector,
    E: Ends,
    const ROWS: usize,
    const COLUMNS: usize,
    const TALL: usize,
>(
    p: &Product,
) {
    let n_vectors = p.columns / LANES;
    let mut vector = 0;
    unsafe {
        while n_vectors - vector >= COLUMNS {
            panel::<V, E, ROWS, COLUMNS>(p, vector * LANES);
            vector += COLUMNS;
        }
        if COLUMNS > 2 && n_vectors - vector >= 2 {
            panel::<V, E, ROWS, 2>(p, vector * LANES);
            vector += 2;
        }
        while vector < n_vectors {
            panel::<V, E, TALL, 1>(p, vector * LANES);
            vector += 1;
        }
    }
}

/// All rows of `COLUMNS` vectors of the result.
#[inline(always)]
unsafe fn panel<V: Vector, E: Ends, const ROWS: usize, const COLUMNS: usize>(
    p: &Product,
    column: usize,
) {
    let mut row = 0;
    unsafe {
        while p.rows - row >= ROWS {
            block::<V, E, ROWS, COLUMNS>(p, row, column);
            row += ROWS;
        }
        if ROWS > 4 && p.rows - row >= 4 {
            block::<V, E, 4, COLUMNS>(p, row, column);
            row += 4;
        }
        if ROWS > 2 && p.rows - row >= 2 {
            block::<V, E, 2, COLUMNS>(p, row, column);
            row += 2;
        }
        while row < p.rows {
            block::<V, E, 1, COLUMNS>(p, row, column);
            row += 1;
        }
    }
}

/// One block of the result, in registers from start to end.
#[inline(always)]
unsafe fn block<V: Vector, E: Ends, const ROWS: usize, const COLUMNS: usize>(
    p: &Product,
    row: usize,
    column: usize,
) {
    unsafe {
        let mut sums = [[V::splat(0.0); COLUMNS]; ROWS];
        for r in 0..ROWS {
            for c in 0..COLUMNS {
                sums[r][c] = E::start(p, (row + r) * p.c_row, column + c * LANES);
            }
        }
        let mut a = p.a.add(row * p.a_row);
        let mut b = p.b.add(column);
        for _ in 0..p.depth {
            let mut factors = [V::splat(0.0); COLUMNS];
            for c in 0..COLUMNS {
                factors[c] = V::load(b.add(c * LANES));
            }
            for r in 0..ROWS {
                let broadcast = V::splat(*a.add(r * p.a_row));
                for c in 0..COLUMNS {
                    sums[r][c] = broadcast.mul_add(factors[c], sums[r][c]);
                }
            }
            a = a.wrapping_add(p.a_depth);
            b = b.wrapping_add(p.b_depth);
        }
        for r in 0..ROWS {
            for c in 0..COLUMNS {
                let (offset, column) = ((row + r) * p.c_row, column + c * LANES);
                let value = E::finish(p, offset, column, sums[r][c]);
                value.store(p.c.add(offset + column));
            }
        }
    }
}

/// See [`DotProducts`].
#[inline(always)]
pub(super) unsafe fn dot_products<V: Vector>(d: &DotProducts) {
    unsafe {
        for row in 0..d.rows {
            let a = d.a.add(row * d.a_row);
            let c = d.c.add(row * d.c_row);
            let mut column = 0;
            while d.columns - column >= 4 {
                dots::<V, 4>(d, a, c, column);
                column += 4;
            }
            while column < d.columns {
                dots::<V, 1>(d, a, c, column);
                column += 1;
            }
        }
    }
}

/// `N` neighbouring dot products of one row.
#[inline(always)]
unsafe fn dots<V: Vector, const N: usize>(
    d: &DotProducts,
    a: *const f32,
    c: *mut f32,
    column: usize,
) {
    unsafe {
        let mut sums = [V::splat(0.0); N];
        let b = d.b.add(column * d.b_row);
        let mut i = 0;
        while i < d.depth {
            let value = V::load(a.add(i));
            for (n, sum) in sums.iter_mut().enumerate() {
                *sum = value.mul_add(V::load(b.add(n * d.b_row + i)), *sum);
            }
            i += LANES;
        }
        for (n, sum) in sums.into_iter().enumerate() {
            *c.add(column + n) = sum.sum() + *d.bias.add(column + n);
        }
    }
}

/// Replaces each of `n` values (a multiple of 16) by a function of it.
macro_rules! elementwise {
    ($name:ident, $function:ident, $what:literal) => {
        #[doc = concat!("Replaces `n` values (a multiple of 16) by their ", $what, ".")]
        #[inline(always)]
        pub(super) unsafe fn $name<V: Vector>(values: *mut f32, n: usize) {
            let mut i = 0;
            unsafe {
                while i < n {
                    let at = values.add(i);
                    $function(V::load(at)).store(at);
                    i += LANES;
                }
            }
        }
    };
}

elementwise!(tanh, tanh_of, "hyperbolic tangents");
elementwise!(exp, exp_of, "exponentials");
elementwise!(ln, ln_of, "natural logarithms");

/// `e^x` by reduction to `|r| <= ln 2 / 2` and the polynomial of Cephes' `expf`; NaN stays NaN.
#[inline(always)]
unsafe fn exp_of<V: Vector>(x: V) -> V {
    const POLYNOMIAL: [f32; 6] = [
        1.987_569_1e-4,
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        5.0e-1,
    ];
    const SHIFT: f32 = 12_582_912.0; // 1.5 * 2^23: adding it rounds to an integer
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    unsafe {
        let x = V::splat(EXP_LOWEST).max(V::splat(EXP_HIGHEST).min(x));
        let shifted = x.mul_add(V::splat(std::f32::consts::LOG2_E), V::splat(SHIFT));
        let n = shifted.sub(V::splat(SHIFT));
        let r = n.mul_add(V::splat(-LN_2_HIGH), x);
        let r = n.mul_add(V::splat(-LN_2_LOW), r);
        let mut sum = V::splat(POLYNOMIAL[0]);
        for coefficient in &POLYNOMIAL[1..] {
            sum = sum.mul_add(r, V::splat(*coefficient));
        }
        let power = sum.mul_add(r.mul(r), r).add(V::splat(1.0));
        power.scale_by_power(shifted)
    }
}

/// `ln x` for positive normal `x`, by `x = m 2^n` and the polynomial of Cephes' `logf`.
#[inline(always)]
unsafe fn ln_of<V: Vector>(x: V) -> V {
    const POLYNOMIAL: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    unsafe {
        let (mantissa, n) = x.split();
        let f = mantissa.sub(V::splat(1.0));
        let square = f.mul(f);
        let mut sum = V::splat(POLYNOMIAL[0]);
        for coefficient in &POLYNOMIAL[1..] {
            sum = sum.mul_add(f, V::splat(*coefficient));
        }
        let low = n.mul_add(V::splat(LN_2_LOW), sum.mul(f).mul(square));
        let low = square.mul_add(V::splat(-0.5), low);
        n.mul_add(V::splat(LN_2_HIGH), f.add(low))
    }
}

/// `x P(x²) / Q(x²)`, of the degrees 3 and 4, whose largest absolute error on ±7.9 is the least; constant beyond, where
/// the tangent is within 3e-7 of 1. In exact arithmetic the error is 1.2e-7. NaN stays NaN.
#[inline(always)]
pub(super) unsafe fn tanh_of<V: Vector>(x: V) -> V {
    const NUMERATOR: [f32; 4] = [1.141_469_5e-5, 2.948_513_4e-3, 0.129_226_87, 0.999_999_4];
    const DENOMINATOR: [f32; 5] = [
        2.457_245_8e-7,
        2.383_956_5e-4,
        2.380_352e-2,
        0.462_558_1,
        1.0,
    ];
    const LIMIT: f32 = 7.9;
    unsafe {
        let x = V::splat(-LIMIT).max(V::splat(LIMIT).min(x));
        let square = x.mul(x);
        let mut numerator = V::splat(NUMERATOR[0]);
        for coefficient in &NUMERATOR[1..] {
            numerator = numerator.mul_add(square, V::splat(*coefficient));
        }
        let mut denominator = V::splat(DENOMINATOR[0]);
        for coefficient in &DENOMINATOR[1..] {
            denominator = denominator.mul_add(square, V::splat(*coefficient));
        }
        x.mul(numerator).div(denominator)
    }
}

/// Adds `rows` rows of `columns` (a multiple of 16) values, `stride` apart, to `sums`.
#[inline(always)]
pub(super) unsafe fn sum_rows<V: Vector>(
    values: *const f32,
    rows: usize,
    stride: usize,
    sums: *mut f32,
    columns: usize,
) {
    let mut column = 0;
    unsafe {
        while column < columns {
            let mut sum = V::load(sums.add(column));
            for row in 0..rows {
                sum = sum.add(V::load(values.add(row * stride + column)));
            }
            sum.store(sums.add(column));
            column += LANES;
        }
    }
}

/// Adds `n` values (a multiple of 16) to `sums`.
#[inline(always)]
pub(super) unsafe fn add<V: Vector>(sums: *mut f32, values: *const f32, n: usize) {
    let mut i = 0;
    unsafe {
        while i < n {
            let sum = V::load(sums.add(i)).add(V::load(values.add(i)));
            sum.store(sums.add(i));
            i += LANES;
        }
    }
}

/// The sum of squares: four running vectors, added pairwise, then the lanes; the tail as one padded vector.
#[inline(always)]
pub(super) unsafe fn sum_of_squares<V: Vector>(values: &[f32]) -> f32 {
    unsafe {
        let mut sums = [V::splat(0.0); 4];
        let (quads, rest) = values.as_chunks::<{ 4 * LANES }>();
        for quad in quads {
            for (i, sum) in sums.iter_mut().enumerate() {
                let value = V::load(quad.as_ptr().add(i * LANES));
                *sum = value.mul_add(value, *sum);
            }
        }
        let (lines, rest) = rest.as_chunks::<LANES>();
        for (line, sum) in lines.iter().zip(&mut sums) {
            let value = V::load(line.as_ptr());
            *sum = value.mul_add(value, *sum);
        }
        let mut tail = [0.0; LANES];
        tail[..rest.len()].copy_from_slice(rest);
        let tail = V::load(tail.as_ptr());
        sums[0] = tail.mul_add(tail, sums[0]);
        sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum()
    }
}

/// See [`AdamStep`]. The last values go through a padded vector, so that every value sees the same arithmetic.
#[inline(always)]
pub(super) unsafe fn adam<V: Vector>(
    step: &AdamStep,
    parameters: &mut [f32],
    gradient: &[f32],
    first: &mut [f32],
    second: &mut [f32],
) {
    let n = parameters.len();
    let whole = n - n % LANES;
    unsafe {
        for i in (0..whole).step_by(LANES) {
            adam_of::<V>(
                step,
                parameters.as_mut_ptr().add(i),
                gradient.as_ptr().add(i),
                first.as_mut_ptr().add(i),
                second.as_mut_ptr().add(i),
            );
        }
        let mut tail = [[0.0; LANES]; 4];
        let sources: [&[f32]; 4] = [parameters, gradient, first, second];
        for (tail, source) in tail.iter_mut().zip(sources) {
            tail[..n - whole].copy_from_slice(&source[whole..]);
        }
        let [p, g, m, v] = &mut tail;
        adam_of::<V>(
            step,
            p.as_mut_ptr(),
            g.as_ptr(),
            m.as_mut_ptr(),
            v.as_mut_ptr(),
        );
        parameters[whole..].copy_from_slice(&p[..n - whole]);
        first[whole..].copy_from_slice(&m[..n - whole]);
        second[whole..].copy_from_slice(&v[..n - whole]);
    }
}

/// Sixteen parameters' step.
#[inline(always)]
unsafe fn adam_of<V: Vector>(
    step: &AdamStep,
    parameters: *mut f32,
    gradient: *const f32,
    first: *mut f32,
    second: *mut f32,
) {
    unsafe {
        let g = V::load(gradient);
        let m = V::load(first);
        let m = g.sub(m).mul_add(V::splat(1.0 - step.beta1), m);
        let v = V::load(second).mul(V::splat(step.beta2));
        let v = g.mul(g).mul_add(V::splat(1.0 - step.beta2), v);
        m.store(first);
        v.store(second);
        let scale = v.sqrt().mul_add(
            V::splat(step.inverse_root_correction),
            V::splat(step.epsilon),
        );
        let decayed = V::load(parameters).mul(V::splat(step.decay));
        let change = m.mul(V::splat(step.step_size)).div(scale);
        decayed.sub(change).store(parameters);
    }
}
