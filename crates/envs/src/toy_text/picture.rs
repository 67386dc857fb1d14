//! Boards of square cells as pictures.

use mdp::{GridMap, Ink, Scene, Shape, rectangle};

/// A board of cells of one unit, the first row of the map on top.
pub(crate) struct Board {
    pub(crate) n_columns: usize,
    pub(crate) n_rows: usize,
}

impl Board {
    /// The board of a map.
    pub(crate) fn of(map: &GridMap) -> Board {
        Board {
            n_columns: map.rows.first().map_or(0, |row| row.chars().count()),
            n_rows: map.rows.len(),
        }
    }

    /// The scene in which each cell of the map has the ink of its character, and nothing where that is none.
    pub(crate) fn scene(&self, map: &GridMap, ink: impl Fn(char) -> Option<Ink>) -> Scene {
        let mut background = vec![];
        for (row, cells) in map.rows.iter().enumerate() {
            for (column, cell) in cells.chars().enumerate() {
                background.extend(ink(cell).map(|ink| self.cell(column, row, 0.04, ink)));
            }
        }
        Scene {
            low: [0.0, 0.0],
            high: [self.n_columns as f64, self.n_rows as f64],
            background,
        }
    }

    /// The middle of a cell.
    pub(crate) fn middle(&self, column: usize, row: usize) -> [f64; 2] {
        [column as f64 + 0.5, self.n_rows as f64 - row as f64 - 0.5]
    }

    /// A cell, less a margin on each side.
    pub(crate) fn cell(&self, column: usize, row: usize, margin: f64, ink: Ink) -> Shape {
        let [x, y] = self.middle(column, row);
        let half = 0.5 - margin;
        rectangle([x - half, y - half], [x + half, y + half], ink)
    }

    /// A disc in a cell.
    pub(crate) fn disc(&self, column: usize, row: usize, radius: f64, ink: Ink) -> Shape {
        Shape::Circle {
            center: self.middle(column, row),
            radius,
            ink,
        }
    }
}
