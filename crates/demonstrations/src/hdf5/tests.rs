//! What is written is read again, whatever the size of a group.

use tempfile::TempDir;

use super::checksum::lookup3;
use super::{Attribute, Datatype, Element, Reader, Writer};
use crate::pieces::Number;

/// The values that the function's author gives.
#[test]
fn the_checksum_is_lookup3() {
    assert_eq!(lookup3(b""), 0xdead_beef);
    assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
}

#[test]
fn groups_of_any_size_are_found_again() {
    // 8 names fill a list, 256 a node of the tree, 8,192 a node of nodes.
    for n in [0, 1, 8, 9, 256, 257, 8192, 8193] {
        let scratch = TempDir::new().unwrap();
        let path = scratch.path().join("groups.hdf5");
        let mut writer = Writer::create(&path).unwrap();
        let dataset = writer
            .dataset(
                Element::Signed(8),
                &[2],
                &[
                    1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255,
                ],
            )
            .unwrap();
        let names: Vec<String> = (0..n).map(|index| format!("episode_{index}")).collect();
        writer
            .finish(names.iter().map(|name| (name.clone(), dataset)).collect())
            .unwrap();

        let mut reader = Reader::open(&path).unwrap();
        let root = reader.root().unwrap();
        let mut sorted = names.clone();
        sorted.sort();
        assert_eq!(root.keys().cloned().collect::<Vec<_>>(), sorted);
        if let Some(address) = root.values().next() {
            let dataset = reader.dataset(*address).unwrap();
            let Datatype::Number(number) = dataset.datatype else {
                panic!("{:?}", dataset.datatype)
            };
            assert_eq!(
                number.decode(&reader.bytes(&dataset, 16).unwrap()),
                [1.0, -1.0]
            );
            assert!(
                reader.bytes(&dataset, 15).is_err(),
                "more bytes than are allowed"
            );
        }
    }
}

#[test]
fn all_types_of_elements_and_attributes_are_read_as_they_were_written() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("types.hdf5");
    let mut writer = Writer::create(&path).unwrap();
    let whole = |bytes: usize, signed| Number::Whole {
        bytes,
        signed,
        big_endian: false,
    };
    let float = |bytes| Number::Float {
        bytes,
        big_endian: false,
    };
    let cases = [
        (
            Element::Signed(1),
            Datatype::Number(whole(1, true)),
            vec![0xfe],
            -2.0,
        ),
        (
            Element::Unsigned(2),
            Datatype::Number(whole(2, false)),
            vec![0xfe, 0xff],
            65534.0,
        ),
        (
            Element::Signed(4),
            Datatype::Number(whole(4, true)),
            vec![0xfe, 0xff, 0xff, 0xff],
            -2.0,
        ),
        (
            Element::Single,
            Datatype::Number(float(4)),
            0.1_f32.to_le_bytes().to_vec(),
            f64::from(0.1_f32),
        ),
        (
            Element::Double,
            Datatype::Number(float(8)),
            0.1_f64.to_le_bytes().to_vec(),
            0.1,
        ),
        (Element::Flag, Datatype::Flag, vec![1], 1.0),
    ];
    let addresses: Vec<u64> = cases
        .iter()
        .map(|(element, _, bytes, _)| writer.dataset(*element, &[1], bytes).unwrap())
        .collect();
    let group = writer
        .group(vec![], &[("seed", -3), ("total_steps", 1 << 40)])
        .unwrap();
    writer.finish(vec![("group".to_owned(), group)]).unwrap();

    let mut reader = Reader::open(&path).unwrap();
    for ((_, datatype, _, value), address) in cases.iter().zip(addresses) {
        let dataset = reader.dataset(address).unwrap();
        assert_eq!(
            (dataset.datatype, &dataset.shape[..]),
            (*datatype, &[1_u64][..])
        );
        let bytes = reader.bytes(&dataset, 8).unwrap();
        let number = match datatype {
            Datatype::Number(number) => *number,
            _ => whole(1, false),
        };
        assert_eq!(number.decode(&bytes), [*value]);
    }
    let expected = [("seed", -3.0), ("total_steps", (1_u64 << 40) as f64)];
    let expected = expected.map(|(name, value)| (name.to_owned(), Attribute::Number(value)));
    assert_eq!(reader.attributes(group).unwrap(), expected);
    assert!(reader.dataset(group).is_err() && reader.entries(group).unwrap().is_empty());
}
