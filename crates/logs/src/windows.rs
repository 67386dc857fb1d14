//! A log cut into windows of equal pressure: the checkpoints that the audit takes.

use std::ops::Range;

use audit::{
    Bounds, ChannelCheckpoint, Checkpoint, Reference, RewardChannel, RewardRecord, ScheduledChange,
    Series, Target, Transform,
};

use crate::log::{Log, Record};
use crate::step_log::{StepEpisode, StepLog, StepRecord, StepTransform};

/// Rewards and sums of components that are closer than this share of their size are equal; logs are
/// often written in single precision.
const TOLERANCE: f64 = 1e-5;

impl Log {
    /// The run as the audit sees it, cut into `n_windows` windows of equal pressure.
    ///
    /// A record belongs to the window in which it was written, that is, in which its episode ended;
    /// one that falls on a boundary belongs to the earlier window. The first window is the first
    /// checkpoint. The mean of the window is what the statements speak of. Bounds are those that a
    /// step log declares.
    ///
    /// A window that would hold fewer than `least_records` is lengthened until it does; the next one
    /// has what is left of its own share, lengthened in turn. Windows are thus of equal pressure
    /// where the log is dense, and as fine as the log allows where it is not. When a window ends is
    /// decided by counts and lengths up to then, which confidence sequences allow.
    ///
    /// # Panics
    ///
    /// When `n_windows` is 0.
    pub fn series(&self, n_windows: usize, least_records: usize) -> Series {
        assert!(n_windows > 0, "n_windows is at least 1");
        let windows = cut(
            self.records(),
            self.pressure_start(),
            n_windows,
            least_records,
        );
        let checkpoints = windows
            .iter()
            .map(|window| self.checkpoint(window.clone()))
            .collect();
        let header = self.step_log().map(StepLog::header);
        let bounds = |pair: Option<(f64, f64)>| pair.and_then(|(a, b)| Bounds::new(a, b).ok());
        Series {
            checkpoints,
            proxy_bounds: bounds(header.and_then(|header| header.proxy_bounds)),
            intent_bounds: bounds(header.and_then(|header| header.intent_bounds)),
            component_names: self.component_names().to_vec(),
            channel: self.step_log().and_then(|steps| channel(steps, &windows)),
            target: Target::TrainingWindow,
            ..Series::default()
        }
    }

    /// The whole log as episodes of one policy: a reference that other logs are held against.
    pub fn reference(&self, name: &str) -> Reference {
        Reference {
            name: name.to_owned(),
            checkpoint: self.checkpoint(0..self.records().len()),
        }
    }

    fn checkpoint(&self, window: Range<usize>) -> Checkpoint {
        let records = &self.records()[window.clone()];
        let has_intent = self.has_intent();
        let has_components = !self.component_names().is_empty();
        let episodes = self.step_log().map_or(&[][..], StepLog::episodes);
        let components = episodes.get(window).filter(|_| has_components);
        Checkpoint {
            pressure: records[records.len() - 1].pressure,
            proxy: records.iter().map(|record| record.proxy).collect(),
            intent: records
                .iter()
                .filter(|_| has_intent)
                .map(|record| record.intent)
                .collect(),
            components: components.map_or_else(Vec::new, |episodes| {
                episodes.iter().map(|e| e.components.clone()).collect()
            }),
        }
    }

    fn component_names(&self) -> &[String] {
        self.step_log().map_or(&[][..], StepLog::component_names)
    }
}

/// The records of each window, in order.
///
/// A window ends with the last record within its share of the pressure, or, where that leaves it
/// with fewer than `least_records`, as soon as it has them; the next one then has what is left of
/// its own share. A window without a record is left out, and records too few to make a last window
/// belong to the one before.
pub(crate) fn cut(
    records: &[Record],
    start: f64,
    n_windows: usize,
    least_records: usize,
) -> Vec<Range<usize>> {
    let end = records.last().map_or(start, |record| record.pressure);
    let share_of = |record: &Record| {
        let share = (record.pressure - start) / (end - start);
        // The boundary itself belongs to the earlier window. A log without extent is one window.
        let number = (share * n_windows as f64).ceil();
        if number.is_nan() {
            0
        } else {
            (number as usize).clamp(1, n_windows) - 1
        }
    };
    let least_records = least_records.max(1);
    let mut windows: Vec<Range<usize>> = Vec::new();
    let mut first = 0;
    for index in 0..records.len() {
        let is_last = records
            .get(index + 1)
            .is_none_or(|next| share_of(next) > share_of(&records[index]));
        // ... or the share it began in was spent before it had enough.
        let is_late = share_of(&records[index]) > share_of(&records[first]);
        if (is_last || is_late) && index + 1 - first >= least_records {
            windows.push(first..index + 1);
            first = index + 1;
        }
    }
    if first < records.len() {
        match windows.last_mut() {
            Some(window) => window.end = records.len(),
            None => windows.push(0..records.len()),
        }
    }
    windows
}

/// The reward channel of a step log that says more of a reward than one number.
fn channel(steps: &StepLog, windows: &[Range<usize>]) -> Option<RewardChannel> {
    let episodes = steps.episodes();
    let says_more = steps.has_received()
        || !steps.component_names().is_empty()
        || episodes.iter().any(|episode| {
            episode.function.is_some() || episode.steps.iter().any(|s| s.of_true_state.is_some())
        });
    if !says_more {
        return None;
    }
    let header = steps.header();
    let checkpoints = windows
        .iter()
        .map(|window| channel_checkpoint(&episodes[window.clone()], steps.functions()))
        .collect();
    Some(RewardChannel {
        transforms: header.transforms.iter().map(|&t| transform(t)).collect(),
        schedule: header
            .schedule
            .iter()
            .map(|change| ScheduledChange {
                pressure: change.pressure,
                function: change.function.clone(),
            })
            .collect(),
        checkpoints,
        reference: None,
        tolerance: TOLERANCE,
    })
}

fn channel_checkpoint(episodes: &[StepEpisode], names: &[String]) -> ChannelCheckpoint {
    let mut is_used = vec![false; names.len()];
    let mut functions: Vec<String> = Vec::new();
    for function in episodes.iter().filter_map(|episode| episode.function) {
        if !std::mem::replace(&mut is_used[function], true) {
            functions.push(names[function].clone());
        }
    }
    ChannelCheckpoint {
        pressure: episodes[episodes.len() - 1].pressure,
        functions,
        episodes: episodes
            .iter()
            .filter(|episode| !episode.steps.is_empty())
            .map(|episode| episode.steps.iter().map(reward_record).collect())
            .collect(),
        feedback: None,
    }
}

/// Where components are logged, their sum is the specified reward; otherwise it is taken as logged.
fn reward_record(step: &StepRecord) -> RewardRecord {
    let raw = if step.components.is_empty() {
        step.reward
    } else {
        step.components.iter().sum()
    };
    RewardRecord {
        raw,
        received: step.received,
        scale: step.scale,
        of_true_state: step.of_true_state,
    }
}

fn transform(declared: StepTransform) -> Transform {
    match declared {
        StepTransform::Scale(factor) => Transform::Scale(factor),
        StepTransform::Shift(amount) => Transform::Shift(amount),
        StepTransform::Normalise => Transform::Normalise,
        StepTransform::Clip(low, high) => Transform::Clip { low, high },
    }
}

#[cfg(test)]
mod tests;
