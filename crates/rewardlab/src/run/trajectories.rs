//! `trajectories.parquet`: recorded evaluation episodes, a row a state.
//!
//! Row t of an episode holds the state and observation before step t, the action, the reward and the end of
//! step t. The last row holds the true final state: its action, rewards, components, intent and end are null.
//! One row group holds the episodes of one policy.

use std::fs::File;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use mdp::{ChannelStep, Components, End, MAX_COMPONENTS, Step};
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::Error;
use crate::registry::RecordedEpisode;

/// Whose episodes they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Player {
    /// A checkpoint's policy, actions drawn as in training.
    Sampled,
    /// A checkpoint's policy, most probable actions.
    Greedy,
    /// The reference policy.
    Reference,
}

impl Player {
    const ALL: [Player; 3] = [Player::Sampled, Player::Greedy, Player::Reference];

    /// The word in the file.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Player::Sampled => "sampled",
            Player::Greedy => "greedy",
            Player::Reference => "reference",
        }
    }
}

/// The recorded episodes of one policy.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeGroup {
    /// Whose they are.
    pub player: Player,
    /// The checkpoint, from 0; absent for the reference.
    pub checkpoint: Option<u32>,
    /// Its pressure; 0 for the reference.
    pub pressure: f64,
    /// Number among the policy's evaluation episodes, and what happened.
    pub episodes: Vec<(u32, RecordedEpisode)>,
}

/// What the numbers of a row are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnNames {
    /// One name a number of a state.
    pub states: Vec<String>,
    /// Numbers in an observation.
    pub n_observation: usize,
    /// Numbers in an action.
    pub n_action: usize,
    /// One name a reward component.
    pub components: Vec<String>,
    /// Whether acts can reach the reward channel, so that more is recorded of it than two numbers.
    pub has_channel: bool,
}

impl ColumnNames {
    /// Bytes that a row takes before compression.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        8 * self.states.len()
            + 4 * (self.n_observation + self.n_action)
            + 8 * (self.components.len() + 4)
            + if self.has_channel { 20 } else { 0 }
            + 20
    }
}

/// The most rows that are read from a file.
const MOST_ROWS: i64 = 20_000_000;
/// The most columns that are read from a file.
const MOST_COLUMNS: usize = 4096;

/// The number of the reward function that was used; only where the reward channel is recorded.
const FUNCTION: &str = "reward_function";
const END_TERMINATED: &str = "terminated";
const END_TRUNCATED: &str = "truncated";

/// Writes groups to a Parquet file, one row group each.
///
/// # Errors
/// If the operating system refuses.
pub(super) fn write(
    out: impl Write + Send,
    names: &ColumnNames,
    groups: impl IntoIterator<Item = EpisodeGroup>,
) -> Result<(), ParquetError> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("rewardlab {}", env!("CARGO_PKG_VERSION")))
        .build();
    let mut writer = SerializedFileWriter::new(out, schema(names), Arc::new(properties))?;
    for group in groups {
        let mut rows = writer.next_row_group()?;
        write_group(&mut rows, names, &group)?;
        rows.close()?;
    }
    writer.close()?;
    Ok(())
}

fn schema(names: &ColumnNames) -> TypePtr {
    let mut fields = vec![
        column("player", PhysicalType::BYTE_ARRAY, Repetition::REQUIRED),
        column("checkpoint", PhysicalType::INT32, Repetition::OPTIONAL),
        column("pressure", PhysicalType::DOUBLE, Repetition::REQUIRED),
        column("episode", PhysicalType::INT32, Repetition::REQUIRED),
        column("step", PhysicalType::INT32, Repetition::REQUIRED),
    ];
    for name in &names.states {
        fields.push(column(
            &format!("state_{name}"),
            PhysicalType::DOUBLE,
            Repetition::REQUIRED,
        ));
    }
    for index in 0..names.n_observation {
        let name = format!("observation_{index}");
        fields.push(column(&name, PhysicalType::FLOAT, Repetition::REQUIRED));
    }
    for index in 0..names.n_action {
        fields.push(column(
            &format!("action_{index}"),
            PhysicalType::FLOAT,
            Repetition::OPTIONAL,
        ));
    }
    for name in ["raw_reward", "received_reward"] {
        fields.push(column(name, PhysicalType::DOUBLE, Repetition::OPTIONAL));
    }
    if names.has_channel {
        fields.push(column(
            "true_state_reward",
            PhysicalType::DOUBLE,
            Repetition::OPTIONAL,
        ));
        for name in [FUNCTION, "answers", "changed_answers"] {
            fields.push(column(name, PhysicalType::INT32, Repetition::OPTIONAL));
        }
    }
    for name in &names.components {
        let name = format!("component_{name}");
        fields.push(column(&name, PhysicalType::DOUBLE, Repetition::OPTIONAL));
    }
    fields.push(column("intent", PhysicalType::DOUBLE, Repetition::OPTIONAL));
    fields.push(column(
        "end",
        PhysicalType::BYTE_ARRAY,
        Repetition::OPTIONAL,
    ));
    fields.push(column("success", PhysicalType::INT32, Repetition::OPTIONAL));
    let root = Type::group_type_builder("steps")
        .with_fields(fields)
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

/// Rows of one group, column by column.
struct Columns<'w, 'g, W: Write + Send> {
    rows: &'w mut SerializedRowGroupWriter<'g, W>,
}

impl<W: Write + Send> Columns<'_, '_, W> {
    /// Writes the next column; `None` is null, and stands only where the column may be.
    fn put<T: DataType>(
        &mut self,
        values: impl Iterator<Item = Option<T::T>>,
        is_optional: bool,
    ) -> Result<(), ParquetError> {
        let mut column = self
            .rows
            .next_column()?
            .expect("the schema has another column");
        let mut levels = vec![];
        let values: Vec<T::T> = values
            .filter_map(|value| {
                levels.push(i16::from(value.is_some()));
                value
            })
            .collect();
        let levels = is_optional.then_some(levels.as_slice());
        column.typed::<T>().write_batch(&values, levels, None)?;
        column.close()
    }
}

fn write_group<W: Write + Send>(
    rows: &mut SerializedRowGroupWriter<'_, W>,
    names: &ColumnNames,
    group: &EpisodeGroup,
) -> Result<(), ParquetError> {
    let mut columns = Columns { rows };
    let places = || {
        group.episodes.iter().flat_map(|(number, recorded)| {
            let n_rows = recorded.trajectory.states.len();
            (0..n_rows).map(move |step| (*number, recorded, step))
        })
    };
    let step_of = |recorded: &RecordedEpisode, step: usize| -> Option<Step> {
        recorded.trajectory.steps.get(step).copied()
    };
    let player = ByteArray::from(group.player.word());
    let checkpoint = group.checkpoint.map(|index| index as i32);
    columns.put::<ByteArrayType>(places().map(|_| Some(player.clone())), false)?;
    columns.put::<Int32Type>(places().map(|_| checkpoint), true)?;
    columns.put::<DoubleType>(places().map(|_| Some(group.pressure)), false)?;
    columns.put::<Int32Type>(places().map(|(number, _, _)| Some(number as i32)), false)?;
    columns.put::<Int32Type>(places().map(|(_, _, step)| Some(step as i32)), false)?;
    for index in 0..names.states.len() {
        let values =
            places().map(|(_, recorded, step)| Some(recorded.trajectory.states[step][index]));
        columns.put::<DoubleType>(values, false)?;
    }
    for index in 0..names.n_observation {
        let values =
            places().map(|(_, recorded, step)| Some(recorded.trajectory.observations[step][index]));
        columns.put::<FloatType>(values, false)?;
    }
    for index in 0..names.n_action {
        let values = places().map(|(_, recorded, step)| {
            recorded
                .trajectory
                .actions
                .get(step)
                .map(|action| action[index])
        });
        columns.put::<FloatType>(values, true)?;
    }
    // Where acts cannot reach the channel, evaluation passes rewards on as they are: nothing stands between the two.
    let raw = places().map(|(_, recorded, step)| {
        let received = step_of(recorded, step)?.reward;
        Some(
            recorded
                .channel
                .get(step)
                .map_or(received, |channel| channel.raw),
        )
    });
    columns.put::<DoubleType>(raw, true)?;
    let received =
        places().map(|(_, recorded, step)| step_of(recorded, step).map(|step| step.reward));
    columns.put::<DoubleType>(received, true)?;
    if names.has_channel {
        let channel = || places().map(|(_, recorded, step)| recorded.channel.get(step));
        let of_true_state = channel().map(|channel| channel?.of_true_state);
        columns.put::<DoubleType>(of_true_state, true)?;
        let counts: [fn(&ChannelStep) -> u32; 3] = [
            |channel| channel.function,
            |channel| channel.answers,
            |channel| channel.changed_answers,
        ];
        for count in counts {
            let values = channel().map(|channel| channel.map(|channel| count(channel) as i32));
            columns.put::<Int32Type>(values, true)?;
        }
    }
    for index in 0..names.components.len() {
        let values = places().map(|(_, recorded, step)| {
            step_of(recorded, step).map(|step| step.components.as_slice()[index])
        });
        columns.put::<DoubleType>(values, true)?;
    }
    let intents =
        places().map(|(_, recorded, step)| step_of(recorded, step).and_then(|step| step.intent));
    columns.put::<DoubleType>(intents, true)?;
    let ends = places().map(|(_, recorded, step)| {
        let end = step_of(recorded, step)?.end?;
        Some(ByteArray::from(match end {
            End::Terminated => END_TERMINATED,
            End::Truncated => END_TRUNCATED,
        }))
    });
    columns.put::<ByteArrayType>(ends, true)?;
    let successes = places().map(|(_, recorded, _)| recorded.success.map(i32::from));
    columns.put::<Int32Type>(successes, true)
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// If the file is damaged or no file of ours.
pub fn read_trajectories(path: &Path) -> Result<(ColumnNames, Vec<EpisodeGroup>), Error> {
    let file = File::open(path).map_err(Error::io(path, "read the trajectories"))?;
    let length = file
        .metadata()
        .map_err(Error::io(path, "read the trajectories"))?
        .len();
    let damaged = |what: String| {
        Error::file(
            path,
            format!("is damaged ({what}); run the experiment again to record it anew"),
        )
    };
    // Ranges that lead out of the file are found below; should the format's own reader still fall over something
    // that nobody foresaw, that is damage, too, and no reason for the whole program to fall.
    let read = || -> Result<_, ParquetError> {
        let reader = SerializedFileReader::new(file)?;
        let Some(names) = names_of(&reader) else {
            return Ok(None);
        };
        check_ranges(&reader, length)?;
        let mut groups = vec![];
        for index in 0..reader.num_row_groups() {
            let group = read_group(reader.get_row_group(index)?.as_ref(), &names)?;
            let Some(group) = group else {
                let problem = format!("row group {index} holds no whole episodes");
                return Err(ParquetError::General(problem));
            };
            groups.push(group);
        }
        Ok(Some((names, groups)))
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(Some(found))) => Ok(found),
        Ok(Ok(None)) => Err(Error::file(
            path,
            "was not written by rewardlab; name a run folder",
        )),
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(_) => Err(damaged("its pages make no sense".to_owned())),
    }
}

/// Column chunks must lie in the file, hold a value a row, and not promise to unpack to more than is sensible:
/// the format's reader trusts its metadata.
fn check_ranges(reader: &SerializedFileReader<File>, length: u64) -> Result<(), ParquetError> {
    const MOST_BYTES: i64 = 1 << 30;
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let mut n_rows: i64 = 0;
    for group in reader.metadata().row_groups() {
        n_rows = n_rows.saturating_add(group.num_rows());
        for column in group.columns() {
            let start = column
                .dictionary_page_offset()
                .unwrap_or(column.data_page_offset());
            let end = start.checked_add(column.compressed_size());
            let is_inside = 4 <= start
                && column.compressed_size() >= 0
                && end.is_some_and(|end| end <= length)
                && column.data_page_offset() >= start
                && (0..=MOST_BYTES).contains(&column.uncompressed_size())
                && column.num_values() == group.num_rows();
            if !is_inside {
                return Err(ParquetError::General(
                    "a column lies outside of the file".into(),
                ));
            }
        }
    }
    if !(0..=MOST_ROWS).contains(&n_rows) {
        return Err(ParquetError::General(format!("it claims {n_rows} rows")));
    }
    Ok(())
}

fn names_of(reader: &SerializedFileReader<File>) -> Option<ColumnNames> {
    let metadata = reader.metadata().file_metadata();
    let schema = metadata.schema_descr();
    if metadata.num_rows() > MOST_ROWS || schema.num_columns() > MOST_COLUMNS {
        return None;
    }
    let mut names = ColumnNames::default();
    for column in schema.columns() {
        let name = column.name();
        if let Some(state) = name.strip_prefix("state_") {
            names.states.push(state.to_owned());
        } else if name.starts_with("observation_") {
            names.n_observation += 1;
        } else if name.starts_with("action_") {
            names.n_action += 1;
        } else if let Some(component) = name.strip_prefix("component_") {
            names.components.push(component.to_owned());
        }
        names.has_channel |= name == FUNCTION;
    }
    // Only a file with just these columns, in just this order, is one of ours.
    let expected = self::schema(&names);
    let is_ours = names.components.len() <= MAX_COMPONENTS
        && schema.root_schema().get_fields() == expected.get_fields();
    is_ours.then_some(names)
}

/// Reads the columns of a row group one after the other.
struct ColumnReaders<'r> {
    rows: &'r dyn RowGroupReader,
    next: usize,
    n_rows: usize,
}

impl ColumnReaders<'_> {
    fn take<T: DataType>(&mut self) -> Result<Vec<Option<T::T>>, ParquetError> {
        let mut reader = get_typed_column_reader::<T>(self.rows.get_column_reader(self.next)?);
        let is_optional = self
            .rows
            .metadata()
            .column(self.next)
            .column_descr()
            .max_def_level()
            > 0;
        self.next += 1;
        let (mut values, mut levels) = (vec![], vec![]);
        let mut n_records = 0;
        while n_records < self.n_rows {
            let wanted = (self.n_rows - n_records).min(65_536);
            let levels = is_optional.then_some(&mut levels);
            let (n, _, _) = reader.read_records(wanted, levels, None, &mut values)?;
            if n == 0 {
                return Err(ParquetError::General("a column ends early".into()));
            }
            n_records += n;
        }
        let mut given = values.into_iter();
        let column: Vec<Option<T::T>> = if is_optional {
            let of_level = |level: &i16| if *level > 0 { given.next() } else { None };
            levels.iter().map(of_level).collect()
        } else {
            given.map(Some).collect()
        };
        if column.len() == self.n_rows {
            Ok(column)
        } else {
            Err(ParquetError::General(
                "a column has another number of rows".into(),
            ))
        }
    }

    fn take_all<T: DataType>(&mut self, n: usize) -> Result<Vec<Vec<Option<T::T>>>, ParquetError> {
        (0..n).map(|_| self.take::<T>()).collect()
    }
}

/// The columns of the reward channel, where it is recorded.
struct ChannelColumns {
    of_true_state: Vec<Option<f64>>,
    functions: Vec<Option<i32>>,
    answers: Vec<Option<i32>>,
    changed_answers: Vec<Option<i32>>,
}

impl ChannelColumns {
    /// The channel of a row that holds a step; none where a number is missing or negative.
    fn step(&self, row: usize, raw: f64) -> Option<ChannelStep> {
        let count = |column: &[Option<i32>]| u32::try_from(column[row]?).ok();
        Some(ChannelStep {
            raw,
            of_true_state: self.of_true_state[row],
            function: count(&self.functions)?,
            answers: count(&self.answers)?,
            changed_answers: count(&self.changed_answers)?,
        })
    }
}

/// The columns of a row group in memory: a value, or null, a row.
struct GroupColumns {
    n_rows: usize,
    players: Vec<Option<ByteArray>>,
    checkpoints: Vec<Option<i32>>,
    pressures: Vec<Option<f64>>,
    episodes: Vec<Option<i32>>,
    states: Vec<Vec<Option<f64>>>,
    observations: Vec<Vec<Option<f32>>>,
    actions: Vec<Vec<Option<f32>>>,
    raw: Vec<Option<f64>>,
    received: Vec<Option<f64>>,
    channel: Option<ChannelColumns>,
    components: Vec<Vec<Option<f64>>>,
    intents: Vec<Option<f64>>,
    ends: Vec<Option<ByteArray>>,
    successes: Vec<Option<i32>>,
}

impl GroupColumns {
    /// Reads the columns in the order of [`schema`]; the step's number says nothing new.
    fn read(rows: &dyn RowGroupReader, names: &ColumnNames) -> Result<Self, ParquetError> {
        let n_rows = usize::try_from(rows.metadata().num_rows())
            .map_err(|_| ParquetError::General("a negative number of rows".into()))?;
        let next = 0;
        let mut columns = ColumnReaders { rows, next, n_rows };
        let players = columns.take::<ByteArrayType>()?;
        let checkpoints = columns.take::<Int32Type>()?;
        let pressures = columns.take::<DoubleType>()?;
        let episodes = columns.take::<Int32Type>()?;
        columns.take::<Int32Type>()?;
        let states = columns.take_all::<DoubleType>(names.states.len())?;
        let observations = columns.take_all::<FloatType>(names.n_observation)?;
        let actions = columns.take_all::<FloatType>(names.n_action)?;
        let raw = columns.take::<DoubleType>()?;
        let received = columns.take::<DoubleType>()?;
        let channel = match names.has_channel {
            true => Some(ChannelColumns {
                of_true_state: columns.take::<DoubleType>()?,
                functions: columns.take::<Int32Type>()?,
                answers: columns.take::<Int32Type>()?,
                changed_answers: columns.take::<Int32Type>()?,
            }),
            false => None,
        };
        Ok(GroupColumns {
            n_rows,
            players,
            checkpoints,
            pressures,
            episodes,
            states,
            observations,
            actions,
            raw,
            received,
            channel,
            components: columns.take_all::<DoubleType>(names.components.len())?,
            intents: columns.take::<DoubleType>()?,
            ends: columns.take::<ByteArrayType>()?,
            successes: columns.take::<Int32Type>()?,
        })
    }

    /// Whose episodes they are; none where the group is empty or the word is not ours.
    fn player(&self) -> Option<Player> {
        let word = self.players.first()?.as_ref()?;
        let is_word = |player: &Player| player.word().as_bytes() == word.data();
        Player::ALL.into_iter().find(is_word)
    }

    /// Adds row `row` to its episode; none where a number is missing that must be there.
    fn push_row(&self, row: usize, group: &mut EpisodeGroup) -> Option<()> {
        let number = u32::try_from(self.episodes[row]?).ok()?;
        if group
            .episodes
            .last()
            .is_none_or(|(last, _)| *last != number)
        {
            let success = self.successes[row].map(|success| success != 0);
            let episode = RecordedEpisode {
                success,
                ..RecordedEpisode::default()
            };
            group.episodes.push((number, episode));
        }
        let (_, recorded) = group.episodes.last_mut()?;
        let trajectory = &mut recorded.trajectory;
        trajectory.states.push(row_of(&self.states, row)?);
        trajectory
            .observations
            .push(row_of(&self.observations, row)?);
        let Some(reward) = self.received[row] else {
            return Some(());
        };
        if let Some(channel) = &self.channel {
            recorded.channel.push(channel.step(row, self.raw[row]?)?);
        }
        trajectory.actions.push(row_of(&self.actions, row)?);
        trajectory.steps.push(Step {
            reward,
            components: Components::from_slice(&row_of(&self.components, row)?),
            intent: self.intents[row],
            end: match self.ends[row].as_ref().map(ByteArray::data) {
                Some(word) if word == END_TERMINATED.as_bytes() => Some(End::Terminated),
                Some(_) => Some(End::Truncated),
                None => None,
            },
        });
        Some(())
    }
}

fn row_of<T: Copy>(columns: &[Vec<Option<T>>], row: usize) -> Option<Vec<T>> {
    columns.iter().map(|column| column[row]).collect()
}

/// The episodes of a row group; none where they are not whole.
fn read_group(
    rows: &dyn RowGroupReader,
    names: &ColumnNames,
) -> Result<Option<EpisodeGroup>, ParquetError> {
    let columns = GroupColumns::read(rows, names)?;
    let Some(player) = columns.player() else {
        return Ok(None);
    };
    let mut group = EpisodeGroup {
        player,
        checkpoint: columns.checkpoints[0].and_then(|index| u32::try_from(index).ok()),
        pressure: columns.pressures[0].unwrap_or(0.0),
        episodes: vec![],
    };
    for row in 0..columns.n_rows {
        if columns.push_row(row, &mut group).is_none() {
            return Ok(None);
        }
    }
    let is_whole = group.episodes.iter().all(|(_, recorded)| {
        recorded.trajectory.states.len() == recorded.trajectory.steps.len() + 1
    });
    Ok(is_whole.then_some(group))
}
