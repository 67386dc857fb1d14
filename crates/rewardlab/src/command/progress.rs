//! The progress bar: both returns, and the time left. Drawn on standard error, and only where that is a terminal.

use std::io::Write as _;

use feedback::Serving;
use indicatif::{ProgressBar, ProgressStyle};

use super::label_page;
use super::output::shell_path;
use crate::run::{CheckpointMetrics, RunEvent, RunObserver};

/// Shows how a run goes.
pub(super) struct Progress {
    bar: ProgressBar,
    port: u16,
    /// The page on which people answer, where one is open.
    page: Option<Serving>,
    /// What was last said about the returns.
    returns: String,
}

impl Progress {
    /// `port` is that of the page on which people answer, where somebody asks them; 0 for any that is free.
    pub(super) fn new(port: u16) -> Progress {
        // indicatif itself keeps silent where standard error is no terminal.
        let bar = ProgressBar::new(0);
        let template = "{bar:24} {percent:>3}%  {msg}  {elapsed} gone, {eta} left";
        bar.set_style(ProgressStyle::with_template(template).expect("the template is ours"));
        Progress {
            bar,
            port,
            page: None,
            returns: String::new(),
        }
    }

    fn show_checkpoint(&mut self, checkpoint: &CheckpointMetrics) {
        let proxy = checkpoint.sampled.proxy_mean();
        self.returns = match checkpoint.sampled.intent_mean() {
            Some(intent) => format!("proxy {proxy:.1}  intent {intent:.1}"),
            None => format!("proxy {proxy:.1}"),
        };
        self.bar.set_message(self.returns.clone());
    }
}

impl RunObserver for Progress {
    fn on_event(&mut self, event: &RunEvent<'_>) {
        match event {
            RunEvent::Begun {
                folder,
                steps,
                n_steps,
                checkpoints,
            } => {
                let folder = shell_path(folder);
                let hint = format!(
                    "{folder}\nif it is stopped, go on with: rewardlab run --resume {folder}"
                );
                // The hint matters most where nobody watches: in the log of a job that was killed.
                let _ = writeln!(std::io::stderr(), "{hint}");
                self.bar.set_length(*steps);
                self.bar.set_position(*n_steps);
                self.bar.reset_eta();
                if let Some(last) = checkpoints.last() {
                    self.show_checkpoint(last);
                }
            }
            RunEvent::Asking(place) => {
                let _ = match label_page::open(place, self.port) {
                    Ok((page, address)) => {
                        self.page = Some(page);
                        writeln!(std::io::stderr(), "people answer at {address}")
                    }
                    Err(error) => writeln!(
                        std::io::stderr(),
                        "warning: no page can be opened here ({error:#}); serve it with `rewardlab label` and the folder of the run"
                    ),
                };
            }
            RunEvent::Waiting(waiting) => self.bar.set_message(format!(
                "waits for people: {} of {} answers",
                waiting.n_answered, waiting.n_needed
            )),
            RunEvent::Iteration(iteration) => self.bar.set_position(iteration.n_steps),
            RunEvent::Checkpoint(checkpoint) => self.show_checkpoint(checkpoint),
            RunEvent::Evaluating => self
                .bar
                .set_message(format!("{}  evaluating", self.returns)),
            RunEvent::Auditing => self.bar.finish_and_clear(),
        }
    }
}
