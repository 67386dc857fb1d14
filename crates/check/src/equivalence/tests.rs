//! Disguised rewards are recognised, and what is recovered is what was done; anything else is told apart.

use std::f64::consts::PI;

use mdp::{Seed, TabularMdp, index, uniform_in};
use proptest::prelude::*;

use super::{Equivalence, Relation, equivalence};
use crate::draw::{Ends, disguise, draw_mdp, normals};
use crate::flow::{add, norm};
use crate::{CheckError, Flow};

fn drawn(seed: u64) -> TabularMdp {
    let mut rng = Seed(seed).stream("equivalence", 0);
    let ends = [Ends::Discounted, Ends::Sometimes, Ends::Always][index(3, &mut rng)];
    let (n_states, n_actions) = (3 + index(12, &mut rng), 2 + index(4, &mut rng));
    draw_mdp(n_states, n_actions, ends, &mut rng)
}

/// That `second = scale first + shaping` at every reachable state and action.
fn check_recovered(mdp: &TabularMdp, first: &[f64], second: &[f64], found: &Equivalence) {
    let flow = Flow::new(mdp);
    let mut left = second.to_vec();
    add(&mut left, -found.scale, first);
    add(&mut left, -1.0, &flow.shaping(&found.potential));
    for state in flow.states() {
        let row = state * mdp.n_actions()..(state + 1) * mdp.n_actions();
        assert!(
            norm(&left[row]) <= 1e-9 * norm(second),
            "state {state} is not explained"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn disguised_rewards_are_equivalent(seed in any::<u64>()) {
        let mdp = drawn(seed);
        let mut rng = Seed(seed).stream("disguise", 0);
        let size = f64::powf(10.0, uniform_in(-3.0, 3.0, &mut rng));
        let second = mdp.expected(&disguise(&mdp, mdp.rewards(), size, &mut rng));
        let first = mdp.expected_rewards();
        let found = equivalence(&mdp, &first, &second).unwrap();
        prop_assert_eq!(found.relation, Relation::Equivalent);
        prop_assert!(found.relative_residual < 1e-9 && found.angle.unwrap() < 1e-9);
        check_recovered(&mdp, &first, &second, &found);
        let negated: Vec<f64> = second.iter().map(|r| -r).collect();
        let found = equivalence(&mdp, &first, &negated).unwrap();
        prop_assert_eq!(found.relation, Relation::Opposite);
        prop_assert!((found.angle.unwrap() - PI).abs() < 1e-9 && found.scale < 0.0);
    }

    #[test]
    fn a_millionth_off_the_ray_is_different(seed in any::<u64>()) {
        let mdp = drawn(seed);
        let first = mdp.expected_rewards();
        let flow = Flow::new(&mdp);
        let component = flow.project(&first).component;
        let noise = normals(first.len(), &mut Seed(seed).stream("noise", 0));
        let mut off = flow.project(&noise).component;
        let along = crate::flow::dot(&off, &component) / norm(&component).powi(2);
        add(&mut off, -along, &component);
        prop_assume!(norm(&off) > 1e-9);
        let mut second = first.clone();
        add(&mut second, 1e-6 * norm(&component) / norm(&off), &off);
        let found = equivalence(&mdp, &first, &second).unwrap();
        prop_assert_eq!(found.relation, Relation::Different);
        prop_assert!((found.relative_residual / 1e-6 - 1.0).abs() < 1e-3);
        prop_assert!((found.angle.unwrap() / 1e-6 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn a_potential_alone_is_trivial(seed in any::<u64>()) {
        let mdp = drawn(seed);
        let first = mdp.expected_rewards();
        let shaping = Flow::new(&mdp).shaping(&normals(mdp.n_states(), &mut Seed(seed).stream("potential", 0)));
        let relation = |a: &[f64], b: &[f64]| equivalence(&mdp, a, b).unwrap().relation;
        prop_assert_eq!(relation(&first, &shaping), Relation::OneTrivial);
        prop_assert_eq!(relation(&shaping, &first), Relation::OneTrivial);
        prop_assert_eq!(relation(&shaping, &vec![0.0; first.len()]), Relation::Equivalent);
    }
}

#[test]
fn a_reward_that_does_not_fit_is_refused() {
    let mdp = drawn(0);
    let mut rewards = mdp.expected_rewards();
    let short = equivalence(&mdp, &rewards, &rewards[1..]).unwrap_err();
    assert!(matches!(
        short,
        CheckError::Length {
            what: "the second reward",
            ..
        }
    ));
    rewards[2] = f64::NAN;
    let unknown = equivalence(&mdp, &rewards, &rewards).unwrap_err();
    assert!(matches!(
        unknown,
        CheckError::NotFinite {
            what: "the first reward",
            index: 2,
            ..
        }
    ));
}
