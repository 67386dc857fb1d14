//! Recomputation of logged rewards: do the components sum to the reward, and does the function give it again?

/// One logged step, with what it should have been.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedStep {
    /// The reward in the log.
    pub reward: f64,
    /// The logged components; empty where none were logged.
    pub components: Vec<f64>,
    /// The reward function evaluated again on the logged state, action and next state; `None` where it cannot be.
    pub recomputed: Option<f64>,
}

/// How one of the two comparisons came out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    /// Steps compared.
    pub compared: usize,
    /// Steps that differ.
    pub differing: usize,
    /// The first step that differs.
    pub first: Option<usize>,
    /// The largest difference.
    pub largest: f64,
}

/// Logged rewards against the sums of their components and against the function itself.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recomputation {
    /// Reward against the sum of its components.
    pub component_sums: Agreement,
    /// Reward against R(s, a, s′) evaluated again.
    pub function: Agreement,
}

/// Compares logged rewards with what they should have been.
///
/// Two numbers differ when they are further apart than `tolerance` times the larger of 1 and the logged size;
/// logs written in single precision need about 1e-5. A number that is not finite differs from everything.
#[must_use]
pub fn recompute(steps: &[LoggedStep], tolerance: f64) -> Recomputation {
    let mut result = Recomputation::default();
    for (index, step) in steps.iter().enumerate() {
        if !step.components.is_empty() {
            let sum = step.components.iter().sum();
            compare(
                &mut result.component_sums,
                index,
                step.reward,
                sum,
                tolerance,
            );
        }
        if let Some(recomputed) = step.recomputed {
            compare(
                &mut result.function,
                index,
                step.reward,
                recomputed,
                tolerance,
            );
        }
    }
    result
}

fn compare(agreement: &mut Agreement, index: usize, logged: f64, recomputed: f64, tolerance: f64) {
    agreement.compared += 1;
    if !differ(logged, recomputed, tolerance) {
        return;
    }
    agreement.differing += 1;
    agreement.first.get_or_insert(index);
    let difference = (logged - recomputed).abs();
    agreement.largest = if difference.is_nan() {
        f64::INFINITY
    } else {
        agreement.largest.max(difference)
    };
}

/// Whether `found` is further from `expected` than `tolerance` times the larger of 1 and its size.
pub(crate) fn differ(expected: f64, found: f64, tolerance: f64) -> bool {
    let difference = (expected - found).abs();
    // NaN and infinity on either side differ, even from themselves.
    !difference.is_finite() || difference > tolerance * expected.abs().max(1.0)
}

#[cfg(test)]
mod tests;
