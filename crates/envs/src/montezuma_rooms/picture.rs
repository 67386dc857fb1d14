//! The rooms as a picture: floors and ladders, the door, the hook; then the key, the skull and the agent.

use mdp::{Ink, Scene, Shape, rectangle};

use super::rooms::{Cell, DOOR, HOOK, MAP, cells, is_ladder};
use super::{RoomsState, SKULL_ROW};

const N_COLUMNS: usize = 17;
const N_ROWS: usize = 8;

fn middle(cell: Cell) -> [f64; 2] {
    [cell.0 as f64 + 0.5, (N_ROWS - cell.1) as f64 - 0.5]
}

/// A rectangle around the middle of a cell, moved by `shift`.
fn block(cell: Cell, shift: [f64; 2], half: [f64; 2], ink: Ink) -> Shape {
    let [x, y] = middle(cell);
    let (x, y) = (x + shift[0], y + shift[1]);
    rectangle([x - half[0], y - half[1]], [x + half[0], y + half[1]], ink)
}

fn line(from: [f64; 2], to: [f64; 2], width: f64, ink: Ink) -> Shape {
    Shape::Line {
        points: vec![from, to],
        width,
        ink,
    }
}

fn ladder(cell: Cell) -> [Shape; 4] {
    let [x, y] = middle(cell);
    let rail = |side: f64| line([x + side, y - 0.5], [x + side, y + 0.5], 0.07, Ink::Path);
    let rung = |height: f64| {
        line(
            [x - 0.25, y + height],
            [x + 0.25, y + height],
            0.07,
            Ink::Path,
        )
    };
    [rail(-0.25), rail(0.25), rung(-0.25), rung(0.25)]
}

/// What is over a floor: an archway leaves the lower part of the wall open.
fn archway(cell: Cell) -> Shape {
    block(cell, [0.0, 0.36], [0.18, 0.14], Ink::Wall)
}

/// A ring, a shank and a bit.
fn key(at: [f64; 2]) -> [Shape; 3] {
    let [x, y] = at;
    [
        Shape::Circle {
            center: [x - 0.14, y],
            radius: 0.12,
            ink: Ink::Target,
        },
        line([x - 0.08, y], [x + 0.24, y], 0.08, Ink::Target),
        line([x + 0.2, y], [x + 0.2, y - 0.14], 0.08, Ink::Target),
    ]
}

pub(super) fn scene() -> Scene {
    let [width, height] = [N_COLUMNS as f64, N_ROWS as f64];
    let mut background = vec![rectangle([0.0, 0.0], [width, height], Ink::Wall)];
    for cell in cells() {
        background.push(block(cell, [0.0, 0.0], [0.5, 0.5], Ink::Ground));
    }
    for (row, characters) in MAP.iter().enumerate() {
        for (column, character) in characters.chars().enumerate() {
            if character == '+' {
                background.push(archway((column, row)));
            }
        }
    }
    background.extend(cells().filter(|cell| is_ladder(*cell)).flat_map(ladder));
    background.push(block(DOOR, [0.0, 0.0], [0.3, 0.46], Ink::Goal));
    background.push(block(HOOK, [0.0, 0.36], [0.06, 0.1], Ink::Muted));
    Scene {
        low: [0.0, 0.0],
        high: [width, height],
        background,
    }
}

pub(super) fn draw(state: &RoomsState) -> Vec<Shape> {
    let mut shapes = vec![];
    if !state.has_key {
        let [x, y] = middle(HOOK);
        shapes.extend(key([x, y + 0.2]));
    }
    shapes.extend(skull((state.skull_column(), SKULL_ROW)));
    let ink = if state.dead { Ink::Muted } else { Ink::Agent };
    let agent = (state.column, state.row);
    let [x, y] = middle(agent);
    shapes.push(block(agent, [0.0, -0.16], [0.16, 0.3], ink));
    shapes.push(Shape::Circle {
        center: [x, y + 0.26],
        radius: 0.15,
        ink,
    });
    if state.has_key {
        shapes.extend(key([x + 0.2, y - 0.05]));
    }
    shapes
}

/// A head with a jaw and two eyes.
fn skull(cell: Cell) -> Vec<Shape> {
    let [x, y] = middle(cell);
    let eye = |side: f64| Shape::Circle {
        center: [x + side, y],
        radius: 0.07,
        ink: Ink::Wall,
    };
    vec![
        block(cell, [0.0, -0.3], [0.16, 0.12], Ink::Bad),
        Shape::Circle {
            center: [x, y - 0.02],
            radius: 0.3,
            ink: Ink::Bad,
        },
        eye(-0.12),
        eye(0.12),
    ]
}
