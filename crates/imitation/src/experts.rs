//! Experts as generators of demonstrations: rational ones, and ones with a bias.
//!
//! An expert sees the value of each action as its planner computes it, right or wrong, and chooses by it with some
//! noise: `π(a|s) ∝ exp(β Q(s, a))`, or among the best alone. The noise is a slip of the hand that no planner reckons
//! with, as in Shah et al. (2019, arXiv 1906.09624); Evans, Stuhlmüller and Goodman (2016, arXiv 1512.05832) let the
//! simulated selves slip, too. The planners are
//!
//! ```text
//! rational        Q(s, a) = r(s, a) + γ Σ p(s'|s, a) max_a' Q(s', a')
//! myopic          the same with a smaller discount of its own
//! bounded         Q_1 = r,  Q_h(s, a) = r(s, a) + γ Σ p(s'|s, a) max_a' Q_{h-1}(s', a')
//! naive           Q_d(s, a) = r(s, a) / (1 + k d) + γ Σ p(s'|s, a) max_a' Q_{d+1}(s', a'),  and acts by Q_0
//! sophisticated   the same, but the action taken d steps from now is the one that the self of then will take
//! confident       rational for the probabilities p^κ / Σ p^κ: over-confident for κ > 1, under-confident for κ < 1
//! anti-rational   rational for -r
//! indifferent     Q = 0
//! ```
//!
//! # Details
//! - Hyperbolic discounting (1 + k d)^-1 is on top of the MDP's own discount, and constant from the delay `max_delay`
//!   on, as in the code of Shah et al.: beyond it an expert is rational, so that k = 0 is rational at any `max_delay`,
//!   and no horizon has to be made up.
//! - A sophisticated expert has to know what its later selves do, which know what theirs do. The recursion begins with a
//!   self that is rational and goes on for `max_delay` selves. Where the last two act alike in all states the answer is
//!   an equilibrium among selves ([`Plan::is_settled`]); there are MDPs in which it goes round for ever.
//! - Over-confidence is about transitions. The expected reward of a state and an action is taken as it is; outcomes that
//!   lead to the same state are one outcome.
//! - Actions tie when their values are within 1e-9 of the greatest value in size, and who chooses among the best alone
//!   takes all of them alike.

mod grid;
mod plan;

#[cfg(test)]
mod tests;

use mdp::{Rng, TabularMdp, categorical};

use crate::{Demonstration, Error};

pub use grid::expert_grid;
pub use plan::Plan;
pub(crate) use plan::{continued, maxima};

/// How an expert plans.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Bias {
    /// It does not err: the optimal values.
    Rational,
    /// It cares less for the future than it should: its own discount in place of the MDP's.
    Myopic {
        /// From 0 to 1; 0 sees the next reward alone.
        discount: f64,
    },
    /// It looks so many steps ahead and no further: Shah et al. call this myopic.
    Bounded {
        /// Rewards that it sees, at least 1.
        depth: usize,
    },
    /// Its discount is hyperbolic, so that it wants to wait later and not now.
    Hyperbolic {
        /// k, at least 0: a reward after d steps counts `1 / (1 + k d)`.
        rate: f64,
        /// The delay from which on all delays count alike.
        max_delay: usize,
        /// Whether it knows that it will.
        foresight: Foresight,
    },
    /// It takes likely outcomes for surer than they are, or for less sure.
    Confidence {
        /// κ, at least 0: 1 is right, more is over-confident, less under-confident, 0 takes all outcomes alike.
        power: f64,
    },
    /// It wants the opposite.
    AntiRational,
    /// It does not care.
    Indifferent,
}

/// What a hyperbolic expert thinks of its later selves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foresight {
    /// That they will want what it wants now.
    Naive,
    /// That they will want what they will want.
    Sophisticated,
}

impl Bias {
    /// The kind in a word or two, without its parameters.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Bias::Rational => "rational",
            Bias::Myopic { .. } => "myopic",
            Bias::Bounded { .. } => "bounded",
            Bias::Hyperbolic {
                foresight: Foresight::Naive,
                ..
            } => "hyperbolic, naive",
            Bias::Hyperbolic {
                foresight: Foresight::Sophisticated,
                ..
            } => "hyperbolic, sophisticated",
            Bias::Confidence { power } if *power < 1.0 => "under-confident",
            Bias::Confidence { .. } => "over-confident",
            Bias::AntiRational => "anti-rational",
            Bias::Indifferent => "indifferent",
        }
    }

    fn check(&self) -> Result<(), Error> {
        let (setting, value, allowed) = match *self {
            Bias::Myopic { discount } if !(0.0..=1.0).contains(&discount) => {
                ("discount of a myopic expert", discount, "from 0 to 1")
            }
            Bias::Bounded { depth: 0 } => ("depth of a bounded expert", 0.0, "at least 1"),
            Bias::Hyperbolic { rate, .. } if !(rate >= 0.0 && rate.is_finite()) => {
                ("rate of a hyperbolic expert", rate, "finite and at least 0")
            }
            Bias::Hyperbolic { max_delay: 0, .. } => {
                ("greatest delay of a hyperbolic expert", 0.0, "at least 1")
            }
            Bias::Confidence { power } if !(power >= 0.0 && power.is_finite()) => (
                "power of an expert's confidence",
                power,
                "finite and at least 0",
            ),
            _ => return Ok(()),
        };
        Err(Error::Expert {
            setting,
            value,
            allowed,
        })
    }
}

impl std::fmt::Display for Bias {
    /// The kind with its parameters: `myopic (discount 0.5)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.kind();
        match self {
            Bias::Rational | Bias::AntiRational | Bias::Indifferent => write!(f, "{kind}"),
            Bias::Myopic { discount } => write!(f, "{kind} (discount {discount})"),
            Bias::Bounded { depth } => write!(f, "{kind} (depth {depth})"),
            Bias::Hyperbolic { rate, .. } => write!(f, "{kind} (rate {rate})"),
            Bias::Confidence { power } => write!(f, "{kind} (power {power})"),
        }
    }
}

/// Somebody who demonstrates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expert {
    /// How it plans.
    pub bias: Bias,
    /// β, at least 0, by which it prefers an action whose value is greater by 1: 0 takes all alike, infinite takes the
    /// best alone.
    pub inverse_temperature: f64,
}

impl Expert {
    /// One that takes the best action as it sees it, and all of the best alike.
    #[must_use]
    pub fn sure(bias: Bias) -> Expert {
        Expert {
            bias,
            inverse_temperature: f64::INFINITY,
        }
    }

    /// One that errs in choosing: `π(a|s) ∝ exp(β Q(s, a))`. With [`Bias::Rational`] it is Boltzmann-rational.
    #[must_use]
    pub fn noisy(bias: Bias, inverse_temperature: f64) -> Expert {
        Expert {
            bias,
            inverse_temperature,
        }
    }

    /// Its policy, `[S, A]`, under an expected reward, `[S, A]`.
    ///
    /// # Errors
    /// As [`plan`]; or if the inverse temperature is below 0 or NaN.
    pub fn policy(&self, mdp: &TabularMdp, rewards: &[f64]) -> Result<Vec<f64>, Error> {
        let plan = plan(mdp, rewards, self.bias)?;
        Ok(exponentials(&plan.log_policy(self.inverse_temperature)?))
    }
}

impl std::fmt::Display for Expert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.inverse_temperature {
            f64::INFINITY => write!(f, "{}, sure", self.bias),
            beta => write!(f, "{}, β {beta}", self.bias),
        }
    }
}

/// How an expert with a bias sees the values of actions under an expected reward, `[S, A]`.
///
/// # Errors
/// If a parameter of the bias is out of range, the reward does not fit the MDP or is not finite, or at discount 1 a
/// policy is paid for ever.
pub fn plan(mdp: &TabularMdp, rewards: &[f64], bias: Bias) -> Result<Plan, Error> {
    bias.check()?;
    check_rewards(mdp, rewards)?;
    plan::plan(mdp, rewards, bias)
}

/// Draws demonstrations of a policy, `[S, A]`, in an MDP: each until the end of its episode, or `max_steps` steps.
///
/// # Panics
/// If the policy has not one probability a state and action.
pub fn demonstrate(
    mdp: &TabularMdp,
    policy: &[f64],
    n_demonstrations: usize,
    max_steps: usize,
    rng: &mut Rng,
) -> Vec<Demonstration> {
    use mdp::Environment as _;
    let n_actions = mdp.n_actions();
    assert_eq!(
        policy.len(),
        mdp.n_states() * n_actions,
        "a policy has one probability a state and action"
    );
    let one = |_| {
        let mut state = mdp.initial_state(rng);
        let mut steps = vec![];
        while steps.len() < max_steps {
            let action = categorical(&policy[state * n_actions..][..n_actions], rng);
            steps.push((state, action));
            if mdp.step(&mut state, &action, rng).is_last() {
                break;
            }
        }
        steps
    };
    (0..n_demonstrations).map(one).collect()
}

pub(crate) fn check_rewards(mdp: &TabularMdp, rewards: &[f64]) -> Result<(), Error> {
    let expected = mdp.n_states() * mdp.n_actions();
    if rewards.len() != expected {
        return Err(Error::Reward {
            found: rewards.len(),
            expected,
        });
    }
    match rewards.iter().position(|reward| !reward.is_finite()) {
        Some(row) => Err(Error::RewardValue {
            state: row / mdp.n_actions(),
            action: row % mdp.n_actions(),
            value: rewards[row],
        }),
        None => Ok(()),
    }
}

pub(crate) fn exponentials(logs: &[f64]) -> Vec<f64> {
    logs.iter().map(|log| log.exp()).collect()
}
