//! A policy that remembers what it saw in the episode.

use mdp::{Rng, Space};
use nn::{
    Activation, Head, HeadInputs, Pool, RecurrentModel, RecurrentShape, RecurrentWorkspace,
    RunningNorm,
};
use rl::{Arrays, BatchPolicy, Error, Play, TrainedPolicy, VectorEnvironment};

use super::network::bounds;

/// A policy that is a network with a memory. The memory belongs to the actor, and is empty when an episode begins.
#[derive(Clone, Debug)]
pub struct RecurrentPolicy {
    pub(super) model: RecurrentModel,
    pub(super) head: Head,
    /// Least and greatest numbers of a continuous action; empty for choices.
    pub(super) bounds: Vec<(f32, f32)>,
    pub(super) normalization: Option<RunningNorm>,
}

/// The policy with the memory that it needs to act.
struct RecurrentActor<'p> {
    policy: &'p RecurrentPolicy,
    play: Play,
    memory: Vec<f32>,
    workspace: RecurrentWorkspace,
    normalized: Vec<f32>,
    outputs: Vec<f32>,
}

/// The most numbers that a width in a file may be.
const MOST: u64 = 1 << 16;

impl RecurrentPolicy {
    /// Reads what [`TrainedPolicy::to_bytes`] wrote.
    ///
    /// # Errors
    /// If the bytes are damaged, or are no policy with a memory.
    pub fn from_bytes(bytes: &[u8]) -> Result<RecurrentPolicy, Error> {
        let mut arrays = Arrays::from_bytes(bytes)?;
        let shape = shape_of(&arrays.take_u64_of("recurrent.shape", 5)?)?;
        let head = head_of(&arrays.take_u64("recurrent.head")?)?;
        let bounds = arrays.take_f32("recurrent.bounds")?;
        let is_continuous = matches!(head, Head::Gaussian { .. });
        let n_bounds = if is_continuous {
            2 * head.action_width()
        } else {
            0
        };
        let fits = shape.outputs == head.n_outputs() + 1 && bounds.len() == n_bounds;
        let ordered = bounds.chunks_exact(2).all(|pair| pair[0] <= pair[1]);
        if !fits || !ordered {
            return Err(damaged("the outputs are not those of the actions"));
        }
        let normalization = match arrays.take_f64("normalization") {
            Ok(state) => Some(RunningNorm::from_state(shape.inputs, &state)?),
            Err(_) => None,
        };
        let parameters = arrays.take_f32("recurrent.parameters")?;
        let expected = n_parameters(&shape) + head.n_free() as u64;
        if parameters.len() as u64 != expected || parameters.iter().any(|x| !x.is_finite()) {
            return Err(damaged("the parameters are not those of the network"));
        }
        let mut model = RecurrentModel::zeros(&shape, head.n_free());
        model.parameters_mut().copy_from_slice(&parameters);
        Ok(RecurrentPolicy {
            model,
            head,
            bounds: bounds
                .chunks_exact(2)
                .map(|pair| (pair[0], pair[1]))
                .collect(),
            normalization,
        })
    }

    fn acts_in(&self, space: &Space) -> bool {
        let same_head = match (&self.head, space) {
            (Head::Categorical { n_actions }, Space::Discrete { n }) => n_actions == n,
            (Head::MultiDiscrete { sizes }, Space::MultiDiscrete { sizes: others }) => {
                sizes == others
            }
            (Head::Gaussian { n_actions }, Space::Continuous { low, .. }) => {
                *n_actions == low.len()
            }
            _ => false,
        };
        same_head && bounds(space) == self.bounds
    }
}

/// Parameters without the free ones.
fn n_parameters(shape: &RecurrentShape) -> u64 {
    let [inputs, encoder, units, outputs] =
        [shape.inputs, shape.encoder, shape.units, shape.outputs].map(|n| n as u64);
    (inputs + 1) * encoder
        + (encoder + 1) * 3 * units
        + (units + 1) * 3 * units
        + (units + encoder + 1) * outputs
}

fn damaged(what: &str) -> Error {
    Error::Saved(format!("it is no policy with a memory: {what}"))
}

fn shape_of(numbers: &[u64]) -> Result<RecurrentShape, Error> {
    let activation = match numbers[4] {
        0 => Activation::Tanh,
        1 => Activation::Relu,
        other => return Err(damaged(&format!("activation {other} is not known"))),
    };
    if numbers[..4].iter().any(|n| !(1..=MOST).contains(n)) {
        return Err(damaged("a width is 0 or too great"));
    }
    Ok(RecurrentShape {
        inputs: numbers[0] as usize,
        encoder: numbers[1] as usize,
        units: numbers[2] as usize,
        outputs: numbers[3] as usize,
        activation,
    })
}

fn head_of(numbers: &[u64]) -> Result<Head, Error> {
    let fits = |n: &u64| (1..=MOST).contains(n);
    match numbers {
        [0, n] if fits(n) => Ok(Head::Categorical {
            n_actions: *n as usize,
        }),
        [1, sizes @ ..] if !sizes.is_empty() && sizes.iter().all(fits) => Ok(Head::MultiDiscrete {
            sizes: sizes.iter().map(|n| *n as usize).collect(),
        }),
        [2, n] if fits(n) => Ok(Head::Gaussian {
            n_actions: *n as usize,
        }),
        _ => Err(damaged(&format!("{numbers:?} are no actions"))),
    }
}

fn numbers_of(head: &Head) -> Vec<u64> {
    match head {
        Head::MultiDiscrete { sizes } => {
            let sizes = sizes.iter().map(|n| *n as u64);
            [1].into_iter().chain(sizes).collect()
        }
        Head::Gaussian { n_actions } => vec![2, *n_actions as u64],
        _ => vec![0, head.n_outputs() as u64],
    }
}

impl TrainedPolicy for RecurrentPolicy {
    fn to_bytes(&self) -> Vec<u8> {
        let shape = self.model.shape();
        let mut arrays = Arrays::default();
        let widths = [shape.inputs, shape.encoder, shape.units, shape.outputs];
        let activation = match shape.activation {
            Activation::Tanh => 0,
            Activation::Relu => 1,
        };
        let widths = widths.into_iter().map(|n| n as u64);
        let numbers: Vec<u64> = widths.chain([activation]).collect();
        arrays.put_u64("recurrent.shape", numbers);
        arrays.put_u64("recurrent.head", numbers_of(&self.head));
        let bounds: Vec<f32> = self
            .bounds
            .iter()
            .flat_map(|(low, high)| [*low, *high])
            .collect();
        arrays.put_f32("recurrent.bounds", bounds);
        arrays.put_f32("recurrent.parameters", self.model.parameters());
        if let Some(norm) = &self.normalization {
            arrays.put_f64("normalization", norm.state());
        }
        arrays.to_bytes()
    }

    fn actor(&self, play: Play, n: usize) -> Box<dyn BatchPolicy + '_> {
        let shape = self.model.shape();
        Box::new(RecurrentActor {
            policy: self,
            play,
            memory: vec![0.0; n * shape.units],
            workspace: RecurrentWorkspace::new(),
            normalized: vec![0.0; n * shape.inputs],
            outputs: vec![0.0; n * shape.outputs],
        })
    }

    fn check_fits(&self, environment: &dyn VectorEnvironment) -> Result<(), Error> {
        let n_inputs = self.model.shape().inputs;
        if environment.n_features() != n_inputs {
            return Err(Error::Saved(format!(
                "the policy reads {n_inputs} features, the environment gives {}",
                environment.n_features()
            )));
        }
        let space = environment.action_space();
        if !self.acts_in(&space) {
            return Err(Error::Saved(format!(
                "the policy acts through {:?}, the environment takes {space}",
                self.head
            )));
        }
        Ok(())
    }
}

impl BatchPolicy for RecurrentActor<'_> {
    fn act(&mut self, observations: &[f32], rngs: &mut [Rng], actions: &mut [f32], pool: &Pool) {
        let policy = self.policy;
        match &policy.normalization {
            Some(norm) => norm.normalize(observations, &mut self.normalized),
            None => self.normalized.copy_from_slice(observations),
        }
        policy.model.step(
            &self.normalized,
            &mut self.memory,
            &mut self.outputs,
            &mut self.workspace,
            pool,
        );
        let inputs = HeadInputs {
            outputs: &self.outputs,
            stride: policy.model.shape().outputs,
            latent: &[],
            free: policy.model.free(),
        };
        let width = policy.head.action_width();
        let rows = actions.chunks_exact_mut(width).zip(rngs);
        for (row, (action, rng)) in rows.enumerate() {
            match self.play {
                Play::Greedy => policy.head.mode(&inputs, row, action),
                Play::Sampled => policy.head.sample(&inputs, row, &[], action, rng),
            }
            for (value, (low, high)) in action.iter_mut().zip(&policy.bounds) {
                *value = value.clamp(*low, *high);
            }
        }
    }

    fn begin_episode(&mut self, index: usize) {
        let units = self.policy.model.shape().units;
        self.memory[index * units..][..units].fill(0.0);
    }
}
