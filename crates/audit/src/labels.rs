//! Which episodes are labelled, and what their labels say about all the others.
//!
//! Intent is dear. A design draws the labelled episodes by chance with known probabilities, so that the estimate
//! has no bias whatever the labels turn out to be, and episodes without a label still help through their proxy.

use mdp::Seed;

use crate::{Checkpoint, Series, Settings};

/// The episodes whose intent the design asks for, by number, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelPlan {
    /// Of the named reference.
    pub reference: Vec<usize>,
    /// Of each checkpoint of the series.
    pub checkpoints: Vec<Vec<usize>>,
}

impl LabelPlan {
    /// Labels asked for in all.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.reference.len() + self.checkpoints.iter().map(Vec::len).sum::<usize>()
    }
}

/// Labels that a policy gets before another policy is given any; fewer settle nothing at an error rate of 1%.
const LABELS_PER_POLICY: usize = 32;

/// Draws the episodes to label when `labels` of them can be had for the run in all.
///
/// The labels go to the reference (the first checkpoint where none is named) and to the last checkpoint, in equal
/// parts; from 96 on, to more checkpoints evenly between. Within a policy the episodes are cut into as many blocks
/// of equal size as there are labels, and one episode of each block is drawn, so that its inclusion probability is
/// one over the size of its block and exactly `labels` are asked for.
///
/// With [`Settings::labels`] absent the plan is empty. Only the numbers of episodes are read: the plan can be made
/// before anybody has judged anything.
#[must_use]
pub fn label_plan(series: &Series, settings: &Settings, seed: Seed) -> LabelPlan {
    let mut plan = LabelPlan {
        reference: Vec::new(),
        checkpoints: vec![Vec::new(); series.checkpoints.len()],
    };
    let Some(labels) = settings.labels else {
        return plan;
    };
    for (place, count) in allocate(series, labels) {
        let (name, index, episodes) = match place {
            Place::Reference => (
                "reference labels",
                0,
                series
                    .reference
                    .as_ref()
                    .map_or(0, |reference| reference.checkpoint.episodes()),
            ),
            Place::Checkpoint(index) => ("labels", index, series.checkpoints[index].episodes()),
        };
        let mut rng = seed.stream(name, index as u64);
        let chosen = blocks(episodes, count)
            .map(|block| block.start + mdp::index(block.len(), &mut rng))
            .collect();
        match place {
            Place::Reference => plan.reference = chosen,
            Place::Checkpoint(index) => plan.checkpoints[index] = chosen,
        }
    }
    plan
}

/// Whose labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Reference,
    Checkpoint(usize),
}

/// How many labels each policy gets; never more than it has episodes.
fn allocate(series: &Series, labels: usize) -> Vec<(Place, usize)> {
    let places = places_in_order(series);
    let served = (labels / LABELS_PER_POLICY).clamp(2, places.len().max(2));
    let mut shares: Vec<(Place, usize, usize)> = places
        .into_iter()
        .take(served)
        .map(|(place, episodes)| (place, episodes, 0))
        .collect();
    let mut left = labels;
    // One label a round to each that has an episode left; ends when either runs out.
    while left > 0 && shares.iter().any(|(_, episodes, got)| got < episodes) {
        for (_, episodes, got) in &mut shares {
            if left > 0 && *got < *episodes {
                *got += 1;
                left -= 1;
            }
        }
    }
    shares
        .into_iter()
        .map(|(place, _, got)| (place, got))
        .collect()
}

/// Policies in the order in which they are served, with their episodes.
fn places_in_order(series: &Series) -> Vec<(Place, usize)> {
    let count = series.checkpoints.len();
    let mut order = Vec::new();
    if let Some(reference) = &series.reference {
        order.push((Place::Reference, reference.checkpoint.episodes()));
    }
    let mut indices = Vec::new();
    let ends = if series.reference.is_some() {
        [count.saturating_sub(1), 0]
    } else {
        [0, count.saturating_sub(1)]
    };
    indices.extend(ends);
    // Then halves, quarters, eighths: any number of them is spread evenly enough.
    let mut parts = 2;
    while parts <= 2 * count {
        indices.extend((1..parts).map(|part| part * count / parts));
        parts *= 2;
    }
    let mut seen = vec![false; count];
    for index in indices {
        if index < count && !seen[index] {
            seen[index] = true;
            order.push((
                Place::Checkpoint(index),
                series.checkpoints[index].episodes(),
            ));
        }
    }
    order
}

/// `0..episodes` in `count` parts whose sizes differ by at most one.
fn blocks(episodes: usize, count: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
    (0..count).map(move |block| block * episodes / count..(block + 1) * episodes / count)
}

/// A prediction of intent from proxy, fixed before the labels that it helps to read.
///
/// `λ f(x)` of prediction-powered inference, f a straight line through earlier labels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Prediction {
    intercept: f64,
    slope: f64,
    /// λ, from 0 (labels alone) to 1.
    weight: f64,
    limits: Option<(f64, f64)>,
}

/// Earlier labels needed before a prediction is trusted at all.
const LEAST_FIT: usize = 10;

impl Prediction {
    /// The least-squares line through earlier labels, with λ the squared correlation less what chance would give.
    ///
    /// PPI++ (Angelopoulos, Duchi and Zrnic, 2023) tunes λ on the data at hand; here it comes from earlier
    /// checkpoints, so that each term still has the mean of the intent given the past.
    pub(crate) fn fit(earlier: &[(f64, f64)], limits: Option<(f64, f64)>) -> Self {
        let n = earlier.len() as f64;
        if earlier.len() < LEAST_FIT {
            return Self::default();
        }
        let (mut mean_x, mut mean_y) = (0.0, 0.0);
        for (x, y) in earlier {
            mean_x += x / n;
            mean_y += y / n;
        }
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (x, y) in earlier {
            xx += (x - mean_x).powi(2);
            xy += (x - mean_x) * (y - mean_y);
            yy += (y - mean_y).powi(2);
        }
        // Equal values differ from their mean by rounding.
        let varies = |squares: f64, mean: f64| squares > 1e-24 * n * mean * mean && squares > 0.0;
        if !varies(xx, mean_x) || !varies(yy, mean_y) {
            return Self::default();
        }
        let squared_correlation = xy * xy / (xx * yy);
        // Adjusted for the two fitted numbers.
        let weight = (1.0 - (1.0 - squared_correlation) * (n - 1.0) / (n - 2.0)).max(0.0);
        let slope = xy / xx;
        Self {
            intercept: mean_y - slope * mean_x,
            slope,
            weight,
            limits,
        }
    }

    fn at(&self, proxy: f64) -> f64 {
        let value = self.intercept + self.slope * proxy;
        match self.limits {
            Some((low, high)) => value.clamp(low, high),
            None => value,
        }
    }

    /// How far below and above the bounds of intent a term can lie, as a share of their range.
    pub(crate) fn overhang(&self) -> f64 {
        self.weight
    }
}

/// One block of episodes with one label: what it says about the two means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BlockTerm {
    /// Mean proxy of the block.
    pub(crate) proxy: f64,
    /// Mean over the block of `λ f(x) + (Y − λ f(x)) ξ / π`, with π one over the block's size.
    pub(crate) intent: f64,
}

/// The terms of one checkpoint, whose labelled episodes are `chosen`, one in each block.
///
/// With one label in each block of size 1/π the block's mean of the design's terms is
/// `λ mean f + (Y − λ f(x))` at the labelled episode: unbiased, and within λ times the range of the bounds of them,
/// where a single term could lie 1/π times as far.
pub(crate) fn block_terms(
    checkpoint: &Checkpoint,
    chosen: &[usize],
    prediction: &Prediction,
) -> Vec<BlockTerm> {
    blocks(checkpoint.episodes(), chosen.len())
        .zip(chosen)
        .filter_map(|(block, &episode)| {
            let label = checkpoint.intent.get(episode).copied().flatten()?;
            let proxies = &checkpoint.proxy[block];
            let size = proxies.len() as f64;
            let predicted = proxies
                .iter()
                .map(|proxy| prediction.at(*proxy))
                .sum::<f64>()
                / size;
            Some(BlockTerm {
                proxy: proxies.iter().sum::<f64>() / size,
                intent: label
                    + prediction.weight * (predicted - prediction.at(checkpoint.proxy[episode])),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
