//! What is asked and what is answered, as plain data.

use std::time::Duration;

use crate::{Clip, Preference};

/// How a queue is answered. A labelled run has one; so has any other set of questions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueSettings {
    /// Name, unique in the store.
    pub name: String,
    /// What annotators are told; may be empty.
    pub instructions: String,
    /// Answers that are wanted of each question, by as many annotators; more than one measures agreement.
    pub wanted: u32,
    /// Skips after which a question is put to nobody else; none asks until somebody answers.
    pub most_skips: Option<u32>,
}

impl QueueSettings {
    /// One answer a question, no instructions.
    #[must_use]
    pub fn named(name: impl Into<String>) -> QueueSettings {
        QueueSettings {
            name: name.into(),
            instructions: String::new(),
            wanted: 1,
            most_skips: None,
        }
    }
}

/// A queue as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its number in the store.
    pub id: i64,
    /// How it is answered.
    pub settings: QueueSettings,
    /// Whether nothing more is asked, so that annotators are done once nothing is left.
    pub is_closed: bool,
    /// When it was made, milliseconds since 1970 (UTC).
    pub made_at: i64,
}

/// What is to be said about the items of a question.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Which of two is better.
    Comparison,
    /// How good one is.
    Rating(Scale),
    /// Which of several is best.
    Best,
    /// What is to be said about one, in words.
    Critique,
}

impl Kind {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Comparison => "comparison",
            Kind::Rating(_) => "rating",
            Kind::Best => "best",
            Kind::Critique => "critique",
        }
    }
}

/// The numbers that a rating may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The worst.
    pub low: f64,
    /// The best.
    pub high: f64,
    /// Distance of the numbers that may be given, counted from the worst; any number between them where absent.
    pub step: Option<f64>,
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A picture that moves.
    Clip(Clip),
    /// Words.
    Text(String),
    /// Nothing but the item's name, where what it stands for is kept elsewhere.
    Name,
}

/// An item to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewItem {
    /// Name, unique in the queue: an item that is asked about again is kept once. Where absent, the question and the place
    /// name it.
    pub name: Option<String>,
    /// What annotators see.
    pub content: Content,
    /// What is learned from, as [`crate::segment_to_bytes`] gives it.
    pub segment: Option<Vec<u8>>,
    /// Properties on record, each a word of its own.
    pub traits: Vec<String>,
}

impl NewItem {
    /// An item that is known by what is seen alone.
    #[must_use]
    pub fn of(content: Content) -> NewItem {
        NewItem {
            name: None,
            content,
            segment: None,
            traits: vec![],
        }
    }
}

/// A question to be put.
#[derive(Clone, Debug, PartialEq)]
pub struct NewQuestion {
    /// Number that answers come back under, unique in the queue and below 2^63. A question whose number is there already
    /// is not asked again.
    pub number: u64,
    /// What is to be said.
    pub kind: Kind,
    /// What it is said about: two for a comparison, two or more for the best, else one.
    pub items: Vec<NewItem>,
    /// A sentence above the items; may be empty.
    pub prompt: String,
    /// Greater comes sooner; among equals the one that was asked first.
    pub priority: i64,
}

impl NewQuestion {
    /// Which of two is better?
    #[must_use]
    pub fn comparison(number: u64, first: NewItem, second: NewItem) -> NewQuestion {
        NewQuestion {
            number,
            kind: Kind::Comparison,
            items: vec![first, second],
            prompt: String::new(),
            priority: 0,
        }
    }
}

/// An item as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredItem {
    /// Its number in the store.
    pub id: i64,
    /// Name, unique in the queue.
    pub name: String,
    /// What annotators see.
    pub content: Content,
    /// Properties on record.
    pub traits: Vec<String>,
}

/// A question as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Its number in the store.
    pub id: i64,
    /// The number that it was asked under.
    pub number: u64,
    /// What is to be said.
    pub kind: Kind,
    /// A sentence above the items; may be empty.
    pub prompt: String,
    /// What it is said about, in the order in which it was asked.
    pub items: Vec<StoredItem>,
}

/// A question in the hands of an annotator, which nobody else is given meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// What an answer names. Answering twice under one token is one answer.
    pub token: i64,
    /// The question.
    pub question: Asked,
    /// Positions of the items as they are shown, leftmost first.
    pub shown: Vec<usize>,
    /// When somebody else may be given the question, milliseconds since 1970 (UTC).
    pub expires_at: i64,
}

/// What an annotator says.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Which of two is better. Of a question of another kind, only [`Preference::CannotTell`] and
    /// [`Preference::Skip`] can be said.
    Preference(Preference),
    /// How good it is.
    Rating(f64),
    /// Position of the best among the items, in the order in which they were asked.
    Best(usize),
    /// Words about it.
    Critique(String),
}

impl Reply {
    /// Whether the question goes on to somebody else.
    #[must_use]
    pub fn is_skip(&self) -> bool {
        *self == Reply::Preference(Preference::Skip)
    }
}

/// An answer that was given elsewhere, or at once by a simulated annotator.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Number of the question.
    pub question: u64,
    /// What was said.
    pub reply: Reply,
    /// Who said it.
    pub annotator: Option<String>,
    /// Positions of the items as they were shown, leftmost first.
    pub shown: Option<Vec<usize>>,
    /// When, milliseconds since 1970 (UTC).
    pub at: Option<i64>,
    /// How long it took, seconds.
    pub seconds: Option<f64>,
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is kept.
    Kept,
    /// It was there already, or another one by the same annotator; that one stands.
    Already,
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Number of the change that it came with.
    pub revision: u64,
    /// What was said, of which question, by whom and when.
    pub said: Said,
    /// When it was taken back, milliseconds since 1970 (UTC); none where it stands.
    pub withdrawn_at: Option<i64>,
}

/// A change of the answers of a queue.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An answer came.
    Answered(Answer),
    /// An answer was taken back.
    Withdrawn(Answer),
}

/// How far a queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Questions that were asked and not retired.
    pub n_questions: u64,
    /// Questions that want an answer still.
    pub n_open: u64,
    /// Answers that stand, skips not counted.
    pub n_answers: u64,
    /// Of these, the annotator's own.
    pub n_own: u64,
    /// Questions that the annotator has neither answered nor skipped and that want an answer still, leased to others or
    /// not.
    pub n_left: u64,
}

/// How far whoever learns from the answers is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// When it was told, milliseconds since 1970 (UTC).
    pub at: i64,
    /// Answers that were learned from.
    pub n_learned: u64,
    /// Share of held-out answers that the reward model agrees with.
    pub accuracy: Option<f64>,
    /// Steps of the environment so far.
    pub steps: u64,
    /// A sentence for annotators; may be empty.
    pub note: String,
}

/// Demonstrations that stand in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemonstrationFile {
    /// Where it is.
    pub path: String,
    /// What its content is known by, with the method in front: `sha256:…`.
    pub digest: String,
    /// Episodes in it.
    pub n_episodes: u64,
    /// Who played.
    pub annotator: Option<String>,
    /// When it was recorded, milliseconds since 1970 (UTC).
    pub at: Option<i64>,
}

/// A duration in milliseconds, as times are counted.
pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
