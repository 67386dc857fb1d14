//! The flow matrix of an MDP, and what is left of a reward once every potential has been taken out of it.

mod lsmr;
mod orthogonal;

#[cfg(test)]
mod tests;

use mdp::{Stop, TabularMdp};

use lsmr::lsmr;
pub(crate) use orthogonal::Orthogonal;

/// Up to as many reachable states the matrix is factored, beyond it least squares are solved by iterating.
const MAX_FACTORED_STATES: usize = 96;
/// Solutions of least squares on what the one before left: each takes away the rounding of the last.
const MAX_PASSES: usize = 4;

/// The flow matrix of an MDP over the states and actions that can be reached from its start.
///
/// The row of (s, a) of the matrix A is `γ τ(·|s, a) - e_s`, without the part of the transitions that terminate, so
/// that a potential is zero at the end of an episode. `A Φ` is what shaping by the potential Φ adds to an expected
/// reward, and occupancies satisfy `-Aᵀ η = start`: the differences between policies' occupancies span the null space
/// of Aᵀ. Two rewards order all policies alike just where their components in that space point the same way.
///
/// States out of reach take no part: nothing there can change what a policy earns.
#[derive(Clone, Debug)]
pub struct Flow {
    n_states: usize,
    n_actions: usize,
    states: Vec<usize>,
    matrix: Sparse,
    factored: Option<Orthogonal>,
}

/// An expected reward, split into a potential and what no potential explains.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// `[S, A]`, `P r`: the part that tells policies apart, `r - A Φ`; zero where unreachable.
    pub component: Vec<f64>,
    /// `[S]`, the potential Φ of least norm among those for which `‖r - A Φ‖` is least; zero where unreachable.
    pub potential: Vec<f64>,
    /// Iterations of least squares; 0 where the matrix was factored.
    pub iterations: usize,
    /// `‖Aᵀ P r‖ / (‖A‖ ‖r‖)`, with A's Frobenius norm: zero but for rounding.
    pub residual: f64,
    /// Whether least squares reached rounding or ran out of iterations first.
    pub stop: Stop,
}

impl Flow {
    /// The flow matrix of `mdp`; its rewards play no part.
    #[must_use]
    pub fn new(mdp: &TabularMdp) -> Flow {
        let reachable = mdp.reachable();
        let states: Vec<usize> = (0..mdp.n_states()).filter(|s| reachable[*s]).collect();
        let matrix = Sparse::flow(mdp, &states);
        let factored =
            (states.len() <= MAX_FACTORED_STATES).then(|| Orthogonal::new(matrix.dense_columns()));
        Flow {
            n_states: mdp.n_states(),
            n_actions: mdp.n_actions(),
            states,
            matrix,
            factored,
        }
    }

    /// Number of states, reachable or not.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.n_states
    }

    /// Number of actions.
    #[must_use]
    pub fn n_actions(&self) -> usize {
        self.n_actions
    }

    /// Whether it is small enough to have been factored: projections are then cheap, and exact to rounding of what they
    /// leave.
    pub(crate) fn is_factored(&self) -> bool {
        self.factored.is_some()
    }

    /// The states that can be acted in after the start, in order.
    #[must_use]
    pub fn states(&self) -> &[usize] {
        &self.states
    }

    /// What shaping by a potential, `[S]`, adds to an expected reward, `[S, A]`: `γ E Φ(s') - Φ(s)`, zero where
    /// unreachable.
    #[must_use]
    pub fn shaping(&self, potential: &[f64]) -> Vec<f64> {
        assert_eq!(
            potential.len(),
            self.n_states,
            "a potential has one value a state"
        );
        let reached: Vec<f64> = self.states.iter().map(|s| potential[*s]).collect();
        let mut rows = vec![0.0; self.matrix.n_rows()];
        self.matrix.add_product(&reached, 1.0, &mut rows);
        self.spread(&rows, self.n_actions)
    }

    /// Splits an expected reward, `[S, A]`, into its component and a potential: the least squares of
    /// `‖r - A Φ‖` over the reachable states and actions, accurate to rounding.
    ///
    /// # Panics
    /// If the reward has not one value for each state and action.
    #[must_use]
    pub fn project(&self, rewards: &[f64]) -> Projection {
        assert_eq!(
            rewards.len(),
            self.n_states * self.n_actions,
            "an expected reward has one value a state and action"
        );
        let mut left = self.gather(rewards);
        // Scaled, so that no square overflows.
        let scale = left
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        if scale > 0.0 {
            left.iter_mut().for_each(|value| *value /= scale);
        }
        let given = norm(&left);
        let (mut potential, iterations, stop) = match &self.factored {
            Some(factored) => (factored.take_out(&mut left), 0, Stop::Converged),
            None => self.iterate(&mut left),
        };
        let mut gradient = vec![0.0; self.states.len()];
        self.matrix
            .add_transposed_product(&left, 1.0, &mut gradient);
        let size = self.matrix.norm() * given;
        left.iter_mut()
            .chain(&mut potential)
            .for_each(|value| *value *= scale);
        Projection {
            component: self.spread(&left, self.n_actions),
            potential: self.spread(&potential, 1),
            iterations,
            residual: if size > 0.0 {
                norm(&gradient) / size
            } else {
                0.0
            },
            stop,
        }
    }

    /// Takes out potentials until what is left no longer changes: a second pass has nothing of the first one's size to
    /// round, so that its answer is accurate to what is left rather than to what was given.
    fn iterate(&self, left: &mut [f64]) -> (Vec<f64>, usize, Stop) {
        let given = norm(left);
        let mut potential = vec![0.0; self.states.len()];
        let (mut iterations, mut stop) = (0, Stop::BudgetSpent);
        for _ in 0..MAX_PASSES {
            let size = norm(left);
            if size <= f64::EPSILON * given {
                stop = Stop::Converged;
                break;
            }
            let pass = lsmr(&self.matrix, left);
            iterations += pass.iterations;
            self.matrix.add_product(&pass.solution, -1.0, left);
            add(&mut potential, 1.0, &pass.solution);
            let mut taken = vec![0.0; left.len()];
            self.matrix.add_product(&pass.solution, 1.0, &mut taken);
            if pass.stop == Stop::Converged && norm(&taken) <= 1e-14 * size {
                stop = Stop::Converged;
                break;
            }
        }
        (potential, iterations, stop)
    }

    fn gather(&self, rewards: &[f64]) -> Vec<f64> {
        let rows = self.states.iter();
        rows.flat_map(|s| &rewards[s * self.n_actions..][..self.n_actions])
            .copied()
            .collect()
    }

    /// Values of the reachable states, `width` each, among zeros for the others.
    fn spread(&self, values: &[f64], width: usize) -> Vec<f64> {
        let mut all = vec![0.0; self.n_states * width];
        for (state, values) in self.states.iter().zip(values.chunks(width)) {
            all[state * width..][..width].copy_from_slice(values);
        }
        all
    }
}

/// A matrix in compressed sparse rows.
#[derive(Clone, Debug)]
struct Sparse {
    n_columns: usize,
    offsets: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f64>,
}

impl Sparse {
    /// The flow matrix over `states`, which must hold all that can follow them.
    fn flow(mdp: &TabularMdp, states: &[usize]) -> Sparse {
        let mut column_of = vec![u32::MAX; mdp.n_states()];
        for (column, state) in states.iter().enumerate() {
            column_of[*state] = column as u32;
        }
        let discount = mdp.discount().get();
        let mut matrix = Sparse {
            n_columns: states.len(),
            offsets: vec![0],
            columns: vec![],
            values: vec![],
        };
        let mut entries: Vec<(u32, f64)> = vec![];
        for (column, state) in states.iter().enumerate() {
            for action in 0..mdp.n_actions() {
                entries.clear();
                entries.push((column as u32, -1.0));
                for t in mdp.transitions(*state, action) {
                    if !t.terminates && t.probability > 0.0 {
                        entries.push((column_of[t.next_state], discount * t.probability));
                    }
                }
                matrix.push_row(&mut entries);
            }
        }
        matrix
    }

    /// Adds a row; entries of one column are summed.
    fn push_row(&mut self, entries: &mut [(u32, f64)]) {
        entries.sort_by_key(|(column, _)| *column);
        let first = self.columns.len();
        for (column, value) in entries {
            if self.columns.len() > first && self.columns.last() == Some(column) {
                *self.values.last_mut().expect("as many values as columns") += *value;
            } else {
                self.columns.push(*column);
                self.values.push(*value);
            }
        }
        self.offsets.push(self.columns.len());
    }

    fn n_rows(&self) -> usize {
        self.offsets.len() - 1
    }

    fn norm(&self) -> f64 {
        norm(&self.values)
    }

    /// `sum += factor A x`, one value a row.
    fn add_product(&self, x: &[f64], factor: f64, sum: &mut [f64]) {
        for (ends, sum) in self.offsets.windows(2).zip(sum) {
            let row = ends[0]..ends[1];
            let terms = self.columns[row.clone()].iter().zip(&self.values[row]);
            *sum += factor
                * terms
                    .map(|(column, value)| value * x[*column as usize])
                    .sum::<f64>();
        }
    }

    /// `sum += factor Aᵀ y`, one value a column.
    fn add_transposed_product(&self, y: &[f64], factor: f64, sum: &mut [f64]) {
        for (ends, y) in self.offsets.windows(2).zip(y) {
            let row = ends[0]..ends[1];
            for (column, value) in self.columns[row.clone()].iter().zip(&self.values[row]) {
                sum[*column as usize] += factor * y * value;
            }
        }
    }

    fn dense_columns(&self) -> Vec<Vec<f64>> {
        let mut columns = vec![vec![0.0; self.n_rows()]; self.n_columns];
        for (row, ends) in self.offsets.windows(2).enumerate() {
            for entry in ends[0]..ends[1] {
                columns[self.columns[entry] as usize][row] = self.values[entry];
            }
        }
        columns
    }
}

pub(crate) fn norm(values: &[f64]) -> f64 {
    dot(values, values).sqrt()
}

pub(crate) fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}

/// `sum += factor values`.
pub(crate) fn add(sum: &mut [f64], factor: f64, values: &[f64]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += factor * value;
    }
}
