//! The posterior against Bayes' rule by hand, in any order, and its tasks against what they say.

use mdp::{Discount, Seed, TabularMdp, Transition};

use super::*;
use crate::experts::{Bias, demonstrate};

/// A corridor of five cells; 0 goes left, 1 goes right, both stay at the walls. Begins in the middle.
fn corridor() -> TabularMdp {
    let step = |state: usize, action: usize| match action {
        0 => state.saturating_sub(1),
        _ => (state + 1).min(4),
    };
    let rows = (0..10)
        .map(|row| {
            vec![Transition {
                probability: 1.0,
                next_state: step(row / 2, row % 2),
                reward: 0.0,
                terminates: false,
            }]
        })
        .collect();
    let start = vec![0.0, 0.0, 1.0, 0.0, 0.0];
    TabularMdp::new(2, rows, start, Discount::new(0.5).unwrap()).unwrap()
}

fn goals() -> Vec<Task> {
    [0, 4]
        .map(|goal| Task::of_goal(&corridor(), goal).unwrap())
        .to_vec()
}

#[test]
fn one_action_by_bayes_rule() {
    // From the middle, a goal two steps away is worth 1/4 by the way to it and 1/16 by the way round.
    let experts = [Expert::noisy(Bias::Rational, 8.0)];
    let hypotheses = Hypotheses::new(&goals(), &experts, Some(&[3.0, 1.0])).unwrap();
    let mut posterior = Posterior::new(&hypotheses);
    assert_eq!(posterior.tasks(), [0.75, 0.25]);
    let likely = 1.0 / (1.0 + f64::exp(8.0 * (1.0 / 16.0 - 1.0 / 4.0)));
    let predicted = posterior.observe(2, 1).unwrap();
    let before = 0.75 * (1.0 - likely) + 0.25 * likely;
    assert!((predicted - before.ln()).abs() < 1e-12);
    assert!((posterior.tasks()[1] - 0.25 * likely / before).abs() < 1e-12);
    assert!((posterior.predict(2).iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(posterior.n_steps(), 1);
}

#[test]
fn evidence_does_not_depend_on_the_order() {
    let experts = crate::experts::expert_grid(&[1.0, 5.0]);
    let hypotheses = Hypotheses::new(&goals(), &experts, None).unwrap();
    let policy = Expert::noisy(Bias::Rational, 3.0)
        .policy(&goals()[1].mdp, &goals()[1].rewards)
        .unwrap();
    let rng = &mut Seed(1).stream("order", 0);
    let mut shown = demonstrate(&goals()[1].mdp, &policy, 8, 20, rng);
    let forwards = Posterior::of(&hypotheses, &shown).unwrap();
    shown.reverse();
    shown.iter_mut().for_each(|steps| steps.reverse());
    let backwards = Posterior::of(&hypotheses, &shown).unwrap();
    assert!((forwards.log_evidence() - backwards.log_evidence()).abs() < 1e-9);
    for (a, b) in forwards
        .probabilities()
        .iter()
        .zip(backwards.probabilities())
    {
        assert!((a - b).abs() < 1e-9);
    }
    // Directly: the sum over hypotheses of prior times likelihood.
    let each = (0..hypotheses.n_hypotheses()).map(|hypothesis| {
        let log = hypotheses.log_likelihood(hypothesis, &shown).unwrap();
        hypotheses.prior()[hypothesis] * log.exp()
    });
    let evidence: f64 = each.sum();
    assert!((evidence.ln() - backwards.log_evidence()).abs() < 1e-9);
    let kinds: f64 = backwards.kinds().iter().map(|(_, p)| p).sum();
    assert!((kinds - 1.0).abs() < 1e-12);
}

#[test]
fn a_sure_expert_rules_hypotheses_out_and_the_impossible_is_told() {
    let experts = [Expert::sure(Bias::Rational)];
    let hypotheses = Hypotheses::new(&goals(), &experts, None).unwrap();
    let mut posterior = Posterior::new(&hypotheses);
    posterior.observe(2, 1).unwrap();
    assert_eq!(posterior.tasks(), [0.0, 1.0]);
    let error = posterior.observe(3, 0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nobody who is still thought possible takes action 0 in state 3 (step 1); allow for noise with a finite inverse temperature, or for other goals"
    );
    assert_eq!(posterior.n_steps(), 1);
    let error = posterior.observe(9, 0).unwrap_err().to_string();
    assert!(error.contains("there is no state 9"), "{error}");
}

#[test]
fn a_goal_that_ends_the_episode_still_pays() {
    // The right wall is terminal: going there ends it.
    let mdp = corridor();
    let rows = (0..10)
        .map(|row| {
            let mut row: Vec<Transition> = mdp.transitions(row / 2, row % 2).collect();
            row.iter_mut()
                .for_each(|t| t.terminates = t.next_state == 4);
            row
        })
        .collect();
    let ending = TabularMdp::new(2, rows, mdp.start().to_vec(), mdp.discount()).unwrap();
    let task = Task::of_goal(&ending, 4).unwrap();
    let plan = plan(&task.mdp, &task.rewards, Bias::Rational).unwrap();
    assert_eq!(plan.q_values[2 * 2 + 1], 0.25);
    assert_eq!(plan.q_values[3 * 2 + 1], 0.5);
    // Another goal is still cut off by that end.
    let other = Task::of_goal(&ending, 0).unwrap();
    assert!(other.mdp.transitions(3, 1).next().unwrap().terminates);
    assert!(Task::of_goal(&ending, 5).is_err());
}

#[test]
fn what_does_not_fit_is_told() {
    let experts = [Expert::sure(Bias::Rational)];
    assert_eq!(
        Hypotheses::new(&goals(), &[], None).unwrap_err(),
        Error::NoHypotheses
    );
    let error = Hypotheses::new(&goals(), &experts, Some(&[1.0, -1.0])).unwrap_err();
    assert!(matches!(error, Error::Prior { expected: 2, .. }), "{error}");
    let error = Hypotheses::new(&goals(), &experts, Some(&[0.0, 0.0])).unwrap_err();
    assert!(matches!(error, Error::Prior { .. }), "{error}");
}

#[test]
fn credible_sets_hold_what_they_promise() {
    let probabilities = [0.1, 0.5, 0.15, 0.25];
    assert_eq!(credible_set(&probabilities, 0.5), [1]);
    assert_eq!(credible_set(&probabilities, 0.7), [1, 3]);
    assert_eq!(credible_set(&probabilities, 0.9), [1, 3, 2]);
    assert_eq!(credible_set(&probabilities, 1.0), [1, 3, 2, 0]);
}
