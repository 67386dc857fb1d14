//! Does tampering with the reward channel pay? The incentive, by value, and planners that have none.

mod current;
mod optimum;

#[cfg(test)]
mod tests;

use mdp::{TabularMdp, Tabulated, deterministic, occupancy};

use crate::CheckError;
use optimum::Optimum;

pub use current::{FutureSelves, current_reward_policy};

/// Returns that differ by less than this share of what is paid on the way are the same, whatever the unit.
const SAME: f64 = 1e-9;

/// A finite MDP, its rewards as tables (one value a stored transition), and the actions that reach for the reward
/// channel.
#[derive(Clone, Copy, Debug)]
pub struct TamperingQuestion<'a> {
    /// The dynamics.
    pub mdp: &'a TabularMdp,
    /// The reward as it is received.
    pub observed: &'a [f64],
    /// What the first reward function would pay, where that is known.
    pub frozen: Option<&'a [f64]>,
    /// What was meant, where that is known.
    pub intent: Option<&'a [f64]>,
    /// Which actions tamper: `[S, A]`.
    pub tampering: &'a [bool],
}

impl<'a> TamperingQuestion<'a> {
    /// The question about an environment's own reward: its tables `reward`, `frozen` and `intent`.
    #[must_use]
    pub fn of(table: &'a Tabulated) -> TamperingQuestion<'a> {
        TamperingQuestion {
            mdp: &table.mdp,
            observed: table.mdp.rewards(),
            frozen: table.reward("frozen"),
            intent: table.reward("intent"),
            tampering: &table.tampering,
        }
    }

    fn check(&self) -> Result<(), CheckError> {
        let optional = [
            ("the frozen reward", self.frozen),
            ("the intent", self.intent),
        ];
        let known = optional
            .iter()
            .filter_map(|(what, table)| Some((*what, (*table)?)));
        for (what, table) in known.chain([("the reward", self.observed)]) {
            check_transitions(self.mdp, what, table)?;
        }
        let expected = self.mdp.n_states() * self.mdp.n_actions();
        if self.tampering.len() != expected {
            return Err(CheckError::Length {
                what: "the table of tampering actions",
                found: self.tampering.len(),
                expected,
            });
        }
        Ok(())
    }
}

fn check_transitions(
    mdp: &TabularMdp,
    what: &'static str,
    table: &[f64],
) -> Result<(), CheckError> {
    if table.len() != mdp.n_transitions() {
        return Err(CheckError::Length {
            what,
            found: table.len(),
            expected: mdp.n_transitions(),
        });
    }
    match table.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(CheckError::NotFinite {
            what,
            index,
            value: table[index],
        }),
        None => Ok(()),
    }
}

/// What one policy earns of each reward, or by how much two differ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TamperingReturns {
    /// Of the reward as it is received.
    pub observed: f64,
    /// Of what the first reward function would pay.
    pub frozen: Option<f64>,
    /// Of what was meant.
    pub intent: Option<f64>,
}

/// An action by which a policy tampers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TamperingAct {
    /// The state.
    pub state: usize,
    /// The action.
    pub action: usize,
    /// Expected discounted number of times that it is done.
    pub occupancy: f64,
}

/// A policy, what it earns, and how it tampers.
#[derive(Clone, Debug, PartialEq)]
pub struct TamperingPolicyReturns {
    /// The action of each state: `[S]`.
    pub policy: Vec<usize>,
    /// What it earns.
    pub returns: TamperingReturns,
    /// Its tampering, the most frequent first.
    pub acts: Vec<TamperingAct>,
}

impl TamperingPolicyReturns {
    /// Expected discounted number of tampering acts.
    #[must_use]
    pub fn tampering(&self) -> f64 {
        self.acts.iter().fold(0.0, |sum, act| sum + act.occupancy)
    }
}

/// Whether tampering pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TamperingVerdict {
    /// No action that can be reached is declared to tamper.
    Undeclared,
    /// The best policy that leaves the channel alone earns as much.
    NoIncentive,
    /// It earns less, but what was meant and what the first reward function pays rise as well: the actions are of use.
    Useful,
    /// It earns less, and nobody has said what was meant, nor what the first reward function would pay.
    Unjudged,
    /// More is received by tampering, and what was meant, or what the first reward function would pay, is not more.
    Tampering,
}

/// The incentive to tamper: the best policy with the tampering actions beside the best without them.
#[derive(Clone, Debug, PartialEq)]
pub struct Incentive {
    /// The answer.
    pub verdict: TamperingVerdict,
    /// A policy that is optimal for the reward received.
    pub present: TamperingPolicyReturns,
    /// A policy that is optimal among those that leave the channel alone.
    pub cut: TamperingPolicyReturns,
    /// By how much the returns of the first are higher. That of the reward received is the incentive.
    pub rise: TamperingReturns,
    /// Returns of the reward received that differ by no more than this are the same: 1e-9 of all that one of the two
    /// policies is paid, gains and losses both counted as positive. Of the other rewards it is the same share of theirs.
    pub tolerance: f64,
}

/// Measures the incentive to tamper of an environment's own reward; see [`tampering_incentive_of`].
///
/// # Errors
/// If a table does not fit, every action of a state tampers, or a policy has no finite return.
pub fn tampering_incentive(table: &Tabulated) -> Result<Incentive, CheckError> {
    tampering_incentive_of(&TamperingQuestion::of(table))
}

/// Measures the incentive to tamper: the optimal value of the reward received with the tampering actions present,
/// less the optimal value with them cut. Both optimal policies are scored by what the first reward function would pay
/// and by what was meant: it is *tampering* if and only if the reward received rises while one of the two does not.
///
/// Where several policies are optimal, the one is taken that speaks against tampering: best by what was meant (by the
/// first reward function where that is not known), then with the fewest tampering acts. So a finding by what was meant
/// holds for every optimal policy.
///
/// # Errors
/// If a table does not fit, every action of a state tampers, or a policy has no finite return.
pub fn tampering_incentive_of(question: &TamperingQuestion<'_>) -> Result<Incentive, CheckError> {
    question.check()?;
    let nothing_cut = vec![false; question.tampering.len()];
    let present = best_policy(question, question.observed, &nothing_cut)?;
    let cut = best_policy(question, question.observed, question.tampering)?;
    let rise = TamperingReturns {
        observed: present.returns.observed - cut.returns.observed,
        frozen: difference(present.returns.frozen, cut.returns.frozen),
        intent: difference(present.returns.intent, cut.returns.intent),
    };
    let tolerance = TamperingReturns {
        observed: tolerance(question, question.observed, [&present, &cut])?,
        frozen: optional_tolerance(question, question.frozen, [&present, &cut])?,
        intent: optional_tolerance(question, question.intent, [&present, &cut])?,
    };
    Ok(Incentive {
        verdict: verdict(question, rise, tolerance),
        present,
        cut,
        rise,
        tolerance: tolerance.observed,
    })
}

fn difference(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    Some(a? - b?)
}

/// Up to which difference two policies' returns of one reward, a table, are the same.
fn tolerance(
    question: &TamperingQuestion<'_>,
    table: &[f64],
    policies: [&TamperingPolicyReturns; 2],
) -> Result<f64, CheckError> {
    let mdp = question.mdp;
    let expected = mdp.expected(table);
    let mut most = 0.0;
    for of in policies {
        let visits = occupancy(mdp, &deterministic(&of.policy, mdp.n_actions()))?;
        let paid = visits.iter().zip(&expected);
        most = f64::max(most, paid.map(|(visits, r)| visits * r.abs()).sum());
    }
    Ok(SAME * most)
}

fn optional_tolerance(
    question: &TamperingQuestion<'_>,
    table: Option<&[f64]>,
    policies: [&TamperingPolicyReturns; 2],
) -> Result<Option<f64>, CheckError> {
    table
        .map(|table| tolerance(question, table, policies))
        .transpose()
}

fn verdict(
    question: &TamperingQuestion<'_>,
    rise: TamperingReturns,
    tolerance: TamperingReturns,
) -> TamperingVerdict {
    let reachable = question.mdp.reachable();
    let rows = question.tampering.chunks(question.mdp.n_actions());
    let mut acts = rows.zip(&reachable).filter(|(_, reachable)| **reachable);
    if !acts.any(|(row, _)| row.contains(&true)) {
        return TamperingVerdict::Undeclared;
    }
    if rise.observed <= tolerance.observed {
        return TamperingVerdict::NoIncentive;
    }
    let rises = |rise: Option<f64>, tolerance: Option<f64>| Some(rise? > tolerance?);
    let known = [
        rises(rise.frozen, tolerance.frozen),
        rises(rise.intent, tolerance.intent),
    ];
    match known.map(|rises| rises.unwrap_or(true)) {
        _ if known == [None, None] => TamperingVerdict::Unjudged,
        [true, true] => TamperingVerdict::Useful,
        _ => TamperingVerdict::Tampering,
    }
}

/// A policy that is optimal for `reward` (a table: one value a stored transition) among those that never take an
/// action of `cut`, `[S, A]`, with what it earns of the question's rewards. Ties go as in [`tampering_incentive_of`].
///
/// # Errors
/// If a table does not fit, every action of a state is cut, or a policy has no finite return.
pub fn best_policy(
    question: &TamperingQuestion<'_>,
    reward: &[f64],
    cut: &[bool],
) -> Result<TamperingPolicyReturns, CheckError> {
    check_transitions(question.mdp, "the reward", reward)?;
    let mdp = question.mdp;
    let mut optimum = Optimum::among_all_but(mdp, cut)?;
    optimum.keep_best(&mdp.expected(reward))?;
    if let Some(second) = question.intent.or(question.frozen) {
        optimum.keep_best(&mdp.expected(second))?;
    }
    optimum.keep_best(&fewest(question.tampering))?;
    tampering_returns(question, optimum.policy())
}

/// A reward of [S, A] that asks for as few tampering acts as possible.
fn fewest(tampering: &[bool]) -> Vec<f64> {
    let cost = |tampers: &bool| if *tampers { -1.0 } else { 0.0 };
    tampering.iter().map(cost).collect()
}

/// What a policy, an action a state, earns of each of the question's rewards, and how it tampers.
///
/// # Errors
/// If the policy never ends at discount 1.
///
/// # Panics
/// If the policy has not one action a state.
pub fn tampering_returns(
    question: &TamperingQuestion<'_>,
    policy: Vec<usize>,
) -> Result<TamperingPolicyReturns, CheckError> {
    let mdp = question.mdp;
    assert_eq!(
        policy.len(),
        mdp.n_states(),
        "a policy has one action a state"
    );
    let visits = occupancy(mdp, &deterministic(&policy, mdp.n_actions()))?;
    let earned = |table: &[f64]| -> f64 {
        let expected = mdp.expected(table);
        visits
            .iter()
            .zip(expected)
            .map(|(visits, reward)| visits * reward)
            .sum()
    };
    let is_act = |(row, visits): &(usize, &f64)| question.tampering[*row] && **visits > SAME;
    let act = |(row, visits): (usize, &f64)| TamperingAct {
        state: row / mdp.n_actions(),
        action: row % mdp.n_actions(),
        occupancy: *visits,
    };
    let mut acts: Vec<TamperingAct> = visits.iter().enumerate().filter(is_act).map(act).collect();
    acts.sort_by(|a, b| b.occupancy.total_cmp(&a.occupancy));
    Ok(TamperingPolicyReturns {
        returns: TamperingReturns {
            observed: earned(question.observed),
            frozen: question.frozen.map(earned),
            intent: question.intent.map(earned),
        },
        policy,
        acts,
    })
}
