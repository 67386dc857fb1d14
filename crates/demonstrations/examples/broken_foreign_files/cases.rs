//! What is done to sound datasets, which Minari and imitation wrote.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A dataset that is broken in one way.
pub(crate) struct Case {
    /// The name of its folder.
    pub(crate) name: &'static str,
    /// What is wrong with it.
    pub(crate) broken: &'static str,
    /// What the message must contain.
    pub(crate) says: &'static str,
    /// The sound dataset, and the part of it that is changed.
    sound: &'static str,
    part: &'static str,
    change: Change,
}

/// What is done to the bytes of a part.
enum Change {
    /// The part is not there at all.
    Remove,
    /// Only the first of so many equal pieces is there.
    Cut(usize),
    /// The bytes are these.
    Whole(Vec<u8>),
    /// These bytes are at a place.
    At(usize, Vec<u8>),
    /// These bytes take the place of others, which are there once or more; the first are replaced.
    Replace(Vec<u8>, Vec<u8>),
    /// The bytes so far behind a mark are these.
    Behind(Vec<u8>, usize, Vec<u8>),
    /// The place that an object header of HDF5 is continued at is where that header begins.
    Cycle,
}

const HDF5: &str = "data/main_data.hdf5";
const METADATA: &str = "data/metadata.json";
const ARROW: &str = "data/0/part-0.arrow";
const STREAM: &str = "data-00000-of-00001.arrow";

/// All of them.
pub(crate) fn all() -> Vec<Case> {
    [
        hdf5_structure(),
        hdf5_content(),
        metadata(),
        arrow(),
        parquet(),
        hugging_face(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn case(
    name: &'static str,
    (sound, part): (&'static str, &'static str),
    broken: &'static str,
    says: &'static str,
    change: Change,
) -> Case {
    Case {
        name,
        broken,
        says,
        sound,
        part,
        change,
    }
}

fn replace(from: &str, to: &str) -> Change {
    Change::Replace(from.into(), to.into())
}

fn number(value: u64) -> Vec<u8> {
    value.to_le_bytes().to_vec()
}

fn hdf5_structure() -> Vec<Case> {
    let (chunked, dense, tracked) = (("chunked", HDF5), ("dense", HDF5), ("tracked", HDF5));
    let text = b"episode,step,observation,action,reward\n".repeat(8);
    vec![
        case(
            "hdf5-text",
            chunked,
            "text in place of HDF5",
            "does not begin with the signature",
            Change::Whole(text),
        ),
        case(
            "hdf5-empty",
            chunked,
            "an empty file",
            "does not begin with the signature",
            Change::Whole(vec![]),
        ),
        case(
            "hdf5-half",
            chunked,
            "the first half of the file",
            "it states a length of",
            Change::Cut(2),
        ),
        case(
            "hdf5-version",
            chunked,
            "superblock of version 9",
            "version 9 of HDF5's superblock",
            Change::At(8, vec![9]),
        ),
        case(
            "hdf5-root-outside",
            chunked,
            "the root group lies outside of the file",
            "bytes are expected here, the file has",
            Change::At(64, number(1 << 50)),
        ),
        case(
            "hdf5-root-no-object",
            chunked,
            "the root group is no object",
            "no object begins here",
            Change::At(64, number(0)),
        ),
        case(
            "hdf5-cyclic-header",
            chunked,
            "an object header is continued by itself",
            "where it has been before",
            Change::Cycle,
        ),
        case(
            "hdf5-cyclic-group",
            chunked,
            "a group's tree leads to itself",
            "no symbols of a group are here",
            Change::Behind(b"TREE\0\0".to_vec(), 32, number(136)),
        ),
        case(
            "hdf5-group-full",
            chunked,
            "a node of a group claims 65,535 children",
            "bytes are expected here, the file has",
            Change::Behind(b"TREE\0\0".to_vec(), 6, vec![255, 255]),
        ),
        case(
            "hdf5-name-outside",
            chunked,
            "a name lies outside of its heap",
            "a name begins at byte",
            Change::Behind(b"SNOD".to_vec(), 8, number(1 << 40)),
        ),
        case(
            "hdf5-huge-heap",
            chunked,
            "a heap of names of 2^60 bytes",
            "bytes are expected here, the file has",
            Change::Behind(b"HEAP".to_vec(), 8, number(1 << 60)),
        ),
        case(
            "hdf5-checksum",
            dense,
            "a byte of an object header changed",
            "does not have the checksum that it states",
            Change::Behind(b"OHDR".to_vec(), 40, vec![0xaa]),
        ),
        case(
            "hdf5-links-lost",
            tracked,
            "the heap of links is overwritten",
            "a heap of links",
            Change::Behind(b"FRHP".to_vec(), 0, vec![0; 64]),
        ),
    ]
}

/// A reward that NumPy's generator draws first from seed 0.
const FIRST_REWARD: f64 = 0.125_730_221_093_393_3;

fn hdf5_content() -> Vec<Case> {
    let (chunked, tracked, images) = (("chunked", HDF5), ("tracked", HDF5), ("images", HDF5));
    let filter = |id: u16| {
        [
            &id.to_le_bytes()[..],
            &8_u16.to_le_bytes(),
            &1_u16.to_le_bytes(),
            &1_u16.to_le_bytes(),
            b"deflate",
        ]
        .concat()
    };
    let chunks = b"TREE\x01\0";
    vec![
        case(
            "hdf5-no-actions",
            chunked,
            "there are no actions",
            "there is no `actions`",
            replace("actions\0", "actionz\0"),
        ),
        case(
            "hdf5-lzf",
            chunked,
            "compressed with LZF",
            "compressed with LZF",
            Change::Replace(filter(1), filter(32_000)),
        ),
        case(
            "hdf5-deflate",
            chunked,
            "compressed bytes changed",
            "cannot be decompressed",
            Change::Replace(vec![0x78, 0xda, 0x63], vec![0x78, 0xda, 0x07]),
        ),
        case(
            "hdf5-no-chunks",
            chunked,
            "a dataset without its chunks",
            "0 chunks are there for a dataset",
            Change::Behind(chunks.to_vec(), 6, vec![0, 0]),
        ),
        case(
            "hdf5-chunk-outside",
            chunked,
            "a chunk that lies outside of the dataset",
            "a chunk begins at",
            Change::Behind(chunks.to_vec(), 32, number(1 << 33)),
        ),
        case(
            "hdf5-nan",
            tracked,
            "a reward that is no number",
            "reward NaN of step 0 is not finite",
            Change::Replace(
                FIRST_REWARD.to_le_bytes().to_vec(),
                f64::NAN.to_le_bytes().to_vec(),
            ),
        ),
        case(
            "hdf5-infinite",
            tracked,
            "an infinite reward",
            "reward inf of step 0 is not finite",
            Change::Replace(
                FIRST_REWARD.to_le_bytes().to_vec(),
                f64::INFINITY.to_le_bytes().to_vec(),
            ),
        ),
        case(
            "jpeg-huge",
            images,
            "an image of other extents than its space",
            "a JPEG of the extents [32767, 33, 3]",
            Change::Behind(b"\xff\xc0\0\x11\x08".to_vec(), 5, vec![0x7f, 0xff]),
        ),
        case(
            "jpeg-table",
            images,
            "an image without its tables",
            "a JPEG without the table that it names",
            Change::Behind(b"\xff\xda\0\x0c\x03\x01".to_vec(), 6, vec![0x33]),
        ),
    ]
}

fn metadata() -> Vec<Case> {
    let of = ("chunked", METADATA);
    vec![
        case(
            "metadata-missing",
            of,
            "there is no metadata.json",
            "this is no file of demonstrations",
            Change::Remove,
        ),
        case(
            "metadata-half",
            of,
            "the first half of metadata.json",
            "it is no JSON",
            Change::Cut(2),
        ),
        case(
            "metadata-latin",
            of,
            "metadata.json is no UTF-8",
            "it is no UTF-8",
            Change::At(3, vec![0xe9]),
        ),
        case(
            "metadata-no-space",
            of,
            "no observation space",
            "the dataset does not say its space",
            replace("\"observation_space\"", "\"observation_place\""),
        ),
        case(
            "metadata-text",
            of,
            "a space of texts",
            "a space of type `Text`",
            replace("\\\"MultiDiscrete\\\"", "\\\"Text\\\""),
        ),
        case(
            "metadata-start",
            of,
            "choices numbered from 1",
            "starts at 1",
            replace("\\\"start\\\": 0", "\\\"start\\\": 1"),
        ),
        case(
            "metadata-huge-box",
            of,
            "a box of 2^64 numbers",
            "numbers are read",
            replace(
                "\\\"shape\\\": [3]",
                "\\\"shape\\\": [4294967296, 4294967296]",
            ),
        ),
        case(
            "metadata-bounds",
            of,
            "a bound that is no number",
            "the bound \"NaN\"",
            replace("[-1.0, -1.0, -1.0]", "[-1.0, NaN, -1.0]"),
        ),
        case(
            "metadata-dtype",
            of,
            "numbers of an unknown type",
            "numbers of type \"object\"",
            replace("\\\"int64\\\"", "\\\"object\\\""),
        ),
        case(
            "metadata-format",
            of,
            "kept as a pickle",
            "`data_format`",
            replace("\"hdf5\"", "\"pickle\""),
        ),
        case(
            "metadata-episodes",
            of,
            "a million million episodes",
            "`total_episodes` in metadata.json is 1000000000000",
            replace("\"total_episodes\": 1", "\"total_episodes\": 1000000000000"),
        ),
        case(
            "metadata-steps",
            of,
            "the number of steps is wrong",
            "`total_steps` is 34, the episodes have 3",
            replace("\"total_steps\": 3", "\"total_steps\": 34"),
        ),
        case(
            "metadata-other-space",
            of,
            "three actions, two of which the space has",
            "is not one of 2 choices",
            replace("\\\"n\\\": 3", "\\\"n\\\": 2"),
        ),
    ]
}

fn arrow() -> Vec<Case> {
    let of = ("arrow", ARROW);
    vec![
        case(
            "arrow-half",
            of,
            "the first half of the file",
            "does not end as it begins",
            Change::Cut(2),
        ),
        case(
            "arrow-huge-metadata",
            of,
            "a schema of 2^31 bytes",
            "a message with 2147483647 bytes of metadata",
            Change::At(12, vec![0xff, 0xff, 0xff, 0x7f]),
        ),
        case(
            "arrow-metadata-outside",
            of,
            "metadata that lead out of the message",
            "its metadata leads to byte",
            Change::At(16, vec![0xf0, 0xff, 0xff, 0x7f]),
        ),
        case(
            "arrow-no-column",
            of,
            "there are no actions",
            "there is no column `actions`",
            replace("actions", "actionz"),
        ),
        case(
            "arrow-steps",
            ("arrow", "data/0/metadata.json"),
            "the number of steps is wrong",
            "`total_steps` of its metadata.json is 9",
            replace("\"total_steps\": 3", "\"total_steps\": 9"),
        ),
        case(
            "arrow-missing",
            ("arrow", "data/1/part-0.arrow"),
            "an episode is missing",
            "cannot be read",
            Change::Remove,
        ),
        case(
            "arrow-pickle",
            of,
            "a pickle in place of Arrow",
            "no message of Arrow begins here",
            Change::Whole(pickle()),
        ),
    ]
}

fn parquet() -> Vec<Case> {
    let of = ("parquet", "data/0/part-0.parquet");
    vec![
        case(
            "parquet-half",
            of,
            "the first half of the file",
            "does not end as it begins",
            Change::Cut(2),
        ),
        case(
            "parquet-no-column",
            of,
            "there are no actions",
            "there is no such column",
            replace("\x07actions", "\x07actionz"),
        ),
        case(
            "parquet-pages",
            of,
            "the first page is overwritten",
            "column `observations.a`",
            Change::At(4, vec![0xff; 24]),
        ),
    ]
}

fn hugging_face() -> Vec<Case> {
    let of = ("imitation", STREAM);
    let places = |places: [u32; 4]| {
        places
            .iter()
            .flat_map(|place| place.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    vec![
        case(
            "hf-pickle",
            of,
            "a pickle in place of Arrow",
            "no message of Arrow begins here",
            Change::Whole(pickle()),
        ),
        case(
            "hf-half",
            of,
            "the first half of the file",
            "bytes",
            Change::Cut(2),
        ),
        case(
            "hf-missing",
            of,
            "the file that state.json names is missing",
            "cannot be read",
            Change::Remove,
        ),
        case(
            "hf-outside",
            ("imitation", "state.json"),
            "a file outside of the folder",
            "which is no file beside it",
            replace("data-00000", "../../data"),
        ),
        case(
            "hf-state",
            ("imitation", "state.json"),
            "state.json is cut off",
            "it is no JSON",
            Change::Cut(2),
        ),
        case(
            "hf-no-column",
            of,
            "there are no actions",
            "there is no column `acts`",
            replace("acts\0", "actz\0"),
        ),
        case(
            "hf-list-outside",
            of,
            "a list of 4,000 million observations",
            "a list that ends at",
            Change::Replace(places([0, 4, 6, 9]), places([0, 4_000_000_000, 6, 9])),
        ),
        case(
            "hf-lengths",
            of,
            "one observation more than there should be",
            "5 observations and 3 actions",
            Change::Replace(places([0, 4, 6, 9]), places([0, 5, 6, 9])),
        ),
        case(
            "hf-nan",
            of,
            "an observation that is no number",
            "observation [NaN, ",
            Change::Replace(
                FIRST_REWARD.to_le_bytes().to_vec(),
                f64::NAN.to_le_bytes().to_vec(),
            ),
        ),
    ]
}

/// A pickle that would run a command if anybody loaded it.
fn pickle() -> Vec<u8> {
    b"\x80\x04\x95\x1e\0\0\0\0\0\0\0\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.".to_vec()
}

impl Case {
    /// Writes the dataset into a folder; gives the bytes of the part that is broken.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<usize> {
        let sound = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data/foreign")
            .join(self.sound);
        let place = folder.join(self.name);
        copy(&sound, &place)?;
        let part = place.join(self.part);
        let bytes = self.change.apply(fs::read(&part)?);
        match &bytes {
            Some(bytes) => fs::write(&part, bytes)?,
            None => fs::remove_file(&part)?,
        }
        Ok(bytes.map_or(0, |bytes| bytes.len()))
    }
}

impl Change {
    fn apply(&self, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Change::Remove => return None,
            Change::Cut(pieces) => bytes.truncate(bytes.len() / pieces),
            Change::Whole(whole) => bytes = whole.clone(),
            Change::At(at, new) => put(&mut bytes, *at, new),
            Change::Replace(from, to) => {
                let at = find(&bytes, from, 0);
                bytes.splice(at..at + from.len(), to.iter().copied());
            }
            Change::Behind(mark, distance, new) => {
                let at = find(&bytes, mark, 0) + distance;
                put(&mut bytes, at, new);
            }
            Change::Cycle => {
                // A continuation message of version 1: kind 16, 16 bytes, no flags; then where to and how long.
                let at = find(&bytes, &[0x10, 0, 0x10, 0, 0, 0, 0, 0], 0) + 8;
                // The header that holds it: version 1, in front of it.
                let start = (0..=at - 24)
                    .rev()
                    .find(|start| bytes[*start..].starts_with(&[1, 0]) && start % 8 == 0);
                let start = start.expect("a header stands before its messages") as u64 + 16;
                put(&mut bytes, at, &start.to_le_bytes());
            }
        }
        Some(bytes)
    }
}

fn put(bytes: &mut [u8], at: usize, new: &[u8]) {
    bytes[at..at + new.len()].copy_from_slice(new);
}

fn find(bytes: &[u8], mark: &[u8], from: usize) -> usize {
    let found = bytes[from..]
        .windows(mark.len())
        .position(|window| window == mark);
    found.unwrap_or_else(|| {
        panic!(
            "{:?} is not there to be broken",
            String::from_utf8_lossy(mark)
        )
    }) + from
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path: PathBuf = entry?.path();
        let place = to.join(path.file_name().unwrap_or_default());
        match path.is_dir() {
            true => copy(&path, &place)?,
            false => fs::copy(&path, &place).map(drop)?,
        }
    }
    Ok(())
}
