//! Demonstrations for tests: of many lengths, spaces and fields, none of them special.

use std::fs;

use mdp::{End, Space};

use crate::{About, Episode, Format, Limits, create, open};

/// What is said of the samples: every entry is there.
pub(crate) fn about(observation_space: Space, action_space: Space) -> About {
    About {
        environment: Some("cartpole".to_owned()),
        settings: [("length".to_owned(), "0.5, \"long\"".to_owned())].into(),
        expert: Some("a person, careful".to_owned()),
        seed: Some(u64::MAX),
        other: [("minari.author".to_owned(), "Ann\nBob".to_owned())].into(),
        ..About::new(observation_space, action_space)
    }
}

/// Episodes of these lengths, whose numbers tell where they stand.
pub(crate) fn episodes(about: &About, lengths: &[usize], n_state: usize) -> Vec<Episode> {
    let one = |(number, n_steps): (usize, &usize)| Episode {
        observations: values(&about.observation_space, n_steps + 1, number),
        actions: values(&about.action_space, *n_steps, number + 1),
        rewards: Some(
            (0..*n_steps)
                .map(|step| 0.1 + (number * step) as f64)
                .collect(),
        ),
        intents: Some((0..*n_steps).map(|step| -(step as f64) / 3.0).collect()),
        states: (0..(n_steps + 1) * n_state)
            .map(|index| index as f64 / 7.0)
            .collect(),
        end: match (number % 3, n_steps) {
            (_, 0) | (2, _) => None,
            (0, _) => Some(End::Terminated),
            _ => Some(End::Truncated),
        },
        success: [None, Some(true), Some(false)][number % 3],
    };
    lengths.iter().enumerate().map(one).collect()
}

fn values(space: &Space, n: usize, number: usize) -> Vec<f32> {
    (0..n)
        .flat_map(|row| value(space, 31 * number + row))
        .collect()
}

fn value(space: &Space, index: usize) -> Vec<f32> {
    match space {
        Space::Discrete { n } => vec![(index % n) as f32],
        Space::MultiDiscrete { sizes } => sizes.iter().map(|n| (index % n) as f32).collect(),
        Space::Continuous { low, .. } => (0..low.len())
            .map(|part| ((index + part) % 101) as f32 / 127.0)
            .collect(),
        Space::Tuple(parts) => parts.iter().flat_map(|part| value(part, index)).collect(),
    }
}

/// A box from -1 to 1 of some extents.
pub(crate) fn unit_box(shape: &[usize]) -> Space {
    let n = shape.iter().product();
    Space::Continuous {
        low: vec![-1.0; n],
        high: vec![1.0; n],
        shape: shape.to_vec(),
    }
}

/// All kinds of spaces that an observation or action may have.
pub(crate) fn spaces() -> Vec<(Space, Space)> {
    let several = Space::Tuple(vec![Space::Discrete { n: 5 }, unit_box(&[2])]);
    let mixed = Space::Continuous {
        low: vec![f32::NEG_INFINITY, -1.0],
        high: vec![f32::INFINITY, 0.9],
        shape: vec![2],
    };
    vec![
        (unit_box(&[4]), Space::Discrete { n: 2 }),
        (Space::Discrete { n: 48 }, Space::Discrete { n: 4 }),
        (mixed, unit_box(&[3])),
        (several.clone(), several),
        (
            unit_box(&[8, 8, 5]),
            Space::MultiDiscrete { sizes: vec![3, 2] },
        ),
    ]
}

/// Writes episodes of these lengths, and holds what is read again against them.
pub(crate) fn round_trip(format: Format, lengths: &[usize], about: &About, n_state: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demonstrations");
    let written = episodes(about, lengths, n_state);
    let mut writer = create(&path, format, about).unwrap();
    for episode in &written {
        writer.push(episode).unwrap();
    }
    assert!(!path.exists(), "nothing is there before it is whole");
    writer.finish().unwrap();
    let n_files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(n_files, 1, "nothing is left over");
    assert_eq!(Format::detect(&path).unwrap(), format);

    let mut reader = open(&path, &Limits::GENEROUS).unwrap();
    let mut found = reader.about().clone();
    if about.state_names.is_empty() {
        found.state_names.clear();
    }
    assert_eq!(found, *about);
    let mut episode = Episode::default();
    for expected in &written {
        assert!(reader.next_episode(&mut episode).unwrap());
        assert_eq!(episode, *expected);
    }
    assert!(!reader.next_episode(&mut episode).unwrap());
}
