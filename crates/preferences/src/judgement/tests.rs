//! Judgements kept, forgotten, and brought back.

use rl::Arrays;

use super::{EncodedSegments, Judgement, Judgements, Label, LossSettings};

fn judgement(target: f64, lengths: [usize; 2]) -> Judgement {
    let n = lengths[0] + lengths[1];
    Judgement {
        segments: EncodedSegments {
            lengths: lengths.to_vec(),
            rows: (0..2 * n).map(|i| i as f32 + target as f32).collect(),
        },
        label: Label::Compared { target },
        weights: vec![1.0, 0.0, 2.0],
    }
}

#[test]
fn the_oldest_is_forgotten() {
    let mut judgements = Judgements::new(2);
    for target in [0.0, 0.5, 1.0] {
        judgements.push(judgement(target, [2, 2]));
    }
    let labels: Vec<Label> = judgements.iter().map(|one| one.label).collect();
    let expected = [0.5, 1.0].map(|target| Label::Compared { target });
    assert_eq!(labels, expected);
}

#[test]
fn lengths_differ_where_one_segment_is_shorter() {
    let mut judgements = Judgements::new(10);
    judgements.push(judgement(0.0, [3, 3]));
    assert!(!judgements.lengths_differ());
    judgements.push(judgement(0.0, [3, 2]));
    assert!(judgements.lengths_differ());
}

#[test]
fn what_is_saved_comes_back() {
    let mut judgements = Judgements::new(10);
    judgements.push(judgement(0.0, [3, 1]));
    judgements.push(judgement(0.5, [2, 2]));
    let mut arrays = Arrays::default();
    judgements.save(&mut arrays);
    let restored = Judgements::new(10).restored(&mut arrays, 2, 3);
    assert_eq!(restored.unwrap(), judgements);
}

#[test]
fn what_is_damaged_does_not() {
    let mut judgements = Judgements::new(10);
    judgements.push(judgement(1.0, [3, 1]));
    type Damage = fn(&mut Arrays);
    let damages: [Damage; 4] = [
        |arrays| arrays.put_u64("judged.lengths", [u64::MAX, 5]),
        |arrays| arrays.put_u64("judged.sizes", [3]),
        |arrays| arrays.put_f64("judged.labels", [0.0, 2.0]),
        |arrays| arrays.put_f32("judged.rows", [0.0; 9]),
    ];
    for damage in damages {
        let mut arrays = Arrays::default();
        judgements.save(&mut arrays);
        damage(&mut arrays);
        assert!(Judgements::new(10).restored(&mut arrays, 2, 3).is_err());
    }
}

#[test]
fn smoothing_moves_targets_to_the_middle() {
    let settings = |label_smoothing| LossSettings {
        noise_floor: 0.0,
        label_smoothing,
    };
    let derivative = |target, smoothing| {
        let mut d = [0.0; 2];
        Label::Compared { target }.loss(&[0.3, -0.1], &settings(smoothing), &mut d);
        d
    };
    assert_eq!(derivative(1.0, 0.2), derivative(0.9, 0.0));
    assert_eq!(derivative(0.5, 0.2), derivative(0.5, 0.0));
}
