//! A corridor whose ends are swapped, by hand.

use mdp::{Discount, TabularMdp, Transition};

use super::*;

/// Three cells in a row, the goal at the right: acting there pays and ends. Action 1 goes right, action 0 left, or the
/// other way round.
fn corridor(is_swapped: bool) -> TabularMdp {
    let row = |row: usize| {
        let (state, action) = (row / 2, row % 2);
        let is_right = (action == 1) != is_swapped;
        vec![Transition {
            probability: 1.0,
            next_state: if is_right {
                (state + 1).min(2)
            } else {
                state.saturating_sub(1)
            },
            reward: 0.0,
            terminates: state == 2,
        }]
    };
    let rows = (0..6).map(row).collect();
    TabularMdp::new(2, rows, vec![1.0, 0.0, 0.0], Discount::new(0.5).unwrap()).unwrap()
}

#[test]
fn a_reward_finds_its_way_where_a_clone_goes_on_as_before() {
    let intent = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0];
    let shown = vec![vec![(0, 1), (1, 1), (2, 0)]];
    let clone = tabular_clone(&corridor(false), &shown).unwrap();
    assert_eq!(clone, [0.0, 1.0, 0.0, 1.0, 1.0, 0.0]);
    let before = transfer(&corridor(false), &intent, &intent, &clone).unwrap();
    assert_eq!(
        (before.best, before.reoptimized, before.cloned),
        (0.25, 0.25, 0.25)
    );
    let after = transfer(&corridor(true), &intent, &intent, &clone).unwrap();
    assert_eq!(
        (after.best, after.reoptimized, after.cloned),
        (0.25, 0.25, 0.0)
    );
    assert_eq!((after.reward_regret(), after.clone_regret()), (0.0, 0.25));
    assert!(after.share(after.clone_regret()) > 1.0);
    // A reward with the old way's potential in it pays for the old way.
    let old = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0];
    let after = transfer(&corridor(true), &intent, &old, &clone).unwrap();
    assert_eq!(after.reward_regret(), 0.25);
}

#[test]
fn a_clone_does_anything_where_nobody_was() {
    let clone = tabular_clone(&corridor(false), &[vec![(0, 1), (0, 0), (0, 1)]]).unwrap();
    assert_eq!(clone[2..], [0.5; 4]);
    assert!((clone[1] - 2.0 / 3.0).abs() < 1e-12);
    assert!(tabular_clone(&corridor(false), &[]).is_err());
}
