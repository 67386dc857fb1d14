//! Whether distances are zero, one and triangular where theory says so: `cargo run --release -p check --example distances`.
//!
//! Each seed draws an MDP and rewards at every state, action and next state. One JSON object goes to standard output.

#![expect(clippy::print_stdout, reason = "a command that prints its result")]

use check::{Canonicalizer, Coverage, dard, epic, range_distance, starc};
use mdp::{Rng, Seed, TabularMdp, index};
use serde_json::{Value, json};

#[expect(dead_code, reason = "shared with other examples")]
mod common;
#[path = "../src/draw.rs"]
#[expect(dead_code, reason = "shared with the tests and other examples")]
mod draw;

use common::{exceeds, greatest, greatest_from};
use draw::{Ends, draw_mdp, normals};

const SEEDS: u64 = 1_000;

/// A distance, whether theory lets it see a redistribution among successors, and how it is taken.
type Named = (
    &'static str,
    bool,
    fn(&Setting, &Everywhere, &Everywhere) -> f64,
);

const DISTANCES: [Named; 6] = [
    ("EPIC", true, |setting, first, second| {
        let coverage = setting.coverage();
        epic(
            &coverage,
            setting.mdp.discount(),
            |s, a, n| first.at(s, a, n),
            |s, a, n| second.at(s, a, n),
        )
    }),
    ("DARD", true, |setting, first, second| {
        let coverage = setting.coverage();
        dard(
            &setting.mdp,
            &coverage,
            |s, a, n| first.at(s, a, n),
            |s, a, n| second.at(s, a, n),
        )
    }),
    ("VAL", false, |setting, first, second| {
        setting.starc(Canonicalizer::Value(&setting.policy), first, second)
    }),
    ("VALPotential", true, |setting, first, second| {
        setting.starc(
            Canonicalizer::ValuePotential(&setting.policy),
            first,
            second,
        )
    }),
    ("flow", false, |setting, first, second| {
        setting.starc(Canonicalizer::Flow, first, second)
    }),
    ("range of returns", false, |setting, first, second| {
        let expected = |reward: &Everywhere| setting.mdp.expected(&reward.table(&setting.mdp));
        range_distance(&setting.mdp, &expected(first), &expected(second))
            .expect("every policy ends")
    }),
];

fn main() {
    let settings: Vec<Setting> = (0..SEEDS).map(Setting::new).collect();
    let rows: Vec<Value> = DISTANCES
        .iter()
        .map(|distance| row(*distance, &settings))
        .collect();
    println!("{}", json!({ "seeds": SEEDS, "distances": rows }));
}

/// A reward at any state, action and next state.
struct Everywhere {
    n_states: usize,
    n_actions: usize,
    values: Vec<f64>,
}

impl Everywhere {
    fn at(&self, state: usize, action: usize, next_state: usize) -> f64 {
        self.values[(state * self.n_actions + action) * self.n_states + next_state]
    }

    /// The reward of each stored transition.
    fn table(&self, mdp: &TabularMdp) -> Vec<f64> {
        let rows = (0..self.n_states * self.n_actions)
            .map(|row| (row / self.n_actions, row % self.n_actions));
        rows.flat_map(|(s, a)| {
            mdp.transitions(s, a)
                .map(move |t| self.at(s, a, t.next_state))
        })
        .collect()
    }

    /// The reward with something added to each value.
    fn plus(&self, scale: f64, added: impl Fn(usize, usize, usize) -> f64) -> Everywhere {
        let places = (0..self.values.len()).map(|place| {
            let (row, next_state) = (place / self.n_states, place % self.n_states);
            (row / self.n_actions, row % self.n_actions, next_state)
        });
        let values = self.values.iter().zip(places);
        Everywhere {
            values: values
                .map(|(value, (s, a, n))| scale * value + added(s, a, n))
                .collect(),
            ..*self
        }
    }
}

/// An MDP with rewards whose distances theory knows, and three that it does not.
struct Setting {
    seed: u64,
    mdp: TabularMdp,
    /// Of the value canonicalizers: all actions alike.
    policy: Vec<f64>,
    reward: Everywhere,
    /// Scaled and shaped.
    equivalent: Everywhere,
    /// Turned around, scaled and shaped.
    opposite: Everywhere,
    /// The same in expectation over successors.
    redistributed: Everywhere,
    others: [Everywhere; 2],
}

impl Setting {
    fn new(seed: u64) -> Setting {
        let mut rng = Seed(seed).stream("distances", 0);
        let (n_states, n_actions) = (2 + index(7, &mut rng), 2 + index(3, &mut rng));
        let ends = if seed.is_multiple_of(5) {
            Ends::Always
        } else {
            Ends::Discounted
        };
        let mdp = draw_mdp(n_states, n_actions, ends, &mut rng);
        let everywhere = |rng: &mut Rng| Everywhere {
            n_states,
            n_actions,
            values: normals(n_states * n_actions * n_states, rng),
        };
        let reward = everywhere(&mut rng);
        let shaping = |rng: &mut Rng| {
            let potential: Vec<f64> = (0..n_states)
                .map(|state| {
                    if is_terminal(&mdp, state) {
                        0.0
                    } else {
                        mdp::normal(rng)
                    }
                })
                .collect();
            let discount = mdp.discount().get();
            move |state: usize, _: usize, next_state: usize| {
                discount * potential[next_state] - potential[state]
            }
        };
        let noise = everywhere(&mut rng);
        let mean = mdp.expected(&noise.table(&mdp));
        Setting {
            seed,
            policy: vec![1.0 / n_actions as f64; n_states * n_actions],
            equivalent: reward.plus(3.0, shaping(&mut rng)),
            opposite: reward.plus(-0.5, shaping(&mut rng)),
            redistributed: reward.plus(1.0, |s, a, n| noise.at(s, a, n) - mean[s * n_actions + a]),
            others: [everywhere(&mut rng), everywhere(&mut rng)],
            reward,
            mdp,
        }
    }

    fn coverage(&self) -> Coverage {
        Coverage::uniform(self.mdp.n_states(), self.mdp.n_actions())
    }

    fn starc(
        &self,
        canonicalizer: Canonicalizer<'_>,
        first: &Everywhere,
        second: &Everywhere,
    ) -> f64 {
        starc(
            &self.mdp,
            canonicalizer,
            &first.table(&self.mdp),
            &second.table(&self.mdp),
        )
        .expect("every policy ends")
    }
}

fn is_terminal(mdp: &TabularMdp, state: usize) -> bool {
    (0..mdp.n_actions()).all(|action| {
        mdp.transitions(state, action)
            .all(|t| t.terminates && t.next_state == state)
    })
}

/// What one distance says in every setting.
fn row((name, sees, distance): Named, settings: &[Setting]) -> Value {
    let all = |of: &dyn Fn(&Setting) -> f64| settings.iter().map(of).collect::<Vec<f64>>();
    let largest = |values: &[f64]| greatest(values.iter().copied());
    let equivalent = all(&|s| distance(s, &s.reward, &s.equivalent));
    let opposite = all(&|s| (distance(s, &s.reward, &s.opposite) - 1.0).abs());
    let mut redistributed = all(&|s| distance(s, &s.reward, &s.redistributed));
    redistributed.sort_by(f64::total_cmp);
    let detours = settings.iter().map(|s| (s.seed, detour(s, distance)));
    let longer: Vec<u64> = detours
        .clone()
        .filter(|(_, excess)| exceeds(*excess, 1e-12))
        .map(|(seed, _)| seed)
        .collect();
    json!({
        "distance": name,
        "sees_redistribution": sees,
        "settings": settings.len(),
        "largest_of_equivalent": largest(&equivalent),
        "largest_of_opposite_less_1": largest(&opposite),
        "median_redistributed": redistributed[redistributed.len() / 2],
        "largest_redistributed": largest(&redistributed),
        "triangles": 3 * settings.len(),
        "triangles_broken": longer.len(),
        "broken_seeds": longer,
        "closest_triangle": greatest_from(f64::NEG_INFINITY, detours.map(|(_, excess)| excess)),
    })
}

/// By how much a side of the triangle of three random rewards exceeds the other two together, at most.
fn detour(setting: &Setting, distance: fn(&Setting, &Everywhere, &Everywhere) -> f64) -> f64 {
    let [second, third] = &setting.others;
    let sides = [
        distance(setting, &setting.reward, second),
        distance(setting, second, third),
        distance(setting, &setting.reward, third),
    ];
    let whole: f64 = sides.iter().sum();
    greatest_from(
        f64::NEG_INFINITY,
        sides.iter().map(|side| 2.0 * side - whole),
    )
}
