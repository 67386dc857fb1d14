//! One half of the round trips through other libraries' files; `peers/round_trips.py` is the other half and runs this.
//!
//! ```console
//! $ cargo build --release -p demonstrations --example round_trips
//! $ target/peers/bin/python peers/round_trips.py target/release/examples/round_trips FOLDER
//! ```
//!
//! `write FOLDER` writes demonstrations of many spaces in each foreign format to `FOLDER/ours`, and to `ours.json` what
//! is in them. `read FOLDER` reads what the libraries wrote, prints whether it is what `theirs.json` says, and writes
//! it again to `FOLDER/again`, so that the libraries can say whether anything was lost on the way.
#![allow(
    clippy::print_stdout,
    reason = "an example prints what it has to say on standard output"
)]

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use demonstrations::{About, Demonstrations, Episode, Format, Limits};
use mdp::{End, Space, Trajectories};
use serde_json::{Value, json};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [command, folder] if command == "write" => write(Path::new(folder)),
        [command, folder] if command == "read" => read(Path::new(folder)),
        _ => bail!("say `write FOLDER` or `read FOLDER`"),
    }
}

/// Writes every case in every foreign format that can hold it.
fn write(folder: &Path) -> Result<()> {
    let mut listed = vec![];
    for (name, observation, action, lengths) in cases() {
        let demonstrations = demonstrate(observation, action, &lengths)?;
        for format in foreign() {
            let has_parts = matches!(demonstrations.about.observation_space, Space::Tuple(_));
            if has_parts && format == Format::HuggingFace {
                continue;
            }
            let path = folder.join("ours").join(format.word()).join(name);
            fs::create_dir_all(path.parent().context("a place in a folder")?)?;
            demonstrations::write(&path, format, &demonstrations)?;
            let said = describe(&demonstrations);
            listed
                .push(json!({ "case": name, "format": format.word(), "path": path, "says": said }));
        }
    }
    fs::write(folder.join("ours.json"), Value::Array(listed).to_string())?;
    Ok(())
}

/// Reads what the libraries wrote, compares, and writes it again.
fn read(folder: &Path) -> Result<()> {
    let listed: Value = serde_json::from_str(&fs::read_to_string(folder.join("theirs.json"))?)?;
    let (mut compared, mut again) = (vec![], vec![]);
    for case in listed.as_array().context("theirs.json is no list")? {
        let word = |key: &str| case[key].as_str().with_context(|| format!("no `{key}`"));
        let (name, path) = (word("case")?, word("path")?);
        let difference = match demonstrations::read(Path::new(path), &Limits::GENEROUS) {
            Err(error) => Some(error.to_string()),
            Ok(demonstrations) => {
                let format = Format::detect(Path::new(path))?;
                let copy = folder.join("again").join(format.word()).join(name);
                fs::create_dir_all(copy.parent().context("a place in a folder")?)?;
                demonstrations::write(&copy, format, &demonstrations)?;
                again.push(json!({ "case": name, "format": format.word(), "path": copy }));
                difference(&case["says"], &describe(&demonstrations))
            }
        };
        compared.push(json!({ "case": name, "format": case["format"], "difference": difference }));
    }
    fs::write(folder.join("again.json"), Value::Array(again).to_string())?;
    println!("{}", json!({ "cases": compared }));
    Ok(())
}

fn foreign() -> Vec<Format> {
    let is_foreign =
        |format: &Format| format.word().starts_with("minari") || *format == Format::HuggingFace;
    Format::ALL.into_iter().filter(is_foreign).collect()
}

type Case = (&'static str, Space, Space, Vec<usize>);

/// Spaces of every kind, and episodes of many lengths.
fn cases() -> Vec<Case> {
    let continuous = Space::Continuous {
        low: vec![f32::NEG_INFINITY, -1.5, 0.1],
        high: vec![f32::INFINITY, 1.5, 0.7],
        shape: vec![3],
    };
    let image = Space::Continuous {
        low: vec![0.0; 40 * 33 * 3],
        high: vec![255.0; 40 * 33 * 3],
        shape: vec![40, 33, 3],
    };
    let several = Space::Tuple(vec![
        Space::Discrete { n: 4 },
        Space::Tuple(vec![continuous.clone()]),
    ]);
    let acts = Space::Tuple(vec![
        Space::continuous(-1.0, 1.0, 2),
        Space::Discrete { n: 2 },
    ]);
    vec![
        (
            "discrete",
            Space::Discrete { n: 48 },
            Space::Discrete { n: 4 },
            vec![3, 1, 25],
        ),
        (
            "continuous",
            continuous,
            Space::continuous(-2.0, 2.0, 1),
            vec![200, 7, 1],
        ),
        (
            "choices",
            Space::MultiDiscrete { sizes: vec![3, 5] },
            Space::MultiDiscrete { sizes: vec![2, 2] },
            vec![4, 9],
        ),
        ("image", image, Space::Discrete { n: 3 }, vec![5, 2]),
        ("tuple", several, acts, vec![6, 1, 30]),
        (
            "many",
            Space::continuous(-1.0, 1.0, 2),
            Space::Discrete { n: 3 },
            (0..600).map(|index| 1 + index % 17).collect(),
        ),
    ]
}

/// Episodes drawn from the spaces, the same at every call.
fn demonstrate(observation: Space, action: Space, lengths: &[usize]) -> Result<Demonstrations> {
    let mut rng = mdp::Seed(0).stream("round trips", 0);
    let about = About {
        environment: Some("sampled".to_owned()),
        expert: Some("drawn from the spaces".to_owned()),
        ..About::new(observation.clone(), action.clone())
    };
    let mut trajectories = Trajectories::new(observation.clone(), action.clone());
    let whole = observation.shape().len() == 3;
    for (number, n_steps) in lengths.iter().enumerate() {
        let mut episode = Episode::default();
        for _ in 0..=*n_steps {
            let value = observation.sample(&mut rng);
            episode
                .observations
                .extend(value.into_iter().map(|x| if whole { x.floor() } else { x }));
        }
        for _ in 0..*n_steps {
            episode.actions.extend(action.sample(&mut rng));
        }
        episode.rewards = Some((0..*n_steps).map(|_| mdp::normal(&mut rng)).collect());
        episode.end = Some(if number % 2 == 0 {
            End::Terminated
        } else {
            End::Truncated
        });
        trajectories.push(episode.view())?;
    }
    let successes = vec![None; lengths.len()];
    Ok(Demonstrations {
        about,
        trajectories,
        successes,
    })
}

/// Everything that both sides can say of demonstrations.
fn describe(demonstrations: &Demonstrations) -> Value {
    let episodes = demonstrations.trajectories.episodes().map(|episode| {
        json!({
            "observations": episode.observations,
            "actions": episode.actions,
            "rewards": episode.rewards,
            "end": episode.end.map(|end| match end {
                End::Terminated => "terminated",
                End::Truncated => "truncated",
            }),
        })
    });
    json!({
        "observation_space": space(&demonstrations.about.observation_space),
        "action_space": space(&demonstrations.about.action_space),
        "episodes": episodes.collect::<Vec<_>>(),
    })
}

/// A space in words that both sides use; bounds that JSON has no word for are texts.
fn space(space: &Space) -> Value {
    let bound = |bound: &f32| match bound.is_finite() {
        true => json!(bound),
        false => json!(bound.to_string()),
    };
    match space {
        Space::Discrete { n } => json!({ "choices": n }),
        Space::MultiDiscrete { sizes } => json!({ "choices": sizes }),
        Space::Continuous { low, high, shape } => json!({
            "low": low.iter().map(bound).collect::<Vec<_>>(),
            "high": high.iter().map(bound).collect::<Vec<_>>(),
            "shape": shape,
        }),
        Space::Tuple(parts) => {
            json!({ "parts": parts.iter().map(self::space).collect::<Vec<_>>() })
        }
    }
}

/// The first difference between what was expected and what was read, in words.
fn difference(expected: &Value, read: &Value) -> Option<String> {
    for key in ["observation_space", "action_space"] {
        // The layout of `imitation` does not say its spaces; the libraries then expect none.
        if !expected[key].is_null() && expected[key] != read[key] {
            return Some(format!(
                "{key} is {}, expected {}",
                read[key], expected[key]
            ));
        }
    }
    let episodes = |value: &Value| value["episodes"].as_array().cloned().unwrap_or_default();
    let (expected, read) = (episodes(expected), episodes(read));
    if expected.len() != read.len() {
        return Some(format!(
            "{} episodes, expected {}",
            read.len(),
            expected.len()
        ));
    }
    let different = expected
        .iter()
        .zip(&read)
        .position(|(expected, read)| same(expected, read).is_err());
    let index = different?;
    let words = same(&expected[index], &read[index])
        .err()
        .map(|error| error.to_string());
    Some(format!("episode {index}: {}", words.unwrap_or_default()))
}

/// Compares two episodes number by number, to the last bit.
fn same(expected: &Value, read: &Value) -> Result<()> {
    ensure!(
        expected["end"] == read["end"],
        "its end is {}, expected {}",
        read["end"],
        expected["end"]
    );
    for key in ["observations", "actions", "rewards"] {
        let numbers = |value: &Value| -> Vec<Option<f64>> {
            value[key]
                .as_array()
                .into_iter()
                .flatten()
                .map(Value::as_f64)
                .collect()
        };
        let (expected, read) = (numbers(expected), numbers(read));
        ensure!(
            expected.len() == read.len(),
            "{} {key}, expected {}",
            read.len(),
            expected.len()
        );
        let different = expected
            .iter()
            .zip(&read)
            .position(|(expected, read)| expected != read);
        if let Some(index) = different {
            bail!(
                "number {index} of {key} is {:?}, expected {:?}",
                read[index],
                expected[index]
            );
        }
    }
    Ok(())
}
