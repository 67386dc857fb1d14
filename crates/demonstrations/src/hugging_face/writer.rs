//! Writing trajectories, a batch at a time.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use mdp::{End, Space};
use serde_json::{Value, json};

use super::{ABOUT, FINAL_STATE, INFO, INTENT, STATE, STATE_BEFORE, SUCCESS};
use crate::arrow::{self, Array};
use crate::gymnasium::{Dtype, Leaf, Tree};
use crate::{About, Episode, Error, WriteEpisodes};

const FILE: &str = "data-00000-of-00001.arrow";
/// Rows of a batch at most, as `datasets` has them, and bytes after which none is added.
const BATCH_ROWS: usize = 1000;
const BATCH_BYTES: u64 = 1 << 24;
/// Numbers of one episode at most: places in a list have 31 bits.
const MOST_NUMBERS: u64 = 1 << 30;

/// Begins a dataset.
pub(crate) fn create(path: &Path, about: &About) -> Result<Box<dyn WriteEpisodes>, Error> {
    let column = |key: &str, space: &Space| match Tree::of(space) {
        Tree::Leaf(mut leaf) => {
            let stated = about.other.get(&format!("hugging_face.{key}"));
            leaf.dtype = stated
                .and_then(|name| Dtype::named(name))
                .unwrap_or(leaf.dtype)
                .written();
            Ok(Values {
                leaf,
                starts: vec![0],
                bytes: vec![],
            })
        }
        Tree::Dict(_) | Tree::Tuple(_) => Err(Error::unfit(
            path,
            format!("`{key}` has several parts, and `imitation` keeps arrays"),
            "choose another format, as `minari`",
        )),
    };
    let (observations, actions) = (
        column("obs", &about.observation_space)?,
        column("acts", &about.action_space)?,
    );
    fs::create_dir_all(path).map_err(Error::writing(path))?;
    let folder = path.to_owned();
    Ok(Box::new(Writer {
        folder,
        about: about.clone(),
        observations,
        actions,
        batch: Batch::default(),
        out: None,
        n_bytes: 0,
    }))
}

struct Writer {
    folder: PathBuf,
    about: About,
    observations: Values,
    actions: Values,
    batch: Batch,
    out: Option<arrow::Writer>,
    /// Bytes of the batch so far.
    n_bytes: u64,
}

/// Observations or actions of a batch.
struct Values {
    leaf: Leaf,
    /// Where each trajectory begins, and where the last ends.
    starts: Vec<usize>,
    bytes: Vec<u8>,
}

/// The other columns of a batch.
#[derive(Default)]
struct Batch {
    starts: Vec<usize>,
    infos: Vec<String>,
    terminal: Vec<bool>,
    /// None before the first trajectory, which says whether there are rewards.
    rewards: Option<Option<Vec<u8>>>,
}

impl WriteEpisodes for Writer {
    fn push(&mut self, episode: &Episode) -> Result<(), Error> {
        self.check(episode)?;
        let path = self.folder.join(FILE);
        self.observations.push(&episode.observations).and_then(|()| self.actions.push(&episode.actions)).map_err(|problem| {
            let mend = "the space says whole numbers; round them, or give the space other bounds or one axis";
            Error::unfit(&path, problem, mend)
        })?;
        self.batch.push(
            episode,
            self.actions.starts.last().copied().unwrap_or_default(),
        );
        self.n_bytes += episode.n_bytes();
        match BATCH_ROWS <= self.batch.terminal.len() || BATCH_BYTES <= self.n_bytes {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        if self.out.is_none() || !self.batch.terminal.is_empty() {
            self.flush()?;
        }
        let path = self.folder.join(FILE);
        if let Some(out) = self.out.take() {
            out.finish().map_err(Error::writing(&path))?;
        }
        let fingerprint = fingerprint(&path).map_err(Error::writing(&path))?;
        let state = json!({
            "_data_files": [{ "filename": FILE }],
            "_fingerprint": format!("{fingerprint:016x}"),
            "_format_columns": null,
            "_format_kwargs": {},
            "_format_type": null,
            "_output_all_columns": false,
            "_split": null,
        });
        let info = json!({ "citation": "", "description": "", "features": self.features(), "homepage": "", "license": "" });
        for (name, json) in [(STATE, state), (INFO, info), (ABOUT, self.about.to_json())] {
            let path = self.folder.join(name);
            fs::write(&path, format!("{json:#}\n")).map_err(Error::writing(&path))?;
        }
        Ok(())
    }
}

impl Writer {
    fn check(&self, episode: &Episode) -> Result<(), Error> {
        let unfit = |problem: String, mend| Err(Error::unfit(&self.folder, problem, mend));
        if episode.actions.is_empty() {
            return unfit(
                "a trajectory without an action, which `imitation` does not have".to_owned(),
                "leave it out",
            );
        }
        if episode.end.is_none() {
            let problem =
                "a trajectory of which nobody said how it ended; `terminal` is true or false";
            return unfit(problem.to_owned(), "say `truncated`, if it was cut off");
        }
        let has_rewards = self.batch.rewards.as_ref().map(Option::is_some);
        if has_rewards.is_some_and(|has_rewards| has_rewards != episode.rewards.is_some()) {
            return unfit(
                "some trajectories have rewards and others none".to_owned(),
                "record them in all or none",
            );
        }
        let n = episode.observations.len() as u64;
        match MOST_NUMBERS < n {
            true => unfit(
                format!("a trajectory of {n} numbers, at most {MOST_NUMBERS} are kept"),
                "cut it",
            ),
            false => Ok(()),
        }
    }

    /// Writes what was gathered as a batch.
    fn flush(&mut self) -> Result<(), Error> {
        let path = self.folder.join(FILE);
        self.n_bytes = 0;
        let note = json!({ "info": { "features": self.features() } }).to_string();
        let columns = [
            ("obs", self.observations.take()),
            ("acts", self.actions.take()),
        ];
        let columns = columns.into_iter().chain(self.batch.take());
        let columns = columns
            .map(|(name, array)| (name.to_owned(), array))
            .collect();
        let write = || {
            if self.out.is_none() {
                self.out = Some(arrow::Writer::stream(
                    &path,
                    Some(("huggingface".to_owned(), note)),
                )?);
            }
            self.out.as_mut().map_or(Ok(()), |out| out.batch(columns))
        };
        write().map_err(Error::writing(&path))
    }

    /// What `datasets` calls the types of the columns, in words that all its versions know.
    fn features(&self) -> Value {
        let value = |dtype: &str| json!({ "dtype": dtype, "_type": "Value" });
        let list = |inner: Value| json!({ "feature": inner, "_type": "Sequence" });
        let nested = |leaf: &Leaf| {
            let one = leaf
                .shape
                .iter()
                .fold(value(leaf.dtype.name()), |inner, _| list(inner));
            list(one)
        };
        let mut features = json!({
            "obs": nested(&self.observations.leaf),
            "acts": nested(&self.actions.leaf),
            "infos": list(value("string")),
            "terminal": value("bool"),
        });
        if self.batch.has_rewards() {
            features["rews"] = list(value("float64"));
        }
        features
    }
}

impl Values {
    fn push(&mut self, flat: &[f32]) -> Result<(), String> {
        for value in flat {
            self.leaf.dtype.encode(*value, &mut self.bytes)?;
        }
        let before = self.starts.last().copied().unwrap_or_default();
        self.starts.push(before + flat.len() / self.leaf.n_values());
        Ok(())
    }

    /// The column, and begins the next.
    fn take(&mut self) -> Array {
        let bytes = std::mem::take(&mut self.bytes);
        let starts = std::mem::replace(&mut self.starts, vec![0]);
        let mut n = bytes.len() / self.leaf.dtype.size();
        let mut array = Array::Numbers(self.leaf.dtype, bytes);
        for extent in self.leaf.shape.iter().rev() {
            n /= extent;
            let starts = (0..=n).map(|index| index * extent).collect();
            array = Array::Lists(starts, Box::new(array));
        }
        Array::Lists(starts, Box::new(array))
    }
}

impl Batch {
    fn has_rewards(&self) -> bool {
        self.rewards.as_ref().is_some_and(Option::is_some)
    }

    fn push(&mut self, episode: &Episode, n_steps_so_far: usize) {
        let n_before = self.starts.last().copied().unwrap_or_default();
        self.starts.push(n_steps_so_far);
        self.infos.extend(infos(episode, n_steps_so_far - n_before));
        self.terminal.push(episode.end == Some(End::Terminated));
        let rewards = self
            .rewards
            .get_or_insert_with(|| episode.rewards.as_ref().map(|_| vec![]));
        if let (Some(bytes), Some(rewards)) = (rewards, &episode.rewards) {
            bytes.extend(rewards.iter().flat_map(|reward| reward.to_le_bytes()));
        }
    }

    /// The columns, and begins the next batch.
    fn take(&mut self) -> Vec<(&'static str, Array)> {
        let mut starts = vec![0];
        starts.append(&mut self.starts);
        let infos = Array::Texts(std::mem::take(&mut self.infos));
        let mut columns = vec![
            ("infos", Array::Lists(starts.clone(), Box::new(infos))),
            ("terminal", Array::Flags(std::mem::take(&mut self.terminal))),
        ];
        if let Some(Some(bytes)) = &mut self.rewards {
            let rewards = Array::Numbers(Dtype::Float64, std::mem::take(bytes));
            columns.push(("rews", Array::Lists(starts, Box::new(rewards))));
        }
        columns
    }
}

/// A text a step: JSON of what the layout has no column for.
fn infos(episode: &Episode, n_steps: usize) -> impl Iterator<Item = String> {
    let width = episode.states.len() / (n_steps + 1);
    (0..n_steps).map(move |step| {
        let mut info = json!({});
        if let Some(intents) = &episode.intents {
            info[INTENT] = json!(intents[step]);
        }
        let state = |row: usize| json!(episode.states[row * width..(row + 1) * width]);
        if 0 < width {
            info[STATE_BEFORE] = state(step);
        }
        if step + 1 == n_steps {
            if 0 < width {
                info[FINAL_STATE] = state(n_steps);
            }
            if let Some(success) = episode.success {
                info[SUCCESS] = json!(success);
            }
        }
        info.to_string()
    })
}

/// A hash of a file's bytes (FNV-1a), by which `datasets` tells what it has computed for one dataset from another's.
fn fingerprint(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; 1 << 16];
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(hash),
            n => {
                hash = bytes[..n].iter().fold(hash, |hash, byte| {
                    (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
                })
            }
        }
    }
}
