//! Goal inference on the published problems, from experts who plan in another way than is assumed of them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "goal-inference",
    title: "goal inference on the published problems, from experts of another planner",
    target: "the paper's problems rebuilt (Taxi 3 goals, doors-keys-gems 3, block words 5), 100 traces a domain, experts from a planner \
             other than the inferring one, matched and mismatched: top-1 in the third quarter at least 0.92, 0.74 and 0.91 (the better \
             of SIPS and Bayesian IRL there); earlier quarters beside our own exact Bayesian IRL; time per observation",
    measure,
};

/// Domains, the paper's figure, and the method that is held against it: the one that set it there.
const FIGURES: [(&str, f64, &str); 3] = [
    ("taxi", 0.92, "discounted"),
    ("doors-keys-gems", 0.74, "thorough"),
    ("block-words", 0.91, "thorough"),
];
const CONDITIONS: [&str; 2] = ["matched", "mismatched"];
/// Methods as the example names them, and in words.
const METHODS: [(&str, &str); 4] = [
    ("thorough", "SIPS, thorough"),
    ("published", "SIPS, published settings"),
    ("exact", "exact Bayesian IRL, by steps"),
    ("discounted", "exact Bayesian IRL, published discount"),
];
/// The place of the third quarter among the four.
const THIRD: usize = 2;
const N_TRACES: usize = 100;
/// Traces that are drawn and seen once more on one thread.
const N_REPEATED: usize = 12;

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary =
        context
            .workspace
            .build(&["--package", "imitation", "--example", "goal_inference"])?;
    let printed = run(&binary, 2, N_TRACES)?;
    record.seeds(N_TRACES as u64);
    for size in ["threads", "traces"] {
        record.size(size, &printed[size]);
    }
    for name in ["conditions", "filter"] {
        for line in list(&printed, name)? {
            record.note(line.as_str().context("no text")?);
        }
    }
    record.note(
        "a third of the traces are of experts on shortest ways, ties drawn evenly, the rest of real-time planners (LSS-LRTA*); a quarter \
         is the first observation at which as many quarters of the steps are taken",
    );
    record.note(
        "on top, as the paper counts: no goal is more probable, so that a tie is right; beside it with each tie counted by its share",
    );
    record.note(
        "the figures count ties as right, as the paper's programs do; held against a figure is the method that set it: Bayesian IRL with discount 0.9 and inverse temperature 1 in Taxi, SIPS elsewhere; \
         both baselines of the paper approach by sampled backups the action values that are exact here",
    );
    record.note(
        "in Taxi shortest ways to two stands are often the same beyond the third quarter: no method can do better there than a tie",
    );
    problems(record, list(&printed, "problems")?);
    let traces = list(&printed, "traces_seen")?;
    let mut summary = Table::new(
        "by quarter: on top, on top with ties shared, mean probability of the true goal",
        &SUMMARY,
    );
    for (domain, figure, held) in FIGURES {
        for condition in CONDITIONS {
            let seen: Vec<&Value> = traces
                .iter()
                .filter(|trace| trace["domain"] == domain && trace["condition"] == condition)
                .collect();
            record.table(raw(
                format!(
                    "{domain}, {condition}: probability of the true goal at each quarter, * on top"
                ),
                &seen,
            )?);
            for (method, words) in METHODS {
                summary.row(summarised(&[domain, condition, words], &seen, method)?);
            }
            let on_top = count_on_top(&seen, held, THIRD)?;
            let (low, high) = wilson(on_top, seen.len());
            let words = METHODS.iter().find(|(method, _)| *method == held);
            record.check(
                format!("{domain}, {condition}: the true goal is on top in the third quarter in at least {figure} of {N_TRACES} traces"),
                format!(
                    "{:.2} ({low:.2} to {high:.2}) by {}",
                    on_top as f64 / seen.len() as f64,
                    words.context("a method")?.1
                ),
                seen.len() == N_TRACES && figure * seen.len() as f64 <= on_top as f64 + 1e-9,
            );
            let shared = shared_on_top(&seen, held, THIRD)?;
            record.check(
                format!("{domain}, {condition}: with each tie counted by its share it is on top in more than half, which an answer that knows nothing is not"),
                format!("{shared:.2}"),
                0.5 < shared,
            );
        }
    }
    record.table(summary);
    let repeated = run(&binary, 1, N_REPEATED)?;
    let (few, same) = compare(traces, list(&repeated, "traces_seen")?);
    record.check(
        "one thread gives the same bits as two",
        format!("{same} of {few} traces are the same"),
        few > 0 && same == few,
    );
    Ok(())
}

fn run(binary: &Path, n_threads: usize, n_traces: usize) -> Result<Value> {
    let mut command = Command::new(binary);
    command.args([n_threads.to_string(), n_traces.to_string()]);
    Ok(process::json(&mut command)?.json)
}

fn problems(record: &mut Record, problems: &[Value]) {
    const COLUMNS: [&str; 5] = [
        "domain",
        "problem",
        "states",
        "shortest",
        "exact_setup_seconds",
    ];
    let mut table = Table::new(
        "problems: states that can be reached, steps to each goal",
        &COLUMNS,
    );
    for problem in problems {
        table.row(COLUMNS.map(|column| problem[column].clone()));
    }
    record.table(table);
}

/// All traces with the probability of the true goal at each quarter.
fn raw(title: String, seen: &[&Value]) -> Result<Table> {
    const COLUMNS: [&str; 10] = [
        "trace",
        "problem",
        "goal",
        "expert",
        "steps",
        "end",
        "thorough",
        "published",
        "exact",
        "discounted",
    ];
    let mut table = Table::new(title, &COLUMNS);
    for trace in seen {
        let mut row: Vec<Value> = COLUMNS[..6]
            .iter()
            .map(|column| trace[*column].clone())
            .collect();
        for method in &COLUMNS[6..] {
            let probabilities = numbers(&trace[*method]["probability"])?;
            let top = numbers(&trace[*method]["top"])?;
            let cells = probabilities.iter().zip(top).map(|(probability, top)| {
                let mark = if top > 0.0 { "*" } else { "" };
                format!("{probability:.3}{mark}")
            });
            row.push(json!(cells.collect::<Vec<_>>().join(" ")));
        }
        table.row(row);
    }
    Ok(table)
}

const SUMMARY: [&str; 7] = [
    "domain",
    "condition",
    "method",
    "on_top",
    "ties_shared",
    "probability",
    "milliseconds_per_observation",
];

fn summarised(names: &[&str; 3], seen: &[&Value], method: &str) -> Result<Vec<Value>> {
    let n = seen.len() as f64;
    let mut cells: Vec<Value> = names.iter().map(|name| json!(name)).collect();
    let (mut on_top, mut shared, mut probability) = (vec![], vec![], vec![]);
    for quarter in 0..4 {
        on_top.push(count_on_top(seen, method, quarter)? as f64 / n);
        let mean = |name: &str| -> Result<f64> {
            let each = seen
                .iter()
                .map(|trace| Ok(numbers(&trace[method][name])?[quarter]));
            Ok(each.sum::<Result<f64>>()? / n)
        };
        shared.push(mean("top")?);
        probability.push(mean("probability")?);
    }
    for quarters in [on_top, shared, probability] {
        let each: Vec<String> = quarters.iter().map(|value| format!("{value:.2}")).collect();
        cells.push(json!(each.join(" ")));
    }
    let seconds = seen.iter().map(|trace| {
        let seconds = trace[method]["seconds_per_observation"].as_f64();
        seconds.context("no `seconds_per_observation`")
    });
    let milliseconds = 1e3 * seconds.sum::<Result<f64>>()? / n;
    cells.push(json!(format!("{milliseconds:.4}")));
    Ok(cells)
}

/// Share of traces in which the true goal is on top at a quarter, each tie counted by its share.
fn shared_on_top(seen: &[&Value], method: &str, quarter: usize) -> Result<f64> {
    let mut sum = 0.0;
    for trace in seen {
        sum += numbers(&trace[method]["top"])?[quarter];
    }
    Ok(sum / seen.len() as f64)
}

/// How often no goal was more probable than the true one.
fn count_on_top(seen: &[&Value], method: &str, quarter: usize) -> Result<usize> {
    let mut count = 0;
    for trace in seen {
        count += usize::from(numbers(&trace[method]["top"])?[quarter] > 0.0);
    }
    Ok(count)
}

/// Wilson's 95% interval of a share.
fn wilson(successes: usize, trials: usize) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    let n = trials as f64;
    let share = successes as f64 / n;
    let scale = 1.0 + Z * Z / n;
    let center = (share + Z * Z / (2.0 * n)) / scale;
    let half = Z / scale * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    (center - half, center + half)
}

/// How many traces of a smaller run there are, and how many of them are the same in the larger one, times aside.
fn compare(all: &[Value], few: &[Value]) -> (usize, usize) {
    let without_times = |trace: &Value| {
        let mut trace = trace.clone();
        for (method, _) in METHODS {
            trace[method]["seconds_per_observation"] = Value::Null;
        }
        trace
    };
    let all: Vec<Value> = all.iter().map(without_times).collect();
    let same = few
        .iter()
        .filter(|trace| all.contains(&without_times(trace)));
    (few.len(), same.count())
}

/// The numbers of a list of four.
fn numbers(list: &Value) -> Result<Vec<f64>> {
    let list = list.as_array().context("no list of quarters")?;
    ensure!(list.len() == 4, "{} quarters, not 4", list.len());
    list.iter()
        .map(|value| value.as_f64().context("no number"))
        .collect()
}

fn list<'v>(of: &'v Value, name: &str) -> Result<&'v [Value]> {
    let found = of[name].as_array().filter(|list| !list.is_empty());
    Ok(found.with_context(|| format!("no list `{name}`"))?)
}
