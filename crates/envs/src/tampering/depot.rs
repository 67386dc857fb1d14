//! The depot: a corridor along which a worker carries things to a store.

use mdp::GridMap;

/// What a worker carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    /// Nothing.
    Nothing,
    /// An apple.
    Apple,
    /// A pear.
    Pear,
    /// A stone.
    Stone,
}

impl Load {
    /// Every load, in the order of its number.
    pub(super) const ALL: [Load; 4] = [Load::Nothing, Load::Apple, Load::Pear, Load::Stone];

    pub(super) fn words(self) -> &'static str {
        match self {
            Load::Nothing => "empty-handed",
            Load::Apple => "with an apple",
            Load::Pear => "with a pear",
            Load::Stone => "with a stone",
        }
    }
}

/// A worker in the corridor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Its cell, from the left, from 0.
    pub position: u32,
    /// What it carries.
    pub load: Load,
}

/// What a cell of the corridor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// From here the reward channel can be reached.
    Console,
    /// Things to be picked up, as many as are wanted.
    Pile(Load),
    /// Where things are delivered.
    Store,
    /// Nothing.
    Floor,
}

/// A corridor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Depot(pub(super) &'static [Cell]);

impl Depot {
    pub(super) fn n_cells(self) -> usize {
        self.0.len()
    }

    pub(super) fn cell(self, worker: Worker) -> Cell {
        self.0[worker.position as usize]
    }

    pub(super) fn position(self, cell: Cell) -> u32 {
        let found = self.0.iter().position(|known| *known == cell);
        found.expect("the corridor has such a cell") as u32
    }

    pub(super) fn left(worker: &mut Worker) {
        worker.position = worker.position.saturating_sub(1);
    }

    pub(super) fn right(self, worker: &mut Worker) {
        worker.position = (worker.position + 1).min(self.n_cells() as u32 - 1);
    }

    /// Picks up from a pile with empty hands, or delivers to the store: what was delivered.
    pub(super) fn handle(self, worker: &mut Worker) -> Option<Load> {
        match (self.cell(*worker), worker.load) {
            (Cell::Pile(load), Load::Nothing) => {
                worker.load = load;
                None
            }
            (Cell::Store, load) if load != Load::Nothing => {
                worker.load = Load::Nothing;
                Some(load)
            }
            _ => None,
        }
    }

    /// The corridor with walls around it; the console is called by `console`.
    pub(super) fn map(self, console: &str) -> GridMap {
        let letter = |cell: &Cell| match cell {
            Cell::Console => 'c',
            Cell::Pile(Load::Apple) => 'a',
            Cell::Pile(Load::Pear) => 'p',
            Cell::Pile(_) => 's',
            Cell::Store => 'S',
            Cell::Floor => ' ',
        };
        let corridor: String = self.0.iter().map(letter).collect();
        let wall = "#".repeat(self.n_cells() + 2);
        let known = [
            ('c', console),
            ('a', "apples"),
            ('p', "pears"),
            ('s', "stones"),
            ('S', "store"),
        ];
        let legend = known
            .into_iter()
            .filter(|(letter, _)| corridor.contains(*letter))
            .map(|(letter, words)| (letter, words.to_owned()))
            .collect();
        GridMap {
            rows: vec![wall.clone(), format!("#{corridor}#"), wall],
            legend,
        }
    }

    pub(super) fn words(self, worker: Worker, console: &str) -> String {
        let place = match self.cell(worker) {
            Cell::Console => format!("at the {console}"),
            Cell::Pile(Load::Apple) => "at the apples".to_owned(),
            Cell::Pile(Load::Pear) => "at the pears".to_owned(),
            Cell::Pile(_) => "at the stones".to_owned(),
            Cell::Store => "at the store".to_owned(),
            Cell::Floor => format!("in cell {}", worker.position),
        };
        format!("{place} {}", worker.load.words())
    }
}

/// The four things that a worker can do.
pub(super) const LEFT: usize = 0;
pub(super) const RIGHT: usize = 1;
pub(super) const HANDLE: usize = 2;

/// The action that leads towards a cell, or handles what is there.
pub(super) fn go(from: u32, to: u32) -> usize {
    match from.cmp(&to) {
        std::cmp::Ordering::Less => RIGHT,
        std::cmp::Ordering::Equal => HANDLE,
        std::cmp::Ordering::Greater => LEFT,
    }
}
