//! The ratio by which running means are told from independent ones.

use super::{detrended, von_neumann_ratio};
use crate::log::{Format, Log, Record, RecordKind};
use mdp::{Seed, normal};

fn log_of(values: &[f64]) -> Log {
    let record = |(index, &proxy): (usize, &f64)| Record {
        pressure: index as f64,
        proxy,
        intent: None,
    };
    Log {
        format: Format::Csv,
        kind: RecordKind::Mean,
        files: Vec::new(),
        environment: None,
        proxy_name: String::new(),
        intent_name: None,
        pressure_name: String::new(),
        pressure_start: 0.0,
        records: values.iter().enumerate().map(record).collect(),
        notes: Vec::new(),
        step_log: None,
    }
}

fn ratio(values: &[f64]) -> Option<f64> {
    von_neumann_ratio(&log_of(values), &|index| values[index])
}

#[test]
fn independent_values_have_a_ratio_of_one_whatever_their_trend() {
    let mut rng = Seed(0).stream("ratio", 0);
    let noise: Vec<f64> = (0..2000).map(|_| normal(&mut rng)).collect();
    let rising: Vec<f64> = (0..2000)
        .map(|i| 0.1 * f64::from(i) + noise[i as usize])
        .collect();
    for values in [&noise, &rising] {
        let ratio = ratio(values).expect("they vary");
        assert!((0.9..1.1).contains(&ratio), "{ratio}");
    }
}

#[test]
fn running_means_have_a_small_one() {
    let mut rng = Seed(0).stream("ratio", 1);
    let noise: Vec<f64> = (0..2000).map(|_| normal(&mut rng)).collect();
    let running: Vec<f64> = noise
        .windows(100)
        .map(|w| w.iter().sum::<f64>() / 100.0)
        .collect();
    let ratio = ratio(&running).expect("they vary");
    assert!(ratio < 0.1, "{ratio}");
}

#[test]
fn constants_and_short_logs_have_none() {
    assert_eq!(ratio(&[1.0; 100]), None);
    assert_eq!(ratio(&[1.0, 2.0, 3.0]), None);
}

#[test]
fn a_line_leaves_nothing() {
    let left = detrended(&[1.0, 3.0, 5.0, 7.0]);
    assert!(left.iter().all(|value| value.abs() < 1e-12), "{left:?}");
    assert_eq!(detrended(&[4.0]), [0.0]);
}
