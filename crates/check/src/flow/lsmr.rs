//! Sparse least squares.

use mdp::Stop;

use super::{Sparse, add, norm};

/// Stops once `‖Aᵀ r‖` has fallen to this share of `‖A‖ ‖b‖`: below the rounding of a double, so that what is left to
/// take out is rounding too.
const TOLERANCE: f64 = 1e-17;

/// What [`lsmr`] found.
pub(super) struct Pass {
    /// One value a column.
    pub(super) solution: Vec<f64>,
    /// Products with the matrix and its transpose.
    pub(super) iterations: usize,
    /// Why it stopped.
    pub(super) stop: Stop,
}

/// The least squares of `‖b - A x‖`, of least norm where there are several, by LSMR (Fong and Saunders, 2011,
/// algorithm 1, without damping): `‖Aᵀ r‖` falls with every iteration, at the cost of two products with A.
pub(super) fn lsmr(matrix: &Sparse, right: &[f64]) -> Pass {
    let mut bidiagonal = Bidiagonal::new(matrix, right);
    let mut solution = vec![0.0; matrix.n_columns];
    let mut h = bidiagonal.v.clone();
    let mut h_bar = vec![0.0; matrix.n_columns];
    let mut alpha_bar = bidiagonal.alpha;
    let mut zeta_bar = bidiagonal.alpha * bidiagonal.beta;
    let (mut rho, mut rho_bar, mut c_bar, mut s_bar) = (1.0, 1.0, 1.0, 0.0);
    let mut size = bidiagonal.alpha.powi(2);
    let goal = TOLERANCE * bidiagonal.beta;
    let max_iterations = 1_000 + 4 * matrix.n_columns;
    let mut iterations = 0;
    while zeta_bar.abs() > goal * size.sqrt() && iterations < max_iterations {
        bidiagonal.advance(matrix);
        size += bidiagonal.alpha.powi(2) + bidiagonal.beta.powi(2);
        let (c, s, new_rho) = rotation(alpha_bar, bidiagonal.beta);
        let theta = s * bidiagonal.alpha;
        alpha_bar = c * bidiagonal.alpha;
        let theta_bar = s_bar * new_rho;
        let (new_c_bar, new_s_bar, new_rho_bar) = rotation(c_bar * new_rho, theta);
        let zeta = new_c_bar * zeta_bar;
        zeta_bar *= -new_s_bar;
        let back = theta_bar * new_rho / (rho * rho_bar);
        let forward = zeta / (new_rho * new_rho_bar);
        let turn = theta / new_rho;
        for (k, x) in solution.iter_mut().enumerate() {
            h_bar[k] = h[k] - back * h_bar[k];
            *x += forward * h_bar[k];
            h[k] = bidiagonal.v[k] - turn * h[k];
        }
        (rho, rho_bar, c_bar, s_bar) = (new_rho, new_rho_bar, new_c_bar, new_s_bar);
        iterations += 1;
    }
    let converged = zeta_bar.abs() <= goal * size.sqrt();
    Pass {
        solution,
        iterations,
        stop: if converged {
            Stop::Converged
        } else {
            Stop::BudgetSpent
        },
    }
}

/// The bidiagonalization of Golub and Kahan: `A V = U B`, a column at a time.
struct Bidiagonal {
    u: Vec<f64>,
    v: Vec<f64>,
    alpha: f64,
    beta: f64,
}

impl Bidiagonal {
    fn new(matrix: &Sparse, right: &[f64]) -> Bidiagonal {
        let mut u = right.to_vec();
        let beta = normalize(&mut u);
        let mut v = vec![0.0; matrix.n_columns];
        matrix.add_transposed_product(&u, 1.0, &mut v);
        let alpha = normalize(&mut v);
        Bidiagonal { u, v, alpha, beta }
    }

    fn advance(&mut self, matrix: &Sparse) {
        self.u.iter_mut().for_each(|value| *value *= -self.alpha);
        matrix.add_product(&self.v, 1.0, &mut self.u);
        self.beta = normalize(&mut self.u);
        let mut v = vec![0.0; self.v.len()];
        add(&mut v, -self.beta, &self.v);
        matrix.add_transposed_product(&self.u, 1.0, &mut v);
        self.v = v;
        self.alpha = normalize(&mut self.v);
    }
}

/// Divides by the norm, where there is one; gives it.
fn normalize(values: &mut [f64]) -> f64 {
    let length = norm(values);
    if length > 0.0 {
        values.iter_mut().for_each(|value| *value /= length);
    }
    length
}

/// Cosine, sine and length of the rotation that takes `(a, b)` to `(length, 0)`.
fn rotation(a: f64, b: f64) -> (f64, f64, f64) {
    let length = a.hypot(b);
    if length > 0.0 {
        (a / length, b / length, length)
    } else {
        (1.0, 0.0, 0.0)
    }
}
