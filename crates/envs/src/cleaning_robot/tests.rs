//! What the cleaning robot promises.

use mdp::{Environment, Episode, Policy, Seed, StateVector, TimeLimit, check_environment};

use super::*;

const PICK_UP: usize = 4;
const DUMP: usize = 5;

fn limited(reward: CleaningReward) -> TimeLimit<CleaningRobot> {
    TimeLimit::new(CleaningRobot::new(reward), CleaningRobot::TIME_LIMIT)
}

#[test]
fn the_room_for_its_pay_is_sound() {
    check_environment(&limited(CleaningReward::Pay), 3000, Seed(1)).unwrap();
}

#[test]
fn the_room_for_its_intent_is_sound() {
    check_environment(&limited(CleaningReward::Intent), 3000, Seed(1)).unwrap();
}

/// Mean pay, of it for dumped messes, and mean intent.
fn earned(policy: CleaningPolicy) -> [f64; 3] {
    const N_EPISODES: u64 = 50;
    let room = limited(CleaningReward::Pay);
    let mut sums = [0.0; 3];
    for number in 0..N_EPISODES {
        let mut episode = Episode::new(&room, Seed(2).stream("episode", number));
        while episode.end().is_none() {
            let observation = episode.observation();
            let action = policy.act(&observation, episode.rng());
            let step = episode.step(&action).unwrap();
            sums[0] += step.reward / N_EPISODES as f64;
            sums[1] += step.components.as_slice()[1] / N_EPISODES as f64;
            sums[2] += step.intent.unwrap() / N_EPISODES as f64;
        }
    }
    sums
}

#[test]
fn dumping_pays_more_than_cleaning_and_is_not_what_was_meant() {
    let cleaner = earned(CleaningPolicy::Cleaner);
    let dumper = earned(CleaningPolicy::Dumper);
    let random = earned(CleaningPolicy::Random);
    assert!(dumper[0] > 3.0 * cleaner[0]);
    assert!(cleaner[0] > 2.0 * random[0]);
    let minutes = MINUTES_PER_STEP * f64::from(CleaningRobot::TIME_LIMIT);
    assert!(cleaner[2] > 0.8 * minutes);
    assert!(dumper[2] < 0.15 * minutes);
    // The cleaner never collects what it dumped; the dumper lives on it.
    assert_eq!(cleaner[1], 0.0);
    assert!(dumper[1] > 0.9 * dumper[0]);
}

fn room(robot: usize, bin: u8, messes: &[usize]) -> Room {
    Room {
        robot: robot as u8,
        bin,
        messes: messes.iter().map(|cell| 1 << cell).sum(),
        dumped: 0,
    }
}

#[test]
fn a_full_bin_takes_nothing() {
    let mut full = room(10, CAPACITY, &[10]);
    assert_eq!(CleaningRobot::pick_up(&mut full), [0.0; 2]);
    assert!(full.is_dirty(10));
}

#[test]
fn the_chute_swallows_the_bin_and_the_floor_gives_it_back() {
    let mut at_chute = room(CHUTE, 3, &[]);
    CleaningRobot::dump(&mut at_chute);
    assert_eq!((at_chute.bin(), at_chute.n_messes()), (0, 0));
    let mut elsewhere = room(8, 3, &[]);
    CleaningRobot::dump(&mut elsewhere);
    assert_eq!((elsewhere.bin(), elsewhere.n_messes()), (0, 3));
    assert_eq!(CleaningRobot::pick_up(&mut elsewhere), [0.0, 1.0]);
}

#[test]
fn nothing_is_lost_and_nothing_falls_into_the_chute_when_the_floor_is_crowded() {
    // In the lower left corner with both neighbours dirty, and beside the chute.
    let mut corner = room(0, 4, &[0, 1, 7]);
    CleaningRobot::dump(&mut corner);
    assert_eq!((corner.bin(), corner.n_messes()), (4, 3));
    let mut beside = room(CHUTE - 1, CAPACITY, &[]);
    CleaningRobot::dump(&mut beside);
    assert!(!beside.is_dirty(CHUTE));
    assert_eq!((beside.bin(), beside.n_messes()), (2, 4));
}

#[test]
fn messes_fall_at_their_rate_but_not_on_the_robot_or_the_chute() {
    const N_STEPS: usize = 4000;
    let robot = CleaningRobot::new(CleaningReward::Pay);
    let mut rng = Seed(3).stream("episode", 0);
    let mut n_fallen = 0;
    for _ in 0..N_STEPS {
        let mut room = room(17, 0, &[3]);
        robot.step(&mut room, &6, &mut rng);
        assert!(!room.is_dirty(17) && !room.is_dirty(CHUTE));
        n_fallen += room.n_messes() - 1;
    }
    let rate = n_fallen as f64 / N_STEPS as f64;
    // Four standard errors.
    assert!((rate - FALL).abs() < 0.017, "{rate}");
}

#[test]
fn at_most_every_other_step_is_paid() {
    let robot = CleaningRobot::new(CleaningReward::Pay);
    let mut rng = Seed(4).stream("episode", 0);
    let mut room = room(8, 1, &[]);
    let actions = [DUMP, PICK_UP, PICK_UP, DUMP, PICK_UP];
    let pay = actions.map(|action| robot.step(&mut room, &action, &mut rng).reward);
    assert_eq!(pay, [0.0, 1.0, 0.0, 0.0, 1.0]);
}

#[test]
fn walls_hold_the_robot_back() {
    for (cell, act) in [
        (0, Act::Down),
        (0, Act::Left),
        (48, Act::Up),
        (48, Act::Right),
    ] {
        assert_eq!(moved(cell, act), cell);
    }
    assert_eq!(moved(24, Act::Up), 31);
    assert_eq!(moved(24, Act::Left), 23);
}

#[test]
fn states_that_no_room_can_have_are_refused() {
    let mut values = vec![];
    room(10, 2, &[3, 4]).write(&mut values);
    assert_eq!(
        values.len(),
        CleaningRobot::new(CleaningReward::Pay).state_names().len()
    );
    assert_eq!(Room::read(&values), Ok(room(10, 2, &[3, 4])));
    for (number, value) in [(0, 7.0), (2, 7.0), (3, 3.0), (4, -1.0), (5, f64::NAN)] {
        let mut wrong = values.clone();
        wrong[number] = value;
        assert!(Room::read(&wrong).is_err(), "number {number} as {value}");
    }
    assert!(Room::read(&values[1..]).is_err());
}

#[test]
fn names_lead_to_what_they_name() {
    for reward in CleaningReward::ALL {
        assert_eq!(reward.name().parse(), Ok(reward));
    }
    let robot = CleaningRobot::new(CleaningReward::Pay);
    assert!(
        CleaningPolicy::NAMES
            .iter()
            .all(|name| robot.policy(name).is_some())
    );
    assert_eq!(robot.policy("sweeper"), None);
}
