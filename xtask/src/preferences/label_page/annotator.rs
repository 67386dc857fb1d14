//! An annotator by script: asks, answers, and sends again what was not acknowledged.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long until a request that failed is made again.
const AGAIN: Duration = Duration::from_millis(50);
/// The largest answer that is read.
const LARGEST: usize = 1 << 22;

/// An answer that the server said it keeps.
pub(super) struct Acknowledged {
    pub(super) question: u64,
    pub(super) annotator: String,
    pub(super) said: String,
}

/// What an annotator did.
pub(super) struct Answers {
    pub(super) acknowledged: Vec<Acknowledged>,
    pub(super) n_sent_again: usize,
}

pub(super) struct Annotator {
    port: u16,
    token: String,
    index: usize,
    stream: Option<BufReader<TcpStream>>,
    n_sent_again: usize,
}

/// What came back: the status, the seconds to wait, the body.
struct Response {
    status: u16,
    retry_after: u64,
    body: Value,
}

impl Annotator {
    pub(super) fn new(port: u16, token: String, index: usize) -> Annotator {
        Annotator {
            port,
            token,
            index,
            stream: None,
            n_sent_again: 0,
        }
    }

    /// Answers until all questions are answered, or everything is over.
    pub(super) fn work(
        mut self,
        n_acknowledged: &AtomicUsize,
        is_over: &AtomicBool,
    ) -> Result<Answers> {
        let mut acknowledged = vec![];
        let mut situation = self.insist("/api/next", &json!({}), is_over)?;
        while !is_over.load(Ordering::Relaxed) {
            let question = &situation.body["question"];
            if question.is_null() {
                if situation.body["progress"]["answered"] == situation.body["progress"]["questions"]
                {
                    break;
                }
                thread::sleep(4 * AGAIN);
                situation = self.insist("/api/next", &json!({}), is_over)?;
                continue;
            }
            let number = question["number"]
                .as_u64()
                .context("a question without a number")?;
            let (said, body) = self.answer(number, &question["lease"]);
            let next = self.insist("/api/answer", &body, is_over)?;
            if next.status == 200 {
                let annotator = format!("annotator-{}", self.index);
                acknowledged.push(Acknowledged {
                    question: number,
                    annotator,
                    said,
                });
                n_acknowledged.fetch_add(1, Ordering::Relaxed);
                situation = next;
            } else {
                // The question went to somebody else.
                ensure!(next.status == 409, "status {}: {}", next.status, next.body);
                situation = self.insist("/api/next", &json!({}), is_over)?;
            }
        }
        Ok(Answers {
            acknowledged,
            n_sent_again: self.n_sent_again,
        })
    }

    /// What this annotator says of a question: each of the four that count, by its number.
    fn answer(&self, number: u64, lease: &Value) -> (String, Value) {
        let seconds = 1.0 + self.index as f64;
        match (number as usize + self.index) % 4 {
            0 => (
                "first".to_owned(),
                json!({ "lease": lease, "said": "better", "item": 0, "seconds": seconds }),
            ),
            1 => (
                "second".to_owned(),
                json!({ "lease": lease, "said": "better", "item": 1, "seconds": seconds }),
            ),
            2 => (
                "equal".to_owned(),
                json!({ "lease": lease, "said": "equal", "seconds": seconds }),
            ),
            _ => (
                "cannot-tell".to_owned(),
                json!({ "lease": lease, "said": "cannot-tell", "seconds": seconds }),
            ),
        }
    }

    /// Sends a request until it is answered by something else than "later".
    fn insist(&mut self, path: &str, body: &Value, is_over: &AtomicBool) -> Result<Response> {
        loop {
            match self.send(path, body) {
                Ok(Response {
                    status: 429 | 503,
                    retry_after,
                    ..
                }) => {
                    thread::sleep(Duration::from_secs(retry_after.min(5)));
                }
                Ok(response) if response.status < 500 => return Ok(response),
                Ok(response) => {
                    self.n_sent_again += 1;
                    ensure!(
                        !is_over.load(Ordering::Relaxed),
                        "status {}: {}",
                        response.status,
                        response.body
                    );
                    thread::sleep(AGAIN);
                }
                Err(error) => {
                    self.stream = None;
                    self.n_sent_again += 1;
                    ensure!(!is_over.load(Ordering::Relaxed), "{path}: {error:#}");
                    thread::sleep(AGAIN);
                }
            }
        }
    }

    fn send(&mut self, path: &str, body: &Value) -> Result<Response> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect(("127.0.0.1", self.port))?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_nodelay(true)?;
                none.insert(BufReader::new(stream))
            }
        };
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.port,
            self.token,
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes())?;
        read(stream)
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Result<Response> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let status = line
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.context("the connection ended")?;
    let (mut length, mut retry_after) = (0, 0);
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            bail!("the connection ended in a head");
        }
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse()?,
            "retry-after" => retry_after = value.trim().parse()?,
            _ => {}
        }
    }
    ensure!(length <= LARGEST, "an answer of {length} bytes");
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Response {
        status,
        retry_after,
        body: serde_json::from_slice(&body)?,
    })
}
