//! Disagreement, information gain and chance as ways to choose questions.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::interval;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "active-queries",
    title: "questions chosen by disagreement, by information gain and at random",
    target: "beside each other at 100, 300 and 900 comparisons, 5 seeds, whichever way it comes out",
    measure,
};

const CHOICES: [&str; 3] = ["random", "disagreement", "information-gain"];

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let example = ["--package", "preferences", "--example", "active_queries"];
    let binary = context.workspace.build(&example)?;
    let printed = process::json(&mut Command::new(binary))?.json;
    record.seeds(printed["seeds"].as_u64().context("no `seeds`")?);
    for size in [
        "comparisons",
        "episodes",
        "oversampling",
        "mistakes",
        "steps",
    ] {
        record.size(size, &printed[size]);
    }
    record.note(
        "intent is the mean return of 100 episodes of the trained policy, actions drawn; everything but the choice is the default preset, and \
         seeds share their networks, environments and annotators",
    );
    let runs = printed["runs"].as_array().context("no `runs`")?;
    each(record, runs);
    let counts: Vec<u64> = serde_json::from_value(printed["comparisons"].clone())?;
    let steps = printed["steps"].as_array().context("no `steps`")?;
    let tasks: Vec<&str> = steps.iter().filter_map(|pair| pair[0].as_str()).collect();
    let mut means = Table::new(
        "intent: means over seeds with 95% intervals",
        &["task", "comparisons", "choice", "intent", "from", "to"],
    );
    let mut differences = Table::new(
        "intent above that of random questions, seed by seed, with 95% intervals",
        &[
            "task",
            "comparisons",
            "choice",
            "difference",
            "from",
            "to",
            "better_seeds",
        ],
    );
    for task in &tasks {
        for count in &counts {
            let random = intents(runs, task, *count, CHOICES[0])?;
            for choice in CHOICES {
                let own = intents(runs, task, *count, choice)?;
                let (mean, half) = interval(&own);
                let place = [json!(task), json!(count), json!(choice)];
                let numbers = [mean, mean - half, mean + half].map(|number| json!(number));
                means.row(place.iter().cloned().chain(numbers));
                if choice == CHOICES[0] {
                    continue;
                }
                let above: Vec<f64> = own.iter().zip(&random).map(|(o, r)| o - r).collect();
                let (mean, half) = interval(&above);
                let n_better = above.iter().filter(|above| **above > 0.0).count();
                let numbers = [mean, mean - half, mean + half].map(|number| json!(number));
                let row = place.into_iter().chain(numbers).chain([json!(n_better)]);
                differences.row(row);
            }
        }
    }
    record.table(means);
    record.table(differences);
    checks(record, runs, &tasks, &counts)
}

fn each(record: &mut Record, runs: &[Value]) {
    const COLUMNS: [&str; 9] = [
        "task",
        "comparisons",
        "choice",
        "seed",
        "asked",
        "untrained",
        "intent",
        "validation_accuracy",
        "seconds",
    ];
    let mut table = Table::new("trainings", &COLUMNS);
    for run in runs {
        table.row(COLUMNS.map(|column| run[column].clone()));
    }
    record.table(table);
}

fn of<'r>(
    runs: &'r [Value],
    task: &str,
    count: u64,
    choice: &str,
) -> impl Iterator<Item = &'r Value> {
    runs.iter().filter(move |run| {
        run["task"] == task && run["comparisons"] == count && run["choice"] == choice
    })
}

fn intents(runs: &[Value], task: &str, count: u64, choice: &str) -> Result<Vec<f64>> {
    let of = of(runs, task, count, choice);
    of.map(|run| run["intent"].as_f64().context("no number `intent`"))
        .collect()
}

fn checks(record: &mut Record, runs: &[Value], tasks: &[&str], counts: &[u64]) -> Result<()> {
    let n_whole = runs
        .iter()
        .filter(|run| run["asked"] == run["comparisons"])
        .count();
    record.check(
        "every training asks as many questions as it should",
        format!("{n_whole} of {}", runs.len()),
        n_whole == runs.len(),
    );
    let mut least = usize::MAX;
    for task in tasks {
        for count in counts {
            for choice in CHOICES {
                least = least.min(of(runs, task, *count, choice).count());
            }
        }
    }
    record.check(
        "every choice was tried at every number with at least 5 seeds",
        format!("{least}"),
        least >= 5,
    );
    let most = *counts.last().context("no counts")?;
    for task in tasks {
        for choice in CHOICES {
            let gains: Vec<f64> = of(runs, task, most, choice)
                .filter_map(|run| Some(run["intent"].as_f64()? - run["untrained"].as_f64()?))
                .collect();
            let (gain, half) = interval(&gains);
            record.check(
                format!("{task}, {choice}: {most} comparisons teach something, intent above the untrained policy's"),
                format!("{gain:.1} ({:.1} to {:.1})", gain - half, gain + half),
                gain - half > 0.0,
            );
        }
    }
    Ok(())
}
