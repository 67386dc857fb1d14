//! Pendulum-v1: swing a pendulum up and hold it there.

use std::f64::consts::PI;
use std::str::FromStr;

use mdp::{
    Components, Environment, Ink, ReturnBounds, Rng, Scene, Shape, Space, Step, TimeLimit,
    bounds_per_step, uniform_in,
};

use super::clockwise;
use crate::UnknownName;

const MAX_SPEED: f64 = 8.0;
const MAX_TORQUE: f32 = 2.0;
const SECONDS_PER_STEP: f64 = 0.05;
const GRAVITY: f64 = 10.0;

/// What a [`Pendulum`] is paid for. Its intent is always Gymnasium's own reward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PendulumReward {
    /// Gymnasium's own: the square of the angle from upright, a tenth of the angular velocity's square and a thousandth
    /// of the torque's, all negative.
    #[default]
    Own,
    /// The angular velocity, whichever way.
    Speed,
}

impl PendulumReward {
    /// Every reward, the default first.
    pub const ALL: [PendulumReward; 2] = [PendulumReward::Own, PendulumReward::Speed];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            PendulumReward::Own => "own",
            PendulumReward::Speed => "speed",
        }
    }
}

impl FromStr for PendulumReward {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<PendulumReward, UnknownName> {
        UnknownName::find("reward", name, &PendulumReward::ALL, PendulumReward::name)
    }
}

/// A rod on a motor of at most 2 N m, too weak to lift it at once; torques beyond are clamped.
///
/// State: angle from upright in radians, not wrapped, and angular velocity of at most 8 a second. Observation: cosine
/// and sine of the angle, angular velocity. Never terminates. Components of Gymnasium's own reward are `angle`,
/// `speed` and `torque`.
///
/// Source: Gymnasium's `pendulum.py`, with g = 10.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pendulum {
    /// What it is paid for.
    pub reward: PendulumReward,
}

impl Pendulum {
    /// Steps after which Gymnasium truncates an episode.
    pub const TIME_LIMIT: u32 = 200;

    /// The environment under the time limit that Gymnasium registers.
    #[must_use]
    pub fn with_time_limit(self) -> TimeLimit<Pendulum> {
        TimeLimit::new(self, Pendulum::TIME_LIMIT)
    }
}

/// Brings an angle into `[-π, π)`.
#[inline]
fn wrap(angle: f64) -> f64 {
    (angle + PI).rem_euclid(2.0 * PI) - PI
}

/// What Gymnasium charges for a torque, in 32 bits as there.
#[inline]
fn torque_cost(torque: f32) -> f64 {
    f64::from(0.001_f32 * (torque * torque))
}

impl Environment for Pendulum {
    type State = [f64; 2];
    type Observation = [f32; 3];
    type Action = [f32; 1];

    #[inline]
    fn initial_state(&self, rng: &mut Rng) -> [f64; 2] {
        [uniform_in(-PI, PI, rng), uniform_in(-1.0, 1.0, rng)]
    }

    #[inline]
    fn observe(&self, state: &[f64; 2], _rng: &mut Rng) -> [f32; 3] {
        let [angle, velocity] = *state;
        let (sin, cos) = angle.sin_cos();
        [cos as f32, sin as f32, velocity as f32]
    }

    #[inline]
    fn step(&self, state: &mut [f64; 2], action: &[f32; 1], _rng: &mut Rng) -> Step {
        let [angle, velocity] = *state;
        let torque = action[0].clamp(-MAX_TORQUE, MAX_TORQUE);
        let own = [
            -wrap(angle).powi(2),
            -0.1 * (velocity * velocity),
            -torque_cost(torque),
        ];
        let push = 3.0 * GRAVITY / 2.0 * angle.sin() + f64::from(3.0 * torque);
        let velocity = (velocity + push * SECONDS_PER_STEP).clamp(-MAX_SPEED, MAX_SPEED);
        *state = [angle + velocity * SECONDS_PER_STEP, velocity];
        let intent = own[0] + own[1] + own[2];
        let (reward, components) = match self.reward {
            PendulumReward::Own => (intent, Components::new(own)),
            PendulumReward::Speed => (velocity.abs(), Components::NONE),
        };
        Step {
            reward,
            components,
            intent: Some(intent),
            end: None,
        }
    }

    fn observation_space(&self) -> Space {
        let high = [1.0, 1.0, MAX_SPEED as f32];
        Space::bounded(&high.map(|bound| -bound), &high)
    }

    fn action_space(&self) -> Space {
        Space::continuous(-MAX_TORQUE, MAX_TORQUE, 1)
    }

    fn component_names(&self) -> &'static [&'static str] {
        match self.reward {
            PendulumReward::Own => &["angle", "speed", "torque"],
            PendulumReward::Speed => &[],
        }
    }

    fn state_names(&self) -> Vec<String> {
        ["angle", "angular_velocity"].map(str::to_owned).to_vec()
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        let worst = -(PI * PI + 0.1 * MAX_SPEED * MAX_SPEED + torque_cost(MAX_TORQUE));
        let own = worst..=0.0;
        let reward = match self.reward {
            PendulumReward::Own => own.clone(),
            PendulumReward::Speed => 0.0..=MAX_SPEED,
        };
        bounds_per_step(reward, own, n_steps)
    }

    fn scene(&self) -> Option<Scene> {
        let n_corners = 96;
        let circle = (0..=n_corners)
            .map(|corner| 2.0 * PI * f64::from(corner) / f64::from(n_corners))
            .map(|angle| clockwise([0.0, 0.0], angle, 1.0))
            .collect();
        Some(Scene {
            low: [-1.3, -1.3],
            high: [1.3, 1.3],
            background: vec![
                Shape::Line {
                    points: circle,
                    width: 0.012,
                    ink: Ink::Path,
                },
                Shape::Circle {
                    center: [0.0, 1.0],
                    radius: 0.12,
                    ink: Ink::Goal,
                },
            ],
        })
    }

    fn draw(&self, state: &[f64; 2]) -> Vec<Shape> {
        // Gymnasium draws positive angles anticlockwise.
        let tip = clockwise([0.0, 0.0], -state[0], 1.0);
        vec![
            Shape::Line {
                points: vec![[0.0, 0.0], tip],
                width: 0.1,
                ink: Ink::Muted,
            },
            Shape::Circle {
                center: tip,
                radius: 0.09,
                ink: Ink::Agent,
            },
            Shape::Circle {
                center: [0.0, 0.0],
                radius: 0.06,
                ink: Ink::Wall,
            },
        ]
    }
}
