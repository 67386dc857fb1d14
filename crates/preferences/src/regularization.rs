//! Staying near a reference policy, so that what a reward model gets wrong is not found.
//!
//! A reward model is right where it was taught. Both penalties here are taken off what the optimiser receives for a step,
//! and hold the policy near the one whose behaviour was judged first, the *reference policy*:
//!
//! - [`Regularization::Kl`]: `λ log(π(a|s) / π_ref(a|s))`, whose expected sum over an episode is λ times the divergence
//!   `KL(π ‖ π_ref)` of the episodes (Ziegler et al., 2019; Stiennon et al., 2020);
//! - [`Regularization::Occupancy`]: `λ (μ(s, a) / μ_ref(s, a) - 1) / √χ²`, the derivative of `λ √χ²(μ ‖ μ_ref)` with
//!   respect to the visits μ of states and actions (Laidlaw et al., 2024, ORPO). A policy may act as the reference does
//!   almost always and still end up where it never was; visits tell, probabilities of actions do not. The ratio of visits
//!   is what a discriminator learns that tells steps of both apart.
//!
//! For finite MDPs both optima are computed: [`kl_optimum`], [`occupancy_optimum`].
//!
//! # Details
//! The optimiser's rewards have deviation 1 or so (see [`crate::OutputNormalization`]), and λ is in their unit. The ratio
//! less 1 has mean 0 over the reference's steps and mean χ² over the policy's, so that the mean penalty of the policy's
//! steps is λ √χ² itself; in Laidlaw et al. (2024) the 1 is left in, which pays for ends of episodes where they may come
//! early. Visits are counted without discount, as a round holds them.

mod discriminator;
mod exact;
#[cfg(test)]
mod tests;

pub use discriminator::OccupancyRatio;
pub use exact::{OccupancyOptimum, chi_squared_of_visits, kl_optimum, occupancy_optimum};

use mdp::Seed;
use nn::Pool;
use rl::{
    ActionInputs, Arrays, Error, NetworkPolicy, Play, RewardInputs, TrainedPolicy as _,
    Transitions, VectorEnvironment, n_side_by_side, ppo,
};

use crate::ensemble::setting;

/// What holds a policy near its reference policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Regularization {
    /// The divergence between how they act, where the policy goes.
    Kl {
        /// λ, reward that a nat costs.
        coefficient: f64,
    },
    /// The divergence between where they go and what they do there, `√χ²`.
    Occupancy(OccupancyRegularization),
}

/// Settings of occupancy regularisation.
#[derive(Clone, Debug, PartialEq)]
pub struct OccupancyRegularization {
    /// λ, reward a step that a unit of `√χ²` costs.
    pub coefficient: f64,
    /// Episodes of the reference policy that the policy's steps are told apart from.
    pub n_reference_episodes: usize,
    /// Widths of the discriminator's hidden layers.
    pub hidden: Vec<usize>,
    /// Learning rate of Adam.
    pub learning_rate: f64,
    /// Updates of the discriminator a round.
    pub n_updates: usize,
    /// Steps of the reference and of the policy in an update, of each.
    pub minibatch: usize,
    /// The logarithm of a ratio is taken to be at most this, and at least minus this.
    pub max_log_ratio: f64,
}

impl OccupancyRegularization {
    /// A discriminator that is sure within a round or two on small tasks; λ is the task's.
    #[must_use]
    pub fn with_coefficient(coefficient: f64) -> OccupancyRegularization {
        OccupancyRegularization {
            coefficient,
            n_reference_episodes: 64,
            hidden: vec![32, 32],
            learning_rate: 3e-3,
            n_updates: 32,
            minibatch: 128,
            max_log_ratio: 5.0,
        }
    }
}

impl Regularization {
    /// Its name in experiments.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Regularization::Kl { .. } => "kl",
            Regularization::Occupancy(_) => "occupancy",
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let coefficient = match self {
            Regularization::Kl { coefficient } => *coefficient,
            Regularization::Occupancy(occupancy) => occupancy.coefficient,
        };
        if !(coefficient.is_finite() && 0.0 <= coefficient) {
            let allowed = "it must be finite and not negative";
            return Err(setting("coefficient", coefficient, allowed));
        }
        let Regularization::Occupancy(occupancy) = self else {
            return Ok(());
        };
        for (key, value) in [
            ("n_reference_episodes", occupancy.n_reference_episodes),
            ("minibatch", occupancy.minibatch),
        ] {
            if value == 0 {
                return Err(setting(key, value, "it must be at least 1"));
            }
        }
        for (key, value) in [
            ("learning_rate", occupancy.learning_rate),
            ("max_log_ratio", occupancy.max_log_ratio),
        ] {
            if !(value.is_finite() && 0.0 < value) {
                return Err(setting(key, value, "it must be finite and above 0"));
            }
        }
        Ok(())
    }
}

/// What a round's steps cost, and how far from the reference the policy is.
#[derive(Clone, Debug, PartialEq)]
pub struct Penalties {
    /// `[T N]`, to be taken off the rewards that the optimiser receives.
    pub penalties: Vec<f32>,
    /// Mean over the steps of `log π/π_ref`, nats a step; or `√χ²` of the visits as the discriminator has it.
    pub divergence: f64,
}

/// Holds a policy near a reference policy, round by round.
#[derive(Debug)]
pub struct Regularizer {
    reference: NetworkPolicy,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Kl {
        coefficient: f64,
    },
    Occupancy {
        settings: OccupancyRegularization,
        inputs: RewardInputs,
        ratio: Box<OccupancyRatio>,
    },
}

/// `√χ²` below which visits are alike: the ratio is noise then, and is not scaled up.
const LEAST_ROOT: f64 = 0.1;

impl Regularizer {
    /// Prepares it; for visits, the reference policy plays in environments of the same rules as `rules`.
    ///
    /// # Errors
    /// If a setting is impossible or the reference policy does not fit the environments.
    pub fn new(
        regularization: Regularization,
        reference: NetworkPolicy,
        rules: &dyn VectorEnvironment,
        seed: Seed,
        pool: &Pool,
    ) -> Result<Regularizer, Error> {
        regularization.check()?;
        reference.check_fits(rules)?;
        let kind = match regularization {
            Regularization::Kl { coefficient } => Kind::Kl { coefficient },
            Regularization::Occupancy(settings) => {
                let inputs = inputs_of(rules)?;
                let rows = played(&reference, rules, &inputs, &settings, seed, pool);
                let ratio = OccupancyRatio::new(inputs.n_inputs(), &settings, rows, seed);
                Kind::Occupancy {
                    ratio: Box::new(ratio),
                    settings,
                    inputs,
                }
            }
        };
        Ok(Regularizer { reference, kind })
    }

    /// The policy that is stayed near.
    #[must_use]
    pub fn reference(&self) -> &NetworkPolicy {
        &self.reference
    }

    /// What the steps of a round cost that `policy` collected; the discriminator learns from them first.
    ///
    /// # Errors
    /// If the discriminator's weights diverge.
    pub fn penalties(
        &mut self,
        round: &ppo::Round<'_>,
        policy: &NetworkPolicy,
        pool: &Pool,
    ) -> Result<Penalties, Error> {
        match &mut self.kind {
            Kind::Kl { coefficient } => {
                let log_ratios = log_ratios_of_actions(&self.reference, round, policy, pool);
                let mean = log_ratios.iter().sum::<f64>() / log_ratios.len().max(1) as f64;
                let cost = |log: &f64| (*coefficient * log) as f32;
                Ok(Penalties {
                    penalties: log_ratios.iter().map(cost).collect(),
                    divergence: mean,
                })
            }
            Kind::Occupancy {
                settings,
                inputs,
                ratio,
            } => {
                let rows = rows_of(inputs, round);
                ratio.learn(&rows, settings, pool)?;
                Ok(of_ratios(&ratio.log_ratios(&rows, pool), settings))
            }
        }
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        arrays.put_bytes("regularizer.reference", &self.reference.to_bytes());
        if let Kind::Occupancy { ratio, .. } = &self.kind {
            ratio.save(arrays);
        }
    }

    /// The one that [`Regularizer::save`] saw, of the same settings and rules.
    pub(crate) fn restored(
        regularization: Regularization,
        rules: &dyn VectorEnvironment,
        arrays: &mut Arrays,
    ) -> Result<Regularizer, Error> {
        let reference = NetworkPolicy::from_bytes(&arrays.take_bytes("regularizer.reference")?)?;
        reference.check_fits(rules)?;
        let kind = match regularization {
            Regularization::Kl { coefficient } => Kind::Kl { coefficient },
            Regularization::Occupancy(settings) => {
                let inputs = inputs_of(rules)?;
                let ratio = OccupancyRatio::restored(inputs.n_inputs(), &settings, arrays)?;
                Kind::Occupancy {
                    ratio: Box::new(ratio),
                    settings,
                    inputs,
                }
            }
        };
        Ok(Regularizer { reference, kind })
    }
}

/// `[T N]`, `log π(a|s) - log π_ref(a|s)`. Both are asked about the action as the environment took it, so that a
/// continuous action that was clipped costs neither more nor less for that.
fn log_ratios_of_actions(
    reference: &NetworkPolicy,
    round: &ppo::Round<'_>,
    policy: &NetworkPolicy,
    pool: &Pool,
) -> Vec<f64> {
    let n = round.terminated.len();
    let of = |policy: &NetworkPolicy| {
        let (mut log_probs, mut entropies) = (vec![0.0; n], vec![0.0; n]);
        let (observations, actions) = (round.observations, round.actions);
        policy.evaluate(observations, actions, &mut log_probs, &mut entropies, pool);
        log_probs
    };
    let (own, reference) = (of(policy), of(reference));
    let pairs = own.iter().zip(&reference);
    pairs
        .map(|(own, r)| f64::from(*own) - f64::from(*r))
        .collect()
}

/// Penalties from logarithms of ratios of visits.
fn of_ratios(log_ratios: &[f64], settings: &OccupancyRegularization) -> Penalties {
    let most = settings.max_log_ratio;
    let surplus: Vec<f64> = log_ratios
        .iter()
        .map(|log| log.clamp(-most, most).exp() - 1.0)
        .collect();
    let chi_squared = surplus.iter().sum::<f64>() / surplus.len().max(1) as f64;
    let root = chi_squared.max(0.0).sqrt();
    let scale = settings.coefficient / root.max(LEAST_ROOT);
    Penalties {
        penalties: surplus.iter().map(|s| (scale * s) as f32).collect(),
        divergence: root,
    }
}

/// A step as the discriminator reads it: the observation and the action.
fn inputs_of(rules: &dyn VectorEnvironment) -> Result<RewardInputs, Error> {
    Ok(RewardInputs {
        n_features: rules.n_features(),
        actions: ActionInputs::of(&rules.action_space())?,
        observation: true,
        action: true,
        next_observation: false,
        terminated: false,
    })
}

fn rows_of(inputs: &RewardInputs, round: &ppo::Round<'_>) -> Vec<f32> {
    let mut rows = vec![0.0; round.terminated.len() * inputs.n_inputs()];
    let transitions = Transitions {
        observations: round.observations,
        actions: round.actions,
        next_observations: round.next_observations,
        terminated: round.terminated,
        states: &[],
    };
    inputs.write(&transitions, &mut rows);
    rows
}

/// Rows of the steps of whole episodes of the reference policy.
fn played(
    reference: &NetworkPolicy,
    rules: &dyn VectorEnvironment,
    inputs: &RewardInputs,
    settings: &OccupancyRegularization,
    seed: Seed,
    pool: &Pool,
) -> Vec<f32> {
    let n = settings.n_reference_episodes;
    let mut actor = reference.actor(Play::Sampled, n_side_by_side(n));
    let seed = seed.child("reference episodes", 0);
    let episodes = rl::demonstrate(actor.as_mut(), rules, n, seed, pool);
    let space = rules.observation_space();
    let mut rows = vec![];
    for episode in episodes.episodes() {
        let n_steps = episode.n_steps(inputs.actions.n_values());
        let n_features = inputs.n_features;
        let mut features = vec![0.0; (n_steps + 1) * n_features];
        rl::write_features(&space, episode.observations, &mut features);
        let start = rows.len();
        rows.resize(start + n_steps * inputs.n_inputs(), 0.0);
        let transitions = Transitions {
            observations: &features[..n_steps * n_features],
            actions: episode.actions,
            next_observations: &features[n_features..],
            terminated: &vec![false; n_steps],
            states: &[],
        };
        inputs.write(&transitions, &mut rows[start..]);
    }
    rows
}
