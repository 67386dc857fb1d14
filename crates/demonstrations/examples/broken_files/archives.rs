//! Broken NumPy archives: sound ones that were changed without making them longer.

use anyhow::Result;
use demonstrations::Format;

use crate::{Broken, replaced, sound};

pub(crate) fn files() -> Result<Vec<Broken>> {
    let whole = sound(Format::Npz, 4)?;
    // What each array's header says, and where in it.
    let header = |of: &[u8], from: &str, to: &str| -> Result<Vec<u8>> {
        let start = of
            .windows(6)
            .position(|window| window == b"\x93NUMPY")
            .unwrap_or(0);
        Ok([
            &of[..start],
            &replaced(&of[start..], from.as_bytes(), to.as_bytes())?,
        ]
        .concat())
    };
    let cut = whole[..whole.len() - 40].to_vec();
    let pickled = header(&whole, "'<f4'", "'|O8'")?;
    let half = header(&whole, "'<f4'", "'<f2'")?;
    let shape = header(&whole, "(10, 4)", "(99, 4)")?;
    let overflow = header(
        &whole,
        "(10, 4), }                 ",
        "(4294967295, 4294967295), }",
    )?;
    let fortran = {
        let at = whole
            .windows(5)
            .position(|window| window == b"'<f4'")
            .unwrap_or(0);
        [
            &whole[..at],
            &replaced(
                &whole[at..],
                b"'fortran_order': False",
                b"'fortran_order': True ",
            )?,
        ]
        .concat()
    };
    let damaged = replaced(&whole, &0.5_f32.to_le_bytes(), &0.25_f32.to_le_bytes())?;
    let lengths = replaced(
        &whole,
        &[3, 0, 0, 0, 0, 0, 0, 0, 5, 0],
        &[3, 0, 0, 0, 0, 0, 0, 0, 6, 0],
    )?;
    let renamed = {
        let once = replaced(&whole, b"actions.npy", b"actionz.npy")?;
        replaced(&once, b"actions.npy", b"actionz.npy")?
    };
    let crowd = {
        let mut bytes = whole.clone();
        let at = bytes
            .windows(4)
            .rposition(|window| window == b"PK\x06\x06")
            .unwrap_or(0);
        bytes[at + 32..at + 40].copy_from_slice(&u64::MAX.to_le_bytes());
        bytes
    };
    let packed = {
        // The first record of the directory: packed by deflate, to a terabyte.
        let mut bytes = whole.clone();
        let at = bytes
            .windows(4)
            .position(|window| window == b"PK\x01\x02")
            .unwrap_or(0);
        bytes[at + 10] = 8;
        let name = usize::from(bytes[at + 28]);
        bytes[at + 46 + name + 4..][..8].copy_from_slice(&(1_u64 << 40).to_le_bytes());
        bytes
    };
    let elsewhere = {
        let mut bytes = whole.clone();
        let at = bytes
            .windows(4)
            .position(|window| window == b"PK\x01\x02")
            .unwrap_or(0);
        let name = usize::from(bytes[at + 28]);
        bytes[at + 46 + name + 20..][..8].copy_from_slice(&(u64::MAX - 5).to_le_bytes());
        bytes
    };
    let broken = |name, broken, says, bytes| Broken {
        name,
        broken,
        says,
        bytes,
    };
    Ok(vec![
        broken(
            "cut.npz",
            "cut off before its end",
            "is no .npz archive",
            cut,
        ),
        broken(
            "pickled.npz",
            "Python objects",
            "reading a pickle would run code",
            pickled,
        ),
        broken(
            "half.npz",
            "numbers of 2 bytes",
            "NumPy's type \"<f2\"",
            half,
        ),
        broken(
            "shape.npz",
            "a shape of more rows than there are",
            "the shape (99, 4) of \"<f4\" does not fit",
            shape,
        ),
        broken(
            "overflow.npz",
            "a shape whose product overflows",
            "the shape (4294967295, 4294967295) of",
            overflow,
        ),
        broken(
            "fortran.npz",
            "the first index fastest",
            "its first index is the fastest",
            fortran,
        ),
        broken(
            "damaged.npz",
            "a number that was changed",
            "the archive is damaged here",
            damaged,
        ),
        broken(
            "lengths.npz",
            "lengths that were changed",
            "the archive is damaged here",
            lengths,
        ),
        broken(
            "renamed.npz",
            "no array of actions",
            "there is no array actions",
            renamed,
        ),
        broken(
            "crowd.npz",
            "a directory of more arrays than can be",
            "the archive names 18446744073709551615 arrays",
            crowd,
        ),
        broken(
            "packed.npz",
            "an array that says it unpacks to a terabyte",
            "which cannot be",
            packed,
        ),
        broken(
            "elsewhere.npz",
            "an array outside of the file",
            "the archive is cut off",
            elsewhere,
        ),
    ])
}
