//! Tests of the finite MDP and of what makes one of an environment.

use super::*;
use crate::{EnvironmentFault, LimitedState, Seed, StateError, StateVector, TimeLimit, uniform};

/// A corridor of cells; the agent steps right (action 1) and slips back with probability 0.25; the last cell ends it.
#[derive(Clone)]
struct Corridor {
    length: usize,
    /// What `step` really does, for a corridor that lies about itself.
    slip: f64,
}

impl Environment for Corridor {
    type State = usize;
    type Observation = usize;
    type Action = usize;

    fn initial_state(&self, _rng: &mut Rng) -> usize {
        0
    }

    fn observe(&self, state: &usize, _rng: &mut Rng) -> usize {
        *state
    }

    fn step(&self, state: &mut usize, action: &usize, rng: &mut Rng) -> Step {
        let slips = *action == 1 && uniform(rng) < self.slip;
        let outcome = self.outcome(*state, *action == 1 && !slips);
        *state = outcome.0;
        outcome.1
    }

    fn observation_space(&self) -> Space {
        Space::Discrete { n: self.length }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 2 }
    }
}

impl Corridor {
    fn outcome(&self, state: usize, moves: bool) -> (usize, Step) {
        let next_state = if moves {
            state + 1
        } else {
            state.saturating_sub(1)
        };
        let is_last = next_state + 1 == self.length;
        let step = Step {
            intent: Some(f64::from(u8::from(is_last))),
            end: is_last.then_some(End::Terminated),
            ..Step::of_reward(-1.0)
        };
        (next_state, step)
    }
}

impl Enumerable for Corridor {
    fn initial_states(&self) -> Vec<(f64, usize)> {
        vec![(1.0, 0)]
    }

    fn outcomes(&self, state: &usize, action: &usize) -> Vec<Outcome<usize>> {
        let outcome = |probability, moves| {
            let (next_state, step) = self.outcome(*state, moves);
            Outcome {
                probability,
                next_state,
                step,
            }
        };
        match action {
            1 => vec![outcome(0.75, true), outcome(0.25, false)],
            _ => vec![outcome(1.0, false)],
        }
    }

    fn tampers(&self, state: &usize, action: &usize) -> bool {
        *state == 1 && *action == 0
    }
}

const CORRIDOR: Corridor = Corridor {
    length: 4,
    slip: 0.25,
};

fn discount(factor: f64) -> Discount {
    Discount::new(factor).unwrap()
}

#[test]
fn an_environment_becomes_the_mdp_that_it_plays() {
    let tabulated = tabulate(&CORRIDOR, discount(1.0), 10).unwrap();
    let mdp = &tabulated.mdp;
    assert_eq!((mdp.n_states(), mdp.n_actions()), (4, 2));
    // Steps to the end by hand: T(2) = 1 + T(1)/4, T(1) = 1 + 3/4 T(2) + T(0)/4, T(0) = 1 + 3/4 T(1) + T(0)/4.
    let policy = deterministic(&[1; 4], 2);
    let values = evaluate_policy(mdp, &mdp.expected_rewards(), &policy)
        .unwrap()
        .values;
    for (value, steps) in values.iter().zip([136.0, 100.0, 52.0, 0.0]) {
        assert!((value + steps / 27.0).abs() < 1e-12, "{values:?}");
    }
    assert_eq!(tabulated.reward("intent").unwrap().iter().sum::<f64>(), 1.0);
    assert_eq!(
        tabulated
            .tampering
            .iter()
            .filter(|tampers| **tampers)
            .count(),
        1
    );
    assert_eq!(mdp.reachable(), vec![true, true, true, false]);
}

#[test]
fn a_time_limit_puts_the_steps_into_the_state() {
    let limited = TimeLimit::new(CORRIDOR, 3);
    let tabulated = tabulate(&limited, discount(1.0), 100).unwrap();
    let mdp = &tabulated.mdp;
    // At most three steps, and the corridor's end is three steps away.
    let best = policy_iteration(
        mdp,
        &mdp.expected(tabulated.reward("intent").unwrap()),
        None,
    );
    let start = best.unwrap().values[0];
    assert!((start - 0.75_f64.powi(3)).abs() < 1e-12, "{start}");
    let state = LimitedState::<usize>::read(&tabulated.states[0]);
    assert_eq!(state.unwrap().n_steps, 0);
}

#[test]
fn too_many_states_are_refused() {
    let long = Corridor {
        length: 50,
        slip: 0.25,
    };
    let error = tabulate(&long, discount(0.9), 20).unwrap_err();
    assert_eq!(error, TabulateError::TooManyStates { limit: 20 });
}

/// One state from which a step may go to any of very many.
#[derive(Clone)]
struct Sprawl;

impl Environment for Sprawl {
    type State = usize;
    type Observation = usize;
    type Action = usize;

    fn initial_state(&self, _rng: &mut Rng) -> usize {
        0
    }

    fn observe(&self, state: &usize, _rng: &mut Rng) -> usize {
        *state
    }

    fn step(&self, state: &mut usize, _action: &usize, rng: &mut Rng) -> Step {
        *state = crate::index(N_WAYS, rng);
        Step::of_reward(0.0)
    }

    fn observation_space(&self) -> Space {
        Space::Discrete { n: N_WAYS }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 1 }
    }
}

const N_WAYS: usize = 2_000;

impl Enumerable for Sprawl {
    fn initial_states(&self) -> Vec<(f64, usize)> {
        vec![(1.0, 0)]
    }

    fn outcomes(&self, _state: &usize, _action: &usize) -> Vec<Outcome<usize>> {
        (0..N_WAYS)
            .map(|next_state| Outcome {
                probability: 1.0 / N_WAYS as f64,
                next_state,
                step: Step::of_reward(0.0),
            })
            .collect()
    }
}

#[test]
fn few_states_with_very_many_ways_are_refused() {
    let error = tabulate(&Sprawl, discount(0.9), N_WAYS).unwrap_err();
    assert_eq!(
        error,
        TabulateError::TooManyTransitions { limit: 1_000_000 }
    );
}

#[test]
fn the_two_accounts_of_the_dynamics_are_held_together() {
    assert_eq!(check_outcomes(&CORRIDOR, 40, Seed(1)), Ok(()));
    for slip in [0.0, 0.4] {
        let liar = Corridor { length: 4, slip };
        let fault = check_outcomes(&liar, 40, Seed(1)).unwrap_err();
        assert!(
            matches!(fault, EnvironmentFault::Outcomes { .. }),
            "{fault}"
        );
    }
}

#[test]
fn rewards_are_apart_from_dynamics() {
    let tabulated = tabulate(&CORRIDOR, discount(0.9), 10).unwrap();
    let mdp = &tabulated.mdp;
    let twice: Vec<f64> = mdp.rewards().iter().map(|reward| 2.0 * reward).collect();
    let doubled = mdp.with_rewards(twice).unwrap();
    let expected: Vec<f64> = mdp.expected_rewards().iter().map(|r| 2.0 * r).collect();
    assert_eq!(doubled.expected_rewards(), expected);
    assert!(mdp.with_rewards(vec![0.0]).is_err());
    let mut infinite = mdp.rewards().to_vec();
    infinite[3] = f64::INFINITY;
    let error = mdp.with_rewards(infinite).unwrap_err().to_string();
    assert!(error.contains("state 1, action 0"), "{error}");
}

#[test]
fn an_action_that_is_cut_becomes_another_and_is_paid_as_that() {
    let tabulated = tabulate(&CORRIDOR, discount(0.9), 10).unwrap();
    let restricted = tabulated.mdp.cut(&tabulated.tampering).unwrap();
    let row = |action| restricted.mdp().transitions(1, action).collect::<Vec<_>>();
    assert_eq!(row(0), row(1));
    // What is cut, action 0 of state 1, would pay most; nobody can be paid it.
    let tempting = [0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(restricted.rewards(&tempting), [0.0; 8]);
    let best = restricted.policy_iteration(&tempting, None).unwrap();
    assert_eq!((best.policy[1], best.values[1]), (1, 0.0));
    let error = tabulated.mdp.cut(&[true; 8]).unwrap_err();
    assert_eq!(error, MdpError::NoAction { state: 0 });
}

#[test]
fn occupancies_and_values_give_the_same_return() {
    let tabulated = tabulate(&CORRIDOR, discount(0.9), 10).unwrap();
    let mdp = &tabulated.mdp;
    let rewards = mdp.expected_rewards();
    let policy = [0.3, 0.7].repeat(4);
    let visits = occupancy(mdp, &policy).unwrap();
    let by_visits: f64 = visits
        .iter()
        .zip(&rewards)
        .map(|(visit, reward)| visit * reward)
        .sum();
    let by_values = policy_return(mdp, &rewards, &policy).unwrap();
    assert!((by_visits - by_values).abs() < 1e-12);
}

#[test]
fn a_policy_that_never_ends_has_no_value_at_discount_1() {
    let tabulated = tabulate(&CORRIDOR, discount(1.0), 10).unwrap();
    let mdp = &tabulated.mdp;
    let stays = deterministic(&[0; 4], 2);
    let error = evaluate_policy(mdp, &mdp.expected_rewards(), &stays).unwrap_err();
    assert_eq!(error, SolveError::NeverEnds { state: 0 });
}

#[test]
fn a_usize_is_its_own_state_vector() {
    let mut values = vec![];
    7_usize.write(&mut values);
    assert_eq!(usize::read(&values), Ok(7));
    assert_eq!(
        usize::read(&[0.5]),
        Err(StateError("0.5 is no state number".to_owned()))
    );
}
