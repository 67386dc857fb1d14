//! The four courses: where the water is, and what floats on it.

use std::fmt;
use std::str::FromStr;

use super::geometry::{
    Curve, HEADINGS, N_HEADINGS, Point, add, between, distance, dot, left_of, nearest_on_segment,
    scale, subtract,
};
use super::water::Water;
use crate::UnknownName;

/// Targets on every course.
pub(crate) const N_TARGETS: usize = 16;

/// Which course is raced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Course {
    /// A long S through a bay; the lagoon opens on the first straight.
    #[default]
    Bay,
    /// A meandering river mouth; the lagoon lies behind the second bend.
    Estuary,
    /// A wide sound with islands; the lagoon lies between its two arms.
    Archipelago,
    /// A narrow canal with sharp corners; the lagoon is a harbour half way down.
    Canal,
}

impl Course {
    /// All courses, the default first.
    pub const ALL: [Course; 4] = [
        Course::Bay,
        Course::Estuary,
        Course::Archipelago,
        Course::Canal,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Course::Bay => "bay",
            Course::Estuary => "estuary",
            Course::Archipelago => "archipelago",
            Course::Canal => "canal",
        }
    }

    fn plan(self) -> &'static Plan {
        match self {
            Course::Bay => &BAY,
            Course::Estuary => &ESTUARY,
            Course::Archipelago => &ARCHIPELAGO,
            Course::Canal => &CANAL,
        }
    }
}

impl fmt::Display for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Course {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Course, UnknownName> {
        UnknownName::find("course", name, &Course::ALL, |course| course.name())
    }
}

/// What a course is made from.
struct Plan {
    /// Knots of the centreline from behind the start to beyond the finish: x, y, half-width.
    centreline: &'static [[f64; 3]],
    /// Centre and radius.
    lagoon: (Point, f64),
    /// Where the lagoon's mouth leaves the course, and its half-width.
    mouth: (Point, f64),
    /// Centres and radii.
    islands: &'static [(Point, f64)],
    /// Gates as arc lengths of the centreline; the last is the finish.
    gates: &'static [f64],
    /// Targets on the course: arc length of the centreline, offset to the left.
    on_course: &'static [(f64, f64)],
    /// Targets in the mouth, as shares of the way from the course to the lagoon's centre.
    in_mouth: &'static [f64],
    /// Targets on a ring in the lagoon: how many, its radius, heading of the first from the centre.
    ring: (usize, f64, usize),
}

static BAY: Plan = Plan {
    centreline: &[
        [4.5, 8.0, 3.2],
        [15.0, 7.0, 3.3],
        [25.0, 8.5, 3.3],
        [31.0, 14.5, 3.4],
        [28.0, 21.5, 3.3],
        [18.0, 22.5, 3.2],
        [9.5, 25.5, 3.3],
        [10.0, 32.0, 3.3],
        [19.0, 34.0, 3.2],
        [33.0, 32.5, 3.3],
        [46.0, 33.5, 3.4],
        [59.5, 32.5, 3.4],
    ],
    lagoon: ([50.5, 14.5], 8.4),
    mouth: ([29.0, 11.0], 2.6),
    islands: &[],
    gates: &[11.0, 21.0, 42.0, 52.0, 62.0, 72.0, 82.0, 92.0, 103.0],
    on_course: &[
        (6.5, 0.0),
        (16.0, 0.5),
        (25.0, -1.0),
        (41.0, 1.0),
        (52.0, -1.0),
        (63.0, 0.0),
        (74.0, 1.0),
        (85.0, -1.0),
        (96.0, 0.0),
    ],
    in_mouth: &[0.38],
    ring: (6, 4.8, 0),
};

static ESTUARY: Plan = Plan {
    centreline: &[
        [4.5, 33.5, 3.2],
        [14.0, 34.0, 3.2],
        [23.0, 31.5, 3.3],
        [26.5, 23.0, 3.2],
        [24.5, 13.0, 3.2],
        [30.0, 6.5, 3.4],
        [40.0, 6.5, 3.6],
        [45.5, 14.0, 3.8],
        [44.0, 24.0, 3.8],
        [48.0, 32.0, 4.0],
        [59.5, 33.0, 4.4],
    ],
    lagoon: ([11.5, 17.5], 7.8),
    mouth: ([26.0, 20.0], 2.6),
    islands: &[],
    gates: &[12.0, 22.0, 41.0, 51.0, 61.0, 71.0, 81.0, 93.0],
    on_course: &[
        (7.0, 0.0),
        (17.0, 0.0),
        (27.0, 0.0),
        (44.0, 0.0),
        (54.0, 0.0),
        (64.0, 0.0),
        (74.0, 0.0),
        (84.0, 0.0),
        (90.0, 0.0),
    ],
    in_mouth: &[0.35],
    ring: (6, 4.6, 0),
};

static ARCHIPELAGO: Plan = Plan {
    centreline: &[
        [4.5, 7.2, 3.6],
        [14.0, 7.2, 4.4],
        [28.0, 7.2, 4.6],
        [43.0, 7.6, 4.6],
        [53.5, 12.0, 4.6],
        [55.5, 21.0, 4.6],
        [52.0, 29.0, 4.6],
        [42.0, 32.8, 4.6],
        [28.0, 32.8, 4.6],
        [14.0, 32.8, 4.4],
        [4.5, 32.8, 4.0],
    ],
    lagoon: ([30.0, 20.0], 6.4),
    mouth: ([24.0, 8.0], 2.6),
    islands: &[
        ([37.0, 5.6], 1.3),
        ([50.0, 12.2], 1.4),
        ([57.4, 22.8], 1.4),
        ([45.5, 30.4], 1.4),
        ([34.0, 34.4], 1.3),
        ([20.0, 31.4], 1.3),
    ],
    gates: &[12.0, 28.0, 40.0, 54.0, 68.0, 81.0, 94.0, 108.0],
    on_course: &[
        (7.0, 0.0),
        (17.0, 0.0),
        (32.5, 1.4),
        (46.0, -1.6),
        (54.5, 0.5),
        (62.5, 1.4),
        (75.0, -1.8),
        (88.0, 1.8),
        (101.0, -1.8),
    ],
    in_mouth: &[0.42],
    ring: (6, 4.3, 4),
};

static CANAL: Plan = Plan {
    centreline: &[
        [6.0, 4.5, 2.8],
        [6.0, 14.0, 2.8],
        [6.0, 27.0, 2.8],
        [8.0, 33.0, 2.9],
        [14.0, 34.5, 2.8],
        [21.0, 33.0, 2.9],
        [23.0, 27.0, 2.8],
        [23.0, 14.0, 2.8],
        [25.0, 7.5, 2.9],
        [32.0, 6.0, 2.8],
        [46.0, 6.0, 2.8],
        [59.5, 6.0, 2.8],
    ],
    lagoon: ([42.0, 24.0], 8.2),
    mouth: ([23.0, 20.0], 2.4),
    islands: &[],
    gates: &[12.0, 24.0, 36.0, 46.0, 64.0, 76.0, 88.0, 100.0],
    on_course: &[
        (7.0, 0.0),
        (17.0, 0.0),
        (27.0, 0.0),
        (37.0, 0.0),
        (47.0, 0.0),
        (64.0, 0.0),
        (74.0, 0.0),
        (84.0, 0.0),
        (95.0, 0.0),
    ],
    in_mouth: &[0.4],
    ring: (6, 4.8, 0),
};

/// A line across the course, from bank to bank.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    pub(crate) center: Point,
    /// Unit vector in the direction of the race.
    pub(crate) along: Point,
    /// Distances from the centre to the left and the right bank.
    pub(crate) widths: [f64; 2],
}

impl Gate {
    /// How far a point has gone beyond the gate, and how far it is to the left of its centre.
    fn locate(&self, p: Point) -> (f64, f64) {
        let offset = subtract(p, self.center);
        (dot(offset, self.along), dot(offset, left_of(self.along)))
    }

    /// Whether a short move goes through the gate in the direction of the race.
    #[inline]
    pub(crate) fn is_crossed(&self, from: Point, to: Point) -> bool {
        let (before, _) = self.locate(from);
        let (after, left) = self.locate(to);
        before < 0.0 && 0.0 <= after && -self.widths[1] - 1.0 < left && left < self.widths[0] + 1.0
    }

    /// Its two ends, left and right.
    pub(crate) fn posts(&self) -> [Point; 2] {
        let across = left_of(self.along);
        [
            add(self.center, scale(across, self.widths[0])),
            add(self.center, scale(across, -self.widths[1])),
        ]
    }
}

/// A course, built.
#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) water: Water,
    pub(crate) centreline: Curve,
    pub(crate) gates: Vec<Gate>,
    pub(crate) targets: [Point; N_TARGETS],
    /// How many of the targets, from the first, lie on the course rather than in the mouth or the lagoon.
    pub(crate) n_on_course: usize,
    pub(crate) lagoon: Point,
    /// Radius of the ring of targets around the lagoon's centre.
    pub(crate) ring: f64,
    /// Arc length of the centreline where the mouth leaves it.
    pub(crate) mouth: f64,
}

/// Arc length of the centreline around which boats start.
pub(crate) const START: f64 = 2.0;

impl Map {
    pub(crate) fn new(course: Course) -> Map {
        let plan = course.plan();
        let centreline = Curve::through(plan.centreline);
        let (finish, along) = centreline.at(plan.gates[plan.gates.len() - 1]);
        let remaining = |p: Point| {
            let offset = subtract(p, finish);
            let (beyond, aside) = (dot(offset, along), dot(offset, left_of(along)));
            // From just before the line, so that the distance to it is exact there.
            let near = -1.0 <= beyond && beyond <= 4.0 && aside.abs() < 5.0;
            near.then(|| (-beyond).max(0.0))
        };
        let water = Water::new(
            |p| plan.depth(&centreline, p),
            remaining,
            centreline.at(START).0,
        );
        Map {
            gates: plan.gates(&centreline, &water),
            targets: plan.targets(&centreline),
            n_on_course: plan.on_course.len(),
            lagoon: plan.lagoon.0,
            ring: plan.ring.1,
            mouth: centreline.nearest(plan.mouth.0),
            water,
            centreline,
        }
    }

    /// Least and greatest progress that an episode can make, whatever the boat does.
    pub(crate) fn progress_gains(&self) -> (f64, f64) {
        let (first, last) = self.water.progress_near(self.centreline.at(START).0, 2.2);
        let (least, greatest) = self.water.progress_range();
        (least - last, greatest - first)
    }
}

impl Plan {
    /// Positive in the water: roughly the distance to the bank, rounded where waters meet.
    fn depth(&self, centreline: &Curve, p: Point) -> f64 {
        let channel = (1..centreline.points.len())
            .map(|index| {
                let (a, b) = (centreline.points[index - 1], centreline.points[index]);
                let share = nearest_on_segment(p, a, b);
                let widths = (
                    centreline.half_widths[index - 1],
                    centreline.half_widths[index],
                );
                widths.0 + share * (widths.1 - widths.0) - distance(p, between(a, b, share))
            })
            .fold(f64::NEG_INFINITY, f64::max);
        let ((lagoon, radius), (mouth, half_width)) = (self.lagoon, self.mouth);
        let way = between(mouth, lagoon, nearest_on_segment(p, mouth, lagoon));
        let waters = [radius - distance(p, lagoon), half_width - distance(p, way)];
        let depth = waters
            .into_iter()
            .fold(channel, |depth, water| smooth_max(depth, water, 2.5));
        self.islands.iter().fold(depth, |depth, (island, radius)| {
            depth.min(distance(p, *island) - radius)
        })
    }

    fn gates(&self, centreline: &Curve, water: &Water) -> Vec<Gate> {
        let gate = |arc: &f64| {
            let (center, along) = centreline.at(*arc);
            let across = left_of(along);
            let widths = [1.0, -1.0].map(|side| water.reach(center, scale(across, side), 10.0));
            Gate {
                center,
                along,
                widths,
            }
        };
        self.gates.iter().map(gate).collect()
    }

    fn targets(&self, centreline: &Curve) -> [Point; N_TARGETS] {
        let on_course = self.on_course.iter().map(|(arc, offset)| {
            let (center, along) = centreline.at(*arc);
            add(center, scale(left_of(along), *offset))
        });
        let in_mouth = self
            .in_mouth
            .iter()
            .map(|share| between(self.mouth.0, self.lagoon.0, *share));
        let (n_ring, ring, first) = self.ring;
        let in_lagoon = (0..n_ring).map(|index| {
            let heading = first + index * N_HEADINGS / n_ring;
            add(self.lagoon.0, scale(HEADINGS[heading % N_HEADINGS], ring))
        });
        let targets: Vec<Point> = on_course.chain(in_mouth).chain(in_lagoon).collect();
        targets.try_into().expect("every plan has as many targets")
    }
}

/// The greater of two numbers, rounded off where they differ by less than `blend`.
fn smooth_max(a: f64, b: f64, blend: f64) -> f64 {
    let close = (1.0 - (a - b).abs() / blend).max(0.0);
    a.max(b) + 0.25 * blend * close * close
}
