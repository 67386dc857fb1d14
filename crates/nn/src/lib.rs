//! How small networks learn fast on a CPU.

mod adam;
mod aligned;
mod error;
mod file;
mod heads;
mod kernels;
mod layout;
mod model;
mod passes;
mod pool;
#[cfg(test)]
mod reference;
mod running_norm;
mod schedule;
mod shape;
mod workspace;

pub use adam::{Adam, AdamConfig, clip_gradient_norm, gradient_norm};
pub use error::Error;
pub use file::{Saved, load, save};
pub use heads::{Head, HeadInputs};
pub use kernels::{exp, instruction_set, tanh};
pub use model::{Model, Statistics, Tile};
pub use pool::Pool;
pub use running_norm::{Normalization, RunningNorm};
pub use schedule::Schedule;
pub use shape::{Activation, Initialization, MlpShape};
pub use workspace::Workspace;
