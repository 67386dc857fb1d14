//! Cooperative IRL, exact and point-based, and teaching.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::{mean, student_quantile};
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "cirl",
    title: "cooperative IRL, exact and point-based, and teaching",
    target: "exact (with the modified Bellman update of Malik et al.) and point-based values agree within 1%; teaching beats demonstrating \
             as an expert in the robot's regret on the paper's gridworld, 3 and 10 features, paired over 500 drawn preferences, interval \
             excluding 0",
    measure,
};

const AGREE: f64 = 0.01;

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "imitation", "--example", "cirl"])?;
    let printed = process::json(&mut Command::new(binary))?.json;
    for size in ["games", "game_horizon", "steps", "etas", "precision"] {
        record.size(size, &printed[size]);
    }
    agreement(record, list(&printed, "agreement")?)?;
    record.note(
        "teaching: the best response to the robot among the expert's demonstration and the paper's approximate best responses with the \
         weights `etas`; beside it the approximate one with weight 1 alone",
    );
    for kind in list(&printed, "teaching")? {
        let features = kind["features"].as_u64().context("no `features`")?;
        let draws = list(kind, "draws")?;
        record.seeds(draws.len() as u64);
        teaching(record, features, draws)?;
    }
    Ok(())
}

fn agreement(record: &mut Record, games: &[Value]) -> Result<()> {
    const COLUMNS: [&str; 8] = [
        "preferences",
        "chance",
        "seed",
        "exact",
        "by_points",
        "exact_plans",
        "point_plans",
        "greatest_difference",
    ];
    let mut table = Table::new("values of random games under the prior", &COLUMNS);
    for game in games {
        table.row(COLUMNS.map(|column| game[column].clone()));
    }
    record.table(table);
    let apart = numbers(games, "greatest_difference")?;
    let most = apart.iter().copied().fold(0.0, f64::max);
    record.check(
        "exact and point-based values agree within 1% in every state of every game",
        format!("at most {:.3}% in {} games", 100.0 * most, apart.len()),
        most <= AGREE,
    );
    Ok(())
}

fn teaching(record: &mut Record, features: u64, draws: &[Value]) -> Result<()> {
    const COLUMNS: [&str; 6] = [
        "seed",
        "expert_regret",
        "teacher_regret",
        "one_weight_regret",
        "expert_squared_error",
        "teacher_squared_error",
    ];
    let mut table = Table::new(format!("{features} features"), &COLUMNS);
    for draw in draws {
        table.row(COLUMNS.map(|column| draw[column].clone()));
    }
    record.table(table);
    let means = COLUMNS[1..]
        .iter()
        .map(|column| Ok(format!("{column} {:.4}", mean(&numbers(draws, column)?))))
        .collect::<Result<Vec<String>>>()?;
    record.note(format!("{features} features, means: {}", means.join(", ")));
    let (expert, teacher) = (
        numbers(draws, "expert_regret")?,
        numbers(draws, "teacher_regret")?,
    );
    let gains: Vec<f64> = expert.iter().zip(&teacher).map(|(e, t)| e - t).collect();
    let (gain, half) = interval(&gains);
    record.check(
        format!("{features} features: the robot's regret is less after teaching, 95% interval of the paired difference"),
        format!("{gain:.4} ({:.4} to {:.4}) over {} preferences", gain - half, gain + half, gains.len()),
        gain > half && gains.len() == 500,
    );
    Ok(())
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

fn numbers(rows: &[Value], column: &str) -> Result<Vec<f64>> {
    let each = rows.iter().map(|row| {
        row[column]
            .as_f64()
            .with_context(|| format!("no number `{column}`"))
    });
    each.collect()
}

fn list<'v>(of: &'v Value, name: &str) -> Result<&'v [Value]> {
    let found = of[name].as_array().filter(|list| !list.is_empty());
    Ok(found.with_context(|| format!("no list `{name}`"))?)
}
