//! Hackability, its witnesses and its companions against slow and obvious answers:
//! `cargo run --release -p check --example hackability -- [PART...]`.
//!
//! One JSON object goes to standard output, the time of each part to standard error. Nothing is drawn from a clock; each seed gives one MDP and a pair of rewards.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command that prints its result"
)]

#[path = "../common/mod.rs"]
mod common;
mod companions;
mod deterministic;
#[path = "../../src/draw.rs"]
mod draw;
mod stochastic;

use std::time::Instant;

use check::{HackablePair, return_range};
use common::Presentation;
use draw::{Ends, disguise, draw_mdp, normals};
use mdp::{Rng, Seed, TabularMdp, index, policy_return, uniform_in};
use serde_json::{Map, Value};

/// A part of the measurement: its name, and what it measures.
type Part = (&'static str, fn() -> Value);

const PARTS: [Part; 10] = [
    ("stochastic", || stochastic::measure(5_000)),
    ("deterministic", || deterministic::compare(2_000)),
    ("large", deterministic::large),
    ("beyond", || deterministic::beyond(500)),
    ("converse", deterministic::converse),
    ("gap", || companions::gaps(1_000)),
    ("simplification", || companions::simplifications(2_000)),
    ("certificate", || companions::certificates(2_000)),
    ("stopping", || companions::stopping(500)),
    ("quantilizer", || companions::quantilizers(1_000)),
];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let mut measured = Map::new();
    for (name, measure) in PARTS {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            let started = Instant::now();
            let value = measure();
            eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
            measured.insert(name.to_owned(), value);
        }
    }
    println!("{}", Value::Object(measured));
}

/// How the intent of a pair comes from its reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Drawn by itself.
    Independent,
    /// The reward under a potential, a redistribution and a scale.
    Equivalent,
    /// Minus the reward, under a potential and a redistribution.
    Opposite,
    /// A potential alone.
    TrivialIntent,
    /// The other way round.
    TrivialReward,
    /// The reward and noise of 1e-3 to 1 times its size.
    Near,
}

impl Kind {
    const ALL: [Kind; 6] = [
        Kind::Independent,
        Kind::Equivalent,
        Kind::Opposite,
        Kind::TrivialIntent,
        Kind::TrivialReward,
        Kind::Near,
    ];

    fn name(self) -> &'static str {
        match self {
            Kind::Independent => "independent",
            Kind::Equivalent => "equivalent",
            Kind::Opposite => "opposite",
            Kind::TrivialIntent => "trivial intent",
            Kind::TrivialReward => "trivial reward",
            Kind::Near => "nearly equivalent",
        }
    }

    fn of(seed: u64) -> Kind {
        Kind::ALL[(seed % Kind::ALL.len() as u64) as usize]
    }
}

/// An MDP and a pair of expected rewards on it.
struct Case {
    mdp: TabularMdp,
    reward: Vec<f64>,
    intent: Vec<f64>,
    /// Reward and intent as they were drawn, which programmes are given: their tolerances have a unit.
    plain: [Vec<f64>; 2],
    /// How the two were turned into `reward` and `intent`.
    presented: [Presentation; 2],
    kind: Kind,
}

impl Case {
    /// Of 2 to `most_states` states and 2 or 3 actions; every fifth MDP is episodic at discount 1. Three of seven pairs
    /// are in other units, or with an offset, or both.
    fn drawn(label: &str, seed: u64, most_states: usize) -> Case {
        let rng = &mut Seed(seed).stream(label, 0);
        let ends = if seed.is_multiple_of(5) {
            Ends::Always
        } else {
            Ends::Discounted
        };
        let n_states = 2 + index(most_states - 1, rng);
        let mdp = draw_mdp(n_states, 2 + index(2, rng), ends, rng);
        Case::on(mdp, Kind::of(seed), rng).presented(seed)
    }

    fn on(mdp: TabularMdp, kind: Kind, rng: &mut Rng) -> Case {
        let table = normals(mdp.n_transitions(), rng);
        let shaped = |table: &[f64], rng: &mut Rng| mdp.expected(&disguise(&mdp, table, 3.0, rng));
        let nothing = vec![0.0; table.len()];
        let negated: Vec<f64> = table.iter().map(|value| -value).collect();
        let mut reward = mdp.expected(&table);
        let intent = match kind {
            Kind::Independent => normals(reward.len(), rng),
            Kind::Equivalent => shaped(&table, rng),
            Kind::Opposite => shaped(&negated, rng),
            Kind::TrivialIntent => shaped(&nothing, rng),
            Kind::TrivialReward => {
                let intent = std::mem::take(&mut reward);
                reward = shaped(&nothing, rng);
                intent
            }
            Kind::Near => {
                let size = f64::powf(10.0, uniform_in(-3.0, 0.0, rng));
                let noise = normals(reward.len(), rng);
                reward
                    .iter()
                    .zip(noise)
                    .map(|(r, n)| r + size * n)
                    .collect()
            }
        };
        Case::plain(mdp, reward, intent, kind)
    }

    /// A pair as it was drawn.
    fn plain(mdp: TabularMdp, reward: Vec<f64>, intent: Vec<f64>, kind: Kind) -> Case {
        Case {
            mdp,
            plain: [reward.clone(), intent.clone()],
            presented: [Presentation::PLAIN; 2],
            reward,
            intent,
            kind,
        }
    }

    /// The same pair as the seed presents it.
    fn presented(self, seed: u64) -> Case {
        let presented = ["reward", "intent"].map(|what| Presentation::drawn(&self.mdp, seed, what));
        let table = |place: usize| presented[place].of_expected(&self.mdp, &self.plain[place]);
        Case {
            reward: table(0),
            intent: table(1),
            presented,
            ..self
        }
    }

    /// Widths of the ranges of both returns.
    fn widths(&self) -> [f64; 2] {
        self.widths_of([&self.reward, &self.intent])
    }

    /// The same of the pair as it was drawn.
    fn plain_widths(&self) -> [f64; 2] {
        self.widths_of(self.plain.each_ref())
    }

    fn widths_of(&self, tables: [&Vec<f64>; 2]) -> [f64; 2] {
        tables.map(|table| {
            let range = return_range(&self.mdp, table).expect("every policy ends");
            if range.is_flat() { 0.0 } else { range.width() }
        })
    }

    /// What evaluation says of a pair of policies: the smaller of the rise of the reward and the fall of the intent, as
    /// shares of their ranges.
    fn evaluated(&self, before: &[f64], after: &[f64]) -> f64 {
        let widths = self.widths();
        let change = |table: &[f64]| {
            let [before, after] = [before, after]
                .map(|policy| policy_return(&self.mdp, table, policy).expect("every policy ends"));
            after - before
        };
        f64::min(
            change(&self.reward) / widths[0],
            -change(&self.intent) / widths[1],
        )
    }

    fn evaluated_pair(&self, pair: &HackablePair) -> f64 {
        self.evaluated(&pair.before.policy, &pair.after.policy)
    }
}

/// The least of some numbers, absent where there are none; NaN if any is.
fn least(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let least = |least: f64, value: f64| {
        if least.is_nan() || value >= least {
            least
        } else {
            value
        }
    };
    values.into_iter().reduce(least)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
