//! Headers are read as NumPy writes them, and nothing else is.

use super::{ArrayHeader, Item, NumberKind, write_header};

fn header(dictionary: &str) -> Result<(ArrayHeader, Item), String> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dictionary.len() as u16).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    let header = ArrayHeader::read(&mut bytes.as_slice())?;
    let item = header.item()?;
    Ok((header, item))
}

#[test]
fn what_is_written_is_read() {
    for shape in [&[][..], &[3], &[3, 4], &[1_000_000_000_000, 2, 3]] {
        let bytes = write_header("<f4", shape);
        assert_eq!(bytes.len() % 64, 0);
        let header = ArrayHeader::read(&mut bytes.as_slice()).unwrap();
        assert_eq!(
            (header.shape.as_slice(), header.n_bytes),
            (shape, bytes.len() as u64)
        );
        let Item::Number(number) = header.item().unwrap() else {
            panic!("these are numbers")
        };
        assert_eq!((number.kind, number.n_bytes), (NumberKind::Float, 4));
    }
}

#[test]
fn headers_that_numpy_does_not_write_for_numbers_are_refused() {
    let cases = [
        (
            "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }",
            "a pickle would run code",
        ),
        (
            "{'descr': '<f2', 'fortran_order': False, 'shape': (3,), }",
            "NumPy's type \"<f2\"",
        ),
        (
            "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (3,), }",
            "is not one that NumPy writes",
        ),
        (
            "{'descr': '<f8', 'fortran_order': False, 'shape': (-3,), }",
            "is not one that NumPy writes",
        ),
        (
            "{'descr': '<f8', 'shape': (3,), }",
            "is not one that NumPy writes",
        ),
        (
            "__import__('os').system('true')",
            "is not one that NumPy writes",
        ),
    ];
    for (dictionary, message) in cases {
        let problem = header(dictionary).unwrap_err();
        assert!(problem.contains(message), "{problem}");
    }
}

#[test]
fn a_shape_that_does_not_fit_its_bytes_is_refused() {
    let dictionary =
        "{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 4), }";
    let (header, item) = header(dictionary).unwrap();
    assert_eq!(header.n_items(), None);
    assert!(
        header
            .check_size(item, 1 << 40)
            .unwrap_err()
            .contains("does not fit")
    );
}
