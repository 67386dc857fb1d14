//! Minari's datasets: a folder `data/` of `metadata.json` and the episodes, in HDF5, Arrow or Parquet.
//!
//! An episode of T steps has T + 1 observations, T actions, rewards, terminations and truncations, and infos. A space
//! that is a `Dict` or a `Tuple` is kept part by part. Of infos only what rewardlab wrote itself is read: intents and
//! states. What Minari says of a dataset and [`About`] has no word for is kept in [`About::other`] and written back.
//!
//! Images are read whether they are compressed or not, and written as they are, which Minari reads since 0.5.4.

use std::path::{Path, PathBuf};

use mdp::End;

use crate::gymnasium::{Part, Step, Tree};
use crate::{About, Episode, Error, Limits, Place, ReadEpisodes, WriteEpisodes};

mod array;
mod columns;
mod folder_layout;
mod hdf5_layout;
mod metadata;
mod table;

use array::{Array, gather};
use metadata::Metadata;

/// Names that Minari gives to what an episode holds.
const OBSERVATIONS: &str = "observations";
const ACTIONS: &str = "actions";
const REWARDS: &str = "rewards";
const TERMINATIONS: &str = "terminations";
const TRUNCATIONS: &str = "truncations";
const INFOS: &str = "infos";
/// Names that we give to what Minari has no place for.
const INTENTS: &str = "rewardlab_intents";
const STATES: &str = "rewardlab_states";
const SUCCESS: &str = "rewardlab_success";

const MEND: &str = "write the dataset again with Minari";

/// How Minari keeps the episodes of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// All in one HDF5 file.
    Hdf5,
    /// A folder and an Arrow file an episode.
    Arrow,
    /// A folder and a Parquet file an episode.
    Parquet,
}

/// Where the metadata of a dataset is, if this folder is one: in its folder `data`, or in itself.
fn data_folder(folder: &Path) -> Option<PathBuf> {
    let holds = |folder: &Path| folder.join(metadata::FILE).is_file();
    let inside = folder.join("data");
    [inside, folder.to_owned()]
        .into_iter()
        .find(|folder| holds(folder))
}

/// How a folder keeps its episodes, if it is a dataset; what its metadata say is only read by [`open`].
pub(crate) fn layout_of(folder: &Path) -> Option<Layout> {
    let folder = data_folder(folder)?;
    let holds = |name: &str| folder.join(name).is_file();
    Some(
        match (holds(hdf5_layout::FILE), holds("0/part-0.parquet")) {
            (true, _) => Layout::Hdf5,
            (false, true) => Layout::Parquet,
            (false, false) => Layout::Arrow,
        },
    )
}

/// Opens a dataset.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Box<dyn ReadEpisodes>, Error> {
    let Some(folder) = data_folder(path) else {
        let problem = "there is no `data/metadata.json`";
        return Err(Error::malformed(
            path,
            Place::Whole,
            problem,
            "give the folder of a Minari dataset",
        ));
    };
    let metadata = Metadata::read(&folder.join(metadata::FILE))?;
    let store: Box<dyn Load> = match metadata.layout {
        Layout::Hdf5 => Box::new(hdf5_layout::Loader::open(&folder, metadata.n_episodes)?),
        layout => Box::new(folder_layout::Loader::open(
            &folder,
            layout,
            metadata.n_episodes,
        )?),
    };
    Ok(Box::new(Reader {
        metadata,
        path: path.to_owned(),
        limits: *limits,
        store,
        n_episodes: 0,
        n_steps: 0,
    }))
}

/// Begins a dataset.
pub(crate) fn create(
    path: &Path,
    about: &About,
    layout: Layout,
) -> Result<Box<dyn WriteEpisodes>, Error> {
    let folder = path.join("data");
    std::fs::create_dir_all(&folder).map_err(Error::writing(&folder))?;
    let metadata = Metadata::of(about, layout);
    let store: Box<dyn Save> = match layout {
        Layout::Hdf5 => Box::new(hdf5_layout::Saver::create(&folder)?),
        layout => Box::new(folder_layout::Saver::create(&folder, layout)),
    };
    Ok(Box::new(Writer {
        metadata,
        folder,
        store,
    }))
}

/// Reads what one way of keeping episodes holds.
trait Load {
    /// Goes to an episode, and says how many steps it has.
    fn episode(&mut self, index: u64) -> Result<u64, Error>;

    /// The first `n_rows` rows of what is kept under a name and the names below it, if they take at most `most` bytes.
    fn array(
        &mut self,
        field: &str,
        below: &[Step<'_>],
        n_rows: u64,
        most: u64,
    ) -> Result<Array, Error>;

    /// The same of an entry of the infos, where there is one.
    fn info(&mut self, name: &str, n_rows: u64, most: u64) -> Result<Option<Array>, Error>;

    /// A number that is said of the episode as a whole, where it is.
    fn note(&mut self, name: &str) -> Result<Option<f64>, Error>;

    /// The file that holds the episode.
    fn file(&self) -> &Path;
}

/// Writes what one way of keeping episodes holds.
trait Save {
    /// Adds an episode.
    fn push(&mut self, metadata: &Metadata, episode: &Episode) -> Result<(), Error>;

    /// Closes what is open; gives the bytes that were written.
    fn finish(self: Box<Self>) -> Result<u64, Error>;

    /// The file that is being written.
    fn file(&self) -> PathBuf;
}

struct Reader {
    metadata: Metadata,
    path: PathBuf,
    limits: Limits,
    store: Box<dyn Load>,
    n_episodes: u64,
    n_steps: u64,
}

impl ReadEpisodes for Reader {
    fn about(&self) -> &About {
        &self.metadata.about
    }

    fn next_episode(&mut self, episode: &mut Episode) -> Result<bool, Error> {
        if self.n_episodes == self.metadata.n_episodes {
            self.check_steps()?;
            return Ok(false);
        }
        let n_steps = self.store.episode(self.n_episodes)?;
        self.check_size(n_steps)?;
        episode.clear(true, false);
        let most = self.limits.episode_bytes.saturating_mul(2);
        let spaces = [
            (
                OBSERVATIONS,
                &self.metadata.observation,
                n_steps + 1,
                &mut episode.observations,
            ),
            (
                ACTIONS,
                &self.metadata.action,
                n_steps,
                &mut episode.actions,
            ),
        ];
        for (field, tree, n_rows, flat) in spaces {
            let width = tree.space().n_values();
            for Part { names, start, leaf } in tree.parts() {
                let mut array = self.store.array(field, &names, n_rows, most)?;
                // The file holds as many rows, so that memory may be taken for them.
                flat.resize(n_rows as usize * width, 0.0);
                let scattered = array
                    .decompressed(leaf, self.metadata.has_jpeg)
                    .and_then(|()| array.scatter(leaf, flat, width, start));
                scattered.map_err(|problem| {
                    let place = Place::Part(place(self.n_episodes, field, &names));
                    Error::malformed(self.store.file(), place, problem, MEND)
                })?;
            }
        }
        let rewards = self.store.array(REWARDS, &[], n_steps, most)?;
        episode.rewards = Some(rewards.numbers());
        episode.intents = self
            .store
            .info(INTENTS, n_steps, most)?
            .map(|array| array.numbers());
        episode.states = self
            .store
            .info(STATES, n_steps + 1, most)?
            .map_or(vec![], |array| array.numbers());
        episode.end = self.end(n_steps, most)?;
        episode.success = self.store.note(SUCCESS)?.map(|number| number != 0.0);
        self.n_episodes += 1;
        self.n_steps += n_steps;
        Ok(true)
    }
}

impl Reader {
    fn check_size(&self, n_steps: u64) -> Result<(), Error> {
        let width = self.metadata.about.observation_space.n_values()
            + self.metadata.about.action_space.n_values();
        let n_bytes = n_steps
            .saturating_add(1)
            .saturating_mul(4 * width as u64 + 8);
        if n_bytes <= self.limits.episode_bytes {
            return Ok(());
        }
        let problem = format!(
            "{n_steps} steps take {n_bytes} bytes, at most {} are read",
            self.limits.episode_bytes
        );
        Err(Error::malformed(
            self.store.file(),
            Place::Episode(self.n_episodes),
            problem,
            "cut the episode",
        ))
    }

    fn check_steps(&self) -> Result<(), Error> {
        if self.n_steps == self.metadata.n_steps {
            return Ok(());
        }
        let problem = format!(
            "`total_steps` is {}, the episodes have {}",
            self.metadata.n_steps, self.n_steps
        );
        Err(Error::malformed(
            &self.path,
            Place::Part("data/metadata.json".to_owned()),
            problem,
            MEND,
        ))
    }

    /// How the episode ended: by what its last step says, and no other step may say that it did.
    fn end(&mut self, n_steps: u64, most: u64) -> Result<Option<End>, Error> {
        let mut end = None;
        for (field, meaning) in [
            (TRUNCATIONS, End::Truncated),
            (TERMINATIONS, End::Terminated),
        ] {
            let flags = self.store.array(field, &[], n_steps, most)?.numbers();
            match flags.iter().position(|flag| *flag != 0.0) {
                None => {}
                Some(step) if step + 1 == flags.len() => end = Some(meaning),
                Some(step) => {
                    let problem =
                        format!("`{field}` says that step {step} of {n_steps} ends the episode");
                    let place = Place::Episode(self.n_episodes);
                    return Err(Error::malformed(
                        self.store.file(),
                        place,
                        problem,
                        "cut the episode there",
                    ));
                }
            }
        }
        Ok(end)
    }
}

struct Writer {
    metadata: Metadata,
    folder: PathBuf,
    store: Box<dyn Save>,
}

impl WriteEpisodes for Writer {
    fn push(&mut self, episode: &Episode) -> Result<(), Error> {
        let unfit = |problem: &str, mend| Err(Error::unfit(&self.store.file(), problem, mend));
        let Some(rewards) = &episode.rewards else {
            return unfit(
                "no rewards are recorded, and Minari's datasets have some",
                "record rewards, or choose another format",
            );
        };
        if rewards.is_empty() && episode.end.is_some() {
            return unfit(
                "an episode without a step cannot say that it ended",
                "leave it out",
            );
        }
        self.store.push(&self.metadata, episode)?;
        self.metadata.n_episodes += 1;
        self.metadata.n_steps += rewards.len() as u64;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        let n_bytes = self.store.finish()?;
        self.metadata
            .write(&self.folder.join(metadata::FILE), n_bytes)
    }
}

/// Where an array is, as a person would look for it.
fn place(episode: u64, field: &str, names: &[Step<'_>]) -> String {
    let mut place = format!("episode {episode}, {field}");
    for step in names {
        match step {
            Step::Name(name) => place.push_str(&format!("/{name}")),
            Step::Index(index) => place.push_str(&format!("/{index}")),
        }
    }
    place
}

/// What the flags of an episode's steps are: only the last may say that it ended.
fn flags(episode: &Episode, meaning: End) -> Vec<bool> {
    let n_steps = episode.rewards.as_ref().map_or(0, Vec::len);
    let mut flags = vec![false; n_steps];
    if let (Some(last), true) = (flags.last_mut(), episode.end == Some(meaning)) {
        *last = true;
    }
    flags
}

/// The bytes of one leaf of all rows, in the type that is written for it.
fn leaf_bytes(flat: &[f32], tree: &Tree, part: &Part<'_>, file: &Path) -> Result<Vec<u8>, Error> {
    gather(flat, tree.space().n_values(), part.start, part.leaf).map_err(|problem| {
        let mend =
            "the space says whole numbers; round them, or give the space other bounds or one axis";
        Error::unfit(file, problem, mend)
    })
}
