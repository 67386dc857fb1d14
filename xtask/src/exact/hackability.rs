//! Skalse's hackability over stochastic and deterministic policies, every witness verified.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::table::Table;

const PAIRS: u64 = 5_000;
const SMALL_PAIRS: u64 = 2_000;
const GAP_PAIRS: u64 = 1_000;
const MOST_POLICIES: u64 = 100_000;
/// Answers of planning and of the linear programme may differ by this, as shares of ranges.
const PROGRAMME_TOLERANCE: f64 = 1e-8;
/// The evaluation of a policy that planning found may differ by this from what planning says, as a share of ranges.
const EVALUATION_TOLERANCE: f64 = 1e-8;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "hackability",
    title: "Skalse's hackability over stochastic and deterministic policies, every witness verified",
    target: "stochastic policies: the closed form against a witness programme on 5,000 pairs; deterministic: pairwise enumeration against a sorted sweep up to 100,000 policies, beyond that `witness found` or `not decided`; deterministic hackability implies stochastic, and one tested pair shows that the converse fails; every witness verified by evaluation",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let build = |name| {
        let example = ["--package", "check", "--example", name];
        context.workspace.build(&example)
    };
    let (binary, timing) = (build("hackability")?, build("gap")?);
    let run = |binary: &Path| process::json(&mut Command::new(binary)).map(|run| run.json);
    let printed = run(&binary)?;
    let timed = run(&timing)?;
    describe(record, &printed);
    stochastic(record, &printed["stochastic"])?;
    deterministic(record, &printed)?;
    companions(record, &printed)?;
    tables(record, &printed, &timed);
    Ok(())
}

fn describe(record: &mut Record, printed: &Value) {
    record.seeds(PAIRS);
    record.size(
        "states",
        "2 to 8 for stochastic policies, 2 to 6 for listed ones, 20 to 40 beyond",
    );
    record.size(
        "actions",
        "2 or 3, up to 5 for the large lists, 3 or 4 beyond",
    );
    record.note("a seed gives one MDP and one pair; every fifth MDP is episodic at discount 1, every third has unreachable states; smaller parts use the first seeds");
    record.note("three of seven pairs are in units of 1e-9 to 1e9, or have an offset of 1 to 1e4 a step, or both, for reward and intent apart; the programmes take them without, which changes no answer");
    record.note("a third of the draws for Laidlaw's inequality have a reward that differs from the intent by 1e-12 to 1e-6 of its size");
    record.note(format!(
        "bands: the closed form says unhackable up to a relative residual of 1e-9, hackable from 1e-7 on and undecided between; the programme says hackable above {} of the ranges, and keeps its constraints within 1e-9; deterministic returns within 1e-9 of their range are equal",
        printed["stochastic"]["programme_band"]
    ));
    record.note("amounts are the smaller of the rise of the reward and the fall of the intent from one policy of a pair to the other, each as a share of its range over all policies; every amount of a witness is found by evaluating its two policies");
    let converse = &printed["converse"];
    record.note(format!(
        "the converse fails for one decision with reward {} and intent {}: the policy {} has returns {}, and {} has {}",
        converse["reward"], converse["intent"], converse["before"], converse["before_returns"], converse["after"], converse["after_returns"]
    ));
}

fn stochastic(record: &mut Record, found: &Value) -> Result<()> {
    let agree = sum(&found["kinds"], "agree")?;
    record.check(
        format!("the closed form and the witness programme agree on {PAIRS} pairs"),
        format!(
            "{agree} of {}, disagreements {}",
            found["pairs"], found["disagreements"]
        ),
        agree == PAIRS && found["pairs"] == PAIRS && is_empty(&found["disagreements"]),
    );
    record.check(
        "every hackable pair comes with two policies whose evaluation shows it, from the closed form and from the programme",
        format!("{} hackable, unverified seeds {}", sum(&found["kinds"], "hackable")?, found["unverified"]),
        is_empty(&found["unverified"]),
    );
    let difference = number(found, "planner_difference")?;
    record.check(
        "the strongest pair by planning is as strong as the programme's",
        format!("largest difference {difference:.1e}"),
        difference <= PROGRAMME_TOLERANCE,
    );
    Ok(())
}

fn deterministic(record: &mut Record, printed: &Value) -> Result<()> {
    let found = &printed["deterministic"];
    record.check(
        format!("the sweep finds what comparing every two policies finds on {SMALL_PAIRS} pairs"),
        format!(
            "{} policies, differing seeds {}",
            found["policies"], found["differing"]
        ),
        found["pairs"] == SMALL_PAIRS && is_empty(&found["differing"]),
    );
    let error = number(found, "greatest_evaluation_error")?;
    record.check(
        "the listed returns of all these policies are those that evaluation finds",
        format!("largest difference {error:.1e} of the range, or of the largest return where that is more"),
        error < 1e-10,
    );
    let large: Vec<&Value> = items(&printed["large"]).collect();
    let same = large
        .iter()
        .filter(|row| row["sweep"] == row["comparison"])
        .count();
    let most = large
        .iter()
        .filter_map(|row| row["policies"].as_u64())
        .max();
    record.check(
        "the same on lists of up to 100,000 policies, to the last bit",
        format!(
            "{same} of {}, most policies {}",
            large.len(),
            most.unwrap_or(0)
        ),
        same == large.len() && most == Some(MOST_POLICIES),
    );
    let large_verified = large.iter().all(|row| is_verified(row));
    record.check(
        "every deterministic witness is verified by evaluation",
        format!(
            "{} small ones, unverified seeds {}; all {} large ones: {large_verified}",
            found["hackable"],
            found["unverified"],
            large.len()
        ),
        is_empty(&found["unverified"]) && large_verified,
    );
    record.check(
        "deterministic hackability implies stochastic",
        format!(
            "{} hackable by deterministic policies, {} by stochastic ones; seeds against it {}",
            found["hackable"], found["stochastic"], found["without_stochastic"]
        ),
        is_empty(&found["without_stochastic"]) && found["hackable"].as_u64() > Some(0),
    );
    let converse = &printed["converse"];
    record.check(
        "one tested pair is hackable by stochastic policies and not by deterministic ones",
        format!("evaluated amount {}", converse["evaluated"]),
        converse["stochastic"] == true
            && converse["deterministic"] == false
            && number(converse, "evaluated")? > 0.0,
    );
    beyond(record, printed)
}

/// The amount that evaluation found for a witness is the one that comparing found, and there is none where that is 0.
fn is_verified(row: &Value) -> bool {
    let compared = row["comparison"].as_f64().unwrap_or(f64::NAN);
    match row["evaluated"].as_f64() {
        Some(evaluated) => (evaluated - compared).abs() < 1e-9,
        None => compared <= 1e-9,
    }
}

fn beyond(record: &mut Record, printed: &Value) -> Result<()> {
    let rows = &printed["beyond"];
    let (found, open) = (sum(rows, "witness_found")?, sum(rows, "not_decided")?);
    let (other, pairs) = (sum(rows, "other")?, sum(rows, "pairs")?);
    let sound = items(rows).all(|row| {
        let is_hackable = row["witness_found"] == 0
            || row["least_witness"]
                .as_f64()
                .is_some_and(|amount| amount > 0.0);
        is_hackable && row["witness_found"].as_u64() <= row["stochastic"].as_u64()
    });
    record.check(
        "beyond 100,000 policies the answer is `witness found`, verified by evaluation, or `not decided`",
        format!("{found} found and {open} not decided of {pairs}"),
        other == 0 && found + open == pairs && sound,
    );
    let small = &printed["deterministic"];
    record.check(
        "on the listed pairs the search never finds a witness where there is none",
        format!(
            "{} found of {} hackable, wrong seeds {}",
            small["found_by_search"], small["hackable"], small["overclaimed"]
        ),
        is_empty(&small["overclaimed"]),
    );
    Ok(())
}

fn companions(record: &mut Record, printed: &Value) -> Result<()> {
    gaps(record, &printed["gap"])?;
    let certificates = &printed["certificate"];
    let near = certificates["correlation_within_1e-12_of_1"].as_u64();
    record.check(
        "Laidlaw's inequality is tried where the correlation rounds to 1",
        format!("{} of {} draws", near.unwrap_or(0), certificates["draws"]),
        near > Some(100),
    );
    for (part, count, failures, statement) in [
        (
            "simplification",
            "pairs",
            "differing",
            "simplifications: the sorted test says what comparing every two policies says",
        ),
        (
            "certificate",
            "draws",
            "violations",
            "Laidlaw's inequality holds on every draw",
        ),
        (
            "stopping",
            "paths",
            "safe_but_falling",
            "no intent within the angle falls before Karwowski's stopping point",
        ),
        (
            "stopping",
            "paths",
            "stopped_though_all_rise",
            "at the first step beyond it some intent within the angle does not rise",
        ),
        (
            "quantilizer",
            "draws",
            "violations",
            "quantilizers keep to the bounds on cost, divergences and certificate",
        ),
    ] {
        let found = &printed[part];
        record.check(
            statement,
            format!(
                "{} {count}, seeds against it {}",
                found[count], found[failures]
            ),
            is_empty(&found[failures]) && found[count].as_u64() > Some(0),
        );
    }
    Ok(())
}

/// Planning against the programme, and the worst policies against their evaluation, none of it excused by a multiplier.
fn gaps(record: &mut Record, rows: &Value) -> Result<()> {
    for row in items(rows) {
        let asked = row["asked"].as_str().unwrap_or("?");
        let (difference, gap) = (
            number(row, "programme_difference")?,
            number(row, "duality_gap")?,
        );
        record.check(
            format!("the hackability gap by planning is the linear programme's: {asked}"),
            format!(
                "largest difference {difference:.1e}, largest duality gap {gap:.1e} of the intent's range; {} of {} not converged",
                row["not_converged"], row["answers"]
            ),
            difference <= PROGRAMME_TOLERANCE
                && gap <= PROGRAMME_TOLERANCE
                && row["not_converged"] == 0
                && row["answers"] == GAP_PAIRS,
        );
        let (error, shortfall) = (number(row, "evaluation_error")?, number(row, "shortfall")?);
        record.check(
            format!("evaluation finds the worst policy's returns, and as much reward as is asked: {asked}"),
            format!("largest error {error:.1e} of the intent's range, largest shortfall {shortfall:.1e} of the reward's"),
            error <= EVALUATION_TOLERANCE && shortfall <= EVALUATION_TOLERANCE,
        );
    }
    record.check(
        "both gaps were measured",
        items(rows).count().to_string(),
        items(rows).count() == 2,
    );
    Ok(())
}

fn tables(record: &mut Record, printed: &Value, timed: &Value) {
    record.table(listed(
        "stochastic policies, by how the intent comes from the reward",
        &printed["stochastic"]["kinds"],
        &[
            "kind",
            "pairs",
            "hackable",
            "undecided",
            "agree",
            "least_amount_hackable",
            "greatest_amount_unhackable",
            "least_witness",
        ],
    ));
    record.table(listed(
        "large lists of deterministic policies",
        &printed["large"],
        &[
            "states",
            "kind",
            "policies",
            "listing_milliseconds",
            "sweep_milliseconds",
            "comparison_seconds",
            "sweep",
            "comparison",
            "evaluated",
            "evaluation_error",
        ],
    ));
    record.table(listed(
        "more policies than can be listed",
        &printed["beyond"],
        &[
            "kind",
            "pairs",
            "stochastic",
            "witness_found",
            "not_decided",
            "least_witness",
        ],
    ));
    record.table(listed(
        "hackability gap beside a linear programme",
        &printed["gap"],
        &[
            "asked",
            "answers",
            "programme_difference",
            "duality_gap",
            "evaluation_error",
            "shortfall",
            "median_loss_share",
            "greatest_iterations",
        ],
    ));
    for (title, part, columns) in [
        (
            "simplifications over deterministic policies",
            "simplification",
            &["pairs", "simplifies", "same_order", "turns_round", "splits"][..],
        ),
        (
            "Laidlaw's certificate",
            "certificate",
            &[
                "draws",
                "bounded",
                "correlation_within_1e-12_of_1",
                "promise_a_gain",
                "hack",
                "median_slack",
            ],
        ),
        (
            "Karwowski's stopping rule at the true angle",
            "stopping",
            &[
                "paths",
                "safe_steps",
                "first_unsafe_steps",
                "paths_that_drop",
                "deepest_drop",
                "paths_stopped",
                "median_short_of_the_peak",
                "least_gain_when_stopped",
            ],
        ),
        (
            "quantilizers over 50 random policies",
            "quantilizer",
            &[
                "draws",
                "bounded",
                "least_reward_gain",
                "median_cost_over_bound",
            ],
        ),
    ] {
        record.table(listed(
            title,
            &Value::Array(vec![printed[part].clone()]),
            columns,
        ));
    }
    record.table(listed(
        &format!(
            "{} states, {} actions, {} successors, discount {}",
            timed["states"], timed["actions"], timed["successors"], timed["discount"]
        ),
        &timed["runs"],
        &[
            "seed",
            "successors",
            "gap_seconds",
            "iterations",
            "loss_share",
            "relative_duality_gap",
            "worst_among_optimal_seconds",
            "stochastic_seconds",
            "stochastic_amount",
            "deterministic_seconds",
            "deterministic_amount",
        ],
    ));
}

fn listed(title: &str, rows: &Value, columns: &[&'static str]) -> Table {
    let mut table = Table::new(title, columns);
    for row in items(rows) {
        table.row(columns.iter().map(|column| row[*column].clone()));
    }
    table
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

fn number(value: &Value, name: &str) -> Result<f64> {
    value[name]
        .as_f64()
        .with_context(|| format!("hackability printed no `{name}`"))
}

fn sum(rows: &Value, name: &str) -> Result<u64> {
    items(rows)
        .map(|row| {
            row[name]
                .as_u64()
                .with_context(|| format!("hackability printed no `{name}`"))
        })
        .sum()
}
