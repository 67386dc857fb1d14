//! The road as seen from above the car, which drives upwards.

use mdp::{Ink, Scene, Shape, rectangle};

use super::road::{cosine, sine};
use super::{Drive, EDGE, FENCE, HALF_LENGTH, HALF_WIDTH, LANE, N_LANES, SHARPEST_TURN, middle_of};

const LOW: [f64; 2] = [-26.0, -18.0];
const HIGH: [f64; 2] = [26.0, 62.0];
/// Metres between two points of a line along the road.
const PIECE: f64 = 4.0;

pub(super) fn scene() -> Scene {
    Scene {
        low: LOW,
        high: HIGH,
        background: vec![rectangle(LOW, HIGH, Ink::Good)],
    }
}

pub(super) fn draw(drive: &Drive) -> Vec<Shape> {
    let road = Middle::of(drive);
    let mut shapes = vec![road.strip(EDGE, Ink::Ground)];
    for side in [-FENCE, FENCE] {
        shapes.push(road.line(side, 0.4, Ink::Wall));
    }
    for between in 1..N_LANES {
        let aside = (between as f64 - 0.5 * N_LANES as f64) * LANE;
        shapes.push(road.line(aside, 0.15, Ink::Muted));
    }
    for other in &drive.others {
        if LOW[1] < other.ahead && other.ahead < HIGH[1] {
            let (at, along) = road.at(other.ahead, middle_of(other.lane));
            shapes.push(car(at, along, Ink::Wall));
        }
    }
    let heading = [-sine(drive.angle), cosine(drive.angle)];
    let ink = if drive.is_touching {
        Ink::Bad
    } else {
        Ink::Agent
    };
    shapes.push(car(road.at(0.0, drive.offset).0, heading, ink));
    shapes.push(label(drive));
    shapes
}

fn label(drive: &Drive) -> Shape {
    let wheel = drive.wheel / SHARPEST_TURN;
    let turned = match wheel {
        wheel if wheel > 0.1 => "left",
        wheel if wheel < -0.1 => "right",
        _ => "ahead",
    };
    let trouble = match (drive.is_on_grass(), drive.is_touching) {
        (_, true) => ", touching",
        (true, false) => ", on grass",
        (false, false) => "",
    };
    Shape::Text {
        at: [0.0, LOW[1] + 3.0],
        text: format!(
            "{:.0} m, {:.0} km/h, gear {}, wheel {turned}{trouble}",
            drive.distance,
            3.6 * drive.speed,
            drive.gear + 1
        ),
        size: 2.2,
        ink: Ink::Text,
    }
}

/// Where the middle of the road goes, with the car's place on it at the origin and its direction there upwards.
struct Middle {
    /// Place and direction at each [`PIECE`], from the lower to the upper border of the picture.
    points: Vec<([f64; 2], [f64; 2])>,
}

impl Middle {
    fn of(drive: &Drive) -> Middle {
        let n_behind = (-LOW[1] / PIECE).ceil() as usize;
        let n_ahead = (HIGH[1] / PIECE).ceil() as usize;
        // Behind the car the road is drawn as it was where the car is: it is no longer known.
        let behind = trace(n_behind, |_| drive.curvature(0.0), -1.0);
        let ahead = trace(n_ahead, |metres| drive.curvature(metres), 1.0);
        let mut points: Vec<_> = behind.into_iter().skip(1).rev().collect();
        points.extend(ahead);
        // Shifted so that the car stays in the middle of the picture.
        for (at, _) in &mut points {
            at[0] += 0.5 * drive.offset;
        }
        Middle { points }
    }

    /// The point so many metres ahead and to the left, and the direction of the road there.
    fn at(&self, ahead: f64, left: f64) -> ([f64; 2], [f64; 2]) {
        let from_start = (ahead / PIECE) + (-LOW[1] / PIECE).ceil();
        let piece = (from_start.max(0.0) as usize).min(self.points.len() - 2);
        let share = from_start - piece as f64;
        let (([x, y], along), ([next_x, next_y], _)) = (self.points[piece], self.points[piece + 1]);
        let at = [x + share * (next_x - x), y + share * (next_y - y)];
        ([at[0] - left * along[1], at[1] + left * along[0]], along)
    }

    fn line(&self, left: f64, width: f64, ink: Ink) -> Shape {
        Shape::Line {
            points: self.beside(left),
            width,
            ink,
        }
    }

    fn strip(&self, half_width: f64, ink: Ink) -> Shape {
        let mut points = self.beside(half_width);
        points.extend(self.beside(-half_width).into_iter().rev());
        Shape::Polygon { points, ink }
    }

    fn beside(&self, left: f64) -> Vec<[f64; 2]> {
        let beside =
            |(at, along): &([f64; 2], [f64; 2])| [at[0] - left * along[1], at[1] + left * along[0]];
        self.points.iter().map(beside).collect()
    }
}

/// Points along the road in one direction, each with the direction of the road there.
fn trace(n: usize, curvature: impl Fn(f64) -> f64, sign: f64) -> Vec<([f64; 2], [f64; 2])> {
    let mut points = vec![([0.0, 0.0], [0.0, 1.0])];
    for piece in 0..n {
        let ([x, y], [along_x, along_y]) = points[piece];
        let turn = sign * PIECE * curvature((piece as f64 + 0.5) * PIECE);
        let (sine, cosine) = (sine(turn), cosine(turn));
        let along = [
            along_x * cosine - along_y * sine,
            along_x * sine + along_y * cosine,
        ];
        let way = 0.5 * sign * PIECE;
        points.push((
            [
                x + way * (along_x + along[0]),
                y + way * (along_y + along[1]),
            ],
            along,
        ));
    }
    points
}

fn car(at: [f64; 2], [along_x, along_y]: [f64; 2], ink: Ink) -> Shape {
    let corner = |ahead: f64, left: f64| {
        [
            at[0] + ahead * along_x - left * along_y,
            at[1] + ahead * along_y + left * along_x,
        ]
    };
    Shape::Polygon {
        points: vec![
            corner(-HALF_LENGTH, -HALF_WIDTH),
            corner(-HALF_LENGTH, HALF_WIDTH),
            corner(0.6 * HALF_LENGTH, HALF_WIDTH),
            corner(HALF_LENGTH, 0.0),
            corner(0.6 * HALF_LENGTH, -HALF_WIDTH),
        ],
        ink,
    }
}
