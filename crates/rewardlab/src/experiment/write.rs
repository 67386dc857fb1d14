//! The resolved experiment as TOML: every value explicit, so that running it again gives the same numbers.

use toml_edit::{DocumentMut, Item, Table, Value as TomlValue};

use super::{Demonstrator, Experiment, RewardInference, Values};

impl Experiment {
    /// The experiment as a TOML file in which nothing is left to a default. `version` and
    /// `instruction_set` record who made the numbers.
    #[must_use]
    pub fn to_toml(&self, version: &str, instruction_set: &str) -> String {
        let mut document = DocumentMut::new();
        if !self.description.is_empty() {
            document["description"] = value(self.description.as_str());
        }
        let environment = section(
            &[("name", self.environment.name.into())],
            &self.environment.settings,
        );
        document["environment"] = Item::Table(environment);
        if let Some(reward) = &self.reward {
            let mut entries: Vec<(&str, TomlValue)> = vec![];
            if let Some(infer) = reward.infer {
                entries.push(("infer", RewardInference::NAME.into()));
                entries.push(("of", infer.of.name().into()));
            }
            entries.extend(
                reward
                    .file
                    .iter()
                    .map(|file| ("path", file.written.as_str().into())),
            );
            document["reward"] = table(&entries);
        }
        if let Some(demonstrations) = &self.demonstrations {
            let mut entries: Vec<(&str, TomlValue)> = vec![];
            if let Demonstrator::File { file, .. } = &demonstrations.demonstrator {
                entries.push(("path", file.written.as_str().into()));
            }
            entries.extend(
                demonstrations
                    .expert()
                    .map(|policy| ("policy", policy.into())),
            );
            if let Demonstrator::Policy { with, .. } = &demonstrations.demonstrator
                && !with.is_empty()
            {
                entries.push(("with", with.join(", ").into()));
            }
            entries.push(("episodes", count(demonstrations.episodes)));
            document["demonstrations"] = table(&entries);
        }
        if let Some(annotator) = &self.annotator {
            let mut head: Vec<(&str, TomlValue)> = vec![
                ("kind", annotator.kind.name().into()),
                ("judge", annotator.judge.as_str().into()),
            ];
            let optional = [
                ("appearance_judge", &annotator.appearance_judge),
                ("instructions", &annotator.instructions),
                ("store", &annotator.store),
            ];
            for (key, text) in optional {
                head.extend(text.iter().map(|text| (key, text.as_str().into())));
            }
            head.push(("preset", annotator.preset.into()));
            document["annotator"] = Item::Table(section(&head, &annotator.settings));
        }
        let optimizer = &self.optimizer;
        let head = [
            ("algorithm", optimizer.algorithm.name().into()),
            ("preset", optimizer.preset.into()),
        ];
        document["optimizer"] = Item::Table(section(&head, &optimizer.settings));
        let reference = self.reference.as_deref().unwrap_or("none");
        document["reference"] = table(&[("policy", reference.into())]);
        document["audit"] = table(&[
            ("checkpoints", count(self.audit.checkpoints)),
            ("episodes", count(self.audit.episodes)),
            ("error_rate", self.audit.error_rate.into()),
            ("margin", self.audit.margin.into()),
            ("proxy", self.audit.proxy.name().into()),
        ]);
        document["evaluation"] = table(&[
            ("greedy_episodes", count(self.greedy_episodes)),
            (
                "greedy_episodes_per_checkpoint",
                count(self.greedy_episodes_per_checkpoint),
            ),
            ("reference_episodes", count(self.reference_episodes)),
        ]);
        document["run"] = table(&[
            ("experiment", self.name.as_str().into()),
            ("seed", count(self.seed)),
            ("version", version.into()),
            ("instruction_set", instruction_set.into()),
        ]);
        document.to_string()
    }
}

fn value(value: impl Into<TomlValue>) -> Item {
    Item::Value(value.into())
}

fn count(count: u64) -> TomlValue {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}

fn table(entries: &[(&str, TomlValue)]) -> Item {
    Item::Table(section(entries, &Values::default()))
}

fn section(head: &[(&str, TomlValue)], rest: &Values) -> Table {
    let mut table = Table::new();
    for (key, entry) in head {
        table.insert(key, value(entry.clone()));
    }
    for (key, entry) in rest.iter() {
        table.insert(key, value(entry.to_toml()));
    }
    table
}
