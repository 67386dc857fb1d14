//! Reading trajectories one by one.

use std::path::Path;

use mdp::{End, Space};
use serde_json::Value;

use super::rows::{self, Nested, RowOf, Rows};
use super::{ABOUT, FINAL_STATE, INFO, INTENT, MEND, STATE_BEFORE, SUCCESS, infer};
use crate::pieces;
use crate::{About, Episode, Error, Limits, Place, ReadEpisodes};

/// Opens a dataset.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Box<dyn ReadEpisodes>, Error> {
    let files = rows::files(path)?;
    // Nothing in it is needed, but what is broken is no dataset for the library either.
    rows::json(&path.join(INFO))?;
    let sidecar = path.join(ABOUT);
    let is_ours = sidecar.is_file();
    let about = match is_ours {
        true => {
            let text = pieces::text(&sidecar, 1 << 26)?;
            About::from_json(&sidecar, Place::Whole, &text)?
        }
        false => {
            if files.is_empty() {
                let problem =
                    "it has no file of trajectories, from which its spaces could be known";
                return Err(Error::malformed(path, Place::Whole, problem, MEND));
            }
            let [(observation, of_observation), (action, of_action)] = infer::spaces(
                Rows::new(files.clone()),
                limits.episode_bytes.saturating_mul(2),
            )?;
            let mut about = About::new(observation, action);
            for (key, dtype) in [("obs", of_observation), ("acts", of_action)] {
                about
                    .other
                    .insert(format!("hugging_face.{key}"), dtype.name().to_owned());
            }
            about
        }
    };
    Ok(Box::new(Reader {
        about,
        is_ours,
        rows: Rows::new(files),
        limits: *limits,
        n_episodes: 0,
    }))
}

struct Reader {
    about: About,
    is_ours: bool,
    rows: Rows,
    limits: Limits,
    n_episodes: u64,
}

impl ReadEpisodes for Reader {
    fn about(&self) -> &About {
        &self.about
    }

    fn next_episode(&mut self, episode: &mut Episode) -> Result<bool, Error> {
        let most = self.limits.episode_bytes.saturating_mul(2);
        let Some(mut row) = self.rows.next_row()? else {
            return Ok(false);
        };
        episode.clear(row.has("rews")?, false);
        let n_observations = values(
            &mut row,
            "obs",
            &self.about.observation_space,
            self.n_episodes,
            most,
            &mut episode.observations,
        )?;
        let n_steps = values(
            &mut row,
            "acts",
            &self.about.action_space,
            self.n_episodes,
            most,
            &mut episode.actions,
        )?;
        if n_observations != n_steps + 1 {
            let problem = format!(
                "{n_observations} observations and {n_steps} actions, where one observation more is expected"
            );
            return Err(Error::malformed(
                row.path,
                Place::Episode(self.n_episodes),
                problem,
                MEND,
            ));
        }
        if let Some(rewards) = &mut episode.rewards {
            let nested = row.nested("rews", most)?;
            if nested.shape != [n_steps] {
                let problem = format!(
                    "rewards of the extents {:?} for {n_steps} actions",
                    nested.shape
                );
                return Err(Error::malformed(
                    row.path,
                    Place::Episode(self.n_episodes),
                    problem,
                    MEND,
                ));
            }
            *rewards = nested.number.decode(&nested.bytes);
        }
        episode.end = Some(match row.flag("terminal")? {
            true => End::Terminated,
            false => End::Truncated,
        });
        if self.limits.episode_bytes < episode.n_bytes() {
            let problem = format!(
                "it takes {} bytes, at most {} are read",
                episode.n_bytes(),
                self.limits.episode_bytes
            );
            return Err(Error::malformed(
                row.path,
                Place::Episode(self.n_episodes),
                problem,
                "cut the trajectory",
            ));
        }
        if self.is_ours {
            infos(&mut row, n_steps, self.n_episodes, most, episode)?;
        }
        self.n_episodes += 1;
        Ok(true)
    }
}

/// Reads a column of values of a space, and gives how many there are.
fn values(
    row: &mut RowOf<'_>,
    name: &str,
    space: &Space,
    episode: u64,
    most: u64,
    flat: &mut Vec<f32>,
) -> Result<u64, Error> {
    let nested = row.nested(name, most)?;
    convert(&nested, space, flat).map_err(|problem| {
        let place = Place::Part(format!("episode {episode}, column `{name}`"));
        Error::malformed(row.path, place, problem, MEND)
    })
}

fn convert(nested: &Nested, space: &Space, flat: &mut Vec<f32>) -> Result<u64, String> {
    let Some((n, shape)) = nested.shape.split_first() else {
        return Err("it holds numbers, lists of them are expected".to_owned());
    };
    let expected: Vec<u64> = space.shape().iter().map(|extent| *extent as u64).collect();
    if 0 < *n && shape != expected {
        return Err(format!(
            "a row has the extents {shape:?}, the space says {expected:?}"
        ));
    }
    flat.clear();
    for bytes in nested.bytes.chunks(nested.number.size() << 12) {
        for exact in nested.number.decode(bytes) {
            let value = exact as f32;
            if !nested.number.is_float() && f64::from(value) != exact {
                return Err(format!(
                    "{exact} cannot be told from its neighbours in 32 bits"
                ));
            }
            flat.push(value);
        }
    }
    Ok(*n)
}

/// Reads what rewardlab wrote into the texts of a trajectory.
fn infos(
    row: &mut RowOf<'_>,
    n_steps: u64,
    number: u64,
    most: u64,
    episode: &mut Episode,
) -> Result<(), Error> {
    let texts = row.texts("infos", most)?;
    let malformed = |path: &Path, problem: String| {
        let place = Place::Part(format!("episode {number}, column `infos`"));
        Error::malformed(path, place, problem, MEND)
    };
    if texts.len() as u64 != n_steps {
        return Err(malformed(
            row.path,
            format!("{} texts for {n_steps} steps", texts.len()),
        ));
    }
    for text in &texts {
        let info: Value = serde_json::from_slice(text)
            .map_err(|error| malformed(row.path, format!("it is no JSON ({error})")))?;
        if let Some(intent) = info[INTENT].as_f64() {
            episode.intents.get_or_insert_default().push(intent);
        }
        for key in [STATE_BEFORE, FINAL_STATE] {
            let state = info[key].as_array().into_iter().flatten();
            episode.states.extend(state.filter_map(Value::as_f64));
        }
        episode.success = info[SUCCESS].as_bool().or(episode.success);
    }
    Ok(())
}
