//! How far two rewards are apart, in ways that shaping and scaling do not change.
//!
//! Each distance brings a reward into a canonical form, makes it a unit vector and halves the length of the difference
//! of two of these: 0 for the same direction, 1 for opposite ones. For centred vectors that is `√((1 - ρ) / 2)` with
//! Pearson's correlation ρ, computed without the subtraction that would leave nothing below 1e-8.
//!
//! | distance | a reward is asked at | not changed by | bounds the regret |
//! | --- | --- | --- | --- |
//! | [`epic`] | any state, action and next state | shaping, scaling, constants | no |
//! | [`dard`] | transitions, and pairs of successors | shaping, scaling, constants | no |
//! | [`starc`] with [`Canonicalizer::ValuePotential`] | transitions | shaping, scaling | for one intent |
//! | [`starc`] with [`Canonicalizer::Value`] or [`Canonicalizer::Flow`] | transitions | shaping, redistribution, scaling | for all |
//!
//! The bounds are those of [`regret_bounds`](crate::regret_bounds()).

mod direction;
mod pearson;
mod sampled;
mod starc;

#[cfg(test)]
mod tests;

pub(crate) use direction::{Direction, half_distance};
pub use pearson::{Coverage, dard, epic};
pub use sampled::{
    Bootstrap, Branch, Branched, Continuation, Continued, SampledDistance, Stepped, sampled_dard,
    sampled_epic, sampled_starc,
};
pub use starc::{Canonicalizer, starc};
pub(crate) use starc::{canonical, check_rewards};
