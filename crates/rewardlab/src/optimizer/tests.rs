//! Hyperparameters: no preset changes on its way through values and files.

use super::*;
use crate::experiment::Experiment;

fn choice(algorithm: Algorithm, preset: &'static str) -> OptimizerChoice {
    let text = format!(
        "[environment]\nname = \"cartpole\"\n[optimizer]\nalgorithm = \"{}\"\npreset = \"{preset}\"\n",
        algorithm.name()
    );
    Experiment::parse("test", "test.toml", &text, &[])
        .unwrap()
        .optimizer
}

#[test]
fn presets_survive_being_resolved() {
    for preset in rl::ppo::PRESETS {
        let resolved = ppo::config(&choice(Algorithm::Ppo, preset.name));
        assert_eq!(resolved, (preset.config)(), "{}", preset.name);
    }
    for preset in rl::dqn::PRESETS {
        let resolved = dqn::config(&choice(Algorithm::Dqn, preset.name));
        assert_eq!(resolved, (preset.config)(), "{}", preset.name);
    }
}

#[test]
fn every_preset_lies_within_the_ranges_that_are_documented() {
    for algorithm in Algorithm::ALL {
        for preset in algorithm.presets() {
            for setting in algorithm.settings(Some(&preset)) {
                let default = setting.default.expect("a preset has every hyperparameter");
                let read = setting.kind.read(&default.to_toml());
                assert_eq!(read, Ok(default), "{} of {}", setting.key, preset.name);
            }
        }
    }
}

#[test]
fn settings_reach_the_configuration() {
    let mut choice = choice(Algorithm::Ppo, "sb3");
    choice
        .settings
        .insert("exploration", Value::Text("state-dependent".into()));
    choice
        .settings
        .insert("exploration_log_std", Value::Number(-1.0));
    choice
        .settings
        .insert("exploration_resample_every", Value::Count(4));
    choice.settings.insert("value_clip", Value::Number(0.5));
    choice.settings.insert("hidden", Value::Counts(vec![8, 9]));
    let config = ppo::config(&choice);
    assert_eq!(
        config.exploration,
        rl::ppo::Exploration::StateDependent {
            log_std: -1.0,
            resample_every: Some(4)
        }
    );
    assert_eq!((config.value_clip, config.hidden), (Some(0.5), vec![8, 9]));
}
