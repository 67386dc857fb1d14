//! Where the gain was earned: the share of each reward component, and the clips that show it.

use crate::estimates::{Region, Regions};
use crate::sequences::{deviation, mean};
use crate::{Checkpoint, Clip, Clips, ComponentShare, Estimate, Policy, Series, Witness};

/// What each reward component contributed to the gain in proxy, from the reference or first checkpoint to the
/// policy that the verdict speaks of; empty where components are not recorded for both.
pub(crate) fn component_shares(
    series: &Series,
    regions: &Regions,
    witness: Option<&Witness>,
) -> Vec<ComponentShare> {
    let after = members(series, &after(regions, witness).estimate);
    let before = match &series.reference {
        Some(reference) => vec![&reference.checkpoint],
        None => members(series, &regions.checkpoints[0].estimate),
    };
    let count = series.component_names.len();
    let (Some(before), Some(after)) = (
        component_means(&before, count),
        component_means(&after, count),
    ) else {
        return Vec::new();
    };
    let gain: f64 = after.iter().sum::<f64>() - before.iter().sum::<f64>();
    series
        .component_names
        .iter()
        .zip(before.into_iter().zip(after))
        .map(|(name, (before, after))| ComponentShare {
            name: name.clone(),
            before,
            after,
            share: (gain > 0.0).then(|| (after - before) / gain),
        })
        .collect()
}

fn component_means(checkpoints: &[&Checkpoint], count: usize) -> Option<Vec<f64>> {
    let rows: Vec<&Vec<f64>> = checkpoints
        .iter()
        .flat_map(|checkpoint| &checkpoint.components)
        .collect();
    if rows.is_empty() || count == 0 {
        return None;
    }
    Some(
        (0..count)
            .map(|component| rows.iter().map(|row| row[component]).sum::<f64>() / rows.len() as f64)
            .collect(),
    )
}

/// The two episodes to show side by side: the named reference, the better policy of the pair or the first
/// checkpoint; and the later policy of the pair or the last checkpoint. Each is the episode nearest to the typical
/// of its policy, so that nobody is shown the luckiest one.
pub(crate) fn choose_clips(
    series: &Series,
    regions: &Regions,
    witness: Option<&Witness>,
) -> Option<Clips> {
    let before = match (&series.reference, witness.map(|witness| witness.better)) {
        (Some(reference), _) => Clip {
            policy: Policy::Reference,
            episode: typical(&[&reference.checkpoint])?.1,
        },
        (None, Some(Policy::Checkpoint(index))) => {
            clip_of(series, &regions.checkpoints[index].estimate)?
        }
        (None, _) => clip_of(series, &regions.checkpoints[0].estimate)?,
    };
    let after = clip_of(series, &after(regions, witness).estimate)?;
    Some(Clips { before, after })
}

fn after<'a>(regions: &'a Regions, witness: Option<&Witness>) -> &'a Region {
    let last = regions.checkpoints.len() - 1;
    &regions.checkpoints[witness.map_or(last, |witness| witness.later)]
}

fn members<'a>(series: &'a Series, estimate: &Estimate) -> Vec<&'a Checkpoint> {
    series.checkpoints[estimate.members.clone()]
        .iter()
        .collect()
}

fn clip_of(series: &Series, estimate: &Estimate) -> Option<Clip> {
    let (member, episode) = typical(&members(series, estimate))?;
    Some(Clip {
        policy: Policy::Checkpoint(estimate.members.start + member),
        episode,
    })
}

/// The episode nearest to the mean of proxy and, where it is known of all, intent, each in standard deviations.
fn typical(checkpoints: &[&Checkpoint]) -> Option<(usize, usize)> {
    let returns = |read: fn(&Checkpoint, usize) -> Option<f64>| -> Option<Vec<f64>> {
        checkpoints
            .iter()
            .flat_map(|checkpoint| {
                (0..checkpoint.episodes()).map(|episode| read(checkpoint, episode))
            })
            .collect()
    };
    let proxies = returns(|checkpoint, episode| Some(checkpoint.proxy[episode]))?;
    let mut distances = squared_distances(&proxies);
    if let Some(intents) = returns(|checkpoint, episode| *checkpoint.intent.get(episode)?) {
        for (distance, more) in distances.iter_mut().zip(squared_distances(&intents)) {
            *distance += more;
        }
    }
    let places = checkpoints
        .iter()
        .enumerate()
        .flat_map(|(member, checkpoint)| {
            (0..checkpoint.episodes()).map(move |episode| (member, episode))
        });
    let nearest = distances
        .iter()
        .zip(places)
        .min_by(|(a, _), (b, _)| a.total_cmp(b))?;
    Some(nearest.1)
}

/// The squared distance of each value from the mean, in units of the variance; zeros where all are equal.
fn squared_distances(values: &[f64]) -> Vec<f64> {
    let (mean, deviation) = (mean(values), deviation(values));
    values
        .iter()
        .map(|value| {
            if deviation > 0.0 {
                ((value - mean) / deviation).powi(2)
            } else {
                0.0
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
