//! What can be done next, as far as it takes more than the findings to know: other settings of the environment are
//! tried, so that none is named that does not help.

use ::check::{TamperingQuestion, TamperingVerdict, tampering_incentive_of};
use mdp::Tabulated;

use super::Check;
use super::subject::{Named, Subject};
use crate::experiment::shipped;
use crate::registry::Tabulation;
use crate::settings::{Kind, Value};

/// Other settings are listed as far as this many states, so that trying them is quick.
const MOST_TRIED: usize = 20_000;

/// A setting with more values is not tried.
const MOST_VALUES: u64 = 8;

/// At most so many experiments are named.
const MOST_EXPERIMENTS: usize = 3;

/// What to do about an environment that was not listed.
pub(super) fn of_unlisted(check: &Check, subject: &Subject, named: &Named) -> Vec<String> {
    let mut advice = vec![];
    advice.extend(smaller(check, named).map(|set| {
        format!("Another setting of it can be listed, and is checked exactly: `--set {set}`.")
    }));
    if subject.is_too_large {
        advice.push(format!(
            "Raise --limit above {}, as far as memory and time allow{}.",
            check.limit,
            match check.horizon {
                Some(_) => ", or take a shorter --horizon",
                None => "",
            }
        ));
    }
    let on_it = shipped().iter().filter(|shipped| {
        let experiment = shipped.parse(&[]);
        experiment.is_ok_and(|experiment| experiment.environment.name == named.entry.name)
    });
    let runs: Vec<String> = on_it
        .take(MOST_EXPERIMENTS)
        .map(|shipped| format!("`rewardlab run {}`", shipped.name))
        .collect();
    advice.push(match runs.is_empty() {
        true => "Or write an experiment on it, train and audit: none is shipped.".to_owned(),
        false => format!("Train and audit it: {}.", runs.join(", ")),
    });
    advice
}

/// The first setting, as `key=value`, under which the environment has few enough states to be listed; what is paid is
/// left as it is.
fn smaller(check: &Check, named: &Named) -> Option<String> {
    let limit = check.limit.min(MOST_TRIED);
    let settings = named.entry.settings.iter();
    let others = settings
        .filter(|setting| !["reward", REMEDY].contains(&setting.key))
        .flat_map(|setting| {
            let values = values_of(&setting.kind).into_iter();
            values.map(|value| (setting.key, value))
        });
    for (key, value) in others {
        if named.values.get(key) != Some(&value)
            && listed(check, named, key, &value, limit).is_some()
        {
            return Some(written(key, &value));
        }
    }
    None
}

/// The values of a setting that has few.
fn values_of(kind: &Kind) -> Vec<Value> {
    match kind {
        Kind::Choice(words) => {
            let words = words.iter();
            words.map(|word| Value::Text((*word).to_owned())).collect()
        }
        Kind::Count { low, high } if high - low < MOST_VALUES => {
            (*low..=*high).map(Value::Count).collect()
        }
        _ => vec![],
    }
}

fn written(key: &str, value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{key}={text}"),
        other => format!("{key}={}", other.to_toml().to_string().trim()),
    }
}

/// The tables of the environment with one setting changed, where they can be listed.
fn listed(
    check: &Check,
    named: &Named,
    key: &'static str,
    value: &Value,
    limit: usize,
) -> Option<Tabulated> {
    let mut values = named.values.clone();
    values.insert(key, value.clone());
    let task = named.entry.make(&values).ok()?;
    let tabulation = Tabulation {
        discount: check.discount_used(),
        horizon: check.horizon,
        limit,
    };
    task.tabulate(&tabulation)?.ok()
}

/// The setting that chooses what is paid in place of a reward that can be tampered with.
const REMEDY: &str = "remedy";

/// The remedies of the environment under which tampering does not pay, in words; none where it has none.
pub(super) fn of_tampering(check: &Check, named: &Named) -> Option<String> {
    let setting = named.entry.settings.iter().find(|s| s.key == REMEDY)?;
    let cures: Vec<String> = values_of(&setting.kind)
        .into_iter()
        .filter(|value| named.values.get(REMEDY) != Some(value))
        .filter(|value| {
            let tables = listed(check, named, REMEDY, value, check.limit);
            tables.is_some_and(|tables| is_cured(&tables))
        })
        .map(|value| format!("`--set {}`", written(REMEDY, &value)))
        .collect();
    match cures.as_slice() {
        [] => None,
        [cure] => Some(format!(
            "With {cure} tampering does not pay here; no other remedy of this environment cures it."
        )),
        cures => Some(format!(
            "With any of these, each a remedy of this environment, tampering does not pay: {}.",
            cures.join(", ")
        )),
    }
}

fn is_cured(tables: &Tabulated) -> bool {
    let incentive = tampering_incentive_of(&TamperingQuestion::of(tables));
    incentive.is_ok_and(|incentive| {
        matches!(
            incentive.verdict,
            TamperingVerdict::NoIncentive | TamperingVerdict::Useful
        )
    })
}
