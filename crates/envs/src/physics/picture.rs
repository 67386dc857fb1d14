//! Pictures of planar robots.

use mdp::{Ink, Scene, Shape, rectangle};

/// Metres between marks on the ground.
const MARK: f64 = 0.5;

/// A capsule as shapes: a broad line with round ends.
pub(crate) fn capsule([a, b]: [[f64; 2]; 2], radius: f64, ink: Ink) -> [Shape; 3] {
    let end = |center| Shape::Circle {
        center,
        radius,
        ink,
    };
    let line = Shape::Line {
        points: vec![a, b],
        width: 2.0 * radius,
        ink,
    };
    [line, end(a), end(b)]
}

/// A window `width` metres wide that follows the robot, so that what is drawn stands at `x - at` with `at` the robot's
/// place. The ground is the same everywhere; [`marks`] show how it passes.
pub(crate) fn ground_scene(width: f64, height: f64) -> Scene {
    let half = width / 2.0;
    Scene {
        low: [-half, -0.3],
        high: [half, height],
        background: vec![rectangle([-half, -0.3], [half, 0.0], Ink::Ground)],
    }
}

/// Marks on the ground every half metre, as a window sees them whose middle is at `at`; every tenth is broad.
pub(crate) fn marks(width: f64, at: f64) -> Vec<Shape> {
    let first = ((at - width / 2.0) / MARK).ceil() as i64;
    let last = ((at + width / 2.0) / MARK).floor() as i64;
    let mark = |number: i64| {
        let x = number as f64 * MARK - at;
        let half = if number % 10 == 0 { 0.04 } else { 0.01 };
        rectangle([x - half, -0.12], [x + half, 0.0], Ink::Path)
    };
    (first..=last).map(mark).collect()
}
