//! A taxi whose passenger's destination the watcher does not know.

use mdp::{Scene, Shape, StateError, StateVector, wrong_length};

use super::{GoalProblem, flips, jitter};
use crate::UnknownName;
use crate::toy_text::taxi::{ABOARD, City, SIZE, STAND_NAMES, STANDS, picture};

/// Where the taxi starts in every published problem, as row and column.
const START: (usize, usize) = (1, 1);
const PICKUP: usize = 4;
const DROPOFF: usize = 5;

/// The taxi of the goal inference paper: a passenger waits at one of four stands, and wants to one of the other three.
///
/// The city is that of Taxi-v3. Unlike there, actions that would do nothing cannot be taken. The heuristic is the
/// published Manhattan distance, to the passenger and on to the stand, walls aside, plus the pickup and the dropoff that
/// are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CourierTaxi {
    origin: usize,
}

/// Where the taxi and its passenger are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CourierState {
    /// Row from the top.
    pub row: u8,
    /// Column from the left.
    pub column: u8,
    /// The passenger's stand (red, green, yellow, blue), or 4 in the taxi.
    pub passenger: u8,
}

impl CourierState {
    fn of(city: City) -> CourierState {
        CourierState {
            row: city.row as u8,
            column: city.column as u8,
            passenger: city.passenger as u8,
        }
    }

    /// The city in which the passenger wants to a stand.
    fn city(self, destination: usize) -> City {
        City {
            row: usize::from(self.row),
            column: usize::from(self.column),
            passenger: usize::from(self.passenger),
            destination,
        }
    }
}

impl StateVector for CourierState {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend([self.row, self.column, self.passenger].map(f64::from));
    }

    fn read(values: &[f64]) -> Result<CourierState, StateError> {
        let &[row, column, passenger] = values else {
            return Err(wrong_length(3, values.len()));
        };
        let is_below = |value: f64, n| value.fract() == 0.0 && (0.0..n as f64).contains(&value);
        if !(is_below(row, SIZE) && is_below(column, SIZE) && is_below(passenger, ABOARD + 1)) {
            return Err(StateError(format!(
                "{row}, {column}, {passenger} is no state of a taxi"
            )));
        }
        Ok(CourierState {
            row: row as u8,
            column: column as u8,
            passenger: passenger as u8,
        })
    }
}

impl CourierTaxi {
    /// The published problems: the stands at which the passenger waits.
    pub const PROBLEMS: [&str; STANDS.len()] = STAND_NAMES;

    /// The problem in which the passenger waits at a stand.
    ///
    /// # Errors
    /// If there is no such stand.
    pub fn new(origin: &str) -> Result<CourierTaxi, UnknownName> {
        let origin = UnknownName::find("stand", origin, &[0, 1, 2, 3], |stand: usize| {
            STAND_NAMES[stand]
        })?;
        Ok(CourierTaxi { origin })
    }

    /// The stand that a goal is about: those other than the origin, in order.
    fn destination(self, goal: usize) -> usize {
        goal + usize::from(goal >= self.origin)
    }
}

fn apart(from: (usize, usize), to: (usize, usize)) -> f64 {
    (from.0.abs_diff(to.0) + from.1.abs_diff(to.1)) as f64
}

impl GoalProblem for CourierTaxi {
    type State = CourierState;

    fn start(&self) -> CourierState {
        CourierState {
            row: START.0 as u8,
            column: START.1 as u8,
            passenger: self.origin as u8,
        }
    }

    fn n_goals(&self) -> usize {
        STANDS.len() - 1
    }

    fn goal_name(&self, goal: usize) -> String {
        STAND_NAMES[self.destination(goal)].to_owned()
    }

    fn is_reached(&self, state: &CourierState, goal: usize) -> bool {
        usize::from(state.passenger) == self.destination(goal)
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["south", "north", "east", "west", "pickup", "dropoff"]
    }

    fn successors(&self, state: &CourierState, out: &mut Vec<(usize, CourierState)>) {
        let city = state.city(0);
        for direction in 0..PICKUP {
            let next = city.moved(direction);
            if next != city {
                out.push((direction, CourierState::of(next)));
            }
        }
        let with = |passenger| CourierState::of(City { passenger, ..city });
        match city.stand() {
            Some(stand) if city.passenger == stand => out.push((PICKUP, with(ABOARD))),
            Some(stand) if city.passenger == ABOARD => out.push((DROPOFF, with(stand))),
            _ => {}
        }
    }

    fn estimates(&self, state: &CourierState, out: &mut Vec<f64>) {
        let here = (usize::from(state.row), usize::from(state.column));
        let (from, to_passenger) = match STANDS.get(usize::from(state.passenger)) {
            Some(waiting) => (*waiting, apart(here, *waiting) + 1.0),
            None => (here, 0.0),
        };
        out.extend((0..self.n_goals()).map(|goal| {
            if self.is_reached(state, goal) {
                0.0
            } else {
                to_passenger + apart(from, STANDS[self.destination(goal)]) + 1.0
            }
        }));
    }

    /// The published noise: the coordinates jitter, and each of the five facts about the passenger may be flipped.
    fn observation_log_probability(&self, state: &CourierState, seen: &CourierState) -> f64 {
        let off = |a: u8, b: u8| f64::from(a.abs_diff(b));
        let facts = 2 * u32::from(state.passenger != seen.passenger);
        jitter(off(state.column, seen.column), off(state.row, seen.row)) + flips(facts)
    }

    fn observation_sizes(&self) -> Vec<usize> {
        vec![SIZE, SIZE, ABOARD + 1]
    }

    fn observation(&self, state: &CourierState) -> Vec<f32> {
        [state.row, state.column, state.passenger]
            .map(f32::from)
            .to_vec()
    }

    fn label(&self, state: &CourierState) -> String {
        let passenger = match STAND_NAMES.get(usize::from(state.passenger)) {
            Some(stand) => format!("passenger at {stand}"),
            None => "passenger aboard".to_owned(),
        };
        format!(
            "taxi at row {}, column {}, {passenger}",
            state.row, state.column
        )
    }

    fn scene(&self) -> Scene {
        picture::scene()
    }

    fn draw(&self, state: &CourierState, goal: usize) -> Vec<Shape> {
        picture::draw(state.city(self.destination(goal)))
    }
}
