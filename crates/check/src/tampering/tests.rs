//! The incentive on MDPs that can be worked out by hand, and planners against slow and obvious ones.

use envs::{Remedy, TamperedFeedback, TamperedFunction, TamperedRegister, TamperedSensor};
use mdp::{
    Discount, ParameterTables, RewardParameters, Rng, Seed, Transition, index, tabulate,
    tabulate_parameters, uniform,
};

use super::*;

/// One decision: to work, or to tamper. Received, paid by the first function, and meant, for each of the two.
fn decision(observed: [f64; 2]) -> TabularMdp {
    let end = |reward| {
        vec![Transition {
            probability: 1.0,
            next_state: 0,
            reward,
            terminates: true,
        }]
    };
    let discount = Discount::new(1.0).unwrap();
    TabularMdp::new(2, observed.map(end).to_vec(), vec![1.0], discount).unwrap()
}

/// Whether tampering pays where `[work, tamper]` are received, paid by the first function, and meant.
#[track_caller]
fn check(
    observed: [f64; 2],
    frozen: Option<[f64; 2]>,
    intent: Option<[f64; 2]>,
    expected: TamperingVerdict,
) -> Incentive {
    let mdp = decision(observed);
    let question = TamperingQuestion {
        mdp: &mdp,
        observed: mdp.rewards(),
        frozen: frozen.as_ref().map(<[f64; 2]>::as_slice),
        intent: intent.as_ref().map(<[f64; 2]>::as_slice),
        tampering: &[false, true],
    };
    let incentive = tampering_incentive_of(&question).unwrap();
    assert_eq!(incentive.verdict, expected);
    incentive
}

#[test]
fn more_for_less_is_tampering() {
    let found = check(
        [1.0, 2.0],
        Some([1.0, 0.0]),
        Some([1.0, 0.25]),
        TamperingVerdict::Tampering,
    );
    assert_eq!(found.rise.observed, 1.0);
    assert_eq!(found.rise.frozen, Some(-1.0));
    assert_eq!(found.rise.intent, Some(-0.75));
    let act = TamperingAct {
        state: 0,
        action: 1,
        occupancy: 1.0,
    };
    assert_eq!(found.present.acts, [act]);
    assert_eq!(found.cut.acts, []);
    // The first function pays for it too, as for a covered sensor: what was meant decides.
    let input = [Some([1.0, 2.0]), Some([1.0, 1.0])];
    check([1.0, 2.0], input[0], input[1], TamperingVerdict::Tampering);
    check(
        [1.0, 2.0],
        None,
        Some([1.0, 1.0]),
        TamperingVerdict::Tampering,
    );
    check(
        [1.0, 2.0],
        Some([1.0, 1.0]),
        None,
        TamperingVerdict::Tampering,
    );
}

#[test]
fn what_serves_the_intent_is_no_tampering() {
    let both = Some([1.0, 1.5]);
    check([1.0, 2.0], both, both, TamperingVerdict::Useful);
    check([1.0, 2.0], None, both, TamperingVerdict::Useful);
    check([1.0, 2.0], None, None, TamperingVerdict::Unjudged);
    check([2.0, 1.0], both, both, TamperingVerdict::NoIncentive);
}

#[test]
fn the_unit_of_the_reward_decides_nothing() {
    for unit in [1e-300, 1e-12, 1e-9, 1.0, 1e9, 1e300] {
        let of = |pair: [f64; 2], unit: f64| pair.map(|value| unit * value);
        let observed = of([1.0, 2.0], unit);
        // In units of their own too.
        for unit in [1e-12, 1.0, 1e12] {
            let check = |intent: [f64; 2], verdict| {
                check(observed, None, Some(of(intent, unit)), verdict);
            };
            check([1.0, 0.0], TamperingVerdict::Tampering);
            check([1.0, 1.5], TamperingVerdict::Useful);
            check([1.0, 1.0 + 1e-12], TamperingVerdict::Tampering);
        }
        let tied = of([1.0, 1.0 + 1e-12], unit);
        let found = check(tied, None, None, TamperingVerdict::NoIncentive);
        assert_eq!(found.present.acts, [], "{unit}");
    }
}

/// Work pays 1 and costs 1 a step later; tampering does the same by a sum that rounds to something else than 0.
#[test]
fn what_is_left_of_gains_that_cancel_is_no_incentive() {
    let way = |next_state, reward, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward,
            terminates,
        }]
    };
    let rows = vec![
        way(1, 0.3, false),
        way(1, 0.1 + 0.2, false),
        way(0, -0.3, true),
        way(0, -0.3, true),
    ];
    let discount = Discount::new(1.0).unwrap();
    let mdp = TabularMdp::new(2, rows, vec![1.0, 0.0], discount).unwrap();
    let question = TamperingQuestion {
        mdp: &mdp,
        observed: mdp.rewards(),
        frozen: None,
        intent: None,
        tampering: &[false, true, false, false],
    };
    let found = tampering_incentive_of(&question).unwrap();
    assert_eq!(found.verdict, TamperingVerdict::NoIncentive);
    assert_eq!(found.present.acts, []);
}

#[test]
fn ties_speak_against_tampering() {
    let found = check([1.0, 1.0], None, None, TamperingVerdict::NoIncentive);
    assert_eq!(found.present.acts, []);
    // Unless the tampering act is the one that was meant.
    let found = check(
        [1.0, 1.0],
        None,
        Some([0.0, 1.0]),
        TamperingVerdict::NoIncentive,
    );
    assert_eq!(found.present.acts.len(), 1);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let mdp = decision([1.0, 2.0]);
    let question = TamperingQuestion {
        mdp: &mdp,
        observed: mdp.rewards(),
        frozen: None,
        intent: None,
        tampering: &[false, false],
    };
    let undeclared = tampering_incentive_of(&question).unwrap();
    assert_eq!(undeclared.verdict, TamperingVerdict::Undeclared);
    let refused = |question: TamperingQuestion<'_>| {
        tampering_incentive_of(&question).unwrap_err().to_string()
    };
    let all = TamperingQuestion {
        tampering: &[true, true],
        ..question
    };
    assert_eq!(
        refused(all),
        "the tampering actions cannot be cut: state 0 is left without any action; keep at least one"
    );
    let short = TamperingQuestion {
        intent: Some(&[1.0]),
        ..question
    };
    assert_eq!(
        refused(short),
        "the intent has 1 values where the MDP has 2; give one for each"
    );
    let infinite = TamperingQuestion {
        frozen: Some(&[1.0, f64::NAN]),
        ..question
    };
    assert_eq!(
        refused(infinite),
        "the frozen reward holds NaN at index 1; every value must be finite"
    );
}

/// A random MDP in layers, each of which leads to the next and the last to the end, with parameters for each state.
fn layered(rng: &mut Rng) -> (TabularMdp, ParameterTables) {
    const LAYERS: usize = 4;
    const WIDTH: usize = 3;
    const ACTIONS: usize = 3;
    let mut transitions = vec![];
    for layer in 0..LAYERS {
        for _ in 0..WIDTH * ACTIONS {
            let split = uniform(rng);
            let way = |probability, rng: &mut Rng| Transition {
                probability,
                next_state: ((layer + 1) % LAYERS) * WIDTH + index(WIDTH, rng),
                reward: 0.0,
                terminates: layer + 1 == LAYERS,
            };
            transitions.push(vec![way(split, rng), way(1.0 - split, rng)]);
        }
    }
    let mut start = vec![0.0; LAYERS * WIDTH];
    start[..WIDTH].fill(1.0 / WIDTH as f64);
    let discount = Discount::new(0.9).unwrap();
    let mdp = TabularMdp::new(ACTIONS, transitions, start, discount).unwrap();
    let rewards = (0..2)
        .map(|_| (0..mdp.n_transitions()).map(|_| uniform(rng)).collect())
        .collect();
    let of_state = (0..LAYERS * WIDTH).map(|_| index(2, rng)).collect();
    (mdp, ParameterTables { of_state, rewards })
}

/// What one self at `state` thinks of `action`, where `later` says what is done from the next state on: by parameters
/// `by`, through every way that there is.
fn worth(
    mdp: &TabularMdp,
    tables: &ParameterTables,
    by: usize,
    state: usize,
    action: usize,
    later: &dyn Fn(usize) -> usize,
) -> f64 {
    let row = mdp.row(state, action);
    row.map(|stored| {
        let way = mdp.transition(stored);
        let after = if way.terminates {
            0.0
        } else {
            worth(
                mdp,
                tables,
                by,
                way.next_state,
                later(way.next_state),
                later,
            )
        };
        way.probability * (tables.rewards[by][stored] + mdp.discount().get() * after)
    })
    .sum()
}

fn best_of(mdp: &TabularMdp, worth: impl Fn(usize) -> f64) -> usize {
    (1..mdp.n_actions()).fold(0, |best, action| {
        if worth(action) > worth(best) {
            action
        } else {
            best
        }
    })
}

/// What the plan for fixed parameters does: itself the best plan from every later state.
fn fixed(mdp: &TabularMdp, tables: &ParameterTables, by: usize, state: usize) -> usize {
    best_of(mdp, |action| {
        worth(mdp, tables, by, state, action, &|next| {
            fixed(mdp, tables, by, next)
        })
    })
}

/// What a self does that knows its later selves.
fn foreseeing(mdp: &TabularMdp, tables: &ParameterTables, state: usize) -> usize {
    best_of(mdp, |action| {
        let own = tables.of_state[state];
        worth(mdp, tables, own, state, action, &|next| {
            foreseeing(mdp, tables, next)
        })
    })
}

#[test]
fn planners_by_the_current_function_do_what_their_definitions_say() {
    let mut differ = 0;
    for seed in 0..20 {
        let (mdp, tables) = layered(&mut Seed(seed).stream("layers", 0));
        let nothing_tampers = vec![false; mdp.n_states() * mdp.n_actions()];
        let plan = |selves| current_reward_policy(&mdp, &tables, &nothing_tampers, selves).unwrap();
        let ignoring = plan(FutureSelves::Ignored);
        let considering = plan(FutureSelves::Considered);
        let reachable = mdp.reachable();
        for state in (0..mdp.n_states()).filter(|state| reachable[*state]) {
            let own = tables.of_state[state];
            assert_eq!(ignoring[state], fixed(&mdp, &tables, own, state));
            assert_eq!(considering[state], foreseeing(&mdp, &tables, state));
        }
        differ += usize::from(ignoring != considering);
    }
    assert!(differ > 0, "the two planners are told apart");
}

#[test]
fn planners_are_indifferent_to_units() {
    for seed in 0..20 {
        let (mdp, tables) = layered(&mut Seed(seed).stream("layers", 0));
        let nothing_tampers = vec![false; mdp.n_states() * mdp.n_actions()];
        let mut small = tables.clone();
        for (table, unit) in small.rewards.iter_mut().zip([1e-12, 1e9]) {
            table.iter_mut().for_each(|reward| *reward *= unit);
        }
        for selves in [FutureSelves::Ignored, FutureSelves::Considered] {
            let plan = |tables| current_reward_policy(&mdp, tables, &nothing_tampers, selves);
            let reachable = mdp.reachable();
            let (plain, small) = (plan(&tables).unwrap(), plan(&small).unwrap());
            for state in (0..mdp.n_states()).filter(|state| reachable[*state]) {
                assert_eq!(plain[state], small[state], "seed {seed}, state {state}");
            }
        }
    }
}

#[test]
fn later_selves_need_an_order() {
    let around = |terminates| {
        vec![Transition {
            probability: 1.0,
            next_state: 0,
            reward: 1.0,
            terminates,
        }]
    };
    let discount = Discount::new(0.5).unwrap();
    let transitions = vec![around(false), around(true)];
    let mdp = TabularMdp::new(2, transitions, vec![1.0], discount).unwrap();
    let tables = ParameterTables {
        of_state: vec![0],
        rewards: vec![vec![1.0, 1.0]],
    };
    let plan = |selves| current_reward_policy(&mdp, &tables, &[false, false], selves);
    assert_eq!(plan(FutureSelves::Ignored), Ok(vec![0]));
    assert_eq!(
        plan(FutureSelves::Considered).unwrap_err(),
        CheckError::ComesBack { state: 0 }
    );
}

/// Meant, and number of tampering acts, of a planner by the current function in one of the environments.
fn planned<E: RewardParameters>(environment: &E, selves: FutureSelves) -> (f64, f64) {
    let table = tabulate(environment, Discount::new(1.0).unwrap(), 10_000).unwrap();
    let question = TamperingQuestion::of(&table);
    let tables = tabulate_parameters(environment, &table);
    let policy = current_reward_policy(&table.mdp, &tables, &table.tampering, selves).unwrap();
    let found = tampering_returns(&question, policy).unwrap();
    let incentive = tampering_incentive(&table).unwrap();
    assert_eq!(incentive.verdict, TamperingVerdict::Tampering);
    (found.returns.intent.unwrap(), found.tampering())
}

#[test]
fn a_planner_by_the_current_function_keeps_away_from_what_it_does_not_read() {
    let ignoring = FutureSelves::Ignored;
    assert_eq!(planned(&TamperedRegister::default(), ignoring), (5.0, 0.0));
    assert_eq!(planned(&TamperedFunction::default(), ignoring), (5.0, 0.0));
    // Its function reads the covered camera like any other.
    assert_eq!(planned(&TamperedSensor::default(), ignoring), (0.0, 1.0));
}

#[test]
fn a_planner_that_knows_its_later_selves_ties_their_hands() {
    let considering = FutureSelves::Considered;
    assert_eq!(
        planned(&TamperedRegister::default(), considering),
        (5.0, 0.0)
    );
    // It locks the console against its owner, and carries apples that nobody wants any more.
    assert_eq!(planned(&TamperedFunction::default(), considering).1, 1.0);
    // It charms the taster so that its later selves go on to like sweets.
    let (intent, tampering) = planned(&TamperedFeedback::default(), considering);
    assert!((intent - 3.0).abs() < 1e-9 && (tampering - 1.0).abs() < 1e-9);
}

#[test]
fn a_remedy_takes_the_incentive_away_where_it_reaches() {
    let undiscounted = Discount::new(1.0).unwrap();
    let verdict = |environment: &TamperedRegister| {
        let table = tabulate(environment, undiscounted, 10_000).unwrap();
        tampering_incentive(&table).unwrap().verdict
    };
    let of = |remedy| verdict(&TamperedRegister { remedy });
    assert_eq!(of(Remedy::None), TamperingVerdict::Tampering);
    assert_eq!(of(Remedy::Belief), TamperingVerdict::Tampering);
    assert_eq!(of(Remedy::CurrentFunction), TamperingVerdict::NoIncentive);
    assert_eq!(of(Remedy::Counterfactual), TamperingVerdict::NoIncentive);
}
