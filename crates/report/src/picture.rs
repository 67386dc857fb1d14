//! Shapes of a scene in picture coordinates, and as SVG.

use maud::{Markup, html};
use mdp::{Ink, Scene, Shape};

/// The longer side of a picture, in picture units: fine enough for a turning boat, short enough to write.
const SIDE: f64 = 4000.0;

/// How far outside the picture a coordinate may lie before it is pulled in.
const FAR: f64 = 10.0 * SIDE;

/// From world coordinates, y upwards, to picture coordinates, y downwards.
pub(crate) struct View {
    low: [f64; 2],
    high: [f64; 2],
    scale: f64,
}

impl View {
    /// The part of the world that a scene shows; a scene without extent shows a unit square.
    pub(crate) fn new(scene: &Scene) -> View {
        let size = [scene.high[0] - scene.low[0], scene.high[1] - scene.low[1]];
        let sound = size.iter().all(|side| side.is_finite() && *side > 0.0)
            && scene.low.iter().all(|side| side.is_finite());
        if !sound {
            return View {
                low: [0.0, 0.0],
                high: [1.0, 1.0],
                scale: SIDE,
            };
        }
        View {
            low: scene.low,
            high: scene.high,
            scale: SIDE / size[0].max(size[1]),
        }
    }

    pub(crate) fn width(&self) -> i64 {
        self.length(self.high[0] - self.low[0]).max(1)
    }

    pub(crate) fn height(&self) -> i64 {
        self.length(self.high[1] - self.low[1]).max(1)
    }

    pub(crate) fn length(&self, world: f64) -> i64 {
        (world * self.scale).clamp(0.0, FAR).round() as i64
    }

    pub(crate) fn point(&self, world: [f64; 2]) -> [i64; 2] {
        let x = (world[0] - self.low[0]) * self.scale;
        let y = (self.high[1] - world[1]) * self.scale;
        [
            x.clamp(-FAR, FAR).round() as i64,
            y.clamp(-FAR, FAR).round() as i64,
        ]
    }
}

/// What an ink stands for, for the legend; absent for mere scenery.
pub(crate) fn ink_meaning(ink: Ink) -> Option<&'static str> {
    match ink {
        Ink::Agent => Some("the policy"),
        Ink::Good => Some("welcome"),
        Ink::Bad => Some("unwelcome"),
        Ink::Goal => Some("what was meant"),
        Ink::Target => Some("what pays"),
        Ink::Wall | Ink::Ground | Ink::Water | Ink::Path | Ink::Muted | Ink::Text => None,
    }
}

/// The ink of a shape.
pub(crate) fn ink_of(shape: &Shape) -> Ink {
    match shape {
        Shape::Polygon { ink, .. }
        | Shape::Line { ink, .. }
        | Shape::Circle { ink, .. }
        | Shape::Text { ink, .. } => *ink,
    }
}

/// Whether every number of a shape is one; others are not drawn.
pub(crate) fn drawable(shape: &Shape) -> bool {
    let finite = |point: &[f64; 2]| point[0].is_finite() && point[1].is_finite();
    match shape {
        Shape::Polygon { points, .. } => points.len() >= 3 && points.iter().all(finite),
        Shape::Line { points, width, .. } => {
            points.len() >= 2 && width.is_finite() && points.iter().all(finite)
        }
        Shape::Circle { center, radius, .. } => radius.is_finite() && finite(center),
        Shape::Text { at, size, .. } => size.is_finite() && finite(at),
    }
}

/// The centre of a shape, in the world.
pub(crate) fn center(shape: &Shape) -> Option<[f64; 2]> {
    match shape {
        Shape::Polygon { points, .. } | Shape::Line { points, .. } => {
            let count = points.len() as f64;
            let sum = points.iter().fold([0.0, 0.0], |sum, point| {
                [sum[0] + point[0], sum[1] + point[1]]
            });
            (count > 0.0).then(|| [sum[0] / count, sum[1] / count])
        }
        Shape::Circle { center, .. } => Some(*center),
        Shape::Text { at, .. } => Some(*at),
    }
}

/// Shapes as SVG elements, in order.
pub(crate) fn elements(shapes: &[Shape], view: &View) -> Markup {
    html! {
        @for shape in shapes.iter().filter(|shape| drawable(shape)) {
            (element(shape, view))
        }
    }
}

fn element(shape: &Shape, view: &View) -> Markup {
    let class = Ink::name(ink_of(shape));
    match shape {
        Shape::Polygon { points, .. } => html! {
            polygon class={ "fill-" (class) } points=(coordinates(points, view)) {}
        },
        Shape::Line { points, width, .. } => html! {
            polyline class={ "stroke-" (class) } points=(coordinates(points, view)) stroke-width=(view.length(*width).max(1)) {}
        },
        Shape::Circle { center, radius, .. } => {
            let [x, y] = view.point(*center);
            html! { circle class={ "fill-" (class) } cx=(x) cy=(y) r=(view.length(*radius).max(1)) {} }
        }
        Shape::Text { at, text, size, .. } => {
            let [x, y] = view.point(*at);
            html! { text class={ "fill-" (class) } x=(x) y=(y) font-size=(view.length(*size).max(1)) { (text) } }
        }
    }
}

fn coordinates(points: &[[f64; 2]], view: &View) -> String {
    let pairs: Vec<String> = points
        .iter()
        .map(|point| {
            let [x, y] = view.point(*point);
            format!("{x},{y}")
        })
        .collect();
    pairs.join(" ")
}
