//! Pictures of the small worlds: a corridor with somebody in it, and bars.

use mdp::{Ink, Scene, Shape, rectangle};

use super::depot::{Cell, Depot, Load, Worker};

fn text(at: [f64; 2], text: impl Into<String>, size: f64) -> Shape {
    Shape::Text {
        at,
        text: text.into(),
        size,
        ink: Ink::Text,
    }
}

/// A row of cells with words below them, and room for a line above.
pub(super) fn corridor(cells: &[(Ink, &str)]) -> Scene {
    let mut background = vec![];
    for (position, (ink, words)) in cells.iter().enumerate() {
        let x = position as f64;
        background.push(rectangle([x + 0.03, 0.0], [x + 0.97, 1.0], *ink));
        background.push(text([x + 0.5, -0.25], *words, 0.24));
    }
    Scene {
        low: [-0.2, -0.6],
        high: [cells.len() as f64 + 0.2, 2.0],
        background,
    }
}

/// The corridor of a depot.
pub(super) fn depot(depot: Depot, console: &str) -> Scene {
    let cells: Vec<(Ink, &str)> = depot
        .0
        .iter()
        .map(|cell| match cell {
            Cell::Console => (Ink::Bad, console),
            Cell::Pile(Load::Apple) => (Ink::Target, "apples"),
            Cell::Pile(Load::Pear) => (Ink::Target, "pears"),
            Cell::Pile(_) => (Ink::Muted, "stones"),
            Cell::Store => (Ink::Goal, "store"),
            Cell::Floor => (Ink::Ground, ""),
        })
        .collect();
    corridor(&cells)
}

/// Somebody in a cell of a corridor.
pub(super) fn agent(position: u32) -> Shape {
    Shape::Circle {
        center: [f64::from(position) + 0.5, 0.5],
        radius: 0.28,
        ink: Ink::Agent,
    }
}

/// A worker with what it carries.
pub(super) fn worker(worker: Worker) -> Vec<Shape> {
    let mut shapes = vec![agent(worker.position)];
    let ink = match worker.load {
        Load::Nothing => return shapes,
        Load::Apple | Load::Pear => Ink::Good,
        Load::Stone => Ink::Bad,
    };
    shapes.push(Shape::Circle {
        center: [f64::from(worker.position) + 0.5, 0.82],
        radius: 0.14,
        ink,
    });
    shapes
}

/// A line above the corridor.
pub(super) fn headline(n_cells: usize, words: String) -> Shape {
    text([n_cells as f64 / 2.0, 1.55], words, 0.3)
}

/// Room for bars from 0 to 1, with words below them, and a line above.
pub(super) fn bars(words: &[&str]) -> Scene {
    let mut background = vec![];
    for (position, words) in words.iter().enumerate() {
        let x = 1.5 * position as f64;
        background.push(rectangle([x, 0.0], [x + 1.0, 1.0], Ink::Ground));
        background.push(text([x + 0.5, -0.15], *words, 0.16));
    }
    Scene {
        low: [-0.3, -0.4],
        high: [1.5 * words.len() as f64 - 0.2, 1.6],
        background,
    }
}

/// A bar from 0 to `share`.
pub(super) fn bar(position: usize, share: f64, ink: Ink) -> Shape {
    let x = 1.5 * position as f64;
    rectangle([x + 0.05, 0.0], [x + 0.95, share.clamp(0.0, 1.0)], ink)
}

/// A line above `n_bars` bars.
pub(super) fn caption(n_bars: usize, words: String) -> Shape {
    text([0.75 * n_bars as f64 - 0.25, 1.3], words, 0.16)
}
