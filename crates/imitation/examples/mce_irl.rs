//! How well, and how fast, maximum causal entropy recovers what an expert does.
//!
//! Experts are soft-optimal for rewards drawn at random on MDPs drawn at random; a linear and a network reward are
//! fitted to their visits. Prints one JSON object. With a path as argument the MDPs on which speed is measured are
//! written there for a peer, as dense arrays.

use std::time::Instant;

use imitation::{
    Features, Horizon, InferredReward, LinearReward, MaximumEntropyConfig, NetworkReward,
    maximum_entropy_irl,
};
use mdp::{
    Discount, Seed, Stop, TabularMdp, Transition, index, occupancy, occupancy_finite,
    soft_value_iteration, soft_value_iteration_finite, uniform,
};
use serde_json::{Value, json};

const SEEDS: u64 = 5;
const N_STATES: usize = 100;
const N_ACTIONS: usize = 4;
const N_SUCCESSORS: usize = 4;
const N_STEPS: usize = 50;
const HIDDEN: [usize; 2] = [32, 32];
/// What the peer stops at: the greatest difference between visits of states.
const PEER_TOLERANCE: f64 = 1e-3;

/// One kind of problem.
struct Case {
    discount: f64,
    horizon: Horizon,
    /// Whether the reward, the expert's and ours, tells actions apart.
    of_actions: bool,
}

const fn case(discount: f64, horizon: Horizon, of_actions: bool) -> Case {
    Case {
        discount,
        horizon,
        of_actions,
    }
}

/// At discount 1 the horizon is finite; at discount 0 nothing but the reward of an action decides.
const CASES: [Case; 5] = [
    case(0.9, Horizon::Infinite, false),
    case(0.99, Horizon::Infinite, false),
    UNDISCOUNTED,
    case(0.0, Horizon::Infinite, true),
    case(0.9, Horizon::Infinite, true),
];

const UNDISCOUNTED: Case = case(1.0, Horizon::Finite(N_STEPS), false);

/// What there is to learn from, and what should come of it.
struct Problem {
    mdp: TabularMdp,
    rewards: Vec<f64>,
    visits: Vec<f64>,
    policy: Vec<f64>,
}

fn random_mdp(discount: f64, rng: &mut mdp::Rng) -> TabularMdp {
    let mut builder = TabularMdp::builder(N_STATES, N_ACTIONS);
    for _ in 0..N_STATES * N_ACTIONS {
        let weights: Vec<f64> = (0..N_SUCCESSORS).map(|_| 0.1 + uniform(rng)).collect();
        let sum: f64 = weights.iter().sum();
        for weight in weights {
            builder.push(Transition {
                probability: weight / sum,
                next_state: index(N_STATES, rng),
                reward: 0.0,
                terminates: false,
            });
        }
        builder.end_row();
    }
    let start = vec![1.0 / N_STATES as f64; N_STATES];
    let discount = Discount::new(discount).expect("a discount");
    builder.build(start, discount).expect("a sound MDP")
}

impl Case {
    fn problem(&self, seed: u64) -> Problem {
        let mut rng = Seed(seed).stream("mdp", 0);
        let mdp = random_mdp(self.discount, &mut rng);
        let mut draw = || 4.0 * uniform(&mut rng) - 2.0;
        let rewards: Vec<f64> = if self.of_actions {
            (0..N_STATES * N_ACTIONS).map(|_| draw()).collect()
        } else {
            (0..N_STATES).flat_map(|_| [draw(); N_ACTIONS]).collect()
        };
        let (policy, visits) = match self.horizon {
            Horizon::Finite(n_steps) => {
                let expert = soft_value_iteration_finite(&mdp, &rewards, 1.0, n_steps).policy;
                let visits = occupancy_finite(&mdp, &expert);
                (expert, visits)
            }
            Horizon::Infinite => {
                let expert = soft_value_iteration(&mdp, &rewards, 1.0, 1e-12, 1_000).policy();
                let visits = occupancy(&mdp, &expert).expect("the discount is below 1");
                (expert, visits)
            }
        };
        Problem {
            mdp,
            rewards,
            visits,
            policy,
        }
    }

    fn features(&self) -> Features {
        if self.of_actions {
            Features::each_state_and_action(N_STATES, N_ACTIONS)
        } else {
            Features::each_state(N_STATES, N_ACTIONS)
        }
    }

    /// Fits a reward, `linear` or `network`, and gives the seconds that it took.
    fn fit(&self, problem: &Problem, model: &str, tolerance: f64) -> (InferredReward, f64) {
        let config = MaximumEntropyConfig {
            tolerance,
            ..MaximumEntropyConfig::causal(self.horizon)
        };
        let started = Instant::now();
        let found = if model == "linear" {
            let mut reward = LinearReward::new(self.features());
            maximum_entropy_irl(&problem.mdp, &problem.visits, &mut reward, &config)
        } else {
            let mut reward = NetworkReward::new(self.features(), &HIDDEN, 1, Seed(0));
            maximum_entropy_irl(&problem.mdp, &problem.visits, &mut reward, &config)
        };
        let found = found.expect("a sound problem");
        (found, started.elapsed().as_secs_f64())
    }
}

fn of_states(visits: &[f64]) -> Vec<f64> {
    visits
        .chunks(N_ACTIONS)
        .map(|row| row.iter().sum())
        .collect()
}

fn recovery(case: &Case, seed: u64, model: &str) -> Value {
    let problem = case.problem(seed);
    let (found, seconds) = case.fit(&problem, model, 2e-6);
    let least_visits = of_states(&problem.visits)
        .into_iter()
        .fold(f64::INFINITY, f64::min);
    json!({
        "seed": seed,
        "discount": case.discount,
        "horizon": match case.horizon {
            Horizon::Finite(n_steps) => json!(n_steps),
            Horizon::Infinite => json!("infinite"),
        },
        "reward_of": if case.of_actions { "states and actions" } else { "states" },
        "model": model,
        "visits_error": greatest_difference(&found.visits, &problem.visits),
        "policy_error": greatest_difference(&found.policy, &problem.policy),
        "least_visits": least_visits,
        "iterations": found.iterations,
        "evaluations": found.evaluations,
        "converged": found.stop == Stop::Converged,
        "seconds": seconds,
    })
}

/// The finite-horizon problem, timed to the tolerance of the peer.
fn speed(seed: u64, model: &str) -> Value {
    let problem = UNDISCOUNTED.problem(seed);
    let (found, seconds) = UNDISCOUNTED.fit(&problem, model, PEER_TOLERANCE);
    let (own, expert) = (of_states(&found.visits), of_states(&problem.visits));
    json!({
        "seed": seed,
        "model": model,
        "seconds": seconds,
        "evaluations": found.evaluations,
        "state_visits_error": greatest_difference(&own, &expert),
    })
}

/// The finite-horizon problems as dense arrays.
fn for_peer() -> Value {
    let problems = (0..SEEDS).map(|seed| {
        let problem = UNDISCOUNTED.problem(seed);
        let mut dense = vec![0.0; N_STATES * N_ACTIONS * N_STATES];
        for row in 0..N_STATES * N_ACTIONS {
            for t in problem.mdp.transitions(row / N_ACTIONS, row % N_ACTIONS) {
                dense[row * N_STATES + t.next_state] += t.probability;
            }
        }
        let rewards: Vec<f64> = problem.rewards.chunks(N_ACTIONS).map(|row| row[0]).collect();
        json!({"seed": seed, "transitions": dense, "rewards": rewards, "start": problem.mdp.start()})
    });
    json!({
        "n_states": N_STATES,
        "n_actions": N_ACTIONS,
        "horizon": N_STEPS,
        "hidden": HIDDEN,
        "tolerance": PEER_TOLERANCE,
        "problems": problems.collect::<Vec<_>>(),
    })
}

fn greatest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert!(!a.is_empty() && a.len() == b.len(), "as many numbers");
    let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    // A number that is none must not look like no difference.
    differences.fold(0.0, |most, x| if x.is_nan() || x > most { x } else { most })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> std::io::Result<()> {
    if let Some(path) = std::env::args_os().nth(1) {
        std::fs::write(path, for_peer().to_string())?;
    }
    let each = |run: &dyn Fn(u64, &str) -> Value| -> Vec<Value> {
        let pairs = (0..SEEDS).flat_map(|seed| ["linear", "network"].map(|model| (seed, model)));
        pairs.map(|(seed, model)| run(seed, model)).collect()
    };
    let recovered: Vec<Value> = CASES
        .iter()
        .flat_map(|case| each(&|seed, model| recovery(case, seed, model)))
        .collect();
    println!(
        "{}",
        json!({
            "seeds": SEEDS,
            "n_states": N_STATES,
            "n_actions": N_ACTIONS,
            "n_successors": N_SUCCESSORS,
            "recovered": recovered,
            "speed": each(&speed),
        })
    );
    Ok(())
}
