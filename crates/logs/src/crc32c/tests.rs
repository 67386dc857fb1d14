//! Published check values.

use super::{crc32c, masked};

#[test]
fn published_values() {
    // The catalogue's check value, and RFC 3720, appendix B.4.
    let ascending: Vec<u8> = (0..32).collect();
    for (bytes, expected) in [
        (&b"123456789"[..], 0xe306_9283),
        (&[0; 32], 0x8a91_36aa),
        (&[0xff; 32], 0x62a8_ab43),
        (&ascending, 0x46dd_794e),
        (&[], 0),
    ] {
        assert_eq!(crc32c(0, bytes), expected, "{bytes:?}");
    }
}

#[test]
fn parts_give_the_checksum_of_the_whole() {
    let bytes = b"one checksum over parts";
    for cut in 0..=bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(crc32c(crc32c(0, first), second), crc32c(0, bytes));
    }
}

#[test]
fn the_mask_is_a_rotation_and_a_sum() {
    assert_eq!(masked(0), 0xa282_ead8);
    assert_eq!(masked(1 << 15), 0xa282_ead9);
}
