//! Bad input: each case gives one message with the file, the place and the mend.

use logs::Mapping;

use crate::event_file::{header, record, scalar, version};
use crate::{Folder, mapping};

/// Files, what is named, the mapping, and what the message must hold.
struct Case {
    files: Vec<(&'static str, Vec<u8>)>,
    named: Vec<&'static str>,
    mapping: Mapping,
    expected: &'static [&'static str],
}

/// One file read with nothing mapped.
fn plain(
    name: &'static str,
    content: impl Into<Vec<u8>>,
    expected: &'static [&'static str],
) -> Case {
    Case {
        files: vec![(name, content.into())],
        named: vec![name],
        mapping: Mapping::default(),
        expected,
    }
}

/// One file read with proxy, intent and pressure mapped.
fn mapped(
    name: &'static str,
    content: impl Into<Vec<u8>>,
    names: [&str; 3],
    expected: &'static [&'static str],
) -> Case {
    Case {
        mapping: mapping(names[0], names[1], names[2]),
        ..plain(name, content, expected)
    }
}

/// Several files, all of them named.
fn several(files: &[(&'static str, &[u8])], expected: &'static [&'static str]) -> Case {
    Case {
        files: files
            .iter()
            .map(|(name, bytes)| (*name, bytes.to_vec()))
            .collect(),
        named: files.iter().map(|(name, _)| *name).collect(),
        mapping: Mapping::default(),
        expected,
    }
}

fn monitor(rows: &str) -> Vec<u8> {
    format!("#{{\"t_start\": 1.0, \"env_id\": \"X\"}}\n{rows}").into_bytes()
}

fn step(fields: &str) -> Vec<u8> {
    format!("{{\"episode\": 0, \"step\": 0, \"reward\": 1, {fields}}}\n").into_bytes()
}

fn monitor_cases() -> Vec<Case> {
    vec![
        plain(
            "m.csv",
            "#{\"t_start\": oops}\nr,l,t\n1,1,1\n",
            &["m.csv, line 1", "#{json}", "as Stable-Baselines3 wrote it"],
        ),
        plain(
            "m.csv",
            "# a comment\nr,l,t\n",
            &["m.csv, line 1", "as Stable-Baselines3 wrote it"],
        ),
        plain(
            "m.csv",
            "#{\"t_start\": \"now\"}\nr,l,t\n",
            &["m.csv, line 1", "t_start", "not a number"],
        ),
        plain(
            "m.csv",
            monitor(""),
            &["m.csv, line 2", "r,l,t", "as Stable-Baselines3 wrote it"],
        ),
        plain(
            "m.csv",
            monitor("r,t\n1,1\n"),
            &[
                "m.csv, line 2",
                "lacks the column l",
                "remove its first line",
            ],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n"),
            &["m.csv:", "no episode has finished", "wait"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n1,1\n2,2,2\n"),
            &["m.csv, line 3", "2 fields", "mend the row"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n1,1,1,1\n"),
            &["m.csv, line 3", "4 fields", "mend the row"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\nnan,1,1\n"),
            &["m.csv, line 3", "\"nan\"", "must be finite"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n1,1,1\n-inf,1,2\n"),
            &["m.csv, line 4", "\"-inf\"", "must be finite"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n1,0,1\n"),
            &["m.csv, line 3", "length is 0", "remove the row"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n1,-5,1\n"),
            &["m.csv, line 3", "length is -5", "remove the row"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n1,1e300,1\n"),
            &["m.csv, line 3", "length is 1", "remove the row"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n1,2.5,1\n"),
            &["m.csv, line 3", "length is 2.5", "remove the row"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\nabc,1,1\n"),
            &["m.csv, line 3", "\"abc\"", "write a number"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t\n,1,1\n"),
            &["m.csv, line 3", "\"r\" is empty", "remove the row"],
        ),
        plain(
            "m.csv",
            monitor("r,l,t,intent\n1,1,1,\n"),
            &["m.csv, line 3", "\"intent\" is empty", "fill it"],
        ),
        mapped(
            "m.csv",
            monitor("r,l,t,goal\n1,1,1,1\n"),
            ["", "goals", ""],
            &[
                "m.csv:",
                "no column \"goals\"",
                "r, l, t, goal",
                "--intent COLUMN",
            ],
        ),
        mapped(
            "m.csv",
            monitor("r,l,t\n1,1,1\n"),
            ["x", "", ""],
            &["no column \"x\"", "--proxy COLUMN"],
        ),
        mapped(
            "m.csv",
            monitor("r,l,t\n1,1,1\n"),
            ["", "", "t"],
            &["running sum of its column l", "leave --pressure out"],
        ),
        several(
            &[
                ("0.monitor.csv", &monitor("r,l,t\n1,1,1\n")),
                ("1.monitor.csv", b"#{\"env_id\": \"Y\"}\nr,l,t\n1,1,1\n"),
            ],
            &[
                "0.monitor.csv",
                "1.monitor.csv",
                "\"X\" and \"Y\"",
                "one run at a time",
            ],
        ),
        several(
            &[
                ("0.monitor.csv", &monitor("r,l,t\n1,1,1\n")),
                ("1.monitor.csv", &monitor("r,l,t,intent\n1,1,1,1\n")),
            ],
            &["only one of them", "files of one run"],
        ),
    ]
}

fn table_cases() -> Vec<Case> {
    vec![
        plain("a.csv", "", &["a.csv:", "empty", "wait"]),
        plain("a.csv", "  \n\n", &["a.csv:", "empty"]),
        plain(
            "a.csv",
            "proxy,pressure\n",
            &["a.csv:", "no rows", "at least one record"],
        ),
        plain(
            "a.csv",
            "1,2\n3,4\n",
            &["a.csv, line 1", "no header", "names of the columns"],
        ),
        plain(
            "a.csv",
            "proxy,proxy\n3,4\n",
            &["a.csv, line 1", "twice", "rename"],
        ),
        plain(
            "a.csv",
            "reward,step\n3,4\n",
            &[
                "a.csv:",
                "no column is named for the proxy",
                "reward, step",
                "--proxy COLUMN",
            ],
        ),
        mapped(
            "a.csv",
            "reward,step\n3,4\n",
            ["reward", "", "steps"],
            &["no column \"steps\"", "--pressure COLUMN"],
        ),
        mapped(
            "a.csv",
            "reward,step\n3,4\n",
            ["reward", "goal", ""],
            &["no column \"goal\"", "--intent COLUMN"],
        ),
        plain(
            "a.csv",
            "proxy,pressure\n1,2\n3\n5,6\n",
            &["a.csv, line 3", "1 fields", "mend the row"],
        ),
        plain(
            "a.csv",
            "proxy,pressure\n1,5\n3,4\n",
            &["a.csv, line 3", "falls from 5 to 4", "--length"],
        ),
        plain(
            "a.csv",
            "proxy;pressure\n1,5;1\n",
            &["a.csv, line 2", "\"1,5\"", "decimal point"],
        ),
        plain(
            "a.csv",
            "proxy,x\n1,\"a\n2,b\n",
            &["a.csv, line 3", "opened on line 2", "close it"],
        ),
        plain(
            "a.csv",
            "proxy,x\n1,\"a\"b\n",
            &["a.csv, line 2", "closing quote", "quote a whole field"],
        ),
        plain(
            "a.csv",
            "proxy,pressure\nNaN,1\n",
            &["a.csv, line 2", "NaN", "finite"],
        ),
        plain(
            "a.csv",
            "proxy,pressure\n1e999,1\n",
            &["a.csv, line 2", "1e999", "finite"],
        ),
        plain(
            "a.csv",
            "proxy,pressure\n1,\n",
            &["a.csv, line 2", "\"pressure\" is empty", "fill it"],
        ),
        plain(
            "a.csv",
            b"proxy,x\n1,caf\xe9\n".to_vec(),
            &["a.csv, line 2", "byte 13", "UTF-8"],
        ),
        plain(
            "a.csv",
            [b"proxy,x\n1,".to_vec(), vec![b'a'; 2 << 20]].concat(),
            &["a.csv, line 2", "longer than", "one record a line"],
        ),
        plain(
            "a.csv",
            [b"proxy,x\n1,\"".to_vec(), b"aaaa\n".repeat(1 << 19)].concat(),
            &["opened on line 2", "close it"],
        ),
        several(
            &[
                ("a.csv", b"proxy,pressure\n1,1\n"),
                ("b.csv", b"proxy\n1\n"),
            ],
            &["a.csv and", "b.csv", "different fields", "--pressure"],
        ),
        plain(
            "a.jsonl",
            "{\"proxy\": NaN}\n",
            &["a.jsonl, line 1", "write null"],
        ),
        plain(
            "a.jsonl",
            "{\n \"proxy\": 1\n}\n",
            &["a.jsonl, line 1", "one line"],
        ),
        plain(
            "a.jsonl",
            "{\"proxy\": 1}\n[1]\n",
            &["a.jsonl, line 2", "not a JSON object", "one object a line"],
        ),
        plain(
            "a.jsonl",
            "{\"proxy\": 1e999}\n",
            &["a.jsonl, line 1", "out of range"],
        ),
        plain(
            "a.jsonl",
            "{\"proxy\": \"7\"}\n",
            &["a.jsonl, line 1", "not a finite number", "null"],
        ),
        plain(
            "a.jsonl",
            "{\"proxy\": 1}\nboth\n{\"proxy\": 2}\n",
            &["a.jsonl, line 2", "not JSON"],
        ),
        plain(
            "a.jsonl",
            "{\"reward\": 1, \"a\": {\"b\": 2}}\n",
            &[
                "no key is named for the proxy",
                "a.b, reward",
                "--proxy KEY",
            ],
        ),
        plain(
            "a.jsonl",
            "{\"proxy\": [1, 2], \"intent\": [1]}\n",
            &[
                "a.jsonl, line 1",
                "1 numbers where",
                "one of each an episode",
            ],
        ),
        plain(
            "a.jsonl",
            "{\"proxy\": [1, null]}\n",
            &["a.jsonl, line 1", "null, not a finite number"],
        ),
        plain(
            "a.jsonl",
            "{\"proxy\": [1, 2], \"pressure\": [1, 2]}\n",
            &["a.jsonl, line 1", "2 episodes of the row", "--pressure"],
        ),
        plain(
            "a.jsonl",
            "{\"x\": \"y\"}\n",
            &["no key holds numbers", "right file"],
        ),
        mapped(
            "a.jsonl",
            "{\"p\": 1}\n",
            ["p", "i", ""],
            &["no key \"i\"", "--intent KEY"],
        ),
        mapped(
            "a.jsonl",
            "{\"p\": 1, \"n\": 1}\n{\"p\": 1}\n",
            ["p", "", "n"],
            &["a.jsonl, line 2", "\"n\" is missing", "every row"],
        ),
        plain(
            "a.jsonl",
            format!("{}{}", "[".repeat(9), "]".repeat(9)),
            &["a.jsonl:", "one JSON list", "jq"],
        ),
        plain(
            "a.jsonl",
            format!("{{\"proxy\": {}1{}}}\n", "[".repeat(9999), "]".repeat(9999)),
            &["a.jsonl, line 1", "recursion"],
        ),
    ]
}

fn event_file_cases() -> Vec<Case> {
    let whole = [version(), scalar(0, "return", 1.0)].concat();
    let flipped = |index: usize| {
        let mut bytes = whole.clone();
        bytes[index] ^= 1;
        bytes
    };
    vec![
        plain(
            "a.tfevents",
            flipped(0),
            &[
                "a.tfevents, byte 0",
                "checksum of the record's length",
                "copy it again",
            ],
        ),
        plain(
            "a.tfevents",
            flipped(13),
            &[
                "a.tfevents, byte 0",
                "checksum of the record's payload",
                "copy it again",
            ],
        ),
        plain(
            "a.tfevents",
            flipped(version().len() + 14),
            &[", byte 31", "payload"],
        ),
        plain(
            "a.tfevents",
            whole.clone(),
            &["no tag is named for the proxy", "return", "--proxy TAG"],
        ),
        plain(
            "a.tfevents",
            version(),
            &["no tag holds numbers", "right file"],
        ),
        mapped(
            "a.tfevents",
            whole.clone(),
            ["reward", "", ""],
            &["no tag \"reward\"", "--proxy TAG"],
        ),
        mapped(
            "a.tfevents",
            whole.clone(),
            ["return", "goal", ""],
            &["no tag \"goal\"", "--intent TAG"],
        ),
        mapped(
            "a.tfevents",
            whole.clone(),
            ["return", "", "epoch"],
            &["step of its events", "leave --pressure out"],
        ),
        mapped(
            "a.tfevents",
            scalar(7, "return", f32::NAN),
            ["return", "", ""],
            &[", byte 0", "NaN at step 7", "finite"],
        ),
        mapped(
            "a.tfevents",
            scalar(-7, "return", 1.0),
            ["return", "", ""],
            &[", byte 0", "step -7", "global_step"],
        ),
        mapped(
            "a.tfevents",
            [scalar(1, "p", 1.0), scalar(2, "i", 1.0)].concat(),
            ["p", "i", ""],
            &["share no step", "same global_step"],
        ),
        plain(
            "a.tfevents",
            record(&[0xff; 40]),
            &[", byte 0", "no TensorBoard event", "tfevents"],
        ),
        plain("a.tfevents", header(1 << 60), &["no tag holds numbers"]),
        plain(
            "a.tfevents",
            "not an event file",
            &[", byte 0", "checksum", "no event file"],
        ),
    ]
}

fn step_log_cases() -> Vec<Case> {
    vec![
        plain(
            "s.jsonl",
            step("\"colour\": 1"),
            &["s.jsonl, line 1", "colour", "a step has the keys"],
        ),
        plain(
            "s.jsonl",
            step("\"end\": \"done\""),
            &["s.jsonl, line 1", "done", "terminated"],
        ),
        plain(
            "s.jsonl",
            step("\"end\": null"),
            &["s.jsonl:", "no episode has ended", "\"end\""],
        ),
        plain(
            "s.jsonl",
            [step("\"end\": null"), step("\"end\": null")].concat(),
            &["s.jsonl, line 2", "step 0 where step 1 is due", "in order"],
        ),
        plain(
            "s.jsonl",
            [step("\"end\": \"truncated\""), step("\"end\": null")].concat(),
            &[
                "s.jsonl, line 2",
                "episode 0 has ended before",
                "number of its own",
            ],
        ),
        plain(
            "s.jsonl",
            "{\"episode\": 3, \"step\": 1, \"reward\": 1}\n",
            &["s.jsonl, line 1", "begins with step 1", "from 0"],
        ),
        plain(
            "s.jsonl",
            "{\"episode\": -3, \"step\": 0, \"reward\": 1}\n",
            &["s.jsonl, line 1", "-3"],
        ),
        plain(
            "s.jsonl",
            concat!(
                "{\"episode\": 0, \"step\": 0, \"reward\": 1, \"observation\": [1, 2], \"end\": \"truncated\"}\n",
                "{\"episode\": 1, \"step\": 0, \"reward\": 1, \"observation\": 1, \"end\": \"truncated\"}\n",
            ),
            &[
                "s.jsonl, line 2",
                "1 numbers where the first one held 2",
                "or none",
            ],
        ),
        plain(
            "s.jsonl",
            step("\"observation\": [\"left\"]"),
            &["s.jsonl, line 1", "\"left\"", "lists of numbers"],
        ),
        plain(
            "s.jsonl",
            step(&format!("\"observation\": [{}0]", "0,".repeat(5000))),
            &["more than 4096 numbers", "summary"],
        ),
        plain(
            "s.jsonl",
            [
                step("\"components\": {\"a\": 1}"),
                b"{\"episode\": 0, \"step\": 1, \"reward\": 1, \"components\": {\"b\": 1}}\n"
                    .to_vec(),
            ]
            .concat(),
            &["s.jsonl, line 2", "\"b\" is new", "same components"],
        ),
        plain(
            "s.jsonl",
            [
                step("\"components\": {\"a\": 1}"),
                b"{\"episode\": 0, \"step\": 1, \"reward\": 1}\n".to_vec(),
            ]
            .concat(),
            &["s.jsonl, line 2", "1 are named", "same components"],
        ),
        plain(
            "s.jsonl",
            step("\"components\": [1, 2]"),
            &["s.jsonl, line 1", "0 are named", "header names"],
        ),
        plain(
            "s.jsonl",
            step("\"components\": {\"a\": \"x\"}"),
            &["s.jsonl, line 1", "not a finite number"],
        ),
        plain(
            "s.jsonl",
            "{\"format\": \"rewardlab-step-log\", \"version\": 2}\n",
            &["s.jsonl, line 1", "version is 2", "newer"],
        ),
        plain(
            "s.jsonl",
            "{\"format\": \"rewardlab-step-log\", \"version\": 1, \"component\": []}\n",
            &["s.jsonl, line 1", "component", "a header has the keys"],
        ),
        plain(
            "s.jsonl",
            "{\"format\": \"rewardlab-step-log\", \"version\": 1, \"components\": [\"a\", \"a\"]}\n",
            &["s.jsonl, line 1", "named twice"],
        ),
        plain(
            "s.jsonl",
            "{\"format\": \"rewardlab-step-log\", \"version\": 1, \"proxy_bounds\": [1, 0]}\n",
            &["s.jsonl, line 1", "enclose nothing", "lower one first"],
        ),
        plain(
            "s.jsonl",
            [step("\"end\": null"), b"rubbish\n".to_vec()].concat(),
            &["s.jsonl, line 2", "not JSON"],
        ),
        mapped(
            "s.jsonl",
            step("\"end\": \"truncated\""),
            ["points", "", ""],
            &["own keys", "leave --proxy out"],
        ),
        plain(
            "s.jsonl",
            "{\"episode\": 0, \"step\": 0, \"reward\": 1e308}\n{\"episode\": 0, \"step\": 1, \"reward\": 1e308, \"end\": \"truncated\"}\n",
            &["s.jsonl:", "return of an episode is inf", "finite"],
        ),
    ]
}

fn file_cases() -> Vec<Case> {
    let named = |files: &[(&'static str, &[u8])], named: &[&'static str], expected| Case {
        named: named.to_vec(),
        ..several(files, expected)
    };
    vec![
        named(&[], &[], &["no log was named", "at least one"]),
        named(
            &[],
            &["absent.csv"],
            &["absent.csv", "cannot be read", "check that it exists"],
        ),
        named(
            &[("folder/readme.txt", b"hello")],
            &["folder"],
            &["folder:", "monitor.csv", "name a file"],
        ),
        named(
            &[("folder/PPO_1/events.out.tfevents.1", b"x")],
            &["folder"],
            &["PPO_1", "one of its folders"],
        ),
        named(
            &[("a.csv", b"proxy\n1\n")],
            &["a.csv", "a.csv"],
            &["a.csv:", "named twice", "once"],
        ),
        several(
            &[("a.csv", b"proxy\n1\n"), ("b.jsonl", b"{\"proxy\": 1}\n")],
            &["a.csv and", "CSV", "JSON Lines", "one format"],
        ),
        several(
            &[
                ("m.csv", &monitor("r,l,t\n1,1,1\n")),
                ("e.tfevents", &version()),
            ],
            &["monitor file", "TensorBoard", "one format"],
        ),
        several(
            &[
                ("a.jsonl", &step("\"end\": \"truncated\"")),
                ("b.jsonl", &step("\"end\": \"truncated\"")),
            ],
            &["b.jsonl", "second one", "one at a time"],
        ),
        plain(
            "a.csv.gz",
            b"\x1f\x8b\x08rest".to_vec(),
            &["a.csv.gz", "gzip", "gunzip"],
        ),
        plain("a.csv.zst", b"\x28\xb5\x2f\xfd rest".to_vec(), &["zstd"]),
        plain("a.npz", b"PK\x03\x04rest".to_vec(), &["zip", "unpack"]),
        plain("a.parquet", b"PAR1rest".to_vec(), &["Parquet", "CSV"]),
        plain(
            "a.pkl",
            b"\x80\x04rest".to_vec(),
            &["pickle", "could run code"],
        ),
        plain("a.csv", b"\xff\xfep\0r\0".to_vec(), &["UTF-16", "UTF-8"]),
        plain(
            "a.csv",
            b"proxy\0binary".to_vec(),
            &["binary", "name a CSV"],
        ),
    ]
}

#[test]
fn every_problem_gives_one_message_with_place_and_mend() {
    let cases = [
        monitor_cases(),
        table_cases(),
        event_file_cases(),
        step_log_cases(),
        file_cases(),
    ];
    let mut wrong = Vec::new();
    for (number, case) in cases.into_iter().flatten().enumerate() {
        let files: Vec<(&str, &[u8])> = case
            .files
            .iter()
            .map(|(name, bytes)| (*name, &bytes[..]))
            .collect();
        let folder = Folder::new(&files);
        match logs::read(&folder.paths(&case.named), &case.mapping) {
            Ok(log) => wrong.push(format!(
                "case {number}: {:?} was read: {log:?}",
                case.expected
            )),
            Err(error) => {
                let text = error.to_string();
                for part in case.expected {
                    if !text.contains(part) {
                        wrong.push(format!("case {number}: {part:?} is not in {text:?}"));
                    }
                }
                if text.contains('\n') || text.ends_with('.') || text.len() > 1500 {
                    wrong.push(format!("case {number}: not one plain message: {text:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(unix)]
#[test]
fn a_device_is_refused_before_it_is_read() {
    let error = logs::read(&["/dev/zero".into()], &Mapping::default()).expect_err("no file");
    assert!(error.to_string().contains("no regular file"), "{error}");
}
