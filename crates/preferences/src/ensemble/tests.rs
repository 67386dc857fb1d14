//! The ensemble against slow and obvious accounts of the same.

use mdp::{Seed, Segment};
use nn::{Activation, Pool};
use rl::{ActionInputs, RewardInputs};

use super::{EnsembleConfig, OutputNormalization, RewardEnsemble, Sampling, Tally};
use crate::{EncodedSegments, Judgements, Label, LossSettings};

fn config(n_members: usize) -> EnsembleConfig {
    EnsembleConfig {
        n_members,
        sampling: Sampling::Bootstrap,
        hidden: vec![8],
        activation: Activation::Tanh,
        normalize_observations: true,
        loss: LossSettings {
            noise_floor: 0.1,
            label_smoothing: 0.02,
        },
        minibatch: 16,
        learning_rate: 1e-3,
        weight_decay: 0.0,
        validation_ratio: None,
    }
}

fn inputs() -> RewardInputs {
    RewardInputs {
        n_features: 2,
        actions: ActionInputs::Choices(vec![3]),
        observation: true,
        action: true,
        next_observation: true,
        terminated: true,
    }
}

/// Segments of drawn numbers, of different lengths.
fn segments(n: usize) -> Vec<Segment> {
    let mut rng = Seed(7).stream("segments", 0);
    let mut numbers =
        |n: usize| -> Vec<f32> { (0..n).map(|_| mdp::normal(&mut rng) as f32 * 2.0).collect() };
    (0..n)
        .map(|index| {
            let length = 2 + index % 4;
            Segment {
                n_features: 2,
                n_action_values: 1,
                observations: numbers(2 * length),
                actions: (0..length)
                    .map(|step| ((index + step) % 3) as f32)
                    .collect(),
                next_observations: numbers(2 * length),
                terminated: (0..length).map(|step| length == 2 && step == 1).collect(),
                rewards: vec![0.0; length],
                ..Segment::default()
            }
        })
        .collect()
}

fn judged(ensemble: &RewardEnsemble, segments: &[Segment]) -> Judgements {
    let mut judgements = Judgements::new(1000);
    let mut rng = Seed(5).stream("weights", 0);
    for (index, pair) in segments.chunks_exact(2).enumerate() {
        let target = [1.0, 0.0, 0.5][index % 3];
        let label = Label::Compared { target };
        judgements.push(ensemble.judgement(&[&pair[0], &pair[1]], label, &mut rng));
    }
    judgements
}

fn ensemble(config: EnsembleConfig) -> RewardEnsemble {
    let mut rng = Seed(1).stream("model", 0);
    let mut ensemble = RewardEnsemble::new(config, inputs(), &mut rng).unwrap();
    for segment in segments(20) {
        ensemble.observe(&segment.observations);
    }
    ensemble.refresh_row_norm().unwrap();
    ensemble
}

/// The mean over judgements of the sum over members of weight times loss, one return at a time.
fn slow_loss(ensemble: &mut RewardEnsemble, judgements: &Judgements) -> f64 {
    let (n_members, loss) = (ensemble.n_members(), ensemble.config.loss);
    let mut sum = 0.0;
    for judgement in judgements.iter() {
        let returns = ensemble.returns(&judgement.segments, &Pool::new(1));
        for member in 0..n_members {
            let own = [returns[member], returns[n_members + member]];
            let judged = judgement.label.loss(&own, &loss, &mut [0.0; 2]);
            sum += f64::from(judgement.weights[member]) * judged.loss;
        }
    }
    sum / judgements.len() as f64
}

#[test]
fn the_gradient_of_a_minibatch_is_the_slope_of_its_loss() {
    let mut ensemble = ensemble(config(3));
    let judgements = judged(&ensemble, &segments(24));
    let starts = ensemble.gather(&judgements);
    let all: Vec<_> = judgements.iter().collect();
    let batch: Vec<usize> = (0..all.len()).collect();
    let mut tallies = [vec![Tally::default(); 3], vec![Tally::default(); 3]];
    let [learned, held] = &mut tallies;
    let before = ensemble.model.clone();
    let pool = Pool::new(2);
    ensemble
        .step(&all, &starts, &batch, learned, held, &pool)
        .unwrap();
    let gradient = ensemble.gradient.clone();
    ensemble.model = before;
    // A derivative in single precision is known to about the root of its rounding.
    let h = 3e-3;
    for place in (0..gradient.len()).step_by(7) {
        let mut at = |change: f32| {
            let own = ensemble.model.parameters()[place];
            ensemble.model.parameters_mut()[place] = own + change;
            let loss = slow_loss(&mut ensemble, &judgements);
            ensemble.model.parameters_mut()[place] = own;
            loss
        };
        let slope = (at(h) - at(-h)) / f64::from(2.0 * h);
        let given = f64::from(gradient[place]);
        assert!(
            (slope - given).abs() < 2e-4 + 1e-2 * slope.abs(),
            "parameter {place}: slope {slope}, gradient {given}"
        );
    }
}

#[test]
fn members_learn_as_they_would_alone() {
    let pool = Pool::new(2);
    let mut together = ensemble(config(3));
    let judgements = judged(&together, &segments(24));
    let n_own = together.model.parameters().len() / 3;
    let alone = |member: usize| {
        let mut one = ensemble(config(1));
        let own = &together.model.parameters()[member * n_own..][..n_own];
        one.model.parameters_mut().copy_from_slice(own);
        let mut own_judgements = Judgements::new(1000);
        for judgement in judgements.iter() {
            let mut judgement = judgement.clone();
            judgement.weights = vec![judgement.weights[member]];
            own_judgements.push(judgement);
        }
        let mut rng = Seed(2).stream("order", 0);
        one.fit(&own_judgements, 5, &mut rng, &Pool::new(1))
            .unwrap();
        one.model.parameters().to_vec()
    };
    let expected = [alone(0), alone(1), alone(2)].concat();
    let mut rng = Seed(2).stream("order", 0);
    together.fit(&judgements, 5, &mut rng, &pool).unwrap();
    for (found, expected) in together.model.parameters().iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{found} and {expected}");
    }
}

#[test]
fn returns_are_sums_of_outputs() {
    let pool = Pool::new(1);
    let mut ensemble = ensemble(config(2));
    let segments = segments(5);
    let all: Vec<&Segment> = segments.iter().collect();
    let together = ensemble.returns(&EncodedSegments::of(&all, &inputs()), &pool);
    for (index, segment) in segments.iter().enumerate() {
        // Not calibrated: normalised rewards are the outputs.
        let transitions = crate::judgement::transitions_of(segment);
        let rewards = ensemble.rewards(&transitions, &pool);
        for member in 0..2 {
            let own = rewards[member..].iter().step_by(2);
            let sum: f64 = own.map(|reward| f64::from(*reward)).sum();
            let found = together[index * 2 + member];
            assert!((sum - found).abs() < 1e-5, "{sum} and {found}");
        }
    }
}

#[test]
fn calibrated_outputs_are_normalised() {
    let pool = Pool::new(1);
    let mut ensemble = ensemble(config(3));
    let segments = segments(40);
    let all: Vec<&Segment> = segments.iter().collect();
    let encoded = EncodedSegments::of(&all, &inputs());
    let cases = [
        (OutputNormalization::MeanAndDeviation, false, true),
        (OutputNormalization::Automatic, false, true),
        (OutputNormalization::Automatic, true, false),
        (OutputNormalization::Scale, false, false),
    ];
    for (normalization, lengths_differ, without_mean) in cases {
        ensemble.calibrate(&encoded, normalization, lengths_differ, &pool);
        let mut sums = vec![(0.0, 0.0, 0.0); 3];
        for segment in &segments {
            let rewards = ensemble.rewards(&crate::judgement::transitions_of(segment), &pool);
            for row in rewards.chunks_exact(3) {
                for (sum, reward) in sums.iter_mut().zip(row) {
                    let reward = f64::from(*reward);
                    *sum = (sum.0 + 1.0, sum.1 + reward, sum.2 + reward * reward);
                }
            }
        }
        for (n, sum, squares) in sums {
            assert!((squares / n - 1.0_f64).abs() < 1e-4, "{normalization:?}");
            assert_eq!((sum / n).abs() < 1e-5, without_mean);
        }
    }
}

#[test]
fn a_bootstrap_holds_out_its_share() {
    let ensemble = ensemble(config(3));
    let segments = segments(2);
    let mut rng = Seed(0).stream("weights", 0);
    let label = Label::Compared { target: 1.0 };
    let (mut held, mut sum, n) = (0.0, 0.0, 4000);
    for _ in 0..n {
        let judgement = ensemble.judgement(&[&segments[0], &segments[1]], label, &mut rng);
        for weight in judgement.weights {
            held += f64::from(u8::from(weight == 0.0));
            sum += f64::from(weight);
        }
    }
    let total = 3.0 * f64::from(n);
    // Four standard errors of 12,000 draws.
    assert!((held / total - (-1.0_f64).exp()).abs() < 0.018);
    assert!((sum / total - 1.0).abs() < 0.037);
}

#[test]
fn decay_rises_where_validation_is_worse_and_falls_where_it_is_not() {
    let mut config = config(2);
    config.weight_decay = 0.1;
    config.validation_ratio = Some((1.1, 1.5));
    let mut ensemble = ensemble(config);
    let tally = |loss| Tally {
        weight: 1.0,
        loss,
        ..Tally::default()
    };
    ensemble.adapt_decays(&[tally(0.1), tally(0.1)], &[tally(0.2), tally(0.1)]);
    assert!(ensemble.decays[0] > 0.1 && ensemble.decays[1] < 0.1);
    let before = ensemble.decays.clone();
    ensemble.adapt_decays(&[tally(0.1), tally(0.1)], &[tally(0.12), tally(0.14)]);
    assert_eq!(ensemble.decays, before, "within the bounds nothing changes");
    ensemble.adapt_decays(&[tally(0.1), tally(0.1)], &[Tally::default(); 2]);
    assert_eq!(ensemble.decays, before, "nothing is held out");
}

/// Bradley-Terry over the states of a table: a linear model of one-hot observations, without noise floor, learns the scores
/// of the maximum likelihood, which the iteration of Zermelo (1929) and Hunter (2004) gives exactly.
#[test]
fn a_table_learns_the_maximum_likelihood() {
    const WINS: [[f64; 4]; 4] = [
        [0.0, 7.0, 9.0, 8.0],
        [3.0, 0.0, 6.0, 9.0],
        [1.0, 4.0, 0.0, 5.0],
        [2.0, 1.0, 5.0, 0.0],
    ];
    let mut strengths = [1.0_f64; 4];
    for _ in 0..2000 {
        let before = strengths;
        for i in 0..4 {
            let wins: f64 = WINS[i].iter().sum();
            let rest: f64 = (0..4)
                .filter(|j| *j != i)
                .map(|j| (WINS[i][j] + WINS[j][i]) / (before[i] + before[j]))
                .sum();
            strengths[i] = wins / rest;
        }
    }
    let table = RewardInputs {
        n_features: 4,
        actions: ActionInputs::Choices(vec![1]),
        observation: true,
        action: false,
        next_observation: false,
        terminated: false,
    };
    let config = EnsembleConfig {
        sampling: Sampling::HeldOut(0.0),
        hidden: vec![],
        normalize_observations: false,
        loss: LossSettings {
            noise_floor: 0.0,
            label_smoothing: 0.0,
        },
        minibatch: 60,
        learning_rate: 0.02,
        ..config(1)
    };
    let mut rng = Seed(0).stream("model", 0);
    let mut ensemble = RewardEnsemble::new(config, table.clone(), &mut rng).unwrap();
    let one = |state: usize| Segment {
        n_features: 4,
        n_action_values: 1,
        observations: (0..4).map(|i| f32::from(u8::from(i == state))).collect(),
        actions: vec![0.0],
        next_observations: vec![0.0; 4],
        terminated: vec![false],
        rewards: vec![0.0],
        ..Segment::default()
    };
    let mut judgements = Judgements::new(1000);
    for (i, row) in WINS.iter().enumerate() {
        for (j, wins) in row.iter().enumerate() {
            for _ in 0..*wins as usize {
                let label = Label::Compared { target: 1.0 };
                let pair = [&one(i), &one(j)];
                judgements.push(ensemble.judgement(&pair, label, &mut rng));
            }
        }
    }
    ensemble
        .fit(&judgements, 1500, &mut rng, &Pool::new(1))
        .unwrap();
    let states: Vec<Segment> = (0..4).map(one).collect();
    let states: Vec<&Segment> = states.iter().collect();
    let learned = ensemble.returns(&EncodedSegments::of(&states, &table), &Pool::new(1));
    for i in 1..4 {
        let (found, exact) = (learned[i] - learned[0], (strengths[i] / strengths[0]).ln());
        assert!((found - exact).abs() < 2e-3, "{i}: {found} and {exact}");
    }
}

#[test]
fn impossible_settings_are_refused() {
    let mut rng = Seed(0).stream("model", 0);
    let nothing = RewardInputs {
        observation: false,
        action: false,
        next_observation: false,
        terminated: false,
        ..inputs()
    };
    assert!(RewardEnsemble::new(config(1), nothing, &mut rng).is_err());
    let held_out = EnsembleConfig {
        sampling: Sampling::HeldOut(1.0),
        ..config(1)
    };
    assert!(RewardEnsemble::new(held_out, inputs(), &mut rng).is_err());
}

#[test]
fn a_conservative_file_takes_deviations_off() {
    let pool = Pool::new(1);
    let mut ensemble = ensemble(config(3));
    let segments = segments(8);
    let all: Vec<&Segment> = segments.iter().collect();
    let encoded = EncodedSegments::of(&all, &inputs());
    ensemble.calibrate(&encoded, OutputNormalization::Scale, true, &pool);
    let network = ensemble.network(1.5, "test").unwrap();
    let file = rl::LearnedReward::Network(network).to_bytes();
    let read = rl::LearnedReward::from_bytes(&file).unwrap();
    for segment in &segments {
        let transitions = crate::judgement::transitions_of(segment);
        let mut paid = vec![0.0; segment.n_steps()];
        read.rewards(
            &transitions,
            &mut paid,
            &mut rl::RewardScratch::default(),
            &pool,
        );
        let of_members = ensemble.rewards(&transitions, &pool);
        for (paid, row) in paid.iter().zip(of_members.chunks_exact(3)) {
            let row: Vec<f64> = row.iter().map(|reward| f64::from(*reward)).collect();
            let mean = row.iter().sum::<f64>() / 3.0;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 3.0;
            let expected = mean - 1.5 * variance.sqrt();
            assert!((paid - expected).abs() < 1e-4, "{paid} and {expected}");
        }
    }
    assert!(ensemble.network(-1.0, "test").is_err());
}
