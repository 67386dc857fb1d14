//! The states of a goal problem that somebody has looked at, numbered.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use envs::GoalProblem;

/// A hash without a random key, for maps that are looked up in and never walked through: multiply and rotate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WordHasher(u64);

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        // The table takes its index from the low bits, the products are best mixed in the high ones.
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u8(*byte);
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// States by number.
pub(super) type Numbers<S> = HashMap<S, u32, BuildHasherDefault<WordHasher>>;

/// States by number, with their successors and estimates, worked out when they are first asked for.
#[derive(Debug)]
pub(super) struct Space<'p, P: GoalProblem> {
    problem: &'p P,
    n_goals: usize,
    numbers: Numbers<P::State>,
    states: Vec<P::State>,
    /// For each state the place of its successors among `edges`, once they are known.
    successors: Vec<Option<(u32, u32)>>,
    edges: Vec<u32>,
    /// `[S, G]`.
    estimates: Vec<f64>,
    found: Vec<(usize, P::State)>,
}

impl<'p, P: GoalProblem> Space<'p, P> {
    pub(super) fn new(problem: &'p P) -> Space<'p, P> {
        Space {
            problem,
            n_goals: problem.n_goals(),
            numbers: Numbers::default(),
            states: vec![],
            successors: vec![],
            edges: vec![],
            estimates: vec![],
            found: vec![],
        }
    }

    pub(super) fn problem(&self) -> &'p P {
        self.problem
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn number(&mut self, state: P::State) -> u32 {
        if let Some(number) = self.numbers.get(&state) {
            return *number;
        }
        let number =
            u32::try_from(self.states.len()).expect("fewer than 2^32 states are looked at");
        self.numbers.insert(state, number);
        self.states.push(state);
        self.successors.push(None);
        self.problem.estimates(&state, &mut self.estimates);
        number
    }

    pub(super) fn state(&self, number: u32) -> &P::State {
        &self.states[number as usize]
    }

    pub(super) fn estimate(&self, number: u32, goal: usize) -> f64 {
        self.estimates[number as usize * self.n_goals + goal]
    }

    pub(super) fn is_reached(&self, number: u32, goal: usize) -> bool {
        self.problem.is_reached(self.state(number), goal)
    }

    /// Where the successors of a state stand, for [`Space::edge`].
    pub(super) fn successors(&mut self, number: u32) -> Range<usize> {
        if let Some((start, end)) = self.successors[number as usize] {
            return start as usize..end as usize;
        }
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        self.problem
            .successors(&self.states[number as usize], &mut found);
        let start = self.edges.len();
        for (_, next) in &found {
            let next = self.number(*next);
            self.edges.push(next);
        }
        self.found = found;
        self.successors[number as usize] = Some((start as u32, self.edges.len() as u32));
        start..self.edges.len()
    }

    pub(super) fn edge(&self, place: usize) -> u32 {
        self.edges[place]
    }
}
