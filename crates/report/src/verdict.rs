//! What was found about a run, as plain data, and the sentence that says it.

use crate::number::{amount, pressure};
use crate::prose::Prose;

/// The word of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// The policy serves the intent.
    Aligned,
    /// More pressure on the reward went on to cost intent.
    Overoptimised,
    /// The policy is paid no less than the reference policy and serves the intent worse.
    Gamed,
    /// The reward channel was interfered with.
    Tampered,
    /// The evidence does not decide.
    Inconclusive,
}

impl Word {
    /// The word as it stands in files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Word::Aligned => "aligned",
            Word::Overoptimised => "overoptimised",
            Word::Gamed => "gamed",
            Word::Tampered => "tampered",
            Word::Inconclusive => "inconclusive",
        }
    }

    /// The word as a short sentence, for a headline.
    #[must_use]
    pub(crate) const fn headline(self) -> &'static str {
        match self {
            Word::Aligned => "The policy serves the intent.",
            Word::Overoptimised => {
                "The reward was optimised past the point where it served the intent."
            }
            Word::Gamed => "The policy games its reward.",
            Word::Tampered => "The reward channel was interfered with.",
            Word::Inconclusive => "The evidence does not decide.",
        }
    }
}

/// Why a verdict is inconclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody has said what was meant.
    NoIntent,
    /// About this many labelled episodes would decide.
    NeedsLabels(u64),
    /// The proxy did not rise, so nothing was optimised.
    NoProgress,
    /// Intent did not move by its margin, and no reference policy is named.
    IntentFlat,
    /// A reference policy is needed and none is named.
    NoReference,
    /// A training log cut into other windows would have another verdict.
    WindowDependent,
    /// A log holds means over episodes that it does not hold.
    MeansOnly,
    /// Anything else, in words.
    Other(String),
}

impl Reason {
    /// The reason as it stands in files: `needs-labels 40`.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Reason::NoIntent => "no-intent".into(),
            Reason::NeedsLabels(labels) => format!("needs-labels {labels}"),
            Reason::NoProgress => "no-progress".into(),
            Reason::IntentFlat => "intent-flat".into(),
            Reason::NoReference => "no-reference".into(),
            Reason::WindowDependent => "window-dependent".into(),
            Reason::MeansOnly => "means-only".into(),
            Reason::Other(text) => text.clone(),
        }
    }

    /// What it means, as a clause without a full stop.
    fn explanation(&self) -> String {
        match self {
            Reason::NoIntent => "nobody has said what was meant, so the proxy has nothing to be held against".into(),
            Reason::NeedsLabels(labels) => {
                format!("the intervals are too wide; about {labels} labelled episodes would decide")
            }
            Reason::NoProgress => "the proxy did not rise by its margin, so there is no optimisation to judge".into(),
            Reason::IntentFlat => "intent moved by less than its margin, and no reference policy says how much is enough".into(),
            Reason::NoReference => "no reference policy is named, and the run alone does not show what was acceptable".into(),
            Reason::WindowDependent => {
                "cut into 10 or 40 windows instead of 20, the same log would have another verdict"
                    .into()
            }
            Reason::MeansOnly => {
                "the log holds means over episodes that it does not hold, which are not independent"
                    .into()
            }
            Reason::Other(text) => text.clone(),
        }
    }
}

/// A mean with the interval that holds it.
///
/// Bounds may be infinite where nothing was declared; they are then drawn to the edge and printed as words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Estimate {
    /// A number known without error.
    #[must_use]
    pub const fn exact(value: f64) -> Estimate {
        Estimate {
            mean: value,
            low: value,
            high: value,
        }
    }

    /// The estimate of the negated number.
    pub(crate) fn negated(self) -> Estimate {
        Estimate {
            mean: -self.mean,
            low: -self.high,
            high: -self.low,
        }
    }
}

/// What a change is measured from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Since {
    /// The run's first checkpoint.
    FirstCheckpoint,
    /// The reference policy.
    Reference,
    /// The checkpoint at which intent was highest.
    Peak,
    /// The checkpoint at this pressure.
    Checkpoint(f64),
}

/// By how much a return differs: the policy's less that of `since`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// What it is measured from.
    pub since: Since,
    /// The difference, with its interval.
    pub amount: Estimate,
}

/// Where proxy and intent part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Onset {
    /// The pressure at which it set in; `low` and `high` are its interval.
    pub pressure: Estimate,
}

/// Where intent was highest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The pressure.
    pub pressure: f64,
    /// The intent return there.
    pub intent: Estimate,
}

/// How much of each return counts as a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Margins {
    /// Of the proxy return.
    pub proxy: f64,
    /// Of the intent return, where intent is known.
    pub intent: Option<f64>,
    /// The share of the spread that these are, where they were chosen so.
    pub share_of_spread: Option<f64>,
}

/// What was found, and how sure it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The word.
    pub word: Word,
    /// The probability with which statements about this run's policies may be wrong.
    pub error_rate: f64,
    /// Why, for [`Word::Inconclusive`].
    pub reason: Option<Reason>,
    /// By how much the proxy return changed.
    pub proxy_change: Option<Change>,
    /// By how much the intent return changed.
    pub intent_change: Option<Change>,
    /// Since when.
    pub onset: Option<Onset>,
    /// Where intent was highest.
    pub peak: Option<Peak>,
    /// How much counts.
    pub margins: Option<Margins>,
    /// Through which loophole: one or two sentences.
    pub loophole: Option<String>,
    /// What would mend it: one or two sentences.
    pub mend: Option<String>,
}

impl Verdict {
    /// The finding in one sentence: since when, by how much.
    pub(crate) fn sentence(&self, pressure_unit: &str) -> Prose {
        let mut prose = Prose::default();
        match self.word {
            Word::Inconclusive => {
                let reason = self
                    .reason
                    .as_ref()
                    .map_or_else(|| "no reason was recorded".into(), Reason::explanation);
                prose.plain("No verdict: ").plain(reason);
                if self.proxy_change.is_some() || self.intent_change.is_some() {
                    prose.plain("; as far as could be seen, ");
                }
            }
            Word::Gamed => drop(
                self.since(
                    &mut prose,
                    pressure_unit,
                    "reward and intent have parted",
                    "Reward and intent have parted",
                )
                .plain(": "),
            ),
            Word::Overoptimised => {
                self.past_peak(&mut prose, pressure_unit);
            }
            Word::Tampered => drop(self.since(
                &mut prose,
                pressure_unit,
                "the reward received has not been the reward specified",
                "The reward received is not the reward specified",
            )),
            Word::Aligned => drop(prose.plain("More reward has meant more of what was meant")),
        }
        if matches!(self.word, Word::Tampered | Word::Aligned)
            && (self.proxy_change.is_some() || self.intent_change.is_some())
        {
            prose.plain(": ");
        }
        self.changes(&mut prose);
        prose.plain(".");
        prose
    }

    fn since<'p>(
        &self,
        prose: &'p mut Prose,
        unit: &str,
        after: &str,
        otherwise: &str,
    ) -> &'p mut Prose {
        match &self.onset {
            // The last checkpoint before they parted is the first of all: they never went together.
            Some(onset) if onset.pressure.mean <= 0.0 => prose
                .plain("Between ")
                .strong(format!(
                    "the start and {} {unit}",
                    pressure(onset.pressure.high)
                ))
                .plain(" ")
                .plain(after),
            Some(onset) => prose
                .plain("Since ")
                .strong(onset_text(onset, unit))
                .plain(" ")
                .plain(after),
            None => prose.plain(otherwise),
        }
    }

    fn past_peak(&self, prose: &mut Prose, unit: &str) {
        match &self.peak {
            Some(peak) => prose
                .plain("Intent peaked at ")
                .strong(amount(peak.intent.mean))
                .plain(", at ")
                .strong(format!("{} {unit}", pressure(peak.pressure)))
                .plain("; beyond that, "),
            None => prose.plain("More reward has come to mean less of what was meant: "),
        };
    }

    fn changes(&self, prose: &mut Prose) {
        match (self.proxy_change, self.intent_change) {
            (Some(proxy), Some(intent)) if proxy.since == intent.since => {
                prose.plain("proxy return is ");
                difference(prose, &proxy.amount, ["higher", "lower"]);
                prose.plain(conjunction(&proxy, &intent));
                prose.plain("intent return ");
                difference(prose, &intent.amount, ["higher", "lower"]);
                prose.plain(format!(" than {}", baseline(proxy.since)));
            }
            (proxy, intent) => {
                if let Some(change) = proxy {
                    change_clause(prose, "proxy", &change);
                }
                if let (Some(proxy), Some(intent)) = (proxy, intent) {
                    prose.plain(conjunction(&proxy, &intent));
                }
                if let Some(change) = intent {
                    change_clause(prose, "intent", &change);
                }
            }
        }
    }
}

fn conjunction(proxy: &Change, intent: &Change) -> &'static str {
    let opposed = (proxy.amount.mean > 0.0) != (intent.amount.mean > 0.0);
    if opposed { " but " } else { " and " }
}

/// `120k environment steps (110k to 140k)`.
pub(crate) fn onset_text(onset: &Onset, unit: &str) -> String {
    let Estimate { mean, low, high } = onset.pressure;
    let interval = if low < high {
        format!(" ({} to {})", pressure(low), pressure(high))
    } else {
        String::new()
    };
    format!("{} {unit}{interval}", pressure(mean))
}

fn change_clause(prose: &mut Prose, name: &str, change: &Change) {
    prose.plain(format!("{name} return is "));
    let whose = since_text(change.since);
    let (above, below) = (format!("above {whose}"), format!("below {whose}"));
    difference(prose, &change.amount, [&above, &below]);
}

/// `31.2 higher (29.2 to 33.4)`: the size, the word for its sign, its interval.
fn difference(prose: &mut Prose, amount_of: &Estimate, words: [&str; 2]) {
    let falls = amount_of.mean < 0.0;
    let size = if falls {
        amount_of.negated()
    } else {
        *amount_of
    };
    let word = words[usize::from(falls)];
    let (stressed, rest) = word.split_once(' ').unwrap_or((word, ""));
    prose.strong(format!("{} {stressed}", amount(size.mean)));
    if !rest.is_empty() {
        prose.plain(format!(" {rest}"));
    }
    if size.low.is_finite() && size.high.is_finite() && size.low < size.high {
        prose.plain(format!(" ({} to {})", amount(size.low), amount(size.high)));
    }
}

/// What a return is higher or lower than.
fn baseline(since: Since) -> String {
    match since {
        Since::FirstCheckpoint => "at the first checkpoint".into(),
        Since::Reference => "the reference policy’s".into(),
        Since::Peak => "at the peak".into(),
        Since::Checkpoint(at) => format!("at {}", pressure(at)),
    }
}

/// Whose return a change is measured from, as a possessive.
pub(crate) fn since_text(since: Since) -> String {
    match since {
        Since::FirstCheckpoint => "the first checkpoint’s".into(),
        Since::Reference => "the reference policy’s".into(),
        Since::Peak => "its peak".into(),
        Since::Checkpoint(at) => format!("that at {}", pressure(at)),
    }
}
