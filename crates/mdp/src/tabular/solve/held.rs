//! Sweeps in which every state keeps its action, in an order in which values flow.

use super::operator::BellmanOperator;

/// What one action a state makes of an operator, its states in the order in which they are best swept.
///
/// From each state lead its likeliest successor, that one's, and so on to an end or round a cycle. A state stands after
/// its likeliest successor, so that one sweep in place carries a value down the whole way, however long and winding. The
/// rows are copied in this order, and each sweep reads them from front to back.
#[derive(Debug)]
pub(super) struct Held {
    /// The state at each place.
    order: Vec<u32>,
    offsets: Vec<usize>,
    weights: Vec<f64>,
    /// Successors by place.
    next_places: Vec<u32>,
    rewards: Vec<f64>,
    values: Vec<f64>,
    /// The place of each state.
    places: Vec<u32>,
}

impl Held {
    /// Room for the states of an operator.
    pub(super) fn new(n_states: usize) -> Held {
        Held {
            order: Vec::with_capacity(n_states),
            offsets: Vec::with_capacity(n_states + 1),
            weights: vec![],
            next_places: vec![],
            rewards: Vec::with_capacity(n_states),
            values: Vec::with_capacity(n_states),
            places: vec![0; n_states],
        }
    }

    /// Takes the row of each state's action and its value, and where each state most likely goes, all `[S]`; a state that
    /// goes nowhere is its own.
    pub(super) fn take(
        &mut self,
        operator: &BellmanOperator,
        actions: &[u32],
        likeliest: &[u32],
        values: &[f64],
    ) {
        flow(likeliest, &mut self.order);
        for (at, state) in self.order.iter().enumerate() {
            self.places[*state as usize] = at as u32;
        }
        self.offsets.clear();
        self.weights.clear();
        self.next_places.clear();
        self.rewards.clear();
        self.values.clear();
        self.offsets.push(0);
        for state in self.order.iter().map(|state| *state as usize) {
            let row = operator.row(state, actions[state] as usize);
            self.weights.extend_from_slice(row.weights);
            let next_states = row.next_states.iter();
            self.next_places
                .extend(next_states.map(|next| self.places[*next as usize]));
            self.rewards.push(row.reward);
            self.values.push(values[state]);
            self.offsets.push(self.weights.len());
        }
    }

    /// One sweep in place; the greatest change.
    pub(super) fn sweep(&mut self) -> f64 {
        let mut greatest = 0.0_f64;
        for (at, ends) in self.offsets.windows(2).enumerate() {
            let entries = ends[0]..ends[1];
            let weights = self.weights[entries.clone()].iter();
            let after = weights
                .zip(&self.next_places[entries])
                .fold(self.rewards[at], |sum, (weight, next)| {
                    sum + weight * self.values[*next as usize]
                });
            greatest = greatest.max((after - self.values[at]).abs());
            self.values[at] = after;
        }
        greatest
    }

    /// Gives the values back, `[S]`.
    pub(super) fn give(&self, values: &mut [f64]) {
        for (state, value) in self.order.iter().zip(&self.values) {
            values[*state as usize] = *value;
        }
    }
}

/// All states, each after its likeliest successor but where a cycle has to begin.
fn flow(likeliest: &[u32], order: &mut Vec<u32>) {
    order.clear();
    let (mut seen, mut path) = (vec![false; likeliest.len()], vec![]);
    for first in 0..likeliest.len() {
        let mut state = first;
        while !seen[state] {
            seen[state] = true;
            path.push(state as u32);
            state = likeliest[state] as usize;
        }
        order.extend(path.drain(..).rev());
    }
}
