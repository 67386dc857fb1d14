//! The environments that this project is known by: rewards that are gamed, with honest twins.

use envs::{CleaningPolicy, CleaningRobot, CoastRunners, NailFactory, NailPolicy};

use super::task::TypedTask;
use super::{EnvironmentEntry, choice, is_intent, limited, parsed, time_limit};

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![coast_runners(), cleaning_robot(), nail_factory()]
}

fn coast_runners() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "coast-runners",
        about: "a boat race with points along the course, and more of them in a lagoon beside it",
        meanings: |values| {
            let intent = "progress to the finish, less damage and time";
            (
                if is_intent(values) {
                    intent
                } else {
                    "points scored"
                },
                intent,
            )
        },
        settings: vec![
            choice(
                "course",
                &["bay", "estuary", "archipelago", "canal"],
                "bay",
                "the map that is raced on; each has a lagoon of its own",
            ),
            choice(
                "reward",
                &["score", "intent"],
                "score",
                "what is paid: points, or what was meant",
            ),
            time_limit(CoastRunners::TIME_LIMIT),
        ],
        policies: &[
            (
                "driver",
                "finishes the race and takes the targets on its way",
            ),
            (
                "looper",
                "turns into the lagoon and circles there for points",
            ),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.05,
        make: |values| {
            let boat = CoastRunners::new(parsed(values, "course")?, parsed(values, "reward")?);
            let (driver, looper, drifter) = (boat.driver(), boat.looper(), boat.drifter());
            let task = TypedTask::new(limited(boat, values));
            Ok(task
                .with("driver", driver)
                .with("looper", looper)
                .with("random", drifter)
                .boxed())
        },
    }
}

fn cleaning_robot() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "cleaning-robot",
        about: "a robot that picks up messes, with a bin that it can empty anywhere",
        meanings: |values| {
            let intent = "time during which the room is clean";
            (
                if is_intent(values) {
                    intent
                } else {
                    "messes picked up"
                },
                intent,
            )
        },
        settings: vec![
            choice(
                "reward",
                &["pay", "intent"],
                "pay",
                "what is paid: a mess picked up, or what was meant",
            ),
            time_limit(CleaningRobot::TIME_LIMIT),
        ],
        policies: &[
            (
                "cleaner",
                "picks up every mess and empties its bin down the chute",
            ),
            ("dumper", "dumps its bin on the floor and picks it up again"),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.1,
        make: |values| {
            let task = TypedTask::new(limited(
                CleaningRobot::new(parsed(values, "reward")?),
                values,
            ));
            Ok(task
                .with("cleaner", CleaningPolicy::Cleaner)
                .with("dumper", CleaningPolicy::Dumper)
                .with("random", CleaningPolicy::Random)
                .boxed())
        },
    }
}

fn nail_factory() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "nail-factory",
        about: "a factory that plans how to turn steel into nails of five sizes",
        meanings: |values| {
            let intent = "nails that meet demand, less waste";
            let reward = match values.text("reward") {
                Some("count") => "nails made, by count",
                Some("weight") => "nails made, by weight",
                _ => intent,
            };
            (reward, intent)
        },
        settings: vec![choice(
            "reward",
            &["count", "weight", "intent"],
            "count",
            "the measure of the plan: how many nails, how heavy, or what was meant",
        )],
        policies: &[
            ("planner", "plans for the orders"),
            ("tacks", "makes nothing but tacks"),
            ("slabs", "makes nothing but slabs"),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.5,
        make: |values| {
            let task = TypedTask::new(NailFactory {
                reward: parsed(values, "reward")?,
            });
            Ok(task
                .with("planner", NailPolicy::Planner)
                .with("tacks", NailPolicy::Tacks)
                .with("slabs", NailPolicy::Slabs)
                .with("random", NailPolicy::Uniform)
                .boxed())
        },
    }
}
