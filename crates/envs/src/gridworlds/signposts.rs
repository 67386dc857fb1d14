//! Scripted policies for gridworlds: signposts on the board, plans, and chance.

use mdp::{Policy, Rng, index};

use super::board::{Board, Cell, DOWN, LEFT, RIGHT, STAY, UP};

/// A scripted policy for a gridworld. It sees the observation alone, and keeps nothing in mind.
#[derive(Clone, Debug)]
pub struct GridworldPolicy {
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// Follows the signs of the first leg whose conditions hold.
    Signposts { board: Board, legs: Vec<Leg> },
    /// Knows what to do at each observation of one way, and goes up where it was led off it.
    Plan { steps: Vec<(Vec<f32>, usize)> },
    /// Draws every action with the same probability.
    Random { n_actions: usize },
}

/// Signs that hold under a condition.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    /// A cell of a plane that has to be lit.
    lit: Option<(usize, Cell)>,
    /// A sign for each cell: `^`, `v`, `<`, `>`, `.` to stay, `?` for left or right by a coin.
    signs: &'static [&'static str],
}

impl Leg {
    /// Signs that always hold.
    pub(super) fn always(signs: &'static [&'static str]) -> Leg {
        Leg { lit: None, signs }
    }

    /// Signs that hold while a cell of a plane is lit.
    pub(super) fn while_lit(plane: usize, cell: Cell, signs: &'static [&'static str]) -> Leg {
        Leg {
            lit: Some((plane, cell)),
            signs,
        }
    }
}

impl GridworldPolicy {
    pub(super) fn random(n_actions: usize) -> GridworldPolicy {
        GridworldPolicy {
            kind: Kind::Random { n_actions },
        }
    }

    pub(super) fn plan(steps: Vec<(Vec<f32>, usize)>) -> GridworldPolicy {
        GridworldPolicy {
            kind: Kind::Plan { steps },
        }
    }

    pub(super) fn signposts(board: Board, legs: Vec<Leg>) -> GridworldPolicy {
        GridworldPolicy {
            kind: Kind::Signposts { board, legs },
        }
    }
}

impl Policy<Vec<f32>, usize> for GridworldPolicy {
    fn act(&self, observation: &Vec<f32>, rng: &mut Rng) -> usize {
        let (board, legs) = match &self.kind {
            Kind::Signposts { board, legs } => (*board, legs),
            Kind::Plan { steps } => {
                let known = steps.iter().find(|(seen, _)| seen == observation);
                return known.map_or(UP, |(_, action)| *action);
            }
            Kind::Random { n_actions } => return index(*n_actions, rng),
        };
        let is_lit = |(plane, cell): &(usize, Cell)| {
            observation[plane * board.n_cells() + board.number(*cell)] > 0.5
        };
        let agent = board.cells().find(|cell| is_lit(&(0, *cell)));
        let leg = legs.iter().find(|leg| leg.lit.iter().all(is_lit));
        let sign = match (agent, leg) {
            (Some(agent), Some(leg)) => {
                leg.signs[usize::from(agent.row)].as_bytes()[usize::from(agent.column)]
            }
            _ => b'^',
        };
        match sign {
            b'v' => DOWN,
            b'<' => LEFT,
            b'>' => RIGHT,
            b'.' => STAY,
            b'?' => [LEFT, RIGHT][index(2, rng)],
            _ => UP,
        }
    }
}
