//! Logs that Stable-Baselines3 wrote.

use std::path::{Path, PathBuf};

use audit::Verdict;
use logs::{Format, LogSettings, Mapping, RecordKind, audit_log};
use mdp::Seed;

use crate::{intents, mapping, notes, pressures};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/sb3-logs")
        .join(name)
}

fn event_file(name: &str) -> PathBuf {
    std::fs::read_dir(folder(name))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.to_string_lossy().contains("tfevents"))
        .expect("an event file")
}

#[test]
fn parallel_monitor_files_make_one_run() {
    let log = logs::read(&[folder("acrobot-hover")], &Mapping::default()).expect("a log");
    assert_eq!(log.format(), Format::Monitor);
    assert_eq!(log.kind(), RecordKind::Episode);
    assert_eq!(log.environment(), Some("Acrobot-v1"));
    assert_eq!((log.proxy_name(), log.intent_name()), ("r", Some("intent")));
    assert_eq!((log.files().len(), log.records().len()), (4, 323));
    assert_eq!(pressures(&log).last(), Some(&98_918.0));
    assert!(pressures(&log).is_sorted());
    assert!(intents(&log).iter().all(Option::is_some));
    assert!(notes(&log).contains("tfevents"), "{}", notes(&log));
}

#[test]
fn files_named_in_any_order_give_the_same_run() {
    let names =
        ["0", "1", "2", "3"].map(|n| folder("acrobot-height").join(format!("{n}.monitor.csv")));
    let forward = logs::read(&names, &Mapping::default()).expect("a log");
    let backward: Vec<PathBuf> = names.into_iter().rev().collect();
    let backward = logs::read(&backward, &Mapping::default()).expect("a log");
    assert_eq!(forward.records(), backward.records());
}

#[test]
fn an_event_file_of_stable_baselines_names_its_tags() {
    let error = logs::read(&[event_file("pendulum-speed")], &Mapping::default())
        .expect_err("no proxy is named");
    let text = error.to_string();
    for part in ["tfevents", "rollout/ep_rew_mean", "time/fps", "--proxy TAG"] {
        assert!(text.contains(part), "{text}");
    }
    let asked = mapping("rollout/ep_rew_mean", "", "");
    let log = logs::read(&[event_file("pendulum-speed")], &asked).expect("a log");
    assert_eq!((log.kind(), log.has_intent()), (RecordKind::Mean, false));
    assert!(pressures(&log).is_sorted());
    assert!(log.records().len() > 20, "{}", log.records().len());
    // The running mean of the last hundred episodes of the four monitor files.
    let last = log.records()[log.records().len() - 1];
    let episodes = logs::read(&[folder("pendulum-speed")], &Mapping::default()).expect("a log");
    let before = episodes
        .records()
        .iter()
        .filter(|e| e.pressure <= last.pressure);
    let returns: Vec<f64> = before.map(|episode| episode.proxy).collect();
    let tail = &returns[returns.len() - 100..];
    let mean = tail.iter().sum::<f64>() / 100.0;
    assert!((mean - last.proxy).abs() < 0.5, "{mean} {}", last.proxy);
}

#[test]
fn real_logs_have_the_verdicts_that_their_readme_states() {
    for (name, verdict) in [
        ("pendulum-speed", Verdict::Gamed),
        ("acrobot-hover", Verdict::Overoptimised),
        ("acrobot-height", Verdict::Aligned),
        ("pendulum-honest", Verdict::Aligned),
        ("acrobot-honest", Verdict::Aligned),
        ("cartpole-honest", Verdict::Aligned),
    ] {
        let log = logs::read(&[folder(name)], &Mapping::default()).expect("a log");
        let result = audit_log(&log, &LogSettings::default(), Seed(0)).expect("an outcome");
        assert_eq!(
            result.outcome.verdict, verdict,
            "{name}: {:?}",
            result.by_windows
        );
        assert_eq!(
            result.outcome.verdict.exit_status(),
            u8::from(verdict != Verdict::Aligned)
        );
        let n_windows: Vec<usize> = result.by_windows.iter().map(|at| at.n_windows).collect();
        assert_eq!(n_windows, [10, 20, 40]);
        assert!(result.by_windows.iter().all(|at| at.verdict == verdict));
    }
}

#[test]
fn intervals_are_as_the_readme_of_the_logs_describes_the_hovering_run() {
    let log = logs::read(&[folder("acrobot-hover")], &Mapping::default()).expect("a log");
    let means: Vec<(f64, f64)> = log
        .series(20, 1)
        .checkpoints
        .iter()
        .map(|window| {
            let n = window.proxy.len() as f64;
            let intents = window.intent.iter().flatten();
            (
                window.proxy.iter().sum::<f64>() / n,
                intents.sum::<f64>() / n,
            )
        })
        .collect();
    assert_eq!(means.len(), 20);
    let peak = means[..6]
        .iter()
        .map(|m| m.1)
        .fold(f64::NEG_INFINITY, f64::max);
    assert!((means[0].1 + 480.0).abs() < 2.0, "{means:?}");
    assert!((peak + 186.0).abs() < 2.0, "{means:?}");
    assert!(means[2].0 < 37.5 && means[16].0 > 115.0, "{means:?}");
}
