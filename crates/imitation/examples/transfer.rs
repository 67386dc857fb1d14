//! A reward beside a clone, where the dynamics are no longer those of the demonstrations.
//!
//! An expert demonstrates on drawn gridworlds. A reward of states is fitted by maximum causal entropy, and one of states
//! and actions, which may hold a potential of the dynamics that it was learned in; the demonstrations are cloned, too.
//! Then a wall is moved, or the wind turns, or nothing happens, and both rewards are planned for anew. The regret of each
//! under the true reward, as a share of what acting uniformly loses. Prints one JSON object.

#[path = "common/gridworld.rs"]
mod gridworld;

use imitation::{
    Bias, Expert, Features, Horizon, LinearReward, MaximumEntropyConfig, Transfer, demonstrate,
    maximum_entropy_irl, tabular_clone, transfer, visits,
};
use mdp::{Rng, Seed, TabularMdp, index};
use serde_json::{Value, json};

use gridworld::Gridworld;

const N_SEEDS: u64 = 30;
const N_DEMONSTRATIONS: usize = 200;
const MAX_STEPS: usize = 60;
const DISCOUNT: f64 = 0.95;
const SLIP: f64 = 0.1;
const INVERSE_TEMPERATURE: f64 = 30.0;
/// What the places pay; a pit costs 1.
const PAYS: [f64; 3] = [1.0, 0.4, 0.2];
/// Of a normal prior on what each state pays: as weak as keeps rewards finite.
const PRECISION: f64 = 1e-3;

/// A gridworld in which one wall more stands, in a floor cell, so that all places are still reached.
fn walled(world: &Gridworld, rng: &mut Rng) -> Gridworld {
    loop {
        let mut cells = world.cells.clone();
        let wall = index(world.n_states(), rng);
        let freed = index(world.n_states(), rng);
        let columns = world.n_columns();
        if world.sign(wall) == ' ' && world.sign(freed) == '#' {
            cells[wall / columns][wall % columns] = '#';
            cells[freed / columns][freed % columns] = ' ';
            let moved = Gridworld { cells };
            if moved.is_connected() {
                return moved;
            }
        }
    }
}

fn pays(cell: char) -> f64 {
    match cell {
        'x' => -1.0,
        'A'..='C' => PAYS[cell as usize - 'A' as usize],
        _ => 0.0,
    }
}

/// The reward fitted to demonstrations, `[S, A]`.
fn fitted(mdp: &TabularMdp, features: Features, shown: &[Vec<(usize, usize)>]) -> Vec<f64> {
    let config = MaximumEntropyConfig {
        precision: PRECISION,
        ..MaximumEntropyConfig::causal(Horizon::Infinite)
    };
    let expert = visits(mdp, shown).expect("demonstrations");
    let mut reward = LinearReward::new(features);
    maximum_entropy_irl(mdp, &expert, &mut reward, &config)
        .expect("a sound problem")
        .rewards
}

fn described(change: &str, seed: u64, by_states: &Transfer, by_actions: &Transfer) -> Value {
    let share = |transfer: &Transfer, regret: f64| transfer.share(regret);
    json!({
        "change": change,
        "seed": seed,
        "reward_of_states": share(by_states, by_states.reward_regret()),
        "reward_of_actions": share(by_actions, by_actions.reward_regret()),
        "clone": share(by_states, by_states.clone_regret()),
        "best_return": by_states.best,
        "uniform_return": by_states.uniform,
    })
}

fn main_of(seed: u64) -> Vec<Value> {
    let rng = &mut Seed(seed).stream("transfer", 0);
    let world = Gridworld::drawn(5, 7, rng);
    let mdp = world.mdp(SLIP, 0.0, DISCOUNT);
    let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
    let expert = Expert::noisy(Bias::Rational, INVERSE_TEMPERATURE);
    let policy = expert.policy(&mdp, &world.rewards(pays)).expect("a policy");
    let shown = demonstrate(&mdp, &policy, N_DEMONSTRATIONS, MAX_STEPS, rng);
    let clone = tabular_clone(&mdp, &shown).expect("demonstrations");
    let by_states = fitted(&mdp, Features::each_state(n_states, n_actions), &shown);
    let by_actions = fitted(
        &mdp,
        Features::each_state_and_action(n_states, n_actions),
        &shown,
    );
    let moved = walled(&world, rng);
    let changed = [
        ("nothing", &world, mdp.clone()),
        ("a wall moved", &moved, moved.mdp(SLIP, 0.0, DISCOUNT)),
        ("wind", &world, world.mdp(SLIP, 0.4, DISCOUNT)),
    ];
    let each = changed.iter().map(|(change, world, target)| {
        let intent = world.rewards(pays);
        let held = |learned: &[f64]| transfer(target, &intent, learned, &clone).expect("tables");
        described(change, seed, &held(&by_states), &held(&by_actions))
    });
    each.collect()
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let rows: Vec<Value> = (0..N_SEEDS).flat_map(main_of).collect();
    let changes = ["nothing", "a wall moved", "wind"];
    let means = changes.map(|change| {
        let mean = |column: &str| {
            let own = rows.iter().filter(|row| row["change"] == change);
            own.filter_map(|row| row[column].as_f64()).sum::<f64>() / N_SEEDS as f64
        };
        json!({
            "change": change,
            "reward_of_states": mean("reward_of_states"),
            "reward_of_actions": mean("reward_of_actions"),
            "clone": mean("clone"),
        })
    });
    println!(
        "{}",
        json!({
            "seeds": N_SEEDS,
            "demonstrations": N_DEMONSTRATIONS,
            "regret_as_a_share_of_that_of_acting_uniformly": means,
            "rows": rows,
        })
    );
}
