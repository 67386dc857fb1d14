//! Potential-based shaping keeps the optimal policy in Montezuma's rooms, and the naive bonus is farmed.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process::{self, Finished};
use crate::record::Record;
use crate::table::Table;

/// Returns nearer than this are the same.
const SAME: f64 = 1e-9;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "shaping",
    title: "potential-based shaping keeps the optimal policy in Montezuma's rooms, and the naive bonus is farmed",
    target: "on `montezuma-rooms` potential-based shaping keeps the optimal policy, proved by `check`; the naive bonus is flagged with its farmable cycle",
    measure,
};

/// What is checked: a name for it, the reward, and the discount that its potential is made for. The agent's is 0.99.
const CASES: [(&str, &str, &str); 4] = [
    ("sparse", "sparse", "0.99"),
    ("bonus", "bonus", "0.99"),
    ("potential", "potential", "0.99"),
    ("potential of another discount", "potential", "0.95"),
];

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "rewardlab", "--bin", "rewardlab"])?;
    record.size("rewards", CASES.len());
    record.size("agent's discount", 0.99);
    record.note("each line is one `rewardlab check montezuma-rooms --discount 0.99 --set reward=R --set discount=D --json`; the rooms are deterministic but for where the skull begins, and every state is listed");
    record.note("pays and instead: the value of the reward from the farm's entry, going round for ever and under the policy that is optimal for leaving");
    let mut checked = vec![];
    for (name, reward, discount) in CASES {
        eprintln!("checking montezuma-rooms with {name}");
        let mut command = Command::new(&binary);
        command.args(["check", "montezuma-rooms", "--json", "--discount", "0.99"]);
        command.args([
            "--set",
            &format!("reward={reward}"),
            "--set",
            &format!("discount={discount}"),
        ]);
        checked.push((name, process::json(&mut command)?));
    }
    record.table(findings(&checked));
    let bonus = &checked[1].1;
    record.table(farm(bonus));
    judge_check(record, &checked)?;
    let library = context
        .workspace
        .build(&["--package", "check", "--example", "shaping"])?;
    judge_library(record, &process::json(&mut Command::new(library))?.json)
}

/// The first shaping term that was tested.
fn term(finished: &Finished) -> &Value {
    &finished.json["evidence"]["shaping"][0]
}

/// A return of the policy with a role.
fn returned(finished: &Finished, role: &str, column: &str) -> Value {
    let policies = finished.json["evidence"]["policies"]
        .as_array()
        .into_iter()
        .flatten();
    let mut found = policies.filter(|policy| policy["role"] == role);
    found
        .next()
        .map_or(Value::Null, |policy| policy[column].clone())
}

fn findings(checked: &[(&str, Finished)]) -> Table {
    let mut table = Table::new(
        "what `check` says",
        &[
            "reward",
            "exit",
            "verdict",
            "reasons",
            "relation",
            "relative_residual",
            "potential_based",
            "residual",
            "optimal_policy_reward",
            "its_intent",
            "best_intent",
            "farm_pays",
            "instead",
            "cycle_states",
        ],
    );
    for (name, finished) in checked {
        let evidence = &finished.json["evidence"];
        let farm = &term(finished)["farm"];
        table.row([
            json!(name),
            json!(finished.status),
            finished.json["verdict"].clone(),
            evidence["reasons"].clone(),
            evidence["equivalence"]["relation"].clone(),
            evidence["equivalence"]["relative_residual"].clone(),
            term(finished)["is_potential_based"].clone(),
            term(finished)["residual"].clone(),
            returned(finished, "reward-optimal", "reward"),
            returned(finished, "reward-optimal", "intent"),
            returned(finished, "intent-optimal", "intent"),
            farm["pays"].clone(),
            farm["instead"].clone(),
            farm["states"]
                .as_array()
                .map_or(Value::Null, |states| json!(states.len())),
        ]);
    }
    table
}

/// The states and actions that the bonus is farmed in.
fn farm(bonus: &Finished) -> Table {
    let mut table = Table::new(
        "the cycle in which the naive bonus is farmed",
        &["step", "state", "action"],
    );
    let states = term(bonus)["farm"]["states"]
        .as_array()
        .into_iter()
        .flatten();
    for (step, state) in states.enumerate() {
        table.row([json!(step), state["label"].clone(), state["action"].clone()]);
    }
    table
}

fn judge_check(record: &mut Record, checked: &[(&str, Finished)]) -> Result<()> {
    let [_, (_, bonus), (_, potential), (_, other)] = checked else {
        anyhow::bail!("there are {} cases instead of four", checked.len());
    };
    let number = |finished: &Finished, role: &str| {
        returned(finished, role, "intent")
            .as_f64()
            .with_context(|| format!("check printed no intent of the policy {role}"))
    };
    let (kept, best) = (
        number(potential, "reward-optimal")?,
        number(potential, "intent-optimal")?,
    );
    let relation = &potential.json["evidence"]["equivalence"]["relation"];
    record.check(
        "potential-based shaping is found sound, potential-based, and equivalent to the intent, so that all policies keep their order",
        format!("exit {:?}, {relation}", potential.status),
        potential.status == Some(0) && term(potential)["is_potential_based"] == true && relation == "equivalent",
    );
    record.check(
        "the optimal policy under it delivers all of the intent",
        format!("{kept} of {best}"),
        (kept - best).abs() <= SAME && best > 0.0,
    );
    let farm = &term(bonus)["farm"];
    let (pays, instead) = (farm["pays"].as_f64(), farm["instead"].as_f64());
    record.check(
        "the naive bonus is flagged, with a cycle that pays more than what is intended",
        format!(
            "exit {:?}, a cycle of {} states, {pays:?} against {instead:?}",
            bonus.status,
            farm["states"].as_array().map_or(0, Vec::len)
        ),
        bonus.status == Some(1)
            && term(bonus)["is_potential_based"] == false
            && farm["is_cycle"] == true
            && pays
                .zip(instead)
                .is_some_and(|(pays, instead)| pays > instead),
    );
    let lost = number(bonus, "reward-optimal")?;
    record.check(
        "the optimal policy under the naive bonus never leaves",
        format!("intent {lost}"),
        lost.abs() <= SAME,
    );
    record.check(
        "a potential made for another discount is flagged",
        format!(
            "exit {:?}, witness {}",
            other.status,
            term(other)["witness"]["kind"]
        ),
        other.status == Some(1) && term(other)["is_potential_based"] == false,
    );
    Ok(())
}

/// The same through the library, at discount 1 too, with the optimal actions state by state.
fn judge_library(record: &mut Record, printed: &Value) -> Result<()> {
    const COLUMNS: [&str; 9] = [
        "reward",
        "discount",
        "states",
        "potential_based",
        "felt_share",
        "witness",
        "witness_size",
        "states_with_other_optimal_actions",
        "farm_pays",
    ];
    let rows = printed["rewards"]
        .as_array()
        .context("shaping printed no `rewards`")?;
    let mut table = Table::new("the library, at discount 1 too", &COLUMNS);
    for row in rows {
        table.row([
            row["reward"].clone(),
            row["discount"].clone(),
            row["states"].clone(),
            row["is_potential_based"].clone(),
            row["felt_share"].clone(),
            row["witness_kind"].clone(),
            row["witness_size"].clone(),
            row["states_with_other_optimal_actions"].clone(),
            row["farm"]["pays"].clone(),
        ]);
    }
    record.table(table);
    let of = |reward: &str| {
        rows.iter()
            .filter(|row| row["reward"] == reward)
            .collect::<Vec<&Value>>()
    };
    let (potential, bonus) = (of("potential"), of("bonus"));
    let counts: Vec<&Value> = potential
        .iter()
        .map(|row| &row["states_with_other_optimal_actions"])
        .collect();
    record.check(
        "shaping by the potential leaves the optimal actions of every state as they are, at both discounts",
        format!("states that differ: {}", json!(counts)),
        counts.len() == 2 && counts.iter().all(|count| **count == json!(0)),
    );
    let means: Vec<&Value> = bonus.iter().map(|row| &row["farm"]["pays"]).collect();
    record.check(
        "the naive bonus is farmed at both discounts; at discount 1 the figure is its mean a step",
        format!("{}", json!(means)),
        bonus.len() == 2
            && bonus
                .iter()
                .all(|row| row["is_potential_based"] == false && row["farm"]["is_cycle"] == true),
    );
    Ok(())
}
