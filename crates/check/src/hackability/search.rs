//! A search for two deterministic policies that disagree, where there are too many to list.

use mdp::{TabularMdp, deterministic, evaluate_policy, occupancy};

use super::{HackablePair, Ranges, verified};
use crate::CheckError;
use crate::gap::{Corner, Plane, Returns};

use super::pairs::widest_pair;
use super::stochastic::LEAST;

/// Directions in which the search looks for optimal policies, as weights of the reward against the intent.
const WEIGHTS: [(f64, f64); 8] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.0, 1.0),
    (0.0, -1.0),
    (0.5, -0.5),
    (-0.5, 0.5),
    (0.5, 0.5),
    (-0.5, -0.5),
];

/// The strongest pair among optimal policies in several directions and, if none of them disagree, among policies that
/// differ from one of them in one state.
pub(super) fn search(
    mdp: &TabularMdp,
    plane: &Plane<'_>,
    ranges: &Ranges,
    rewards: [&[f64]; 2],
) -> Result<Option<HackablePair>, CheckError> {
    let mut corners: Vec<Corner> = Vec::new();
    for (reward, intent) in WEIGHTS {
        let near = corners.last().map(|corner| corner.policy.clone());
        corners.push(plane.furthest(Returns { reward, intent }, near.as_deref())?);
    }
    let points: Vec<[f64; 2]> = corners
        .iter()
        .map(|corner| {
            [
                ranges.reward.share(corner.returns.reward),
                ranges.intent.share(corner.returns.intent),
            ]
        })
        .collect();
    let as_policy = |policy: &[usize]| deterministic(policy, mdp.n_actions());
    if let Some(pair) = widest_pair(&points) {
        let policies = [pair.before, pair.after].map(|index| as_policy(&corners[index].policy));
        if let Some(pair) = verified(plane, ranges, policies, LEAST)? {
            return Ok(Some(pair));
        }
    }
    for corner in &corners {
        if let Some((state, action)) = best_move(mdp, ranges, rewards, &corner.policy)? {
            let mut moved = corner.policy.clone();
            moved[state] = action;
            let policies = [as_policy(&corner.policy), as_policy(&moved)];
            if let Some(pair) = verified(plane, ranges, policies, LEAST)? {
                return Ok(Some(pair));
            }
        }
    }
    Ok(None)
}

/// The state and action whose choice, once in a while, gains most of the reward and loses most of the intent.
///
/// A policy that differs from π in state s alone differs in return by `d'(s) (Q(s, a) - V(s))` with its own visits d' of
/// s, which are above 0 if π's are. So the signs of the advantages under both rewards, from one evaluation each, are the
/// signs of both changes of return, for all neighbours at once.
fn best_move(
    mdp: &TabularMdp,
    ranges: &Ranges,
    rewards: [&[f64]; 2],
    policy: &[usize],
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
            let gained = ranges.reward.share(often * advantage(0));
            let lost = ranges.intent.share(-often * advantage(1));
            let amount = f64::min(gained, lost);
            if amount > most {
                most = amount;
                best = Some((state, action));
            }
        }
    }
    Ok(best)
}
