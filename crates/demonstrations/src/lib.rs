//! What did an expert do, and in which file is it kept?
//!
//! Demonstrations are episodes, [`mdp::Trajectories`] in memory, and what is known [`About`] them: the spaces, the
//! environment, who played and from which seed. [`open`] finds out which format a file or folder has and gives its
//! episodes one by one, so that memory holds one episode and not the file; [`create`] takes them one by one and puts
//! the whole in its place at the end, or nothing at all. [`read`] and [`write()`] do that for what fits in memory.
//!
//! Nothing that a file contains can make a reader panic, allocate without bound or run code: sizes that a file declares
//! are held against the bytes that are there, numbers against their spaces, and pickles are refused. Reading and writing
//! files is this crate's purpose, so it does both; it asks no clock and draws no random number.

pub mod numpy;

mod about;
mod episode;
mod format;
mod staged;

mod csv;
mod hugging_face;
mod minari;
mod native;
mod npz;

mod arrow;
mod fault;
mod gymnasium;
mod hdf5;
mod jpeg;
mod pieces;

mod choices;
mod error;
#[cfg(test)]
mod samples;

#[cfg(test)]
mod foreign_tests;

pub use about::About;
pub use episode::{Demonstrations, Episode};
pub use error::{Error, Place};
pub use format::{Format, Limits, ReadEpisodes, WriteEpisodes, create, open, read, write};
pub use native::{Cell, FlatTable, Recorder, open_recording};
