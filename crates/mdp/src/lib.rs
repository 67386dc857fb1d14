//! What an environment, a reward, a policy and a trajectory are; and, for finite ones, the exact answers.

mod random;

pub use random::{
    Rng, RngState, Seed, categorical, index, normal, restore_rng, save_rng, uniform, uniform_in,
};
