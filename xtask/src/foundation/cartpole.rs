//! CartPole at the settings of rl-zoo3: as good as Stable-Baselines3, and how many times as fast.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::peers;
use crate::record::Record;
use crate::run::Rewardlab;
use crate::statistics::median;
use crate::table::Table;

const SEEDS: u64 = 10;
/// Seeds with which the peer is timed, at each number of threads; ours are timed with all.
const PEER_SEEDS: u64 = 3;
const PERFECT_RETURN: f64 = 500.0;
const SOLVED_SEEDS: usize = 9;
const SPEEDUP: f64 = 20.0;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "cartpole",
    title: "PPO on CartPole beside Stable-Baselines3",
    target: "PPO at rl-zoo settings, 100k steps: greedy return 500 over 100 episodes in at least 9 of 10 seeds; training loop at least \
             20 times the steps per second of Stable-Baselines3 at its best of 1 or 2 threads in the same run, aim 25",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    record.seeds(SEEDS);
    record.size("steps", 100_000);
    record.size("greedy episodes", 100);
    record.size("threads", context.threads);
    record.note("steps per second are those of the training loop alone, for both: no start-up, no evaluation");
    record.note("ours and the peer's runs take turns, so that both meet the same machine");
    let rewardlab = Rewardlab::build(context)?;
    let mut ours = Table::new(
        "rewardlab, ppo-cartpole",
        &[
            "seed",
            "greedy_return",
            "steps_per_second",
            "training_seconds",
        ],
    );
    let mut theirs = Table::new(
        "stable-baselines3, CartPole-v1",
        &[
            "seed",
            "threads",
            "greedy_return",
            "steps_per_second",
            "training_seconds",
        ],
    );
    let mut our_returns = Vec::new();
    let mut our_speeds = Vec::new();
    let mut peer_speeds = [Vec::new(), Vec::new()];
    for seed in 0..SEEDS {
        let run = rewardlab.run("ppo-cartpole", seed, &[], &context.scratch)?;
        our_returns.push(run.number("greedy_return")?);
        our_speeds.push(run.number("steps_per_second")?);
        ours.row([
            json!(seed),
            run.json["greedy_return"].clone(),
            run.json["steps_per_second"].clone(),
            run.json["training_seconds"].clone(),
        ]);
        for threads in (1..=2).filter(|_| seed < PEER_SEEDS) {
            let peer = peer_run(context, seed, threads, record)?;
            peer_speeds[threads - 1].push(
                peer["steps_per_second"]
                    .as_f64()
                    .context("the peer printed no `steps_per_second`")?,
            );
            theirs.row([
                json!(seed),
                json!(threads),
                peer["greedy_return"].clone(),
                peer["steps_per_second"].clone(),
                peer["training_seconds"].clone(),
            ]);
        }
    }
    record.table(ours);
    record.table(theirs);
    judge(record, &our_returns, &our_speeds, &peer_speeds);
    Ok(())
}

fn peer_run(
    context: &Context<'_>,
    seed: u64,
    threads: usize,
    record: &mut Record,
) -> Result<Value> {
    let peer = peers::script(
        context.workspace,
        "sb3_cartpole.py",
        &[
            "--seed",
            &seed.to_string(),
            "--threads",
            &threads.to_string(),
        ],
    )?;
    if seed == 0 && threads == 1 {
        record.note(format!("peer: {}", peers::versions(&peer)));
    }
    Ok(peer)
}

fn judge(
    record: &mut Record,
    our_returns: &[f64],
    our_speeds: &[f64],
    peer_speeds: &[Vec<f64>; 2],
) {
    let solved = our_returns
        .iter()
        .filter(|value| **value == PERFECT_RETURN)
        .count();
    record.check(
        "the greedy return is 500 in at least 9 of 10 seeds",
        format!("{solved} of {}", our_returns.len()),
        SOLVED_SEEDS <= solved,
    );
    let our_speed = median(our_speeds);
    let medians = peer_speeds.each_ref().map(|speeds| median(speeds));
    let (threads, best) = if medians[0] < medians[1] {
        (2, medians[1])
    } else {
        (1, medians[0])
    };
    let ratio = our_speed / best;
    record.check(
        "median steps per second are at least 20 times the peer's at its better number of threads (aim 25)",
        format!("{our_speed:.0} / {best:.0} (peer at {threads} threads) = {ratio:.1}"),
        SPEEDUP <= ratio,
    );
}
