//! Broken archives of arrays, and a writer of archives that does as it is told.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::{BrokenFile, SOUND, broken};

/// Archives that are damaged, or no archives.
pub(crate) fn broken_archives() -> Vec<BrokenFile> {
    let sound = archive(&sound_arrays());
    let with = |change: &dyn Fn(&mut Entry)| {
        let mut entries = sound_arrays();
        change(&mut entries[0]);
        archive(&entries)
    };
    let mut flipped = sound.clone();
    flipped[200] ^= 1;
    let mut many = sound.clone();
    let end = many.len() - 22;
    many[end + 10..end + 12].copy_from_slice(&u16::MAX.to_le_bytes());
    let twice: Vec<Entry> = sound_arrays()
        .into_iter()
        .chain(sound_arrays().into_iter().take(1))
        .collect();
    let mut impossible = sound_arrays();
    impossible[0].size = 100_000_000;
    impossible[0].method = 8;
    vec![
        broken(
            "cut.npz",
            "cut off in the middle",
            "cut off",
            &sound[..sound.len() / 2],
        ),
        broken(
            "text.npz",
            "JSON under the name of an archive",
            "no .npz archive",
            SOUND,
        ),
        broken(
            "pickle.npz",
            "a pickle",
            "reading one would run code",
            b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00".as_slice(),
        ),
        broken(
            "single.npz",
            "one array without an archive",
            "this is a single array",
            npy("'<f8'", "(2,)", &[0; 16]),
        ),
        broken(
            "nothing.npz",
            "an archive of nothing",
            "holds no arrays",
            archive(&[]),
        ),
        broken("flipped-bit.npz", "a bit that flipped", "damaged", flipped),
        broken(
            "encrypted.npz",
            "an encrypted array",
            "encrypted",
            with(&|entry| entry.flags = 1),
        ),
        broken(
            "bzip2.npz",
            "an array packed by bzip2",
            "packed by method 12",
            with(&|entry| entry.method = 12),
        ),
        broken(
            "readme.npz",
            "a text file among the arrays",
            "this is no array",
            with(&|entry| entry.name = "README.txt".to_owned()),
        ),
        broken(
            "twice.npz",
            "an array that occurs twice",
            "this array occurs twice",
            archive(&twice),
        ),
        broken(
            "many-arrays.npz",
            "a directory that claims 65,535 arrays",
            "65535 arrays",
            many,
        ),
        broken(
            "impossible.npz",
            "more bytes than deflate can pack",
            "which cannot be",
            archive(&impossible),
        ),
    ]
}

/// Files that are large, or that become so when they are unpacked.
pub(crate) fn large_files() -> Vec<BrokenFile> {
    let lists = format!("{{\"transitions\": [{}[]]}}", "[],".repeat(16_000_000));
    let spaces = format!("{{{}}}", " ".repeat(64 << 20));
    let zeros = |n_bytes: usize| npy("'<f8'", &format!("({},)", n_bytes / 8), &vec![0; n_bytes]);
    let bomb = |n_bytes| {
        [
            sound_arrays(),
            vec![Entry::deflated("reward_bomb.npy", zeros(n_bytes))],
        ]
        .concat()
    };
    let mut lying = bomb(64 << 20);
    let last = lying.len() - 1;
    lying[last].size = 4096;
    vec![
        broken(
            "long.json",
            "longer than 64 MiB",
            "longer than 64 MiB",
            spaces,
        ),
        broken(
            "many-values.json",
            "16 million empty lists",
            "too many values",
            lists,
        ),
        broken(
            "bomb.npz",
            "a ZIP bomb: 512 MiB in 0.5 MB",
            "at most 33554432 numbers",
            archive(&bomb(512 << 20)),
        ),
        broken(
            "lying-bomb.npz",
            "a ZIP bomb that claims 4 KiB and unpacks to 64 MiB",
            "does not fit",
            archive(&lying),
        ),
        broken(
            "many-terminals.npz",
            "two million terminal states in 4 KB, and a start in one of them",
            "no episode can begin",
            archive(&many_terminals()),
        ),
        broken(
            "zeros.npz",
            "256 MiB of zeros as transitions",
            "4094 states, but 0 transitions",
            archive(&dense_zeros()),
        ),
    ]
}

/// Arrays that are no part of an MDP.
pub(crate) fn broken_arrays() -> Vec<BrokenFile> {
    let with = |name: &str, array: Vec<u8>| {
        let kept = sound_arrays()
            .into_iter()
            .filter(|entry| entry.name != name);
        archive(&kept.chain([Entry::stored(name, array)]).collect::<Vec<_>>())
    };
    let mut by_action = floats(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    by_action.extend(by_action.clone());
    let mut nan = dense();
    nan[..8].copy_from_slice(&f64::NAN.to_le_bytes());
    let columns = |length: usize| {
        let column =
            |name: &str, n| Entry::stored(name, npy("'<i8'", &format!("({n},)"), &vec![0; 8 * n]));
        let entries = ["state.npy", "action.npy", "next_state.npy"]
            .map(|name| column(name, 6))
            .into_iter();
        entries.chain([column("probability.npy", length)])
    };
    let without_transitions = || {
        sound_arrays()
            .into_iter()
            .filter(|entry| entry.name != "transitions.npy")
    };
    let sizes = [
        Entry::stored("states.npy", npy("'<i8'", "()", &3_i64.to_le_bytes())),
        Entry::stored("actions.npy", npy("'<i8'", "()", &2_i64.to_le_bytes())),
    ];
    let lengths: Vec<Entry> = without_transitions()
        .chain(columns(4))
        .chain(sizes.clone())
        .collect();
    let falling = [0_i64, 2, 1, 3, 4, 4, 4].map(i64::to_le_bytes).concat();
    let compressed = [
        Entry::stored("indptr.npy", npy("'<i8'", "(7,)", &falling)),
        Entry::stored("indices.npy", npy("'<i8'", "(4,)", &[0; 32])),
        Entry::stored("data.npy", npy("'<f8'", "(4,)", &floats(&[1.0; 4]))),
    ];
    let falling: Vec<Entry> = without_transitions()
        .chain(compressed)
        .chain(sizes)
        .collect();
    vec![
        broken(
            "objects.npz",
            "an array of Python objects",
            "reading a pickle would run code",
            with("transitions.npy", npy("'|O'", "(3, 2, 3)", b"\x80\x04N.")),
        ),
        broken(
            "complex.npz",
            "complex rewards",
            "NumPy's type \"<c16\"",
            with("reward.npy", npy("'<c16'", "(3,)", &[0; 48])),
        ),
        broken(
            "by-action.npz",
            "transitions [A, S, S] as [S, A, S]",
            "transitions_by_action",
            with("transitions.npy", npy("'<f8'", "(2, 3, 3)", &by_action)),
        ),
        broken(
            "two-axes.npz",
            "transitions of two axes",
            "numbers of shape [S, A, S]",
            with("transitions.npy", npy("'<f8'", "(3, 6)", &dense())),
        ),
        broken(
            "nan.npz",
            "NaN as a probability",
            "the probability NaN",
            with("transitions.npy", npy("'<f8'", "(3, 2, 3)", &nan)),
        ),
        broken(
            "huge-shape.npz",
            "a shape of 10^18 numbers",
            "too large",
            with(
                "transitions.npy",
                npy("'<f8'", "(1000000, 1000000, 1000000)", &dense()),
            ),
        ),
        broken(
            "short-array.npz",
            "fewer numbers than the shape says",
            "does not fit",
            with("transitions.npy", npy("'<f8'", "(3, 2, 300)", &dense())),
        ),
        broken(
            "header.npz",
            "a header that is no dictionary",
            "not one that NumPy writes",
            with(
                "transitions.npy",
                npy("open('x').read()", "(3, 2, 3)", &dense()),
            ),
        ),
        broken(
            "columns.npz",
            "columns of different lengths",
            "there are 4 values, but 6 of state",
            archive(&lengths),
        ),
        broken(
            "indptr.npz",
            "compressed rows whose positions fall",
            "without ever falling",
            archive(&falling),
        ),
    ]
}

/// An entry of an archive as its directory describes it.
#[derive(Clone)]
pub(crate) struct Entry {
    name: String,
    flags: u16,
    method: u16,
    checksum: u32,
    size: usize,
    stored: Vec<u8>,
}

impl Entry {
    pub(crate) fn stored(name: &str, content: Vec<u8>) -> Entry {
        let mut crc = Crc::new();
        crc.update(&content);
        Entry {
            name: name.to_owned(),
            flags: 0,
            method: 0,
            checksum: crc.sum(),
            size: content.len(),
            stored: content,
        }
    }

    pub(crate) fn deflated(name: &str, content: Vec<u8>) -> Entry {
        let mut encoder = DeflateEncoder::new(vec![], Compression::best());
        encoder
            .write_all(&content)
            .expect("memory takes everything");
        Entry {
            method: 8,
            stored: encoder.finish().expect("memory takes everything"),
            ..Entry::stored(name, content)
        }
    }

    /// What the local header and the directory share.
    fn record(&self) -> Vec<u8> {
        let mut record = vec![];
        for short in [20, self.flags, self.method, 0, 0] {
            record.extend(short.to_le_bytes());
        }
        for long in [self.checksum, self.stored.len() as u32, self.size as u32] {
            record.extend(long.to_le_bytes());
        }
        record.extend((self.name.len() as u16).to_le_bytes());
        record.extend([0; 2]);
        record
    }
}

/// A ZIP archive.
pub(crate) fn archive(entries: &[Entry]) -> Vec<u8> {
    let (mut bytes, mut directory) = (vec![], vec![]);
    for entry in entries {
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(entry.record());
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(entry.name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(entry.record());
        bytes.extend(entry.name.as_bytes());
        bytes.extend(&entry.stored);
    }
    let offset = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([(entries.len() as u16).to_le_bytes(); 2].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend([0; 2]);
    bytes
}

/// A `.npy` array of version 1.
pub(crate) fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn floats(values: &[f64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// The transitions of the sound file, `[3, 2, 3]`.
fn dense() -> Vec<u8> {
    floats(&[
        0.25, 0.75, 0.0, 1.0, 0.0, 0.0, // left
        0.0, 0.0, 1.0, 0.0, 1.0, 0.0, // right
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, // goal
    ])
}

/// The sound file as arrays.
pub(crate) fn sound_arrays() -> Vec<Entry> {
    vec![
        Entry::stored("transitions.npy", npy("'<f8'", "(3, 2, 3)", &dense())),
        Entry::stored("discount.npy", npy("'<f8'", "()", &floats(&[0.9]))),
        Entry::stored("start.npy", npy("'<i8'", "()", &[0; 8])),
        Entry::stored("terminals.npy", npy("'<i8'", "(1,)", &2_i64.to_le_bytes())),
        Entry::stored(
            "reward.npy",
            npy("'<f8'", "(3, 2)", &floats(&[-1.0, 0.0, 2.0, 0.0, 0.0, 0.0])),
        ),
    ]
}

/// As many zeros as are read at most, for 4,094 states and two actions.
fn dense_zeros() -> Vec<Entry> {
    const SHAPE: [usize; 3] = [4094, 2, 4094];
    let n_bytes = 8 * SHAPE.iter().product::<usize>();
    let zeros = npy("'<f8'", "(4094, 2, 4094)", &vec![0; n_bytes]);
    let mut entries = sound_arrays();
    entries[0] = Entry::deflated("transitions.npy", zeros);
    entries[4] = Entry::stored("reward.npy", npy("'<f8'", "()", &[0; 8]));
    entries
}

/// As many terminal states as are read, and two actions in each.
fn many_terminals() -> Vec<Entry> {
    const STATES: usize = 1 << 21;
    let flags = npy("'|b1'", &format!("({STATES},)"), &[1; STATES]);
    let size = |n: usize| npy("'<i8'", "()", &(n as i64).to_le_bytes());
    let column = || npy("'<i8'", "(1,)", &[0; 8]);
    vec![
        Entry::stored("states.npy", size(STATES)),
        Entry::stored("actions.npy", size(2)),
        Entry::stored("state.npy", column()),
        Entry::stored("action.npy", column()),
        Entry::stored("next_state.npy", column()),
        Entry::stored("probability.npy", npy("'<f8'", "(1,)", &floats(&[1.0]))),
        Entry::stored("discount.npy", npy("'<f8'", "()", &floats(&[0.9]))),
        Entry::stored("start.npy", size(1)),
        Entry::deflated("terminals.npy", flags),
        Entry::stored("reward.npy", npy("'<f8'", "()", &floats(&[0.0]))),
    ]
}
