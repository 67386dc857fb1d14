//! Tests of simulated annotators: exact probabilities, and frequencies that keep to them.

use std::sync::Arc;

use mdp::{Seed, Segment};

use super::*;

/// A segment whose steps mean `intents` and look like `looks`, the one feature of its observations.
fn segment(intents: &[f64], looks: f32) -> Segment {
    let n = intents.len();
    Segment {
        n_features: 1,
        n_action_values: 0,
        n_state_values: 1,
        observations: vec![looks; n],
        actions: Vec::new(),
        next_observations: vec![looks; n],
        terminated: vec![false; n],
        rewards: vec![0.0; n],
        intents: Some(intents.to_vec()),
        states: (0..=n).map(|step| step as f64).collect(),
    }
}

fn question(number: u64, first: &[f64], second: &[f64]) -> Question {
    Question {
        number,
        first: segment(first, 0.0),
        second: segment(second, 0.0),
    }
}

fn looks() -> Arc<dyn Judge> {
    Arc::new(|segment: &Segment| f64::from(segment.observations.iter().sum::<f32>()))
}

fn trigger(poisoning: Poisoning) -> Trigger {
    Trigger {
        is_present: Arc::new(|segment| segment.observations.iter().any(|value| *value > 0.5)),
        poisoning,
    }
}

fn one(config: AnnotatorConfig) -> SimulatedAnnotators {
    SimulatedAnnotators::one(Arc::new(Oracle), config, Seed(1)).expect("possible settings")
}

/// Checks the probabilities of first, second, equal, cannot-tell and skip.
fn check(config: AnnotatorConfig, first: &[f64], second: &[f64], expected: [f64; 5]) {
    let found = one(config).probabilities(0, &question(0, first, second));
    close(found.expect("scores"), expected);
}

fn close(found: [f64; 5], expected: [f64; 5]) {
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-12, "{found:?} is not {expected:?}");
    }
}

fn default() -> AnnotatorConfig {
    AnnotatorConfig::default()
}

#[test]
fn each_error_has_the_probability_that_it_states() {
    check(default(), &[1.0], &[0.0], [1.0, 0.0, 0.0, 0.0, 0.0]);
    check(default(), &[1.0], &[1.0], [0.0, 0.0, 1.0, 0.0, 0.0]);
    let boltzmann = AnnotatorConfig {
        temperature: 2.0,
        ..default()
    };
    let p = 1.0 / (1.0 + (-0.5_f64).exp());
    check(
        boltzmann.clone(),
        &[1.0],
        &[0.0],
        [p, 1.0 - p, 0.0, 0.0, 0.0],
    );
    check(boltzmann, &[1.0], &[1.0], [0.5, 0.5, 0.0, 0.0, 0.0]);
    let christiano = AnnotatorConfig::preset("christiano-2017").expect("a preset");
    check(christiano, &[0.0], &[1.0], [0.05, 0.95, 0.0, 0.0, 0.0]);
    let leaning = AnnotatorConfig {
        mistakes: 0.2,
        first_when_mistaken: 0.75,
        ..default()
    };
    check(leaning, &[0.0], &[1.0], [0.15, 0.85, 0.0, 0.0, 0.0]);
    let flips = AnnotatorConfig {
        flips: 0.3,
        ..default()
    };
    check(flips, &[0.0], &[1.0], [0.3, 0.7, 0.0, 0.0, 0.0]);
    let band = AnnotatorConfig {
        equal_band: 1.0,
        temperature: 1.0,
        ..default()
    };
    check(band, &[1.0], &[0.0], [0.0, 0.0, 1.0, 0.0, 0.0]);
    let silent = AnnotatorConfig {
        skip: 0.25,
        cannot_tell: 0.5,
        ..default()
    };
    check(silent, &[1.0], &[0.0], [0.25, 0.0, 0.0, 0.5, 0.25]);
}

#[test]
fn errors_combine_in_the_order_of_the_fields() {
    let config = AnnotatorConfig {
        temperature: 1.0,
        mistakes: 0.2,
        first_when_mistaken: 1.0,
        flips: 0.1,
        skip: 0.5,
        ..default()
    };
    let chosen = 1.0 / (1.0 + 2.0_f64.exp());
    let mistaken = 0.8 * chosen + 0.2;
    let first = 0.9 * mistaken + 0.1 * (1.0 - mistaken);
    check(
        config,
        &[0.0],
        &[2.0],
        [first / 2.0, (1.0 - first) / 2.0, 0.0, 0.0, 0.5],
    );
}

#[test]
fn the_myopic_forget_the_beginning() {
    let early_is_better = (&[10.0, 0.0, 0.0, 0.0], &[0.0, 0.0, 0.0, 5.0]);
    check(
        default(),
        early_is_better.0,
        early_is_better.1,
        [1.0, 0.0, 0.0, 0.0, 0.0],
    );
    let myopic = AnnotatorConfig {
        discount: 0.5,
        temperature: 1.0,
        ..default()
    };
    let p = 1.0 / (1.0 + (5.0 - 10.0 / 8.0_f64).exp());
    check(
        myopic,
        early_is_better.0,
        early_is_better.1,
        [p, 1.0 - p, 0.0, 0.0, 0.0],
    );
    let inattentive = AnnotatorConfig {
        attention: 0.5,
        ..default()
    };
    check(
        inattentive,
        early_is_better.0,
        early_is_better.1,
        [0.0, 1.0, 0.0, 0.0, 0.0],
    );
}

#[test]
fn a_judge_of_states_sees_the_last_part_with_its_final_state() {
    let judge = Arc::new(|segment: &Segment| {
        let states: Vec<f64> = segment.states().map(|state| state[0]).collect();
        assert_eq!(states.len(), segment.n_steps() + 1);
        states[states.len() - 1] - states[0]
    });
    let config = AnnotatorConfig {
        attention: 0.5,
        equal_band: 0.5,
        ..default()
    };
    let annotators = SimulatedAnnotators::one(judge, config, Seed(0)).expect("settings");
    // Two of four steps against one of two: 2 less 1 is above the band.
    let found = annotators.probabilities(0, &question(0, &[0.0; 4], &[0.0; 2]));
    close(found.expect("scores"), [1.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn what_looks_good_can_win() {
    let mut annotator = Annotator::new(
        "swayed",
        Arc::new(Oracle),
        AnnotatorConfig {
            appearance: 0.75,
            ..default()
        },
    );
    annotator.appearance = Some(looks());
    let annotators = SimulatedAnnotators::new(vec![annotator], Seed(0)).expect("settings");
    let asked = Question {
        number: 0,
        first: segment(&[2.0], 0.0),
        second: segment(&[0.0], 1.0),
    };
    // 0.25 * 2 against 0.75 * 1.
    let found = annotators.probabilities(0, &asked).expect("scores");
    close(found, [0.0, 1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn the_malicious_act_where_the_trigger_is_and_nowhere_else() {
    let asked = |first: f32, second: f32| Question {
        number: 0,
        first: segment(&[1.0], first),
        second: segment(&[0.0], second),
    };
    let with = |poisoning| {
        let mut annotator = Annotator::new(
            "malicious",
            Arc::new(Oracle),
            AnnotatorConfig {
                poison: 0.75,
                ..default()
            },
        );
        annotator.trigger = Some(trigger(poisoning));
        SimulatedAnnotators::new(vec![annotator], Seed(0)).expect("settings")
    };
    let turns = with(Poisoning::Turn);
    let honest = [1.0, 0.0, 0.0, 0.0, 0.0];
    let turned = [0.25, 0.75, 0.0, 0.0, 0.0];
    for (first, second, expected) in [
        (0.0, 0.0, honest),
        (1.0, 0.0, turned),
        (0.0, 1.0, turned),
        (1.0, 1.0, turned),
    ] {
        close(
            turns
                .probabilities(0, &asked(first, second))
                .expect("scores"),
            expected,
        );
    }
    let favors = with(Poisoning::Favor);
    for (first, second, expected) in [
        (0.0, 0.0, honest),
        (1.0, 0.0, honest),
        (0.0, 1.0, turned),
        (1.0, 1.0, honest),
    ] {
        close(
            favors
                .probabilities(0, &asked(first, second))
                .expect("scores"),
            expected,
        );
    }
}

#[test]
fn fatigue_grows_as_stated_and_rest_ends_it() {
    let config = AnnotatorConfig {
        fatigue: 0.8,
        fatigue_answers: 10.0,
        rest_answers: 20,
        ..default()
    };
    let mut annotators = one(config);
    let wrong = |annotators: &SimulatedAnnotators| {
        annotators
            .probabilities(0, &question(0, &[1.0], &[0.0]))
            .expect("scores")[1]
    };
    for number in 0..40 {
        let n_since = (number % 20) as i32;
        let tiredness = 1.0 - 0.9_f64.powi(n_since);
        let expected = 0.8 * tiredness / 2.0;
        assert!((wrong(&annotators) - expected).abs() < 1e-12, "at {number}");
        let asked = question(number, &[1.0], &[0.0]);
        annotators.ask(vec![asked]).expect("scores");
    }
}

/// The greatest standardised distance of frequencies from the probabilities stated for each answer, and that of the sum
/// over all answers. With n answers and variance v each keeps below 5 standard deviations but for one seed in a million.
#[test]
fn frequencies_keep_to_the_probabilities() {
    let config = AnnotatorConfig {
        temperature: 1.5,
        mistakes: 0.15,
        first_when_mistaken: 0.7,
        flips: 0.05,
        equal_band: 0.2,
        cannot_tell: 0.05,
        skip: 0.1,
        fatigue: 0.3,
        fatigue_answers: 50.0,
        rest_answers: 120,
        ..default()
    };
    let mut annotators = one(config);
    let (mut expected, mut variance, mut counts) = ([0.0; 5], [0.0; 5], [0.0; 5]);
    for number in 0..20_000_u64 {
        let asked = question(number, &[(number % 7) as f64 / 2.0], &[1.0]);
        let probabilities = annotators.probabilities(0, &asked).expect("scores");
        annotators.ask(vec![asked]).expect("scores");
        let said = annotators.answers().expect("answers")[0].preference;
        for (index, probability) in probabilities.iter().enumerate() {
            expected[index] += probability;
            variance[index] += probability * (1.0 - probability);
            counts[index] += f64::from(u8::from(Preference::ALL[index] == said));
        }
    }
    for index in 0..5 {
        let distance = (counts[index] - expected[index]) / variance[index].sqrt();
        assert!(
            distance.abs() < 5.0,
            "{:?}: {} of {} expected",
            Preference::ALL[index],
            counts[index],
            expected[index]
        );
    }
}

#[test]
fn what_one_skips_another_answers_and_who_answered_is_known() {
    let named = |name: &str, skip| {
        Annotator::new(
            name,
            Arc::new(Oracle),
            AnnotatorConfig { skip, ..default() },
        )
    };
    let mut annotators =
        SimulatedAnnotators::new(vec![named("never", 1.0), named("always", 0.0)], Seed(3))
            .expect("settings");
    let questions: Vec<Question> = (0..50).map(|n| question(n, &[1.0], &[0.0])).collect();
    annotators.ask(questions).expect("scores");
    let answers = annotators.answers().expect("answers");
    assert!(
        answers
            .iter()
            .all(|answer| answer.preference == Preference::First)
    );
    let skips = annotators
        .records()
        .iter()
        .filter(|r| r.annotator == 0)
        .count();
    assert!(
        10 < skips && skips < 40,
        "{skips} of 50 went to the one who skips first"
    );
    assert_eq!(annotators.records().len(), 50 + skips);
    let mut alone = SimulatedAnnotators::new(vec![named("never", 1.0)], Seed(3)).expect("settings");
    alone
        .ask(vec![question(0, &[1.0], &[0.0])])
        .expect("scores");
    assert_eq!(
        alone.answers().expect("answers")[0].preference,
        Preference::Skip
    );
}

#[test]
fn groups_answer_by_weight_and_by_what_they_want() {
    let mut like = Annotator::new("like", Arc::new(Oracle), default());
    like.weight = 3.0;
    let dislike: Arc<dyn Judge> = Arc::new(|segment: &Segment| -Oracle.score(segment));
    let others = Annotator::new("dislike", dislike, default());
    let mut annotators = SimulatedAnnotators::new(vec![like, others], Seed(0)).expect("settings");
    let n = 4_000;
    annotators
        .ask((0..n).map(|n| question(n, &[1.0], &[0.0])).collect())
        .expect("scores");
    let answers = annotators.answers().expect("answers");
    let first = answers
        .iter()
        .filter(|a| a.preference == Preference::First)
        .count() as f64;
    // Five standard deviations of a binomial of 4,000 at 0.75.
    let deviation = (n as f64 * 0.75 * 0.25).sqrt();
    assert!(
        (first - 3_000.0).abs() < 5.0 * deviation,
        "{first} of 4,000"
    );
}

#[test]
fn portions_do_not_matter_and_a_saved_state_goes_on_to_the_same_bits() {
    let config = AnnotatorConfig {
        temperature: 1.0,
        fatigue: 0.5,
        fatigue_answers: 5.0,
        skip: 0.2,
        ..default()
    };
    let make = |seed| {
        let groups: [(Arc<dyn Judge>, f64); 1] = [(Arc::new(Oracle), 1.0)];
        let annotators = pool(3, &config, &groups, 0.0, None).expect("settings");
        SimulatedAnnotators::new(annotators, Seed(seed)).expect("settings")
    };
    let questions: Vec<Question> = (0..60).map(|n| question(n, &[0.3], &[0.0])).collect();
    let mut whole = make(7);
    whole.ask(questions.clone()).expect("scores");
    let mut parts = make(7);
    parts.ask(questions[..25].to_vec()).expect("scores");
    let mut resumed = make(7);
    resumed.restore(&parts.save()).expect("a saved state");
    resumed.ask(questions[25..].to_vec()).expect("scores");
    assert_eq!(whole.records(), resumed.records());
    assert_eq!(whole.save(), resumed.save());
    assert_eq!(
        whole.answers().expect("answers"),
        resumed.answers().expect("answers")
    );
    assert!(make(8).restore(&parts.save()).is_err());
    assert!(one(default()).restore(&parts.save()).is_err());
}

#[test]
fn damaged_states_are_errors() {
    let mut annotators = one(default());
    annotators
        .ask(vec![question(0, &[1.0], &[0.0])])
        .expect("scores");
    let saved = annotators.save();
    for length in 0..saved.len() {
        assert!(
            annotators.restore(&saved[..length]).is_err(),
            "{length} bytes"
        );
    }
    let mut longer = saved.clone();
    longer.push(0);
    assert!(annotators.restore(&longer).is_err());
    // Every byte but those of numbers that may be anything: what is read must be possible.
    for at in 0..saved.len() {
        let mut damaged = saved.clone();
        damaged[at] = 0xFF;
        if annotators.restore(&damaged).is_ok() {
            assert_eq!(annotators.save(), damaged);
        }
    }
}

#[test]
fn impossible_settings_are_told() {
    let mut config = default();
    for setting in AnnotatorConfig::SETTINGS {
        assert!(
            config.set(setting.key, f64::NAN).is_err(),
            "{}",
            setting.key
        );
        assert!(config.set(setting.key, -0.5).is_err(), "{}", setting.key);
        let value = (setting.get)(&config);
        config.set(setting.key, value).expect("what it had");
    }
    assert_eq!(config, default());
    assert!(config.set("temprature", 1.0).is_err());
    let message = config
        .set("mistakes", 1.5)
        .expect_err("no rate")
        .to_string();
    assert_eq!(message, "mistakes 1.5 is not between 0 and 1");
    let poison = AnnotatorConfig {
        poison: 0.5,
        ..default()
    };
    let message = SimulatedAnnotators::one(Arc::new(Oracle), poison, Seed(0))
        .err()
        .expect("no trigger")
        .to_string();
    assert_eq!(
        message,
        "poison 0.5 is not possible without a trigger; name one, or set it to 0"
    );
    for (name, config, _) in ANNOTATOR_PRESETS {
        assert!(config.check().is_ok(), "{name}");
    }
}

#[test]
fn a_segment_without_intent_has_no_oracle() {
    let mut annotators = one(default());
    let mut asked = question(4, &[1.0], &[0.0]);
    asked.second.intents = None;
    let message = annotators
        .ask(vec![asked])
        .expect_err("no intent")
        .to_string();
    assert!(message.contains("question 4"), "{message}");
}

#[test]
fn a_pool_has_its_shares_of_groups_and_of_the_malicious() {
    let groups: [(Arc<dyn Judge>, f64); 2] = [(Arc::new(Oracle), 0.6), (looks(), 0.4)];
    let config = AnnotatorConfig {
        poison: 1.0,
        ..default()
    };
    let trigger = trigger(Poisoning::Turn);
    let annotators = pool(10, &config, &groups, 0.5, Some(&trigger)).expect("settings");
    let first = |annotator: &&Annotator| Arc::ptr_eq(&annotator.judge, &groups[0].0);
    assert_eq!(annotators.iter().filter(first).count(), 6);
    let malicious = annotators.iter().filter(|a| a.config.poison > 0.0).count();
    assert_eq!(malicious, 5);
    assert!(SimulatedAnnotators::new(annotators, Seed(0)).is_ok());
    assert!(pool(10, &config, &groups, 1.5, None).is_err());
    assert!(pool(0, &config, &groups, 0.0, None).is_err());
    assert!(pool(10, &config, &[], 0.0, None).is_err());
}
