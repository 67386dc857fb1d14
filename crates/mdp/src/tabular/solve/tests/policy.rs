//! Evaluation, visits and return of a policy.

use super::*;

#[test]
fn values_agree_with_sweeps() {
    for seed in 0..200 {
        let rng = &mut Seed(seed).stream("policy", 0);
        let kind = small(rng);
        let mdp = if seed % 4 == 0 {
            episodic(kind, rng)
        } else {
            random_mdp(kind, rng)
        };
        let (rewards, policy) = (mdp.expected_rewards(), random_policy(&mdp, rng));
        let exact = evaluate_policy(&mdp, &rewards, &policy).unwrap();
        let slow = slow_values(&mdp, &rewards, &policy, enough_sweeps(mdp.discount().get()));
        let scale = 1.0 + krylov::greatest(&slow);
        assert!(
            distance(&exact.values, &slow) < 1e-11 * scale,
            "seed {seed}"
        );
        assert!(
            exact.error < 1e-11 * scale && exact.stop == Stop::Converged,
            "seed {seed}"
        );
    }
}

#[test]
fn visits_times_rewards_are_the_return() {
    for seed in 0..200 {
        let rng = &mut Seed(seed).stream("visits", 0);
        let kind = small(rng);
        let mdp = if seed % 4 == 0 {
            episodic(kind, rng)
        } else {
            random_mdp(kind, rng)
        };
        let (rewards, policy) = (mdp.expected_rewards(), random_policy(&mdp, rng));
        let visits = occupancy(&mdp, &policy).unwrap();
        let by_visits: f64 = visits.iter().zip(&rewards).map(|(v, r)| v * r).sum();
        let by_values = policy_return(&mdp, &rewards, &policy).unwrap();
        let total: f64 = visits.iter().sum();
        assert!((by_visits - by_values).abs() < 1e-12 * total, "seed {seed}");
        if kind.discount <= 0.99 && seed % 4 != 0 {
            let slow = occupancy_finite(&mdp, &policy.repeat(enough_sweeps(kind.discount)));
            assert!(distance(&visits, &slow) < 1e-11, "seed {seed}");
        }
    }
}

/// One component of 2,000 states: a ring with steps to either side, whose band is narrow, or steps anywhere.
fn large(is_ring: bool, discount: f64, end: f64) -> TabularMdp {
    let n = 2000;
    let rng = &mut Seed(1).stream("large", 0);
    let mut builder = TabularMdp::builder(n, 2);
    for state in 0..n {
        for action in 0..2 {
            let forwards = 0.3 + 0.4 * action as f64;
            let (ahead, behind) = if is_ring {
                ((state + 1) % n, (state + n - 1) % n)
            } else {
                (index(n, rng), (state + 1) % n)
            };
            for (probability, next_state, terminates) in [
                (forwards * (1.0 - end), ahead, false),
                ((1.0 - forwards) * (1.0 - end), behind, false),
                (end, state, true),
            ] {
                builder.push(Transition {
                    probability,
                    next_state,
                    reward: uniform_in(-1.0, 1.0, rng),
                    terminates,
                });
            }
            builder.end_row();
        }
    }
    let mut start = vec![0.0; n];
    start[7] = 1.0;
    builder
        .build(start, Discount::new(discount).unwrap())
        .unwrap()
}

#[test]
fn large_blocks_are_solved_to_rounding_too() {
    let ends = [(0.9, 0.0), (0.999, 0.0), (1.0, 0.001), (1.0, 1e-6)];
    for (is_ring, (discount, end)) in ends.iter().flat_map(|ends| [(true, *ends), (false, *ends)]) {
        let mdp = large(is_ring, discount, end);
        let (rewards, policy) = (mdp.expected_rewards(), vec![0.5; 4000]);
        let exact = evaluate_policy(&mdp, &rewards, &policy).unwrap();
        assert_eq!(
            exact.stop,
            Stop::Converged,
            "discount {discount}, end {end}"
        );
        assert_eq!(
            exact.iterations == 0,
            is_ring,
            "a narrow band is solved directly"
        );
        let scale = krylov::greatest(&exact.values);
        assert!(
            exact.residual <= 1e-13 * (1.0 + scale),
            "{} of {scale}",
            exact.residual
        );
        let q_values = value_iteration::backups(&mdp, &rewards, &exact.values);
        let after = evaluate::under(&policy, &q_values, 2);
        assert!(distance(&after, &exact.values) <= 1e-12 * (1.0 + scale));
        let visits = occupancy(&mdp, &policy).unwrap();
        let total: f64 = visits.iter().sum();
        let stay = 1.0 / (1.0 - discount * (1.0 - end));
        assert!((total / stay - 1.0).abs() < 1e-9, "{total} against {stay}");
    }
}

#[test]
fn a_long_stay_costs_no_digits() {
    // Two states that hold each other and are left with probability 1e-12 a step: worth 1e12 steps.
    let hold = |next_state| {
        let leave = 1e-12;
        let way = |probability, terminates| Transition {
            probability,
            next_state,
            reward: 1.0,
            terminates,
        };
        vec![way(1.0 - leave, false), way(leave, true)]
    };
    let one = Discount::new(1.0).unwrap();
    let mdp = TabularMdp::new(1, vec![hold(1), hold(0)], vec![1.0, 0.0], one).unwrap();
    let values = evaluate_policy(&mdp, &[1.0, 1.0], &[1.0, 1.0])
        .unwrap()
        .values;
    for value in values {
        assert!((value / 1e12 - 1.0).abs() < 1e-15, "{value}");
    }
}

#[test]
fn a_policy_that_never_ends_is_refused_with_a_state() {
    let step = |next_state, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: 0.0,
            terminates,
        }]
    };
    // State 0 ends or goes to 1; 1 and 2 lead to each other.
    let rows = vec![
        step(0, true),
        step(1, false),
        step(2, false),
        step(2, false),
        step(1, false),
        step(1, false),
    ];
    let one = Discount::new(1.0).unwrap();
    let mdp = TabularMdp::new(2, rows, vec![1.0, 0.0, 0.0], one).unwrap();
    let paid = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0];
    let (ends, goes) = (deterministic(&[0, 0, 0], 2), deterministic(&[1, 0, 0], 2));
    let endless = Err(SolveError::NeverEnds { state: 2 });
    assert_eq!(
        evaluate_policy(&mdp, &paid, &ends).map(|e| e.values),
        endless
    );
    // Nothing is paid there, so there is an answer; and what is not reached does not count for the return.
    assert_eq!(
        evaluate_policy(&mdp, &[0.0; 6], &goes).unwrap().values,
        [0.0; 3]
    );
    assert_eq!(policy_return(&mdp, &paid, &ends), Ok(0.0));
    assert!(policy_return(&mdp, &paid, &goes).is_err());
    assert_eq!(
        occupancy(&mdp, &ends),
        Ok(vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    );
    assert_eq!(
        occupancy(&mdp, &goes),
        Err(SolveError::NeverEnds { state: 1 })
    );
}

#[test]
fn values_over_a_horizon_agree_with_visits() {
    for seed in 0..50 {
        let rng = &mut Seed(seed).stream("horizon", 0);
        let kind = small(rng);
        let mdp = random_mdp(kind, rng);
        let rewards = mdp.expected_rewards();
        let policy: Vec<f64> = (0..6).flat_map(|_| random_policy(&mdp, rng)).collect();
        let values = evaluate_finite(&mdp, &rewards, &policy);
        let visits = occupancy_finite(&mdp, &policy);
        let by_visits: f64 = visits.iter().zip(&rewards).map(|(v, r)| v * r).sum();
        let by_values: f64 = values.iter().zip(mdp.start()).map(|(v, p)| v * p).sum();
        assert!((by_visits - by_values).abs() < 1e-12, "seed {seed}");
    }
}

#[test]
fn iterations_agree_with_elimination() {
    for seed in 0..20 {
        let rng = &mut Seed(seed).stream("krylov", 0);
        let kind = Kind {
            n_states: 150,
            n_actions: 2,
            ..small(rng)
        };
        let mdp = if seed % 2 == 0 {
            episodic(kind, rng)
        } else {
            random_mdp(kind, rng)
        };
        let (rewards, policy) = (mdp.expected_rewards(), random_policy(&mdp, rng));
        let rows = matrix(&mdp, &policy)
            .into_iter()
            .enumerate()
            .map(|(state, row)| {
                let entries = row.iter().enumerate().map(|(next, p)| {
                    let one = f64::from(u8::from(next == state));
                    (next as u32, one - mdp.discount().get() * p)
                });
                entries.filter(|(_, entry)| *entry != 0.0).collect()
            });
        let equations = krylov::Sparse::from_rows(rows);
        let patience = krylov::Patience::Long;
        let paid = evaluate::under(&policy, &rewards, 2);
        let mut values = vec![0.0; 150];
        let progress = equations.solve(&paid, &mut values, 1e-14, patience);
        assert!(progress.converged && progress.iterations > 0, "seed {seed}");
        let exact = evaluate_policy(&mdp, &rewards, &policy).unwrap();
        let scale = 1.0 + krylov::greatest(&values);
        assert!(
            distance(&values, &exact.values) < 1e-10 * scale,
            "seed {seed}"
        );
        let mut visits = vec![0.0; 150];
        equations
            .transposed()
            .solve(mdp.start(), &mut visits, 1e-14, patience);
        let exact: Vec<f64> = occupancy(&mdp, &policy)
            .unwrap()
            .chunks(2)
            .map(|row| row[0] + row[1])
            .collect();
        let scale = 1.0 + krylov::greatest(&visits);
        assert!(distance(&visits, &exact) < 1e-10 * scale, "seed {seed}");
    }
}
