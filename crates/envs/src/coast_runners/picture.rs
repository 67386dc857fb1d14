//! Pictures of a race.

use mdp::{Ink, Scene, Shape, rectangle};

use super::course::{Gate, Map};
use super::geometry::{HEADINGS, Point, add, left_of, length, scale, subtract};
use super::water::EXTENT;
use super::{Boat, RESPAWN, TARGET_RADIUS, TOP_SPEED};

/// Land, water, banks, the course and its gates.
pub(super) fn scene(map: &Map) -> Scene {
    let mut background = vec![rectangle([0.0; 2], EXTENT, Ink::Ground)];
    // Water lies to the left of its banks: a line that runs anticlockwise is a shore, a clockwise one an island.
    let (shores, islands): (Vec<_>, Vec<_>) =
        map.water.banks.iter().partition(|bank| area(bank) > 0.0);
    for (lines, ink) in [(shores, Ink::Water), (islands, Ink::Ground)] {
        background.extend(lines.into_iter().map(|points| Shape::Polygon {
            points: points.clone(),
            ink,
        }));
    }
    background.extend(map.water.banks.iter().map(|bank| bank_line(bank)));
    background.extend(dashes(map));
    let (finish, gates) = map.gates.split_last().expect("a course has a finish");
    background.extend(gates.iter().flat_map(|gate| draw_gate(gate, Ink::Muted)));
    background.extend(draw_finish(finish));
    background.extend(labels(map, finish));
    Scene {
        low: [0.0; 2],
        high: EXTENT,
        background,
    }
}

/// The targets, the next gate, and the boat with its wake.
pub(super) fn draw(map: &Map, boat: &Boat) -> Vec<Shape> {
    let mut shapes = vec![];
    let (_, gates) = map.gates.split_last().expect("a course has a finish");
    if let Some(next) = gates.get(boat.n_gates()) {
        shapes.extend(draw_gate(next, Ink::Good));
    }
    for (target, waiting) in map.targets.iter().zip(boat.respawn) {
        shapes.extend(draw_target(*target, waiting));
    }
    shapes.extend(draw_wake(boat));
    shapes.extend(draw_hull(boat));
    shapes
}

/// Names of places.
fn labels(map: &Map, finish: &Gate) -> [Shape; 3] {
    let name = |at, text: &str, ink| Shape::Text {
        at,
        text: text.to_owned(),
        size: 1.5,
        ink,
    };
    let (start, along) = map.centreline.at(0.0);
    [
        name(subtract(start, scale(along, 0.8)), "start", Ink::Text),
        name(
            add(finish.center, scale(finish.along, 3.2)),
            "finish",
            Ink::Text,
        ),
        name(map.lagoon, "lagoon", Ink::Muted),
    ]
}

/// Twice the area within a closed line; positive if it runs anticlockwise.
fn area(line: &[Point]) -> f64 {
    let following = line.iter().cycle().skip(1);
    line.iter()
        .zip(following)
        .map(|(a, b)| a[0] * b[1] - a[1] * b[0])
        .sum()
}

fn bank_line(bank: &[Point]) -> Shape {
    let points = bank.iter().chain(bank.first()).copied().collect();
    Shape::Line {
        points,
        width: 0.35,
        ink: Ink::Wall,
    }
}

/// The course as a dashed line from the start to the finish.
fn dashes(map: &Map) -> Vec<Shape> {
    const DASH: f64 = 1.2;
    let finish = map.gates.last().expect("a course has a finish").center;
    let n_dashes = (map.centreline.nearest(finish) / (2.0 * DASH)) as usize;
    let dash = |index: usize| Shape::Line {
        points: [0.0, 0.5, 1.0]
            .map(|part| {
                map.centreline
                    .at((2.0 * index as f64 + 1.0 + part) * DASH)
                    .0
            })
            .to_vec(),
        width: 0.18,
        ink: Ink::Path,
    };
    (0..n_dashes).map(dash).collect()
}

fn draw_gate(gate: &Gate, ink: Ink) -> Vec<Shape> {
    let posts = gate.posts();
    let line = Shape::Line {
        points: posts.to_vec(),
        width: 0.12,
        ink,
    };
    let post = |center| Shape::Circle {
        center,
        radius: 0.45,
        ink,
    };
    vec![line, post(posts[0]), post(posts[1])]
}

/// A chequered band from bank to bank.
fn draw_finish(gate: &Gate) -> Vec<Shape> {
    const SQUARE: f64 = 0.6;
    let [left, right] = gate.posts();
    let width = length(subtract(left, right));
    let across = scale(subtract(right, left), 1.0 / width);
    let band = Shape::Line {
        points: vec![left, right],
        width: 2.0 * SQUARE,
        ink: Ink::Goal,
    };
    let n_squares = (width / SQUARE) as usize;
    let square = |index: usize| {
        let start = add(left, scale(across, index as f64 * SQUARE));
        let side = if index.is_multiple_of(2) {
            SQUARE
        } else {
            -SQUARE
        };
        let (length, height) = (scale(across, SQUARE), scale(gate.along, side));
        Shape::Polygon {
            points: vec![
                start,
                add(start, length),
                add(add(start, length), height),
                add(start, height),
            ],
            ink: Ink::Text,
        }
    };
    std::iter::once(band)
        .chain((0..n_squares).map(square))
        .collect()
}

/// A ring that floats, or the faint mark, growing, of one that is on its way back.
fn draw_target(center: Point, waiting: u8) -> Vec<Shape> {
    let circle = |radius, ink| Shape::Circle {
        center,
        radius,
        ink,
    };
    if waiting == 0 {
        return vec![
            circle(TARGET_RADIUS, Ink::Target),
            circle(0.55 * TARGET_RADIUS, Ink::Water),
            circle(0.3 * TARGET_RADIUS, Ink::Target),
        ];
    }
    let back = 1.0 - f64::from(waiting) / f64::from(RESPAWN);
    vec![circle(TARGET_RADIUS * (0.15 + 0.35 * back), Ink::Muted)]
}

/// Two lines of foam behind a moving boat.
fn draw_wake(boat: &Boat) -> Vec<Shape> {
    let speed = length(boat.velocity);
    if speed < 0.1 * TOP_SPEED {
        return vec![];
    }
    let back = scale(boat.velocity, -1.0 / speed);
    let stern = add(boat.position, scale(back, 0.9));
    let tail = add(stern, scale(back, 3.0 * speed / TOP_SPEED));
    [0.8, -0.8]
        .map(|side| Shape::Line {
            points: vec![stern, add(tail, scale(left_of(back), side))],
            width: 0.16,
            ink: Ink::Muted,
        })
        .to_vec()
}

/// A hull with a pointed bow, and a deck.
fn draw_hull(boat: &Boat) -> Vec<Shape> {
    const HULL: [Point; 7] = [
        [1.5, 0.0],
        [0.8, 0.5],
        [-0.2, 0.65],
        [-1.1, 0.5],
        [-1.1, -0.5],
        [-0.2, -0.65],
        [0.8, -0.5],
    ];
    const DECK: [Point; 4] = [[0.5, 0.22], [-0.6, 0.28], [-0.6, -0.28], [0.5, -0.22]];
    let ahead = HEADINGS[usize::from(boat.heading)];
    let place = |p: &Point| {
        let along = add(boat.position, scale(ahead, p[0]));
        add(along, scale(left_of(ahead), p[1]))
    };
    vec![
        Shape::Polygon {
            points: HULL.iter().map(place).collect(),
            ink: Ink::Agent,
        },
        Shape::Polygon {
            points: DECK.iter().map(place).collect(),
            ink: Ink::Ground,
        },
    ]
}
