//! Cross-entropies against their definition and against finite differences.

use super::cross_entropy;

const DIFFERENCES: [f64; 7] = [-30.0, -3.0, -0.5, 0.0, 0.2, 2.0, 40.0];
const TARGETS: [f64; 4] = [0.0, 0.05, 0.5, 1.0];
const NOISE_FLOORS: [f64; 3] = [0.0, 0.1, 1.0];

#[test]
fn the_derivative_is_the_slope() {
    for noise_floor in NOISE_FLOORS {
        for target in TARGETS {
            for difference in DIFFERENCES {
                let loss = |difference| cross_entropy(difference, target, noise_floor).0;
                let h = 1e-5;
                let slope = (loss(difference + h) - loss(difference - h)) / (2.0 * h);
                let (_, derivative) = cross_entropy(difference, target, noise_floor);
                assert!(
                    (slope - derivative).abs() < 1e-6,
                    "at {difference} with target {target} and noise {noise_floor}: {slope} and {derivative}"
                );
            }
        }
    }
}

#[test]
fn it_is_the_cross_entropy_of_the_probabilities() {
    for noise_floor in NOISE_FLOORS {
        for target in TARGETS {
            for difference in [-3.0_f64, 0.0, 1.5] {
                let first = noise_floor / 2.0 + (1.0 - noise_floor) / (1.0 + (-difference).exp());
                let expected = -target * first.ln() - (1.0 - target) * (1.0 - first).ln();
                let (loss, _) = cross_entropy(difference, target, noise_floor);
                assert!((loss - expected).abs() < 1e-12, "{loss} and {expected}");
            }
        }
    }
}

#[test]
fn a_wrong_answer_costs_no_more_than_noise_explains() {
    let (loss, derivative) = cross_entropy(-1000.0, 1.0, 0.1);
    assert!((loss - -(0.05_f64.ln())).abs() < 1e-12, "{loss}");
    assert!(derivative.abs() < 1e-12, "{derivative}");
    let (loss, derivative) = cross_entropy(-1000.0, 1.0, 0.0);
    assert!((loss - 1000.0).abs() < 1e-9, "{loss}");
    assert!((derivative - -1.0).abs() < 1e-12, "{derivative}");
}
