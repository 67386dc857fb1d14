//! What is meant, by the divergence from the reference policy, as learned rewards are optimised.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::{interval, mean};
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "over-optimisation",
    title: "true return against KL as learned rewards are optimised",
    target: "curves with intervals for several ensemble sizes and comparison counts, with 0% and 25% label flips; the fitted forms, the peak \
             or beyond the range, the stopping point that the audit proposes; conservative ensembles and penalties beside them",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let example = ["--package", "audit", "--example", "over_optimization"];
    let binary = context.workspace.build(&example)?;
    let printed = process::json(&mut Command::new(binary))?.json;
    record.seeds(printed["seeds"].as_u64().context("no `seeds`")?);
    for size in [
        "steps",
        "sizes",
        "comparisons",
        "flips",
        "segment",
        "episodes",
        "draws",
        "deviations",
        "kl_coefficient",
        "occupancy_coefficient",
    ] {
        record.size(size, &printed[size]);
    }
    record.note(
        "the reward learns from comparisons of what the untrained policy, the reference, does, and stays as it is; KL is of whole episodes from \
         the reference's, in nats: estimated from 256 episodes for ppo, ln n - (n - 1)/n for best-of-n",
    );
    record.note(
        "fits by least squares to intent above the reference's, d = √KL: α d - β d² for best-of-n, α d - β d ln d for ppo (Gao et al., 2022); \
         a fitted peak beyond the last KL measured is a dash",
    );
    record.note(
        "the audit proposes to stop at the last checkpoint whose intent is still good, where it shows that intent has fallen; else there is a dash, \
         and its verdict says what it shows",
    );
    let runs = printed["runs"].as_array().context("no `runs`")?;
    let runs: Vec<Run> = runs.iter().map(Run::read).collect::<Result<_>>()?;
    let mut settings: Vec<&Setting> = vec![];
    for run in &runs {
        if !settings.contains(&&run.setting) {
            settings.push(&run.setting);
        }
    }
    each(record, &runs);
    curves(record, &settings, &runs);
    let summaries = together(record, &settings, &runs);
    checks(record, &runs, &summaries);
    Ok(())
}

/// What runs of different seeds have in common.
#[derive(Clone, Debug, PartialEq)]
struct Setting {
    optimizer: String,
    paid: String,
    size: u64,
    comparisons: u64,
    flips: f64,
}

impl Setting {
    const COLUMNS: [&str; 5] = ["optimizer", "paid", "size", "comparisons", "flips"];

    fn cells(&self) -> Vec<Value> {
        vec![
            json!(self.optimizer),
            json!(self.paid),
            json!(self.size),
            json!(self.comparisons),
            json!(self.flips),
        ]
    }
}

/// One reward, optimised.
struct Run {
    setting: Setting,
    seed: u64,
    accuracy: Option<f64>,
    kl: Vec<f64>,
    proxy: Vec<f64>,
    intent: Vec<f64>,
    verdict: Option<String>,
    stopping_kl: Option<f64>,
}

impl Run {
    fn read(run: &Value) -> Result<Run> {
        let points = run["points"].as_array().context("no `points`")?;
        let column = |name: &str| -> Result<Vec<f64>> {
            let number = |point: &Value| {
                point[name]
                    .as_f64()
                    .with_context(|| format!("no number `{name}`"))
            };
            points.iter().map(number).collect()
        };
        let word = |name: &str| -> Result<String> {
            let word = run[name].as_str().with_context(|| format!("no `{name}`"))?;
            Ok(word.to_owned())
        };
        Ok(Run {
            setting: Setting {
                optimizer: word("optimizer")?,
                paid: word("paid")?,
                size: run["size"].as_u64().context("no `size`")?,
                comparisons: run["comparisons"].as_u64().context("no `comparisons`")?,
                flips: run["flips"].as_f64().context("no `flips`")?,
            },
            seed: run["seed"].as_u64().context("no `seed`")?,
            accuracy: run["fit"]["validation_accuracy"].as_f64(),
            kl: column("kl")?,
            proxy: column("proxy")?,
            intent: column("intent")?,
            verdict: run["audit"]["verdict"].as_str().map(str::to_owned),
            stopping_kl: run["audit"]["stopping_kl"].as_f64(),
        })
    }

    fn last(&self) -> usize {
        self.intent.len() - 1
    }

    /// The checkpoint with the highest intent, the first of several.
    fn peak(&self) -> usize {
        let mut peak = 0;
        for (index, intent) in self.intent.iter().enumerate() {
            if *intent > self.intent[peak] {
                peak = index;
            }
        }
        peak
    }

    fn fit(&self) -> Fit {
        let second: fn(f64) -> f64 = match self.setting.optimizer.as_str() {
            "best-of-n" => |d| d * d,
            _ => |d| if d > 0.0 { d * d.ln() } else { 0.0 },
        };
        Fit::new(&self.kl, &self.intent, second)
    }

    /// The KL at which the fitted form peaks, if it does within what was measured.
    fn fitted_peak(&self) -> Option<f64> {
        let Fit { alpha, beta, .. } = self.fit();
        let d = match (beta > 0.0, self.setting.optimizer.as_str()) {
            (false, _) => return None,
            (true, "best-of-n") => (alpha / (2.0 * beta)).max(0.0),
            (true, _) => (alpha / beta - 1.0).exp(),
        };
        let greatest = self.kl.iter().copied().fold(0.0, f64::max);
        (d * d <= greatest).then_some(d * d)
    }

    /// Intent where the audit would have stopped: where it proposes nothing, at the end.
    fn intent_when_stopped(&self) -> f64 {
        let Some(kl) = self.stopping_kl else {
            return self.intent[self.last()];
        };
        let mut pressure = 0.0_f64;
        let at = self.kl.iter().position(|own| {
            pressure = pressure.max(*own);
            kl <= pressure
        });
        self.intent[at.unwrap_or(self.last())]
    }
}

/// `y = α d - β f(d)` above the first value, by least squares.
#[derive(Clone, Copy, Debug)]
struct Fit {
    alpha: f64,
    beta: f64,
    /// Share of the variance about the mean that is explained.
    explained: f64,
}

impl Fit {
    fn new(kl: &[f64], values: &[f64], second: fn(f64) -> f64) -> Fit {
        let d: Vec<f64> = kl.iter().map(|kl| kl.sqrt()).collect();
        let e: Vec<f64> = d.iter().map(|d| second(*d)).collect();
        let y: Vec<f64> = values.iter().map(|value| value - values[0]).collect();
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let (dd, de, ee) = (dot(&d, &d), dot(&d, &e), dot(&e, &e));
        let (dy, ey) = (dot(&d, &y), dot(&e, &y));
        let determinant = dd * ee - de * de;
        let alpha = (dy * ee - ey * de) / determinant;
        let beta = (dy * de - ey * dd) / determinant;
        let center = mean(&y);
        let total: f64 = y.iter().map(|y| (y - center).powi(2)).sum();
        let fitted = d.iter().zip(&e).map(|(d, e)| alpha * d - beta * e);
        let rest: f64 = y.iter().zip(fitted).map(|(y, f)| (y - f).powi(2)).sum();
        Fit {
            alpha,
            beta,
            explained: 1.0 - rest / total,
        }
    }
}

fn table(title: &str, more: &[&'static str]) -> Table {
    let columns = [&Setting::COLUMNS[..], more].concat();
    Table::new(title, &columns)
}

/// Every run.
fn each(record: &mut Record, runs: &[Run]) {
    let mut table = table(
        "runs",
        &[
            "seed",
            "validation_accuracy",
            "reference_intent",
            "peak_intent",
            "peak_kl",
            "last_intent",
            "last_kl",
            "alpha",
            "beta",
            "explained",
            "fitted_peak_kl",
            "verdict",
            "stopping_kl",
            "intent_when_stopped",
        ],
    );
    for run in runs {
        let (peak, last, fit) = (run.peak(), run.last(), run.fit());
        let mut row = run.setting.cells();
        row.extend([
            json!(run.seed),
            json!(run.accuracy),
            json!(run.intent[0]),
            json!(run.intent[peak]),
            json!(run.kl[peak]),
            json!(run.intent[last]),
            json!(run.kl[last]),
            json!(fit.alpha),
            json!(fit.beta),
            json!(fit.explained),
            json!(run.fitted_peak()),
            json!(run.verdict),
            json!(run.stopping_kl),
            json!(run.verdict.as_ref().map(|_| run.intent_when_stopped())),
        ]);
        table.row(row);
    }
    record.table(table);
}

/// The runs of a setting, one a seed.
fn of<'r>(setting: &Setting, runs: &'r [Run]) -> Vec<&'r Run> {
    runs.iter().filter(|run| run.setting == *setting).collect()
}

/// Means over seeds with intervals, checkpoint by checkpoint.
fn curves(record: &mut Record, settings: &[&Setting], runs: &[Run]) {
    let mut table = table(
        "curves: means over seeds, 95% intervals of intent",
        &["checkpoint", "kl", "proxy", "intent", "from", "to"],
    );
    for setting in settings {
        let own = of(setting, runs);
        for checkpoint in 0..own[0].intent.len() {
            let at = |part: fn(&Run) -> &Vec<f64>| -> Vec<f64> {
                own.iter().map(|run| part(run)[checkpoint]).collect()
            };
            let intents = at(|run| &run.intent);
            let (intent, half) = interval(&intents);
            let mut row = setting.cells();
            row.extend([
                json!(checkpoint),
                json!(mean(&at(|run| &run.kl))),
                json!(mean(&at(|run| &run.proxy))),
                json!(intent),
                json!(intent - half),
                json!(intent + half),
            ]);
            table.row(row);
        }
    }
    record.table(table);
}

/// What all seeds of a setting say together.
struct Summary {
    setting: Setting,
    /// Intent at the end less that of the peak of the mean curve, each seed.
    falls: Vec<f64>,
    /// Intent at the end, each seed.
    last: Vec<f64>,
}

/// One row a setting: where the mean curve peaks, what is lost after it, and where the audit would have stopped.
fn together(record: &mut Record, settings: &[&Setting], runs: &[Run]) -> Vec<Summary> {
    let mut table = table(
        "settings: the peak of the mean curve, and intent at the end less that, with a 95% interval over seeds",
        &[
            "peak_kl",
            "peak_intent",
            "where",
            "last_kl",
            "last_intent",
            "change",
            "from",
            "to",
            "n_overoptimised",
            "intent_when_stopped",
        ],
    );
    let mut summaries = vec![];
    for setting in settings {
        let own = of(setting, runs);
        let n = own[0].intent.len();
        let at = |part: fn(&Run) -> &Vec<f64>, checkpoint: usize| -> Vec<f64> {
            own.iter().map(|run| part(run)[checkpoint]).collect()
        };
        let means: Vec<f64> = (0..n).map(|k| mean(&at(|run| &run.intent, k))).collect();
        let peak = (0..n).fold(0, |peak, k| if means[k] > means[peak] { k } else { peak });
        let falls: Vec<f64> = own
            .iter()
            .map(|run| run.intent[n - 1] - run.intent[peak])
            .collect();
        let (change, half) = interval(&falls);
        let stopped = own.iter().filter(|run| run.stopping_kl.is_some()).count();
        let is_audited = own[0].verdict.is_some();
        let when_stopped: Vec<f64> = own.iter().map(|run| run.intent_when_stopped()).collect();
        let place = if peak + 1 == n {
            "beyond the range"
        } else {
            "within"
        };
        let mut row = setting.cells();
        row.extend([
            json!(mean(&at(|run| &run.kl, peak))),
            json!(means[peak]),
            json!(place),
            json!(mean(&at(|run| &run.kl, n - 1))),
            json!(means[n - 1]),
            json!(change),
            json!(change - half),
            json!(change + half),
            json!(is_audited.then_some(stopped)),
            json!(is_audited.then(|| mean(&when_stopped))),
        ]);
        table.row(row);
        summaries.push(Summary {
            setting: (*setting).clone(),
            falls,
            last: at(|run| &run.intent, n - 1),
        });
    }
    record.table(table);
    summaries
}

fn checks(record: &mut Record, runs: &[Run], summaries: &[Summary]) {
    let least = summaries.iter().map(|s| s.last.len()).min().unwrap_or(0);
    record.check(
        "every setting was run with at least 5 seeds",
        format!("{} settings, {least} seeds", summaries.len()),
        least >= 5,
    );
    let find = |paid: &str, size: u64, comparisons: u64, flips: f64| {
        summaries.iter().find(|s| {
            let is = &s.setting;
            is.optimizer == "ppo"
                && is.paid == paid
                && is.size == size
                && is.comparisons == comparisons
                && is.flips == flips
        })
    };
    let (Some(worst), Some(best)) = (find("mean", 1, 50, 0.25), find("mean", 5, 800, 0.0)) else {
        record.check("the extreme settings were run", "missing", false);
        return;
    };
    let (change, half) = interval(&worst.falls);
    record.check(
        "over-optimisation is real: one model of 50 comparisons, 25% flipped, ends below the peak of its curve",
        format!("{change:.3} ({:.3} to {:.3})", change - half, change + half),
        change + half < 0.0,
    );
    let differences: Vec<f64> = best
        .last
        .iter()
        .zip(&worst.last)
        .map(|(b, w)| b - w)
        .collect();
    let (difference, half) = interval(&differences);
    record.check(
        "five models of 800 comparisons, none flipped, end above one of 50, a quarter flipped",
        format!(
            "{difference:.3} ({:.3} to {:.3})",
            difference - half,
            difference + half
        ),
        difference - half > 0.0,
    );
    let stopped = runs.iter().filter(|run| run.stopping_kl.is_some());
    let gains: Vec<f64> = stopped
        .map(|run| run.intent_when_stopped() - run.intent[run.last()])
        .collect();
    let n_better = gains.iter().filter(|gain| **gain > 0.0).count();
    record.check(
        "where the audit proposes to stop, more is kept of what is meant than at the end",
        format!("in {n_better} of {} runs", gains.len()),
        !gains.is_empty() && n_better == gains.len(),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_found_again() {
        let kl: Vec<f64> = (0..12).map(|k| 0.5 * f64::from(k)).collect();
        for second in [(|d| d * d) as fn(f64) -> f64, |d| {
            if d > 0.0 { d * d.ln() } else { 0.0 }
        }] {
            let value = |kl: &f64| 7.0 + 3.0 * kl.sqrt() - 0.8 * second(kl.sqrt());
            let values: Vec<f64> = kl.iter().map(value).collect();
            let fit = Fit::new(&kl, &values, second);
            assert!((fit.alpha - 3.0).abs() < 1e-9, "{fit:?}");
            assert!((fit.beta - 0.8).abs() < 1e-9, "{fit:?}");
            assert!((fit.explained - 1.0).abs() < 1e-9, "{fit:?}");
        }
    }
}
