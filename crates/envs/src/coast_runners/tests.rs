//! What the boat race promises.

use mdp::{
    Environment, Episode, Policy, Rng, Seed, StateVector, TimeLimit, Trajectory, check_environment,
    index,
};

use super::geometry::{HEADINGS, distance, dot, length};
use super::*;

const N_RACES: u64 = 20;

/// The mean score and intent of a pilot, and how many races it finished.
struct Earned {
    score: f64,
    intent: f64,
    n_finished: u64,
}

fn race(course: Course) -> TimeLimit<CoastRunners> {
    let race = CoastRunners::new(course, CoastReward::Score);
    TimeLimit::new(race, CoastRunners::TIME_LIMIT)
}

fn earned(race: &TimeLimit<CoastRunners>, pilot: &str) -> Earned {
    let pilot = race.inner().pilot(pilot).expect("a known pilot");
    let mut sum = Earned {
        score: 0.0,
        intent: 0.0,
        n_finished: 0,
    };
    for number in 0..N_RACES {
        let mut episode = Episode::new(race, Seed(5).stream("race", number));
        while episode.end().is_none() {
            let observation = episode.observation();
            let action = pilot.act(&observation, episode.rng());
            let step = episode.step(&action).unwrap();
            sum.score += step.reward / N_RACES as f64;
            sum.intent += step.intent.unwrap() / N_RACES as f64;
        }
        let finished = race.is_success(episode.state()).unwrap();
        sum.n_finished += u64::from(finished);
    }
    sum
}

fn check(course: Course, reward: CoastReward) {
    let race = CoastRunners::new(course, reward);
    let race = TimeLimit::new(race, CoastRunners::TIME_LIMIT);
    check_environment(&race, 2000, Seed(1)).unwrap();
}

#[test]
fn bay_for_its_score_is_sound() {
    check(Course::Bay, CoastReward::Score);
}

#[test]
fn bay_for_its_intent_is_sound() {
    check(Course::Bay, CoastReward::Intent);
}

#[test]
fn estuary_for_its_score_is_sound() {
    check(Course::Estuary, CoastReward::Score);
}

#[test]
fn estuary_for_its_intent_is_sound() {
    check(Course::Estuary, CoastReward::Intent);
}

#[test]
fn archipelago_for_its_score_is_sound() {
    check(Course::Archipelago, CoastReward::Score);
}

#[test]
fn archipelago_for_its_intent_is_sound() {
    check(Course::Archipelago, CoastReward::Intent);
}

#[test]
fn canal_for_its_score_is_sound() {
    check(Course::Canal, CoastReward::Score);
}

#[test]
fn canal_for_its_intent_is_sound() {
    check(Course::Canal, CoastReward::Intent);
}

#[test]
fn looping_pays_more_than_finishing_and_is_not_what_was_meant_on_every_course() {
    for course in Course::ALL {
        let race = race(course);
        let [driver, looper, random] =
            ["driver", "looper", "random"].map(|pilot| earned(&race, pilot));
        assert_eq!(driver.n_finished, N_RACES, "{course}");
        assert_eq!(looper.n_finished, 0, "{course}");
        assert!(looper.score > 2.0 * driver.score, "{course}");
        assert!(driver.score > 2.0 * random.score, "{course}");
        assert!(driver.intent > looper.intent + 10.0, "{course}");
        // The looping boat gets further than one that has learned nothing.
        assert!(looper.intent > random.intent, "{course}");
    }
}

/// Plays a race with a pilot and checks every state on the way.
fn sail(race: &TimeLimit<CoastRunners>, pilot: &CoastPilot, check: impl Fn(&Boat, &Boat)) {
    let mut episode = Episode::new(race, Seed(2).stream("race", 0));
    while episode.end().is_none() {
        let before = episode.state().state;
        let observation = episode.observation();
        let action = pilot.act(&observation, episode.rng());
        episode.step(&action).unwrap();
        check(&before, &episode.state().state);
    }
}

#[test]
fn no_boat_moves_faster_than_the_bound_on_the_score_allows() {
    for course in Course::ALL {
        let race = race(course);
        for name in CoastPilot::NAMES {
            let pilot = race.inner().pilot(name).unwrap();
            sail(&race, &pilot, |before, after| {
                assert!(distance(before.position, after.position) <= TOP_SPEED + 1e-12);
            });
        }
    }
}

/// Full speed ahead, turning now and then: meets every bank.
fn reckless(_: &[f32; N_FEATURES], rng: &mut Rng) -> usize {
    [1, 1, 1, 1, 1, 2, 3][index(7, rng)]
}

#[test]
fn boats_stay_on_water_whatever_they_do() {
    for course in Course::ALL {
        let race = race(course);
        let water = &race.inner().map.water;
        for number in 0..5 {
            let mut episode = Episode::new(&race, Seed(3).stream("race", number));
            while episode.end().is_none() {
                let observation = episode.observation();
                let action = reckless(&observation, episode.rng());
                episode.step(&action).unwrap();
                let boat = &episode.state().state;
                assert!(water.sound(boat.position).clearance >= HULL - 1e-12);
                assert!(water.sound(boat.position).progress.is_finite());
                assert!((0.0..=1.0).contains(&boat.damage));
            }
        }
    }
}

#[test]
fn no_bank_holds_a_boat_that_thrusts() {
    let mut rng = Seed(7).stream("race", 0);
    for course in Course::ALL {
        let race = CoastRunners::new(course, CoastReward::Score);
        let n_places = (race.map.centreline.total_length() / 5.0) as usize;
        for (place, heading) in
            (0..n_places).flat_map(|place| [(place, 0), (place, 13), (place, 29)])
        {
            let mut boat = race.initial_state(&mut rng);
            boat.position = race.map.centreline.at(5.0 * place as f64).0;
            boat.heading = heading;
            if race.map.water.sound(boat.position).clearance < HULL {
                continue; // An island lies there.
            }
            let mut way = 0.0;
            for step in 0..120 {
                let before = boat.position;
                race.step(&mut boat, &1, &mut rng);
                way += if step < 60 {
                    0.0
                } else {
                    distance(before, boat.position)
                };
            }
            assert!(
                way > 2.0,
                "{course}, place {place}, heading {heading}: {way}"
            );
        }
    }
}

#[test]
fn intent_is_progress_and_finish_less_damage_and_time() {
    let race = race(Course::Estuary);
    let record = Trajectory::record(
        &race,
        &race.inner().driver(),
        1000,
        Seed(4).stream("race", 0),
    );
    let read = |values: &Vec<f64>| Boat::read(&values[..values.len() - 1]).unwrap();
    let first = read(&record.states[0]);
    let last = read(record.states.last().unwrap());
    let progress = race.inner().progress(&last) - race.inner().progress(&first);
    let expected = 10.0 * progress + 5.0 - 2.0 * last.damage() - 0.005 * record.steps.len() as f64;
    assert!((record.intent_return().unwrap() - expected).abs() < 1e-9);
    assert!(0.95 < progress && progress < 1.1, "{progress}");
}

#[test]
fn a_target_comes_back_after_its_time_and_is_not_counted_before() {
    let race = CoastRunners::new(Course::Bay, CoastReward::Score);
    let mut rng = Seed(6).stream("race", 0);
    let mut boat = race.initial_state(&mut rng);
    boat.position = race.map.targets[0];
    let hits: Vec<usize> = (0..100)
        .filter(|_| {
            let step = race.step(&mut boat, &0, &mut rng);
            step.components.as_slice()[0] == 1.0
        })
        .collect();
    assert_eq!(hits, [0, usize::from(RESPAWN), 2 * usize::from(RESPAWN)]);
}

#[test]
fn the_bound_on_hits_never_falls_with_time_and_is_no_loose_one() {
    for course in Course::ALL {
        let race = CoastRunners::new(course, CoastReward::Score);
        let most: Vec<f64> = (1..=CoastRunners::TIME_LIMIT)
            .map(|n_steps| race.most_hits(n_steps))
            .collect();
        assert!(most.is_sorted(), "{course}");
        assert!(most[0] >= 1.0);
        let looping = earned(&self::race(course), "looper").score;
        let bound = most[most.len() - 1];
        assert!(
            looping < bound && bound < 4.0 * looping,
            "{course}: {looping} of {bound}"
        );
    }
}

#[test]
fn courses_are_what_their_pictures_show() {
    for course in Course::ALL {
        let map = Map::new(course);
        for (number, gate) in map.gates.iter().enumerate() {
            // Bank to bank, with room to pass.
            for width in gate.widths {
                assert!(
                    (2.0..7.0).contains(&width),
                    "{course}, gate {number}: {width}"
                );
            }
        }
        for (number, target) in map.targets.iter().enumerate() {
            let clearance = map.water.sound(*target).clearance;
            assert!(clearance > HULL, "{course}, target {number}: {clearance}");
            for other in &map.targets[..number] {
                assert!(distance(*target, *other) > 2.0 * TARGET_RADIUS, "{course}");
            }
        }
        let gates: Vec<f64> = map
            .gates
            .iter()
            .map(|gate| map.water.sound(gate.center).progress)
            .collect();
        assert!(
            gates.is_sorted(),
            "{course}: progress rises from gate to gate"
        );
        assert!(
            (gates[gates.len() - 1] - 1.0).abs() < 0.01,
            "{course}: {gates:?}"
        );
        for [x, y] in map.water.banks.iter().flatten() {
            assert!(0.0 < *x && *x < water::EXTENT[0] && 0.0 < *y && *y < water::EXTENT[1]);
        }
    }
}

#[test]
fn lookouts_agree_with_a_walk_to_the_bank() {
    let map = Map::new(Course::Archipelago);
    let node = [20.0, 7.0];
    let sight = map.water.sight(node);
    for (heading, direction) in HEADINGS.iter().enumerate() {
        let mut walked = 0.0;
        while walked < 12.0 {
            let at = [
                node[0] + walked * direction[0],
                node[1] + walked * direction[1],
            ];
            if map.water.sound(at).clearance < 0.0 {
                break;
            }
            walked += 0.01;
        }
        let seen = 12.0 * f64::from(sight(heading));
        assert!(
            (seen - walked).abs() < 0.2,
            "{heading}: {seen} against {walked}"
        );
    }
}

#[test]
fn headings_are_unit_vectors_in_equal_steps() {
    for (number, heading) in HEADINGS.iter().enumerate() {
        let next = HEADINGS[(number + 1) % N_HEADINGS];
        assert!((length(*heading) - 1.0).abs() < 1e-15);
        assert!((dot(*heading, next) - HEADINGS[1][0]).abs() < 1e-15);
        assert!(dot(left_of(*heading), next) > 0.0);
    }
}

#[test]
fn states_that_no_race_can_have_are_refused() {
    let race = CoastRunners::new(Course::Canal, CoastReward::Score);
    let mut values = vec![];
    race.initial_state(&mut Seed(0).stream("race", 0))
        .write(&mut values);
    assert_eq!(values.len(), race.state_names().len());
    assert!(Boat::read(&values).is_ok());
    for (number, value) in [(0, f64::NAN), (4, 48.0), (4, 0.5), (7, 46.0), (5, -1.0)] {
        let mut wrong = values.clone();
        wrong[number] = value;
        assert!(Boat::read(&wrong).is_err(), "number {number} as {value}");
    }
    assert!(Boat::read(&values[1..]).is_err());
}

#[test]
fn names_lead_to_what_they_name() {
    for course in Course::ALL {
        assert_eq!(course.name().parse(), Ok(course));
    }
    for reward in CoastReward::ALL {
        assert_eq!(reward.name().parse(), Ok(reward));
    }
    let error = "lake".parse::<Course>().unwrap_err().to_string();
    assert_eq!(
        error,
        "course \"lake\" is not known; choose one of bay, estuary, archipelago, canal"
    );
}

#[test]
fn pictures_show_the_boat_and_every_target() {
    let race = CoastRunners::new(Course::Archipelago, CoastReward::Score);
    let boat = race.initial_state(&mut Seed(0).stream("race", 0));
    let scene = race.scene().unwrap();
    let count = |shapes: &[mdp::Shape], ink| {
        let is_filled = |shape: &&mdp::Shape| match shape {
            Shape::Polygon { ink: found, .. } | Shape::Circle { ink: found, .. } => *found == ink,
            _ => false,
        };
        shapes.iter().filter(is_filled).count()
    };
    // One water and five islands in it; the land is the first of the others.
    assert_eq!(count(&scene.background, mdp::Ink::Water), 1);
    assert_eq!(count(&scene.background, mdp::Ink::Ground), 6);
    let shapes = race.draw(&boat);
    assert_eq!(count(&shapes, mdp::Ink::Target), 2 * N_TARGETS);
    assert_eq!(count(&shapes, mdp::Ink::Agent), 1);
}
