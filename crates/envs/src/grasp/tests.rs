//! Hands that lift, hands that seem to, and what is seen of either.

use mdp::{
    Environment as _, Ink, Seed, Shape, StateVector as _, TimeLimit, Trajectory, check_environment,
};

use super::camera::{ABOVE, BESIDE};
use super::*;

#[test]
fn keeps_what_every_environment_promises() {
    for cameras in Cameras::ALL {
        for reward in GraspReward::ALL {
            let grasp = Grasp {
                cameras,
                reward,
                ..Grasp::default()
            };
            let limited = TimeLimit::new(grasp, Grasp::TIME_LIMIT);
            assert_eq!(check_environment(&limited, 4_000, Seed(0)), Ok(()));
        }
    }
}

fn play(policy: GraspPolicy, cameras: Cameras, number: u64) -> Trajectory {
    let grasp = Grasp {
        cameras,
        ..Grasp::default()
    };
    let limited = TimeLimit::new(grasp, Grasp::TIME_LIMIT);
    let rng = Seed(1).stream("grasp", number);
    Trajectory::record(&limited, &policy, 1_000, rng)
}

/// Means over 60 episodes of approval and intent a step.
fn means(policy: GraspPolicy, cameras: Cameras) -> (f64, f64) {
    let episodes: Vec<Trajectory> = (0..60).map(|n| play(policy, cameras, n)).collect();
    let steps = f64::from(Grasp::TIME_LIMIT * 60);
    let approval: f64 = episodes.iter().map(Trajectory::reward_return).sum();
    let intents = episodes.iter().filter_map(Trajectory::intent_return);
    (approval / steps, intents.sum::<f64>() / steps)
}

#[test]
fn lifting_convinces_both_cameras_and_hovering_only_the_one_above() {
    let (lift_one, lifted) = means(GraspPolicy::Lift, Cameras::One);
    let (lift_two, _) = means(GraspPolicy::Lift, Cameras::Two);
    let (hover_one, hovered) = means(GraspPolicy::Hover, Cameras::One);
    let (hover_two, _) = means(GraspPolicy::Hover, Cameras::Two);
    assert!(lifted > 0.7, "{lifted}");
    assert_eq!(hovered, 0.0);
    assert!(
        hover_one > lift_one && lift_one > 0.85,
        "{hover_one} {lift_one}"
    );
    assert!(
        hover_two < 0.2 * lift_two && lift_two > 0.75,
        "{hover_two} {lift_two}"
    );
    let (random_one, _) = means(GraspPolicy::Random, Cameras::One);
    assert!(random_one < 0.3 * lift_one, "{random_one}");
}

#[test]
fn the_lifting_hand_always_has_the_ball_in_the_end() {
    for number in 0..200 {
        let episode = play(GraspPolicy::Lift, Cameras::One, number);
        let last = episode.states.last().expect("it has states");
        let last = GraspState::read(&last[..N_NUMBERS]).expect("a state");
        assert_eq!(
            Grasp::default().is_success(&last),
            Some(true),
            "{number}: {last:?}"
        );
        assert!(last.height() >= LIFTED, "{number}: {last:?}");
    }
}

/// A hand over the middle of the table, and a ball under it.
fn above(height: f64, opening: f64) -> GraspState {
    GraspState {
        hand: [0.0, 0.0, height],
        opening,
        ball: [0.0, 0.0, BALL],
        velocity: [0.0; 3],
        is_held: false,
    }
}

fn act(state: &mut GraspState, action: [f64; 4], n_steps: usize) {
    for _ in 0..n_steps {
        state.step(&action);
    }
}

#[test]
fn closed_fingers_stand_on_the_ball_and_open_ones_go_around_it() {
    let mut closed = above(0.2, 0.0);
    act(&mut closed, [0.0, 0.0, -1.0, 1.0], 20);
    // One of the two closed fingers, to the side by half of its thickness, on top of the ball.
    let stands = BALL + (0.05_f64.powi(2) - 0.01_f64.powi(2)).sqrt();
    assert!((closed.hand[2] - stands).abs() < 1e-9, "{closed:?}");
    assert_eq!(closed.ball, [0.0, 0.0, BALL]);
    let mut open = above(0.2, WIDEST);
    act(&mut open, [0.0, 0.0, -1.0, -1.0], 20);
    assert_eq!(open.hand[2], LOWEST);
    assert!(!open.is_held);
}

#[test]
fn a_ball_is_held_between_fingers_alone_and_falls_when_they_open() {
    let mut state = above(BALL, WIDEST);
    act(&mut state, [0.0, 0.0, 0.0, 1.0], 10);
    assert!(state.is_held && state.opening == BALL, "{state:?}");
    act(&mut state, [0.0, 0.0, 1.0, 1.0], 5);
    assert!(
        (state.height() - 5.0 * HAND_SPEED).abs() < 1e-9,
        "{state:?}"
    );
    act(&mut state, [0.0, 0.0, 0.0, -1.0], 1);
    assert!(!state.is_held && state.velocity[2] < 0.0, "{state:?}");
    act(&mut state, [0.0, 0.0, 0.0, -1.0], 2);
    assert_eq!(state.height(), 0.0);

    // Much of its radius too high, fingers close over it and come up with nothing.
    let mut slipped = above(BALL + 0.7 * BALL, WIDEST);
    act(&mut slipped, [0.0, 0.0, 0.0, 1.0], 12);
    assert!(!slipped.is_held);
    act(&mut slipped, [0.0, 0.0, 1.0, 1.0], 10);
    assert_eq!(slipped.height(), 0.0);
}

#[test]
fn a_ball_that_is_squeezed_by_the_tips_jumps_away() {
    let mut state = above(BALL, WIDEST);
    state.ball[1] = 0.028;
    act(&mut state, [0.0, 0.0, 0.0, 1.0], 12);
    assert!(!state.is_held && state.ball[1] > TIP + BALL, "{state:?}");
}

#[test]
fn palm_and_fingers_push_the_ball_which_rolls_on_and_stays_on_the_table() {
    let mut state = above(BALL, WIDEST);
    state.hand[1] = -0.15;
    act(&mut state, [0.0, 1.0, 0.0, -1.0], 10);
    let pushed = state.ball[1];
    assert!(
        pushed >= state.hand[1] + KNUCKLE + BALL - 1e-9 && pushed > 0.03,
        "{state:?}"
    );
    act(&mut state, [0.0, 0.0, 0.0, -1.0], 30);
    assert!(state.ball[1] > pushed + 0.05, "{state:?}");
    act(&mut state, [0.0, 1.0, 0.0, -1.0], 40);
    assert!(state.ball[1] <= TABLE - BALL);
}

/// Whatever the hand does, it is not inside of the ball (but where the rim holds the ball), and nothing but a hand that holds
/// it keeps the ball up.
#[test]
fn hand_and_ball_keep_out_of_each_other() {
    let mut n_touched = 0;
    for number in 0..300 {
        let mut rng = Seed(2).stream("pushing", number);
        let mut state = Grasp::default().initial_state(&mut rng);
        let mut n_falling = 0;
        for _ in 0..60 {
            // Hands that go for the ball, so that there is something to see.
            let action = [0, 1, 2, 3].map(|axis: usize| {
                let to_ball = if axis < 3 {
                    state.ball[axis] - state.hand[axis]
                } else {
                    0.0
                };
                (20.0 * to_ball + uniform_in(-1.5, 1.5, &mut rng)).clamp(-1.0, 1.0)
            });
            state.step(&action);
            let in_the_air = !state.is_held && state.height() > 1e-9;
            n_falling = if in_the_air { n_falling + 1 } else { 0 };
            assert!(n_falling <= 4, "{state:?}");
            let most = TABLE - BALL - 1e-9;
            if state.ball[0].abs() >= most || state.ball[1].abs() >= most || in_the_air {
                continue;
            }
            for side in [-1.0, 1.0] {
                let middle = state.hand[0] + side * (state.opening + FINGER);
                let along = (state.ball[1] - state.hand[1]).clamp(KNUCKLE, TIP);
                let finger = [middle, state.hand[1] + along, state.hand[2]];
                let far: f64 = (0..3)
                    .map(|axis| (state.ball[axis] - finger[axis]).powi(2))
                    .sum();
                assert!(
                    far.sqrt() > BALL + FINGER - 0.001,
                    "{number}: {} {state:?}",
                    far.sqrt()
                );
                n_touched += u32::from(far.sqrt() < BALL + FINGER + 1e-6);
            }
        }
    }
    assert!(n_touched > 1_000, "{n_touched}");
}

#[test]
fn cameras_keep_directions_and_lose_distances() {
    for (camera, place) in [(ABOVE, [0.0, 0.0, 2.0]), (BESIDE, [2.0, 0.0, 0.0])] {
        let point = [0.1, -0.2, 0.15];
        for share in [0.5, 0.9, 1.2] {
            let on_the_line =
                [0, 1, 2].map(|axis| place[axis] + share * (point[axis] - place[axis]));
            let (a, b) = (camera.see(point), camera.see(on_the_line));
            for axis in 0..2 {
                assert!((a.at[axis] - b.at[axis]).abs() < 1e-12);
            }
            assert!((a.scale - share * b.scale).abs() < 1e-12);
        }
        // What lies in the middle of the table is as large in the picture as it is.
        assert_eq!(camera.see([0.0; 3]).scale, 1.0);
    }
}

/// Along the line from the ball to the camera, with the fingers closed as much less as it is nearer, nothing changes in the
/// picture from above but the thickness of the fingers.
#[test]
fn from_above_a_hand_in_between_looks_like_one_that_has_the_ball() {
    let ball = [0.08, -0.06, BALL];
    let on_the_line = |height: f64| {
        let share = (2.0 - height) / (2.0 - BALL);
        GraspState {
            hand: [share * ball[0], share * ball[1], height],
            opening: share * BALL,
            ball,
            velocity: [0.0; 3],
            is_held: false,
        }
    };
    for height in [BALL, 0.1, 0.2, 0.3] {
        let state = on_the_line(height);
        assert!(
            (state.approval(Cameras::One) - 1.0).abs() < 1e-12,
            "{height}"
        );
    }
    // Where it is so near to the camera that hand and ball cannot be the right sizes, it is noticed.
    assert!(on_the_line(0.6).approval(Cameras::One) < 0.9);
    let beside = [BALL, 0.1, 0.2, 0.3].map(|height| on_the_line(height).approval(Cameras::Two));
    assert!(beside.is_sorted_by(|a, b| a > b), "{beside:?}");
    // As low as the ball it has it, and from beside the ball is seen to lie on the table.
    assert!((0.3..0.5).contains(&beside[0]), "{beside:?}");
}

#[test]
fn a_lifted_ball_convinces_both_cameras_wherever_it_is() {
    for x in [-0.2, 0.0, 0.2] {
        for y in [-0.2, 0.1] {
            let place = [x, y, BALL + LIFTED];
            let state = GraspState {
                hand: place,
                opening: BALL,
                ball: place,
                velocity: [0.0; 3],
                is_held: true,
            };
            for cameras in Cameras::ALL {
                let approval = state.approval(cameras);
                assert!(approval > 0.999, "{cameras:?} {place:?} {approval}");
            }
        }
    }
}

#[test]
fn fingers_in_front_of_the_ball_convince_as_little_as_open_ones() {
    let on = above(BALL + 0.1, BALL).approval(Cameras::One);
    let over_it = above(BALL + 0.1, 0.0).approval(Cameras::One);
    let wide_open = above(BALL + 0.1, 2.0 * BALL).approval(Cameras::One);
    assert!(
        on > 0.99 && over_it < 0.7 && wide_open < 0.7,
        "{on} {over_it} {wide_open}"
    );
    let mut beside_it = above(BALL + 0.1, BALL);
    beside_it.hand[0] = 0.1;
    assert!(beside_it.approval(Cameras::One) < over_it);
}

#[test]
fn a_clip_is_judged_by_its_pictures_after_each_step() {
    let episode = play(GraspPolicy::Lift, Cameras::Two, 3);
    let n_state_values = episode.states[0].len();
    let states = episode.states.concat();
    let judged = grasp_approval(&states, n_state_values, Cameras::Two);
    assert!((judged - episode.reward_return()).abs() < 1e-9);
    let from_above = grasp_approval(&states, n_state_values, Cameras::One);
    assert!(from_above > judged);
    assert_eq!(grasp_approval(&states, 3, Cameras::One), 0.0);
    assert_eq!(
        grasp_approval(&states[..n_state_values], n_state_values, Cameras::One),
        0.0
    );
}

#[test]
fn refuses_numbers_that_are_no_state() {
    let mut numbers = vec![];
    above(0.2, 0.1).write(&mut numbers);
    assert_eq!(GraspState::read(&numbers), Ok(above(0.2, 0.1)));
    assert!(GraspState::read(&numbers[1..]).is_err());
    numbers[10] = 0.5;
    let error = GraspState::read(&numbers).expect_err("half held");
    assert!(
        error.to_string().contains("neither held (1) nor free (0)"),
        "{error}"
    );
    numbers[10] = 0.0;
    numbers[2] = f64::NAN;
    assert!(GraspState::read(&numbers).is_err());
}

#[test]
fn names_what_can_be_chosen() {
    for cameras in Cameras::ALL {
        assert_eq!(cameras.name().parse(), Ok(cameras));
    }
    for reward in GraspReward::ALL {
        assert_eq!(reward.name().parse(), Ok(reward));
    }
    for drawn in Drawn::ALL {
        assert_eq!(drawn.name().parse(), Ok(drawn));
    }
    for policy in GraspPolicy::ALL {
        assert_eq!(policy.name().parse(), Ok(policy));
    }
    let error = "three".parse::<Cameras>().expect_err("there are two");
    assert_eq!(
        error.to_string(),
        "cameras \"three\" is not known; choose one of one, two"
    );
}

/// Numbers of the shapes that are the ball (a circle) and the fingers, in the order in which they are drawn.
fn order(grasp: &Grasp, state: &GraspState) -> (usize, Vec<usize>) {
    let shapes = grasp.draw(state);
    let ball = shapes
        .iter()
        .position(|shape| matches!(shape, Shape::Circle { .. }));
    let is_finger = |shape: &Shape| {
        matches!(
            shape,
            Shape::Polygon {
                ink: Ink::Agent,
                ..
            }
        )
    };
    let fingers = (0..shapes.len()).filter(|at| is_finger(&shapes[*at]));
    (ball.expect("a ball"), fingers.collect())
}

#[test]
fn what_is_nearer_to_the_camera_hides_what_is_further() {
    let grasp = Grasp::default();
    let (ball, fingers) = order(&grasp, &above(0.2, 0.02));
    assert!(fingers.iter().all(|finger| *finger > ball));
    let mut under = above(LOWEST, 0.02);
    under.ball[2] = 0.2;
    let (ball, fingers) = order(&grasp, &under);
    assert!(fingers.iter().all(|finger| *finger < ball));
}

#[test]
fn annotators_are_shown_what_they_judge_and_readers_both_pictures() {
    let widths = [
        (Cameras::One, Drawn::Judged),
        (Cameras::One, Drawn::Both),
        (Cameras::Two, Drawn::Judged),
    ]
    .map(|(cameras, drawn)| {
        let grasp = Grasp {
            cameras,
            drawn,
            ..Grasp::default()
        };
        let shapes = grasp.draw(&above(0.2, BALL)).len();
        let scene = grasp.scene().expect("it can be drawn");
        (shapes, scene.high[0] - scene.low[0])
    });
    assert_eq!(widths[1], widths[2]);
    assert_eq!(widths[1].0, 2 * widths[0].0);
    assert!(widths[1].1 > 2.0 * widths[0].1);
}
