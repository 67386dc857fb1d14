//! A planar one-legged robot that runs, or turns backflips.
//!
//! Torso, thigh, shin and foot with the lengths of MuJoCo's Hopper, moved by `rapier2d`. Its hip bends forwards and its
//! knee backwards, and its mass lies in the torso and thigh rather than in the foot, so that it can crouch, tuck and land.

use std::f64::consts::PI;
use std::str::FromStr;

use mdp::{
    Components, Environment, Ink, Rng, Scene, Shape, Space, StateError, StateVector, Step,
    TimeLimit, uniform_in, wrong_length,
};

use crate::UnknownName;
use crate::physics::{
    Coordinates, Frames, Link, Robot, SECONDS_PER_STEP, capsule, ground_scene, marks, wrap,
};

mod backflip;

#[cfg(test)]
mod tests;

pub use backflip::backflip_score;

/// Number of joints.
const J: usize = 3;

/// Number of the foot among the links.
const FOOT: usize = 3;

/// Metres above the ground within which something touches it.
const TOUCH: f64 = 0.01;

/// The least height of the torso's middle, in metres, at which the robot is upright; it stands at 1.21.
const UPRIGHT_HEIGHT: f64 = 0.8;

/// The greatest angle of the torso, in radians either way, at which the robot is upright.
const UPRIGHT_ANGLE: f64 = 0.6;

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
    Link {
        name: "hip",
        parent: Some(0),
        joint: [0.0, 1.01],
        ends: [[0.0, 1.01], [0.0, 0.56]],
        radius: 0.05,
        mass: 4.0,
        limits: [-0.4, 2.2],
        torque: 120.0,
        free_speed: 20.0,
    },
    Link {
        name: "knee",
        parent: Some(1),
        joint: [0.0, 0.56],
        ends: [[0.0, 0.56], [0.0, 0.06]],
        radius: 0.04,
        mass: 2.7,
        limits: [-2.4, 0.0],
        torque: 120.0,
        free_speed: 20.0,
    },
    Link {
        name: "ankle",
        parent: Some(2),
        joint: [0.0, 0.06],
        ends: [[-0.13, 0.06], [0.26, 0.06]],
        radius: 0.06,
        mass: 2.0,
        limits: [-0.8, 0.8],
        torque: 60.0,
        free_speed: 20.0,
    },
];

/// What a [`Hopper`] is meant to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HopperTask {
    /// Get ahead, upright. The intent is the distance travelled forwards while upright.
    #[default]
    Run,
    /// Turn backwards in the air and land on the foot, again and again. The intent is the number of full turns that were
    /// landed upright.
    Backflip,
}

impl HopperTask {
    /// Every task, the default first.
    pub const ALL: [HopperTask; 2] = [HopperTask::Run, HopperTask::Backflip];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HopperTask::Run => "run",
            HopperTask::Backflip => "backflip",
        }
    }
}

impl FromStr for HopperTask {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<HopperTask, UnknownName> {
        UnknownName::find("task", name, &HopperTask::ALL, HopperTask::name)
    }
}

/// What a [`Hopper`] is paid for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HopperReward {
    /// A reward written by hand for the task. Running: while upright 1 and the speed forwards, less a thousandth of the
    /// squares of the actions: what Gymnasium's Hopper pays, which ends an episode where this one pays nothing. Backflip: the reward that OpenAI published for it (Amodei, Christiano and
    /// Ray, "Learning from human preferences", 2017): angular velocity backwards times `1 + 0.3 height + 0.1 power +
    /// 0.05 speed backwards`.
    #[default]
    HandWritten,
    /// Nothing: the task is told in another way.
    None,
}

impl HopperReward {
    /// Every reward, the default first.
    pub const ALL: [HopperReward; 2] = [HopperReward::HandWritten, HopperReward::None];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            HopperReward::HandWritten => "hand-written",
            HopperReward::None => "none",
        }
    }
}

impl FromStr for HopperReward {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<HopperReward, UnknownName> {
        UnknownName::find("reward", name, &HopperReward::ALL, HopperReward::name)
    }
}

/// Where a [`Hopper`] is, how it moves, and what it has landed.
#[derive(Clone, Debug, PartialEq)]
pub struct HopperState {
    at: Coordinates<J>,
    /// Whole turns backwards of the torso when the robot last stood upright.
    turns: f64,
    /// Whether anything but the foot has touched the ground since then.
    has_fallen: bool,
    /// Full turns backwards that were landed upright.
    n_landed: f64,
}

impl HopperState {
    const N_VALUES: usize = Coordinates::<J>::N_VALUES + 3;

    /// How far it has come, in metres forwards of where it began.
    #[must_use]
    pub fn distance(&self) -> f64 {
        self.at.root[0]
    }

    /// Full turns backwards that were landed upright in this episode.
    #[must_use]
    pub fn n_landed(&self) -> u32 {
        self.n_landed as u32
    }
}

impl StateVector for HopperState {
    fn write(&self, out: &mut Vec<f64>) {
        self.at.write(out);
        out.extend([
            self.turns,
            f64::from(u8::from(self.has_fallen)),
            self.n_landed,
        ]);
    }

    fn read(values: &[f64]) -> Result<HopperState, StateError> {
        if values.len() != Self::N_VALUES {
            return Err(wrong_length(Self::N_VALUES, values.len()));
        }
        let (at, [turns, has_fallen, n_landed]) =
            values.split_last_chunk().expect("the length was checked");
        let has_fallen = match has_fallen {
            0.0 => false,
            1.0 => true,
            other => return Err(StateError(format!("{other} does not say whether it fell"))),
        };
        let is_count = |value: f64| value.is_finite() && value.fract() == 0.0;
        if !(is_count(*turns) && is_count(*n_landed) && 0.0 <= *n_landed) {
            return Err(StateError(format!(
                "{turns} turns with {n_landed} landed are no count"
            )));
        }
        Ok(HopperState {
            at: Coordinates::read(at)?,
            turns: *turns,
            has_fallen,
            n_landed: *n_landed,
        })
    }
}

/// A planar one-legged robot.
///
/// State: place and angle of the torso, angles of hip, knee and ankle, the velocities of all six, whole turns backwards
/// at the last upright stance, whether anything but the foot has touched the ground since, and the turns landed.
/// Angles are anticlockwise of standing, so that backwards is positive; that of the torso is not wrapped. Actions:
/// torques of hip, knee and ankle in `[-1, 1]`, of 120, 120 and 60 newton metres, damped so that a free joint turns at
/// 20 radians a second at most. Observation: height of the torso, sine and cosine of its angle, the angles of the joints,
/// and the six velocities. Steps take a sixtieth of a second, four of the physics. Nothing ends an episode early.
///
/// A backflip is landed when the robot stands upright again (torso at least 0.8 m high and within 0.6 radians of
/// upright, the foot on the ground and nothing else), its torso a whole turn backwards of where it last stood so, and
/// nothing but the foot has touched the ground in between. Turning forwards lands nothing, and does not count against
/// what was landed.
#[derive(Clone, Debug)]
pub struct Hopper {
    task: HopperTask,
    reward: HopperReward,
    robot: Robot<J>,
}

impl Hopper {
    /// Steps after which an episode is usually truncated: 10 seconds.
    pub const TIME_LIMIT: u32 = 600;

    /// Seconds that a step takes.
    pub const SECONDS_PER_STEP: f64 = SECONDS_PER_STEP;

    /// The robot, what it is meant to do, and what it is paid for.
    #[must_use]
    pub fn new(task: HopperTask, reward: HopperReward) -> Hopper {
        Hopper {
            task,
            reward,
            robot: Robot::new(&LINKS),
        }
    }

    /// The environment under its usual time limit.
    #[must_use]
    pub fn with_time_limit(self) -> TimeLimit<Hopper> {
        TimeLimit::new(self, Hopper::TIME_LIMIT)
    }

    /// What was done of the task in a step: metres, or turns landed.
    fn judge(&self, state: &mut HopperState, moved: f64) -> f64 {
        let at = &state.at;
        let frames = self.robot.frames(at);
        let is_upright = is_upright(at);
        let landed = state.stand(&frames, is_upright);
        match self.task {
            HopperTask::Run if is_upright => moved,
            HopperTask::Run => 0.0,
            HopperTask::Backflip => landed,
        }
    }

    fn components(&self, at: &Coordinates<J>, action: &[f32; J], moved: f64) -> Components {
        let action = action.map(|part| f64::from(part.clamp(-1.0, 1.0)));
        match (self.reward, self.task) {
            (HopperReward::None, _) => Components::NONE,
            (HopperReward::HandWritten, HopperTask::Run) => {
                let effort: f64 = action.iter().map(|part| part * part).sum();
                let upright = f64::from(u8::from(is_upright(at)));
                let speed = moved / SECONDS_PER_STEP;
                Components::new([upright * speed, upright, -1e-3 * effort])
            }
            (HopperReward::HandWritten, HopperTask::Backflip) => {
                let [velocity, _, roll] = at.root_velocity;
                let turns = action.iter().zip(&at.joint_velocities);
                let power: f64 = turns.map(|(action, speed)| action * speed).sum();
                let height = at.root[1];
                Components::new([
                    roll,
                    roll * 0.3 * height,
                    roll * 0.1 * power,
                    roll * 0.05 * -velocity,
                ])
            }
        }
    }
}

fn is_upright(at: &Coordinates<J>) -> bool {
    let [_, height, angle] = at.root;
    UPRIGHT_HEIGHT <= height && wrap(angle).abs() <= UPRIGHT_ANGLE
}

impl HopperState {
    /// Notes what touches the ground, and gives the turns that are landed now.
    fn stand(&mut self, frames: &Frames, is_upright: bool) -> f64 {
        let touches = |link: usize| frames.clearance(link) <= TOUCH;
        if (0..FOOT).any(touches) {
            self.has_fallen = true;
            return 0.0;
        }
        if !(is_upright && touches(FOOT)) {
            return 0.0;
        }
        let turns = (self.at.root[2] / (2.0 * PI)).round();
        let landed = match self.has_fallen {
            true => 0.0,
            false => (turns - self.turns).max(0.0),
        };
        self.turns = turns;
        self.has_fallen = false;
        self.n_landed += landed;
        landed
    }
}

impl Environment for Hopper {
    type State = HopperState;
    type Observation = [f32; 12];
    type Action = [f32; J];

    fn initial_state(&self, rng: &mut Rng) -> HopperState {
        let mut at = self.robot.standing();
        let mut shake = |value: &mut f64| *value += uniform_in(-0.05, 0.05, rng);
        shake(&mut at.root[2]);
        at.joints.iter_mut().for_each(&mut shake);
        at.root_velocity.iter_mut().for_each(&mut shake);
        at.joint_velocities.iter_mut().for_each(&mut shake);
        for (joint, link) in at.joints.iter_mut().zip(&LINKS[1..]) {
            *joint = joint.clamp(link.limits[0], link.limits[1]);
        }
        at.root[1] -= self.robot.frames(&at).lowest();
        HopperState {
            at,
            turns: 0.0,
            has_fallen: false,
            n_landed: 0.0,
        }
    }

    fn observe(&self, state: &HopperState, _rng: &mut Rng) -> [f32; 12] {
        let Coordinates {
            root: [_, height, angle],
            joints: [hip, knee, ankle],
            root_velocity: [vx, vy, roll],
            joint_velocities: [hip_speed, knee_speed, ankle_speed],
        } = state.at;
        let (sin, cos) = angle.sin_cos();
        [
            height,
            sin,
            cos,
            hip,
            knee,
            ankle,
            vx,
            vy,
            roll,
            hip_speed,
            knee_speed,
            ankle_speed,
        ]
        .map(|number| number as f32)
    }

    fn step(&self, state: &mut HopperState, action: &[f32; J], _rng: &mut Rng) -> Step {
        let before = state.at.root[0];
        self.robot.step(&mut state.at, action);
        let moved = state.at.root[0] - before;
        let intent = self.judge(state, moved);
        let components = self.components(&state.at, action, moved);
        Step {
            reward: components.as_slice().iter().sum(),
            components,
            intent: Some(intent),
            end: None,
        }
    }

    fn observation_space(&self) -> Space {
        let free = f32::INFINITY;
        let mut high = [free; 12];
        [high[1], high[2]] = [1.0; 2];
        Space::bounded(&high.map(|bound| -bound), &high)
    }

    fn action_space(&self) -> Space {
        Space::continuous(-1.0, 1.0, J)
    }

    fn component_names(&self) -> &'static [&'static str] {
        match (self.reward, self.task) {
            (HopperReward::None, _) => &[],
            (HopperReward::HandWritten, HopperTask::Run) => &["speed", "upright", "effort"],
            (HopperReward::HandWritten, HopperTask::Backflip) => {
                &["roll", "roll_high", "roll_with_power", "roll_sliding_back"]
            }
        }
    }

    fn state_names(&self) -> Vec<String> {
        let mut names = Coordinates::<J>::names(&LINKS);
        names.extend(["turns", "has_fallen", "landed"].map(str::to_owned));
        names
    }

    fn scene(&self) -> Option<Scene> {
        Some(ground_scene(SCENE_WIDTH, 2.4))
    }

    fn draw(&self, state: &HopperState) -> Vec<Shape> {
        let mut at = state.at;
        let mut shapes = marks(SCENE_WIDTH, at.root[0]);
        at.root[0] = 0.0;
        let frames = self.robot.frames(&at);
        for (number, link) in LINKS.iter().enumerate() {
            let ink = match number {
                0 => Ink::Agent,
                FOOT => Ink::Target,
                _ => Ink::Muted,
            };
            shapes.extend(capsule(frames.ends(number), link.radius, ink));
        }
        shapes
    }

    fn is_success(&self, state: &HopperState) -> Option<bool> {
        match self.task {
            HopperTask::Run => None,
            HopperTask::Backflip => Some(state.n_landed() > 0),
        }
    }
}

/// Metres that a picture shows from left to right.
const SCENE_WIDTH: f64 = 4.0;
