//! Asking, whoever answers.

use mdp::Segment;

use crate::{Answered, Error};

/// Two segments to be compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Number that the answer comes back under, unique within a training.
    pub number: u64,
    /// The one shown first, on the left.
    pub first: Segment,
    /// The one shown second, on the right.
    pub second: Segment,
}

/// Those who answer: simulated annotators at once, people when they come to it.
///
/// # Design
/// Two calls, so that training can go on while people answer. Whoever asks says with each call how long it is ready to
/// wait in its own terms: it calls [`Annotators::answers`] again, or goes on without.
pub trait Annotators: Send {
    /// Puts questions. They are kept before the call returns.
    ///
    /// # Errors
    /// If they cannot be kept.
    fn ask(&mut self, questions: Vec<Question>) -> Result<(), Error>;

    /// The answers that came since the last call, in the order of the questions where annotators are simulated. A
    /// question that was skipped by all, or that cannot be told, is answered so once.
    ///
    /// # Errors
    /// If the answers cannot be read.
    fn answers(&mut self) -> Result<Vec<Answered>, Error>;

    /// Whether answers come at once, so that waiting for them is a matter of calling [`Annotators::answers`] once.
    fn is_immediate(&self) -> bool;

    /// Everything that it needs to go on to the same answers, where they are simulated; where people answer, what it has
    /// handed out already.
    fn save(&self) -> Vec<u8>;

    /// Goes back to a saved state.
    ///
    /// # Errors
    /// If the bytes are damaged or belong to others.
    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

/// How good a segment looks to whoever judges it. The oracle's is the sum of the intent; an environment may have judges of
/// its own, who see less than the state: a picture, positions at so many frames a second.
pub trait Judge: Send + Sync {
    /// The score of a segment: greater is better; only differences count.
    fn score(&self, segment: &Segment) -> f64;
}

impl<F: Fn(&Segment) -> f64 + Send + Sync> Judge for F {
    fn score(&self, segment: &Segment) -> f64 {
        self(segment)
    }
}
