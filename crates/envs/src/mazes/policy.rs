//! Scripted policies: one that searches, one that goes as the crow flies, one that draws anything.

use std::str::FromStr;

use mdp::{Policy, Rng, index};

use super::search::{Seen, search_from_goal};
use super::{MOVES, N_ACTIONS};
use crate::UnknownName;

/// A scripted policy for mazes. It sees the observation alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MazePolicy {
    /// Goes to the goal by a shortest way, found by breadth-first search.
    Expert,
    /// Goes where the goal is nearer as the crow flies, walls or not; where it is as far in rows as in columns, along
    /// the rows.
    Beeline,
    /// Draws every action with the same probability: a policy that has learned nothing.
    Random,
}

impl MazePolicy {
    /// Every policy, the reference first.
    pub const ALL: [MazePolicy; 3] = [MazePolicy::Expert, MazePolicy::Beeline, MazePolicy::Random];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MazePolicy::Expert => "expert",
            MazePolicy::Beeline => "beeline",
            MazePolicy::Random => "random",
        }
    }
}

impl FromStr for MazePolicy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<MazePolicy, UnknownName> {
        UnknownName::find("policy", name, &MazePolicy::ALL, MazePolicy::name)
    }
}

impl Policy<Vec<f32>, usize> for MazePolicy {
    fn act(&self, observation: &Vec<f32>, rng: &mut Rng) -> usize {
        let chosen = match self {
            MazePolicy::Expert => searched(observation),
            MazePolicy::Beeline => beeline(observation),
            MazePolicy::Random => None,
        };
        chosen.unwrap_or_else(|| index(N_ACTIONS, rng))
    }
}

/// The expert's action; none where the goal cannot be reached.
fn searched(observation: &[f32]) -> Option<usize> {
    let agent = Seen::of(observation).agent?;
    let last = search_from_goal(observation).pop()?;
    let action = usize::from(last[agent]);
    (action < N_ACTIONS).then_some(action)
}

fn beeline(observation: &[f32]) -> Option<usize> {
    let seen = Seen::of(observation);
    let (goal, agent) = (seen.goal?, seen.agent?);
    let away = |of: fn(usize, usize) -> usize| {
        let (goal, agent) = (of(goal, seen.size), of(agent, seen.size));
        goal as isize - agent as isize
    };
    let (rows, columns) = (
        away(|cell, size| cell / size),
        away(|cell, size| cell % size),
    );
    let wanted = if rows.abs() < columns.abs() {
        (0, columns.signum())
    } else {
        (rows.signum(), 0)
    };
    MOVES.iter().position(|step| *step == wanted)
}
