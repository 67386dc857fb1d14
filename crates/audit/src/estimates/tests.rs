//! Tests of joining and of the error budget.

use super::*;
use crate::Series;

fn sizes(counts: &[usize]) -> Vec<Checkpoint> {
    counts
        .iter()
        .enumerate()
        .map(|(index, count)| Checkpoint::new(index as f64, vec![0.0; *count]))
        .collect()
}

#[track_caller]
fn check_join(counts: &[usize], expected: &[(usize, usize)]) {
    let groups: Vec<(usize, usize)> = join_small(&sizes(counts), 30)
        .into_iter()
        .map(|group| (group.start, group.end))
        .collect();
    assert_eq!(groups, expected, "{counts:?}");
}

#[test]
fn small_checkpoints_are_joined_and_large_ones_stand() {
    check_join(&[50, 40], &[(0, 1), (1, 2)]);
    check_join(&[15, 15, 15, 16], &[(0, 2), (2, 4)]);
    // The last, too small alone, goes to the one before.
    check_join(&[30, 29], &[(0, 2)]);
    check_join(&[10, 5], &[(0, 2)]);
    // A small one does not hide the large one after it.
    check_join(&[28, 52, 44], &[(0, 2), (1, 2), (2, 3)]);
    check_join(&[10, 25, 31], &[(0, 2), (2, 3)]);
    check_join(&[], &[]);
}

#[test]
fn groups_but_the_last_never_change() {
    let counts = [12, 40, 3, 9, 31, 8, 8, 8, 8, 70, 2];
    let whole = sizes(&counts);
    let mut before: Vec<Range<usize>> = Vec::new();
    for seen in 1..=counts.len() {
        let now = join_small(&whole[..seen], 30);
        let kept = before.len().saturating_sub(1);
        assert_eq!(now[..kept], before[..kept], "after {seen}");
        before = now;
    }
}

#[test]
fn budget_never_exceeds_the_error_rate() {
    for (has_reference, has_channel) in [(false, false), (true, false), (false, true), (true, true)]
    {
        let budget = Budget::new(0.01, has_reference, has_channel);
        let spent: f64 = (0..100_000)
            .map(|index| budget.checkpoint(index))
            .sum::<f64>()
            + budget.reference()
            + budget.channel();
        assert!(spent <= 0.01, "{spent}");
        assert!(spent > 0.01 - 1e-6, "nothing is left lying about: {spent}");
    }
}

/// Five parts, of which an asymptotic pair takes two for its two ends.
#[test]
fn parts_of_a_share_add_up() {
    let values: Vec<f64> = (0..40).map(f64::from).collect();
    let share = Budget::new(0.01, false, false).checkpoint(0);
    let series = Series {
        checkpoints: vec![Checkpoint::new(0.0, values.clone()).with_intent(values.clone())],
        ..Series::default()
    };
    let regions = Regions::new(&series, &Settings::default(), Seed(0));
    let expected = asymptotic_interval(&values, 2.0 * share / 5.0);
    assert_eq!(regions.checkpoints[0].estimate.proxy, expected);
    assert_eq!(regions.checkpoints[0].estimate.intent, Some(expected));
    assert_eq!(
        regions.checkpoints[0].joint,
        JointSet::new(&values, &values, share / 5.0)
    );
}

#[test]
fn a_joined_group_with_a_gap_in_intent_has_no_intent() {
    let known = Checkpoint::new(0.0, vec![1.0; 20]).with_intent(vec![1.0; 20]);
    let unknown = Checkpoint::new(1.0, vec![1.0; 20]);
    let series = Series {
        checkpoints: vec![known, unknown],
        ..Series::default()
    };
    let regions = Regions::new(&series, &Settings::default(), Seed(0));
    assert_eq!(regions.checkpoints.len(), 1);
    assert_eq!(regions.checkpoints[0].estimate.intent, None);
}
