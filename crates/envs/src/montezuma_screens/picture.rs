//! All six screens as one picture: ground, ladders and the rope; then what can be taken, the skulls and the agent.

use mdp::{Ink, Scene, Shape, rectangle};

use super::ScreensState;
use super::world::{
    Cell, DOOR, ITEMS, KEY, N_COLUMNS, N_ROWS, SCREEN, SCREENS, SKULLS, TREASURE, Tile, tile,
};

fn middle(cell: Cell) -> [f64; 2] {
    [cell.0 as f64 + 0.5, N_ROWS as f64 - cell.1 as f64 - 0.5]
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

fn ladder(cell: Cell) -> Vec<Shape> {
    let [x, y] = middle(cell);
    let rail = |side: f64| line([x + side, y - 0.5], [x + side, y + 0.5], 0.1, Ink::Path);
    let rung = line([x - 0.3, y], [x + 0.3, y], 0.1, Ink::Path);
    vec![rail(-0.3), rail(0.3), rung]
}

pub(super) fn scene() -> Scene {
    let [width, height] = [N_COLUMNS as f64, N_ROWS as f64];
    let mut background = vec![rectangle([0.0, 0.0], [width, height], Ink::Wall)];
    let cells = (0..N_ROWS).flat_map(|row| (0..N_COLUMNS).map(move |column| (column, row)));
    for cell in cells {
        let [x, y] = middle(cell);
        if tile(cell.0, cell.1) != Tile::Ground {
            background.push(block(cell, [0.0, 0.0], [0.5, 0.5], Ink::Ground));
        }
        match tile(cell.0, cell.1) {
            Tile::Ladder => background.extend(ladder(cell)),
            Tile::Rope => background.push(line([x, y - 0.5], [x, y + 0.5], 0.15, Ink::Path)),
            Tile::Air | Tile::Ground | Tile::Door => {}
        }
    }
    let thin = |from, to| line(from, to, 0.06, Ink::Muted);
    for screen in 1..SCREENS.0 {
        let x = (screen * SCREEN.0) as f64;
        background.push(thin([x, 0.0], [x, height]));
    }
    for screen in 1..SCREENS.1 {
        let y = height - (screen * SCREEN.1) as f64;
        background.push(thin([0.0, y], [width, y]));
    }
    background.push(block(TREASURE, [0.0, -0.1], [0.4, 0.4], Ink::Goal));
    Scene {
        low: [0.0, 0.0],
        high: [width, height],
        background,
    }
}

pub(super) fn draw(state: &ScreensState) -> Vec<Shape> {
    let mut shapes = vec![];
    if !state.is_open {
        shapes.push(block(DOOR, [0.0, 0.0], [0.2, 0.5], Ink::Muted));
    }
    for (item, cell) in ITEMS.iter().enumerate() {
        if !state.taken[item] {
            shapes.extend(if item == KEY {
                key(middle(*cell))
            } else {
                jewel(middle(*cell))
            });
        }
    }
    for (skull, phase) in SKULLS.iter().zip(state.phases) {
        shapes.push(Shape::Circle {
            center: middle((skull.column(phase), skull.row)),
            radius: 0.4,
            ink: Ink::Bad,
        });
    }
    let ink = if state.dead { Ink::Muted } else { Ink::Agent };
    let [x, y] = middle(state.cell());
    shapes.push(block(state.cell(), [0.0, -0.2], [0.22, 0.3], ink));
    shapes.push(Shape::Circle {
        center: [x, y + 0.25],
        radius: 0.22,
        ink,
    });
    if state.has_key() {
        shapes.extend(key([x + 0.3, y]));
    }
    shapes
}

/// A ring and a shank.
fn key([x, y]: [f64; 2]) -> Vec<Shape> {
    vec![
        Shape::Circle {
            center: [x - 0.2, y],
            radius: 0.18,
            ink: Ink::Target,
        },
        line([x - 0.1, y], [x + 0.35, y], 0.12, Ink::Target),
    ]
}

fn jewel([x, y]: [f64; 2]) -> Vec<Shape> {
    let points = vec![[x - 0.3, y], [x, y + 0.35], [x + 0.3, y], [x, y - 0.35]];
    vec![Shape::Polygon {
        points,
        ink: Ink::Target,
    }]
}
