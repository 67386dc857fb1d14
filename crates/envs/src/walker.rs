//! A planar two-legged robot that is meant to get ahead on one leg.
//!
//! Torso and twice thigh, shin and foot, with the lengths of MuJoCo's Walker2d, moved by `rapier2d`. Moving ahead on one
//! leg is one of the novel behaviours that Christiano et al. (2017) taught by 800 comparisons, to a robot of another kind.

use std::str::FromStr;

use mdp::{
    Components, Environment, Ink, Rng, Scene, Shape, Space, StateError, StateVector, Step,
    TimeLimit, uniform_in, wrong_length,
};

use crate::UnknownName;
use crate::physics::{
    Coordinates, Frames, Link, Robot, SECONDS_PER_STEP, capsule, frames, ground_scene, marks, wrap,
};

#[cfg(test)]
mod tests;

/// Number of joints.
const J: usize = 6;

/// Number of the foot that may touch the ground, among the links.
const FOOT: usize = 3;

/// Metres above the ground within which something touches it.
const TOUCH: f64 = 0.01;

/// The least height of the torso's middle, in metres, at which the robot is upright; it stands at 1.21.
const UPRIGHT_HEIGHT: f64 = 0.8;

/// The greatest angle of the torso, in radians either way, at which the robot is upright.
const UPRIGHT_ANGLE: f64 = 0.8;

/// Angles at which the leg that may not touch the ground begins: hip, knee and ankle.
const LIFTED: [f64; 3] = [0.6, -1.2, 0.0];

/// Steps between the frames that the judge sees: 15 frames a second.
const STEPS_A_FRAME: usize = 4;

const fn hung(name: &'static str, parent: usize, top: f64, bottom: f64) -> Link {
    Link {
        name,
        parent: Some(parent),
        joint: [0.0, top],
        ends: [[0.0, top], [0.0, bottom]],
        radius: 0.05,
        mass: 3.0,
        limits: [-0.6, 2.0],
        torque: 100.0,
        free_speed: 20.0,
    }
}

const fn shin(name: &'static str, thigh: usize) -> Link {
    Link {
        radius: 0.04,
        mass: 2.0,
        limits: [-2.4, 0.0],
        ..hung(name, thigh, 0.56, 0.06)
    }
}

const fn foot(name: &'static str, shin: usize) -> Link {
    Link {
        ends: [[-0.06, 0.06], [0.2, 0.06]],
        radius: 0.06,
        mass: 1.0,
        limits: [-0.8, 0.8],
        torque: 50.0,
        ..hung(name, shin, 0.06, 0.06)
    }
}

static LINKS: [Link; J + 1] = [
    Link {
        name: "torso",
        parent: None,
        joint: [0.0, 1.21],
        ends: [[0.0, 1.01], [0.0, 1.41]],
        radius: 0.05,
        mass: 5.0,
        limits: [0.0, 0.0],
        torque: 0.0,
        free_speed: 1.0,
    },
    hung("hip", 0, 1.01, 0.56),
    shin("knee", 1),
    foot("ankle", 2),
    hung("other_hip", 0, 1.01, 0.56),
    shin("other_knee", 4),
    foot("other_ankle", 5),
];

/// What a [`Walker`] is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WalkerReward {
    /// While upright 1 and the speed forwards, less a thousandth of the squares of the actions: what Gymnasium's Walker2d
    /// pays. It says nothing of legs.
    #[default]
    Walk,
    /// Nothing: the task is told in another way.
    None,
}

impl WalkerReward {
    /// Every reward, the default first.
    pub const ALL: [WalkerReward; 2] = [WalkerReward::Walk, WalkerReward::None];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            WalkerReward::Walk => "walk",
            WalkerReward::None => "none",
        }
    }
}

impl FromStr for WalkerReward {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<WalkerReward, UnknownName> {
        UnknownName::find("reward", name, &WalkerReward::ALL, WalkerReward::name)
    }
}

/// Where a [`Walker`] is, how it moves, and whether it kept to its one foot.
#[derive(Clone, Debug, PartialEq)]
pub struct WalkerState {
    at: Coordinates<J>,
    /// Whether anything but the one foot has touched the ground.
    has_touched: bool,
}

impl WalkerState {
    const N_VALUES: usize = Coordinates::<J>::N_VALUES + 1;

    /// How far it has come, in metres forwards of where it began.
    #[must_use]
    pub fn distance(&self) -> f64 {
        self.at.root[0]
    }

    /// Whether anything but the one foot has touched the ground in this episode.
    #[must_use]
    pub fn has_touched(&self) -> bool {
        self.has_touched
    }
}

impl StateVector for WalkerState {
    fn write(&self, out: &mut Vec<f64>) {
        self.at.write(out);
        out.push(f64::from(u8::from(self.has_touched)));
    }

    fn read(values: &[f64]) -> Result<WalkerState, StateError> {
        if values.len() != Self::N_VALUES {
            return Err(wrong_length(Self::N_VALUES, values.len()));
        }
        let (at, [has_touched]) = values.split_last_chunk().expect("the length was checked");
        let has_touched = match has_touched {
            0.0 => false,
            1.0 => true,
            other => return Err(StateError(format!("{other} does not say what touched"))),
        };
        Ok(WalkerState {
            at: Coordinates::read(at)?,
            has_touched,
        })
    }
}

/// A planar two-legged robot on its one leg.
///
/// State: place and angle of the torso, angles of hip, knee and ankle of the one leg and of the other, the velocities of
/// all nine, and whether anything but the one foot has touched the ground. Angles are anticlockwise of standing; that of
/// the torso is not wrapped. Actions: torques of the six joints in `[-1, 1]`, of 100 newton metres at hips and knees and 50
/// at ankles, damped so that a free joint turns at 20 radians a second at most. Observation: height of the torso, sine
/// and cosine of its angle, the angles of the joints, and the nine velocities. Steps take a sixtieth of a second, four of
/// the physics. Nothing ends an episode early. An episode begins on the one leg, the other lifted.
///
/// The intent is the distance travelled forwards while upright, as long as nothing but the one foot has touched the
/// ground since the episode began.
#[derive(Clone, Debug)]
pub struct Walker {
    reward: WalkerReward,
    robot: Robot<J>,
}

impl Walker {
    /// Steps after which an episode is usually truncated: 10 seconds.
    pub const TIME_LIMIT: u32 = 600;

    /// Seconds that a step takes.
    pub const SECONDS_PER_STEP: f64 = SECONDS_PER_STEP;

    /// The robot and what it is paid for.
    #[must_use]
    pub fn new(reward: WalkerReward) -> Walker {
        Walker {
            reward,
            robot: Robot::new(&LINKS),
        }
    }

    /// The environment under its usual time limit.
    #[must_use]
    pub fn with_time_limit(self) -> TimeLimit<Walker> {
        TimeLimit::new(self, Walker::TIME_LIMIT)
    }
}

fn is_upright(at: &Coordinates<J>) -> bool {
    let [_, height, angle] = at.root;
    UPRIGHT_HEIGHT <= height && wrap(angle).abs() <= UPRIGHT_ANGLE
}

/// Whether anything but the one foot touches the ground.
fn touches(links: &Frames) -> bool {
    (0..LINKS.len()).any(|link| link != FOOT && links.clearance(link) <= TOUCH)
}

impl Environment for Walker {
    type State = WalkerState;
    type Observation = [f32; 18];
    type Action = [f32; J];

    fn initial_state(&self, rng: &mut Rng) -> WalkerState {
        let mut at = self.robot.standing();
        at.joints[3..].copy_from_slice(&LIFTED);
        let mut shake = |value: &mut f64| *value += uniform_in(-0.05, 0.05, rng);
        shake(&mut at.root[2]);
        at.joints.iter_mut().for_each(&mut shake);
        at.root_velocity.iter_mut().for_each(&mut shake);
        at.joint_velocities.iter_mut().for_each(&mut shake);
        for (joint, link) in at.joints.iter_mut().zip(&LINKS[1..]) {
            *joint = joint.clamp(link.limits[0], link.limits[1]);
        }
        at.root[1] -= self.robot.frames(&at).lowest();
        WalkerState {
            at,
            has_touched: false,
        }
    }

    fn observe(&self, state: &WalkerState, _rng: &mut Rng) -> [f32; 18] {
        let at = &state.at;
        let [_, height, angle] = at.root;
        let (sin, cos) = angle.sin_cos();
        let mut features = [0.0; 18];
        [features[0], features[1], features[2]] = [height, sin, cos];
        features[3..9].copy_from_slice(&at.joints);
        features[9..12].copy_from_slice(&at.root_velocity);
        features[12..].copy_from_slice(&at.joint_velocities);
        features.map(|feature| feature as f32)
    }

    fn step(&self, state: &mut WalkerState, action: &[f32; J], _rng: &mut Rng) -> Step {
        let before = state.at.root[0];
        self.robot.step(&mut state.at, action);
        let moved = state.at.root[0] - before;
        state.has_touched |= touches(&self.robot.frames(&state.at));
        let is_upright = is_upright(&state.at);
        let components = match self.reward {
            WalkerReward::None => Components::NONE,
            WalkerReward::Walk => {
                let action = action.map(|part| f64::from(part.clamp(-1.0, 1.0)));
                let effort: f64 = action.iter().map(|part| part * part).sum();
                let upright = f64::from(u8::from(is_upright));
                let speed = moved / SECONDS_PER_STEP;
                Components::new([upright * speed, upright, -1e-3 * effort])
            }
        };
        let counts = is_upright && !state.has_touched;
        Step {
            reward: components.as_slice().iter().sum(),
            components,
            intent: Some(if counts { moved } else { 0.0 }),
            end: None,
        }
    }

    fn observation_space(&self) -> Space {
        let mut high = [f32::INFINITY; 18];
        [high[1], high[2]] = [1.0; 2];
        Space::bounded(&high.map(|bound| -bound), &high)
    }

    fn action_space(&self) -> Space {
        Space::continuous(-1.0, 1.0, J)
    }

    fn component_names(&self) -> &'static [&'static str] {
        match self.reward {
            WalkerReward::None => &[],
            WalkerReward::Walk => &["speed", "upright", "effort"],
        }
    }

    fn state_names(&self) -> Vec<String> {
        let mut names = Coordinates::<J>::names(&LINKS);
        names.push("has_touched".to_owned());
        names
    }

    fn scene(&self) -> Option<Scene> {
        Some(ground_scene(SCENE_WIDTH, 2.4))
    }

    fn draw(&self, state: &WalkerState) -> Vec<Shape> {
        let mut at = state.at;
        let mut shapes = marks(SCENE_WIDTH, at.root[0]);
        at.root[0] = 0.0;
        let links = self.robot.frames(&at);
        // The other leg stands behind.
        for number in [4, 5, 6, 1, 2, 3, 0] {
            let ink = match number {
                0 => Ink::Agent,
                FOOT => Ink::Target,
                4.. => Ink::Wall,
                _ => Ink::Muted,
            };
            shapes.extend(capsule(links.ends(number), LINKS[number].radius, ink));
        }
        shapes
    }

    fn is_success(&self, state: &WalkerState) -> Option<bool> {
        Some(!state.has_touched && state.distance() > 1.0)
    }
}

/// Metres that a picture shows from left to right.
const SCENE_WIDTH: f64 = 4.0;

/// How good a clip of a [`Walker`] looks as moving ahead on one leg, in metres.
///
/// `states` are the numbers of the states of the clip, in order, `n_state_values` each. The judge reads the positions alone
/// (the first nine numbers of a state), in every fourth state and the last, as somebody would who watches a clip at 15
/// frames a second. The score is the way made between frames in which the robot is upright and nothing but its one foot
/// touches the ground, less a metre times the share of frames in which something else does.
///
/// # Panics
/// If a state has fewer than nine numbers.
#[must_use]
pub fn one_leg_score(states: &[f64], n_state_values: usize) -> f64 {
    assert!(9 <= n_state_values, "a state of the walker has positions");
    let n_states = states.len() / n_state_values;
    let Some(last) = n_states.checked_sub(1) else {
        return 0.0;
    };
    let (mut way, mut n_frames, mut n_touching) = (0.0, 0_u32, 0_u32);
    let mut previous: Option<f64> = None;
    let seen = (0..last).step_by(STEPS_A_FRAME).chain([last]);
    for state in seen.map(|number| &states[number * n_state_values..]) {
        let at = positions(state);
        let is_touching = touches(&frames(&LINKS, &at));
        n_frames += 1;
        n_touching += u32::from(is_touching);
        let x = (!is_touching && is_upright(&at)).then_some(at.root[0]);
        if let (Some(before), Some(now)) = (previous, x) {
            way += now - before;
        }
        previous = x;
    }
    way - f64::from(n_touching) / f64::from(n_frames)
}

fn positions(state: &[f64]) -> Coordinates<J> {
    Coordinates {
        root: [state[0], state[1], state[2]],
        joints: std::array::from_fn(|joint| state[3 + joint]),
        root_velocity: [0.0; 3],
        joint_velocities: [0.0; J],
    }
}
