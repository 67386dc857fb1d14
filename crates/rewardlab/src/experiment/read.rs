//! From dotted keys to a checked experiment: every problem is found before any is reported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::annotator;
use super::source::{Entry, Place, Source};
use super::{
    AuditPlan, DemonstrationChoice, Demonstrator, EnvironmentChoice, Experiment, InputFile,
    OptimizerChoice, Proxy, RewardChoice, RewardInference, Values, WrittenBy,
};
use crate::demonstrated::RewardOf;
use crate::optimizer::{Algorithm, Needs};
use crate::registry::{self, EnvironmentEntry};
use crate::settings::{Kind, MOST, Setting, Value, nearest, quoted};

/// `description`, the one key outside a section.
pub(super) const TOP: &[Setting] = &[Setting {
    key: "description",
    kind: Kind::Text,
    default: Some(Value::Text(String::new())),
    meaning: "what the experiment shows, in a sentence",
}];

/// `[reward]`: a learned reward in place of the environment's own.
pub(super) const REWARD: &[Setting] = &[
    Setting {
        key: "path",
        kind: Kind::Text,
        default: None,
        meaning: "file of a learned reward that is paid in place of the environment's own; a path in a file is taken from the file's folder",
    },
    Setting {
        key: "infer",
        kind: Kind::Choice(&["maximum-causal-entropy"]),
        default: None,
        meaning: "how a reward is inferred from [demonstrations] before training, in an environment whose states can be listed",
    },
    Setting {
        key: "of",
        kind: Kind::Choice(RewardOf::NAMES),
        default: None,
        meaning: "what an inferred reward may pay for: arriving in a state, as it does unless told otherwise, acting in one, or each action in each state",
    },
];

/// `[demonstrations]`.
pub(super) const DEMONSTRATIONS: &[Setting] = &[
    Setting {
        key: "path",
        kind: Kind::Text,
        default: None,
        meaning: "file or folder of demonstrations; a path in a file is taken from the file's folder",
    },
    Setting {
        key: "policy",
        kind: Kind::Text,
        default: None,
        meaning: "scripted policy of the environment that demonstrates, where there is no file; for dagger, the expert that is asked",
    },
    Setting {
        key: "with",
        kind: Kind::Text,
        default: None,
        meaning: "settings that the environment has while a scripted policy demonstrates, where they are others: key=value, several parted by commas",
    },
    Setting {
        key: "episodes",
        kind: Kind::Count {
            low: 0,
            high: 1_000_000,
        },
        default: Some(Value::Count(20)),
        meaning: "episodes that are demonstrated, or the most that are read",
    },
];

/// `[audit]`.
pub(super) const AUDIT: &[Setting] = &[
    Setting {
        key: "checkpoints",
        kind: Kind::Count { low: 2, high: 1000 },
        default: Some(Value::Count(20)),
        meaning: "policies that are evaluated and kept, evenly spaced; the first is the untrained one",
    },
    Setting {
        key: "episodes",
        kind: Kind::Count {
            low: 1,
            high: 1_000_000,
        },
        default: Some(Value::Count(100)),
        meaning: "evaluation episodes a checkpoint, actions drawn as in training",
    },
    Setting {
        key: "error_rate",
        kind: Kind::NumberAbove {
            low: 0.0,
            high: 0.5,
        },
        default: Some(Value::Number(0.01)),
        meaning: "the chance, at most, that a statement about the run's policies is wrong",
    },
    Setting {
        key: "margin",
        kind: Kind::Number {
            low: 0.0,
            high: 0.99,
        },
        default: Some(Value::Number(0.1)),
        meaning: "how much proxy and how much intent count, as a share of the spread between the lowest and the highest mean",
    },
    Setting {
        key: "proxy",
        kind: Kind::Choice(Proxy::NAMES),
        default: None,
        meaning: "which reward counts as the proxy: what the environment pays, as it is unless told otherwise, or what the reward that is learned beside the policy pays in the end",
    },
];

/// `[evaluation]`.
pub(super) const EVALUATION: &[Setting] = &[
    Setting {
        key: "greedy_episodes",
        kind: Kind::Count {
            low: 1,
            high: 1_000_000,
        },
        default: Some(Value::Count(100)),
        meaning: "episodes of the final policy with its most probable actions",
    },
    Setting {
        key: "greedy_episodes_per_checkpoint",
        kind: Kind::Count {
            low: 1,
            high: 1_000_000,
        },
        default: Some(Value::Count(10)),
        meaning: "episodes a checkpoint with the most probable actions, shown beside the others",
    },
    Setting {
        key: "reference_episodes",
        kind: Kind::Count {
            low: 1,
            high: 1_000_000,
        },
        default: Some(Value::Count(400)),
        meaning: "episodes of the reference policy",
    },
];

/// `[run]`: what a resolved experiment records about the run that wrote it.
pub(super) const RUN: &[Setting] = &[
    Setting {
        key: "experiment",
        kind: Kind::Text,
        default: None,
        meaning: "name of the experiment; the file's name where it is not said",
    },
    Setting {
        key: "seed",
        kind: Kind::Count { low: 0, high: MOST },
        default: Some(Value::Count(0)),
        meaning: "the seed from which every random stream is derived",
    },
    Setting {
        key: "version",
        kind: Kind::Text,
        default: None,
        meaning: "version of rewardlab that wrote the file",
    },
    Setting {
        key: "instruction_set",
        kind: Kind::Text,
        default: None,
        meaning: "vector instructions on which the numbers were made; on others the last bits differ",
    },
];

const SECTIONS: [&str; 9] = [
    "environment",
    "reward",
    "demonstrations",
    "annotator",
    "optimizer",
    "reference",
    "audit",
    "evaluation",
    "run",
];

/// Checks everything; problems are left in `source`.
pub(super) fn read(source: &mut Source, name: &str) -> Option<Experiment> {
    let environment = environment(source);
    let entry = environment.as_ref().map(|(entry, _)| *entry);
    let reward = reward(source);
    let demonstrations = demonstrations(source, entry);
    let optimizer = optimizer(source);
    let annotator = annotator::read(source, entry, optimizer.as_ref());
    check_demonstrations(
        source,
        reward.as_ref(),
        demonstrations.as_ref(),
        optimizer.as_ref(),
    );
    let reference = reference(source, entry);
    let audit = section(source, "audit", AUDIT, "[audit]");
    check_proxy(source, &audit, optimizer.as_ref());
    let evaluation = section(source, "evaluation", EVALUATION, "[evaluation]");
    let run = section(source, "run", RUN, "[run]");
    let top = section(source, "", TOP, "an experiment");
    unknown_rest(source);
    let text = |values: &Values, key| values.text(key).map(str::to_owned);
    let name = text(&run, "experiment").unwrap_or_else(|| name.to_owned());
    check_name(source, &name);
    let (_, environment) = environment?;
    let optimizer = optimizer?;
    if !source.problems.is_empty() {
        return None;
    }
    Some(Experiment {
        name,
        description: text(&top, "description").unwrap_or_default(),
        environment,
        reward,
        demonstrations,
        annotator,
        optimizer,
        reference,
        audit: AuditPlan {
            checkpoints: audit.count("checkpoints"),
            episodes: audit.count("episodes"),
            error_rate: audit.number("error_rate"),
            margin: audit.number("margin"),
            proxy: match audit.text("proxy") {
                Some("learned") => Proxy::Learned,
                _ => Proxy::Environment,
            },
        },
        greedy_episodes: evaluation.count("greedy_episodes"),
        greedy_episodes_per_checkpoint: evaluation.count("greedy_episodes_per_checkpoint"),
        reference_episodes: evaluation.count("reference_episodes"),
        seed: run.count("seed"),
        written_by: WrittenBy {
            version: text(&run, "version"),
            instruction_set: text(&run, "instruction_set"),
        },
    })
}

/// The name of an experiment becomes the name of a folder.
fn check_name(source: &mut Source, name: &str) {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.+ ".contains(c);
    let is_name = !name.is_empty() && name.len() <= 100 && !name.starts_with('.');
    if !is_name || !name.chars().all(is_plain) {
        let message = format!(
            "{name:?} is no name for an experiment; take letters, digits, \"-\", \"_\", \".\" and \"+\", at most 100, beginning with no \".\""
        );
        source.problem(source.section_place("run"), message);
    }
}

fn environment(source: &mut Source) -> Option<(&'static EnvironmentEntry, EnvironmentChoice)> {
    let names: Vec<&'static str> = registry::entries().iter().map(|entry| entry.name).collect();
    let name = word(source, "environment", "name", "an environment", &names);
    let Some(entry) = name.and_then(|name| registry::find(&name)) else {
        take_section(source, "environment");
        return None;
    };
    let values = section(source, "environment", &entry.settings, entry.name);
    if source.problems.is_empty()
        && let Err(message) = entry.make(&values)
    {
        source.problem(source.section_place("environment"), message);
    }
    let choice = EnvironmentChoice {
        name: entry.name,
        settings: values,
    };
    Some((entry, choice))
}

/// The settings of an environment alone; keys of other sections are problems.
pub(super) fn environment_settings(
    source: &mut Source,
    entry: &'static EnvironmentEntry,
) -> Values {
    let values = section(source, "environment", &entry.settings, entry.name);
    for (key, stranger) in std::mem::take(&mut source.entries) {
        let message = format!("{key} is no setting of an environment; write environment.key=value");
        source.problem(stranger.place, message);
    }
    values
}

/// The learned reward that is paid; none where the environment's own is.
fn reward(source: &mut Source) -> Option<RewardChoice> {
    let path = input_file(source, "reward.path");
    let values = section(source, "reward", REWARD, "[reward]");
    let of = values.text("of").and_then(RewardOf::of_name);
    let of = of.unwrap_or(RewardOf::Arrivals);
    let infer = values.text("infer").map(|_| RewardInference { of });
    (path.is_some() || infer.is_some()).then_some(RewardChoice { file: path, infer })
}

/// Who demonstrates.
fn demonstrations(
    source: &mut Source,
    entry: Option<&'static EnvironmentEntry>,
) -> Option<DemonstrationChoice> {
    let place = source.section_place("demonstrations");
    let path = input_file(source, "demonstrations.path");
    let with_place = source.entries.get("demonstrations.with");
    let with_place = with_place.map_or_else(|| place.clone(), |entry| entry.place.clone());
    let policy_place = source.entries.get("demonstrations.policy");
    let policy_place = policy_place.map_or_else(|| place.clone(), |entry| entry.place.clone());
    let is_there = source.sections.contains_key("demonstrations")
        || source
            .entries
            .keys()
            .any(|key| key.starts_with("demonstrations."));
    let values = section(source, "demonstrations", DEMONSTRATIONS, "[demonstrations]");
    let policy = values.text("policy").map(str::to_owned);
    let known: Vec<&str> = entry.map_or(vec![], |entry| {
        entry.policies.iter().map(|policy| policy.0).collect()
    });
    if let (Some(policy), Some(entry)) = (&policy, entry)
        && !known.contains(&policy.as_str())
    {
        let meant = nearest(policy, known.iter().copied());
        let meant = meant.map_or(String::new(), |word| format!("did you mean \"{word}\"? "));
        let allowed = match known.is_empty() {
            true => "it has none; name a file with demonstrations.path".to_owned(),
            false => format!("allowed: {}", quoted(known.iter().copied())),
        };
        let name = entry.name;
        let message = format!(
            "demonstrations.policy = \"{policy}\" is no policy of {name}; {meant}{allowed}"
        );
        source.problem(policy_place, message);
    }
    let with: Vec<String> = match values.text("with") {
        Some(with) => with.split(',').map(|set| set.trim().to_owned()).collect(),
        None => vec![],
    };
    if let (Some(entry), false) = (entry, with.is_empty()) {
        check_settings(source, with_place, entry, &with);
    }
    let demonstrator = match (path, policy) {
        (Some(file), policy) => Demonstrator::File {
            file,
            expert: policy,
        },
        (None, Some(policy)) => Demonstrator::Policy { policy, with },
        (None, None) => {
            if is_there {
                let message = "demonstrations come from nowhere; give demonstrations.path, a file, or demonstrations.policy, a scripted policy";
                source.problem(place, message.to_owned());
            }
            return None;
        }
    };
    Some(DemonstrationChoice {
        demonstrator,
        episodes: values.count("episodes"),
    })
}

/// Settings of the environment in which a scripted policy demonstrates.
fn check_settings(
    source: &mut Source,
    place: Place,
    entry: &'static EnvironmentEntry,
    with: &[String],
) {
    let set: Vec<String> = with
        .iter()
        .map(|set| format!("environment.{set}"))
        .collect();
    let mut inner = Source::parse(entry.name, "");
    inner.set(&set);
    environment_settings(&mut inner, entry);
    for problem in inner.problems {
        source.problem(
            place.clone(),
            format!("demonstrations.with: {}", problem.message),
        );
    }
}

/// Whether whoever needs demonstrations has them.
fn check_demonstrations(
    source: &mut Source,
    reward: Option<&RewardChoice>,
    demonstrations: Option<&DemonstrationChoice>,
    optimizer: Option<&OptimizerChoice>,
) {
    let way =
        "add [demonstrations] with path, a file, or policy, a scripted policy of the environment";
    let infers = reward.is_some_and(|reward| reward.infer.is_some() && reward.file.is_none());
    if infers && demonstrations.is_none() {
        let place = source.section_place("reward");
        source.problem(place, format!("reward.infer needs demonstrations; {way}"));
    }
    let Some(optimizer) = optimizer else { return };
    let name = optimizer.algorithm.name();
    let place = source.section_place("optimizer");
    match (optimizer.algorithm.needs(), demonstrations) {
        (Needs::Demonstrations, None) => {
            source.problem(place, format!("{name} needs demonstrations; {way}"));
        }
        (Needs::Expert, demonstrations) if expert_of(demonstrations).is_none() => {
            source.problem(place, format!(
                "{name} asks a living expert; add [demonstrations] with policy, a scripted policy of the environment"
            ));
        }
        _ => {}
    }
}

/// Whether the reward that is to be the proxy is learned at all.
fn check_proxy(source: &mut Source, audit: &Values, optimizer: Option<&OptimizerChoice>) {
    let Some(optimizer) = optimizer else { return };
    if audit.text("proxy") == Some(Proxy::Learned.name()) && !optimizer.algorithm.learns_reward() {
        let name = optimizer.algorithm.name();
        let message = format!(
            "audit.proxy = \"learned\" names a reward that {name} does not learn; set it to \"environment\""
        );
        source.problem(source.section_place("audit"), message);
    }
}

fn expert_of(demonstrations: Option<&DemonstrationChoice>) -> Option<&str> {
    demonstrations.and_then(DemonstrationChoice::expert)
}

/// A path to a file that an experiment reads: in a file from the file's folder, in an argument from where we are.
fn input_file(source: &Source, key: &str) -> Option<InputFile> {
    let entry = source.entries.get(key)?;
    let written = entry.value.as_str()?.to_owned();
    let path = match &entry.place {
        Place::File { file, .. } => Path::new(file).parent().map(|folder| folder.join(&written)),
        Place::Argument(_) => None,
    };
    let path = path.unwrap_or_else(|| PathBuf::from(&written));
    Some(InputFile { written, path })
}

fn optimizer(source: &mut Source) -> Option<OptimizerChoice> {
    let names: Vec<&'static str> = Algorithm::ALL
        .iter()
        .map(|algorithm| algorithm.name())
        .collect();
    let algorithm = word(source, "optimizer", "algorithm", "an algorithm", &names)
        .and_then(|name| Algorithm::of_name(&name));
    let Some(algorithm) = algorithm else {
        take_section(source, "optimizer");
        return None;
    };
    let presets: Vec<&'static str> = algorithm
        .presets()
        .iter()
        .map(|preset| preset.name)
        .collect();
    let preset = word(source, "optimizer", "preset", "a preset", &presets)
        .and_then(|name| algorithm.preset(&name));
    let settings = algorithm.settings(preset.as_ref());
    let values = section(source, "optimizer", &settings, algorithm.name());
    Some(OptimizerChoice {
        algorithm,
        preset: preset?.name,
        settings: values,
    })
}

fn reference(source: &mut Source, entry: Option<&'static EnvironmentEntry>) -> Option<String> {
    let Some(entry) = entry else {
        take_section(source, "reference");
        return None;
    };
    let mut names: Vec<&str> = entry.policies.iter().map(|policy| policy.0).collect();
    names.push("none");
    let policy = if source.entries.contains_key("reference.policy") {
        let owner = format!("a policy of {}", entry.name);
        word(source, "reference", "policy", &owner, &names)
    } else {
        None
    };
    for (key, entry) in take_section(source, "reference") {
        source.problem(
            entry.place,
            unknown("reference", &key, "[reference]", ["policy"]),
        );
    }
    policy.filter(|policy| policy != "none")
}

/// Takes a key that must be one of some words; a problem where it is absent or another.
pub(super) fn word(
    source: &mut Source,
    section: &str,
    key: &str,
    what: &str,
    allowed: &[&str],
) -> Option<String> {
    let full = format!("{section}.{key}");
    let list = quoted(allowed.iter().copied());
    let Some(entry) = source.entries.remove(&full) else {
        let place = source.section_place(section);
        source.problem(place, format!("{full} is missing; name {what}: {list}"));
        return None;
    };
    let text = entry.value.as_str();
    if let Some(text) = text
        && allowed.contains(&text)
    {
        return Some(text.to_owned());
    }
    let value = shown(&entry.value);
    let meant = text
        .and_then(|text| nearest(text, allowed.iter().copied()))
        .map_or(String::new(), |word| format!("did you mean \"{word}\"? "));
    let is = if text.is_some() {
        format!("is not {what}")
    } else {
        "is no text".into()
    };
    source.problem(
        entry.place,
        format!("{full} = {value} {is}; {meant}allowed: {list}"),
    );
    None
}

/// Takes a whole section by its table of settings; defaults fill what is absent.
pub(super) fn section(
    source: &mut Source,
    section: &str,
    settings: &[Setting],
    owner: &str,
) -> Values {
    let mut values = Values::default();
    let mut entries = take_section(source, section);
    for setting in settings {
        let value = match entries.remove(setting.key) {
            Some(entry) => match setting.kind.read(&entry.value) {
                Ok(value) => Some(value),
                Err(problem) => {
                    let message = refused(&dotted(section, setting.key), &entry, &problem, setting);
                    source.problem(entry.place, message);
                    setting.default.clone()
                }
            },
            None => setting.default.clone(),
        };
        if let Some(value) = value {
            values.insert(setting.key, value);
        }
    }
    if section.is_empty() {
        // The rest are sections, or strangers that are reported with all known sections.
        source.entries.extend(entries);
        return values;
    }
    let keys = || settings.iter().map(|setting| setting.key);
    for (key, entry) in entries {
        source.problem(entry.place, unknown(section, &key, owner, keys()));
    }
    values
}

fn refused(key: &str, entry: &Entry, problem: &str, setting: &Setting) -> String {
    let allowed = setting.kind.allowed();
    let stop = if problem.ends_with('?') { "" } else { ";" };
    format!(
        "{key} = {} {problem}{stop} allowed: {allowed}",
        shown(&entry.value)
    )
}

fn unknown<'a>(
    section: &str,
    key: &str,
    owner: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let meant = nearest(key, known.iter().copied())
        .map_or(String::new(), |word| format!("did you mean {word}? "));
    let list = match known.as_slice() {
        [] => "no settings".into(),
        known => known.join(", "),
    };
    format!(
        "unknown key {}; {meant}{owner} has {list}",
        dotted(section, key)
    )
}

/// Whatever is in no section that exists.
fn unknown_rest(source: &mut Source) {
    let strangers: Vec<(String, Entry)> = std::mem::take(&mut source.entries).into_iter().collect();
    let mut told = BTreeMap::new();
    for (key, entry) in strangers {
        let (section, is_section) = match key.split_once('.') {
            Some((section, _)) => (section.to_owned(), true),
            None => (key, false),
        };
        let place = match source.sections.get(&section) {
            Some(place) => place.clone(),
            None => entry.place,
        };
        told.entry((section, is_section)).or_insert(place);
    }
    for (section, place) in &source.sections {
        let known = section.contains('.') || SECTIONS.contains(&section.as_str());
        if !known {
            told.entry((section.clone(), true))
                .or_insert_with(|| place.clone());
        }
    }
    for ((name, is_section), place) in told {
        let meant = if is_section {
            nearest(&name, SECTIONS).map(|word| format!("did you mean [{word}]? "))
        } else {
            nearest(&name, TOP.iter().map(|setting| setting.key))
                .map(|word| format!("did you mean {word}? "))
        };
        let meant = meant.unwrap_or_default();
        let what = if is_section {
            format!("unknown section [{name}]")
        } else if SECTIONS.contains(&name.as_str()) {
            format!("{name} is one value, not a section; write [{name}]")
        } else {
            format!("unknown key {name}")
        };
        let sections = SECTIONS.map(|section| format!("[{section}]")).join(", ");
        source.problem(
            place,
            format!("{what}; {meant}an experiment has description, {sections}"),
        );
    }
}

pub(super) fn take_section(source: &mut Source, section: &str) -> BTreeMap<String, Entry> {
    let prefix = if section.is_empty() {
        String::new()
    } else {
        format!("{section}.")
    };
    let mut taken = BTreeMap::new();
    source
        .entries
        .retain(|key, entry| match key.strip_prefix(&prefix) {
            Some(rest) => {
                taken.insert(rest.to_owned(), entry.clone());
                false
            }
            None => true,
        });
    taken
}

fn dotted(section: &str, key: &str) -> String {
    if section.is_empty() {
        key.to_owned()
    } else {
        format!("{section}.{key}")
    }
}

/// A value as it was written, cut to a length that fits a message.
fn shown(value: &toml_edit::Value) -> String {
    let text = value.to_string();
    let text = text.trim();
    if text.chars().count() <= 60 {
        text.to_owned()
    } else {
        let start: String = text.chars().take(59).collect();
        format!("{start}…")
    }
}
