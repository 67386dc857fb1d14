//! Tests of simplifications.

use mdp::{Discount, Seed, TabularMdp, Transition};
use proptest::prelude::*;

use super::*;
use crate::draw::{Ends, draw_mdp, normals};
use crate::{Bands, stochastic_hackability};

/// The kind of an answer, without its policies.
fn kind(found: Simplification) -> u8 {
    match found {
        Simplification::Simplifies { .. } => 0,
        Simplification::SameOrder => 1,
        Simplification::TurnsRound { .. } => 2,
        Simplification::Splits { .. } => 3,
    }
}

/// Whether the two policies of an answer show what it says.
fn shows(found: Simplification, returns: &[[f64; 2]]) -> bool {
    let pair = |less: usize, more: usize| (returns[less], returns[more]);
    match found {
        Simplification::SameOrder => true,
        Simplification::Simplifies { less, more } => {
            let (less, more) = pair(less, more);
            less[1] < more[1] && less[0] == more[0]
        }
        Simplification::TurnsRound { less, more } => {
            let (less, more) = pair(less, more);
            less[1] < more[1] && less[0] > more[0]
        }
        Simplification::Splits { less, more } => {
            let (less, more) = pair(less, more);
            less[1] == more[1] && less[0] < more[0]
        }
    }
}

proptest! {
    #[test]
    fn the_sweep_says_what_comparison_says(
        points in proptest::collection::vec((0_u8..6, 0_u8..6, 0_u8..9), 0..12),
        monotone in proptest::collection::vec((0_u8..3, 0_u8..2), 0..12),
    ) {
        let random: Vec<[f64; 2]> = points
            .iter()
            .map(|(x, y, endless)| if *endless == 0 { [f64::NAN; 2] } else { [f64::from(*x), f64::from(*y)] })
            .collect();
        // Running sums, so that most of them are simplifications.
        let (mut x, mut y) = (0.0, 0.0);
        let rising: Vec<[f64; 2]> = monotone
            .iter()
            .map(|(up, step)| {
                y += f64::from(*up);
                x += f64::from((*step).min(*up));
                [x, y]
            })
            .collect();
        for returns in [random, rising] {
            let (swept, compared) = (simplification(&returns, 1e-9), simplification_by_comparison(&returns, 1e-9));
            prop_assert_eq!(kind(swept), kind(compared), "{:?} {:?}", swept, compared);
            prop_assert!(shows(swept, &returns) && shows(compared, &returns));
        }
    }
}

#[test]
fn each_answer_has_its_case() {
    let found = |returns: &[[f64; 2]]| simplification(returns, 1e-9);
    let simplifies = found(&[[0.0, 0.0], [1.0, 1.0], [1.0, 2.0]]);
    assert_eq!(simplifies, Simplification::Simplifies { less: 1, more: 2 });
    assert_eq!(
        found(&[[0.0, 0.0], [1.0, 5.0], [0.0, 0.0]]),
        Simplification::SameOrder
    );
    let turns = found(&[[0.0, 1.0], [1.0, 0.0]]);
    assert_eq!(turns, Simplification::TurnsRound { less: 1, more: 0 });
    let splits = found(&[[0.0, 1.0], [1.0, 1.0], [2.0, 2.0]]);
    assert_eq!(splits, Simplification::Splits { less: 0, more: 1 });
    // Differences of rounding are none.
    let tied = found(&[[0.0, 0.0], [1.0, 1.0], [1.0 - 1e-13, 2.0]]);
    assert_eq!(kind(tied), 0);
    assert_eq!(found(&[]), Simplification::SameOrder);
}

#[test]
fn what_simplifies_turns_no_two_deterministic_policies_round() {
    let mut n_simplifying = 0;
    for seed in 0..60 {
        let rng = &mut Seed(seed).stream("simplification", 0);
        let mdp = draw_mdp(2, 3, Ends::Discounted, rng);
        let intent = normals(6, rng);
        // Many of few values, so that some are simplifications.
        let reward: Vec<f64> = (0..6).map(|_| mdp::index(2, rng) as f64).collect();
        let Some((found, all)) =
            deterministic_simplification(&mdp, &reward, &intent, 1e-9, 1000).expect("they fit")
        else {
            panic!("there are nine policies");
        };
        let settings = crate::DeterministicSettings::STANDARD;
        let hackable =
            crate::deterministic_hackability(&mdp, &reward, &intent, settings).expect("few");
        let turns = matches!(found, Simplification::TurnsRound { .. });
        assert_eq!(turns, hackable.pair().is_some(), "seed {seed}: {found:?}");
        assert_eq!(
            kind(found),
            kind(simplification_by_comparison(&all.returns, 1e-9))
        );
        n_simplifying += u32::from(kind(found) == 0);
    }
    assert!(n_simplifying > 0);
}

#[test]
fn over_all_stochastic_policies_only_a_trivial_reward_simplifies() {
    let ends = vec![Transition {
        probability: 1.0,
        next_state: 0,
        reward: 0.0,
        terminates: true,
    }];
    let discount = Discount::new(0.9).expect("it is one");
    let mdp = TabularMdp::new(3, vec![ends; 3], vec![1.0], discount).expect("possible");
    let simplifies = |reward: [f64; 3], intent: [f64; 3]| {
        let found = stochastic_hackability(&mdp, &reward, &intent, Bands::STANDARD).expect("small");
        stochastic_simplification(&found)
    };
    assert!(simplifies([2.0; 3], [0.0, 1.0, 2.0]));
    assert!(!simplifies([2.0; 3], [1.0; 3]));
    assert!(!simplifies([0.0, 2.0, 4.0], [0.0, 1.0, 2.0]));
    assert!(!simplifies([0.0, 1.0, 1.0], [0.0, 1.0, 2.0]));
    assert!(!simplifies([0.0, 1.0, 2.0], [1.0; 3]));
}
