//! Points, headings and splines, from operations that give the same bits on every machine.

/// A point or a vector: x to the right, y upwards.
pub(crate) type Point = [f64; 2];

/// Headings in a full turn; the boat, its lookouts and its compass know no others.
pub(crate) const N_HEADINGS: usize = 48;

/// Cosines of the first quarter turn in steps of 7.5 degrees, so that no maths library decides the last bit.
const QUARTER: [f64; 13] = [
    1.0,
    0.991_444_861_373_810_4,
    0.965_925_826_289_068_3,
    0.923_879_532_511_286_7,
    0.866_025_403_784_438_6,
    0.793_353_340_291_235_2,
    std::f64::consts::FRAC_1_SQRT_2,
    0.608_761_429_008_720_7,
    0.5,
    0.382_683_432_365_089_8,
    0.258_819_045_102_520_74,
    0.130_526_192_220_051_6,
    0.0,
];

/// Unit vectors of all headings, anticlockwise from east.
pub(crate) static HEADINGS: [Point; N_HEADINGS] = {
    let mut headings = [[0.0; 2]; N_HEADINGS];
    let mut index = 0;
    while index < N_HEADINGS {
        let (along, across) = (QUARTER[index % 12], QUARTER[12 - index % 12]);
        headings[index] = match index / 12 {
            0 => [along, across],
            1 => [-across, along],
            2 => [-along, -across],
            _ => [across, -along],
        };
        index += 1;
    }
    headings
};

#[inline]
pub(crate) fn add(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1]]
}

#[inline]
pub(crate) fn subtract(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1]]
}

#[inline]
pub(crate) fn scale(a: Point, factor: f64) -> Point {
    [a[0] * factor, a[1] * factor]
}

#[inline]
pub(crate) fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// The vector turned a quarter to the left.
#[inline]
pub(crate) fn left_of(a: Point) -> Point {
    [-a[1], a[0]]
}

#[inline]
pub(crate) fn length(a: Point) -> f64 {
    dot(a, a).sqrt()
}

pub(crate) fn distance(a: Point, b: Point) -> f64 {
    length(subtract(a, b))
}

/// How far along the segment from `a` to `b`, from 0 to 1, its nearest point to `p` lies.
pub(crate) fn nearest_on_segment(p: Point, a: Point, b: Point) -> f64 {
    let along = subtract(b, a);
    let squared = dot(along, along);
    if squared == 0.0 {
        return 0.0;
    }
    (dot(subtract(p, a), along) / squared).clamp(0.0, 1.0)
}

/// The point at `share` of the way from `a` to `b`.
pub(crate) fn between(a: Point, b: Point, share: f64) -> Point {
    add(a, scale(subtract(b, a), share))
}

/// A curve through given points, as a dense polyline with a half-width at each vertex.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    pub(crate) points: Vec<Point>,
    pub(crate) half_widths: Vec<f64>,
    /// Arc length from the first vertex to each.
    lengths: Vec<f64>,
}

impl Curve {
    /// The uniform Catmull-Rom spline through `knots` (x, y, half-width).
    pub(crate) fn through(knots: &[[f64; 3]]) -> Curve {
        const PIECES: usize = 24;
        let last = knots.len() - 1;
        let mut curve = Curve {
            points: vec![],
            half_widths: vec![],
            lengths: vec![],
        };
        for index in 0..last {
            let around = [
                knots[index.saturating_sub(1)],
                knots[index],
                knots[index + 1],
                knots[(index + 2).min(last)],
            ];
            for piece in 0..PIECES {
                curve.push(catmull_rom(&around, piece as f64 / PIECES as f64));
            }
        }
        curve.push(knots[last]);
        curve
    }

    fn push(&mut self, [x, y, half_width]: [f64; 3]) {
        let travelled = match (self.points.last(), self.lengths.last()) {
            (Some(previous), Some(travelled)) => travelled + distance(*previous, [x, y]),
            _ => 0.0,
        };
        self.points.push([x, y]);
        self.half_widths.push(half_width);
        self.lengths.push(travelled);
    }

    pub(crate) fn total_length(&self) -> f64 {
        *self.lengths.last().expect("a curve has points")
    }

    /// The vertex that ends the piece in which an arc length lies.
    fn after(&self, arc: f64) -> usize {
        self.lengths
            .partition_point(|travelled| *travelled < arc)
            .clamp(1, self.points.len() - 1)
    }

    /// The half-width at the vertex after an arc length.
    pub(crate) fn half_width_at(&self, arc: f64) -> f64 {
        self.half_widths[self.after(arc)]
    }

    /// The point and the unit tangent at an arc length.
    pub(crate) fn at(&self, arc: f64) -> (Point, Point) {
        let next = self.after(arc);
        let (a, b) = (self.points[next - 1], self.points[next]);
        let piece = self.lengths[next] - self.lengths[next - 1];
        let tangent = scale(subtract(b, a), 1.0 / piece);
        let share = ((arc - self.lengths[next - 1]) / piece).clamp(0.0, 1.0);
        (between(a, b, share), tangent)
    }

    /// The arc length of the point of the curve nearest to `p`.
    pub(crate) fn nearest(&self, p: Point) -> f64 {
        let mut best = (f64::INFINITY, 0.0);
        for index in 1..self.points.len() {
            let (a, b) = (self.points[index - 1], self.points[index]);
            let share = nearest_on_segment(p, a, b);
            let away = distance(p, between(a, b, share));
            if away < best.0 {
                let piece = self.lengths[index] - self.lengths[index - 1];
                best = (away, self.lengths[index - 1] + share * piece);
            }
        }
        best.1
    }
}

/// The spline's point at `t` in 0..1 between the middle two of four knots.
fn catmull_rom(knots: &[[f64; 3]; 4], t: f64) -> [f64; 3] {
    std::array::from_fn(|axis| {
        let [a, b, c, d] = knots.map(|knot| knot[axis]);
        let linear = c - a;
        let square = 2.0 * a - 5.0 * b + 4.0 * c - d;
        let cube = 3.0 * (b - c) + d - a;
        b + 0.5 * t * (linear + t * (square + t * cube))
    })
}
