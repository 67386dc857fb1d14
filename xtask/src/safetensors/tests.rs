//! Tests of the header reader on whole, cut and odd files.

use super::*;

fn file(header: &str) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes
}

#[test]
fn shapes_are_read_and_metadata_is_skipped() {
    let header = r#"{"__metadata__":{"a":"b"},"policy.0.weight":{"dtype":"F32","shape":[8,64],"data_offsets":[0,2048]}}"#;
    assert_eq!(
        header_shapes(&file(header)).unwrap(),
        [("policy.0.weight".to_owned(), vec![8, 64])]
    );
}

#[test]
fn a_cut_file_is_an_error() {
    let whole = file(r#"{"x":{"shape":[1]}}"#);
    for length in 0..whole.len() {
        assert!(header_shapes(&whole[..length]).is_err(), "{length} bytes");
    }
    assert!(header_shapes(&u64::MAX.to_le_bytes()).is_err());
}
