//! Small blocks of a chain's equations, solved directly and without a subtraction.

/// The equations `(leave_i + Σ_j w_ij) x_i - Σ_j w_ij x_j = b_i` of a block, factorised.
///
/// Elimination by Grassmann, Taksar and Heyman (1985): the chain is watched on fewer and fewer states, and the
/// diagonal is never formed by a subtraction. So the inverse is exact to a few roundings in each entry, however long
/// the chain stays in the block (O'Cinneide, 1993); elimination with pivoting loses the digits of the mean stay.
#[derive(Debug)]
pub(super) struct Dense {
    n: usize,
    /// `[n, n]`, the weights as they were when the later of the two states was eliminated.
    weights: Vec<f64>,
    /// What leaves each state for those not yet eliminated, or for good.
    pivots: Vec<f64>,
}

impl Dense {
    /// Factorises `weights`, `[n, n]`, whose diagonal is not read, with `leave`, `[n]`, for what leaves the block.
    pub(super) fn new(mut weights: Vec<f64>, mut leave: Vec<f64>) -> Dense {
        let n = leave.len();
        let mut pivots = vec![0.0; n];
        for last in (0..n).rev() {
            let (above, row) = weights.split_at_mut(last * n);
            let row = &row[..last];
            pivots[last] = leave[last] + row.iter().sum::<f64>();
            for (state, other) in above.chunks_mut(n).enumerate() {
                if other[last] == 0.0 {
                    continue;
                }
                let factor = other[last] / pivots[last];
                leave[state] += factor * leave[last];
                for (weight, onwards) in other[..last].iter_mut().zip(row) {
                    *weight += factor * onwards;
                }
            }
        }
        Dense { n, weights, pivots }
    }

    /// Solves for `x`, which replaces the right-hand side.
    pub(super) fn solve(&self, x: &mut [f64]) {
        let n = self.n;
        for last in (1..n).rev() {
            let share = x[last] / self.pivots[last];
            for (x, row) in x[..last].iter_mut().zip(self.weights.chunks(n)) {
                *x += row[last] * share;
            }
        }
        for state in 0..n {
            let row = &self.weights[state * n..][..state];
            let onwards: f64 = row.iter().zip(&*x).map(|(w, x)| w * x).sum();
            x[state] = (x[state] + onwards) / self.pivots[state];
        }
    }

    /// Solves the transposed equations: from what enters each state to how often it is visited.
    pub(super) fn solve_transposed(&self, x: &mut [f64]) {
        let n = self.n;
        for last in (1..n).rev() {
            let share = x[last] / self.pivots[last];
            let row = &self.weights[last * n..][..last];
            for (entering, weight) in x.iter_mut().zip(row) {
                *entering += share * weight;
            }
        }
        for state in 0..n {
            let entering: f64 = (0..state)
                .map(|other| x[other] * self.weights[other * n + state])
                .sum();
            x[state] = (x[state] + entering) / self.pivots[state];
        }
    }
}
