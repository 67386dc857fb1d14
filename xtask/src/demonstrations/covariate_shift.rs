//! How the error of a cloned driver grows with the horizon, beside that of one trained by DAgger.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::{mean, student_quantile};
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "covariate-shift",
    title: "the errors of cloning and of DAgger by horizon",
    target: "in `driving` cloned error grows with the horizon faster than DAgger's, with as many labels of the same expert",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let example = ["--package", "imitation", "--example", "covariate_shift"];
    let binary = context.workspace.build(&example)?;
    let printed = process::json(&mut Command::new(binary))?.json;
    for size in ["labels", "episodes", "steps", "horizons"] {
        record.size(size, &printed[size]);
    }
    record.note(
        "the error of a step is the share of the two choices, wheel and gear, in which learner and expert differ; up to a horizon errors \
         are summed, and exponents are fitted to their logarithms; intent lost is what the expert makes from the same beginnings less \
         what the learner makes; both play greedily",
    );
    let horizons: Vec<u64> = serde_json::from_value(printed["horizons"].clone())?;
    let runs = printed["runs"].as_array().context("no `runs`")?;
    let of = |method: &str| -> Result<Vec<Run>> {
        let runs = runs.iter().filter(|run| run["method"] == method);
        runs.map(Run::read).collect()
    };
    let (cloned, dagger) = (of("bc")?, of("dagger")?);
    record.seeds(cloned.len() as u64);
    each(record, &horizons, &[("bc", &cloned), ("dagger", &dagger)]);
    together(record, &horizons, &[("bc", &cloned), ("dagger", &dagger)]);
    curves(record, &printed)?;
    checks(record, &horizons, &cloned, &dagger);
    Ok(())
}

/// One training and its errors, by horizon.
struct Run {
    seed: u64,
    labels: u64,
    seconds: f64,
    own: Vec<f64>,
    on_expert: Vec<f64>,
    lost: Vec<f64>,
}

impl Run {
    fn read(run: &Value) -> Result<Run> {
        let numbers = |along: &str, what: &str| -> Result<Vec<f64>> {
            let points = run[along].as_array().context("no list of horizons")?;
            let number = |point: &Value| {
                point[what]
                    .as_f64()
                    .with_context(|| format!("no number `{what}`"))
            };
            points.iter().map(number).collect()
        };
        let (own, expert) = (numbers("own", "intent")?, numbers("expert", "intent")?);
        Ok(Run {
            seed: run["seed"].as_u64().context("no `seed`")?,
            labels: run["labels"].as_u64().context("no `labels`")?,
            seconds: run["seconds"].as_f64().context("no `seconds`")?,
            own: numbers("own", "error")?,
            on_expert: numbers("expert", "error")?,
            lost: expert.iter().zip(&own).map(|(e, o)| e - o).collect(),
        })
    }
}

/// Every number of every run, and the exponents.
fn each(record: &mut Record, horizons: &[u64], methods: &[(&str, &[Run])]) {
    const RUNS: [&str; 7] = [
        "method",
        "seed",
        "labels",
        "seconds",
        "exponent_own",
        "exponent_on_expert",
        "exponent_lost",
    ];
    const ERRORS: [&str; 6] = [
        "method",
        "seed",
        "horizon",
        "error_own",
        "error_on_expert",
        "intent_lost",
    ];
    let mut trained = Table::new("trainings, and how their errors grow", &RUNS);
    let mut errors = Table::new("errors up to a horizon, means over episodes", &ERRORS);
    for (method, runs) in methods {
        for run in *runs {
            trained.row([
                json!(method),
                json!(run.seed),
                json!(run.labels),
                json!(run.seconds),
                json!(exponent(horizons, &run.own)),
                json!(exponent(horizons, &run.on_expert)),
                json!(exponent(horizons, &run.lost)),
            ]);
            for (index, horizon) in horizons.iter().enumerate() {
                errors.row([
                    json!(method),
                    json!(run.seed),
                    json!(horizon),
                    json!(run.own[index]),
                    json!(run.on_expert[index]),
                    json!(run.lost[index]),
                ]);
            }
        }
    }
    record.table(trained);
    record.table(errors);
}

/// Means over seeds, with intervals.
fn together(record: &mut Record, horizons: &[u64], methods: &[(&str, &[Run])]) {
    const COLUMNS: [&str; 8] = [
        "method",
        "horizon",
        "error",
        "from",
        "to",
        "intent_lost",
        "lost_from",
        "lost_to",
    ];
    let mut table = Table::new("means over seeds with 95% intervals", &COLUMNS);
    for (method, runs) in methods {
        for (index, horizon) in horizons.iter().enumerate() {
            let at = |of: fn(&Run) -> &Vec<f64>| -> Vec<f64> {
                runs.iter().map(|run| of(run)[index]).collect()
            };
            let (error, half) = interval(&at(|run| &run.own));
            let (lost, lost_half) = interval(&at(|run| &run.lost));
            let numbers = [
                error,
                error - half,
                error + half,
                lost,
                lost - lost_half,
                lost + lost_half,
            ];
            let mut row = vec![json!(method), json!(horizon)];
            row.extend(numbers.map(|number| json!(number)));
            table.row(row);
        }
    }
    record.table(table);
}

/// The curve by the step of the episode, mean over seeds.
fn curves(record: &mut Record, printed: &Value) -> Result<()> {
    const COLUMNS: [&str; 5] = ["step", "bc_own", "bc_expert", "dagger_own", "dagger_expert"];
    let runs = printed["runs"].as_array().context("no `runs`")?;
    let step = printed["curve_step"].as_u64().context("no `curve_step`")?;
    let curve = |method: &str, name: &str| -> Result<Vec<f64>> {
        let runs: Vec<&Value> = runs.iter().filter(|run| run["method"] == method).collect();
        let n_points = runs[0][name].as_array().context("no curve")?.len();
        let at = |point: usize| -> Result<f64> {
            let errors = runs
                .iter()
                .map(|run| run[name][point]["error"].as_f64().context("no error"));
            Ok(mean(&errors.collect::<Result<Vec<f64>>>()?))
        };
        (0..n_points).map(at).collect()
    };
    let parts = [
        curve("bc", "curve")?,
        curve("bc", "expert_curve")?,
        curve("dagger", "curve")?,
        curve("dagger", "expert_curve")?,
    ];
    let mut table = Table::new("error of a step, by the step of the episode", &COLUMNS);
    for point in 0..parts[0].len() {
        let mut row = vec![json!(point as u64 * step)];
        row.extend(parts.iter().map(|part| json!(part[point])));
        table.row(row);
    }
    record.table(table);
    Ok(())
}

fn checks(record: &mut Record, horizons: &[u64], cloned: &[Run], dagger: &[Run]) {
    let pairs: Vec<(&Run, &Run)> = cloned.iter().zip(dagger).collect();
    record.check(
        "every seed gives both methods as many labels",
        format!("{} seeds", pairs.len()),
        pairs.len() >= 5
            && pairs
                .iter()
                .all(|(bc, dagger)| bc.seed == dagger.seed && bc.labels == dagger.labels),
    );
    for (what, of) in [
        (
            "errors along the learner's own trajectories",
            (|run| &run.own) as fn(&Run) -> &Vec<f64>,
        ),
        ("intent lost", |run| &run.lost),
    ] {
        let exponents = |runs: &[Run]| -> Vec<f64> {
            runs.iter()
                .map(|run| exponent(horizons, of(run)).unwrap_or(f64::NAN))
                .collect()
        };
        let (of_cloned, of_dagger) = (exponents(cloned), exponents(dagger));
        let differences: Vec<f64> = of_cloned
            .iter()
            .zip(&of_dagger)
            .map(|(a, b)| a - b)
            .collect();
        let (difference, half) = interval(&differences);
        record.check(
            format!("{what} grow faster with the horizon by cloning: exponents, 95% interval of the paired difference"),
            format!(
                "{:.3} and {:.3}: {difference:.3} ({:.3} to {:.3})",
                mean(&of_cloned),
                mean(&of_dagger),
                difference - half,
                difference + half
            ),
            difference - half > 0.0,
        );
        let last = horizons.len() - 1;
        let n_worse = pairs
            .iter()
            .filter(|(bc, dagger)| of(bc)[last] > of(dagger)[last])
            .count();
        record.check(
            format!(
                "{what} are more by cloning up to {} steps, in every seed",
                horizons[last]
            ),
            format!("{n_worse} of {}", pairs.len()),
            n_worse == pairs.len(),
        );
    }
}

/// The exponent b of `error = a T^b` by least squares on logarithms, of those errors that are above 0.
fn exponent(horizons: &[u64], errors: &[f64]) -> Option<f64> {
    let logarithms: Vec<(f64, f64)> = horizons
        .iter()
        .zip(errors)
        .filter(|(_, error)| **error > 0.0)
        .map(|(horizon, error)| ((*horizon as f64).ln(), error.ln()))
        .collect();
    if logarithms.len() < 2 {
        return None;
    }
    let column = |of: fn(&(f64, f64)) -> f64| mean(&logarithms.iter().map(of).collect::<Vec<_>>());
    let (x_mean, y_mean) = (column(|pair| pair.0), column(|pair| pair.1));
    let (mut products, mut squares) = (0.0, 0.0);
    for (x, y) in &logarithms {
        products += (x - x_mean) * (y - y_mean);
        squares += (x - x_mean).powi(2);
    }
    Some(products / squares)
}

/// The mean, and half the width of its 95% interval by Student's distribution.
fn interval(sample: &[f64]) -> (f64, f64) {
    let (n, center) = (sample.len() as f64, mean(sample));
    let variance = sample.iter().map(|x| (x - center).powi(2)).sum::<f64>() / (n - 1.0);
    (
        center,
        student_quantile(0.975, n - 1.0) * (variance / n).sqrt(),
    )
}
