//! The particle filter: goals with histories of plans, weighed by what is seen.

use envs::GoalProblem;
use mdp::{Rng, Seed, index, uniform};

use super::agent::{Plan, Planner, PlanningAgent};
use super::{GoalError, log_prior, log_sum_exp};

/// How goals are inferred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoalFilterConfig {
    /// How the agent is taken to plan.
    pub agent: PlanningAgent,
    /// Particles for each goal, at least 1.
    pub particles_per_goal: usize,
    /// Share of the particles below which the effective sample size leads to resampling.
    pub resample_below: f64,
    /// Power of the weights by which particles are resampled; they keep the rest of their weight.
    pub resample_power: f64,
    /// Moves of each particle after resampling.
    pub n_moves: usize,
    /// Probability that a move proposes another goal, and not only other plans.
    pub goal_move: f64,
    /// Inverse temperature β of the proposal of goals, `exp(-β h)`, with the estimate h of the steps left to each.
    pub goal_proposal: f64,
}

impl GoalFilterConfig {
    /// The published settings (`src/inference` and `experiments/params.jl` of Plinf.jl).
    pub const PUBLISHED: GoalFilterConfig = GoalFilterConfig {
        agent: PlanningAgent::PUBLISHED,
        particles_per_goal: 10,
        resample_below: 0.25,
        resample_power: 0.75,
        n_moves: 1,
        goal_move: 0.25,
        goal_proposal: 0.1,
    };

    /// Five times the particles, resampled and moved more readily, for an answer that hangs less on chance: the published
    /// settings lose the true goal in about one trace of ten.
    pub const THOROUGH: GoalFilterConfig = GoalFilterConfig {
        particles_per_goal: 50,
        resample_below: 0.5,
        n_moves: 2,
        ..GoalFilterConfig::PUBLISHED
    };

    /// The settings by name, with their source.
    pub const PRESETS: [(&str, GoalFilterConfig, &str); 2] = [
        (
            "published",
            GoalFilterConfig::PUBLISHED,
            "Zhi-Xuan et al. (2020), Plinf.jl",
        ),
        (
            "thorough",
            GoalFilterConfig::THOROUGH,
            "docs/methods/goal-inference.md",
        ),
    ];
}

/// One hypothesis: a goal, and the plans by which it was pursued so far.
#[derive(Clone, Debug)]
pub(super) struct Particle {
    pub(super) goal: usize,
    /// Plans in order of time, each beginning where the one before ends.
    pub(super) plans: Vec<Plan>,
    pub(super) log_weight: f64,
}

impl Particle {
    /// The state at a time that the plans reach.
    pub(super) fn state_at(&self, time: usize) -> u32 {
        let after = self.plans.partition_point(|plan| plan.begins <= time);
        self.plans[after - 1].state_at(time)
    }
}

/// What somebody is after, given what they were seen to do so far.
///
/// Observations arrive one by one, the first being that of the start; [`GoalFilter::observe`] gives the posterior after
/// each. The same problem, settings, seed and observations give the same bits.
#[derive(Debug)]
pub struct GoalFilter<'p, P: GoalProblem> {
    pub(super) planner: Planner<'p, P>,
    pub(super) config: GoalFilterConfig,
    pub(super) log_prior: Vec<f64>,
    pub(super) particles: Vec<Particle>,
    /// States that were seen, by number.
    pub(super) seen: Vec<u32>,
    pub(super) rng: Rng,
    n_resamplings: usize,
    pub(super) n_accepted: usize,
}

impl<'p, P: GoalProblem> GoalFilter<'p, P> {
    /// Before anything was seen.
    ///
    /// # Errors
    /// If `prior` is not a weight for each goal.
    ///
    /// # Panics
    /// If there are no particles.
    pub fn new(
        problem: &'p P,
        prior: &[f64],
        config: GoalFilterConfig,
        seed: Seed,
    ) -> Result<GoalFilter<'p, P>, GoalError> {
        assert!(config.particles_per_goal > 0, "a filter has particles");
        let n_goals = problem.n_goals();
        let log_prior = log_prior(prior, n_goals)?;
        let particle = |place: usize| {
            let goal = place % n_goals;
            Particle {
                goal,
                plans: vec![],
                log_weight: log_prior[goal],
            }
        };
        let particles = (0..config.particles_per_goal * n_goals).map(particle);
        Ok(GoalFilter {
            particles: particles.collect(),
            planner: Planner::new(problem, config.agent),
            config,
            log_prior,
            seen: vec![],
            rng: seed.stream("goal filter", 0),
            n_resamplings: 0,
            n_accepted: 0,
        })
    }

    /// Takes in the next observation, and gives the posterior over goals.
    pub fn observe(&mut self, seen: &P::State) -> Vec<f64> {
        if !self.seen.is_empty() && self.effective_share() < self.config.resample_below {
            self.resample();
            self.move_particles();
        }
        let number = self.planner.space.number(*seen);
        self.seen.push(number);
        let time = self.seen.len() - 1;
        let start = self.planner.space.problem().start();
        let start = self.planner.space.number(start);
        for particle in &mut self.particles {
            while let Some(from) = next_plan(&particle.plans, (0, start), time) {
                let (plan, _) = self.planner.draw(particle.goal, from, &[], &mut self.rng);
                particle.plans.push(plan);
            }
            let state = self.planner.space.state(particle.state_at(time));
            let problem = self.planner.space.problem();
            particle.log_weight += problem.observation_log_probability(state, seen);
        }
        self.posterior()
    }

    /// The posterior over goals.
    #[must_use]
    pub fn posterior(&self) -> Vec<f64> {
        let all = log_sum_exp(self.particles.iter().map(|particle| particle.log_weight));
        let mut posterior = vec![0.0; self.log_prior.len()];
        for particle in &self.particles {
            posterior[particle.goal] += (particle.log_weight - all).exp();
        }
        posterior
    }

    /// How often particles were resampled.
    #[must_use]
    pub fn n_resamplings(&self) -> usize {
        self.n_resamplings
    }

    /// How many moves after resampling were accepted.
    #[must_use]
    pub fn n_accepted_moves(&self) -> usize {
        self.n_accepted
    }

    /// States that were looked at so far.
    #[must_use]
    pub fn n_states(&self) -> usize {
        self.planner.space.len()
    }

    /// The effective sample size `(Σ w)² / Σ w²`, as a share of the particles.
    pub(super) fn effective_share(&self) -> f64 {
        let logs = self.particles.iter().map(|particle| particle.log_weight);
        let squares = log_sum_exp(logs.clone().map(|log| 2.0 * log));
        (2.0 * log_sum_exp(logs) - squares).exp() / self.particles.len() as f64
    }

    /// Residual resampling by the weights to a power: each particle as often as its share says, the rest by chance.
    pub(super) fn resample(&mut self) {
        self.n_resamplings += 1;
        let n = self.particles.len();
        let priorities: Vec<f64> = self
            .particles
            .iter()
            .map(|particle| self.config.resample_power * particle.log_weight)
            .collect();
        let all = log_sum_exp(priorities.iter().copied());
        let shares: Vec<f64> = priorities
            .iter()
            .map(|log| n as f64 * (log - all).exp())
            .collect();
        let mut parents: Vec<usize> = vec![];
        for (place, share) in shares.iter().enumerate() {
            parents.extend(std::iter::repeat_n(place, *share as usize));
        }
        let residuals: Vec<f64> = shares.iter().map(|share| share.fract()).collect();
        let sum: f64 = residuals.iter().sum();
        while parents.len() < n {
            let mut left = sum * uniform(&mut self.rng);
            let drawn = residuals.iter().position(|residual| {
                left -= residual;
                left < 0.0
            });
            parents.push(drawn.unwrap_or_else(|| index(n, &mut self.rng)));
        }
        let copies = parents[..n].iter().map(|parent| {
            let mut copy = self.particles[*parent].clone();
            copy.log_weight -= priorities[*parent] - all + (n as f64).ln();
            copy
        });
        self.particles = copies.collect();
    }
}

/// Where and when the next plan begins, if plans that begin at `from` do not reach a time yet.
pub(super) fn next_plan(plans: &[Plan], from: (usize, u32), time: usize) -> Option<(usize, u32)> {
    match plans.last() {
        None => Some(from),
        Some(plan) if plan.is_last || time <= plan.ends() => None,
        Some(plan) => Some((plan.ends(), plan.path[plan.path.len() - 1])),
    }
}
