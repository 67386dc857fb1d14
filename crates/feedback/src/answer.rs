//! What is said about two things.

/// What an annotator says about two things that stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Preference {
    /// The first is better.
    First,
    /// The second is better.
    Second,
    /// They are equally good.
    Equal,
    /// It cannot be told; the question teaches nothing.
    CannotTell,
    /// Not answered by this annotator; another may.
    Skip,
}

impl Preference {
    /// All of them.
    pub const ALL: [Preference; 5] = [
        Preference::First,
        Preference::Second,
        Preference::Equal,
        Preference::CannotTell,
        Preference::Skip,
    ];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Preference::First => "first",
            Preference::Second => "second",
            Preference::Equal => "equal",
            Preference::CannotTell => "cannot-tell",
            Preference::Skip => "skip",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Preference> {
        Self::ALL
            .into_iter()
            .find(|preference| preference.name() == name)
    }

    /// The share of the judgement that the first has, μ(1) of Christiano et al. (2017), section 2.2.3; none where
    /// nothing was said.
    #[must_use]
    pub fn target(self) -> Option<f64> {
        match self {
            Preference::First => Some(1.0),
            Preference::Second => Some(0.0),
            Preference::Equal => Some(0.5),
            Preference::CannotTell | Preference::Skip => None,
        }
    }

    /// What would be said if the two changed places.
    #[must_use]
    pub fn swapped(self) -> Preference {
        match self {
            Preference::First => Preference::Second,
            Preference::Second => Preference::First,
            other => other,
        }
    }
}

/// An answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The number that the question was given when it was asked.
    pub question: u64,
    /// What was said.
    pub preference: Preference,
}
