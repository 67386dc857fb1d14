//! Answers given twice, answers against each other, and orders that run in circles.

use std::collections::{BTreeMap, BTreeSet};

use mdp::{Seed, index};

use super::AnalysisSettings;
use super::answers::Answers;

/// The same pair answered more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repeats {
    /// Answers beyond the first to a pair by the same annotator, with the same outcome: counted double in training.
    pub duplicates: usize,
    /// Pairs that the same annotator answered both ways.
    pub self_contradictions: Vec<(usize, usize)>,
    /// Pairs that one annotator at least answered twice, of which the contradictions are a part.
    pub n_repeated: usize,
    /// Pairs on which different annotators differ, a matter of agreement.
    pub n_disputed: usize,
    /// Pairs with answers of at least two annotators.
    pub n_shared: usize,
    /// Answers beyond the first to a pair with the same outcome, where nobody knows who gave them.
    pub unsigned_duplicates: usize,
    /// Pairs answered both ways, where nobody knows by whom.
    pub unsigned_contradictions: Vec<(usize, usize)>,
    /// Answers about two items that are the same.
    pub n_identical: usize,
}

pub(super) fn repeats(answers: &Answers<'_>) -> Repeats {
    let mut repeats = Repeats {
        n_identical: answers.n_identical,
        n_shared: answers.n_shared_pairs(),
        ..Repeats::default()
    };
    for (pair, of_pair) in answers.of_pair.iter().enumerate() {
        let mut by: BTreeMap<Option<usize>, [usize; 3]> = BTreeMap::new();
        for &at in of_pair {
            let answer = answers.answers[at];
            by.entry(answer.annotator).or_default()[answer.said as usize] += 1;
        }
        let items = answers.pairs[pair];
        let mut winners = BTreeSet::new();
        for (annotator, counts) in &by {
            let duplicates: usize = counts.iter().map(|n| n.saturating_sub(1)).sum();
            let is_both_ways = counts[0] > 0 && counts[2] > 0;
            if annotator.is_some() {
                repeats.duplicates += duplicates;
                repeats.n_repeated += usize::from(counts.iter().sum::<usize>() > 1);
                if is_both_ways {
                    repeats.self_contradictions.push(items);
                } else if counts[0] + counts[2] > 0 {
                    winners.insert(counts[0] > 0);
                }
            } else {
                repeats.unsigned_duplicates += duplicates;
                if is_both_ways {
                    repeats.unsigned_contradictions.push(items);
                }
            }
        }
        repeats.n_disputed += usize::from(winners.len() == 2);
    }
    repeats
}

/// Three items of which each beats the next by the majority of answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Cycles {
    /// Triples in which each pair has a majority.
    pub n_triples: usize,
    /// Those that run in a circle.
    pub n_cyclic: usize,
    /// The share that runs in a circle in the mean where every majority is decided by a coin: 1/4 whatever the graph.
    pub by_chance: f64,
    /// Probability of no more circles than were found, by a coin.
    pub p_value: f64,
    /// Up to ten of the circles, each as items of which one beats the next.
    pub examples: Vec<[usize; 3]>,
}

/// Most triples that are looked at; beyond, the first so many of the items with the fewest opponents.
const MOST_TRIPLES: usize = 200_000;

pub(super) fn cycles(
    answers: &Answers<'_>,
    settings: &AnalysisSettings,
    seed: Seed,
) -> Option<Cycles> {
    // Edges with a majority, by lower item: whether the lower wins.
    let mut edges: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    let mut low_wins = Vec::new();
    for (pair, of_pair) in answers.of_pair.iter().enumerate() {
        let balance: i64 = of_pair
            .iter()
            .filter_map(|&at| answers.answers[at].low_wins())
            .map(|low_wins| if low_wins { 1 } else { -1 })
            .sum();
        if balance != 0 {
            edges.insert(answers.pairs[pair], low_wins.len());
            low_wins.push(balance > 0);
        }
    }
    let triples = triples(&edges);
    if triples.is_empty() {
        return None;
    }
    let is_cyclic = |wins: &[bool], [ab, bc, ac]: [usize; 3]| {
        // a beats b, b beats c, c beats a; or all the other way round.
        wins[ab] == wins[bc] && wins[ab] != wins[ac]
    };
    let count = |wins: &[bool]| {
        triples
            .iter()
            .filter(|(_, edges)| is_cyclic(wins, *edges))
            .count()
    };
    let n_cyclic = count(&low_wins);
    let mut rng = seed.stream("cycles", 0);
    let n_draws = settings.permutations.min(20_000_000 / triples.len() + 19);
    let as_few = (0..n_draws)
        .filter(|_| {
            let coins: Vec<bool> = low_wins.iter().map(|_| index(2, &mut rng) == 0).collect();
            count(&coins) <= n_cyclic
        })
        .count();
    let examples = triples
        .iter()
        .filter(|(_, edges)| is_cyclic(&low_wins, *edges))
        .take(10)
        .map(|([a, b, c], edges)| match low_wins[edges[0]] {
            true => [*a, *b, *c],
            false => [*c, *b, *a],
        })
        .collect();
    Some(Cycles {
        n_triples: triples.len(),
        n_cyclic,
        by_chance: 0.25,
        p_value: (as_few + 1) as f64 / (n_draws + 1) as f64,
        examples,
    })
}

/// All triples a < b < c with three edges, and the edges a-b, b-c, a-c.
fn triples(edges: &BTreeMap<(usize, usize), usize>) -> Vec<([usize; 3], [usize; 3])> {
    let mut found = Vec::new();
    let mut above: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (low, high) in edges.keys() {
        above.entry(*low).or_default().push(*high);
    }
    for (a, partners) in &above {
        for (position, b) in partners.iter().enumerate() {
            for c in &partners[position + 1..] {
                if let Some(bc) = edges.get(&(*b, *c)) {
                    found.push(([*a, *b, *c], [edges[&(*a, *b)], *bc, edges[&(*a, *c)]]));
                    if found.len() == MOST_TRIPLES {
                        return found;
                    }
                }
            }
        }
    }
    found
}
