//! Files with finite MDPs: broken ones are refused by the library and by the command, whole ones come back equal.

use std::fs;
use std::path::Path;

use mdp::Discount;
use rewardlab::{Tabulation, mdp_file};

use crate::Lab;

#[path = "../../examples/broken_mdp_files/files.rs"]
mod files;

/// The large ones wait for `cargo xtask evidence exact bad-files`, which measures memory too.
fn small_broken_files() -> Vec<files::BrokenFile> {
    files::broken_files(false)
}

#[test]
fn the_sound_files_are_sound() {
    let lab = Lab::new();
    let [text, archive] = ["sound.json", "sound.npz"].map(|name| lab.path().join(name));
    fs::write(&text, files::SOUND).unwrap();
    fs::write(&archive, files::archive(&files::sound_arrays())).unwrap();
    let (text, archive) = (
        mdp_file::read(&text).unwrap(),
        mdp_file::read(&archive).unwrap(),
    );
    assert_eq!(text.mdp, archive.mdp);
}

#[test]
fn broken_files_are_refused_for_their_own_reason() {
    let lab = Lab::new();
    let files = small_broken_files();
    assert!(files.len() >= 55, "{} files", files.len());
    for file in files {
        let path = lab.path().join(file.name);
        fs::write(&path, &file.bytes).unwrap();
        let message = match mdp_file::read(&path) {
            Ok(_) => panic!("{} ({}) was read", file.name, file.broken),
            Err(error) => error.to_string(),
        };
        assert!(message.contains(file.says), "{} says: {message}", file.name);
        assert!(message.contains(file.name), "{message} names no file");
    }
}

#[test]
fn the_command_refuses_broken_files_and_leaves_nothing() {
    for file in small_broken_files().iter().step_by(5) {
        let lab = Lab::new();
        fs::write(lab.path().join(file.name), &file.bytes).unwrap();
        let output = lab.call(&["check", file.name, "--report", "report.html"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{}: {error}", file.name);
        assert!(output.stdout.is_empty(), "{}", file.name);
        assert!(
            error.starts_with("error: ") && error.contains(file.says),
            "{error}"
        );
        assert!(!error.contains("panicked"), "{error}");
        assert_eq!(
            fs::read_dir(lab.path()).unwrap().count(),
            1,
            "{}",
            file.name
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_said_so() {
    let error = mdp_file::read(Path::new("nowhere/mine.json")).unwrap_err();
    assert_eq!(error.to_string(), "nowhere/mine.json: cannot be read");
    let error = mdp_file::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
    assert!(error.to_string().ends_with("cannot be read"), "{error}");
}

#[test]
fn every_environment_that_is_listed_comes_back_equal() {
    let lab = Lab::new();
    let tabulation = Tabulation {
        discount: Discount::new(0.97).unwrap(),
        horizon: None,
        limit: 2_000,
    };
    let mut n_written = 0;
    for entry in rewardlab::entries() {
        let task = entry.make(&entry.defaults()).unwrap();
        // Environments that are too large say so elsewhere.
        let Some(Ok(tabulated)) = task.tabulate(&tabulation) else {
            continue;
        };
        let path = lab.path().join(format!("{}.json", entry.name));
        let mut text = vec![];
        mdp_file::write_json(&tabulated, &mut text).unwrap();
        fs::write(&path, text).unwrap();
        let read = mdp_file::read(&path).unwrap();
        assert!(read == tabulated, "{} changed on the way", entry.name);
        n_written += 1;
    }
    assert!(n_written >= 8, "{n_written} environments were written");
}

/// The first block of `docs/mdp-files.md` in a language.
fn documented(language: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/mdp-files.md")).unwrap();
    let block = page.split(&format!("```{language}\n")).nth(1);
    block.unwrap().split("```").next().unwrap().to_owned()
}

#[test]
fn the_documented_example_is_read() {
    let lab = Lab::new();
    let path = lab.path().join("rooms.json");
    fs::write(&path, documented("json")).unwrap();
    let rooms = mdp_file::read(&path).unwrap();
    assert_eq!(rooms.state_labels, ["left", "right", "goal"]);
    assert_eq!(
        rooms.reward("reward").unwrap(),
        [-1.0, -1.0, 0.0, 0.0, 2.0, 0.0, 0.0]
    );
    assert_eq!(
        rooms.reward("intent").unwrap(),
        [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    );
}
