//! What is identified, against what theory says and against counting.

use check::{Relation, equivalence};
use mdp::{Discount, Rng, Seed, TabularMdp, Transition, soft_value_iteration, uniform};

use super::symmetric::eigen;
use super::*;
use crate::bayesian::{Hypotheses, Task};
use crate::experts::{Bias, Expert, Foresight, demonstrate, plan};

/// Five states, three actions, three outcomes each; every state can be reached.
fn drawn(seed: u64) -> TabularMdp {
    let rng = &mut Seed(seed).stream("random MDP to be identified", 0);
    let row = |_| {
        let weights: Vec<f64> = (0..3).map(|_| uniform(rng) + 0.05).collect();
        let sum: f64 = weights.iter().sum();
        let outcome = |w: &f64| Transition {
            probability: w / sum,
            next_state: mdp::index(5, rng),
            reward: 0.0,
            terminates: false,
        };
        weights.iter().map(outcome).collect()
    };
    let rows = (0..15).map(row).collect();
    TabularMdp::new(3, rows, vec![0.2; 5], Discount::new(0.9).unwrap()).unwrap()
}

fn table(n: usize, rng: &mut Rng) -> Vec<f64> {
    (0..n).map(|_| 2.0 * uniform(rng) - 1.0).collect()
}

#[test]
fn the_feasible_set_is_what_its_parametrisation_says() {
    for seed in 0..5 {
        let mdp = drawn(seed);
        let rng = &mut Seed(seed).stream("feasible", 0);
        let expert = Expert::sure(Bias::Rational)
            .policy(&mdp, &table(15, rng))
            .unwrap();
        let set = FeasibleRewards::of_policy(&mdp, &expert).unwrap();
        // Whatever the values and penalties, the reward is in the set, and the values are its optimal ones.
        let (values, penalties) = (
            table(5, rng),
            table(15, rng).iter().map(|x| x.abs()).collect::<Vec<_>>(),
        );
        let inside = set.reward(&values, &penalties).unwrap();
        assert!(set.contains(&inside).unwrap().is_feasible);
        let solved = mdp::policy_iteration(&mdp, &inside, None).unwrap().values;
        assert!(
            solved
                .iter()
                .zip(&values)
                .all(|(a, b)| (a - b).abs() < 1e-9)
        );
        assert!(
            set.contains(&[0.0; 15]).unwrap().is_feasible,
            "the null reward"
        );
        // Pay for an action that is not taken, and it is outside.
        let mut outside = inside.clone();
        let other = set.taken().iter().position(|taken| !taken).unwrap();
        outside[other] += 10.0;
        let membership = set.contains(&outside).unwrap();
        assert!(
            !membership.is_feasible && membership.loss > 0.1,
            "{membership:?}"
        );
        let dimension = set.dimension();
        assert_eq!(
            (dimension.all, dimension.potentials, dimension.unseen_states),
            (15, 5, 0)
        );
        assert_eq!(dimension.inequalities, 10);
        assert!(set.torn().is_none());
    }
}

#[test]
fn ties_take_dimensions_and_unseen_states_leave_a_pair_torn() {
    let mdp = drawn(3);
    let shown = vec![vec![(0, 0), (1, 2), (0, 1)]];
    let set = FeasibleRewards::of_demonstrations(&mdp, &shown).unwrap();
    let dimension = set.dimension();
    assert_eq!(
        (
            dimension.set,
            dimension.inequalities,
            dimension.unseen_states
        ),
        (14, 3, 3)
    );
    let (state, best, rewards) = set.torn().unwrap();
    assert!(state >= 2);
    for (best, reward) in best.iter().zip(&rewards) {
        assert!(set.contains(reward).unwrap().is_feasible);
        let plan = plan(&mdp, reward, Bias::Rational).unwrap().best();
        assert_eq!(plan[state * 3..][..3].iter().filter(|b| **b).count(), 1);
        assert!(plan[state * 3 + best]);
        assert_eq!(plan[..6], [true, true, false, false, false, true]);
    }
}

fn all_biases() -> Vec<Bias> {
    let mut biases: Vec<Bias> = crate::experts::expert_grid(&[1.0])
        .iter()
        .map(|e| e.bias)
        .collect();
    biases.extend([Bias::AntiRational, Bias::Indifferent]);
    biases
}

#[test]
fn every_planner_explains_every_policy_with_one_reward() {
    for seed in 0..4 {
        let mdp = drawn(seed);
        let rng = &mut Seed(seed).stream("no free lunch", 0);
        // The policy of somebody who is sophisticated, explained by all.
        let bias = Bias::Hyperbolic {
            rate: 1.0,
            max_delay: 10,
            foresight: Foresight::Sophisticated,
        };
        let policy = Expert::noisy(bias, 3.0)
            .policy(&mdp, &table(15, rng))
            .unwrap();
        let found = explanations(&mdp, &policy, 3.0, &all_biases()).unwrap();
        for explanation in &found {
            match explanation.expert.bias {
                Bias::Indifferent => assert!(explanation.error > 0.01),
                Bias::AntiRational => {
                    assert!(explanation.error < 1e-9);
                    assert_eq!(explanation.relation, Relation::Opposite);
                    assert!(explanation.regret > 0.01);
                }
                _ => {
                    assert!(explanation.error < 1e-9, "{}", explanation.expert);
                    assert_eq!(explanation.relation, Relation::Equivalent);
                }
            }
        }
    }
}

#[test]
fn with_the_policy_given_a_potential_stays_free_and_nothing_else() {
    let mdp = drawn(1);
    let rng = &mut Seed(1).stream("easy goal inference", 0);
    let truth = table(15, rng);
    let expert = Expert::noisy(Bias::Rational, 2.0);
    let policy = expert.policy(&mdp, &truth).unwrap();
    for _ in 0..3 {
        let rewards = shaped_explanation(&mdp, &policy, 2.0, &table(5, rng)).unwrap();
        let would = expert.policy(&mdp, &rewards).unwrap();
        assert!(would.iter().zip(&policy).all(|(a, b)| (a - b).abs() < 1e-9));
        let beside = equivalence(&mdp, &truth, &rewards).unwrap();
        assert_eq!(beside.relation, Relation::Equivalent);
        assert!((beside.scale - 1.0).abs() < 1e-9);
    }
    // Under another β it is the same but for scale.
    let rewards = shaped_explanation(&mdp, &policy, 4.0, &[0.0; 5]).unwrap();
    assert!((equivalence(&mdp, &truth, &rewards).unwrap().scale - 0.5).abs() < 1e-9);
    let error = shaped_explanation(&mdp, &[1.0, 0.0, 0.0].repeat(5), 4.0, &[0.0; 5]);
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("action 1 is never taken in state 0")
    );
}

#[test]
fn evidence_is_the_mean_of_what_demonstrations_say() {
    let mdp = drawn(2);
    let rng = &mut Seed(2).stream("evidence", 0);
    let rewards = table(15, rng);
    let tasks: Vec<Task> = [1.0, 0.5]
        .map(|scale| {
            let rewards = rewards.iter().map(|r| scale * r).collect();
            Task::of_reward(&mdp, rewards).unwrap()
        })
        .to_vec();
    let experts = [
        Expert::noisy(Bias::Rational, 2.0),
        Expert::noisy(Bias::Rational, 4.0),
        Expert::noisy(Bias::Myopic { discount: 0.3 }, 2.0),
    ];
    let hypotheses = Hypotheses::new(&tasks, &experts, None).unwrap();
    let found = evidence(&hypotheses, &tasks, 0, 12);
    // Half the reward at twice the inverse temperature is the same behaviour.
    assert_eq!(found.indistinguishable(), [0, 4]);
    let policy = experts[0].policy(&mdp, &rewards).unwrap();
    let shown = demonstrate(&mdp, &policy, 4_000, 12, rng);
    for other in 0..6 {
        let ratios: Vec<f64> = shown
            .iter()
            .map(|steps| {
                let steps = std::slice::from_ref(steps);
                hypotheses.log_likelihood(0, steps).unwrap()
                    - hypotheses.log_likelihood(other, steps).unwrap()
            })
            .collect();
        let mean = ratios.iter().sum::<f64>() / 4_000.0;
        let variance = ratios.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / 4_000.0;
        let error = (variance / 4_000.0).sqrt();
        assert!(
            (mean - found.nats[other]).abs() <= 4.0 * error + 1e-12,
            "hypothesis {other}"
        );
    }
    let nearest = found.nearest(|other| other % 3 == 2).unwrap();
    assert!(nearest.1 > 0.0 && nearest.1 <= found.nats[2]);
    assert_eq!(found.visits.iter().sum::<f64>().round(), 12.0);
}

/// A reward that may be anything: `[S, A, S A]`.
fn identity(n: usize) -> Vec<f64> {
    (0..n * n)
        .map(|at| f64::from(u8::from(at / n == at % n)))
        .collect()
}

#[test]
fn what_information_hides_is_shaping() {
    for seed in 0..3 {
        let mdp = drawn(seed);
        let rng = &mut Seed(seed).stream("information", 0);
        let rewards = table(15, rng);
        let policy = soft_value_iteration(&mdp, &rewards, 1.0, 1e-12, 1_000).policy();
        let found = information(&mdp, &identity(15), 15, &policy, &[1.0; 5]).unwrap();
        assert_eq!(found.n_identified, 10, "five potentials are hidden");
        for hidden in found.hidden() {
            let shaped: Vec<f64> = rewards.iter().zip(hidden).map(|(r, h)| r + h).collect();
            let beside = equivalence(&mdp, &rewards, &shaped).unwrap();
            assert_eq!(beside.relation, Relation::Equivalent);
            assert!((beside.scale - 1.0).abs() < 1e-6);
        }
        // Where nobody went, nothing is known either: two more directions for each state.
        let found =
            information(&mdp, &identity(15), 15, &policy, &[1.0, 1.0, 1.0, 0.0, 0.0]).unwrap();
        assert_eq!(found.n_identified, 6);
        assert!(found.standard_errors(10.0).iter().all(|e| e.is_infinite()));
    }
}

#[test]
fn information_is_how_fast_likelihood_falls() {
    let mdp = drawn(4);
    let rng = &mut Seed(4).stream("information", 1);
    let features = table(30, rng);
    let theta = [0.7, -0.4];
    let soft = |theta: [f64; 2]| {
        let rows = features
            .chunks(2)
            .map(|f| f[0] * theta[0] + f[1] * theta[1]);
        soft_value_iteration(&mdp, &rows.collect::<Vec<_>>(), 1.0, 1e-13, 1_000).policy()
    };
    let policy = soft(theta);
    let visits = [0.5, 1.0, 2.0, 0.1, 0.7];
    let found = information(&mdp, &features, 2, &policy, &visits).unwrap();
    for (value, vector) in found.values.iter().zip(found.vectors.chunks(2)) {
        let step = 1e-3;
        let other = soft([theta[0] + step * vector[0], theta[1] + step * vector[1]]);
        let each = policy.iter().zip(&other).enumerate();
        let lost: f64 = each
            .map(|(row, (p, q))| visits[row / 3] * p * (p / q).ln())
            .sum();
        assert!((lost / (0.5 * step * step) / value - 1.0).abs() < 0.02);
    }
    let errors = found.standard_errors(100.0);
    assert!(errors.iter().all(|e| *e > 0.0 && e.is_finite()));
}

#[test]
fn eigenvectors_are_kept_in_their_direction() {
    let rng = &mut Seed(0).stream("eigen", 0);
    let half = table(36, rng);
    let matrix: Vec<f64> = (0..36)
        .map(|at| half[at] + half[at % 6 * 6 + at / 6])
        .collect();
    let (values, vectors) = eigen(matrix.clone(), 6);
    assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
    for (value, vector) in values.iter().zip(vectors.chunks(6)) {
        for i in 0..6 {
            let moved: f64 = (0..6).map(|j| matrix[i * 6 + j] * vector[j]).sum();
            assert!((moved - value * vector[i]).abs() < 1e-12);
        }
    }
}
