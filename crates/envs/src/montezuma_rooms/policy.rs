//! Scripted policies: one that leaves with the key, two that farm the bonus, one that draws anything.

use std::str::FromStr;
use std::sync::LazyLock;

use mdp::{Policy, Rng, index};

use super::rooms::{Cell, DOOR, HOOK, LADDER_TOP, cells};
use super::{HAND, MontezumaRooms, N_ACTIONS, N_CELLS, N_FEATURES, N_PHASES, RoomsState};
use crate::UnknownName;

const UP: usize = 2;
const DOWN: usize = 3;

/// A scripted policy for the rooms. It sees the observation alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomsPolicy {
    /// Does what was meant: fetches the key and leaves, in the fewest steps that the skull allows.
    Intended,
    /// Goes to the key, then takes it and hangs it back for ever.
    Farmer,
    /// Climbs up and down the first ladder for ever.
    Climber,
    /// Draws every action with the same probability: a policy that has learned nothing.
    Random,
}

impl RoomsPolicy {
    /// Every policy, the reference first.
    pub const ALL: [RoomsPolicy; 4] = [
        RoomsPolicy::Intended,
        RoomsPolicy::Farmer,
        RoomsPolicy::Climber,
        RoomsPolicy::Random,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RoomsPolicy::Intended => "intended",
            RoomsPolicy::Farmer => "farmer",
            RoomsPolicy::Climber => "climber",
            RoomsPolicy::Random => "random",
        }
    }
}

impl FromStr for RoomsPolicy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<RoomsPolicy, UnknownName> {
        UnknownName::find("policy", name, &RoomsPolicy::ALL, RoomsPolicy::name)
    }
}

impl Policy<[f32; N_FEATURES], usize> for RoomsPolicy {
    fn act(&self, observation: &[f32; N_FEATURES], rng: &mut Rng) -> usize {
        static OUT: LazyLock<Plan> = LazyLock::new(|| Plan::to(DOOR));
        static TO_HOOK: LazyLock<Plan> = LazyLock::new(|| Plan::to(HOOK));
        static TO_LADDER: LazyLock<Plan> = LazyLock::new(|| Plan::to(LADDER_TOP));
        let seen = Seen::of(observation);
        match self {
            RoomsPolicy::Intended => OUT.actions[seen.number()],
            RoomsPolicy::Farmer if seen.cell == HOOK => HAND,
            RoomsPolicy::Farmer => TO_HOOK.actions[seen.number()],
            RoomsPolicy::Climber if seen.cell == LADDER_TOP => DOWN,
            RoomsPolicy::Climber if seen.cell == (LADDER_TOP.0, LADDER_TOP.1 + 1) => UP,
            RoomsPolicy::Climber => TO_LADDER.actions[seen.number()],
            RoomsPolicy::Random => index(N_ACTIONS, rng),
        }
    }
}

/// What an observation says.
#[derive(Clone, Copy)]
struct Seen {
    cell_number: usize,
    cell: Cell,
    has_key: bool,
    phase: usize,
}

impl Seen {
    fn of(observation: &[f32; N_FEATURES]) -> Seen {
        let (of_cell, rest) = observation.split_at(N_CELLS);
        let (of_key, of_skull) = rest.split_at(1);
        let hot = |features: &[f32]| features.iter().position(|feature| *feature > 0.5);
        let cell_number = hot(of_cell).unwrap_or(0);
        Seen {
            cell_number,
            cell: cells().nth(cell_number).expect("a cell a feature"),
            has_key: of_key[0] > 0.5,
            phase: hot(of_skull).unwrap_or(0),
        }
    }

    /// Counts situations.
    fn number(&self) -> usize {
        (self.cell_number * 2 + usize::from(self.has_key)) * N_PHASES + self.phase
    }
}

/// The first action of a shortest way that meets no skull, for every situation.
struct Plan {
    actions: Vec<usize>,
}

impl Plan {
    /// The ways to a cell. The door lets nobody in without the key, so the way to it fetches the key.
    fn to(target: Cell) -> Plan {
        let n = N_CELLS * 2 * N_PHASES;
        let mut distances = vec![usize::MAX; n];
        let mut actions = vec![HAND; n];
        let situations: Vec<RoomsState> = situations().collect();
        let mut distance = 0;
        loop {
            let mut reached = vec![];
            for (number, state) in situations.iter().enumerate() {
                if distances[number] != usize::MAX {
                    continue;
                }
                let way = (0..N_ACTIONS).find(|action| {
                    let (next, _) = MontezumaRooms::default().transition(state, *action);
                    let known = distances[number_of(&next)] < distance;
                    !next.dead && (next.cell() == target || known)
                });
                if let Some(action) = way {
                    reached.push((number, action));
                }
            }
            if reached.is_empty() {
                return Plan { actions };
            }
            for (number, action) in reached {
                distances[number] = distance;
                actions[number] = action;
            }
            distance += 1;
        }
    }
}

/// Every situation in the order of [`Seen::number`].
fn situations() -> impl Iterator<Item = RoomsState> {
    cells().flat_map(|(column, row)| {
        (0..2 * N_PHASES).map(move |rest| RoomsState {
            column,
            row,
            has_key: rest >= N_PHASES,
            phase: rest % N_PHASES,
            dead: false,
        })
    })
}

fn number_of(state: &RoomsState) -> usize {
    let cell_number = super::cell_number(state.cell()).expect("moves lead to cells");
    Seen {
        cell_number,
        cell: state.cell(),
        has_key: state.has_key,
        phase: state.phase,
    }
    .number()
}
