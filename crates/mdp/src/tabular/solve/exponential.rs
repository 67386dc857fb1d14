//! Exponentials of many numbers at once, in a form that the compiler turns into vector instructions.

/// Below this the exponential of an `f64` is no longer a normal number; 0 is given there.
const LOWEST: f64 = -708.0;
/// `1.5 * 2^52`: what is added to it is rounded to a whole number, which then stands in the lowest bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;
/// `ln 2` in two parts, the first short enough for its multiples to be exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `exp(x)` of each number, none of them above 0, to within two units in the last place; the same bits on every machine,
/// which the exponential of the system's library does not promise.
pub(super) fn exponentials(x: &[f64], out: &mut [f64]) {
    for (x, out) in x.iter().zip(out) {
        *out = exponential(*x);
    }
}

/// `1 / k!`.
const TERMS: [f64; 14] = [
    1.0,
    1.0,
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

/// `exp(x) = 2^n exp(r)` with `|r| <= ln 2 / 2` and fourteen terms of the series for `exp(r)`, in pairs (Estrin), whose
/// sums do not wait for each other.
#[inline]
fn exponential(x: f64) -> f64 {
    let clamped = if x < LOWEST { LOWEST } else { x };
    let shifted = clamped * std::f64::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = (clamped - n * LN_2_HIGH) - n * LN_2_LOW;
    let (r2, r4) = (r * r, (r * r) * (r * r));
    let two = |k: usize| TERMS[k] + TERMS[k + 1] * r;
    let four = |k: usize| two(k) + two(k + 2) * r2;
    let series = (four(0) + four(4) * r4) + (four(8) + two(12) * r4) * (r4 * r4);
    // The whole number in the lowest bits becomes the exponent; what is above it is shifted out.
    let power = f64::from_bits((shifted.to_bits().wrapping_add(1023)) << 52);
    if x < LOWEST { 0.0 } else { series * power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_library_to_two_units_in_the_last_place() {
        let x: Vec<f64> = (0..708_000)
            .map(|step| f64::from(-step) * 1e-3 - 1e-7)
            .collect();
        let mut out = vec![0.0; x.len()];
        exponentials(&x, &mut out);
        for (x, out) in x.iter().zip(out) {
            assert!(
                (out / x.exp() - 1.0).abs() <= 2.0 * f64::EPSILON,
                "exp({x})"
            );
        }
        let mut ends = [1.0; 3];
        exponentials(&[0.0, -709.0, f64::NEG_INFINITY], &mut ends);
        assert_eq!(ends, [1.0, 0.0, 0.0]);
    }
}
