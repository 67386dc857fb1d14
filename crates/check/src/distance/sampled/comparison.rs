//! The distance of sampled canonical rewards, and its bootstrap.

use std::f64::consts::FRAC_1_SQRT_2;

use mdp::{Rng, index};

use super::{Bootstrap, SampledDistance};
use crate::distance::{Direction, half_distance};

/// A length below this share of the largest value is rounding.
const ROUNDING: f64 = 1e-13;

/// The canonical reward of one transition: its own reward plus the mean of draws.
pub(super) struct Row {
    pub(super) own: f64,
    pub(super) draws: Vec<f64>,
}

impl Row {
    fn mean(&self) -> f64 {
        self.own + self.draws.iter().sum::<f64>() / self.draws.len() as f64
    }
}

/// Whose draws the averages are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draws {
    /// Draw j is the same for every transition.
    Shared,
    /// Each transition has its own.
    Own,
}

/// The canonical rewards of the same transitions under two rewards.
pub(super) struct Comparison {
    pub(super) first: Vec<Row>,
    pub(super) second: Vec<Row>,
    pub(super) draws: Draws,
    pub(super) is_centred: bool,
}

impl Comparison {
    pub(super) fn estimate(&self, bootstrap: Bootstrap, rng: &mut Rng) -> SampledDistance {
        let n_draws = self.first.first().map_or(0, |row| row.draws.len());
        assert!(
            n_draws > 0 && self.first.iter().all(|row| row.draws.len() == n_draws),
            "there is at least one transition, and each has as many draws as the others"
        );
        assert!(
            bootstrap.resamples > 0,
            "the samples are drawn again at least once"
        );
        let rows: Vec<usize> = (0..self.first.len()).collect();
        let draws: Vec<usize> = (0..n_draws).collect();
        let estimate = self.distance(&rows, &draws);
        let mut again: Vec<f64> = (0..bootstrap.resamples)
            .map(|_| {
                let rows: Vec<usize> = rows.iter().map(|_| index(rows.len(), rng)).collect();
                match self.draws {
                    Draws::Own => self.distance(&rows, &draws),
                    Draws::Shared => {
                        let draws: Vec<usize> = draws.iter().map(|_| index(n_draws, rng)).collect();
                        self.distance(&rows, &draws)
                    }
                }
            })
            .collect();
        again.sort_by(f64::total_cmp);
        let tail = (1.0 - bootstrap.confidence) / 2.0;
        let at = |share: f64| again[((again.len() - 1) as f64 * share).round() as usize];
        SampledDistance {
            estimate,
            low: at(tail),
            high: at(1.0 - tail),
            is_resolved: self.is_resolved(&rows),
            n_transitions: rows.len(),
            n_draws,
        }
    }

    /// Of one reward that is trivial from one that is not.
    fn apart(&self) -> f64 {
        if self.is_centred { FRAC_1_SQRT_2 } else { 0.5 }
    }

    fn distance(&self, rows: &[usize], draws: &[usize]) -> f64 {
        match self.draws {
            Draws::Own => self.without_noise(rows),
            Draws::Shared => self.as_it_is(rows, draws),
        }
    }

    /// The distance of the averages over some draws.
    fn as_it_is(&self, rows: &[usize], draws: &[usize]) -> f64 {
        let direction = |side: &[Row]| {
            let value = |row: &usize| {
                let row = &side[*row];
                row.own
                    + draws.iter().map(|draw| row.draws[*draw]).sum::<f64>() / draws.len() as f64
            };
            let values: Vec<f64> = rows.iter().map(value).collect();
            let scale = values.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
            if self.is_centred {
                Direction::centred(values, &vec![1.0; rows.len()], scale)
            } else {
                Direction::new(values, scale)
            }
        };
        half_distance(
            &direction(&self.first),
            &direction(&self.second),
            self.apart(),
        )
    }

    /// The distance with the noise of averages taken out of every square: the square of a mean of m draws is too large
    /// by their variance over m. A length that noise explains counts as zero.
    ///
    /// The square of the difference is summed over differences of draws, so that it is zero, and not rounding of
    /// lengths, where the draws of both rewards are proportional.
    fn without_noise(&self, rows: &[usize]) -> f64 {
        let lengths = (
            self.length(&self.first, rows),
            self.length(&self.second, rows),
        );
        let (one, two) = match lengths {
            (Some(one), Some(two)) => (one, two),
            (None, None) => return 0.0,
            _ => return self.apart(),
        };
        let centre = self.centre(rows, |row| {
            self.first[row].mean() / one - self.second[row].mean() / two
        });
        let square = |row: &usize| {
            let (first, second) = (&self.first[*row], &self.second[*row]);
            let draws = first
                .draws
                .iter()
                .zip(&second.draws)
                .map(|(a, b)| a / one - b / two);
            square_less_noise(first.own / one - second.own / two - centre, draws)
        };
        let sum: f64 = rows.iter().map(square).sum();
        0.5 * sum.clamp(0.0, 4.0).sqrt()
    }

    /// The length of a canonical reward, the noise of averages taken out; none where noise explains it.
    fn length(&self, side: &[Row], rows: &[usize]) -> Option<f64> {
        let centre = self.centre(rows, |row| side[row].mean());
        let square = |row: &usize| {
            let row = &side[*row];
            square_less_noise(row.own - centre, row.draws.iter().copied())
        };
        let sum: f64 = rows.iter().map(square).sum();
        let means = rows.iter().map(|row| side[*row].mean().abs());
        let scale = means.fold(0.0, f64::max);
        let floor = ROUNDING * scale * (rows.len() as f64).sqrt();
        (sum > floor * floor).then(|| sum.sqrt())
    }

    /// Whether each reward has a length, or is the same in every draw, which is no length and no noise.
    fn is_resolved(&self, rows: &[usize]) -> bool {
        let is_constant = |row: &Row| row.draws.iter().all(|draw| *draw == row.draws[0]);
        let sides = [&self.first, &self.second];
        self.draws == Draws::Shared
            || sides
                .into_iter()
                .all(|side| self.length(side, rows).is_some() || side.iter().all(is_constant))
    }

    /// The mean over the rows, where it is taken out.
    fn centre(&self, rows: &[usize], value: impl Fn(usize) -> f64) -> f64 {
        if !self.is_centred {
            return 0.0;
        }
        rows.iter().map(|row| value(*row)).sum::<f64>() / rows.len() as f64
    }
}

/// An estimate of `(own + E draw)²`: the square of the mean less the variance of the mean.
fn square_less_noise(own: f64, draws: impl Iterator<Item = f64> + Clone) -> f64 {
    let n = draws.clone().count() as f64;
    let mean = draws.clone().sum::<f64>() / n;
    let spread: f64 = draws.map(|draw| (draw - mean) * (draw - mean)).sum();
    let noise = if n > 1.0 {
        spread / (n * (n - 1.0))
    } else {
        0.0
    };
    (own + mean) * (own + mean) - noise
}
