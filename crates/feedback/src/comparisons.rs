//! Comparisons as plain data, wherever they come from: a store, a file, a run.

use std::collections::BTreeMap;

use crate::Preference;

/// A thing that was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// What it is called where it comes from; absent where only the text is known.
    pub id: Option<String>,
    /// The text that was judged; absent for clips, or where it was not kept.
    pub text: Option<String>,
    /// Properties on record beside the text, each a word of its own: `red-button`, `source:policy-3`. In order, none
    /// twice.
    pub traits: Vec<String>,
}

impl Item {
    /// An item known by its text alone.
    #[must_use]
    pub fn of_text(text: impl Into<String>) -> Item {
        Item {
            text: Some(text.into()),
            ..Item::default()
        }
    }

    /// An item known by its name alone.
    #[must_use]
    pub fn named(id: impl Into<String>) -> Item {
        Item {
            id: Some(id.into()),
            ..Item::default()
        }
    }
}

/// One of the two that stand side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    /// The first.
    First,
    /// The second.
    Second,
}

impl Which {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Which::First => "first",
            Which::Second => "second",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Which> {
        [Which::First, Which::Second]
            .into_iter()
            .find(|which| which.name() == name)
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Which {
        match self {
            Which::First => Which::Second,
            Which::Second => Which::First,
        }
    }
}

/// One answer to the question which of two is better. What was not recorded is absent, never guessed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Position of the first in [`Comparisons::items`].
    pub first: usize,
    /// Position of the second.
    pub second: usize,
    /// What was said.
    pub preference: Preference,
    /// Position of who said it in [`Comparisons::annotators`].
    pub annotator: Option<usize>,
    /// Which of the two stood on the left.
    pub left: Option<Which>,
    /// When it was said, milliseconds since 1970 (UTC).
    pub at: Option<i64>,
    /// How long it took, seconds.
    pub seconds: Option<f64>,
}

/// Answers about pairs, each item and each annotator kept once.
///
/// # Design
/// `first` and `second` are an order of the question, not of the page: files that list what was chosen first say nothing
/// about what stood on the left, so the two are apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparisons {
    items: Vec<Item>,
    annotators: Vec<String>,
    rows: Vec<Comparison>,
    known_items: BTreeMap<Item, usize>,
    known_annotators: BTreeMap<String, usize>,
}

impl Comparisons {
    /// None yet.
    #[must_use]
    pub fn new() -> Comparisons {
        Comparisons::default()
    }

    /// The items, each once, in the order in which they were met.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The annotators' names, each once, in the order in which they were met.
    #[must_use]
    pub fn annotators(&self) -> &[String] {
        &self.annotators
    }

    /// The answers, in the order in which they were given where that is known, else in the order of the file.
    #[must_use]
    pub fn rows(&self) -> &[Comparison] {
        &self.rows
    }

    /// The position of an item, which is added where it is new. Two items are one where id, text and traits agree.
    pub fn item(&mut self, item: Item) -> usize {
        if let Some(position) = self.known_items.get(&item) {
            return *position;
        }
        self.items.push(item.clone());
        self.known_items.insert(item, self.items.len() - 1);
        self.items.len() - 1
    }

    /// The position of an annotator, who is added where they are new.
    pub fn annotator(&mut self, name: &str) -> usize {
        if let Some(position) = self.known_annotators.get(name) {
            return *position;
        }
        self.annotators.push(name.to_owned());
        self.known_annotators
            .insert(name.to_owned(), self.annotators.len() - 1);
        self.annotators.len() - 1
    }

    /// Adds an answer.
    ///
    /// # Panics
    /// If it names an item or an annotator that is not there.
    pub fn push(&mut self, row: Comparison) {
        let n_items = self.items.len();
        assert!(row.first < n_items, "first {} of {n_items}", row.first);
        assert!(row.second < n_items, "second {} of {n_items}", row.second);
        let n_annotators = self.annotators.len();
        if let Some(annotator) = row.annotator {
            assert!(
                annotator < n_annotators,
                "annotator {annotator} of {n_annotators}"
            );
        }
        self.rows.push(row);
    }
}
