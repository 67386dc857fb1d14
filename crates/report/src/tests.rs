//! Numbers, pictures and clips from the inside.

use mdp::{Ink, Scene, Shape};
use serde_json::json;

use crate::number::{
    amount, duration, estimate, grouped, interval, percent, probability, signed_amount,
};
use crate::picture::View;
use crate::replay::{data, evenly, kept, trail, trail_path};
use crate::{Clip, Estimate, Frame};

fn check(write: impl Fn(f64) -> String, cases: &[(f64, &str)]) {
    for (value, text) in cases {
        assert_eq!(write(*value), *text, "{value}");
    }
}

#[test]
fn amounts() {
    check(
        amount,
        &[
            (0.0, "0"),
            (-0.0, "0"),
            (0.000_012, "1.2e-5"),
            (0.012, "0.0120"),
            (0.5, "0.50"),
            (-7.126, "\u{2212}7.13"),
            (35.26, "35.3"),
            (499.6, "500"),
            (12_345.0, "12,345"),
            (-2_500_000.0, "\u{2212}2.5M"),
            (f64::NAN, "not known"),
            (f64::NEG_INFINITY, "\u{2212}\u{221e}"),
            (1e300, "1.00e300"),
        ],
    );
    check(
        signed_amount,
        &[(1.5, "+1.50"), (-1.5, "\u{2212}1.50"), (0.0, "0")],
    );
}

#[test]
fn shares_spans_and_counts() {
    check(
        percent,
        &[
            (0.943, "94%"),
            (0.035, "3.5%"),
            (-0.067, "\u{2212}6.7%"),
            (1.02, "102%"),
            (0.0, "0%"),
        ],
    );
    check(
        probability,
        &[(0.01, "1%"), (0.001, "0.1%"), (0.999, "99.9%")],
    );
    check(
        duration,
        &[
            (0.42, "0.4 s"),
            (48.2, "48 s"),
            (200.0, "3 min 20 s"),
            (7500.0, "2 h 05 min"),
            (f64::NAN, "not known"),
        ],
    );
    assert_eq!(
        [0, 999, 1000, 1_234_567].map(grouped),
        ["0", "999", "1,000", "1,234,567"]
    );
}

#[test]
fn intervals_say_where_they_are_open() {
    let bounds = |low, high| Estimate {
        mean: 1.0,
        low,
        high,
    };
    assert_eq!(interval(&bounds(0.5, 1.5)), "0.50 to 1.50");
    assert_eq!(interval(&bounds(0.5, f64::INFINITY)), "at least 0.50");
    assert_eq!(interval(&bounds(f64::NEG_INFINITY, 1.5)), "at most 1.50");
    assert_eq!(
        estimate(&bounds(f64::NEG_INFINITY, f64::INFINITY)),
        "1.00 (unbounded)"
    );
    assert_eq!(estimate(&Estimate::exact(2.0)), "2.00");
}

#[test]
fn thinning_keeps_both_ends() {
    assert_eq!(evenly(3, 5), [0, 1, 2]);
    assert_eq!(evenly(9, 5), [0, 2, 4, 6, 8]);
    let many = evenly(10_007, 1000);
    assert_eq!((many.len(), many[0], many[999]), (1000, 0, 10_006));
    assert!(many.is_sorted());
}

/// A clip of a triangle at each of the places, beside a post that stays.
fn clip(places: &[[f64; 2]]) -> Clip {
    let frame = |at: &[f64; 2]| Frame {
        shapes: vec![
            Shape::Circle {
                center: [5.0, 5.0],
                radius: 1.0,
                ink: Ink::Target,
            },
            Shape::Polygon {
                points: vec![[at[0] - 1.0, at[1]], [at[0] + 1.0, at[1]], [at[0], at[1]]],
                ink: Ink::Agent,
            },
        ],
        proxy: at[0],
        intent: None,
    };
    Clip {
        title: String::new(),
        caption: String::new(),
        scene: Scene {
            low: [0.0, 0.0],
            high: [10.0, 5.0],
            background: Vec::new(),
        },
        frames: places.iter().map(frame).collect(),
        seconds_per_step: 0.1,
        end: "over".into(),
    }
}

#[test]
fn the_world_is_turned_over_and_fills_the_picture() {
    let view = View::new(&clip(&[]).scene);
    assert_eq!((view.width(), view.height()), (4000, 2000));
    assert_eq!(view.point([0.0, 0.0]), [0, 2000]);
    assert_eq!(view.point([10.0, 5.0]), [4000, 0]);
}

#[test]
fn a_shape_that_stays_is_written_once() {
    let value = data(&clip(&[[1.0, 1.0], [2.0, 1.0], [1.0, 1.0]]));
    assert_eq!(
        value["shapes"].as_array().map(Vec::len),
        Some(3),
        "one post and two places of the triangle"
    );
    assert_eq!(value["frames"], json!([[0, 1], [0, 2], [0, 1]]));
    assert_eq!(value["shapes"][0], json!([2, 4, 400, 2000, 0]));
    assert_eq!(value["proxy"], json!(["1.00", "2.00", "1.00"]));
    assert_eq!(value["intent"], json!([null, null, null]));
    assert_eq!(value["end"], "over");
}

#[test]
fn the_trail_breaks_where_the_policy_jumps() {
    let clip = clip(&[[1.0, 1.0], [1.5, 1.0], [9.0, 1.0], [9.0, 1.5]]);
    let view = View::new(&clip.scene);
    let path = trail_path(&trail(&kept(&clip.frames), &view), &view);
    assert_eq!(path, "M400 1600L600 1600M3600 1600L3600 1400");
}
