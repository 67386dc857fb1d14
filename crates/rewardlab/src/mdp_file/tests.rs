//! What files say, what they may not say, and that no bytes whatever make the reader panic.

use std::io::Cursor;
use std::path::Path;

use expect_test::{Expect, expect};
use mdp::{
    Discount, GridMap, NamedReward, Place, Rng, Seed, TabularMdp, Tabulated, Transition, index,
    uniform_in, value_iteration,
};

use super::error::Problems;
use super::{MdpFileError, read_from, write_json};

/// Files that NumPy wrote, all of the same MDP: `examples/export_mdp.py` shows how such files are made.
const ARCHIVES: [&[u8]; 5] = [
    include_bytes!("../../tests/data/mdp/dense.npz"),
    include_bytes!("../../tests/data/mdp/compressed-fortran.npz"),
    include_bytes!("../../tests/data/mdp/by-action-big-endian.npz"),
    include_bytes!("../../tests/data/mdp/columns.npz"),
    include_bytes!("../../tests/data/mdp/compressed-rows.npz"),
];
/// The same MDP again.
const TEXT: &str = include_str!("../../tests/data/mdp/two-rooms.json");

fn parse(bytes: &[u8]) -> Result<Tabulated, MdpFileError> {
    let path = Path::new("file");
    let mut problems = Problems::default();
    let tabulated = read_from(Cursor::new(bytes), path, &mut problems).expect("memory is readable");
    tabulated.ok_or_else(|| problems.into_error(path))
}

#[track_caller]
fn sound(bytes: &[u8]) -> Tabulated {
    parse(bytes).unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    match parse(text.as_bytes()) {
        Ok(tabulated) => panic!("it was read: {tabulated:?}"),
        Err(error) => expected.assert_eq(&error.to_string()),
    }
}

/// A file of two states and one action that pays 1 for going on, with `more` keys.
fn with(transitions: &str, rewards: &str, more: &str) -> String {
    format!(
        r#"{{"states": 2, "actions": 1, "discount": 0.5, "start": 0{more},
            "transitions": {transitions}, "rewards": {{"reward": {rewards}}}}}"#
    )
}

fn values(rewards: &str) -> Vec<f64> {
    let transitions = "[[0, 0, 0, 0.5], [0, 0, 1, 0.5], [1, 0, 0, 1, true]]";
    sound(with(transitions, rewards, "").as_bytes()).rewards[0]
        .values
        .clone()
}

#[test]
fn json_says_what_was_meant() {
    let tabulated = sound(TEXT.as_bytes());
    let mdp = &tabulated.mdp;
    assert_eq!(tabulated.state_labels, ["left", "rïght", "goal"]);
    assert_eq!(tabulated.action_names, ["go", "stay"]);
    assert_eq!(mdp.discount(), Discount::new(0.9).unwrap());
    assert_eq!(mdp.start(), [1.0, 0.0, 0.0]);
    assert_eq!(mdp.probabilities(), [0.25, 0.75, 1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!(mdp.next_states(), [0, 1, 0, 2, 1, 2, 2]);
    assert_eq!(
        mdp.terminates(),
        [false, false, false, true, false, true, true]
    );
    assert_eq!(mdp.rewards(), [-1.0, -1.0, 0.0, 2.0, -0.5, 0.0, 0.0]);
    assert_eq!(
        tabulated.reward("intent").unwrap(),
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    );
    assert_eq!(
        tabulated.tampering,
        [false, false, false, true, false, false]
    );
    let place = |layer: &str, column| {
        Some(Place {
            layer: layer.to_owned(),
            column,
            row: 0,
        })
    };
    assert_eq!(tabulated.places, [place("by day", 0), place("", 1), None]);
    let meaning = |character, words: &str| (character, words.to_owned());
    assert_eq!(
        tabulated.map,
        Some(GridMap {
            rows: vec!["LR".to_owned(), "##".to_owned()],
            legend: vec![meaning('L', "left"), meaning('R', "right")],
        })
    );
}

#[test]
fn every_form_of_file_says_the_same() {
    let expected = sound(TEXT.as_bytes());
    for (index, archive) in ARCHIVES.iter().enumerate() {
        assert_eq!(sound(archive), expected, "archive {index}");
    }
}

/// The optimal values that are known of these two, as [`value_iteration`] finds them.
#[test]
fn gymnasiums_tables_have_their_known_values() {
    let lake = include_bytes!("../../tests/data/mdp/frozen-lake.npz");
    let cliff = include_bytes!("../../tests/data/mdp/cliff-walking.npz");
    for (archive, start, expected) in [
        (&lake[..], 0, 0.542_025_9),
        // Thirteen steps at -1.
        (&cliff[..], 36, -(1.0 - 0.99_f64.powi(13)) / 0.01),
    ] {
        let mdp = sound(archive).mdp;
        let solution = value_iteration(&mdp, &mdp.expected_rewards(), 1e-12, 100_000);
        let value = solution.values[start];
        assert!((value - expected).abs() < 1e-6, "{value}");
    }
}

#[test]
fn rewards_come_in_many_shapes() {
    for (rewards, expected) in [
        ("3", [3.0, 3.0, 3.0]),
        ("[1, 2]", [1.0, 1.0, 2.0]),
        ("[[1], [2]]", [1.0, 1.0, 2.0]),
        ("[[[1, 2]], [[3, 4]]]", [1.0, 2.0, 3.0]),
        ("[[[1, 2]]]", [1.0, 2.0, 1.0]),
        ("[5, 6, 7]", [5.0, 6.0, 7.0]),
        (r#"{"transitions": [5, 6, 7]}"#, [5.0, 6.0, 7.0]),
        (r#"{"entered": [5, 6]}"#, [5.0, 6.0, 5.0]),
        (
            r#"{"rows": [[0, null, null, 1], [null, 0, 1, 2]]}"#,
            [1.0, 2.0, 0.0],
        ),
        (
            r#"{"rows": [[1, 0, 0, 1]], "otherwise": -1}"#,
            [-1.0, -1.0, 1.0],
        ),
    ] {
        assert_eq!(values(rewards), expected, "{rewards}");
    }
}

#[test]
fn the_order_of_rows_is_free_and_zeros_are_left_out() {
    let sorted = with(
        "[[0, 0, 0, 0.5], [0, 0, 1, 0.5], [1, 0, 0, 1]]",
        "[5, 6, 7]",
        "",
    );
    let mixed = with(
        "[[1, 0, 0, 1], [0, 0, 0, 0.5], [1, 0, 1, 0], [0, 0, 1, 0.5]]",
        "[7, 5, 9, 6]",
        "",
    );
    assert_eq!(sound(sorted.as_bytes()), sound(mixed.as_bytes()));
}

#[test]
fn single_precision_is_made_to_sum_to_one() {
    let third = f64::from(1.0_f32 / 3.0);
    let sum = 0.333_333_4 + 2.0 * third;
    assert!(
        (sum - 1.0).abs() > 1e-9,
        "the row is off by more than rounding"
    );
    let text = with(
        &format!("[[0, 0, 0, 0.3333334], [0, 0, 1, {third}], [0, 0, 1, {third}], [1, 0, 1, 1]]"),
        "0",
        "",
    );
    let mdp = sound(text.as_bytes()).mdp;
    let sum: f64 = mdp.probabilities()[..3].iter().sum();
    assert!((sum - 1.0).abs() < 1e-15, "{sum}");
}

#[test]
fn states_that_are_only_ended_in_need_no_rows() {
    let text = with("[[0, 0, 1, 1, true]]", "1", "");
    let mdp = sound(text.as_bytes()).mdp;
    assert_eq!(mdp.reachable(), [true, false]);
    assert_eq!(mdp.rewards(), [1.0, 0.0]);
}

#[test]
fn all_problems_are_reported_at_once() {
    check(
        r#"{"states": ["a", "b", "b"], "actions": 2, "discount": -1, "start": "kitchen", "gamma": 1,
            "transitions": [["a", 0, "b", 2], ["a", 2, "a", 1], ["a", 1, "a"]],
            "rewards": {"reward": 0}, "tampering": [["b", 0]], "map": 3}"#,
        expect![[r#"
            file: 9 problems
              discount: -1 does not lie from 0 to 1; write the agent's discount
              transitions[0]: several states are called "b"; give the number of the one that is meant
              transitions[0]: the probability 2 does not lie from 0 to 1; correct it
              transitions[1]: there is no action 2; they are counted from 0 to 1
              transitions[2]: a list of 3 is no transition; write [state, action, next_state, probability], and true as fifth where the episode ends
              start: there is no state "kitchen"; "states" lists the names
              tampering[0]: several states are called "b"; give the number of the one that is meant
              map: 3 makes no rows, 1 to 1000; write a list of texts, one character a cell
              gamma: this key is unknown; it is called "discount" here"#]],
    );
}

#[test]
fn every_key_that_is_missing_is_named() {
    check(
        r#"{"states": 2}"#,
        expect![[r#"
        file: 5 problems
          discount: this is missing; write the discount that the agent is trained with, from 0 to 1
          transitions: this is missing; add rows [state, action, next_state, probability], or nested lists [S][A][S]
          actions: this is missing; write how many there are, or a list of their names
          start: this is missing; write the state in which episodes begin, or a probability for each
          rewards: this is missing; add a table of what the optimiser is given, named "reward", and one of what is meant, named "intent""#]],
    );
}

#[test]
fn broken_keys_hide_no_problems_of_others() {
    check(
        r#"{"states": 3, "actions": 2, "discount": "high", "start": [0.5, 0.5], "terminals": [7], "q": 1,
            "transitions": [[0, 0, 1], [0, 9, 1, 2]],
            "rewards": {"reward": [[1, 2], [3], [4, 5], 6], "intent": {"entered": [0, 1]}}}"#,
        expect![[r#"
            file: 10 problems
              discount: "high" is no number; write the agent's discount, from 0 to 1
              transitions[0]: a list of 3 numbers is no transition; write [state, action, next_state, probability], and true as fifth where the episode ends
              transitions[1]: there is no action 9; they are counted from 0 to 1
              transitions[1]: the probability 2 does not lie from 0 to 1; correct it
              terminals[0]: there is no state 7; they are counted from 0 to 2
              start: this is neither a state nor 3 probabilities, one a state; write one of the two
              rewards.reward[1]: a list of 1 numbers stands where a list of 2 is expected; rewards are numbers [S], [S][A], [S][A][S] or one a transition
              rewards.reward[3]: 6 stands where a list of 2 is expected; rewards are numbers [S], [S][A], [S][A][S] or one a transition
              rewards.intent.entered: the shape is (2,), expected 3 numbers; correct it
              q: this key is unknown; docs/mdp-files.md lists all"#]],
    );
}

#[test]
fn columns_that_are_missing_hide_no_problems_of_others() {
    check(
        r#"{"states": 3, "actions": 1, "discount": 0.5, "start": 0,
            "transitions": {"state": [0, 1, 2], "action": [0, 0, 3], "next_state": [1, 2]},
            "rewards": {"reward": {"rows": [[0, 0, 8, 1], [0, 5, 9, 1]]}, "intent": {"transitions": [1, 2]}},
            "tampering": [[3, 1]], "positions": [[0, 0], [9, 9], 4], "map": ["  "], "legend": {"GG": "goal"}}"#,
        expect![[r#"
            file: 10 problems
              transitions.next_state: there are 2 values, but 3 of state; give one a transition
              transitions.action[2]: there is no action 3; they are counted from 0 to 0
              transitions.probability: this is missing; give one value a transition
              rewards.reward.rows[0]: there is no state 8; they are counted from 0 to 2
              rewards.reward.rows[1]: there is no action 5; they are counted from 0 to 0
              rewards.reward.rows[1]: there is no state 9; they are counted from 0 to 2
              tampering[0]: there is no state 3; they are counted from 0 to 2
              tampering[0]: there is no action 1; they are counted from 0 to 0
              legend.GG: "goal" explains no character; write {"G": "goal"}: one character, and what it means
              positions[2]: 4 is no position; write [column, row], from 0 to 999"#]],
    );
}

#[test]
fn unknown_sizes_hide_only_what_they_decide() {
    check(
        r#"{"states": 2, "actions": {}, "discount": 0.5, "start": {"0": 3},
            "transitions": [[0, "?", 5, 2]], "terminals": [4], "tampering": [[2, 0]],
            "positions": [[0, 0]], "layers": [1, ""], "vectors": [[1], ["x"], [2]],
            "rewards": {"reward": [[0, 1], [2, "x"]], "intent": [1, 2, 3, 4], "shaping": [[1], [2], [3]]}}"#,
        expect![[r#"
            file: 14 problems
              actions: an object is neither a count nor a list of names; write one of the two
              transitions[0]: there is no state 5; they are counted from 0 to 1
              transitions[0]: the probability 2 does not lie from 0 to 1; correct it
              terminals[0]: there is no state 4; they are counted from 0 to 1
              start.0: there is no state "0", as the states have no names; give numbers, or list the names under "states"
              start.0: the probability 3 does not lie from 0 to 1; correct it
              rewards.reward[1][1]: "x" stands where a number is expected; rewards are numbers [S], [S][A], [S][A][S] or one a transition
              rewards.intent: the shape is (4,), expected [S], [S][A] or [S][A][S]; correct it
              rewards.shaping: the shape is (3, 1), expected [S], [S][A] or [S][A][S]; correct it
              tampering[0]: there is no state 2; they are counted from 0 to 1
              layers[0]: 1 is no text; write what holds in the state beside its place
              positions: a list of 1 is not one [column, row] for each of 2 states; write null for a state without one
              vectors: a list of 3 is not one list of numbers for each of 2 states; correct it
              vectors[1]: this is no list of finite numbers; write what the state consists of"#]],
    );
    check(
        r#"{"discount": 0.5, "start": 0, "transitions": [[[1, 0]], [[0]]], "terminals": "end",
            "rewards": []}"#,
        expect![[r#"
            file: 3 problems
              rewards: a list of 0 is no object; write {"reward": TABLE, "intent": TABLE}
              transitions[1][0]: a list of 1 numbers stands where a list of 2 is expected; dense transitions are numbers, [S][A][S] with nothing left out
              terminals: "end" is no list; write the states in which episodes end"#]],
    );
}

#[test]
fn terminals_that_cannot_be_read_leave_no_state_without_transitions() {
    check(
        &with("[[0, 0, 1, 0.5]]", "0", r#", "terminals": ["goal"]"#),
        expect![[r#"
            file: 2 problems
              terminals[0]: there is no state "goal", as the states have no names; give numbers, or list the names under "states"
              transitions: state 0, action 0: the probabilities sum to 0.5; they must sum to 1"#]],
    );
}

#[test]
fn short_words_are_not_guessed() {
    check(
        r#"{"states": ["a", "left"], "actions": 1, "discount": 0.5, "start": "q", "st": 1, "discuont": 1,
            "transitions": [["a", 0, "lefd", 1], ["left", 0, "a", 1]], "rewards": {"reward": 0}}"#,
        expect![[r#"
            file: 4 problems
              transitions[0]: there is no state "lefd"; did you mean "left"?
              start: there is no state "q"; "states" lists the names
              st: this key is unknown; docs/mdp-files.md lists all
              discuont: this key is unknown; did you mean "discount"?"#]],
    );
}

#[test]
fn many_problems_are_counted() {
    let rows = vec!["[0, 0, 0, 2]"; 25].join(",");
    let text = with(&format!("[{rows}]"), "0", "");
    let Err(MdpFileError::Malformed {
        problems,
        n_problems,
        ..
    }) = parse(text.as_bytes())
    else {
        panic!("it was read");
    };
    assert_eq!((problems.len(), n_problems), (MdpFileError::SHOWN, 25));
    let message = parse(text.as_bytes()).unwrap_err().to_string();
    assert!(message.ends_with("\n  and 5 more"), "{message}");
}

#[test]
fn duplicate_keys_are_found_wherever_they_are() {
    check(
        &with(
            r#"[{"state": 0, "action": 0, "next_state": 1, "probability": 1, "state": 1}, [1, 0, 1, 1]]"#,
            r#"1, "reward": 2"#,
            "",
        ),
        expect![[r#"
            file: 2 problems
              transitions[0]: the key "state" occurs twice; keep one of them
              rewards: the key "reward" occurs twice; keep one of them"#]],
    );
}

#[test]
fn a_name_that_may_mean_two_things_is_refused() {
    check(
        &with("[[0, 0, 1, 1], [1, 0, 0, 1]]", "[1, 2]", ""),
        expect![[
            r#"file: rewards.reward: 2 values may be one a state or one a transition; write those of states as [S][1], those of transitions as [S][A][S], or in JSON as {"transitions": [...]}"#
        ]],
    );
}

#[test]
fn a_short_file_cannot_ask_for_long_work() {
    // A million rows of rewards, each fitting any of 1000 transitions.
    let n = 1000;
    let transitions: Vec<String> = (0..n)
        .map(|_| format!("[0, 0, 0, {}]", 1.0 / f64::from(n)))
        .collect();
    let rows = vec!["[null, null, null, 1]"; 300_000].join(",");
    check(
        &with(
            &format!("[{}, [1, 0, 0, 1]]", transitions.join(",")),
            &format!(r#"{{"rows": [{rows}]}}"#),
            "",
        ),
        expect![
            "file: rewards.reward.rows: so many rows fit so many transitions that this takes too long; give one value a transition"
        ],
    );
}

#[test]
fn many_misspelt_names_cost_no_more_than_others() {
    let name = |number: usize| format!("\"{number:060}\"");
    let names: Vec<String> = (0..1000).map(name).collect();
    let rows: Vec<String> = (0..20_000)
        .map(|row| format!("[{}, 0, 0, 1]", name(1_000_000 + row)))
        .collect();
    let keys: Vec<String> = (0..20_000)
        .map(|key| format!("\"terminal{key}\": 0"))
        .collect();
    let text = format!(
        r#"{{"states": [{}], "actions": 1, "discount": 0.5, "start": 0, "transitions": [{}],
            "rewards": {{"reward": 0}}, {}}}"#,
        names.join(","),
        rows.join(","),
        keys.join(",")
    );
    let error = parse(text.as_bytes()).unwrap_err();
    let MdpFileError::Malformed { n_problems, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(n_problems, 40_000);
}

#[test]
fn messages_steer_no_terminal() {
    let text = with(
        "[[0, 0, 0, 1], [1, 0, 1, 1]]",
        r#"{"a\u001b[2J": 0}, "b\u001b[2J": 0"#,
        r#", "c\u001b[2J": 0, "map": ["\u001b"], "legend": {"\u001b[2J": 0}"#,
    );
    let message = parse(text.as_bytes()).unwrap_err().to_string();
    assert!(message.matches("\\u{1b}").count() >= 4, "{message}");
    let is_printable = |letter: char| letter == '\n' || !letter.is_control();
    assert!(message.chars().all(is_printable), "{message:?}");
}

#[test]
fn tables_of_rewards_are_counted() {
    let more: Vec<String> = (0..64)
        .map(|table| format!("\"table {table}\": 0"))
        .collect();
    check(
        &with(
            "[[0, 0, 0, 1], [1, 0, 1, 1]]",
            &format!("0, {}", more.join(",")),
            "",
        ),
        expect!["file: rewards: there are 65 tables of rewards; at most 64 are read"],
    );
}

/// Reads what cannot be read well, and gives the error where there is one.
fn survive(bytes: &[u8]) -> Option<MdpFileError> {
    let error = parse(bytes).err();
    if let Some(MdpFileError::Malformed { problems, .. }) = &error {
        assert!(!problems.is_empty(), "an error without a problem");
    }
    error
}

#[test]
fn files_that_are_cut_off_are_refused() {
    for archive in ARCHIVES {
        for length in 0..archive.len() {
            assert!(survive(&archive[..length]).is_some(), "{length} bytes");
        }
    }
    let text = TEXT.trim_end();
    for length in 0..text.len() {
        assert!(
            survive(&text.as_bytes()[..length]).is_some(),
            "{length} bytes"
        );
    }
}

/// Data are protected by their checksums, so that a flipped bit is seen or does no harm.
#[test]
fn flipped_bits_are_survived() {
    for archive in ARCHIVES {
        let expected = sound(archive);
        let mut bytes = archive.to_vec();
        for at in 0..bytes.len() {
            let flipped = 1 << (at * 5 % 8);
            bytes[at] ^= flipped;
            if let Ok(tabulated) = parse(&bytes) {
                assert_eq!(tabulated, expected, "byte {at}");
            }
            bytes[at] ^= flipped;
        }
    }
    let mut bytes = TEXT.as_bytes().to_vec();
    for bit in 0..8 * bytes.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        survive(&bytes);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn random_bytes_are_survived() {
    let mut rng = Seed(0).stream("mdp-file-bytes", 0);
    let starts: [&[u8]; 5] = [
        b"",
        b"{\"transitions\": [",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"\x93NUMPY",
    ];
    for round in 0..2_000 {
        let mut bytes = starts[round % starts.len()].to_vec();
        let length = index(400, &mut rng);
        bytes.extend((0..length).map(|_| index(256, &mut rng) as u8));
        assert!(survive(&bytes).is_some());
    }
}

/// Pieces of sound files in the wrong places get past more checks than noise does.
#[test]
fn spliced_files_are_survived() {
    let mut rng = Seed(0).stream("mdp-file-splices", 0);
    let sources = ARCHIVES.map(<[u8]>::to_vec);
    for round in 0..4_000 {
        let mut bytes = match round % 2 {
            0 => TEXT.as_bytes().to_vec(),
            _ => sources[index(sources.len(), &mut rng)].clone(),
        };
        for _ in 0..1 + index(3, &mut rng) {
            let from = index(bytes.len(), &mut rng);
            let length = index(bytes.len() - from, &mut rng).min(64);
            let piece = bytes[from..from + length].to_vec();
            let to = index(bytes.len(), &mut rng);
            let end = (to + index(64, &mut rng)).min(bytes.len());
            bytes.splice(to..end, piece);
        }
        survive(&bytes);
    }
}

/// What the numbers of a header claim is never believed.
#[test]
fn sizes_in_headers_are_survived() {
    let mut rng = Seed(0).stream("mdp-file-sizes", 0);
    for archive in ARCHIVES {
        for _ in 0..2_000 {
            let mut bytes = archive.to_vec();
            let at = index(bytes.len() - 4, &mut rng);
            let claim = [u32::MAX, 1 << 31, 1 << 24, 0x7fff_ffff][index(4, &mut rng)];
            bytes[at..at + 4].copy_from_slice(&claim.to_le_bytes());
            survive(&bytes);
        }
    }
}

#[test]
fn what_is_written_is_read_back_equal() {
    for round in 0..300 {
        let tabulated = random(&mut Seed(round).stream("mdp-file", 0));
        let mut text = vec![];
        write_json(&tabulated, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        match parse(text.as_bytes()) {
            Ok(read) => assert_eq!(read, tabulated, "{text}"),
            Err(error) => panic!("{error}\n{text}"),
        }
    }
}

/// Any MDP, with everything that may go with one.
fn random(rng: &mut Rng) -> Tabulated {
    let (n_states, n_actions) = (1 + index(6, rng), 1 + index(3, rng));
    let mut builder = TabularMdp::builder(n_states, n_actions);
    let is_final: Vec<bool> = (0..n_states)
        .map(|state| state > 0 && index(4, rng) == 0)
        .collect();
    for pair in 0..n_states * n_actions {
        let weights: Vec<f64> = (0..1 + index(4, rng))
            .map(|_| uniform_in(0.1, 1.0, rng))
            .collect();
        let sum: f64 = weights.iter().sum();
        for weight in &weights {
            let state = pair / n_actions;
            let next_state = if is_final[state] {
                state
            } else {
                index(n_states, rng)
            };
            builder.push(Transition {
                probability: weight / sum,
                next_state,
                reward: number(rng),
                terminates: is_final[next_state] || index(5, rng) == 0,
            });
        }
        builder.end_row();
    }
    let mut start = vec![0.0; n_states];
    start[0] = 1.0;
    if index(2, rng) == 0 {
        start = vec![1.0 / n_states as f64; n_states];
    }
    let discount = Discount::new(uniform_in(0.0, 0.999, rng)).unwrap();
    let mdp = builder.build(start, discount).unwrap();
    let reward = |name: &str, values| NamedReward {
        name: name.to_owned(),
        values,
    };
    let mut rewards = vec![reward("reward", mdp.rewards().to_vec())];
    for name in ["intent", "frozen", "reward.a \"term\"", "shaping"] {
        if index(2, rng) == 0 {
            let values = (0..mdp.n_transitions()).map(|_| number(rng)).collect();
            rewards.push(reward(name, values));
        }
    }
    let labels = [
        vec!["ä", "b \\ \"c\"", "", "d", "d", "state 0"],
        vec!["go", "go", "0"],
    ];
    let named = index(2, rng) == 0;
    let label = |kind: usize, number: usize| match named {
        true => labels[kind][number].to_owned(),
        false => format!("{} {number}", ["state", "action"][kind]),
    };
    let place = |rng: &mut Rng| {
        (index(3, rng) > 0).then(|| Place {
            layer: ["", "night"][index(2, rng)].to_owned(),
            column: index(9, rng),
            row: index(9, rng),
        })
    };
    let map = GridMap {
        rows: vec!["#ä ".to_owned(), String::new()],
        legend: vec![('ä', "a \"thing\"".to_owned())],
    };
    Tabulated {
        states: match index(2, rng) {
            0 => vec![],
            _ => (0..n_states)
                .map(|state| vec![number(rng); 1 + state % 2])
                .collect(),
        },
        state_labels: (0..n_states).map(|state| label(0, state)).collect(),
        action_names: (0..n_actions).map(|action| label(1, action)).collect(),
        rewards,
        tampering: (0..n_states * n_actions)
            .map(|_| index(4, rng) == 0)
            .collect(),
        places: (0..n_states).map(|_| place(rng)).collect(),
        map: (index(2, rng) == 0).then_some(map),
        mdp,
    }
}

/// Numbers whose digits are easily lost.
fn number(rng: &mut Rng) -> f64 {
    match index(6, rng) {
        0 => 0.0,
        1 => -0.1,
        2 => 1e-300,
        3 => -1.797_693_134_862_315_7e308,
        4 => 5e-324,
        _ => uniform_in(-1.0, 1.0, rng),
    }
}
