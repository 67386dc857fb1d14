//! `rewardlab feedback report`: what answers say about those who gave them.

use std::io::Write;

use ::feedback::{
    Analysis, AnalysisSettings, Comparisons, Estimate, FeedbackCheck, FeedbackStatus, Share,
    analyze,
};
use ::report::terminal::Style;
use anyhow::{Result, bail};
use clap::Args;
use mdp::Seed;
use serde_json::{Value, json};

use crate::command::output;

/// Say how reliable annotators are, which side and length win, what is there twice, and what looks poisoned
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rewardlab feedback report pairs.jsonl.gz
  rewardlab feedback report answers.parquet --json
  rewardlab feedback report feedback.sqlite --level 1%

Each check passes, fails or is not measurable on what was recorded; docs/methods/annotators.md defines them. The exit
status is 0 where nothing was found, 1 where a check fails, 2 for bad input, and 3 where nothing could be measured.")]
pub(super) struct Report {
    /// A file of answers, a store, the folder of a run, or postgres://…
    #[arg(value_name = "FILE-OR-RUN")]
    place: String,
    /// The chance, at most, that a check fails where there is nothing, each check by itself
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = level)]
    level: f64,
    /// Answers that took less than this were given without looking
    #[arg(long, value_name = "SECONDS", default_value_t = 0.5, value_parser = seconds)]
    too_fast: f64,
    /// Seed of what is drawn for intervals and tests
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON object on standard output and nothing else
    #[arg(long)]
    json: bool,
}

/// A share from 0.1% to 50%, as a number or a percentage.
fn level(text: &str) -> Result<f64, String> {
    let (digits, scale) = match text.strip_suffix('%') {
        Some(digits) => (digits, 100.0),
        None => (text, 1.0),
    };
    let value = digits.trim().parse::<f64>().map(|value| value / scale);
    match value {
        Ok(value) if (0.001..=0.5).contains(&value) => Ok(value),
        _ => Err("write a share from 0.001 to 0.5, such as 0.05 or 5%".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    let value = text
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite() && *value >= 0.0);
    value.ok_or_else(|| "write seconds, such as 0.5".to_owned())
}

impl Report {
    pub(super) fn execute(self, out: &mut dyn Write) -> Result<u8> {
        let comparisons = Comparisons::read(&self.place)?;
        if comparisons.rows().is_empty() {
            bail!(
                "{} holds no comparison that was answered; name a store, a file or a run with answers",
                self.place
            );
        }
        let default = AnalysisSettings::default();
        let settings = AnalysisSettings {
            level: self.level,
            too_fast_seconds: self.too_fast,
            // The least level must be within reach of the rearrangements.
            permutations: default.permutations.max((10.0 / self.level) as usize),
            ..default
        };
        let analysis = analyze(&comparisons, &settings, Seed(self.seed));
        let status = analysis.status();
        if self.json {
            output::object(out, &object(&self.place, &comparisons, &analysis))?;
        } else {
            let style = output::style();
            write!(
                out,
                "{}",
                text(&self.place, &comparisons, &analysis, &style)
            )?;
        }
        Ok(match status {
            FeedbackStatus::Pass => 0,
            FeedbackStatus::Fail => 1,
            FeedbackStatus::NotMeasurable => 3,
        })
    }
}

/// The word for the whole, as the verdicts have theirs.
fn word(status: FeedbackStatus) -> &'static str {
    match status {
        FeedbackStatus::Pass => "nothing found",
        FeedbackStatus::Fail => "found",
        FeedbackStatus::NotMeasurable => "not measurable",
    }
}

/// The report in a page of text.
fn text(place: &str, comparisons: &Comparisons, analysis: &Analysis, style: &Style) -> String {
    let mut out = format!(
        "{}  {}: {} on {}{}\n\n",
        paint(word(analysis.status()), analysis.status(), style),
        clean(place),
        count(analysis.n_answers, "answer"),
        count(analysis.n_pairs, "pair"),
        match analysis.n_annotators {
            0 => String::new(),
            n => format!(" by {}", count(n, "annotator")),
        }
    );
    for check in &analysis.checks {
        out.push_str(&entry(check, style));
    }
    if let Some(table) = annotators(comparisons, analysis, style) {
        out.push_str(&table);
    }
    if let Some(suspects) = suspects(comparisons, analysis) {
        out.push_str(&suspects);
    }
    out
}

/// A check in its lines: a mark, its name, what was found.
fn entry(check: &FeedbackCheck, style: &Style) -> String {
    const INDENT: usize = 20;
    let mark = match (check.status, style.unicode) {
        (FeedbackStatus::Pass, true) => "✓",
        (FeedbackStatus::Fail, true) => "✗",
        (FeedbackStatus::Pass, false) => "+",
        (FeedbackStatus::Fail, false) => "x",
        (FeedbackStatus::NotMeasurable, _) => "?",
    };
    let note = match check.status {
        FeedbackStatus::NotMeasurable => format!("not measurable: {}", check.note),
        FeedbackStatus::Pass | FeedbackStatus::Fail => check.note.clone(),
    };
    let lines = wrap(&clean(&note), style.width.clamp(40, 100) - INDENT);
    format!(
        "  {} {:<15} {}\n",
        paint(mark, check.status, style),
        check.name,
        lines.join(&format!("\n{:INDENT$}", ""))
    )
}

/// One line an annotator, the least reliable first, at most twenty.
fn annotators(comparisons: &Comparisons, analysis: &Analysis, style: &Style) -> Option<String> {
    const MOST: usize = 20;
    let (model, estimates) = match (&analysis.dawid_skene, &analysis.bradley_terry) {
        (Some(model), _) => ("right", &model.annotators),
        (None, Some(model)) => ("looks", &model.annotators),
        (None, None) => return None,
    };
    let mut order: Vec<_> = estimates.iter().collect();
    order.sort_by(|a, b| a.reliability.value.total_cmp(&b.reliability.value));
    let names: Vec<String> = order
        .iter()
        .map(|estimate| {
            cut(
                &clean(&comparisons.annotators()[estimate.annotator]),
                24,
                style,
            )
        })
        .collect();
    let width = names.iter().map(|name| name.chars().count()).max()?.max(9);
    let mut out = format!(
        "\n  {:<width$}  {:>7}  {:<16}  {:<18}  {:>7}\n",
        "annotator", "answers", model, "for the left", "seconds"
    );
    for (estimate, name) in order.iter().zip(&names).take(MOST) {
        let lean = estimate
            .position_bias
            .map_or("not recorded".into(), |bias| {
                let points = |share: f64| format!("{:+.0}", 100.0 * share);
                format!(
                    "{} ({} to {})",
                    points(bias.value),
                    points(bias.low),
                    points(bias.high)
                )
            });
        let pace = analysis
            .pace
            .iter()
            .find(|pace| pace.annotator == Some(estimate.annotator));
        let line = format!(
            "  {name:<width$}  {:>7}  {:<16}  {lean:<18}  {:>7}",
            estimate.n_answers,
            range(estimate.reliability),
            pace.map_or(String::new(), |pace| format!("{:.1}", pace.seconds.value)),
        );
        out.push_str(line.trim_end());
        out.push('\n');
    }
    if order.len() > MOST {
        out.push_str(&format!("  and {} more, in --json\n", order.len() - MOST));
    }
    Some(out)
}

/// The first answers under suspicion.
fn suspects(comparisons: &Comparisons, analysis: &Analysis) -> Option<String> {
    const MOST: usize = 10;
    let scan = analysis
        .poisoning
        .as_ref()
        .filter(|scan| !scan.suspects.is_empty())?;
    let mut out = String::from("\n  suspected answers, counted from 1\n");
    for suspect in scan.suspects.iter().take(MOST) {
        let row = comparisons.rows()[suspect.row];
        let who = row
            .annotator
            .map_or("not recorded", |who| &comparisons.annotators()[who]);
        out.push_str(&format!(
            "  {:>7}  {:<14}  {:>3.0}%  {}\n",
            suspect.row + 1,
            row.preference.name(),
            100.0 * suspect.probability,
            clean(who)
        ));
    }
    if scan.suspects.len() > MOST {
        out.push_str(&format!(
            "  and {} more, in --json\n",
            scan.suspects.len() - MOST
        ));
    }
    Some(out)
}

fn range(estimate: Estimate) -> String {
    let percent = |share: f64| format!("{:.0}", 100.0 * share);
    format!(
        "{}% ({} to {})",
        percent(estimate.value),
        percent(estimate.low),
        percent(estimate.high)
    )
}

fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

fn paint(text: &str, status: FeedbackStatus, style: &Style) -> String {
    if !style.color {
        return text.to_owned();
    }
    let painted = console::style(text).force_styling(true).bold();
    match status {
        FeedbackStatus::Pass => painted.green(),
        FeedbackStatus::Fail => painted.red(),
        FeedbackStatus::NotMeasurable => painted.yellow(),
    }
    .to_string()
}

/// Control characters, with which a name could steer the terminal, are replaced.
fn clean(text: &str) -> String {
    let is_hidden = |c: char| c.is_control() || ('\u{202A}'..='\u{202E}').contains(&c);
    text.chars()
        .map(|c| if is_hidden(c) { '\u{FFFD}' } else { c })
        .collect()
}

fn cut(text: &str, most: usize, style: &Style) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let end = if style.unicode { "…" } else { "~" };
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}{end}")
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Everything, as JSON.
fn object(place: &str, comparisons: &Comparisons, analysis: &Analysis) -> Value {
    let name = |annotator: usize| &comparisons.annotators()[annotator];
    let estimates = |annotators: &[::feedback::AnnotatorEstimate]| -> Vec<Value> {
        annotators
            .iter()
            .map(|estimate| {
                json!({
                    "annotator": name(estimate.annotator),
                    "answers": estimate.n_answers,
                    "reliability": interval(estimate.reliability),
                    "position_bias": estimate.position_bias.map(interval),
                })
            })
            .collect()
    };
    let checks: Vec<Value> = analysis
        .checks
        .iter()
        .map(|check| {
            json!({
                "check": check.name,
                "status": check.status.word(),
                "smallest_effect": check.smallest_effect,
                "unit": check.unit,
                "note": check.note,
            })
        })
        .collect();
    json!({
        "source": place,
        "status": analysis.status().word(),
        "answers": analysis.n_answers,
        "silent": analysis.n_silent,
        "items": analysis.n_items,
        "pairs": analysis.n_pairs,
        "annotators": analysis.n_annotators,
        "checks": checks,
        "agreement": analysis.agreement.as_ref().map(|agreement| json!({
            "pairs": agreement.n_pairs,
            "answers": agreement.n_answers,
            "nominal": interval(agreement.nominal),
            "ordinal": interval(agreement.ordinal),
        })),
        "noise": analysis.noise.map(interval),
        "dawid_skene": analysis.dawid_skene.as_ref().map(|model| json!({
            "annotators": estimates(&model.annotators),
            "iterations": model.iterations,
            "converged": model.has_converged,
        })),
        "noisy_bradley_terry": analysis.bradley_terry.as_ref().map(|model| json!({
            "annotators": estimates(&model.annotators),
            "score_deviation": model.score_deviation,
            "iterations": model.iterations,
            "converged": model.has_converged,
        })),
        "position_bias": analysis.position_bias.as_ref().map(|bias| json!({
            "all": share(&bias.all),
            "annotators": bias.annotators.iter().map(|own| json!({
                "annotator": name(own.annotator),
                "answers": own.n,
                "left": interval(own.share),
                "p": own.p_value,
            })).collect::<Vec<_>>(),
        })),
        "length_bias": analysis.length_bias.as_ref().map(|bias| json!({
            "longer": share(&bias.longer),
            "by_difference": bias.by_difference.iter().map(|((from, to), part)| json!({
                "characters": [from, to],
                "longer": share(part),
            })).collect::<Vec<_>>(),
        })),
        "repeats": repeats(comparisons, analysis),
        "cycles": analysis.cycles.as_ref().map(|cycles| json!({
            "triples": cycles.n_triples,
            "cyclic": cycles.n_cyclic,
            "by_chance": cycles.by_chance,
            "p": cycles.p_value,
            "examples": cycles.examples.iter().map(|triple| triple.map(|item| label(comparisons, item))).collect::<Vec<_>>(),
        })),
        "pace": analysis.pace.iter().map(|pace| json!({
            "annotator": pace.annotator.map(name),
            "answers": pace.n,
            "seconds": interval(pace.seconds),
            "too_fast": interval(pace.too_fast),
        })).collect::<Vec<_>>(),
        "drift": analysis.drift.as_ref().map(|drifts| drifts.iter().map(|drift| json!({
            "annotator": name(drift.annotator),
            "answers": drift.n,
            "change": interval(drift.change),
            "p": drift.p_value,
        })).collect::<Vec<_>>()),
        "poisoning": poisoning(comparisons, analysis),
    })
}

fn repeats(comparisons: &Comparisons, analysis: &Analysis) -> Value {
    let repeats = &analysis.repeats;
    let pairs = |pairs: &[(usize, usize)]| -> Vec<[String; 2]> {
        pairs
            .iter()
            .map(|(low, high)| [label(comparisons, *low), label(comparisons, *high)])
            .collect()
    };
    json!({
        "duplicates": repeats.duplicates,
        "unsigned_duplicates": repeats.unsigned_duplicates,
        "identical": repeats.n_identical,
        "repeated_pairs": repeats.n_repeated,
        "self_contradictions": pairs(&repeats.self_contradictions),
        "unsigned_contradictions": pairs(&repeats.unsigned_contradictions),
        "shared_pairs": repeats.n_shared,
        "disputed_pairs": repeats.n_disputed,
    })
}

fn poisoning(comparisons: &Comparisons, analysis: &Analysis) -> Value {
    let Some(scan) = &analysis.poisoning else {
        return Value::Null;
    };
    let triggers: Vec<Value> = scan
        .triggers
        .iter()
        .map(|trigger| {
            let annotators = trigger.annotators.iter();
            json!({
                "names": trigger.names,
                "kind": trigger.kind.word(),
                "annotators": annotators.map(|who| &comparisons.annotators()[*who]).collect::<Vec<_>>(),
                "answers": trigger.n_answers,
                "rate": trigger.rate,
                "z": trigger.z,
            })
        })
        .collect();
    let suspects: Vec<Value> = scan
        .suspects
        .iter()
        .map(|suspect| {
            let row = comparisons.rows()[suspect.row];
            json!({
                "answer": suspect.row + 1,
                "first": label(comparisons, row.first),
                "second": label(comparisons, row.second),
                "preference": row.preference.name(),
                "annotator": row.annotator.map(|who| &comparisons.annotators()[who]),
                "trigger": suspect.trigger,
                "probability": suspect.probability,
            })
        })
        .collect();
    json!({
        "traits": scan.n_traits,
        "answers": scan.n_answers,
        "p": scan.p_value,
        "smallest_effect": scan.smallest_effect,
        "triggers": triggers,
        "suspects": suspects,
    })
}

/// What an item is called, or how its text begins.
fn label(comparisons: &Comparisons, item: usize) -> String {
    const MOST: usize = 80;
    let item = &comparisons.items()[item];
    match (&item.id, &item.text) {
        (Some(id), _) => id.clone(),
        (None, Some(text)) => text.chars().take(MOST).collect(),
        (None, None) => item.traits.join(" "),
    }
}

fn interval(estimate: Estimate) -> Value {
    json!({ "value": estimate.value, "low": estimate.low, "high": estimate.high })
}

fn share(share: &Share) -> Value {
    json!({
        "answers": share.n,
        "for": share.n_for,
        "share": interval(share.share),
        "p": share.p_value,
        "smallest_effect": share.smallest_effect,
    })
}
