//! Deterministic policies: pairwise enumeration against a sorted sweep, and a search where there are too many.

use std::time::Instant;

use check::{
    Bands, DeterministicReturns, DeterministicSettings, DeterministicVerdict, StochasticVerdict,
    deterministic_hackability, deterministic_returns, stochastic_hackability, widest_pair,
    widest_pair_by_comparison,
};
use mdp::{
    Discount, Rng, Seed, TabularMdp, Transition, deterministic, index, policy_return, uniform_in,
};
use serde_json::{Value, json};

use super::common::{exceeds, greatest};
use super::{Case, Kind, least};

/// Returns that differ by no more than this share of the ranges are equal.
const TOLERANCE: f64 = DeterministicSettings::STANDARD.tolerance;

impl Case {
    fn listed(&self) -> DeterministicReturns {
        deterministic_returns(&self.mdp, [&self.reward, &self.intent], 100_000)
            .expect("the tables fit")
            .expect("there are at most 100,000")
    }

    /// Returns as shares of their ranges.
    fn points(&self, listed: &DeterministicReturns) -> Vec<[f64; 2]> {
        let widths = self.widths();
        let share = |value: f64, width: f64| if width > 0.0 { value / width } else { 0.0 };
        let points = listed.returns.iter();
        points
            .map(|[reward, intent]| [share(*reward, widths[0]), share(*intent, widths[1])])
            .collect()
    }

    /// The greatest difference between listed returns and evaluated ones, as a share of the range, or of the largest
    /// return where that is more.
    fn evaluation_error(&self, listed: &DeterministicReturns, every: usize) -> f64 {
        let sizes = [0, 1].map(|place| {
            let returns = listed.returns.iter().map(|returns| returns[place].abs());
            let size = greatest(returns.chain([self.widths()[place]]));
            if size == 0.0 { 1.0 } else { size }
        });
        let errors = (0..listed.returns.len()).step_by(every).flat_map(|number| {
            let policy = deterministic(&listed.policy(number), self.mdp.n_actions());
            let tables = [&self.reward, &self.intent].into_iter().zip(sizes);
            let both = tables.zip(listed.returns[number]);
            both.map(move |((table, size), listed)| {
                let evaluated =
                    policy_return(&self.mdp, table, &policy).expect("every policy ends");
                (evaluated - listed).abs() / size
            })
            .collect::<Vec<f64>>()
        });
        greatest(errors)
    }

    /// The search, and the amount that evaluation finds for its pair.
    fn decided(&self, max_policies: usize) -> (DeterministicVerdict, Option<f64>) {
        let settings = DeterministicSettings {
            max_policies,
            ..DeterministicSettings::STANDARD
        };
        let found = deterministic_hackability(&self.mdp, &self.reward, &self.intent, settings)
            .expect("every policy ends");
        let evaluated = found.pair().map(|pair| self.evaluated_pair(pair));
        (found.verdict, evaluated)
    }

    fn is_hackable_by_stochastic(&self) -> bool {
        let found = stochastic_hackability(&self.mdp, &self.reward, &self.intent, Bands::STANDARD)
            .expect("every policy ends");
        matches!(found.verdict, StochasticVerdict::Hackable { .. })
    }
}

/// Small MDPs, whose policies are all listed, all compared and all evaluated; and the search on the same.
pub(super) fn compare(n_pairs: u64) -> Value {
    let (mut hackable, mut stochastic, mut n_policies, mut searched) = (0, 0, 0, 0);
    let (mut errors, mut amounts) = (vec![], vec![]);
    let (mut differing, mut without_stochastic, mut unverified, mut overclaimed) =
        (vec![], vec![], vec![], vec![]);
    for seed in 0..n_pairs {
        let case = Case::drawn("deterministic", seed, 6);
        let listed = case.listed();
        n_policies += listed.returns.len();
        errors.push(case.evaluation_error(&listed, 1));
        let points = case.points(&listed);
        let swept = widest_pair(&points).map_or(0.0, |pair| pair.amount);
        let compared = widest_pair_by_comparison(&points).map_or(0.0, |pair| pair.amount);
        let (verdict, evaluated) = case.decided(100_000);
        let is_hackable = matches!(verdict, DeterministicVerdict::Hackable(_));
        if swept != compared || is_hackable != (compared > TOLERANCE) {
            differing.push(seed);
        }
        let by_stochastic = case.is_hackable_by_stochastic();
        stochastic += u64::from(by_stochastic);
        if is_hackable {
            hackable += 1;
            amounts.extend(evaluated);
            if !by_stochastic {
                without_stochastic.push(seed);
            }
            if evaluated.is_none_or(|amount| exceeds((amount - compared).abs(), 1e-9)) {
                unverified.push(seed);
            }
        }
        let (by_search, evaluated) = case.decided(0);
        if matches!(by_search, DeterministicVerdict::WitnessFound(_)) {
            searched += 1;
            if !is_hackable || evaluated.is_none_or(|amount| exceeds(0.0, amount) || amount == 0.0)
            {
                overclaimed.push(seed);
            }
        }
    }
    json!({
        "pairs": n_pairs,
        "policies": n_policies,
        "hackable": hackable,
        "stochastic": stochastic,
        "found_by_search": searched,
        "greatest_evaluation_error": greatest(errors),
        "least_witness": least(amounts),
        "differing": differing,
        "without_stochastic": without_stochastic,
        "unverified": unverified,
        "overclaimed": overclaimed,
    })
}

/// States, actions, and how many of the states have only two different ones.
const LARGE: [(usize, usize, usize); 5] =
    [(16, 2, 0), (10, 3, 0), (8, 4, 0), (7, 5, 0), (10, 5, 5)];

/// MDPs with tens of thousands of policies, up to 100,000.
pub(super) fn large() -> Value {
    let rows = LARGE
        .iter()
        .enumerate()
        .flat_map(|(number, (n_states, n_actions, n_narrow))| {
            let rng = &mut Seed(number as u64).stream("large", 0);
            let mdp = connected(*n_states, *n_actions, *n_narrow, rng);
            [Kind::Independent, Kind::Near]
                .map(|kind| large_row(Case::narrowed(&mdp, kind, *n_narrow, rng)))
        });
    rows.collect()
}

fn large_row(case: Case) -> Value {
    let timed = |started: Instant| started.elapsed().as_secs_f64();
    let started = Instant::now();
    let listed = case.listed();
    let listing = timed(started);
    let points = case.points(&listed);
    let started = Instant::now();
    let swept = widest_pair(&points).map_or(0.0, |pair| pair.amount);
    let sweeping = timed(started);
    let started = Instant::now();
    let compared = widest_pair_by_comparison(&points).map_or(0.0, |pair| pair.amount);
    let comparing = timed(started);
    let (_, evaluated) = case.decided(100_000);
    json!({
        "states": case.mdp.n_states(),
        "kind": case.kind.name(),
        "policies": listed.returns.len(),
        "listing_milliseconds": 1e3 * listing,
        "sweep_milliseconds": 1e3 * sweeping,
        "comparison_seconds": comparing,
        "sweep": swept,
        "comparison": compared,
        "evaluated": evaluated,
        "evaluation_error": case.evaluation_error(&listed, 97),
    })
}

impl Case {
    /// A pair on an MDP of which `n_narrow` states have all but two actions alike; there they pay alike too.
    fn narrowed(mdp: &TabularMdp, kind: Kind, n_narrow: usize, rng: &mut Rng) -> Case {
        let mut case = Case::on(mdp.clone(), kind, rng);
        for table in [&mut case.reward, &mut case.intent] {
            for row in table.chunks_mut(mdp.n_actions()).take(n_narrow) {
                let second = row[1];
                row[2..].fill(second);
            }
        }
        case
    }
}

/// An MDP in which every state is reached from every other, with three random successors and one fixed.
fn connected(n_states: usize, n_actions: usize, n_narrow: usize, rng: &mut Rng) -> TabularMdp {
    let mut rows: Vec<Vec<Transition>> = Vec::new();
    for state in 0..n_states {
        for action in 0..n_actions {
            if state < n_narrow && action > 1 {
                rows.push(rows[rows.len() - 1].clone());
                continue;
            }
            let successors = [
                index(n_states, rng),
                index(n_states, rng),
                index(n_states, rng),
            ];
            let weights = [(); 4].map(|()| uniform_in(0.1, 1.0, rng));
            let total: f64 = weights.iter().sum();
            let all = successors.into_iter().chain([(state + 1) % n_states]);
            rows.push(
                all.zip(weights)
                    .map(|(next_state, weight)| Transition {
                        probability: weight / total,
                        next_state,
                        reward: 0.0,
                        terminates: false,
                    })
                    .collect(),
            );
        }
    }
    let mut start = vec![0.0; n_states];
    start[0] = 1.0;
    let discount = Discount::new(0.95).expect("below 1");
    TabularMdp::new(n_actions, rows, start, discount).expect("a drawn MDP is possible")
}

/// MDPs with far more than 100,000 policies.
pub(super) fn beyond(n_pairs: u64) -> Value {
    let mut rows: Vec<Value> = Vec::new();
    for kind in Kind::ALL {
        let (mut found, mut open, mut other, mut pairs) = (0, 0, 0, 0);
        let (mut amounts, mut stochastic) = (vec![], 0);
        for seed in (0..n_pairs).filter(|seed| Kind::of(*seed) == kind) {
            let rng = &mut Seed(seed).stream("beyond", 0);
            let mdp = connected(20 + index(21, rng), 3 + index(2, rng), 0, rng);
            let case = Case::on(mdp, kind, rng);
            pairs += 1;
            stochastic += u64::from(case.is_hackable_by_stochastic());
            match case.decided(100_000) {
                (DeterministicVerdict::WitnessFound(_), amount) => {
                    found += 1;
                    amounts.extend(amount);
                }
                (DeterministicVerdict::NotDecided, _) => open += 1,
                _ => other += 1,
            }
        }
        rows.push(json!({
            "kind": kind.name(),
            "pairs": pairs,
            "stochastic": stochastic,
            "witness_found": found,
            "not_decided": open,
            "other": other,
            "least_witness": least(amounts),
        }));
    }
    Value::Array(rows)
}

/// One decision among three actions: every deterministic policy that is paid more delivers more, but the middle action
/// delivers less than a mixture of the others that is paid less.
pub(super) fn converse() -> Value {
    let ends = vec![Transition {
        probability: 1.0,
        next_state: 0,
        reward: 0.0,
        terminates: true,
    }];
    let discount = Discount::new(0.9).expect("below 1");
    let mdp = TabularMdp::new(3, vec![ends; 3], vec![1.0], discount).expect("it is possible");
    let (reward, intent) = (vec![0.0, 1.0, 2.0], vec![0.0, 0.2, 2.0]);
    let case = Case::plain(mdp, reward, intent, Kind::Independent);
    let listed = case.listed();
    let compared = widest_pair_by_comparison(&listed.returns);
    let (verdict, _) = case.decided(100_000);
    let stochastic = stochastic_hackability(&case.mdp, &case.reward, &case.intent, Bands::STANDARD)
        .expect("every policy ends");
    let StochasticVerdict::Hackable {
        pair: Some(pair), ..
    } = stochastic.verdict
    else {
        return json!({ "stochastic": false });
    };
    json!({
        "stochastic": true,
        "deterministic": compared.is_some() || !matches!(verdict, DeterministicVerdict::Unhackable),
        "reward": case.reward,
        "intent": case.intent,
        "before": pair.before.policy,
        "after": pair.after.policy,
        "before_returns": [pair.before.returns.reward, pair.before.returns.intent],
        "after_returns": [pair.after.returns.reward, pair.after.returns.intent],
        "evaluated": case.evaluated_pair(&pair),
    })
}
