//! The average reward of a policy, and the policies whose average is greatest.

use super::chain::Chain;
use super::components::Components;
use super::evaluate::{deterministic, under};
use super::value_iteration::first_within;
use super::{Stop, assert_table};
use crate::tabular::{Discount, TabularMdp};

/// Improvements before it is given up.
const BUDGET: usize = 10_000;
/// Gains smaller than this share of the numbers compared are put down to rounding.
const ROUNDING: f64 = 1e-11;

/// What a policy earns a step in the long run.
#[derive(Clone, Debug, PartialEq)]
pub struct Gain {
    /// `[S]`, the mean reward a step of an episode that begins in the state and is never reset. 0 where it ends, for
    /// nothing is earned after an end.
    pub gain: Vec<f64>,
    /// `[S]`, what beginning in the state earns beyond its gain: `lim Σ_t E(r_t) - gain_t`, in the mean where the chain is
    /// periodic.
    pub bias: Vec<f64>,
    /// Greatest violation of the equations `g = P g`, `g + h = r + P h`.
    pub residual: f64,
    /// Whether the equations were solved down to rounding.
    pub stop: Stop,
}

/// A policy whose gain no other exceeds, in any state.
#[derive(Clone, Debug, PartialEq)]
pub struct AverageSolution {
    /// `[S]`, the greatest mean reward a step from each state.
    pub gain: Vec<f64>,
    /// `[S]`, the bias of the policy.
    pub bias: Vec<f64>,
    /// `[S]`, its actions.
    pub policy: Vec<usize>,
    /// Policies evaluated.
    pub iterations: usize,
    /// Greatest violation of the equations of the last policy.
    pub residual: f64,
    /// Why it stopped.
    pub stop: Stop,
}

/// Gain and bias of a stochastic policy, `[S, A]`, under the expected reward `rewards`, `[S, A]`, whatever its chain:
/// several closed classes, states that leave them, periods (Puterman, 1994, sections 8.2 and 9.1). The MDP's discount
/// plays no part.
///
/// In a closed class the gain is the mean under its stationary distribution, which is how often each state is visited
/// between two visits of one that is often visited. Elsewhere it is the mean over the classes that are reached. The bias is the one
/// whose mean in each closed class is 0.
///
/// # Panics
/// If `rewards` or `policy` has not one value a state and action.
#[must_use]
pub fn average_reward(mdp: &TabularMdp, rewards: &[f64], policy: &[f64]) -> Gain {
    assert_table(mdp, "an expected reward", rewards);
    assert_table(mdp, "a policy", policy);
    let chain = Chain::new(&undiscounted(mdp), policy);
    gain_of(&chain, &under(policy, rewards, mdp.n_actions()))
}

/// The greatest gain from every state and a policy that reaches it, by multichain policy iteration (Puterman, 1994,
/// section 9.2): an action is taken when it leads to a greater gain; where none does, when it leads to a greater bias
/// among those that keep the gain. It ends at an optimal gain in every state, also where no policy can lead from
/// everywhere to the best place. Ties beyond rounding change nothing, so it ends. Its bias is not the greatest one.
///
/// # Panics
/// If `rewards` has not one value a state and action.
#[must_use]
pub fn optimal_average_reward(mdp: &TabularMdp, rewards: &[f64]) -> AverageSolution {
    assert_table(mdp, "an expected reward", rewards);
    let mdp = undiscounted(mdp);
    let n_actions = mdp.n_actions();
    let mut policy: Vec<usize> = rewards
        .chunks(n_actions)
        .map(|row| first_within(row, 0.0))
        .collect();
    let mut iterations = 0;
    loop {
        let chosen = deterministic(&policy, n_actions);
        let answer = gain_of(
            &Chain::new(&mdp, &chosen),
            &under(&chosen, rewards, n_actions),
        );
        iterations += 1;
        let changed = improve(&mdp, rewards, &answer, &mut policy);
        if !changed || iterations >= BUDGET {
            return AverageSolution {
                gain: answer.gain,
                bias: answer.bias,
                policy,
                iterations,
                residual: answer.residual,
                stop: Stop::of(!changed && answer.stop == Stop::Converged),
            };
        }
    }
}

/// Takes actions that lead to a greater gain; if there are none, those of greater bias among the ones that keep it.
fn improve(mdp: &TabularMdp, rewards: &[f64], now: &Gain, policy: &mut [usize]) -> bool {
    let n_actions = mdp.n_actions();
    let gains = onwards(mdp, &now.gain);
    let gain_slack = ROUNDING * (size(&now.gain) + size(rewards)) + 4.0 * now.residual;
    let mut changed = false;
    for (chosen, row) in policy.iter_mut().zip(gains.chunks(n_actions)) {
        let best = first_within(row, 0.0);
        if row[best] > row[*chosen] + gain_slack {
            *chosen = best;
            changed = true;
        }
    }
    if changed {
        return true;
    }
    let biases = onwards(mdp, &now.bias);
    let bias_slack = ROUNDING * (size(&now.bias) + size(rewards)) + 4.0 * now.residual;
    for (state, chosen) in policy.iter_mut().enumerate() {
        let row = state * n_actions;
        let best_gain = gains[row + first_within(&gains[row..][..n_actions], 0.0)];
        let value = |action: usize| rewards[row + action] + biases[row + action];
        let keeps = |action: &usize| gains[row + action] >= best_gain - gain_slack;
        let mut best = *chosen;
        for action in (0..n_actions).filter(keeps) {
            if value(action) > value(best) + bias_slack {
                best = action;
            }
        }
        changed |= best != *chosen;
        *chosen = best;
    }
    changed
}

/// `Σ p x(s')` of every state and action.
fn onwards(mdp: &TabularMdp, x: &[f64]) -> Vec<f64> {
    super::value_iteration::backups(mdp, &vec![0.0; mdp.n_states() * mdp.n_actions()], x)
}

fn size(x: &[f64]) -> f64 {
    super::krylov::greatest(x)
}

fn undiscounted(mdp: &TabularMdp) -> TabularMdp {
    mdp.with_discount(Discount::new(1.0).expect("1 is a discount"))
}

/// Gain and bias of an undiscounted chain in which each state pays `paid`.
fn gain_of(chain: &Chain, paid: &[f64]) -> Gain {
    let components = chain.components();
    let closed = chain.closed(&components);
    let mut converged = true;
    let (mut gain, mut bias) = (vec![0.0; paid.len()], vec![0.0; paid.len()]);
    for component in (0..components.len()).filter(|component| closed[*component]) {
        let states = components.states(component);
        let (class_gain, class_bias, solved) = Class::new(chain, states).gain_and_bias(paid);
        converged &= solved;
        for (state, class_bias) in states.iter().zip(class_bias) {
            (gain[*state as usize], bias[*state as usize]) = (class_gain, class_bias);
        }
    }
    let solved = chain.solve(&gain, &components, &closed);
    converged &= solved.progress.converged;
    gain = solved.x;
    for component in (0..components.len()).filter(|component| !closed[*component]) {
        for state in components.states(component) {
            bias[*state as usize] = paid[*state as usize] - gain[*state as usize];
        }
    }
    let solved = chain.solve(&bias, &components, &closed);
    converged &= solved.progress.converged;
    bias = solved.x;
    Gain {
        residual: violation(chain, paid, &gain, &bias),
        gain,
        bias,
        stop: Stop::of(converged),
    }
}

fn violation(chain: &Chain, paid: &[f64], gain: &[f64], bias: &[f64]) -> f64 {
    let mut greatest = 0.0_f64;
    for state in 0..chain.n_states() {
        let lost = chain.leave()[state];
        let drift = |x: &[f64]| {
            let onwards: f64 = chain
                .row(state)
                .map(|(next, w)| w * (x[next] - x[state]))
                .sum();
            onwards - lost * x[state]
        };
        let bias_error = paid[state] - gain[state] + drift(bias);
        greatest = greatest.max(drift(gain).abs()).max(bias_error.abs());
    }
    greatest
}

/// How many times a home is looked for.
const MOVES: usize = 8;
/// A state visited so many times as often as home is a better one.
const BETTER_HOME: f64 = 4.0;

/// A closed class of a chain, as the excursions from one of its states, its home, until the next return.
///
/// The home has to be a state that is often visited: excursions from one that the chain shuns are so long that all digits
/// of the bias are lost in them. How often each state is visited is right to the last digit from any home, where it is
/// solved directly, so a bad one leads to a good one.
struct Class<'a> {
    states: &'a [u32],
    /// Place of the home among the states.
    home: usize,
    excursion: Chain,
    components: Components,
    /// Visits of every state for one of the home, and whether they were solved.
    visits: Vec<f64>,
    is_solved: bool,
}

impl Class<'_> {
    fn new<'a>(chain: &Chain, states: &'a [u32]) -> Class<'a> {
        let mut class = Class::at(chain, states, 0);
        for _ in 0..MOVES {
            let most = (0..states.len()).fold(class.home, |most, place| {
                if class.visits[place] > class.visits[most] {
                    place
                } else {
                    most
                }
            });
            if class.visits[most] <= BETTER_HOME {
                break;
            }
            class = Class::at(chain, states, most);
        }
        class
    }

    fn at<'a>(chain: &Chain, states: &'a [u32], home: usize) -> Class<'a> {
        let excursion = chain.without(states, home);
        let components = excursion.components();
        let mut entered = vec![0.0; states.len()];
        for (next, weight) in chain.row(states[home] as usize) {
            let place = states.binary_search(&(next as u32));
            entered[place.expect("a closed class is not left")] = weight;
        }
        entered.remove(home);
        let solved = excursion.visits(&entered, &components, &vec![false; components.len()]);
        let mut visits = solved.x;
        visits.insert(home, 1.0);
        Class {
            states,
            home,
            excursion,
            components,
            visits,
            is_solved: solved.progress.converged,
        }
    }

    /// The gain, the bias of each state, and whether both were solved.
    fn gain_and_bias(&self, paid: &[f64]) -> (f64, Vec<f64>, bool) {
        let time: f64 = self.visits.iter().sum();
        let mean = |x: &[f64]| -> f64 {
            let terms = self
                .visits
                .iter()
                .zip(x)
                .map(|(visits, x)| visits / time * x);
            terms.sum()
        };
        let paid: Vec<f64> = self
            .states
            .iter()
            .map(|state| paid[*state as usize])
            .collect();
        let gain = mean(&paid);
        let mut excess: Vec<f64> = paid.iter().map(|paid| paid - gain).collect();
        excess.remove(self.home);
        let none = vec![false; self.components.len()];
        let relative = self.excursion.solve(&excess, &self.components, &none);
        let mut bias = relative.x;
        bias.insert(self.home, 0.0);
        let middle = mean(&bias);
        bias.iter_mut().for_each(|bias| *bias -= middle);
        (gain, bias, self.is_solved && relative.progress.converged)
    }
}
