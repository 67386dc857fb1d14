//! The water of a course as tables: how far the banks are, how far the finish is, what the lookouts see.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::geometry::{
    HEADINGS, N_HEADINGS, Point, add, between, dot, length, nearest_on_segment, scale, subtract,
};

/// Width and height of every course.
pub(crate) const EXTENT: Point = [64.0, 40.0];
/// Distance between nodes of the tables.
const CELL: f64 = 0.5;
const N_COLUMNS: usize = 129;
const N_ROWS: usize = 81;
const N_NODES: usize = N_COLUMNS * N_ROWS;

/// How far the lookouts see.
const REACH: f64 = 12.0;
/// What a lookout's byte says when nothing is within reach.
const FAR: f64 = 240.0;

/// What is known at a node.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Distance to the nearest bank; negative on land.
    clearance: f32,
    /// Share of the way to the finish that lies behind; 0 at the start, 1 at the finish.
    progress: f32,
}

/// The tables of one course.
#[derive(Debug)]
pub(crate) struct Water {
    nodes: Box<[Node]>,
    /// Distance to the bank along each heading, in units of `REACH / FAR`, from each node.
    ///
    /// All headings of a node lie side by side, so that one look around reads one line of the cache.
    sight: Box<[[u8; N_HEADINGS]]>,
    /// Closed lines between water and land, with the water on their left.
    pub(crate) banks: Vec<Vec<Point>>,
}

/// Clearance and progress at a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sounding {
    pub(crate) clearance: f64,
    pub(crate) progress: f64,
}

impl Water {
    /// Makes the tables of the water where `depth` is positive.
    ///
    /// `finish` gives the distance that is left at points near the finish, where the search begins.
    pub(crate) fn new(
        depth: impl Fn(Point) -> f64,
        finish: impl Fn(Point) -> Option<f64>,
        start: Point,
    ) -> Water {
        let depths: Vec<f64> = (0..N_NODES).map(|node| depth(node_point(node))).collect();
        let banks = contours(&depths);
        let clearances: Vec<f64> = (0..N_NODES)
            .map(|node| away_from(node_point(node), &banks).copysign(depths[node]))
            .collect();
        let remaining = distances_to(&clearances, finish);
        let nodes = (0..N_NODES).map(|node| Node {
            clearance: clearances[node] as f32,
            progress: remaining[node] as f32,
        });
        let mut water = Water {
            nodes: nodes.collect(),
            sight: Box::default(),
            banks,
        };
        let whole_way = water.sound(start).progress;
        for node in &mut water.nodes {
            node.progress = (1.0 - f64::from(node.progress) / whole_way) as f32;
        }
        water.sight = (0..N_NODES).map(|node| water.look_around(node)).collect();
        water
    }

    /// Interpolates between the four nodes around a point.
    #[inline]
    pub(crate) fn sound(&self, p: Point) -> Sounding {
        let x = (p[0] / CELL).clamp(0.0, (N_COLUMNS - 2) as f64);
        let y = (p[1] / CELL).clamp(0.0, (N_ROWS - 2) as f64);
        let (column, row) = (x as usize, y as usize);
        let (right, up) = (x - column as f64, y - row as f64);
        let node = row * N_COLUMNS + column;
        let [a, b] = [self.nodes[node], self.nodes[node + 1]];
        let [c, d] = [
            self.nodes[node + N_COLUMNS],
            self.nodes[node + N_COLUMNS + 1],
        ];
        let mix = |a: f32, b: f32, c: f32, d: f32| {
            let below = f64::from(a) + right * (f64::from(b) - f64::from(a));
            let above = f64::from(c) + right * (f64::from(d) - f64::from(c));
            below + up * (above - below)
        };
        Sounding {
            clearance: mix(a.clearance, b.clearance, c.clearance, d.clearance),
            progress: mix(a.progress, b.progress, c.progress, d.progress),
        }
    }

    /// Unit vector away from the nearest bank.
    pub(crate) fn away_from_bank(&self, p: Point) -> Point {
        let slope = |axis: usize| {
            let (mut low, mut high) = (p, p);
            low[axis] -= 0.5 * CELL;
            high[axis] += 0.5 * CELL;
            self.sound(high).clearance - self.sound(low).clearance
        };
        let gradient = [slope(0), slope(1)];
        let steepness = length(gradient);
        if steepness < 1e-6 {
            return [0.0, 0.0];
        }
        scale(gradient, 1.0 / steepness)
    }

    /// Distances to the banks along all headings from the node nearest to a point, as shares of the lookouts' reach.
    #[inline]
    pub(crate) fn sight(&self, p: Point) -> impl Fn(usize) -> f32 {
        let column = ((p[0] / CELL + 0.5).max(0.0) as usize).min(N_COLUMNS - 1);
        let row = ((p[1] / CELL + 0.5).max(0.0) as usize).min(N_ROWS - 1);
        let seen = &self.sight[row * N_COLUMNS + column];
        move |heading| f32::from(seen[heading % N_HEADINGS]) * (1.0 / FAR as f32)
    }

    /// Least and greatest progress of any place that a boat can reach: interpolation adds no extremes.
    pub(crate) fn progress_range(&self) -> (f64, f64) {
        self.progress_where(|_| true)
    }

    /// Least and greatest progress of the nodes within `radius` of a point.
    pub(crate) fn progress_near(&self, p: Point, radius: f64) -> (f64, f64) {
        self.progress_where(|node| length(subtract(node_point(node), p)) <= radius)
    }

    fn progress_where(&self, counts: impl Fn(usize) -> bool) -> (f64, f64) {
        let progress = (0..N_NODES)
            .filter(|node| counts(*node))
            .map(|node| f64::from(self.nodes[node].progress))
            .filter(|progress| progress.is_finite());
        progress.fold(
            (f64::INFINITY, f64::NEG_INFINITY),
            |(low, high), progress| (low.min(progress), high.max(progress)),
        )
    }

    /// Distance from a point to the bank along a unit vector, at most `limit`.
    pub(crate) fn reach(&self, from: Point, direction: Point, limit: f64) -> f64 {
        let mut travelled = 0.0;
        while travelled < limit {
            let clearance = self.sound(add(from, scale(direction, travelled))).clearance;
            if clearance < 0.01 {
                break;
            }
            // Nothing is nearer than the clearance; interpolation may round it down to a crawl.
            travelled += clearance.max(0.05);
        }
        travelled.min(limit)
    }

    fn look_around(&self, node: usize) -> [u8; N_HEADINGS] {
        let from = node_point(node);
        if self.nodes[node].clearance <= -(CELL as f32) {
            return [0; N_HEADINGS];
        }
        HEADINGS.map(|heading| (self.reach(from, heading, REACH) / REACH * FAR) as u8)
    }
}

fn node_point(node: usize) -> Point {
    [
        (node % N_COLUMNS) as f64 * CELL,
        (node / N_COLUMNS) as f64 * CELL,
    ]
}

/// The closed lines where `values`, given at the nodes, change sign: positive on their left.
///
/// Marching squares. Around each cell, anticlockwise, a line leaves through the edge where the values turn
/// negative and comes from the next edge where they turn positive; both corners of a saddle are cut off.
fn contours(values: &[f64]) -> Vec<Vec<Point>> {
    let mut next = BTreeMap::new();
    for row in 0..N_ROWS - 1 {
        for column in 0..N_COLUMNS - 1 {
            link_cell(values, row * N_COLUMNS + column, &mut next);
        }
    }
    let mut lines = vec![];
    while let Some((&first, _)) = next.first_key_value() {
        let mut line = vec![];
        let mut edge = first;
        while let Some(following) = next.remove(&edge) {
            line.push(crossing(values, edge));
            edge = following;
        }
        lines.push(line);
    }
    lines
}

/// An edge between two nodes, lower number first.
type Edge = (usize, usize);

fn link_cell(values: &[f64], node: usize, next: &mut BTreeMap<Edge, Edge>) {
    let corners = [node, node + 1, node + N_COLUMNS + 1, node + N_COLUMNS];
    let edge = |side: usize| {
        let (a, b) = (corners[side % 4], corners[(side + 1) % 4]);
        (a.min(b), a.max(b))
    };
    let is_water = |corner: usize| values[corners[corner % 4]] > 0.0;
    for side in 0..4 {
        if is_water(side) && !is_water(side + 1) {
            let entry = (side + 1..side + 4)
                .find(|other| !is_water(*other) && is_water(other + 1))
                .expect("whoever leaves the water around a cell comes back to it");
            next.insert(edge(side), edge(entry));
        }
    }
}

fn crossing(values: &[f64], (a, b): Edge) -> Point {
    // Kept off the nodes, so that no two points of a line coincide.
    let share = (values[a] / (values[a] - values[b])).clamp(0.02, 0.98);
    between(node_point(a), node_point(b), share)
}

/// Distance from a point to the nearest of some closed lines.
fn away_from(p: Point, lines: &[Vec<Point>]) -> f64 {
    let mut least = f64::INFINITY;
    for line in lines {
        let mut previous = line[line.len() - 1];
        for corner in line {
            let nearest = between(previous, *corner, nearest_on_segment(p, previous, *corner));
            let away = subtract(p, nearest);
            least = least.min(dot(away, away));
            previous = *corner;
        }
    }
    least.sqrt()
}

/// Distance over water from every node to where `finish` knows it; infinite where no water leads.
///
/// The fast marching method (Sethian, 1996) on the nodes that a boat's surroundings can touch.
fn distances_to(clearances: &[f64], finish: impl Fn(Point) -> Option<f64>) -> Vec<f64> {
    // A boat keeps half its width from the bank; the corners of its cell lie at most one diagonal further.
    let passable = |node: usize| clearances[node] > -0.15;
    let mut distances = vec![f64::INFINITY; N_NODES];
    let mut done = vec![false; N_NODES];
    let mut queue = BinaryHeap::new();
    for node in (0..N_NODES).filter(|node| passable(*node)) {
        if let Some(left) = finish(node_point(node)) {
            distances[node] = left;
            // Distances are not negative, so that their bits are ordered as they are.
            queue.push(Reverse((left.to_bits(), node)));
        }
    }
    while let Some(Reverse((_, node))) = queue.pop() {
        if std::mem::replace(&mut done[node], true) {
            continue;
        }
        for neighbour in [node - 1, node + 1, node - N_COLUMNS, node + N_COLUMNS] {
            if done[neighbour] || !passable(neighbour) {
                continue;
            }
            let reached = march(&distances, neighbour);
            if reached < distances[neighbour] {
                distances[neighbour] = reached;
                queue.push(Reverse((reached.to_bits(), neighbour)));
            }
        }
    }
    distances
}

/// The first-order upwind solution of |∇d| = 1 at a node.
fn march(distances: &[f64], node: usize) -> f64 {
    let beside = distances[node - 1].min(distances[node + 1]);
    let above = distances[node - N_COLUMNS].min(distances[node + N_COLUMNS]);
    let (low, high) = (beside.min(above), beside.max(above));
    if high - low >= CELL {
        return low + CELL;
    }
    let difference = high - low;
    0.5 * (low + high + (2.0 * CELL * CELL - difference * difference).sqrt())
}
