//! MountainCar-v0 and MountainCarContinuous-v0: a car too weak for its hill must swing up.

use mdp::{
    Components, End, Environment, Ink, ReturnBounds, Rng, Scene, Shape, Space, Step, TimeLimit,
    bounds_per_step, uniform_in,
};

const MIN_POSITION: f64 = -1.2;
const MAX_POSITION: f64 = 0.6;
const MAX_SPEED: f64 = 0.07;
const GRAVITY: f64 = 0.0025;

/// A car in a valley that is driven left (0), not at all (1) or right (2).
///
/// State: position, velocity; the observation is the same in 32 bits. Reward and intent are -1 a step.
/// Terminates at the flag, position 0.5.
///
/// Source: Moore (1990), as in Gymnasium's `mountain_car.py`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MountainCar;

impl MountainCar {
    /// Steps after which Gymnasium truncates an episode.
    pub const TIME_LIMIT: u32 = 200;

    const FORCE: f64 = 0.001;
    const FLAG: f64 = 0.5;

    /// The environment as Gymnasium registers it.
    #[must_use]
    pub fn with_time_limit(self) -> TimeLimit<MountainCar> {
        TimeLimit::new(self, MountainCar::TIME_LIMIT)
    }

    fn is_at_flag([position, velocity]: [f64; 2]) -> bool {
        position >= MountainCar::FLAG && velocity >= 0.0
    }
}

impl Environment for MountainCar {
    type State = [f64; 2];
    type Observation = [f32; 2];
    type Action = usize;

    #[inline]
    fn initial_state(&self, rng: &mut Rng) -> [f64; 2] {
        [uniform_in(-0.6, -0.4, rng), 0.0]
    }

    #[inline]
    fn observe(&self, state: &[f64; 2], _rng: &mut Rng) -> [f32; 2] {
        state.map(|number| number as f32)
    }

    #[inline]
    fn step(&self, state: &mut [f64; 2], action: &usize, _rng: &mut Rng) -> Step {
        let [position, velocity] = *state;
        let drive = (*action as f64 - 1.0) * MountainCar::FORCE;
        let velocity = velocity + (drive + (3.0 * position).cos() * -GRAVITY);
        let velocity = velocity.clamp(-MAX_SPEED, MAX_SPEED);
        let position = (position + velocity).clamp(MIN_POSITION, MAX_POSITION);
        let stopped = position == MIN_POSITION && velocity < 0.0;
        *state = [position, if stopped { 0.0 } else { velocity }];
        Step {
            reward: -1.0,
            components: Components::NONE,
            intent: Some(-1.0),
            end: MountainCar::is_at_flag(*state).then_some(End::Terminated),
        }
    }

    fn observation_space(&self) -> Space {
        observation_space()
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 3 }
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["left", "none", "right"]
    }

    fn state_names(&self) -> Vec<String> {
        state_names()
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_per_step(-1.0..=-1.0, -1.0..=-1.0, n_steps)
    }

    fn scene(&self) -> Option<Scene> {
        Some(valley(MountainCar::FLAG))
    }

    fn draw(&self, state: &[f64; 2]) -> Vec<Shape> {
        draw_car(state[0])
    }

    /// Whether the car is at the flag.
    fn is_success(&self, state: &[f64; 2]) -> Option<bool> {
        Some(MountainCar::is_at_flag(*state))
    }
}

/// The car with a force that is chosen freely between -1 and 1; forces beyond are clamped, though not what they cost.
///
/// State: position, velocity, both rounded to 32 bits after each step, as in Gymnasium; the observation is the same.
/// Reward and intent are 100 for reaching the flag, position 0.45, which terminates, less a tenth of the force squared
/// at every step (components `flag` and `force`). Return bounds hold for forces of the action space.
///
/// Source: Gymnasium's `continuous_mountain_car.py`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MountainCarContinuous;

impl MountainCarContinuous {
    /// Steps after which Gymnasium truncates an episode.
    pub const TIME_LIMIT: u32 = 999;

    const POWER: f32 = 0.0015;
    // What is compared with a 32-bit state is rounded to 32 bits itself.
    const FLAG: f64 = 0.45_f32 as f64;
    const MIN_POSITION: f64 = MIN_POSITION as f32 as f64;
    const MAX_POSITION: f64 = MAX_POSITION as f32 as f64;
    const MAX_SPEED: f64 = MAX_SPEED as f32 as f64;

    /// The environment as Gymnasium registers it.
    #[must_use]
    pub fn with_time_limit(self) -> TimeLimit<MountainCarContinuous> {
        TimeLimit::new(self, MountainCarContinuous::TIME_LIMIT)
    }

    fn is_at_flag([position, velocity]: [f64; 2]) -> bool {
        position >= MountainCarContinuous::FLAG && velocity >= 0.0
    }
}

/// Rounds to the nearest 32-bit float.
#[inline]
fn round(number: f64) -> f64 {
    f64::from(number as f32)
}

impl Environment for MountainCarContinuous {
    type State = [f64; 2];
    type Observation = [f32; 2];
    type Action = [f32; 1];

    #[inline]
    fn initial_state(&self, rng: &mut Rng) -> [f64; 2] {
        [uniform_in(-0.6, -0.4, rng), 0.0]
    }

    #[inline]
    fn observe(&self, state: &[f64; 2], _rng: &mut Rng) -> [f32; 2] {
        state.map(|number| number as f32)
    }

    #[inline]
    fn step(&self, state: &mut [f64; 2], action: &[f32; 1], _rng: &mut Rng) -> Step {
        let [position, velocity] = *state;
        let drive = action[0].clamp(-1.0, 1.0) * MountainCarContinuous::POWER;
        let pull = GRAVITY * (3.0 * position).cos();
        let velocity = round(velocity + f64::from(drive - pull as f32));
        let velocity = velocity.clamp(
            -MountainCarContinuous::MAX_SPEED,
            MountainCarContinuous::MAX_SPEED,
        );
        let position = round(position + velocity).clamp(
            MountainCarContinuous::MIN_POSITION,
            MountainCarContinuous::MAX_POSITION,
        );
        let stopped = position == MountainCarContinuous::MIN_POSITION && velocity < 0.0;
        *state = [position, if stopped { 0.0 } else { velocity }];
        let arrived = MountainCarContinuous::is_at_flag(*state);
        let flag = if arrived { 100.0 } else { 0.0 };
        let force = f64::from(action[0]).powi(2) * -0.1;
        Step {
            reward: flag + force,
            components: Components::new([flag, force]),
            intent: Some(flag + force),
            end: arrived.then_some(End::Terminated),
        }
    }

    fn observation_space(&self) -> Space {
        observation_space()
    }

    fn action_space(&self) -> Space {
        Space::continuous(-1.0, 1.0, 1)
    }

    fn component_names(&self) -> &'static [&'static str] {
        &["flag", "force"]
    }

    fn state_names(&self) -> Vec<String> {
        state_names()
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        // The flag is reached once at most.
        let bounds = Some((-0.1 * f64::from(n_steps), 100.0));
        ReturnBounds {
            reward: bounds,
            intent: bounds,
        }
    }

    fn scene(&self) -> Option<Scene> {
        Some(valley(MountainCarContinuous::FLAG))
    }

    fn draw(&self, state: &[f64; 2]) -> Vec<Shape> {
        draw_car(state[0])
    }

    /// Whether the car is at the flag.
    fn is_success(&self, state: &[f64; 2]) -> Option<bool> {
        Some(MountainCarContinuous::is_at_flag(*state))
    }
}

fn observation_space() -> Space {
    let high = [MAX_POSITION as f32, MAX_SPEED as f32];
    Space::bounded(&[MIN_POSITION as f32, -high[1]], &high)
}

fn state_names() -> Vec<String> {
    ["position", "velocity"].map(str::to_owned).to_vec()
}

fn height(position: f64) -> f64 {
    (3.0 * position).sin() * 0.45 + 0.55
}

/// The hill, and a flag at the given position.
fn valley(flag: f64) -> Scene {
    let (low, high) = ([MIN_POSITION - 0.1, -0.1], [MAX_POSITION + 0.1, 1.4]);
    let n_slices = 60;
    let mut hill: Vec<[f64; 2]> = (0..=n_slices)
        .map(|slice| low[0] + (high[0] - low[0]) * f64::from(slice) / f64::from(n_slices))
        .map(|position| [position, height(position)])
        .collect();
    hill.extend([[high[0], low[1]], low]);
    let (foot, top) = (height(flag), height(flag) + 0.28);
    Scene {
        low,
        high,
        background: vec![
            Shape::Polygon {
                points: hill,
                ink: Ink::Ground,
            },
            Shape::Line {
                points: vec![[flag, foot], [flag, top]],
                width: 0.012,
                ink: Ink::Wall,
            },
            Shape::Polygon {
                points: vec![[flag, top], [flag, top - 0.1], [flag + 0.13, top - 0.05]],
                ink: Ink::Goal,
            },
        ],
    }
}

fn draw_car(position: f64) -> Vec<Shape> {
    let slope = (1.35 * (3.0 * position).cos()).atan();
    let (sin, cos) = slope.sin_cos();
    let ground = [position, height(position)];
    // `along` the road, `above` it.
    let at = |along: f64, above: f64| {
        [
            ground[0] + along * cos - above * sin,
            ground[1] + along * sin + above * cos,
        ]
    };
    let wheel = |along: f64| Shape::Circle {
        center: at(along, 0.025),
        radius: 0.025,
        ink: Ink::Wall,
    };
    vec![
        Shape::Polygon {
            points: vec![
                at(-0.075, 0.03),
                at(0.075, 0.03),
                at(0.07, 0.075),
                at(0.035, 0.08),
                at(0.02, 0.115),
                at(-0.045, 0.115),
                at(-0.07, 0.075),
            ],
            ink: Ink::Agent,
        },
        wheel(-0.045),
        wheel(0.045),
    ]
}
