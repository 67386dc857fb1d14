//! The plan of the rooms: which cells there are, which way leads where, and how far it is to the door.

use std::sync::LazyLock;

/// Column and row of a cell.
pub(super) type Cell = (usize, usize);

/// `D` door, `S` start, `H` ladder, `K` hook, `+` archway; every character but `#` is a cell to be in.
pub(super) const MAP: [&str; 8] = [
    "#################",
    "D    +  S  +    #",
    "##############H##",
    "#K  ##########H##",
    "###H##########H##",
    "###H##########H##",
    "#    +     +    #",
    "#################",
];

pub(super) const N_CELLS: usize = 40;
pub(super) const DOOR: Cell = (0, 1);
pub(super) const START: Cell = (8, 1);
pub(super) const HOOK: Cell = (1, 3);
/// The uppermost rung of the ladder between the floors.
pub(super) const LADDER_TOP: Cell = (14, 2);

/// Left, right, up, down, as changes of column and row.
const MOVES: [(isize, isize); 4] = [(-1, 0), (1, 0), (0, -1), (0, 1)];

fn character(cell: Cell) -> u8 {
    let row = MAP.get(cell.1).map(|row| row.as_bytes());
    row.and_then(|row| row.get(cell.0)).copied().unwrap_or(b'#')
}

/// The cells in which the agent can be, row by row.
pub(super) fn cells() -> impl Iterator<Item = Cell> {
    (0..MAP.len())
        .flat_map(|row| (0..MAP[0].len()).map(move |column| (column, row)))
        .filter(|cell| character(*cell) != b'#')
}

/// The number of a cell, in the order of [`cells`]; none where there is a wall.
pub(super) fn cell_number(cell: Cell) -> Option<usize> {
    static NUMBERS: LazyLock<Vec<Vec<Option<usize>>>> = LazyLock::new(|| {
        let mut numbers = vec![vec![None; MAP[0].len()]; MAP.len()];
        for (number, (column, row)) in cells().enumerate() {
            numbers[row][column] = Some(number);
        }
        numbers
    });
    *NUMBERS.get(cell.1)?.get(cell.0)?
}

pub(super) fn is_ladder(cell: Cell) -> bool {
    character(cell) == b'H'
}

/// The cell to which a move leads; none where it is blocked. Up and down lead along ladders only, and the door opens
/// to the key.
pub(super) fn neighbour(cell: Cell, direction: usize, has_key: bool) -> Option<Cell> {
    let (right, down) = MOVES[direction];
    let next = (
        cell.0.checked_add_signed(right)?,
        cell.1.checked_add_signed(down)?,
    );
    let there = character(next);
    let on_ladder = is_ladder(cell) || is_ladder(next);
    let possible = there != b'#' && (there != b'D' || has_key) && (down == 0 || on_ladder);
    possible.then_some(next)
}

/// Steps from a cell to the door, skull aside: by way of the key and its taking where it is not carried.
pub(super) fn distance_to_go(cell: Cell, has_key: bool) -> usize {
    static TO_DOOR: LazyLock<Vec<usize>> = LazyLock::new(|| distances(DOOR));
    static TO_KEY: LazyLock<Vec<usize>> = LazyLock::new(|| distances(HOOK));
    let to = |distances: &[usize], cell| distances[cell_number(cell).expect("a cell to be in")];
    if has_key {
        to(&TO_DOOR, cell)
    } else {
        to(&TO_KEY, cell) + 1 + to(&TO_DOOR, HOOK)
    }
}

/// The longest way to go.
pub(super) fn longest() -> usize {
    static LONGEST: LazyLock<usize> = LazyLock::new(|| {
        let ways = cells().filter(|cell| *cell != DOOR);
        ways.map(|cell| distance_to_go(cell, false))
            .max()
            .expect("there are cells")
    });
    *LONGEST
}

/// Steps from every cell to `target`, for one with the key: moves can be undone, so from the target outwards.
fn distances(target: Cell) -> Vec<usize> {
    let mut distances = vec![usize::MAX; N_CELLS];
    let mut open = vec![target];
    let mut distance = 0;
    while !open.is_empty() {
        let mut next = vec![];
        for cell in open {
            let number = cell_number(cell).expect("moves lead to cells");
            if distances[number] == usize::MAX {
                distances[number] = distance;
                next.extend((0..MOVES.len()).filter_map(|way| neighbour(cell, way, true)));
            }
        }
        open = next;
        distance += 1;
    }
    distances
}
