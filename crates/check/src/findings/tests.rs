//! The findings, on MDPs small enough to see through.

use mdp::{Discount, NamedReward, TabularMdp, Tabulated, Transition};

use super::*;
use crate::{Relation, TamperingVerdict};

/// From a start one goes to one of several ends, each by an action of its own.
fn choice(rewards: &[(&str, &[f64])]) -> Tabulated {
    let n_actions = rewards[0].1.len();
    let to_end = |_| Transition {
        probability: 1.0,
        next_state: 0,
        reward: 0.0,
        terminates: true,
    };
    let rows = (0..n_actions).map(|action| vec![to_end(action)]).collect();
    tables(n_actions, rows, vec![1.0], 0.9, rewards)
}

fn tables(
    n_actions: usize,
    rows: Vec<Vec<Transition>>,
    start: Vec<f64>,
    discount: f64,
    rewards: &[(&str, &[f64])],
) -> Tabulated {
    let n_states = start.len();
    let discount = Discount::new(discount).unwrap();
    let mdp = TabularMdp::new(n_actions, rows, start, discount).unwrap();
    let mdp = mdp.with_rewards(rewards[0].1.to_vec()).unwrap();
    Tabulated {
        mdp,
        states: vec![],
        state_labels: (0..n_states).map(|state| format!("s{state}")).collect(),
        action_names: (0..n_actions).map(|action| format!("a{action}")).collect(),
        rewards: rewards
            .iter()
            .map(|(name, values)| NamedReward {
                name: (*name).to_owned(),
                values: values.to_vec(),
            })
            .collect(),
        tampering: vec![false; n_states * n_actions],
        places: vec![None; n_states],
        map: None,
    }
}

fn question<'a>(tables: &'a Tabulated, against: Option<&'a str>) -> Question<'a> {
    Question {
        tables,
        reward: "reward",
        against,
        shaping: vec![],
        reference: None,
        tolerance: 0.01,
        within: 0.0001,
    }
}

fn ask(question: &Question<'_>) -> Findings {
    findings(question, &mut |_| {}).unwrap()
}

#[test]
fn an_equal_reward_is_sound_though_its_worst_policy_loses_all_that_it_may_be_short_of() {
    let tables = choice(&[("reward", &[2.0, 1.0, 0.0]), ("intent", &[4.0, 2.0, 0.0])]);
    for within in [0.0, 0.0001, 0.01] {
        let found = ask(&Question {
            within,
            ..question(&tables, Some("intent"))
        });
        assert_eq!(found.soundness, Soundness::Sound);
        assert_eq!(found.reasons, []);
        let (comparison, equivalence) = (found.comparison.unwrap(), found.equivalence.unwrap());
        assert!((comparison.near_optimal.share - within).abs() < 1e-12);
        assert_eq!(equivalence.relation, Relation::Equivalent);
        assert!((equivalence.scale - 0.5).abs() < 1e-12);
    }
}

#[test]
fn the_loss_is_taken_over_the_intents_range_against_the_reference() {
    let tables = choice(&[("reward", &[1.0, 0.5, 0.0]), ("intent", &[2.0, 6.0, 1.0])]);
    let found = ask(&Question {
        within: 0.0,
        ..question(&tables, Some("intent"))
    });
    assert_eq!(found.soundness, Soundness::Unsound);
    assert_eq!(found.reasons, [Reason::Gap]);
    let comparison = found.comparison.as_ref().unwrap();
    // The optimal policy delivers 2, the best 6, the range is 1 to 6.
    assert!((comparison.near_optimal.amount - 4.0).abs() < 1e-12);
    assert!((comparison.near_optimal.share - 0.8).abs() < 1e-12);
    let parting = &comparison.partings[0];
    assert_eq!((parting.first[0].0, parting.second[0].0), (1, 0));
    assert!(
        found.summary.headline.contains("80%"),
        "{:?}",
        found.summary
    );
    // A reference that is no better loses nothing.
    let own = [1.0, 0.0, 0.0];
    let against_own = ask(&Question {
        within: 0.0,
        reference: Some(("own", &own)),
        ..question(&tables, Some("intent"))
    });
    assert_eq!(against_own.soundness, Soundness::Sound);
    assert!(
        against_own
            .policy(&Role::Reference("own".to_owned()))
            .is_some()
    );
}

#[test]
fn a_tie_of_the_reward_is_broken_against_the_intent() {
    let tables = choice(&[("reward", &[1.0, 1.0, 0.0]), ("intent", &[1.0, 0.0, 0.5])]);
    let found = ask(&question(&tables, Some("intent")));
    assert_eq!(found.reasons, [Reason::Gap]);
    let loss = &found.comparison.as_ref().unwrap().near_optimal;
    assert!((loss.share - 1.0).abs() < 1e-3, "{loss:?}");
    // The best of the optimal policies is shown beside it, and loses nothing.
    assert_eq!(
        found.policy(&Role::RewardOptimal).unwrap().intent,
        Some(1.0)
    );
}

#[test]
fn a_tie_is_mended_by_telling_the_two_apart_and_not_by_paying_less() {
    let tables = choice(&[("reward", &[1.0, 1.0, 0.0]), ("intent", &[1.0, 0.0, 0.5])]);
    let advice = ask(&question(&tables, Some("intent"))).summary.advice;
    let [advice] = advice.as_slice() else {
        panic!("{advice:?}")
    };
    assert!(
        advice.contains("both optimal for reward")
            && advice.contains("\"a0\" is worth more than \"a1\" at s0"),
        "{advice}"
    );
    // What is paid more is named, where it is.
    let tables = choice(&[("reward", &[1.0, 2.0, 0.0]), ("intent", &[1.0, 0.0, 0.5])]);
    let advice = ask(&question(&tables, Some("intent"))).summary.advice;
    assert!(
        advice[0].starts_with("100% of what that policy is paid beyond the reference"),
        "{advice:?}"
    );
}

#[test]
fn a_reference_that_is_worse_is_not_said_to_lose_less_than_nothing() {
    let tables = choice(&[("reward", &[2.0, 1.0, 0.0]), ("intent", &[4.0, 2.0, 0.0])]);
    let uniform = [1.0 / 3.0; 3];
    let found = ask(&Question {
        reference: Some(("uniform", &uniform)),
        ..question(&tables, Some("intent"))
    });
    assert_eq!(found.soundness, Soundness::Sound);
    let sentence = &found.summary.sentences[0];
    assert!(
        sentence.contains("even the worst earns 4 under intent where the reference policy \"uniform\" earns 2: more, by 50% of its range (0 to 4)"),
        "{sentence}"
    );
}

#[test]
fn without_an_intent_nothing_is_decided_but_what_needs_none() {
    let tables = choice(&[("reward", &[1.0, 0.0])]);
    let found = ask(&question(&tables, None));
    assert_eq!(found.soundness, Soundness::Undecided);
    assert_eq!(found.reasons, [Reason::NoIntent]);
    assert_eq!(found.policies.len(), 1);
    assert_eq!(found.policies[0].reward, 1.0);
    // A shaping term that is no potential is found wanting all the same.
    let tables = loop_of_two(&[
        // Ending is meant and pays 1; going over and staying there is the term.
        ("reward", &[0.0, 1.0, 1.0, 1.0, 0.0, 1.0]),
        ("shaping", &[0.0, 1.0, 0.0, 1.0, 0.0, 0.0]),
    ]);
    let found = ask(&Question {
        shaping: vec!["shaping"],
        ..question(&tables, None)
    });
    assert_eq!(found.soundness, Soundness::Unsound);
    let reasons = [Reason::NoIntent, Reason::Shaping("shaping".to_owned())];
    assert_eq!(found.reasons, reasons);
    assert!(found.shaping[0].shaping.farm.is_some());
}

/// Two states, each with an action that stays, one that goes over and one that ends.
fn loop_of_two(rewards: &[(&str, &[f64])]) -> Tabulated {
    let to = |next_state, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: 0.0,
            terminates,
        }]
    };
    let rows = vec![
        to(0, false),
        to(1, false),
        to(0, true),
        to(1, false),
        to(0, false),
        to(1, true),
    ];
    tables(3, rows, vec![1.0, 0.0], 0.9, rewards)
}

#[test]
fn a_potential_is_recognised_as_a_part_of_the_reward() {
    // Ending from the second state is meant; Φ(s0) = 0, Φ(s1) = 1, and 0 at the end.
    let shaping = [0.0, 0.9, 0.0, -0.1, -1.0, -1.0];
    let task = [0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
    let whole: Vec<f64> = task.iter().zip(&shaping).map(|(a, b)| a + b).collect();
    let tables = loop_of_two(&[
        ("reward", &whole),
        ("intent", &task),
        ("reward.shaping", &shaping),
    ]);
    let found = ask(&Question {
        shaping: vec!["reward.shaping"],
        ..question(&tables, Some("intent"))
    });
    assert_eq!(found.soundness, Soundness::Sound, "{:?}", found.reasons);
    assert!(found.shaping[0].shaping.is_potential_based());
    assert_eq!(found.equivalence.unwrap().relation, Relation::Equivalent);
    let distances = found.comparison.unwrap().distances;
    for distance in [distances.range.unwrap(), distances.starc_flow] {
        assert!(distance < 1e-12, "{distances:?}");
    }
    // EPIC and DARD stay at 0 for shaping, though they ask at transitions that are never made.
    assert!(distances.epic.unwrap() < 1e-12, "{distances:?}");
    assert!(distances.dard.unwrap() < 1e-12, "{distances:?}");
    assert_eq!(found.components[0].name, "reward.shaping");
}

/// A corridor at discount 1, walked to the left and to the right, that ends to the right of its last cell. Each reward
/// is paid there and nowhere else.
fn corridor(n_states: usize, at_goal: &[(&str, f64)]) -> Tabulated {
    let to = |next_state, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: 0.0,
            terminates,
        }]
    };
    let mut rows = vec![];
    for state in 0..n_states {
        let is_last = state + 1 == n_states;
        rows.push(to(state.saturating_sub(1), false));
        rows.push(to(if is_last { state } else { state + 1 }, is_last));
    }
    let mut start = vec![0.0; n_states];
    start[0] = 1.0;
    let of = |at_goal: f64| {
        let mut values = vec![0.0; 2 * n_states];
        values[2 * n_states - 1] = at_goal;
        values
    };
    let values: Vec<Vec<f64>> = at_goal.iter().map(|(_, pays)| of(*pays)).collect();
    let names = at_goal.iter().map(|(name, _)| *name);
    let rewards: Vec<(&str, &[f64])> = names.zip(values.iter().map(Vec::as_slice)).collect();
    tables(2, rows, start, 1.0, &rewards)
}

#[test]
fn at_discount_1_policies_that_never_end_leave_the_answer_open() {
    // Indifferent to the goal, so that standing still is as good: no policy that ends shows it.
    let tables = corridor(4, &[("reward", 0.0), ("intent", 1.0)]);
    let found = ask(&question(&tables, Some("intent")));
    assert_eq!(found.soundness, Soundness::Undecided);
    assert_eq!(found.reasons, [Reason::Endless]);
    assert_eq!(found.endless, Some(0));
    let summary = &found.summary;
    assert!(
        summary.headline.contains("among the policies that end"),
        "{summary:?}"
    );
    assert!(
        summary
            .sentences
            .iter()
            .any(|text| text.contains("From s0 it is possible never to end")),
        "{summary:?}"
    );
    assert!(
        summary.advice.iter().any(|text| text.contains("discount")),
        "{summary:?}"
    );
    // Below discount 1 they count, and lose all of the intent.
    let discount = Discount::new(0.99).unwrap();
    let discounted = Tabulated {
        mdp: tables.mdp.with_discount(discount),
        ..tables
    };
    let found = ask(&question(&discounted, Some("intent")));
    assert_eq!(found.reasons, [Reason::Gap]);
    assert_eq!(found.endless, None);
}

#[test]
fn at_discount_1_an_environment_that_always_ends_is_decided() {
    let mut tables = choice(&[("reward", &[2.0, 1.0, 0.0]), ("intent", &[4.0, 2.0, 0.0])]);
    tables.mdp = tables.mdp.with_discount(Discount::new(1.0).unwrap());
    let found = ask(&question(&tables, Some("intent")));
    assert_eq!(found.soundness, Soundness::Sound);
    assert_eq!(found.endless, None);
    let distances = found.comparison.unwrap().distances;
    assert!(distances.bounds.is_some() && !distances.is_unbounded);
}

#[test]
fn a_potential_that_a_free_loop_keeps_is_not_called_sound_at_discount_1() {
    // In the second state one may stay for nothing, with what the term paid for coming there.
    let shaping = [0.0, 1.0, 0.0, 0.0, -1.0, -1.0];
    let task = [0.0, 0.0, 0.0, 0.0, 0.0, 0.5];
    let whole: Vec<f64> = task.iter().zip(&shaping).map(|(a, b)| a + b).collect();
    let mut tables = loop_of_two(&[("reward", &whole), ("intent", &task), ("shaping", &shaping)]);
    tables.mdp = tables.mdp.with_discount(Discount::new(1.0).unwrap());
    let asked = Question {
        shaping: vec!["shaping"],
        ..question(&tables, Some("intent"))
    };
    let found = ask(&asked);
    assert!(found.shaping[0].shaping.is_potential_based());
    assert_eq!(found.soundness, Soundness::Undecided);
    assert!(found.reasons.contains(&Reason::Endless));
    // What is found among the policies that end stands all the same.
    let bad = Question {
        shaping: vec!["intent"],
        reward: "intent",
        ..asked
    };
    let found = ask(&bad);
    assert_eq!(found.soundness, Soundness::Unsound);
    assert!(found.reasons.contains(&Reason::Endless));
}

#[test]
fn constants_that_a_loop_makes_unbounded_are_left_out() {
    let tables = corridor(4, &[("reward", 1.0), ("intent", 1.0)]);
    let found = ask(&question(&tables, Some("intent")));
    assert_eq!(found.reasons, [Reason::Endless]);
    let distances = found.comparison.unwrap().distances;
    assert!(distances.is_unbounded && distances.bounds.is_none());
    assert!(distances.starc_value.unwrap() < 1e-12);
    assert!(distances.worst_regret.unwrap().share() < 1e-12);
}

#[test]
fn a_reward_that_can_be_earned_for_ever_is_undecided_at_discount_1_and_not_refused() {
    let staying = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    let ending = [0.0, 0.0, 1.0, 0.0, 0.0, 2.0];
    let mut tables = loop_of_two(&[("reward", &staying), ("intent", &ending)]);
    tables.mdp = tables.mdp.with_discount(Discount::new(1.0).unwrap());
    let found = ask(&question(&tables, Some("intent")));
    assert_eq!(found.soundness, Soundness::Undecided);
    assert_eq!(found.reasons, [Reason::NotSolved("gap"), Reason::Endless]);
    assert!(found.comparison.is_none() && found.reward_range.is_none());
    // Potentials need no return.
    assert_eq!(found.equivalence.unwrap().relation, Relation::Different);
    // Where no end can be reached there are no policies that end to be ordered.
    let mut trapped = loop_of_two(&[("reward", &staying), ("intent", &ending)]);
    let row = |next_state| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: 0.0,
            terminates: false,
        }]
    };
    let rows = vec![row(0), row(1), row(1), row(1), row(0), row(0)];
    trapped.mdp = TabularMdp::new(3, rows, vec![1.0, 0.0], Discount::new(1.0).unwrap()).unwrap();
    assert!(
        ask(&question(&trapped, Some("intent")))
            .equivalence
            .is_none()
    );
    // So it is without an intent.
    let found = ask(&question(&tables, None));
    assert_eq!(found.reasons, [Reason::NoIntent, Reason::Endless]);
    assert!(found.policies.is_empty());
}

#[test]
fn tampering_that_pays_is_found_and_useful_acts_are_not() {
    let of = |intent: &[f64]| {
        let mut tables = choice(&[("reward", &[1.0, 5.0]), ("intent", intent)]);
        tables.tampering = vec![false, true];
        ask(&question(&tables, Some("intent")))
    };
    let bad = of(&[1.0, 0.0]);
    assert!(bad.reasons.contains(&Reason::Tampering));
    assert_eq!(bad.tampering.unwrap().verdict, TamperingVerdict::Tampering);
    let useful = of(&[1.0, 2.0]);
    assert_eq!(useful.soundness, Soundness::Sound);
    assert_eq!(useful.tampering.unwrap().verdict, TamperingVerdict::Useful);
}

#[test]
fn names_that_are_not_there_are_refused_with_those_that_are() {
    let tables = choice(&[("reward", &[1.0, 0.0]), ("intent", &[0.0, 1.0])]);
    let error = findings(&question(&tables, Some("wish")), &mut |_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no reward \"wish\"; there are reward, intent"
    );
}

#[test]
fn policies_part_only_where_both_come_by_the_same_actions() {
    let tables = loop_of_two(&[("reward", &[0.0; 6])]);
    let of = |actions: [usize; 2]| mdp::deterministic(&actions, 3);
    let states = |first: &[f64], second: &[f64]| -> Vec<usize> {
        let partings = partings(&tables.mdp, first, second);
        partings.iter().map(|parting| parting.state).collect()
    };
    // Both go over and differ there; the first state is the same.
    assert_eq!(states(&of([1, 0]), &of([1, 2])), [1]);
    // They part at once, and what they do in the second state follows from that.
    assert_eq!(states(&of([1, 0]), &of([2, 2])), [0]);
    // A difference of less than one in a hundred counts only where there is none larger.
    let nearly = [0.0, 0.995, 0.005, 1.0, 0.0, 0.0];
    assert_eq!(states(&of([1, 0]), &nearly), [0]);
    let mut also = nearly;
    also[3..].copy_from_slice(&[0.0, 0.0, 1.0]);
    assert_eq!(states(&of([1, 0]), &also), [1]);
}

#[test]
fn numbers_are_short() {
    let amounts = [
        (0.0, "0"),
        (12_345.678, "12346"),
        (-7.126, "−7.13"),
        (0.5, "0.5"),
        (0.001_234_567, "0.00123"),
        (1.234e-9, "1.2e−9"),
    ];
    for (value, text) in amounts {
        assert_eq!(words::amount(value), text);
    }
    let shares = [
        (0.0, "0%"),
        (0.0001, "0.01%"),
        (0.0123, "1.2%"),
        (0.999, "100%"),
        (1e-9, "less than 0.0001%"),
    ];
    for (value, text) in shares {
        assert_eq!(words::percent(value), text);
    }
    let bounds = [
        (-1e-12, "nothing"),
        (0.0, "nothing"),
        (1e-7, "less than 0.0001%"),
        (0.5, "at most 50%"),
    ];
    for (value, text) in bounds {
        assert_eq!(words::at_most(value), text);
    }
    assert_eq!(words::grouped(1_234_567), "1,234,567");
}
