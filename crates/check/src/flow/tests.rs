//! The fast projection beside the pseudo-inverse, and the identities that it must satisfy.

use mdp::{Discount, Seed, TabularMdp, Transition, deterministic, index, occupancy, uniform};
use proptest::prelude::*;

use super::{Flow, Orthogonal, Sparse, add, dot, norm};
use crate::draw::{Ends, draw_mdp, normals};

const ALL_ENDS: [Ends; 3] = [Ends::Discounted, Ends::Sometimes, Ends::Always];

fn drawn(seed: u64) -> TabularMdp {
    let mut rng = Seed(seed).stream("flow", 0);
    let (n_states, n_actions) = (2 + index(14, &mut rng), 2 + index(4, &mut rng));
    draw_mdp(n_states, n_actions, ALL_ENDS[index(3, &mut rng)], &mut rng)
}

/// Singular values and left singular vectors by one-sided Jacobi rotations: slow, and as plain as can be.
fn singular(mut columns: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    for _ in 0..60 {
        for i in 0..columns.len() {
            for j in i + 1..columns.len() {
                let (a, b) = (dot(&columns[i], &columns[i]), dot(&columns[j], &columns[j]));
                let c = dot(&columns[i], &columns[j]);
                if c.abs() <= 1e-18 * (a * b).sqrt() || c == 0.0 {
                    continue;
                }
                let zeta = (b - a) / (2.0 * c);
                let t = zeta.signum() / (zeta.abs() + (1.0 + zeta * zeta).sqrt());
                let cosine = 1.0 / (1.0 + t * t).sqrt();
                for k in 0..columns[i].len() {
                    let (x, y) = (columns[i][k], columns[j][k]);
                    columns[i][k] = cosine * (x - t * y);
                    columns[j][k] = cosine * (t * x + y);
                }
            }
        }
    }
    let lengths = columns.into_iter().map(|column| (norm(&column), column));
    lengths.collect()
}

/// `(I - A A⁺) r` from the singular vectors.
fn slow_component(columns: Vec<Vec<f64>>, rewards: &[f64]) -> Vec<f64> {
    let vectors = singular(columns);
    let largest = vectors.iter().map(|(s, _)| *s).fold(0.0, f64::max);
    let mut left = rewards.to_vec();
    for (length, vector) in vectors.iter().filter(|(s, _)| *s > 1e-12 * largest) {
        add(&mut left, -dot(vector, rewards) / (length * length), vector);
    }
    left
}

fn check_projection(flow: &Flow, rewards: &[f64], tolerance: f64) {
    let projection = flow.project(rewards);
    let left = flow.gather(rewards);
    let slow = slow_component(flow.matrix.dense_columns(), &left);
    let mut error = flow.gather(&projection.component);
    add(&mut error, -1.0, &slow);
    assert!(
        norm(&error) <= tolerance * norm(&left),
        "off by {}",
        norm(&error) / norm(&left)
    );
    let mut explained = flow.gather(&flow.shaping(&projection.potential));
    add(&mut explained, 1.0, &flow.gather(&projection.component));
    add(&mut explained, -1.0, &left);
    assert!(norm(&explained) <= 1e-10 * norm(&left), "does not add up");
}

/// The same flow, solved by iterating.
fn iterated(mdp: &TabularMdp) -> Flow {
    Flow {
        factored: None,
        ..Flow::new(mdp)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn both_ways_give_the_pseudo_inverse(seed in any::<u64>()) {
        let mdp = drawn(seed);
        let rewards = normals(mdp.n_states() * mdp.n_actions(), &mut Seed(seed).stream("rewards", 0));
        check_projection(&Flow::new(&mdp), &rewards, 1e-12);
        check_projection(&iterated(&mdp), &rewards, 1e-12);
    }

    #[test]
    fn differences_of_occupancies_see_the_component_alone(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("policies", 0);
        let mdp = draw_mdp(8, 3, if uniform(&mut rng) < 0.5 { Ends::Always } else { Ends::Discounted }, &mut rng);
        let rewards = normals(24, &mut rng);
        let mut visits = || {
            let actions: Vec<usize> = (0..8).map(|_| index(3, &mut rng)).collect();
            occupancy(&mdp, &deterministic(&actions, 3)).unwrap()
        };
        let (mut difference, other) = (visits(), visits());
        add(&mut difference, -1.0, &other);
        let component = Flow::new(&mdp).project(&rewards).component;
        let (whole, part) = (dot(&difference, &rewards), dot(&difference, &component));
        prop_assert!((whole - part).abs() <= 1e-10 * (1.0 + norm(&difference) * norm(&rewards)));
    }

    #[test]
    fn shaping_leaves_no_component(seed in any::<u64>()) {
        let mdp = drawn(seed);
        let potential = normals(mdp.n_states(), &mut Seed(seed).stream("potential", 0));
        for flow in [Flow::new(&mdp), iterated(&mdp)] {
            let shaping = flow.shaping(&potential);
            let component = flow.project(&shaping).component;
            prop_assert!(norm(&component) <= 1e-13 * norm(&shaping));
        }
    }
}

/// A corridor of `n` states in which one may go either way and leave at one end.
fn corridor(n: usize, discount: f64) -> TabularMdp {
    let to = |next_state, terminates| Transition {
        probability: 1.0,
        next_state,
        reward: 0.0,
        terminates,
    };
    let rows = (0..n).flat_map(|s| {
        [
            vec![to(s.saturating_sub(1), false)],
            vec![to((s + 1) % n, s + 1 == n)],
        ]
    });
    let mut start = vec![0.0; n];
    start[0] = 1.0;
    TabularMdp::new(2, rows.collect(), start, Discount::new(discount).unwrap()).unwrap()
}

#[test]
fn long_corridors_lose_no_digits() {
    for discount in [1.0, 0.99] {
        let mdp = corridor(400, discount);
        let rewards = normals(800, &mut Seed(1).stream("corridor", 0));
        let fast = iterated(&mdp).project(&rewards);
        let mut flow = Flow::new(&mdp);
        assert!(flow.factored.is_none());
        flow.factored = Some(Orthogonal::new(flow.matrix.dense_columns()));
        let mut error = flow.project(&rewards).component;
        add(&mut error, -1.0, &fast.component);
        assert!(
            norm(&error) <= 1e-12 * norm(&rewards),
            "off by {}",
            norm(&error) / norm(&rewards)
        );
        assert!(fast.residual <= 1e-15);
    }
}

#[test]
fn without_an_end_at_discount_1_the_potential_is_of_least_norm() {
    let to = |next_state| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: 0.0,
            terminates: false,
        }]
    };
    let rows = vec![to(0), to(1), to(0), to(1), to(2), to(2)];
    let mdp = TabularMdp::new(2, rows, vec![0.5, 0.5, 0.0], Discount::new(1.0).unwrap()).unwrap();
    for flow in [Flow::new(&mdp), iterated(&mdp)] {
        let projection = flow.project(&[0.0, 1.0, -1.0, 0.0, 7.0, 7.0]);
        let expected = [-0.5, 0.5, 0.0];
        for (found, expected) in projection.potential.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-14);
        }
        assert!(norm(&projection.component) <= 1e-14);
    }
}

#[test]
fn rewards_of_any_size_are_projected_alike() {
    let mdp = drawn(3);
    let rewards = normals(
        mdp.n_states() * mdp.n_actions(),
        &mut Seed(3).stream("rewards", 0),
    );
    let flow = Flow::new(&mdp);
    let one = flow.project(&rewards).component;
    for size in [1e-250, 1e250] {
        let sized: Vec<f64> = rewards.iter().map(|r| size * r).collect();
        for (a, b) in flow.project(&sized).component.iter().zip(&one) {
            assert!((a / size - b).abs() <= 1e-13);
        }
    }
    let none = flow.project(&vec![0.0; rewards.len()]);
    assert_eq!((norm(&none.component), none.residual), (0.0, 0.0));
}

#[test]
fn entries_of_one_column_are_summed() {
    let mut matrix = Sparse {
        n_columns: 3,
        offsets: vec![0],
        columns: vec![],
        values: vec![],
    };
    matrix.push_row(&mut [(2, 1.0), (0, -1.0), (2, 0.5)]);
    matrix.push_row(&mut [(2, 4.0)]);
    assert_eq!(matrix.columns, [0, 2, 2]);
    assert_eq!(matrix.values, [-1.0, 1.5, 4.0]);
}
