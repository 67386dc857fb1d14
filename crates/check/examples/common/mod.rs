//! What the measurements share: extremes and limits that a NaN does not pass, and rewards in other units.

use mdp::{Rng, Seed, TabularMdp, uniform_in};

use super::draw::shaped;

/// Whether a number is above a limit, or one of the two is NaN: what is no number is within no limit.
pub(crate) fn exceeds(value: f64, limit: f64) -> bool {
    value.is_nan() || limit.is_nan() || value > limit
}

/// The greatest of some numbers, none of them below `least`, which it is where there are none; NaN if any is.
pub(crate) fn greatest_from(least: f64, values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(least, |most, value| {
        if most.is_nan() || value <= most {
            most
        } else {
            value
        }
    })
}

/// The greatest of some amounts, 0 where there are none; NaN if any is.
pub(crate) fn greatest(values: impl IntoIterator<Item = f64>) -> f64 {
    greatest_from(0.0, values)
}

/// The same reward in another unit and from another zero: every return is moved by `shift`, then multiplied by `unit`.
/// Nothing about policies changes by it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Presentation {
    pub(crate) unit: f64,
    pub(crate) shift: f64,
}

impl Presentation {
    pub(crate) const PLAIN: Presentation = Presentation {
        unit: 1.0,
        shift: 0.0,
    };

    /// Of the seeds 3, 4 and 5 of seven, the first has other units, 1e-9 to 1e9, the second an offset of 1 to 1e4 a
    /// step, either way, the third both; the others are plain.
    pub(crate) fn drawn(mdp: &TabularMdp, seed: u64, what: &str) -> Presentation {
        let rng = &mut Seed(seed).stream(&format!("presentation of {what}"), 0);
        let (unit, shift) = (Presentation::unit(rng), Presentation::shift(mdp, rng));
        let plain = Presentation::PLAIN;
        match seed % 7 {
            3 => Presentation { unit, ..plain },
            4 => Presentation { shift, ..plain },
            5 => Presentation { unit, shift },
            _ => plain,
        }
    }

    fn unit(rng: &mut Rng) -> f64 {
        f64::powf(10.0, uniform_in(-9.0, 9.0, rng))
    }

    /// Of an offset a step, or an episode where it may go on for ever at discount 1.
    fn shift(mdp: &TabularMdp, rng: &mut Rng) -> f64 {
        let size = f64::powf(10.0, uniform_in(0.0, 4.0, rng));
        let offset = if uniform_in(0.0, 1.0, rng) < 0.5 {
            -size
        } else {
            size
        };
        let discount = mdp.discount().get();
        if discount < 1.0 {
            offset / (1.0 - discount)
        } else {
            offset
        }
    }

    /// A table of rewards, one a stored transition, so presented. The offset is paid on every step, and for the steps
    /// that an end leaves out it is paid at the end.
    pub(crate) fn of_table(self, mdp: &TabularMdp, table: &[f64]) -> Vec<f64> {
        let potential = vec![-self.shift; mdp.n_states()];
        let mut presented = vec![0.0; table.len()];
        for row in 0..mdp.n_states() * mdp.n_actions() {
            let (state, action) = (row / mdp.n_actions(), row % mdp.n_actions());
            for stored in mdp.row(state, action) {
                let offset = shaped(mdp, stored, state, &potential);
                presented[stored] = self.unit * (table[stored] + offset);
            }
        }
        presented
    }

    /// An expected reward, `[S, A]`, so presented.
    #[allow(dead_code, reason = "some measurements have tables alone")]
    pub(crate) fn of_expected(self, mdp: &TabularMdp, expected: &[f64]) -> Vec<f64> {
        let nothing = vec![0.0; mdp.n_transitions()];
        let offset = Presentation { unit: 1.0, ..self }.of_table(mdp, &nothing);
        let both = expected.iter().zip(mdp.expected(&offset));
        both.map(|(reward, offset)| self.unit * (reward + offset))
            .collect()
    }

    /// The return in plain units of one that is so presented.
    #[allow(dead_code, reason = "some measurements compare shares alone")]
    pub(crate) fn plain(self, presented: f64) -> f64 {
        presented / self.unit - self.shift
    }
}
