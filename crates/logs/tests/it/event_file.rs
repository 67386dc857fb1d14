//! TensorBoard event files, written here byte by byte.

use crate::{intents, mapping, notes, pressures, proxies, read_one};

/// CRC-32C bit by bit: slow and obvious.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    let mut remainder = !0_u32;
    for &byte in bytes {
        remainder ^= u32::from(byte);
        for _ in 0..8 {
            let carry = remainder & 1 == 1;
            remainder >>= 1;
            if carry {
                remainder ^= 0x82f6_3b78;
            }
        }
    }
    !remainder
}

fn masked(bytes: &[u8]) -> [u8; 4] {
    let checksum = crc32c(bytes);
    checksum
        .rotate_right(15)
        .wrapping_add(0xa282_ead8)
        .to_le_bytes()
}

/// A framed record.
pub(crate) fn record(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), payload, &masked(payload)].concat()
}

/// The framing of a record of any stated length, without its payload.
pub(crate) fn header(length: u64) -> Vec<u8> {
    let length = length.to_le_bytes();
    [&length[..], &masked(&length)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn bytes_field(number: u64, content: &[u8]) -> Vec<u8> {
    [
        varint(number << 3 | 2),
        varint(content.len() as u64),
        content.to_vec(),
    ]
    .concat()
}

fn event(step: i64, value: &[u8]) -> Vec<u8> {
    let wall_time = [vec![1 << 3 | 1], 1.5_f64.to_le_bytes().to_vec()].concat();
    let step = [varint(2 << 3), varint(step as u64)].concat();
    record(&[wall_time, step, bytes_field(5, &bytes_field(1, value))].concat())
}

/// An event with a `simple_value`.
pub(crate) fn scalar(step: i64, tag: &str, value: f32) -> Vec<u8> {
    let value = [vec![2 << 3 | 5], value.to_le_bytes().to_vec()].concat();
    event(step, &[bytes_field(1, tag.as_bytes()), value].concat())
}

/// An event with a `tensor` made of these fields.
fn tensor(step: i64, tag: &str, fields: &[Vec<u8>]) -> Vec<u8> {
    let tensor = bytes_field(8, &fields.concat());
    event(step, &[bytes_field(1, tag.as_bytes()), tensor].concat())
}

pub(crate) fn version() -> Vec<u8> {
    record(&bytes_field(3, b"brain.Event:2"))
}

#[test]
fn reads_simple_values_and_every_kind_of_scalar_tensor() {
    let dtype = |kind: u64| [varint(1 << 3), varint(kind)].concat();
    let fixed = |number: u64, wire: u64, bytes: &[u8]| {
        [varint(number << 3 | wire), bytes.to_vec()].concat()
    };
    let file = [
        version(),
        scalar(0, "return", 1.5),
        tensor(
            1,
            "return",
            &[dtype(1), bytes_field(4, &2.5_f32.to_le_bytes())],
        ),
        tensor(
            2,
            "return",
            &[dtype(2), bytes_field(4, &3.5_f64.to_le_bytes())],
        ),
        tensor(
            3,
            "return",
            &[dtype(1), fixed(5, 5, &4.5_f32.to_le_bytes())],
        ),
        tensor(
            4,
            "return",
            &[dtype(1), bytes_field(5, &5.5_f32.to_le_bytes())],
        ),
        tensor(
            5,
            "return",
            &[dtype(2), fixed(6, 1, &6.5_f64.to_le_bytes())],
        ),
        tensor(
            6,
            "return",
            &[dtype(2), bytes_field(6, &7.5_f64.to_le_bytes())],
        ),
        tensor(
            7,
            "return",
            &[dtype(3), [varint(7 << 3), varint(8)].concat()],
        ),
        tensor(
            8,
            "return",
            &[dtype(9), bytes_field(10, &varint(-9_i64 as u64))],
        ),
        // Two numbers are no scalar.
        tensor(9, "return", &[dtype(1), bytes_field(5, &[0; 8])]),
    ]
    .concat();
    let log = read_one("run.tfevents", &file, &mapping("return", "", "")).expect("a log");
    assert_eq!(
        proxies(&log),
        [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.0, -9.0]
    );
    assert_eq!(
        pressures(&log),
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    );
    assert_eq!(log.notes(), [""; 0]);
}

#[test]
fn a_cut_record_ends_the_file_and_is_counted() {
    let whole = [
        version(),
        scalar(0, "return", 1.0),
        scalar(1, "return", 2.0),
    ]
    .concat();
    let before_last = whole.len() - scalar(1, "return", 2.0).len();
    for cut in before_last + 1..whole.len() {
        let log = read_one("a.tfevents", &whole[..cut], &mapping("return", "", "")).expect("a log");
        assert_eq!(proxies(&log), [1.0]);
        assert!(
            notes(&log).contains("2 records are read"),
            "{}",
            notes(&log)
        );
        assert!(notes(&log).contains(&format!("byte {before_last}")));
    }
}

#[test]
fn a_huge_record_is_passed_over_without_being_held() {
    let large = vec![0_u8; 5 << 20];
    let file = [
        scalar(0, "return", 1.0),
        record(&large),
        scalar(1, "return", 2.0),
    ]
    .concat();
    let log = read_one("a.tfevents", &file, &mapping("return", "", "")).expect("a log");
    assert_eq!(proxies(&log), [1.0, 2.0]);
    assert!(notes(&log).contains("passed over"));
    let absurd = [scalar(0, "return", 1.0), header(u64::MAX), vec![1; 100]].concat();
    let log = read_one("a.tfevents", &absurd, &mapping("return", "", "")).expect("a log");
    assert_eq!(proxies(&log), [1.0]);
    assert!(notes(&log).contains("cut off"));
}

#[test]
fn proxy_and_intent_meet_at_equal_steps() {
    let file = [
        scalar(0, "p", 1.0),
        scalar(0, "p", 2.0),
        scalar(0, "i", -1.0),
        scalar(0, "i", -2.0),
        scalar(5, "p", 3.0),
        scalar(7, "i", -3.0),
        scalar(9, "p", 4.0),
        scalar(9, "i", -4.0),
    ]
    .concat();
    let log = read_one("a.tfevents", &file, &mapping("p", "i", "")).expect("a log");
    assert_eq!(proxies(&log), [1.0, 2.0, 4.0]);
    assert_eq!(intents(&log), [Some(-1.0), Some(-2.0), Some(-4.0)]);
    assert!(notes(&log).contains("3 of 4 records"), "{}", notes(&log));
}

#[test]
fn a_resumed_run_overwrites_what_it_wrote_after_its_checkpoint() {
    let file = [
        scalar(0, "p", 1.0),
        scalar(10, "p", 2.0),
        scalar(20, "p", 3.0),
        scalar(10, "p", 20.0),
        scalar(20, "p", 30.0),
    ]
    .concat();
    let log = read_one("a.tfevents", &file, &mapping("p", "", "")).expect("a log");
    assert_eq!(proxies(&log), [1.0, 20.0, 30.0]);
    assert!(notes(&log).contains("2 values"), "{}", notes(&log));
}
