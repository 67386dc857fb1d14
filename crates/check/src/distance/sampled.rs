//! The same distances from samples, for environments too large to list.
//!
//! A reward is asked as a black box at sampled states and actions of any type, and nothing else is known about the
//! environment. The canonical form of each sampled transition is an average over further draws; the two rewards share
//! all draws, so that rewards that are equivalent stay at distance 0 however few there are. Where each transition has
//! draws of its own, what their noise adds to lengths is estimated from the draws and taken out again; with one draw
//! each, which is enough where nothing is left to chance, it cannot be. In EPIC all transitions share the draws, and
//! the estimate is off by an amount that falls as one over their number.
//!
//! Intervals are percentiles of the bootstrap: transitions are drawn again with the draws that are theirs, or where
//! they share them, transitions and draws both.

mod comparison;

use mdp::{Discount, Rng};

use comparison::{Comparison, Draws, Row};

/// A state, an action and a state that follows, or, in EPIC's draws, that need not.
#[derive(Clone, Debug, PartialEq)]
pub struct Stepped<S, A> {
    /// The state.
    pub state: S,
    /// The action.
    pub action: A,
    /// The state after it.
    pub next_state: S,
}

/// One draw of DARD's average for a transition from s to s'.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch<S, A> {
    /// An action A.
    pub action: A,
    /// What follows s and A.
    pub from_state: S,
    /// What follows s' and A.
    pub from_next_state: S,
}

/// One draw of the average of a value canonicalizer for a state and an action.
#[derive(Clone, Debug, PartialEq)]
pub struct Continuation<S, A> {
    /// What followed the state and the action.
    pub next_state: S,
    /// What the canonicalizer's policy went through from the state itself, to its end or as far as it was simulated.
    pub from_state: Vec<Stepped<S, A>>,
    /// What it went through from the next state; empty where that was the end.
    pub from_next_state: Vec<Stepped<S, A>>,
}

/// A transition to compare, with draws of its average.
pub type Branched<S, A> = (Stepped<S, A>, Vec<Branch<S, A>>);

/// A state and an action to compare, with draws of their average.
pub type Continued<S, A> = (S, A, Vec<Continuation<S, A>>);

/// How often to draw again, and how sure to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bootstrap {
    /// Times that the samples are drawn again.
    pub resamples: usize,
    /// Probability with which the interval is meant to hold the distance, such as 0.95.
    pub confidence: f64,
}

impl Bootstrap {
    /// 1,000 times, 95%.
    pub const USUAL: Bootstrap = Bootstrap {
        resamples: 1_000,
        confidence: 0.95,
    };
}

/// A distance estimated from samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampledDistance {
    /// The distance of the samples themselves.
    pub estimate: f64,
    /// Lower end of the bootstrap interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Whether the samples say anything: both rewards are longer than the noise of their averages explains, or are
    /// nothing but zeros. Where this is false, the estimate is what an empty answer defaults to.
    pub is_resolved: bool,
    /// Transitions compared.
    pub n_transitions: usize,
    /// Draws in the average of each.
    pub n_draws: usize,
}

/// EPIC from samples: `transitions` are compared, `draws` give the states, actions and next states of the averages,
/// drawn independently of each other.
///
/// # Panics
/// If there are no transitions, draws or resamples.
pub fn sampled_epic<S, A>(
    discount: Discount,
    transitions: &[Stepped<S, A>],
    draws: &[Stepped<S, A>],
    first: impl Fn(&S, &A, &S) -> f64,
    second: impl Fn(&S, &A, &S) -> f64,
    bootstrap: Bootstrap,
    rng: &mut Rng,
) -> SampledDistance {
    let ask = |reward: &dyn Fn(&S, &A, &S) -> f64| {
        // The last term of the average, E R(S, A, S'), is the same everywhere and correlations do not see it.
        let correction = |t: &Stepped<S, A>, draw: &Stepped<S, A>| {
            discount.get() * reward(&t.next_state, &draw.action, &draw.next_state)
                - reward(&t.state, &draw.action, &draw.next_state)
        };
        let rows = transitions.iter().map(|t| Row {
            own: reward(&t.state, &t.action, &t.next_state),
            draws: draws.iter().map(|draw| correction(t, draw)).collect(),
        });
        rows.collect::<Vec<Row>>()
    };
    let comparison = Comparison {
        first: ask(&first),
        second: ask(&second),
        draws: Draws::Shared,
        is_centred: true,
    };
    comparison.estimate(bootstrap, rng)
}

/// DARD from samples: each transition with draws of its own average.
///
/// # Panics
/// If there are no transitions, no resamples, or not the same positive number of branches everywhere.
pub fn sampled_dard<S, A>(
    discount: Discount,
    transitions: &[Branched<S, A>],
    first: impl Fn(&S, &A, &S) -> f64,
    second: impl Fn(&S, &A, &S) -> f64,
    bootstrap: Bootstrap,
    rng: &mut Rng,
) -> SampledDistance {
    let ask = |reward: &dyn Fn(&S, &A, &S) -> f64| {
        let correction = |t: &Stepped<S, A>, branch: &Branch<S, A>| {
            let after = reward(&t.next_state, &branch.action, &branch.from_next_state)
                - reward(&branch.from_state, &branch.action, &branch.from_next_state);
            discount.get() * after - reward(&t.state, &branch.action, &branch.from_state)
        };
        let rows = transitions.iter().map(|(t, branches)| Row {
            own: reward(&t.state, &t.action, &t.next_state),
            draws: branches
                .iter()
                .map(|branch| correction(t, branch))
                .collect(),
        });
        rows.collect::<Vec<Row>>()
    };
    let comparison = Comparison {
        first: ask(&first),
        second: ask(&second),
        draws: Draws::Own,
        is_centred: true,
    };
    comparison.estimate(bootstrap, rng)
}

/// STARC with [`Canonicalizer::Value`](super::Canonicalizer::Value) from samples: states and actions, each with
/// continuations. Values are means of discounted sums of rewards along what the policy went through.
///
/// # Panics
/// If there are no states, no resamples, or not the same positive number of continuations everywhere.
pub fn sampled_starc<S, A>(
    discount: Discount,
    starts: &[Continued<S, A>],
    first: impl Fn(&S, &A, &S) -> f64,
    second: impl Fn(&S, &A, &S) -> f64,
    bootstrap: Bootstrap,
    rng: &mut Rng,
) -> SampledDistance {
    let ask = |reward: &dyn Fn(&S, &A, &S) -> f64| {
        let sum = |steps: &[Stepped<S, A>]| {
            steps.iter().rev().fold(0.0, |after, step| {
                reward(&step.state, &step.action, &step.next_state) + discount.get() * after
            })
        };
        let rows = starts.iter().map(|(state, action, continuations)| Row {
            own: 0.0,
            draws: continuations
                .iter()
                .map(|c| {
                    reward(state, action, &c.next_state) - sum(&c.from_state)
                        + discount.get() * sum(&c.from_next_state)
                })
                .collect(),
        });
        rows.collect::<Vec<Row>>()
    };
    let comparison = Comparison {
        first: ask(&first),
        second: ask(&second),
        draws: Draws::Own,
        is_centred: false,
    };
    comparison.estimate(bootstrap, rng)
}
