//! How far the reward is from the intent, by every measure that the tables allow, and what each measure promises.

use mdp::{TabularMdp, uniform_policy};

use super::ends;
use crate::{
    Canonicalizer, CheckError, Coverage, Flow, RegretBounds, WorstRegret, dard, epic,
    range_distance, regret_bounds, starc, worst_regret,
};

/// EPIC asks for a reward at every state, action and next state: up to as many of them.
const MOST_TRIPLES: usize = 4_000_000;

/// DARD asks for a reward at pairs of successors of every transition: up to as many of them.
const MOST_PAIRS: usize = 20_000_000;

/// The constants of Euclidean distances take a plan for each state and action in reach: up to as many of these.
const MOST_PLANS: usize = 600;

/// Distances between reward and intent. Each is 0 for rewards that it takes for the same, at most 1; what rests on a
/// policy that need never end is absent at discount 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Distances {
    /// Half the range of the difference of the two, each scaled to a range of 1.
    pub range: Option<f64>,
    /// STARC by what no potential explains.
    pub starc_flow: f64,
    /// STARC by the values of the policy that takes all actions alike; absent where that policy need never end.
    pub starc_value: Option<f64>,
    /// The same, with redistribution among successors counted.
    pub starc_value_potential: Option<f64>,
    /// EPIC, all states and all actions alike; absent where there are too many.
    pub epic: Option<f64>,
    /// DARD, all states and all actions alike; absent where there are too many.
    pub dard: Option<f64>,
    /// The most intent that can be lost by going from one policy to another that the reward pays no less: what the
    /// distances bound.
    pub worst_regret: Option<WorstRegret>,
    /// The constants of each bound; absent, too, where there are too many states.
    pub bounds: Option<RegretBounds>,
    /// Whether the constants are absent because some action can be taken for ever, so that its visits have no range.
    pub is_unbounded: bool,
}

/// All distances between two tables of rewards, one value a stored transition.
pub(super) fn distances(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
) -> Result<Distances, CheckError> {
    let expected = [mdp.expected(reward), mdp.expected(intent)];
    let uniform = uniform_policy(mdp);
    let by_value = |canonicalizer| ends(starc(mdp, canonicalizer, reward, intent));
    let starc_value = by_value(Canonicalizer::Value(&uniform))?;
    let n_plans = mdp.reachable().iter().filter(|reached| **reached).count() * mdp.n_actions();
    let is_small = n_plans <= MOST_PLANS;
    let bounds = match starc_value {
        Some(_) if is_small => ends(regret_bounds(mdp, &uniform, reward, intent))?,
        _ => None,
    };
    let places = places(mdp);
    let n_places = places.iter().filter(|place| **place).count();
    let n_triples = n_places
        .saturating_mul(n_places)
        .saturating_mul(mdp.n_actions());
    let has_epic = n_triples <= MOST_TRIPLES;
    let has_dard = n_pairs(mdp) <= MOST_PAIRS;
    let everywhere = has_dard.then(|| [Everywhere::new(mdp, reward), Everywhere::new(mdp, intent)]);
    let coverage = coverage(mdp, &places);
    Ok(Distances {
        range: ends(range_distance(mdp, &expected[0], &expected[1]))?,
        starc_flow: starc(mdp, Canonicalizer::Flow, reward, intent)?,
        starc_value,
        starc_value_potential: by_value(Canonicalizer::ValuePotential(&uniform))?,
        epic: everywhere
            .as_ref()
            .filter(|_| has_epic)
            .map(|[first, second]| {
                let (numbers, coverage) = compact(&coverage);
                let at = |table: &Everywhere<'_>, s: usize, a, n: usize| {
                    table.at(numbers[s], a, numbers[n])
                };
                let discount = mdp.discount();
                epic(
                    &coverage,
                    discount,
                    |s, a, n| at(first, s, a, n),
                    |s, a, n| at(second, s, a, n),
                )
            }),
        dard: everywhere.as_ref().map(|[first, second]| {
            dard(
                mdp,
                &coverage,
                |s, a, n| first.at(s, a, n),
                |s, a, n| second.at(s, a, n),
            )
        }),
        worst_regret: ends(worst_regret(mdp, &expected[0], &expected[1]))?,
        is_unbounded: is_small && bounds.is_none(),
        bounds,
    })
}

/// How many pairs of successors DARD compares.
fn n_pairs(mdp: &TabularMdp) -> usize {
    let mean = mdp
        .n_transitions()
        .div_ceil(mdp.n_states() * mdp.n_actions());
    let n_after = mdp.n_actions().saturating_mul(mean).saturating_mul(mean);
    mdp.n_transitions().saturating_mul(n_after)
}

/// The states that can be acted in, and those that can follow them.
fn places(mdp: &TabularMdp) -> Vec<bool> {
    let reachable = mdp.reachable();
    let mut places = reachable.clone();
    for state in (0..mdp.n_states()).filter(|state| reachable[*state]) {
        for action in 0..mdp.n_actions() {
            for t in mdp
                .transitions(state, action)
                .filter(|t| t.probability > 0.0)
            {
                places[t.next_state] = true;
            }
        }
    }
    places
}

fn coverage(mdp: &TabularMdp, places: &[bool]) -> Coverage {
    let n_places = places.iter().filter(|place| **place).count();
    let weight = |place: &bool| if *place { 1.0 / n_places as f64 } else { 0.0 };
    Coverage {
        states: places.iter().map(weight).collect(),
        ..Coverage::uniform(mdp.n_states(), mdp.n_actions())
    }
}

/// The coverage without states that do not count, and the numbers of those that do.
fn compact(coverage: &Coverage) -> (Vec<usize>, Coverage) {
    let counts = |state: &usize| coverage.states[*state] > 0.0;
    let numbers: Vec<usize> = (0..coverage.states.len()).filter(counts).collect();
    let compact = Coverage {
        states: numbers
            .iter()
            .map(|state| coverage.states[*state])
            .collect(),
        actions: coverage.actions.clone(),
    };
    (numbers, compact)
}

/// A table of rewards, continued to transitions that the environment never makes.
///
/// EPIC and DARD ask for rewards there, and a table has none. What is left of the reward once its potential is taken out
/// is taken to pay the same wherever the action leads; the potential itself is known everywhere, and these distances
/// do not see it, so that rewards which differ by shaping stay at distance 0.
struct Everywhere<'a> {
    mdp: &'a TabularMdp,
    /// What is left of each stored transition.
    stored: Vec<f64>,
    /// What is left of the expected reward: `[S, A]`.
    component: Vec<f64>,
}

impl<'a> Everywhere<'a> {
    fn new(mdp: &'a TabularMdp, rewards: &[f64]) -> Everywhere<'a> {
        let projection = Flow::new(mdp).project(&mdp.expected(rewards));
        let mut stored = rewards.to_vec();
        for state in 0..mdp.n_states() {
            for action in 0..mdp.n_actions() {
                for number in mdp.row(state, action) {
                    let t = mdp.transition(number);
                    let after = if t.terminates {
                        0.0
                    } else {
                        projection.potential[t.next_state]
                    };
                    stored[number] -= mdp.discount().get() * after - projection.potential[state];
                }
            }
        }
        Everywhere {
            mdp,
            stored,
            component: projection.component,
        }
    }

    fn at(&self, state: usize, action: usize, next_state: usize) -> f64 {
        let row = self.mdp.row(state, action);
        let next_states = &self.mdp.next_states()[row.clone()];
        match next_states
            .iter()
            .position(|next| *next as usize == next_state)
        {
            Some(position) => self.stored[row.start + position],
            None => self.component[state * self.mdp.n_actions() + action],
        }
    }
}
