//! Montezuma's rooms: a key, ladders, a skull and a door, and three rewards for leaving through it.
//!
//! After the first room of Montezuma's Revenge, the textbook case of a reward that is too sparse to be found by chance:
//! the agent has to go right, down a ladder, past a skull, up another ladder, fetch a key, and come back all the way
//! before the door lets it out. Three rewards say so. The *sparse* one pays at the door and is not found. The naive
//! *bonus* also pays for the steps on the way, each time that they are made, and is farmed. The *potential* pays for
//! coming nearer and takes it back for going away again (Ng, Harada and Russell, 1999), and changes nothing but how
//! soon the door is found.
//!
//! # Design
//! Everything is deterministic, so that what is hard is finding the way, and nothing else. The skull cannot be jumped:
//! it is followed and waited for, so its place and direction belong to the state, of which there are some 1,600.
//! The key can be hung back on its hook, which nobody needs: it is what makes a bonus for taking it worth taking again,
//! as in the original, where the key comes back.

mod picture;
mod policy;
mod rooms;

#[cfg(test)]
mod tests;

use mdp::{
    Components, End, Enumerable, Environment, GridMap, Outcome, Place, ReturnBounds, Rng, Scene,
    Shape, Space, StateError, StateVector, Step, wrong_length,
};

pub use policy::RoomsPolicy;

use crate::UnknownName;
use rooms::{
    Cell, DOOR, HOOK, MAP, N_CELLS, START, cell_number, distance_to_go, is_ladder, longest,
    neighbour,
};

/// Columns between which the skull rolls along the lower floor.
const SKULL_RANGE: (usize, usize) = (2, 12);
/// The row of the lower floor.
const SKULL_ROW: usize = 6;
/// Steps after which the skull is back where it was, going the same way.
const N_PHASES: usize = 2 * (SKULL_RANGE.1 - SKULL_RANGE.0);
/// One for each cell, one for the key, one for each place and direction of the skull.
const N_FEATURES: usize = N_CELLS + 1 + N_PHASES;
/// Left, right, up, down; then taking the key or hanging it back.
const N_ACTIONS: usize = 5;
const HAND: usize = 4;

/// What the naive bonus pays for taking the key off its hook, and for each rung of a ladder that is reached.
const KEY_BONUS: f64 = 0.5;
const RUNG_BONUS: f64 = 0.1;

/// What is rewarded.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum RoomsReward {
    /// 1 for leaving through the door, and nothing else: what is meant.
    #[default]
    Sparse,
    /// The same, and a bonus each time the key is taken off its hook or a rung of a ladder is reached.
    Bonus,
    /// The same, and the discounted gain in a potential that grows as the way to the door gets shorter.
    Potential {
        /// The discount γ of the shaping `γ Φ(s') - Φ(s)`: it must be the one of whoever optimises the reward.
        discount: f64,
    },
}

impl RoomsReward {
    /// The names by which experiments choose a reward, the default first.
    pub const NAMES: [&str; 3] = ["sparse", "bonus", "potential"];

    /// The reward of a name, with the discount that the potential asks for.
    ///
    /// # Errors
    /// If there is no reward of that name.
    pub fn named(name: &str, discount: f64) -> Result<RoomsReward, UnknownName> {
        match name {
            "sparse" => Ok(RoomsReward::Sparse),
            "bonus" => Ok(RoomsReward::Bonus),
            "potential" => Ok(RoomsReward::Potential { discount }),
            _ => Err(UnknownName {
                setting: "reward",
                name: name.to_owned(),
                known: RoomsReward::NAMES.join(", "),
            }),
        }
    }
}

/// Two floors of rooms, a ledge with a key on a hook, a skull that rolls along the lower floor, and a locked door.
///
/// The agent starts in the middle of the upper floor. An action is a step to the left, to the right, up or down a
/// ladder, or a grasp: at the hook it takes the key, or hangs it back if it is carried. Where a step is blocked, and
/// where there is nothing to grasp, the agent stays. The door opens to whoever carries the key. In each step the skull
/// rolls on by one column, back and forth; meeting it, or passing through it, ends the episode.
///
/// An observation is 61 features of 0 and 1: the cell, whether the key is carried, the skull's place and
/// direction. [`mdp::tabulate`] numbers the states for tabular methods.
///
/// The intent is 1 for leaving through the door. The reward has the components `door`, which is the same, and
/// `shaping`, which is what the chosen reward adds.
#[derive(Clone, Copy, Debug, Default)]
pub struct MontezumaRooms {
    /// What is rewarded.
    pub reward: RoomsReward,
}

/// The rooms as they stand between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomsState {
    /// Column of the agent, from the left.
    pub column: usize,
    /// Row of the agent, from the top.
    pub row: usize,
    /// Whether the key is carried.
    pub has_key: bool,
    /// Steps since the skull was at the left end of its way, under 20.
    pub phase: usize,
    /// Whether the skull was met: the episode is over.
    pub dead: bool,
}

impl RoomsState {
    fn cell(&self) -> Cell {
        (self.column, self.row)
    }

    /// The column in which the skull is.
    #[must_use]
    pub fn skull_column(&self) -> usize {
        skull_column(self.phase)
    }

    /// Whether the skull rolls to the right next.
    #[must_use]
    pub fn skull_goes_right(&self) -> bool {
        self.phase < N_PHASES / 2
    }
}

fn skull_column(phase: usize) -> usize {
    SKULL_RANGE.0 + phase.min(N_PHASES - phase)
}

impl StateVector for RoomsState {
    fn write(&self, out: &mut Vec<f64>) {
        let flag = |flag: bool| f64::from(u8::from(flag));
        out.extend([
            self.column as f64,
            self.row as f64,
            flag(self.has_key),
            self.phase as f64,
            flag(self.dead),
        ]);
    }

    fn read(values: &[f64]) -> Result<RoomsState, StateError> {
        let &[column, row, has_key, phase, dead] = values else {
            return Err(wrong_length(5, values.len()));
        };
        let whole = |value: f64, limit: usize| {
            let fits = value.fract() == 0.0 && (0.0..limit as f64).contains(&value);
            fits.then_some(value as usize)
        };
        let state = || {
            let cell = (whole(column, MAP[0].len())?, whole(row, MAP.len())?);
            cell_number(cell)?;
            Some(RoomsState {
                column: cell.0,
                row: cell.1,
                has_key: whole(has_key, 2)? == 1,
                phase: whole(phase, N_PHASES)?,
                dead: whole(dead, 2)? == 1,
            })
        };
        state().ok_or_else(|| StateError(format!("{values:?} is no state of the rooms")))
    }
}

impl MontezumaRooms {
    /// Steps after which an episode is usually truncated: three times what leaving takes.
    pub const TIME_LIMIT: u32 = 200;

    /// How far the episode has come, from 0 where the way to the door is longest to 1 at the door: the potential Φ of
    /// the shaping, 0 where the episode is over.
    ///
    /// # Panics
    /// If the state lies in a wall.
    #[must_use]
    pub fn potential(&self, state: &RoomsState) -> f64 {
        if state.dead || state.cell() == DOOR {
            return 0.0;
        }
        let to_go = distance_to_go(state.cell(), state.has_key);
        1.0 - to_go as f64 / longest() as f64
    }

    /// The state after an action, and what it pays.
    fn transition(&self, state: &RoomsState, action: usize) -> (RoomsState, Step) {
        let mut next = RoomsState {
            phase: (state.phase + 1) % N_PHASES,
            ..*state
        };
        let at_hook = state.cell() == HOOK;
        if action == HAND {
            next.has_key = state.has_key != at_hook;
        } else if let Some((column, row)) = neighbour(state.cell(), action, state.has_key) {
            (next.column, next.row) = (column, row);
        }
        next.dead = meets_skull(state, &next);
        let left = next.cell() == DOOR;
        let door = f64::from(u8::from(left));
        let shaping = match self.reward {
            RoomsReward::Sparse => 0.0,
            RoomsReward::Bonus => bonus(state, &next),
            RoomsReward::Potential { discount } => {
                discount * self.potential(&next) - self.potential(state)
            }
        };
        let step = Step {
            reward: door + shaping,
            components: Components::new([door, shaping]),
            intent: Some(door),
            end: (left || next.dead).then_some(End::Terminated),
        };
        (next, step)
    }
}

/// Whether agent and skull are in one cell after a step, or passed through each other in it.
fn meets_skull(state: &RoomsState, next: &RoomsState) -> bool {
    let (skull, next_skull) = (state.skull_column(), next.skull_column());
    let met = next.cell() == (next_skull, SKULL_ROW);
    let swapped = next.cell() == (skull, SKULL_ROW) && state.cell() == (next_skull, SKULL_ROW);
    met || swapped
}

/// Pays whenever, which is the mistake: whoever climbs up and down, or hangs the key back, is paid again.
fn bonus(state: &RoomsState, next: &RoomsState) -> f64 {
    let rung = next.cell() != state.cell() && is_ladder(next.cell());
    let key = next.has_key && !state.has_key;
    f64::from(u8::from(rung)) * RUNG_BONUS + f64::from(u8::from(key)) * KEY_BONUS
}

impl Environment for MontezumaRooms {
    type State = RoomsState;
    type Observation = [f32; N_FEATURES];
    type Action = usize;

    /// The skull begins anywhere on its way, so that no fixed list of actions leads out.
    fn initial_state(&self, rng: &mut Rng) -> RoomsState {
        beginning(mdp::index(N_PHASES, rng))
    }

    fn observe(&self, state: &RoomsState, _rng: &mut Rng) -> [f32; N_FEATURES] {
        let mut features = [0.0; N_FEATURES];
        if let Some(cell) = cell_number(state.cell()) {
            features[cell] = 1.0;
        }
        features[N_CELLS] = f32::from(u8::from(state.has_key));
        features[N_CELLS + 1 + state.phase] = 1.0;
        features
    }

    fn step(&self, state: &mut RoomsState, action: &usize, _rng: &mut Rng) -> Step {
        let (next, step) = self.transition(state, *action);
        *state = next;
        step
    }

    fn observation_space(&self) -> Space {
        Space::continuous(0.0, 1.0, N_FEATURES)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: N_ACTIONS }
    }

    fn component_names(&self) -> &'static [&'static str] {
        &["door", "shaping"]
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["left", "right", "up", "down", "grasp"]
    }

    fn state_names(&self) -> Vec<String> {
        ["column", "row", "has_key", "phase", "dead"]
            .map(str::to_owned)
            .to_vec()
    }

    /// The sum of a shaping of at most n steps is `γ Φ(s_n) - Φ(s_0) - (1 - γ) Σ Φ(s_t)`, t from 1 to n - 1.
    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        let n = f64::from(n_steps);
        let reward = match self.reward {
            RoomsReward::Sparse => (0.0, 1.0),
            RoomsReward::Bonus => (0.0, 1.0 + KEY_BONUS.max(RUNG_BONUS) * n),
            RoomsReward::Potential { discount } => {
                let first = self.potential(&beginning(0));
                let kept = (1.0 - discount) * (n - 1.0).max(0.0);
                (-first - kept, 1.0 + discount - first)
            }
        };
        ReturnBounds {
            reward: Some(reward),
            intent: Some((0.0, 1.0)),
        }
    }

    fn scene(&self) -> Option<Scene> {
        Some(picture::scene())
    }

    fn draw(&self, state: &RoomsState) -> Vec<Shape> {
        picture::draw(state)
    }

    fn is_success(&self, state: &RoomsState) -> Option<bool> {
        Some(state.cell() == DOOR)
    }
}

fn beginning(phase: usize) -> RoomsState {
    RoomsState {
        column: START.0,
        row: START.1,
        has_key: false,
        phase,
        dead: false,
    }
}

impl Enumerable for MontezumaRooms {
    fn initial_states(&self) -> Vec<(f64, RoomsState)> {
        let each = 1.0 / N_PHASES as f64;
        (0..N_PHASES)
            .map(|phase| (each, beginning(phase)))
            .collect()
    }

    fn outcomes(&self, state: &RoomsState, action: &usize) -> Vec<Outcome<RoomsState>> {
        let (next_state, step) = self.transition(state, *action);
        vec![Outcome {
            probability: 1.0,
            next_state,
            step,
        }]
    }

    /// Two maps, without the key and with it: a cell stands for all places of the skull.
    fn place(&self, state: &RoomsState) -> Option<Place> {
        let key = if state.has_key { "with" } else { "without" };
        Some(Place {
            layer: format!("{key} the key"),
            column: state.column,
            row: state.row,
        })
    }

    fn map(&self) -> Option<GridMap> {
        let legend = [
            ('D', "door"),
            ('S', "start"),
            ('H', "ladder"),
            ('K', "hook with the key"),
            ('+', "archway between rooms"),
        ];
        Some(GridMap {
            rows: MAP.iter().map(|row| (*row).to_owned()).collect(),
            legend: legend.map(|(cell, what)| (cell, what.to_owned())).to_vec(),
        })
    }

    fn state_label(&self, state: &RoomsState) -> String {
        let key = if state.has_key { "with" } else { "without" };
        let dead = if state.dead { ", dead" } else { "" };
        format!(
            "row {}, column {}, {key} the key, skull {}{dead}",
            state.row,
            state.column,
            words_of_skull(state)
        )
    }
}

fn words_of_skull(state: &RoomsState) -> String {
    let way = if state.skull_goes_right() {
        "right"
    } else {
        "left"
    };
    format!("at column {} going {way}", state.skull_column())
}
