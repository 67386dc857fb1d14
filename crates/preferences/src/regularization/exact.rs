//! The best policies near a reference policy on finite MDPs, which what is learned is held against.

use mdp::{SolveError, TabularMdp, occupancy, policy_iteration, soft_value_iteration};

/// The bound on the error of soft values.
const SOFT_TOLERANCE: f64 = 1e-10;
const SOFT_ITERATIONS: usize = 10_000;
/// Halvings of the interval in which a step's length is sought.
const HALVINGS: usize = 60;
/// Added to χ² under the root, whose slope at 0 is not defined: the divergence is off by at most the root of this.
const SMOOTHING: f64 = 1e-12;

/// The policy, `[S, A]`, that maximises `E[Σ γ^t (r - λ log(π/π_ref))]` for an expected reward, `[S, A]`: soft-optimal at
/// temperature λ for the reward `r + λ log π_ref`.
///
/// # Panics
/// If a table has another size, λ is not above 0, or the reference policy takes an action never.
#[must_use]
pub fn kl_optimum(
    mdp: &TabularMdp,
    rewards: &[f64],
    reference: &[f64],
    coefficient: f64,
) -> Vec<f64> {
    assert_eq!(rewards.len(), reference.len(), "tables of one size");
    assert!(
        reference.iter().all(|probability| 0.0 < *probability),
        "the reference policy takes every action"
    );
    let pairs = rewards.iter().zip(reference);
    let augmented: Vec<f64> = pairs.map(|(r, p)| r + coefficient * p.ln()).collect();
    soft_value_iteration(
        mdp,
        &augmented,
        coefficient,
        SOFT_TOLERANCE,
        SOFT_ITERATIONS,
    )
    .policy()
}

/// `χ²` between visits of states and actions, `[S, A]` each: `Σ (p - q)² / q`, both as shares of all visits of the
/// reference, q. Infinite where the policy goes and the reference never does.
///
/// # Panics
/// If the tables differ in size.
#[must_use]
pub fn chi_squared_of_visits(visits: &[f64], of_reference: &[f64]) -> f64 {
    assert_eq!(visits.len(), of_reference.len(), "tables of one size");
    let total: f64 = of_reference.iter().sum();
    let pairs = visits.iter().zip(of_reference);
    let terms = pairs.map(|(p, q)| match (*p, *q) {
        (0.0, 0.0) => 0.0,
        (_, 0.0) => f64::INFINITY,
        (p, q) => (p - q).powi(2) / q,
    });
    terms.sum::<f64>() / total
}

/// The best trade between return and distance from the reference policy's visits.
#[derive(Clone, Debug, PartialEq)]
pub struct OccupancyOptimum {
    /// `[S, A]`.
    pub policy: Vec<f64>,
    /// `[S, A]`, its discounted visits.
    pub visits: Vec<f64>,
    /// Its discounted return under the reward.
    pub reward_return: f64,
    /// `√χ²` of its visits from the reference's.
    pub divergence: f64,
    /// No policy has an objective better than this one's by more.
    pub gap: f64,
    /// Steps taken.
    pub iterations: usize,
}

/// The policy that maximises `Σ μ r - λ H √χ²(μ ‖ μ_ref)` over the visits μ of all policies, for an expected reward,
/// `[S, A]`; H is the number of the reference's discounted steps.
///
/// The objective is concave and policies' visits are a polytope whose corners are deterministic policies: Frank and Wolfe's
/// method (1956) with exact steps, where each corner is the optimal policy for `r - λ (μ/μ_ref - 1) / √χ²`. It stops once
/// the best corner proves that no more than `tolerance` is left, or after `max_iterations`, and says what is left.
///
/// # Errors
/// If at discount 1 a policy goes round for ever.
///
/// # Panics
/// If a table has another size, or the reference policy takes an action never.
pub fn occupancy_optimum(
    mdp: &TabularMdp,
    rewards: &[f64],
    reference: &[f64],
    coefficient: f64,
    tolerance: f64,
    max_iterations: usize,
) -> Result<OccupancyOptimum, SolveError> {
    assert!(
        reference.iter().all(|probability| 0.0 < *probability),
        "the reference policy takes every action"
    );
    let of_reference = occupancy(mdp, reference)?;
    let mut visits = of_reference.clone();
    let (mut gap, mut iterations) = (f64::INFINITY, 0);
    while iterations < max_iterations {
        let slope = gradient(&visits, &of_reference, rewards, coefficient);
        let best = policy_iteration(mdp, &slope, None)?.policy;
        let corner = occupancy(mdp, &mdp::deterministic(&best, mdp.n_actions()))?;
        let direction: Vec<f64> = corner.iter().zip(&visits).map(|(c, v)| c - v).collect();
        gap = dot(&slope, &direction).max(0.0);
        if gap <= tolerance {
            break;
        }
        let share = step_length(&visits, &direction, &of_reference, rewards, coefficient);
        let moved = visits.iter_mut().zip(&direction);
        moved.for_each(|(v, d)| *v = (*v + share * d).max(0.0));
        iterations += 1;
    }
    Ok(OccupancyOptimum {
        policy: policy_of(&visits, reference, mdp.n_actions()),
        reward_return: dot(&visits, rewards),
        divergence: chi_squared_of_visits(&visits, &of_reference).sqrt(),
        visits,
        gap,
        iterations,
    })
}

/// The derivative of the objective with respect to the visits; 0 of what is visited by nobody.
fn gradient(visits: &[f64], of_reference: &[f64], rewards: &[f64], coefficient: f64) -> Vec<f64> {
    let chi_squared = chi_squared_of_visits(visits, of_reference);
    let scale = coefficient / (chi_squared + SMOOTHING).sqrt();
    let rows = visits.iter().zip(of_reference).zip(rewards);
    rows.map(|((v, q), r)| match *q {
        0.0 => 0.0,
        q => r - scale * (v / q - 1.0),
    })
    .collect()
}

/// The share of a direction at which the objective is highest: where its slope along it is 0, or all of it.
fn step_length(
    visits: &[f64],
    direction: &[f64],
    of_reference: &[f64],
    rewards: &[f64],
    coefficient: f64,
) -> f64 {
    let slope_at = |share: f64| {
        let there: Vec<f64> = visits
            .iter()
            .zip(direction)
            .map(|(v, d)| v + share * d)
            .collect();
        dot(
            &gradient(&there, of_reference, rewards, coefficient),
            direction,
        )
    };
    let (mut low, mut high) = (0.0, 1.0);
    if slope_at(1.0) >= 0.0 {
        return 1.0;
    }
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        match slope_at(middle) > 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

/// The policy with these visits; that of the reference where it never goes.
fn policy_of(visits: &[f64], reference: &[f64], n_actions: usize) -> Vec<f64> {
    let rows = visits
        .chunks_exact(n_actions)
        .zip(reference.chunks_exact(n_actions));
    rows.flat_map(|(visits, reference)| {
        let total: f64 = visits.iter().sum();
        match total > 0.0 {
            true => visits.iter().map(|v| v / total).collect::<Vec<f64>>(),
            false => reference.to_vec(),
        }
    })
    .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
