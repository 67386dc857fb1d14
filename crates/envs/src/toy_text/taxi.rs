//! Taxi-v4: a passenger is fetched and brought where they want to go.

mod driver;
pub(crate) mod picture;

use mdp::{
    Enumerable, Environment, GridMap, Outcome, Place, ReturnBounds, Rng, Scene, Shape, Space,
    StateError, StateVector, Step, Transition, index, uniform, wrong_length,
};

pub use driver::TaxiDriver;

use super::table::{Entry, Table};

pub(crate) const SIZE: usize = 5;
const N_STATES: usize = SIZE * SIZE * (N_STANDS + 1) * N_STANDS;
const N_STANDS: usize = 4;
/// Where passengers wait and want to go, as row and column: red, green, yellow, blue.
pub(crate) const STANDS: [(usize, usize); N_STANDS] = [(0, 0), (0, 4), (4, 0), (4, 3)];
pub(crate) const STAND_NAMES: [&str; N_STANDS] = ["red", "green", "yellow", "blue"];
/// The passenger's place where that is the taxi.
pub(crate) const ABOARD: usize = 4;
/// Gymnasium's map without its frame: between two cells of a row stands `:` or a wall.
const MAP: [&str; SIZE] = [
    "R: | : :G",
    " : | : : ",
    " : : : : ",
    " | : | : ",
    "Y| : |B: ",
];
/// South, north, east, west, as changes of row and column; the other actions are pickup and dropoff.
const MOVES: [(isize, isize); 4] = [(1, 0), (-1, 0), (0, 1), (0, -1)];
/// For each move the moves to its left and right.
const SIDES: [[usize; 2]; 4] = [[2, 3], [3, 2], [1, 0], [0, 1]];
const PICKUP: usize = 4;
const DROPOFF: usize = 5;

/// The arguments of Gymnasium's constructor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TaxiSettings {
    /// Probability that a move goes where it was meant to in the rain, the rest shared by its two sides
    /// (`rainy_probability`, 0.8 unless told otherwise); none where it is dry (`is_rainy`).
    pub rain: Option<f64>,
    /// Probability that the passenger chooses another destination on the first move after the first pickup
    /// (`fickle_probability`, 0.3 unless told otherwise); none where they never do (`fickle_passenger`).
    pub fickleness: Option<f64>,
}

/// A taxi in a city of 5 by 5 cells, with four stands, a passenger who waits at one of them and wants to another.
/// A step costs 1, a pickup or dropoff that cannot be 10; bringing the passenger where they want to go pays 20 and ends
/// the episode.
///
/// Equal to Gymnasium's Taxi-v4 (Towers et al., 2024; Dietterich, 2000); without rain and fickleness that is Taxi-v3.
/// An observation is `((row * 5 + column) * 5 + passenger) * 4 + destination`; actions are south, north, east, west,
/// pickup, dropoff.
///
/// Gymnasium draws at the start of an episode whether the passenger will be fickle; here it is drawn when it comes to
/// that, which gives the same episodes, and leaves nobody who looks at the state a secret to plan with.
///
/// The intent is the reward.
#[derive(Clone, Debug)]
pub struct Taxi {
    settings: TaxiSettings,
    table: Table,
}

/// A taxi on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxiState {
    /// Gymnasium's number of the state, under 500.
    pub number: usize,
    /// Whether the passenger may still choose another destination.
    pub undecided: bool,
}

impl StateVector for TaxiState {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend([self.number as f64, f64::from(u8::from(self.undecided))]);
    }

    fn read(values: &[f64]) -> Result<TaxiState, StateError> {
        let &[number, undecided] = values else {
            return Err(wrong_length(2, values.len()));
        };
        let is_number = number.fract() == 0.0 && (0.0..N_STATES as f64).contains(&number);
        if !is_number || !(undecided == 0.0 || undecided == 1.0) {
            return Err(StateError(format!(
                "{number}, {undecided} is no state of a taxi"
            )));
        }
        Ok(TaxiState {
            number: number as usize,
            undecided: undecided == 1.0,
        })
    }
}

/// What a number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct City {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) passenger: usize,
    pub(crate) destination: usize,
}

impl City {
    fn decode(number: usize) -> City {
        let cell = number / N_STANDS / (N_STANDS + 1);
        City {
            row: cell / SIZE,
            column: cell % SIZE,
            passenger: number / N_STANDS % (N_STANDS + 1),
            destination: number % N_STANDS,
        }
    }

    fn encode(self) -> usize {
        let cell = self.row * SIZE + self.column;
        (cell * (N_STANDS + 1) + self.passenger) * N_STANDS + self.destination
    }

    /// The stand at which the taxi is.
    pub(crate) fn stand(self) -> Option<usize> {
        let here = (self.row, self.column);
        STANDS.iter().position(|stand| *stand == here)
    }

    /// The city after a move; the same where the frame or a wall is in the way.
    pub(crate) fn moved(self, direction: usize) -> City {
        let (down, right) = MOVES[direction];
        let row = self.row.wrapping_add_signed(down);
        let column = self.column.wrapping_add_signed(right);
        let between = MAP[self.row].as_bytes();
        let open =
            row < SIZE && column < SIZE && (right == 0 || between[self.column + column] == b':');
        if open {
            City {
                row,
                column,
                ..self
            }
        } else {
            self
        }
    }
}

impl Taxi {
    /// The step limit that Gymnasium registers.
    pub const TIME_LIMIT: u32 = 200;
    /// The `rainy_probability` that Gymnasium assumes.
    pub const RAIN: f64 = 0.8;
    /// The `fickle_probability` that Gymnasium assumes.
    pub const FICKLENESS: f64 = 0.3;

    /// A taxi under these settings.
    ///
    /// # Panics
    /// If a probability is not from 0 to 1.
    #[must_use]
    pub fn new(settings: TaxiSettings) -> Taxi {
        for probability in [settings.rain, settings.fickleness].into_iter().flatten() {
            assert!(
                (0.0..=1.0).contains(&probability),
                "a probability lies from 0 to 1, not {probability}"
            );
        }
        let waiting: Vec<usize> = (0..N_STATES)
            .filter(|number| {
                let city = City::decode(*number);
                city.passenger != ABOARD && city.passenger != city.destination
            })
            .collect();
        let each = 1.0 / waiting.len() as f64;
        let start = waiting.into_iter().map(|number| (each, number)).collect();
        let table = Table::new(N_STATES, 6, start, |number, action| {
            city_row(settings.rain, City::decode(number), action)
        });
        Taxi { settings, table }
    }

    /// The ways in which an action may go on, in the order of Gymnasium's table, in which passengers are not fickle.
    /// Probabilities may be 0.
    ///
    /// # Panics
    /// If there is no such number or action.
    pub fn transitions(
        &self,
        number: usize,
        action: usize,
    ) -> impl ExactSizeIterator<Item = Transition> + '_ {
        let row = self.table.row(number, action);
        row.iter().map(|entry| entry.transition)
    }

    /// Whether a fickle passenger decides on the way from `state` to the number `next`: on the first move that takes
    /// them along.
    fn decides(state: TaxiState, next: usize) -> bool {
        let (before, after) = (City::decode(state.number), City::decode(next));
        state.undecided
            && before.passenger == ABOARD
            && (before.row, before.column) != (after.row, after.column)
    }
}

/// A row of Gymnasium's table.
fn city_row(rain: Option<f64>, city: City, action: usize) -> Vec<Entry> {
    let (after, reward, ends) = match action {
        PICKUP => (picked_up(city), pickup_reward(city), false),
        DROPOFF => dropped_off(city),
        direction => (city.moved(direction), -1.0, false),
    };
    match rain {
        Some(success_rate) if action < PICKUP => {
            let side_rate = (1.0 - success_rate) / 2.0;
            // Rain takes nobody aside who could not have moved at all.
            let moves = after != city;
            let aside = |side: usize| if moves { city.moved(side) } else { city };
            let [left, right] = SIDES[action];
            vec![
                Entry::as_meant(success_rate, after.encode(), -1.0, false),
                Entry::as_meant(side_rate, aside(left).encode(), -1.0, false),
                Entry::as_meant(side_rate, aside(right).encode(), -1.0, false),
            ]
        }
        _ => vec![Entry::as_meant(1.0, after.encode(), reward, ends)],
    }
}

fn waits_here(city: City) -> bool {
    city.passenger != ABOARD && city.stand() == Some(city.passenger)
}

fn picked_up(city: City) -> City {
    let passenger = if waits_here(city) {
        ABOARD
    } else {
        city.passenger
    };
    City { passenger, ..city }
}

fn pickup_reward(city: City) -> f64 {
    if waits_here(city) { -1.0 } else { -10.0 }
}

/// The city after a dropoff, what it pays, and whether it ends the episode.
fn dropped_off(city: City) -> (City, f64, bool) {
    match city.stand() {
        Some(stand) if city.passenger == ABOARD => {
            let arrived = stand == city.destination;
            let after = City {
                passenger: stand,
                ..city
            };
            (after, if arrived { 20.0 } else { -1.0 }, arrived)
        }
        _ => (city, -10.0, false),
    }
}

impl Environment for Taxi {
    type State = TaxiState;
    type Observation = usize;
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> TaxiState {
        TaxiState {
            number: self.table.draw_start(rng),
            undecided: self.settings.fickleness.is_some(),
        }
    }

    fn observe(&self, state: &TaxiState, _rng: &mut Rng) -> usize {
        state.number
    }

    fn step(&self, state: &mut TaxiState, action: &usize, rng: &mut Rng) -> Step {
        let entry = self.table.draw(state.number, *action, rng);
        let mut next = entry.transition.next_state;
        if Taxi::decides(*state, next) {
            state.undecided = false;
            if uniform(rng) < self.settings.fickleness.unwrap_or(0.0) {
                next = others(next)[index(N_STANDS - 1, rng)];
            }
        }
        state.number = next;
        entry.step()
    }

    fn observation_space(&self) -> Space {
        Space::Discrete { n: N_STATES }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 6 }
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["south", "north", "east", "west", "pickup", "dropoff"]
    }

    fn state_names(&self) -> Vec<String> {
        vec!["state".to_owned(), "undecided".to_owned()]
    }

    /// 20 is paid once, after a pickup.
    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        let bounds = Some((-10.0 * f64::from(n_steps), 19.0));
        ReturnBounds {
            reward: bounds,
            intent: bounds,
        }
    }

    fn scene(&self) -> Option<Scene> {
        Some(picture::scene())
    }

    fn draw(&self, state: &TaxiState) -> Vec<Shape> {
        picture::draw(City::decode(state.number))
    }

    fn is_success(&self, state: &TaxiState) -> Option<bool> {
        let city = City::decode(state.number);
        Some(city.passenger == city.destination)
    }
}

/// The same city with each of the other destinations, in order.
fn others(number: usize) -> [usize; N_STANDS - 1] {
    let city = City::decode(number);
    std::array::from_fn(|other| {
        let destination = other + usize::from(other >= city.destination);
        City {
            destination,
            ..city
        }
        .encode()
    })
}

impl Enumerable for Taxi {
    fn initial_states(&self) -> Vec<(f64, TaxiState)> {
        let undecided = self.settings.fickleness.is_some();
        let start = self.table.start().iter();
        start
            .map(|(probability, number)| {
                let number = *number;
                (*probability, TaxiState { number, undecided })
            })
            .collect()
    }

    fn outcomes(&self, state: &TaxiState, action: &usize) -> Vec<Outcome<TaxiState>> {
        let mut outcomes = vec![];
        for outcome in self.table.outcomes(state.number, *action) {
            let decides = Taxi::decides(*state, outcome.next_state);
            let mut push = |probability: f64, number: usize| {
                if probability > 0.0 {
                    outcomes.push(Outcome {
                        probability,
                        next_state: TaxiState {
                            number,
                            undecided: state.undecided && !decides,
                        },
                        step: outcome.step,
                    });
                }
            };
            let fickleness = match self.settings.fickleness {
                Some(fickleness) if decides => fickleness,
                _ => 0.0,
            };
            push(outcome.probability * (1.0 - fickleness), outcome.next_state);
            for other in others(outcome.next_state) {
                push(outcome.probability * fickleness / 3.0, other);
            }
        }
        outcomes
    }

    fn place(&self, state: &TaxiState) -> Option<Place> {
        let city = City::decode(state.number);
        let whereabouts = match STAND_NAMES.get(city.passenger) {
            Some(stand) => format!("passenger at {stand}"),
            None => "passenger aboard".to_owned(),
        };
        let decided = if state.undecided { ", undecided" } else { "" };
        Some(Place {
            layer: format!(
                "{whereabouts}, going to {}{decided}",
                STAND_NAMES[city.destination]
            ),
            column: 2 * city.column,
            row: city.row,
        })
    }

    fn map(&self) -> Option<GridMap> {
        Some(picture::map())
    }

    fn state_label(&self, state: &TaxiState) -> String {
        let city = City::decode(state.number);
        let layer = self.place(state).map(|place| place.layer);
        format!(
            "taxi at row {}, column {}, {}",
            city.row,
            city.column,
            layer.unwrap_or_default()
        )
    }
}
