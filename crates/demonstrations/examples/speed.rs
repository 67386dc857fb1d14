//! How fast demonstrations are written to Parquet and read again, beside copying as many bytes: prints JSON.
//!
//! `cargo run --release -p demonstrations --example speed -- --transitions 10000000 --folder /tmp`

#![allow(clippy::print_stdout, reason = "an example prints what it measures")]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use demonstrations::{About, Episode, Error, Format, Limits, create, open, read};
use mdp::{End, Space};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut n_transitions = 1_000_000;
    let mut folder = std::env::temp_dir();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or("every argument has a value")?;
        match name.as_str() {
            "--transitions" => n_transitions = value.parse()?,
            "--folder" => folder = PathBuf::from(value),
            _ => return Err(format!("there is no argument {name}").into()),
        }
    }
    let shapes = [
        Shape {
            name: "cartpole",
            n_observation: 4,
            action_space: Space::Discrete { n: 2 },
            length: 200,
        },
        Shape {
            name: "half-cheetah",
            n_observation: 17,
            action_space: Space::continuous(-1.0, 1.0, 6),
            length: 1000,
        },
    ];
    let mut measured = vec![];
    for shape in &shapes {
        measured.push(measure(shape, n_transitions, &folder)?);
    }
    println!(
        "{}",
        json!({ "transitions": n_transitions, "shapes": measured })
    );
    Ok(())
}

/// What a transition is made of.
struct Shape {
    name: &'static str,
    n_observation: usize,
    action_space: Space,
    length: usize,
}

impl Shape {
    fn about(&self) -> About {
        let low = f32::NEG_INFINITY;
        About::new(
            Space::continuous(low, f32::INFINITY, self.n_observation),
            self.action_space.clone(),
        )
    }

    /// Bytes of the values of a transition: observation, action and reward.
    fn transition_bytes(&self) -> usize {
        4 * self.n_observation + 4 * self.action_space.n_values() + 8
    }

    /// Some episodes whose numbers do not repeat within them.
    fn episodes(&self) -> Vec<Episode> {
        let mut rng = mdp::Seed(0).stream("speed", 0);
        let one = |_| Episode {
            observations: (0..(self.length + 1) * self.n_observation)
                .map(|_| mdp::uniform(&mut rng) as f32)
                .collect(),
            actions: (0..self.length)
                .flat_map(|_| self.action_space.sample(&mut rng))
                .collect(),
            rewards: Some((0..self.length).map(|_| mdp::uniform(&mut rng)).collect()),
            end: Some(End::Truncated),
            ..Episode::default()
        };
        (0..16).map(one).collect()
    }
}

fn measure(
    shape: &Shape,
    n_transitions: usize,
    folder: &Path,
) -> Result<Value, Box<dyn std::error::Error>> {
    let path = folder.join(format!(
        "speed-{}-{}.parquet",
        shape.name,
        std::process::id()
    ));
    let n_bytes = n_transitions * shape.transition_bytes();
    let episodes = shape.episodes();
    // The first of each is not counted: it fetches code and pages that the others find.
    let n_warm = n_transitions / 10;
    write_file(shape, &episodes, n_warm, &path)?;
    let write_seconds = seconds(|| write_file(shape, &episodes, n_transitions, &path))?;
    let stream_seconds = seconds(|| stream_file(&path, n_transitions))?;
    let mut n_read = 0;
    let read_seconds = seconds(|| {
        n_read = read(&path, &Limits::GENEROUS)?.trajectories.n_steps();
        Ok(())
    })?;
    let file_bytes = fs::metadata(&path)?.len();
    let (copy_in, copy_out) = (cache_to_memory(&path)?, memory_to_cache(&path, n_bytes)?);
    let memory = memory_to_memory(n_bytes);
    fs::remove_file(&path)?;
    Ok(json!({
        "shape": shape.name,
        "observation": shape.n_observation,
        "action": shape.action_space.n_values(),
        "transition_bytes": shape.transition_bytes(),
        "raw_bytes": n_bytes,
        "file_bytes": file_bytes,
        "transitions_read": n_read,
        "write_seconds": write_seconds,
        "stream_seconds": stream_seconds,
        "read_seconds": read_seconds,
        "page_cache_to_memory_bytes_per_second": copy_in,
        "memory_to_page_cache_bytes_per_second": copy_out,
        "memory_to_memory_bytes_per_second": memory,
    }))
}

fn seconds(mut run: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let began = Instant::now();
    run()?;
    Ok(began.elapsed().as_secs_f64())
}

fn write_file(
    shape: &Shape,
    episodes: &[Episode],
    n_transitions: usize,
    path: &Path,
) -> Result<(), Error> {
    let mut writer = create(path, Format::Parquet, &shape.about())?;
    for index in 0..n_transitions / shape.length {
        writer.push(&episodes[index % episodes.len()])?;
    }
    writer.finish()
}

fn stream_file(path: &Path, n_transitions: usize) -> Result<(), Error> {
    let mut reader = open(path, &Limits::GENEROUS)?;
    let mut episode = Episode::default();
    let mut n_steps = 0;
    while reader.next_episode(&mut episode)? {
        n_steps += episode.rewards.as_ref().map_or(0, Vec::len);
    }
    assert_eq!(n_steps, n_transitions, "all transitions are read");
    Ok(())
}

/// Bytes a second of reading the file's bytes and nothing else.
fn cache_to_memory(path: &Path) -> std::io::Result<f64> {
    let mut buffer = vec![0; 1 << 20];
    let mut file = File::open(path)?;
    let began = Instant::now();
    let mut n_bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(n_bytes as f64 / began.elapsed().as_secs_f64()),
            n => n_bytes += n,
        }
    }
}

/// Bytes a second of writing as many bytes and nothing else, to the disk at the end as the writer does.
fn memory_to_cache(path: &Path, n_bytes: usize) -> std::io::Result<f64> {
    let copy = path.with_extension("copy");
    let buffer = vec![1; 1 << 20];
    let began = Instant::now();
    let mut file = File::create(&copy)?;
    for _ in 0..n_bytes >> 20 {
        file.write_all(&buffer)?;
    }
    file.sync_all()?;
    let speed = (n_bytes >> 20 << 20) as f64 / began.elapsed().as_secs_f64();
    fs::remove_file(&copy)?;
    Ok(speed)
}

fn memory_to_memory(n_bytes: usize) -> f64 {
    let from = vec![1_u8; 1 << 26];
    let mut to = vec![0_u8; 1 << 26];
    let n = (n_bytes >> 26).max(1);
    let began = Instant::now();
    for _ in 0..n {
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut to);
    }
    (n << 26) as f64 / began.elapsed().as_secs_f64()
}
