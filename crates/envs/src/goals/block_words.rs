//! Letter blocks that somebody stacks into a word.

use mdp::{Scene, Shape, StateError, StateVector, wrong_length};

use super::{GoalProblem, flips, picture};
use crate::UnknownName;

/// Blocks that a state has room for.
const MOST: usize = 8;
/// What is below a block that stands on the table, and one that is held; smaller numbers are blocks.
const TABLE: u8 = 8;
const HELD: u8 = 9;
/// The action that puts the held block on the table, after those that lift one; then those that stack it.
const PUT_DOWN: usize = MOST;
const STACK: usize = MOST + 1;

/// A published problem: its number, the towers at the start and the possible words, from the top down.
struct Published {
    name: &'static str,
    towers: &'static [&'static str],
    words: [&'static str; 5],
}

const PUBLISHED: [Published; 3] = [
    Published {
        name: "0",
        towers: &["dac", "rp", "e", "o", "w"],
        words: ["draw", "crow", "rope", "power", "wade"],
    },
    Published {
        name: "1",
        towers: &["sah", "c", "k", "r", "t", "u"],
        words: ["trash", "shut", "crush", "truck", "curt"],
    },
    Published {
        name: "2",
        towers: &["mo", "ra", "tw", "e", "h"],
        words: ["mother", "tome", "two", "throw", "thaw"],
    },
];

/// Lettered blocks on a table and a hand that moves one at a time; one of five words is to be stacked, read from the top.
///
/// A word is reached when it stands on the table with nothing on top. The heuristic is the published one, h_add (Bonet
/// and Geffner, 2001): the cost of each fact where nothing is ever undone, summed over the facts of the goal.
#[derive(Clone, Debug)]
pub struct BlockWords {
    letters: Vec<char>,
    start: BlocksState,
    words: Vec<Word>,
}

/// A word as blocks from the top down, and as it is spelt.
#[derive(Clone, Debug)]
struct Word {
    blocks: Vec<usize>,
    spelling: String,
}

/// What each block stands on: a block by number, 8 for the table, 9 where it is held, 15 where there is no such block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlocksState(u32);

impl BlocksState {
    /// What is below a block, under 16.
    #[must_use]
    pub fn below(self, block: usize) -> u8 {
        (self.0 >> (4 * block) & 15) as u8
    }

    fn with(self, block: usize, below: u8) -> BlocksState {
        let cleared = self.0 & !(15 << (4 * block));
        BlocksState(cleared | u32::from(below) << (4 * block))
    }

    /// Bits of the blocks that have nothing on top and are not held, the held block if any.
    fn clear_and_held(self, n_blocks: usize) -> (u8, Option<usize>) {
        let mut covered = 0_u8;
        let mut held = None;
        for block in 0..n_blocks {
            match self.below(block) {
                HELD => held = Some(block),
                TABLE => {}
                below => covered |= 1 << below,
            }
        }
        let held_bit = held.map_or(0, |block| 1_u8 << block);
        (!covered & !held_bit & all(n_blocks), held)
    }
}

fn all(n_blocks: usize) -> u8 {
    ((1_u16 << n_blocks) - 1) as u8
}

impl StateVector for BlocksState {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend((0..MOST).map(|block| f64::from(self.below(block))));
    }

    fn read(values: &[f64]) -> Result<BlocksState, StateError> {
        if values.len() != MOST {
            return Err(wrong_length(MOST, values.len()));
        }
        let mut state = BlocksState(0);
        for (block, value) in values.iter().enumerate() {
            if value.fract() != 0.0 || !(0.0..16.0).contains(value) {
                return Err(StateError(format!(
                    "{value} is nothing that a block stands on"
                )));
            }
            state = state.with(block, *value as u8);
        }
        Ok(state)
    }
}

impl BlockWords {
    /// The published problems.
    pub const PROBLEMS: [&str; PUBLISHED.len()] = ["0", "1", "2"];

    /// A published problem by its number.
    ///
    /// # Errors
    /// If there is no such problem.
    pub fn published(name: &str) -> Result<BlockWords, UnknownName> {
        let places: Vec<usize> = (0..PUBLISHED.len()).collect();
        let found = UnknownName::find("problem", name, &places, |place| PUBLISHED[place].name)?;
        let Published { towers, words, .. } = &PUBLISHED[found];
        let mut letters: Vec<char> = towers.iter().flat_map(|tower| tower.chars()).collect();
        letters.sort_unstable();
        let number = |letter: char| {
            let found = letters.iter().position(|other| *other == letter);
            found.expect("the published words are spelt with the published blocks")
        };
        let mut start = BlocksState(u32::MAX);
        for tower in *towers {
            let blocks: Vec<usize> = tower.chars().map(number).collect();
            let below = blocks[1..].iter().map(|block| *block as u8).chain([TABLE]);
            for (block, below) in blocks.iter().zip(below) {
                start = start.with(*block, below);
            }
        }
        let words = words.iter().map(|word| Word {
            blocks: word.chars().map(number).collect(),
            spelling: (*word).to_owned(),
        });
        Ok(BlockWords {
            start,
            words: words.collect(),
            letters,
        })
    }

    fn n_blocks(&self) -> usize {
        self.letters.len()
    }

    /// The facts of a state: which block is on which, which are held, on the table, and clear, and whether the hand is empty.
    fn facts(&self, state: BlocksState) -> (u64, u32) {
        let (clear, held) = state.clear_and_held(self.n_blocks());
        let (mut on, mut others) = (0_u64, u32::from(clear) | u32::from(held.is_none()) << 24);
        for block in 0..self.n_blocks() {
            match state.below(block) {
                HELD => others |= 1 << (8 + block),
                TABLE => others |= 1 << (16 + block),
                below => on |= 1 << (MOST * block + usize::from(below)),
            }
        }
        (on, others)
    }

    /// Towers from the table up, by their lowest block, and the held block.
    fn towers(&self, state: BlocksState) -> (Vec<Vec<usize>>, Option<usize>) {
        let blocks = 0..self.n_blocks();
        let lowest = blocks.clone().filter(|block| state.below(*block) == TABLE);
        let towers = lowest.map(|lowest| {
            let mut tower = vec![lowest];
            while let Some(next) = blocks
                .clone()
                .find(|block| usize::from(state.below(*block)) == tower[tower.len() - 1])
            {
                tower.push(next);
            }
            tower
        });
        (towers.collect(), state.clear_and_held(self.n_blocks()).1)
    }
}

/// Costs of facts where nothing is ever undone, infinite where they cannot be reached.
struct FactCosts {
    n_blocks: usize,
    on: [[f64; MOST]; MOST],
    on_table: [f64; MOST],
    clear: [f64; MOST],
    held: [f64; MOST],
    hand_empty: f64,
}

/// Lowers a cost; whether it did.
fn lower(cost: &mut f64, to: f64) -> bool {
    let lowers = to < *cost;
    if lowers {
        *cost = to;
    }
    lowers
}

impl FactCosts {
    fn new(state: BlocksState, n_blocks: usize) -> FactCosts {
        let mut costs = FactCosts {
            n_blocks,
            on: [[f64::INFINITY; MOST]; MOST],
            on_table: [f64::INFINITY; MOST],
            clear: [f64::INFINITY; MOST],
            held: [f64::INFINITY; MOST],
            hand_empty: f64::INFINITY,
        };
        let (clear, held) = state.clear_and_held(n_blocks);
        for block in 0..n_blocks {
            match state.below(block) {
                HELD => costs.held[block] = 0.0,
                TABLE => costs.on_table[block] = 0.0,
                below => costs.on[block][usize::from(below)] = 0.0,
            }
            if clear >> block & 1 == 1 {
                costs.clear[block] = 0.0;
            }
        }
        if held.is_none() {
            costs.hand_empty = 0.0;
        }
        while costs.relax() {}
        costs
    }

    /// Applies every action once; whether a fact became cheaper.
    fn relax(&mut self) -> bool {
        let mut lowered = false;
        for block in 0..self.n_blocks {
            let lift = self.clear[block] + self.hand_empty + 1.0;
            lowered |= lower(&mut self.held[block], lift + self.on_table[block]);
            for other in (0..self.n_blocks).filter(|other| *other != block) {
                let unstack = lift + self.on[block][other];
                lowered |= lower(&mut self.held[block], unstack);
                lowered |= lower(&mut self.clear[other], unstack);
                let stack = self.held[block] + self.clear[other] + 1.0;
                lowered |= lower(&mut self.on[block][other], stack);
                lowered |= lower(&mut self.clear[block], stack);
                lowered |= lower(&mut self.hand_empty, stack);
            }
            let put = self.held[block] + 1.0;
            lowered |= lower(&mut self.on_table[block], put);
            lowered |= lower(&mut self.clear[block], put);
            lowered |= lower(&mut self.hand_empty, put);
        }
        lowered
    }

    fn of_word(&self, word: &Word) -> f64 {
        let (top, bottom) = (word.blocks[0], word.blocks[word.blocks.len() - 1]);
        let pairs = word.blocks.windows(2);
        let on: f64 = pairs.map(|pair| self.on[pair[0]][pair[1]]).sum();
        self.clear[top] + self.on_table[bottom] + on
    }
}

impl GoalProblem for BlockWords {
    type State = BlocksState;

    fn start(&self) -> BlocksState {
        self.start
    }

    fn n_goals(&self) -> usize {
        self.words.len()
    }

    fn goal_name(&self, goal: usize) -> String {
        self.words[goal].spelling.clone()
    }

    fn is_reached(&self, state: &BlocksState, goal: usize) -> bool {
        let blocks = &self.words[goal].blocks;
        let (clear, _) = state.clear_and_held(self.n_blocks());
        let is_on = |pair: &[usize]| usize::from(state.below(pair[0])) == pair[1];
        clear >> blocks[0] & 1 == 1
            && state.below(blocks[blocks.len() - 1]) == TABLE
            && blocks.windows(2).all(is_on)
    }

    fn action_names(&self) -> &'static [&'static str] {
        &[
            "lift 1",
            "lift 2",
            "lift 3",
            "lift 4",
            "lift 5",
            "lift 6",
            "lift 7",
            "lift 8",
            "put down",
            "stack on 1",
            "stack on 2",
            "stack on 3",
            "stack on 4",
            "stack on 5",
            "stack on 6",
            "stack on 7",
            "stack on 8",
        ]
    }

    fn successors(&self, state: &BlocksState, out: &mut Vec<(usize, BlocksState)>) {
        let (clear, held) = state.clear_and_held(self.n_blocks());
        let clear = (0..self.n_blocks()).filter(|block| clear >> block & 1 == 1);
        match held {
            None => out.extend(clear.map(|block| (block, state.with(block, HELD)))),
            Some(held) => {
                out.push((PUT_DOWN, state.with(held, TABLE)));
                out.extend(clear.map(|block| (STACK + block, state.with(held, block as u8))));
            }
        }
    }

    fn estimates(&self, state: &BlocksState, out: &mut Vec<f64>) {
        let costs = FactCosts::new(*state, self.n_blocks());
        out.extend(self.words.iter().map(|word| costs.of_word(word)));
    }

    /// The published noise: each fact may be flipped.
    fn observation_log_probability(&self, state: &BlocksState, seen: &BlocksState) -> f64 {
        let (on, others) = self.facts(*state);
        let (seen_on, seen_others) = self.facts(*seen);
        flips((on ^ seen_on).count_ones() + (others ^ seen_others).count_ones())
    }

    fn observation_sizes(&self) -> Vec<usize> {
        vec![usize::from(HELD) + 1; self.n_blocks()]
    }

    /// What each block stands on, blocks in alphabetical order: another block, 8 for the table, 9 for the hand.
    fn observation(&self, state: &BlocksState) -> Vec<f32> {
        let blocks = 0..self.n_blocks();
        blocks.map(|block| f32::from(state.below(block))).collect()
    }

    fn label(&self, state: &BlocksState) -> String {
        let (towers, held) = self.towers(*state);
        let spelt = |tower: &Vec<usize>| -> String {
            tower
                .iter()
                .rev()
                .map(|block| self.letters[*block])
                .collect()
        };
        let towers: Vec<String> = towers.iter().map(spelt).collect();
        match held {
            Some(held) => format!("{}, {} in the hand", towers.join(" "), self.letters[held]),
            None => towers.join(" "),
        }
    }

    fn scene(&self) -> Scene {
        picture::table(self.n_blocks())
    }

    fn draw(&self, state: &BlocksState, goal: usize) -> Vec<Shape> {
        let (towers, held) = self.towers(*state);
        let in_word = |block: usize| self.words[goal].blocks.contains(&block);
        picture::blocks(&self.letters, &towers, held, in_word)
    }
}
