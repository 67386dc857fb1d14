//! Every source file opens with what it is for and holds nothing unfinished.

use crate::repository::{assert_none, files, read};

#[test]
fn source_files_are_in_order() {
    let paths = files(&["rs"]);
    assert!(!paths.is_empty(), "no source files were found");
    assert_none(
        paths
            .iter()
            .flat_map(|path| source_problems(path, &read(path)))
            .collect(),
    );
}

#[test]
fn committed_text_names_no_place_of_one_machine() {
    let paths = files(&["rs", "md", "toml", "py", "html", "css", "js"]);
    assert_none(
        paths
            .iter()
            .flat_map(|path| machine_problems(path, &read(path)))
            .collect(),
    );
}

#[test]
fn offences_are_found() {
    let fine = "//! What it is for.\n\nfn main() {}\n";
    assert!(source_problems("a.rs", fine).is_empty());
    let offences = [
        "fn main() {}\n".to_owned(),
        format!("{fine}fn later() {{ {}!() }}\n", "to".to_owned() + "do"),
        format!(
            "{fine}fn later() {{ {}!() }}\n",
            "unimple".to_owned() + "mented"
        ),
        format!("{fine}#[{}]\nfn test() {{}}\n", "igno".to_owned() + "re"),
        format!("{fine}    pub {}: bool,\n", "do".to_owned() + "ne"),
        format!(
            "{fine}pub fn is_{}(&self) -> bool {{ true }}\n",
            "do".to_owned() + "ne"
        ),
        format!("{fine}pub struct Run{};\n", "Man".to_owned() + "ager"),
        format!("{fine}pub use inner::{};\n", '*'),
    ];
    for text in offences {
        assert_eq!(source_problems("a.rs", &text).len(), 1, "{text}");
    }
    assert_eq!(
        machine_problems("a.md", &["see /ho", "me/someone/file"].concat()).len(),
        1
    );
}

/// What no line of a source file may hold, and why.
fn banned() -> Vec<(String, &'static str)> {
    let word = |parts: &[&str]| parts.concat();
    vec![
        (word(&["to", "do!("]), "finish it"),
        (word(&["unimple", "mented!("]), "finish it"),
        (
            word(&["#[igno", "re"]),
            "assert what happens instead, with the reason",
        ),
        (
            word(&["pub do", "ne:"]),
            "the end of an episode is `terminated` or `truncated`, never merged",
        ),
        (
            word(&["fn do", "ne("]),
            "the end of an episode is `terminated` or `truncated`, never merged",
        ),
        (
            word(&["fn is_do", "ne("]),
            "the end of an episode is `terminated` or `truncated`, never merged",
        ),
    ]
}

/// Endings that name a role in a pattern instead of a thing.
const ROLES: [&str; 4] = ["Manager", "Helper", "Utils", "Util"];

fn source_problems(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !text.starts_with("//!") {
        problems.push(format!(
            "{path}:1: open with a `//!` line that says what the file is for"
        ));
    }
    for (index, line) in text.lines().enumerate() {
        let code = line.trim_start();
        for (pattern, way_out) in banned() {
            if code.contains(&pattern) && !code.starts_with("//") {
                problems.push(format!("{path}:{}: `{pattern}`: {way_out}", index + 1));
            }
        }
        if code.starts_with("pub use ") && code.ends_with("::*;") {
            problems.push(format!("{path}:{}: name what is exported", index + 1));
        }
        if let Some(role) =
            declared_type(code).and_then(|name| ROLES.iter().find(|role| name.ends_with(**role)))
        {
            problems.push(format!(
                "{path}:{}: a type that ends in `{role}`: name it for what it is",
                index + 1
            ));
        }
    }
    problems
}

/// The name that a line declares as a public type.
fn declared_type(code: &str) -> Option<&str> {
    let rest = ["pub struct ", "pub enum ", "pub trait "]
        .iter()
        .find_map(|keyword| code.strip_prefix(keyword))?;
    rest.split(|letter: char| !letter.is_alphanumeric()).next()
}

/// Folders that exist on one machine only.
fn machine_problems(path: &str, text: &str) -> Vec<String> {
    let places = [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"]].map(|parts| parts.concat());
    let named = |line: &str| places.iter().any(|place| line.contains(place.as_str()));
    let lines = text.lines().enumerate().filter(|(_, line)| named(line));
    lines
        .map(|(index, _)| {
            format!(
                "{path}:{}: a path of one machine; make it relative",
                index + 1
            )
        })
        .collect()
}
