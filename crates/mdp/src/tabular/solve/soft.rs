//! Soft (maximum causal entropy) value iteration, without end and over a finite horizon.

use super::Stop;
use super::bounds::Bounds;
use super::chain::Chain;
use super::evaluate::{evaluate_paid, under};
use super::exponential::exponentials;
use super::operator::{BellmanOperator, Change};
use crate::tabular::TabularMdp;

/// The soft-optimal answer without end.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftSolution {
    /// `[S]`, `V(s) = τ log Σ_a exp(Q(s, a) / τ)`.
    pub values: Vec<f64>,
    /// `[S, A]`, `Q(s, a) = r(s, a) + γ Σ p V(s')`.
    pub q_values: Vec<f64>,
    /// `[S, A]`, `log π(a|s) = (Q(s, a) - V(s)) / τ`.
    pub log_policy: Vec<f64>,
    /// Improvements of the policy, each with an exact evaluation.
    pub iterations: usize,
    /// Greatest change of a value in the last backup.
    pub residual: f64,
    /// The values are within this of the truth, rounding included; infinite where nothing is certain.
    pub error: f64,
    /// Why it stopped.
    pub stop: Stop,
}

impl SoftSolution {
    /// The probabilities of the actions, `[S, A]`.
    #[must_use]
    pub fn policy(&self) -> Vec<f64> {
        probabilities(&self.log_policy)
    }
}

/// The soft-optimal answer over a finite horizon.
#[derive(Clone, Debug, PartialEq)]
pub struct SoftHorizon {
    /// `[T + 1, S]`, the soft value of each state before step `t`; 0 after the last.
    pub values: Vec<f64>,
    /// `[T, S, A]`, `π_t(a|s)`.
    pub policy: Vec<f64>,
}

/// Soft value iteration under the expected reward `rewards`, `[S, A]`, at a temperature τ above 0: the fixed point of
/// `V(s) = τ log Σ_a exp((r(s, a) + γ Σ p V(s')) / τ)` (Ziebart, 2010, chapter 6; Haarnoja et al., 2017).
///
/// Stops once the values are certain to within `tolerance`: bounds as in [`value_iteration`](crate::value_iteration),
/// which hold because the soft operator is monotone too and passes a constant on discounted. Between two backups the
/// policy is evaluated exactly, its entropy paid beside the reward: Newton's method, a handful of iterations at any
/// discount. At discount 1 nothing is certain before the end, and `tolerance` is held against the greatest change. Nothing
/// is earned after the end of an episode, neither reward nor entropy.
///
/// # Panics
/// If the temperature is not above 0 and finite, or `rewards` has not one value a state and action.
#[must_use]
pub fn soft_value_iteration(
    mdp: &TabularMdp,
    rewards: &[f64],
    temperature: f64,
    tolerance: f64,
    max_iterations: usize,
) -> SoftSolution {
    let values = vec![0.0; mdp.n_states()];
    soft_from(mdp, rewards, temperature, values, tolerance, max_iterations)
}

/// The soft-optimal policies along a sequence of inverse temperatures, each found from the one before: the path of
/// maximum-causal-entropy policies of Karwowski et al. (2023), whose pressure is the inverse temperature.
///
/// # Panics
/// As [`soft_value_iteration`].
#[must_use]
pub fn soft_optimal_path(
    mdp: &TabularMdp,
    rewards: &[f64],
    inverse_temperatures: &[f64],
    tolerance: f64,
    max_iterations: usize,
) -> Vec<SoftSolution> {
    let mut path: Vec<SoftSolution> = Vec::with_capacity(inverse_temperatures.len());
    for inverse in inverse_temperatures {
        let values = path
            .last()
            .map_or_else(|| vec![0.0; mdp.n_states()], |before| before.values.clone());
        path.push(soft_from(
            mdp,
            rewards,
            inverse.recip(),
            values,
            tolerance,
            max_iterations,
        ));
    }
    path
}

/// The Boltzmann-rational policy of the values of actions, `[S, A]`: `π(a|s) ∝ exp(β Q(s, a))`. Of the optimal values it
/// is the policy that chooses by them without expecting to choose so later.
///
/// # Panics
/// If the inverse temperature is not finite, or the values are not whole rows of `n_actions`.
#[must_use]
pub fn boltzmann_rational(
    q_values: &[f64],
    n_actions: usize,
    inverse_temperature: f64,
) -> Vec<f64> {
    assert!(
        inverse_temperature.is_finite(),
        "an inverse temperature is finite"
    );
    assert_eq!(
        q_values.len() % n_actions,
        0,
        "one value a state and action"
    );
    let mut policy: Vec<f64> = q_values.iter().map(|q| inverse_temperature * q).collect();
    for row in policy.chunks_mut(n_actions) {
        let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|log| *log = (*log - most).exp());
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
    }
    policy
}

fn probabilities(log_policy: &[f64]) -> Vec<f64> {
    let mut policy = vec![0.0; log_policy.len()];
    exponentials(log_policy, &mut policy);
    policy
}

fn assert_temperature(temperature: f64) {
    assert!(
        temperature > 0.0 && temperature.is_finite(),
        "a temperature is above 0 and finite, not {temperature}"
    );
}

fn soft_from(
    mdp: &TabularMdp,
    rewards: &[f64],
    temperature: f64,
    mut values: Vec<f64>,
    tolerance: f64,
    max_iterations: usize,
) -> SoftSolution {
    assert_temperature(temperature);
    let operator = BellmanOperator::new(mdp, rewards);
    let mut after = vec![0.0; values.len()];
    let mut log_policy = vec![0.0; rewards.len()];
    let mut policy = vec![0.0; rewards.len()];
    let mut iterations = 0;
    loop {
        let change = backup(
            &operator,
            temperature,
            &values,
            &mut after,
            &mut log_policy,
            &mut policy,
        );
        iterations += 1;
        let rounding = operator.rounding(&after) + temperature * f64::EPSILON * 8.0;
        let bounds = Bounds::new(mdp, change, rounding);
        let settled = bounds.reached(tolerance) || change.size() <= 2.0 * rounding;
        if settled || iterations >= max_iterations || !change.size().is_finite() {
            bounds.centre(&mut after);
            let change = backup(
                &operator,
                temperature,
                &after,
                &mut values,
                &mut log_policy,
                &mut policy,
            );
            return SoftSolution {
                q_values: operator.q_values(&after),
                values,
                log_policy,
                iterations,
                residual: change.size(),
                error: Bounds::new(mdp, change, rounding)
                    .error_before_centring()
                    .min(mdp.discount().get() * bounds.error() + rounding),
                stop: Stop::of(settled),
            };
        }
        values = evaluated(mdp, rewards, temperature, &log_policy).unwrap_or_else(|| after.clone());
    }
}

/// The values of a policy that is paid its entropy beside the reward; nothing where they are not finite.
fn evaluated(
    mdp: &TabularMdp,
    rewards: &[f64],
    temperature: f64,
    log_policy: &[f64],
) -> Option<Vec<f64>> {
    let policy = probabilities(log_policy);
    let with_entropy: Vec<f64> = rewards
        .iter()
        .zip(log_policy)
        .map(|(reward, log)| reward - temperature * log.max(f64::MIN))
        .collect();
    let paid = under(&policy, &with_entropy, mdp.n_actions());
    let evaluation = evaluate_paid(mdp, &Chain::new(mdp, &policy), paid).ok()?;
    let finite = evaluation.values.iter().all(|value| value.is_finite());
    finite.then_some(evaluation.values)
}

/// States whose exponentials are taken together.
const TOGETHER: usize = 64;

/// One soft backup of all states: `after = τ log Σ exp(Q / τ)`, `log_policy = (Q - after) / τ` and its exponential.
fn backup(
    operator: &BellmanOperator,
    temperature: f64,
    values: &[f64],
    after: &mut [f64],
    log_policy: &mut [f64],
    policy: &mut [f64],
) -> Change {
    let n_actions = operator.n_actions();
    let blocks = log_policy
        .chunks_mut(TOGETHER * n_actions)
        .zip(policy.chunks_mut(TOGETHER * n_actions))
        .zip(after.chunks_mut(TOGETHER));
    for (block, ((rows, policy), after)) in blocks.enumerate() {
        let first = block * TOGETHER * n_actions;
        for (place, q) in rows.iter_mut().enumerate() {
            *q = operator.q_value(first + place, values);
        }
        soft_maxima(rows, policy, after, temperature, n_actions);
    }
    Change::of(values, after)
}

/// Turns values of actions, `[S, A]`, into logarithms of the soft-optimal policy, and gives the policy and the soft
/// values, `[S]`.
fn soft_maxima(
    rows: &mut [f64],
    policy: &mut [f64],
    values: &mut [f64],
    temperature: f64,
    n_actions: usize,
) {
    let inverse = temperature.recip();
    for (row, value) in rows.chunks_exact_mut(n_actions).zip(&mut *values) {
        let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|q| *q = (*q - most) * inverse);
        *value = most;
    }
    exponentials(rows, policy);
    let each = rows
        .chunks_exact_mut(n_actions)
        .zip(policy.chunks_exact_mut(n_actions));
    for ((row, chosen), value) in each.zip(values) {
        let sum: f64 = chosen.iter().sum();
        let (log_sum, share) = (sum.ln(), sum.recip());
        row.iter_mut().for_each(|q| *q -= log_sum);
        chosen.iter_mut().for_each(|p| *p *= share);
        *value += temperature * log_sum;
    }
}

/// Soft value iteration over `horizon` steps under the expected reward `rewards`, `[S, A]`, at a temperature above 0:
/// `V_T = 0`, `Q_t = r + γ P V_{t+1}`, `V_t = τ log Σ_a exp(Q_t / τ)`, `π_t = exp((Q_t - V_t) / τ)` (Ziebart, 2010,
/// chapter 6). Nothing is earned after the end of an episode, neither reward nor entropy.
///
/// # Panics
/// As [`soft_value_iteration`].
#[must_use]
pub fn soft_value_iteration_finite(
    mdp: &TabularMdp,
    rewards: &[f64],
    temperature: f64,
    horizon: usize,
) -> SoftHorizon {
    assert_temperature(temperature);
    let operator = BellmanOperator::new(mdp, rewards);
    let n_states = mdp.n_states();
    let mut values = vec![0.0; (horizon + 1) * n_states];
    let n_rows = rewards.len();
    // The logarithms of one step are all that is held of them.
    let mut log_policy = vec![0.0; n_rows];
    let mut policy = vec![0.0; horizon * n_rows];
    for time in (0..horizon).rev() {
        let (now, later) = values[time * n_states..].split_at_mut(n_states);
        backup(
            &operator,
            temperature,
            &later[..n_states],
            now,
            &mut log_policy,
            &mut policy[time * n_rows..][..n_rows],
        );
    }
    SoftHorizon { values, policy }
}
