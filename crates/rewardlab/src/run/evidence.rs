//! What was found about a run, as JSON: the bare word under `verdict`, the rest under `evidence`.

use audit::{Margin, Outcome, Recurrence, Settings, VerdictRecord};
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
        let mut evidence = evidence_of(&self.outcome, self.recurrence.as_ref(), &self.page);
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

/// What an audit says, as the object under `evidence`, with what stands on the page beside it: the loophole, the
/// mend, and how the loop compares with the reference.
#[must_use]
pub(crate) fn evidence_of(
    outcome: &Outcome,
    recurrence: Option<&Recurrence>,
    page: &report::Page,
) -> Map<String, Value> {
    let Value::Object(mut record) = VerdictRecord::new(outcome, recurrence).to_value() else {
        unreachable!("a record is an object")
    };
    let Some(Value::Object(mut evidence)) = record.remove("evidence") else {
        unreachable!("a record holds evidence")
    };
    evidence.insert("reason".into(), record.remove("reason").unwrap_or_default());
    evidence.insert("loophole".into(), json!(page.verdict.loophole));
    evidence.insert("mend".into(), json!(page.verdict.mend));
    if let (Some(Value::Object(found)), Some(shown)) =
        (evidence.get_mut("recurrence"), &page.recurrence)
    {
        found.insert("share_of_reward".into(), json!(shown.share_of_reward));
        found.insert(
            "reference_share_of_time".into(),
            json!(shown.reference_share_of_time),
        );
    }
    evidence
}
