//! Writes episodes to Parquet, a row group at a time.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mdp::End;
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType,
    FloatType, Int32Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

use super::{
    ABOUT, END, EPISODE, INTENT, OBSERVATION, REWARD, STEP, SUCCESS, TERMINATED, TRUNCATED, WIDEST,
};
use crate::{About, Episode, Error, WriteEpisodes};

/// Bytes of the rows that make a row group.
const GROUP_BYTES: usize = 1 << 24;
/// Rows whose observations are taken apart into columns before the next are looked at: few enough for the nearest cache.
const BLOCK_BYTES: usize = 1 << 15;

/// Begins a file of episodes.
pub(crate) fn create(path: &Path, about: &About) -> Result<Box<dyn WriteEpisodes>, Error> {
    let file = File::create(path).map_err(Error::writing(path))?;
    Ok(Box::new(NativeWriter {
        path: path.to_owned(),
        about: about.clone(),
        n_observation: about.observation_space.n_values(),
        n_action: about.action_space.n_values(),
        state: State::Empty(Some(file)),
        n_episodes: 0,
    }))
}

struct NativeWriter {
    path: PathBuf,
    about: About,
    n_observation: usize,
    n_action: usize,
    state: State,
    n_episodes: i32,
}

/// What is recorded beside observations and actions is known once there is an episode.
enum State {
    Empty(Option<File>),
    Open(Box<Open>),
}

struct Open {
    file: SerializedFileWriter<BufWriter<File>>,
    fields: Fields,
    rows: Rows,
}

/// What is recorded of each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fields {
    has_rewards: bool,
    has_intents: bool,
    n_state: usize,
}

/// Rows that are not yet written, one array a column.
#[derive(Default)]
struct Rows {
    n_bytes: usize,
    episodes: Vec<i32>,
    steps: Vec<i32>,
    observations: Vec<Vec<f32>>,
    wide: Vec<u8>,
    states: Vec<Vec<f64>>,
    /// A level a row: 0 in the last of an episode, which has no step.
    levels: Vec<i16>,
    actions: Vec<Vec<f32>>,
    rewards: Vec<f64>,
    intents: Vec<f64>,
    end_levels: Vec<i16>,
    ends: Vec<ByteArray>,
    success_levels: Vec<i16>,
    successes: Vec<i32>,
}

impl NativeWriter {
    fn failed(&self, error: ParquetError) -> Error {
        let source = match error {
            ParquetError::External(source) => match source.downcast::<std::io::Error>() {
                Ok(source) => *source,
                Err(other) => std::io::Error::other(other),
            },
            other => std::io::Error::other(other),
        };
        Error::writing(&self.path)(source)
    }

    /// The open file, made when the first episode shows what there is to be recorded.
    fn open(&mut self, fields: Fields) -> Result<&mut Open, Error> {
        if let State::Empty(file) = &mut self.state {
            let file = file.take().expect("the file is there until it is opened");
            let open = Open::new(file, &self.about, fields).map_err(|error| self.failed(error))?;
            self.state = State::Open(Box::new(open));
        }
        match &mut self.state {
            State::Open(open) => Ok(open),
            State::Empty(_) => unreachable!("it was opened above"),
        }
    }

    fn fields(&self, episode: &Episode) -> Fields {
        Fields {
            has_rewards: episode.rewards.is_some(),
            has_intents: episode.intents.is_some(),
            n_state: episode.states.len() * self.n_observation / episode.observations.len().max(1),
        }
    }
}

impl WriteEpisodes for NativeWriter {
    fn push(&mut self, episode: &Episode) -> Result<(), Error> {
        let fields = self.fields(episode);
        let (n_observation, n_action, number) =
            (self.n_observation, self.n_action, self.n_episodes);
        let path = self.path.clone();
        let open = self.open(fields)?;
        if open.fields != fields {
            let problem = format!("episode {number} records other fields than those before it");
            return Err(Error::unfit(
                &path,
                problem,
                "record rewards, intents and states in all episodes or in none",
            ));
        }
        let n_rows = episode.observations.len() / n_observation;
        let block = (BLOCK_BYTES / (4 * n_observation)).max(1);
        let too_long = |_| {
            Error::unfit(
                &path,
                format!("episode {number} has {n_rows} rows"),
                "cut it into shorter ones",
            )
        };
        i32::try_from(n_rows).map_err(too_long)?;
        for start in (0..n_rows).step_by(block) {
            let rows = start..(start + block).min(n_rows);
            open.rows.add(episode, rows, n_rows, number, n_action);
            if open.rows.n_bytes >= GROUP_BYTES
                && let Err(error) = open.flush()
            {
                return Err(self.failed(error));
            }
        }
        let too_many = || {
            Error::unfit(
                &path,
                "there are more than 2147483646 episodes",
                "write several files",
            )
        };
        self.n_episodes = number.checked_add(1).ok_or_else(too_many)?;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        let fields = Fields {
            has_rewards: false,
            has_intents: false,
            n_state: 0,
        };
        self.open(fields)?;
        let State::Open(open) = &mut self.state else {
            unreachable!("it was opened above")
        };
        match open.flush().and_then(|()| open.file.finish().map(|_| ())) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }
}

impl Open {
    fn new(file: File, about: &About, fields: Fields) -> Result<Open, ParquetError> {
        let n_observation = about.observation_space.n_values();
        let n_action = about.action_space.n_values();
        let schema = schema(about, fields);
        let text = about.to_json().to_string();
        let properties = WriterProperties::builder()
            .set_created_by(format!("rewardlab {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(vec![KeyValue::new(ABOUT.to_owned(), text)]))
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_data_page_row_count_limit(usize::MAX)
            .set_write_batch_size(1 << 16)
            .set_compression(Compression::UNCOMPRESSED)
            .set_column_compression(ColumnPath::from(OBSERVATION), Compression::SNAPPY)
            .build();
        let is_wide = n_observation > WIDEST;
        let file = SerializedFileWriter::new(BufWriter::new(file), schema, Arc::new(properties))?;
        let rows = Rows {
            observations: vec![vec![]; if is_wide { 0 } else { n_observation }],
            states: vec![vec![]; fields.n_state],
            actions: vec![vec![]; n_action],
            ..Rows::default()
        };
        Ok(Open { file, fields, rows })
    }

    /// Writes the rows as a row group.
    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.rows.levels.is_empty() {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        self.rows.write(&mut group, self.fields)?;
        group.close()?;
        self.rows.clear();
        Ok(())
    }
}

impl Rows {
    /// Adds rows of an episode that has `n_rows` of them.
    fn add(
        &mut self,
        episode: &Episode,
        rows: std::ops::Range<usize>,
        n_rows: usize,
        number: i32,
        n_action: usize,
    ) {
        let last = n_rows - 1;
        let steps = rows.start..rows.end.min(last);
        let n_observation = episode.observations.len() / n_rows;
        let n_state = episode.states.len() / n_rows;
        self.episodes.extend(rows.clone().map(|_| number));
        self.steps.extend(rows.clone().map(|row| row as i32));
        let observations =
            &episode.observations[rows.start * n_observation..rows.end * n_observation];
        match self.observations.is_empty() {
            true => self
                .wide
                .extend(observations.iter().flat_map(|number| number.to_le_bytes())),
            false => split(observations, &mut self.observations),
        }
        split(
            &episode.states[rows.start * n_state..rows.end * n_state],
            &mut self.states,
        );
        split(
            &episode.actions[steps.start * n_action..steps.end * n_action],
            &mut self.actions,
        );
        self.rewards.extend_from_slice(
            episode
                .rewards
                .as_deref()
                .map_or(&[], |rewards| &rewards[steps.clone()]),
        );
        self.intents.extend_from_slice(
            episode
                .intents
                .as_deref()
                .map_or(&[], |intents| &intents[steps.clone()]),
        );
        self.levels
            .extend(rows.clone().map(|row| i16::from(row < last)));
        let end_row = episode.end.and_then(|_| last.checked_sub(1));
        self.end_levels
            .extend(rows.clone().map(|row| i16::from(Some(row) == end_row)));
        if let Some(end) = episode
            .end
            .filter(|_| end_row.is_some_and(|row| rows.contains(&row)))
        {
            self.ends.push(ByteArray::from(match end {
                End::Terminated => TERMINATED,
                End::Truncated => TRUNCATED,
            }));
        }
        let success = episode.success.filter(|_| rows.contains(&last));
        self.success_levels.extend(
            rows.clone()
                .map(|row| i16::from(row == last && success.is_some())),
        );
        self.successes.extend(success.map(i32::from));
        self.n_bytes += 4 * observations.len()
            + 8 * n_state * rows.len()
            + steps.len() * (4 * n_action + 16)
            + 14 * rows.len();
    }

    fn clear(&mut self) {
        self.n_bytes = 0;
        self.episodes.clear();
        self.steps.clear();
        self.wide.clear();
        self.levels.clear();
        self.rewards.clear();
        self.intents.clear();
        self.end_levels.clear();
        self.ends.clear();
        self.success_levels.clear();
        self.successes.clear();
        self.observations
            .iter_mut()
            .chain(&mut self.actions)
            .for_each(Vec::clear);
        self.states.iter_mut().for_each(Vec::clear);
    }

    /// In the order of [`schema`].
    fn write(
        &self,
        group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
        fields: Fields,
    ) -> Result<(), ParquetError> {
        let steps = Some(self.levels.as_slice());
        put::<Int32Type>(group, &self.episodes, None)?;
        put::<Int32Type>(group, &self.steps, None)?;
        for column in &self.states {
            put::<DoubleType>(group, column, None)?;
        }
        if self.observations.is_empty() {
            let width = self.wide.len() / self.levels.len();
            let rows: Vec<FixedLenByteArray> = self
                .wide
                .chunks_exact(width)
                .map(|row| ByteArray::from(row.to_vec()).into())
                .collect();
            put::<FixedLenByteArrayType>(group, &rows, None)?;
        }
        for column in &self.observations {
            put::<FloatType>(group, column, None)?;
        }
        for column in &self.actions {
            put::<FloatType>(group, column, steps)?;
        }
        if fields.has_rewards {
            put::<DoubleType>(group, &self.rewards, steps)?;
        }
        if fields.has_intents {
            put::<DoubleType>(group, &self.intents, steps)?;
        }
        put::<ByteArrayType>(group, &self.ends, Some(&self.end_levels))?;
        put::<Int32Type>(group, &self.successes, Some(&self.success_levels))
    }
}

fn split<T: Copy>(rows: &[T], columns: &mut [Vec<T>]) {
    let width = columns.len();
    for (index, column) in columns.iter_mut().enumerate() {
        column.extend(rows.iter().skip(index).step_by(width));
    }
}

fn put<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, BufWriter<File>>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let mut column = group.next_column()?.expect("the schema has another column");
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

fn schema(about: &About, fields: Fields) -> TypePtr {
    use PhysicalType::{BYTE_ARRAY, DOUBLE, FLOAT, INT32};
    const OPTIONAL: Repetition = Repetition::OPTIONAL;
    const REQUIRED: Repetition = Repetition::REQUIRED;
    let n_observation = about.observation_space.n_values();
    let mut columns = vec![
        column(EPISODE, INT32, REQUIRED),
        column(STEP, INT32, REQUIRED),
    ];
    for name in about.state_columns(fields.n_state) {
        columns.push(column(&format!("state_{name}"), DOUBLE, REQUIRED));
    }
    match n_observation > WIDEST {
        true => columns.push(bytes(OBSERVATION, 4 * n_observation)),
        false => columns.extend(
            (0..n_observation)
                .map(|index| column(&format!("{OBSERVATION}_{index}"), FLOAT, REQUIRED)),
        ),
    }
    let n_action = about.action_space.n_values();
    columns.extend((0..n_action).map(|index| column(&format!("action_{index}"), FLOAT, OPTIONAL)));
    if fields.has_rewards {
        columns.push(column(REWARD, DOUBLE, OPTIONAL));
    }
    if fields.has_intents {
        columns.push(column(INTENT, DOUBLE, OPTIONAL));
    }
    columns.push(column(END, BYTE_ARRAY, OPTIONAL));
    columns.push(column(SUCCESS, INT32, OPTIONAL));
    let root = Type::group_type_builder("situations")
        .with_fields(columns)
        .build();
    Arc::new(root.expect("the columns make a schema"))
}

fn column(name: &str, kind: PhysicalType, repetition: Repetition) -> TypePtr {
    let logical = (kind == PhysicalType::BYTE_ARRAY).then_some(LogicalType::String);
    let field = Type::primitive_type_builder(name, kind)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build();
    Arc::new(field.expect("the column makes a schema"))
}

fn bytes(name: &str, length: usize) -> TypePtr {
    let field = Type::primitive_type_builder(name, PhysicalType::FIXED_LEN_BYTE_ARRAY)
        .with_repetition(Repetition::REQUIRED)
        .with_length(i32::try_from(length).expect("a space has at most 2^24 numbers"))
        .build();
    Arc::new(field.expect("the column makes a schema"))
}
