//! The two of many points of which one lies furthest to the right of and below the other.

/// Two points and how strongly they disagree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WidestPair {
    /// Index of the point with the smaller first coordinate and the larger second one.
    pub before: usize,
    /// Index of the point with the larger first coordinate and the smaller second one.
    pub after: usize,
    /// The smaller of the rise of the first coordinate and the fall of the second; above 0.
    pub amount: f64,
}

/// The pair (a, b) with the greatest `min(x_b - x_a, y_a - y_b)`, if that is above 0; points with a NaN are left out.
/// In `O(n log n)` steps.
///
/// Only points with no other to their left and above can be the first of the best pair. Sorted, these rise in x and in
/// y, so for each b the rise falls and the fall rises along them, and the best lies where the two cross.
#[must_use]
pub fn widest_pair(points: &[[f64; 2]]) -> Option<WidestPair> {
    let front = front(points);
    let mut widest: Option<WidestPair> = None;
    for (after, point) in points.iter().enumerate() {
        let rises_more =
            |before: &usize| point[0] - points[*before][0] >= points[*before][1] - point[1];
        let crossing = front.partition_point(rises_more);
        let beside = crossing.saturating_sub(1)..front.len().min(crossing + 1);
        for before in &front[beside] {
            widest = wider(widest, points, *before, after);
        }
    }
    widest
}

/// The same by comparing every two points, in `O(n²)` steps: what [`widest_pair`] is tested against.
#[must_use]
pub fn widest_pair_by_comparison(points: &[[f64; 2]]) -> Option<WidestPair> {
    let mut widest = None;
    for before in 0..points.len() {
        for after in 0..points.len() {
            widest = wider(widest, points, before, after);
        }
    }
    widest
}

fn wider(
    widest: Option<WidestPair>,
    points: &[[f64; 2]],
    before: usize,
    after: usize,
) -> Option<WidestPair> {
    let (a, b) = (points[before], points[after]);
    let (rise, fall) = (b[0] - a[0], a[1] - b[1]);
    if rise.is_nan() || fall.is_nan() {
        return widest;
    }
    let amount = if rise < fall { rise } else { fall };
    if amount > widest.map_or(0.0, |widest| widest.amount) {
        Some(WidestPair {
            before,
            after,
            amount,
        })
    } else {
        widest
    }
}

/// Indices of the points with no other to their left and above, by rising x.
fn front(points: &[[f64; 2]]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len())
        .filter(|index| !points[*index].iter().any(|value| value.is_nan()))
        .collect();
    order.sort_by(|a, b| {
        let by_x = points[*a][0].total_cmp(&points[*b][0]);
        by_x.then(points[*b][1].total_cmp(&points[*a][1]))
    });
    let mut highest = f64::NEG_INFINITY;
    order.retain(|index| {
        let is_higher = points[*index][1] > highest;
        highest = f64::max(highest, points[*index][1]);
        is_higher
    });
    order
}
