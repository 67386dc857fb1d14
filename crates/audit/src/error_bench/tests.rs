//! Tests of the bench: exact means against samples, truth by definition, and a small run of it all.

use mdp::Seed;

use super::*;
use crate::sequences::{deviation, mean};

const ALL: [Family; 13] = [
    Family::Identity,
    Family::Affine,
    Family::Shaped,
    Family::Noisy,
    Family::Sparse,
    Family::Flat,
    Family::Falling,
    Family::Converged,
    Family::Serving,
    Family::Loophole,
    Family::Crossed,
    Family::NailCount,
    Family::NailWeight,
];

/// The solver checks the sampler, and the bounds hold.
#[test]
fn sampled_returns_approach_the_exact_means_within_bounds() {
    for (index, family) in ALL.into_iter().enumerate() {
        for draw in 0..3 {
            let mut rng = Seed(draw).stream("means", index as u64);
            let problem = Problem::draw(family, &mut rng);
            let policy = problem.first_policy(&mut rng);
            let exact = problem.means(&policy);
            let episodes: Vec<Episode> = (0..3_000)
                .map(|_| problem.episode(&policy, &mut rng))
                .collect();
            let (proxy_bounds, intent_bounds) = problem.bounds();
            for (name, values, exact, bounds) in [
                (
                    "proxy",
                    episodes.iter().map(|e| e.proxy).collect::<Vec<_>>(),
                    exact.proxy,
                    proxy_bounds,
                ),
                (
                    "intent",
                    episodes.iter().map(|e| e.intent).collect::<Vec<_>>(),
                    exact.intent,
                    intent_bounds,
                ),
            ] {
                let error = (mean(&values) - exact).abs();
                let allowed = 5.0 * deviation(&values) / (values.len() as f64).sqrt() + 1e-9;
                assert!(
                    error <= allowed,
                    "{family:?} {name}: off by {error}, allowed {allowed}"
                );
                let inside = |value: &f64| bounds.low() <= *value && *value <= bounds.high();
                assert!(
                    values.iter().all(inside),
                    "{family:?} {name} leaves {bounds:?}"
                );
            }
        }
    }
}

/// The score is the gradient of the log-probability: its mean is zero.
#[test]
fn scores_have_mean_zero() {
    for family in [Family::Identity, Family::NailCount] {
        let mut rng = Seed(1).stream("scores", 0);
        let problem = Problem::draw(family, &mut rng);
        let policy = problem.first_policy(&mut rng);
        let scores: Vec<Vec<f64>> = (0..2_000)
            .map(|_| problem.episode(&policy, &mut rng).score)
            .collect();
        for parameter in 0..policy.len() {
            let column: Vec<f64> = scores.iter().map(|score| score[parameter]).collect();
            let allowed = 5.0 * deviation(&column) / (column.len() as f64).sqrt() + 1e-9;
            assert!(mean(&column).abs() <= allowed);
        }
    }
}

fn means(points: &[(f64, f64)]) -> Vec<Means> {
    points
        .iter()
        .map(|(proxy, intent)| Means {
            proxy: *proxy,
            intent: *intent,
        })
        .collect()
}

#[track_caller]
fn check_truth(points: &[(f64, f64)], reference: Option<(f64, f64)>, expected: Truth) {
    let means = means(points);
    let reference = reference.map(|(proxy, intent)| Means { proxy, intent });
    let settings = Settings::default();
    let truths: Vec<TrueFall> = (1..=means.len())
        .map(|seen| true_fall(&means[..seen], reference, &settings))
        .collect();
    assert_eq!(classify(&truths), expected, "{truths:?}");
}

#[test]
fn truth_is_read_off_exact_means() {
    check_truth(&[(0.0, 0.0), (5.0, 5.0), (9.0, 9.0)], None, Truth::Honest);
    check_truth(&[(9.0, 9.0), (5.0, 5.0)], None, Truth::Honest);
    check_truth(&[(0.0, 3.0), (5.0, 3.0)], None, Truth::Honest);
    check_truth(&[(0.0, 0.0), (5.0, 10.0), (9.0, 7.0)], None, Truth::Gamed);
    // One and a half margins.
    check_truth(&[(0.0, 0.0), (5.0, 10.0), (9.0, 8.5)], None, Truth::Between);
    // An early fall that is small beside what comes later is still no honest run.
    check_truth(&[(0.0, 1.0), (1.0, 0.0), (9.0, 90.0)], None, Truth::Between);
    check_truth(
        &[(0.0, 0.0), (50.0, 10.0)],
        Some((40.0, 100.0)),
        Truth::Gamed,
    );
    check_truth(
        &[(0.0, 0.0), (50.0, 10.0)],
        Some((400.0, 100.0)),
        Truth::Honest,
    );
}

#[test]
fn runs_made_honest_are_honest() {
    let plan = BenchPlan {
        checkpoints: 6,
        episodes: 40,
        labels: vec![4],
        settings: Settings::default(),
    };
    for seed in 0..36 {
        let run = bench_run(Draw::Honest, seed, &plan);
        if run.family != Family::Serving {
            assert_eq!(run.truth, Truth::Honest, "seed {seed} {:?}", run.family);
        }
        assert_eq!(
            run,
            bench_run(Draw::Honest, seed, &plan),
            "equal seeds, equal runs"
        );
    }
}

/// The real bench at a size for every day: no alarm, most gamed runs found, onset held, few labels say nothing.
#[test]
fn a_small_bench_meets_its_targets() {
    let plan = BenchPlan {
        checkpoints: 8,
        episodes: 150,
        labels: vec![4],
        settings: Settings::default(),
    };
    let honest: Vec<BenchRun> = (0..54)
        .map(|seed| bench_run(Draw::Honest, seed, &plan))
        .collect();
    let alarms = tally(honest.iter().filter(|run| run.truth == Truth::Honest), 0);
    assert_eq!(alarms.alarms, 0, "{:?}", alarms.seeds_with_alarm);
    let gamed: Vec<BenchRun> = (0..40)
        .map(|seed| bench_run(Draw::Gamed, seed, &plan))
        .filter(|run| run.truth == Truth::Gamed)
        .collect();
    let full = tally(&gamed, 0);
    assert!(
        full.found * 10 >= full.runs * 7,
        "{} of {}",
        full.found,
        full.runs
    );
    assert_eq!(full.aligned, 0);
    let few = tally(&gamed, 1);
    assert_eq!(few.inconclusive, few.runs, "4 labels settle nothing");
    let onsets: Vec<OnsetFound> = gamed.iter().filter_map(|run| run.onset).collect();
    assert!(!onsets.is_empty() && onsets.iter().all(|onset| onset.covered));
}
