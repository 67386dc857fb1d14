//! The posterior over rewards and biases together where there are too many to list: a random walk.
//!
//! PolicyWalk (Ramachandran and Amir, 2007): rewards are linear in features with weights on a grid of spacing δ in
//! `[-bound, bound]`, and a step of Metropolis' chain moves one weight by one grid point, or takes another expert. Beside
//! the paper the likelihood of a choice is normalised over actions, and the bias is walked over, too.
//!
//! ```text
//! P(θ, expert | demonstrations) ∝ prior(θ) prior(expert) Π_i π_{θ, expert}(a_i | s_i)
//! ```
//!
//! # Details
//! - A proposal off the grid is refused, and stays where it is, so that proposals are symmetric.
//! - A rational expert's plan begins with the best actions of the plan before: one step seldom changes any, and policy
//!   iteration is then done after one evaluation, as in the paper.
//! - Chains begin at points drawn from the grid, each with random numbers of its own, and half of nothing is thrown away
//!   silently: `burn_in` steps are.
//! - For each weight and the log posterior the split R-hat over chains and the effective sample size are reported (Gelman
//!   et al., 2013, section 11.4; Geyer, 1992), and each chain's acceptance. An R-hat above 1.01 says that chains have not
//!   met; a walk that is not converged is reported, not repaired.

mod diagnostics;

#[cfg(test)]
mod tests;

use mdp::{Rng, Seed, Stop, TabularMdp, index, policy_iteration, uniform};

use crate::experts::{Bias, Expert, Plan, plan};
use crate::reward_model::RewardModel;
use crate::{Demonstration, Error};

pub use diagnostics::{Diagnostic, diagnostic};

/// Above this split R-hat chains have not met (Vehtari et al., 2021).
pub const GREATEST_R_HAT: f64 = 1.01;

/// What is thought of a weight before anything is seen, within the bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WeightPrior {
    /// All values alike.
    Uniform,
    /// Small weights rather: normal of mean 0.
    Normal {
        /// Standard deviation.
        deviation: f64,
    },
    /// Most weights 0: Laplace's distribution.
    Laplace {
        /// Mean size.
        scale: f64,
    },
    /// Weights near the bounds rather, as where a goal is far above the rest: the Beta distribution with both parameters
    /// 1/2, stretched over the bounds.
    Beta,
}

impl WeightPrior {
    /// Up to a constant.
    fn log_density(self, weight: f64, bound: f64, step: f64) -> f64 {
        match self {
            WeightPrior::Uniform => 0.0,
            WeightPrior::Normal { deviation } => -0.5 * (weight / deviation).powi(2),
            WeightPrior::Laplace { scale } => -(weight / scale).abs(),
            WeightPrior::Beta => {
                // The density has no limit at the bounds; a grid point stands for its cell.
                let share = (0.5 * (weight / bound + 1.0))
                    .clamp(0.25 * step / bound, 1.0 - 0.25 * step / bound);
                -0.5 * (share.ln() + (1.0 - share).ln())
            }
        }
    }
}

/// How the posterior is walked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolicyWalkConfig {
    /// Chains, at least 2: one alone cannot show that it is lost.
    pub n_chains: usize,
    /// Steps of each chain that are thrown away.
    pub burn_in: usize,
    /// Samples that each chain gives, at least 4.
    pub n_samples: usize,
    /// Steps for each sample, at least 1.
    pub thin: usize,
    /// Greatest size of a weight.
    pub bound: f64,
    /// Spacing δ of the grid of weights.
    pub step: f64,
    /// Most grid points that a proposal moves a weight by; 1 is the paper's.
    pub stride: usize,
    /// What is thought of each weight before.
    pub prior: WeightPrior,
}

impl PolicyWalkConfig {
    /// Four chains of 2,000 samples, weights in `[-1, 1]` by tenths, up to three at once, all alike.
    #[must_use]
    pub fn small() -> PolicyWalkConfig {
        PolicyWalkConfig {
            n_chains: 4,
            burn_in: 2_000,
            n_samples: 2_000,
            thin: 5,
            bound: 1.0,
            step: 0.1,
            stride: 3,
            prior: WeightPrior::Uniform,
        }
    }

    /// Points of the grid for each weight.
    #[must_use]
    pub fn n_levels(&self) -> usize {
        (2.0 * self.bound / self.step).round() as usize + 1
    }

    fn check(&self) -> Result<(), Error> {
        let sound = |value: f64| value > 0.0 && value.is_finite();
        let scale = match self.prior {
            WeightPrior::Normal { deviation } => deviation,
            WeightPrior::Laplace { scale } => scale,
            _ => 1.0,
        };
        let steps = 2.0 * self.bound / self.step;
        for (is_right, setting, value, allowed) in [
            (
                self.n_chains >= 2,
                "number of chains",
                self.n_chains as f64,
                "at least 2",
            ),
            (
                self.n_samples >= 4,
                "number of samples",
                self.n_samples as f64,
                "at least 4",
            ),
            (
                self.thin >= 1,
                "number of steps a sample",
                self.thin as f64,
                "at least 1",
            ),
            (self.stride >= 1, "stride", self.stride as f64, "at least 1"),
            (
                sound(self.bound),
                "bound of weights",
                self.bound,
                "finite and above 0",
            ),
            (
                sound(self.step) && (1.0..=1e6).contains(&steps),
                "spacing of weights",
                self.step,
                "above 0 and at most twice the bound",
            ),
            (
                sound(scale),
                "scale of the prior",
                scale,
                "finite and above 0",
            ),
        ] {
            if !is_right {
                return Err(Error::Walk {
                    setting,
                    value,
                    allowed,
                });
            }
        }
        Ok(())
    }
}

/// Samples of the posterior over weights and experts.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyWalk {
    /// Number of weights K.
    pub n_weights: usize,
    /// Number of experts E.
    pub n_experts: usize,
    /// `[C, N, K]`, the weights.
    pub weights: Vec<f64>,
    /// `[C, N]`, which expert.
    pub experts: Vec<usize>,
    /// `[C, N]`, log posterior up to a constant.
    pub log_posteriors: Vec<f64>,
    /// `[C]`, share of the proposals that were accepted.
    pub acceptance: Vec<f64>,
    /// `[K]`, how well each weight is known.
    pub diagnostics: Vec<Diagnostic>,
    /// The same of the log posterior.
    pub log_posterior_diagnostic: Diagnostic,
}

impl PolicyWalk {
    /// Mean weights, `[K]`.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_weights];
        for sample in self.weights.chunks(self.n_weights) {
            sums.iter_mut().zip(sample).for_each(|(sum, w)| *sum += w);
        }
        let n = self.experts.len() as f64;
        sums.into_iter().map(|sum| sum / n).collect()
    }

    /// The range that holds the middle `mass` of a weight's posterior.
    ///
    /// # Panics
    /// If there is no such weight.
    #[must_use]
    pub fn interval(&self, weight: usize, mass: f64) -> (f64, f64) {
        assert!(weight < self.n_weights, "there is no weight {weight}");
        let samples = self.weights.chunks(self.n_weights);
        let mut values: Vec<f64> = samples.map(|sample| sample[weight]).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        (at(0.5 - 0.5 * mass), at(0.5 + 0.5 * mass))
    }

    /// Probability of each expert, `[E]`.
    #[must_use]
    pub fn expert_probabilities(&self) -> Vec<f64> {
        let mut shares = vec![0.0_f64; self.n_experts];
        for expert in &self.experts {
            shares[*expert] += 1.0;
        }
        let n_samples = self.experts.len() as f64;
        shares.iter().map(|count| count / n_samples).collect()
    }

    /// The likeliest sample: its weights and its expert.
    #[must_use]
    pub fn likeliest(&self) -> (&[f64], usize) {
        let each = self.log_posteriors.iter().enumerate();
        let best = each
            .max_by(|a, b| a.1.total_cmp(b.1))
            .map_or(0, |(sample, _)| sample);
        (
            &self.weights[best * self.n_weights..][..self.n_weights],
            self.experts[best],
        )
    }

    /// Whether chains have met in every weight that moved and in the log posterior.
    #[must_use]
    pub fn stop(&self) -> Stop {
        let all = self
            .diagnostics
            .iter()
            .chain([&self.log_posterior_diagnostic]);
        let mut judged = all.filter(|diagnostic| !diagnostic.r_hat.is_nan());
        match judged.all(|diagnostic| diagnostic.r_hat <= GREATEST_R_HAT) {
            true => Stop::Converged,
            false => Stop::BudgetSpent,
        }
    }
}

/// Walks the posterior over the weights of `reward` and over `experts`, all of them alike before.
///
/// # Errors
/// If the settings are out of range, there are no experts or demonstrations, a step is none of the MDP's, an expert cannot
/// plan, or what was done is impossible where a chain begins (which a finite inverse temperature never makes it).
pub fn policy_walk<R: RewardModel>(
    mdp: &TabularMdp,
    reward: &mut R,
    experts: &[Expert],
    demonstrations: &[Demonstration],
    config: &PolicyWalkConfig,
    seed: Seed,
) -> Result<PolicyWalk, Error> {
    config.check()?;
    if experts.is_empty() {
        return Err(Error::NoHypotheses);
    }
    let n_weights = reward.parameters().len();
    let mut density = Density {
        mdp,
        experts,
        counts: counts(mdp, demonstrations)?,
        config,
        reward,
        best: None,
    };
    let mut walk = PolicyWalk {
        n_weights,
        n_experts: experts.len(),
        weights: vec![],
        experts: vec![],
        log_posteriors: vec![],
        acceptance: vec![],
        diagnostics: vec![],
        log_posterior_diagnostic: Diagnostic::NONE,
    };
    for chain in 0..config.n_chains {
        let rng = &mut seed.stream("policy walk", chain as u64);
        let acceptance = run_chain(&mut density, &mut walk, rng)?;
        walk.acceptance.push(acceptance);
    }
    let chains = |of: &dyn Fn(usize) -> f64| -> Vec<Vec<f64>> {
        let samples: Vec<f64> = (0..walk.experts.len()).map(of).collect();
        samples
            .chunks(config.n_samples)
            .map(<[f64]>::to_vec)
            .collect()
    };
    walk.diagnostics = (0..n_weights)
        .map(|weight| diagnostic(&chains(&|sample| walk.weights[sample * n_weights + weight])))
        .collect();
    walk.log_posterior_diagnostic = diagnostic(&chains(&|sample| walk.log_posteriors[sample]));
    Ok(walk)
}

/// Where a chain is.
#[derive(Clone)]
struct Point {
    /// `[K]`, places on the grid.
    levels: Vec<usize>,
    expert: usize,
}

/// One chain; its samples are added to the walk. Gives the share of its proposals that were accepted.
fn run_chain<R: RewardModel>(
    density: &mut Density<'_, R>,
    walk: &mut PolicyWalk,
    rng: &mut Rng,
) -> Result<f64, Error> {
    let config = density.config;
    let n_levels = config.n_levels();
    let mut point = Point {
        levels: (0..walk.n_weights).map(|_| index(n_levels, rng)).collect(),
        expert: index(walk.n_experts, rng),
    };
    let mut log = density.at(&point)?;
    if log == f64::NEG_INFINITY {
        return Err(Error::ImpossibleStart);
    }
    let n_steps = config.burn_in + config.n_samples * config.thin;
    let mut n_accepted = 0;
    for step in 0..n_steps {
        if let Some(proposal) = propose(&point, walk.n_experts, n_levels, config.stride, rng) {
            let other = density.at(&proposal)?;
            if uniform(rng).ln() < other - log {
                (point, log) = (proposal, other);
                n_accepted += 1;
            }
        }
        if step >= config.burn_in && (step - config.burn_in) % config.thin == config.thin - 1 {
            walk.weights.extend(density.weights(&point));
            walk.experts.push(point.expert);
            walk.log_posteriors.push(log);
        }
    }
    Ok(n_accepted as f64 / n_steps as f64)
}

/// Another expert, one time in four where there are several, or one weight moved; none where that leaves the grid.
fn propose(
    point: &Point,
    n_experts: usize,
    n_levels: usize,
    stride: usize,
    rng: &mut Rng,
) -> Option<Point> {
    let mut proposal = point.clone();
    if n_experts > 1 && (point.levels.is_empty() || index(4, rng) == 0) {
        let other = index(n_experts - 1, rng);
        proposal.expert = other + usize::from(other >= point.expert);
        return Some(proposal);
    }
    let weight = index(point.levels.len().max(1), rng);
    let size = 1 + index(stride, rng);
    let is_up = index(2, rng) == 1;
    let level = proposal.levels.get_mut(weight)?;
    *level = if is_up {
        *level + size
    } else {
        level.checked_sub(size)?
    };
    (*level < n_levels).then_some(proposal)
}

/// The posterior, up to a constant.
struct Density<'a, R> {
    mdp: &'a TabularMdp,
    experts: &'a [Expert],
    /// `[S, A]`, how often each choice was made.
    counts: Vec<f64>,
    config: &'a PolicyWalkConfig,
    reward: &'a mut R,
    /// Best actions of the last rational plan.
    best: Option<Vec<usize>>,
}

impl<R: RewardModel> Density<'_, R> {
    fn weights(&self, point: &Point) -> Vec<f64> {
        let levels = point.levels.iter();
        levels
            .map(|level| -self.config.bound + *level as f64 * self.config.step)
            .collect()
    }

    fn at(&mut self, point: &Point) -> Result<f64, Error> {
        let weights = self.weights(point);
        self.reward.set_parameters(&weights);
        let rewards = self.reward.rewards();
        let expert = self.experts[point.expert];
        let plan = self.plan(&rewards, expert.bias)?;
        let log_policy = plan.log_policy(expert.inverse_temperature)?;
        let each = self.counts.iter().zip(&log_policy);
        let seen = each.filter(|(count, _)| **count > 0.0);
        let likelihood: f64 = seen.map(|(count, log)| count * log).sum();
        let prior = weights.iter().map(|weight| {
            self.config
                .prior
                .log_density(*weight, self.config.bound, self.config.step)
        });
        Ok(likelihood + prior.sum::<f64>())
    }

    fn plan(&mut self, rewards: &[f64], bias: Bias) -> Result<Plan, Error> {
        // At discount 1 a policy that was best before may never end for this reward.
        if bias != Bias::Rational || self.mdp.discount().get() >= 1.0 {
            return plan(self.mdp, rewards, bias);
        }
        let solution = policy_iteration(self.mdp, rewards, self.best.as_deref())?;
        self.best = Some(solution.policy);
        Ok(Plan::of(solution.q_values, self.mdp.n_actions()))
    }
}

/// How often each choice was made, `[S, A]`.
fn counts(mdp: &TabularMdp, demonstrations: &[Demonstration]) -> Result<Vec<f64>, Error> {
    crate::visits(mdp, demonstrations)?;
    let mut counts = vec![0.0; mdp.n_states() * mdp.n_actions()];
    for &(state, action) in demonstrations.iter().flatten() {
        counts[state * mdp.n_actions() + action] += 1.0;
    }
    Ok(counts)
}
