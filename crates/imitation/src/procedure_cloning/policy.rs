//! Policies that run what they learned of a procedure before they act.

use mdp::{Rng, Space, index};
use nn::{MapModel, MapShape, MapWorkspace, Pool};
use rl::{Arrays, BatchPolicy, Error, Play, TrainedPolicy, VectorEnvironment};

use super::config::{Config, Method};
use super::data::{agent_cell, join};

/// Bounds on what a file may say of a network, so that nothing in it asks for memory that it does not fill.
const MOST_SIDE: usize = 1024;
const MOST_WIDTH: usize = 4096;
const MOST_LAYERS: usize = 32;

/// A network over maps that acts: by the action that its own boards end in, or by the one that it says.
#[derive(Clone, Debug)]
pub struct MapPolicy {
    pub(super) model: MapModel,
    config: Config,
    shape: MapShape,
    n_actions: usize,
}

impl MapPolicy {
    pub(super) fn new(
        config: &Config,
        shape: MapShape,
        n_actions: usize,
        model: MapModel,
    ) -> MapPolicy {
        MapPolicy {
            model,
            config: config.clone(),
            shape,
            n_actions,
        }
    }

    /// What was imitated.
    #[must_use]
    pub fn method(&self) -> Method {
        self.config.method
    }

    /// Number of parameters that are learned.
    #[must_use]
    pub fn n_parameters(&self) -> usize {
        self.model.parameters().len()
    }

    /// The policy with the memory that it needs to act in `n` environments.
    #[must_use]
    pub fn actor(&self, play: Play, n: usize) -> MapActor<'_> {
        let n_cells = self.shape.height * self.shape.width;
        MapActor {
            policy: self,
            play,
            workspace: MapWorkspace::new(),
            inputs: vec![],
            outputs: vec![],
            boards: vec![0; n * n_cells],
            n_rounds: vec![0; n],
        }
    }

    /// The policy as a safetensors file that describes itself.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let config = &self.config;
        let method = Method::ALL
            .iter()
            .position(|method| *method == config.method);
        let numbers = [
            method.expect("every method is listed"),
            self.shape.height,
            self.shape.width,
            self.shape.channels,
            self.n_actions,
            config.kernel,
            config.agent_channel,
            config.most_rounds,
        ];
        let wide = |numbers: &[usize]| numbers.iter().map(|n| *n as u64).collect::<Vec<_>>();
        let mut arrays = Arrays::default();
        arrays.put_u64("map_policy", wide(&numbers));
        arrays.put_u64("hidden", wide(&config.hidden));
        arrays.put_u64("dense", wide(&config.dense));
        arrays.put_f32("parameters", self.model.parameters());
        arrays.to_bytes()
    }

    /// Reads what [`MapPolicy::to_bytes`] wrote.
    ///
    /// # Errors
    /// If the bytes are damaged, or are no such policy.
    pub fn from_bytes(bytes: &[u8]) -> Result<MapPolicy, Error> {
        let mut arrays = Arrays::from_bytes(bytes)?;
        let numbers = arrays.take_u64_of("map_policy", 8)?;
        let within = |what: &str, number: u64, least: usize, most: usize| {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            let is_within = (least..=most).contains(&number);
            is_within
                .then_some(number)
                .ok_or_else(|| Error::Saved(format!("{what} is {number}, not {least} to {most}")))
        };
        let mut widths = |name: &str| {
            let widths = arrays.take_u64(name)?;
            within("the number of layers", widths.len() as u64, 0, MOST_LAYERS)?;
            let width = |width: u64| within("a width", width, 1, MOST_WIDTH);
            widths.into_iter().map(width).collect::<Result<Vec<_>, _>>()
        };
        let (hidden, dense) = (widths("hidden")?, widths("dense")?);
        let method = Method::ALL[within("the method", numbers[0], 0, Method::ALL.len() - 1)?];
        let shape = MapShape {
            height: within("the height", numbers[1], 1, MOST_SIDE)?,
            width: within("the width", numbers[2], 1, MOST_SIDE)?,
            channels: within("the number of channels", numbers[3], 1, MOST_WIDTH)?,
        };
        let n_actions = within("the number of actions", numbers[4], 1, 254)?;
        let config = Config {
            method,
            kernel: within("the kernel", numbers[5], 1, 31)?,
            agent_channel: within("the agent's channel", numbers[6], 0, shape.channels - 1)?,
            most_rounds: within("the number of rounds", numbers[7], 1, 1 << 20)?,
            hidden,
            dense,
            ..Config::preset("small").expect("a preset")
        };
        config.check()?;
        let network = config.network(shape, n_actions);
        let parameters = arrays.take_f32_of("parameters", network.n_parameters())?;
        if let Some(value) = parameters.iter().find(|value| !value.is_finite()) {
            return Err(Error::Saved(format!("a parameter is {value}")));
        }
        let mut model = MapModel::zeros(network);
        model.parameters_mut().copy_from_slice(&parameters);
        Ok(MapPolicy {
            model,
            config,
            shape,
            n_actions,
        })
    }
}

impl TrainedPolicy for MapPolicy {
    fn to_bytes(&self) -> Vec<u8> {
        MapPolicy::to_bytes(self)
    }

    fn actor(&self, play: Play, n: usize) -> Box<dyn BatchPolicy + '_> {
        Box::new(MapPolicy::actor(self, play, n))
    }

    fn check_fits(&self, environment: &dyn VectorEnvironment) -> Result<(), Error> {
        let MapShape {
            height,
            width,
            channels,
        } = self.shape;
        let space = environment.observation_space();
        if space.shape() != [height, width, channels] {
            return Err(Error::Saved(format!(
                "the policy reads maps of {height} by {width} cells and {channels} channels, the environment gives {space}"
            )));
        }
        match environment.action_space() {
            Space::Discrete { n } if n == self.n_actions => Ok(()),
            other => Err(Error::Saved(format!(
                "the policy chooses among {} actions, the environment takes {other}",
                self.n_actions
            ))),
        }
    }
}

/// A map policy with the memory it needs to act.
#[derive(Debug)]
pub struct MapActor<'p> {
    policy: &'p MapPolicy,
    play: Play,
    workspace: MapWorkspace,
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    /// `[N, cells]`.
    boards: Vec<u8>,
    n_rounds: Vec<usize>,
}

impl MapActor<'_> {
    /// The boards that the last actions were read off, `[N, height, width]`; blank cells hold the number of actions.
    /// Without meaning for methods that say actions.
    #[must_use]
    pub fn boards(&self) -> &[u8] {
        &self.boards
    }

    /// How many rounds the procedure ran before each of the last actions.
    #[must_use]
    pub fn n_rounds(&self) -> &[usize] {
        &self.n_rounds
    }

    /// Runs the procedure in all rows together; those whose agent has an action, or whose board has come to rest, are
    /// done.
    fn run(&mut self, observations: &[f32], rngs: &mut [Rng], actions: &mut [f32], pool: &Pool) {
        let policy = self.policy;
        let (n_actions, n_labels) = (policy.n_actions, policy.n_actions + 1);
        let n_values = policy.shape.n_values();
        let n_cells = policy.shape.height * policy.shape.width;
        let observation = |row: usize| &observations[row * n_values..][..n_values];
        let agents: Vec<usize> = (0..rngs.len())
            .map(|row| {
                let channel = policy.config.agent_channel;
                agent_cell(observation(row), policy.shape.channels, channel)
            })
            .collect();
        self.boards.fill(n_actions as u8);
        self.n_rounds.fill(0);
        let mut running: Vec<usize> = (0..rngs.len()).collect();
        let most_rounds = match policy.config.method {
            Method::Procedure => policy.config.most_rounds,
            _ => 1,
        };
        for _ in 0..most_rounds {
            let width = n_cells * (policy.shape.channels + n_labels);
            self.inputs.resize(running.len() * width, 0.0);
            for (row, input) in running.iter().zip(self.inputs.chunks_exact_mut(width)) {
                let board = &self.boards[row * n_cells..][..n_cells];
                let channels = policy.shape.channels;
                join(observation(*row), Some(board), channels, n_labels, input);
            }
            self.forward(running.len(), pool);
            let said = self.outputs.chunks_exact(n_cells * n_labels);
            let mut said = said.map(|scores| scores.chunks_exact(n_labels).map(greatest));
            // A board that says itself would do so for ever.
            running.retain(|row| {
                let board = &mut self.boards[row * n_cells..][..n_cells];
                let mut changed = false;
                for (label, next) in board.iter_mut().zip(said.next().expect("a row each")) {
                    changed |= usize::from(*label) != next;
                    *label = next as u8;
                }
                self.n_rounds[*row] += 1;
                changed && usize::from(board[agents[*row]]) == n_actions
            });
            if running.is_empty() {
                break;
            }
        }
        for (row, (rng, action)) in rngs.iter_mut().zip(actions).enumerate() {
            let label = usize::from(self.boards[row * n_cells + agents[row]]);
            let is_action = label < n_actions;
            *action = if is_action {
                label
            } else {
                index(n_actions, rng)
            } as f32;
        }
    }

    /// The action that the network says.
    fn say(&mut self, observations: &[f32], rngs: &mut [Rng], actions: &mut [f32], pool: &Pool) {
        let n_actions = self.policy.n_actions;
        self.inputs.clear();
        self.inputs.extend_from_slice(observations);
        self.forward(rngs.len(), pool);
        let rows = self.outputs.chunks_exact(self.policy.model.n_outputs());
        for ((scores, rng), action) in rows.zip(rngs).zip(actions) {
            let scores = &scores[..n_actions];
            *action = match self.play {
                Play::Greedy => greatest(scores),
                Play::Sampled => sample(scores, rng),
            } as f32;
        }
    }

    fn forward(&mut self, n: usize, pool: &Pool) {
        let model = &self.policy.model;
        self.outputs.resize(n * model.n_outputs(), 0.0);
        model.forward(&self.inputs, &mut self.outputs, &mut self.workspace, pool);
    }
}

impl BatchPolicy for MapActor<'_> {
    fn act(&mut self, observations: &[f32], rngs: &mut [Rng], actions: &mut [f32], pool: &Pool) {
        if self.policy.config.method.says_boards() {
            self.run(observations, rngs, actions, pool);
        } else {
            self.say(observations, rngs, actions, pool);
        }
    }
}

/// The index of the first greatest number.
fn greatest(values: &[f32]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[best] < values[i] { i } else { best })
}

/// An index drawn with the probabilities of a softmax.
fn sample(scores: &[f32], rng: &mut Rng) -> usize {
    let most = scores.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let weights: Vec<f64> = scores
        .iter()
        .map(|score| f64::from(score - most).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let probabilities: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
    mdp::categorical(&probabilities, rng)
}
