//! Where a label covers least.

/// A rectangle in pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
}

impl Area {
    /// How far apart two areas are vertically where they share a column; infinite where they do not.
    fn clearance(&self, other: &Area) -> f64 {
        if other.right < self.left || self.right < other.left {
            return f64::INFINITY;
        }
        (other.top - self.bottom).max(self.top - other.bottom)
    }
}

/// Candidate places along a level.
const PLACES: usize = 24;

/// Height of a line of text.
pub(crate) const TEXT_HEIGHT: f64 = 16.0;

/// The baseline and left edge for a text of `width` along the level `y`, inside `bounds`, clear of `obstacles`.
pub(crate) fn along(y: f64, width: f64, bounds: Area, obstacles: &[Area]) -> (f64, f64) {
    let room = (bounds.right - bounds.left - width).max(0.0);
    let mut best = (bounds.left + 6.0, y - 6.0);
    let mut widest = f64::NEG_INFINITY;
    for place in 0..=PLACES {
        for (above, baseline) in [(true, y - 6.0), (false, y + TEXT_HEIGHT)] {
            let left = bounds.left + room * place as f64 / PLACES as f64;
            let area = Area {
                left,
                right: left + width,
                top: baseline - 12.0,
                bottom: baseline + 4.0,
            };
            let inside = bounds.top <= area.top && area.bottom <= bounds.bottom;
            let clear = obstacles
                .iter()
                .map(|obstacle| area.clearance(obstacle))
                .fold(60.0, f64::min);
            // A little better above than below, and near the left end, where reading starts.
            let taste = if above { 2.0 } else { 0.0 } - 4.0 * place as f64 / PLACES as f64;
            let score = clear + taste - if inside { 0.0 } else { 1000.0 };
            if score > widest {
                (best, widest) = ((left, baseline), score);
            }
        }
    }
    best
}

/// Moves labels apart vertically so that none covers another, keeping their order. `low` and `high` bound them.
pub(crate) fn spread(wanted: &[f64], low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut placed = wanted.to_vec();
    let mut floor = low;
    for index in &order {
        placed[*index] = placed[*index].max(floor);
        floor = placed[*index] + TEXT_HEIGHT;
    }
    let mut ceiling = high;
    for index in order.iter().rev() {
        placed[*index] = placed[*index].min(ceiling);
        ceiling = placed[*index] - TEXT_HEIGHT;
    }
    placed
}
