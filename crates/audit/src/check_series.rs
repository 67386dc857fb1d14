//! Refuses series that no audit can read, with the place of what is wrong.

use crate::{Bounds, Checkpoint, Error, LabelPlan, Series, Settings};

/// The first thing wrong with a series, if anything is.
pub(crate) fn check_series(series: &Series, settings: &Settings) -> Result<(), Error> {
    if series.checkpoints.is_empty() {
        return Err(Error::NoCheckpoints);
    }
    let mut previous = f64::NEG_INFINITY;
    for (index, checkpoint) in series.checkpoints.iter().enumerate() {
        let place = format!("checkpoint {index}");
        finite("pressure", checkpoint.pressure, || place.clone())?;
        if checkpoint.pressure < previous {
            return Err(Error::PressureOrder {
                index,
                pressure: checkpoint.pressure,
                previous,
            });
        }
        previous = checkpoint.pressure;
        check_checkpoint(series, settings, checkpoint, &place)?;
    }
    if let Some(reference) = &series.reference {
        check_checkpoint(series, settings, &reference.checkpoint, "the reference")?;
    }
    Ok(())
}

fn check_checkpoint(
    series: &Series,
    settings: &Settings,
    checkpoint: &Checkpoint,
    place: &str,
) -> Result<(), Error> {
    let episodes = checkpoint.episodes();
    if episodes == 0 {
        return Err(Error::NoEpisodes {
            place: place.to_owned(),
        });
    }
    aligned("intent", checkpoint.intent.len(), episodes, place)?;
    aligned("components", checkpoint.components.len(), episodes, place)?;
    for (episode, proxy) in checkpoint.proxy.iter().enumerate() {
        let place = || format!("{place}, episode {episode}");
        finite("proxy", *proxy, place)?;
        within("proxy", *proxy, series.proxy_bounds, place)?;
    }
    for (episode, intent) in checkpoint.intent.iter().enumerate() {
        if let Some(intent) = intent {
            let place = || format!("{place}, episode {episode}");
            finite("intent", *intent, place)?;
            within("intent", *intent, series.intent_bounds, place)?;
        }
    }
    for (episode, components) in checkpoint.components.iter().enumerate() {
        if components.len() != series.component_names.len() {
            return Err(Error::Misaligned {
                what: format!("components of episode {episode}"),
                place: place.to_owned(),
                found: components.len(),
                episodes: series.component_names.len(),
            });
        }
        for (name, component) in series.component_names.iter().zip(components) {
            finite(name, *component, || format!("{place}, episode {episode}"))?;
        }
    }
    let known = checkpoint.labelled();
    if settings.labels.is_none() && 0 < known && known < episodes {
        return Err(Error::PartialIntent {
            place: place.to_owned(),
            known,
            episodes,
        });
    }
    Ok(())
}

fn aligned(what: &str, found: usize, episodes: usize, place: &str) -> Result<(), Error> {
    if found == 0 || found == episodes {
        return Ok(());
    }
    Err(Error::Misaligned {
        what: what.to_owned(),
        place: place.to_owned(),
        found,
        episodes,
    })
}

/// Beyond this size squares of returns leave the range of `f64`.
const LARGEST: f64 = 1e150;

fn finite(what: &str, value: f64, place: impl Fn() -> String) -> Result<(), Error> {
    if value.is_finite() && value.abs() <= LARGEST {
        return Ok(());
    }
    Err(Error::NotFinite {
        what: what.to_owned(),
        place: place(),
        value,
    })
}

fn within(
    what: &str,
    value: f64,
    bounds: Option<Bounds>,
    place: impl Fn() -> String,
) -> Result<(), Error> {
    let Some(bounds) = bounds else {
        return Ok(());
    };
    // A sum over an episode may leave exact bounds by rounding.
    let slack = 1e-9 * bounds.range();
    if bounds.low() - slack <= value && value <= bounds.high() + slack {
        return Ok(());
    }
    Err(Error::OutOfBounds {
        what: what.to_owned(),
        place: place(),
        value,
        low: bounds.low(),
        high: bounds.high(),
    })
}

/// Whether anybody has said what was meant for any episode.
fn knows_intent(series: &Series) -> bool {
    let reference = series
        .reference
        .iter()
        .map(|reference| &reference.checkpoint);
    reference
        .chain(&series.checkpoints)
        .any(|checkpoint| checkpoint.labelled() > 0)
}

/// The first label that the design asks for and that is absent, though others are there. Where nobody has said
/// anything there is nothing to miss: that is `no-intent`.
pub(crate) fn check_labels(series: &Series, plan: &LabelPlan) -> Result<(), Error> {
    if !knows_intent(series) {
        return Ok(());
    }
    if let Some(reference) = &series.reference {
        labels_present(&reference.checkpoint, &plan.reference, "the reference")?;
    }
    for (index, (checkpoint, chosen)) in
        series.checkpoints.iter().zip(&plan.checkpoints).enumerate()
    {
        labels_present(checkpoint, chosen, &format!("checkpoint {index}"))?;
    }
    Ok(())
}

fn labels_present(checkpoint: &Checkpoint, chosen: &[usize], place: &str) -> Result<(), Error> {
    let present = |episode: usize| checkpoint.intent.get(episode).copied().flatten().is_some();
    match chosen.iter().find(|episode| !present(**episode)) {
        Some(episode) => Err(Error::MissingLabel {
            place: format!("{place}, episode {episode}"),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
