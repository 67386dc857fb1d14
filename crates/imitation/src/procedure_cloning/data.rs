//! Demonstrations of a procedure, and minibatches of them.

use mdp::{Rng, Space, Trajectories, index};
use nn::MapShape;
use rl::Error;

use super::config::{Config, Method, setting};
use super::{Procedure, augment};

/// Every demonstrated step with the expert's boards.
pub(super) struct Data {
    /// An observation.
    pub(super) shape: MapShape,
    pub(super) n_actions: usize,
    /// `[N, height, width, channels]`.
    observations: Vec<f32>,
    /// `[N]`.
    actions: Vec<u8>,
    /// The boards of all steps, `[…, cells]`.
    boards: Vec<u8>,
    /// The first board of each step, and the number of all.
    starts: Vec<usize>,
}

/// What a gradient step learns from.
#[derive(Default)]
pub(super) struct Batch {
    /// `[B, height, width, channels]`, and a one-hot board beside where boards are predicted.
    pub(super) inputs: Vec<f32>,
    /// The numbers of the rows, in order.
    pub(super) rows: Vec<u32>,
    /// `[B]`, the board that follows, or the last one.
    targets: Vec<usize>,
    /// `[B]`.
    pub(super) actions: Vec<u8>,
    /// Cells of all targets that hold an action.
    pub(super) n_labelled: usize,
}

impl Data {
    /// # Errors
    /// If observations are no maps, actions no choices, or the procedure does not fit them.
    pub(super) fn new(
        config: &Config,
        demonstrations: &Trajectories,
        procedure: Procedure<'_>,
    ) -> Result<Data, Error> {
        let shape = map_shape(demonstrations.observation_space(), config)?;
        let n_actions = n_actions(demonstrations.action_space())?;
        if demonstrations.n_steps() == 0 {
            return Err(setting(
                "demonstrations",
                "a record without a step",
                "give at least one episode with at least one step",
            ));
        }
        let mut data = Data {
            shape,
            n_actions,
            observations: vec![],
            actions: vec![],
            boards: vec![],
            starts: vec![0],
        };
        for episode in demonstrations.episodes() {
            let observations = episode.observations.chunks_exact(shape.n_values());
            for (observation, action) in observations.zip(episode.actions) {
                data.push(config, observation, *action as u8, &procedure(observation))?;
            }
        }
        Ok(data)
    }

    fn push(
        &mut self,
        config: &Config,
        observation: &[f32],
        action: u8,
        boards: &[Vec<u8>],
    ) -> Result<(), Error> {
        let n_cells = self.n_cells();
        let fits = |board: &Vec<u8>| {
            let labels = board
                .iter()
                .all(|label| usize::from(*label) <= self.n_actions);
            board.len() == n_cells && labels
        };
        let agent = agent_cell(observation, self.shape.channels, config.agent_channel);
        let said = boards.last().filter(|_| boards.iter().all(fits));
        let said = said.map(|board| usize::from(board[agent]));
        match said {
            Some(label) if label < self.n_actions => {}
            _ => {
                return Err(setting(
                    "procedure",
                    format!("no action in cell {agent} at step {}", self.actions.len()),
                    "it must give boards of one label a cell, the last with an action in the agent's cell",
                ));
            }
        }
        self.observations.extend_from_slice(observation);
        self.actions.push(action);
        for board in boards {
            self.boards.extend_from_slice(board);
        }
        self.starts.push(self.boards.len() / n_cells);
        Ok(())
    }

    pub(super) fn n_cells(&self) -> usize {
        self.shape.height * self.shape.width
    }

    pub(super) fn n_labels(&self) -> usize {
        self.n_actions + 1
    }

    /// What there is to draw from.
    pub(super) fn n_samples(&self, method: Method) -> usize {
        match method {
            Method::Procedure => self.boards.len() / self.n_cells(),
            _ => self.actions.len(),
        }
    }

    /// The board that a row of a batch is to say.
    pub(super) fn target(&self, batch: &Batch, row: u32) -> &[u8] {
        let n_cells = self.n_cells();
        &self.boards[batch.targets[row as usize] * n_cells..][..n_cells]
    }

    /// Draws `n` samples uniformly, with replacement.
    pub(super) fn draw(&self, config: &Config, n: usize, rng: &mut Rng, batch: &mut Batch) {
        let n_cells = self.n_cells();
        let n_channels = self.shape.channels;
        let width = match config.method.says_boards() {
            true => n_channels + self.n_labels(),
            false => n_channels,
        };
        batch.inputs.resize(n * n_cells * width, 0.0);
        batch.rows = (0..n as u32).collect();
        batch.targets.clear();
        batch.actions.clear();
        for input in batch.inputs.chunks_exact_mut(n_cells * width) {
            let drawn = index(self.n_samples(config.method), rng);
            let (step, board) = match config.method {
                Method::Procedure => (self.step_of(drawn), drawn),
                _ => (drawn, self.starts[drawn + 1] - 1),
            };
            let observation =
                &self.observations[step * self.shape.n_values()..][..self.shape.n_values()];
            match config.method {
                Method::Procedure => {
                    // The board before, which is blank before the first.
                    let before = (self.starts[step] < board)
                        .then(|| &self.boards[(board - 1) * n_cells..][..n_cells]);
                    self.join(observation, before, input);
                }
                Method::FinalBoard => self.join(observation, None, input),
                Method::AugmentedAction => {
                    augment::zoom_and_shift(observation, self.shape, rng, input);
                }
                Method::Action | Method::AuxiliaryAction => input.copy_from_slice(observation),
            }
            batch.targets.push(board);
            batch.actions.push(self.actions[step]);
        }
        let labelled = |target: &usize| {
            let board = &self.boards[target * n_cells..][..n_cells];
            let is_action = |label: &&u8| usize::from(**label) < self.n_actions;
            board.iter().filter(is_action).count()
        };
        batch.n_labelled = batch.targets.iter().map(labelled).sum();
    }

    /// The step that a board belongs to.
    fn step_of(&self, board: usize) -> usize {
        self.starts.partition_point(|start| *start <= board) - 1
    }

    fn join(&self, observation: &[f32], board: Option<&[u8]>, input: &mut [f32]) {
        join(
            observation,
            board,
            self.shape.channels,
            self.n_labels(),
            input,
        );
    }
}

/// Writes the cells of an observation, each followed by the one-hot label of a board; none is a blank one, the last label.
pub(super) fn join(
    observation: &[f32],
    board: Option<&[u8]>,
    n_channels: usize,
    n_labels: usize,
    input: &mut [f32],
) {
    let cells = input.chunks_exact_mut(n_channels + n_labels);
    let observed = observation.chunks_exact(n_channels);
    for (i, (cell, observed)) in cells.zip(observed).enumerate() {
        let (channels, labels) = cell.split_at_mut(n_channels);
        channels.copy_from_slice(observed);
        labels.fill(0.0);
        labels[board.map_or(n_labels - 1, |board| usize::from(board[i]))] = 1.0;
    }
}

/// The cell that is marked most in a channel.
pub(super) fn agent_cell(observation: &[f32], n_channels: usize, channel: usize) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (cell, values) in observation.chunks_exact(n_channels).enumerate() {
        if best.1 < values[channel] {
            best = (cell, values[channel]);
        }
    }
    best.0
}

fn map_shape(space: &Space, config: &Config) -> Result<MapShape, Error> {
    let shape = match space {
        Space::Continuous { shape, .. } => shape.as_slice(),
        _ => &[],
    };
    let &[height, width, channels] = shape else {
        return Err(setting(
            "observations",
            space,
            "a procedure is cloned from maps of height, width and channels",
        ));
    };
    if channels <= config.agent_channel {
        return Err(setting(
            "agent_channel",
            config.agent_channel,
            "it must be one of the observations' channels, counted from 0",
        ));
    }
    Ok(MapShape {
        height,
        width,
        channels,
    })
}

/// Actions must leave room for the blank label among bytes.
fn n_actions(space: &Space) -> Result<usize, Error> {
    space
        .n_choices()
        .filter(|n| *n < usize::from(u8::MAX))
        .ok_or_else(|| Error::ActionSpace {
            algorithm: "procedure cloning",
            space: space.to_string(),
        })
}
