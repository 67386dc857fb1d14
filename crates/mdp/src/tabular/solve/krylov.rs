//! Large blocks of a chain's equations: BiCGSTAB on a sparse matrix, preconditioned by an incomplete factorisation.

/// Iterations between two looks at the true residual.
const ROUND: usize = 200;

/// How long to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    /// There is another way: give up after a few rounds.
    Short,
    /// There is none.
    Long,
}

impl Patience {
    /// Iterations in all, and rounds in a row that do not halve the residual.
    fn limits(self) -> (usize, usize) {
        match self {
            Patience::Short => (4 * ROUND, 0),
            Patience::Long => (100 * ROUND, 4),
        }
    }
}

/// A square sparse matrix by rows, columns ascending, with an entry on each diagonal.
#[derive(Debug)]
pub(super) struct Sparse {
    offsets: Vec<usize>,
    columns: Vec<u32>,
    entries: Vec<f64>,
    /// Where each row's diagonal stands.
    diagonal: Vec<usize>,
}

/// What an iterative solve gives beside its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Progress {
    pub(super) iterations: usize,
    pub(super) converged: bool,
}

impl Sparse {
    /// From rows of `(column, entry)`, in any order, columns unique.
    pub(super) fn from_rows(rows: impl Iterator<Item = Vec<(u32, f64)>>) -> Sparse {
        let mut matrix = Sparse {
            offsets: vec![0],
            columns: vec![],
            entries: vec![],
            diagonal: vec![],
        };
        for (index, mut row) in rows.enumerate() {
            row.sort_unstable_by_key(|(column, _)| *column);
            for (column, entry) in row {
                if column as usize == index {
                    matrix.diagonal.push(matrix.columns.len());
                }
                matrix.columns.push(column);
                matrix.entries.push(entry);
            }
            matrix.offsets.push(matrix.columns.len());
        }
        assert_eq!(
            matrix.diagonal.len(),
            matrix.offsets.len() - 1,
            "each row has a diagonal"
        );
        matrix
    }

    /// The same matrix with rows and columns exchanged.
    pub(super) fn transposed(&self) -> Sparse {
        let n = self.n();
        let mut rows = vec![vec![]; n];
        for row in 0..n {
            for entry in self.offsets[row]..self.offsets[row + 1] {
                rows[self.columns[entry] as usize].push((row as u32, self.entries[entry]));
            }
        }
        Sparse::from_rows(rows.into_iter())
    }

    fn n(&self) -> usize {
        self.diagonal.len()
    }

    fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let row = self.offsets[row]..self.offsets[row + 1];
        let columns = self.columns[row.clone()].iter();
        columns
            .map(|column| *column as usize)
            .zip(self.entries[row].iter().copied())
    }

    fn multiply(&self, x: &[f64], out: &mut [f64]) {
        for (row, out) in out.iter_mut().enumerate() {
            *out = self.row(row).map(|(column, entry)| entry * x[column]).sum();
        }
    }

    fn residual(&self, x: &[f64], right: &[f64]) -> Vec<f64> {
        let mut residual = vec![0.0; x.len()];
        self.multiply(x, &mut residual);
        for (residual, right) in residual.iter_mut().zip(right) {
            *residual = right - *residual;
        }
        residual
    }

    /// Solves for `x` from where it stands until the true residual is one of rounding: at most `accuracy` times the
    /// greatest right-hand side and answer.
    pub(super) fn solve(
        &self,
        right: &[f64],
        x: &mut [f64],
        accuracy: f64,
        patience: Patience,
    ) -> Progress {
        let (budget, most_stalls) = patience.limits();
        let factors = Incomplete::new(self);
        let (mut iterations, mut stalls) = (0, 0);
        let mut residual = self.residual(x, right);
        loop {
            let size = greatest(&residual);
            let target = accuracy * (greatest(right) + greatest(x));
            let converged = size <= target;
            if converged || stalls > most_stalls || iterations >= budget {
                return Progress {
                    iterations,
                    converged,
                };
            }
            let mut correction = vec![0.0; x.len()];
            // The estimate inside a round drifts from the truth, so each round asks for a bounded gain only.
            let goal = (0.1 * target).max(1e-10 * size);
            iterations += self.bicgstab(&factors, residual.clone(), &mut correction, goal);
            let mut after = self.residual_of_sum(x, &correction, right);
            if greatest(&after) >= size {
                // From the same residual it would break down in the same way; the plain iteration always contracts.
                iterations += self.plain(&factors, &residual, &mut correction);
                after = self.residual_of_sum(x, &correction, right);
            }
            stalls = if greatest(&after) <= 0.5 * size {
                0
            } else {
                stalls + 1
            };
            if greatest(&after) < size {
                add(x, 1.0, &correction);
                residual = after;
            }
        }
    }

    fn residual_of_sum(&self, x: &[f64], correction: &[f64], right: &[f64]) -> Vec<f64> {
        let mut sum = x.to_vec();
        add(&mut sum, 1.0, correction);
        self.residual(&sum, right)
    }

    /// Richardson's iteration with the factors: a regular splitting, so it converges for the matrices of chains.
    fn plain(&self, factors: &Incomplete, right: &[f64], x: &mut [f64]) -> usize {
        x.fill(0.0);
        let mut step = vec![0.0; x.len()];
        for _ in 0..ROUND {
            factors.apply(&self.residual(x, right), &mut step);
            add(x, 1.0, &step);
        }
        ROUND
    }

    /// Van der Vorst (1992), preconditioned from the right: at most [`ROUND`] iterations from zero.
    fn bicgstab(
        &self,
        factors: &Incomplete,
        mut residual: Vec<f64>,
        x: &mut [f64],
        goal: f64,
    ) -> usize {
        let n = residual.len();
        let shadow = residual.clone();
        let mut direction = residual.clone();
        let (mut p, mut v, mut s, mut t) = (vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        let mut rho = dot(&shadow, &residual);
        for iteration in 1..=ROUND {
            factors.apply(&direction, &mut p);
            self.multiply(&p, &mut v);
            let alpha = rho / dot(&shadow, &v);
            if !alpha.is_finite() {
                return iteration;
            }
            add(x, alpha, &p);
            add(&mut residual, -alpha, &v);
            factors.apply(&residual, &mut s);
            self.multiply(&s, &mut t);
            let omega = dot(&t, &residual) / dot(&t, &t);
            if greatest(&residual) <= goal || !omega.is_finite() {
                return iteration;
            }
            add(x, omega, &s);
            add(&mut residual, -omega, &t);
            let next_rho = dot(&shadow, &residual);
            let beta = next_rho / rho * (alpha / omega);
            if greatest(&residual) <= goal || !beta.is_finite() {
                return iteration;
            }
            rho = next_rho;
            for ((direction, v), residual) in direction.iter_mut().zip(&v).zip(&residual) {
                *direction = residual + beta * (*direction - omega * v);
            }
        }
        ROUND
    }
}

/// The factors of a matrix without fill-in, in its own pattern: a unit lower and an upper triangle.
///
/// They exist for the matrices of chains, whose off-diagonal entries are not positive (Meijerink and van der Vorst,
/// 1977).
#[derive(Debug)]
struct Incomplete<'a> {
    matrix: &'a Sparse,
    factors: Vec<f64>,
}

impl Incomplete<'_> {
    fn new(matrix: &Sparse) -> Incomplete<'_> {
        let mut factors = matrix.entries.clone();
        let mut place = vec![usize::MAX; matrix.n()];
        for row in 0..matrix.n() {
            let all = matrix.offsets[row]..matrix.offsets[row + 1];
            for entry in all.clone() {
                place[matrix.columns[entry] as usize] = entry;
            }
            for entry in all.start..matrix.diagonal[row] {
                let pivot = matrix.columns[entry] as usize;
                let factor = factors[entry] / factors[matrix.diagonal[pivot]];
                factors[entry] = factor;
                for upper in matrix.diagonal[pivot] + 1..matrix.offsets[pivot + 1] {
                    let target = place[matrix.columns[upper] as usize];
                    if target != usize::MAX {
                        factors[target] -= factor * factors[upper];
                    }
                }
            }
            for entry in all {
                place[matrix.columns[entry] as usize] = usize::MAX;
            }
        }
        Incomplete { matrix, factors }
    }

    fn apply(&self, right: &[f64], out: &mut [f64]) {
        let matrix = self.matrix;
        for row in 0..matrix.n() {
            let below = matrix.offsets[row]..matrix.diagonal[row];
            out[row] = right[row] - self.product(below, out);
        }
        for row in (0..matrix.n()).rev() {
            let above = matrix.diagonal[row] + 1..matrix.offsets[row + 1];
            out[row] = (out[row] - self.product(above, out)) / self.factors[matrix.diagonal[row]];
        }
    }

    fn product(&self, entries: std::ops::Range<usize>, x: &[f64]) -> f64 {
        let columns = self.matrix.columns[entries.clone()].iter();
        columns
            .zip(&self.factors[entries])
            .map(|(column, factor)| factor * x[*column as usize])
            .sum()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(x: &mut [f64], factor: f64, y: &[f64]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += factor * y;
    }
}

/// The greatest absolute value; infinite where one is not a number.
pub(super) fn greatest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |greatest: f64, x| {
        greatest.max(if x.is_nan() { f64::INFINITY } else { x.abs() })
    })
}
