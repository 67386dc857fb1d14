//! Scripted policies: one that does what was meant, one that dawdles, one that draws anything.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use mdp::{Policy, Rng, index, uniform};

use super::features::{N_FEATURES, seen};
use super::state::{Motion, Move, N_ACTIONS, ScreensState, motion_number};
use super::world::{Cell, ITEMS, N_COLUMNS, N_ROWS, N_SKULLS, TREASURE, screen, skull_of};
use crate::UnknownName;

/// A scripted policy for the screens. It sees the observation alone.
///
/// The two that know the way look ten steps ahead in the rules without chance, skull of the screen included, prefer
/// what leads to the next thing to take in the fewest steps, and count an action as dear after which a repetition would kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScreensPolicy {
    /// Takes everything there is and ends with the treasure: closed loop, so it copes with what sticks.
    Intended,
    /// Leaves the jewels, and does something else in one step of four if that does not kill: a worse demonstration, with
    /// detours.
    Dawdler,
    /// Draws every action with the same probability: a policy that has learned nothing.
    Random,
}

impl ScreensPolicy {
    /// Every policy, the reference first.
    pub const ALL: [ScreensPolicy; 3] = [
        ScreensPolicy::Intended,
        ScreensPolicy::Dawdler,
        ScreensPolicy::Random,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ScreensPolicy::Intended => "intended",
            ScreensPolicy::Dawdler => "dawdler",
            ScreensPolicy::Random => "random",
        }
    }
}

impl FromStr for ScreensPolicy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<ScreensPolicy, UnknownName> {
        UnknownName::find("policy", name, &ScreensPolicy::ALL, ScreensPolicy::name)
    }
}

/// What is fetched one after the other, by item, before the treasure.
const ALL_ITEMS: [usize; 3] = [1, 0, 2];
const KEY_ALONE: [usize; 1] = [0];

/// Share of its steps in which the dawdler does something else.
const DAWDLING: f64 = 0.25;

impl Policy<[f32; N_FEATURES], usize> for ScreensPolicy {
    fn act(&self, observation: &[f32; N_FEATURES], rng: &mut Rng) -> usize {
        let state = seen(observation);
        match self {
            ScreensPolicy::Intended => look_ahead(&state, &ALL_ITEMS) as usize,
            ScreensPolicy::Dawdler => {
                if uniform(rng) < DAWDLING {
                    let action = Move::ALL[index(N_ACTIONS, rng)];
                    if is_harmless(&state, action) {
                        return action as usize;
                    }
                }
                look_ahead(&state, &KEY_ALONE) as usize
            }
            ScreensPolicy::Random => index(N_ACTIONS, rng),
        }
    }
}

/// Steps that are looked ahead: twice a jump, and some.
const DEPTH: usize = 10;
/// What a step costs.
const STEP: usize = 10;
/// What a jump costs beside its steps: where walking is as good, the agent walks, and sees what it comes to.
const EFFORT: usize = 1;
/// What an action costs beside its step after which a repetition would kill.
const RISK: usize = 80;

/// The skull that can be seen from a state.
fn skull_seen(state: &ScreensState) -> Vec<usize> {
    skull_of(screen(state.cell())).into_iter().collect()
}

/// The first action of the best way: breadth first over what the rules without chance make of each action.
fn look_ahead(state: &ScreensState, items: &[usize]) -> Move {
    let distances = Distances::to_next(state, items);
    let skulls = skull_seen(state);
    let mut frontier = vec![Way {
        state: *state,
        first: Move::Wait,
        dear: 0,
    }];
    let mut best = (usize::MAX, Move::Wait);
    for depth in 1..=DEPTH {
        let mut reached = BTreeMap::new();
        for way in &frontier {
            for (next, cost) in way.onward(&skulls, depth == 1, distances) {
                if cost == 0 {
                    best = best.min_by_cost((depth * STEP + next.dear, next.first));
                }
                let known = reached.entry(next.key()).or_insert(next);
                if next.dear < known.dear {
                    *known = next;
                }
            }
        }
        frontier = reached.into_values().collect();
    }
    for way in &frontier {
        if let Some(rest) = rest_of(&way.state, &skulls, distances) {
            let cost = (DEPTH + rest) * STEP + way.dear;
            best = best.min_by_cost((cost, way.first));
        }
    }
    best.1
}

/// Keeps the first of equals.
trait Cheaper: Sized {
    fn min_by_cost(self, other: Self) -> Self;
}

impl Cheaper for (usize, Move) {
    fn min_by_cost(self, other: Self) -> Self {
        if other.0 < self.0 { other } else { self }
    }
}

/// A way that was looked at: where it leads, how it begins, what it costs beside its steps.
#[derive(Clone, Copy)]
struct Way {
    state: ScreensState,
    first: Move,
    dear: usize,
}

impl Way {
    /// What tells two ways of one length apart: skulls are at the same places in both.
    fn key(&self) -> (Cell, usize, usize) {
        let state = &self.state;
        let number = motion_number(state.motion);
        (state.cell(), number, state.last_action)
    }

    /// Each action's continuation that lives, with how far it is to go.
    fn onward<'a>(
        &'a self,
        skulls: &'a [usize],
        is_first: bool,
        distances: &'a Distances,
    ) -> impl Iterator<Item = (Way, usize)> + 'a {
        // In the air every action is as good: waiting leaves nothing to be repeated.
        let actions = match self.state.motion {
            Motion::Standing => &Move::ALL[..],
            _ => &Move::ALL[..1],
        };
        actions.iter().filter_map(move |action| {
            let mut next = *self;
            next.state.advance(*action, skulls);
            if next.state.dead {
                return None;
            }
            if is_first {
                next.first = *action;
            }
            if matches!(action, Move::JumpLeft | Move::JumpRight) {
                next.dear += EFFORT;
            }
            let mut again = next.state;
            again.advance(*action, skulls);
            if rest_of(&again, skulls, distances).is_none() {
                next.dear += RISK;
            }
            let to_go = distances.from(&next.state).unwrap_or(usize::MAX);
            Some((next, to_go))
        })
    }
}

/// Whether an action, and its repetition, leave the agent alive once it stands again.
fn is_harmless(state: &ScreensState, action: Move) -> bool {
    let skulls = skull_seen(state);
    let mut next = *state;
    next.advance(action, &skulls);
    let mut again = next;
    again.advance(action, &skulls);
    lands(next, &skulls).is_some() && lands(again, &skulls).is_some()
}

/// The state in which the agent stands again, and the steps until then; none where it dies before.
fn lands(mut state: ScreensState, skulls: &[usize]) -> Option<(ScreensState, usize)> {
    let mut n_steps = 0;
    while !state.dead && state.motion != Motion::Standing {
        state.advance(Move::Wait, skulls);
        n_steps += 1;
    }
    (!state.dead).then_some((state, n_steps))
}

/// Steps that are left to go, those in the air included; none where the way ends in death.
fn rest_of(state: &ScreensState, skulls: &[usize], distances: &Distances) -> Option<usize> {
    let (state, in_air) = lands(*state, skulls)?;
    Some(in_air + distances.from(&state)?)
}

/// Steps from every cell that can be stood on to a target, skulls aside.
struct Distances {
    steps: Vec<Option<usize>>,
}

impl Distances {
    /// To the next item of the list that was not taken yet, or to the treasure.
    fn to_next(state: &ScreensState, items: &[usize]) -> &'static Distances {
        /// One for each item, before and after the door was opened, and the treasure's likewise.
        static ALL: LazyLock<Vec<Distances>> = LazyLock::new(|| {
            let targets = ITEMS.iter().chain([&TREASURE]);
            targets
                .flat_map(|target| [false, true].map(|key| Distances::to(*target, key)))
                .collect()
        });
        let next = items.iter().find(|item| !state.taken[**item]);
        let target = next.copied().unwrap_or(ITEMS.len());
        &ALL[2 * target + usize::from(state.taken[super::world::KEY])]
    }

    /// Relaxes every step until nothing gets nearer.
    fn to(target: Cell, has_key: bool) -> Distances {
        let steps = moves(has_key);
        let mut distances = Distances {
            steps: vec![None; N_COLUMNS * N_ROWS],
        };
        distances.steps[number(target)] = Some(0);
        loop {
            let mut is_settled = true;
            for (from, to, n_steps) in &steps {
                let Some(rest) = distances.steps[*to] else {
                    continue;
                };
                let steps = &mut distances.steps[*from];
                if steps.is_none_or(|known| rest + n_steps < known) {
                    *steps = Some(rest + n_steps);
                    is_settled = false;
                }
            }
            if is_settled {
                return distances;
            }
        }
    }

    /// From where an agent stands; none in the air and where no way leads on.
    fn from(&self, state: &ScreensState) -> Option<usize> {
        let stands = state.motion == Motion::Standing && state.row < N_ROWS;
        stands.then(|| self.steps[number(state.cell())])?
    }
}

fn number((column, row): Cell) -> usize {
    row * N_COLUMNS + column
}

/// Every action from every cell that can be stood on: from where, to where, in how many steps.
fn moves(has_key: bool) -> Vec<(usize, usize, usize)> {
    let mut moves = vec![];
    let cells = (1..N_ROWS).flat_map(|row| (1..N_COLUMNS - 1).map(move |column| (column, row)));
    for (column, row) in cells {
        let mut state = ScreensState {
            column,
            row,
            ..ScreensState::beginning([0; N_SKULLS])
        };
        state.taken[super::world::KEY] = has_key;
        // Waiting shows whether the cell can be stood on.
        let mut waited = state;
        waited.advance(Move::Wait, &[]);
        if !state.is_in_the_open() || waited.motion != Motion::Standing {
            continue;
        }
        for action in &Move::ALL[1..] {
            let mut next = state;
            next.advance(*action, &[]);
            if let Some((landed, in_air)) = lands(next, &[]) {
                moves.push((number((column, row)), number(landed.cell()), 1 + in_air));
            }
        }
    }
    moves
}
