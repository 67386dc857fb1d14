//! How well four imitators do with their default presets, and what the same demonstrations are for a peer.
//!
//! Arguments: `classic` for CartPole, Acrobot and Pendulum or `seals` for the tabular diagnostics; a path to which the
//! demonstrations, the experts and the number of steps are written as JSON; and the number of seeds, 5 where none is given.
//! Prints one JSON object.
//!
//! A score is `(J - J of random) / (J of the expert - J of random)`, J being the mean undiscounted return of episodes with
//! actions drawn as in training.

mod classic;
mod players;
mod seals;

use std::sync::Arc;

use nn::Pool;

/// Seeds of every learner, where the command names no number.
const SEEDS: u64 = 5;

/// Episodes in which a policy is judged.
const N_EVALUATED: usize = 100;

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(suite), Some(path)) = (arguments.next(), arguments.next()) else {
        panic!("give `classic` or `seals`, and a path for the demonstrations");
    };
    let n_seeds = arguments
        .next()
        .map_or(SEEDS, |seeds| seeds.parse().expect("a number of seeds"));
    // One thread, as the peer has.
    let pool = Arc::new(Pool::new(1));
    let (printed, written) = match suite.as_str() {
        "classic" => classic::run(n_seeds, &pool),
        "seals" => seals::run(n_seeds, &pool),
        other => panic!("`{other}` is neither `classic` nor `seals`"),
    };
    std::fs::write(&path, written.to_string()).expect("the path can be written to");
    println!("{printed}");
}
