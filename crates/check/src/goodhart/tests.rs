//! Tests of Goodhart's law along paths.

use mdp::{Rng, Seed, TabularMdp};

use super::*;
use crate::draw::{Ends, draw_mdp, normals};

const PRESSURES: [f64; 9] = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.999];

struct Case {
    mdp: TabularMdp,
    reward: Vec<f64>,
    intent: Vec<f64>,
    path: Vec<Vec<f64>>,
    occupancies: Vec<Vec<f64>>,
}

fn drawn(seed: u64, rng: &mut Rng) -> Case {
    let ends = [Ends::Discounted, Ends::Always][seed as usize % 2];
    let mdp = draw_mdp(3 + mdp::index(6, rng), 2 + mdp::index(2, rng), ends, rng);
    let reward = normals(mdp.n_states() * mdp.n_actions(), rng);
    let noise = normals(reward.len(), rng);
    let intent = reward.iter().zip(noise).map(|(r, n)| r + n).collect();
    let inverse = PRESSURES.map(inverse_temperature);
    let kind = [PathKind::SoftOptimal, PathKind::BoltzmannRational][seed as usize / 2 % 2];
    let path = optimisation_path(&mdp, &reward, kind, &inverse).expect("it ends");
    let visits = |policy: &Vec<f64>| occupancy(&mdp, policy).expect("it ends");
    Case {
        occupancies: path.iter().map(visits).collect(),
        mdp,
        reward,
        intent,
        path,
    }
}

/// A reward at most `angle` from the component, in the space of components.
fn within(flow: &Flow, component: &[f64], angle: f64, rng: &mut Rng) -> Vec<f64> {
    let random = flow.project(&normals(component.len(), rng)).component;
    let turned = mdp::uniform_in(0.0, angle, rng);
    least_served(component, &random, turned)
}

#[test]
fn every_intent_within_the_angle_rises_along_the_safe_part_and_one_falls_at_the_first_step_beyond()
{
    let (mut n_safe, mut n_unsafe) = (0, 0);
    for seed in 0..80 {
        let rng = &mut Seed(seed).stream("goodhart", 0);
        let case = drawn(seed, rng);
        let flow = Flow::new(&case.mdp);
        let component = flow.project(&case.reward).component;
        let angle = mdp::uniform_in(0.05, 1.5, rng);
        let found = safe_stopping(&component, &case.occupancies, angle).expect("they fit");
        let rise = |intent: &[f64], step: usize| {
            dot(
                intent,
                &difference(&case.occupancies[step + 1], &case.occupancies[step]),
            )
        };
        for step in 0..found.stop {
            n_safe += 1;
            let moved = difference(&case.occupancies[step + 1], &case.occupancies[step]);
            let worst = least_served(&component, &moved, angle);
            assert!(rise(&worst, step) >= -1e-12, "seed {seed}");
            for _ in 0..20 {
                let intent = within(&flow, &component, angle, rng);
                assert!(
                    rise(&intent, step) >= rise(&worst, step) - 1e-9,
                    "seed {seed}"
                );
            }
        }
        if found.stop < found.steps.len() {
            n_unsafe += 1;
            let step = found.stop;
            let moved = difference(&case.occupancies[step + 1], &case.occupancies[step]);
            let worst = least_served(&component, &moved, angle);
            assert!(
                rise(&worst, step) <= 1e-12,
                "seed {seed}: {:?}",
                found.steps[step]
            );
            // That intent is one: it is its own component, and lies at the angle. A move straight back, or hardly any,
            // leaves no side to turn to but rounding.
            let moves_aside = found.steps[step].steepness.abs() < 0.999;
            if moves_aside && found.steps[step].distance > 1e-4 * norm(&case.occupancies[step]) {
                let again = flow.project(&worst).component;
                assert!(norm(&difference(&again, &worst)) < 1e-9, "seed {seed}");
                let cosine = dot(&worst, &component) / (norm(&worst) * norm(&component));
                assert!((cosine - angle.cos()).abs() < 1e-9, "seed {seed}");
            }
        }
    }
    assert!(n_safe > 50 && n_unsafe > 20, "{n_safe} {n_unsafe}");
}

#[test]
fn stopping_at_the_true_angle_never_loses_any_of_the_intent() {
    let mut n_lost_at_the_end = 0;
    for seed in 0..80 {
        let rng = &mut Seed(seed).stream("goodhart", 1);
        let case = drawn(seed, rng);
        let curve = goodhart_curve(&case.mdp, &case.reward, &case.intent, &case.path, None)
            .expect("they fit");
        let intents: Vec<f64> = curve.returns.iter().map(|returns| returns.intent).collect();
        for step in 0..curve.stopping.stop {
            assert!(intents[step + 1] >= intents[step] - 1e-10, "seed {seed}");
        }
        let rewards: Vec<f64> = curve.returns.iter().map(|returns| returns.reward).collect();
        for pair in rewards.windows(2) {
            assert!(pair[1] >= pair[0] - 1e-9, "seed {seed}: {rewards:?}");
        }
        assert!(-1.0 <= curve.drop_height && curve.drop_height <= 0.0);
        assert!(intents.iter().all(|intent| *intent <= intents[curve.peak]));
        n_lost_at_the_end += u32::from(curve.drop_height < -1e-6);
    }
    assert!(n_lost_at_the_end > 10, "{n_lost_at_the_end}");
}

#[test]
fn a_path_goes_from_the_least_choosy_policy_to_an_optimal_one_whatever_the_rewards_scale() {
    let rng = &mut Seed(3).stream("goodhart", 2);
    let mdp = draw_mdp(6, 3, Ends::Discounted, rng);
    let reward = normals(18, rng);
    let freest = mdp::soft_value_iteration(&mdp, &[0.0; 18], 1.0, 1e-12, 1000).policy();
    let uniform = vec![1.0 / 3.0; 18];
    for (kind, first) in [
        (PathKind::SoftOptimal, freest),
        (PathKind::BoltzmannRational, uniform),
    ] {
        let path = |scale: f64| {
            let scaled: Vec<f64> = reward.iter().map(|r| scale * r).collect();
            optimisation_path(&mdp, &scaled, kind, &[1e-6, 1e6]).expect("it ends")
        };
        let plain = path(1.0);
        assert_eq!(plain, path(8.0));
        assert!(
            plain[0]
                .iter()
                .zip(&first)
                .all(|(a, b)| (a - b).abs() < 1e-4),
            "{kind:?}"
        );
        let range = return_range(&mdp, &reward).expect("it has one");
        let last = mdp::policy_return(&mdp, &reward, &plain[1]).expect("discounted");
        assert!(
            (last - range.highest).abs() < 1e-4 * range.width(),
            "{kind:?}"
        );
    }
    assert!((inverse_temperature(0.5) - 1.0 / 2.0_f64.ln()).abs() < 1e-12);
}

#[test]
fn nothing_is_safe_from_a_right_angle_on_and_standing_still_always_is() {
    let component = [1.0, 0.0, -1.0];
    let path = [
        vec![1.0, 1.0, 1.0],
        vec![1.0, 1.0, 1.0],
        vec![2.0, 1.0, 0.0],
    ];
    let stop = |angle: f64| {
        safe_stopping(&component, &path, angle)
            .expect("they fit")
            .stop
    };
    assert_eq!(stop(0.0), 2);
    assert_eq!(stop(1.5), 2);
    assert_eq!(stop(FRAC_PI_2), 1);
    let error = safe_stopping(&component, &[vec![1.0]], 0.1).expect_err("too short");
    assert!(
        error.to_string().contains("an occupancy has 1 values"),
        "{error}"
    );
}
