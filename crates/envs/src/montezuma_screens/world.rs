//! The plan of the six screens, and how things move on it.

use std::sync::LazyLock;

/// Columns and rows of one screen.
pub(super) const SCREEN: (usize, usize) = (20, 9);
/// Screens side by side, and one above the other.
pub(super) const SCREENS: (usize, usize) = (3, 2);
pub(super) const N_SCREENS: usize = SCREENS.0 * SCREENS.1;
pub(super) const N_COLUMNS: usize = SCREENS.0 * SCREEN.0;
pub(super) const N_ROWS: usize = SCREENS.1 * SCREEN.1;

/// All screens at once: `#` ground, `H` ladder, `|` rope, `D` door, `K` key, `J` jewel, `T` treasure, `S` start.
#[rustfmt::skip]
pub(super) const MAP: [&str; N_ROWS] = [
    "############################################################",
    "#####################                 S#####################",
    "#                  ##H###################                  #",
    "#                  ##H                 ##                  #",
    "#J                K##H                 ##T                 #",
    "##H######### ################H###################### ###H###",
    "##H######### ################H###################### ###H###",
    "##H######### ################H###################### ###H###",
    "##H##########################H##########################H###",
    "##H##########################H##########################H###",
    "# H                ##        H         ##               H  #",
    "# H   |            ##        H         ##               H  #",
    "# H   |            ##        H         ##               H  #",
    "# H   |                      H         ##               H  #",
    "# H   |                      H         D                H J#",
    "####    ########################## #########################",
    "####    ########################## #########################",
    "####    ########################## #########################",
];

/// Column and row, from the left and from the top of all screens.
pub(super) type Cell = (usize, usize);

pub(super) const START: Cell = (38, 1);
pub(super) const DOOR: Cell = (39, 14);
pub(super) const TREASURE: Cell = (41, 4);
/// What can be picked up once: the key, then the jewels.
pub(super) const ITEMS: [Cell; 3] = [(18, 4), (1, 4), (58, 14)];
pub(super) const KEY: usize = 0;

/// A skull that rolls back and forth along a floor, one column in two steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Skull {
    pub(super) row: usize,
    pub(super) low: usize,
    pub(super) high: usize,
}

pub(super) const N_SKULLS: usize = 5;

pub(super) const SKULLS: [Skull; N_SKULLS] = [
    Skull {
        row: 4,
        low: 5,
        high: 8,
    },
    Skull {
        row: 4,
        low: 45,
        high: 48,
    },
    Skull {
        row: 14,
        low: 12,
        high: 15,
    },
    Skull {
        row: 14,
        low: 22,
        high: 26,
    },
    Skull {
        row: 14,
        low: 44,
        high: 49,
    },
];

impl Skull {
    /// Steps after which it is back where it was, going the same way.
    pub(super) const fn period(&self) -> usize {
        4 * (self.high - self.low)
    }

    pub(super) fn column(&self, phase: usize) -> usize {
        let turn = 2 * (self.high - self.low);
        let moved = phase / 2;
        self.low + moved.min(turn - moved)
    }

    pub(super) fn goes_right(&self, phase: usize) -> bool {
        phase < self.period() / 2
    }
}

/// What a cell is made of. Beyond the map there is ground at the sides and above, and nothing below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tile {
    Air,
    Ground,
    Ladder,
    Rope,
    Door,
}

/// The tile of a cell whose row may lie below the map.
pub(super) fn tile(column: usize, row: usize) -> Tile {
    static TILES: LazyLock<Vec<Tile>> = LazyLock::new(|| {
        let tile = |character| match character {
            '#' => Tile::Ground,
            'H' => Tile::Ladder,
            '|' => Tile::Rope,
            'D' => Tile::Door,
            _ => Tile::Air,
        };
        MAP.iter().flat_map(|row| row.chars().map(tile)).collect()
    });
    if row >= N_ROWS {
        return Tile::Air;
    }
    TILES[row * N_COLUMNS + column]
}

/// Which screen a cell belongs to, counted row by row.
pub(super) fn screen((column, row): Cell) -> usize {
    let row = row.min(N_ROWS - 1);
    row / SCREEN.1 * SCREENS.0 + column / SCREEN.0
}

/// The skull of a screen, if it has one.
pub(super) fn skull_of(of: usize) -> Option<usize> {
    SKULLS
        .iter()
        .position(|skull| screen((skull.low, skull.row)) == of)
}
