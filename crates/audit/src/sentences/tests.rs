//! Tests of what is said in words.

use super::*;

#[test]
fn numbers_read_well() {
    for (value, expected) in [
        (0.0, "0"),
        (1.0, "1"),
        (12.3456, "12.35"),
        (-0.012_345_6, "-0.01235"),
        (1_234_567.0, "1234567"),
        (640.5, "640.5"),
        (100.0, "100"),
        (1e-7, "1.000e-7"),
        (3e12, "3.000e12"),
        (f64::INFINITY, "no limit above"),
        (f64::NEG_INFINITY, "no limit below"),
        (f64::NAN, "unknown"),
    ] {
        assert_eq!(number(value), expected);
    }
}
