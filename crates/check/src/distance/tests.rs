//! Where theory says 0, 1/√2 or 1, the distances say so; beside the formulas as they stand; samples beside exact.

use std::f64::consts::FRAC_1_SQRT_2;

use mdp::{Discount, Rng, Seed, TabularMdp, Transition, categorical, index};
use proptest::prelude::*;

use super::*;
use crate::draw::{Ends, disguise, draw_mdp, normals, shaped};

const N_STATES: usize = 6;
const N_ACTIONS: usize = 3;

fn drawn(rng: &mut Rng) -> TabularMdp {
    let ends = [Ends::Discounted, Ends::Always][index(2, rng)];
    draw_mdp(N_STATES, N_ACTIONS, ends, rng)
}

fn uniform_policy() -> Vec<f64> {
    vec![1.0 / N_ACTIONS as f64; N_STATES * N_ACTIONS]
}

/// A reward at any state, action and next state.
struct Everywhere(Vec<f64>);

impl Everywhere {
    fn new(rng: &mut Rng) -> Everywhere {
        Everywhere(normals(N_STATES * N_ACTIONS * N_STATES, rng))
    }

    fn at(&self, state: usize, action: usize, next_state: usize) -> f64 {
        self.0[(state * N_ACTIONS + action) * N_STATES + next_state]
    }

    /// `scale R + γ Φ(s') - Φ(s) + constant`.
    fn shaped(&self, scale: f64, potential: &[f64], discount: f64, constant: f64) -> Everywhere {
        let mut shaped = Everywhere(self.0.clone());
        for (place, value) in shaped.0.iter_mut().enumerate() {
            let (state, next_state) = (place / (N_ACTIONS * N_STATES), place % N_STATES);
            *value =
                scale * *value + discount * potential[next_state] - potential[state] + constant;
        }
        shaped
    }
}

fn epic_of(discount: f64, first: &Everywhere, second: &Everywhere) -> f64 {
    let coverage = Coverage::uniform(N_STATES, N_ACTIONS);
    let discount = Discount::new(discount).unwrap();
    epic(
        &coverage,
        discount,
        |s, a, n| first.at(s, a, n),
        |s, a, n| second.at(s, a, n),
    )
}

fn dard_of(mdp: &TabularMdp, first: &Everywhere, second: &Everywhere) -> f64 {
    let coverage = Coverage::uniform(N_STATES, N_ACTIONS);
    dard(
        mdp,
        &coverage,
        |s, a, n| first.at(s, a, n),
        |s, a, n| second.at(s, a, n),
    )
}

fn canonicalizers(policy: &[f64]) -> [Canonicalizer<'_>; 3] {
    [
        Canonicalizer::Value(policy),
        Canonicalizer::ValuePotential(policy),
        Canonicalizer::Flow,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn epic_and_dard_do_not_see_shaping_scale_and_constants(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("invariance", 0);
        let mdp = drawn(&mut rng);
        let discount = mdp.discount().get();
        let reward = Everywhere::new(&mut rng);
        let shaped = reward.shaped(3.0, &normals(N_STATES, &mut rng), discount, 0.7);
        let negated = shaped.shaped(-1.0, &normals(N_STATES, &mut rng), discount, 0.0);
        prop_assert!(epic_of(discount, &reward, &shaped) < 1e-12);
        prop_assert!(dard_of(&mdp, &reward, &shaped) < 1e-12);
        prop_assert!((epic_of(discount, &reward, &negated) - 1.0).abs() < 1e-12);
        prop_assert!((dard_of(&mdp, &reward, &negated) - 1.0).abs() < 1e-12);
        let constant = Everywhere(vec![2.0; reward.0.len()]);
        let nothing = constant.shaped(0.0, &normals(N_STATES, &mut rng), discount, 0.0);
        prop_assert_eq!(epic_of(discount, &constant, &nothing), 0.0);
        prop_assert_eq!(epic_of(discount, &constant, &reward), FRAC_1_SQRT_2);
        prop_assert_eq!(dard_of(&mdp, &reward, &nothing), FRAC_1_SQRT_2);
    }

    #[test]
    fn starc_does_not_see_what_policies_do_not_feel(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("invariance", 1);
        let mdp = drawn(&mut rng);
        let policy = uniform_policy();
        let disguised = disguise(&mdp, mdp.rewards(), 1.0, &mut rng);
        let negated: Vec<f64> = disguised.iter().map(|r| -r).collect();
        for canonicalizer in [Canonicalizer::Value(&policy), Canonicalizer::Flow] {
            let to = |second: &[f64]| starc(&mdp, canonicalizer, mdp.rewards(), second).unwrap();
            prop_assert!(to(&disguised) < 1e-10);
            prop_assert!((to(&negated) - 1.0).abs() < 1e-10);
        }
        let potential = normals(N_STATES, &mut rng);
        let mut nothing = vec![0.0; mdp.n_transitions()];
        for row in 0..N_STATES * N_ACTIONS {
            for stored in mdp.row(row / N_ACTIONS, row % N_ACTIONS) {
                nothing[stored] = shaped(&mdp, stored, row / N_ACTIONS, &potential);
            }
        }
        for canonicalizer in canonicalizers(&policy) {
            prop_assert_eq!(starc(&mdp, canonicalizer, mdp.rewards(), &nothing).unwrap(), 0.5);
            let both: Vec<f64> = mdp.rewards().iter().zip(&nothing).map(|(r, f)| 2.0 * r + f).collect();
            prop_assert!(starc(&mdp, canonicalizer, mdp.rewards(), &both).unwrap() < 1e-10);
        }
    }

    #[test]
    fn no_detour_is_shorter(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("triangle", 0);
        let mdp = drawn(&mut rng);
        let discount = mdp.discount().get();
        let everywhere: Vec<Everywhere> = (0..3).map(|_| Everywhere::new(&mut rng)).collect();
        let tables: Vec<Vec<f64>> = (0..3).map(|_| normals(mdp.n_transitions(), &mut rng)).collect();
        let policy = uniform_policy();
        let mut sides = vec![
            [(0, 1), (1, 2), (0, 2)].map(|(a, b)| epic_of(discount, &everywhere[a], &everywhere[b])),
            [(0, 1), (1, 2), (0, 2)].map(|(a, b)| dard_of(&mdp, &everywhere[a], &everywhere[b])),
        ];
        for canonicalizer in canonicalizers(&policy) {
            sides.push([(0, 1), (1, 2), (0, 2)].map(|(a, b)| starc(&mdp, canonicalizer, &tables[a], &tables[b]).unwrap()));
        }
        for [one, two, whole] in sides {
            prop_assert!(0.0 < whole && whole <= one + two + 1e-15 && whole <= 1.0 + 1e-15);
        }
    }

    #[test]
    fn epic_is_its_formula(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("formula", 0);
        let (first, second) = (Everywhere::new(&mut rng), Everywhere::new(&mut rng));
        let discount = 0.9;
        let values = [&first, &second].map(|reward| {
            let mut values = vec![];
            for (s, a, n) in all_triples() {
                let mut mean = 0.0;
                for (x, u, y) in all_triples() {
                    mean += discount * reward.at(n, u, y) - reward.at(s, u, y) - discount * reward.at(x, u, y);
                }
                values.push(reward.at(s, a, n) + mean / (N_STATES * N_ACTIONS * N_STATES) as f64);
            }
            values
        });
        let slow = ((1.0 - correlation(&values[0], &values[1], &vec![1.0; values[0].len()])) / 2.0).sqrt();
        prop_assert!((slow - epic_of(discount, &first, &second)).abs() < 1e-12);
    }

    #[test]
    fn dard_is_its_formula(seed in any::<u64>()) {
        let mut rng = Seed(seed).stream("formula", 1);
        let mdp = drawn(&mut rng);
        let (first, second) = (Everywhere::new(&mut rng), Everywhere::new(&mut rng));
        let discount = mdp.discount().get();
        let mut weights = vec![];
        let mut values = [vec![], vec![]];
        for row in 0..N_STATES * N_ACTIONS {
            let (s, a) = (row / N_ACTIONS, row % N_ACTIONS);
            for t in mdp.transitions(s, a) {
                weights.push(t.probability);
                for (reward, values) in [&first, &second].into_iter().zip(&mut values) {
                    let n = t.next_state;
                    let mut value = reward.at(s, a, n);
                    for u in 0..N_ACTIONS {
                        for x in mdp.transitions(s, u) {
                            for y in mdp.transitions(n, u) {
                                let p = x.probability * y.probability / N_ACTIONS as f64;
                                let (x, y) = (x.next_state, y.next_state);
                                value += p * (discount * reward.at(n, u, y) - reward.at(s, u, x) - discount * reward.at(x, u, y));
                            }
                        }
                    }
                    values.push(value);
                }
            }
        }
        let slow = ((1.0 - correlation(&values[0], &values[1], &weights)) / 2.0).sqrt();
        prop_assert!((slow - dard_of(&mdp, &first, &second)).abs() < 1e-12);
    }
}

fn all_triples() -> impl Iterator<Item = (usize, usize, usize)> {
    (0..N_STATES)
        .flat_map(|s| (0..N_ACTIONS).flat_map(move |a| (0..N_STATES).map(move |n| (s, a, n))))
}

/// Pearson's correlation as it is usually written.
fn correlation(left: &[f64], right: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let mean = |f: &dyn Fn(usize) -> f64| {
        (0..weights.len()).map(|k| weights[k] * f(k)).sum::<f64>() / total
    };
    let (l, r) = (mean(&|k| left[k]), mean(&|k| right[k]));
    let covariance = mean(&|k| (left[k] - l) * (right[k] - r));
    covariance / (mean(&|k| (left[k] - l).powi(2)) * mean(&|k| (right[k] - r).powi(2))).sqrt()
}

#[test]
fn epic_sees_redistribution_and_starc_does_not() {
    let mut rng = Seed(0).stream("redistribution", 0);
    let mdp = draw_mdp(N_STATES, N_ACTIONS, Ends::Discounted, &mut rng);
    let reward = Everywhere::new(&mut rng);
    // The same in expectation: moved from one successor to another in proportion.
    let mut moved = Everywhere(reward.0.clone());
    for row in 0..N_STATES * N_ACTIONS {
        let row_of: Vec<_> = mdp.transitions(row / N_ACTIONS, row % N_ACTIONS).collect();
        let differ = row_of.iter().find(|t| t.next_state != row_of[0].next_state);
        if let Some(other) = differ {
            let p = |n| {
                row_of
                    .iter()
                    .filter(|t| t.next_state == n)
                    .map(|t| t.probability)
                    .sum::<f64>()
            };
            let (one, two) = (row_of[0].next_state, other.next_state);
            moved.0[row * N_STATES + one] += 1.0 / p(one);
            moved.0[row * N_STATES + two] -= 1.0 / p(two);
        }
    }
    assert!(epic_of(mdp.discount().get(), &reward, &moved) > 0.1);
    let table = |reward: &Everywhere| {
        let rows = (0..N_STATES * N_ACTIONS).flat_map(|row| {
            let (s, a) = (row / N_ACTIONS, row % N_ACTIONS);
            mdp.transitions(s, a)
                .map(move |t| reward.at(s, a, t.next_state))
                .collect::<Vec<f64>>()
        });
        rows.collect::<Vec<f64>>()
    };
    let policy = uniform_policy();
    let distance =
        |canonicalizer| starc(&mdp, canonicalizer, &table(&reward), &table(&moved)).unwrap();
    assert!(distance(Canonicalizer::Value(&policy)) < 1e-12);
    assert!(distance(Canonicalizer::Flow) < 1e-12);
    assert!(distance(Canonicalizer::ValuePotential(&policy)) > 0.1);
}

/// Draws from a listed MDP as one would from a simulator.
struct Simulator {
    mdp: TabularMdp,
    rng: Rng,
}

impl Simulator {
    fn state(&mut self) -> usize {
        index(N_STATES, &mut self.rng)
    }

    fn action(&mut self) -> usize {
        index(N_ACTIONS, &mut self.rng)
    }

    fn next(&mut self, state: usize, action: usize) -> usize {
        let row: Vec<_> = self.mdp.transitions(state, action).collect();
        let weights: Vec<f64> = row.iter().map(|t| t.probability).collect();
        row[categorical(&weights, &mut self.rng)].next_state
    }

    fn path(&mut self, mut state: usize) -> Vec<Stepped<usize, usize>> {
        let mut steps = vec![];
        for _ in 0..60 {
            let action = self.action();
            let next_state = self.next(state, action);
            steps.push(Stepped {
                state,
                action,
                next_state,
            });
            state = next_state;
        }
        steps
    }
}

/// A continuing MDP, in which every state counts alike.
fn simulator(seed: u64) -> (Simulator, Everywhere, Everywhere) {
    let mut rng = Seed(seed).stream("samples", 0);
    let mdp = draw_mdp(N_STATES, N_ACTIONS, Ends::Discounted, &mut rng)
        .with_discount(Discount::new(0.8).unwrap());
    let mut start = vec![1.0 / N_STATES as f64; N_STATES];
    start[0] += 1.0 - start.iter().sum::<f64>();
    let rows = (0..N_STATES * N_ACTIONS).map(|row| {
        let row = mdp.transitions(row / N_ACTIONS, row % N_ACTIONS);
        row.map(|t| mdp::Transition {
            terminates: false,
            ..t
        })
        .collect()
    });
    let mdp = TabularMdp::new(N_ACTIONS, rows.collect(), start, mdp.discount()).unwrap();
    let rewards = (Everywhere::new(&mut rng), Everywhere::new(&mut rng));
    (
        Simulator {
            mdp,
            rng: Seed(seed).stream("simulator", 0),
        },
        rewards.0,
        rewards.1,
    )
}

const FEW: Bootstrap = Bootstrap {
    resamples: 100,
    confidence: 0.95,
};

#[test]
fn sampled_epic_approaches_the_exact_one() {
    let mut held = 0;
    for seed in 0..20 {
        let (mut sim, first, second) = simulator(seed);
        let mut triples = |n: usize| -> Vec<Stepped<usize, usize>> {
            let one = |_| Stepped {
                state: sim.state(),
                action: sim.action(),
                next_state: sim.state(),
            };
            (0..n).map(one).collect()
        };
        let (transitions, draws) = (triples(300), triples(300));
        let found = sampled_epic(
            sim.mdp.discount(),
            &transitions,
            &draws,
            |s, a, n| first.at(*s, *a, *n),
            |s, a, n| second.at(*s, *a, *n),
            FEW,
            &mut sim.rng,
        );
        let exact = epic_of(0.8, &first, &second);
        assert!(
            (found.estimate - exact).abs() < 0.1,
            "{} beside {exact}",
            found.estimate
        );
        held += usize::from(found.low <= exact && exact <= found.high);
    }
    assert!(
        held >= 16,
        "only {held} of 20 intervals hold the exact distance"
    );
}

#[test]
fn sampled_dard_approaches_the_exact_one() {
    let mut held = 0;
    for seed in 0..20 {
        let (mut sim, first, second) = simulator(seed);
        let draw = |_| {
            let (state, action) = (sim.state(), sim.action());
            let next_state = sim.next(state, action);
            let branches = (0..12).map(|_| {
                let action = sim.action();
                let from_state = sim.next(state, action);
                Branch {
                    action,
                    from_state,
                    from_next_state: sim.next(next_state, action),
                }
            });
            let branches = branches.collect();
            (
                Stepped {
                    state,
                    action,
                    next_state,
                },
                branches,
            )
        };
        let transitions: Vec<_> = (0..300).map(draw).collect();
        let found = sampled_dard(
            sim.mdp.discount(),
            &transitions,
            |s, a, n| first.at(*s, *a, *n),
            |s, a, n| second.at(*s, *a, *n),
            FEW,
            &mut sim.rng,
        );
        let exact = dard_of(&sim.mdp, &first, &second);
        assert!(
            (found.estimate - exact).abs() < 0.1,
            "{} beside {exact}",
            found.estimate
        );
        held += usize::from(found.low <= exact && exact <= found.high);
    }
    assert!(
        held >= 16,
        "only {held} of 20 intervals hold the exact distance"
    );
}

#[test]
fn sampled_starc_approaches_the_exact_one_and_is_zero_for_shaping() {
    let mut held = 0;
    for seed in 0..20 {
        let (mut sim, first, second) = simulator(seed);
        let draw = |_| {
            let (state, action) = (sim.state(), sim.action());
            let continuations = (0..12).map(|_| {
                let next_state = sim.next(state, action);
                let (from_state, from_next_state) = (sim.path(state), sim.path(next_state));
                Continuation {
                    next_state,
                    from_state,
                    from_next_state,
                }
            });
            let continuations = continuations.collect();
            (state, action, continuations)
        };
        let starts: Vec<_> = (0..250).map(draw).collect();
        let discount = sim.mdp.discount();
        let mut against = |other: &Everywhere| {
            let one = |s: &usize, a: &usize, n: &usize| first.at(*s, *a, *n);
            let two = |s: &usize, a: &usize, n: &usize| other.at(*s, *a, *n);
            sampled_starc(discount, &starts, one, two, FEW, &mut sim.rng)
        };
        let potential = normals(N_STATES, &mut Seed(seed).stream("potential", 0));
        let shaped = first.shaped(2.0, &potential, 0.8, 0.0);
        // What the potential leaves where paths are cut off: 0.8^60.
        assert!(against(&shaped).high < 1e-4);
        let found = against(&second);
        let table = |reward: &Everywhere| -> Vec<f64> {
            let rows = (0..N_STATES * N_ACTIONS).map(|row| (row / N_ACTIONS, row % N_ACTIONS));
            rows.flat_map(|(s, a)| {
                sim.mdp
                    .transitions(s, a)
                    .map(move |t| reward.at(s, a, t.next_state))
            })
            .collect()
        };
        let policy = uniform_policy();
        let canonicalizer = Canonicalizer::Value(&policy);
        let exact = starc(&sim.mdp, canonicalizer, &table(&first), &table(&second)).unwrap();
        assert!(
            (found.estimate - exact).abs() < 0.15,
            "{} beside {exact}",
            found.estimate
        );
        held += usize::from(found.low <= exact && exact <= found.high);
    }
    assert!(
        held >= 16,
        "only {held} of 20 intervals hold the exact distance"
    );
}

#[test]
fn noise_of_averages_is_no_difference() {
    // One reward is the other with noise of mean 0 for each next state.
    let mut rng = Seed(4).stream("noise", 0);
    let starts: Vec<Continued<usize, usize>> = (0..400)
        .map(|place| {
            let one = |k: usize| Continuation {
                next_state: 1_000 * place + k,
                from_state: vec![],
                from_next_state: vec![],
            };
            (place, 0, (0..8).map(one).collect())
        })
        .collect();
    let noise = normals(400_000, &mut rng);
    let signal = |s: &usize| if s.is_multiple_of(2) { 1.0 } else { -1.0 };
    let noisy = |s: &usize, _: &usize, n: &usize| signal(s) + 2.0 * noise[*n];
    let clean = |s: &usize, _: &usize, _: &usize| signal(s);
    let found = sampled_starc(
        Discount::new(0.9).unwrap(),
        &starts,
        noisy,
        clean,
        FEW,
        &mut rng,
    );
    // With the noise left in, the cosine would be 1 / √(1 + 4 / 8) and the distance 0.30.
    assert!(
        found.estimate < 0.15,
        "noise is taken for a difference: {}",
        found.estimate
    );
    assert!(found.is_resolved);
}

#[test]
fn a_reward_that_noise_explains_resolves_nothing_and_one_of_zeros_does() {
    // Draws that cancel in every average: all of the square is noise.
    let starts: Vec<Continued<usize, usize>> = (0..20)
        .map(|place| {
            let one = |next_state| Continuation {
                next_state,
                from_state: vec![],
                from_next_state: vec![],
            };
            (place, 0, (0..8).map(one).collect())
        })
        .collect();
    let noise = |_: &usize, _: &usize, n: &usize| if n.is_multiple_of(2) { 1.0 } else { -1.0 };
    let zero = |_: &usize, _: &usize, _: &usize| 0.0;
    let one = |_: &usize, _: &usize, _: &usize| 1.0;
    let discount = Discount::new(0.9).unwrap();
    let mut rng = Seed(5).stream("bootstrap", 0);
    let noisy = sampled_starc(discount, &starts, noise, one, FEW, &mut rng);
    assert!(!noisy.is_resolved);
    let zeros = sampled_starc(discount, &starts, zero, one, FEW, &mut rng);
    assert!(zeros.is_resolved);
    assert_eq!((zeros.low, zeros.estimate, zeros.high), (0.5, 0.5, 0.5));
}

#[test]
fn rewards_out_of_reach_move_no_distance() {
    let go = |next_state, terminates| {
        vec![Transition {
            probability: 1.0,
            next_state,
            reward: 0.0,
            terminates,
        }]
    };
    let rows = vec![go(0, true), go(0, true), go(1, false), go(1, false)];
    let mdp = TabularMdp::new(2, rows, vec![1.0, 0.0], Discount::new(0.9).unwrap()).unwrap();
    let policy = vec![0.5; 4];
    let distances = |far: f64| {
        let (first, second) = ([1.0, 0.0, far, 0.0], [0.0, 1.0, 0.0, far]);
        let mut found = vec![crate::range_distance(&mdp, &first, &second).unwrap()];
        for canonicalizer in canonicalizers(&policy) {
            found.push(starc(&mdp, canonicalizer, &first, &second).unwrap());
        }
        found
    };
    let (near, far) = (distances(0.0), distances(1e14));
    assert!(near.iter().all(|distance| *distance > 0.9), "{near:?}");
    assert_eq!(near, far);
}
