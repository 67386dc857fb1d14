//! A number said of one segment: a rating on a scale, or a grade out of a few.
//!
//! Both are said of the return that a reward model gives the segment, R, and train the same models as comparisons do
//! ([`Label::Rated`], [`Label::Graded`]):
//!
//! - a rating y with deviation σ is normal about R: the loss is `((R - y) / σ)² / 2`, least squares as in the ablation of
//!   Christiano et al. (2017), section 3.3;
//! - a grade g of G is the cumulative logit model (McCullagh, 1980) with equally distant thresholds about 0,
//!   `P(grade <= g) = 1 / (1 + exp(R - c_(g+1)))`, `c_k = spacing (k - G / 2)`. What is a little above the highest grade
//!   and what is far above it are graded alike, which least squares would count as an error.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use feedback::{Error, Judge};
use mdp::{Rng, Seed, Segment, index, normal, uniform};

use crate::Label;
use crate::probability::{log_sigmoid, sigmoid};

/// Loss of a rating and its derivative with respect to the return.
pub(crate) fn squared_error(segment_return: f64, rating: f64, deviation: f64) -> (f64, f64) {
    let error = (segment_return - rating) / deviation;
    (0.5 * error * error, error / deviation)
}

/// Loss of a grade and its derivative with respect to the return.
///
/// Between the thresholds a below and b above, relative to the return, the probability is
/// `σ(b) - σ(a) = σ(b) σ(-a) (1 - exp(a - b))`, whose logarithm loses nothing far from both.
pub(crate) fn grade_loss(
    segment_return: f64,
    grade: u16,
    n_grades: u16,
    spacing: f64,
) -> (f64, f64) {
    let threshold = |k: u16| spacing * (f64::from(k) - f64::from(n_grades) / 2.0) - segment_return;
    let (mut loss, mut derivative) = (0.0, 0.0);
    let is_lowest = grade == 0;
    let is_highest = grade + 1 == n_grades;
    if !is_highest {
        let above = threshold(grade + 1);
        loss -= log_sigmoid(above);
        derivative += sigmoid(-above);
    }
    if !is_lowest {
        let below = threshold(grade);
        loss -= log_sigmoid(-below);
        derivative -= sigmoid(below);
    }
    if !is_lowest && !is_highest {
        loss -= (-(-spacing).exp()).ln_1p();
    }
    (loss, derivative)
}

/// How a simulated rater turns what its judge says into a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RaterConfig {
    /// Score that is rated 0.
    pub offset: f64,
    /// Score above the offset that is rated 1; above 0.
    pub scale: f64,
    /// Deviation of a rating, in units of the rating; for a grade, the spread of the logistic noise that is added before it
    /// is read off. Not negative.
    pub noise: f64,
    /// Rate in `0..=1` at which a rating is made without looking, uniform over `-1..=1`; a grade over all grades.
    pub mistakes: f64,
}

/// A rater that is simulated: a judge, and the errors that people make.
///
/// Chance comes from the seed and the number of the question alone, so that the same questions get the same answers in
/// whatever portions they are asked.
#[derive(Clone)]
pub struct SimulatedRater {
    judge: Arc<dyn Judge>,
    config: RaterConfig,
    seed: Seed,
}

impl SimulatedRater {
    /// A rater.
    ///
    /// # Errors
    /// If a setting is impossible.
    pub fn new(
        judge: Arc<dyn Judge>,
        config: RaterConfig,
        seed: Seed,
    ) -> Result<SimulatedRater, Error> {
        let refuse = |key, value: f64, allowed| {
            Err(Error::Setting {
                key,
                value: value.to_string(),
                allowed,
            })
        };
        if !config.offset.is_finite() {
            return refuse("offset", config.offset, "a finite number");
        }
        if !(config.scale.is_finite() && 0.0 < config.scale) {
            return refuse("scale", config.scale, "a number above 0");
        }
        if !(config.noise.is_finite() && 0.0 <= config.noise) {
            return refuse("noise", config.noise, "a number from 0");
        }
        if !(0.0..=1.0).contains(&config.mistakes) {
            return refuse("mistakes", config.mistakes, "a rate between 0 and 1");
        }
        Ok(SimulatedRater {
            judge,
            config,
            seed,
        })
    }

    /// A rating of a segment, said to have the rater's own deviation, or `least_deviation` where that is less: what is
    /// certain would outweigh everything else.
    ///
    /// # Errors
    /// If the judge has no score for it.
    pub fn rating(
        &self,
        question: u64,
        segment: &Segment,
        least_deviation: f64,
    ) -> Result<Label, Error> {
        let mut rng = self.seed.stream("simulated rater", question);
        let exact = self.exact(question, segment)?;
        let rating = match self.is_mistaken(&mut rng) {
            true => 2.0 * uniform(&mut rng) - 1.0,
            false => exact + self.config.noise * normal(&mut rng),
        };
        let deviation = self.config.noise.max(least_deviation);
        Ok(Label::Rated { rating, deviation })
    }

    /// A grade of a segment, 0 the lowest of `n_grades`; ratings from -1 to 1 are cut into grades of
    /// equal width, and the label's `spacing` is that width in units of the noise, or of a hundredth where there is less.
    ///
    /// # Errors
    /// If the judge has no score for it, or there are fewer than 2 grades.
    pub fn grade(&self, question: u64, segment: &Segment, n_grades: u16) -> Result<Label, Error> {
        if n_grades < 2 {
            return Err(Error::Setting {
                key: "grades",
                value: n_grades.to_string(),
                allowed: "at least 2",
            });
        }
        let mut rng = self.seed.stream("simulated rater", question);
        let exact = self.exact(question, segment)?;
        let width = 2.0 / f64::from(n_grades);
        let grade = match self.is_mistaken(&mut rng) {
            true => index(usize::from(n_grades), &mut rng) as u16,
            false => {
                let u = uniform(&mut rng).max(f64::MIN_POSITIVE);
                let noisy = exact + self.config.noise * (u / (1.0 - u)).ln();
                let highest = f64::from(n_grades - 1);
                ((noisy + 1.0) / width).floor().clamp(0.0, highest) as u16
            }
        };
        Ok(Label::Graded {
            grade,
            n_grades,
            spacing: width / self.config.noise.max(0.01),
        })
    }

    fn exact(&self, question: u64, segment: &Segment) -> Result<f64, Error> {
        let score = self.judge.score(segment);
        if score.is_nan() {
            return Err(Error::NoScore {
                question,
                annotator: "simulated rater".to_owned(),
            });
        }
        Ok((score - self.config.offset) / self.config.scale)
    }

    fn is_mistaken(&self, rng: &mut Rng) -> bool {
        uniform(rng) < self.config.mistakes
    }
}
