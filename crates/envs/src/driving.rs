//! Driving: a car on a winding road of three lanes, in slower traffic, seen by range sensors.
//!
//! After ALVINN (Pomerleau, 1988), which learned to steer from a person's driving and had to be shown how to come back
//! from the edge of the road, for a person never goes there; and the racing games in which Ross and Bagnell (2010) and
//! Ross, Gordon and Bagnell (2011) showed what that costs. The *intent* is progress on the road, without leaving it and
//! without touching others. A driver who copies an expert copies what the expert does on the road; on the grass beside
//! it, where the expert never was, it has nothing to copy. Leaving the road ends nothing: who knows how drives back.
//!
//! # Design
//! Positions are along and across the road. A sensor's ray is straight and the edge of the road bends away from it as a
//! parabola, so that a reading is a root of a quadratic. All of it is additions, multiplications, divisions and square
//! roots, which are the same bits on every machine; the sines of small angles are polynomials.
//!
//! Networks see the sensors. The scripted drivers are people: they see the road and everybody on it, which is why a
//! [`DrivingView`] holds both.

mod driver;
mod picture;
mod road;
mod sensors;

#[cfg(test)]
mod tests;

use std::str::FromStr;

use mdp::{
    Components, Environment, Observation, ReturnBounds, Rng, Scene, Shape, Space, StateError,
    StateVector, Step, bounds_per_step, index, uniform_in, wrong_length,
};

pub use driver::Driver;

use crate::UnknownName;
use road::{Bends, N_KNOTS, cosine, sine};
use sensors::N_FEATURES;

/// Seconds a step.
const SECONDS: f64 = 0.1;
/// Lanes, and metres that one is wide; metres of hard shoulder on either side.
const N_LANES: usize = 3;
const LANE: f64 = 3.5;
const SHOULDER: f64 = 1.0;
/// Metres from the middle of the road to its edge, and to the fence beside it.
const EDGE: f64 = 0.5 * LANE * N_LANES as f64 + SHOULDER;
const FENCE: f64 = 14.0;
/// Metres from the middle of a car to its side and to its front.
const HALF_WIDTH: f64 = 0.9;
const HALF_LENGTH: f64 = 2.2;

/// Positions of the steering wheel, the middle one straight ahead, and the curvature in 1/m at the first beside it. It
/// grows with the square of the position, so that the wheel is fine where cars are fast and still turns sharply.
const N_WHEEL: usize = 9;
const STRAIGHT: usize = N_WHEEL / 2;
const FIRST_TURN: f64 = 0.0015;
const SHARPEST_TURN: f64 = FIRST_TURN * (STRAIGHT * STRAIGHT) as f64;
/// Share of the way to where it is turned that the wheel comes in a step.
const WHEEL_SPEED: f64 = 0.5;
/// Greatest angle between car and road, radians: who would turn further scrapes along.
const MAX_ANGLE: f64 = 1.2;

/// Metres a second that each gear settles at.
const GEARS: [f64; 4] = [8.0, 14.0, 20.0, 26.0];
const TOP_SPEED: f64 = GEARS[GEARS.len() - 1];
/// Most metres a second that a step gains or loses.
const ACCELERATION: f64 = 0.4;
const BRAKING: f64 = 0.8;
/// Sideways acceleration that the tyres hold, m/s²: beyond it the car turns less than it is steered.
const GRIP: f64 = 6.0;
/// Metres a second that grass allows.
const GRASS_SPEED: f64 = 6.0;

/// Other cars.
const N_OTHERS: usize = 5;
/// Metres ahead and behind at which one is out of sight and another takes its place.
const OUT_OF_SIGHT: (f64, f64) = (-45.0, 130.0);
/// Their speeds, metres a second.
const OTHERS_SPEED: (f64, f64) = (8.0, 14.0);
/// Metres at which one of them slows down to the speed of whoever is in front.
const FOLLOWING: f64 = 12.0;

/// What a step on the grass takes off the intent, and a step of touching another car. Progress is 1 a step at top speed.
const GRASS_COST: f64 = 1.0;
const TOUCH_COST: f64 = 2.0;

/// What a driver is rewarded for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DrivingReward {
    /// What was meant: progress, without leaving the road or touching anybody.
    #[default]
    Intent,
    /// The reading of the speedometer: what is easy to measure.
    Speed,
}

impl DrivingReward {
    /// Every reward, the default first.
    pub const ALL: [DrivingReward; 2] = [DrivingReward::Intent, DrivingReward::Speed];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            DrivingReward::Intent => "intent",
            DrivingReward::Speed => "speed",
        }
    }
}

impl FromStr for DrivingReward {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<DrivingReward, UnknownName> {
        UnknownName::find("reward", name, &DrivingReward::ALL, DrivingReward::name)
    }
}

/// A car on a winding road of three lanes, all in one direction, with five slower cars around it.
///
/// It has no end of its own: wrap it in `TimeLimit` with [`Driving::TIME_LIMIT`]. A step is a tenth of a second.
///
/// An action is 2 choices: where the wheel is turned to, 0 (right) to 8 (left), 4 being straight ahead, towards which it
/// comes half of the way in a step; and the gear, 0 to 3, which settles at 8, 14, 20 or 26 m/s. In a bend that the tyres
/// do not hold at this speed the car goes wide. Grass is slow, and a fence stands behind it. Whoever runs into another
/// car loses its speed.
///
/// Features are 38 numbers from -1 to 1. In 14 directions, from 90 degrees right over ahead to 90 degrees left and then
/// three to the rear, there are two range sensors: one of the nearest edge of the road and one of the nearest car, each
/// reading r / (r + 12 m), 60 m being as far as they see. Radar says how fast the car in each of the five directions
/// nearest to ahead closes in, as a share of the top speed. Then the speed, the gear, where the wheel is, whether the car
/// is on grass, and whether it touches another.
///
/// The intent of a step is the progress along the road as a share of that at top speed, less 1 on grass and less 2 while
/// touching another car: the three components of the reward `intent`. The reward `speed` is the speed as a share of the
/// top speed, wherever the car is and whomever it touches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Driving {
    /// What is rewarded.
    pub reward: DrivingReward,
}

impl Driving {
    /// Steps after which an episode should be truncated.
    pub const TIME_LIMIT: u32 = 400;
}

/// Another car.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OtherCar {
    /// Metres from the middle of the driver's car to the middle of this one, along the road; negative behind.
    pub ahead: f64,
    /// Its lane, 0 (right) to 2 (left).
    pub lane: usize,
    /// Metres a second.
    pub speed: f64,
}

/// A car on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drive {
    /// Metres made along the road.
    pub distance: f64,
    /// Metres to the left of the middle of the road.
    pub offset: f64,
    /// Radians to the left of the direction of the road.
    pub angle: f64,
    /// Metres a second.
    pub speed: f64,
    /// Curvature that the wheel stands at, 1/m, positive to the left.
    pub wheel: f64,
    /// The gear, 0 to 3.
    pub gear: usize,
    /// Whether another car is touched.
    pub is_touching: bool,
    /// Steps on grass so far, and steps of touching.
    pub n_trouble: [u32; 2],
    bends: Bends,
    others: [OtherCar; N_OTHERS],
}

impl Drive {
    /// The other cars, in no order.
    #[must_use]
    pub fn others(&self) -> &[OtherCar] {
        &self.others
    }

    /// Whether the car stands on grass with some of its wheels.
    #[must_use]
    pub fn is_on_grass(&self) -> bool {
        self.offset.abs() > EDGE - HALF_WIDTH
    }

    /// Curvature of the road so many metres ahead, 0 to 90, positive to the left, in 1/m.
    #[must_use]
    pub fn curvature(&self, metres: f64) -> f64 {
        self.bends.curvature(metres)
    }

    /// The lane whose middle is nearest, 0 (right) to 2 (left).
    #[must_use]
    pub fn lane(&self) -> usize {
        let lanes = self.offset / LANE + 0.5 * N_LANES as f64;
        (lanes.max(0.0) as usize).min(N_LANES - 1)
    }
}

/// The curvature of a turn of the wheel, in positions to the left of the middle.
fn curvature_of(turn: f64) -> f64 {
    FIRST_TURN * turn * turn.abs()
}

/// The turn of the wheel for a curvature.
fn turn_for(curvature: f64) -> f64 {
    (curvature.abs() / FIRST_TURN).sqrt().copysign(curvature)
}

/// Metres to the left of the middle of the road at which the middle of a lane is.
fn middle_of(lane: usize) -> f64 {
    (lane as f64 - 0.5 * (N_LANES - 1) as f64) * LANE
}

/// What can be seen of a situation: by sensors, and by a person.
#[derive(Clone, Debug, PartialEq)]
pub struct DrivingView {
    /// What the sensors say: the features.
    pub sensors: [f32; 38],
    /// The situation itself, which scripted drivers see and networks do not.
    pub drive: Drive,
}

impl Observation for DrivingView {
    fn n_features(_space: &Space) -> usize {
        N_FEATURES
    }

    #[inline]
    fn write_features(&self, out: &mut [f32]) {
        out.copy_from_slice(&self.sensors);
    }

    fn to_value(&self) -> Vec<f32> {
        self.sensors.to_vec()
    }
}

/// Numbers before those of the bends and the other cars.
const N_OWN: usize = 9;
const N_NUMBERS: usize = N_OWN + 1 + N_KNOTS + 3 * N_OTHERS;

impl StateVector for Drive {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend([
            self.distance,
            self.offset,
            self.angle,
            self.speed,
            self.wheel,
            self.gear as f64,
            f64::from(u8::from(self.is_touching)),
            f64::from(self.n_trouble[0]),
            f64::from(self.n_trouble[1]),
            self.bends.past,
        ]);
        out.extend(self.bends.knots);
        for other in &self.others {
            out.extend([other.ahead, other.lane as f64, other.speed]);
        }
    }

    fn read(values: &[f64]) -> Result<Self, StateError> {
        if values.len() != N_NUMBERS {
            return Err(wrong_length(N_NUMBERS, values.len()));
        }
        let (own, rest) = values.split_at(N_OWN);
        let (past, rest) = (rest[0], &rest[1..]);
        let (knots, others) = rest.split_at(N_KNOTS);
        let count = |value: f64, n: usize, what: &str| {
            if value.fract() == 0.0 && (0.0..n as f64).contains(&value) {
                Ok(value as usize)
            } else {
                Err(StateError(format!("{value} is no {what}")))
            }
        };
        let mut drive = Drive {
            distance: own[0],
            offset: own[1],
            angle: own[2],
            speed: own[3],
            wheel: own[4],
            gear: count(own[5], GEARS.len(), "gear")?,
            is_touching: count(own[6], 2, "yes or no")? == 1,
            n_trouble: [
                count(own[7], 1 << 32, "number of steps")? as u32,
                count(own[8], 1 << 32, "number of steps")? as u32,
            ],
            bends: Bends {
                past,
                knots: knots.try_into().expect("as many as there are"),
            },
            others: [OtherCar {
                ahead: 0.0,
                lane: 0,
                speed: 0.0,
            }; N_OTHERS],
        };
        for (other, numbers) in drive.others.iter_mut().zip(others.chunks_exact(3)) {
            *other = OtherCar {
                ahead: numbers[0],
                lane: count(numbers[1], N_LANES, "lane")?,
                speed: numbers[2],
            };
        }
        Ok(drive)
    }
}

impl Drive {
    /// Turns the wheel, shifts, and moves the car along the road; returns the metres made.
    #[inline]
    fn drive(&mut self, wheel: usize, gear: usize, rng: &mut Rng) -> f64 {
        let turned_to = curvature_of(wheel as f64 - STRAIGHT as f64);
        self.wheel += WHEEL_SPEED * (turned_to - self.wheel);
        self.gear = gear;
        let settles_at = if self.is_on_grass() {
            GEARS[gear].min(GRASS_SPEED)
        } else {
            GEARS[gear]
        };
        self.speed += (settles_at - self.speed).clamp(-BRAKING, ACCELERATION);
        if self.is_on_grass() {
            self.speed += 0.3 * (GRASS_SPEED - self.speed).min(0.0);
        }
        let holds = GRIP / (self.speed * self.speed).max(1.0);
        let steered = self.wheel.clamp(-holds, holds);
        let bend = self.bends.curvature(0.0);
        let way = self.speed * SECONDS;
        let (sine, cosine) = (sine(self.angle), cosine(self.angle));
        // Inside of a bend the road is shorter.
        let progress = way * cosine / (1.0 - bend * self.offset).max(0.5);
        self.offset += way * sine;
        self.angle = (self.angle + way * steered - progress * bend).clamp(-MAX_ANGLE, MAX_ANGLE);
        if self.offset.abs() > FENCE {
            self.offset = self.offset.clamp(-FENCE, FENCE);
            // The fence turns the car along itself.
            self.angle = if self.offset > 0.0 {
                self.angle.min(0.0)
            } else {
                self.angle.max(0.0)
            };
        }
        self.distance += progress;
        self.bends.pass(progress, rng);
        progress
    }

    /// Moves the other cars, and lets new ones take the places of those out of sight.
    #[inline]
    fn move_others(&mut self, progress: f64, rng: &mut Rng) {
        let before = self.others;
        for (number, other) in self.others.iter_mut().enumerate() {
            let mut speed = other.speed;
            for (other_number, in_front) in before.iter().enumerate() {
                let gap = in_front.ahead - other.ahead;
                let is_in_front = gap > 0.0 || gap == 0.0 && other_number > number;
                if in_front.lane == other.lane && is_in_front && gap < FOLLOWING {
                    speed = speed.min(in_front.speed);
                }
            }
            let gap = -other.ahead;
            let is_behind_driver = (0.0..FOLLOWING).contains(&gap)
                && (middle_of(other.lane) - self.offset).abs() < 2.0 * HALF_WIDTH;
            if is_behind_driver {
                speed = speed.min(self.speed);
            }
            other.ahead += speed * SECONDS - progress;
            if other.ahead < OUT_OF_SIGHT.0 {
                *other = OtherCar::appear(uniform_in(118.0, 128.0, rng), rng);
            } else if other.ahead > OUT_OF_SIGHT.1 {
                *other = OtherCar::appear(-40.0, rng);
            }
        }
    }

    /// Keeps cars out of each other; whoever runs into another loses its speed.
    #[inline]
    fn bump(&mut self) {
        self.is_touching = false;
        for other in &mut self.others {
            let aside = self.offset - middle_of(other.lane);
            if other.ahead.abs() >= 2.0 * HALF_LENGTH || aside.abs() >= 2.0 * HALF_WIDTH {
                continue;
            }
            self.is_touching = true;
            let overlap_along = 2.0 * HALF_LENGTH - other.ahead.abs();
            let overlap_across = 2.0 * HALF_WIDTH - aside.abs();
            if overlap_along < overlap_across {
                if other.ahead > 0.0 {
                    self.speed = self.speed.min(0.7 * other.speed);
                    other.ahead = 2.0 * HALF_LENGTH;
                } else {
                    other.ahead = -2.0 * HALF_LENGTH;
                }
            } else {
                self.offset = middle_of(other.lane) + (2.0 * HALF_WIDTH).copysign(aside);
                self.angle *= 0.5;
                self.speed = self.speed.min(other.speed);
            }
        }
    }
}

impl OtherCar {
    fn appear(ahead: f64, rng: &mut Rng) -> OtherCar {
        OtherCar {
            ahead,
            lane: index(N_LANES, rng),
            speed: uniform_in(OTHERS_SPEED.0, OTHERS_SPEED.1, rng),
        }
    }
}

impl Environment for Driving {
    type State = Drive;
    type Observation = DrivingView;
    type Action = [usize; 2];

    fn initial_state(&self, rng: &mut Rng) -> Drive {
        let offset = middle_of(index(N_LANES, rng));
        let bends = Bends::begin(rng);
        let others = std::array::from_fn(|number| {
            // One behind, the others ahead, so far apart that nobody begins inside of another.
            let ahead = [-30.0, 25.0, 50.0, 75.0, 100.0][number];
            OtherCar::appear(ahead + uniform_in(-5.0, 5.0, rng), rng)
        });
        Drive {
            distance: 0.0,
            offset,
            angle: 0.0,
            speed: GEARS[1],
            wheel: 0.0,
            gear: 1,
            is_touching: false,
            n_trouble: [0; 2],
            bends,
            others,
        }
    }

    #[inline]
    fn observe(&self, state: &Drive, _rng: &mut Rng) -> DrivingView {
        DrivingView {
            sensors: sensors::read(state),
            drive: *state,
        }
    }

    #[inline]
    fn step(&self, state: &mut Drive, action: &[usize; 2], rng: &mut Rng) -> Step {
        let progress = state.drive(action[0], action[1], rng);
        state.move_others(progress, rng);
        state.bump();
        let is_on_grass = state.is_on_grass();
        state.n_trouble[0] += u32::from(is_on_grass);
        state.n_trouble[1] += u32::from(state.is_touching);
        let cost = |holds: bool, cost: f64| if holds { -cost } else { 0.0 };
        let terms = [
            progress / (TOP_SPEED * SECONDS),
            cost(is_on_grass, GRASS_COST),
            cost(state.is_touching, TOUCH_COST),
        ];
        let intent = terms.iter().sum();
        let (reward, components) = match self.reward {
            DrivingReward::Intent => (intent, Components::new(terms)),
            DrivingReward::Speed => {
                let speed = state.speed / TOP_SPEED;
                (speed, Components::new([speed]))
            }
        };
        Step {
            reward,
            components,
            intent: Some(intent),
            end: None,
        }
    }

    fn observation_space(&self) -> Space {
        Space::continuous(-1.0, 1.0, N_FEATURES)
    }

    fn action_space(&self) -> Space {
        Space::MultiDiscrete {
            sizes: vec![N_WHEEL, GEARS.len()],
        }
    }

    fn component_names(&self) -> &'static [&'static str] {
        match self.reward {
            DrivingReward::Intent => &["progress", "grass", "touch"],
            DrivingReward::Speed => &["speed"],
        }
    }

    fn state_names(&self) -> Vec<String> {
        let own = [
            "distance",
            "offset",
            "angle",
            "speed",
            "wheel",
            "gear",
            "touching",
            "steps_on_grass",
            "steps_touching",
            "past_knot",
        ];
        let knots = (0..N_KNOTS).map(|knot| format!("bend_{knot}"));
        let others = (0..N_OTHERS)
            .flat_map(|car| ["ahead", "lane", "speed"].map(|what| format!("car_{car}_{what}")));
        own.map(str::to_owned)
            .into_iter()
            .chain(knots)
            .chain(others)
            .collect()
    }

    /// Inside of the sharpest bend, at the fence, the way of a step counts at most twice.
    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        let intent = bounds_per_step(
            -(GRASS_COST + TOUCH_COST)..=2.0,
            -(GRASS_COST + TOUCH_COST)..=2.0,
            n_steps,
        );
        match self.reward {
            DrivingReward::Intent => intent,
            DrivingReward::Speed => ReturnBounds {
                reward: bounds_per_step(0.0..=1.0, 0.0..=1.0, n_steps).reward,
                ..intent
            },
        }
    }

    fn scene(&self) -> Option<Scene> {
        Some(picture::scene())
    }

    fn draw(&self, state: &Drive) -> Vec<Shape> {
        picture::draw(state)
    }

    /// Whether it stayed on the road and touched nobody.
    fn is_success(&self, state: &Drive) -> Option<bool> {
        Some(state.n_trouble == [0; 2])
    }
}
