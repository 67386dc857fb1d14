//! Pairs of a planner and a reward that explain one whole policy.

use check::{Relation, equivalence};
use mdp::{TabularMdp, deterministic, policy_iteration, policy_return};

use crate::Error;
use crate::experts::{Bias, Expert, check_rewards, continued, maxima};
use crate::vector::greatest;

/// A pair of an expert and a reward, and how well it explains a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Who it would be.
    pub expert: Expert,
    /// What it would want, `[S, A]`.
    pub rewards: Vec<f64>,
    /// Greatest difference between the probabilities that it would give to an action and those of the policy; nothing but
    /// rounding where it explains the policy.
    pub error: f64,
    /// How its reward orders policies beside that of the first explanation.
    pub relation: Relation,
    /// What is lost of its reward by who takes the first explanation for the truth and acts optimally for that.
    pub regret: f64,
}

/// For each bias, a reward with which an expert who has it acts by `policy`, `[S, A]`, with this inverse temperature β.
///
/// ```text
/// r(s, a) = (log π(a|s) - max_a' log π(a'|s)) / β
/// ```
///
/// pays for doing as the policy does, and its best action pays nothing: then every value is 0 for anyone who plans to do
/// the best, however far ahead, with whichever discount and belief about the dynamics, so Q = r, and all choose alike. So
/// any policy is explained by any of these planners, and by the same reward; by an anti-rational one with -r. That is the
/// theorem of Armstrong and Mindermann (2018) that no free lunch is to be had, in its strongest form: with equal
/// likelihood, and the rewards opposite. Who is indifferent explains the uniform policy alone.
///
/// A policy that leaves out actions is one of a sure expert, with an infinite inverse temperature; it pays -1 for these.
///
/// # Errors
/// If the policy does not fit the MDP, or leaves out an action though the inverse temperature is finite.
pub fn explanations(
    mdp: &TabularMdp,
    policy: &[f64],
    inverse_temperature: f64,
    biases: &[Bias],
) -> Result<Vec<Explanation>, Error> {
    let own = shaped_explanation(mdp, policy, inverse_temperature, &vec![0.0; mdp.n_states()])?;
    let mut found: Vec<Explanation> = vec![];
    for bias in biases {
        let rewards: Vec<f64> = match bias {
            Bias::AntiRational => own.iter().map(|reward| -reward).collect(),
            Bias::Indifferent => vec![0.0; own.len()],
            _ => own.clone(),
        };
        let expert = Expert::noisy(*bias, inverse_temperature);
        let would = expert.policy(mdp, &rewards)?;
        let apart = would.iter().zip(policy).map(|(a, b)| (a - b).abs());
        let first = found.first().map_or(&rewards, |first| &first.rewards);
        found.push(Explanation {
            error: greatest(&apart.collect::<Vec<f64>>()),
            relation: equivalence(mdp, first, &rewards)
                .expect("rewards that fit the MDP")
                .relation,
            regret: regret(mdp, first, &rewards)?,
            expert,
            rewards,
        });
    }
    Ok(found)
}

/// The reward with these optimal values, `[S]`, under which a Boltzmann-rational expert acts by `policy`, `[S, A]`:
///
/// ```text
/// r(s, a) = V(s) + (log π(a|s) - max_a' log π(a'|s)) / β - γ Σ p(s'|s, a) V(s')
/// ```
///
/// This is the easy goal inference problem: the whole policy is given, and the planner, and its noise. One number a state
/// stays free, the potential V; the rewards are all equivalent, and nothing more can be known. Where β is unknown, the
/// scale is free, too.
///
/// # Errors
/// As [`explanations`], or if there is not one value a state.
pub fn shaped_explanation(
    mdp: &TabularMdp,
    policy: &[f64],
    inverse_temperature: f64,
    values: &[f64],
) -> Result<Vec<f64>, Error> {
    check_rewards(mdp, policy)?;
    let n_actions = mdp.n_actions();
    if values.len() != mdp.n_states() {
        return Err(Error::Potential {
            found: values.len(),
            expected: mdp.n_states(),
        });
    }
    let later = continued(mdp, values);
    let best = maxima(policy, n_actions);
    let mut rewards = Vec::with_capacity(policy.len());
    for (row, (p, later)) in policy.iter().zip(&later).enumerate() {
        let state = row / n_actions;
        let behind = match inverse_temperature.is_finite() {
            _ if *p == best[state] => 0.0,
            true if *p > 0.0 => (p / best[state]).ln() / inverse_temperature,
            true => {
                return Err(Error::LeftOut {
                    state,
                    action: row % n_actions,
                });
            }
            false if *p > 0.0 => 0.0,
            false => -1.0,
        };
        rewards.push(values[state] + behind - later);
    }
    Ok(rewards)
}

/// What acting optimally for `taken` loses of `wanted`, from the start.
pub(crate) fn regret(mdp: &TabularMdp, taken: &[f64], wanted: &[f64]) -> Result<f64, Error> {
    let acted = policy_iteration(mdp, taken, None)?.policy;
    let acted = policy_return(mdp, wanted, &deterministic(&acted, mdp.n_actions()))?;
    let best = policy_iteration(mdp, wanted, None)?.values;
    let best: f64 = best.iter().zip(mdp.start()).map(|(v, p)| v * p).sum();
    Ok((best - acted).max(0.0))
}
