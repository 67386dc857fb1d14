//! One Adam step of a policy and a value network beside PyTorch at its fastest.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::peers;
use crate::process;
use crate::record::Record;
use crate::statistics::median;
use crate::table::Table;

/// Batch sizes and the speedup each must reach.
const BATCHES: [(u64, f64); 2] = [(64, 10.0), (4096, 3.0)];
/// Rounds in which ours and the peer take turns.
const ROUNDS: usize = 3;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "nn-speed",
    title: "one Adam step of two small networks beside PyTorch",
    target: "one Adam step of policy and value networks (8-64-64-4 and 8-64-64-1, tanh): at least 3 times PyTorch's speed at batch 4096 \
             and 10 times at batch 64, same threads, same run, plain release build; share of the measured matrix-product peak",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    record.seeds(1);
    record.size("batches", "64 and 4096");
    record.size("threads", context.threads);
    record.size("rounds", ROUNDS);
    record.note("a step is forward passes, loss, backward pass, clipping of the gradient's norm, and Adam, for both");
    record.note("the peer is the fastest of eager and torch.compile, each with the single-tensor, foreach and fused Adam");
    record.note("ours and the peer take turns; ratios are of medians over the rounds");
    let binary = context
        .workspace
        .build(&["--package", "nn", "--example", "nn_speed"])?;
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push((
            ours(&binary, context.threads)?,
            theirs(context, context.threads)?,
        ));
    }
    let single_thread = theirs(context, 1)?;
    record.note(format!("peer: {}", peers::versions(&rounds[0].1)));
    for failure in rounds[0].1["failures"].as_array().into_iter().flatten() {
        record.note(format!("peer, not available here: {failure}"));
    }
    let peak = rounds
        .iter()
        .map(|(ours, _)| peak_gflops(ours))
        .collect::<Result<Vec<f64>>>()?;
    for (batch, speedup) in BATCHES {
        compare(record, &rounds, batch, speedup, median(&peak))?;
        let seconds = seconds(at_batch(&single_thread["fastest"], batch)?)?;
        record.note(format!(
            "batch {batch}: PyTorch with one thread took {:.0} microseconds",
            1e6 * seconds
        ));
    }
    Ok(())
}

fn ours(binary: &Path, threads: usize) -> Result<Value> {
    eprintln!("running nn_speed");
    Ok(process::json(Command::new(binary).args(["--threads", &threads.to_string()]))?.json)
}

fn theirs(context: &Context<'_>, threads: usize) -> Result<Value> {
    peers::script(
        context.workspace,
        "torch_adam_step.py",
        &["--threads", &threads.to_string()],
    )
}

/// The matrix-product rate that the benchmark measured on this machine with as many threads.
fn peak_gflops(ours: &Value) -> Result<f64> {
    ours["peak_gflops"]
        .as_f64()
        .context("nn_speed printed no `peak_gflops`")
}

fn compare(
    record: &mut Record,
    rounds: &[(Value, Value)],
    batch: u64,
    speedup: f64,
    peak: f64,
) -> Result<()> {
    let mut table = Table::new(
        format!("batch {batch}"),
        &[
            "round",
            "ours_microseconds",
            "ours_gflops",
            "pytorch_microseconds",
            "pytorch_variant",
            "pytorch_eager_microseconds",
        ],
    );
    let (mut our_seconds, mut their_seconds, mut eager_seconds, mut rates) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (round, (ours, theirs)) in rounds.iter().enumerate() {
        let our = at_batch(&ours["results"], batch)?;
        let their = at_batch(&theirs["fastest"], batch)?;
        our_seconds.push(seconds(our)?);
        their_seconds.push(seconds(their)?);
        eager_seconds.push(fastest_eager(theirs, batch)?);
        rates.push(
            our["gflops"]
                .as_f64()
                .context("nn_speed printed no `gflops`")?,
        );
        table.row([
            json!(round),
            json!(our_seconds[round] * 1e6),
            json!(rates[round]),
            json!(their_seconds[round] * 1e6),
            json!(format!(
                "{}, {} Adam",
                text(&their["loss"]),
                text(&their["adam"])
            )),
            json!(eager_seconds[round] * 1e6),
        ]);
    }
    record.table(table);
    let ratio = median(&their_seconds) / median(&our_seconds);
    let eager_ratio = median(&eager_seconds) / median(&our_seconds);
    record.note(format!(
        "batch {batch}: {eager_ratio:.1} times the speed of PyTorch's eager mode"
    ));
    record.note(format!(
        "batch {batch}: {:.1} of {peak:.1} GFLOP/s, the measured matrix-product peak: {:.0}%",
        median(&rates),
        100.0 * median(&rates) / peak
    ));
    record.check(
        format!("at batch {batch} ours is at least {speedup} times as fast"),
        format!("{ratio:.2}"),
        speedup <= ratio,
    );
    Ok(())
}

fn at_batch(results: &Value, batch: u64) -> Result<&Value> {
    let found = results
        .as_array()
        .into_iter()
        .flatten()
        .find(|result| result["batch"] == batch);
    found.with_context(|| format!("no result at batch {batch}"))
}

fn fastest_eager(theirs: &Value, batch: u64) -> Result<f64> {
    let timings = theirs["timings"].as_array().into_iter().flatten();
    let eager = timings.filter(|timing| timing["batch"] == batch && timing["loss"] == "eager");
    eager
        .filter_map(|timing| timing["seconds"].as_f64())
        .min_by(f64::total_cmp)
        .context("the peer printed no eager timing")
}

fn seconds(result: &Value) -> Result<f64> {
    result["seconds"]
        .as_f64()
        .context("a result without `seconds`")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
