//! Axes and labels.

use proptest::prelude::*;

use super::axis::Axis;
use super::label::{Area, TEXT_HEIGHT, along, spread};
use crate::Scale;
use crate::number::{pressure, round_amount};

fn ticks(values: &[f64], scale: Scale, count: usize) -> String {
    let axis = Axis::holding(values.iter().copied(), (0.0, 100.0), scale);
    let words: Vec<String> = axis.ticks(count).into_iter().map(round_amount).collect();
    words.join(" ")
}

#[test]
fn ticks_are_round() {
    assert_eq!(ticks(&[0.0, 10.0], Scale::Linear, 5), "0 2 4 6 8 10");
    assert_eq!(ticks(&[-3.7, 12.1], Scale::Linear, 4), "0 5 10");
    assert_eq!(
        ticks(&[0.001, 0.0021], Scale::Linear, 4),
        "0.001 0.0015 0.002"
    );
    assert_eq!(ticks(&[5.0], Scale::Linear, 2), "4.5 5 5.5");
    assert_eq!(
        ticks(&[f64::NAN, f64::INFINITY], Scale::Linear, 2),
        "0 0.5 1"
    );
    assert_eq!(
        ticks(&[1.0, 100.0], Scale::Logarithmic, 8),
        "1 2 5 10 20 50 100"
    );
    assert_eq!(
        ticks(&[1.0, 1e6], Scale::Logarithmic, 4),
        "1 100 10,000 1.00M".replace(".00", "")
    );
}

#[test]
fn a_ratio_axis_pins_what_it_cannot_hold_to_its_low_end() {
    let axis = Axis::holding(
        [0.0, 1.0, 100.0].into_iter(),
        (0.0, 100.0),
        Scale::Logarithmic,
    );
    assert_eq!(axis.at(1.0), 0.0);
    assert_eq!(axis.at(10.0), 50.0);
    assert!(axis.at(0.0) <= 0.0);
}

#[test]
fn pressures_are_short() {
    let cases = [
        (0.0, "0"),
        (1.0, "1"),
        (12.5, "12.5"),
        (999_960.0, "1M"),
        (240_000.0, "240k"),
        (1_250_000.0, "1.25M"),
        (f64::INFINITY, "∞"),
    ];
    for (value, text) in cases {
        assert_eq!(pressure(value), text);
    }
}

#[test]
fn a_level_label_avoids_the_curve() {
    let bounds = Area {
        left: 0.0,
        right: 400.0,
        top: 0.0,
        bottom: 200.0,
    };
    let curve = Area {
        left: 0.0,
        right: 200.0,
        top: 80.0,
        bottom: 120.0,
    };
    let (left, baseline) = along(100.0, 100.0, bounds, &[curve]);
    assert!(200.0 < left, "beside the curve, not on it: {left}");
    assert!(
        (84.0..=116.0).contains(&baseline),
        "close to its level: {baseline}"
    );
}

proptest! {
    #[test]
    fn spread_labels_cover_none_of_the_others(wanted in prop::collection::vec(0.0..200.0f64, 0..8)) {
        let mut placed = spread(&wanted, 0.0, 200.0);
        placed.sort_by(f64::total_cmp);
        for pair in placed.windows(2) {
            prop_assert!(pair[1] - pair[0] >= TEXT_HEIGHT - 1e-9);
        }
    }

    #[test]
    fn ticks_lie_on_the_axis(low in -1e9..1e9f64, width in 1e-3..1e9f64, count in 1usize..9) {
        let axis = Axis::holding([low, low + width].into_iter(), (0.0, 100.0), Scale::Linear);
        let ticks = axis.ticks(count);
        prop_assert!(ticks.len() <= count + 1);
        for tick in ticks {
            prop_assert!((-1e-6..=100.0 + 1e-6).contains(&axis.at(tick)));
        }
    }
}
