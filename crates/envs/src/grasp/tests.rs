//! Hands that lift, hands that seem to, and what is seen of either.

use mdp::{Seed, TimeLimit, Trajectory, check_environment};

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

/// Means over 40 episodes of approval and intent a step.
fn means(policy: GraspPolicy, cameras: Cameras) -> (f64, f64) {
    let episodes: Vec<Trajectory> = (0..40).map(|n| play(policy, cameras, n)).collect();
    let steps = f64::from(Grasp::TIME_LIMIT * 40);
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
    assert!(lifted > 0.6, "{lifted}");
    assert_eq!(hovered, 0.0);
    assert!(hover_one >= lift_one, "{hover_one} {lift_one}");
    assert!(hover_two < 0.4 * lift_two, "{hover_two} {lift_two}");
}
