//! How long a gridworld of a million states takes to solve, and how near plain sweeps are to the memory's bandwidth.
//!
//! ```text
//! cargo run --release -p mdp --example value_iteration_speed -- --threads 2
//! ```
//!
//! The gridworld has 1,000 by 1,000 cells and the actions north, east, south, west and stay. With probability 0.1 a step
//! goes in one of the four directions at random instead. One passage in five is walled up; who walks into a wall stays.
//! It is solved twice: with a goal that ends the episode and a cost for each step, and without an end, each cell paying
//! something of its own. Prints one JSON object: for both, seconds to solve, the error that the solver proved, and the
//! error that a plain backup written here proves of the same values; then seconds and bytes of plain sweeps and of a
//! triad (`a = b + s * c`, the memory benchmark STREAM's), in turns, on the same threads.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program whose result is what it prints"
)]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use mdp::{BellmanOperator, Discount, Seed, TabularMdp, Transition, uniform, value_iteration};
use serde_json::{Value, json};

const SIDE: usize = 1000;
const ACTIONS: usize = 5;
const SLIP: f64 = 0.1;
const DISCOUNT: f64 = 0.99;
const WALLED: f64 = 0.2;
const TOLERANCE: f64 = 1e-6;
/// Rounds of sweeps and triad in turns, and repetitions in each.
const ROUNDS: usize = 5;
const REPETITIONS: usize = 10;
/// Numbers in each array of the triad: 512 MB, far beyond any cache.
const TRIAD: usize = 64 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let n_threads = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 2,
        ["--threads", n] if n.parse().is_ok_and(|n: usize| n >= 1) => n.parse().unwrap_or(1),
        _ => {
            eprintln!("value_iteration_speed takes `--threads N` and nothing else");
            return ExitCode::from(2);
        }
    };
    let grid = Grid::new(0);
    let problems: Vec<Value> = [Problem::Goal, Problem::Endless]
        .into_iter()
        .map(|problem| solve(&grid, problem))
        .collect();
    let bandwidth = bandwidth(&grid.mdp(Problem::Endless), n_threads);
    println!(
        "{}",
        json!({
            "states": SIDE * SIDE,
            "actions": ACTIONS,
            "slip": SLIP,
            "discount": DISCOUNT,
            "walled": WALLED,
            "seed": 0,
            "tolerance": TOLERANCE,
            "threads": n_threads,
            "problems": problems,
            "bandwidth": bandwidth,
        })
    );
    ExitCode::SUCCESS
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Problem {
    Goal,
    Endless,
}

/// Where the walls are and what the cells pay.
struct Grid {
    /// Whether the passage to the east, and to the south, is open.
    open: Vec<[bool; 2]>,
    pay: Vec<f64>,
}

impl Grid {
    fn new(seed: u64) -> Grid {
        let rng = &mut Seed(seed).stream("grid", 0);
        let cells = 0..SIDE * SIDE;
        Grid {
            open: cells
                .clone()
                .map(|_| [uniform(rng) >= WALLED, uniform(rng) >= WALLED])
                .collect(),
            pay: cells.map(|_| uniform(rng)).collect(),
        }
    }

    /// Where a step north, east, south or west leads.
    fn step(&self, cell: usize, direction: usize) -> usize {
        let (row, column) = (cell / SIDE, cell % SIDE);
        match direction {
            0 if row > 0 && self.open[cell - SIDE][1] => cell - SIDE,
            1 if column + 1 < SIDE && self.open[cell][0] => cell + 1,
            2 if row + 1 < SIDE && self.open[cell][1] => cell + SIDE,
            3 if column > 0 && self.open[cell - 1][0] => cell - 1,
            _ => cell,
        }
    }

    fn mdp(&self, problem: Problem) -> TabularMdp {
        let goal = SIDE * SIDE / 2 + SIDE / 2;
        let mut builder = TabularMdp::builder(SIDE * SIDE, ACTIONS);
        for cell in 0..SIDE * SIDE {
            for action in 0..ACTIONS {
                for (next_state, probability) in self.outcomes(cell, action) {
                    let arrived = problem == Problem::Goal && next_state == goal;
                    builder.push(Transition {
                        probability,
                        next_state,
                        reward: match problem {
                            Problem::Goal if arrived => 100.0,
                            Problem::Goal => -1.0,
                            Problem::Endless => self.pay[next_state],
                        },
                        terminates: arrived,
                    });
                }
                builder.end_row();
            }
        }
        let mut start = vec![0.0; SIDE * SIDE];
        start[0] = 1.0;
        let discount = Discount::new(DISCOUNT).expect("0.99 is a discount");
        builder
            .build(start, discount)
            .expect("the gridworld is an MDP")
    }

    /// Successors and probabilities, each successor once.
    fn outcomes(&self, cell: usize, action: usize) -> Vec<(usize, f64)> {
        let mut outcomes: Vec<(usize, f64)> = Vec::with_capacity(5);
        let meant = (self.step(cell, action), 1.0 - SLIP);
        let slips = (0..4).map(|direction| (self.step(cell, direction), SLIP / 4.0));
        for (next_state, probability) in std::iter::once(meant).chain(slips) {
            match outcomes.iter_mut().find(|(other, _)| *other == next_state) {
                Some((_, sum)) => *sum += probability,
                None => outcomes.push((next_state, probability)),
            }
        }
        outcomes
    }
}

fn solve(grid: &Grid, problem: Problem) -> Value {
    let building = Instant::now();
    let mdp = grid.mdp(problem);
    let build_seconds = building.elapsed().as_secs_f64();
    let rewards = mdp.expected_rewards();
    let started = Instant::now();
    let solution = value_iteration(&mdp, &rewards, TOLERANCE, 100_000);
    let seconds = started.elapsed().as_secs_f64();
    json!({
        "problem": format!("{problem:?}").to_lowercase(),
        "transitions": mdp.n_transitions(),
        "build_seconds": build_seconds,
        "solve_seconds": seconds,
        "sweeps": solution.iterations,
        "stop": format!("{:?}", solution.stop),
        "error": solution.error,
        "checked_error": checked_error(&mdp, &solution.values),
        "greatest_value": solution.values.iter().copied().fold(f64::MIN, f64::max),
        "least_value": solution.values.iter().copied().fold(f64::MAX, f64::min),
    })
}

/// The residual of the values, each backup written out, over `1 - γ`: they cannot be further from the optimal ones.
fn checked_error(mdp: &TabularMdp, values: &[f64]) -> f64 {
    let mut residual = 0.0_f64;
    for (state, value) in values.iter().enumerate() {
        let mut best = f64::NEG_INFINITY;
        for action in 0..mdp.n_actions() {
            let mut q_value = 0.0;
            for t in mdp.transitions(state, action) {
                let after = if t.terminates {
                    0.0
                } else {
                    values[t.next_state]
                };
                q_value += t.probability * (t.reward + DISCOUNT * after);
            }
            best = best.max(q_value);
        }
        residual = residual.max((best - value).abs());
    }
    residual / (1.0 - DISCOUNT)
}

/// Plain sweeps and triads in turns.
fn bandwidth(mdp: &TabularMdp, n_threads: usize) -> Value {
    let operator = BellmanOperator::new(mdp, &mdp.expected_rewards());
    let (mut values, mut after) = (vec![0.0; mdp.n_states()], vec![0.0; mdp.n_states()]);
    let mut triad = Triad::new();
    let (mut sweep_seconds, mut triad_seconds) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        for _ in 0..REPETITIONS {
            let started = Instant::now();
            black_box(operator.sweep(&values, &mut after, n_threads));
            sweep_seconds.push(started.elapsed().as_secs_f64());
            std::mem::swap(&mut values, &mut after);
        }
        for _ in 0..REPETITIONS {
            let started = Instant::now();
            triad.run(n_threads);
            triad_seconds.push(started.elapsed().as_secs_f64());
        }
    }
    json!({
        "sweep_bytes": operator.bytes_a_sweep(),
        "sweep_seconds": sweep_seconds,
        "triad_bytes": 3 * TRIAD * size_of::<f64>(),
        "triad_seconds": triad_seconds,
    })
}

/// `a = b + s * c` over arrays that no cache holds.
struct Triad {
    a: Vec<f64>,
    b: Vec<f64>,
    c: Vec<f64>,
}

impl Triad {
    fn new() -> Triad {
        Triad {
            a: vec![0.5; TRIAD],
            b: vec![1.0; TRIAD],
            c: vec![2.0; TRIAD],
        }
    }

    fn run(&mut self, n_threads: usize) {
        let part = TRIAD.div_ceil(n_threads);
        let scale = black_box(3.0);
        std::thread::scope(|scope| {
            let parts = self
                .a
                .chunks_mut(part)
                .zip(self.b.chunks(part))
                .zip(self.c.chunks(part));
            for ((a, b), c) in parts {
                scope.spawn(move || {
                    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
                        *a = b + scale * c;
                    }
                });
            }
        });
        black_box(&self.a);
    }
}
