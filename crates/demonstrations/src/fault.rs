//! What is wrong inside a file, before it is known which file that is.

use std::path::Path;

use crate::{Error, Place};

/// The mend where bytes do not follow the rules of their format.
pub(crate) const DAMAGED: &str = "it is damaged or was cut off; write it again";

/// A problem in a binary format, its place and its mend.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    place: Place,
    problem: String,
    mend: String,
}

impl Fault {
    /// A problem that has a mend of its own.
    pub(crate) fn new(problem: impl Into<String>, mend: impl Into<String>) -> Fault {
        Fault {
            place: Place::Whole,
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    /// Bytes that do not follow the rules of their format.
    pub(crate) fn damaged(problem: impl Into<String>) -> Fault {
        Fault::new(problem, DAMAGED)
    }

    /// The same at a place, unless a place nearer to it is known.
    pub(crate) fn at(mut self, place: Place) -> Fault {
        if self.place == Place::Whole {
            self.place = place;
        }
        self
    }

    /// The same in a named part, unless a place nearer to it is known.
    pub(crate) fn within(self, part: impl Into<String>) -> Fault {
        self.at(Place::Part(part.into()))
    }

    /// The same in a named part of a larger file: the part, and the place in it where one is known.
    pub(crate) fn in_part(mut self, part: &str) -> Fault {
        let place = match self.place {
            Place::Whole => part.to_owned(),
            place => format!("{part}{place}"),
        };
        self.place = Place::Part(place);
        self
    }

    /// The same in a file, for `map_err`.
    pub(crate) fn of(path: &Path) -> impl FnOnce(Fault) -> Error + '_ {
        |fault| Error::malformed(path, fault.place, fault.problem, fault.mend)
    }
}
