//! Gridworlds of a few cells as finite MDPs: walls, places that pay and end the episode, and wind.

#![allow(dead_code, reason = "each example uses a part of it")]

use mdp::{Discount, Rng, TabularMdp, Transition, index};

/// Changes of row and column: up, down, left, right.
const MOVES: [(isize, isize); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];

/// Rows of cells: `#` is a wall, `A` to `C` are places and `x` a pit, in which any action ends the episode.
pub(crate) struct Gridworld {
    pub(crate) cells: Vec<Vec<char>>,
}

impl Gridworld {
    /// A grid with one cell in eight a wall, one in twelve a pit, and three places, all drawn.
    pub(crate) fn drawn(n_rows: usize, n_columns: usize, rng: &mut Rng) -> Gridworld {
        loop {
            let mut cells = vec![vec![' '; n_columns]; n_rows];
            let mut put = |sign: char, n: usize, rng: &mut Rng| {
                let mut left = n;
                while left > 0 {
                    let (row, column) = (index(n_rows, rng), index(n_columns, rng));
                    if cells[row][column] == ' ' {
                        cells[row][column] = sign;
                        left -= 1;
                    }
                }
            };
            put('#', n_rows * n_columns / 8, rng);
            put('x', n_rows * n_columns / 12, rng);
            "ABC".chars().for_each(|place| put(place, 1, rng));
            let world = Gridworld { cells };
            if world.is_connected() {
                return world;
            }
        }
    }

    /// Two ways of one length to the place `B`: one leads past `A`, the other past `C`; where these are, and lengths, are
    /// drawn.
    pub(crate) fn tempting(rng: &mut Rng) -> Gridworld {
        let (n_columns, n_between) = (6 + index(3, rng), 1 + 2 * index(2, rng));
        let aside = |sign: char, rng: &mut Rng| -> Vec<char> {
            let at = 1 + index(n_columns - 2, rng);
            let sign = |column| if column == at { sign } else { '#' };
            (0..n_columns).map(sign).collect()
        };
        let (above, below) = (aside('C', rng), aside('A', rng));
        let mut sides = vec!['#'; n_columns];
        (sides[0], sides[n_columns - 1]) = (' ', ' ');
        let mut cells = vec![above, vec![' '; n_columns]];
        cells.extend(vec![sides; n_between]);
        cells.extend([vec![' '; n_columns], below]);
        cells[2 + n_between / 2][n_columns - 1] = 'B';
        Gridworld { cells }
    }

    pub(crate) fn n_columns(&self) -> usize {
        self.cells[0].len()
    }

    /// Number of cells, walls among them: the state of a cell is its row times the columns, and its column.
    pub(crate) fn n_states(&self) -> usize {
        self.cells.len() * self.n_columns()
    }

    pub(crate) fn sign(&self, state: usize) -> char {
        self.cells[state / self.n_columns()][state % self.n_columns()]
    }

    /// Where a move leads: nowhere, at walls and edges.
    fn moved(&self, state: usize, (down, right): (isize, isize)) -> usize {
        let row = (state / self.n_columns()).checked_add_signed(down);
        let column = (state % self.n_columns()).checked_add_signed(right);
        match (row, column) {
            (Some(row), Some(column)) if row < self.cells.len() && column < self.n_columns() => {
                let next = row * self.n_columns() + column;
                if self.sign(next) == '#' { state } else { next }
            }
            _ => state,
        }
    }

    /// Whether every floor cell leads to every place.
    pub(crate) fn is_connected(&self) -> bool {
        let floor = |state: &usize| self.sign(*state) == ' ';
        let states: Vec<usize> = (0..self.n_states()).filter(floor).collect();
        let mut reached = vec![false; self.n_states()];
        let mut open = vec![states[0]];
        reached[states[0]] = true;
        while let Some(state) = open.pop() {
            // Nobody walks on through a place or a pit.
            if self.sign(state) != ' ' {
                continue;
            }
            for by in MOVES {
                let next = self.moved(state, by);
                if !std::mem::replace(&mut reached[next], true) {
                    open.push(next);
                }
            }
        }
        (0..self.n_states()).all(|state| reached[state] || matches!(self.sign(state), '#' | 'x'))
    }

    /// The dynamics: a step goes where it is meant to but with probability `slip`, and then to one of the four sides; and
    /// then the wind takes it one cell down with probability `wind`. Episodes begin in any floor cell, all alike.
    pub(crate) fn mdp(&self, slip: f64, wind: f64, discount: f64) -> TabularMdp {
        let n_states = self.n_states();
        let mut builder = TabularMdp::builder(n_states, 4);
        for state in 0..n_states {
            for meant in MOVES {
                if self.sign(state) != ' ' {
                    builder.push(transition(1.0, state, true));
                    builder.end_row();
                    continue;
                }
                let mut outcomes = vec![0.0; n_states];
                for (by, share) in MOVES
                    .map(|by| (by, 0.25 * slip))
                    .into_iter()
                    .chain([(meant, 1.0 - slip)])
                {
                    let next = self.moved(state, by);
                    let blown = match self.sign(next) {
                        ' ' => self.moved(next, MOVES[1]),
                        _ => next,
                    };
                    outcomes[next] += share * (1.0 - wind);
                    outcomes[blown] += share * wind;
                }
                let possible = outcomes.iter().enumerate().filter(|(_, p)| **p > 0.0);
                possible.for_each(|(next, p)| builder.push(transition(*p, next, false)));
                builder.end_row();
            }
        }
        let floor: Vec<f64> = (0..n_states)
            .map(|state| f64::from(u8::from(self.sign(state) == ' ')))
            .collect();
        let n_floor: f64 = floor.iter().sum();
        let start = floor.iter().map(|is_floor| is_floor / n_floor).collect();
        let discount = Discount::new(discount).expect("a discount");
        builder.build(start, discount).expect("a gridworld")
    }

    /// The reward of acting in a cell by its sign, `[S, A]`.
    pub(crate) fn rewards(&self, pays: impl Fn(char) -> f64) -> Vec<f64> {
        (0..self.n_states())
            .flat_map(|state| [pays(self.sign(state)); 4])
            .collect()
    }
}

fn transition(probability: f64, next_state: usize, terminates: bool) -> Transition {
    Transition {
        probability,
        next_state,
        reward: 0.0,
        terminates,
    }
}
