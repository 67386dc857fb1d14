//! The factory as a chart: what was made of each size beside what was ordered, the machines, the yard.

use mdp::{Ink, Scene, Shape, rectangle};

use super::{COMPONENT_NAMES, N_SIZES, NailFactory, NailFactoryState, SIZES, YARD};

const LOW: [f64; 2] = [0.0, 0.0];
const HIGH: [f64; 2] = [13.0, 7.4];
/// Where the columns stand, how wide they are, and how high a normal period's orders reach.
const FLOOR: f64 = 2.0;
const WIDTH: f64 = 1.3;
const UNIT: f64 = 1.2;
/// Multiples of a normal period's orders above which a column is cut.
const CUT: f64 = 3.6;

fn column(size: usize) -> f64 {
    1.2 + 1.9 * size as f64
}

fn text(at: [f64; 2], text: String, size: f64) -> Shape {
    Shape::Text {
        at,
        text,
        size,
        ink: Ink::Text,
    }
}

/// A nail on its head, as large as its size.
fn nail(size: usize) -> [Shape; 2] {
    let length = 0.35 + 0.13 * size as f64;
    let thickness: f64 = [0.04, 0.06, 0.09, 0.15, 0.5][size];
    let at = column(size);
    let (top, half_head) = (1.75, thickness + 0.07);
    let point = thickness.min(0.12);
    let shank = Shape::Polygon {
        points: vec![
            [at - thickness / 2.0, top],
            [at + thickness / 2.0, top],
            [at + thickness / 2.0, top - length + point],
            [at, top - length],
            [at - thickness / 2.0, top - length + point],
        ],
        ink: Ink::Wall,
    };
    let head = rectangle(
        [at - half_head, top - 0.04],
        [at + half_head, top + 0.04],
        Ink::Wall,
    );
    [shank, head]
}

pub(super) fn scene() -> Scene {
    let mut background = vec![rectangle(
        [LOW[0] + 0.1, FLOOR - 0.06],
        [10.1, FLOOR],
        Ink::Ground,
    )];
    for (size, name) in COMPONENT_NAMES[..N_SIZES].iter().enumerate() {
        background.extend(nail(size));
        background.push(text([column(size), 0.45], (*name).to_owned(), 0.36));
    }
    for (label, at) in [("machines", 11.0), ("steel", 12.3)] {
        background.push(rectangle(
            [at - 0.32, FLOOR],
            [at + 0.32, FLOOR + UNIT * CUT],
            Ink::Muted,
        ));
        background.push(text([at, 1.5], label.to_owned(), 0.32));
    }
    Scene {
        low: LOW,
        high: HIGH,
        background,
    }
}

pub(super) fn draw(state: &NailFactoryState) -> Vec<Shape> {
    let when = match state.period {
        0 => format!("before period 1 of {}", NailFactory::N_PERIODS),
        period => format!("period {period} of {}", NailFactory::N_PERIODS),
    };
    let mut shapes = vec![text([5.0, 7.0], when, 0.42)];
    for size in 0..N_SIZES {
        draw_size(state, size, &mut shapes);
    }
    for (share, at) in [(state.working_order, 11.0), (state.steel / YARD, 12.3)] {
        let top = FLOOR + UNIT * CUT * share.clamp(0.0, 1.0);
        shapes.push(rectangle([at - 0.26, FLOOR], [at + 0.26, top], Ink::Agent));
    }
    shapes
}

/// A column of what was made: first what orders took, then what nobody ordered; and a bar at the orders.
fn draw_size(state: &NailFactoryState, size: usize, shapes: &mut Vec<Shape>) {
    let normal = SIZES[size].orders;
    let made = state.made[size] / normal;
    let filled = state.made[size].min(state.ordered[size]) / normal;
    let (left, right) = (column(size) - WIDTH / 2.0, column(size) + WIDTH / 2.0);
    let height = |multiple: f64| FLOOR + UNIT * multiple.min(CUT);
    if filled > 0.0 {
        shapes.push(rectangle([left, FLOOR], [right, height(filled)], Ink::Good));
    }
    if made > filled {
        shapes.push(rectangle(
            [left, height(filled)],
            [right, height(made)],
            Ink::Bad,
        ));
    }
    if made > CUT {
        let label = format!("{made:.0} times");
        shapes.push(text([column(size), height(CUT) + 0.22], label, 0.3));
    }
    if state.period > 0 {
        let at = height(state.ordered[size] / normal);
        shapes.push(Shape::Line {
            points: vec![[left - 0.15, at], [right + 0.15, at]],
            width: 0.07,
            ink: Ink::Goal,
        });
    }
}
