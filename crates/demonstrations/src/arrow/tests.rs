//! What is written is read again, and what a table of metadata states is not believed.

use tempfile::TempDir;

use super::table::Table;
use super::{Array, Reader, Writer};
use crate::gymnasium::Dtype;
use crate::pieces::Number;

#[test]
fn nested_columns_are_read_again_from_any_row() {
    let scratch = TempDir::new().unwrap();
    for is_file in [false, true] {
        let path = scratch.path().join(format!("{is_file}.arrow"));
        let mut writer = match is_file {
            true => Writer::file(&path).unwrap(),
            false => Writer::stream(&path, Some(("key".to_owned(), "value".to_owned()))).unwrap(),
        };
        for batch in 0..3_u8 {
            let bytes = Array::Numbers(Dtype::Uint8, (0..22).map(|index| index + batch).collect());
            let pairs = Array::Lists((0..=11).map(|index| 2 * index).collect(), Box::new(bytes));
            let lists = Array::Lists(vec![0, 3, 3, 11], Box::new(pairs));
            let flags = Array::Flags(vec![true, false, true]);
            let texts = Array::Texts(vec!["a".to_owned(), String::new(), "ö".to_owned()]);
            let fixed = Array::Fixed(
                2,
                Box::new(Array::Numbers(
                    Dtype::Int16,
                    vec![1, 0, 255, 255, 3, 0, 4, 0, 5, 0, 6, 0],
                )),
            );
            let named = Array::Struct(
                3,
                vec![
                    ("flags".to_owned(), flags),
                    ("texts".to_owned(), texts),
                    ("fixed".to_owned(), fixed),
                ],
            );
            writer
                .batch(vec![
                    ("lists".to_owned(), lists),
                    ("named".to_owned(), named),
                ])
                .unwrap();
        }
        writer.finish().unwrap();

        let mut reader = Reader::open(&path).unwrap();
        for batch_index in 0..3_u8 {
            let batch = reader.next_batch().unwrap().unwrap();
            assert_eq!(batch.rows, 3);
            let lists = batch.column("lists").unwrap();
            let pieces = reader.pieces();
            assert_eq!(lists.places(pieces, 2, 1).unwrap(), [3, 11]);
            let bytes = &lists.children[0].children[0];
            let (number, tail) = bytes.numbers(pieces, 20, 2).unwrap();
            assert_eq!(
                number.decode(&tail),
                [20.0 + f64::from(batch_index), 21.0 + f64::from(batch_index)]
            );
            assert!(bytes.numbers(pieces, 21, 2).is_err(), "beyond the end");
            let named = batch.column("named").unwrap();
            assert_eq!(
                named
                    .child("flags")
                    .unwrap()
                    .numbers(pieces, 1, 2)
                    .unwrap()
                    .1,
                [0, 1]
            );
            assert_eq!(
                named
                    .child("texts")
                    .unwrap()
                    .sequences(pieces, 0, 3, 10)
                    .unwrap(),
                [b"a".to_vec(), vec![], "ö".into()]
            );
            assert!(
                named
                    .child("texts")
                    .unwrap()
                    .sequences(pieces, 0, 3, 2)
                    .is_err(),
                "more bytes than are allowed"
            );
            let (number, values) = named.child("fixed").unwrap().children[0]
                .numbers(pieces, 0, 6)
                .unwrap();
            assert_eq!(
                number,
                Number::Whole {
                    bytes: 2,
                    signed: true,
                    big_endian: false
                }
            );
            assert_eq!(number.decode(&values), [1.0, -1.0, 3.0, 4.0, 5.0, 6.0]);
        }
        assert!(reader.next_batch().unwrap().is_none());
    }
}

/// Each place of a small buffer set to each extreme: a table answers, or says that it leads nowhere.
#[test]
fn a_table_that_leads_nowhere_is_damaged() {
    let sound = [
        8_u8, 0, 0, 0, 6, 0, 8, 0, 4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
    ];
    for at in 0..sound.len() {
        for value in [0, 1, 4, 0x7f, 0x80, 0xff] {
            let mut bytes = sound;
            bytes[at] = value;
            if let Ok(table) = Table::root(&bytes) {
                let _ = (
                    table.text(0),
                    table.vector(0, 16),
                    table.tables(0, 4),
                    table.size(0),
                    table.table(0),
                );
            }
        }
    }
    assert!(Table::root(&[]).is_err());
    assert!(Table::root(&[0xff; 64]).is_err());
}
