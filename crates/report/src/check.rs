//! What was found about a reward before anything was trained on it, as plain data.

use crate::Outcome;

/// Whether a reward is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// What is good for the reward is good for the intent.
    Sound,
    /// It is not, or the reward has a term that changes what it asks for, or tampering pays.
    Unsound,
    /// It could not be decided.
    Undecided,
}

impl Soundness {
    /// The word as it stands in files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Soundness::Sound => "sound",
            Soundness::Unsound => "unsound",
            Soundness::Undecided => "undecided",
        }
    }
}

/// Everything that the report of a check shows.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckPage {
    /// What was checked: the name of the environment or the path of the file.
    pub subject: String,
    /// What was asked, in a few words: `reward against intent`.
    pub question: String,
    /// The word.
    pub soundness: Soundness,
    /// The finding in one sentence.
    pub headline: String,
    /// What it rests on, a sentence each.
    pub summary: Vec<String>,
    /// What to change, a sentence each.
    pub advice: Vec<String>,
    /// Figures to stand out: name, value, what it is held against.
    pub facts: Vec<(String, String, String)>,
    /// Policies drawn on their maps.
    pub maps: Vec<PolicyMap>,
    /// What the letters on the maps mean.
    pub legend: Vec<(char, String)>,
    /// What a cell stands for where several states share one, in a sentence; empty where they do not.
    pub map_note: String,
    /// Returns of policies under each reward.
    pub values: PolicyValues,
    /// One entry for each question that was asked.
    pub findings: Vec<Finding>,
    /// What was checked, and under which settings: name and value.
    pub settings: Vec<(String, String)>,
    /// The command that checks it again.
    pub command: String,
}

/// Returns of several policies, each under every reward.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PolicyValues {
    /// Names of the rewards.
    pub rewards: Vec<String>,
    /// Each policy, and its return under each reward, as it is to be written.
    pub rows: Vec<(String, Vec<String>)>,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What was asked, in a word or two.
    pub name: String,
    /// How it came out; absent where it is information and no test.
    pub outcome: Option<Outcome>,
    /// The answer in a sentence or two.
    pub answer: String,
    /// What shows it: witnesses, bounds, places.
    pub details: Vec<String>,
}

/// A policy drawn where its states have places.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyMap {
    /// Whose it is: `optimal for reward`.
    pub title: String,
    /// One map for each layer that it visits, the most visited first.
    pub layers: Vec<MapLayer>,
    /// How many more layers it visits.
    pub n_more: usize,
}

/// The part of a policy in states that share a map.
#[derive(Clone, Debug, PartialEq)]
pub struct MapLayer {
    /// What these states have in common, in words; empty where there is one layer only.
    pub label: String,
    /// Rows of cells from the top, all of one length.
    pub rows: Vec<Vec<MapCell>>,
}

/// One cell of a map.
#[derive(Clone, Debug, PartialEq)]
pub struct MapCell {
    /// What stands there: `#` is a wall, a space is floor.
    pub ground: char,
    /// What the policy does there, where there is such a state.
    pub choice: Option<MapChoice>,
}

/// What a policy does in a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct MapChoice {
    /// Its most probable action.
    pub sign: Sign,
    /// How much of the policy's time is spent here, 0 where it never comes, 1 at the place that it visits most.
    pub weight: f64,
    /// The state and the action in words.
    pub text: String,
}

/// How an action is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// An arrow to the top.
    Up,
    /// An arrow to the bottom.
    Down,
    /// An arrow to the left.
    Left,
    /// An arrow to the right.
    Right,
    /// A letter, which the legend explains.
    Letter(char),
}

impl Sign {
    /// Signs for actions by their names, and what the letters among them mean: arrows for directions, otherwise the
    /// first letter of the name that is free, otherwise a digit.
    #[must_use]
    pub fn of_actions(names: &[String]) -> (Vec<Sign>, Vec<(char, String)>) {
        let mut legend: Vec<(char, String)> = vec![];
        let signs = names
            .iter()
            .map(|name| match direction(name) {
                Some(sign) => sign,
                None => {
                    let letters = name
                        .chars()
                        .filter(|letter| letter.is_alphanumeric())
                        .flat_map(char::to_lowercase)
                        .chain('0'..='9')
                        .chain('a'..='z');
                    let taken = |letter: &char| legend.iter().any(|(other, _)| other == letter);
                    let letter = letters.into_iter().find(|letter| !taken(letter));
                    let letter = letter.unwrap_or('?');
                    legend.push((letter, name.clone()));
                    Sign::Letter(letter)
                }
            })
            .collect();
        (signs, legend)
    }

    /// The sign as a character.
    pub(crate) fn character(self, unicode: bool) -> char {
        match (self, unicode) {
            (Sign::Up, true) => '↑',
            (Sign::Down, true) => '↓',
            (Sign::Left, true) => '←',
            (Sign::Right, true) => '→',
            (Sign::Up, false) => '^',
            (Sign::Down, false) => 'v',
            (Sign::Left, false) => '<',
            (Sign::Right, false) => '>',
            (Sign::Letter(letter), _) => letter,
        }
    }
}

/// The arrow of an action that goes one way.
fn direction(name: &str) -> Option<Sign> {
    match name.to_lowercase().as_str() {
        "up" | "north" | "move up" | "n" => Some(Sign::Up),
        "down" | "south" | "move down" | "s" => Some(Sign::Down),
        "left" | "west" | "move left" | "w" => Some(Sign::Left),
        "right" | "east" | "move right" | "e" => Some(Sign::Right),
        _ => None,
    }
}
