//! FrozenLake-v1: over slippery ice to a goal, past holes.

use std::str::FromStr;

use mdp::{GridMap, Ink, Place, ReturnBounds, Scene, Shape};

use super::picture::Board;
use super::table::{Entry, Table, Tabled, environment_of_table};
use crate::UnknownName;

/// The moves in the order of Gymnasium's actions, as changes of column and row.
const MOVES: [(isize, isize); 4] = [(-1, 0), (0, 1), (1, 0), (0, -1)];

/// The maps that Gymnasium ships.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LakeMap {
    /// `4x4`, of FrozenLake-v1.
    #[default]
    Small,
    /// `8x8`, of FrozenLake8x8-v1.
    Large,
}

impl LakeMap {
    /// Every map, the default first.
    pub const ALL: [LakeMap; 2] = [LakeMap::Small, LakeMap::Large];

    /// The name by which experiments choose it: Gymnasium's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            LakeMap::Small => "4x4",
            LakeMap::Large => "8x8",
        }
    }

    /// The step limit that Gymnasium registers for it.
    #[must_use]
    pub fn time_limit(self) -> u32 {
        match self {
            LakeMap::Small => 100,
            LakeMap::Large => 200,
        }
    }

    /// Rows from the top: `S` start, `F` frozen, `H` hole, `G` goal.
    fn rows(self) -> &'static [&'static str] {
        match self {
            LakeMap::Small => &["SFFF", "FHFH", "FFFH", "HFFG"],
            LakeMap::Large => &[
                "SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF",
                "FFFHFFFG",
            ],
        }
    }
}

impl FromStr for LakeMap {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<LakeMap, UnknownName> {
        UnknownName::find("map", name, &LakeMap::ALL, LakeMap::name)
    }
}

/// The arguments of Gymnasium's constructor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrozenLakeSettings {
    /// Which lake (`map_name`).
    pub map: LakeMap,
    /// Whether a move may slip to either side (`is_slippery`).
    pub slippery: bool,
    /// Probability of the move that was meant, where it may slip; the rest is shared by the two sides (`success_rate`).
    pub success_rate: f64,
    /// What reaching the goal, a hole, and any other cell pays (`reward_schedule`).
    pub reward_schedule: [f64; 3],
}

impl FrozenLakeSettings {
    /// What Gymnasium's constructor assumes on a map.
    #[must_use]
    pub fn gymnasium(map: LakeMap) -> FrozenLakeSettings {
        FrozenLakeSettings {
            map,
            slippery: true,
            success_rate: 1.0 / 3.0,
            reward_schedule: [1.0, 0.0, 0.0],
        }
    }
}

/// A lake to be crossed from the top left to the bottom right, one cell a move; in a hole the episode ends.
///
/// Equal to Gymnasium's FrozenLake-v1 (Towers et al., 2024): a state is `row * columns + column`, actions are left,
/// down, right, up. Slippery ice takes a move to either side instead.
///
/// The intent is to reach the goal: 1 there and 0 everywhere else, whatever the reward schedule pays.
#[derive(Clone, Debug)]
pub struct FrozenLake {
    settings: FrozenLakeSettings,
    map: GridMap,
    table: Table,
}

impl FrozenLake {
    /// The lake with these settings.
    ///
    /// # Panics
    /// If the success rate is not from 0 to 1, or a reward is not finite.
    #[must_use]
    pub fn new(settings: FrozenLakeSettings) -> FrozenLake {
        assert!(
            (0.0..=1.0).contains(&settings.success_rate),
            "a success rate lies from 0 to 1, not {}",
            settings.success_rate
        );
        assert!(
            settings.reward_schedule.iter().all(|r| r.is_finite()),
            "rewards are finite"
        );
        let cells: Vec<&[u8]> = settings
            .map
            .rows()
            .iter()
            .map(|row| row.as_bytes())
            .collect();
        let n_states = cells.len() * cells[0].len();
        let table = Table::new(n_states, 4, vec![(1.0, 0)], |state, action| {
            lake_row(&settings, &cells, state, action)
        });
        FrozenLake {
            settings,
            map: map_of(settings.map),
            table,
        }
    }

    /// How it was set.
    #[must_use]
    pub fn settings(&self) -> &FrozenLakeSettings {
        &self.settings
    }

    fn n_columns(&self) -> usize {
        self.settings.map.rows()[0].len()
    }

    /// The letter of a state's cell; none where there is no such state.
    fn cell(&self, state: usize) -> Option<u8> {
        let row = self.settings.map.rows().get(state / self.n_columns())?;
        Some(row.as_bytes()[state % self.n_columns()])
    }
}

/// A row of Gymnasium's table: the sides in the order of the actions around the one that was chosen.
fn lake_row(
    settings: &FrozenLakeSettings,
    cells: &[&[u8]],
    state: usize,
    action: usize,
) -> Vec<Entry> {
    let n_columns = cells[0].len();
    let (column, row) = (state % n_columns, state / n_columns);
    if matches!(cells[row][column], b'G' | b'H') {
        return vec![Entry::as_meant(1.0, state, 0.0, true)];
    }
    let towards = |probability: f64, direction: usize| {
        let (right, down) = MOVES[direction];
        let column = column.saturating_add_signed(right).min(n_columns - 1);
        let row = row.saturating_add_signed(down).min(cells.len() - 1);
        let cell = cells[row][column];
        let [goal, hole, frozen] = settings.reward_schedule;
        let reward = match cell {
            b'G' => goal,
            b'H' => hole,
            _ => frozen,
        };
        let ends = matches!(cell, b'G' | b'H');
        Entry {
            intent: f64::from(u8::from(cell == b'G')),
            ..Entry::as_meant(probability, row * n_columns + column, reward, ends)
        }
    };
    if !settings.slippery {
        return vec![towards(1.0, action)];
    }
    let side_rate = (1.0 - settings.success_rate) / 2.0;
    vec![
        towards(side_rate, (action + 3) % 4),
        towards(settings.success_rate, action),
        towards(side_rate, (action + 1) % 4),
    ]
}

fn map_of(map: LakeMap) -> GridMap {
    let legend = [('S', "start"), ('H', "hole"), ('G', "goal")];
    GridMap {
        rows: map.rows().iter().map(|row| row.replace('F', " ")).collect(),
        legend: legend.map(|(cell, what)| (cell, what.to_owned())).to_vec(),
    }
}

impl Tabled for FrozenLake {
    fn table(&self) -> &Table {
        &self.table
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["left", "down", "right", "up"]
    }

    /// All steps but the last stay on the ice.
    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        let [goal, hole, frozen] = self.settings.reward_schedule;
        let on_ice = f64::from(n_steps.saturating_sub(1)) * frozen;
        let least = goal.min(hole).min(frozen) + on_ice.min(0.0);
        let most = goal.max(hole).max(frozen) + on_ice.max(0.0);
        ReturnBounds {
            reward: Some((least, most)),
            intent: Some((0.0, 1.0)),
        }
    }

    fn is_success(&self, state: usize) -> Option<bool> {
        Some(self.cell(state)? == b'G')
    }

    fn place(&self, state: usize) -> Option<Place> {
        Some(Place {
            layer: "lake".to_owned(),
            column: state % self.n_columns(),
            row: state / self.n_columns(),
        })
    }

    fn map(&self) -> Option<GridMap> {
        Some(self.map.clone())
    }

    fn scene(&self) -> Option<Scene> {
        let ink = |cell| {
            Some(match cell {
                'H' => Ink::Water,
                'G' => Ink::Goal,
                'S' => Ink::Path,
                _ => Ink::Ground,
            })
        };
        Some(Board::of(&self.map).scene(&self.map, ink))
    }

    fn draw(&self, state: usize) -> Vec<Shape> {
        let (column, row) = (state % self.n_columns(), state / self.n_columns());
        vec![Board::of(&self.map).disc(column, row, 0.3, Ink::Agent)]
    }

    fn state_label(&self, state: usize) -> String {
        let (row, column) = (state / self.n_columns(), state % self.n_columns());
        format!("row {row}, column {column}")
    }
}

environment_of_table!(FrozenLake);
