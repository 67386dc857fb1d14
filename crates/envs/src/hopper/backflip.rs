//! A judge of backflips who sees where the robot is, a few times a second, and nothing else.

use std::f64::consts::PI;

use super::{FOOT, J, LINKS, TOUCH, UPRIGHT_ANGLE, UPRIGHT_HEIGHT};
use crate::physics::{Coordinates, frames, wrap};

/// Steps between the frames that the judge sees: 15 frames a second.
const STEPS_A_FRAME: usize = 4;

/// Turns that lying on the ground in every frame costs.
const FALL_COST: f64 = 1.0;

/// Turns that standing upright in the last frame is worth.
const UPRIGHT_WORTH: f64 = 0.25;

/// How good a clip of a [`Hopper`](super::Hopper) looks as a backflip, in turns.
///
/// `states` are the numbers of the states of the clip, in order, `n_state_values` each. The judge reads the positions
/// alone (the first six numbers of a state: place and angle of the torso, angles of the joints), in every fourth state
/// and the last, as somebody would who watches a clip at 15 frames a second; no velocity, no reward, and nothing of what
/// was counted. The score is the net rotation backwards over the clip, made up of turns between frames of less than half
/// a circle each way; less the share of frames in which anything but the foot touches the ground; and a quarter more
/// where the robot is upright in the last frame.
///
/// # Panics
/// If a state has fewer than six numbers.
#[must_use]
pub fn backflip_score(states: &[f64], n_state_values: usize) -> f64 {
    assert!(6 <= n_state_values, "a state of the hopper has positions");
    let n_states = states.len() / n_state_values;
    if n_states == 0 {
        return 0.0;
    }
    let mut rotation = 0.0;
    let mut n_frames = 0;
    let mut n_fallen = 0;
    let mut previous: Option<f64> = None;
    let mut is_upright = false;
    let last = n_states - 1;
    let seen = (0..last).step_by(STEPS_A_FRAME).chain([last]);
    for state in seen.map(|number| &states[number * n_state_values..]) {
        let at = positions(state);
        let links = frames(&LINKS, &at);
        let angle = wrap(at.root[2]);
        rotation += previous.map_or(0.0, |previous| wrap(angle - previous));
        previous = Some(angle);
        n_frames += 1;
        let is_fallen = (0..FOOT).any(|link| links.clearance(link) <= TOUCH);
        n_fallen += usize::from(is_fallen);
        is_upright = !is_fallen && at.root[1] >= UPRIGHT_HEIGHT && angle.abs() <= UPRIGHT_ANGLE;
    }
    rotation / (2.0 * PI) - FALL_COST * n_fallen as f64 / n_frames as f64
        + UPRIGHT_WORTH * f64::from(u8::from(is_upright))
}

fn positions(state: &[f64]) -> Coordinates<J> {
    Coordinates {
        root: [state[0], state[1], state[2]],
        joints: [state[3], state[4], state[5]],
        root_velocity: [0.0; 3],
        joint_velocities: [0.0; J],
    }
}
