//! The values of actions as planners see them.

use mdp::{Discount, TabularMdp, Transition, policy_iteration};

use super::{Bias, Foresight};
use crate::Error;
use crate::vector::greatest;

/// Values that differ by less than this share of the greatest count as equal.
const TIE: f64 = 1e-9;

/// The values of actions as an expert sees them.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// `[S, A]`.
    pub q_values: Vec<f64>,
    /// False where a sophisticated expert's last two selves act differently: how far ahead it knows itself then matters.
    pub is_settled: bool,
    n_actions: usize,
}

impl Plan {
    /// Values of actions, `[S, A]`, that somebody acts by.
    pub(crate) fn of(q_values: Vec<f64>, n_actions: usize) -> Plan {
        Plan {
            q_values,
            is_settled: true,
            n_actions,
        }
    }

    /// `log π(a|s)`, `[S, A]`, of who chooses by these values with the inverse temperature β: `π(a|s) ∝ exp(β Q(s, a))`,
    /// or all of the best alike where it is infinite. An action that is never taken has minus infinity.
    ///
    /// # Errors
    /// If the inverse temperature is below 0 or NaN.
    pub fn log_policy(&self, inverse_temperature: f64) -> Result<Vec<f64>, Error> {
        let beta = inverse_temperature;
        if beta.is_nan() || beta < 0.0 {
            return Err(Error::Expert {
                setting: "inverse temperature of an expert",
                value: beta,
                allowed: "at least 0",
            });
        }
        let slack = TIE * greatest(&self.q_values);
        let mut logs = self.q_values.clone();
        for row in logs.chunks_mut(self.n_actions) {
            let most = greatest_of(row);
            if beta.is_infinite() {
                let best: Vec<bool> = row.iter().map(|q| *q >= most - slack).collect();
                let log = -(best.iter().filter(|is_best| **is_best).count() as f64).ln();
                let each = row.iter_mut().zip(best);
                each.for_each(|(q, is_best)| *q = if is_best { log } else { f64::NEG_INFINITY });
            } else {
                row.iter_mut().for_each(|q| *q = beta * (*q - most));
                let sum: f64 = row.iter().map(|q| q.exp()).sum();
                row.iter_mut().for_each(|q| *q -= sum.ln());
            }
        }
        Ok(logs)
    }

    /// Which actions are among the best of their state, as the expert sees it: `[S, A]`.
    #[must_use]
    pub fn best(&self) -> Vec<bool> {
        let slack = TIE * greatest(&self.q_values);
        let rows = self.q_values.chunks(self.n_actions);
        rows.flat_map(|row| {
            let most = greatest_of(row);
            row.iter().map(move |q| *q >= most - slack)
        })
        .collect()
    }
}

pub(super) fn plan(mdp: &TabularMdp, rewards: &[f64], bias: Bias) -> Result<Plan, Error> {
    let settled = |q_values| Plan::of(q_values, mdp.n_actions());
    Ok(settled(match bias {
        Bias::Rational => optimal(mdp, rewards)?,
        Bias::Myopic { discount } => {
            let discount = Discount::new(discount).expect("it was checked");
            optimal(&mdp.with_discount(discount), rewards)?
        }
        Bias::Bounded { depth } => bounded(mdp, rewards, depth),
        Bias::Hyperbolic {
            rate,
            max_delay,
            foresight,
        } => {
            let weights = (0..=max_delay).map(|delay| 1.0 / (1.0 + rate * delay as f64));
            let weights: Vec<f64> = weights.collect();
            let rational = optimal(mdp, rewards)?;
            match foresight {
                Foresight::Naive => naive(mdp, rewards, &rational, &weights),
                Foresight::Sophisticated => {
                    return Ok(sophisticated(mdp, rewards, settled(rational), &weights));
                }
            }
        }
        Bias::Confidence { power } => optimal(&believed(mdp, power), rewards)?,
        Bias::AntiRational => {
            let opposite: Vec<f64> = rewards.iter().map(|reward| -reward).collect();
            optimal(mdp, &opposite)?
        }
        Bias::Indifferent => vec![0.0; rewards.len()],
    }))
}

fn optimal(mdp: &TabularMdp, rewards: &[f64]) -> Result<Vec<f64>, Error> {
    Ok(policy_iteration(mdp, rewards, None)?.q_values)
}

fn bounded(mdp: &TabularMdp, rewards: &[f64], depth: usize) -> Vec<f64> {
    let mut q_values = rewards.to_vec();
    for _ in 1..depth {
        let values = maxima(&q_values, mdp.n_actions());
        q_values = paid(rewards, 1.0, &continued(mdp, &values));
    }
    q_values
}

/// From the greatest delay, where it is rational, back to now.
fn naive(mdp: &TabularMdp, rewards: &[f64], rational: &[f64], weights: &[f64]) -> Vec<f64> {
    let last = weights.len() - 1;
    let mut q_values: Vec<f64> = rational.iter().map(|q| weights[last] * q).collect();
    for weight in weights[..last].iter().rev() {
        let values = maxima(&q_values, mdp.n_actions());
        q_values = paid(rewards, *weight, &continued(mdp, &values));
    }
    q_values
}

/// Selves in turn, the last one first: `ahead[d]`, `[S]`, is what acting from a delay d on is worth to the self of now.
fn sophisticated(mdp: &TabularMdp, rewards: &[f64], rational: Plan, weights: &[f64]) -> Plan {
    let n_actions = mdp.n_actions();
    let last = weights.len() - 1;
    let mut chosen = chosen(&rational);
    let mut ahead = vec![vec![]; weights.len()];
    ahead[last] = maxima(&rational.q_values, n_actions)
        .iter()
        .map(|value| weights[last] * value)
        .collect();
    for delay in (0..last).rev() {
        let q_values = paid(rewards, weights[delay], &continued(mdp, &ahead[delay + 1]));
        ahead[delay] = under(&chosen, &q_values, n_actions);
    }
    let mut plan = rational;
    for _ in 0..last {
        let delays = 0..weights.len();
        let seen: Vec<Vec<f64>> = delays
            .map(|delay| {
                let later = continued(mdp, &ahead[(delay + 1).min(last)]);
                paid(rewards, weights[delay], &later)
            })
            .collect();
        plan.q_values.clone_from(&seen[0]);
        let before = std::mem::replace(&mut chosen, self::chosen(&plan));
        plan.is_settled = before == chosen;
        ahead = seen
            .iter()
            .map(|q_values| under(&chosen, q_values, n_actions))
            .collect();
    }
    plan
}

/// The policy that takes all of the best actions alike, `[S, A]`.
fn chosen(plan: &Plan) -> Vec<f64> {
    let mut chosen: Vec<f64> = plan
        .best()
        .iter()
        .map(|b| f64::from(u8::from(*b)))
        .collect();
    for row in chosen.chunks_mut(plan.n_actions) {
        let n_best: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= n_best);
    }
    chosen
}

/// The dynamics as somebody sees them who raises probabilities to a power.
fn believed(mdp: &TabularMdp, power: f64) -> TabularMdp {
    let mut builder = TabularMdp::builder(mdp.n_states(), mdp.n_actions());
    for state in 0..mdp.n_states() {
        for action in 0..mdp.n_actions() {
            let mut outcomes: Vec<Transition> = mdp
                .transitions(state, action)
                .filter(|t| t.probability > 0.0)
                .collect();
            outcomes.sort_by_key(|t| (t.next_state, t.terminates));
            outcomes.dedup_by(|next, kept| {
                let is_same =
                    (next.next_state, next.terminates) == (kept.next_state, kept.terminates);
                if is_same {
                    kept.probability += next.probability;
                }
                is_same
            });
            // Held against the likeliest, so that no power underflows all of them.
            let most = outcomes.iter().map(|t| t.probability).fold(0.0, f64::max);
            let weight = |t: &Transition| (t.probability / most).powf(power);
            let sum: f64 = outcomes.iter().map(weight).sum();
            for outcome in &outcomes {
                builder.push(Transition {
                    probability: weight(outcome) / sum,
                    ..*outcome
                });
            }
            builder.end_row();
        }
    }
    builder
        .build(mdp.start().to_vec(), mdp.discount())
        .expect("shares of a sum are probabilities")
}

/// `γ Σ p(s'|s, a) V(s')`, `[S, A]`.
pub(crate) fn continued(mdp: &TabularMdp, values: &[f64]) -> Vec<f64> {
    let (offsets, discount) = (mdp.offsets(), mdp.discount().get());
    let rows = offsets.windows(2).map(|ends| {
        let terms = (ends[0]..ends[1]).map(|stored| mdp.transition(stored));
        let alive = terms.filter(|t| !t.terminates);
        discount
            * alive
                .map(|t| t.probability * values[t.next_state])
                .sum::<f64>()
    });
    rows.collect()
}

fn paid(rewards: &[f64], weight: f64, continued: &[f64]) -> Vec<f64> {
    let each = rewards.iter().zip(continued);
    each.map(|(reward, later)| weight * reward + later)
        .collect()
}

pub(crate) fn maxima(q_values: &[f64], n_actions: usize) -> Vec<f64> {
    q_values.chunks(n_actions).map(greatest_of).collect()
}

fn greatest_of(row: &[f64]) -> f64 {
    row.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn under(policy: &[f64], q_values: &[f64], n_actions: usize) -> Vec<f64> {
    let rows = policy.chunks(n_actions).zip(q_values.chunks(n_actions));
    rows.map(|(policy, q)| policy.iter().zip(q).map(|(p, q)| p * q).sum())
        .collect()
}
