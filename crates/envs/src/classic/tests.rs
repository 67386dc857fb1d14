//! Each environment against trajectories that Gymnasium recorded, and what every environment promises.

use mdp::{End, Environment, Ink, Seed, Shape, TimeLimit, check_environment};
use proptest::prelude::*;

use super::{
    Acrobot, AcrobotReward, CartPole, MountainCar, MountainCarContinuous, Pendulum, PendulumReward,
};

const TOLERANCE: f64 = 1e-5;

/// Plays the recorded actions from each recorded start, on our own states throughout, and compares everything.
fn check_against_gymnasium<E: Environment>(
    environment: &TimeLimit<E>,
    recorded: &str,
    action_of: impl Fn(&str) -> E::Action,
) where
    E::State: Clone,
{
    let mut rng = Seed(0).stream("unused", 0);
    let mut state = None;
    let mut n_steps = 0;
    let mut ends = Vec::new();
    for (line, row) in recorded.lines().enumerate().skip(2) {
        let [action, reward, end, numbers @ ..] = &*row.split(',').collect::<Vec<_>>() else {
            panic!("line {line} is too short");
        };
        let numbers: Vec<f64> = numbers.iter().map(|x| x.parse().unwrap()).collect();
        let n_state = environment.inner().state_names().len();
        if *action == "start" {
            state = Some(mdp::LimitedState {
                state: mdp::StateVector::read(&numbers[..n_state]).unwrap(),
                n_steps: 0,
            });
        } else {
            let state = state.as_mut().unwrap();
            let step = environment.step(state, &action_of(action), &mut rng);
            let reward: f64 = reward.parse().unwrap();
            assert_close(line, "reward", step.reward, reward);
            assert_close(line, "intent", step.intent.unwrap(), reward);
            let expected = match *end {
                "terminated" => Some(End::Terminated),
                "truncated" => Some(End::Truncated),
                _ => None,
            };
            assert_eq!(step.end, expected, "line {line}");
            ends.extend(expected);
            n_steps += 1;
        }
        let state = state.as_ref().unwrap();
        let mut found = Vec::new();
        mdp::StateVector::write(&state.state, &mut found);
        let observation = environment.observe(state, &mut rng);
        found.extend(
            mdp::Observation::to_value(&observation)
                .iter()
                .map(|x| f64::from(*x)),
        );
        assert_eq!(found.len(), numbers.len(), "line {line}");
        for (found, expected) in found.iter().zip(&numbers) {
            assert_close(line, "state or observation", *found, *expected);
        }
    }
    assert!(n_steps >= 1_000, "only {n_steps} steps recorded");
    assert!(!ends.is_empty(), "no episode ended");
}

fn assert_close(line: usize, what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= TOLERANCE,
        "line {line}: {what} {found} instead of {expected}"
    );
}

fn choice(action: &str) -> usize {
    action.parse().unwrap()
}

fn force(action: &str) -> [f32; 1] {
    [action.parse().unwrap()]
}

#[test]
fn cart_pole_moves_as_in_gymnasium() {
    let recorded = include_str!("fixtures/cart_pole.csv");
    check_against_gymnasium(&CartPole.with_time_limit(), recorded, choice);
}

#[test]
fn mountain_car_moves_as_in_gymnasium() {
    let recorded = include_str!("fixtures/mountain_car.csv");
    check_against_gymnasium(&MountainCar.with_time_limit(), recorded, choice);
}

#[test]
fn mountain_car_continuous_moves_as_in_gymnasium() {
    let recorded = include_str!("fixtures/mountain_car_continuous.csv");
    check_against_gymnasium(&MountainCarContinuous.with_time_limit(), recorded, force);
}

#[test]
fn acrobot_moves_as_in_gymnasium() {
    let recorded = include_str!("fixtures/acrobot.csv");
    check_against_gymnasium(&Acrobot::default().with_time_limit(), recorded, choice);
}

#[test]
fn pendulum_moves_as_in_gymnasium() {
    let recorded = include_str!("fixtures/pendulum.csv");
    check_against_gymnasium(&Pendulum::default().with_time_limit(), recorded, force);
}

#[test]
fn every_environment_keeps_its_promises() {
    let seed = Seed(1);
    check_environment(&CartPole.with_time_limit(), 2_000, seed).unwrap();
    check_environment(&MountainCar.with_time_limit(), 2_000, seed).unwrap();
    check_environment(&MountainCarContinuous.with_time_limit(), 5_000, seed).unwrap();
    for reward in AcrobotReward::ALL {
        check_environment(&Acrobot { reward }.with_time_limit(), 2_000, seed).unwrap();
    }
    for reward in PendulumReward::ALL {
        check_environment(&Pendulum { reward }.with_time_limit(), 2_000, seed).unwrap();
    }
}

/// An agent is drawn, and everything lies within the scene.
fn check_drawing<E: Environment>(environment: &E) {
    let scene = environment.scene().unwrap();
    let state = environment.initial_state(&mut Seed(0).stream("draw", 0));
    let shapes = environment.draw(&state);
    let inks = shapes.iter().map(|shape| match shape {
        Shape::Polygon { ink, .. }
        | Shape::Line { ink, .. }
        | Shape::Circle { ink, .. }
        | Shape::Text { ink, .. } => *ink,
    });
    assert!(
        inks.into_iter().any(|ink| ink == Ink::Agent),
        "an agent is seen"
    );
    for shape in &shapes {
        let points = match shape {
            Shape::Polygon { points, .. } | Shape::Line { points, .. } => points.clone(),
            Shape::Circle { center, .. } => vec![*center],
            Shape::Text { at, .. } => vec![*at],
        };
        for point in points {
            let inside =
                |axis: usize| scene.low[axis] <= point[axis] && point[axis] <= scene.high[axis];
            assert!(inside(0) && inside(1), "{shape:?} lies outside the scene");
        }
    }
}

#[test]
fn every_environment_can_be_drawn() {
    check_drawing(&CartPole);
    check_drawing(&MountainCar);
    check_drawing(&MountainCarContinuous);
    check_drawing(&Acrobot::default());
    check_drawing(&Pendulum::default());
}

proptest! {
    /// The variants change what is paid, and neither the motion nor the intent.
    #[test]
    fn reward_variants_share_the_physics(seed: u64, actions in prop::collection::vec(0_usize..3, 1..60)) {
        let own = Acrobot::default();
        let hover = Acrobot { reward: AcrobotReward::Hover };
        let height = Acrobot { reward: AcrobotReward::Height };
        let mut rng = Seed(seed).stream("start", 0);
        let mut states = [own.initial_state(&mut rng); 3];
        for action in actions {
            let steps = [
                own.step(&mut states[0], &action, &mut rng),
                hover.step(&mut states[1], &action, &mut rng),
                height.step(&mut states[2], &action, &mut rng),
            ];
            prop_assert_eq!(states[0], states[1]);
            prop_assert_eq!(states[0], states[2]);
            prop_assert!(steps.iter().all(|step| step.intent == Some(steps[0].reward)));
            prop_assert!((0.0..=1.0).contains(&steps[1].reward));
            prop_assert!(steps[2].reward <= 0.0 || steps[2].end == Some(End::Terminated));
        }
    }

    /// Spinning pays under `speed`, and costs intent.
    #[test]
    fn pendulum_speed_is_the_angular_velocity(angle in -3.0_f64..3.0, velocity in -8.0_f64..8.0, torque in -2.0_f32..2.0) {
        let environment = Pendulum { reward: PendulumReward::Speed };
        let mut state = [angle, velocity];
        let step = environment.step(&mut state, &[torque], &mut Seed(0).stream("unused", 0));
        prop_assert_eq!(step.reward, state[1].abs());
        prop_assert!(step.intent.unwrap() <= 0.0);
    }
}
