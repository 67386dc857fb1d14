//! Goal inference on the problems of the paper, from experts who plan in another way than is assumed of them.
//!
//! 100 traces a domain and condition, a third of them of experts on shortest ways and the rest of real-time planners, as
//! the paper has one optimal and two suboptimal traces of each. In the matched condition these have the budget and the
//! noise that the filter assumes, in the mismatched one half the budget and five times the noise; in neither its search.
//! Each trace is seen by the particle filter under both presets, and by exact inference under two Boltzmann-rational
//! policies.
//! Prints one JSON object. Arguments: threads (2), traces a domain and condition (100).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use envs::{BlockWords, CourierTaxi, DoorsKeysGems, GoalProblem};
use imitation::{
    ExactGoals, GoalFilter, GoalFilterConfig, GoalTrace, NegativeBinomial, PlanningAgent,
    Rationality, RealTimeExpert, TraceEnd, optimal_trace,
};
use mdp::Seed;
use serde_json::{Value, json};

const MAX_STEPS: usize = 100;
const MAX_STATES: usize = 1_000_000;

/// Experts by condition: what the filter assumes, and something else.
const CONDITIONS: [(&str, RealTimeExpert); 2] = [
    (
        "matched",
        RealTimeExpert {
            budget: PlanningAgent::PUBLISHED.budget,
            misjudgement: PlanningAgent::PUBLISHED.search_noise,
        },
    ),
    (
        "mismatched",
        RealTimeExpert {
            budget: NegativeBinomial { r: 2.0, q: 0.9 },
            misjudgement: 0.5,
        },
    ),
];

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut count = |usual| {
        let given = arguments.next();
        given.map_or(usual, |text| text.parse().expect("a number"))
    };
    let (n_threads, n_traces) = (count(2), count(100));
    let mut rows = vec![];
    let mut problems = vec![];
    let size = (n_threads, n_traces);
    let taxi = CourierTaxi::PROBLEMS.map(|name| (name, CourierTaxi::new(name).expect("published")));
    domain("taxi", &taxi, size, &mut rows, &mut problems);
    let gems = DoorsKeysGems::PROBLEMS
        .map(|name| (name, DoorsKeysGems::published(name).expect("published")));
    domain("doors-keys-gems", &gems, size, &mut rows, &mut problems);
    let words =
        BlockWords::PROBLEMS.map(|name| (name, BlockWords::published(name).expect("published")));
    domain("block-words", &words, size, &mut rows, &mut problems);
    let printed = json!({
        "threads": n_threads,
        "traces": n_traces,
        "filter": GoalFilterConfig::PRESETS.map(|(name, config, _)| format!("{name}: {config:?}")),
        "conditions": CONDITIONS.map(|(name, expert)| format!("{name}: {expert:?}")),
        "problems": problems,
        "traces_seen": rows,
    });
    println!("{printed}");
}

/// One trace to be seen.
#[derive(Clone, Copy)]
struct Task {
    condition: usize,
    trace: usize,
    goal: usize,
    is_optimal: bool,
}

/// Shows all traces of a domain, problem by problem.
fn domain<P: GoalProblem>(
    name: &str,
    problems: &[(&str, P)],
    (n_threads, n_traces): (usize, usize),
    rows: &mut Vec<Value>,
    described: &mut Vec<Value>,
) {
    let n_goals = problems[0].1.n_goals();
    let n_pairs = problems.len() * n_goals;
    for (number, (problem_name, problem)) in problems.iter().enumerate() {
        let began = Instant::now();
        let exact = ExactGoals::new(problem, MAX_STATES).expect("the states can be listed");
        let seconds = began.elapsed().as_secs_f64();
        let lengths = (0..n_goals).map(|goal| exact.steps_left(&problem.start(), goal));
        described.push(json!({
            "domain": name,
            "problem": problem_name,
            "states": exact.n_states(),
            "shortest": lengths.collect::<Vec<_>>(),
            "exact_setup_seconds": seconds,
        }));
        let mut tasks = vec![];
        for condition in 0..CONDITIONS.len() {
            let traces = (0..n_traces).filter(|trace| trace % n_pairs / n_goals == number);
            tasks.extend(traces.map(|trace| Task {
                condition,
                trace,
                goal: trace % n_goals,
                is_optimal: (trace / n_pairs).is_multiple_of(3),
            }));
        }
        let seen = in_parallel(n_threads, &tasks, |task| show(problem, &exact, *task));
        for (task, mut row) in tasks.iter().zip(seen) {
            row["domain"] = json!(name);
            row["problem"] = json!(problem_name);
            row["condition"] = json!(CONDITIONS[task.condition].0);
            rows.push(row);
        }
    }
}

/// The results of some work by index, whoever did it.
fn in_parallel<T: Sync>(
    n_threads: usize,
    tasks: &[T],
    work: impl Fn(&T) -> Value + Sync,
) -> Vec<Value> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(vec![Value::Null; tasks.len()]);
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(place) else { break };
                    let result = work(task);
                    results.lock().expect("no thread panicked")[place] = result;
                }
            });
        }
    });
    results.into_inner().expect("no thread panicked")
}

/// Draws a trace, and shows it to each method.
fn show<P: GoalProblem>(problem: &P, exact: &ExactGoals<'_, P>, task: Task) -> Value {
    let (condition, expert) = CONDITIONS[task.condition];
    let seed = Seed(task.trace as u64);
    let drawn: GoalTrace<P::State> = if task.is_optimal {
        optimal_trace(exact, task.goal, seed.child(condition, 0)).expect("every goal has a way")
    } else {
        expert.trace(problem, task.goal, MAX_STEPS, seed.child(condition, 0))
    };
    let prior = vec![1.0; problem.n_goals()];
    let mut row = json!({
        "trace": task.trace,
        "goal": problem.goal_name(task.goal),
        "expert": if task.is_optimal { "optimal" } else { "real-time" },
        "steps": drawn.states.len() - 1,
        "end": match drawn.end {
            TraceEnd::Reached => "reached",
            TraceEnd::Stuck => "stuck",
            TraceEnd::Unfinished => "unfinished",
        },
    });
    for (name, config, _) in GoalFilterConfig::PRESETS {
        let filter = GoalFilter::new(problem, &prior, config, seed.child("filter", 0));
        let mut filter = filter.expect("a uniform prior");
        row[name] = watch(&drawn, |state| filter.observe(state));
    }
    for (name, rationality) in [
        ("exact", Rationality::STEPS),
        ("discounted", Rationality::PUBLISHED),
    ] {
        let mut posterior = exact
            .posterior(&prior, rationality)
            .expect("a uniform prior");
        row[name] = watch(&drawn, |state| {
            posterior.observe(state).expect("traces are made of steps")
        });
    }
    row
}

/// The posterior probability of the true goal, and whether it was on top, at each quarter; ties count by their share.
fn watch<S>(trace: &GoalTrace<S>, mut observe: impl FnMut(&S) -> Vec<f64>) -> Value {
    let began = Instant::now();
    let posteriors: Vec<Vec<f64>> = trace.states.iter().map(&mut observe).collect();
    let seconds = began.elapsed().as_secs_f64();
    let n_steps = posteriors.len() - 1;
    let quarters = [1, 2, 3, 4].map(|quarter| &posteriors[(quarter * n_steps).div_ceil(4)]);
    let top = quarters.map(|posterior| {
        let greatest = posterior.iter().copied().fold(0.0, f64::max);
        let is_on_top = |probability: f64| probability > greatest - 1e-9;
        let n_top = posterior
            .iter()
            .filter(|probability| is_on_top(**probability))
            .count();
        if is_on_top(posterior[trace.goal]) {
            1.0 / n_top as f64
        } else {
            0.0
        }
    });
    json!({
        "probability": quarters.map(|posterior| posterior[trace.goal]),
        "top": top,
        "seconds_per_observation": seconds / posteriors.len() as f64,
    })
}
