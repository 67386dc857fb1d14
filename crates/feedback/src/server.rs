//! The label server: a page on which people answer, and what the page asks.
//!
//! # Who may answer
//! With [`Access::Names`] whoever reaches the server answers under the name that they give, which is for one machine
//! alone; with [`Access::Tokens`] annotators have tokens, of which the server holds hashes. [`LabelServer::serve`] refuses to
//! listen to a network without tokens.
//!
//! # What is refused
//! Requests for another host (a name that is made to point here), from another site, of another type than JSON, with
//! bodies of more than 16 KiB or heads of more than 16 KiB, and more requests of one annotator than [`ServerConfig::rate`].
//! Everything that an annotator or a designer wrote reaches the page as JSON and is put there as text; the page's policy
//! lets no script run but its own two files.
//!
//! # Design
//! The router knows no sockets and no clock, so tests call it in process. Who somebody is stands in their cookie or their
//! `Authorization` header alone and what they hold in the store, so a server that is killed and started again goes on
//! where it was. There is no TLS here: a proxy in front does that better, and [`ServerConfig::is_behind_tls`] tells the
//! cookies about it. Nothing is pushed to the page, it asks every few seconds: answers take seconds, and a connection that
//! stays open is one more thing to limit.

mod desk;
mod guard;
mod identity;
mod listen;
mod pace;
mod picture;
mod refusal;
mod routes;
mod tokens;

#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use crate::{Error, Store};

pub use desk::{Access, ServerConfig};
pub use pace::RequestRate;
pub use tokens::{Token, Tokens};

use desk::Desk;

/// A page on which the questions of one queue are answered.
#[derive(Clone)]
pub struct LabelServer {
    desk: Arc<Desk>,
}

impl std::fmt::Debug for LabelServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("LabelServer")
            .finish_non_exhaustive()
    }
}

impl LabelServer {
    /// A server of a queue that is there. `clock` gives milliseconds since 1970 (UTC), `report` takes what whoever runs the
    /// server should know.
    ///
    /// # Errors
    /// If the store has no such queue.
    pub fn new(
        store: Arc<Store>,
        config: ServerConfig,
        clock: impl Fn() -> i64 + Send + Sync + 'static,
        report: impl Fn(&Error) + Send + Sync + 'static,
    ) -> Result<LabelServer, Error> {
        store.queue(&config.queue)?;
        let desk = Desk::new(store, config, Arc::new(clock), Arc::new(report));
        Ok(LabelServer {
            desk: Arc::new(desk),
        })
    }

    /// What answers requests.
    pub fn router(&self) -> axum::Router {
        routes::router(self.desk.clone())
    }

    /// Serves until the process is interrupted (Ctrl-C) or told to end; what is in progress then is finished.
    ///
    /// # Errors
    /// If the listener reaches beyond this machine and annotators have no tokens, or the system gives no threads.
    pub fn serve(&self, listener: TcpListener) -> Result<(), Error> {
        self.serve_until(listener, interrupted())
    }

    /// Serves from a thread of its own, beside whatever else is done, until the answer is dropped.
    ///
    /// # Errors
    /// As [`LabelServer::serve`].
    pub fn begin(&self, listener: TcpListener) -> Result<Serving, Error> {
        check_reach(
            listener.local_addr().map_err(cannot_start)?,
            &self.desk.access,
        )?;
        let (ending, is_ending) = tokio::sync::oneshot::channel::<()>();
        let server = self.clone();
        let thread = std::thread::Builder::new()
            .name("label-server".to_owned())
            .spawn(move || {
                let ended = async {
                    // Whether it is told to end or whoever would tell is gone, it ends.
                    let _ = is_ending.await;
                };
                if let Err(error) = server.serve_until(listener, ended) {
                    (server.desk.report)(&error);
                }
            })
            .map_err(cannot_start)?;
        Ok(Serving {
            ending: Some(ending),
            thread: Some(thread),
        })
    }

    fn serve_until(
        &self,
        listener: TcpListener,
        ended: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        check_reach(
            listener.local_addr().map_err(cannot_start)?,
            &self.desk.access,
        )?;
        listener.set_nonblocking(true).map_err(cannot_start)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(cannot_start)?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).map_err(cannot_start)?;
            listen::serve(listener, self.router(), ended).await;
            Ok(())
        })
    }
}

/// A server at work beside something else; dropped, it finishes what is in progress and ends.
#[derive(Debug)]
pub struct Serving {
    ending: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.ending.take());
        if let Some(thread) = self.thread.take() {
            // It reports what goes wrong itself; a panic of it is no reason for another.
            let _ = thread.join();
        }
    }
}

fn cannot_start(error: std::io::Error) -> Error {
    Error::refused(
        format!("the server cannot start ({error})"),
        "free what it lacks and start it again",
    )
}

/// Resolves when the process is interrupted or told to end; never where that cannot be known.
async fn interrupted() {
    let by_key = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let by_signal = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let by_signal = std::future::pending::<()>();
    tokio::select! {
        () = by_key => {}
        () = by_signal => {}
    }
}

/// Whether a server may listen there: beyond this machine only to annotators with tokens.
///
/// # Errors
/// If it may not.
pub fn check_reach(address: SocketAddr, access: &Access) -> Result<(), Error> {
    if address.ip().is_loopback() || matches!(access, Access::Tokens(_)) {
        return Ok(());
    }
    Err(Error::refused(
        format!("{address} can be reached from other machines, and annotators have no tokens"),
        "make them with `rewardlab label tokens` and name their file with --annotators, or listen to 127.0.0.1",
    ))
}
