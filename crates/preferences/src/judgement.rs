//! What was said of segments, as reward models learn from it.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use mdp::Segment;
use rl::{Arrays, Error, RewardInputs, Transitions};

use crate::best_of_k::choice_loss;
use crate::bradley_terry::cross_entropy;
use crate::ratings::{grade_loss, squared_error};

/// What was said of some segments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Label {
    /// Of two: the share of the judgement that the first has, in `0..=1`.
    Compared {
        /// 1 where the first is better, a half where they are alike.
        target: f64,
    },
    /// Of one: a number on the scale of returns.
    Rated {
        /// The number.
        rating: f64,
        /// Its standard deviation, above 0: how far off whoever said it may be.
        deviation: f64,
    },
    /// Of one: a grade out of a few.
    Graded {
        /// From 0, the lowest.
        grade: u16,
        /// How many there are, at least 2.
        n_grades: u16,
        /// Return between the thresholds of two grades, above 0, in units of the noise with which they are told apart.
        spacing: f64,
    },
    /// Of several: the best one.
    Best {
        /// Its place.
        chosen: u16,
        /// How many there are, at least 2.
        of: u16,
    },
}

/// How what was said becomes a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LossSettings {
    /// Share of answers taken to be given at random, ε, in `0..1`.
    pub noise_floor: f64,
    /// Share of every target that is spread over all answers, in `0..1`.
    pub label_smoothing: f64,
}

/// Loss of a label, and whether returns order the segments as it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) loss: f64,
    /// None where the label orders nothing.
    pub(crate) is_right: Option<bool>,
}

impl Label {
    /// Segments that it is said of.
    #[must_use]
    pub fn n_segments(self) -> usize {
        match self {
            Label::Compared { .. } => 2,
            Label::Rated { .. } | Label::Graded { .. } => 1,
            Label::Best { of, .. } => usize::from(of),
        }
    }

    /// The loss where the segments have these returns, and its derivative with respect to each of them.
    pub(crate) fn loss(
        self,
        returns: &[f64],
        settings: &LossSettings,
        d_returns: &mut [f64],
    ) -> Judged {
        match self {
            Label::Compared { target } => {
                let difference = returns[0] - returns[1];
                let smoothing = settings.label_smoothing;
                let smoothed = (1.0 - smoothing) * target + 0.5 * smoothing;
                let (loss, derivative) = cross_entropy(difference, smoothed, settings.noise_floor);
                d_returns.copy_from_slice(&[derivative, -derivative]);
                Judged {
                    loss,
                    is_right: orders(difference, target),
                }
            }
            Label::Rated { rating, deviation } => {
                let (loss, derivative) = squared_error(returns[0], rating, deviation);
                d_returns[0] = derivative;
                Judged {
                    loss,
                    is_right: None,
                }
            }
            Label::Graded {
                grade,
                n_grades,
                spacing,
            } => {
                let (loss, derivative) = grade_loss(returns[0], grade, n_grades, spacing);
                d_returns[0] = derivative;
                Judged {
                    loss,
                    is_right: None,
                }
            }
            Label::Best { chosen, .. } => {
                let chosen = usize::from(chosen);
                let loss = choice_loss(returns, chosen, settings.noise_floor, d_returns);
                let mut others = returns.iter().enumerate();
                let is_best = others.all(|(place, r)| place == chosen || *r < returns[chosen]);
                Judged {
                    loss,
                    is_right: Some(is_best),
                }
            }
        }
    }

    fn to_numbers(self) -> [f64; NUMBERS] {
        match self {
            Label::Compared { target } => [0.0, target, 0.0, 0.0],
            Label::Rated { rating, deviation } => [1.0, rating, deviation, 0.0],
            Label::Graded {
                grade,
                n_grades,
                spacing,
            } => [2.0, f64::from(grade), f64::from(n_grades), spacing],
            Label::Best { chosen, of } => [3.0, f64::from(chosen), f64::from(of), 0.0],
        }
    }

    fn from_numbers(numbers: &[f64]) -> Option<Label> {
        let whole =
            |x: f64| (x.fract() == 0.0 && (0.0..=65_535.0).contains(&x)).then_some(x as u16);
        match *numbers {
            [0.0, target, ..] if (0.0..=1.0).contains(&target) => Some(Label::Compared { target }),
            [1.0, rating, deviation, _] if rating.is_finite() && deviation > 0.0 => {
                Some(Label::Rated { rating, deviation })
            }
            [2.0, grade, n_grades, spacing] if grade < n_grades && spacing > 0.0 => {
                Some(Label::Graded {
                    grade: whole(grade)?,
                    n_grades: whole(n_grades)?,
                    spacing,
                })
            }
            [3.0, chosen, of, _] if chosen < of => Some(Label::Best {
                chosen: whole(chosen)?,
                of: whole(of)?,
            }),
            _ => None,
        }
    }
}

/// Numbers that a label is saved as.
const NUMBERS: usize = 4;

/// Whether a difference of returns orders two segments as a target does; none where the target orders nothing.
pub(crate) fn orders(difference: f64, target: f64) -> Option<bool> {
    (target != 0.5).then_some((difference > 0.0) == (target > 0.5) && difference != 0.0)
}

/// Segments as a network reads them, not normalised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EncodedSegments {
    /// Steps of each segment, one after the other.
    pub(crate) lengths: Vec<usize>,
    /// `[steps, inputs]`.
    pub(crate) rows: Vec<f32>,
}

impl EncodedSegments {
    /// What a reward of these inputs reads of segments.
    ///
    /// # Panics
    /// If a segment is of other features or actions.
    #[must_use]
    pub fn of(segments: &[&Segment], inputs: &RewardInputs) -> EncodedSegments {
        let mut encoded = EncodedSegments::default();
        for segment in segments {
            let start = encoded.rows.len();
            let n = segment.n_steps();
            encoded.rows.resize(start + n * inputs.n_inputs(), 0.0);
            inputs.write(&transitions_of(segment), &mut encoded.rows[start..]);
            encoded.lengths.push(n);
        }
        encoded
    }

    /// Steps of all segments.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.lengths.iter().sum()
    }
}

/// The transitions of a segment.
pub(crate) fn transitions_of(segment: &Segment) -> Transitions<'_> {
    Transitions {
        observations: &segment.observations,
        actions: &segment.actions,
        next_observations: &segment.next_observations,
        terminated: &segment.terminated,
        states: &[],
    }
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// What it was said of.
    pub segments: EncodedSegments,
    /// What was said.
    pub label: Label,
    /// How often each member of an ensemble learns from it; a member that never does is held to it in validation.
    pub weights: Vec<f32>,
}

/// The latest things that were said, the oldest being forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgements {
    kept: VecDeque<Judgement>,
    max: usize,
}

impl Judgements {
    /// Room for the last `max`.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn new(max: usize) -> Judgements {
        assert!(max > 0, "room for at least one judgement");
        Judgements {
            kept: VecDeque::new(),
            max,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Adds one, and forgets the oldest if there is no room.
    ///
    /// # Panics
    /// If the label is of another number of segments.
    pub fn push(&mut self, judgement: Judgement) {
        assert_eq!(
            judgement.segments.lengths.len(),
            judgement.label.n_segments(),
            "as many segments as the label is said of"
        );
        if self.kept.len() == self.max {
            self.kept.pop_front();
        }
        self.kept.push_back(judgement);
    }

    /// Oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Judgement> {
        self.kept.iter()
    }

    /// Whether some segments are shorter than others.
    #[must_use]
    pub fn lengths_differ(&self) -> bool {
        let mut lengths = self.kept.iter().flat_map(|one| &one.segments.lengths);
        let first = lengths.next();
        lengths.any(|length| Some(length) != first)
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        save_segments("judged", self.kept.iter().map(|one| &one.segments), arrays);
        let labels: Vec<f64> = self
            .kept
            .iter()
            .flat_map(|one| one.label.to_numbers())
            .collect();
        arrays.put_f64("judged.labels", labels);
        let weights: Vec<f32> = self
            .kept
            .iter()
            .flat_map(|one| one.weights.clone())
            .collect();
        arrays.put_f32("judged.weights", weights);
    }

    /// Reads what [`Judgements::save`] put there.
    pub(crate) fn restored(
        &self,
        arrays: &mut Arrays,
        n_inputs: usize,
        n_members: usize,
    ) -> Result<Judgements, Error> {
        let segments = restore_segments("judged", n_inputs, arrays)?;
        let n = segments.len();
        let labels = arrays.take_f64_of("judged.labels", NUMBERS * n)?;
        let weights = arrays.take_f32_of("judged.weights", n_members * n)?;
        let mut judgements = Judgements::new(self.max);
        let parts = labels
            .chunks_exact(NUMBERS)
            .zip(weights.chunks_exact(n_members));
        for (segments, (label, weights)) in segments.into_iter().zip(parts) {
            let label = Label::from_numbers(label)
                .filter(|label| label.n_segments() == segments.lengths.len())
                .ok_or_else(|| Error::Saved(format!("`judged.labels` holds {label:?}")))?;
            judgements.push(Judgement {
                segments,
                label,
                weights: weights.to_vec(),
            });
        }
        Ok(judgements)
    }
}

/// Puts groups of segments under names that begin with `name`.
pub(crate) fn save_segments<'s>(
    name: &str,
    groups: impl Iterator<Item = &'s EncodedSegments>,
    arrays: &mut Arrays,
) {
    let (mut sizes, mut lengths, mut rows) = (vec![], vec![], vec![]);
    for segments in groups {
        sizes.push(segments.lengths.len() as u64);
        lengths.extend(segments.lengths.iter().map(|length| *length as u64));
        rows.extend_from_slice(&segments.rows);
    }
    arrays.put_u64(&format!("{name}.sizes"), sizes);
    arrays.put_u64(&format!("{name}.lengths"), lengths);
    arrays.put_f32(&format!("{name}.rows"), rows);
}

/// Takes what [`save_segments`] put.
pub(crate) fn restore_segments(
    name: &str,
    n_inputs: usize,
    arrays: &mut Arrays,
) -> Result<Vec<EncodedSegments>, Error> {
    let sizes = arrays.take_u64(&format!("{name}.sizes"))?;
    let lengths = arrays.take_u64(&format!("{name}.lengths"))?;
    let rows = arrays.take_f32(&format!("{name}.rows"))?;
    let (mut lengths, mut rows) = (lengths.as_slice(), rows.as_slice());
    let mut groups = Vec::with_capacity(sizes.len());
    let cut_short = || Error::Saved(format!("the segments of `{name}` are cut short"));
    for size in sizes {
        let size = usize::try_from(size).map_err(|_| cut_short())?;
        let (own, rest) = lengths.split_at_checked(size).ok_or_else(cut_short)?;
        lengths = rest;
        let own: Vec<usize> = own.iter().map(|length| *length as usize).collect();
        let n_rows = own
            .iter()
            .try_fold(0_usize, |sum, length| sum.checked_add(*length))
            .and_then(|sum| sum.checked_mul(n_inputs));
        let (of_own, rest) = n_rows
            .and_then(|n| rows.split_at_checked(n))
            .ok_or_else(cut_short)?;
        rows = rest;
        groups.push(EncodedSegments {
            lengths: own,
            rows: of_own.to_vec(),
        });
    }
    if !lengths.is_empty() || !rows.is_empty() {
        return Err(cut_short());
    }
    Ok(groups)
}
