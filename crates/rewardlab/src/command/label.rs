//! `rewardlab label`: a page on which people answer.

mod tokens;

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ::feedback::{
    Access, LabelServer, Queue, RequestRate, STORE_FILE, ServerConfig, Store, Tokens, check_reach,
    is_address,
};
use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::output;
use crate::run;

/// The largest file of tokens that is read.
const MOST_BYTES: u64 = 1 << 20;

/// Serve a page on which people compare clips or texts
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  rewardlab label runs/backflip-from-preferences/20261124T065046Z-0
  rewardlab label pairs.sqlite --queue pairs
  rewardlab label tokens annotators.txt ada grace
  rewardlab label postgres://team@db/labels --listen 0.0.0.0:8080 --annotators annotators.txt

The page shows two clips or texts side by side and takes left, right, equally good, cannot tell or skip, by mouse,
touch or keys, until this command is interrupted (Ctrl-C). Every answer is kept before the next question is shown. It
is served to this machine alone; to a network it is served only with tokens, one an annotator. docs/commands/label.md
says more.

Exit status: 0 ended as told, 2 bad input or could not run."
)]
pub(super) struct Label {
    #[command(subcommand)]
    command: Option<LabelCommand>,
    #[command(flatten)]
    page: Page,
}

#[derive(Debug, Subcommand)]
enum LabelCommand {
    Tokens(tokens::MakeTokens),
}

/// What is served, to whom, and where.
#[derive(Debug, Args)]
struct Page {
    /// Folder of a run that asks people, file of a store, or postgres://… of one that a team shares
    #[arg(value_name = "STORE", required = true)]
    store: Option<String>,
    /// Whose questions are asked, where a store has several queues
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Address and port of the page; port 0 takes one that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// File with the hashes of annotators' tokens, as `rewardlab label tokens` writes it
    #[arg(long, value_name = "FILE")]
    annotators: Option<PathBuf>,
    /// Name by which browsers reach the page, besides localhost and addresses in digits; may be repeated
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// The page is reached through a proxy by HTTPS alone: cookies are sent by nothing else
    #[arg(long)]
    behind_tls: bool,
    /// What stands above the page; by default the queue's name
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Seconds that a question is kept from others while somebody looks at it
    #[arg(long, value_name = "SECONDS", default_value_t = 180, value_parser = clap::value_parser!(u64).range(90..=86_400))]
    lease: u64,
    /// Requests a second that an annotator may make in the long run, four times as many at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// Print one JSON object on standard output once the page is served
    #[arg(long)]
    json: bool,
}

impl Label {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        match self.command {
            Some(LabelCommand::Tokens(tokens)) => tokens.execute(out),
            None => self.page.serve(out),
        }
    }
}

impl Page {
    fn serve(self, out: &mut dyn Write) -> Result<u8> {
        let access = match &self.annotators {
            Some(path) => Access::Tokens(read_tokens(path)?),
            None => Access::Names,
        };
        check_reach(self.listen, &access)?;
        let place = place_of(self.store.as_deref().context("a store is named")?);
        let store = Arc::new(Store::open(&place)?);
        let queue = choose(&store, self.queue.as_deref())?;
        let config = ServerConfig {
            title: self.title.unwrap_or_else(|| queue.settings.name.clone()),
            queue: queue.settings.name,
            access,
            hosts: self.host,
            is_behind_tls: self.behind_tls,
            lease: Duration::from_secs(self.lease),
            rate: RequestRate {
                burst: 4.0 * f64::from(self.rate),
                per_second: f64::from(self.rate),
            },
        };
        let queue = config.queue.clone();
        let server = LabelServer::new(store, config, now, |error| {
            // Nobody is left to be told where this cannot be written.
            let _ = writeln!(
                std::io::stderr(),
                "warning: {:#}",
                anyhow::anyhow!("{}", chain(error))
            );
        })?;
        let listener = TcpListener::bind(self.listen).with_context(|| {
            format!(
                "{} cannot be listened to; name another address or port with --listen",
                self.listen
            )
        })?;
        let address = format!("http://{}/", listener.local_addr()?);
        if self.json {
            output::object(
                out,
                &json!({ "address": address, "store": place, "queue": queue }),
            )?;
            out.flush()?;
        }
        writeln!(
            std::io::stderr(),
            "Compare at {address} and press Ctrl-C here when you are done"
        )?;
        server.serve(listener)?;
        Ok(0)
    }
}

/// An error and its causes on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text += &format!(": {next}");
        cause = next.source();
    }
    text
}

/// Milliseconds since 1970 (UTC); 0 on a machine whose clock stands before.
fn now() -> i64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH);
    passed.map_or(0, |passed| {
        i64::try_from(passed.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Where the store is that an argument names: in the folder of a run, it has a name.
fn place_of(named: &str) -> String {
    if !is_address(named) && Path::new(named).is_dir() {
        return Path::new(named).join(STORE_FILE).display().to_string();
    }
    named.to_owned()
}

/// The queue of that name, or the only one.
fn choose(store: &Store, name: Option<&str>) -> Result<Queue> {
    if let Some(name) = name {
        return Ok(store.queue(name)?);
    }
    let mut queues = store.queues()?;
    match queues.len() {
        1 => Ok(queues.remove(0)),
        0 => bail!(
            "the store {} has no queue; nothing was asked in it yet",
            store.place()
        ),
        _ => {
            let names: Vec<&str> = queues
                .iter()
                .map(|queue| queue.settings.name.as_str())
                .collect();
            bail!(
                "the store {} has several queues; name one with --queue: {}",
                store.place(),
                names.join(", ")
            )
        }
    }
}

fn read_tokens(path: &Path) -> Result<Tokens> {
    let bytes = run::read_bytes(path, MOST_BYTES, "read the annotators")?;
    let place = || path.display().to_string();
    let text = String::from_utf8(bytes)
        .ok()
        .context("is no text")
        .with_context(place)?;
    Tokens::parse(&text).with_context(place)
}
