//! Acrobot and Pendulum at the settings of rl-zoo3: not worse than Stable-Baselines3's own ten seeds.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::peers;
use crate::record::Record;
use crate::run::Rewardlab;
use crate::statistics::{Welch, mann_whitney_below, mean};
use crate::table::Table;

const SEEDS: u64 = 10;
/// Of each of the two tests of an environment, so that two equal learners fail it in at most one of twenty repetitions.
const LEVEL: f64 = 0.025;
const PAIRS: [(&str, &str); 2] = [
    ("ppo-acrobot", "Acrobot-v1"),
    ("ppo-pendulum", "Pendulum-v1"),
];

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "zoo",
    title: "PPO on Acrobot and Pendulum beside Stable-Baselines3",
    target: "Acrobot and Pendulum at rl-zoo settings: greedy, 100 episodes, 10 seeds, not worse than SB3's own 10 seeds beside them",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    record.seeds(SEEDS);
    record.size("greedy episodes a seed", 100);
    record.size("steps", "1,000,000 (Acrobot), 100,000 (Pendulum)");
    record.note(
        "not worse: neither Welch's test nor the rank test of Mann and Whitney, both one-sided at 2.5% over the ten means, \
         so 5% together, rejects that ours are at least theirs",
    );
    let peer = peer_results(context, record)?;
    let rewardlab = Rewardlab::build(context)?;
    for (experiment, environment) in PAIRS {
        let theirs = results_of(&peer, environment)?;
        let mut table = Table::new(
            environment,
            &[
                "seed",
                "rewardlab",
                "stable-baselines3",
                "rewardlab_seconds",
            ],
        );
        let mut our_returns = Vec::new();
        let mut their_returns = Vec::new();
        for (seed, their) in (0..SEEDS).zip(&theirs) {
            let run = rewardlab.run(experiment, seed, &[], &context.scratch)?;
            our_returns.push(run.number("greedy_return")?);
            their_returns.push(
                their["greedy_return"]
                    .as_f64()
                    .context("a result without `greedy_return`")?,
            );
            table.row([
                json!(seed),
                run.json["greedy_return"].clone(),
                their["greedy_return"].clone(),
                run.json["training_seconds"].clone(),
            ]);
        }
        record.table(table);
        compare(record, experiment, &our_returns, &their_returns);
    }
    Ok(())
}

/// The peer's ten seeds: from the cache where they are, trained now where not.
fn peer_results(context: &Context<'_>, record: &mut Record) -> Result<Value> {
    let cache = context.peers_cache.join("sb3-zoo");
    let peer = peers::script(
        context.workspace,
        "sb3_zoo.py",
        &[
            "--cache",
            &cache.to_string_lossy(),
            "--seeds",
            &SEEDS.to_string(),
        ],
    )?;
    record.note(format!("peer: {}", peers::versions(&peer)));
    let results = peer["results"]
        .as_array()
        .context("the peer printed no `results`")?;
    let made: Vec<&str> = results
        .iter()
        .filter_map(|result| result["made_at"].as_str())
        .collect();
    let first = made
        .iter()
        .min()
        .context("the peer's results have no date")?;
    let last = made
        .iter()
        .max()
        .context("the peer's results have no date")?;
    let processor = results[0]["processor"]["model"]
        .as_str()
        .unwrap_or("unknown processor");
    let script = results[0]["training_script_sha256"]
        .as_str()
        .unwrap_or("unknown");
    record.note(format!(
        "the peer's values were made by `python peers/sb3_zoo.py` from {first} to {last} on {processor}, one thread, \
         peers/sb3_training.py with SHA-256 {script}"
    ));
    Ok(peer)
}

fn results_of(peer: &Value, environment: &str) -> Result<Vec<Value>> {
    let all = peer["results"].as_array().into_iter().flatten();
    let mut results: Vec<Value> = all
        .filter(|result| result["environment"] == environment)
        .cloned()
        .collect();
    results.sort_by_key(|result| result["seed"].as_u64());
    let seeds: Vec<Option<u64>> = results
        .iter()
        .map(|result| result["seed"].as_u64())
        .collect();
    ensure!(
        seeds == (0..SEEDS).map(Some).collect::<Vec<_>>(),
        "the peer's results for {environment} are not those of seeds 0 to {}",
        SEEDS - 1
    );
    Ok(results)
}

fn compare(record: &mut Record, experiment: &str, ours: &[f64], theirs: &[f64]) {
    let welch = Welch::new(ours, theirs);
    let (low, high) = welch.interval();
    let by_means = welch.probability_below();
    let by_ranks = mann_whitney_below(ours, theirs);
    let measured = format!(
        "mean {:.2} against {:.2}; difference {:+.2}, 95% interval {low:+.2} to {high:+.2}; p {by_means:.3} (Welch), \
         {by_ranks:.3} (Mann and Whitney); a deficit of {:.2} would have been found with 80% power",
        mean(ours),
        mean(theirs),
        welch.difference,
        welch.detectable(),
    );
    record.check(
        format!("{experiment} is not worse than its peer"),
        measured,
        LEVEL <= by_means && LEVEL <= by_ranks,
    );
}
