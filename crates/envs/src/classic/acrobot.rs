//! Acrobot-v1: swing a double pendulum's tip above a line.

use std::f64::consts::{FRAC_PI_2, PI};
use std::str::FromStr;

use mdp::{
    Components, End, Environment, Ink, ReturnBounds, Rng, Scene, Shape, Space, Step, TimeLimit,
    uniform_in,
};

use super::clockwise;
use crate::UnknownName;

const SECONDS_PER_STEP: f64 = 0.2;
const MAX_VELOCITY_1: f64 = 4.0 * PI;
const MAX_VELOCITY_2: f64 = 9.0 * PI;
const MASS: f64 = 1.0;
const LENGTH: f64 = 1.0;
/// Distance of a link's centre of mass from its joint.
const CENTRE: f64 = 0.5;
const INERTIA: f64 = 1.0;
const GRAVITY: f64 = 9.8;
/// Height above the fixed joint that the tip must exceed.
const LINE: f64 = 1.0;
const MIN_HEIGHT: f64 = -2.0 * LENGTH;
const MAX_HEIGHT: f64 = 2.0 * LENGTH;

/// What an [`Acrobot`] is paid for. Its intent is always Gymnasium's own reward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AcrobotReward {
    /// Gymnasium's own: -1 a step, 0 for the step that reaches the line.
    #[default]
    Own,
    /// The tip's height above the line, negative until it is reached: another reward, and one that serves the intent.
    Height,
    /// The tip's height above its lowest point as a share of the most there is: always positive, so that reaching
    /// the line, which ends the episode, costs pay.
    Hover,
}

impl AcrobotReward {
    /// Every reward, the default first.
    pub const ALL: [AcrobotReward; 3] = [
        AcrobotReward::Own,
        AcrobotReward::Height,
        AcrobotReward::Hover,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            AcrobotReward::Own => "own",
            AcrobotReward::Height => "height",
            AcrobotReward::Hover => "hover",
        }
    }

    #[inline]
    fn of(self, height: f64, own: f64) -> f64 {
        match self {
            AcrobotReward::Own => own,
            AcrobotReward::Height => height - LINE,
            AcrobotReward::Hover => (height - MIN_HEIGHT) / (MAX_HEIGHT - MIN_HEIGHT),
        }
    }
}

impl FromStr for AcrobotReward {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<AcrobotReward, UnknownName> {
        UnknownName::find("reward", name, &AcrobotReward::ALL, AcrobotReward::name)
    }
}

/// Two links hanging from a fixed joint, with a motor of -1, 0 or 1 N m (actions 0, 1, 2) at the joint between them.
///
/// State: angle of the first link from straight down, angle of the second from the first, and their velocities.
/// Observation: cosine and sine of each angle, then the velocities. Terminates where the tip is more than one link
/// above the fixed joint.
///
/// Source: Sutton (1996) with the equations of Sutton and Barto's book, as in Gymnasium's `acrobot.py`: one
/// fourth-order Runge-Kutta step of 0.2 s.
#[derive(Clone, Copy, Debug, Default)]
pub struct Acrobot {
    /// What it is paid for.
    pub reward: AcrobotReward,
}

impl Acrobot {
    /// Steps after which Gymnasium truncates an episode.
    pub const TIME_LIMIT: u32 = 500;

    /// The environment under the time limit that Gymnasium registers.
    #[must_use]
    pub fn with_time_limit(self) -> TimeLimit<Acrobot> {
        TimeLimit::new(self, Acrobot::TIME_LIMIT)
    }
}

/// Height of the tip above the fixed joint.
#[inline]
fn tip_height([angle_1, angle_2, ..]: [f64; 4]) -> f64 {
    -angle_1.cos() - (angle_2 + angle_1).cos()
}

/// Time derivative of the state under a torque.
#[inline]
fn derivative([angle_1, angle_2, velocity_1, velocity_2]: [f64; 4], torque: f64) -> [f64; 4] {
    let (sin_2, cos_2) = angle_2.sin_cos();
    let d1 = MASS * (CENTRE * CENTRE)
        + MASS * (LENGTH * LENGTH + CENTRE * CENTRE + 2.0 * LENGTH * CENTRE * cos_2)
        + INERTIA
        + INERTIA;
    let d2 = MASS * (CENTRE * CENTRE + LENGTH * CENTRE * cos_2) + INERTIA;
    let phi2 = MASS * CENTRE * GRAVITY * (angle_1 + angle_2 - FRAC_PI_2).cos();
    let phi1 = -MASS * LENGTH * CENTRE * (velocity_2 * velocity_2) * sin_2
        - 2.0 * MASS * LENGTH * CENTRE * velocity_2 * velocity_1 * sin_2
        + (MASS * CENTRE + MASS * LENGTH) * GRAVITY * (angle_1 - FRAC_PI_2).cos()
        + phi2;
    let acceleration_2 = (torque + d2 / d1 * phi1
        - MASS * LENGTH * CENTRE * (velocity_1 * velocity_1) * sin_2
        - phi2)
        / (MASS * (CENTRE * CENTRE) + INERTIA - d2 * d2 / d1);
    let acceleration_1 = -(d2 * acceleration_2 + phi1) / d1;
    [velocity_1, velocity_2, acceleration_1, acceleration_2]
}

/// One step of the classic fourth-order Runge-Kutta method.
#[inline]
fn runge_kutta(state: [f64; 4], torque: f64) -> [f64; 4] {
    let along = |slope: &[f64; 4], seconds: f64| -> [f64; 4] {
        std::array::from_fn(|i| state[i] + seconds * slope[i])
    };
    let half = SECONDS_PER_STEP / 2.0;
    let k1 = derivative(state, torque);
    let k2 = derivative(along(&k1, half), torque);
    let k3 = derivative(along(&k2, half), torque);
    let k4 = derivative(along(&k3, SECONDS_PER_STEP), torque);
    std::array::from_fn(|i| {
        state[i] + SECONDS_PER_STEP / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
    })
}

/// Brings an angle into `[-π, π]`.
#[inline]
fn wrap(mut angle: f64) -> f64 {
    while angle > PI {
        angle -= 2.0 * PI;
    }
    while angle < -PI {
        angle += 2.0 * PI;
    }
    angle
}

impl Environment for Acrobot {
    type State = [f64; 4];
    type Observation = [f32; 6];
    type Action = usize;

    #[inline]
    fn initial_state(&self, rng: &mut Rng) -> [f64; 4] {
        std::array::from_fn(|_| f64::from(uniform_in(-0.1, 0.1, rng) as f32))
    }

    #[inline]
    fn observe(&self, state: &[f64; 4], _rng: &mut Rng) -> [f32; 6] {
        let [angle_1, angle_2, velocity_1, velocity_2] = *state;
        let ((sin_1, cos_1), (sin_2, cos_2)) = (angle_1.sin_cos(), angle_2.sin_cos());
        [cos_1, sin_1, cos_2, sin_2, velocity_1, velocity_2].map(|number| number as f32)
    }

    #[inline]
    fn step(&self, state: &mut [f64; 4], action: &usize, _rng: &mut Rng) -> Step {
        let torque = *action as f64 - 1.0;
        let [angle_1, angle_2, velocity_1, velocity_2] = runge_kutta(*state, torque);
        *state = [
            wrap(angle_1),
            wrap(angle_2),
            velocity_1.clamp(-MAX_VELOCITY_1, MAX_VELOCITY_1),
            velocity_2.clamp(-MAX_VELOCITY_2, MAX_VELOCITY_2),
        ];
        let height = tip_height(*state);
        let above = height > LINE;
        let own = if above { 0.0 } else { -1.0 };
        Step {
            reward: self.reward.of(height, own),
            components: Components::NONE,
            intent: Some(own),
            end: above.then_some(End::Terminated),
        }
    }

    fn observation_space(&self) -> Space {
        let high = [
            1.0,
            1.0,
            1.0,
            1.0,
            MAX_VELOCITY_1 as f32,
            MAX_VELOCITY_2 as f32,
        ];
        Space::bounded(&high.map(|bound| -bound), &high)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 3 }
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["left", "none", "right"]
    }

    fn state_names(&self) -> Vec<String> {
        ["angle_1", "angle_2", "velocity_1", "velocity_2"]
            .map(str::to_owned)
            .to_vec()
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        // Only the last step can be above the line.
        let n_below = f64::from(n_steps.saturating_sub(1));
        let n = f64::from(n_steps);
        let of = |height, own| self.reward.of(height, own);
        let least = of(MIN_HEIGHT, -1.0);
        let (most_below, most_above) = (of(LINE, -1.0), of(MAX_HEIGHT, 0.0));
        ReturnBounds {
            reward: Some((
                least * if least < 0.0 { n } else { 1.0 },
                most_above + most_below.max(0.0) * n_below,
            )),
            intent: Some((-n, 0.0)),
        }
    }

    fn scene(&self) -> Option<Scene> {
        Some(Scene {
            low: [-2.3, -2.3],
            high: [2.3, 2.3],
            background: vec![Shape::Line {
                points: vec![[-2.3, LINE], [2.3, LINE]],
                width: 0.03,
                ink: Ink::Goal,
            }],
        })
    }

    fn draw(&self, state: &[f64; 4]) -> Vec<Shape> {
        let [angle_1, angle_2, ..] = *state;
        // Angles are counted anticlockwise from straight down.
        let elbow = clockwise([0.0, 0.0], PI - angle_1, LENGTH);
        let tip = clockwise(elbow, PI - angle_1 - angle_2, LENGTH);
        let link = |from, to, ink| Shape::Line {
            points: vec![from, to],
            width: 0.16,
            ink,
        };
        let dot = |center, radius, ink| Shape::Circle {
            center,
            radius,
            ink,
        };
        vec![
            link([0.0, 0.0], elbow, Ink::Muted),
            link(elbow, tip, Ink::Agent),
            dot([0.0, 0.0], 0.1, Ink::Wall),
            dot(elbow, 0.1, Ink::Wall),
            dot(tip, 0.08, Ink::Agent),
        ]
    }

    /// Whether the tip is above the line.
    fn is_success(&self, state: &[f64; 4]) -> Option<bool> {
        Some(tip_height(*state) > LINE)
    }
}
