//! NumPy's `.npz`: an archive of arrays that hold all episodes one after the other.
//!
//! `docs/demonstrations.md` lists the arrays. `observations` has T + 1 rows for an episode of T steps, `actions` T of
//! them, and `lengths` says where one ends and the next begins. The names that the library `imitation` gave them
//! before it took to another format are read as well, and arrays without final observations where `next_observations`
//! holds them. Each array is read as a stream of its own, so that memory holds one episode.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use mdp::{End, Space};

use crate::choices::{choices, unbounded};
use crate::error::shortened;
use crate::numpy::{
    ArchiveWriter, ArrayHeader, Content, Entry, Item, NumberItem, NumberKind, directory,
    read_numbers, read_texts, shape_text, write_header,
};
use crate::{About, Episode, Error, Limits, Place, ReadEpisodes, WriteEpisodes};

#[cfg(test)]
mod tests;

const AGAIN: &str = "write the file again; docs/demonstrations.md lists the arrays";

/// Opens an archive of episodes.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Box<dyn ReadEpisodes>, Error> {
    let archive = Archive::of(path)?;
    let stated = archive.about()?;
    let mut about = match &stated {
        Some(about) => about.clone(),
        None => archive.unbounded()?,
    };
    if stated.is_none() {
        let is_whole = |names: &[&str]| archive.find(names).is_some_and(Array::holds_choices);
        let (observations, actions) = (is_whole(OBSERVATIONS), is_whole(ACTIONS));
        if observations || actions {
            let found = choices(&mut NpzReader::new(&archive, about.clone(), limits)?)?;
            about.observation_space = found
                .0
                .filter(|_| observations)
                .unwrap_or(about.observation_space);
            about.action_space = found.1.filter(|_| actions).unwrap_or(about.action_space);
        }
    }
    Ok(Box::new(NpzReader::new(&archive, about, limits)?))
}

// Ours first, then the names that others use.
const OBSERVATIONS: &[&str] = &["observations", "obs"];
const NEXT_OBSERVATIONS: &[&str] = &["next_observations"];
const ACTIONS: &[&str] = &["actions", "acts"];
const REWARDS: &[&str] = &["rewards", "rews"];
const INTENTS: &[&str] = &["intents"];
const STATES: &[&str] = &["states"];
const LENGTHS: &[&str] = &["lengths"];
const STARTS: &[&str] = &["starts"];
const INDICES: &[&str] = &["indices"];
const TERMINATED: &[&str] = &["terminated", "terminals", "terminal"];
const TRUNCATED: &[&str] = &["truncated", "timeouts"];
const SUCCESSES: &[&str] = &["successes"];
const ABOUT: &[&str] = &["about"];

/// The arrays of a file, their headers read.
struct Archive {
    path: PathBuf,
    arrays: Vec<Array>,
}

/// One array.
#[derive(Clone)]
struct Array {
    path: PathBuf,
    entry: Entry,
    header: ArrayHeader,
    item: Item,
}

impl Archive {
    fn of(path: &Path) -> Result<Archive, Error> {
        let mut file = File::open(path).map_err(Error::reading(path))?;
        let length = file.metadata().map_err(Error::reading(path))?.len();
        let entries =
            directory(&mut file).map_err(|problem| malformed(path, Place::Whole, &problem))?;
        let known = [
            OBSERVATIONS,
            NEXT_OBSERVATIONS,
            ACTIONS,
            REWARDS,
            INTENTS,
            STATES,
            LENGTHS,
            STARTS,
            INDICES,
            TERMINATED,
            TRUNCATED,
            SUCCESSES,
            ABOUT,
        ]
        .concat();
        let mut arrays: Vec<Array> = vec![];
        for entry in entries
            .into_iter()
            .filter(|entry| known.contains(&entry.array_name()))
        {
            if arrays.iter().any(|array| array.entry.name == entry.name) {
                return Err(array_error(
                    path,
                    &entry,
                    "this array occurs twice; keep one of them",
                ));
            }
            arrays.push(Array::of(path, entry, length)?);
        }
        Ok(Archive {
            path: path.to_owned(),
            arrays,
        })
    }

    fn find(&self, names: &[&str]) -> Option<&Array> {
        names.iter().find_map(|name| {
            self.arrays
                .iter()
                .find(|array| array.entry.array_name() == *name)
        })
    }

    fn need(&self, names: &[&str]) -> Result<&Array, Error> {
        self.find(names).ok_or_else(|| {
            let problem = format!("there is no array {}", names[0]);
            Error::malformed(
                &self.path,
                Place::Whole,
                problem,
                "docs/demonstrations.md lists the arrays",
            )
        })
    }

    /// What the file says of itself, if one of ours wrote it.
    fn about(&self) -> Result<Option<About>, Error> {
        let Some(array) = self.find(ABOUT) else {
            return Ok(None);
        };
        let text = array.text()?;
        let place = Place::Part("array about".to_owned());
        About::from_json(&self.path, place, &text).map(Some)
    }

    /// The spaces that hold any numbers of the arrays' extents.
    fn unbounded(&self) -> Result<About, Error> {
        let space = |array: &Array| match array.row_shape() {
            [] => unbounded(&[1]),
            _ if array.holds_picture() => {
                let n = array.width();
                Space::Continuous {
                    low: vec![0.0; n],
                    high: vec![255.0; n],
                    shape: array.row_shape().to_vec(),
                }
            }
            shape => unbounded(shape),
        };
        let (observations, actions) = (self.need(OBSERVATIONS)?, self.need(ACTIONS)?);
        for array in [observations, actions] {
            if array.header.shape.is_empty() || array.width() == 0 || array.width() > 1 << 24 {
                let problem = format!(
                    "its shape is {}, with no rows of numbers in it",
                    shape_text(&array.header.shape)
                );
                return Err(Error::malformed(&self.path, array.place(), problem, AGAIN));
            }
        }
        Ok(About::new(space(observations), space(actions)))
    }
}

fn malformed(path: &Path, place: Place, problem: &str) -> Error {
    // What NumPy's files lack is said with its mend behind a semicolon.
    let (problem, mend) = problem.split_once("; ").unwrap_or((problem, AGAIN));
    Error::malformed(path, place, problem, mend)
}

fn array_error(path: &Path, entry: &Entry, problem: &str) -> Error {
    malformed(
        path,
        Place::Part(format!("array {}", shortened(entry.array_name()))),
        problem,
    )
}

impl Array {
    fn of(path: &Path, entry: Entry, length: u64) -> Result<Array, Error> {
        let refused = |problem: String| array_error(path, &entry, &problem);
        if let Some(problem) = entry.problem(length) {
            return Err(refused(problem));
        }
        let file = File::open(path).map_err(Error::reading(path))?;
        let mut content = entry.open(file).map_err(refused)?;
        let header = ArrayHeader::read(&mut content).map_err(refused)?;
        let item = header.item().map_err(refused)?;
        header.check_size(item, entry.size).map_err(refused)?;
        if header.is_fortran && header.shape.len() > 1 {
            return Err(refused(
                "its first index is the fastest, so that its episodes do not lie one after the other; save np.ascontiguousarray of it"
                    .to_owned(),
            ));
        }
        Ok(Array {
            path: path.to_owned(),
            entry,
            header,
            item,
        })
    }

    fn place(&self) -> Place {
        Place::Part(format!("array {}", self.entry.array_name()))
    }

    fn error(&self, problem: impl Into<String>) -> Error {
        malformed(&self.path, self.place(), &problem.into())
    }

    /// Rows, the items of the first axis.
    fn n_rows(&self) -> u64 {
        self.header.shape.first().map_or(1, |n| *n as u64)
    }

    fn row_shape(&self) -> &[usize] {
        self.header.shape.get(1..).unwrap_or_default()
    }

    /// Numbers of a row; none where they are more than can be counted.
    fn width(&self) -> usize {
        self.row_shape()
            .iter()
            .try_fold(1_usize, |product, n| product.checked_mul(*n))
            .unwrap_or(0)
    }

    /// Bytes in three dimensions are the pixels of a picture, and not choices.
    fn holds_picture(&self) -> bool {
        self.row_shape().len() >= 2
            && matches!(
                self.item,
                Item::Number(NumberItem {
                    kind: NumberKind::Unsigned,
                    n_bytes: 1,
                    ..
                })
            )
    }

    fn holds_choices(&self) -> bool {
        let is_float = matches!(
            self.item,
            Item::Number(NumberItem {
                kind: NumberKind::Float,
                ..
            })
        );
        !is_float && !self.holds_picture()
    }

    /// From its first row.
    fn rows(&self) -> Result<Rows, Error> {
        let Item::Number(item) = self.item else {
            return Err(
                self.error("it holds text where numbers belong; convert it with .astype(float)")
            );
        };
        let file = File::open(&self.path).map_err(Error::reading(&self.path))?;
        let mut content = self
            .entry
            .open(file)
            .map_err(|problem| self.error(problem))?;
        ArrayHeader::read(&mut content).map_err(|problem| self.error(problem))?;
        Ok(Rows {
            array: self.clone(),
            content,
            item,
            width: self.width(),
            n_left: self.n_rows(),
        })
    }

    /// All numbers of one axis, at most so many of them.
    fn all(&self, most: u64) -> Result<Vec<f64>, Error> {
        if self.header.shape.len() != 1 || self.n_rows() > most {
            let shape = shape_text(&self.header.shape);
            return Err(self.error(format!(
                "its shape is {shape}, not one axis of at most {most} numbers"
            )));
        }
        let mut rows = self.rows()?;
        let mut numbers = vec![];
        rows.read(self.n_rows(), |number| numbers.push(number))?;
        rows.finish()?;
        Ok(numbers)
    }

    /// The text of an array of bytes, or of one text.
    fn text(&self) -> Result<String, Error> {
        const LONGEST: u64 = 1 << 28;
        if let Item::Text {
            n_characters,
            is_big_endian,
        } = self.item
        {
            let file = File::open(&self.path).map_err(Error::reading(&self.path))?;
            let mut content = self
                .entry
                .open(file)
                .map_err(|problem| self.error(problem))?;
            let texts = ArrayHeader::read(&mut content)
                .and_then(|_| read_texts(&mut content, 1, n_characters, is_big_endian));
            return texts
                .map(|texts| texts[0].to_string())
                .map_err(|problem| self.error(problem));
        }
        let bytes: Vec<u8> = self
            .all(LONGEST)?
            .iter()
            .map(|number| *number as u8)
            .collect();
        String::from_utf8(bytes)
            .map_err(|_| self.error("its bytes are no UTF-8 text; write the file again"))
    }
}

/// The rows of an array, one after the other.
struct Rows {
    array: Array,
    content: Content<File>,
    item: NumberItem,
    width: usize,
    n_left: u64,
}

impl Rows {
    fn read(&mut self, n_rows: u64, each: impl FnMut(f64)) -> Result<(), Error> {
        self.n_left = self
            .n_left
            .checked_sub(n_rows)
            .ok_or_else(|| self.array.error("it ends early; write the file again"))?;
        let n = usize::try_from(n_rows)
            .ok()
            .and_then(|n| n.checked_mul(self.width));
        let n = n.ok_or_else(|| self.array.error("its rows are more than can be counted"))?;
        read_numbers(&mut self.content, n, self.item, each)
            .map_err(|problem| self.array.error(problem))
    }

    fn finish(self) -> Result<(), Error> {
        let Rows { array, content, .. } = self;
        content.finish().map_err(|problem| array.error(problem))
    }
}

/// Where episodes begin and how they end.
struct Bounds {
    lengths: Vec<u64>,
    ends: Vec<Option<End>>,
}

/// The most episodes whose lengths are held.
const MOST_EPISODES: u64 = 1 << 27;

impl Bounds {
    fn of(archive: &Archive) -> Result<Bounds, Error> {
        let n_steps = archive.need(ACTIONS)?.n_rows();
        let flags = (archive.find(TERMINATED), archive.find(TRUNCATED));
        let mut bounds = match Bounds::stated(archive, n_steps)? {
            Some(lengths) => Bounds {
                ends: vec![None; lengths.len()],
                lengths,
            },
            None if flags.0.is_some() || flags.1.is_some() => {
                return Bounds::of_flags(archive, n_steps);
            }
            None => Bounds {
                lengths: vec![n_steps],
                ends: vec![None],
            },
        };
        // Terminated is looked at last: where both hold, it wins.
        for (array, end) in [(flags.1, End::Truncated), (flags.0, End::Terminated)] {
            let Some(array) = array else { continue };
            if array.n_rows() == bounds.lengths.len() as u64 {
                let flags = array.all(MOST_EPISODES)?;
                bounds.mark(&flags, end);
            } else if array.n_rows() == n_steps {
                bounds.mark_last_steps(array, end)?;
            } else {
                let n_episodes = bounds.lengths.len();
                let problem = format!(
                    "it has {} flags for {n_episodes} episodes of {n_steps} steps",
                    array.n_rows()
                );
                return Err(array.error(problem));
            }
        }
        Ok(bounds)
    }

    /// The lengths that an array states, in one of three ways.
    fn stated(archive: &Archive, n_steps: u64) -> Result<Option<Vec<u64>>, Error> {
        let (array, firsts) = if let Some(array) = archive.find(LENGTHS) {
            let lengths = array.all(MOST_EPISODES)?;
            let mut first = 0.0;
            let firsts = lengths.iter().map(|length| {
                let this = first;
                first += length;
                this
            });
            let firsts: Vec<f64> = firsts.collect();
            if lengths
                .iter()
                .any(|length| *length < 0.0 || length.fract() != 0.0)
                || first != n_steps as f64
            {
                return Err(array.error(format!(
                    "its lengths are {first} steps together where there are {n_steps} actions"
                )));
            }
            (array, firsts)
        } else if let Some(array) = archive.find(STARTS) {
            (array, array.all(MOST_EPISODES)?)
        } else if let Some(array) = archive.find(INDICES) {
            (array, [vec![0.0], array.all(MOST_EPISODES)?].concat())
        } else {
            return Ok(None);
        };
        let mut lengths = vec![];
        for (index, first) in firsts.iter().enumerate() {
            let next = firsts.get(index + 1).copied().unwrap_or(n_steps as f64);
            let is_sound = first.fract() == 0.0 && first <= &next && (index > 0 || *first == 0.0);
            if !is_sound {
                return Err(array.error(format!(
                    "episode {index} goes from step {first} to step {next} of {n_steps}"
                )));
            }
            lengths.push((next - first) as u64);
        }
        Ok(Some(lengths))
    }

    /// Episodes end where a flag of a step says so; the last may be open.
    fn of_flags(archive: &Archive, n_steps: u64) -> Result<Bounds, Error> {
        let mut ends = vec![];
        for (names, end) in [(TRUNCATED, End::Truncated), (TERMINATED, End::Terminated)] {
            let Some(array) = archive.find(names) else {
                continue;
            };
            if array.n_rows() != n_steps {
                return Err(array.error(format!(
                    "it has {} flags for {n_steps} steps, and there is no array lengths",
                    array.n_rows()
                )));
            }
            let mut step = 0;
            array.rows()?.read(n_steps, |flag| {
                if flag != 0.0 {
                    ends.push((step, end));
                }
                step += 1;
            })?;
        }
        // The sort keeps the order of equal steps, so that the last of them is the one that wins.
        ends.sort_by_key(|(step, _)| *step);
        let mut bounds = Bounds {
            lengths: vec![],
            ends: vec![],
        };
        let mut first = 0;
        for (step, end) in ends {
            if step + 1 == first {
                *bounds
                    .ends
                    .last_mut()
                    .expect("an episode ended at this step") = Some(end);
                continue;
            }
            bounds.lengths.push(step + 1 - first);
            bounds.ends.push(Some(end));
            first = step + 1;
        }
        if first < n_steps || bounds.lengths.is_empty() {
            bounds.lengths.push(n_steps - first);
            bounds.ends.push(None);
        }
        Ok(bounds)
    }

    fn mark(&mut self, flags: &[f64], end: End) {
        for (flag, found) in flags.iter().zip(&mut self.ends) {
            if *flag != 0.0 {
                *found = Some(end);
            }
        }
    }

    fn mark_last_steps(&mut self, array: &Array, end: End) -> Result<(), Error> {
        let mut rows = array.rows()?;
        for (length, found) in self.lengths.iter().zip(&mut self.ends) {
            let mut last = 0.0;
            rows.read(*length, |flag| last = flag)?;
            if last != 0.0 {
                *found = Some(end);
            }
        }
        rows.finish()
    }
}

/// Gives the episodes of an archive.
struct NpzReader {
    path: PathBuf,
    about: About,
    limits: Limits,
    bounds: Bounds,
    next: usize,
    successes: Vec<f64>,
    /// None once all was read.
    streams: Option<Streams>,
}

/// The arrays that hold something for each step.
struct Streams {
    observations: Rows,
    next_observations: Option<Rows>,
    actions: Rows,
    rewards: Option<Rows>,
    intents: Option<Rows>,
    states: Option<Rows>,
}

impl NpzReader {
    fn new(archive: &Archive, about: About, limits: &Limits) -> Result<NpzReader, Error> {
        let bounds = Bounds::of(archive)?;
        let n_episodes = bounds.lengths.len() as u64;
        let (observations, actions) = (archive.need(OBSERVATIONS)?, archive.need(ACTIONS)?);
        let n_steps = actions.n_rows();
        for (array, space) in [
            (observations, &about.observation_space),
            (actions, &about.action_space),
        ] {
            if array.width() != space.n_values() {
                return Err(array.error(format!(
                    "a row has {} numbers and its space {}",
                    array.width(),
                    space.n_values()
                )));
            }
        }
        let is_shifted = observations.n_rows() == n_steps
            && n_episodes > 0
            && archive.find(NEXT_OBSERVATIONS).is_some();
        let sized = |names, n_rows, width: Option<usize>| {
            let array: Option<&Array> = archive.find(names);
            array
                .map(|array| check_rows(array, n_rows, width))
                .transpose()
        };
        let n_situations = if is_shifted {
            n_steps
        } else {
            n_steps + n_episodes
        };
        let streams = Streams {
            observations: check_rows(observations, n_situations, None)?,
            next_observations: match is_shifted {
                true => sized(NEXT_OBSERVATIONS, n_steps, Some(observations.width()))?,
                false => None,
            },
            actions: actions.rows()?,
            rewards: sized(REWARDS, n_steps, Some(1))?,
            intents: sized(INTENTS, n_steps, Some(1))?,
            states: sized(STATES, n_steps + n_episodes, None)?,
        };
        let successes = match archive.find(SUCCESSES) {
            Some(array) if array.n_rows() == n_episodes => array.all(MOST_EPISODES)?,
            Some(array) => {
                return Err(array.error(format!(
                    "it has {} numbers for {n_episodes} episodes",
                    array.n_rows()
                )));
            }
            None => vec![],
        };
        Ok(NpzReader {
            path: archive.path.clone(),
            about,
            limits: *limits,
            bounds,
            next: 0,
            successes,
            streams: Some(streams),
        })
    }

    fn finish(&mut self) -> Result<(), Error> {
        let Some(streams) = self.streams.take() else {
            return Ok(());
        };
        let Streams {
            observations,
            next_observations,
            actions,
            rewards,
            intents,
            states,
        } = streams;
        let many = [next_observations, rewards, intents, states]
            .into_iter()
            .flatten();
        [observations, actions]
            .into_iter()
            .chain(many)
            .try_for_each(Rows::finish)
    }

    fn check_size(&self, n_steps: u64) -> Result<(), Error> {
        let streams = self.streams.as_ref();
        let n_state = streams
            .and_then(|streams| streams.states.as_ref())
            .map_or(0, |rows| rows.width);
        let situation = 4 * self.about.observation_space.n_values() as u64 + 8 * n_state as u64;
        let step = 4 * self.about.action_space.n_values() as u64 + 16;
        let n_bytes = situation
            .saturating_mul(n_steps + 1)
            .saturating_add(step.saturating_mul(n_steps));
        if n_bytes > self.limits.episode_bytes {
            let problem = format!(
                "its {n_steps} steps take more than {} bytes",
                self.limits.episode_bytes
            );
            return Err(Error::malformed(
                &self.path,
                Place::Episode(self.next as u64),
                problem,
                AGAIN,
            ));
        }
        Ok(())
    }
}

fn check_rows(array: &Array, n_rows: u64, width: Option<usize>) -> Result<Rows, Error> {
    let is_wide = width.is_some_and(|width| width != array.width());
    if array.n_rows() != n_rows || is_wide || array.header.shape.is_empty() {
        let shape = shape_text(&array.header.shape);
        return Err(array.error(format!(
            "its shape is {shape} where {n_rows} rows belong; observations and states have one row more an episode than there are steps"
        )));
    }
    array.rows()
}

impl ReadEpisodes for NpzReader {
    fn about(&self) -> &About {
        &self.about
    }

    fn next_episode(&mut self, episode: &mut Episode) -> Result<bool, Error> {
        let Some(n_steps) = self.bounds.lengths.get(self.next).copied() else {
            return self.finish().map(|()| false);
        };
        self.check_size(n_steps)?;
        let Some(streams) = &mut self.streams else {
            return Ok(false);
        };
        episode.clear(streams.rewards.is_some(), streams.intents.is_some());
        match &mut streams.next_observations {
            None => streams.observations.read(n_steps + 1, |number| {
                episode.observations.push(number as f32)
            })?,
            Some(next) => {
                streams
                    .observations
                    .read(n_steps, |number| episode.observations.push(number as f32))?;
                let mut last = vec![];
                let width = next.width;
                next.read(n_steps, |number| {
                    if last.len() == width {
                        last.clear();
                    }
                    last.push(number as f32);
                })?;
                episode.observations.extend(last);
            }
        }
        streams
            .actions
            .read(n_steps, |number| episode.actions.push(number as f32))?;
        for (stream, numbers) in [
            (&mut streams.rewards, &mut episode.rewards),
            (&mut streams.intents, &mut episode.intents),
        ] {
            if let (Some(stream), Some(numbers)) = (stream, numbers) {
                stream.read(n_steps, |number| numbers.push(number))?;
            }
        }
        if let Some(states) = &mut streams.states {
            states.read(n_steps + 1, |number| episode.states.push(number))?;
        }
        episode.end = self.bounds.ends[self.next];
        episode.success = match self.successes.get(self.next) {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        };
        self.next += 1;
        Ok(true)
    }
}

/// Begins an archive of episodes.
pub(crate) fn create(path: &Path, about: &About) -> Result<Box<dyn WriteEpisodes>, Error> {
    let mut archive = ArchiveWriter::create(path, &NAMES)?;
    let text = about.to_json().to_string();
    archive
        .array(0)
        .write_all(text.as_bytes())
        .map_err(Error::writing(path))?;
    Ok(Box::new(NpzWriter {
        path: path.to_owned(),
        archive,
        about: about.clone(),
        n_about: text.len(),
        fields: None,
        n_episodes: 0,
        n_steps: 0,
    }))
}

/// The arrays in the order of the archive.
const NAMES: [&str; 10] = [
    "about",
    "observations",
    "actions",
    "lengths",
    "rewards",
    "intents",
    "states",
    "terminated",
    "truncated",
    "successes",
];

struct NpzWriter {
    path: PathBuf,
    archive: ArchiveWriter,
    about: About,
    n_about: usize,
    /// Whether rewards and intents are recorded, and the numbers of a state.
    fields: Option<(bool, bool, usize)>,
    n_episodes: usize,
    n_steps: usize,
}

/// Whether values are choices, written as whole numbers.
fn is_choice(space: &Space) -> bool {
    matches!(space, Space::Discrete { .. } | Space::MultiDiscrete { .. })
}

fn bytes_of(values: &[f32], space: &Space) -> Vec<u8> {
    match is_choice(space) {
        true => values
            .iter()
            .flat_map(|value| (*value as i64).to_le_bytes())
            .collect(),
        false => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
    }
}

fn header_of(space: &Space, n_rows: usize) -> Vec<u8> {
    let type_word = if is_choice(space) { "<i8" } else { "<f4" };
    write_header(type_word, &[vec![n_rows], space.shape()].concat())
}

impl WriteEpisodes for NpzWriter {
    fn push(&mut self, episode: &Episode) -> Result<(), Error> {
        let n_situations = episode.observations.len() / self.about.observation_space.n_values();
        let n_steps = n_situations - 1;
        let fields = (
            episode.rewards.is_some(),
            episode.intents.is_some(),
            episode.states.len() / n_situations,
        );
        if *self.fields.get_or_insert(fields) != fields {
            let problem = format!(
                "episode {} records other fields than those before it",
                self.n_episodes
            );
            return Err(Error::unfit(
                &self.path,
                problem,
                "record rewards, intents and states in all episodes or in none",
            ));
        }
        let doubles = |numbers: &[f64]| -> Vec<u8> {
            numbers
                .iter()
                .flat_map(|number| number.to_le_bytes())
                .collect()
        };
        let success = episode.success.map_or(-1_i8, i8::from);
        let parts = [
            (
                1,
                bytes_of(&episode.observations, &self.about.observation_space),
            ),
            (2, bytes_of(&episode.actions, &self.about.action_space)),
            (3, (n_steps as i64).to_le_bytes().to_vec()),
            (4, doubles(episode.rewards.as_deref().unwrap_or_default())),
            (5, doubles(episode.intents.as_deref().unwrap_or_default())),
            (6, doubles(&episode.states)),
            (7, vec![u8::from(episode.end == Some(End::Terminated))]),
            (8, vec![u8::from(episode.end == Some(End::Truncated))]),
            (9, success.to_le_bytes().to_vec()),
        ];
        for (index, bytes) in parts {
            self.archive
                .array(index)
                .write_all(&bytes)
                .map_err(Error::writing(&self.path))?;
        }
        self.n_episodes += 1;
        self.n_steps += n_steps;
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        let (n_steps, n_episodes) = (self.n_steps, self.n_episodes);
        let (has_rewards, has_intents, n_state) = self.fields.unwrap_or((false, false, 0));
        let episodes = |type_word| Some(write_header(type_word, &[n_episodes]));
        let steps = || write_header("<f8", &[n_steps]);
        let headers = [
            Some(write_header("|u1", &[self.n_about])),
            Some(header_of(
                &self.about.observation_space,
                n_steps + n_episodes,
            )),
            Some(header_of(&self.about.action_space, n_steps)),
            episodes("<i8"),
            has_rewards.then(steps),
            has_intents.then(steps),
            (n_state > 0).then(|| write_header("<f8", &[n_steps + n_episodes, n_state])),
            episodes("|b1"),
            episodes("|b1"),
            episodes("|i1"),
        ];
        self.archive.finish(&headers)
    }
}
