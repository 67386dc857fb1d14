//! The documents: help and tables in them are those of the program, and every command in them can be typed.
//!
//! `UPDATE_EXPECT=1 cargo test -p rewardlab` writes them anew.

use std::fs;
use std::path::PathBuf;

use rewardlab::{Algorithm, Setting, common_settings, entries};

use crate::Lab;

fn document(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name)
}

/// Checks that what stands between `<!-- NAME -->` and `<!-- end -->` is `expected`, or writes it there.
#[track_caller]
fn check_region(file: &str, name: &str, expected: &str) {
    let path = document(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let begin = format!("<!-- {name} -->\n");
    let start = text
        .find(&begin)
        .unwrap_or_else(|| panic!("{file} has no {begin}"))
        + begin.len();
    let end = start
        + text[start..]
            .find("<!-- end -->")
            .expect("a region has an end");
    let expected = format!("\n{expected}\n");
    if text[start..end] == expected {
        return;
    }
    assert!(
        std::env::var_os("UPDATE_EXPECT").is_some(),
        "{file}: the region \"{name}\" is not what the program says; UPDATE_EXPECT=1 writes it anew"
    );
    fs::write(
        &path,
        format!("{}{expected}{}", &text[..start], &text[end..]),
    )
    .unwrap();
}

fn table(settings: &[Setting]) -> String {
    let mut table = "| key | allowed | default | meaning |\n| --- | --- | --- | --- |\n".to_owned();
    for setting in settings {
        let default = setting
            .default
            .as_ref()
            .map_or("–".to_owned(), |value| format!("`{value}`"));
        table += &format!(
            "| `{}` | {} | {default} | {} |\n",
            setting.key,
            setting.kind.allowed(),
            setting.meaning
        );
    }
    table
}

#[test]
fn the_keys_of_experiments_are_documented() {
    for section in [
        "reward",
        "demonstrations",
        "annotator",
        "audit",
        "evaluation",
        "run",
    ] {
        check_region("experiments.md", section, &table(common_settings(section)));
    }
    for algorithm in Algorithm::ALL {
        // Without a preset a hyperparameter has no default: it is the preset's.
        let settings = algorithm.settings(None);
        let mut rows = "| key | allowed | meaning |\n| --- | --- | --- |\n".to_owned();
        for setting in settings {
            rows += &format!(
                "| `{}` | {} | {} |\n",
                setting.key,
                setting.kind.allowed(),
                setting.meaning
            );
        }
        check_region(
            "experiments.md",
            &format!("optimizer {}", algorithm.name()),
            &rows,
        );
    }
    let mut presets = "| algorithm | preset | source |\n| --- | --- | --- |\n".to_owned();
    for algorithm in Algorithm::ALL {
        for preset in algorithm.presets() {
            presets += &format!(
                "| `{}` | `{}` | {} |\n",
                algorithm.name(),
                preset.name,
                preset.source
            );
        }
    }
    check_region("experiments.md", "presets", &presets);
    let mut judges = "| environment | judge | goes by |\n| --- | --- | --- |\n".to_owned();
    for judge in rewardlab::judges("") {
        judges += &format!("| any | `{}` | {} |\n", judge.name, judge.about);
    }
    for entry in entries() {
        let of_any = rewardlab::judges("").count();
        for judge in rewardlab::judges(entry.name).skip(of_any) {
            judges += &format!(
                "| `{}` | `{}` | {} |\n",
                entry.name, judge.name, judge.about
            );
        }
    }
    check_region("experiments.md", "judges", &judges);
    let mut environments = String::new();
    for entry in entries() {
        environments += &format!(
            "### `{}`\n\n{}.\n\n{}",
            entry.name,
            capitalised(entry.about),
            table(&entry.settings)
        );
        if !entry.policies.is_empty() {
            environments += "\n| policy | what it does |\n| --- | --- |\n";
            for (name, meaning) in entry.policies {
                environments += &format!("| `{name}` | {meaning} |\n");
            }
        }
        environments.push('\n');
    }
    check_region("experiments.md", "environments", environments.trim_end());
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

const COMMANDS: [&str; 13] = [
    "run",
    "list",
    "show",
    "check",
    "infer",
    "audit",
    "report",
    "compare",
    "rollout",
    "demos",
    "label",
    "feedback",
    "completions",
];

#[test]
fn the_help_of_every_command_is_documented() {
    let lab = Lab::new();
    for command in COMMANDS {
        let output = lab.call(&[command, "--help"]);
        let help = String::from_utf8(output.stdout).unwrap();
        check_region(
            &format!("commands/{command}.md"),
            "help",
            &format!("```text\n{}\n```", help.trim_end()),
        );
    }
    let output = lab.call(&["label", "tokens", "--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    let region = format!("```text\n{}\n```", help.trim_end());
    check_region("commands/label.md", "tokens", &region);
    let within = [
        ("demos", &["record", "info", "convert", "filter"][..]),
        ("feedback", &["info", "report", "export", "import"]),
    ];
    for (command, subcommands) in within {
        for subcommand in subcommands {
            let output = lab.call(&[command, subcommand, "--help"]);
            let help = String::from_utf8(output.stdout).unwrap();
            let region = format!("```text\n{}\n```", help.trim_end());
            check_region(&format!("commands/{command}.md"), subcommand, &region);
        }
    }
}

#[test]
fn every_command_in_the_documents_can_be_typed() {
    let mut n_commands = 0;
    let files = COMMANDS.map(|command| format!("commands/{command}.md"));
    for file in files.iter().map(String::as_str).chain(["experiments.md"]) {
        let text = fs::read_to_string(document(file)).unwrap();
        for line in text
            .lines()
            .filter_map(|line| line.strip_prefix("$ rewardlab "))
        {
            let line = line.split('>').next().unwrap().split(" | ").next().unwrap();
            let words = std::iter::once("rewardlab").chain(line.split_whitespace());
            let parsed = rewardlab::command::check(words.map(Into::into));
            assert!(parsed.is_ok(), "{file}: {line}: {}", parsed.unwrap_err());
            n_commands += 1;
        }
    }
    assert!(n_commands >= 8, "only {n_commands} commands were found");
}
