//! How fast the physics is, and whether it repeats itself and goes on from saved states to the bit.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::median;
use crate::table::Table;

/// Physics steps a second that two threads must reach.
const TARGET: f64 = 150_000.0;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "physics",
    title: "speed and repeatability of the hopper's physics",
    target: "at least 150,000 physics steps a second on 2 cores, the same trajectory bit for bit on every run, states saved and restored",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let example = ["--package", "envs", "--example", "physics"];
    let binary = context.workspace.build(&example)?;
    let run = || Ok::<Value, anyhow::Error>(process::json(&mut Command::new(&binary))?.json);
    let runs = [run()?, run()?];
    record.seeds(runs[0]["seeds"].as_u64().context("no `seeds`")?);
    for size in ["steps", "rounds", "threads"] {
        record.size(size, &runs[0][size]);
    }
    record.note(
        "a step of the environment is four steps of the physics, and all that is beside them (placing the links, reading the coordinates, \
         reward, intent, observation) counts as time of the four; `rapier2d alone` is the same robot in a world that is kept, stepped by \
         its pipeline and nothing else: the limit",
    );
    let hopper = rates(record, &runs)?;
    record.check(
        "physics steps a second of the hopper, median of rounds",
        format!("{hopper:.0}"),
        hopper >= TARGET,
    );
    trajectories(record, &runs)?;
    saved(record, &runs)
}

/// Tables of rates; gives the hopper's median.
fn rates(record: &mut Record, runs: &[Value; 2]) -> Result<f64> {
    let mut table = Table::new(
        "physics steps a second on two threads, by round",
        &["run", "round", "hopper", "rapier2d_alone", "walker"],
    );
    let mut medians = Table::new(
        "medians of all rounds",
        &[
            "what",
            "steps_a_second",
            "microseconds_a_core",
            "share_of_limit",
        ],
    );
    let mut all: [Vec<f64>; 3] = Default::default();
    for (number, run) in runs.iter().enumerate() {
        let keys = ["hopper_rates", "bare_rates", "walker_rates"];
        let of = keys.map(|key| serde_json::from_value::<Vec<f64>>(run[key].clone()));
        let [hopper, bare, walker] = of;
        let of = [hopper?, bare?, walker?];
        ensure!(
            of.iter()
                .all(|rates| rates.len() == of[0].len() && !rates.is_empty()),
            "rounds are missing"
        );
        let rounds = of[0].iter().zip(&of[1]).zip(&of[2]);
        for (round, ((hopper, bare), walker)) in rounds.enumerate() {
            table.row([
                json!(number),
                json!(round),
                json!(hopper),
                json!(bare),
                json!(walker),
            ]);
        }
        for (all, rates) in all.iter_mut().zip(of) {
            all.extend(rates);
        }
    }
    let [hopper, bare, walker] = all.map(|rates| median(&rates));
    let cores = runs[0]["threads"].as_f64().context("no `threads`")?;
    let rows = [
        ("hopper", hopper, json!(hopper / bare)),
        ("rapier2d alone", bare, json!(1.0)),
        ("walker", walker, Value::Null),
    ];
    for (what, rate, share) in rows {
        medians.row([json!(what), json!(rate), json!(1e6 * cores / rate), share]);
    }
    record.table(table);
    record.table(medians);
    Ok(hopper)
}

fn trajectories(record: &mut Record, runs: &[Value; 2]) -> Result<()> {
    let mut table = Table::new(
        "hashes of every bit of all trajectories",
        &["robot", "run", "threads", "hash"],
    );
    for (robot, key) in [("hopper", "hopper_hashes"), ("walker", "walker_hashes")] {
        let mut hashes = vec![];
        for (number, run) in runs.iter().enumerate() {
            for threads in [1, 2] {
                let hash = run[key][threads - 1].as_str().context("no hash")?;
                table.row([json!(robot), json!(number), json!(threads), json!(hash)]);
                hashes.push(hash.to_owned());
            }
        }
        let n_equal = hashes.iter().filter(|hash| **hash == hashes[0]).count();
        record.check(
            format!(
                "trajectories of the {robot} are the same in two runs, on one and on two threads"
            ),
            format!("{n_equal} of {} hashes", hashes.len()),
            n_equal == hashes.len(),
        );
    }
    record.table(table);
    Ok(())
}

fn saved(record: &mut Record, runs: &[Value; 2]) -> Result<()> {
    for (robot, key) in [("hopper", "hopper_restored"), ("walker", "walker_restored")] {
        let of = &runs[0][key];
        let count = |what: &str| of[what].as_u64().context("no count of restored states");
        let (equal, all) = (count("equal")?, count("all")?);
        record.check(
            format!("states of the {robot} saved at random times go on to the same bits"),
            format!("{equal} of {all}"),
            equal == all && all > 0,
        );
    }
    Ok(())
}
