//! The checksum of HDF5's newer structures: Bob Jenkins' lookup3, `hashlittle` with initial value 0.

use crate::fault::Fault;
use crate::pieces::Cursor;

/// Checks that the last four bytes of `bytes` are the checksum of those before, and gives those before.
pub(super) fn verified<'b>(bytes: &'b [u8], what: &str) -> Result<&'b [u8], Fault> {
    let Some(n) = bytes.len().checked_sub(4) else {
        return Err(Fault::damaged(format!("{what} has no checksum")));
    };
    let (content, stored) = bytes.split_at(n);
    if Cursor::new(stored).u32()? != lookup3(content) {
        return Err(Fault::damaged(format!(
            "{what} does not have the checksum that it states"
        )));
    }
    Ok(content)
}

/// The hash of `bytes`.
pub(super) fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let mut state = [start; 3];
    if bytes.is_empty() {
        return state[2];
    }
    let n_before_last = (bytes.len() - 1) / 12 * 12;
    let (before, last) = bytes.split_at(n_before_last);
    for block in before.chunks_exact(12) {
        add(&mut state, block);
        mix(&mut state);
    }
    add(&mut state, last);
    finish(&mut state);
    state[2]
}

/// Adds up to 12 bytes, those that lack counting as 0.
fn add(state: &mut [u32; 3], block: &[u8]) {
    let mut padded = [0; 12];
    padded[..block.len()].copy_from_slice(block);
    for (word, bytes) in state.iter_mut().zip(padded.chunks_exact(4)) {
        *word = word.wrapping_add(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    }
}

fn mix([a, b, c]: &mut [u32; 3]) {
    *a = a.wrapping_sub(*c) ^ c.rotate_left(4);
    *c = c.wrapping_add(*b);
    *b = b.wrapping_sub(*a) ^ a.rotate_left(6);
    *a = a.wrapping_add(*c);
    *c = c.wrapping_sub(*b) ^ b.rotate_left(8);
    *b = b.wrapping_add(*a);
    *a = a.wrapping_sub(*c) ^ c.rotate_left(16);
    *c = c.wrapping_add(*b);
    *b = b.wrapping_sub(*a) ^ a.rotate_left(19);
    *a = a.wrapping_add(*c);
    *c = c.wrapping_sub(*b) ^ b.rotate_left(4);
    *b = b.wrapping_add(*a);
}

fn finish([a, b, c]: &mut [u32; 3]) {
    *c = (*c ^ *b).wrapping_sub(b.rotate_left(14));
    *a = (*a ^ *c).wrapping_sub(c.rotate_left(11));
    *b = (*b ^ *a).wrapping_sub(a.rotate_left(25));
    *c = (*c ^ *b).wrapping_sub(b.rotate_left(16));
    *a = (*a ^ *c).wrapping_sub(c.rotate_left(4));
    *b = (*b ^ *a).wrapping_sub(a.rotate_left(14));
    *c = (*c ^ *b).wrapping_sub(b.rotate_left(24));
}
