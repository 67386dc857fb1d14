//! A situation as characters, for terminals, and as numbers, for the page.

use mdp::{Ink, Scene, Shape};
use serde_json::{Value, json};

/// Characters in a row of a picture.
const WIDTH: usize = 64;
/// The most rows of a picture.
const MOST_ROWS: usize = 28;
/// A character of a terminal is about twice as high as it is wide.
const ASPECT: f64 = 2.0;

/// Draws shapes as lines of characters: those that come later cover those before.
pub(super) fn draw(scene: &Scene, shapes: &[Shape]) -> Vec<String> {
    let (width, height) = (scene.high[0] - scene.low[0], scene.high[1] - scene.low[1]);
    if !(width > 0.0 && height > 0.0) {
        return vec![];
    }
    let n_rows = (WIDTH as f64 * height / width / ASPECT)
        .round()
        .clamp(1.0, MOST_ROWS as f64) as usize;
    let mut grid = Grid {
        scene,
        n_rows,
        cells: vec![vec![' '; WIDTH]; n_rows],
    };
    for shape in scene.background.iter().chain(shapes) {
        grid.draw(shape);
    }
    let rows = grid
        .cells
        .iter()
        .map(|row| row.iter().collect::<String>().trim_end().to_owned());
    rows.collect()
}

struct Grid<'s> {
    scene: &'s Scene,
    n_rows: usize,
    cells: Vec<Vec<char>>,
}

impl Grid<'_> {
    fn draw(&mut self, shape: &Shape) {
        match shape {
            Shape::Polygon { points, ink } => self.fill(letter(*ink), |at| is_inside(points, at)),
            Shape::Circle {
                center,
                radius,
                ink,
            } => {
                self.fill(letter(*ink), |at| {
                    (at[0] - center[0]).hypot(at[1] - center[1]) <= *radius
                });
                self.put(*center, letter(*ink));
            }
            Shape::Line { points, ink, .. } => {
                for pair in points.windows(2) {
                    for part in 0..=WIDTH {
                        let share = part as f64 / WIDTH as f64;
                        let along =
                            |axis: usize| pair[0][axis] + share * (pair[1][axis] - pair[0][axis]);
                        self.put([along(0), along(1)], letter(*ink));
                    }
                }
            }
            Shape::Text { at, text, .. } => {
                let step = (self.scene.high[0] - self.scene.low[0]) / WIDTH as f64;
                let n = text.chars().count() as f64;
                for (index, character) in text.chars().enumerate() {
                    self.put(
                        [at[0] + (index as f64 - (n - 1.0) / 2.0) * step, at[1]],
                        character,
                    );
                }
            }
        }
    }

    /// The middle of a cell, in the world.
    fn middle(&self, row: usize, column: usize) -> [f64; 2] {
        let along = |axis: usize, share: f64| {
            self.scene.low[axis] + share * (self.scene.high[axis] - self.scene.low[axis])
        };
        let down = (row as f64 + 0.5) / self.n_rows as f64;
        [
            along(0, (column as f64 + 0.5) / WIDTH as f64),
            along(1, 1.0 - down),
        ]
    }

    fn fill(&mut self, letter: char, is_filled: impl Fn([f64; 2]) -> bool) {
        for row in 0..self.n_rows {
            for column in 0..WIDTH {
                if is_filled(self.middle(row, column)) {
                    self.cells[row][column] = letter;
                }
            }
        }
    }

    fn put(&mut self, at: [f64; 2], letter: char) {
        let share = |axis: usize| {
            (at[axis] - self.scene.low[axis]) / (self.scene.high[axis] - self.scene.low[axis])
        };
        let (column, row) = (
            share(0) * WIDTH as f64,
            (1.0 - share(1)) * self.n_rows as f64,
        );
        if (0.0..WIDTH as f64).contains(&column) && (0.0..self.n_rows as f64).contains(&row) {
            self.cells[row as usize][column as usize] = letter;
        }
    }
}

fn is_inside(points: &[[f64; 2]], at: [f64; 2]) -> bool {
    let mut inside = false;
    for (index, a) in points.iter().enumerate() {
        let b = points[(index + 1) % points.len()];
        let is_between = (a[1] > at[1]) != (b[1] > at[1]);
        if is_between && at[0] < a[0] + (at[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            inside = !inside;
        }
    }
    inside
}

fn letter(ink: Ink) -> char {
    match ink {
        Ink::Agent => '@',
        Ink::Good => '+',
        Ink::Bad => 'x',
        Ink::Goal => 'G',
        Ink::Target => '$',
        Ink::Wall => '#',
        Ink::Ground => '.',
        Ink::Water => '~',
        Ink::Path => ':',
        Ink::Muted => ',',
        Ink::Text => '*',
    }
}

/// What the letters stand for.
pub(super) const LEGEND: &str = "@ you, G goal, $ pays, + good, x bad, # wall, ~ water, : path";

/// Shapes for the page to draw.
pub(super) fn to_json(shapes: &[Shape]) -> Value {
    shapes.iter().map(shape_to_json).collect()
}

fn shape_to_json(shape: &Shape) -> Value {
    match shape {
        Shape::Polygon { points, ink } => {
            json!({ "kind": "polygon", "points": points, "ink": word(*ink) })
        }
        Shape::Line { points, width, ink } => {
            json!({ "kind": "line", "points": points, "width": width, "ink": word(*ink) })
        }
        Shape::Circle {
            center,
            radius,
            ink,
        } => {
            json!({ "kind": "circle", "center": center, "radius": radius, "ink": word(*ink) })
        }
        Shape::Text {
            at,
            text,
            size,
            ink,
        } => {
            json!({ "kind": "text", "at": at, "text": text, "size": size, "ink": word(*ink) })
        }
    }
}

fn word(ink: Ink) -> &'static str {
    match ink {
        Ink::Agent => "agent",
        Ink::Good => "good",
        Ink::Bad => "bad",
        Ink::Goal => "goal",
        Ink::Target => "target",
        Ink::Wall => "wall",
        Ink::Ground => "ground",
        Ink::Water => "water",
        Ink::Path => "path",
        Ink::Muted => "muted",
        Ink::Text => "text",
    }
}
