//! The router, called in process: what is let through, what is refused, and what becomes of answers.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::{
    Change, Clip, Content, NewItem, NewQuestion, Preference, QueueSettings, Reply, Status,
};

/// A server over a store in a folder of its own, at a time that tests move.
struct Lab {
    _folder: tempfile::TempDir,
    store: Arc<Store>,
    queue: i64,
    time: Arc<AtomicI64>,
    router: axum::Router,
    runtime: tokio::runtime::Runtime,
}

const LEASE: i64 = 180_000;

impl Lab {
    fn new(access: Access) -> Lab {
        let rate = RequestRate {
            burst: 1000.0,
            per_second: 1000.0,
        };
        Lab::with(access, rate, false)
    }

    fn with(access: Access, rate: RequestRate, is_behind_tls: bool) -> Lab {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("store.sqlite");
        let store = Arc::new(Store::create(place.to_str().unwrap()).unwrap());
        let settings = QueueSettings {
            instructions: "look closely".to_owned(),
            ..QueueSettings::named("q")
        };
        let queue = store.add_queue(&settings, 0).unwrap().id;
        let config = ServerConfig {
            queue: "q".to_owned(),
            title: "The title".to_owned(),
            access,
            hosts: vec!["label.example.org".to_owned()],
            is_behind_tls,
            lease: Duration::from_millis(LEASE as u64),
            rate,
        };
        let time = Arc::new(AtomicI64::new(1_000));
        let clock = time.clone();
        let server = LabelServer::new(
            store.clone(),
            config,
            move || clock.load(Ordering::Relaxed),
            |error| panic!("{error}"),
        );
        Lab {
            _folder: folder,
            store,
            queue,
            time,
            router: server.unwrap().router(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
        }
    }

    fn ask(&self, n: u64) {
        let text = |text: String| NewItem::of(Content::Text(text));
        let question = |number| {
            NewQuestion::comparison(
                number,
                text(format!("first of {number}")),
                text(format!("second of {number}")),
            )
        };
        let questions: Vec<NewQuestion> = (0..n).map(question).collect();
        self.store.ask(self.queue, &questions, 0).unwrap();
    }

    fn pass(&self, milliseconds: i64) {
        self.time.fetch_add(milliseconds, Ordering::Relaxed);
    }

    fn send(&self, request: Request<Body>) -> Sent {
        let (parts, bytes) = self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            (parts, axum::body::to_bytes(body, usize::MAX).await.unwrap())
        });
        Sent {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A request as a program makes it, with more headers.
    fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Sent {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:8080");
        }
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap())
    }

    fn post(&self, path: &str, who: &Who, body: &Value) -> Sent {
        self.call(Method::POST, path, &[who.header()], &body.to_string())
    }

    fn next(&self, who: &Who) -> Value {
        self.post("/api/next", who, &json!({})).json(200)
    }

    /// Says which item is better, by its place from the left.
    fn choose(&self, who: &Who, situation: &Value, place: usize) -> Value {
        let item = &situation["question"]["items"][place]["position"];
        let body = json!({ "lease": situation["question"]["lease"], "said": "better", "item": item, "seconds": 1.5 });
        self.post("/api/answer", who, &body).json(200)
    }

    fn said(&self) -> Vec<(u64, String, Reply)> {
        let changes = self.store.changes(self.queue, 0, 1000).unwrap();
        let standing = changes.into_iter().filter_map(|(_, change)| match change {
            Change::Answered(answer) if answer.withdrawn_at.is_none() => Some((
                answer.said.question,
                answer.said.annotator.unwrap(),
                answer.said.reply,
            )),
            _ => None,
        });
        standing.collect()
    }
}

/// Names and values.
type Headers<'a> = &'a [(&'a str, &'a str)];

struct Sent {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

impl Sent {
    #[track_caller]
    fn json(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        serde_json::from_str(&self.text).unwrap()
    }

    #[track_caller]
    fn refused(&self, status: u16, message: &str) {
        let error = self.json(status)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(message), "{error}");
    }
}

/// How somebody is known.
struct Who(&'static str, String);

impl Who {
    fn named(name: &str) -> Who {
        let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        Who("cookie", format!("other=1; rewardlab-label={digits}"))
    }

    fn bearing(token: &str) -> Who {
        Who("authorization", format!("Bearer {token}"))
    }

    fn header(&self) -> (&str, &str) {
        (self.0, &self.1)
    }
}

fn two_tokens() -> (Access, Token, Token) {
    let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
    let mut tokens = Tokens::default();
    tokens.add("ada", &one).unwrap();
    tokens.add("grace hopper", &other).unwrap();
    (Access::Tokens(tokens), one, other)
}

#[test]
fn a_question_is_asked_answered_and_followed_by_the_next() {
    let lab = Lab::new(Access::Names);
    lab.ask(2);
    let ada = Who::named("ada");
    let first = lab.next(&ada);
    assert_eq!(first["state"], "question");
    assert_eq!(first["title"], "The title");
    assert_eq!(first["instructions"], "look closely");
    assert_eq!(
        first["progress"],
        json!({ "answered": 0, "questions": 2, "own": 0 })
    );
    assert_eq!(first["accuracy"], Value::Null);
    assert_eq!(
        lab.next(&ada)["question"],
        first["question"],
        "a question that is held is given again"
    );
    let items = first["question"]["items"].as_array().unwrap();
    let texts: Vec<&str> = items
        .iter()
        .map(|item| item["text"].as_str().unwrap())
        .collect();
    let number = first["question"]["number"].as_u64().unwrap();
    let position = usize::from(texts[0] == format!("second of {number}"));
    assert_eq!(
        items[0]["position"], position,
        "an item says where it stood when it was asked"
    );
    let second = lab.choose(&ada, &first, 0);
    assert_ne!(second["question"]["number"], first["question"]["number"]);
    assert_eq!(second["progress"]["own"], 1);
    let preference = [Preference::First, Preference::Second][position];
    assert_eq!(
        lab.said(),
        [(number, "ada".to_owned(), Reply::Preference(preference))]
    );
}

#[test]
fn every_answer_is_kept_as_it_was_meant() {
    let lab = Lab::new(Access::Names);
    lab.ask(3);
    let ada = Who::named("ada");
    for said in ["equal", "cannot-tell", "skip"] {
        let lease = lab.next(&ada)["question"]["lease"].clone();
        lab.post(
            "/api/answer",
            &ada,
            &json!({ "lease": lease, "said": said }),
        )
        .json(200);
    }
    let kept: Vec<Reply> = lab.said().into_iter().map(|(_, _, reply)| reply).collect();
    let expected = [Preference::Equal, Preference::CannotTell, Preference::Skip];
    assert_eq!(kept, expected.map(Reply::Preference));
}

#[test]
fn the_same_answer_sent_twice_is_one() {
    let lab = Lab::new(Access::Names);
    lab.ask(2);
    let ada = Who::named("ada");
    let first = lab.next(&ada);
    let next = lab.choose(&ada, &first, 0);
    let again = lab.choose(&ada, &first, 0);
    assert_eq!(again["question"], next["question"]);
    assert_eq!(lab.said().len(), 1);
}

#[test]
fn annotators_never_hold_the_same_question_and_what_runs_out_goes_on() {
    let lab = Lab::new(Access::Names);
    lab.ask(1);
    let (ada, grace) = (Who::named("ada"), Who::named("grace"));
    let held = lab.next(&ada);
    assert_eq!(lab.next(&grace)["state"], "others");
    lab.pass(LEASE + 1);
    let taken = lab.next(&grace);
    assert_eq!(taken["question"]["number"], held["question"]["number"]);
    let late = json!({ "lease": held["question"]["lease"], "said": "equal" });
    lab.post("/api/answer", &ada, &late)
        .refused(409, "went to somebody else");
    let foreign = json!({ "lease": taken["question"]["lease"], "said": "equal" });
    lab.post("/api/answer", &ada, &foreign)
        .refused(409, "went to somebody else");
    lab.choose(&grace, &taken, 1);
    assert_eq!(lab.said().len(), 1);
    assert_eq!(lab.said()[0].1, "grace");
}

#[test]
fn an_answer_is_taken_back_and_given_again() {
    let lab = Lab::new(Access::Names);
    lab.ask(2);
    let ada = Who::named("ada");
    lab.post("/api/undo", &ada, &json!({}))
        .refused(409, "no answer of yours");
    let first = lab.next(&ada);
    lab.choose(&ada, &first, 0);
    let back = lab.post("/api/undo", &ada, &json!({})).json(200);
    assert_eq!(back["question"]["number"], first["question"]["number"]);
    assert_eq!(
        back["question"]["items"], first["question"]["items"],
        "on the same sides as before"
    );
    assert_eq!(back["progress"]["own"], 0);
    lab.choose(&ada, &back, 1);
    let said = lab.said();
    assert_eq!(said.len(), 1);
    let position = first["question"]["items"][1]["position"].as_u64().unwrap() as usize;
    assert_eq!(
        said[0].2,
        Reply::Preference([Preference::First, Preference::Second][position])
    );
}

#[test]
fn who_has_nothing_to_do_is_told_why() {
    let lab = Lab::new(Access::Names);
    let ada = Who::named("ada");
    let status = Status {
        at: 1,
        n_learned: 3,
        accuracy: Some(0.75),
        steps: 5000,
        note: "soon".to_owned(),
    };
    lab.store.set_status(lab.queue, &status).unwrap();
    let waiting = lab.next(&ada);
    let shown = ["state", "accuracy", "steps", "note"].map(|key| waiting[key].clone());
    assert_eq!(json!(shown), json!(["waiting", 0.75, 5000, "soon"]));
    lab.ask(1);
    let question = lab.next(&ada);
    assert_eq!(question["state"], "question");
    let skip = json!({ "lease": question["question"]["lease"], "said": "skip" });
    lab.store.set_closed(lab.queue, true).unwrap();
    assert_eq!(
        lab.post("/api/answer", &ada, &skip).json(200)["state"],
        "others"
    );
    let grace = Who::named("grace");
    let question = lab.next(&grace);
    assert_eq!(lab.choose(&grace, &question, 0)["state"], "done");
}

#[test]
fn clips_are_drawn_in_whole_numbers_with_every_shape_once() {
    use mdp::{Ink, Scene, Shape, rectangle};
    let ball = |x: f64| Shape::Circle {
        center: [x, 0.5],
        radius: 0.25,
        ink: Ink::Agent,
    };
    let clip = Clip {
        scene: Scene {
            low: [0.0, 0.0],
            high: [2.0, 1.0],
            background: vec![rectangle([0.0, 0.0], [2.0, 0.5], Ink::Ground)],
        },
        frames: vec![vec![ball(0.5)], vec![ball(1.5)], vec![ball(0.5)]],
        seconds_per_frame: 0.1,
        description: "a ball".to_owned(),
    };
    let drawn = picture::clip(&clip);
    let expected = json!({
        "kind": "clip", "width": 4000, "height": 2000, "seconds": 0.1, "description": "a ball",
        "background": [[0, 6, 0, 2000, 4000, 2000, 4000, 1000, 0, 1000]],
        "shapes": [[2, 0, 500, 1000, 1000], [2, 0, 500, 3000, 1000]],
        "frames": [[0], [1], [0]],
    });
    assert_eq!(drawn, expected);
}

#[test]
fn nobody_answers_without_a_name() {
    let lab = Lab::new(Access::Names);
    lab.ask(1);
    for path in ["/api/next", "/api/answer", "/api/undo"] {
        lab.call(Method::POST, path, &[], "{}")
            .refused(401, "say who you are");
    }
    let session = lab.call(Method::GET, "/api/session", &[], "").json(200);
    assert_eq!(session, json!({ "annotator": null, "sign_in": "name" }));
    let begun = lab.call(
        Method::POST,
        "/api/session",
        &[],
        r#"{"name": " Ada Lovelace é "}"#,
    );
    assert_eq!(begun.json(200)["annotator"], "Ada Lovelace é");
    let cookie = begun.headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        cookie.ends_with("; Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    let session = lab
        .call(Method::GET, "/api/session", &[("cookie", pair)], "")
        .json(200);
    assert_eq!(session["annotator"], "Ada Lovelace é");
    let ended = lab.call(Method::DELETE, "/api/session", &[("cookie", pair)], "");
    assert!(
        ended.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .starts_with("rewardlab-label=; Path=/; Max-Age=0;")
    );
    for name in ["", "   ", "a\u{7}b", &"x".repeat(61)] {
        let body = json!({ "name": name }).to_string();
        lab.call(Method::POST, "/api/session", &[], &body)
            .refused(422, "a name has");
    }
}

#[test]
fn nobody_answers_without_a_token_where_tokens_are_wanted() {
    let (access, ada, grace) = two_tokens();
    let lab = Lab::new(access);
    lab.ask(3);
    let wrong = Token::random().unwrap();
    let strangers = [
        Who("x-nothing", String::new()),
        Who::named("ada"),
        Who::bearing(wrong.reveal()),
        Who::bearing(""),
        Who("authorization", format!("Basic {}", ada.reveal())),
        Who("cookie", format!("rewardlab-label={}", wrong.reveal())),
    ];
    for stranger in &strangers {
        for path in ["/api/next", "/api/answer", "/api/undo"] {
            lab.post(path, stranger, &json!({}))
                .refused(401, "say who you are");
        }
    }
    assert!(lab.store.changes(lab.queue, 0, 10).unwrap().is_empty());
    let session = lab.call(Method::GET, "/api/session", &[], "").json(200);
    assert_eq!(
        session,
        json!({ "annotator": null, "sign_in": "token" }),
        "and nothing else is said"
    );
    for body in [json!({ "name": "ada" }), json!({})] {
        lab.call(Method::POST, "/api/session", &[], &body.to_string())
            .refused(400, "send a token");
    }
    let body = json!({ "token": wrong.reveal() }).to_string();
    lab.call(Method::POST, "/api/session", &[], &body)
        .refused(403, "nobody has this token");
    assert_eq!(lab.next(&Who::bearing(ada.reveal()))["annotator"], "ada");
    let body = json!({ "token": format!(" {} ", grace.reveal().to_ascii_uppercase()) }).to_string();
    let begun = lab.call(Method::POST, "/api/session", &[], &body);
    assert_eq!(begun.json(200)["annotator"], "grace hopper");
    let cookie = begun.headers[header::SET_COOKIE]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(
        lab.next(&Who("cookie", cookie))["annotator"],
        "grace hopper"
    );
}

#[test]
fn cookies_are_sent_by_https_alone_where_that_is_said() {
    let rate = ServerConfig::RATE;
    let lab = Lab::with(Access::Names, rate, true);
    let begun = lab.call(Method::POST, "/api/session", &[], r#"{"name": "ada"}"#);
    assert!(
        begun.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .ends_with("; SameSite=Strict; Secure")
    );
}

#[test]
fn requests_of_other_sites_are_refused() {
    let lab = Lab::new(Access::Names);
    lab.ask(1);
    let ada = Who::named("ada");
    let foreign: [&[(&str, &str)]; 7] = [
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:9090")],
        &[("origin", "http://127.0.0.1:8080.evil.example")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
    ];
    for headers in foreign {
        for path in ["/api/session", "/api/next", "/api/answer", "/api/undo"] {
            let headers = [headers, &[ada.header()]].concat();
            lab.call(Method::POST, path, &headers, "{}")
                .refused(403, "this server's own page");
        }
    }
    lab.call(
        Method::GET,
        "/api/session",
        &[("sec-fetch-site", "cross-site")],
        "",
    )
    .refused(403, "own page");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
    ] {
        let headers = [("content-type", kind), ada.header()];
        lab.call(Method::POST, "/api/next", &headers, "{}")
            .refused(415, "application/json");
    }
    let own = [
        ("origin", "http://127.0.0.1:8080"),
        ("sec-fetch-site", "same-origin"),
        ada.header(),
    ];
    lab.call(Method::POST, "/api/next", &own, "{}").json(200);
    let proxied = [
        ("host", "label.example.org"),
        ("origin", "https://label.example.org"),
        ada.header(),
    ];
    lab.call(Method::POST, "/api/next", &proxied, "{}")
        .json(200);
    for method in [Method::OPTIONS, Method::PUT, Method::PATCH] {
        let answer = lab.call(
            method,
            "/api/next",
            &[("origin", "http://evil.example")],
            "",
        );
        assert!(answer.status.is_client_error());
        let allows = answer
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("access-control"));
        assert!(!allows, "nothing is granted to another origin");
    }
}

#[test]
fn names_that_are_made_to_point_here_are_refused() {
    let lab = Lab::new(Access::Names);
    let check = |host: &str, status: u16| {
        for path in ["/", "/page.js", "/api/session", "/nothing"] {
            let answer = lab.call(Method::GET, path, &[("host", host)], "");
            let expected = if status == 200 && path == "/nothing" {
                404
            } else {
                status
            };
            assert_eq!(answer.status.as_u16(), expected, "{host} {path}");
        }
    };
    for host in [
        "127.0.0.1:8080",
        "127.0.0.1",
        "localhost:1",
        "LOCALHOST",
        "[::1]:8080",
        "192.168.1.5:8080",
        "label.example.org",
        "Label.Example.Org:443",
    ] {
        check(host, 200);
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1:8080@evil.example",
        "x",
        "",
    ] {
        check(host, 421);
    }
    let without = Request::builder().uri("/").body(Body::empty()).unwrap();
    assert_eq!(lab.send(without).status, 400);
    let two = Request::builder()
        .uri("/")
        .header("host", "localhost")
        .header("host", "evil.example");
    assert_eq!(lab.send(two.body(Body::empty()).unwrap()).status, 400);
}

#[test]
fn requests_that_are_too_large_or_make_no_sense_are_refused() {
    let lab = Lab::new(Access::Names);
    lab.ask(1);
    let ada = Who::named("ada");
    let large = format!("{{\"said\": \"{}\"}}", "x".repeat(guard::LONGEST_BODY));
    for path in ["/api/answer", "/api/session"] {
        lab.call(Method::POST, path, &[ada.header()], &large)
            .refused(413, "at most 16384 bytes");
        let headers = [ada.header(), ("content-length", "99999999999")];
        lab.call(Method::POST, path, &headers, "{}")
            .refused(413, "at most 16384 bytes");
    }
    let lease = lab.next(&ada)["question"]["lease"].clone();
    for (body, status, message) in [
        (json!({}), 400, "not understood"),
        (
            json!({ "lease": lease, "said": "equal", "annotator": "grace" }),
            400,
            "unknown field",
        ),
        (json!({ "lease": lease, "said": "both" }), 422, "`said` is"),
        (
            json!({ "lease": lease, "said": "better" }),
            422,
            "`said` is",
        ),
        (
            json!({ "lease": lease, "said": "better", "item": 2 }),
            422,
            "`said` is",
        ),
        (
            json!({ "lease": lease, "said": "rating", "rating": 1.0 }),
            422,
            "",
        ),
        (
            json!({ "lease": 999_999, "said": "equal" }),
            409,
            "somebody else",
        ),
        (
            json!({ "lease": "x", "said": "equal" }),
            400,
            "not understood",
        ),
    ] {
        lab.post("/api/answer", &ada, &body)
            .refused(status, message);
    }
    for body in ["", "[", "null", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["] {
        lab.call(Method::POST, "/api/answer", &[ada.header()], body)
            .refused(400, "not understood");
    }
    let times = json!({ "lease": lease, "said": "equal", "seconds": -5.0 });
    lab.post("/api/answer", &ada, &times).json(200);
    assert_eq!(
        lab.said().len(),
        1,
        "only what could be understood was kept"
    );
}

#[test]
fn whoever_asks_too_often_waits_and_nobody_else_does() {
    let rate = RequestRate {
        burst: 3.0,
        per_second: 0.5,
    };
    let lab = Lab::with(Access::Names, rate, false);
    let (ada, grace) = (Who::named("ada"), Who::named("grace"));
    for _ in 0..3 {
        lab.next(&ada);
    }
    let refused = lab.post("/api/next", &ada, &json!({}));
    refused.refused(429, "wait a moment");
    assert_eq!(refused.headers[header::RETRY_AFTER], "2");
    lab.next(&grace);
    lab.pass(2_000);
    lab.next(&ada);
    lab.post("/api/next", &ada, &json!({}))
        .refused(429, "wait a moment");
    let tries = (0..100).map(|_| lab.call(Method::POST, "/api/session", &[], r#"{"name": "x"}"#));
    let refused = tries.filter(|answer| answer.status == 429).count();
    assert_eq!(
        refused, 40,
        "names and tokens can be tried 60 times at once from one address"
    );
}

#[test]
fn everything_is_sent_with_the_headers_that_protect_it() {
    let lab = Lab::new(Access::Names);
    let ways: [(Method, &str, Headers<'_>); 6] = [
        (Method::GET, "/", &[]),
        (Method::GET, "/page.js", &[]),
        (Method::GET, "/api/session", &[]),
        (Method::GET, "/nothing", &[]),
        (Method::GET, "/", &[("host", "evil.example")]),
        (Method::POST, "/api/next", &[("origin", "null")]),
    ];
    for (method, path, headers) in ways {
        let answer = lab.call(method, path, headers, "{}");
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.ends_with("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
    }
}

#[test]
fn the_page_has_no_script_or_style_within_and_loads_nothing_from_elsewhere() {
    let lab = Lab::new(Access::Names);
    let text = |path: &str| lab.call(Method::GET, path, &[], "").text;
    let page = text("/");
    assert!(page.contains("<script src=\"page.js\" defer></script>"));
    for within in [
        "<script>",
        "<style",
        " style=",
        " onclick=",
        "javascript:",
        "http://",
        "https://",
    ] {
        assert!(!page.contains(within), "{within}");
    }
    for script in ["/page.js", "/clip.js"] {
        let script = text(script);
        for writer in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "https://",
        ] {
            assert!(!script.contains(writer), "{writer}");
        }
    }
}

#[test]
fn files_of_tokens_are_read_again_and_hold_no_token() {
    let (Access::Tokens(tokens), ada, _) = two_tokens() else {
        unreachable!()
    };
    let text = tokens.to_text();
    assert!(!text.contains(ada.reveal()));
    assert_eq!(Tokens::parse(&text).unwrap(), tokens);
    assert_eq!(tokens.owner(ada.reveal()), Some("ada"));
    assert_eq!(tokens.names().collect::<Vec<_>>(), ["ada", "grace hopper"]);
    assert_eq!(
        format!("{ada:?}"),
        "Token(…)",
        "a token is not printed by mistake"
    );
    assert_eq!(ada.reveal().len(), 32);
    assert_ne!(Token::random().unwrap(), Token::random().unwrap());
    let wrong = "sha256:12 ada\n\n# fine\nada\nsha256:é ada\n";
    let error = Tokens::parse(wrong).unwrap_err().to_string();
    for line in ["line 1: ", "line 4: ", "line 5: "] {
        assert!(error.contains(line), "{error}");
    }
    let twice = format!("{text}{}", text.lines().nth(1).unwrap());
    let error = Tokens::parse(&twice).unwrap_err().to_string();
    assert!(
        error.contains("line 4: \"ada\" has a token already"),
        "{error}"
    );
}

#[test]
fn a_network_is_served_only_with_tokens() {
    let check =
        |address: &str, access: &Access| check_reach(address.parse().unwrap(), access).is_ok();
    let (tokens, ..) = two_tokens();
    for address in ["127.0.0.1:0", "127.9.9.9:80", "[::1]:80"] {
        assert!(
            check(address, &Access::Names) && check(address, &tokens),
            "{address}"
        );
    }
    for address in [
        "0.0.0.0:80",
        "192.168.1.5:80",
        "[::]:80",
        "[::ffff:127.0.0.1]:80",
    ] {
        assert!(
            !check(address, &Access::Names) && check(address, &tokens),
            "{address}"
        );
    }
}
