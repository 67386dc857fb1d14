//! How small networks learn fast on a CPU.

mod adam;
mod aligned;
mod kernels;
mod model;
mod pool;
mod schedule;
mod shape;
mod workspace;

pub use adam::{Adam, AdamConfig, clip_gradient_norm, gradient_norm};
pub use kernels::instruction_set;
pub use model::{Model, Statistics, Tile};
pub use pool::Pool;
pub use schedule::Schedule;
pub use shape::{Activation, Initialization, MlpShape};
pub use workspace::Workspace;
