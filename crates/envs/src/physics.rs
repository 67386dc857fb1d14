//! Planar robots on flat ground: capsules that hang from one another by motors, moved by `rapier2d`.
//!
//! A step of the physics is a function of numbers and nothing else. A state holds the generalised coordinates of a
//! robot (where its root is, how its joints are bent, and how fast all of that changes); a step places the links by
//! forward kinematics in a copy of one pristine world, lets `rapier2d` move them, and reads the coordinates back.
//! Whatever else a world of `rapier2d` carries from step to step (its tree of boxes, contact graph, islands, impulses to
//! start from, colours of constraints) begins each step of an environment as it was when the world was built. Hence a
//! state that was saved, restored or copied goes on to the same bits, and no world has to be kept with it.
//!
//! # Design
//! Keeping a live world in each state, and serialising all of it, was measured against this: stepping a kept world is a
//! quarter cheaper, but a copy of a state takes as long as a step, and its numbers are thousands, their count changing
//! with the contacts. The coordinates are 12 for a robot of four links. Loading them also puts the joints back together
//! every step, which the solver lets drift apart by millimetres. What is lost is the warm start of the contacts across
//! steps of the environment; the four steps of the physics within one keep it.
//!
//! The physics is moved at `x = 0` and shifted afterwards, so that rounding does not depend on how far a robot has come.

mod picture;
mod robot;
mod world;

#[cfg(test)]
mod tests;

pub(crate) use picture::{capsule, ground_scene, marks};
pub(crate) use robot::{Coordinates, Frames, Link, Robot, frames, wrap};
pub(crate) use world::SECONDS_PER_STEP;
