//! Arrow's interprocess format in Rust alone: the stream that Hugging Face keeps and the file that Minari keeps.
//!
//! Read are schemas of numbers, flags, text, bytes, lists, lists of fixed size and structs, and record batches that are
//! not compressed. A batch is not loaded: its metadata says which part of the file each buffer is, and only what is
//! asked for is read, so that memory holds one episode however many a batch has. Written are the same types.
//!
//! # Design
//!
//! `arrow-ipc` 60 brings `arrow-array`, `arrow-select` and `chrono` with it, for kernels over arrays that nobody here
//! asks for, and loads a batch as a whole. What is needed of the format is three FlatBuffers tables. It is public: the
//! Arrow columnar format, version 1.5.

mod builder;
mod message;
mod reader;
mod table;
mod writer;

pub(crate) use message::{Column, Kind};
pub(crate) use reader::{Batch, Reader};
pub(crate) use writer::{Array, Writer};

/// Where the file format begins and ends.
const MAGIC: &[u8] = b"ARROW1";
/// What a message begins with.
const CONTINUATION: u32 = u32::MAX;

#[cfg(test)]
mod tests;
