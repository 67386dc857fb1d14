//! The start of the file: which version it is, and where its root group is.

use super::checksum;
use crate::Place;
use crate::fault::Fault;
use crate::pieces::{Cursor, Pieces};

const SIGNATURE: [u8; 8] = *b"\x89HDF\r\n\x1a\n";
const REPACK: &str = "write it again with h5py, or with h5repack";

/// The address of the root group's object header.
pub(super) fn root(pieces: &mut Pieces) -> Result<u64, Fault> {
    let n_bytes = pieces.length().min(96);
    let bytes = pieces.read(0, n_bytes)?;
    let length = pieces.length();
    parse(&bytes, length).map_err(|fault| fault.at(Place::Byte(0)))
}

fn parse(bytes: &[u8], length: u64) -> Result<u64, Fault> {
    if !bytes.starts_with(&SIGNATURE) {
        return Err(Fault::new(
            "this is no HDF5 file: it does not begin with the signature",
            REPACK,
        ));
    }
    let mut cursor = Cursor::new(&bytes[SIGNATURE.len()..]);
    let version = cursor.u8()?;
    let (base, end, root) = match version {
        0 | 1 => {
            cursor.take(4)?;
            widths(cursor.u8()?, cursor.u8()?)?;
            cursor.take(if version == 0 { 9 } else { 13 })?;
            let (base, _free, end, _driver) =
                (cursor.u64()?, cursor.u64()?, cursor.u64()?, cursor.u64()?);
            cursor.take(8)?;
            (base, end, cursor.u64()?)
        }
        2 | 3 => {
            checksum::verified(bytes.get(..48).unwrap_or(bytes), "the superblock")?;
            widths(cursor.u8()?, cursor.u8()?)?;
            cursor.take(1)?;
            let (base, _extension, end) = (cursor.u64()?, cursor.u64()?, cursor.u64()?);
            (base, end, cursor.u64()?)
        }
        version => {
            let problem =
                format!("this is version {version} of HDF5's superblock, versions 0 to 3 are read");
            return Err(Fault::new(problem, REPACK));
        }
    };
    if base != 0 {
        return Err(Fault::new(
            format!("its addresses begin at {base}, not at 0"),
            REPACK,
        ));
    }
    if length < end {
        let problem = format!("it states a length of {end} bytes and has {length}");
        return Err(Fault::new(problem, "it was cut off; copy it again"));
    }
    Ok(root)
}

fn widths(offsets: u8, lengths: u8) -> Result<(), Fault> {
    if (offsets, lengths) == (8, 8) {
        return Ok(());
    }
    let problem =
        format!("its addresses have {offsets} bytes and its lengths {lengths}, 8 and 8 are read");
    Err(Fault::new(problem, REPACK))
}
