//! What was found about a run, as JSON: the bare word under `verdict`, the rest under `evidence`.

use audit::{Estimate, Interval, Margin, Outcome, Policy, Settings};
use serde_json::{Map, Value, json};

use super::FinishedRun;
use crate::experiment::Experiment;

/// The audit's settings that an experiment asks for.
#[must_use]
pub fn settings_of(experiment: &Experiment) -> Settings {
    Settings {
        error_rate: experiment.audit.error_rate,
        proxy_margin: Margin::Share(experiment.audit.margin),
        intent_margin: Margin::Share(experiment.audit.margin),
        ..Settings::default()
    }
}

impl FinishedRun {
    /// The object that `verdict.json` and `rewardlab run --json` hold.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let record = &self.record;
        let timing = &record.timing;
        let mut evidence = outcome_json(&self.outcome);
        add_findings(&mut evidence, &self.page);
        evidence.insert("outcomes".into(), self.outcomes_json());
        json!({
            "verdict": self.outcome.verdict.word(),
            "evidence": evidence,
            "experiment": record.experiment.name,
            "seed": record.experiment.seed,
            "run": self.path.display().to_string(),
            "n_steps": timing.n_steps,
            "training_seconds": timing.training_seconds,
            "evaluation_seconds": timing.evaluation_seconds,
            "steps_per_second": timing.steps_per_second(),
            "profile": { "collect": timing.profile.collect, "update": timing.profile.update },
            "greedy_return": record.finals.greedy.proxy_mean(),
            "threads": record.n_threads,
            "version": crate::VERSION,
            "instruction_set": nn::instruction_set(),
        })
    }

    /// Means of the final policy's episodes, sampled and greedy, and of the reference's.
    fn outcomes_json(&self) -> Value {
        let record = &self.record;
        let names = &record.component_names;
        let last = record.checkpoints.last().expect("a run has a checkpoint");
        let reference = record.finals.reference.as_ref().map(|(name, returns)| {
            let mut summary = returns.summary(names);
            summary.insert("name".into(), json!(name));
            summary
        });
        json!({
            "greedy_return": record.finals.greedy.proxy_mean(),
            "finish_rate": last.sampled.success_rate(),
            "final": last.sampled.summary(names),
            "greedy": record.finals.greedy.summary(names),
            "reference": reference,
        })
    }
}

/// What stands on the page beside what the audit says: the loophole, the mend, the loop.
pub(crate) fn add_findings(evidence: &mut Map<String, Value>, page: &report::Page) {
    let recurrence = page.recurrence.as_ref().map(|recurrence| {
        json!({
            "period": recurrence.period,
            "place": recurrence.place,
            "share_of_time": recurrence.share_of_time,
            "reference_share_of_time": recurrence.reference_share_of_time,
            "share_of_reward": recurrence.share_of_reward,
        })
    });
    evidence.insert("loophole".into(), json!(page.verdict.loophole));
    evidence.insert("mend".into(), json!(page.verdict.mend));
    evidence.insert("recurrence".into(), json!(recurrence));
}

/// What an audit says, as the object under `evidence`. Ends of intervals that are not known are null.
#[must_use]
pub fn outcome_json(outcome: &Outcome) -> Map<String, Value> {
    let checks: Vec<Value> = outcome
        .checks
        .iter()
        .map(|check| {
            json!({
                "name": check.name,
                "status": check.status.word(),
                "smallest_effect": check.smallest_effect,
                "unit": check.unit,
                "note": check.note,
            })
        })
        .collect();
    let components: Vec<Value> = outcome
        .components
        .iter()
        .map(|component| {
            json!({
                "name": component.name,
                "before": component.before,
                "after": component.after,
                "share": component.share,
            })
        })
        .collect();
    let object = json!({
        "reason": outcome.reason.map(|reason| reason.to_string()),
        "statement": outcome.statement,
        "remarks": outcome.remarks,
        "error_rate": outcome.error_rate,
        "margins": { "proxy": outcome.margins.proxy, "intent": outcome.margins.intent },
        "reference_name": outcome.reference_name,
        "reference": outcome.reference.as_ref().map(estimate),
        "checkpoints": outcome.checkpoints.iter().map(estimate).collect::<Vec<_>>(),
        "witness": outcome.witness.map(|witness| json!({
            "better": policy(witness.better),
            "later": witness.later,
            "proxy_rise": interval(witness.proxy_rise),
            "intent_fall": interval(witness.intent_fall),
        })),
        "peak": outcome.peak.map(|peak| json!({
            "checkpoint": peak.checkpoint,
            "pressure": peak.pressure,
            "intent": interval(peak.intent),
            "earliest": peak.earliest,
            "latest": peak.latest,
        })),
        "onset": outcome.onset.map(|onset| json!({
            "checkpoint": onset.checkpoint,
            "pressure": onset.pressure,
            "pressure_low": onset.pressure_low,
            "pressure_high": onset.pressure_high,
        })),
        "smallest_visible_fall": outcome.smallest_visible_fall,
        "labels_used": outcome.labels_used,
        "checks": checks,
        "components": components,
        "clips": outcome.clips.map(|clips| json!({
            "before": { "policy": policy(clips.before.policy), "episode": clips.before.episode },
            "after": { "policy": policy(clips.after.policy), "episode": clips.after.episode },
        })),
    });
    match object {
        Value::Object(object) => object,
        _ => unreachable!("an object was written"),
    }
}

fn policy(policy: Policy) -> Value {
    match policy {
        Policy::Reference => json!("reference"),
        Policy::Checkpoint(index) => json!(index),
    }
}

fn estimate(estimate: &Estimate) -> Value {
    json!({
        "pressure": estimate.pressure,
        "episodes": estimate.episodes,
        "labelled": estimate.labelled,
        "proxy": interval(estimate.proxy),
        "intent": estimate.intent.map(interval),
    })
}

/// JSON has no infinity: an end that is not known is null.
fn interval(interval: Interval) -> Value {
    let end = |x: f64| x.is_finite().then_some(x);
    json!({ "mean": end(interval.mean), "low": end(interval.low), "high": end(interval.high) })
}
