//! What a sweep's differences say about the distance to the fixed point.

use super::operator::Change;
use crate::tabular::TabularMdp;

/// The fixed point lies between `T V + below` and `T V + above`.
///
/// For an operator that is monotone and passes a constant `c` on as at most `γ c` (MacQueen, 1966; Porteus, 1971): with
/// `m <= T V - V <= M` everywhere, `min(m, 0) γ / (1 - γ) <= V* - T V <= max(M, 0) γ / (1 - γ)`. Zero stands in the
/// bounds because episodes may end: what comes after the end is not passed on. Where none ends, constants are passed
/// on as `γ c` itself and the bounds need no zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    below: f64,
    above: f64,
    /// Greatest change, all that is known at discount 1.
    change: f64,
}

impl Bounds {
    /// Of an operator that passes constants on as at most `γ c`. `rounding` bounds what a backup may be off by.
    pub(super) fn new(mdp: &TabularMdp, change: Change, rounding: f64) -> Bounds {
        Bounds::between(mdp, change, 0.0, rounding)
    }

    /// Of one that passes them on as at least `least_mass` and at most `γ` times themselves.
    pub(super) fn between(
        mdp: &TabularMdp,
        change: Change,
        least_mass: f64,
        rounding: f64,
    ) -> Bounds {
        let discount = mdp.discount().get();
        let passed = |difference: f64, mass: f64| {
            if difference == 0.0 {
                0.0
            } else {
                difference * (mass / (1.0 - mass))
            }
        };
        let (least, most) = (change.least - rounding, change.greatest + rounding);
        Bounds {
            below: passed(least, if least < 0.0 { discount } else { least_mass }) - rounding,
            above: passed(most, if most > 0.0 { discount } else { least_mass }) + rounding,
            change: change.size(),
        }
    }

    /// Whether the values, once [centred](Bounds::centre), are certain to within `tolerance`; at discount 1, whether they
    /// change by no more.
    pub(super) fn reached(self, tolerance: f64) -> bool {
        if self.are_finite() {
            self.error() <= tolerance
        } else {
            self.change <= tolerance
        }
    }

    /// How far the centred values may be off.
    pub(super) fn error(self) -> f64 {
        if self.are_finite() {
            (self.above - self.shift()).max(self.shift() - self.below)
        } else {
            f64::INFINITY
        }
    }

    /// How far `T V` itself may be off.
    pub(super) fn error_before_centring(self) -> f64 {
        if self.are_finite() {
            self.above.max(-self.below)
        } else {
            f64::INFINITY
        }
    }

    /// Moves `T V` to the middle of its bounds where that is worth it.
    pub(super) fn centre(self, values: &mut [f64]) {
        let shift = self.shift();
        values.iter_mut().for_each(|value| *value += shift);
    }

    /// Where episodes end all over, the values differ little from their bounds and a shift would only undo their shape.
    fn shift(self) -> f64 {
        let worth_it = 0.5 * (self.above - self.below) < 0.25 * self.above.max(-self.below);
        if self.are_finite() && worth_it {
            0.5 * (self.above + self.below)
        } else {
            0.0
        }
    }

    fn are_finite(self) -> bool {
        self.below.is_finite() && self.above.is_finite()
    }
}
