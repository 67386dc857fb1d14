//! The screens between two steps, as numbers and back, and what a step does to them.

use mdp::{StateError, StateVector, wrong_length};

use super::world::{
    Cell, DOOR, ITEMS, KEY, N_COLUMNS, N_ROWS, N_SKULLS, SKULLS, START, TREASURE, Tile, tile,
};

/// What the body does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Motion {
    /// It stands, or holds on to a ladder or a rope.
    #[default]
    Standing,
    /// It is in a jump, of which `taken` of four steps are done.
    Jumping {
        /// To the right, or to the left.
        right: bool,
        /// Steps done, from 1 to 3.
        taken: u8,
    },
    /// It falls.
    Falling {
        /// Rows fallen so far; 2 stands for all that are too many.
        rows: u8,
    },
}

/// What is done, once stickiness has had its say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Move {
    #[default]
    Wait,
    Left,
    Right,
    Up,
    Down,
    JumpLeft,
    JumpRight,
}

pub(super) const N_ACTIONS: usize = 7;

impl Move {
    pub(super) const ALL: [Move; N_ACTIONS] = [
        Move::Wait,
        Move::Left,
        Move::Right,
        Move::Up,
        Move::Down,
        Move::JumpLeft,
        Move::JumpRight,
    ];
}

/// Rows that can be fallen without harm; every pit is deeper, from a jump off the ladder beside it as well.
const SAFE_FALL: u8 = 1;
/// Steps of a jump: up and forward, forward twice, down and forward.
const JUMP: u8 = 4;

/// The screens as they stand between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScreensState {
    /// Column of the agent, from the left of all screens.
    pub column: usize,
    /// Row of the agent, from the top of all screens; the number of rows where it fell out of them.
    pub row: usize,
    /// What its body does.
    pub motion: Motion,
    /// The action that was carried out last, which may be repeated.
    pub last_action: usize,
    /// What was picked up: the key, the jewel above the ladder, the jewel behind the door.
    pub taken: [bool; ITEMS.len()],
    /// Whether the door was opened, which uses the key up.
    pub is_open: bool,
    /// Steps since each skull was at the left end of its way.
    pub phases: [usize; N_SKULLS],
    /// Whether a skull was met or a fall was too deep: the episode is over.
    pub dead: bool,
}

/// What a step brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gains {
    pub(super) keys: u8,
    pub(super) jewels: u8,
    pub(super) doors: u8,
}

impl ScreensState {
    pub(super) fn beginning(phases: [usize; N_SKULLS]) -> ScreensState {
        ScreensState {
            column: START.0,
            row: START.1,
            motion: Motion::Standing,
            last_action: 0,
            taken: [false; ITEMS.len()],
            is_open: false,
            phases,
            dead: false,
        }
    }

    pub(super) fn cell(&self) -> Cell {
        (self.column, self.row)
    }

    /// Whether the key is carried.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.taken[KEY] && !self.is_open
    }

    /// Whether the cell is one that a body can be in.
    pub(super) fn is_in_the_open(&self) -> bool {
        self.is_free(self.column, self.row) || self.cell() == DOOR
    }

    /// Whether the treasure was reached: the episode is over.
    #[must_use]
    pub fn has_treasure(&self) -> bool {
        self.cell() == TREASURE
    }

    pub(super) fn is_over(&self) -> bool {
        self.dead || self.has_treasure()
    }

    /// One step, in which the action is carried out for certain. Of the skulls only those in `skulls` can be met.
    pub(super) fn advance(&mut self, action: Move, skulls: &[usize]) -> Gains {
        let before = self.cell();
        let mut gains = Gains::default();
        self.last_action = action as usize;
        self.move_body(action, &mut gains);
        for (phase, skull) in self.phases.iter_mut().zip(&SKULLS) {
            *phase = (*phase + 1) % skull.period();
        }
        self.dead |= self.row >= N_ROWS || skulls.iter().any(|skull| self.meets(before, *skull));
        if !self.dead {
            for (item, cell) in ITEMS.iter().enumerate() {
                if self.cell() == *cell && !self.taken[item] {
                    self.taken[item] = true;
                    gains.keys += u8::from(item == KEY);
                    gains.jewels += u8::from(item != KEY);
                }
            }
        }
        gains
    }

    fn move_body(&mut self, action: Move, gains: &mut Gains) {
        match self.motion {
            Motion::Standing => match action {
                Move::Wait => {}
                Move::Left => self.walk(self.column.checked_sub(1), gains),
                Move::Right => self.walk(Some(self.column + 1), gains),
                Move::Up => self.climb(self.row.wrapping_sub(1)),
                Move::Down => self.climb(self.row + 1),
                Move::JumpLeft => return self.jump(false, 0),
                Move::JumpRight => return self.jump(true, 0),
            },
            Motion::Jumping { right, taken } => return self.jump(right, taken),
            Motion::Falling { rows } => {
                self.row += 1;
                self.motion = Motion::Falling {
                    rows: (rows + 1).min(SAFE_FALL + 1),
                };
            }
        }
        self.settle();
    }

    fn walk(&mut self, to: Option<usize>, gains: &mut Gains) {
        let Some(column) = to else { return };
        if (column, self.row) == DOOR && self.has_key() {
            self.is_open = true;
            gains.doors += 1;
        }
        if self.is_free(column, self.row) {
            self.column = column;
        }
    }

    fn climb(&mut self, row: usize) {
        let holds = |tile| matches!(tile, Tile::Ladder | Tile::Rope);
        let here = holds(tile(self.column, self.row));
        let there = row < N_ROWS && holds(tile(self.column, row));
        // Off the top of a ladder one steps onto the floor beside it.
        let off_the_top = here && row < self.row && self.is_free(self.column, row);
        if there || off_the_top && tile(self.column, self.row) == Tile::Ladder {
            self.row = row;
        }
    }

    /// The step of a jump after `taken` ones; where the way is blocked, the body goes on as far as it can.
    fn jump(&mut self, right: bool, taken: u8) {
        let forward = if right {
            self.column + 1
        } else {
            self.column.saturating_sub(1)
        };
        if taken == 0 {
            if !self.is_free(self.column, self.row - 1) {
                return self.settle();
            }
            self.row -= 1;
        }
        let goes_down = taken + 1 == JUMP;
        if self.is_free(forward, self.row) {
            self.column = forward;
        }
        if goes_down && self.is_free(self.column, self.row + 1) {
            self.row += 1;
        }
        self.motion = Motion::Jumping {
            right,
            taken: taken + 1,
        };
        if goes_down {
            self.motion = Motion::Falling { rows: 0 };
            self.settle();
        } else if tile(self.column, self.row) == Tile::Rope {
            self.motion = Motion::Standing;
        }
    }

    /// Stands where there is something to stand on or to hold on to, and falls elsewhere.
    fn settle(&mut self) {
        let fallen = match self.motion {
            Motion::Falling { rows } => rows,
            _ => 0,
        };
        let holds = matches!(tile(self.column, self.row), Tile::Ladder | Tile::Rope);
        let below = tile(self.column, self.row + 1);
        if holds || matches!(below, Tile::Ground | Tile::Ladder | Tile::Door) {
            self.dead |= fallen > SAFE_FALL;
            self.motion = Motion::Standing;
        } else {
            self.motion = Motion::Falling { rows: fallen };
        }
    }

    fn is_free(&self, column: usize, row: usize) -> bool {
        match tile(column, row) {
            Tile::Ground => false,
            Tile::Door => self.is_open,
            Tile::Air | Tile::Ladder | Tile::Rope => true,
        }
    }

    /// Whether agent and skull are in one cell after a step, or passed through each other in it.
    fn meets(&self, before: Cell, skull: usize) -> bool {
        let (phase, skull) = (self.phases[skull], &SKULLS[skull]);
        let now = (skull.column(phase), skull.row);
        let earlier = (phase + skull.period() - 1) % skull.period();
        let then = (skull.column(earlier), skull.row);
        self.cell() == now || (self.cell() == then && before == now)
    }
}

const N_NUMBERS: usize = 4 + ITEMS.len() + 2 + N_SKULLS;

impl StateVector for ScreensState {
    fn write(&self, out: &mut Vec<f64>) {
        let flag = |flag: bool| f64::from(u8::from(flag));
        out.extend([
            self.column as f64,
            self.row as f64,
            motion_number(self.motion) as f64,
            self.last_action as f64,
        ]);
        out.extend(self.taken.map(flag));
        out.push(flag(self.is_open));
        out.extend(self.phases.map(|phase| phase as f64));
        out.push(flag(self.dead));
    }

    fn read(values: &[f64]) -> Result<ScreensState, StateError> {
        if values.len() != N_NUMBERS {
            return Err(wrong_length(N_NUMBERS, values.len()));
        }
        let whole = |value: f64, limit: usize| {
            let fits = value.fract() == 0.0 && (0.0..limit as f64).contains(&value);
            fits.then_some(value as usize)
        };
        let state = || {
            let (taken, rest) = values[4..].split_at(ITEMS.len());
            let mut state = ScreensState {
                column: whole(values[0], N_COLUMNS)?,
                row: whole(values[1], N_ROWS + 1)?,
                motion: *MOTIONS.get(whole(values[2], MOTIONS.len())?)?,
                last_action: whole(values[3], N_ACTIONS)?,
                is_open: whole(rest[0], 2)? == 1,
                dead: whole(rest[1 + N_SKULLS], 2)? == 1,
                ..ScreensState::beginning([0; N_SKULLS])
            };
            for (to, from) in state.taken.iter_mut().zip(taken) {
                *to = whole(*from, 2)? == 1;
            }
            for (index, phase) in state.phases.iter_mut().enumerate() {
                *phase = whole(rest[1 + index], SKULLS[index].period())?;
            }
            // A dead body may lie in what killed it; a live one stands, hangs or flies in free cells.
            (state.dead || state.is_free(state.column, state.row)).then_some(state)
        };
        state().ok_or_else(|| StateError(format!("{values:?} is no state of the screens")))
    }
}

pub(super) const N_MOTIONS: usize = 1 + 2 * 3 + SAFE_FALL as usize + 2;

/// Motions in the order of their numbers.
const MOTIONS: [Motion; N_MOTIONS] = {
    const fn jumping(right: bool, taken: u8) -> Motion {
        Motion::Jumping { right, taken }
    }
    const fn falling(rows: u8) -> Motion {
        Motion::Falling { rows }
    }
    [
        Motion::Standing,
        jumping(false, 1),
        jumping(false, 2),
        jumping(false, 3),
        jumping(true, 1),
        jumping(true, 2),
        jumping(true, 3),
        falling(0),
        falling(1),
        falling(2),
    ]
};

/// The number of a motion among [`N_MOTIONS`].
pub(super) fn motion_number(motion: Motion) -> usize {
    match motion {
        Motion::Standing => 0,
        Motion::Jumping { right, taken } => 3 * usize::from(right) + usize::from(taken),
        Motion::Falling { rows } => 7 + usize::from(rows),
    }
}

pub(super) fn motion_of(number: usize) -> Motion {
    MOTIONS[number]
}
