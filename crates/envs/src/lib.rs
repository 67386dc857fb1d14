//! Environments that know their own intent.

mod classic;

pub use classic::{
    Acrobot, AcrobotReward, CartPole, MountainCar, MountainCarContinuous, Pendulum, PendulumReward,
};
