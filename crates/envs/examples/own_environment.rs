//! An environment and a reward of one's own: a greenhouse whose computer is paid for what its sensor reads.
//!
//! `cargo run --release -p envs --example own_environment`; the page `docs/own-environment.md` walks through it.

#![expect(clippy::print_stdout, reason = "printing is what the example is for")]

use mdp::{
    Components, Environment, Policy, ReturnBounds, Rng, Seed, Space, StateError, StateVector, Step,
    TimeLimit, Trajectory, WithReward, bounds_per_step, check_environment, uniform_in,
    wrong_length,
};

/// A bed of tomatoes with a moisture sensor, and a tap for each. A step is a day.
#[derive(Clone, Debug)]
struct Greenhouse;

/// Everything that changes.
#[derive(Clone, Debug)]
struct Bed {
    /// Moisture of the soil, 0 to 1.
    soil: f64,
    /// Moisture of the sensor, 0 to 1; soil seeps into it.
    sensor: f64,
}

impl StateVector for Bed {
    fn write(&self, out: &mut Vec<f64>) {
        out.extend([self.soil, self.sensor]);
    }

    fn read(values: &[f64]) -> Result<Bed, StateError> {
        match *values {
            [soil, sensor] => Ok(Bed { soil, sensor }),
            _ => Err(wrong_length(2, values.len())),
        }
    }
}

/// What a policy can do in a day.
const ACTIONS: [&str; 3] = ["wait", "water the bed", "wet the sensor"];

/// How well tomatoes grow: best at a moisture of 0.6, not at all in the dry or in the wet.
fn growth(bed: &Bed) -> f64 {
    (1.0 - (bed.soil - 0.6).abs() / 0.4).max(0.0)
}

impl Environment for Greenhouse {
    type State = Bed;
    type Observation = [f32; 2];
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> Bed {
        let soil = uniform_in(0.2, 0.8, rng);
        Bed { soil, sensor: soil }
    }

    fn observe(&self, bed: &Bed, _rng: &mut Rng) -> [f32; 2] {
        [bed.soil as f32, bed.sensor as f32]
    }

    fn step(&self, bed: &mut Bed, action: &usize, rng: &mut Rng) -> Step {
        let water = if *action == 1 { 0.3 } else { 0.0 };
        bed.soil = (bed.soil * uniform_in(0.75, 0.95, rng) + water).min(1.0);
        bed.sensor = if *action == 2 {
            1.0
        } else {
            0.5 * (bed.sensor + bed.soil)
        };
        let terms = [bed.sensor, -0.5 * water];
        Step {
            reward: terms[0] + terms[1],
            components: Components::new(terms),
            intent: Some(growth(bed)),
            end: None,
        }
    }

    fn observation_space(&self) -> Space {
        Space::continuous(0.0, 1.0, 2)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: ACTIONS.len() }
    }

    fn component_names(&self) -> &'static [&'static str] {
        &["reading", "water"]
    }

    fn action_names(&self) -> &'static [&'static str] {
        &ACTIONS
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_per_step(-0.15..=1.0, 0.0..=1.0, n_steps)
    }
}

/// Does what was meant: waters a bed that is getting dry.
fn gardener(observation: &[f32; 2], _rng: &mut Rng) -> usize {
    usize::from(observation[0] < 0.55)
}

/// Does what pays.
fn sensor_wetter(_observation: &[f32; 2], _rng: &mut Rng) -> usize {
    2
}

fn main() {
    let season = TimeLimit::new(Greenhouse, 90);
    check_environment(&season, 1_000, Seed(0)).expect("a sound environment");
    println!("paid for the reading");
    print_returns("gardener", &season, &gardener);
    print_returns("sensor wetter", &season, &sensor_wetter);

    // The same greenhouse with another reward: the intent, as somebody who weighs the tomatoes would pay it.
    let by_weight = |_before: &Bed, _action: &usize, after: &Bed| growth(after);
    let honest = WithReward {
        environment: Greenhouse,
        reward: by_weight,
    };
    let season = TimeLimit::new(honest, 90);
    println!("paid for growth");
    print_returns("gardener", &season, &gardener);
    print_returns("sensor wetter", &season, &sensor_wetter);
}

fn print_returns<E: Environment>(
    name: &str,
    environment: &E,
    policy: &impl Policy<E::Observation, E::Action>,
) {
    let n_episodes = 200;
    let (mut reward, mut intent) = (0.0, 0.0);
    for index in 0..n_episodes {
        let rng = Seed(0).stream("season", index);
        let episode = Trajectory::record(environment, policy, usize::MAX, rng);
        reward += episode.reward_return();
        intent += episode.intent_return().expect("the intent is known");
    }
    let n = n_episodes as f64;
    println!(
        "  {name:14} reward {:5.1}  intent {:5.1}",
        reward / n,
        intent / n
    );
}
