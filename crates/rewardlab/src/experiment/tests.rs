//! Experiments: what is refused and with which words, and that nothing is lost on the way to a file.

use expect_test::{Expect, expect};

use super::*;

const GOOD: &str = r#"
[environment]
name = "cartpole"

[optimizer]
algorithm = "ppo"
preset = "rl-zoo-cartpole"
"#;

/// What is said about a file and some `--set` arguments, a line a problem.
#[track_caller]
fn check(text: &str, overrides: &[&str], expected: Expect) {
    let overrides: Vec<String> = overrides
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect();
    let said = match Experiment::parse("mine", "mine.toml", text, &overrides) {
        Ok(_) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&said);
}

#[test]
fn a_good_experiment_is_not_refused() {
    check(GOOD, &[], expect!["nothing"]);
}

#[test]
fn every_problem_is_told_at_once() {
    let text = r#"descripton = "a typo"

[environment]
name = "coast-runners"
course = "bays"
time_limt = 3

[optimizer]
algorithm = "ppo"
preset = "wide-batch"
lerning_rate = 1e-3
discount = 1.5
steps = "many"
minibatch = 0.5
hidden = [64, 0]
clip = "falling 0.2"
target_kl = -1
normalize_rewards = 1

[reference]
policy = "drivr"
name = "driver"

[audit]
checkpoints = 1
error_rate = 0

[evalution]
greedy_episodes = 3
"#;
    check(
        text,
        &[
            "audit.margin=2",
            "optimizer.epochs=-1",
            "nonsense",
            "run.seed=1.5",
        ],
        expect![[r#"
            mine.toml:1:1: unknown key descripton; did you mean description? an experiment has description, [environment], [reward], [demonstrations], [annotator], [optimizer], [reference], [audit], [evaluation], [run]
            mine.toml:5:1: environment.course = "bays" is unknown; did you mean "bay"? allowed: "bay", "estuary", "archipelago" or "canal"
            mine.toml:6:1: unknown key environment.time_limt; did you mean time_limit? coast-runners has course, reward, time_limit
            mine.toml:11:1: unknown key optimizer.lerning_rate; did you mean learning_rate? ppo has steps, n_environments, n_steps, minibatch, epochs, discount, lambda, learning_rate, clip, value_clip, entropy_coefficient, value_coefficient, max_gradient_norm, normalize_advantages, target_kl, normalize_observations, normalize_rewards, hidden, activation, trunk, initialization, exploration, exploration_log_std, exploration_resample_every, adam_epsilon
            mine.toml:12:1: optimizer.discount = 1.5 is too large; allowed: a number from 0 to 1
            mine.toml:13:1: optimizer.steps = "many" is text, not a whole number; allowed: a whole number of at least 1
            mine.toml:14:1: optimizer.minibatch = 0.5 is not a whole number; allowed: a whole number from 1 to 16777216
            mine.toml:15:1: optimizer.hidden = [64, 0] has an item 2 that is too small; allowed: a list of at most 8 whole numbers from 1 to 4096
            mine.toml:16:1: optimizer.clip = "falling 0.2" is no schedule; allowed: a number from 0 to 100, or "linear A" for one that falls from A to 0 over the run
            mine.toml:17:1: optimizer.target_kl = -1 is too small; allowed: a number above 0 and at most 1000000, or "none"
            mine.toml:18:1: optimizer.normalize_rewards = 1 is a number, not true or false; allowed: true or false
            mine.toml:21:1: reference.policy = "drivr" is not a policy of coast-runners; did you mean "driver"? allowed: "driver", "looper", "random" or "none"
            mine.toml:22:1: unknown key reference.name; [reference] has policy
            mine.toml:25:1: audit.checkpoints = 1 is too small; allowed: a whole number from 2 to 1000
            mine.toml:26:1: audit.error_rate = 0 is too small; allowed: a number above 0 and at most 0.5
            mine.toml:28:2: unknown section [evalution]; did you mean [evaluation]? an experiment has description, [environment], [reward], [demonstrations], [annotator], [optimizer], [reference], [audit], [evaluation], [run]
            --set audit.margin=2: audit.margin = 2 is too large; allowed: a number from 0 to 0.99
            --set nonsense: has no "="; write section.key=value, as in optimizer.steps=2e6
            --set optimizer.epochs=-1: optimizer.epochs = -1 is too small; allowed: a whole number from 1 to 1000
            --set run.seed=1.5: run.seed = 1.5 is not a whole number; allowed: a whole number of at least 0"#]],
    );
}

#[test]
fn a_missing_name_is_asked_for() {
    check(
        "",
        &[],
        expect![[r#"
            mine.toml:1:1: environment.name is missing; name an environment: "coast-runners", "cleaning-robot", "nail-factory", "driving", "mazes", "assistant", "safe-interruptibility", "side-effects-sokoban", "absent-supervisor", "boat-race", "tomato-watering", "rocks-and-diamonds", "conveyor-belt", "whisky-and-gold", "distributional-shift", "island-navigation", "friend-or-foe", "tampered-sensor", "tampered-function", "tampered-register", "tampered-feedback", "drifting-recommender", "montezuma-rooms", "frozen-lake", "taxi", "cliff-walking", "risky-path", "branching", "early-termination", "initial-shift", "cliff-world", "random-transitions", "noisy-observations", "courier-taxi", "doors-keys-gems", "block-words", "montezuma-screens", "cartpole", "acrobot", "pendulum", "mountaincar", "mountaincar-continuous", "hopper", "walker" or "grasp"
            mine.toml:1:1: optimizer.algorithm is missing; name an algorithm: "ppo", "dqn", "bc", "dagger", "gail", "airl", "procedure-cloning", "backward" or "preferences""#]],
    );
    check(
        "[environment]\n\n[optimizer]\nalgorithm = \"pp0\"\n",
        &[],
        expect![[r#"
            mine.toml:1:2: environment.name is missing; name an environment: "coast-runners", "cleaning-robot", "nail-factory", "driving", "mazes", "assistant", "safe-interruptibility", "side-effects-sokoban", "absent-supervisor", "boat-race", "tomato-watering", "rocks-and-diamonds", "conveyor-belt", "whisky-and-gold", "distributional-shift", "island-navigation", "friend-or-foe", "tampered-sensor", "tampered-function", "tampered-register", "tampered-feedback", "drifting-recommender", "montezuma-rooms", "frozen-lake", "taxi", "cliff-walking", "risky-path", "branching", "early-termination", "initial-shift", "cliff-world", "random-transitions", "noisy-observations", "courier-taxi", "doors-keys-gems", "block-words", "montezuma-screens", "cartpole", "acrobot", "pendulum", "mountaincar", "mountaincar-continuous", "hopper", "walker" or "grasp"
            mine.toml:4:1: optimizer.algorithm = "pp0" is not an algorithm; did you mean "ppo"? allowed: "ppo", "dqn", "bc", "dagger", "gail", "airl", "procedure-cloning", "backward" or "preferences""#]],
    );
    check(
        "[environment]\nname = 3\n[optimizer]\nalgorithm = \"dqn\"\n",
        &[],
        expect![[r#"
            mine.toml:2:1: environment.name = 3 is no text; allowed: "coast-runners", "cleaning-robot", "nail-factory", "driving", "mazes", "assistant", "safe-interruptibility", "side-effects-sokoban", "absent-supervisor", "boat-race", "tomato-watering", "rocks-and-diamonds", "conveyor-belt", "whisky-and-gold", "distributional-shift", "island-navigation", "friend-or-foe", "tampered-sensor", "tampered-function", "tampered-register", "tampered-feedback", "drifting-recommender", "montezuma-rooms", "frozen-lake", "taxi", "cliff-walking", "risky-path", "branching", "early-termination", "initial-shift", "cliff-world", "random-transitions", "noisy-observations", "courier-taxi", "doors-keys-gems", "block-words", "montezuma-screens", "cartpole", "acrobot", "pendulum", "mountaincar", "mountaincar-continuous", "hopper", "walker" or "grasp"
            mine.toml:3:2: optimizer.preset is missing; name a preset: "sb3" or "rl-zoo-cartpole""#]],
    );
}

#[test]
fn what_is_no_toml_is_said_to_be_none() {
    check(
        "[environment\nname = 3\n",
        &[],
        expect!["mine.toml:1:13: not TOML: unclosed table, expected `]`"],
    );
    check(
        "a = 1\na = 2\n",
        &[],
        expect!["mine.toml:2:1: not TOML: duplicate key"],
    );
    check(
        "\u{0}\u{1}",
        &[],
        expect!["mine.toml:1:3: not TOML: key with no value, expected `=`"],
    );
}

#[test]
fn sections_and_values_are_not_confused() {
    check(
        &format!("audit = 3\n{GOOD}"),
        &[],
        expect![
            "mine.toml:1:1: audit is one value, not a section; write [audit]; an experiment has description, [environment], [reward], [demonstrations], [annotator], [optimizer], [reference], [audit], [evaluation], [run]"
        ],
    );
    check(
        &format!("{GOOD}\n[[audit]]\nmargin = 0.1\n"),
        &[],
        expect![
            "mine.toml:9:3: audit is a list of tables, which no experiment has; write [audit] once"
        ],
    );
    check(
        &format!("{GOOD}\n[audit.margin]\nproxy = 0.1\n"),
        &[],
        expect![
            "mine.toml:10:1: unknown key audit.margin.proxy; [audit] has checkpoints, episodes, error_rate, margin, proxy"
        ],
    );
}

#[test]
fn settings_that_do_not_fit_an_environment_are_refused() {
    check(
        GOOD,
        &["environment.course=bay", "reference.policy=driver"],
        expect![[r#"
            --set environment.course=bay: unknown key environment.course; cartpole has time_limit
            --set reference.policy=driver: reference.policy = "driver" is not a policy of cartpole; allowed: "balancer" or "none""#]],
    );
}

#[test]
fn a_name_cannot_lead_out_of_the_folder_of_runs() {
    check(
        GOOD,
        &["run.experiment=../../elsewhere"],
        expect![[
            r#"mine.toml:1:1: "../../elsewhere" is no name for an experiment; take letters, digits, "-", "_", "." and "+", at most 100, beginning with no ".""#
        ]],
    );
    check(
        GOOD,
        &["run.experiment=.."],
        expect![[
            r#"mine.toml:1:1: ".." is no name for an experiment; take letters, digits, "-", "_", "." and "+", at most 100, beginning with no ".""#
        ]],
    );
}

fn load(overrides: &[&str]) -> Experiment {
    let overrides: Vec<String> = overrides
        .iter()
        .map(|argument| (*argument).to_owned())
        .collect();
    Experiment::parse("mine", "mine.toml", GOOD, &overrides).unwrap()
}

#[test]
fn arguments_take_toml_values_and_bare_words() {
    let steps = |argument: &str| load(&[argument]).optimizer.settings.count("steps");
    assert_eq!(steps("optimizer.steps=2e6"), 2_000_000);
    assert_eq!(steps("optimizer.steps = 3_000"), 3000);
    assert_eq!(steps("optimizer.steps=0x10"), 16);
    let trunk = |argument: &str| {
        load(&[argument])
            .optimizer
            .settings
            .text("trunk")
            .map(str::to_owned)
    };
    assert_eq!(trunk("optimizer.trunk=shared").as_deref(), Some("shared"));
    assert_eq!(
        trunk("optimizer.trunk=\"shared\"").as_deref(),
        Some("shared")
    );
    let last = load(&["optimizer.steps=1", "optimizer.steps=2"]);
    assert_eq!(
        last.optimizer.settings.count("steps"),
        2,
        "the last one wins"
    );
    let linear = load(&["optimizer.learning_rate=linear 0.5"]);
    assert_eq!(
        linear.optimizer.settings.get("learning_rate"),
        Some(&Value::Linear(0.5))
    );
}

#[test]
fn a_resolved_experiment_is_read_back_the_same_and_says_everything() {
    for shipped in shipped() {
        let experiment = shipped.parse(&["run.seed=7".to_owned()]).unwrap();
        let toml = experiment.to_toml("0.0.0", "none");
        let mut again = Experiment::parse("other", "resolved.toml", &toml, &[]).unwrap();
        assert_eq!(again.written_by.version.as_deref(), Some("0.0.0"));
        assert_eq!(again.written_by.instruction_set.as_deref(), Some("none"));
        again.written_by = WrittenBy::default();
        assert_eq!(again, experiment, "{}", shipped.name);
        for setting in experiment.optimizer.algorithm.settings(None) {
            assert!(
                toml.contains(&format!("\n{} = ", setting.key)),
                "{}",
                setting.key
            );
        }
    }
}

#[test]
fn every_file_of_the_folder_is_shipped() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut names: Vec<String> = shipped()
        .iter()
        .map(|shipped| format!("{}.toml", shipped.name))
        .collect();
    names.sort();
    assert_eq!(files, names);
}

#[test]
fn a_name_that_nobody_knows_is_met_with_the_nearest() {
    let said = |name: &str| Experiment::load(name, &[]).unwrap_err().to_string();
    expect![[r#"there is no experiment "coast-runner"; did you mean "coast-runners"? `rewardlab list` shows all, and the path of a TOML file works too"#]].assert_eq(&said("coast-runner"));
    expect![[r#"there is no experiment "xyz"; `rewardlab list` shows all, and the path of a TOML file works too"#]].assert_eq(&said("xyz"));
    expect!["no/such.toml: cannot read the experiment"].assert_eq(&said("no/such.toml"));
}

#[test]
fn a_resolved_ppo_experiment_reads_like_this() {
    expect![[r#"
        [environment]
        name = "cartpole"
        time_limit = 500

        [optimizer]
        algorithm = "ppo"
        preset = "rl-zoo-cartpole"
        steps = 100000
        n_environments = 8
        n_steps = 32
        minibatch = 256
        epochs = 20
        discount = 0.98
        lambda = 0.8
        learning_rate = "linear 0.001"
        clip = "linear 0.2"
        value_clip = "none"
        entropy_coefficient = 0.0
        value_coefficient = 0.5
        max_gradient_norm = 0.5
        normalize_advantages = true
        target_kl = "none"
        normalize_observations = false
        normalize_rewards = false
        hidden = [64, 64]
        activation = "tanh"
        trunk = "separate"
        initialization = "orthogonal"
        exploration = "gaussian"
        exploration_log_std = 0.0
        exploration_resample_every = "none"
        adam_epsilon = 0.00001

        [reference]
        policy = "none"

        [audit]
        checkpoints = 20
        episodes = 100
        error_rate = 0.01
        margin = 0.1
        proxy = "environment"

        [evaluation]
        greedy_episodes = 100
        greedy_episodes_per_checkpoint = 10
        reference_episodes = 400

        [run]
        experiment = "mine"
        seed = 0
        version = "0.1.0"
        instruction_set = "avx2"
    "#]]
    .assert_eq(&load(&[]).to_toml("0.1.0", "avx2"));
}
