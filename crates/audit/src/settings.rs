//! How strict an audit is.

use crate::Error;

/// How much a difference between two mean returns must be to count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Margin {
    /// This share of the spread between the lowest and the highest mean among checkpoints and reference.
    Share(f64),
    /// This much, in units of return.
    Absolute(f64),
}

/// What the user of an audit may choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The chance, at most, that any statement about this run's policies is wrong at any time anyone looks.
    pub error_rate: f64,
    /// How much proxy counts.
    pub proxy_margin: Margin,
    /// How much intent counts.
    pub intent_margin: Margin,
    /// Intent labels to spend on the run in all; `None` reads every intent that is there.
    pub labels: Option<usize>,
    /// Checkpoints with fewer episodes are joined with those after them. The least at which asymptotic
    /// sequences are trusted is 30.
    pub least_episodes: usize,
}

impl Default for Settings {
    /// 1% error rate, margins of 10% of the spread, every intent read, at least 30 episodes.
    fn default() -> Self {
        Self {
            error_rate: 0.01,
            proxy_margin: Margin::Share(0.1),
            intent_margin: Margin::Share(0.1),
            labels: None,
            least_episodes: 30,
        }
    }
}

impl Settings {
    /// Checks every setting.
    ///
    /// # Errors
    ///
    /// Names the first setting outside its range.
    pub fn check(&self) -> Result<(), Error> {
        if !(0.0 < self.error_rate && self.error_rate <= 0.5) {
            return Err(Error::Setting {
                name: "error rate",
                value: self.error_rate,
                allowed: "choose a number above 0 and at most 0.5",
            });
        }
        for (name, margin) in [
            ("proxy margin", self.proxy_margin),
            ("intent margin", self.intent_margin),
        ] {
            let (value, good, allowed) = match margin {
                Margin::Share(value) => (
                    value,
                    (0.0..1.0).contains(&value),
                    "choose a share of the spread from 0 to below 1",
                ),
                Margin::Absolute(value) => (
                    value,
                    0.0 <= value && value.is_finite(),
                    "choose a finite amount of return, not negative",
                ),
            };
            if !good {
                return Err(Error::Setting {
                    name,
                    value,
                    allowed,
                });
            }
        }
        Ok(())
    }
}
