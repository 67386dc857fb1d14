//! Six screens after Montezuma's Revenge: ladders, a rope, pits, skulls, a key, a door, and a treasure behind it all.
//!
//! Where [`MontezumaRooms`](crate::MontezumaRooms) is small enough to be solved exactly, this one asks for what made the
//! game hard: some two hundred steps in the right order before anything is paid, most of them where a wrong one kills,
//! skulls that must be jumped in time, and actions that stick. Random play does not find the first reward; a recorded
//! game says the way, and played back blindly it fails, because the skulls begin elsewhere and actions stick elsewhere.
//!
//! # Design
//! The body moves by whole cells, so a state is a handful of counts that are saved and restored exactly. A step takes as
//! long for a skull as half a cell: it can be caught up with, fled and jumped, and a jump begun at a wrong moment lands
//! on it. Skulls have periods of 12, 16 or 20 steps and begin at random phases, so a list of actions that was right
//! once is not right again.

mod features;
mod picture;
mod policy;
mod state;
#[cfg(test)]
mod tests;
mod world;

use mdp::{Components, End, Environment, ReturnBounds, Rng, Scene, Shape, Space, Step, uniform};

use features::N_FEATURES;
use state::{Gains, Move, N_ACTIONS};
use world::{N_SKULLS, SKULLS};

pub use policy::ScreensPolicy;
pub use state::{Motion, ScreensState};

/// What is paid for the key, the door, each jewel and the treasure.
const KEY_PAYS: f64 = 1.0;
const DOOR_PAYS: f64 = 3.0;
const JEWEL_PAYS: f64 = 2.0;
const TREASURE_PAYS: f64 = 10.0;
const N_JEWELS: f64 = (world::ITEMS.len() - 1) as f64;

/// Every skull can be met.
const ALL_SKULLS: [usize; N_SKULLS] = [0, 1, 2, 3, 4];

/// Six screens, three wide and two high, with a key at one end and a treasure at the other.
///
/// The agent begins in the upper middle, goes down a ladder, over a skull, by a rope across a pit, up a ladder, over
/// another skull and another pit to the key, all the way back to a door that the key opens, and from there to the
/// treasure, which ends the episode. Two jewels lie beside the way.
///
/// An action is to wait, a step to the left or to the right, up or down a ladder or a rope, or a jump to the left or to the
/// right: four cells forward and one up on the way, past anything on the ground; what is done in the air has no effect. A
/// rope is caught in flight. With the probability `stickiness` the action carried out is the one before. Meeting a
/// skull, falling more than one row, and falling out of the screens end the episode.
///
/// An observation is one screen: features between 0 and 1 for where the agent is in it, what its body does, what was
/// carried out last, what was taken, and where the screen's skull rolls.
///
/// The reward is paid in points with the components `key` (1), `door` (3), `jewel` (2 each) and `treasure` (10). The
/// intent is 1 for reaching the treasure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MontezumaScreens {
    /// Probability that the last action is carried out again instead of the one chosen.
    pub stickiness: f64,
}

impl Default for MontezumaScreens {
    /// A tenth of the actions stick.
    fn default() -> MontezumaScreens {
        MontezumaScreens { stickiness: 0.1 }
    }
}

impl MontezumaScreens {
    /// Steps after which an episode is usually truncated: some three times what the treasure takes.
    pub const TIME_LIMIT: u32 = 800;
}

fn pay(gains: Gains, has_treasure: bool) -> Step {
    let components = [
        f64::from(gains.keys) * KEY_PAYS,
        f64::from(gains.doors) * DOOR_PAYS,
        f64::from(gains.jewels) * JEWEL_PAYS,
        f64::from(u8::from(has_treasure)) * TREASURE_PAYS,
    ];
    Step {
        reward: components.iter().sum(),
        components: Components::new(components),
        intent: Some(f64::from(u8::from(has_treasure))),
        end: None,
    }
}

impl Environment for MontezumaScreens {
    type State = ScreensState;
    type Observation = [f32; N_FEATURES];
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> ScreensState {
        ScreensState::beginning(SKULLS.map(|skull| mdp::index(skull.period(), rng)))
    }

    fn observe(&self, state: &ScreensState, _rng: &mut Rng) -> [f32; N_FEATURES] {
        features::features(state)
    }

    fn step(&self, state: &mut ScreensState, action: &usize, rng: &mut Rng) -> Step {
        let sticks = uniform(rng) < self.stickiness;
        let action = if sticks { state.last_action } else { *action };
        let gains = state.advance(Move::ALL[action], &ALL_SKULLS);
        let has_treasure = state.has_treasure() && !state.dead;
        Step {
            end: state.is_over().then_some(End::Terminated),
            ..pay(gains, has_treasure)
        }
    }

    fn observation_space(&self) -> Space {
        Space::continuous(0.0, 1.0, N_FEATURES)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: N_ACTIONS }
    }

    fn component_names(&self) -> &'static [&'static str] {
        &["key", "door", "jewel", "treasure"]
    }

    fn action_names(&self) -> &'static [&'static str] {
        &[
            "wait",
            "left",
            "right",
            "up",
            "down",
            "jump left",
            "jump right",
        ]
    }

    fn state_names(&self) -> Vec<String> {
        let names = [
            "column",
            "row",
            "motion",
            "last_action",
            "key_taken",
            "first_jewel_taken",
            "second_jewel_taken",
            "door_open",
        ];
        let phases = (0..N_SKULLS).map(|skull| format!("phase_{skull}"));
        let names = names.iter().map(|name| (*name).to_owned());
        names.chain(phases).chain(["dead".to_owned()]).collect()
    }

    fn return_bounds(&self, _n_steps: u32) -> ReturnBounds {
        let most = KEY_PAYS + DOOR_PAYS + N_JEWELS * JEWEL_PAYS + TREASURE_PAYS;
        ReturnBounds {
            reward: Some((0.0, most)),
            intent: Some((0.0, 1.0)),
        }
    }

    fn scene(&self) -> Option<Scene> {
        Some(picture::scene())
    }

    fn draw(&self, state: &ScreensState) -> Vec<Shape> {
        picture::draw(state)
    }

    fn is_success(&self, state: &ScreensState) -> Option<bool> {
        Some(state.has_treasure() && !state.dead)
    }
}
