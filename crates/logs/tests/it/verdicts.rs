//! Verdicts on logs made here, whose truth is known.

use audit::{Bounds, CheckStatus, Reason, Verdict};
use logs::{Log, LogOutcome, LogSettings, Mapping, audit_log};
use mdp::{Rng, Seed, normal};

use crate::{mapping, read_one};

/// Episodes of 10 steps: mean proxy and mean intent as functions of the share of the run, and noise
/// that both have in common, in part.
fn episodes(
    n: usize,
    rng: &mut Rng,
    proxy: impl Fn(f64) -> f64,
    intent: impl Fn(f64) -> f64,
) -> Log {
    let mut text = "len,proxy,intent\n".to_owned();
    for index in 0..n {
        let share = (index as f64 + 0.5) / n as f64;
        let common = normal(rng);
        let proxy = proxy(share) + common + 0.5 * normal(rng);
        let intent = intent(share) + common + 0.5 * normal(rng);
        text.push_str(&format!("10,{proxy},{intent}\n"));
    }
    let by_length = Mapping {
        length: Some("len".to_owned()),
        ..Mapping::default()
    };
    read_one("run.csv", text.as_bytes(), &by_length).expect("a log")
}

fn judge(log: &Log) -> LogOutcome {
    audit_log(log, &LogSettings::default(), Seed(0)).expect("an outcome")
}

fn check(log: &Log, verdict: Verdict, reason: Option<Reason>) -> LogOutcome {
    let result = judge(log);
    let found = (result.outcome.verdict, result.outcome.reason);
    assert_eq!(found, (verdict, reason), "{:?}", result.by_windows);
    result
}

#[test]
fn rising_together_is_aligned_and_falling_apart_is_gamed() {
    let mut rng = Seed(0).stream("logs", 0);
    let aligned = episodes(4000, &mut rng, |x| 20.0 * x, |x| 50.0 * x);
    let result = check(&aligned, Verdict::Aligned, None);
    assert_eq!(result.series.checkpoints.len(), 20);
    let gamed = episodes(4000, &mut rng, |x| 20.0 * x, |x| -50.0 * x);
    check(&gamed, Verdict::Gamed, None);
    let overoptimised = episodes(4000, &mut rng, |x| 20.0 * x, |x| 80.0 * x * (1.2 - x));
    check(&overoptimised, Verdict::Overoptimised, None);
}

#[test]
fn a_verdict_that_hangs_on_the_windows_is_withheld() {
    // Intent dips for a fortieth of the run, by an eighth of its rise: 40 windows see the dip,
    // 10 windows a quarter of it, less than the margin.
    let mut rng = Seed(0).stream("logs", 1);
    let dip = |x: f64| {
        if (0.75..0.775).contains(&x) {
            16.0
        } else {
            0.0
        }
    };
    let log = episodes(
        40_000,
        &mut rng,
        |x| 40.0 * x,
        |x| 100.0 * x.min(0.4) / 0.4 - dip(x),
    );
    let result = check(&log, Verdict::Inconclusive, Some(Reason::WindowDependent));
    let verdicts: Vec<Verdict> = result.by_windows.iter().map(|at| at.verdict).collect();
    assert_eq!(
        verdicts,
        [Verdict::Aligned, Verdict::Aligned, Verdict::Overoptimised]
    );
    let statement = &result.outcome.statement;
    for part in ["aligned at 10", "aligned at 20", "overoptimised at 40"] {
        assert!(statement.contains(part), "{statement}");
    }
    let in_run = result.outcome.check("intent-in-run").expect("the check");
    assert_eq!(in_run.status, CheckStatus::NotMeasurable);
    assert_eq!(result.outcome.witness, None);
}

#[test]
fn margins_are_those_of_twenty_windows() {
    let mut rng = Seed(0).stream("logs", 2);
    // 120 episodes make four windows of 30, whose means spread less than those of twenty of 6.
    let log = episodes(120, &mut rng, |x| 20.0 * x, |x| 50.0 * x);
    let result = judge(&log);
    assert_eq!(result.series.checkpoints.len(), 4);
    let margins = result.outcome.margins;
    assert!((4.5..5.1).contains(&margins.intent), "{margins:?}");
    assert!((1.7..2.2).contains(&margins.proxy), "{margins:?}");
}

#[test]
fn what_is_missing_is_said() {
    let log = read_one(
        "a.csv",
        b"proxy
1
2
3
",
        &Mapping::default(),
    );
    let result = check(
        &log.expect("a log"),
        Verdict::Inconclusive,
        Some(Reason::NoIntent),
    );
    let remarks = result.outcome.remarks.join("\n");
    for part in ["at least 60 are needed", "--pressure"] {
        assert!(remarks.contains(part), "{remarks}");
    }
}

#[test]
fn running_means_are_not_taken_for_episodes() {
    let mut rng = Seed(0).stream("logs", 3);
    let mut text = "step,ep_rew_mean,true_mean\n".to_owned();
    let mut last: Vec<(f64, f64)> = Vec::new();
    for step in 0..4000 {
        let x = f64::from(step) / 4000.0;
        let noise = normal(&mut rng);
        last.push((20.0 * x + noise, -50.0 * x + noise));
        let recent = &last[last.len().saturating_sub(100)..];
        let mean = |read: fn(&(f64, f64)) -> f64| {
            recent.iter().map(read).sum::<f64>() / recent.len() as f64
        };
        text.push_str(&format!("{step},{},{}\n", mean(|r| r.0), mean(|r| r.1)));
    }
    let asked = mapping("ep_rew_mean", "true_mean", "step");
    let log = read_one("a.csv", text.as_bytes(), &asked).expect("a log");
    let result = check(&log, Verdict::Inconclusive, Some(Reason::MeansOnly));
    assert!(result.outcome.statement.contains("the episodes instead"));
    // The same numbers, each a mean over other episodes, may be judged, and it is said.
    let mut text = "step,ep_rew_mean,true_mean\n".to_owned();
    for (step, row) in last.iter().enumerate() {
        text.push_str(&format!("{step},{},{}\n", row.0, row.1));
    }
    let log = read_one("a.csv", text.as_bytes(), &asked).expect("a log");
    let result = check(&log, Verdict::Gamed, None);
    assert!(result.outcome.remarks.join("\n").contains("not measurable"));
}

#[test]
fn declared_bounds_reach_the_sequences_and_must_hold() {
    let mut rng = Seed(0).stream("logs", 4);
    let log = episodes(4000, &mut rng, |x| 20.0 * x, |x| 50.0 * x);
    let bounds = |low, high| Some(Bounds::new(low, high).expect("bounds"));
    let mut settings = LogSettings {
        proxy_bounds: bounds(-10.0, 30.0),
        intent_bounds: bounds(-10.0, 60.0),
        ..LogSettings::default()
    };
    let result = audit_log(&log, &settings, Seed(0)).expect("an outcome");
    assert_eq!(result.outcome.verdict, Verdict::Aligned);
    assert!(
        result
            .outcome
            .remarks
            .join("\n")
            .contains("between -10 and 30")
    );
    settings.proxy_bounds = bounds(0.0, 10.0);
    let error = audit_log(&log, &settings, Seed(0)).expect_err("a return leaves them");
    assert!(
        error.to_string().contains("outside the declared bounds"),
        "{error}"
    );
}

#[test]
fn a_reference_log_may_be_named() {
    let mut rng = Seed(0).stream("logs", 5);
    // Better than at the beginning, worse than the reference.
    let log = episodes(4000, &mut rng, |x| 20.0 * x, |x| 10.0 * x);
    let reference = episodes(500, &mut rng, |_| 10.0, |_| 40.0);
    let settings = LogSettings {
        reference: Some(reference.reference("scripted")),
        ..LogSettings::default()
    };
    assert_eq!(judge(&log).outcome.verdict, Verdict::Aligned);
    let outcome = audit_log(&log, &settings, Seed(0))
        .expect("an outcome")
        .outcome;
    assert_eq!(
        (outcome.verdict, &*outcome.reference_name),
        (Verdict::Gamed, "scripted")
    );
}

#[test]
fn labels_are_spent_once() {
    let mut rng = Seed(0).stream("logs", 6);
    let log = episodes(4000, &mut rng, |x| 20.0 * x, |x| -50.0 * x);
    let mut settings = LogSettings::default();
    settings.audit.labels = Some(256);
    let result = audit_log(&log, &settings, Seed(0)).expect("an outcome");
    assert_eq!(result.outcome.verdict, Verdict::Gamed);
    assert_eq!(result.outcome.labels_used, 256);
    assert_eq!(result.by_windows.len(), 1);
}

#[test]
fn honest_logs_raise_no_alarm() {
    let mut n_aligned = 0;
    for seed in 0..40 {
        let mut rng = Seed(seed).stream("honest", 0);
        // Few episodes a window, a proxy that is not the intent, flat, falling and rising runs.
        let slope = [0.0, -2.0, 3.0, 24.0][seed as usize % 4];
        let log = episodes(
            400 + 10 * seed as usize,
            &mut rng,
            |x| 3.0 + 2.0 * slope * x,
            |x| 1.0 + slope * x,
        );
        let verdict = judge(&log).outcome.verdict;
        assert!(
            matches!(verdict, Verdict::Aligned | Verdict::Inconclusive),
            "seed {seed}: {verdict}"
        );
        n_aligned += usize::from(slope == 24.0 && verdict == Verdict::Aligned);
    }
    // The clearly rising ones are told from the others.
    assert_eq!(n_aligned, 10);
}
