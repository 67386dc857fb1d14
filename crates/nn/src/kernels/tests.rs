//! Every instruction set of this CPU against plain arithmetic, and against each other.

use super::{Activation, AdamStep, EXP_HIGHEST, EXP_LOWEST, Kernels, View, available, padded};
use crate::reference::{assert_close, normals, wide};

fn for_each_set(check: impl Fn(&Kernels)) {
    for kernels in available() {
        check(kernels);
    }
}

/// `[rows, depth] [depth, columns]` in `f64`, `a` read through its view.
fn product(rows: usize, columns: usize, depth: usize, a: View<'_>, b: &[f32]) -> Vec<f64> {
    let mut c = vec![0.0; rows * columns];
    for (cell, c) in c.iter_mut().enumerate() {
        let (row, column) = (cell / columns, cell % columns);
        for k in 0..depth {
            let factor = a.data[row * a.row + k * a.column];
            *c += f64::from(factor) * f64::from(b[k * columns + column]);
        }
    }
    c
}

/// Calls `check` with many shapes, `a` as it is and transposed, and random matrices.
fn for_each_product(check: impl Fn(usize, usize, usize, View<'_>, &[f32])) {
    for rows in [1, 2, 3, 4, 5, 7, 8, 11, 16, 33] {
        for columns in [16, 32, 48, 64, 80, 112] {
            for depth in [1, 2, 8, 19] {
                let a = normals("a", rows * depth);
                let b = normals("b", depth * columns);
                check(
                    rows,
                    columns,
                    depth,
                    View {
                        data: &a,
                        row: depth,
                        column: 1,
                    },
                    &b,
                );
                check(
                    rows,
                    columns,
                    depth,
                    View {
                        data: &a,
                        row: 1,
                        column: rows,
                    },
                    &b,
                );
            }
        }
    }
}

#[test]
fn affine_maps_are_products_plus_biases() {
    for_each_set(|kernels| {
        for_each_product(|rows, columns, depth, a, b| {
            let bias = normals("bias", columns);
            let mut expected = product(rows, columns, depth, a, b);
            for (i, value) in expected.iter_mut().enumerate() {
                *value += f64::from(bias[i % columns]);
            }
            let mut c = vec![f32::NAN; rows * columns];
            kernels.affine(None, rows, a, b, &bias, &mut c);
            assert_close(&c, &expected, 1e-5, kernels.name);
            kernels.affine(Some(Activation::Relu), rows, a, b, &bias, &mut c);
            expected
                .iter_mut()
                .for_each(|value| *value = value.max(0.0));
            assert_close(&c, &expected, 1e-5, kernels.name);
        });
    });
}

#[test]
fn products_accumulate() {
    for_each_set(|kernels| {
        for_each_product(|rows, columns, depth, a, b| {
            let before = normals("before", rows * columns);
            let mut expected = product(rows, columns, depth, a, b);
            for (value, before) in expected.iter_mut().zip(&before) {
                *value += f64::from(*before);
            }
            let mut c = before.clone();
            kernels.accumulate(rows, a, b, &mut c);
            assert_close(&c, &expected, 1e-5, kernels.name);
        });
    });
}

#[test]
fn products_go_through_derivatives() {
    for_each_set(|kernels| {
        for_each_product(|rows, columns, depth, a, b| {
            let output = normals("output", rows * columns);
            let plain = product(rows, columns, depth, a, b);
            let mut c = vec![f32::NAN; rows * columns];
            kernels.through(Activation::Tanh, rows, a, b, &output, &mut c);
            let slopes = wide(&output);
            let tanh: Vec<f64> = plain
                .iter()
                .zip(&slopes)
                .map(|(c, y)| c * (1.0 - y * y))
                .collect();
            assert_close(&c, &tanh, 2e-5, kernels.name);
            kernels.through(Activation::Relu, rows, a, b, &output, &mut c);
            let gate = |(c, y): (&f64, &f64)| if *y > 0.0 { *c } else { 0.0 };
            let relu: Vec<f64> = plain.iter().zip(&slopes).map(gate).collect();
            assert_close(&c, &relu, 1e-5, kernels.name);
        });
    });
}

#[test]
fn dot_products_are_products_with_few_columns() {
    for_each_set(|kernels| {
        for rows in [1, 3, 64] {
            for columns in 1..=8 {
                for depth in [16, 32, 80] {
                    let (a, b) = (normals("a", rows * depth), normals("b", columns * depth));
                    let bias = normals("bias", columns);
                    let stride = columns + 3;
                    let mut c = vec![0.5; rows * stride];
                    kernels.dot_products(rows, &a, &b, &bias, &mut c, stride);
                    let expected: Vec<f64> = (0..rows * stride)
                        .map(|i| match (i / stride, i % stride) {
                            (row, column) if column < columns => {
                                let pairs =
                                    a[row * depth..][..depth].iter().zip(&b[column * depth..]);
                                let sum: f64 =
                                    pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                                sum + f64::from(bias[column])
                            }
                            _ => 0.5,
                        })
                        .collect();
                    assert_close(&c, &expected, 1e-5, kernels.name);
                }
            }
        }
    });
}

#[test]
fn tanh_is_within_its_stated_error() {
    let xs: Vec<f32> = (-400_000..=400_000).map(|i| i as f32 * 5e-5).collect();
    for_each_set(|kernels| {
        let mut values = xs.clone();
        kernels.tanh(&mut values);
        for (x, y) in xs.iter().zip(&values) {
            let error = (f64::from(*y) - f64::from(*x).tanh()).abs();
            assert!(
                error < 5e-7,
                "{}: tanh {x} is {y}, {error} off",
                kernels.name
            );
            assert!(y.abs() <= 1.0, "{}: tanh {x} is {y}", kernels.name);
        }
        let mut special = [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e-20];
        kernels.tanh(&mut special);
        assert_eq!(special[..2], [0.0, 0.0]);
        assert!(special[2].is_nan());
        assert!((special[3] - 1.0).abs() < 5e-7 && (special[4] + 1.0).abs() < 5e-7);
        assert!(
            (special[5] / 1e-20 - 1.0).abs() < 1e-6,
            "small numbers keep their size"
        );
    });
}

#[test]
fn exp_and_ln_are_within_their_stated_errors() {
    let xs: Vec<f32> = (-349_000..=352_000).map(|i| i as f32 * 2.5e-4).collect();
    for_each_set(|kernels| {
        let mut values = xs.clone();
        kernels.exp(&mut values);
        let mut back = values.clone();
        kernels.ln(&mut back);
        for ((x, power), back) in xs.iter().zip(&values).zip(&back) {
            let exact = f64::from(*x).exp();
            let error = (f64::from(*power) / exact - 1.0).abs();
            assert!(
                error < 2e-7,
                "{}: exp {x} is {power}, {error} off",
                kernels.name
            );
            let exact = f64::from(*power).ln();
            let error = (f64::from(*back) - exact).abs() / exact.abs().max(1.0);
            assert!(
                error < 2e-7,
                "{}: ln {power} is {back}, {error} off",
                kernels.name
            );
        }
        let mut special = [f32::NAN, -1e30, 1e30, 0.0];
        kernels.exp(&mut special);
        assert!(special[0].is_nan() && special[1].is_normal() && special[2].is_finite());
        assert_eq!(special[3], 1.0);
        let (lowest, highest) = (f64::from(EXP_LOWEST).exp(), f64::from(EXP_HIGHEST).exp());
        assert_close(&special[1..3], &[lowest, highest], 1e-6, kernels.name);
    });
}

#[test]
fn sums_are_sums() {
    for_each_set(|kernels| {
        for n in [0, 1, 15, 16, 17, 64, 100, 1000] {
            let values = normals("values", n);
            let expected: f64 = wide(&values).iter().map(|value| value * value).sum();
            assert_close(
                &[kernels.sum_of_squares(&values)],
                &[expected],
                1e-5,
                kernels.name,
            );
        }
        let (rows, columns) = (7, padded(20));
        let values = normals("values", rows * columns);
        let mut sums = vec![1.0; columns];
        kernels.sum_rows(rows, &values, &mut sums);
        let expected: Vec<f64> = (0..columns)
            .map(|j| {
                1.0 + values[j..]
                    .iter()
                    .step_by(columns)
                    .map(|v| f64::from(*v))
                    .sum::<f64>()
            })
            .collect();
        assert_close(&sums, &expected, 1e-5, kernels.name);
        let mut sums = values[..columns].to_vec();
        kernels.add(&mut sums, &values[columns..2 * columns]);
        let expected: Vec<f64> = (0..columns)
            .map(|j| f64::from(values[j]) + f64::from(values[columns + j]))
            .collect();
        assert_close(&sums, &expected, 1e-6, kernels.name);
    });
}

/// Where multiplication and addition are fused, the width of the registers does not show in the bits.
#[test]
fn fused_instruction_sets_agree_to_the_bit() {
    let results = |kernels: &Kernels| {
        let mut bits = Vec::new();
        let (rows, depth, columns) = (13, 21, padded(70));
        let (a, b) = (normals("a", rows * depth), normals("b", depth * columns));
        let mut c = vec![0.0; rows * columns];
        let view = View {
            data: &a,
            row: depth,
            column: 1,
        };
        kernels.affine(
            Some(Activation::Tanh),
            rows,
            view,
            &b,
            &normals("bias", columns),
            &mut c,
        );
        bits.extend(c.iter().map(|value| value.to_bits()));
        kernels.exp(&mut c);
        kernels.ln(&mut c);
        bits.extend(c.iter().map(|value| value.to_bits()));
        let mut dots = vec![0.0; 5 * 5];
        kernels.dot_products(
            5,
            &b[..5 * columns],
            &b[..5 * columns],
            &[0.1; 5],
            &mut dots,
            5,
        );
        bits.extend(dots.iter().map(|value| value.to_bits()));
        bits.push(kernels.sum_of_squares(&b).to_bits());
        let step = AdamStep {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-5,
            step_size: 0.01,
            inverse_root_correction: 2.0,
            decay: 0.999,
        };
        let (mut m, mut v) = (normals("m", 37), vec![0.5; 37]);
        let mut parameters = normals("parameters", 37);
        kernels.adam(&step, &mut parameters, &normals("g", 37), &mut m, &mut v);
        bits.extend(parameters.iter().map(|value| value.to_bits()));
        bits
    };
    let fused: Vec<&Kernels> = available()
        .into_iter()
        .filter(|set| set.is_fused())
        .collect();
    for pair in fused.windows(2) {
        assert_eq!(
            results(pair[0]),
            results(pair[1]),
            "{} and {}",
            pair[0].name,
            pair[1].name
        );
    }
    let plain: Vec<&Kernels> = available()
        .into_iter()
        .filter(|set| set.name == "sse2" || set.name == "portable")
        .collect();
    if cfg!(target_arch = "x86_64") {
        assert_eq!(results(plain[0]), results(plain[1]), "sse2 and portable");
    }
}
