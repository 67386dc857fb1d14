//! Causal against trajectory entropy on the risky path.

use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "risky-path",
    title: "causal against trajectory entropy on the risky path",
    target: "causal-entropy IRL prefers the safe path; the trajectory-entropy version does not: both shown",
    measure,
};

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let binary = context
        .workspace
        .build(&["--package", "imitation", "--example", "risky_path"])?;
    let printed = process::json(&mut Command::new(binary))?.json;
    record.size("horizon", &printed["horizon"]);
    record.note("exact, nothing is drawn: the expert's visits, both fits and all returns come from backward and forward passes");
    let mut table = Table::new(
        "the first choice, and the true return of the whole policy",
        &["policy", "reward", "probability_of_safe", "true_return"],
    );
    let mut row = |policy: &str, reward: &str, of: &Value| {
        table.row([
            json!(policy),
            json!(reward),
            of["probability_of_safe"].clone(),
            of["true_return"].clone(),
        ]);
    };
    row("expert", "true", &printed["expert"]);
    let versions = printed["versions"].as_array().context("no `versions`")?;
    for version in versions {
        let name = version["entropy"].as_str().context("no `entropy`")?;
        row(name, "true", &version["under_the_true_reward"]);
        row(name, "inferred", &version["fitted"]);
    }
    record.table(table);
    let safe = |entropy: &str, of: &str| number(versions, entropy, of, "probability_of_safe");
    let value = |entropy: &str| number(versions, entropy, "fitted", "true_return");
    let (causal, planned) = (
        safe("causal", "fitted")?,
        safe("causal", "under_the_true_reward")?,
    );
    record.check(
        "under causal entropy the safe path is taken with at least 99%, under the inferred reward and under the true one",
        format!("{:.2}%, {:.2}%", 100.0 * causal, 100.0 * planned),
        0.99 <= causal && 0.99 <= planned,
    );
    let hoped = safe("trajectory", "under_the_true_reward")?;
    record.check(
        "under trajectory entropy and the true reward the gamble is preferred",
        format!("the safe path has {:.0}%", 100.0 * hoped),
        hoped < 0.5,
    );
    let (causal, trajectory) = (value("causal")?, value("trajectory")?);
    record.check(
        "the policy inferred under trajectory entropy gambles: its true return is below 0, the causal one's is near the expert's 3",
        format!("{trajectory:.1}, {causal:.3}"),
        trajectory < 0.0 && 2.9 <= causal,
    );
    Ok(())
}

fn number(versions: &[Value], entropy: &str, of: &str, what: &str) -> Result<f64> {
    let version = versions
        .iter()
        .find(|version| version["entropy"] == entropy);
    version
        .and_then(|version| version[of][what].as_f64())
        .with_context(|| format!("no {what} of {of} under {entropy} entropy"))
}
