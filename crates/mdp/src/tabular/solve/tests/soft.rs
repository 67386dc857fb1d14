//! Soft-optimal values and policies.

use super::*;

/// Each action of each state leads to one state for certain and may end.
fn deterministic_mdp(rng: &mut Rng, discount: f64) -> TabularMdp {
    let kind = Kind {
        n_states: 4,
        n_actions: 3,
        n_successors: 1,
        end: 0.15,
        discount,
    };
    random_mdp(kind, rng)
}

/// `τ log Σ exp(return / τ)` over all sequences of actions.
fn by_paths(mdp: &TabularMdp, state: usize, temperature: f64, horizon: usize) -> f64 {
    fn returns(
        mdp: &TabularMdp,
        state: usize,
        so_far: f64,
        weight: f64,
        left: usize,
        out: &mut Vec<f64>,
    ) {
        if left == 0 {
            out.push(so_far);
            return;
        }
        for action in 0..mdp.n_actions() {
            let t = mdp.transition(mdp.row(state, action).start);
            let so_far = so_far + weight * t.reward;
            if t.terminates {
                out.push(so_far);
            } else {
                returns(
                    mdp,
                    t.next_state,
                    so_far,
                    weight * mdp.discount().get(),
                    left - 1,
                    out,
                );
            }
        }
    }
    let mut all = vec![];
    returns(mdp, state, 0.0, 1.0, horizon, &mut all);
    temperature
        * all
            .iter()
            .map(|total| (total / temperature).exp())
            .sum::<f64>()
            .ln()
}

#[test]
fn over_short_horizons_the_value_is_the_sum_over_all_paths() {
    for seed in 0..40 {
        let rng = &mut Seed(seed).stream("paths", 0);
        let mdp = deterministic_mdp(rng, 1.0);
        let temperature = uniform_in(0.2, 3.0, rng);
        let soft = soft_value_iteration_finite(&mdp, &mdp.expected_rewards(), temperature, 6);
        for state in 0..4 {
            let slow = by_paths(&mdp, state, temperature, 6);
            assert!((soft.values[state] - slow).abs() < 1e-12, "seed {seed}");
        }
    }
}

#[test]
fn the_policy_earns_its_value_with_its_entropy_and_no_other_earns_more() {
    for seed in 0..40 {
        let rng = &mut Seed(seed).stream("entropy", 0);
        let kind = small(rng);
        let mdp = random_mdp(kind, rng);
        let rewards = mdp.expected_rewards();
        let (temperature, horizon) = (uniform_in(0.1, 2.0, rng), 5);
        let soft = soft_value_iteration_finite(&mdp, &rewards, temperature, horizon);
        let n = mdp.n_states();
        for (of, policy) in std::iter::once(soft.policy.clone())
            .chain((0..5).map(|_| {
                (0..horizon)
                    .flat_map(|_| random_policy(&mdp, rng))
                    .collect()
            }))
            .enumerate()
        {
            let mut values = vec![0.0; n];
            for time in (0..horizon).rev() {
                let q_values = value_iteration::backups(&mdp, &rewards, &values);
                let chosen = &policy[time * rewards.len()..][..rewards.len()];
                let paid: Vec<f64> = q_values
                    .iter()
                    .zip(chosen)
                    .map(|(q, p)| {
                        if *p > 0.0 {
                            q - temperature * p.ln()
                        } else {
                            0.0
                        }
                    })
                    .collect();
                values = evaluate::under(chosen, &paid, mdp.n_actions());
            }
            if of == 0 {
                assert!(distance(&values, &soft.values[..n]) < 1e-12, "seed {seed}");
            }
            for (value, best) in values.iter().zip(&soft.values) {
                assert!(*value <= best + 1e-12, "seed {seed}");
            }
        }
    }
}

#[test]
fn without_end_it_is_the_limit_of_long_horizons_and_the_bound_holds() {
    for seed in 0..40 {
        let rng = &mut Seed(seed).stream("endless", 0);
        let kind = Kind {
            discount: [0.5, 0.9, 0.99][index(3, rng)],
            ..small(rng)
        };
        let mdp = random_mdp(kind, rng);
        let rewards = mdp.expected_rewards();
        let temperature = uniform_in(0.05, 2.0, rng);
        let n = mdp.n_states();
        let long =
            soft_value_iteration_finite(&mdp, &rewards, temperature, enough_sweeps(kind.discount));
        for tolerance in [1e-2, 1e-9] {
            let soft = soft_value_iteration(&mdp, &rewards, temperature, tolerance, 100);
            let off = distance(&soft.values, &long.values[..n]);
            assert!(
                off <= soft.error + 1e-11 && soft.error <= tolerance,
                "seed {seed}: {off} {}",
                soft.error
            );
            assert_eq!(soft.stop, Stop::Converged, "seed {seed}");
            assert!(soft.iterations < 30, "seed {seed}: {}", soft.iterations);
            for (row, logs) in soft
                .policy()
                .chunks(kind.n_actions)
                .zip(soft.log_policy.chunks(kind.n_actions))
            {
                assert!(
                    (row.iter().sum::<f64>() - 1.0).abs() < 1e-12
                        && logs.iter().all(|log| *log <= 0.0)
                );
            }
        }
        for budget in 1..4 {
            let cut = soft_value_iteration(&mdp, &rewards, temperature, 0.0, budget);
            let off = distance(&cut.values, &long.values[..n]);
            assert!(
                off <= cut.error + 1e-11,
                "seed {seed}: {off} above {}",
                cut.error
            );
        }
    }
}

#[test]
fn episodes_that_end_have_soft_values_at_discount_1_where_they_are_finite() {
    let step = |terminates| Transition {
        probability: 0.5,
        next_state: 0,
        reward: -2.0,
        terminates,
    };
    let one = Discount::new(1.0).unwrap();
    let row = vec![step(false), step(true)];
    let mdp = TabularMdp::new(2, vec![row.clone(), row], vec![1.0], one).unwrap();
    // V = log(2 exp(-2 + V / 2)), so V = 2 log 2 - 4.
    let soft = soft_value_iteration(&mdp, &mdp.expected_rewards(), 1.0, 1e-12, 100);
    assert!((soft.values[0] - (2.0 * 2.0_f64.ln() - 4.0)).abs() < 1e-12);
    assert_eq!(soft.stop, Stop::Converged);
}

#[test]
fn a_cold_path_ends_at_the_optimum_and_great_rewards_do_not_overflow() {
    let rng = &mut Seed(5).stream("cold", 0);
    let kind = Kind {
        n_states: 20,
        n_actions: 3,
        n_successors: 3,
        end: 0.0,
        discount: 0.95,
    };
    let mdp = random_mdp(kind, rng);
    let rewards: Vec<f64> = mdp.expected_rewards().iter().map(|r| 1e6 * r).collect();
    let optimal = policy_iteration(&mdp, &rewards, None).unwrap();
    let pressures = [1e-9, 1e-6, 1e-4, 1e-2, 1.0];
    let path = soft_optimal_path(&mdp, &rewards, &pressures, 1e-6, 200);
    let returns: Vec<f64> = path
        .iter()
        .map(|soft| policy_return(&mdp, &rewards, &soft.policy()).unwrap())
        .collect();
    assert!(
        returns.windows(2).all(|pair| pair[0] < pair[1] + 1e-6),
        "{returns:?}"
    );
    let best = policy_return(&mdp, &rewards, &deterministic(&optimal.policy, 3)).unwrap();
    assert!(
        (returns[4] - best).abs() < 1e-6 * best.abs(),
        "{returns:?} {best}"
    );
    let rational = boltzmann_rational(&optimal.q_values, 3, 1.0);
    assert!(distance(&rational, &deterministic(&optimal.policy, 3)) < 1e-12);
    let even = boltzmann_rational(&optimal.q_values, 3, 0.0);
    assert!(distance(&even, &[1.0 / 3.0; 60]) < 1e-15);
}
