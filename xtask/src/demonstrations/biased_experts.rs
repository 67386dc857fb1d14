//! Biases inferred with what is wanted, and told to be hidden where they are.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::mean;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "biased-experts",
    title: "biases inferred together with what is wanted, and told to be hidden where they are",
    target: "bias recovered where identifiable, reported as not identifiable where theory says so, on generated experts of each kind",
    measure,
};

/// From so many nats on, that the demonstrations are expected to say against every other kind, a kind is identifiable.
const IDENTIFIABLE: f64 = 20.0;
const RECOVERED: f64 = 0.99;
/// By how much rounding may move the odds between experts who act alike.
const ROUNDING: f64 = 1e-6;
/// Standard errors that a share may be from what the posterior says.
const DEVIATIONS: f64 = 3.5;
/// Bounds of the bands of expected evidence.
const BANDS: [f64; 6] = [0.0, 1.0, 5.0, 10.0, IDENTIFIABLE, f64::INFINITY];
/// Kinds that act alike where no step goes astray.
const ALIKE_WHEN_SURE: [&str; 3] = ["over-confident", "rational", "under-confident"];

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary =
        context
            .workspace
            .build(&["--package", "imitation", "--example", "biased_experts"])?;
    let printed = process::json(&mut Command::new(binary))?.json;
    record.seeds(printed["seeds"].as_u64().context("no `seeds`")?);
    for size in ["rows", "columns", "max_steps", "few_demonstrations", "mass"] {
        record.size(size, &printed[size]);
    }
    let cases = list(&printed, "cases")?;
    record.size("cases", cases.len());
    settings(record, list(&printed, "settings")?);
    raw(record, cases);
    let names: Vec<&str> = list(&printed, "settings")?
        .iter()
        .filter_map(|setting| setting["setting"].as_str())
        .collect();
    for name in &names {
        let here: Vec<&Value> = cases
            .iter()
            .filter(|case| case["setting"] == *name)
            .collect();
        confusion(record, name, &here)?;
        wanted(record, name, &here);
    }
    recovered(record, cases)?;
    hidden(record, cases)?;
    calibrated(record, cases)?;
    explained(record, list(&printed, "explanations")?)
}

fn settings(record: &mut Record, settings: &[Value]) {
    const COLUMNS: [&str; 5] = [
        "setting",
        "slip",
        "discount",
        "demonstrations",
        "inverse_temperatures",
    ];
    let mut table = Table::new("settings", &COLUMNS);
    for setting in settings {
        table.row(COLUMNS.map(|column| setting[column].clone()));
    }
    record.table(table);
}

fn raw(record: &mut Record, cases: &[Value]) {
    let mut table = Table::new(
        "every expert: who it is, who it is taken for, and nats that its demonstrations are expected to say against every other kind",
        &[
            "setting",
            "seed",
            "expert",
            "inferred",
            "nats",
            "nearest_other",
            "alike",
            "covered_after_few",
            "mass_after_few",
            "task_found",
            "task_found_if_rational",
        ],
    );
    for case in cases {
        table.row([
            case["setting"].clone(),
            case["seed"].clone(),
            case["expert"].clone(),
            case["many"]["kind"].clone(),
            case["nats"].clone(),
            case["other_kind"].clone(),
            case["kinds_alike"].clone(),
            case["few"]["is_covered"].clone(),
            case["few"]["mass"].clone(),
            case["is_task_found"].clone(),
            case["is_task_found_if_rational"].clone(),
        ]);
    }
    record.table(table);
}

fn confusion(record: &mut Record, setting: &str, cases: &[&Value]) -> Result<()> {
    let mut table = Table::new(
        format!("{setting}: true kind against inferred"),
        &["kind", "inferred", "of"],
    );
    for kind in kinds(cases) {
        let own: Vec<&&Value> = cases.iter().filter(|case| case["kind"] == kind).collect();
        let mut inferred: Vec<(&str, usize)> = vec![];
        for case in &own {
            let name = case["many"]["kind"].as_str().context("no kind")?;
            match inferred.iter_mut().find(|(other, _)| *other == name) {
                Some((_, n)) => *n += 1,
                None => inferred.push((name, 1)),
            }
        }
        inferred.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let words: Vec<String> = inferred
            .iter()
            .map(|(name, n)| format!("{name}: {n}"))
            .collect();
        table.row([json!(kind), json!(words.join("; ")), json!(own.len())]);
    }
    record.table(table);
    Ok(())
}

/// What is gained in what is wanted, and in prediction, by allowing for biases: information, nothing is asked of it.
fn wanted(record: &mut Record, setting: &str, cases: &[&Value]) {
    let share = |column: &str| {
        let found = cases.iter().filter(|case| case[column] == true);
        found.count() as f64 / cases.len() as f64
    };
    let held_out = |who: &str| {
        let each = cases
            .iter()
            .filter_map(|case| case["held_out"][who].as_f64());
        mean(&each.collect::<Vec<_>>())
    };
    record.note(format!(
        "{setting}: what is wanted is found for {:.3} of {} experts, for {:.3} where all are taken to be Boltzmann-rational; \
         log-likelihood a step of demonstrations held back {:.4}, {:.4}, and {:.4} under the truth",
        share("is_task_found"),
        cases.len(),
        share("is_task_found_if_rational"),
        held_out("biased"),
        held_out("rational"),
        held_out("truth"),
    ));
}

fn recovered(record: &mut Record, cases: &[Value]) -> Result<()> {
    let mut table = Table::new(
        "kind recovered, by the nats that demonstrations are expected to say against every other kind",
        &["from", "to", "cases", "recovered"],
    );
    let is_recovered = |case: &&Value| case["kind"] == case["many"]["kind"];
    for band in BANDS.windows(2) {
        let here = cases.iter().filter(|case| {
            let nats = case["nats"].as_f64().unwrap_or(f64::NAN);
            band[0] <= nats && nats < band[1]
        });
        let here: Vec<&Value> = here.collect();
        let n = here
            .iter()
            .copied()
            .filter(|case| is_recovered(case))
            .count();
        table.row([json!(band[0]), json!(band[1]), json!(here.len()), json!(n)]);
    }
    record.table(table);
    let all: Vec<&Value> = cases.iter().collect();
    for kind in kinds(&all)
        .into_iter()
        .filter(|kind| *kind != "anti-rational")
    {
        let identifiable: Vec<&Value> = cases
            .iter()
            .filter(|case| case["kind"] == kind)
            .filter(|case| {
                case["nats"]
                    .as_f64()
                    .is_some_and(|nats| nats >= IDENTIFIABLE)
            })
            .collect();
        let n = identifiable
            .iter()
            .copied()
            .filter(|case| is_recovered(case))
            .count();
        let share = n as f64 / identifiable.len() as f64;
        record.check(
            format!("{kind}: recovered in at least 99% of its identifiable cases ({IDENTIFIABLE} nats or more), of which there are at least 20"),
            format!("{n} of {}", identifiable.len()),
            RECOVERED <= share && identifiable.len() >= 20,
        );
    }
    Ok(())
}

fn hidden(record: &mut Record, cases: &[Value]) -> Result<()> {
    let alike = |case: &Value| -> Vec<String> {
        let list = case["kinds_alike"].as_array().into_iter().flatten();
        list.filter_map(|kind| kind.as_str().map(str::to_owned))
            .collect()
    };
    let of = |setting: &str, kinds: &[&str]| -> Vec<&Value> {
        let here = cases.iter().filter(|case| case["setting"] == setting);
        here.filter(|case| kinds.iter().any(|kind| case["kind"] == *kind))
            .collect()
    };
    let sure = of("sure", &ALIKE_WHEN_SURE);
    let n = sure
        .iter()
        .filter(|case| alike(case) == ALIKE_WHEN_SURE)
        .count();
    record.check(
        "where no step goes astray, rational, over- and under-confident experts are reported as not to be told apart",
        format!("{n} of {}", sure.len()),
        n == sure.len() && n > 0,
    );
    let negated = of("negated", &["rational", "anti-rational"]);
    let n = negated
        .iter()
        .filter(|case| alike(case) == ["anti-rational", "rational"])
        .count();
    record.check(
        "where the opposite may be wanted, rational and anti-rational experts are reported as not to be told apart",
        format!("{n} of {}", negated.len()),
        n == negated.len() && n > 0,
    );
    let shared: Vec<&Value> = cases.iter().filter(|case| alike(case).len() > 1).collect();
    let most = shared
        .iter()
        .map(|case| case["odds_moved"].as_f64().unwrap_or(f64::INFINITY));
    let most = most.fold(0.0, f64::max);
    record.check(
        "demonstrations move no odds between experts who act alike, by logarithms",
        format!("at most {most:.1e} in {} cases", shared.len()),
        most <= ROUNDING && !shared.is_empty(),
    );
    Ok(())
}

/// Whether the posterior is as sure as it may be: the truth is drawn as the prior has it.
fn calibrated(record: &mut Record, cases: &[Value]) -> Result<()> {
    for amount in ["few", "many"] {
        let masses = numbers(cases, |case| &case[amount]["mass"])?;
        let hits = cases
            .iter()
            .filter(|case| case[amount]["is_covered"] == true);
        let (n, n_cases) = (hits.count() as f64, cases.len() as f64);
        let expected: f64 = masses.iter().sum();
        let error = masses
            .iter()
            .map(|mass| mass * (1.0 - mass))
            .sum::<f64>()
            .sqrt();
        record.check(
            format!("{amount} demonstrations: credible sets of 90% hold the truth, and as often as they say, within {DEVIATIONS} standard errors"),
            format!("{:.4} of {n_cases} sets, {:.4} expected, {:.2} standard errors apart", n / n_cases, expected / n_cases, (n - expected) / error),
            n / n_cases >= 0.9 && (n - expected).abs() <= DEVIATIONS * error,
        );
    }
    let mut table = Table::new(
        "few demonstrations: how probable a kind is said to be, and how often it is so",
        &[
            "from",
            "kinds",
            "mean_probability",
            "share_true",
            "standard_errors",
        ],
    );
    let mut most = 0.0_f64;
    for bin in 0..10 {
        let (mut n, mut said, mut so, mut variance) = (0, 0.0, 0.0, 0.0);
        for case in cases {
            for pair in case["few"]["kinds"].as_array().context("no kinds")? {
                let p = pair[1].as_f64().context("no probability")?;
                if ((p * 10.0) as usize).min(9) == bin {
                    n += 1;
                    said += p;
                    so += f64::from(u8::from(pair[0] == case["kind"]));
                    variance += p * (1.0 - p);
                }
            }
        }
        if n == 0 {
            continue;
        }
        let z = (so - said) / f64::sqrt(variance);
        most = most.max(z.abs());
        table.row([
            json!(bin as f64 / 10.0),
            json!(n),
            json!(said / f64::from(n)),
            json!(so / f64::from(n)),
            json!(z),
        ]);
    }
    record.table(table);
    record.check(
        format!("kinds are so as often as they are said to be, in each tenth of probability, within {DEVIATIONS} standard errors"),
        format!("{most:.2} standard errors at most"),
        most <= DEVIATIONS,
    );
    Ok(())
}

/// Every planner explains the same policy where rewards may be anything (Armstrong and Mindermann, 2018).
fn explained(record: &mut Record, found: &[Value]) -> Result<()> {
    let mut table = Table::new(
        "who else the rational expert of a gridworld may be, and what it would want beside what the first wants",
        &[
            "planner",
            "cases",
            "greatest_error",
            "relations",
            "mean_regret",
        ],
    );
    let mut names: Vec<&str> = vec![];
    for explanation in found {
        let name = explanation["planner"].as_str().context("no planner")?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let (mut most, mut n_opposite, mut n_anti) = (0.0_f64, 0, 0);
    for name in names {
        let own: Vec<&Value> = found.iter().filter(|e| e["planner"] == name).collect();
        let errors = own.iter().map(|e| e["error"].as_f64().context("no error"));
        let errors = errors.collect::<Result<Vec<f64>>>()?;
        let error = errors.into_iter().fold(0.0, f64::max);
        let regrets: Vec<f64> = own.iter().filter_map(|e| e["regret"].as_f64()).collect();
        let mut relations: Vec<&str> = own.iter().filter_map(|e| e["relation"].as_str()).collect();
        relations.sort_unstable();
        relations.dedup();
        if name == "anti-rational" {
            n_anti = own.len();
            n_opposite = own.iter().filter(|e| e["relation"] == "Opposite").count();
        }
        if name != "indifferent" {
            most = most.max(error);
        }
        table.row([
            json!(name),
            json!(own.len()),
            json!(error),
            json!(relations.join(", ")),
            json!(mean(&regrets)),
        ]);
    }
    record.table(table);
    record.check(
        "if rewards may be anything, every planner but the indifferent one explains the same policy, probabilities within 1e-9",
        format!("at most {most:.1e}"),
        most <= 1e-9,
    );
    record.check(
        "and the anti-rational one by a reward that orders all policies the other way",
        format!("{n_opposite} of {n_anti}"),
        n_opposite == n_anti && n_anti > 0,
    );
    Ok(())
}

/// The kinds in the order in which they first occur.
fn kinds<'v>(cases: &[&'v Value]) -> Vec<&'v str> {
    let mut kinds: Vec<&str> = vec![];
    for kind in cases.iter().filter_map(|case| case["kind"].as_str()) {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

fn numbers(cases: &[Value], of: impl Fn(&Value) -> &Value) -> Result<Vec<f64>> {
    let each = cases
        .iter()
        .map(|case| of(case).as_f64().context("no number"));
    each.collect()
}

fn list<'v>(of: &'v Value, name: &str) -> Result<&'v [Value]> {
    let found = of[name].as_array().filter(|list| !list.is_empty());
    Ok(found.with_context(|| format!("no list `{name}`"))?)
}
