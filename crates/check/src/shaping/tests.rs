//! Potentials are found and witnesses are true; farms beside every cycle and every policy there is.

use mdp::{
    Discount, Rng, Seed, TabularMdp, Transition, average_reward, deterministic, evaluate_policy,
    index, uniform,
};
use proptest::prelude::*;

use super::{Discrepancy, Farm, Intended, Move, PotentialTest, Way, shaping};
use crate::draw::{Ends, draw_mdp, normals, shaped};
use crate::flow::{Orthogonal, norm};

const ALL_ENDS: [Ends; 3] = [Ends::Discounted, Ends::Sometimes, Ends::Always];

fn drawn(seed: u64) -> (TabularMdp, Rng) {
    let mut rng = Seed(seed).stream("shaping", 0);
    let ends = ALL_ENDS[index(3, &mut rng)];
    let (n_states, n_actions) = (2 + index(8, &mut rng), 2 + index(3, &mut rng));
    (draw_mdp(n_states, n_actions, ends, &mut rng), rng)
}

/// Every transition leads surely to one state, some to the end.
fn sure(n_states: usize, discount: f64, rng: &mut Rng) -> TabularMdp {
    let row = |rng: &mut Rng| {
        vec![Transition {
            probability: 1.0,
            next_state: index(n_states, rng),
            reward: 0.0,
            terminates: uniform(rng) < 0.2,
        }]
    };
    let rows = (0..n_states * 2).map(|_| row(rng)).collect();
    let mut start = vec![0.0; n_states];
    start[0] = 1.0;
    TabularMdp::new(2, rows, start, Discount::new(discount).unwrap()).unwrap()
}

fn state_of(mdp: &TabularMdp, stored: usize) -> usize {
    (0..mdp.n_states())
        .find(|s| mdp.row(*s, mdp.n_actions() - 1).end > stored)
        .unwrap()
}

fn potential_term(mdp: &TabularMdp, potential: &[f64]) -> Vec<f64> {
    (0..mdp.n_transitions())
        .map(|stored| shaped(mdp, stored, state_of(mdp, stored), potential))
        .collect()
}

fn test_of(mdp: &TabularMdp, term: &[f64]) -> PotentialTest {
    super::potential::test(mdp, crate::Flow::new(mdp).states(), term, term)
}

fn farm_of(mdp: &TabularMdp, term: &[f64], task: &[f64]) -> Option<Farm> {
    shaping(mdp, term, task, Intended::Optimal).unwrap().farm
}

/// What no potential explains, by dense least squares over the transitions that can happen.
fn unexplained(mdp: &TabularMdp, term: &[f64]) -> f64 {
    let reachable = mdp.reachable();
    let stored: Vec<usize> = (0..mdp.n_transitions())
        .filter(|k| reachable[state_of(mdp, *k)])
        .collect();
    let column = |state: usize| {
        let mut one = vec![0.0; mdp.n_states()];
        one[state] = 1.0;
        stored
            .iter()
            .map(|k| shaped(mdp, *k, state_of(mdp, *k), &one))
            .collect()
    };
    let columns = (0..mdp.n_states())
        .filter(|s| reachable[*s])
        .map(column)
        .collect();
    let mut left: Vec<f64> = stored.iter().map(|k| term[*k]).collect();
    let whole = norm(&left);
    Orthogonal::new(columns).take_out(&mut left);
    norm(&left) / whole
}

/// The discounted sum of the term along a way, cut off where nothing is left.
fn along(way: &Way, discount: f64) -> f64 {
    let around = way.cycle.iter().cycle();
    let moves = way.lead.iter().chain(around).take(5_000);
    moves
        .enumerate()
        .map(|(t, m)| discount.powf(t as f64) * m.value)
        .sum()
}

fn check_connected(moves: &[Move]) {
    for pair in moves.windows(2) {
        assert!(!pair[0].terminates && pair[0].next_state == pair[1].state);
    }
}

fn check_witness(mdp: &TabularMdp, term: &[f64], discrepancy: &Discrepancy) {
    let discount = mdp.discount().get();
    assert!(discrepancy.size() > 0.0);
    match discrepancy {
        Discrepancy::Loop { moves, sum } => {
            let end = mdp.n_states();
            let ends = |k: usize| {
                let m = moves[k % moves.len()];
                let to = if m.transition.terminates {
                    end
                } else {
                    m.transition.next_state
                };
                if m.is_forward {
                    (m.transition.state, to)
                } else {
                    (to, m.transition.state)
                }
            };
            for k in 0..moves.len() {
                assert_eq!(ends(k).1, ends(k + 1).0, "the loop is broken at {k}");
            }
            let signed = |table: &[f64]| -> f64 {
                let each = moves
                    .iter()
                    .map(|m| if m.is_forward { 1.0 } else { -1.0 } * table[m.transition.stored]);
                each.sum()
            };
            assert!((signed(term) - sum).abs() < 1e-12);
            let any = potential_term(mdp, &normals(mdp.n_states(), &mut Seed(7).stream("any", 0)));
            assert!(
                signed(&any).abs() < 1e-12,
                "a potential does not sum to zero on the loop"
            );
        }
        Discrepancy::Ways { state, ways } => {
            for way in ways {
                let first = way.lead.first().or(way.cycle.first()).unwrap();
                assert_eq!(first.state, *state);
                check_connected(&way.lead);
                check_connected(&way.cycle);
                if let (Some(last), Some(first)) = (way.cycle.last(), way.cycle.first()) {
                    assert_eq!(last.next_state, first.state);
                    assert!(way.lead.last().is_none_or(|m| m.next_state == first.state));
                } else {
                    assert!(way.lead.last().unwrap().terminates);
                }
                let sum = along(way, discount);
                assert!(
                    (sum + way.potential).abs() < 1e-9,
                    "{sum} beside {}",
                    way.potential
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn potentials_are_found_and_cannot_be_farmed(seed in any::<u64>()) {
        let (mdp, mut rng) = drawn(seed);
        let potential = normals(mdp.n_states(), &mut rng);
        let term = potential_term(&mdp, &potential);
        let found = shaping(&mdp, &term, mdp.rewards(), Intended::Optimal);
        let found = found.unwrap();
        prop_assert!(found.farm.is_none());
        prop_assert_eq!(found.felt_share, 0.0);
        let PotentialTest::Found { potential: recovered, residual } = found.potential else { panic!("not found") };
        prop_assert!(residual < 1e-11);
        for state in crate::Flow::new(&mdp).states() {
            prop_assert!((recovered[*state] - potential[*state]).abs() < 1e-10);
        }
    }

    #[test]
    fn a_term_is_refuted_where_least_squares_leave_something(seed in any::<u64>()) {
        let (mdp, mut rng) = drawn(seed);
        let mut term = potential_term(&mdp, &normals(mdp.n_states(), &mut rng));
        let place = index(term.len(), &mut rng);
        term[place] += 1e-3;
        match test_of(&mdp, &term) {
            PotentialTest::Found { residual, .. } => {
                prop_assert!(residual < 1e-10);
                prop_assert!(unexplained(&mdp, &term) < 1e-10);
            }
            PotentialTest::Refuted(discrepancy) => {
                prop_assert!(unexplained(&mdp, &term) > 1e-8);
                check_witness(&mdp, &term, &discrepancy);
            }
        }
    }

    #[test]
    fn another_discount_is_refuted(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("discount", 0);
        let mdp = draw_mdp(6, 3, Ends::Discounted, &mut rng);
        let potential = normals(6, &mut rng);
        let other = Discount::new(mdp.discount().get() + 0.005).unwrap();
        let term = potential_term(&mdp.with_discount(other), &potential);
        let found = test_of(&mdp, &term);
        prop_assert_eq!(matches!(found, PotentialTest::Found { .. }), unexplained(&mdp, &term) < 1e-10);
    }

    #[test]
    fn the_best_cycle_at_discount_1_is_found(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("cycles", 0);
        let mdp = sure(2 + index(6, &mut rng), 1.0, &mut rng);
        let shift = normals(1, &mut rng)[0];
        let term: Vec<f64> = normals(mdp.n_transitions(), &mut rng).iter().map(|f| f + shift).collect();
        let best = best_cycle(&mdp, &term);
        let farm = farm_of(&mdp, &term, &vec![0.0; term.len()]);
        match farm {
            None => prop_assert!(best <= 1e-9, "missed a cycle of mean {best}"),
            Some(farm) => {
                prop_assert!((farm.pays - best).abs() < 1e-9, "{} beside {best}", farm.pays);
                prop_assert!(farm.is_cycle && farm.term_a_step == farm.pays && farm.task_a_step == 0.0);
                check_round(&mdp, &farm);
                let mean = farm.states.iter().zip(&farm.actions).map(|(s, a)| term[mdp.row(*s, *a).start]).sum::<f64>();
                prop_assert!((mean / farm.states.len() as f64 - best).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_best_gain_under_chance_is_found(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("gains", 0);
        let ends = if uniform(&mut rng) < 0.8 { Ends::Sometimes } else { Ends::Always };
        let mdp = draw_mdp(2 + index(5, &mut rng), 2, ends, &mut rng);
        let term = normals(mdp.n_transitions(), &mut rng);
        let flow = crate::Flow::new(&mdp);
        let mut best = 0.0_f64;
        for policy in all_policies(mdp.n_states(), 2) {
            let gain = average_reward(&mdp, &mdp.expected(&term), &deterministic(&policy, 2)).gain;
            best = flow.states().iter().map(|s| gain[*s]).fold(best, f64::max);
        }
        match farm_of(&mdp, &term, &vec![0.0; term.len()]) {
            None => prop_assert!(best <= 1e-8, "missed a gain of {best}"),
            Some(farm) => {
                prop_assert!((farm.pays - best).abs() < 1e-9, "{} beside {best}", farm.pays);
                check_round(&mdp, &farm);
            }
        }
    }

    #[test]
    fn below_discount_1_going_round_beats_the_intended_policy_or_nothing_does(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("values", 0);
        let mdp = match index(2, &mut rng) {
            0 => sure(2 + index(5, &mut rng), 0.8, &mut rng),
            _ => draw_mdp(2 + index(5, &mut rng), 2, Ends::Discounted, &mut rng),
        };
        let (term, task) = (normals(mdp.n_transitions(), &mut rng), normals(mdp.n_transitions(), &mut rng));
        let together: Vec<f64> = mdp.expected(&term).iter().zip(mdp.expected(&task)).map(|(f, r)| f + r).collect();
        let optimal = mdp::policy_iteration(&mdp, &mdp.expected(&task), None).unwrap().policy;
        let intended = deterministic(&optimal, 2);
        let instead = evaluate_policy(&mdp, &together, &intended).unwrap().values;
        let mut best = f64::NEG_INFINITY;
        for policy in all_policies(mdp.n_states(), 2) {
            let values = evaluate_policy(&mdp, &together, &deterministic(&policy, 2)).unwrap().values;
            for state in crate::Flow::new(&mdp).states() {
                if never_ends(&mdp, &policy, *state) {
                    best = best.max(values[*state] - instead[*state]);
                }
            }
        }
        match shaping(&mdp, &term, &task, Intended::Policy(&intended)).unwrap().farm {
            None => prop_assert!(best < 1e-7, "missed {best}"),
            Some(farm) => {
                let gain = farm.pays - farm.instead;
                prop_assert!(0.0 < gain && gain <= best + 1e-9, "{gain} beside {best}");
                prop_assert!((farm.instead - instead[farm.entry]).abs() < 1e-9);
                check_round(&mdp, &farm);
                if farm.is_cycle && farm.entry == farm.states[0] {
                    let discount = mdp.discount().get();
                    let steps = farm.states.iter().zip(&farm.actions).enumerate();
                    let once: f64 = steps.map(|(t, (s, a))| discount.powf(t as f64) * together[s * 2 + a]).sum();
                    let value = once / (1.0 - discount.powf(farm.states.len() as f64));
                    prop_assert!((value - farm.pays).abs() < 1e-9);
                }
            }
        }
    }
}

/// The greatest mean of any simple cycle that can be reached, by trying all; at least that of none, 0.
fn best_cycle(mdp: &TabularMdp, term: &[f64]) -> f64 {
    fn extend(mdp: &TabularMdp, term: &[f64], path: &mut Vec<usize>, sum: f64, best: &mut f64) {
        let state = *path.last().unwrap();
        for action in 0..mdp.n_actions() {
            let stored = mdp.row(state, action).start;
            let t = mdp.transition(stored);
            if t.terminates {
                continue;
            }
            if t.next_state == path[0] {
                *best = best.max((sum + term[stored]) / path.len() as f64);
            } else if !path.contains(&t.next_state) {
                path.push(t.next_state);
                extend(mdp, term, path, sum + term[stored], best);
                path.pop();
            }
        }
    }
    let mut best = 0.0;
    for state in crate::Flow::new(mdp).states() {
        extend(mdp, term, &mut vec![*state], 0.0, &mut best);
    }
    best
}

fn all_policies(n_states: usize, n_actions: usize) -> impl Iterator<Item = Vec<usize>> {
    let n_policies = n_actions.pow(n_states as u32);
    (0..n_policies).map(move |mut code| {
        let digit = |_| {
            let action = code % n_actions;
            code /= n_actions;
            action
        };
        (0..n_states).map(digit).collect()
    })
}

fn never_ends(mdp: &TabularMdp, policy: &[usize], state: usize) -> bool {
    let mut seen = vec![state];
    let mut next = 0;
    while next < seen.len() {
        for t in mdp.transitions(seen[next], policy[seen[next]]) {
            if t.terminates {
                return false;
            }
            if !seen.contains(&t.next_state) {
                seen.push(t.next_state);
            }
        }
        next += 1;
    }
    true
}

/// That the approach comes from a start, and that the round is closed.
fn check_round(mdp: &TabularMdp, farm: &Farm) {
    check_connected(&farm.approach);
    let first = farm.approach.first().map_or(farm.entry, |m| m.state);
    assert!(mdp.start()[first] > 0.0);
    assert!(
        farm.approach
            .last()
            .is_none_or(|m| m.next_state == farm.entry)
    );
    for (state, action) in farm.states.iter().zip(&farm.actions) {
        for t in mdp
            .transitions(*state, *action)
            .filter(|t| t.probability > 0.0)
        {
            assert!(!t.terminates && farm.states.contains(&t.next_state));
        }
    }
}

/// A room, a corridor and a door: 0 and 1, and out.
fn rooms(discount: f64) -> TabularMdp {
    let to = |next_state, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: f64::from(u8::from(terminates)),
            terminates,
        }]
    };
    let rows = vec![
        to(1, false),
        to(0, false),
        to(2, true),
        to(0, false),
        to(2, true),
        to(2, true),
    ];
    TabularMdp::new(
        2,
        rows,
        vec![1.0, 0.0, 0.0],
        Discount::new(discount).unwrap(),
    )
    .unwrap()
}

#[test]
fn a_bonus_for_entering_is_farmed() {
    for discount in [1.0, 0.9] {
        let mdp = rooms(discount);
        // Paid whenever the corridor is entered.
        let term = vec![0.5, 0.0, 0.0, 0.0, 0.0, 0.0];
        let found = shaping(&mdp, &term, mdp.rewards(), Intended::Optimal).unwrap();
        assert!(!found.is_potential_based());
        let farm = found.farm.unwrap();
        assert!(farm.is_cycle && farm.term_a_step == 0.25 && farm.task_a_step == 0.0);
        let round = (farm.states.as_slice(), farm.actions.as_slice());
        if discount == 1.0 {
            assert_eq!(round, ([0, 1].as_slice(), [0, 1].as_slice()));
            assert_eq!((farm.pays, farm.instead), (0.25, 0.0));
        } else {
            // Most is gained at the door: going back for the bonus rather than through it.
            assert_eq!(round, ([1, 0].as_slice(), [1, 0].as_slice()));
            assert_eq!(farm.approach.len(), 1);
            assert!((farm.pays - 0.9 * 0.5 / 0.19).abs() < 1e-12 && farm.instead == 1.0);
        }
    }
}

#[test]
fn a_bonus_too_small_to_farm_is_still_no_potential() {
    let mdp = rooms(0.9);
    let term = vec![0.05, 0.0, 0.0, 0.0, 0.0, 0.0];
    let found = shaping(&mdp, &term, mdp.rewards(), Intended::Optimal).unwrap();
    assert!(!found.is_potential_based());
    assert_eq!(found.farm, None);
    assert!(found.felt_share > 0.1);
}

#[test]
fn a_potential_that_stays_at_the_end_is_refuted() {
    for discount in [1.0, 0.9] {
        let mdp = rooms(discount);
        let potential = [0.0, 1.0, 2.0];
        // As if leaving led on to a state with a potential of 2; at discount 1 all ways out differ by the same, and the
        // potential of every state may simply be 2 less.
        let term: Vec<f64> = (0..mdp.n_transitions())
            .map(|k| {
                discount * potential[mdp.transition(k).next_state] - potential[state_of(&mdp, k)]
            })
            .collect();
        let is_found = matches!(test_of(&mdp, &term), PotentialTest::Found { .. });
        assert_eq!(is_found, discount == 1.0);
        if let PotentialTest::Refuted(discrepancy) = test_of(&mdp, &term) {
            check_witness(&mdp, &term, &discrepancy);
        }
    }
}

#[test]
fn what_cannot_happen_plays_no_part() {
    let mdp = rooms(0.9);
    let potential = [0.3, -0.2, 0.0];
    let mut term = potential_term(&mdp, &potential);
    // The rows of the terminal state, and a transition of probability zero.
    term[4] = 9.0;
    assert!(matches!(test_of(&mdp, &term), PotentialTest::Found { .. }));
    let mut rows: Vec<Vec<Transition>> = (0..6)
        .map(|row| mdp.transitions(row / 2, row % 2).collect())
        .collect();
    rows[0].push(Transition {
        probability: 0.0,
        next_state: 0,
        reward: 0.0,
        terminates: false,
    });
    let with = TabularMdp::new(2, rows, mdp.start().to_vec(), mdp.discount()).unwrap();
    term.insert(1, 7.0);
    let found = shaping(&with, &term, with.rewards(), Intended::Optimal).unwrap();
    assert!(found.is_potential_based() && found.farm.is_none());
}

#[test]
fn redistribution_is_no_potential_but_is_not_felt() {
    let mut rng = Seed(5).stream("felt", 0);
    let mdp = draw_mdp(8, 3, Ends::Discounted, &mut rng);
    let noise = normals(mdp.n_transitions(), &mut rng);
    let mean = mdp.expected(&noise);
    let term: Vec<f64> = (0..24)
        .flat_map(|row| mdp.row(row / 3, row % 3).map(move |k| (row, k)))
        .map(|(row, k)| noise[k] - mean[row])
        .collect();
    let potential = potential_term(&mdp, &normals(8, &mut rng));
    let term: Vec<f64> = term.iter().zip(&potential).map(|(a, b)| a + b).collect();
    let found = shaping(&mdp, &term, mdp.rewards(), Intended::Optimal).unwrap();
    assert!(!found.is_potential_based());
    assert!(found.felt_share < 1e-10 && found.farm.is_none());
}

/// On (0) or back (1) between two states, and from the second to the end.
fn two_rooms(discount: f64) -> TabularMdp {
    let go = |next_state, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: 0.0,
            terminates,
        }]
    };
    let rows = vec![go(1, false), go(0, false), go(0, true), go(0, false)];
    let discount = Discount::new(discount).unwrap();
    TabularMdp::new(2, rows, vec![1.0, 0.0], discount).unwrap()
}

#[test]
fn a_bonus_beside_a_large_potential_is_no_rounding() {
    let task = [0.0, 0.0, 1.0, 0.0];
    for discount in [0.9, 0.999, 1.0] {
        let mdp = two_rooms(discount);
        for size in [1.0, 1e7, 1e9] {
            let mut term = potential_term(&mdp, &[size, -size]);
            let found = shaping(&mdp, &term, &task, Intended::Optimal).unwrap();
            assert!(found.is_potential_based(), "{discount} {size}");
            assert!(found.farm.is_none(), "{discount} {size}");
            // Worth 5 at 0.999.
            term[1] += 5e-3;
            let found = shaping(&mdp, &term, &task, Intended::Optimal).unwrap();
            assert!(!found.is_potential_based(), "{discount} {size}");
        }
        let mut term = potential_term(&mdp, &[1e7, -1e7]);
        term[1] += 0.5;
        assert!(farm_of(&mdp, &term, &task).is_some(), "{discount}");
    }
}

#[test]
fn digits_that_were_not_written_out_are_forgiven_where_they_come_to_nothing() {
    for discount in [0.9, 0.99, 1.0] {
        let mdp = two_rooms(discount);
        let written = |size: f64| -> Vec<f64> {
            let exact = potential_term(&mdp, &[size / 3.0, -size / 7.0]);
            exact
                .iter()
                .map(|f| format!("{f:.9e}").parse().unwrap())
                .collect()
        };
        let task = [0.0, 0.0, 1.0, 0.0];
        let found = shaping(&mdp, &written(1.0), &task, Intended::Optimal).unwrap();
        assert!(
            found.is_potential_based() && found.farm.is_none(),
            "{discount}"
        );
        // The same digits of a potential this large are worth more than the task; without a discount they cancel.
        let found = shaping(&mdp, &written(1e9), &task, Intended::Optimal).unwrap();
        assert_eq!(found.is_potential_based(), discount == 1.0, "{discount}");
    }
}

#[test]
fn a_penalty_that_nobody_pays_hides_no_farm() {
    // To the goal, round, or to the crash.
    for (crash, discount) in [0.0, 1e3, 1e6, 1e9]
        .iter()
        .flat_map(|c| [(*c, 0.99), (*c, 0.9999)])
    {
        let go = |terminates| {
            vec![Transition {
                probability: 1.0,
                next_state: 0,
                reward: 0.0,
                terminates,
            }]
        };
        let rows = vec![go(true), go(false), go(true)];
        let mdp = TabularMdp::new(3, rows, vec![1.0], Discount::new(discount).unwrap()).unwrap();
        let farm = farm_of(&mdp, &[0.0, 0.5, 0.0], &[1.0, 0.0, -crash]).expect("going round pays");
        let expected = 0.5 / (1.0 - discount);
        assert!((farm.pays - expected).abs() < 1e-9 * expected && farm.instead == 1.0);
    }
    // At discount 1 the term's own penalty.
    let mdp = two_rooms(1.0);
    let farm = farm_of(&mdp, &[0.0, 1e-3, -1e9, 0.0], &[0.0; 4]).expect("staying pays");
    assert_eq!(farm.states, [0]);
}
