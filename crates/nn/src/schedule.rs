//! How a number changes while training goes on.

#[cfg(test)]
mod tests;

/// A learning rate or a clip range over the course of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The same throughout.
    Constant(f64),
    /// This at the start, falling in a straight line to zero at the end.
    LinearToZero(f64),
}

impl Schedule {
    /// The value when the fraction `progress` of training, clamped to `[0, 1]`, is done.
    #[must_use]
    pub fn at(self, progress: f64) -> f64 {
        match self {
            Schedule::Constant(value) => value,
            Schedule::LinearToZero(start) => start * (1.0 - progress.clamp(0.0, 1.0)),
        }
    }
}
