//! Tests of recurrence: loops that are there, and walks that are none.

use std::f64::consts::TAU;

use mdp::{Rng, Seed, index, normal, uniform};

use super::*;

fn find(
    names: &[&str],
    states: &[Vec<f64>],
    rewards: &[f64],
    scales: Option<&[f64]>,
) -> Option<Recurrence> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    recurrence(&StateSeries {
        names: &names,
        states,
        rewards,
        scales,
    })
}

/// A boat that drives 100 steps along a course, then circles with that period around (80, 20).
fn boat(period: f64, noise: f64, rng: &mut Rng) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut states = Vec::new();
    let mut rewards = Vec::new();
    let mut angle: f64 = 0.0;
    for step in 0..500 {
        let (x, y, paid) = if step < 100 {
            (0.85 * f64::from(step), 20.0, 0.0)
        } else {
            angle += TAU / period * (1.0 + 0.1 * normal(rng));
            let paid = if step % 10 == 0 { 1.0 } else { 0.0 };
            (80.0 + 5.0 * angle.cos(), 20.0 + 5.0 * angle.sin(), paid)
        };
        let clock = f64::from(step);
        states.push(vec![
            x + noise * normal(rng),
            y + noise * normal(rng),
            clock,
            3.0,
        ]);
        rewards.push(paid);
    }
    (states, rewards)
}

#[test]
fn a_boat_in_a_lagoon_is_found_with_its_place_and_pay() {
    for (seed, (period, noise)) in [(20.0, 0.0), (35.0, 0.2), (60.0, 0.4)]
        .into_iter()
        .enumerate()
    {
        let mut rng = Seed(seed as u64).stream("boat", 0);
        let (states, rewards) = boat(period, noise, &mut rng);
        let names = ["x", "y", "clock", "constant"];
        let found = find(&names, &states, &rewards, None).expect("it circles");
        assert!(
            (found.period - period).abs() <= 0.2 * period,
            "{period}: {found:?}"
        );
        assert!((0.65..0.95).contains(&found.share_of_time), "{found:?}");
        let (x, y) = (&found.place[0], &found.place[1]);
        assert!(
            (x.centre - 80.0).abs() < 2.0 && (y.centre - 20.0).abs() < 2.0,
            "{found:?}"
        );
        assert!((6.0..14.0).contains(&x.extent), "{found:?}");
        assert!(found.reward_inside > 0.08 && found.reward_outside.unwrap() < 0.05);
        assert!((found.reward_per_round - 0.1 * found.period).abs() < 0.02 * found.period);
    }
}

#[test]
fn scales_of_the_world_make_a_small_loop_one_place() {
    let mut rng = Seed(7).stream("boat", 0);
    let (states, rewards) = boat(20.0, 0.0, &mut rng);
    let names = ["x", "y", "clock", "constant"];
    let world = [10_000.0, 10_000.0, 1.0, 1.0];
    assert_eq!(find(&names, &states, &rewards, Some(&world)), None);
}

#[test]
fn discrete_loops_are_found_exactly() {
    let cycle = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
    let states: Vec<Vec<f64>> = (0..80)
        .map(|step| {
            let (x, y) = cycle[step % 4];
            vec![x, y]
        })
        .collect();
    let rewards: Vec<f64> = (0..80)
        .map(|step| f64::from(u8::from(step % 4 == 0)))
        .collect();
    let found = find(&["column", "row"], &states, &rewards, None).unwrap();
    assert_eq!(found.period, 4.0);
    assert_eq!(found.share_of_time, 1.0);
    assert!((found.reward_per_round - 1.0).abs() < 1e-9);
    assert_eq!(found.reward_outside, None);
}

#[test]
fn what_does_not_go_round_is_not_said_to() {
    let mut rng = Seed(3).stream("walks", 0);
    let rewards = vec![0.0; 400];
    let straight: Vec<Vec<f64>> = (0..400).map(|step| vec![f64::from(step), 1.0]).collect();
    assert_eq!(find(&["x", "y"], &straight, &rewards, None), None);
    let still = vec![vec![2.0, 1.0]; 400];
    assert_eq!(find(&["x", "y"], &still, &rewards, None), None);
    let mut walks = 0;
    for _ in 0..20 {
        let (mut x, mut y) = (0.0, 0.0);
        let walk: Vec<Vec<f64>> = (0..400)
            .map(|_| {
                x += normal(&mut rng);
                y += normal(&mut rng);
                vec![x, y]
            })
            .collect();
        walks += usize::from(find(&["x", "y"], &walk, &rewards, None).is_some());
    }
    assert!(walks <= 4, "{walks} of 20 random walks");
    assert_eq!(find(&["x"], &[], &[], None), None);
    assert_eq!(find(&[], &vec![vec![]; 30], &[0.0; 30], None), None);
}

/// A robot that dumps and collects again: two flags and a cell, irregular but for the pattern.
#[test]
fn a_robot_that_dumps_in_order_to_collect() {
    let mut rng = Seed(5).stream("robot", 0);
    let mut states = Vec::new();
    while states.len() < 300 {
        for (cell, full) in [(3.0, 0.0), (3.0, 1.0), (4.0, 1.0), (4.0, 0.0)] {
            // It dawdles now and then.
            for _ in 0..1 + usize::from(uniform(&mut rng) < 0.2) * index(2, &mut rng) {
                states.push(vec![cell, full]);
            }
        }
    }
    let rewards = vec![0.25; states.len()];
    let found = find(&["cell", "bin full"], &states, &rewards, None).unwrap();
    assert!((4.0..=5.0).contains(&found.period), "{found:?}");
    assert!(found.share_of_time > 0.9);
}

#[test]
fn long_episodes_are_thinned() {
    let states: Vec<Vec<f64>> = (0..10_000)
        .map(|step| {
            let angle = TAU * f64::from(step) / 200.0;
            vec![angle.cos(), angle.sin()]
        })
        .collect();
    let found = find(&["x", "y"], &states, &vec![0.0; 10_000], None).unwrap();
    assert!((found.period - 200.0).abs() <= 10.0, "{}", found.period);
}
