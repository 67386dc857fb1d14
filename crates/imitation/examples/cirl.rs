//! Cooperative inverse reinforcement learning: do both solvers agree, and does teaching help?
//!
//! Games drawn at random are solved exactly and by points. On a gridworld of 10 x 10 with 3 and 10 radial features a
//! person demonstrates once, as an expert and as a teacher; a robot infers the preference by maximum entropy and then
//! acts alone from a random state. Prints one JSON object.

use imitation::{
    CirlGame, ExactConfig, Features, FeaturesOf, Horizon, Lesson, LinearReward,
    MaximumEntropyConfig, PointConfig, RewardModel as _, maximum_entropy_irl, solve_by_points,
    solve_exactly, visits,
};
use mdp::{
    Discount, Rng, Seed, TabularMdp, Transition, deterministic, evaluate_finite, finite_horizon,
    index, uniform,
};
use serde_json::{Value, json};

const GAMES: u64 = 20;
const GAME_HORIZON: usize = 4;
const SIDE: usize = 10;
const N_ACTIONS: usize = 5;
/// Steps of a demonstration, and of what the robot does after it.
const N_STEPS: usize = 20;
const PREFERENCES: u64 = 500;
/// Squared width of a radial feature, in cells.
const WIDTH: f64 = 8.0;
/// The cell in which a demonstration begins, in the middle of the map.
const START: usize = SIDE / 2 * SIDE + SIDE / 2;
/// How much a teacher may weigh being understood.
const ETAS: [f64; 6] = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0];
/// The weight of the paper's approximate best response, which has one for all.
const PAPER_ETA: f64 = 1.0;
/// Precision of the robot's prior over preferences, which are drawn uniformly from -1 to 1: that of their variance.
const PRECISION: f64 = 3.0;

fn random_game(n_preferences: usize, is_sure: bool, seed: u64) -> CirlGame {
    let mut rng = Seed(seed).stream("game", n_preferences as u64);
    let mut chance = Seed(seed).stream("chance", n_preferences as u64);
    let next_states = |_| {
        let (one, two) = (index(4, &mut chance), index(4, &mut chance));
        if is_sure {
            vec![(one, 1.0)]
        } else {
            vec![(one, 0.7), (two, 0.3)]
        }
    };
    let prior = vec![1.0 / n_preferences as f64; n_preferences];
    let reward = |_, _| 2.0 * uniform(&mut rng) - 1.0;
    CirlGame::new((4, 2, 2), next_states, reward, prior, 0.95).expect("a sound game")
}

fn agreement(n_preferences: usize, is_sure: bool, seed: u64) -> Value {
    let game = random_game(n_preferences, is_sure, seed);
    let config = ExactConfig {
        horizon: GAME_HORIZON,
        max_plans: 200_000,
    };
    let exact = solve_exactly(&game, config);
    let config = PointConfig {
        horizon: GAME_HORIZON,
        n_beliefs: 60,
        n_rules: 16,
    };
    let points = solve_by_points(&game, config, Seed(seed));
    let values = exact.as_ref().map(|exact| {
        let of_state = |state| {
            (
                exact.value(state, game.prior()),
                points.value(state, game.prior()),
            )
        };
        (0..game.n_states())
            .map(of_state)
            .collect::<Vec<(f64, f64)>>()
    });
    let apart = values.as_ref().map(|values| {
        let shares = values
            .iter()
            .map(|(exact, points)| (exact - points).abs() / exact.abs());
        // A number that is none must not look like no difference.
        shares.fold(
            0.0,
            |most: f64, x: f64| if x.is_nan() || x > most { x } else { most },
        )
    });
    json!({
        "seed": seed,
        "preferences": n_preferences,
        "chance": !is_sure,
        "exact": values.as_ref().map(|values| values[0].0),
        "by_points": points.value(0, game.prior()),
        "exact_plans": exact.map(|exact| exact.n_plans()),
        "point_plans": points.n_plans(),
        "greatest_difference": apart,
    })
}

/// The grid, and a start in its middle.
fn grid() -> TabularMdp {
    let mut builder = TabularMdp::builder(SIDE * SIDE, N_ACTIONS);
    for state in 0..SIDE * SIDE {
        let (column, row) = (state % SIDE, state / SIDE);
        let neighbours = [
            (column, row.saturating_sub(1)),
            (column, (row + 1).min(SIDE - 1)),
            (column.saturating_sub(1), row),
            ((column + 1).min(SIDE - 1), row),
            (column, row),
        ];
        for (column, row) in neighbours {
            builder.push(Transition {
                probability: 1.0,
                next_state: row * SIDE + column,
                reward: 0.0,
                terminates: false,
            });
            builder.end_row();
        }
    }
    let start = vec![1.0 / (SIDE * SIDE) as f64; SIDE * SIDE];
    let undiscounted = Discount::new(1.0).expect("a discount");
    builder.build(start, undiscounted).expect("a sound grid")
}

/// `[S, K]`: how near each state is to each of `n_features` places.
fn radial_features(n_features: usize, rng: &mut Rng) -> Vec<f64> {
    let places: Vec<(f64, f64)> = (0..n_features)
        .map(|_| (index(SIDE, rng) as f64, index(SIDE, rng) as f64))
        .collect();
    let near = |state: usize| {
        let (column, row) = ((state % SIDE) as f64, (state / SIDE) as f64);
        let distance = move |(x, y): &(f64, f64)| (column - x).powi(2) + (row - y).powi(2);
        places
            .iter()
            .map(move |place| (-distance(place) / WIDTH).exp())
    };
    (0..SIDE * SIDE).flat_map(near).collect()
}

/// The best policy for a preference, and its return under another one, from a random state.
fn value_of(mdp: &TabularMdp, lesson: &Lesson<'_>, planned: &[f64], wanted: &[f64]) -> f64 {
    let best = finite_horizon(mdp, &lesson.rewards(planned), N_STEPS).policy;
    let policy = deterministic(&best, N_ACTIONS);
    let values = evaluate_finite(mdp, &lesson.rewards(wanted), &policy);
    values.iter().zip(mdp.start()).map(|(v, p)| v * p).sum()
}

/// What the robot takes the preference to be after a demonstration.
fn inferred(
    lesson: &Lesson<'_>,
    taught: &TabularMdp,
    demonstration: Vec<(usize, usize)>,
) -> Vec<f64> {
    let expert = visits(taught, &[demonstration]).expect("a demonstration");
    let features = Features::new(
        FeaturesOf::States,
        lesson.n_features(),
        N_ACTIONS,
        lesson.features.to_vec(),
    );
    let mut reward = LinearReward::new(features);
    let config = MaximumEntropyConfig {
        precision: PRECISION,
        ..MaximumEntropyConfig::causal(Horizon::Finite(N_STEPS))
    };
    maximum_entropy_irl(taught, &expert, &mut reward, &config).expect("a sound problem");
    reward.parameters()
}

/// The dynamics with the demonstration's start.
fn from(mdp: &TabularMdp, start: usize) -> TabularMdp {
    let mut builder = TabularMdp::builder(mdp.n_states(), mdp.n_actions());
    for row in 0..mdp.n_states() * mdp.n_actions() {
        let transitions = mdp.transitions(row / mdp.n_actions(), row % mdp.n_actions());
        transitions.for_each(|transition| builder.push(transition));
        builder.end_row();
    }
    let mut starts = vec![0.0; mdp.n_states()];
    starts[start] = 1.0;
    builder.build(starts, mdp.discount()).expect("a sound MDP")
}

fn teaching(mdp: &TabularMdp, n_features: usize, seed: u64) -> Value {
    let mut rng = Seed(seed).stream("teaching", n_features as u64);
    let features = radial_features(n_features, &mut rng);
    let preference: Vec<f64> = (0..n_features)
        .map(|_| 2.0 * uniform(&mut rng) - 1.0)
        .collect();
    let taught = from(mdp, START);
    let lesson = Lesson {
        mdp: &taught,
        features: &features,
        start: START,
        n_steps: N_STEPS,
    };
    let best = value_of(mdp, &lesson, &preference, &preference);
    let outcome = |demonstration: &Vec<(usize, usize)>| {
        let estimate = inferred(&lesson, &taught, demonstration.clone());
        let regret = best - value_of(mdp, &lesson, &estimate, &preference);
        let missed: f64 = estimate
            .iter()
            .zip(&preference)
            .map(|(a, b)| (a - b) * (a - b))
            .sum();
        (regret, missed)
    };
    let expert = outcome(&lesson.by_expert(&preference));
    let deployment = |shown: &Vec<(usize, usize)>| Ok(best - outcome(shown).0);
    let taught_by = lesson.best_response(&preference, &ETAS, deployment);
    let teacher = outcome(&taught_by.expect("a sound problem"));
    let one_weight = lesson
        .by_teacher(&preference, PAPER_ETA)
        .expect("a sound problem");
    json!({
        "seed": seed,
        "one_weight_regret": outcome(&one_weight).0,
        "expert_regret": expert.0,
        "teacher_regret": teacher.0,
        "expert_squared_error": expert.1,
        "teacher_squared_error": teacher.1,
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let kinds = [(2, true), (2, false), (3, true)];
    let agreements = kinds
        .iter()
        .flat_map(|(n, is_sure)| (0..GAMES).map(|seed| agreement(*n, *is_sure, seed)));
    let agreements: Vec<Value> = agreements.collect();
    let mdp = grid();
    let taught = [3, 10].map(|n_features| {
        let draws: Vec<Value> = (0..PREFERENCES)
            .map(|seed| teaching(&mdp, n_features, seed))
            .collect();
        json!({"features": n_features, "draws": draws})
    });
    println!(
        "{}",
        json!({
            "games": GAMES,
            "game_horizon": GAME_HORIZON,
            "steps": N_STEPS,
            "etas": ETAS,
            "precision": PRECISION,
            "agreement": agreements,
            "teaching": taught,
        })
    );
}
