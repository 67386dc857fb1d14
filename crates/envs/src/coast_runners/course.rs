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
    lagoon: ([49.5, 14.5], 6.8),
    mouth: ([29.0, 11.0], 2.6),
    islands: &[],
    gates: &[11.0, 21.0, 42.0, 52.0, 62.0, 72.0, 82.0, 92.0, 103.0],
    on_course: &[
        (6.5, 0.0),
        (14.5, 0.3),
        (45.0, 1.0),
        (61.0, 0.0),
        (77.0, 1.0),
        (93.0, 0.0),
    ],
    in_mouth: &[0.25, 0.48],
    ring: (8, 5.2, 0),
};

static ESTUARY: Plan = Plan {
    centreline: &[
        [6.0, 35.5, 3.0],
        [6.5, 25.0, 3.2],
        [8.0, 14.5, 3.3],
        [14.0, 8.0, 3.3],
        [23.0, 9.5, 3.4],
        [27.5, 17.0, 3.4],
        [25.5, 26.0, 3.4],
        [29.5, 33.0, 3.6],
        [38.5, 34.0, 3.8],
        [48.5, 31.5, 4.2],
        [59.0, 32.5, 4.4],
    ],
    lagoon: ([43.5, 11.0], 6.8),
    mouth: ([21.5, 8.8], 2.6),
    islands: &[],
    gates: &[14.0, 26.0, 50.0, 60.0, 70.0, 80.0, 90.0],
    on_course: &[
        (8.0, 0.0),
        (21.0, 0.0),
        (34.0, 0.0),
        (56.0, 0.0),
        (70.0, 0.0),
        (84.0, 0.0),
    ],
    in_mouth: &[0.28, 0.5],
    ring: (8, 5.2, 0),
};

static ARCHIPELAGO: Plan = Plan {
    centreline: &[
        [5.0, 8.0, 3.8],
        [15.0, 7.5, 4.4],
        [27.0, 7.5, 4.6],
        [37.0, 11.0, 4.6],
        [41.0, 20.0, 4.6],
        [37.0, 29.0, 4.6],
        [27.0, 32.5, 4.6],
        [16.0, 32.5, 4.6],
        [5.0, 32.5, 4.0],
    ],
    lagoon: ([54.5, 10.5], 6.8),
    mouth: ([35.0, 9.5], 2.6),
    islands: &[
        ([21.0, 5.8], 1.3),
        ([42.6, 22.6], 1.4),
        ([33.0, 29.0], 1.4),
        ([22.5, 34.3], 1.3),
        ([13.5, 30.8], 1.3),
    ],
    gates: &[12.0, 24.0, 51.0, 62.0, 72.0, 82.0],
    on_course: &[
        (7.0, 0.0),
        (16.5, 1.8),
        (27.0, 0.0),
        (46.0, 1.8),
        (58.0, -1.8),
        (77.0, -1.8),
    ],
    in_mouth: &[0.25, 0.48],
    ring: (8, 5.2, 0),
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
    lagoon: ([42.5, 26.0], 6.8),
    mouth: ([20.5, 33.0], 2.5),
    islands: &[],
    gates: &[12.0, 24.0, 36.0, 60.0, 70.0, 80.0, 90.0, 100.0],
    on_course: &[
        (7.0, 0.0),
        (21.0, 0.0),
        (34.0, 0.0),
        (58.0, 0.0),
        (74.0, 0.0),
        (90.0, 0.0),
    ],
    in_mouth: &[0.2, 0.42],
    ring: (8, 5.2, 0),
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
    /// Points in the middle of the wider passage beside each island.
    pub(crate) passages: Vec<Point>,
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
            let near = (-1.0..=4.0).contains(&beyond) && aside.abs() < 5.0;
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
            passages: plan.passages(&centreline),
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

    fn passages(&self, centreline: &Curve) -> Vec<Point> {
        let passage = |(island, radius): &(Point, f64)| {
            let arc = centreline.nearest(*island);
            let (center, along) = centreline.at(arc);
            let across = left_of(along);
            let aside = dot(subtract(*island, center), across);
            // From the island's far shore to the bank opposite.
            let shore = radius - aside.abs();
            let middle = 0.5 * (shore + centreline.half_width_at(arc));
            add(center, scale(across, -aside.signum() * middle))
        };
        self.islands.iter().map(passage).collect()
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
