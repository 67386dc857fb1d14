//! Where two policies part, and what they are paid for: witnesses that people can read.

use std::collections::VecDeque;

use mdp::TabularMdp;

/// A smaller difference of probabilities is rounding.
const SAME: f64 = 1e-6;

/// A smaller difference of probabilities is nothing to show to people.
const SHOWN: f64 = 0.01;

/// A state to which two policies come by the same actions, and in which they act differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Parting {
    /// The state.
    pub state: usize,
    /// What the one policy does there: an action and its probability, the most probable first.
    pub first: Vec<(usize, f64)>,
    /// What the other does.
    pub second: Vec<(usize, f64)>,
}

/// Where two policies, `[S, A]` each, part: the states that both reach by actions which both take, and in which their
/// probabilities differ, in the order in which a search from the start meets them.
///
/// What they do after they have parted is a consequence, and is left out; so are differences of less than one in a
/// hundred where there are larger ones.
///
/// # Panics
/// If a policy has not one probability for each state and action.
#[must_use]
pub fn partings(mdp: &TabularMdp, first: &[f64], second: &[f64]) -> Vec<Parting> {
    let mut found = all_partings(mdp, first, second);
    let is_shown = |parting: &Parting| parting.difference() >= SHOWN;
    if found.iter().any(is_shown) {
        found.retain(is_shown);
    }
    found
}

impl Parting {
    /// The largest difference of the probabilities of one action.
    #[must_use]
    pub fn difference(&self) -> f64 {
        let of = |choices: &[(usize, f64)], action: usize| {
            let found = choices.iter().find(|(other, _)| *other == action);
            found.map_or(0.0, |(_, probability)| *probability)
        };
        let both = self.first.iter().chain(&self.second);
        both.map(|(action, _)| (of(&self.first, *action) - of(&self.second, *action)).abs())
            .fold(0.0, f64::max)
    }
}

fn all_partings(mdp: &TabularMdp, first: &[f64], second: &[f64]) -> Vec<Parting> {
    let n_actions = mdp.n_actions();
    for policy in [first, second] {
        let n_rows = mdp.n_states() * n_actions;
        assert_eq!(policy.len(), n_rows, "one probability a state and action");
    }
    let mut met: Vec<bool> = mdp.start().iter().map(|p| *p > 0.0).collect();
    let mut open: VecDeque<usize> = (0..mdp.n_states()).filter(|s| met[*s]).collect();
    let mut found = vec![];
    while let Some(state) = open.pop_front() {
        let row = state * n_actions..(state + 1) * n_actions;
        let (one, other) = (&first[row.clone()], &second[row]);
        if one.iter().zip(other).any(|(p, q)| (p - q).abs() > SAME) {
            found.push(Parting {
                state,
                first: chosen(one),
                second: chosen(other),
            });
        }
        for action in (0..n_actions).filter(|a| one[*a].min(other[*a]) > SAME) {
            for t in mdp.transitions(state, action) {
                if t.probability > 0.0 && !t.terminates && !met[t.next_state] {
                    met[t.next_state] = true;
                    open.push_back(t.next_state);
                }
            }
        }
    }
    found
}

/// The actions that are taken, the most probable first.
fn chosen(row: &[f64]) -> Vec<(usize, f64)> {
    let mut taken: Vec<(usize, f64)> = row.iter().copied().enumerate().collect();
    taken.retain(|(_, p)| *p > SAME);
    taken.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    taken
}

/// What a policy earns more than another by one action in one state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// The state.
    pub state: usize,
    /// The action.
    pub action: usize,
    /// How much more it is paid for it, discounted over the whole episode.
    pub amount: f64,
    /// Its part of all that it is paid more, 0 to 1.
    pub share: f64,
}

/// The action in a state by which one policy earns most more than another under the expected reward `rewards`: the
/// greatest `(η₁ - η₂) r`, where η are the policies' occupancies. All three are `[S, A]`. None where it earns nothing
/// more anywhere.
#[must_use]
pub fn greatest_gain(
    n_actions: usize,
    rewards: &[f64],
    first: &[f64],
    second: &[f64],
) -> Option<Gain> {
    let gains = || {
        let visits = first.iter().zip(second);
        visits
            .zip(rewards)
            .map(|((one, other), r)| (one - other) * r)
    };
    let total: f64 = gains().filter(|gain| *gain > 0.0).sum();
    let (row, amount) = gains()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    (amount > 0.0 && total > 0.0).then(|| Gain {
        state: row / n_actions,
        action: row % n_actions,
        amount,
        share: amount / total,
    })
}
