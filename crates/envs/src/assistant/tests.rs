//! What is believed is what Bayes says, and asking is worth what the formula says.

use mdp::{Seed, TimeLimit, Trajectory, check_environment};

use super::*;

fn mean_intent(settings: AssistantSettings, policy: &AssistantPolicy, n: u64) -> f64 {
    let limited = TimeLimit::new(Assistant::new(settings), Assistant::TIME_LIMIT);
    let play = |number| {
        let rng = Seed(4).stream("episode", number);
        let trajectory = Trajectory::record(&limited, policy, 100, rng);
        trajectory.intent_return().unwrap()
    };
    (0..n).map(play).sum::<f64>() / n as f64
}

#[test]
fn it_is_an_environment() {
    for reward in AssistantReward::ALL {
        let settings = AssistantSettings {
            reward,
            ..AssistantSettings::default()
        };
        let limited = TimeLimit::new(Assistant::new(settings), Assistant::TIME_LIMIT);
        check_environment(&limited, 200, Seed(1)).unwrap();
    }
}

#[test]
fn a_guess_and_a_question_are_worth_what_they_should_be() {
    let settings = AssistantSettings {
        honesty: 0.95,
        cost: 0.1,
        ..AssistantSettings::default()
    };
    let guess = mean_intent(settings, &AssistantPolicy::Guesser, 20_000);
    assert!((guess + 0.5).abs() < 0.03, "one right in four: {guess}");
    // One answer makes 95% sure, which is enough to bring: 0.95 - 0.05 - 0.1.
    let asked = mean_intent(settings, &AssistantPolicy::Asker, 20_000);
    assert!((asked - 0.8).abs() < 0.02, "{asked}");
}

/// The belief is calibrated: among episodes in which a thing is believed with probability p, it is wanted in a share p.
#[test]
fn beliefs_are_calibrated() {
    let assistant = Assistant::new(AssistantSettings::default());
    let (mut believed, mut wanted, n) = (0.0, 0.0, 40_000);
    for number in 0..n {
        let rng = &mut Seed(9).stream("person", number);
        let mut state = assistant.initial_state(rng);
        for action in [WATCH, ASK, WATCH] {
            assistant.step(&mut state, &action, rng);
        }
        let first = state.belief()[0];
        if first > 0.5 {
            believed += first;
            wanted += f64::from(u8::from(state.wanted() == 0));
        }
    }
    assert!(wanted > 1000.0);
    assert!(
        (believed - wanted).abs() < 4.0 * (wanted * 0.2_f64).sqrt() + 10.0,
        "{believed} against {wanted}"
    );
}

#[test]
fn serving_anything_is_paid_where_the_reward_says_so() {
    let settings = AssistantSettings::default();
    let assistant = Assistant::new(settings);
    let rng = &mut Seed(2).stream("person", 0);
    let mut state = assistant.initial_state(rng);
    let wrong = BRING + (state.wanted() + 1) % N_THINGS;
    let step = assistant.step(&mut state, &wrong, rng);
    assert_eq!(
        (step.reward, step.intent, step.end),
        (1.0, Some(-1.0), Some(End::Terminated))
    );
    assert_eq!(assistant.is_success(&state), Some(false));
}
