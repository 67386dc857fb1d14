//! How fast the hopper's physics is, whether it repeats itself to the bit, and whether states that were saved go on alike.
//!
//! Steps are taken on two threads, robots side by side, actions drawn beforehand; beside them stands `rapier2d` alone: the
//! same robot in a world that is kept, stepped on two threads by nothing but its pipeline.
//!
//! Arguments: number of seeds (16), steps of an episode (600), rounds of timing (9). Prints one line of JSON.

#![expect(clippy::print_stdout, reason = "printing is what the example is for")]

use std::hint::black_box;
use std::time::Instant;

use envs::{Hopper, HopperReward, HopperTask, Walker, WalkerReward};
use mdp::{Action, Environment, Rng, Seed, StateVector, index};
use rapier2d::prelude::*;

/// Steps of the physics in a step of the environment.
const PHYSICS_STEPS: usize = 4;
/// Threads of the timing.
const N_THREADS: usize = 2;
/// Times at which the state of each episode is saved and restored.
const N_RESTORED: usize = 12;
/// Steps that a restored state is followed for.
const N_FOLLOWED: usize = 100;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| {
        let argument = arguments.next();
        argument.map_or(default, |word| word.parse().expect("a number"))
    };
    let (n_seeds, n_steps, n_rounds) = (number(16), number(600), number(9));
    let hopper = Hopper::new(HopperTask::Backflip, HopperReward::HandWritten);
    let walker = Walker::new(WalkerReward::Walk);
    let hopper_hashes = [1, 2].map(|n| hashes(&hopper, n_seeds, n_steps, n));
    let walker_hashes = [1, 2].map(|n| hashes(&walker, n_seeds, n_steps, n));
    let restored = restored(&hopper, n_seeds, n_steps);
    let walker_restored = self::restored(&walker, n_seeds, n_steps);
    // Rounds in turn, so that whatever else the machine does meets all alike.
    let (mut hopper_rates, mut walker_rates, mut bare_rates) = (vec![], vec![], vec![]);
    for _ in 0..n_rounds {
        hopper_rates.push(rate(|| play(&hopper, n_steps)));
        bare_rates.push(rate(|| play_bare(n_steps)));
        walker_rates.push(rate(|| play(&walker, n_steps)));
    }
    println!(
        "{{\"seeds\": {n_seeds}, \"steps\": {n_steps}, \"rounds\": {n_rounds}, \"threads\": {N_THREADS}, \
         \"hopper_hashes\": {}, \"walker_hashes\": {}, \
         \"hopper_restored\": {}, \"walker_restored\": {}, \
         \"hopper_rates\": {hopper_rates:?}, \"walker_rates\": {walker_rates:?}, \"bare_rates\": {bare_rates:?}}}",
        quoted(&hopper_hashes),
        quoted(&walker_hashes),
        counted(restored),
        counted(walker_restored),
    );
}

fn quoted(hashes: &[u64; 2]) -> String {
    format!("[\"{:016x}\", \"{:016x}\"]", hashes[0], hashes[1])
}

fn counted((equal, all): (usize, usize)) -> String {
    format!("{{\"equal\": {equal}, \"all\": {all}}}")
}

fn action<E: Environment>(environment: &E, rng: &mut Rng) -> E::Action {
    E::Action::from_value(&environment.action_space().sample(rng))
}

/// A hash of every bit of every state of the episodes of all seeds, played on so many threads.
fn hashes<E: Environment>(
    environment: &E,
    n_seeds: usize,
    n_steps: usize,
    n_threads: usize,
) -> u64 {
    let mut of_seeds = vec![0; n_seeds];
    let share = n_seeds.div_ceil(n_threads).max(1);
    std::thread::scope(|scope| {
        for (first, hashes) in of_seeds.chunks_mut(share).enumerate() {
            scope.spawn(move || {
                for (number, hash) in hashes.iter_mut().enumerate() {
                    *hash = hash_of(environment, first * share + number, n_steps);
                }
            });
        }
    });
    of_seeds.into_iter().fold(0, mixed)
}

fn hash_of<E: Environment>(environment: &E, seed: usize, n_steps: usize) -> u64 {
    let mut rng = Seed(seed as u64).stream("physics", 0);
    let mut state = environment.initial_state(&mut rng);
    let mut hash = state.hash();
    for _ in 0..n_steps {
        let action = action(environment, &mut rng);
        environment.step(&mut state, &action, &mut rng);
        hash = mixed(hash, state.hash());
    }
    hash
}

fn mixed(hash: u64, next: u64) -> u64 {
    (hash.rotate_left(5) ^ next).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// States saved as numbers at random times and restored: how many went on to the same bits, of how many.
fn restored<E: Environment>(environment: &E, n_seeds: usize, n_steps: usize) -> (usize, usize) {
    let mut n_equal = 0;
    for seed in 0..n_seeds {
        let mut rng = Seed(seed as u64).stream("restored", 0);
        let mut states = vec![environment.initial_state(&mut rng)];
        let actions: Vec<E::Action> = (0..n_steps)
            .map(|_| action(environment, &mut rng))
            .collect();
        for action in &actions {
            let mut state = states[states.len() - 1].clone();
            environment.step(&mut state, action, &mut rng);
            states.push(state);
        }
        for _ in 0..N_RESTORED {
            let first = index(n_steps, &mut rng);
            let mut saved = vec![];
            states[first].write(&mut saved);
            let mut state = E::State::read(&saved).expect("the environment wrote it");
            let followed = actions[first..].iter().zip(&states[first + 1..]);
            let is_equal = followed.take(N_FOLLOWED).all(|(action, expected)| {
                environment.step(&mut state, action, &mut rng);
                numbers(&state) == numbers(expected)
            });
            n_equal += usize::from(is_equal);
        }
    }
    (n_equal, n_seeds * N_RESTORED)
}

fn numbers<S: StateVector>(state: &S) -> Vec<u64> {
    let mut numbers = vec![];
    state.write(&mut numbers);
    numbers.into_iter().map(f64::to_bits).collect()
}

/// Physics steps a second of all threads together; each thread plays a part.
fn rate(part: impl Fn() -> usize + Sync) -> f64 {
    let began = Instant::now();
    let n_steps: usize = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..N_THREADS).map(|_| scope.spawn(&part)).collect();
        parts
            .into_iter()
            .map(|part| part.join().expect("a part ends"))
            .sum()
    });
    n_steps as f64 / began.elapsed().as_secs_f64()
}

/// Episodes of random actions, observed after every step; gives the physics steps taken.
fn play<E: Environment>(environment: &E, n_steps: usize) -> usize {
    let mut rng = Seed(0).stream("timed", 0);
    let n_episodes = 8;
    let actions: Vec<E::Action> = (0..n_steps)
        .map(|_| action(environment, &mut rng))
        .collect();
    for _ in 0..n_episodes {
        let mut state = environment.initial_state(&mut rng);
        for action in &actions {
            black_box(environment.step(&mut state, action, &mut rng));
            black_box(environment.observe(&state, &mut rng));
        }
        black_box(state);
    }
    n_episodes * n_steps * PHYSICS_STEPS
}

/// The same episodes by `rapier2d` alone: no state is read or placed, no reward given.
fn play_bare(n_steps: usize) -> usize {
    let hopper = Hopper::new(HopperTask::Backflip, HopperReward::HandWritten);
    let mut rng = Seed(0).stream("timed", 0);
    let actions: Vec<[f32; 3]> = (0..n_steps).map(|_| action(&hopper, &mut rng)).collect();
    let n_episodes = 8;
    for _ in 0..n_episodes {
        let mut world = Bare::new();
        for action in &actions {
            world.push(action);
            for _ in 0..PHYSICS_STEPS {
                world.world.step();
            }
        }
        black_box(&world.world);
    }
    n_episodes * n_steps * PHYSICS_STEPS
}

/// The hopper in a world that is kept.
struct Bare {
    world: PhysicsWorld,
    links: Vec<RigidBodyHandle>,
}

impl Bare {
    fn new() -> Bare {
        let mut world = PhysicsWorld::new();
        world.integration_parameters.dt = 1.0 / 240.0;
        world.integration_parameters.contact_recycling = false;
        world.integration_parameters.max_ccd_substeps = 0;
        world.physics_pipeline.counters.disable();
        let groups = |own, other| InteractionGroups::new(own, other, InteractionTestMode::And);
        let up = rapier2d::na::Unit::new_unchecked(Vector::Y);
        let ground = ColliderBuilder::halfspace(up).friction(1.0);
        let ground = ground.collision_groups(groups(Group::GROUP_1, Group::GROUP_2));
        world.colliders.insert(ground);
        // Of each link: its middle, an end of its middle line from there, its radius and its mass.
        let links = [
            ([0.0, 1.21], [0.0, 0.2], 0.05, 5.0),
            ([0.0, 0.785], [0.0, 0.225], 0.05, 4.0),
            ([0.0, 0.31], [0.0, 0.25], 0.04, 2.7),
            ([0.065, 0.06], [0.195, 0.0], 0.06, 2.0),
        ];
        let links = links.map(
            |(middle, end, radius, mass): ([f32; 2], [f32; 2], f32, f32)| {
                let end = Vector::from(end);
                let body = RigidBodyBuilder::dynamic().translation(Vector::from(middle));
                let capsule = ColliderBuilder::capsule_from_endpoints(-end, end, radius);
                let capsule = capsule.mass(mass).friction(1.0);
                let capsule = capsule.collision_groups(groups(Group::GROUP_2, Group::GROUP_1));
                world.insert(body.can_sleep(false), capsule).0
            },
        );
        // Of each joint: where it is on its two links, its limits and its damping.
        let joints = [
            ([0.0, -0.2], [0.0, 0.225], [-0.4, 2.2], 6.0),
            ([0.0, -0.225], [0.0, 0.25], [-2.4, 0.0], 6.0),
            ([0.0, -0.25], [-0.065, 0.0], [-0.8, 0.8], 3.0),
        ];
        for (pair, joint) in links.windows(2).zip(joints) {
            let (upper, lower, limits, damping): ([f32; 2], [f32; 2], [f32; 2], f32) = joint;
            let joint = RevoluteJointBuilder::new()
                .local_anchor1(Vector::from(upper))
                .local_anchor2(Vector::from(lower))
                .limits(limits)
                .contacts_enabled(false)
                .motor_model(MotorModel::ForceBased)
                .motor_velocity(0.0, damping);
            world.insert_impulse_joint(pair[0], pair[1], joint);
        }
        Bare {
            world,
            links: links.to_vec(),
        }
    }

    fn push(&mut self, action: &[f32; 3]) {
        for link in &self.links {
            self.world.bodies[*link].reset_torques(true);
        }
        for (joint, (action, torque)) in action.iter().zip([120.0, 120.0, 60.0]).enumerate() {
            let [parent, child] = [self.links[joint], self.links[joint + 1]];
            self.world.bodies[parent].add_torque(-action * torque, true);
            self.world.bodies[child].add_torque(action * torque, true);
        }
    }
}
