//! What can be asked of the server.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::guard::{self, LONGEST_BODY};
use super::refusal::Refusal;
use super::tokens::checked_name;
use super::{Access, Desk};
use crate::{Preference, Reply};

/// The address that a request came from, put into its extensions by whoever accepted the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// The page and what it asks. `docs/commands/label.md` describes the requests.
pub(super) fn router(desk: Arc<Desk>) -> Router {
    let requests = Router::new()
        .route(
            "/api/session",
            get(session).post(begin_session).delete(end_session),
        )
        .route("/api/next", post(next))
        .route("/api/answer", post(answer))
        .route("/api/undo", post(undo))
        .layer(middleware::from_fn(guard::check_origin));
    let script = "text/javascript; charset=utf-8";
    Router::new()
        .route(
            "/",
            page(
                include_str!("../page/page.html"),
                "text/html; charset=utf-8",
            ),
        )
        .route(
            "/page.css",
            page(include_str!("../page/page.css"), "text/css; charset=utf-8"),
        )
        .route("/page.js", page(include_str!("../page/page.js"), script))
        .route("/clip.js", page(include_str!("../page/clip.js"), script))
        .route(
            "/icon.svg",
            page(include_str!("../page/icon.svg"), "image/svg+xml"),
        )
        .merge(requests)
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "there is no such page"))
        .layer(middleware::from_fn_with_state(
            desk.clone(),
            guard::check_host,
        ))
        .layer(middleware::from_fn(guard::protect))
        .with_state(desk)
}

fn page(text: &'static str, kind: &'static str) -> axum::routing::MethodRouter<Arc<Desk>> {
    get(async move || ([(header::CONTENT_TYPE, kind)], text))
}

/// Reads the body, which is not longer than it may be.
async fn body<T: DeserializeOwned>(request: Request) -> Result<T, Refusal> {
    let too_large = || {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a request has at most {LONGEST_BODY} bytes"),
        )
    };
    let length = request.headers().get(header::CONTENT_LENGTH);
    let declared = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|declared| declared > LONGEST_BODY) {
        return Err(too_large());
    }
    let bytes = axum::body::to_bytes(request.into_body(), LONGEST_BODY).await;
    let bytes = bytes.map_err(|_| too_large())?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("the request is not understood: {error}"),
        )
    })
}

/// Who asks, as often as they may.
fn known(desk: &Desk, headers: &HeaderMap) -> Result<String, Refusal> {
    let Some(annotator) = desk.annotator(headers) else {
        return Err(Refusal::new(
            StatusCode::UNAUTHORIZED,
            "say who you are first",
        ));
    };
    desk.take(&desk.pace, &annotator)?;
    Ok(annotator)
}

async fn session(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Json<Value> {
    Json(json!({ "annotator": desk.annotator(&headers), "sign_in": desk.access.sign_in() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    token: Option<String>,
    name: Option<String>,
}

async fn begin_session(
    State(desk): State<Arc<Desk>>,
    request: Request,
) -> Result<Response, Refusal> {
    let peer = request.extensions().get::<Peer>().copied();
    let address = peer.map_or("unknown".to_owned(), |Peer(address)| address.to_string());
    desk.take(&desk.arrivals, &address)?;
    let credentials: Credentials = body(request).await?;
    let (annotator, secret) = match (&desk.access, credentials) {
        (
            Access::Names,
            Credentials {
                name: Some(name), ..
            },
        ) => {
            let name = checked_name(&name)
                .map_err(|fault| Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, fault))?;
            (name.clone(), name)
        }
        (
            Access::Tokens(tokens),
            Credentials {
                token: Some(token), ..
            },
        ) => match tokens.owner(&token) {
            Some(name) => (name.to_owned(), token),
            None => {
                return Err(Refusal::new(
                    StatusCode::FORBIDDEN,
                    "nobody has this token; check it, or ask for a new one",
                ));
            }
        },
        _ => {
            return Err(Refusal::new(
                StatusCode::BAD_REQUEST,
                format!("send a {}", desk.access.sign_in()),
            ));
        }
    };
    let answer = json!({ "annotator": annotator, "sign_in": desk.access.sign_in() });
    Ok(with_cookie(desk.remember(&secret), answer))
}

async fn end_session(State(desk): State<Arc<Desk>>) -> Response {
    let answer = json!({ "annotator": null, "sign_in": desk.access.sign_in() });
    with_cookie(desk.forget(), answer)
}

fn with_cookie(cookie: HeaderValue, answer: Value) -> Response {
    ([(header::SET_COOKIE, cookie)], Json(answer)).into_response()
}

async fn next(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let annotator = known(&desk, &headers)?;
    situation(desk, annotator, |_, _| Ok(())).await
}

async fn undo(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let annotator = known(&desk, &headers)?;
    situation(desk, annotator, Desk::undo).await
}

/// What an annotator said, as the page sends it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    lease: i64,
    said: String,
    /// Of the item that is better or best.
    item: Option<usize>,
    rating: Option<f64>,
    words: Option<String>,
    seconds: Option<f64>,
}

impl Sent {
    /// What it means; whether the question can be answered so is for the store to say.
    fn reply(&self) -> Option<Reply> {
        match self.said.as_str() {
            "better" => Some(Reply::Preference(match self.item? {
                0 => Preference::First,
                1 => Preference::Second,
                _ => return None,
            })),
            "best" => Some(Reply::Best(self.item?)),
            "rating" => Some(Reply::Rating(self.rating?)),
            "critique" => Some(Reply::Critique(self.words.clone()?)),
            "equal" => Some(Reply::Preference(Preference::Equal)),
            "cannot-tell" => Some(Reply::Preference(Preference::CannotTell)),
            "skip" => Some(Reply::Preference(Preference::Skip)),
            _ => None,
        }
    }
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Result<Json<Value>, Refusal> {
    let annotator = known(&desk, request.headers())?;
    let sent: Sent = body(request).await?;
    let reply = sent.reply().ok_or_else(|| {
        Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "`said` is better or best with an `item`, equal, cannot-tell, skip, rating with a `rating`, or critique with `words`",
        )
    })?;
    let seconds = sent.seconds.filter(|seconds| seconds.is_finite());
    let seconds = seconds.map(|seconds| seconds.clamp(0.0, 86_400.0));
    situation(desk, annotator, move |desk, annotator| {
        desk.answer(annotator, sent.lease, &reply, seconds)
    })
    .await
}

/// Does something at the desk on a thread that may block, and says what the annotator sees then.
async fn situation(
    desk: Arc<Desk>,
    annotator: String,
    act: impl FnOnce(&Desk, &str) -> Result<(), Refusal> + Send + 'static,
) -> Result<Json<Value>, Refusal> {
    let done = tokio::task::spawn_blocking(move || {
        act(&desk, &annotator)?;
        desk.situation(&annotator)
    });
    match done.await {
        Ok(situation) => situation.map(Json),
        Err(_) => Err(Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the request failed on its way",
        )),
    }
}
