//! Robots that are moved by a physics engine.

use envs::{Hopper, Walker};

use super::task::TypedTask;
use super::{EnvironmentEntry, choice, limited, parsed, time_limit};

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![hopper(), walker()]
}

fn hopper() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "hopper",
        about: "a planar robot on one leg that runs, or turns backflips",
        meanings: |values| {
            let is_backflip = values.text("task") == Some("backflip");
            let intent = if is_backflip {
                "full turns backwards landed upright"
            } else {
                "metres travelled upright"
            };
            let reward = match (values.text("reward"), is_backflip) {
                (Some("none"), _) => "nothing",
                (_, true) => "turning backwards, the more the higher and the harder it works",
                (_, false) => "standing upright, and speed forwards",
            };
            (reward, intent)
        },
        settings: vec![
            choice(
                "task",
                &["run", "backflip"],
                "run",
                "what was meant: to get ahead upright, or to turn backflips",
            ),
            choice(
                "reward",
                &["hand-written", "none"],
                "hand-written",
                "what is paid: a reward written by hand for the task, or nothing",
            ),
            time_limit(Hopper::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: Hopper::SECONDS_PER_STEP,
        make: |values| {
            let hopper = Hopper::new(parsed(values, "task")?, parsed(values, "reward")?);
            Ok(TypedTask::new(limited(hopper, values)).boxed())
        },
    }
}

fn walker() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "walker",
        about: "a planar robot with two legs that is meant to get ahead on one",
        meanings: |values| {
            let reward = match values.text("reward") {
                Some("none") => "nothing",
                _ => "standing upright, and speed forwards",
            };
            (
                reward,
                "metres travelled upright before anything but one foot touched the ground",
            )
        },
        settings: vec![
            choice(
                "reward",
                &["walk", "none"],
                "walk",
                "what is paid: walking, on whatever legs, or nothing",
            ),
            time_limit(Walker::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: Walker::SECONDS_PER_STEP,
        make: |values| {
            let walker = Walker::new(parsed(values, "reward")?);
            Ok(TypedTask::new(limited(walker, values)).boxed())
        },
    }
}
