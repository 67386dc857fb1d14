//! The city as a map and as a picture.

use mdp::{GridMap, Ink, Scene, Shape, rectangle};

use super::super::picture::Board;
use super::{City, MAP, SIZE, STAND_NAMES, STANDS};

/// The map with walls between the cells, which stand in every second column.
pub(super) fn map() -> GridMap {
    let legend = ['R', 'G', 'Y', 'B'].into_iter().zip(STAND_NAMES);
    GridMap {
        rows: MAP
            .iter()
            .map(|row| row.replace(':', " ").replace('|', "#"))
            .collect(),
        legend: legend.map(|(cell, what)| (cell, what.to_owned())).collect(),
    }
}

fn board() -> Board {
    Board {
        n_columns: SIZE,
        n_rows: SIZE,
    }
}

pub(crate) fn scene() -> Scene {
    let board = board();
    let mut background = vec![rectangle(
        [0.0, 0.0],
        [SIZE as f64, SIZE as f64],
        Ink::Ground,
    )];
    for (row, column) in STANDS {
        background.push(board.cell(column, row, 0.06, Ink::Path));
    }
    for ((row, column), name) in STANDS.into_iter().zip(STAND_NAMES) {
        let [x, y] = board.middle(column, row);
        background.push(Shape::Text {
            at: [x, y - 0.36],
            text: name.to_owned(),
            size: 0.2,
            ink: Ink::Text,
        });
    }
    for (row, between) in MAP.iter().enumerate() {
        for (at, character) in between.chars().enumerate() {
            if character == '|' {
                let x = (at / 2 + 1) as f64;
                let y = (SIZE - row) as f64;
                background.push(rectangle([x - 0.05, y - 1.0], [x + 0.05, y], Ink::Wall));
            }
        }
    }
    Scene {
        low: [0.0, 0.0],
        high: [SIZE as f64, SIZE as f64],
        background,
    }
}

/// The taxi, filled while the passenger is aboard; the passenger who waits; the destination.
pub(crate) fn draw(city: City) -> Vec<Shape> {
    let board = board();
    let (row, column) = STANDS[city.destination];
    let mut shapes = vec![
        board.cell(column, row, 0.3, Ink::Goal),
        board.cell(city.column, city.row, 0.2, Ink::Agent),
    ];
    match STANDS.get(city.passenger) {
        Some((row, column)) => shapes.push(board.disc(*column, *row, 0.14, Ink::Target)),
        None => shapes.push(board.disc(city.column, city.row, 0.14, Ink::Target)),
    }
    shapes
}
