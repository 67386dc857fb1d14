//! The Markov chain that a policy makes of an MDP, and linear equations in it.

use super::components::Components;
use super::direct::Direct;
use super::krylov::{Patience, Progress, Sparse};
use super::ordering::level_order;
use crate::tabular::TabularMdp;

/// Blocks up to this size are solved directly in the order they come in.
const SMALL: usize = 64;
/// Larger ones are solved directly where that takes up to so many multiplications, or a hundred for each weight.
const DIRECT_WORK: usize = 30_000_000;
/// Where iterations do not get there, up to so many multiplications and numbers to hold.
const MOST_DIRECT_WORK: usize = 30_000_000_000;
const MOST_ENTRIES: usize = 1 << 27;
/// Residual of the others, relative to their greatest right-hand side and answer.
const ACCURACY: f64 = 1e-14;
/// Rows may miss a sum of 1 by rounding; what is more than that is meant.
const ROUNDING: f64 = 1e-12;

/// A chain with discounted weights: `W = γ P` under a policy, transitions that terminate left out.
///
/// The self-loops are left out too, and `leave` is held instead: what is lost from each state for good, summed from the
/// probabilities themselves. The diagonal of `I - W` is `leave` plus the row of weights, exact however small.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    offsets: Vec<usize>,
    next: Vec<u32>,
    weights: Vec<f64>,
    leave: Vec<f64>,
}

/// How a system was solved.
#[derive(Clone, Debug)]
pub(super) struct Solved {
    /// The answer.
    pub(super) x: Vec<f64>,
    /// Greatest violation of an equation.
    pub(super) residual: f64,
    /// Iterations of all large blocks and whether each got down to rounding.
    pub(super) progress: Progress,
}

impl Chain {
    /// The chain of a policy, `[S, A]`.
    pub(super) fn new(mdp: &TabularMdp, policy: &[f64]) -> Chain {
        let n_states = mdp.n_states();
        let mut chain = Chain {
            offsets: vec![0],
            next: vec![],
            weights: vec![],
            leave: Vec::with_capacity(n_states),
        };
        let mut place = vec![usize::MAX; n_states];
        for state in 0..n_states {
            let probabilities = &policy[state * mdp.n_actions()..][..mdp.n_actions()];
            chain.push_row(mdp, state, probabilities, &mut place);
        }
        chain
    }

    fn push_row(&mut self, mdp: &TabularMdp, state: usize, policy: &[f64], place: &mut [usize]) {
        let begin = self.next.len();
        let (mut ends, mut goes_on) = (0.0, 0.0);
        for (action, chosen) in policy
            .iter()
            .enumerate()
            .filter(|(_, chosen)| **chosen > 0.0)
        {
            for transition in mdp.transitions(state, action) {
                let mass = chosen * transition.probability;
                if transition.terminates {
                    ends += mass;
                    continue;
                }
                goes_on += mass;
                let weight = mdp.discount().get() * mass;
                let next = transition.next_state;
                if next == state || weight == 0.0 {
                    continue;
                }
                if place[next] < begin || place[next] >= self.next.len() {
                    place[next] = self.next.len();
                    self.next.push(next as u32);
                    self.weights.push(0.0);
                }
                self.weights[place[next]] += weight;
            }
        }
        self.offsets.push(self.next.len());
        let leave = ends + (1.0 - mdp.discount().get()) * goes_on;
        let missing = 1.0 - (ends + goes_on);
        let meant = missing.abs() > ROUNDING && leave + missing > 0.0;
        self.leave.push(if meant { leave + missing } else { leave });
    }

    /// The chain on the states of a closed class but the one at `left_out`, to go to which counts as leaving.
    pub(super) fn without(&self, states: &[u32], left_out: usize) -> Chain {
        let mut excursion = Chain {
            offsets: vec![0],
            next: vec![],
            weights: vec![],
            leave: vec![],
        };
        for state in states.iter().filter(|state| **state != states[left_out]) {
            let mut leave = self.leave[*state as usize];
            for (next, weight) in self.row(*state as usize) {
                match states.binary_search(&(next as u32)) {
                    Ok(place) if place != left_out => {
                        let place = place - usize::from(place > left_out);
                        excursion.next.push(place as u32);
                        excursion.weights.push(weight);
                    }
                    _ => leave += weight,
                }
            }
            excursion.leave.push(leave);
            excursion.offsets.push(excursion.next.len());
        }
        excursion
    }

    /// Number of states.
    pub(super) fn n_states(&self) -> usize {
        self.leave.len()
    }

    /// What is lost from each state for good, `[S]`.
    pub(super) fn leave(&self) -> &[f64] {
        &self.leave
    }

    /// Where each state may go, and with which weight; itself not included.
    pub(super) fn row(&self, state: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let row = self.offsets[state]..self.offsets[state + 1];
        let next = self.next[row.clone()].iter().map(|next| *next as usize);
        next.zip(self.weights[row].iter().copied())
    }

    /// Its strongly connected components, each after all those that it leads to.
    pub(super) fn components(&self) -> Components {
        Components::of(&self.offsets, &self.next)
    }

    /// Which components, by number, are never left: no state of theirs loses anything or leads out.
    pub(super) fn closed(&self, components: &Components) -> Vec<bool> {
        let of = self.component_of(components);
        (0..components.len())
            .map(|component| {
                components.states(component).iter().all(|state| {
                    let state = *state as usize;
                    let stays = self
                        .row(state)
                        .all(|(next, _)| of[next] as usize == component);
                    self.leave[state] == 0.0 && stays
                })
            })
            .collect()
    }

    fn component_of(&self, components: &Components) -> Vec<u32> {
        let mut of = vec![0; self.n_states()];
        for component in 0..components.len() {
            for state in components.states(component) {
                of[*state as usize] = component as u32;
            }
        }
        of
    }

    /// Which states are visited from those that `start` gives weight.
    pub(super) fn reached(&self, start: &[f64]) -> Vec<bool> {
        let mut reached: Vec<bool> = start.iter().map(|weight| *weight > 0.0).collect();
        let mut open: Vec<usize> = (0..self.n_states()).filter(|s| reached[*s]).collect();
        while let Some(state) = open.pop() {
            for (next, _) in self.row(state) {
                if !reached[next] {
                    reached[next] = true;
                    open.push(next);
                }
            }
        }
        reached
    }

    /// Solves `x - W x = right`, from the components that lead nowhere to those before them. Those of `skipped` keep
    /// what `right` holds for their states as their answer.
    pub(super) fn solve(&self, right: &[f64], components: &Components, skipped: &[bool]) -> Solved {
        let mut blocks = Blocks::new(self);
        let mut x = right.to_vec();
        for component in (0..components.len()).filter(|component| !skipped[*component]) {
            let states = components.states(component);
            blocks.enter(states);
            for state in states {
                let state = *state as usize;
                let outside = self.row(state).filter(|(next, _)| !blocks.holds(*next));
                x[state] += outside.map(|(next, weight)| weight * x[next]).sum::<f64>();
            }
            blocks.solve(states, &mut x, Direction::Values);
        }
        let mut residual = 0.0_f64;
        for component in (0..components.len()).filter(|component| !skipped[*component]) {
            for state in components.states(component) {
                let state = *state as usize;
                let flows = self
                    .row(state)
                    .map(|(next, w)| w * (x[state] - x[next]))
                    .sum::<f64>();
                residual =
                    residual.max((self.leave[state] * x[state] + flows - right[state]).abs());
            }
        }
        Solved {
            x,
            residual,
            progress: blocks.progress,
        }
    }

    /// Solves `x - Wᵀ x = right`: how often each state is visited where `right` says how often each is entered from
    /// outside. Components of `skipped` are not entered.
    pub(super) fn visits(
        &self,
        right: &[f64],
        components: &Components,
        skipped: &[bool],
    ) -> Solved {
        let mut blocks = Blocks::new(self);
        let mut x = right.to_vec();
        for component in (0..components.len())
            .rev()
            .filter(|component| !skipped[*component])
        {
            let states = components.states(component);
            blocks.enter(states);
            blocks.solve(states, &mut x, Direction::Visits);
            for state in states {
                let visits = x[*state as usize];
                for (next, weight) in self.row(*state as usize) {
                    if !blocks.holds(next) {
                        x[next] += visits * weight;
                    }
                }
            }
        }
        let mut entered = right.to_vec();
        for (state, visits) in x.iter().enumerate() {
            for (next, weight) in self.row(state) {
                entered[next] += weight * visits;
            }
        }
        let mut residual = 0.0_f64;
        for component in (0..components.len()).filter(|component| !skipped[*component]) {
            for state in components.states(component) {
                let state = *state as usize;
                residual = residual.max((self.diagonal(state) * x[state] - entered[state]).abs());
            }
        }
        Solved {
            x,
            residual,
            progress: blocks.progress,
        }
    }

    fn diagonal(&self, state: usize) -> f64 {
        self.leave[state] + self.row(state).map(|(_, weight)| weight).sum::<f64>()
    }
}

/// Which of the two systems is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Values,
    Visits,
}

/// Solves the equations of one component after another.
struct Blocks<'a> {
    chain: &'a Chain,
    /// Each state's place in the component that is being solved.
    place: Vec<u32>,
    n_entered: Vec<u32>,
    entered: u32,
    progress: Progress,
}

impl<'a> Blocks<'a> {
    fn new(chain: &'a Chain) -> Blocks<'a> {
        Blocks {
            chain,
            place: vec![0; chain.n_states()],
            n_entered: vec![0; chain.n_states()],
            entered: 0,
            progress: Progress {
                iterations: 0,
                converged: true,
            },
        }
    }

    fn enter(&mut self, states: &[u32]) {
        self.entered += 1;
        for (place, state) in states.iter().enumerate() {
            self.place[*state as usize] = place as u32;
            self.n_entered[*state as usize] = self.entered;
        }
    }

    fn holds(&self, state: usize) -> bool {
        self.n_entered[state] == self.entered
    }

    fn solve(&mut self, states: &[u32], x: &mut [f64], direction: Direction) {
        if let [state] = states {
            let state = *state as usize;
            x[state] /= self.chain.diagonal(state);
            return;
        }
        let ordered = if states.len() <= SMALL {
            states.to_vec()
        } else {
            self.ordered(states)
        };
        self.enter(&ordered);
        let right: Vec<f64> = ordered.iter().map(|state| x[*state as usize]).collect();
        let answer = self.solve_ordered(&ordered, right, direction);
        for (state, value) in ordered.iter().zip(answer) {
            x[*state as usize] = value;
        }
    }

    /// Directly where the band is narrow, else by iterations; and directly after all if these do not get there.
    fn solve_ordered(&mut self, states: &[u32], right: Vec<f64>, direction: Direction) -> Vec<f64> {
        let (n, band) = (states.len(), self.band(states));
        let work = n.saturating_mul(band).saturating_mul(band);
        if n <= SMALL || work <= DIRECT_WORK || work <= 100 * self.n_weights(states) {
            return self.directly(states, right, band, direction);
        }
        let matrix = match direction {
            Direction::Values => self.sparse(states),
            Direction::Visits => self.sparse(states).transposed(),
        };
        let is_feasible =
            work <= MOST_DIRECT_WORK && n.saturating_mul(2 * band + 1) <= MOST_ENTRIES;
        let patience = if is_feasible {
            Patience::Short
        } else {
            Patience::Long
        };
        let mut x = vec![0.0; n];
        let progress = matrix.solve(&right, &mut x, ACCURACY, patience);
        self.progress.iterations += progress.iterations;
        if !progress.converged && is_feasible {
            return self.directly(states, right, band, direction);
        }
        self.progress.converged &= progress.converged;
        x
    }

    fn directly(
        &self,
        states: &[u32],
        mut x: Vec<f64>,
        band: usize,
        direction: Direction,
    ) -> Vec<f64> {
        let leave = states.iter().map(|state| {
            let outside = self
                .chain
                .row(*state as usize)
                .filter(|(next, _)| !self.holds(*next));
            self.chain.leave[*state as usize] + outside.map(|(_, weight)| weight).sum::<f64>()
        });
        let rows = states.iter().map(|state| self.inside(*state).collect());
        let factors = Direct::new(rows, leave.collect(), band);
        match direction {
            Direction::Values => factors.solve(&mut x),
            Direction::Visits => factors.solve_transposed(&mut x),
        }
        x
    }

    /// The states in an order of narrow band.
    fn ordered(&self, states: &[u32]) -> Vec<u32> {
        let mut neighbours = vec![vec![]; states.len()];
        for (place, state) in states.iter().enumerate() {
            for (next, _) in self.inside(*state) {
                neighbours[place].push(next);
                neighbours[next as usize].push(place as u32);
            }
        }
        level_order(&neighbours)
            .into_iter()
            .map(|place| states[place as usize])
            .collect()
    }

    /// How far the weights inside the block lead at most, in places.
    fn band(&self, states: &[u32]) -> usize {
        let distance = |(place, state): (usize, &u32)| {
            self.inside(*state)
                .map(|(next, _)| place.abs_diff(next as usize))
                .max()
        };
        states
            .iter()
            .enumerate()
            .filter_map(distance)
            .max()
            .unwrap_or(0)
    }

    fn n_weights(&self, states: &[u32]) -> usize {
        states.iter().map(|state| self.inside(*state).count()).sum()
    }

    /// The weights from a state to others of the block, by place.
    fn inside(&self, state: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        let row = self
            .chain
            .row(state as usize)
            .filter(|(next, _)| self.holds(*next));
        row.map(|(next, weight)| (self.place[next], weight))
    }

    fn sparse(&self, states: &[u32]) -> Sparse {
        Sparse::from_rows(states.iter().enumerate().map(|(place, state)| {
            let inside = self.inside(*state);
            let mut row: Vec<(u32, f64)> = inside.map(|(next, weight)| (next, -weight)).collect();
            row.push((place as u32, self.chain.diagonal(*state as usize)));
            row
        }))
    }
}
