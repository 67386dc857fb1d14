//! An order of states in which those that lead to each other stand close together.

use std::collections::VecDeque;

/// The order of Cuthill and McKee (1969) of the connected graph with these neighbours: level by level from a state at its
/// rim, those of few neighbours first. Gives the states in order.
pub(super) fn level_order(neighbours: &[Vec<u32>]) -> Vec<u32> {
    let mut rim = 0;
    // From the last state of one search the next one has more and narrower levels.
    for _ in 0..2 {
        rim = *search(neighbours, rim).last().expect("a block has states") as usize;
    }
    search(neighbours, rim)
}

fn search(neighbours: &[Vec<u32>], from: usize) -> Vec<u32> {
    let mut order = Vec::with_capacity(neighbours.len());
    let mut seen = vec![false; neighbours.len()];
    let mut queue = VecDeque::from([from as u32]);
    seen[from] = true;
    let mut found = vec![];
    while let Some(state) = queue.pop_front() {
        order.push(state);
        let unseen = neighbours[state as usize]
            .iter()
            .filter(|next| !seen[**next as usize]);
        found.extend(unseen.copied());
        found.sort_by_key(|next| (neighbours[*next as usize].len(), *next));
        found.dedup();
        for next in found.drain(..) {
            seen[next as usize] = true;
            queue.push_back(next);
        }
    }
    order
}
