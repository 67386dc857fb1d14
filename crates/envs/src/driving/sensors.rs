//! Range sensors: how far it is to the edge of the road or to a car, in some directions.

use std::ops::Range;

use super::road::{cosine, sine};
use super::{Drive, EDGE, GEARS, HALF_LENGTH, HALF_WIDTH, SHARPEST_TURN, TOP_SPEED, middle_of};

/// Directions in which there are sensors, each with a range to the edge of the road and one to a car.
const N_RAYS: usize = 14;
/// The directions in which there is radar: at most 20 degrees from straight ahead.
const RADAR: Range<usize> = 3..8;
/// Numbers in an observation.
pub(super) const N_FEATURES: usize = 2 * N_RAYS + (RADAR.end - RADAR.start) + 5;
/// Metres that a sensor sees.
const RANGE: f64 = 60.0;
/// Metres for which a sensor reads a half.
const HALFWAY: f64 = 12.0;
/// Metres ahead at which the bend is that the edges are taken to follow.
const LOOK_AHEAD: f64 = 15.0;

/// Cosines and sines of the rays, from the nose of the car, positive to the left: 90, 60, 40, 20 and 8 degrees to the right, ahead,
/// the same to the left, and 150, 180 and -150 degrees.
pub(super) const RAYS: [[f64; 2]; N_RAYS] = [
    [0.0, -1.0],
    [0.5, -0.866_025_403_784_438_6],
    [0.766_044_443_118_978, -0.642_787_609_686_539_3],
    [0.939_692_620_785_908_4, -0.342_020_143_325_668_7],
    [0.990_268_068_741_570_4, -0.139_173_100_960_065_4],
    [1.0, 0.0],
    [0.990_268_068_741_570_4, 0.139_173_100_960_065_4],
    [0.939_692_620_785_908_4, 0.342_020_143_325_668_7],
    [0.766_044_443_118_978, 0.642_787_609_686_539_3],
    [0.5, 0.866_025_403_784_438_6],
    [0.0, 1.0],
    [-0.866_025_403_784_438_6, 0.5],
    [-1.0, 0.0],
    [-0.866_025_403_784_438_6, -0.5],
];

/// The features of a situation.
#[inline]
pub(super) fn read(drive: &Drive) -> [f32; N_FEATURES] {
    let boxes = boxes(drive);
    let bend = drive.curvature(LOOK_AHEAD);
    let (sine, cosine) = (sine(drive.angle), cosine(drive.angle));
    let mut features = [0.0; N_FEATURES];
    for (number, [ray_cosine, ray_sine]) in RAYS.iter().enumerate() {
        let along = ray_cosine * cosine - ray_sine * sine;
        let across = ray_sine * cosine + ray_cosine * sine;
        let (mut to_car, mut seen) = (RANGE, drive.speed);
        for (corners, other) in boxes.iter().zip(&drive.others) {
            let range = corners.range(along, across);
            if range < to_car {
                (to_car, seen) = (range, other.speed);
            }
        }
        features[number] = reading(edge(drive.offset, along, across, bend));
        features[N_RAYS + number] = reading(to_car);
        if RADAR.contains(&number) {
            let closing = (drive.speed - seen) / TOP_SPEED;
            features[2 * N_RAYS + number - RADAR.start] = closing.clamp(-1.0, 1.0) as f32;
        }
    }
    let own = [
        drive.speed / TOP_SPEED,
        drive.gear as f64 / (GEARS.len() - 1) as f64,
        drive.wheel / SHARPEST_TURN,
        f64::from(u8::from(drive.is_on_grass())),
        f64::from(u8::from(drive.is_touching)),
    ];
    let first = N_FEATURES - own.len();
    for (feature, number) in features[first..].iter_mut().zip(own) {
        *feature = number.clamp(-1.0, 1.0) as f32;
    }
    features
}

fn reading(range: f64) -> f32 {
    (range / (range + HALFWAY)) as f32
}

/// Metres along a ray to the nearer edge of the road, [`RANGE`] at most.
///
/// At r metres the ray is at `offset + across r - bend (along r)² / 2` across the road.
#[inline]
fn edge(offset: f64, along: f64, across: f64, bend: f64) -> f64 {
    let bending = -0.5 * bend * along * along;
    let to_left = crossing(bending, across, offset - EDGE);
    let to_right = crossing(bending, across, offset + EDGE);
    to_left.min(to_right)
}

/// The least positive root of `a r² + b r + c`, [`RANGE`] at most.
#[inline]
fn crossing(a: f64, b: f64, c: f64) -> f64 {
    let discriminant = b * b - 4.0 * a * c;
    if discriminant < 0.0 {
        return RANGE;
    }
    let root = discriminant.sqrt();
    // In this form nothing is divided by a, which is 0 on straight roads.
    let positive = |r: f64| if r > 0.0 && r < RANGE { r } else { RANGE };
    positive(-2.0 * c / (b + root)).min(positive(-2.0 * c / (b - root)))
}

/// A car as a box: nearest and farthest metres ahead, and to the left.
struct Corners {
    ahead: [f64; 2],
    left: [f64; 2],
}

#[inline]
fn boxes(drive: &Drive) -> [Corners; super::N_OTHERS] {
    std::array::from_fn(|number| {
        let other = &drive.others[number];
        let bend = drive.curvature(0.5 * other.ahead.clamp(0.0, RANGE));
        let aside = middle_of(other.lane) - drive.offset + 0.5 * bend * other.ahead * other.ahead;
        Corners {
            ahead: [other.ahead - HALF_LENGTH, other.ahead + HALF_LENGTH],
            left: [aside - HALF_WIDTH, aside + HALF_WIDTH],
        }
    })
}

impl Corners {
    /// Metres along a ray to the box, [`RANGE`] at most (the slab method).
    #[inline]
    fn range(&self, along: f64, across: f64) -> f64 {
        let (from, to) = slab(self.ahead, along);
        let (from_side, to_side) = slab(self.left, across);
        let (from, to) = (from.max(from_side), to.min(to_side));
        if from <= to && 0.0 < to && from < RANGE {
            from.max(0.0)
        } else {
            RANGE
        }
    }
}

/// Where a ray is between two parallel lines.
#[inline]
fn slab([low, high]: [f64; 2], direction: f64) -> (f64, f64) {
    if direction == 0.0 {
        let is_between = low <= 0.0 && 0.0 <= high;
        return if is_between {
            (f64::NEG_INFINITY, f64::INFINITY)
        } else {
            (f64::INFINITY, f64::NEG_INFINITY)
        };
    }
    let (a, b) = (low / direction, high / direction);
    (a.min(b), a.max(b))
}
