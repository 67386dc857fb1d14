//! Rows sorted by state and action, terminal states given rows of their own, probabilities summed.

use std::ops::Range;

use super::error::Problems;
use super::names::Names;
use super::transitions::Rows;

/// How far the probabilities of a row may be from summing to 1: room for single precision. Beyond rounding of double
/// precision they are divided by their sum.
pub(super) const SUM_TOLERANCE: f64 = 1e-6;
/// Sums that double precision leaves are kept as they are.
const ROUNDING: f64 = 1e-9;

/// The states that a file lists as terminal.
#[derive(Debug)]
pub(super) struct Terminals {
    /// One flag a state.
    pub(super) listed: Vec<bool>,
    /// Whether all of the list could be read.
    pub(super) is_sound: bool,
}

/// One stored transition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    /// Its position in the file, or [`FINAL`].
    position: u32,
    pub(super) next_state: u32,
    pub(super) probability: f64,
    pub(super) terminates: bool,
}

/// The position of the row of a terminal state, which no file lists.
const FINAL: u32 = u32::MAX;

impl Stored {
    /// Its position in the file; nothing for the row of a terminal state.
    pub(super) fn given(&self) -> Option<usize> {
        (self.position != FINAL).then_some(self.position as usize)
    }
}

/// All stored transitions, in the order of states and actions.
#[derive(Debug)]
pub(super) struct Layout {
    n_actions: usize,
    offsets: Vec<usize>,
    stored: Vec<Stored>,
    /// States that are only ever arrived at.
    pub(super) terminal: Vec<bool>,
}

impl Layout {
    /// Sorts the rows; nothing, and the problems, where they make no dynamics.
    ///
    /// `terminal` are the states that the file lists as such; where that list is not sound, no state is said to lack
    /// transitions. A state without rows of its own is terminal too, if it is arrived at and every arrival terminates.
    pub(super) fn new(
        rows: &Rows,
        names: [&Names; 2],
        Terminals {
            listed: terminal,
            is_sound,
        }: Terminals,
        problems: &mut Problems,
    ) -> Option<Layout> {
        let n_before = problems.n();
        let (n_states, n_actions) = (names[0].n(), names[1].n());
        // A state has rows, is listed as terminal or is arrived at, so that a short file cannot ask for long tables.
        let n_listed = terminal.iter().filter(|terminal| **terminal).count();
        if n_states > n_listed + 2 * rows.n() {
            if !is_sound {
                return None;
            }
            problems.add(
                "transitions",
                format_args!(
                    "there are {n_states} states, but {} transitions; give each action of every state one, or list the state under \"terminals\"",
                    rows.n()
                ),
            );
            return None;
        }
        let mut sorting = Sorting::new(rows, n_states, n_actions, terminal);
        sorting.find_final_states();
        let mut layout = Layout {
            n_actions,
            offsets: vec![0],
            stored: Vec::with_capacity(rows.n()),
            terminal: vec![],
        };
        for state in 0..n_states {
            if !sorting.terminal[state] && !sorting.has_rows(state) {
                if is_sound {
                    problems.add(
                        "transitions",
                        format_args!(
                            "{}: no action has a transition; give each one, or list the state under \"terminals\"",
                            names[0].shown(state)
                        ),
                    );
                }
                layout.offsets.extend(vec![layout.stored.len(); n_actions]);
                continue;
            }
            for action in 0..n_actions {
                match sorting.terminal[state] {
                    true => layout.push_final(&sorting, state, action, names, problems),
                    false => layout.push_row(&sorting, state, action, names, problems),
                }
                layout.offsets.push(layout.stored.len());
            }
        }
        layout.terminal = sorting.terminal;
        (is_sound && problems.n() == n_before).then_some(layout)
    }

    /// The row of a terminal state: back to itself, and the end. What the file lists there may only say the same.
    fn push_final(
        &mut self,
        sorting: &Sorting<'_>,
        state: usize,
        action: usize,
        [states, actions]: [&Names; 2],
        problems: &mut Problems,
    ) {
        let rows = sorting.rows;
        let leaves = sorting
            .row(state, action)
            .iter()
            .map(|at| rows.next_states[*at as usize] as usize)
            .find(|next_state| *next_state != state);
        if let Some(next_state) = leaves {
            problems.add(
                "transitions",
                format_args!(
                    "{} is terminal, but {} leads from it to {}; drop the transition, or take the state out of \"terminals\"",
                    states.shown(state),
                    actions.shown(action),
                    states.shown(next_state)
                ),
            );
        }
        self.stored.push(Stored {
            position: FINAL,
            next_state: state as u32,
            probability: 1.0,
            terminates: true,
        });
    }

    fn push_row(
        &mut self,
        sorting: &Sorting<'_>,
        state: usize,
        action: usize,
        [states, actions]: [&Names; 2],
        problems: &mut Problems,
    ) {
        let rows = sorting.rows;
        let row = sorting.row(state, action);
        let sum: f64 = row.iter().map(|at| rows.probabilities[*at as usize]).sum();
        if row.is_empty() {
            problems.add(
                "transitions",
                format_args!(
                    "{}, {}: there is no transition; give one, or list the state under \"terminals\"",
                    states.shown(state),
                    actions.shown(action)
                ),
            );
        } else if (sum - 1.0).abs() > SUM_TOLERANCE {
            problems.add(
                "transitions",
                format_args!(
                    "{}, {}: the probabilities sum to {sum}; they must sum to 1",
                    states.shown(state),
                    actions.shown(action)
                ),
            );
        }
        let divisor = if (sum - 1.0).abs() <= ROUNDING {
            1.0
        } else {
            sum
        };
        for at in row {
            let given = *at as usize;
            if rows.probabilities[given] > 0.0 {
                let next_state = rows.next_states[given];
                self.stored.push(Stored {
                    position: *at,
                    next_state,
                    probability: rows.probabilities[given] / divisor,
                    terminates: rows.terminates[given] || sorting.listed[next_state as usize],
                });
            }
        }
    }

    /// Which stored transitions belong to a state and an action.
    pub(super) fn row(&self, state: usize, action: usize) -> Range<usize> {
        let pair = state * self.n_actions + action;
        self.offsets[pair]..self.offsets[pair + 1]
    }

    /// All stored transitions.
    pub(super) fn stored(&self) -> &[Stored] {
        &self.stored
    }

    /// Each pair of a state and an action, with its stored transitions.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize, Range<usize>)> + '_ {
        self.offsets.windows(2).enumerate().map(|(pair, ends)| {
            (
                pair / self.n_actions,
                pair % self.n_actions,
                ends[0]..ends[1],
            )
        })
    }

    /// How many states there are.
    pub(super) fn n_states(&self) -> usize {
        self.terminal.len()
    }

    /// How many actions there are.
    pub(super) fn n_actions(&self) -> usize {
        self.n_actions
    }
}

/// Rows by state and action, each in the order of the file.
struct Sorting<'r> {
    rows: &'r Rows,
    n_actions: usize,
    offsets: Vec<u32>,
    order: Vec<u32>,
    /// Terminal as the file lists it.
    listed: Vec<bool>,
    terminal: Vec<bool>,
}

impl<'r> Sorting<'r> {
    fn new(rows: &'r Rows, n_states: usize, n_actions: usize, terminal: Vec<bool>) -> Sorting<'r> {
        let pair = |at: usize| rows.states[at] as usize * n_actions + rows.actions[at] as usize;
        let mut offsets = vec![0_u32; n_states * n_actions + 1];
        for at in 0..rows.n() {
            offsets[pair(at) + 1] += 1;
        }
        for at in 1..offsets.len() {
            offsets[at] += offsets[at - 1];
        }
        let mut next = offsets.clone();
        let mut order = vec![0; rows.n()];
        for at in 0..rows.n() {
            let place = &mut next[pair(at)];
            order[*place as usize] = at as u32;
            *place += 1;
        }
        Sorting {
            rows,
            n_actions,
            offsets,
            order,
            listed: terminal.clone(),
            terminal,
        }
    }

    fn row(&self, state: usize, action: usize) -> &[u32] {
        let pair = state * self.n_actions + action;
        &self.order[self.offsets[pair] as usize..self.offsets[pair + 1] as usize]
    }

    fn has_rows(&self, state: usize) -> bool {
        let (first, last) = (state * self.n_actions, (state + 1) * self.n_actions);
        self.offsets[first] != self.offsets[last]
    }

    /// States that have no rows and are arrived at, always with the end of the episode.
    fn find_final_states(&mut self) {
        let n_states = self.terminal.len();
        let (mut arrived, mut goes_on) = (vec![false; n_states], vec![false; n_states]);
        for at in 0..self.rows.n() {
            let next_state = self.rows.next_states[at] as usize;
            match self.rows.terminates[at] {
                true => arrived[next_state] = true,
                false => goes_on[next_state] = true,
            }
        }
        for state in 0..n_states {
            let is_final = arrived[state] && !goes_on[state] && !self.has_rows(state);
            self.terminal[state] |= is_final;
        }
    }
}
