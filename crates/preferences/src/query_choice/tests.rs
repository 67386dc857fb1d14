//! Every score of a question against a slow and obvious version.

use mdp::{Seed, normal};

use super::*;

fn drawn(n_pairs: usize, n_members: usize) -> Vec<f64> {
    let mut rng = Seed(0).stream("differences", 0);
    (0..n_pairs * n_members)
        .map(|_| 2.0 * normal(&mut rng))
        .collect()
}

/// The variance as half the mean squared difference of all pairs of members.
fn variance_by_pairs(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mut sum = 0.0;
    for a in values {
        for b in values {
            sum += (a - b) * (a - b);
        }
    }
    sum / (2.0 * n * n)
}

#[test]
fn disagreement_is_the_variance_of_what_members_predict() {
    for n_members in [1, 2, 3, 7] {
        let differences = drawn(50, n_members);
        let logistic = |d: &f64| 0.05 + 0.9 / (1.0 + (-d).exp());
        let label = |d: &f64| f64::from(u8::from(*d > 0.0));
        for (of, predict) in [
            (Prediction::Logit, (|d| *d) as fn(&f64) -> f64),
            (Prediction::Probability, logistic),
            (Prediction::Label, label),
        ] {
            let scores = disagreement(&differences, n_members, of, 0.1);
            for (score, row) in scores.iter().zip(differences.chunks(n_members)) {
                let predicted: Vec<f64> = row.iter().map(predict).collect();
                let expected = variance_by_pairs(&predicted);
                assert!(
                    (score - expected).abs() < 1e-12,
                    "{score} is not {expected}"
                );
            }
        }
    }
}

#[test]
fn a_tie_is_half_a_label() {
    let scores = disagreement(&[0.0, 1.0, -1.0, 0.0], 2, Prediction::Label, 0.0);
    assert_eq!(scores, [0.0625, 0.0625]);
}

/// The mutual information by its definition, from the table of member and answer.
#[test]
fn information_gain_is_the_mutual_information_of_answer_and_member() {
    for (n_members, noise_floor) in [(1, 0.0), (2, 0.0), (3, 0.1), (7, 0.3)] {
        let differences = drawn(50, n_members);
        let scores = information_gain(&differences, n_members, noise_floor);
        for (score, row) in scores.iter().zip(differences.chunks(n_members)) {
            let member = 1.0 / n_members as f64;
            let mut joint = vec![];
            for difference in row {
                let first = noise_floor / 2.0 + (1.0 - noise_floor) / (1.0 + (-difference).exp());
                joint.push([member * first, member * (1.0 - first)]);
            }
            let mut expected = 0.0;
            for answer in 0..2 {
                let total: f64 = joint.iter().map(|row| row[answer]).sum();
                for row in &joint {
                    expected += row[answer] * (row[answer] / (member * total)).ln();
                }
            }
            assert!(
                (score - expected).abs() < 1e-12,
                "{score} is not {expected}"
            );
        }
    }
}

#[test]
fn a_coin_that_all_members_toss_tells_nothing_and_certain_discord_tells_a_bit() {
    // Members who agree, who are undecided, who contradict each other, and whose numbers overflow an exponential.
    let differences = [3.0, 3.0, 0.0, 0.0, 40.0, -40.0, 1e6, -1e6];
    let gains = information_gain(&differences, 2, 0.0);
    assert!(gains[0] < 1e-12 && gains[1] < 1e-12);
    assert!((gains[2] - std::f64::consts::LN_2).abs() < 1e-12);
    assert!((gains[3] - std::f64::consts::LN_2).abs() < 1e-12);
}

#[test]
fn the_highest_are_asked_the_earlier_among_equals() {
    assert_eq!(highest(&[1.0, 3.0, 2.0, 3.0, 3.0], 2), [1, 3]);
    let of = Prediction::Logit;
    let choice = QueryChoice::Disagreement {
        of,
        oversampling: 10.0,
    };
    let differences = drawn(40, 3);
    let chosen = choice.choose(&differences, 3, 4, 0.0);
    let scores = disagreement(&differences, 3, of, 0.0);
    let least = chosen.iter().map(|i| scores[*i]).fold(f64::MAX, f64::min);
    let others = (0..40).filter(|i| !chosen.contains(i));
    assert!(others.map(|i| scores[i]).all(|score| score <= least));
    assert_eq!(
        QueryChoice::Random.choose(&differences, 3, 4, 0.0),
        [0, 1, 2, 3]
    );
}

#[test]
fn pools_are_as_large_as_was_said_and_never_too_small() {
    let choice = |oversampling| QueryChoice::InformationGain { oversampling };
    assert_eq!(choice(10.0).n_candidates(7), 70);
    assert_eq!(choice(1.5).n_candidates(3), 5);
    assert_eq!(choice(0.1).n_candidates(3), 3);
    assert_eq!(QueryChoice::Random.n_candidates(3), 3);
}
