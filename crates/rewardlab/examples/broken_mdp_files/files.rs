//! Broken files, made from two sound ones: one of JSON, one of NumPy arrays.

use std::io::Write as _;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// A file that is no MDP.
pub(crate) struct BrokenFile {
    /// Its name, whose ending says what it pretends to be.
    pub(crate) name: &'static str,
    /// What is wrong with it.
    pub(crate) broken: &'static str,
    /// What the message must contain.
    pub(crate) says: &'static str,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

fn broken(
    name: &'static str,
    broken: &'static str,
    says: &'static str,
    bytes: impl Into<Vec<u8>>,
) -> BrokenFile {
    BrokenFile {
        name,
        broken,
        says,
        bytes: bytes.into(),
    }
}

/// All of them.
pub(crate) fn broken_files() -> Vec<BrokenFile> {
    let mut files = broken_text();
    files.extend(broken_dynamics());
    files.extend(broken_tables());
    files.extend(broken_archives());
    files.extend(broken_arrays());
    files
}

/// A sound file of JSON, one line a key.
pub(crate) const SOUND: &str = r#"{
  "states": ["left", "right", "goal"],
  "actions": ["go", "stay"],
  "discount": 0.9,
  "start": "left",
  "terminals": ["goal"],
  "transitions": [
    ["left", "go", "right", 0.75],
    ["left", "go", "left", 0.25],
    ["left", "stay", "left", 1],
    ["right", "go", "goal", 1],
    ["right", "stay", "right", 1]
  ],
  "rewards": {
    "reward": [[-1, 0], [2, 0], [0, 0]],
    "intent": {"entered": [0, 0, 1]}
  }
}
"#;

/// The sound file with one thing changed.
fn changed(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "the sound file has no {from}");
    SOUND.replacen(from, to, 1)
}

/// Files that are no JSON, or too much of it.
fn broken_text() -> Vec<BrokenFile> {
    let half = SOUND.len() / 2;
    let nested = "[".repeat(200_000);
    let lists = format!("{{\"transitions\": [{}[]]}}", "[],".repeat(16_000_000));
    let spaces = format!("{{{}}}", " ".repeat(64 << 20));
    let mut latin = changed("\"right\"", "\"r#ght\"").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'#').unwrap_or(0);
    latin[at] = 0xef;
    vec![
        broken("empty.json", "empty", "the file is empty", ""),
        broken(
            "cut.json",
            "cut off in the middle",
            "the file is cut off",
            &SOUND.as_bytes()[..half],
        ),
        broken("latin.json", "not UTF-8", "not UTF-8", latin),
        broken(
            "toml.json",
            "another language",
            "not JSON",
            "discount = 0.9\n",
        ),
        broken(
            "list.json",
            "a list, not an object",
            "is no MDP",
            "[1, 2, 3]",
        ),
        broken("number.json", "a number, not an object", "is no MDP", "1"),
        broken(
            "nested.json",
            "200,000 lists inside each other",
            "nested too deeply",
            nested,
        ),
        broken(
            "key-twice.json",
            "the discount given twice",
            "the key \"discount\" occurs twice",
            changed("\"start\"", "\"discount\": 0.5, \"start\""),
        ),
        broken(
            "nan.json",
            "NaN as a probability",
            "JSON has no NaN",
            changed("0.75", "NaN"),
        ),
        broken(
            "infinity.json",
            "1e999 as a reward",
            "out of range",
            changed("[-1, 0]", "[1e999, 0]"),
        ),
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
    ]
}

/// States, actions, transitions, discount and start.
fn broken_dynamics() -> Vec<BrokenFile> {
    let many = changed("[\"left\", \"right\", \"goal\"]", "4000000")
        .replace("\"left\"", "0")
        .replace("\"right\"", "1")
        .replace("\"goal\"", "2")
        .replace("[[-1, 0], [2, 0], [0, 0]]", "0")
        .replace("{\"entered\": [0, 0, 1]}", "1");
    vec![
        broken(
            "row-sum.json",
            "a row that sums to 0.9",
            "the probabilities sum to 0.9",
            changed("0.75", "0.65"),
        ),
        broken(
            "negative.json",
            "a negative probability",
            "the probability -0.25",
            changed("0.25", "-0.25"),
        ),
        broken(
            "above-one.json",
            "a probability of 1.75",
            "the probability 1.75",
            changed("0.75", "1.75"),
        ),
        broken(
            "unknown-state.json",
            "a state that is not listed",
            "did you mean \"left\"",
            changed("\"go\", \"left\"", "\"go\", \"lfet\""),
        ),
        broken(
            "state-3.json",
            "state 3 of 0 to 2",
            "there is no state 3",
            changed("\"go\", \"left\"", "\"go\", 3"),
        ),
        broken(
            "action-half.json",
            "action 0.5",
            "there is no action 0.5",
            changed("\"stay\", \"left\"", "0.5, \"left\""),
        ),
        broken(
            "short-row.json",
            "a transition without its probability",
            "is no transition",
            changed("\"left\", 1]", "\"left\"]"),
        ),
        broken(
            "missing-row.json",
            "an action that leads nowhere",
            "there is no transition",
            changed("[\"left\", \"stay\", \"left\", 1],", ""),
        ),
        broken(
            "leaves-terminal.json",
            "a terminal state that is left",
            "is terminal, but",
            changed(
                "[\"left\", \"stay\"",
                "[\"goal\", \"go\", \"left\", 1], [\"left\", \"stay\"",
            ),
        ),
        broken(
            "ragged.json",
            "dense lists of different lengths",
            "stands where a list of 3",
            r#"{"transitions": [[[1, 0, 0]], [[0, 1]], [[0, 0, 1]]], "discount": 0.9, "start": 0, "rewards": {"reward": 0}}"#,
        ),
        broken(
            "zero-states.json",
            "no states",
            "there are 0 states",
            changed("[\"left\", \"right\", \"goal\"]", "0"),
        ),
        broken(
            "huge-states.json",
            "10^15 states",
            "at most 4194304 are read",
            changed("[\"left\", \"right\", \"goal\"]", "1000000000000000"),
        ),
        broken(
            "many-states.json",
            "4,000,000 states and five transitions",
            "4000000 states, but 5 transitions",
            many,
        ),
        broken(
            "control.json",
            "an escape sequence as a name",
            "is no name",
            changed("\"left\"", "\"\\u001b[2J\""),
        ),
        broken(
            "no-discount.json",
            "no discount",
            "discount: this is missing",
            changed("\"discount\": 0.9,", ""),
        ),
        broken(
            "discount-2.json",
            "a discount of 2",
            "2 does not lie from 0 to 1",
            changed("0.9", "2"),
        ),
        broken(
            "discount-text.json",
            "a discount in quotation marks",
            "\"0.9\" is no number",
            changed("0.9", "\"0.9\""),
        ),
        broken(
            "never-ends.json",
            "discount 1 and no end",
            "no episode ever ends",
            changed("0.9", "1")
                .replace("\"right\", 1]", "\"left\", 1]")
                .replace("\"goal\", 1]", "\"right\", 1]"),
        ),
        broken(
            "no-start.json",
            "no start",
            "start: this is missing",
            changed("\"start\": \"left\",", ""),
        ),
        broken(
            "start-half.json",
            "a start that sums to 0.5",
            "the probabilities sum to 0.5",
            changed("\"start\": \"left\"", "\"start\": [0.5, 0, 0]"),
        ),
        broken(
            "start-ended.json",
            "a start in a terminal state",
            "no episode can begin",
            changed("\"start\": \"left\"", "\"start\": \"goal\""),
        ),
        broken(
            "unknown-key.json",
            "a key with a letter missing",
            "did you mean \"terminals\"",
            changed("\"terminals\"", "\"terminls\""),
        ),
        broken(
            "version-9.json",
            "a later version of the format",
            "version 9",
            changed("\"states\"", "\"version\": 9, \"states\""),
        ),
    ]
}

/// Rewards and what is drawn.
fn broken_tables() -> Vec<BrokenFile> {
    let rewards = |table: &str| changed("[[-1, 0], [2, 0], [0, 0]]", table);
    let five = changed(
        "[\"left\", \"right\", \"goal\"]",
        "[\"left\", \"right\", \"goal\", \"a\", \"b\"]",
    )
    .replace(
        "\"terminals\": [\"goal\"]",
        "\"terminals\": [\"goal\", \"a\", \"b\"]",
    )
    .replace("{\"entered\": [0, 0, 1]}", "0")
    .replace("[[-1, 0], [2, 0], [0, 0]]", "[1, 2, 3, 4, 5]");
    vec![
        broken(
            "no-rewards.json",
            "no rewards",
            "rewards: this is missing",
            changed("\"rewards\"", "\"description\": \"\"}")
                .split("\"\"}")
                .next()
                .map_or(String::new(), |head| format!("{head}\"\"}}")),
        ),
        broken(
            "reward-shape.json",
            "rewards of the shape [A, S]",
            "the shape is (2, 3)",
            rewards("[[-1, 2, 0], [0, 0, 0]]"),
        ),
        broken(
            "reward-null.json",
            "null as a reward",
            "null stands where a number",
            rewards("[[-1, null], [2, 0], [0, 0]]"),
        ),
        broken(
            "reward-unpaid.json",
            "a reward for acting in a terminal state",
            "would never be paid",
            rewards("[[-1, 0], [2, 0], [5, 0]]"),
        ),
        broken(
            "reward-unfit.json",
            "a row of rewards that no transition fits",
            "no transition fits",
            rewards("{\"rows\": [[\"left\", \"stay\", \"goal\", 1]]}"),
        ),
        broken(
            "reward-twofold.json",
            "five rewards for five states and five transitions",
            "one a state or one a transition",
            five,
        ),
        broken(
            "tampering.json",
            "tampering by an action that is not listed",
            "there is no action \"pull\"",
            changed(
                "\"start\"",
                "\"tampering\": [[\"left\", \"pull\"]], \"start\"",
            ),
        ),
        broken(
            "positions.json",
            "positions of two states of three",
            "not one [column, row]",
            changed("\"start\"", "\"positions\": [[0, 0], [1, 0]], \"start\""),
        ),
    ]
}

/// Archives that are damaged, or no archives.
fn broken_archives() -> Vec<BrokenFile> {
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
            "impossible.npz",
            "more bytes than deflate can pack",
            "which cannot be",
            archive(&impossible),
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
fn broken_arrays() -> Vec<BrokenFile> {
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
