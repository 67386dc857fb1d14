//! Tests of the confidence sequences: coverage by simulation, limits, and symmetries.

use mdp::{Rng, Seed, normal, uniform};
use proptest::prelude::*;

use super::*;

type Draw = fn(&mut Rng) -> f64;

/// The share of `runs` sample paths on which an interval at any of `looks` excludes the true mean.
fn ever_wrong(
    name: &str,
    runs: u64,
    looks: &[usize],
    mean: f64,
    draw: Draw,
    interval: impl Fn(&[f64]) -> Interval,
) -> f64 {
    let wrong = (0..runs)
        .filter(|run| {
            let mut rng = Seed(*run).stream(name, 0);
            let mut values = Vec::new();
            looks.iter().any(|look| {
                while values.len() < *look {
                    values.push(draw(&mut rng));
                }
                let interval = interval(&values);
                mean < interval.low || interval.high < mean
            })
        })
        .count();
    wrong as f64 / runs as f64
}

const LOOKS: [usize; 9] = [30, 35, 45, 60, 80, 110, 150, 200, 300];

fn exponential(rng: &mut Rng) -> f64 {
    -(1.0 - uniform(rng)).ln()
}

fn rare(rng: &mut Rng) -> f64 {
    f64::from(u8::from(uniform(rng) < 0.02))
}

/// Student's t with 3 degrees of freedom: no third moment.
fn heavy(rng: &mut Rng) -> f64 {
    let z = normal(rng);
    let chi: f64 = (0..3).map(|_| normal(rng).powi(2)).sum();
    z / (chi / 3.0).sqrt()
}

#[test]
fn betting_covers_at_any_time_however_skewed() {
    let bounds = Bounds::new(0.0, 1.0).unwrap();
    let cases: [(&str, f64, Draw); 3] = [
        ("uniform", 0.5, uniform),
        ("rare", 0.02, rare),
        ("square", 1.0 / 3.0, |rng| uniform(rng).powi(2)),
    ];
    for (name, mean, draw) in cases {
        let wrong = ever_wrong(name, 300, &LOOKS, mean, draw, |values| {
            betting_interval(values, bounds, 0.025)
        });
        // At most 5%; three standard errors of 300 runs are 3.8%.
        assert!(wrong <= 0.05 + 0.038, "{name}: {wrong}");
    }
}

#[test]
fn asymptotic_covers_from_30_values_on() {
    let cases: [(&str, f64, f64, Draw); 4] = [
        ("normal", 0.0, 0.05, normal),
        ("uniform", 0.5, 0.05, uniform),
        ("heavy", 0.0, 0.05, heavy),
        // One-sided skew: the price of having no bounds.
        ("exponential", 1.0, 0.06, exponential),
    ];
    for (name, mean, level, draw) in cases {
        let wrong = ever_wrong(name, 1000, &LOOKS, mean, draw, |values| {
            asymptotic_interval(values, 0.05)
        });
        assert!(wrong <= level + 0.02, "{name}: {wrong}");
    }
}

/// The danger that the documentation names: without bounds, rare events unseen are taken for impossible.
#[test]
fn asymptotic_misses_rare_events_where_betting_does_not() {
    let looks = [40];
    let asymptotic = ever_wrong("rare", 400, &looks, 0.02, rare, |values| {
        asymptotic_interval(values, 0.05)
    });
    let bounds = Bounds::new(0.0, 1.0).unwrap();
    let betting = ever_wrong("rare", 400, &looks, 0.02, rare, |values| {
        betting_interval(values, bounds, 0.025)
    });
    assert!(asymptotic > 0.3, "{asymptotic}");
    assert!(betting <= 0.05, "{betting}");
}

#[test]
fn joint_set_covers_in_every_direction() {
    let wrong = (0..400_u64)
        .filter(|run| {
            let mut rng = Seed(*run).stream("joint", 0);
            let (mut proxy, mut intent) = (Vec::new(), Vec::new());
            for _ in 0..40 {
                let shared = normal(&mut rng);
                proxy.push(shared + 0.3 * normal(&mut rng));
                intent.push(shared + 0.3 * normal(&mut rng));
            }
            let set = JointSet::new(&proxy, &intent, 0.05).unwrap();
            (0..60).any(|step| {
                let weight = (f64::from(step) / 5.0 - 6.0).exp();
                set.contrast(weight).abs() > set.half_width(weight)
            })
        })
        .count();
    assert!(wrong as f64 <= 400.0 * 0.05, "{wrong}");
}

#[test]
fn joint_set_is_a_line_when_proxy_is_the_intent() {
    let mut rng = Seed(1).stream("line", 0);
    let mut set = |mean: f64| {
        let values: Vec<f64> = (0..50).map(|_| mean + normal(&mut rng)).collect();
        let paid: Vec<f64> = values.iter().map(|value| 3.0 * value - 7.0).collect();
        JointSet::new(&paid, &values, 1e-5).unwrap()
    };
    let (before, same) = (set(0.0), set(0.0));
    // Far too few episodes to compare the means themselves: half-widths are near 1.
    assert!(before.half_width(0.0) > 0.5);
    assert!(before.excludes(&same, 0.0, 0.001));
    assert!(before.excludes(&same, -0.3, 0.1));
    assert!(
        !before.excludes(&same, -0.3, 0.05),
        "a fall of 0.07 would keep both"
    );
}

#[test]
fn joint_set_does_not_exclude_what_happened() {
    let mut rng = Seed(2).stream("fall", 0);
    let mut set = |proxy: f64, intent: f64| {
        let paid: Vec<f64> = (0..60).map(|_| proxy + normal(&mut rng)).collect();
        let meant: Vec<f64> = (0..60).map(|_| intent + normal(&mut rng)).collect();
        JointSet::new(&paid, &meant, 1e-4).unwrap()
    };
    let (good, bad) = (set(0.0, 5.0), set(5.0, 0.0));
    assert!(!good.excludes(&bad, 0.0, 1.0));
    assert!(bad.excludes(&good, 0.0, 1.0));
}

#[test]
fn fewer_than_thirty_values_claim_nothing_without_bounds() {
    let interval = asymptotic_interval(&[1.0; 29], 0.05);
    assert_eq!(
        (interval.low, interval.high),
        (f64::NEG_INFINITY, f64::INFINITY)
    );
    assert!(JointSet::new(&[1.0; 29], &[1.0; 29], 0.05).is_none());
    assert!(asymptotic_interval(&[1.0; 30], 0.05).high.is_finite());
}

/// Against the closed form for a known variance: 2 (1 + n) / n · (ln 1/α + ½ ln(1 + n)).
#[test]
fn boundary_tends_to_the_gaussian_mixture() {
    let alpha: f64 = 1e-4;
    for (n, slack) in [(100_usize, 0.35), (10_000, 0.004)] {
        let known = 2.0 * (1.0 + n as f64) / n as f64 * (-alpha.ln() + 0.5 * (1.0 + n as f64).ln());
        let ratio = critical_square(n, 1, alpha) / known;
        assert!((1.0..1.0 + slack).contains(&ratio), "{n}: {ratio}");
    }
    assert_eq!(critical_square(3, 1, 1e-9), f64::INFINITY);
}

/// The slow obvious version: the mean on a grid, the capital by its definition.
#[test]
fn betting_end_is_where_the_capital_reaches_the_bar() {
    let mut rng = Seed(3).stream("grid", 0);
    let values: Vec<f64> = (0..70).map(|_| uniform(&mut rng).powi(2)).collect();
    let alpha: f64 = 0.01;
    let capital = |m: f64| {
        FRACTIONS
            .iter()
            .map(|fraction| {
                values
                    .iter()
                    .map(|x| 1.0 + fraction * (x / m - 1.0))
                    .product::<f64>()
            })
            .sum::<f64>()
            / FRACTIONS.len() as f64
    };
    let slow = (1..10_000)
        .map(|step| f64::from(step) / 10_000.0)
        .take_while(|m| capital(*m) >= 1.0 / alpha)
        .last()
        .unwrap();
    let fast = betting_interval(&values, Bounds::new(0.0, 1.0).unwrap(), alpha).low;
    assert!((slow - fast).abs() <= 1.0e-4, "{slow} {fast}");
}

#[test]
fn betting_at_the_edges() {
    let bounds = Bounds::new(-2.0, 2.0).unwrap();
    let top = betting_interval(&[2.0; 200], bounds, 1e-3);
    assert_eq!(top.high, 2.0);
    assert!(top.low > 1.7);
    let none = betting_interval(&[], bounds, 1e-3);
    assert_eq!((none.low, none.high), (-2.0, 2.0));
    let one = betting_interval(&[0.0], bounds, 1e-3);
    assert!(one.low < -1.9 && one.high > 1.9);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn intervals_ignore_order_and_follow_scale(
        values in prop::collection::vec(0.0..1.0_f64, 30..80),
        scale in 0.1..50.0_f64,
        shift in -20.0..20.0_f64,
    ) {
        let unit = Bounds::new(0.0, 1.0).unwrap();
        let moved_bounds = Bounds::new(shift, scale + shift).unwrap();
        let mut reversed = values.clone();
        reversed.reverse();
        let moved: Vec<f64> = values.iter().map(|value| value * scale + shift).collect();
        for (plain, back, other) in [
            (
                betting_interval(&values, unit, 1e-3),
                betting_interval(&reversed, unit, 1e-3),
                betting_interval(&moved, moved_bounds, 1e-3),
            ),
            (
                asymptotic_interval(&values, 1e-3),
                asymptotic_interval(&reversed, 1e-3),
                asymptotic_interval(&moved, 1e-3),
            ),
        ] {
            prop_assert!((plain.low - back.low).abs() < 1e-7);
            prop_assert!((plain.high - back.high).abs() < 1e-7);
            prop_assert!((plain.low * scale + shift - other.low).abs() < 1e-6 * scale);
            prop_assert!((plain.high * scale + shift - other.high).abs() < 1e-6 * scale);
            prop_assert!(plain.low <= plain.mean && plain.mean <= plain.high);
        }
    }

    #[test]
    fn a_smaller_error_rate_gives_a_wider_interval(
        values in prop::collection::vec(0.0..1.0_f64, 30..60),
    ) {
        let bounds = Bounds::new(0.0, 1.0).unwrap();
        for interval in [
            |values: &[f64], alpha: f64, bounds: Bounds| betting_interval(values, bounds, alpha),
            |values: &[f64], alpha: f64, _: Bounds| asymptotic_interval(values, alpha),
        ] {
            let (loose, strict) = (interval(&values, 0.1, bounds), interval(&values, 1e-5, bounds));
            prop_assert!(strict.low <= loose.low && loose.high <= strict.high);
        }
    }
}
