//! Minimises a smooth function of many numbers by L-BFGS (Liu and Nocedal, 1989).

#[cfg(test)]
mod tests;

use mdp::Stop;

use crate::vector::{add_scaled, dot};

/// Pairs of steps and gradient changes that shape the direction.
const MEMORY: usize = 20;
/// Sufficient decrease and curvature of the line search (Nocedal and Wright, 2006, section 3.1).
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
/// Evaluations in one line search.
const MAX_TRIALS: usize = 40;

/// Where a minimisation ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Minimum {
    /// Value of the function there.
    pub(crate) value: f64,
    /// Steps made.
    pub(crate) iterations: usize,
    /// Evaluations of the function and its gradient.
    pub(crate) evaluations: usize,
    /// Why it stopped.
    pub(crate) stop: Stop,
}

/// A function in the hands of [`minimize`]: writes its gradient at a point, and gives its value and whether the point
/// is good enough.
pub(crate) trait Objective {
    /// What can go wrong in evaluating.
    type Error;

    /// Value at `point`; the gradient is written to `gradient`. True ends the minimisation there.
    fn evaluate(&mut self, point: &[f64], gradient: &mut [f64])
    -> Result<(f64, bool), Self::Error>;
}

/// Moves `point` downhill until the objective calls it good enough, no step lowers the value any more, or
/// `max_iterations` steps are made.
pub(crate) fn minimize<O: Objective>(
    objective: &mut O,
    point: &mut [f64],
    max_iterations: usize,
) -> Result<Minimum, O::Error> {
    let n = point.len();
    let mut gradient = vec![0.0; n];
    let (mut value, mut is_good) = objective.evaluate(point, &mut gradient)?;
    let mut memory = Memory::default();
    let (mut iterations, mut evaluations) = (0, 1);
    while !is_good && iterations < max_iterations {
        let mut direction = memory.direction(&gradient);
        if dot(&direction, &gradient) >= 0.0 {
            memory = Memory::default();
            direction = gradient.iter().map(|g| -g).collect();
        }
        let slope = dot(&direction, &gradient);
        let first = if memory.pairs.is_empty() {
            1.0 / (1.0 + dot(&gradient, &gradient).sqrt())
        } else {
            1.0
        };
        let line = Line {
            from: point.to_vec(),
            value,
            slope,
            direction,
        };
        let trial = line.search(objective, first)?;
        evaluations += trial.evaluations;
        if trial.value >= value {
            // Not even a tiny step lowers it: rounding is what is left.
            objective.evaluate(point, &mut gradient)?;
            break;
        }
        memory.remember(point, &trial.point, &gradient, &trial.gradient);
        point.copy_from_slice(&trial.point);
        (value, gradient, is_good) = (trial.value, trial.gradient, trial.is_good);
        iterations += 1;
    }
    Ok(Minimum {
        value,
        iterations,
        evaluations,
        stop: if is_good {
            Stop::Converged
        } else {
            Stop::BudgetSpent
        },
    })
}

/// Steps and gradient changes of the last iterations, the oldest first.
#[derive(Default)]
struct Memory {
    pairs: Vec<Pair>,
}

struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// `1 / (step · change)`.
    scale: f64,
}

impl Memory {
    /// The two-loop recursion: minus the inverse Hessian, as far as it is known, times the gradient.
    fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut direction: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut weights = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let weight = pair.scale * dot(&pair.step, &direction);
            add_scaled(&mut direction, -weight, &pair.change);
            weights.push(weight);
        }
        if let Some(last) = self.pairs.last() {
            let scale = 1.0 / (last.scale * dot(&last.change, &last.change));
            direction.iter_mut().for_each(|d| *d *= scale);
        }
        for (pair, weight) in self.pairs.iter().zip(weights.into_iter().rev()) {
            let back = pair.scale * dot(&pair.change, &direction);
            add_scaled(&mut direction, weight - back, &pair.step);
        }
        direction
    }

    fn remember(&mut self, from: &[f64], to: &[f64], before: &[f64], after: &[f64]) {
        let difference =
            |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let (step, change) = (difference(to, from), difference(after, before));
        let curvature = dot(&step, &change);
        // Without positive curvature the direction would no longer lead downhill.
        if curvature <= 1e-12 * dot(&change, &change).sqrt() * dot(&step, &step).sqrt() {
            return;
        }
        if self.pairs.len() == MEMORY {
            self.pairs.remove(0);
        }
        self.pairs.push(Pair {
            step,
            change,
            scale: 1.0 / curvature,
        });
    }
}

/// A half-line that leads downhill.
struct Line {
    from: Vec<f64>,
    value: f64,
    slope: f64,
    direction: Vec<f64>,
}

struct Trial {
    point: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    is_good: bool,
    evaluations: usize,
}

impl Line {
    /// A point that satisfies the weak Wolfe conditions, by doubling and bisection; the last one tried if none does.
    fn search<O: Objective>(&self, objective: &mut O, first: f64) -> Result<Trial, O::Error> {
        let (mut low, mut high, mut length) = (0.0, f64::INFINITY, first);
        let mut trial = Trial {
            point: self.from.clone(),
            value: self.value,
            gradient: vec![0.0; self.from.len()],
            is_good: false,
            evaluations: 0,
        };
        while trial.evaluations < MAX_TRIALS {
            trial.point.copy_from_slice(&self.from);
            add_scaled(&mut trial.point, length, &self.direction);
            (trial.value, trial.is_good) = objective.evaluate(&trial.point, &mut trial.gradient)?;
            trial.evaluations += 1;
            let enough = self.value + DECREASE * length * self.slope;
            // A value that is not a number is too far.
            if trial.value.is_nan() || trial.value > enough {
                high = length;
            } else if dot(&trial.gradient, &self.direction) < CURVATURE * self.slope {
                low = length;
            } else {
                break;
            }
            length = if high.is_finite() {
                0.5 * (low + high)
            } else {
                2.0 * length
            };
        }
        Ok(trial)
    }
}
