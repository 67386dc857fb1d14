//! The page on which people answer while a run goes on, served by the program that runs.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use feedback::{Access, LabelServer, ServerConfig, Serving, Store};

use crate::run::LabelPlace;

/// Opens the page on this machine and gives its address. It is there as long as what is given with it.
pub(super) fn open(place: &LabelPlace, port: u16) -> Result<(Serving, String)> {
    let store = Store::open(&place.store)?;
    let config = ServerConfig {
        queue: place.queue.clone(),
        title: place.queue.clone(),
        access: Access::Names,
        hosts: vec![],
        is_behind_tls: false,
        lease: ServerConfig::LEASE,
        rate: ServerConfig::RATE,
    };
    let server = LabelServer::new(Arc::new(store), config, now, |_| {})?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("port {port} cannot be listened to"))?;
    let address = listener.local_addr()?;
    Ok((server.begin(listener)?, format!("http://{address}/")))
}

/// Milliseconds since 1970 (UTC).
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
