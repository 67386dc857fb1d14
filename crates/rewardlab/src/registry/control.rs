//! Classic control.

use envs::{Acrobot, CartPole, MountainCar, MountainCarContinuous, Pendulum};
use mdp::Rng;

use super::task::TypedTask;
use super::{EnvironmentEntry, choice, limited, parsed, time_limit};

pub(super) fn entries() -> Vec<EnvironmentEntry> {
    vec![
        cartpole(),
        acrobot(),
        pendulum(),
        mountaincar(),
        mountaincar_continuous(),
    ]
}

fn cartpole() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "cartpole",
        about: "a pole on a cart is kept upright (CartPole-v1)",
        meanings: |_| ("steps upright", "steps upright"),
        settings: vec![time_limit(CartPole::TIME_LIMIT)],
        policies: &[(
            "balancer",
            "pushes to where the pole leans and falls, and a little back to the middle",
        )],
        seconds_per_step: 0.02,
        make: |values| {
            let task = TypedTask::new(limited(CartPole, values));
            Ok(task.with("balancer", balance).boxed())
        },
    }
}

/// A linear controller of the pole: the side is that of `θ + θ̇/2 + x/20 + ẋ/10`.
fn balance([position, speed, angle, angular_speed]: &[f32; 4], _: &mut Rng) -> usize {
    usize::from(angle + 0.5 * angular_speed + 0.05 * position + 0.1 * speed > 0.0)
}

fn acrobot() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "acrobot",
        about: "two links are swung up to a line (Acrobot-v1)",
        meanings: |values| {
            let reward = match values.text("reward") {
                Some("height") => "height of the tip, negative below the line",
                Some("hover") => "height of the tip, always positive",
                _ => "steps until the line, negative",
            };
            (reward, "steps until the line, negative")
        },
        settings: vec![
            choice(
                "reward",
                &["own", "height", "hover"],
                "own",
                "what is paid: Gymnasium's reward, the tip's height below the line, or a share of its height that makes reaching the line cost pay",
            ),
            time_limit(Acrobot::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: 0.2,
        make: |values| {
            let acrobot = Acrobot {
                reward: parsed(values, "reward")?,
            };
            Ok(TypedTask::new(limited(acrobot, values)).boxed())
        },
    }
}

fn pendulum() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "pendulum",
        about: "a pendulum is swung up and held (Pendulum-v1)",
        meanings: |values| {
            let intent = "standing upright and still";
            (
                if values.text("reward") == Some("speed") {
                    "angular speed"
                } else {
                    intent
                },
                intent,
            )
        },
        settings: vec![
            choice(
                "reward",
                &["own", "speed"],
                "own",
                "what is paid: Gymnasium's reward, or angular speed",
            ),
            time_limit(Pendulum::TIME_LIMIT),
        ],
        policies: &[],
        seconds_per_step: 0.05,
        make: |values| {
            let pendulum = Pendulum {
                reward: parsed(values, "reward")?,
            };
            Ok(TypedTask::new(limited(pendulum, values)).boxed())
        },
    }
}

fn mountaincar() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "mountaincar",
        about: "a weak car swings itself out of a valley (MountainCar-v0)",
        meanings: |_| {
            (
                "steps until the flag, negative",
                "steps until the flag, negative",
            )
        },
        settings: vec![time_limit(MountainCar::TIME_LIMIT)],
        policies: &[],
        seconds_per_step: 0.03,
        make: |values| Ok(TypedTask::new(limited(MountainCar, values)).boxed()),
    }
}

fn mountaincar_continuous() -> EnvironmentEntry {
    EnvironmentEntry {
        name: "mountaincar-continuous",
        about: "the same car with a continuous throttle (MountainCarContinuous-v0)",
        meanings: |_| {
            (
                "reaching the flag, less fuel",
                "reaching the flag, less fuel",
            )
        },
        settings: vec![time_limit(MountainCarContinuous::TIME_LIMIT)],
        policies: &[],
        seconds_per_step: 0.03,
        make: |values| Ok(TypedTask::new(limited(MountainCarContinuous, values)).boxed()),
    }
}
