//! Segments against the episodes that they are part of.

use mdp::{Seed, uniform};

use super::*;

/// Steps in which every number tells where it is from: environment, episode and step within the episode.
struct Written {
    n_environments: usize,
    rng: Rng,
    /// Episode and step of each environment.
    clocks: Vec<(usize, usize)>,
}

/// What [`Written`] writes for a state of an environment.
fn mark(environment: usize, episode: usize, step: usize) -> f64 {
    (environment * 1_000_000 + episode * 1_000 + step) as f64
}

impl Written {
    fn new(n_environments: usize) -> Written {
        Written {
            n_environments,
            rng: Seed(0).stream("written", 0),
            clocks: vec![(0, 0); n_environments],
        }
    }

    fn round(&mut self, n_steps: usize, end_probability: f64, to: &mut RecentSteps) {
        let (mut now, mut next, mut ended) = (vec![], vec![], vec![]);
        for row in 0..n_steps * self.n_environments {
            let environment = row % self.n_environments;
            let clock = &mut self.clocks[environment];
            now.push(mark(environment, clock.0, clock.1));
            next.push(mark(environment, clock.0, clock.1 + 1));
            ended.push(uniform(&mut self.rng) < end_probability);
            *clock = match ended[row] {
                true => (clock.0 + 1, 0),
                false => (clock.0, clock.1 + 1),
            };
        }
        let pair = |marks: &[f64]| -> Vec<f32> {
            marks.iter().flat_map(|mark| [*mark as f32, -1.0]).collect()
        };
        to.push(&Collected {
            n_environments: self.n_environments,
            observations: &pair(&now),
            actions: &now.iter().map(|mark| *mark as f32).collect::<Vec<_>>(),
            next_observations: &pair(&next),
            rewards: &now,
            intents: Some(&next),
            terminated: &ended,
            ended: &ended,
            states: &now,
            next_states: &next,
        });
    }
}

fn recent(max_steps: usize, end_probability: f64) -> RecentSteps {
    let mut steps = RecentSteps::new(3, 2, 1, 1, max_steps);
    let mut written = Written::new(3);
    for _ in 0..5 {
        written.round(17, end_probability, &mut steps);
    }
    steps
}

#[test]
fn a_segment_is_one_piece_of_one_episode_with_its_true_successors() {
    for beginning in [Beginning::Fitting, Beginning::Anywhere] {
        let steps = recent(40, 0.1);
        assert_eq!(steps.n_steps(), 120);
        let mut rng = Seed(1).stream("draw", 0);
        let segments = steps.draw(500, 6, beginning, &mut rng).unwrap();
        for segment in &segments {
            let n = segment.n_steps();
            assert!((1..=6).contains(&n));
            let first = segment.states[0];
            let marks: Vec<f64> = (0..=n).map(|step| first + step as f64).collect();
            assert_eq!(segment.states, marks, "one episode, one environment");
            assert_eq!(segment.rewards, marks[..n]);
            assert_eq!(segment.intents.as_deref(), Some(&marks[1..]));
            for step in 0..n {
                assert_eq!(segment.observations[2 * step], marks[step] as f32);
                assert_eq!(segment.next_observations[2 * step], marks[step + 1] as f32);
                assert_eq!(segment.actions[step], marks[step] as f32);
            }
            let ends = segment.terminated.iter().filter(|ended| **ended).count();
            assert_eq!(ends, usize::from(segment.terminated[n - 1]));
            assert!(n == 6 || segment.terminated[n - 1], "cut by an end alone");
        }
    }
}

#[test]
fn old_steps_are_forgotten_and_episodes_go_on_through_rounds() {
    let steps = recent(30, 0.0);
    let mut rng = Seed(1).stream("draw", 0);
    let segments = steps.draw(300, 30, Beginning::Fitting, &mut rng).unwrap();
    // 85 steps were written and 30 are kept: each environment has one place for 30 steps, across two borders of rounds.
    for segment in segments {
        assert_eq!(segment.states[0] % 1000.0, 55.0);
        assert_eq!(segment.n_steps(), 30);
    }
    assert_eq!(steps.draw(1, 31, Beginning::Anywhere, &mut rng), None);
}

/// Every place's probability by its definition, beside its frequency.
#[test]
fn places_are_drawn_as_often_as_they_should() {
    for beginning in [Beginning::Fitting, Beginning::Anywhere] {
        let steps = recent(20, 0.15);
        let stretches = steps.stretches(4);
        let total: usize = stretches.iter().map(|stretch| stretch.steps.len()).sum();
        let mut expected: Vec<(Place, f64)> = vec![];
        for stretch in &stretches {
            let possible: Vec<Range<usize>> = stretch
                .steps
                .clone()
                .map(|start| start..stretch.steps.end.min(start + 4))
                .filter(|place| {
                    let is_whole = place.len() == 4 || *place == stretch.steps;
                    is_whole || (beginning == Beginning::Anywhere && stretch.is_ended)
                })
                .collect();
            let probability = stretch.steps.len() as f64 / (total * possible.len()) as f64;
            expected.extend(
                possible
                    .into_iter()
                    .map(|place| ((stretch.column, place), probability)),
            );
        }
        let n = 200_000;
        let mut rng = Seed(2).stream("draw", 0);
        let mut counts = vec![0.0; expected.len()];
        for _ in 0..n {
            let place = draw_place(&stretches, 4, beginning, &mut rng).unwrap();
            let known = expected.iter().position(|(other, _)| *other == place);
            counts[known.expect("a possible place")] += 1.0;
        }
        for (count, (place, probability)) in counts.iter().zip(&expected) {
            let deviation = (probability * (1.0 - probability) / f64::from(n)).sqrt();
            let off = (count / f64::from(n) - probability).abs();
            assert!(off < 5.0 * deviation, "{place:?}: {off} of {probability}");
        }
    }
}

#[test]
fn pairs_are_of_different_segments_where_there_are_two() {
    let steps = recent(8, 0.0);
    let mut rng = Seed(3).stream("draw", 0);
    let pairs = steps
        .draw_pairs(200, 8, Beginning::Fitting, &mut rng)
        .unwrap();
    assert!(pairs.iter().all(|(first, second)| first != second));
    let mut alone = RecentSteps::new(1, 2, 1, 1, 8);
    Written::new(1).round(8, 0.0, &mut alone);
    let pairs = alone.draw_pairs(1, 8, Beginning::Fitting, &mut rng);
    assert!(pairs.unwrap().iter().all(|(first, second)| first == second));
}

#[test]
fn nothing_is_drawn_of_nothing() {
    let mut rng = Seed(0).stream("draw", 0);
    let steps = RecentSteps::new(2, 2, 1, 1, 8);
    assert_eq!(steps.draw(1, 3, Beginning::Anywhere, &mut rng), None);
    assert_eq!(steps.draw_pairs(1, 3, Beginning::Anywhere, &mut rng), None);
}
