//! `[annotator]`: who compares, for an algorithm that learns from comparisons.

use std::sync::LazyLock;

use feedback::{ANNOTATOR_PRESETS, AnnotatorConfig};

use super::read::{section, take_section, word};
use super::source::{Place, Source};
use super::{AnnotatorChoice, AnnotatorKind, OptimizerChoice, Values};
use crate::optimizer::Needs;
use crate::registry::{self, EnvironmentEntry};
use crate::settings::{Kind, MOST, Setting, Value, quoted};

/// The greatest score that a setting in units of score takes.
const MOST_SCORE: f64 = 1e9;

/// The keys of the section, the preset's numbers as defaults.
pub(super) fn settings(preset: Option<&AnnotatorConfig>) -> Vec<Setting> {
    let text = |key, meaning| Setting {
        key,
        kind: Kind::Text,
        default: None,
        meaning,
    };
    let mut settings = vec![
        Setting {
            key: "kind",
            kind: Kind::Choice(AnnotatorKind::NAMES),
            default: Some(Value::Text(AnnotatorKind::Simulated.name().to_owned())),
            meaning: "who compares: simulated annotators, or people on a page in the browser, as with --annotator human",
        },
        text(
            "judge",
            "what a simulated annotator goes by: \"intent\", as it does unless told otherwise, \"reward\", or a judge of the environment",
        ),
        text(
            "appearance_judge",
            "what looks good to it, weighed in by `appearance`: a judge as above",
        ),
        text("instructions", "what people are told on the page"),
        text(
            "store",
            "where answers are kept: a file of SQLite or a connection string postgres://...; the run's own folder where it is not said",
        ),
    ];
    for number in AnnotatorConfig::SETTINGS {
        // A trigger is code, and no experiment can name one.
        if number.key == "poison" {
            continue;
        }
        let high = number.high.min(MOST_SCORE);
        let kind = match (number.is_whole, number.is_above_low) {
            (true, _) => Kind::Count {
                low: number.low as u64,
                high: MOST,
            },
            (false, true) => Kind::NumberAbove {
                low: number.low,
                high,
            },
            (false, false) => Kind::Number {
                low: number.low,
                high,
            },
        };
        let of = |config: &AnnotatorConfig| {
            let value = (number.get)(config);
            if number.is_whole {
                Value::Count(value as u64)
            } else {
                Value::Number(value)
            }
        };
        settings.push(Setting {
            key: number.key,
            kind,
            default: preset.map(of),
            meaning: number.meaning,
        });
    }
    settings
}

/// The keys of the section with the numbers of an annotator without errors, for documents.
pub(super) fn documented() -> &'static [Setting] {
    static SETTINGS: LazyLock<Vec<Setting>> =
        LazyLock::new(|| settings(Some(&AnnotatorConfig::default())));
    &SETTINGS
}

/// The names of the presets.
pub(super) fn preset_names() -> Vec<&'static str> {
    ANNOTATOR_PRESETS.iter().map(|preset| preset.0).collect()
}

/// Reads the section; none where nobody is asked.
pub(super) fn read(
    source: &mut Source,
    entry: Option<&'static EnvironmentEntry>,
    optimizer: Option<&OptimizerChoice>,
) -> Option<AnnotatorChoice> {
    let is_there = source.sections.contains_key("annotator")
        || source
            .entries
            .keys()
            .any(|key| key.starts_with("annotator."));
    let asks = optimizer.is_none_or(|choice| choice.algorithm.needs() == Needs::Annotators);
    if !asks {
        if is_there {
            let message = "[annotator] says who compares, and this algorithm asks nobody; take it out, or set optimizer.algorithm to \"preferences\"";
            source.problem(source.section_place("annotator"), message.to_owned());
            take_section(source, "annotator");
        }
        return None;
    }
    let places = ["judge", "appearance_judge"].map(|key| {
        let entry = source.entries.get(&format!("annotator.{key}"));
        entry.map_or_else(|| source.section_place("annotator"), |e| e.place.clone())
    });
    let preset = match source.entries.contains_key("annotator.preset") {
        true => word(source, "annotator", "preset", "a preset", &preset_names()),
        false => Some("oracle".to_owned()),
    };
    let Some(preset) = preset else {
        take_section(source, "annotator");
        return None;
    };
    let mut names = preset_names().into_iter();
    let preset = names.find(|name| *name == preset).expect("a known preset");
    let config = AnnotatorConfig::preset(preset).expect("a known preset");
    let mut values = section(source, "annotator", &settings(Some(&config)), "[annotator]");
    let judges =
        [values.text("judge"), values.text("appearance_judge")].map(|name| name.map(str::to_owned));
    for (judge, (place, key)) in judges
        .iter()
        .zip(places.iter().zip(["judge", "appearance_judge"]))
    {
        if let (Some(name), Some(entry)) = (judge, entry) {
            check_judge(source, place, key, entry, name);
        }
    }
    let appearance = values.number("appearance");
    if appearance > 0.0 && judges[1].is_none() {
        let message = "annotator.appearance weighs in how a segment looks, and nobody says how; name a judge with annotator.appearance_judge";
        source.problem(source.section_place("annotator"), message.to_owned());
    }
    let undecided = values.number("skip") + values.number("cannot_tell");
    if undecided > 1.0 {
        let message = format!(
            "annotator.skip and annotator.cannot_tell are {undecided} together; they share what is not answered, and may be 1 at most"
        );
        source.problem(source.section_place("annotator"), message);
    }
    let kind = AnnotatorKind::named(values.text("kind").unwrap_or_default());
    let [judge, appearance_judge] = judges;
    let text = |values: &Values, key| values.text(key).map(str::to_owned);
    let choice = AnnotatorChoice {
        kind,
        judge: judge.unwrap_or_else(|| AnnotatorChoice::ORACLE.to_owned()),
        appearance_judge,
        instructions: text(&values, "instructions"),
        store: text(&values, "store"),
        preset,
        settings: {
            values.retain(|key| {
                AnnotatorConfig::SETTINGS
                    .iter()
                    .any(|setting| setting.key == key)
            });
            values
        },
    };
    Some(choice)
}

fn check_judge(
    source: &mut Source,
    place: &Place,
    key: &str,
    entry: &EnvironmentEntry,
    name: &str,
) {
    let known: Vec<&str> = registry::judges(entry.name)
        .map(|judge| judge.name)
        .collect();
    if known.contains(&name) {
        return;
    }
    let message = format!(
        "annotator.{key} = \"{name}\" judges nothing of {}; allowed: {}",
        entry.name,
        quoted(known.iter().copied())
    );
    source.problem(place.clone(), message);
}
