//! The loop against the plain sum, on every instruction set, and its refusals.

use super::{Fusion, PANEL, Products, Steps, available};

/// Two lines of 11 rows, a panel and a half of columns, three overlapping parts.
const PRODUCTS: Products = Products {
    lines: 2,
    rows: 11,
    columns: PANEL + 16,
    parts: 3,
    depth: 6,
    a: Steps {
        line: 40,
        part: 40,
        row: 2,
        depth: 1,
    },
    b: Steps {
        line: 0,
        part: 6 * PANEL,
        row: 0,
        depth: PANEL,
    },
    b_panel: 18 * PANEL,
    c_line: 700,
    c_row: 50,
};

fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 37 + seed) % 17) as f32 - 8.0)
        .collect()
}

/// Small whole numbers, so that every order of summing gives the same.
fn plain(a: &[f32], b: &[f32], line: usize, row: usize, column: usize) -> f32 {
    let p = PRODUCTS;
    let mut sum = 0.0;
    for part in 0..p.parts {
        for depth in 0..p.depth {
            let at_a = line * p.a.line + part * p.a.part + row * p.a.row + depth * p.a.depth;
            let at_b = column / PANEL * p.b_panel + part * p.b.part + depth * p.b.depth;
            sum += a[at_a] * b[at_b + column % PANEL];
        }
    }
    sum
}

fn check(fusion: Fusion<'_>, finish: impl Fn(f32, f32, usize, usize) -> f32) {
    let (a, b) = (numbers(200, 1), numbers(36 * PANEL, 2));
    let before = numbers(1300, 3);
    for kernels in available() {
        let mut c = before.clone();
        kernels.multiply(&PRODUCTS, &a, &b, &mut c, fusion);
        let mut expected = before.clone();
        for line in 0..2 {
            for row in 0..11 {
                for column in 0..PRODUCTS.columns {
                    let at = line * PRODUCTS.c_line + row * PRODUCTS.c_row + column;
                    let sum = plain(&a, &b, line, row, column);
                    expected[at] = finish(sum, before[at], at, column);
                }
            }
        }
        assert_eq!(c, expected, "{}", kernels.name);
    }
}

#[test]
fn sums_begin_and_end_as_they_should() {
    let (bias, gate) = (numbers(PRODUCTS.columns, 4), numbers(1300, 5));
    check(Fusion::Bias(&bias), |sum, _, _, column| sum + bias[column]);
    check(Fusion::BiasRelu(&bias), |sum, _, _, column| {
        (sum + bias[column]).max(0.0)
    });
    check(Fusion::Accumulate, |sum, before, _, _| before + sum);
    check(
        Fusion::Gate(&gate),
        |sum, _, at, _| {
            if gate[at] > 0.0 { sum } else { 0.0 }
        },
    );
}

#[test]
fn slices_that_are_too_short_are_refused() {
    let (a, b, c) = (200, 36 * PANEL, 1300);
    let needed = (
        40 + 2 * 40 + 10 * 2 + 5 + 1,
        18 * PANEL + 17 * PANEL + 16,
        700 + 10 * 50 + PRODUCTS.columns,
    );
    let multiply = |a: usize, b: usize, c: usize, bias: usize| {
        let (a, b, bias) = (numbers(a, 0), numbers(b, 0), numbers(bias, 0));
        let mut c = numbers(c, 0);
        available()[0].multiply(&PRODUCTS, &a, &b, &mut c, Fusion::Bias(&bias));
    };
    let columns = PRODUCTS.columns;
    multiply(a, b, c, columns);
    multiply(needed.0, needed.1, needed.2, columns);
    for (a, b, c, bias) in [
        (needed.0 - 1, b, c, columns),
        (a, needed.1 - 1, c, columns),
        (a, b, needed.2 - 1, columns),
        (a, b, c, columns - 1),
    ] {
        assert!(std::panic::catch_unwind(|| multiply(a, b, c, bias)).is_err());
    }
}
