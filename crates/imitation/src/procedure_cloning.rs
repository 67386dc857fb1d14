//! Procedure cloning (Yang, Schuurmans, Abbeel and Nachum, 2022): imitate how the expert found out what to do.
//!
//! An expert who plans leaves more than an action: the states `x_1 … x_L` of its computation, here boards that hold a
//! label for each cell. Behavioural cloning fits `π(a|s)` and throws them away. Procedure cloning fits
//!
//! `p(x_1, …, x_L | s) = Π_l p(x_l | x_{l-1}, s)`,
//!
//! one network that is shown the situation and a board and says the next board, a softmax over labels in each cell; at test
//! time it is applied to its own boards until the agent's cell has an action. So what is learned is one round of a
//! search, which is local and the same in every maze, and how long the way is matters no more.
//!
//! # Details
//! As in the authors' code (google-research, `procedure_cloning`): the input of a cell is its channels in the observation
//! and the one-hot label of the board, at first all blank; 3 x 3 convolutions with ReLU between them and "same" padding;
//! cross-entropy averaged over all cells, walls among them; Adam (ε of Keras, 1e-7); pairs of boards drawn uniformly from
//! all rounds of all demonstrated steps; the search is run anew in every step, for at most 100 rounds, and where that
//! leaves the agent without an action, a random one is taken.
//!
//! The other methods learn from the same demonstrations ([`Method`]): cloning of the action alone, with augmented
//! observations (one bilinear resampling, zoom and shift by up to a tenth, in place of Keras's three layers), with the
//! last board as an auxiliary task, and the last board predicted in one go. Their convolutions end in dense layers, max
//! pools before, as published; the auxiliary task is another group of outputs of the last dense layer in place of dense
//! layers of its own.
//!
//! Logged quantities: `policy_loss`, see [`rl::Iteration`].

use std::sync::Arc;
use std::time::Instant;

use mdp::{Rng, Seed, Trajectories};
use nn::{Adam, MapModel, MapTile, MapWorkspace, Pool};
use rl::{
    Arrays, Error, Iteration, Learner, Observer, Profile, TrainEvent, TrainedPolicy,
    VectorEnvironment,
};

use crate::behavioral_cloning::check_demonstrations;

mod augment;
mod config;
mod data;
mod loss;
mod policy;
#[cfg(test)]
mod tests;

pub use config::{Config, Method, PRESETS};
pub use policy::{MapActor, MapPolicy};

use data::{Batch, Data};
use loss::Sums;

/// The expert's computation for an observation: the board after each round, a label for each cell. A label below the
/// number of actions is that action, the number of actions is blank; the last board has an action in the agent's cell.
pub type Procedure<'p> = &'p dyn Fn(&[f32]) -> Vec<Vec<u8>>;

/// Clones the procedure, or what [`Method`] says, that `demonstrations` came from. No environment is stepped.
///
/// # Errors
/// If a setting is impossible, observations are no maps, the procedure does not fit them, or the weights diverge.
pub fn train(
    config: Config,
    demonstrations: &Trajectories,
    procedure: Procedure<'_>,
    seed: Seed,
    pool: Arc<Pool>,
    observer: &mut dyn Observer,
) -> Result<MapPolicy, Error> {
    let n_steps = config.steps;
    let mut cloning = Cloning::new(config, demonstrations, procedure, seed, pool)?;
    while cloning.adam.n_steps < n_steps {
        cloning.iterate(observer)?;
    }
    Ok(cloning.policy)
}

/// A training in progress, with environments for whoever evaluates it.
///
/// [`Learner::n_steps`] counts what was passed over: [`Trainer::n_planned`] pairs of boards, or steps of demonstrations
/// for the other methods, in all.
pub struct Trainer {
    cloning: Cloning,
    environment: Box<dyn VectorEnvironment>,
}

impl Trainer {
    /// Prepares a training. The environments are not stepped; fresh ones of the same rules serve evaluation.
    ///
    /// # Errors
    /// If a setting is impossible, observations are no maps, the procedure does not fit them, or the demonstrations are of
    /// another environment.
    pub fn new(
        config: Config,
        demonstrations: &Trajectories,
        procedure: Procedure<'_>,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Trainer, Error> {
        check_demonstrations(demonstrations, environment.as_ref())?;
        Ok(Trainer {
            cloning: Cloning::new(config, demonstrations, procedure, seed, pool)?,
            environment,
        })
    }

    /// What the training passes over in all.
    #[must_use]
    pub fn n_planned(&self) -> u64 {
        let config = &self.cloning.config;
        config.steps * config.minibatch as u64
    }

    /// What there is to draw from: pairs of boards, or steps of demonstrations.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.cloning.data.n_samples(self.cloning.config.method)
    }
}

struct Cloning {
    config: Config,
    data: Data,
    policy: MapPolicy,
    adam: Adam,
    gradient: Vec<f32>,
    workspace: MapWorkspace,
    batch: Batch,
    draws: Rng,
    pool: Arc<Pool>,
    profile: Profile,
}

impl Cloning {
    fn new(
        config: Config,
        demonstrations: &Trajectories,
        procedure: Procedure<'_>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Cloning, Error> {
        config.check()?;
        let data = Data::new(&config, demonstrations, procedure)?;
        let network = config.network(data.shape, data.n_actions);
        let mut weights = seed.stream("weights", 0);
        let model = MapModel::new(network, &nn::Initialization::He, &mut weights);
        let n_parameters = model.parameters().len();
        Ok(Cloning {
            adam: Adam::new(n_parameters, config.adam()),
            gradient: vec![0.0; n_parameters],
            workspace: MapWorkspace::new(),
            batch: Batch::default(),
            draws: seed.stream("samples", 0),
            policy: MapPolicy::new(&config, data.shape, data.n_actions, model),
            profile: Profile::default(),
            data,
            config,
            pool,
        })
    }

    /// Some gradient steps.
    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let began = Instant::now();
        let n_left = self.config.steps.saturating_sub(self.adam.n_steps).max(1);
        let mut sums = Sums::default();
        let mut learning_rate = 0.0;
        for _ in 0..n_left.min(self.config.round) {
            let progress = self.adam.n_steps as f64 / self.config.steps as f64;
            learning_rate = self.config.learning_rate.at(progress);
            sums.add(&self.step(learning_rate));
        }
        self.profile.update += began.elapsed().as_secs_f64();
        let loss = sums.mean();
        if !loss.is_finite() {
            return Err(Error::Diverged {
                n_steps: self.n_seen(),
                what: "the loss",
                value: loss as f32,
            });
        }
        observer.on_event(&TrainEvent::Iteration(Iteration {
            n_steps: self.n_seen(),
            learning_rate: learning_rate as f32,
            policy_loss: Some(loss),
            ..Iteration::default()
        }));
        Ok(())
    }

    fn n_seen(&self) -> u64 {
        self.adam.n_steps * self.config.minibatch as u64
    }

    fn step(&mut self, learning_rate: f64) -> Sums {
        let n = self.config.minibatch;
        self.data
            .draw(&self.config, n, &mut self.draws, &mut self.batch);
        let (batch, data) = (&self.batch, &self.data);
        let loss = |tile: MapTile<'_>, sums: &mut Sums| match self.config.method {
            Method::Procedure | Method::FinalBoard => loss::of_cells(tile, batch, data, sums),
            Method::Action | Method::AugmentedAction | Method::AuxiliaryAction => {
                loss::of_actions(tile, batch, data, sums);
            }
        };
        let sums = self.policy.model.gradient(
            &batch.inputs,
            &batch.rows,
            &loss,
            &mut self.gradient,
            &mut self.workspace,
            &self.pool,
        );
        let parameters = self.policy.model.parameters_mut();
        self.adam.step(parameters, &self.gradient, learning_rate);
        sums
    }

    fn save(&self) -> Arrays {
        let mut arrays = Arrays::default();
        arrays.put_f32("parameters", self.policy.model.parameters());
        arrays.put_adam(&self.adam);
        arrays.put_rngs("draws", std::slice::from_ref(&self.draws));
        arrays.put_f64("profile", [self.profile.collect, self.profile.update]);
        arrays
    }

    fn restore(&mut self, mut arrays: Arrays) -> Result<(), Error> {
        let n_parameters = self.gradient.len();
        let parameters = arrays.take_f32_of("parameters", n_parameters)?;
        let adam = arrays.take_adam(self.config.adam(), n_parameters)?;
        let mut draws = arrays.take_rngs_of("draws", 1)?;
        let profile = arrays.take_f64_of("profile", 2)?;
        self.policy
            .model
            .parameters_mut()
            .copy_from_slice(&parameters);
        self.adam = adam;
        self.draws = draws.remove(0);
        self.profile = Profile {
            collect: profile[0],
            update: profile[1],
        };
        Ok(())
    }
}

impl Learner for Trainer {
    fn n_steps(&self) -> u64 {
        self.cloning.n_seen()
    }

    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        self.cloning.iterate(observer)
    }

    fn policy(&self) -> Box<dyn TrainedPolicy> {
        Box::new(self.cloning.policy.clone())
    }

    fn environment(&self) -> &dyn VectorEnvironment {
        self.environment.as_ref()
    }

    fn profile(&self) -> Profile {
        self.cloning.profile
    }

    fn save(&self) -> Vec<u8> {
        self.cloning.save().to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.cloning.restore(Arrays::from_bytes(bytes)?)
    }
}
