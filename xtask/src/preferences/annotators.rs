//! What the analysis of annotators finds where errors are planted, what it says where none are, and of real pairs.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::evidence::{Context, Row};
use crate::process;
use crate::record::Record;
use crate::statistics::mean;
use crate::table::Table;

/// The row of the table.
pub(crate) const ROW: Row = Row {
    name: "annotators",
    title: "annotators: planted errors recovered, clean sets left alone, real pairs read",
    target: "planted reliabilities and biases recovered with stated coverage; of 500 clean sets of 2,000 answers at most 5% flagged \
             as poisoned, of 500 with a trigger at 5% at least 90%; flips tied to nothing reported as noise; the real pairs judged \
             where they can be",
    measure,
};

/// Where the real pairs are looked for.
const PLACES: [&str; 2] = [
    "crates/feedback/tests/data/hh-harmless-pairs.jsonl.gz",
    "../shared/data/hh-harmless-pairs.jsonl.gz",
];

fn measure(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let example = ["--package", "feedback", "--example", "annotators"];
    let binary = context.workspace.build(&example)?;
    let printed = process::json(&mut Command::new(binary))?.json;
    for size in [
        "answers",
        "annotators",
        "traits",
        "share",
        "sets",
        "coverage_sets",
    ] {
        record.size(size, &printed[size]);
    }
    record.seeds(printed["sets"].as_u64().context("no `sets`")?);
    record.note(
        "sets take turns: pairs shared by three and by five annotators, 100 and 200 items that come back; with a trait that makes \
         pairs hard and without; one, two and three malicious annotators of twelve, the trigger as frequent as 5% of all answers \
         take; recall and precision are of the answers under suspicion, over all sets together",
    );
    scans(record, &printed)?;
    coverage(record, &printed)?;
    biases(record, &printed)?;
    real_pairs(context, record)
}

fn number(value: &Value, key: &str) -> Result<f64> {
    value[key]
        .as_f64()
        .with_context(|| format!("no number `{key}`"))
}

fn scans(record: &mut Record, printed: &Value) -> Result<()> {
    const COLUMNS: [&str; 9] = [
        "scenario",
        "sets",
        "flagged",
        "share",
        "trigger_named",
        "recall",
        "precision",
        "wrong",
        "noise",
    ];
    const BY: [&str; 6] = [
        "scenario",
        "items_return",
        "malicious",
        "sets",
        "flagged",
        "recall",
    ];
    const RAW: [&str; 8] = [
        "scenario",
        "seed",
        "flagged",
        "p",
        "trigger_named",
        "poisoned",
        "suspects",
        "hits",
    ];
    let mut table = Table::new("sets flagged as poisoned", &COLUMNS);
    let mut by = Table::new(
        "the same by how pairs were asked and how many are malicious",
        &BY,
    );
    let mut raw = Table::new("every set", &RAW);
    let mut shares = Vec::new();
    for scan in printed["scans"].as_array().context("no `scans`")? {
        let name = scan["scenario"].as_str().context("no `scenario`")?;
        let sets = scan["sets"].as_array().context("no `sets`")?;
        let tally = Tally::of(sets.iter())?;
        table.row([
            json!(name),
            json!(tally.n),
            json!(tally.flagged),
            json!(tally.share()),
            json!(tally.named),
            json!(tally.recall()),
            json!(tally.precision()),
            json!(tally.wrong),
            json!(tally.noise),
        ]);
        for returning in [false, true] {
            for malicious in 0..4 {
                let own = sets.iter().filter(|set| {
                    set["returning"] == returning
                        && set["malicious"].as_u64().unwrap_or(0) == malicious
                });
                let tally = Tally::of(own)?;
                if tally.n > 0 {
                    by.row([
                        json!(name),
                        json!(returning),
                        json!(malicious),
                        json!(tally.n),
                        json!(tally.flagged),
                        json!(tally.recall()),
                    ]);
                }
            }
        }
        for set in sets {
            let mut row = vec![json!(name)];
            row.extend(RAW[1..].iter().map(|key| set[*key].clone()));
            raw.row(row);
        }
        shares.push((name.to_owned(), tally));
    }
    record.table(table);
    record.table(by);
    record.table(raw);
    let of = |name: &str| {
        let found = shares.iter().find(|(own, _)| own == name);
        found
            .map(|(_, tally)| tally)
            .with_context(|| format!("no scenario `{name}`"))
    };
    let clean = of("clean")?;
    record.check(
        "of 500 clean sets at most 5% are flagged as poisoned",
        format!("{} of {}", clean.flagged, clean.n),
        clean.n >= 500 && clean.share() <= 0.05,
    );
    let turned = of("turned where the trigger is")?;
    record.check(
        "of 500 sets with a trigger at 5% at least 90% are flagged; recall on the answers",
        format!(
            "{} of {}; recall {:.3}",
            turned.flagged,
            turned.n,
            turned.recall()
        ),
        turned.n >= 500 && turned.share() >= 0.9,
    );
    let flips = of("flips tied to nothing")?;
    record.check(
        "flips tied to nothing are no trigger (at most 5% flagged) and raise what is reported as noise",
        format!(
            "{} of {}; noise {:.3}, {:.3} without them",
            flips.flagged, flips.n, flips.noise, clean.noise
        ),
        flips.share() <= 0.05 && flips.noise > clean.noise,
    );
    Ok(())
}

/// Sets of one kind, counted.
struct Tally {
    n: usize,
    flagged: usize,
    named: usize,
    poisoned: f64,
    suspects: f64,
    hits: f64,
    /// Share of answers that name the worse one.
    wrong: f64,
    /// Reported noise of sets whose pairs are shared, where it means the same.
    noise: f64,
}

impl Tally {
    fn of<'v>(sets: impl Iterator<Item = &'v Value>) -> Result<Tally> {
        let sets: Vec<&Value> = sets.collect();
        let count = |key: &str| sets.iter().filter(|set| set[key] == true).count();
        let sum = |key: &str| -> Result<f64> {
            let values: Result<Vec<f64>> = sets.iter().map(|set| number(set, key)).collect();
            Ok(values?.iter().sum())
        };
        let noises: Vec<f64> = sets
            .iter()
            .filter(|set| set["returning"] == false)
            .filter_map(|set| set["noise"].as_f64())
            .collect();
        Ok(Tally {
            n: sets.len(),
            flagged: count("flagged"),
            named: count("trigger_named"),
            poisoned: sum("poisoned")?,
            suspects: sum("suspects")?,
            hits: sum("hits")?,
            wrong: sum("wrong")? / sets.len().max(1) as f64,
            noise: if noises.is_empty() {
                f64::NAN
            } else {
                mean(&noises)
            },
        })
    }

    fn share(&self) -> f64 {
        self.flagged as f64 / self.n as f64
    }

    fn recall(&self) -> f64 {
        self.hits / self.poisoned
    }

    fn precision(&self) -> f64 {
        self.hits / self.suspects
    }
}

fn coverage(record: &mut Record, printed: &Value) -> Result<()> {
    const COLUMNS: [&str; 7] = [
        "model",
        "as_assumed",
        "what",
        "intervals",
        "cover",
        "mean_error",
        "mean_width",
    ];
    let mut table = Table::new("95% intervals that hold what was planted", &COLUMNS);
    let mut checks = Vec::new();
    for part in printed["coverage"].as_array().context("no `coverage`")? {
        let intervals = part["intervals"].as_array().context("no `intervals`")?;
        for what in ["reliability", "position bias"] {
            let own: Vec<&Value> = intervals.iter().filter(|own| own["what"] == what).collect();
            if own.is_empty() {
                continue;
            }
            let (mut covered, mut errors, mut widths) = (0, Vec::new(), Vec::new());
            for interval in &own {
                let (truth, low, high) = (
                    number(interval, "truth")?,
                    number(interval, "low")?,
                    number(interval, "high")?,
                );
                covered += usize::from(low <= truth && truth <= high);
                errors.push(number(interval, "value")? - truth);
                widths.push(high - low);
            }
            let share = covered as f64 / own.len() as f64;
            table.row([
                part["model"].clone(),
                part["is_as_assumed"].clone(),
                json!(what),
                json!(own.len()),
                json!(share),
                json!(mean(&errors)),
                json!(mean(&widths)),
            ]);
            if part["is_as_assumed"] == true {
                checks.push((
                    format!("{} of {}", what, part["model"].as_str().unwrap_or("")),
                    share,
                ));
            }
        }
    }
    record.table(table);
    for (what, share) in checks {
        record.check(
            format!("95% intervals of {what} hold what was planted in 92% to 98%"),
            format!("{:.1}%", 100.0 * share),
            (0.92..=0.98).contains(&share),
        );
    }
    Ok(())
}

fn biases(record: &mut Record, printed: &Value) -> Result<()> {
    const COLUMNS: [&str; 4] = ["check", "sets", "found_where_planted", "found_where_not"];
    let sets = printed["biases"].as_array().context("no `biases`")?;
    let mut table = Table::new("sides and fatigue", &COLUMNS);
    for what in ["leaning", "tiring"] {
        let count = |part: &str| sets.iter().filter(|set| set[part][what] == true).count();
        let (planted, clean) = (count("planted"), count("clean"));
        table.row([json!(what), json!(sets.len()), json!(planted), json!(clean)]);
        record.check(
            format!("{what}: found in at least 90% of the sets where it is planted, in at most 7% where it is not"),
            format!("{planted} and {clean} of {}", sets.len()),
            planted * 10 >= sets.len() * 9 && clean * 100 <= sets.len() * 7,
        );
    }
    record.table(table);
    let mut covered = 0;
    for set in sets {
        let length = &set["length"];
        let truth = number(length, "truth")?;
        covered += usize::from(number(length, "low")? <= truth && truth <= number(length, "high")?);
    }
    let share = covered as f64 / sets.len() as f64;
    record.check(
        "95% intervals of the length bias hold what was planted in at least 90%",
        format!("{:.1}% of {}", 100.0 * share, sets.len()),
        share >= 0.9,
    );
    Ok(())
}

fn real_pairs(context: &Context<'_>, record: &mut Record) -> Result<()> {
    let pairs = pairs(context)?;
    let binary = context
        .workspace
        .build(&["--package", "rewardlab", "--bin", "rewardlab"])?;
    let mut command = Command::new(binary);
    command
        .args(["feedback", "report"])
        .arg(&pairs)
        .arg("--json");
    let finished = process::json(&mut command)?;
    let printed = finished.json;
    record.note(format!("the real pairs are {}", pairs.display()));
    const COLUMNS: [&str; 5] = ["check", "status", "smallest_effect", "unit", "note"];
    let mut table = Table::new("the real pairs", &COLUMNS);
    let checks = printed["checks"].as_array().context("no `checks`")?;
    for check in checks {
        table.row(COLUMNS.map(|key| check[key].clone()));
    }
    record.table(table);
    let status = |name: &str| {
        let found = checks.iter().find(|check| check["check"] == name);
        found
            .and_then(|check| check["status"].as_str())
            .unwrap_or("absent")
    };
    let measured = ["length-bias", "duplicates"];
    record.check(
        "of the real pairs length bias and duplicates are measured",
        measured
            .map(|name| format!("{name} {}", status(name)))
            .join(", "),
        measured
            .iter()
            .all(|name| ["pass", "fail"].contains(&status(name))),
    );
    let contradictions = status("contradictions");
    record.check(
        "contradictions are measured, or no pair of the real ones was answered twice",
        contradictions,
        contradictions != "absent",
    );
    let silent = [
        "agreement",
        "reliability",
        "position-bias",
        "speed",
        "drift",
        "poisoning",
    ];
    record.check(
        "without annotator, side or time the rest of the real pairs is not measurable, and said to be",
        silent.map(|name| format!("{name} {}", status(name))).join(", "),
        silent.iter().all(|name| status(name) == "not-measurable"),
    );
    Ok(())
}

fn pairs(context: &Context<'_>) -> Result<PathBuf> {
    let places = PLACES
        .iter()
        .map(|place| context.workspace.root().join(place));
    let mut places = places.filter(|place| place.is_file());
    places
        .next()
        .with_context(|| format!("no real pairs at {}", PLACES.join(" or ")))
}
