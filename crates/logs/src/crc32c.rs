//! CRC-32C (Castagnoli), as the record framing of TensorBoard uses it.

/// The reflected polynomial.
const POLYNOMIAL: u32 = 0x82f6_3b78;

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut remainder = index as u32;
        let mut bit = 0;
        while bit < 8 {
            let carry = remainder & 1;
            remainder >>= 1;
            if carry == 1 {
                remainder ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[index] = remainder;
        index += 1;
    }
    table
};

/// The checksum of `bytes` that follow those whose checksum is `before` (0 for none).
#[must_use]
pub fn crc32c(before: u32, bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!before, |remainder, &byte| {
        TABLE[usize::from(remainder as u8 ^ byte)] ^ (remainder >> 8)
    })
}

/// A checksum as it is stored, so that a checksum over stored checksums stays sound
/// (tensorflow/core/lib/hash/crc32c.h).
#[must_use]
pub const fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xa282_ead8)
}

#[cfg(test)]
mod tests;
