//! Cross-entropies and their derivatives.

use nn::{MapTile, Statistics};

use super::data::{Batch, Data};

/// What a loss counts: its sum over gradient steps, each a mean over its batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    loss: f64,
    n: f64,
}

impl Statistics for Sums {
    fn merge(&mut self, later: Sums) {
        self.loss += later.loss;
    }
}

impl Sums {
    /// Adds a gradient step.
    pub(super) fn add(&mut self, step: &Sums) {
        self.loss += step.loss;
        self.n += 1.0;
    }

    pub(super) fn mean(&self) -> f64 {
        self.loss / self.n
    }
}

/// The mean over batch and cells of the cross-entropy between what is said and the target board.
pub(super) fn of_cells(tile: MapTile<'_>, batch: &Batch, data: &Data, sums: &mut Sums) {
    let n_labels = data.n_labels();
    let width = data.n_cells() * n_labels;
    let weight = 1.0 / (batch.rows.len() * data.n_cells()) as f32;
    let rows = tile.outputs.chunks_exact(width);
    let d_rows = tile.d_outputs.chunks_exact_mut(width);
    for (row, (scores, d_scores)) in tile.rows.iter().zip(rows.zip(d_rows)) {
        let labels = data.target(batch, *row).iter().map(|label| Some(*label));
        sums.loss += cross_entropy(scores, n_labels, labels, weight, d_scores);
    }
}

/// The mean over the batch of the cross-entropy of the action; and, where there are outputs for it, the mean over all
/// cells that hold an action of the target boards.
pub(super) fn of_actions(tile: MapTile<'_>, batch: &Batch, data: &Data, sums: &mut Sums) {
    let n_actions = data.n_actions;
    let width = tile.outputs.len() / tile.rows.len();
    let weight = 1.0 / batch.rows.len() as f32;
    let cell_weight = 1.0 / batch.n_labelled.max(1) as f32;
    let rows = tile.outputs.chunks_exact(width);
    let d_rows = tile.d_outputs.chunks_exact_mut(width);
    for (row, (scores, d_scores)) in tile.rows.iter().zip(rows.zip(d_rows)) {
        let (scores, cells) = scores.split_at(n_actions);
        let (d_scores, d_cells) = d_scores.split_at_mut(n_actions);
        let action = std::iter::once(Some(batch.actions[*row as usize]));
        sums.loss += cross_entropy(scores, n_actions, action, weight, d_scores);
        let labels = data.target(batch, *row).iter();
        let labels =
            labels.map(|label| Some(*label).filter(|label| usize::from(*label) < n_actions));
        sums.loss += cross_entropy(cells, n_actions, labels, cell_weight, d_cells);
    }
}

/// `-weight Σ log softmax(scores)[label]` over the rows of `n_labels` scores that have a label, and its derivative,
/// `weight (softmax - one-hot)`, zero where there is none.
fn cross_entropy(
    scores: &[f32],
    n_labels: usize,
    labels: impl Iterator<Item = Option<u8>>,
    weight: f32,
    d_scores: &mut [f32],
) -> f64 {
    for (d, scores) in d_scores
        .chunks_exact_mut(n_labels)
        .zip(scores.chunks_exact(n_labels))
    {
        let most = scores.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        for (d, score) in d.iter_mut().zip(scores) {
            *d = score - most;
        }
    }
    nn::exp(d_scores);
    let mut loss = 0.0;
    for (d, label) in d_scores.chunks_exact_mut(n_labels).zip(labels) {
        let Some(label) = label else {
            d.fill(0.0);
            continue;
        };
        let total: f32 = d.iter().sum();
        loss -= f64::from(d[usize::from(label)] / total).ln();
        for d in d.iter_mut() {
            *d *= weight / total;
        }
        d[usize::from(label)] -= weight;
    }
    loss * f64::from(weight)
}
