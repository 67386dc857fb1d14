//! Eigenvalues and eigenvectors of a small symmetric matrix.

/// Rounds of rotations; a handful is usual.
const MAX_ROUNDS: usize = 60;

/// Eigenvalues, the greatest first, and eigenvectors, one a row, by Jacobi's rotations (Golub and Van Loan, 2013, section
/// 8.5): slow for large matrices, and as accurate as it gets for small ones.
pub(super) fn eigen(mut matrix: Vec<f64>, n: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors = vec![0.0; n * n];
    (0..n).for_each(|i| vectors[i * n + i] = 1.0);
    let size: f64 = matrix.iter().map(|x| x * x).sum();
    for _ in 0..MAX_ROUNDS {
        let off: f64 = (0..n * n)
            .filter(|at| at / n != at % n)
            .map(|at| matrix[at] * matrix[at])
            .sum();
        if off <= 1e-30 * size {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut matrix, &mut vectors, n, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    let value = |i: usize| matrix[i * n + i];
    order.sort_by(|a, b| value(*b).total_cmp(&value(*a)).then(a.cmp(b)));
    let values = order.iter().map(|i| value(*i)).collect();
    let rows = order
        .iter()
        .flat_map(|i| vectors[i * n..][..n].iter().copied());
    (values, rows.collect())
}

/// Turns the plane of `p` and `q` so that they are no longer coupled.
fn rotate(matrix: &mut [f64], vectors: &mut [f64], n: usize, p: usize, q: usize) {
    let coupling = matrix[p * n + q];
    if coupling == 0.0 {
        return;
    }
    let theta = (matrix[q * n + q] - matrix[p * n + p]) / (2.0 * coupling);
    let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = tangent * cosine;
    let turn = |a: &mut f64, b: &mut f64| {
        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
    };
    let between = |table: &mut [f64], at: usize, other: usize| {
        let (mut a, mut b) = (table[at], table[other]);
        turn(&mut a, &mut b);
        (table[at], table[other]) = (a, b);
    };
    for k in 0..n {
        between(matrix, k * n + p, k * n + q);
    }
    for k in 0..n {
        between(matrix, p * n + k, q * n + k);
        between(vectors, p * n + k, q * n + k);
    }
}
