//! How small networks learn fast on a CPU.
//!
//! Multilayer perceptrons of the sizes that control needs, a few hundred units wide at most, and convolutions over small
//! maps, with everything that one step of learning takes: a [`Model`] of one or several networks over one flat parameter
//! vector, its [gradient](Model::gradient) for any loss, the same for maps ([`MapModel`]), [`Adam`], distributions over
//! actions ([`Head`]), running normalisation ([`RunningNorm`]), and files ([`save`], [`load`]). No tensors, no graph: a
//! loss is a closure that writes its derivative.
//!
//! # Speed
//!
//! `cargo run --release -p nn --example nn_speed` measures one step of PPO's policy and value networks, and prints the
//! share of the machine's peak beside the time.
//!
//! What a general framework loses on such networks is not arithmetic but everything around it: a kernel launched for
//! every operation, every activation written out to memory and read back, a task for every thread on each of them. Here
//! a batch is cut into tiles of 64 rows. A tile goes through all layers of all networks, the loss, and all layers back
//! before the next begins, and what it leaves between the passes (some 100 kB for two networks with two layers of 64) stays
//! in the core's second-level cache. Threads meet twice a step: when they take shards of the batch, and when these have
//! been added up.
//!
//! The products are blocks of sums held in registers, 4 rows by 64 columns with AVX-512, 6 by 16 with AVX2. In the
//! products of 64 x 64 layers such a loop runs at the peak of the multiply-add units, because all three matrices of a
//! tile fit into the first-level cache. What a step takes beyond its products is, on one Zen 5 core over the sizes of the
//! benchmark, a third: the loss with its softmax (8%), the hyperbolic tangents (6%), clearing and adding the gradients of
//! shards and rows (5%), copies that bring weights and inputs into whole vectors (3%), outputs of few columns (2%), Adam
//! (2%). So the limit is the arithmetic, and what is left to win without doing less of it is small.
//!
//! The instruction set is chosen when the program runs ([`instruction_set`]), so a plain release build is a fast one.
//! [`Pool`] says why the threads are our own.
//!
//! # Convolutions
//!
//! [`MapModel`] is a network over small maps, such as boards of 16 by 16 cells: convolutions with stride 1 and "same"
//! padding, max pools, dense layers at the end. A map lies channels last within a border of zeros, so that a line of
//! cells, with all that its kernels reach, is a few rows of neighbouring numbers: a convolution is a sum of products of
//! matrices that overlap in memory, and nothing is gathered first. Bias and ReLU are part of the same loop, which holds 8
//! cells by 32 channels in registers with AVX-512, 6 by 16 with AVX2; the gradients of weights and of inputs are sums of
//! the same form, and go through the same loop. A last layer of few channels, such as the labels of a cell, has the lanes
//! of its weights' gradient along its inputs, where none is empty.
//!
//! `cargo run --release -p nn --example convolution_speed` measures the networks that cloning a procedure takes, and
//! `cargo xtask evidence demonstrations procedure-cloning` holds them against PyTorch's.
//!
//! # Memory
//!
//! [`RecurrentModel`] is a layer, a gated recurrent unit and a last layer that reads both, over sequences that may forget in
//! the middle. The products that do not wait for the memory take some 64 rows at once; those that do take all sequences of
//! a shard at one step, the three blocks of the gates side by side; and what the gates do between them is one pass over
//! the units. The gradient goes back through all steps in the same groups.
//!
//! `cargo run --release -p nn --example gru_speed` measures it, and `cargo xtask evidence demonstrations backward` holds it
//! against PyTorch's.
//!
//! # Reproducibility
//!
//! The same inputs give the same bits on any number of threads, because the shards of a batch and the order in which
//! they are added depend on the batch alone. AVX-512 and AVX2 give the same bits as each other; SSE2, which rounds
//! between multiplying and adding, gives others. The passes use neither the system's mathematical library nor a
//! fast-math mode.

mod adam;
mod aligned;
mod convolution;
mod error;
mod file;
mod gru;
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
pub use convolution::{MapLayer, MapModel, MapNetwork, MapShape, MapTile, MapWorkspace};
pub use error::Error;
pub use file::{Saved, load, save};
pub use gru::{RecurrentModel, RecurrentShape, RecurrentWorkspace, Sequences};
pub use heads::{Head, HeadInputs};
pub use kernels::{exp, instruction_set, tanh};
pub use model::{Model, Statistics, Tile};
pub use pool::Pool;
pub use running_norm::{Normalization, RunningNorm};
pub use schedule::Schedule;
pub use shape::{Activation, Initialization, MlpShape};
pub use workspace::Workspace;
