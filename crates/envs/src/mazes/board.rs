//! One maze: where its walls are, and how they are drawn.

use std::str::FromStr;

use mdp::{Rng, index, uniform};

use super::{MOVES, N_ACTIONS};
use crate::UnknownName;

/// Cells between the walls of a tunnel, and from one room of it to the next.
const CORRIDOR: usize = 2;
const PITCH: usize = CORRIDOR + 1;

/// Probability that a way between two rooms that are dug already is opened, too.
const SHORTCUT: f64 = 0.1;

/// How the walls of a maze lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MazeKind {
    /// Corridors two cells wide, dug depth first from the upper left corner, with a few ways round: `tunnel`.
    #[default]
    Tunnels,
    /// A room in which a quarter of the cells are blocked, drawn one by one: `blocks`.
    Blocks,
    /// A room with nothing in it: `none`.
    Open,
}

impl MazeKind {
    /// Every kind, the default first.
    pub const ALL: [MazeKind; 3] = [MazeKind::Tunnels, MazeKind::Blocks, MazeKind::Open];

    /// Cells that a maze may have on a side, at most.
    pub const MOST_CELLS: usize = 64;

    /// Cells that a maze has on a side, at least.
    pub const LEAST_CELLS: usize = 4;

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MazeKind::Tunnels => "tunnels",
            MazeKind::Blocks => "blocks",
            MazeKind::Open => "open",
        }
    }
}

impl FromStr for MazeKind {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<MazeKind, UnknownName> {
        UnknownName::find("kind", name, &MazeKind::ALL, MazeKind::name)
    }
}

/// Row from the top and column from the left.
pub(super) type Cell = (usize, usize);

/// A square board of walls and floor with a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maze {
    size: usize,
    walls: Vec<bool>,
    goal: Cell,
}

impl Maze {
    /// Draws a maze: its walls, then its goal among the free cells.
    ///
    /// # Panics
    /// If the size is not 4 to 64.
    #[must_use]
    pub fn dig(kind: MazeKind, size: usize, rng: &mut Rng) -> Maze {
        let sizes = MazeKind::LEAST_CELLS..=MazeKind::MOST_CELLS;
        assert!(sizes.contains(&size), "a maze has 4 to 64 cells on a side");
        loop {
            let mut maze = Maze {
                size,
                walls: vec![true; size * size],
                goal: (0, 0),
            };
            match kind {
                MazeKind::Tunnels => maze.dig_room((1, 1), rng),
                MazeKind::Blocks => maze.block(rng),
                MazeKind::Open => maze.clear((1, 1), (size - 1, size - 1)),
            }
            let free: Vec<usize> = (0..size * size).filter(|cell| !maze.walls[*cell]).collect();
            let goal = free[index(free.len(), rng)];
            maze.goal = (goal / size, goal % size);
            // Blocks may wall a goal in; then another board is drawn.
            if !maze.starts().is_empty() {
                return maze;
            }
        }
    }

    /// Cells on each side, outer wall included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Row and column of the goal.
    #[must_use]
    pub fn goal(&self) -> (usize, usize) {
        self.goal
    }

    /// Whether there is a wall in a row and column.
    ///
    /// # Panics
    /// If the cell lies outside of the board.
    #[must_use]
    pub fn is_wall(&self, (row, column): (usize, usize)) -> bool {
        assert!(row < self.size && column < self.size, "inside of the board");
        self.walls[row * self.size + column]
    }

    /// The rows as text: `#` wall, `G` goal, a space elsewhere.
    #[must_use]
    pub fn rows(&self) -> Vec<String> {
        let character = |cell: Cell| match (self.is_wall(cell), cell == self.goal) {
            (true, _) => '#',
            (false, true) => 'G',
            (false, false) => ' ',
        };
        (0..self.size)
            .map(|row| {
                (0..self.size)
                    .map(|column| character((row, column)))
                    .collect()
            })
            .collect()
    }

    /// Where an action leads.
    pub(super) fn after(&self, cell: Cell, action: usize) -> Cell {
        neighbour(cell, action, self.size)
            .filter(|next| !self.is_wall(*next))
            .unwrap_or(cell)
    }

    /// The free cells from which the goal can be reached, but for the goal, by their numbers.
    pub(super) fn starts(&self) -> Vec<usize> {
        let mut reached = vec![false; self.walls.len()];
        let mut frontier = vec![self.goal];
        reached[self.goal.0 * self.size + self.goal.1] = true;
        while let Some(cell) = frontier.pop() {
            for action in 0..N_ACTIONS {
                let next = self.after(cell, action);
                let number = next.0 * self.size + next.1;
                if !reached[number] {
                    reached[number] = true;
                    frontier.push(next);
                }
            }
        }
        let goal = self.goal.0 * self.size + self.goal.1;
        (0..reached.len())
            .filter(|cell| reached[*cell] && *cell != goal)
            .collect()
    }

    /// Takes the walls out of a rectangle; the second corner lies beyond it.
    fn clear(&mut self, from: Cell, to: Cell) {
        for row in from.0..to.0 {
            self.walls[row * self.size + from.1..row * self.size + to.1].fill(false);
        }
    }

    /// Digs from a room into its neighbours in random order, and from there on.
    fn dig_room(&mut self, room: Cell, rng: &mut Rng) {
        self.clear(room, (room.0 + CORRIDOR, room.1 + CORRIDOR));
        for direction in shuffled(rng) {
            let (row, column) = MOVES[direction];
            let step = |at: usize, by: isize| at.checked_add_signed(by * PITCH as isize);
            let (Some(row), Some(column)) = (step(room.0, row), step(room.1, column)) else {
                continue;
            };
            let end = self.size - 1;
            if row == 0 || column == 0 || end < row + CORRIDOR || end < column + CORRIDOR {
                continue;
            }
            let between = |maze: &mut Maze| {
                let from = (room.0.min(row), room.1.min(column));
                let to = (room.0.max(row) + CORRIDOR, room.1.max(column) + CORRIDOR);
                maze.clear(from, to);
            };
            if self.is_wall((row, column)) {
                between(self);
                self.dig_room((row, column), rng);
            } else if uniform(rng) < SHORTCUT {
                between(self);
            }
        }
    }

    fn block(&mut self, rng: &mut Rng) {
        let inner = self.size - 2;
        self.clear((1, 1), (self.size - 1, self.size - 1));
        let mut n_left = inner * inner / 4;
        while 0 < n_left {
            let cell = (1 + index(inner, rng)) * self.size + 1 + index(inner, rng);
            n_left -= usize::from(!self.walls[cell]);
            self.walls[cell] = true;
        }
    }
}

/// The cell beside another, where the board has one.
pub(super) fn neighbour((row, column): Cell, action: usize, size: usize) -> Option<Cell> {
    let (rows, columns) = MOVES[action];
    let next = (
        row.checked_add_signed(rows)?,
        column.checked_add_signed(columns)?,
    );
    (next.0 < size && next.1 < size).then_some(next)
}

/// The actions in random order (Fisher and Yates).
fn shuffled(rng: &mut Rng) -> [usize; N_ACTIONS] {
    let mut order = [0, 1, 2, 3];
    for last in (1..N_ACTIONS).rev() {
        order.swap(last, index(last + 1, rng));
    }
    order
}
