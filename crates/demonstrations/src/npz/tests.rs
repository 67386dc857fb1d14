//! Archives come back as they were written, those of others are read, and damage is a message.

use std::fs;
use std::path::Path;

use mdp::{End, Space};

use crate::samples::{about, episodes, round_trip, spaces, unit_box};
use crate::{Demonstrations, Error, Format, Limits, create, read};

#[test]
fn episodes_of_every_space_come_back() {
    for (observation_space, action_space) in spaces() {
        round_trip(
            Format::Npz,
            &[3, 0, 1, 200],
            &about(observation_space, action_space),
            2,
        );
    }
    round_trip(Format::Npz, &[], &about(unit_box(&[2]), unit_box(&[1])), 0);
}

/// Written by `tests/data/archives.py` with NumPy itself.
fn read_data(name: &str) -> Result<Demonstrations, Error> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    read(&folder.join(name), &Limits::GENEROUS)
}

#[test]
fn what_imitation_kept_in_archives_is_read() {
    let found = read_data("imitation.npz").unwrap();
    assert_eq!(found.about.action_space, Space::Discrete { n: 3 });
    let episodes: Vec<_> = found.trajectories.episodes().collect();
    assert_eq!(episodes.len(), 3);
    assert_eq!(episodes[0].observations, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(episodes[0].actions, [0.0, 1.0]);
    assert_eq!(episodes[1].actions, [2.0]);
    assert_eq!(episodes[2].actions, [1.0, 0.0, 1.0]);
    assert_eq!(episodes[2].observations.len(), 8);
    assert_eq!(episodes[2].rewards, Some(&[3.0, 4.0, 5.0][..]));
    let ends: Vec<_> = episodes.iter().map(|episode| episode.end).collect();
    assert_eq!(ends, [Some(End::Terminated), None, Some(End::Terminated)]);
}

#[test]
fn flags_of_steps_and_next_observations_make_episodes() {
    let found = read_data("steps.npz").unwrap();
    let episodes: Vec<_> = found.trajectories.episodes().collect();
    assert_eq!(episodes.len(), 3);
    assert_eq!(episodes[0].observations, [0.0, 1.0, 10.0]);
    assert_eq!(episodes[1].observations, [2.0, 3.0, 4.0, 20.0]);
    assert_eq!(episodes[2].observations, [5.0, 30.0]);
    let ends: Vec<_> = episodes.iter().map(|episode| episode.end).collect();
    assert_eq!(ends, [Some(End::Terminated), Some(End::Truncated), None]);
    assert_eq!(
        episodes[0].actions,
        [0.5, -0.5],
        "big-endian numbers of 8 bytes"
    );
}

#[test]
fn pictures_are_no_choices() {
    let found = read_data("pictures.npz").unwrap();
    let Space::Continuous { high, shape, .. } = &found.about.observation_space else {
        panic!("bytes in three dimensions are a picture")
    };
    assert_eq!((shape.as_slice(), high[0]), (&[2, 2, 3][..], 255.0));
    assert_eq!(
        found.about.action_space,
        Space::MultiDiscrete { sizes: vec![2, 4] }
    );
}

#[test]
fn each_thing_that_is_wrong_is_said_with_its_array() {
    let cases = [
        (
            "pickled.npz",
            "array actions: the values are Python objects, and reading a pickle would run code; convert",
        ),
        (
            "fortran.npz",
            "array observations: its first index is the fastest",
        ),
        (
            "lengths.npz",
            "array lengths: its lengths are 7 steps together where there are 6 actions",
        ),
        (
            "rows.npz",
            "array observations: its shape is (6, 2) where 8 rows belong",
        ),
        ("missing.npz", "there is no array actions"),
        (
            "nan.npz",
            "episode 0: observation [NaN, 1.0] of step 0 is not 2 continuous numbers",
        ),
        (
            "text.npz",
            "array rewards: it holds text where numbers belong",
        ),
    ];
    for (name, message) in cases {
        let error = read_data(name).unwrap_err().to_string();
        assert!(
            error.contains(message) && error.contains("; "),
            "{name}: {error}"
        );
    }
}

/// Whatever happens to the bytes of an archive, reading it gives episodes or one message, and nothing else.
#[test]
fn damage_anywhere_is_a_message_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.npz");
    let about = about(unit_box(&[2]), Space::Discrete { n: 2 });
    let mut writer = create(&path, Format::Npz, &about).unwrap();
    for episode in &episodes(&about, &[3, 8], 1) {
        writer.push(episode).unwrap();
    }
    writer.finish().unwrap();
    let whole = fs::read(&path).unwrap();
    let limits = Limits {
        episode_bytes: 1 << 20,
        bytes: 1 << 20,
    };
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        fs::write(&path, &bytes).unwrap();
        let _ = read(&path, &limits);
        fs::write(&path, &whole[..at]).unwrap();
        assert!(
            read(&path, &limits).is_err(),
            "an archive cut at byte {at} is whole"
        );
    }
}
