//! Step logs: sums, components, the reward channel, and what is kept.

use audit::{RewardRecord, Transform};
use logs::{Format, Mapping, StepEnd};

use crate::{intents, notes, pressures, proxies, read_one};

const HEADER: &str = concat!(
    "{\"format\": \"rewardlab-step-log\", \"version\": 1, \"environment\": \"Boat-v0\", ",
    "\"components\": [\"points\", \"time\"], \"proxy_bounds\": [-10, 100], ",
    "\"transforms\": [{\"scale\": 0.5}, \"normalise\", {\"clip\": [-1, 1]}], ",
    "\"schedule\": [{\"pressure\": 100, \"function\": \"b\"}], \"info\": {\"by\": \"me\"}}\n"
);

fn read(text: &str) -> logs::Log {
    read_one("steps.jsonl", text.as_bytes(), &Mapping::default()).expect("a log")
}

#[test]
fn interleaved_episodes_are_summed_in_order_of_their_ends() {
    let log = read(&format!(
        "{HEADER}{}",
        concat!(
            "{\"episode\":0,\"step\":0,\"reward\":1,\"components\":[2,-1],\"intent\":5}\n",
            "{\"episode\":1,\"step\":0,\"reward\":2,\"components\":{\"time\":-1,\"points\":3},\"intent\":6,\"end\":\"terminated\"}\n",
            "{\"episode\":0,\"step\":1,\"reward\":3,\"components\":[4,0],\"intent\":7,\"end\":\"truncated\"}\n",
            "{\"episode\":2,\"step\":0,\"reward\":9,\"components\":[9,0],\"intent\":7}\n",
        )
    ));
    assert_eq!(log.format(), Format::StepLog);
    assert_eq!(log.environment(), Some("Boat-v0"));
    assert_eq!(proxies(&log), [2.0, 4.0]);
    assert_eq!(intents(&log), [Some(6.0), Some(12.0)]);
    assert_eq!(pressures(&log), [2.0, 3.0]);
    assert!(notes(&log).contains("left out: 1."), "{}", notes(&log));
    let steps = log.step_log().expect("steps");
    assert_eq!(steps.component_names(), ["points", "time"]);
    assert_eq!(steps.episodes()[0].components, [3.0, -1.0]);
    assert_eq!(steps.episodes()[1].components, [6.0, -1.0]);
    assert_eq!(steps.episodes()[1].end, StepEnd::Truncated);
    let recomputation = steps.recomputation();
    assert_eq!(
        (recomputation.n_checked, recomputation.n_mismatches),
        (4, 1)
    );
    assert_eq!(recomputation.first, Some((4, 0, 1)));
    assert_eq!(recomputation.largest, 1.0);
}

#[test]
fn the_series_carries_components_bounds_and_the_reward_channel() {
    let log = read(&format!(
        "{HEADER}{}",
        concat!(
            "{\"episode\":0,\"step\":0,\"reward\":1,\"received\":0.25,\"scale\":2,\"components\":[2,-1],\"function\":\"a\",\"of_true_state\":1,\"end\":\"truncated\"}\n",
            "{\"episode\":1,\"step\":0,\"reward\":3,\"received\":1,\"components\":[4,-1],\"function\":\"b\",\"end\":\"truncated\"}\n",
        )
    ));
    let series = log.series(2, 1);
    assert_eq!(series.checkpoints.len(), 2);
    assert_eq!(series.component_names, ["points", "time"]);
    assert_eq!(series.checkpoints[1].components, [[4.0, -1.0]]);
    let bounds = series.proxy_bounds.expect("declared bounds");
    assert_eq!((bounds.low(), bounds.high()), (-10.0, 100.0));
    let channel = series.channel.expect("a channel");
    let clip = Transform::Clip {
        low: -1.0,
        high: 1.0,
    };
    assert_eq!(
        channel.transforms,
        [Transform::Scale(0.5), Transform::Normalise, clip]
    );
    assert_eq!(channel.schedule[0].function, "b");
    assert_eq!(channel.checkpoints[0].functions, ["a"]);
    let expected = RewardRecord {
        raw: 1.0,
        received: 0.25,
        scale: 2.0,
        of_true_state: Some(1.0),
    };
    assert_eq!(channel.checkpoints[0].episodes, [[expected]]);
    assert_eq!(channel.checkpoints[1].functions, ["b"]);
}

#[test]
fn a_log_of_rewards_alone_has_no_channel() {
    let log = read("{\"episode\":0,\"step\":0,\"reward\":1,\"end\":\"terminated\"}\n");
    assert!(!log.has_intent());
    let series = log.series(20, 30);
    assert_eq!(series.channel, None);
    assert!(series.checkpoints[0].intent.is_empty());
}

#[test]
fn observations_and_actions_are_flattened() {
    let log = read(concat!(
        "{\"episode\":7,\"step\":0,\"observation\":{\"a\":[[1,2],[3]],\"b\":true},\"action\":2,",
        "\"reward\":1,\"end\":\"terminated\"}\n"
    ));
    let step = &log.step_log().expect("steps").episodes()[0].steps[0];
    assert_eq!(step.observation, [1.0, 2.0, 3.0, 1.0]);
    assert_eq!(step.action, [2.0]);
}

#[test]
fn steps_of_a_long_log_are_thinned_evenly_and_sums_are_not() {
    let wide = vec!["0.5"; 4000].join(",");
    let mut text = String::new();
    for episode in 0..3000 {
        text.push_str(&format!(
            "{{\"episode\":{episode},\"step\":0,\"reward\":1,\"observation\":[{wide}],\"end\":\"truncated\"}}\n"
        ));
    }
    let log = read(&text);
    let steps = log.step_log().expect("steps");
    assert_eq!(log.records().len(), 3000);
    assert_eq!(steps.kept_every(), 2);
    let kept = steps.episodes().iter().filter(|e| !e.steps.is_empty());
    assert!(kept.map(|e| e.episode).eq((0..3000).step_by(2)));
    assert!(notes(&log).contains("one episode in 2"), "{}", notes(&log));
}

fn written_by_examples(name: &str) -> logs::Log {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/step-logs")
        .join(name);
    logs::read(&[path], &Mapping::default()).expect("a log")
}

#[test]
fn what_the_gymnasium_wrapper_wrote_is_read() {
    let log = written_by_examples("wrapper.jsonl");
    assert_eq!(log.environment(), Some("Pendulum-v1"));
    assert_eq!(log.records().len(), 10);
    let steps = log.step_log().expect("steps");
    assert_eq!(
        (steps.n_steps(), steps.recomputation().n_mismatches),
        (512, 0)
    );
    assert_eq!(steps.component_names(), ["effort", "speed"]);
    assert_eq!(steps.header().proxy_bounds, Some((-5.0, 400.0)));
    assert!(steps.episodes().iter().all(|episode| episode.length == 50));
}

#[test]
fn what_the_stable_baselines_callback_wrote_passes_the_register() {
    let log = written_by_examples("callback-normalised.jsonl");
    let outcome = logs::audit_log(&log, &logs::LogSettings::default(), mdp::Seed(0));
    let outcome = outcome.expect("an outcome").outcome;
    let sums = outcome.check("component-sums").expect("the check");
    assert_eq!(sums.status, audit::CheckStatus::Pass);
    // Every reward that was received is the declared transforms of the sum of components.
    let channel = log.series(20, 1).channel.expect("a channel");
    assert_eq!(channel.transforms.len(), 2);
    let records = channel
        .checkpoints
        .iter()
        .flat_map(|c| c.episodes.iter().flatten());
    let mut n_checked = 0;
    for record in records {
        let expected = (record.raw / record.scale).clamp(-10.0, 10.0);
        assert!((expected - record.received).abs() <= channel.tolerance * expected.abs().max(1.0));
        n_checked += 1;
    }
    assert_eq!(n_checked, 400);
}

#[test]
fn a_foreign_run_that_circles_gets_its_loophole_shown() {
    // Early policies go straight to the goal; late ones go round a target that pays.
    let mut text = String::new();
    for episode in 0..200_u32 {
        let circles = episode >= 60;
        for step in 0..60_u32 {
            let angle = f64::from(step) * std::f64::consts::TAU / 12.0;
            let [x, y] = if circles {
                [angle.cos(), angle.sin()]
            } else {
                [0.1 * f64::from(step), 0.2]
            };
            let wobble = 0.01 * f64::from((episode * 7 + step * 3) % 5);
            let points = if circles { 1.0 } else { 0.2 } + wobble;
            let progress = if circles { 0.0 } else { 0.1 };
            let end = if step == 59 { "\"truncated\"" } else { "null" };
            text.push_str(&format!(
                "{{\"episode\":{episode},\"step\":{step},\"observation\":[{x},{y}],\"action\":0,\"reward\":{},\
                 \"components\":{{\"points\":{points},\"time\":-0.1}},\"intent\":{},\"end\":{end}}}\n",
                points - 0.1,
                progress + wobble,
            ));
        }
    }
    let result = logs::audit_log(&read(&text), &logs::LogSettings::default(), mdp::Seed(0));
    let result = result.expect("an outcome");
    assert_eq!(result.outcome.verdict, audit::Verdict::Gamed);
    let share = |name: &str| {
        let components = &result.outcome.components;
        let found = components.iter().find(|component| component.name == name);
        found
            .and_then(|component| component.share)
            .expect("a share")
    };
    assert!((share("points") - 1.0).abs() < 1e-9 && share("time").abs() < 1e-9);
    let recurrence = result.recurrence.expect("a loop");
    assert!((11.0..=13.0).contains(&recurrence.period), "{recurrence:?}");
    assert!(recurrence.share_of_time > 0.9, "{recurrence:?}");
    let register = result.outcome.check("register").expect("the check");
    assert_eq!(register.status, audit::CheckStatus::Pass);
}

#[test]
fn a_reward_that_is_more_than_its_components_later_in_the_run_is_tampered() {
    let mut text = String::new();
    for episode in 0..400_u32 {
        for step in 0..2_u32 {
            let points = 0.01 * f64::from((episode * 7 + step * 3) % 5) + 0.01 * f64::from(episode);
            let extra = if episode >= 200 { 1.0 } else { 0.0 };
            let end = if step == 1 { "\"terminated\"" } else { "null" };
            text.push_str(&format!(
                "{{\"episode\":{episode},\"step\":{step},\"reward\":{},\"components\":{{\"points\":{points}}},\
                 \"intent\":{points},\"end\":{end}}}\n",
                points + extra,
            ));
        }
    }
    let result = logs::audit_log(&read(&text), &logs::LogSettings::default(), mdp::Seed(0));
    let outcome = result.expect("an outcome").outcome;
    assert_eq!(outcome.verdict, audit::Verdict::Tampered);
    let sums = outcome.check("component-sums").expect("the check");
    assert_eq!(sums.status, audit::CheckStatus::Fail);
    assert!(sums.note.contains("400 of 800 steps"), "{}", sums.note);
    assert!(
        sums.note.contains("line 401 (episode 200, step 0)"),
        "{}",
        sums.note
    );
}
