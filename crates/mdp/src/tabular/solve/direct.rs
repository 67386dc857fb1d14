//! Blocks of a chain's equations, solved directly and without a subtraction.

/// The equations `(leave_i + Σ_j w_ij) x_i - Σ_j w_ij x_j = b_i` of a block, factorised inside their band.
///
/// Elimination by Grassmann, Taksar and Heyman (1985): the chain is watched on fewer and fewer states, and the
/// diagonal is never formed by a subtraction. So the inverse is exact to a few roundings in each entry, however long
/// the chain stays in the block (O'Cinneide, 1993); elimination with pivoting loses the digits of the mean stay.
#[derive(Debug)]
pub(super) struct Direct {
    /// No weight leads further than this many states on.
    band: usize,
    /// `[n, 2 band + 1]`, from each state to those from `band` before to `band` behind it, as they were when the later
    /// of the two was eliminated.
    weights: Vec<f64>,
    /// What leaves each state for those not yet eliminated, or for good.
    pivots: Vec<f64>,
}

impl Direct {
    /// Factorises the rows of weights, each of `(state, weight)`, with `leave`, `[n]`, for what leaves the block.
    pub(super) fn new(
        rows: impl Iterator<Item = Vec<(u32, f64)>>,
        mut leave: Vec<f64>,
        band: usize,
    ) -> Direct {
        let (n, width) = (leave.len(), 2 * band + 1);
        let mut weights = vec![0.0; n * width];
        for (state, row) in rows.enumerate() {
            for (next, weight) in row {
                weights[state * width + next as usize + band - state] = weight;
            }
        }
        let mut pivots = vec![0.0; n];
        for last in (0..n).rev() {
            let first = last.saturating_sub(band);
            let (above, row) = weights.split_at_mut(last * width);
            let row = &row[first + band - last..band];
            pivots[last] = leave[last] + row.iter().sum::<f64>();
            for state in first..last {
                let other = &mut above[state * width..][..width];
                let there = other[last + band - state];
                if there == 0.0 {
                    continue;
                }
                let factor = there / pivots[last];
                leave[state] += factor * leave[last];
                let kept = &mut other[first + band - state..last + band - state];
                for (weight, onwards) in kept.iter_mut().zip(row) {
                    *weight += factor * onwards;
                }
            }
        }
        Direct {
            band,
            weights,
            pivots,
        }
    }

    /// Solves for `x`, which replaces the right-hand side.
    pub(super) fn solve(&self, x: &mut [f64]) {
        for last in (1..x.len()).rev() {
            let share = x[last] / self.pivots[last];
            for (state, x) in x.iter_mut().enumerate().take(last).skip(self.first(last)) {
                *x += self.weight(state, last) * share;
            }
        }
        for state in 0..x.len() {
            let first = self.first(state);
            let onwards: f64 = self
                .before(state)
                .iter()
                .zip(&x[first..])
                .map(|(w, x)| w * x)
                .sum();
            x[state] = (x[state] + onwards) / self.pivots[state];
        }
    }

    /// Solves the transposed equations: from what enters each state to how often it is visited.
    pub(super) fn solve_transposed(&self, x: &mut [f64]) {
        for last in (1..x.len()).rev() {
            let share = x[last] / self.pivots[last];
            let entering = x[self.first(last)..last].iter_mut();
            for (entering, weight) in entering.zip(self.before(last)) {
                *entering += share * weight;
            }
        }
        for state in 0..x.len() {
            let entering: f64 = (self.first(state)..state)
                .map(|other| x[other] * self.weight(other, state))
                .sum();
            x[state] = (x[state] + entering) / self.pivots[state];
        }
    }

    fn first(&self, state: usize) -> usize {
        state.saturating_sub(self.band)
    }

    fn weight(&self, from: usize, to: usize) -> f64 {
        self.weights[from * (2 * self.band + 1) + to + self.band - from]
    }

    /// From a state to those before it in the band.
    fn before(&self, state: usize) -> &[f64] {
        let row = &self.weights[state * (2 * self.band + 1)..];
        &row[self.first(state) + self.band - state..self.band]
    }
}
