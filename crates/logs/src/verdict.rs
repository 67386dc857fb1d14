//! The verdict on a log, and whether it depends on the windows.

use audit::{
    Bounds, CheckStatus, Checkpoint, LEAST_ASYMPTOTIC, Margin, Outcome, Reason, Recurrence,
    Reference, Series, Settings, Verdict,
};
use mdp::Seed;

use crate::evidence::{component_sums, late_recurrence};
use crate::log::{Log, RecordKind};
use crate::windows::cut;

/// The windows of equal pressure that a log is cut into.
pub const WINDOWS: usize = 20;
/// The numbers of windows at which the verdict must be the same.
pub const OTHER_WINDOWS: [usize; 2] = [10, 40];

/// What the user of an audit of a log may choose.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogSettings {
    /// How strict the audit is.
    pub audit: Settings,
    /// Bounds of the proxy return of a record, declared; those of a step log's header otherwise.
    pub proxy_bounds: Option<Bounds>,
    /// Bounds of the intent return of a record, declared; those of a step log's header otherwise.
    pub intent_bounds: Option<Bounds>,
    /// The named reference policy; see [`Log::reference`]. The first window serves where none is.
    pub reference: Option<Reference>,
}

/// What an audit says about a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogOutcome {
    /// The outcome at [`WINDOWS`] windows, made inconclusive where another number would change it.
    pub outcome: Outcome,
    /// The series that was judged: [`WINDOWS`] windows, those without a record left out.
    pub series: Series,
    /// The verdict at every number of windows that was tried, in order.
    pub by_windows: Vec<WindowVerdict>,
    /// The loop in which a late policy goes round, where a step log has observations and one was
    /// found.
    pub recurrence: Option<Recurrence>,
}

/// A verdict at one number of windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowVerdict {
    /// The number of windows.
    pub n_windows: usize,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where it is inconclusive.
    pub reason: Option<Reason>,
}

/// Judges a log, cut into [`WINDOWS`] windows of equal pressure.
///
/// The first window is the first checkpoint. A window that would hold fewer records than
/// [`Settings::least_episodes`] is lengthened until it does; see [`Log::series`]. A verdict other
/// than `inconclusive` must be the same at [`OTHER_WINDOWS`]; where it is not, the outcome is
/// `inconclusive` with the reason [`Reason::WindowDependent`]. Asking more often can only withhold
/// a verdict, so that the error rate stands. Margins that are a share of the spread are a share of
/// the spread among the means of [`WINDOWS`] windows, not lengthened, at every number of windows:
/// it is one statement that must hold under all of them.
///
/// With [`Settings::labels`] only the one cut is judged: another cut would ask for other labels.
///
/// # Errors
///
/// As for [`audit::audit`]: a setting out of range, or a return outside the declared bounds.
pub fn audit_log(
    log: &Log,
    settings: &LogSettings,
    seed: Seed,
) -> Result<LogOutcome, audit::Error> {
    let least = settings.audit.least_episodes;
    let strictness = with_margins_of_windows(log, settings);
    let judged = |n_windows: usize| {
        let series = declared(log.series(n_windows, least), settings);
        audit::audit(&series, &strictness, seed).map(|outcome| (series, outcome))
    };
    let (series, mut outcome) = judged(WINDOWS)?;
    let mut by_windows = vec![verdict_at(WINDOWS, &outcome)];
    outcome.remarks.push(windows_remark(log, &series, least));
    if settings.audit.labels.is_some() {
        outcome.remarks.push(format!(
            "Whether {} windows would change the verdict is not known: they would ask for other labels.",
            OTHER_WINDOWS.map(|n| n.to_string()).join(" or ")
        ));
    } else {
        let mut others = Vec::new();
        for n_windows in OTHER_WINDOWS {
            let (_, other) = judged(n_windows)?;
            by_windows.push(verdict_at(n_windows, &other));
            others.push(other);
        }
        by_windows.sort_by_key(|at| at.n_windows);
        withhold_if_window_dependent(&mut outcome, &others, &by_windows);
    }
    withhold_if_means_depend(log, &mut outcome);
    outcome.remarks.extend(log.notes().iter().cloned());
    outcome.checks.extend(component_sums(log));
    let recurrence = late_recurrence(log, &series, &outcome);
    Ok(LogOutcome {
        outcome,
        series,
        by_windows,
        recurrence,
    })
}

fn declared(mut series: Series, settings: &LogSettings) -> Series {
    series.proxy_bounds = settings.proxy_bounds.or(series.proxy_bounds);
    series.intent_bounds = settings.intent_bounds.or(series.intent_bounds);
    series.reference = settings.reference.clone();
    series
}

/// The settings with margins in units of return, those of [`WINDOWS`] windows. With labels the
/// intent of most records is not to be read, and its margin stays a share of what is.
fn with_margins_of_windows(log: &Log, settings: &LogSettings) -> Settings {
    let windows = declared(log.series(WINDOWS, 1), settings);
    let mut strictness = settings.audit.clone();
    let reference = windows
        .reference
        .iter()
        .map(|reference| &reference.checkpoint);
    let policies: Vec<&Checkpoint> = reference.chain(&windows.checkpoints).collect();
    let proxies = policies
        .iter()
        .map(|policy| mean(policy.proxy.iter().copied()));
    strictness.proxy_margin = absolute(strictness.proxy_margin, proxies);
    if strictness.labels.is_none() {
        let known = policies.iter().filter(|policy| policy.labelled() > 0);
        let intents = known.map(|policy| mean(policy.intent.iter().flatten().copied()));
        strictness.intent_margin = absolute(strictness.intent_margin, intents);
    }
    strictness
}

fn absolute(margin: Margin, means: impl Iterator<Item = f64>) -> Margin {
    let Margin::Share(share) = margin else {
        return margin;
    };
    let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| {
        (low.min(mean), high.max(mean))
    });
    let margin = share * (high - low);
    // Too large to be a number, or no mean at all: the audit says what is wrong.
    if margin.is_finite() && margin >= 0.0 {
        Margin::Absolute(margin)
    } else {
        Margin::Share(share)
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
    sum / n
}

fn windows_remark(log: &Log, series: &Series, least: usize) -> String {
    let n_records = log.records().len();
    let what = match log.kind() {
        RecordKind::Episode => "episodes",
        RecordKind::Mean => "values",
    };
    let n_windows = series.checkpoints.len();
    let mut remark = format!(
        "{n_records} {what} are cut into {WINDOWS} windows of equal pressure ({})",
        log.pressure_name()
    );
    if n_windows < WINDOWS {
        remark.push_str(&format!(
            ", each lengthened until it holds {least}, so that there are {n_windows}"
        ));
    }
    if n_windows < 2 {
        remark.push_str(&format!("; at least {} are needed to compare", 2 * least));
    }
    remark.push('.');
    remark
}

fn verdict_at(n_windows: usize, outcome: &Outcome) -> WindowVerdict {
    WindowVerdict {
        n_windows,
        verdict: outcome.verdict,
        reason: outcome.reason,
    }
}

fn withhold_if_window_dependent(
    outcome: &mut Outcome,
    others: &[Outcome],
    by_windows: &[WindowVerdict],
) {
    if outcome.verdict == Verdict::Inconclusive {
        return;
    }
    let verdicts: Vec<String> = by_windows
        .iter()
        .map(|at| match at.reason {
            Some(reason) => format!("{} ({reason}) at {} windows", at.verdict, at.n_windows),
            None => format!("{} at {} windows", at.verdict, at.n_windows),
        })
        .collect();
    if by_windows.iter().all(|at| at.verdict == outcome.verdict) {
        outcome.remarks.push(format!(
            "The verdict is the same at {} windows.",
            by_windows
                .iter()
                .map(|at| at.n_windows.to_string())
                .collect::<Vec<_>>()
                .join(", ")
        ));
        return;
    }
    withhold(
        outcome,
        Reason::WindowDependent,
        format!(
            "Nothing can be said: the verdict depends on how many windows the log is cut into. It is {}.",
            verdicts.join(", ")
        ),
    );
    for check in &mut outcome.checks {
        let differs = others.iter().any(|other| {
            let same = other.checks.iter().find(|other| other.name == check.name);
            same.is_some_and(|other| other.status != check.status)
        });
        if differs {
            check.status = CheckStatus::NotMeasurable;
            check
                .note
                .push_str(", which depends on the number of windows");
        }
    }
}

fn withhold(outcome: &mut Outcome, reason: Reason, statement: String) {
    outcome.verdict = Verdict::Inconclusive;
    outcome.reason = Some(reason);
    outcome.statement = statement;
    outcome.witness = None;
    outcome.onset = None;
}

/// Below this von Neumann ratio successive means are taken to share episodes or to be smoothed.
///
/// Of independent values it is 1 with a standard error of 1/√n. A running mean over the last hundred
/// episodes, read every ten, has about 0.1.
const LEAST_RATIO: f64 = 0.5;

/// Means may share episodes, as running means do; then no interval over them can be trusted.
fn withhold_if_means_depend(log: &Log, outcome: &mut Outcome) {
    if log.kind() != RecordKind::Mean {
        return;
    }
    outcome.remarks.push(format!(
        "{:?} holds means over episodes that the log does not hold: the spread of returns is not measurable, and \
         a window needs at least {LEAST_ASYMPTOTIC} such values.",
        log.proxy_name()
    ));
    if outcome.verdict == Verdict::Inconclusive {
        return;
    }
    let smooth = |name: &str, values: &dyn Fn(usize) -> f64| {
        let ratio = von_neumann_ratio(log, values)?;
        (ratio < LEAST_RATIO).then(|| format!("{name} by {ratio:.2}"))
    };
    let records = log.records();
    let found = smooth("the proxy", &|index| records[index].proxy)
        .or_else(|| smooth("the intent", &|index| records[index].intent.unwrap_or(0.0)));
    if let Some(found) = found {
        withhold(
            outcome,
            Reason::MeansOnly,
            format!(
                "Nothing can be said: the log holds means, and successive ones depend on each other, as running means \
                 do ({found} where independent ones give 1). Give the episodes instead."
            ),
        );
    }
}

/// Half the mean squared difference of successive values over their variance, both within windows
/// and after a straight line is taken out of each; `None` where nothing varies.
fn von_neumann_ratio(log: &Log, values: &dyn Fn(usize) -> f64) -> Option<f64> {
    let (mut differences, mut squares) = (0.0, 0.0);
    let (mut n_differences, mut n_free) = (0.0, 0.0);
    // Half as many windows as usual: each has a line to fit.
    for window in cut(log.records(), log.pressure_start(), WINDOWS / 2, 1) {
        if window.len() < 4 {
            continue;
        }
        let residuals = detrended(&window.map(values).collect::<Vec<_>>());
        differences += residuals
            .windows(2)
            .map(|w| (w[1] - w[0]).powi(2))
            .sum::<f64>();
        squares += residuals.iter().map(|r| r * r).sum::<f64>();
        n_differences += (residuals.len() - 1) as f64;
        n_free += (residuals.len() - 2) as f64;
    }
    (squares > 0.0).then(|| 0.5 * (differences / n_differences) / (squares / n_free))
}

/// What is left of the values after the least-squares line through them.
fn detrended(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let centre = 0.5 * (n - 1.0);
    let mean = values.iter().sum::<f64>() / n;
    let (mut above, mut below) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let x = index as f64 - centre;
        above += x * (value - mean);
        below += x * x;
    }
    let slope = if below > 0.0 { above / below } else { 0.0 };
    let line = |index: usize| mean + slope * (index as f64 - centre);
    values
        .iter()
        .enumerate()
        .map(|(index, value)| value - line(index))
        .collect()
}

#[cfg(test)]
mod tests;
