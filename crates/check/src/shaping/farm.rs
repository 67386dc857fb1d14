//! The second question: can one be paid for going round?

use std::collections::VecDeque;

use mdp::{
    Restricted, TabularMdp, average_reward, deterministic, evaluate_policy, optimal_average_reward,
    policy_iteration,
};

use super::Move;
use super::potential::moves;
use crate::CheckError;
use crate::error::check_policy;

/// Gains smaller than this share of what is paid on the way are put down to rounding of what is paid.
const ROUNDING: f64 = 1e-14;
/// Means smaller than this share of what is paid, and differences smaller than this share of a value, are put down to
/// rounding.
const TIE: f64 = 1e-12;

/// What the task's designer has in mind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Intended<'a> {
    /// A policy that is optimal for the task's reward; among several, the one that the term pays best.
    Optimal,
    /// This policy, `[S, A]`.
    Policy(&'a [f64]),
}

/// A way to be paid for going round.
#[derive(Clone, Debug, PartialEq)]
pub struct Farm {
    /// Transitions by which the first state of the cycle is come to from a start.
    pub approach: Vec<Move>,
    /// Transitions that are made once between [`Farm::entry`] and the cycle; usually none.
    pub lead: Vec<Move>,
    /// The states that are gone round in, in order where each leads surely to the next.
    pub states: Vec<usize>,
    /// The action in each.
    pub actions: Vec<usize>,
    /// Whether each state leads surely to the next one, and the last to the first.
    pub is_cycle: bool,
    /// Where what it pays is measured: the first state of the cycle, or of the lead.
    pub entry: usize,
    /// At discount 1 the mean of the term a step of going round for ever. Below it the value of task and term together
    /// from the entry, when going round for ever.
    pub pays: f64,
    /// What there is instead: 0 at discount 1; below it the intended policy's value of task and term from the entry.
    pub instead: f64,
    /// Mean of the term a step of going round.
    pub term_a_step: f64,
    /// Mean of the task's reward a step of going round.
    pub task_a_step: f64,
}

/// Looks for a way to be paid for going round among the reachable `states`.
///
/// At discount 1 that is a cycle on which the term's mean is positive, or in an environment of chance, a policy with
/// positive gain. Below it, it is one that never ends and whose value of task and term together exceeds the intended
/// policy's from where it begins. Whatever is found is evaluated anew, as a policy of the MDP. Where chance may end an
/// episode whatever is done, there is no such policy.
///
/// `forgiven` is what the term may be off by in each step: by how much it misses its potential, if it has one.
pub(super) fn find(
    mdp: &TabularMdp,
    states: &[usize],
    term: &[f64],
    task: &[f64],
    intended: Intended<'_>,
    forgiven: f64,
) -> Result<Option<Farm>, CheckError> {
    let search = Search {
        mdp,
        states,
        term,
        forgiven,
        term_sa: reached(mdp, states, term),
        task_sa: reached(mdp, states, task),
    };
    if mdp.discount().get() < 1.0 {
        search.discounted(intended)
    } else {
        Ok(search.undiscounted())
    }
}

/// The expected reward of a table, zero where unreachable.
fn reached(mdp: &TabularMdp, states: &[usize], table: &[f64]) -> Vec<f64> {
    let expected = mdp.expected(table);
    let mut reached = vec![0.0; expected.len()];
    for state in states {
        let row = state * mdp.n_actions()..(state + 1) * mdp.n_actions();
        reached[row.clone()].copy_from_slice(&expected[row]);
    }
    reached
}

struct Search<'a> {
    mdp: &'a TabularMdp,
    states: &'a [usize],
    term: &'a [f64],
    /// By how much the term may be off in each step.
    forgiven: f64,
    /// `[S, A]` each.
    term_sa: Vec<f64>,
    task_sa: Vec<f64>,
}

impl Search<'_> {
    fn undiscounted(&self) -> Option<Farm> {
        let lasting = self.lasting();
        let best = optimal_average_reward(self.mdp, &lasting);
        let entry = greatest(self.states, |state| best.gain[state])?;
        let chosen = deterministic(&best.policy, self.mdp.n_actions());
        let states = self.recurrent(entry, &best.policy);
        let gain = average_reward(self.mdp, &lasting, &chosen).gain[states[0]];
        let paid = paid(&states, &self.term_sa, &chosen, self.mdp.n_actions());
        (gain > TIE * paid + self.forgiven).then(|| {
            self.farm(
                Round {
                    entry: states[0],
                    lead: vec![],
                    states,
                    pays: gain,
                    instead: 0.0,
                },
                &best.policy,
            )
        })
    }

    /// The term without what is paid by actions that surely end the episode: paid once, it is no part of any mean, and a
    /// large one would only add its rounding.
    fn lasting(&self) -> Vec<f64> {
        let n_actions = self.mdp.n_actions();
        let paid = self.term_sa.iter().enumerate().map(|(row, paid)| {
            let goes_on = self
                .successors(row / n_actions, row % n_actions)
                .next()
                .is_some();
            if goes_on { *paid } else { 0.0 }
        });
        paid.collect()
    }

    fn discounted(&self, intended: Intended<'_>) -> Result<Option<Farm>, CheckError> {
        let (mdp, n_actions) = (self.mdp, self.mdp.n_actions());
        let together: Vec<f64> = self
            .term_sa
            .iter()
            .zip(&self.task_sa)
            .map(|(f, r)| f + r)
            .collect();
        let Some(policy) = self.endless(&together)? else {
            return Ok(None);
        };
        let intended = match intended {
            Intended::Optimal => deterministic(&self.optimal_for_task(&together)?, n_actions),
            Intended::Policy(policy) => {
                check_policy(mdp, "the intended policy", policy)?;
                policy.to_vec()
            }
        };
        let chosen: Vec<usize> = policy.iter().map(|action| action.unwrap_or(0)).collect();
        let chosen_policy = deterministic(&chosen, n_actions);
        let round = evaluate_policy(mdp, &together, &chosen_policy)?;
        let instead = evaluate_policy(mdp, &together, &intended)?;
        let endless: Vec<usize> = self
            .states
            .iter()
            .copied()
            .filter(|s| policy[*s].is_some())
            .collect();
        let paid = paid(&endless, &together, &chosen_policy, n_actions).max(paid(
            self.states,
            &together,
            &intended,
            n_actions,
        ));
        let a_step = ROUNDING * paid + 2.0 * self.forgiven;
        let slack = round.error + instead.error + a_step / (1.0 - mdp.discount().get());
        let (round, instead) = (round.values, instead.values);
        let gain = |state: usize| round[state] - instead[state];
        let Some(best) = greatest(&endless, gain).filter(|best| gain(*best) > slack) else {
            return Ok(None);
        };
        let mut states = self.recurrent(best, &chosen);
        // The cycle itself is worth more than what is intended, or only with what is earned on the way to it.
        let first = greatest(&states, gain).expect("a closed class has a state");
        let entry = if gain(first) > slack { first } else { best };
        if entry == first {
            let place = states
                .iter()
                .position(|s| *s == first)
                .expect("it is one of them");
            states.rotate_left(place);
        }
        let round = Round {
            entry,
            lead: self.lead(entry, &states, &chosen),
            states,
            pays: round[entry],
            instead: instead[entry],
        };
        Ok(Some(self.farm(round, &chosen)))
    }

    /// The best policy among those that never end, where there are any: its action in each state from which it is
    /// possible never to end.
    fn endless(&self, rewards: &[f64]) -> Result<Option<Vec<Option<usize>>>, CheckError> {
        let endless = Endless::of(self.mdp);
        if !self.states.iter().any(|s| endless.can[*s]) {
            return Ok(None);
        }
        let policy = endless.restricted.policy_iteration(rewards, None)?.policy;
        let each = policy.into_iter().zip(endless.can);
        Ok(Some(
            each.map(|(action, can)| can.then_some(action)).collect(),
        ))
    }

    /// A policy that is optimal for the task and, among those, best for task and term together.
    fn optimal_for_task(&self, together: &[f64]) -> Result<Vec<usize>, CheckError> {
        let n_actions = self.mdp.n_actions();
        let task = policy_iteration(self.mdp, &self.task_sa, None)?;
        // The error of this policy's values alone: what others would be paid is no part of it.
        let chosen = deterministic(&task.policy, n_actions);
        let values = evaluate_policy(self.mdp, &self.task_sa, &chosen)?;
        let best = |row: usize| {
            let value = task.values[row / n_actions];
            let size = f64::max(value.abs(), self.task_sa[row].abs());
            task.q_values[row] >= value - 2.0 * values.error - TIE * size
        };
        let cut: Vec<bool> = (0..together.len())
            .map(|row| row % n_actions != task.policy[row / n_actions] && !best(row))
            .collect();
        self.best_uncut(&cut, together)
    }

    /// The best policy that takes no action that is cut.
    fn best_uncut(&self, cut: &[bool], rewards: &[f64]) -> Result<Vec<usize>, CheckError> {
        let restricted = self.mdp.cut(cut).expect("one action is kept in each state");
        Ok(restricted.policy_iteration(rewards, None)?.policy)
    }

    /// The first transition of an action, by which a sure way goes on.
    fn sure(&self, state: usize, action: usize) -> Option<Move> {
        let one = [state];
        let mut moves = moves(self.mdp, &one, self.term).filter(|m| m.action == action);
        let first = moves.next()?;
        let is_sure =
            moves.all(|m| m.next_state == first.next_state && m.terminates == first.terminates);
        is_sure.then_some(first)
    }

    /// The states that the policy keeps coming back to from `entry`, in order of a walk through them.
    fn recurrent(&self, entry: usize, policy: &[usize]) -> Vec<usize> {
        let mut from = entry;
        loop {
            let reach = self.walk(from, policy);
            let back = self.can_reach(from, &reach, policy);
            match reach.iter().rfind(|state| !back[**state]) {
                // From the furthest state that does not lead back, less can be reached.
                Some(further) => from = *further,
                None => return reach,
            }
        }
    }

    /// Everything that the policy may come to from a state, nearest first.
    fn walk(&self, from: usize, policy: &[usize]) -> Vec<usize> {
        let mut seen = vec![false; self.mdp.n_states()];
        seen[from] = true;
        let mut order = vec![from];
        let mut next = 0;
        while let Some(state) = order.get(next).copied() {
            next += 1;
            for successor in self.successors(state, policy[state]) {
                if !seen[successor] {
                    seen[successor] = true;
                    order.push(successor);
                }
            }
        }
        order
    }

    /// Which of some states, closed under the policy, may come to `goal`.
    fn can_reach(&self, goal: usize, among: &[usize], policy: &[usize]) -> Vec<bool> {
        let mut before = vec![vec![]; self.mdp.n_states()];
        for state in among {
            for successor in self.successors(*state, policy[*state]) {
                before[successor].push(*state);
            }
        }
        let mut can = vec![false; self.mdp.n_states()];
        can[goal] = true;
        let mut open = vec![goal];
        while let Some(state) = open.pop() {
            for earlier in before[state].drain(..) {
                if !can[earlier] {
                    can[earlier] = true;
                    open.push(earlier);
                }
            }
        }
        can
    }

    fn successors(&self, state: usize, action: usize) -> impl Iterator<Item = usize> + '_ {
        let going_on = self
            .mdp
            .transitions(state, action)
            .filter(|t| !t.terminates && t.probability > 0.0);
        going_on.map(|t| t.next_state)
    }

    /// The sure way from `entry` into the cycle; none where chance decides on it.
    fn lead(&self, entry: usize, cycle: &[usize], policy: &[usize]) -> Vec<Move> {
        let mut lead = vec![];
        let mut state = entry;
        while !cycle.contains(&state) {
            let Some(m) = self.sure(state, policy[state]) else {
                return vec![];
            };
            state = m.next_state;
            lead.push(m);
        }
        lead
    }

    /// Shortest transitions that can happen from a start to a state.
    fn approach(&self, goal: usize) -> Vec<Move> {
        let mut by: Vec<Option<Move>> = vec![None; self.mdp.n_states()];
        let mut seen: Vec<bool> = self.mdp.start().iter().map(|p| *p > 0.0).collect();
        let mut open: VecDeque<usize> = (0..seen.len()).filter(|s| seen[*s]).collect();
        while let Some(state) = open.pop_front() {
            for m in moves(self.mdp, &[state], self.term).filter(|m| !m.terminates) {
                if !seen[m.next_state] {
                    seen[m.next_state] = true;
                    by[m.next_state] = Some(m);
                    open.push_back(m.next_state);
                }
            }
        }
        let mut approach = vec![];
        let mut state = goal;
        while let Some(m) = by[state] {
            approach.push(m);
            state = m.state;
        }
        approach.reverse();
        approach
    }

    fn farm(&self, round: Round, policy: &[usize]) -> Farm {
        let chosen = deterministic(policy, self.mdp.n_actions());
        let mean =
            |rewards: &[f64]| average_reward(self.mdp, rewards, &chosen).gain[round.states[0]];
        let next = round.states.iter().cycle().skip(1);
        let is_cycle = round.states.iter().zip(next).all(|(state, next)| {
            self.sure(*state, policy[*state])
                .is_some_and(|m| m.next_state == *next)
        });
        Farm {
            approach: self.approach(round.entry),
            actions: round.states.iter().map(|s| policy[*s]).collect(),
            is_cycle,
            entry: round.entry,
            pays: round.pays,
            instead: round.instead,
            term_a_step: mean(&self.term_sa),
            task_a_step: mean(&self.task_sa),
            lead: round.lead,
            states: round.states,
        }
    }
}

/// A way round that was found, and what it pays.
struct Round {
    entry: usize,
    lead: Vec<Move>,
    states: Vec<usize>,
    pays: f64,
    instead: f64,
}

/// The policies that never end.
pub(crate) struct Endless {
    /// `[S]`, whether it is possible never to end from a state.
    pub(crate) can: Vec<bool>,
    /// The MDP in which every action that may lead to an end is cut, wherever there are others. From where one can stay
    /// nobody comes to where nothing is cut.
    pub(crate) restricted: Restricted,
}

impl Endless {
    pub(crate) fn of(mdp: &TabularMdp) -> Endless {
        let n_actions = mdp.n_actions();
        let stays = endless_actions(mdp);
        let can: Vec<bool> = stays
            .chunks(n_actions)
            .map(|row| row.contains(&true))
            .collect();
        let cut: Vec<bool> = (0..stays.len())
            .map(|row| can[row / n_actions] && !stays[row])
            .collect();
        let restricted = mdp.cut(&cut).expect("one action is kept in each state");
        Endless { can, restricted }
    }
}

/// `[S, A]`, the actions after which it is possible never to end: what is left when actions that may terminate or lead
/// to where no action is left are taken away.
fn endless_actions(mdp: &TabularMdp) -> Vec<bool> {
    let n_actions = mdp.n_actions();
    let n_rows = mdp.n_states() * n_actions;
    let mut stays: Vec<bool> = (0..n_rows)
        .map(|row| {
            let mut ways = mdp.transitions(row / n_actions, row % n_actions);
            !ways.any(|t| t.terminates && t.probability > 0.0)
        })
        .collect();
    let mut before = vec![vec![]; mdp.n_states()];
    for row in 0..n_rows {
        for t in mdp
            .transitions(row / n_actions, row % n_actions)
            .filter(|t| t.probability > 0.0)
        {
            before[t.next_state].push(row);
        }
    }
    let mut left: Vec<usize> = stays
        .chunks(n_actions)
        .map(|row| row.iter().filter(|s| **s).count())
        .collect();
    let mut lost: Vec<usize> = (0..mdp.n_states()).filter(|s| left[*s] == 0).collect();
    while let Some(state) = lost.pop() {
        for row in before[state].drain(..) {
            if std::mem::replace(&mut stays[row], false) {
                left[row / n_actions] -= 1;
                if left[row / n_actions] == 0 {
                    lost.push(row / n_actions);
                }
            }
        }
    }
    stays
}

/// The first of the states for which a value is greatest.
fn greatest(states: &[usize], value: impl Fn(usize) -> f64) -> Option<usize> {
    let mut best: Option<usize> = None;
    for state in states {
        if best.is_none_or(|best| value(*state) > value(best)) {
            best = Some(*state);
        }
    }
    best
}

/// The largest size of what a policy may be paid in one step from some states; table and policy `[S, A]`.
fn paid(states: &[usize], rewards: &[f64], policy: &[f64], n_actions: usize) -> f64 {
    let rows = states
        .iter()
        .flat_map(|state| state * n_actions..(state + 1) * n_actions);
    rows.filter(|row| policy[*row] > 0.0)
        .fold(0.0, |most, row| f64::max(most, rewards[row].abs()))
}
