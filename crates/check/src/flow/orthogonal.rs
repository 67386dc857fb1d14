//! Least squares by an orthogonal basis of the columns, for matrices small enough to be dense.

use super::{add, dot, norm};

/// A matrix as `Q R`: orthonormal columns times an upper triangle, columns taken in the order of what is left of them.
///
/// Gram-Schmidt with every projection made twice, which keeps Q orthonormal to rounding whatever the condition
/// (Giraud, Langou and Rozložník, 2005).
#[derive(Clone, Debug)]
pub(crate) struct Orthogonal {
    /// As many as the rank, each as long as the matrix has rows.
    basis: Vec<Vec<f64>>,
    /// Row `k` of the triangle, over the columns in their own numbers.
    triangle: Vec<Vec<f64>>,
    /// Which column each vector of the basis was taken from.
    taken: Vec<usize>,
    n_columns: usize,
}

impl Orthogonal {
    /// Factors a matrix given by its columns. What is left of a column counts as nothing below rounding of the longest.
    pub(crate) fn new(mut columns: Vec<Vec<f64>>) -> Orthogonal {
        let n_columns = columns.len();
        let longest = columns.iter().map(|c| norm(c)).fold(0.0, f64::max);
        let n_rows = columns.first().map_or(0, Vec::len);
        let nothing = 4.0 * f64::EPSILON * n_rows.max(n_columns) as f64 * longest;
        let mut factored = Orthogonal {
            basis: vec![],
            triangle: vec![],
            taken: vec![],
            n_columns,
        };
        let mut open: Vec<usize> = (0..n_columns).collect();
        while let Some((position, length)) = longest_of(&open, &columns)
            && length > nothing
        {
            let column = open.swap_remove(position);
            let mut vector = std::mem::take(&mut columns[column]);
            factored.clear(&mut vector, column);
            let length = norm(&vector);
            if length <= nothing {
                continue;
            }
            vector.iter_mut().for_each(|value| *value /= length);
            let mut row = vec![0.0; n_columns];
            row[column] = length;
            for other in &open {
                row[*other] = dot(&vector, &columns[*other]);
                add(&mut columns[*other], -row[*other], &vector);
            }
            factored.basis.push(vector);
            factored.triangle.push(row);
            factored.taken.push(column);
        }
        factored
    }

    /// Takes out of a column what rounding left along the basis.
    fn clear(&mut self, vector: &mut [f64], column: usize) {
        for (direction, row) in self.basis.iter().zip(&mut self.triangle) {
            let along = dot(direction, vector);
            row[column] += along;
            add(vector, -along, direction);
        }
    }

    /// Takes the span of the columns out of `left`; gives the solution of least norm.
    pub(crate) fn take_out(&self, left: &mut [f64]) -> Vec<f64> {
        let mut along = vec![0.0; self.basis.len()];
        for _ in 0..2 {
            for (direction, along) in self.basis.iter().zip(&mut along) {
                let more = dot(direction, left);
                *along += more;
                add(left, -more, direction);
            }
        }
        if self.basis.len() < self.n_columns {
            return self.least_solution(&along);
        }
        let mut solution = vec![0.0; self.n_columns];
        for (k, column) in self.taken.iter().enumerate().rev() {
            let known = dot(&self.triangle[k], &solution);
            solution[*column] = (along[k] - known) / self.triangle[k][*column];
        }
        solution
    }

    /// The solution of least norm of `R x = along` where R has fewer rows than columns: x lies in the span of the
    /// rows, so they are given an orthonormal basis in turn.
    fn least_solution(&self, along: &[f64]) -> Vec<f64> {
        let rows = Orthogonal::new(self.triangle.clone());
        let mut solution = vec![0.0; self.n_columns];
        let mut known = vec![0.0; along.len()];
        for (k, (direction, row)) in rows.basis.iter().zip(&rows.taken).enumerate() {
            let length = (along[*row] - known[*row]) / rows.triangle[k][*row];
            add(&mut solution, length, direction);
            add(&mut known, length, &rows.triangle[k]);
        }
        solution
    }
}

fn longest_of(open: &[usize], columns: &[Vec<f64>]) -> Option<(usize, f64)> {
    let lengths = open.iter().map(|column| norm(&columns[*column]));
    lengths.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))
}
