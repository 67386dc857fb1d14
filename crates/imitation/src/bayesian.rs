//! What is wanted and how it is planned for, together: the exact posterior over a finite set of hypotheses.
//!
//! A hypothesis is a pair of a [`Task`] (what is wanted: a goal, or a reward) and an [`Expert`] (who goes about it, with
//! which bias). The likelihood of demonstrations is that of the choices, given the states in which they were made: the
//! dynamics are known and say nothing about either,
//!
//! ```text
//! P(task, expert | s_1 a_1 ... s_n a_n) ∝ P(task, expert) Π_i π_{task, expert}(a_i | s_i)
//! ```
//!
//! (Baker, Saxe and Tenenbaum, 2009, for goals; Ramachandran and Amir, 2007, for rewards; Evans, Stuhlmüller and Goodman,
//! 2016, for rewards and biases together). All policies are computed once, so that an action that arrives costs one
//! addition a hypothesis: the posterior is online, and exact.
//!
//! [`Posterior::observe`] gives the logarithm of the probability that the action had before it was seen. Their sum is the
//! evidence, the logarithm of the data's probability, whatever the order in which they arrive; over demonstrations held
//! back it is the held-out likelihood.

#[cfg(test)]
mod tests;

use mdp::{TabularMdp, Transition};

use crate::experts::{Expert, Plan, check_rewards, plan};
use crate::{Demonstration, Error};

/// What may be wanted: a reward on dynamics. Goals differ in their dynamics, too, since an episode ends at its goal.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// The dynamics; its own table of rewards plays no part.
    pub mdp: TabularMdp,
    /// The expected reward, `[S, A]`.
    pub rewards: Vec<f64>,
}

impl Task {
    /// A reward on the MDP as it is.
    ///
    /// # Errors
    /// If it has not one finite value a state and action.
    pub fn of_reward(mdp: &TabularMdp, rewards: Vec<f64>) -> Result<Task, Error> {
        check_rewards(mdp, &rewards)?;
        Ok(Task {
            mdp: mdp.clone(),
            rewards,
        })
    }

    /// Being at `state`: it pays 1 to act there, whatever is done, and the episode ends with it. Everything else pays
    /// nothing, and what ended an episode at the goal no longer does before it has paid.
    ///
    /// # Errors
    /// If there is no such state.
    pub fn of_goal(mdp: &TabularMdp, state: usize) -> Result<Task, Error> {
        let (n_states, n_actions) = (mdp.n_states(), mdp.n_actions());
        if state >= n_states {
            return Err(Error::Goal { state, n_states });
        }
        let mut builder = TabularMdp::builder(n_states, n_actions);
        let mut rewards = vec![0.0; n_states * n_actions];
        rewards[state * n_actions..][..n_actions].fill(1.0);
        for row in 0..n_states * n_actions {
            if row / n_actions == state {
                builder.push(Transition {
                    probability: 1.0,
                    next_state: state,
                    reward: 0.0,
                    terminates: true,
                });
            } else {
                for t in mdp.transitions(row / n_actions, row % n_actions) {
                    builder.push(Transition {
                        reward: 0.0,
                        terminates: t.terminates && t.next_state != state,
                        ..t
                    });
                }
            }
            builder.end_row();
        }
        let mdp = builder
            .build(mdp.start().to_vec(), mdp.discount())
            .expect("probabilities are as they were");
        Ok(Task { mdp, rewards })
    }
}

/// Everything that is thought possible: each task with each expert, and what each pair would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypotheses {
    n_tasks: usize,
    experts: Vec<Expert>,
    n_states: usize,
    n_actions: usize,
    /// `[T, E]`, normalised.
    log_prior: Vec<f64>,
    /// `[T, E, S, A]`.
    log_policies: Vec<f64>,
}

impl Hypotheses {
    /// Plans every task with every expert. `prior`, `[T, E]`, holds weights that need not sum to 1; none takes all pairs
    /// alike.
    ///
    /// # Errors
    /// If there are no tasks or no experts, tasks differ in their states or actions, the prior does not fit, or an expert
    /// cannot plan a task.
    pub fn new(
        tasks: &[Task],
        experts: &[Expert],
        prior: Option<&[f64]>,
    ) -> Result<Hypotheses, Error> {
        let (Some(first), false) = (tasks.first(), experts.is_empty()) else {
            return Err(Error::NoHypotheses);
        };
        let (n_states, n_actions) = (first.mdp.n_states(), first.mdp.n_actions());
        let log_prior = log_prior(tasks.len() * experts.len(), prior)?;
        let mut log_policies = Vec::with_capacity(log_prior.len() * n_states * n_actions);
        for task in tasks {
            if (task.mdp.n_states(), task.mdp.n_actions()) != (n_states, n_actions) {
                return Err(Error::Visits {
                    found: task.mdp.n_states() * task.mdp.n_actions(),
                    expected: n_states * n_actions,
                });
            }
            let mut last: Option<Plan> = None;
            for (index, expert) in experts.iter().enumerate() {
                // Experts that differ in their noise alone plan alike.
                let is_known = index > 0 && experts[index - 1].bias == expert.bias;
                let plan = match last.take().filter(|_| is_known) {
                    Some(plan) => plan,
                    None => plan(&task.mdp, &task.rewards, expert.bias)?,
                };
                log_policies.extend(plan.log_policy(expert.inverse_temperature)?);
                last = Some(plan);
            }
        }
        Ok(Hypotheses {
            n_tasks: tasks.len(),
            experts: experts.to_vec(),
            n_states,
            n_actions,
            log_prior,
            log_policies,
        })
    }

    /// Number of tasks.
    #[must_use]
    pub fn n_tasks(&self) -> usize {
        self.n_tasks
    }

    /// The experts.
    #[must_use]
    pub fn experts(&self) -> &[Expert] {
        &self.experts
    }

    /// Number of pairs of a task and an expert.
    #[must_use]
    pub fn n_hypotheses(&self) -> usize {
        self.log_prior.len()
    }

    /// Number of states.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.n_states
    }

    /// Number of actions.
    #[must_use]
    pub fn n_actions(&self) -> usize {
        self.n_actions
    }

    /// Prior probability of each pair, `[T, E]`.
    #[must_use]
    pub fn prior(&self) -> Vec<f64> {
        crate::experts::exponentials(&self.log_prior)
    }

    /// `log π(a|s)`, `[S, A]`, of a hypothesis, `task * n_experts + expert`.
    #[must_use]
    pub fn log_policy(&self, hypothesis: usize) -> &[f64] {
        let n_rows = self.n_states * self.n_actions;
        &self.log_policies[hypothesis * n_rows..][..n_rows]
    }

    /// `log Π π(a|s)` of the choices in demonstrations under a hypothesis.
    ///
    /// # Errors
    /// If a step is none of the MDP's.
    pub fn log_likelihood(
        &self,
        hypothesis: usize,
        demonstrations: &[Demonstration],
    ) -> Result<f64, Error> {
        let log_policy = self.log_policy(hypothesis);
        let mut sum = 0.0;
        for (demonstration, steps) in demonstrations.iter().enumerate() {
            for (step, &(state, action)) in steps.iter().enumerate() {
                self.check(demonstration, step, state, action)?;
                sum += log_policy[state * self.n_actions + action];
            }
        }
        Ok(sum)
    }

    fn check(
        &self,
        demonstration: usize,
        step: usize,
        state: usize,
        action: usize,
    ) -> Result<(), Error> {
        if state < self.n_states && action < self.n_actions {
            return Ok(());
        }
        Err(Error::Step {
            demonstration,
            step,
            state,
            action,
            n_states: self.n_states,
            n_actions: self.n_actions,
        })
    }
}

fn log_prior(n_hypotheses: usize, prior: Option<&[f64]>) -> Result<Vec<f64>, Error> {
    let Some(prior) = prior else {
        return Ok(vec![-(n_hypotheses as f64).ln(); n_hypotheses]);
    };
    let sum: f64 = prior.iter().sum();
    let fits = prior.len() == n_hypotheses && prior.iter().all(|p| *p >= 0.0);
    if !(fits && sum > 0.0 && sum.is_finite()) {
        return Err(Error::Prior {
            found: prior.len(),
            expected: n_hypotheses,
            sum,
        });
    }
    Ok(prior.iter().map(|weight| (weight / sum).ln()).collect())
}

/// The exact posterior, as far as actions have arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior<'h> {
    hypotheses: &'h Hypotheses,
    /// `[T, E]`, log prior and log likelihood.
    log_joint: Vec<f64>,
    log_evidence: f64,
    n_steps: usize,
}

impl<'h> Posterior<'h> {
    /// The prior: nothing has been seen.
    #[must_use]
    pub fn new(hypotheses: &'h Hypotheses) -> Posterior<'h> {
        Posterior {
            hypotheses,
            log_joint: hypotheses.log_prior.clone(),
            log_evidence: 0.0,
            n_steps: 0,
        }
    }

    /// The posterior of whole demonstrations.
    ///
    /// # Errors
    /// As [`Posterior::observe`].
    pub fn of(
        hypotheses: &'h Hypotheses,
        demonstrations: &[Demonstration],
    ) -> Result<Posterior<'h>, Error> {
        let mut posterior = Posterior::new(hypotheses);
        posterior.observe_all(demonstrations)?;
        Ok(posterior)
    }

    /// Takes in one action, and gives the logarithm of the probability that it had before.
    ///
    /// # Errors
    /// If there is no such state or action, or no hypothesis that was still possible ever takes it; nothing changes then.
    pub fn observe(&mut self, state: usize, action: usize) -> Result<f64, Error> {
        let hypotheses = self.hypotheses;
        hypotheses.check(0, self.n_steps, state, action)?;
        let row = state * hypotheses.n_actions + action;
        let n_rows = hypotheses.n_states * hypotheses.n_actions;
        let taken = hypotheses.log_policies[row..].iter().step_by(n_rows);
        let after: Vec<f64> = self
            .log_joint
            .iter()
            .zip(taken)
            .map(|(l, p)| l + p)
            .collect();
        let evidence = log_sum(&after);
        if evidence == f64::NEG_INFINITY {
            return Err(Error::Unexplained {
                state,
                action,
                step: self.n_steps,
            });
        }
        let predicted = evidence - self.log_evidence;
        self.log_joint = after;
        self.log_evidence = evidence;
        self.n_steps += 1;
        Ok(predicted)
    }

    /// Takes in whole demonstrations, and gives the logarithm of the probability that they had before.
    ///
    /// # Errors
    /// As [`Posterior::observe`]; what came before the step that is at fault has been taken in.
    pub fn observe_all(&mut self, demonstrations: &[Demonstration]) -> Result<f64, Error> {
        let mut sum = 0.0;
        for &(state, action) in demonstrations.iter().flatten() {
            sum += self.observe(state, action)?;
        }
        Ok(sum)
    }

    /// What was thought possible.
    #[must_use]
    pub fn hypotheses(&self) -> &'h Hypotheses {
        self.hypotheses
    }

    /// Actions taken in.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Logarithm of the probability of all actions taken in, in nats.
    #[must_use]
    pub fn log_evidence(&self) -> f64 {
        self.log_evidence
    }

    /// Probability of each pair, `[T, E]`.
    #[must_use]
    pub fn probabilities(&self) -> Vec<f64> {
        let each = self.log_joint.iter();
        each.map(|log| (log - self.log_evidence).exp()).collect()
    }

    /// Probability of each task, `[T]`, whoever goes about it.
    #[must_use]
    pub fn tasks(&self) -> Vec<f64> {
        let probabilities = self.probabilities();
        let rows = probabilities.chunks(self.hypotheses.experts.len());
        rows.map(|row| row.iter().sum()).collect()
    }

    /// Probability of each expert, `[E]`, whatever it wants.
    #[must_use]
    pub fn experts(&self) -> Vec<f64> {
        let n_experts = self.hypotheses.experts.len();
        let mut sums = vec![0.0; n_experts];
        for row in self.probabilities().chunks(n_experts) {
            sums.iter_mut().zip(row).for_each(|(sum, p)| *sum += p);
        }
        sums
    }

    /// Probability of each kind of bias, whatever is wanted, in the order in which the experts first have it.
    #[must_use]
    pub fn kinds(&self) -> Vec<(&'static str, f64)> {
        let mut kinds: Vec<(&'static str, f64)> = vec![];
        for (expert, p) in self.hypotheses.experts.iter().zip(self.experts()) {
            let kind = expert.bias.kind();
            match kinds.iter_mut().find(|(name, _)| *name == kind) {
                Some((_, sum)) => *sum += p,
                None => kinds.push((kind, p)),
            }
        }
        kinds
    }

    /// Probability of each action in a state as things stand, `[A]`.
    ///
    /// # Panics
    /// If there is no such state.
    #[must_use]
    pub fn predict(&self, state: usize) -> Vec<f64> {
        let hypotheses = self.hypotheses;
        assert!(state < hypotheses.n_states, "there is no state {state}");
        let mut sums = vec![0.0; hypotheses.n_actions];
        for (hypothesis, p) in self.probabilities().iter().enumerate() {
            let row = &hypotheses.log_policy(hypothesis)[state * hypotheses.n_actions..];
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, log)| *sum += p * log.exp());
        }
        sums
    }

    /// The mean policy, `[S, A]`: what is expected of somebody of whom no more is known.
    #[must_use]
    pub fn policy(&self) -> Vec<f64> {
        let states = 0..self.hypotheses.n_states;
        states.flat_map(|state| self.predict(state)).collect()
    }
}

/// The fewest items, the likeliest first, that hold at least `mass` of the probability: a credible set.
#[must_use]
pub fn credible_set(probabilities: &[f64], mass: f64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|a, b| {
        probabilities[*b]
            .total_cmp(&probabilities[*a])
            .then(a.cmp(b))
    });
    let mut held = 0.0;
    let mut set = vec![];
    for item in order {
        set.push(item);
        held += probabilities[item];
        // Rounding must not ask for one more.
        if held >= mass - 1e-12 {
            break;
        }
    }
    set
}

fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
}
