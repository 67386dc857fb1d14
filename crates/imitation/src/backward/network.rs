//! The policy's and value's network, with or without a memory.

use std::sync::Mutex;

use mdp::{Rng, Space};
use nn::{
    Head, Initialization, MlpShape, Model, Pool, RecurrentModel, RecurrentShape,
    RecurrentWorkspace, RunningNorm, Sequences, Workspace,
};
use rl::{NetworkPolicy, TrainedPolicy};

use super::Buffers;
use super::config::{Config, NetworkShape};
use super::loss::{Loss, LossSums};
use super::recurrent::RecurrentPolicy;

/// A network whose first outputs are those of the head, and whose last is the value.
pub(super) enum Network {
    /// Without a memory: every row by itself.
    FeedForward(Model, Mutex<Workspace>),
    /// With one: rows in the order of their steps.
    Recurrent(RecurrentModel, Box<Mutex<RecurrentWorkspace>>),
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
            NetworkShape::Recurrent {
                encoder,
                activation,
                units,
            } => {
                let shape = RecurrentShape {
                    inputs: n_features,
                    encoder: *encoder,
                    activation: *activation,
                    units: *units,
                    outputs: head.n_outputs() + 1,
                };
                let groups = [(head.n_outputs(), 0.01), (1, 1.0)];
                let model = RecurrentModel::new(&shape, &groups, &free, rng);
                Network::Recurrent(model, Box::default())
            }
        }
    }

    pub(super) fn n_outputs(&self) -> usize {
        match self {
            Network::FeedForward(model, _) => model.n_outputs(),
            Network::Recurrent(model, _) => model.shape().outputs,
        }
    }

    /// Numbers that it remembers of an episode.
    pub(super) fn n_memory(&self) -> usize {
        match self {
            Network::FeedForward(..) => 0,
            Network::Recurrent(model, _) => model.shape().units,
        }
    }

    pub(super) fn parameters(&self) -> &[f32] {
        match self {
            Network::FeedForward(model, _) => model.parameters(),
            Network::Recurrent(model, _) => model.parameters(),
        }
    }

    pub(super) fn parameters_mut(&mut self) -> &mut [f32] {
        match self {
            Network::FeedForward(model, _) => model.parameters_mut(),
            Network::Recurrent(model, _) => model.parameters_mut(),
        }
    }

    pub(super) fn free(&self) -> &[f32] {
        match self {
            Network::FeedForward(model, _) => model.free(),
            Network::Recurrent(model, _) => model.free(),
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
            Network::Recurrent(model, workspace) => {
                let workspace = &mut workspace.lock().expect("no pass panicked");
                model.step(inputs, memory, outputs, workspace, pool);
            }
        }
    }

    /// What is shuffled in an epoch: rows that count, or environments with all their rows.
    pub(super) fn order(&self, buffers: &Buffers) -> Vec<u32> {
        match self {
            Network::FeedForward(..) => {
                let counts = (0..buffers.counts.len() as u32).zip(&buffers.counts);
                let counting = counts.filter(|(_, counts)| **counts);
                counting.map(|(row, _)| row).collect()
            }
            Network::Recurrent(..) => (0..buffers.n_environments as u32).collect(),
        }
    }

    /// How many of them make a minibatch.
    pub(super) fn minibatch(&self, config: &Config) -> usize {
        match self {
            Network::FeedForward(..) => config.minibatch_environments * config.n_steps,
            Network::Recurrent(..) => config.minibatch_environments,
        }
    }

    /// How many rows of a part of the round count.
    pub(super) fn n_counting(&self, buffers: &Buffers, part: &[u32]) -> usize {
        match self {
            Network::FeedForward(..) => part.len(),
            Network::Recurrent(..) => {
                let steps = buffers.counts.chunks_exact(buffers.n_environments);
                let of_step =
                    |counts: &[bool]| part.iter().filter(|n| counts[**n as usize]).count();
                steps.map(of_step).sum()
            }
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
            Network::Recurrent(model, workspace) => {
                let workspace = &mut workspace.lock().expect("no pass panicked");
                let sequences = Sequences {
                    n_sequences: buffers.n_environments,
                    inputs: &buffers.inputs,
                    forgets: &buffers.forgets,
                    memory: &buffers.memory,
                };
                model.gradient(&sequences, part, &tile, gradient, workspace, pool)
            }
        }
    }

    /// The policy that it is.
    pub(super) fn policy(
        &self,
        head: &Head,
        space: &Space,
        normalization: Option<RunningNorm>,
    ) -> Box<dyn TrainedPolicy> {
        match self {
            Network::FeedForward(model, _) => {
                let policy = NetworkPolicy::of_network(model.clone(), space, normalization);
                Box::new(policy.expect("the network was made for the space"))
            }
            Network::Recurrent(model, _) => Box::new(RecurrentPolicy {
                model: model.clone(),
                head: head.clone(),
                bounds: bounds(space),
                normalization,
            }),
        }
    }
}

/// Least and greatest numbers of a continuous action; none for choices.
pub(super) fn bounds(space: &Space) -> Vec<(f32, f32)> {
    match space {
        Space::Continuous { low, high, .. } => {
            low.iter().copied().zip(high.iter().copied()).collect()
        }
        _ => vec![],
    }
}
