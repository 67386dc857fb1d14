//! Optimal values and policies.

use super::*;

#[test]
fn value_and_policy_iteration_agree_with_plain_sweeps() {
    for seed in 0..120 {
        let rng = &mut Seed(seed).stream("optimal", 0);
        let kind = small(rng);
        let mdp = if seed % 4 == 0 {
            episodic(kind, rng)
        } else {
            random_mdp(kind, rng)
        };
        let rewards = mdp.expected_rewards();
        let slow = slow_optimal(&mdp, &rewards, enough_sweeps(mdp.discount().get()));
        let scale = 1.0 + krylov::greatest(&slow);
        let exact = policy_iteration(&mdp, &rewards, None).unwrap();
        assert!(
            distance(&exact.values, &slow) < 1e-11 * scale,
            "seed {seed}"
        );
        assert_eq!(exact.stop, Stop::Converged);
        for tolerance in [1e-2, 1e-6, 1e-10] {
            let swept = value_iteration(&mdp, &rewards, tolerance, 1_000_000);
            let off = distance(&swept.values, &exact.values);
            assert_eq!(swept.stop, Stop::Converged, "seed {seed}");
            if mdp.discount().get() < 1.0 {
                assert!(
                    off <= swept.error + 1e-13 * scale,
                    "seed {seed}: {off} above {}",
                    swept.error
                );
                // At discount 0.999 rounding alone is worth as much as 1e-9.
                let reachable = tolerance.max(1e-11 * scale);
                assert!(swept.error <= reachable, "seed {seed}: {}", swept.error);
            } else {
                assert!(
                    off <= 1e3 * tolerance && swept.error == f64::INFINITY,
                    "seed {seed}: {off}"
                );
            }
        }
    }
}

#[test]
fn the_answer_is_the_value_of_its_policy() {
    for seed in 0..60 {
        let rng = &mut Seed(seed).stream("greedy", 0);
        let kind = small(rng);
        let mdp = if seed % 4 == 0 {
            episodic(kind, rng)
        } else {
            random_mdp(kind, rng)
        };
        let rewards = mdp.expected_rewards();
        for solution in [
            policy_iteration(&mdp, &rewards, None).unwrap(),
            policy_iteration(&mdp, &rewards, Some(&vec![0; mdp.n_states()])).unwrap(),
            value_iteration(&mdp, &rewards, 1e-11, 1_000_000),
        ] {
            let policy = deterministic(&solution.policy, mdp.n_actions());
            let values = evaluate_policy(&mdp, &rewards, &policy).unwrap().values;
            assert!(distance(&values, &solution.values) < 1e-9, "seed {seed}");
        }
    }
}

#[test]
fn the_bounds_hold_wherever_the_sweeps_are_cut_off() {
    for seed in 0..60 {
        let rng = &mut Seed(seed).stream("cut", 0);
        let kind = small(rng);
        let mdp = random_mdp(
            Kind {
                end: 0.3 * uniform(rng),
                ..kind
            },
            rng,
        );
        let rewards = mdp.expected_rewards();
        let exact = policy_iteration(&mdp, &rewards, None).unwrap();
        for budget in 1..20 {
            let cut = value_iteration(&mdp, &rewards, 0.0, budget);
            let off = distance(&cut.values, &exact.values);
            assert!(
                off <= cut.error + exact.error,
                "seed {seed}, {budget}: {off} above {}",
                cut.error
            );
            assert!(cut.iterations <= budget);
        }
    }
}

/// A maze of ties: two states, all rewards equal, so every policy is optimal.
#[test]
fn ties_do_not_go_round_for_ever() {
    for seed in 0..20 {
        let rng = &mut Seed(seed).stream("ties", 0);
        let kind = Kind {
            n_states: 30,
            n_actions: 4,
            n_successors: 3,
            end: 0.0,
            discount: 0.97,
        };
        let mdp = random_mdp(kind, rng);
        let solution = policy_iteration(&mdp, &vec![0.1; 120], None).unwrap();
        assert_eq!(solution.policy, vec![0; 30], "the first of equals");
        assert!(distance(&solution.values, &[0.1 / 0.03; 30]) < 1e-12);
    }
}

#[test]
fn at_discount_1_the_best_policy_that_ends_is_found() {
    // In each of three states: wait for nothing, or step towards the end for 1 at the last.
    let step = |next_state, reward, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward,
            terminates,
        }]
    };
    let rows = |last: f64| {
        vec![
            step(0, 0.0, false),
            step(1, 0.0, false),
            step(1, 0.0, false),
            step(2, 0.0, false),
            step(2, 0.0, false),
            step(2, last, true),
        ]
    };
    let one = Discount::new(1.0).unwrap();
    for last in [1.0, -1.0] {
        let mdp = TabularMdp::new(2, rows(last), vec![1.0, 0.0, 0.0], one).unwrap();
        let solution = policy_iteration(&mdp, &mdp.expected_rewards(), None).unwrap();
        assert_eq!(solution.policy, [1, 1, 1]);
        assert_eq!(solution.values, [last; 3]);
    }
    let mut paid = rows(1.0);
    paid[2][0].reward = 0.5;
    let mdp = TabularMdp::new(2, paid, vec![1.0, 0.0, 0.0], one).unwrap();
    let unbounded = policy_iteration(&mdp, &mdp.expected_rewards(), None);
    assert_eq!(unbounded, Err(SolveError::NeverEnds { state: 1 }));
}

#[test]
fn a_short_horizon_is_enumerated_exactly_and_a_long_one_approaches_the_endless() {
    for seed in 0..30 {
        let rng = &mut Seed(seed).stream("finite", 0);
        let kind = Kind {
            n_states: 3,
            n_actions: 2,
            n_successors: 2,
            end: 0.1,
            discount: 0.9,
        };
        let mdp = random_mdp(kind, rng);
        let rewards = mdp.expected_rewards();
        let best = finite_horizon(&mdp, &rewards, 3);
        // All 2^9 deterministic policies over three steps.
        let mut most = vec![f64::NEG_INFINITY; 3];
        for code in 0..512_usize {
            let actions: Vec<usize> = (0..9).map(|bit| (code >> bit) & 1).collect();
            let values = evaluate_finite(&mdp, &rewards, &deterministic(&actions, 2));
            for (most, value) in most.iter_mut().zip(values) {
                *most = most.max(value);
            }
        }
        assert!(distance(&most, &best.values[..3]) < 1e-14, "seed {seed}");
        let own = evaluate_finite(&mdp, &rewards, &deterministic(&best.policy, 2));
        assert!(distance(&own, &best.values) < 1e-14, "seed {seed}");
        let long = finite_horizon(&mdp, &rewards, 400);
        let endless = policy_iteration(&mdp, &rewards, None).unwrap();
        assert!(
            distance(&long.values[..3], &endless.values) < 1e-12,
            "seed {seed}"
        );
    }
}

#[test]
fn sweeps_have_the_same_bits_on_any_number_of_threads() {
    let rng = &mut Seed(3).stream("threads", 0);
    let kind = Kind {
        n_states: 101,
        n_actions: 3,
        n_successors: 4,
        end: 0.1,
        discount: 0.9,
    };
    let mdp = random_mdp(kind, rng);
    let operator = BellmanOperator::new(&mdp, &mdp.expected_rewards());
    let values: Vec<f64> = (0..101).map(|_| uniform(rng)).collect();
    let swept = |n_threads| {
        let mut out = vec![0.0; 101];
        (operator.sweep(&values, &mut out, n_threads), out)
    };
    let one = swept(1);
    let q_values = value_iteration::backups(&mdp, &mdp.expected_rewards(), &values);
    let best = q_values
        .chunks(3)
        .map(|row| row.iter().copied().fold(f64::MIN, f64::max));
    assert!(distance(&one.1, &best.collect::<Vec<_>>()) < 1e-15);
    for n_threads in [2, 3, 7, 200] {
        assert_eq!(swept(n_threads), one);
    }
}
