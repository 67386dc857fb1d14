//! Crates depend one way, from the first words to the command, and the map of the workspace names them all.

use std::process::Command;

use serde_json::Value;

use crate::repository::{assert_none, read, root};

/// The crates in the order in which each may use those before it.
const ORDER: [&str; 14] = [
    "mdp",
    "nn",
    "envs",
    "rl",
    "check",
    "demonstrations",
    "imitation",
    "feedback",
    "preferences",
    "lm",
    "audit",
    "logs",
    "report",
    "rewardlab",
];

/// Name of a package and of the packages that it depends on, tests and builds included.
type Package = (String, Vec<String>);

#[test]
fn no_crate_depends_on_one_below_it() {
    assert_none(direction_problems(&packages()));
}

#[test]
fn a_dependency_against_the_direction_is_found() {
    let package = |name: &str, dependencies: &[&str]| {
        (
            name.to_owned(),
            dependencies.iter().map(|name| (*name).to_owned()).collect(),
        )
    };
    assert!(direction_problems(&[package("envs", &["mdp", "serde"])]).is_empty());
    assert_eq!(direction_problems(&[package("envs", &["rl"])]).len(), 1);
    assert_eq!(direction_problems(&[package("rl", &["xtask"])]).len(), 1);
    assert_eq!(direction_problems(&[package("unheard-of", &[])]).len(), 1);
}

#[test]
fn every_crate_inherits_the_lints_of_the_workspace_and_lies_in_a_folder_of_its_name() {
    let mut problems = Vec::new();
    for (name, _) in packages() {
        let folder = if name == "xtask" {
            name.clone()
        } else {
            format!("crates/{name}")
        };
        let manifest = format!("{folder}/Cargo.toml");
        if !root().join(&manifest).exists() {
            problems.push(format!("{name}: expected its manifest at {manifest}"));
        } else if !read(&manifest).contains("[lints]\nworkspace = true") {
            problems.push(format!("{manifest}: add `[lints]` with `workspace = true`"));
        }
    }
    assert_none(problems);
}

#[test]
fn the_architecture_names_every_crate() {
    if !root().join("ARCHITECTURE.md").exists() {
        return;
    }
    let text = read("ARCHITECTURE.md");
    let missing = packages()
        .into_iter()
        .filter(|(name, _)| !text.contains(&format!("`{name}`")));
    assert_none(
        missing
            .map(|(name, _)| format!("ARCHITECTURE.md: name the crate `{name}`"))
            .collect(),
    );
}

fn direction_problems(packages: &[Package]) -> Vec<String> {
    let place = |name: &str| ORDER.iter().position(|crate_name| *crate_name == name);
    let mut problems = Vec::new();
    for (name, dependencies) in packages.iter().filter(|(name, _)| name != "xtask") {
        let Some(own) = place(name) else {
            problems.push(format!(
                "{name}: give it a place in the order of the crates in xtask/tests/it/crates.rs"
            ));
            continue;
        };
        for dependency in dependencies {
            if dependency == "xtask" || place(dependency).is_some_and(|other| own < other) {
                problems.push(format!(
                    "{name} depends on {dependency}, which stands below it"
                ));
            }
        }
    }
    problems
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .output()
        .expect("cargo is installed");
    assert!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"]
        .as_array()
        .expect("cargo lists packages");
    packages
        .iter()
        .map(|package| {
            (
                name(package),
                package["dependencies"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(name)
                    .collect(),
            )
        })
        .collect()
}

fn name(entry: &Value) -> String {
    entry["name"]
        .as_str()
        .expect("cargo names every package")
        .to_owned()
}
