//! Planners against hand-worked cases, against slow obvious versions, and against each other where they must agree.

use mdp::{Discount, Rng, Seed, TabularMdp, Transition, uniform, value_iteration};

use super::*;

/// One that goes to `next_state`, or ends.
fn to(next_state: usize, terminates: bool) -> Vec<Transition> {
    by_chance(&[(1.0, next_state, terminates)])
}

fn by_chance(outcomes: &[(f64, usize, bool)]) -> Vec<Transition> {
    let outcomes = outcomes.iter();
    outcomes
        .map(|&(probability, next_state, terminates)| Transition {
            probability,
            next_state,
            reward: 0.0,
            terminates,
        })
        .collect()
}

fn start_at(state: usize, n_states: usize) -> Vec<f64> {
    (0..n_states)
        .map(|s| f64::from(u8::from(s == state)))
        .collect()
}

/// From 0 past a temptation, 1, which pays 4 at once, to 7 in state 2; or around it, through 3, to 6.9 in state 4.
fn temptation() -> (TabularMdp, Vec<f64>) {
    let rows = vec![
        to(1, false),
        to(3, false),
        to(1, true),
        to(2, false),
        to(2, true),
        to(2, true),
        to(4, false),
        to(4, false),
        to(4, true),
        to(4, true),
    ];
    let discount = Discount::new(1.0).unwrap();
    let mdp = TabularMdp::new(2, rows, start_at(0, 5), discount).unwrap();
    let rewards = vec![0.0, 0.0, 4.0, 0.0, 7.0, 7.0, 0.0, 0.0, 6.9, 6.9];
    (mdp, rewards)
}

/// The values of both actions in the first two states.
fn check_temptation(bias: Bias, expected: [f64; 4]) {
    let (mdp, rewards) = temptation();
    let plan = plan(&mdp, &rewards, bias).unwrap();
    for (found, expected) in plan.q_values.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-12,
            "{bias}: {:?}",
            plan.q_values
        );
    }
    assert!(plan.is_settled);
}

#[test]
fn the_naive_fall_for_what_the_sophisticated_go_around() {
    let hyperbolic = |foresight| Bias::Hyperbolic {
        rate: 1.0,
        max_delay: 5,
        foresight,
    };
    check_temptation(Bias::Rational, [7.0, 6.9, 4.0, 7.0]);
    check_temptation(hyperbolic(Foresight::Naive), [7.0 / 3.0, 2.3, 4.0, 3.5]);
    check_temptation(hyperbolic(Foresight::Sophisticated), [2.0, 2.3, 4.0, 3.5]);
}

#[test]
fn the_short_sighted_see_what_is_near() {
    check_temptation(Bias::Myopic { discount: 0.0 }, [0.0, 0.0, 4.0, 0.0]);
    check_temptation(Bias::Myopic { discount: 0.5 }, [2.0, 6.9 / 4.0, 4.0, 3.5]);
    check_temptation(Bias::Bounded { depth: 1 }, [0.0, 0.0, 4.0, 0.0]);
    check_temptation(Bias::Bounded { depth: 2 }, [4.0, 0.0, 4.0, 7.0]);
    check_temptation(Bias::Bounded { depth: 3 }, [7.0, 6.9, 4.0, 7.0]);
    check_temptation(Bias::AntiRational, [-4.0, -6.9, -4.0, -7.0]);
    check_temptation(Bias::Indifferent, [0.0; 4]);
}

/// Action 0 wins 10 with 9/10 and loses 100 with 1/10, told in two halves; action 1 is safe and pays nothing.
fn gamble() -> (TabularMdp, Vec<f64>) {
    let rows = vec![
        by_chance(&[(0.5, 1, false), (0.1, 2, false), (0.4, 1, false)]),
        to(0, true),
        to(1, true),
        to(1, true),
        to(2, true),
        to(2, true),
    ];
    let discount = Discount::new(1.0).unwrap();
    let mdp = TabularMdp::new(2, rows, start_at(0, 3), discount).unwrap();
    (mdp, vec![0.0, 0.0, 10.0, 10.0, -100.0, -100.0])
}

#[test]
fn confidence_misjudges_a_gamble() {
    let (mdp, rewards) = gamble();
    for (power, expected) in [
        (1.0, 9.0 - 10.0),
        (2.0, (8.1 - 1.0) / 0.82),
        (0.5, 7.5 - 25.0),
        (0.0, 5.0 - 50.0),
        (1e6, 10.0),
    ] {
        let plan = plan(&mdp, &rewards, Bias::Confidence { power }).unwrap();
        assert!(
            (plan.q_values[0] - expected).abs() < 1e-9,
            "{power}: {:?}",
            plan.q_values
        );
    }
}

#[test]
fn noise_prefers_in_proportion_and_the_sure_split_ties() {
    let (mdp, rewards) = gamble();
    let policy = Expert::noisy(Bias::Rational, 0.5)
        .policy(&mdp, &rewards)
        .unwrap();
    let odds = (policy[0] / policy[1]).ln();
    assert!((odds + 0.5).abs() < 1e-9, "{policy:?}");
    let policy = Expert::sure(Bias::Rational).policy(&mdp, &rewards).unwrap();
    assert_eq!(policy, [0.0, 1.0, 0.5, 0.5, 0.5, 0.5]);
}

/// Four states, three actions, two or three outcomes each, some of which end.
fn drawn(seed: u64, discount: f64) -> (TabularMdp, Vec<f64>) {
    let rng = &mut Seed(seed).stream("random MDP for experts", 0);
    let row = |rng: &mut Rng| {
        let weights: Vec<f64> = (0..3).map(|_| uniform(rng) + 0.05).collect();
        let sum: f64 = weights.iter().sum();
        let outcomes: Vec<(f64, usize, bool)> = weights
            .iter()
            .map(|w| (w / sum, mdp::index(4, rng), uniform(rng) < 0.2))
            .collect();
        by_chance(&outcomes)
    };
    let rows = (0..12).map(|_| row(rng)).collect();
    let rewards = (0..12).map(|_| 4.0 * uniform(rng) - 2.0).collect();
    let discount = Discount::new(discount).unwrap();
    (
        TabularMdp::new(3, rows, start_at(0, 4), discount).unwrap(),
        rewards,
    )
}

/// The definitions, word for word: recursion without memory.
struct Slow<'m> {
    mdp: &'m TabularMdp,
    rewards: &'m [f64],
    rational: Vec<f64>,
    rate: f64,
    max_delay: usize,
}

impl Slow<'_> {
    fn weight(&self, delay: usize) -> f64 {
        1.0 / (1.0 + self.rate * delay.min(self.max_delay) as f64)
    }

    fn after(&self, state: usize, action: usize, value: &dyn Fn(usize) -> f64) -> f64 {
        let alive = self
            .mdp
            .transitions(state, action)
            .filter(|t| !t.terminates);
        alive
            .map(|t| self.mdp.discount().get() * t.probability * value(t.next_state))
            .sum()
    }

    fn naive(&self, state: usize, action: usize, delay: usize) -> f64 {
        if delay >= self.max_delay {
            return self.weight(delay) * self.rational[state * 3 + action];
        }
        let best = |next: usize| {
            let actions = (0..3).map(|action| self.naive(next, action, delay + 1));
            actions.fold(f64::NEG_INFINITY, f64::max)
        };
        self.weight(delay) * self.rewards[state * 3 + action] + self.after(state, action, &best)
    }

    /// What the self that knows `selves` later ones does.
    fn act(&self, state: usize, selves: usize) -> usize {
        let value = |action: usize| match selves {
            0 => self.rational[state * 3 + action],
            _ => self.sophisticated(state, action, selves),
        };
        (0..3)
            .max_by(|a, b| value(*a).total_cmp(&value(*b)))
            .unwrap()
    }

    fn sophisticated(&self, state: usize, action: usize, selves: usize) -> f64 {
        let ahead = |next: usize| self.ahead(next, 1, selves - 1);
        self.rewards[state * 3 + action] + self.after(state, action, &ahead)
    }

    /// What is to come, seen with a delay, when the one who acts here knows `selves` later ones.
    fn ahead(&self, state: usize, delay: usize, selves: usize) -> f64 {
        let action = self.act(state, selves);
        if selves == 0 && delay >= self.max_delay {
            return self.weight(delay) * self.rational[state * 3 + action];
        }
        let later = |next: usize| self.ahead(next, delay + 1, selves.saturating_sub(1));
        self.weight(delay) * self.rewards[state * 3 + action] + self.after(state, action, &later)
    }
}

#[test]
fn hyperbolic_planners_are_what_the_recursion_says() {
    for seed in 0..6 {
        let (mdp, rewards) = drawn(seed, 0.9);
        let (rate, max_delay) = (0.3 + 0.4 * seed as f64, 4);
        let slow = Slow {
            mdp: &mdp,
            rewards: &rewards,
            rational: value_iteration(&mdp, &rewards, 1e-12, 100_000).q_values,
            rate,
            max_delay,
        };
        let bias = |foresight| Bias::Hyperbolic {
            rate,
            max_delay,
            foresight,
        };
        let naive = plan(&mdp, &rewards, bias(Foresight::Naive)).unwrap();
        let sophisticated = plan(&mdp, &rewards, bias(Foresight::Sophisticated)).unwrap();
        for row in 0..12 {
            let expected = slow.naive(row / 3, row % 3, 0);
            assert!(
                (naive.q_values[row] - expected).abs() < 1e-9,
                "naive, seed {seed}"
            );
            let expected = slow.sophisticated(row / 3, row % 3, max_delay);
            assert!(
                (sophisticated.q_values[row] - expected).abs() < 1e-9,
                "sophisticated, seed {seed}"
            );
        }
    }
}

#[test]
fn bounded_planners_are_what_the_recursion_says() {
    fn look(mdp: &TabularMdp, rewards: &[f64], state: usize, action: usize, depth: usize) -> f64 {
        if depth == 0 {
            return 0.0;
        }
        let later = mdp
            .transitions(state, action)
            .filter(|t| !t.terminates)
            .map(|t| {
                let actions =
                    (0..3).map(|action| look(mdp, rewards, t.next_state, action, depth - 1));
                t.probability * actions.fold(f64::NEG_INFINITY, f64::max)
            });
        rewards[state * 3 + action] + mdp.discount().get() * later.sum::<f64>()
    }
    for seed in 0..4 {
        let (mdp, rewards) = drawn(seed, 0.9);
        for depth in 1..4 {
            let plan = plan(&mdp, &rewards, Bias::Bounded { depth }).unwrap();
            for row in 0..12 {
                let expected = look(&mdp, &rewards, row / 3, row % 3, depth);
                assert!((plan.q_values[row] - expected).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn every_bias_without_strength_is_rational() {
    let weakest = [
        Bias::Myopic { discount: 0.9 },
        Bias::Bounded { depth: 400 },
        Bias::Confidence { power: 1.0 },
    ];
    let hyperbolic =
        [Foresight::Naive, Foresight::Sophisticated].map(|foresight| Bias::Hyperbolic {
            rate: 0.0,
            max_delay: 7,
            foresight,
        });
    for seed in 0..6 {
        let (mdp, rewards) = drawn(seed, 0.9);
        let rational = plan(&mdp, &rewards, Bias::Rational).unwrap();
        for bias in weakest.iter().chain(&hyperbolic) {
            let plan = plan(&mdp, &rewards, *bias).unwrap();
            let each = plan.q_values.iter().zip(&rational.q_values);
            assert!(
                each.clone().all(|(a, b)| (a - b).abs() < 1e-9),
                "{bias}, seed {seed}"
            );
        }
        let opposite: Vec<f64> = rewards.iter().map(|r| -r).collect();
        let anti = plan(&mdp, &opposite, Bias::AntiRational).unwrap();
        assert_eq!(anti.q_values, rational.q_values);
    }
}

#[test]
fn demonstrations_follow_the_policy() {
    let (mdp, rewards) = gamble();
    let policy = Expert::noisy(Bias::Rational, 1.0)
        .policy(&mdp, &rewards)
        .unwrap();
    let rng = &mut Seed(0).stream("demonstrations", 0);
    let episodes = demonstrate(&mdp, &policy, 20_000, 10, rng);
    let risky = episodes.iter().filter(|steps| steps[0] == (0, 0));
    let share = risky.count() as f64 / 20_000.0;
    assert!((share - policy[0]).abs() < 4.0 * (policy[0] * policy[1] / 20_000.0).sqrt());
    for steps in &episodes {
        // The safe action ends at once, the other leads to where anything ends.
        assert_eq!(steps.len(), if steps[0].1 == 1 { 1 } else { 2 });
    }
    assert!(
        demonstrate(&mdp, &policy, 3, 1, rng)
            .iter()
            .all(|steps| steps.len() == 1)
    );
}

#[test]
fn what_is_out_of_range_is_told() {
    let (mdp, rewards) = gamble();
    let told = |bias| plan(&mdp, &rewards, bias).unwrap_err().to_string();
    assert_eq!(
        told(Bias::Myopic { discount: 1.5 }),
        "the discount of a myopic expert is 1.5; it must be from 0 to 1"
    );
    assert_eq!(
        told(Bias::Confidence { power: f64::NAN }),
        "the power of an expert's confidence is NaN; it must be finite and at least 0"
    );
    assert_eq!(
        told(Bias::Bounded { depth: 0 }),
        "the depth of a bounded expert is 0; it must be at least 1"
    );
    let error = Expert::noisy(Bias::Rational, -1.0)
        .policy(&mdp, &rewards)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the inverse temperature of an expert is -1; it must be at least 0"
    );
    let error = plan(&mdp, &rewards[1..], Bias::Rational).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the reward has 5 entries, expected 6: one a state and action"
    );
}
