//! Tests of policies as likelihoods of given actions.

use mdp::{Seed, Space};
use nn::{Activation, Initialization, Pool, Workspace};

use crate::{
    Actor, BatchPolicy as _, NetworkPolicy, Play, PolicyShape, n_features, write_features,
};

const N: usize = 150;

fn shape() -> PolicyShape {
    PolicyShape {
        hidden: vec![8],
        activation: Activation::Tanh,
        initialization: Initialization::PyTorchDefault,
        log_std: -0.3,
        normalize_observations: true,
    }
}

/// A policy of three features in a space, with observations and actions to judge.
fn policy(actions: &Space) -> (NetworkPolicy, Vec<f32>, Vec<f32>) {
    let mut rng = Seed(3).stream("policy", 0);
    let mut policy = NetworkPolicy::with_shape(&shape(), 3, actions, &mut rng).unwrap();
    let observations: Vec<f32> = (0..3 * N)
        .map(|_| 2.0 * mdp::normal(&mut rng) as f32)
        .collect();
    policy.observe(&observations);
    let chosen = (0..N).flat_map(|_| actions.sample(&mut rng)).collect();
    (policy, observations, chosen)
}

fn spaces() -> [Space; 3] {
    [
        Space::Discrete { n: 4 },
        Space::MultiDiscrete { sizes: vec![2, 3] },
        Space::continuous(-1.0, 1.0, 2),
    ]
}

/// The sum over all rows of `weight * log_prob + row * entropy`, by evaluation alone.
fn loss(policy: &NetworkPolicy, observations: &[f32], actions: &[f32]) -> f64 {
    let (mut log_probs, mut entropies) = (vec![0.0; N], vec![0.0; N]);
    let pool = Pool::new(1);
    policy.evaluate(observations, actions, &mut log_probs, &mut entropies, &pool);
    let of_row = |row: usize| {
        f64::from(log_probs[row]) * (1.0 + row as f64 / 100.0) + 0.5 * f64::from(entropies[row])
    };
    (0..N).map(of_row).sum()
}

fn gradient(
    policy: &NetworkPolicy,
    observations: &[f32],
    actions: &[f32],
    n_threads: usize,
) -> Vec<f32> {
    let mut normalized = vec![0.0; observations.len()];
    policy.normalize(observations, &mut normalized);
    let rows: Vec<u32> = (0..N as u32).collect();
    let mut gradient = vec![0.0; policy.n_parameters()];
    let n_seen = policy.gradient(
        &normalized,
        actions,
        &rows,
        &|tile: crate::ActionTile<'_>, n_seen: &mut f64| {
            for (k, row) in tile.rows.iter().enumerate() {
                tile.d_log_probs[k] = 1.0 + *row as f32 / 100.0;
                tile.d_entropies[k] = 0.5;
                *n_seen += 1.0;
            }
        },
        &mut gradient,
        &mut Workspace::new(),
        &Pool::new(n_threads),
    );
    assert_eq!(n_seen, N as f64);
    gradient
}

#[test]
fn the_gradient_is_that_of_the_evaluation_on_any_number_of_threads() {
    for space in spaces() {
        let (mut policy, observations, actions) = policy(&space);
        let exact = gradient(&policy, &observations, &actions, 1);
        assert_eq!(exact, gradient(&policy, &observations, &actions, 2));
        for parameter in (0..policy.n_parameters()).step_by(5) {
            let (before, step) = (policy.parameters()[parameter], 1e-2);
            let mut at = |value: f32| {
                policy.parameters_mut()[parameter] = value;
                loss(&policy, &observations, &actions)
            };
            let slope = (at(before + step) - at(before - step)) / (2.0 * f64::from(step));
            at(before);
            let scale = slope.abs().max(1.0);
            let error = (slope - f64::from(exact[parameter])).abs() / scale;
            assert!(error < 2e-2, "{space}: {slope} and {}", exact[parameter]);
        }
    }
}

#[test]
fn probabilities_of_all_choices_sum_to_one() {
    let space = Space::Discrete { n: 4 };
    let (policy, observations, _) = policy(&space);
    let mut total = vec![0.0; N];
    for choice in 0..4 {
        let (mut log_probs, mut entropies) = (vec![0.0; N], vec![0.0; N]);
        let actions = vec![choice as f32; N];
        policy.evaluate(
            &observations,
            &actions,
            &mut log_probs,
            &mut entropies,
            &Pool::new(1),
        );
        for (total, log_prob) in total.iter_mut().zip(log_probs) {
            *total += f64::from(log_prob).exp();
        }
    }
    assert!(total.iter().all(|sum| (sum - 1.0).abs() < 1e-5));
}

#[test]
fn a_policy_without_a_value_is_kept_in_a_file_and_acts_from_it() {
    for space in spaces() {
        let (policy, observations, _) = policy(&space);
        let read = NetworkPolicy::from_bytes(&policy.to_bytes()).unwrap();
        let act = |policy: NetworkPolicy| {
            let mut actor = Actor::owning(policy, Play::Sampled, N);
            let mut rngs: Vec<_> = (0..N as u64).map(|i| Seed(1).stream("act", i)).collect();
            let mut actions = vec![0.0; N * space.n_values()];
            actor.act(&observations, &mut rngs, &mut actions, &Pool::new(1));
            actions
        };
        let actions = act(policy);
        assert_eq!(actions, act(read));
        assert!(
            actions
                .chunks_exact(space.n_values())
                .all(|action| space.contains(action))
        );
    }
}

#[test]
fn tuples_and_endless_actions_are_refused() {
    let refuse = |space: Space, expected: &str| {
        let mut rng = Seed(0).stream("weights", 0);
        let error = NetworkPolicy::with_shape(&shape(), 3, &space, &mut rng).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    };
    refuse(
        Space::Tuple(vec![Space::Discrete { n: 2 }]),
        "1 parts at once",
    );
    refuse(Space::continuous(0.0, 1.0, 300), "300 continuous numbers");
}

#[test]
fn discrete_observations_become_one_hot_rows() {
    let space = Space::Discrete { n: 3 };
    let mut features = vec![9.0; 2 * n_features(&space)];
    write_features(&space, &[2.0, 0.0], &mut features);
    assert_eq!(features, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
    let plain = Space::continuous(-1.0, 1.0, 2);
    let mut features = vec![0.0; n_features(&plain)];
    write_features(&plain, &[0.5, -0.5], &mut features);
    assert_eq!(features, [0.5, -0.5]);
}
