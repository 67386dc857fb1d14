//! Random zooms and shifts of maps.

use mdp::{Rng, uniform_in};
use nn::MapShape;

/// The most that a map is zoomed and shifted by, as a share of its side.
const MOST: f64 = 0.1;

/// Writes a map zoomed and shifted at random along both axes: each cell is read bilinearly from where it was, zeros from
/// beyond the edge.
pub(super) fn zoom_and_shift(from: &[f32], shape: MapShape, rng: &mut Rng, to: &mut [f32]) {
    let mut axis = |side: usize| {
        let zoom = 1.0 + uniform_in(-MOST, MOST, rng);
        let shift = side as f64 * uniform_in(-MOST, MOST, rng);
        let middle = (side as f64 - 1.0) / 2.0;
        move |at: usize| (at as f64 - middle) * zoom + middle + shift
    };
    let (row_of, column_of) = (axis(shape.height), axis(shape.width));
    resample(from, shape, row_of, column_of, to);
}

/// Reads each cell of `to` from the place that its row and its column come from.
pub(super) fn resample(
    from: &[f32],
    shape: MapShape,
    row_of: impl Fn(usize) -> f64,
    column_of: impl Fn(usize) -> f64,
    to: &mut [f32],
) {
    to.fill(0.0);
    let n_channels = shape.channels;
    for (number, cell) in to.chunks_exact_mut(n_channels).enumerate() {
        let rows = neighbours(row_of(number / shape.width), shape.height);
        for (row, row_weight) in rows {
            let columns = neighbours(column_of(number % shape.width), shape.width);
            for (column, column_weight) in columns {
                let source = &from[(row * shape.width + column) * n_channels..][..n_channels];
                for (to, from) in cell.iter_mut().zip(source) {
                    *to += row_weight * column_weight * from;
                }
            }
        }
    }
}

/// The two places on either side of a point that lie inside, with their shares.
fn neighbours(at: f64, side: usize) -> impl Iterator<Item = (usize, f32)> {
    let below = at.floor();
    let above_share = at - below;
    [(below, 1.0 - above_share), (below + 1.0, above_share)]
        .into_iter()
        .filter(move |(place, _)| (0.0..side as f64).contains(place))
        .map(|(place, share)| (place as usize, share as f32))
}
