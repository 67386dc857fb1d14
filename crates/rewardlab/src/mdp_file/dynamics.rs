//! Builds the MDP, and sees to it that it has values.

use mdp::{Discount, TabularMdp, Transition};

use super::error::Problems;
use super::layout::Layout;
use super::names::Names;

/// The MDP of a layout.
pub(super) fn dynamics(
    layout: &Layout,
    rewards: &[f64],
    start: Vec<f64>,
    discount: Discount,
) -> Result<TabularMdp, String> {
    let mut builder = TabularMdp::builder(layout.n_states(), layout.n_actions());
    for (_, _, row) in layout.pairs() {
        for at in row {
            let stored = layout.stored()[at];
            builder.push(Transition {
                probability: stored.probability,
                next_state: stored.next_state as usize,
                reward: rewards[at],
                terminates: stored.terminates,
            });
        }
        builder.end_row();
    }
    builder
        .build(start, discount)
        .map_err(|error| error.to_string())
}

/// At discount 1 a state from which no policy ever ends the episode has no value.
pub(super) fn ends_everywhere(mdp: &TabularMdp, states: &Names, problems: &mut Problems) -> bool {
    let n_before = problems.n();
    let ending = can_end(mdp);
    for (state, reachable) in mdp.reachable().into_iter().enumerate() {
        if reachable && !ending[state] {
            problems.add(
                "discount",
                format_args!(
                    "at discount 1 nothing has a value in {}, from where no episode ever ends; add \"terminals\", or take a discount below 1",
                    states.shown(state)
                ),
            );
        }
    }
    problems.n() == n_before
}

/// The states from which some policy ends the episode with a probability above zero: `[S]`.
fn can_end(mdp: &TabularMdp) -> Vec<bool> {
    let n_states = mdp.n_states();
    let of_state = |state: usize| mdp.row(state, 0).start..mdp.row(state, mdp.n_actions() - 1).end;
    let mut ending = vec![false; n_states];
    let mut counts = vec![0_u32; n_states + 1];
    for (state, ending) in ending.iter_mut().enumerate() {
        for at in of_state(state) {
            match mdp.terminates()[at] {
                true => *ending = true,
                false => counts[mdp.next_states()[at] as usize + 1] += 1,
            }
        }
    }
    for state in 0..n_states {
        counts[state + 1] += counts[state];
    }
    let mut next = counts.clone();
    let mut sources = vec![0_u32; counts[n_states] as usize];
    for state in 0..n_states {
        for at in of_state(state).filter(|at| !mdp.terminates()[*at]) {
            let place = &mut next[mdp.next_states()[at] as usize];
            sources[*place as usize] = state as u32;
            *place += 1;
        }
    }
    let mut open: Vec<usize> = (0..n_states).filter(|state| ending[*state]).collect();
    while let Some(state) = open.pop() {
        for source in &sources[counts[state] as usize..counts[state + 1] as usize] {
            if !std::mem::replace(&mut ending[*source as usize], true) {
                open.push(*source as usize);
            }
        }
    }
    ending
}
