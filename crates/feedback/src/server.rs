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

    /// Serves until `ended` resolves, from a runtime of its own on this thread and some more.
    ///
    /// # Errors
    /// If the listener reaches beyond this machine and annotators have no tokens, or the system gives no threads.
    pub fn serve(
        &self,
        listener: TcpListener,
        ended: impl Future<Output = ()>,
    ) -> Result<(), Error> {
        let failed = |error: std::io::Error| {
            Error::refused(
                format!("the server cannot start ({error})"),
                "free what it lacks and start it again",
            )
        };
        let address = listener.local_addr().map_err(failed)?;
        check_reach(address, &self.desk.access)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(failed)?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
            listen::serve(listener, self.router(), ended).await;
            Ok(())
        })
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
