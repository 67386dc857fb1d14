//! TensorBoard event files: TFRecords of `Event` messages with scalar summaries, written by hand.
//!
//! A record is the length (8 bytes, little-endian), the masked CRC-32C of those 8 bytes, the message, and its
//! masked CRC-32C. An `Event` has `wall_time` (1, double), `step` (2, varint), and either `file_version`
//! (3, text) or `summary` (5), a list (1) of `tag` (1, text) and `simple_value` (2, float).

use logs::{crc32c, masked_crc32c};

/// The record with which every event file begins.
pub(super) fn header(wall_time: f64) -> Vec<u8> {
    let mut event = vec![];
    put_double(&mut event, 1, wall_time);
    put_bytes(&mut event, 3, b"brain.Event:2");
    record(&event)
}

/// A record with the scalars of one step.
pub(super) fn scalars(wall_time: f64, step: u64, scalars: &[(&str, f64)]) -> Vec<u8> {
    let mut summary = vec![];
    for (tag, value) in scalars {
        let mut entry = vec![];
        put_bytes(&mut entry, 1, tag.as_bytes());
        put_key(&mut entry, 2, 5);
        entry.extend_from_slice(&(*value as f32).to_le_bytes());
        put_bytes(&mut summary, 1, &entry);
    }
    let mut event = vec![];
    put_double(&mut event, 1, wall_time);
    put_key(&mut event, 2, 0);
    put_varint(&mut event, step);
    put_bytes(&mut event, 5, &summary);
    record(&event)
}

fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend_from_slice(&masked_crc32c(crc32c(0, &length)).to_le_bytes());
    record.extend_from_slice(message);
    record.extend_from_slice(&masked_crc32c(crc32c(0, message)).to_le_bytes());
    record
}

fn put_key(out: &mut Vec<u8>, field: u8, wire_type: u8) {
    out.push(field << 3 | wire_type);
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_double(out: &mut Vec<u8>, field: u8, value: f64) {
    put_key(out, field, 1);
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    put_key(out, field, 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
