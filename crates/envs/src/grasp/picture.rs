//! The pictures of the cameras, as annotators see them: outlines where the camera has them, what is nearer over what it
//! hides, and no shadow, for light comes from everywhere.

use mdp::{Ink, Scene, Shape, rectangle};

use super::camera::{ABOVE, BESIDE, Camera};
use super::{
    BALL, Cameras, Drawn, FINGER, Grasp, GraspState, KNUCKLE, PALM_HEIGHT, PALM_LENGTH, PALM_WIDTH,
    TABLE, TIP,
};

/// The picture from above reaches so far to each side of its middle; that from beside as far to the sides, and from a
/// little under the table's top as high as the other.
const HALF: f64 = 0.38;
const UNDER: f64 = 0.06;
/// Room between the two, and over each for its name.
const BETWEEN: f64 = 0.05;
const HEAD: f64 = 0.06;

/// A part of the drawing that shows what one camera sees.
struct Frame {
    camera: Camera,
    title: &'static str,
    low: [f64; 2],
    high: [f64; 2],
    /// Where the middle of the camera's picture lies in the drawing.
    middle: [f64; 2],
}

fn frames(grasp: &Grasp) -> Vec<Frame> {
    let above = Frame {
        camera: ABOVE,
        title: "from above",
        low: [-HALF, -HALF],
        high: [HALF, HALF],
        middle: [0.0, 0.0],
    };
    let left = HALF + BETWEEN;
    let beside = |title| Frame {
        camera: BESIDE,
        title,
        low: [left, -HALF],
        high: [left + 2.0 * HALF, HALF],
        middle: [left + HALF, UNDER - HALF],
    };
    match (grasp.cameras, grasp.drawn) {
        (Cameras::Two, _) => vec![above, beside("from beside")],
        (Cameras::One, Drawn::Both) => vec![above, beside("from beside, not judged")],
        (Cameras::One, Drawn::Judged) => vec![above],
    }
}

pub(super) fn scene(grasp: &Grasp) -> Scene {
    let frames = frames(grasp);
    let right = frames.last().expect("at least one").high[0];
    let mut background = vec![];
    for frame in &frames {
        background.push(rectangle(frame.low, frame.high, Ink::Water));
        background.push(frame.table());
        background.push(Shape::Text {
            at: [frame.middle[0], frame.high[1] + 0.5 * HEAD],
            text: frame.title.to_owned(),
            size: 0.6 * HEAD,
            ink: Ink::Text,
        });
    }
    Scene {
        low: [-HALF, -HALF],
        high: [right, HALF + HEAD],
        background,
    }
}

pub(super) fn draw(grasp: &Grasp, state: &GraspState) -> Vec<Shape> {
    let frames = frames(grasp);
    frames.iter().flat_map(|frame| frame.draw(state)).collect()
}

impl Frame {
    fn table(&self) -> Shape {
        if self.camera == BESIDE {
            let line = self.middle[1];
            return rectangle(self.low, [self.high[0], line], Ink::Ground);
        }
        self.outline(([-TABLE, -TABLE, 0.0], [TABLE, TABLE, 0.0]), Ink::Ground)
    }

    /// What is furthest first.
    fn draw(&self, state: &GraspState) -> Vec<Shape> {
        let [x, y, z] = state.hand;
        let finger = |side: f64| {
            let middle = x + side * (state.opening + FINGER);
            let low = [middle - FINGER, y + KNUCKLE, z - FINGER];
            (low, [middle + FINGER, y + TIP, z + FINGER])
        };
        let back = y + KNUCKLE - PALM_LENGTH;
        let palm = (
            [x - PALM_WIDTH, back, z - PALM_HEIGHT],
            [x + PALM_WIDTH, y + KNUCKLE, z + PALM_HEIGHT],
        );
        let arm = (
            [x - 1.5 * PALM_HEIGHT, -1.0, z - PALM_HEIGHT],
            [x + 1.5 * PALM_HEIGHT, back, z + PALM_HEIGHT],
        );
        let mut parts: Vec<(f64, Shape)> = [
            (arm, Ink::Muted),
            (palm, Ink::Muted),
            (finger(-1.0), Ink::Agent),
            (finger(1.0), Ink::Agent),
        ]
        .into_iter()
        .map(|(part, ink)| (self.nearness(middle_of(part)), self.outline(part, ink)))
        .collect();
        parts.push((self.nearness(state.ball), self.ball(state)));
        parts.sort_by(|a, b| a.0.total_cmp(&b.0));
        parts.into_iter().map(|(_, shape)| shape).collect()
    }

    fn nearness(&self, point: [f64; 3]) -> f64 {
        self.camera.see(point).scale
    }

    fn ball(&self, state: &GraspState) -> Shape {
        let seen = self.camera.see(state.ball);
        Shape::Circle {
            center: [self.middle[0] + seen.at[0], self.middle[1] + seen.at[1]],
            radius: seen.scale * BALL,
            ink: Ink::Target,
        }
    }

    /// The outline of a box, as far away as its middle, cut at the borders of the picture.
    fn outline(&self, part: ([f64; 3], [f64; 3]), ink: Ink) -> Shape {
        let middle = middle_of(part);
        let corner = |point: [f64; 3]| {
            let mut flat = point;
            // The axis along which the camera looks.
            let depth = if self.camera == ABOVE { 2 } else { 0 };
            flat[depth] = middle[depth];
            let seen = self.camera.see(flat).at;
            [0, 1]
                .map(|axis| (self.middle[axis] + seen[axis]).clamp(self.low[axis], self.high[axis]))
        };
        rectangle(corner(part.0), corner(part.1), ink)
    }
}

fn middle_of((low, high): ([f64; 3], [f64; 3])) -> [f64; 3] {
    [0, 1, 2].map(|axis| 0.5 * (low[axis] + high[axis]))
}
