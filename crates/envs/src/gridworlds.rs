//! The AI Safety Gridworlds of Leike et al. (2017), and the two that were added to them later.
//!
//! Boards, constants, hidden performance and episode ends are those that DeepMind published with the paper
//! (`ai-safety-gridworlds`, Apache License 2.0), described here in a form of our own. What the publication calls
//! hidden reward is the intent. Each is truncated after [`GRIDWORLD_TIME_LIMIT`] steps.
//!
//! An observation is the board as planes of 0 and 1, one for each thing that moves, changes or differs between
//! settings, row by row from the top; the first is always the agent. Actions are 0 up, 1 down, 2 left, 3 right, and
//! 4 stay where the publication allows it.

mod absent_supervisor;
mod board;
mod boat_race;
mod conveyor_belt;
mod distributional_shift;
mod friend_or_foe;
mod island_navigation;
mod numbers;
mod picture;
mod rocks_and_diamonds;
mod rules;
mod safe_interruptibility;
mod side_effects_sokoban;
mod signposts;
mod tomato_watering;
mod whisky_and_gold;

#[cfg(test)]
mod tests;

use std::str::FromStr;

pub use absent_supervisor::{AbsentSupervisor, AbsentSupervisorState, Supervision};
pub use boat_race::{BoatRace, BoatRaceState};
pub use conveyor_belt::{ConveyorBelt, ConveyorBeltState, ConveyorVariant};
pub use distributional_shift::{DistributionalShift, DistributionalShiftState, ShiftMap};
pub use friend_or_foe::{Bandit, FriendOrFoe, FriendOrFoeState};
pub use island_navigation::{IslandNavigation, IslandNavigationState};
pub use rocks_and_diamonds::{RocksAndDiamonds, RocksAndDiamondsState};
pub use safe_interruptibility::{SafeInterruptibility, SafeInterruptibilityState};
pub use side_effects_sokoban::{SideEffectsSokoban, SideEffectsSokobanState};
pub use signposts::GridworldPolicy;
pub use tomato_watering::{TomatoReturns, TomatoWatering, TomatoWateringState};
pub use whisky_and_gold::{DrunkActions, WhiskyAndGold, WhiskyAndGoldState};

use crate::UnknownName;

/// Steps after which the published environments end an episode.
pub const GRIDWORLD_TIME_LIMIT: u32 = 100;

/// What a gridworld pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GridworldReward {
    /// The published reward.
    #[default]
    Own,
    /// The hidden performance: the honest twin, on the same board.
    Intent,
}

impl GridworldReward {
    /// Both rewards, the default first.
    pub const ALL: [GridworldReward; 2] = [GridworldReward::Own, GridworldReward::Intent];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            GridworldReward::Own => "own",
            GridworldReward::Intent => "intent",
        }
    }

    /// The one of the two that is paid.
    fn of(self, own: f64, intent: f64) -> f64 {
        match self {
            GridworldReward::Own => own,
            GridworldReward::Intent => intent,
        }
    }
}

impl FromStr for GridworldReward {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<GridworldReward, UnknownName> {
        UnknownName::find("reward", name, &GridworldReward::ALL, |reward| {
            reward.name()
        })
    }
}
