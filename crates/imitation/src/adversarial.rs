//! Adversarial imitation: a discriminator tells demonstrations from what the policy does, and the policy is rewarded for
//! not being told apart.
//!
//! One round of both methods, in the order of the papers: the policy collects a rollout; the discriminator learns to
//! tell it from demonstrations; the policy learns by PPO from the rewards that the discriminator, as it is now, gives to
//! the rollout. ([`gail`] and [`airl`] say what the discriminator is and what its verdict is worth.)
//!
//! # Ends of episodes
//! A learned reward is known up to things that do not matter where episodes never end, its sign among them; where they
//! do end, the value 0 of what comes after decides whether the policy seeks the end or flees it, whatever was
//! demonstrated (Kostrikov et al., 2019). [`RewardForm::bias`] names the bias of each form. With [`Ends::Absorbing`] what
//! comes after is an absorbing state that lasts for ever and that the discriminator judges: its return is
//! `r_a / (1 - γ)`. Adding a constant to every reward of a process without end moves no policy, so rewards are received
//! relative to `r_a`: the return of the absorbing state is then 0 exactly, and no value needs to be learned before it is
//! right. The shift is reported as the offset of the transform.

pub mod airl;
mod config;
mod discriminator;
mod encoding;
pub mod gail;
mod input_gradient;
mod rows;
mod trainer;
mod transform;

pub use config::{
    DiscriminatorConfig, Ends, GradientPenalty, RewardForm, RewardNormalization, SignBias,
};
pub use trainer::AdversarialTrainer;
