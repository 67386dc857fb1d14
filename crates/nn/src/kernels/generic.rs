//! The arithmetic, written once over [`Vector`]; `kernels` compiles it for each instruction set.

#![expect(
    unsafe_code,
    reason = "the inner loops read and write through pointers whose ranges `kernels` has checked"
)]

use super::vector::{LANES, Vector};
use super::{AdamStep, DotProducts, EXP_HIGHEST, EXP_LOWEST, Epilogue, Product, Start};

/// See [`Product`]. `ROWS` by `COLUMNS` vectors of the result stay in registers; where less than `COLUMNS` are left,
/// `TALL` rows by one vector do.
#[inline(always)]
pub(super) unsafe fn product<
    V: Vector,
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
            panel::<V, ROWS, COLUMNS>(p, vector * LANES);
            vector += COLUMNS;
        }
        if COLUMNS > 2 && n_vectors - vector >= 2 {
            panel::<V, ROWS, 2>(p, vector * LANES);
            vector += 2;
        }
        while vector < n_vectors {
            panel::<V, TALL, 1>(p, vector * LANES);
            vector += 1;
        }
    }
}

/// All rows of `COLUMNS` vectors of the result.
#[inline(always)]
unsafe fn panel<V: Vector, const ROWS: usize, const COLUMNS: usize>(p: &Product, column: usize) {
    let mut row = 0;
    unsafe {
        while p.rows - row >= ROWS {
            block::<V, ROWS, COLUMNS>(p, row, column);
            row += ROWS;
        }
        if ROWS > 4 && p.rows - row >= 4 {
            block::<V, 4, COLUMNS>(p, row, column);
            row += 4;
        }
        if ROWS > 2 && p.rows - row >= 2 {
            block::<V, 2, COLUMNS>(p, row, column);
            row += 2;
        }
        while row < p.rows {
            block::<V, 1, COLUMNS>(p, row, column);
            row += 1;
        }
    }
}

/// One block of the result, in registers from start to end.
#[inline(always)]
unsafe fn block<V: Vector, const ROWS: usize, const COLUMNS: usize>(
    p: &Product,
    row: usize,
    column: usize,
) {
    unsafe {
        let mut sums = start::<V, ROWS, COLUMNS>(p, row, column);
        let mut a = p.a.add(row * p.a_row);
        let mut b = p.b.add(column);
        for _ in 0..p.depth {
            let mut factors = [V::splat(0.0); COLUMNS];
            for (c, factor) in factors.iter_mut().enumerate() {
                *factor = V::load(b.add(c * LANES));
            }
            for (r, sums) in sums.iter_mut().enumerate() {
                let broadcast = V::splat(*a.add(r * p.a_row));
                for (sum, factor) in sums.iter_mut().zip(factors) {
                    *sum = broadcast.mul_add(factor, *sum);
                }
            }
            a = a.wrapping_add(p.a_depth);
            b = b.wrapping_add(p.b_depth);
        }
        finish(p, row, column, sums);
    }
}

/// What the sums of a block begin with.
#[inline(always)]
unsafe fn start<V: Vector, const ROWS: usize, const COLUMNS: usize>(
    p: &Product,
    row: usize,
    column: usize,
) -> [[V; COLUMNS]; ROWS] {
    unsafe {
        let mut sums = [[V::splat(0.0); COLUMNS]; ROWS];
        match p.start {
            Start::Zero => {}
            Start::Bias(bias) => {
                for (r, c) in cells::<ROWS, COLUMNS>() {
                    sums[r][c] = V::load(bias.add(column + c * LANES));
                }
            }
            Start::Result => {
                for (r, c) in cells::<ROWS, COLUMNS>() {
                    sums[r][c] = V::load(p.c.add((row + r) * p.c_row + column + c * LANES));
                }
            }
        }
        sums
    }
}

/// Stores a block after its epilogue.
#[inline(always)]
unsafe fn finish<V: Vector, const ROWS: usize, const COLUMNS: usize>(
    p: &Product,
    row: usize,
    column: usize,
    sums: [[V; COLUMNS]; ROWS],
) {
    unsafe {
        for (r, c) in cells::<ROWS, COLUMNS>() {
            let offset = (row + r) * p.c_row + column + c * LANES;
            let sum = sums[r][c];
            let value = match p.epilogue {
                Epilogue::None => sum,
                Epilogue::Relu => V::splat(0.0).max(sum),
                Epilogue::TanhDerivative(output) => {
                    let output = V::load(output.add(offset));
                    sum.mul(V::splat(1.0).sub(output.mul(output)))
                }
                Epilogue::ReluDerivative(output) => sum.where_positive(V::load(output.add(offset))),
            };
            value.store(p.c.add(offset));
        }
    }
}

/// The indices of a block, row by row.
#[inline(always)]
fn cells<const ROWS: usize, const COLUMNS: usize>() -> impl Iterator<Item = (usize, usize)> {
    (0..ROWS).flat_map(|r| (0..COLUMNS).map(move |c| (r, c)))
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
        5.000_000_1e-1,
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
        3.333_333_1e-1,
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

/// The rational function whose error `crate::tanh` states; NaN stays NaN.
#[inline(always)]
unsafe fn tanh_of<V: Vector>(x: V) -> V {
    const NUMERATOR: [f32; 7] = [
        -2.760_768_5e-16,
        2.000_188e-13,
        -8.604_672e-11,
        5.122_297e-8,
        1.485_722_4e-5,
        6.372_619_3e-4,
        4.893_525e-3,
    ];
    const DENOMINATOR: [f32; 4] = [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3];
    const LIMIT: f32 = 7.905_311;
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
        let whole = values.len() - values.len() % LANES;
        for i in (0..whole).step_by(LANES) {
            let value = V::load(values.as_ptr().add(i));
            let sum = &mut sums[i / LANES % 4];
            *sum = value.mul_add(value, *sum);
        }
        let mut tail = [0.0; LANES];
        tail[..values.len() - whole].copy_from_slice(&values[whole..]);
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
