//! What is seen of a state: one screen, as features between 0 and 1, and what can be read off them again.

use super::state::{N_ACTIONS, N_MOTIONS, ScreensState, motion_number, motion_of};
use super::world::{
    ITEMS, KEY, N_ROWS, N_SCREENS, N_SKULLS, SCREEN, SCREENS, SKULLS, screen, skull_of,
};

/// How far to either side a skull's distance is told.
const SIGHT: usize = 6;
const N_OFFSETS: usize = 2 * SIGHT + 1;

/// The blocks of features, in order. Where the agent is stands in one set of features before the key was taken and in
/// another after it: the same places are passed in both directions.
const SCREEN_AT: usize = 0;
const COLUMN_AT: usize = SCREEN_AT + N_SCREENS;
const ROW_AT: usize = COLUMN_AT + SCREEN.0;
const N_PLACES: usize = ROW_AT + SCREEN.1;
const MOTION_AT: usize = 2 * N_PLACES;
const ACTION_AT: usize = MOTION_AT + N_MOTIONS;
const TAKEN_AT: usize = ACTION_AT + N_ACTIONS;
const OPEN_AT: usize = TAKEN_AT + ITEMS.len();
/// Where the skull is from the agent, while it rolls to the left, then while it rolls to the right.
const SKULL_AT: usize = OPEN_AT + 1;
/// How far the skull has come on its way there and back.
const PHASE_AT: usize = SKULL_AT + 2 * N_OFFSETS;
/// Whether it moves in the next step.
const MOVES_AT: usize = PHASE_AT + 1;

pub(super) const N_FEATURES: usize = MOVES_AT + 1;

pub(super) fn features(state: &ScreensState) -> [f32; N_FEATURES] {
    let mut features = [0.0; N_FEATURES];
    let here = screen(state.cell());
    let places = &mut features[usize::from(state.taken[KEY]) * N_PLACES..];
    places[SCREEN_AT + here] = 1.0;
    places[COLUMN_AT + state.column % SCREEN.0] = 1.0;
    // Fallen out of the screens it is at the lower edge of one.
    places[ROW_AT + state.row.min(N_ROWS - 1) % SCREEN.1] = 1.0;
    features[MOTION_AT + motion_number(state.motion)] = 1.0;
    features[ACTION_AT + state.last_action] = 1.0;
    for (feature, taken) in features[TAKEN_AT..].iter_mut().zip(state.taken) {
        *feature = f32::from(u8::from(taken));
    }
    features[OPEN_AT] = f32::from(u8::from(state.is_open));
    if let Some(skull) = skull_of(here) {
        let (phase, skull) = (state.phases[skull], &SKULLS[skull]);
        let offset = (skull.column(phase) + SIGHT).checked_sub(state.column);
        if let Some(offset) = offset.filter(|offset| *offset < N_OFFSETS) {
            let way = usize::from(skull.goes_right(phase));
            features[SKULL_AT + way * N_OFFSETS + offset] = 1.0;
        }
        features[PHASE_AT] = phase as f32 / skull.period() as f32;
        features[MOVES_AT] = f32::from(u8::from(phase % 2 == 1));
    }
    features
}

/// The state that an observation shows: all but the skulls of other screens, which are said to begin.
pub(super) fn seen(features: &[f32; N_FEATURES]) -> ScreensState {
    let hot = |start: usize, n: usize| {
        let block = &features[start..start + n];
        block.iter().position(|feature| *feature > 0.5).unwrap_or(0)
    };
    let places = usize::from(features[TAKEN_AT + KEY] > 0.5) * N_PLACES;
    let here = hot(places + SCREEN_AT, N_SCREENS);
    let mut phases = [0; N_SKULLS];
    if let Some(skull) = skull_of(here) {
        let period = SKULLS[skull].period();
        phases[skull] = (features[PHASE_AT] * period as f32).round() as usize % period;
    }
    ScreensState {
        column: here % SCREENS.0 * SCREEN.0 + hot(places + COLUMN_AT, SCREEN.0),
        row: here / SCREENS.0 * SCREEN.1 + hot(places + ROW_AT, SCREEN.1),
        motion: motion_of(hot(MOTION_AT, N_MOTIONS)),
        last_action: hot(ACTION_AT, N_ACTIONS),
        taken: std::array::from_fn(|item| features[TAKEN_AT + item] > 0.5),
        is_open: features[OPEN_AT] > 0.5,
        ..ScreensState::beginning(phases)
    }
}
