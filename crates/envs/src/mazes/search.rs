//! Breadth-first search outward from the goal, round by round, on what a policy sees.

use super::board::neighbour;
use super::{N_ACTIONS, N_CHANNELS};

/// What an observation of a maze shows.
pub(super) struct Seen {
    pub(super) size: usize,
    walls: Vec<bool>,
    pub(super) goal: Option<usize>,
    pub(super) agent: Option<usize>,
}

impl Seen {
    pub(super) fn of(observation: &[f32]) -> Seen {
        let size = (observation.len() / N_CHANNELS).isqrt();
        let cells = observation.chunks_exact(N_CHANNELS);
        let find = |channel: usize| cells.clone().position(|cell| cell[channel] > 0.5);
        Seen {
            size,
            goal: find(1),
            agent: find(2),
            walls: cells.map(|cell| cell[0] > 0.5).collect(),
        }
    }

    /// The number of the cell beside another, where a step leads there.
    fn after(&self, cell: usize, action: usize) -> Option<usize> {
        let at = (cell / self.size, cell % self.size);
        let (row, column) = neighbour(at, action, self.size)?;
        let next = row * self.size + column;
        (!self.walls[next]).then_some(next)
    }
}

/// The expert's whole computation for an observation: the board after each round of a breadth-first search outward from
/// the goal, `[size * size]` each, until the agent's cell is reached.
///
/// A reached cell holds the first action, in the order of actions, that leads to a cell reached before; every other cell,
/// walls and the goal itself among them, holds 4, the number of actions. The last board holds the expert's action at the
/// agent's cell. Where the agent cannot reach the goal the search ends when nothing new is reached.
///
/// # Panics
/// If the observation is not of a maze.
#[must_use]
pub fn search_from_goal(observation: &[f32]) -> Vec<Vec<u8>> {
    let seen = Seen::of(observation);
    let n_cells = seen.size * seen.size;
    assert_eq!(
        observation.len(),
        n_cells * N_CHANNELS,
        "an observation of a square maze"
    );
    let unreached = N_ACTIONS as u8;
    let mut board = vec![unreached; n_cells];
    let mut rounds = vec![];
    loop {
        let is_reached = |cell: usize| board[cell] != unreached || seen.goal == Some(cell);
        let mut next = board.clone();
        for cell in (0..n_cells).filter(|cell| !seen.walls[*cell] && !is_reached(*cell)) {
            let leads = |action: &usize| seen.after(cell, *action).is_some_and(is_reached);
            if let Some(action) = (0..N_ACTIONS).find(leads) {
                next[cell] = action as u8;
            }
        }
        if next == board {
            return rounds;
        }
        rounds.push(next.clone());
        board = next;
        if seen.agent.is_none_or(|agent| board[agent] != unreached) {
            return rounds;
        }
    }
}
