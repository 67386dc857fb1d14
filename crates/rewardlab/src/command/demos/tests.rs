//! What `demos` writes can be read, what it refuses leaves nothing behind, and a person's wishes are followed.

use std::ffi::OsString;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;

use super::game::{Game, Verdict, choice_of_arrow};
use super::{browser, picture, terminal};
use crate::registry::{self, Task};

fn run(arguments: &[&str]) -> Result<String, String> {
    let mut out = vec![];
    let arguments = ["rewardlab", "demos"]
        .iter()
        .chain(arguments)
        .map(OsString::from);
    match crate::command::main(arguments, &mut out) {
        Ok(0) => Ok(String::from_utf8(out).unwrap()),
        Ok(status) => Err(format!("status {status}")),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn object(arguments: &[&str]) -> Value {
    serde_json::from_str(&run(arguments).unwrap()).unwrap()
}

/// A file in a folder, as an argument.
fn place(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn what_is_recorded_is_described_converted_and_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| place(&folder, name);
    let said = run(&[
        "record",
        "frozen-lake",
        &at("a.parquet"),
        "--policy",
        "random",
        "--episodes",
        "40",
        "--seed",
        "3",
    ])
    .unwrap();
    assert!(said.starts_with("40 episodes, "), "{said}");
    let info = object(&["info", &at("a.parquet"), "--json"]);
    assert_eq!(info["about"]["environment"], "frozen-lake");
    assert_eq!(info["about"]["expert"], "random");
    assert_eq!(info["about"]["seed"], 3);
    assert_eq!(info["episodes"], 40);
    let n_steps = info["steps"].clone();

    for (name, format) in [("b.npz", "npz"), ("c.csv", "csv"), ("d.parquet", "parquet")] {
        run(&["convert", &at("a.parquet"), &at(name)]).unwrap();
        let mut same = object(&["info", &at(name), "--json"]);
        assert_eq!(same["format"], format);
        same["format"] = info["format"].clone();
        same["about"]["state_names"] = info["about"]["state_names"].clone();
        assert_eq!(same, info, "{name}");
    }
    let short = object(&[
        "filter",
        &at("b.npz"),
        &at("e.csv"),
        "--max-length",
        "5",
        "--end",
        "terminated",
        "--json",
    ]);
    assert_eq!(short["episodes_read"], 40);
    let kept = object(&["info", &at("e.csv"), "--json"]);
    assert_eq!(kept["episodes"], short["episodes"]);
    assert!(kept["length"]["max"].as_f64().unwrap() <= 5.0);
    assert_eq!(kept["ends"]["terminated"], kept["episodes"]);
    let chosen = object(&[
        "filter",
        &at("a.parquet"),
        &at("f.parquet"),
        "--episodes",
        "1,5-9",
        "--first",
        "3",
        "--json",
    ]);
    assert_eq!(chosen["episodes"], 3);
    assert!(n_steps.as_u64().unwrap() > 40);
}

#[test]
fn the_same_seed_records_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (place(&folder, "a.parquet"), place(&folder, "b.parquet"));
    for path in [&a, &b] {
        run(&[
            "record",
            "cartpole",
            path,
            "--policy",
            "random",
            "--episodes",
            "3",
        ])
        .unwrap();
    }
    assert_eq!(fs::read(a).unwrap(), fs::read(b).unwrap());
}

#[test]
fn what_cannot_be_done_is_one_message_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| place(&folder, name);
    run(&[
        "record",
        "frozen-lake",
        &at("a.parquet"),
        "--policy",
        "random",
        "--episodes",
        "2",
    ])
    .unwrap();
    fs::write(
        at("cut.parquet"),
        &fs::read(at("a.parquet")).unwrap()[..200],
    )
    .unwrap();
    let (a, new, cut) = (at("a.parquet"), at("new.parquet"), at("cut.parquet"));
    let before = fs::read_dir(folder.path()).unwrap().count();
    let cases: &[(&[&str], &str)] = &[
        (
            &["info", &at("none.parquet")],
            "none.parquet: cannot be read; check that it is there",
        ),
        (&["info", &cut], "cut.parquet, footer: "),
        (&["convert", &cut, &new], "cut.parquet, footer: "),
        (
            &["convert", &a, &a],
            "a.parquet: is there already; name another file, or add --replace",
        ),
        (
            &["convert", &a, &at("new.xls")],
            "its name does not end with .parquet, .npz or .csv",
        ),
        (
            &["convert", &a, &new, "--player", "greedy"],
            "is no folder of a run",
        ),
        (
            &["filter", &a, &new, "--min-return", "2"],
            "none of its 2 episodes fulfils every condition",
        ),
        (
            &["record", "frozen-lake", &new, "--policy", "nobody"],
            "there is no policy \"nobody\"",
        ),
        (
            &["record", "frozen", &new, "--policy", "random"],
            "there is no environment \"frozen\"",
        ),
    ];
    for (arguments, message) in cases {
        let error = run(arguments).unwrap_err();
        assert!(error.contains(message), "{arguments:?}: {error}");
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            before,
            "{arguments:?} left something"
        );
    }
}

fn lake() -> Box<dyn Task> {
    let entry = registry::find("frozen-lake").unwrap();
    entry.make(&entry.defaults()).unwrap()
}

/// Plays lines, and gives the lengths of the episodes that were kept.
fn play(lines: &str, n_episodes: u64) -> Result<Vec<usize>, String> {
    let task = lake();
    let mut game = Game::new("frozen-lake", task.as_ref(), 0, n_episodes, 100);
    let mut kept = vec![];
    let judged = terminal::play(&mut game, &mut Cursor::new(lines), &mut |verdict| {
        if let Verdict::Kept(recorded) = verdict {
            kept.push(recorded.trajectory.steps.len());
        }
        Ok(())
    });
    judged.map(|()| kept).map_err(|error| error.to_string())
}

#[test]
fn a_person_acts_takes_back_keeps_drops_and_quits() {
    assert_eq!(
        play(
            "left\n0\nl\n\n# a word\nkeep\nup\ndrop\nup\nundo\nkeep\nleft\nkeep\nquit\n",
            9
        )
        .unwrap(),
        [3, 1]
    );
    assert_eq!(
        play("left\nkeep\nleft\nkeep\n", 1).unwrap(),
        [1],
        "enough is enough"
    );
    assert_eq!(
        play("left\n", 1).unwrap(),
        [0_usize; 0],
        "what nobody kept is dropped"
    );
    let error = play("left\nsideways\n", 1).unwrap_err();
    assert!(
        error.starts_with("line 2: ") && error.contains("\"sideways\""),
        "{error}"
    );
}

#[test]
fn arrows_find_actions_by_what_they_are_called() {
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(choice_of_arrow(&names(&["Left", "down"]), "left"), Some(0));
    assert_eq!(
        choice_of_arrow(&names(&["go west", "go north"]), "up"),
        Some(1)
    );
    assert_eq!(choice_of_arrow(&names(&["push", "pull"]), "up"), None);
}

#[test]
fn a_situation_is_drawn_with_whoever_acts_in_it() {
    let task = lake();
    let game = Game::new("frozen-lake", task.as_ref(), 0, 1, 10);
    let state = game.recorded().trajectory.states.last().unwrap();
    let lines = picture::draw(&task.scene().unwrap(), &task.draw(state).unwrap());
    assert!(lines.iter().any(|line| line.contains('@')), "{lines:?}");
}

/// Sends a request to the page's server.
fn ask(port: u16, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    write!(
        stream,
        "{head}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    // A request that is not answered ends with the connection.
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn the_page_is_served_to_this_machine_and_to_itself_alone() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let lengths = Mutex::new(vec![]);
    std::thread::scope(|scope| {
        let served = scope.spawn(|| {
            let task = lake();
            let mut game = Game::new("frozen-lake", task.as_ref(), 0, 5, 100);
            browser::play(&mut game, port, &mut |verdict| {
                if let Verdict::Kept(recorded) = verdict {
                    lengths
                        .lock()
                        .unwrap()
                        .push(recorded.trajectory.steps.len());
                }
                Ok(())
            })
        });
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::yield_now();
        }
        let own = |request: &str| {
            format!("{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Rewardlab: 1")
        };
        let foreign = |request: &str| format!("{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}");
        let moved = format!("POST /act HTTP/1.1\r\nHost: evil.example:{port}\r\nX-Rewardlab: 1");
        assert!(ask(port, &foreign("GET /"), "").contains("<!doctype html>"));
        assert!(ask(port, &foreign("POST /act"), "0").starts_with("HTTP/1.1 403"));
        assert_eq!(ask(port, &moved, "0"), "");
        assert!(ask(port, &own("GET /../../etc/passwd"), "").starts_with("HTTP/1.1 404"));
        assert!(ask(port, &own("POST /act"), "9").starts_with("HTTP/1.1 409"));
        assert!(ask(port, &own("GET /situation"), "").contains("\"step\":0"));
        assert!(ask(port, &own("POST /act"), "0").contains("\"step\":1"));
        assert!(ask(port, &own("POST /keep"), "").contains("\"kept\":1"));
        assert!(ask(port, &own("POST /finish"), "").contains("\"finished\":true"));
        served.join().unwrap().unwrap();
    });
    assert_eq!(*lengths.lock().unwrap(), [1]);
}

/// The options in a document's table are tested with the others; this holds the help to what it promises.
#[test]
fn every_example_of_the_help_can_be_typed() {
    for command in ["", "record", "info", "convert", "filter"] {
        let arguments: Vec<&str> = [command, "--help"]
            .into_iter()
            .filter(|word| !word.is_empty())
            .collect();
        let help = run(&arguments).unwrap();
        let examples: Vec<&str> = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("rewardlab "))
            .collect();
        assert!(examples.len() >= 2, "{help}");
        for example in examples {
            let words = ["rewardlab"]
                .into_iter()
                .chain(example.split_whitespace())
                .map(OsString::from);
            crate::command::check(words).unwrap();
        }
    }
    assert!(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../docs/commands/demos.md")
            .exists()
    );
}
