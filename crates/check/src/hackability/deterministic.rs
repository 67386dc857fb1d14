//! Hackability over deterministic policies: listed while there are few, searched where there are many.

use mdp::{TabularMdp, deterministic};

use super::enumerate::{count, deterministic_returns};
use super::pairs::widest_pair;
use super::search::search;
use super::{Extremes, HackablePair, verified};
use crate::CheckError;
use crate::gap::Plane;

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
/// If a table does not fit or, at discount 1, if a policy on the way need never end.
pub fn deterministic_hackability(
    mdp: &TabularMdp,
    reward: &[f64],
    intent: &[f64],
    settings: DeterministicSettings,
) -> Result<DeterministicHackability, CheckError> {
    let plane = Plane::new(mdp, reward, intent)?;
    let extremes = Extremes::of(&plane)?;
    let ranges = extremes.ranges();
    let rewards = [reward, intent];
    let n_policies = count(mdp, rewards);
    let Some(all) = deterministic_returns(mdp, rewards, settings.max_policies)? else {
        let found = search(mdp, &plane, extremes, rewards, settings.n_random)?;
        return Ok(DeterministicHackability {
            verdict: found.map_or(
                DeterministicVerdict::NotDecided,
                DeterministicVerdict::WitnessFound,
            ),
            n_policies,
            n_endless: 0,
        });
    };
    let points: Vec<[f64; 2]> = all.returns.iter().map(|r| ranges.point(*r)).collect();
    let widest = widest_pair(&points).filter(|pair| pair.amount > settings.tolerance);
    let pair = match widest {
        Some(pair) => {
            let policy = |index| deterministic(&all.policy(index), mdp.n_actions());
            let policies = [policy(pair.before), policy(pair.after)];
            verified(&plane, &ranges, policies, 0.5 * settings.tolerance)?
        }
        None => None,
    };
    Ok(DeterministicHackability {
        verdict: pair.map_or(
            DeterministicVerdict::Unhackable,
            DeterministicVerdict::Hackable,
        ),
        n_policies,
        n_endless: all.n_endless,
    })
}
