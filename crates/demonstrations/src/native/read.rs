//! Reads episodes from Parquet, some thousand rows at a time.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use mdp::End;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::SchemaDescriptor;

use super::layout::{Layout, MOST_COLUMNS};
use super::pages::{Pages, Source};
use super::stream::Stream;
use super::{ABOUT, TERMINATED, TRUNCATED, thrift};
use crate::choices::{choices, unbounded};
use crate::error::shortened;
use crate::{About, Episode, Error, Limits, Place, ReadEpisodes};

/// Who played the episodes of one row group of a run's recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorder {
    /// `sampled`, `greedy` or `reference`.
    pub player: String,
    /// The checkpoint, from 0; none for the reference.
    pub checkpoint: Option<u32>,
}

/// Opens a file of episodes.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Box<dyn ReadEpisodes>, Error> {
    let contents = Contents::of(path)?;
    let about = match contents.about()? {
        Some(about) => about,
        None => contents.infer(limits)?,
    };
    let groups = (0..contents.metadata.num_row_groups()).collect();
    Ok(Box::new(NativeReader::new(
        contents, about, groups, limits,
    )?))
}

/// Opens what a run recorded, for the episodes of those players that `keep` wants.
///
/// # Errors
/// If the file cannot be read, is damaged, holds numbers of other shapes than `about` says, or nothing that is wanted.
pub fn open_recording(
    path: &Path,
    limits: &Limits,
    about: &About,
    mut keep: impl FnMut(&Recorder) -> bool,
) -> Result<Box<dyn ReadEpisodes>, Error> {
    let contents = Contents::of(path)?;
    let mut groups = vec![];
    let mut there = vec![];
    for index in 0..contents.metadata.num_row_groups() {
        let recorder = contents.recorder(index)?;
        if keep(&recorder) {
            groups.push(index);
        }
        there.push(match recorder.checkpoint {
            Some(checkpoint) => format!("{} of checkpoint {checkpoint}", recorder.player),
            None => recorder.player,
        });
    }
    if groups.is_empty() {
        let mend = match there.len() {
            0 => "run the experiment again".to_owned(),
            _ => format!("there are {}", there.join(", ")),
        };
        return Err(Error::malformed(
            path,
            Place::Whole,
            "no episodes of this player are recorded",
            mend,
        ));
    }
    let about = About {
        state_names: contents.layout.state_names.clone(),
        ..about.clone()
    };
    let reader = NativeReader::new(contents, about, groups, limits)?;
    Ok(Box::new(reader))
}

/// What a file holds, before its episodes are read.
struct Contents {
    path: PathBuf,
    source: Source,
    length: u64,
    metadata: ParquetMetaData,
    layout: Layout,
    n_observation: usize,
}

pub(super) const AGAIN: &str = "write the file again";

/// Opens a Parquet file whose columns lie side by side: its bytes, how many they are, and what its footer says.
pub(super) fn open_flat(path: &Path) -> Result<(Source, u64, ParquetMetaData), Error> {
    let malformed =
        |problem: String| Error::malformed(path, Place::Part("footer".into()), problem, AGAIN);
    let file = File::open(path).map_err(Error::reading(path))?;
    let length = file.metadata().map_err(Error::reading(path))?.len();
    let source = Source::new(file);
    let footer = read_footer(&source, length, path)?;
    let n_columns = thrift::n_flat_columns(&footer)
        .ok_or_else(|| malformed("its columns do not lie side by side".to_owned()))?;
    if n_columns > MOST_COLUMNS {
        let problem = format!("it has {n_columns} columns, at most {MOST_COLUMNS} are read");
        return Err(malformed(problem));
    }
    let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer))
        .map_err(|problem| malformed(format!("it makes no sense ({problem})")))?;
    Ok((source, length, metadata))
}

impl Contents {
    fn of(path: &Path) -> Result<Contents, Error> {
        let (source, length, metadata) = open_flat(path)?;
        let schema = metadata.file_metadata().schema_descr();
        let mend = "docs/demonstrations.md lists the columns of demonstrations";
        let refused = |problem| Error::malformed(path, Place::Whole, problem, mend);
        let layout = Layout::of(schema).map_err(refused)?;
        let n_observation = layout.n_observation(schema).map_err(refused)?;
        Ok(Contents {
            path: path.to_owned(),
            source,
            length,
            layout,
            n_observation,
            metadata,
        })
    }

    fn schema(&self) -> &SchemaDescriptor {
        self.metadata.file_metadata().schema_descr()
    }

    /// What the footer says of the episodes, if one of ours wrote it.
    fn about(&self) -> Result<Option<About>, Error> {
        let entries = self.metadata.file_metadata().key_value_metadata();
        let entry = entries
            .into_iter()
            .flatten()
            .find(|entry| entry.key == ABOUT);
        let Some(text) = entry.and_then(|entry| entry.value.as_deref()) else {
            return Ok(None);
        };
        let place = Place::Part(format!("metadata {ABOUT}"));
        let about = About::from_json(&self.path, place, text)?;
        Ok(Some(About {
            state_names: self.layout.state_names.clone(),
            ..about
        }))
    }

    /// The spaces of a file that does not name them: whole numbers are choices, as many as the greatest that occurs
    /// asks for, and all other numbers may be any.
    fn infer(&self, limits: &Limits) -> Result<About, Error> {
        let layout = &self.layout;
        let mut about = About {
            state_names: layout.state_names.clone(),
            ..About::new(
                unbounded(&[self.n_observation]),
                unbounded(&[layout.actions.len()]),
            )
        };
        let observations =
            !layout.is_wide && layout.holds_choices(self.schema(), &layout.observations);
        let actions = layout.holds_choices(self.schema(), &layout.actions);
        if observations || actions {
            let again = Contents::of(&self.path)?;
            let groups = (0..self.metadata.num_row_groups()).collect();
            let mut reader = NativeReader::new(again, about.clone(), groups, limits)?;
            let found = choices(&mut reader)?;
            about.observation_space = found
                .0
                .filter(|_| observations)
                .unwrap_or(about.observation_space);
            about.action_space = found.1.filter(|_| actions).unwrap_or(about.action_space);
        }
        Ok(about)
    }

    /// Who played the episodes of a row group.
    fn recorder(&self, group: usize) -> Result<Recorder, Error> {
        let player = match self.layout.player {
            Some(column) => self
                .first(group, column)?
                .texts()
                .first()
                .map(|(_, text)| text.clone()),
            None => None,
        };
        let checkpoint = match self.layout.checkpoint {
            Some(column) => {
                let mut numbers = vec![];
                self.first(group, column)?.append_doubles(&mut numbers);
                numbers.first().copied()
            }
            None => None,
        };
        Ok(Recorder {
            player: player.map_or_else(String::new, |text| {
                String::from_utf8_lossy(text.data()).into_owned()
            }),
            checkpoint: checkpoint.map(|number| number as u32),
        })
    }

    /// The first row of a column.
    fn first(&self, group: usize, column: usize) -> Result<Stream, Error> {
        let mut stream = self.stream(group, column)?;
        stream
            .fill(1)
            .map_err(|problem| self.damaged(stream.name(), problem))?;
        Ok(stream)
    }

    fn stream(&self, group: usize, column: usize) -> Result<Stream, Error> {
        let chunk = self.metadata.row_group(group).column(column);
        let name = chunk.column_descr().name().to_owned();
        let pages = Pages::new(self.source.clone(), chunk, self.length);
        let pages = pages.map_err(|error| self.damaged(&name, error.to_string()))?;
        Ok(Stream::new(name, chunk.column_descr_ptr(), pages))
    }

    fn damaged(&self, column: &str, problem: impl Into<String>) -> Error {
        let problem = problem.into();
        let problem = problem.strip_prefix("Parquet error: ").unwrap_or(&problem);
        let place = Place::Part(format!("column {}", shortened(column)));
        Error::malformed(&self.path, place, problem, AGAIN)
    }

    /// Whether a column holds nothing but nulls, as its row groups declare.
    fn is_empty(&self, column: usize, groups: &[usize]) -> bool {
        groups.iter().all(|group| {
            let group = self.metadata.row_group(*group);
            let nulls = group
                .column(column)
                .statistics()
                .and_then(|statistics| statistics.null_count_opt());
            nulls.is_some_and(|n| i64::try_from(n) == Ok(group.num_rows()))
        })
    }
}

fn read_footer(source: &Source, length: u64, path: &Path) -> Result<Vec<u8>, Error> {
    /// Room for some million columns of row groups.
    const LONGEST: u64 = 1 << 26;
    let malformed =
        |problem: &str| Error::malformed(path, Place::Part("footer".into()), problem, AGAIN);
    let end = source
        .read(length.saturating_sub(8), 8)
        .map_err(Error::reading(path))?;
    let Some((declared, b"PAR1")) = end.split_first_chunk::<4>() else {
        return Err(malformed("it is not there, the file is cut off"));
    };
    let declared = u64::from(u32::from_le_bytes(*declared));
    if declared + 12 > length || declared > LONGEST {
        let problem = format!("it claims {declared} bytes of the file's {length}");
        return Err(malformed(&problem));
    }
    source
        .read(length - 8 - declared, declared)
        .map_err(Error::reading(path))
}

/// The format's own reader trusts what it reads. Sizes are checked before it sees them; should it still fall over
/// something that nobody foresaw, that is damage, too, and no reason for the whole program to fall.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let text = error.to_string();
            Err(text
                .strip_prefix("Parquet error: ")
                .unwrap_or(&text)
                .to_owned())
        }
        Err(_) => Err("its pages make no sense".to_owned()),
    }
}

/// The columns of one row group, each at the same row.
struct Columns {
    step: Option<Stream>,
    observations: Vec<Stream>,
    actions: Vec<Stream>,
    states: Vec<Stream>,
    reward: Option<Stream>,
    intent: Option<Stream>,
    end: Option<Stream>,
    success: Option<Stream>,
}

impl Columns {
    fn all(&mut self) -> impl Iterator<Item = &mut Stream> {
        let Columns {
            step,
            observations,
            actions,
            states,
            reward,
            intent,
            end,
            success,
        } = self;
        let many = observations.iter_mut().chain(actions).chain(states);
        let few = [step, reward, intent, end, success];
        many.chain(few.into_iter().flatten())
    }
}

/// Rows of a row group in memory, one array a field.
#[derive(Default)]
struct Batch {
    n_rows: usize,
    /// Rows that are the last of their episode.
    lasts: Vec<usize>,
    /// `[n_rows, F]`.
    observations: Vec<f32>,
    /// `[n_rows, S]`.
    states: Vec<f64>,
    /// `[steps, A]`: last rows have none.
    actions: Vec<f32>,
    rewards: Vec<f64>,
    intents: Vec<f64>,
    /// Empty where the file does not number its steps.
    steps: Vec<f64>,
    ends: Vec<(usize, ByteArray)>,
    successes: Vec<(usize, f64)>,
}

/// Gives the episodes of some row groups.
struct NativeReader {
    contents: Contents,
    about: About,
    limits: Limits,
    groups: std::vec::IntoIter<usize>,
    has_intent: bool,
    columns: Option<Columns>,
    rows_left: usize,
    batch: Batch,
    at: At,
    n_episodes: u64,
}

/// How far the batch is read: the next row, step, last row, end and success.
#[derive(Clone, Copy, Default)]
struct At {
    row: usize,
    step: usize,
    last: usize,
    end: usize,
    success: usize,
}

impl NativeReader {
    fn new(
        contents: Contents,
        about: About,
        groups: Vec<usize>,
        limits: &Limits,
    ) -> Result<NativeReader, Error> {
        for (what, here, space) in [
            (
                "an observation",
                contents.n_observation,
                &about.observation_space,
            ),
            (
                "an action",
                contents.layout.actions.len(),
                &about.action_space,
            ),
        ] {
            if here != space.n_values() {
                let problem = format!(
                    "{what} has {here} numbers in its columns and {} in its space",
                    space.n_values()
                );
                return Err(Error::malformed(
                    &contents.path,
                    Place::Whole,
                    problem,
                    AGAIN,
                ));
            }
        }
        let intent = contents.layout.intent;
        let has_intent = intent.is_some_and(|column| !contents.is_empty(column, &groups));
        Ok(NativeReader {
            contents,
            about,
            limits: *limits,
            groups: groups.into_iter(),
            has_intent,
            columns: None,
            rows_left: 0,
            batch: Batch::default(),
            at: At::default(),
            n_episodes: 0,
        })
    }

    fn malformed(&self, step: Option<usize>, problem: impl std::fmt::Display) -> Error {
        let place = match step {
            None => Place::Episode(self.n_episodes),
            Some(step) => Place::Step(self.n_episodes, step as u64),
        };
        Error::malformed(&self.contents.path, place, problem, AGAIN)
    }

    /// Fills the batch with the rows that come next; false where there are none.
    fn load(&mut self) -> Result<bool, Error> {
        while self.rows_left == 0 {
            let Some(group) = self.groups.next() else {
                return Ok(false);
            };
            let n_rows = self.contents.metadata.row_group(group).num_rows();
            self.rows_left = usize::try_from(n_rows)
                .map_err(|_| self.malformed(None, format!("a row group claims {n_rows} rows")))?;
            self.columns = Some(self.open_columns(group)?);
        }
        let n_rows = self.rows_a_batch().min(self.rows_left);
        self.rows_left -= n_rows;
        let columns = self.columns.as_mut().expect("a row group is open");
        for stream in columns.all() {
            if let Err(problem) = stream.fill(n_rows) {
                return Err(self.contents.damaged(stream.name(), problem));
            }
        }
        self.at = At::default();
        self.batch
            .take(
                columns,
                n_rows,
                self.contents
                    .layout
                    .is_wide
                    .then_some(self.contents.n_observation),
            )
            .map_err(|(column, problem)| self.contents.damaged(&column, problem))?;
        Ok(true)
    }

    /// As many rows as stay in the nearest caches while their columns are woven into rows.
    fn rows_a_batch(&self) -> usize {
        const BYTES: usize = 1 << 17;
        let row = 4 * self.contents.n_observation + 8 * self.contents.layout.states.len();
        (BYTES / row.max(1)).clamp(16, 8192)
    }

    fn open_columns(&self, group: usize) -> Result<Columns, Error> {
        let layout = &self.contents.layout;
        let one = |column: Option<usize>| {
            column
                .map(|column| self.contents.stream(group, column))
                .transpose()
        };
        let all = |columns: &[usize]| -> Result<Vec<Stream>, Error> {
            columns
                .iter()
                .map(|column| self.contents.stream(group, *column))
                .collect()
        };
        Ok(Columns {
            step: one(layout.step)?,
            observations: all(&layout.observations)?,
            actions: all(&layout.actions)?,
            states: all(&layout.states)?,
            reward: one(layout.reward)?,
            intent: one(layout.intent.filter(|_| self.has_intent))?,
            end: one(layout.end)?,
            success: one(layout.success)?,
        })
    }

    /// Adds rows of the batch to an episode; `is_last` says that the last of them ends it.
    fn append(
        &mut self,
        rows: std::ops::Range<usize>,
        is_last: bool,
        episode: &mut Episode,
    ) -> Result<(), Error> {
        let n_before = episode.observations.len() / self.contents.n_observation;
        let n_steps = rows.len() - usize::from(is_last);
        for (index, step) in self
            .batch
            .steps
            .get(rows.clone())
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            if *step != (n_before + index) as f64 {
                let problem = format!(
                    "its number is {step}: rows are missing, or an episode has no row of its final observation"
                );
                return Err(self.malformed(Some(n_before + index), problem));
            }
        }
        let steps = self.at.step..self.at.step + n_steps;
        let of =
            |range: &std::ops::Range<usize>, width: usize| range.start * width..range.end * width;
        episode
            .observations
            .extend_from_slice(&self.batch.observations[of(&rows, self.contents.n_observation)]);
        episode
            .states
            .extend_from_slice(&self.batch.states[of(&rows, self.contents.layout.states.len())]);
        episode
            .actions
            .extend_from_slice(&self.batch.actions[of(&steps, self.contents.layout.actions.len())]);
        if let Some(rewards) = &mut episode.rewards {
            rewards.extend_from_slice(&self.batch.rewards[steps.clone()]);
        }
        if let Some(intents) = &mut episode.intents {
            intents.extend_from_slice(&self.batch.intents[steps]);
        }
        self.at.row = rows.end;
        self.at.step += n_steps;
        let n_bytes = episode.n_bytes();
        if n_bytes > self.limits.episode_bytes {
            let problem = format!("it takes more than {} bytes", self.limits.episode_bytes);
            return Err(self.malformed(None, problem));
        }
        Ok(())
    }

    /// The end that is recorded in the rows up to `row`, and the step of the episode it belongs to.
    fn find_end(
        &mut self,
        rows: std::ops::Range<usize>,
        n_before: usize,
    ) -> Result<Option<(usize, End)>, Error> {
        let mut found = None;
        while let Some((row, word)) = self
            .batch
            .ends
            .get(self.at.end)
            .filter(|(row, _)| *row < rows.end)
        {
            let step = n_before + row - rows.start;
            let end = match word.data() {
                word if word == TERMINATED.as_bytes() => End::Terminated,
                word if word == TRUNCATED.as_bytes() => End::Truncated,
                word => {
                    let word = shortened(&String::from_utf8_lossy(word));
                    let problem = format!("its end is \"{word}\", not {TERMINATED} or {TRUNCATED}");
                    return Err(self.malformed(Some(step), problem));
                }
            };
            if found.replace((step, end)).is_some() {
                return Err(self.malformed(Some(step), "the episode ends twice"));
            }
            self.at.end += 1;
        }
        Ok(found)
    }

    fn find_success(&mut self, last: usize) -> Option<bool> {
        let mut found = None;
        while let Some((row, value)) = self.batch.successes.get(self.at.success) {
            if *row > last {
                break;
            }
            if *row == last {
                found = Some(*value != 0.0);
            }
            self.at.success += 1;
        }
        found
    }
}

impl ReadEpisodes for NativeReader {
    fn about(&self) -> &About {
        &self.about
    }

    fn next_episode(&mut self, episode: &mut Episode) -> Result<bool, Error> {
        episode.clear(self.contents.layout.reward.is_some(), self.has_intent);
        let mut end = None;
        let mut n_rows = 0;
        loop {
            if self.at.row == self.batch.n_rows && !self.load()? {
                if n_rows == 0 {
                    return Ok(false);
                }
                return Err(
                    self.malformed(Some(n_rows), "the row of its final observation is missing")
                );
            }
            let last = self.batch.lasts.get(self.at.last).copied();
            let rows = self.at.row..last.map_or(self.batch.n_rows, |last| last + 1);
            if let Some(found) = self.find_end(rows.clone(), n_rows)?
                && end.replace(found).is_some()
            {
                return Err(self.malformed(Some(found.0), "the episode ends twice"));
            }
            n_rows += rows.len();
            self.append(rows, last.is_some(), episode)?;
            let Some(last) = last else { continue };
            self.at.last += 1;
            episode.success = self.find_success(last);
            if let Some((step, _)) = end
                && step + 2 != n_rows
            {
                return Err(self.malformed(Some(step), "the episode goes on after its end"));
            }
            episode.end = end.map(|(_, end)| end);
            self.n_episodes += 1;
            return Ok(true);
        }
    }
}

impl Batch {
    /// Weaves columns into rows; where they do not fit, the column and what is wrong.
    fn take(
        &mut self,
        columns: &Columns,
        n_rows: usize,
        wide: Option<usize>,
    ) -> Result<(), (String, String)> {
        self.n_rows = n_rows;
        self.lasts.clear();
        self.lasts.extend(columns.actions[0].nulls());
        let all_rows = columns
            .observations
            .iter()
            .chain(&columns.states)
            .chain(&columns.step);
        for stream in all_rows {
            if stream.nulls().next().is_some() {
                return Err((stream.name().to_owned(), "a number is missing".to_owned()));
            }
        }
        for stream in columns.actions[1..]
            .iter()
            .chain(&columns.reward)
            .chain(&columns.intent)
        {
            if !stream.has_nulls_as(&columns.actions[0]) {
                let problem = "a number is missing where the column action_0 has one, or the other way around";
                return Err((stream.name().to_owned(), problem.to_owned()));
            }
        }
        match wide {
            Some(n) => columns.observations[0].wide(n, &mut self.observations)?,
            None => weave(
                &columns.observations,
                n_rows,
                &mut self.observations,
                Stream::scatter_singles,
            ),
        }
        weave(
            &columns.states,
            n_rows,
            &mut self.states,
            Stream::scatter_doubles,
        );
        weave(
            &columns.actions,
            n_rows - self.lasts.len(),
            &mut self.actions,
            Stream::scatter_singles,
        );
        let copy = |stream: &Option<Stream>, to: &mut Vec<f64>| {
            to.clear();
            if let Some(stream) = stream {
                stream.append_doubles(to);
            }
        };
        copy(&columns.reward, &mut self.rewards);
        copy(&columns.intent, &mut self.intents);
        copy(&columns.step, &mut self.steps);
        self.ends = columns.end.as_ref().map_or_else(Vec::new, Stream::texts);
        self.successes.clear();
        if let Some(success) = &columns.success {
            let mut numbers = vec![];
            success.append_doubles(&mut numbers);
            self.successes.extend(success.rows().zip(numbers));
        }
        Ok(())
    }
}

/// Columns to rows of as many numbers.
fn weave<T: Clone + Default>(
    columns: &[Stream],
    n_rows: usize,
    rows: &mut Vec<T>,
    scatter: impl Fn(&Stream, &mut [T], usize),
) {
    rows.resize(n_rows * columns.len(), T::default());
    for (index, column) in columns.iter().enumerate() {
        if n_rows > 0 {
            scatter(column, &mut rows[index..], columns.len());
        }
    }
}
