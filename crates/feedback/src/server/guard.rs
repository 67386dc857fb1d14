//! Which requests are let through: for this host, from this page, small enough, soon enough.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Desk;
use super::refusal::Refusal;

/// The longest body of a request, bytes: a critique and its escapes.
pub(super) const LONGEST_BODY: usize = 16 << 10;

/// How long a request may take, its body included.
const PATIENCE: Duration = Duration::from_secs(20);

/// What every answer carries: nothing is kept, framed, guessed at or loaded from elsewhere.
const HEADERS: [(header::HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        header::HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Adds the headers to every answer, refusals included, and ends what takes too long.
pub(super) async fn protect(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| {
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request took too long").into_response()
    });
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Lets requests for this host through.
///
/// A page of another site whose name is made to point here (DNS rebinding) still sends its own name as the host. An
/// address in digits is nobody's name, so it can be let through whatever it is.
pub(super) async fn check_host(
    State(desk): State<Arc<Desk>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let host = host(request.headers())?;
    let name = without_port(host);
    let is_address = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let is_known = name.eq_ignore_ascii_case("localhost")
        || desk
            .hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name));
    if is_address || is_known {
        return Ok(next.run(request).await);
    }
    Err(Refusal::new(
        StatusCode::MISDIRECTED_REQUEST,
        "this server does not answer to that name; start it with --host and the name",
    ))
}

/// Lets requests of our own page, and of programs that are no browser, through.
///
/// Browsers say where a request comes from. One that changes anything must be of a kind that no form can send, so that a
/// page of another origin would have to ask first, which is never granted.
pub(super) async fn check_origin(request: Request, next: Next) -> Result<Response, Refusal> {
    let headers = request.headers();
    let refused = || {
        Refusal::new(
            StatusCode::FORBIDDEN,
            "requests come from this server's own page, or from a program that is no browser",
        )
    };
    if let Some(site) = headers.get("sec-fetch-site") {
        let is_own = site == "same-origin" || (site == "none" && request.method() == Method::GET);
        if !is_own {
            return Err(refused());
        }
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let host = host(headers)?;
        let is_own = ["http://", "https://"].iter().any(|scheme| {
            origin.as_bytes().strip_prefix(scheme.as_bytes()) == Some(host.as_bytes())
        });
        if !is_own {
            return Err(refused());
        }
    }
    let is_json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes().split(|byte| *byte == b';').next();
        kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(b"application/json"))
    });
    if request.method() != Method::GET && !is_json {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "send Content-Type: application/json",
        ));
    }
    Ok(next.run(request).await)
}

fn host(headers: &HeaderMap) -> Result<&str, Refusal> {
    let refused = || Refusal::new(StatusCode::BAD_REQUEST, "a request names one host");
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().map_err(|_| refused()),
        _ => Err(refused()),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|digit| digit.is_ascii_digit()) && !name.ends_with(':') =>
        {
            name
        }
        _ => host,
    }
}
