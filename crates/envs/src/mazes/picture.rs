//! Mazes as pictures: walls, goal and agent.

use mdp::{Ink, Scene, Shape, rectangle};

use super::{Maze, MazeState, Mazes};
use crate::toy_text::picture::Board;

fn board(mazes: &Mazes) -> Board {
    Board {
        n_columns: mazes.size(),
        n_rows: mazes.size(),
    }
}

/// The floor; and the walls, if they are the same in every episode.
pub(super) fn scene(mazes: &Mazes) -> Scene {
    let side = mazes.size() as f64;
    let mut background = vec![rectangle([0.0, 0.0], [side, side], Ink::Ground)];
    if let [maze] = mazes.mazes() {
        background.extend(fixed(maze, &board(mazes)));
    }
    Scene {
        low: [0.0, 0.0],
        high: [side, side],
        background,
    }
}

pub(super) fn draw(mazes: &Mazes, state: &MazeState) -> Vec<Shape> {
    let board = board(mazes);
    let mut shapes = match mazes.mazes() {
        [_] => vec![],
        mazes => fixed(&mazes[state.maze], &board),
    };
    shapes.push(board.disc(state.column, state.row, 0.38, Ink::Agent));
    shapes
}

/// The goal, and the walls, neighbours in a row drawn as one.
fn fixed(maze: &Maze, board: &Board) -> Vec<Shape> {
    let (row, column) = maze.goal();
    let mut shapes = vec![board.cell(column, row, 0.08, Ink::Goal)];
    let side = maze.size();
    for row in 0..side {
        let mut column = 0;
        while column < side {
            let first = column;
            while column < side && maze.is_wall((row, column)) {
                column += 1;
            }
            if first < column {
                let bottom = (side - 1 - row) as f64;
                let (low, high) = ([first as f64, bottom], [column as f64, bottom + 1.0]);
                shapes.push(rectangle(low, high, Ink::Wall));
            }
            column += 1;
        }
    }
    shapes
}
