//! Adam and clipping against values worked out by hand.

use super::{Adam, AdamConfig, clip_gradient_norm, gradient_norm};
use crate::reference::{assert_close, normals, wide};

#[test]
fn the_first_step_is_the_learning_rate() {
    // m = 0.1 g and v = 0.001 g², corrected to g and g²: the step is rate * g / (|g| + 1e-8).
    let mut parameters = [1.0, 1.0];
    let mut adam = Adam::new(2, AdamConfig::adam(1e-8));
    adam.step(&mut parameters, &[0.5, -2.0], 0.1);
    assert_close(&parameters, &[0.9, 1.1], 1e-6, "parameters");
    assert_close(&adam.first_moment, &[0.05, -0.2], 1e-6, "first moment");
    assert_close(
        &adam.second_moment,
        &[0.000_25, 0.004],
        1e-7,
        "second moment",
    );
    assert_eq!(adam.n_steps, 1);
}

#[test]
fn the_second_step_is_as_worked_by_hand() {
    // g = 1 then 3. m = 0.1, 0.39; corrected by 1 - 0.81: 39/19. v = 0.001, 0.009999; corrected by 1 - 0.998001:
    // 9.999/1.999. The step is 0.1 * (39/19) / √(9.999/1.999) = 0.0917796.
    let mut parameters = [0.0];
    let mut adam = Adam::new(1, AdamConfig::adam(0.0));
    adam.step(&mut parameters, &[1.0], 0.1);
    adam.step(&mut parameters, &[3.0], 0.1);
    let expected = -0.1 - 0.1 * (39.0 / 19.0) / (9.999_f64 / 1.999).sqrt();
    assert_close(&parameters, &[expected], 1e-6, "parameter");
}

#[test]
fn weight_decay_is_decoupled() {
    let config = AdamConfig {
        weight_decay: 0.1,
        ..AdamConfig::adam(1e-8)
    };
    let mut parameters = [2.0, 2.0];
    let mut adam = Adam::new(2, config);
    adam.step(&mut parameters, &[0.0, 5.0], 0.5);
    // 2 * (1 - 0.5 * 0.1), and the step of 0.5 where there is a gradient.
    assert_close(&parameters, &[1.9, 1.4], 1e-6, "parameters");
}

/// The algorithm of the paper, in `f64`.
fn slow_adam(config: &AdamConfig, parameters: &mut [f64], gradients: &[Vec<f32>], rate: f64) {
    let (beta1, beta2) = (f64::from(config.beta1), f64::from(config.beta2));
    let (mut m, mut v) = (vec![0.0; parameters.len()], vec![0.0; parameters.len()]);
    for (t, gradient) in gradients.iter().enumerate() {
        for (i, g) in wide(gradient).into_iter().enumerate() {
            m[i] = beta1 * m[i] + (1.0 - beta1) * g;
            v[i] = beta2 * v[i] + (1.0 - beta2) * g * g;
            let m_hat = m[i] / (1.0 - beta1.powi(t as i32 + 1));
            let v_hat: f64 = v[i] / (1.0 - beta2.powi(t as i32 + 1));
            parameters[i] *= 1.0 - rate * f64::from(config.weight_decay);
            parameters[i] -= rate * m_hat / (v_hat.sqrt() + f64::from(config.epsilon));
        }
    }
}

#[test]
fn many_steps_agree_with_the_paper() {
    for (n, weight_decay) in [(1, 0.0), (16, 0.01), (50, 0.1)] {
        let config = AdamConfig {
            weight_decay,
            ..AdamConfig::adam(1e-5)
        };
        let gradients: Vec<Vec<f32>> = (0..30)
            .map(|t| normals(&format!("gradient {t}"), n))
            .collect();
        let mut parameters = normals("parameters", n);
        let mut expected = wide(&parameters);
        slow_adam(&config, &mut expected, &gradients, 0.01);
        let mut adam = Adam::new(n, config);
        for gradient in &gradients {
            adam.step(&mut parameters, gradient, 0.01);
        }
        assert_close(&parameters, &expected, 1e-5, "parameters");
    }
}

#[test]
fn a_saved_state_goes_on_with_the_same_bits() {
    let mut adam = Adam::new(20, AdamConfig::adam(1e-5));
    let mut parameters = normals("parameters", 20);
    adam.step(&mut parameters, &normals("first", 20), 0.1);
    let mut saved = Adam {
        config: adam.config,
        first_moment: adam.first_moment.clone(),
        second_moment: adam.second_moment.clone(),
        n_steps: adam.n_steps,
    };
    let mut others = parameters.clone();
    adam.step(&mut parameters, &normals("second", 20), 0.1);
    saved.step(&mut others, &normals("second", 20), 0.1);
    assert_eq!(parameters, others);
    assert_eq!(adam, saved);
}

#[test]
fn long_gradients_are_cut_and_short_ones_are_not() {
    let mut gradient = [3.0, 4.0];
    assert_eq!(clip_gradient_norm(&mut gradient, 1.0), 5.0);
    assert_close(&gradient, &[0.6, 0.8], 1e-6, "cut");
    let mut gradient = [0.3, 0.4];
    clip_gradient_norm(&mut gradient, 1.0);
    assert_eq!(gradient, [0.3, 0.4]);
    let mut gradient = [f32::NAN, 1.0];
    assert!(clip_gradient_norm(&mut gradient, 1.0).is_nan());
    assert_eq!(gradient[1], 1.0);
}

#[test]
fn norms_are_euclidean() {
    for n in [0, 1, 16, 17, 1000] {
        let gradient = normals("gradient", n);
        let expected = wide(&gradient).iter().map(|g| g * g).sum::<f64>().sqrt();
        assert_close(&[gradient_norm(&gradient)], &[expected], 1e-5, "norm");
    }
}

/// The parameters that PyTorch 2.15 has after three steps with `clip_grad_norm_`, Adam and AdamW.
#[test]
fn steps_are_those_of_pytorch() {
    for (weight_decay, expected) in [
        (0.0, [0.482505083, -0.994081795, 1.98712277]),
        (0.05, [0.481769651, -0.992592335, 1.98412693]),
    ] {
        let config = AdamConfig {
            weight_decay,
            ..AdamConfig::adam(1e-5)
        };
        let mut parameters = [0.5, -1.0, 2.0];
        let mut adam = Adam::new(3, config);
        for mut gradient in [[0.1, -2.0, 0.0], [0.3, 1.0, 1e-4], [-0.2, 0.5, 1e-4]] {
            clip_gradient_norm(&mut gradient, 0.5);
            adam.step(&mut parameters, &gradient, 0.01);
        }
        assert_close(&parameters, &expected, 1e-6, "parameters");
    }
}
