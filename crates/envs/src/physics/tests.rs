//! The physics: what free flight keeps, what the ground holds, and what a step depends on.

use mdp::{Seed, uniform_in};

use super::{Coordinates, Link, Robot, SECONDS_PER_STEP};

/// Two rods on a hinge.
static LINKS: [Link; 2] = [
    Link {
        name: "upper",
        parent: None,
        joint: [0.0, 0.75],
        ends: [[0.0, 0.5], [0.0, 1.0]],
        radius: 0.05,
        mass: 3.0,
        limits: [0.0, 0.0],
        torque: 0.0,
        free_speed: 1.0,
    },
    Link {
        name: "hinge",
        parent: Some(0),
        joint: [0.0, 0.5],
        ends: [[0.0, 0.5], [0.2, 0.1]],
        radius: 0.04,
        mass: 2.0,
        limits: [-2.0, 2.0],
        torque: 30.0,
        free_speed: 20.0,
    },
];

fn robot() -> Robot<1> {
    Robot::new(&LINKS)
}

fn flying() -> Coordinates<1> {
    Coordinates {
        root: [0.3, 5.0, 0.4],
        joints: [-0.3],
        root_velocity: [1.0, 2.0, -1.0],
        joint_velocities: [2.0],
    }
}

#[test]
fn in_flight_the_middle_of_the_masses_falls_and_nothing_is_gained_whatever_the_motor_does() {
    let robot = robot();
    let mut at = flying();
    let motion = |at: &Coordinates<1>| robot.world.motion(robot.frames(at).links());
    let before = motion(&at);
    let n_steps = 30;
    for step in 0..n_steps {
        robot.step(&mut at, &[if step % 7 < 3 { 1.0 } else { -1.0 }]);
    }
    let seconds = f64::from(n_steps) * SECONDS_PER_STEP;
    let after = motion(&at);
    let check = |value: f64, expected: f64, tolerance: f64| {
        assert!((value - expected).abs() < tolerance, "{value} {expected}");
    };
    let [vx, vy] = before.velocity;
    check(after.velocity[0], vx, 1e-3);
    check(after.velocity[1], vy - 9.81 * seconds, 1e-3);
    check(after.middle[0], before.middle[0] + vx * seconds, 1e-3);
    // A step of the physics moves by the velocity after it, not by the mean of both.
    let physics_steps = f64::from(n_steps) * 16.0;
    let fallen = 9.81 * seconds * seconds / 2.0 * (1.0 + 1.0 / physics_steps);
    check(
        after.middle[1],
        before.middle[1] + vy * seconds - fallen,
        5e-3,
    );
    check(after.angular_momentum, before.angular_momentum, 2e-2);
}

#[test]
fn joints_stay_within_their_limits_and_motors_within_their_speed() {
    let robot = robot();
    for action in [1.0, -1.0] {
        let mut at = flying();
        for _ in 0..60 {
            at.root = flying().root;
            robot.step(&mut at, &[action]);
            assert!(at.joint_velocities[0].abs() < 20.5, "{at:?}");
        }
        let [low, high] = LINKS[1].limits;
        assert!(
            low - 0.1 < at.joints[0] && at.joints[0] < high + 0.1,
            "{at:?}"
        );
        assert!(
            (at.joints[0] - 2.0 * f64::from(action)).abs() < 0.1,
            "{at:?}"
        );
    }
}

#[test]
fn what_lies_on_the_ground_stays_there() {
    let robot = robot();
    let mut at = robot.standing();
    at.root[2] = 1.5;
    at.root[1] -= robot.frames(&at).lowest();
    for _ in 0..600 {
        robot.step(&mut at, &[0.0]);
    }
    let lowest = robot.frames(&at).lowest();
    assert!(-0.01 < lowest && lowest < 0.01, "{lowest}");
    let speeds = at.root_velocity.iter().chain(&at.joint_velocities);
    assert!(speeds.into_iter().all(|speed| speed.abs() < 0.05), "{at:?}");
}

#[test]
fn where_a_robot_is_does_not_change_how_it_moves() {
    let robot = robot();
    let mut rng = Seed(0).stream("actions", 0);
    let mut here = robot.standing();
    let mut there = here;
    there.root[0] = 1e6;
    for _ in 0..200 {
        let action = [uniform_in(-1.0, 1.0, &mut rng) as f32];
        robot.step(&mut here, &action);
        robot.step(&mut there, &action);
        assert_eq!(here.root[1..], there.root[1..]);
        assert_eq!(here.joint_velocities, there.joint_velocities);
    }
    assert!((there.root[0] - 1e6 - here.root[0]).abs() < 1e-6);
}

#[test]
fn a_step_depends_on_nothing_but_the_coordinates_and_the_actions() {
    let robots = [robot(), robot()];
    let mut rng = Seed(1).stream("actions", 0);
    let actions: Vec<[f32; 1]> = (0..300)
        .map(|_| [uniform_in(-1.0, 1.0, &mut rng) as f32])
        .collect();
    let mut at = robots[0].standing();
    let mut path = vec![];
    for action in &actions {
        robots[0].step(&mut at, action);
        path.push(at);
    }
    // From any state on the way, by another robot, on another thread.
    std::thread::scope(|scope| {
        for first in [0, 37, 140, 141, 250] {
            let (path, actions, robots) = (&path, &actions, &robots);
            scope.spawn(move || {
                let mut numbers = vec![];
                path[first].write(&mut numbers);
                let mut at = Coordinates::<1>::read(&numbers).unwrap();
                for (action, expected) in actions.iter().zip(path).skip(first + 1) {
                    robots[1].step(&mut at, action);
                    assert_eq!(at, *expected);
                }
            });
        }
    });
}

#[test]
fn numbers_that_are_no_place_are_refused() {
    let check = |values: &[f64], expected: &str| {
        let error = Coordinates::<1>::read(values).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(&[0.0; 7], "a state has 8 numbers, not 7");
    check(&[f64::NAN; 8], "NaN is no place of a robot");
}
