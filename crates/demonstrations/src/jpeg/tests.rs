//! Tables and images that make no sense; those that do are compared with Pillow's in `foreign_tests`.

use super::decode;
use super::huffman::{Bits, Table};

#[test]
fn codes_are_read_bit_by_bit_over_stuffed_bytes() {
    // T.81: codes of one length follow each other, those of the next begin behind them: 0, 10, 110, 111.
    let mut counts = [0; 16];
    counts[..3].copy_from_slice(&[1, 1, 2]);
    let table = Table::new(&counts, b"abcd").unwrap();
    // 0 10 110 11|1 0 1111... : a byte of ones is followed by a zero that is not coded.
    let mut bits = Bits::new(&[0b0101_1011, 0b1011_1111, 0xff, 0]);
    let read: Vec<u8> = (0..7).map(|_| table.next(&mut bits).unwrap()).collect();
    assert_eq!(read, b"abcdadd");
    assert_eq!(Bits::new(&[0b1010_0000]).signed(3), Ok(5));
    assert_eq!(Bits::new(&[0b0100_0000]).signed(3), Ok(-5));
    assert_eq!(Bits::new(&[]).signed(0), Ok(0));
    assert!(
        Bits::new(&[0xff, 0xd9]).signed(1).is_err(),
        "a marker is no bits"
    );
}

#[test]
fn a_table_of_more_codes_than_there_are_is_refused() {
    let mut counts = [0; 16];
    counts[0] = 3;
    assert!(Table::new(&counts, b"abc").is_err());
}

#[test]
fn what_is_no_image_is_refused() {
    let check = |bytes: &[u8], says: &str| {
        let mut pixels = vec![];
        let error = decode(bytes, &[32, 32, 3], &mut pixels).unwrap_err();
        assert!(error.contains(says) && pixels.is_empty(), "{error}");
    };
    check(b"", "cut off");
    check(b"\x89PNG\r\n\x1a\n", "does not begin as a JPEG");
    check(
        b"\xff\xd8\xff\xc2\0\x02",
        "process 2, the baseline process is read",
    );
    check(
        b"\xff\xd8\xff\xc0\0\x11\x08\x7f\xff\x7f\xff\x03\x01\x22\0\x02\x11\x01\x03\x11\x01",
        "extents [32767, 32767, 3]",
    );
    check(
        b"\xff\xd8\xff\xda\0\x0c\x03\x01\0\x02\x11\x03\x11\0\x3f\0",
        "without a frame",
    );
}
