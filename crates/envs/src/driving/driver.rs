//! Scripted drivers: from one who sees everything coming to one who draws anything.

use std::str::FromStr;

use mdp::{Policy, Rng, index, normal};

use super::{
    Drive, DrivingView, GEARS, GRIP, HALF_LENGTH, HALF_WIDTH, N_LANES, N_WHEEL, STRAIGHT,
    middle_of, turn_for,
};
use crate::UnknownName;

/// A driver of settable skill, who sees the road and everybody on it.
///
/// Like every scripted policy it keeps nothing in mind from one step to the next. A delay is therefore one to first
/// order: the driver acts on where the car was so many seconds ago, going back at the speeds that it has now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Driver {
    /// From 0 to 1: how far ahead the driver looks, how well it knows what the tyres hold, and how much room it leaves.
    /// At 1 it brakes in time for bends that it sees 50 metres ahead; at 0 only in them, counting on twice the grip
    /// that there is to be had with ease, and on stopping where the car in front begins.
    pub skill: f64,
    /// Deviation of normal noise on the wheel, in its positions.
    pub noise: f64,
    /// Seconds between seeing and steering.
    pub delay: f64,
    /// Probability of an action that is drawn from all of them.
    pub chance: f64,
}

impl Driver {
    /// Names of the drivers that [`Driver::from_str`] knows, the best first.
    pub const NAMES: [&'static str; 4] = ["expert", "hasty", "novice", "random"];

    /// Sees everything coming, and steers as it means to.
    pub const EXPERT: Driver = Driver {
        skill: 1.0,
        noise: 0.0,
        delay: 0.0,
        chance: 0.0,
    };
    /// Looks less far ahead, leaves less room, and is a little late.
    pub const HASTY: Driver = Driver {
        skill: 0.7,
        noise: 0.5,
        delay: 0.2,
        chance: 0.0,
    };
    /// Brakes late, steers late and unsteadily.
    pub const NOVICE: Driver = Driver {
        skill: 0.1,
        noise: 1.0,
        delay: 0.4,
        chance: 0.0,
    };
    /// Draws every action with the same probability.
    pub const RANDOM: Driver = Driver {
        chance: 1.0,
        ..Driver::EXPERT
    };
}

impl FromStr for Driver {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Driver, UnknownName> {
        let named = [
            Driver::EXPERT,
            Driver::HASTY,
            Driver::NOVICE,
            Driver::RANDOM,
        ];
        let numbers: Vec<usize> = (0..named.len()).collect();
        let number = UnknownName::find("policy", name, &numbers, |number| Driver::NAMES[number])?;
        Ok(named[number])
    }
}

impl Policy<DrivingView, [usize; 2]> for Driver {
    #[inline]
    fn act(&self, view: &DrivingView, rng: &mut Rng) -> [usize; 2] {
        if self.chance > 0.0 && mdp::uniform(rng) < self.chance {
            return [index(N_WHEEL, rng), index(GEARS.len(), rng)];
        }
        let drive = &view.drive;
        let lane = self.lane(drive);
        let mut turn = turn_for(self.steer(drive, middle_of(lane)));
        if self.noise > 0.0 {
            turn += self.noise * normal(rng);
        }
        let wheel = (STRAIGHT as f64 + turn).round();
        [
            wheel.clamp(0.0, (N_WHEEL - 1) as f64) as usize,
            self.gear(drive, lane),
        ]
    }
}

/// Metres of free road that are as good as any more.
const PLENTY: f64 = 70.0;
/// Metres of free road that a change of lane must gain.
const WORTHWHILE: f64 = 15.0;

/// Share of the tyres' grip that a change of lane may take.
const EASE: f64 = 0.6;
/// Metres that a driver of full skill looks ahead for bends; share of the grip that it takes in them; and m/s² with which
/// it brakes before them.
const FAR: f64 = 50.0;
const HELD: f64 = 0.7;
const BRAKES: f64 = 6.0;
/// Curvature ahead, 1/m, up to which lanes are changed.
const GENTLE: f64 = 0.01;

impl Driver {
    /// The lane to be in: the one with the most free road ahead, of this one and those beside it that are clear.
    #[inline]
    fn lane(&self, drive: &Drive) -> usize {
        let here = drive.lane();
        let (mut best, mut most) = (here, free_road(drive, here) + WORTHWHILE);
        let is_bending = drive.curvature(drive.speed).abs() > GENTLE;
        if drive.is_on_grass() || is_bending {
            return here;
        }
        for lane in [here.wrapping_sub(1), here + 1] {
            if lane >= N_LANES || !self.is_clear(drive, lane) {
                continue;
            }
            let free = free_road(drive, lane);
            if free > most {
                (best, most) = (lane, free);
            }
        }
        best
    }

    /// Whether nobody is beside the car in a lane, or so near that the change would be felt.
    #[inline]
    fn is_clear(&self, drive: &Drive, lane: usize) -> bool {
        let room = 2.0 * HALF_LENGTH + 1.0 + 3.0 * self.skill;
        drive.others.iter().all(|other| {
            let closing = (drive.speed - other.speed) * 1.5 * self.skill;
            let (behind, ahead) = (room + (-closing).max(0.0), room + closing.max(0.0));
            other.lane != lane || other.ahead < -behind || other.ahead > ahead
        })
    }

    /// The curvature to steer, so that the car comes to `target` metres left of the middle: pure pursuit.
    #[inline]
    fn steer(&self, drive: &Drive, target: f64) -> f64 {
        let bend = drive.curvature(0.15 * drive.speed);
        let turning = drive.speed * (drive.wheel - drive.curvature(0.0));
        let angle = drive.angle - self.delay * turning;
        let offset = drive.offset - self.delay * drive.speed * drive.angle;
        let reach = 6.0 + drive.speed;
        let pursuit = -2.0 * (offset - target + reach * angle) / (reach * reach);
        // No faster across than the tyres hold with ease.
        let ease = EASE * GRIP / (drive.speed * drive.speed).max(1.0);
        bend + pursuit.clamp(-ease, ease)
    }

    /// The fastest gear that bends and traffic allow.
    #[inline]
    fn gear(&self, drive: &Drive, lane: usize) -> usize {
        let held = HELD + 0.8 * (1.0 - self.skill);
        let mut allowed = f64::INFINITY;
        for metres in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let metres = FAR * self.skill * metres;
            let bend = drive.curvature(metres).abs().max(1e-6);
            // So slow in the bend, and so much faster here as can be braked away on the way there.
            let (in_bend, braking) = (held * GRIP / bend, 2.0 * BRAKES * metres);
            allowed = allowed.min((in_bend + braking).sqrt());
        }
        let room = 2.0 * HALF_LENGTH - 2.0 + 5.0 * self.skill;
        for other in &drive.others {
            let aside = (middle_of(other.lane) - drive.offset).abs();
            let is_in_the_way = other.lane == lane || aside < 2.0 * HALF_WIDTH + 0.4;
            if is_in_the_way && 0.0 < other.ahead {
                let seconds = 1.0 + 0.4 * self.skill;
                allowed = allowed.min(other.speed + (other.ahead - room) / seconds);
            }
        }
        (1..GEARS.len())
            .rev()
            .find(|gear| GEARS[*gear] <= allowed)
            .unwrap_or(0)
    }
}

/// Metres to the next car in a lane, [`PLENTY`] at most.
#[inline]
fn free_road(drive: &Drive, lane: usize) -> f64 {
    let ahead = drive.others.iter().filter(|other| other.lane == lane);
    ahead
        .map(|other| other.ahead)
        .filter(|ahead| *ahead > 0.0)
        .fold(PLENTY, f64::min)
}
