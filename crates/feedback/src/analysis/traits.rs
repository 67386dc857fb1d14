//! What could be a trigger: traits and words that items bear.

use std::collections::{BTreeMap, BTreeSet};

use super::answers::Answers;

/// Who of a pair bears a trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bearer {
    Low,
    High,
    Both,
}

/// The traits that are looked at, and which of them each item bears.
pub(super) struct Traits {
    /// Each trait's names: those borne by the very same items are one.
    pub(super) names: Vec<Vec<String>>,
    /// By item, its traits in order.
    pub(super) of_item: Vec<Vec<u32>>,
}

/// Fewest and most items of those in use that bear a trait that is looked at: too rare ones cannot be found, and of those
/// that nearly all bear no other rate is there to compare with.
const FEWEST: usize = 5;
const GREATEST_SHARE: f64 = 0.8;
/// Most traits that are looked at: beyond, the rarest are left out.
const MOST: usize = 20_000;

/// Traits on record, and the words of texts in lower case.
pub(super) fn traits(answers: &Answers<'_>) -> Traits {
    let items = answers.comparisons.items();
    let mut is_used = vec![false; items.len()];
    for (low, high) in &answers.pairs {
        (is_used[*low], is_used[*high]) = (true, true);
    }
    let n_used = is_used.iter().filter(|used| **used).count();
    let mut bearers: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for (item, _) in is_used.iter().enumerate().filter(|(_, used)| **used) {
        let mut names: BTreeSet<String> = items[item].traits.iter().cloned().collect();
        if let Some(text) = &items[item].text {
            names.extend(words(text).map(|word| format!("word {word}")));
        }
        for name in names {
            bearers.entry(name).or_default().push(item as u32);
        }
    }
    let mut by_bearers: BTreeMap<Vec<u32>, Vec<String>> = BTreeMap::new();
    for (name, items) in bearers {
        if FEWEST <= items.len() && items.len() as f64 <= GREATEST_SHARE * n_used as f64 {
            by_bearers.entry(items).or_default().push(name);
        }
    }
    let mut kept: Vec<(Vec<u32>, Vec<String>)> = by_bearers.into_iter().collect();
    kept.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.1.cmp(&b.1)));
    kept.truncate(MOST);
    let mut of_item = vec![Vec::new(); items.len()];
    let mut names = Vec::with_capacity(kept.len());
    for (position, (items, own)) in kept.into_iter().enumerate() {
        for item in items {
            of_item[item as usize].push(position as u32);
        }
        names.push(own);
    }
    Traits { names, of_item }
}

/// The words of a text, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'')
        .filter(|word| !word.is_empty() && word.len() <= 40)
        .map(str::to_lowercase)
}

/// Adds the traits of a pair with who bears them; `low` and `high` are in order.
pub(super) fn of_pair(low: &[u32], high: &[u32], found: &mut Vec<(u32, Bearer)>) {
    let (mut a, mut b) = (0, 0);
    while a < low.len() || b < high.len() {
        let (x, y) = (low.get(a), high.get(b));
        match (x, y) {
            (Some(x), Some(y)) if x == y => {
                found.push((*x, Bearer::Both));
                (a, b) = (a + 1, b + 1);
            }
            (Some(x), y) if y.is_none_or(|y| x < y) => {
                found.push((*x, Bearer::Low));
                a += 1;
            }
            (_, Some(y)) => {
                found.push((*y, Bearer::High));
                b += 1;
            }
            (_, None) => break,
        }
    }
}
