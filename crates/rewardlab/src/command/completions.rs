//! `rewardlab completions`: for the shell.

use std::io::Write;

use anyhow::Result;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab completions bash > ~/.local/share/bash-completion/completions/rewardlab
  rewardlab completions zsh > ~/.zfunc/_rewardlab
  rewardlab completions fish > ~/.config/fish/completions/rewardlab.fish")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let mut script = vec![];
        clap_complete::generate(
            self.shell,
            &mut super::Cli::command(),
            "rewardlab",
            &mut script,
        );
        out.write_all(&script)?;
        Ok(0)
    }
}
