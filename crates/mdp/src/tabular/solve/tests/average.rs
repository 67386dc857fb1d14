//! Average reward.

use super::*;

/// Sparse, so that there are often several closed classes, and not all states can reach all.
fn multichain(rng: &mut Rng) -> TabularMdp {
    let kind = Kind {
        n_states: 2 + index(4, rng),
        n_actions: 1 + index(2, rng),
        n_successors: 1 + index(2, rng),
        end: 0.05,
        discount: 0.9,
    };
    random_mdp(kind, rng)
}

#[test]
fn gain_and_bias_are_the_limits_of_long_horizons() {
    for seed in 0..60 {
        let rng = &mut Seed(seed).stream("gain", 0);
        let mdp = multichain(rng).with_discount(Discount::new(1.0).unwrap());
        let (rewards, policy) = (mdp.expected_rewards(), random_policy(&mdp, rng));
        let answer = average_reward(&mdp, &rewards, &policy);
        assert!(
            answer.residual < 1e-12 && answer.stop == Stop::Converged,
            "seed {seed}"
        );
        // The mean over 12 starts of counting takes the periods out; 12 is a multiple of 1 to 4.
        let (n, horizon) = (mdp.n_states(), 6000);
        let values = evaluate_finite(&mdp, &rewards, &policy.repeat(horizon));
        let after = |steps: usize, state: usize| values[(horizon - steps) * n + state];
        for state in 0..n {
            let period = 60;
            let gain = (after(horizon, state) - after(horizon - period, state)) / period as f64;
            assert!(
                (gain - answer.gain[state]).abs() < 1e-7,
                "seed {seed}: {gain} {}",
                answer.gain[state]
            );
            let bias = (0..period)
                .map(|back| {
                    after(horizon - back, state) - (horizon - back) as f64 * answer.gain[state]
                })
                .sum::<f64>()
                / period as f64;
            assert!(
                (bias - answer.bias[state]).abs() < 1e-6,
                "seed {seed}: {bias} {}",
                answer.bias[state]
            );
        }
    }
}

#[test]
fn no_deterministic_policy_has_a_greater_gain_anywhere() {
    for seed in 0..300 {
        let rng = &mut Seed(seed).stream("best gain", 0);
        let mdp = multichain(rng);
        let rewards = mdp.expected_rewards();
        let best = optimal_average_reward(&mdp, &rewards);
        assert_eq!(best.stop, Stop::Converged, "seed {seed}");
        let (n, n_actions) = (mdp.n_states(), mdp.n_actions());
        let mut most = vec![f64::NEG_INFINITY; n];
        for code in 0..n_actions.pow(n as u32) {
            let actions: Vec<usize> = (0..n)
                .map(|state| code / n_actions.pow(state as u32) % n_actions)
                .collect();
            let gain = average_reward(&mdp, &rewards, &deterministic(&actions, n_actions)).gain;
            most.iter_mut()
                .zip(gain)
                .for_each(|(most, gain)| *most = most.max(gain));
        }
        assert!(
            distance(&most, &best.gain) < 1e-10,
            "seed {seed}: {most:?} {:?}",
            best.gain
        );
    }
}

#[test]
fn the_gain_is_the_limit_of_discounted_values() {
    for seed in 0..30 {
        let rng = &mut Seed(seed).stream("limit", 0);
        let mdp = multichain(rng).with_discount(Discount::new(1.0 - 1e-7).unwrap());
        let rewards = mdp.expected_rewards();
        let best = optimal_average_reward(&mdp, &rewards);
        let discounted = policy_iteration(&mdp, &rewards, None).unwrap();
        let scaled: Vec<f64> = discounted.values.iter().map(|value| 1e-7 * value).collect();
        assert!(
            distance(&scaled, &best.gain) < 1e-5,
            "seed {seed}: {scaled:?} {:?}",
            best.gain
        );
    }
}

/// A ladder that is climbed with probability 0.9 and slipped down with 0.1: its foot is visited once in 10^95 steps.
#[test]
fn a_state_that_is_never_seen_does_not_spoil_the_bias() {
    let n = 100;
    let mut builder = TabularMdp::builder(n, 1);
    for state in 0..n {
        for (probability, next_state) in [(0.9, (state + 1).min(n - 1)), (0.1, state.max(1) - 1)] {
            builder.push(Transition {
                probability,
                next_state,
                reward: if state == n - 1 { 1.0 } else { 0.0 },
                terminates: false,
            });
        }
        builder.end_row();
    }
    let mut start = vec![0.0; n];
    start[0] = 1.0;
    let mdp = builder.build(start, Discount::new(1.0).unwrap()).unwrap();
    let answer = average_reward(&mdp, &mdp.expected_rewards(), &[1.0; 100]);
    // The top is held with probability 0.9, and each rung below a ninth as likely as the one above.
    assert!(
        (answer.gain[0] - 8.0 / 9.0).abs() < 1e-14,
        "{}",
        answer.gain[0]
    );
    assert!(answer.residual < 1e-12, "{}", answer.residual);
    // A rung further down costs 1 / 0.8 steps of the gain.
    let rung = answer.bias[51] - answer.bias[50];
    assert!((rung - 8.0 / 9.0 / 0.8).abs() < 1e-10, "{rung}");
}
