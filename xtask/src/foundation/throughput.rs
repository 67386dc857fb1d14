//! How fast the boat trains, how near that is to what the arithmetic allows, and where the rest goes.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::run::{Rewardlab, Run, find};
use crate::safetensors;
use crate::statistics::median;
use crate::table::Table;

const SEEDS: u64 = 3;
const STEPS_PER_SECOND: f64 = 150_000.0;
const EPOCHS: f64 = 4.0;
const LARGEST_OBSERVATION: usize = 24;
const SMALLEST_MINIBATCH: f64 = 1024.0;
const HIDDEN: usize = 64;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "throughput",
    title: "steps per second of coast-runners and the share of the arithmetic limit",
    target: "`coast-runners`, observation of at most 24 numbers, 64-64 networks, 4 epochs, minibatch at least 1,024: at least 150,000 \
             steps per second on 2 cores; share of the arithmetic limit, and where the rest goes",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    record.seeds(SEEDS);
    record.size("threads", context.threads);
    let rewardlab = Rewardlab::build(context)?;
    let peak = matrix_product_peak(context)?;
    let mut table = Table::new(
        "coast-runners",
        &[
            "seed",
            "steps_per_second",
            "training_seconds",
            "collect_seconds",
            "update_seconds",
            "evaluate_seconds",
        ],
    );
    let mut runs = Vec::new();
    for seed in 0..SEEDS {
        let run = rewardlab.run("coast-runners", seed, &[], &context.scratch)?;
        let profile = |name: &str| {
            find(&run.json["profile"], name)
                .cloned()
                .unwrap_or(Value::Null)
        };
        table.row([
            json!(seed),
            run.json["steps_per_second"].clone(),
            run.json["training_seconds"].clone(),
            profile("collect"),
            profile("update"),
            profile("evaluate"),
        ]);
        runs.push(run);
    }
    record.table(table);
    let speeds = runs
        .iter()
        .map(|run| run.number("steps_per_second"))
        .collect::<Result<Vec<f64>>>()?;
    let arithmetic = Arithmetic::of(&runs[0])?;
    check_sizes(record, &runs[0], &arithmetic)?;
    shares(record, &runs, &arithmetic, peak, median(&speeds))?;
    let slowest = speeds.iter().copied().fold(f64::INFINITY, f64::min);
    record.check(
        "median steps per second are at least 150,000",
        format!("{:.0} (slowest seed {slowest:.0})", median(&speeds)),
        STEPS_PER_SECOND <= median(&speeds),
    );
    Ok(())
}

/// The rate that the network benchmark measures for matrix products of these sizes, in floating-point operations a second.
fn matrix_product_peak(context: &Context<'_>) -> Result<f64> {
    let binary = context
        .workspace
        .build(&["--package", "nn", "--example", "nn_speed"])?;
    let printed =
        process::json(Command::new(binary).args(["--threads", &context.threads.to_string()]))?.json;
    Ok(1e9
        * printed["peak_gflops"]
            .as_f64()
            .context("nn_speed printed no `peak_gflops`")?)
}

/// The multiply-adds that one environment step costs, counted from the shapes of the trained weights.
struct Arithmetic {
    observation: usize,
    /// Widths of the hidden layers of all networks.
    hidden: Vec<usize>,
    /// Of one forward pass through both networks.
    forward: f64,
    /// Of the gradient towards the observation, which nobody needs.
    unneeded: f64,
}

impl Arithmetic {
    /// Weights are named `network.N.layer.L.weights` and have the shape `[inputs, outputs]`.
    fn of(run: &Run) -> Result<Self> {
        let path = run.final_weights();
        let mut arithmetic = Self {
            observation: 0,
            hidden: Vec::new(),
            forward: 0.0,
            unneeded: 0.0,
        };
        for (name, shape) in safetensors::shapes(&path)? {
            let (true, &[inputs, outputs]) = (name.ends_with(".weights"), shape.as_slice()) else {
                continue;
            };
            arithmetic.forward += (inputs * outputs) as f64;
            if name.ends_with(".layer.0.weights") {
                arithmetic.observation = arithmetic.observation.max(inputs);
                arithmetic.unneeded += (inputs * outputs) as f64;
            } else {
                // A layer's inputs are the outputs of the hidden layer before it.
                arithmetic.hidden.push(inputs);
            }
        }
        ensure!(
            arithmetic.observation > 0,
            "{} holds no first layer",
            path.display()
        );
        Ok(arithmetic)
    }

    /// Floating-point operations to act for one step: a forward pass.
    fn collect(&self) -> f64 {
        2.0 * self.forward
    }

    /// Floating-point operations to learn from one step: a forward pass and two products back, each epoch.
    fn update(&self) -> f64 {
        EPOCHS * 2.0 * (3.0 * self.forward - self.unneeded)
    }
}

fn check_sizes(record: &mut Record, run: &Run, arithmetic: &Arithmetic) -> Result<()> {
    let epochs = run.setting("epochs")?;
    let minibatch = run.setting("minibatch")?;
    record.size("observation", arithmetic.observation);
    record.size("epochs", epochs);
    record.size("minibatch", minibatch);
    record.check(
        "the observation has at most 24 numbers",
        arithmetic.observation.to_string(),
        arithmetic.observation <= LARGEST_OBSERVATION,
    );
    record.check(
        "the networks are 64-64",
        format!("{:?}", arithmetic.hidden),
        arithmetic.hidden.iter().all(|width| *width == HIDDEN),
    );
    record.check("4 epochs", epochs.to_string(), epochs == EPOCHS);
    record.check(
        "the minibatch is at least 1,024",
        minibatch.to_string(),
        SMALLEST_MINIBATCH <= minibatch,
    );
    Ok(())
}

/// Says which share of the time the arithmetic alone would need, and how the whole is spent.
fn shares(
    record: &mut Record,
    runs: &[Run],
    arithmetic: &Arithmetic,
    peak: f64,
    speed: f64,
) -> Result<()> {
    let needed = arithmetic.collect() + arithmetic.update();
    record.note(format!(
        "arithmetic: {needed:.0} floating-point operations a step ({:.0} to act, {:.0} to learn); at the measured matrix-product peak of \
         {:.1} GFLOP/s that allows {:.0} steps a second; reached: {:.0}%",
        arithmetic.collect(),
        arithmetic.update(),
        peak / 1e9,
        peak / needed,
        100.0 * speed * needed / peak
    ));
    let seconds = |name: &str| -> Result<f64> {
        let each = runs.iter().map(|run| {
            find(&run.json["profile"], name)
                .and_then(Value::as_f64)
                .with_context(|| format!("no `profile.{name}`"))
        });
        Ok(median(&each.collect::<Result<Vec<f64>>>()?))
    };
    let (collect, update) = (seconds("collect")?, seconds("update")?);
    let steps = speed * (collect + update);
    for (name, spent, operations) in [
        ("collecting", collect, arithmetic.collect()),
        ("updating", update, arithmetic.update()),
    ] {
        record.note(format!(
            "{name}: {:.0}% of the training loop; its matrix products alone would take {:.0}% of that time at the peak, the rest is everything else",
            100.0 * spent / (collect + update),
            100.0 * operations * steps / peak / spent
        ));
    }
    Ok(())
}
