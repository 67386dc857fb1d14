//! Tabular environments: those of Gymnasium, those of seals, and rooms for shaping.

#[cfg(test)]
mod tests;

use envs::{
    Branching, CliffPolicy, CliffWalking, CliffWorld, CliffWorldSize, EarlyTermination, FrozenLake,
    FrozenLakeSettings, InitialShift, LakeMap, MontezumaRooms, NoisyObservations,
    RandomTransitions, RiskyPath, RoomsPolicy, RoomsReward, Taxi, TaxiDriver, TaxiSettings,
};
use mdp::{Seed, TimeLimit};

use super::task::TypedTask;
use super::{EnvironmentEntry, choice, limited, parsed, time_limit};
use crate::experiment::Values;
use crate::settings::{Kind, Setting, Value};

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![
        montezuma_rooms(),
        frozen_lake(),
        taxi(),
        cliff_walking(),
        risky_path(),
        branching(),
        early_termination(),
        initial_shift(),
        cliff_world(),
        random_transitions(),
        noisy_observations(),
    ]
}

fn flag(key: &'static str, default: bool, meaning: &'static str) -> Setting {
    Setting {
        key,
        kind: Kind::Flag,
        default: Some(Value::Flag(default)),
        meaning,
    }
}

fn number(
    key: &'static str,
    (low, high): (f64, f64),
    default: f64,
    meaning: &'static str,
) -> Setting {
    Setting {
        key,
        kind: Kind::Number { low, high },
        default: Some(Value::Number(default)),
        meaning,
    }
}

fn count(
    key: &'static str,
    (low, high): (usize, usize),
    default: usize,
    meaning: &'static str,
) -> Setting {
    Setting {
        key,
        kind: Kind::Count {
            low: low as u64,
            high: high as u64,
        },
        default: Some(Value::Count(default as u64)),
        meaning,
    }
}

fn size(values: &Values, key: &str) -> usize {
    usize::try_from(values.count(key)).expect("the range was checked")
}

/// Rewards that a setting may choose: large enough for any, small enough for sums to stay exact.
const ANY_REWARD: (f64, f64) = (-1e6, 1e6);

fn montezuma_rooms() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "montezuma-rooms",
        about: "rooms with a key, ladders, a skull and a locked door, and three rewards for leaving",
        meanings: |values| {
            let intent = "leaving through the door";
            let reward = match values.text("reward") {
                Some("bonus") => "the door, and keys taken and rungs climbed",
                Some("potential") => "the door, and coming nearer to it",
                _ => intent,
            };
            (reward, intent)
        },
        settings: vec![
            choice(
                "reward",
                &RoomsReward::NAMES,
                "sparse",
                "what is paid: the door alone, a bonus for each key taken and each rung reached too, or the discounted gain in a potential too",
            ),
            number(
                "discount",
                (0.0, 1.0),
                0.99,
                "discount of the potential's gain, which must be the optimiser's own",
            ),
            time_limit(MontezumaRooms::TIME_LIMIT),
        ],
        policies: &[
            ("intended", "fetches the key and leaves, past the skull"),
            ("farmer", "takes the key and hangs it back, for ever"),
            ("climber", "climbs up and down the first ladder, for ever"),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.15,
        make: |values| {
            let name = values.text("reward").unwrap_or_default();
            let reward = RoomsReward::named(name, values.number("discount"))
                .map_err(|error| error.to_string())?;
            let task = TypedTask::new(limited(MontezumaRooms { reward }, values)).enumerable();
            let task = RoomsPolicy::ALL
                .iter()
                .fold(task, |task, policy| task.with(policy.name(), *policy));
            Ok(task.boxed())
        },
    }
}

fn frozen_lake() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "frozen-lake",
        about: "over slippery ice to a goal, past holes (FrozenLake-v1)",
        meanings: |values| {
            let intent = "reaching the goal";
            let usual = FrozenLakeSettings::gymnasium(LakeMap::Small).reward_schedule;
            let reward = if reward_schedule(values) == usual {
                intent
            } else {
                "the reward schedule, for goal, hole and ice"
            };
            (reward, intent)
        },
        settings: vec![
            choice(
                "map",
                &["4x4", "8x8"],
                "4x4",
                "the lake: 16 cells, or 64 (FrozenLake8x8-v1, whose time limit is 200)",
            ),
            flag("slippery", true, "whether a move may slip to either side"),
            number(
                "success_rate",
                (0.0, 1.0),
                1.0 / 3.0,
                "probability of the move that was meant, where it may slip",
            ),
            number(
                "reward_goal",
                ANY_REWARD,
                1.0,
                "what reaching the goal pays",
            ),
            number(
                "reward_hole",
                ANY_REWARD,
                0.0,
                "what falling into a hole pays",
            ),
            number("reward_frozen", ANY_REWARD, 0.0, "what any other step pays"),
            time_limit(LakeMap::Small.time_limit()),
        ],
        policies: &[],
        seconds_per_step: 0.2,
        make: |values| {
            let lake = FrozenLake::new(FrozenLakeSettings {
                map: parsed(values, "map")?,
                slippery: values.flag("slippery"),
                success_rate: values.number("success_rate"),
                reward_schedule: reward_schedule(values),
            });
            Ok(TypedTask::new(limited(lake, values)).enumerable().boxed())
        },
    }
}

fn reward_schedule(values: &Values) -> [f64; 3] {
    ["reward_goal", "reward_hole", "reward_frozen"].map(|key| values.number(key))
}

fn taxi() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "taxi",
        about: "a passenger is fetched and brought where they want to go (Taxi-v3, Taxi-v4)",
        meanings: |_| {
            let both = "the passenger brought, less steps and mistakes";
            (both, both)
        },
        settings: vec![
            flag(
                "rainy",
                false,
                "whether rain takes a move to either side instead",
            ),
            number(
                "rainy_probability",
                (0.0, 1.0),
                Taxi::RAIN,
                "probability of the move that was meant, in the rain",
            ),
            flag(
                "fickle_passenger",
                false,
                "whether the passenger may choose another destination once, when first taken along",
            ),
            number(
                "fickle_probability",
                (0.0, 1.0),
                Taxi::FICKLENESS,
                "probability that a fickle passenger does",
            ),
            time_limit(Taxi::TIME_LIMIT),
        ],
        policies: &[(
            "driver",
            "drives the shortest way to the passenger, then to the destination",
        )],
        seconds_per_step: 0.2,
        make: |values| {
            let set = |flag, key| values.flag(flag).then(|| values.number(key));
            let taxi = Taxi::new(TaxiSettings {
                rain: set("rainy", "rainy_probability"),
                fickleness: set("fickle_passenger", "fickle_probability"),
            });
            let task = TypedTask::new(limited(taxi, values)).enumerable();
            Ok(task.with("driver", TaxiDriver).boxed())
        },
    }
}

fn cliff_walking() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "cliff-walking",
        about: "along a cliff to a goal (CliffWalking-v1)",
        meanings: |_| {
            let both = "steps, negative, and falls, a hundredfold";
            (both, both)
        },
        settings: vec![
            flag("slippery", false, "whether a step may go to either side"),
            time_limit(200),
        ],
        policies: &[
            ("careful", "keeps a row away from the edge"),
            ("edge", "walks along the edge, the shortest way"),
            ("random", "draws every action with the same probability"),
        ],
        seconds_per_step: 0.2,
        make: |values| {
            let cliff = if values.flag("slippery") {
                CliffWalking::slippery()
            } else {
                CliffWalking::dry()
            };
            let task = TypedTask::new(limited(cliff, values)).enumerable();
            Ok(task
                .with("careful", CliffPolicy::Careful)
                .with("edge", CliffPolicy::Edge)
                .with("random", CliffPolicy::Random)
                .boxed())
        },
    }
}

fn risky_path() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "risky-path",
        about: "a safe way to the goal and a gamble (seals/RiskyPath-v0)",
        meanings: |_| {
            let both = "steps in the goal, and ruin, a hundredfold and negative";
            (both, both)
        },
        settings: vec![time_limit(RiskyPath::TIME_LIMIT)],
        policies: &[("safe", "goes the safe way"), ("risky", "takes the gamble")],
        seconds_per_step: 0.5,
        make: |values| {
            let task = TypedTask::new(limited(RiskyPath::new(), values)).enumerable();
            Ok(task
                .with("safe", |_: &usize, _: &mut mdp::Rng| 0)
                .with("risky", |state: &usize, _: &mut mdp::Rng| {
                    usize::from(*state == 0)
                })
                .boxed())
        },
    }
}

fn branching() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "branching",
        about: "one path of many steps among dead ends (seals/Branching-v0)",
        meanings: |_| {
            let both = "steps at the end of the path";
            (both, both)
        },
        settings: vec![
            count(
                "branch_factor",
                (1, Branching::MAX_BRANCH_FACTOR),
                Branching::BRANCH_FACTOR,
                "ways at each fork",
            ),
            count(
                "length",
                (1, 1_000),
                Branching::LENGTH,
                "forks of the path; the time limit must exceed it for the end to pay",
            ),
            time_limit(Branching::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: 0.5,
        make: |values| {
            let path = Branching::new(size(values, "branch_factor"), size(values, "length"));
            Ok(TypedTask::new(limited(path, values)).enumerable().boxed())
        },
    }
}

fn early_termination() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "early-termination",
        about: "an end that comes too early or too late, by the sign of the reward (seals/EarlyTermPos-v0, seals/EarlyTermNeg-v0)",
        meanings: |values| match values.text("reward") {
            Some("negative") => ("steps, negative", "steps, negative"),
            _ => ("steps", "steps"),
        },
        settings: vec![
            choice(
                "reward",
                &["positive", "negative"],
                "positive",
                "what each step pays: 1 or -1",
            ),
            time_limit(EarlyTermination::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: 0.5,
        make: |values| {
            let task = match values.text("reward") {
                Some("negative") => EarlyTermination::negative(),
                _ => EarlyTermination::positive(),
            };
            Ok(TypedTask::new(limited(task, values)).enumerable().boxed())
        },
    }
}

fn initial_shift() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "initial-shift",
        about: "a tree that is entered at the root or at its left branch (seals/InitShiftTrain-v0, seals/InitShiftTest-v0)",
        meanings: |_| {
            let both = "what the leaf pays";
            (both, both)
        },
        settings: vec![
            choice(
                "start",
                &["train", "test"],
                "train",
                "where an episode begins: the root, or the left branch",
            ),
            time_limit(InitialShift::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: 0.5,
        make: |values| {
            let tree = match values.text("start") {
                Some("test") => InitialShift::test(),
                _ => InitialShift::train(),
            };
            Ok(TypedTask::new(limited(tree, values)).enumerable().boxed())
        },
    }
}

fn cliff_world() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "cliff-world",
        about: "a windy grid with a goal beyond a cliff (seals/CliffWorld7x4-v0 and larger)",
        meanings: |_| {
            let both = "steps in the goal, less those on the cliff and elsewhere";
            (both, both)
        },
        settings: vec![
            choice(
                "size",
                &["7x4", "15x6", "100x20"],
                "7x4",
                "columns and rows; an episode has 9, 18 or 110 steps",
            ),
            number(
                "wind",
                (0.0, 1.0),
                CliffWorld::WIND,
                "probability that a step is blown one row further up",
            ),
        ],
        policies: &[],
        seconds_per_step: 0.3,
        make: |values| {
            let size: CliffWorldSize = parsed(values, "size")?;
            let grid = CliffWorld::with_wind(size, values.number("wind"));
            let limited = TimeLimit::new(grid, size.time_limit());
            Ok(TypedTask::new(limited).enumerable().boxed())
        },
    }
}

fn random_transitions() -> EnvironmentEntry {
    const SEED: Kind = Kind::Count {
        low: 0,
        high: crate::settings::MOST,
    };
    const PUBLISHED: (usize, usize, usize) = (
        RandomTransitions::N_STATES,
        RandomTransitions::N_ACTIONS,
        RandomTransitions::BRANCH_FACTOR,
    );
    EnvironmentEntry {
        name: "random-transitions",
        about: "an MDP without structure (seals/Random-v0, or drawn by its recipe)",
        meanings: |_| {
            let both = "what was drawn for each state";
            (both, both)
        },
        settings: vec![
            Setting {
                key: "generator_seed",
                kind: Kind::Optional(&SEED),
                default: Some(Value::Nothing),
                meaning: "seed that draws an MDP of the sizes below; without one it is the published one",
            },
            count(
                "states",
                (1, 10_000),
                RandomTransitions::N_STATES,
                "states of a drawn MDP",
            ),
            count(
                "actions",
                (1, RandomTransitions::MAX_ACTIONS),
                RandomTransitions::N_ACTIONS,
                "actions of a drawn MDP",
            ),
            count(
                "branch_factor",
                (1, 100),
                RandomTransitions::BRANCH_FACTOR,
                "the most successors that an action of a drawn MDP has",
            ),
            time_limit(RandomTransitions::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: 0.5,
        make: |values| {
            let [states, actions, branches] =
                ["states", "actions", "branch_factor"].map(|key| size(values, key));
            let task = match values.get("generator_seed").and_then(Value::as_count) {
                None if (states, actions, branches) != PUBLISHED => {
                    return Err("the published MDP has 16 states, 3 actions and branch_factor 2; give generator_seed to draw another".to_owned());
                }
                None => RandomTransitions::published(),
                Some(_) if branches > states => {
                    return Err(format!(
                        "branch_factor {branches} exceeds the {states} states; raise states or lower it"
                    ));
                }
                Some(seed) => RandomTransitions::drawn(states, actions, branches, Seed(seed)),
            };
            Ok(TypedTask::new(limited(task, values)).enumerable().boxed())
        },
    }
}

fn noisy_observations() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "noisy-observations",
        about: "a small grid seen among numbers that mean nothing (seals/NoisyObs-v0)",
        meanings: |_| ("steps in the centre", "steps in the centre"),
        settings: vec![time_limit(NoisyObservations::TIME_LIMIT)],
        policies: &[],
        seconds_per_step: 0.3,
        make: |values| {
            let task = TypedTask::new(limited(NoisyObservations, values));
            Ok(task.enumerable().boxed())
        },
    }
}
