//! The step log: one JSON object a step, the format that `docs/step-log.md` defines.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Place, shortened};
use crate::json::parse_object;
use crate::lines::{Lines, malformed_at};
use crate::log::{Format, Log, MOST_RECORDS, Mapping, Record, RecordKind, too_many};

/// The word under `format` in a header.
pub const STEP_LOG_FORMAT: &str = "rewardlab-step-log";
/// The version that is read.
pub const STEP_LOG_VERSION: u64 = 1;
/// Episodes that may be under way at once, one a parallel environment.
const MOST_OPEN: usize = 65_536;
/// Numbers kept of step records in all (observations, actions, rewards, components).
const MOST_KEPT: usize = 8_000_000;
/// Numbers in one observation or action.
const WIDEST: usize = 4096;
/// Named components of a reward.
const MOST_COMPONENTS: usize = 256;
/// Reward functions of one run.
const MOST_FUNCTIONS: usize = 1024;
/// Bytes in the identity of a reward function.
const LONGEST_FUNCTION: usize = 256;

/// How an episode ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepEnd {
    /// In a terminal state.
    Terminated,
    /// By a time limit or from outside.
    Truncated,
}

/// A declared step between the specified reward and the one that the optimiser received.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepTransform {
    /// Multiplied by a fixed number.
    Scale(f64),
    /// A fixed number added.
    Shift(f64),
    /// Divided by the running scale under `scale` of the step.
    Normalise,
    /// Cut to an interval.
    Clip(f64, f64),
}

/// A planned change of the reward function.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepChange {
    /// From this many steps of the run on…
    pub pressure: f64,
    /// …this function may be in use.
    pub function: String,
}

/// What the first line may declare.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepHeader {
    /// The environment's identity.
    pub environment: Option<String>,
    /// Names of the components, in the order of lists of them.
    pub components: Vec<String>,
    /// The least and the greatest return by the reward that an episode can have.
    pub proxy_bounds: Option<(f64, f64)>,
    /// The same by the intent.
    pub intent_bounds: Option<(f64, f64)>,
    /// The steps from the specified to the received reward, in order.
    pub transforms: Vec<StepTransform>,
    /// Planned changes of the reward function.
    pub schedule: Vec<StepChange>,
}

/// One step as it was logged.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// What the policy saw before it acted, flattened; of one length throughout the log, or empty
    /// where not logged.
    pub observation: Vec<f64>,
    /// What it did, flattened; empty where not logged.
    pub action: Vec<f64>,
    /// The specified reward.
    pub reward: f64,
    /// What the optimiser was given; equal to `reward` where not logged.
    pub received: f64,
    /// The running scale of a normalisation, 1 where there is none.
    pub scale: f64,
    /// The reward function's value on the true state, where logged.
    pub of_true_state: Option<f64>,
    /// The terms of the reward in the header's order; empty where not logged.
    pub components: Vec<f64>,
}

/// One episode that ended, in sums over its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct StepEpisode {
    /// The number under `episode`.
    pub episode: u64,
    /// Steps of the whole run up to this episode's end.
    pub pressure: f64,
    /// Its steps.
    pub length: u64,
    /// Sum of the reward.
    pub reward: f64,
    /// Sum of the intent, where every step has it.
    pub intent: Option<f64>,
    /// Sum of each component.
    pub components: Vec<f64>,
    /// How it ended.
    pub end: StepEnd,
    /// Position in [`StepLog::functions`] of the reward function at its last step, where logged.
    pub function: Option<usize>,
    /// Its steps; empty where they were too many to keep, see [`StepLog::kept_every`].
    pub steps: Vec<StepRecord>,
}

/// Steps whose components do not add up to the reward.
#[derive(Debug, Clone, PartialEq)]
pub struct Recomputation {
    /// Steps that carry components.
    pub n_checked: u64,
    /// Steps whose reward is further from their sum than 1e-6 of the larger of 1 and its size.
    pub n_mismatches: u64,
    /// The largest distance.
    pub largest: f64,
    /// Line, episode and step of the first mismatch.
    pub first: Option<(u64, u64, u64)>,
}

/// What a step log holds beyond the returns.
#[derive(Debug, Clone)]
pub struct StepLog {
    pub(crate) header: StepHeader,
    pub(crate) component_names: Vec<String>,
    pub(crate) functions: Vec<String>,
    pub(crate) episodes: Vec<StepEpisode>,
    pub(crate) recomputation: Recomputation,
    pub(crate) kept_every: usize,
    pub(crate) n_steps: u64,
    pub(crate) has_received: bool,
}

impl StepLog {
    /// What the first line declared.
    pub fn header(&self) -> &StepHeader {
        &self.header
    }

    /// Names of the components, in the order of [`StepEpisode::components`].
    pub fn component_names(&self) -> &[String] {
        &self.component_names
    }

    /// Identities of the reward functions, in order of first use.
    pub fn functions(&self) -> &[String] {
        &self.functions
    }

    /// The episodes that ended, in the order in which they did.
    pub fn episodes(&self) -> &[StepEpisode] {
        &self.episodes
    }

    /// Whether the rewards are the sums of their components.
    pub fn recomputation(&self) -> &Recomputation {
        &self.recomputation
    }

    /// The steps of every n-th episode are kept; 1 where all are.
    pub fn kept_every(&self) -> usize {
        self.kept_every
    }

    /// Steps in the log, those of unfinished episodes included.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Whether any step says what the optimiser received.
    pub fn has_received(&self) -> bool {
        self.has_received
    }
}

/// A line as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    episode: u64,
    step: u64,
    #[serde(default)]
    observation: Value,
    #[serde(default)]
    action: Value,
    reward: f64,
    received: Option<f64>,
    scale: Option<f64>,
    of_true_state: Option<f64>,
    #[serde(default)]
    components: Value,
    intent: Option<f64>,
    end: Option<StepEnd>,
    function: Option<String>,
    #[serde(default, rename = "info")]
    _info: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHeader {
    format: String,
    version: u64,
    environment: Option<String>,
    #[serde(default)]
    components: Vec<String>,
    proxy_bounds: Option<(f64, f64)>,
    intent_bounds: Option<(f64, f64)>,
    #[serde(default)]
    transforms: Vec<StepTransform>,
    #[serde(default)]
    schedule: Vec<StepChange>,
    #[serde(default, rename = "info")]
    _info: Value,
}

/// Whether an object is the header or a step of a step log.
pub(crate) fn is_step_log(row: &Map<String, Value>) -> bool {
    row.get("format").and_then(Value::as_str) == Some(STEP_LOG_FORMAT)
        || ["episode", "step", "reward"]
            .iter()
            .all(|key| row.contains_key(*key))
}

/// An episode under way.
struct Open {
    next_step: u64,
    episode: StepEpisode,
    /// Whether every step so far has intent.
    has_intent: bool,
}

/// Reads one step log.
pub(crate) struct StepLogReader {
    path: PathBuf,
    header: StepHeader,
    component_names: Option<Vec<String>>,
    observation_width: Option<usize>,
    open: BTreeMap<u64, Open>,
    episodes: Vec<StepEpisode>,
    /// Numbers of the episodes that ended.
    ended: BTreeSet<u64>,
    functions: Vec<String>,
    recomputation: Recomputation,
    n_steps: u64,
    n_kept: usize,
    kept_every: usize,
    has_received: bool,
    notes: Vec<String>,
}

type Problem = (String, &'static str);

pub(crate) fn read_step_log<R: BufRead>(
    path: &Path,
    reader: R,
    mapping: &Mapping,
) -> Result<Log, Error> {
    for (name, own, flag) in [
        (&mapping.proxy, "reward", "--proxy"),
        (&mapping.intent, "intent", "--intent"),
        (&mapping.pressure, "step", "--pressure"),
        (&mapping.length, "step", "--length"),
    ] {
        if let Some(name) = name
            && name != own
        {
            return Err(Error::Malformed {
                path: path.to_owned(),
                place: Place::Whole,
                problem: format!(
                    "a step log has its own keys, and {flag} {:?} is none of them",
                    shortened(name)
                ),
                mend: format!("leave {flag} out"),
            });
        }
    }
    let mut log = StepLogReader::new(path);
    let mut lines = Lines::new(path, reader);
    let mut first = true;
    while let Some(line) = lines.next()? {
        if line.text.trim().is_empty() {
            continue;
        }
        let (number, terminated) = (line.number, line.terminated);
        match log.line(line.text, number, std::mem::take(&mut first)) {
            Ok(()) => {}
            Err(_) if !terminated => {
                log.notes.push(format!(
                    "{}, line {number}: the last line is cut off, as when its writer is killed, and \
                     is left out.",
                    path.display()
                ));
                break;
            }
            Err((problem, mend)) => return Err(malformed_at(path, number, problem, mend)),
        }
        if log.episodes.len() > MOST_RECORDS {
            return Err(too_many(path, Place::Line(number)));
        }
    }
    log.finish()
}

impl StepLogReader {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            header: StepHeader::default(),
            component_names: None,
            observation_width: None,
            open: BTreeMap::new(),
            episodes: Vec::new(),
            ended: BTreeSet::new(),
            functions: Vec::new(),
            recomputation: Recomputation {
                n_checked: 0,
                n_mismatches: 0,
                largest: 0.0,
                first: None,
            },
            n_steps: 0,
            n_kept: 0,
            kept_every: 1,
            has_received: false,
            notes: Vec::new(),
        }
    }

    fn line(&mut self, text: &str, number: u64, first: bool) -> Result<(), Problem> {
        let row = parse_object(text)?;
        if first && row.contains_key("format") {
            self.header = parse_header(row)?;
            return Ok(());
        }
        let raw: RawStep = serde_json::from_value(Value::Object(row)).map_err(|error| {
            let mend = "a step has the keys episode, step and reward, and may have observation, \
                        action, components, intent, end, received, scale, of_true_state, function \
                        and info";
            (error.to_string(), mend)
        })?;
        self.step(raw, number)
    }

    fn step(&mut self, raw: RawStep, line: u64) -> Result<(), Problem> {
        let record = self.record(&raw)?;
        self.recompute(&record, line, &raw);
        self.has_received |= raw.received.is_some();
        let mut open = self.opened(&raw, record.components.len())?;
        self.n_steps += 1;
        open.next_step += 1;
        open.episode.length += 1;
        open.episode.reward += record.reward;
        match raw.intent {
            Some(intent) => {
                open.episode.intent = Some(open.episode.intent.unwrap_or(0.0) + intent);
            }
            None => open.has_intent = false,
        }
        for (sum, value) in open.episode.components.iter_mut().zip(&record.components) {
            *sum += value;
        }
        if let Some(name) = raw.function {
            open.episode.function = Some(self.function(name)?);
        }
        if raw.episode.is_multiple_of(self.kept_every as u64) {
            self.n_kept += weight(&record);
            open.episode.steps.push(record);
        }
        match raw.end {
            Some(end) => self.close(open, end),
            None => {
                self.open.insert(raw.episode, open);
            }
        }
        self.thin();
        Ok(())
    }

    fn record(&mut self, raw: &RawStep) -> Result<StepRecord, Problem> {
        let observation = flattened(&raw.observation, "observation")?;
        if !observation.is_empty() {
            let width = *self.observation_width.get_or_insert(observation.len());
            if observation.len() != width {
                return Err((
                    format!(
                        "the observation holds {} numbers where the first one held {width}",
                        observation.len()
                    ),
                    "write the same numbers at every step, or none",
                ));
            }
        }
        let components = self.components(&raw.components)?;
        let finite = [
            Some(raw.reward),
            raw.received,
            raw.scale,
            raw.of_true_state,
            raw.intent,
        ];
        if !finite.into_iter().flatten().all(f64::is_finite) {
            return Err(("a number is not finite".to_owned(), "write finite numbers"));
        }
        Ok(StepRecord {
            observation,
            action: flattened(&raw.action, "action")?,
            reward: raw.reward,
            received: raw.received.unwrap_or(raw.reward),
            scale: raw.scale.unwrap_or(1.0),
            of_true_state: raw.of_true_state,
            components,
        })
    }

    /// The components in the order of their names, which the header or the first step settles.
    fn components(&mut self, value: &Value) -> Result<Vec<f64>, Problem> {
        const MEND: &str = "give every step the same components, as an object of numbers, or as a \
                            list in the order that the header names";
        let names = self.component_names.get_or_insert_with(|| {
            let mut names = self.header.components.clone();
            if let (true, Value::Object(row)) = (names.is_empty(), value) {
                names.extend(row.keys().take(MOST_COMPONENTS + 1).cloned());
            }
            names
        });
        if names.len() > MOST_COMPONENTS {
            return Err((
                format!("the reward has more than {MOST_COMPONENTS} components"),
                "sum up those that belong together",
            ));
        }
        let number = |value: &Value| {
            value
                .as_f64()
                .filter(|number| number.is_finite())
                .ok_or_else(|| {
                    let text = shortened(&value.to_string());
                    (
                        format!("components holds {text}, not a finite number"),
                        MEND,
                    )
                })
        };
        match value {
            Value::Null if names.is_empty() => Ok(Vec::new()),
            Value::Object(row) => {
                if let Some(name) = row.keys().find(|name| !names.contains(name)) {
                    return Err((format!("the component {:?} is new", shortened(name)), MEND));
                }
                names
                    .iter()
                    .map(|name| match row.get(name) {
                        Some(value) => number(value),
                        None => Err((
                            format!("the component {:?} is missing", shortened(name)),
                            MEND,
                        )),
                    })
                    .collect()
            }
            Value::Array(list) if list.len() == names.len() => list.iter().map(number).collect(),
            other => Err((
                format!(
                    "components is {}, where {} are named",
                    shortened(&other.to_string()),
                    names.len()
                ),
                MEND,
            )),
        }
    }

    fn recompute(&mut self, record: &StepRecord, line: u64, raw: &RawStep) {
        const TOLERANCE: f64 = 1e-6;
        if record.components.is_empty() {
            return;
        }
        self.recomputation.n_checked += 1;
        let sum: f64 = record.components.iter().sum();
        let distance = (sum - record.reward).abs();
        if distance > TOLERANCE * record.reward.abs().max(1.0) {
            self.recomputation.n_mismatches += 1;
            self.recomputation.largest = self.recomputation.largest.max(distance);
            self.recomputation
                .first
                .get_or_insert((line, raw.episode, raw.step));
        }
    }

    /// The episode of a step, taken out of those under way or begun.
    fn opened(&mut self, raw: &RawStep, n_components: usize) -> Result<Open, Problem> {
        if let Some(open) = self.open.remove(&raw.episode) {
            if open.next_step != raw.step {
                return Err((
                    format!(
                        "episode {} goes on with step {} where step {} is due",
                        raw.episode, raw.step, open.next_step
                    ),
                    "write the steps of an episode in order, from 0, and give each its own number \
                     of episode",
                ));
            }
            return Ok(open);
        }
        if raw.step != 0 {
            return Err((
                format!("episode {} begins with step {}", raw.episode, raw.step),
                "count the steps of an episode from 0, and write none after its end",
            ));
        }
        if self.open.len() == MOST_OPEN {
            return Err((
                format!("more than {MOST_OPEN} episodes are under way at once"),
                "write end on the last step of an episode",
            ));
        }
        if self.ended.contains(&raw.episode) {
            return Err((
                format!("episode {} has ended before", raw.episode),
                "give each episode a number of its own",
            ));
        }
        Ok(Open {
            next_step: 0,
            has_intent: true,
            episode: StepEpisode {
                episode: raw.episode,
                pressure: 0.0,
                length: 0,
                reward: 0.0,
                intent: None,
                components: vec![0.0; n_components],
                end: StepEnd::Truncated,
                function: None,
                steps: Vec::new(),
            },
        })
    }

    /// The position of a reward function among those seen.
    fn function(&mut self, name: String) -> Result<usize, Problem> {
        if let Some(known) = self.functions.iter().position(|other| *other == name) {
            return Ok(known);
        }
        if self.functions.len() == MOST_FUNCTIONS || name.len() > LONGEST_FUNCTION {
            return Err((
                format!(
                    "more than {MOST_FUNCTIONS} reward functions are named, or one by more than \
                     {LONGEST_FUNCTION} bytes"
                ),
                "name a function by a hash or a checkpoint, the same as long as it stays the same",
            ));
        }
        self.functions.push(name);
        Ok(self.functions.len() - 1)
    }

    fn close(&mut self, mut open: Open, end: StepEnd) {
        open.episode.end = end;
        open.episode.pressure = self.n_steps as f64;
        if !open.has_intent {
            open.episode.intent = None;
        }
        self.ended.insert(open.episode.episode);
        self.episodes.push(open.episode);
    }

    /// Halves the episodes whose steps are kept once they hold too many numbers: those of every
    /// second, then fourth… number, so that what stays is spread over the whole run.
    fn thin(&mut self) {
        while self.n_kept > MOST_KEPT && self.kept_every <= usize::MAX / 2 {
            self.kept_every *= 2;
            let every = self.kept_every as u64;
            let open = self.open.values_mut().map(|open| &mut open.episode);
            let mut n_kept = 0;
            for episode in self.episodes.iter_mut().chain(open) {
                if !episode.episode.is_multiple_of(every) {
                    episode.steps = Vec::new();
                }
                n_kept += episode.steps.iter().map(weight).sum::<usize>();
            }
            self.n_kept = n_kept;
            if every > 1 << 40 {
                break;
            }
        }
    }

    fn finish(mut self) -> Result<Log, Error> {
        if self.episodes.is_empty() {
            return Err(Error::Malformed {
                path: self.path,
                place: Place::Whole,
                problem: "no episode has ended".to_owned(),
                mend:
                    "write \"end\": \"terminated\" or \"truncated\" on the last step of an episode"
                        .to_owned(),
            });
        }
        if !self.open.is_empty() {
            self.notes.push(format!(
                "Episodes under way when the log ended are left out: {}.",
                self.open.len()
            ));
        }
        if self.kept_every > 1 {
            self.notes.push(format!(
                "The steps of one episode in {} are kept as evidence; sums are over all.",
                self.kept_every
            ));
        }
        let carrying = self.episodes.iter().filter(|e| e.intent.is_some()).count();
        let all = self.episodes.len();
        if 0 < carrying && carrying < all {
            self.notes.push(format!(
                "Intent is logged at every step of {carrying} of {all} episodes; the others are \
                 left out, which is sound if a schedule, and not the result, chose them."
            ));
            self.episodes.retain(|episode| episode.intent.is_some());
        }
        let records = self.episodes.iter().map(|episode| Record {
            pressure: episode.pressure,
            proxy: episode.reward,
            intent: episode.intent,
        });
        let records: Vec<Record> = records.collect();
        if let Some(bad) = records.iter().find(|record| {
            !record.proxy.is_finite() || record.intent.is_some_and(|intent| !intent.is_finite())
        }) {
            return Err(Error::Malformed {
                path: self.path,
                place: Place::Whole,
                problem: format!("the return of an episode is {}", bad.proxy),
                mend: "write rewards whose sum is finite".to_owned(),
            });
        }
        Ok(Log {
            format: Format::StepLog,
            kind: RecordKind::Episode,
            files: vec![self.path],
            environment: self.header.environment.clone(),
            proxy_name: "reward".to_owned(),
            intent_name: (carrying > 0).then(|| "intent".to_owned()),
            pressure_name: "environment steps (lines of the log)".to_owned(),
            pressure_start: 0.0,
            records,
            notes: self.notes,
            step_log: Some(StepLog {
                header: self.header,
                component_names: self.component_names.unwrap_or_default(),
                functions: self.functions,
                episodes: self.episodes,
                recomputation: self.recomputation,
                kept_every: self.kept_every,
                n_steps: self.n_steps,
                has_received: self.has_received,
            }),
        })
    }
}

/// The numbers that a kept step holds, roughly; the constant stands for its fixed part.
fn weight(record: &StepRecord) -> usize {
    16 + record.observation.len() + record.action.len() + record.components.len()
}

fn parse_header(row: Map<String, Value>) -> Result<StepHeader, Problem> {
    let raw: RawHeader = serde_json::from_value(Value::Object(row)).map_err(|error| {
        let mend = "a header has the keys format and version, and may have environment, \
                    components, proxy_bounds, intent_bounds, transforms, schedule and info";
        (error.to_string(), mend)
    })?;
    if raw.format != STEP_LOG_FORMAT {
        return Err((
            format!("the format is {:?}", shortened(&raw.format)),
            "write \"format\": \"rewardlab-step-log\"",
        ));
    }
    if raw.version != STEP_LOG_VERSION {
        return Err((
            format!("the version is {}, and 1 is known", raw.version),
            "write version 1, or use a newer rewardlab",
        ));
    }
    let mut names = raw.components.clone();
    names.sort_unstable();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err((
            format!("the component {:?} is named twice", shortened(&pair[0])),
            "name each once",
        ));
    }
    for bounds in [raw.proxy_bounds, raw.intent_bounds].into_iter().flatten() {
        if bounds.0 >= bounds.1 {
            return Err((
                format!("the bounds {} to {} enclose nothing", bounds.0, bounds.1),
                "write the lower one first",
            ));
        }
    }
    Ok(StepHeader {
        environment: raw.environment,
        components: raw.components,
        proxy_bounds: raw.proxy_bounds,
        intent_bounds: raw.intent_bounds,
        transforms: raw.transforms,
        schedule: raw.schedule,
    })
}

/// Every number of a number, a boolean or nested lists of them, in order.
fn flattened(value: &Value, key: &str) -> Result<Vec<f64>, Problem> {
    let mut numbers = Vec::new();
    flatten_into(value, key, &mut numbers)?;
    Ok(numbers)
}

fn flatten_into(value: &Value, key: &str, numbers: &mut Vec<f64>) -> Result<(), Problem> {
    match value {
        Value::Null => return Ok(()),
        Value::Array(list) => {
            for inner in list {
                flatten_into(inner, key, numbers)?;
            }
            return Ok(());
        }
        Value::Object(row) => {
            for inner in row.values() {
                flatten_into(inner, key, numbers)?;
            }
            return Ok(());
        }
        Value::Bool(flag) => numbers.push(f64::from(u8::from(*flag))),
        Value::Number(number) => numbers.push(number.as_f64().unwrap_or(f64::INFINITY)),
        Value::String(text) => {
            return Err((
                format!("{key} holds the text {:?}", shortened(text)),
                "write numbers, or lists of numbers",
            ));
        }
    }
    if numbers.len() > WIDEST {
        return Err((
            format!("{key} holds more than {WIDEST} numbers"),
            "write a summary of it, or leave it out",
        ));
    }
    Ok(())
}
