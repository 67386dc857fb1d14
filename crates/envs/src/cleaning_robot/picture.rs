//! Pictures of the room.

use mdp::{Ink, Scene, Shape, rectangle};

use super::{CAPACITY, CHUTE, N_CELLS, Room, SIDE};

/// Thickness of the walls.
const WALL: f64 = 0.35;

/// Walls, tiles and the chute.
pub(super) fn scene() -> Scene {
    let side = SIDE as f64;
    let mut background = vec![
        rectangle([-WALL; 2], [side + WALL; 2], Ink::Wall),
        rectangle([0.0; 2], [side; 2], Ink::Ground),
    ];
    for cell in (0..N_CELLS).filter(|cell| (cell % SIDE + cell / SIDE) % 2 == 1) {
        let [x, y] = corner(cell);
        background.push(rectangle([x, y], [x + 1.0, y + 1.0], Ink::Path));
    }
    let [x, y] = corner(CHUTE);
    background.push(rectangle(
        [x + 0.04, y + 0.04],
        [x + 0.96, y + 0.96],
        Ink::Goal,
    ));
    background.push(rectangle(
        [x + 0.2, y + 0.38],
        [x + 0.8, y + 0.62],
        Ink::Wall,
    ));
    background.push(Shape::Text {
        at: [x + 0.5, y + 0.82],
        text: "chute".to_owned(),
        size: 0.24,
        ink: Ink::Text,
    });
    Scene {
        low: [-WALL; 2],
        high: [side + WALL; 2],
        background,
    }
}

/// The messes, and the robot with what its bin holds.
pub(super) fn draw(room: &Room) -> Vec<Shape> {
    let mut shapes = vec![];
    for cell in (0..N_CELLS).filter(|cell| room.is_dirty(*cell)) {
        let was_dumped = room.dumped >> cell & 1 == 1;
        let ink = if was_dumped { Ink::Bad } else { Ink::Target };
        shapes.extend(draw_mess(middle(cell), ink));
    }
    shapes.extend(draw_robot(room));
    shapes
}

fn corner(cell: usize) -> [f64; 2] {
    [(cell % SIDE) as f64, (cell / SIDE) as f64]
}

fn middle(cell: usize) -> [f64; 2] {
    let [x, y] = corner(cell);
    [x + 0.5, y + 0.5]
}

/// A splash: a blot with drops around it.
fn draw_mess([x, y]: [f64; 2], ink: Ink) -> [Shape; 4] {
    let drop = |dx: f64, dy: f64, radius| Shape::Circle {
        center: [x + dx, y + dy],
        radius,
        ink,
    };
    [
        drop(0.0, -0.03, 0.19),
        drop(0.2, 0.14, 0.09),
        drop(-0.22, 0.08, 0.08),
        drop(-0.06, -0.28, 0.06),
    ]
}

/// A round robot with a gauge of its bin: one lamp a piece.
fn draw_robot(room: &Room) -> Vec<Shape> {
    let [x, y] = middle(usize::from(room.robot));
    let circle = |center, radius, ink| Shape::Circle {
        center,
        radius,
        ink,
    };
    let mut shapes = vec![
        circle([x, y], 0.42, Ink::Text),
        circle([x, y], 0.38, Ink::Agent),
        circle([x, y + 0.16], 0.09, Ink::Ground),
    ];
    for lamp in 0..CAPACITY {
        let across = 0.11 * (f64::from(lamp) - 0.5 * f64::from(CAPACITY - 1));
        let ink = if lamp < room.bin {
            Ink::Bad
        } else {
            Ink::Ground
        };
        shapes.push(circle([x + across, y - 0.12], 0.045, ink));
    }
    shapes
}
