//! Sixteen floats as one value, in the widest registers that an instruction set has.
//!
//! Every implementation has the same sixteen lanes and the same order of sums, so that two instruction sets that
//! both fuse multiply and add give the same bits; only the one without fused arithmetic (SSE2) rounds differently.

#![expect(
    unsafe_code,
    reason = "vector instructions are reached through raw loads and stores; `kernels` checks every length"
)]

/// The lanes of a [`Vector`], and the unit to which every width in this crate is padded.
pub(crate) const LANES: usize = 16;

/// Sixteen floats.
///
/// # Safety
///
/// The methods may only run on a CPU that has the instruction set of the implementation, inlined into a function
/// that enables it; `load` and `store` need 16 floats behind the pointer.
pub(crate) trait Vector: Copy {
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn sqrt(self) -> Self;
    /// The smaller of each pair; `other` where one of them is NaN.
    unsafe fn min(self, other: Self) -> Self;
    /// The larger of each pair; `other` where one of them is NaN.
    unsafe fn max(self, other: Self) -> Self;
    /// `self * factor + term`, rounded once where the instruction set can.
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// The sum of the lanes: lanes 8 apart first, then 4, then 1, then 2.
    unsafe fn sum(self) -> f32;
    /// Zero where `gate` is not above zero, else `self`.
    unsafe fn where_positive(self, gate: Self) -> Self;
    /// `self * 2^n`, where `shifted` is `n + 1.5 * 2^23`, the float whose lowest bits are the integer `n`.
    unsafe fn scale_by_power(self, shifted: Self) -> Self;
    /// For positive normal numbers: `m` in `[√½, √2)` and `n` with `self = m * 2^n`.
    unsafe fn split(self) -> (Self, Self);
}

/// The bits of √½, from which [`Vector::split`] counts.
const ROOT_HALF_BITS: i32 = 0x3F35_04F3;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{ROOT_HALF_BITS, Vector};
    use std::arch::x86_64::*;

    /// The end of every sum: four lanes in one register.
    #[inline(always)]
    unsafe fn sum_of_four(lanes: __m128) -> f32 {
        unsafe {
            let pairs = _mm_add_ps(lanes, _mm_shuffle_ps::<0b10_11_00_01>(lanes, lanes));
            _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehl_ps(pairs, pairs)))
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512);

    impl Vector for Avx512 {
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            unsafe { Self(_mm512_set1_ps(value)) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe { Self(_mm512_loadu_ps(from)) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe { _mm512_storeu_ps(to, self.0) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            unsafe { Self(_mm512_add_ps(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            unsafe { Self(_mm512_sub_ps(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            unsafe { Self(_mm512_mul_ps(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            unsafe { Self(_mm512_div_ps(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn sqrt(self) -> Self {
            unsafe { Self(_mm512_sqrt_ps(self.0)) }
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            unsafe { Self(_mm512_min_ps(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            unsafe { Self(_mm512_max_ps(self.0, other.0)) }
        }
        #[inline(always)]
        unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
            unsafe { Self(_mm512_fmadd_ps(self.0, factor.0, term.0)) }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            unsafe {
                let upper = _mm512_extractf64x4_pd::<1>(_mm512_castps_pd(self.0));
                let upper = _mm256_castpd_ps(upper);
                let eight = _mm256_add_ps(_mm512_castps512_ps256(self.0), upper);
                let four = _mm_add_ps(
                    _mm256_castps256_ps128(eight),
                    _mm256_extractf128_ps::<1>(eight),
                );
                sum_of_four(four)
            }
        }
        #[inline(always)]
        unsafe fn where_positive(self, gate: Self) -> Self {
            unsafe {
                let mask = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate.0, _mm512_setzero_ps());
                Self(_mm512_maskz_mov_ps(mask, self.0))
            }
        }
        #[inline(always)]
        unsafe fn scale_by_power(self, shifted: Self) -> Self {
            unsafe {
                let exponent = _mm512_slli_epi32::<23>(_mm512_castps_si512(shifted.0));
                let bits = _mm512_add_epi32(_mm512_castps_si512(self.0), exponent);
                Self(_mm512_castsi512_ps(bits))
            }
        }
        #[inline(always)]
        unsafe fn split(self) -> (Self, Self) {
            unsafe {
                let bits = _mm512_castps_si512(self.0);
                let above = _mm512_sub_epi32(bits, _mm512_set1_epi32(ROOT_HALF_BITS));
                let exponent = _mm512_srai_epi32::<23>(above);
                let mantissa = _mm512_sub_epi32(bits, _mm512_slli_epi32::<23>(exponent));
                (
                    Self(_mm512_castsi512_ps(mantissa)),
                    Self(_mm512_cvtepi32_ps(exponent)),
                )
            }
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Avx2([__m256; 2]);

    impl Vector for Avx2 {
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            unsafe { Self([_mm256_set1_ps(value); 2]) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe { Self([_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))]) }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe {
                _mm256_storeu_ps(to, self.0[0]);
                _mm256_storeu_ps(to.add(8), self.0[1]);
            }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            unsafe {
                let [a, b] = self.0;
                Self([_mm256_add_ps(a, other.0[0]), _mm256_add_ps(b, other.0[1])])
            }
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            unsafe {
                let [a, b] = self.0;
                Self([_mm256_sub_ps(a, other.0[0]), _mm256_sub_ps(b, other.0[1])])
            }
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            unsafe {
                let [a, b] = self.0;
                Self([_mm256_mul_ps(a, other.0[0]), _mm256_mul_ps(b, other.0[1])])
            }
        }
        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            unsafe {
                let [a, b] = self.0;
                Self([_mm256_div_ps(a, other.0[0]), _mm256_div_ps(b, other.0[1])])
            }
        }
        #[inline(always)]
        unsafe fn sqrt(self) -> Self {
            unsafe {
                let [a, b] = self.0;
                Self([_mm256_sqrt_ps(a), _mm256_sqrt_ps(b)])
            }
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            unsafe {
                let [a, b] = self.0;
                Self([_mm256_min_ps(a, other.0[0]), _mm256_min_ps(b, other.0[1])])
            }
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            unsafe {
                let [a, b] = self.0;
                Self([_mm256_max_ps(a, other.0[0]), _mm256_max_ps(b, other.0[1])])
            }
        }
        #[inline(always)]
        unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
            unsafe {
                let [a, b] = self.0;
                Self([
                    _mm256_fmadd_ps(a, factor.0[0], term.0[0]),
                    _mm256_fmadd_ps(b, factor.0[1], term.0[1]),
                ])
            }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            unsafe {
                let eight = _mm256_add_ps(self.0[0], self.0[1]);
                let four = _mm_add_ps(
                    _mm256_castps256_ps128(eight),
                    _mm256_extractf128_ps::<1>(eight),
                );
                sum_of_four(four)
            }
        }
        #[inline(always)]
        unsafe fn where_positive(self, gate: Self) -> Self {
            unsafe {
                let [a, b] = self.0;
                let zero = _mm256_setzero_ps();
                Self([
                    _mm256_and_ps(a, _mm256_cmp_ps::<_CMP_GT_OQ>(gate.0[0], zero)),
                    _mm256_and_ps(b, _mm256_cmp_ps::<_CMP_GT_OQ>(gate.0[1], zero)),
                ])
            }
        }
        #[inline(always)]
        unsafe fn scale_by_power(self, shifted: Self) -> Self {
            unsafe {
                let mut halves = self.0;
                for (half, shifted) in halves.iter_mut().zip(shifted.0) {
                    let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(shifted));
                    let bits = _mm256_add_epi32(_mm256_castps_si256(*half), exponent);
                    *half = _mm256_castsi256_ps(bits);
                }
                Self(halves)
            }
        }
        #[inline(always)]
        unsafe fn split(self) -> (Self, Self) {
            unsafe {
                let (mut mantissas, mut exponents) = (self.0, self.0);
                for (mantissa, exponent) in mantissas.iter_mut().zip(&mut exponents) {
                    let bits = _mm256_castps_si256(*mantissa);
                    let above = _mm256_sub_epi32(bits, _mm256_set1_epi32(ROOT_HALF_BITS));
                    let power = _mm256_srai_epi32::<23>(above);
                    let rest = _mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(power));
                    *mantissa = _mm256_castsi256_ps(rest);
                    *exponent = _mm256_cvtepi32_ps(power);
                }
                (Self(mantissas), Self(exponents))
            }
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Sse2([__m128; 4]);

    /// Applies an SSE2 instruction to the four registers of two vectors.
    macro_rules! quarters {
        ($instruction:ident, $a:expr, $b:expr) => {
            Sse2([
                $instruction($a.0[0], $b.0[0]),
                $instruction($a.0[1], $b.0[1]),
                $instruction($a.0[2], $b.0[2]),
                $instruction($a.0[3], $b.0[3]),
            ])
        };
    }

    impl Vector for Sse2 {
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            unsafe { Self([_mm_set1_ps(value); 4]) }
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            unsafe {
                Self([
                    _mm_loadu_ps(from),
                    _mm_loadu_ps(from.add(4)),
                    _mm_loadu_ps(from.add(8)),
                    _mm_loadu_ps(from.add(12)),
                ])
            }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            unsafe {
                _mm_storeu_ps(to, self.0[0]);
                _mm_storeu_ps(to.add(4), self.0[1]);
                _mm_storeu_ps(to.add(8), self.0[2]);
                _mm_storeu_ps(to.add(12), self.0[3]);
            }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            unsafe { quarters!(_mm_add_ps, self, other) }
        }
        #[inline(always)]
        unsafe fn sub(self, other: Self) -> Self {
            unsafe { quarters!(_mm_sub_ps, self, other) }
        }
        #[inline(always)]
        unsafe fn mul(self, other: Self) -> Self {
            unsafe { quarters!(_mm_mul_ps, self, other) }
        }
        #[inline(always)]
        unsafe fn div(self, other: Self) -> Self {
            unsafe { quarters!(_mm_div_ps, self, other) }
        }
        #[inline(always)]
        unsafe fn sqrt(self) -> Self {
            unsafe { Self(self.0.map(|quarter| _mm_sqrt_ps(quarter))) }
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            unsafe { quarters!(_mm_min_ps, self, other) }
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            unsafe { quarters!(_mm_max_ps, self, other) }
        }
        #[inline(always)]
        unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
            unsafe { self.mul(factor).add(term) }
        }
        #[inline(always)]
        unsafe fn sum(self) -> f32 {
            unsafe {
                let [a, b, c, d] = self.0;
                sum_of_four(_mm_add_ps(_mm_add_ps(a, c), _mm_add_ps(b, d)))
            }
        }
        #[inline(always)]
        unsafe fn where_positive(self, gate: Self) -> Self {
            unsafe {
                let zero = Self::splat(0.0);
                let mask = quarters!(_mm_cmpgt_ps, gate, zero);
                quarters!(_mm_and_ps, self, mask)
            }
        }
        #[inline(always)]
        unsafe fn scale_by_power(self, shifted: Self) -> Self {
            unsafe {
                let mut quarters = self.0;
                for (quarter, shifted) in quarters.iter_mut().zip(shifted.0) {
                    let exponent = _mm_slli_epi32::<23>(_mm_castps_si128(shifted));
                    let bits = _mm_add_epi32(_mm_castps_si128(*quarter), exponent);
                    *quarter = _mm_castsi128_ps(bits);
                }
                Self(quarters)
            }
        }
        #[inline(always)]
        unsafe fn split(self) -> (Self, Self) {
            unsafe {
                let (mut mantissas, mut exponents) = (self.0, self.0);
                for (mantissa, exponent) in mantissas.iter_mut().zip(&mut exponents) {
                    let bits = _mm_castps_si128(*mantissa);
                    let above = _mm_sub_epi32(bits, _mm_set1_epi32(ROOT_HALF_BITS));
                    let power = _mm_srai_epi32::<23>(above);
                    let rest = _mm_sub_epi32(bits, _mm_slli_epi32::<23>(power));
                    *mantissa = _mm_castsi128_ps(rest);
                    *exponent = _mm_cvtepi32_ps(power);
                }
                (Self(mantissas), Self(exponents))
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512, Sse2};

/// Plain arrays, for every other architecture; fused where the architecture always has the instruction.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; LANES]);

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, of: impl Fn(f32, f32) -> f32) -> Self {
        let mut result = self;
        for (value, other) in result.0.iter_mut().zip(other.0) {
            *value = of(*value, other);
        }
        result
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Vector for Portable {
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Self(from.cast::<[f32; LANES]>().read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { to.cast::<[f32; LANES]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        let mut result = term;
        for lane in 0..LANES {
            result.0[lane] = if cfg!(target_arch = "aarch64") {
                self.0[lane].mul_add(factor.0[lane], term.0[lane])
            } else {
                self.0[lane] * factor.0[lane] + term.0[lane]
            };
        }
        result
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let lanes = self.0;
        let four: [f32; 4] =
            std::array::from_fn(|i| (lanes[i] + lanes[i + 8]) + (lanes[i + 4] + lanes[i + 12]));
        (four[0] + four[1]) + (four[2] + four[3])
    }
    #[inline(always)]
    unsafe fn where_positive(self, gate: Self) -> Self {
        self.zip(gate, |value, gate| if gate > 0.0 { value } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn scale_by_power(self, shifted: Self) -> Self {
        self.zip(shifted, |value, shifted| {
            f32::from_bits(value.to_bits().wrapping_add(shifted.to_bits() << 23))
        })
    }
    #[inline(always)]
    unsafe fn split(self) -> (Self, Self) {
        let power = |value: f32| (value.to_bits() as i32).wrapping_sub(ROOT_HALF_BITS) >> 23;
        let mantissa = |value: f32| {
            let bits = (value.to_bits() as i32).wrapping_sub(power(value) << 23);
            f32::from_bits(bits as u32)
        };
        (
            Self(self.0.map(mantissa)),
            Self(self.0.map(|value| power(value) as f32)),
        )
    }
}
