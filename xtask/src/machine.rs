//! What the numbers were measured on.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

/// The machine as evidence describes it.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    processor: String,
    cores: usize,
    instruction_set: String,
    memory_gib: Option<f64>,
    system: String,
    load: Option<String>,
}

impl Machine {
    /// Describes this machine now; what the system does not tell is left out or called unknown.
    pub(crate) fn here() -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        Self {
            processor: field(&read("/proc/cpuinfo"), "model name")
                .unwrap_or_else(|| "unknown processor".to_owned()),
            cores: cores(),
            instruction_set: instruction_set(),
            memory_gib: field(&read("/proc/meminfo"), "MemTotal")
                .and_then(|text| kibibytes_to_gib(&text)),
            system: system(
                &read("/etc/os-release"),
                &read("/proc/sys/kernel/osrelease"),
            ),
            load: read("/proc/loadavg")
                .split_whitespace()
                .next()
                .map(str::to_owned),
        }
    }

    /// One line for the text form.
    pub(crate) fn line(&self) -> String {
        let memory = self.memory_gib.map_or_else(
            || "memory unknown".to_owned(),
            |gib| format!("{gib:.1} GiB"),
        );
        let load = self
            .load
            .as_ref()
            .map_or_else(String::new, |load| format!("; load {load} at the start"));
        format!(
            "{}, {} cores, {}, {memory}, {}{load}",
            self.processor, self.cores, self.instruction_set, self.system
        )
    }

    /// The same for the JSON form.
    pub(crate) fn json(&self) -> Value {
        json!({
            "processor": self.processor,
            "cores": self.cores,
            "instruction_set": self.instruction_set,
            "memory_gib": self.memory_gib,
            "system": self.system,
            "load_at_start": self.load.as_ref().and_then(|load| load.parse::<f64>().ok()),
        })
    }
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The first line of `rustc --version`.
pub(crate) fn rustc() -> String {
    printed("rustc", &["--version"])
}

/// The time in UTC, to the second.
pub(crate) fn now() -> String {
    printed("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"])
}

fn printed(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

/// The value after `name :` on the first line that has it.
fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn kibibytes_to_gib(text: &str) -> Option<f64> {
    let kibibytes: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes / (1024.0 * 1024.0))
}

fn system(release: &str, kernel: &str) -> String {
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))
        .map_or(std::env::consts::OS, |name| name.trim_matches('"'));
    match kernel.trim() {
        "" => name.to_owned(),
        kernel => format!("{name}, kernel {kernel}"),
    }
}

#[cfg(target_arch = "x86_64")]
fn instruction_set() -> String {
    let features = [
        ("avx2", std::is_x86_feature_detected!("avx2")),
        ("fma", std::is_x86_feature_detected!("fma")),
        ("avx512f", std::is_x86_feature_detected!("avx512f")),
    ];
    let present: Vec<&str> = features
        .iter()
        .filter(|(_, present)| *present)
        .map(|(name, _)| *name)
        .collect();
    format!(
        "x86-64 with {}",
        if present.is_empty() {
            "sse2".to_owned()
        } else {
            present.join(" ")
        }
    )
}

#[cfg(not(target_arch = "x86_64"))]
fn instruction_set() -> String {
    std::env::consts::ARCH.to_owned()
}

#[cfg(test)]
mod tests;
