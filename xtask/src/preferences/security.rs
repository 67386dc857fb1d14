//! The label server against those who should not answer, and text that would like to be more.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::browser::{Page, Running, free_port};
use crate::evidence::{Context, Row};
use crate::picture;
use crate::process;
use crate::record::Record;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "security",
    title: "what the label server refuses, and hostile text",
    target: "no access without a token off loopback, cross-site and oversized requests refused, hostile text shown as text: each a test",
    measure,
};

/// What must be refused or done, and the test of it in the crate `feedback`.
const TESTS: [(&str, &str); 10] = [
    (
        "a network is served only with tokens",
        "a_network_is_served_only_with_tokens",
    ),
    (
        "no access without a token",
        "nobody_answers_without_a_token_where_tokens_are_wanted",
    ),
    (
        "tokens are kept by their hashes alone",
        "files_of_tokens_are_read_again_and_hold_no_token",
    ),
    (
        "cookies go by HTTPS alone where that is said",
        "cookies_are_sent_by_https_alone_where_that_is_said",
    ),
    (
        "cross-site requests are refused",
        "requests_of_other_sites_are_refused",
    ),
    (
        "names made to point here (DNS rebinding) are refused",
        "names_that_are_made_to_point_here_are_refused",
    ),
    (
        "oversized and senseless requests are refused",
        "requests_that_are_too_large_or_make_no_sense_are_refused",
    ),
    (
        "requests are limited for each annotator and address",
        "whoever_asks_too_often_waits_and_nobody_else_does",
    ),
    (
        "every answer carries the protecting headers",
        "everything_is_sent_with_the_headers_that_protect_it",
    ),
    (
        "the page has no script within and loads nothing from elsewhere",
        "the_page_has_no_script_or_style_within_and_loads_nothing_from_elsewhere",
    ),
];

/// The questions of `label_store make PLACE hostile`.
const QUESTIONS: usize = 6;

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    tests(context, record)?;
    let binary = context
        .workspace
        .build(&["--package", "rewardlab", "--bin", "rewardlab"])?;
    let example =
        context
            .workspace
            .build(&["--package", "feedback", "--example", "label_store"])?;
    let place = context.scratch.join("hostile.sqlite");
    process::json(
        Command::new(example)
            .arg("make")
            .arg(&place)
            .args(["hostile", &QUESTIONS.to_string()]),
    )?;
    refused(&binary, &place, record)?;
    shown(context, &binary, &place, record)
}

/// Runs the tests and says of each what became of it.
fn tests(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let mut cargo = context.workspace.cargo();
    cargo.args([
        "test",
        "--package",
        "feedback",
        "--lib",
        "--",
        "server::tests::",
    ]);
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("cargo could not be started")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut table = Table::new("tests of the router", &["what", "test", "outcome"]);
    for (what, test) in TESTS {
        let begin = format!("test server::tests::{test} ... ");
        let outcome = printed
            .lines()
            .find_map(|line| line.strip_prefix(&begin))
            .unwrap_or("not run");
        table.row([json!(what), json!(test), json!(outcome)]);
        record.check(what, outcome, outcome == "ok");
    }
    record.table(table);
    Ok(())
}

/// The program itself refuses to serve a network without tokens.
fn refused(binary: &Path, place: &Path, record: &mut Record) -> Result<()> {
    let output = Command::new(binary)
        .arg("label")
        .arg(place)
        .args(["--listen", "0.0.0.0:0"])
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let is_refused = output.status.code() == Some(2) && said.contains("annotators have no tokens");
    record.check(
        "`rewardlab label --listen 0.0.0.0:0` without tokens ends with status 2",
        said,
        is_refused,
    );
    Ok(())
}

/// Shows the hostile texts in a real browser.
fn shown(context: &Context<'_>, binary: &Path, place: &Path, record: &mut Record) -> Result<()> {
    let name = "hostile text, instructions, clips and names are shown as text in a browser";
    let browser = match picture::browser() {
        Ok(browser) => browser,
        Err(error) => {
            record.check(name, format!("skipped: {error:#}"), false);
            return Ok(());
        }
    };
    let port = free_port()?;
    let _server = Running(
        Command::new(binary)
            .arg("label")
            .arg(place)
            .args([
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--title",
                "<b>Title</b>",
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
    page.wait_for("sign-in-title", "What is your name?")?;
    page.evaluate(
        "document.getElementById('sign-in-value').value = '<img src=x onerror=\"document.title = 1\">'; \
         document.querySelector('#sign-in button').click()",
    )?;
    page.wait_for("mine", "0")?;
    page.wait_for("title", "<b>Title</b>")?;
    let mut n_hostile = 0;
    for answered in 0..QUESTIONS {
        page.wait_for("mine", &answered.to_string())?;
        let seen = page.evaluate(SEEN)?;
        n_hostile += usize::from(is_plain(&seen)?);
        // The page takes no answer in the moment in which a question appears.
        std::thread::sleep(std::time::Duration::from_millis(400));
        page.press("ArrowLeft")?;
    }
    page.wait_for("mine", &QUESTIONS.to_string())?;
    record.check(
        name,
        format!("{n_hostile} of {QUESTIONS} questions"),
        n_hostile == QUESTIONS,
    );
    Ok(())
}

/// What stands on the page: elements that only hostile text would make, scripts, the title, and the text itself.
const SEEN: &str = "JSON.stringify({ \
    foreign: document.querySelectorAll('main img, main iframe, main script, main style, header b, header img, main svg svg').length, \
    scripts: document.scripts.length, title: document.title, \
    text: document.getElementById('items').textContent + document.getElementById('shared-text').textContent })";

fn is_plain(seen: &Value) -> Result<bool> {
    let seen: Value = serde_json::from_str(seen.as_str().context("the page says nothing")?)?;
    let text = seen["text"].as_str().context("no text")?;
    ensure!(!text.is_empty(), "the page shows no question");
    let is_there = ["<script>", "onerror=", "<iframe"]
        .iter()
        .any(|part| text.contains(part));
    Ok(is_there && seen["foreign"] == 0 && seen["scripts"] == 2 && seen["title"] == "<b>Title</b>")
}
