//! Mazes: generated boards with a goal, after the ones on which procedure cloning was shown.
//!
//! What a policy has learned of some mazes is worth nothing in others unless it has learned how ways are found. So each
//! set of mazes comes from a named random stream of its seed, one for training and one for testing, and a test maze is
//! never read in training. The expert finds the way by breadth-first search outward from the goal, and can show its work:
//! [`search_from_goal`] gives the board as it stands after each round of the search, the action of each reached cell
//! written into it.
//!
//! # Design
//! The rules of the boards are those of the maze of `dice_rl` (Google Research, 2020), which Yang, Schuurmans, Abbeel and
//! Nachum (2022) use: corridors two cells wide that are dug depth first, one way in ten between neighbours opened beside.
//! Where two neighbours of a cell are reached in the same round, their code takes the one that comes first in the queue of
//! its search; here it is the first action in the order of actions, so that a round depends on the board alone.
//!
//! The reward `goal` is the intent. `nearer` also pays for each step that brings the goal nearer as the crow flies, and
//! never takes it back: going to and fro beside a wall pays for ever.

mod board;
mod picture;
mod policy;
mod search;

#[cfg(test)]
mod tests;

use std::str::FromStr;

use mdp::{
    Components, End, Enumerable, Environment, GridMap, Outcome, Place, ReturnBounds, Rng, Scene,
    Seed, Shape, Space, StateError, StateVector, Step, wrong_length,
};

pub use board::{Maze, MazeKind};
pub use policy::MazePolicy;
pub use search::search_from_goal;

use crate::UnknownName;

/// What an action changes in row and column: down, right, up, left.
const MOVES: [(isize, isize); N_ACTIONS] = [(1, 0), (0, 1), (-1, 0), (0, -1)];
const N_ACTIONS: usize = 4;

/// Numbers in a cell of an observation: wall, goal, agent.
const N_CHANNELS: usize = 3;

/// What `nearer` pays for a step that brings the goal nearer.
const NEARER: f64 = 0.1;

/// What is rewarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MazeReward {
    /// 1 for reaching the goal: what is meant.
    #[default]
    Goal,
    /// The same, and 0.1 for each step that brings the goal nearer as the crow flies, however often.
    Nearer,
}

impl MazeReward {
    /// Every reward, the default first.
    pub const ALL: [MazeReward; 2] = [MazeReward::Goal, MazeReward::Nearer];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MazeReward::Goal => "goal",
            MazeReward::Nearer => "nearer",
        }
    }
}

impl FromStr for MazeReward {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<MazeReward, UnknownName> {
        UnknownName::find("reward", name, &MazeReward::ALL, MazeReward::name)
    }
}

/// Which mazes of a seed: two random streams that share nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MazeSet {
    /// Those that may be learned from.
    #[default]
    Training,
    /// Those that training never reads.
    Test,
}

impl MazeSet {
    /// Both sets, the default first.
    pub const ALL: [MazeSet; 2] = [MazeSet::Training, MazeSet::Test];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MazeSet::Training => "training",
            MazeSet::Test => "test",
        }
    }

    fn stream(self) -> &'static str {
        match self {
            MazeSet::Training => "training maze",
            MazeSet::Test => "test maze",
        }
    }
}

impl FromStr for MazeSet {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<MazeSet, UnknownName> {
        UnknownName::find("set", name, &MazeSet::ALL, MazeSet::name)
    }
}

/// Which mazes there are, and what is rewarded in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MazeSettings {
    /// How the walls lie.
    pub kind: MazeKind,
    /// Cells on each side, outer wall included: 4 to 64.
    pub size: usize,
    /// How many mazes, at least 1.
    pub n_mazes: usize,
    /// The seed that they are drawn from.
    pub seed: u64,
    /// Which stream of the seed.
    pub set: MazeSet,
    /// What is rewarded.
    pub reward: MazeReward,
}

impl MazeSettings {
    /// As published: five training mazes of 16 by 16 cells, dug as tunnels.
    #[must_use]
    pub fn published(seed: u64) -> MazeSettings {
        MazeSettings {
            kind: MazeKind::Tunnels,
            size: 16,
            n_mazes: 5,
            seed,
            set: MazeSet::Training,
            reward: MazeReward::Goal,
        }
    }
}

/// Several mazes, one of which each episode takes place in.
///
/// An episode begins in a maze and a cell that are drawn uniformly: a free cell from which the goal can be reached, and
/// not the goal. An action goes down, right, up or left by one cell, or stays where a wall is. Reaching the goal ends the
/// episode.
///
/// An observation is `[size, size, 3]`, row by row from the top: 1 where there is a wall, the goal, the agent.
#[derive(Clone, Debug)]
pub struct Mazes {
    reward: MazeReward,
    mazes: Vec<Maze>,
    /// For each maze the cells in which an episode may begin.
    starts: Vec<Vec<usize>>,
}

/// Where an episode stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MazeState {
    /// Which maze, from 0.
    pub maze: usize,
    /// Row of the agent, from the top.
    pub row: usize,
    /// Column of the agent, from the left.
    pub column: usize,
}

impl StateVector for MazeState {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend([self.maze as f64, self.row as f64, self.column as f64]);
    }

    fn read(values: &[f64]) -> Result<MazeState, StateError> {
        let &[maze, row, column] = values else {
            return Err(wrong_length(3, values.len()));
        };
        let whole = |value: f64, limit: f64| {
            let fits = value.fract() == 0.0 && (0.0..limit).contains(&value);
            fits.then_some(value as usize)
        };
        let side = MazeKind::MOST_CELLS as f64;
        match (
            whole(maze, f64::from(u32::MAX)),
            whole(row, side),
            whole(column, side),
        ) {
            (Some(maze), Some(row), Some(column)) => Ok(MazeState { maze, row, column }),
            _ => Err(StateError(format!("{values:?} is no state of a maze"))),
        }
    }
}

impl Mazes {
    /// Steps after which an episode is usually truncated, as published.
    pub const TIME_LIMIT: u32 = 100;

    /// Digs the mazes.
    ///
    /// # Panics
    /// If there is no maze, or the size is not 4 to 64.
    #[must_use]
    pub fn new(settings: &MazeSettings) -> Mazes {
        assert!(0 < settings.n_mazes, "there is at least one maze");
        let dig = |index: usize| {
            let stream = settings.set.stream();
            let mut rng = Seed(settings.seed).stream(stream, index as u64);
            Maze::dig(settings.kind, settings.size, &mut rng)
        };
        Mazes::of(settings.reward, (0..settings.n_mazes).map(dig).collect())
    }

    /// Given mazes.
    ///
    /// # Panics
    /// If there is none, their sizes differ, or one has no cell to begin in.
    #[must_use]
    pub fn of(reward: MazeReward, mazes: Vec<Maze>) -> Mazes {
        assert!(!mazes.is_empty(), "there is at least one maze");
        let starts: Vec<Vec<usize>> = mazes.iter().map(Maze::starts).collect();
        let size = mazes[0].size();
        assert!(
            mazes.iter().all(|maze| maze.size() == size),
            "mazes of one size"
        );
        assert!(
            starts.iter().all(|starts| !starts.is_empty()),
            "each maze has a cell to begin in"
        );
        Mazes {
            reward,
            mazes,
            starts,
        }
    }

    /// The mazes.
    #[must_use]
    pub fn mazes(&self) -> &[Maze] {
        &self.mazes
    }

    /// Cells on each side.
    #[must_use]
    pub fn size(&self) -> usize {
        self.mazes[0].size()
    }

    /// Draws the state in which an episode in one of the mazes begins.
    ///
    /// # Panics
    /// If there is no such maze.
    #[must_use]
    pub fn begin(&self, maze: usize, rng: &mut Rng) -> MazeState {
        let starts = &self.starts[maze];
        self.state(maze, starts[mdp::index(starts.len(), rng)])
    }

    fn state(&self, maze: usize, cell: usize) -> MazeState {
        MazeState {
            maze,
            row: cell / self.size(),
            column: cell % self.size(),
        }
    }

    fn is_at_goal(&self, state: &MazeState) -> bool {
        self.mazes[state.maze].goal() == (state.row, state.column)
    }

    /// The state after an action, and what it pays.
    fn transition(&self, state: &MazeState, action: usize) -> (MazeState, Step) {
        let maze = &self.mazes[state.maze];
        let (row, column) = maze.after((state.row, state.column), action);
        let next = MazeState {
            row,
            column,
            ..*state
        };
        let goal = f64::from(u8::from(self.is_at_goal(&next)));
        let nearness = match self.reward {
            MazeReward::Goal => 0.0,
            MazeReward::Nearer => {
                let distance = |state: &MazeState| {
                    let goal = maze.goal();
                    state.row.abs_diff(goal.0) + state.column.abs_diff(goal.1)
                };
                NEARER * f64::from(u8::from(distance(&next) < distance(state)))
            }
        };
        let step = Step {
            reward: goal + nearness,
            components: Components::new([goal, nearness]),
            intent: Some(goal),
            end: (goal > 0.0).then_some(End::Terminated),
        };
        (next, step)
    }
}

impl Environment for Mazes {
    type State = MazeState;
    type Observation = Vec<f32>;
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> MazeState {
        let maze = mdp::index(self.mazes.len(), rng);
        self.begin(maze, rng)
    }

    fn observe(&self, state: &MazeState, _rng: &mut Rng) -> Vec<f32> {
        let maze = &self.mazes[state.maze];
        let flag = |flag: bool| f32::from(u8::from(flag));
        (0..maze.size() * maze.size())
            .flat_map(|number| {
                let cell = (number / maze.size(), number % maze.size());
                [
                    flag(maze.is_wall(cell)),
                    flag(cell == maze.goal()),
                    flag(cell == (state.row, state.column)),
                ]
            })
            .collect()
    }

    fn step(&self, state: &mut MazeState, action: &usize, _rng: &mut Rng) -> Step {
        let (next, step) = self.transition(state, *action);
        *state = next;
        step
    }

    fn observation_space(&self) -> Space {
        let size = self.size();
        let n = size * size * N_CHANNELS;
        Space::Continuous {
            low: vec![0.0; n],
            high: vec![1.0; n],
            shape: vec![size, size, N_CHANNELS],
        }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: N_ACTIONS }
    }

    fn component_names(&self) -> &'static [&'static str] {
        &["goal", "nearness"]
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["down", "right", "up", "left"]
    }

    fn state_names(&self) -> Vec<String> {
        ["maze", "row", "column"].map(str::to_owned).to_vec()
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        let nearness = match self.reward {
            MazeReward::Goal => 0.0,
            MazeReward::Nearer => NEARER * f64::from(n_steps),
        };
        ReturnBounds {
            reward: Some((0.0, 1.0 + nearness)),
            intent: Some((0.0, 1.0)),
        }
    }

    fn scene(&self) -> Option<Scene> {
        Some(picture::scene(self))
    }

    fn draw(&self, state: &MazeState) -> Vec<Shape> {
        picture::draw(self, state)
    }

    fn is_success(&self, state: &MazeState) -> Option<bool> {
        Some(self.is_at_goal(state))
    }
}

impl Enumerable for Mazes {
    fn initial_states(&self) -> Vec<(f64, MazeState)> {
        let share = 1.0 / self.mazes.len() as f64;
        let of_maze = |(maze, starts): (usize, &Vec<usize>)| {
            let probability = share / starts.len() as f64;
            let begin = |cell: &usize| (probability, self.state(maze, *cell));
            starts.iter().map(begin).collect::<Vec<_>>()
        };
        self.starts.iter().enumerate().flat_map(of_maze).collect()
    }

    fn outcomes(&self, state: &MazeState, action: &usize) -> Vec<Outcome<MazeState>> {
        let (next_state, step) = self.transition(state, *action);
        vec![Outcome {
            probability: 1.0,
            next_state,
            step,
        }]
    }

    fn place(&self, state: &MazeState) -> Option<Place> {
        Some(Place {
            layer: format!("maze {}", state.maze),
            column: state.column,
            row: state.row,
        })
    }

    /// One map serves all layers, so only a single maze has one.
    fn map(&self) -> Option<GridMap> {
        let [maze] = self.mazes.as_slice() else {
            return None;
        };
        Some(GridMap {
            rows: maze.rows(),
            legend: vec![('G', "goal".to_owned())],
        })
    }

    fn state_label(&self, state: &MazeState) -> String {
        format!(
            "maze {}, row {}, column {}",
            state.maze, state.row, state.column
        )
    }
}
