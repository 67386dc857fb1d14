//! The returns of every deterministic policy, by eliminating one state after the other.

use mdp::TabularMdp;

use crate::CheckError;
use crate::error::check_table;

/// Most states in reach that are enumerated; beyond, elimination would take longer than a search.
const MAX_STATES: usize = 400;

/// What a row carries beside where it leads: what it pays under both rewards, the probability of going no further, and
/// the probability of going round for ever.
const N_CARRIED: usize = 4;
const LEAK: usize = 2;
const ENDLESS: usize = 3;

/// The returns of every deterministic policy over the states in reach.
#[derive(Clone, Debug, PartialEq)]
pub struct DeterministicReturns {
    /// Returns under the first and the second reward, by policy; NaN where, at discount 1, a policy may never end.
    pub returns: Vec<[f64; 2]>,
    /// How many policies may never end, at discount 1.
    pub n_endless: usize,
    n_states: usize,
    /// The states with a choice, and their different actions. The first state's action changes from each policy to the
    /// next.
    choices: Vec<(usize, Vec<usize>)>,
}

impl DeterministicReturns {
    /// Action of each state under a policy; the first action where there is no choice.
    #[must_use]
    pub fn policy(&self, mut index: usize) -> Vec<usize> {
        let mut policy = vec![0; self.n_states];
        for (state, actions) in &self.choices {
            policy[*state] = actions[index % actions.len()];
            index /= actions.len();
        }
        policy
    }
}

/// How many deterministic policies there are, actions of a state that lead and pay alike counted once; infinite beyond
/// what a float holds.
pub(crate) fn count(mdp: &TabularMdp, rewards: [&[f64]; 2]) -> f64 {
    let states = states_in_reach(mdp).into_iter();
    states
        .map(|state| different_actions(mdp, rewards, state).len() as f64)
        .product()
}

/// The returns of all deterministic policies under two expected rewards, `[S, A]` each, if there are at most `limit` of
/// them over at most 400 states in reach. Actions of a state that lead and pay alike count once.
///
/// Values satisfy `V_s = r_s + Σ_t q_st V_t`, and the return is one more such row. Once the action of a state is chosen,
/// its value can be put into the rows of all others. Choosing state by state in a tree of choices, the many leaves cost
/// a few operations each, so that all policies take about as long as a handful of ordinary solutions. Divisors are sums
/// of probabilities and never differences (Grassmann, Taksar and Heyman, 1985), so nothing is lost to cancellation even
/// at discount 1.
///
/// # Errors
/// If a table does not fit.
pub fn deterministic_returns(
    mdp: &TabularMdp,
    rewards: [&[f64]; 2],
    limit: usize,
) -> Result<Option<DeterministicReturns>, CheckError> {
    check_table(mdp, "the reward", rewards[0])?;
    check_table(mdp, "the intent", rewards[1])?;
    let mut states = states_in_reach(mdp);
    if states.len() > MAX_STATES || count(mdp, rewards) > limit as f64 {
        return Ok(None);
    }
    let actions = |state: &usize| different_actions(mdp, rewards, *state);
    // Those without a choice last, which are eliminated first and once.
    states.sort_by_key(|state| actions(state).len() == 1);
    let choices: Vec<(usize, Vec<usize>)> = states
        .iter()
        .map(|state| (*state, actions(state)))
        .collect();
    let mut tree = Tree {
        n_actions: choices.iter().map(|(_, actions)| actions.len()).collect(),
        returns: Vec::new(),
        n_endless: 0,
    };
    tree.descend(&root(mdp, rewards, &choices));
    Ok(Some(DeterministicReturns {
        returns: tree.returns,
        n_endless: tree.n_endless,
        n_states: mdp.n_states(),
        choices,
    }))
}

fn states_in_reach(mdp: &TabularMdp) -> Vec<usize> {
    let reachable = mdp.reachable();
    (0..mdp.n_states()).filter(|s| reachable[*s]).collect()
}

/// The actions of a state, but for those that lead and pay just as an earlier one.
fn different_actions(mdp: &TabularMdp, rewards: [&[f64]; 2], state: usize) -> Vec<usize> {
    let mut different: Vec<usize> = Vec::new();
    for action in 0..mdp.n_actions() {
        let pays = |action: usize| rewards.map(|table| table[state * mdp.n_actions() + action]);
        let leads = |action: usize| {
            let going = mdp.transitions(state, action);
            going.map(|t| (t.probability, t.next_state, t.terminates))
        };
        let is_known = different
            .iter()
            .any(|known| pays(*known) == pays(action) && leads(*known).eq(leads(action)));
        if !is_known {
            different.push(action);
        }
    }
    different
}

/// Rows over the first `n_left` states, each of which leads on to them and carries what it pays: the rows of the start,
/// then of each state's actions.
#[derive(Debug)]
struct Level {
    n_left: usize,
    rows: Vec<f64>,
}

impl Level {
    fn width(&self) -> usize {
        self.n_left + N_CARRIED
    }
}

fn root(mdp: &TabularMdp, rewards: [&[f64]; 2], choices: &[(usize, Vec<usize>)]) -> Level {
    let mut places = vec![usize::MAX; mdp.n_states()];
    for (place, (state, _)) in choices.iter().enumerate() {
        places[*state] = place;
    }
    let n_left = choices.len();
    let mut rows: Vec<f64> = choices
        .iter()
        .map(|(state, _)| mdp.start()[*state])
        .collect();
    rows.extend([0.0; N_CARRIED]);
    let discount = mdp.discount().get();
    for (state, actions) in choices {
        for action in actions {
            let mut row = vec![0.0; n_left + N_CARRIED];
            for t in mdp.transitions(*state, *action) {
                if t.terminates {
                    row[n_left + LEAK] += t.probability;
                } else if t.probability > 0.0 {
                    row[places[t.next_state]] += discount * t.probability;
                    row[n_left + LEAK] += (1.0 - discount) * t.probability;
                }
            }
            let pays = rewards.map(|table| table[state * mdp.n_actions() + action]);
            row[n_left..n_left + 2].copy_from_slice(&pays);
            rows.extend(row);
        }
    }
    Level { n_left, rows }
}

#[derive(Debug)]
struct Tree {
    n_actions: Vec<usize>,
    returns: Vec<[f64; 2]>,
    n_endless: usize,
}

impl Tree {
    /// Every choice of the states that are left, the last one's outermost.
    fn descend(&mut self, level: &Level) {
        let Some(last) = level.n_left.checked_sub(1) else {
            return self.leaf(&level.rows);
        };
        let width = level.width();
        let n_kept = level.rows.len() / width - self.n_actions[last];
        let (kept, chosen) = level.rows.split_at(n_kept * width);
        for row in chosen.chunks(width) {
            let value = solved(row, last);
            let mut rows = Vec::with_capacity(n_kept * (width - 1));
            for row in kept.chunks(width) {
                let factor = row[last];
                let (before, after) = (&row[..last], &row[last + 1..]);
                let others = before.iter().chain(after);
                rows.extend(others.zip(&value).map(|(own, value)| own + factor * value));
            }
            self.descend(&Level { n_left: last, rows });
        }
    }

    fn leaf(&mut self, start: &[f64]) {
        if start[ENDLESS] > 0.0 {
            self.n_endless += 1;
            self.returns.push([f64::NAN; 2]);
        } else {
            self.returns.push([start[0], start[1]]);
        }
    }
}

/// What a state is worth in terms of the states before it: its row without itself, over the probability of leaving it.
fn solved(row: &[f64], own: usize) -> Vec<f64> {
    let (before, after) = (&row[..own], &row[own + 1..]);
    let leaving = before.iter().sum::<f64>() + after[LEAK] + after[ENDLESS];
    let mut value: Vec<f64> = before.iter().chain(after).copied().collect();
    if leaving > 0.0 {
        value.iter_mut().for_each(|value| *value /= leaving);
    } else {
        value.fill(0.0);
        value[own + ENDLESS] = 1.0;
    }
    value
}
