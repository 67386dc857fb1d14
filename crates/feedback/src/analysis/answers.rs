//! Comparisons as the analysis reads them: by pair, each oriented in one way.

use std::collections::BTreeMap;

use crate::{Comparison, Comparisons, Preference, Which};

/// What was said about a pair, in its own orientation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The one with the lower position among the items is better.
    Low,
    /// They are equal.
    Equal,
    /// The one with the higher position is better.
    High,
}

/// One answer that says something about two different items.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// Position in the comparisons.
    pub(super) row: usize,
    /// Which pair.
    pub(super) pair: usize,
    /// What was said.
    pub(super) said: Said,
    /// Who said it.
    pub(super) annotator: Option<usize>,
    /// Whether the item with the lower position stood on the left.
    pub(super) low_is_left: Option<bool>,
}

impl Answer {
    /// 1 where the lower is better, 0 where the higher is; none where they are equal.
    pub(super) fn low_wins(&self) -> Option<bool> {
        match self.said {
            Said::Low => Some(true),
            Said::High => Some(false),
            Said::Equal => None,
        }
    }
}

/// All answers that say something, and the pairs that they are about.
pub(super) struct Answers<'c> {
    pub(super) comparisons: &'c Comparisons,
    pub(super) answers: Vec<Answer>,
    /// The items of each pair, lower position first.
    pub(super) pairs: Vec<(usize, usize)>,
    /// The answers about each pair, by position in `answers`.
    pub(super) of_pair: Vec<Vec<usize>>,
    /// Rows whose two items are the same.
    pub(super) n_identical: usize,
    /// Rows that say nothing: cannot tell, skip.
    pub(super) n_silent: usize,
}

impl<'c> Answers<'c> {
    pub(super) fn new(comparisons: &'c Comparisons) -> Answers<'c> {
        let mut all = Answers {
            comparisons,
            answers: Vec::new(),
            pairs: Vec::new(),
            of_pair: Vec::new(),
            n_identical: 0,
            n_silent: 0,
        };
        let mut known: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (row, comparison) in comparisons.rows().iter().enumerate() {
            if comparison.first == comparison.second {
                all.n_identical += 1;
                continue;
            }
            let is_first_low = comparison.first < comparison.second;
            let said = match (comparison.preference, is_first_low) {
                (Preference::First, true) | (Preference::Second, false) => Said::Low,
                (Preference::First, false) | (Preference::Second, true) => Said::High,
                (Preference::Equal, _) => Said::Equal,
                (Preference::CannotTell | Preference::Skip, _) => {
                    all.n_silent += 1;
                    continue;
                }
            };
            let items = ordered(comparison);
            let pair = *known.entry(items).or_insert_with(|| {
                all.pairs.push(items);
                all.of_pair.push(Vec::new());
                all.pairs.len() - 1
            });
            all.of_pair[pair].push(all.answers.len());
            all.answers.push(Answer {
                row,
                pair,
                said,
                annotator: comparison.annotator,
                low_is_left: comparison
                    .left
                    .map(|left| (left == Which::First) == is_first_low),
            });
        }
        all
    }

    /// Pairs with answers of at least two annotators.
    pub(super) fn n_shared_pairs(&self) -> usize {
        self.of_pair
            .iter()
            .filter(|answers| {
                let mut names = answers.iter().filter_map(|&at| self.answers[at].annotator);
                let first = names.next();
                names.any(|name| Some(name) != first)
            })
            .count()
    }

    /// Whether every answer says who gave it.
    pub(super) fn are_signed(&self) -> bool {
        !self.answers.is_empty() && self.answers.iter().all(|answer| answer.annotator.is_some())
    }

    pub(super) fn n_annotators(&self) -> usize {
        self.comparisons.annotators().len()
    }
}

fn ordered(comparison: &Comparison) -> (usize, usize) {
    let (first, second) = (comparison.first, comparison.second);
    (first.min(second), first.max(second))
}
