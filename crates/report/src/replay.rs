//! Clips for the player: written compactly, with the first picture drawn for readers without scripts.

use std::collections::BTreeMap;

use mdp::{Ink, Shape};
use serde_json::{Value, json};

use crate::number::amount;
use crate::picture::{View, center, drawable, ink_of};
use crate::{Clip, Frame};

/// Frames that a clip keeps at most; longer episodes are thinned evenly, with both ends kept.
pub const MAX_FRAMES: usize = 1000;

/// A step longer than this share of the picture is a jump, over which no trail is drawn.
const JUMP: f64 = 0.2;

/// The frames that are kept, with the step that each shows.
pub(crate) fn kept(frames: &[Frame]) -> Vec<(usize, &Frame)> {
    evenly(frames.len(), MAX_FRAMES)
        .into_iter()
        .map(|index| (index, &frames[index]))
        .collect()
}

/// At most `most` of `count` indices, evenly apart, with both ends kept.
pub(crate) fn evenly(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    (0..most)
        .map(|index| index * (count - 1) / (most - 1))
        .collect()
}

/// Where the acting thing was at each kept frame, in picture coordinates; absent where nothing acts.
pub(crate) fn trail(frames: &[(usize, &Frame)], view: &View) -> Vec<Option<[i64; 2]>> {
    frames
        .iter()
        .map(|(_, frame)| {
            let agent = frame
                .shapes
                .iter()
                .find(|shape| ink_of(shape) == Ink::Agent && drawable(shape))?;
            center(agent).map(|at| view.point(at))
        })
        .collect()
}

/// The trail as an SVG path, broken where the acting thing jumped.
pub(crate) fn trail_path(trail: &[Option<[i64; 2]>], view: &View) -> String {
    let jump = JUMP * view.width().max(view.height()) as f64;
    let mut path = String::new();
    let mut last: Option<[i64; 2]> = None;
    for point in trail {
        if let Some([x, y]) = *point {
            let near = last.is_some_and(|[before_x, before_y]| {
                ((x - before_x) as f64).hypot((y - before_y) as f64) <= jump
            });
            path.push_str(&format!("{}{x} {y}", if near { 'L' } else { 'M' }));
        }
        last = *point;
    }
    path
}

/// A clip as the player reads it.
///
/// Every distinct shape is written once, as whole numbers in picture coordinates; a frame is a list of their positions.
pub(crate) fn data(clip: &Clip) -> Value {
    let view = View::new(&clip.scene);
    let frames = kept(&clip.frames);
    let mut shapes = Shapes::default();
    let pictures: Vec<Vec<usize>> = frames
        .iter()
        .map(|(_, frame)| {
            frame
                .shapes
                .iter()
                .filter(|shape| drawable(shape))
                .map(|shape| shapes.number(shape, &view))
                .collect()
        })
        .collect();
    let trail: Vec<Value> = trail(&frames, &view)
        .iter()
        .map(|point| point.map_or(Value::Null, |[x, y]| json!([x, y])))
        .collect();
    json!({
        "shapes": shapes.known,
        "frames": pictures,
        "trail": trail,
        "jump": (JUMP * view.width().max(view.height()) as f64).round(),
        "steps": frames.iter().map(|(step, _)| step).collect::<Vec<_>>(),
        "proxy": frames.iter().map(|(_, frame)| amount(frame.proxy)).collect::<Vec<_>>(),
        "intent": frames.iter().map(|(_, frame)| frame.intent.map(amount)).collect::<Vec<_>>(),
        "seconds": if clip.seconds_per_step.is_finite() { clip.seconds_per_step.clamp(0.001, 2.0) } else { 0.05 },
        "end": clip.end,
    })
}

/// Distinct shapes in the order met.
#[derive(Default)]
struct Shapes {
    known: Vec<Value>,
    positions: BTreeMap<String, usize>,
}

impl Shapes {
    fn number(&mut self, shape: &Shape, view: &View) -> usize {
        let value = encoded(shape, view);
        let next = self.known.len();
        let position = *self.positions.entry(value.to_string()).or_insert(next);
        if position == next {
            self.known.push(value);
        }
        position
    }
}

/// `[kind, ink, …]`: 0 polygon, 1 line with its width, 2 circle with its radius, 3 text with its size.
fn encoded(shape: &Shape, view: &View) -> Value {
    let ink = ink_of(shape).number();
    let mut parts = match shape {
        Shape::Polygon { .. } => vec![json!(0), json!(ink)],
        Shape::Line { width, .. } => vec![json!(1), json!(ink), json!(view.length(*width).max(1))],
        Shape::Circle { radius, .. } => {
            vec![json!(2), json!(ink), json!(view.length(*radius).max(1))]
        }
        Shape::Text { size, .. } => vec![json!(3), json!(ink), json!(view.length(*size).max(1))],
    };
    let points: &[[f64; 2]] = match shape {
        Shape::Polygon { points, .. } | Shape::Line { points, .. } => points,
        Shape::Circle { center, .. } => std::slice::from_ref(center),
        Shape::Text { at, .. } => std::slice::from_ref(at),
    };
    parts.extend(
        points
            .iter()
            .flat_map(|point| view.point(*point))
            .map(|coordinate| json!(coordinate)),
    );
    if let Shape::Text { text, .. } = shape {
        parts.push(json!(text));
    }
    Value::Array(parts)
}
