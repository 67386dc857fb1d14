//! Files that other libraries wrote are read as those libraries read them, and what we write is read back whole.

use std::fs;
use std::path::{Path, PathBuf};

use mdp::{End, Space};
use serde_json::Value;
use tempfile::TempDir;

use crate::{About, Demonstrations, Episode, Format, Limits, create, open, read, samples, write};

/// Minari's and imitation's own files; `peers/foreign_files.py` makes them, and says what is in them.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/foreign")
}

pub(crate) const FOREIGN: [Format; 4] = [
    Format::Minari,
    Format::MinariArrow,
    Format::MinariParquet,
    Format::HuggingFace,
];

#[test]
fn files_of_the_libraries_are_read_as_they_read_them() {
    let says = fs::read_to_string(folder().join("says.json")).unwrap();
    let says: Value = serde_json::from_str(&says).unwrap();
    let names: Vec<&String> = says.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "arrow",
            "chunked",
            "dense",
            "images",
            "imitation",
            "parquet",
            "shuffled",
            "tracked"
        ]
    );
    for (name, expected) in says.as_object().unwrap() {
        let demonstrations = read(&folder().join(name), &Limits::GENEROUS)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected = expected["episodes"].as_array().unwrap();
        assert_eq!(
            demonstrations.trajectories.n_episodes(),
            expected.len(),
            "{name}"
        );
        for (episode, expected) in demonstrations.trajectories.episodes().zip(expected) {
            let numbers = |key: &str| -> Vec<f64> {
                expected[key]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|number| number.as_f64().unwrap())
                    .collect()
            };
            let wide = |singles: &[f32]| -> Vec<f64> {
                singles.iter().map(|single| f64::from(*single)).collect()
            };
            assert_eq!(
                wide(episode.observations),
                numbers("observations"),
                "{name}"
            );
            assert_eq!(wide(episode.actions), numbers("actions"), "{name}");
            assert_eq!(episode.rewards.unwrap(), numbers("rewards"), "{name}");
            let end = if expected["end"] == "terminated" {
                End::Terminated
            } else {
                End::Truncated
            };
            assert_eq!(episode.end, Some(end), "{name}");
        }
    }
}

#[test]
fn what_minari_says_of_a_dataset_is_kept_and_written_back() {
    let demonstrations = read(&folder().join("arrow"), &Limits::GENEROUS).unwrap();
    let about = &demonstrations.about;
    assert_eq!(about.expert.as_deref(), Some("drawn from the spaces"));
    assert_eq!(
        about.other["minari.dataset_id"],
        "rewardlab/round-trip/expert-v0"
    );
    assert_eq!(about.other["minari.author"], "[\"nobody\"]");
    let named = Space::Tuple(vec![
        Space::MultiDiscrete { sizes: vec![3, 4] },
        Space::Tuple(vec![
            Space::Discrete { n: 4 },
            Space::continuous(-1.0, 1.0, 3),
        ]),
    ]);
    assert_eq!(about.observation_space, named);

    let scratch = TempDir::new().unwrap();
    let copy = scratch.path().join("copy");
    write(&copy, Format::Minari, &demonstrations).unwrap();
    let metadata: Value =
        serde_json::from_str(&fs::read_to_string(copy.join("data/metadata.json")).unwrap())
            .unwrap();
    assert_eq!(metadata["author"], serde_json::json!(["nobody"]));
    let space: Value =
        serde_json::from_str(metadata["observation_space"].as_str().unwrap()).unwrap();
    let names: Vec<&String> = space["subspaces"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["a", "z"]);
    assert_eq!(read(&copy, &Limits::GENEROUS).unwrap(), demonstrations);
}

#[test]
fn everything_that_is_recorded_comes_back_from_every_format() {
    for (observation, action) in samples::spaces() {
        for format in FOREIGN {
            let is_tuple = |space: &Space| matches!(space, Space::Tuple(_));
            if format == Format::HuggingFace && is_tuple(&observation) {
                continue;
            }
            let about = samples::about(observation.clone(), action.clone());
            // `imitation` has no trajectory without a step and none that did not end.
            let lengths: &[usize] = if format == Format::HuggingFace {
                &[3, 40]
            } else {
                &[3, 40, 1, 0]
            };
            let episodes = samples::episodes(&about, lengths, 3);
            assert_eq!(
                there_and_back(format, &about, &episodes),
                (about, episodes),
                "{format}"
            );
        }
    }
}

#[test]
fn hundreds_of_episodes_are_found_again() {
    let about = About::new(Space::Discrete { n: 7 }, Space::Discrete { n: 3 });
    let lengths: Vec<usize> = (0..700).map(|index| 1 + index % 3).collect();
    let mut episodes = samples::episodes(&about, &lengths, 0);
    episodes
        .iter_mut()
        .for_each(|episode| episode.end = Some(End::Truncated));
    for format in [Format::Minari, Format::HuggingFace] {
        assert_eq!(
            there_and_back(format, &about, &episodes).1,
            episodes,
            "{format}"
        );
    }
}

#[test]
fn images_stay_bytes() {
    let n = 33 * 32 * 3;
    let image = Space::Continuous {
        low: vec![0.0; n],
        high: vec![255.0; n],
        shape: vec![33, 32, 3],
    };
    let about = About::new(image, Space::Discrete { n: 2 });
    let episode = Episode {
        observations: (0..2 * n).map(|index| (index % 256) as f32).collect(),
        actions: vec![1.0],
        rewards: Some(vec![0.5]),
        end: Some(End::Terminated),
        ..Episode::default()
    };
    for format in FOREIGN {
        let scratch = TempDir::new().unwrap();
        let path = scratch.path().join("images");
        let episodes = [episode.clone()];
        assert_eq!(
            write_and_read(&path, format, &about, &episodes).1,
            episodes,
            "{format}"
        );
        let (_, n_bytes) = files(&path)
            .into_iter()
            .map(|file| (file.clone(), fs::metadata(&file).unwrap().len()))
            .max_by_key(|(_, n)| *n)
            .unwrap();
        assert!(n_bytes < 6 * n as u64 * 2, "{format}: {n_bytes} bytes");

        let mut between = episode.clone();
        between.observations[0] = 0.5;
        let mut writer = create(&scratch.path().join("between"), format, &about).unwrap();
        let error = writer.push(&between).unwrap_err().to_string();
        assert!(
            error.contains("0.5 is no number of type uint8"),
            "{format}: {error}"
        );
        drop(writer);
        assert_eq!(
            fs::read_dir(scratch.path()).unwrap().count(),
            1,
            "{format}: nothing half-written is left"
        );
    }
}

#[test]
fn what_a_format_cannot_say_is_refused() {
    let check = |format, about: &About, episode: &Episode, says: &str| {
        let scratch = TempDir::new().unwrap();
        let pushed = create(&scratch.path().join("refused"), format, about)
            .and_then(|mut writer| writer.push(episode));
        let error = pushed.unwrap_err().to_string();
        assert!(error.contains(says), "{format}: {error}");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    };
    let about = About::new(Space::Discrete { n: 7 }, Space::Discrete { n: 3 });
    let sound = samples::episodes(&about, &[3], 0).remove(0);
    let without_rewards = Episode {
        rewards: None,
        ..sound.clone()
    };
    let endless = Episode {
        end: None,
        ..sound.clone()
    };
    check(
        Format::Minari,
        &about,
        &without_rewards,
        "no rewards are recorded",
    );
    check(
        Format::MinariArrow,
        &about,
        &without_rewards,
        "no rewards are recorded",
    );
    check(
        Format::HuggingFace,
        &about,
        &endless,
        "nobody said how it ended",
    );
    let tuple = About::new(
        Space::Tuple(vec![Space::Discrete { n: 7 }]),
        Space::Discrete { n: 3 },
    );
    check(
        Format::HuggingFace,
        &tuple,
        &sound,
        "`obs` has several parts",
    );
}

#[test]
fn an_episode_larger_than_the_limit_is_refused() {
    let limits = Limits {
        episode_bytes: 40,
        ..Limits::GENEROUS
    };
    for name in ["chunked", "arrow", "imitation"] {
        let refused = match open(&folder().join(name), &limits) {
            Ok(mut reader) => reader.next_episode(&mut Episode::default()).err(),
            Err(error) => Some(error),
        };
        let error = refused
            .unwrap_or_else(|| panic!("{name} was read"))
            .to_string();
        assert!(error.contains("bytes"), "{name}: {error}");
    }
}

/// Every file of a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn there_and_back(format: Format, about: &About, episodes: &[Episode]) -> (About, Vec<Episode>) {
    let scratch = TempDir::new().unwrap();
    let (mut read, episodes) =
        write_and_read(&scratch.path().join("copy"), format, about, episodes);
    // Minari's own account is kept beside ours.
    read.other
        .retain(|key, _| !key.starts_with("minari.") || about.other.contains_key(key));
    (read, episodes)
}

fn write_and_read(
    path: &Path,
    format: Format,
    about: &About,
    episodes: &[Episode],
) -> (About, Vec<Episode>) {
    let mut writer = create(path, format, about).unwrap();
    episodes
        .iter()
        .for_each(|episode| writer.push(episode).unwrap());
    writer.finish().unwrap();
    assert_eq!(Format::detect(path).unwrap(), format);
    let mut reader = open(path, &Limits::GENEROUS).unwrap();
    let (mut found, mut episode) = (vec![], Episode::default());
    while reader.next_episode(&mut episode).unwrap() {
        found.push(episode.clone());
    }
    (reader.about().clone(), found)
}

/// One of the files with something done to the bytes of one of its parts, and what reading it says.
pub(crate) fn reading(
    name: &str,
    part: &str,
    change: impl FnOnce(&mut Vec<u8>),
) -> Result<Demonstrations, String> {
    let scratch = TempDir::new().unwrap();
    for file in files(&folder().join(name)) {
        let to = scratch.path().join(file.strip_prefix(folder()).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(file, to).unwrap();
    }
    let path = scratch.path().join(name).join(part);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    read(&scratch.path().join(name), &Limits::GENEROUS).map_err(|error| {
        let message = error.to_string();
        assert!(
            message.starts_with(&scratch.path().display().to_string()),
            "{message}"
        );
        message.replace(&scratch.path().display().to_string(), "")
    })
}

/// Changes bytes of every foreign file one after the other. Whatever a byte says, reading ends, and with a message that
/// names the file, or with numbers that their spaces contain.
#[test]
fn no_change_of_a_byte_makes_reading_panic() {
    let parts = [
        ("chunked", "data/main_data.hdf5"),
        ("dense", "data/main_data.hdf5"),
        ("tracked", "data/main_data.hdf5"),
        ("images", "data/main_data.hdf5"),
        ("arrow", "data/0/part-0.arrow"),
        ("parquet", "data/0/part-0.parquet"),
        ("imitation", "data-00000-of-00001.arrow"),
    ];
    /// Places of a file that are tried.
    const STEPS: usize = 11;
    for (name, part) in parts {
        let length = fs::metadata(folder().join(name).join(part)).unwrap().len() as usize;
        let mut at = 7;
        while at < length {
            for value in [0x00, 0xff] {
                let _ = reading(name, part, |bytes| bytes[at] = value);
            }
            let cut = reading(name, part, |bytes| bytes.truncate(at));
            assert!(cut.is_err(), "{name}: read though it ends after {at} bytes");
            at += length / STEPS + 1;
        }
    }
}

/// The cases of the example, without its `main`.
#[path = "../examples/broken_foreign_files/cases.rs"]
mod cases;

#[test]
fn broken_files_are_refused_with_one_message_each() {
    let scratch = TempDir::new().unwrap();
    let mut wrong = String::new();
    for case in cases::all() {
        case.write(scratch.path()).unwrap();
        let path = scratch.path().join(case.name);
        let message = match read(&path, &Limits::GENEROUS) {
            Ok(_) => "it was read".to_owned(),
            Err(error) => error.to_string(),
        };
        let is_clear =
            message.starts_with(&path.display().to_string()) && message.contains(case.says);
        if !is_clear || message.lines().count() != 1 || 600 < message.len() {
            wrong.push_str(&format!("{} ({}): {message}\n", case.name, case.broken));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(40 <= cases::all().len());
}
