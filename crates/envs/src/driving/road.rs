//! The road: how it bends, and the trigonometry of small angles.

use mdp::{Rng, uniform, uniform_in};

/// Metres between two places at which the curvature is drawn; between them it changes in a straight line.
pub(super) const BETWEEN_KNOTS: f64 = 30.0;
/// Places that are known: the one behind, and enough of those ahead to see 90 metres.
pub(super) const N_KNOTS: usize = 5;
/// Greatest curvature, 1/m: a radius of some 55 metres.
pub(super) const SHARPEST: f64 = 0.018;
/// How often the road goes straight at a knot.
const STRAIGHTS: f64 = 0.35;

/// The bends around a car.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bends {
    /// Metres that the car is past the first knot.
    pub(super) past: f64,
    /// Curvatures, 1/m, positive to the left.
    pub(super) knots: [f64; N_KNOTS],
}

impl Bends {
    /// A road that begins straight.
    pub(super) fn begin(rng: &mut Rng) -> Bends {
        let mut knots = [0.0; N_KNOTS];
        for knot in &mut knots[2..] {
            *knot = draw_curvature(rng);
        }
        Bends { past: 0.0, knots }
    }

    /// The curvature so many metres ahead of the car.
    #[inline]
    pub(super) fn curvature(&self, metres: f64) -> f64 {
        let at = (self.past + metres) / BETWEEN_KNOTS;
        let knot = (at as usize).min(N_KNOTS - 2);
        let share = (at - knot as f64).min(1.0);
        self.knots[knot] + share * (self.knots[knot + 1] - self.knots[knot])
    }

    /// Moves on, and draws what comes into sight.
    #[inline]
    pub(super) fn pass(&mut self, metres: f64, rng: &mut Rng) {
        self.past += metres;
        if self.past >= BETWEEN_KNOTS {
            self.past -= BETWEEN_KNOTS;
            self.knots.copy_within(1.., 0);
            self.knots[N_KNOTS - 1] = draw_curvature(rng);
        }
    }
}

fn draw_curvature(rng: &mut Rng) -> f64 {
    let is_straight = uniform(rng) < STRAIGHTS;
    let curvature = uniform_in(-SHARPEST, SHARPEST, rng);
    if is_straight { 0.0 } else { curvature }
}

/// The sine of an angle of at most 1.2 radians, within 2e-6: Taylor's polynomial, so that it has the same bits everywhere.
#[inline]
pub(super) fn sine(angle: f64) -> f64 {
    let square = angle * angle;
    angle
        * (1.0
            - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0))))
}

/// The cosine, likewise within 2e-5.
#[inline]
pub(super) fn cosine(angle: f64) -> f64 {
    let square = angle * angle;
    1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0 * (1.0 - square / 56.0)))
}
