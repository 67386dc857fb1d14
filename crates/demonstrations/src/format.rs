//! Which formats there are, which one a file has, and reading and writing any of them.
//!
//! A format is one module with two functions:
//!
//! ```text
//! pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Box<dyn ReadEpisodes>, Error>;
//! pub(crate) fn create(path: &Path, about: &About) -> Result<Box<dyn WriteEpisodes>, Error>;
//! ```
//!
//! `open` reads what the file says of itself and checks it against the limits before anything is allocated for it.
//! `create` makes the file or folder at the path that it is given, which is beside the final place: moving it there,
//! or removing it when anything fails, is done here. A format adds itself to [`Format`], to its four tables below, and
//! to nothing else.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use mdp::{Trajectories, TrajectoryError};

use crate::staged::Staged;
use crate::{About, Demonstrations, Episode, Error, Place, csv, hugging_face, minari, native, npz};

/// A way to keep demonstrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Parquet, our own.
    Parquet,
    /// NumPy's `.npz`.
    Npz,
    /// CSV.
    Csv,
    /// A Minari dataset in HDF5.
    Minari,
    /// A Minari dataset in Arrow files.
    MinariArrow,
    /// A Minari dataset in Parquet files.
    MinariParquet,
    /// Trajectories of `imitation` as Hugging Face's `datasets` keep them.
    HuggingFace,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 7] = [
        Format::Parquet,
        Format::Npz,
        Format::Csv,
        Format::Minari,
        Format::MinariArrow,
        Format::MinariParquet,
        Format::HuggingFace,
    ];

    /// The word for it in messages and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Format::Parquet => "parquet",
            Format::Npz => "npz",
            Format::Csv => "csv",
            Format::Minari => "minari",
            Format::MinariArrow => "minari-arrow",
            Format::MinariParquet => "minari-parquet",
            Format::HuggingFace => "hugging-face",
        }
    }

    /// The format that `path` has, by what is in it and not by its name.
    ///
    /// # Errors
    /// If it cannot be read or is of no known format.
    pub fn detect(path: &Path) -> Result<Format, Error> {
        let found = match path.is_dir() {
            true => Format::of_folder(path),
            false => Format::of_start(&start_of(path)?),
        };
        found.ok_or_else(|| {
            let words: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
            let mend = format!("formats that are read: {}", words.join(", "));
            Error::malformed(
                path,
                Place::Whole,
                "this is no file of demonstrations",
                mend,
            )
        })
    }

    /// By the files that a folder holds.
    fn of_folder(folder: &Path) -> Option<Format> {
        if hugging_face::is_dataset(folder) {
            return Some(Format::HuggingFace);
        }
        minari::layout_of(folder).map(|layout| match layout {
            minari::Layout::Hdf5 => Format::Minari,
            minari::Layout::Arrow => Format::MinariArrow,
            minari::Layout::Parquet => Format::MinariParquet,
        })
    }

    /// By the first bytes of a file.
    fn of_start(start: &[u8]) -> Option<Format> {
        match start {
            [b'P', b'A', b'R', b'1', ..] => Some(Format::Parquet),
            [b'P', b'K', ..] => Some(Format::Npz),
            _ if csv::is_start(start) => Some(Format::Csv),
            _ => None,
        }
    }

    fn open(self, path: &Path, limits: &Limits) -> Result<Box<dyn ReadEpisodes>, Error> {
        match self {
            Format::Parquet => native::open(path, limits),
            Format::Npz => npz::open(path, limits),
            Format::Csv => csv::open(path, limits),
            Format::Minari | Format::MinariArrow | Format::MinariParquet => {
                minari::open(path, limits)
            }
            Format::HuggingFace => hugging_face::open(path, limits),
        }
    }

    fn create(self, path: &Path, about: &About) -> Result<Box<dyn WriteEpisodes>, Error> {
        match self {
            Format::Parquet => native::create(path, about),
            Format::Npz => npz::create(path, about),
            Format::Csv => csv::create(path, about),
            Format::Minari => minari::create(path, about, minari::Layout::Hdf5),
            Format::MinariArrow => minari::create(path, about, minari::Layout::Arrow),
            Format::MinariParquet => minari::create(path, about, minari::Layout::Parquet),
            Format::HuggingFace => hugging_face::create(path, about),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How much may be held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one episode.
    pub episode_bytes: u64,
    /// Bytes of all episodes together, where they are held together.
    pub bytes: u64,
}

impl Limits {
    /// 4 GiB an episode, 16 GiB in all.
    pub const GENEROUS: Limits = Limits {
        episode_bytes: 4 << 30,
        bytes: 16 << 30,
    };
}

/// Gives the episodes of a file one after the other.
pub trait ReadEpisodes {
    /// What the file says of itself.
    fn about(&self) -> &About;

    /// Puts the next episode into `episode`, whose buffers are used again; false where there are no more.
    ///
    /// # Errors
    /// If the content is not what its format promises, or the episode is larger than the limits allow. Nothing more can
    /// be read then.
    fn next_episode(&mut self, episode: &mut Episode) -> Result<bool, Error>;
}

/// Takes the episodes of a file one after the other.
pub trait WriteEpisodes {
    /// Adds an episode, whose numbers are as many as its spaces ask for.
    ///
    /// # Errors
    /// If the operating system refuses, or the format cannot say what the episode holds.
    fn push(&mut self, episode: &Episode) -> Result<(), Error>;

    /// Writes what is still to be written, and closes the file.
    ///
    /// # Errors
    /// If the operating system refuses.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}

/// Opens a file or folder of any known format.
///
/// # Errors
/// If it cannot be read, is of no known format, or is damaged.
pub fn open(path: &Path, limits: &Limits) -> Result<Box<dyn ReadEpisodes>, Error> {
    let inner = Format::detect(path)?.open(path, limits)?;
    Ok(Box::new(CheckedReader::new(path, inner)))
}

/// Begins a file or folder; it is in its place when it is finished, and nothing is left when it is not.
///
/// # Errors
/// If the operating system refuses, or the format cannot say what `about` holds.
pub fn create(path: &Path, format: Format, about: &About) -> Result<Box<dyn WriteEpisodes>, Error> {
    let staged = Staged::new(path);
    let inner = format.create(staged.part(), about)?;
    let spaces = Trajectories::new(about.observation_space.clone(), about.action_space.clone());
    Ok(Box::new(StagedWriter {
        inner,
        staged,
        spaces,
        n_episodes: 0,
    }))
}

/// Reads all episodes.
///
/// # Errors
/// As [`open`], or if they are more than the limits allow.
pub fn read(path: &Path, limits: &Limits) -> Result<Demonstrations, Error> {
    let mut reader = Format::detect(path)?.open(path, limits)?;
    let about = reader.about().clone();
    let mut trajectories =
        Trajectories::new(about.observation_space.clone(), about.action_space.clone());
    let mut successes = vec![];
    let mut episode = Episode::default();
    let mut n_bytes = 0_u64;
    while reader.next_episode(&mut episode)? {
        n_bytes += episode.n_bytes();
        if n_bytes > limits.bytes {
            let problem = format!("its episodes take more than {} bytes", limits.bytes);
            let mend = "keep fewer with `rewardlab demos filter`";
            return Err(Error::malformed(path, Place::Whole, problem, mend));
        }
        let n_before = successes.len() as u64;
        trajectories
            .push(episode.view())
            .map_err(|error| unsound(path, n_before, &error))?;
        successes.push(episode.success);
    }
    Ok(Demonstrations {
        about,
        trajectories,
        successes,
    })
}

/// Writes all episodes.
///
/// # Errors
/// As [`create`] and [`WriteEpisodes::push`].
pub fn write(path: &Path, format: Format, demonstrations: &Demonstrations) -> Result<(), Error> {
    let mut writer = create(path, format, &demonstrations.about)?;
    let mut episode = Episode::default();
    for (index, view) in demonstrations.trajectories.episodes().enumerate() {
        episode.assign(view);
        episode.success = demonstrations.successes.get(index).copied().flatten();
        writer.push(&episode)?;
    }
    writer.finish()
}

/// A reader whose episodes are held against their spaces.
struct CheckedReader {
    path: PathBuf,
    inner: Box<dyn ReadEpisodes>,
    spaces: Trajectories,
    n_episodes: u64,
}

impl CheckedReader {
    fn new(path: &Path, inner: Box<dyn ReadEpisodes>) -> CheckedReader {
        let about = inner.about();
        CheckedReader {
            path: path.to_owned(),
            spaces: Trajectories::new(about.observation_space.clone(), about.action_space.clone()),
            inner,
            n_episodes: 0,
        }
    }
}

impl ReadEpisodes for CheckedReader {
    fn about(&self) -> &About {
        self.inner.about()
    }

    fn next_episode(&mut self, episode: &mut Episode) -> Result<bool, Error> {
        let is_one = self.inner.next_episode(episode)?;
        if is_one {
            let checked = self.spaces.check(&episode.view());
            checked.map_err(|error| unsound(&self.path, self.n_episodes, &error))?;
            self.n_episodes += 1;
        }
        Ok(is_one)
    }
}

fn unsound(path: &Path, episode: u64, error: &TrajectoryError) -> Error {
    let mend = "leave the episode out, or correct its spaces";
    Error::malformed(path, Place::Episode(episode), error, mend)
}

/// A writer whose episodes are held against their spaces, and whose work is moved into its place.
struct StagedWriter {
    inner: Box<dyn WriteEpisodes>,
    staged: Staged,
    spaces: Trajectories,
    n_episodes: u64,
}

impl WriteEpisodes for StagedWriter {
    fn push(&mut self, episode: &Episode) -> Result<(), Error> {
        self.spaces.check(&episode.view()).map_err(|error| {
            let problem = format!("episode {}: {error}", self.n_episodes);
            let mend = "give episodes that their spaces contain";
            Error::unfit(self.staged.place(), problem, mend)
        })?;
        self.n_episodes += 1;
        self.inner.push(episode)
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        self.inner.finish()?;
        self.staged.finish()
    }
}

fn start_of(path: &Path) -> Result<Vec<u8>, Error> {
    const LONGEST: u64 = 4096;
    let file = File::open(path).map_err(Error::reading(path))?;
    let mut start = vec![];
    file.take(LONGEST)
        .read_to_end(&mut start)
        .map_err(Error::reading(path))?;
    Ok(start)
}
