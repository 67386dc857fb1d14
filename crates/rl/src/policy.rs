//! Trained policies.

use mdp::Rng;
use nn::{HeadInputs, Model, Pool, RunningNorm, Workspace};

use crate::checkpoint::Arrays;
use crate::head::{Head, Noise};
use crate::{Error, StepBatch, VectorEnvironment};

/// How a policy plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// Actions drawn as in training.
    Sampled,
    /// The best action by the policy's own lights.
    Greedy,
}

/// A policy that is a network: what it sees is normalised, what it says goes through a head.
#[derive(Clone, Debug)]
pub struct NetworkPolicy {
    pub(crate) model: Model,
    pub(crate) head: Head,
    pub(crate) n_features: usize,
    pub(crate) normalization: Option<RunningNorm>,
}

impl NetworkPolicy {
    pub(crate) fn new(
        model: Model,
        head: Head,
        n_features: usize,
        normalize: bool,
    ) -> NetworkPolicy {
        NetworkPolicy {
            model,
            head,
            n_features,
            normalization: normalize.then(|| RunningNorm::new(n_features)),
        }
    }

    /// Number of parameters that are learned.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        self.model.parameters().len()
    }

    /// The parameters that are learned.
    #[must_use]
    pub fn parameters(&self) -> &[f32] {
        self.model.parameters()
    }

    /// Features an observation has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Takes note of raw observations `[N, F]`, where it normalises.
    pub(crate) fn observe(&mut self, observations: &[f32]) {
        if let Some(norm) = &mut self.normalization {
            norm.update(observations);
        }
    }

    /// Raw observations as the network sees them.
    pub(crate) fn normalize(&self, observations: &[f32], out: &mut [f32]) {
        match &self.normalization {
            Some(norm) => norm.normalize(observations, out),
            None => out.copy_from_slice(observations),
        }
    }

    pub(crate) fn normalize_in_place(&self, observations: &mut [f32]) {
        if let Some(norm) = &self.normalization {
            norm.normalize_in_place(observations);
        }
    }

    pub(crate) fn save_normalization(&self, arrays: &mut Arrays) {
        if let Some(norm) = &self.normalization {
            arrays.put_f64("normalization", norm.state());
        }
    }

    pub(crate) fn restore_normalization(&mut self, arrays: &mut Arrays) -> Result<(), Error> {
        if let Some(norm) = &mut self.normalization {
            *norm = RunningNorm::from_state(self.n_features, &arrays.take_f64("normalization")?)?;
        }
        Ok(())
    }

    /// What the head reads of a batch.
    pub(crate) fn head_inputs<'a>(
        &'a self,
        outputs: &'a [f32],
        latent: &'a [f32],
    ) -> HeadInputs<'a> {
        HeadInputs {
            outputs,
            stride: self.model.n_outputs(),
            latent,
            free: self.model.free(),
        }
    }

    /// The policy as a safetensors file that describes itself.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let metadata = [("head".to_owned(), self.head.describe())];
        nn::save(&self.model, self.normalization.as_ref(), &metadata)
    }

    /// Reads what [`NetworkPolicy::to_bytes`] wrote.
    ///
    /// # Errors
    /// If the bytes are damaged, or are no policy.
    pub fn from_bytes(bytes: &[u8]) -> Result<NetworkPolicy, Error> {
        let saved = nn::load(bytes)?;
        let described = saved.metadata.get("head").map_or("", String::as_str);
        let head = Head::from_description(described)
            .filter(|head| head.fits(&saved.model))
            .ok_or_else(|| {
                Error::Saved(format!("`{described}` is no policy head of this network"))
            })?;
        let n_features = saved.model.n_inputs();
        Ok(NetworkPolicy {
            n_features,
            model: saved.model,
            head,
            normalization: saved.normalization,
        })
    }

    /// Whether the policy can act in these environments.
    ///
    /// # Errors
    /// If the features or the actions are others.
    pub fn check_fits(&self, environment: &dyn VectorEnvironment) -> Result<(), Error> {
        if environment.n_features() != self.n_features {
            return Err(Error::Saved(format!(
                "the policy reads {} features, the environment gives {}",
                self.n_features,
                environment.n_features()
            )));
        }
        if !self.head.acts_in(&environment.action_space()) {
            return Err(Error::Saved(format!(
                "the policy acts through {}, the environment takes {}",
                self.head.describe(),
                environment.action_space()
            )));
        }
        Ok(())
    }
}

/// Anything that acts for a whole batch of environments.
pub trait BatchPolicy {
    /// Writes actions `[N, A]`, flat values of the action space, for raw observations `[N, F]`.
    fn act(&mut self, observations: &[f32], rngs: &mut [Rng], actions: &mut [f32], pool: &Pool);

    /// Tells it that a new episode begins in environment `index`.
    fn begin_episode(&mut self, index: usize) {
        let _ = index;
    }
}

/// A network policy with the memory it needs to act.
pub struct Actor<'p> {
    policy: &'p NetworkPolicy,
    play: Play,
    noise: Noise,
    n_acts: usize,
    workspace: Workspace,
    normalized: Vec<f32>,
    outputs: Vec<f32>,
    latent: Vec<f32>,
}

impl<'p> Actor<'p> {
    /// An actor for `n` environments.
    #[must_use]
    pub fn new(policy: &'p NetworkPolicy, play: Play, n: usize) -> Actor<'p> {
        Actor {
            policy,
            play,
            noise: Noise::new(&policy.head, n),
            n_acts: 0,
            workspace: Workspace::new(),
            normalized: vec![0.0; n * policy.n_features],
            outputs: vec![0.0; n * policy.model.n_outputs()],
            latent: vec![0.0; n * policy.model.n_latents()],
        }
    }
}

impl BatchPolicy for Actor<'_> {
    fn act(&mut self, observations: &[f32], rngs: &mut [Rng], actions: &mut [f32], pool: &Pool) {
        let policy = self.policy;
        if self.play == Play::Sampled {
            self.noise.resample_if_due(self.n_acts, policy, rngs);
        }
        self.n_acts += 1;
        policy.normalize(observations, &mut self.normalized);
        policy.model.forward_with_latent(
            &self.normalized,
            &mut self.outputs,
            &mut self.latent,
            &mut self.workspace,
            pool,
        );
        let inputs = policy.head_inputs(&self.outputs, &self.latent);
        match self.play {
            Play::Greedy => policy.head.mode(&inputs, rngs.len(), actions),
            Play::Sampled => policy.head.sample(&inputs, &self.noise, rngs, actions),
        }
        policy.head.clip(actions);
    }
}

/// A scratch batch and the streams of a group of environments that a policy plays in.
pub(crate) struct Stage {
    pub(crate) environment: Box<dyn VectorEnvironment>,
    pub(crate) batch: StepBatch,
    pub(crate) observations: Vec<f32>,
    pub(crate) actions: Vec<f32>,
    pub(crate) rngs: Vec<Rng>,
}

impl Stage {
    pub(crate) fn new(rules: &dyn VectorEnvironment, n: usize, seed: mdp::Seed) -> Stage {
        let mut environment = rules.fresh(n, seed);
        let mut observations = vec![0.0; n * environment.n_features()];
        environment.begin(&mut observations);
        Stage {
            batch: StepBatch::for_environment(environment.as_ref()),
            actions: vec![0.0; n * environment.action_space().n_values()],
            rngs: (0..n as u64).map(|i| seed.stream("play", i)).collect(),
            observations,
            environment,
        }
    }

    /// One step of every environment, chosen by the policy; new episodes are not begun yet.
    pub(crate) fn step(&mut self, policy: &mut dyn BatchPolicy, pool: &Pool) {
        policy.act(&self.observations, &mut self.rngs, &mut self.actions, pool);
        self.environment.step(&self.actions, &mut self.batch, pool);
    }

    /// Begins new episodes where they ended.
    pub(crate) fn renew(&mut self) {
        self.environment.renew(&mut self.batch);
        self.observations.copy_from_slice(&self.batch.observations);
    }
}
