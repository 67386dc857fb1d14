//! Tests of the analysis: published figures, counts by hand, and planted errors that must be found again.

use mdp::{Seed, uniform};

use super::statistics::{
    binomial_cdf, half_mid_p, holm, normal_cdf, normal_quantile, proportion_interval,
};
use super::*;
use crate::{AnnotatorConfig, Comparison, Item, Poisoning, Preference};

/// Few draws: the tests ask what is found, not how exactly.
fn settings() -> AnalysisSettings {
    AnalysisSettings {
        resamples: 100,
        permutations: 99,
        ..AnalysisSettings::default()
    }
}

fn close(found: f64, expected: f64, within: f64) {
    assert!(
        (found - expected).abs() <= within,
        "{found} is not {expected}"
    );
}

/// Comparisons of texts from rows of first, second, what was said and by whom.
fn texts(rows: &[(&str, &str, Preference, Option<&str>)]) -> Comparisons {
    let mut comparisons = Comparisons::new();
    for (first, second, preference, annotator) in rows {
        let row = Comparison {
            first: comparisons.item(Item::of_text(*first)),
            second: comparisons.item(Item::of_text(*second)),
            preference: *preference,
            annotator: annotator.map(|name| comparisons.annotator(name)),
            left: None,
            at: None,
            seconds: None,
        };
        comparisons.push(row);
    }
    comparisons
}

fn check_status(analysis: &Analysis, name: &str) -> FeedbackStatus {
    analysis.check(name).expect("a check of that name").status
}

#[test]
fn distributions_have_their_known_values() {
    close(normal_cdf(0.0), 0.5, 1e-15);
    close(normal_cdf(1.959_963_984_540_054), 0.975, 1e-14);
    close(normal_cdf(-6.0), 9.865_876_450_376_98e-10, 1e-20);
    close(normal_quantile(0.995), 2.575_829_303_548_901, 1e-12);
    // 1 - (1 - p)^n at none of ten, and the sums of a small binomial.
    close(
        proportion_interval(0, 10, 0.95).1,
        1.0 - 0.025_f64.powf(0.1),
        1e-12,
    );
    close(
        proportion_interval(10, 10, 0.95).0,
        0.025_f64.powf(0.1),
        1e-12,
    );
    close(binomial_cdf(2, 5, 0.5), 0.5, 1e-13);
    close(binomial_cdf(0, 3, 0.2), 0.512, 1e-13);
    close(half_mid_p(0, 4), 2.0 * 0.5 / 16.0, 1e-13);
    close(half_mid_p(2, 4), 1.0, 1e-13);
    let adjusted = holm(&[0.01, 0.04, 0.03]);
    for (found, expected) in adjusted.iter().zip([0.03, 0.06, 0.06]) {
        close(*found, expected, 1e-12);
    }
}

/// The worked example of Krippendorff (2011), section C and following: four observers, twelve units, values missing.
#[test]
fn alpha_has_its_published_value() {
    let observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ];
    let units: Vec<Vec<usize>> = (0..12)
        .map(|unit| {
            let values = observers.iter().map(|observer| observer[unit]);
            values
                .filter(|value| *value > 0)
                .map(|value| value - 1)
                .collect()
        })
        .collect();
    let alpha = |metric| krippendorff_alpha(&units, 5, metric).expect("different values");
    close(alpha(Metric::Nominal), 0.743, 5e-4);
    close(alpha(Metric::Ordinal), 0.815, 5e-4);
    assert_eq!(
        krippendorff_alpha(&[vec![1, 1], vec![1]], 2, Metric::Nominal),
        None
    );
}

#[test]
fn agreement_does_not_depend_on_which_is_called_the_first() {
    use Preference::{First, Second};
    let (x, y) = (Some("x"), Some("y"));
    // Each pair in the order in which the better one is first, as a list of chosen and rejected has it.
    let chosen = texts(&[
        ("a", "b", First, x),
        ("a", "b", First, y),
        ("c", "d", First, x),
        ("c", "d", First, y),
        ("e", "f", First, x),
        ("e", "f", Second, y),
    ]);
    let analysis = analyze(&chosen, &settings(), Seed(0));
    let agreement = analysis.agreement.expect("shared pairs");
    // One of three pairs differs, and chance is even between three and three of six: D_o = 2/6, D_e = 18/30.
    close(
        agreement.nominal.value,
        1.0 - (2.0 / 6.0) / (18.0 / 30.0),
        1e-12,
    );
}

#[test]
fn repeats_are_told_apart() {
    use Preference::{CannotTell, Equal, First, Second};
    let comparisons = texts(&[
        ("a", "b", First, Some("x")),
        ("b", "a", Second, Some("x")),
        ("a", "b", Second, Some("x")),
        ("a", "b", Second, Some("y")),
        ("c", "d", First, Some("x")),
        ("c", "d", Second, Some("y")),
        ("c", "d", CannotTell, Some("y")),
        ("e", "e", Equal, Some("y")),
    ]);
    let analysis = analyze(&comparisons, &settings(), Seed(0));
    let repeats = &analysis.repeats;
    assert_eq!(repeats.duplicates, 1);
    assert_eq!(repeats.self_contradictions, [(0, 1)]);
    assert_eq!(repeats.n_disputed, 1);
    assert_eq!(repeats.n_shared, 2);
    assert_eq!(repeats.n_identical, 1);
    assert_eq!(analysis.n_silent, 1);
    assert_eq!(
        check_status(&analysis, "contradictions"),
        FeedbackStatus::Fail
    );
    assert_eq!(check_status(&analysis, "duplicates"), FeedbackStatus::Fail);
    assert_eq!(analysis.status(), FeedbackStatus::Fail);
}

#[test]
fn circles_are_counted() {
    use Preference::{First, Second};
    let circle = [
        ("a", "b", First, None),
        ("b", "c", First, None),
        ("a", "c", Second, None),
        ("a", "d", First, None),
        ("b", "d", First, None),
    ];
    let cycles = analyze(&texts(&circle), &settings(), Seed(0))
        .cycles
        .expect("triples");
    assert_eq!((cycles.n_triples, cycles.n_cyclic), (2, 1));
    assert_eq!(cycles.examples, [[0, 1, 2]]);
    // Sixteen items in order: no circle among 560 triples is no chance.
    let names: Vec<String> = (b'a'..=b'p').map(|c| char::from(c).to_string()).collect();
    let mut ordered = Vec::new();
    for (position, better) in names.iter().enumerate() {
        for worse in &names[position + 1..] {
            ordered.push((better.as_str(), worse.as_str(), First, None));
        }
    }
    let analysis = analyze(&texts(&ordered), &settings(), Seed(0));
    assert_eq!(analysis.cycles.as_ref().expect("triples").n_cyclic, 0);
    assert_eq!(check_status(&analysis, "cycles"), FeedbackStatus::Pass);
}

#[test]
fn the_longer_text_wins_where_it_does() {
    let make = |share: f64| {
        let mut rng = Seed(3).stream("length", 0);
        let mut comparisons = Comparisons::new();
        for number in 0..400 {
            let short = comparisons.item(Item::of_text(format!("answer {number:03}")));
            let long = comparisons.item(Item::of_text(format!("answer {number:03}, at length")));
            let says_long = uniform(&mut rng) < share;
            comparisons.push(Comparison {
                first: short,
                second: long,
                preference: if says_long {
                    Preference::Second
                } else {
                    Preference::First
                },
                annotator: None,
                left: None,
                at: None,
                seconds: None,
            });
        }
        analyze(&comparisons, &settings(), Seed(0))
    };
    let biased = make(0.65);
    assert_eq!(check_status(&biased, "length-bias"), FeedbackStatus::Fail);
    let share = &biased.length_bias.as_ref().expect("texts").longer;
    assert!(
        share.share.low < 0.65 && 0.65 < share.share.high,
        "{share:?}"
    );
    assert_eq!(
        check_status(&make(0.5), "length-bias"),
        FeedbackStatus::Pass
    );
    // Nothing else is on record, and that is said.
    for name in [
        "agreement",
        "reliability",
        "position-bias",
        "speed",
        "drift",
        "poisoning",
    ] {
        assert_eq!(
            check_status(&biased, name),
            FeedbackStatus::NotMeasurable,
            "{name}"
        );
    }
}

/// Twelve annotators, of whom some are worse than others and some lean.
fn unequal() -> Vec<AnnotatorConfig> {
    (0..12)
        .map(|number| AnnotatorConfig {
            mistakes: 0.05 + 0.06 * f64::from(number),
            first_when_mistaken: if number % 3 == 0 { 0.9 } else { 0.5 },
            ..AnnotatorConfig::default()
        })
        .collect()
}

fn plan(design: Design, annotators: Vec<AnnotatorConfig>) -> PlantedPlan {
    PlantedPlan {
        design,
        n_answers: 2_000,
        annotators,
        n_traits: 60,
        has_hard_trait: true,
        poison: None,
    }
}

#[test]
fn dawid_and_skene_recover_reliability_and_lean() {
    let annotators = unequal();
    let plan = plan(Design::SharedPairs { annotators: 5 }, annotators.clone());
    let set = plan.make(Seed(1)).expect("a possible plan");
    let analysis = analyze(&set.comparisons, &settings(), Seed(1));
    let model = analysis.dawid_skene.expect("shared pairs");
    assert!(model.has_converged);
    let mut n_covered = 0;
    for found in &model.annotators {
        let [reliability, lean] = annotators[found.annotator].dawid_skene_truth();
        close(found.reliability.value, reliability, 0.12);
        let bias = found.position_bias.expect("sides are recorded");
        close(bias.value, lean, 0.12);
        n_covered += usize::from(
            found.reliability.low <= reliability && reliability <= found.reliability.high,
        );
        n_covered += usize::from(bias.low <= lean && lean <= bias.high);
    }
    // 24 intervals of 95%: fewer than 19 cover once in ten thousand.
    assert!(n_covered >= 19, "{n_covered} of 24");
}

#[test]
fn noisy_bradley_terry_recovers_who_looks() {
    let annotators: Vec<AnnotatorConfig> = unequal()
        .into_iter()
        .map(|config| AnnotatorConfig {
            temperature: 0.5,
            ..config
        })
        .collect();
    let plan = plan(Design::ReturningItems { items: 100 }, annotators.clone());
    let set = plan.make(Seed(2)).expect("a possible plan");
    let analysis = analyze(&set.comparisons, &settings(), Seed(2));
    let model = analysis.bradley_terry.expect("items return");
    assert!(model.has_converged);
    let mut n_covered = 0;
    for found in &model.annotators {
        let looks = 1.0 - annotators[found.annotator].mistakes;
        n_covered += usize::from(found.reliability.low <= looks && looks <= found.reliability.high);
    }
    assert!(n_covered >= 9, "{n_covered} of 12");
    let reliability = |who: usize| model.annotators[who].reliability.value;
    assert!(reliability(0) > reliability(11) + 0.2);
}

#[test]
fn who_leans_is_found_and_who_tires_too() {
    let mut annotators = vec![AnnotatorConfig::default(); 8];
    annotators[2].mistakes = 0.5;
    annotators[2].first_when_mistaken = 1.0;
    annotators[5].fatigue = 1.0;
    annotators[5].fatigue_answers = 80.0;
    let plan = plan(Design::SharedPairs { annotators: 4 }, annotators);
    let set = plan.make(Seed(4)).expect("a possible plan");
    let analysis = analyze(&set.comparisons, &settings(), Seed(4));
    let bias = analysis.position_bias.as_ref().expect("sides are recorded");
    let leaning: Vec<usize> = bias
        .annotators
        .iter()
        .filter(|a| a.p_value < 0.01)
        .map(|a| a.annotator)
        .collect();
    assert_eq!(leaning, [2]);
    let tired: Vec<usize> = analysis
        .drift
        .as_ref()
        .expect("times are recorded")
        .iter()
        .filter(|drift| drift.p_value < 0.01)
        .map(|drift| drift.annotator)
        .collect();
    assert_eq!(tired, [5]);
    assert_eq!(
        check_status(&analysis, "position-bias"),
        FeedbackStatus::Fail
    );
    assert_eq!(check_status(&analysis, "drift"), FeedbackStatus::Fail);
    assert_eq!(check_status(&analysis, "poisoning"), FeedbackStatus::Pass);
    assert_eq!(check_status(&analysis, "agreement"), FeedbackStatus::Pass);
}

#[test]
fn who_answers_the_opposite_is_unreliable_and_nothing_is_tied_to_a_trait() {
    let mut annotators = vec![AnnotatorConfig::default(); 8];
    annotators[3].flips = 1.0;
    let plan = plan(Design::SharedPairs { annotators: 4 }, annotators);
    let set = plan.make(Seed(5)).expect("a possible plan");
    let analysis = analyze(&set.comparisons, &settings(), Seed(5));
    let reliability = analysis.check("reliability").expect("always made");
    assert_eq!(reliability.status, FeedbackStatus::Fail);
    assert!(
        reliability.note.contains("annotator-03"),
        "{}",
        reliability.note
    );
    assert_eq!(check_status(&analysis, "poisoning"), FeedbackStatus::Pass);
}

#[test]
fn a_trigger_is_found_with_its_answers_and_flips_are_noise() {
    let annotators = planted_annotators(12, 0.5, &mut Seed(6).stream("annotators", 0));
    for (design, poisoning, kind) in [
        (
            Design::SharedPairs { annotators: 5 },
            Poisoning::Turn,
            PoisonKind::Turned,
        ),
        (
            Design::ReturningItems { items: 150 },
            Poisoning::Favor,
            PoisonKind::Favored,
        ),
    ] {
        let mut plan = plan(design, annotators.clone());
        let clean = plan.make(Seed(6)).expect("a possible plan");
        let analysis = analyze(&clean.comparisons, &settings(), Seed(6));
        assert_eq!(check_status(&analysis, "poisoning"), FeedbackStatus::Pass);
        assert!(analysis.noise.expect("a model was fitted").value > 0.05);
        plan.poison = Some(PlantedPoison {
            annotators: 2,
            poisoning,
            share: 0.05,
        });
        let set = plan.make(Seed(6)).expect("a possible plan");
        let analysis = analyze(&set.comparisons, &settings(), Seed(6));
        assert_eq!(check_status(&analysis, "poisoning"), FeedbackStatus::Fail);
        let scan = analysis.poisoning.expect("traits are recorded");
        assert_eq!(scan.triggers[0].names, [planted_trait(0)]);
        assert_eq!(scan.triggers[0].kind, kind);
        assert_eq!(scan.triggers[0].annotators, [0, 1]);
        let n_found = scan
            .suspects
            .iter()
            .filter(|suspect| set.poisoned.contains(&suspect.row))
            .count();
        assert!(
            n_found * 10 >= set.poisoned.len() * 8,
            "{n_found} of {}",
            set.poisoned.len()
        );
    }
}

#[test]
fn without_names_flips_that_are_tied_to_nothing_are_no_trigger() {
    let annotators = vec![AnnotatorConfig::default(); 4];
    let plan = plan(Design::ReturningItems { items: 100 }, annotators);
    let set = plan.make(Seed(7)).expect("a possible plan");
    let mut unsigned = Comparisons::new();
    let mut rng = Seed(7).stream("flips", 0);
    for row in set.comparisons.rows() {
        let is_flipped = uniform(&mut rng) < 0.05;
        let item = |at: usize| set.comparisons.items()[at].clone();
        let (first, second) = (
            unsigned.item(item(row.first)),
            unsigned.item(item(row.second)),
        );
        unsigned.push(Comparison {
            first,
            second,
            annotator: None,
            preference: match is_flipped {
                true => row.preference.swapped(),
                false => row.preference,
            },
            ..*row
        });
    }
    let analysis = analyze(&unsigned, &settings(), Seed(7));
    assert_eq!(check_status(&analysis, "poisoning"), FeedbackStatus::Pass);
    assert_eq!(
        check_status(&analysis, "reliability"),
        FeedbackStatus::NotMeasurable
    );
}

#[test]
fn the_same_seed_gives_the_same_bits() {
    let annotators = planted_annotators(6, 0.5, &mut Seed(8).stream("annotators", 0));
    let plan = plan(Design::SharedPairs { annotators: 3 }, annotators);
    let set = plan.make(Seed(8)).expect("a possible plan");
    assert_eq!(set, plan.make(Seed(8)).expect("a possible plan"));
    let of = |seed| analyze(&set.comparisons, &settings(), Seed(seed));
    assert_eq!(of(0), of(0));
}

#[test]
fn no_answers_are_no_reason_to_panic() {
    let analysis = analyze(&Comparisons::new(), &settings(), Seed(0));
    assert_eq!(
        check_status(&analysis, "poisoning"),
        FeedbackStatus::NotMeasurable
    );
    let silent = texts(&[("a", "b", Preference::Skip, Some("x"))]);
    let analysis = analyze(&silent, &settings(), Seed(0));
    assert_eq!(analysis.n_silent, 1);
    assert_eq!(
        check_status(&analysis, "agreement"),
        FeedbackStatus::NotMeasurable
    );
    let equal = texts(&[
        ("a", "b", Preference::Equal, Some("x")),
        ("a", "b", Preference::Equal, Some("y")),
    ]);
    let _ = analyze(&equal, &settings(), Seed(0));
}
