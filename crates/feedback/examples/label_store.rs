//! Stores of invented questions, for working on the look of the label page and for measuring its server.
//!
//! `label_store make PLACE KIND N` puts N questions into the queue `invented`; KIND is `clips`, `squares`, `texts`,
//! `hostile` or `mixed`. `label_store serve PLACE PORT` serves them to this machine. `label_store tally PLACE` prints one
//! JSON object: what was answered by whom, in the order in which it was kept.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example speaks through its standard streams"
)]

use std::f64::consts::PI;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use feedback::{
    Access, Change, Clip, Content, Kind, LabelServer, NewItem, NewQuestion, QueueSettings, Reply,
    Scale, ServerConfig, Status, Store,
};
use mdp::{Ink, Scene, Shape, rectangle};
use serde_json::{Value, json};

const QUEUE: &str = "invented";
/// Questions that are put in one transaction.
const AT_ONCE: usize = 500;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["make", place, kind, n] => make(place, kind, n.parse()?),
        ["serve", place, port] => serve(place, port.parse()?),
        ["tally", place] => tally(place),
        _ => Err("label_store make PLACE KIND N | serve PLACE PORT | tally PLACE".into()),
    }
}

fn now() -> i64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH);
    passed.map_or(0, |passed| passed.as_millis() as i64)
}

fn make(place: &str, kind: &str, n: u64) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::create(place)?;
    let settings = QueueSettings {
        instructions: instructions(kind).to_owned(),
        ..QueueSettings::named(QUEUE)
    };
    let queue = store.add_queue(&settings, now())?;
    let questions: Vec<NewQuestion> = (0..n).map(|number| question(kind, number)).collect();
    for some in questions.chunks(AT_ONCE) {
        store.ask(queue.id, some, now())?;
    }
    if kind == "clips" {
        let status = Status {
            at: now(),
            n_learned: 120,
            accuracy: Some(0.83),
            steps: 120_000,
            note: String::new(),
        };
        store.set_status(queue.id, &status)?;
    }
    println!(
        "{}",
        json!({ "place": store.place(), "queue": QUEUE, "questions": n })
    );
    Ok(())
}

fn serve(place: &str, port: u16) -> Result<(), Box<dyn std::error::Error>> {
    let config = ServerConfig {
        queue: QUEUE.to_owned(),
        title: "Backflips from comparisons".to_owned(),
        access: Access::Names,
        hosts: vec![],
        is_behind_tls: false,
        lease: ServerConfig::LEASE,
        rate: ServerConfig::RATE,
    };
    let store = Arc::new(Store::open(place)?);
    let server = LabelServer::new(store, config, now, |error| eprintln!("{error}"))?;
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    eprintln!("http://{}/", listener.local_addr()?);
    Ok(server.serve(listener)?)
}

fn tally(place: &str) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open(place)?;
    let queue = store.queue(QUEUE)?;
    let mut answers = vec![];
    let mut after = 0;
    let mut n_withdrawn = 0;
    loop {
        let changes = store.changes(queue.id, after, 1000)?;
        let Some((last, _)) = changes.last() else {
            break;
        };
        after = *last;
        for (_, change) in changes {
            match change {
                Change::Answered(answer) => answers.push(json!({
                    "question": answer.said.question,
                    "annotator": answer.said.annotator,
                    "said": said(&answer.said.reply),
                    "stands": answer.withdrawn_at.is_none(),
                    "left": answer.said.shown.and_then(|shown| shown.first().copied()),
                    "seconds": answer.said.seconds,
                })),
                Change::Withdrawn(_) => n_withdrawn += 1,
            }
        }
    }
    let n_open = store.progress(queue.id, "nobody")?.n_open;
    println!(
        "{}",
        json!({ "answers": answers, "withdrawn": n_withdrawn, "open": n_open })
    );
    Ok(())
}

fn said(reply: &Reply) -> Value {
    match reply {
        Reply::Preference(preference) => json!(preference.name()),
        Reply::Rating(rating) => json!(rating),
        Reply::Best(position) => json!(position),
        Reply::Critique(words) => json!(words),
    }
}

fn instructions(kind: &str) -> &'static str {
    match kind {
        "texts" => {
            "Choose the reply that is more helpful and does no harm.\nLength alone is no merit."
        }
        "hostile" => {
            "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
        }
        _ => {
            "Choose the clip in which the robot turns further backward and lands on its foot.\nIf neither turns, the one that jumps higher."
        }
    }
}

fn question(kind: &str, number: u64) -> NewQuestion {
    let clip = |step: u64| NewItem::of(Content::Clip(hop(2 * number + step)));
    let text = |step: u64| NewItem::of(Content::Text(transcript(number, step)));
    match kind {
        "clips" => NewQuestion::comparison(number, clip(0), clip(1)),
        "squares" => {
            let item = |step: u64| NewItem::of(Content::Clip(walk(2 * number + step)));
            NewQuestion::comparison(number, item(0), item(1))
        }
        "hostile" => {
            let item = |step: u64| NewItem::of(hostile(step));
            NewQuestion::comparison(number, item(number), item(number + 1))
        }
        "mixed" => mixed(number),
        _ => NewQuestion::comparison(number, text(0), text(1)),
    }
}

fn mixed(number: u64) -> NewQuestion {
    let clip = |step: u64| NewItem::of(Content::Clip(hop(4 * number + step)));
    let (kind, items) = match number % 4 {
        0 => (Kind::Best, (0..4).map(clip).collect()),
        1 => {
            let scale = Scale {
                low: 1.0,
                high: 7.0,
                step: Some(1.0),
            };
            (Kind::Rating(scale), vec![clip(0)])
        }
        2 => {
            let scale = Scale {
                low: 0.0,
                high: 1.0,
                step: None,
            };
            (Kind::Rating(scale), vec![clip(0)])
        }
        _ => (
            Kind::Critique,
            vec![NewItem::of(Content::Text(transcript(number, 0)))],
        ),
    };
    NewQuestion {
        kind,
        items,
        ..NewQuestion::comparison(number, clip(0), clip(1))
    }
}

/// A robot of a body and a leg that hops, turning the further the larger its number modulo 7.
fn hop(number: u64) -> Clip {
    const FRAMES: usize = 23;
    let turns = (number % 7) as f64 / 6.0;
    let high = 0.6 + 0.12 * (number % 5) as f64;
    let frames = (0..FRAMES).map(|frame| {
        let part = frame as f64 / (FRAMES - 1) as f64;
        let angle = 2.0 * PI * turns * (part * part * (3.0 - 2.0 * part));
        let center = [-0.6 + 1.2 * part, 0.75 + high * (PI * part).sin()];
        robot(center, angle)
    });
    Clip {
        frames: frames.collect(),
        scene: Scene {
            low: [-2.0, -0.25],
            high: [2.0, 2.5],
            background: vec![rectangle([-2.0, -0.25], [2.0, 0.0], Ink::Ground)],
        },
        seconds_per_frame: 1.0 / 15.0,
        description: String::new(),
    }
}

fn robot(center: [f64; 2], angle: f64) -> Vec<Shape> {
    let at = |x: f64, y: f64| {
        let (sin, cos) = angle.sin_cos();
        [center[0] + x * cos - y * sin, center[1] + x * sin + y * cos]
    };
    vec![
        Shape::Line {
            points: vec![at(0.0, 0.1), at(0.12, -0.35), at(0.0, -0.7)],
            width: 0.1,
            ink: Ink::Agent,
        },
        Shape::Polygon {
            points: vec![
                at(-0.13, 0.0),
                at(0.13, 0.0),
                at(0.13, 0.45),
                at(-0.13, 0.45),
            ],
            ink: Ink::Agent,
        },
        Shape::Circle {
            center: at(0.0, 0.58),
            radius: 0.14,
            ink: Ink::Good,
        },
    ]
}

/// Somebody walks over a square of tiles.
fn walk(number: u64) -> Clip {
    let tile = |x: u64, y: u64, ink| {
        let (x, y) = (x as f64, y as f64);
        rectangle([x + 0.04, y + 0.04], [x + 0.96, y + 0.96], ink)
    };
    let mut background: Vec<Shape> = (0..25)
        .map(|cell| tile(cell % 5, cell / 5, Ink::Ground))
        .collect();
    background.push(tile(4, 4, Ink::Goal));
    background.push(tile(2, 2, Ink::Water));
    let frames = (0..9_u64).map(|step| {
        let across = step.min(4 + number % 2).min(4);
        let (x, y) = (across as f64, (step - across).min(4) as f64);
        vec![Shape::Circle {
            center: [x + 0.5, y + 0.5],
            radius: 0.33,
            ink: Ink::Agent,
        }]
    });
    Clip {
        frames: frames.collect(),
        scene: Scene {
            low: [0.0, 0.0],
            high: [5.0, 5.0],
            background,
        },
        seconds_per_frame: 0.25,
        description: String::new(),
    }
}

fn transcript(number: u64, step: u64) -> String {
    let replies = [
        "You can freeze it, but texture suffers: cream separates when it thaws. Stir it well and use it in something cooked, where nobody will notice.",
        "Sure.",
        "Soup with cream in it can be frozen for about two months.\n\n1. Let it cool.\n2. Fill it into a box and leave two fingers of room.\n3. Thaw it in the refrigerator overnight and warm it slowly; do not let it boil.\n\nIf it looks grainy then, a blender mends it.",
    ];
    format!(
        "Human: I made too much soup with cream (pot number {number}). Can I keep it?\n\nAssistant: In the refrigerator it keeps for three days.\n\nHuman: And in the freezer?\n\nAssistant: {}",
        replies[((number + step) % 3) as usize]
    )
}

/// What would run if it were not shown as text.
fn hostile(step: u64) -> Content {
    const LINES: [&str; 3] = [
        "<script>document.title = 'owned'</script>",
        "<img src=x onerror=\"document.title = 'owned'\"><svg onload=\"document.title = 'owned'\">",
        "Human: \"><iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>\n\nAssistant: </div></main><style>*{display:none}</style>\u{202e}{{7*7}}${7*7}",
    ];
    let line = LINES[(step % 3) as usize];
    if step.is_multiple_of(2) {
        return Content::Text(line.to_owned());
    }
    let clip = hop(step);
    let writing = Shape::Text {
        at: [0.0, 1.0],
        text: line.to_owned(),
        size: 0.1,
        ink: Ink::Text,
    };
    Content::Clip(Clip {
        frames: clip
            .frames
            .into_iter()
            .map(|mut frame| {
                frame.push(writing.clone());
                frame
            })
            .collect(),
        description: line.to_owned(),
        ..clip
    })
}
