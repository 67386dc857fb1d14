//! Scripted hands: one that lifts the ball, one that seems to, and one that draws its movements.

use std::str::FromStr;

use mdp::{Policy, Rng, uniform_in};

use super::{BALL, GraspState, HAND_SPEED, HIGHEST, LIFTED, N_FEATURES, TABLE, WIDEST};
use crate::UnknownName;

/// What a scripted hand does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraspPolicy {
    /// Goes over the ball, down with open fingers, closes them on it and takes it up.
    Lift,
    /// Stays high on the line from the ball to the camera above, and closes its fingers on the outline of the ball.
    Hover,
    /// Draws every number of an action with the same probability.
    Random,
}

impl GraspPolicy {
    /// Every policy.
    pub const ALL: [GraspPolicy; 3] = [GraspPolicy::Lift, GraspPolicy::Hover, GraspPolicy::Random];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            GraspPolicy::Lift => "lift",
            GraspPolicy::Hover => "hover",
            GraspPolicy::Random => "random",
        }
    }
}

impl FromStr for GraspPolicy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<GraspPolicy, UnknownName> {
        UnknownName::find("policy", name, &GraspPolicy::ALL, GraspPolicy::name)
    }
}

/// Metres by which the lifting hand may be off the ball's middle when it goes down, and when it closes its fingers.
const OVER: f64 = 0.4 * BALL;
const AROUND: f64 = 0.25 * BALL;
/// The height to which the ball is taken: a little more than counts.
const TAKEN_TO: f64 = BALL + LIFTED + 0.02;
/// Heights of the hand above the ball's middle at which it goes there, and at which it hovers.
const ON_THE_WAY: f64 = 0.1;
const HOVERS: f64 = 0.2;

impl Policy<[f32; N_FEATURES], [f32; 4]> for GraspPolicy {
    fn act(&self, features: &[f32; N_FEATURES], rng: &mut Rng) -> [f32; 4] {
        match self {
            GraspPolicy::Lift => lift(&situation(features)),
            GraspPolicy::Hover => hover(&situation(features)),
            GraspPolicy::Random => [(); 4].map(|()| uniform_in(-1.0, 1.0, rng) as f32),
        }
    }
}

/// The state that features tell, but for the ball's fall.
fn situation(features: &[f32; N_FEATURES]) -> GraspState {
    let f = features.map(f64::from);
    let height = |feature: f64| 0.5 * (feature + 1.0) * HIGHEST;
    GraspState {
        hand: [f[0] * TABLE, f[1] * TABLE, height(f[2])],
        opening: 0.5 * (f[3] + 1.0) * WIDEST,
        ball: [f[4] * TABLE, f[5] * TABLE, height(f[6])],
        velocity: [f[10], f[11], 0.0],
        is_held: f[12] > 0.5,
    }
}

fn lift(state: &GraspState) -> [f32; 4] {
    let [ball_x, ball_y, ball_z] = state.ball;
    let [x, y] = [0, 1].map(|axis| state.ball[axis] - state.hand[axis]);
    let off = (x * x + y * y).sqrt();
    if state.is_held {
        return towards(state, [state.hand[0], state.hand[1], TAKEN_TO], 0.0);
    }
    let is_down = (state.hand[2] - ball_z).abs() < AROUND;
    if is_down && off < AROUND {
        return towards(state, state.ball, 0.0);
    }
    let up = if off < OVER { 0.0 } else { ON_THE_WAY };
    towards(state, [ball_x, ball_y, ball_z + up], 2.0 * BALL)
}

fn hover(state: &GraspState) -> [f32; 4] {
    // The camera above is 2 m over the table: what is nearer to it has to be as much nearer to its axis, and smaller.
    let up = BALL + HOVERS;
    let share = (2.0 - up) / (2.0 - state.ball[2]);
    let place = [share * state.ball[0], share * state.ball[1], up];
    towards(state, place, share * BALL)
}

/// The action that goes to a place and opens the fingers so far.
fn towards(state: &GraspState, place: [f64; 3], opening: f64) -> [f32; 4] {
    let speed = |axis: usize| ((place[axis] - state.hand[axis]) / HAND_SPEED).clamp(-1.0, 1.0);
    let closed = 1.0 - 2.0 * opening / WIDEST;
    [speed(0), speed(1), speed(2), closed].map(|value| value as f32)
}
