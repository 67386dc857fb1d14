//! Tests of the linear programmes against planning and evaluation.

use mdp::{Seed, occupancy, policy_return};

use super::*;
use crate::draw::{Ends, draw_mdp, normals};
use crate::return_range;

#[test]
fn the_highest_return_is_that_of_the_optimal_policy() {
    for seed in 0..60 {
        let rng = &mut Seed(seed).stream("programme", 0);
        let ends = [Ends::Discounted, Ends::Always][seed as usize % 2];
        let mdp = draw_mdp(2 + mdp::index(10, rng), 3, ends, rng);
        let reward = normals(mdp.n_states() * 3, rng);
        let mut programme = Programme::new(&mdp);
        let policy = programme.policy(&reward).expect("the table fits");
        let answer = programme.solve().expect("it has an answer");
        let range = return_range(&mdp, &reward).expect("it has one");
        let size = 1.0 + range.width();
        assert!(
            (answer.objective - range.highest).abs() < 1e-7 * size,
            "seed {seed}"
        );
        let evaluated = policy_return(&mdp, &reward, &answer.policy(policy)).expect("it ends");
        assert!(
            (answer.objective - evaluated).abs() < 1e-7 * size,
            "seed {seed}"
        );
        let visits = occupancy(&mdp, &answer.policy(policy)).expect("it ends");
        for (evaluated, solved) in visits.iter().zip(answer.occupancy(policy)) {
            assert!((evaluated - solved).abs() < 1e-6, "seed {seed}");
        }
    }
}

#[test]
fn what_nobody_can_earn_is_refused() {
    let rng = &mut Seed(0).stream("programme", 1);
    let mdp = draw_mdp(4, 2, Ends::Discounted, rng);
    let ones = vec![1.0; 8];
    let error = least_intent(&mdp, &ones, &ones, 1e6).expect_err("out of reach");
    assert!(error.to_string().contains("infeasible"), "{error}");
    let error = least_intent(&mdp, &ones[1..], &ones, 0.0).expect_err("too short");
    assert!(
        matches!(error, CheckError::Length { found: 7, .. }),
        "{error}"
    );
}

#[test]
fn two_policies_disagree_about_a_reward_and_its_opposite_by_the_whole_range() {
    let rng = &mut Seed(0).stream("programme", 2);
    let mdp = draw_mdp(5, 3, Ends::Discounted, rng);
    let reward = normals(15, rng);
    let opposite: Vec<f64> = reward.iter().map(|value| -value).collect();
    let range = return_range(&mdp, &reward).expect("it has one");
    let (amount, _) = strongest_disagreement(&mdp, &reward, &opposite).expect("it has an answer");
    assert!((amount - range.width()).abs() < 1e-7 * range.width());
    let (amount, _) = strongest_disagreement(&mdp, &reward, &reward).expect("it has an answer");
    assert!(amount.abs() < 1e-7);
}
