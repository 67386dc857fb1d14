//! Classic control, with the dynamics of Gymnasium 1.x.
//!
//! Each file follows the arithmetic of its namesake in `gymnasium/envs/classic_control`, the order of operations
//! and the places where it rounds to 32 bits included. The time limits that Gymnasium registers stand apart, as
//! `TIME_LIMIT`, and `with_time_limit` applies them. The intent is always Gymnasium's own reward: that is what
//! these tasks are known to mean.

mod acrobot;
mod cart_pole;
mod mountain_car;
mod pendulum;

#[cfg(test)]
mod tests;

pub use acrobot::{Acrobot, AcrobotReward};
pub use cart_pole::CartPole;
pub use mountain_car::{MountainCar, MountainCarContinuous};
pub use pendulum::{Pendulum, PendulumReward};

/// The point at `distance` from `from` in the direction that is `angle` clockwise of straight up.
fn clockwise(from: [f64; 2], angle: f64, distance: f64) -> [f64; 2] {
    [
        from[0] + distance * angle.sin(),
        from[1] + distance * angle.cos(),
    ]
}
