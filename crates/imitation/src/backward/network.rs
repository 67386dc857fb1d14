//! The policy's and value's network, with or without a memory.

use std::sync::Mutex;

use mdp::{Rng, Space};
use nn::{Head, Initialization, MlpShape, Model, Pool, RunningNorm, Workspace};
use rl::{NetworkPolicy, TrainedPolicy};

use super::Buffers;
use super::config::{Config, NetworkShape};
use super::loss::{Loss, LossSums};

/// A network whose first outputs are those of the head, and whose last is the value.
pub(super) enum Network {
    /// Without a memory: every row by itself.
    FeedForward(Model, Mutex<Workspace>),
}

impl Network {
    pub(super) fn new(
        shape: &NetworkShape,
        n_features: usize,
        head: &Head,
        rng: &mut Rng,
    ) -> Network {
        let free = vec![0.0; head.n_free()];
        match shape {
            NetworkShape::FeedForward { hidden, activation } => {
                let mlp = |outputs, output_gain| {
                    let shape = MlpShape {
                        inputs: n_features,
                        hidden: hidden.clone(),
                        outputs,
                        activation: *activation,
                    };
                    let initialization = Initialization::Orthogonal {
                        hidden_gain: std::f32::consts::SQRT_2,
                        output_gain,
                    };
                    (shape, initialization)
                };
                let mlps = [mlp(head.n_outputs(), 0.01), mlp(1, 1.0)];
                let model = Model::new(&mlps, &free, rng);
                Network::FeedForward(model, Mutex::default())
            }
        }
    }

    pub(super) fn n_outputs(&self) -> usize {
        match self {
            Network::FeedForward(model, _) => model.n_outputs(),
        }
    }

    /// Numbers that it remembers of an episode.
    pub(super) fn n_memory(&self) -> usize {
        match self {
            Network::FeedForward(..) => 0,
        }
    }

    pub(super) fn parameters(&self) -> &[f32] {
        match self {
            Network::FeedForward(model, _) => model.parameters(),
        }
    }

    pub(super) fn parameters_mut(&mut self) -> &mut [f32] {
        match self {
            Network::FeedForward(model, _) => model.parameters_mut(),
        }
    }

    pub(super) fn free(&self) -> &[f32] {
        match self {
            Network::FeedForward(model, _) => model.free(),
        }
    }

    /// One step of every row: `inputs` `[rows, F]`, `memory` `[rows, M]` before and after, `outputs` `[rows, O]`.
    pub(super) fn step(
        &self,
        inputs: &[f32],
        memory: &mut [f32],
        outputs: &mut [f32],
        pool: &Pool,
    ) {
        match self {
            Network::FeedForward(model, workspace) => {
                let workspace = &mut workspace.lock().expect("no pass panicked");
                model.forward(inputs, outputs, workspace, pool);
            }
        }
        let _ = memory;
    }

    /// What is shuffled in an epoch: rows that count, or environments with all their rows.
    pub(super) fn order(&self, buffers: &Buffers) -> Vec<u32> {
        match self {
            Network::FeedForward(..) => {
                let counts = (0..buffers.counts.len() as u32).zip(&buffers.counts);
                let counting = counts.filter(|(_, counts)| **counts);
                counting.map(|(row, _)| row).collect()
            }
        }
    }

    /// How many of them make a minibatch.
    pub(super) fn minibatch(&self, config: &Config) -> usize {
        match self {
            Network::FeedForward(..) => config.minibatch_environments * config.n_steps,
        }
    }

    /// How many rows of a part of the round count.
    pub(super) fn n_counting(&self, _buffers: &Buffers, part: &[u32]) -> usize {
        match self {
            Network::FeedForward(..) => part.len(),
        }
    }

    /// The gradient of a loss over a part of the round.
    pub(super) fn gradient(
        &self,
        buffers: &Buffers,
        part: &[u32],
        loss: &Loss<'_>,
        gradient: &mut [f32],
        pool: &Pool,
    ) -> LossSums {
        let tile = |tile: nn::Tile<'_>, sums: &mut LossSums| loss.tile(tile, sums);
        match self {
            Network::FeedForward(model, workspace) => {
                let workspace = &mut workspace.lock().expect("no pass panicked");
                model.gradient(&buffers.inputs, part, &tile, gradient, workspace, pool)
            }
        }
    }

    /// The policy that it is.
    pub(super) fn policy(
        &self,
        space: &Space,
        normalization: Option<RunningNorm>,
    ) -> Box<dyn TrainedPolicy> {
        match self {
            Network::FeedForward(model, _) => {
                let policy = NetworkPolicy::of_network(model.clone(), space, normalization);
                Box::new(policy.expect("the network was made for the space"))
            }
        }
    }
}
