//! Tests of the minimiser on functions whose minimum is known.

use std::convert::Infallible;

use mdp::Stop;

use super::{Objective, minimize};

struct Function<F>(F, f64);

impl<F: Fn(&[f64], &mut [f64]) -> f64> Objective for Function<F> {
    type Error = Infallible;

    fn evaluate(&mut self, point: &[f64], gradient: &mut [f64]) -> Result<(f64, bool), Infallible> {
        let value = (self.0)(point, gradient);
        let is_good = gradient.iter().all(|g| g.abs() <= self.1);
        Ok((value, is_good))
    }
}

#[test]
fn the_valley_of_rosenbrock_is_followed_to_its_end() {
    let rosenbrock = |x: &[f64], g: &mut [f64]| {
        let bend = x[1] - x[0] * x[0];
        g[0] = -400.0 * x[0] * bend - 2.0 * (1.0 - x[0]);
        g[1] = 200.0 * bend;
        100.0 * bend * bend + (1.0 - x[0]).powi(2)
    };
    let mut point = [-1.2, 1.0];
    let minimum = minimize(&mut Function(rosenbrock, 1e-9), &mut point, 200).unwrap();
    assert_eq!(minimum.stop, Stop::Converged);
    assert!(
        (point[0] - 1.0).abs() < 1e-7 && (point[1] - 1.0).abs() < 1e-7,
        "{point:?}"
    );
    assert!(
        minimum.value < 1e-14 && minimum.iterations < 60,
        "{minimum:?}"
    );
}

#[test]
fn a_long_narrow_bowl_is_no_trouble() {
    let scales: Vec<f64> = (0..50)
        .map(|i| 10.0_f64.powf(f64::from(i) / 12.0))
        .collect();
    let bowl = |x: &[f64], g: &mut [f64]| {
        let terms = x.iter().zip(&scales).enumerate();
        terms
            .map(|(i, (x, scale))| {
                g[i] = scale * (x - 1.0);
                0.5 * scale * (x - 1.0).powi(2)
            })
            .sum()
    };
    let mut point = vec![0.0; 50];
    let minimum = minimize(&mut Function(bowl, 1e-8), &mut point, 1000).unwrap();
    assert_eq!(minimum.stop, Stop::Converged);
    assert!(point.iter().all(|x| (x - 1.0).abs() < 1e-7));
}

#[test]
fn a_budget_is_kept() {
    let slope = |x: &[f64], g: &mut [f64]| {
        g[0] = 1.0;
        x[0]
    };
    let minimum = minimize(&mut Function(slope, 0.0), &mut [0.0], 3).unwrap();
    assert_eq!((minimum.stop, minimum.iterations), (Stop::BudgetSpent, 3));
}
