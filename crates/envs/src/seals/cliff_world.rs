//! CliffWorld: a windy grid with a goal beyond a cliff.

use std::str::FromStr;

use mdp::{GridMap, Ink, Place, ReturnBounds, Scene, Shape};

use super::{bounds_of, paid_by_state};
use crate::UnknownName;
use crate::toy_text::picture::Board;
use crate::toy_text::table::{Table, Tabled, environment_of_table};

/// What a step in an ordinary cell, in the goal and on the cliff pays.
const REWARD_DEFAULT: f64 = -1.0;
const REWARD_GOAL: f64 = 10.0;
const REWARD_CLIFF: f64 = -10.0;
/// All moves are diagonal, in the order of the actions: changes of row and column.
const MOVES: [(isize, isize); 4] = [(-1, -1), (-1, 1), (1, -1), (1, 1)];

/// The sizes that seals registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CliffWorldSize {
    /// 7 columns, 4 rows, 9 steps.
    #[default]
    Small,
    /// 15 columns, 6 rows, 18 steps.
    Medium,
    /// 100 columns, 20 rows, 110 steps.
    Large,
}

impl CliffWorldSize {
    /// Every size, the default first.
    pub const ALL: [CliffWorldSize; 3] = [
        CliffWorldSize::Small,
        CliffWorldSize::Medium,
        CliffWorldSize::Large,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CliffWorldSize::Small => "7x4",
            CliffWorldSize::Medium => "15x6",
            CliffWorldSize::Large => "100x20",
        }
    }

    /// Steps of an episode.
    #[must_use]
    pub fn time_limit(self) -> u32 {
        match self {
            CliffWorldSize::Small => 9,
            CliffWorldSize::Medium => 18,
            CliffWorldSize::Large => 110,
        }
    }

    /// Columns and rows.
    fn extents(self) -> (usize, usize) {
        match self {
            CliffWorldSize::Small => (7, 4),
            CliffWorldSize::Medium => (15, 6),
            CliffWorldSize::Large => (100, 20),
        }
    }
}

impl FromStr for CliffWorldSize {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<CliffWorldSize, UnknownName> {
        UnknownName::find("size", name, &CliffWorldSize::ALL, CliffWorldSize::name)
    }
}

/// A grid with the start at the top left, the goal at the top right and a cliff between them; the wind blows a step one
/// row further up, towards the cliff, with probability 0.3.
///
/// A step pays by the cell that it leaves: 10 in the goal, -10 on the cliff, -1 elsewhere. Nothing terminates. The four
/// moves are the diagonal ones, as published: at the edges they slide along (seals/CliffWorld7x4-v0 and the others).
#[derive(Clone, Debug)]
pub struct CliffWorld {
    size: CliffWorldSize,
    table: Table,
}

impl CliffWorld {
    /// Probability that the wind takes a step one row further up.
    pub const WIND: f64 = 0.3;

    /// The grid of a size, with the published wind.
    #[must_use]
    pub fn new(size: CliffWorldSize) -> CliffWorld {
        CliffWorld::with_wind(size, CliffWorld::WIND)
    }

    /// The grid of a size, under another wind.
    ///
    /// # Panics
    /// If the probability of the wind is not from 0 to 1.
    #[must_use]
    pub fn with_wind(size: CliffWorldSize, wind: f64) -> CliffWorld {
        assert!(
            (0.0..=1.0).contains(&wind),
            "a probability lies from 0 to 1, not {wind}"
        );
        let (n_columns, n_rows) = size.extents();
        let rewards: Vec<f64> = (0..n_columns * n_rows)
            .map(|state| match (state / n_columns, state % n_columns) {
                (0, column) if column == n_columns - 1 => REWARD_GOAL,
                (0, column) if column > 0 => REWARD_CLIFF,
                _ => REWARD_DEFAULT,
            })
            .collect();
        let number = |row: isize, column: isize| {
            let row = row.clamp(0, n_rows as isize - 1) as usize;
            row * n_columns + column.clamp(0, n_columns as isize - 1) as usize
        };
        let table = paid_by_state(4, &rewards, vec![(1.0, 0)], |state, action| {
            let (down, right) = MOVES[action];
            let row = (state / n_columns) as isize + down;
            let column = (state % n_columns) as isize + right;
            vec![
                (wind, number(row - 1, column)),
                (1.0 - wind, number(row, column)),
            ]
        });
        CliffWorld { size, table }
    }

    fn grid(&self) -> GridMap {
        let (n_columns, n_rows) = self.size.extents();
        let mut rows = vec![format!("S{}G", "C".repeat(n_columns - 2))];
        rows.resize(n_rows, " ".repeat(n_columns));
        let legend = [('S', "start"), ('C', "cliff"), ('G', "goal")];
        GridMap {
            rows,
            legend: legend.map(|(cell, what)| (cell, what.to_owned())).to_vec(),
        }
    }
}

impl Tabled for CliffWorld {
    fn table(&self) -> &Table {
        &self.table
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["up-left", "up-right", "down-left", "down-right"]
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_of(&[REWARD_DEFAULT, REWARD_GOAL, REWARD_CLIFF], n_steps)
    }

    fn is_success(&self, state: usize) -> Option<bool> {
        Some(state + 1 == self.size.extents().0)
    }

    fn place(&self, state: usize) -> Option<Place> {
        let (n_columns, _) = self.size.extents();
        Some(Place {
            layer: "grid".to_owned(),
            column: state % n_columns,
            row: state / n_columns,
        })
    }

    fn map(&self) -> Option<GridMap> {
        Some(self.grid())
    }

    fn scene(&self) -> Option<Scene> {
        let map = self.grid();
        let ink = |cell| {
            Some(match cell {
                'C' => Ink::Bad,
                'G' => Ink::Goal,
                'S' => Ink::Path,
                _ => Ink::Ground,
            })
        };
        Some(Board::of(&map).scene(&map, ink))
    }

    fn draw(&self, state: usize) -> Vec<Shape> {
        let (n_columns, n_rows) = self.size.extents();
        let board = Board { n_columns, n_rows };
        vec![board.disc(state % n_columns, state / n_columns, 0.3, Ink::Agent)]
    }

    fn state_label(&self, state: usize) -> String {
        let (n_columns, _) = self.size.extents();
        format!("row {}, column {}", state / n_columns, state % n_columns)
    }
}

environment_of_table!(CliffWorld);
