//! The gates of a gated recurrent unit, forward and back, compiled for each instruction set.
//!
//! Everything between the two products of a step is one pass over the units: sums, two sigmoids, a hyperbolic tangent and
//! the new memory on the way forward, and all derivatives on the way back. The sigmoid is `(1 + tanh(x / 2)) / 2`, so both
//! share one rational function.

#![expect(
    unsafe_code,
    reason = "calls functions that are compiled for an instruction set which was found on this CPU, through pointers \
              whose ranges are checked before"
)]

use std::sync::OnceLock;

use super::generic::tanh_of;
use super::vector::{self, LANES, Vector};

/// Numbers that the way back reads of each unit: the two gates, the candidate, and what memory adds to the candidate.
pub(crate) const KEPT: usize = 4;

/// One step of some rows forward. Rows of `from_inputs` and `from_memory` are `[3, units]`: reset gate, update gate,
/// candidate.
pub(crate) struct Forward<'a> {
    /// Units, a multiple of 16.
    pub(crate) units: usize,
    /// `[rows, 3 units]`.
    pub(crate) from_inputs: &'a [f32],
    /// `[rows, 3 units]`.
    pub(crate) from_memory: &'a [f32],
    /// `[rows, units]`, the memory before.
    pub(crate) memory: &'a [f32],
    /// `[rows, 4 units]`, for the way back.
    pub(crate) kept: &'a mut [f32],
    /// The memory after, in the first `units` numbers of rows of `stride`.
    pub(crate) next: &'a mut [f32],
    pub(crate) stride: usize,
}

/// One step of some rows back.
pub(crate) struct Backward<'a> {
    /// Units, a multiple of 16.
    pub(crate) units: usize,
    /// `[rows, units]`, the derivative with respect to the memory after.
    pub(crate) d_next: &'a [f32],
    /// `[rows, units]`, the memory before.
    pub(crate) memory: &'a [f32],
    /// `[rows, 4 units]`, from the way forward.
    pub(crate) kept: &'a [f32],
    /// `[rows, 3 units]`, the derivative with respect to what inputs add.
    pub(crate) d_inputs: &'a mut [f32],
    /// `[rows, 3 units]`, the derivative with respect to what memory adds.
    pub(crate) d_memory: &'a mut [f32],
    /// `[rows, units]`, the derivative with respect to the memory before, as far as it is passed on as it is.
    pub(crate) d_kept: &'a mut [f32],
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
unsafe fn sigmoid<V: Vector>(x: V) -> V {
    unsafe {
        let half = V::splat(0.5);
        tanh_of(x.mul(half)).mul_add(half, half)
    }
}

/// `r = σ(a_r + b_r)`, `z = σ(a_z + b_z)`, `c = tanh(a_c + r b_c)`, `h' = c + z (h - c)`.
#[inline(always)]
unsafe fn forward<V: Vector>(f: &mut Forward<'_>) {
    let (units, n_rows) = (f.units, f.memory.len() / f.units);
    for row in 0..n_rows {
        let from_inputs = f.from_inputs[row * 3 * units..].as_ptr();
        let from_memory = f.from_memory[row * 3 * units..].as_ptr();
        let memory = f.memory[row * units..].as_ptr();
        let kept = f.kept[row * KEPT * units..].as_mut_ptr();
        let next = f.next[row * f.stride..].as_mut_ptr();
        let mut unit = 0;
        while unit < units {
            unsafe {
                let gate = |k: usize| {
                    let at = k * units + unit;
                    (V::load(from_inputs.add(at)), V::load(from_memory.add(at)))
                };
                let (inputs, recurrent) = gate(0);
                let reset = sigmoid(inputs.add(recurrent));
                let (inputs, recurrent) = gate(1);
                let update = sigmoid(inputs.add(recurrent));
                let (inputs, recurrent) = gate(2);
                let candidate = tanh_of(reset.mul_add(recurrent, inputs));
                let before = V::load(memory.add(unit));
                let after = update.mul_add(before.sub(candidate), candidate);
                for (k, number) in [reset, update, candidate, recurrent]
                    .into_iter()
                    .enumerate()
                {
                    number.store(kept.add(k * units + unit));
                }
                after.store(next.add(unit));
            }
            unit += LANES;
        }
    }
}

/// The chain rule through [`forward`].
#[inline(always)]
unsafe fn backward<V: Vector>(b: &mut Backward<'_>) {
    let (units, n_rows) = (b.units, b.memory.len() / b.units);
    for row in 0..n_rows {
        let d_next = b.d_next[row * units..].as_ptr();
        let memory = b.memory[row * units..].as_ptr();
        let kept = b.kept[row * KEPT * units..].as_ptr();
        let d_inputs = b.d_inputs[row * 3 * units..].as_mut_ptr();
        let d_memory = b.d_memory[row * 3 * units..].as_mut_ptr();
        let d_kept = b.d_kept[row * units..].as_mut_ptr();
        let mut unit = 0;
        while unit < units {
            unsafe {
                let number = |k: usize| V::load(kept.add(k * units + unit));
                let (reset, update, candidate, recurrent) =
                    (number(0), number(1), number(2), number(3));
                let one = V::splat(1.0);
                let d_after = V::load(d_next.add(unit));
                let before = V::load(memory.add(unit));
                let slope = |gate: V| gate.mul(one.sub(gate));
                let d_update = d_after.mul(before.sub(candidate)).mul(slope(update));
                let d_candidate = d_after
                    .mul(one.sub(update))
                    .mul(one.sub(candidate.mul(candidate)));
                let d_reset = d_candidate.mul(recurrent).mul(slope(reset));
                let d_recurrent = d_candidate.mul(reset);
                d_reset.store(d_inputs.add(unit));
                d_update.store(d_inputs.add(units + unit));
                d_candidate.store(d_inputs.add(2 * units + unit));
                d_reset.store(d_memory.add(unit));
                d_update.store(d_memory.add(units + unit));
                d_recurrent.store(d_memory.add(2 * units + unit));
                d_after.mul(update).store(d_kept.add(unit));
            }
            unit += LANES;
        }
    }
}

/// The two passes on one instruction set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GruKernels {
    forward: unsafe fn(&mut Forward<'_>),
    backward: unsafe fn(&mut Backward<'_>),
}

/// Compiles the passes with an instruction set enabled.
macro_rules! instruction_set {
    ($module:ident, $vector:ty $(, $feature:literal)?) => {
        mod $module {
            use super::{Backward, Forward, GruKernels, vector};

            $(#[target_feature(enable = $feature)])?
            unsafe fn forward(f: &mut Forward<'_>) {
                unsafe { super::forward::<$vector>(f) }
            }
            $(#[target_feature(enable = $feature)])?
            unsafe fn backward(b: &mut Backward<'_>) {
                unsafe { super::backward::<$vector>(b) }
            }

            pub(super) static KERNELS: GruKernels = GruKernels { forward, backward };
        }
    };
}

#[cfg(target_arch = "x86_64")]
instruction_set!(avx512, vector::Avx512, "avx512f");
#[cfg(target_arch = "x86_64")]
instruction_set!(avx2, vector::Avx2, "avx2,fma");
#[cfg(target_arch = "x86_64")]
instruction_set!(sse2, vector::Sse2);
#[cfg(any(test, not(target_arch = "x86_64")))]
instruction_set!(portable, vector::Portable);

/// The passes of the best instruction set of this CPU.
pub(crate) fn gru_kernels() -> &'static GruKernels {
    static BEST: OnceLock<&'static GruKernels> = OnceLock::new();
    BEST.get_or_init(|| available()[0])
}

/// The passes that this CPU can run, best first, in the order of the other kernels.
pub(crate) fn available() -> Vec<&'static GruKernels> {
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
    let runs = |(runs, kernels): (bool, &'static GruKernels)| runs.then_some(kernels);
    candidates.into_iter().filter_map(runs).collect()
}

impl GruKernels {
    /// See [`Forward`].
    ///
    /// # Panics
    ///
    /// If the lengths do not agree.
    pub(crate) fn forward(&self, mut f: Forward<'_>) {
        let (units, n_rows) = (f.units, f.memory.len() / f.units);
        assert!(units.is_multiple_of(LANES), "units are padded");
        assert!(
            f.memory.len() == n_rows * units
                && f.from_inputs.len() == 3 * n_rows * units
                && f.from_memory.len() == 3 * n_rows * units
                && f.kept.len() == KEPT * n_rows * units,
            "whole rows"
        );
        assert!(
            n_rows == 0 || (n_rows - 1) * f.stride + units <= f.next.len(),
            "room for the memory after"
        );
        // SAFETY: the CPU has the instruction set, and the assertions bound every index.
        unsafe { (self.forward)(&mut f) }
    }

    /// See [`Backward`].
    ///
    /// # Panics
    ///
    /// If the lengths do not agree.
    pub(crate) fn backward(&self, mut b: Backward<'_>) {
        let (units, n_rows) = (b.units, b.memory.len() / b.units);
        assert!(units.is_multiple_of(LANES), "units are padded");
        assert!(
            b.memory.len() == n_rows * units
                && b.d_next.len() == n_rows * units
                && b.kept.len() == KEPT * n_rows * units
                && b.d_inputs.len() == 3 * n_rows * units
                && b.d_memory.len() == 3 * n_rows * units
                && b.d_kept.len() == n_rows * units,
            "whole rows"
        );
        // SAFETY: the CPU has the instruction set, and the assertions bound every index.
        unsafe { (self.backward)(&mut b) }
    }
}
