//! Columns give back the episodes that were put in, and refuse those that do not belong.

use super::*;

fn episode<'t>(observations: &'t [f32], actions: &'t [f32], rewards: &'t [f64]) -> EpisodeView<'t> {
    EpisodeView {
        observations,
        actions,
        rewards: Some(rewards),
        intents: None,
        states: &[],
        end: Some(End::Terminated),
    }
}

fn two_episodes() -> Trajectories {
    let mut all = Trajectories::new(Space::continuous(-1.0, 1.0, 2), Space::Discrete { n: 3 });
    let long = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5];
    all.push(episode(&long, &[0.0, 2.0], &[1.0, -1.0])).unwrap();
    all.push(episode(&[0.5, 0.5], &[], &[])).unwrap();
    all.push(episode(&[0.9, 0.8, 0.7, 0.6], &[1.0], &[3.0]))
        .unwrap();
    all
}

#[test]
fn episodes_of_any_length_come_back() {
    let all = two_episodes();
    assert_eq!((all.n_episodes(), all.n_steps()), (3, 3));
    assert_eq!((all.length(0), all.length(1), all.length(2)), (2, 0, 1));
    assert_eq!(
        all.episode(2),
        episode(&[0.9, 0.8, 0.7, 0.6], &[1.0], &[3.0])
    );
    assert_eq!(all.episode(0).reward_return(), Some(0.0));
    assert_eq!(all.select(&[2, 0]).episode(1), all.episode(0));
}

#[test]
fn what_does_not_belong_is_refused_and_nothing_is_added() {
    let mut all = two_episodes();
    let before = all.clone();
    let refused = [
        (
            episode(&[0.0; 4], &[3.0], &[0.0]),
            "action [3.0] of step 0 is not one of 3 choices",
        ),
        (
            episode(&[0.0; 4], &[f32::NAN], &[0.0]),
            "action [NaN] of step 0 is not one of 3 choices",
        ),
        (
            episode(&[0.0, 0.0, 0.0, 2.0], &[0.0], &[0.0]),
            "observation [0.0, 2.0] of step 1 is not 2 continuous numbers",
        ),
        (
            episode(&[0.0; 2], &[0.0], &[0.0]),
            "observations holds 2 numbers, 4 were expected for an episode of 1 steps",
        ),
        (
            episode(&[0.0; 4], &[0.0], &[f64::INFINITY]),
            "reward inf of step 0 is not finite",
        ),
        (
            EpisodeView {
                rewards: None,
                ..episode(&[0.0; 4], &[0.0], &[])
            },
            "rewards is recorded in some episodes and missing in others; record it in all or none",
        ),
    ];
    for (stranger, message) in refused {
        assert_eq!(all.push(stranger).unwrap_err().to_string(), message);
    }
    assert_eq!(all, before);
}
