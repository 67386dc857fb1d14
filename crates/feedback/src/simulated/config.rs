//! The errors of one simulated annotator, as numbers with names.

use crate::Error;

/// What one annotator gets wrong. The errors are combined in the order of the fields; the default has none.
///
/// The annotator forms a difference d between the scores of the two ([`discount`](Self::discount),
/// [`attention`](Self::attention), [`appearance`](Self::appearance)); says which is better with the probability
/// 1 / (1 + exp(-d / temperature)), or that they are equal; and what it says is then spoiled by mistakes, flips and
/// malice.
#[derive(Clone, Debug, PartialEq)]
pub struct AnnotatorConfig {
    /// Weight in [0, 1] of how good a segment looks, beside how good it is.
    pub appearance: f64,
    /// Share in (0, 1] of a segment that is attended to, from its end backward; at least one step.
    pub attention: f64,
    /// Weight in (0, 1] of a step relative to the one after it: below 1 the annotator is myopic and what happened long
    /// before the end counts less (Lee et al. 2021, B-Pref: γ).
    pub discount: f64,
    /// Scores that differ by at most this are said to be equal; in units of score, from 0.
    pub equal_band: f64,
    /// Temperature of the Boltzmann choice, in units of score, from 0: at 0 the better is named for certain, and equal
    /// scores are said to be equal.
    pub temperature: f64,
    /// Rate in [0, 1] at which an answer is made without looking (Christiano et al. 2017, section 2.2.3: 0.1).
    pub mistakes: f64,
    /// Probability in [0, 1] that an answer made without looking is for the first, the one on the left: 0.5 without
    /// position bias (the bias of Noisy Bradley-Terry).
    pub first_when_mistaken: f64,
    /// Rate in [0, 1] of mistakes that is added when wholly tired.
    pub fatigue: f64,
    /// Number of answers, at least 1, over which tiredness grows to 1 - 1/e.
    pub fatigue_answers: f64,
    /// Number of answers after which the annotator rests and is fresh again; 0 for never.
    pub rest_answers: u64,
    /// Rate in [0, 1] at which what would be said is turned round (Lee et al. 2021, B-Pref: ε).
    pub flips: f64,
    /// Rate in [0, 1] at which a malicious annotator acts on its trigger where it is present.
    pub poison: f64,
    /// Rate in [0, 1] of questions that are said to be undecidable.
    pub cannot_tell: f64,
    /// Rate in [0, 1] of questions that are left to others.
    pub skip: f64,
}

impl Default for AnnotatorConfig {
    fn default() -> AnnotatorConfig {
        ORACLE
    }
}

const ORACLE: AnnotatorConfig = AnnotatorConfig {
    appearance: 0.0,
    attention: 1.0,
    discount: 1.0,
    equal_band: 0.0,
    temperature: 0.0,
    mistakes: 0.0,
    first_when_mistaken: 0.5,
    fatigue: 0.0,
    fatigue_answers: 100.0,
    rest_answers: 0,
    flips: 0.0,
    poison: 0.0,
    cannot_tell: 0.0,
    skip: 0.0,
};

/// Annotators of publications by name, with the source.
///
/// The thresholds of B-Pref for skipping and for equality are shares of a running mean of the policy's return and are
/// therefore no constants; set [`AnnotatorConfig::equal_band`] in units of the judge's score instead.
pub const ANNOTATOR_PRESETS: &[(&str, AnnotatorConfig, &str)] = &[
    ("oracle", ORACLE, "answers as the judge scores, always"),
    (
        "christiano-2017",
        AnnotatorConfig {
            mistakes: 0.1,
            ..ORACLE
        },
        "Christiano et al. 2017, section 2.2.3: 10% of answers are uniformly random",
    ),
    (
        "noisy-2021",
        AnnotatorConfig {
            temperature: 1.0,
            ..ORACLE
        },
        "Lee et al. 2021, B-Pref, noisy teacher: rationality 1",
    ),
    (
        "mistaken-2021",
        AnnotatorConfig {
            flips: 0.1,
            ..ORACLE
        },
        "Lee et al. 2021, B-Pref, mistake teacher: 10% of answers are turned",
    ),
    (
        "myopic-2021",
        AnnotatorConfig {
            discount: 0.9,
            ..ORACLE
        },
        "Lee et al. 2021, B-Pref, myopic teacher: a step weighs 0.9 of the one after it",
    ),
];

/// One number of an [`AnnotatorConfig`]: what it is called in files, what it may be, what it means.
#[derive(Clone, Copy)]
pub struct AnnotatorSetting {
    /// Its key.
    pub key: &'static str,
    /// Least value.
    pub low: f64,
    /// Greatest value; infinite where there is none.
    pub high: f64,
    /// Whether `low` itself is excluded.
    pub is_above_low: bool,
    /// Whether it counts something.
    pub is_whole: bool,
    /// What it may be, in words.
    pub allowed: &'static str,
    /// What it means, in a few words.
    pub meaning: &'static str,
    /// Reads it.
    pub get: fn(&AnnotatorConfig) -> f64,
    /// Writes it, after it was checked.
    pub set: fn(&mut AnnotatorConfig, f64),
}

impl AnnotatorSetting {
    /// Whether a value is allowed.
    #[must_use]
    pub fn allows(&self, value: f64) -> bool {
        let is_high_enough = if self.is_above_low {
            self.low < value
        } else {
            self.low <= value
        };
        is_high_enough
            && value.is_finite()
            && value <= self.high
            && (!self.is_whole || value.fract() == 0.0)
    }

    fn refuse(&self, value: f64) -> Error {
        Error::Setting {
            key: self.key,
            value: value.to_string(),
            allowed: self.allowed,
        }
    }
}

macro_rules! share {
    ($field:ident, $meaning:literal) => {
        setting!($field, 0.0, 1.0, false, "between 0 and 1", $meaning)
    };
}

macro_rules! positive_share {
    ($field:ident, $meaning:literal) => {
        setting!($field, 0.0, 1.0, true, "above 0 and at most 1", $meaning)
    };
}

macro_rules! setting {
    ($field:ident, $low:expr, $high:expr, $above:literal, $allowed:literal, $meaning:literal) => {
        AnnotatorSetting {
            key: stringify!($field),
            low: $low,
            high: $high,
            is_above_low: $above,
            is_whole: false,
            allowed: $allowed,
            meaning: $meaning,
            get: |config| config.$field,
            set: |config, value| config.$field = value,
        }
    };
}

impl AnnotatorConfig {
    /// Every number, in the order in which the errors are combined.
    pub const SETTINGS: &[AnnotatorSetting] = &[
        share!(
            appearance,
            "weight of how good a segment looks, beside how good it is"
        ),
        positive_share!(
            attention,
            "share of a segment that is attended to, from its end"
        ),
        positive_share!(discount, "weight of a step relative to the one after it"),
        setting!(
            equal_band,
            0.0,
            f64::INFINITY,
            false,
            "a number from 0",
            "scores that differ by at most this are said to be equal"
        ),
        setting!(
            temperature,
            0.0,
            f64::INFINITY,
            false,
            "a number from 0",
            "temperature of the Boltzmann choice, in units of score; 0 names the better for certain"
        ),
        share!(mistakes, "rate of answers made without looking"),
        share!(
            first_when_mistaken,
            "probability that an answer made without looking is for the first"
        ),
        share!(fatigue, "rate of mistakes that is added when wholly tired"),
        setting!(
            fatigue_answers,
            1.0,
            f64::INFINITY,
            false,
            "a number from 1",
            "answers over which tiredness grows to 63%"
        ),
        AnnotatorSetting {
            key: "rest_answers",
            low: 0.0,
            high: 9_007_199_254_740_992.0,
            is_above_low: false,
            is_whole: true,
            allowed: "a whole number from 0",
            meaning: "answers after which the annotator rests and is fresh again; 0 for never",
            get: |config| config.rest_answers as f64,
            set: |config, value| config.rest_answers = value as u64,
        },
        share!(flips, "rate at which what would be said is turned round"),
        share!(
            poison,
            "rate at which a malicious annotator acts on its trigger"
        ),
        share!(
            cannot_tell,
            "rate of questions that are said to be undecidable"
        ),
        share!(skip, "rate of questions that are left to others"),
    ];

    /// The preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<AnnotatorConfig> {
        let found = ANNOTATOR_PRESETS.iter().find(|preset| preset.0 == name)?;
        Some(found.1.clone())
    }

    /// Sets the number called `key`.
    ///
    /// # Errors
    /// [`Error::Setting`] if there is no such key or the value is not allowed.
    pub fn set(&mut self, key: &str, value: f64) -> Result<(), Error> {
        let Some(setting) = Self::SETTINGS.iter().find(|setting| setting.key == key) else {
            return Err(Error::Setting {
                key: "annotator",
                value: format!("{key:?}"),
                allowed: "a setting of simulated annotators",
            });
        };
        if !setting.allows(value) {
            return Err(setting.refuse(value));
        }
        (setting.set)(self, value);
        Ok(())
    }

    /// Whether every number is allowed.
    ///
    /// # Errors
    /// [`Error::Setting`] for the first that is not.
    pub fn check(&self) -> Result<(), Error> {
        for setting in Self::SETTINGS {
            let value = (setting.get)(self);
            if !setting.allows(value) {
                return Err(setting.refuse(value));
            }
        }
        if self.skip + self.cannot_tell > 1.0 {
            return Err(Error::Setting {
                key: "skip",
                value: self.skip.to_string(),
                allowed: "at most 1 together with `cannot_tell`",
            });
        }
        Ok(())
    }
}
