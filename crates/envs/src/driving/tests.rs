//! What driving promises: its physics, its sensors, and that its drivers are as good as their names.

use mdp::{Environment, Policy, Seed, StateVector as _, TimeLimit, Trajectory, check_environment};
use proptest::prelude::*;

use super::road::{SHARPEST, cosine, sine};
use super::sensors::{self, RAYS};
use super::*;

const RULES: Driving = Driving {
    reward: DrivingReward::Intent,
};

/// A car in the middle of a straight, empty road, in second gear.
fn alone() -> Drive {
    let mut drive = RULES.initial_state(&mut Seed(0).stream("drive", 0));
    drive.offset = 0.0;
    drive.bends.knots = [0.0; N_KNOTS];
    for other in &mut drive.others {
        other.ahead = -44.0;
        other.speed = OTHERS_SPEED.0;
    }
    drive
}

/// Takes one action for some steps on a road that stays straight and empty.
fn hold(drive: &mut Drive, action: [usize; 2], n_steps: usize) {
    let mut rng = Seed(0).stream("hold", 0);
    for _ in 0..n_steps {
        RULES.step(drive, &action, &mut rng);
        drive.bends.knots = [0.0; N_KNOTS];
        for other in &mut drive.others {
            other.ahead = -44.0;
        }
    }
}

/// Mean intent, steps on grass, and steps of touching, an episode.
fn score(driver: &Driver, n_episodes: u64) -> [f64; 3] {
    let mut sums = [0.0; 3];
    for episode in 0..n_episodes {
        let mut rng = Seed(1).stream("episode", episode);
        let mut drive = RULES.initial_state(&mut rng);
        for _ in 0..Driving::TIME_LIMIT {
            let action = driver.act(&RULES.observe(&drive, &mut rng), &mut rng);
            sums[0] += RULES.step(&mut drive, &action, &mut rng).intent.unwrap();
        }
        sums[1] += f64::from(drive.n_trouble[0]);
        sums[2] += f64::from(drive.n_trouble[1]);
    }
    sums.map(|sum| sum / n_episodes as f64)
}

#[test]
fn driving_keeps_its_promises() {
    for reward in DrivingReward::ALL {
        let limited = TimeLimit::new(Driving { reward }, Driving::TIME_LIMIT);
        check_environment(&limited, 3_000, Seed(0)).unwrap();
    }
}

#[test]
fn drivers_are_as_good_as_their_names() {
    let [expert, hasty, novice, random] =
        Driver::NAMES.map(|name| score(&name.parse().unwrap(), 30));
    assert_eq!(
        expert[1..],
        [0.0; 2],
        "the expert leaves no lane and touches nobody"
    );
    assert!(expert[0] > 250.0, "{expert:?}");
    assert!(novice[1] > 2.0 * hasty[1].max(1.0), "{novice:?} {hasty:?}");
    assert!(novice[0] < expert[0], "{novice:?} {expert:?}");
    assert!(random[0] < 0.0 && random[1] > 200.0, "{random:?}");
}

#[test]
fn each_part_of_skill_counts() {
    let expert = score(&Driver::EXPERT, 30);
    let check = |worse: Driver| {
        let worse = score(&worse, 30);
        let trouble = |of: [f64; 3]| of[1] + of[2];
        assert!(
            trouble(worse) > trouble(expert) + 0.5,
            "{worse:?} {expert:?}"
        );
    };
    check(Driver {
        noise: 2.0,
        ..Driver::EXPERT
    });
    check(Driver {
        delay: 0.8,
        ..Driver::EXPERT
    });
    check(Driver {
        skill: 0.0,
        ..Driver::EXPERT
    });
    check(Driver {
        chance: 0.5,
        ..Driver::EXPERT
    });
}

#[test]
fn whoever_knows_how_drives_back_from_the_grass() {
    for (seed, offset, angle) in [
        (0, 10.0, 0.8),
        (1, -12.0, -0.5),
        (2, FENCE, 0.0),
        (3, -8.0, -1.0),
    ] {
        let mut rng = Seed(seed).stream("back", 0);
        let mut drive = RULES.initial_state(&mut rng);
        (drive.offset, drive.angle) = (offset, angle);
        let mut n_steps = 0;
        while drive.is_on_grass() {
            let action = Driver::EXPERT.act(&RULES.observe(&drive, &mut rng), &mut rng);
            RULES.step(&mut drive, &action, &mut rng);
            n_steps += 1;
            assert!(n_steps < 100, "still at {}", drive.offset);
        }
    }
}

#[test]
fn a_car_settles_at_the_speed_of_its_gear_and_grass_is_slow() {
    for (gear, speed) in GEARS.into_iter().enumerate() {
        let mut drive = alone();
        hold(&mut drive, [STRAIGHT, gear], 100);
        assert!((drive.speed - speed).abs() < 1e-9);
        assert_eq!((drive.offset, drive.angle), (0.0, 0.0));
    }
    let mut drive = alone();
    drive.offset = 10.0;
    hold(&mut drive, [STRAIGHT, 3], 100);
    assert!((drive.speed - GRASS_SPEED).abs() < 1e-6, "{}", drive.speed);
    assert_eq!(drive.n_trouble, [100, 0]);
}

#[test]
fn tyres_hold_so_much_and_no_more() {
    let turned_in_a_second = |gear: usize| {
        let mut drive = alone();
        hold(&mut drive, [STRAIGHT, gear], 100);
        hold(&mut drive, [N_WHEEL - 1, gear], 10);
        let before = drive.angle;
        hold(&mut drive, [N_WHEEL - 1, gear], 1);
        (drive.angle - before) / (drive.speed * SECONDS)
    };
    // 8 m/s: as sharp as the wheel stands; 26 m/s: as sharp as the grip allows.
    assert!((turned_in_a_second(0) - SHARPEST_TURN).abs() < 2e-4);
    assert!((turned_in_a_second(3) - GRIP / (26.0 * 26.0)).abs() < 1e-9);
}

#[test]
fn the_fence_holds_and_turns_the_car_along_itself() {
    let mut drive = alone();
    hold(&mut drive, [N_WHEEL - 1, 3], 60);
    assert!(drive.offset <= FENCE && drive.offset > EDGE);
    hold(&mut drive, [N_WHEEL - 1, 3], 200);
    assert_eq!(drive.offset, FENCE);
    assert!(drive.angle <= SHARPEST_TURN * drive.speed * SECONDS);
}

#[test]
fn running_into_another_car_costs_speed_and_leaves_no_overlap() {
    let mut drive = alone();
    hold(&mut drive, [STRAIGHT, 3], 100);
    drive.others[0] = OtherCar {
        ahead: 8.0,
        lane: 1,
        speed: 10.0,
    };
    let mut rng = Seed(0).stream("bump", 0);
    let mut n_touching = 0;
    for _ in 0..10 {
        let step = RULES.step(&mut drive, &[STRAIGHT, 3], &mut rng);
        if drive.is_touching {
            n_touching += 1;
            assert_eq!(step.components.as_slice()[2], -TOUCH_COST);
            assert!(drive.speed <= 0.7 * 10.0);
        }
        assert!(drive.others[0].ahead >= 2.0 * HALF_LENGTH - 1e-12);
    }
    assert!(n_touching > 0);
    assert_eq!(drive.n_trouble[1], n_touching);
    assert_eq!(RULES.is_success(&drive), Some(false));
}

#[test]
fn cars_that_touch_sideways_are_pushed_apart() {
    let mut drive = alone();
    drive.offset = 0.2 - LANE + 2.0 * HALF_WIDTH;
    drive.others[0] = OtherCar {
        ahead: 0.5,
        lane: 0,
        speed: 14.0,
    };
    drive.offset -= 0.5;
    drive.bump();
    assert!(drive.is_touching);
    assert!((drive.offset - middle_of(0) - 2.0 * HALF_WIDTH).abs() < 1e-12);
}

#[test]
fn nobody_runs_into_the_driver_from_behind_or_into_each_other() {
    let mut rng = Seed(3).stream("behind", 0);
    for _ in 0..20 {
        let mut drive = RULES.initial_state(&mut rng);
        for _ in 0..300 {
            RULES.step(&mut drive, &[STRAIGHT, 0], &mut rng);
            // The slowest gear, straight ahead on whatever road there is: only a sideways touch is the driver's own.
            drive.offset = middle_of(1);
            drive.angle = 0.0;
            for (number, other) in drive.others.iter().enumerate() {
                for second in &drive.others[..number] {
                    let gap = (other.ahead - second.ahead).abs();
                    let is_new = other.ahead.max(second.ahead) > 115.0
                        || other.ahead.min(second.ahead) < -35.0;
                    assert!(other.lane != second.lane || gap > 0.0 || is_new);
                }
            }
        }
        assert_eq!(drive.n_trouble, [0, 0]);
    }
}

#[test]
fn a_state_that_is_none_is_refused() {
    let mut numbers = Vec::new();
    alone().write(&mut numbers);
    assert_eq!(numbers.len(), RULES.state_names().len());
    assert_eq!(Drive::read(&numbers).unwrap(), alone());
    let refuse = |index: usize, value: f64, expected: &str| {
        let mut broken = numbers.clone();
        broken[index] = value;
        let error = Drive::read(&broken).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    refuse(5, 7.0, "7 is no gear");
    refuse(6, 0.5, "0.5 is no yes or no");
    refuse(7, -1.0, "-1 is no number of steps");
    refuse(16, 3.0, "3 is no lane");
    assert!(Drive::read(&numbers[1..]).is_err());
}

#[test]
fn returns_stay_within_their_bounds() {
    for reward in DrivingReward::ALL {
        let rules = Driving { reward };
        let bounds = rules.return_bounds(200);
        let within = |value: f64, (low, high): (f64, f64)| low <= value && value <= high;
        for name in Driver::NAMES {
            let driver: Driver = name.parse().unwrap();
            for seed in 0..5 {
                let rng = Seed(seed).stream("bounds", 0);
                let episode = Trajectory::record(&rules, &driver, 200, rng);
                assert!(within(episode.reward_return(), bounds.reward.unwrap()));
                assert!(within(
                    episode.intent_return().unwrap(),
                    bounds.intent.unwrap()
                ));
            }
        }
    }
}

#[test]
fn small_angles_have_their_sines() {
    for step in -120..=120 {
        let angle = f64::from(step) / 100.0;
        assert!((sine(angle) - angle.sin()).abs() < 2e-6);
        assert!((cosine(angle) - angle.cos()).abs() < 2e-5);
    }
    for [cosine, sine] in RAYS {
        assert!((cosine * cosine + sine * sine - 1.0).abs() < 1e-15);
    }
}

#[test]
fn a_road_bends_without_a_jump_and_no_sharper_than_it_may() {
    let mut rng = Seed(2).stream("road", 0);
    let mut bends = Bends::begin(&mut rng);
    let mut before = bends.curvature(0.0);
    for _ in 0..3_000 {
        let ahead = bends.curvature(40.0);
        for _ in 0..20 {
            bends.pass(2.0, &mut rng);
            let here = bends.curvature(0.0);
            assert!(here.abs() <= SHARPEST);
            assert!((here - before).abs() <= 2.0 * SHARPEST * 2.0 / 30.0 + 1e-12);
            before = here;
        }
        assert!(
            (bends.curvature(0.0) - ahead).abs() < 1e-12,
            "it comes as it was seen"
        );
    }
}

/// What each sensor of the edge reads, and each of a car, by walking along its ray in steps of a centimetre.
fn walked(drive: &Drive) -> Vec<[f64; 2]> {
    let bend = drive.curvature(15.0);
    RAYS.iter()
        .map(|[ray_cosine, ray_sine]| {
            let (sine, cosine) = (sine(drive.angle), cosine(drive.angle));
            let along = ray_cosine * cosine - ray_sine * sine;
            let across = ray_sine * cosine + ray_cosine * sine;
            let at = |r: f64| drive.offset + across * r - 0.5 * bend * (along * r).powi(2);
            let is_on_road = |r: f64| at(r).abs() < EDGE;
            let hits = |r: f64| {
                drive.others.iter().any(|other| {
                    let bend = drive.curvature(0.5 * other.ahead.clamp(0.0, 60.0));
                    let aside =
                        middle_of(other.lane) - drive.offset + 0.5 * bend * other.ahead.powi(2);
                    (along * r - other.ahead).abs() < HALF_LENGTH
                        && (across * r - aside).abs() < HALF_WIDTH
                })
            };
            let first = |holds: &dyn Fn(f64) -> bool| {
                (0..6_000)
                    .map(|step| f64::from(step) * 0.01)
                    .find(|r| holds(*r))
                    .unwrap_or(60.0)
            };
            [first(&|r| is_on_road(r) != is_on_road(0.0)), first(&hits)]
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn sensors_read_what_is_found_by_walking(
        seed in 0_u64..1_000,
        offset in -9.0..9.0,
        angle in -0.6..0.6,
    ) {
        let mut drive = RULES.initial_state(&mut Seed(seed).stream("sensors", 0));
        (drive.offset, drive.angle) = (offset, angle);
        let features = sensors::read(&drive);
        for (ray, found) in walked(&drive).into_iter().enumerate() {
            for (read, found) in [features[ray], features[RAYS.len() + ray]].into_iter().zip(found) {
                let expected = found / (found + 12.0);
                // A ray that grazes a corner or an edge is found at another place by steps of a centimetre.
                let grazes = found < 60.0 && f64::from(read) < expected;
                prop_assert!(
                    (f64::from(read) - expected).abs() < 2e-3 || grazes,
                    "ray {ray}: {read} and {expected}"
                );
            }
        }
    }
}

#[test]
fn sensors_say_how_fast_a_car_closes_in_and_where_the_car_is() {
    let mut drive = alone();
    drive.others[0] = OtherCar {
        ahead: 22.2,
        lane: 1,
        speed: 10.0,
    };
    (drive.speed, drive.gear, drive.wheel) = (20.0, 2, -SHARPEST_TURN);
    let features = sensors::read(&drive);
    assert!(
        (features[14 + 5] - 20.0 / 32.0).abs() < 1e-6,
        "20 m to its rear"
    );
    assert!((features[28 + 2] - 10.0 / 26.0).abs() < 1e-6);
    assert_eq!(features[28], 0.0, "nobody is in the outermost direction");
    assert_eq!(features[33..], [20.0 / 26.0, 2.0 / 3.0, -1.0, 0.0, 0.0]);
    drive.offset = EDGE;
    assert_eq!(sensors::read(&drive)[36], 1.0);
}

#[test]
fn pictures_show_the_cars_that_are_near() {
    let mut rng = Seed(0).stream("picture", 0);
    let mut drive = RULES.initial_state(&mut rng);
    for _ in 0..200 {
        RULES.step(&mut drive, &[STRAIGHT, 2], &mut rng);
        let scene = RULES.scene().unwrap();
        let near = drive
            .others
            .iter()
            .filter(|other| scene.low[1] < other.ahead && other.ahead < scene.high[1]);
        let shapes = RULES.draw(&drive);
        let cars = shapes
            .iter()
            .filter(|shape| matches!(shape, Shape::Polygon { points, .. } if points.len() == 5));
        assert_eq!(cars.count(), near.count() + 1);
        let own = shapes.iter().rev().find_map(|shape| match shape {
            Shape::Polygon { points, .. } => Some(points[3]),
            _ => None,
        });
        let [x, y] = own.unwrap();
        assert!(scene.low[0] < x && x < scene.high[0] && scene.low[1] < y && y < scene.high[1]);
    }
}
