//! Tabular environments: those of Gymnasium, those of seals, and rooms for shaping.

use envs::{
    CliffPolicy, CliffWalking, FrozenLake, FrozenLakeSettings, LakeMap, MontezumaRooms,
    RoomsPolicy, RoomsReward, Taxi, TaxiDriver, TaxiSettings,
};

use super::task::TypedTask;
use super::{EnvironmentEntry, choice, limited, parsed, time_limit};
use crate::experiment::Values;
use crate::settings::{Kind, Setting, Value};

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![montezuma_rooms(), frozen_lake(), taxi(), cliff_walking()]
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
