//! Grids with doors, keys and gems, and towers of letter blocks, as pictures.

use mdp::{Ink, Scene, Shape, rectangle};

use crate::toy_text::picture::Board;

/// Floor and walls, row by row from the top.
pub(super) fn grid(n_columns: usize, n_rows: usize, walls: &[bool]) -> Scene {
    let board = Board { n_columns, n_rows };
    let high = [n_columns as f64, n_rows as f64];
    let mut background = vec![rectangle([0.0, 0.0], high, Ink::Ground)];
    let cells = walls.iter().enumerate().filter(|(_, is_wall)| **is_wall);
    background.extend(
        cells.map(|(cell, _)| board.cell(cell % n_columns, cell / n_columns, 0.0, Ink::Wall)),
    );
    Scene {
        low: [0.0, 0.0],
        high,
        background,
    }
}

/// Locked doors, items that lie (keys, and gems with whether they are wanted), and the agent.
pub(super) fn gems(
    (n_columns, n_rows): (usize, usize),
    agent: (usize, usize),
    doors: impl Iterator<Item = (usize, usize)>,
    items: impl Iterator<Item = ((usize, usize), Option<bool>)>,
) -> Vec<Shape> {
    let board = Board { n_columns, n_rows };
    let mut shapes: Vec<Shape> = doors
        .map(|(column, row)| board.cell(column, row, 0.1, Ink::Bad))
        .collect();
    shapes.extend(items.map(|((column, row), gem)| {
        let ink = match gem {
            None => Ink::Target,
            Some(true) => Ink::Goal,
            Some(false) => Ink::Muted,
        };
        let radius = if gem.is_none() { 0.15 } else { 0.25 };
        board.disc(column, row, radius, ink)
    }));
    shapes.push(board.disc(agent.0, agent.1, 0.35, Ink::Agent));
    shapes
}

/// A table with room for each block to stand alone, and for all of them on top of each other.
pub(super) fn table(n_blocks: usize) -> Scene {
    let high = [n_blocks as f64, n_blocks as f64 + 2.0];
    Scene {
        low: [0.0, -0.2],
        high,
        background: vec![rectangle([0.0, -0.2], [high[0], 0.0], Ink::Wall)],
    }
}

/// Towers from left to right, and the held block above them.
pub(super) fn blocks(
    letters: &[char],
    towers: &[Vec<usize>],
    held: Option<usize>,
    is_wanted: impl Fn(usize) -> bool,
) -> Vec<Shape> {
    let mut shapes = vec![];
    let mut push = |block: usize, x: f64, y: f64| {
        let ink = if is_wanted(block) {
            Ink::Goal
        } else {
            Ink::Muted
        };
        shapes.push(rectangle([x + 0.05, y + 0.02], [x + 0.95, y + 0.98], ink));
        shapes.push(Shape::Text {
            at: [x + 0.5, y + 0.5],
            text: letters[block].to_string(),
            size: 0.6,
            ink: Ink::Text,
        });
    };
    for (column, tower) in towers.iter().enumerate() {
        for (height, block) in tower.iter().enumerate() {
            push(*block, column as f64, height as f64);
        }
    }
    if let Some(block) = held {
        push(block, 0.0, letters.len() as f64 + 0.9);
    }
    shapes
}
