//! Whether equivalence is told apart from its closest counterfeits: `cargo run --release -p check --example equivalence`.
//!
//! Each seed draws an MDP and its reward twice: once to disguise the reward by a potential, a redistribution among
//! successors and a positive scale, once to push it off its ray. One JSON object goes to standard output.

#![expect(clippy::print_stdout, reason = "a command that prints its result")]

use std::f64::consts::PI;

use check::{Equivalence, Flow, Relation, equivalence};
use mdp::{Rng, Seed, TabularMdp, index, uniform_in};
use serde_json::{Value, json};

#[path = "../src/draw.rs"]
mod draw;

use draw::{Ends, disguise, draw_mdp, normals};

const SEEDS: u64 = 10_000;
/// Every fifth MDP is episodic at discount 1.
const EPISODIC_EACH: u64 = 5;

fn main() {
    let draws: Vec<Draw> = (0..SEEDS).map(Draw::new).collect();
    let groups = [
        (
            "discounted",
            draws
                .iter()
                .filter(|d| !d.is_episodic())
                .collect::<Vec<_>>(),
        ),
        (
            "episodic",
            draws.iter().filter(|d| d.is_episodic()).collect(),
        ),
        (
            "with unreachable states",
            draws.iter().filter(|d| d.unreachable > 0).collect(),
        ),
        ("all", draws.iter().collect()),
    ];
    let groups: Vec<Value> = groups
        .iter()
        .map(|(name, draws)| group(name, draws))
        .collect();
    let wrong: Vec<u64> = draws
        .iter()
        .filter(|d| !d.is_right())
        .map(|d| d.seed)
        .collect();
    println!(
        "{}",
        json!({
            "seeds": SEEDS,
            "states": [2, 30],
            "actions": [2, 5],
            "one_dimension": draws.iter().filter(|d| d.dimensions == 1).count(),
            "groups": groups,
            "wrong_seeds": wrong,
        })
    );
}

/// What one seed gave.
struct Draw {
    seed: u64,
    discount: f64,
    unreachable: usize,
    /// Of the space in which policies' occupancies differ.
    dimensions: usize,
    disguised: Equivalence,
    perturbed: Equivalence,
    /// `‖P δ‖ / ‖P r‖`.
    perturbation: f64,
}

impl Draw {
    fn new(seed: u64) -> Draw {
        let mut rng = Seed(seed).stream("equivalence", 0);
        let (n_states, n_actions) = (2 + index(29, &mut rng), 2 + index(4, &mut rng));
        let ends = match seed % EPISODIC_EACH {
            0 => [Ends::Sometimes, Ends::Always][index(2, &mut rng)],
            _ => Ends::Discounted,
        };
        let mdp = draw_mdp(n_states, n_actions, ends, &mut rng);
        let flow = Flow::new(&mdp);
        let reward = mdp.expected_rewards();
        let size = f64::powf(10.0, uniform_in(-3.0, 3.0, &mut rng));
        let disguised = mdp.expected(&disguise(&mdp, mdp.rewards(), size, &mut rng));
        let dimensions = flow.states().len() * (n_actions - 1);
        let (perturbed, perturbation) = perturb(&mdp, &flow, &reward, dimensions, &mut rng);
        let compare = |second: &[f64]| equivalence(&mdp, &reward, second).expect("rewards fit");
        Draw {
            seed,
            discount: mdp.discount().get(),
            // A terminal state is no state to act in.
            unreachable: mdp.n_states() - flow.states().len() - terminals(&mdp),
            dimensions,
            disguised: compare(&disguised),
            perturbed: compare(&perturbed),
            perturbation,
        }
    }

    fn is_episodic(&self) -> bool {
        self.discount == 1.0
    }

    fn is_recognised(&self) -> bool {
        self.disguised.relation == Relation::Equivalent && self.disguised.relative_residual < 1e-9
    }

    fn is_rejected(&self) -> bool {
        self.perturbed.relation != Relation::Equivalent && self.perturbation >= 1e-6
    }

    fn is_right(&self) -> bool {
        self.is_recognised() && self.is_rejected()
    }
}

/// The reward, disguised and pushed off its ray by δ with `‖P δ‖` from 1e-6 to 1 times `‖P r‖`, and that ratio.
///
/// The part of δ along `P r` only scales the reward, so δ is drawn across it. Where all differences of occupancies lie
/// on a line there is nothing across, and δ turns the reward around.
fn perturb(
    mdp: &TabularMdp,
    flow: &Flow,
    reward: &[f64],
    dimensions: usize,
    rng: &mut Rng,
) -> (Vec<f64>, f64) {
    let component = flow.project(reward).component;
    let across = if dimensions == 1 {
        component.iter().map(|value| -2.0 * value).collect()
    } else {
        let noise = flow.project(&normals(reward.len(), rng)).component;
        let along = dot(&noise, &component) / dot(&component, &component);
        let across: Vec<f64> = noise
            .iter()
            .zip(&component)
            .map(|(n, c)| n - along * c)
            .collect();
        let size = f64::powf(10.0, uniform_in(-6.0, 0.0, rng)) * (1.0 + 1e-9);
        let factor = size * (dot(&component, &component) / dot(&across, &across)).sqrt();
        across
            .iter()
            .map(|value| factor * value)
            .collect::<Vec<f64>>()
    };
    let ratio = (dot(&across, &across) / dot(&component, &component)).sqrt();
    let shaping = flow.shaping(&normals(mdp.n_states(), rng));
    let moved = reward
        .iter()
        .zip(&across)
        .zip(&shaping)
        .map(|((r, a), s)| r + a + s);
    (moved.collect(), ratio)
}

fn terminals(mdp: &TabularMdp) -> usize {
    let is_terminal = |state: &usize| {
        (0..mdp.n_actions()).all(|action| {
            mdp.transitions(*state, action)
                .all(|t| t.terminates && t.next_state == *state)
        })
    };
    (0..mdp.n_states()).filter(is_terminal).count()
}

fn group(name: &str, draws: &[&Draw]) -> Value {
    let residuals = |side: fn(&Draw) -> f64| {
        let mut values: Vec<f64> = draws.iter().map(|draw| side(draw)).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let disguised = residuals(|d| d.disguised.relative_residual);
    let angles = residuals(|d| d.disguised.angle.unwrap_or(PI));
    let perturbed = residuals(|d| {
        d.perturbed
            .relative_residual
            .max(f64::from(d.dimensions == 1))
    });
    let ratios = residuals(|d| d.perturbation);
    json!({
        "group": name,
        "draws": draws.len(),
        "recognised": draws.iter().filter(|d| d.is_recognised()).count(),
        "median_residual": disguised[disguised.len() / 2],
        "largest_residual": disguised.last(),
        "largest_angle": angles.last(),
        "rejected": draws.iter().filter(|d| d.is_rejected()).count(),
        "smallest_perturbation": ratios[0],
        "smallest_rejected_residual": perturbed[0],
    })
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| l * r).sum()
}
