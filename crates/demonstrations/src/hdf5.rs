//! HDF5 files in Rust alone, as far as h5py writes them by default and Minari needs them.
//!
//! Read are superblocks of versions 0 to 3, object headers of versions 1 and 2, groups as symbol tables, links and dense
//! links (fractal heap and version 2 B-tree), compact, contiguous and chunked data (version 1 B-tree, or a single
//! chunk), the filters deflate and shuffle, whole numbers and floats of either byte order, flags, byte sequences of
//! varying length, and attributes in object headers. Refused with the reason are links to other files, external and
//! virtual data, other filters, the chunk indices of `libver="latest"`, and structures of any other version.
//!
//! Written is what HDF5 of any version reads: superblock 0, symbol tables, contiguous data.
//!
//! # Design
//!
//! The crates that bind the C library need a C compiler. `hdf5-pure` 0.47 is a complete implementation in Rust, of
//! 127,000 lines and with changes that break its users in nearly every release; what Minari's files need is a sixtieth
//! of that, and strict.
//! The format is public: "HDF5 File Format Specification Version 3.0", The HDF Group.

mod checksum;
mod chunks;
mod datatype;
mod dense;
mod global_heap;
mod group;
mod object;
mod reader;
mod storage;
mod superblock;
mod writer;

pub(crate) use datatype::Datatype;
pub(crate) use reader::{Attribute, Reader};
pub(crate) use writer::{Element, Writer};

/// "No such place" where an address is asked for.
const UNDEFINED: u64 = u64::MAX;

#[cfg(test)]
mod tests;
