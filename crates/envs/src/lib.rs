//! Environments that know their own intent.

mod classic;
mod coast_runners;
mod setting;

pub use classic::{
    Acrobot, AcrobotReward, CartPole, MountainCar, MountainCarContinuous, Pendulum, PendulumReward,
};
pub use coast_runners::{Boat, CoastPilot, CoastReward, CoastRunners, Course};
pub use setting::UnknownName;
