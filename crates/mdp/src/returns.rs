//! Returns and advantages: pure functions over slices.
//!
//! Every function takes time-major columns `[T, N]`: index `t * n + i` is step `t` of environment `i`.
//! `terminated` says that the environment ended by itself, so that nothing follows; `ended` says that the
//! next row belongs to another episode, whatever the reason. With T steps, index `t` runs over `0..T`.

/// Which transitions a return function looks at; all slices have T N entries.
#[derive(Clone, Copy, Debug)]
pub struct Transitions<'a> {
    /// Environments side by side, N.
    pub n_environments: usize,
    /// Reward of each step.
    pub rewards: &'a [f32],
    /// Value of the state acted in, V(s_t).
    pub values: &'a [f32],
    /// Value of the true successor, V(s_{t+1}), before any new episode begins.
    pub next_values: &'a [f32],
    /// Whether the environment terminated: masks V(s_{t+1}).
    pub terminated: &'a [bool],
    /// Whether the episode ended in either way: cuts sums over time.
    pub ended: &'a [bool],
}

impl Transitions<'_> {
    fn check(&self) {
        let n = self.rewards.len();
        assert!(self.n_environments > 0, "at least one environment");
        assert_eq!(n % self.n_environments, 0, "rewards are whole rows");
        assert_eq!(self.values.len(), n, "as many values as rewards");
        assert_eq!(self.next_values.len(), n, "as many next values as rewards");
        assert_eq!(
            self.terminated.len(),
            n,
            "as many terminated flags as rewards"
        );
        assert_eq!(self.ended.len(), n, "as many ended flags as rewards");
    }

    #[inline]
    fn bootstrap(&self, at: usize) -> f32 {
        if self.terminated[at] {
            0.0
        } else {
            self.next_values[at]
        }
    }
}

/// Discounted returns of one episode, `G_t = r_t + γ G_{t+1}`, with `G_T = after` (Sutton and Barto, 2018, eq. 3.9).
///
/// `after` is the value of what follows the last step: 0 where the environment terminated.
#[must_use]
pub fn discounted_returns(rewards: &[f64], discount: f64, after: f64) -> Vec<f64> {
    let mut returns = vec![0.0; rewards.len()];
    let mut following = after;
    for (sum, reward) in returns.iter_mut().zip(rewards).rev() {
        following = reward + discount * following;
        *sum = following;
    }
    returns
}

/// n-step returns, `G_t = Σ_{k<m} γ^k r_{t+k} + γ^m V(s_{t+m})`, with `m` the lesser of `n` and the steps
/// to the end of the episode or of the array (Sutton and Barto, 2018, eq. 7.1).
#[must_use]
pub fn n_step_returns(transitions: Transitions<'_>, discount: f32, n: usize) -> Vec<f32> {
    transitions.check();
    assert!(n >= 1, "n-step returns look at least one step ahead");
    let columns = transitions.n_environments;
    let length = transitions.rewards.len();
    let mut returns = vec![0.0; length];
    for (start, target) in returns.iter_mut().enumerate() {
        let (mut sum, mut weight, mut at, mut n_summed) = (0.0, 1.0, start, 0);
        loop {
            sum += weight * transitions.rewards[at];
            weight *= discount;
            n_summed += 1;
            if n_summed == n || transitions.ended[at] || at + columns >= length {
                break;
            }
            at += columns;
        }
        *target = sum + weight * transitions.bootstrap(at);
    }
    returns
}

/// Lambda returns, `G_t = r_t + γ [(1-λ) V(s_{t+1}) + λ G_{t+1}]`, cut at ends (Sutton and Barto, 2018, eq. 12.2).
#[must_use]
pub fn lambda_returns(transitions: Transitions<'_>, discount: f32, lambda: f32) -> Vec<f32> {
    let mut advantages = vec![0.0; transitions.rewards.len()];
    gae(transitions, discount, lambda, &mut advantages);
    advantages
        .iter()
        .zip(transitions.values)
        .map(|(advantage, value)| advantage + value)
        .collect()
}

/// Generalised advantage estimates (Schulman et al., 2016, eq. 16), written to `advantages`:
///
/// `δ_t = r_t + γ (1 - terminated_t) V(s_{t+1}) - V(s_t)`, `A_t = δ_t + γ λ (1 - ended_t) A_{t+1}`.
///
/// A truncated step bootstraps from its true successor but cuts the sum.
pub fn gae(transitions: Transitions<'_>, discount: f32, lambda: f32, advantages: &mut [f32]) {
    transitions.check();
    assert_eq!(
        advantages.len(),
        transitions.rewards.len(),
        "as many advantages as rewards"
    );
    let columns = transitions.n_environments;
    let length = advantages.len();
    for at in (0..length).rev() {
        let error =
            transitions.rewards[at] + discount * transitions.bootstrap(at) - transitions.values[at];
        let following = if transitions.ended[at] || at + columns >= length {
            0.0
        } else {
            advantages[at + columns]
        };
        advantages[at] = error + discount * lambda * following;
    }
}

/// Targets and advantages of V-trace.
#[derive(Clone, Debug, PartialEq)]
pub struct VTrace {
    /// `v_t`, what the value is fitted to.
    pub targets: Vec<f32>,
    /// `ρ_t (r_t + γ v_{t+1} - V(s_t))`, what the policy gradient is weighted with.
    pub advantages: Vec<f32>,
}

/// V-trace (Espeholt et al., 2018, eq. 1 and section 4.2), with `ratios` π(a|s)/μ(a|s) clipped at `rho_max` and `c_max`.
///
/// `v_t = V(s_t) + δ_t + γ c_t (v_{t+1} - V(s_{t+1}))`, `δ_t = ρ_t (r_t + γ V(s_{t+1}) - V(s_t))`; at the end
/// of an episode or of the array `v_{t+1}` is V of the true successor, 0 where terminated.
#[must_use]
pub fn vtrace(
    transitions: Transitions<'_>,
    ratios: &[f32],
    discount: f32,
    rho_max: f32,
    c_max: f32,
) -> VTrace {
    transitions.check();
    let length = transitions.rewards.len();
    assert_eq!(ratios.len(), length, "as many ratios as rewards");
    let columns = transitions.n_environments;
    let mut targets = vec![0.0; length];
    let mut advantages = vec![0.0; length];
    for at in (0..length).rev() {
        let successor = transitions.bootstrap(at);
        let cut = transitions.ended[at] || at + columns >= length;
        let next_target = if cut {
            successor
        } else {
            targets[at + columns]
        };
        let (rho, c) = (ratios[at].min(rho_max), ratios[at].min(c_max));
        let (reward, value) = (transitions.rewards[at], transitions.values[at]);
        let error = rho * (reward + discount * successor - value);
        targets[at] = value + error + discount * c * (next_target - successor);
        advantages[at] = rho * (reward + discount * next_target - value);
    }
    VTrace {
        targets,
        advantages,
    }
}
