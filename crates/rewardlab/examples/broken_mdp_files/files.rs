//! Broken files, made from two sound ones: one of JSON, one of NumPy arrays.

#[path = "archives.rs"]
mod archives;

#[cfg(test)]
pub(crate) use archives::{archive, sound_arrays};
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

/// All of them, but for those of many mebibytes where only small ones are wanted.
pub(crate) fn broken_files(with_large: bool) -> Vec<BrokenFile> {
    let mut files = broken_text();
    files.extend(broken_dynamics());
    files.extend(broken_tables());
    files.extend(archives::broken_archives());
    files.extend(archives::broken_arrays());
    if with_large {
        files.extend(archives::large_files());
    }
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
    ["left", "go", "left", 0.25],
    ["left", "go", "right", 0.75],
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
    ]
}

/// States, actions, transitions, discount and start.
fn broken_dynamics() -> Vec<BrokenFile> {
    let many = changed("[\"left\", \"right\", \"goal\"]", "2000000")
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
            "at most 2097152 are read",
            changed("[\"left\", \"right\", \"goal\"]", "1000000000000000"),
        ),
        broken(
            "many-states.json",
            "2,000,000 states and five transitions",
            "2000000 states, but 5 transitions",
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
