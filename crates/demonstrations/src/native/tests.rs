//! Episodes of any lengths come back from Parquet as they were.

use std::fs;

use mdp::Space;

use crate::samples::{self, about, episodes, spaces, unit_box};
use crate::{Demonstrations, Episode, Error, Format, Limits, create, read, write};

fn round_trip(lengths: &[usize], about: &crate::About, n_state: usize) {
    samples::round_trip(Format::Parquet, lengths, about, n_state);
}

#[test]
fn episodes_of_every_space_come_back() {
    for (observation_space, action_space) in spaces() {
        round_trip(&[3, 0, 1, 200], &about(observation_space, action_space), 2);
    }
}

#[test]
fn no_episodes_and_long_ones_come_back() {
    let mut about = about(unit_box(&[2]), Space::Discrete { n: 3 });
    round_trip(&[], &about, 0);
    about.state_names = vec!["x".to_owned(), "speed of x".to_owned()];
    round_trip(&[700_000, 1, 70_000], &about, 2);
    round_trip(&[0, 0], &about, 2);
}

#[test]
fn names_that_are_no_names_of_columns_are_left_out() {
    for names in [["x", "x"], ["a,b", "y"]] {
        let mut about = about(unit_box(&[2]), Space::Discrete { n: 3 });
        about.state_names = names.map(str::to_owned).to_vec();
        assert_eq!(about.state_columns(2), ["0", "1"]);
        about.state_names.clear();
        round_trip(&[2], &about, 2);
    }
}

#[test]
fn what_is_not_recorded_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bare.parquet");
    let about = about(unit_box(&[1]), unit_box(&[1]));
    let mut written = episodes(&about, &[2, 5], 0);
    for episode in &mut written {
        (episode.rewards, episode.intents, episode.success) = (None, None, None);
    }
    let mut trajectories = mdp::Trajectories::new(unit_box(&[1]), unit_box(&[1]));
    for episode in &written {
        trajectories.push(episode.view()).unwrap();
    }
    let demonstrations = Demonstrations {
        about,
        trajectories,
        successes: vec![None; 2],
    };
    write(&path, Format::Parquet, &demonstrations).unwrap();
    assert_eq!(read(&path, &Limits::GENEROUS).unwrap(), demonstrations);
}

type Change = fn(&mut Episode);

#[test]
fn what_does_not_belong_is_refused_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refused.parquet");
    let about = about(unit_box(&[1]), Space::Discrete { n: 2 });
    let good = episodes(&about, &[2], 0).remove(0);
    let strange: [(Change, &str); 4] = [
        (
            |episode| episode.actions[1] = 2.0,
            "action [2.0] of step 1 is not one of 2 choices",
        ),
        (
            |episode| episode.observations[0] = f32::NAN,
            "observation [NaN] of step 0",
        ),
        (
            |episode| episode.rewards = None,
            "other fields than those before it",
        ),
        (
            |episode| episode.observations.truncate(2),
            "observations holds 2 numbers, 3 were expected",
        ),
    ];
    for (change, message) in strange {
        let mut writer = create(&path, Format::Parquet, &about).unwrap();
        writer.push(&good).unwrap();
        let mut bad = good.clone();
        change(&mut bad);
        let error = writer.push(&bad).unwrap_err();
        assert!(matches!(error, Error::Unfit { .. }));
        assert!(error.to_string().contains(message), "{error}");
        drop(writer);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn memory_is_limited_an_episode_at_a_time_and_in_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.parquet");
    let about = about(unit_box(&[4]), Space::Discrete { n: 2 });
    let mut writer = create(&path, Format::Parquet, &about).unwrap();
    for episode in &episodes(&about, &[10, 1000, 1000], 0) {
        writer.push(episode).unwrap();
    }
    writer.finish().unwrap();
    let limits = |episode_bytes, bytes| Limits {
        episode_bytes,
        bytes,
    };
    let message = |limits| read(&path, &limits).unwrap_err().to_string();
    assert!(read(&path, &limits(40_000, 100_000)).is_ok());
    assert!(message(limits(40_000, 40_000)).contains("take more than 40000 bytes"));
    assert!(message(limits(20_000, 100_000)).contains("episode 1: it takes more than 20000 bytes"));
}

/// Whatever happens to the bytes of a file, reading it gives episodes or one message, and nothing else.
#[test]
fn damage_anywhere_is_a_message_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    let about = about(unit_box(&[2]), Space::Discrete { n: 2 });
    let mut writer = create(&path, Format::Parquet, &about).unwrap();
    for episode in &episodes(&about, &[3, 8], 1) {
        writer.push(episode).unwrap();
    }
    writer.finish().unwrap();
    let whole = fs::read(&path).unwrap();
    let limits = Limits {
        episode_bytes: 1 << 20,
        bytes: 1 << 20,
    };
    let mut n_refused = 0;
    for at in 0..whole.len() {
        for value in [0xff, whole[at] ^ 0x10] {
            let mut bytes = whole.clone();
            bytes[at] = value;
            fs::write(&path, &bytes).unwrap();
            n_refused += u32::from(read(&path, &limits).is_err());
        }
        fs::write(&path, &whole[..at]).unwrap();
        assert!(
            read(&path, &limits).is_err(),
            "a file cut at byte {at} is whole"
        );
    }
    assert!(n_refused > 500);
}
