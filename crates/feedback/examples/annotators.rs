//! How well the analysis of annotators finds what was planted, and what it says where nothing was: printed as JSON.
//!
//! `cargo run --release -p feedback --example annotators -- [SETS] [COVERAGE-SETS]`, 500 and 200 unless told otherwise; sets
//! are shared between two threads, and scenarios beside the two that are asked for are made for a fifth of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use feedback::{
    Analysis, AnalysisSettings, AnnotatorConfig, AnnotatorEstimate, Comparisons, Design, Estimate,
    FeedbackStatus, PlantedPlan, PlantedPoison, PlantedSet, Poisoning, analyze, planted_annotators,
    planted_trait,
};
use mdp::{Rng, Seed, uniform};
use serde_json::{Value, json};

const N_ANSWERS: usize = 2_000;
const N_ANNOTATORS: usize = 12;
const N_TRAITS: usize = 100;
/// The share of answers that is made up.
const SHARE: f64 = 0.05;
/// Half of what `planted_annotators` allows: about every seventh answer names the worse one.
const NOISE: f64 = 0.5;

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example prints"
)]
fn main() {
    let count = |at: usize, default: u64| -> u64 {
        std::env::args()
            .nth(at)
            .map_or(default, |n| n.parse().expect("a number of sets"))
    };
    let (n_sets, n_coverage) = (count(1, 500), count(2, 200));
    let began = Instant::now();
    let scans: Vec<Value> = scenarios()
        .into_iter()
        .map(|scenario| {
            let began = Instant::now();
            let n = if scenario.is_required { n_sets } else { n_sets.div_ceil(5) };
            let sets = each(n, |seed| scanned(&scenario, seed));
            let flagged = sets.iter().filter(|set| set["flagged"] == true).count();
            eprintln!(
                "{}: {flagged} of {n} flagged, {:.0} s",
                scenario.name,
                began.elapsed().as_secs_f64()
            );
            json!({ "scenario": scenario.name, "seconds": began.elapsed().as_secs_f64(), "sets": sets })
        })
        .collect();
    let mut coverage = Vec::new();
    for (model, is_as_assumed) in [
        ("dawid-skene", true),
        ("noisy-bradley-terry", true),
        ("dawid-skene", false),
    ] {
        let sets = each(n_coverage, |seed| covered(model, is_as_assumed, seed));
        let intervals: Vec<Value> = sets.into_iter().flat_map(array).collect();
        coverage.push(
            json!({ "model": model, "is_as_assumed": is_as_assumed, "intervals": intervals }),
        );
    }
    let biases: Vec<Value> = each(n_coverage, other_biases);
    let printed = json!({
        "answers": N_ANSWERS,
        "annotators": N_ANNOTATORS,
        "traits": N_TRAITS,
        "share": SHARE,
        "noise": NOISE,
        "sets": n_sets,
        "coverage_sets": n_coverage,
        "scans": scans,
        "coverage": coverage,
        "biases": biases,
        "seconds": began.elapsed().as_secs_f64(),
    });
    println!("{printed}");
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        other => vec![other],
    }
}

/// One value a seed, by two threads, in the order of the seeds.
fn each(n: u64, of: impl Fn(u64) -> Value + Sync) -> Vec<Value> {
    let next = AtomicU64::new(0);
    let take = || {
        let mut own = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= n {
                return own;
            }
            own.push((seed, of(seed)));
        }
    };
    let mut all: Vec<(u64, Value)> = std::thread::scope(|scope| {
        let threads = [scope.spawn(take), scope.spawn(take)];
        threads
            .into_iter()
            .flat_map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    all.sort_by_key(|(seed, _)| *seed);
    all.into_iter().map(|(_, value)| value).collect()
}

/// What is planted.
struct Scenario {
    name: &'static str,
    noise: f64,
    poisoning: Option<Poisoning>,
    /// Flips of every annotator beside its other errors, tied to nothing.
    flips: f64,
    /// Whether it is made for every set, and not for a fifth of them.
    is_required: bool,
}

fn scenarios() -> Vec<Scenario> {
    let required = |name, poisoning| Scenario {
        name,
        noise: NOISE,
        poisoning,
        flips: 0.0,
        is_required: true,
    };
    let beside = |name, noise, poisoning, flips| Scenario {
        name,
        noise,
        poisoning,
        flips,
        is_required: false,
    };
    let (turn, favor) = (Some(Poisoning::Turn), Some(Poisoning::Favor));
    vec![
        required("clean", None),
        required("turned where the trigger is", turn),
        beside("trigger said to be better", NOISE, favor, 0.0),
        beside("flips tied to nothing", NOISE, None, SHARE),
        beside("clean, twice the noise", 2.0 * NOISE, None, 0.0),
        beside("turned, twice the noise", 2.0 * NOISE, turn, 0.0),
    ]
}

/// Sets take turns: shared pairs with three and with five annotators each and items that come back, hard traits or none,
/// one to three malicious annotators.
fn plan(scenario: &Scenario, seed: u64) -> PlantedPlan {
    let mut rng = Seed(seed).stream("plan", 0);
    let mut annotators = planted_annotators(N_ANNOTATORS, scenario.noise, &mut rng);
    for annotator in &mut annotators {
        annotator.flips += scenario.flips;
    }
    PlantedPlan {
        design: match seed % 4 {
            0 => Design::SharedPairs { annotators: 3 },
            1 => Design::SharedPairs { annotators: 5 },
            2 => Design::ReturningItems { items: 100 },
            _ => Design::ReturningItems { items: 200 },
        },
        n_answers: N_ANSWERS,
        annotators,
        n_traits: N_TRAITS,
        has_hard_trait: (seed / 4).is_multiple_of(2),
        poison: scenario.poisoning.map(|poisoning| PlantedPoison {
            // One alone cannot make up 5% of the answers where exactly one of two must bear the trigger.
            annotators: match poisoning {
                Poisoning::Turn => 1 + (seed / 8 % 3) as usize,
                Poisoning::Favor => 2 + (seed / 8 % 2) as usize,
            },
            poisoning,
            share: SHARE,
        }),
    }
}

fn made(plan: &PlantedPlan, seed: u64) -> PlantedSet {
    plan.make(Seed(seed)).expect("the plan is possible")
}

fn scanned(scenario: &Scenario, seed: u64) -> Value {
    let plan = plan(scenario, seed);
    let set = made(&plan, seed);
    // Intervals are not looked at here; fewer rearrangements keep the level and lose a little power.
    let settings = AnalysisSettings {
        resamples: 2,
        permutations: 199,
        ..AnalysisSettings::default()
    };
    let analysis = analyze(&set.comparisons, &settings, Seed(seed));
    let scan = analysis.poisoning.as_ref().expect("the scan can be made");
    let n_hit = scan
        .suspects
        .iter()
        .filter(|suspect| set.poisoned.binary_search(&suspect.row).is_ok())
        .count();
    let names_trigger = |names: &Vec<String>| names.contains(&planted_trait(0));
    let named: Vec<bool> = set.is_right.iter().flatten().copied().collect();
    json!({
        "seed": seed,
        "returning": matches!(plan.design, Design::ReturningItems { .. }),
        "hard": plan.has_hard_trait,
        "malicious": plan.poison.map(|poison| poison.annotators),
        "wrong": named.iter().filter(|right| !**right).count() as f64 / named.len() as f64,
        "noise": analysis.noise.map(|noise| noise.value),
        "flagged": status(&analysis, "poisoning") == FeedbackStatus::Fail,
        "trigger_named": scan.triggers.iter().any(|trigger| names_trigger(&trigger.names)),
        "p": scan.p_value,
        "poisoned": set.poisoned.len(),
        "suspects": scan.suspects.len(),
        "hits": n_hit,
        "note": analysis.check("poisoning").map(|check| check.note.clone()),
    })
}

fn status(analysis: &Analysis, name: &str) -> FeedbackStatus {
    analysis.check(name).expect("always made").status
}

/// Annotators whose one error is answering without looking, at rates from 5% to 60%, some leaning to a side.
fn inattentive(temperature: f64, rng: &mut Rng) -> Vec<AnnotatorConfig> {
    (0..N_ANNOTATORS)
        .map(|_| AnnotatorConfig {
            temperature,
            mistakes: 0.05 + 0.55 * uniform(rng),
            first_when_mistaken: 0.2 + 0.6 * uniform(rng),
            ..AnnotatorConfig::default()
        })
        .collect()
}

/// Each interval of a model with what was planted.
///
/// As assumed: by Dawid and Skene the better one is seen whenever it is looked at, by Noisy Bradley-Terry with the
/// probability that the scores give. Not as assumed: Dawid and Skene where near pairs are hard, held against how often each
/// annotator named the better one.
fn covered(model: &str, is_as_assumed: bool, seed: u64) -> Value {
    let mut rng = Seed(seed).stream("coverage", 0);
    let is_dawid_skene = model == "dawid-skene";
    let temperature = if is_dawid_skene && is_as_assumed {
        0.0
    } else {
        0.5
    };
    let annotators = inattentive(temperature, &mut rng);
    let plan = PlantedPlan {
        design: match is_dawid_skene {
            true => Design::SharedPairs { annotators: 5 },
            false => Design::ReturningItems { items: 100 },
        },
        n_answers: N_ANSWERS,
        annotators: annotators.clone(),
        n_traits: 0,
        has_hard_trait: false,
        poison: None,
    };
    let set = made(&plan, seed);
    let analysis = analyze(&set.comparisons, &AnalysisSettings::default(), Seed(seed));
    let estimates: Vec<AnnotatorEstimate> = match is_dawid_skene {
        true => analysis.dawid_skene.expect("pairs are shared").annotators,
        false => analysis.bradley_terry.expect("items come back").annotators,
    };
    let of = |what: &str, found: Estimate, truth: f64| {
        json!({
            "seed": seed,
            "what": what,
            "truth": truth,
            "value": found.value,
            "low": found.low,
            "high": found.high,
        })
    };
    let intervals = estimates.iter().flat_map(|found| {
        let config = &annotators[found.annotator];
        let bias = found.position_bias.expect("sides are recorded");
        let truth = match (is_dawid_skene, is_as_assumed) {
            (true, true) => config.dawid_skene_truth(),
            (true, false) => [rightness(&set, found.annotator), f64::NAN],
            (false, _) => [1.0 - config.mistakes, config.first_when_mistaken - 0.5],
        };
        let reliability = Some(of("reliability", found.reliability, truth[0]));
        let bias = truth[1]
            .is_finite()
            .then(|| of("position bias", bias, truth[1]));
        reliability.into_iter().chain(bias)
    });
    Value::Array(intervals.collect())
}

/// How often an annotator named the better one.
fn rightness(set: &PlantedSet, annotator: usize) -> f64 {
    let rows = set.comparisons.rows().iter().zip(&set.is_right);
    let own: Vec<bool> = rows
        .filter(|(row, _)| row.annotator == Some(annotator))
        .filter_map(|(_, is_right)| *is_right)
        .collect();
    own.iter().filter(|right| **right).count() as f64 / own.len() as f64
}

/// What the checks of sides and of time say of sets with a leaning and a tiring annotator, and of sets with neither.
fn other_biases(seed: u64) -> Value {
    let found = |is_planted: bool| {
        let mut annotators = vec![
            AnnotatorConfig {
                mistakes: 0.2,
                ..AnnotatorConfig::default()
            };
            N_ANNOTATORS
        ];
        if is_planted {
            annotators[0].mistakes = 0.5;
            annotators[0].first_when_mistaken = 0.9;
            annotators[1].fatigue = 0.9;
            annotators[1].fatigue_answers = 100.0;
        }
        let plan = PlantedPlan {
            design: Design::SharedPairs { annotators: 5 },
            n_answers: N_ANSWERS,
            annotators,
            n_traits: 0,
            has_hard_trait: false,
            poison: None,
        };
        let set = made(&plan, seed);
        let settings = AnalysisSettings {
            resamples: 2,
            ..AnalysisSettings::default()
        };
        let analysis = analyze(&set.comparisons, &settings, Seed(seed));
        let fails = |name| status(&analysis, name) == FeedbackStatus::Fail;
        json!({ "leaning": fails("position-bias"), "tiring": fails("drift") })
    };
    json!({ "seed": seed, "planted": found(true), "clean": found(false), "length": lengths(seed) })
}

/// The interval of the length bias where the longer text is preferred at a known rate.
fn lengths(seed: u64) -> Value {
    let mut rng = Seed(seed).stream("lengths", 0);
    let rate = 0.4 + 0.3 * uniform(&mut rng);
    let mut comparisons = Comparisons::new();
    for pair in 0..500 {
        let mut item = |n: usize| {
            let text = format!("{pair:03}{}", "x".repeat(n));
            comparisons.item(feedback::Item::of_text(text))
        };
        let (short, long) = (item(1), item(2 + pair % 40));
        let says_long = uniform(&mut rng) < rate;
        comparisons.push(feedback::Comparison {
            first: short,
            second: long,
            preference: match says_long {
                true => feedback::Preference::Second,
                false => feedback::Preference::First,
            },
            annotator: None,
            left: None,
            at: None,
            seconds: None,
        });
    }
    let analysis = analyze(&comparisons, &AnalysisSettings::default(), Seed(seed));
    let share = analysis.length_bias.expect("lengths differ").longer.share;
    json!({ "truth": rate, "value": share.value, "low": share.low, "high": share.high })
}
