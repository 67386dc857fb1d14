//! Which biases can be told from demonstrations, and which cannot.
//!
//! On drawn gridworlds with three places that pay differently, and pits, experts of every kind demonstrate; the posterior
//! over what they want and how they plan is exact. Four settings: `slippery`, where steps go astray; `tempting`, where
//! ways lead past temptations; `sure`, where no step goes astray, so that nobody can be over- or under-confident;
//! and `negated`, where what is wanted may be the opposite and experts may do the opposite of what they want. What no number of demonstrations tells apart is computed beforehand from
//! the policies, and held against the posterior. Prints one JSON object.

#[path = "common/gridworld.rs"]
mod gridworld;

use imitation::{
    Bias, Demonstration, Expert, Hypotheses, Posterior, Task, credible_set, demonstrate, evidence,
    expert_grid, explanations,
};
use mdp::{Seed, TabularMdp, categorical};
use serde_json::{Value, json};

use gridworld::Gridworld;

const N_SEEDS: u64 = 100;
const N_ROWS: usize = 5;
const N_COLUMNS: usize = 7;
/// So few leave something to be uncertain of.
const N_FEW: usize = 5;
const MAX_STEPS: usize = 40;
const SLIP: f64 = 0.3;
/// By how much an action worth 0.1 more is preferred: e, and e cubed.
const NOISY: [f64; 2] = [10.0, 30.0];
/// What is far away counts little for who discounts hyperbolically, so that only who hardly errs shows where it goes.
const NEARLY_SURE: [f64; 2] = [100.0, 500.0];
/// What the places pay, in every order; a pit costs as much as the best pays.
const PAYS: [f64; 3] = [1.0, 0.6, 0.3];
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];
/// Credible sets hold this much.
const MASS: f64 = 0.9;

#[derive(Clone, Copy)]
struct Setting {
    name: &'static str,
    slip: f64,
    discount: f64,
    n_demonstrations: usize,
    inverse_temperatures: [f64; 2],
    is_tempting: bool,
    is_negated: bool,
}

const SLIPPERY: Setting = Setting {
    name: "slippery",
    slip: SLIP,
    discount: 0.95,
    n_demonstrations: 200,
    inverse_temperatures: NOISY,
    is_tempting: false,
    is_negated: false,
};

const SETTINGS: [Setting; 4] = [
    SLIPPERY,
    Setting {
        name: "tempting",
        slip: 0.1,
        discount: 0.99,
        n_demonstrations: 2_000,
        inverse_temperatures: NEARLY_SURE,
        is_tempting: true,
        ..SLIPPERY
    },
    Setting {
        name: "sure",
        slip: 0.0,
        ..SLIPPERY
    },
    Setting {
        name: "negated",
        is_negated: true,
        ..SLIPPERY
    },
];

/// One gridworld with everything that is thought possible in it.
struct World {
    mdp: TabularMdp,
    tasks: Vec<Task>,
    hypotheses: Hypotheses,
    /// The same with Boltzmann-rational experts alone.
    unbiased: Hypotheses,
    kinds: Vec<&'static str>,
}

impl World {
    fn drawn(setting: Setting, seed: u64) -> World {
        let rng = &mut Seed(seed).stream("gridworld of biased experts", 0);
        let world = match setting.is_tempting {
            true => Gridworld::tempting(rng),
            false => Gridworld::drawn(N_ROWS, N_COLUMNS, rng),
        };
        let mdp = world.mdp(setting.slip, 0.0, setting.discount);
        let signs: &[f64] = if setting.is_negated {
            &[1.0, -1.0]
        } else {
            &[1.0]
        };
        let mut tasks = vec![];
        for sign in signs {
            for order in ORDERS {
                let rewards = world.rewards(|cell| {
                    sign * match cell {
                        'x' => -1.0,
                        'A'..='C' => PAYS[order[cell as usize - 'A' as usize]],
                        _ => 0.0,
                    }
                });
                tasks.push(Task::of_reward(&mdp, rewards).expect("a reward"));
            }
        }
        let mut experts = expert_grid(&setting.inverse_temperatures);
        if setting.is_negated {
            experts.extend(
                setting
                    .inverse_temperatures
                    .map(|beta| Expert::noisy(Bias::AntiRational, beta)),
            );
        }
        let kind = |expert: &Expert| expert.bias.kind();
        let mut kinds: Vec<&'static str> = experts.iter().map(kind).collect();
        kinds.dedup();
        // Every kind alike, and every member of a kind.
        let shares: Vec<f64> = experts
            .iter()
            .map(|expert| {
                let alike = experts.iter().filter(|other| kind(other) == kind(expert));
                1.0 / alike.count() as f64
            })
            .collect();
        let prior = shares.repeat(tasks.len());
        let rational = setting
            .inverse_temperatures
            .map(|beta| Expert::noisy(Bias::Rational, beta));
        World {
            hypotheses: Hypotheses::new(&tasks, &experts, Some(&prior)).expect("sound hypotheses"),
            unbiased: Hypotheses::new(&tasks, &rational, None).expect("sound hypotheses"),
            mdp,
            tasks,
            kinds,
        }
    }

    fn kind(&self, hypothesis: usize) -> &'static str {
        let experts = self.hypotheses.experts();
        experts[hypothesis % experts.len()].bias.kind()
    }

    /// A hypothesis of a kind, as the prior has them.
    fn truth(&self, kind: &str, seed: u64) -> usize {
        let rng = &mut Seed(seed).stream(kind, 0);
        let mut prior = self.hypotheses.prior();
        for (hypothesis, p) in prior.iter_mut().enumerate() {
            *p = if self.kind(hypothesis) == kind {
                *p
            } else {
                0.0
            };
        }
        let sum: f64 = prior.iter().sum();
        prior.iter_mut().for_each(|p| *p /= sum);
        categorical(&prior, rng)
    }
}

/// One expert who demonstrates, and what is inferred.
fn case(setting: Setting, world: &World, kind: &'static str, seed: u64) -> Value {
    let truth = world.truth(kind, seed);
    let n_experts = world.hypotheses.experts().len();
    let logs = world.hypotheses.log_policy(truth).iter();
    let policy: Vec<f64> = logs.map(|log| log.exp()).collect();
    let rng = &mut Seed(seed).stream(&format!("demonstrations, {kind}"), 0);
    let shown = demonstrate(
        &world.mdp,
        &policy,
        setting.n_demonstrations,
        MAX_STEPS,
        rng,
    );
    let posterior = Posterior::of(&world.hypotheses, &shown).expect("possible choices");
    let unbiased = Posterior::of(&world.unbiased, &shown).expect("possible choices");
    let found = evidence(&world.hypotheses, &world.tasks, truth, MAX_STEPS);
    let is_other = |other: usize| world.kind(other) != kind;
    let other = found.nearest(is_other).expect("another kind");
    let alike = found.indistinguishable();
    let mut kinds_alike: Vec<&str> = alike.iter().map(|h| world.kind(*h)).collect();
    kinds_alike.sort_unstable();
    kinds_alike.dedup();
    let task = truth / n_experts;
    let few = Posterior::of(&world.hypotheses, &shown[..N_FEW]).expect("possible choices");
    json!({
        "setting": setting.name,
        "seed": seed,
        "kind": kind,
        "expert": world.hypotheses.experts()[truth % n_experts].to_string(),
        "nats": other.1 * setting.n_demonstrations as f64,
        "other_kind": world.kind(other.0),
        "kinds_alike": kinds_alike,
        "odds_moved": odds_moved(&world.hypotheses.prior(), &posterior.probabilities(), &alike),
        "few": inferred(&few, truth),
        "many": inferred(&posterior, truth),
        "is_task_found": likeliest(&posterior.tasks()) == task,
        "is_task_found_if_rational": likeliest(&unbiased.tasks()) == task,
        "held_out": held_out(world, &posterior, &unbiased, &policy, seed),
    })
}

/// What a posterior says of the kind, and whether its credible set holds the truth.
fn inferred(posterior: &Posterior<'_>, truth: usize) -> Value {
    let kinds = posterior.kinds();
    let shares: Vec<f64> = kinds.iter().map(|(_, p)| *p).collect();
    let probabilities = posterior.probabilities();
    let set = credible_set(&probabilities, MASS);
    json!({
        "kind": kinds[likeliest(&shares)].0,
        "kinds": kinds.iter().map(|(name, p)| json!([name, p])).collect::<Vec<_>>(),
        "is_covered": set.contains(&truth),
        "mass": set.iter().map(|hypothesis| probabilities[*hypothesis]).sum::<f64>(),
        "size": set.len(),
    })
}

fn likeliest(shares: &[f64]) -> usize {
    let best = shares.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    best.map_or(0, |(best, _)| best)
}

/// By how much the odds moved, as logarithms, between hypotheses that act alike: nothing can have moved them.
fn odds_moved(prior: &[f64], posterior: &[f64], alike: &[usize]) -> f64 {
    let moved = alike.iter().map(|h| (posterior[*h] / prior[*h]).ln());
    let (least, most) = moved.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
        (f64::min(least, x), f64::max(most, x))
    });
    most - least
}

/// Log-likelihood a step of demonstrations that were not seen, under both posteriors, and under the truth.
fn held_out(
    world: &World,
    posterior: &Posterior<'_>,
    unbiased: &Posterior<'_>,
    policy: &[f64],
    seed: u64,
) -> Value {
    let rng = &mut Seed(seed).stream("demonstrations held back", 0);
    let fresh = demonstrate(&world.mdp, policy, 50, MAX_STEPS, rng);
    let n_steps: usize = fresh.iter().map(Vec::len).sum();
    let of = |policy: &[f64]| mean_log(policy, &fresh, n_steps);
    json!({
        "biased": of(&posterior.policy()),
        "rational": of(&unbiased.policy()),
        "truth": of(policy),
    })
}

fn mean_log(policy: &[f64], fresh: &[Demonstration], n_steps: usize) -> f64 {
    let each = fresh.iter().flatten();
    each.map(|(state, action)| policy[state * 4 + action].ln())
        .sum::<f64>()
        / n_steps as f64
}

/// Every planner explains the policy of one expert, if rewards may be anything.
fn free_lunch(world: &World, seed: u64) -> Vec<Value> {
    let expert = Expert::noisy(Bias::Rational, NOISY[0]);
    let policy = expert
        .policy(&world.mdp, &world.tasks[0].rewards)
        .expect("a policy");
    let mut biases: Vec<Bias> = expert_grid(&[1.0])
        .iter()
        .map(|expert| expert.bias)
        .collect();
    biases.extend([Bias::AntiRational, Bias::Indifferent]);
    let found = explanations(&world.mdp, &policy, expert.inverse_temperature, &biases)
        .expect("explanations");
    let each = found.iter().map(|found| {
        json!({
            "seed": seed,
            "planner": found.expert.bias.to_string(),
            "error": found.error,
            "relation": format!("{:?}", found.relation),
            "regret": found.regret,
        })
    });
    each.collect()
}

fn described(setting: Setting) -> Value {
    json!({
        "setting": setting.name,
        "slip": setting.slip,
        "discount": setting.discount,
        "demonstrations": setting.n_demonstrations,
        "inverse_temperatures": setting.inverse_temperatures,
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let argument = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let n_seeds: u64 = argument.unwrap_or(N_SEEDS);
    let (mut cases, mut lunches) = (vec![], vec![]);
    for setting in SETTINGS {
        for seed in 0..n_seeds {
            let world = World::drawn(setting, seed);
            cases.extend(
                world
                    .kinds
                    .iter()
                    .map(|kind| case(setting, &world, kind, seed)),
            );
            if setting.name == SLIPPERY.name {
                lunches.extend(free_lunch(&world, seed));
            }
        }
    }
    println!(
        "{}",
        json!({
            "seeds": n_seeds,
            "rows": N_ROWS,
            "columns": N_COLUMNS,
            "few_demonstrations": N_FEW,
            "max_steps": MAX_STEPS,
            "settings": SETTINGS.map(described),
            "mass": MASS,
            "cases": cases,
            "explanations": lunches,
        })
    );
}
