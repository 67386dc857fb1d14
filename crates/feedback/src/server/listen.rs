//! Accepting connections: so many at once, none that says nothing for long or lives for ever.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::routes::Peer;

/// Connections at once: several for each of some tens of annotators.
const MOST_CONNECTIONS: usize = 512;
/// How long the head of a request may be on its way, and a connection say nothing.
const HEAD: Duration = Duration::from_secs(60);
/// How long a connection lives; a browser opens another without a word.
const LIFE: Duration = Duration::from_secs(600);
/// How long what is in progress may take once the server is to end.
const FAREWELL: Duration = Duration::from_secs(5);
/// Longest head of a request and most of its lines.
const LONGEST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 64;
/// How long is waited where the system has no room for another connection.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Serves until `ended` resolves; what is in progress then is finished.
pub(super) async fn serve(listener: TcpListener, router: Router, ended: impl Future<Output = ()>) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let (ending, is_ending) = watch::channel(false);
    let accepting = async {
        loop {
            let permit = room.clone().acquire_owned().await;
            let Ok(permit) = permit else { return };
            match listener.accept().await {
                Ok((stream, address)) => {
                    let connection =
                        connection(stream, address, router.clone(), is_ending.clone(), permit);
                    tokio::spawn(connection);
                }
                Err(_) => tokio::time::sleep(NO_ROOM).await,
            }
        }
    };
    tokio::pin!(ended);
    tokio::select! {
        () = accepting => {}
        () = &mut ended => {}
    }
    drop(listener);
    // Connections that are idle end at once, others with their answer.
    let _ = ending.send(true);
    let all_are_over = room.acquire_many(MOST_CONNECTIONS as u32);
    let _ = tokio::time::timeout(FAREWELL, all_are_over).await;
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    mut is_ending: watch::Receiver<bool>,
    permit: OwnedSemaphorePermit,
) {
    // Small answers are not held back to be sent together.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router.layer(Extension(Peer(address.ip()))));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LONGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let life = tokio::time::sleep(LIFE);
    let is_to_end = async {
        tokio::select! {
            () = life => {}
            _ = is_ending.wait_for(|is_ending| *is_ending) => {}
        }
    };
    tokio::select! {
        // A connection that fails has lost its browser: what was answered is kept, what was not is asked again.
        _ = connection.as_mut() => {}
        () = is_to_end => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(FAREWELL, connection).await;
        }
    }
    drop(permit);
}
