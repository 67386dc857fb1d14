//! The ratio of two policies' visits, learned by telling their steps apart.

use mdp::{Rng, Seed, index};
use nn::{
    Activation, Adam, AdamConfig, Initialization, MlpShape, Model, Pool, RunningNorm, Tile,
    Workspace,
};
use rl::{Arrays, Error};

use super::OccupancyRegularization;
use crate::probability::sigmoid;

/// A network whose output, once it tells steps of a policy from steps of the reference as well as can be, is
/// `log(μ / μ_ref)`: the logit of a step of either being the policy's, both being drawn equally often.
#[derive(Debug)]
pub struct OccupancyRatio {
    n_inputs: usize,
    model: Model,
    adam: Adam,
    norm: RunningNorm,
    /// `[N, inputs]`, steps of the reference, normalised.
    reference: Vec<f32>,
    gradient: Vec<f32>,
    workspace: Workspace,
    rng: Rng,
}

impl OccupancyRatio {
    /// A ratio of about 1 everywhere, to be learned; `reference` is `[N, inputs]`, steps of the reference policy.
    ///
    /// # Panics
    /// If there are no steps, or they are not whole rows.
    #[must_use]
    pub fn new(
        n_inputs: usize,
        settings: &OccupancyRegularization,
        mut reference: Vec<f32>,
        seed: Seed,
    ) -> OccupancyRatio {
        assert!(
            !reference.is_empty() && reference.len().is_multiple_of(n_inputs),
            "whole rows of {n_inputs} inputs"
        );
        let mut norm = RunningNorm::new(n_inputs);
        norm.update(&reference);
        norm.normalize_in_place(&mut reference);
        OccupancyRatio::of(n_inputs, settings, norm, reference, seed)
    }

    fn of(
        n_inputs: usize,
        settings: &OccupancyRegularization,
        norm: RunningNorm,
        reference: Vec<f32>,
        seed: Seed,
    ) -> OccupancyRatio {
        let shape = MlpShape {
            inputs: n_inputs,
            hidden: settings.hidden.clone(),
            outputs: 1,
            activation: Activation::Tanh,
        };
        let initialization = Initialization::Orthogonal {
            hidden_gain: 1.0,
            output_gain: 0.01,
        };
        let mut weights = seed.stream("occupancy weights", 0);
        let model = Model::new(&[(shape, initialization)], &[], &mut weights);
        let n_parameters = model.parameters().len();
        OccupancyRatio {
            n_inputs,
            adam: Adam::new(n_parameters, AdamConfig::adam(1e-8)),
            gradient: vec![0.0; n_parameters],
            model,
            norm,
            reference,
            workspace: Workspace::new(),
            rng: seed.stream("occupancy draws", 0),
        }
    }

    /// The updates of a round from the policy's steps, `[N, inputs]`, not normalised.
    ///
    /// # Errors
    /// If the weights diverge.
    ///
    /// # Panics
    /// If there are no steps, or they are not whole rows.
    pub fn learn(
        &mut self,
        own: &[f32],
        settings: &OccupancyRegularization,
        pool: &Pool,
    ) -> Result<(), Error> {
        assert!(
            !own.is_empty() && own.len().is_multiple_of(self.n_inputs),
            "whole rows of {} inputs",
            self.n_inputs
        );
        let mut own = own.to_vec();
        self.norm.normalize_in_place(&mut own);
        let n = settings.minibatch;
        let rows: Vec<u32> = (0..2 * n as u32).collect();
        let mut batch = Vec::with_capacity(2 * n * self.n_inputs);
        for _ in 0..settings.n_updates {
            batch.clear();
            for of in [&own, &self.reference] {
                for _ in 0..n {
                    let row = index(of.len() / self.n_inputs, &mut self.rng);
                    batch.extend_from_slice(&of[row * self.n_inputs..][..self.n_inputs]);
                }
            }
            self.update(&batch, &rows, settings.learning_rate, pool)?;
        }
        Ok(())
    }

    /// A step of Adam on the cross-entropy, the first half of the rows being the policy's.
    fn update(
        &mut self,
        batch: &[f32],
        rows: &[u32],
        learning_rate: f64,
        pool: &Pool,
    ) -> Result<(), Error> {
        let n_own = rows.len() as u32 / 2;
        let weight = 1.0 / rows.len() as f64;
        let loss = |tile: Tile<'_>, (): &mut ()| {
            let outputs = tile.outputs.iter().zip(tile.rows);
            for (d, (output, row)) in tile.d_outputs.iter_mut().zip(outputs) {
                let is_own = f64::from(u8::from(*row < n_own));
                *d = (weight * (sigmoid(f64::from(*output)) - is_own)) as f32;
            }
        };
        let (gradient, workspace) = (&mut self.gradient, &mut self.workspace);
        self.model
            .gradient(batch, rows, &loss, gradient, workspace, pool);
        let norm = nn::gradient_norm(&self.gradient);
        if !norm.is_finite() {
            return Err(Error::Diverged {
                n_steps: self.adam.n_steps,
                what: "the norm of the occupancy discriminator's gradient",
                value: norm,
            });
        }
        let parameters = self.model.parameters_mut();
        self.adam.step(parameters, &self.gradient, learning_rate);
        Ok(())
    }

    /// `[N]`, the logarithm of the ratio at steps, `[N, inputs]`, not normalised.
    ///
    /// # Panics
    /// If the rows are not whole.
    #[must_use]
    pub fn log_ratios(&mut self, rows: &[f32], pool: &Pool) -> Vec<f64> {
        let mut rows = rows.to_vec();
        self.norm.normalize_in_place(&mut rows);
        let mut outputs = vec![0.0; rows.len() / self.n_inputs];
        self.model
            .forward(&rows, &mut outputs, &mut self.workspace, pool);
        outputs.into_iter().map(f64::from).collect()
    }

    pub(super) fn save(&self, arrays: &mut Arrays) {
        let mut own = Arrays::default();
        own.put_f32("parameters", self.model.parameters());
        own.put_adam(&self.adam);
        own.put_f64("norm", self.norm.state());
        own.put_f32("reference", self.reference.as_slice());
        own.put_rngs("draws", std::slice::from_ref(&self.rng));
        arrays.put_bytes("regularizer.occupancy", &own.to_bytes());
    }

    pub(super) fn restored(
        n_inputs: usize,
        settings: &OccupancyRegularization,
        arrays: &mut Arrays,
    ) -> Result<OccupancyRatio, Error> {
        let mut own = Arrays::from_bytes(&arrays.take_bytes("regularizer.occupancy")?)?;
        let norm = RunningNorm::from_state(n_inputs, &own.take_f64("norm")?)?;
        let reference = own.take_f32("reference")?;
        if reference.is_empty() || !reference.len().is_multiple_of(n_inputs) {
            let problem = format!("{} numbers are no steps of the reference", reference.len());
            return Err(Error::Saved(problem));
        }
        let mut restored = OccupancyRatio::of(n_inputs, settings, norm, reference, Seed(0));
        let n_parameters = restored.gradient.len();
        let parameters = own.take_f32_of("parameters", n_parameters)?;
        restored.model.parameters_mut().copy_from_slice(&parameters);
        restored.adam = own.take_adam(restored.adam.config, n_parameters)?;
        let rngs = own.take_rngs_of("draws", 1)?;
        restored.rng = rngs.into_iter().next().expect("one stream");
        Ok(restored)
    }
}
