//! Tests of the vocabulary.

use proptest::{collection, prop_assert, prop_assert_eq, prop_compose, proptest};

use crate::returns::{
    Transitions, discounted_returns, gae, lambda_returns, n_step_returns, vtrace,
};
use crate::*;

/// A walk on `0..=n`: right pays 1 at the right end, left ends at the left end with nothing.
#[derive(Clone)]
struct Walk {
    n: usize,
}

impl Environment for Walk {
    type State = usize;
    type Observation = usize;
    type Action = usize;

    fn initial_state(&self, _rng: &mut Rng) -> usize {
        self.n / 2
    }

    fn observe(&self, state: &usize, _rng: &mut Rng) -> usize {
        *state
    }

    fn step(&self, state: &mut usize, action: &usize, rng: &mut Rng) -> Step {
        let slips = uniform(rng) < 0.1;
        let right = (*action == 1) != slips;
        *state = if right { *state + 1 } else { *state - 1 };
        let reward = f64::from(u8::from(*state == self.n));
        Step {
            reward,
            components: Components::new([reward]),
            intent: Some(reward),
            end: (*state == 0 || *state == self.n).then_some(End::Terminated),
        }
    }

    fn observation_space(&self) -> Space {
        Space::Discrete { n: self.n + 1 }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 2 }
    }

    fn component_names(&self) -> &'static [&'static str] {
        &["arrival"]
    }

    fn return_bounds(&self, _n_steps: u32) -> ReturnBounds {
        ReturnBounds {
            reward: Some((0.0, 1.0)),
            intent: Some((0.0, 1.0)),
        }
    }
}

#[test]
fn streams_are_fixed_by_name_and_index() {
    let draw = |seed: u64, label: &str, index| uniform(&mut Seed(seed).stream(label, index));
    assert_eq!(draw(1, "a", 0), draw(1, "a", 0));
    let all = [
        draw(1, "a", 0),
        draw(1, "a", 1),
        draw(1, "b", 0),
        draw(2, "a", 0),
    ];
    for (i, x) in all.iter().enumerate() {
        assert!(
            all[i + 1..].iter().all(|y| x != y),
            "streams {all:?} collide"
        );
    }
}

#[test]
fn a_saved_generator_goes_on_with_the_same_numbers() {
    let mut rng = Seed(3).stream("x", 0);
    for _ in 0..37 {
        let _ = normal(&mut rng);
    }
    let mut again = restore_rng(&save_rng(&rng));
    for _ in 0..100 {
        assert_eq!(uniform(&mut rng).to_bits(), uniform(&mut again).to_bits());
    }
}

#[test]
fn categorical_draws_with_its_probabilities() {
    let mut rng = Seed(0).stream("categorical", 0);
    let mut counts = [0_u32; 3];
    for _ in 0..20_000 {
        counts[categorical(&[0.2, 0.0, 0.8], &mut rng)] += 1;
    }
    assert_eq!(counts[1], 0);
    // Four standard errors of a share of 0.2 in 20,000.
    assert!((f64::from(counts[0]) / 20_000.0 - 0.2).abs() < 0.0114);
}

#[test]
fn spaces_contain_what_they_sample_and_no_more() {
    let spaces = [
        Space::Discrete { n: 3 },
        Space::MultiDiscrete { sizes: vec![2, 5] },
        Space::continuous(-1.0, f32::INFINITY, 2),
        Space::continuous(f32::NEG_INFINITY, f32::INFINITY, 1),
        Space::Tuple(vec![
            Space::Discrete { n: 2 },
            Space::bounded(&[0.0], &[1.0]),
        ]),
    ];
    let mut rng = Seed(0).stream("spaces", 0);
    for space in &spaces {
        for _ in 0..200 {
            let value = space.sample(&mut rng);
            assert!(space.contains(&value), "{space:?} lacks {value:?}");
        }
        assert!(!space.contains(&vec![f32::NAN; space.n_values()]));
        assert!(!space.contains(&vec![0.0; space.n_values() + 1]));
    }
    assert!(
        !spaces[0].contains(&[3.0]) && !spaces[0].contains(&[0.5]) && !spaces[0].contains(&[-1.0])
    );
}

#[test]
fn a_time_limit_truncates_but_never_hides_a_termination() {
    let limited = TimeLimit::new(Walk { n: 4 }, 2);
    for seed in 0..50 {
        let trajectory = Trajectory::record(
            &limited,
            &|_: &usize, _: &mut Rng| 1,
            10,
            Seed(seed).stream("e", 0),
        );
        let arrived = [0.0, 4.0].contains(&trajectory.states.last().unwrap()[0]);
        let end = if arrived {
            End::Terminated
        } else {
            End::Truncated
        };
        assert_eq!((trajectory.steps.len(), trajectory.end()), (2, Some(end)));
    }
}

#[test]
fn an_episode_that_is_over_takes_no_step() {
    let environment = TimeLimit::new(Walk { n: 4 }, 1);
    let mut episode = Episode::new(&environment, Seed(0).stream("e", 0));
    assert!(episode.step(&1).is_ok_and(|step| step.is_last()));
    let state = episode.state().clone();
    assert_eq!(episode.step(&1), Err(EpisodeOver));
    assert_eq!(*episode.state(), state);
}

#[test]
fn another_reward_leaves_intent_and_ends_alone() {
    let swapped = WithReward {
        environment: TimeLimit::new(Walk { n: 4 }, 50),
        reward: |_: &LimitedState<usize>, _: &usize, next: &LimitedState<usize>| next.state as f64,
    };
    assert_eq!(check_environment(&swapped, 500, Seed(1)), Ok(()));
    let trajectory = Trajectory::record(
        &swapped,
        &|_: &usize, _: &mut Rng| 1,
        100,
        Seed(0).stream("e", 0),
    );
    let states: f64 = trajectory.states[1..].iter().map(|state| state[0]).sum();
    assert_eq!(trajectory.reward_return(), states);
    assert!(
        trajectory
            .intent_return()
            .is_some_and(|intent| intent <= 1.0)
    );
}

/// Each fault, planted in an environment that is otherwise sound.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Observation,
    Reward,
    Components,
    Intent,
    Bounds,
    Endless,
}

struct Faulty(Fault);

impl Environment for Faulty {
    type State = usize;
    type Observation = usize;
    type Action = usize;

    fn initial_state(&self, _rng: &mut Rng) -> usize {
        0
    }

    fn observe(&self, state: &usize, _rng: &mut Rng) -> usize {
        if self.0 == Fault::Observation {
            *state + 7
        } else {
            *state
        }
    }

    fn step(&self, state: &mut usize, _action: &usize, _rng: &mut Rng) -> Step {
        *state += 1;
        let reward = if self.0 == Fault::Reward {
            f64::NAN
        } else {
            1.0
        };
        let term = if self.0 == Fault::Components {
            2.0
        } else {
            reward
        };
        Step {
            reward,
            components: Components::new([term]),
            intent: (self.0 != Fault::Intent || *state == 1).then_some(0.0),
            end: (self.0 != Fault::Endless && *state == 5).then_some(End::Terminated),
        }
    }

    fn observation_space(&self) -> Space {
        Space::Discrete {
            n: if self.0 == Fault::Endless { 1000 } else { 6 },
        }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 2 }
    }

    fn component_names(&self) -> &'static [&'static str] {
        &["one"]
    }

    fn return_bounds(&self, _n_steps: u32) -> ReturnBounds {
        let greatest = if self.0 == Fault::Bounds { 4.0 } else { 5.0 };
        ReturnBounds {
            reward: Some((0.0, greatest)),
            intent: None,
        }
    }
}

#[test]
fn the_checker_finds_each_planted_fault() {
    fn check(fault: Fault, expected: &str) {
        let found = check_environment(&Faulty(fault), 100, Seed(0));
        let found = found.map_or_else(|fault| fault.to_string(), |()| "sound".to_owned());
        assert!(
            found.contains(expected),
            "{found:?} does not say {expected:?}"
        );
    }
    check(Fault::None, "sound");
    check(Fault::Observation, "lies outside");
    check(Fault::Reward, "reward is NaN");
    check(Fault::Components, "do not make up reward 1");
    check(Fault::Intent, "intent is given at some steps");
    check(Fault::Bounds, "outside the declared (0.0, 4.0)");
    check(Fault::Endless, "no episode ended");
}

#[test]
fn states_hash_alike_only_when_alike() {
    assert_eq!([0.0, 1.0].hash(), [-0.0, 1.0].hash());
    assert_ne!([0.0, 1.0].hash(), [1.0, 0.0].hash());
    assert!(<[f64; 2]>::read(&[1.0]).is_err() && usize::read(&[0.5]).is_err());
}

#[derive(Debug)]
/// One column of transitions, with the returns worked from their definitions.
struct Column {
    rewards: Vec<f32>,
    values: Vec<f32>,
    next_values: Vec<f32>,
    terminated: Vec<bool>,
    ended: Vec<bool>,
}

impl Column {
    fn transitions(&self) -> Transitions<'_> {
        Transitions {
            n_environments: 1,
            rewards: &self.rewards,
            values: &self.values,
            next_values: &self.next_values,
            terminated: &self.terminated,
            ended: &self.ended,
        }
    }

    /// G^(n) from the definition.
    fn n_step(&self, start: usize, n: usize, discount: f32) -> f32 {
        let mut sum = 0.0;
        for k in 0..n {
            let at = start + k;
            sum += discount.powi(k as i32) * self.rewards[at];
            if k + 1 == n || self.ended[at] || at + 1 == self.rewards.len() {
                let after = if self.terminated[at] {
                    0.0
                } else {
                    self.next_values[at]
                };
                return sum + discount.powi(k as i32 + 1) * after;
            }
        }
        unreachable!("n is at least 1")
    }

    /// Steps from `start` to the end of its episode or of the column.
    fn horizon(&self, start: usize) -> usize {
        (start..self.rewards.len())
            .position(|at| self.ended[at] || at + 1 == self.rewards.len())
            .expect("the column ends")
            + 1
    }

    /// The λ-return as the mixture of n-step returns (Sutton and Barto, 2018, eq. 12.3).
    fn lambda(&self, start: usize, discount: f32, lambda: f32) -> f32 {
        let horizon = self.horizon(start);
        let mut sum = 0.0;
        for n in 1..horizon {
            sum += (1.0 - lambda) * lambda.powi(n as i32 - 1) * self.n_step(start, n, discount);
        }
        sum + lambda.powi(horizon as i32 - 1) * self.n_step(start, horizon, discount)
    }
}

prop_compose! {
    fn columns()(rows in collection::vec(
        (-2.0_f32..2.0, -2.0_f32..2.0, -2.0_f32..2.0, 0_u8..6), 1..20)) -> Column
    {
        // Inside an episode the next value is the next row's value, as in a real rollout.
        let ended: Vec<bool> = rows.iter().map(|row| row.3 < 2).collect();
        let next_values = (0..rows.len()).map(|at| {
            if ended[at] || at + 1 == rows.len() { rows[at].2 } else { rows[at + 1].1 }
        }).collect();
        Column {
            rewards: rows.iter().map(|row| row.0).collect(),
            values: rows.iter().map(|row| row.1).collect(),
            next_values,
            terminated: rows.iter().map(|row| row.3 < 1).collect(),
            ended,
        }
    }
}

fn close(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-4 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #[test]
    fn n_step_returns_follow_their_definition(column in columns(), n in 1_usize..6) {
        let returns = n_step_returns(column.transitions(), 0.9, n);
        for (start, value) in returns.iter().enumerate() {
            prop_assert!(close(*value, column.n_step(start, n, 0.9)));
        }
    }

    #[test]
    fn lambda_returns_are_the_mixture_of_n_step_returns(column in columns(), lambda in 0.0_f32..1.0) {
        let returns = lambda_returns(column.transitions(), 0.9, lambda);
        for (start, value) in returns.iter().enumerate() {
            prop_assert!(close(*value, column.lambda(start, 0.9, lambda)));
        }
    }

    #[test]
    fn vtrace_on_policy_is_the_lambda_return_with_lambda_one(column in columns()) {
        let ratios = vec![1.0; column.rewards.len()];
        let trace = vtrace(column.transitions(), &ratios, 0.9, 1.0, 1.0);
        let returns = lambda_returns(column.transitions(), 0.9, 1.0);
        for (a, b) in trace.targets.iter().zip(&returns) {
            prop_assert!(close(*a, *b));
        }
    }

    #[test]
    fn columns_do_not_see_each_other(a in columns(), b in columns()) {
        let n = a.rewards.len().min(b.rewards.len());
        fn weave<T: Copy>(a: &[T], b: &[T], n: usize) -> Vec<T> {
            (0..n).flat_map(|t| [a[t], b[t]]).collect()
        }
        let both = Column {
            rewards: weave(&a.rewards, &b.rewards, n),
            values: weave(&a.values, &b.values, n),
            next_values: weave(&a.next_values, &b.next_values, n),
            terminated: weave(&a.terminated, &b.terminated, n),
            ended: weave(&a.ended, &b.ended, n),
        };
        let mut woven = vec![0.0; 2 * n];
        gae(Transitions { n_environments: 2, ..both.transitions() }, 0.9, 0.8, &mut woven);
        let cut = |c: &Column| {
            let mut alone = vec![0.0; n];
            gae(Transitions {
                n_environments: 1,
                rewards: &c.rewards[..n],
                values: &c.values[..n],
                next_values: &c.next_values[..n],
                terminated: &c.terminated[..n],
                ended: &c.ended[..n],
            }, 0.9, 0.8, &mut alone);
            alone
        };
        prop_assert_eq!(woven, weave(&cut(&a), &cut(&b), n));
    }
}

#[test]
fn vtrace_off_policy_agrees_with_values_worked_by_hand() {
    // Two steps, γ = 0.5; ratios 3 (clipped to 1) and 0.5; V = 1, 2, successor of the last 4.
    let column = Column {
        rewards: vec![1.0, 2.0],
        values: vec![1.0, 2.0],
        next_values: vec![2.0, 4.0],
        terminated: vec![false, false],
        ended: vec![false, false],
    };
    let trace = vtrace(column.transitions(), &[3.0, 0.5], 0.5, 1.0, 1.0);
    // Step 1: δ = 0.5 (2 + 2 - 2) = 1, v = 3. Step 0: δ = 1 + 1 - 1 = 1, v = 1 + 1 + 0.5 (3 - 2) = 2.5.
    assert_eq!(trace.targets, vec![2.5, 3.0]);
    assert_eq!(trace.advantages, vec![1.5, 1.0]);
}

#[test]
fn discounted_returns_are_worked_by_hand() {
    assert_eq!(
        discounted_returns(&[1.0, 2.0, 3.0], 0.5, 8.0),
        vec![3.75, 5.5, 7.0]
    );
}

fn chain() -> TabularMdp {
    // Two states; action 0 stays for 0, action 1 moves on for 1; leaving state 1 terminates.
    let to = |next_state, reward, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward,
            terminates,
        }]
    };
    let transitions = vec![
        to(0, 0.0, false),
        to(1, 1.0, false),
        to(1, 0.0, false),
        to(1, 1.0, true),
    ];
    TabularMdp::new(2, transitions, vec![1.0, 0.0], Discount::new(0.9).unwrap()).unwrap()
}

#[test]
fn value_iteration_solves_the_chain_exactly() {
    let solution = value_iteration(&chain(), &chain().expected_rewards(), 1e-12, 1000);
    assert_eq!(solution.stop, Stop::Converged);
    assert_eq!(solution.policy, vec![1, 1]);
    assert!((solution.values[0] - 1.9).abs() < 1e-9 && (solution.values[1] - 1.0).abs() < 1e-9);
    assert_eq!(
        value_iteration(&chain(), &chain().expected_rewards(), 0.0, 1).stop,
        Stop::BudgetSpent
    );
}

#[test]
fn sampled_returns_approach_the_exact_value_of_a_policy() {
    let mdp = chain();
    let values = evaluate_policy(&mdp, &mdp.expected_rewards(), &[0.5; 4])
        .unwrap()
        .values;
    let coin = |_: &usize, rng: &mut Rng| index(2, rng);
    let n = 20_000;
    let mean = (0..n)
        .map(|i| {
            let trajectory = Trajectory::record(&mdp, &coin, 1000, Seed(0).stream("e", i));
            let rewards: Vec<f64> = trajectory.steps.iter().map(|step| step.reward).collect();
            discounted_returns(&rewards, 0.9, 0.0)[0]
        })
        .sum::<f64>()
        / n as f64;
    // Returns lie within 0..2, so their deviation is below 1: four standard errors.
    assert!(
        (mean - values[0]).abs() < 4.0 / (n as f64).sqrt(),
        "{mean} against {}",
        values[0]
    );
}

#[test]
fn impossible_tables_are_refused() {
    let row = |probability, next_state, reward| {
        vec![Transition {
            probability,
            next_state,
            reward,
            terminates: false,
        }]
    };
    let check = |transitions, start: Vec<f64>, expected: &str| {
        let error =
            TabularMdp::new(1, transitions, start, Discount::new(1.0).unwrap()).unwrap_err();
        assert!(
            error.to_string().contains(expected),
            "{error} does not say {expected}"
        );
    };
    check(vec![row(0.5, 0, 0.0)], vec![1.0], "sum to 0.5");
    check(vec![row(1.0, 3, 0.0)], vec![1.0], "is not possible");
    check(vec![row(1.0, 0, f64::NAN)], vec![1.0], "is not possible");
    check(vec![], vec![1.0], "0 entries, expected 1");
    check(vec![row(1.0, 0, 0.0)], vec![0.4], "the start sum to 0.4");
    assert_eq!(Discount::new(1.5), None);
}
