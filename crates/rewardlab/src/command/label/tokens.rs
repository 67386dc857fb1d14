//! `rewardlab label tokens`: who may answer from another machine.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use ::feedback::{Token, Tokens};
use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::json;

use super::read_tokens;
use crate::command::output;

/// Make a token for each annotator; a file keeps the hashes, the tokens are printed once
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab label tokens annotators.txt ada grace
  rewardlab label tokens annotators.txt ada --replace --address http://192.168.1.5:8080/
  rewardlab label tokens annotators.txt ada --remove

Hand each annotator their own token or link. The link carries the token behind its #, which browsers send to no server.
A server that is running goes on with the file as it read it: start it again after a change.")]
pub(super) struct MakeTokens {
    /// File of hashes, made where there is none
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Names of annotators
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    /// Address of the page, for the links
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// Give new tokens to those who have one already; their old ones are void
    #[arg(long, conflicts_with = "remove")]
    replace: bool,
    /// Take the tokens of these annotators away
    #[arg(long, conflicts_with = "address")]
    remove: bool,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

impl MakeTokens {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let mut tokens = match self.file.exists() {
            true => read_tokens(&self.file)?,
            false => Tokens::default(),
        };
        let place = || self.file.display().to_string();
        let mut made = vec![];
        for name in self.names.iter().map(|name| name.trim()) {
            if self.remove || self.replace {
                let was_there = tokens.remove(name);
                if self.remove && !was_there {
                    bail!(
                        "{}: nobody is named \"{name}\"; see the names in it",
                        place()
                    );
                }
            }
            if tokens.names().any(|known| known == name) {
                bail!(
                    "{}: \"{name}\" has a token already; --replace gives a new one",
                    place()
                );
            }
            if !self.remove {
                let token = Token::random()?;
                tokens.add(name, &token)?;
                made.push((name, token));
            }
        }
        write(&self.file, &tokens.to_text())?;
        self.print(&made, out)
    }

    fn print(&self, made: &[(&str, Token)], out: &mut dyn Write) -> Result<u8> {
        let link = |token: &Token| {
            let address = self.address.as_deref()?;
            Some(format!(
                "{}/#token={}",
                address.trim_end_matches('/'),
                token.reveal()
            ))
        };
        if self.json {
            let list = made.iter().map(|(name, token)| {
                json!({ "name": name, "token": token.reveal(), "link": link(token) })
            });
            let list: Vec<_> = list.collect();
            return output::object(
                out,
                &json!({ "file": self.file.display().to_string(), "tokens": list }),
            );
        }
        for (name, token) in made {
            writeln!(
                out,
                "{name}: {}",
                link(token).unwrap_or_else(|| token.reveal().to_owned())
            )?;
        }
        if !made.is_empty() {
            writeln!(
                out,
                "These are shown this once; {} keeps their hashes",
                self.file.display()
            )?;
        }
        Ok(0)
    }
}

/// Writes the file beside its place and moves it there; nobody else on the machine may read it.
fn write(path: &Path, text: &str) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let cannot = || {
        format!(
            "{}: cannot be written; name a file in a folder that is there",
            path.display()
        )
    };
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside).with_context(cannot)?;
    file.write_all(text.as_bytes()).with_context(cannot)?;
    file.sync_all().with_context(cannot)?;
    fs::rename(&beside, path).with_context(cannot)
}
