//! The page on which a person plays, in a headless browser: keys and buttons, pressed as a person would.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use serde_json::json;

use crate::browser::{Page, Running, free_port};
use crate::evidence::Context;
use crate::picture;
use crate::process;
use crate::record::Record;

/// Plays two episodes of the frozen lake in a browser and holds the file against what was pressed.
pub(super) fn measure(context: &Context<'_>, binary: &Path, record: &mut Record) -> Result<()> {
    let browser = match picture::browser() {
        Ok(browser) => browser,
        Err(error) => {
            record.check(
                "the page records what is pressed in a browser",
                format!("skipped: {error:#}"),
                false,
            );
            return Ok(());
        }
    };
    let file = context.scratch.join("pressed.parquet");
    let port = free_port()?;
    let mut recording = Running(
        Command::new(binary)
            .args(["demos", "record", "frozen-lake"])
            .arg(&file)
            .args([
                "--person",
                "browser",
                "--episodes",
                "9",
                "--replace",
                "--json",
                "--port",
                &port.to_string(),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let mut page = Page::open(
        &browser,
        &context.scratch.join("profile"),
        &format!("http://127.0.0.1:{port}/"),
    )?;
    page.wait("Episode 1, 0 kept, step 0, return 0")?;
    let is_drawn = page.evaluate(
        "document.querySelectorAll('#picture polygon, #picture circle, #picture text').length > 16",
    )?;
    page.press("ArrowLeft")?;
    page.wait("Episode 1, 0 kept, step 1")?;
    page.press("3")?;
    page.wait("Episode 1, 0 kept, step 2")?;
    page.press("u")?;
    page.wait("Episode 1, 0 kept, step 1")?;
    page.evaluate("document.querySelector('#actions button').click()")?;
    page.wait("Episode 1, 0 kept, step 2")?;
    page.press("k")?;
    page.wait("Episode 2, 1 kept, step 0")?;
    page.press("ArrowUp")?;
    page.wait("Episode 2, 1 kept, step 1")?;
    page.press("d")?;
    page.wait("Episode 3, 1 kept, step 0")?;
    page.press("q")?;
    page.wait("Finished: 1 kept")?;
    let status = recording.0.wait()?;
    drop(page);
    let info = process::json(
        Command::new(binary)
            .args(["demos", "info", "--json"])
            .arg(&file),
    )?
    .json;
    record.check(
        "the page records what is pressed in a browser: keys, arrows, buttons, a step taken back, an episode dropped",
        format!("{} episode of {} steps, by {}", info["episodes"], info["steps"], info["about"]["expert"]),
        status.success() && info["episodes"] == 1 && info["steps"] == 2 && info["about"]["expert"] == "a person",
    );
    record.check(
        "the page draws the situation",
        is_drawn.to_string(),
        is_drawn == json!(true),
    );
    Ok(())
}
