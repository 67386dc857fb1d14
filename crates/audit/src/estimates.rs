//! From a series to intervals: joining small windows, dividing the error budget, running the sequences.

use std::f64::consts::PI;
use std::ops::Range;

use mdp::Seed;

use crate::labels::{BlockTerm, LabelPlan, Prediction, block_terms, label_plan};
use crate::sequences::{JointSet, asymptotic_interval, betting_interval, deviation, mean};
use crate::{Bounds, Checkpoint, Estimate, Interval, Series, Settings};

/// The share of the error rate that a named reference takes, and the share of the reward channel's checks.
const SHARE_APART: f64 = 0.1;

/// Parts of a checkpoint's share: a lower and an upper bound for each return, and the two returns jointly.
const PARTS: f64 = 5.0;

/// How the error rate is divided. Everything that is ever claimed adds up to at most the whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    error_rate: f64,
    reference: f64,
    channel: f64,
}

impl Budget {
    /// The division for a run with or without a named reference and records of the reward channel.
    #[must_use]
    pub fn new(error_rate: f64, has_reference: bool, has_channel: bool) -> Self {
        let share = |present: bool| {
            if present {
                SHARE_APART * error_rate
            } else {
                0.0
            }
        };
        Self {
            error_rate,
            reference: share(has_reference),
            channel: share(has_channel),
        }
    }

    /// What the reference may be wrong with.
    #[must_use]
    pub fn reference(&self) -> f64 {
        self.reference
    }

    /// What the checks of the reward channel may be wrong with.
    #[must_use]
    pub fn channel(&self) -> f64 {
        self.channel
    }

    /// What checkpoint `index`, from 0, may be wrong with: `6 α′ / (π² k²)` for the k-th, k from 1.
    #[must_use]
    pub fn checkpoint(&self, index: usize) -> f64 {
        let left = self.error_rate - self.reference - self.channel;
        6.0 * left / (PI * PI * ((index + 1) as f64).powi(2))
    }
}

/// What is known of one policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Region {
    pub(crate) estimate: Estimate,
    pub(crate) joint: Option<JointSet>,
    /// Standard deviation of the values whose mean is the intent return; 0 where there are fewer than 2.
    pub(crate) intent_deviation: f64,
    /// The range of those values, where bounds are declared.
    pub(crate) intent_range: Option<f64>,
}

impl Region {
    /// The standard error of the intent return.
    pub(crate) fn intent_error(&self) -> f64 {
        self.intent_deviation / (self.estimate.labelled.max(1) as f64).sqrt()
    }
}

/// What is known of all of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Regions {
    pub(crate) reference: Option<Region>,
    pub(crate) checkpoints: Vec<Region>,
}

/// The lowest and the highest mean of each return among checkpoints, as the run left them, and reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) proxy: f64,
    pub(crate) intent: f64,
}

impl Spread {
    /// The spread over the first `seen` checkpoints. Checkpoints of which only drawn episodes are labelled count by
    /// the estimate of their region.
    pub(crate) fn new(
        series: &Series,
        seen: usize,
        reference: Option<&Region>,
        regions: &[Region],
    ) -> Self {
        let checkpoints = &series.checkpoints[..seen];
        let proxies = checkpoints.iter().map(|checkpoint| mean(&checkpoint.proxy));
        let whole = checkpoints.iter().filter_map(|checkpoint| {
            let intents: Option<Vec<f64>> = checkpoint.intent.iter().copied().collect();
            intents
                .filter(|intents| !intents.is_empty())
                .map(|intents| mean(&intents))
        });
        let of_reference = reference.map(|region| &region.estimate);
        let drawn = regions
            .iter()
            .map(|region| &region.estimate)
            .filter(|estimate| estimate.labelled < estimate.episodes);
        let estimated = drawn
            .chain(of_reference)
            .filter_map(|estimate| Some(estimate.intent?.mean));
        Self {
            proxy: spread(proxies.chain(of_reference.map(|estimate| estimate.proxy.mean))),
            intent: spread(whole.chain(estimated)),
        }
    }
}

/// Highest less lowest; 0 of nothing.
fn spread(means: impl Iterator<Item = f64>) -> f64 {
    let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| {
        (low.min(mean), high.max(mean))
    });
    (high - low).max(0.0)
}

impl Regions {
    /// Runs the sequences of a whole series.
    pub(crate) fn new(series: &Series, settings: &Settings, seed: Seed) -> Self {
        let groups = join_small(&series.checkpoints, settings.least_episodes);
        let sequencer = Sequencer::new(series, settings, seed);
        let reference = sequencer.reference();
        let checkpoints = groups
            .into_iter()
            .enumerate()
            .map(|(index, group)| sequencer.group(index, group))
            .collect();
        Self {
            reference,
            checkpoints,
        }
    }
}

/// Checkpoints in groups of at least `least` episodes, of consecutive ones, in order.
///
/// A checkpoint with enough episodes stands alone. One with too few is joined with those after it until there are
/// enough; when the last of these has enough by itself, it also stands alone, so that a small checkpoint never
/// hides a large one. What is left at the end goes to the last group. The rule looks only at numbers of episodes,
/// and a group other than the last never changes as checkpoints are added.
pub(crate) fn join_small(checkpoints: &[Checkpoint], least: usize) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    while start < checkpoints.len() {
        let mut episodes = 0;
        let end = (start..checkpoints.len()).find(|&index| {
            episodes += checkpoints[index].episodes();
            episodes >= least
        });
        let Some(last) = end else {
            match groups.last_mut() {
                Some(group) => group.end = checkpoints.len(),
                None => groups.push(0..checkpoints.len()),
            }
            break;
        };
        groups.push(start..last + 1);
        let stands_alone = last > start && checkpoints[last].episodes() >= least;
        start = if stands_alone { last } else { last + 1 };
    }
    groups
}

/// Runs the sequences of a series.
pub(crate) struct Sequencer<'a> {
    series: &'a Series,
    plan: Option<LabelPlan>,
    budget: Budget,
}

impl<'a> Sequencer<'a> {
    pub(crate) fn new(series: &'a Series, settings: &Settings, seed: Seed) -> Self {
        let plan = settings.labels.map(|_| label_plan(series, settings, seed));
        Self {
            series,
            plan,
            budget: Budget::new(
                settings.error_rate,
                series.reference.is_some(),
                series.channel.is_some(),
            ),
        }
    }

    /// The named reference.
    pub(crate) fn reference(&self) -> Option<Region> {
        let reference = self.series.reference.as_ref()?;
        let chosen = self.plan.as_ref().map(|plan| plan.reference.clone());
        let share = self.budget.reference();
        Some(self.region(
            0..0,
            0.0,
            &[&reference.checkpoint],
            chosen.map(|chosen| vec![chosen]),
            share,
        ))
    }

    /// The policies `members` of the series as the `index`-th checkpoint.
    pub(crate) fn group(&self, index: usize, members: Range<usize>) -> Region {
        let series = self.series;
        let checkpoints: Vec<&Checkpoint> = series.checkpoints[members.clone()].iter().collect();
        let chosen = self
            .plan
            .as_ref()
            .map(|plan| plan.checkpoints[members.clone()].to_vec());
        let pressure = series.checkpoints[members.end - 1].pressure;
        let share = self.budget.checkpoint(index);
        self.region(members, pressure, &checkpoints, chosen, share)
    }

    fn region(
        &self,
        members: Range<usize>,
        pressure: f64,
        checkpoints: &[&Checkpoint],
        chosen: Option<Vec<Vec<usize>>>,
        share: f64,
    ) -> Region {
        let part = share / PARTS;
        let proxy: Vec<f64> = checkpoints
            .iter()
            .flat_map(|checkpoint| checkpoint.proxy.iter().copied())
            .collect();
        let read = match chosen {
            Some(chosen) => {
                let first = (!members.is_empty()).then_some(members.start);
                self.read_labels(first, checkpoints, &chosen)
            }
            None => read_all(checkpoints, self.series.intent_bounds),
        };
        let estimate = Estimate {
            members,
            pressure,
            episodes: proxy.len(),
            labelled: read.as_ref().map_or(0, |read| read.intent.len()),
            proxy: interval(&proxy, self.series.proxy_bounds, part),
            intent: read
                .as_ref()
                .map(|read| interval(&read.intent, read.bounds, part)),
        };
        let intent_deviation = read.as_ref().map_or(0.0, |read| deviation(&read.intent));
        let intent_range = read
            .as_ref()
            .and_then(|read| read.bounds)
            .map(Bounds::range);
        let joint = read.and_then(|read| {
            JointSet::new(read.proxy.as_deref().unwrap_or(&proxy), &read.intent, part)
        });
        Region {
            estimate,
            joint,
            intent_deviation,
            intent_range,
        }
    }

    /// The terms of the labelled design; `None` where no episode of these checkpoints is labelled, or only of some
    /// of the checkpoints joined, or not the same share of each: the mean over their episodes is then not known. `first` is the first of them in the series, whose
    /// predecessors' labels are the earlier data.
    fn read_labels(
        &self,
        first: Option<usize>,
        checkpoints: &[&Checkpoint],
        chosen: &[Vec<usize>],
    ) -> Option<Read> {
        if chosen.iter().any(Vec::is_empty) || !labelled_alike(checkpoints, chosen) {
            return None;
        }
        let bounds = self.series.intent_bounds;
        let limits = bounds.map(|bounds| (bounds.low(), bounds.high()));
        let prediction = Prediction::fit(&self.labels_before(first), limits);
        let terms: Vec<BlockTerm> = checkpoints
            .iter()
            .zip(chosen)
            .flat_map(|(checkpoint, chosen)| block_terms(checkpoint, chosen, &prediction))
            .collect();
        if terms.is_empty() {
            // The plan stands, but nobody has answered.
            return None;
        }
        Some(Read {
            proxy: Some(terms.iter().map(|term| term.proxy).collect()),
            intent: terms.iter().map(|term| term.intent).collect(),
            bounds: bounds.map(|bounds| bounds.widened(prediction.overhang() * bounds.range())),
        })
    }

    /// Proxy and intent of the labelled episodes of the reference and of the checkpoints before `first`; none for
    /// the reference itself.
    fn labels_before(&self, first: Option<usize>) -> Vec<(f64, f64)> {
        let (Some(first), Some(plan)) = (first, &self.plan) else {
            return Vec::new();
        };
        let reference = self
            .series
            .reference
            .as_ref()
            .map(|reference| (&reference.checkpoint, &plan.reference));
        let earlier = self.series.checkpoints[..first]
            .iter()
            .zip(&plan.checkpoints);
        reference
            .into_iter()
            .chain(earlier)
            .flat_map(|(checkpoint, chosen)| {
                chosen.iter().filter_map(|&episode| {
                    let intent = checkpoint.intent.get(episode).copied().flatten()?;
                    Some((checkpoint.proxy[episode], intent))
                })
            })
            .collect()
    }
}

/// Values whose mean is the intent return, paired with values whose mean is the proxy return.
struct Read {
    /// `None`: the proxies of the episodes themselves.
    proxy: Option<Vec<f64>>,
    intent: Vec<f64>,
    bounds: Option<Bounds>,
}

fn read_all(checkpoints: &[&Checkpoint], bounds: Option<Bounds>) -> Option<Read> {
    let mut intent = Vec::new();
    for checkpoint in checkpoints {
        if checkpoint.labelled() == 0 {
            return None;
        }
        intent.extend(checkpoint.intent.iter().flatten());
    }
    Some(Read {
        proxy: None,
        intent,
        bounds,
    })
}

/// One return's interval: each end wrong with probability at most `part`, or both together with twice that.
fn interval(values: &[f64], bounds: Option<Bounds>, part: f64) -> Interval {
    match bounds {
        Some(bounds) => betting_interval(values, bounds, part),
        None => asymptotic_interval(values, 2.0 * part),
    }
}

/// Whether every label stands for as many episodes in one of these checkpoints as in another.
fn labelled_alike(checkpoints: &[&Checkpoint], chosen: &[Vec<usize>]) -> bool {
    let mut shares = checkpoints
        .iter()
        .zip(chosen)
        .map(|(checkpoint, chosen)| (checkpoint.episodes(), chosen.len()));
    let Some((episodes, labels)) = shares.next() else {
        return true;
    };
    shares.all(|(others, other_labels)| episodes * other_labels == others * labels)
}

#[cfg(test)]
mod tests;
