//! Doors, keys and gems: keys open doors, each once, and one of three gems is wanted.

use std::collections::VecDeque;

use mdp::{Scene, Shape, StateError, StateVector, wrong_length};
use thiserror::Error;

use super::{GoalProblem, flips, jitter, picture};

/// Up, down, right, left as changes of column and row.
const MOVES: [(isize, isize); 4] = [(0, -1), (0, 1), (1, 0), (-1, 0)];
const PICKUP: usize = 4;
/// The first of four unlocking actions, in the order of the moves.
const UNLOCK: usize = 5;
/// Doors, and keys with gems, that a state has bits for.
const MOST: usize = 8;

/// The published problems 3 to 7, by number: `#` wall, `D` door, `k` key, `s` start, `1` to `3` the gems.
const MAPS: [(&str, &str); 5] = [
    (
        "3",
        "1..#...2|k..D.#k.|.######D|.#..D.#.|.#..#.#.|....#.#.|###.#.#.|s...#..3",
    ),
    (
        "4",
        "....k....|.###.#D#.|.#.#k#.#.|.#.###.#.|.#.#3#.#.|.#.#D#.#.|.#.....#.|.###2###.|..s###1..",
    ),
    (
        "5",
        "k.......k|####D####|####.####|####.####|.D..k..D.|.###.###.|.###s###D|.###.###.|1###2###3",
    ),
    (
        "6",
        "##.#.#.##|##.#3#.##|##.#D#.##|##.....##|s#2###.D.|.###k###.|.........|####.####|###k.1###",
    ),
    (
        "7",
        "#1##k##2#|#.##.##D#|#..D.D..#|####.####|.......D.|.###.###.|.###.###D|.###D###.|s##k.k##3",
    ),
];

/// A map of doors, keys and gems that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct MapError(String);

/// A grid with locked doors, keys that open one door each, and gems, one of which is wanted.
///
/// The agent moves, picks up what lies where it stands, and unlocks a door beside it with a key that it carries; keys are
/// alike, and the one listed first goes first. The heuristic is the published one: the moves to the gem where all doors
/// were open, and the pickup.
#[derive(Clone, Debug)]
pub struct DoorsKeysGems {
    n_columns: usize,
    n_rows: usize,
    walls: Vec<bool>,
    start: usize,
    /// Cell of each door.
    doors: Vec<usize>,
    /// Cell of each item: keys, then gems.
    items: Vec<usize>,
    n_keys: usize,
    /// For each gem, moves from each cell where all doors were open.
    distances: Vec<Vec<f64>>,
}

/// Where the agent is, and what became of doors and items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GemsState {
    /// Column from the left.
    pub column: u8,
    /// Row from the top.
    pub row: u8,
    /// A bit for each door that is still locked.
    pub locked: u8,
    /// A bit for each item that still lies where it was: keys, then gems.
    pub lying: u8,
    /// A bit for each item that is carried.
    pub carried: u8,
}

impl GemsState {
    fn numbers(self) -> [u8; 5] {
        [self.column, self.row, self.locked, self.lying, self.carried]
    }
}

impl StateVector for GemsState {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend(self.numbers().map(f64::from));
    }

    fn read(values: &[f64]) -> Result<GemsState, StateError> {
        if values.len() != 5 {
            return Err(wrong_length(5, values.len()));
        }
        let mut numbers = [0; 5];
        for (number, value) in numbers.iter_mut().zip(values) {
            if value.fract() != 0.0 || !(0.0..=255.0).contains(value) {
                return Err(StateError(format!(
                    "{values:?} is no state of doors, keys and gems"
                )));
            }
            *number = *value as u8;
        }
        let [column, row, locked, lying, carried] = numbers;
        Ok(GemsState {
            column,
            row,
            locked,
            lying,
            carried,
        })
    }
}

impl DoorsKeysGems {
    /// The published problems.
    pub const PROBLEMS: [&str; MAPS.len()] = ["3", "4", "5", "6", "7"];

    /// A published problem by its number.
    ///
    /// # Errors
    /// If there is no such problem.
    pub fn published(name: &str) -> Result<DoorsKeysGems, crate::UnknownName> {
        let places: Vec<usize> = (0..MAPS.len()).collect();
        let found = crate::UnknownName::find("problem", name, &places, |place| MAPS[place].0)?;
        let rows: Vec<&str> = MAPS[found].1.split('|').collect();
        Ok(DoorsKeysGems::new(&rows).expect("the published maps are sound"))
    }

    /// A problem of one's own, its rows from the top: `#` wall, `D` door, `k` key, `s` start, `1` and on the gems, `.`
    /// floor.
    ///
    /// # Errors
    /// If the rows differ in length, a character is not known, there is not exactly one start, or there are no gems,
    /// a number left out, more than 8 doors, or more than 8 keys and gems.
    pub fn new(rows: &[&str]) -> Result<DoorsKeysGems, MapError> {
        let n_columns = rows.first().map_or(0, |row| row.len());
        if rows.len() > 255 || n_columns > 255 || rows.iter().any(|row| row.len() != n_columns) {
            return Err(MapError(
                "the rows of a map have one length, and there are at most 255 of each; pad them with `.`".to_owned(),
            ));
        }
        let cells: Vec<u8> = rows.iter().flat_map(|row| row.bytes()).collect();
        if let Some(unknown) = cells.iter().find(|cell| !b"#Dks.123456789".contains(cell)) {
            return Err(MapError(format!(
                "`{}` has no meaning on a map; use `#`, `D`, `k`, `s`, `.` and digits from 1",
                char::from(*unknown)
            )));
        }
        let all = |wanted: u8| -> Vec<usize> {
            (0..cells.len())
                .filter(|cell| cells[*cell] == wanted)
                .collect()
        };
        let (starts, doors, keys) = (all(b's'), all(b'D'), all(b'k'));
        let n_gems = cells.iter().filter(|cell| cell.is_ascii_digit()).count();
        let gems: Vec<usize> = (b'1'..=b'9').take(n_gems).flat_map(all).collect();
        if starts.len() != 1 || n_gems == 0 || gems.len() != n_gems {
            return Err(MapError(format!(
                "a map has one start and gems numbered from 1, not {} starts and {n_gems} gems; each number stands once",
                starts.len()
            )));
        }
        if doors.len() > MOST || keys.len() + n_gems > MOST {
            return Err(MapError(format!(
                "a map has at most {MOST} doors, not {}, and at most {MOST} keys and gems, not {}; leave some out",
                doors.len(),
                keys.len() + n_gems
            )));
        }
        let mut problem = DoorsKeysGems {
            n_columns,
            n_rows: rows.len(),
            walls: cells.iter().map(|cell| *cell == b'#').collect(),
            start: starts[0],
            n_keys: keys.len(),
            doors,
            distances: vec![],
            items: keys.into_iter().chain(gems).collect(),
        };
        let gems = &problem.items[problem.n_keys..];
        problem.distances = gems.iter().map(|gem| problem.distances_to(*gem)).collect();
        Ok(problem)
    }

    /// Moves from each cell to `target` where all doors were open, infinite where there is no way.
    fn distances_to(&self, target: usize) -> Vec<f64> {
        let mut distances = vec![f64::INFINITY; self.walls.len()];
        distances[target] = 0.0;
        let mut queue = VecDeque::from([target]);
        while let Some(cell) = queue.pop_front() {
            for direction in 0..MOVES.len() {
                if let Some(next) = self
                    .beside(cell, direction)
                    .filter(|next| !self.walls[*next])
                    && distances[next].is_infinite()
                {
                    distances[next] = distances[cell] + 1.0;
                    queue.push_back(next);
                }
            }
        }
        distances
    }

    /// The cell next to another one, if the map has it.
    fn beside(&self, cell: usize, direction: usize) -> Option<usize> {
        let (right, down) = MOVES[direction];
        let column = (cell % self.n_columns).checked_add_signed(right)?;
        let row = (cell / self.n_columns).checked_add_signed(down)?;
        (column < self.n_columns && row < self.n_rows).then_some(row * self.n_columns + column)
    }

    fn cell(&self, state: &GemsState) -> usize {
        usize::from(state.row) * self.n_columns + usize::from(state.column)
    }

    fn n_gems(&self) -> usize {
        self.items.len() - self.n_keys
    }

    /// The bits of the first `n` doors or items.
    fn all(n: usize) -> u8 {
        ((1_u16 << n) - 1) as u8
    }

    /// The locked door in a cell.
    fn locked_door(&self, state: &GemsState, cell: usize) -> Option<usize> {
        let door = self.doors.iter().position(|door| *door == cell)?;
        (state.locked >> door & 1 == 1).then_some(door)
    }

    /// The least numbered key that is carried.
    fn key(&self, state: &GemsState) -> Option<usize> {
        (0..self.n_keys).find(|key| state.carried >> key & 1 == 1)
    }
}

impl GoalProblem for DoorsKeysGems {
    type State = GemsState;

    fn start(&self) -> GemsState {
        GemsState {
            column: (self.start % self.n_columns) as u8,
            row: (self.start / self.n_columns) as u8,
            locked: DoorsKeysGems::all(self.doors.len()),
            lying: DoorsKeysGems::all(self.items.len()),
            carried: 0,
        }
    }

    fn n_goals(&self) -> usize {
        self.n_gems()
    }

    fn goal_name(&self, goal: usize) -> String {
        format!("gem {}", goal + 1)
    }

    fn is_reached(&self, state: &GemsState, goal: usize) -> bool {
        state.carried >> (self.n_keys + goal) & 1 == 1
    }

    fn action_names(&self) -> &'static [&'static str] {
        &[
            "up",
            "down",
            "right",
            "left",
            "pickup",
            "unlock up",
            "unlock down",
            "unlock right",
            "unlock left",
        ]
    }

    fn successors(&self, state: &GemsState, out: &mut Vec<(usize, GemsState)>) {
        let cell = self.cell(state);
        for direction in 0..MOVES.len() {
            let next = self
                .beside(cell, direction)
                .filter(|next| !self.walls[*next]);
            if let Some(next) = next.filter(|next| self.locked_door(state, *next).is_none()) {
                let moved = GemsState {
                    column: (next % self.n_columns) as u8,
                    row: (next / self.n_columns) as u8,
                    ..*state
                };
                out.push((direction, moved));
            }
        }
        let item = self.items.iter().position(|item| *item == cell);
        if let Some(item) = item.filter(|item| state.lying >> item & 1 == 1) {
            let taken = GemsState {
                lying: state.lying & !(1 << item),
                carried: state.carried | 1 << item,
                ..*state
            };
            out.push((PICKUP, taken));
        }
        let Some(key) = self.key(state) else { return };
        for direction in 0..MOVES.len() {
            let door = self
                .beside(cell, direction)
                .and_then(|next| self.locked_door(state, next));
            if let Some(door) = door {
                let unlocked = GemsState {
                    locked: state.locked & !(1 << door),
                    carried: state.carried & !(1 << key),
                    ..*state
                };
                out.push((UNLOCK + direction, unlocked));
            }
        }
    }

    fn estimates(&self, state: &GemsState, out: &mut Vec<f64>) {
        let cell = self.cell(state);
        out.extend(self.distances.iter().enumerate().map(|(goal, distances)| {
            if self.is_reached(state, goal) {
                0.0
            } else {
                distances[cell] + 1.0
            }
        }));
    }

    /// The published noise: the coordinates jitter, and each fact about a door or an item may be flipped.
    fn observation_log_probability(&self, state: &GemsState, seen: &GemsState) -> f64 {
        let off = |a: u8, b: u8| f64::from(a.abs_diff(b));
        let facts = (state.locked ^ seen.locked).count_ones()
            + (state.lying ^ seen.lying).count_ones()
            + (state.carried ^ seen.carried).count_ones();
        jitter(off(state.column, seen.column), off(state.row, seen.row)) + flips(facts)
    }

    fn observation_sizes(&self) -> Vec<usize> {
        let mut sizes = vec![self.n_columns, self.n_rows];
        sizes.extend(vec![2; self.doors.len()]);
        sizes.extend(vec![3; self.items.len()]);
        sizes
    }

    /// Column, row, whether each door is locked, and where each item is: 0 where it lay, 1 carried, 2 used.
    fn observation(&self, state: &GemsState) -> Vec<f32> {
        let mut values = vec![f32::from(state.column), f32::from(state.row)];
        values.extend((0..self.doors.len()).map(|door| f32::from(state.locked >> door & 1)));
        values.extend((0..self.items.len()).map(|item| {
            match (state.lying >> item & 1, state.carried >> item & 1) {
                (1, _) => 0.0,
                (_, 1) => 1.0,
                _ => 2.0,
            }
        }));
        values
    }

    fn label(&self, state: &GemsState) -> String {
        let n_keys = (state.carried & DoorsKeysGems::all(self.n_keys)).count_ones();
        let gems = (0..self.n_gems()).filter(|goal| self.is_reached(state, *goal));
        let gems: Vec<String> = gems.map(|goal| self.goal_name(goal)).collect();
        let carried = if gems.is_empty() {
            String::new()
        } else {
            format!(", {}", gems.join(", "))
        };
        format!(
            "column {}, row {}, {n_keys} keys{carried}, {} doors locked",
            state.column,
            state.row,
            state.locked.count_ones()
        )
    }

    fn scene(&self) -> Scene {
        picture::grid(self.n_columns, self.n_rows, &self.walls)
    }

    fn draw(&self, state: &GemsState, goal: usize) -> Vec<Shape> {
        let at = |cell: usize| (cell % self.n_columns, cell / self.n_columns);
        let doors = self.doors.iter().enumerate();
        let doors = doors.filter(|(door, _)| state.locked >> door & 1 == 1);
        let items = self.items.iter().enumerate();
        let lying = items.filter(|(item, _)| state.lying >> item & 1 == 1);
        picture::gems(
            (self.n_columns, self.n_rows),
            at(self.cell(state)),
            doors.map(|(_, cell)| at(*cell)),
            lying.map(|(item, cell)| {
                let gem = item.checked_sub(self.n_keys);
                (at(*cell), gem.map(|gem| gem == goal))
            }),
        )
    }
}
