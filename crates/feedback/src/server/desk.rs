//! The desk at which annotators are given questions: the store as one queue of it looks to one annotator.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::pace::{Pace, RequestRate};
use super::picture;
use super::refusal::Refusal;
use super::tokens::Tokens;
use crate::{Content, Error, Kind, Lease, Progress, Queue, Reply, Status, Store, StoredItem};

/// Who may answer.
#[derive(Clone, Debug)]
pub enum Access {
    /// Whoever can reach the server, under the name that they give: for this machine alone.
    Names,
    /// Annotators with tokens.
    Tokens(Tokens),
}

impl Access {
    /// What a page asks for.
    pub(super) fn sign_in(&self) -> &'static str {
        match self {
            Access::Names => "name",
            Access::Tokens(_) => "token",
        }
    }
}

/// What a server is told.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Name of the queue whose questions are asked.
    pub queue: String,
    /// What stands above the page.
    pub title: String,
    /// Who may answer.
    pub access: Access,
    /// Names of this server besides `localhost` and addresses in digits.
    pub hosts: Vec<String>,
    /// Whether browsers reach it by HTTPS alone, so that cookies are sent by nothing else.
    pub is_behind_tls: bool,
    /// How long a question is kept from others while an annotator looks at it.
    pub lease: Duration,
    /// How often an annotator may ask.
    pub rate: RequestRate,
}

impl ServerConfig {
    /// How often an annotator may ask: quicker than anyone answers, slower than what would keep others waiting.
    pub const RATE: RequestRate = RequestRate {
        burst: 40.0,
        per_second: 10.0,
    };
    /// How long a question is kept: the page asks for more time while it is looked at.
    pub const LEASE: Duration = Duration::from_secs(180);
}

/// How often tokens and names may be tried from one address.
const ARRIVALS: RequestRate = RequestRate {
    burst: 60.0,
    per_second: 1.0,
};

/// Milliseconds since 1970 (UTC), as the program that serves reads them.
pub(super) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Takes what whoever runs the server should know.
pub(super) type Report = Arc<dyn Fn(&Error) + Send + Sync>;

pub(super) struct Desk {
    store: Arc<Store>,
    queue: String,
    title: String,
    lease: Duration,
    clock: Clock,
    pub(super) report: Report,
    pub(super) access: Access,
    pub(super) hosts: Vec<String>,
    pub(super) is_behind_tls: bool,
    pub(super) pace: Pace,
    pub(super) arrivals: Pace,
}

impl Desk {
    pub(super) fn new(
        store: Arc<Store>,
        config: ServerConfig,
        clock: Clock,
        report: Report,
    ) -> Desk {
        Desk {
            store,
            queue: config.queue,
            title: config.title,
            lease: config.lease,
            clock,
            report,
            access: config.access,
            hosts: config.hosts,
            is_behind_tls: config.is_behind_tls,
            pace: Pace::new(config.rate),
            arrivals: Pace::new(ARRIVALS),
        }
    }

    /// Counts a request of somebody.
    pub(super) fn take(&self, pace: &Pace, who: &str) -> Result<(), Refusal> {
        pace.take(who, (self.clock)()).map_err(|seconds| {
            let message = "more requests than are taken; wait a moment";
            Refusal::later(StatusCode::TOO_MANY_REQUESTS, message, seconds)
        })
    }

    /// Keeps an answer.
    pub(super) fn answer(
        &self,
        annotator: &str,
        lease: i64,
        reply: &Reply,
        seconds: Option<f64>,
    ) -> Result<(), Refusal> {
        let now = (self.clock)();
        let kept = self.store.answer(lease, annotator, reply, seconds, now);
        kept.map(|_| ()).map_err(|error| self.refusal(&error))
    }

    /// Takes the last answer back.
    pub(super) fn undo(&self, annotator: &str) -> Result<(), Refusal> {
        let queue = self.queue()?;
        let now = (self.clock)();
        let undone = self.store.undo(queue.id, annotator, now, self.lease);
        match undone.map_err(|error| self.refusal(&error))? {
            Some(_) => Ok(()),
            None => Err(Refusal::new(
                StatusCode::CONFLICT,
                "there is no answer of yours to take back",
            )),
        }
    }

    /// What an annotator sees: the question that they hold now, if there is one for them, and how far all is.
    pub(super) fn situation(&self, annotator: &str) -> Result<Value, Refusal> {
        let read = || -> Result<Value, Error> {
            let queue = self.store.queue(&self.queue)?;
            let lease = self
                .store
                .lease(queue.id, annotator, (self.clock)(), self.lease)?;
            let progress = self.store.progress(queue.id, annotator)?;
            let status = self.store.status(queue.id)?;
            Ok(self.shown(
                annotator,
                &queue,
                lease.as_ref(),
                &progress,
                status.as_ref(),
            ))
        };
        read().map_err(|error| self.refusal(&error))
    }

    fn shown(
        &self,
        annotator: &str,
        queue: &Queue,
        lease: Option<&Lease>,
        progress: &Progress,
        status: Option<&Status>,
    ) -> Value {
        json!({
            "annotator": annotator,
            "title": self.title,
            "instructions": queue.settings.instructions,
            "state": state(queue, lease.is_some(), progress),
            "question": lease.map(question),
            "progress": {
                "answered": progress.n_questions - progress.n_open.min(progress.n_questions),
                "questions": progress.n_questions,
                "own": progress.n_own,
            },
            "accuracy": status.and_then(|status| status.accuracy),
            "learned": status.map(|status| status.n_learned),
            "steps": status.map(|status| status.steps),
            "note": status.map_or("", |status| status.note.as_str()),
        })
    }

    fn queue(&self) -> Result<Queue, Refusal> {
        self.store
            .queue(&self.queue)
            .map_err(|error| self.refusal(&error))
    }

    fn refusal(&self, error: &Error) -> Refusal {
        Refusal::of_store(error, &*self.report)
    }
}

/// `question`, or why there is none: `waiting` for more, left to `others`, or `done`.
fn state(queue: &Queue, has_question: bool, progress: &Progress) -> &'static str {
    match () {
        () if has_question => "question",
        () if progress.n_left > 0 || (queue.is_closed && progress.n_open > 0) => "others",
        () if queue.is_closed => "done",
        () => "waiting",
    }
}

/// A question as the page shows it, the leftmost item first; `position` is what an answer names an item by.
fn question(lease: &Lease) -> Value {
    let asked = &lease.question;
    let scale = match asked.kind {
        Kind::Rating(scale) => json!({ "low": scale.low, "high": scale.high, "step": scale.step }),
        _ => Value::Null,
    };
    let items = lease.shown.iter().filter_map(|position| {
        let mut shown = item(asked.items.get(*position)?);
        shown["position"] = json!(position);
        Some(shown)
    });
    json!({
        "lease": lease.token,
        "number": asked.number,
        "kind": asked.kind.name(),
        "scale": scale,
        "prompt": asked.prompt,
        "items": items.collect::<Vec<_>>(),
    })
}

fn item(item: &StoredItem) -> Value {
    match &item.content {
        Content::Clip(clip) => picture::clip(clip),
        Content::Text(text) => json!({ "kind": "text", "text": text }),
        Content::Name => json!({ "kind": "text", "text": item.name }),
    }
}
