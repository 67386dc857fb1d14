//! The files of the checkout as the tests see them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package stands in the checkout")
        .to_path_buf()
}

/// Paths under the root of all files that git tracks or would track, with one of these extensions.
pub(crate) fn files(extensions: &[&str]) -> Vec<String> {
    let output = Command::new("git")
        .current_dir(root())
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .expect("git is installed");
    assert!(
        output.status.success(),
        "git ls-files failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listed = String::from_utf8(output.stdout).expect("paths are UTF-8");
    let wanted = |path: &&str| {
        extensions
            .iter()
            .any(|extension| path.ends_with(&format!(".{extension}")))
    };
    listed
        .lines()
        .filter(wanted)
        .filter(|path| root().join(path).is_file())
        .map(str::to_owned)
        .collect()
}

/// The text of a file under the root.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("could not read {path}: {error}"))
}

/// Fails with every problem, one a line.
#[track_caller]
pub(crate) fn assert_none(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
