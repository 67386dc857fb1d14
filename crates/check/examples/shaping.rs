//! Montezuma's rooms under three rewards: does shaping change what is optimal? `cargo run --release -p check --example shaping`.
//!
//! At a discount below 1 and at 1, where going round is measured by its mean. One JSON object goes to standard output.

#![expect(clippy::print_stdout, reason = "a command that prints its result")]

use check::{Discrepancy, Farm, Intended, PotentialTest, shaping};
use envs::{MontezumaRooms, RoomsReward};
use mdp::{Discount, Tabulated, policy_iteration, tabulate};
use serde_json::{Value, json};

const DISCOUNTS: [f64; 2] = [0.99, 1.0];
/// More states than there are.
const LIMIT: usize = 10_000;
/// Values nearer than this are ties.
const TIE: f64 = 1e-9;

fn main() {
    let rows: Vec<Value> = DISCOUNTS
        .iter()
        .flat_map(|discount| RoomsReward::NAMES.iter().map(|name| row(name, *discount)))
        .collect();
    println!("{}", json!({ "rewards": rows }));
}

fn row(name: &str, discount: f64) -> Value {
    let reward = RoomsReward::named(name, discount).expect("it is one of the names");
    let factor = Discount::new(discount).expect("it lies between 0 and 1");
    let tables = tabulate(&MontezumaRooms { reward }, factor, LIMIT).expect("the rooms are few");
    let (term, task) = (
        table(&tables, "reward.shaping"),
        table(&tables, "reward.door"),
    );
    let found =
        shaping(&tables.mdp, term, task, Intended::Optimal).expect("the tables are the MDP's own");
    let witness = match &found.potential {
        PotentialTest::Found { .. } => None,
        PotentialTest::Refuted(discrepancy) => Some(discrepancy),
    };
    json!({
        "reward": name,
        "discount": discount,
        "states": tables.mdp.reachable().iter().filter(|reached| **reached).count(),
        "is_potential_based": found.is_potential_based(),
        "felt_share": found.felt_share,
        "witness_kind": witness.map(|w| match w {
            Discrepancy::Loop { .. } => "loop",
            Discrepancy::Ways { .. } => "two ways",
        }),
        "witness_size": witness.map(Discrepancy::size),
        "states_with_other_optimal_actions": other_optima(&tables),
        "farm": found.farm.as_ref().map(|farm| describe(&tables, farm)),
    })
}

fn table<'t>(tables: &'t Tabulated, name: &str) -> &'t [f64] {
    let named = tables.rewards.iter().find(|reward| reward.name == name);
    &named.expect("the rooms have this component").values
}

/// In how many reachable states the set of optimal actions is another for the reward than for the intent; absent where
/// the reward has no optimal policy, because it pays without bound.
fn other_optima(tables: &Tabulated) -> Option<usize> {
    let mdp = &tables.mdp;
    let sets = |name: &str| -> Option<Vec<Vec<bool>>> {
        let solution = policy_iteration(mdp, &mdp.expected(table(tables, name)), None).ok()?;
        let rows = solution.q_values.chunks(mdp.n_actions());
        Some(
            rows.map(|row| {
                let best = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                row.iter().map(|q| *q >= best - TIE).collect()
            })
            .collect(),
        )
    };
    let (reward, intent) = (sets("reward")?, sets("intent")?);
    let reachable = mdp.reachable();
    Some(
        (0..mdp.n_states())
            .filter(|s| reachable[*s] && reward[*s] != intent[*s])
            .count(),
    )
}

fn describe(tables: &Tabulated, farm: &Farm) -> Value {
    let round = farm.states.iter().zip(&farm.actions);
    let steps: Vec<String> = round
        .map(|(state, action)| {
            format!(
                "{}: {}",
                tables.state_labels[*state], tables.action_names[*action]
            )
        })
        .collect();
    json!({
        "is_cycle": farm.is_cycle,
        "approach": farm.approach.len(),
        "pays": farm.pays,
        "instead": farm.instead,
        "term_a_step": farm.term_a_step,
        "task_a_step": farm.task_a_step,
        "steps": steps,
    })
}
