//! NumPy's files, for whoever reads or writes them: `.npz` archives and the `.npy` arrays in them.
//!
//! Every size is checked before it is believed, arrays are read as streams, and nothing is ever unpickled: an array of
//! Python objects is refused by its header, before its content is looked at.

mod array;
mod zip;

#[cfg(test)]
mod tests;

pub(crate) use array::write_header;
pub use array::{ArrayHeader, Item, NumberItem, NumberKind, read_numbers, read_texts, shape_text};
pub(crate) use zip::ArchiveWriter;
pub use zip::{Content, Entry, directory};
