//! CSV: a line a situation, for eyes, spreadsheets and pandas.
//!
//! `docs/demonstrations.md` lists the columns. The first line may be a comment that says what the file holds, as ours
//! do: `# {"format": ...}`. Then names, then a line for each situation of each episode; the last line of an episode
//! holds its final observation, and nothing under action, reward and intent.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use mdp::End;

use crate::choices::{choices, unbounded};
use crate::error::shortened;
use crate::{About, Episode, Error, Limits, Place, ReadEpisodes, WriteEpisodes};

#[cfg(test)]
mod tests;

const TERMINATED: &str = "terminated";
const TRUNCATED: &str = "truncated";
const AGAIN: &str = "correct the line, or write the file again";

/// Opens a table of episodes.
pub(crate) fn open(path: &Path, limits: &Limits) -> Result<Box<dyn ReadEpisodes>, Error> {
    let mut reader = CsvReader::new(path, limits)?;
    if reader.is_stated {
        return Ok(Box::new(reader));
    }
    let found = choices(&mut reader)?;
    let mut again = CsvReader::new(path, limits)?;
    let is_whole = |columns: &[usize]| !columns.iter().any(|column| reader.has_fraction[*column]);
    let (observations, actions) = (
        is_whole(&reader.columns.observations),
        is_whole(&reader.columns.actions),
    );
    let about = &mut again.about;
    about.observation_space = found
        .0
        .filter(|_| observations)
        .unwrap_or_else(|| about.observation_space.clone());
    about.action_space = found
        .1
        .filter(|_| actions)
        .unwrap_or_else(|| about.action_space.clone());
    Ok(Box::new(again))
}

/// Whether a file begins like a table of episodes.
pub(crate) fn is_start(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    if start.starts_with(b"# {") {
        return true;
    }
    let line = start
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let mut names = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    names.any(|name| name == b"episode")
}

/// Positions of the columns, by what they hold.
#[derive(Clone, Debug, Default)]
struct Columns {
    n: usize,
    episode: usize,
    step: Option<usize>,
    observations: Vec<usize>,
    actions: Vec<usize>,
    states: Vec<usize>,
    state_names: Vec<String>,
    reward: Option<usize>,
    intent: Option<usize>,
    end: Option<usize>,
    success: Option<usize>,
}

impl Columns {
    fn of(line: &str) -> Result<Columns, String> {
        let names: Vec<&str> = line
            .split(',')
            .map(|name| name.trim().trim_matches('"'))
            .collect();
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) && !name.is_empty() {
                return Err(format!("the column {} occurs twice", shortened(name)));
            }
        }
        let place = |name: &str| names.iter().position(|here| *here == name);
        let numbered = |prefix: &str| -> Vec<usize> {
            (0..)
                .map_while(|index| place(&format!("{prefix}_{index}")))
                .collect()
        };
        let mut columns = Columns {
            n: names.len(),
            episode: place("episode").ok_or("there is no column episode")?,
            step: place("step"),
            observations: numbered("observation"),
            actions: numbered("action"),
            reward: place("reward"),
            intent: place("intent"),
            end: place("end"),
            success: place("success"),
            ..Columns::default()
        };
        for (what, found) in [
            ("observation", &columns.observations),
            ("action", &columns.actions),
        ] {
            if found.is_empty() {
                return Err(format!("there is no column {what}_0"));
            }
        }
        for (index, name) in names.iter().enumerate() {
            if let Some(name) = name.strip_prefix("state_") {
                columns.states.push(index);
                columns.state_names.push(name.to_owned());
            }
        }
        Ok(columns)
    }
}

/// Reads lines, none of them longer than [`Lines::LONGEST`].
struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    number: u64,
    line: Vec<u8>,
}

impl Lines {
    /// Room for a picture of some hundred thousand numbers.
    const LONGEST: u64 = 1 << 24;

    fn open(path: &Path) -> Result<Lines, Error> {
        let file = File::open(path).map_err(Error::reading(path))?;
        Ok(Lines {
            path: path.to_owned(),
            file: BufReader::with_capacity(1 << 16, file),
            number: 0,
            line: vec![],
        })
    }

    /// The next line that is not empty.
    fn next(&mut self) -> Result<Option<&str>, Error> {
        loop {
            self.line.clear();
            let mut limited = self.file.by_ref().take(Self::LONGEST);
            let n = limited
                .read_until(b'\n', &mut self.line)
                .map_err(Error::reading(&self.path))?;
            if n == 0 {
                return Ok(None);
            }
            self.number += 1;
            if n as u64 == Self::LONGEST {
                let problem = format!("it is longer than {} bytes", Self::LONGEST);
                return Err(self.malformed(problem));
            }
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        match str::from_utf8(&self.line) {
            Ok(line) => Ok(Some(
                line.trim_end_matches(['\n', '\r'])
                    .trim_start_matches('\u{feff}'),
            )),
            Err(_) => Err(self.malformed("it is no UTF-8 text")),
        }
    }

    fn malformed(&self, problem: impl std::fmt::Display) -> Error {
        Error::malformed(&self.path, Place::Line(self.number), problem, AGAIN)
    }
}

/// Gives the episodes of a table.
struct CsvReader {
    lines: Lines,
    limits: Limits,
    about: About,
    /// Whether the file says what it holds.
    is_stated: bool,
    columns: Columns,
    /// Whether a column holds numbers that are not written as whole ones.
    has_fraction: Vec<bool>,
    /// The line that begins the next episode.
    pending: Option<String>,
}

impl CsvReader {
    fn new(path: &Path, limits: &Limits) -> Result<CsvReader, Error> {
        let mut lines = Lines::open(path)?;
        let empty = || Error::malformed(path, Place::Whole, "it holds no line of names", AGAIN);
        let mut line = lines.next()?.ok_or_else(empty)?.to_owned();
        let mut stated = None;
        if let Some(text) = line.strip_prefix('#') {
            stated = Some(About::from_json(path, Place::Line(1), text)?);
            line = lines.next()?.ok_or_else(empty)?.to_owned();
        }
        let columns = Columns::of(&line).map_err(|problem| {
            let mend = "docs/demonstrations.md lists the columns";
            Error::malformed(path, Place::Line(lines.number), problem, mend)
        })?;
        let is_stated = stated.is_some();
        let spaces = || {
            About::new(
                unbounded(&[columns.observations.len()]),
                unbounded(&[columns.actions.len()]),
            )
        };
        let mut about = stated.unwrap_or_else(spaces);
        for (what, here, space) in [
            (
                "an observation",
                columns.observations.len(),
                &about.observation_space,
            ),
            ("an action", columns.actions.len(), &about.action_space),
        ] {
            if here != space.n_values() {
                let n = space.n_values();
                return Err(lines.malformed(format!(
                    "{what} has {here} numbers in its columns and {n} in its space"
                )));
            }
        }
        about.state_names.clone_from(&columns.state_names);
        let pending = lines.next()?.map(str::to_owned);
        Ok(CsvReader {
            lines,
            limits: *limits,
            about,
            is_stated,
            has_fraction: vec![false; columns.n],
            columns,
            pending,
        })
    }

    /// The fields of a line.
    fn fields<'l>(&self, line: &'l str) -> Result<Vec<&'l str>, Error> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        if fields.len() == self.columns.n {
            return Ok(fields);
        }
        let (here, names) = (fields.len(), self.columns.n);
        Err(self
            .lines
            .malformed(format!("it has {here} fields for {names} columns")))
    }

    fn number<T: std::str::FromStr>(&mut self, fields: &[&str], column: usize) -> Result<T, Error> {
        let field = fields[column];
        self.has_fraction[column] |= field.contains(['.', 'e', 'E', 'n', 'N']);
        field.parse().map_err(|_| {
            let what = if field.is_empty() {
                "nothing".to_owned()
            } else {
                format!("\"{}\"", shortened(field))
            };
            self.lines
                .malformed(format!("field {} is {what}, not a number", column + 1))
        })
    }

    fn numbers<T: std::str::FromStr>(
        &mut self,
        fields: &[&str],
        columns: &[usize],
        to: &mut Vec<T>,
    ) -> Result<(), Error> {
        for column in columns {
            to.push(self.number(fields, *column)?);
        }
        Ok(())
    }

    /// Adds a line to an episode; whether it was the last.
    fn add(&mut self, fields: &[&str], episode: &mut Episode) -> Result<bool, Error> {
        let columns = self.columns.clone();
        let n_before = episode.observations.len() / columns.observations.len();
        if let Some(column) = columns.step {
            let step: f64 = self.number(fields, column)?;
            if step != n_before as f64 {
                return Err(self
                    .lines
                    .malformed(format!("its step is {step} where {n_before} belongs")));
            }
        }
        self.numbers(fields, &columns.observations, &mut episode.observations)?;
        self.numbers(fields, &columns.states, &mut episode.states)?;
        let is_last = fields[columns.actions[0]].is_empty();
        let of_step = columns
            .actions
            .iter()
            .chain(&columns.reward)
            .chain(&columns.intent)
            .chain(&columns.end);
        if is_last {
            if let Some(column) = of_step
                .into_iter()
                .find(|column| !fields[**column].is_empty())
            {
                let problem = format!(
                    "field {} is not empty, but this line has no action and so no step",
                    column + 1
                );
                return Err(self.lines.malformed(problem));
            }
            episode.success = self.success(fields)?;
            return Ok(true);
        }
        if episode.end.is_some() {
            return Err(self.lines.malformed("the episode goes on after its end"));
        }
        self.numbers(fields, &columns.actions, &mut episode.actions)?;
        for (column, numbers) in [
            (columns.reward, &mut episode.rewards),
            (columns.intent, &mut episode.intents),
        ] {
            if let (Some(column), Some(numbers)) = (column, numbers) {
                numbers.push(self.number(fields, column)?);
            }
        }
        episode.end = match columns.end.map(|column| fields[column]) {
            None | Some("") => None,
            Some(TERMINATED) => Some(End::Terminated),
            Some(TRUNCATED) => Some(End::Truncated),
            Some(word) => {
                let word = shortened(word);
                return Err(self.lines.malformed(format!(
                    "its end is \"{word}\", not {TERMINATED} or {TRUNCATED}"
                )));
            }
        };
        Ok(false)
    }

    fn success(&self, fields: &[&str]) -> Result<Option<bool>, Error> {
        match self.columns.success.map(|column| fields[column]) {
            None | Some("") => Ok(None),
            Some("1") => Ok(Some(true)),
            Some("0") => Ok(Some(false)),
            Some(word) => Err(self.lines.malformed(format!(
                "its success is \"{}\", not 0 or 1",
                shortened(word)
            ))),
        }
    }
}

impl ReadEpisodes for CsvReader {
    fn about(&self) -> &About {
        &self.about
    }

    fn next_episode(&mut self, episode: &mut Episode) -> Result<bool, Error> {
        episode.clear(self.columns.reward.is_some(), self.columns.intent.is_some());
        let Some(mut line) = self.pending.take() else {
            return Ok(false);
        };
        let mut name = None;
        loop {
            let fields = self.fields(&line)?;
            let here = fields[self.columns.episode].to_owned();
            if *name.get_or_insert_with(|| here.clone()) != here {
                let problem = "the episode before this line has no line of its final observation, with nothing under action";
                return Err(self.lines.malformed(problem));
            }
            let is_last = self.add(&fields, episode)?;
            if episode.n_bytes() > self.limits.episode_bytes {
                return Err(self.lines.malformed(format!(
                    "the episode takes more than {} bytes",
                    self.limits.episode_bytes
                )));
            }
            let next = self.lines.next()?.map(str::to_owned);
            if is_last {
                self.pending = next;
                return Ok(true);
            }
            line = next.ok_or_else(|| {
                self.lines.malformed(
                    "the file ends before the line of the last episode's final observation",
                )
            })?;
        }
    }
}

/// Begins a table of episodes.
pub(crate) fn create(path: &Path, about: &About) -> Result<Box<dyn WriteEpisodes>, Error> {
    let file = File::create(path).map_err(Error::writing(path))?;
    Ok(Box::new(CsvWriter {
        path: path.to_owned(),
        file: BufWriter::with_capacity(1 << 16, file),
        about: about.clone(),
        fields: None,
        n_episodes: 0,
    }))
}

struct CsvWriter {
    path: PathBuf,
    file: BufWriter<File>,
    about: About,
    /// Whether rewards and intents are recorded, and the numbers of a state.
    fields: Option<(bool, bool, usize)>,
    n_episodes: u64,
}

impl CsvWriter {
    /// What the file says of itself, and its names.
    fn head(&self, (has_rewards, has_intents, n_state): (bool, bool, usize)) -> String {
        let mut head = format!("# {}\nepisode,step", self.about.to_json());
        for name in self.about.state_columns(n_state) {
            write!(head, ",state_{name}").expect("a string takes all");
        }
        for (what, space) in [
            ("observation", &self.about.observation_space),
            ("action", &self.about.action_space),
        ] {
            for index in 0..space.n_values() {
                write!(head, ",{what}_{index}").expect("a string takes all");
            }
        }
        for (name, is_there) in [("reward", has_rewards), ("intent", has_intents)] {
            if is_there {
                head += ",";
                head += name;
            }
        }
        head + ",end,success\n"
    }

    /// One line of an episode.
    fn line(&self, episode: &Episode, row: usize, n_steps: usize) -> String {
        let mut line = format!("{},{row}", self.n_episodes);
        let n_state = self.fields.map_or(0, |fields| fields.2);
        let mut put = |number: Option<&dyn std::fmt::Display>| {
            match number {
                Some(number) => write!(line, ",{number}"),
                None => write!(line, ","),
            }
            .expect("a string takes all");
        };
        for number in &episode.states[row * n_state..][..n_state] {
            put(Some(number));
        }
        let n_observation = self.about.observation_space.n_values();
        for number in &episode.observations[row * n_observation..][..n_observation] {
            put(Some(number));
        }
        let is_step = row < n_steps;
        let n_action = self.about.action_space.n_values();
        for index in 0..n_action {
            put(episode
                .actions
                .get(row * n_action + index)
                .filter(|_| is_step)
                .map(|number| number as _));
        }
        for numbers in [&episode.rewards, &episode.intents].into_iter().flatten() {
            put(numbers.get(row).map(|number| number as _));
        }
        let end = episode
            .end
            .filter(|_| row + 1 == n_steps)
            .map(|end| match end {
                End::Terminated => TERMINATED,
                End::Truncated => TRUNCATED,
            });
        put(end.as_ref().map(|word| word as _));
        let success = episode.success.filter(|_| row == n_steps).map(u8::from);
        put(success.as_ref().map(|number| number as _));
        line.push('\n');
        line
    }
}

impl WriteEpisodes for CsvWriter {
    fn push(&mut self, episode: &Episode) -> Result<(), Error> {
        let n_rows = episode.observations.len() / self.about.observation_space.n_values();
        let fields = (
            episode.rewards.is_some(),
            episode.intents.is_some(),
            episode.states.len() / n_rows,
        );
        if self.fields.is_none() {
            self.fields = Some(fields);
            let head = self.head(fields);
            self.file
                .write_all(head.as_bytes())
                .map_err(Error::writing(&self.path))?;
        }
        if self.fields != Some(fields) {
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
        for row in 0..n_rows {
            let line = self.line(episode, row, n_rows - 1);
            self.file
                .write_all(line.as_bytes())
                .map_err(Error::writing(&self.path))?;
        }
        self.n_episodes += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        if self.fields.is_none() {
            let head = self.head((false, false, 0));
            self.file
                .write_all(head.as_bytes())
                .map_err(Error::writing(&self.path))?;
        }
        self.file.flush().map_err(Error::writing(&self.path))
    }
}
