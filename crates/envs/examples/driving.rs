//! How well the scripted drivers drive, and how many steps a second `driving` takes on one core.
//!
//! Arguments: number of episodes (200). Prints one line a driver, and one for the speed.

use std::time::Instant;

use envs::{Driver, Driving};
use mdp::{Environment as _, Policy as _, Seed};

/// What a driver does in `n_episodes` of the time limit's length, as means an episode.
struct Means {
    intent: f64,
    kilometres: f64,
    on_grass: f64,
    touching: f64,
    clean: f64,
}

fn means(driver: &Driver, n_episodes: u64) -> Means {
    let rules = Driving::default();
    let mut sums = Means {
        intent: 0.0,
        kilometres: 0.0,
        on_grass: 0.0,
        touching: 0.0,
        clean: 0.0,
    };
    for episode in 0..n_episodes {
        let mut rng = Seed(episode).stream("episode", 0);
        let mut drive = rules.initial_state(&mut rng);
        for _ in 0..Driving::TIME_LIMIT {
            let view = rules.observe(&drive, &mut rng);
            let action = driver.act(&view, &mut rng);
            let step = rules.step(&mut drive, &action, &mut rng);
            sums.intent += step.intent.unwrap_or_default();
        }
        sums.kilometres += drive.distance / 1000.0;
        sums.on_grass += f64::from(drive.n_trouble[0]);
        sums.touching += f64::from(drive.n_trouble[1]);
        sums.clean += f64::from(u8::from(rules.is_success(&drive) == Some(true)));
    }
    let n = n_episodes as f64;
    Means {
        intent: sums.intent / n,
        kilometres: sums.kilometres / n,
        on_grass: sums.on_grass / n,
        touching: sums.touching / n,
        clean: sums.clean / n,
    }
}

/// Steps a second of `n_steps` with observations, driven straight ahead in second gear.
fn speed(n_steps: u32) -> f64 {
    let rules = Driving::default();
    let mut rng = Seed(0).stream("episode", 0);
    let mut drive = rules.initial_state(&mut rng);
    let began = Instant::now();
    let mut seen = 0.0;
    for step in 0..n_steps {
        if step.is_multiple_of(Driving::TIME_LIMIT) {
            drive = rules.initial_state(&mut rng);
        }
        rules.step(&mut drive, &[4, 1], &mut rng);
        seen += rules.observe(&drive, &mut rng).sensors[0];
    }
    std::hint::black_box(seen);
    f64::from(n_steps) / began.elapsed().as_secs_f64()
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let n_episodes = std::env::args()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(200);
    println!("driver  intent  km     on grass  touching  episodes without either");
    for name in Driver::NAMES {
        let driver: Driver = name.parse().expect("a driver that is known");
        let of = means(&driver, n_episodes);
        println!(
            "{name:<7} {:6.1}  {:.3}  {:8.2}  {:8.2}  {:.2}",
            of.intent, of.kilometres, of.on_grass, of.touching, of.clean
        );
    }
    println!("{:.2} million steps a second", speed(2_000_000) / 1e6);
}
