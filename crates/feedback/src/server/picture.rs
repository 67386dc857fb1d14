//! A clip as the page draws it: whole numbers in picture coordinates, every distinct shape written once.

use std::collections::BTreeMap;

use mdp::{Scene, Shape};
use serde_json::{Value, json};

use crate::Clip;

/// The longer side of a picture, in picture units, as in the reports.
const SIDE: f64 = 4000.0;

/// How far outside the picture a coordinate may lie before it is pulled in.
const FAR: f64 = 10.0 * SIDE;

/// The clip: `width` and `height`, the `background`, the distinct `shapes`, for each of the `frames` the positions of
/// its shapes among them, the `seconds` a frame, and the designer's `description`.
pub(super) fn clip(clip: &Clip) -> Value {
    let view = View::new(&clip.scene);
    let mut shapes = Shapes::default();
    let frames: Vec<Vec<usize>> = clip
        .frames
        .iter()
        .map(|frame| {
            let drawn = frame.iter().filter(|shape| is_drawable(shape));
            drawn.map(|shape| shapes.number(shape, &view)).collect()
        })
        .collect();
    let background = clip
        .scene
        .background
        .iter()
        .filter(|shape| is_drawable(shape));
    json!({
        "kind": "clip",
        "width": view.length(view.high[0] - view.low[0]).max(1),
        "height": view.length(view.high[1] - view.low[1]).max(1),
        "background": background.map(|shape| encoded(shape, &view)).collect::<Vec<_>>(),
        "shapes": shapes.known,
        "frames": frames,
        "seconds": clip.seconds_per_frame.clamp(0.001, 10.0),
        "description": clip.description,
    })
}

/// From world coordinates, y upwards, to picture coordinates, y downwards.
struct View {
    low: [f64; 2],
    high: [f64; 2],
    scale: f64,
}

impl View {
    /// What a scene shows; the store takes no scene without extent.
    fn new(scene: &Scene) -> View {
        let longer = (scene.high[0] - scene.low[0]).max(scene.high[1] - scene.low[1]);
        View {
            low: scene.low,
            high: scene.high,
            scale: SIDE / longer,
        }
    }

    fn length(&self, world: f64) -> i64 {
        (world * self.scale).clamp(0.0, FAR).round() as i64
    }

    fn point(&self, world: [f64; 2]) -> [i64; 2] {
        let x = (world[0] - self.low[0]) * self.scale;
        let y = (self.high[1] - world[1]) * self.scale;
        [
            x.clamp(-FAR, FAR).round() as i64,
            y.clamp(-FAR, FAR).round() as i64,
        ]
    }
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

/// Whether there is enough of a shape to be drawn.
fn is_drawable(shape: &Shape) -> bool {
    match shape {
        Shape::Polygon { points, .. } => points.len() >= 3,
        Shape::Line { points, .. } => points.len() >= 2,
        Shape::Circle { .. } | Shape::Text { .. } => true,
    }
}

/// `[kind, ink, …]`: 0 polygon, 1 line with its width, 2 circle with its radius, 3 text with its size.
fn encoded(shape: &Shape, view: &View) -> Value {
    let size = |world: f64| Some(view.length(world).max(1));
    let (kind, ink, size, points, text): (_, _, _, &[[f64; 2]], _) = match shape {
        Shape::Polygon { points, ink } => (0, ink, None, points, None),
        Shape::Line { points, width, ink } => (1, ink, size(*width), points, None),
        Shape::Circle {
            center,
            radius,
            ink,
        } => (2, ink, size(*radius), std::slice::from_ref(center), None),
        Shape::Text {
            at,
            text,
            size: height,
            ink,
        } => (3, ink, size(*height), std::slice::from_ref(at), Some(text)),
    };
    let mut parts = vec![json!(kind), json!(ink.number())];
    parts.extend(size.map(|size| json!(size)));
    let coordinates = points.iter().flat_map(|point| view.point(*point));
    parts.extend(coordinates.map(|coordinate| json!(coordinate)));
    parts.extend(text.map(|text| json!(text)));
    Value::Array(parts)
}
