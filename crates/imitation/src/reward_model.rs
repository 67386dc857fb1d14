//! Rewards with parameters on the states and actions of a finite MDP: what inverse reinforcement learning fits.

#[cfg(test)]
mod tests;

use mdp::Seed;
use nn::{Activation, Initialization, MlpShape, Model, Pool, Tile, Workspace};

use crate::vector::greatest;

/// What a reward can see: one row of features a state, or one a state and action.
#[derive(Clone, Debug, PartialEq)]
pub struct Features {
    of: FeaturesOf,
    n_features: usize,
    n_actions: usize,
    /// `[S, K]` or `[S, A, K]`.
    values: Vec<f64>,
}

/// What has a row of features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeaturesOf {
    /// Each state: the reward does not depend on the action.
    States,
    /// Each state and action.
    StatesAndActions,
}

impl Features {
    /// Features of `n_features` numbers a row: `values` is `[S, K]` or `[S, A, K]`.
    ///
    /// # Panics
    /// If the values are not whole rows, or not a row for each action.
    #[must_use]
    pub fn new(of: FeaturesOf, n_features: usize, n_actions: usize, values: Vec<f64>) -> Features {
        let unit = match of {
            FeaturesOf::States => n_features,
            FeaturesOf::StatesAndActions => n_features * n_actions,
        };
        assert!(
            unit > 0 && values.len().is_multiple_of(unit),
            "{} values are not whole rows of {unit}",
            values.len()
        );
        Features {
            of,
            n_features,
            n_actions,
            values,
        }
    }

    /// One feature a state: a reward that can be anything, but the same for all actions.
    #[must_use]
    pub fn each_state(n_states: usize, n_actions: usize) -> Features {
        Features::new(FeaturesOf::States, n_states, n_actions, identity(n_states))
    }

    /// One feature a state and action: a reward that can be anything.
    #[must_use]
    pub fn each_state_and_action(n_states: usize, n_actions: usize) -> Features {
        let n_rows = n_states * n_actions;
        Features::new(
            FeaturesOf::StatesAndActions,
            n_rows,
            n_actions,
            identity(n_rows),
        )
    }

    /// Numbers in a row.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.values.len() / self.n_features
    }

    /// Number of states and actions together, the length of a reward.
    #[must_use]
    pub fn n_state_actions(&self) -> usize {
        match self.of {
            FeaturesOf::States => self.n_rows() * self.n_actions,
            FeaturesOf::StatesAndActions => self.n_rows(),
        }
    }

    /// One value a row, given to every state and action: `[S, A]`.
    fn spread(&self, rows: &[f64]) -> Vec<f64> {
        match self.of {
            FeaturesOf::States => {
                let each = rows
                    .iter()
                    .flat_map(|row| std::iter::repeat_n(*row, self.n_actions));
                each.collect()
            }
            FeaturesOf::StatesAndActions => rows.to_vec(),
        }
    }

    /// The adjoint of [`Features::spread`]: weights of states and actions, summed where they share a row.
    fn gather(&self, weights: &[f64]) -> Vec<f64> {
        match self.of {
            FeaturesOf::States => weights
                .chunks(self.n_actions)
                .map(|w| w.iter().sum())
                .collect(),
            FeaturesOf::StatesAndActions => weights.to_vec(),
        }
    }
}

fn identity(n: usize) -> Vec<f64> {
    let mut values = vec![0.0; n * n];
    (0..n).for_each(|i| values[i * n + i] = 1.0);
    values
}

/// A reward with parameters θ, on the states and actions of one finite MDP.
pub trait RewardModel {
    /// The parameters.
    fn parameters(&self) -> Vec<f64>;

    /// Sets the parameters.
    ///
    /// # Panics
    /// If there are not as many as [`RewardModel::parameters`] gives.
    fn set_parameters(&mut self, parameters: &[f64]);

    /// The reward of every state and action, `[S, A]`.
    fn rewards(&mut self) -> Vec<f64>;

    /// How far a policy's visits are from the expert's, as far as the reward can be blamed: from `surplus`, `[S, A]`,
    /// the policy's visits less the expert's, and the gradient for it.
    fn mismatch(&self, surplus: &[f64], gradient: &[f64]) -> f64;

    /// `Σ w(s, a) ∂r(s, a)/∂θ` for weights `[S, A]`: one number a parameter.
    fn gradient(&mut self, weights: &[f64]) -> Vec<f64>;
}

/// A reward linear in features: `r(s, a) = θ · φ(s, a)`.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearReward {
    features: Features,
    weights: Vec<f64>,
}

impl LinearReward {
    /// The reward that is zero everywhere, to be fitted.
    #[must_use]
    pub fn new(features: Features) -> LinearReward {
        LinearReward {
            weights: vec![0.0; features.n_features],
            features,
        }
    }
}

impl RewardModel for LinearReward {
    fn parameters(&self) -> Vec<f64> {
        self.weights.clone()
    }

    fn set_parameters(&mut self, parameters: &[f64]) {
        self.weights.copy_from_slice(parameters);
    }

    fn rewards(&mut self) -> Vec<f64> {
        let rows = self.features.values.chunks(self.features.n_features);
        let of = |row: &[f64]| row.iter().zip(&self.weights).map(|(x, w)| x * w).sum();
        self.features.spread(&rows.map(of).collect::<Vec<f64>>())
    }

    /// The greatest difference in the visits of a feature: none is the optimum.
    fn mismatch(&self, _surplus: &[f64], gradient: &[f64]) -> f64 {
        greatest(gradient)
    }

    fn gradient(&mut self, weights: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; self.weights.len()];
        let rows = self.features.values.chunks(self.features.n_features);
        for (row, weight) in rows.zip(self.features.gather(weights)) {
            // Most rows of an identity are zeros, and most states of a demonstration are never met.
            if weight != 0.0 {
                gradient
                    .iter_mut()
                    .zip(row)
                    .for_each(|(g, x)| *g += weight * x);
            }
        }
        gradient
    }
}

/// A reward that a small network computes from features.
#[derive(Debug)]
pub struct NetworkReward {
    features: Features,
    inputs: Vec<f32>,
    rows: Vec<u32>,
    model: Model,
    workspace: Workspace,
    pool: Pool,
}

impl NetworkReward {
    /// A network of tanh layers with the given hidden widths and fresh weights; its passes use `n_threads` threads.
    #[must_use]
    pub fn new(
        features: Features,
        hidden: &[usize],
        n_threads: usize,
        seed: Seed,
    ) -> NetworkReward {
        let shape = MlpShape {
            inputs: features.n_features,
            hidden: hidden.to_vec(),
            outputs: 1,
            activation: Activation::Tanh,
        };
        let initialization = Initialization::Orthogonal {
            hidden_gain: 1.0,
            output_gain: 0.1,
        };
        let mut rng = seed.stream("reward network", 0);
        NetworkReward {
            inputs: features.values.iter().map(|x| *x as f32).collect(),
            rows: (0..features.n_rows() as u32).collect(),
            model: Model::new(&[(shape, initialization)], &[], &mut rng),
            workspace: Workspace::new(),
            pool: Pool::new(n_threads),
            features,
        }
    }

    /// The network.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }
}

impl RewardModel for NetworkReward {
    fn parameters(&self) -> Vec<f64> {
        self.model
            .parameters()
            .iter()
            .map(|p| f64::from(*p))
            .collect()
    }

    fn set_parameters(&mut self, parameters: &[f64]) {
        let own = self.model.parameters_mut();
        assert_eq!(own.len(), parameters.len(), "one number a parameter");
        own.iter_mut()
            .zip(parameters)
            .for_each(|(own, p)| *own = *p as f32);
    }

    fn rewards(&mut self) -> Vec<f64> {
        let mut outputs = vec![0.0; self.rows.len()];
        self.model
            .forward(&self.inputs, &mut outputs, &mut self.workspace, &self.pool);
        let rows: Vec<f64> = outputs.into_iter().map(f64::from).collect();
        self.features.spread(&rows)
    }

    /// The greatest difference in visits of what has a row of features: a small gradient may be a saddle.
    fn mismatch(&self, surplus: &[f64], _gradient: &[f64]) -> f64 {
        greatest(&self.features.gather(surplus))
    }

    fn gradient(&mut self, weights: &[f64]) -> Vec<f64> {
        let weights = self.features.gather(weights);
        let loss = |tile: Tile<'_>, (): &mut ()| {
            for (d_output, row) in tile.d_outputs.iter_mut().zip(tile.rows) {
                *d_output = weights[*row as usize] as f32;
            }
        };
        let mut gradient = vec![0.0; self.model.parameters().len()];
        self.model.gradient(
            &self.inputs,
            &self.rows,
            &loss,
            &mut gradient,
            &mut self.workspace,
            &self.pool,
        );
        gradient.into_iter().map(f64::from).collect()
    }
}
