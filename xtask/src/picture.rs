//! Makes the picture of the README from the report of a run, in a headless browser.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::Outcome;
use crate::process;
use crate::workspace::Workspace;

/// The experiment whose report is shown where no run is named.
const EXPERIMENT: &str = "coast-runners";
/// Where the picture is kept, under the root.
const PICTURE: &str = "docs/report.png";
/// Width and height of the page in the browser, and how long its scripts may run.
const WINDOW: &str = "1280,1600";
const SETTLING_MILLISECONDS: u32 = 4_000;
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// `picture [RUN]`.
pub(crate) fn command(workspace: &Workspace, arguments: &[&str]) -> Result<Outcome> {
    let run = match arguments {
        [] => fresh_run(workspace)?,
        [run] => PathBuf::from(run),
        _ => bail!("picture takes one run folder or none"),
    };
    let report = std::path::absolute(run.join("report.html"))?;
    ensure!(
        report.exists(),
        "{} is missing; `rewardlab report` writes it",
        report.display()
    );
    let picture = workspace.root().join(PICTURE);
    photograph(&report, &picture)?;
    println!("{}", picture.display());
    Ok(Outcome::Passed)
}

fn fresh_run(workspace: &Workspace) -> Result<PathBuf> {
    let binary = workspace.build(&["--package", "rewardlab", "--bin", "rewardlab"])?;
    eprintln!("running {EXPERIMENT}");
    let mut command = Command::new(binary);
    command
        .current_dir(workspace.root())
        .args(["run", EXPERIMENT, "--seed", "0", "--json", "--out"])
        .arg(workspace.evidence().join("picture"));
    let printed = process::json(&mut command)?.json;
    Ok(printed["run"]
        .as_str()
        .context("the run's object has no `run`")?
        .into())
}

fn photograph(report: &Path, picture: &Path) -> Result<()> {
    let browser = browser()?;
    let profile = std::env::temp_dir().join(format!("rewardlab-picture-{}", std::process::id()));
    let output = Command::new(&browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--window-size={WINDOW}"))
        .arg(format!("--virtual-time-budget={SETTLING_MILLISECONDS}"))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}", report.display()))
        .output()
        .with_context(|| format!("could not start {browser}"))?;
    // The profile is a temporary folder: that it could not be removed does not spoil the picture.
    drop(std::fs::remove_dir_all(&profile));
    ensure!(
        output.status.success() && picture.exists(),
        "{browser} made no picture: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(())
}

/// The browser that `CHROMIUM` names, or the first that is installed.
pub(crate) fn browser() -> Result<String> {
    if let Ok(named) = std::env::var("CHROMIUM") {
        return Ok(named);
    }
    let works = |name: &&&str| {
        Command::new(name)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok()
    };
    match BROWSERS.iter().find(works) {
        Some(name) => Ok((*name).to_owned()),
        None => bail!(
            "no browser found ({}); install chromium or name one in CHROMIUM",
            BROWSERS.join(", ")
        ),
    }
}
