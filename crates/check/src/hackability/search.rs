//! A search for two deterministic policies that disagree, where there are too many to list.

use mdp::{Seed, TabularMdp, deterministic, evaluate_policy, index, occupancy};

use super::{Extremes, HackablePair, Ranges, verified};
use crate::CheckError;
use crate::gap::{Corner, Plane, Returns};

use super::pairs::widest_pair;
use super::stochastic::LEAST;

/// Directions in which the search looks for optimal policies: how much of the reward's share is weighed against the
/// intent's.
const WEIGHTS: [f64; 5] = [0.5, 0.25, 0.75, 0.1, 0.9];

/// A pair among optimal policies in several directions and policies that differ from one of them in one state, or else
/// from one of `n_random` random policies.
pub(super) fn search(
    mdp: &TabularMdp,
    plane: &Plane<'_>,
    rewards: [&[f64]; 2],
    n_random: usize,
) -> Result<Option<HackablePair>, CheckError> {
    let extremes = Extremes::of(plane)?;
    let ranges = extremes.ranges();
    if ranges.are_flat() {
        return Ok(None);
    }
    let search = Search {
        mdp,
        plane,
        ranges,
        rewards,
    };
    let [[poor, rich], [bad, good]] = [extremes.by_reward, extremes.by_intent];
    let mut known = vec![poor, rich, good, bad];
    if let Some(pair) = search.among(&known, 0)? {
        return Ok(Some(pair));
    }
    for weight in WEIGHTS {
        for sign in [-1.0, 1.0] {
            let against = Returns {
                reward: sign * weight,
                intent: sign * (weight - 1.0),
            };
            let near = &known[known.len() - 2];
            known.push(ranges.furthest(plane, against, near)?);
        }
        if let Some(pair) = search.among(&known, known.len() - 2)? {
            return Ok(Some(pair));
        }
    }
    let rng = &mut Seed(0).stream("policies that may disagree", 0);
    for _ in 0..n_random {
        let policy: Vec<usize> = (0..mdp.n_states())
            .map(|_| index(mdp.n_actions(), rng))
            .collect();
        // At discount 1 it may never end, and is then no policy to compare.
        if let Ok(Some(pair)) = search.beside(&policy) {
            return Ok(Some(pair));
        }
    }
    Ok(None)
}

#[derive(Debug)]
struct Search<'a> {
    mdp: &'a TabularMdp,
    plane: &'a Plane<'a>,
    ranges: Ranges,
    rewards: [&'a [f64]; 2],
}

impl Search<'_> {
    /// The strongest pair among the policies or, if no two of them disagree, one of a policy from `first` on and a
    /// neighbour.
    fn among(&self, known: &[Corner], first: usize) -> Result<Option<HackablePair>, CheckError> {
        let points = known.iter().map(|corner| {
            self.ranges
                .point([corner.returns.reward, corner.returns.intent])
        });
        if let Some(pair) = widest_pair(&points.collect::<Vec<_>>()) {
            let policies = [pair.before, pair.after].map(|index| known[index].policy.as_slice());
            if let Some(pair) = self.verified(policies)? {
                return Ok(Some(pair));
            }
        }
        for corner in &known[first..] {
            if let Some(pair) = self.beside(&corner.policy)? {
                return Ok(Some(pair));
            }
        }
        Ok(None)
    }

    /// A pair of the policy and one that differs from it in one state.
    fn beside(&self, policy: &[usize]) -> Result<Option<HackablePair>, CheckError> {
        for sign in [1.0, -1.0] {
            let best = best_move(self.mdp, &self.ranges, self.rewards, policy, sign)?;
            if let Some((state, action)) = best {
                let mut moved = policy.to_vec();
                moved[state] = action;
                let mut pair = [policy, &moved];
                if sign < 0.0 {
                    pair.reverse();
                }
                if let Some(pair) = self.verified(pair)? {
                    return Ok(Some(pair));
                }
            }
        }
        Ok(None)
    }

    fn verified(&self, pair: [&[usize]; 2]) -> Result<Option<HackablePair>, CheckError> {
        let policies = pair.map(|policy| deterministic(policy, self.mdp.n_actions()));
        verified(self.plane, &self.ranges, policies, LEAST)
    }
}

/// The state and action whose choice, once in a while, gains most of the reward and loses most of the intent; with
/// `sign` -1 the other way round.
///
/// A policy that differs from π in state s alone differs in return by `d'(s) (Q(s, a) - V(s))` with its own visits d' of
/// s, which are above 0 if π's are. So the signs of the advantages under both rewards, from one evaluation each, are the
/// signs of both changes of return, for all neighbours at once.
fn best_move(
    mdp: &TabularMdp,
    ranges: &Ranges,
    rewards: [&[f64]; 2],
    policy: &[usize],
    sign: f64,
) -> Result<Option<(usize, usize)>, CheckError> {
    let n_actions = mdp.n_actions();
    let stochastic = deterministic(policy, n_actions);
    let visits = occupancy(mdp, &stochastic)?;
    let values = [
        evaluate_policy(mdp, rewards[0], &stochastic)?.values,
        evaluate_policy(mdp, rewards[1], &stochastic)?.values,
    ];
    let mut best = None;
    let mut most = LEAST;
    for (state, chosen) in policy.iter().enumerate() {
        let often = visits[state * n_actions + chosen];
        for action in (0..n_actions).filter(|action| often > 0.0 && action != chosen) {
            let advantage = |which: usize| {
                let values = &values[which];
                let after: f64 = mdp
                    .transitions(state, action)
                    .filter(|t| !t.terminates)
                    .map(|t| t.probability * values[t.next_state])
                    .sum();
                rewards[which][state * n_actions + action] + mdp.discount().get() * after
                    - values[state]
            };
            let gained = ranges.reward.share(sign * often * advantage(0));
            let lost = ranges.intent.share(-sign * often * advantage(1));
            let amount = f64::min(gained, lost);
            if amount > most {
                most = amount;
                best = Some((state, action));
            }
        }
    }
    Ok(best)
}
