//! A page in a headless browser, driven as a person would drive it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

/// How long the browser may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that ends with us.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where all went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port on which nobody listens now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A page in a headless browser, spoken to in the browser's own protocol over a WebSocket (RFC 6455).
pub(crate) struct Page {
    stream: BufReader<TcpStream>,
    n_sent: u64,
    _browser: Running,
}

impl Page {
    /// Opens an address in a browser that keeps its things in `profile`.
    pub(crate) fn open(browser: &str, profile: &Path, address: &str) -> Result<Page> {
        let port = free_port()?;
        let child = Command::new(browser)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--window-size=1000,900",
            ])
            .arg(format!("--remote-debugging-port={port}"))
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(address)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("could not start {browser}"))?;
        let running = Running(child);
        let path = page_path(port)?;
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while stream.read_line(&mut line)? > 2 {
            ensure!(
                !line.starts_with("HTTP") || line.contains(" 101 "),
                "the browser refuses: {line}"
            );
            line.clear();
        }
        Ok(Page {
            stream,
            n_sent: 0,
            _browser: running,
        })
    }

    /// Asks the browser for something, and gives what it answers.
    fn ask(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        self.n_sent += 1;
        let text = json!({ "id": self.n_sent, "method": method, "params": parameters }).to_string();
        // One frame of text, under a mask of zeros, which leaves it as it is.
        let mut frame = vec![0x81];
        match u8::try_from(text.len()) {
            Ok(length @ ..126) => frame.push(0x80 | length),
            _ => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(text.len())?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.stream.get_mut().write_all(&frame)?;
        loop {
            let message = self.receive()?;
            if message["id"] == self.n_sent {
                ensure!(message["error"].is_null(), "{method}: {}", message["error"]);
                return Ok(message["result"].clone());
            }
        }
    }

    fn receive(&mut self) -> Result<Value> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head)?;
        let length = match head[1] & 0x7f {
            126 => {
                let mut length = [0; 2];
                self.stream.read_exact(&mut length)?;
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.stream.read_exact(&mut length)?;
                u64::from_be_bytes(length)
            }
            length => u64::from(length),
        };
        let mut text = vec![];
        self.stream.by_ref().take(length).read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text).unwrap_or(Value::Null))
    }

    /// What an expression is worth on the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let answer = self.ask(
            "Runtime.evaluate",
            &json!({ "expression": expression, "returnByValue": true }),
        )?;
        Ok(answer["result"]["value"].clone())
    }

    /// Presses a key.
    pub(crate) fn press(&mut self, key: &str) -> Result<()> {
        let text = if key.len() == 1 { key } else { "" };
        self.ask(
            "Input.dispatchKeyEvent",
            &json!({ "type": "keyDown", "key": key, "text": text }),
        )?;
        self.ask(
            "Input.dispatchKeyEvent",
            &json!({ "type": "keyUp", "key": key }),
        )?;
        Ok(())
    }

    /// Waits until the element `state` says something that begins so.
    pub(crate) fn wait(&mut self, expected: &str) -> Result<()> {
        self.wait_for("state", expected)
    }

    /// Waits until the element of that name says something that begins so.
    pub(crate) fn wait_for(&mut self, id: &str, expected: &str) -> Result<()> {
        let began = Instant::now();
        loop {
            let said = self.evaluate(&format!(
                "document.getElementById('{id}')?.textContent ?? ''"
            ))?;
            let said = said.as_str().unwrap_or_default();
            if said.starts_with(expected) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                bail!("the page says \"{said}\", not \"{expected}\"");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Where the browser can be spoken to about its page, once it is there.
fn page_path(port: u16) -> Result<String> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(path) = list(port).ok().and_then(|list| path_of(&list)) {
            return Ok(path);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the browser opened no page")
}

fn list(port: u16) -> Result<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(
        stream,
        "GET /json/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = vec![];
    // The browser may keep the connection open behind its answer.
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    let body = text.split_once("\r\n\r\n").context("no body")?.1;
    Ok(serde_json::from_str(body)?)
}

fn path_of(list: &Value) -> Option<String> {
    let page = list
        .as_array()?
        .iter()
        .find(|target| target["type"] == "page")?;
    let address = page["webSocketDebuggerUrl"].as_str()?;
    let start = address.strip_prefix("ws://")?.find('/')?;
    Some(address["ws://".len() + start..].to_owned())
}
