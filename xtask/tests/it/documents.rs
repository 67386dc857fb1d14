//! Every path, link, experiment and command that a document names exists.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::repository::{assert_none, files, read, root};

#[test]
fn documents_name_only_what_exists() {
    let checkout = Checkout::here();
    assert_none(
        files(&["md"])
            .iter()
            .flat_map(|path| checkout.problems(path, &read(path)))
            .collect(),
    );
}

#[test]
fn what_is_missing_is_found() {
    let checkout = Checkout::here();
    let problems = |text: &str| checkout.problems("docs/page.md", text);
    for fine in [
        "See `xtask/Cargo.toml`, `crates/mdp/` and [the manifest](../Cargo.toml#name).",
        "Runs go to `runs/NAME/`; `a/b` is no path of ours; [elsewhere](https://example.org/x).",
        "`crates/NAME/src/lib.rs`",
        "```console\n$ cargo xtask check\n$ cargo xtask evidence foundation cartpole\n$ rewardlab run EXPERIMENT\n```",
        "```\n[link](missing.md)\n```",
    ] {
        assert_eq!(problems(fine), Vec::<String>::new(), "{fine}");
    }
    for broken in [
        "See `xtask/missing.toml`.",
        "See [it](missing.md).",
        "Type `cargo xtask frobnicate`.",
        "```console\n$ cargo xtask evidence foundation frobnicate\n```",
        "```sh\ncargo run --release -- run frobnicate --seed 1\n```",
        "Type `rewardlab show frobnicate`.",
        "Type `rewardlab run experiments/frobnicate.toml`.",
        "```\ncargo run -p rl --example frobnicate\n```",
    ] {
        assert_eq!(problems(broken).len(), 1, "{broken}");
    }
}

/// What documents may name.
struct Checkout {
    /// Names at the top of the checkout; a path is ours if it begins with one of them.
    top: BTreeSet<String>,
    /// Experiments that can be run by name.
    experiments: BTreeSet<String>,
    /// Names that the registry gives, environments among them: what can be shown.
    registered: BTreeSet<String>,
    /// Examples of the crates.
    examples: BTreeSet<String>,
    /// What `cargo xtask help` prints.
    usage: String,
}

impl Checkout {
    fn here() -> Self {
        let stems = |paths: Vec<String>, keep: &dyn Fn(&str) -> bool| {
            paths
                .iter()
                .filter(|path| keep(path))
                // An example may be a folder with a `main.rs`.
                .map(|path| path.strip_suffix("/main.rs").unwrap_or(path))
                .filter_map(|path| Some(Path::new(path).file_stem()?.to_str()?.to_owned()))
                .collect()
        };
        let tracked = files(&[
            "rs", "toml", "md", "py", "html", "css", "js", "csv", "json", "jsonl", "txt",
        ]);
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("help")
            .output()
            .expect("xtask was built");
        Self {
            top: top_level_names(),
            experiments: stems(tracked.clone(), &|path| {
                path.starts_with("experiments/") && path.ends_with(".toml")
            }),
            registered: registered(&tracked),
            examples: stems(tracked, &|path| {
                path.contains("/examples/") && path.ends_with(".rs")
            }),
            usage: String::from_utf8(output.stdout).expect("the usage is UTF-8"),
        }
    }

    /// Everything wrong in one document.
    fn problems(&self, document: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut fenced = false;
        for (index, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
                continue;
            }
            let wrong = if fenced {
                self.command_problem(line.trim_start().trim_start_matches("$ "))
                    .into_iter()
                    .collect()
            } else {
                self.prose_problems(document, line)
            };
            found.extend(
                wrong
                    .into_iter()
                    .map(|problem| format!("{document}:{}: {problem}", index + 1)),
            );
        }
        found
    }

    fn prose_problems(&self, document: &str, line: &str) -> Vec<String> {
        let code = line.split('`').skip(1).step_by(2);
        let in_code = code.filter_map(|code| {
            self.path_problem(code)
                .or_else(|| self.command_problem(code))
        });
        in_code
            .chain(link_targets(line).filter_map(|target| link_problem(document, target)))
            .collect()
    }

    /// A path of the checkout, in backticks, must exist.
    fn path_problem(&self, code: &str) -> Option<String> {
        let word = code.trim_end_matches('/');
        let (first, _) = word.split_once('/')?;
        let plain = word
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "._-/".contains(letter));
        (plain && self.top.contains(first) && !has_placeholder(word) && !root().join(word).exists())
            .then(|| format!("`{word}` does not exist"))
    }

    /// A command must name an experiment, an example or a task that exists.
    fn command_problem(&self, line: &str) -> Option<String> {
        let words: Vec<&str> = line
            .split_whitespace()
            .take_while(|word| !["#", "|", ">", "&&"].contains(word))
            .collect();
        match words.as_slice() {
            ["cargo", "xtask", rest @ ..] => rest
                .iter()
                .copied()
                .filter(|word| is_plain_name(word))
                .find(|word| !self.usage_has(word))
                .map(|word| format!("cargo xtask knows no `{word}`")),
            ["cargo", "run" | "build", rest @ ..] => self
                .example_problem(rest)
                .or_else(|| self.experiment_problem(after_separator(rest))),
            ["rewardlab", rest @ ..] => self.experiment_problem(rest),
            _ => None,
        }
    }

    fn usage_has(&self, word: &str) -> bool {
        self.usage
            .split(|letter: char| letter.is_whitespace() || letter == ',')
            .any(|known| known == word)
    }

    fn example_problem(&self, words: &[&str]) -> Option<String> {
        let position = words.iter().position(|word| *word == "--example")?;
        let name = words.get(position + 1)?;
        (is_plain_name(name) && !self.examples.contains(*name))
            .then(|| format!("there is no example `{name}`"))
    }

    fn experiment_problem(&self, words: &[&str]) -> Option<String> {
        let [_, name] = words
            .get(..2)
            .filter(|words| ["run", "show"].contains(&words[0]))?
        else {
            return None;
        };
        if name.starts_with("experiments/") {
            return self.path_problem(name);
        }
        let exists = self.experiments.contains(*name)
            || (words[0] == "show" && self.registered.contains(*name));
        (is_plain_name(name) && !exists).then(|| format!("there is no experiment `{name}`"))
    }
}

/// What the registry of environments names, as its source has it.
fn registered(tracked: &[String]) -> BTreeSet<String> {
    let sources = tracked
        .iter()
        .filter(|path| path.starts_with("crates/rewardlab/src/registry/"));
    let mut names = BTreeSet::new();
    for path in sources {
        let text = read(path);
        let named = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("name: \""));
        names.extend(named.filter_map(|rest| Some(rest.strip_suffix("\",")?.to_owned())));
    }
    names
}

/// What stands at the top of the checkout, without what builds and runs leave there.
fn top_level_names() -> BTreeSet<String> {
    let entries = std::fs::read_dir(root()).expect("the root can be listed");
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|name| ![".git", "target", "runs"].contains(&name.as_str()))
        .collect()
}

/// The words after `--`, which cargo hands to the program.
fn after_separator<'a, 'b>(words: &'b [&'a str]) -> &'b [&'a str] {
    words
        .iter()
        .position(|word| *word == "--")
        .map_or(&[], |position| &words[position + 1..])
}

/// A lower-case word with hyphens or underscores: neither an option, a path, a placeholder nor punctuation.
fn is_plain_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_lowercase())
        && word.chars().all(|letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter)
        })
}

/// Whether some part of a path stands for another name, as NAME does.
fn has_placeholder(path: &str) -> bool {
    path.split('/').any(|part| {
        part.len() > 1
            && part
                .chars()
                .all(|letter| letter.is_ascii_uppercase() || letter == '_')
    })
}

/// The targets of inline links on a line.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

fn link_problem(document: &str, target: &str) -> Option<String> {
    let path = target.split('#').next().unwrap_or_default();
    if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
        return None;
    }
    let folder = Path::new(document).parent().unwrap_or(Path::new(""));
    (!root().join(folder).join(path).exists())
        .then(|| format!("the link to `{target}` leads nowhere"))
}
