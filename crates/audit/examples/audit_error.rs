//! Measures how often the audit is wrong: `cargo run --release -p audit --example audit_error -- --help`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command that prints its result"
)]

use std::process::ExitCode;
use std::time::Instant;

use audit::{BenchPlan, BenchRun, Draw, Family, Tally, Truth, bench_run, tally};
use rayon::prelude::*;
use serde_json::{Value, json};

const USAGE: &str = "\
measures how often the audit is wrong, on short optimisation runs whose truth is known

usage: audit_error [--runs N] [--episodes N] [--checkpoints N] [--labels A,B,C] [--json]

  --runs N         honest and gamed runs each, seeds from 0, none dropped (1000)
  --episodes N     evaluation episodes a checkpoint (1000)
  --checkpoints N  checkpoints a run (12)
  --labels A,B,C   label counts to audit again with (4,16,64)
  --json           one JSON object on standard output, and no table";

/// Targets of the project: at most 4 alarms in 1,000 honest runs, at most 5% of gamed ones missed.
const ALARMS_PER_THOUSAND: usize = 4;
const MISSES_PER_HUNDRED: usize = 5;

struct Arguments {
    runs: usize,
    plan: BenchPlan,
    json: bool,
}

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => run(&arguments),
        Ok(None) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments {
        runs: 1000,
        plan: BenchPlan::default(),
        json: false,
    };
    while let Some(name) = given.next() {
        let mut value = || given.next().ok_or(format!("{name} needs a value"));
        match name.as_str() {
            "--help" | "-h" => return Ok(None),
            "--json" => arguments.json = true,
            "--runs" => arguments.runs = count(&value()?)?,
            "--episodes" => arguments.plan.episodes = count(&value()?)?,
            "--checkpoints" => arguments.plan.checkpoints = count(&value()?)?,
            "--labels" => {
                arguments.plan.labels = value()?.split(',').map(count).collect::<Result<_, _>>()?;
            }
            other => return Err(format!("unknown argument `{other}`")),
        }
    }
    Ok(Some(arguments))
}

fn count(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| *count > 0)
        .ok_or(format!("`{text}` is not a count of at least 1"))
}

/// Runs of both kinds, and the seeds that it took to have enough of them.
struct Measured {
    wanted: Vec<BenchRun>,
    other: Vec<BenchRun>,
}

/// Runs seeds from 0 until `runs` of them are truly of the kind wanted; the others are kept beside them.
fn measure(draw: Draw, wanted: Truth, runs: usize, plan: &BenchPlan) -> Measured {
    let mut measured = Measured {
        wanted: Vec::new(),
        other: Vec::new(),
    };
    let mut next = 0_u64;
    // Ten times as many seeds as runs is far more than any family needs; the count is printed if it falls short.
    while measured.wanted.len() < runs && next < 10 * runs as u64 {
        let batch = (runs - measured.wanted.len()).max(16) as u64;
        let made: Vec<BenchRun> = (next..next + batch)
            .into_par_iter()
            .map(|seed| bench_run(draw, seed, plan))
            .collect();
        next += batch;
        for run in made {
            if run.truth == wanted {
                measured.wanted.push(run);
            } else {
                measured.other.push(run);
            }
        }
    }
    measured
}

fn run(arguments: &Arguments) -> ExitCode {
    let started = Instant::now();
    let plan = &arguments.plan;
    let honest = measure(Draw::Honest, Truth::Honest, arguments.runs, plan);
    let gamed = measure(Draw::Gamed, Truth::Gamed, arguments.runs, plan);
    let seconds = started.elapsed().as_secs_f64();
    let alarms = tally(&honest.wanted, 0);
    let finds = tally(&gamed.wanted, 0);
    let missed = finds.runs - finds.found;
    let enough = honest.wanted.len() >= arguments.runs && gamed.wanted.len() >= arguments.runs;
    let good = enough
        && alarms.alarms * 1000 <= ALARMS_PER_THOUSAND * alarms.runs
        && missed * 100 <= MISSES_PER_HUNDRED * finds.runs;
    if arguments.json {
        println!("{}", report(arguments, &honest, &gamed, seconds, good));
    } else {
        print_tables(arguments, &honest, &gamed, seconds, good);
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print_tables(
    arguments: &Arguments,
    honest: &Measured,
    gamed: &Measured,
    seconds: f64,
    good: bool,
) {
    let plan = &arguments.plan;
    println!(
        "{} checkpoints of {} episodes a run; error rate {}; margins {:?} of proxy, {:?} of intent; {} threads, {seconds:.0} s",
        plan.checkpoints,
        plan.episodes,
        plan.settings.error_rate,
        plan.settings.proxy_margin,
        plan.settings.intent_margin,
        rayon::current_num_threads(),
    );
    print_side(plan, "honest", honest, &Family::HONEST);
    print_side(plan, "gamed", gamed, &Family::GAMED);
    print_misses_by_size(gamed);
    let alarms = tally(&honest.wanted, 0);
    let finds = tally(&gamed.wanted, 0);
    let onset = OnsetSummary::new(&gamed.wanted);
    println!(
        "\nonset of {} gamed runs: median error {} checkpoints, mean error {:.2}, mean absolute error {:.2}; interval holds the truth in {} ({:.1}%), mean length {:.2} checkpoints",
        onset.runs,
        onset.median_error,
        onset.mean_error,
        onset.mean_absolute_error,
        onset.covered,
        100.0 * onset.covered as f64 / onset.runs.max(1) as f64,
        onset.mean_width
    );
    println!("honest seeds with an alarm: {:?}", alarms.seeds_with_alarm);
    println!("gamed seeds missed: {:?}", finds.seeds_without_find);
    println!(
        "{}: {} alarms in {} honest runs (target {ALARMS_PER_THOUSAND} in 1000), {} of {} gamed runs missed (target {MISSES_PER_HUNDRED}%)",
        if good { "pass" } else { "fail" },
        alarms.alarms,
        alarms.runs,
        finds.runs - finds.found,
        finds.runs,
    );
}

fn print_side(plan: &BenchPlan, name: &str, measured: &Measured, families: &[Family]) {
    let seeds = measured.wanted.len() + measured.other.len();
    let between = measured
        .other
        .iter()
        .filter(|run| run.truth == Truth::Between)
        .count();
    println!(
        "\n{name}: seeds 0 to {}, of which {} are truly {name}, {between} neither, {} the other kind",
        seeds.saturating_sub(1),
        measured.wanted.len(),
        measured.other.len() - between,
    );
    println!(
        "{:>12} {:>8} {:>7} {:>7} {:>7} {:>14} {:>8} {:>13}",
        "", "intent", "runs", "alarms", "found", "overoptimised", "aligned", "inconclusive"
    );
    for index in 0..=plan.labels.len() {
        let label = labels_name(plan, index);
        print_row("all", &label, &tally(&measured.wanted, index));
        if index == 0 {
            for family in families {
                let runs = measured.wanted.iter().filter(|run| run.family == *family);
                print_row(family.name(), &label, &tally(runs, index));
            }
            for (name, bounded) in [("betting", true), ("asymptotic", false)] {
                let runs = measured.wanted.iter().filter(|run| run.bounded == bounded);
                print_row(name, &label, &tally(runs, index));
            }
        }
    }
}

/// Small falls are the hard ones: how many there are, and how many of them are missed with full intent.
fn print_misses_by_size(gamed: &Measured) {
    println!("\ntrue fall of gamed runs, in margins:");
    for (low, high) in [(2.0, 3.0), (3.0, 5.0), (5.0, 8.0), (8.0, f64::INFINITY)] {
        let runs = gamed
            .wanted
            .iter()
            .filter(|run| low < run.fall_in_margins && run.fall_in_margins <= high);
        let tally = tally(runs, 0);
        println!(
            "  {low} to {high}: {} runs, {} missed",
            tally.runs,
            tally.runs - tally.found
        );
    }
}

fn labels_name(plan: &BenchPlan, index: usize) -> String {
    match index.checked_sub(1) {
        None => "full".to_owned(),
        Some(place) => plan.labels[place].to_string(),
    }
}

fn print_row(name: &str, label: &str, tally: &Tally) {
    println!(
        "{name:>12} {label:>8} {:>7} {:>7} {:>7} {:>14} {:>8} {:>13}",
        tally.runs,
        tally.alarms,
        tally.found,
        tally.overoptimised,
        tally.aligned,
        tally.inconclusive
    );
}

struct OnsetSummary {
    runs: usize,
    median_error: f64,
    mean_error: f64,
    mean_absolute_error: f64,
    covered: usize,
    mean_width: f64,
}

impl OnsetSummary {
    fn new(runs: &[BenchRun]) -> Self {
        let found: Vec<_> = runs.iter().filter_map(|run| run.onset).collect();
        let n = found.len().max(1) as f64;
        let mut errors: Vec<f64> = found.iter().map(|onset| onset.error).collect();
        errors.sort_by(f64::total_cmp);
        Self {
            runs: found.len(),
            median_error: errors.get(errors.len() / 2).copied().unwrap_or(f64::NAN),
            mean_error: errors.iter().sum::<f64>() / n,
            mean_absolute_error: errors.iter().map(|error| error.abs()).sum::<f64>() / n,
            covered: found.iter().filter(|onset| onset.covered).count(),
            mean_width: found.iter().map(|onset| onset.width as f64).sum::<f64>() / n,
        }
    }
}

fn report(
    arguments: &Arguments,
    honest: &Measured,
    gamed: &Measured,
    seconds: f64,
    good: bool,
) -> Value {
    let plan = &arguments.plan;
    let side = |measured: &Measured| {
        let audits: Vec<Value> = (0..=plan.labels.len())
            .map(|index| {
                let tally = tally(&measured.wanted, index);
                json!({
                    "labels": labels_name(plan, index),
                    "runs": tally.runs,
                    "alarms": tally.alarms,
                    "found": tally.found,
                    "overoptimised": tally.overoptimised,
                    "missed": tally.runs - tally.found,
                    "aligned": tally.aligned,
                    "inconclusive": tally.inconclusive,
                    "seeds_with_alarm": tally.seeds_with_alarm,
                    "seeds_without_find": tally.seeds_without_find,
                })
            })
            .collect();
        json!({
            "seeds": measured.wanted.len() + measured.other.len(),
            "runs": measured.wanted.len(),
            "neither": measured.other.iter().filter(|run| run.truth == Truth::Between).count(),
            "audits": audits,
        })
    };
    let onset = OnsetSummary::new(&gamed.wanted);
    json!({
        "checkpoints": plan.checkpoints,
        "episodes": plan.episodes,
        "error_rate": plan.settings.error_rate,
        "seconds": seconds,
        "threads": rayon::current_num_threads(),
        "honest": side(honest),
        "gamed": side(gamed),
        "onset": {
            "runs": onset.runs,
            "median_error": onset.median_error,
            "mean_error": onset.mean_error,
            "mean_absolute_error": onset.mean_absolute_error,
            "covered": onset.covered,
            "mean_width": onset.mean_width,
        },
        "pass": good,
    })
}
