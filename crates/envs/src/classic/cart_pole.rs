//! CartPole-v1: balance a pole on a cart.

use std::f64::consts::PI;

use mdp::{
    Components, End, Environment, Ink, ReturnBounds, Rng, Scene, Shape, Space, Step, TimeLimit,
    bounds_per_step, rectangle, uniform_in,
};

use super::clockwise;

const GRAVITY: f64 = 9.8;
const POLE_MASS: f64 = 0.1;
const TOTAL_MASS: f64 = 1.0 + POLE_MASS;
/// Half the length of the pole, in metres.
const LENGTH: f64 = 0.5;
const POLE_MASS_LENGTH: f64 = POLE_MASS * LENGTH;
const FORCE: f64 = 10.0;
const SECONDS_PER_STEP: f64 = 0.02;
const ANGLE_LIMIT: f64 = 12.0 * 2.0 * PI / 360.0;
const POSITION_LIMIT: f64 = 2.4;

/// A pole on a cart that is pushed left (0) or right (1) with 10 N.
///
/// State: position in metres, velocity, angle from the vertical in radians, angular velocity; the observation is
/// the same in 32 bits. Reward and intent are 1 a step. Terminates where the pole leans by more than 12 degrees
/// or the cart leaves the track at 2.4 m.
///
/// Source: Barto, Sutton and Anderson (1983), as in Gymnasium's `cartpole.py` with Euler's method.
///
/// ```
/// use envs::CartPole;
/// use mdp::{Episode, Seed};
///
/// let environment = CartPole.with_time_limit();
/// let mut episode = Episode::new(&environment, Seed(0).stream("episode", 0));
/// let mut n_steps = 0;
/// while episode.end().is_none() {
///     // Push towards the side to which the pole leans.
///     let push_right = episode.observation()[2] > 0.0;
///     episode.step(&usize::from(push_right))?;
///     n_steps += 1;
/// }
/// assert!(n_steps >= 20);
/// # Ok::<(), mdp::EpisodeOver>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CartPole;

impl CartPole {
    /// Steps after which Gymnasium truncates an episode.
    pub const TIME_LIMIT: u32 = 500;

    /// The environment as Gymnasium registers it.
    #[must_use]
    pub fn with_time_limit(self) -> TimeLimit<CartPole> {
        TimeLimit::new(self, CartPole::TIME_LIMIT)
    }
}

fn has_fallen([position, _, angle, _]: [f64; 4]) -> bool {
    position.abs() > POSITION_LIMIT || angle.abs() > ANGLE_LIMIT
}

impl Environment for CartPole {
    type State = [f64; 4];
    type Observation = [f32; 4];
    type Action = usize;

    #[inline]
    fn initial_state(&self, rng: &mut Rng) -> [f64; 4] {
        std::array::from_fn(|_| uniform_in(-0.05, 0.05, rng))
    }

    #[inline]
    fn observe(&self, state: &[f64; 4], _rng: &mut Rng) -> [f32; 4] {
        state.map(|number| number as f32)
    }

    #[inline]
    fn step(&self, state: &mut [f64; 4], action: &usize, _rng: &mut Rng) -> Step {
        let [position, velocity, angle, angular_velocity] = *state;
        let force = if *action == 1 { FORCE } else { -FORCE };
        let (sin, cos) = angle.sin_cos();
        let push =
            (force + POLE_MASS_LENGTH * (angular_velocity * angular_velocity) * sin) / TOTAL_MASS;
        let angular_acceleration = (GRAVITY * sin - cos * push)
            / (LENGTH * (4.0 / 3.0 - POLE_MASS * (cos * cos) / TOTAL_MASS));
        let acceleration = push - POLE_MASS_LENGTH * angular_acceleration * cos / TOTAL_MASS;
        *state = [
            position + SECONDS_PER_STEP * velocity,
            velocity + SECONDS_PER_STEP * acceleration,
            angle + SECONDS_PER_STEP * angular_velocity,
            angular_velocity + SECONDS_PER_STEP * angular_acceleration,
        ];
        Step {
            reward: 1.0,
            components: Components::NONE,
            intent: Some(1.0),
            end: has_fallen(*state).then_some(End::Terminated),
        }
    }

    fn observation_space(&self) -> Space {
        let high = [
            (2.0 * POSITION_LIMIT) as f32,
            f32::INFINITY,
            (2.0 * ANGLE_LIMIT) as f32,
            f32::INFINITY,
        ];
        Space::bounded(&high.map(|bound| -bound), &high)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 2 }
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["left", "right"]
    }

    fn state_names(&self) -> Vec<String> {
        ["position", "velocity", "angle", "angular_velocity"]
            .map(str::to_owned)
            .to_vec()
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_per_step(1.0..=1.0, 1.0..=1.0, n_steps)
    }

    fn scene(&self) -> Option<Scene> {
        let stop = |x: f64| rectangle([x - 0.03, -0.12], [x + 0.03, 0.12], Ink::Bad);
        Some(Scene {
            low: [-2.8, -0.5],
            high: [2.8, 1.5],
            background: vec![
                rectangle([-2.8, -0.5], [2.8, -0.12], Ink::Ground),
                Shape::Line {
                    points: vec![[-POSITION_LIMIT, 0.0], [POSITION_LIMIT, 0.0]],
                    width: 0.02,
                    ink: Ink::Path,
                },
                stop(-POSITION_LIMIT),
                stop(POSITION_LIMIT),
            ],
        })
    }

    fn draw(&self, state: &[f64; 4]) -> Vec<Shape> {
        let [position, _, angle, _] = *state;
        let hinge = [position, 0.08];
        vec![
            rectangle([position - 0.25, -0.1], [position + 0.25, 0.1], Ink::Wall),
            Shape::Line {
                points: vec![hinge, clockwise(hinge, angle, 2.0 * LENGTH)],
                width: 0.09,
                ink: Ink::Agent,
            },
            Shape::Circle {
                center: hinge,
                radius: 0.05,
                ink: Ink::Muted,
            },
        ]
    }

    /// Whether the pole still stands.
    fn is_success(&self, state: &[f64; 4]) -> Option<bool> {
        Some(!has_fallen(*state))
    }
}
