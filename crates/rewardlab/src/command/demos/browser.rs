//! A person plays in the browser, on a page that is served to this machine alone.
//!
//! The server is the least that a browser needs: one thread a connection reads a request, and the thread that holds the
//! game answers them one after the other. It listens on 127.0.0.1 only; requests that change anything must carry a
//! header that a page of another origin cannot send without asking first, which is never granted, and name this
//! address as their host, so that no name that is made to point here is taken for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::game::{Game, Verdict, choice_of_arrow};
use super::picture;

const PAGE: &str = include_str!("page.html");
/// The header that requests of the page carry.
const HEADER: &str = "x-rewardlab";
/// The longest head and body of a request.
const LONGEST: u64 = 1 << 16;
/// How long a connection may say nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request, and whom to answer.
struct Request {
    method: String,
    path: String,
    is_own: bool,
    body: String,
    stream: TcpStream,
}

/// Serves the page until the person is done.
pub(super) fn play(
    game: &mut Game<'_>,
    port: u16,
    judge: &mut dyn FnMut(Verdict<'_>) -> Result<()>,
) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).with_context(|| {
        format!("port {port} of 127.0.0.1 cannot be listened to; name another with --port")
    })?;
    let port = listener.local_addr()?.port();
    writeln!(
        std::io::stderr(),
        "Play at http://127.0.0.1:{port}/ and press \"Finish\" there when you are done"
    )?;
    let requests = listen(listener, port);
    while let Ok(request) = requests.recv() {
        let answer = answer(game, &request, judge)?;
        let is_last = answer.is_last;
        // A page that went away has no need of its answer.
        let _ = send(request.stream, &answer);
        if is_last {
            break;
        }
    }
    Ok(())
}

/// Accepts connections as long as somebody takes their requests.
fn listen(listener: TcpListener, port: u16) -> Receiver<Request> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let sender: Sender<Request> = sender.clone();
            thread::spawn(move || {
                if let Some(request) = read(stream, port) {
                    // Nobody takes requests once the recording is finished.
                    let _ = sender.send(request);
                }
            });
        }
    });
    receiver
}

/// Reads one request; none where it is none, or comes for another host.
fn read(stream: TcpStream, port: u16) -> Option<Request> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?).take(LONGEST);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut is_own, mut is_here) = (0, false, false);
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).ok()? == 0 {
            return None;
        }
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "host" => {
                is_here =
                    value == format!("127.0.0.1:{port}") || value == format!("localhost:{port}")
            }
            HEADER => is_own = true,
            _ => {}
        }
    }
    let mut body = vec![];
    reader.take(length).read_to_end(&mut body).ok()?;
    is_here.then(|| Request {
        method,
        path,
        is_own,
        body: String::from_utf8_lossy(&body).into_owned(),
        stream,
    })
}

/// What is sent back.
struct Answer {
    status: &'static str,
    kind: &'static str,
    body: String,
    is_last: bool,
}

impl Answer {
    fn json(value: &Value) -> Answer {
        Answer {
            status: "200 OK",
            kind: "application/json",
            body: value.to_string(),
            is_last: false,
        }
    }

    fn refused(status: &'static str) -> Answer {
        Answer {
            status,
            kind: "text/plain",
            body: status.to_owned(),
            is_last: false,
        }
    }
}

fn answer(
    game: &mut Game<'_>,
    request: &Request,
    judge: &mut dyn FnMut(Verdict<'_>) -> Result<()>,
) -> Result<Answer> {
    match (
        request.method.as_str(),
        request.path.as_str(),
        request.is_own,
    ) {
        ("GET", "/", _) => {
            let (status, kind, body) = ("200 OK", "text/html; charset=utf-8", PAGE.to_owned());
            return Ok(Answer {
                status,
                kind,
                body,
                is_last: false,
            });
        }
        ("GET", "/situation", true) => {}
        ("POST", "/act", true) => {
            let action: Option<Vec<f32>> = request
                .body
                .split(',')
                .map(|part| part.trim().parse().ok())
                .collect();
            if !action.is_some_and(|action| game.act(action)) {
                return Ok(Answer::refused("409 Conflict"));
            }
        }
        ("POST", "/undo", true) => game.take_back(),
        ("POST", "/keep", true) => game.next(true, judge)?,
        ("POST", "/drop", true) => game.next(false, judge)?,
        ("POST", "/finish", true) => return Ok(finished(game)),
        ("GET" | "POST", _, true) => return Ok(Answer::refused("404 Not Found")),
        _ => return Ok(Answer::refused("403 Forbidden")),
    }
    if game.has_ended() {
        return Ok(finished(game));
    }
    Ok(Answer::json(&situation(game)))
}

fn finished(game: &Game<'_>) -> Answer {
    let answer = Answer::json(&json!({ "finished": true, "kept": game.counts().1 }));
    Answer {
        is_last: true,
        ..answer
    }
}

/// What the page shows.
fn situation(game: &Game<'_>) -> Value {
    let (task, trajectory) = (game.task(), &game.recorded().trajectory);
    let shapes = trajectory.states.last().and_then(|state| task.draw(state));
    let scene = task.scene().filter(|_| shapes.is_some());
    let (number, n_kept) = game.counts();
    let choices = game.choices();
    let arrows = |word| choice_of_arrow(&choices, word);
    json!({
        "finished": false,
        "environment": game.environment(),
        "episode": number,
        "kept": n_kept,
        "step": trajectory.steps.len(),
        "return": trajectory.reward_return(),
        "over": game.is_over(),
        "success": game.recorded().success,
        "observation": trajectory.observations.last(),
        "scene": scene.map(|scene| json!({
            "low": scene.low, "high": scene.high, "background": picture::to_json(&scene.background),
        })),
        "shapes": shapes.map(|shapes| picture::to_json(&shapes)),
        "choices": choices,
        "arrows": { "ArrowUp": arrows("up"), "ArrowDown": arrows("down"), "ArrowLeft": arrows("left"), "ArrowRight": arrows("right") },
        "numbers": task.action_space().n_values(),
    })
}

fn send(mut stream: TcpStream, answer: &Answer) -> std::io::Result<()> {
    let Answer {
        status, kind, body, ..
    } = answer;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'\r\n\
         Connection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}
