//! Boards: cells, walls, moves, and what is seen of them.

use mdp::{GridMap, Space};

use super::picture::Tile;

pub(super) const UP: usize = 0;
pub(super) const DOWN: usize = 1;
pub(super) const LEFT: usize = 2;
pub(super) const RIGHT: usize = 3;
/// Standing still, where that is allowed.
pub(super) const STAY: usize = 4;

/// Names of the actions; the last is left out where the agent has to move.
pub(super) const ACTION_NAMES: &[&str] = &["up", "down", "left", "right", "stay"];
/// Actions without the last.
pub(super) const N_MOVES: usize = 4;

/// A cell, from the upper left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) column: u8,
    pub(super) row: u8,
}

impl Cell {
    pub(super) const fn new(column: u8, row: u8) -> Cell {
        Cell { column, row }
    }

    /// The cell beside it; itself for an action that is no move.
    #[inline]
    pub(super) fn toward(self, action: usize) -> Cell {
        let Cell { column, row } = self;
        match action {
            UP => Cell::new(column, row.wrapping_sub(1)),
            DOWN => Cell::new(column, row.wrapping_add(1)),
            LEFT => Cell::new(column.wrapping_sub(1), row),
            RIGHT => Cell::new(column.wrapping_add(1), row),
            _ => self,
        }
    }
}

/// What never moves: rows of one character a cell, `#` for walls, `.` for floor, `@` for the floor on which the agent
/// starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Board {
    rows: &'static [&'static str],
}

impl Board {
    pub(super) const fn new(rows: &'static [&'static str]) -> Board {
        Board { rows }
    }

    pub(super) fn n_columns(self) -> usize {
        self.rows[0].len()
    }

    pub(super) fn n_rows(self) -> usize {
        self.rows.len()
    }

    pub(super) fn n_cells(self) -> usize {
        self.n_columns() * self.n_rows()
    }

    /// The number of a cell that lies on the board.
    #[inline]
    pub(super) fn number(self, cell: Cell) -> usize {
        usize::from(cell.row) * self.n_columns() + usize::from(cell.column)
    }

    /// What stands at a cell; a wall wherever the board has no cell.
    #[inline]
    pub(super) fn at(self, cell: Cell) -> char {
        let row = self.rows.get(usize::from(cell.row));
        let mark = row.and_then(|row| row.as_bytes().get(usize::from(cell.column)));
        mark.map_or('#', |mark| char::from(*mark))
    }

    #[inline]
    pub(super) fn is_wall(self, cell: Cell) -> bool {
        self.at(cell) == '#'
    }

    /// Where a move leads; walls hold the agent back.
    #[inline]
    pub(super) fn moved(self, cell: Cell, action: usize) -> Cell {
        let next = cell.toward(action);
        if self.is_wall(next) { cell } else { next }
    }

    /// Every cell, row by row.
    pub(super) fn cells(self) -> impl Iterator<Item = Cell> {
        let n_columns = self.n_columns() as u8;
        (0..self.n_rows() as u8)
            .flat_map(move |row| (0..n_columns).map(move |column| Cell::new(column, row)))
    }

    /// The cells with a mark, row by row.
    pub(super) fn all(self, mark: char) -> impl Iterator<Item = Cell> {
        self.cells().filter(move |cell| self.at(*cell) == mark)
    }

    /// The first cell with a mark.
    ///
    /// # Panics
    /// If there is none: boards are part of the program.
    pub(super) fn find(self, mark: char) -> Cell {
        self.all(mark).next().expect("the board has this mark")
    }

    /// The cell on which the agent starts.
    pub(super) fn start(self) -> Cell {
        self.find('@')
    }

    /// The least number of moves from the start to a mark.
    ///
    /// # Panics
    /// If walls keep them apart.
    pub(super) fn distance(self, mark: char) -> u32 {
        let mut reached = vec![self.start()];
        let (mut begin, mut distance) = (0, 0);
        loop {
            let ring = reached[begin..].to_vec();
            assert!(!ring.is_empty(), "the board leads to this mark");
            if ring.iter().any(|cell| self.at(*cell) == mark) {
                return distance;
            }
            begin = reached.len();
            distance += 1;
            for next in ring
                .iter()
                .flat_map(|cell| (0..N_MOVES).map(|action| self.moved(*cell, action)))
            {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
        }
    }

    /// The map of a finite MDP that is made of it.
    pub(super) fn map(self, tiles: &[Tile]) -> GridMap {
        let known = |mark: char| mark == '#' || tiles.iter().any(|tile| tile.mark == mark);
        let row = |row: &&str| {
            row.chars()
                .map(|mark| if known(mark) { mark } else { ' ' })
                .collect()
        };
        let used = tiles
            .iter()
            .filter(|tile| self.all(tile.mark).next().is_some());
        GridMap {
            rows: self.rows.iter().map(row).collect(),
            legend: used
                .map(|tile| (tile.mark, tile.meaning.to_owned()))
                .collect(),
        }
    }

    /// The space of observations with so many planes.
    pub(super) fn space(self, n_planes: usize) -> Space {
        let n = n_planes * self.n_cells();
        Space::Continuous {
            low: vec![0.0; n],
            high: vec![1.0; n],
            shape: vec![n_planes, self.n_rows(), self.n_columns()],
        }
    }
}

/// An observation in the making: planes of 0, to be lit.
#[derive(Debug)]
pub(super) struct Planes {
    board: Board,
    pub(super) values: Vec<f32>,
}

impl Planes {
    pub(super) fn new(board: Board, n_planes: usize) -> Planes {
        Planes {
            board,
            values: vec![0.0; n_planes * board.n_cells()],
        }
    }

    pub(super) fn light(&mut self, plane: usize, cell: Cell) {
        let at = plane * self.board.n_cells() + self.board.number(cell);
        self.values[at] = 1.0;
    }

    pub(super) fn light_if(&mut self, plane: usize, cell: Cell, holds: bool) {
        if holds {
            self.light(plane, cell);
        }
    }

    /// Lights every cell of a plane.
    pub(super) fn flood_if(&mut self, plane: usize, holds: bool) {
        if holds {
            let n_cells = self.board.n_cells();
            self.values[plane * n_cells..][..n_cells].fill(1.0);
        }
    }
}
