//! Environments in which the reward channel itself can be influenced.

use envs::{
    Conduct, DriftingRecommender, Remedy, TamperedFeedback, TamperedFunction, TamperedRegister,
    TamperedSensor, TamperingPolicy,
};
use mdp::{Enumerable, Policy};

use super::task::{Task, TypedTask};
use super::{EnvironmentEntry, choice, parsed};
use crate::experiment::Values;
use crate::settings::Setting;

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![sensor(), function(), register(), feedback(), recommender()]
}

const POLICIES: &[(&str, &str)] = &[
    (
        "honest",
        "does what was meant, and leaves the reward channel alone",
    ),
    (
        "tamperer",
        "reaches for the reward channel, and takes what that pays",
    ),
    ("random", "draws every action with the same probability"),
];

fn remedy() -> Setting {
    choice(
        "remedy",
        &["none", "current-function", "belief", "counterfactual"],
        "none",
        "what is paid in place of a reward that can be tampered with: what the function of the beginning makes of what is observed, what is believed of the world, or what would be paid had a safe policy acted",
    )
}

/// What the reward pays for: `plain` unless the remedy is one of those that change it here.
fn paid(
    values: &Values,
    plain: &'static str,
    cured: &[(&'static str, &'static str)],
) -> &'static str {
    let remedy = values.text("remedy").unwrap_or_default();
    let changed = cured.iter().find(|(name, _)| *name == remedy);
    changed.map_or(plain, |(_, meaning)| *meaning)
}

fn task<E>(values: &Values, environment: fn(Remedy) -> E) -> Result<Box<dyn Task>, String>
where
    E: Enumerable<Action = usize> + Clone + 'static,
    TamperingPolicy<E>: Policy<E::Observation, usize>,
{
    let environment = environment(parsed(values, "remedy")?);
    let policy = |conduct| TamperingPolicy::new(environment.clone(), conduct);
    Ok(TypedTask::new(environment.clone())
        .with("honest", policy(Conduct::Honest))
        .with("tamperer", policy(Conduct::Tamperer))
        .with("random", policy(Conduct::Random))
        .enumerable_without_limit()
        .boxed())
}

fn sensor() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "tampered-sensor",
        about: "a sweeper is paid for beds that look clean to a camera, which it can cover",
        meanings: |values| {
            let cured = [("belief", "beds believed to be clean, less sweeping")];
            (
                paid(values, "beds that look clean, less sweeping", &cured),
                "beds that are clean, less sweeping",
            )
        },
        settings: vec![remedy()],
        policies: POLICIES,
        seconds_per_step: 0.4,
        make: |values| task(values, TamperedSensor::new),
    }
}

fn function() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "tampered-function",
        about: "a worker is paid for fruit by a function that it can rewrite at a console",
        meanings: |values| {
            let cured = [
                (
                    "current-function",
                    "apples, as the function of the beginning pays",
                ),
                ("counterfactual", "fruit, as the owner's function pays"),
            ];
            (
                paid(values, "what the function in force pays for", &cured),
                "the fruit that the owner wants at the time",
            )
        },
        settings: vec![remedy()],
        policies: POLICIES,
        seconds_per_step: 0.3,
        make: |values| task(values, |remedy| TamperedFunction { remedy }),
    }
}

fn register() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "tampered-register",
        about: "a worker is paid for apples, and can write the number that it receives",
        meanings: |values| {
            let cured = [
                ("current-function", "apples in the store"),
                ("counterfactual", "apples in the store"),
            ];
            (
                paid(values, "the number in the register", &cured),
                "apples in the store",
            )
        },
        settings: vec![remedy()],
        policies: POLICIES,
        seconds_per_step: 0.3,
        make: |values| task(values, |remedy| TamperedRegister { remedy }),
    }
}

fn feedback() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "tampered-feedback",
        about: "a cook is paid by what a taster's answers taught, and can charm the taster",
        meanings: |values| {
            let cured = [
                (
                    "current-function",
                    "dishes, by the estimates of the beginning",
                ),
                ("counterfactual", "dishes, by the answers to a safe cook"),
            ];
            (
                paid(values, "dishes, by the estimates learned so far", &cured),
                "dishes, by how probably they are liked",
            )
        },
        settings: vec![remedy()],
        policies: POLICIES,
        seconds_per_step: 0.5,
        make: |values| task(values, |remedy| TamperedFeedback { remedy }),
    }
}

fn recommender() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "drifting-recommender",
        about: "a recommender is paid by clicks, and shifts the taste of the user who clicks",
        meanings: |values| {
            let cured = [
                ("current-function", "clicks, by the taste of the beginning"),
                ("counterfactual", "clicks, by the taste without outrage"),
            ];
            (
                paid(values, "clicks", &cured),
                "what the item is worth to the user",
            )
        },
        settings: vec![remedy()],
        policies: POLICIES,
        seconds_per_step: 0.5,
        make: |values| task(values, |remedy| DriftingRecommender { remedy }),
    }
}
