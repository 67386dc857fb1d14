//! CliffWalking-v1: along a cliff to a goal.

use std::str::FromStr;

use mdp::{GridMap, Ink, Place, Policy, ReturnBounds, Rng, Scene, Shape, bounds_per_step, index};

use super::picture::Board;
use super::table::{Entry, Table, Tabled, environment_of_table};
use crate::UnknownName;

const N_COLUMNS: usize = 12;
const N_ROWS: usize = 4;
/// Bottom left and bottom right.
const START: usize = 36;
const GOAL: usize = 47;
/// The moves in the order of Gymnasium's actions, as changes of column and row.
const MOVES: [(isize, isize); 4] = [(0, -1), (1, 0), (0, 1), (-1, 0)];

/// A walk along a cliff from the bottom left to the bottom right. Every step costs 1; one over the edge costs 100 and
/// leads back to the start.
///
/// Equal to Gymnasium's CliffWalking-v1 (Towers et al., 2024; Sutton and Barto, 2018, example 6.6): a state is
/// `row * 12 + column`, actions are up, right, down, left. On a slippery cliff a step goes to either side instead, each
/// way with probability 1/3 (CliffWalkingSlippery-v1). The cells of the cliff have numbers but cannot be stood on.
///
/// The intent is the reward.
#[derive(Clone, Debug)]
pub struct CliffWalking {
    table: Table,
}

impl CliffWalking {
    /// A cliff on which a step goes where it was meant to.
    #[must_use]
    pub fn dry() -> CliffWalking {
        CliffWalking {
            table: table(|state, action| vec![towards(1.0, state, action)]),
        }
    }

    /// A cliff on which a step may go to either side.
    #[must_use]
    pub fn slippery() -> CliffWalking {
        let third = 1.0 / 3.0;
        CliffWalking {
            table: table(|state, action| {
                [action + 3, action, action + 1]
                    .map(|direction| towards(third, state, direction % 4))
                    .to_vec()
            }),
        }
    }
}

fn table(row: impl Fn(usize, usize) -> Vec<Entry>) -> Table {
    Table::new(N_COLUMNS * N_ROWS, 4, vec![(1.0, START)], row)
}

fn towards(probability: f64, state: usize, direction: usize) -> Entry {
    let (right, down) = MOVES[direction];
    let column = (state % N_COLUMNS).saturating_add_signed(right);
    let row = (state / N_COLUMNS).saturating_add_signed(down);
    let next_state = row.min(N_ROWS - 1) * N_COLUMNS + column.min(N_COLUMNS - 1);
    if is_cliff(next_state) {
        return Entry::as_meant(probability, START, -100.0, false);
    }
    Entry::as_meant(probability, next_state, -1.0, next_state == GOAL)
}

fn is_cliff(state: usize) -> bool {
    START < state && state < GOAL
}

fn map() -> GridMap {
    let floor = " ".repeat(N_COLUMNS);
    let edge = format!("S{}G", "C".repeat(N_COLUMNS - 2));
    let legend = [('S', "start"), ('C', "cliff"), ('G', "goal")];
    GridMap {
        rows: vec![floor.clone(), floor.clone(), floor, edge],
        legend: legend.map(|(cell, what)| (cell, what.to_owned())).to_vec(),
    }
}

impl Tabled for CliffWalking {
    fn table(&self) -> &Table {
        &self.table
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["up", "right", "down", "left"]
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_per_step(-100.0..=-1.0, -100.0..=-1.0, n_steps)
    }

    fn is_success(&self, state: usize) -> Option<bool> {
        Some(state == GOAL)
    }

    fn place(&self, state: usize) -> Option<Place> {
        Some(Place {
            layer: "cliff".to_owned(),
            column: state % N_COLUMNS,
            row: state / N_COLUMNS,
        })
    }

    fn map(&self) -> Option<GridMap> {
        Some(map())
    }

    fn scene(&self) -> Option<Scene> {
        let map = map();
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
        let (column, row) = (state % N_COLUMNS, state / N_COLUMNS);
        vec![Board::of(&map()).disc(column, row, 0.3, Ink::Agent)]
    }

    fn state_label(&self, state: usize) -> String {
        format!("row {}, column {}", state / N_COLUMNS, state % N_COLUMNS)
    }
}

environment_of_table!(CliffWalking);

/// A scripted policy for the cliff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CliffPolicy {
    /// Keeps a row away from the edge: up twice, along, down twice.
    Careful,
    /// Walks along the edge itself, the shortest way: what is best where nobody slips.
    Edge,
    /// Draws every action with the same probability.
    Random,
}

impl CliffPolicy {
    /// Every policy, the reference first.
    pub const ALL: [CliffPolicy; 3] =
        [CliffPolicy::Careful, CliffPolicy::Edge, CliffPolicy::Random];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            CliffPolicy::Careful => "careful",
            CliffPolicy::Edge => "edge",
            CliffPolicy::Random => "random",
        }
    }
}

impl FromStr for CliffPolicy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<CliffPolicy, UnknownName> {
        UnknownName::find("policy", name, &CliffPolicy::ALL, CliffPolicy::name)
    }
}

impl Policy<usize, usize> for CliffPolicy {
    fn act(&self, observation: &usize, rng: &mut Rng) -> usize {
        const UP: usize = 0;
        const RIGHT: usize = 1;
        const DOWN: usize = 2;
        let lane = match self {
            CliffPolicy::Careful => 1,
            CliffPolicy::Edge => 2,
            CliffPolicy::Random => return index(4, rng),
        };
        let (column, row) = (observation % N_COLUMNS, observation / N_COLUMNS);
        if column == N_COLUMNS - 1 {
            DOWN
        } else if row > lane {
            UP
        } else {
            RIGHT
        }
    }
}
