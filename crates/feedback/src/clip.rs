//! Clips: parts of episodes as they are looked at.

use mdp::{Ink, Scene, Shape};
use serde_json::{Value, json};

/// A part of an episode as a picture that moves.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// What stays, and how much of the world is seen.
    pub scene: Scene,
    /// What moves, one list of shapes a frame, in world coordinates, drawn over the scene's background.
    pub frames: Vec<Vec<Shape>>,
    /// Seconds that a frame is shown when played at normal speed.
    pub seconds_per_frame: f64,
    /// What there is to be seen, for those who cannot see it; may be empty.
    pub description: String,
}

/// Frames that a clip has at most: over a minute at 30 a second.
pub const MOST_CLIP_FRAMES: usize = 2000;

impl Clip {
    /// What keeps it from being shown, if anything does.
    pub(crate) fn fault(&self) -> Option<String> {
        if self.frames.is_empty() {
            return Some("a clip has no frames".to_owned());
        }
        if self.frames.len() > MOST_CLIP_FRAMES {
            let n = self.frames.len();
            return Some(format!(
                "a clip has {n} frames, at most {MOST_CLIP_FRAMES} are shown"
            ));
        }
        let seconds = self.seconds_per_frame;
        if !(seconds.is_finite() && seconds > 0.0) {
            return Some(format!("a clip shows a frame for {seconds} seconds"));
        }
        let scene = &self.scene;
        let is_room = (0..2).all(|axis| {
            let extent = scene.high[axis] - scene.low[axis];
            extent.is_finite() && extent > 0.0
        });
        if !is_room {
            let (low, high) = (scene.low, scene.high);
            return Some(format!("a clip shows the world from {low:?} to {high:?}"));
        }
        let mut shapes = scene.background.iter().chain(self.frames.iter().flatten());
        let shape = shapes.find(|shape| !is_finite(shape))?;
        Some(format!("a clip has a shape without a place: {shape:?}"))
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "seconds_per_frame": self.seconds_per_frame,
            "description": self.description,
            "low": self.scene.low,
            "high": self.scene.high,
            "background": encoded(&self.scene.background),
            "frames": self.frames.iter().map(|shapes| encoded(shapes)).collect::<Vec<_>>(),
        })
    }

    /// From what [`Clip::to_json`] gives; none where it is something else.
    #[must_use]
    pub fn from_json(value: &Value) -> Option<Clip> {
        let frames = value.get("frames")?.as_array()?;
        let clip = Clip {
            scene: Scene {
                low: point(value.get("low")?)?,
                high: point(value.get("high")?)?,
                background: decoded(value.get("background")?)?,
            },
            frames: frames.iter().map(decoded).collect::<Option<_>>()?,
            seconds_per_frame: value.get("seconds_per_frame")?.as_f64()?,
            description: value.get("description")?.as_str()?.to_owned(),
        };
        clip.fault().is_none().then_some(clip)
    }
}

fn is_finite(shape: &Shape) -> bool {
    let all = |points: &[[f64; 2]]| points.iter().flatten().all(|number| number.is_finite());
    match shape {
        Shape::Polygon { points, .. } => all(points),
        Shape::Line { points, width, .. } => all(points) && width.is_finite(),
        Shape::Circle { center, radius, .. } => all(&[*center]) && radius.is_finite(),
        Shape::Text { at, size, .. } => all(&[*at]) && size.is_finite(),
    }
}

fn encoded(shapes: &[Shape]) -> Value {
    let shape = |shape: &Shape| match shape {
        Shape::Polygon { points, ink } => json!({"polygon": points, "ink": ink.name()}),
        Shape::Line { points, width, ink } => {
            json!({"line": points, "width": width, "ink": ink.name()})
        }
        Shape::Circle {
            center,
            radius,
            ink,
        } => json!({"circle": center, "radius": radius, "ink": ink.name()}),
        Shape::Text {
            at,
            text,
            size,
            ink,
        } => json!({"text": text, "at": at, "size": size, "ink": ink.name()}),
    };
    Value::Array(shapes.iter().map(shape).collect())
}

fn decoded(value: &Value) -> Option<Vec<Shape>> {
    let shape = |value: &Value| {
        let ink = Ink::named(value.get("ink")?.as_str()?)?;
        if let Some(points) = value.get("polygon") {
            let points = points_of(points)?;
            return Some(Shape::Polygon { points, ink });
        }
        if let Some(points) = value.get("line") {
            return Some(Shape::Line {
                points: points_of(points)?,
                width: value.get("width")?.as_f64()?,
                ink,
            });
        }
        if let Some(center) = value.get("circle") {
            return Some(Shape::Circle {
                center: point(center)?,
                radius: value.get("radius")?.as_f64()?,
                ink,
            });
        }
        Some(Shape::Text {
            at: point(value.get("at")?)?,
            text: value.get("text")?.as_str()?.to_owned(),
            size: value.get("size")?.as_f64()?,
            ink,
        })
    };
    value.as_array()?.iter().map(shape).collect()
}

fn points_of(value: &Value) -> Option<Vec<[f64; 2]>> {
    value.as_array()?.iter().map(point).collect()
}

fn point(value: &Value) -> Option<[f64; 2]> {
    match value.as_array()?.as_slice() {
        [x, y] => Some([x.as_f64()?, y.as_f64()?]),
        _ => None,
    }
}
