//! Hackability over deterministic policies: listed while there are few, searched where there are many.

use mdp::{TabularMdp, deterministic};

use super::enumerate::{DeterministicReturns, count, deterministic_returns};
use super::pairs::widest_pair;
use super::search::search;
use super::{HackablePair, Ranges, verified};
use crate::CheckError;
use crate::gap::{Plane, ReturnRange};

/// Settings of [`deterministic_hackability`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeterministicSettings {
    /// Most policies that are listed.
    pub max_policies: usize,
    /// Most random policies whose neighbours a search looks at, after the optimal ones.
    pub n_random: usize,
    /// Returns that differ by no more than this share of their range are equal.
    pub tolerance: f64,
}

impl DeterministicSettings {
    /// 100,000 policies listed, 64 drawn where there are more; returns equal within 1e-9 of their range.
    pub const STANDARD: DeterministicSettings = DeterministicSettings {
        max_policies: 100_000,
        n_random: 64,
        tolerance: 1e-9,
    };
}

/// What is known about deterministic policies.
#[derive(Clone, Debug, PartialEq)]
pub enum DeterministicVerdict {
    /// No two of all policies disagree.
    Unhackable,
    /// Two policies disagree, and of all pairs these do most.
    Hackable(HackablePair),
    /// There are too many to list, but these two disagree.
    WitnessFound(HackablePair),
    /// There are too many to list, and the search found no two that disagree.
    NotDecided,
}

/// Whether a pair of rewards is hackable over deterministic policies.
#[derive(Clone, Debug, PartialEq)]
pub struct DeterministicHackability {
    /// The verdict.
    pub verdict: DeterministicVerdict,
    /// How many deterministic policies there are over the states in reach, actions that lead and pay alike counted once;
    /// infinite beyond what a float holds.
    pub n_policies: f64,
    /// How many of those listed may never end, at discount 1; they take no part.
    pub n_endless: usize,
}

impl DeterministicHackability {
    /// The pair of policies that disagree, if one is known.
    #[must_use]
    pub fn pair(&self) -> Option<&HackablePair> {
        match &self.verdict {
            DeterministicVerdict::Hackable(pair) | DeterministicVerdict::WitnessFound(pair) => {
                Some(pair)
            }
            DeterministicVerdict::Unhackable | DeterministicVerdict::NotDecided => None,
        }
    }
}

/// Whether two expected rewards, `[S, A]` each, are hackable over deterministic policies.
///
/// # Errors
/// If a table does not fit or, where a search is needed at discount 1, if a policy on the way need never end.
pub fn deterministic_hackability(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    settings: DeterministicSettings,
) -> Result<DeterministicHackability, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let rewards = [reward, intent];
    let n_policies = count(mdp, rewards);
    let listed = deterministic_returns(mdp, rewards, settings.max_policies)?;
    let n_endless = listed.as_ref().map_or(0, |listed| listed.n_endless);
    let verdict = match listed {
        Some(listed) => compared(mdp, &plane, &listed, settings.tolerance)?,
        None => search(mdp, &plane, rewards, settings.n_random)?.map_or(
            DeterministicVerdict::NotDecided,
            DeterministicVerdict::WitnessFound,
        ),
    };
    Ok(DeterministicHackability {
        verdict,
        n_policies,
        n_endless,
    })
}

/// The verdict on listed policies, the widest pair of them evaluated.
fn compared(
    mdp: &TabularMdp,
    plane: &Plane<'_>,
    listed: &DeterministicReturns,
    tolerance: f64,
) -> Result<DeterministicVerdict, CheckError> {
    let ranges = Ranges {
        reward: range(listed, 0),
        intent: range(listed, 1),
    };
    let points: Vec<[f64; 2]> = listed.returns.iter().map(|r| ranges.point(*r)).collect();
    let Some(widest) = widest_pair(&points).filter(|pair| pair.amount > tolerance) else {
        return Ok(DeterministicVerdict::Unhackable);
    };
    let policies = [widest.before, widest.after]
        .map(|number| deterministic(&listed.policy(number), mdp.n_actions()));
    let pair = verified(plane, &ranges, policies, 0.5 * tolerance)?;
    Ok(pair.map_or(
        DeterministicVerdict::Unhackable,
        DeterministicVerdict::Hackable,
    ))
}

/// The range of a return over the listed policies that end, which is its range over all that do: a deterministic policy
/// lies at either end.
fn range(listed: &DeterministicReturns, which: usize) -> ReturnRange {
    // The minimum and the maximum of a number and a NaN are the number.
    let values = || listed.returns.iter().map(|returns| returns[which]);
    ReturnRange {
        lowest: values().fold(f64::NAN, f64::min),
        highest: values().fold(f64::NAN, f64::max),
    }
}
