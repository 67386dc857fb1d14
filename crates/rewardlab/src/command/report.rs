//! `rewardlab report`: make a run's report again.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::output;
use crate::run::{self, RunRecord};

/// Make the report of a run again, from what the run recorded
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab report runs/coast-runners/20261124T065046Z-0
  rewardlab report runs/coast-runners/20261124T065046Z-0 --out boat.html

The report is one HTML file that needs no network; its path is printed.")]
pub(super) struct Report {
    /// Folder of a finished run
    run: PathBuf,
    /// Where the report goes [default: report.html in the run's folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl Report {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let record = RunRecord::read(&self.run)?;
        let task = record.task()?;
        let settings = run::settings_of(&record.experiment);
        let finished = run::judge(record, task.as_ref(), &settings, None)?;
        let path = self.out.unwrap_or_else(|| self.run.join(run::REPORT));
        run::write_report(&path, &::report::page(&finished.page))?;
        if self.json {
            let object = json!({
                "report": path.display().to_string(),
                "run": self.run.display().to_string(),
                "verdict": finished.outcome.verdict.word(),
            });
            return output::object(out, &object);
        }
        writeln!(out, "{}", path.display())?;
        Ok(0)
    }
}
