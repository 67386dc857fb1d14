//! Ratings and grades, against gradients by differences and simulated raters.

use super::*;

/// A segment of one step whose intent is given.
fn segment(intent: f64) -> Segment {
    Segment {
        terminated: vec![false],
        intents: Some(vec![intent]),
        ..Segment::default()
    }
}

fn rater(config: RaterConfig) -> SimulatedRater {
    SimulatedRater::new(Arc::new(feedback::Oracle), config, Seed(0)).unwrap()
}

const EXACT: RaterConfig = RaterConfig {
    offset: 10.0,
    scale: 5.0,
    noise: 0.0,
    mistakes: 0.0,
};

#[test]
fn derivatives_are_those_of_the_losses() {
    let h = 1e-5;
    for at in [-3.0, -0.4, 0.0, 0.7, 5.0] {
        let check = |loss: &dyn Fn(f64) -> (f64, f64)| {
            let slope = (loss(at + h).0 - loss(at - h).0) / (2.0 * h);
            assert!((slope - loss(at).1).abs() < 1e-7, "{slope}: {:?}", loss(at));
        };
        check(&|r| squared_error(r, 0.3, 0.7));
        for grade in 0..4 {
            check(&|r| grade_loss(r, grade, 4, 1.5));
        }
    }
}

#[test]
fn grades_have_the_probabilities_of_the_cumulative_logit_model() {
    for n_grades in [2, 3, 5] {
        for at in [-4.0, 0.1, 2.0] {
            let below = |k: u16| match k {
                0 => 0.0,
                k if k == n_grades => 1.0,
                k => {
                    let threshold = 0.8 * (f64::from(k) - f64::from(n_grades) / 2.0);
                    1.0 / (1.0 + (at - threshold).exp())
                }
            };
            for grade in 0..n_grades {
                let expected: f64 = below(grade + 1) - below(grade);
                let probability = (-grade_loss(at, grade, n_grades, 0.8).0).exp();
                assert!((probability - expected).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn losses_stay_finite_far_from_everything() {
    let (loss, slope) = grade_loss(1e4, 1, 5, 1.0);
    assert!(
        loss.is_finite() && (slope - 1.0).abs() < 1e-9,
        "{loss} {slope}"
    );
    let (loss, slope) = grade_loss(-1e4, 4, 5, 1.0);
    assert!(
        loss.is_finite() && (slope + 1.0).abs() < 1e-9,
        "{loss} {slope}"
    );
    assert!(
        grade_loss(1e4, 4, 5, 1.0).0 < 1e-9,
        "above the highest is the highest"
    );
}

#[test]
fn a_rater_says_what_its_judge_says_in_its_own_units() {
    let said = rater(EXACT).rating(0, &segment(12.5), 0.1).unwrap();
    let (rating, deviation) = (0.5, 0.1);
    assert_eq!(said, Label::Rated { rating, deviation });
    let grades = [-100.0, 5.1, 9.9, 10.1, 14.9, 100.0].map(|intent| {
        match rater(EXACT).grade(0, &segment(intent), 4).unwrap() {
            Label::Graded { grade, .. } => grade,
            other => panic!("{other:?} is no grade"),
        }
    });
    assert_eq!(grades, [0, 0, 1, 2, 3, 3]);
}

#[test]
fn noise_and_mistakes_are_as_large_as_was_said() {
    let n = 20_000;
    let noisy = rater(RaterConfig {
        noise: 0.3,
        ..EXACT
    });
    let (mut sum, mut squares) = (0.0, 0.0);
    for question in 0..n {
        let Label::Rated { rating, deviation } =
            noisy.rating(question, &segment(10.0), 0.0).unwrap()
        else {
            panic!("no rating");
        };
        assert_eq!(deviation, 0.3);
        sum += rating;
        squares += rating * rating;
    }
    assert!((sum / n as f64).abs() < 0.01);
    assert!(((squares / n as f64).sqrt() - 0.3).abs() < 0.01);
    let mistaken = rater(RaterConfig {
        mistakes: 0.5,
        ..EXACT
    });
    let n_highest = (0..n)
        .filter(|question| {
            let said = mistaken.grade(*question, &segment(100.0), 4).unwrap();
            matches!(said, Label::Graded { grade: 3, .. })
        })
        .count();
    // Half look and see the highest; of those who do not, a quarter say it.
    assert!((n_highest as f64 / n as f64 - 0.625).abs() < 0.02);
}

/// Grades drawn by the rater have the probabilities that its label says they have.
#[test]
fn a_grade_says_its_own_probability() {
    let noisy = rater(RaterConfig {
        noise: 0.2,
        ..EXACT
    });
    let n = 40_000;
    let mut counts = [0_u32; 4];
    let mut spacing = 0.0;
    for question in 0..n {
        if let Label::Graded {
            grade, spacing: s, ..
        } = noisy.grade(question, &segment(11.0), 4).unwrap()
        {
            counts[usize::from(grade)] += 1;
            spacing = s;
        }
    }
    // The intent is rated 0.2, which is 1 in units of the noise.
    for (grade, count) in counts.iter().enumerate() {
        let expected = (-grade_loss(1.0, grade as u16, 4, spacing).0).exp();
        let share = f64::from(*count) / n as f64;
        assert!(
            (share - expected).abs() < 0.01,
            "{grade}: {share}, not {expected}"
        );
    }
}

#[test]
fn impossible_settings_are_refused() {
    let refused =
        |config| SimulatedRater::new(Arc::new(feedback::Oracle), config, Seed(0)).is_err();
    assert!(refused(RaterConfig {
        scale: 0.0,
        ..EXACT
    }));
    assert!(refused(RaterConfig {
        noise: -1.0,
        ..EXACT
    }));
    assert!(refused(RaterConfig {
        mistakes: 1.5,
        ..EXACT
    }));
    assert!(refused(RaterConfig {
        offset: f64::NAN,
        ..EXACT
    }));
    let blind = Segment::default();
    assert!(rater(EXACT).rating(0, &blind, 0.1).is_err(), "no intent");
    assert!(rater(EXACT).grade(0, &segment(0.0), 1).is_err());
}

/// Segments of five steps with two features, of which the first is wanted and the second is not.
fn drawn(n: usize) -> Vec<Segment> {
    let mut rng = Seed(1).stream("segments", 0);
    (0..n)
        .map(|_| {
            let observations: Vec<f32> = (0..10).map(|_| normal(&mut rng) as f32).collect();
            let wanted = |row: &[f32]| f64::from(row[0]) - 0.5 * f64::from(row[1]);
            let intents: Vec<f64> = observations.chunks_exact(2).map(wanted).collect();
            Segment {
                n_features: 2,
                n_action_values: 1,
                next_observations: observations.clone(),
                observations,
                actions: vec![0.0; 5],
                terminated: vec![false; 5],
                rewards: vec![0.0; 5],
                intents: Some(intents),
                ..Segment::default()
            }
        })
        .collect()
}

/// Share of fresh pairs that a reward model orders as they are meant, once it learned from what `say` says of segments.
fn order_learned(group: usize, say: impl Fn(u64, &[&Segment]) -> Label) -> f64 {
    let inputs = rl::RewardInputs {
        n_features: 2,
        actions: rl::ActionInputs::Choices(vec![2]),
        observation: true,
        action: false,
        next_observation: false,
        terminated: false,
    };
    let config = crate::EnsembleConfig {
        n_members: 2,
        sampling: crate::Sampling::HeldOut(0.0),
        hidden: vec![16],
        learning_rate: 5e-3,
        validation_ratio: None,
        normalize_observations: false,
        ..crate::Config::preset("default").unwrap().ensemble
    };
    let pool = nn::Pool::new(1);
    let mut rng = Seed(0).stream("learning", 0);
    let mut ensemble = crate::RewardEnsemble::new(config, inputs, &mut rng).unwrap();
    let segments = drawn(600);
    let mut judgements = crate::Judgements::new(200);
    for (question, group) in segments[..400].chunks(group).take(200).enumerate() {
        let group: Vec<&Segment> = group.iter().collect();
        let label = say(question as u64, &group);
        judgements.push(ensemble.judgement(&group, label, &mut rng));
    }
    ensemble.fit(&judgements, 60, &mut rng, &pool).unwrap();
    let fresh = segments[400..].chunks_exact(2);
    let pairs: Vec<(Segment, Segment)> = fresh.map(|p| (p[0].clone(), p[1].clone())).collect();
    let differences = ensemble.differences(&pairs, &pool);
    let total = |segment: &Segment| segment.intents.iter().flatten().sum::<f64>();
    let right = pairs
        .iter()
        .zip(differences.chunks_exact(2))
        .filter(|(pair, own)| (own[0] + own[1] > 0.0) == (total(&pair.0) > total(&pair.1)));
    right.count() as f64 / pairs.len() as f64
}

#[test]
fn reward_models_learn_from_ratings_grades_and_choices() {
    let rater = SimulatedRater::new(
        Arc::new(feedback::Oracle),
        RaterConfig {
            offset: 0.0,
            scale: 5.0,
            noise: 0.1,
            mistakes: 0.05,
        },
        Seed(0),
    )
    .unwrap();
    let chooser =
        crate::SimulatedChooser::new(Arc::new(feedback::Oracle), 0.5, 0.05, Seed(0)).unwrap();
    let rated = order_learned(1, |question, group| {
        rater.rating(question, group[0], 0.05).unwrap()
    });
    let graded = order_learned(1, |question, group| {
        rater.grade(question, group[0], 5).unwrap()
    });
    let chosen = order_learned(4, |question, group| chooser.best(question, group).unwrap());
    // Half are right by chance.
    for (what, share) in [("rated", rated), ("graded", graded), ("chosen", chosen)] {
        assert!(share > 0.9, "{what}: {share}");
    }
}
