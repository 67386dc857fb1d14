//! Numbers of every kind from their bytes.

use super::{Cursor, Number};

#[test]
fn numbers_are_decoded_in_either_order() {
    let whole = |bytes, signed, big_endian| Number::Whole {
        bytes,
        signed,
        big_endian,
    };
    let float = |bytes, big_endian| Number::Float { bytes, big_endian };
    assert_eq!(
        whole(2, true, false).decode(&[0xfe, 0xff, 1, 0]),
        [-2.0, 1.0]
    );
    assert_eq!(
        whole(2, true, true).decode(&[0xff, 0xfe, 0, 1]),
        [-2.0, 1.0]
    );
    assert_eq!(whole(1, false, false).decode(&[255]), [255.0]);
    assert_eq!(
        whole(8, false, true).decode(&u64::MAX.to_be_bytes()),
        [u64::MAX as f64]
    );
    assert_eq!(
        float(4, true).decode(&0.1_f32.to_be_bytes()),
        [f64::from(0.1_f32)]
    );
    assert_eq!(float(8, false).decode(&(-0.1_f64).to_le_bytes()), [-0.1]);
}

#[test]
fn numbers_of_16_bits_are_widened_exactly() {
    let decode = |bits: u16| {
        Number::Float {
            bytes: 2,
            big_endian: false,
        }
        .decode(&bits.to_le_bytes())[0]
    };
    // 1, -2, the greatest, the least normal and the least of all; infinity.
    let cases = [
        (0x3c00, 1.0),
        (0xc000, -2.0),
        (0x7bff, 65504.0),
        (0x0400, 2_f64.powi(-14)),
        (0x0001, 2_f64.powi(-24)),
        (0xfc00, f64::NEG_INFINITY),
    ];
    for (bits, value) in cases {
        assert_eq!(decode(bits), value);
    }
    assert!(decode(0x7e00).is_nan());
}

#[test]
fn a_cursor_takes_no_more_than_there_is() {
    let mut cursor = Cursor::new(&[1, 2, 3]);
    assert_eq!(cursor.unsigned(2).unwrap(), 0x0201);
    assert!(cursor.u16().is_err());
    assert_eq!((cursor.left(), cursor.taken()), (1, 2));
    assert!(Cursor::new(&[0; 9]).unsigned(9).is_err());
}
