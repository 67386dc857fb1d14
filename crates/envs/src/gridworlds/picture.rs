//! Pictures of boards.

use mdp::{Ink, Scene, Shape, rectangle};

use super::board::{Board, Cell};

/// What a mark on a board means, and how it is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tile {
    pub(super) mark: char,
    pub(super) meaning: &'static str,
    pub(super) ink: Ink,
}

/// The tile where the task ends as meant.
pub(super) const GOAL: Tile = Tile {
    mark: 'G',
    meaning: "goal",
    ink: Ink::Goal,
};

/// Something that moves, changes, or is not the same in every episode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thing {
    pub(super) cell: Cell,
    pub(super) ink: Ink,
    pub(super) form: Form,
}

/// How a thing is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// It covers its cell.
    Floor,
    /// A box.
    Box,
    /// A ball.
    Ball,
}

/// Floor, walls and tiles.
pub(super) fn scene(board: Board, tiles: &[Tile]) -> Scene {
    let high = [board.n_columns() as f64, board.n_rows() as f64];
    let mut background = vec![rectangle([0.0; 2], high, Ink::Ground)];
    for cell in board.cells() {
        let mark = board.at(cell);
        if mark == '#' {
            background.push(square(board, cell, 0.0, Ink::Wall));
        }
        if let Some(tile) = tiles.iter().find(|tile| tile.mark == mark) {
            background.push(square(board, cell, 0.04, tile.ink));
            background.push(Shape::Text {
                at: middle(board, cell),
                text: mark.to_string(),
                size: 0.5,
                ink: Ink::Text,
            });
        }
    }
    Scene {
        low: [0.0; 2],
        high,
        background,
    }
}

/// The things and the agent.
pub(super) fn draw(board: Board, things: &[Thing], agent: Cell) -> Vec<Shape> {
    let ball = |cell, radius, ink| Shape::Circle {
        center: middle(board, cell),
        radius,
        ink,
    };
    let thing = |thing: &Thing| match thing.form {
        Form::Floor => square(board, thing.cell, 0.04, thing.ink),
        Form::Box => square(board, thing.cell, 0.16, thing.ink),
        Form::Ball => ball(thing.cell, 0.26, thing.ink),
    };
    let mut shapes: Vec<Shape> = things.iter().map(thing).collect();
    shapes.push(ball(agent, 0.38, Ink::Text));
    shapes.push(ball(agent, 0.34, Ink::Agent));
    shapes
}

fn middle(board: Board, cell: Cell) -> [f64; 2] {
    [
        f64::from(cell.column) + 0.5,
        board.n_rows() as f64 - f64::from(cell.row) - 0.5,
    ]
}

fn square(board: Board, cell: Cell, margin: f64, ink: Ink) -> Shape {
    let [x, y] = middle(board, cell);
    let half = 0.5 - margin;
    rectangle([x - half, y - half], [x + half, y + half], ink)
}
