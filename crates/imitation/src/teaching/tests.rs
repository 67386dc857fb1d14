//! Tests of demonstrations that are meant to be understood.

use mdp::{Discount, TabularMdp, Transition};

use super::*;

/// A corridor of cells; actions go left, stay, go right.
fn corridor(n_states: usize) -> TabularMdp {
    let mut builder = TabularMdp::builder(n_states, 3);
    for state in 0..n_states {
        for action in 0..3 {
            builder.push(Transition {
                probability: 1.0,
                next_state: (state + action).saturating_sub(1).min(n_states - 1),
                reward: 0.0,
                terminates: false,
            });
            builder.end_row();
        }
    }
    let mut start = vec![0.0; n_states];
    start[n_states / 2] = 1.0;
    builder.build(start, Discount::new(1.0).unwrap()).unwrap()
}

/// One feature at either end of the corridor.
fn ends(n_states: usize) -> Vec<f64> {
    let mut features = vec![0.0; 2 * n_states];
    features[0] = 1.0;
    features[2 * n_states - 1] = 1.0;
    features
}

#[test]
fn an_expert_earns_and_a_teacher_shows_both() {
    let (mdp, features) = (corridor(5), ends(5));
    let lesson = Lesson {
        mdp: &mdp,
        features: &features,
        start: 2,
        n_steps: 12,
    };
    let preference = [1.0, 0.9];
    let expert = lesson.sum_of(&lesson.by_expert(&preference));
    assert_eq!(expert, [10.0, 0.0]);
    // Whoever wants both ends nearly alike is expected to be seen at both.
    let teacher = lesson.sum_of(&lesson.by_teacher(&preference, 1.0).unwrap());
    assert!(teacher[0] > 1.0 && teacher[1] > 1.0, "{teacher:?}");
    // Without a weight on being understood, the teacher is the expert.
    assert_eq!(
        lesson.sum_of(&lesson.by_teacher(&preference, 0.0).unwrap()),
        expert
    );
}

#[test]
fn the_search_finds_the_best_of_all_demonstrations() {
    let (mdp, features) = (corridor(4), ends(4));
    let lesson = Lesson {
        mdp: &mdp,
        features: &features,
        start: 1,
        n_steps: 6,
    };
    for preference in [[1.0, 0.5], [-0.3, 0.8], [0.2, 0.2]] {
        let expected = lesson.expected_sums(&preference).unwrap();
        let worth = |demonstration: &Demonstration| {
            let sum = lesson.sum_of(demonstration);
            dot(&sum, &preference) - 2.0 * squared_distance(&sum, &expected[5])
        };
        let every = (0..3_usize.pow(6)).map(|code| {
            let mut state = 1;
            (0..6)
                .map(|time| {
                    let action = code / 3_usize.pow(time) % 3;
                    let step = (state, action);
                    state = lesson.next(state, action);
                    step
                })
                .collect::<Demonstration>()
        });
        let best = every
            .map(|demonstration| worth(&demonstration))
            .fold(f64::NEG_INFINITY, f64::max);
        let found = worth(&lesson.by_teacher(&preference, 2.0).unwrap());
        assert!((found - best).abs() < 1e-9, "{found} against {best}");
    }
}

#[test]
fn a_best_response_gives_up_only_what_it_wins_back() {
    let (mdp, features) = (corridor(5), ends(5));
    let lesson = Lesson {
        mdp: &mdp,
        features: &features,
        start: 2,
        n_steps: 12,
    };
    let preference = [1.0, 0.9];
    // A robot that acts well only if it has seen both ends.
    let watches = |worth: f64| {
        let lesson = &lesson;
        move |shown: &Demonstration| {
            let sum = lesson.sum_of(shown);
            Ok(if sum[0] > 0.0 && sum[1] > 0.0 {
                worth
            } else {
                0.0
            })
        }
    };
    let of = |worth| {
        lesson.sum_of(
            &lesson
                .best_response(&preference, &[0.1, 1.0], watches(worth))
                .unwrap(),
        )
    };
    assert!(of(100.0)[1] > 0.0);
    assert_eq!(of(0.1), [10.0, 0.0]);
}
