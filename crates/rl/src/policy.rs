//! Trained policies.

use std::borrow::Cow;

use mdp::{Rng, Space};
use nn::{Activation, HeadInputs, Initialization, MlpShape, Model, Pool, RunningNorm, Workspace};

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

/// What a policy network looks like that has no value beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyShape {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// How the weights begin.
    pub initialization: Initialization,
    /// Log of the deviation of continuous actions at the start; it is learned, one for each number of an action.
    pub log_std: f32,
    /// Whether observations are normalised by the mean and deviation of those it was [told of](NetworkPolicy::observe).
    pub normalize_observations: bool,
}

impl NetworkPolicy {
    /// A policy with fresh weights that reads `n_features` and acts in a space of choices or of continuous actions.
    ///
    /// Continuous actions are normal with a deviation that does not depend on the observation, clipped to their bounds
    /// for the environment but not in the log-probability.
    ///
    /// # Errors
    /// If the space is a tuple, or an action has more than 256 numbers.
    ///
    /// # Panics
    /// If a width is 0.
    pub fn with_shape(
        shape: &PolicyShape,
        n_features: usize,
        actions: &Space,
        rng: &mut Rng,
    ) -> Result<NetworkPolicy, Error> {
        let head = Head::for_space(actions)?;
        let distribution = head.distribution();
        let mlp = MlpShape {
            inputs: n_features,
            hidden: shape.hidden.clone(),
            outputs: distribution.n_outputs(),
            activation: shape.activation,
        };
        let free = vec![shape.log_std; distribution.n_free()];
        let model = Model::new(&[(mlp, shape.initialization.clone())], &free, rng);
        Ok(NetworkPolicy::new(
            model,
            head,
            n_features,
            shape.normalize_observations,
        ))
    }

    /// The policy that a trained network is: its first outputs are those of the plain distribution over `actions`, one
    /// output more may be a value.
    ///
    /// # Errors
    /// If the space is a tuple, an action has more than 256 numbers, or the network has other outputs or free parameters.
    pub fn of_network(
        model: Model,
        actions: &Space,
        normalization: Option<RunningNorm>,
    ) -> Result<NetworkPolicy, Error> {
        let head = Head::for_space(actions)?;
        if !head.fits(&model) {
            return Err(Error::Saved(format!(
                "the network has {} outputs, which are not those of {}",
                model.n_outputs(),
                head.describe()
            )));
        }
        Ok(NetworkPolicy {
            n_features: model.n_inputs(),
            model,
            head,
            normalization,
        })
    }

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

    /// The parameters, for an optimiser: those of the network, then the free ones of the distribution, if any.
    pub fn parameters_mut(&mut self) -> &mut [f32] {
        self.model.parameters_mut()
    }

    /// How many parameters at the end belong to the distribution: log-deviations of continuous actions.
    #[must_use]
    pub fn n_free(&self) -> usize {
        self.model.free().len()
    }

    /// Numbers in one action.
    #[must_use]
    pub fn n_action_values(&self) -> usize {
        self.head.n_action_values()
    }

    /// Features an observation has.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Takes note of raw observations `[N, F]` where it normalises: later ones are scaled by all that it was told of.
    pub fn observe(&mut self, observations: &[f32]) {
        if let Some(norm) = &mut self.normalization {
            norm.update(observations);
        }
    }

    /// Raw observations `[N, F]` as the network sees them.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn normalize(&self, observations: &[f32], out: &mut [f32]) {
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

    /// Puts what it knows of the mean and deviation of observations into a saved state.
    pub fn save_normalization(&self, arrays: &mut Arrays) {
        if let Some(norm) = &self.normalization {
            arrays.put_f64("normalization", norm.state());
        }
    }

    /// Takes what [`NetworkPolicy::save_normalization`] put there.
    ///
    /// # Errors
    /// If it is missing or of other features.
    pub fn restore_normalization(&mut self, arrays: &mut Arrays) -> Result<(), Error> {
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
    policy: Cow<'p, NetworkPolicy>,
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
        Actor::of(Cow::Borrowed(policy), play, n)
    }

    fn of(policy: Cow<'p, NetworkPolicy>, play: Play, n: usize) -> Actor<'p> {
        Actor {
            play,
            noise: Noise::new(&policy.head, n),
            n_acts: 0,
            workspace: Workspace::new(),
            normalized: vec![0.0; n * policy.n_features],
            outputs: vec![0.0; n * policy.model.n_outputs()],
            latent: vec![0.0; n * policy.model.n_latents()],
            policy,
        }
    }
}

impl Actor<'static> {
    /// An actor for `n` environments that keeps its policy, such as an expert that outlives whoever trained it.
    #[must_use]
    pub fn owning(policy: NetworkPolicy, play: Play, n: usize) -> Actor<'static> {
        Actor::of(Cow::Owned(policy), play, n)
    }
}

impl BatchPolicy for Actor<'_> {
    fn act(&mut self, observations: &[f32], rngs: &mut [Rng], actions: &mut [f32], pool: &Pool) {
        let policy = self.policy.as_ref();
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
