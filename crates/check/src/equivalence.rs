//! Whether two rewards order all policies alike.

#[cfg(test)]
mod tests;

use mdp::TabularMdp;

use crate::flow::{add, dot, norm};
use crate::{CheckError, Flow, error::check_table};

/// How far the components of equivalent rewards may be from parallel, as a share of their length.
const TOLERANCE: f64 = 1e-9;
/// Rounding that a projection may leave, as a share of what it was given: a hundred times what is measured.
const ROUNDING: f64 = 1e-13;

/// How two rewards order the policies of an MDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Both order all policies alike, strict preferences and ties; two trivial rewards among them.
    Equivalent,
    /// One is indifferent between all policies, the other is not.
    OneTrivial,
    /// Each prefers what the other does not: one is equivalent to the other's negation.
    Opposite,
    /// Some pair of policies is ordered differently.
    Different,
}

/// Two rewards beside each other: `second = scale first + A Φ + what is left`, in expectation over successors.
#[derive(Clone, Debug, PartialEq)]
pub struct Equivalence {
    /// How they order the policies.
    pub relation: Relation,
    /// The scale α for which least is left; below 0 where they pull apart, 0 where either is trivial.
    pub scale: f64,
    /// `[S]`, the potential Φ for which least is left; zero where unreachable.
    pub potential: Vec<f64>,
    /// `‖P (r₂ - α r₁)‖ / ‖P r₂‖`: 0 for equivalent rewards, at most 1; 0 where the second is trivial.
    pub relative_residual: f64,
    /// Between `P r₁` and `P r₂`, in radians from 0 (equivalent) to π (opposite); absent where either is trivial.
    pub angle: Option<f64>,
    /// Up to which relative residual the rewards count as parallel: 1e-9, or more where a reward's component is so
    /// small beside the reward that rounding reaches further.
    pub tolerance: f64,
}

/// Compares two expected rewards, `[S, A]`.
///
/// Two rewards order all stochastic policies alike, from the MDP's start and at its discount, just where they differ by
/// potential shaping, redistribution among successors and a positive scale (Skalse et al., 2022, arXiv 2209.13085,
/// theorem 1; Skalse et al., 2023, arXiv 2309.15257). Redistribution is invisible in expected rewards; shaping adds
/// `A Φ`, and is taken out by [`Flow::project`]; what is left must be parallel.
///
/// At discount 1 this is about the policies that end, which have occupancies: equivalent rewards may order policies that
/// never end differently, since a loop without pay is an end at which the potential need not be 0.
///
/// # Errors
/// If a reward does not fit the MDP or is not finite.
pub fn equivalence(
    mdp: &TabularMdp,
    first: &[f64],
    second: &[f64],
) -> Result<Equivalence, CheckError> {
    check_table(mdp, "the first reward", first)?;
    check_table(mdp, "the second reward", second)?;
    let flow = Flow::new(mdp);
    let (first, second) = (Side::new(&flow, first), Side::new(&flow, second));
    let scale = match first.is_trivial() || second.is_trivial() {
        true => 0.0,
        false => first.along(&second) * second.length / first.length,
    };
    let mut potential = second.potential.clone();
    add(&mut potential, -scale, &first.potential);
    let (relative_residual, angle) = compare(&first, &second);
    let tolerance = TOLERANCE.max(first.rounding() + second.rounding());
    let relation = match (first.is_trivial(), second.is_trivial()) {
        (true, true) => Relation::Equivalent,
        (true, false) | (false, true) => Relation::OneTrivial,
        (false, false) if relative_residual > tolerance => Relation::Different,
        (false, false) if scale > 0.0 => Relation::Equivalent,
        (false, false) => Relation::Opposite,
    };
    Ok(Equivalence {
        relation,
        scale,
        potential,
        relative_residual,
        angle,
        tolerance,
    })
}

/// The sine of the angle between two components, and the angle.
///
/// Both from differences of unit vectors, which keep their digits where the arc cosine loses half of them.
fn compare(first: &Side, second: &Side) -> (f64, Option<f64>) {
    if second.is_trivial() {
        return (0.0, None);
    }
    if first.is_trivial() {
        return (1.0, None);
    }
    let (mut difference, mut sum) = (second.unit.clone(), second.unit.clone());
    add(&mut difference, -1.0, &first.unit);
    add(&mut sum, 1.0, &first.unit);
    let angle = 2.0 * norm(&difference).atan2(norm(&sum));
    let mut left = second.unit.clone();
    add(&mut left, -first.along(second), &first.unit);
    (norm(&left), Some(angle))
}

/// One reward: its component as a length and a direction, and its potential.
struct Side {
    given: f64,
    length: f64,
    unit: Vec<f64>,
    potential: Vec<f64>,
}

impl Side {
    fn new(flow: &Flow, rewards: &[f64]) -> Side {
        let projection = flow.project(rewards);
        let mut unit = projection.component;
        // Scaled before squares are taken, so that none overflows or vanishes.
        let scale = unit
            .iter()
            .fold(0.0_f64, |most, value| most.max(value.abs()));
        let mut shaped = flow.shaping(&projection.potential);
        if scale > 0.0 {
            unit.iter_mut()
                .chain(&mut shaped)
                .for_each(|value| *value /= scale);
        }
        let relative = norm(&unit);
        if relative > 0.0 {
            unit.iter_mut().for_each(|value| *value /= relative);
        }
        Side {
            // The two parts are orthogonal.
            given: scale * relative.hypot(norm(&shaped)),
            length: scale * relative,
            unit,
            potential: projection.potential,
        }
    }

    /// The cosine between the components. Divided by a square that is 1 but for rounding, so that a reward is found to be
    /// itself exactly.
    fn along(&self, other: &Side) -> f64 {
        dot(&self.unit, &other.unit) / dot(&self.unit, &self.unit)
    }

    /// Whether nothing but rounding is left once the potential is taken out.
    fn is_trivial(&self) -> bool {
        self.length <= ROUNDING * self.given
    }

    /// Rounding in the direction of the component.
    fn rounding(&self) -> f64 {
        if self.is_trivial() {
            0.0
        } else {
            ROUNDING * self.given / self.length
        }
    }
}
