//! Scripted policies: one that does what was meant, one that does what pays, one that does anything.

use mdp::{Policy, Rng, index};

use super::course::Map;
use super::geometry::{
    Curve, HEADINGS, Point, add, between, distance, dot, left_of, length, scale, subtract,
};
use super::water::EXTENT;
use super::{CoastRunners, HELMS, Helm, N_FEATURES};

/// A scripted policy that knows the chart of its course.
///
/// Like every policy it sees the observation alone, and keeps nothing in mind from one step to the next.
#[derive(Clone, Debug)]
pub struct CoastPilot {
    plan: Plan,
}

#[derive(Clone, Debug)]
enum Plan {
    /// Follow a line to its end.
    Race { line: Curve },
    /// Follow a line into the lagoon and circle there.
    Circle {
        line: Curve,
        center: Point,
        radius: f64,
    },
    /// Draw any action.
    Drift,
}

/// How far ahead on its line a pilot aims.
const LOOK_AHEAD: f64 = 3.0;

impl CoastPilot {
    /// Names of the pilots that [`CoastRunners::pilot`] knows.
    pub const NAMES: [&'static str; 3] = ["driver", "looper", "random"];
}

impl CoastRunners {
    /// Does what was meant: finishes the race, and takes the targets that lie on its way.
    #[must_use]
    pub fn driver(&self) -> CoastPilot {
        let line = racing_line(&self.map);
        CoastPilot {
            plan: Plan::Race { line },
        }
    }

    /// Does what pays: turns into the lagoon and circles there, collecting targets as they come back.
    #[must_use]
    pub fn looper(&self) -> CoastPilot {
        CoastPilot {
            plan: Plan::Circle {
                line: way_into_lagoon(&self.map),
                center: self.map.lagoon,
                radius: self.map.ring,
            },
        }
    }

    /// Draws every action with the same probability.
    #[must_use]
    pub fn drifter(&self) -> CoastPilot {
        CoastPilot { plan: Plan::Drift }
    }

    /// The pilot of a name: one of [`CoastPilot::NAMES`].
    #[must_use]
    pub fn pilot(&self, name: &str) -> Option<CoastPilot> {
        match name {
            "driver" => Some(self.driver()),
            "looper" => Some(self.looper()),
            "random" => Some(self.drifter()),
            _ => None,
        }
    }
}

impl Policy<[f32; N_FEATURES], usize> for CoastPilot {
    fn act(&self, observation: &[f32; N_FEATURES], rng: &mut Rng) -> usize {
        let position = [
            0.5 * EXTENT[0] * (f64::from(observation[17]) + 1.0),
            0.5 * EXTENT[1] * (f64::from(observation[18]) + 1.0),
        ];
        let aim = match &self.plan {
            Plan::Race { line } => along(line, position),
            Plan::Circle {
                line,
                center,
                radius,
            } => match around(*center, *radius, position) {
                Some(aim) => aim,
                None => along(line, position),
            },
            Plan::Drift => return index(HELMS.len(), rng),
        };
        steer(observation, subtract(aim, position))
    }
}

/// The course's targets, and the passages beside its islands, as a line from the start to beyond the finish.
fn racing_line(map: &Map) -> Curve {
    let last = map.centreline.total_length();
    curve_through(marks_before(map, last).into_iter())
}

/// Along the same line to where the mouth leaves the course, and on to the middle of the lagoon.
fn way_into_lagoon(map: &Map) -> Curve {
    let course = marks_before(map, map.mouth);
    let halfway = between(course[course.len() - 1], map.lagoon, 0.5);
    curve_through(course.into_iter().chain([halfway, map.lagoon]))
}

/// The marks of the course from its beginning to an arc length, that included.
///
/// Between marks further apart than [`GAP`], the line keeps to the middle of the course.
fn marks_before(map: &Map, end: f64) -> Vec<Point> {
    const GAP: f64 = 8.0;
    let targets = map.targets[..map.n_on_course].iter();
    let mut marks: Vec<(f64, Point)> = targets
        .chain(&map.passages)
        .map(|mark| (map.centreline.nearest(*mark), *mark))
        .filter(|(arc, _)| *arc < end - 2.0)
        .collect();
    marks.sort_by(|a, b| a.0.total_cmp(&b.0));
    // A target beside an island marks the passage as well.
    marks.dedup_by(|next, kept| next.0 - kept.0 < 4.0);
    marks.push((end, map.centreline.at(end).0));
    let mut line = vec![map.centreline.at(0.0).0];
    let mut before = 0.0;
    for (arc, mark) in marks {
        let n_pieces = ((arc - before) / GAP).ceil();
        for piece in 1..n_pieces as usize {
            let middle = before + (arc - before) * piece as f64 / n_pieces;
            line.push(map.centreline.at(middle).0);
        }
        line.push(mark);
        before = arc;
    }
    line
}

fn curve_through(points: impl Iterator<Item = Point>) -> Curve {
    let knots: Vec<[f64; 3]> = points.map(|[x, y]| [x, y, 0.0]).collect();
    Curve::through(&knots)
}

/// The point of a line a little ahead of the one nearest to `position`.
fn along(line: &Curve, position: Point) -> Point {
    line.at(line.nearest(position) + LOOK_AHEAD).0
}

/// The point of a circle a little ahead, anticlockwise; none for who is outside of it.
fn around(center: Point, radius: f64, position: Point) -> Option<Point> {
    let from_center = subtract(position, center);
    let away = length(from_center);
    if away > radius + 3.2 || away < 1e-3 {
        return None;
    }
    let outward = scale(from_center, 1.0 / away);
    let ahead = HEADINGS[5];
    let turned = add(scale(outward, ahead[0]), scale(left_of(outward), ahead[1]));
    Some(add(center, scale(turned, radius)))
}

/// Turns towards `offset`, and slows down where it lies abeam.
fn steer(observation: &[f32; N_FEATURES], offset: Point) -> usize {
    let bow = [f64::from(observation[19]), f64::from(observation[20])];
    let speed = f64::from(observation[7]);
    let away = distance(offset, [0.0; 2]).max(1e-9);
    let ahead = dot(offset, bow) / away;
    let left = dot(offset, left_of(bow)) / away;
    let helm = if left.abs() < 0.08 && ahead > 0.0 {
        Helm::Thrust
    } else if ahead < 0.5 && speed > 0.7 {
        Helm::Brake
    } else if left > 0.0 {
        Helm::Left
    } else {
        Helm::Right
    };
    HELMS
        .iter()
        .position(|known| *known == helm)
        .expect("every helm has a number")
}
